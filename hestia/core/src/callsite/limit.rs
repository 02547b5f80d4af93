//! How often a statement logs: once in a period, so many times, by chance; all of it for each key, where one is said.
//!
//! Callers' threads, after the level check and before anything of the statement's is evaluated. What is left out is
//! counted beside the statement; the next record takes the number along. Only statements that say how often have a
//! [`Limit`].
//!
//! *Invariant:* no lock is waited for without an end, since a signal handler may log in the middle of this, and a forked
//! child may find another thread in the middle of it that did not come along. Nothing is left out without being counted.

#![allow(unsafe_code, reason = "the list of all limits, which are statics")]

use std::cell::Cell;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use crate::clock;

/// How often: what a statement says.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// None where zero.
    period_nanos: u64,
    first: Option<u32>,
    share: f64,
}

impl Default for Rules {
    fn default() -> Self {
        Rules::new()
    }
}

impl Rules {
    /// Always.
    #[must_use]
    pub const fn new() -> Self {
        Rules {
            period_nanos: 0,
            first: None,
            share: 1.0,
        }
    }

    /// Once in this period, unless `first` says how many times. Zero is no limit.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, reason = "compared before")]
    pub const fn every(mut self, period: Duration) -> Self {
        let nanos = period.as_nanos();
        // A period of five hundred years has no end.
        self.period_nanos = if nanos > u64::MAX as u128 {
            u64::MAX
        } else {
            nanos as u64
        };
        self
    }

    /// The first so many executions: ever, or of each period.
    #[must_use]
    pub const fn first(mut self, records: u32) -> Self {
        self.first = Some(records);
        self
    }

    /// Each execution with this probability. 1 and more, and what is no number, is always.
    #[must_use]
    pub const fn sample(mut self, share: f64) -> Self {
        self.share = share;
        self
    }

    #[inline]
    fn samples(&self) -> bool {
        // What is no number is not below 1.
        self.share.is_nan() || self.share >= 1.0 || random() < self.share
    }

    /// How many records there may be, and in which period; `None` for any number.
    #[inline]
    fn budget(&self) -> Option<u32> {
        match self.first {
            None if self.period_nanos != 0 => Some(1),
            first => first,
        }
    }
}

/// That an execution is to be logged.
#[derive(Clone, Copy, Debug)]
pub struct Passed {
    /// How many were left out since the last one that was logged.
    pub(super) suppressed: u64,
}

/// What is left of a budget. Made of zeros when it is new.
#[derive(Debug)]
struct Budget {
    /// When the present period ends, by [`clock::elapsed_nanos`].
    until: AtomicU64,
    /// How many passed in the period with this mark: [`mark`] in the upper half, the number in the lower one.
    passed: AtomicU64,
}

/// What tells one period from another, and fits beside a count. Spread out, since the clock's readings may all be
/// multiples of something.
#[allow(clippy::cast_possible_truncation, reason = "the upper half")]
fn mark(until: u64) -> u32 {
    (until.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u32
}

impl Budget {
    const fn new() -> Self {
        Budget {
            until: AtomicU64::new(0),
            passed: AtomicU64::new(0),
        }
    }

    fn reset(&self) {
        self.until.store(0, Ordering::Relaxed);
        self.passed.store(0, Ordering::Relaxed);
    }

    /// Takes one of `size` away, if the period has one left; a new one begins where the last one is over.
    #[allow(clippy::cast_possible_truncation, reason = "the halves")]
    fn takes(&self, size: u32, period_nanos: u64, now: impl FnOnce() -> u64) -> bool {
        if period_nanos != 0 {
            let (now, until) = (now(), self.until.load(Ordering::Relaxed));
            if now >= until {
                // Where this fails another thread has begun the period.
                let end = now.saturating_add(period_nanos);
                let _ =
                    self.until
                        .compare_exchange(until, end, Ordering::Relaxed, Ordering::Relaxed);
            }
        }
        loop {
            // Acquire, and before the look at the period: whoever wrote a mark had seen its period, so it is seen here
            // too. A mark of another period than the one seen here is an older one, then, and its number is of no account.
            let passed = self.passed.load(Ordering::Acquire);
            let mark = mark(self.until.load(Ordering::Relaxed));
            let count = if (passed >> 32) as u32 == mark {
                passed as u32
            } else {
                0
            };
            if count >= size {
                return false;
            }
            let taken = u64::from(mark) << 32 | u64::from(count + 1);
            let exchanged =
                self.passed
                    .compare_exchange(passed, taken, Ordering::Release, Ordering::Relaxed);
            if exchanged.is_ok() {
                return true;
            }
        }
    }
}

/// How many executions of one statement were left out ever.
#[derive(Debug)]
struct Count {
    total: AtomicU64,
    /// The next in the list of all that have counted something.
    next: AtomicPtr<Count>,
}

/// All that have counted something, the last one first. They are statics.
static COUNTS: AtomicPtr<Count> = AtomicPtr::new(std::ptr::null_mut());

/// How many executions of all statements were left out ever, by limits of their own.
pub(crate) fn suppressed() -> u64 {
    let mut sum = 0;
    let mut next = COUNTS.load(Ordering::Acquire);
    // SAFETY: null, or the address of a static that `Count::join` stored with release, which pairs with these acquires.
    while let Some(count) = unsafe { next.as_ref() } {
        sum += count.total.load(Ordering::Relaxed);
        next = count.next.load(Ordering::Acquire);
    }
    sum
}

impl Count {
    const fn new() -> Self {
        Count {
            total: AtomicU64::new(0),
            next: AtomicPtr::new(std::ptr::null_mut()),
        }
    }

    #[inline]
    fn add_one(&'static self) {
        if self.total.fetch_add(1, Ordering::Relaxed) == 0 {
            self.join();
        }
    }

    /// Joins the list; once, since only one thread is the first to count.
    #[cold]
    fn join(&'static self) {
        let own = std::ptr::from_ref(self).cast_mut();
        let mut first = COUNTS.load(Ordering::Relaxed);
        loop {
            self.next.store(first, Ordering::Relaxed);
            // Release: whoever finds this one finds what it refers to.
            match COUNTS.compare_exchange_weak(first, own, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(other) => first = other,
            }
        }
    }
}

/// How often one statement logs, and what of it is used up.
#[derive(Debug)]
pub struct Limit {
    budget: Budget,
    count: Count,
    /// How many of those that were left out some record has told.
    told: AtomicU64,
}

impl Default for Limit {
    fn default() -> Self {
        Limit::new()
    }
}

impl Limit {
    /// Nothing is used up yet.
    #[must_use]
    pub const fn new() -> Self {
        Limit {
            budget: Budget::new(),
            count: Count::new(),
            told: AtomicU64::new(0),
        }
    }

    /// Whether this execution is to be logged.
    #[inline]
    pub fn pass(&'static self, rules: Rules) -> Option<Passed> {
        self.pass_at(rules, || clock::elapsed_nanos(rules.period_nanos))
    }

    #[inline(never)]
    fn pass_at(&'static self, rules: Rules, now: impl FnOnce() -> u64) -> Option<Passed> {
        let passes = rules.samples()
            && rules
                .budget()
                .is_none_or(|size| self.budget.takes(size, rules.period_nanos, now));
        if !passes {
            self.count.add_one();
            return None;
        }
        // Each number between what was told before and what is told now is told by the one thread that moves it.
        let total = self.count.total.load(Ordering::Relaxed);
        let told = self.told.load(Ordering::Relaxed);
        let suppressed = if told >= total {
            0
        } else {
            total.saturating_sub(self.told.fetch_max(total, Ordering::Relaxed))
        };
        Some(Passed { suppressed })
    }
}

/// How many keys a statement remembers, in sets of [`WAYS`].
const KEYS: usize = 1024;
const WAYS: usize = 32;

/// A key and what of its budget is used up.
#[derive(Debug)]
struct Slot {
    /// The key's hash; 0 while there is none.
    key: AtomicU64,
    budget: Budget,
    /// Left out, and told by no record yet.
    suppressed: AtomicU64,
    /// How many keys had been new when it was met last.
    met: AtomicU32,
}

/// How often one statement logs for each key.
#[derive(Debug)]
pub struct KeyedLimit {
    /// Made when the first key comes. One key is always in the same set.
    slots: OnceLock<Box<[Slot]>>,
    /// Some thread gives a place to a new key.
    is_changing: AtomicBool,
    /// How many keys have been new so far.
    news: AtomicU32,
    count: Count,
    /// Left out before any key was looked at, or with a key that had to make room, and told by no record yet.
    loose: AtomicU64,
}

impl Default for KeyedLimit {
    fn default() -> Self {
        KeyedLimit::new()
    }
}

impl KeyedLimit {
    /// No key is known yet.
    #[must_use]
    pub const fn new() -> Self {
        KeyedLimit {
            slots: OnceLock::new(),
            is_changing: AtomicBool::new(false),
            news: AtomicU32::new(0),
            count: Count::new(),
            loose: AtomicU64::new(0),
        }
    }

    /// Whether this execution is to be logged.
    #[inline]
    pub fn pass<K: Hash + ?Sized>(&'static self, rules: Rules, key: &K) -> Option<Passed> {
        if !rules.samples() {
            self.loose.fetch_add(1, Ordering::Relaxed);
            self.count.add_one();
            return None;
        }
        self.pass_at(rules, hash(key), || {
            clock::elapsed_nanos(rules.period_nanos)
        })
    }

    #[inline(never)]
    fn pass_at(
        &'static self,
        rules: Rules,
        hash: u64,
        now: impl FnOnce() -> u64,
    ) -> Option<Passed> {
        let slot = self.slot(hash);
        let passes = rules
            .budget()
            .is_none_or(|size| slot.budget.takes(size, rules.period_nanos, now));
        if !passes {
            slot.suppressed.fetch_add(1, Ordering::Relaxed);
            self.count.add_one();
            return None;
        }
        Some(Passed {
            suppressed: take(&slot.suppressed) + take(&self.loose),
        })
    }

    /// The key's place; it gets one if it has none.
    #[allow(clippy::cast_possible_truncation, reason = "the lower bits")]
    fn slot(&'static self, hash: u64) -> &'static Slot {
        // (A set that another thread is storing at this moment is waited for; that takes it some nanoseconds.)
        let slots = self.slots.get().unwrap_or_else(|| {
            let _ = self.slots.set(slots());
            self.slots.wait()
        });
        let set = hash as usize % (KEYS / WAYS) * WAYS;
        let set = &slots[set..set + WAYS];
        let slot = known(set, hash).unwrap_or_else(|| self.make_room(set, hash));
        let news = self.news.load(Ordering::Relaxed);
        if slot.met.load(Ordering::Relaxed) != news {
            slot.met.store(news, Ordering::Relaxed);
        }
        slot
    }

    /// Gives a place to a key: an empty one, or that of the key of its set that was not met for the
    /// longest, as far as that shows: of those met since the last new key, any.
    #[cold]
    fn make_room(&'static self, set: &'static [Slot], hash: u64) -> &'static Slot {
        let _changing = Changing::begin(&self.is_changing);
        // Another thread may have done it meanwhile.
        if let Some(slot) = known(set, hash) {
            return slot;
        }
        let news = self.news.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        let age = |slot: &&Slot| match slot.key.load(Ordering::Relaxed) {
            0 => u32::MAX,
            _ => news.wrapping_sub(slot.met.load(Ordering::Relaxed)),
        };
        let slot = set.iter().max_by_key(age).unwrap_or(&set[0]);
        // Nobody finds it before it is as new.
        slot.key.store(0, Ordering::Relaxed);
        self.loose
            .fetch_add(take(&slot.suppressed), Ordering::Relaxed);
        slot.budget.reset();
        slot.met.store(news, Ordering::Relaxed);
        // Release: pairs with the look in `known`.
        slot.key.store(hash, Ordering::Release);
        slot
    }
}

fn slots() -> Box<[Slot]> {
    let empty = || Slot {
        key: AtomicU64::new(0),
        budget: Budget::new(),
        suppressed: AtomicU64::new(0),
        met: AtomicU32::new(0),
    };
    std::iter::repeat_with(empty).take(KEYS).collect()
}

fn known(set: &'static [Slot], hash: u64) -> Option<&'static Slot> {
    set.iter()
        .find(|slot| slot.key.load(Ordering::Acquire) == hash)
}

fn take(counter: &AtomicU64) -> u64 {
    match counter.load(Ordering::Relaxed) {
        0 => 0,
        _ => counter.swap(0, Ordering::Relaxed),
    }
}

/// Keeps others from changing the places of keys.
struct Changing<'l>(&'l AtomicBool);

impl<'l> Changing<'l> {
    /// Waits a while at most: whoever holds it may be further up on this very stack, or in the parent of this forked
    /// child. Going on beside it costs no more than that a key may log once too often.
    fn begin(is_changing: &'l AtomicBool) -> Self {
        for attempt in 0..10_000 {
            let taken = is_changing.compare_exchange_weak(
                false,
                true,
                Ordering::Acquire,
                Ordering::Relaxed,
            );
            if taken.is_ok() {
                break;
            }
            if attempt % 64 == 63 {
                std::thread::yield_now();
            } else {
                std::hint::spin_loop();
            }
        }
        Changing(is_changing)
    }
}

impl Drop for Changing<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// The key as a number that is not 0. A key that panics has that of how far it came.
#[inline(never)]
fn hash<K: Hash + ?Sized>(key: &K) -> u64 {
    static KEYED: OnceLock<RandomState> = OnceLock::new();
    // Whoever chooses keys must not know which of them share a set.
    let mut hasher = KEYED.get_or_init(RandomState::new).build_hasher();
    let _ = catch_unwind(AssertUnwindSafe(|| key.hash(&mut hasher)));
    hasher.finish().max(1)
}

thread_local! {
    /// Without a destructor, so that it is there to the thread's end.
    static RANDOM: Cell<u64> = const { Cell::new(0) };
}

/// From 0 to below 1, evenly.
#[inline]
#[allow(clippy::cast_precision_loss, reason = "53 bits have none")]
fn random() -> f64 {
    let bits = RANDOM.with(|state| {
        let mut seed = state.get();
        if seed == 0 {
            seed = RandomState::new().hash_one(0) | 1;
        }
        let (next, bits) = step(seed);
        state.set(next);
        bits
    });
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

/// The next state, and random bits: xorshift64* (S. Vigna, *An experimental exploration of Marsaglia's xorshift
/// generators, scrambled*, 2016). No state but 0 leads to 0.
#[inline]
fn step(mut state: u64) -> (u64, u64) {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    (state, state.wrapping_mul(0x2545_f491_4f6c_dd1d))
}

#[cfg(test)]
mod tests;
