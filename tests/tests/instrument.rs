//! `#[hestia::instrument]`: what is said of a call, and what is carried inside.

use std::collections::BTreeMap;

use hestia_tests::{Run, messages};
use serde_json::{Value, json};

/// The records of a scenario.
fn records(scenario: &[&str]) -> Vec<Value> {
    let run = Run::program(env!("CARGO_BIN_EXE_instrument"));
    let run = scenario.iter().fold(run, |run, argument| run.arg(argument));
    run.finish().successful().json()
}

/// Without what is different each time.
fn metadata(record: &Value) -> Value {
    let mut metadata = record["metadata"].clone();
    if let Some(metadata) = metadata.as_object_mut()
        && let Some(elapsed) = metadata.remove("elapsed_ms")
    {
        assert!(
            elapsed.as_f64().is_some_and(|elapsed| elapsed >= 0.0),
            "{record}"
        );
        metadata.insert("elapsed_ms".to_owned(), json!("…"));
    }
    metadata
}

fn find<'r>(records: &'r [Value], message: &str) -> &'r Value {
    let found: Vec<_> = records
        .iter()
        .filter(|record| record["message"] == message)
        .collect();
    assert!(
        !found.is_empty(),
        "no record `{message}` in {:?}",
        messages(records)
    );
    found[0]
}

#[test]
fn a_call_is_said_and_carried() {
    let records = records(&["plain"]);
    let carried = json!({ "span": "add", "left": 1, "right": 2 });
    let mut completed = carried.clone();
    completed["elapsed_ms"] = json!("…");
    let found: Vec<_> = records.iter().map(metadata).collect();
    assert_eq!(found, [carried.clone(), carried, completed, Value::Null]);
    assert_eq!(
        messages(&records),
        ["add started", "inside", "add completed", "outside"]
    );
    let ids = |record: &Value| (record["trace_id"].clone(), record["span_id"].clone());
    assert!(records[0]["trace_id"].is_string());
    assert!(
        records[..3]
            .iter()
            .all(|record| ids(record) == ids(&records[0]))
    );
    assert!(records[3].get("trace_id").is_none());
    for record in [&records[0], &records[2]] {
        assert_eq!(record["level"], "INFO");
        assert_eq!(record["target"], "instrument");
        assert!(record["line"].as_u64().is_some_and(|line| line > 1));
    }
}

#[test]
fn parameters_have_their_types_where_they_can() {
    let records = records(&["values"]);
    let expected = json!({
        "span": "take_all",
        "number": -5,
        "text": "text",
        "owned": "owned",
        "list": [0.5, 1.5],
        "option": null,
        "printable": "Printable { x: 2 }",
        "encoded": { "x": 1, "token": "***" },
        "nameless": "<&instrument::Nameless>",
        "generic": "<instrument::Nameless>",
        "password": "***",
        "access_token": "***",
        "pair": "(3, 4)",
        "renamed": 6,
        "left": 7,
        "right": 8,
        "changed": 11,
        "type": 12,
        "first": 3,
        "given": "changed",
        "shown": "shown",
        "nested": { "key": 1 },
    });
    assert_eq!(metadata(find(&records, "take_all started")), expected);
    assert_eq!(
        metadata(find(&records, "skip_all started")),
        json!({ "span": "skip_all", "length": 5 })
    );
}

#[test]
fn what_is_long_is_cut_where_a_character_ends() {
    let records = records(&["values"]);
    let long = metadata(find(&records, "long completed"));
    for (key, least) in [("text", 6), ("return", 6)] {
        let text = long[key].as_str().expect("a text");
        let kept = text.strip_suffix('…').expect(key);
        assert!(kept.chars().all(|letter| letter == 'é'), "{text}");
        assert!(kept.len() <= 20 && kept.chars().count() >= least, "{text}");
    }
    let list = long["list"].as_array().expect("an array");
    assert_eq!((&list[0], list.last()), (&json!(7), Some(&json!("…"))));
    assert!(list.len() < 10, "{list:?}");
    assert_eq!(long["printed"], "[Printable { x:…");
}

#[test]
fn results_and_errors_are_said_as_asked() {
    let records = records(&["outcomes"]);
    for (message, level, key, value) in [
        ("either completed", "INFO", "return", json!(5)),
        ("either failed", "ERROR", "err", json!(["outer", "inner"])),
        ("shown_error failed", "WARN", "err", json!("shown")),
        (
            "printed_error failed",
            "ERROR",
            "err",
            json!("Failure(Some(Failure(None)))"),
        ),
        (
            "printed completed",
            "WARN",
            "return",
            json!("Printable { x: 3 }"),
        ),
        (
            "serialized completed",
            "INFO",
            "return",
            json!({ "one": 1 }),
        ),
        ("borrowed completed", "INFO", "return", json!("ext")),
        ("elided completed", "INFO", "return", json!("b")),
        (
            "iterates completed",
            "INFO",
            "return",
            json!("Map { iter: 0..3 }"),
        ),
    ] {
        let record = find(&records, message);
        assert_eq!(record["level"], level, "{record}");
        assert_eq!(record["metadata"][key], value, "{record}");
        assert!(record["metadata"]["elapsed_ms"].is_f64(), "{record}");
    }
    // Each end is said once.
    let ends = |name: &str| {
        let of = |record: &&Value| {
            let message = record["message"].as_str().unwrap_or_default();
            message.starts_with(name) && !message.ends_with("started")
        };
        records.iter().filter(of).count()
    };
    assert_eq!(
        (ends("either "), ends("shown_error "), ends("printed ")),
        (2, 1, 1)
    );
    // A failure is said even if the span is off; nothing else is.
    let off: Vec<_> = records
        .iter()
        .filter(|record| {
            record["message"]
                .as_str()
                .is_some_and(|message| message.starts_with("off"))
        })
        .collect();
    assert_eq!(off.len(), 1);
    assert_eq!(off[0]["metadata"], json!({ "err": ["outer", "inner"] }));
}

#[test]
fn every_end_is_said_as_what_it_is() {
    let records = records(&["ends"]);
    let panicked = find(&records, "panics panicked");
    assert_eq!(panicked["level"], "ERROR");
    assert_eq!(panicked["metadata"]["number"], 1);
    // The panic itself is a record in the same span.
    let panic = records
        .iter()
        .find(|record| {
            record["message"]
                .as_str()
                .is_some_and(|message| message.contains("too few"))
        })
        .expect("the panic");
    assert_eq!(panic["span_id"], panicked["span_id"]);
    assert_eq!(panic["metadata"]["span"], "panics");
    let cancelled = find(&records, "waits cancelled");
    assert_eq!(cancelled["metadata"]["id"], 1);
    assert_eq!(cancelled["span_id"], find(&records, "waiting")["span_id"]);
    let all = messages(&records);
    assert!(!all.contains(&"waits completed") && !all.contains(&"panics completed"));
    // Nothing but what is carried.
    assert!(all.iter().all(|message| !message.starts_with("silent")));
    assert_eq!(
        metadata(find(&records, "inside")),
        json!({ "span": "silent", "id": 7 })
    );
    assert_eq!(
        all.iter()
            .filter(|message| **message == "early completed")
            .count(),
        2
    );
}

#[test]
fn functions_of_all_kinds_are_followed() {
    let records = records(&["kinds"]);
    assert_eq!(find(&records, "open account started")["target"], "bank");
    for (name, returned) in [
        ("name", json!("account")),
        ("balance", json!(16)),
        ("load", json!(8)),
        ("future", json!(4)),
        ("boxed", json!("text")),
        ("generic", json!(3)),
        ("opaque", json!("Rev { iter: 0..3 }")),
        ("close", json!(8)),
    ] {
        let completed = find(&records, &format!("{name} completed"));
        assert_eq!(completed["metadata"]["return"], returned, "{completed}");
        let started = find(&records, &format!("{name} started"));
        assert_eq!(started["span_id"], completed["span_id"]);
    }
    assert_eq!(find(&records, "name completed")["metadata"]["number"], 8);
    assert_eq!(
        find(&records, "load failed")["metadata"]["err"],
        json!(["outer", "inner"])
    );
    // What is said inside of a future carries it, and what is said beside it does not.
    let inside = records
        .iter()
        .filter(|record| record["message"] == "inside");
    let spans: Vec<_> = inside
        .map(|record| record["metadata"]["span"].clone())
        .collect();
    assert_eq!(
        spans,
        ["balance", "load", "load", "provided", "future", "boxed"]
    );
    assert_eq!(find(&records, "made")["metadata"]["span"], "future");
    assert_eq!(find(&records, "between")["metadata"], Value::Null);
}

#[test]
fn a_span_that_is_off_evaluates_nothing() {
    let records = records(&["levels"]);
    assert_eq!(
        messages(&records),
        [
            "warns started",
            "warns completed",
            "warns started",
            "warns completed",
            "traces started",
            "traces completed",
            "evaluates started",
            "evaluates completed",
        ]
    );
    assert_eq!(records[0]["level"], "WARN");
    assert_eq!(records[4]["level"], "TRACE");
}

#[test]
fn each_call_is_a_span_whose_parent_is_known() {
    let records = records(&["spans"]);
    let request = &records[0];
    assert_eq!(request["span_id"], request["metadata"]["span_of"]);
    let started: Vec<_> = records
        .iter()
        .filter(|record| record["message"] == "inner started")
        .collect();
    let mut parent = &request["span_id"];
    for (started, depth) in started.iter().zip([3, 2, 1]) {
        assert_eq!(started["metadata"]["depth"], depth);
        assert_eq!(&started["metadata"]["parent_span_id"], parent);
        assert_eq!(started["trace_id"], request["trace_id"]);
        parent = &started["span_id"];
    }
    // Outside of the request it starts a trace.
    assert_eq!(started.len(), 4);
    assert_eq!(started[3]["metadata"].get("parent_span_id"), None);
    assert_ne!(started[3]["trace_id"], request["trace_id"]);
}

#[test]
fn each_task_carries_its_own_call() {
    const TASKS: u64 = 2_000;
    let records = records(&["tasks", &TASKS.to_string()]);
    let mut traces: BTreeMap<u64, Value> = BTreeMap::new();
    let mut said = 0;
    for record in &records {
        let metadata = &record["metadata"];
        let task = metadata["task"]
            .as_u64()
            .expect("every record is in a task");
        let trace = traces
            .entry(task)
            .or_insert_with(|| record["trace_id"].clone());
        assert_eq!(&record["trace_id"], trace, "{record}");
        if let Some(own) = metadata["said"].as_u64() {
            assert_eq!(own, task, "{record}");
            said += 1;
        }
    }
    assert_eq!(traces.len() as u64, TASKS);
    assert_eq!(said, TASKS * 4);
    assert_eq!(records.len() as u64, TASKS * (4 + 3 * 2));
}
