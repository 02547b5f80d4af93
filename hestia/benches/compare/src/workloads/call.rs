//! What a statement costs its caller: one thread logs at a steady pace, one record every microsecond, and reads the clock
//! before and after each call; the cost of that reading is taken off.
//!
//! Some machines' counters move in steps of ten nanoseconds or so; `of 8` is what eight calls in a row take, divided by eight: the
//! mean of the middle half of such rows, and `of 8 p99` the mean around what one in a hundred of them exceeds.
//! For p99.99, calls are left out during which the kernel took the processor away from the thread.

use std::path::Path;
use std::time::{Duration, Instant};

use super::{Figures, Size, Statement, price, symbol};
use crate::peers::Peer;
use crate::ticks::{AROUND_P99, MIDDLE, mean_around, nanos_per_tick, ticks};
use crate::usage::involuntary_switches;

const PAUSE: Duration = Duration::from_nanos(1000);

/// After so many calls the thread looks whether it was interrupted.
const GROUP: usize = 64;

/// The points of the distribution, by their names.
pub(crate) const POINTS: &[(&str, f64)] = &[
    ("p0", 0.0),
    ("p1", 0.01),
    ("p5", 0.05),
    ("p10", 0.1),
    ("p25", 0.25),
    ("p50", 0.5),
    ("p75", 0.75),
    ("p90", 0.9),
    ("p95", 0.95),
    ("p99", 0.99),
    ("p99.5", 0.995),
    ("p99.9", 0.999),
    ("p99.95", 0.9995),
];

pub(super) fn run<P: Peer>(peer: P, directory: &Path, size: &Size) -> Figures {
    let scale = nanos_per_tick();
    let clock = Distribution::of(size, |_, _| ());
    let symbol = symbol();
    let mut figures = Figures::new();
    for statement in Statement::ALL {
        if statement.need().and_then(P::unfit).is_some() {
            continue;
        }
        let distribution = match statement {
            Statement::Arguments => {
                Distribution::of(size, |order, price| peer.arguments(order, price, &symbol))
            }
            Statement::Constant => Distribution::of(size, |_, _| peer.constant()),
            Statement::Fields => {
                Distribution::of(size, |order, price| peer.fields(order, price, &symbol))
            }
            Statement::Off => Distribution::of(size, |order, _| peer.off(order)),
        };
        distribution.put(statement, &clock, scale, &mut figures);
        peer.flush(directory);
    }
    peer.finish();
    figures
}

/// Sorted samples, in ticks.
struct Distribution {
    single: Vec<u64>,
    uninterrupted: Vec<u64>,
    eights: Vec<u64>,
}

impl Distribution {
    fn of(size: &Size, call: impl Fn(u64, f64)) -> Self {
        let (mut single, mut uninterrupted) = single(size.calls, &call);
        let mut eights = eights(size.calls / 8, &call);
        single.sort_unstable();
        uninterrupted.sort_unstable();
        eights.sort_unstable();
        Distribution {
            single,
            uninterrupted,
            eights,
        }
    }

    fn put(&self, statement: Statement, clock: &Distribution, scale: f64, figures: &mut Figures) {
        let nothing = at(&clock.single, 0.5);
        let name = statement.name();
        for (point, share) in POINTS {
            let nanos = (at(&self.single, *share) - nothing).max(0.0) * scale;
            figures.insert(format!("{name} {point}"), nanos);
        }
        let nanos = (at(&self.uninterrupted, 0.9999) - nothing).max(0.0) * scale;
        figures.insert(format!("{name} p99.99"), nanos);
        let empty = mean_around(&clock.eights, MIDDLE);
        for (point, place) in [("of 8", MIDDLE), ("of 8 p99", AROUND_P99)] {
            let ticks = (mean_around(&self.eights, place) - empty).max(0.0);
            figures.insert(format!("{name} {point}"), ticks * scale / 8.0);
        }
    }
}

/// All samples, and those of groups without an interruption.
fn single(calls: usize, call: &impl Fn(u64, f64)) -> (Vec<u64>, Vec<u64>) {
    let mut all: Vec<u64> = Vec::with_capacity(calls + GROUP);
    let mut uninterrupted: Vec<u64> = Vec::with_capacity(calls + GROUP);
    let mut order = 0;
    while all.len() < calls {
        let switches = involuntary_switches();
        for _ in 0..GROUP {
            let price = price(order);
            let from = Instant::now();
            let before = ticks();
            call(order, price);
            all.push(ticks() - before);
            order += 1;
            spin_until(from, PAUSE);
        }
        if involuntary_switches() == switches {
            uninterrupted.extend_from_slice(&all[all.len() - GROUP..]);
        }
    }
    (all, uninterrupted)
}

/// Eight calls at a time, at the same pace on average.
fn eights(groups: usize, call: &impl Fn(u64, f64)) -> Vec<u64> {
    let mut samples: Vec<u64> = Vec::with_capacity(groups);
    for group in 0..groups as u64 {
        let price = price(group);
        let from = Instant::now();
        let before = ticks();
        for part in 0..8 {
            call(group * 8 + part, price);
        }
        samples.push(ticks() - before);
        spin_until(from, PAUSE * 8);
    }
    samples
}

fn spin_until(from: Instant, pause: Duration) {
    while from.elapsed() < pause {
        std::hint::spin_loop();
    }
}

fn at(sorted: &[u64], share: f64) -> f64 {
    let place = (sorted.len() as f64 * share) as usize;
    sorted
        .get(place.min(sorted.len().saturating_sub(1)))
        .map_or(0.0, |ticks| *ticks as f64)
}
