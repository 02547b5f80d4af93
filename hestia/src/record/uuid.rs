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

#[derive(Debug, Default)]
pub(crate) struct UuidSource {
    millis: u64,
    counter: u128,
    steps: u64,
}

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

    fn reseed(&mut self, millis: u64) {
        let random = Uuid::new_v4().as_u128();
        self.millis = millis;
        self.counter = random & ((1 << SEED_BITS) - 1);
        // The top bits of a version 4 UUID are random; they start the generator of the steps.
        #[allow(clippy::cast_possible_truncation, reason = "the upper half is wanted")]
        let seed = (random >> 64) as u64;
        self.steps = seed | 1;
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
        };
        let before = source.uuid();
        assert!(source.next(5_000_000) > before);
        assert_eq!(source.millis, 6);
    }
}
