//! What each thread keeps for logging: its ring and its scratch memory.
//!
//! *Invariant:* works when the thread's locals are gone, and inside itself: a statement that is executed
//! while another one formats its arguments takes memory of its own.

#![allow(unsafe_code, reason = "the ring is reached without a lock or a count")]

use std::cell::{Cell, RefCell, UnsafeCell};
use std::mem::ManuallyDrop;
use std::sync::atomic::{Ordering, compiler_fence};

use super::Front;
use crate::queue::Producer;
use crate::queue::ring::Room;
use crate::queue::wake::FORKED;
use crate::record::scalar::Pen;
use crate::thread::Thread;

/// How deep statements may nest, one executed while another formats its arguments. Deeper ones are
/// refused: a `Display` that logs itself would never end.
pub(super) const MAX_NESTING: usize = 8;
/// Memory that grew beyond this for one huge record is not kept, in bytes.
const KEPT_SCRATCH_BYTES: usize = 64 << 10;

/// The thread's ring. Without a destructor, so that reaching it costs nothing; [`Kept`] has one for it.
#[derive(Debug)]
struct Slot {
    /// The address of the [`Front`] whose records the ring takes now; [`NOBODY`] while there is no ring, [`IN_USE`]
    /// while it is used further up on this very thread's stack.
    open_to: Cell<usize>,
    /// The address of the front that the ring was made for. In a forked child it may still be the parent's.
    made_for: Cell<usize>,
    ring: UnsafeCell<ManuallyDrop<Option<Producer>>>,
}

const NOBODY: usize = 0;
const IN_USE: usize = 1;

/// A front as a number. Fronts live for ever, so no two have the same.
pub(super) fn number(front: &Front) -> usize {
    std::ptr::from_ref(front).addr()
}

impl Slot {
    /// Runs what uses the ring; `None` while it is in use.
    fn with<R>(&self, use_it: impl FnOnce(&mut Option<Producer>) -> R) -> Option<R> {
        if self.open_to.replace(IN_USE) == IN_USE {
            return None;
        }
        // As in `write_sized`.
        compiler_fence(Ordering::SeqCst);
        /// Opens the ring again, also after a panic.
        struct Open<'l>(&'l Slot);
        impl Drop for Open<'_> {
            fn drop(&mut self) {
                compiler_fence(Ordering::SeqCst);
                self.0.open_to.set(self.0.made_for.get());
            }
        }
        let _open = Open(self);
        // SAFETY: the mark makes this the only reference: only this thread gets here.
        Some(use_it(unsafe { &mut *self.ring.get() }))
    }
}

/// Scratch memory of the thread.
#[derive(Debug)]
struct Kept {
    scratch: RefCell<Vec<Vec<u8>>>,
    nesting: Cell<usize>,
}

impl Drop for Kept {
    /// The thread ends, and its ring with it.
    fn drop(&mut self) {
        if let Some(producer) = SLOT.with(take) {
            producer.close();
        }
    }
}

/// Leaves the thread without a ring.
fn take(slot: &Slot) -> Option<Producer> {
    slot.with(|ring| {
        slot.made_for.set(NOBODY);
        ring.take()
    })
    .flatten()
}

thread_local! {
    static SLOT: Slot = const {
        Slot {
            open_to: Cell::new(NOBODY),
            made_for: Cell::new(NOBODY),
            ring: UnsafeCell::new(ManuallyDrop::new(None)),
        }
    };
    static KEPT: Kept = const {
        Kept {
            scratch: RefCell::new(Vec::new()),
            nesting: Cell::new(0),
        }
    };
}

/// What writes a record of a known size: hestia's own code. (No closure, since the compiler may make a function of its own
/// of that, and has; an implementation can say that it must not.)
pub(super) trait Fill {
    /// Writes as many bytes as were said.
    fn fill(self, pen: &mut Pen<'_>);
}

/// Writes a record of a known size, which was stamped within this call, into the thread's ring and publishes it. (A signal
/// handler that has logged since then comes before it, with a later stamp.) `false` when there is no ring, or no room; the usual ways sort out why.
#[inline(always)]
pub(super) fn write_sized(
    front: &'static Front,
    stamp: u64,
    size: usize,
    flags: u32,
    record: impl Fill,
) -> bool {
    // Not inside of the closure, which the compiler would make a function of its own.
    let slot = SLOT.with(std::ptr::from_ref);
    // SAFETY: the thread's own, and there to the thread's end, since it has no destructor.
    let slot = unsafe { &*slot };
    if slot.open_to.get() != number(front) {
        return false;
    }
    // A signal handler that logs from here on finds the ring in use, and goes another way. One that came in between
    // has left it open.
    slot.open_to.set(IN_USE);
    compiler_fence(Ordering::SeqCst);
    // SAFETY: the ring was not in use, as `open_to` said, and is now; nothing below asks for it.
    let ring: &mut Option<Producer> = unsafe { &mut *slot.ring.get() };
    let mut is_written = false;
    if let Some(producer) = ring
        && producer.room_for(size, || front.queue.wake.rouse()) == Room::Yes
    {
        let mut reservation = producer.reserve(size, || stamp);
        // SAFETY: room for `size` bytes, and as many are written.
        let mut pen = unsafe { Pen::new(reservation.payload()) };
        record.fill(&mut pen);
        debug_assert!(pen.is_full(), "a record is as long as it said");
        reservation.commit(flags);
        is_written = true;
    }
    compiler_fence(Ordering::SeqCst);
    slot.open_to.set(number(front));
    is_written
}

/// Runs what makes a record in memory of the thread's; `None` when statements nest too deep for one more.
pub(super) fn with_memory<R>(use_it: impl FnOnce(&mut Vec<u8>) -> R) -> Option<R> {
    /// Gives the memory back, also after a panic.
    struct Lent(Vec<u8>);
    impl Drop for Lent {
        fn drop(&mut self) {
            give_memory(std::mem::take(&mut self.0));
        }
    }
    let mut lent = Lent(take_memory()?);
    Some(use_it(&mut lent.0))
}

fn take_memory() -> Option<Vec<u8>> {
    let memory = KEPT.try_with(|kept| {
        let nesting = kept.nesting.get();
        if nesting >= MAX_NESTING {
            return None;
        }
        kept.nesting.set(nesting + 1);
        let scratch = kept.scratch.try_borrow_mut().ok();
        Some(
            scratch
                .and_then(|mut scratch| scratch.pop())
                .unwrap_or_default(),
        )
    });
    // Without locals there is no count of nesting. Nothing that runs this late formats itself for ever.
    memory.unwrap_or_else(|_| Some(Vec::new()))
}

fn give_memory(memory: Vec<u8>) {
    let _ = KEPT.try_with(|kept| {
        kept.nesting.set(kept.nesting.get().saturating_sub(1));
        if memory.capacity() <= KEPT_SCRATCH_BYTES
            && let Ok(mut scratch) = kept.scratch.try_borrow_mut()
        {
            scratch.push(memory);
        }
    });
}

/// Lends the thread's ring. `None` when it has none: its locals are gone, the bound of the process is
/// reached, or this very thread is in the middle of using it (a signal handler that logs).
pub(super) fn with_ring<R>(front: &Front, use_it: impl FnOnce(&mut Producer) -> R) -> Option<R> {
    // From here on the ring is given up when the thread ends; without its locals nobody would.
    KEPT.try_with(|_| ()).ok()?;
    let lend = |slot: &Slot| {
        slot.with(|ring| {
            if slot.made_for.get() != number(front) {
                // The parent's ring, in a child whose own pipeline another thread has started.
                std::mem::forget(ring.take());
            }
            if ring.is_none() {
                slot.made_for.set(NOBODY);
                if front.queue.wake.state() == FORKED {
                    // The parent's queue: its locks may be held by threads that did not come along.
                    return None;
                }
                *ring = front.queue.new_producer(&Thread::current());
                slot.made_for
                    .set(ring.as_ref().map_or(NOBODY, |_| number(front)));
            }
            ring.as_mut().map(use_it)
        })
    };
    SLOT.with(lend).flatten()
}

/// Takes the thread's ring away: it belongs to the parent of this forked child. It is neither closed nor
/// freed, since both sides of it are the parent's.
pub(super) fn abandon_ring() -> Option<ManuallyDrop<Producer>> {
    SLOT.with(take).map(ManuallyDrop::new)
}

/// The calling thread, as far as it can still be named.
pub(super) fn thread() -> Thread {
    if KEPT.try_with(|_| ()).is_ok() {
        Thread::current()
    } else {
        Thread::nameless()
    }
}
