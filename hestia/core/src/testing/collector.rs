//! Where the records of captures go: an output like any other, whose layout keeps each record for those it belongs to.
//!
//! The writer's thread brings records; threads of tests take them. *Invariant:* what is kept has been decoded from the
//! queue, in the order of lines.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use log::LevelFilter;

use super::matcher::Matcher;
use super::record::CapturedRecord;
use crate::error::SinkError;
use crate::filter::Filter;
use crate::layout::{Layout, Multiline, TextLayout};
use crate::logger::captures;
use crate::logger::outputs::Output;
use crate::record::Record;
use crate::record::batch::Batch;
use crate::sink::Sink;
use crate::sync::lock;
use crate::thread;

/// What one capture has.
#[derive(Debug)]
pub(super) struct Collector {
    level: LevelFilter,
    /// The thread that began it.
    pub(super) thread_id: u64,
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) entries: Vec<Entry>,
    /// The time that records get in the place of their own.
    time_nanos: Option<i64>,
    pub(super) expected: Vec<Expected>,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) record: CapturedRecord,
    /// Some assertion was about it.
    pub(super) is_expected: bool,
}

/// An error that is to come.
#[derive(Debug)]
pub(super) struct Expected {
    pub(super) matcher: Matcher,
    pub(super) has_come: bool,
}

/// The captures there are, by number.
static LIVE: Mutex<BTreeMap<u64, Arc<Collector>>> = Mutex::new(BTreeMap::new());
static NEXT: AtomicU64 = AtomicU64::new(1);
/// Held while the output's level follows the captures.
static ADJUST: Mutex<()> = Mutex::new(());

/// One more capture, with its number.
pub(super) fn begin(level: LevelFilter) -> (u64, Arc<Collector>) {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let collector = Arc::new(Collector {
        level,
        thread_id: thread::current_id(),
        state: Mutex::default(),
        arrived: Condvar::new(),
    });
    lock(&LIVE).insert(number, Arc::clone(&collector));
    adjust();
    (number, collector)
}

/// Records that come from now on are nobody's.
pub(super) fn end(number: u64) {
    // Dropped when nothing is locked any more.
    let _ended = lock(&LIVE).remove(&number);
    adjust();
}

pub(super) fn find(number: u64) -> Option<Arc<Collector>> {
    lock(&LIVE).get(&number).cloned()
}

fn adjust() {
    let _one_at_a_time = lock(&ADJUST);
    let level = {
        let live = lock(&LIVE);
        let levels = live.values().map(|collector| collector.level);
        levels.max().unwrap_or(LevelFilter::Off)
    };
    captures::set_level(level, output);
}

fn output() -> Output {
    Output::made_by("captures", || Nowhere)
        .filter(OfSomeCapture)
        .layout(Keep::new())
}

impl Collector {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    fn wants(&self, record: &Record<'_>) -> bool {
        record.level() <= self.level
    }

    /// The time of a record, as the test has set it.
    fn time_of(&self, record: &Record<'_>) -> i64 {
        self.state().time_nanos.unwrap_or(record.timestamp_nanos)
    }

    fn keep(&self, record: CapturedRecord) {
        let mut state = self.state();
        let mut is_expected = false;
        for expected in &mut state.expected {
            if expected.matcher.matches(&record) {
                expected.has_come = true;
                is_expected = true;
            }
        }
        state.entries.push(Entry {
            record,
            is_expected,
        });
        drop(state);
        self.arrived.notify_all();
    }

    /// What was logged before counts by the time that was set before: it has to have come.
    pub(super) fn set_time(&self, time: SystemTime) {
        self.state().time_nanos = Some(nanos(time));
    }

    pub(super) fn advance(&self, span: Duration) {
        let mut state = self.state();
        let now = state.time_nanos.unwrap_or_else(|| nanos(SystemTime::now()));
        let span = i64::try_from(span.as_nanos()).unwrap_or(i64::MAX);
        state.time_nanos = Some(now.saturating_add(span));
    }

    /// Waits until something more than so many records are there, or the time has come.
    pub(super) fn wait_for_more(&self, than: usize, deadline: Instant) {
        let state = self.state();
        let left = deadline.saturating_duration_since(Instant::now());
        let is_same = |state: &mut State| state.entries.len() <= than;
        let waited = self.arrived.wait_timeout_while(state, left, is_same);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}

fn nanos(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |nanos| -nanos),
    }
}

/// The captures that a record belongs to, and that want it.
fn captures_of(record: &Record<'_>) -> impl Iterator<Item = Arc<Collector>> {
    let numbers = record.captures.as_chunks().0.iter();
    let collectors = numbers.filter_map(|number| find(u64::from_ne_bytes(*number)));
    collectors.filter(|collector| collector.wants(record))
}

/// Lets through what belongs to some capture.
#[derive(Clone, Copy, Debug)]
struct OfSomeCapture;

impl Filter for OfSomeCapture {
    fn allows(&mut self, record: &Record<'_>) -> bool {
        captures_of(record).next().is_some()
    }
}

/// Gives each record to its captures, with the line that stands for it in what tests print.
#[derive(Clone, Debug)]
struct Keep {
    text: TextLayout,
}

impl Keep {
    fn new() -> Self {
        let columns = "{time} {level:<5} {target} {location} | {message} {metadata}";
        Keep {
            text: TextLayout::pattern(columns)
                .unwrap_or_default()
                .multiline(Multiline::Indent),
        }
    }
}

impl Layout for Keep {
    fn format(&mut self, record: &Record<'_>, line: &mut Vec<u8>) {
        let start = line.len();
        for collector in captures_of(record) {
            line.truncate(start);
            let record = Record {
                timestamp_nanos: collector.time_of(record),
                ..*record
            };
            self.text.format(&record, line);
            let text = String::from_utf8_lossy(&line[start..]);
            collector.keep(CapturedRecord::new(&record, text.trim_end().to_owned()));
        }
    }
}

/// The records have been kept; nobody wants the lines.
struct Nowhere;

impl Sink for Nowhere {
    fn write(&mut self, _: &mut Batch) -> Result<(), SinkError> {
        Ok(())
    }
}
