//! The order of lines: all rings merged by time.
//!
//! Each round the writer takes a tick, *then* looks at every ring, and merges what is older than the tick.
//! That keeps causality. If A's call returned before B's began, A was committed before B was stamped; and
//! if B's stamp is less than the tick, B was stamped before the writer looked. So A lies there to be seen
//! whenever B is taken, and has the smaller stamp (`clock` sees to that). A stamp *equal* to the tick proves
//! nothing: where the clock is coarse, A can have been committed within the same tick after its ring was
//! looked at, and B before its own was. With the horizon a grace window before the tick, a thread that was
//! between its stamp and its commit is waited for as well.
//!
//! A ring that is walked through ([`Reader::look_or_walk`]) is looked at as long as the round goes: never before the tick, so what is said
//! above holds of it. What it finds counts as seen only once a later round has looked: another ring may have been looked at before
//! what that came after.
//!
//! What lay there at the last round's look was stamped before this round's tick was taken. If its stamp says
//! otherwise, the counter has started anew, or stands still: then stamps tell nothing, and it is taken at
//! once. So whatever the clock does, a round without a grace window takes all that the one before saw, and a
//! drain or a flush comes to its end. Where the tick is that of the round before, there is no grace window either: a clock that
//! stopped would never leave it.
//!
//! *Invariant:* takes no frame of which an older one may be missing, and comes to its end however fast more come.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::queue::ring::{Frame, Reader};

/// What a round may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Horizon {
    /// The tick that was taken before the look.
    pub(super) now: u64,
    /// How long before the tick a frame must have been stamped.
    pub(super) grace: u64,
}

impl Horizon {
    fn allows(&self, frame: &Frame<'_>) -> bool {
        frame.ticks < self.now.saturating_sub(self.grace)
            || (frame.seen_before && frame.ticks >= self.now)
    }

    /// Of a round that follows one with the tick `before`.
    pub(super) fn after(before: u64, now: u64, grace: u64) -> Self {
        let grace = if now > before { grace } else { 0 };
        Horizon { now, grace }
    }

    /// Whether a frame that is not allowed will be, as time goes by.
    fn is_young(&self, ticks: u64) -> bool {
        ticks < self.now
    }
}

/// Merges rings; keeps its memory from round to round.
#[derive(Debug, Default)]
pub(super) struct Merge {
    /// Rings by the stamp of their next frame; of equal stamps, the ring that was made first.
    next: BinaryHeap<Reverse<(u64, usize)>>,
}

impl Merge {
    /// Passes every frame that was seen, or is found, and that the horizon allows, in the order of stamps. Returns how
    /// many.
    pub(super) fn run(
        &mut self,
        rings: &mut [Reader],
        horizon: Horizon,
        mut take: impl FnMut(&Frame<'_>),
    ) -> u64 {
        self.next.clear();
        for (place, reader) in rings.iter_mut().enumerate() {
            self.put_back(reader, place, horizon);
        }
        let mut taken = 0;
        while let Some(Reverse((_, place))) = self.next.pop() {
            let until = self
                .next
                .peek()
                .map_or((u64::MAX, usize::MAX), |&Reverse(next)| next);
            let reader = &mut rings[place];
            // As long as this ring's frames are the oldest, there is no need to ask the others.
            while let Some(frame) = reader.peek()
                && horizon.allows(&frame)
                && (frame.ticks, place) <= until
            {
                take(&frame);
                reader.advance();
                taken += 1;
            }
            self.put_back(reader, place, horizon);
        }
        taken
    }

    fn put_back(&mut self, reader: &mut Reader, place: usize, horizon: Horizon) {
        let Some(frame) = reader.peek() else { return };
        let ticks = frame.ticks;
        if horizon.allows(&frame) {
            self.next.push(Reverse((ticks, place)));
        } else if horizon.is_young(ticks) {
            reader.expect_more();
        }
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests;
