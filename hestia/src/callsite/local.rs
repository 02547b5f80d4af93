//! What each thread keeps for logging: its ring and its scratch buffers.
//!
//! *Invariant:* works when the thread's locals are gone, and inside itself: a statement that is executed
//! while another one formats its arguments takes a buffer of its own.

#![allow(unsafe_code, reason = "lends memory of a ring")]

use std::cell::{Cell, RefCell, UnsafeCell};
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

#[derive(Debug)]
struct Local {
    /// The address of the [`Front`] whose records the ring takes now; [`NOBODY`] while there is no ring, or while it
    /// is in use further up on this very thread's stack.
    open_to: Cell<usize>,
    /// The address of the front that the ring was made for. In a forked child it may still be the parent's.
    made_for: Cell<usize>,
    in_use: Cell<bool>,
    ring: UnsafeCell<Option<Producer>>,
    scratch: RefCell<Vec<Vec<u8>>>,
    nesting: Cell<usize>,
}

const NOBODY: usize = 0;

/// A front as a number. Fronts live for ever, so no two have the same.
fn number(front: &Front) -> usize {
    std::ptr::from_ref(front).addr()
}

impl Local {
    /// Runs what uses the ring; `None` while it is in use.
    fn with<R>(&self, use_it: impl FnOnce(&mut Option<Producer>) -> R) -> Option<R> {
        if self.in_use.replace(true) {
            return None;
        }
        self.open_to.set(NOBODY);
        /// Opens the ring again, also after a panic.
        struct Open<'l>(&'l Local);
        impl Drop for Open<'_> {
            fn drop(&mut self) {
                self.0.open();
            }
        }
        let _open = Open(self);
        // SAFETY: the mark makes this the only reference: only this thread gets here.
        Some(use_it(unsafe { &mut *self.ring.get() }))
    }

    /// The ring is not in use any more.
    #[inline]
    fn open(&self) {
        self.in_use.set(false);
        self.open_to.set(self.made_for.get());
    }
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
            open_to: Cell::new(NOBODY),
            made_for: Cell::new(NOBODY),
            in_use: Cell::new(false),
            ring: UnsafeCell::new(None),
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

/// Space in this thread's ring, lent to one statement. Never leaves the statement's own stack.
#[derive(Debug)]
pub(super) struct Loan(NonNull<Local>);

/// Lends space in the thread's ring to a record that nothing but hestia's own code will write. `None` where
/// there is none right now; the usual ways sort out why.
#[inline(always)]
pub(super) fn lend_ring(front: &'static Front, record: &mut Buffer) -> Option<Loan> {
    let lend = |local: &Local| {
        if local.open_to.get() != number(front) {
            return None;
        }
        // SAFETY: the ring is there and not in use, as `open_to` says, and nothing below runs code that could ask
        // for it. A signal handler that logs right here finds it open, and is done with it when this goes on.
        let producer = unsafe { &mut *local.ring.get() }.as_mut()?;
        local.open_to.set(NOBODY);
        local.in_use.set(true);
        if producer.room_for(LENT_BYTES, || front.queue.wake.rouse()) != Room::Yes {
            local.open();
            return None;
        }
        let space = NonNull::from(producer.reserve(LENT_BYTES).payload());
        // SAFETY: the memory of a ring is initialized when it is made. While the ring is in use, nobody gets at
        // it but `commit_lent`, which nothing is written after; the ring lives as long as the thread's locals,
        // and the buffer no longer than the statement.
        unsafe { record.lend(space, &LENDER) };
        Some(Loan(NonNull::from(local)))
    };
    LOCAL.try_with(lend).ok().flatten()
}

/// Publishes the record that was made in lent space.
#[inline(always)]
pub(super) fn commit_lent(loan: &Loan, front: &'static Front, flags: u32, length: usize) {
    // SAFETY: the thread's locals, which were there when this very call began and go only when the thread ends.
    let local = unsafe { loan.0.as_ref() };
    // SAFETY: the statement that was lent the ring has it marked as in use.
    if let Some(producer) = unsafe { &mut *local.ring.get() } {
        // The same space: nothing has moved since it was lent.
        let reservation = producer.reserve(LENT_BYTES);
        reservation.commit_first(length, flags, || front.ticks.now());
    }
    local.in_use.set(false);
    local.open_to.set(number(front));
}

fn end_loan() {
    let _ = LOCAL.try_with(Local::open);
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
    let lend = |local: &Local| {
        local.with(|slot| {
            if local.made_for.get() != number(front) {
                // The parent's ring, in a child whose own pipeline another thread has started.
                std::mem::forget(slot.take());
            }
            if slot.is_none() {
                local.made_for.set(NOBODY);
                if front.queue.wake.state() == FORKED {
                    // The parent's queue: its locks may be held by threads that did not come along.
                    return None;
                }
                *slot = front.queue.new_producer(&Thread::current());
                local
                    .made_for
                    .set(slot.as_ref().map_or(NOBODY, |_| number(front)));
            }
            slot.as_mut().map(use_it)
        })
    };
    LOCAL.try_with(lend).ok().flatten().flatten()
}

/// Takes the thread's ring away: it belongs to the parent of this forked child. It is neither closed nor
/// freed, since both sides of it are the parent's.
pub(super) fn abandon_ring() -> Option<std::mem::ManuallyDrop<Producer>> {
    let take = |local: &Local| {
        local.with(|slot| {
            local.made_for.set(NOBODY);
            slot.take()
        })
    };
    let taken = LOCAL.try_with(take).ok().flatten().flatten();
    taken.map(std::mem::ManuallyDrop::new)
}

/// The calling thread, as far as it can still be named.
pub(super) fn thread() -> Thread {
    if LOCAL.try_with(|_| ()).is_ok() {
        Thread::current()
    } else {
        Thread::nameless()
    }
}
