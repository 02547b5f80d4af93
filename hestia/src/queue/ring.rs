//! A bounded ring of bytes between one producing thread and the writer.
//!
//! Frames lie in it one after the other, each contiguous, each starting at a multiple of 8:
//!
//! | bytes | what |
//! |---|---|
//! | 4 | length of the frame with this header, not rounded up; **first**, so that a frame can be skipped whatever is in it |
//! | 4 | flags: the low 8 bits are the ring's own, the others travel through |
//! | 8 | ticks: when the record was stamped |
//! | … | payload |
//!
//! A frame that does not fit before the end of the memory starts at its beginning again, behind a frame
//! marked as padding. Positions only grow; a position's place is its remainder by the capacity. The idea of
//! caching the other side's position, and of publishing in steps: Giacomoni, Moseley and Vachharajani,
//! *FastForward for Efficient Pipeline Parallelism*, PPoPP 2008; Quill's and rtrb's rings are kindred.
//!
//! *Invariant:* between `head` and `tail` lie whole, committed frames. A reservation that is dropped
//! without a commit leaves no trace.

#![allow(
    unsafe_code,
    reason = "two threads share the memory, in parts that never overlap"
)]

use std::sync::Arc;

use crossbeam_utils::CachePadded;

use super::Budget;
use super::mapping::{Mapping, Reach, Region};
use super::memory::{Memory, ProducerSide, Side, Span, WORD};
use crate::level::{self, LEVELS, Level};
use crate::sync::checked::{AtomicUsize, Mutex, Ordering, fence, lock};
use crate::thread::Thread;

/// The frame's header, in bytes.
pub(crate) const HEADER: usize = 16;
/// Payload of a frame that refers to an allocation: address and length.
pub(crate) const OVERSIZE_PAYLOAD: usize = 2 * size_of::<usize>();

/// The frame only fills the end of the memory.
pub(crate) const PADDING: u32 = 1;
/// The payload is the address and length of an allocation that holds the real one.
pub(crate) const OVERSIZE: u32 = 2;
/// The allocation is a region of the mapped file, and its address an offset in it.
pub(crate) const MAPPED: u32 = 4;

#[derive(Debug)]
pub(crate) struct Ring {
    memory: Memory,
    /// Counts up with every ring that is made.
    id: u64,
    /// The owner; none for a ring that several threads share.
    thread: Option<Thread>,
    /// What the budget granted for its memory, in bytes, and gets back.
    granted: usize,
    /// Of its memory, and of the allocations that oversize frames refer to.
    budget: Arc<Budget>,
    consumer: CachePadded<ConsumerSide>,
    /// The larger ring that the writer offers to a busy thread.
    successor: Mutex<Option<Arc<Ring>>>,
}

/// Written by the reader only.
#[derive(Debug)]
struct ConsumerSide {
    /// Release by the reader, acquire by `Producer::make_room`: the frames before it are done with.
    head: AtomicUsize,
}

impl Ring {
    /// A ring of at least 256 bytes (room for four oversize frames), for whose memory the budget has
    /// granted so many.
    pub(super) fn new(
        id: u64,
        memory: Memory,
        granted: usize,
        thread: Option<Thread>,
        budget: Arc<Budget>,
    ) -> Self {
        Ring {
            id,
            thread,
            granted,
            memory,
            budget,
            consumer: CachePadded::new(ConsumerSide {
                head: AtomicUsize::new(0),
            }),
            successor: Mutex::new(None),
        }
    }

    #[inline]
    pub(crate) fn capacity(&self) -> usize {
        self.memory.len()
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// The thread that owns the ring; none when several threads share it.
    pub(crate) fn thread(&self) -> Option<&Thread> {
        self.thread.as_ref()
    }

    /// What the producer publishes.
    pub(super) fn side(&self) -> &ProducerSide {
        // SAFETY: the memory lives as long as the ring.
        unsafe { self.memory.side().get() }
    }

    pub(super) fn accepted(&self) -> u64 {
        self.side().accepted.load(Ordering::Relaxed)
    }

    pub(super) fn shed(&self) -> [u64; LEVELS] {
        std::array::from_fn(|at| self.side().shed[at].load(Ordering::Relaxed))
    }

    /// Writer: a larger ring for the same thread, which the producer moves to when it next looks for room.
    pub(super) fn offer(&self, larger: Arc<Ring>) {
        *lock(&self.successor) = Some(larger);
    }

    pub(super) fn has_offer(&self) -> bool {
        lock(&self.successor).is_some()
    }

    /// Writer: closes the ring that was offered to a thread which ended before it took it.
    pub(super) fn close_offer(&self) {
        if let Some(larger) = lock(&self.successor).take() {
            larger.close();
        }
    }

    fn close(&self) {
        self.side().closed.store(1, Ordering::Release);
    }

    /// The memory of an empty ring, for another one.
    pub(super) fn into_memory(mut self) -> Memory {
        // As the memory that takes its place: nothing was ever put in.
        self.consumer.head.store(0, Ordering::Relaxed);
        std::mem::replace(&mut self.memory, Memory::new(WORD)).renewed()
    }

    /// The frame at a position below the tail.
    ///
    /// # Safety
    /// The position is that of a committed frame which the reader has not released yet.
    unsafe fn frame(&self, position: usize) -> Frame<'_> {
        let at = position & (self.capacity() - 1);
        // SAFETY: a committed frame's header lies whole at its place, and the producer does not write
        // there before the reader releases it (the caller's promise).
        let header = unsafe {
            let span = self.memory.span();
            span.slice(at, HEADER.min(span.len() - at))
        };
        let length = word(header, 0) as usize;
        let flags = word(header, 4);
        if flags & PADDING != 0 {
            return Frame {
                ring: self,
                length,
                flags,
                ticks: 0,
                payload: &[],
                seen_before: false,
            };
        }
        let ticks = u64::from_ne_bytes(std::array::from_fn(|byte| header[8 + byte]));
        // SAFETY: as for the header; `commit` wrote the length of this very frame.
        let payload = unsafe { self.memory.span().slice(at + HEADER, length - HEADER) };
        Frame {
            ring: self,
            length,
            flags,
            ticks,
            payload,
            seen_before: false,
        }
    }
}

impl Drop for Ring {
    /// Frees what undrained oversize frames refer to.
    fn drop(&mut self) {
        let tail = self.side().tail.load(Ordering::Acquire);
        let mut head = self.consumer.head.load(Ordering::Acquire);
        while head != tail {
            // SAFETY: a committed frame that was not released, since it lies between head and tail.
            let frame = unsafe { self.frame(head) };
            let step = frame.step();
            if frame.flags & OVERSIZE != 0 {
                // SAFETY: the reader frees an allocation and releases its frame in one go, so this one
                // was not freed yet.
                self.budget.give(unsafe { frame.free_oversize() });
            }
            head = head.wrapping_add(step);
        }
        self.budget.give(self.granted);
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes(std::array::from_fn(|byte| bytes[at + byte]))
}

/// Compares positions, which may have passed the end of their type.
#[inline(always)]
fn is_at_most(position: usize, other: usize) -> bool {
    other.wrapping_sub(position).cast_signed() >= 0
}

#[inline(always)]
fn round_up(bytes: usize) -> usize {
    bytes.next_multiple_of(WORD)
}

/// One frame, as the reader sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'a> {
    ring: &'a Ring,
    length: usize,
    pub(crate) flags: u32,
    pub(crate) ticks: u64,
    payload: &'a [u8],
    /// It was there at the look before the last one, too.
    pub(crate) seen_before: bool,
}

/// What is to be known of a frame to be done with it.
#[derive(Clone, Copy, Debug, Default)]
struct Extent {
    step: usize,
    is_oversize: bool,
}

impl<'a> Frame<'a> {
    #[inline]
    fn extent(&self) -> Extent {
        Extent {
            step: self.step(),
            is_oversize: self.flags & OVERSIZE != 0,
        }
    }

    fn step(&self) -> usize {
        round_up(self.length)
    }

    fn oversize(&self) -> (usize, usize) {
        let number =
            |at: usize| usize::from_ne_bytes(std::array::from_fn(|byte| self.payload[at + byte]));
        (number(0), number(size_of::<usize>()))
    }

    /// The thread that owns the ring; none when several threads share it.
    pub(crate) fn thread(&self) -> Option<&'a Thread> {
        self.ring.thread()
    }

    /// The record, wherever it lies.
    pub(crate) fn payload(&self) -> &'a [u8] {
        if self.flags & OVERSIZE == 0 {
            return self.payload;
        }
        let (address, length) = self.oversize();
        if let Some(mapping) = self.mapping() {
            // SAFETY: a region that `Producer::commit_oversize` gave away; it is taken back only when the frame is
            // released, after `'a`.
            return unsafe { mapping.given_away(address, length) };
        }
        // SAFETY: `Producer::commit_oversize` leaked a boxed slice of this address and length, which is freed only
        // when the frame is released, after `'a`.
        unsafe { std::slice::from_raw_parts(std::ptr::with_exposed_provenance(address), length) }
    }

    /// The file that the oversize payload is in.
    fn mapping(&self) -> Option<&'a Arc<Mapping>> {
        let region = self.ring.memory.region()?;
        (self.flags & MAPPED != 0).then(|| region.mapping())
    }

    /// # Safety
    /// To be called once for a frame with the flag, after the last use of its payload.
    unsafe fn free_oversize(&self) -> usize {
        let (address, length) = self.oversize();
        if let Some(mapping) = self.mapping() {
            // SAFETY: given away in `commit_oversize`, and taken back once by the caller's promise.
            drop(unsafe { mapping.take_back(address, length) });
            return length;
        }
        let start: *mut u8 = std::ptr::with_exposed_provenance_mut(address);
        // SAFETY: made by `Box::into_raw` in `commit_oversize`, and freed once by the caller's promise.
        drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(start, length)) });
        length
    }
}

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
#[derive(Debug)]
pub(crate) struct Producer {
    ring: Arc<Ring>,
    /// The ring's memory.
    span: Span,
    /// What the ring publishes of its producer.
    side: Side,
    /// What `side.accepted` holds.
    accepted: u64,
    /// Where the next frame goes: what `side.tail` holds, but for padding that no frame has followed yet.
    tail: usize,
    /// Where the last frame was put: a forked child takes it out of the inherited ring from there.
    last: usize,
    /// Up to here the memory is free, as far as is known without another look at the reader's position.
    limit: usize,
    /// The limit, or the end of the memory where that comes first: up to here frames go in one after the other.
    end: usize,
}

impl Producer {
    pub(super) fn new(ring: Arc<Ring>) -> Self {
        let (span, side) = (ring.memory.span(), ring.memory.side());
        let limit = span.len() / 2;
        Producer {
            ring,
            span,
            side,
            accepted: 0,
            tail: 0,
            last: 0,
            limit,
            end: limit,
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
    pub(crate) fn room_for(&mut self, payload: usize, crossed_half: impl FnOnce()) -> Room {
        if round_up(HEADER + payload) <= self.end.wrapping_sub(self.tail) {
            Room::Yes
        } else {
            self.make_room(payload, crossed_half)
        }
    }

    #[cold]
    fn make_room(&mut self, payload: usize, crossed_half: impl FnOnce()) -> Room {
        self.grow();
        if payload > self.largest_payload() {
            return Room::TooLarge;
        }
        let step = round_up(HEADER + payload);
        let capacity = self.span.len();
        let to_end = capacity - (self.tail & (capacity - 1));
        let padding = if step <= to_end { 0 } else { to_end };
        let next = self.tail.wrapping_add(padding + step);
        if !is_at_most(next, self.limit) {
            // Pairs with the release in `Reader::release`: what lies before is free to be overwritten.
            let head = self.ring.consumer.head.load(Ordering::Acquire);
            let used = next.wrapping_sub(head);
            if used > capacity / 2 {
                crossed_half();
            }
            if used > capacity {
                return Room::Full;
            }
            // Below half, stop at half to say so; beyond it, go on to the end.
            let span = if used > capacity / 2 {
                capacity
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
        Room::Yes
    }

    /// Fills the end of the memory. The reader sees it with the frame that follows.
    fn pad(&mut self, padding: usize) {
        let at = self.tail & (self.span.len() - 1);
        // SAFETY: `make_room` found this part free: the reader has released it, and only this producer writes. The
        // padding's first word lies within the memory, since everything is a multiple of a word.
        let header = unsafe { self.span.slice_mut(at, WORD) };
        header.copy_from_slice(&first_word(padding, PADDING));
        self.tail = self.tail.wrapping_add(padding);
    }

    /// Room for a payload, after `room_for` said yes to it.
    #[inline]
    pub(crate) fn reserve(&mut self, payload: usize) -> Reservation<'_> {
        Reservation {
            at: self.tail & (self.span.len() - 1),
            payload,
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
        let mut reservation = self.reserve(OVERSIZE_PAYLOAD);
        let (first, second) = reservation.payload().split_at_mut(size_of::<usize>());
        first.copy_from_slice(&address.to_ne_bytes());
        second.copy_from_slice(&length.to_ne_bytes());
        reservation.commit(flags | flag, ticks);
    }

    /// As `commit_oversize`, when there is room; otherwise gives the allocation back.
    pub(crate) fn push_oversize(
        &mut self,
        payload: Oversize,
        flags: u32,
        ticks: impl FnOnce() -> u64,
        crossed_half: impl FnOnce(),
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

    /// Moves to the larger ring, if the writer has offered one. The writer drains the old one first.
    fn grow(&mut self) {
        // A lock that is taken is the writer's, making its offer this moment: next time.
        let larger = match self.ring.successor.try_lock() {
            Ok(mut offered) => offered.take(),
            Err(_) => None,
        };
        if let Some(larger) = larger {
            let old = std::mem::replace(self, Producer::new(larger));
            old.close();
            // The old ring's last frame is there for all to see before the next stamp is taken. While it
            // was still on its way, a writer could find it missing there and its successor here.
            fence(Ordering::SeqCst);
        }
    }

    /// Says that nothing more will come.
    pub(crate) fn close(&self) {
        self.ring.close();
    }

    /// A copy of the frame that was committed last: flags, ticks, payload.
    pub(crate) fn last_frame(&self) -> (u32, u64, Vec<u8>) {
        // SAFETY: this thread committed the frame, and no reader runs (the caller is a forked child, to
        // which no other thread came along).
        let frame = unsafe { self.ring.frame(self.last) };
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
    at: usize,
    payload: usize,
}

impl Reservation<'_> {
    /// The bytes to fill; what they hold at first is whatever was there before.
    #[inline]
    pub(crate) fn payload(&mut self) -> &mut [u8] {
        // SAFETY: `room_for` found this part free: the reader has released it, and only this producer
        // writes. `&mut self` keeps it unique.
        unsafe { self.producer.span.slice_mut(self.at + HEADER, self.payload) }
    }

    /// Stamps and publishes. The stamp is taken right before the release store, so that what another
    /// thread logs after having seen this record has a later one.
    #[inline(always)]
    pub(crate) fn commit(self, flags: u32, ticks: impl FnOnce() -> u64) {
        let Reservation {
            producer,
            at,
            payload,
        } = self;
        // SAFETY: free, as in `payload`.
        let header = unsafe { producer.span.slice_mut(at, HEADER) };
        header[..WORD].copy_from_slice(&first_word(HEADER + payload, flags));
        header[WORD..].copy_from_slice(&ticks().to_ne_bytes());
        producer.last = producer.tail;
        producer.tail = producer.tail.wrapping_add(round_up(HEADER + payload));
        producer.accepted += 1;
        // SAFETY: the ring, and its memory with it, lives as long as its producer.
        let shared = unsafe { producer.side.get() };
        shared.accepted.store(producer.accepted, Ordering::Relaxed);
        shared.tail.store(producer.tail, Ordering::Release);
    }
}

/// Length and flags, as they stand in a frame's first word.
#[inline(always)]
#[allow(
    clippy::cast_possible_truncation,
    reason = "a ring is far smaller than 4 GiB"
)]
fn first_word(length: usize, flags: u32) -> [u8; WORD] {
    let mut word = [0; WORD];
    word[..4].copy_from_slice(&(length as u32).to_ne_bytes());
    word[4..].copy_from_slice(&flags.to_ne_bytes());
    word
}

/// The reading end of a ring. One per ring; the writer's.
#[derive(Debug)]
pub(crate) struct Reader {
    ring: Arc<Ring>,
    /// The first frame not read yet.
    head: usize,
    /// What the producer knows of `head`.
    released: usize,
    /// What lay before the tail when it was last seen.
    end: usize,
    /// What had been seen before the last look.
    seen: usize,
    /// The frame that `peek` showed; nothing once it was advanced over.
    peeked: Extent,
    closed: bool,
    /// What was read stays there until the writer says that it is written: the ring is in a mapped file.
    keeps: bool,
    /// Among what was read and stays there are oversize frames.
    keeps_oversize: bool,
}

impl Reader {
    pub(super) fn new(ring: Arc<Ring>) -> Self {
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
        }
    }

    pub(crate) fn ring(&self) -> &Arc<Ring> {
        &self.ring
    }

    pub(super) fn into_ring(mut self) -> Arc<Ring> {
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

#[cfg(test)]
#[cfg(not(loom))]
mod tests;
