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

/// A record in the making.
#[derive(Debug)]
pub(super) struct Draft(Buffer);

impl Draft {
    /// In the thread's ring, where that can be; see [`Buffer`] for what ends it.
    #[inline]
    pub(super) fn in_ring(front: &Front) -> Option<Self> {
        match local::lend_ring(front) {
            Some(buffer) => Some(Draft(buffer)),
            None => Draft::in_memory(),
        }
    }

    /// In memory of the thread's. `None` when statements nest too deep.
    #[cold]
    pub(super) fn in_memory() -> Option<Self> {
        local::take_memory().map(|memory| Draft(Buffer::from(memory)))
    }

    /// Puts the finished record into the queue, or counts it as shed.
    #[inline]
    pub(super) fn send(mut self, front: &'static Front, level: Level, flags: u32) {
        if !self.is_lent() {
            return self.send_copy(front, level, flags);
        }
        local::commit_lent(front, flags, std::mem::take(&mut self.0));
        std::mem::forget(self);
        if front.queue.wake.wants_attention() {
            attend(front);
        }
    }

    #[cold]
    fn send_copy(self, front: &'static Front, level: Level, flags: u32) {
        if self.is_refused() {
            front.queue.refuse(level, Reason::TooDeep);
        } else {
            emit(front, level, flags, &self);
        }
    }
}

impl Deref for Draft {
    type Target = Buffer;

    fn deref(&self) -> &Buffer {
        &self.0
    }
}

impl DerefMut for Draft {
    fn deref_mut(&mut self) -> &mut Buffer {
        &mut self.0
    }
}

impl Drop for Draft {
    #[inline]
    fn drop(&mut self) {
        // Nothing is published of what was not sent.
        if self.leave() {
            local::give_memory(std::mem::take(&mut self.0).into_memory());
        }
    }
}
