//! Scopes and traces: every record carries its own, and none another's.

use std::collections::BTreeMap;

use hestia_tests::figures::Told;
use hestia_tests::records::said;
use hestia_tests::{Run, messages};
use serde_json::{Value, json};

fn run(scenario: &str) -> Run {
    Run::new(env!("CARGO_BIN_EXE_context"), scenario)
}

fn keys(metadata: &Value) -> Vec<&str> {
    let object = metadata.as_object();
    object.map_or_else(Vec::new, |object| {
        object.keys().map(String::as_str).collect()
    })
}

#[test]
fn what_a_scope_carries_is_encoded_when_it_is_entered() {
    let program = run("encoded_once").finish().successful();
    let said = said(&program);
    assert_eq!(said.len(), 100);
    for (_, metadata) in said {
        assert_eq!(metadata, json!({ "value": "looked at 1 times" }));
    }
}

#[test]
fn a_task_has_its_scope_whoever_polls_it() {
    let program = run("polled_by_hand").finish().successful();
    let mut steps = 0;
    for (message, metadata) in said(&program) {
        if message == "outside" {
            assert_eq!(metadata, Value::Null);
        } else {
            assert_eq!(metadata, json!({ "step": steps, "request_id": 17 }));
            steps += 1;
        }
    }
    assert_eq!(steps, 6);
}

#[test]
fn every_record_in_a_scope_carries_it() {
    let program = run("nested").finish().successful();
    let one = json!({ "request_id": 17, "user": { "name": "ada", "id": 5 } });
    let with = |more: &[(&str, Value)]| {
        let mut all = one.clone();
        let two = [
            ("query", json!("orders")),
            ("attempt", json!(2)),
            ("ratio", json!(0.5)),
        ];
        for (key, value) in two.iter().chain(more) {
            all[key] = value.clone();
        }
        all
    };
    let expected = [
        ("outside", Value::Null),
        ("in one", one.clone()),
        ("in two", with(&[])),
        ("in two, with its own", with(&[("own", json!(true))])),
        ("hlog in two", with(&[("own", json!(true))])),
        ("hlog in two, elsewhere", with(&[])),
        ("2 arguments in two", with(&[("answer", json!("Some(42)"))])),
        ("info in two", with(&[])),
        ("in one again", one.clone()),
        ("outside again", Value::Null),
    ];
    let expected = expected.map(|(message, metadata)| (message.to_owned(), metadata));
    assert_eq!(said(&program), expected);
    // The text file says the same.
    let text = program.text();
    assert_eq!(text.len(), expected.len());
    for (line, (message, metadata)) in text.iter().zip(&expected) {
        assert!(line.contains(message.as_str()), "{line}");
        assert_eq!(
            line.contains("request_id=17"),
            !metadata.is_null(),
            "{line}"
        );
        assert_eq!(
            line.contains("attempt=2"),
            metadata["attempt"] == 2,
            "{line}"
        );
    }
}

#[test]
fn the_value_nearest_to_the_call_counts_and_no_key_stands_twice() {
    let program = run("shadowed").finish().successful();
    let expected = [
        ("logger over process", "logger", vec!["logger", "process"]),
        (
            "scope over logger",
            "outer",
            vec!["outer", "logger", "process"],
        ),
        (
            "inner over outer",
            "inner",
            vec!["inner", "outer", "logger", "process"],
        ),
        (
            "call over inner",
            "call",
            vec!["inner", "outer", "logger", "process"],
        ),
        (
            "log's call over inner",
            "call",
            vec!["inner", "outer", "logger", "process"],
        ),
        (
            "without a logger",
            "call",
            vec!["inner", "outer", "process"],
        ),
    ];
    for ((message, metadata), (expected, key, others)) in said(&program).iter().zip(expected) {
        assert_eq!(message, expected);
        assert_eq!(metadata["key"], key, "{message}");
        let mut all = vec!["key"];
        all.extend(others);
        all.sort_unstable();
        let mut found = keys(metadata);
        found.sort_unstable();
        assert_eq!(found, all, "{message}");
    }
    // A reader of JSON would not show it.
    for line in program.lines("logs/app.log") {
        assert_eq!(line.matches("\"key\":").count(), 1, "{line}");
    }
}

#[test]
fn scopes_are_left_in_any_order() {
    let program = run("any_order").finish().successful();
    for (message, metadata) in said(&program) {
        let words = message.split(':').next().unwrap_or_default();
        let mut expected: Vec<&str> = words.split(' ').filter(|word| *word != "none").collect();
        expected.sort_unstable();
        let mut found = keys(&metadata);
        found.sort_unstable();
        assert_eq!(found, expected, "{message}");
    }
}

#[test]
fn a_scope_reaches_other_threads_when_asked() {
    let program = run("threads").finish().successful();
    let said = said(&program);
    assert_eq!(said.len(), 1 + 4 * 201 + 2);
    for (message, metadata) in said {
        match message.split_once(' ') {
            Some((_, number)) => {
                assert_eq!(metadata["request_id"], 17);
                assert_eq!(metadata["thread_number"].to_string(), number);
            }
            None if message == "moved" => assert_eq!(metadata, json!({ "moved": 1 })),
            None => assert_eq!(metadata, Value::Null),
        }
    }
}

#[test]
fn a_scope_that_is_left_while_its_record_is_made_is_still_in_it() {
    let program = run("left_while_logging").finish().successful();
    let said = said(&program);
    let left = said.iter().filter(|(message, _)| message == "left");
    for ((_, metadata), round) in left.clone().zip(0..) {
        assert_eq!(
            metadata,
            &json!({ "round": round, "text": "x".repeat(100) })
        );
    }
    assert_eq!(left.count(), 10);
    assert_eq!(said.len(), 10 * 101);
}

#[test]
fn scopes_stand_the_end_of_their_thread() {
    let program = run("at_thread_end").finish().successful();
    let said = said(&program);
    assert_eq!(said.len(), 20 * 4);
    for (message, metadata) in said {
        if message == "before its end" {
            assert_eq!(metadata, json!({ "kept_to_the_end": 1 }));
        }
        // Later than that it depends on which of the thread's locals go first; nothing is made up.
        let known = |key: &&str| ["kept_to_the_end", "late"].contains(key);
        assert!(keys(&metadata).iter().all(known), "{message}: {metadata}");
    }
}

#[test]
fn records_carry_the_ids_of_their_trace() {
    let program = run("traces").finish().successful();
    let records = program.json();
    assert_eq!(records[0].get("trace_id"), None);
    for record in &records[1..5] {
        assert_eq!(record["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
    }
    let (request, query) = (&records[1], &records[2]);
    assert_eq!(request["span_id"], request["metadata"]["span"]);
    assert_eq!(query["span_id"], query["metadata"]["span"]);
    assert_ne!(query["span_id"], request["span_id"]);
    assert_eq!(records[3]["span_id"], query["span_id"]);
    assert_eq!(records[4]["span_id"], request["span_id"]);
    assert_eq!(records[5]["trace_id"], records[5]["metadata"]["trace"]);
    assert_ne!(records[5]["trace_id"], request["trace_id"]);
}

#[test]
fn each_task_carries_its_own_scope_over_awaits_and_threads() {
    const TASKS: u64 = 10_000;
    let program = run("tasks").arg(TASKS.to_string()).finish().successful();
    let mut steps: BTreeMap<u64, u64> = BTreeMap::new();
    let mut traces: BTreeMap<String, u64> = BTreeMap::new();
    let mut dropped = 0;
    for record in program.json() {
        let metadata = &record["metadata"];
        if record["message"] == "dropped" {
            assert_eq!(metadata, &json!({ "unfinished": 1 }));
            dropped += 1;
            continue;
        }
        let task = metadata["said"].as_u64().expect("a number");
        assert_eq!(metadata["task"], task, "{record}");
        assert_eq!(metadata["text"], format!("task {task}"), "{record}");
        let trace = record["trace_id"].as_str().expect("a trace").to_owned();
        assert_eq!(*traces.entry(trace).or_insert(task), task, "{record}");
        *steps.entry(task).or_default() += 1;
    }
    assert_eq!(dropped, 1);
    assert_eq!(traces.len() as u64, TASKS);
    assert_eq!(steps.len() as u64, TASKS);
    assert!(steps.values().all(|count| *count == 8));
}

#[test]
fn a_guard_held_over_an_await_never_shows_in_another_task() {
    let program = run("guards_in_tasks").finish().successful();
    let said = said(&program);
    assert_eq!(said.len(), 50 * 4 + 1);
    for (message, metadata) in said {
        if message == "none" {
            assert_eq!(metadata, Value::Null);
            continue;
        }
        assert_eq!(metadata["task"], metadata["said"], "{metadata}");
        let inner = &metadata["inner"];
        assert!(inner.is_null() || *inner == metadata["said"], "{metadata}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn scopes_that_come_and_go_take_no_memory() {
    let program = run("churn").arg("200000").finish().successful();
    let grown = Told::by(&program).fact("grown_kib");
    // A million scopes would take some 300 MB.
    assert!(grown < 16 << 10, "{grown} KiB");
}

#[test]
fn another_logger_gets_what_scopes_say() {
    let program = run("elsewhere").finish().successful();
    let told = Told::by(&program);
    assert_eq!(told.facts["message"], "hlog");
    assert_eq!(
        told.facts["keys"],
        json!({ "own": "1", "request_id": "17" })
    );
}

#[test]
#[cfg(unix)]
fn what_is_recovered_carries_its_scope() {
    let program = run("crash").finish();
    assert!(!program.status.success());
    let program = Run::after(program, env!("CARGO_BIN_EXE_context"))
        .arg("start")
        .finish()
        .successful();
    let records: Vec<_> = program
        .json()
        .into_iter()
        .filter(|record| record["metadata"].get("key").is_some())
        .collect();
    assert_eq!(messages(&records), ["log's", "hlog's", "of 1 arguments"]);
    for record in &records {
        let metadata = &record["metadata"];
        assert_eq!(metadata["key"], "inner", "{record}");
        assert_eq!(metadata["outer"], 1, "{record}");
        assert_eq!(metadata["list"], json!([1, 2, 3]), "{record}");
        assert_eq!(record["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(record["span_id"], "0000000000000007");
    }
}
