//! Programs that use the `log` crate alone: every form of its macros, every kind of value, hostile text,
//! named loggers.

use hestia_tests::figures::Told;
use hestia_tests::records::find;
use hestia_tests::{Finished, Run, lines, messages};
use serde_json::{Value, json};

fn run(scenario: &str) -> Finished {
    Run::new(env!("CARGO_BIN_EXE_facade"), scenario)
        .finish()
        .successful()
}

/// A run whose records are all there, in both files.
fn complete(scenario: &str) -> (Finished, Vec<Value>) {
    let program = run(scenario);
    let told = Told::by(&program);
    told.books_balance(told.fact("executed"));
    let records = program.json();
    assert_eq!(records.len() as u64, told.fact("executed"));
    assert_eq!(program.text().len(), records.len());
    (program, records)
}

#[test]
fn every_form_of_the_macros_is_a_record() {
    let (program, records) = complete("forms");
    assert_eq!(Told::by(&program).facts["enabled"], true);
    let seen: Vec<_> = records
        .iter()
        .map(|record| {
            let text = |key: &str| record[key].as_str().unwrap_or_default().to_owned();
            (text("level"), text("target"), text("message"))
        })
        .collect();
    let expected = [
        ("ERROR", "facade", "an error"),
        ("WARN", "facade", "positional 1"),
        (
            "INFO",
            "facade",
            "ada inline,     6 padded, \"quoted\" by place",
        ),
        ("DEBUG", "facade", "named argument"),
        ("TRACE", "facade", "trailing comma 1"),
        ("DEBUG", "facade", "a level known at run time"),
        ("WARN", "own::target", "target 1"),
        ("INFO", "own::target", "target by macro"),
        ("INFO", "own::target", "target and key"),
        ("INFO", "facade", "keys 1"),
        ("INFO", "facade", "keys as text"),
        ("INFO", "own::target", "logger, target, key"),
        ("INFO", "facade", "the logger itself"),
        ("ERROR", "facade", "logger and level"),
    ];
    let expected: Vec<_> = expected
        .map(|(level, target, message)| (level.to_owned(), target.to_owned(), message.to_owned()))
        .into();
    assert_eq!(seen, expected);
    assert_eq!(
        find(&records, "keys 1")["metadata"],
        json!({"key": 1, "name": "ada", "other": "Some(\"x\")"})
    );
    assert_eq!(
        find(&records, "keys as text")["metadata"],
        json!({"key": 1, "key with spaces": 2})
    );
    for record in &records {
        let by_macro = record["message"]
            .as_str()
            .is_some_and(|text| text.starts_with("logger"));
        assert_eq!(
            record["application"],
            if by_macro { "by macro" } else { "process" }
        );
        assert_eq!(record["module"], "facade");
        assert!(record["line"].is_u64());
    }
}

#[test]
fn values_keep_their_types_and_their_nesting() {
    let (program, records) = complete("values");
    let raw = program.lines("logs/app.log");
    for digits in [
        "\"i128\":-170141183460469231731687303715884105728",
        "\"u128\":340282366920938463463374607431768211455",
        "\"u64\":18446744073709551615",
        "\"i64\":-9223372036854775808",
    ] {
        assert!(raw[0].contains(digits), "{digits} in {}", raw[0]);
    }
    let integers = &find(&records, "integers")["metadata"];
    for (key, value) in [
        ("i8", -128),
        ("i16", -32768),
        ("u8", 255),
        ("usize", 7),
        ("isize", -7),
    ] {
        assert_eq!(integers[key], value, "{key}");
    }
    assert_eq!(
        find(&records, "floats")["metadata"],
        json!({"f32": 0.5, "f64": 0.1, "whole": 3.0, "nan": "NaN", "inf": "inf", "minus": "-inf"})
    );
    assert_eq!(
        find(&records, "plain")["metadata"],
        json!({"yes": true, "no": false, "char": "ß", "str": "text", "string": "owned", "empty": ""})
    );
    assert_eq!(
        find(&records, "options")["metadata"],
        json!({"some": 5, "none": null, "unit": null})
    );
    assert_eq!(
        find(&records, "formatted")["metadata"],
        json!({"debug": "[Some(1), None]", "display": "1-2", "debug_str": "\"q\""})
    );
    assert_eq!(
        find(&records, "an error with its source")["metadata"],
        json!({"err": ["the order failed", "no card"]})
    );
    assert_eq!(
        find(&records, "nested by serde")["metadata"],
        json!({"order": {
            "id": u64::MAX,
            "line items": [{"price": 1.5, "gift": true}, {"price": -0.25, "gift": false}],
            "payments": ["Cash", {"Card": "1234"}, {"Transfer": {"iban": "DE00", "days": 3}}],
            "note": null,
            "by_name": {"a": 1.0, "b": 2.5},
            "position": [-1, 1],
            "nothing": null,
        }})
    );
    assert_eq!(
        find(&records, "nested by sval")["metadata"],
        json!({
            "stream": {"id": 9, "tags": ["x", "y"], "ratio": 0.5, "parent": null},
            "array": "[1, 2]",
        })
    );
    let refused = &find(&records, "not nested")["metadata"]["refuses"];
    let said = refused.as_str().expect("text");
    assert!(said.starts_with("<not serializable: "), "{said}");
}

#[test]
fn a_source_is_gone_over_once_and_asked_for_its_length_at_most_once() {
    let (program, records) = complete("asked");
    assert!(
        records
            .iter()
            .all(|record| record["metadata"]["asked"] == 1)
    );
    // Length and visits of each: a constant, one with another target, a formatted message, a record that no macro made; and the
    // same once more, when the statements are known.
    let expected = json!(vec![[1, 1]; 8]);
    assert_eq!(Told::by(&program).facts["asked"], expected);
}

#[test]
fn of_a_key_that_comes_twice_the_last_one_counts_and_stands_once() {
    let (program, records) = complete("values");
    assert_eq!(
        find(&records, "keys twice")["metadata"],
        json!({"a": "again", "b": 2})
    );
    let raw = program.lines("logs/app.log");
    let line = raw
        .iter()
        .find(|line| line.contains("keys twice"))
        .expect("the record");
    assert_eq!(line.matches("\"a\":").count(), 1, "{line}");
    assert_eq!(line.matches("\"b\":").count(), 1, "{line}");
}

#[test]
fn hostile_text_forges_nothing_and_is_kept_exactly() {
    let (program, records) = complete("hostile");
    let texts = Told::by(&program).facts["texts"].clone();
    let texts = texts.as_array().expect("texts");
    let numbered = |message: &str, number: usize| {
        records
            .iter()
            .find(|record| record["message"] == message && record["metadata"]["number"] == number)
            .unwrap_or_else(|| panic!("no {message} {number}"))
    };
    for (number, text) in texts.iter().enumerate() {
        let said = records.iter().any(|record| record["message"] == *text);
        assert!(said, "no message {text}");
        assert_eq!(numbered("target", number)["target"], *text);
        assert_eq!(numbered("value", number)["metadata"]["value"], *text);
        assert_eq!(numbered("logger", number)["application"], *text);
        let name = text.as_str().expect("a text").replace('\0', "");
        // An empty name is a name.
        assert_eq!(
            numbered("thread", number)["thread_name"]
                .as_str()
                .unwrap_or_default(),
            name
        );
        assert_eq!(
            find(&records, "hostile keys")["metadata"][text.as_str().expect("a text")],
            *text
        );
    }
    for key in ["message", "level", "timestamp", "target", "metadata"] {
        assert_eq!(
            find(&records, "hostile keys")["metadata"][key],
            "not a base field"
        );
    }
    for line in program.text() {
        let hidden = line.chars().find(|c| {
            let bidirectional = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            c.is_control() || bidirectional || matches!(c, '\u{2028}' | '\u{2029}')
        });
        assert_eq!(hidden, None, "{line:?}");
        assert!(
            line.contains(" process ") || line.contains("logger"),
            "{line}"
        );
        assert_eq!(
            line[..line.find(" |").expect("a bar")]
                .split(' ')
                .filter(|word| !word.is_empty())
                .count(),
            8,
            "{line}"
        );
    }
}

#[test]
fn messages_may_be_constant_empty_huge_or_broken() {
    let (_, records) = complete("messages");
    let messages = messages(&records);
    assert_eq!(&messages[..3], ["a constant", "", ""]);
    assert_eq!(messages[3].len(), 3_000_000);
    assert!(messages[3].starts_with("0123456789") && messages[3].ends_with("0123456789"));
    assert_eq!(messages[4], "half<formatting failed>");
    let broken = &records[5]["metadata"];
    assert!(broken["broken"].is_string(), "{broken}");
    assert_eq!(broken["after"], 1);
}

#[test]
fn what_no_output_wants_is_neither_formatted_nor_evaluated() {
    let (program, records) = complete("directives");
    let told = Told::by(&program);
    assert_eq!(told.fact("formatted_for_nothing"), 0);
    assert_eq!(told.fact("formatted"), 2);
    assert_eq!(told.fact("evaluated"), 0);
    assert_eq!(told.facts["level_was_set"], true);
    assert_eq!(messages(&records), ["counted", "x"]);
}

#[test]
fn a_level_set_later_does_not_take_back_what_was_logged() {
    let (program, records) = complete("lowered_level");
    assert_eq!(Told::by(&program).fact("refused"), 0);
    let kept = messages(&records);
    assert!(
        kept.iter().all(|message| message.starts_with("record ")),
        "{kept:?}"
    );
}

#[test]
fn a_named_logger_has_its_own_name_metadata_and_file() {
    let (program, records) = {
        let program = run("named_loggers");
        let records = program.json();
        (program, records)
    };
    assert_eq!(records.len() as u64, Told::by(&program).fact("executed"));
    let audit = lines(&program.path("logs/audit.log"));
    assert_eq!(audit.len(), 101, "{audit:#?}");
    assert!(
        audit.iter().all(|line| line.contains(" audit ")),
        "{audit:#?}"
    );
    let all = program.text();
    assert!(audit.iter().all(|line| all.contains(line)));
    assert_eq!(all.len(), 202);
    let count = |application: &str| {
        records
            .iter()
            .filter(|record| record["application"] == application)
            .count()
    };
    assert_eq!(
        (count("process"), count("audit"), count("no file")),
        (100, 101, 1)
    );
}

#[test]
fn the_call_goes_before_the_logger_and_the_logger_before_the_process() {
    let records = run("named_loggers").json();
    for record in &records {
        let said = &record["metadata"];
        let expected = match record["message"].as_str() {
            Some("granted") => ["risk", "call", "process"],
            Some("sibling") => ["risk", "us", "process"],
            _ => ["process", "eu", "process"],
        };
        assert_eq!(
            [&said["team"], &said["region"], &said["only"]],
            expected,
            "{record}"
        );
    }
}

#[test]
fn a_hundred_thousand_loggers_come_and_go() {
    let program = run("many_loggers");
    let told = Told::by(&program);
    told.books_balance(100_000);
    for (number, record) in program.json().iter().enumerate() {
        assert_eq!(record["application"], format!("logger {number}"));
        assert_eq!(record["metadata"]["number"], number);
    }
    let grown = told
        .fact("after_kib")
        .saturating_sub(told.fact("before_kib"));
    assert!(grown < 40 << 10, "{grown} KiB more");
}

#[test]
fn loggers_that_are_dropped_while_the_writer_sleeps_take_no_memory() {
    let program = run("idle_loggers");
    let told = Told::by(&program);
    told.books_balance(1);
    let grown = told
        .fact("after_kib")
        .saturating_sub(told.fact("before_kib"));
    assert!(grown < 20 << 10, "{grown} KiB more");
}

#[test]
fn a_named_loggers_file_needs_no_other_output() {
    let program = run("only_an_own_file");
    assert_eq!(lines(&program.path("logs/audit.log")).len(), 10);
}

#[test]
fn a_named_loggers_file_gets_what_quieter_outputs_keep_out() {
    let program = run("quieter_outputs");
    assert_eq!(messages(&program.json()), ["an error"]);
    let audit = lines(&program.path("logs/audit.log"));
    assert_eq!(audit.len(), 1, "{audit:?}");
}

#[test]
fn the_first_record_of_a_named_logger_is_in_its_file() {
    let program = run("own_files_in_a_hurry");
    for number in 0..400 {
        let lines = lines(&program.path(&format!("logs/{number}.log")));
        assert_eq!(lines.len(), 2, "of logger {number}: {lines:?}");
    }
}

#[test]
fn named_loggers_files_are_complete_after_a_shutdown() {
    let program = run("own_files_after_shutdown");
    assert_eq!(Told::by(&program).facts["stopped"], true);
    assert_eq!(program.text().len(), 800);
    for (thread, number) in (0..4).flat_map(|thread| (0..100).map(move |number| (thread, number))) {
        let lines = lines(&program.path(&format!("logs/{thread}-{number}.log")));
        assert_eq!(lines.len(), 2, "of logger {thread}-{number}: {lines:?}");
    }
}
