//! Archives that stay as they are for a while: neither compressed nor deleted.
//!
//! Where rings outlive the process, its next start finds out from the files which records of the last round are written. An
//! archive that the round has written to is one of these files, and known by its inode, which no other file may get.
//!
//! *Invariant:* an archive is held before the lock of the file that it was is given up, and looked for here under that lock.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::compressor;
use crate::sync::lock_unless_stuck;

/// What an archive is held for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeldFor {
    /// The round that made it, which may not be known to be written yet.
    Round,
    /// The recovery that compares with it what another process left.
    #[cfg(unix)]
    Recovery,
}

static HELD: Mutex<Vec<(PathBuf, HeldFor)>> = Mutex::new(Vec::new());

/// So that a round that has made no archive takes no lock.
static ROUND_HOLDS: AtomicBool = AtomicBool::new(false);

/// Leaves the archive as it is, until the same reason is released. Its path is one without links.
pub(crate) fn hold(archive: PathBuf, reason: HeldFor) {
    if let Some(mut held) = lock_unless_stuck(&HELD) {
        held.push((archive, reason));
        if reason == HeldFor::Round {
            ROUND_HOLDS.store(true, Ordering::Relaxed);
        }
    }
}

/// Whether it is to be left alone.
pub(super) fn is_held(archive: &Path) -> bool {
    // In a forked child whose parent was at it: the next process has time for it.
    lock_unless_stuck(&HELD).is_none_or(|held| held.iter().any(|(path, _)| path == archive))
}

/// A new round was said: all that the one before wrote is known to be written.
pub(crate) fn release_round() {
    // Relaxed: the writer alone holds for a round, and releases.
    if ROUND_HOLDS.swap(false, Ordering::Relaxed) {
        release(HeldFor::Round);
    }
}

/// What was held for this reason may be compressed, and deleted.
pub(crate) fn release(reason: HeldFor) {
    if let Some(mut held) = lock_unless_stuck(&HELD) {
        held.retain(|(_, other)| *other != reason);
    }
    compressor::look_again();
}
