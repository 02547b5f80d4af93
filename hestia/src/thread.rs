//! Threads: what the operating system calls them, and which of them are hestia's own.
//!
//! *Invariant:* works, with less to say, when the thread's locals are already gone.

use std::cell::Cell;
use std::ffi::CStr;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

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
    #![allow(unsafe_code, reason = "one call without arguments")]

    pub(super) fn gettid() -> u64 {
        // SAFETY: takes nothing and cannot fail.
        let id = unsafe { libc::gettid() };
        u64::from(id.unsigned_abs())
    }
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
    let work = move || {
        // Its panic, if any, was the hook's to tell; it must not unwind into the system's code.
        let _ = catch_unwind(AssertUnwindSafe(work));
    };
    platform::start(name, Box::new(work)).map(Started)
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
    let (done, result) = sync_channel(1);
    let started = start(c"hestia-panic", move || {
        // Whoever waits may have given up.
        let _ = done.send(work());
    });
    started.ok()?;
    result.recv_timeout(limit).ok()
}

/// Keeps the signal of a file that may become no larger (SIGXFSZ, which ends the process by default) away from this thread
/// until the guard is dropped; the write fails all the same. hestia's own threads take no signals; this is for when the
/// program's threads do their work.
#[cfg(unix)]
pub(crate) fn without_size_signal() -> impl Drop {
    platform::WithoutSizeSignal::new()
}

/// There is no such signal.
#[cfg(not(unix))]
pub(crate) fn without_size_signal() {}

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
}

#[cfg(unix)]
mod platform {
    #![allow(unsafe_code, reason = "threads and the signal mask are C")]

    use std::ffi::CStr;
    use std::io;
    use std::mem::{ManuallyDrop, MaybeUninit};

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
        (start.work)();
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

    /// See [`super::without_size_signal`].
    pub(super) struct WithoutSizeSignal {
        before: libc::sigset_t,
        was_pending: bool,
    }

    impl WithoutSizeSignal {
        pub(super) fn new() -> Self {
            let mut before = MaybeUninit::<libc::sigset_t>::uninit();
            let (set, was_pending) = (size_signal(), is_pending());
            // SAFETY: both sets live for the calls; the second one is written before it is read.
            unsafe {
                libc::sigemptyset(before.as_mut_ptr());
                libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, before.as_mut_ptr());
                WithoutSizeSignal {
                    before: before.assume_init(),
                    was_pending,
                }
            }
        }
    }

    impl Drop for WithoutSizeSignal {
        fn drop(&mut self) {
            if !self.was_pending && is_pending() {
                take_size_signal();
            }
            // SAFETY: the set that the call in `new` wrote.
            unsafe {
                libc::pthread_sigmask(
                    libc::SIG_SETMASK,
                    &raw const self.before,
                    std::ptr::null_mut(),
                );
            }
        }
    }

    fn size_signal() -> libc::sigset_t {
        let mut set = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: written by the first call.
        unsafe {
            libc::sigemptyset(set.as_mut_ptr());
            libc::sigaddset(set.as_mut_ptr(), libc::SIGXFSZ);
            set.assume_init()
        }
    }

    fn is_pending() -> bool {
        let mut set = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: emptied first, in case the other call fails.
        unsafe {
            libc::sigemptyset(set.as_mut_ptr());
            libc::sigpending(set.as_mut_ptr());
            libc::sigismember(set.as_ptr(), libc::SIGXFSZ) == 1
        }
    }

    /// Takes the signal, which is pending and blocked, without its being delivered.
    fn take_size_signal() {
        let set = size_signal();
        #[cfg(target_os = "linux")]
        // SAFETY: the set and the time live for the call; it does not wait.
        unsafe {
            let at_once = libc::timespec {
                tv_sec: 0,
                tv_nsec: 0,
            };
            libc::sigtimedwait(&raw const set, std::ptr::null_mut(), &raw const at_once);
        }
        #[cfg(not(target_os = "linux"))]
        // SAFETY: as above; the system sends this signal to the thread that wrote, so nobody else takes it meanwhile.
        unsafe {
            let mut signal = 0;
            libc::sigwait(&raw const set, &raw mut signal);
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
