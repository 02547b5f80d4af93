//! What each thread keeps for logging: its ring and its scratch buffers.
//!
//! *Invariant:* works when the thread's locals are gone, and inside itself: a statement that is executed
//! while another one formats its arguments takes a buffer of its own.

use std::cell::{Cell, RefCell};
use std::ops::{Deref, DerefMut};

use super::Front;
use crate::queue::Producer;
use crate::queue::wake::FORKED;
use crate::thread::Thread;

/// How deep statements may nest, one executed while another formats its arguments. Deeper ones are
/// refused: a `Display` that logs itself would never end.
pub(super) const MAX_NESTING: usize = 8;
/// A buffer that grew beyond this for one huge record is not kept, in bytes.
const KEPT_SCRATCH_BYTES: usize = 64 << 10;

struct Local {
    ring: RefCell<Option<Producer>>,
    /// The address of the queue that the ring belongs to. In a forked child it may still be the parent's.
    queue: Cell<usize>,
    scratch: RefCell<Vec<Vec<u8>>>,
    nesting: Cell<usize>,
}

impl Drop for Local {
    fn drop(&mut self) {
        if let Some(producer) = self.ring.get_mut() {
            producer.close();
        }
    }
}

thread_local! {
    static LOCAL: Local = const {
        Local {
            ring: RefCell::new(None),
            queue: Cell::new(0),
            scratch: RefCell::new(Vec::new()),
            nesting: Cell::new(0),
        }
    };
}

/// A buffer of the thread's, for the time of one statement; given back when it is dropped, also when the
/// statement's own code panics.
#[derive(Debug)]
pub(super) struct Scratch(Vec<u8>);

impl Deref for Scratch {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.0);
        let _ = LOCAL.try_with(|local| {
            local.nesting.set(local.nesting.get().saturating_sub(1));
            if buffer.capacity() <= KEPT_SCRATCH_BYTES
                && let Ok(mut scratch) = local.scratch.try_borrow_mut()
            {
                scratch.push(buffer);
            }
        });
    }
}

/// Lends a buffer; `None` when statements nest too deep.
pub(super) fn lend_scratch() -> Option<Scratch> {
    let buffer = LOCAL.try_with(|local| {
        let nesting = local.nesting.get();
        if nesting >= MAX_NESTING {
            return None;
        }
        local.nesting.set(nesting + 1);
        let kept = local
            .scratch
            .try_borrow_mut()
            .ok()
            .and_then(|mut scratch| scratch.pop());
        Some(kept.unwrap_or_default())
    });
    match buffer {
        Ok(buffer) => buffer.map(Scratch),
        // The thread's locals are gone; so is the count of nesting. Nothing that runs this late formats
        // itself for ever.
        Err(_) => Some(Scratch(Vec::new())),
    }
}

/// Lends the thread's ring. `None` when it has none: its locals are gone, the bound of the process is
/// reached, or this very thread is in the middle of using it (a signal handler that logs).
pub(super) fn with_ring<R>(front: &Front, use_it: impl FnOnce(&mut Producer) -> R) -> Option<R> {
    LOCAL
        .try_with(|local| {
            let mut slot = local.ring.try_borrow_mut().ok()?;
            let queue = std::ptr::from_ref(&*front.queue).addr();
            if local.queue.get() != queue {
                // The parent's ring, in a child whose own pipeline another thread has started.
                std::mem::forget(slot.take());
                local.queue.set(queue);
            }
            if slot.is_none() {
                if front.queue.wake.state() == FORKED {
                    // The parent's queue: its locks may be held by threads that did not come along.
                    return None;
                }
                *slot = front.queue.new_producer(&Thread::current());
            }
            slot.as_mut().map(use_it)
        })
        .ok()
        .flatten()
}

/// Takes the thread's ring away: it belongs to the parent of this forked child. It is neither closed nor
/// freed, since both sides of it are the parent's.
pub(super) fn abandon_ring() -> Option<std::mem::ManuallyDrop<Producer>> {
    LOCAL
        .try_with(|local| local.ring.try_borrow_mut().ok()?.take())
        .ok()
        .flatten()
        .map(std::mem::ManuallyDrop::new)
}

/// The calling thread, as far as it can still be named.
pub(super) fn thread() -> Thread {
    if LOCAL.try_with(|_| ()).is_ok() {
        Thread::current()
    } else {
        Thread::nameless()
    }
}
