//! The reading end of a ring: a look, frames one after the other, and room given back.
//!
//! The writer. *Invariant:* what was given back is not read again, and is freed once.

#![allow(
    unsafe_code,
    reason = "two threads share the memory, in parts that never overlap"
)]

use std::sync::Arc;

use super::{Frame, OVERSIZE, PADDING, Ring, is_at_most};
use crate::queue::BUSY_LOOKS;
use crate::queue::mapping::Reach;
use crate::sync::checked::Ordering;

/// What is to be known of a frame to be done with it.
#[derive(Clone, Copy, Debug, Default)]
struct Extent {
    step: usize,
    is_oversize: bool,
}

impl Frame<'_> {
    #[inline]
    fn extent(&self) -> Extent {
        Extent {
            step: self.step(),
            is_oversize: self.flags & OVERSIZE != 0,
        }
    }
}

/// The reading end of a ring. One per ring; the writer's.
#[derive(Debug)]
pub(crate) struct Reader {
    ring: Arc<Ring>,
    /// The first frame not read yet.
    pub(super) head: usize,
    /// What the producer knows of `head`.
    pub(super) released: usize,
    /// What lay before the tail when it was last seen.
    pub(super) end: usize,
    /// What had been seen before the last look.
    pub(super) seen: usize,
    /// The frame that `peek` showed; nothing once it was advanced over.
    peeked: Extent,
    closed: bool,
    /// How many looks in a row have found much.
    busy_looks: u32,
    /// What was read stays there until the writer says that it is written: the ring is in a mapped file.
    keeps: bool,
    /// Among what was read and stays there are oversize frames.
    keeps_oversize: bool,
}

impl Reader {
    pub(in crate::queue) fn new(ring: Arc<Ring>) -> Self {
        Reader {
            keeps: ring.memory.region().is_some(),
            keeps_oversize: false,
            ring,
            head: 0,
            released: 0,
            end: 0,
            seen: 0,
            peeked: Extent::default(),
            closed: false,
            busy_looks: 0,
        }
    }

    pub(crate) fn ring(&self) -> &Arc<Ring> {
        &self.ring
    }

    pub(in crate::queue) fn into_ring(mut self) -> Arc<Ring> {
        self.release();
        self.ring
    }

    /// Sees what was committed so far; returns how many bytes wait. What had been seen before is told from
    /// what is new.
    pub(crate) fn look(&mut self) -> usize {
        self.seen = self.end;
        self.look_again()
    }

    /// As `look`, in the same round of the writer's: what is new since its first look stays new.
    pub(crate) fn look_again(&mut self) -> usize {
        // In this order: a tail that is read after `closed` is the last one.
        self.closed = self.ring.side().closed.load(Ordering::Acquire) != 0;
        self.end = self.ring.side().tail.load(Ordering::Acquire);
        self.end.wrapping_sub(self.head)
    }

    /// Whether enough looks in a row have found much, this one included; then it begins anew.
    pub(in crate::queue) fn is_busy(&mut self, found_much: bool) -> bool {
        self.busy_looks = if found_much { self.busy_looks + 1 } else { 0 };
        let is_busy = self.busy_looks == BUSY_LOOKS;
        if is_busy {
            self.busy_looks = 0;
        }
        is_busy
    }

    /// Whether everything that was ever put in has been read, for good.
    pub(crate) fn is_finished(&self) -> bool {
        self.closed && self.done() == self.end
    }

    /// Whether the producer had said, at the last look, that nothing more will come.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// The position up to which frames have been seen.
    pub(crate) fn end(&self) -> usize {
        self.end
    }

    /// Whether everything before a position has been read.
    pub(crate) fn has_passed(&self, position: usize) -> bool {
        is_at_most(position, self.done())
    }

    /// Up to where there is nothing left to do: what was read, or, where that stays until it is written, what was given
    /// back.
    fn done(&self) -> usize {
        if self.keeps { self.released } else { self.head }
    }

    /// How many bytes the last look saw that were not read yet.
    pub(crate) fn unread(&self) -> usize {
        self.end.wrapping_sub(self.head)
    }

    /// The next frame of the last look.
    #[inline]
    pub(crate) fn peek(&mut self) -> Option<Frame<'_>> {
        while self.head != self.end {
            // SAFETY: between head and the tail that was seen, and not released.
            let frame = unsafe { self.ring.frame(self.head) };
            if frame.flags & PADDING == 0 {
                self.peeked = frame.extent();
                return Some(Frame {
                    seen_before: !is_at_most(self.seen, self.head),
                    ..frame
                });
            }
            self.head = self.head.wrapping_add(frame.step());
        }
        None
    }

    /// Done with the frame that `peek` showed. The producer is told in steps: one that spins on the
    /// reader's position would make every record dearer.
    #[inline]
    pub(crate) fn advance(&mut self) {
        let peeked = std::mem::take(&mut self.peeked);
        let at = self.head;
        self.head = self.head.wrapping_add(peeked.step);
        if self.keeps {
            self.keeps_oversize |= peeked.is_oversize;
        } else if peeked.is_oversize {
            self.free_oversize(at);
            self.release();
        } else if self.head.wrapping_sub(self.released) >= self.ring.capacity() / 8 {
            self.release();
        }
    }

    /// Frees what the frame at a position refers to, if it is an oversize one; returns where the next one starts. To be
    /// called once for each, between what is released and what was read.
    fn free_oversize(&self, position: usize) -> usize {
        // SAFETY: read, and not released yet.
        let frame = unsafe { self.ring.frame(position) };
        if frame.flags & OVERSIZE != 0 {
            // SAFETY: the frame is released next, so nobody frees it again.
            self.ring.budget.give(unsafe { frame.free_oversize() });
        }
        position.wrapping_add(frame.step())
    }

    /// Gives everything that was read back to the producer.
    pub(crate) fn release(&mut self) {
        if std::mem::take(&mut self.keeps_oversize) {
            let mut position = self.released;
            while position != self.head {
                position = self.free_oversize(position);
            }
        }
        if self.released != self.head {
            self.released = self.head;
            self.ring.consumer.head.store(self.head, Ordering::Release);
        }
    }

    /// Whether what was read stays where it is until it is written.
    pub(crate) fn keeps(&self) -> bool {
        self.keeps
    }

    /// For a ring in a mapped file: how far the present round goes in it.
    pub(crate) fn reach(&self) -> Option<Reach> {
        let slot = self.ring.memory.region()?.slot()?;
        Some(Reach {
            slot,
            start: self.head,
            seen: self.seen,
            end: self.end,
        })
    }
}
