//! Everything that runs on the caller's thread.
//!
//! A statement that passed its level check becomes bytes ([`facade`] for records of the `log` crate, [`statement`] for
//! hestia's macros, `event` for those of `tracing`): straight in the thread's ring where their number is known before,
//! otherwise in memory of the thread's, which is then copied there ([`emit`], [`local`]). Before that, [`limit`] says whether
//! it is the turn of a statement that limits how often it logs.
//!
//! [`Front`] is what callers see of the running logger. `logger` installs it, and installs another one
//! in a forked child.
//!
//! *Invariant:* no user code runs while a reservation is open, and no lock is taken on the usual path.

pub(crate) mod ambient;
mod emit;
#[cfg(feature = "tracing")]
pub(crate) mod event;
pub(crate) mod facade;
mod forward;
mod interned;
pub(crate) mod kept;
pub(crate) mod limit;
pub(crate) mod local;
pub(crate) mod scopes;
pub(crate) mod statement;

use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, Ordering};

use crossbeam_utils::CachePadded;

use crate::clock::TickSource;
use crate::filter::directives::{Gate, levels_changed};
use crate::queue::Queue;

pub(crate) use emit::refused_here;

/// What callers see of the running logger.
#[repr(align(128))]
pub(crate) struct Front {
    pub(crate) queue: Arc<Queue>,
    /// Rings are in a mapped file: a later process may have to read the records, and a forked child shares the memory.
    pub(crate) is_mapped: bool,
    pub(crate) ticks: TickSource,
    /// What is worth formatting at all: the most verbose any output wants.
    pub(crate) gate: Gate,
    /// Called when the writer's word says that it is not at work after a commit, except to wake it.
    pub(crate) hooks: Hooks,
}

impl std::fmt::Debug for Front {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Front")
            .field("queue", &self.queue)
            .field("ticks", &self.ticks)
            .finish_non_exhaustive()
    }
}

/// What `logger` does for callers in the rare states of the writer.
#[derive(Clone, Copy)]
pub(crate) struct Hooks {
    /// This process is a forked child: installs a `Front` of its own, with a queue and a writer.
    pub(crate) forked: fn(),
    /// There is no writer thread any more: does the writer's work on this thread.
    pub(crate) direct: fn(),
    /// What a statement on one of hestia's own threads wanted to log.
    pub(crate) own: fn(&log::Record<'_>),
}

/// Null before hestia is turned on. What it points to is never freed: a thread may be in the middle of
/// a statement at any time, and there is one for each `init` and each fork only. (On a cache line of its own: what stands beside
/// it may be written all the time.)
static FRONT: CachePadded<AtomicPtr<Front>> =
    CachePadded::new(AtomicPtr::new(std::ptr::null_mut()));

/// The running logger, as callers see it.
#[inline]
pub(crate) fn front() -> Option<&'static Front> {
    installed::get(&FRONT)
}

/// Makes this what callers see from now on.
pub(crate) fn install(front: Front) -> &'static Front {
    let front: &'static mut Front = Box::leak(Box::new(front));
    let front: *mut Front = front;
    FRONT.store(front, Ordering::Release);
    levels_changed();
    installed::get(&FRONT).expect("it was stored right before")
}

mod installed {
    #![allow(unsafe_code, reason = "a pointer that only ever gets leaked boxes")]

    use super::{AtomicPtr, Front, Ordering};

    #[inline]
    pub(super) fn get(slot: &AtomicPtr<Front>) -> Option<&'static Front> {
        // SAFETY: null, or a leaked box that `install` stored with release, which pairs with this
        // acquire; nobody has it mutably after that.
        unsafe { slot.load(Ordering::Acquire).as_ref() }
    }
}
