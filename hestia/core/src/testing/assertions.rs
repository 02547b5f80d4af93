//! What is asserted of a capture's records, and what is said when it is not so.

use std::borrow::Borrow;
use std::fmt::Write as _;
use std::time::Duration;

use super::collector::{Entry, Expected};
use super::matcher::Matcher;
use super::{Capture, CapturedRecord};
use crate::clock::deadline_in;
use crate::level::Level;
use crate::logger::captures;

/// The most records that a message shows.
const SHOWN: usize = 20;

impl Capture {
    /// Asserts that some record fits, and returns the first that does.
    ///
    /// # Panics
    /// When none does: the message shows what was logged instead, the nearest first, and what is different about it.
    ///
    /// # Example
    /// ```
    /// use hestia::Level;
    /// use hestia::testing::{capture, matching};
    ///
    /// let capture = capture();
    /// log::warn!(elapsed_ms = 12.5, user_id = 5; "slow query");
    /// let slow = capture.assert_logged(matching().level(Level::Warn).message("slow query").field("user_id", 5));
    /// assert!(slow.field("elapsed_ms").is_some());
    /// ```
    #[track_caller]
    pub fn assert_logged(&self, matcher: impl Borrow<Matcher>) -> CapturedRecord {
        let matcher = matcher.borrow();
        self.catch_up();
        let first = self.first_expected(matcher);
        match first {
            Some(record) => record,
            None => panic!(
                "no record was logged with {matcher}\n{}",
                self.nearest(matcher)
            ),
        }
    }

    /// Asserts that no record fits.
    ///
    /// # Panics
    /// When one does: the message shows it.
    ///
    /// # Example
    /// ```
    /// use hestia::Level;
    /// use hestia::testing::{capture, matching};
    ///
    /// let capture = capture();
    /// log::info!("all is well");
    /// capture.assert_not_logged(matching().at_least(Level::Warn));
    /// ```
    #[track_caller]
    pub fn assert_not_logged(&self, matcher: impl Borrow<Matcher>) {
        let matcher = matcher.borrow();
        let found = self.found(matcher);
        assert!(
            found.is_empty(),
            "nothing should have been logged with {matcher}\n{}",
            self.listed(&found)
        );
    }

    /// Asserts that so many records fit, no more and no less.
    ///
    /// # Panics
    /// When it is another number: the message shows which they are, or, where there are none, what was logged instead.
    ///
    /// # Example
    /// ```
    /// use hestia::testing::{capture, matching};
    ///
    /// let capture = capture();
    /// for attempt in 1..=3 {
    ///     log::warn!(attempt; "trying again");
    /// }
    /// capture.assert_count(matching().message("trying again"), 3);
    /// ```
    #[track_caller]
    pub fn assert_count(&self, matcher: impl Borrow<Matcher>, count: usize) {
        let matcher = matcher.borrow();
        let found = self.found(matcher);
        if found.len() == count {
            self.first_expected(matcher);
            return;
        }
        let listed = match found.len() {
            0 => self.nearest(matcher),
            _ => self.listed(&found),
        };
        panic!(
            "{count} records should have been logged with {matcher}, not {}\n{listed}",
            found.len()
        );
    }

    /// Asserts that records were logged in this order: one that fits the first, after it one that fits the second, and so
    /// on. There may be others between them.
    ///
    /// # Panics
    /// When some matcher finds none after the record that the one before it has found.
    ///
    /// # Example
    /// ```
    /// use hestia::testing::{capture, matching};
    ///
    /// let capture = capture();
    /// log::info!("connecting");
    /// log::debug!("a detail");
    /// log::info!("connected");
    /// capture.assert_in_order([matching().message("connecting"), matching().message("connected")]);
    /// ```
    #[track_caller]
    pub fn assert_in_order<M: Borrow<Matcher>>(&self, matchers: impl IntoIterator<Item = M>) {
        self.catch_up();
        let mut state = self.collector.state();
        let (mut next, mut wrong) = (0, None);
        for (place, matcher) in matchers.into_iter().enumerate() {
            let matcher = matcher.borrow();
            let rest = state.entries.iter().skip(next);
            let found = rest
                .enumerate()
                .find(|(_, entry)| matcher.matches(&entry.record));
            let Some((distance, _)) = found else {
                wrong = Some((place, matcher.to_string()));
                break;
            };
            state.entries[next + distance].is_expected = true;
            next += distance + 1;
        }
        let Some((place, what)) = wrong else { return };
        let records: Vec<_> = records_of(&state.entries);
        drop(state);
        let place = place + 1;
        let after = match next.checked_sub(1).and_then(|last| records.get(last)) {
            Some(last) => format!(" after this one:\n  {}\n", self.shown(last)),
            None => "\n".to_owned(),
        };
        let all = self.listed(&records);
        panic!(
            "no record was logged with {what}, which is number {place} of the order,{after}{all}"
        );
    }

    /// Says that an error will be logged, so that `deny_errors` does not fail the test for it, and that it
    /// has to be: a test with `#[hestia::test]`, or [`Capture::assert_no_errors`], fails when none fits.
    ///
    /// Errors that an assertion was about are expected as well.
    ///
    /// # Example
    /// ```
    /// use hestia::testing::{capture, matching};
    ///
    /// let capture = capture();
    /// capture.expect_error(matching().message_contains("refused"));
    /// log::error!("connection refused");
    /// capture.assert_no_errors();
    /// ```
    pub fn expect_error(&self, matcher: impl Into<Matcher>) {
        let matcher = matcher.into();
        // Whether it has come is asked at the end.
        let _ = captures::catch_up();
        let mut state = self.collector.state();
        let mut has_come = false;
        for entry in &mut state.entries {
            if matcher.matches(&entry.record) {
                entry.is_expected = true;
                has_come = true;
            }
        }
        state.expected.push(Expected { matcher, has_come });
    }

    /// Asserts that every record of level `error` was expected: an assertion was about it, or
    /// [`expect_error`](Capture::expect_error) has foretold it. And that all which were foretold have come.
    ///
    /// # Panics
    /// When that is not so: the message shows the errors.
    ///
    /// # Example
    /// ```
    /// let capture = hestia::testing::capture();
    /// log::info!("all is well");
    /// capture.assert_no_errors();
    /// ```
    #[track_caller]
    pub fn assert_no_errors(&self) {
        self.catch_up();
        let unexpected = self.unexpected_errors();
        assert!(
            unexpected.is_empty(),
            "an error was logged that was not expected\n{}",
            self.listed(&unexpected)
        );
        self.assert_expected_came();
    }

    /// Asserts that all errors which were foretold have come.
    #[track_caller]
    pub(super) fn assert_expected_came(&self) {
        let state = self.collector.state();
        let missing = state.expected.iter().find(|expected| !expected.has_come);
        let missing = missing.map(|expected| expected.matcher.clone());
        drop(state);
        if let Some(matcher) = missing {
            panic!(
                "an error was expected and not logged, with {matcher}\n{}",
                self.nearest(&matcher)
            );
        }
    }

    /// Waits until a record fits that some other thread logs, and returns it.
    ///
    /// # Panics
    /// When none has come within the limit: the message shows what has.
    ///
    /// # Example
    /// ```
    /// use std::time::Duration;
    /// use hestia::testing::{capture, matching};
    ///
    /// let capture = capture();
    /// let scope = capture.scope();
    /// let worker = std::thread::spawn(move || scope.run(|| log::info!("done")));
    /// capture.wait_for(matching().message("done"), Duration::from_secs(5));
    /// # worker.join().unwrap();
    /// ```
    #[track_caller]
    pub fn wait_for(&self, matcher: impl Borrow<Matcher>, limit: Duration) -> CapturedRecord {
        let matcher = matcher.borrow();
        let deadline = deadline_in(limit);
        loop {
            let seen = self.collector.state().entries.len();
            if let Some(record) = self.first_expected(matcher) {
                return record;
            }
            if deadline <= std::time::Instant::now() {
                panic!(
                    "no record has been logged within {limit:?} with {matcher}\n{}",
                    self.nearest(matcher)
                );
            }
            self.collector.wait_for_more(seen, deadline);
        }
    }

    /// The first that fits; it and all others that do are expected from now on.
    fn first_expected(&self, matcher: &Matcher) -> Option<CapturedRecord> {
        let mut state = self.collector.state();
        let mut first = None;
        for entry in &mut state.entries {
            if matcher.matches(&entry.record) {
                entry.is_expected = true;
                first.get_or_insert_with(|| entry.record.clone());
            }
        }
        first
    }

    #[track_caller]
    fn found(&self, matcher: &Matcher) -> Vec<CapturedRecord> {
        let mut records = self.records();
        records.retain(|record| matcher.matches(record));
        records
    }

    fn unexpected_errors(&self) -> Vec<CapturedRecord> {
        let state = self.collector.state();
        let unexpected = state
            .entries
            .iter()
            .filter(|entry| entry.record.level() == Level::Error && !entry.is_expected);
        unexpected.map(|entry| entry.record.clone()).collect()
    }

    /// All records, those first that fit best, each with what is different about it.
    fn nearest(&self, matcher: &Matcher) -> String {
        let mut records: Vec<_> = records_of(&self.collector.state().entries)
            .into_iter()
            .map(|record| (matcher.misses(&record), record))
            .collect();
        records.sort_by_key(|(misses, _)| misses.len());
        let mut text = match records.len() {
            0 => "nothing was logged at all".to_owned(),
            1 => "there is another one:".to_owned(),
            count => format!("there are {count} others, the nearest first:"),
        };
        for (misses, record) in records.iter().take(SHOWN) {
            let _ = write!(text, "\n  {}", self.shown(record));
            if !misses.is_empty() {
                let _ = write!(text, "\n    has {}", misses.join(", "));
            }
        }
        add_rest(&mut text, records.len());
        text
    }

    /// These records, one a line.
    fn listed(&self, records: &[CapturedRecord]) -> String {
        let mut text = match records.len() {
            0 => "nothing was logged at all".to_owned(),
            1 => "there is this one:".to_owned(),
            count => format!("there are these {count}:"),
        };
        for record in records.iter().take(SHOWN) {
            let _ = write!(text, "\n  {}", self.shown(record));
        }
        add_rest(&mut text, records.len());
        text
    }

    /// The record, with its thread where that is another one than the test's.
    pub(super) fn shown(&self, record: &CapturedRecord) -> String {
        let is_own = record.thread().id() == self.collector.thread_id;
        let text = record.to_string().replace('\n', "\n  ");
        if is_own {
            text
        } else {
            format!("{text} (thread {})", record.thread())
        }
    }
}

fn records_of(entries: &[Entry]) -> Vec<CapturedRecord> {
    entries.iter().map(|entry| entry.record.clone()).collect()
}

fn add_rest(text: &mut String, count: usize) {
    if let Some(rest) = count.checked_sub(SHOWN).filter(|rest| *rest > 0) {
        let _ = write!(text, "\n  … and {rest} more");
    }
}

impl From<&Matcher> for Matcher {
    fn from(matcher: &Matcher) -> Self {
        matcher.clone()
    }
}
