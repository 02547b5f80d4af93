//! `tracing` and `log` in one log: events, spans, levels, other layers, OpenTelemetry.

use std::collections::{BTreeMap, BTreeSet};

use hestia_tests::figures::Told;
use hestia_tests::records::{of, said};
use hestia_tests::{Finished, Run, messages};
use serde_json::{Value, json};

fn run(scenario: &str) -> Run {
    Run::new(env!("CARGO_BIN_EXE_tracing_layer"), scenario)
}

fn finished(scenario: &str) -> Finished {
    run(scenario).finish().successful()
}

fn expect(finished: &Finished, expected: &[(&str, Value)]) {
    let said = said(finished);
    for ((message, metadata), expected) in said.iter().zip(expected) {
        assert_eq!((message.as_str(), metadata), (expected.0, &expected.1));
    }
    assert_eq!(said.len(), expected.len());
}

#[test]
fn both_facades_are_in_one_log_in_the_order_of_calls() {
    let program = finished("both");
    let records = program.json();
    let numbered = &records[..3_000];
    for (place, record) in numbered.iter().enumerate() {
        assert_eq!(record["message"], ["event", "log", "hlog"][place % 3]);
        assert_eq!(
            record["metadata"],
            json!({ "number": place / 3, "id": 17, "span": "request" })
        );
        assert_eq!(record["target"], "tracing_layer::records");
        assert_eq!(record["module"], "tracing_layer::records");
        assert_eq!(record["file"], "tests/src/bin/tracing_layer/records.rs");
        assert!(record["line"].as_u64().is_some_and(|line| line > 1));
    }
    let rest = &records[3_000..];
    assert_eq!(
        messages(rest),
        ["with a target", "constant", "", "1 and \"two\""]
    );
    assert_eq!(rest[0]["target"], "elsewhere");
    assert_eq!(rest[0]["module"], "tracing_layer::records");
    assert_eq!(rest[2]["metadata"]["only"], "fields");
    assert_eq!(program.text().len(), records.len());
}

#[test]
fn fields_keep_their_types() {
    let program = finished("typed");
    let typed = program
        .lines("logs/app.log")
        .into_iter()
        .find(|line| line.contains("\"message\":\"typed\""))
        .expect("a record");
    let metadata = concat!(
        r#""metadata":{"unsigned":5,"signed":-5,"huge":340282366920938463463374607431768211455,"#,
        r#""low":-170141183460469231731687303715884105728,"ratio":0.5,"nan":null,"yes":true,"text":"owned","#,
        r#""debugged":"[1, 2]","displayed":"shown","err":["outer","inner"],"some":3,"type":"raw","dotted.key":1}"#
    );
    // (NaN as JSON's layout has it, whatever that is.)
    let nan = |text: &str| {
        let (before, after) = text.split_once("\"nan\":").expect("a NaN");
        let end = after.find(",\"yes\"").expect("what comes then");
        format!("{before}{}", &after[end..])
    };
    assert!(nan(&typed).contains(&nan(metadata)), "{typed}");
    let said = said(&program);
    let panicked = "<panicked while being logged>";
    assert_eq!(
        of(&said, "panics"),
        &json!({ "before": 1, "bad": panicked, "after": 2 })
    );
    assert!(
        said.iter()
            .any(|(message, _)| message == &format!("message panics: {panicked}"))
    );
    assert_eq!(
        of(&said, "in a span whose value panics"),
        &json!({ "bad": panicked, "good": 1, "span": "bad" })
    );
    // What an event's value logs stands before it.
    let place = |message: &str| said.iter().position(|(other, _)| other == message);
    assert!(place("from inside of an event") < place("from inside of an event, by log"));
    assert!(place("from inside of an event, by log") < place("logs"));
    assert_eq!(of(&said, "logs"), &json!({ "value": "logged" }));
}

#[test]
fn every_record_in_a_span_carries_its_fields_and_those_around_it() {
    let outer = json!({ "key": "outer", "outer": 1, "span": "outer", "spans": ["outer"] });
    let inner = |key: &str| json!({ "key": key, "inner": 2, "outer": 1, "span": "inner", "spans": ["outer", "inner"] });
    let in_scope = |key: &str| json!({ "key": key, "span": "in_scope", "spans": ["outer", "in_scope"], "scope": 1, "outer": 1 });
    let mut deeper = in_scope("scope");
    deeper["deeper"] = json!(1);
    let below = json!({
        "key": "inner", "inner": 2, "outer": 1, "span": "below", "spans": ["outer", "inner", "below"],
    });
    let sibling = json!({
        "key": "outer", "outer": 1, "sibling": 1, "span": "sibling", "spans": ["outer", "sibling"],
    });
    expect(
        &finished("nested"),
        &[
            ("outside", Value::Null),
            ("in outer", outer.clone()),
            ("in inner", inner("inner")),
            ("in inner, with its own", inner("call")),
            ("in inner, by hlog", inner("hlog")),
            ("in outer, by its parent", outer.clone()),
            ("in none", Value::Null),
            ("in inner, past a span that is off", inner("inner")),
            ("below, in inner", below),
            (
                "in root",
                json!({ "root": 1, "span": "root", "spans": ["root"] }),
            ),
            ("in sibling", sibling),
            ("in a span in a scope", in_scope("in_scope")),
            ("in a scope in a span", deeper.clone()),
            ("the scope outlives the span", deeper),
            (
                "in a span in a detached scope",
                json!({ "detached": 1, "span": "in_detached", "spans": ["outer", "in_detached"] }),
            ),
            ("in outer again", outer),
            ("outside again", Value::Null),
            (
                "in what leaks",
                json!({ "leaked": 1, "left": 1, "span": "leaks", "spans": ["leaks"] }),
            ),
            ("after the scope", Value::Null),
            (
                "inside of what leaked",
                json!({ "leaked": 1, "left": 1, "span": "inside", "spans": ["leaks", "inside"] }),
            ),
            (
                "in what is forgotten",
                json!({ "forgotten": 1, "span": "forgotten", "spans": ["forgotten"] }),
            ),
            ("at the end", Value::Null),
        ],
    );
}

#[test]
fn spans_are_left_in_any_order_and_entered_several_times() {
    let said = said(&finished("any_order"));
    assert_eq!(said.len(), 7);
    for (message, metadata) in said {
        let (span, _) = message.split_once(": ").expect("a span");
        let expected = match span {
            "none" => Value::Null,
            span => json!({ "span": span, span: 1 }),
        };
        assert_eq!(metadata, expected, "{message}");
    }
}

#[test]
fn what_is_recorded_later_is_carried_from_then_on() {
    expect(
        &finished("recorded"),
        &[
            ("before", json!({ "early": 1, "span": "work" })),
            ("after", json!({ "early": 1, "late": 5, "span": "work" })),
            (
                "again",
                json!({ "early": 2, "late": "six", "span": "work" }),
            ),
            (
                "in a child that was there before",
                json!({ "early": 2, "late": "six", "span": "child" }),
            ),
            (
                "in the span itself",
                json!({ "early": 2, "late": 7, "span": "work" }),
            ),
            ("often", json!({ "early": 2, "late": 999, "span": "work" })),
        ],
    );
}

#[test]
fn a_span_that_several_threads_are_in_is_in_all_of_them() {
    let said = said(&finished("threads"));
    let mut count = 0;
    for (message, metadata) in &said {
        match message.as_str() {
            "on the thread" => {
                let late = if metadata["of_recorder"] == true {
                    json!(1)
                } else {
                    Value::Null
                };
                assert_eq!(metadata["late"], late);
                assert_eq!(metadata["span"], "shared");
            }
            "entered again" => assert_eq!(metadata, &json!({ "late": 1, "span": "shared" })),
            "in own" => {
                assert_eq!(metadata["span"], "own");
                assert!(metadata["number"].is_u64());
            }
            numbers => {
                let (number, _) = numbers.split_once(' ').expect("two numbers");
                assert_eq!(metadata["number"].to_string(), number);
                assert_eq!(metadata["span"], "own");
                count += 1;
            }
        }
    }
    assert_eq!(count, 400);
    assert_eq!(said.len(), 2 * 400 + 2 * 4);
}

#[test]
fn levels_and_directives_hold_for_events_and_change_while_running() {
    let program = finished("levels");
    let records = program.json();
    assert_eq!(
        messages(&records),
        [
            "first error",
            "first info",
            "first debug of db",
            "second error",
            "second debug of db",
            "second trace of db",
            "third error",
            "third info",
            "third debug",
            "third trace",
            "third debug of db",
            "third trace of db",
            "fifth error",
            "fifth info",
            "fifth debug",
            "fifth debug of db",
        ]
    );
    assert_eq!(Told::by(&program).fact("evaluated_when_off"), 0);
}

#[test]
fn the_environment_has_the_last_word_about_events_too() {
    let program = run("both").env("LOG_LEVEL", "warn,elsewhere=info").finish();
    expect(
        &program.successful(),
        &[("with a target", json!({ "id": 17, "span": "request" }))],
    );
}

#[test]
fn an_error_has_its_requests_fields_when_only_errors_are_logged() {
    expect(
        &finished("span_levels"),
        &[("wanted", json!({ "id": 17, "span": "request" }))],
    );
}

#[test]
fn other_layers_see_what_they_want_whatever_hestias_levels_are() {
    let program = finished("beside");
    let seen = &Told::by(&program).facts["seen"];
    let all = [
        "span trace_span",
        "span info_span",
        "ERROR 2",
        "WARN 2",
        "INFO 2",
        "DEBUG 2",
        "TRACE 2",
    ];
    let parents = [
        "span wanted",
        "span off",
        "span child",
        "WARN 3",
        "WARN 2",
        "span contextual",
        "WARN 3",
        "span alone",
        "WARN 1",
    ];
    let expected = [&all[..], &parents, &all, &all].concat();
    assert_eq!(seen, &json!(expected));
    let info = json!({ "span": "info_span" });
    expect(
        &program,
        &[
            ("error", info.clone()),
            ("warn", info.clone()),
            (
                "in a child of a span that is off",
                json!({ "child": 1, "span": "child", "wanted": 1 }),
            ),
            (
                "in a span that is off",
                json!({ "span": "wanted", "wanted": 1 }),
            ),
            ("below", json!({ "span": "contextual", "wanted": 1 })),
            ("in nothing", Value::Null),
            ("error", info.clone()),
            ("warn", info.clone()),
            ("info", info),
        ],
    );
}

#[test]
fn filters_of_layers_are_each_layers_own() {
    let program = finished("filtered");
    let seen = &Told::by(&program).facts["seen"];
    assert_eq!(
        seen,
        &json!([
            "span info_span",
            "ERROR 1",
            "WARN 1",
            "INFO 1",
            "DEBUG 1",
            "INFO 0"
        ])
    );
    assert_eq!(messages(&program.json()), ["error", "warn", "info"]);
}

#[test]
fn events_of_spans_lives_are_logged_when_asked_for() {
    let program = finished("span_events");
    let said = said(&program);
    let words: Vec<_> = said.iter().map(|(message, _)| message.as_str()).collect();
    assert_eq!(
        words,
        ["new", "enter", "inside", "exit", "enter", "exit", "close"]
    );
    assert!(
        said.iter()
            .all(|(_, metadata)| metadata["span"] == "work" && metadata["id"] == 1)
    );
    let (_, close) = &said[6];
    let time = |key: &str| close[key].as_f64().expect("milliseconds");
    let (elapsed, busy, idle) = (time("elapsed_ms"), time("busy_ms"), time("idle_ms"));
    assert!(busy > 0.0 && idle > 0.0, "{close}");
    assert!((elapsed - busy - idle).abs() < 0.01, "{close}");
}

#[test]
fn spans_have_trace_ids_when_asked_for() {
    let records = finished("trace_ids").json();
    assert_eq!(records[0].get("trace_id"), None);
    let ids = |place: usize| {
        let id = |key: &str| records[place][key].as_str().expect("an id").to_owned();
        (id("trace_id"), id("span_id"))
    };
    for root in [1, 3] {
        let ((trace, span), (child_trace, child_span)) = (ids(root), ids(root + 1));
        assert_eq!(trace, child_trace);
        assert_ne!(span, child_span);
    }
    assert_ne!(ids(1).0, ids(3).0);
    let (trace, span) = ids(5);
    assert_eq!(trace, "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(
        records[6]["metadata"]["header"],
        format!("traceparent: 00-{trace}-{span}-01")
    );
}

const STEPS: [(&str, &[&str]); 6] = [
    ("first", &["task", "text"]),
    ("second", &["task", "text"]),
    ("recorded", &["late", "task", "text"]),
    ("inner", &["inner", "late", "task", "text"]),
    (
        "innermost",
        &["inner", "innermost", "late", "scope", "task", "text"],
    ),
    ("last", &["late", "task", "text"]),
];

/// Checks that each record of a task has its own spans' fields, all of them, and none another's; returns how many records of
/// each task there are.
fn check_tasks(records: &[Value]) -> BTreeMap<u64, usize> {
    let mut steps: BTreeMap<u64, usize> = BTreeMap::new();
    for record in records {
        let message = record["message"].as_str().expect("a message");
        let Some((_, keys)) = STEPS.iter().find(|(step, _)| *step == message) else {
            continue;
        };
        let metadata = record["metadata"].as_object().expect("key-values");
        let task = metadata["said"].as_u64().expect("a number");
        let found: BTreeSet<&str> = metadata.keys().map(String::as_str).collect();
        let expected: BTreeSet<&str> = keys.iter().chain(&["said", "span"]).copied().collect();
        assert_eq!(found, expected, "{record}");
        for key in *keys {
            match *key {
                "text" => assert_eq!(metadata["text"], format!("task {task}"), "{record}"),
                // Of a macro's argument by itself: it is a `Value`, and so a number.
                key => assert_eq!(metadata[key], task, "{record}"),
            }
        }
        let span = match message {
            "inner" => "inner",
            "innermost" => "innermost",
            _ => "task",
        };
        assert_eq!(metadata["span"], span, "{record}");
        *steps.entry(task).or_default() += 1;
    }
    steps
}

#[test]
fn each_task_carries_its_own_spans_over_awaits_and_threads() {
    const TASKS: u64 = 2_000;
    let program = run("tasks").arg(TASKS.to_string()).finish().successful();
    let records = program.json();
    let steps = check_tasks(&records);
    assert_eq!(steps.len() as u64, TASKS);
    assert!(steps.values().all(|count| *count == STEPS.len()));
    let last = records.last().expect("a record");
    assert_eq!(last["metadata"], json!({ "said": 0 }));
    assert_eq!(records.len(), 6 * 2_000 + 1);
}

#[test]
fn records_have_the_ids_of_opentelemetrys_spans() {
    const TASKS: u64 = 200;
    let program = run("opentelemetry")
        .arg(TASKS.to_string())
        .finish()
        .successful();
    let records = program.json();
    let told = Told::by(&program);
    let exported = told.facts["spans"].as_array().expect("spans");
    let name_of: BTreeMap<(&str, &str), &str> = exported
        .iter()
        .map(|span| {
            let part = |key: &str| span[key].as_str().expect("text");
            ((part("trace_id"), part("span_id")), part("name"))
        })
        .collect();
    // Three for each task, one by the API, one that was current, and, at the end, another one.
    assert_eq!(exported.len() as u64, 3 * TASKS + 3);
    assert_eq!(name_of.len(), exported.len());
    let steps = check_tasks(&records);
    assert_eq!(steps.len() as u64, TASKS);
    let ids = |record: &Value| {
        let id = |key: &str| record[key].as_str().map(str::to_owned);
        id("trace_id").zip(id("span_id"))
    };
    let mut traces: BTreeMap<String, Value> = BTreeMap::new();
    for record in &records {
        let message = record["message"].as_str().expect("a message");
        if message.starts_with("outside")
            || ["in none", "by its parent, another one"].contains(&message)
        {
            assert_eq!(ids(record), None, "{record}");
            continue;
        }
        let (trace, span) = ids(record).unwrap_or_else(|| panic!("ids in {record}"));
        if STEPS.iter().any(|(step, _)| *step == message) {
            assert_eq!(
                name_of.get(&(&*trace, &*span)).copied(),
                record["metadata"]["span"].as_str(),
                "{record}"
            );
            // One trace for each task.
            let task = record["metadata"]["said"].clone();
            assert_eq!(*traces.entry(trace).or_insert_with(|| task.clone()), task);
        }
    }
    assert_eq!(traces.len() as u64, TASKS);
    let by_api = |message: &str| {
        let record = records.iter().find(|record| record["message"] == message);
        ids(record.expect("a record")).expect("ids")
    };
    let (trace, span) = by_api("in a span of the API's");
    assert_eq!(name_of.get(&(&*trace, &*span)), Some(&"by the api"));
    assert_eq!(by_api("hlog's, in place"), (trace.clone(), span.clone()));
    let passed_on = records
        .iter()
        .find(|record| record["message"] == "passed on");
    assert_eq!(
        passed_on.expect("a record")["metadata"]["traceparent"],
        format!("00-{trace}-{span}-01")
    );
    // A trace of hestia's own goes on with it, and is nearer.
    let (own_trace, own_span) = by_api("in a trace of hestia's");
    assert_eq!(own_trace, trace);
    assert_ne!(own_span, span);
    assert_eq!(
        by_api("by its parent, the current one"),
        by_api("in the current one")
    );
    // So does an instrumented function.
    let (own_trace, own_span) = by_api("in an instrumented function");
    assert_eq!(own_trace, trace);
    assert_ne!(own_span, span);
    let started = records
        .iter()
        .find(|record| record["message"] == "instrumented started");
    let started = started.expect("a record");
    assert_eq!(started["metadata"]["parent_span_id"], span.as_str());
    assert_eq!(ids(started), Some((own_trace, own_span)));
}

#[test]
fn what_hestias_own_threads_say_goes_to_its_own_log() {
    let program = finished("own_threads");
    let records = program.json();
    assert_eq!(messages(&records), ["mine"; 100]);
    let numbers = records
        .iter()
        .map(|record| record["metadata"]["number"].as_u64());
    assert!(numbers.eq((0..100).map(Some)));
    let internal = program.lines("logs/hestia_internal.log").join("\n");
    for said in [
        "INFO: sent by tracing",
        "INFO: sent by log",
        "ERROR: flushed",
    ] {
        assert!(internal.contains(said), "{said} in\n{internal}");
    }
}

#[test]
fn what_comes_from_log_by_a_bridge_has_its_own_place() {
    let program = finished("bridged");
    let records = program.json();
    assert_eq!(messages(&records), ["by a bridge"]);
    let record = &records[0];
    assert_eq!(record["level"], "WARN");
    assert_eq!(record["target"], "some::target");
    assert_eq!(record["module"], "some::module");
    assert_eq!(record["file"], "some/file.rs");
    assert_eq!(record["line"], 42);
    assert_eq!(record["metadata"], json!({ "id": 17, "span": "request" }));
}

#[test]
fn a_bridge_in_hestias_place_is_an_error_that_says_so() {
    let told = Told::by(&finished("log_tracer"));
    assert_eq!(told.facts["kind"], "OtherLogger");
    let says = told.facts["says"].as_str().expect("text");
    assert!(says.contains("another logger"), "{says}");
}

#[test]
fn another_subscriber_is_an_error_and_stays() {
    let program = finished("other_subscriber");
    let told = Told::by(&program);
    assert_eq!(told.facts["kind"], "OtherSubscriber");
    for says in ["says", "again"] {
        let says = told.facts[says].as_str().expect("text");
        assert!(says.contains("hestia::tracing::layer()"), "{says}");
    }
    assert_eq!(messages(&program.json()), ["by log"]);
}

#[test]
fn a_layer_that_is_there_already_is_enough() {
    expect(
        &finished("own_layer_already"),
        &[("once", json!({ "span": "one", "spans": ["one"] }))],
    );
}

#[test]
fn what_is_current_for_a_function_alone_is_neither_enough_nor_in_the_way() {
    let program = finished("own_layer_in_a_function");
    assert_eq!(messages(&program.json()), ["here", "elsewhere"]);
    let program = finished("other_subscriber_in_a_function");
    assert_eq!(messages(&program.json()), ["once"]);
}

#[test]
fn of_several_layers_one_is_at_work_and_the_others_say_so() {
    let program = finished("several_layers");
    let records = program.json();
    let of_one = ["new", "new", "once", "close", "close"];
    assert_eq!(messages(&records), [of_one; 3].concat());
    for of_one in records.chunks(5) {
        let once = &of_one[2]["metadata"];
        assert_eq!(
            once,
            &json!({ "span": "inner", "spans": ["outer", "inner"] })
        );
        let traces: BTreeSet<_> = of_one
            .iter()
            .map(|record| record["trace_id"].as_str().expect("a trace"))
            .collect();
        assert_eq!(traces.len(), 1, "{of_one:#?}");
    }
    let said = program.stderr.lines();
    let said = said.filter(|line| line.contains("another layer of hestia's"));
    assert_eq!(said.count(), 3, "{}", program.stderr);
}

#[test]
#[cfg(target_os = "linux")]
fn spans_that_come_and_go_take_no_memory() {
    let program = run("churn").arg("60000").finish().successful();
    let grown = Told::by(&program).fact("grown_kib");
    // 180,000 spans would take some 100 MB.
    assert!(grown < 40 << 10, "{grown} KiB");
}

#[test]
#[cfg(unix)]
fn what_is_recovered_carries_its_spans() {
    let program = run("crash").finish();
    assert!(!program.status.success());
    let program = Run::after(program, env!("CARGO_BIN_EXE_tracing_layer"))
        .arg("start")
        .finish()
        .successful();
    let said = said(&program);
    let expected = json!({ "id": 17, "key": "inner", "span": "inner" });
    assert_eq!(of(&said, "log's"), &expected);
    let mut with_own = expected;
    with_own["own"] = json!(1);
    assert_eq!(of(&said, "tracing's"), &with_own);
}

#[test]
#[cfg(unix)]
fn a_forked_child_is_in_its_parents_spans() {
    let said = said(&finished("fork"));
    let parent = json!({ "id": 17, "span": "request" });
    assert_eq!(of(&said, "in the parent"), &parent);
    assert_eq!(of(&said, "in the child"), &parent);
    assert_eq!(of(&said, "in the child, at another level"), &parent);
    assert_eq!(
        of(&said, "in the child's own span"),
        &json!({ "id": 17, "own": 1, "span": "own" })
    );
}

#[test]
#[cfg(unix)]
fn a_child_that_is_forked_while_tracing_is_locked_logs_by_itself() {
    let records = finished("fork_while_locked").json();
    let mut found = messages(&records);
    found.sort_unstable();
    let expected = [
        "before and after",
        "before and after",
        "in the child",
        "stopped",
    ];
    assert_eq!(found, expected);
}

#[test]
fn events_stand_the_end_of_their_thread() {
    let said = said(&finished("at_thread_end"));
    assert_eq!(said.len(), 20 * 4);
    for (message, metadata) in said {
        match message.as_str() {
            "before" => assert!(metadata["number"].is_u64()),
            // Whether the thread still knows its scopes depends on which of its locals go first.
            "an event" | "a record" => {
                assert!(
                    metadata.is_null() || metadata["span"] == "kept",
                    "{metadata}"
                );
            }
            _ => assert_eq!(metadata, Value::Null, "{message}"),
        }
    }
}
