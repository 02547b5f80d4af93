//! The reading end of a ring: a look, frames one after the other, and room given back.
//!
//! The writer. *Invariant:* what was given back is not read again, and is freed once.

#![allow(
    unsafe_code,
    reason = "two threads share the memory, in parts that never overlap"
)]

use std::sync::Arc;

use super::{Frame, OVERSIZE, PADDING, Ring, is_at_most};
use crate::queue::BUSY_ROUNDS;
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
    /// What lies before it is there: the tail when it was last seen, or the end of a frame that was found since.
    pub(super) end: usize,
    /// What had been there when the round before this one looked.
    pub(super) seen: usize,
    /// What was there when this round looked.
    known: usize,
    /// Where the round's frames begin.
    start: usize,
    /// Whether the round goes beyond `end`, from frame to frame.
    walks: bool,
    /// Whether the next round may do so.
    expects_more: bool,
    /// The frame that `peek` showed; nothing once it was advanced over.
    peeked: Extent,
    closed: bool,
    /// How many rounds in a row have found much.
    busy_rounds: u32,
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
            known: 0,
            start: 0,
            walks: false,
            expects_more: false,
            peeked: Extent::default(),
            closed: false,
            busy_rounds: 0,
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
        self.begin_round();
        self.look_again()
    }

    /// As `look`, at a time when frames come steadily: where more are expected, nothing is asked of the producer, and `peek`
    /// finds those that are there by themselves. Returns how many bytes are known to wait.
    pub(crate) fn look_or_walk(&mut self) -> usize {
        if !self.expects_more {
            return self.look();
        }
        self.begin_round();
        self.known = self.end;
        self.walks = true;
        self.unread()
    }

    fn begin_round(&mut self) {
        // What a walk has found may have come after what another ring did not have yet when it was looked at.
        self.seen = self.known;
        self.start = self.head;
        self.walks = false;
        self.expects_more = false;
    }

    /// The frame that `peek` shows is left only because it is young: by the next round there will be more.
    ///
    /// Not where rings outlive the process: there it is said before a round how far it goes.
    pub(crate) fn expect_more(&mut self) {
        self.expects_more = !self.keeps;
    }

    /// As `look`, in the same round of the writer's: what is new since its first look stays new.
    pub(crate) fn look_again(&mut self) -> usize {
        // In this order: a tail that is read after `closed` is the last one.
        self.closed = self.ring.side().closed.load(Ordering::Acquire) != 0;
        let tail = self.ring.side().tail.load(Ordering::Acquire);
        // A frame is found by its first word a moment before the tail is behind it.
        if is_at_most(self.end, tail) {
            self.end = tail;
        }
        self.known = self.end;
        self.unread()
    }

    /// Whether enough rounds in a row have found much, this one included; then it begins anew.
    pub(in crate::queue) fn is_busy(&mut self, found_much: bool) -> bool {
        self.busy_rounds = if found_much { self.busy_rounds + 1 } else { 0 };
        let is_busy = self.busy_rounds == BUSY_ROUNDS;
        if is_busy {
            self.busy_rounds = 0;
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

    /// How many bytes are known to wait.
    pub(crate) fn unread(&self) -> usize {
        self.end.wrapping_sub(self.head)
    }

    /// How many bytes the round has seen so far, read or not.
    pub(in crate::queue) fn seen_in_round(&self) -> usize {
        self.end.wrapping_sub(self.start)
    }

    /// The next frame of the round.
    #[inline]
    pub(crate) fn peek(&mut self) -> Option<Frame<'_>> {
        loop {
            if self.head == self.end {
                if !self.goes_on() {
                    return None;
                }
                // SAFETY: what was found to be there ends here.
                self.end = unsafe { self.ring.frame_end(self.end) }?;
            }
            // SAFETY: between head and what was found to be there, and not released.
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
    }

    /// Whether the round goes beyond what is known to be there. It is no longer than the ring, however fast more comes.
    fn goes_on(&self) -> bool {
        self.walks && self.seen_in_round() < self.ring.capacity()
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
