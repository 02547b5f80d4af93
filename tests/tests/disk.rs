//! Trouble with the disk costs what does not fit, and is over when it is over; and what is waited for is on it.

use std::io::Write;
use std::process::Command;

use hestia_tests::archives::{logged, numbered};
use hestia_tests::figures::Told;
use hestia_tests::records::Logged;
use hestia_tests::{Finished, Run};

fn run(scenario: &str) -> Run {
    Run::new(env!("CARGO_BIN_EXE_disk"), scenario)
}

fn finish(scenario: &str) -> (Finished, Told) {
    let program = run(scenario).finish().successful();
    let told = Told::by(&program);
    (program, told)
}

/// Whether the machine forbids what the program needs; says so then.
fn is_skipped(test: &str, told: &Told) -> bool {
    let Some(why) = told.facts["skipped"].as_str() else {
        return false;
    };
    let mut stderr = std::io::stderr();
    let _ = writeln!(
        stderr,
        "skipped: {test}: no file system of its own can be mounted: {why}"
    );
    true
}

/// The disk took some records, then none, then all: no line is torn, what is missing is in one piece and was counted, the
/// file itself says how much, and the rest follows by itself.
fn assert_came_back(logged: &Logged, told: &Told, since: u64) {
    let count = told.fact("count");
    told.books_balance(count);
    let numbers = &logged.numbers[&0];
    let before = numbers.iter().take_while(|number| **number < since).count() as u64;
    let expected: Vec<u64> = (0..before).chain(since..count).collect();
    assert_eq!(*numbers, expected, "the lost ones are in one piece");
    let lost = since - before;
    assert!(lost > 0, "the disk was never full");
    assert_eq!(told.output("text", "failed"), lost);
    assert!(told.is_working("text"));
    assert_announced(logged, told, lost);
}

/// The file itself says, in one or several notices, how many records it lacks.
fn assert_announced(logged: &Logged, told: &Told, lost: u64) {
    let notices: Vec<_> = logged
        .others
        .iter()
        .filter(|other| other.contains("this output could not be written to"))
        .collect();
    assert_eq!(notices.len() as u64, told.output("text", "notices"));
    let announced: u64 = notices
        .iter()
        .map(|notice| notice.split(' ').next().expect("a word"))
        .map(|figure| figure.parse::<u64>().expect("a figure"))
        .sum();
    assert_eq!(announced, lost, "{notices:?}");
}

#[test]
fn a_disk_that_was_full_and_is_freed_is_written_to_again_and_no_archive_suffers() {
    // Nor where a limit says how many of them stay: those that were there when the disk was full are as many.
    for scenario in ["full", "full_with_limit"] {
        fill_and_free(scenario);
    }
}

fn fill_and_free(scenario: &str) {
    let (program, told) = finish(scenario);
    if is_skipped("a full disk", &told) {
        return;
    }
    for full in ["while_full", "while_full_again"] {
        let says = told.facts[full].as_str().expect("an error");
        assert!(
            says.contains("text") && says.contains("No space left"),
            "{says}"
        );
    }
    assert!(told.facts["again"].is_null(), "{}", told.facts);
    let kept = program.path("kept");
    assert_came_back(&logged(&kept, "all"), &told, 3_000);
    let archives: Vec<u64> = numbered(&kept, "all")
        .iter()
        .map(|(number, _)| *number)
        .collect();
    let expected: Vec<u64> = (1..=archives.len() as u64).collect();
    assert_eq!(archives, expected);
    assert!(archives.len() > 2, "{archives:?}");
    let lines = program.stderr.lines().count();
    assert!((1..10).contains(&lines), "{}", program.stderr);
}

#[test]
fn a_disk_that_is_read_only_for_a_while_is_written_to_after_that() {
    let (program, told) = finish("read_only");
    if is_skipped("a read-only disk", &told) {
        return;
    }
    let says = told.facts["while_full"].as_str().expect("an error");
    assert!(
        says.contains("text") && says.contains("Read-only"),
        "{says}"
    );
    assert_came_back(&logged(&program.path("kept"), "all"), &told, 100);
}

#[test]
fn a_limit_of_the_size_of_files_is_one_more_full_disk() {
    let (program, told) = finish("size_limit");
    let says = told.facts["while_full"].as_str().expect("an error");
    assert!(
        says.contains("text") && says.contains("File too large"),
        "{says}"
    );
    assert_came_back(&Logged::in_text(&program), &told, 1_000);
}

#[test]
fn a_limit_of_the_size_of_files_does_not_kill_the_program_at_its_end() {
    let (_, told) = finish("size_limit_at_the_end");
    let figures = ["written", "failed", "pending"];
    let settled: u64 = figures
        .map(|figure| told.output("text", figure))
        .iter()
        .sum();
    assert_eq!(settled, told.fact("count"));
    // The line that was cut is still to be finished.
    assert!(told.output("text", "pending") <= 1);
    assert!(told.output("text", "failed") > 100);
}

/// A scenario whose system calls on the text file are written to `calls`, and disturbed, by `strace`; `None` where there is
/// none, or it may not.
fn traced(test: &str, scenario: &str, what: &str) -> Option<Run> {
    let can_trace = Command::new("strace")
        .args(["-o", "/dev/null", "true"])
        .output();
    if !can_trace.is_ok_and(|output| output.status.success()) {
        let _ = writeln!(std::io::stderr(), "skipped: {test}: strace cannot be run");
        return None;
    }
    let run = Run::program("strace");
    let file = run.directory().join("logs/all.log");
    let run = run.arg("-f").arg("-qq").arg("-o").arg("calls");
    let run = run.arg("-P").arg(file).arg("-e").arg(what);
    Some(run.arg(env!("CARGO_BIN_EXE_disk")).arg(scenario))
}

#[test]
fn files_are_synced_when_that_was_said_and_no_more_often() {
    for (when, expected) in [("never", 0), ("errors", 1), ("batches", 2), ("every", 1)] {
        let Some(run) = traced(
            "how often files are synced",
            "sync_calls",
            "trace=fdatasync",
        ) else {
            return;
        };
        let program = run.arg(when).finish();
        let _ = Told::by(&program);
        let calls = std::fs::read_to_string(program.path("calls")).expect("a trace");
        let syncs = calls.matches("fdatasync(").count();
        assert_eq!(syncs, expected, "{when}:\n{calls}");
    }
}

#[test]
fn a_device_that_fails_for_a_while_costs_what_it_did_not_take() {
    let injection = "inject=write:error=EIO:when=5..9";
    let Some(run) = traced("a bad device", "bad_device", injection) else {
        return;
    };
    let program = run.finish().successful();
    let told = Told::by(&program);
    told.books_balance(20);
    let flushes = told.facts["flushes"].as_array().expect("a list");
    let failed: Vec<_> = flushes.iter().filter(|said| !said.is_null()).collect();
    let says = failed[0].as_str().expect("an error");
    assert!(
        says.contains("text") && says.contains("Input/output error"),
        "{says}"
    );
    assert!(
        flushes[..4]
            .iter()
            .chain(&flushes[12..])
            .all(|said| said.is_null())
    );
    let logged = Logged::in_text(&program);
    let written = logged.numbers[&0].len() as u64;
    let lost = told.output("text", "failed");
    assert!(
        lost > 0 && written + lost == 20,
        "{written} written, {lost} lost"
    );
    assert_announced(&logged, &told, lost);
}

#[test]
fn what_the_disk_refused_is_not_made_good_by_a_later_success() {
    let injection = "inject=fdatasync:error=EIO:when=2";
    let Some(run) = traced("a disk that refuses", "bad_sync", injection) else {
        return;
    };
    let told = Told::by(&run.finish().successful());
    let attempts = told.facts["attempts"].as_array().expect("a list");
    assert!(attempts[0].is_null(), "{attempts:?}");
    for (attempt, words) in [(1, "Input/output error"), (2, "rotate or reopen")] {
        assert_eq!(attempts[attempt][0], "SyncFile");
        let says = attempts[attempt][1].as_str().expect("an error");
        assert!(says.contains("text") && says.contains(words), "{says}");
    }
    assert!(attempts[3].is_null(), "{attempts:?}");
    assert_eq!(told.fact("sync_failures"), 1);
    let notes = told.facts["notes"].as_str().expect("a note");
    assert!(notes.contains("the disk refused"), "{notes}");
    assert!(told.facts["flushed"].is_null() && told.is_working("text"));
}

#[test]
fn synced_files_are_as_whole_as_others() {
    for when in ["never", "errors", "batches", "every"] {
        let program = run("synced").arg(when).finish().successful();
        let told = Told::by(&program);
        assert!(told.facts["flushed"].is_null(), "{}", told.facts);
        let sync = told.facts["sync"].as_str().expect("a row");
        assert!(sync.starts_with(when), "{sync}");
        let logged = logged(&program.path("logs"), "all");
        assert_eq!(logged.numbers[&0], Vec::from_iter(0..1_000));
        assert_eq!(logged.others, ["bad"]);
        assert_eq!(program.stderr, "");
    }
}

#[test]
fn a_durable_record_is_in_the_file_when_the_macro_returns() {
    let (program, _) = finish("durable");
    assert_eq!(program.stderr, "");
}

#[test]
fn durable_records_of_several_threads_share_a_sync() {
    let (_, told) = finish("durable_together");
    let syncs = told.fact("syncs");
    assert!((50..400).contains(&syncs), "{syncs} for 400 records");
}

#[test]
fn a_durable_record_that_is_not_on_the_disk_is_an_error_that_names_output_and_cause() {
    let (_, told) = finish("durable_in_trouble");
    let says = told.facts["full"].as_str().expect("an error");
    assert!(
        says.contains("json") && says.contains("No space left"),
        "{says}"
    );
}

#[test]
fn a_durable_record_is_waited_for_no_longer_than_was_said() {
    let (_, told) = finish("durable_too_late");
    assert_eq!(told.facts["kind"], "TimedOut");
    let says = told.facts["says"].as_str().expect("an error");
    assert!(says.contains("stuck"), "{says}");
}

#[test]
fn durable_records_can_be_logged_after_shutdown_and_in_a_child() {
    finish("durable_after_shutdown");
    let (program, told) = finish("durable_in_a_child");
    assert_eq!(told.fact("child"), 0);
    let logged = Logged::in_text(&program);
    assert_eq!(
        (&logged.numbers[&0][..], &logged.numbers[&1][..]),
        (&[0, 1][..], &[0][..])
    );
}
