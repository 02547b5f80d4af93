//! Who has the last word: environment, code, calls while the program runs; and that hestia says so.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use hestia_tests::figures::Told;
use hestia_tests::{Finished, Run, lines, objects};
use serde_json::Value;

fn run(scenario: &str) -> Run {
    Run::new(env!("CARGO_BIN_EXE_environment"), scenario)
}

/// A setting of the report, with who said so.
fn check_row(program: &Finished, setting: &str, value: &str, origin: &str) {
    assert_eq!(
        Told::by(program).row(setting),
        (value.to_owned(), origin.to_owned()),
        "{setting}"
    );
}

fn notes(program: &Finished) -> String {
    Told::by(program).facts["notes"].to_string()
}

/// The levels at which a file has records, by what the lines say.
fn levels(lines: &[String], what: &str) -> Vec<&'static str> {
    ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"]
        .into_iter()
        .filter(|level| {
            lines
                .iter()
                .any(|line| line.contains(&format!("{what} {level}")))
        })
        .collect()
}

#[test]
fn without_a_word_the_defaults_hold() {
    let program = run("bare").finish().successful();
    check_row(&program, "app", "environment", "default");
    check_row(&program, "version", "none", "default");
    check_row(&program, "environment", "local", "default");
    check_row(&program, "level", "info", "default");
    check_row(&program, "logs_dir", "logs", "default");
    check_row(&program, "internal_logger", "off", "default");
    let first = &program.json()[0];
    assert_eq!(first["application"], "environment");
    assert_eq!(first["environment"], "local");
    assert_eq!(first.get("app_version"), None);
    assert_eq!(levels(&program.text(), "record"), ["ERROR", "WARN", "INFO"]);
    assert_eq!(program.said_by_hestia(), [""; 0]);
}

#[test]
fn what_a_file_of_variables_says_is_the_environment_s_where_that_is_silent() {
    let run = run("bare").env("APP_NAME", "environment-s");
    let file = "LOG_LEVEL=debug\nAPP_NAME=file-s\nAPP_VERSION='1.2\nENVIRONMENT=staging\n";
    std::fs::write(run.directory().join(".env"), file).expect("a file");
    let program = run.finish().successful();
    check_row(&program, "level", "debug", "environment (LOG_LEVEL)");
    check_row(&program, "app", "environment-s", "environment (APP_NAME)");
    let told = program.said_by_hestia();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains(".env: "), "{told:?}");
}

#[test]
fn code_wins_over_the_defaults() {
    let program = run("built").finish().successful();
    for (setting, value) in [
        ("app", "code"),
        ("version", "1.2.3"),
        ("environment", "test"),
        ("level", "debug"),
        ("logs_dir", "from-code"),
    ] {
        check_row(&program, setting, value, "builder");
    }
    let first = &objects(&program.path("from-code/app.log"))[0];
    assert_eq!(first["application"], "code");
    assert_eq!(first["app_version"], "1.2.3");
    assert_eq!(first["environment"], "test");
    assert_eq!(
        levels(&program.lines("from-code/own.log"), "record"),
        ["ERROR", "WARN"]
    );
}

#[test]
fn the_environment_wins_over_code() {
    let program = run("built")
        .env("APP_NAME", "operator")
        .env("APP_VERSION", "9.9")
        .env("ENVIRONMENT", "production")
        .env("LOGS_DIR", "from/operator")
        .env("LOG_LEVEL", "info,nothing=off")
        .env("ENABLE_INTERNAL_LOGGER", "true")
        .finish()
        .successful();
    for (setting, value, variable) in [
        ("app", "operator", "APP_NAME"),
        ("version", "9.9", "APP_VERSION"),
        ("environment", "production", "ENVIRONMENT"),
        ("logs_dir", "from/operator", "LOGS_DIR"),
        ("level", "info,nothing=off", "LOG_LEVEL"),
        ("internal_logger", "on", "ENABLE_INTERNAL_LOGGER"),
    ] {
        check_row(
            &program,
            setting,
            value,
            &format!("environment ({variable})"),
        );
    }
    let first = &objects(&program.path("from/operator/app.log"))[0];
    assert_eq!(first["application"], "operator");
    assert_eq!(first["app_version"], "9.9");
    assert_eq!(first["environment"], "production");
    assert!(!program.path("from-code").exists());
    let internal = program.lines("from/operator/hestia_internal.log");
    assert!(!internal.is_empty());
    assert_eq!(program.said_by_hestia(), [""; 0]);
}

#[test]
fn a_level_from_the_environment_is_obeyed_by_every_output() {
    for (variable, value) in [
        ("LOG_LEVEL", "debug"),
        ("RUST_LOG", "debug"),
        ("LOG_LEVEL", "10"),
    ] {
        let program = run("built").env(variable, value).finish().successful();
        let expected = ["ERROR", "WARN", "INFO", "DEBUG"];
        assert_eq!(
            levels(&program.lines("from-code/own.log"), "record"),
            expected
        );
        assert_eq!(
            levels(&program.lines("from-code/app.log"), "record"),
            expected
        );
        let console: Vec<String> = program.stderr.lines().map(str::to_owned).collect();
        assert_eq!(levels(&console, "record"), expected);
        check_row(
            &program,
            "level",
            "debug",
            &format!("environment ({variable})"),
        );
    }
    let program = run("built").env("LOG_LEVEL", "off").finish().successful();
    assert_eq!(program.lines("from-code/own.log"), [""; 0]);
    assert_eq!(program.stderr, "");
}

#[test]
fn log_level_goes_before_rust_log_and_an_empty_variable_is_none() {
    let program = run("bare")
        .env("LOG_LEVEL", "error")
        .env("RUST_LOG", "trace")
        .finish()
        .successful();
    assert_eq!(levels(&program.text(), "record"), ["ERROR"]);
    let program = run("bare")
        .env("LOG_LEVEL", "")
        .env("APP_NAME", " ")
        .env("RUST_LOG", "warn")
        .finish()
        .successful();
    assert_eq!(levels(&program.text(), "record"), ["ERROR", "WARN"]);
    check_row(&program, "app", "environment", "default");
    assert_eq!(program.said_by_hestia(), [""; 0]);
}

#[test]
fn the_environment_can_be_switched_off() {
    let program = run("unread")
        .env("APP_NAME", "operator")
        .env("LOGS_DIR", "from-operator")
        .env("LOG_LEVEL", "verbose")
        .env("ENABLE_INTERNAL_LOGGER", "true")
        .finish()
        .successful();
    check_row(&program, "app", "code", "builder");
    assert_eq!(
        objects(&program.path("from-code/app.log"))[0]["application"],
        "code"
    );
    assert!(!program.path("from-operator").exists());
    assert!(!program.path("from-code/hestia_internal.log").exists());
    assert_eq!(program.said_by_hestia(), [""; 0]);
}

fn files(directory: &std::path::Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            names.extend(files(&path));
        } else {
            names.push(
                path.file_name()
                    .expect("a name")
                    .to_string_lossy()
                    .into_owned(),
            );
        }
    }
    names.sort();
    names
}

#[test]
fn the_internal_log_is_there_only_when_it_was_asked_for() {
    for value in [None, Some("false"), Some("0"), Some("")] {
        let mut program = run("bare");
        if let Some(value) = value {
            program = program.env("ENABLE_INTERNAL_LOGGER", value);
        }
        let program = program.finish().successful();
        assert_eq!(
            files(&program.path("")),
            ["all.log", "app.log"],
            "{value:?}"
        );
    }
    for value in ["true", "1", "TRUE", "yes"] {
        let program = run("bare")
            .env("ENABLE_INTERNAL_LOGGER", value)
            .finish()
            .successful();
        assert_eq!(
            files(&program.path("")),
            ["all.log", "app.log", "hestia_internal.log"],
            "{value}"
        );
        let log = program.lines("logs/hestia_internal.log");
        assert!(
            log.iter().any(|line| line.contains("logs/all.log")),
            "the configuration: {log:?}"
        );
    }
}

/// A bad value: one line on standard error, which says all there is to say, and a program that runs on.
fn check_bad(variable: &str, value: impl AsRef<OsStr>, words: &[&str], used: &str) {
    let program = run("silent").env(variable, value).finish().successful();
    assert_eq!(
        program.stderr.lines().count(),
        1,
        "{variable}: {}",
        program.stderr
    );
    for word in words.iter().chain([&variable]) {
        assert!(
            program.stderr.contains(word),
            "no {word:?}: {}",
            program.stderr
        );
    }
    let (_, instead) = program.stderr.rsplit_once(';').unwrap_or_default();
    assert!(
        instead.contains(used),
        "it does not say that {used:?} is used: {}",
        program.stderr
    );
    assert_eq!(program.text().len(), 4, "the program's own level holds");
}

#[test]
fn a_bad_level_is_named_with_what_is_used_instead() {
    check_bad(
        "LOG_LEVEL",
        "verbose",
        &["verbose", "unknown level", "debug"],
        "debug",
    );
    check_bad(
        "RUST_LOG",
        "inof",
        &["inof", "unknown level", "info"],
        "debug",
    );
    check_bad("LOG_LEVEL", "99", &["99", "unknown level"], "debug");
    check_bad(
        "LOG_LEVEL",
        OsStr::from_bytes(b"\xff\xfe"),
        &["UTF-8"],
        "debug",
    );
}

#[test]
fn a_bad_part_of_the_levels_is_named_once_and_the_rest_is_used() {
    let program = run("silent")
        .env("LOG_LEVEL", "warn,hyper=wran,=info")
        .finish()
        .successful();
    assert_eq!(program.stderr.lines().count(), 1, "{}", program.stderr);
    for word in ["LOG_LEVEL", "wran", "=info"] {
        assert!(
            program.stderr.contains(word),
            "no {word:?}: {}",
            program.stderr
        );
    }
    assert_eq!(levels(&program.text(), "record"), ["ERROR", "WARN"]);
}

#[test]
fn other_bad_values_are_named_with_what_is_used_instead() {
    check_bad("ENABLE_INTERNAL_LOGGER", "maybe", &["maybe"], "off");
    check_bad("IS_CONTAINER_OVERRIDE", "perhaps", &["perhaps"], "found");
    check_bad(
        "APP_NAME",
        OsStr::from_bytes(b"caf\xe9"),
        &["UTF-8"],
        "environment",
    );
    check_bad(
        "APP_VERSION",
        OsStr::from_bytes(b"\xff"),
        &["UTF-8"],
        "none",
    );
    check_bad(
        "ENVIRONMENT",
        OsStr::from_bytes(b"\xff"),
        &["UTF-8"],
        "local",
    );
}

#[test]
fn a_logs_directory_need_not_be_utf8() {
    let program = run("silent")
        .env("LOGS_DIR", OsStr::from_bytes(b"caf\xe9"))
        .finish()
        .successful();
    assert_eq!(program.stderr, "", "a path is not text");
    let there = program.path("").join(OsStr::from_bytes(b"caf\xe9"));
    assert_eq!(lines(&there.join("all.log")).len(), 4);
}

#[test]
fn files_of_one_name_do_not_become_one_in_the_logs_directory() {
    let program = run("same_name").finish().successful();
    assert_eq!(lines(&program.path("one/x.log")).len(), 3);
    assert_eq!(objects(&program.path("two/x.log")).len(), 3);
    let program = run("same_name")
        .env("LOGS_DIR", "elsewhere")
        .finish()
        .successful();
    for name in files(&program.path("")) {
        let lines = program.lines(&format!("elsewhere/{name}"));
        let json = lines.iter().filter(|line| line.starts_with('{')).count();
        assert!(
            json == 0 || json == lines.len(),
            "text and JSON in one file: {lines:#?}"
        );
    }
}

/// The messages of a text file.
fn messages_in(program: &Finished, path: &str) -> Vec<String> {
    let message = |line: &String| line.split(" | ").nth(1).unwrap_or_default().to_owned();
    program.lines(path).iter().map(message).collect()
}

#[test]
fn files_of_named_loggers_go_where_the_environment_says() {
    let program = run("own_files").finish().successful();
    let here = [
        ("logs/audit.log", "granted"),
        ("other/audit.log", "another file's"),
        ("other/all.log", "all of it"),
    ];
    for (path, message) in here {
        assert_eq!(messages_in(&program, path), [message]);
    }
    let program = run("own_files")
        .env("LOGS_DIR", "elsewhere")
        .finish()
        .successful();
    let there = [
        ("elsewhere/audit.log", "granted"),
        ("elsewhere/other/audit.log", "another file's"),
        ("elsewhere/other/all.log", "all of it"),
    ];
    for (path, message) in there {
        assert_eq!(messages_in(&program, path), [message]);
    }
    assert_eq!(program.lines("elsewhere/all.log").len(), 3);
    assert!(!program.path("logs").exists() && !program.path("other").exists());
    let report = Told::by(&program).facts["report"].to_string();
    assert!(
        report.contains("output logs/audit.log: working, levels info, in elsewhere/audit.log"),
        "{report}"
    );
}

#[test]
fn the_report_is_in_words() {
    let program = run("built").finish().successful();
    let code = "builder";
    for (setting, value, origin) in [
        (
            "console",
            "stderr, pretty, coloured on a terminal, level error",
            code,
        ),
        ("text", "from-code/own.log, level warn", code),
        (
            "json",
            "from-code/app.log, level error, schema hestia",
            code,
        ),
        ("metadata", "region=eu-1 shard=7", code),
        ("overflow", "drop below warn", code),
        ("drain_on", "SIGTERM, SIGHUP", code),
        ("block_limit", "5s", "default"),
        ("order", "strict", "default"),
        ("ring_bytes", "256 KiB", "default"),
        ("queue_bytes", "64 MiB", "default"),
    ] {
        check_row(&program, setting, value, origin);
    }
    let report = Told::by(&program).facts["report"].clone();
    let report = report.as_str().expect("a text");
    assert!(
        report.starts_with("app ") && !report.ends_with('\n'),
        "{report}"
    );
}

#[test]
fn the_console_may_be_in_local_time() {
    let local = run("local_time")
        .env("TZ", "XXX-5:30")
        .finish()
        .successful();
    let utc = run("bare").env("TZ", "XXX-5:30").finish().successful();
    for line in local.stderr.lines() {
        assert!(line.contains("+05:30 "), "{line}");
    }
    assert!(!utc.stderr.contains("+05:30"), "{}", utc.stderr);
    assert!(
        !local.text()[0].contains("+05:30"),
        "the file has its own zone"
    );
}

#[test]
fn the_container_can_be_denied() {
    let program = run("bare")
        .env("IS_CONTAINER_OVERRIDE", "false")
        .finish()
        .successful();
    check_row(
        &program,
        "container",
        "none found",
        "environment (IS_CONTAINER_OVERRIDE)",
    );
    assert_eq!(program.json()[0].get("container_id"), None);
}

#[test]
fn colours_come_when_forced_and_never_into_files() {
    let forced = run("bare").env("CLICOLOR_FORCE", "1").finish().successful();
    assert!(forced.stderr.contains('\u{1b}'), "{:?}", forced.stderr);
    let plain = [
        run("bare"),
        run("bare").env("CLICOLOR_FORCE", "0"),
        run("bare").env("CLICOLOR", "1"),
        run("bare").env("NO_COLOR", "1").env("CLICOLOR_FORCE", "1"),
    ];
    for program in plain {
        let program = program.finish().successful();
        assert!(!program.stderr.contains('\u{1b}'), "{:?}", program.stderr);
        assert_eq!(program.stderr.lines().count(), 3);
    }
    for file in ["logs/all.log", "logs/app.log"] {
        assert!(
            forced
                .lines(file)
                .iter()
                .all(|line| !line.contains('\u{1b}'))
        );
    }
}

#[test]
fn changes_while_it_runs_win_over_all() {
    let program = run("changes")
        .env("LOG_LEVEL", "warn")
        .finish()
        .successful();
    let told = Told::by(&program);
    assert_eq!(told.fact("refused"), 0);
    assert_eq!(told.facts["wrong_are_refused"], true);
    let (text, json) = (program.text(), program.lines("logs/app.log"));
    for (what, in_text, in_json) in [
        ("at the start", 2, 2),
        ("changed", 4, 4),
        ("text at warn", 2, 4),
        ("all at trace", 2, 5),
        ("no JSON", 2, 0),
    ] {
        assert_eq!(levels(&text, what).len(), in_text, "{what} in the text");
        assert_eq!(levels(&json, what).len(), in_json, "{what} in the JSON");
    }
    assert!(!text.iter().any(|line| line.contains(" quiet ")));
    check_row(&program, "level", "trace", "changed while running");
}

#[test]
fn a_maximum_level_that_other_code_set_is_reported() {
    let program = run("foreign_max_level").finish().successful();
    let told = Told::by(&program);
    assert!(
        notes(&program).contains("log::max_level() is WARN"),
        "{}",
        notes(&program)
    );
    assert_eq!(told.facts["is_logged"], false);
    let why = told.facts["why"].as_str().unwrap_or_default();
    assert!(why.contains("log::max_level(): STOPS"), "{why}");
    assert_eq!(program.text().len(), 0);
}

fn numbers(value: &Value) -> BTreeSet<u64> {
    value
        .as_array()
        .expect("numbers")
        .iter()
        .filter_map(Value::as_u64)
        .collect()
}

#[test]
fn what_is_explained_is_what_happens() {
    let program = run("explained").finish().successful();
    let told = Told::by(&program);
    let text: BTreeSet<u64> = program
        .text()
        .iter()
        .map(|line| {
            line.rsplit(' ')
                .next()
                .and_then(|word| word.parse().ok())
                .expect("a number")
        })
        .collect();
    let json: BTreeSet<u64> = program
        .json()
        .iter()
        .map(|record| {
            record["message"]
                .as_str()
                .and_then(|text| text.parse().ok())
                .expect("a number")
        })
        .collect();
    assert_eq!(numbers(&told.facts["text"]), text);
    assert_eq!(numbers(&told.facts["json"]), json);
    assert_eq!(numbers(&told.facts["any"]), &text | &json);
    let asked = told.fact("asked");
    assert!(
        text.len() as u64 > asked / 10 && (text.len() as u64) < asked * 9 / 10,
        "all kinds of cases"
    );
}
