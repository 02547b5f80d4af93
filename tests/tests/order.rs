//! Lines never stand against causality: a number that threads hand to each other as fast as they can comes
//! out in its order.

use hestia_tests::Run;
use hestia_tests::figures::Told;

/// What a test has the time for.
const HAND_OVERS: u64 = if cfg!(debug_assertions) {
    300_000
} else {
    2_000_000
};

/// On a machine that is busy otherwise there are fewer, but never only a few.
const AT_LEAST: u64 = 10_000;

fn check(threads: u64) {
    let program = Run::new(env!("CARGO_BIN_EXE_order"), &HAND_OVERS.to_string())
        .arg(threads.to_string())
        .arg("40")
        .finish()
        .successful();
    let told = Told::by(&program);
    let executed = told.fact("executed");
    assert!(executed >= AT_LEAST, "{executed} hand-overs");
    told.books_balance(executed);
    assert_eq!(told.fact("records"), executed);
    assert_eq!(told.fact("inversions"), 0, "of {executed}");
    assert_eq!(told.fact("backward_times"), 0, "of {executed}");
}

#[test]
fn two_threads_hand_over_in_order() {
    check(2);
}

#[test]
fn eight_threads_hand_over_in_order() {
    check(8);
}
