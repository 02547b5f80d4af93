//! Where a record is made: at once in the ring that will carry it, or in memory of its own.
//!
//! A buffer over space that a ring has lent costs no copy. It holds as long as only hestia's own code writes
//! into it: before code of the user's runs (a `Display`, a `Serialize`), which may log itself and then needs
//! the ring, the buffer *leaves* the ring and goes on in an allocation of the thread's. It does the same where
//! the lent space is too small.
//!
//! Callers' threads. *Invariant:* no code of the user's runs while ring space is lent.

#![allow(
    unsafe_code,
    reason = "writes into lent memory, and behind a vector's length"
)]

use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

/// What whoever lends ring space does when it is left.
#[derive(Debug)]
pub(crate) struct Lender {
    /// Gives memory to go on in; `None` when statements nest too deep for one more.
    pub(crate) memory: fn() -> Option<Vec<u8>>,
    /// Takes the space back, once what was written in it has been copied.
    pub(crate) take_back: fn(),
}

/// Bytes that grow.
#[derive(Debug)]
pub(crate) struct Buffer {
    start: NonNull<u8>,
    length: usize,
    capacity: usize,
    /// Owns what `start` points to, unless it is lent; its own length is always zero.
    own: Vec<u8>,
    /// While the space is lent.
    lent: Option<&'static Lender>,
    /// In memory that somebody gave.
    is_in_memory: bool,
    refused: bool,
}

impl Default for Buffer {
    #[inline(always)]
    fn default() -> Self {
        Buffer {
            start: NonNull::dangling(),
            length: 0,
            capacity: 0,
            own: Vec::new(),
            lent: None,
            is_in_memory: false,
            refused: false,
        }
    }
}

impl From<Vec<u8>> for Buffer {
    /// Empty, with the vector's memory.
    fn from(mut own: Vec<u8>) -> Self {
        own.clear();
        let mut buffer = Buffer {
            own,
            is_in_memory: true,
            ..Buffer::default()
        };
        buffer.use_own();
        buffer
    }
}

impl Buffer {
    /// Writes into lent space from now on. To be called on an empty buffer.
    ///
    /// # Safety
    /// The space is initialized, and nobody else reads or writes it before the buffer is dropped or the lender
    /// has taken it back.
    #[inline(always)]
    pub(crate) unsafe fn lend(&mut self, space: NonNull<[u8]>, lender: &'static Lender) {
        self.start = space.cast();
        self.length = 0;
        self.capacity = space.len();
        self.lent = Some(lender);
    }

    /// The lent space is not this buffer's any more: what was written there is somebody else's now.
    #[inline(always)]
    pub(crate) fn forget_loan(&mut self) {
        *self = Buffer::default();
    }

    /// Whether there is anything to give back: lent space, or memory.
    #[inline(always)]
    pub(crate) fn is_owed(&self) -> bool {
        self.lent.is_some() || self.is_in_memory
    }

    /// Nothing of it is to be written: statements nest too deep.
    pub(crate) fn refuse(&mut self) {
        self.refused = true;
    }

    /// Whether the bytes still lie in the lent space.
    #[inline]
    pub(crate) fn is_lent(&self) -> bool {
        self.lent.is_some()
    }

    /// To be called before code of the user's runs. `false` when that must not happen, since statements nest
    /// too deep: whatever is written from then on is thrown away.
    #[inline]
    pub(crate) fn leave(&mut self) -> bool {
        if self.lent.is_some() {
            self.leave_ring();
        }
        !self.refused
    }

    /// Whether statements nested too deep for this one.
    pub(crate) fn is_refused(&self) -> bool {
        self.refused
    }

    #[cold]
    fn leave_ring(&mut self) {
        let Some(lender) = self.lent.take() else {
            return;
        };
        let own = (lender.memory)();
        self.refused = own.is_none();
        self.is_in_memory = own.is_some();
        let mut own = own.unwrap_or_default();
        own.clear();
        own.extend_from_slice(self);
        (lender.take_back)();
        own.clear();
        self.own = own;
        self.use_own();
    }

    /// Points at the vector's memory.
    fn use_own(&mut self) {
        self.capacity = self.own.capacity();
        self.start = NonNull::new(self.own.as_mut_ptr()).unwrap_or(NonNull::dangling());
    }

    #[cold]
    #[inline(never)]
    fn make_room(&mut self, bytes: usize) {
        self.leave();
        // SAFETY: so many bytes were written behind the vector's length, which was zero.
        unsafe { self.own.set_len(self.length) };
        self.own.reserve(bytes);
        // SAFETY: shorter than before; bytes need no dropping.
        unsafe { self.own.set_len(0) };
        self.use_own();
    }

    #[inline(always)]
    pub(crate) fn extend_from_slice(&mut self, bytes: &[u8]) {
        if self.capacity - self.length < bytes.len() {
            self.make_room(bytes.len());
        }
        // SAFETY: there is room for so many bytes behind the length, in memory that only this buffer uses.
        unsafe {
            let end = self.start.as_ptr().add(self.length);
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), end, bytes.len());
        }
        self.length += bytes.len();
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, byte: u8) {
        self.extend_from_slice(&[byte]);
    }

    #[inline]
    pub(crate) fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    /// Its own memory, empty, for another buffer; none of it where the space was lent.
    pub(crate) fn into_memory(self) -> Vec<u8> {
        self.own
    }
}

impl Deref for Buffer {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        // SAFETY: so many bytes were written there.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }
}

impl DerefMut for Buffer {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: so many bytes were written there, and the buffer is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local!(static TAKEN_BACK: Cell<u32> = const { Cell::new(0) });

    static LENDER: Lender = Lender {
        memory: || Some(vec![9; 3]),
        take_back: || TAKEN_BACK.set(TAKEN_BACK.get() + 1),
    };

    static NESTED_TOO_DEEP: Lender = Lender {
        memory: || None,
        take_back: || TAKEN_BACK.set(TAKEN_BACK.get() + 1),
    };

    fn over(space: &mut [u8], lender: &'static Lender) -> Buffer {
        TAKEN_BACK.set(0);
        let mut buffer = Buffer::default();
        // SAFETY: the tests do not touch the space before the buffer is gone.
        unsafe { buffer.lend(NonNull::from(space), lender) };
        buffer
    }

    #[test]
    fn what_fits_stays_in_the_lent_space() {
        let mut space = [0; 8];
        let mut buffer = over(&mut space, &LENDER);
        buffer.extend_from_slice(b"1234567");
        buffer.push(b'8');
        assert!(buffer.is_lent());
        assert_eq!(&*buffer, b"12345678");
        drop(buffer);
        assert_eq!(&space, b"12345678");
        assert_eq!(TAKEN_BACK.get(), 0);
    }

    #[test]
    fn what_does_not_fit_goes_on_elsewhere() {
        let mut space = [0; 8];
        let mut buffer = over(&mut space, &LENDER);
        buffer.extend_from_slice(b"1234567");
        buffer.extend_from_slice(b"89");
        assert!(!buffer.is_lent());
        buffer.extend_from_slice(&[b'x'; 1000]);
        assert_eq!(&buffer[..9], b"123456789");
        assert_eq!(buffer.len(), 1009);
        assert_eq!(TAKEN_BACK.get(), 1);
        assert!(buffer.into_memory().capacity() >= 1009);
    }

    #[test]
    fn leaving_takes_along_what_was_written_and_happens_once() {
        let mut space = [0; 8];
        let mut buffer = over(&mut space, &LENDER);
        buffer.extend_from_slice(b"12");
        assert!(buffer.leave() && buffer.leave());
        buffer.push(b'3');
        buffer.truncate(2);
        buffer.extend_from_slice(b"45");
        assert_eq!(&*buffer, b"1245");
        assert_eq!(TAKEN_BACK.get(), 1);
    }

    #[test]
    fn where_statements_nest_too_deep_no_code_of_the_users_may_run() {
        let mut space = [0; 4];
        let mut buffer = over(&mut space, &NESTED_TOO_DEEP);
        assert!(!buffer.leave());
        assert!(buffer.is_refused());
        buffer.extend_from_slice(b"goes nowhere");
        assert!(!buffer.leave());
        assert_eq!(TAKEN_BACK.get(), 1);
    }

    #[test]
    fn its_own_memory_is_used_again() {
        let mut buffer = Buffer::from(Vec::with_capacity(64));
        buffer.extend_from_slice(&[1; 64]);
        let memory = buffer.into_memory();
        assert_eq!((memory.len(), memory.capacity()), (0, 64));
        let mut buffer = Buffer::from(memory);
        buffer.push(2);
        assert_eq!(&*buffer, [2]);
    }
}
