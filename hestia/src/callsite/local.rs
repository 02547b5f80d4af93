//! What each thread keeps for logging: its ring and its scratch buffers.
//!
//! *Invariant:* works when the thread's locals are gone, and inside itself: a statement that is executed
//! while another one formats its arguments takes a buffer of its own.

#![allow(unsafe_code, reason = "lends memory of a ring")]

use std::cell::{Cell, RefCell};
use std::ptr::NonNull;

use super::Front;
use crate::queue::Producer;
use crate::queue::ring::Room;
use crate::queue::wake::FORKED;
use crate::record::buffer::{Buffer, Lender};
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
    /// Part of the ring is lent to a record in the making.
    lent: Cell<bool>,
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
            lent: Cell::new(false),
            scratch: RefCell::new(Vec::new()),
            nesting: Cell::new(0),
        }
    };
}

/// How much of a ring is lent to a record in the making, in bytes; a larger one is made elsewhere.
const LENT_BYTES: usize = 512;

static LENDER: Lender = Lender {
    memory: take_memory,
    take_back: end_loan,
};

/// Lends space in the thread's ring to a record that nothing but hestia's own code will write. `None` where
/// there is none right now; the usual ways sort out why.
#[inline]
pub(super) fn lend_ring(front: &Front) -> Option<Buffer> {
    let lend = |local: &Local| {
        if local.lent.get() || local.queue.get() != front.queue_address() {
            return None;
        }
        let mut slot = local.ring.try_borrow_mut().ok()?;
        let producer = slot.as_mut()?;
        if producer.room_for(LENT_BYTES, || front.queue.wake.rouse()) != Room::Yes {
            return None;
        }
        local.lent.set(true);
        let space = NonNull::from(producer.reserve(LENT_BYTES).payload());
        // SAFETY: the memory of a ring is initialized when it is made. As long as `lent` is set, nobody gets at
        // the producer but `commit_lent`, which nothing is written after; the ring lives as long as the thread's
        // locals, and the buffer no longer than the statement.
        Some(unsafe { Buffer::over(space, &LENDER) })
    };
    LOCAL.try_with(lend).ok().flatten()
}

/// Publishes the record that was made in lent space.
#[inline]
pub(super) fn commit_lent(front: &Front, flags: u32, record: Buffer) {
    let length = record.len();
    let _ = LOCAL.try_with(|local| {
        if let Ok(mut slot) = local.ring.try_borrow_mut()
            && let Some(producer) = slot.as_mut()
        {
            // The same space: nothing has moved since it was lent.
            let reservation = producer.reserve(LENT_BYTES);
            reservation.commit_first(length, flags, || front.ticks.now());
        }
        local.lent.set(false);
    });
}

fn end_loan() {
    let _ = LOCAL.try_with(|local| local.lent.set(false));
}

/// Memory for one statement; `None` when statements nest too deep.
pub(super) fn take_memory() -> Option<Vec<u8>> {
    let memory = LOCAL.try_with(|local| {
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
    // Without locals there is no count of nesting. Nothing that runs this late formats itself for ever.
    memory.unwrap_or_else(|_| Some(Vec::new()))
}

/// Gives back what [`take_memory`] gave.
pub(super) fn give_memory(memory: Vec<u8>) {
    let _ = LOCAL.try_with(|local| {
        local.nesting.set(local.nesting.get().saturating_sub(1));
        if memory.capacity() <= KEPT_SCRATCH_BYTES
            && let Ok(mut scratch) = local.scratch.try_borrow_mut()
        {
            scratch.push(memory);
        }
    });
}

/// Lends the thread's ring. `None` when it has none: its locals are gone, the bound of the process is
/// reached, or this very thread is in the middle of using it (a signal handler that logs).
pub(super) fn with_ring<R>(front: &Front, use_it: impl FnOnce(&mut Producer) -> R) -> Option<R> {
    LOCAL
        .try_with(|local| {
            if local.lent.get() {
                return None;
            }
            let mut slot = local.ring.try_borrow_mut().ok()?;
            let queue = front.queue_address();
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
