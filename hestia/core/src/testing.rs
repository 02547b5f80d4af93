//! Logs in tests: what a test has logged, to be asserted on, and to be seen when it fails.
//!
//! ```
//! use hestia::Level;
//! use hestia::testing::matching;
//!
//! fn query(user_id: u64) {
//!     log::warn!(elapsed_ms = 12.5, user_id; "slow query");
//! }
//!
//! // In a test: #[hestia::test], which stands in the place of #[test]
//! let capture = hestia::testing::capture();
//! query(5);
//! capture.assert_logged(matching().level(Level::Warn).message("slow query").field("user_id", 5));
//! capture.assert_not_logged(matching().level(Level::Error));
//! ```
//!
//! A [`capture`] has the records of its own test alone, however many tests run at the same time: it is a scope, like those
//! of `scope!`, and a record belongs to it when it is logged in that scope. Threads and tasks that the test starts
//! are in it when they take the scope over: `let scope = capture.scope();`, then `scope.attach()` or `scope.run(…)` on the
//! thread; `future.in_current_scope()` for a task ([`InScope`](crate::InScope)), which tasks on a runtime of the test's own thread,
//! as `#[tokio::test]` has it, do not even need.
//!
//! What is asserted on has gone the way of every record, through queue, merge and decoding, and is all that an output gets to
//! see. hestia need not be turned on for it: the first capture does that, without console and files. Where the program has done it,
//! its outputs get the records as well, and captures are one more output. Captures want every level, unless said otherwise, so that
//! statements are on that usually are off; directives and the environment have no say in that.
//!
//! `#[hestia::test]` makes a capture for a test, shows its records when the test fails, and, when asked to,
//! fails it for an error that nobody expected.
//!
//! Threads of tests call this; the writer's thread brings the records. What a forked child logs is in the captures alone that it
//! begins itself.
//!
//! *Invariant:* a program that never captures pays nothing for it.

mod assertions;
#[doc(hidden)]
pub mod attribute;
mod collector;
mod matcher;
mod record;
mod value;

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::context::{Scope, ScopeGuard};
use crate::error::chain;
use crate::level::LevelFilter;
use crate::logger::captures;
use crate::logger::outputs::OutputLevel;

use collector::Collector;

pub use matcher::Matcher;
pub use record::CapturedRecord;

/// Keeps every record that this thread logs from now on, until the guard is dropped; others, where they take over its
/// [scope](Capture::scope).
///
/// Turns hestia on, without outputs, if it does not run. A capture inside of another one shares its records with it.
///
/// # Panics
/// When hestia cannot be turned on, since the `log` crate has another logger already.
///
/// # Example
/// ```
/// let capture = hestia::testing::capture();
/// log::trace!("even this");
/// assert_eq!(capture.records()[0].message(), "even this");
/// ```
#[track_caller]
pub fn capture() -> CaptureGuard {
    capture_at(LevelFilter::Trace)
}

/// As [`capture`], for records of this level, and graver ones.
///
/// # Panics
/// As [`capture`].
///
/// # Example
/// ```
/// use hestia::Level;
///
/// let capture = hestia::testing::capture_at(Level::Warn);
/// log::info!("not this");
/// log::warn!("but this");
/// assert_eq!(capture.records().len(), 1);
/// ```
#[track_caller]
pub fn capture_at(level: impl Into<OutputLevel>) -> CaptureGuard {
    if let Err(error) = captures::turn_on() {
        panic!("cannot capture what is logged: {}", chain(&error));
    }
    let (number, collector) = collector::begin(level.into().filter());
    let scope = Scope::current().in_capture(number);
    CaptureGuard {
        entered: Some(scope.attach()),
        capture: Capture { scope, collector },
        number,
    }
}

/// The innermost capture that this thread is in: that of the test, in a function that a test with
/// `#[hestia::test]` calls.
///
/// # Panics
/// Outside of captures.
///
/// # Example
/// ```
/// use hestia::testing::{current, matching};
///
/// let capture = hestia::testing::capture();
/// log::info!("ready");
/// current().assert_logged(matching().message("ready"));
/// ```
#[must_use]
#[track_caller]
pub fn current() -> Capture {
    let collector = Scope::current_capture().and_then(collector::find);
    let collector = collector.expect(
        "this thread is in no capture; begin one by `hestia::testing::capture()` or `#[hestia::test]`, or take over the scope of one",
    );
    Capture {
        scope: Scope::current(),
        collector,
    }
}

/// A [`Matcher`] that fits every record, to be narrowed word by word.
///
/// # Example
/// ```
/// use hestia::testing::{capture, matching};
///
/// let capture = capture();
/// log::info!(target: "app::db", "connected");
/// capture.assert_logged(matching().target("app").message_contains("connect"));
/// ```
pub fn matching() -> Matcher {
    Matcher::new()
}

/// What has been captured, and what can be asked of it. It can be cloned, and sent to other threads; when the
/// [guard](CaptureGuard) is gone it still has what it had.
#[derive(Clone)]
pub struct Capture {
    scope: Scope,
    collector: Arc<Collector>,
}

impl Capture {
    /// The scope of the capture, for threads and tasks.
    ///
    /// # Example
    /// ```
    /// let capture = hestia::testing::capture();
    /// let scope = capture.scope();
    /// std::thread::spawn(move || scope.run(|| log::info!("from another thread"))).join().unwrap();
    /// assert_eq!(capture.records().len(), 1);
    /// ```
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.scope.clone()
    }

    /// All records that were logged before this call, by whichever thread, in the order of calls.
    ///
    /// # Panics
    /// When they cannot be had, since some output of the program's holds hestia up for more than 30 s.
    #[must_use]
    #[track_caller]
    pub fn records(&self) -> Vec<CapturedRecord> {
        self.catch_up();
        let state = self.collector.state();
        let records = state.entries.iter().map(|entry| entry.record.clone());
        records.collect()
    }

    /// As [`Capture::records`], and forgets them.
    ///
    /// # Panics
    /// As there.
    ///
    /// # Example
    /// ```
    /// let capture = hestia::testing::capture();
    /// log::info!("one");
    /// assert_eq!(capture.take().len(), 1);
    /// assert_eq!(capture.take().len(), 0);
    /// ```
    #[must_use = "`clear` forgets them without looking"]
    #[track_caller]
    pub fn take(&self) -> Vec<CapturedRecord> {
        self.catch_up();
        let entries = std::mem::take(&mut self.collector.state().entries);
        entries.into_iter().map(|entry| entry.record).collect()
    }

    /// Forgets all records that were logged before this call.
    ///
    /// # Panics
    /// As [`Capture::records`].
    #[track_caller]
    pub fn clear(&self) {
        drop(self.take());
    }

    /// From now on every record of this capture has this time, until it is set again or moved on. Only what the capture
    /// keeps is changed: other captures, and the program's outputs, have their own times.
    ///
    /// # Panics
    /// As [`Capture::records`].
    ///
    /// # Example
    /// ```
    /// use std::time::{Duration, UNIX_EPOCH};
    ///
    /// let capture = hestia::testing::capture();
    /// capture.set_time(UNIX_EPOCH + Duration::from_secs(1_000_000_000));
    /// log::info!("then");
    /// capture.advance(Duration::from_secs(60));
    /// log::info!("a minute later");
    /// let records = capture.records();
    /// assert_eq!(records[1].timestamp(), records[0].timestamp() + Duration::from_secs(60));
    /// assert!(records[0].to_string().starts_with("2001-09-09T01:46:40.000Z"));
    /// ```
    #[track_caller]
    pub fn set_time(&self, time: SystemTime) {
        // What was logged so far has the time that was set so far.
        self.catch_up();
        self.collector.set_time(time);
    }

    /// Moves the capture's time on; where none was set, it stands still from now on, so much after the present.
    ///
    /// # Panics
    /// As [`Capture::records`].
    #[track_caller]
    pub fn advance(&self, span: Duration) {
        self.catch_up();
        self.collector.advance(span);
    }

    #[track_caller]
    fn catch_up(&self) {
        if let Err(error) = captures::catch_up() {
            panic!("what was logged cannot be had: {}", chain(&error));
        }
    }
}

impl fmt::Debug for Capture {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.collector.state();
        let records = state.entries.iter().map(|entry| &entry.record);
        out.debug_list().entries(records).finish()
    }
}

/// Ends its [`Capture`], to which it leads, when it is dropped; made by [`capture`].
///
/// It belongs to its thread, as the guard of a scope does, and cannot be sent to another one:
/// ```compile_fail,E0277
/// let capture = hestia::testing::capture();
/// std::thread::spawn(move || drop(capture));
/// ```
#[must_use = "the capture ends when the guard is dropped"]
pub struct CaptureGuard {
    /// Left before the capture ends.
    entered: Option<ScopeGuard>,
    capture: Capture,
    number: u64,
}

impl Deref for CaptureGuard {
    type Target = Capture;

    fn deref(&self) -> &Capture {
        &self.capture
    }
}

impl Drop for CaptureGuard {
    fn drop(&mut self) {
        self.entered = None;
        // What has been logged and not come yet belongs to it all the same. Where that takes too long, it does without.
        let _ = captures::catch_up();
        collector::end(self.number);
    }
}

impl fmt::Debug for CaptureGuard {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("CaptureGuard")
            .field(&self.capture)
            .finish()
    }
}
