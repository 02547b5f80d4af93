//! When the writer looks again: soon while records come, later when they come seldom, not at all when
//! none came for a while.
//!
//! *Invariant:* pure; ticks in, spans of time out.

use std::time::Duration;

/// The shortest sleep between two looks, and the usual one after a silence.
const SHORTEST: Duration = Duration::from_micros(50);
/// The longest one: a record becomes visible that much later at most, and a program that logs ten times
/// a second causes some thirty looks a second.
const LONGEST: Duration = Duration::from_millis(40);
/// The longest one while rings fill.
const LONGEST_IN_WORK: Duration = Duration::from_millis(1);
/// How full the fullest ring is to be at the next look.
const FILL: f32 = 0.25;
/// Which part of a sleep's length a record is to be old, to be taken.
const YOUNG_SHARE: u32 = 8;
/// How many times as long as the last look a sleep is at least: where there are thousands of rings, looking takes a
/// ninth of a processor at most.
const LOOK_FACTOR: u32 = 8;

/// What to do when the queue is dry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// Sleep that long, then look again.
    Nap(Duration),
    /// Sleep until woken.
    Park,
}

/// Follows the gaps between records.
#[derive(Debug)]
pub(super) struct Pace {
    /// How long after the last record the writer goes on looking by itself.
    linger: Duration,
    /// The usual gap between records: a running mean, in which the last one has an eighth.
    gap: Duration,
    /// How long the last look took.
    look: Duration,
    /// How long the fullest ring takes to fill so far as it is to be.
    filling: Duration,
}

impl Pace {
    pub(super) fn new(linger: Duration) -> Self {
        Pace {
            linger,
            gap: Duration::ZERO,
            look: Duration::ZERO,
            filling: SHORTEST,
        }
    }

    /// A look at all rings took that long.
    pub(super) fn looked(&mut self, look: Duration) {
        self.look = look;
    }

    /// A look found records, that long after the one before that did, and the fullest ring that full.
    pub(super) fn found(&mut self, records: u64, since_last: Duration, fill: f32) {
        // Longer only step by step: what comes in a moment says little. (`fill` may be almost nothing.)
        let filling = since_last.as_secs_f32() * FILL / fill.max(f32::EPSILON);
        let most = (self.filling * 2).min(LONGEST_IN_WORK).as_secs_f32();
        self.filling = Duration::from_secs_f32(filling.min(most)).max(SHORTEST);
        let share = since_last / u32::try_from(records).unwrap_or(u32::MAX).max(1);
        self.gap = (self.gap * 7 + share.min(self.linger)) / 8;
    }

    /// A look found nothing, that long after the last record.
    pub(super) fn rest(&mut self, silence: Duration) -> Rest {
        if silence >= self.linger {
            // Whoever comes after such a silence may come in a burst.
            self.gap = Duration::ZERO;
            self.filling = SHORTEST;
            return Rest::Park;
        }
        // A third of the usual gap, or of the present silence when that has become longer.
        let nap = (self.gap.max(silence) / 3).max(self.shortest());
        Rest::Nap(nap.min(LONGEST))
    }

    /// A round left records that were too young, as it does while records come steadily: how long to sleep
    /// until the next look is due, `None` where it is. Who looked again at once would find little, take cache lines from each
    /// thread that logs, and have the processor fetch those that the thread is about to write to.
    pub(super) fn wait_out(&self, grace: Duration, round: Duration) -> Option<Duration> {
        let nap = self.shortest();
        if round <= grace {
            return Some(nap.max(grace / 4));
        }
        nap.checked_sub(round).filter(|rest| *rest >= SHORTEST)
    }

    /// How old a record is to be, to be taken while more come steadily: at least as old as the grace window asks, and so old
    /// that the writer stays behind the thread that logs. It would take the cache lines from it that the thread writes to next, and
    /// the thread, whose stores wait for them one after the other, notices.
    pub(super) fn window(&self, grace: Duration) -> Duration {
        grace.max(self.shortest() / YOUNG_SHARE)
    }

    fn shortest(&self) -> Duration {
        (self.look * LOOK_FACTOR).clamp(self.filling, LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINGER: Duration = Duration::from_secs(1);

    #[test]
    fn naps_are_short_after_a_busy_time_and_grow_with_the_silence() {
        let mut pace = Pace::new(LINGER);
        pace.found(1000, Duration::from_micros(100), 1.0);
        assert_eq!(pace.rest(Duration::ZERO), Rest::Nap(SHORTEST));
        assert_eq!(
            pace.rest(Duration::from_millis(30)),
            Rest::Nap(Duration::from_millis(10))
        );
        assert_eq!(pace.rest(Duration::from_millis(999)), Rest::Nap(LONGEST));
        assert_eq!(pace.rest(LINGER), Rest::Park);
    }

    #[test]
    fn naps_are_longer_where_looks_take_long() {
        let mut pace = Pace::new(LINGER);
        pace.found(1000, Duration::from_millis(1), 1.0);
        pace.looked(Duration::from_micros(100));
        assert_eq!(
            pace.rest(Duration::ZERO),
            Rest::Nap(Duration::from_micros(800))
        );
        pace.looked(Duration::from_secs(1));
        assert_eq!(pace.rest(Duration::ZERO), Rest::Nap(LONGEST));
    }

    #[test]
    fn what_is_too_young_is_slept_for_unless_the_round_took_so_long_that_a_look_is_due() {
        let mut pace = Pace::new(LINGER);
        let (grace, moment) = (Duration::from_micros(5), Duration::from_micros(1));
        assert_eq!(pace.wait_out(grace, moment), Some(SHORTEST));
        assert_eq!(pace.wait_out(grace, grace + moment), None);
        let mut quiet = Pace::new(LINGER);
        for _ in 0..6 {
            quiet.found(1, LONGEST_IN_WORK, 0.001);
        }
        let round = Duration::from_micros(200);
        assert_eq!(quiet.wait_out(grace, round), Some(LONGEST_IN_WORK - round));
        assert_eq!(quiet.wait_out(grace, LONGEST_IN_WORK - moment), None);
        assert_eq!(quiet.wait_out(grace, LONGEST_IN_WORK * 2), None);
        let long = Duration::from_millis(4);
        assert_eq!(pace.wait_out(long, moment), Some(long / 4));
        pace.looked(Duration::from_micros(100));
        assert_eq!(
            pace.wait_out(grace, moment),
            Some(Duration::from_micros(800))
        );
    }

    #[test]
    fn what_is_taken_is_as_old_as_the_grace_window_or_an_eighth_of_a_nap_whichever_is_longer() {
        let mut pace = Pace::new(LINGER);
        assert_eq!(pace.window(Duration::ZERO), SHORTEST / 8);
        assert_eq!(pace.window(SHORTEST), SHORTEST);
        pace.looked(Duration::from_micros(100));
        assert_eq!(pace.window(SHORTEST), Duration::from_micros(100));
        pace.looked(Duration::from_secs(1));
        assert_eq!(pace.window(Duration::ZERO), LONGEST / 8);
    }

    #[test]
    fn naps_are_as_long_as_the_rings_have_room_for_and_no_longer_than_a_millisecond() {
        let mut pace = Pace::new(LINGER);
        let nap = |pace: &mut Pace| match pace.rest(Duration::ZERO) {
            Rest::Nap(span) => span,
            Rest::Park => panic!("no parking within the linger"),
        };
        // A hundredth of a ring in each 100 µs: a quarter in 2.5 ms.
        for most in [2, 4, 8, 16, 20, 20] {
            let since = nap(&mut pace) + SHORTEST;
            pace.found(100, since, since.as_secs_f32() * 100.0);
            assert!(nap(&mut pace) <= SHORTEST * most);
        }
        assert_eq!(nap(&mut pace), LONGEST_IN_WORK);
        // A burst.
        pace.found(1000, Duration::from_millis(1), 0.5);
        assert_eq!(nap(&mut pace), Duration::from_micros(500));
        pace.found(1000, Duration::from_millis(1), 1.0);
        assert_eq!(nap(&mut pace), Duration::from_micros(250));
        assert_eq!(pace.rest(LINGER), Rest::Park);
        assert_eq!(nap(&mut pace), SHORTEST);
    }

    #[test]
    fn a_record_every_100_ms_causes_fewer_than_50_looks_a_second() {
        let mut pace = Pace::new(LINGER);
        let gap = Duration::from_millis(100);
        let mut looks = 0;
        for round in 0..40 {
            pace.found(1, gap, 0.001);
            let mut silence = Duration::ZERO;
            while silence < gap {
                let Rest::Nap(span) = pace.rest(silence) else {
                    panic!("no parking within the linger")
                };
                silence += span;
                looks += u32::from(round >= 30);
            }
        }
        assert!(looks < 50, "{looks} looks in a second");
    }
}
