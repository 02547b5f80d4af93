//! What compiles, and what the compiler says about what does not: one file per mistake, named after it, with the
//! messages beside it.
//!
//! After a change of messages: `TRYBUILD=overwrite cargo test -p hestia-tests --test ui`, and read the differences.

#[test]
#[cfg_attr(
    hestia_portable,
    ignore = "what the compiler says has nothing to do with the system"
)]
fn mistakes_are_told_where_they_stand_and_the_rest_compiles() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    cases.compile_fail("ui/fail/*.rs");
}
