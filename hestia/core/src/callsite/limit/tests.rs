use std::sync::atomic::AtomicUsize;

use proptest::prelude::*;

use super::*;

fn limit() -> &'static Limit {
    Box::leak(Box::new(Limit::new()))
}

fn keyed() -> &'static KeyedLimit {
    Box::leak(Box::new(KeyedLimit::new()))
}

const SECOND: u64 = 1_000_000_000;

fn every_second() -> Rules {
    Rules::new().every(Duration::from_secs(1))
}

/// What executions at these times give: the numbers that those that passed carry.
fn run(limit: &'static Limit, rules: Rules, times: &[u64]) -> Vec<Option<u64>> {
    let times = times.iter();
    times
        .map(|now| {
            limit
                .pass_at(rules, || *now)
                .map(|passed| passed.suppressed)
        })
        .collect()
}

#[test]
fn once_in_a_period_that_begins_with_the_record() {
    let times = [5, 6, SECOND, SECOND + 4, SECOND + 5, 9 * SECOND, 9 * SECOND];
    assert_eq!(
        run(limit(), every_second(), &times),
        [Some(0), None, None, None, Some(3), Some(0), None]
    );
}

#[test]
fn the_first_of_all_and_the_first_of_each_period() {
    assert_eq!(
        run(limit(), Rules::new().first(2), &[0, SECOND, 2 * SECOND]),
        [Some(0), Some(0), None]
    );
    let times = [1, 2, 3, 4, SECOND + 1, SECOND + 2, SECOND + 3];
    assert_eq!(
        run(limit(), every_second().first(3), &times),
        [Some(0), Some(0), Some(0), None, Some(1), Some(0), Some(0)]
    );
    assert_eq!(run(limit(), Rules::new().first(0), &[1]), [None]);
}

#[test]
fn what_is_said_while_the_program_runs_may_be_anything() {
    let times = [1, 1, 1];
    for always in [
        Rules::new().every(Duration::ZERO),
        Rules::new().sample(f64::NAN),
        Rules::new().sample(7.0),
        Rules::new().first(u32::MAX),
    ] {
        assert_eq!(run(limit(), always, &times), [Some(0); 3], "{always:?}");
    }
    for never in [Rules::new().sample(0.0), Rules::new().sample(-1.0)] {
        assert_eq!(run(limit(), never, &times), [None; 3], "{never:?}");
    }
    let endless = Rules::new().every(Duration::MAX);
    assert_eq!(run(limit(), endless, &[1, u64::MAX - 1]), [Some(0), None]);
}

/// The clock jumps to the next period only once all threads have seen the last one: so each period is contended.
#[test]
fn of_all_threads_one_logs_in_a_period() {
    const THREADS: usize = 8;
    const PERIODS: u64 = 2_000;
    for first in [1, 3] {
        let (limit, now) = (limit(), AtomicU64::new(SECOND));
        let (passed, told, executed) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
        let seen = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    for period in 1..=PERIODS {
                        for _ in 0..4 {
                            executed.fetch_add(1, Ordering::Relaxed);
                            let rules = every_second().first(first);
                            let time = || now.load(Ordering::Relaxed);
                            if let Some(one) = limit.pass_at(rules, time) {
                                passed.fetch_add(1, Ordering::Relaxed);
                                told.fetch_add(one.suppressed, Ordering::Relaxed);
                            }
                        }
                        let all = period as usize * THREADS;
                        if seen.fetch_add(1, Ordering::AcqRel) + 1 == all {
                            assert_eq!(
                                passed.load(Ordering::Relaxed),
                                period * u64::from(first),
                                "period {period}"
                            );
                            now.fetch_add(SECOND, Ordering::Release);
                        }
                        while now.load(Ordering::Acquire) <= period * SECOND {
                            std::thread::yield_now();
                        }
                    }
                });
            }
        });
        // One more record tells what is left.
        let last = limit.pass_at(every_second(), || u64::MAX / 2).unwrap();
        let (passed, told) = (passed.into_inner(), told.into_inner() + last.suppressed);
        assert_eq!(passed + told, executed.into_inner());
        assert_eq!(told, limit.count.total.load(Ordering::Relaxed));
    }
}

#[test]
fn what_is_left_out_is_counted_for_all_statements_together() {
    // Other tests count at the same time, so it is at least so many.
    let before = suppressed();
    let (one, other) = (limit(), keyed());
    run(one, Rules::new().first(1), &[1; 11]);
    for _ in 0..6 {
        other.pass(Rules::new().first(1), "key");
    }
    assert!(suppressed() >= before + 15);
}

#[test]
fn a_sample_is_as_large_as_was_said() {
    const EXECUTIONS: u32 = 1_000_000;
    RANDOM.with(|state| state.set(0x1234_5678_9abc_def1));
    for share in [0.01, 0.5, 0.999] {
        let limit = limit();
        let (mut passed, mut told) = (0_u32, 0);
        for _ in 0..EXECUTIONS {
            if let Some(one) = limit.pass(Rules::new().sample(share)) {
                passed += 1;
                told += one.suppressed;
            }
        }
        let all = f64::from(EXECUTIONS);
        let deviation = (all * share * (1.0 - share)).sqrt();
        let off = (f64::from(passed) - all * share).abs() / deviation;
        assert!(
            off < 4.0,
            "{passed} of {EXECUTIONS} at {share}: {off} deviations"
        );
        let left = limit.count.total.load(Ordering::Relaxed) - told;
        assert_eq!(u64::from(passed) + told + left, u64::from(EXECUTIONS));
    }
}

#[test]
fn a_sample_comes_before_the_budget() {
    RANDOM.with(|state| state.set(7));
    let (limit, rules) = (limit(), Rules::new().sample(0.5).first(10));
    let passed = std::iter::repeat_with(|| limit.pass(rules)).take(1_000);
    assert_eq!(passed.flatten().count(), 10);
}

#[test]
fn each_key_has_a_budget_and_a_count_of_its_own() {
    let limit = keyed();
    let at = |key, now| {
        let passed = limit.pass_at(every_second(), key, || now);
        passed.map(|passed| passed.suppressed)
    };
    assert_eq!(
        [at(1, 5), at(2, 6), at(1, 7), at(1, 8)],
        [Some(0), Some(0), None, None]
    );
    assert_eq!([at(2, SECOND + 4), at(2, SECOND + 6)], [None, Some(1)]);
    assert_eq!(at(1, SECOND + 5), Some(2));
}

#[test]
fn new_keys_take_the_place_of_those_not_met_for_the_longest() {
    let limit = keyed();
    let rules = Rules::new().first(1);
    // All in one set.
    let key = |number: u64| 1 + number * (KEYS / WAYS) as u64;
    let passes = |number| limit.pass_at(rules, key(number), || 0);
    for number in 0..WAYS as u64 {
        assert!(passes(number).is_some());
        assert!(passes(number).is_none(), "{number} is known");
    }
    // The first one is met again before each new one; the others make room in turn.
    for number in 0..WAYS as u64 - 1 {
        assert!(passes(0).is_none(), "{number}");
        let new = passes(WAYS as u64 + number).expect("a new key has a new budget");
        // What was left out for the one that made room is told by the next record, whatever its key.
        assert_eq!(new.suppressed, 1);
    }
    assert!(passes(0).is_none());
    assert!(passes(1).is_some(), "it had to make room");
}

#[test]
fn a_thousand_keys_are_remembered_of_however_many() {
    let limit = keyed();
    let (mut passed, mut told, executed) = (0, 0, 100_000_u64);
    for execution in 0..executed {
        // Ever new ones, and one that always comes again.
        let key = if execution % 4 == 0 { 0 } else { execution };
        if let Some(one) = limit.pass(Rules::new().first(1), &key) {
            passed += 1;
            told += one.suppressed;
        }
    }
    assert_eq!(
        passed,
        executed / 4 * 3 + 1,
        "the one that came again stayed"
    );
    let waiting = |slot: &Slot| slot.suppressed.load(Ordering::Relaxed);
    let slots = limit.slots.get().unwrap();
    let left: u64 = slots.iter().map(waiting).sum::<u64>() + limit.loose.load(Ordering::Relaxed);
    assert_eq!((slots.len(), passed + told + left), (KEYS, executed));
}

#[test]
fn keys_of_many_threads_add_up() {
    const THREADS: u64 = 8;
    const EACH: u64 = 20_000;
    let limit = keyed();
    let (passed, told) = (AtomicU64::new(0), AtomicU64::new(0));
    let by_key: [AtomicU64; 100] = [const { AtomicU64::new(0) }; 100];
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (passed, told, by_key) = (&passed, &told, &by_key);
            scope.spawn(move || {
                for execution in 0..EACH {
                    let key = (execution * 7 + thread) % 100;
                    let rules = Rules::new().first(3);
                    if let Some(one) = limit.pass(rules, &key) {
                        passed.fetch_add(1, Ordering::Relaxed);
                        told.fetch_add(one.suppressed, Ordering::Relaxed);
                        by_key[key as usize].fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    for (key, passed) in by_key.iter().enumerate() {
        assert_eq!(passed.load(Ordering::Relaxed), 3, "key {key}");
    }
    let total = limit.count.total.load(Ordering::Relaxed);
    assert_eq!(passed.into_inner() + total, THREADS * EACH);
}

#[test]
fn keys_whose_hash_panics_or_logs_are_keys_too() {
    struct Panics;
    impl Hash for Panics {
        fn hash<H: Hasher>(&self, _: &mut H) {
            std::panic::resume_unwind(Box::new("hash"));
        }
    }
    struct Executes(&'static KeyedLimit);
    impl Hash for Executes {
        fn hash<H: Hasher>(&self, state: &mut H) {
            state.write_u8(1);
            assert!(self.0.pass(Rules::new().first(1), "inner").is_some());
        }
    }
    let limit = keyed();
    assert!(limit.pass(Rules::new().first(1), &Panics).is_some());
    assert!(limit.pass(Rules::new().first(1), &Panics).is_none());
    assert!(
        limit
            .pass(Rules::new().first(1), &Executes(limit))
            .is_some()
    );
}

#[test]
fn whoever_never_lets_go_of_a_set_holds_up_nobody() {
    let limit = keyed();
    limit.is_changing.store(true, Ordering::Relaxed);
    assert!(limit.pass(Rules::new().first(1), &1).is_some());
    assert!(limit.pass(Rules::new().first(1), &1).is_none());
}

proptest! {
    /// Any times, also such as go back, as one thread after the other may see them: what the plain rule says, and the
    /// numbers add up.
    #[test]
    fn periods_are_what_they_should_be(
        times in proptest::collection::vec(0_u64..50, 1..200),
        first in 1_u32..4,
        period in 1_u64..20,
    ) {
        let limit = limit();
        let rules = Rules::new().every(Duration::from_nanos(period)).first(first);
        let (mut until, mut count, mut left) = (0, 0, 0);
        for time in times {
            if time >= until {
                (until, count) = (time + period, 0);
            }
            let told = limit.pass_at(rules, || time).map(|passed| passed.suppressed);
            if count < first {
                prop_assert_eq!(told, Some(left));
                (count, left) = (count + 1, 0);
            } else {
                prop_assert_eq!(told, None);
                left += 1;
            }
        }
    }
}
