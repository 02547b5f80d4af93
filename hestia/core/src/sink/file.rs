//! A file that lines are appended to.
//!
//! The writer thread runs it (the thread that logs, after shutdown). Every chunk of whole lines is one
//! write at the end of the file, so several processes may append to the same file, and a log rotator may
//! truncate it (`copytruncate`), move it away or delete it: whether the path still leads to the open file is looked at
//! before the first write that comes a second or more after the last look, and if not, it is opened anew. hestia's own
//! rotation is [`rotator`]'s.
//!
//! What can go wrong costs the lines at hand, never more: a file that could not be opened is tried again
//! once a second, a full disk at every write. A line that a full disk cut is finished first thing when
//! there is room.
//!
//! What was written is the operating system's. When it is brought to the disk as well, [`durability`] says.
//!
//! *Invariant:* what is in the file already is never touched.

pub(crate) mod archive;
pub(crate) mod compressor;
pub(crate) mod disk;
pub(crate) mod durability;
pub(crate) mod held;
pub(crate) mod lock;
mod period;
pub(crate) mod rotation;
mod rotator;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::lines::{Lines, Out, is_closed};
use super::{FlushTicket, Sink, Standing, again};
use crate::error::{ErrorKind, SinkError, chain};
use crate::position::FilePosition;
use crate::record::batch::{Batch, KEPT_BYTES};

use disk::Disk;
use durability::{Durability, Synced};
use rotation::Rotation;
use rotator::{Moved, Rotator};

/// How much one write takes at most, in bytes, unless a single line is longer. Larger than a usual batch,
/// which so takes one write; a limit at all, since systems without one write no faster for it and keep
/// other processes that append to the file waiting.
const CHUNK_BYTES: usize = 256 * 1024;

/// How long a file that could not be opened, or not be rotated, is left alone.
const RETRY: Duration = Duration::from_secs(1);

/// How often a rotation by hand is tried while another process rotates a file of the same directory.
const BY_HAND_ATTEMPTS: u32 = 20;

/// Somebody waits, or has ever waited, for records to be on the disk: then files that are given up are brought there, too.
static KEEP_ALL: AtomicBool = AtomicBool::new(false);

/// From now on. To be called before the record is logged, whose way to the writer orders the two.
pub(crate) fn keep_all() {
    KEEP_ALL.store(true, Ordering::Relaxed);
}

/// How long the path is believed to lead to the open file.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// What a file sink needs of the world.
pub(crate) trait FileSystem: Send {
    /// An open file.
    type File: io::Write + Send;

    /// Opens a file for appending; makes it, and its directory, when they are missing.
    fn open(&mut self, path: &Path) -> Result<Self::File, SinkError>;

    /// Whether somebody else had the file open, to write to it, when it was opened here: another process, or this one once more.
    /// `false` when that cannot be found out.
    fn was_open_elsewhere(&self, file: &Self::File) -> bool;

    /// Whether the file has a last line without an end. `false` when that cannot be found out.
    fn ends_within_line(&mut self, path: &Path) -> bool;

    /// Where the last write to the file ended; `None` when that cannot be found out.
    fn position(&self, file: &Self::File) -> Option<u64>;

    /// Whether the byte before this place of the open file ends no line. `false` when that cannot be found out.
    fn is_within_line(&self, path: &Path, file: &Self::File, at: u64) -> bool;

    /// The present time.
    fn now(&self) -> Instant;

    /// The same by the clock that people set, in seconds since the Unix epoch.
    fn seconds(&self) -> i64;

    /// What there is to know about an open file; `None` when that cannot be found out.
    fn status(&self, file: &Self::File) -> Option<Status>;

    /// Whether the path leads to the file of this status.
    fn look(&self, path: &Path, status: &Status) -> Place;

    /// Opens a new file in the place of an old one, whose mode and owner it has from the beginning.
    fn open_like(&mut self, path: &Path, old: &Self::File) -> Result<Self::File, SinkError>;

    /// Brings to the disk what was written to the file.
    fn sync(&mut self, file: &Self::File) -> io::Result<()>;

    /// Brings to the disk that there is a file of this name.
    fn sync_name(&mut self, path: &Path) -> io::Result<()>;
}

/// What there is to know about an open file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Status {
    /// Neither device nor pipe.
    is_file: bool,
    bytes: u64,
    /// How many names it has; 0 once it has been deleted.
    links: u64,
    device: u64,
    inode: u64,
    /// In seconds since the Unix epoch.
    modified: i64,
    /// The same, where the file system knows it.
    created: Option<i64>,
}

impl Status {
    fn identity(&self) -> held::Identity {
        (self.device, self.inode)
    }
}

/// Where a path leads, compared to an open file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Same,
    /// To another file, or to none.
    Elsewhere,
    /// That could not be found out.
    Unknown,
}

/// When a file is rotated, and when it is brought to the disk.
#[derive(Clone, Debug, PartialEq)]
pub struct FileRules {
    /// Never, not even by hand, when there is none.
    pub(crate) rotation: Option<Rotation>,
    pub(crate) durability: Durability,
}

/// A file, and how much of what was to be written to it it took: also where the rest failed.
struct Counting<'f> {
    file: &'f mut dyn Out,
    bytes: usize,
}

impl Out for Counting<'_> {
    fn write_some(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write_some(bytes)?;
        self.bytes += count;
        Ok(count)
    }
}

/// Appends lines to a file.
#[derive(Debug)]
pub(crate) struct FileSink<S: FileSystem = Disk> {
    path: PathBuf,
    system: S,
    file: Option<S::File>,
    lines: Lines,
    /// Where this sink's last write to the file ended, or how long the file was when its last line was looked at, whichever came
    /// later.
    end: Option<u64>,
    /// It began elsewhere than where the one before it had ended.
    is_behind_others: bool,
    /// Its first line.
    first_line: Vec<u8>,
    /// Another process has this file open, or has written to it. Once it has, whatever file the path leads to counts as shared:
    /// it follows there.
    is_shared: bool,
    /// Why the file could not be opened, and when that is tried again.
    refused: Option<(SinkError, Instant)>,
    /// Why the last write failed.
    failed: Option<SinkError>,
    /// Absent where the program said that the file is never rotated.
    rotator: Option<Rotator>,
    /// What has gone wrong at no cost to any line, and is still to be reported.
    trouble: Option<SinkError>,
    synced: Synced,
    /// When it was last looked at where the path leads.
    looked: Option<Instant>,
    /// What the writer notes before each round, where it does.
    standing: Arc<Standing>,
    /// Device and inode of the open file.
    identity: Option<held::Identity>,
    /// How often the descriptor turned out to be another file's.
    taken_over: u32,
}

impl FileSink {
    /// A sink for this path, which is rotated and synced so; the file is not opened yet.
    pub(crate) fn new(path: PathBuf, rotation: Option<Rotation>, durability: Durability) -> Self {
        // A program may change its directory, and the path is looked at again and again.
        let path = std::path::absolute(&path).unwrap_or(path);
        let mut sink = FileSink::on(Disk, path);
        sink.rotator = rotation.map(Rotator::new);
        sink.synced = Synced::new(durability);
        sink
    }
}

impl<S: FileSystem> FileSink<S> {
    fn on(system: S, path: PathBuf) -> Self {
        FileSink {
            standing: Arc::new(Standing::new(path.clone())),
            path,
            system,
            file: None,
            lines: Lines::new(CHUNK_BYTES),
            end: None,
            is_behind_others: false,
            first_line: Vec::new(),
            is_shared: false,
            refused: None,
            failed: None,
            rotator: None,
            trouble: None,
            synced: Synced::default(),
            looked: None,
            identity: None,
            taken_over: 0,
        }
    }

    /// Where the file stands, for as long as the sink lives.
    pub(crate) fn standing(&self) -> &Arc<Standing> {
        &self.standing
    }

    /// Says how long the file is now, and whether others write to it, as they must where it is longer than this sink has left
    /// it.
    #[inline(never)] // Everybody who says it would have it.
    fn say_standing(&mut self) {
        let Some(status) = self.status().filter(|status| status.is_file) else {
            return;
        };
        // The descriptor may be another file's by now, which the next write notices.
        if self.identity != Some(status.identity()) {
            return;
        }
        self.notices_others(Some(status.bytes));
        self.standing.set(FilePosition {
            output: 0,
            device: status.device,
            inode: status.inode,
            length: status.bytes,
            is_shared: self.is_shared,
        });
    }

    /// Opens the file; makes it and its directory if they are missing. Does nothing when it is open.
    ///
    /// # Errors
    /// When there can be no such file, with the path and the cause. The sink can be used all the same:
    /// its lines fail until a later attempt, at most one a second, succeeds.
    pub(crate) fn open(&mut self) -> Result<(), SinkError> {
        if self.file.is_none() {
            let file = self.open_now()?;
            self.file = Some(file);
            self.start();
            self.say_standing();
        }
        Ok(())
    }

    /// As `open`, but what was refused a moment ago is not tried again.
    fn ensure_open(&mut self) -> Result<(), SinkError> {
        match &self.refused {
            Some((error, next)) if self.file.is_none() && self.system.now() < *next => {
                Err(again(error))
            }
            _ => self.open(),
        }
    }

    fn open_now(&mut self) -> Result<S::File, SinkError> {
        let opened = self.system.open(&self.path);
        match &opened {
            Ok(file) => self.begin(file),
            Err(error) => self.refused = Some((again(error), self.system.now() + RETRY)),
        }
        opened
    }

    /// A file was opened, perhaps not the one that was open before.
    fn begin(&mut self, file: &S::File) {
        let status = self.system.status(file);
        let torn = self.system.ends_within_line(&self.path);
        self.lines.start_over(torn);
        self.end = status.map(|status| status.bytes);
        self.synced.begin();
        self.refused = None;
        self.looked = Some(self.system.now());
        let identity = status.map(|status| status.identity());
        // What is opened anew may be open here already.
        self.is_shared |= identity != self.identity && self.system.was_open_elsewhere(file);
        self.identity = identity;
        if let (Some(rotator), Some(status)) = (&mut self.rotator, status) {
            rotator.opened(&status);
        }
    }

    /// The first time that the file is open: what is to be done at the start of a program.
    fn start(&mut self) {
        let Some(rotator) = &mut self.rotator else {
            return;
        };
        if !rotator.starts() {
            return;
        }
        if rotator.rotates_on_start(&self.path)
            && let Err(error) = self.rotate_now()
        {
            self.trouble = Some(error);
        }
        if let Some(rotator) = &mut self.rotator {
            let tidied = rotator.tidy(&self.path, self.system.seconds());
            self.trouble = tidied.err().or(self.trouble.take());
        }
    }

    fn with_file(
        &mut self,
        write: &mut dyn FnMut(&mut Lines, &mut Counting<'_>) -> io::Result<()>,
    ) -> Result<(), SinkError> {
        self.ensure_open()?;
        let Some(mut file) = self.file.take() else {
            return Ok(());
        };
        let mut counting = Counting {
            file: &mut file,
            bytes: 0,
        };
        let result = write(&mut self.lines, &mut counting);
        let bytes = counting.bytes as u64;
        if bytes > 0 {
            self.synced.wrote(|| self.system.now());
            let end = self.system.position(&file);
            self.is_behind_others = self.notices_others(end.map(|end| end.saturating_sub(bytes)));
            self.end = end;
        }
        match &result {
            Err(error) if is_closed(error) => {
                // Somebody closed the descriptor, a program that made itself a daemon for one. By now the
                // number may be that of another file, which closing it here would close.
                std::mem::forget(file);
                self.lose();
            }
            // The next write opens the file anew.
            Err(error) if error.kind() == io::ErrorKind::StaleNetworkFileHandle => self.lose(),
            _ => self.file = Some(file),
        }
        result.map_err(|error| SinkError::file(ErrorKind::Write, "write to", &self.path, error))
    }

    fn confirm(&mut self) -> Result<(), SinkError> {
        self.with_file(&mut |lines, file| lines.finish(file))?;
        self.failed
            .as_ref()
            .map_or(Ok(()), |error| Err(again(error)))
    }

    /// Writes all lines; each goes into the file that it belongs to.
    fn write_lines(&mut self, batch: &mut Batch) -> Result<(), SinkError> {
        self.ensure_open()?;
        self.follow_others();
        self.look_at_torn_line_again();
        while !batch.is_empty() {
            let room = self.room(batch);
            if room > 0 {
                let chunk = batch.end_of_lines(0, room.min(CHUNK_BYTES));
                self.first_line.clear();
                let first = &batch.bytes()[..batch.end_of_lines(0, 0)];
                self.first_line.extend_from_slice(first);
                self.with_file(&mut |lines, file| lines.write_first(file, batch, chunk))?;
                self.repeat_if_glued(chunk)?;
                // One large record does not take its memory for ever.
                self.first_line.clear();
                self.first_line.shrink_to(KEPT_BYTES);
            } else if let Err(error) = self.rotate_now() {
                self.trouble = Some(error);
            }
        }
        Ok(())
    }

    /// Whether somebody else has been at the file, which goes on at this place, since it was written to or looked at here.
    /// Where it has grown, others write to it.
    fn notices_others(&mut self, at: Option<u64>) -> bool {
        self.is_shared |= self.end.is_some() && at > self.end;
        at != self.end
    }

    /// Whoever has written since may have ended the line.
    fn look_at_torn_line_again(&mut self) {
        if self.lines.is_after_torn_line() {
            let bytes = self.status().map(|status| status.bytes);
            if self.notices_others(bytes) {
                let torn = self.system.ends_within_line(&self.path);
                self.lines.set_torn(torn);
                self.end = bytes;
            }
        }
    }

    /// Another process that was killed within a write to this file has left a line without an end, and what this one wrote
    /// next, so many bytes, stands right behind it: then the first of these lines is nobody's any more, and is written once
    /// more. Looked at only where somebody else has written since this sink's write before it.
    fn repeat_if_glued(&mut self, bytes: usize) -> Result<(), SinkError> {
        let (Some(file), Some(end), true) = (&self.file, self.end, self.is_behind_others) else {
            return Ok(());
        };
        let start = end.saturating_sub(bytes as u64);
        if start == 0 || !self.system.is_within_line(&self.path, file, start) {
            return Ok(());
        }
        let first = std::mem::take(&mut self.first_line);
        let result = self.with_file(&mut |lines, file| lines.write_again(file, &first));
        self.first_line = first;
        result
    }

    fn status(&self) -> Option<Status> {
        self.file.as_ref().and_then(|file| self.system.status(file))
    }

    /// How many bytes of the batch go into the file as it is; 0 when it has to be rotated first.
    fn room(&mut self, batch: &Batch) -> usize {
        let status = self.status().filter(|status| status.is_file);
        match (&mut self.rotator, status) {
            (Some(rotator), Some(status)) => rotator.room(batch, status.bytes, self.system.now()),
            _ => batch.bytes().len(),
        }
    }

    /// Others may have moved the file away, or deleted it: then what comes now goes to where the path leads. A file that
    /// has no name any more is noticed at once, any other after a second.
    fn follow_others(&mut self) {
        let Some(status) = self.status() else { return };
        if self.is_taken_over(&status) {
            return;
        }
        let now = self.system.now();
        let is_deleted = status.links == 0;
        let is_due = self.looked.is_none_or(|looked| now >= looked + LOOK_AGAIN);
        if !is_deleted && !is_due {
            return;
        }
        self.looked = Some(now);
        if let Some(rotator) = &mut self.rotator {
            rotator.clock_shows(self.system.seconds());
        }
        if self.system.look(&self.path, &status) == Place::Elsewhere {
            self.follow(is_deleted);
        }
    }

    /// Somebody closed the descriptor, and opened another file that got its number: neither written to nor closed, and the
    /// path opened anew. Believed twice: a file system that does not know its own files would cost a descriptor each time.
    fn is_taken_over(&mut self, status: &Status) -> bool {
        let is_other = self.identity.is_some_and(|own| own != status.identity());
        if !is_other || self.taken_over == 2 {
            return false;
        }
        self.taken_over += 1;
        std::mem::forget(self.file.take());
        self.lose();
        true
    }

    /// Brings to the disk what it may not have yet. A refusal is kept, to be reported, and for whoever asks.
    fn sync_now(&mut self) {
        // To bring another file to the disk would succeed, and prove nothing.
        if let Some(status) = self.status()
            && self.is_taken_over(&status)
        {
            return;
        }
        let Some(file) = &self.file else { return };
        let mut result = self.system.sync(file);
        if result.is_ok() && !self.synced.has_name {
            result = self.system.sync_name(&self.path);
            self.synced.has_name = result.is_ok();
        }
        match result {
            Ok(()) => self.synced.succeeded(),
            Err(error) => {
                let error =
                    SinkError::file(ErrorKind::SyncFile, "bring to the disk", &self.path, error);
                self.synced.failed(error);
            }
        }
    }

    /// Whether what is in a file that is given up has to be on the disk, and may not be.
    fn leaves_something_behind(&self) -> bool {
        let matters = self.synced.is_ever_due() || KEEP_ALL.load(Ordering::Relaxed);
        matters && self.synced.is_behind()
    }

    /// Before another file is written to: later, what is in this one cannot be brought to the disk any more.
    fn leave(&mut self) {
        if self.leaves_something_behind() {
            self.sync_now();
        }
    }

    /// The file is not this sink's any more.
    fn lose(&mut self) {
        if self.leaves_something_behind() {
            let gone = io::Error::other("somebody closed it");
            let error = SinkError::file(ErrorKind::SyncFile, "bring to the disk", &self.path, gone);
            self.synced.failed(error);
        }
    }

    /// What has gone wrong at no cost to any line, one thing at a time.
    fn told(&mut self) -> Result<(), SinkError> {
        let trouble = self.synced.take_refusal().or_else(|| self.trouble.take());
        trouble.map_or(Ok(()), Err)
    }

    /// Opens what the path leads to now. When that is not possible, the old file goes on, unless nobody could ever read it.
    fn follow(&mut self, is_deleted: bool) {
        if let Err(error) = self.reopen() {
            if is_deleted {
                self.file = None;
                self.refused = Some((error, self.system.now() + RETRY));
            } else {
                self.trouble = Some(error);
            }
        }
    }

    /// Makes an archive of the file and begins a new one; or follows another process that has done so. When it fails, the
    /// file goes on as it is, and is left alone for a while. `false` when another process is rotating something at this moment:
    /// then it is left alone for a moment.
    fn rotate_now(&mut self) -> Result<bool, SinkError> {
        let result = self.try_to_rotate();
        if let (Err(_), Some(rotator)) = (&result, &mut self.rotator) {
            rotator.pause(self.system.now() + RETRY);
        }
        result
    }

    fn try_to_rotate(&mut self) -> Result<bool, SinkError> {
        // A line that was cut belongs to the file it began in.
        self.with_file(&mut |lines, file| lines.end_line(file))?;
        let (Some(status), Some(rotator)) = (self.status(), &mut self.rotator) else {
            return Ok(true);
        };
        let now = self.system.now();
        match rotator.move_aside(&self.path, &status, now)? {
            Moved::Busy => {
                rotator.pause(now + rotator::BUSY_PAUSE);
                Ok(false)
            }
            Moved::Elsewhere => self.reopen().map(|()| true),
            Moved::Aside(moved) => {
                let opened = match &self.file {
                    Some(old) => self.system.open_like(&self.path, old),
                    None => self.system.open(&self.path),
                };
                let new = match opened {
                    Ok(new) => new,
                    Err(error) => {
                        moved.put_back();
                        let what = format!("cannot rotate {}", self.path.display());
                        return Err(SinkError::new(ErrorKind::RotateFile, what).because(error));
                    }
                };
                self.leave();
                self.begin(&new);
                held::hold_moved(status.identity(), self.standing.is_wanted());
                // Only now is the old one given up, and may be compressed.
                self.file = Some(new);
                // Before the next round, whoever had it rotated.
                if self.standing.is_wanted() {
                    self.say_standing();
                }
                let seconds = self.system.seconds();
                if let Some(rotator) = &mut self.rotator
                    && let Err(error) = rotator.finish(*moved, seconds)
                {
                    self.trouble = Some(error);
                }
                Ok(true)
            }
        }
    }
}

impl<S: FileSystem> Sink for FileSink<S> {
    /// What goes wrong with archives costs no line: then all are written, and the error is for the report.
    fn write(&mut self, batch: &mut Batch) -> Result<(), SinkError> {
        let is_followed = self.synced.follows(batch);
        let result = self.write_lines(batch);
        if self.standing.is_wanted() {
            self.say_standing();
        }
        self.failed = result.as_ref().err().map(again);
        if is_followed && self.synced.is_behind() {
            self.sync_now();
        }
        result.and_then(|()| self.told())
    }

    fn idle(&mut self, is_resting: bool) -> Result<(), SinkError> {
        if self.standing.take_question() {
            self.say_standing();
        }
        if self.synced.is_due(is_resting, || self.system.now()) {
            self.sync_now();
        }
        self.told()
    }

    fn sync(&mut self) -> Result<(), SinkError> {
        self.confirm()?;
        if self.synced.is_behind() {
            self.sync_now();
        }
        self.synced.suspicion().map_or(Ok(()), |error| {
            let what = format!(
                "{} may lack what was written to it; rotate or reopen it to begin anew",
                self.path.display()
            );
            Err(SinkError::new(ErrorKind::SyncFile, what).because(chain(error)))
        })
    }

    /// Confirms what the operating system took. Fails as long as the file is not open, and after a write
    /// that failed until one succeeds: what it lost is not where it belongs.
    fn flush(&mut self, ticket: FlushTicket) {
        ticket.settle(self.confirm());
    }

    /// Opens the path anew, for log rotators. A line that was cut belongs to the file it began in: when it
    /// cannot be finished there now, it counts as failed.
    fn reopen(&mut self) -> Result<(), SinkError> {
        if self.file.is_none() {
            return self.open();
        }
        // First of all: the path may still lead to the same file. What fails here is given up below.
        let _ = self.with_file(&mut |lines, file| lines.finish(file));
        let file = self.system.open(&self.path)?;
        self.leave();
        self.begin(&file);
        self.file = Some(file);
        self.say_standing();
        Ok(())
    }

    /// The file that is open goes on; whether it is rotated is judged by the new rules from the next line on.
    fn set_rules(&mut self, rules: FileRules) {
        let mut rotator = rules.rotation.map(Rotator::new);
        if let Some(rotator) = &mut rotator {
            rotator.follow(self.rotator.as_ref());
            if let Some(status) = self.status() {
                rotator.opened(&status);
            }
        }
        self.rotator = rotator;
        self.synced.set_durability(rules.durability);
    }

    /// By hand. A file with nothing in it stays as it is.
    fn rotate(&mut self) -> Result<(), SinkError> {
        self.ensure_open()?;
        self.follow_others();
        for _ in 0..BY_HAND_ATTEMPTS {
            let is_there = self
                .status()
                .is_some_and(|status| status.is_file && status.bytes > 0);
            if !is_there || self.rotate_now()? {
                return self.told();
            }
            thread::sleep(rotator::BUSY_PAUSE);
        }
        let what = format!("cannot rotate {}", self.path.display());
        Err(SinkError::new(ErrorKind::RotateFile, what)
            .because("another process has locked its directory; try again"))
    }
}

#[cfg(test)]
mod tests;
