//! How the writer sleeps, and how producers wake it at no cost to themselves.
//!
//! One word says what the writer is doing. A producer reads it once after each commit; whatever is neither
//! *awake* nor *roused* sends it to its cold path:
//!
//! | state | meaning | what a producer does after its commit |
//! |---|---|---|
//! | forked | this process is a forked child; the kernel wiped the word | makes itself a new queue |
//! | parked | the writer sleeps until it is woken | wakes it |
//! | direct | there is no writer thread any more | does the writer's work itself |
//! | awake | the writer is at work | nothing |
//! | roused | the writer is at work, and will look once more before it sleeps | nothing |
//!
//! A writer that naps will look again by itself, soon, and is awake as far as producers are concerned. It says so in a word
//! of its own, on another cache line: where a record comes each microsecond it naps ten thousand times a second, and
//! whatever producers read would have to come from its cache twice for each nap.
//!
//! Going to park must not miss a record: the writer stores `parked`, makes every thread of the process
//! pass a full barrier (`membarrier(2)`, `PRIVATE_EXPEDITED`: Linux 4.14), looks at all rings once more,
//! and only then sleeps. The producer's side is a plain load that the compiler may not move up. Where
//! membarrier is missing, both sides use a sequentially consistent fence instead (Dekker's protocol).
//!
//! Whoever rouses a writer that is at work leaves word for it (*roused*): its next attempt to sleep takes the
//! word instead. So whatever was published before a `rouse`, be it a record or a request, is never slept over. A nap, too,
//! is announced before the word is looked at, and whoever rouses looks for it after that (Dekker's protocol again).
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
pub(crate) const ROUSED: u32 = 4;

/// What the other word says.
const NAPPING: u32 = 1;
const NO_NAP: u32 = 0;

/// The words, and what is needed to sleep on them.
#[derive(Debug)]
pub(crate) struct Wake {
    words: platform::Words,
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
            words: platform::Words::new(AWAKE),
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
            word: self.words.state(),
            asymmetric: self.asymmetric,
        }
    }

    /// The state. Acquire, so that whoever sees `direct` sees what was set up before it.
    pub(crate) fn state(&self) -> u32 {
        self.words.state().load(Ordering::Acquire)
    }

    /// Wakes the writer, or has it look once more before it sleeps. The caller has published what the writer
    /// is to see.
    #[cold]
    pub(crate) fn rouse(&self) {
        // For the look of a writer that is on its way to park: see `barrier`.
        fence(Ordering::SeqCst);
        // AcqRel, and a write even where the word stays the same: what was published before is seen by the
        // writer when it next looks at the word, as it does before and after each sleep.
        let before = self
            .words
            .state()
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |word| match word {
                PARKED => Some(AWAKE),
                AWAKE | ROUSED => Some(ROUSED),
                _ => None,
            });
        if before == Ok(PARKED) {
            self.words.wake(self.words.state());
        } else {
            self.end_nap();
        }
    }

    /// Wakes the writer if it naps. To be called after the state has changed.
    fn end_nap(&self) {
        // Pairs with the fence in `nap`: either the nap is seen here, or the new state there.
        fence(Ordering::SeqCst);
        let nap = self.words.nap();
        if nap.load(Ordering::Relaxed) == NAPPING {
            nap.store(NO_NAP, Ordering::Relaxed);
            self.words.wake(nap);
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
        self.words.sleep(self.words.state(), PARKED, span);
        !self.change(PARKED, AWAKE)
    }

    /// Writer: sleeps for a while, or until somebody rouses it; not at all when somebody has since the last
    /// sleep. It looks at everything after this. Returns whether nobody did.
    pub(crate) fn nap(&self, span: Duration) -> bool {
        let nap = self.words.nap();
        // Relaxed: nothing is published by it.
        nap.store(NAPPING, Ordering::Relaxed);
        // Pairs with the fence in `end_nap`.
        fence(Ordering::SeqCst);
        if self.state() == AWAKE {
            self.words.sleep(nap, NAPPING, Some(span));
        }
        nap.store(NO_NAP, Ordering::Relaxed);
        // Looked at first: an exchange would take the word from all who read it.
        let is_roused = self.state() == ROUSED;
        if is_roused {
            self.change(ROUSED, AWAKE);
        }
        !is_roused
    }

    /// Writer: is awake again, although it was about to park.
    pub(crate) fn stay(&self) {
        self.change(PARKED, AWAKE);
    }

    /// From now on whoever logs writes: each producer that commits after this sees it.
    pub(crate) fn go_direct(&self) {
        self.words.state().store(DIRECT, Ordering::Release);
        self.words.wake(self.words.state());
        self.end_nap();
        self.barrier();
    }

    /// In a forked child, where the kernel has not wiped the word by itself. Async-signal-safe.
    #[cfg(unix)]
    pub(crate) fn mark_forked(&self) {
        self.words.state().store(FORKED, Ordering::Release);
    }

    fn change(&self, from: u32, to: u32) -> bool {
        self.words
            .state()
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

    use crossbeam_utils::CachePadded;

    /// `linux/membarrier.h`: `MEMBARRIER_CMD_PRIVATE_EXPEDITED` and its registration.
    const PRIVATE_EXPEDITED: libc::c_int = 1 << 3;
    const REGISTER_PRIVATE_EXPEDITED: libc::c_int = 1 << 4;

    /// What is in the page.
    #[derive(Debug)]
    struct Page {
        state: CachePadded<AtomicU32>,
        nap: CachePadded<AtomicU32>,
    }

    /// The words in a page of their own, which reads as zero in a forked child (`MADV_WIPEONFORK`: Linux
    /// 4.14). Where the kernel cannot do that, a fork handler (`mark_forked`) clears the state.
    #[derive(Debug)]
    pub(super) struct Words {
        page: NonNull<Page>,
        length: usize,
    }

    // SAFETY: atomics behind a pointer that nobody frees before the `Words` are dropped.
    unsafe impl Send for Words {}
    // SAFETY: as above.
    unsafe impl Sync for Words {}

    impl Words {
        pub(super) fn new(state: u32) -> Self {
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
                // Without a page of their own; the fork handler clears the state.
                let page = NonNull::from(Box::leak(Box::new(Page {
                    state: CachePadded::new(AtomicU32::new(state)),
                    nap: CachePadded::new(AtomicU32::new(super::NO_NAP)),
                })));
                return Words { page, length: 0 };
            }
            // SAFETY: the mapping made above, whole.
            unsafe { libc::madvise(address, length, libc::MADV_WIPEONFORK) };
            let page = NonNull::new(address.cast::<Page>())
                .expect("a mapping that succeeded is not at address zero");
            let words = Words { page, length };
            words
                .state()
                .store(state, std::sync::atomic::Ordering::Release);
            words
        }

        fn page(&self) -> &Page {
            // SAFETY: mapped, aligned to a page, and zero is a valid `AtomicU32`.
            unsafe { self.page.as_ref() }
        }

        pub(super) fn state(&self) -> &AtomicU32 {
            &self.page().state
        }

        pub(super) fn nap(&self) -> &AtomicU32 {
            &self.page().nap
        }

        /// Sleeps while a word has this value (futex(2), `FUTEX_WAIT`). Returns for no reason at times.
        #[allow(
            clippy::unused_self,
            reason = "where there is no futex, there is more to it"
        )]
        pub(super) fn sleep(&self, word: &AtomicU32, value: u32, span: Option<Duration>) {
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
                    word.as_ptr(),
                    libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG,
                    value,
                    timeout,
                );
            }
        }

        #[allow(clippy::unused_self, reason = "as for `sleep`")]
        pub(super) fn wake(&self, word: &AtomicU32) {
            // SAFETY: `FUTEX_WAKE` only uses the address.
            unsafe {
                libc::syscall(
                    libc::SYS_futex,
                    word.as_ptr(),
                    libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG,
                    1,
                );
            }
        }
    }

    impl Drop for Words {
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

    use crossbeam_utils::CachePadded;

    use crate::sync::checked::{AtomicU32, Condvar, Mutex, Ordering, lock};

    /// The words with a lock and a condition to sleep on.
    #[derive(Debug)]
    pub(super) struct Words {
        state: CachePadded<AtomicU32>,
        nap: CachePadded<AtomicU32>,
        lock: Mutex<()>,
        changed: Condvar,
    }

    impl Words {
        pub(super) fn new(state: u32) -> Self {
            Words {
                state: CachePadded::new(AtomicU32::new(state)),
                nap: CachePadded::new(AtomicU32::new(super::NO_NAP)),
                lock: Mutex::new(()),
                changed: Condvar::new(),
            }
        }

        pub(super) fn state(&self) -> &AtomicU32 {
            &self.state
        }

        pub(super) fn nap(&self) -> &AtomicU32 {
            &self.nap
        }

        pub(super) fn sleep(&self, word: &AtomicU32, value: u32, span: Option<Duration>) {
            let guard = lock(&self.lock);
            // Under the lock, which `wake` takes after the word has changed: no wake-up is missed.
            if word.load(Ordering::Acquire) == value {
                match span {
                    #[cfg(not(loom))]
                    Some(span) => drop(self.changed.wait_timeout(guard, span)),
                    _ => drop(self.changed.wait(guard)),
                }
            }
        }

        /// (Only the writer sleeps, on one of the words at a time.)
        pub(super) fn wake(&self, _: &AtomicU32) {
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
        producer.reserve(8, || 0).commit(0);
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
        readers.end_round();
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
                while wake.words.nap().load(Ordering::Relaxed) != NAPPING {
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
