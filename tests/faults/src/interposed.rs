//! The system's clock and its disks, as the programs of the suite see them. A program that defines a function of the C
//! library's has its own calls, the standard library's among them, linked to that one: so these stand between every
//! logger here and the system, do what the C library does, and something more when a case asks for it. Setting the
//! machine's clock, or slowing its disks down, would be everybody's trouble.

use std::ffi::CStr;
use std::sync::atomic::{AtomicI64, AtomicPtr, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

use crate::Outcome;

static CLOCK_AHEAD_SECONDS: AtomicI64 = AtomicI64::new(0);
static DISK_BYTES_PER_SECOND: AtomicU64 = AtomicU64::new(0);
static SLOWED_BYTES: AtomicU64 = AtomicU64::new(0);

/// Steps the system's clock, as this process sees it.
///
/// # Errors
/// When the step is not seen.
pub fn step_clock(seconds: i64) -> Outcome {
    let before = SystemTime::now();
    CLOCK_AHEAD_SECONDS.fetch_add(seconds, Ordering::Relaxed);
    let now = SystemTime::now();
    let stepped = match now.duration_since(before) {
        Ok(_) => seconds > 0,
        Err(_) => seconds < 0,
    };
    if stepped {
        Ok(())
    } else {
        Err("the clock cannot be stepped here".into())
    }
}

/// From now on, all files of this process take so many bytes a second together; 0: as many as they can.
pub fn slow_disk(bytes_per_second: u64) {
    DISK_BYTES_PER_SECOND.store(bytes_per_second, Ordering::Relaxed);
}

/// How many bytes were written slowly.
pub fn slowed_bytes() -> u64 {
    SLOWED_BYTES.load(Ordering::Relaxed)
}

/// The C library's function of that name, behind this program's own.
fn real(found: &AtomicPtr<libc::c_void>, name: &CStr) -> *mut libc::c_void {
    let known = found.load(Ordering::Relaxed);
    if !known.is_null() {
        return known;
    }
    // SAFETY: a string with an end.
    let function = unsafe { libc::dlsym(libc::RTLD_NEXT, name.as_ptr()) };
    if function.is_null() {
        // A panic would call one of these functions.
        std::process::abort();
    }
    found.store(function, Ordering::Relaxed);
    function
}

/// The C library's function, with the clock as far ahead as a case set it.
///
/// # Safety
/// As the C library has it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_gettime(
    clock: libc::clockid_t,
    time: *mut libc::timespec,
) -> libc::c_int {
    type Function = unsafe extern "C" fn(libc::clockid_t, *mut libc::timespec) -> libc::c_int;
    static REAL: AtomicPtr<libc::c_void> = AtomicPtr::new(std::ptr::null_mut());
    // SAFETY: the function of that name is of that type; the caller keeps its conditions.
    unsafe {
        let real: Function = std::mem::transmute(real(&REAL, c"clock_gettime"));
        let result = real(clock, time);
        if result == 0 && clock == libc::CLOCK_REALTIME {
            (*time).tv_sec += CLOCK_AHEAD_SECONDS.load(Ordering::Relaxed);
        }
        result
    }
}

/// The C library's function, which a case may have take its time for files.
///
/// # Safety
/// As the C library has it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn write(
    descriptor: libc::c_int,
    bytes: *const libc::c_void,
    count: libc::size_t,
) -> libc::ssize_t {
    type Function =
        unsafe extern "C" fn(libc::c_int, *const libc::c_void, libc::size_t) -> libc::ssize_t;
    static REAL: AtomicPtr<libc::c_void> = AtomicPtr::new(std::ptr::null_mut());
    let rate = DISK_BYTES_PER_SECOND.load(Ordering::Relaxed);
    if rate > 0 && is_file(descriptor) {
        take_time(count as u64, rate);
    }
    // SAFETY: the function of that name is of that type; the caller keeps its conditions.
    unsafe {
        let real: Function = std::mem::transmute(real(&REAL, c"write"));
        real(descriptor, bytes, count)
    }
}

fn is_file(descriptor: libc::c_int) -> bool {
    // SAFETY: all zeros is a `stat`, which the call fills in.
    unsafe {
        let mut stat: libc::stat = std::mem::zeroed();
        libc::fstat(descriptor, &raw mut stat) == 0 && stat.st_mode & libc::S_IFMT == libc::S_IFREG
    }
}

/// One write at a time, each as long as its bytes take.
fn take_time(bytes: u64, rate: u64) {
    static DISK: Mutex<()> = Mutex::new(());
    let _busy = DISK.lock().unwrap_or_else(PoisonError::into_inner);
    SLOWED_BYTES.fetch_add(bytes, Ordering::Relaxed);
    thread::sleep(Duration::from_nanos(bytes * 1_000_000_000 / rate));
}
