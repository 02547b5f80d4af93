//! What the compiler says of statements: programs in every environment that must compile without a
//! warning and run, and one mistake per file, with the message that it gets.

#[test]
fn programs_compile_and_run() {
    trybuild::TestCases::new().pass("ui/pass/*.rs");
}

#[test]
fn mistakes_are_named_where_they_are() {
    trybuild::TestCases::new().compile_fail("ui/fail/*.rs");
}
