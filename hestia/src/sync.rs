//! The synchronisation primitives of the queue, exchangeable for loom's.
//!
//! Every thread uses them. With `--cfg loom` the model checker's types stand in, so that the same queue
//! code that ships is the code that is checked.
//!
//! *Invariant:* nothing here has behaviour of its own.

#[cfg(not(loom))]
pub(crate) use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};

#[cfg(loom)]
pub(crate) use loom::sync::atomic::{
    AtomicU32, AtomicU64, AtomicUsize, Ordering, fence,
};

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, taking over a poisoned lock: what hestia keeps behind locks stays consistent at every step,
/// and a logger must not fail because some thread panicked.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
