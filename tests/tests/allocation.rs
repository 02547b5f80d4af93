//! A statement allocates nothing on the thread that executes it, once that thread has warmed up.

use hestia_tests::Run;
use hestia_tests::figures::Told;

fn check(scenario: &str, statements: u64) {
    let program = Run::new(env!("CARGO_BIN_EXE_allocation"), scenario)
        .finish()
        .successful();
    let told = Told::by(&program);
    assert_eq!(told.fact("control"), 1, "the counter counts");
    let kinds = told.facts.as_object().expect("facts");
    for kind in kinds.keys().filter(|kind| *kind != "control") {
        assert_eq!(told.fact(kind), 0, "{kind}: {}", told.facts);
    }
    assert_eq!(told.shed(), 0);
    told.books_balance(statements * 30_000);
}

#[test]
fn a_warm_thread_allocates_nothing() {
    check("level", 6);
}

#[test]
fn a_warm_thread_allocates_nothing_with_directives() {
    check("directives", 6);
}

#[test]
fn statements_of_its_own_allocate_nothing_whatever_they_say() {
    check("own", 23);
}
