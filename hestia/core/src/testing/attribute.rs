//! The run-time half of `#[hestia::test]`: what its expansion calls.
//!
//! The thread of the test. An expansion begins a [`Test`], runs the function in its capture, and ends it with what the
//! function returned; the records are shown by the test's own thread, through `print!`, which is what the test harness
//! captures.
//!
//! *Invariant:* a test that passes prints nothing, unless it was told to.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

pub use log::LevelFilter;

use super::{Capture, CaptureGuard, capture_at};
use crate::logger::captures;
use crate::thread;

/// When the records are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Print {
    Always,
    Failure,
    Never,
}

/// What the attribute said.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Settings {
    level: LevelFilter,
    deny_errors: bool,
    print: Print,
    /// A panic is what the test is for.
    panics: bool,
}

/// Nothing said yet.
pub fn settings() -> Settings {
    Settings {
        level: LevelFilter::Trace,
        deny_errors: false,
        print: Print::Failure,
        panics: false,
    }
}

impl Settings {
    /// What is captured.
    pub fn level(self, level: LevelFilter) -> Self {
        Settings { level, ..self }
    }

    /// Whether an error fails the test that nobody expected.
    pub fn deny_errors(self, deny_errors: bool) -> Self {
        Settings {
            deny_errors,
            ..self
        }
    }

    /// Records are shown whatever becomes of the test.
    pub fn print_always(self) -> Self {
        let print = Print::Always;
        Settings { print, ..self }
    }

    /// Records are shown when the test fails.
    pub fn print_failure(self) -> Self {
        let print = Print::Failure;
        Settings { print, ..self }
    }

    /// Records are never shown.
    pub fn print_never(self) -> Self {
        let print = Print::Never;
        Settings { print, ..self }
    }

    /// The test passes when it panics, whatever the message is.
    pub fn panics(self) -> Self {
        Settings {
            panics: true,
            ..self
        }
    }
}

/// A test that runs.
#[derive(Debug)]
pub struct Test {
    guard: CaptureGuard,
    settings: Settings,
    /// The function has returned, and that it should.
    has_passed: bool,
}

impl Test {
    /// Begins the test's capture.
    #[must_use]
    #[track_caller]
    pub fn begin(settings: Settings) -> Self {
        Test {
            guard: capture_at(settings.level),
            settings,
            has_passed: false,
        }
    }

    /// The test's capture.
    #[must_use]
    pub fn capture(&self) -> &Capture {
        &self.guard
    }

    /// Ends a test whose function has returned.
    ///
    /// # Panics
    /// When an error was logged that nobody expected, or not logged that somebody did.
    #[track_caller]
    pub fn end(mut self, has_failed: bool) {
        if has_failed {
            return;
        }
        if self.settings.deny_errors {
            self.guard.assert_no_errors();
        }
        self.guard.assert_expected_came();
        // One that was to panic and has not, fails.
        self.has_passed = !self.settings.panics;
    }
}

impl Drop for Test {
    /// Shows the records: here, since this is where a panic comes by as well.
    fn drop(&mut self) {
        let has_failed = match std::thread::panicking() {
            true => !self.settings.panics,
            false => !self.has_passed,
        };
        match self.settings.print {
            Print::Never => {}
            Print::Failure if !has_failed => {}
            Print::Failure | Print::Always => show(&self.guard),
        }
    }
}

/// Prints the records of a test. What the harness says by itself is left out: that the test's thread has panicked.
fn show(capture: &Capture) {
    let caught_up = captures::catch_up();
    let state = capture.collector.state();
    let mut text = String::new();
    for entry in &state.entries {
        let record = &entry.record;
        if record.is_panic() && record.thread().id() == thread::current_id() {
            continue;
        }
        text.push_str(&capture.shown(record));
        text.push('\n');
    }
    drop(state);
    if let Err(error) = caught_up {
        text.push_str(&format!("(and perhaps others: {error})\n"));
    }
    // Standard output may be closed, in a process that shows what tests print.
    let _ = catch_unwind(AssertUnwindSafe(|| print_captured(&text)));
}

#[allow(
    clippy::print_stdout,
    reason = "the harness captures what is printed by these macros, and nothing else"
)]
fn print_captured(text: &str) {
    print!("{text}");
}

/// What a test has returned. Whether that is a failure is found by the number of references that have to be taken off, as
/// for what `main` returns.
#[derive(Debug)]
pub struct Returned<'a, R>(pub &'a R);

/// The type can say that the test failed.
pub trait Says {
    /// Whether it has.
    fn has_failed(&self) -> bool;
}

impl<T, E> Says for &Returned<'_, Result<T, E>> {
    fn has_failed(&self) -> bool {
        self.0.is_err()
    }
}

impl Says for &Returned<'_, ExitCode> {
    fn has_failed(&self) -> bool {
        *self.0 != ExitCode::SUCCESS
    }
}

/// Nothing is known about the type.
pub trait SaysNothing {
    /// It has not.
    fn has_failed(&self) -> bool;
}

impl<R> SaysNothing for Returned<'_, R> {
    fn has_failed(&self) -> bool {
        false
    }
}
