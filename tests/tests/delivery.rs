//! Nothing lost, nothing twice, everything in order; in little memory, and without waking up for nothing.

use hestia_tests::records::{Logged, assert_both_complete};
use hestia_tests::{Finished, Run};

fn run(scenario: &str, counts: &[u64]) -> Finished {
    let run = Run::new(env!("CARGO_BIN_EXE_delivery"), scenario);
    let run = counts
        .iter()
        .fold(run, |run, count| run.arg(count.to_string()));
    run.finish().successful()
}

/// What the program printed about something.
fn figure(finished: &Finished, what: &str) -> u64 {
    finished
        .stdout
        .lines()
        .find_map(|line| line.strip_prefix(what)?.trim().parse().ok())
        .unwrap_or_else(|| panic!("nothing about {what}: {}", finished.stdout))
}

#[test]
fn eight_threads_lose_nothing_and_keep_their_order() {
    let finished = run("threads", &[8, 100_000]);
    assert_both_complete(&finished, 8, 100_000);
}

#[test]
fn a_record_stands_behind_the_one_that_caused_it_through_a_shared_variable() {
    let finished = run("hand_over_by_atomic", &[100_000]);
    assert_both_complete(&finished, 1, 100_000);
}

#[test]
fn a_record_stands_behind_the_one_that_caused_it_through_a_channel() {
    let finished = run("hand_over_by_channel", &[100_000]);
    assert_both_complete(&finished, 1, 100_000);
}

#[test]
fn a_hundred_thousand_short_lived_threads_lose_nothing_and_leave_no_memory_behind() {
    let finished = run("short_lived_threads", &[100_000]);
    Logged::in_text(&finished).assert_complete(4, 25_000);
    let peak_kib = figure(&finished, "peak");
    assert!(peak_kib < 64 << 10, "{peak_kib} KiB");
}

#[test]
fn millions_of_records_at_full_speed_pass_through_little_memory() {
    // Without optimisation ten million take minutes.
    let count = if cfg!(debug_assertions) {
        500_000
    } else {
        5_000_000
    };
    let finished = run("full_speed", &[2, count]);
    Logged::in_plain(&finished).assert_complete(2, count);
    let peak_kib = figure(&finished, "peak");
    assert!(peak_kib <= 16 << 10, "{peak_kib} KiB");
}

#[test]
fn the_smallest_rings_lose_nothing_and_the_books_balance() {
    let finished = run("small_rings", &[8, 10_000]);
    assert_both_complete(&finished, 8, 10_000);
}

#[test]
fn what_is_shed_is_missing_in_the_files_and_nothing_else_is() {
    let finished = run("shedding", &[8, 10_000]);
    assert!(
        figure(&finished, "shed") > 0,
        "the rings are meant to be full"
    );
    for logged in [Logged::in_text(&finished), Logged::in_json(&finished)] {
        for numbers in logged.numbers.values() {
            assert!(
                numbers.is_sorted_by(|one, next| one < next),
                "in order, each once"
            );
        }
        let records: usize = logged.numbers.values().map(Vec::len).sum();
        assert_eq!(records as u64, figure(&finished, "accepted"));
        assert!(
            logged
                .others
                .iter()
                .all(|notice| notice.contains("records lost"))
        );
        assert!(!logged.others.is_empty(), "losses are told in the files");
    }
}

#[test]
fn a_silent_process_is_never_woken() {
    let finished = run("silence", &[]);
    assert_eq!(figure(&finished, "hestia-writer"), 0, "{}", finished.stdout);
    assert_eq!(
        figure(&finished, "hestia-console"),
        0,
        "{}",
        finished.stdout
    );
}

#[test]
fn a_record_now_and_then_costs_few_wake_ups() {
    let finished = run("now_and_then", &[]);
    let wakes_per_second = figure(&finished, "wakes") / 3;
    assert!(wakes_per_second < 50, "{wakes_per_second} a second");
}

/// It looked again at once, and took a cache line from each thread that logs every time, as long as there was a record that
/// was too young to be written: always, where a record comes each microsecond.
#[test]
fn a_writer_sleeps_between_its_looks_however_steadily_records_come() {
    let finished = run("steadily", &[]);
    let sleeps = figure(&finished, "sleeps");
    assert!(sleeps > 200, "{sleeps} in a second");
}
