//! `#[derive(Encode)]`: values have the shape that serde gives them.

use hestia_tests::Run;
use hestia_tests::figures::Told;

#[test]
fn derived_types_have_the_shape_that_serde_gives_them() {
    let program = Run::new(env!("CARGO_BIN_EXE_derive_encode"), "")
        .finish()
        .successful();
    let expected = Told::by(&program).facts;
    let expected = expected.as_object().expect("values by name");
    let records = program.json();
    assert_eq!(records.len(), expected.len());
    for record in records {
        let name = record["message"].as_str().expect("a message");
        assert_eq!(record["metadata"]["value"], expected[name], "{name}");
    }
}
