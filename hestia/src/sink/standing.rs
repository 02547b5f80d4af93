//! Where the file of an output stands: said by the sink at the end of each round, and read by the writer, which notes it before
//! the next one when rings are in a mapped file.
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
    /// Somebody asks for it: otherwise it is not worth a system call for each round.
    is_wanted: AtomicBool,
}

impl Standing {
    pub(crate) fn new(path: PathBuf) -> Self {
        Standing {
            path,
            file: Mutex::new(None),
            is_wanted: AtomicBool::new(false),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Relaxed: the writer asks and is told on one thread.
    pub(super) fn is_wanted(&self) -> bool {
        self.is_wanted.load(Ordering::Relaxed)
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
