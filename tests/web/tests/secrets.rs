//! What access records do not show.

use hestia_tests::{Finished, Run};
use serde_json::{Value, json};

fn finished(scenario: &str) -> Finished {
    let run = Run::new(env!("CARGO_BIN_EXE_secrets"), scenario);
    run.finish().successful()
}

/// What the one record says of `X-CSRFToken`, `X-AuthToken`, `X-TenantName` and `x-other`.
fn headers(scenario: &str) -> [Value; 4] {
    let records = finished(scenario).json();
    assert_eq!(records.len(), 1, "{records:#?}");
    let headers = &records[0]["metadata"]["headers"];
    ["x-csrftoken", "x-authtoken", "x-tenantname", "x-other"].map(|name| headers[name].clone())
}

/// All texts of an access record that come from its request: the message without its duration, and the metadata.
fn request_of(record: &Value) -> String {
    let message = record["message"].as_str().expect("a message");
    let (request, _duration) = message.rsplit_once(' ').expect("a duration");
    let metadata = &record["metadata"];
    let texts = ["path", "query", "user_agent", "headers"].map(|key| metadata[key].to_string());
    format!("{request} {}", texts.join(" "))
}

#[test]
fn a_secret_is_hidden_wherever_a_text_is_cut() {
    let program = finished("cut");
    let records = program.json();
    assert!(records.len() > 100, "{}", records.len());
    // Of the secrets no more than what patterns show of them, and what is before the secret part: `https://app`. All that
    // a record says of its request is looked through, and not its times and ids, which have any digits.
    for record in &records {
        let said = request_of(record);
        for part in ["app:G", "eyJh", "4111"] {
            assert!(!said.contains(part), "{part} is in {said}");
        }
    }
    let agent = |path: &str| {
        let of_path = |record: &&Value| record["metadata"]["path"] == path;
        let record = records.iter().find(of_path).expect("a record");
        record["metadata"]["user_agent"].clone()
    };
    assert_eq!(agent("/whole"), "to https://app:***@db");
    assert_eq!(agent("/long"), format!("{}…", "y".repeat(512)));
}

#[test]
fn headers_are_hidden_by_the_words_of_the_spelling_that_was_given() {
    assert_eq!(headers("listed"), ["***", "***", "tenant", "other"]);
}

#[test]
fn headers_follow_what_the_program_said_about_secrets() {
    for (scenario, expected) in [
        ("excepted", json!(["csrf", "***", "tenant", "other"])),
        ("not_listed", json!(["csrf", "auth", "***", "other"])),
        ("off", json!(["csrf", "auth", "tenant", "other"])),
        ("by_path", json!(["***", "***", "tenant", "***"])),
    ] {
        assert_eq!(json!(headers(scenario)), expected, "{scenario}");
    }
}
