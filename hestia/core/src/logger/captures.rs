//! The output that keeps records for tests: one for all captures there are, and as verbose as the most verbose of them.
//!
//! Threads that begin and end a capture come here. The first capture adds the output; it stays, at level `off` while there
//! is none.
//!
//! *Invariant:* a program that never captures has no such output.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use log::LevelFilter;

use super::outputs::Output;
use super::pipeline::{LOOK_AFTER, route};
use crate::error::{ErrorKind, FlushError, InitError};
use crate::sync::lock;
use crate::thread::is_own;

/// Turns hestia on, without any output, unless it runs already.
pub(crate) fn turn_on() -> Result<(), InitError> {
    if super::current().is_some() {
        return Ok(());
    }
    let nothing = super::builder().console(false).text(false).json(false);
    match nothing.env(false).init() {
        // Another thread has been quicker.
        Err(error) if error.kind() == ErrorKind::AlreadyRunning => Ok(()),
        done => done.map(drop),
    }
}

/// How verbose the captures are that there are now; `make` makes the output, the first time.
pub(crate) fn set_level(level: LevelFilter, make: impl FnOnce() -> Output) {
    let Some(pipeline) = super::current() else {
        return;
    };
    pipeline.set_capture_level(level, |directives| {
        let output = make();
        let destination = output.open()?;
        let opened = route(output.name, destination, directives, Some(level), None);
        Some(opened)
    });
}

/// How long a test waits for its records. A machine that is busy with tests may take its time; this is for outputs that hang.
const LIMIT: Duration = Duration::from_secs(30);

/// How long a question that somebody else has asked is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// Those who wait for the writer to come to the present.
struct Waiting {
    /// How often the writer was asked, and how often it has come.
    asked: u64,
    come: u64,
    is_asked: bool,
}

static WAITING: Mutex<Waiting> = Mutex::new(Waiting {
    asked: 0,
    come: 0,
    is_asked: false,
});
static COME: Condvar = Condvar::new();

/// Waits until what was logged before the call, by any thread, has been passed to the outputs. Whoever waits while the
/// writer is being asked is answered by the next question, which is one for all of them.
///
/// # Errors
/// When that takes too long, or this is one of hestia's own threads.
pub(crate) fn catch_up() -> Result<(), FlushError> {
    let pipeline = super::running()?;
    if is_own() {
        let what = "hestia's own threads cannot wait for hestia";
        return Err(FlushError::new(ErrorKind::OwnThread, what));
    }
    let start = Instant::now();
    let mut waiting = lock(&WAITING);
    // One that is asked already may be looking past what was logged right before.
    let needed = waiting.asked + 1;
    while waiting.come < needed {
        let left = LIMIT.saturating_sub(start.elapsed());
        if left.is_zero() {
            return Err(too_late());
        }
        // In a forked child, whoever has asked may not have come along.
        if waiting.is_asked && start.elapsed() < PATIENCE {
            let woken = COME.wait_timeout(waiting, left.min(LOOK_AFTER));
            waiting = woken.unwrap_or_else(PoisonError::into_inner).0;
            continue;
        }
        waiting.is_asked = true;
        waiting.asked += 1;
        let own = waiting.asked;
        drop(waiting);
        let has_come = pipeline.let_pass_within(left);
        waiting = lock(&WAITING);
        waiting.is_asked = false;
        if has_come {
            waiting.come = waiting.come.max(own);
        }
        COME.notify_all();
        if !has_come {
            return Err(too_late());
        }
    }
    Ok(())
}

fn too_late() -> FlushError {
    let what = format!("hestia's writer has not come to it within {LIMIT:?}");
    FlushError::new(ErrorKind::TimedOut, what)
}
