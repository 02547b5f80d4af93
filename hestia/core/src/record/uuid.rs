//! Version 7 UUIDs (RFC 9562, section 5.7) in ascending order.
//!
//! Writer thread only. Source of the method: RFC 9562, section 6.2, method 2 (monotonic random): within
//! one millisecond the 74 random bits are a number that grows by a random step.
//!
//! *Invariant:* each UUID is greater than the one before it, even when the clock goes back.

use uuid::Uuid;

/// The random part starts below this, so that thousands of millions of steps fit before it overflows.
const SEED_BITS: u32 = 73;
const COUNTER_BITS: u32 = 74;

#[derive(Debug)]
pub(crate) struct UuidSource {
    millis: u64,
    counter: u128,
    steps: u64,
    /// What new random bits are made from: random itself at the start, so that all that follows can be made again from
    /// what [`UuidSource::words`] says.
    state: u128,
}

impl Default for UuidSource {
    fn default() -> Self {
        UuidSource {
            millis: 0,
            counter: 0,
            steps: 0,
            state: Uuid::new_v4().as_u128() ^ Uuid::new_v4().as_u128().rotate_left(61),
        }
    }
}

/// How many words [`UuidSource::words`] has.
pub(crate) const WORDS: usize = 6;

impl UuidSource {
    /// The next UUID, for a record of this time in nanoseconds since the Unix epoch. A time before the
    /// one given last is raised to that one.
    pub(crate) fn next(&mut self, timestamp_nanos: i64) -> Uuid {
        let millis = u64::try_from(timestamp_nanos / 1_000_000).unwrap_or(0);
        if millis > self.millis {
            self.reseed(millis);
        } else {
            self.step();
        }
        self.uuid()
    }

    /// All that decides about the UUIDs to come.
    #[allow(clippy::cast_possible_truncation, reason = "halves of a number")]
    pub(crate) fn words(&self) -> [u64; WORDS] {
        [
            self.millis,
            self.counter as u64,
            (self.counter >> 64) as u64,
            self.steps,
            self.state as u64,
            (self.state >> 64) as u64,
        ]
    }

    /// A source that goes on where the one went on that had these words.
    pub(crate) fn of_words(words: [u64; WORDS]) -> Self {
        let [millis, low, high, steps, state_low, state_high] = words;
        let whole = |low, high| u128::from(low) | u128::from(high) << 64;
        UuidSource {
            millis,
            counter: whole(low, high) & ((1 << COUNTER_BITS) - 1),
            steps,
            state: whole(state_low, state_high),
        }
    }

    /// For the first of a millisecond.
    #[cold]
    fn reseed(&mut self, millis: u64) {
        self.millis = millis;
        self.counter = self.random() >> (u128::BITS - SEED_BITS);
        #[allow(clippy::cast_possible_truncation, reason = "the upper half is wanted")]
        let seed = (self.random() >> 64) as u64;
        self.steps = seed | 1;
    }

    /// Random in its upper bits. A linear congruential generator with O'Neill's multiplier (PCG: A Family of Simple Fast
    /// Space-Efficient Statistically Good Algorithms for Random Number Generation, 2014); no secret.
    fn random(&mut self) -> u128 {
        const MULTIPLIER: u128 = 0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645;
        self.state = self
            .state
            .wrapping_mul(MULTIPLIER)
            .wrapping_add(MULTIPLIER | 1);
        self.state
    }

    fn step(&mut self) {
        // xorshift64 (Marsaglia 2003): the steps hide how many records lie between two UUIDs, no more.
        self.steps ^= self.steps << 13;
        self.steps ^= self.steps >> 7;
        self.steps ^= self.steps << 17;
        self.counter += u128::from(self.steps >> 32) + 1;
        if self.counter >> COUNTER_BITS != 0 {
            self.reseed(self.millis + 1);
        }
    }

    fn uuid(&self) -> Uuid {
        let version = 0x7_u128 << 76;
        let variant = 0b10_u128 << 62;
        let high = (self.counter >> 62) << 64;
        let low = self.counter & ((1 << 62) - 1);
        Uuid::from_u128((u128::from(self.millis) << 80) | version | high | variant | low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_ascend_even_when_the_clock_goes_back() {
        let mut source = UuidSource::default();
        let mut before = Uuid::nil();
        for round in 0..100_000_i64 {
            let next = source.next(1_000_000_000_000 + (round % 7) * 500_000 - round * 10);
            assert!(next > before);
            assert_eq!(next.get_version_num(), 7);
            assert_eq!(next.get_variant(), uuid::Variant::RFC4122);
            before = next;
        }
    }

    #[test]
    fn a_source_of_the_same_words_goes_on_alike() {
        let mut source = UuidSource::default();
        for time in 0..1_000 {
            source.next(time * 300_000);
        }
        let mut other = UuidSource::of_words(source.words());
        for time in 900..2_000 {
            assert_eq!(source.next(time * 300_000), other.next(time * 300_000));
        }
        assert_ne!(
            UuidSource::default().next(1_000_000),
            UuidSource::default().next(1_000_000),
            "two sources are two"
        );
    }

    #[test]
    fn the_time_is_the_records() {
        let uuid = UuidSource::default().next(1_700_000_000_123_456_789);
        let (seconds, nanos) = uuid.get_timestamp().unwrap().to_unix();
        assert_eq!((seconds, nanos), (1_700_000_000, 123_000_000));
    }

    #[test]
    fn an_exhausted_millisecond_borrows_from_the_next() {
        let mut source = UuidSource {
            millis: 5,
            counter: (1 << COUNTER_BITS) - 1,
            steps: 1,
            ..UuidSource::default()
        };
        let before = source.uuid();
        assert!(source.next(5_000_000) > before);
        assert_eq!(source.millis, 6);
    }
}
