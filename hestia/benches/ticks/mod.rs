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
