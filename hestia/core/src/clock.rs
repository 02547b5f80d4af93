//! Ticks at the call, nanoseconds at the writer.
//!
//! Callers' threads read [`TickSource::now`] and nothing else. The writer thread owns a [`Clock`], which
//! turns ticks into Unix time by a calibration that it renews, so that lines follow the corrections of
//! the system's clock.
//!
//! *Invariant:* in strict order, a tick that is read after another one was, on whichever thread, is larger.

#![allow(unsafe_code, reason = "the tick counter")]

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Timelike, Utc};

/// `2026-03-06T20:40:23.286Z`.
pub(crate) fn rfc3339_millis(time: DateTime<Utc>) -> String {
    let second = time.naive_utc().with_nanosecond(0).unwrap_or_default();
    // By its documentation, chrono's `Debug` is ISO 8601. (Its `format` would be ten times as much code, in every program.)
    format!("{second:?}.{:03}Z", time.timestamp_subsec_millis())
}

/// A point in time; far beyond all others that matter where the sum has no room.
pub(crate) fn deadline_in(limit: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(limit)
        .unwrap_or_else(|| now + Duration::from_secs(1 << 30))
}

/// How closely the order of lines follows the order of calls on different threads.
///
/// # Example
/// ```
/// use hestia::Order;
/// // The order of lines of different threads does not matter to this program to the microsecond.
/// hestia::builder().order(Order::Relaxed);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Order {
    /// If one call returned before another began, its line stands first, whichever threads they ran on.
    #[default]
    Strict,
    /// Lines of different threads less than a microsecond apart may stand either way round. Saves some
    /// ten nanoseconds a call; more where the processor has no tick counter and many threads log at once.
    Relaxed,
}

/// The time zone that timestamps are written in, or that files are rotated by.
///
/// Of the layouts only text and console have a choice. JSON is always in UTC: machines read it.
///
/// # Example
/// ```
/// use hestia::{TextLayout, TimeZone};
///
/// let layout = TextLayout::new().zone(TimeZone::Local);
/// assert_ne!(layout, TextLayout::new());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimeZone {
    /// Universal time, written with a `Z`; the default, since lines of several machines, and of the hour that
    /// comes twice in autumn, can be compared and sorted.
    #[default]
    Utc,
    /// The system's local time with its offset at that moment, such as `+02:00`. Follows `TZ` and
    /// `/etc/localtime`; safe in programs with threads.
    Local,
}

/// Where ticks come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TickSource {
    /// `lfence; rdtsc`: not read before everything that came before it has been done.
    #[cfg(all(target_arch = "x86_64", not(hestia_portable)))]
    OrderedCounter,
    /// `rdtsc`: may be read a little early.
    #[cfg(all(target_arch = "x86_64", not(hestia_portable)))]
    RelaxedCounter,
    /// Nanoseconds of the operating system's monotonic clock, of which no two are the same. That clock can be
    /// as coarse as 100 ns, in which a record can be handed to another thread and be followed by its own.
    OrderedMonotonic,
    /// Nanoseconds of the operating system's monotonic clock, as it tells them.
    RelaxedMonotonic,
}

impl TickSource {
    /// The processor's counter where it can be trusted, otherwise the monotonic clock.
    pub(crate) fn detect(order: Order) -> Self {
        #[cfg(all(target_arch = "x86_64", not(hestia_portable)))]
        if counter_is_invariant() && kernel_trusts_the_counter() {
            return match order {
                Order::Strict => TickSource::OrderedCounter,
                Order::Relaxed => TickSource::RelaxedCounter,
            };
        }
        match order {
            Order::Strict => TickSource::OrderedMonotonic,
            Order::Relaxed => TickSource::RelaxedMonotonic,
        }
    }

    #[inline]
    pub(crate) fn now(self) -> u64 {
        #[cfg(all(target_arch = "x86_64", not(hestia_portable)))]
        {
            use TickSource::{OrderedCounter, RelaxedCounter};
            // Two branches, both foreseen, rather than a jump through a table; and none between the two instructions.
            if matches!(self, OrderedCounter | RelaxedCounter) {
                if self == OrderedCounter {
                    // SAFETY: part of every x86-64.
                    unsafe { std::arch::x86_64::_mm_lfence() };
                }
                // SAFETY: part of every x86-64.
                return unsafe { std::arch::x86_64::_rdtsc() };
            }
        }
        self.monotonic()
    }

    #[cold]
    fn monotonic(self) -> u64 {
        if self == TickSource::RelaxedMonotonic {
            monotonic()
        } else {
            ordered(monotonic())
        }
    }
}

impl TickSource {
    /// As [`TickSource::now`], but nothing that comes after it in the program is done before it either:
    /// the writer's horizon, which must be older than its look at the rings.
    pub(crate) fn now_before_all_else(self) -> u64 {
        let now = self.now();
        #[cfg(all(target_arch = "x86_64", not(hestia_portable)))]
        // SAFETY: part of every x86-64.
        unsafe {
            std::arch::x86_64::_mm_lfence();
        }
        fence(Ordering::SeqCst);
        now
    }
}

/// The periods from which on a clock that moves in steps of some milliseconds is exact enough, in nanoseconds.
#[cfg(all(target_os = "linux", not(hestia_portable)))]
const COARSE_FROM: u64 = 500_000_000;

/// Nanoseconds of the monotonic clock, to measure a period by: exact to a hundredth of it. Not to be compared with ticks.
///
/// Long periods are measured by the coarse clock, which is the cheapest there is: 5 ns, where the tick counter takes 10 ns
/// and the monotonic clock 23 ns (in a virtual machine).
#[inline]
pub(crate) fn elapsed_nanos(period_nanos: u64) -> u64 {
    #[cfg(all(target_os = "linux", not(hestia_portable)))]
    {
        let clock = if period_nanos >= COARSE_FROM {
            libc::CLOCK_MONOTONIC_COARSE
        } else {
            libc::CLOCK_MONOTONIC
        };
        let mut time = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: the clock exists on every Linux, and the time is there to be written to.
        unsafe { libc::clock_gettime(clock, &raw mut time) };
        // (Their types differ from system to system.)
        let nanos = |number: i128| u64::try_from(number).unwrap_or(0);
        nanos(i128::from(time.tv_sec) * 1_000_000_000 + i128::from(time.tv_nsec))
    }
    #[cfg(not(all(target_os = "linux", not(hestia_portable))))]
    {
        let _ = period_nanos;
        monotonic()
    }
}

fn monotonic() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    let elapsed = START.get_or_init(Instant::now).elapsed();
    // Starts above zero, so that the writer can look back a grace window at once.
    u64::try_from(elapsed.as_nanos())
        .unwrap_or(u64::MAX)
        .saturating_add(1_000_000_000)
}

/// The tick itself, or the next one that nobody has yet.
fn ordered(now: u64) -> u64 {
    static LATEST: AtomicU64 = AtomicU64::new(0);
    let own = |latest: u64| now.max(latest + 1);
    // AcqRel: each sees the one before, so what was committed before a tick is seen by whoever has a later one.
    LATEST
        .fetch_update(Ordering::AcqRel, Ordering::Acquire, |latest| {
            Some(own(latest))
        })
        .map_or(now, own)
}

/// Whether the counter runs at one rate, whatever the processor does: CPUID leaf 8000_0007H, EDX bit 8
/// (AMD64 Architecture Programmer's Manual, volume 3, appendix E.4.8; Intel SDM, volume 3B, 18.17.1).
#[cfg(all(target_arch = "x86_64", not(hestia_portable)))]
fn counter_is_invariant() -> bool {
    use std::arch::x86_64::__cpuid;
    const POWER_MANAGEMENT: u32 = 0x8000_0007;
    #[allow(unused_unsafe, reason = "newer compilers have it safe")]
    // SAFETY: every x86-64 has the instruction; the highest leaf is asked for first.
    unsafe {
        __cpuid(0x8000_0000).eax >= POWER_MANAGEMENT
            && __cpuid(POWER_MANAGEMENT).edx & (1 << 8) != 0
    }
}

/// Whether the kernel keeps time by the counter itself: it stops doing so when the counters of the
/// processors are not in step. Where it does not say, the processor's word is taken.
#[cfg(all(target_arch = "x86_64", not(hestia_portable)))]
fn kernel_trusts_the_counter() -> bool {
    const CURRENT: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    std::fs::read_to_string(CURRENT).map_or(!cfg!(target_os = "linux"), |name| {
        matches!(name.trim(), "tsc" | "hyperv_clocksource_tsc_page")
    })
}

/// A moment, by both clocks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sample {
    pub(crate) ticks: u64,
    /// Nanoseconds since the Unix epoch.
    pub(crate) unix_nanos: i64,
}

impl Sample {
    /// Both clocks, read as closely together as a few attempts allow.
    fn take(source: TickSource) -> Self {
        let attempt = || {
            let before = source.now();
            let unix_nanos = unix_nanos();
            let after = source.now();
            let sample = Sample {
                ticks: before + (after - before) / 2,
                unix_nanos,
            };
            (after - before, sample)
        };
        let mut best = attempt();
        for _ in 0..3 {
            let next = attempt();
            if next.0 < best.0 {
                best = next;
            }
        }
        best.1
    }
}

fn unix_nanos() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_nanos()).unwrap_or(i64::MAX),
    }
}

/// How far back the system's clock may be set and lines wait for it to catch up.
const HELD_STEP_NANOS: i64 = 1_000_000_000;
/// How often the calibration is renewed while records come.
const RENEWAL: Duration = Duration::from_millis(250);
/// The rate is measured over at least this span; closer samples only move the anchor.
const RATE_SPAN_NANOS: i64 = 2_000_000;
/// A rate that differs by more than this from the one before is a step of the clock, not a rate.
const RATE_CHANGE: f64 = 0.002;

/// How many words [`Clock::words`] has.
pub(crate) const WORDS: usize = 6;

/// Turns ticks into nanoseconds since the Unix epoch.
pub(crate) struct Clock {
    source: TickSource,
    sample: Box<dyn FnMut() -> Sample + Send>,
    anchor: Sample,
    /// What the rate was last measured from.
    rate_from: Sample,
    nanos_per_tick: f64,
    /// The rate that was measured last, whether it was believed or not.
    measured: f64,
    renew_at: u64,
    first_renewals: u32,
    /// The latest tick that was turned into time, and that time.
    latest: Sample,
    /// While the clock, set back a little, has not caught up: later records get no earlier time.
    held: bool,
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Clock")
            .field("source", &self.source)
            .field("anchor", &self.anchor)
            .field("nanos_per_tick", &self.nanos_per_tick)
            .finish_non_exhaustive()
    }
}

impl Clock {
    pub(crate) fn new(source: TickSource) -> Self {
        let mut sample = move || Sample::take(source);
        let first = sample();
        let rate = first_rate(source, &first, &mut sample);
        Clock::with_samples(source, Box::new(sample), first, rate)
    }

    fn with_samples(
        source: TickSource,
        sample: Box<dyn FnMut() -> Sample + Send>,
        first: Sample,
        nanos_per_tick: f64,
    ) -> Self {
        Clock {
            source,
            sample,
            anchor: first,
            rate_from: first,
            nanos_per_tick,
            measured: nanos_per_tick,
            renew_at: first.ticks,
            first_renewals: 8,
            latest: first,
            held: false,
        }
    }

    /// All that decides what ticks mean until the calibration is renewed.
    pub(crate) fn words(&self) -> [u64; WORDS] {
        [
            self.anchor.ticks,
            self.anchor.unix_nanos.cast_unsigned(),
            self.nanos_per_tick.to_bits(),
            self.latest.ticks,
            self.latest.unix_nanos.cast_unsigned(),
            self.held.into(),
        ]
    }

    /// A clock for the ticks of another process, whose clock had these words. It is never renewed.
    pub(crate) fn of_words(words: [u64; WORDS]) -> Self {
        let [ticks, nanos, rate, latest, latest_nanos, held] = words;
        let sample = |ticks, nanos: u64| Sample {
            ticks,
            unix_nanos: nanos.cast_signed(),
        };
        let anchor = sample(ticks, nanos);
        let rate = Some(f64::from_bits(rate)).filter(|rate| rate.is_finite() && *rate > 0.0);
        let never = Box::new(move || anchor);
        Clock {
            latest: sample(latest, latest_nanos),
            held: held != 0,
            renew_at: u64::MAX,
            ..Clock::with_samples(
                TickSource::RelaxedMonotonic,
                never,
                anchor,
                rate.unwrap_or(1.0),
            )
        }
    }

    pub(crate) fn now(&self) -> u64 {
        self.source.now()
    }

    /// The present tick, read before anything that follows.
    pub(crate) fn now_before_all_else(&self) -> u64 {
        self.source.now_before_all_else()
    }

    /// A span of time in ticks.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "spans are short and positive"
    )]
    pub(crate) fn ticks_in(&self, span: Duration) -> u64 {
        (span.as_nanos() as f64 / self.nanos_per_tick) as u64
    }

    /// A number of ticks as a span of time.
    #[allow(clippy::cast_precision_loss, reason = "spans are short")]
    pub(crate) fn span_of(&self, ticks: u64) -> Duration {
        Duration::try_from_secs_f64(ticks as f64 * self.nanos_per_tick / 1e9)
            .unwrap_or(Duration::MAX)
    }

    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "distances from the anchor are short"
    )]
    fn mapped(&self, ticks: u64) -> i64 {
        let distance = ticks.wrapping_sub(self.anchor.ticks).cast_signed();
        self.anchor
            .unix_nanos
            .saturating_add((distance as f64 * self.nanos_per_tick) as i64)
    }

    /// The time of a record.
    pub(crate) fn unix_nanos(&mut self, ticks: u64) -> i64 {
        let mapped = self.mapped(ticks);
        if ticks < self.latest.ticks {
            // It comes out late, with its true time.
            return mapped;
        }
        let nanos = if self.held {
            mapped.max(self.latest.unix_nanos)
        } else {
            mapped
        };
        self.held &= mapped < nanos;
        self.latest = Sample {
            ticks,
            unix_nanos: nanos,
        };
        nanos
    }

    /// Renews the calibration when it is due, given the present tick. Returns how far the system's clock
    /// was set back, when that was a second or more.
    pub(crate) fn renew_if_due(&mut self, now: u64) -> Option<Duration> {
        // Before the anchor: the counter has started anew, as some do when a machine was suspended.
        let restarted = now < self.anchor.ticks;
        if now < self.renew_at && !restarted {
            return None;
        }
        let next = (self.sample)();
        // Soon after the start the rate is known roughly only: renew in quick succession.
        let wait = RENEWAL / (1 << self.first_renewals);
        self.first_renewals = self.first_renewals.saturating_sub(1);
        if restarted {
            self.rate_from = next;
            self.latest.ticks = next.ticks;
        }
        self.measure_rate(next);
        let before = self.mapped(self.latest.ticks).max(self.latest.unix_nanos);
        self.anchor = next;
        self.renew_at = next.ticks.saturating_add(self.ticks_in(wait));
        let back = before.saturating_sub(self.mapped(self.latest.ticks));
        self.held = 0 < back && back < HELD_STEP_NANOS;
        if back < HELD_STEP_NANOS {
            return None;
        }
        self.latest.unix_nanos = self.mapped(self.latest.ticks);
        Some(Duration::from_nanos(back.unsigned_abs()))
    }

    #[allow(clippy::cast_precision_loss, reason = "a span of time")]
    fn measure_rate(&mut self, next: Sample) {
        let nanos = next.unix_nanos.saturating_sub(self.rate_from.unix_nanos);
        let ticks = next.ticks.saturating_sub(self.rate_from.ticks);
        if nanos.unsigned_abs() < RATE_SPAN_NANOS.unsigned_abs() || ticks == 0 {
            return;
        }
        let rate = nanos as f64 / ticks as f64;
        let is_near = |other: f64| (rate / other - 1.0).abs() < RATE_CHANGE;
        // Two measurements in a row that agree are no step of the clock: the rate in use is wrong.
        if is_near(self.nanos_per_tick) || is_near(self.measured) {
            self.nanos_per_tick = rate;
        }
        self.measured = rate;
        self.rate_from = next;
    }
}

/// The rate at the very start, to some parts in ten thousand; renewals make it exact.
#[allow(clippy::cast_precision_loss, reason = "a span of time")]
fn first_rate(source: TickSource, first: &Sample, sample: &mut impl FnMut() -> Sample) -> f64 {
    if matches!(
        source,
        TickSource::OrderedMonotonic | TickSource::RelaxedMonotonic
    ) {
        return 1.0;
    }
    let begin = (source.now(), Instant::now());
    while begin.1.elapsed() < Duration::from_micros(200) {
        std::hint::spin_loop();
    }
    let end = (source.now(), Instant::now());
    let last = sample();
    let ticks = last.ticks.saturating_sub(first.ticks).max(1);
    let by_wall = last.unix_nanos.saturating_sub(first.unix_nanos) as f64 / ticks as f64;
    let elapsed = end.1.duration_since(begin.1);
    let by_monotonic = elapsed.as_nanos() as f64 / end.0.saturating_sub(begin.0).max(1) as f64;
    // The two disagree when the system's clock was set in between; then the monotonic one is right.
    if (by_wall / by_monotonic - 1.0).abs() < 0.05 {
        by_wall
    } else {
        by_monotonic
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const SECOND: i64 = 1_000_000_000;

    /// A clock with one tick a nanosecond, whose samples the test sends.
    fn scripted() -> (Clock, mpsc::Sender<Sample>) {
        let (send, receive) = mpsc::channel();
        let first = Sample {
            ticks: 1_000 * SECOND.unsigned_abs(),
            unix_nanos: 5_000 * SECOND,
        };
        let sample = Box::new(move || receive.recv().unwrap());
        (
            Clock::with_samples(TickSource::RelaxedMonotonic, sample, first, 1.0),
            send,
        )
    }

    fn at(seconds: f64) -> u64 {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let ticks = ((1_000.0 + seconds) * 1e9) as u64;
        ticks
    }

    fn unix(seconds: f64) -> i64 {
        #[allow(clippy::cast_possible_truncation)]
        let nanos = ((5_000.0 + seconds) * 1e9) as i64;
        nanos
    }

    fn renew(
        clock: &mut Clock,
        send: &mpsc::Sender<Sample>,
        seconds: f64,
        offset: f64,
    ) -> Option<Duration> {
        let sample = Sample {
            ticks: at(seconds),
            unix_nanos: unix(seconds + offset),
        };
        send.send(sample).unwrap();
        clock.renew_if_due(at(seconds))
    }

    /// Two records in the same tick of a coarse clock once came out in the order of their rings.
    #[test]
    fn ordered_ticks_of_all_threads_differ_however_coarse_the_clock_is() {
        let coarse = || ordered(monotonic() / 100_000 * 100_000);
        let mut ticks: Vec<u64> = std::thread::scope(|scope| {
            let threads = [(); 4].map(|()| {
                scope.spawn(|| {
                    let ticks: Vec<u64> = std::iter::repeat_with(coarse).take(2_000).collect();
                    assert!(ticks.is_sorted());
                    ticks
                })
            });
            let ticks = threads
                .into_iter()
                .flat_map(|thread| thread.join().unwrap());
            ticks.collect()
        });
        ticks.sort_unstable();
        let all = ticks.len();
        ticks.dedup();
        assert_eq!((all, ticks.len()), (8_000, 8_000));
        assert!(
            ordered(0) > ticks[all - 1],
            "nor does it follow a clock that goes back"
        );
    }

    #[test]
    fn ticks_become_time() {
        let (mut clock, _send) = scripted();
        assert_eq!(clock.unix_nanos(at(0.5)), unix(0.5));
    }

    #[test]
    fn a_small_step_back_is_held_until_time_has_caught_up() {
        let (mut clock, send) = scripted();
        assert_eq!(clock.unix_nanos(at(1.0)), unix(1.0));
        assert_eq!(renew(&mut clock, &send, 1.0, -0.5), None);
        assert_eq!(clock.unix_nanos(at(1.2)), unix(1.0));
        assert_eq!(clock.unix_nanos(at(1.4)), unix(1.0));
        assert_eq!(clock.unix_nanos(at(2.0)), unix(1.5));
    }

    #[test]
    fn a_large_step_back_is_followed_and_announced() {
        let (mut clock, send) = scripted();
        assert_eq!(clock.unix_nanos(at(1.0)), unix(1.0));
        let back = renew(&mut clock, &send, 1.0, -3600.0).unwrap();
        assert_eq!(back.as_secs(), 3600);
        assert_eq!(clock.unix_nanos(at(1.5)), unix(1.5 - 3600.0));
    }

    #[test]
    fn a_step_forward_is_followed() {
        let (mut clock, send) = scripted();
        assert_eq!(clock.unix_nanos(at(1.0)), unix(1.0));
        assert_eq!(renew(&mut clock, &send, 1.0, 60.0), None);
        assert_eq!(clock.unix_nanos(at(1.5)), unix(61.5));
    }

    #[test]
    fn a_late_record_keeps_its_true_time() {
        let (mut clock, send) = scripted();
        assert_eq!(clock.unix_nanos(at(1.0)), unix(1.0));
        assert_eq!(renew(&mut clock, &send, 1.0, -0.5), None);
        assert_eq!(clock.unix_nanos(at(0.9)), unix(0.9 - 0.5));
    }

    #[test]
    fn a_wrong_first_rate_is_corrected() {
        let (mut clock, send) = scripted();
        clock.nanos_per_tick = 0.02;
        for second in 1..6 {
            renew(&mut clock, &send, f64::from(second) * 1000.0, 0.0);
        }
        assert!((clock.nanos_per_tick - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_counter_that_started_anew_is_followed() {
        let (mut clock, send) = scripted();
        assert_eq!(clock.unix_nanos(at(1.0)), unix(1.0));
        let sample = Sample {
            ticks: 17,
            unix_nanos: unix(3600.0),
        };
        send.send(sample).unwrap();
        assert_eq!(clock.renew_if_due(17), None);
        assert_eq!(clock.unix_nanos(17 + 500), unix(3600.0) + 500);
    }

    #[test]
    fn the_real_clocks_agree() {
        for order in [Order::Strict, Order::Relaxed] {
            let source = TickSource::detect(order);
            let mut clock = Clock::new(source);
            clock.renew_if_due(u64::MAX);
            let ticks = clock.now();
            let difference = clock.unix_nanos(ticks) - unix_nanos();
            assert!(difference.abs() < SECOND, "off by {difference} ns");
        }
    }
}
