//! However a process ends, what its calls returned from is in the files; and hestia begins only once.

use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use hestia_tests::counters;
use hestia_tests::records::{Logged, assert_both_complete, assert_counts_up};
use hestia_tests::{Finished, Run, messages};

const THREADS: u64 = 8;
const RECORDS: u64 = 10_000;

fn run(scenario: &str) -> Finished {
    Run::new(env!("CARGO_BIN_EXE_endings"), scenario).finish()
}

fn run_to_end(scenario: &str, ending: &str) -> Finished {
    let run = Run::new(env!("CARGO_BIN_EXE_endings"), scenario);
    run.arg(ending).finish()
}

/// How a process ended: its exit code, or the signal that killed it.
#[derive(Debug, PartialEq, Eq)]
enum Status {
    Code(Option<i32>),
    Signal(i32),
}

use Status::{Code, Signal};

fn status(finished: &Finished) -> Status {
    match finished.status.signal() {
        Some(signal) => Signal(signal),
        None => Code(finished.status.code()),
    }
}

/// Runs threads that log to their end, then ends the process.
fn assert_nothing_lost_after_logging(ending: &str, expected: &Status) -> Finished {
    let finished = run_to_end("after_logging", ending);
    assert_eq!(status(&finished), *expected, "{}", finished.stderr);
    assert_both_complete(&finished, THREADS, RECORDS);
    finished
}

/// Ends the process while threads log. Each of their calls that had returned must be in the files; the one
/// that was being made may be. Half of its line may be when the process aborts: the kernel ends threads in the
/// middle of a write.
fn assert_nothing_lost_while_logging(ending: &str, expected: &Status) {
    let finished = run_to_end("while_logging", ending);
    assert_eq!(status(&finished), *expected, "{}", finished.stderr);
    // Once an abort or a crash has begun nothing can be done for what others log meanwhile.
    let crashes = [libc::SIGABRT, libc::SIGSEGV, libc::SIGBUS];
    let aborts = crashes.map(Signal).contains(expected);
    let file = finished.path(if aborts { "before" } else { "returned" });
    let returned = counters::read(file).expect("the program made the file");
    assert_eq!(returned.len() as u64, THREADS);
    for logged in [Logged::in_text(&finished), Logged::in_json(&finished)] {
        assert!(aborts || !logged.is_torn, "the last line is torn");
        for (thread, &returned) in (0..).zip(&returned) {
            let numbers = &logged.numbers[&thread];
            assert_counts_up(thread, numbers);
            let written = numbers.len() as u64;
            assert!(
                written >= returned,
                "thread {thread}: {written} of {returned} returned calls"
            );
            assert!(
                aborts || written <= returned + 1,
                "thread {thread}: {written} of {returned}"
            );
        }
    }
}

macro_rules! endings {
    ($($(#[$attribute:meta])* $name:ident: $ending:literal, $status:expr;)+) => {
        mod nothing_is_lost_after_logging {
            use super::*;
            $(
                $(#[$attribute])*
                #[test]
                fn $name() {
                    assert_nothing_lost_after_logging($ending, &$status);
                }
            )+
        }

        mod nothing_is_lost_while_threads_log {
            use super::*;
            $(
                $(#[$attribute])*
                #[test]
                fn $name() {
                    assert_nothing_lost_while_logging($ending, &$status);
                }
            )+
        }
    };
}

endings! {
    when_main_returns: "return", Code(Some(0));
    when_main_returns_an_error: "error", Code(Some(1));
    when_main_exits: "exit", Code(Some(3));
    when_another_thread_exits: "exit_elsewhere", Code(Some(3));
    when_main_panics: "panic", Code(Some(101));
    when_a_panic_aborts: "abort", Signal(libc::SIGABRT);
    when_a_panic_meets_another: "second_panic", Signal(libc::SIGABRT);
    when_the_process_is_terminated: "terminate", Signal(libc::SIGTERM);
    when_the_process_is_interrupted: "interrupt", Signal(libc::SIGINT);
    #[cfg(not(hestia_portable))]
    when_memory_is_read_that_is_not_there: "fault", Signal(libc::SIGSEGV);
    #[cfg(not(hestia_portable))]
    when_a_mapped_file_is_truncated: "fault_in_file", Signal(libc::SIGBUS);
    #[cfg(not(hestia_portable))]
    when_the_stack_overflows: "overflow", Signal(libc::SIGABRT);
    #[cfg(not(hestia_portable))]
    when_the_process_aborts: "abort_by_itself", Signal(libc::SIGABRT);
    #[cfg(not(hestia_portable))]
    when_the_signal_of_a_fault_is_sent: "killed_as_by_fault", Signal(libc::SIGSEGV);
}

/// The messages of panics, from both files; they must stand behind everything else.
fn assert_ends_with_panics(ending: &str, expected: &Status, panics: &[&str]) {
    let finished = assert_nothing_lost_after_logging(ending, expected);
    for lines in [finished.text(), finished.lines("logs/app.log")] {
        let (_, last) = lines.split_at(lines.len() - panics.len());
        for (line, panic) in last.iter().zip(panics) {
            assert!(line.contains(panic), "{line} is not about {panic}");
        }
    }
}

#[test]
fn a_panic_in_main_is_the_last_record() {
    assert_ends_with_panics("panic", &Code(Some(101)), &["the end"]);
}

#[test]
fn a_panic_that_aborts_is_the_last_record() {
    let panics = ["the end", "panic in a function that cannot unwind"];
    assert_ends_with_panics("abort", &Signal(libc::SIGABRT), &panics);
}

#[test]
fn both_panics_of_a_panic_while_unwinding_are_the_last_records() {
    let finished = run_to_end("after_logging", "second_panic");
    let others = Logged::in_json(&finished).others;
    assert!(others[0].contains("the end"), "{others:?}");
    assert!(others[1].contains("the very end"), "{others:?}");
}

#[test]
fn a_hang_up_opens_files_anew_that_were_moved_away() {
    let finished = run("reopen").successful();
    for (file, message) in [("all.log.1", "before"), ("all.log", "after")] {
        let logged = Logged::in_text_at(&finished.path(&format!("logs/{file}")));
        assert_eq!(logged.others, [message]);
    }
    assert_eq!(messages(&finished.json()), ["after"]);
}

#[test]
fn files_moved_away_while_threads_log_have_everything_between_them() {
    let finished = run("reopen_again_and_again").successful();
    let mut all = Logged::default();
    for number in (1..=20)
        .map(|number| format!(".{number}"))
        .chain([String::new()])
    {
        all.append(Logged::in_text_at(
            &finished.path(&format!("logs/all.log{number}")),
        ));
    }
    all.assert_complete(THREADS, RECORDS);
}

#[test]
fn a_hang_up_cannot_mean_two_things() {
    let finished = run("drain_and_reopen");
    assert_eq!(
        status(&finished),
        Signal(libc::SIGHUP),
        "{}",
        finished.stderr
    );
    assert!(finished.stdout.contains("SIGHUP"), "{}", finished.stdout);
    assert!(
        finished.stdout.contains("reopen_on_hang_up"),
        "{}",
        finished.stdout
    );
    assert_eq!(messages(&finished.json()), ["once"]);
}

#[test]
fn a_second_init_is_an_error_and_the_first_goes_on() {
    let finished = run("second_init").successful();
    assert!(
        finished.stdout.contains("runs already"),
        "{}",
        finished.stdout
    );
    let records = finished.json();
    assert_eq!(records[0]["application"], "first");
    assert_eq!(records.len(), 1);
}

#[test]
fn try_init_takes_equal_settings_and_names_what_differs() {
    let finished = run("try_init").successful();
    let expected = [
        "two",
        "level",
        "metadata",
        "console",
        "other.log",
        "exit_limit",
        "more",
        "drain_on",
    ];
    let said: Vec<_> = finished.stdout.lines().collect();
    assert_eq!(said.len(), expected.len(), "{said:?}");
    for (said, expected) in said.iter().zip(expected) {
        assert!(said.contains(expected), "{said} does not name {expected}");
    }
    assert_eq!(messages(&finished.json()), ["once"]);
}

#[test]
fn another_logger_is_left_alone() {
    let finished = run("other_logger").successful();
    assert!(
        finished.stdout.contains("another logger"),
        "{}",
        finished.stdout
    );
    assert!(
        finished.stdout.contains("other: goes on"),
        "{}",
        finished.stdout
    );
}

#[test]
fn init_without_threads_to_be_had_is_an_error_and_can_be_tried_again() {
    let finished = run("no_thread").successful();
    assert!(finished.stdout.contains("thread"), "{}", finished.stdout);
    assert_eq!(messages(&finished.json()), ["once"]);
}

#[test]
fn what_is_logged_before_init_is_dropped() {
    let finished = run("before_init").successful();
    assert_eq!(messages(&finished.json()), ["in time"]);
}

#[test]
fn threads_that_log_during_init_lose_nothing_after_it() {
    let finished = run("during_init").successful();
    for logged in [Logged::in_text(&finished), Logged::in_json(&finished)] {
        assert_eq!(logged.numbers.len(), 4);
        for (thread, numbers) in logged.numbers {
            let first = numbers[0];
            let since: Vec<u64> = numbers.iter().map(|number| number - first).collect();
            assert_counts_up(thread, &since);
        }
    }
}

#[test]
fn what_is_logged_after_shutdown_is_written_at_the_call() {
    let finished = run("after_shutdown").successful();
    assert_both_complete(&finished, THREADS, RECORDS / 10);
    let others = Logged::in_text(&finished).others;
    assert_eq!(others.len(), 101, "one before, a hundred after");
}

#[test]
fn several_threads_may_shut_down_at_once() {
    let finished = run("shutdowns_at_once").successful();
    assert_both_complete(&finished, THREADS, RECORDS / 10);
}

/// Each write that was begun has come to its end.
fn assert_nothing_on_its_way(ending: &str, expected: &Status) {
    let finished = run_to_end("in_halves", ending);
    assert_eq!(status(&finished), *expected, "{}", finished.stderr);
    let lines = finished.lines("halves");
    assert!(lines.len() > 2, "{lines:?}");
    assert!(lines.iter().all(|line| line == "half whole"), "{lines:?}");
}

#[test]
fn no_write_is_on_its_way_when_the_process_exits() {
    assert_nothing_on_its_way("return", &Code(Some(0)));
    assert_nothing_on_its_way("exit_elsewhere", &Code(Some(3)));
}

#[test]
fn no_write_is_on_its_way_when_a_signal_ends_the_process() {
    assert_nothing_on_its_way("terminate", &Signal(libc::SIGTERM));
}

#[test]
fn a_sink_may_exit() {
    let started = Instant::now();
    let finished = run("sink_exits");
    assert_eq!(status(&finished), Code(Some(7)), "{}", finished.stderr);
    assert!(
        started.elapsed() < Duration::from_secs(4),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(messages(&finished.json()), ["once"]);
}

#[test]
fn destructors_of_thread_locals_may_log() {
    let finished = run("thread_locals").successful();
    for logged in [Logged::in_text(&finished), Logged::in_json(&finished)] {
        let count = |what: &str| {
            logged
                .others
                .iter()
                .filter(|other| other.starts_with(what))
                .count()
        };
        assert_eq!(
            (
                count("alive"),
                count("dropped first"),
                count("dropped last")
            ),
            (11, 11, 11),
            "{:?}",
            logged.others
        );
    }
}

#[test]
fn panic_hooks_may_log() {
    let finished = run("panic_hooks").successful();
    let objects = finished.json();
    let messages = messages(&objects);
    assert_eq!(messages[0], "the later hook");
    assert!(messages[1].contains("on purpose"), "{messages:?}");
    assert_eq!(messages[2..], ["the earlier hook", "life goes on"]);
}

#[test]
fn exit_handlers_may_log_before_and_after_hestias_own() {
    let finished = run("exit_handlers").successful();
    assert_eq!(
        messages(&finished.json()),
        [
            "once",
            "from a handler that runs before hestia's",
            "from a handler that runs after hestia's"
        ]
    );
}

#[test]
fn an_exit_handler_may_wait_for_a_thread_that_logs() {
    let started = Instant::now();
    let finished = run("joined_by_exit_handler").successful();
    assert_both_complete(&finished, 1, 500);
    let elapsed = started.elapsed();
    assert!(elapsed < Duration::from_secs(10), "{elapsed:?}");
}

/// The limit is 300 ms; how long starting a program takes on a busy machine is anybody's guess.
fn assert_hung_sink_is_left_behind(ending: &str, expected: &Status) {
    let started = Instant::now();
    let finished = run_to_end("hung_sink", ending);
    assert!(
        started.elapsed() < Duration::from_secs(4),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(status(&finished), *expected, "{}", finished.stderr);
    assert!(
        finished.stderr.contains("not confirmed"),
        "{}",
        finished.stderr
    );
    assert!(finished.stderr.contains("stuck"), "{}", finished.stderr);
    assert_eq!(
        messages(&finished.json()),
        ["once"],
        "the other outputs have it"
    );
}

#[test]
fn a_hung_sink_does_not_keep_main_from_returning() {
    assert_hung_sink_is_left_behind("return", &Code(Some(0)));
}

#[test]
fn a_hung_sink_does_not_keep_the_process_from_exiting() {
    assert_hung_sink_is_left_behind("exit", &Code(Some(3)));
}

#[test]
fn a_hung_sink_does_not_keep_the_process_from_being_terminated() {
    assert_hung_sink_is_left_behind("terminate", &Signal(libc::SIGTERM));
}

#[test]
fn logging_after_a_shutdown_that_timed_out_does_not_wait_each_time() {
    let finished = run("shutdown_with_hung_sink").successful();
    let (error, spent) = finished.stdout.split_once('\n').expect("two lines");
    assert!(error.contains("stuck"), "{error}");
    let spent: u64 = spent
        .trim()
        .trim_end_matches(" ms")
        .parse()
        .expect("a figure");
    assert!(spent < 5_000, "a hundred calls took {spent} ms");
}

/// What crashes do where they can be handled.
#[cfg(not(hestia_portable))]
mod crashes {
    use super::*;

    #[test]
    fn the_word_about_a_stack_overflow_is_still_said() {
        let finished = run_to_end("after_logging", "overflow");
        assert!(
            finished.stderr.contains("has overflowed its stack"),
            "{}",
            finished.stderr
        );
    }

    #[test]
    fn a_crash_of_the_writer_waits_for_nobody() {
        let finished = run("sink_crashes");
        assert_eq!(
            status(&finished),
            Signal(libc::SIGSEGV),
            "{}",
            finished.stderr
        );
    }

    #[test]
    fn a_crash_waits_for_a_hung_writer_no_longer_than_the_limit() {
        let finished = run("hung_sink_and_crash");
        assert_eq!(
            status(&finished),
            Signal(libc::SIGSEGV),
            "{}",
            finished.stderr
        );
        assert_eq!(
            messages(&finished.json()),
            ["once"],
            "the other outputs have it"
        );
    }

    #[test]
    fn a_crash_that_holds_what_the_writer_needs_ends_with_its_signal_all_the_same() {
        for (ending, signal) in [
            ("fault", libc::SIGSEGV),
            ("abort_by_itself", libc::SIGABRT),
            ("killed_as_by_fault", libc::SIGSEGV),
        ] {
            let program = Run::new(env!("CARGO_BIN_EXE_endings"), "crash_with_locks").arg(ending);
            // Many times the limit that it has said.
            let (finished, ended) = program.start().finish_within(Duration::from_secs(60));
            assert!(ended, "{ending} hangs");
            assert_eq!(status(&finished), Signal(signal), "{}", finished.stderr);
            assert_eq!(
                messages(&finished.json()),
                ["once"],
                "the other outputs have it"
            );
        }
    }

    #[test]
    fn a_crash_after_shutdown_finds_everything_written() {
        let finished = run("crash_after_shutdown");
        assert_eq!(
            status(&finished),
            Signal(libc::SIGSEGV),
            "{}",
            finished.stderr
        );
        assert_both_complete(&finished, THREADS, RECORDS / 10);
        assert_eq!(Logged::in_text(&finished).others, ["after"]);
    }

    #[test]
    fn forked_children_that_crash_write_what_is_their_own() {
        let finished = run("children_crash").successful();
        let signal = format!("Some({})\n", libc::SIGSEGV);
        assert_eq!(finished.stdout, signal.repeat(2));
        let mut messages = Logged::in_text(&finished).others;
        messages.sort();
        assert_eq!(messages, ["child", "parent after", "parent before"]);
    }

    #[test]
    fn a_handler_that_was_there_before_gets_the_signal_after_hestia() {
        let finished = run("crash_handler");
        assert_eq!(status(&finished), Code(Some(42)), "{}", finished.stderr);
        assert_both_complete(&finished, THREADS, RECORDS);
    }
}

#[cfg(hestia_portable)]
#[test]
fn where_crashes_cannot_be_handled_init_says_so() {
    let finished = run_to_end("after_logging", "fault");
    assert_eq!(status(&finished), Code(Some(1)));
    assert!(
        finished.stderr.contains("on Linux only"),
        "{}",
        finished.stderr
    );
}
