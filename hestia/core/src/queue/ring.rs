//! A bounded ring of bytes between one producing thread and the writer: what both ends share. The ends are [`producer`] and
//! [`reader`].
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
//! marked as padding. Positions only grow; a position's place is its remainder by the capacity.
//!
//! A frame is published twice: by its first word, of length and flags, which is 0 until then, and by `tail`. The reader
//! goes from frame to frame by their first words while frames come steadily, and stays behind the producer: no cache line that
//! the producer is about to write to is taken from it. It looks at `tail` where it has to know how much there is.
//!
//! The idea of telling by a slot itself whether it is filled, of caching the other side's position, and of publishing in steps:
//! Giacomoni, Moseley and Vachharajani, *FastForward for Efficient Pipeline Parallelism*, PPoPP 2008; Quill's and rtrb's
//! rings are kindred.
//!
//! *Invariant:* between `head` and `tail` lie whole, committed frames, and behind the last one a word that is 0. A reservation
//! that is dropped without a commit leaves no trace but padding.

#![allow(
    unsafe_code,
    reason = "two threads share the memory, in parts that never overlap"
)]

mod producer;
mod reader;

use std::sync::Arc;

use crossbeam_utils::CachePadded;

use super::Budget;
use super::mapping::Mapping;
use super::memory::{Memory, ProducerSide, WORD};
use crate::level::LEVELS;
use crate::sync::checked::{AtomicU32, AtomicUsize, Mutex, Ordering, lock};
use crate::thread::Thread;

#[cfg(all(test, not(loom)))]
pub(crate) use producer::Oversize;
pub(crate) use producer::{Producer, Room};
pub(crate) use reader::Reader;

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
    /// 1 once there is a successor. Here, where the producer looks in any case: asking the lock would cost it more than all
    /// the rest. Release by the writer, acquire by `Producer::grow`.
    has_offer: AtomicU32,
}

impl ConsumerSide {
    /// Has it come from the reader's cache while the producer goes on: waiting for it would cost several calls' time.
    #[inline(always)]
    fn fetch(&self) {
        #[cfg(all(target_arch = "x86_64", not(any(loom, miri))))]
        {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            // SAFETY: part of every x86-64; a hint that reads nothing.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(self).cast()) };
        }
    }
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
                has_offer: AtomicU32::new(0),
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
        self.consumer.has_offer.store(1, Ordering::Release);
    }

    /// Whether it was ever made an offer. (The producer that takes it gives up this ring.)
    pub(super) fn has_offer(&self) -> bool {
        self.consumer.has_offer.load(Ordering::Acquire) != 0
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

    /// Where the frame at a position ends; `None` as long as there is none.
    ///
    /// # Safety
    /// The position is that of a committed frame, or where the last one ends, and not released yet.
    unsafe fn frame_end(&self, position: usize) -> Option<usize> {
        let at = position & (self.capacity() - 1);
        // SAFETY: the first word of a frame, or the one that the next will have, which nobody has as a slice.
        let word = unsafe { self.memory.span().word(at) };
        // Pairs with the release in `Producer::publish`: the frame is whole.
        let (length, _) = halves(word.load(Ordering::Acquire));
        (length != 0).then(|| position.wrapping_add(round_up(length)))
    }

    /// The frame at a position.
    ///
    /// # Safety
    /// The position is that of a committed frame which the reader has not released yet.
    unsafe fn frame(&self, position: usize) -> Frame<'_> {
        let at = position & (self.capacity() - 1);
        let span = self.memory.span();
        // SAFETY: the first word of a committed frame (the caller's promise).
        let (length, flags) = halves(unsafe { span.word(at) }.load(Ordering::Relaxed));
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
        // SAFETY: a committed frame lies whole at its place, in the length that `commit` wrote, and the producer does not
        // write there before the reader releases it (the caller's promise).
        let rest = unsafe { span.slice(at + WORD, length - WORD) };
        let (ticks, payload) = rest.split_first_chunk().unwrap_or((&[0; WORD], &[]));
        Frame {
            ring: self,
            length,
            flags,
            ticks: u64::from_ne_bytes(*ticks),
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
        // (In a forked child, which copies one page after the other, the head may be ahead.)
        while head != tail && is_at_most(head, tail) {
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

/// Length and flags, as they stand in a frame's first word.
#[inline(always)]
#[allow(
    clippy::cast_possible_truncation,
    reason = "a ring is far smaller than 4 GiB"
)]
fn first_word(length: usize, flags: u32) -> u64 {
    let mut word = [0; WORD];
    word[..4].copy_from_slice(&(length as u32).to_ne_bytes());
    word[4..].copy_from_slice(&flags.to_ne_bytes());
    u64::from_ne_bytes(word)
}

/// The length and the flags in a frame's first word.
#[inline(always)]
fn halves(word: u64) -> (usize, u32) {
    let [a, b, c, d, flags @ ..] = word.to_ne_bytes();
    let length = u32::from_ne_bytes([a, b, c, d]);
    (length as usize, u32::from_ne_bytes(flags))
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
    /// It was there when the round before this one looked, too.
    pub(crate) seen_before: bool,
}

impl<'a> Frame<'a> {
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

#[cfg(test)]
#[cfg(not(loom))]
mod tests;
