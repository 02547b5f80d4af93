//! Locks, channels, and the synchronisation primitives of the queue, exchangeable for loom's.
//!
//! Every thread uses them. With `--cfg loom` the model checker's types stand in for those in [`checked`], so
//! that the same queue code that ships is the code that is checked.
//!
//! *Invariant:* nothing here has behaviour of its own.

pub(crate) mod channel;

use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

/// Locks, taking over a poisoned lock: what hestia keeps behind locks stays consistent at every step,
/// and a logger must not fail because some thread panicked.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How long a lock is waited for that is only ever held for moments.
const MOMENTS: Duration = Duration::from_millis(50);

/// The same for what outlives a fork, unless the lock stays taken: in a forked child its owner may be a thread that did not
/// come along.
pub(crate) fn lock_unless_stuck<T: ?Sized>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    let deadline = Instant::now() + MOMENTS;
    loop {
        match mutex.try_lock() {
            Ok(guard) => return Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) if Instant::now() >= deadline => return None,
            Err(TryLockError::WouldBlock) => std::thread::yield_now(),
        }
    }
}

/// What the queue uses: the standard library's.
#[cfg(not(loom))]
pub(crate) mod checked {
    pub(crate) use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};
    #[allow(
        unused_imports,
        reason = "where the system has futexes, nobody waits for a condition"
    )]
    pub(crate) use std::sync::{Condvar, Mutex};

    pub(crate) use super::lock;
}

/// What the queue uses: the model checker's.
#[cfg(loom)]
pub(crate) mod checked {
    pub(crate) use loom::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};
    pub(crate) use loom::sync::{Condvar, Mutex};

    pub(crate) fn lock<T>(mutex: &Mutex<T>) -> loom::sync::MutexGuard<'_, T> {
        mutex.lock().unwrap_or_else(super::PoisonError::into_inner)
    }
}
