//! Keys of what becomes of files: rotation and sync, of all of them and of one.
//!
//! The threads of [`super`]. *Invariant:* a `rotate` stands for the whole rotation, whatever the code says of it.

use hestia_grammar::{parse_duration, parse_every, parse_time_of_day, parse_weekday, words};
use toml::de::DeValue;

use super::{BOOL, DURATION, Entry, Key, SIZE, ZONE_EXAMPLE, ZONE_TAKES, ZONES, key, whole};
use crate::logger::outputs::Switch;
use crate::sink::file::durability::Durability;
use crate::sink::file::rotation::{ArchiveNames, Compression, Rotation};

pub(super) const ROTATE_TAKES: &str = "true, false or settings";
pub(super) const ROTATE_EXAMPLE: &str = r#"rotate = { size = "10MB", every = "day", keep = 5 }"#;
pub(super) const SYNC_TAKES: &str =
    r#""never", "errors", "batches" or a span of time, in a string"#;
pub(super) const SYNC_EXAMPLE: &str = r#"sync = "errors" or sync = "5s""#;

pub(super) const ROTATE: &[Key<Rotation>] = &[
    key("size", SIZE, r#"size = "10MB""#, |entry, rotation| {
        rotation.size = entry.size();
    }),
    key(
        "every",
        "a period in a string",
        r#"every = "day" or every = "6h""#,
        |entry, rotation| {
            rotation.every = entry.parsed(parse_every);
        },
    ),
    key(
        "at",
        "a time of day in a string",
        r#"at = "03:30""#,
        |entry, rotation| {
            rotation.at = entry.parsed(parse_time_of_day);
        },
    ),
    key(
        "on",
        "a day of the week in a string",
        r#"on = "sunday""#,
        |entry, rotation| {
            rotation.on = entry.parsed(parse_weekday);
        },
    ),
    key("zone", ZONE_TAKES, ZONE_EXAMPLE, |entry, rotation| {
        if let Some(zone) = entry.word(&words::ZONE, &ZONES) {
            rotation.zone = zone;
        }
    }),
    key("on_start", BOOL, "on_start = true", |entry, rotation| {
        rotation.on_start = entry.bool().unwrap_or_default();
    }),
    key(
        "names",
        r#""times" or "numbers""#,
        r#"names = "numbers""#,
        |entry, rotation| {
            let names = [ArchiveNames::Times, ArchiveNames::Numbers];
            if let Some(names) = entry.word(&words::NAMES, &names) {
                rotation.names = names;
            }
        },
    ),
    key(
        "keep",
        "a number of archives",
        "keep = 5",
        |entry, rotation| {
            rotation.keep = entry.number().map(whole);
        },
    ),
    key(
        "max_age",
        DURATION,
        r#"max_age = "30d""#,
        |entry, rotation| {
            rotation.max_age = entry.duration();
        },
    ),
    key(
        "max_total_bytes",
        SIZE,
        r#"max_total_bytes = "1GB""#,
        |entry, rotation| {
            rotation.max_total_bytes = entry.size();
        },
    ),
    key(
        "compress",
        r#""gzip" or "zstd""#,
        r#"compress = "gzip""#,
        |entry, rotation| {
            rotation.compress = compression(entry);
        },
    ),
    key(
        "link",
        "a file name in a string, without a directory",
        r#"link = "app.latest.log""#,
        |entry, rotation| match entry.value {
            DeValue::String(name) if !name.is_empty() && !name.contains(['/', '\\']) => {
                rotation.link = Some(name.to_string());
            }
            _ => entry.complain(),
        },
    ),
];

/// `true`, `false` or a table, which stands for the whole rotation.
pub(super) fn rotate(entry: &mut Entry<'_, '_>) -> Option<Switch<Rotation>> {
    match entry.value {
        DeValue::Boolean(on) => Some(Switch::from(*on)),
        DeValue::Table(table) => {
            let mut rotation = Rotation::by_hand();
            entry.each(table, ROTATE, &mut rotation);
            match rotation.check() {
                Ok(()) => Some(Switch(Some(rotation))),
                Err(wrong) => {
                    entry.mistake(wrong);
                    None
                }
            }
        }
        _ => entry.wrong(),
    }
}

fn compression(entry: &mut Entry<'_, '_>) -> Option<Compression> {
    let word = entry.word(&words::COMPRESSION, words::COMPRESSION.words)?;
    match word {
        #[cfg(feature = "gzip")]
        "gzip" => Some(Compression::Gzip),
        #[cfg(feature = "zstd")]
        "zstd" => Some(Compression::Zstd),
        word => {
            entry.mistake(format!(
                "compress = {word:?}: this program was built without hestia's feature `{word}`"
            ));
            None
        }
    }
}

/// One word, or how often.
pub(super) fn sync(entry: &mut Entry<'_, '_>) -> Option<Durability> {
    let is_span = |text: &str| text.trim_start().starts_with(|c: char| c.is_ascii_digit());
    match entry.value {
        DeValue::String(text) if is_span(text) => {
            let durability = Durability::Every(entry.parsed(parse_duration)?);
            match durability.check() {
                Ok(()) => Some(durability),
                Err(wrong) => {
                    entry.mistake(wrong);
                    None
                }
            }
        }
        _ => {
            let words = [Durability::Never, Durability::Errors, Durability::Batches];
            entry.word(&words::SYNC, &words)
        }
    }
}
