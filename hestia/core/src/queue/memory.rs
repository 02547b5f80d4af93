//! Where a ring's bytes and its producer's figures live, behind one small interface: on the heap, or in a file that is
//! mapped into memory ([`mapping`](super::mapping)) and outlives the process.
//!
//! *Invariant:* the bytes neither move nor go away while the `Memory` lives, and every page of them has
//! been touched, so that no statement meets a page fault.

#![allow(
    unsafe_code,
    reason = "memory shared by two threads, handed out in disjoint parts"
)]

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::ptr::NonNull;

use super::mapping::Region;
use crate::level::LEVELS;
use crate::sync::checked::{AtomicU32, AtomicU64, AtomicUsize, Ordering};

#[cfg(loom)]
use loom::cell::UnsafeCell;

/// The unit of everything in a ring, in bytes.
pub(crate) const WORD: usize = 8;
/// Rings start on a cache line; how long it is, in bytes.
pub(super) const CACHE_LINE: usize = 64;
const PAGE: usize = 4096;

/// What the producer of a ring publishes; written by it only, and on a pair of cache lines of its own. In a mapped file it stands
/// before the ring's bytes, where a later process reads `tail`: hence first, and at its place.
#[derive(Debug)]
#[repr(C, align(128))]
pub(super) struct ProducerSide {
    /// Release by `publish`, acquire by `Reader::look_again`: the frames before it are complete.
    pub(super) tail: AtomicUsize,
    /// Release by `close`, acquire by `Reader::look_again`: the tail read after it is the last.
    pub(super) closed: AtomicU32,
    /// Relaxed: read as figures only.
    pub(super) accepted: AtomicU64,
    pub(super) shed: [AtomicU64; LEVELS],
}

impl ProducerSide {
    fn new() -> Self {
        ProducerSide {
            tail: AtomicUsize::new(0),
            closed: AtomicU32::new(0),
            accepted: AtomicU64::new(0),
            shed: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }
}

/// How many bytes of a region in a mapped file stand before the ring's: a pair of cache lines.
pub(super) const SIDE_BYTES: usize = 128;
const _: () = assert!(size_of::<ProducerSide>() <= SIDE_BYTES);

/// A fixed number of bytes, a power of two, and what their producer publishes.
#[derive(Debug)]
pub(crate) struct Memory {
    span: Span,
    side: Side,
    backing: Backing,
    /// One cell per word, through which the model checker sees who touches what.
    #[cfg(loom)]
    _cells: Vec<UnsafeCell<()>>,
    /// The words themselves, where they are used as such.
    #[cfg(loom)]
    _words: Vec<AtomicU64>,
}

/// Where the producer's figures are. Valid as long as the memory lives.
#[derive(Clone, Copy, Debug)]
pub(super) struct Side(NonNull<ProducerSide>);

// SAFETY: atomics behind a pointer.
unsafe impl Send for Side {}
// SAFETY: as above.
unsafe impl Sync for Side {}

impl Side {
    /// # Safety
    /// The memory lives for `'m`.
    #[inline]
    pub(super) unsafe fn get<'m>(self) -> &'m ProducerSide {
        // SAFETY: initialised when the memory was made, and there as long as it is.
        unsafe { self.0.as_ref() }
    }
}

#[derive(Debug)]
enum Backing {
    /// The layout of the bytes. The producer's figures are a box, which is kept by its address: others have that, too.
    Heap(Layout),
    Mapped(Region),
}

/// Where a memory's bytes are: what its users keep at hand. Valid as long as the memory lives.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    start: NonNull<u8>,
    length: usize,
    #[cfg(loom)]
    cells: NonNull<[UnsafeCell<()>]>,
    #[cfg(loom)]
    words: NonNull<[AtomicU64]>,
}

// SAFETY: plain bytes; who may touch which of them is the business of `Ring`, whose `slice` calls carry
// the proof.
unsafe impl Send for Span {}
// SAFETY: as above; all methods that reach the bytes are unsafe.
unsafe impl Sync for Span {}
#[cfg(loom)]
// SAFETY: as for `Span`; the cells are what checks it.
unsafe impl Send for Memory {}
#[cfg(loom)]
// SAFETY: as above.
unsafe impl Sync for Memory {}

impl Memory {
    /// `bytes` is a power of two and at least one word.
    pub(crate) fn new(bytes: usize) -> Self {
        assert!(
            bytes.is_power_of_two() && bytes >= WORD,
            "a ring's size is a power of two"
        );
        let layout = Layout::from_size_align(bytes, CACHE_LINE)
            .expect("the settings bound a ring far below the largest allocation");
        // SAFETY: the layout's size is not zero.
        let Some(start) = NonNull::new(unsafe { alloc_zeroed(layout) }) else {
            handle_alloc_error(layout)
        };
        touch(start, bytes);
        let side = NonNull::from(Box::leak(Box::new(ProducerSide::new())));
        Memory::of(start, bytes, side, Backing::Heap(layout))
    }

    /// Memory in a mapped file: `SIDE_BYTES`, and then a power of two.
    pub(super) fn mapped(region: Region) -> Self {
        let bytes = region.len() - SIDE_BYTES;
        assert!(bytes.is_power_of_two(), "a ring's size is a power of two");
        let start = region.start();
        // What stands before the ring, too: its last bytes are on a page of their own.
        touch(start, region.len());
        let side = start.cast::<ProducerSide>();
        // SAFETY: the region is `SIDE_BYTES` long at least, starts at a page, and is nobody else's.
        let ring = unsafe {
            side.write(ProducerSide::new());
            start.add(SIDE_BYTES)
        };
        Memory::of(ring, bytes, side, Backing::Mapped(region))
    }

    fn of(
        start: NonNull<u8>,
        bytes: usize,
        side: NonNull<ProducerSide>,
        backing: Backing,
    ) -> Memory {
        #[cfg(loom)]
        let cells: Vec<_> = (0..bytes / WORD).map(|_| UnsafeCell::new(())).collect();
        #[cfg(loom)]
        let mut words: Vec<_> = (0..bytes / WORD).map(|_| AtomicU64::new(0)).collect();
        let memory = Memory {
            span: Span {
                start,
                length: bytes,
                #[cfg(loom)]
                cells: NonNull::from(cells.as_slice()),
                #[cfg(loom)]
                words: NonNull::from(words.as_mut_slice()),
            },
            side: Side(side),
            backing,
            #[cfg(loom)]
            _cells: cells,
            #[cfg(loom)]
            _words: words,
        };
        memory.begin();
        memory
    }

    /// Says that no frame is at the beginning, whatever a ring before it left there.
    fn begin(&self) {
        // SAFETY: the memory lives, and nobody else knows of it.
        unsafe { self.span.word(0) }.store(0, Ordering::Relaxed);
    }

    /// The same memory for another ring: nothing was ever put in.
    pub(super) fn renewed(self) -> Self {
        // SAFETY: `self` lives, and nobody else knows of it.
        let side = unsafe { self.side.get() };
        side.tail.store(0, Ordering::Relaxed);
        side.closed.store(0, Ordering::Relaxed);
        side.accepted.store(0, Ordering::Relaxed);
        for shed in &side.shed {
            shed.store(0, Ordering::Relaxed);
        }
        self.begin();
        self
    }

    /// Where it is in the mapped file, if it is in one.
    pub(super) fn region(&self) -> Option<&Region> {
        match &self.backing {
            Backing::Heap(_) => None,
            Backing::Mapped(region) => Some(region),
        }
    }

    #[inline]
    pub(super) fn side(&self) -> Side {
        self.side
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.span.length
    }

    #[inline]
    pub(super) fn span(&self) -> Span {
        self.span
    }
}

impl Span {
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.length
    }

    /// Has a part of it come into this core's cache, to be written to, while the caller goes on. A part beyond the end is one
    /// at the beginning.
    ///
    /// Asks in the processor's own words: the compiler's prefetch for writing is one for reading where it was not told that
    /// the processor has the other, and a line that has come to be read is waited for once more. Processors that do not have it
    /// pass over it.
    #[inline(always)]
    pub(super) fn fetch(self, at: usize, count: usize) {
        let line = |at: usize| self.start.as_ptr().wrapping_add(at & (self.length - 1));
        // Most records are no longer than a line: one, then, and no loop.
        prefetch(line(at));
        if count > CACHE_LINE {
            for at in (at + CACHE_LINE..at + count).step_by(CACHE_LINE) {
                prefetch(line(at));
            }
        }
    }

    /// The word at a place, which two threads may use at the same time.
    ///
    /// # Safety
    /// The memory lives for `'m`, `at` is a multiple of a word and lies within it, and nobody has that part as a slice meanwhile.
    #[inline(always)]
    pub(super) unsafe fn word<'m>(self, at: usize) -> &'m AtomicU64 {
        debug_assert!(at.is_multiple_of(WORD) && at < self.length);
        #[cfg(loom)]
        // SAFETY: as long-lived as the memory.
        return unsafe { &self.words.as_ref()[at / WORD] };
        #[cfg(not(loom))]
        // SAFETY: in bounds, aligned, since the memory is, and not accessed otherwise by the caller's promise; initialised by
        // `new`.
        unsafe {
            AtomicU64::from_ptr(self.start.as_ptr().add(at).cast())
        }
    }

    /// # Safety
    /// The memory lives for `'m`, `at + count` lies within it, and nobody writes to that part meanwhile.
    #[inline]
    pub(super) unsafe fn slice<'m>(self, at: usize, count: usize) -> &'m [u8] {
        debug_assert!(at + count <= self.length);
        #[cfg(loom)]
        // SAFETY: as long-lived as the memory.
        for cell in unsafe { &self.cells.as_ref()[at / WORD..(at + count).div_ceil(WORD)] } {
            cell.with(|_| ());
        }
        // SAFETY: in bounds and unshared with writers by the caller's promise; initialised by `new`.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr().add(at), count) }
    }

    /// # Safety
    /// The memory lives for `'m`, `at + count` lies within it, and nobody else touches that part meanwhile.
    #[inline]
    pub(super) unsafe fn slice_mut<'m>(self, at: usize, count: usize) -> &'m mut [u8] {
        debug_assert!(at + count <= self.length);
        #[cfg(loom)]
        // SAFETY: as long-lived as the memory.
        for cell in unsafe { &self.cells.as_ref()[at / WORD..(at + count).div_ceil(WORD)] } {
            cell.with_mut(|_| ());
        }
        #[cfg(loom)]
        // SAFETY: as above. (What is in a payload is no first word.)
        for word in unsafe {
            let mut words = self.words;
            &mut words.as_mut()[at / WORD..(at + count).div_ceil(WORD)]
        } {
            word.with_mut(|word| *word = u64::MAX);
        }
        // SAFETY: in bounds and unshared by the caller's promise; initialised by `new`.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr().add(at), count) }
    }
}

/// Has a cache line come to be written to.
#[inline(always)]
fn prefetch(line: *const u8) {
    #[cfg(all(target_arch = "x86_64", not(any(loom, miri))))]
    // SAFETY: a hint, which may do nothing.
    unsafe {
        std::arch::asm!("prefetchw [{}]", in(reg) line, options(nostack, preserves_flags, readonly));
    }
    #[cfg(all(target_arch = "aarch64", not(any(loom, miri))))]
    // SAFETY: as above.
    unsafe {
        std::arch::asm!("prfm pstl1keep, [{}]", in(reg) line, options(nostack, preserves_flags, readonly));
    }
    #[cfg(any(not(any(target_arch = "x86_64", target_arch = "aarch64")), loom, miri))]
    let _ = line;
}

/// Has every page mapped, so that nobody meets a page fault later.
fn touch(start: NonNull<u8>, bytes: usize) {
    for page in (0..bytes).step_by(PAGE) {
        // SAFETY: within memory that nobody else knows yet. Volatile, so that the write that takes the page fault is not
        // optimised away.
        unsafe { start.as_ptr().add(page).write_volatile(0) };
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // A region goes back to its file by itself.
        if let Backing::Heap(layout) = &self.backing {
            // SAFETY: allocated in `new`, the bytes with this layout, and freed once.
            unsafe {
                dealloc(self.span.start.as_ptr(), *layout);
                drop(Box::from_raw(self.side.0.as_ptr()));
            }
        }
    }
}
