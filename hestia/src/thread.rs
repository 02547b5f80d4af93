//! Threads: what the operating system calls them, and which of them are hestia's own.
//!
//! *Invariant:* works, with less to say, when the thread's locals are already gone.

use std::cell::Cell;
use std::fmt;

/// A thread as records name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Thread {
    /// The operating system's id: what `top -H` and a debugger show.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThreadRef<'a> {
    pub(crate) id: u64,
    pub(crate) name: Option<&'a str>,
}

impl<'a> ThreadRef<'a> {
    /// The operating system's id of the thread: what `top -H` and a debugger show.
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

/// Where the operating system's id is not to be had without its own calls: numbers of our own.
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
pub(crate) fn is_own() -> bool {
    OWN.try_with(Cell::get).unwrap_or(false)
}

/// Marks the calling thread as hestia's own until the guard is dropped.
pub(crate) fn mark_own() -> OwnMark {
    OwnMark {
        before: OWN.try_with(|own| own.replace(true)).unwrap_or(false),
    }
}

/// Starts a thread of hestia's own. It takes no signals: a program that blocks one on its own threads,
/// to wait for it in one place, must not find it delivered to a thread it does not know of.
pub(crate) fn start_own(
    name: &str,
    work: impl FnOnce() + Send + 'static,
) -> std::io::Result<std::thread::JoinHandle<()>> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || {
            #[cfg(unix)]
            signals::block();
            let _own = mark_own();
            work();
        })
}

#[cfg(unix)]
mod signals {
    #![allow(unsafe_code, reason = "the signal mask is C")]

    /// Blocks all signals on this thread, except for those that its own faults raise.
    pub(super) fn block() {
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
            let mut set = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
            libc::sigfillset(set.as_mut_ptr());
            for fault in faults {
                libc::sigdelset(set.as_mut_ptr(), fault);
            }
            libc::pthread_sigmask(libc::SIG_BLOCK, set.as_ptr(), std::ptr::null_mut());
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
