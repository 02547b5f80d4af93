//! One output: a level and a filter, a layout, a sink.
//!
//! Writer thread. Decides for each record which outputs get it, has it laid out ([`layouts`](super::layouts)),
//! gathers lines in batches, and says in the output itself what was lost.
//!
//! *Invariant:* a filter, layout or sink that fails or panics costs its own output that record or batch,
//! nothing else; and every record is counted once per output.

use std::any::Any;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, Cache};

use super::control::Answer;
use super::fold::{Fold, Folding, Run};
use super::journal::absolute;
use super::layouts::{Layouts, RouteLayout, SharedLayout};
use crate::clock::deadline_in;
use crate::error::{ErrorKind, SinkError, chain};
use crate::filter::Filter;
use crate::filter::directives::Table;
use crate::internal;
use crate::level::Level;
use crate::position::FilePosition;
use crate::queue::Shed;
use crate::record::Record;
use crate::record::batch::Batch;
use crate::sink::file::FileRules;
use crate::sink::{FlushTicket, Sink, Standing, again};
use crate::stats::{LevelCounts, OutputCounts, add};
use crate::sync::channel::Sender;

/// A batch of this many bytes is written at once: what one write call takes at its best.
const FULL_BATCH_BYTES: usize = 64 << 10;
/// The longest a line waits in a batch while the writer never sleeps.
const OLDEST_LINE: Duration = Duration::from_millis(100);
/// At most one notice of loss in this span, per output.
pub(super) const NOTICE_PAUSE: Duration = Duration::from_secs(1);

/// One output, as the writer has it.
pub(crate) struct Route {
    pub(crate) name: String,
    pub(crate) table: Arc<ArcSwap<Table>>,
    pub(crate) filter: Option<Box<dyn Filter>>,
    pub(crate) layout: RouteLayout,
    pub(crate) sink: Box<dyn Sink>,
    pub(crate) counts: Arc<OutputCounts>,
    /// Only records of the named logger with this number.
    pub(crate) only_logger: Option<u64>,
    /// Where its file stands, when it is one.
    pub(crate) file: Option<Arc<Standing>>,
}

/// One output at work; see [`Route`] for what it was told.
struct Slot {
    name: String,
    /// The levels as they were at the last look.
    table: Cache<Arc<ArcSwap<Table>>, Arc<Table>>,
    filter: Option<Box<dyn Filter>>,
    /// The place of its layout.
    layout: usize,
    tells_processes_apart: bool,
    sink: Box<dyn Sink>,
    counts: Arc<OutputCounts>,
    only_logger: Option<u64>,
    file: Option<Arc<Standing>>,
    batch: Batch,
    is_closed: bool,
    /// Since when the batch has been waiting.
    oldest: Option<Instant>,
    urgent: bool,
    /// What the last notice that got out had told.
    told: Losses,
    /// What it got last, and how often that came again.
    fold: Fold,
    /// What of a process that is gone may be in the file already.
    there: Lines,
    /// How many of its records were not, and are now.
    recovered: u64,
}

/// What an output does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Losses {
    shed: Shed,
    failed: LevelCounts,
}

impl Losses {
    /// What is new, each kind with why.
    fn since(&self, told: &Losses) -> [(LevelCounts, &'static str); 3] {
        let (shed, told_shed) = (&self.shed, &told.shed);
        [
            (
                shed.no_room.since(&told_shed.no_room),
                "the queue had no room",
            ),
            (
                shed.too_deep.since(&told_shed.too_deep),
                "statements nested too deep",
            ),
            (
                self.failed.since(&told.failed),
                "this output could not be written to",
            ),
        ]
    }
}

/// All outputs.
pub(super) struct Routes {
    slots: Vec<Slot>,
    layouts: Layouts,
    folding: Folding,
}

impl Routes {
    pub(super) fn new(folding: Folding) -> Self {
        Routes {
            slots: Vec::new(),
            layouts: Layouts::new(),
            folding,
        }
    }

    /// Adds an output, for records from now on; so many were processed, and these shed, before it.
    pub(super) fn add(&mut self, route: Route, processed: u64, shed: Shed) {
        route.counts.before.store(processed, Ordering::Relaxed);
        let RouteLayout {
            key,
            layout,
            tells_processes_apart,
        } = route.layout;
        self.slots.push(Slot {
            name: route.name,
            table: Cache::new(route.table),
            filter: route.filter,
            layout: self.layouts.join(key, layout),
            tells_processes_apart,
            sink: route.sink,
            batch: Batch::new(Arc::clone(&route.counts)),
            counts: route.counts,
            only_logger: route.only_logger,
            file: route.file,
            is_closed: false,
            oldest: None,
            urgent: false,
            told: Losses {
                shed,
                failed: LevelCounts::default(),
            },
            fold: Fold::new(self.folding),
            there: Lines::new(),
            recovered: 0,
        });
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Has the files looked at, at the end of this round, whose lines do not tell processes apart: what others have written to
    /// them by then is no part of the next round.
    pub(super) fn ask_where_files_stand(&self) {
        for slot in &self.slots {
            if let Some(file) = &slot.file
                && !slot.tells_processes_apart
            {
                file.ask();
            }
        }
    }

    /// Where the files stand, for each output in turn: nothing for one that has none, or whose file is not open.
    pub(super) fn file_positions(&self) -> impl Iterator<Item = Option<FilePosition>> {
        let files = self.slots.iter().enumerate();
        files.map(|(place, slot)| slot.file.as_ref()?.position(place as u64))
    }

    /// The files, by the places of their outputs.
    pub(super) fn files(&self) -> impl Iterator<Item = (u64, &Standing)> {
        let files = self.slots.iter().enumerate();
        files.filter_map(|(place, slot)| Some((place as u64, &**slot.file.as_ref()?)))
    }

    /// Records of a process that is gone come next, to the outputs from this place on; lines of them may be in the files
    /// already: these. Where a line may be another process's as well, it proves nothing, and the record is written
    /// once more.
    pub(super) fn begin_recovery(&mut self, from: usize, there: &[Written]) {
        for slot in &mut self.slots[from..] {
            let path = slot.file.as_ref().map(|file| absolute(file.path()));
            let is_clear = slot.tells_processes_apart;
            // The last that there is: two outputs may have the same file.
            let written = path.and_then(|path| there.iter().rfind(|written| written.path == path));
            let proof = written.filter(|written| is_clear || !written.is_shared);
            slot.there = proof.map_or_else(Lines::new, |written| written.lines.clone());
            slot.recovered = 0;
        }
    }

    /// Whether an output from this place on is for this named logger.
    pub(super) fn has_own(&self, from: usize, logger: u64) -> bool {
        let slots = &self.slots[from..];
        slots.iter().any(|slot| slot.only_logger == Some(logger))
    }

    /// Closes the outputs from this place on, and forgets them.
    pub(super) fn remove_from(&mut self, from: usize, limit: Duration) {
        for slot in &mut self.slots[from..] {
            slot.close(limit);
        }
        for slot in self.slots.drain(from..) {
            self.layouts.leave(slot.layout);
        }
    }

    /// Passes a record of a process that is gone to every file that wants it and does not have it, as it may where somebody
    /// can have written it.
    pub(super) fn recover(&mut self, record: &Record<'_>, may_be_written: bool) {
        for slot in &mut self.slots {
            if slot.file.is_some() && slot.wants_again(record) {
                slot.take_again(record, may_be_written, self.layouts.at(slot.layout));
                if slot.batch.bytes().len() >= FULL_BATCH_BYTES {
                    slot.write_out();
                }
            }
        }
    }

    /// How many errors all files have had so far.
    pub(super) fn failed(&self) -> u64 {
        let files = self.slots.iter().filter(|slot| slot.file.is_some());
        files
            .map(|slot| slot.counts.errors.load(Ordering::Relaxed))
            .sum()
    }

    /// How many records a file got since `begin_recovery`; `None` for an output that is none.
    pub(super) fn recovered(&self, place: usize) -> Option<u64> {
        let slot = &self.slots[place];
        slot.file.as_ref().map(|_| slot.recovered)
    }

    /// Passes one record to every output that wants it; flags and bytes are what it was read from.
    pub(super) fn dispatch(&mut self, record: &Record<'_>, flags: u32, bytes: &[u8]) {
        self.layouts.begin_record();
        for slot in &mut self.slots {
            if slot.wants(record) {
                let shared = self.layouts.at(slot.layout);
                if !slot.fold.is_off() && slot.folds(record, flags, bytes, shared) {
                    continue;
                }
                slot.take(record, shared, false);
                if slot.batch.bytes().len() >= FULL_BATCH_BYTES {
                    slot.write_out();
                }
            } else {
                add(&slot.counts.filtered, 1);
            }
        }
    }

    /// A record that could not be read: lost to every output.
    pub(super) fn count_unreadable(&self, level: Level) {
        for slot in &self.slots {
            slot.batch.count_lost(level, 1);
        }
    }

    /// Has each output say how often its last record came again, as far as it has not said so. Not inlined: whatever somebody
    /// waits for begins with it.
    #[inline(never)]
    pub(super) fn tell_repeats(&mut self) {
        for place in 0..self.slots.len() {
            self.tell_repeats_of(place);
            self.slots[place].fold.forget_shared();
        }
    }

    /// Has one of them say it.
    pub(super) fn tell_repeats_of(&mut self, place: usize) {
        let slot = &mut self.slots[place];
        let run = slot.fold.end();
        slot.tell(run, self.layouts.at(slot.layout));
    }

    /// From now on each record has its line.
    pub(super) fn stop_folding(&mut self) {
        self.folding = Folding::Off;
        for slot in &mut self.slots {
            slot.fold.stop();
        }
        self.tell_repeats();
    }

    /// What records refer to may be given up, and its memory used again.
    pub(super) fn forget_shared(&mut self) {
        for slot in &mut self.slots {
            slot.fold.forget_shared();
        }
    }

    /// Writes a line of hestia's own to every output, whatever its level.
    pub(super) fn announce(&mut self, notice: &Record<'_>) {
        self.tell_repeats();
        self.layouts.begin_record();
        for slot in &mut self.slots {
            slot.take(notice, self.layouts.at(slot.layout), true);
        }
    }

    /// Writes a line of hestia's own to one output.
    pub(super) fn announce_to(&mut self, place: usize, notice: &Record<'_>) {
        let slot = &mut self.slots[place];
        let shared = self.layouts.at(slot.layout);
        shared.begin_record();
        slot.take(notice, shared, true);
    }

    /// What an output does not have: what the queue shed, and what failed on the way out.
    pub(super) fn losses(&self, place: usize, shed: Shed) -> Losses {
        self.slots[place].losses(shed)
    }

    /// What of it the output has not said yet, each kind with why.
    pub(super) fn untold(&self, place: usize, losses: &Losses) -> [(LevelCounts, &'static str); 3] {
        losses.since(&self.slots[place].told)
    }

    /// All of it was announced. What the output cannot take is said again later.
    pub(super) fn told(&mut self, place: usize, losses: Losses) {
        let slot = &mut self.slots[place];
        if slot.write_out() {
            slot.told = losses;
        }
    }

    /// Whether some output lacks records and has not said so.
    pub(super) fn has_untold_losses(&self, shed: Shed) -> bool {
        self.slots.iter().any(|slot| slot.told != slot.losses(shed))
    }

    /// The end of a round: writes what is due. `dry` says that nothing more waits in the queue.
    pub(super) fn end_round(&mut self, dry: bool) {
        for slot in &mut self.slots {
            let run = slot.fold.due();
            slot.tell(run, self.layouts.at(slot.layout));
            let waited = slot
                .oldest
                .is_some_and(|since| since.elapsed() >= OLDEST_LINE);
            if dry || slot.urgent || waited {
                slot.write_out();
            } else if slot.oldest.is_none() && !slot.batch.is_empty() {
                slot.oldest = Some(Instant::now());
            }
            slot.idle(false);
        }
    }

    /// Writes what is made: the writer is about to sleep for a moment.
    pub(super) fn write_out(&mut self) {
        for slot in &mut self.slots {
            slot.write_out();
        }
    }

    /// The writer is about to sleep until somebody logs.
    pub(super) fn rest(&mut self) {
        self.tell_repeats();
        self.write_out();
        for slot in &mut self.slots {
            slot.idle(true);
        }
    }

    /// Another filter, or none, for the records to come.
    pub(super) fn set_filter(&mut self, place: usize, filter: Option<Box<dyn Filter>>) {
        let Some(slot) = self.slots.get_mut(place) else {
            return;
        };
        let mut before = std::mem::replace(&mut slot.filter, filter);
        // It is the program's code that ends here.
        let ended = guarded("filter", &mut || {
            before = None;
            Ok(())
        });
        if let Err(error) = ended {
            slot.report(&error);
        }
    }

    /// From now on a file is rotated and synced so; what was for it so far is written by the rules that held so far.
    pub(super) fn set_file_rules(&mut self, place: usize, rules: FileRules) {
        let Some(slot) = self.slots.get_mut(place) else {
            return;
        };
        slot.write_out();
        slot.sink.set_rules(rules);
    }

    /// Writes everything, and has each output bring it to the disk: once, however many ask.
    pub(super) fn sync(&mut self, answers: &[Sender<Answer>]) {
        for (place, slot) in self.slots.iter_mut().enumerate() {
            slot.write_out();
            let result = slot.sync();
            // A refusal is counted before anybody is told, since it is the count that they compare.
            slot.idle(false);
            for asked in answers {
                answer(asked, place, result.as_ref().copied().map_err(again));
            }
        }
    }

    /// Writes everything and asks every output to confirm it.
    pub(super) fn flush(&mut self, asked: &Sender<Answer>) {
        for (place, slot) in self.slots.iter_mut().enumerate() {
            slot.write_out();
            let sink = &mut slot.sink;
            let flushed = guarded("flush", &mut || {
                sink.flush(FlushTicket::new(place, asked.clone()));
                Ok(())
            });
            if let Err(error) = flushed {
                slot.report(&error);
            }
        }
    }

    /// Writes everything, and has each output open its file again, or make an archive of it first.
    pub(super) fn reopen(&mut self, rotates: bool, asked: &Sender<Answer>) {
        for (place, slot) in self.slots.iter_mut().enumerate() {
            slot.write_out();
            let sink = &mut slot.sink;
            let result = if rotates {
                guarded("rotate", &mut || sink.rotate())
            } else {
                guarded("reopen", &mut || sink.reopen())
            };
            answer(asked, place, result);
        }
    }

    /// Ends the outputs' own threads. Each is told once, however many threads shut down.
    pub(super) fn close(&mut self, limit: Duration) {
        let deadline = deadline_in(limit);
        self.tell_repeats();
        for slot in &mut self.slots {
            slot.close(deadline.saturating_duration_since(Instant::now()));
        }
    }
}

impl Slot {
    fn is_for(&self, record: &Record<'_>) -> bool {
        self.only_logger
            .is_none_or(|logger| record.logger == Some(logger))
    }

    fn wants(&mut self, record: &Record<'_>) -> bool {
        self.is_for(record)
            && self.table.load().allows(record.level(), record.target())
            && self.passes_filter(record)
    }

    /// The same for a record of a process that is gone. Which levels held there nobody knows any more: all that the output
    /// may ever have.
    fn wants_again(&mut self, record: &Record<'_>) -> bool {
        self.is_for(record) && record.level() <= self.table.load().cap && self.passes_filter(record)
    }

    fn losses(&self, shed: Shed) -> Losses {
        Losses {
            shed,
            failed: self.batch.lost(),
        }
    }

    fn passes_filter(&mut self, record: &Record<'_>) -> bool {
        let Some(filter) = &mut self.filter else {
            return true;
        };
        catch_unwind(AssertUnwindSafe(|| filter.allows(record))).unwrap_or_else(|panic| {
            self.report(&panicked("filter", &*panic));
            false
        })
    }

    /// Whether a record says what the last one did, and is counted instead of written.
    fn folds(
        &mut self,
        record: &Record<'_>,
        flags: u32,
        bytes: &[u8],
        shared: &mut SharedLayout,
    ) -> bool {
        let is_folded = self.fold.repeats(record, flags, bytes);
        let run = if is_folded {
            self.fold.due_after(record.timestamp_nanos)
        } else {
            self.fold.remember(flags, bytes);
            self.fold.end()
        };
        self.tell(run, shared);
        is_folded
    }

    /// Says how often the last record came again, if it did.
    fn tell(&mut self, run: Option<Box<Run>>, shared: &mut SharedLayout) {
        let Some(run) = run else { return };
        let lines = self.batch.len();
        // The line that is kept is another record's, before this and after it.
        shared.begin_record();
        run.tell(|record| self.take(record, shared, true));
        shared.begin_record();
        if self.batch.len() > lines {
            self.batch.stands_for(run.repeated());
        } else {
            self.batch.count_lost(run.level(), run.repeated());
        }
    }

    /// Lays a record out into the batch.
    fn take(&mut self, record: &Record<'_>, shared: &mut SharedLayout, is_notice: bool) {
        if let Err(panic) = shared.append(&mut self.batch, record, is_notice) {
            self.batch.forget_unfinished();
            if !is_notice {
                self.batch.count_lost(record.level(), 1);
            }
            self.report(&panicked("layout", &*panic));
        }
        self.urgent |= record.level() == Level::Error;
    }

    /// Lays out a record of a process that is gone, unless the file has it already. A line that others may write, too, is only
    /// that record's where the record may have been written.
    fn take_again(&mut self, record: &Record<'_>, may_be_written: bool, shared: &mut SharedLayout) {
        let proves = may_be_written || self.tells_processes_apart;
        if proves
            && !self.there.is_empty()
            && let Some(lines) = shared.lines_of(record)
            && take_lines(&mut self.there, lines)
        {
            return;
        }
        shared.begin_record();
        // Counted apart, as notices are: this process's queue never had it.
        self.take(record, shared, true);
        self.recovered += 1;
    }

    /// Hands the batch to the sink. `false` when the sink did not take it. Not inlined: nearly all that an output is asked for
    /// begins with it.
    #[inline(never)]
    fn write_out(&mut self) -> bool {
        self.oldest = None;
        self.urgent = false;
        if self.batch.is_empty() {
            return true;
        }
        let (sink, batch) = (&mut self.sink, &mut self.batch);
        match guarded("write", &mut || sink.write(batch)) {
            Ok(()) => {
                self.batch.all_written();
                true
            }
            Err(error) => {
                // What went wrong may have cost no line: a file that could not be rotated or synced goes on.
                let costs_none =
                    [ErrorKind::RotateFile, ErrorKind::SyncFile].contains(&error.kind());
                let is_written = costs_none && self.batch.is_empty();
                self.batch.all_failed();
                // The line that is to be repeated may be lost.
                self.fold.forget();
                self.report(&error);
                is_written
            }
        }
    }

    fn idle(&mut self, is_resting: bool) {
        let sink = &mut self.sink;
        let result = guarded("idle", &mut || sink.idle(is_resting));
        if let Err(error) = result {
            self.report(&error);
        }
    }

    fn sync(&mut self) -> Result<(), SinkError> {
        let sink = &mut self.sink;
        guarded("sync", &mut || sink.sync())
    }

    fn close(&mut self, limit: Duration) {
        self.write_out();
        if std::mem::replace(&mut self.is_closed, true) {
            return;
        }
        let sink = &mut self.sink;
        let closed = guarded("close", &mut || {
            sink.close(limit);
            Ok(())
        });
        if let Err(error) = closed {
            self.report(&error);
        }
    }

    #[cold]
    fn report(&self, error: &SinkError) {
        add(&self.counts.errors, 1);
        if error.kind() == ErrorKind::SyncFile {
            add(&self.counts.sync_failures, 1);
        }
        internal::trouble(&self.name, chain(error));
    }
}

/// Lines without their line feeds, and how often each is there.
pub(crate) type Lines = HashMap<Vec<u8>, u64>;

/// What was added to a file.
#[derive(Debug)]
pub(crate) struct Written {
    /// From the root.
    pub(crate) path: PathBuf,
    pub(crate) lines: Lines,
    /// Not by one process alone.
    pub(crate) is_shared: bool,
}

/// Takes all lines of a record away, when all are there.
fn take_lines(there: &mut Lines, record: &[u8]) -> bool {
    let record = record.strip_suffix(b"\n").unwrap_or(record);
    let lines = || record.split(|byte| *byte == b'\n');
    if !lines().all(|line| there.get(line).is_some_and(|times| *times > 0)) {
        return false;
    }
    for line in lines() {
        if let Some(times) = there.get_mut(line) {
            *times = times.saturating_sub(1);
        }
    }
    true
}

/// Whoever asked may have given up waiting.
fn answer(asked: &Sender<Answer>, place: usize, result: Result<(), SinkError>) {
    let _ = asked.send((place, result));
}

/// Runs code of an output's, which may be the user's.
fn guarded(what: &str, run: &mut dyn FnMut() -> Result<(), SinkError>) -> Result<(), SinkError> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| Err(panicked(what, &*panic)))
}

/// What a panic of the user's code becomes.
fn panicked(what: &str, panic: &(dyn Any + Send)) -> SinkError {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    SinkError::new(
        ErrorKind::Panicked,
        format!("its {what} panicked{}: {message}", internal::panic_place()),
    )
}
