//! Bytes from many threads to one.
//!
//! [`Queue`] gives each thread a ring of its own, hands busy threads larger ones, keeps all of them
//! within a bound, and lists them for the writer, whose end is [`Readers`]. Past the bound, and for
//! threads whose locals are gone, a few rings are shared behind locks.
//!
//! One file for each part: `ring.rs` one thread's bytes to the writer, `memory.rs` where they live, `wake.rs` how the writer
//! sleeps and is woken, `last_call.rs` what a crash asks of it, `overflow.rs` what happens when there is no room.
//!
//! Threads call [`Queue::new_producer`], and everything of [`Producer`]; the writer calls [`Readers`].
//!
//! *Invariant:* knows nothing about records. A producer takes no lock on its usual path.

mod last_call;
pub(crate) mod mapping;
mod memory;
pub(crate) mod overflow;
pub(crate) mod ring;
pub(crate) mod snapshot;
pub(crate) mod wake;

use std::any::Any;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_utils::CachePadded;

use crate::level::{self, LEVELS, Level};
use crate::position::FilePosition;
use crate::stats::LevelCounts;
use crate::sync::checked::{AtomicU64, AtomicUsize, Mutex, Ordering, lock};
use crate::thread::Thread;

pub(crate) use last_call::LastCall;
use mapping::Mapping;
use memory::Memory;
pub use overflow::Overflow;
pub(crate) use overflow::Progress;
pub(crate) use ring::{Producer, Reader, Ring};
pub(crate) use wake::Wake;

/// How large things may become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// A thread's first ring, in bytes; a power of two.
    pub(crate) first_ring_bytes: usize,
    /// A busy thread's ring, in bytes; a power of two.
    pub(crate) largest_ring_bytes: usize,
    /// All rings and oversize records together, in bytes.
    pub(crate) process_bytes: usize,
    pub(crate) overflow: Overflow,
    pub(crate) block_limit: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds {
            first_ring_bytes: hestia_grammar::limits::FIRST_RING_BYTES as usize,
            largest_ring_bytes: 256 << 10,
            process_bytes: 64 << 20,
            overflow: Overflow::Block,
            block_limit: Duration::from_secs(5),
        }
    }
}

/// Bytes that may still be taken.
#[derive(Debug)]
pub(crate) struct Budget {
    used: AtomicUsize,
    bound: usize,
}

impl Budget {
    /// Relaxed: a count, which orders nothing.
    pub(crate) fn take(&self, bytes: usize) -> bool {
        self.take_up_to(self.bound, bytes)
    }

    /// As `take`, for a ring: rings stay as long as their threads, and would starve oversize records if they
    /// could take everything.
    pub(crate) fn take_for_ring(&self, bytes: usize) -> bool {
        self.take_up_to(self.ring_bound(), bytes)
    }

    fn ring_bound(&self) -> usize {
        self.bound - self.bound / OVERSIZE_SHARE
    }

    /// Beyond it, there are so many threads that each has to make do with little.
    fn crowd_bound(&self) -> usize {
        self.bound / CROWD_SHARE
    }

    fn take_up_to(&self, most: usize, bytes: usize) -> bool {
        self.used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                used.checked_add(bytes).filter(|sum| *sum <= most)
            })
            .is_ok()
    }

    /// Whether so many bytes lie within the bound at all.
    pub(crate) fn could_ever_take(&self, bytes: usize) -> bool {
        bytes <= self.bound
    }

    pub(crate) fn give(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// One part in this many of the bound is left to oversize records.
const OVERSIZE_SHARE: usize = 4;
/// How many rings are shared by the threads that have none of their own. They are part of the bound
/// from the start, and made when first needed.
const SHARED_RINGS: usize = 4;
/// Memories of ended threads' rings that are kept for new threads, at most. They are part of the bound
/// from the start, too.
const SPARE_MEMORIES: usize = 64;
/// All of them together take one part in so many of the bound, at most.
const SPARE_SHARE: usize = 16;

/// Once rings take more than one part in so many of the bound, further threads start with a quarter of the usual ring, so
/// that four times as many find room for one of their own.
const CROWD_SHARE: usize = 8;
/// The smallest ring that there is, in bytes.
const LEAST_RING_BYTES: usize = 256;

/// A ring in which so many rounds in a row find more than one part in so many is too small for its thread: the larger it is, the
/// longer the writer may sleep between two looks, and the more seldom it takes the thread's cache lines.
const BUSY_SHARE: usize = 8;
const BUSY_ROUNDS: u32 = 8;

/// Things to be dropped that are worth waking the writer for.
const MANY_RETIRED: usize = 256;

/// Why a record was shed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// There was no room for it, and the policy says what becomes of it then; or it was too large.
    NoRoom,
    /// Its statement was executed while too many others were formatting their arguments.
    TooDeep,
}

const REASONS: usize = 2;

/// What was shed, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shed {
    pub(crate) no_room: LevelCounts,
    pub(crate) too_deep: LevelCounts,
}

impl Shed {
    /// For whatever reason.
    pub(crate) fn in_all(&self) -> LevelCounts {
        let mut sums = self.no_room.0;
        add_all(&mut sums, self.too_deep.0);
        LevelCounts(sums)
    }
}

/// The rings of one process.
#[derive(Debug)]
pub(crate) struct Queue {
    bounds: Bounds,
    budget: Arc<Budget>,
    /// The file that rings are in, for a process that wants them back after it was killed.
    mapping: Option<Arc<Mapping>>,
    /// Apart from what the writer locks and counts at every round: callers read it at every record.
    pub(crate) wake: CachePadded<Wake>,
    pub(crate) last_call: LastCall,
    /// Apart from what callers read at every record: the writer steps with every one.
    pub(crate) progress: CachePadded<Progress>,
    registry: Mutex<Registry>,
    /// How many memories are kept for new threads.
    spare_limit: usize,
    /// Grows with each change of the registry's rings. Release under the lock, acquire by the writer.
    generation: AtomicU64,
    shared: [Mutex<Option<Producer>>; SHARED_RINGS],
    /// Records that no ring could count, by why they were shed.
    refused: [[AtomicU64; LEVELS]; REASONS],
    retired: Mutex<Vec<Arc<dyn Any + Send + Sync>>>,
    high_water: AtomicU64,
}

#[derive(Debug, Default)]
struct Registry {
    rings: Vec<Arc<Ring>>,
    next_id: u64,
    spare: Vec<Memory>,
    /// Figures of rings that are gone.
    accepted: u64,
    shed: [u64; LEVELS],
}

impl Queue {
    pub(crate) fn new(bounds: Bounds, mapping: Option<Arc<Mapping>>) -> Self {
        let spare_limit =
            (bounds.process_bytes / SPARE_SHARE / bounds.first_ring_bytes).min(SPARE_MEMORIES);
        let reserved = (SHARED_RINGS + spare_limit) * bounds.first_ring_bytes;
        Queue {
            bounds,
            mapping,
            budget: Arc::new(Budget {
                used: AtomicUsize::new(0),
                bound: bounds.process_bytes.saturating_sub(reserved),
            }),
            wake: CachePadded::new(Wake::new()),
            last_call: LastCall::default(),
            progress: CachePadded::new(Progress::new(bounds.overflow, bounds.block_limit)),
            registry: Mutex::default(),
            spare_limit,
            generation: AtomicU64::new(0),
            shared: std::array::from_fn(|_| Mutex::new(None)),
            refused: std::array::from_fn(|_| std::array::from_fn(|_| AtomicU64::new(0))),
            retired: Mutex::default(),
            high_water: AtomicU64::new(0),
        }
    }

    /// The largest record that every ring takes by itself, in bytes.
    pub(crate) fn largest_payload(&self) -> usize {
        self.crowd_ring_bytes() / 4 - ring::HEADER
    }

    /// A thread's first ring when there are many.
    fn crowd_ring_bytes(&self) -> usize {
        let first = self.bounds.first_ring_bytes;
        (first / 4).max(LEAST_RING_BYTES).min(first)
    }

    pub(crate) fn budget(&self) -> &Budget {
        &self.budget
    }

    /// A ring for a thread, unless the bound is reached.
    pub(crate) fn new_producer(&self, thread: &Thread) -> Option<Producer> {
        let (usual, small) = (self.bounds.first_ring_bytes, self.crowd_ring_bytes());
        let bytes = if self.budget.take_up_to(self.budget.crowd_bound(), usual) {
            usual
        } else if self.budget.take_for_ring(small) {
            small
        } else {
            return None;
        };
        Some(Producer::new(self.register(bytes, Some(thread.clone()))))
    }

    /// A ring whose memory the budget has granted; a shared one, which has no thread, was granted from
    /// the start.
    fn register(&self, bytes: usize, thread: Option<Thread>) -> Arc<Ring> {
        let granted = if thread.is_some() { bytes } else { 0 };
        let mut registry = lock(&self.registry);
        let id = registry.next_id;
        registry.next_id += 1;
        let mapped = self
            .mapping
            .as_ref()
            .and_then(|mapping| mapping.ring(bytes, id, thread.as_ref()));
        let memory = match mapped {
            Some(memory) => memory,
            None if bytes == self.bounds.first_ring_bytes => {
                let spare = registry.spare.pop();
                spare.unwrap_or_else(|| Memory::new(bytes))
            }
            None => Memory::new(bytes),
        };
        let budget = Arc::clone(&self.budget);
        let ring = Arc::new(Ring::new(id, memory, granted, thread, budget));
        registry.rings.push(Arc::clone(&ring));
        self.changed();
        ring
    }

    /// The file that rings are in.
    pub(crate) fn mapping(&self) -> Option<&Arc<Mapping>> {
        self.mapping.as_ref()
    }

    /// Puts down in the mapped file what a number in records stands for; returns where. `None` when that cannot be done now.
    pub(crate) fn put_down(&self, number: u64, bytes: &[u8]) -> Option<usize> {
        self.mapping.as_ref()?.put_down(number, bytes)
    }

    /// Takes away what was put down, once: no record refers to it any more.
    pub(crate) fn take_down(&self, place: usize) {
        // In a forked child it is the parent's, who may have something there.
        if self.wake.state() != wake::FORKED
            && let Some(mapping) = &self.mapping
        {
            mapping.take_down(place);
        }
    }

    /// To be called under the registry's lock.
    fn changed(&self) {
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// Lends a shared ring to a thread that has none of its own.
    pub(crate) fn with_shared<R>(
        &self,
        thread_id: u64,
        use_it: impl FnOnce(&mut Producer) -> R,
    ) -> R {
        #[allow(clippy::cast_possible_truncation, reason = "only the remainder counts")]
        let mut slot = lock(&self.shared[thread_id as usize % SHARED_RINGS]);
        use_it(slot.get_or_insert_with(|| {
            Producer::new(self.register(self.bounds.first_ring_bytes, None))
        }))
    }

    /// Counts a record that never came near a ring.
    pub(crate) fn refuse(&self, level: Level, reason: Reason) {
        self.refused[reason as usize][level::index(level)].fetch_add(1, Ordering::Relaxed);
    }

    /// Keeps something alive until every record that was committed before this call has been consumed.
    pub(crate) fn retire(&self, kept: Arc<dyn Any + Send + Sync>) {
        if self.wake.state() == wake::FORKED {
            // The lock may be held by a thread of the parent's that did not come along.
            mem::forget(kept);
            return;
        }
        let mut retired = lock(&self.retired);
        retired.push(kept);
        let many = retired.len().is_multiple_of(MANY_RETIRED);
        drop(retired);
        if many {
            // A writer that sleeps because nothing is logged still has to let go of these.
            self.wake.rouse();
        }
    }

    /// Records taken and shed so far, over all rings there ever were.
    pub(crate) fn counts(&self) -> (u64, Shed) {
        let registry = lock(&self.registry);
        let mut accepted = registry.accepted;
        let mut shed = registry.shed;
        for ring in &registry.rings {
            accepted += ring.accepted();
            add_all(&mut shed, ring.shed());
        }
        add_all(&mut shed, self.refused_for(Reason::NoRoom));
        let shed = Shed {
            no_room: LevelCounts(shed),
            too_deep: LevelCounts(self.refused_for(Reason::TooDeep)),
        };
        (accepted, shed)
    }

    fn refused_for(&self, reason: Reason) -> [u64; LEVELS] {
        std::array::from_fn(|at| self.refused[reason as usize][at].load(Ordering::Relaxed))
    }

    /// Bytes taken by rings and oversize records, and the most that ever waited.
    pub(crate) fn sizes(&self) -> (u64, u64) {
        let used = self.budget.used.load(Ordering::Relaxed);
        (used as u64, self.high_water.load(Ordering::Relaxed))
    }
}

fn add_all(sums: &mut [u64; LEVELS], more: [u64; LEVELS]) {
    for (sum, more) in sums.iter_mut().zip(more) {
        *sum += more;
    }
}

/// The writer's end of the queue.
#[derive(Debug)]
pub(crate) struct Readers {
    queue: Arc<Queue>,
    generation: u64,
    rings: Vec<Reader>,
    /// See [`Readers::fill`].
    fill: f32,
}

/// Positions in all rings that the writer has yet to pass; see [`Readers::mark`].
#[derive(Debug)]
pub(crate) struct Mark {
    /// By the ring's id, and in ascending order, as rings are listed.
    positions: Vec<(u64, usize)>,
    /// Dropped with the mark.
    _kept: Vec<Arc<dyn Any + Send + Sync>>,
}

impl Readers {
    pub(crate) fn new(queue: Arc<Queue>) -> Self {
        Readers {
            queue,
            generation: 0,
            rings: Vec::new(),
            fill: 0.0,
        }
    }

    /// How much the last round found in the fullest ring, as a share of the ring.
    pub(crate) fn fill(&self) -> f32 {
        self.fill
    }

    pub(crate) fn queue(&self) -> &Arc<Queue> {
        &self.queue
    }

    /// Sees every record that was committed before the call; returns how many bytes wait. Once a round: see
    /// [`Reader::look`].
    pub(crate) fn look(&mut self) -> usize {
        self.look_by(Reader::look)
    }

    /// As `look`, at a time when records come steadily: see [`Reader::look_or_walk`]. Returns how many bytes are known to wait.
    pub(crate) fn look_or_walk(&mut self) -> usize {
        self.look_by(Reader::look_or_walk)
    }

    fn look_by(&mut self, look: fn(&mut Reader) -> usize) -> usize {
        self.refresh();
        let mut waiting = 0;
        let mut grown = Vec::new();
        let mut finished = false;
        for reader in &mut self.rings {
            let bytes = look(reader);
            waiting += bytes;
            if bytes > reader.ring().capacity() / 2 && !reader.is_closed() {
                grown.push(Arc::clone(reader.ring()));
            }
            finished |= reader.is_finished();
        }
        for ring in grown {
            self.grow(&ring, self.queue.budget.ring_bound());
        }
        if finished {
            self.retire_finished();
        }
        waiting
    }

    /// Rings that were registered before this call are listed after it.
    fn refresh(&mut self) {
        // Acquire: pairs with the release in `Queue::changed`.
        let generation = self.queue.generation.load(Ordering::Acquire);
        if generation == self.generation {
            return;
        }
        let registry = lock(&self.queue.registry);
        // Under the lock, so that it is the generation of just this list.
        self.generation = self.queue.generation.load(Ordering::Acquire);
        let newest = self.rings.last().map(|reader| reader.ring().id());
        let new = registry
            .rings
            .iter()
            .filter(|ring| newest.is_none_or(|newest| ring.id() > newest));
        self.rings
            .extend(new.map(|ring| Reader::new(Arc::clone(ring))));
    }

    /// Offers the owner of a ring one four times as large, if so much may be taken in all.
    fn grow(&self, ring: &Ring, most: usize) {
        let largest = self.queue.bounds.largest_ring_bytes;
        let bytes = (ring.capacity() * 4).min(largest);
        let Some(thread) = ring.thread() else { return };
        if ring.capacity() < largest
            && !ring.has_offer()
            && self.queue.budget.take_up_to(most, bytes)
        {
            let thread = Some(thread.clone());
            ring.offer(self.queue.register(bytes, thread));
        }
    }

    /// Takes rings whose threads have ended, and which are empty, off the list; keeps their memory for
    /// new threads.
    fn retire_finished(&mut self) {
        let mut finished = Vec::new();
        for reader in mem::take(&mut self.rings) {
            if reader.is_finished() {
                finished.push(reader);
            } else {
                self.rings.push(reader);
            }
        }
        let mut registry = lock(&self.queue.registry);
        registry.rings.retain(|ring| {
            finished
                .binary_search_by_key(&ring.id(), |reader| reader.ring().id())
                .is_err()
        });
        for ring in finished.into_iter().map(Reader::into_ring) {
            ring.close_offer();
            registry.accepted += ring.accepted();
            add_all(&mut registry.shed, ring.shed());
            if ring.capacity() == self.queue.bounds.first_ring_bytes
                && self.queue.mapping.is_none()
                && registry.spare.len() < self.queue.spare_limit
                && let Some(ring) = Arc::into_inner(ring)
            {
                registry.spare.push(ring.into_memory());
            }
        }
        self.queue.changed();
    }

    /// Remembers how far every ring has been filled, and what may be dropped once that has been read.
    pub(crate) fn mark(&mut self) -> Mark {
        let kept = mem::take(&mut *lock(&self.queue.retired));
        self.look_by(Reader::look_again);
        let positions = self.rings.iter();
        Mark {
            positions: positions
                .map(|reader| (reader.ring().id(), reader.end()))
                .collect(),
            _kept: kept,
        }
    }

    /// Whether anything waits to be dropped; a mark takes it along.
    pub(crate) fn anything_retired(&self) -> bool {
        !lock(&self.queue.retired).is_empty()
    }

    /// Whether everything up to a mark has been read.
    pub(crate) fn has_passed(&self, mark: &Mark) -> bool {
        mark.positions.iter().all(|&(id, position)| {
            // A ring that is no longer listed was read to its end.
            self.rings
                .binary_search_by_key(&id, |reader| reader.ring().id())
                .map_or(true, |at| self.rings[at].has_passed(position))
        })
    }

    /// The rings, in the order they were made.
    pub(crate) fn rings(&mut self) -> &mut [Reader] {
        &mut self.rings
    }

    /// Ends a round: gives what was read back to the producers, except where it has to stay until it is written, and takes note
    /// of how full the rings were. Returns how many bytes are left.
    pub(crate) fn end_round(&mut self) -> usize {
        let (mut seen, mut left) = (0, 0);
        let mut grown = Vec::new();
        self.fill = 0.0;
        for reader in &mut self.rings {
            let bytes = reader.seen_in_round();
            if bytes == 0 {
                // Of most rings, where there are thousands of them, nothing else is looked at.
                reader.is_busy(false);
                continue;
            }
            if !reader.keeps() {
                reader.release();
            }
            left += reader.unread();
            seen += bytes;
            let capacity = reader.ring().capacity();
            #[allow(clippy::cast_precision_loss, reason = "a share")]
            let fill = bytes as f32 / capacity as f32;
            self.fill = self.fill.max(fill);
            if reader.is_busy(bytes > capacity / BUSY_SHARE) && !reader.is_closed() {
                grown.push(Arc::clone(reader.ring()));
            }
        }
        for ring in grown {
            self.grow(&ring, self.queue.budget.crowd_bound());
        }
        // Only the writer writes it.
        if seen as u64 > self.queue.high_water.load(Ordering::Relaxed) {
            self.queue.high_water.store(seen as u64, Ordering::Relaxed);
        }
        left
    }

    /// For a queue in a mapped file, after a look: says there what the next round is about to write, and gives what the
    /// rounds before it have written back to the producers.
    pub(crate) fn begin_round(
        &mut self,
        state: [u64; mapping::format::ROUND_STATE_WORDS],
        files: impl Iterator<Item = Option<FilePosition>>,
    ) {
        let Some(mapping) = &self.queue.mapping else {
            return;
        };
        let reach = self.rings.iter().filter_map(Reader::reach);
        mapping.begin_round(state, files, reach);
        for reader in &mut self.rings {
            reader.release();
        }
        self.queue.progress.step();
    }
}

#[cfg(test)]
#[cfg(loom)]
mod loom_tests;
#[cfg(test)]
#[cfg(not(loom))]
mod tests;
