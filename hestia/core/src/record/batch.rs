//! Lines on their way to one output.
//!
//! Filled by the writer thread, emptied by a sink. *Invariant:* every line of a record is counted as
//! written or as failed exactly once, whatever the sink does with the batch.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ::uuid::Uuid;

use super::Record;
use crate::level::{self, LEVELS, Level, Severity};
use crate::stats::{LevelCounts, OutputCounts, add};

/// What a sink may want to know about a line without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LineInfo {
    /// When the record was logged, in nanoseconds since the Unix epoch.
    pub timestamp_nanos: i64,
    /// How grave it is.
    pub severity: Severity,
    /// The record's UUID: the idempotency key for services that want one.
    pub uuid: Uuid,
    /// A line that hestia wrote by itself, to say what was lost, or how often the last record came again.
    pub is_notice: bool,
}

#[derive(Clone, Debug)]
struct Line {
    /// Where it ends in the batch's bytes.
    end: usize,
    info: LineInfo,
    /// How many records it stands for that have no line of their own.
    folded: u64,
}

/// Records of one output that failed, by level, ever since it exists.
type Lost = [AtomicU64; LEVELS];

/// A batch whose lines were taken starts again with at most this much room, in bytes: more than a usual
/// one needs, and little enough to be no loss after an unusual one.
const FRESH_BYTES: usize = 128 * 1024;

/// The most room an empty batch keeps, in bytes: one huge record must not cost memory for good.
pub(crate) const KEPT_BYTES: usize = 1 << 20;

/// Lines for one output, laid out, in order.
///
/// What is left in it when [`crate::Sink::write`] returns counts as written after `Ok` and as failed
/// after `Err`. A sink that got rid of only some of the lines says so with [`Batch::written`] first; one
/// that hands them to a thread of its own takes them out with [`Batch::take`].
///
/// # Example
/// ```
/// use hestia::{Batch, FlushTicket, Sink, SinkError};
///
/// /// Counts bytes and keeps nothing.
/// struct Weigh(usize);
///
/// impl Sink for Weigh {
///     fn write(&mut self, batch: &mut Batch) -> Result<(), SinkError> {
///         self.0 += batch.bytes().len();
///         Ok(())
///     }
///
///     fn flush(&mut self, ticket: FlushTicket) {
///         ticket.settle(Ok(()));
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Batch {
    bytes: Vec<u8>,
    lines: Vec<Line>,
    counts: Arc<OutputCounts>,
    lost: Arc<Lost>,
}

impl Batch {
    pub(crate) fn new(counts: Arc<OutputCounts>) -> Self {
        Batch {
            bytes: Vec::new(),
            lines: Vec::new(),
            counts,
            lost: Arc::default(),
        }
    }

    /// The lines, one after the other, each with its line feed.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many lines there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Each line with its line feed, and what is known about it.
    pub fn lines(&self) -> impl Iterator<Item = (&[u8], &LineInfo)> {
        let mut start = 0;
        self.lines.iter().map(move |line| {
            let bytes = &self.bytes[start..line.end];
            start = line.end;
            (bytes, &line.info)
        })
    }

    /// Settles the first `bytes` bytes: every line that lies in them to its end is counted as written
    /// and removed. Returns how many of the bytes belong to a line that was begun and not finished;
    /// they are removed too, and the line stays, shortened to what is missing: the first of the batch,
    /// for [`Batch::take_first`]. More bytes than there are mean all of them.
    pub fn written(&mut self, bytes: usize) -> usize {
        let bytes = bytes.min(self.bytes.len());
        let whole = self.lines.partition_point(|line| line.end <= bytes);
        let finished = self.end_of(whole);
        self.settle(whole, Fate::Written);
        add(&self.counts.bytes, bytes as u64);
        self.remove(whole, bytes);
        bytes - finished
    }

    /// Counts the first line as failed and removes it. A sink uses this for a line that it had to give up.
    pub fn give_up_first(&mut self) {
        self.take_first().all_failed();
    }

    /// Takes the first line out and leaves the others: for a line that was begun and has to be finished
    /// before anything else. Nothing is taken from an empty batch.
    #[must_use]
    pub fn take_first(&mut self) -> TakenBatch {
        let lines = self.lines.len().min(1);
        let end = self.end_of(lines);
        let first = TakenBatch {
            batch: Batch {
                bytes: self.bytes[..end].to_vec(),
                lines: self.lines[..lines].to_vec(),
                counts: Arc::clone(&self.counts),
                lost: Arc::clone(&self.lost),
            },
        };
        self.remove(lines, end);
        first
    }

    /// Takes the lines out, to be written later: the batch is empty after that, and the one returned
    /// counts them when it is settled. Dropping it without a word counts them as failed.
    #[must_use]
    pub fn take(&mut self) -> TakenBatch {
        let length = self.bytes.len();
        let bytes = Vec::with_capacity((length + length / 4).min(FRESH_BYTES));
        TakenBatch {
            batch: Batch {
                bytes: std::mem::replace(&mut self.bytes, bytes),
                lines: std::mem::take(&mut self.lines),
                counts: Arc::clone(&self.counts),
                lost: Arc::clone(&self.lost),
            },
        }
    }

    /// How many records of this output failed, by level, since it exists: in this batch, in those taken
    /// from it, on whichever thread. Notices of loss are made from the difference to an earlier answer.
    pub(crate) fn lost(&self) -> LevelCounts {
        LevelCounts(std::array::from_fn(|level| {
            self.lost[level].load(Ordering::Relaxed)
        }))
    }

    /// Counts records as failed that did not become a line.
    pub(crate) fn count_lost(&self, level: Level, records: u64) {
        add(&self.lost[level::index(level)], records);
        add(&self.counts.failed, records);
    }

    /// Counts a failure of the output, for a worker that reports it by itself.
    pub(crate) fn count_error(&self) {
        add(&self.counts.errors, 1);
    }

    /// Where the last line ends that lies within `limit` bytes after `from`, or the first after `from`
    /// when not even that one does. More than `from` as long as there are bytes after it.
    pub(crate) fn end_of_lines(&self, from: usize, limit: usize) -> usize {
        let within = |line: &Line| line.end <= from.saturating_add(limit);
        let end = self.end_of(self.lines.partition_point(within));
        if end > from {
            return end;
        }
        let longer = self.lines.partition_point(|line| line.end <= from);
        self.lines
            .get(longer)
            .map_or(self.bytes.len(), |line| line.end)
    }

    /// Where the last of those first lines ends that lie within `limit` bytes and are older than `before`, in
    /// nanoseconds; 0 when not even the first line is one of them.
    pub(crate) fn end_within(&self, limit: usize, before: i64) -> usize {
        let fits = |line: &&Line| line.end <= limit && line.info.timestamp_nanos < before;
        let fitting = self.lines.iter().take_while(fits);
        fitting.last().map_or(0, |line| line.end)
    }

    pub(crate) fn append(
        &mut self,
        record: &Record<'_>,
        is_notice: bool,
        format: impl FnOnce(&mut Vec<u8>),
    ) {
        format(&mut self.bytes);
        self.lines.push(Line {
            end: self.bytes.len(),
            info: LineInfo {
                timestamp_nanos: record.timestamp_nanos,
                severity: record.severity(),
                uuid: record.uuid,
                is_notice,
            },
            folded: 0,
        });
    }

    /// The line that was appended last stands for so many records.
    pub(crate) fn stands_for(&mut self, records: u64) {
        if let Some(line) = self.lines.last_mut() {
            line.folded = records;
        }
    }

    /// Removes bytes that a layout appended before it panicked.
    pub(crate) fn forget_unfinished(&mut self) {
        let end = self.lines.last().map_or(0, |line| line.end);
        self.bytes.truncate(end);
    }

    pub(crate) fn all_written(&mut self) {
        add(&self.counts.bytes, self.bytes.len() as u64);
        self.settle(self.lines.len(), Fate::Written);
        self.clear();
    }

    /// Not inlined: every drop of a taken batch is one of these.
    #[inline(never)]
    pub(crate) fn all_failed(&mut self) {
        self.settle(self.lines.len(), Fate::Failed);
        self.clear();
    }

    /// Counts the first lines. An output works when the last thing that became of a line is that it was
    /// written; this is the one place that knows for all sinks, whichever thread they write on. Not inlined: each fate would
    /// have a loop of its own at each place.
    #[inline(never)]
    fn settle(&self, lines: usize, fate: Fate) {
        if lines == 0 {
            return;
        }
        let (mut notices, mut written, mut all_folded) = (0, 0, 0);
        for Line { info, folded, .. } in &self.lines[..lines] {
            match fate {
                Fate::Failed if *folded > 0 => self.count_lost(info.severity.level(), *folded),
                Fate::Written if info.is_notice => notices += 1,
                // Whoever made it makes it again.
                Fate::Failed if info.is_notice => {}
                Fate::Written => written += 1,
                Fate::Failed => self.count_lost(info.severity.level(), 1),
            }
            all_folded += folded * u64::from(fate == Fate::Written);
        }
        add(&self.counts.notices, notices);
        add(&self.counts.written, written);
        if all_folded > 0 {
            add(&self.counts.folded, all_folded);
        }
        let failed = fate == Fate::Failed;
        self.counts.broken.store(failed, Ordering::Relaxed);
    }

    /// Where the first `lines` lines end.
    fn end_of(&self, lines: usize) -> usize {
        match lines.checked_sub(1) {
            Some(last) => self.lines[last].end,
            None => 0,
        }
    }

    /// Removes the first lines and bytes: what is left ends that much earlier.
    fn remove(&mut self, lines: usize, bytes: usize) {
        self.lines.drain(..lines);
        self.bytes.drain(..bytes);
        for line in &mut self.lines {
            line.end -= bytes;
        }
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_BYTES);
        self.lines.clear();
    }
}

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Written,
    Failed,
}

/// Lines that a sink took out of a [`Batch`]; see [`Batch::take`].
#[derive(Debug)]
pub struct TakenBatch {
    batch: Batch,
}

impl TakenBatch {
    /// The lines, and what is known about them.
    #[must_use]
    pub fn lines(&self) -> &Batch {
        &self.batch
    }

    /// The same, for a sink that finds out bit by bit how much of it is written.
    pub(crate) fn lines_mut(&mut self) -> &mut Batch {
        &mut self.batch
    }

    /// As [`Batch::written`].
    pub fn written(&mut self, bytes: usize) -> usize {
        self.batch.written(bytes)
    }

    /// Counts all that is left as written.
    pub fn all_written(mut self) {
        self.batch.all_written();
    }

    /// Counts all that is left as failed; dropping it does the same.
    pub fn all_failed(mut self) {
        self.batch.all_failed();
    }
}

impl Drop for TakenBatch {
    fn drop(&mut self) {
        self.batch.all_failed();
    }
}

#[cfg(test)]
impl Batch {
    /// A batch of these lines at level info; one that starts with `notice` is a notice.
    pub(crate) fn of(lines: &[&str]) -> Self {
        let mut batch = Batch::new(Arc::default());
        batch.extend(lines);
        batch
    }

    pub(crate) fn extend(&mut self, lines: &[&str]) {
        self.extend_at(Level::Info, lines);
    }

    pub(crate) fn extend_at(&mut self, level: Level, lines: &[&str]) {
        for line in lines {
            self.bytes.extend_from_slice(line.as_bytes());
            self.lines.push(Line {
                end: self.bytes.len(),
                info: LineInfo {
                    timestamp_nanos: 0,
                    severity: Severity::Level(level),
                    uuid: Uuid::nil(),
                    is_notice: line.starts_with("notice"),
                },
                folded: 0,
            });
        }
    }

    /// The same lines, logged at these seconds.
    pub(crate) fn at(mut self, seconds: &[i64]) -> Self {
        self.set_times(seconds);
        self
    }

    pub(crate) fn set_times(&mut self, seconds: &[i64]) {
        for (line, second) in self.lines.iter_mut().zip(seconds) {
            line.info.timestamp_nanos = second * 1_000_000_000;
        }
    }

    /// What was counted so far: written, failed, notices, bytes.
    pub(crate) fn figures(&self) -> (u64, u64, u64, u64) {
        let counts = &self.counts;
        (
            counts.written.load(Ordering::Relaxed),
            counts.failed.load(Ordering::Relaxed),
            counts.notices.load(Ordering::Relaxed),
            counts.bytes.load(Ordering::Relaxed),
        )
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.counts.broken.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partial_write_settles_whole_lines_only() {
        let mut batch = Batch::of(&["one\n", "two\n", "three\n"]);
        assert_eq!(batch.written(6), 2);
        assert_eq!(batch.figures(), (1, 0, 0, 6));
        assert_eq!(batch.bytes(), b"o\nthree\n");
        batch.all_failed();
        assert_eq!(batch.figures(), (1, 2, 0, 6));
    }

    #[test]
    fn a_taken_batch_that_is_dropped_counts_as_failed() {
        let mut batch = Batch::of(&["one\n", "notice\n"]);
        drop(batch.take());
        assert!(batch.is_empty());
        assert_eq!(batch.figures(), (0, 1, 0, 0));
    }

    #[test]
    fn giving_up_a_line_keeps_the_others() {
        let mut batch = Batch::of(&["one\n", "two\n"]);
        batch.give_up_first();
        let left: Vec<_> = batch.lines().map(|(bytes, _)| bytes).collect();
        assert_eq!(left, [b"two\n"]);
        assert_eq!(batch.figures(), (0, 1, 0, 0));
    }

    #[test]
    fn the_first_line_can_be_taken_and_finished_later() {
        let mut batch = Batch::of(&["one\n", "two\n", "three\n"]);
        assert_eq!(batch.written(5), 1);
        let mut begun = batch.take_first();
        assert_eq!(begun.lines().bytes(), b"wo\n");
        assert_eq!(batch.bytes(), b"three\n");
        begun.written(3);
        batch.all_written();
        drop(begun);
        assert_eq!(batch.figures(), (3, 0, 0, 14));
    }

    #[test]
    fn taking_from_an_empty_batch_takes_nothing() {
        let mut batch = Batch::of(&[]);
        batch.give_up_first();
        assert!(batch.take_first().lines().is_empty());
        assert_eq!(batch.written(7), 0);
        assert_eq!(batch.figures(), (0, 0, 0, 0));
    }

    #[test]
    fn chunks_end_where_lines_end() {
        let batch = Batch::of(&["one\n", "two\n", "a long line\n", "x\n"]);
        assert_eq!(batch.end_of_lines(0, 8), 8);
        assert_eq!(batch.end_of_lines(0, 11), 8);
        assert_eq!(batch.end_of_lines(0, 3), 4);
        assert_eq!(batch.end_of_lines(8, 4), 20);
        assert_eq!(batch.end_of_lines(8, usize::MAX), 22);
    }

    #[test]
    fn what_goes_into_a_file_ends_at_its_size_and_at_its_time() {
        let batch = Batch::of(&["one\n", "two\n", "late\n", "four\n"]).at(&[1, 3, 2, 4]);
        let second = 1_000_000_000;
        assert_eq!(batch.end_within(usize::MAX, i64::MAX), 18);
        assert_eq!(batch.end_within(8, i64::MAX), 8);
        assert_eq!(batch.end_within(7, i64::MAX), 4);
        assert_eq!(batch.end_within(3, i64::MAX), 0);
        assert_eq!(batch.end_within(usize::MAX, 3 * second), 4);
        assert_eq!(batch.end_within(usize::MAX, 4 * second), 13);
        assert_eq!(batch.end_within(usize::MAX, second), 0);
    }

    #[test]
    fn what_failed_is_counted_by_level() {
        let mut batch = Batch::of(&["one\n", "two\n", "notice\n"]);
        let before = batch.lost();
        drop(batch.take());
        batch.count_lost(Level::Warn, 1);
        let lost = batch.lost().since(&before);
        assert_eq!((lost.of(Level::Info), lost.of(Level::Warn)), (2, 1));
        assert_eq!(batch.figures(), (0, 3, 0, 0));
    }

    #[test]
    fn an_output_works_again_once_a_line_is_written() {
        let mut batch = Batch::of(&["one\n", "two\n"]);
        batch.give_up_first();
        assert!(batch.is_broken());
        batch.all_written();
        assert!(!batch.is_broken());
    }
}
