//! The keys of `#[hestia::main(…)]`, and of `#[hestia::test(…)]`: what each of them takes, and the calls of the builder that it stands for.
//!
//! A key is the name of the builder's method. What is written as a literal is checked here, and handed over as a
//! constant; names, paths, metadata, sinks, filters and hooks may be any expression, which the compiler checks.

pub(crate) mod expand;
mod output;
mod read;
mod redaction;
mod rotation;
mod test;
mod word;

use std::time::Duration;

use hestia_grammar::{Directives, limits, unknown};
use proc_macro2::Span;
use syn::{Expr, Ident, Path};

use crate::arguments::{self, Argument};
use crate::error::Errors;

/// What was said, checked.
pub(crate) struct Settings {
    /// `crate = …`
    pub(crate) hestia: Option<Path>,
    pub(crate) calls: Vec<Call>,
}

/// One call of a method of the builder, or of an output.
pub(crate) struct Call {
    pub(crate) method: Ident,
    pub(crate) arguments: Vec<Value>,
}

pub(crate) enum Value {
    /// As it was written.
    Expr(Expr),
    Text(String),
    Bool(bool),
    Number(u64),
    Duration(Duration),
    Directives(Directives),
    /// A variant without data: type and name.
    Variant(&'static str, &'static str),
    /// What a function makes, after some calls of its methods.
    Made {
        /// The path below `hestia::__private::attribute`.
        by: &'static [&'static str],
        arguments: Vec<Value>,
        calls: Vec<Call>,
    },
}

/// A key and what it takes.
struct Setting {
    key: &'static str,
    /// In words, for the message when it is something else.
    takes: &'static str,
    example: &'static str,
    read: Read,
}

/// The calls that the argument stands for, usually one; none after a mistake.
type Read = fn(&Setting, &Argument, &mut Errors) -> Said;

/// The arguments of each call.
type Said = Vec<Vec<Value>>;

const fn setting(
    key: &'static str,
    takes: &'static str,
    example: &'static str,
    read: Read,
) -> Setting {
    Setting {
        key,
        takes,
        example,
        read,
    }
}

/// Of all files, and of one.
const ROTATE: Setting = setting(
    "rotate",
    "true, false or settings",
    r#"rotate = (size = "10MB", every = "day", keep = 5)"#,
    rotation::rotate,
);

/// Likewise.
const SYNC: Setting = setting(
    "sync",
    r#""never", "errors", "batches" or a span of time, in a string"#,
    r#"sync = "errors" or sync = "5s""#,
    word::sync,
);

/// As the documentation has them.
const SETTINGS: [Setting; 34] = [
    setting("app", "text", r#"app = "billing""#, read::text),
    setting("version", "text", r#"version = "1.2.0""#, read::text),
    setting(
        "environment",
        "text",
        r#"environment = "staging""#,
        read::text,
    ),
    setting(
        "level",
        "a level, or directives by target, in a string",
        r#"level = "info,hyper=warn""#,
        read::directives,
    ),
    setting(
        "console",
        r#""stderr", "stdout", true, false or settings"#,
        r#"console = (stream = "stdout", level = "warn")"#,
        output::console,
    ),
    setting(
        "text",
        "a path, true, false or settings",
        r#"text = (path = "logs/all.log", level = "debug")"#,
        output::text,
    ),
    setting(
        "json",
        "a path, true, false or settings",
        r#"json = (path = "logs/app.log", schema = "ecs")"#,
        output::json,
    ),
    ROTATE,
    SYNC,
    setting("sink", "a sink, or several", "sink = MySink", read::list),
    setting(
        "logs_dir",
        "a path",
        r#"logs_dir = "/var/log/billing""#,
        read::path,
    ),
    setting(
        "metadata",
        "key-values",
        r#"metadata(region = "eu-1", shard = 7)"#,
        read::metadata,
    ),
    setting(
        "redact",
        "true, false or settings",
        r#"redact = (keys = ["ssn"], patterns = ["card", "jwt"])"#,
        redaction::redact,
    ),
    setting(
        "overflow",
        "a policy",
        r#"overflow = "drop_newest" or overflow = (drop_below = "warn")"#,
        read::overflow,
    ),
    setting(
        "block_limit",
        DURATION,
        r#"block_limit = "5s""#,
        read::duration,
    ),
    setting("order", ONE_WORD, r#"order = "relaxed""#, word::order),
    setting("ring_bytes", SIZE, r#"ring_bytes = "256KiB""#, read::size),
    setting("queue_bytes", SIZE, r#"queue_bytes = "64MiB""#, read::size),
    setting("grace", DURATION, r#"grace = "5us""#, read::duration),
    setting("linger", DURATION, r#"linger = "1s""#, read::duration),
    setting(
        "fold_duplicates",
        r#"true, false or "all""#,
        r#"fold_duplicates = true or fold_duplicates = "all""#,
        word::folding,
    ),
    setting(
        "exit_limit",
        DURATION,
        r#"exit_limit = "5s""#,
        read::duration,
    ),
    setting("panics", BOOL, "panics = false", read::bool),
    setting(
        "drain_on",
        "a signal, or several",
        r#"drain_on = ["terminate", "interrupt"]"#,
        word::signals,
    ),
    setting(
        "reopen_on_hang_up",
        BOOL,
        "reopen_on_hang_up = true",
        read::bool,
    ),
    setting("level_signals", BOOL, "level_signals = true", read::bool),
    setting("drain_on_crash", BOOL, "drain_on_crash = true", read::bool),
    setting(
        "crash_safe",
        "true, false or the path of a directory",
        "crash_safe = true",
        read::bool_or_path,
    ),
    setting(
        "internal_logger",
        BOOL,
        "internal_logger = true",
        read::bool,
    ),
    setting("tracing", BOOL, "tracing = true", read::tracing),
    setting(
        "on_error",
        "a function",
        r#"on_error = |incident| eprintln!("{incident}")"#,
        read::expr,
    ),
    setting(
        "config",
        "the path of a file",
        r#"config = "hestia.toml""#,
        read::config,
    ),
    setting("watch", BOOL, "watch = false", read::bool),
    setting("env", BOOL, "env = false", read::bool),
];

const DURATION: &str = "a number with a unit, in a string";
const SIZE: &str = "a number of bytes, or a size in a string";
const BOOL: &str = "true or false";
const ONE_WORD: &str = "one word in a string";

/// Reads and judges all arguments.
pub(crate) fn check(arguments: Vec<Argument>, errors: &mut Errors) -> Settings {
    let (hestia, arguments): (Vec<_>, Vec<_>) = arguments
        .into_iter()
        .partition(|argument| argument.key.is_word && argument.key.text == "crate");
    let settings = Settings {
        hestia: crate_path(hestia, errors),
        calls: calls(&arguments, &SETTINGS, errors),
    };
    check_together(&settings.calls, errors);
    settings
}

/// As [`check`], for a test.
pub(crate) fn check_of_test(arguments: Vec<Argument>, errors: &mut Errors) -> Settings {
    let (hestia, arguments): (Vec<_>, Vec<_>) = arguments
        .into_iter()
        .partition(|argument| argument.key.is_word && argument.key.text == "crate");
    Settings {
        hestia: crate_path(hestia, errors),
        calls: test::calls(&arguments, errors),
    }
}

/// What stands behind `crate` is no path.
pub(crate) const NO_CRATE: &str =
    "`crate` takes the path of hestia, without quotes: `crate = ::my_hestia`";

/// `crate = path`; for the other attributes, too.
pub(crate) fn crate_path(said: Vec<Argument>, errors: &mut Errors) -> Option<Path> {
    let mut path = None;
    for Argument { key, value } in said {
        match value {
            _ if path.is_some() => errors.at_span(key.span, twice("crate")),
            arguments::Value::Expr(Expr::Path(expr)) if expr.qself.is_none() => {
                path = Some(expr.path);
            }
            _ => errors.at_span(key.span, NO_CRATE),
        }
    }
    path
}

/// The calls that the arguments stand for, by a table.
fn calls(arguments: &[Argument], table: &[Setting], errors: &mut Errors) -> Vec<Call> {
    let mut calls = Vec::new();
    let mut said: Vec<&str> = Vec::new();
    for argument in arguments {
        let (span, text) = (argument.key.span, argument.key.text.as_str());
        let setting = table.iter().find(|setting| setting.key == text);
        let Some(setting) = setting.filter(|_| argument.key.is_word) else {
            errors.at_span(span, unknown_key(argument, table));
            continue;
        };
        if said.contains(&setting.key) {
            errors.at_span(span, twice(setting.key));
            continue;
        }
        said.push(setting.key);
        let values = (setting.read)(setting, argument, errors);
        calls.extend(values.into_iter().map(|arguments| Call {
            method: Ident::new(setting.key, span),
            arguments,
        }));
    }
    calls
}

fn unknown_key(argument: &Argument, table: &[Setting]) -> String {
    let keys = table.iter().map(|setting| setting.key);
    let mut keys: Vec<_> = keys.collect();
    if table.len() == SETTINGS.len() || table.len() == test::TEST.len() {
        keys.push("crate");
    }
    unknown("argument", &argument.key.text, &keys).to_string()
}

fn twice(key: &str) -> String {
    format!("`{key}` is given twice; keep one of them")
}

/// What is wrong with two settings together.
fn check_together(calls: &[Call], errors: &mut Errors) {
    let number = |method: &str| match find(calls, method) {
        Some((span, Value::Number(bytes))) => Some((span, *bytes)),
        _ => None,
    };
    let ring = number("ring_bytes");
    let mut judge = |at: Option<(Span, Result<(), String>)>| {
        if let Some((span, Err(wrong))) = at {
            errors.at_span(span, wrong);
        }
    };
    judge(ring.map(|(span, bytes)| (span, limits::check_ring_bytes(bytes))));
    judge(number("queue_bytes").map(|(span, bytes)| {
        let ring = ring.map(|(_, bytes)| bytes);
        (span, limits::check_queue_bytes(bytes, ring))
    }));
    if let Some((span, Value::Duration(window))) = find(calls, "grace") {
        judge(Some((span, limits::check_grace(*window))));
    }
    check_hang_up(calls, errors);
    check_folding(calls, errors);
    output::check_paths(calls, errors);
}

fn check_hang_up(calls: &[Call], errors: &mut Errors) {
    let ends = calls
        .iter()
        .any(|call| matches!(call.arguments[..], [Value::Variant("Signal", "HangUp")]));
    if let Some((span, Value::Bool(true))) = find(calls, "reopen_on_hang_up")
        && ends
    {
        errors.at_span(
            span,
            "SIGHUP can either end the program (`drain_on`) or reopen its files (`reopen_on_hang_up`), not both",
        );
    }
}

fn check_folding(calls: &[Call], errors: &mut Errors) {
    let is_off = |value: &Value| matches!(value, Value::Bool(false));
    let is_crash_safe = find(calls, "crash_safe").is_some_and(|(_, place)| !is_off(place));
    if let Some((span, folding)) = find(calls, "fold_duplicates")
        && is_crash_safe
        && !is_off(folding)
    {
        errors.at_span(span, limits::FOLDED_AND_CRASH_SAFE);
    }
}

/// The first argument of the first call of this method, and where its key is.
fn find<'c>(calls: &'c [Call], method: &str) -> Option<(Span, &'c Value)> {
    let call = calls.iter().find(|call| call.method == method)?;
    Some((call.method.span(), call.arguments.first()?))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    /// The setters of a type: its methods that take it and make it anew, those
    /// included that a macro (`file_setters!();`) gives to several types.
    fn setters(file: &str, of: &str) -> BTreeSet<String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../hestia/core/src/logger");
        let source =
            fs::read_to_string(path.join(file)).expect("the run-time half is beside this one");
        let implementation = between(&source, &format!("\nimpl {of} {{"), "\n}\n");
        let mut setters = setters_in(implementation);
        for line in implementation.lines() {
            if let Some(name) = line.trim().strip_suffix("!();") {
                let shared = between(&source, &format!("\nmacro_rules! {name} {{"), "\n}\n");
                setters.extend(setters_in(shared));
            }
        }
        setters
    }

    fn between<'s>(source: &'s str, start: &str, end: &str) -> &'s str {
        let (_, rest) = source.split_once(start).expect(start);
        rest.split_once(end).expect("an end").0
    }

    fn setters_in(source: &str) -> BTreeSet<String> {
        let methods = source.split("pub fn ").skip(1);
        let setters = methods.filter(|method| method.contains("(mut self"));
        let name = |method: &str| method.split('(').next().map(str::to_owned);
        setters.filter_map(name).collect()
    }

    fn keys(table: &[Setting]) -> BTreeSet<String> {
        table.iter().map(|setting| setting.key.to_owned()).collect()
    }

    #[test]
    fn every_setting_of_the_builder_is_an_argument_of_its_name() {
        assert_eq!(keys(&SETTINGS), setters("builder.rs", "Builder"));
    }

    #[test]
    fn every_setting_of_an_output_is_an_argument_of_its_name() {
        for (of, table, layout) in [
            ("Console", &output::CONSOLE[..], &[][..]),
            ("TextFile", &output::TEXT, &["pattern", "zone", "multiline"]),
            ("JsonFile", &output::JSON, &[]),
        ] {
            let mut keys = keys(table);
            for made_with in ["stream", "path"] {
                keys.remove(made_with);
            }
            if !layout.is_empty() {
                assert!(layout.iter().all(|part| keys.remove(*part)));
                keys.insert("layout".to_owned());
            }
            assert_eq!(keys, setters("outputs.rs", of), "{of}");
        }
    }

    #[test]
    fn every_setting_of_a_rotation_is_an_argument_of_its_name() {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../hestia/core/src/sink/file/rotation.rs");
        let source = fs::read_to_string(path).expect("the run-time half is beside this one");
        let without_or = |name: &String| name.strip_prefix("or_").unwrap_or(name).to_owned();
        let setters: BTreeSet<_> = setters_in(&source).iter().map(without_or).collect();
        assert_eq!(keys(&rotation::ROTATE), setters);
    }

    /// The table of the file's key that has keys of its own, and the rows of the attribute's that stand for it.
    fn rows_by_table() -> Vec<(&'static str, Vec<&'static Setting>)> {
        fn all<const N: usize>(table: &'static [Setting; N]) -> Vec<&'static Setting> {
            table.iter().collect()
        }
        static SETTINGS: [Setting; super::SETTINGS.len()] = super::SETTINGS;
        static CONSOLE: [Setting; output::CONSOLE.len()] = output::CONSOLE;
        static TEXT: [Setting; output::TEXT.len()] = output::TEXT;
        static JSON: [Setting; output::JSON.len()] = output::JSON;
        static ROTATE: [Setting; rotation::ROTATE.len()] = rotation::ROTATE;
        static REDACT: [Setting; redaction::REDACT.len()] = redaction::REDACT;
        static OVERFLOW: [Setting; read::DROP_BELOW.len()] = read::DROP_BELOW;
        vec![
            ("", all(&SETTINGS)),
            ("console", all(&CONSOLE)),
            ("text", all(&TEXT)),
            ("json", all(&JSON)),
            ("rotate", all(&ROTATE)),
            ("redact", all(&REDACT)),
            ("overflow", all(&OVERFLOW)),
        ]
    }

    /// What is said about these arguments.
    fn mistakes<T>(text: &str, check: fn(Vec<Argument>, &mut Errors) -> T) -> Vec<String> {
        let mut errors = Errors::default();
        let arguments = arguments::parse(text.parse().expect("tokens"), &mut errors);
        check(arguments, &mut errors);
        let errors = errors.into_errors().map(|error| error.to_string());
        errors.collect()
    }

    /// Kinds of values that no setting takes.
    const WRONG: [&str; 3] = ["1.5", "'c'", "b\"bytes\""];

    #[test]
    fn a_value_of_a_wrong_kind_is_told_what_the_setting_takes() {
        let of_main = rows_by_table().into_iter().flat_map(|(table, settings)| {
            settings.into_iter().map(move |setting| (table, setting))
        });
        let of_main: Vec<_> = of_main.collect();
        assert!(of_main.len() > SETTINGS.len());
        for wrong in WRONG {
            for &(table, setting) in &of_main {
                let said = format!("{} = {wrong}", setting.key);
                let said = match table {
                    "" => said,
                    _ => format!("{table} = ({said})"),
                };
                assert_eq!(mistakes(&said, check), [takes(setting)], "{said}");
            }
            for setting in &test::TEST {
                let said = format!("{} = {wrong}", setting.key);
                let expected = takes(setting);
                assert_eq!(mistakes(&said, check_of_test), [expected], "{said}");
            }
        }
    }

    fn takes(setting: &Setting) -> String {
        let Setting {
            key,
            takes,
            example,
            ..
        } = setting;
        format!("`{key}` takes {takes}, such as `{example}`")
    }

    #[test]
    fn a_number_that_does_not_fit_is_told_so() {
        for (said, about) in [
            ("queue_bytes = 18446744073709551616", &SETTINGS[..]),
            ("rotate = (keep = 18446744073709551616)", &rotation::ROTATE),
        ] {
            let is_meant = |setting: &&Setting| said.contains(&format!("{} = 1", setting.key));
            let setting = about.iter().find(is_meant).expect("a setting");
            let expected = format!("`18446744073709551616` is too large; {}", takes(setting));
            assert_eq!(mistakes(said, check), [expected]);
        }
    }

    /// The example as the file has it: groups are tables there.
    fn in_toml(example: &str) -> String {
        let grouped = |code: &str| {
            let grouped = code.replace("= (", "(").replace("metadata(", "metadata (");
            grouped.replace('(', "= { ").replace(')', " }")
        };
        // Every other piece is in quotes.
        let pieces = example.split('"').enumerate();
        let pieces = pieces.map(|(at, piece)| match at % 2 {
            0 => grouped(piece),
            _ => piece.to_owned(),
        });
        pieces.collect::<Vec<_>>().join("\"")
    }

    /// Only code can say these, or it is the file itself.
    const NOT_IN_THE_FILE: [&str; 4] = ["sink", "filter", "on_error", "config"];

    #[test]
    fn every_setting_can_be_said_in_the_file_in_the_same_words() {
        let in_the_file = hestia::__private::config_keys();
        let mut known = Vec::new();
        for (table, settings) in rows_by_table() {
            for setting in settings {
                let [takes, example] = match NOT_IN_THE_FILE.contains(&setting.key) {
                    true => [String::new(), String::new()],
                    false => [setting.takes.to_owned(), in_toml(setting.example)],
                };
                let row = [table, setting.key, &takes, &example].map(str::to_owned);
                let there = in_the_file
                    .iter()
                    .find(|row| row[..2] == [table, setting.key]);
                assert_eq!(
                    there.map(|there| there.map(str::to_owned)),
                    Some(row.clone()),
                    "the key of the file, in `hestia/core/src/logger/config/keys.rs`"
                );
                known.push(row);
            }
        }
        assert_eq!(
            known.len(),
            in_the_file.len(),
            "the file has keys of its own"
        );
    }

    #[test]
    fn the_example_of_every_setting_is_right() {
        let of_files = rotation::ROTATE.map(|setting| {
            // Some need another one beside them.
            let beside = match setting.key {
                "at" | "on" => r#", every = "week""#,
                _ => "",
            };
            let examples = setting.example.split(" or ");
            let examples: Vec<_> = examples
                .map(|example| format!("rotate = ({example}{beside})"))
                .collect();
            examples.join(" or ")
        });
        let examples = SETTINGS.map(|setting| setting.example.to_owned());
        for examples in examples.iter().chain(&of_files) {
            for example in examples.split(" or ") {
                let mut errors = Errors::default();
                let tokens = example.parse().expect("tokens");
                let arguments = arguments::parse(tokens, &mut errors);
                check(arguments, &mut errors);
                let errors: Vec<_> = errors
                    .into_errors()
                    .map(|error| error.to_string())
                    .collect();
                assert_eq!(errors, [""; 0], "{example}");
            }
        }
    }
}
