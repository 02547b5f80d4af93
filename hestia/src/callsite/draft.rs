//! A record in the making: at once in the thread's ring while nothing but hestia's own code writes it, in memory of
//! the thread's otherwise.
//!
//! *Invariant:* however a statement ends, ring and memory are given back.

use std::ops::{Deref, DerefMut};

use super::Front;
use super::emit::{attend, emit};
use super::local::{self, Loan};
use crate::level::Level;
use crate::queue::Reason;
use crate::record::buffer::Buffer;

/// A record in the making. Stays where it is from beginning to end: moving it about would cost more than filling it.
#[derive(Debug, Default)]
pub(super) struct Draft {
    bytes: Buffer,
    loan: Option<Loan>,
}

impl Draft {
    /// Begins in the thread's ring, where that can be; see [`Buffer`] for what ends it.
    #[inline(always)]
    pub(super) fn begin_in_ring(&mut self, front: &'static Front) {
        self.loan = local::lend_ring(front, &mut self.bytes);
        if self.loan.is_none() {
            self.begin_in_memory();
        }
    }

    /// Begins in memory of the thread's.
    #[cold]
    #[inline(never)]
    pub(super) fn begin_in_memory(&mut self) {
        match local::take_memory() {
            Some(memory) => self.bytes = Buffer::from(memory),
            None => self.bytes.refuse(),
        }
    }

    /// Puts the finished record into the queue, or counts it as shed.
    #[inline(always)]
    pub(super) fn send(&mut self, front: &'static Front, level: Level, flags: u32) {
        let Some(loan) = self.loan.take().filter(|_| self.bytes.is_lent()) else {
            return self.send_copy(front, level, flags);
        };
        local::commit_lent(&loan, front, flags, self.bytes.len());
        self.bytes.forget_loan();
        if front.queue.wake.wants_attention() {
            attend(front);
        }
    }

    #[cold]
    #[inline(never)]
    fn send_copy(&mut self, front: &'static Front, level: Level, flags: u32) {
        if self.is_refused() {
            front.queue.refuse(level, Reason::TooDeep);
        } else {
            emit(front, level, flags, &self.bytes);
        }
    }
}

impl Draft {
    /// Nothing is published of what was not sent.
    #[cold]
    #[inline(never)]
    fn give_back(&mut self) {
        if self.bytes.leave() {
            local::give_memory(std::mem::take(&mut self.bytes).into_memory());
        }
    }
}

impl Deref for Draft {
    type Target = Buffer;

    #[inline]
    fn deref(&self) -> &Buffer {
        &self.bytes
    }
}

impl DerefMut for Draft {
    #[inline]
    fn deref_mut(&mut self) -> &mut Buffer {
        &mut self.bytes
    }
}

impl Drop for Draft {
    #[inline(always)]
    fn drop(&mut self) {
        if self.bytes.is_owed() {
            self.give_back();
        }
    }
}
