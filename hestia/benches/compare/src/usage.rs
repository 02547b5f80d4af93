//! What the process used: processor time, memory, allocations.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};

/// Processor time of the whole process, user and system, in nanoseconds.
pub(crate) fn processor_nanos() -> f64 {
    let usage = usage_of(libc::RUSAGE_SELF);
    nanos(usage.ru_utime) + nanos(usage.ru_stime)
}

/// How often the kernel took the processor away from this thread.
pub(crate) fn involuntary_switches() -> i64 {
    // The field is a C long, which is narrower on some machines.
    #[allow(clippy::useless_conversion)]
    i64::from(usage_of(libc::RUSAGE_THREAD).ru_nivcsw)
}

/// Processor time of this thread, in nanoseconds; finer than what `getrusage` says.
pub(crate) fn thread_nanos() -> f64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the kernel writes a whole `timespec` there.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

fn usage_of(whom: libc::c_int) -> libc::rusage {
    let mut usage = std::mem::MaybeUninit::zeroed();
    // SAFETY: the kernel writes a whole `rusage` there; all zeroes is one too.
    unsafe {
        libc::getrusage(whom, usage.as_mut_ptr());
        usage.assume_init()
    }
}

fn nanos(time: libc::timeval) -> f64 {
    time.tv_sec as f64 * 1e9 + time.tv_usec as f64 * 1e3
}

/// The most memory that the process had in use so far, in MiB.
pub(crate) fn peak_mebibytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kibibytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes / 1024.0)
}

/// The system's allocator, which counts in the children that ask for it.
pub(crate) struct CountingAllocator;

static COUNTING: AtomicBool = AtomicBool::new(false);

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

/// From here on, [`allocations`] counts.
pub(crate) fn count_allocations() {
    COUNTING.store(true, Ordering::Relaxed);
}

/// What the calling thread has allocated so far, in pieces.
pub(crate) fn allocations() -> u64 {
    ALLOCATIONS.get()
}

/// Something is allocated.
pub(crate) fn count() {
    if COUNTING.load(Ordering::Relaxed) {
        let _ = ALLOCATIONS.try_with(|number| number.set(number.get() + 1));
    }
}

// SAFETY: all is done by the system's allocator; counting touches a constant thread-local, which allocates nothing.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: passed on as it came.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: passed on as it came.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: passed on as it came.
        unsafe { System.realloc(place, layout, size) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: passed on as it came.
        unsafe { System.dealloc(place, layout) }
    }
}
