//! A record in the making: at once in the thread's ring while nothing but hestia's own code writes it, in memory of
//! the thread's otherwise.
//!
//! *Invariant:* however a statement ends, ring and memory are given back.

use std::ops::{Deref, DerefMut};

use super::emit::{attend, emit};
use super::{Front, local};
use crate::level::Level;
use crate::queue::Reason;
use crate::record::buffer::Buffer;

/// A record in the making. Stays where it is from beginning to end: moving it about would cost more than filling it.
#[derive(Debug, Default)]
pub(super) struct Draft(Buffer);

impl Draft {
    /// Begins in the thread's ring, where that can be; see [`Buffer`] for what ends it.
    #[inline(always)]
    pub(super) fn begin_in_ring(&mut self, front: &'static Front) {
        if !local::lend_ring(front, &mut self.0) {
            self.begin_in_memory();
        }
    }

    /// Begins in memory of the thread's.
    #[cold]
    #[inline(never)]
    pub(super) fn begin_in_memory(&mut self) {
        match local::take_memory() {
            Some(memory) => self.0 = Buffer::from(memory),
            None => self.0.refuse(),
        }
    }

    /// Puts the finished record into the queue, or counts it as shed.
    #[inline(always)]
    pub(super) fn send(mut self, front: &'static Front, level: Level, flags: u32) {
        if !self.is_lent() {
            return self.send_copy(front, level, flags);
        }
        local::commit_lent(front, flags, self.len());
        std::mem::forget(self);
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
            emit(front, level, flags, self);
        }
    }
}

impl Deref for Draft {
    type Target = Buffer;

    #[inline]
    fn deref(&self) -> &Buffer {
        &self.0
    }
}

impl DerefMut for Draft {
    #[inline]
    fn deref_mut(&mut self) -> &mut Buffer {
        &mut self.0
    }
}

impl Drop for Draft {
    #[cold]
    fn drop(&mut self) {
        // Nothing is published of what was not sent.
        if self.leave() {
            local::give_memory(std::mem::take(&mut self.0).into_memory());
        }
    }
}
