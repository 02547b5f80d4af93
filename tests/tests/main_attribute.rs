//! `#[hestia::main]`: what it turns on, who has the last word, what becomes of what `main` returns.

use hestia_tests::figures::Told;
use hestia_tests::{Finished, Run, messages, objects};
use serde_json::{Value, json};

fn run(scenario: &str) -> Run {
    Run::new(env!("CARGO_BIN_EXE_main_attribute"), scenario)
}

/// Checks a setting of the report: its value, and who said it.
fn check_row(program: &Finished, setting: &str, value: &str, origin: &str) {
    let expected = (value.to_owned(), origin.to_owned());
    assert_eq!(Told::by(program).row(setting), expected, "{setting}");
}

/// The last record of the JSON file.
fn last(program: &Finished) -> Value {
    program.json().pop().expect("a record")
}

/// Checks that the last record is that of the error, and that the process ended as it does without hestia.
fn check_error(program: &Finished, err: &Value, printed: &str) {
    let record = last(program);
    assert_eq!(record["message"], "main returned an error", "{record}");
    assert_eq!(record["level"], "ERROR");
    assert_eq!(record["metadata"]["err"], *err);
    assert_eq!(program.status.code(), Some(1));
    let position = program.stderr.find(printed).unwrap_or_else(|| {
        panic!("{printed:?} is not printed:\n{}", program.stderr);
    });
    let logged = program.stderr.find("main returned an error");
    assert!(
        logged < Some(position),
        "the record comes first:\n{}",
        program.stderr
    );
    assert_eq!(program.said_by_hestia(), [""; 0]);
}

fn chain() -> Value {
    json!([
        "the order cannot be read",
        "its number makes no sense",
        "invalid digit found in string",
    ])
}

#[test]
fn bare_it_turns_on_console_text_and_json_for_the_package() {
    let program = run("bare").finish().successful();
    check_row(&program, "app", "hestia-tests", "attribute");
    check_row(&program, "version", env!("CARGO_PKG_VERSION"), "attribute");
    check_row(&program, "environment", "local", "default");
    check_row(&program, "level", "info", "default");
    let records = program.json();
    assert_eq!(messages(&records), ["ready"]);
    assert_eq!(records[0]["application"], "hestia-tests");
    assert_eq!(records[0]["app_version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(records[0]["metadata"], json!({ "user_id": 5 }));
    assert_eq!(program.text().len(), 1);
    assert!(
        program.stderr.contains("ready user_id=5"),
        "{}",
        program.stderr
    );
    assert_eq!(program.said_by_hestia(), [""; 0]);
}

#[test]
fn every_argument_reaches_its_setting() {
    let program = run("said").finish().successful();
    for (setting, value) in [
        ("app", "billing"),
        ("version", "1.2.3"),
        ("environment", "staging"),
        ("level", "warn,hyper=debug,main_attribute::settings=info"),
        ("console", "stdout, compact, coloured, level error"),
        ("text", "off"),
        (
            "json",
            "own/billing.json, level info, schema ecs, rotate off, sync errors",
        ),
        (
            "rotate",
            "at 10 MB or every week on Sunday at 03:30 local time or at start, numbered, keep 5, for 30d, 1 GiB in all, \
             gzip, link newest",
        ),
        ("sync", "every 5s"),
        ("sink discard", "a sink of the program's"),
        ("logs_dir", "elsewhere"),
        ("metadata", "region=eu-1 shard=7 team-id=1.5"),
        ("overflow", "drop below warn"),
        ("block_limit", "250ms"),
        ("order", "relaxed"),
        ("ring_bytes", "64 KiB"),
        ("queue_bytes", "16 MiB"),
        ("grace", "10µs"),
        ("linger", "0ns"),
        ("exit_limit", "90s"),
        ("panics", "off"),
        ("drain_on", "SIGTERM, SIGINT"),
        ("reopen_on_hang_up", "on"),
        ("internal_logger", "on"),
    ] {
        check_row(&program, setting, value, "attribute");
    }
    check_row(&program, "drain_on_crash", "off", "default");
    check_row(&program, "env", "on", "default");
    let records = objects(&program.path("own/billing.json"));
    assert_eq!(messages(&records), ["ready"]);
    assert_eq!(records[0]["service"]["name"], "billing");
    assert!(program.path("elsewhere/hestia_internal.log").exists());
    assert!(!program.path("logs").exists());
}

#[test]
fn outputs_have_levels_filters_and_patterns_of_their_own() {
    let program = run("files").finish().successful();
    assert_eq!(
        program.text(),
        ["ERROR|ERROR of somebody|5", "WARN|WARN of somebody|5"]
    );
    let levels = ["ERROR", "WARN", "INFO", "DEBUG"];
    let expected: Vec<_> = levels
        .iter()
        .flat_map(|level| [format!("{level} of somebody"), format!("{level} of nobody")])
        .collect();
    assert_eq!(messages(&program.json()), expected);
    assert_eq!(program.stderr, "");
}

#[test]
fn the_environment_has_the_last_word() {
    let program = run("overruled")
        .env("LOG_LEVEL", "debug")
        .env("APP_NAME", "from-environment")
        .env("LOGS_DIR", "from-environment")
        .finish()
        .successful();
    check_row(
        &program,
        "app",
        "from-environment",
        "environment (APP_NAME)",
    );
    check_row(&program, "level", "debug", "environment (LOG_LEVEL)");
    assert_eq!(program.lines("from-environment/all.log").len(), 1);
    assert!(program.stderr.contains("ready"), "{}", program.stderr);
}

#[test]
fn the_environment_is_not_asked_when_code_says_so() {
    let program = run("deaf")
        .env("LOG_LEVEL", "debug")
        .env("APP_NAME", "from-environment")
        .finish()
        .successful();
    check_row(&program, "app", "billing", "attribute");
    check_row(&program, "level", "error", "attribute");
    check_row(&program, "env", "off", "attribute");
}

#[test]
fn an_error_is_logged_with_its_sources_and_the_status_kept() {
    for scenario in ["boxed", "error"] {
        let program = run(scenario).finish();
        check_error(&program, &chain(), "Error: Failed {");
        let record = last(&program);
        let target = format!("main_attribute::errors::{scenario}");
        assert_eq!(record["target"], target.as_str());
        assert_eq!(record["module"], target.as_str());
        let file = record["file"].as_str().unwrap_or_default();
        assert!(file.ends_with("main_attribute/errors.rs"), "{file}");
    }
}

#[test]
fn what_leads_to_an_error_is_logged_as_it_and_its_own_report_is_printed() {
    let program = run("pointer").finish();
    check_error(
        &program,
        &chain(),
        "Error: the order cannot be read\n\nwith a report of its own",
    );
}

#[test]
fn an_error_that_is_none_is_logged_as_it_is_shown() {
    let program = run("display").finish();
    check_error(&program, &json!(["nothing\nbut text"]), "Error: \"nothing");
    let program = run("debug").finish();
    check_error(
        &program,
        &json!(["OnlyDebug { code: 7 }"]),
        "Error: OnlyDebug",
    );
    let program = run("opaque error").finish();
    check_error(
        &program,
        &json!(["OnlyDebug { code: 8 }"]),
        "Error: OnlyDebug",
    );
}

#[test]
fn an_error_that_panics_while_displayed_keeps_the_status() {
    let program = run("panicking display").finish();
    assert_eq!(program.status.code(), Some(1));
    let record = last(&program);
    assert_eq!(record["message"], "main returned an error");
    assert_eq!(record["metadata"]["err"], "<panicked while being logged>");
}

#[test]
fn an_error_that_is_its_own_source_ends() {
    let program = run("long chain").finish();
    assert_eq!(program.status.code(), Some(1));
    let err = &last(&program)["metadata"]["err"];
    assert_eq!(err[0], "again");
    assert!(err.as_array().is_some_and(|texts| texts.len() <= 64));
}

#[test]
fn the_level_decides_about_the_error_as_well() {
    let program = run("silenced").finish();
    assert_eq!(program.status.code(), Some(1));
    assert!(program.stderr.starts_with("Error: Failed"));
    assert_eq!(program.json(), [Value::Null; 0]);
}

#[test]
fn every_end_keeps_its_status_and_its_records() {
    for (scenario, status) in [
        ("fine", 0),
        ("code", 3),
        ("own", 7),
        ("opaque", 7),
        ("never", 9),
        ("exit", 5),
    ] {
        let program = run(scenario).finish();
        assert_eq!(program.status.code(), Some(status), "{scenario}");
        let records = program.json();
        let messages = messages(&records);
        assert_eq!(messages[0], "ready", "{scenario}");
        assert!(!messages.contains(&"main returned an error"), "{scenario}");
        assert_eq!(program.said_by_hestia(), [""; 0]);
    }
}

#[test]
fn a_panic_is_logged_once_and_ends_as_ever() {
    for (scenario, words) in [
        ("panic", "the last words"),
        ("runtime panics", "in the future"),
    ] {
        let program = run(scenario).finish();
        assert_eq!(program.status.code(), Some(101), "{scenario}");
        let records = program.json();
        let messages = messages(&records);
        assert_eq!(messages.len(), 2, "{messages:?}");
        assert!(messages[1].ends_with(words), "{messages:?}");
    }
}

#[test]
fn the_attribute_of_a_runtime_may_stand_on_either_side() {
    for (scenario, app) in [
        ("runtime after", "after"),
        ("runtime before", "before"),
        ("runtime around", "around"),
    ] {
        let program = run(scenario).finish();
        check_error(
            &program,
            &json!([format!("failed, {scenario}")]),
            "Error: \"failed, ",
        );
        let records = program.json();
        assert_eq!(
            messages(&records)[..2],
            [format!("before, {scenario}"), format!("after, {scenario}")]
        );
        assert_eq!(records[0]["application"], app);
    }
}

#[test]
fn a_program_with_another_logger_goes_on_without_hestia() {
    let program = run("after another logger").finish().successful();
    assert_eq!(
        program.said_by_hestia(),
        [
            "hestia: #[hestia::main]: without effect, since the `log` crate has another logger already \
             (`tracing_subscriber`'s `init` installs one, too); `init` must come before it, or instead of it"
        ]
    );
    let facts = Told::by(&program).facts;
    assert_eq!(facts["failed"], true);
    let lines = facts["lines"].as_array().expect("lines");
    assert_eq!(lines.len(), 1);
    let line = lines[0].as_str().unwrap_or_default();
    assert!(
        line.starts_with("main_attribute::errors::boxed main returned an error"),
        "{line}"
    );
    assert!(line.contains("the order cannot be read"), "{line}");
    assert!(!program.path("logs").exists());
}

#[test]
fn a_program_in_which_hestia_runs_already_goes_on_with_it() {
    let program = run("after a builder").finish().successful();
    let said = program.said_by_hestia();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].starts_with("hestia: #[hestia::main]: without effect, since hestia runs already")
    );
    check_row(&program, "app", "first", "builder");
    assert_eq!(messages(&program.json()), ["ready"]);
}
