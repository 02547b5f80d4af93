//! How the writer sleeps, and how producers wake it at no cost to themselves.
//!
//! One word says what the writer is doing. A producer reads it once after each commit; whatever is neither
//! *awake* nor *roused* nor *napping* sends it to its cold path:
//!
//! | state | meaning | what a producer does after its commit |
//! |---|---|---|
//! | forked | this process is a forked child; the kernel wiped the word | makes itself a new queue |
//! | parked | the writer sleeps until it is woken | wakes it |
//! | direct | there is no writer thread any more | does the writer's work itself |
//! | awake | the writer is at work | nothing |
//! | roused | the writer is at work, and will look once more before it sleeps | nothing |
//! | napping | the writer will look again by itself, soon | nothing |
//!
//! Going to park must not miss a record: the writer stores `parked`, makes every thread of the process
//! pass a full barrier (`membarrier(2)`, `PRIVATE_EXPEDITED`: Linux 4.14), looks at all rings once more,
//! and only then sleeps. The producer's side is a plain load that the compiler may not move up. Where
//! membarrier is missing, both sides use a sequentially consistent fence instead (Dekker's protocol).
//!
//! Whoever rouses a writer that is at work leaves word for it (*roused*): its next attempt to sleep takes the
//! word instead. So whatever was published before a `rouse`, be it a record or a request, is never slept over.
//!
//! *Invariant:* a producer never waits here.

#![allow(unsafe_code, reason = "futex, membarrier and a page that fork wipes")]

use std::time::Duration;

use crate::sync::checked::{AtomicU32, Ordering, fence};

/// Zero, because that is what the kernel leaves in a wiped page.
pub(crate) const FORKED: u32 = 0;
pub(crate) const PARKED: u32 = 1;
pub(crate) const DIRECT: u32 = 2;
pub(crate) const AWAKE: u32 = 3;
pub(crate) const NAPPING: u32 = 4;
pub(crate) const ROUSED: u32 = 5;

/// The word, and what is needed to sleep on it.
#[derive(Debug)]
pub(crate) struct Wake {
    word: platform::Word,
    /// Producers need no fence of their own.
    asymmetric: bool,
}

/// See [`Wake::watch`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watch<'w> {
    word: &'w AtomicU32,
    asymmetric: bool,
}

impl Watch<'_> {
    /// Whether this process is a forked child, and the queue its parent's.
    #[inline]
    pub(crate) fn is_forked(self) -> bool {
        self.word.load(Ordering::Relaxed) == FORKED
    }

    #[inline]
    pub(crate) fn wants_attention(self) -> bool {
        if self.asymmetric {
            // Pairs with the membarrier in `Wake::barrier`: either this load sees the new state, or the
            // commit before it is seen by the look that follows the barrier.
            #[cfg(not(loom))]
            std::sync::atomic::compiler_fence(Ordering::SeqCst);
        } else {
            // Pairs with the fence in `Wake::barrier`.
            fence(Ordering::SeqCst);
        }
        self.word.load(Ordering::Relaxed) < AWAKE
    }
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
        self.watch().wants_attention()
    }

    /// The same question, prepared: after a commit there is only one load left to do.
    #[inline]
    pub(crate) fn watch(&self) -> Watch<'_> {
        Watch {
            word: self.word.get(),
            asymmetric: self.asymmetric,
        }
    }

    /// The state. Acquire, so that whoever sees `direct` sees what was set up before it.
    pub(crate) fn state(&self) -> u32 {
        self.word.get().load(Ordering::Acquire)
    }

    /// Wakes the writer, or has it look once more before it sleeps. The caller has published what the writer
    /// is to see.
    pub(crate) fn rouse(&self) {
        // For the look of a writer that is on its way to park: see `barrier`.
        fence(Ordering::SeqCst);
        // AcqRel, and a write even where the word stays the same: what was published before is seen by the
        // writer when it next changes the word, as it does before each sleep.
        let before = self
            .word
            .get()
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |word| match word {
                PARKED | NAPPING => Some(AWAKE),
                AWAKE | ROUSED => Some(ROUSED),
                _ => None,
            });
        if matches!(before, Ok(PARKED | NAPPING)) {
            self.word.wake();
        }
    }

    /// Writer: says that it is about to park. `false` when it must not: it was roused meanwhile, or told to
    /// stop, or producers cannot be made to see it; then `nap` knows what to do.
    /// Look at everything once more after this, then `park` or `stay`.
    pub(crate) fn prepare_to_park(&self) -> bool {
        let prepared = self.change(AWAKE, PARKED);
        let safe = self.barrier();
        if prepared && !safe {
            self.stay();
        }
        prepared && safe
    }

    /// Writer: sleeps until somebody rouses it, or until the span is over, if there is one. Returns
    /// whether somebody did. For use after `prepare_to_park`.
    pub(crate) fn park(&self, span: Option<Duration>) -> bool {
        self.word.sleep(PARKED, span);
        !self.change(PARKED, AWAKE)
    }

    /// Writer: sleeps for a while, or until somebody rouses it; not at all when somebody has since the last
    /// sleep.
    pub(crate) fn nap(&self, span: Duration) {
        if self.change(AWAKE, NAPPING) {
            self.word.sleep(NAPPING, Some(span));
            self.stay();
        } else {
            self.change(ROUSED, AWAKE);
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

    /// Whether every producer has passed a barrier. The kernel may refuse one that it granted before,
    /// when a filter of system calls was set up meanwhile.
    fn barrier(&self) -> bool {
        if self.asymmetric {
            platform::barrier()
        } else {
            fence(Ordering::SeqCst);
            true
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
    /// 4.14). Where the kernel cannot do that, a fork handler (`mark_forked`) clears it.
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
            if address == libc::MAP_FAILED {
                // Without a page of its own; the fork handler clears it.
                let page = NonNull::from(Box::leak(Box::new(AtomicU32::new(value))));
                return Word { page, length: 0 };
            }
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
            if self.length == 0 {
                // SAFETY: the box leaked in `new`, freed once.
                drop(unsafe { Box::from_raw(self.page.as_ptr()) });
            } else {
                // SAFETY: the mapping made in `new`, unmapped once.
                unsafe { libc::munmap(self.page.as_ptr().cast(), self.length) };
            }
        }
    }

    fn membarrier(command: libc::c_int) -> bool {
        // SAFETY: takes numbers only.
        unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) == 0 }
    }

    pub(super) fn register_barrier() -> bool {
        membarrier(REGISTER_PRIVATE_EXPEDITED)
    }

    pub(super) fn barrier() -> bool {
        membarrier(PRIVATE_EXPEDITED)
    }
}

#[cfg(not(all(target_os = "linux", not(hestia_portable), not(loom))))]
mod platform {
    use std::time::Duration;

    use crate::sync::checked::{AtomicU32, Condvar, Mutex, Ordering, lock};

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
            let guard = lock(&self.lock);
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
            drop(lock(&self.lock));
            self.changed.notify_one();
        }
    }

    pub(super) fn register_barrier() -> bool {
        false
    }

    pub(super) fn barrier() -> bool {
        true
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicU64;
    use std::thread;
    use std::time::Instant;

    use super::super::ring::Room;
    use super::super::{Bounds, Producer, Queue, Readers};
    use super::*;
    use crate::thread::Thread;

    /// Steps of about a nanosecond.
    fn pause(steps: u64) {
        for step in 0..steps {
            std::hint::black_box(step);
        }
    }

    /// Marsaglia's *Xorshift RNGs*, Journal of Statistical Software 8, 2003.
    fn random(state: &mut u64) -> u64 {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        *state
    }

    fn log_one(queue: &Queue, producer: &mut Producer) {
        assert_eq!(producer.room_for(8, || ()), Room::Yes);
        producer.reserve(8).commit(0, || 0);
        if queue.wake.wants_attention() {
            queue.wake.rouse();
        }
    }

    fn read_all(readers: &mut Readers, read: &AtomicU64) {
        for reader in readers.rings() {
            while reader.peek().is_some() {
                reader.advance();
                read.fetch_add(1, Ordering::Release);
            }
        }
        readers.release();
    }

    /// The writer's part: parks whenever the queue is dry. It goes to park the sooner the more often a record
    /// was there before it, and the later the more often it had to be woken; so that records come just
    /// when it is on its way.
    fn read_until_direct(queue: &Arc<Queue>, read: &AtomicU64) -> u64 {
        let mut readers = Readers::new(Arc::clone(queue));
        let (mut parked, mut delay, mut state) = (0, 0_u64, 0x9e37_79b9_7f4a_7c15);
        while queue.wake.state() != DIRECT {
            pause(delay + random(&mut state) % 64);
            if readers.look() > 0 {
                delay = delay.saturating_sub(8);
            } else if queue.wake.prepare_to_park() {
                if readers.look() > 0 {
                    queue.wake.stay();
                } else {
                    parked += 1;
                    delay = (delay + 8).min(1 << 14);
                    queue.wake.park(None);
                    readers.look();
                }
            } else {
                // Roused after it had woken up by itself; forgets that, as the writer does.
                queue.wake.nap(Duration::from_micros(1));
            }
            read_all(&mut readers, read);
        }
        parked
    }

    /// One record after the other, each logged at another moment of the writer's way to park. A lost
    /// wake-up leaves the record unread for ever.
    fn every_record_is_read(asymmetric: bool) {
        const CYCLES: u64 = 100_000;
        const ENOUGH: Duration = Duration::from_secs(2);
        const LOST: Duration = Duration::from_secs(5);
        let mut queue = Queue::new(Bounds::default(), None);
        queue.wake.asymmetric &= asymmetric;
        let queue = Arc::new(queue);
        let read = AtomicU64::new(0);
        let mut producer = queue.new_producer(&Thread::current()).unwrap();
        let start = Instant::now();
        let parked = thread::scope(|scope| {
            let writer = scope.spawn(|| read_until_direct(&queue, &read));
            let mut state = 0x2545_f491_4f6c_dd1d;
            let (mut lost, mut last) = (false, start);
            for logged in 1..=CYCLES {
                pause(random(&mut state) % 64);
                log_one(&queue, &mut producer);
                let mut looks = 0_u32;
                while read.load(Ordering::Acquire) < logged && !lost {
                    looks += 1;
                    if looks.is_multiple_of(1 << 10) {
                        thread::yield_now();
                        lost = last.elapsed() > LOST;
                    }
                }
                last = Instant::now();
                if lost || last - start > ENOUGH {
                    break;
                }
            }
            queue.wake.go_direct();
            assert!(!lost, "a record was not seen for {LOST:?}");
            writer.join().unwrap()
        });
        assert!(parked > 100, "the writer parked {parked} times only");
    }

    #[test]
    fn no_record_waits_for_a_parked_writer_where_producers_need_no_fence() {
        every_record_is_read(true);
    }

    #[test]
    fn no_record_waits_for_a_parked_writer_where_producers_need_a_fence() {
        every_record_is_read(false);
    }

    #[test]
    fn a_nap_ends_by_itself_or_when_roused() {
        let wake = Wake::new();
        wake.nap(Duration::from_millis(1));
        assert_eq!(wake.state(), AWAKE);
        let start = Instant::now();
        thread::scope(|scope| {
            scope.spawn(|| {
                while wake.state() != NAPPING {
                    thread::yield_now();
                }
                assert!(!wake.wants_attention(), "a napping writer looks by itself");
                wake.rouse();
            });
            wake.nap(Duration::from_secs(60));
        });
        assert!(start.elapsed() < Duration::from_secs(30));
        assert_eq!(wake.state(), AWAKE);
    }

    /// A request that came between the writer's last look at them and its nap once waited the nap out.
    #[test]
    fn a_writer_that_was_roused_at_work_looks_again_before_it_sleeps() {
        let wake = Wake::new();
        let start = Instant::now();
        wake.rouse();
        assert!(!wake.wants_attention(), "that is for the writer to do");
        wake.nap(Duration::from_secs(60));
        wake.rouse();
        wake.rouse();
        assert!(!wake.prepare_to_park());
        wake.nap(Duration::from_secs(60));
        assert!(start.elapsed() < Duration::from_secs(30));
        assert_eq!(wake.state(), AWAKE, "once is enough");
        wake.nap(Duration::from_millis(1));
        assert!(wake.prepare_to_park());
        wake.stay();
    }

    #[test]
    fn without_a_writer_nobody_parks_or_naps_and_producers_hear_of_it() {
        let wake = Wake::new();
        assert!(!wake.wants_attention());
        assert!(wake.prepare_to_park());
        assert!(wake.wants_attention());
        wake.stay();
        wake.go_direct();
        assert!(wake.wants_attention());
        assert!(!wake.prepare_to_park());
        wake.park(None);
        wake.nap(Duration::from_secs(60));
        wake.rouse();
        wake.stay();
        assert_eq!(wake.state(), DIRECT);
    }

    #[cfg(unix)]
    #[test]
    fn a_forked_childs_word_sends_every_producer_to_its_cold_path() {
        let wake = Wake::new();
        wake.mark_forked();
        assert!(wake.wants_attention());
        assert_eq!(wake.state(), FORKED);
        wake.rouse();
        wake.stay();
        assert!(!wake.prepare_to_park());
        assert_eq!(wake.state(), FORKED);
    }
}
