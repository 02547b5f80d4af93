//! `#[hestia::instrument]`: what is said of a call, and what is carried inside.

use std::collections::BTreeMap;

use hestia_tests::records::find;
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
        "nameless": "<&instrument::values::Nameless>",
        "generic": "<instrument::values::Nameless>",
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
fn results_and_errors_are_cut_however_they_are_taken() {
    let records = records(&["values"]);
    let is_cut = |text: &Value, of: &str| {
        let text = text.as_str().expect("a text");
        let kept = text.strip_suffix('…').expect(of);
        assert!(
            kept.trim_matches('"')
                .chars()
                .all(|letter| of.contains(letter)),
            "{text}"
        );
        assert!((10..=20).contains(&kept.len()), "{text}");
    };
    let said = |message: &str, key: &str| find(&records, message)["metadata"][key].clone();
    is_cut(&said("long_debug completed", "return"), "x");
    is_cut(&said("long_display completed", "return"), "x");
    let serde = said("long_serde completed", "return");
    let items = serde.as_array().expect("an array");
    assert_eq!(items.len(), 2, "{items:?}");
    assert!(
        items[0]
            .as_str()
            .is_some_and(|text| text.len() <= 20 && text.ends_with('…'))
    );
    assert_eq!(items[1], "…");
    // A long message hides no source.
    for message in ["long_error failed", "long_error_in_a_box failed"] {
        let chain = said(message, "err");
        let chain = chain.as_array().expect("an array");
        assert_eq!(chain.len(), 2, "{chain:?}");
        is_cut(&chain[0], "o");
        is_cut(&chain[1], "i");
    }
    is_cut(&said("long_text_for_an_error failed", "err"), "x");
    is_cut(&said("long_error_shown failed", "err"), "o");
    is_cut(&said("long_error_printed failed", "err"), "x");
    let usual = said("usual_length failed", "err");
    assert!(
        usual
            .as_str()
            .is_some_and(|text| (900..=1_005).contains(&text.len()))
    );
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
    let count = |name: &str| ends(&records, name).len();
    assert_eq!(
        (count("either"), count("shown_error"), count("printed")),
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

/// The ends that were said of a function's calls, with their levels.
fn ends<'r>(records: &'r [Value], name: &str) -> Vec<(&'r str, &'r str)> {
    let of = |record: &'r Value| {
        let end = record["message"].as_str()?.strip_prefix(name)?;
        let end = end.strip_prefix(' ')?;
        (end != "started").then(|| (end, record["level"].as_str().unwrap_or_default()))
    };
    records.iter().filter_map(of).collect()
}

#[test]
fn a_panic_that_was_caught_around_a_poll_is_a_panic() {
    let records = records(&["ends"]);
    for name in [
        "panics_awaited",
        "panics_in_a_trait",
        "panics_before_there_is_a_future",
        "panics_in_a_box",
        "panics_when_dropped",
    ] {
        assert_eq!(ends(&records, name), [("panicked", "ERROR")], "{name}");
        let [started, end] =
            ["started", "panicked"].map(|end| find(&records, &format!("{name} {end}")));
        assert_eq!(started["span_id"], end["span_id"]);
        assert!(end["metadata"]["elapsed_ms"].is_f64(), "{end}");
    }
    // Alone, and inside of the boxed one.
    assert_eq!(
        ends(&records, "panics_as_future"),
        [("panicked", "ERROR"); 2]
    );
    // What panics may come to an end all the same, when it is polled again.
    assert_eq!(ends(&records, "panics_once"), [("completed", "INFO")]);
    assert_eq!(
        find(&records, "panics_once completed")["metadata"]["return"],
        2
    );
}

#[test]
fn what_runs_while_another_panics_has_an_end_of_its_own() {
    let records = records(&["ends"]);
    assert_eq!(ends(&records, "cleans_up"), [("completed", "INFO")]);
    assert_eq!(ends(&records, "cleans_up_awaited"), [("completed", "INFO")]);
    assert_eq!(ends(&records, "tries_to_clean_up"), [("completed", "INFO")]);
    assert_eq!(ends(&records, "fails_to_clean_up"), [("failed", "ERROR")]);
    // The second panics by itself, which is known by its result.
    assert_eq!(
        ends(&records, "cleans_up_and_says"),
        [("completed", "INFO"), ("panicked", "ERROR")]
    );
    // One is dropped by somebody else's panic, one by that of the future that holds it.
    assert_eq!(ends(&records, "given_up"), [("cancelled", "INFO"); 2]);
    assert_eq!(ends(&records, "panics_beside"), [("panicked", "ERROR")]);
}

#[test]
fn signatures_of_all_shapes_are_followed() {
    let records = records(&["kinds"]);
    for (name, returned) in [
        ("boxed_by_name", json!(11)),
        ("locally_boxed_by_name", json!(12)),
        ("either_boxed", json!(1)),
        ("loads", json!(20)),
        ("loads_as_future", json!(20)),
        ("loads_by_default", json!(20)),
        ("changes", json!(21)),
        ("pinned", json!(22)),
        ("asks", Value::Null),
        ("shared", json!(22)),
        ("shared_awaited", json!(22)),
        ("applies", json!(3)),
        ("foreign", json!(7)),
    ] {
        let completed = find(&records, &format!("{name} completed"));
        let metadata = completed["metadata"].as_object().expect("metadata");
        assert_eq!(metadata.get("return"), Some(&returned), "{completed}");
    }
    let closure = find(&records, "adder completed")["metadata"]["return"].clone();
    assert!(
        closure
            .as_str()
            .is_some_and(|name| name.contains("closure")),
        "{closure}"
    );
    assert_eq!(ends(&records, "parses"), [("failed", "ERROR")]);
    assert_eq!(ends(&records, "either_boxed").len(), 2);
    assert_eq!(ends(&records, "never"), [("panicked", "ERROR"); 2]);
    assert_eq!(ends(&records, "never_and_says"), [("panicked", "ERROR")]);
    assert_eq!(ends(&records, "never_awaited"), [("panicked", "ERROR")]);
}

#[test]
fn level_name_and_target_may_be_constants() {
    let records = records(&["kinds"]);
    assert_eq!(find(&records, "constant \u{e9} started")["level"], "WARN");
    let completed = find(&records, "constant \u{e9} completed");
    assert_eq!(completed["level"], "ERROR");
    assert_eq!(completed["target"], "constants");
    assert_eq!(completed["metadata"]["span"], "constant \u{e9}");
    assert_eq!(completed["metadata"]["return"], 1);
    assert!(
        messages(&records)
            .iter()
            .all(|message| !message.starts_with("never said"))
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
        [
            "balance",
            "load",
            "load",
            "provided",
            "future",
            "boxed",
            "boxed_by_name",
            "locally_boxed_by_name",
            "loads",
            "loads_as_future",
            "loads",
        ]
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
    // Where another scope is said, that one counts, and nothing of what is current.
    for number in [1, 2] {
        let inside = find(&records, &format!("in elsewhere {number}"));
        assert_eq!(inside["trace_id"], request["trace_id"]);
        assert_eq!(
            metadata(inside),
            json!({ "span": "elsewhere", "number": number })
        );
    }
    for message in ["elsewhere started", "elsewhere_later started"] {
        let started = find(&records, message);
        assert_eq!(started["metadata"]["parent_span_id"], request["span_id"]);
    }
    let later = find(&records, "in elsewhere, later");
    assert_eq!(later["trace_id"], request["trace_id"]);
    let alone = find(&records, "in none");
    assert_eq!(metadata(alone), json!({ "span": "alone" }));
    let started = find(&records, "alone started");
    assert_eq!(started["metadata"].get("parent_span_id"), None);
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
