//! Where the file of an output stands: said by the sink after each write, and when it is asked for, and read by the writer, which
//! notes it before each round when rings are in a mapped file.
//!
//! *Invariant:* nothing here waits, and what cannot be found out is left out.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::position::FilePosition;
use crate::sync::lock;

/// Where an output's file stands.
#[derive(Debug)]
pub(crate) struct Standing {
    path: PathBuf,
    /// Of no output yet.
    file: Mutex<Option<FilePosition>>,
    /// Somebody notes it: otherwise it is not worth a system call after each write.
    is_wanted: AtomicBool,
    /// It is to be said anew: others may have written to the file since.
    is_asked_for: AtomicBool,
}

impl Standing {
    pub(crate) fn new(path: PathBuf) -> Self {
        Standing {
            path,
            file: Mutex::new(None),
            is_wanted: AtomicBool::new(false),
            is_asked_for: AtomicBool::new(false),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Relaxed: the writer asks and is told on one thread.
    pub(super) fn is_wanted(&self) -> bool {
        self.is_wanted.load(Ordering::Relaxed)
    }

    /// To be said when the sink is idle next.
    pub(crate) fn ask(&self) {
        self.is_asked_for.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked for since the last time.
    pub(super) fn take_question(&self) -> bool {
        self.is_asked_for.swap(false, Ordering::Relaxed)
    }

    pub(super) fn set(&self, position: FilePosition) {
        *lock(&self.file) = Some(position);
    }

    /// Where it stands now, as the file of this output; `None` as long as it is not open. From now on it is kept up to
    /// date.
    pub(crate) fn position(&self, output: u64) -> Option<FilePosition> {
        self.is_wanted.store(true, Ordering::Relaxed);
        let position = (*lock(&self.file))?;
        Some(FilePosition { output, ..position })
    }
}
