//! What a thread that crashes asks the writer for: to write everything now, since nobody will be there to do it later.
//!
//! A signal handler asks ([`LastCall::ask`], [`LastCall::is_answered`]), the writer answers between two rounds. Only
//! atomics, so that the asking is async-signal-safe; waking the writer is `wake`'s.
//!
//! *Invariant:* whoever does the writer's work never waits for it.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::thread::current_id;

/// Calls by number, and who is to answer them.
#[derive(Debug, Default)]
pub(crate) struct LastCall {
    asked: AtomicU64,
    answered: AtomicU64,
    /// The thread that does the writer's work; 0 before it has begun.
    writer: AtomicU64,
}

impl LastCall {
    /// The calling thread does the writer's work from now on.
    pub(crate) fn answered_here(&self) {
        self.writer.store(current_id(), Ordering::Relaxed);
    }

    /// Asks; the number is for [`LastCall::is_answered`]. `None` on the thread that would have to answer.
    /// Async-signal-safe. The caller rouses the writer after this.
    #[cfg_attr(not(all(target_os = "linux", not(hestia_portable))), allow(dead_code))]
    pub(crate) fn ask(&self) -> Option<u64> {
        if self.writer.load(Ordering::Relaxed) == current_id() {
            return None;
        }
        // Release: whoever hears it sees what this thread logged before. (For what others logged before, the look at their
        // rings comes after the hearing.)
        Some(self.asked.fetch_add(1, Ordering::AcqRel) + 1)
    }

    /// Whether everything is written that was logged before this call. Async-signal-safe.
    #[cfg_attr(not(all(target_os = "linux", not(hestia_portable))), allow(dead_code))]
    pub(crate) fn is_answered(&self, call: u64) -> bool {
        // Pairs with `answer`.
        self.answered.load(Ordering::Acquire) >= call
    }

    /// Writer: the last call that has not been answered.
    pub(crate) fn heard(&self) -> Option<u64> {
        // Pairs with `ask`.
        let asked = self.asked.load(Ordering::Acquire);
        (asked != self.answered.load(Ordering::Relaxed)).then_some(asked)
    }

    /// Writer: everything before it is written.
    pub(crate) fn answer(&self, call: u64) {
        self.answered.store(call, Ordering::Release);
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;

    #[test]
    fn calls_are_answered_together_and_never_by_whoever_asks() {
        let calls = LastCall::default();
        assert_eq!(calls.heard(), None);
        let (first, second) = (calls.ask().unwrap(), calls.ask().unwrap());
        let heard = calls.heard().unwrap();
        let third = calls.ask().unwrap();
        calls.answer(heard);
        assert!(calls.is_answered(first) && calls.is_answered(second));
        assert!(!calls.is_answered(third));
        calls.answered_here();
        assert_eq!(calls.ask(), None);
    }
}
