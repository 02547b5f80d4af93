//! When what was written is brought to the disk, and what is known about it since.
//!
//! Plain values and states; the file sink asks, and calls the system.
//!
//! *Invariant:* what the disk has refused once is never taken to be on it.

use std::fmt;
use std::time::{Duration, Instant};

use hestia_grammar::{format_duration, limits};
use log::Level;

use crate::error::SinkError;
use crate::record::batch::Batch;

/// When the lines of a file are brought to the disk itself.
///
/// A line that was written is the operating system's: it outlives the process, however that ends. A loss of power or a crash
/// of the system takes what the disk does not have yet, on Linux up to half a minute of it. `fdatasync` brings it there, and
/// costs some 50 µs to 20 ms each time, depending on the disk. hestia's writer does it, no thread of the program's; but
/// while it waits for the disk it writes nothing else, so a disk that is slower than the program logs lets the queue fill
/// up, and then [`Overflow`](crate::Overflow) says what happens.
///
/// When the disk refuses, the system may have dropped what it was given, and says so only once: a later `fdatasync` that
/// succeeds proves nothing about it. So it is not simply tried again. It is reported, counted
/// ([`OutputStats::sync_failures`](crate::OutputStats::sync_failures), and a note in [`report`](crate::report())), and the
/// file is suspect from then on: `durable!` fails until it is begun anew, by a rotation, which
/// [`rotate`](crate::rotate()) does at once, or by [`reopen`](crate::reopen()). Writing goes on meanwhile.
///
/// For single records there is `durable!`, whatever is said here.
///
/// # Example
/// ```
/// use std::time::Duration;
/// use hestia::{Durability, TextFile};
///
/// hestia::builder()
///     .sync(Durability::Every(Duration::from_secs(5)))
///     .text(TextFile::new("logs/audit.log").sync(Durability::Errors));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Durability {
    /// When the operating system sees fit. Costs nothing.
    #[default]
    Never,
    /// After each write that has a record of level `error` in it, with all that was written before it: at most once in a
    /// round of the writer, however many errors there are.
    Errors,
    /// After each write. What is on its way together is written together, so a busy program syncs no more often than the
    /// disk can; but it logs no faster than the disk takes it, once the queue is full.
    Batches,
    /// At most so long after a line was written, for as long as the program goes on logging; at the latest when the writer
    /// rests, one linger ([`Builder::linger`](crate::Builder::linger), 1 s) after the last record, and at the end of the
    /// program. No timer wakes an idle process for it. At least 1 ms.
    Every(Duration),
}

impl Durability {
    pub(crate) fn check(self) -> Result<(), String> {
        match self {
            Durability::Every(span) => limits::check_sync(span),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Durability {
    /// In words, for reports: `never`, `errors`, `batches`, `every 5s`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Durability::Never => out.pad("never"),
            Durability::Errors => out.pad("errors"),
            Durability::Batches => out.pad("batches"),
            Durability::Every(span) => out.pad(&format!("every {}", format_duration(*span))),
        }
    }
}

/// What of the open file is on the disk.
#[derive(Debug, Default)]
pub(super) struct Synced {
    durability: Durability,
    /// When the first line was written that is not known to be there.
    unsynced_since: Option<Instant>,
    /// The name of the file, in its directory, is there.
    pub(super) has_name: bool,
    /// The disk refused to take some of what is in the file.
    suspect: Option<SinkError>,
    /// A refusal that is still to be reported.
    refused: Option<SinkError>,
}

impl Synced {
    pub(super) fn new(durability: Durability) -> Self {
        Synced {
            durability,
            ..Synced::default()
        }
    }

    /// Another file, or the same one opened again.
    pub(super) fn begin(&mut self) {
        *self = Synced {
            refused: self.refused.take(),
            ..Synced::new(self.durability)
        };
    }

    /// What is known about the file stays.
    pub(super) fn set_durability(&mut self, durability: Durability) {
        self.durability = durability;
    }

    pub(super) fn wrote(&mut self, now: impl FnOnce() -> Instant) {
        self.unsynced_since.get_or_insert_with(now);
    }

    /// Whether there is anything that may not be on the disk.
    pub(super) fn is_behind(&self) -> bool {
        self.unsynced_since.is_some()
    }

    /// Whether a write of these lines is to be followed by a sync.
    pub(super) fn follows(&self, batch: &Batch) -> bool {
        match self.durability {
            Durability::Batches => true,
            Durability::Errors => batch
                .lines()
                .any(|(_, line)| line.severity.level() == Level::Error),
            Durability::Never | Durability::Every(_) => false,
        }
    }

    /// Whether it is time, when nothing is being written.
    pub(super) fn is_due(&self, is_resting: bool, now: impl FnOnce() -> Instant) -> bool {
        match (self.durability, self.unsynced_since) {
            (Durability::Every(span), Some(since)) => {
                is_resting || now().saturating_duration_since(since) >= span
            }
            _ => false,
        }
    }

    /// Whether anything is ever brought to the disk without being asked for.
    pub(super) fn is_ever_due(&self) -> bool {
        self.durability != Durability::Never
    }

    pub(super) fn succeeded(&mut self) {
        self.unsynced_since = None;
    }

    /// The system has told, and will not tell again; what it was given it may have dropped.
    pub(super) fn failed(&mut self, error: SinkError) {
        self.unsynced_since = None;
        self.suspect = Some(super::again(&error));
        self.refused = Some(error);
    }

    /// Why it cannot be said that everything in the file is on the disk.
    pub(super) fn suspicion(&self) -> Option<&SinkError> {
        self.suspect.as_ref()
    }

    /// The refusal that is still to be reported.
    pub(super) fn take_refusal(&mut self) -> Option<SinkError> {
        self.refused.take()
    }
}
