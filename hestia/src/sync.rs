//! The synchronisation primitives of the queue, exchangeable for loom's.
//!
//! Every thread uses them. With `--cfg loom` the model checker's types stand in, so that the same queue
//! code that ships is the code that is checked.
//!
//! *Invariant:* nothing here has behaviour of its own.

#[cfg(not(loom))]
pub(crate) use std::sync::Mutex;
#[cfg(not(loom))]
pub(crate) use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};

#[cfg(loom)]
pub(crate) use loom::sync::Mutex;
#[cfg(loom)]
pub(crate) use loom::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};

#[cfg(loom)]
pub(crate) use checked::lock;

/// Locks, taking over a poisoned lock: what hestia keeps behind locks stays consistent at every step,
/// and a logger must not fail because some thread panicked.
#[cfg(not(loom))]
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The queue's locks are the model checker's; whatever else uses [`lock`](checked::lock) is only compiled with it.
#[cfg(loom)]
mod checked {
    use std::sync::PoisonError;

    pub(crate) trait Lock {
        type Guard<'a>
        where
            Self: 'a;
        fn take_over(&self) -> Self::Guard<'_>;
    }

    impl<T> Lock for loom::sync::Mutex<T> {
        type Guard<'a>
            = loom::sync::MutexGuard<'a, T>
        where
            T: 'a;
        fn take_over(&self) -> Self::Guard<'_> {
            self.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }

    impl<T> Lock for std::sync::Mutex<T> {
        type Guard<'a>
            = std::sync::MutexGuard<'a, T>
        where
            T: 'a;
        fn take_over(&self) -> Self::Guard<'_> {
            self.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }

    pub(crate) fn lock<M: Lock>(mutex: &M) -> M::Guard<'_> {
        mutex.take_over()
    }
}
