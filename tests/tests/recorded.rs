//! `record!`: what is known of a call only while it runs; and `follows_from`: what led to it.

use hestia_tests::figures::Told;
use hestia_tests::{Finished, Run, messages};
use serde_json::{Value, json};

fn run(scenario: &str, level: &str) -> Finished {
    Run::new(env!("CARGO_BIN_EXE_recorded"), scenario)
        .arg(level)
        .finish()
        .successful()
}

/// Each record's message and key-values, without how long anything took, and where it came from.
fn said(records: &[Value]) -> Vec<(&str, Value)> {
    let mut said = Vec::new();
    for record in records {
        let mut fields = record["metadata"].clone();
        if let Some(fields) = fields.as_object_mut() {
            fields.remove("elapsed_ms");
            fields.remove("parent_span_id");
        }
        said.push((record["message"].as_str().unwrap_or_default(), fields));
    }
    said
}

#[test]
fn a_call_carries_what_is_recorded_from_then_on() {
    let records = run("calls", "debug").json();
    let import = |more: Value| {
        let mut fields = json!({ "span": "import", "file": "orders" });
        for (key, value) in more.as_object().into_iter().flatten() {
            fields[key] = value.clone();
        }
        fields
    };
    let second = json!({ "file": "renamed", "rows": 3 });
    let deep = json!({ "file": "renamed", "rows": 3, "span": "deeper" });
    let mut deeper = deep.clone();
    deeper["depth"] = json!(1);
    let third = json!({ "file": "renamed", "rows": "hidden", "step": 1 });
    let mut fourth = third.clone();
    fourth["password"] = json!("***");
    let fifth =
        json!({ "file": "renamed", "rows": 4, "password": "***", "from": { "helper": true } });
    assert_eq!(
        said(&records),
        [
            ("import started", import(Value::Null)),
            ("first", import(Value::Null)),
            ("second", import(second)),
            ("deeper started", import(deep)),
            ("deep", import(deeper.clone())),
            ("deeper completed", import(deeper)),
            ("third", import(third)),
            ("fourth", import(fourth)),
            ("fifth", import(fifth.clone())),
            ("import completed", import(fifth)),
            ("outside", Value::Null),
        ]
    );
}

#[test]
fn what_a_call_that_is_off_records_belongs_to_the_one_around_it() {
    let records = run("calls", "info").json();
    let said = said(&records);
    let (_, fields) = &said[3];
    assert_eq!(said[3].0, "third");
    assert_eq!(fields["depth"], 1);
    assert_eq!(fields["span"], "import");
}

#[test]
fn every_end_says_what_was_recorded() {
    let records = run("ends", "debug").json();
    // A panic's record says where it was first.
    let known: Vec<_> = records
        .iter()
        .filter(|record| record["metadata"]["known"] == "late")
        .filter_map(|record| record["message"].as_str()?.rsplit(": ").next())
        .collect();
    let expected = [
        "refuses failed",
        "on purpose",
        "panics panicked",
        "gives completed",
        "waits_for_ever cancelled",
        "on purpose",
        "panics_later panicked",
        "made",
        "makes completed",
    ];
    assert_eq!(known, expected, "{:?}", messages(&records));
}

#[test]
fn a_scope_without_a_trace_is_recorded_in_while_it_is_entered() {
    let records = run("scopes", "debug").json();
    let both = json!({ "outer": 1, "inner": 1 });
    let late = json!({ "outer": 1, "inner": 1, "late": 1 });
    let there = json!({ "outer": 1, "inner": 1, "late": 1, "there": 1 });
    let traced = json!({ "late": 2, "one": 1, "other": 1 });
    assert_eq!(
        said(&records),
        [
            ("in the inner one", late.clone()),
            ("as it was taken before", both),
            ("as it was taken after", there),
            ("still in the inner one", late),
            ("in the outer one", json!({ "outer": 1 })),
            ("in all of the trace", traced.clone()),
            ("detached", Value::Null),
            ("still in all of it", traced),
        ]
    );
}

#[test]
fn each_task_has_what_it_recorded_itself() {
    let records = run("tasks", "debug").json();
    assert_eq!(records.len(), 1_000 * 9);
    for record in &records {
        let fields = &record["metadata"];
        assert!(fields["task"].is_u64(), "{record}");
        assert_eq!(fields["own"], fields["task"], "{record}");
        match record["message"].as_str() {
            Some("turn") => assert_eq!(fields["turn"], fields["expected"], "{record}"),
            Some("inside") => assert_eq!(fields["nested"], fields["task"], "{record}"),
            Some("work completed") => assert_eq!(fields["turn"], 3, "{record}"),
            _ => panic!("{record}"),
        }
        if record["message"] == "inside" {
            assert_eq!(fields["inside"], fields["task"], "{record}");
        }
    }
}

#[test]
fn futures_that_take_turns_in_one_call_keep_to_themselves() {
    let records = run("turns", "debug").json();
    let mut seen = Vec::new();
    for record in &records {
        let message = record["message"].as_str().unwrap_or_default();
        if let "left" | "right" = message {
            let fields = &record["metadata"];
            assert_eq!(fields["part"], message, "{record}");
            assert_eq!(fields["by"], message, "{record}");
            seen.push((message, fields["turn"].clone()));
        }
    }
    assert_eq!(
        seen,
        [
            ("left", json!(0)),
            ("right", json!(0)),
            ("left", json!(1)),
            ("right", json!(1)),
        ]
    );
}

#[test]
fn a_call_says_what_it_follows_from() {
    let finished = run("causes", "debug");
    let told = Told::by(&finished);
    let records = finished.json();
    let ids = |name: &str| {
        let parent = told.facts[name].as_str().expect("a traceparent");
        let parts: Vec<_> = parent.split('-').collect();
        json!({ "trace_id": parts[1], "span_id": parts[2] })
    };
    let (one, other) = (ids("one"), ids("other"));
    let expected = [
        ("follows_list", json!([one, other])),
        ("follows_one", json!([one])),
        ("follows_one", json!([])),
        ("follows_both", json!([one, other])),
    ];
    let mut calls = Vec::new();
    for record in &records {
        let fields = &record["metadata"];
        let span = fields["span"].as_str().unwrap_or_default();
        let message = record["message"].as_str().unwrap_or_default();
        if message.ends_with(" started") {
            calls.push((span, fields["follows_from"].clone()));
        }
        assert!(fields["follows_from"].is_array(), "{record}");
        // It is no step of theirs.
        assert_ne!(record["trace_id"], one["trace_id"]);
        assert_ne!(record["trace_id"], other["trace_id"]);
    }
    assert_eq!(calls, expected);
}

#[test]
fn what_is_recorded_again_and_again_takes_no_more_room() {
    let finished = run("many", "debug");
    let records = finished.json();
    let counted = records
        .iter()
        .filter(|record| record["message"] == "counted");
    for (place, record) in counted.enumerate() {
        assert_eq!(record["metadata"]["count"], place * 10, "{record}");
    }
    let told = Told::by(&finished);
    let grown = told.fact("after_kib") - told.fact("before_kib");
    assert!(
        grown < 16 * 1024,
        "{grown} KiB: each time that something is recorded takes memory for good"
    );
}
