//! Secrets, planted in every place and looked for in all that is written.

use std::fs;
use std::path::Path;

use hestia_tests::figures::Told;
use hestia_tests::{Finished, Run, messages};
use serde_json::{Value, json};

fn run(scenario: &str) -> Run {
    Run::new(env!("CARGO_BIN_EXE_redaction"), scenario)
}

/// Everything that a program has written, by where it stands.
fn all_of(program: &Finished) -> Vec<(String, String)> {
    fn files(directory: &Path, found: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                files(&path, found);
            } else {
                let bytes = fs::read(&path).expect("a file");
                let text = String::from_utf8_lossy(&bytes).into_owned();
                found.push((path.display().to_string(), text));
            }
        }
    }
    let mut found = vec![
        ("stdout".to_owned(), program.stdout.clone()),
        ("stderr".to_owned(), program.stderr.clone()),
    ];
    files(&program.path(""), &mut found);
    found
}

/// Parts of what the program plants, in any form that a layout gives them.
const SECRETS: [&str; 6] = [
    "geheim",
    "GEHEIM",
    "1111 1111",
    "378282246310005",
    "eyJhbGciOiJIUzI1NiJ9",
    "example.com",
];

fn no_secret_in(program: &Finished) {
    for (place, text) in all_of(program) {
        for secret in SECRETS {
            if let Some(line) = text.lines().find(|line| line.contains(secret)) {
                panic!("{place} has {secret:?}: {line}");
            }
        }
    }
}

fn planted(seed: u8, crash_safe: &str) {
    let program = run("planted")
        .arg(seed.to_string())
        .arg(crash_safe)
        .finish()
        .successful();
    no_secret_in(&program);
    let told = Told::by(&program);
    assert_eq!(told.fact("in rings"), 0);
    // What is no secret is all there.
    let (text, json) = (program.text(), program.json());
    assert_eq!((text.len(), json.len()), (422, 422));
    for record in &json {
        assert!(record.to_string().contains("***"), "{record}");
    }
    let internal = fs::read_to_string(program.path("logs/hestia_internal.log"));
    let internal = internal.expect("an internal log");
    assert!(internal.contains("offen of a sink: ***"), "{internal}");
    assert!(
        internal.contains("offen of a sink: Bearer ***"),
        "{internal}"
    );
    let panic = json.iter().find(|record| record["target"] == "panic");
    let message = panic.expect("a panic")["message"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(message.ends_with("offen, ***"), "{message}");
    let of_logger = json.iter().find(|record| record["application"] == "early");
    let metadata = &of_logger.expect("a record of the logger")["metadata"];
    assert_eq!(metadata["ssn"], "***");
    assert_eq!(metadata["page_token"], "offen, too");
    assert_eq!(metadata["deploy_token"], "***");
    assert_eq!(metadata["process"], json!({"x": "***"}));
    let said = |message: &str| {
        let record = json.iter().find(|record| record["message"] == message);
        &record.unwrap_or_else(|| panic!("{message:?} is there"))["metadata"]
    };
    let printed = json.iter().find_map(|record| {
        let message = record["message"].as_str()?;
        message.strip_prefix("offen, as it is printed: ")
    });
    let printed = printed.expect("a record");
    assert!(
        printed.starts_with(
            r#"Logger { application: Some("early"), metadata: {"ssn": Str("***"), "open": Str("offen"), "page_token": Str("offen, too")}, file: None } "#
        ),
        "{printed}"
    );
    let early = said("offen, in an early scope");
    assert_eq!(
        (&early["ssn"], &early["page_token"]),
        (&json!("***"), &json!("offen, too"))
    );
    assert_eq!(early["text"], "***");
    let argument = said("offen, in a function");
    assert_eq!(
        (&argument["ssn"], &argument["private_key"]),
        (&json!("***"), &json!("***"))
    );
    assert_eq!(argument["user"]["ssn"], "***");
    assert_eq!(argument["span"], "step");
    assert_eq!(argument["url"], "https://application:***@host/…");
    assert_eq!(argument["token_text"], "***…");
    assert_eq!(
        said("offen, in a scope")["customer"],
        json!({"card": [{"number": "***"}]})
    );
    let in_span = json
        .iter()
        .find(|record| record["metadata"]["recorded"].is_string());
    let in_span = &in_span.expect("an event in a span")["metadata"];
    for key in ["ssn", "user.password", "later_token", "api_key"] {
        assert_eq!(in_span[key], "***", "{key}");
    }
}

#[test]
fn no_output_has_a_secret() {
    for seed in 0..4 {
        planted(seed, "");
    }
}

#[test]
fn crash_safe_rings_have_none_either() {
    planted(7, "crash_safe");
}

#[test]
fn another_logger_gets_none_to_see() {
    let program = run("elsewhere").finish().successful();
    no_secret_in(&program);
    let lines: Vec<&str> = program.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("*** offen my_token=***"), "{lines:?}");
    assert!(lines[0].contains("offen"), "{lines:?}");
    assert_eq!(lines[1], "offen password=***");
}

fn shown(how: &str) -> (Vec<String>, Vec<Value>) {
    let program = run("shown").arg(how).finish().successful();
    let records = program.json();
    let messages = messages(&records).into_iter().map(str::to_owned).collect();
    let fields = records.iter().map(|record| record["metadata"].clone());
    (messages, fields.collect())
}

#[test]
fn what_is_excepted_or_switched_off_is_shown() {
    let user = |password: &str, name: &str| json!({"password": password, "name": name});
    let (messages, fields) = shown("");
    assert_eq!(messages, ["*** *** \"s\"", "of log: p", "*** ***"]);
    let usual =
        json!({"password": "***", "page_token": "***", "ssn": "s", "user": user("***", "n")});
    assert_eq!(fields[1], usual);
    assert_eq!(fields[0]["a"], json!({"password": "***"}));
    let (messages, fields) = shown("off");
    assert_eq!(messages, ["  p t \"s\"", "of log: p", "*** p"]);
    let all = json!({"password": "p", "page_token": "t", "ssn": "s", "user": user("p", "n")});
    assert_eq!(fields[1], all);
    assert_eq!(fields[0]["a"], json!({"password": 1}));
    let (messages, fields) = shown("own");
    assert_eq!(messages, ["  p t ***", "of log: p", "*** p"]);
    assert_eq!(fields[0]["ssn"], "***");
    assert_eq!(fields[0]["password"], "p");
    let (messages, fields) = shown("except");
    assert_eq!(messages, ["  p t \"s\"", "of log: p", "*** p"]);
    assert_eq!(fields[0]["user"], user("p", "***"));
    assert_eq!(
        fields[1],
        json!({"password": "p", "page_token": "t", "ssn": "s", "user": user("p", "***")})
    );
}

#[test]
fn keys_in_any_spelling_and_places_in_arrays_are_hidden() {
    let program = run("spelled").finish().successful();
    for (name, text) in all_of(&program) {
        assert!(!text.contains("geheim"), "{name}: {text}");
    }
    let records = program.json();
    assert_eq!(messages(&records), ["*** 1", "in arrays", "of log"]);
    let spelled = json!({"userPassWord": "***", "MYAPIKey": "***", "open": 1});
    assert_eq!(
        records[0]["metadata"],
        json!({"passWord": "***", "APIkey": "***", "pass_word": "***", "by_serde": spelled, "own": spelled})
    );
    let users = json!([{"iban": "***", "name": "ada"}]);
    assert_eq!(
        records[1]["metadata"],
        json!({"users": users, "ids": ["***", "***"]})
    );
    assert_eq!(
        records[2]["metadata"],
        json!({"passWord": "***", "ToKeN": "***", "users": users, "ids": ["***", "***"]})
    );
}

#[test]
fn what_makes_no_sense_is_refused_and_leaves_nothing_behind() {
    let program = run("refused").finish().successful();
    let told = Told::by(&program);
    let refused: Vec<&str> = told.facts["refused"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert!(
        refused[0].contains("redact, key: a key is empty"),
        "{refused:?}"
    );
    assert!(
        refused[1].contains("redact, except: `a.b` is a path, not a key"),
        "{refused:?}"
    );
    assert!(
        refused[2].contains("redact, path: a key is missing in the path `a..b`"),
        "{refused:?}"
    );
    assert!(refused[3].contains("unclosed group"), "{refused:?}");
    assert!(
        refused[4].contains("it matches where nothing is"),
        "{refused:?}"
    );
    assert_eq!(told.facts["row"], "on, keys ssn, expressions id=([0-9]+)");
    assert_eq!(told.facts["origin"], "builder");
    let records = program.json();
    assert_eq!(messages(&records), ["id=*** id=x"]);
    assert_eq!(records[0]["metadata"], json!({"ssn": "***"}));
}
