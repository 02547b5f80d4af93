//! Settings from a file, and what changes while a program runs: by the file, by code, by signals.

use std::collections::BTreeSet;
use std::fs;

use hestia_tests::figures::Told;
use hestia_tests::{Finished, Run, objects};
use serde_json::Value;

fn run(scenario: &str) -> Run {
    Run::new(env!("CARGO_BIN_EXE_live"), scenario)
}

/// A run where there is such a file.
fn with_file(scenario: &str, text: &str) -> Run {
    let run = run(scenario);
    fs::write(run.directory().join("hestia.toml"), text).expect("a file");
    run
}

fn facts(program: &Finished) -> Value {
    Told::by(program).facts["facts"].clone()
}

fn told(program: &Finished, what: &str) -> Vec<String> {
    let told = Told::by(program).facts[what].clone();
    let lines = told.as_array().expect("a list").iter();
    lines
        .map(|line| line.as_str().expect("text").to_owned())
        .collect()
}

/// A setting of the report, with who said so.
fn row(program: &Finished, setting: &str) -> String {
    let (value, origin) = Told::by(program).row(setting);
    format!("{value} | {origin}")
}

/// The levels at which the text file has records that say this.
fn levels(program: &Finished, what: &str) -> Vec<&'static str> {
    let text = program.text();
    let all = ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"];
    let is_there = |level: &&str| {
        let end = format!("| {what} {level}");
        text.iter().any(|line| line.contains(&end))
    };
    all.into_iter().filter(is_there).collect()
}

const UP_TO_WARN: [&str; 2] = ["ERROR", "WARN"];
const UP_TO_INFO: [&str; 3] = ["ERROR", "WARN", "INFO"];
const UP_TO_DEBUG: [&str; 4] = ["ERROR", "WARN", "INFO", "DEBUG"];
const UP_TO_TRACE: [&str; 5] = ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"];

#[test]
fn each_who_says_wins_over_the_one_before() {
    let file = "\napp = \"file\"\nlevel = \"debug\"\n";
    let by_file = (
        "debug | file (line 3)",
        &UP_TO_DEBUG[..],
        "file | file (line 2)",
    );
    let trace = ("LOG_LEVEL", "trace");
    let by_trace = (
        "trace | environment (LOG_LEVEL)",
        &UP_TO_TRACE[..],
        by_file.2,
    );
    let by_attribute = ("warn | attribute", &UP_TO_WARN[..], "attribute | attribute");
    let by_builder = ("warn | builder", &UP_TO_WARN[..], "builder | builder");
    let nobody = ("info | default", &UP_TO_INFO[..], "live | default");
    for (scenario, file, variable, (level, logged, app)) in [
        ("bare", file, None, nobody),
        ("named", "", None, nobody),
        ("attribute", "", None, by_attribute),
        ("built", "", None, by_builder),
        ("named", file, None, by_file),
        ("attribute", file, None, by_file),
        ("built", file, None, by_file),
        ("built", file, Some(trace), by_trace),
        ("attribute", file, Some(trace), by_trace),
        // The file is read all the same.
        ("unread", file, Some(trace), by_file),
        // The environment names the file.
        (
            "bare",
            file,
            Some(("HESTIA_CONFIG", "hestia.toml")),
            by_file,
        ),
        (
            "unread",
            "",
            Some(("HESTIA_CONFIG", "other.toml")),
            by_builder,
        ),
    ] {
        let run = with_file(scenario, file);
        let run = match variable {
            Some((name, value)) => run.env(name, value),
            None => run,
        };
        let program = run.finish().successful();
        let what = format!("{scenario} {file:?} {variable:?}");
        assert_eq!(row(&program, "level"), level, "{what}");
        assert_eq!(row(&program, "app"), app, "{what}");
        assert_eq!(levels(&program, "record"), logged, "{what}");
        assert_eq!(program.said_by_hestia(), [""; 0], "{what}");
        let name = app.split(' ').next().expect("a name");
        assert_eq!(program.json()[0]["application"], name, "{what}");
    }
}

#[test]
fn the_environment_names_another_file() {
    let run = with_file("named", "level = \"debug\"\n").env("HESTIA_CONFIG", "other.toml");
    fs::write(run.directory().join("other.toml"), "level = \"warn\"\n").expect("a file");
    let program = run.finish().successful();
    assert_eq!(row(&program, "level"), "warn | file (line 1)");
    assert_eq!(
        row(&program, "config"),
        "other.toml | environment (HESTIA_CONFIG)"
    );
}

#[test]
fn the_level_of_the_environment_is_every_outputs() {
    let file = "[text]\nlevel = \"error\"\n";
    let program = with_file("named", file).finish().successful();
    assert_eq!(levels(&program, "record"), ["ERROR"]);
    let program = with_file("named", file)
        .env("LOG_LEVEL", "debug")
        .finish()
        .successful();
    assert_eq!(levels(&program, "record"), UP_TO_DEBUG);
}

/// A line of the file, the row of the report that shows it, and the value there.
const EFFECTS: &[(&str, &str, &str)] = &[
    ("app = \"x\"", "app", "x"),
    ("version = \"1.2\"", "version", "1.2"),
    ("environment = \"staging\"", "environment", "staging"),
    ("level = \"warn,a=debug\"", "level", "warn,a=debug"),
    (
        "console = \"stdout\"",
        "console",
        "stdout, pretty, coloured on a terminal",
    ),
    (
        "console.stream = \"stdout\"",
        "console",
        "stdout, pretty, coloured on a terminal",
    ),
    (
        "console.level = \"off\"",
        "console",
        "stderr, pretty, coloured on a terminal, level off",
    ),
    (
        "console.style = \"json\"",
        "console",
        "stderr, json, coloured on a terminal",
    ),
    (
        "console.color = \"never\"",
        "console",
        "stderr, pretty, not coloured",
    ),
    (
        "console.zone = \"local\"",
        "console",
        "stderr, pretty, coloured on a terminal, local time",
    ),
    ("text = \"a.log\"", "text", "a.log"),
    ("text.path = \"a.log\"", "text", "a.log"),
    ("text.level = \"warn\"", "text", "logs/all.log, level warn"),
    (
        "text.rotate = true",
        "text",
        "logs/all.log, rotate every day",
    ),
    ("text.sync = \"5s\"", "text", "logs/all.log, sync every 5s"),
    (
        "text.pattern = \"{level} {message}\"",
        "text",
        "logs/all.log",
    ),
    ("text.zone = \"local\"", "text", "logs/all.log"),
    ("text.multiline = \"indent\"", "text", "logs/all.log"),
    ("json = false", "json", "off"),
    ("json.path = \"a.json\"", "json", "a.json, schema hestia"),
    (
        "json.level = \"warn\"",
        "json",
        "logs/app.log, level warn, schema hestia",
    ),
    (
        "json.rotate = false",
        "json",
        "logs/app.log, schema hestia, rotate off",
    ),
    (
        "json.sync = \"errors\"",
        "json",
        "logs/app.log, schema hestia, sync errors",
    ),
    ("json.schema = \"ecs\"", "json", "logs/app.log, schema ecs"),
    ("rotate = false", "rotate", "off"),
    ("rotate.size = \"10MB\"", "rotate", "at 10 MB"),
    ("rotate.every = \"6h\"", "rotate", "every 6h"),
    (
        "rotate = { every = \"day\", at = \"03:30\" }",
        "rotate",
        "every day at 03:30",
    ),
    (
        "rotate = { every = \"week\", on = \"sunday\" }",
        "rotate",
        "every week on Sunday",
    ),
    (
        "rotate = { every = \"day\", zone = \"local\" }",
        "rotate",
        "every day local time",
    ),
    ("rotate.on_start = true", "rotate", "at start"),
    ("rotate.names = \"numbers\"", "rotate", "by hand, numbered"),
    ("rotate.keep = 5", "rotate", "by hand, keep 5"),
    ("rotate.max_age = \"30d\"", "rotate", "by hand, for 30d"),
    (
        "rotate.max_total_bytes = \"1GB\"",
        "rotate",
        "by hand, 1 GB in all",
    ),
    ("rotate.compress = \"gzip\"", "rotate", "by hand, gzip"),
    ("rotate.link = \"newest\"", "rotate", "by hand, link newest"),
    ("sync = \"batches\"", "sync", "batches"),
    ("logs_dir = \"elsewhere\"", "logs_dir", "elsewhere"),
    ("redact = false", "redact", "off"),
    ("redact.keys = [\"ssn\"]", "redact", "on, keys ssn"),
    (
        "redact.except = [\"page_token\"]",
        "redact",
        "on, except page_token",
    ),
    (
        "redact.paths = [\"user.*.iban\"]",
        "redact",
        "on, paths user.*.iban",
    ),
    (
        "redact.patterns = [\"card\", \"jwt\"]",
        "redact",
        "on, patterns card jwt",
    ),
    (
        "redact.expressions = [\"id=[0-9]+\"]",
        "redact",
        "on, expressions id=[0-9]+",
    ),
    ("redact.list = false", "redact", "own list only"),
    ("tracing = true", "tracing", "on"),
    (
        "metadata = { region = \"eu-1\", shard = 7 }",
        "metadata",
        "region=eu-1 shard=7",
    ),
    ("overflow = \"drop_newest\"", "overflow", "drop newest"),
    (
        "overflow.drop_below = \"warn\"",
        "overflow",
        "drop below warn",
    ),
    ("block_limit = \"250ms\"", "block_limit", "250ms"),
    ("order = \"relaxed\"", "order", "relaxed"),
    ("ring_bytes = 65536", "ring_bytes", "64 KiB"),
    ("queue_bytes = \"32MiB\"", "queue_bytes", "32 MiB"),
    ("grace = \"1ms\"", "grace", "1ms"),
    ("linger = \"2s\"", "linger", "2s"),
    (
        "fold_duplicates = true",
        "fold_duplicates",
        "all but errors",
    ),
    ("exit_limit = \"1m\"", "exit_limit", "60s"),
    ("panics = false", "panics", "off"),
    (
        "drain_on = [\"terminate\", \"hang_up\"]",
        "drain_on",
        "SIGTERM, SIGHUP",
    ),
    ("reopen_on_hang_up = true", "reopen_on_hang_up", "on"),
    ("level_signals = true", "level_signals", "on"),
    ("drain_on_crash = true", "drain_on_crash", "on"),
    ("crash_safe = \"rings\"", "crash_safe", "rings"),
    ("internal_logger = true", "internal_logger", "on"),
    ("watch = true", "watch", "on"),
    ("env = false", "env", "off"),
];

/// Keys whose example above does not begin with them.
fn keys_of(line: &str) -> impl Iterator<Item = String> + '_ {
    let (key, rest) = line.split_once(" = ").expect("a value");
    let inner = rest
        .strip_prefix("{ ")
        .into_iter()
        .flat_map(|inner| inner.split(", "));
    let inner = inner.filter_map(|entry| entry.split_once(" = "));
    let inner = inner.map(move |(inner, _)| format!("{key}.{inner}"));
    inner.chain([key.to_owned()])
}

#[test]
fn every_key_is_taken_from_the_file() {
    let mut seen = BTreeSet::new();
    for (line, setting, value) in EFFECTS {
        seen.extend(keys_of(line));
        let has_crash_handler = cfg!(all(target_os = "linux", not(hestia_portable)));
        if *setting == "drain_on_crash" && !has_crash_handler {
            continue;
        }
        let program = with_file("keys", &format!("# the first line\n{line}\n"))
            .finish()
            .successful();
        assert_eq!(
            row(&program, setting),
            format!("{value} | file (line 2)"),
            "{line}"
        );
        let mistakes: Vec<_> = program
            .said_by_hestia()
            .into_iter()
            .filter(|said| said.contains("config"))
            .collect();
        assert_eq!(mistakes, [""; 0], "{line}");
    }
    for [table, key, takes, _] in hestia::__private::config_keys() {
        let name = match table {
            "" => key.to_owned(),
            table => format!("{table}.{key}"),
        };
        let is_table = seen
            .iter()
            .any(|seen| seen.starts_with(&format!("{name}.")));
        assert!(
            takes.is_empty() || is_table || seen.contains(&name),
            "{name} is not tried"
        );
    }
}

#[test]
fn the_layout_of_the_text_file_is_the_files() {
    let file = "[text]\npattern = \"<{level}> {message}\"\nmultiline = \"indent\"\n";
    let program = with_file("named", file).finish().successful();
    assert_eq!(program.text()[0], "<ERROR> record ERROR");
}

#[test]
fn mistakes_at_the_start_are_told_line_by_line_and_the_rest_counts() {
    let file = "levle = \"debug\"\nlevel = \"debug,db=wran\"\nqueue_bytes = \"lots\"\n[text]\nlevel = \"info\"\nsync = \"0s\"\n[json]\npath = 5\n";
    let program = with_file("built", file).finish().successful();
    let path = fs::canonicalize(program.path("hestia.toml")).expect("a path");
    let told: Vec<_> = program
        .said_by_hestia()
        .iter()
        .map(|line| line.replace(&*path.to_string_lossy(), "FILE"))
        .collect();
    let expected = [
        "hestia: config: FILE:1: unknown key `levle`; did you mean `level`?; the rest of the file is used",
        "hestia: config: FILE:2: level = \"debug,db=wran\": unknown level `wran`, expected off, error, warn, info, debug or trace; did you mean `warn`?; level is `debug` instead",
        "hestia: config: FILE:3: queue_bytes = \"lots\": `lots` is no size, which starts with a digit; queue_bytes is `64 MiB` instead",
        "hestia: config: FILE:6: text: sync is every 0s; it must be at least 1ms, or with each of the `batches`; text is `logs/all.log, level info` instead",
        "hestia: config: FILE:8: json: `path` takes a path, such as `path = \"logs/billing.log\"`; json is `logs/app.log, schema hestia` instead",
    ];
    assert_eq!(told, expected);
    assert_eq!(levels(&program, "record"), UP_TO_INFO);
}

#[test]
fn a_file_that_is_no_toml_or_not_there_is_told_once_and_the_program_goes_on() {
    for (file, says) in [
        (Some("level = \"debug\"\n]\n"), "hestia.toml:2: "),
        (Some("level = debug\n"), "hestia.toml:1: "),
        (None, "No such file"),
    ] {
        let run = match file {
            Some(text) => with_file("built", text),
            None => run("built"),
        };
        let program = run.finish().successful();
        let told = program.said_by_hestia();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains(says), "{told:?}");
        assert!(
            told[0].ends_with("; code and environment alone count"),
            "{told:?}"
        );
        assert_eq!(row(&program, "level"), "warn | builder");
    }
}

#[cfg(unix)]
#[test]
fn a_change_is_taken_in_whichever_way_the_file_is_changed() {
    for way in ["written", "renamed", "link", "recreated", "appears"] {
        let program = run("changes").arg(way).finish().successful();
        let before = if way == "appears" {
            &UP_TO_INFO[..]
        } else {
            &["ERROR"]
        };
        assert_eq!(levels(&program, "before"), before, "{way}");
        assert_eq!(levels(&program, "after"), UP_TO_DEBUG, "{way}");
        assert_eq!(levels(&program, "last"), UP_TO_WARN, "{way}");
        assert_eq!(row(&program, "level"), "warn | file (line 1)", "{way}");
        assert_eq!(told(&program, "told"), [""; 0], "{way}");
        let told = program.lines("logs/hestia_internal.log");
        let changes = told
            .iter()
            .filter(|line| line.contains("changed: level"))
            .count();
        assert_eq!(changes, 2, "{way}: {told:#?}");
    }
}

#[test]
fn directories_on_the_way_may_come_and_be_replaced() {
    let program = run("directory").finish().successful();
    assert_eq!(row(&program, "level"), "trace | file (line 1)");
}

#[test]
fn a_bad_file_changes_nothing_and_says_why_once() {
    let program = run("bad").finish().successful();
    let facts = facts(&program);
    let why = "hestia.toml:5: json: level = \"wran\": unknown level `wran`, expected off, error, warn, info, debug or trace; did you mean `warn`?";
    assert_eq!(facts["level"], "warn");
    assert!(
        facts["notes"]
            .to_string()
            .contains("the file is not followed: "),
        "{facts}"
    );
    assert!(
        facts["again"]
            .as_str()
            .is_some_and(|again| again.ends_with(why)),
        "{facts}"
    );
    let told = told(&program, "told");
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(
        told[0].ends_with(&format!("{why}; the settings stay as they were")),
        "{told:#?}"
    );
    assert!(
        told[1].contains("cannot read ") && told[1].ends_with("; the settings stay as they were")
    );
    let internal = program.lines("logs/hestia_internal.log");
    assert_eq!(
        internal
            .iter()
            .filter(|line| line.contains("ERROR config"))
            .count(),
        2
    );
    assert!(
        program.said_by_hestia()[0].contains(why),
        "{}",
        program.stderr
    );
    // Nothing of it was taken, not even what is good in it.
    let json = program.json();
    let messages: Vec<_> = json
        .iter()
        .map(|line| line["message"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(messages, ["unchanged", "changed"]);
    assert_eq!(json[0]["metadata"]["region"], "eu-1");
    assert_eq!(json[1]["metadata"]["region"], "eu-2");
    // Deleted, it leaves what it said.
    assert_eq!(row(&program, "level"), "info | file (line 1)");
}

#[test]
fn what_code_changes_stays_until_the_files_own_value_changes() {
    let program = run("code").finish().successful();
    let facts = facts(&program);
    assert_eq!(facts["kept"][0], "debug");
    assert_eq!(facts["kept"][1], "logs/all.log, level info");
    assert_eq!(facts["who"], "changed while running");
    assert_eq!(row(&program, "level"), "trace | file (line 1)");
    assert_eq!(levels(&program, "last"), UP_TO_WARN);
    assert_eq!(program.json().len(), 5);
}

#[test]
fn what_cannot_change_is_said_once_and_waits() {
    let program = run("waiting").finish().successful();
    let told = program.said_by_hestia();
    assert_eq!(told.len(), 1, "{told:?}");
    let end = "changed: level; counts from the next start: app, text, queue_bytes";
    assert!(told[0].ends_with(end), "{told:?}");
    assert_eq!(
        facts(&program),
        "nothing has changed; counts from the next start: app, text, queue_bytes"
    );
    assert_eq!(row(&program, "app"), "live | default");
    assert_eq!(row(&program, "text"), "logs/all.log | default");
    assert_eq!(told_notes(&program), 3);
    assert!(
        program
            .text()
            .iter()
            .any(|line| line.contains("to the old file"))
    );
    assert!(!program.path("new.log").exists());
}

fn told_notes(program: &Finished) -> usize {
    let notes = told(program, "notes");
    notes
        .iter()
        .filter(|note| note.ends_with("counts from the next start"))
        .count()
}

#[test]
fn what_is_hidden_stays_so_until_the_next_start() {
    let program = run("less_redacted").finish().successful();
    let reloaded = facts(&program).to_string();
    assert!(
        reloaded.contains("counts from the next start: redact"),
        "{reloaded}"
    );
    let json = program.json();
    assert_eq!(
        json.last().expect("a record")["metadata"],
        serde_json::json!({ "ssn": "***", "password": "***", "region": "eu-2" })
    );
    assert_eq!(
        row(&program, "metadata"),
        "ssn=*** password=*** region=eu-2 | file (line 2)"
    );
    let notes = told(&program, "notes");
    assert!(
        notes
            .iter()
            .any(|note| note.contains("postgres://app:***@db")),
        "{notes:?}"
    );
    assert!(!program.stdout.contains("geheim"), "{}", program.stdout);
}

#[test]
fn metadata_rotation_and_sync_follow_the_file() {
    let program = run("files").finish().successful();
    let json = program.json();
    assert_eq!(json[0]["metadata"], serde_json::json!({ "region": "eu-1" }));
    let last = json.last().expect("records")["metadata"].clone();
    assert_eq!(last, serde_json::json!({ "region": "eu-2", "shard": 7 }));
    assert_eq!(json.len(), 42, "one file: it is not rotated");
    let logs: Vec<_> = fs::read_dir(program.path("logs"))
        .expect("a directory")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    let of = |stem: &str| logs.iter().filter(|name| name.starts_with(stem)).count();
    assert!(of("all.") > 3 && of("audit.") > 3, "{logs:?}");
    assert_eq!(of("app."), 1, "{logs:?}");
    assert_eq!(row(&program, "rotate"), "at 1 KiB | file (line 5)");
    assert_eq!(row(&program, "sync"), "batches | file (line 1)");
    let mut lines = 0;
    for name in logs.iter().filter(|name| name.starts_with("all.")) {
        lines += program.lines(&format!("logs/{name}")).len();
    }
    assert_eq!(
        lines, 42,
        "every record is in the text file or an archive of it"
    );
}

#[cfg(unix)]
#[test]
fn signals_shift_levels_and_nothing_else() {
    let program = run("signals").finish().successful();
    assert_eq!(levels(&program, "debug,quiet=warn"), UP_TO_DEBUG);
    assert_eq!(levels(&program, "trace,quiet=warn"), UP_TO_TRACE);
    assert_eq!(levels(&program, "info,quiet=warn"), UP_TO_INFO);
    assert_eq!(levels(&program, "warn,quiet=warn"), UP_TO_WARN);
    // Said anew, levels are as they were said, and signals count from there.
    let facts = facts(&program);
    assert_eq!(facts["said"], "error");
    assert_eq!(levels(&program, "warn"), UP_TO_WARN);
    // At its end, an own level waits; the way back is the same.
    assert_eq!(facts["own"], "logs/app.log, level trace, schema hestia");
    assert_eq!(facts["back"], facts["own"]);
    assert_eq!(facts["who"], "changed while running");
    let never = |line: &String| line.contains("| never");
    assert!(!program.text().iter().any(never));
    let told = program.lines("logs/hestia_internal.log");
    let told: Vec<_> = told
        .iter()
        .filter_map(|line| line.split_once("SIGUSR"))
        .collect();
    let told: Vec<_> = told.iter().map(|(_, what)| *what).collect();
    assert_eq!(told[0], "1: the level is debug,quiet=warn now");
    assert_eq!(told[4], "2: the level is warn,quiet=warn now");
    assert_eq!(told.len(), 6);
}

#[test]
fn filters_are_exchanged_between_two_records() {
    let program = run("filters").finish().successful();
    let text = program.text();
    let said: Vec<_> = text
        .iter()
        .filter_map(|line| line.split_once("| "))
        .map(|(_, message)| message.split(" {").next().unwrap_or_default())
        .collect();
    assert_eq!(
        said,
        [
            "free nobody",
            "free user",
            "filtered user",
            "free again nobody",
            "free again user",
            "after the end user"
        ]
    );
    assert_eq!(program.json().len(), 10, "the other output has no filter");
    let facts = facts(&program);
    assert!(
        facts["explained"]
            .to_string()
            .contains("then a filter of the program's decides")
    );
    assert_eq!(
        facts["wrong"],
        "there is no output `txet`; there are: text, json"
    );
}

#[cfg(unix)]
#[test]
fn a_forked_child_has_what_held_and_follows_the_file() {
    let program = run("fork").finish().successful();
    assert_eq!(facts(&program), 0, "the child ended well");
    let json = objects(&program.path("logs/app.log"));
    let mut messages: Vec<_> = json
        .iter()
        .filter_map(|line| line["message"].as_str())
        .collect();
    messages.sort_unstable();
    assert_eq!(
        messages,
        [
            "child kept",
            "child kept, after the change",
            "parent kept, after the change"
        ]
    );
    assert!(
        json.iter().all(|line| line["metadata"]["region"] == "eu-1"),
        "{json:#?}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_logged_beside_the_file_wakes_nobody() {
    let program = run("idle").finish().successful();
    assert_eq!(program.lines("all.log").len(), 300);
    let sleeps = facts(&program).as_u64().expect("a number");
    assert!(sleeps < 30, "it slept {sleeps} times");
}

#[test]
fn reloading_by_hand_says_what_came_of_it() {
    let program = run("reload").finish().successful();
    let facts = facts(&program);
    let said: Vec<_> = facts
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(said[0], "NotRunning");
    assert_eq!(said[1], "nothing has changed");
    assert_eq!(said[2], "changed: level; counts from the next start: app");
    assert!(said[3].starts_with("InvalidSetting: ") && said[3].contains("hestia.toml:3: "));
    assert!(said[4].contains("hestia.toml:1: unknown key `levle`; did you mean `level`?; "));
    assert!(said[4].contains("hestia.toml:2: `linger` takes a number with a unit, in a string"));
    assert!(said[5].starts_with("OpenFile: cannot read "), "{said:?}");
    assert_eq!(said[6..], ["true", "false"]);
    assert_eq!(row(&program, "level"), "trace | changed while running");
    assert_eq!(row(&program, "watch"), "off | builder");
}
