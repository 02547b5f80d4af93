//! Consecutive records that say the same, folded into one line that says how often.
//!
//! Writer thread, once for each output, after its level and filter: so what an output does not get comes between none of
//! its lines. The first record is written as it is; those after it that say the same, but for time and thread, are counted,
//! and a line of hestia's own says how many they were: when something else comes, when they have been coming for
//! [`LONGEST`], when the queue is silent, and before whatever somebody waits for (a flush, a rotation, the end).
//!
//! *Invariant:* a record that is not written is counted as folded once the line that stands for it is written, as lost when
//! that line could not be, and as pending until then.

use std::sync::Arc;
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::facts::Facts;
use crate::level::{Level, Severity};
use crate::record::{Field, Likeness, Metadata, Record, Value};
use crate::thread::ThreadRef;
use crate::trace_context::TraceIds;

/// How long records are counted before a line says how many they were.
const LONGEST: Duration = Duration::from_secs(10);

/// The largest record that is compared with the next one, in bytes.
const LARGEST: usize = 16 << 10;

/// Whether consecutive records that say the same become one line; see
/// [`Builder::fold_duplicates`](crate::Builder::fold_duplicates).
///
/// # Example
/// ```
/// use hestia::Folding;
/// assert_eq!(Folding::from(true), Folding::ButErrors);
/// hestia::builder().fold_duplicates(Folding::All);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Folding {
    /// Each record has its line.
    #[default]
    Off,
    /// They do, unless they are errors.
    ButErrors,
    /// They do, errors too.
    All,
}

impl From<bool> for Folding {
    fn from(on: bool) -> Self {
        if on { Folding::ButErrors } else { Folding::Off }
    }
}

/// What one output got last, and how often it came again.
#[derive(Debug)]
pub(super) struct Fold {
    folding: Folding,
    last: Option<Likeness>,
    /// Memory for the next one.
    spare: Vec<u8>,
    /// Boxed, since it is moved around for each record, and most often not there.
    run: Option<Box<Run>>,
}

/// Records that are counted and not written.
#[derive(Debug)]
pub(super) struct Run {
    repeated: u64,
    since: Instant,
    since_nanos: i64,
    /// Of the last of them, whose place the line takes.
    timestamp_nanos: i64,
    uuid: Uuid,
    thread: (u64, Option<String>),
    /// Of all of them.
    severity: Severity,
    target: String,
    module: Option<String>,
    file: Option<String>,
    line: Option<u32>,
    application: String,
    facts: Arc<Facts>,
    trace: Option<TraceIds>,
    message: String,
}

impl Fold {
    pub(super) fn new(folding: Folding) -> Self {
        Fold {
            folding,
            last: None,
            spare: Vec::new(),
            run: None,
        }
    }

    /// Whether there is nothing to do here at all.
    #[inline]
    pub(super) fn is_off(&self) -> bool {
        self.folding == Folding::Off
    }

    /// From now on each record has its line. What was counted is still to be told.
    pub(super) fn stop(&mut self) {
        self.folding = Folding::Off;
        self.last = None;
    }

    /// The next record has its line, whatever it says.
    pub(super) fn forget(&mut self) {
        self.last = None;
    }

    /// What the last record referred to may be gone, and something else at its address.
    pub(super) fn forget_shared(&mut self) {
        self.last.take_if(|last| last.is_shared());
    }

    /// Counts a record that says what the last one did. `false` when it does not; then it is the last one, once
    /// [`Fold::remember`] was told.
    pub(super) fn repeats(&mut self, record: &Record<'_>, flags: u32, bytes: &[u8]) -> bool {
        let is_exempt = record.level() == Level::Error && self.folding != Folding::All;
        let is_same = |last: &Likeness| last.is_of(flags, bytes);
        if is_exempt || !self.last.as_ref().is_some_and(is_same) {
            return false;
        }
        match &mut self.run {
            Some(run) => run.add(record),
            None => self.run = Some(Box::new(Run::of(record))),
        }
        true
    }

    /// The output gets this record; the next one is compared with it.
    pub(super) fn remember(&mut self, flags: u32, bytes: &[u8]) {
        if let Some(last) = self.last.take() {
            self.spare = last.into_memory();
        }
        if bytes.len() <= LARGEST {
            let memory = std::mem::take(&mut self.spare);
            self.last = Likeness::of(flags, bytes, memory);
        }
    }

    /// What is to be told now, after a record of this time.
    pub(super) fn due_after(&mut self, timestamp_nanos: i64) -> Option<Box<Run>> {
        let longest = i64::try_from(LONGEST.as_nanos()).unwrap_or(i64::MAX);
        let is_due =
            |run: &mut Box<Run>| timestamp_nanos.saturating_sub(run.since_nanos) >= longest;
        self.run.take_if(is_due)
    }

    /// What is to be told now though nothing came.
    pub(super) fn due(&mut self) -> Option<Box<Run>> {
        self.run.take_if(|run| run.since.elapsed() >= LONGEST)
    }

    /// All that is not told yet.
    pub(super) fn end(&mut self) -> Option<Box<Run>> {
        self.run.take()
    }
}

impl Run {
    fn of(record: &Record<'_>) -> Self {
        let metadata = record.metadata();
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Run {
            repeated: 1,
            since: Instant::now(),
            since_nanos: record.timestamp_nanos,
            timestamp_nanos: record.timestamp_nanos,
            uuid: record.uuid,
            thread: (record.thread.id, owned(record.thread.name)),
            severity: metadata.severity(),
            target: metadata.target().to_owned(),
            module: owned(metadata.module()),
            file: owned(metadata.file()),
            line: metadata.line(),
            application: record.application.to_owned(),
            facts: Arc::clone(record.facts),
            trace: record.trace,
            message: record.message.to_owned(),
        }
    }

    fn add(&mut self, record: &Record<'_>) {
        self.repeated += 1;
        self.timestamp_nanos = record.timestamp_nanos;
        self.uuid = record.uuid;
        if self.thread.0 != record.thread.id {
            self.thread = (record.thread.id, record.thread.name.map(str::to_owned));
        }
    }

    pub(super) fn repeated(&self) -> u64 {
        self.repeated
    }

    pub(super) fn level(&self) -> Level {
        self.severity.level()
    }

    /// The line that stands for them, as a record. It says the message once more, since the line before it may be in another
    /// file by now.
    pub(super) fn tell(&self, take: impl FnOnce(&Record<'_>)) {
        let times = if self.repeated == 1 { "time" } else { "times" };
        let mut message = format!("last message repeated {} {times}", self.repeated);
        if !self.message.is_empty() {
            message.push_str(": ");
            message.push_str(&self.message);
        }
        take(&Record {
            timestamp_nanos: self.timestamp_nanos,
            uuid: self.uuid,
            metadata: Metadata::new(self.severity, &self.target).at(
                self.module.as_deref(),
                self.file.as_deref(),
                self.line,
            ),
            site: None,
            facts: &self.facts,
            application: &self.application,
            captures: &[],
            logger: None,
            thread: ThreadRef {
                id: self.thread.0,
                name: self.thread.1.as_deref(),
            },
            trace: self.trace,
            message: &message,
            fields: &[Field {
                key: "repeated",
                value: Value::U64(self.repeated),
            }],
        });
    }
}

#[cfg(test)]
mod tests;
