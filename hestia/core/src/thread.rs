//! Threads: what the operating system calls them, and which of them are hestia's own.
//!
//! *Invariant:* works, with less to say, when the thread's locals are already gone.

use std::cell::Cell;
use std::ffi::CStr;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crossbeam_utils::sync::Parker;

/// A thread as records name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Thread {
    /// See [`ThreadRef::id`].
    pub(crate) id: u64,
    /// The name given when the thread was started; `main` for the first.
    pub(crate) name: Option<String>,
}

impl Thread {
    /// The calling thread.
    pub(crate) fn current() -> Self {
        Thread {
            id: current_id(),
            name: std::thread::current().name().map(String::from),
        }
    }

    /// The calling thread, for when its locals are gone and its name with them.
    pub(crate) fn nameless() -> Self {
        Thread {
            id: current_id(),
            name: None,
        }
    }

    pub(crate) fn as_ref(&self) -> ThreadRef<'_> {
        ThreadRef {
            id: self.id,
            name: self.name.as_deref(),
        }
    }
}

/// The thread a record was logged on.
///
/// # Example
/// ```
/// use hestia::{Filter, Record};
///
/// struct OfTheMainThread;
///
/// impl Filter for OfTheMainThread {
///     fn allows(&mut self, record: &Record<'_>) -> bool {
///         record.thread().name() == Some("main")
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThreadRef<'a> {
    pub(crate) id: u64,
    pub(crate) name: Option<&'a str>,
}

impl<'a> ThreadRef<'a> {
    /// On Linux the operating system's id of the thread: what `top -H` and a debugger show. Elsewhere a number,
    /// from 1 up, that no other thread of the process has had.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The name the thread was started with, `main` for the first; `None` for a thread without one.
    #[must_use]
    pub fn name(&self) -> Option<&'a str> {
        self.name
    }
}

impl fmt::Display for ThreadRef<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.name.unwrap_or("-"), self.id)
    }
}

#[cfg(all(target_os = "linux", not(hestia_portable)))]
pub(crate) fn current_id() -> u64 {
    own::gettid()
}

/// Where the operating system's id is not to be had without its own calls: numbers of our own. In a forked
/// child the thread that forked keeps its number, and others get the next.
#[cfg(not(all(target_os = "linux", not(hestia_portable))))]
pub(crate) fn current_id() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    thread_local!(static ID: u64 = NEXT.fetch_add(1, Ordering::Relaxed));
    ID.try_with(|id| *id).unwrap_or(0)
}

#[cfg(all(target_os = "linux", not(hestia_portable)))]
mod own {
    #![allow(unsafe_code, reason = "calls that take no more than numbers")]

    pub(super) fn gettid() -> u64 {
        // SAFETY: takes nothing and cannot fail.
        let id = unsafe { libc::gettid() };
        u64::from(id.unsigned_abs())
    }

    pub(super) fn lower_priority() {
        const LOWEST: libc::c_int = 19;
        // SAFETY: takes numbers; nought is the calling thread. Whether it was done is no matter.
        unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, LOWEST) };
    }
}

/// The whole machine goes before the calling thread. On Linux a priority is a thread's own, and its disk's follows it;
/// elsewhere it would be the program's.
pub(crate) fn lower_priority() {
    #[cfg(all(target_os = "linux", not(hestia_portable)))]
    own::lower_priority();
}

thread_local! {
    static OWN: Cell<bool> = const { Cell::new(false) };
}

/// Whether the calling thread is hestia's own (or is doing the writer's work at this moment): what it
/// logs goes to the internal log and never into the queue.
#[inline]
pub(crate) fn is_own() -> bool {
    OWN.try_with(Cell::get).unwrap_or(false)
}

/// Marks the calling thread as hestia's own until the guard is dropped.
pub(crate) fn mark_own() -> OwnMark {
    OwnMark {
        before: OWN.try_with(|own| own.replace(true)).unwrap_or(false),
    }
}

/// Starts a thread. It takes no signals: a program that blocks one on its own threads, to wait for it in
/// one place, must not find it delivered to a thread it does not know of.
///
/// On Unix not through the standard library, whose threads take a lock of the whole process as they begin
/// and end (for its handler of stack overflows, in Rust 1.95): in a forked child a thread of the parent's
/// may hold it for ever, and the child's own thread would never get to work.
pub(crate) fn start(
    name: &'static CStr,
    work: impl FnOnce() + Send + 'static,
) -> io::Result<Started> {
    platform::start(name, Box::new(work)).map(Started)
}

/// Until the guard is dropped, a write beyond the process's limit of file sizes (`RLIMIT_FSIZE`) only fails: the signal that
/// it sends to the thread that writes, and that would end the process, is taken back. Threads that [`start`] begins
/// never get it.
#[must_use]
pub(crate) fn hold_file_size_signal() -> FileSizeSignal {
    FileSizeSignal {
        _held: platform::hold_file_size_signal(),
    }
}

/// The signal is held back.
#[derive(Debug)]
pub(crate) struct FileSizeSignal {
    _held: platform::FileSizeSignal,
}

/// Does work in which code of the program's may panic: here, or, while this thread panics already, on
/// another one. Inside the panic hook a further panic ends the process, and no `catch_unwind` helps.
/// `None` when the work was not done within the limit, panicked there, or found no thread.
pub(crate) fn apart_from_panics<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    if !std::thread::panicking() {
        return Some(work());
    }
    let done = Arc::new(Mutex::new(None));
    let result = Arc::clone(&done);
    let work = move || {
        let worked = work();
        // Whoever waits may have given up.
        *result.lock().unwrap_or_else(PoisonError::into_inner) = Some(worked);
    };
    wait_for_another_thread(limit, Box::new(work)).ok()?;
    done.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Until the work is done there, or has panicked, or the limit is over.
fn wait_for_another_thread(limit: Duration, work: Box<dyn FnOnce() + Send>) -> io::Result<()> {
    let ended = Parker::new();
    let end = ended.unparker().clone();
    start(c"hestia-panic", move || {
        let _ = catch_unwind(AssertUnwindSafe(work));
        end.unpark();
    })?;
    ended.park_timeout(limit);
    Ok(())
}

/// A thread that was started.
#[derive(Debug)]
pub(crate) struct Started(platform::Started);

impl Started {
    /// Waits for its end.
    pub(crate) fn join(self) {
        self.0.join();
    }
}

#[cfg(not(unix))]
mod platform {
    use std::ffi::CStr;
    use std::io;
    use std::thread;

    #[derive(Debug)]
    pub(super) struct Started(thread::JoinHandle<()>);

    pub(super) fn start(
        name: &'static CStr,
        work: Box<dyn FnOnce() + Send>,
    ) -> io::Result<Started> {
        let name = name.to_string_lossy().into_owned();
        thread::Builder::new().name(name).spawn(work).map(Started)
    }

    impl Started {
        pub(super) fn join(self) {
            let _ = self.0.join();
        }
    }

    /// There are no such signals.
    #[derive(Debug)]
    pub(super) struct FileSizeSignal;

    pub(super) fn hold_file_size_signal() -> FileSizeSignal {
        FileSizeSignal
    }
}

#[cfg(unix)]
mod platform {
    #![allow(unsafe_code, reason = "threads and the signal mask are C")]

    use std::ffi::CStr;
    use std::io;
    use std::mem::{ManuallyDrop, MaybeUninit};
    use std::panic::{AssertUnwindSafe, catch_unwind};

    /// A thread; the system forgets it at its end once this is dropped.
    #[derive(Debug)]
    pub(super) struct Started(libc::pthread_t);

    struct Start {
        name: &'static CStr,
        work: Box<dyn FnOnce() + Send>,
    }

    pub(super) fn start(
        name: &'static CStr,
        work: Box<dyn FnOnce() + Send>,
    ) -> io::Result<Started> {
        let start = Box::into_raw(Box::new(Start { name, work }));
        let mut thread = MaybeUninit::uninit();
        // SAFETY: `begin` takes the box, once, on the thread that was started; the mask is restored to what
        // it was.
        let error = unsafe {
            let before = block_signals();
            let error =
                libc::pthread_create(thread.as_mut_ptr(), std::ptr::null(), begin, start.cast());
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, std::ptr::null_mut());
            error
        };
        if error != 0 {
            // SAFETY: no thread was started that could take it.
            drop(unsafe { Box::from_raw(start) });
            return Err(io::Error::from_raw_os_error(error));
        }
        // SAFETY: written by the call that succeeded.
        Ok(Started(unsafe { thread.assume_init() }))
    }

    extern "C" fn begin(start: *mut libc::c_void) -> *mut libc::c_void {
        // SAFETY: made by `start` for this thread alone.
        let start = unsafe { Box::from_raw(start.cast::<Start>()) };
        #[cfg(target_os = "linux")]
        // SAFETY: the calling thread, and a string with an end.
        unsafe {
            libc::pthread_setname_np(libc::pthread_self(), start.name.as_ptr())
        };
        #[cfg(target_vendor = "apple")]
        // SAFETY: a string with an end.
        unsafe {
            libc::pthread_setname_np(start.name.as_ptr())
        };
        // Its panic, if any, was the hook's to tell; it must not unwind into the system's code.
        let _ = catch_unwind(AssertUnwindSafe(start.work));
        std::ptr::null_mut()
    }

    impl Started {
        pub(super) fn join(self) {
            let thread = ManuallyDrop::new(self).0;
            // SAFETY: neither joined nor detached before.
            unsafe { libc::pthread_join(thread, std::ptr::null_mut()) };
        }
    }

    impl Drop for Started {
        fn drop(&mut self) {
            // SAFETY: neither joined nor detached before.
            unsafe { libc::pthread_detach(self.0) };
        }
    }

    #[derive(Debug)]
    pub(super) struct FileSizeSignal {
        was_blocked: bool,
        was_pending: bool,
    }

    pub(super) fn hold_file_size_signal() -> FileSizeSignal {
        let was_pending = file_size_signal_is_pending();
        let set = file_size_signal();
        // SAFETY: both sets live for the call, which writes the second; the signal is one.
        let was_blocked = unsafe {
            let mut before = MaybeUninit::<libc::sigset_t>::uninit();
            libc::sigemptyset(before.as_mut_ptr());
            libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, before.as_mut_ptr());
            libc::sigismember(before.as_ptr(), libc::SIGXFSZ) == 1
        };
        FileSizeSignal {
            was_blocked,
            was_pending,
        }
    }

    impl Drop for FileSizeSignal {
        fn drop(&mut self) {
            let set = file_size_signal();
            if !self.was_pending && file_size_signal_is_pending() {
                let mut taken = 0;
                // SAFETY: the set and the number live for the call, which returns at once: the signal is there.
                unsafe { libc::sigwait(&raw const set, &raw mut taken) };
            }
            if !self.was_blocked {
                // SAFETY: the set lives for the call.
                unsafe {
                    libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const set, std::ptr::null_mut())
                };
            }
        }
    }

    fn file_size_signal() -> libc::sigset_t {
        // SAFETY: written by `sigemptyset` before it is read.
        unsafe {
            let mut set = MaybeUninit::<libc::sigset_t>::uninit();
            libc::sigemptyset(set.as_mut_ptr());
            libc::sigaddset(set.as_mut_ptr(), libc::SIGXFSZ);
            set.assume_init()
        }
    }

    fn file_size_signal_is_pending() -> bool {
        // SAFETY: written by `sigemptyset` before it is read; the signal is one.
        unsafe {
            let mut pending = MaybeUninit::<libc::sigset_t>::uninit();
            libc::sigemptyset(pending.as_mut_ptr());
            libc::sigpending(pending.as_mut_ptr());
            libc::sigismember(pending.as_ptr(), libc::SIGXFSZ) == 1
        }
    }

    /// Blocks all signals on this thread, except for those that its own faults raise; returns what was
    /// blocked before. A new thread begins with what its creator blocks.
    fn block_signals() -> libc::sigset_t {
        let faults = [
            libc::SIGSEGV,
            libc::SIGBUS,
            libc::SIGFPE,
            libc::SIGILL,
            libc::SIGTRAP,
            libc::SIGABRT,
            libc::SIGPROF,
        ];
        // SAFETY: the set is written by `sigfillset` before it is read, and lives for all these calls,
        // which fail at most.
        unsafe {
            let mut set = MaybeUninit::<libc::sigset_t>::uninit();
            let mut before = MaybeUninit::<libc::sigset_t>::uninit();
            libc::sigfillset(set.as_mut_ptr());
            for fault in faults {
                libc::sigdelset(set.as_mut_ptr(), fault);
            }
            libc::sigemptyset(before.as_mut_ptr());
            libc::pthread_sigmask(libc::SIG_BLOCK, set.as_ptr(), before.as_mut_ptr());
            before.assume_init()
        }
    }
}

#[derive(Debug)]
pub(crate) struct OwnMark {
    before: bool,
}

impl Drop for OwnMark {
    fn drop(&mut self) {
        let _ = OWN.try_with(|own| own.set(self.before));
    }
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(unsafe_code, reason = "raises a signal")]

    use super::*;

    fn raise() {
        // SAFETY: takes a number. Where the signal is not held back, the process ends, and the test with it.
        assert_eq!(unsafe { libc::raise(libc::SIGXFSZ) }, 0);
    }

    #[test]
    fn a_signal_that_is_held_back_is_taken_back_and_outer_guards_go_on_holding() {
        let outer = hold_file_size_signal();
        let inner = hold_file_size_signal();
        raise();
        drop(inner);
        // Ends the process, unless the outer guard still holds.
        raise();
        drop(outer);
        let _again = hold_file_size_signal();
        raise();
    }
}
