//! Keys of the outputs: console, text and JSON.
//!
//! The threads of [`super`]. *Invariant:* what an output's table does not say stays as the code says it.

use hestia_grammar::{LevelFilter as Said, words};
use log::LevelFilter;
use toml::de::DeValue;

use super::files::{ROTATE_EXAMPLE, ROTATE_TAKES, SYNC_EXAMPLE, SYNC_TAKES, rotate, sync};
use super::{Entry, Key, ZONE_EXAMPLE, ZONE_TAKES, ZONES, code, key};
use crate::layout::{Multiline, Schema, Style};
use crate::level::from_grammar;
use crate::logger::outputs::{Color, Console, JsonFile, TextFile};
use crate::logger::settings::Settings;
use crate::sink::console::Stream;

/// What all outputs, and what all files have.
macro_rules! common {
    (level) => {
        key(
            "level",
            "a level in a string",
            r#"level = "warn""#,
            |entry, output| {
                if let Some(level) = own_level(entry) {
                    output.level = Some(level);
                }
            },
        )
    };
    (path) => {
        key(
            "path",
            "a path",
            r#"path = "logs/billing.log""#,
            |entry, file| {
                if let Some(path) = entry.path() {
                    file.path = Some(path);
                }
            },
        )
    };
    (rotate) => {
        key("rotate", ROTATE_TAKES, ROTATE_EXAMPLE, |entry, file| {
            if let Some(rotation) = rotate(entry) {
                file.rotate = Some(rotation);
            }
        })
    };
    (sync) => {
        key("sync", SYNC_TAKES, SYNC_EXAMPLE, |entry, file| {
            if let Some(durability) = sync(entry) {
                file.sync = Some(durability);
            }
        })
    };
}

pub(super) const CONSOLE: &[Key<Console>] = &[
    key(
        "stream",
        r#""stderr" or "stdout""#,
        r#"stream = "stdout""#,
        |entry, console| {
            if let Some(stream) = entry.word(&words::STREAM, &[Stream::Stderr, Stream::Stdout]) {
                console.stream = stream;
            }
        },
    ),
    common!(level),
    key(
        "style",
        r#""pretty", "compact" or "json""#,
        r#"style = "compact""#,
        |entry, console| {
            let styles = [Style::Pretty, Style::Compact, Style::Json];
            if let Some(style) = entry.word(&words::STYLE, &styles) {
                console.style = style;
            }
        },
    ),
    key(
        "color",
        r#""auto", "always" or "never""#,
        r#"color = "never""#,
        |entry, console| {
            let colors = [Color::Auto, Color::Always, Color::Never];
            if let Some(color) = entry.word(&words::COLOR, &colors) {
                console.color = color;
            }
        },
    ),
    key("zone", ZONE_TAKES, ZONE_EXAMPLE, |entry, console| {
        if let Some(zone) = entry.word(&words::ZONE, &ZONES) {
            console.zone = zone;
        }
    }),
    code("filter"),
];

pub(super) const TEXT: &[Key<TextFile>] = &[
    common!(path),
    common!(level),
    common!(rotate),
    common!(sync),
    key(
        "pattern",
        "a pattern in a string",
        r#"pattern = "{time} {level:<5} {message}""#,
        |entry, file| {
            let layout = file.layout.clone();
            if let Some(layout) = entry.parsed(|pattern| layout.with_pattern(pattern)) {
                file.layout = layout;
            }
        },
    ),
    key("zone", ZONE_TAKES, ZONE_EXAMPLE, |entry, file| {
        if let Some(zone) = entry.word(&words::ZONE, &ZONES) {
            change(&mut file.layout, |layout| layout.zone(zone));
        }
    }),
    key(
        "multiline",
        r#""escape" or "indent""#,
        r#"multiline = "indent""#,
        |entry, file| {
            let treatments = [Multiline::Escape, Multiline::Indent];
            if let Some(multiline) = entry.word(&words::MULTILINE, &treatments) {
                change(&mut file.layout, |layout| layout.multiline(multiline));
            }
        },
    ),
    code("filter"),
];

pub(super) const JSON: &[Key<JsonFile>] = &[
    common!(path),
    common!(level),
    common!(rotate),
    common!(sync),
    key(
        "schema",
        r#""hestia" or "ecs""#,
        r#"schema = "ecs""#,
        |entry, file| {
            if let Some(schema) = entry.word(&words::SCHEMA, &[Schema::Hestia, Schema::Ecs]) {
                file.schema = schema;
            }
        },
    ),
    code("filter"),
];

fn change<T: Default>(value: &mut T, by: impl FnOnce(T) -> T) {
    *value = by(std::mem::take(value));
}

pub(super) fn own_level(entry: &mut Entry<'_, '_>) -> Option<LevelFilter> {
    entry.parsed(Said::parse).map(from_grammar)
}

pub(super) fn console(entry: &mut Entry<'_, '_>, settings: &mut Settings) {
    let code = settings.console.value.clone();
    let said = output(entry, code, CONSOLE, |entry, console| {
        console.stream = entry.word(&words::STREAM, &[Stream::Stderr, Stream::Stdout])?;
        Some(())
    });
    if let Some(console) = said {
        settings.console = settings.said(console);
    }
}

pub(super) fn text(entry: &mut Entry<'_, '_>, settings: &mut Settings) {
    let code = settings.text.value.clone();
    let said = output(entry, code, TEXT, |entry, file| {
        file.path = Some(entry.path()?);
        Some(())
    });
    if let Some(text) = said {
        settings.text = settings.said(text);
    }
}

pub(super) fn json(entry: &mut Entry<'_, '_>, settings: &mut Settings) {
    let code = settings.json.value.clone();
    let said = output(entry, code, JSON, |entry, file| {
        file.path = Some(entry.path()?);
        Some(())
    });
    if let Some(json) = said {
        settings.json = settings.said(json);
    }
}

/// `true`, `false`, a table, or what it takes in short; beside what the code says of it.
fn output<T: Default>(
    entry: &mut Entry<'_, '_>,
    code: Option<T>,
    keys: &'static [Key<T>],
    in_short: fn(&mut Entry<'_, '_>, &mut T) -> Option<()>,
) -> Option<Option<T>> {
    let mut output = code.unwrap_or_default();
    match entry.value {
        DeValue::Boolean(false) => return Some(None),
        DeValue::Boolean(true) => {}
        DeValue::Table(table) => entry.each(table, keys, &mut output),
        _ => in_short(entry, &mut output)?,
    }
    Some(Some(output))
}
