//! A file that lines are appended to.
//!
//! The writer thread runs it (the thread that logs, after shutdown). Every chunk of whole lines is one
//! write at the end of the file, so several processes may append to the same file, and a log rotator may
//! truncate it (`copytruncate`) or move it away and have it opened anew ([`Sink::reopen`]).
//!
//! What can go wrong costs the lines at hand, never more: a file that could not be opened is tried again
//! once a second, a full disk at every write. A line that a full disk cut is finished first thing when
//! there is room.
//!
//! *Invariant:* what is in the file already is never touched.

mod disk;

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::lines::{Lines, is_closed};
use super::{FlushTicket, Sink, again};
use crate::error::{ErrorKind, SinkError};
use crate::record::batch::Batch;

use disk::Disk;

/// How much one write takes at most, in bytes, unless a single line is longer. Larger than a usual batch,
/// which so takes one write; a limit at all, since systems without one write no faster for it and keep
/// other processes that append to the file waiting.
const CHUNK_BYTES: usize = 256 * 1024;

/// How long a file that could not be opened is left alone.
const RETRY: Duration = Duration::from_secs(1);

/// What a file sink needs of the world.
pub(crate) trait FileSystem: Send {
    /// An open file.
    type File: io::Write + Send;

    /// Opens a file for appending; makes it, and its directory, when they are missing.
    fn open(&mut self, path: &Path) -> Result<Self::File, SinkError>;

    /// Whether the file has a last line without an end. `false` when that cannot be found out.
    fn ends_within_line(&mut self, path: &Path) -> bool;

    /// The present time.
    fn now(&self) -> Instant;
}

/// Appends lines to a file.
#[derive(Debug)]
pub(crate) struct FileSink<S: FileSystem = Disk> {
    path: PathBuf,
    system: S,
    file: Option<S::File>,
    lines: Lines,
    /// Why the file could not be opened, and when that is tried again.
    refused: Option<(SinkError, Instant)>,
    /// Why the last write failed.
    failed: Option<SinkError>,
}

impl FileSink {
    /// A sink for this path; the file is not opened yet.
    pub(crate) fn new(path: PathBuf) -> Self {
        FileSink::on(Disk, path)
    }
}

impl<S: FileSystem> FileSink<S> {
    fn on(system: S, path: PathBuf) -> Self {
        FileSink {
            path,
            system,
            file: None,
            lines: Lines::new(CHUNK_BYTES),
            refused: None,
            failed: None,
        }
    }

    /// Opens the file; makes it and its directory if they are missing. Does nothing when it is open.
    ///
    /// # Errors
    /// When there can be no such file, with the path and the cause. The sink can be used all the same:
    /// its lines fail until a later attempt, at most one a second, succeeds.
    pub(crate) fn open(&mut self) -> Result<(), SinkError> {
        if self.file.is_none() {
            self.file = Some(self.open_now()?);
        }
        Ok(())
    }

    fn open_now(&mut self) -> Result<S::File, SinkError> {
        let opened = self.system.open(&self.path);
        match &opened {
            Ok(_) => self.begin(),
            Err(error) => self.refused = Some((again(error), self.system.now() + RETRY)),
        }
        opened
    }

    /// A file was opened, perhaps not the one that was open before.
    fn begin(&mut self) {
        let torn = self.system.ends_within_line(&self.path);
        self.lines.start_over(torn);
        self.refused = None;
    }

    fn take_file(&mut self) -> Result<S::File, SinkError> {
        match (self.file.take(), &self.refused) {
            (Some(file), _) => Ok(file),
            (None, Some((error, next))) if self.system.now() < *next => Err(again(error)),
            (None, _) => self.open_now(),
        }
    }

    fn with_file(
        &mut self,
        write: impl FnOnce(&mut Lines, &mut S::File) -> io::Result<()>,
    ) -> Result<(), SinkError> {
        let mut file = self.take_file()?;
        let result = write(&mut self.lines, &mut file);
        match &result {
            Err(error) if is_closed(error) => {
                // Somebody closed the descriptor, a program that made itself a daemon for one. By now the
                // number may be that of another file, which closing it here would close.
                std::mem::forget(file);
            }
            // The next write opens the file anew.
            Err(error) if error.kind() == io::ErrorKind::StaleNetworkFileHandle => {}
            _ => self.file = Some(file),
        }
        result.map_err(|error| SinkError::file(ErrorKind::Write, "write to", &self.path, error))
    }

    fn confirm(&mut self) -> Result<(), SinkError> {
        self.with_file(|lines, file| lines.finish(file))?;
        self.failed
            .as_ref()
            .map_or(Ok(()), |error| Err(again(error)))
    }
}

impl<S: FileSystem> Sink for FileSink<S> {
    fn write(&mut self, batch: &mut Batch) -> Result<(), SinkError> {
        let result = self.with_file(|lines, file| lines.write(file, batch));
        self.failed = result.as_ref().err().map(again);
        result
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
        let _ = self.with_file(|lines, file| lines.finish(file));
        let file = self.system.open(&self.path)?;
        self.begin();
        self.file = Some(file);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
