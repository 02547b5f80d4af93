//! Scenarios of beginnings and endings: every way a process can end, and what may go wrong on the way.

mod beginnings;
mod crashes;
mod last_moments;
mod reopening;
mod shutdown;
mod ways;

use std::env;
use std::error::Error;
use std::io::{self, Write};
use std::sync::atomic::Ordering;
use std::thread;

use hestia::{Builder, Signal};
use hestia_tests::counters;
use hestia_tests::records::log_from_threads;

use beginnings::{before_init, during_init, no_thread, other_logger, second_init, try_init};
use crashes::{
    children_crash, crash_after_shutdown, crash_handler, crash_with_locks, crashing,
    hung_sink_and_crash, sink_crashes,
};
use last_moments::{
    exit_handlers, in_halves, joined_by_exit_handler, panic_hooks, sink_exits, thread_locals,
};
use reopening::{drain_and_reopen, reopen, reopen_again_and_again};
use shutdown::{after_shutdown, hung_sink, shutdown_with_hung_sink, shutdowns_at_once};
use ways::end;

type Outcome = Result<(), Box<dyn Error>>;

const THREADS: u64 = 8;
const RECORDS: u64 = 10_000;

fn main() -> Outcome {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let ending = arguments.get(1).map_or("return", String::as_str);
    match arguments[0].as_str() {
        "after_logging" => after_logging(ending),
        "while_logging" => while_logging(ending),
        "reopen" => reopen(),
        "reopen_again_and_again" => reopen_again_and_again(),
        "drain_and_reopen" => drain_and_reopen(),
        "second_init" => second_init(),
        "try_init" => try_init(),
        "other_logger" => other_logger(),
        "no_thread" => no_thread(),
        "before_init" => before_init(),
        "during_init" => during_init(),
        "after_shutdown" => after_shutdown(),
        "shutdowns_at_once" => shutdowns_at_once(),
        "in_halves" => in_halves(ending),
        "sink_exits" => sink_exits(),
        "thread_locals" => thread_locals(),
        "panic_hooks" => panic_hooks(),
        "exit_handlers" => exit_handlers(),
        "joined_by_exit_handler" => joined_by_exit_handler(),
        "hung_sink" => hung_sink(ending),
        "sink_crashes" => sink_crashes(),
        "hung_sink_and_crash" => hung_sink_and_crash(),
        "crash_with_locks" => crash_with_locks(ending),
        "crash_after_shutdown" => crash_after_shutdown(),
        "children_crash" => children_crash(),
        "crash_handler" => crash_handler(),
        "shutdown_with_hung_sink" => shutdown_with_hung_sink(),
        unknown => Err(format!("there is no scenario {unknown}").into()),
    }
}

fn files() -> Builder {
    hestia::builder().console(false)
}

fn print(what: impl std::fmt::Display) -> Outcome {
    Ok(writeln!(io::stdout(), "{what}")?)
}

fn after_logging(ending: &str) -> Outcome {
    until(ending).init()?;
    log_from_threads(THREADS, RECORDS);
    end(ending)
}

fn with_signals() -> Builder {
    files()
        .drain_on(Signal::Terminate)
        .drain_on(Signal::Interrupt)
}

fn until(ending: &str) -> Builder {
    match ending {
        "fault" | "fault_in_file" | "overflow" | "abort_by_itself" | "killed_as_by_fault" => {
            crashing(files())
        }
        _ => with_signals(),
    }
}

/// Threads go on logging until the process is gone.
fn while_logging(ending: &str) -> Outcome {
    until(ending).init()?;
    let returned = counters::create("returned", THREADS as usize)?;
    for (thread, returned) in returned.iter().enumerate() {
        thread::spawn(move || {
            for number in 0.. {
                log::info!("{thread} {number}");
                returned.store(number + 1, Ordering::Release);
            }
        });
    }
    while returned
        .iter()
        .any(|returned| returned.load(Ordering::Acquire) < RECORDS / 10)
    {
        thread::yield_now();
    }
    // What had returned before the ending began.
    let before = counters::create("before", THREADS as usize)?;
    for (before, now) in before.iter().zip(returned) {
        before.store(now.load(Ordering::Acquire), Ordering::Relaxed);
    }
    end(ending)
}
