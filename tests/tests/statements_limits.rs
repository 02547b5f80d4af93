//! Statements that say how often they log: what is left out is not evaluated, and counted. (Periods, samples and keys
//! themselves are tested beside the code, with times of the test's own.)

mod seen;

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hestia::{Level, hlog};
use seen::{Seen, logged};
use serde_json::json;

fn suppressed() -> u64 {
    hestia::stats().expect("hestia runs").suppressed
}

fn counts(seen: &[Seen]) -> Vec<Option<u64>> {
    let count = |seen: &Seen| seen.fields()["suppressed"].as_u64();
    seen.iter().map(count).collect()
}

/// A period that no test outlasts.
const LONG: Duration = Duration::from_secs(86_400 * 365);

#[test]
fn what_is_left_out_evaluates_nothing_and_is_counted() {
    let evaluated = Cell::new(0);
    let note = |value: u64| {
        evaluated.set(evaluated.get() + 1);
        value
    };
    let mut left_out = 0;
    let seen = logged(|| {
        let before = suppressed();
        for round in 0..10 {
            hlog!(warn, every: 365d, round, twice = note(round * 2), "slow {}", note(round));
        }
        left_out = suppressed() - before;
    });
    assert_eq!(evaluated.get(), 2);
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].message(), "slow 0");
    assert_eq!(*seen[0].fields(), json!({"round": 0, "twice": 0}));
    assert_eq!(left_out, 9);
}

#[test]
fn the_next_record_says_how_many_were_left_out() {
    // The limit holds for a while, and then no more.
    let seen = logged(|| {
        for round in 0..12 {
            let period = if round % 4 == 0 { Duration::ZERO } else { LONG };
            hlog!(info, every: period, round, "round");
        }
    });
    let rounds: Vec<_> = seen
        .iter()
        .map(|seen| seen.fields()["round"].as_u64())
        .collect();
    assert_eq!(rounds, [Some(0), Some(1), Some(4), Some(8)]);
    assert_eq!(counts(&seen), [None, None, Some(2), Some(3)]);
    assert_eq!(seen[2].raw_fields(), r#"{"round":4,"suppressed":2}"#);
}

#[test]
fn all_forms_of_statements_and_of_limits() {
    let (limit, share, name) = (2, 1.0, String::from("ada"));
    let seen = logged(|| {
        for _ in 0..5 {
            hlog!(info, first: 1, "constant");
            hlog!(info, first: limit, name, "{name} {:?}", limit);
            hlog!(Level::Debug, every: LONG, target: "db", "level known at run time");
            hlog!(critical, first: 1u32, logger: log::logger(), "by another");
            hlog!(error, target: name.as_str(), every: 1.5h, first: 1, only = 1);
            hestia::info!(every: 1h30m, user_id = 5; "drop-in {}", name);
            hestia::warn!(target: "db", first: 1, sample: 1.0, by: name, "keyed");
            hestia::debug!(sample: share, first: 1, "sampled");
            hestia::trace!(every: 500_000s, concat!("by a ", "macro"));
        }
    });
    let messages: Vec<_> = seen
        .iter()
        .filter_map(|seen| seen.json["message"].as_str())
        .collect();
    assert_eq!(
        messages,
        [
            "constant",
            "ada 2",
            "level known at run time",
            "by another",
            "",
            "drop-in ada",
            "keyed",
            "sampled",
            "by a macro",
            "ada 2",
        ]
    );
    assert_eq!(seen.len(), 10, "{seen:?}");
    assert!(counts(&seen).iter().all(Option::is_none));
}

#[test]
fn every_key_has_a_limit_of_its_own() {
    let seen = logged(|| {
        for round in 0..30_u32 {
            let user = format!("user {}", round % 3);
            let limit = if round < 27 { 2 } else { 100 };
            hlog!(info, first: limit, by: (user.as_str(), 'x'), user, "by key");
        }
    });
    assert_eq!(
        counts(&seen),
        [
            None,
            None,
            None,
            None,
            None,
            None,
            Some(7),
            Some(7),
            Some(7)
        ]
    );
}

#[test]
fn passed_and_left_out_add_up_over_threads() {
    let executed = AtomicU64::new(0);
    let mut left_out = 0;
    let seen = logged(|| {
        let before = suppressed();
        std::thread::scope(|scope| {
            for thread in 0..8_u64 {
                let executed = &executed;
                scope.spawn(move || {
                    for round in 0..10_000_u64 {
                        let by = (round + thread) % 10;
                        hlog!(info, first: 5, "all");
                        hlog!(info, sample: 0.25, first: 50, by: by, "each");
                        executed.fetch_add(2, Ordering::Relaxed);
                    }
                });
            }
        });
        left_out = suppressed() - before;
    });
    let of = |message: &str| seen.iter().filter(|seen| seen.message() == message).count();
    assert_eq!((of("all"), of("each")), (5, 500));
    assert_eq!(seen.len() as u64 + left_out, executed.into_inner());
}

#[test]
fn a_statement_that_is_off_uses_nothing_up() {
    let evaluated = Cell::new(0);
    let period = || {
        evaluated.set(evaluated.get() + 1);
        LONG
    };
    let mut left_out = 0;
    let seen = logged(|| {
        let before = suppressed();
        for target in ["off", "warnings", "off", "on", "off", "on"] {
            hlog!(info, target: target, every: period(), "once");
        }
        left_out = suppressed() - before;
    });
    assert_eq!(seen.len(), 1);
    assert_eq!((evaluated.get(), left_out), (2, 1));
}

#[test]
fn keys_of_the_options_names_are_still_keys() {
    let (every, first, sample, by) = (1, 2, 3, "x");
    let seen = logged(|| {
        hlog!(info, every = 5, first, sample = 0.5, by = by, "keys");
        hlog!(info, every:? = every, first:serde, sample:display = sample, by:err, "modified");
        hestia::info!(every = every, first:% = first; "drop-in");
        hlog!(info, suppressed = 7, "without a limit");
        hlog!(info, "after {}", 1, every = 5, by:? = by);
    });
    assert_eq!(
        seen.iter()
            .map(|seen| seen.fields().clone())
            .collect::<Vec<_>>(),
        [
            json!({"every": 5, "first": 2, "sample": 0.5, "by": "x"}),
            json!({"every": "1", "first": 2, "sample": "3", "by": "x"}),
            json!({"every": 1, "first": "2"}),
            json!({"suppressed": 7}),
            json!({"every": 5, "by": "\"x\""}),
        ]
    );
}

/// The statement says so itself, so that it is asked for.
#[test]
fn errors_are_limited_as_all_else_also_where_the_level_is_known_at_run_time() {
    let seen = logged(|| {
        for level in [Level::Info, Level::Error, Level::Error] {
            hlog!(level, first: 1, "{level}");
            hlog!(error, first: 2, "error");
        }
    });
    let messages: Vec<_> = seen.iter().map(Seen::message).collect();
    assert_eq!(messages, ["INFO", "error", "error"]);
}

#[test]
fn the_number_gives_way_to_no_other_key_and_wins_over_those_around() {
    let audit = hestia::logger("audit").metadata("suppressed", "mine");
    let seen = logged(|| {
        for period in [LONG, LONG, Duration::ZERO] {
            hlog!(info, logger: audit, every: period, "granted");
        }
    });
    let values: Vec<_> = seen
        .iter()
        .map(|seen| seen.fields()["suppressed"].clone())
        .collect();
    assert_eq!(values, [json!("mine"), json!(1)]);
}

#[test]
fn in_generic_code_and_through_other_macros_there_is_one_limit_for_each_statement() {
    fn generic<T: std::fmt::Debug>(value: T) {
        hlog!(info, first: 2, "generic {value:?}");
    }
    macro_rules! own {
        ($period:literal, $first:expr, $($rest:tt)*) => {
            hlog!(info, every: $period, first: $first, $($rest)*)
        };
    }
    let seen = logged(|| {
        for _ in 0..2 {
            generic(1);
            generic("x");
            own!(5h, 1 + 1, "first of {}", "two");
            own!(5h, 1, "other");
        }
    });
    let messages: Vec<_> = seen.iter().map(Seen::message).collect();
    assert_eq!(
        messages,
        [
            "generic 1",
            "generic \"x\"",
            "first of two",
            "other",
            "first of two"
        ]
    );
}
