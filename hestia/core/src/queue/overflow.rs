//! What happens to a record that finds its ring full.
//!
//! Callers' threads. *Invariant:* nobody waits longer than the limit for a writer that does not move.

use std::time::{Duration, Instant};

use crate::level::Level;
use crate::sync::checked::{AtomicU64, Ordering};

/// The policy for a full queue. Whatever is shed is counted, and each output says so in its own format.
///
/// # Example
/// ```
/// use hestia::{Level, Overflow};
/// // Warnings and errors wait for room; everything below is shed when there is none.
/// hestia::builder().overflow(Overflow::DropBelow(Level::Warn));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Overflow {
    /// Wait for room. When the writer has made no progress for the limit (5 s unless set otherwise, see
    /// [`crate::Builder::block_limit`]), shed until it moves again, without waiting each time. An
    /// oversize record that finds no room for four limits, while others do, is shed too: it is too large
    /// for what they leave of the bound.
    #[default]
    Block,
    /// Shed the record that finds no room. The caller never waits.
    DropNewest,
    /// Shed records less severe than the level; the others wait as [`Overflow::Block`] does.
    DropBelow(Level),
}

impl Overflow {
    /// Whether a record of this level waits for room.
    fn waits(self, level: Level) -> bool {
        match self {
            Overflow::Block => true,
            Overflow::DropNewest => false,
            Overflow::DropBelow(least) => level <= least,
        }
    }
}

/// How the writer gets on, for those who wait for it.
#[derive(Debug)]
pub(crate) struct Progress {
    /// Grows whenever the writer has made room.
    steps: AtomicU64,
    /// The value of `steps` at which somebody gave up waiting, plus one; zero for never.
    given_up_at: AtomicU64,
    limit: Duration,
    policy: Overflow,
}

impl Progress {
    pub(crate) fn new(policy: Overflow, limit: Duration) -> Self {
        Progress {
            steps: AtomicU64::new(0),
            given_up_at: AtomicU64::new(0),
            limit,
            policy,
        }
    }

    /// Writer: room was made. Only the writer writes it, so a plain store will do.
    pub(crate) fn step(&self) {
        self.steps.store(self.steps() + 1, Ordering::Relaxed);
    }

    fn steps(&self) -> u64 {
        self.steps.load(Ordering::Relaxed)
    }

    /// Calls `attempt` until it succeeds or the policy says to shed the record, which is `None`. A record
    /// that needs an allocation of its own may starve while others get on; its patience ends.
    pub(crate) fn wait_for<T>(
        &self,
        level: Level,
        is_oversize: bool,
        mut rouse: impl FnMut(),
        mut attempt: impl FnMut() -> Option<T>,
    ) -> Option<T> {
        if !self.policy.waits(level) {
            rouse();
            return None;
        }
        let mut seen = self.steps();
        let begin = Instant::now();
        let mut since = begin;
        let mut nap = SHORTEST_NAP;
        loop {
            if let Some(done) = attempt() {
                return Some(done);
            }
            let steps = self.steps();
            if steps != seen {
                (seen, since, nap) = (steps, Instant::now(), SHORTEST_NAP);
            } else if self.given_up_at.load(Ordering::Relaxed) == steps + 1 {
                return None;
            } else if since.elapsed() >= self.limit {
                self.given_up_at.store(steps + 1, Ordering::Relaxed);
                return None;
            }
            if is_oversize && begin.elapsed() >= self.limit.saturating_mul(PATIENCE) {
                // Others get on, this record does not: it needs more of the bound than they leave.
                return None;
            }
            rouse();
            std::thread::sleep(nap.min(self.limit));
            nap = (nap * 2).min(LONGEST_NAP);
        }
    }
}

/// How many limits an oversize record waits at most when only others get on.
const PATIENCE: u32 = 4;
/// Half a small ring is written in about this time.
const SHORTEST_NAP: Duration = Duration::from_micros(20);
const LONGEST_NAP: Duration = Duration::from_millis(1);

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;

    #[test]
    fn drop_below_sheds_the_less_severe_at_once() {
        let progress = Progress::new(Overflow::DropBelow(Level::Warn), Duration::ZERO);
        let shed = |level| {
            progress
                .wait_for(level, false, || (), || Some(()))
                .is_none()
        };
        assert!(shed(Level::Info) && shed(Level::Trace));
        assert!(!shed(Level::Warn) && !shed(Level::Error));
    }

    #[test]
    fn a_writer_that_stands_still_is_waited_for_once() {
        let limit = Duration::from_millis(20);
        let progress = Progress::new(Overflow::Block, limit);
        let mut attempts = 0;
        let mut count = || {
            attempts += 1;
            None::<()>
        };
        assert!(
            progress
                .wait_for(Level::Info, false, || (), &mut count)
                .is_none()
        );
        let mut again = 0;
        let second = progress.wait_for(
            Level::Info,
            false,
            || (),
            || {
                again += 1;
                None::<()>
            },
        );
        assert!(second.is_none());
        assert_eq!(again, 1, "the second record does not wait");
        progress.step();
        assert_eq!(
            progress.wait_for(Level::Info, false, || (), || Some(7)),
            Some(7)
        );
    }
}
