//! The producing end of a ring: room, a reservation, a commit.
//!
//! The thread that owns the ring (or whoever holds its lock). *Invariant:* no lock on the usual path, and nothing is seen
//! of what was not committed.

#![allow(
    unsafe_code,
    reason = "two threads share the memory, in parts that never overlap"
)]

use std::sync::Arc;

use super::{
    HEADER, MAPPED, OVERSIZE, OVERSIZE_PAYLOAD, PADDING, Ring, first_word, is_at_most, round_up,
};
use crate::level::{self, Level};
use crate::queue::mapping::Region;
use crate::queue::memory::{Side, Span, WORD};
use crate::sync::checked::{Ordering, fence};

/// What became of an attempt to put a frame into a ring.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// There is room.
    Yes,
    /// Not before the reader releases something.
    Full,
    /// Never: the frame is too large for this ring.
    TooLarge,
}

/// A payload that travels by its address.
#[derive(Debug)]
pub(crate) enum Oversize {
    Boxed(Box<[u8]>),
    Mapped(Region),
}

/// The producing end of a ring. One per ring, owned by one thread (or behind a lock).
///
/// Laid out as it is written: `accepted` and `tail`, which both grow with each frame, are not neighbours. Where they were, the
/// compiler added to both in one vector register, and each frame waited for that to be stored and read back.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Producer {
    pub(super) ring: Arc<Ring>,
    /// The ring's memory.
    span: Span,
    /// What `side.accepted` holds.
    accepted: u64,
    /// What the ring publishes of its producer.
    side: Side,
    /// Where the next frame goes: what `side.tail` holds.
    pub(super) tail: usize,
    /// Up to here the memory is free, and a word beyond it, as far as is known without another look at the reader's position.
    pub(super) limit: usize,
    /// The limit, or the end of the memory where that comes first: up to here frames go in one after the other.
    pub(super) end: usize,
    /// The end, or [`AHEAD`] before it: from here on the reader's position is on its way.
    pub(super) stop: usize,
}

/// How far ahead of its frames the producer has the ring's memory, and the reader's position, come into its cache, in bytes.
///
/// The reader has had them last, on another core. A cache line takes 50 to 200 ns to come from there, and stores wait for
/// their line in the order in which they were made; after some dozens everything waits.
const AHEAD: usize = 2048;

impl Producer {
    pub(in crate::queue) fn new(ring: Arc<Ring>) -> Self {
        let (span, side) = (ring.memory.span(), ring.memory.side());
        let limit = span.len() / 2;
        Producer {
            ring,
            span,
            side,
            accepted: 0,
            tail: 0,
            limit,
            end: limit,
            stop: limit,
        }
    }

    /// The largest payload that goes into this ring wherever it comes to lie. Padding can cost as much again as a
    /// frame, so a quarter always fits into an empty ring, and some others beside it. A larger one goes in where it
    /// happens to need no padding.
    #[inline]
    pub(crate) fn largest_payload(&self) -> usize {
        self.span.len() / 4 - HEADER
    }

    /// Whether a payload of this length, at most `isize::MAX`, can be reserved now. `crossed_half` is called when the
    /// ring turns out to be half full, once each time it becomes so.
    #[inline]
    pub(crate) fn room_for(&mut self, payload: usize, crossed_half: impl Fn()) -> Room {
        if round_up(HEADER + payload) <= self.stop.wrapping_sub(self.tail) {
            Room::Yes
        } else {
            // Moved here, so that nothing is put into memory for it on the usual path.
            let crossed_half = crossed_half;
            self.make_room(payload, &crossed_half)
        }
    }

    #[cold]
    fn make_room(&mut self, payload: usize, crossed_half: &dyn Fn()) -> Room {
        let step = round_up(HEADER + payload);
        if self.stop != self.end {
            self.stop = self.end;
            self.ring.consumer.fetch();
            if step <= self.end.wrapping_sub(self.tail) {
                return Room::Yes;
            }
        }
        if payload > self.largest_payload() {
            return if self.grow() {
                self.make_room(payload, crossed_half)
            } else {
                Room::TooLarge
            };
        }
        let capacity = self.span.len();
        let to_end = capacity - (self.tail & (capacity - 1));
        let padding = if step <= to_end { 0 } else { to_end };
        let next = self.tail.wrapping_add(padding + step);
        if !is_at_most(next, self.limit) {
            if self.grow() {
                return self.make_room(payload, crossed_half);
            }
            // Pairs with the release in `Reader::release`: what lies before is free to be overwritten.
            let head = self.ring.consumer.head.load(Ordering::Acquire);
            let used = next.wrapping_sub(head);
            if used > capacity / 2 {
                crossed_half();
            }
            // The word behind the last frame is 0.
            if used > capacity - WORD {
                return Room::Full;
            }
            // Below half, stop at half to say so; beyond it, go on to the end.
            let span = if used > capacity / 2 {
                capacity - WORD
            } else {
                capacity / 2
            };
            self.limit = head.wrapping_add(span);
        }
        if padding != 0 {
            self.pad(padding);
        }
        let to_end = capacity - (self.tail & (capacity - 1));
        let to_limit = self.limit.wrapping_sub(self.tail);
        self.end = self.tail.wrapping_add(to_end.min(to_limit));
        self.stop = if self.end.wrapping_sub(self.tail) > step + AHEAD {
            self.end.wrapping_sub(AHEAD)
        } else {
            self.end
        };
        Room::Yes
    }

    /// Fills the end of the memory.
    fn pad(&mut self, padding: usize) {
        self.publish(self.place(), padding, first_word(padding, PADDING));
    }

    /// Where the next frame goes.
    #[inline(always)]
    fn place(&self) -> Place {
        Place {
            span: self.span,
            tail: self.tail,
            at: self.tail & (self.span.len() - 1),
        }
    }

    /// Has the frame at a place, which takes so many bytes, be seen, from its first word on. There is room for it, and for a
    /// word more.
    #[inline(always)]
    fn publish(&mut self, place: Place, step: usize, word: u64) {
        let Place { span, tail, at } = place;
        self.tail = tail.wrapping_add(step);
        let next = (at + step) & (span.len() - 1);
        // SAFETY: only words that are, or will be, the first of a frame, which nobody has as a slice: this producer wrote
        // the frame's other bytes, and the reader has released what lay at the next one's place.
        let (this, next) = unsafe { (span.word(at), span.word(next)) };
        // Before it may be looked at: whoever sees this frame finds that there is none behind it.
        next.store(0, Ordering::Relaxed);
        this.store(word, Ordering::Release);
        // SAFETY: the ring, and its memory with it, lives as long as its producer.
        let shared = unsafe { self.side.get() };
        shared.accepted.store(self.accepted, Ordering::Relaxed);
        shared.tail.store(self.tail, Ordering::Release);
    }

    /// Room for a payload, after `room_for` said yes to it, and its stamp.
    ///
    /// The stamp is taken within the call and before the release store, so that what another thread logs after having seen
    /// this record, or after the call has returned, has a later one. It is taken before the bytes are written and not after it,
    /// by statements of a known size even before they ask for room: a processor that reads its counter does all that meanwhile.
    #[inline(always)]
    pub(crate) fn reserve(
        &mut self,
        payload: usize,
        ticks: impl FnOnce() -> u64,
    ) -> Reservation<'_> {
        Reservation {
            place: self.place(),
            payload,
            ticks: ticks(),
            producer: self,
        }
    }

    /// Puts an allocation into the ring by its address. `room_for(OVERSIZE_PAYLOAD)` said yes, and the
    /// budget has granted its length.
    fn commit_oversize(&mut self, payload: Oversize, flags: u32, ticks: impl FnOnce() -> u64) {
        let (address, length, flag) = match payload {
            Oversize::Boxed(payload) => {
                let length = payload.len();
                let address = Box::into_raw(payload).cast::<u8>().expose_provenance();
                (address, length, OVERSIZE)
            }
            Oversize::Mapped(region) => {
                let (offset, length) = region.give_away();
                (offset, length, OVERSIZE | MAPPED)
            }
        };
        let mut reservation = self.reserve(OVERSIZE_PAYLOAD, ticks);
        let (first, second) = reservation.payload().split_at_mut(size_of::<usize>());
        first.copy_from_slice(&address.to_ne_bytes());
        second.copy_from_slice(&length.to_ne_bytes());
        reservation.commit(flags | flag);
    }

    /// As `commit_oversize`, when there is room; otherwise gives the allocation back.
    pub(crate) fn push_oversize(
        &mut self,
        payload: Oversize,
        flags: u32,
        ticks: impl FnOnce() -> u64,
        crossed_half: impl Fn(),
    ) -> Result<(), Oversize> {
        match self.room_for(OVERSIZE_PAYLOAD, crossed_half) {
            Room::Yes => {
                self.commit_oversize(payload, flags, ticks);
                Ok(())
            }
            Room::Full | Room::TooLarge => Err(payload),
        }
    }

    /// A payload that does not fit the ring, where the ring's own memory is: in the mapped file as long as that has
    /// room, on the heap otherwise.
    pub(crate) fn oversize(&self, payload: &[u8]) -> Oversize {
        let region = self.ring.memory.region();
        region
            .and_then(|region| region.mapping().oversize(payload))
            .map_or_else(|| Oversize::Boxed(payload.into()), Oversize::Mapped)
    }

    /// Counts a record that was not taken.
    pub(crate) fn count_shed(&self, level: Level) {
        let counter = &self.ring.side().shed[level::index(level)];
        // Only this thread writes it.
        counter.store(counter.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    /// Moves to the larger ring, if the writer has offered one; whether it has. The writer drains the old one first.
    fn grow(&mut self) -> bool {
        if !self.ring.has_offer() {
            return false;
        }
        // A lock that is taken is the writer's, making its offer this moment: next time.
        let larger = match self.ring.successor.try_lock() {
            Ok(mut offered) => offered.take(),
            Err(_) => None,
        };
        let Some(larger) = larger else { return false };
        let old = std::mem::replace(self, Producer::new(larger));
        old.close();
        // The old ring's last frame is there for all to see before the next stamp is taken. While it
        // was still on its way, a writer could find it missing there and its successor here.
        fence(Ordering::SeqCst);
        true
    }

    /// Says that nothing more will come.
    pub(crate) fn close(&self) {
        self.ring.close();
    }

    /// A copy of the frame that was committed last: flags, ticks, payload. For a forked child, which takes it out of the
    /// inherited ring; at least one frame lies there.
    pub(crate) fn last_frame(&self) -> (u32, u64, Vec<u8>) {
        let mut last = self.ring.consumer.head.load(Ordering::Acquire);
        let mut next = last;
        while next != self.tail {
            // SAFETY: not released, and this thread committed it; no reader runs (to the child no other thread came along).
            let frame = unsafe { self.ring.frame(next) };
            if frame.flags & PADDING == 0 {
                last = next;
            }
            next = next.wrapping_add(frame.step());
        }
        // SAFETY: as above.
        let frame = unsafe { self.ring.frame(last) };
        (
            frame.flags & !(OVERSIZE | MAPPED),
            frame.ticks,
            frame.payload().to_vec(),
        )
    }
}

/// Contiguous room for one payload. Dropping it without `commit` publishes nothing.
#[derive(Debug)]
pub(crate) struct Reservation<'p> {
    producer: &'p mut Producer,
    place: Place,
    payload: usize,
    ticks: u64,
}

/// A place in a ring. All of it by value: what is in the producer would be read anew after each byte that was written.
#[derive(Clone, Copy, Debug)]
struct Place {
    span: Span,
    /// Its position, and
    tail: usize,
    /// the remainder by the capacity.
    at: usize,
}

impl Reservation<'_> {
    /// The bytes to fill; what they hold at first is whatever was there before.
    #[inline]
    pub(crate) fn payload(&mut self) -> &mut [u8] {
        // SAFETY: `room_for` found this part free: the reader has released it, and only this producer
        // writes. `&mut self` keeps it unique.
        unsafe {
            let Place { span, at, .. } = self.place;
            span.slice_mut(at + HEADER, self.payload)
        }
    }

    /// Publishes.
    #[inline(always)]
    pub(crate) fn commit(self, flags: u32) {
        let Reservation {
            producer,
            place,
            payload,
            ticks,
        } = self;
        // SAFETY: free, as in `payload`; the header's second word.
        let stamp = unsafe { place.span.slice_mut(place.at + WORD, WORD) };
        stamp.copy_from_slice(&ticks.to_ne_bytes());
        let step = round_up(HEADER + payload);
        producer.accepted += 1;
        producer.publish(place, step, first_word(HEADER + payload, flags));
        place.span.fetch(place.at + AHEAD, step);
    }
}
