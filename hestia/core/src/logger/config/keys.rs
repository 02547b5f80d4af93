//! The keys of the file: those of the attribute, with the same values in the same words.
//!
//! Tables say what a key takes and how it is read; tests of the attribute's hold the two together. The outermost keys are
//! here; [`outputs`], [`files`] and [`redact`] have those that are tables themselves.
//!
//! Whoever reads the file (see [`super`]). *Invariant:* what a table of an output does not say stays as the code says it, so
//! that a file which says a level leaves filter and path alone.

mod files;
mod outputs;
mod redact;

use hestia_grammar::{Directives, words};
use toml::de::DeValue;

use super::entry::{Entry, MOST_TOLD, quoted};
use super::values::Logged;
use crate::clock::{Order, TimeZone};
#[cfg(feature = "tracing")]
use crate::logger::settings::TurnOn;
use crate::logger::settings::{CrashSafe, Settings, Signal};
use crate::queue::Overflow;
use crate::record::{encode, set_fields};
use crate::writer::fold::Folding;
use files::{ROTATE, ROTATE_EXAMPLE, ROTATE_TAKES, SYNC_EXAMPLE, SYNC_TAKES, rotate, sync};
use outputs::{CONSOLE, JSON, TEXT, console, json, own_level, text};
use redact::{REDACT, redact};

/// A key of a table.
#[derive(Debug)]
pub(crate) struct Key<T: 'static> {
    pub(super) name: &'static str,
    /// In words, for the message when it is something else; nothing where only code can say it.
    pub(super) takes: &'static str,
    pub(super) example: &'static str,
    pub(super) read: fn(&mut Entry<'_, '_>, &mut T),
}

const fn key<T>(
    name: &'static str,
    takes: &'static str,
    example: &'static str,
    read: fn(&mut Entry<'_, '_>, &mut T),
) -> Key<T> {
    Key {
        name,
        takes,
        example,
        read,
    }
}

/// A key that takes code.
const fn code<T>(name: &'static str) -> Key<T> {
    key(name, "", "", |entry, _| entry.is_code())
}

pub(super) fn find<'k, T>(table: &'k [Key<T>], name: &str) -> Option<&'k Key<T>> {
    table.iter().find(|key| key.name == name)
}

const BOOL: &str = "true or false";
const DURATION: &str = "a number with a unit, in a string";
const SIZE: &str = "a number of bytes, or a size in a string";
const ZONE_TAKES: &str = r#""utc" or "local""#;
const ZONE_EXAMPLE: &str = r#"zone = "local""#;
const ZONES: [TimeZone; 2] = [TimeZone::Utc, TimeZone::Local];

/// A setting that one function of [`Entry`] reads.
macro_rules! said {
    ($field:ident: $read:ident $(, $map:expr)?) => {
        |entry, settings| {
            if let Some(value) = entry.$read() {
                $(let value = $map(value);)?
                settings.$field = settings.said(value);
            }
        }
    };
}

pub(super) const SETTINGS: &[Key<Settings>] = &[
    key(
        "app",
        "text",
        r#"app = "billing""#,
        said!(app: string, Some),
    ),
    key(
        "version",
        "text",
        r#"version = "1.2.0""#,
        said!(version: string, Some),
    ),
    key(
        "environment",
        "text",
        r#"environment = "staging""#,
        said!(environment: string, Some),
    ),
    key(
        "level",
        "a level, or directives by target, in a string",
        r#"level = "info,hyper=warn""#,
        level,
    ),
    key(
        "console",
        r#""stderr", "stdout", true, false or settings"#,
        r#"console = { stream = "stdout", level = "warn" }"#,
        console,
    ),
    key(
        "text",
        "a path, true, false or settings",
        r#"text = { path = "logs/all.log", level = "debug" }"#,
        text,
    ),
    key(
        "json",
        "a path, true, false or settings",
        r#"json = { path = "logs/app.log", schema = "ecs" }"#,
        json,
    ),
    key("rotate", ROTATE_TAKES, ROTATE_EXAMPLE, |entry, settings| {
        if let Some(rotation) = rotate(entry) {
            settings.rotate = settings.said(Some(rotation));
        }
    }),
    key("sync", SYNC_TAKES, SYNC_EXAMPLE, |entry, settings| {
        if let Some(durability) = sync(entry) {
            settings.sync = settings.said(durability);
        }
    }),
    code("sink"),
    key(
        "logs_dir",
        "a path",
        r#"logs_dir = "/var/log/billing""#,
        said!(logs_dir: path),
    ),
    key(
        "metadata",
        "key-values",
        r#"metadata = { region = "eu-1", shard = 7 }"#,
        metadata,
    ),
    key(
        "redact",
        "true, false or settings",
        r#"redact = { keys = ["ssn"], patterns = ["card", "jwt"] }"#,
        redact,
    ),
    key(
        "overflow",
        "a policy",
        r#"overflow = "drop_newest" or overflow = { drop_below = "warn" }"#,
        overflow,
    ),
    key(
        "block_limit",
        DURATION,
        r#"block_limit = "5s""#,
        said!(block_limit: duration),
    ),
    key(
        "order",
        "one word in a string",
        r#"order = "relaxed""#,
        |entry, settings| {
            if let Some(order) = entry.word(&words::ORDER, &[Order::Strict, Order::Relaxed]) {
                settings.order = settings.said(order);
            }
        },
    ),
    key(
        "ring_bytes",
        SIZE,
        r#"ring_bytes = "256KiB""#,
        said!(ring_bytes: size, whole),
    ),
    key(
        "queue_bytes",
        SIZE,
        r#"queue_bytes = "64MiB""#,
        said!(queue_bytes: size, whole),
    ),
    key(
        "grace",
        DURATION,
        r#"grace = "5us""#,
        said!(grace: duration),
    ),
    key(
        "linger",
        DURATION,
        r#"linger = "1s""#,
        said!(linger: duration),
    ),
    key(
        "fold_duplicates",
        r#"true, false or "all""#,
        r#"fold_duplicates = true or fold_duplicates = "all""#,
        |entry, settings| {
            let folding = match entry.value {
                DeValue::Boolean(on) => Some(Folding::from(*on)),
                _ => entry.word(&words::FOLDING, &[Folding::All]),
            };
            if let Some(folding) = folding {
                settings.fold_duplicates = settings.said(folding);
            }
        },
    ),
    key(
        "exit_limit",
        DURATION,
        r#"exit_limit = "5s""#,
        said!(exit_limit: duration),
    ),
    key("panics", BOOL, "panics = false", said!(panics: bool)),
    key(
        "drain_on",
        "a signal, or several",
        r#"drain_on = ["terminate", "interrupt"]"#,
        drain_on,
    ),
    key(
        "reopen_on_hang_up",
        BOOL,
        "reopen_on_hang_up = true",
        said!(reopen_on_hang_up: bool),
    ),
    key(
        "level_signals",
        BOOL,
        "level_signals = true",
        said!(level_signals: bool),
    ),
    key(
        "drain_on_crash",
        BOOL,
        "drain_on_crash = true",
        said!(drain_on_crash: bool),
    ),
    key(
        "crash_safe",
        "true, false or the path of a directory",
        "crash_safe = true",
        |entry, settings| {
            let place = match entry.value {
                DeValue::Boolean(on) => Some(CrashSafe::from(*on)),
                _ => entry.path().map(CrashSafe::from),
            };
            if let Some(place) = place {
                settings.crash_safe = settings.said(place);
            }
        },
    ),
    key(
        "internal_logger",
        BOOL,
        "internal_logger = true",
        said!(internal_logger: bool),
    ),
    code("on_error"),
    key("config", "", "", |entry, _| {
        entry.mistake("`config` says which file this is, and cannot be said in it");
    }),
    key("tracing", BOOL, "tracing = true", tracing),
    key("watch", BOOL, "watch = false", said!(watch: bool)),
    key("env", BOOL, "env = false", said!(reads_environment: bool)),
];

const DROP_BELOW: &[Key<Option<Overflow>>] = &[key(
    "drop_below",
    "the least level that waits, in a string",
    r#"drop_below = "warn""#,
    |entry, overflow| {
        let Some(least) = own_level(entry) else {
            return;
        };
        match least.to_level() {
            Some(least) => *overflow = Some(Overflow::DropBelow(least)),
            None => entry.mistake(
                r#"no record has the level `off`; to drop records of all levels, say `overflow = "drop_newest"`"#,
            ),
        }
    },
)];

/// Sizes and counts that no address space holds are refused by what checks them.
fn whole(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// What is good in directives counts, what is bad is told.
fn level(entry: &mut Entry<'_, '_>, settings: &mut Settings) {
    let Some(text) = entry.string() else {
        return;
    };
    if text.trim().is_empty() {
        return entry.complain();
    }
    let (directives, errors) = Directives::parse_lenient(&text);
    if !errors.is_empty() {
        let told = errors.iter().take(MOST_TOLD).map(ToString::to_string);
        let more = errors.len().saturating_sub(MOST_TOLD);
        let more = (more > 0).then(|| format!("{more} more"));
        let told: Vec<_> = told.chain(more).collect();
        entry.mistake(format!(
            "level = {}: {}",
            quoted(&text),
            told.join(", and ")
        ));
    }
    if directives != Directives::default() {
        settings.directives = settings.said(directives);
    }
}

#[cfg(feature = "tracing")]
fn tracing(entry: &mut Entry<'_, '_>, settings: &mut Settings) {
    if let Some(on) = entry.bool() {
        let turn_on: TurnOn = crate::tracing::turn_on;
        settings.tracing = settings.said(on.then_some(turn_on));
    }
}

#[cfg(not(feature = "tracing"))]
fn tracing(entry: &mut Entry<'_, '_>, _: &mut Settings) {
    if entry.bool() == Some(true) {
        entry.mistake("`tracing` needs the feature `tracing` of hestia");
    }
}

/// Beside what the code says; of two values of one key the file's counts.
fn metadata(entry: &mut Entry<'_, '_>, settings: &mut Settings) {
    let DeValue::Table(table) = entry.value else {
        return entry.complain();
    };
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    let mut said = Vec::new();
    let mut map = encode::fields(&mut said);
    for (key, value) in entries {
        map.entry(key.get_ref(), &Logged(value.get_ref()));
    }
    let mut fields = settings.metadata.value.clone();
    set_fields(&mut fields, &said);
    settings.metadata = settings.said(fields);
}

/// `"block"`, `"drop_newest"`, or `{ drop_below = "warn" }`.
fn overflow(entry: &mut Entry<'_, '_>, settings: &mut Settings) {
    let overflow = match entry.value {
        DeValue::Table(table) if !table.is_empty() => {
            let mut overflow = None;
            entry.each(table, DROP_BELOW, &mut overflow);
            overflow
        }
        _ => entry.word(&words::OVERFLOW, &[Overflow::Block, Overflow::DropNewest]),
    };
    if let Some(overflow) = overflow {
        settings.overflow = settings.said(overflow);
    }
}

/// One signal, or a list of them: these, and no others.
fn drain_on(entry: &mut Entry<'_, '_>, settings: &mut Settings) {
    let Some(said) = entry.strings() else { return };
    let known = [Signal::Terminate, Signal::Interrupt, Signal::HangUp];
    let mut signals = Vec::new();
    for word in said {
        match words::SIGNAL.find(&word) {
            Ok(place) if signals.contains(&known[place]) => {}
            Ok(place) => signals.push(known[place]),
            Err(mistake) => {
                entry.mistake(format!("drain_on: {mistake}"));
                return;
            }
        }
    }
    settings.drain_on = settings.said(signals);
}

/// Every key that the file takes: the table it is in, its name, what it takes, and an example; the last two are empty
/// where only code can say it. For the test that holds them to the attribute's.
#[doc(hidden)]
#[must_use]
pub fn all() -> Vec<[&'static str; 4]> {
    fn rows<T>(of: &'static str, table: &'static [Key<T>]) -> Vec<[&'static str; 4]> {
        let row = |key: &Key<T>| [of, key.name, key.takes, key.example];
        table.iter().map(row).collect()
    }
    [
        rows("", SETTINGS),
        rows("console", CONSOLE),
        rows("text", TEXT),
        rows("json", JSON),
        rows("rotate", ROTATE),
        rows("redact", REDACT),
        rows("overflow", DROP_BELOW),
    ]
    .concat()
}
