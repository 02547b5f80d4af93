//! How far apart two cores are: how long a cache line takes from one to the other and back.
//!
//! On some machines that changes from minute to minute, by a factor of seven where the host moves its virtual processors
//! about, and with it what a queue between threads costs. So it is written down beside the figures.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How often a run sends the line there and back: so short that the kernel takes a processor away in few of them.
const ROUNDS: u32 = 256;
/// Of which the median counts.
const RUNS: usize = 101;
/// The longest that all of them take, whatever else the cores have to do.
const LIMIT: Duration = Duration::from_millis(75);

/// The round trip of a cache line between the first and the last of the processors that this program may run on, in
/// nanoseconds; nothing where there is one, or where threads cannot be held on one. Takes less than a tenth of a second.
pub(crate) fn round_trip_nanos() -> Option<f64> {
    let processors = processors();
    let (first, last) = (*processors.first()?, *processors.last()?);
    if first == last {
        return None;
    }
    let mut runs = runs(first, last)?;
    runs.sort_by(f64::total_cmp);
    runs.get(runs.len() / 2).copied()
}

/// On a cache line of its own, and on none of those that are fetched along with it.
#[repr(align(256))]
struct Line(AtomicU32);

/// What says that the other end gives up.
const END: u32 = u32::MAX;

/// How long a round trip took in each run.
fn runs(here: usize, there: usize) -> Option<Vec<f64>> {
    let line = Line(AtomicU32::new(0));
    std::thread::scope(|scope| {
        let answers = scope.spawn(|| hold_on(there).then(|| answer(&line.0)));
        let asks = scope.spawn(|| {
            let runs = hold_on(here).then(|| ask(&line.0));
            line.0.store(END, Ordering::Release);
            runs
        });
        let runs = asks.join().ok()??;
        answers.join().ok()?.map(|()| runs)
    })
}

/// Makes odd numbers even.
fn answer(line: &AtomicU32) {
    loop {
        match line.load(Ordering::Acquire) {
            END => return,
            // Unless the other end has given up meanwhile.
            odd if odd % 2 == 1 => {
                let _ = line.compare_exchange(odd, odd + 1, Ordering::AcqRel, Ordering::Acquire);
            }
            _ => std::hint::spin_loop(),
        }
    }
}

/// Writes odd numbers, and waits for the even ones.
fn ask(line: &AtomicU32) -> Vec<f64> {
    let limit = Instant::now() + LIMIT;
    let mut number = 1;
    let mut is_answered = || {
        line.store(number, Ordering::Release);
        let mut spins = 0_u32;
        while line.load(Ordering::Acquire) != number + 1 {
            spins += 1;
            if spins.is_multiple_of(1024) && Instant::now() > limit {
                return false;
            }
            std::hint::spin_loop();
        }
        number += 2;
        true
    };
    let mut runs = Vec::with_capacity(RUNS);
    // The other thread may only be starting.
    if !is_answered() {
        return runs;
    }
    while runs.len() < RUNS && Instant::now() < limit {
        let start = Instant::now();
        if !(0..ROUNDS).all(|_| is_answered()) {
            break;
        }
        runs.push(start.elapsed().as_nanos() as f64 / f64::from(ROUNDS));
    }
    runs
}

/// The processors that this program may run on.
#[cfg(target_os = "linux")]
fn processors() -> Vec<usize> {
    let mut set = no_processor();
    // SAFETY: the kernel writes a set of that size there.
    let outcome = unsafe { libc::sched_getaffinity(0, size_of_val(&set), &raw mut set) };
    let all = 0..usize::try_from(libc::CPU_SETSIZE).unwrap_or_default();
    // SAFETY: reads within the set.
    all.filter(|at| outcome == 0 && unsafe { libc::CPU_ISSET(*at, &set) })
        .collect()
}

/// Keeps the calling thread on one processor.
#[cfg(target_os = "linux")]
fn hold_on(processor: usize) -> bool {
    let mut set = no_processor();
    // SAFETY: the number is one that such a set said.
    unsafe { libc::CPU_SET(processor, &mut set) };
    // SAFETY: the kernel reads a set of that size.
    unsafe { libc::sched_setaffinity(0, size_of_val(&set), &raw const set) == 0 }
}

#[cfg(target_os = "linux")]
fn no_processor() -> libc::cpu_set_t {
    // SAFETY: all zeroes is a set, the empty one.
    unsafe { std::mem::zeroed() }
}

#[cfg(not(target_os = "linux"))]
fn processors() -> Vec<usize> {
    Vec::new()
}

#[cfg(not(target_os = "linux"))]
fn hold_on(_: usize) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_question_is_answered_and_all_ends() {
        let line = AtomicU32::new(0);
        std::thread::scope(|scope| {
            scope.spawn(|| answer(&line));
            let runs = ask(&line);
            line.store(END, Ordering::Release);
            assert!(runs.iter().all(|nanos| *nanos > 0.0), "{runs:?}");
        });
        assert_eq!(line.load(Ordering::Acquire), END);
    }

    #[test]
    fn nobody_answers_and_all_ends() {
        assert_eq!(ask(&AtomicU32::new(0)), [0.0; 0]);
    }
}
