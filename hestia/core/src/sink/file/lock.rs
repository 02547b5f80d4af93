//! Advisory locks between processes that share files: `flock`, never waited for.
//!
//! | who | holds | for as long as |
//! |---|---|---|
//! | each sink | a shared one on the file it writes to, after an exclusive one for a moment | it has it open |
//! | whoever compresses or deletes an archive | an exclusive one on it | it is at it |
//! | whoever takes a torn line off a log file, or asks whether somebody writes to it | an exclusive one on it | it does so |
//! | whoever rotates | an exclusive one on the directory | it renames the file and makes the new one |
//!
//! A lock on the directory, and not on some byte of the live file: whoever waits for its turn must find the same lock after
//! the file has another name, `flock` is to be had on all Unix systems, and no file has to lie about for it.
//!
//! *Invariant:* every lock is given back by name before its descriptor is closed: a child that was forked meanwhile has the
//! same descriptor, and would keep the lock for as long as it lives.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// How the attempt to lock something ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Locking {
    Locked,
    /// Somebody else has it.
    Busy,
    /// There are no locks here.
    Unsupported,
}

/// An open file that this process has locked, or could not lock.
#[derive(Debug)]
pub(crate) struct Locked {
    file: File,
    was_alone: bool,
}

impl Locked {
    /// Shared with all who write to the file; before that, without them for a moment, so as to know whether there are any. Who
    /// comes just then finds it busy, and tries it again.
    pub(super) fn shared(file: File) -> (Self, Locking) {
        let was_alone = system::exclusive(&file) != Locking::Busy;
        let locking = system::shared(&file);
        if locking == Locking::Unsupported {
            // Network file systems have only one of the two for files that cannot be read.
            system::unlock(&file);
        }
        (Locked { file, was_alone }, locking)
    }

    /// Without all others.
    pub(crate) fn exclusive(file: File) -> (Self, Locking) {
        let locking = system::exclusive(&file);
        let was_alone = locking != Locking::Busy;
        (Locked { file, was_alone }, locking)
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Nobody else had a lock on it when it was locked, or there are no locks here.
    pub(super) fn was_alone(&self) -> bool {
        self.was_alone
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        system::unlock(&self.file);
    }
}

impl Write for Locked {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The right to rotate files of this directory; `None` where there are no locks, or the directory may not be read.
pub(super) fn directory(path: &Path) -> (Option<Locked>, Locking) {
    let Ok(directory) = File::open(path) else {
        return (None, Locking::Unsupported);
    };
    let (locked, locking) = Locked::exclusive(directory);
    (Some(locked), locking)
}

#[cfg(unix)]
mod system {
    use std::fs::{File, TryLockError};

    use super::Locking;

    fn locking(result: &Result<(), TryLockError>) -> Locking {
        match result {
            Ok(()) => Locking::Locked,
            Err(TryLockError::WouldBlock) => Locking::Busy,
            Err(TryLockError::Error(_)) => Locking::Unsupported,
        }
    }

    pub(super) fn shared(file: &File) -> Locking {
        locking(&file.try_lock_shared())
    }

    pub(super) fn exclusive(file: &File) -> Locking {
        locking(&file.try_lock())
    }

    pub(super) fn unlock(file: &File) {
        // Fails where there was none.
        let _ = file.unlock();
    }
}

/// Elsewhere, locks keep others from reading and writing, which is not what is wanted here.
#[cfg(not(unix))]
mod system {
    use std::fs::File;

    use super::Locking;

    pub(super) fn shared(_: &File) -> Locking {
        Locking::Unsupported
    }

    pub(super) fn exclusive(_: &File) -> Locking {
        Locking::Unsupported
    }

    pub(super) fn unlock(_: &File) {}
}
