//! The processor's tick counter, as a clock for single calls. All benches have it from here,
//! and what they compare calls with.

#![allow(dead_code, reason = "not every bench compares with a bare queue")]

pub(crate) mod bare;

use std::time::{Duration, Instant};

/// Before and after a call. Ordered on both sides, so that the call is whole between them.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(crate) fn ticks() -> u64 {
    use std::arch::x86_64::{_mm_lfence, _rdtsc};
    // SAFETY: part of every x86-64.
    unsafe {
        _mm_lfence();
        let now = _rdtsc();
        _mm_lfence();
        now
    }
}

#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn ticks() -> u64 {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    u64::try_from(START.get_or_init(Instant::now).elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// What a queue that stamps its records in the order of calls has to do at least.
#[inline(always)]
fn ordered_tick() -> u64 {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_mm_lfence, _rdtsc};
        // SAFETY: part of every x86-64.
        unsafe {
            _mm_lfence();
            _rdtsc()
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    ticks()
}

/// What a queue that stamps its records has to do at least.
#[inline(always)]
fn plain_tick() -> u64 {
    #[cfg(target_arch = "x86_64")]
    {
        // SAFETY: part of every x86-64.
        unsafe { std::arch::x86_64::_rdtsc() }
    }
    #[cfg(not(target_arch = "x86_64"))]
    ticks()
}

/// Measured, not believed: the counter runs at a rate of its own.
pub(crate) fn nanos_per_tick() -> f64 {
    let (start, from) = (Instant::now(), ticks());
    while start.elapsed() < Duration::from_millis(50) {}
    start.elapsed().as_nanos() as f64 / (ticks() - from) as f64
}

/// A point of sorted samples, 0 to 1, and how far around it samples count.
pub(crate) type Point = (f64, f64);

/// The middle half.
pub(crate) const MIDDLE: Point = (0.5, 0.25);
pub(crate) const AROUND_P99: Point = (0.99, 0.005);

/// The mean of the samples around a point: where the counter moves in steps, many samples tell more than the one that lies
/// there, since each begins somewhere else within a step. Around the middle that is the interquartile mean.
pub(crate) fn mean_around(sorted: &[u64], (point, width): Point) -> f64 {
    let place = |share: f64| (sorted.len() as f64 * share) as usize;
    let around = sorted.get(place(point - width)..place(point + width));
    let around = around.unwrap_or_default();
    around.iter().sum::<u64>() as f64 / around.len().max(1) as f64
}
