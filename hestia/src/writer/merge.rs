//! The order of lines: all rings merged by time.
//!
//! Each round the writer takes a tick, the horizon, *then* looks at every ring, and merges what is not
//! younger than the horizon. That keeps causality: a record committed after its ring was looked at, and
//! anything that it caused, has a stamp beyond the horizon, or was looked at too. With the horizon a
//! grace window in the past, a thread that was between its stamp and its commit is waited for as well.
//!
//! *Invariant:* reads no frame beyond the last look, and none younger than the horizon.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::queue::ring::{Frame, Reader, Ring};

/// Merges rings; keeps its memory from round to round.
#[derive(Debug, Default)]
pub(super) struct Merge {
    /// Rings by the stamp of their next frame; of equal stamps, the ring that was made first.
    next: BinaryHeap<Reverse<(u64, usize)>>,
}

impl Merge {
    /// Passes every frame that was seen, and is not younger than the horizon, in the order of stamps.
    /// Returns how many.
    pub(super) fn run(
        &mut self,
        rings: &mut [Reader],
        horizon: u64,
        mut take: impl FnMut(&Ring, &Frame<'_>),
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
                .map_or((horizon, usize::MAX), |&Reverse(next)| next);
            let reader = &mut rings[place];
            // As long as this ring's frames are the oldest, there is no need to ask the others.
            while take_one(reader, place, until, &mut take) {
                taken += 1;
            }
            self.put_back(reader, place, horizon);
        }
        taken
    }

    fn put_back(&mut self, reader: &mut Reader, place: usize, horizon: u64) {
        if let Some(frame) = reader.peek()
            && frame.ticks <= horizon
        {
            self.next.push(Reverse((frame.ticks, place)));
        }
    }
}

fn take_one(
    reader: &mut Reader,
    place: usize,
    until: (u64, usize),
    take: &mut impl FnMut(&Ring, &Frame<'_>),
) -> bool {
    let ring = std::sync::Arc::clone(reader.ring());
    let Some(frame) = reader.peek() else {
        return false;
    };
    if (frame.ticks, place) > until {
        return false;
    }
    take(&ring, &frame);
    reader.advance();
    true
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests;
