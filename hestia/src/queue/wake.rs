//! How the writer sleeps, and how producers wake it at no cost to themselves.
//!
//! One word says what the writer is doing. A producer reads it once after each commit; whatever is not
//! *awake* or *napping* sends it to its cold path:
//!
//! | state | meaning | what a producer does after its commit |
//! |---|---|---|
//! | forked | this process is a forked child; the kernel wiped the word | makes itself a new queue |
//! | parked | the writer sleeps until it is woken | wakes it |
//! | direct | there is no writer thread any more | does the writer's work itself |
//! | awake | the writer is at work | nothing |
//! | napping | the writer will look again by itself, soon | nothing |
//!
//! Going to park must not miss a record: the writer stores `parked`, makes every thread of the process
//! pass a full barrier (`membarrier(2)`, `PRIVATE_EXPEDITED`: Linux 4.14), looks at all rings once more,
//! and only then sleeps. The producer's side is a plain load that the compiler may not move up. Where
//! membarrier is missing, both sides use a sequentially consistent fence instead (Dekker's protocol).
//!
//! *Invariant:* a producer never waits here.

#![allow(unsafe_code, reason = "futex, membarrier and a page that fork wipes")]

use std::time::Duration;

use crate::sync::{Ordering, fence};

/// Zero, because that is what the kernel leaves in a wiped page.
pub(crate) const FORKED: u32 = 0;
pub(crate) const PARKED: u32 = 1;
pub(crate) const DIRECT: u32 = 2;
pub(crate) const AWAKE: u32 = 3;
pub(crate) const NAPPING: u32 = 4;

/// The word, and what is needed to sleep on it.
#[derive(Debug)]
pub(crate) struct Wake {
    word: platform::Word,
    /// Producers need no fence of their own.
    asymmetric: bool,
}

impl Wake {
    pub(crate) fn new() -> Self {
        Wake {
            word: platform::Word::new(AWAKE),
            asymmetric: platform::register_barrier(),
        }
    }

    /// What a producer asks after each commit: whether there is anything for it to do but go on.
    #[inline]
    pub(crate) fn wants_attention(&self) -> bool {
        if self.asymmetric {
            // Pairs with the membarrier in `barrier`: either this load sees the new state, or the
            // commit before it is seen by the look that follows the barrier.
            #[cfg(not(loom))]
            std::sync::atomic::compiler_fence(Ordering::SeqCst);
        } else {
            // Pairs with the fence in `barrier`.
            fence(Ordering::SeqCst);
        }
        self.word.get().load(Ordering::Relaxed) < AWAKE
    }

    /// The state. Acquire, so that whoever sees `direct` sees what was set up before it.
    pub(crate) fn state(&self) -> u32 {
        self.word.get().load(Ordering::Acquire)
    }

    /// Wakes the writer, if it sleeps. The caller has published what it is to see: the read-modify-write
    /// is the fence between the two.
    pub(crate) fn rouse(&self) {
        fence(Ordering::SeqCst);
        let word = self.word.get();
        for asleep in [PARKED, NAPPING] {
            // AcqRel: what was published before is seen by the writer when it reads `awake`.
            if word
                .compare_exchange(asleep, AWAKE, Ordering::AcqRel, Ordering::Acquire)
                .is_ok()
            {
                self.word.wake();
                return;
            }
        }
    }

    /// Writer: says that it is about to park. `false` when it must not, because it was told to stop.
    /// Look at everything once more after this, then `park` or `stay`.
    pub(crate) fn prepare_to_park(&self) -> bool {
        let prepared = self.change(AWAKE, PARKED);
        self.barrier();
        prepared
    }

    /// Writer: sleeps until somebody rouses it. For use after `prepare_to_park`.
    pub(crate) fn park(&self) {
        self.word.sleep(PARKED, None);
        self.stay();
    }

    /// Writer: sleeps for a while, or until somebody rouses it.
    pub(crate) fn nap(&self, span: Duration) {
        if self.change(AWAKE, NAPPING) {
            self.word.sleep(NAPPING, Some(span));
            self.stay();
        }
    }

    /// Writer: is awake again, whatever it was about to do.
    pub(crate) fn stay(&self) {
        let _ = self.change(PARKED, AWAKE) || self.change(NAPPING, AWAKE);
    }

    /// From now on whoever logs writes: each producer that commits after this sees it.
    pub(crate) fn go_direct(&self) {
        self.word.get().store(DIRECT, Ordering::Release);
        self.word.wake();
        self.barrier();
    }

    /// In a forked child, where the kernel has not wiped the word by itself. Async-signal-safe.
    #[cfg(unix)]
    pub(crate) fn mark_forked(&self) {
        self.word.get().store(FORKED, Ordering::Release);
    }

    fn change(&self, from: u32, to: u32) -> bool {
        self.word
            .get()
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }

    fn barrier(&self) {
        if self.asymmetric {
            platform::barrier();
        } else {
            fence(Ordering::SeqCst);
        }
    }
}

#[cfg(all(target_os = "linux", not(hestia_portable), not(loom)))]
mod platform {
    use std::ptr::NonNull;
    use std::sync::atomic::AtomicU32;
    use std::time::Duration;

    /// `linux/membarrier.h`: `MEMBARRIER_CMD_PRIVATE_EXPEDITED` and its registration.
    const PRIVATE_EXPEDITED: libc::c_int = 1 << 3;
    const REGISTER_PRIVATE_EXPEDITED: libc::c_int = 1 << 4;

    /// A word in a page of its own, which reads as zero in a forked child (`MADV_WIPEONFORK`: Linux
    /// 4.14). Where the kernel cannot do that, `queue::fork` clears it from a fork handler.
    #[derive(Debug)]
    pub(super) struct Word {
        page: NonNull<AtomicU32>,
        length: usize,
    }

    // SAFETY: an atomic behind a pointer that nobody frees before the `Word` is dropped.
    unsafe impl Send for Word {}
    // SAFETY: as above.
    unsafe impl Sync for Word {}

    impl Word {
        pub(super) fn new(value: u32) -> Self {
            // SAFETY: asks for a number.
            let page_size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
            let length = usize::try_from(page_size).unwrap_or(4096);
            // SAFETY: a new private mapping without a file; it overlaps nothing.
            let address = unsafe {
                libc::mmap(
                    std::ptr::null_mut(),
                    length,
                    libc::PROT_READ | libc::PROT_WRITE,
                    libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                    -1,
                    0,
                )
            };
            assert!(address != libc::MAP_FAILED, "out of memory");
            // SAFETY: the mapping made above, whole.
            unsafe { libc::madvise(address, length, libc::MADV_WIPEONFORK) };
            let page = NonNull::new(address.cast::<AtomicU32>())
                .expect("a mapping that succeeded is not at address zero");
            let word = Word { page, length };
            word.get()
                .store(value, std::sync::atomic::Ordering::Release);
            word
        }

        pub(super) fn get(&self) -> &AtomicU32 {
            // SAFETY: mapped, aligned to a page, and zero is a valid `AtomicU32`.
            unsafe { self.page.as_ref() }
        }

        /// Sleeps while the word has this value (futex(2), `FUTEX_WAIT`). Returns for no reason at times.
        pub(super) fn sleep(&self, value: u32, span: Option<Duration>) {
            let timeout = span.map(|span| libc::timespec {
                tv_sec: libc::time_t::try_from(span.as_secs()).unwrap_or(libc::time_t::MAX),
                tv_nsec: libc::c_long::from(span.subsec_nanos().cast_signed()),
            });
            let timeout = timeout
                .as_ref()
                .map_or(std::ptr::null(), std::ptr::from_ref);
            // SAFETY: the word is mapped for the whole call, and so is the time, if there is one.
            unsafe {
                libc::syscall(
                    libc::SYS_futex,
                    self.page.as_ptr(),
                    libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG,
                    value,
                    timeout,
                );
            }
        }

        pub(super) fn wake(&self) {
            // SAFETY: `FUTEX_WAKE` only uses the address.
            unsafe {
                libc::syscall(
                    libc::SYS_futex,
                    self.page.as_ptr(),
                    libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG,
                    1,
                );
            }
        }
    }

    impl Drop for Word {
        fn drop(&mut self) {
            // SAFETY: the mapping made in `new`, unmapped once.
            unsafe { libc::munmap(self.page.as_ptr().cast(), self.length) };
        }
    }

    fn membarrier(command: libc::c_int) -> bool {
        // SAFETY: takes numbers only.
        unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) == 0 }
    }

    pub(super) fn register_barrier() -> bool {
        membarrier(REGISTER_PRIVATE_EXPEDITED)
    }

    pub(super) fn barrier() {
        let passed = membarrier(PRIVATE_EXPEDITED);
        debug_assert!(passed, "membarrier was registered");
    }
}

#[cfg(not(all(target_os = "linux", not(hestia_portable), not(loom))))]
mod platform {
    #[cfg(loom)]
    use loom::sync::{Condvar, Mutex};
    use std::sync::PoisonError;
    #[cfg(not(loom))]
    use std::sync::{Condvar, Mutex};
    use std::time::Duration;

    use crate::sync::{AtomicU32, Ordering};

    /// A word with a lock and a condition to sleep on.
    #[derive(Debug)]
    pub(super) struct Word {
        word: AtomicU32,
        lock: Mutex<()>,
        changed: Condvar,
    }

    impl Word {
        pub(super) fn new(value: u32) -> Self {
            Word {
                word: AtomicU32::new(value),
                lock: Mutex::new(()),
                changed: Condvar::new(),
            }
        }

        pub(super) fn get(&self) -> &AtomicU32 {
            &self.word
        }

        pub(super) fn sleep(&self, value: u32, span: Option<Duration>) {
            let guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
            // Under the lock, which `wake` takes after the word has changed: no wake-up is missed.
            if self.word.load(Ordering::Acquire) == value {
                match span {
                    #[cfg(not(loom))]
                    Some(span) => drop(self.changed.wait_timeout(guard, span)),
                    _ => drop(self.changed.wait(guard)),
                }
            }
        }

        pub(super) fn wake(&self) {
            drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner));
            self.changed.notify_one();
        }
    }

    pub(super) fn register_barrier() -> bool {
        false
    }

    pub(super) fn barrier() {}
}
