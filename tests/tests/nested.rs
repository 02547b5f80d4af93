//! Statements inside statements, and on hestia's own threads: all visible where they can be, none of them
//! a deadlock.

use hestia_tests::figures::{Told, is_notice, number};
use hestia_tests::{Finished, Run, messages};
use serde_json::Value;

fn run(scenario: &str) -> Run {
    Run::new(env!("CARGO_BIN_EXE_nested"), scenario)
}

fn told_by(program: &Finished) -> Told {
    let told = Told::by(program);
    told.books_balance(told.fact("executed"));
    told
}

#[test]
fn a_nested_record_stands_before_the_outer_one() {
    let program = run("visible").finish().successful();
    told_by(&program);
    assert_eq!(
        messages(&program.json()),
        [
            "inner of message",
            "outer message",
            "inner of key",
            "outer key",
            "inner of first",
            "inner of second",
            "outer first and second",
        ]
    );
}

#[test]
fn statements_that_nest_too_deep_are_counted() {
    let program = run("deep").finish().successful();
    let told = told_by(&program);
    assert!(told.shed() >= 3, "{}", told.stats);
    let records = program.json();
    let (notices, records): (Vec<_>, Vec<_>) = records.into_iter().partition(is_notice);
    let said: u64 = notices
        .iter()
        .map(|notice| number(&notice["metadata"]["lost_info"], "lost_info"))
        .sum();
    assert_eq!(said, told.shed());
    assert!(records.len() > 3 * 4, "{records:#?}");
    assert_eq!(messages(&records).last(), Some(&"after it"));
    for notice in &notices {
        let message = notice["message"].as_str().unwrap_or_default();
        assert!(
            message.ends_with("(statements nested too deep)"),
            "that is not why: {message}"
        );
    }
}

#[test]
fn a_display_that_panics_costs_its_value_only() {
    let program = run("panics").finish().successful();
    told_by(&program);
    let records = program.json();
    let (panics, rest): (Vec<_>, Vec<_>) = records
        .iter()
        .partition(|record| record["target"] == "panic");
    assert_eq!(panics.len(), 2);
    for panic in panics {
        let message = panic["message"].as_str().unwrap_or_default();
        assert!(message.contains("a Display that panics"), "{message}");
        assert_eq!(panic["level"], "ERROR");
    }
    let said: Vec<&str> = rest
        .iter()
        .filter_map(|record| record["message"].as_str())
        .collect();
    assert!(said[0].starts_with("message half"), "{said:?}");
    assert_eq!(said[1..], ["key", "after it"]);
    let metadata = &rest[1]["metadata"];
    assert_eq!(
        (&metadata["before"], &metadata["after"]),
        (&Value::from(1), &Value::from(2))
    );
    assert!(
        metadata["key"]
            .as_str()
            .is_some_and(|text| text.contains("panicked")),
        "{metadata}"
    );
}

#[test]
fn a_display_may_wait_for_a_thread_that_logs() {
    let program = run("spawns").finish().successful();
    told_by(&program);
    assert_eq!(
        messages(&program.json()),
        ["from the thread", "outer joined"]
    );
}

fn answers(told: &Told) -> Vec<&str> {
    let answers = told.facts["answers"].as_array().expect("answers");
    answers.iter().filter_map(Value::as_str).collect()
}

#[test]
fn what_hestias_threads_log_goes_to_the_internal_log_alone() {
    let program = run("own_threads")
        .env("ENABLE_INTERNAL_LOGGER", "true")
        .finish()
        .successful();
    let told = told_by(&program);
    for place in ["filter", "layout", "sink", "hook"] {
        let expected = format!("{place} true");
        assert!(
            answers(&told).contains(&expected.as_str()),
            "{:?}",
            answers(&told)
        );
    }
    assert!(
        !answers(&told)
            .iter()
            .any(|answer| answer.ends_with("false")),
        "{:?}",
        answers(&told)
    );
    assert_eq!(
        messages(&program.json()),
        ["record 0", "record 1", "record 2"]
    );
    let internal = program.lines("logs/hestia_internal.log").join("\n");
    for place in ["filter", "layout", "sink", "hook"] {
        assert!(
            internal.contains(&format!("said by the {place}")),
            "{internal}"
        );
        assert!(
            internal.contains(&format!("said by the {place} with a name")),
            "{internal}"
        );
    }
}

#[test]
fn what_hestias_threads_log_goes_nowhere_without_an_internal_log() {
    let program = run("own_threads").finish().successful();
    let told = told_by(&program);
    assert!(
        !answers(&told)
            .iter()
            .any(|answer| answer.ends_with("false"))
    );
    assert_eq!(
        messages(&program.json()),
        ["record 0", "record 1", "record 2"]
    );
    assert!(!program.path("logs/hestia_internal.log").exists());
    assert!(
        !program.stderr.contains("said by the"),
        "{}",
        program.stderr
    );
}

#[test]
fn a_shutdown_from_a_sink_is_refused_and_changes_nothing() {
    let program = run("shutdown_in_sink").finish().successful();
    let told = told_by(&program);
    assert_eq!(told.facts["flushed"], true);
    assert!(told.fact("refused") >= 1);
    assert!(
        told.fact("took_millis") < 20_000,
        "{} ms for 100 records",
        told.fact("took_millis")
    );
    assert!(
        told.fact("busy_millis") < 1_000,
        "{} ms busy in an idle program",
        told.fact("busy_millis")
    );
    assert_eq!(program.text().len(), 101);
}

#[test]
fn an_error_hook_that_panics_is_survived() {
    let program = run("panicking_hook").finish().successful();
    let told = told_by(&program);
    assert_eq!(told.output("refusing", "failed"), 2);
    assert_eq!(program.text().len(), 2);
}

#[test]
fn parts_that_panic_cost_their_own_output_alone() {
    let program = run("panicking_parts").finish().successful();
    let told = told_by(&program);
    assert_eq!(told.output("sink", "failed"), 10);
    assert_eq!(told.output("layout", "failed"), 10);
    assert_eq!(
        told.output("filter", "filtered") + told.output("filter", "failed"),
        10
    );
    assert_eq!(program.text().len(), 10);
    assert_eq!(program.json().len(), 10);
}
