//! The program runs, and its records are there.

use hestia_tests::{Run, messages};
use serde_json::json;

#[test]
fn expansions_do_in_the_oldest_edition_and_under_another_name() {
    let program = Run::new(env!("CARGO_BIN_EXE_hestia-tests-renamed"), "").finish();
    assert_eq!(program.status.code(), Some(1));
    assert_eq!(program.stderr, "Error: \"over\"\n");
    let records = program.json();
    assert_eq!(messages(&records), ["ready", "main returned an error"]);
    let order = json!({ "Paid": { "id": 5, "async": "true" } });
    assert_eq!(records[0]["metadata"]["order"], order);
    assert_eq!(records[1]["metadata"]["err"], json!(["over"]));
}
