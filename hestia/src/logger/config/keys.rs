//! The keys of the file: those of the attribute, with the same values in the same words.
//!
//! Tables say what a key takes and how it is read; tests of the attribute's hold the two together. What tables of an
//! output do not say stays as the code says it, so that a file which says a level leaves filter and path alone.

use hestia_grammar::{
    Directives, LevelFilter as Said, parse_duration, parse_every, parse_secret_pattern,
    parse_time_of_day, parse_weekday, words,
};
use log::LevelFilter;
use toml::de::DeValue;

use super::entry::{Entry, MOST_TOLD, quoted};
use super::values::Logged;
use crate::clock::{Order, TimeZone};
use crate::layout::{Multiline, Schema, Style};
use crate::level::from_grammar;
use crate::logger::outputs::{Color, Console, JsonFile, Switch, TextFile};
#[cfg(feature = "tracing")]
use crate::logger::settings::TurnOn;
use crate::logger::settings::{CrashSafe, Settings, Signal};
use crate::queue::Overflow;
use crate::record::{Redaction, SecretPattern, encode, set_fields};
use crate::sink::console::Stream;
use crate::sink::file::durability::Durability;
use crate::sink::file::rotation::{ArchiveNames, Compression, Rotation};
use crate::writer::fold::Folding;

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

const ROTATE_TAKES: &str = "true, false or settings";
const ROTATE_EXAMPLE: &str = r#"rotate = { size = "10MB", every = "day", keep = 5 }"#;
const SYNC_TAKES: &str = r#""never", "errors", "batches" or a span of time, in a string"#;
const SYNC_EXAMPLE: &str = r#"sync = "errors" or sync = "5s""#;
const ZONE_TAKES: &str = r#""utc" or "local""#;
const ZONE_EXAMPLE: &str = r#"zone = "local""#;
const ZONES: [TimeZone; 2] = [TimeZone::Utc, TimeZone::Local];

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

const CONSOLE: &[Key<Console>] = &[
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

const TEXT: &[Key<TextFile>] = &[
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

const JSON: &[Key<JsonFile>] = &[
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

const ROTATE: &[Key<Rotation>] = &[
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

fn change<T: Default>(value: &mut T, by: impl FnOnce(T) -> T) {
    *value = by(std::mem::take(value));
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

fn own_level(entry: &mut Entry<'_, '_>) -> Option<LevelFilter> {
    entry.parsed(Said::parse).map(from_grammar)
}

fn console(entry: &mut Entry<'_, '_>, settings: &mut Settings) {
    let code = settings.console.value.clone();
    let said = output(entry, code, CONSOLE, |entry, console| {
        console.stream = entry.word(&words::STREAM, &[Stream::Stderr, Stream::Stdout])?;
        Some(())
    });
    if let Some(console) = said {
        settings.console = settings.said(console);
    }
}

fn text(entry: &mut Entry<'_, '_>, settings: &mut Settings) {
    let code = settings.text.value.clone();
    let said = output(entry, code, TEXT, |entry, file| {
        file.path = Some(entry.path()?);
        Some(())
    });
    if let Some(text) = said {
        settings.text = settings.said(text);
    }
}

fn json(entry: &mut Entry<'_, '_>, settings: &mut Settings) {
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

/// `true`, `false` or a table, which stands for the whole rotation.
fn rotate(entry: &mut Entry<'_, '_>) -> Option<Switch<Rotation>> {
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

const LIST: &str = "texts in a list";

/// A list of texts, each of which is said to the redaction.
macro_rules! each {
    ($method:ident) => {
        |entry, redaction| {
            for text in entry.strings().unwrap_or_default() {
                *redaction = std::mem::take(redaction).$method(text);
            }
        }
    };
}

const REDACT: &[Key<Redaction>] = &[
    key("keys", LIST, r#"keys = ["ssn", "iban"]"#, each!(key)),
    key("except", LIST, r#"except = ["page_token"]"#, each!(except)),
    key(
        "paths",
        LIST,
        r#"paths = ["user.card.number"]"#,
        each!(path),
    ),
    key(
        "patterns",
        "names of patterns in a list",
        r#"patterns = ["bearer", "jwt", "aws_key", "card", "email", "url_password"]"#,
        |entry, redaction| {
            for name in entry.strings().unwrap_or_default() {
                match parse_secret_pattern(&name) {
                    Ok(place) => {
                        let pattern = SecretPattern::ALL[place];
                        *redaction = std::mem::take(redaction).patterns([pattern]);
                    }
                    Err(wrong) => entry.mistake(format!("patterns = {}: {wrong}", quoted(&name))),
                }
            }
        },
    ),
    key(
        "expressions",
        "regular expressions in a list",
        r#"expressions = ["session=([a-z]+)"]"#,
        expressions,
    ),
    key(
        "list",
        "true or false",
        "list = false",
        |entry, redaction| {
            if let Some(on) = entry.bool() {
                *redaction = std::mem::take(redaction).list(on);
            }
        },
    ),
];

#[cfg(feature = "regex")]
fn expressions(entry: &mut Entry<'_, '_>, redaction: &mut Redaction) {
    for expression in entry.strings().unwrap_or_default() {
        *redaction = std::mem::take(redaction).pattern(expression);
    }
}

#[cfg(not(feature = "regex"))]
fn expressions(entry: &mut Entry<'_, '_>, _: &mut Redaction) {
    entry.mistake("regular expressions need the feature `regex` of hestia");
}

/// What must not be seen. What is wrong with one part of it leaves all of it as it was.
fn redact(entry: &mut Entry<'_, '_>, settings: &mut Settings) {
    let redaction = match entry.value {
        DeValue::Boolean(on) => Redaction::from(*on),
        DeValue::Table(table) => {
            let mut redaction = Redaction::default();
            entry.each(table, REDACT, &mut redaction);
            if let Err(wrong) = redaction.check() {
                entry.mistake(wrong);
                return;
            }
            redaction
        }
        _ => return entry.complain(),
    };
    settings.redact = settings.said(redaction);
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
fn sync(entry: &mut Entry<'_, '_>) -> Option<Durability> {
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
