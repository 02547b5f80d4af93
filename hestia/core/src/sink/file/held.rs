//! Archives that stay as they are for a while: neither compressed nor deleted.
//!
//! Where rings outlive the process, its next start finds out from the files which records of the last round are written. An
//! archive that the round has written to is one of these files, and known by its inode, which no other file may get.
//!
//! *Invariant:* an archive is held before the lock of the file that it was is given up, and looked for here under that lock.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwapOption;

use super::compressor;

/// Device and inode.
pub(crate) type Identity = (u64, u64);

/// What an archive is held for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeldFor {
    /// The round that made it, which is not known to be written yet.
    Round,
    /// The recovery of what another process left, which is compared with it, and done once more if this process is killed, too.
    #[cfg_attr(
        not(unix),
        allow(dead_code, reason = "nothing outlives a process there")
    )]
    Recovery,
}

type Held = Vec<(Identity, HeldFor)>;

/// Nothing here is locked: the thread that compresses has a priority so low that it might keep a lock for long.
static HELD: ArcSwapOption<Held> = ArcSwapOption::const_empty();

// Relaxed, both: the writer alone stores them, or the thread that turns hestia on before there is a writer.

/// Some archive is held for the round, so that a new one has to be said.
static FOR_ROUND: AtomicBool = AtomicBool::new(false);
/// What another process left is being recovered.
static RECOVERING: AtomicBool = AtomicBool::new(false);

/// Leaves the archive as it is until the reason is over.
pub(crate) fn hold(archive: Identity, reason: HeldFor) {
    change(&|held| held.push((archive, reason)));
    if reason == HeldFor::Round {
        FOR_ROUND.store(true, Ordering::Relaxed);
    }
}

/// The same for a file that was just moved aside, if somebody notes before each round how long the file is.
pub(super) fn hold_moved(archive: Identity, is_noted: bool) {
    if RECOVERING.load(Ordering::Relaxed) {
        hold(archive, HeldFor::Recovery);
    } else if is_noted {
        hold(archive, HeldFor::Round);
    }
}

/// Whether it is to be left alone.
pub(super) fn is_held(archive: Identity) -> bool {
    let held = HELD.load();
    let mut held = held.as_deref().into_iter().flatten();
    held.any(|(held, _)| *held == archive)
}

/// Whether an archive waits for the next round to be said.
pub(crate) fn is_any_for_round() -> bool {
    FOR_ROUND.load(Ordering::Relaxed)
}

/// A new round was said: all that the one before wrote is known to be written.
pub(crate) fn release_round() {
    if FOR_ROUND.swap(false, Ordering::Relaxed) {
        release(HeldFor::Round);
    }
}

/// From now on, before any file is opened, all archives that are made are held until the recovery is over.
#[cfg(unix)]
pub(crate) fn begin_recovery() {
    RECOVERING.store(true, Ordering::Relaxed);
}

/// All that was left is recovered, or stays for the next start.
#[cfg(unix)]
pub(crate) fn end_recovery() {
    if RECOVERING.swap(false, Ordering::Relaxed) {
        release(HeldFor::Recovery);
    }
}

/// What was held for this reason may be compressed, and deleted.
fn release(reason: HeldFor) {
    change(&|held| held.retain(|(_, other)| *other != reason));
    compressor::look_again();
}

fn change(by: &dyn Fn(&mut Held)) {
    HELD.rcu(|held| {
        let mut held = held.as_deref().cloned().unwrap_or_default();
        by(&mut held);
        (!held.is_empty()).then(|| Arc::new(held))
    });
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::{Mutex, MutexGuard};

    use super::*;
    use crate::sync::lock;

    /// A recovery, one at a time: the tests share a process.
    pub(crate) struct Recovery(#[allow(dead_code, reason = "held")] MutexGuard<'static, ()>);

    impl Recovery {
        pub(crate) fn holding(archive: Identity) -> Self {
            static ONE: Mutex<()> = Mutex::new(());
            let one = lock(&ONE);
            hold(archive, HeldFor::Recovery);
            Recovery(one)
        }
    }

    impl Drop for Recovery {
        fn drop(&mut self) {
            release(HeldFor::Recovery);
        }
    }
}
