//! Where a ring's bytes live, behind one small interface.
//!
//! *Invariant:* the bytes neither move nor go away while the `Memory` lives, and every page of them has
//! been touched, so that no statement meets a page fault.

#![allow(
    unsafe_code,
    reason = "memory shared by two threads, handed out in disjoint parts"
)]

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::ptr::NonNull;

#[cfg(loom)]
use loom::cell::UnsafeCell;

/// The unit of everything in a ring, in bytes.
pub(crate) const WORD: usize = 8;
/// Rings start on a cache line.
const ALIGNMENT: usize = 64;
const PAGE: usize = 4096;

/// A fixed number of bytes, a power of two, on the heap.
#[derive(Debug)]
pub(crate) struct Memory {
    span: Span,
    layout: Layout,
    /// One cell per word, through which the model checker sees who touches what.
    #[cfg(loom)]
    _cells: Vec<UnsafeCell<()>>,
}

/// Where a memory's bytes are: what its users keep at hand. Valid as long as the memory lives.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    start: NonNull<u8>,
    length: usize,
    #[cfg(loom)]
    cells: NonNull<[UnsafeCell<()>]>,
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
        let layout = Layout::from_size_align(bytes, ALIGNMENT)
            .expect("the settings bound a ring far below the largest allocation");
        // SAFETY: the layout's size is not zero.
        let Some(start) = NonNull::new(unsafe { alloc_zeroed(layout) }) else {
            handle_alloc_error(layout)
        };
        for page in (0..bytes).step_by(PAGE) {
            // SAFETY: within the allocation, which nobody else knows yet. Volatile, so that the write
            // that takes the page fault is not optimised away.
            unsafe { start.as_ptr().add(page).write_volatile(0) };
        }
        #[cfg(loom)]
        let cells: Vec<_> = (0..bytes / WORD).map(|_| UnsafeCell::new(())).collect();
        Memory {
            span: Span {
                start,
                length: bytes,
                #[cfg(loom)]
                cells: NonNull::from(cells.as_slice()),
            },
            layout,
            #[cfg(loom)]
            _cells: cells,
        }
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
        // SAFETY: in bounds and unshared by the caller's promise; initialised by `new`.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr().add(at), count) }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: allocated in `new` with this layout, and freed once.
        unsafe { dealloc(self.span.start.as_ptr(), self.layout) };
    }
}
