//! Many rings at once, against a model that knows every record.

use std::collections::HashMap;
use std::sync::Weak;
use std::thread;

use proptest::prelude::*;

use super::ring::Room;
use super::*;

const FIRST: usize = 256;

fn bounds(process_bytes: usize) -> Bounds {
    Bounds {
        first_ring_bytes: FIRST,
        largest_ring_bytes: 4 * FIRST,
        process_bytes,
        ..Bounds::default()
    }
}

fn queue(process_bytes: usize) -> (Arc<Queue>, Readers) {
    let queue = Arc::new(Queue::new(bounds(process_bytes), None));
    let readers = Readers::new(Arc::clone(&queue));
    (queue, readers)
}

fn thread(id: u64) -> Thread {
    Thread {
        id,
        ..Thread::nameless()
    }
}

/// Puts a number into a ring, which is its stamp as well.
fn put(queue: &Queue, producer: &mut Producer, number: u64, length: usize) -> bool {
    put_at(queue, producer, number, length, || number)
}

/// Puts a number into a ring as `callsite::emit` puts a record.
fn put_at(
    queue: &Queue,
    producer: &mut Producer,
    number: u64,
    length: usize,
    ticks: impl FnOnce() -> u64,
) -> bool {
    let mut bytes = vec![0x5a; length.max(8)];
    bytes[..8].copy_from_slice(&number.to_ne_bytes());
    match producer.room_for(bytes.len(), || ()) {
        Room::Full => false,
        Room::Yes => {
            let mut reservation = producer.reserve(bytes.len(), ticks);
            reservation.payload().copy_from_slice(&bytes);
            reservation.commit(0);
            true
        }
        Room::TooLarge => {
            let length = bytes.len();
            if !queue.budget().take(length) {
                return false;
            }
            let pushed =
                producer.push_oversize(ring::Oversize::Boxed(bytes.into()), 0, ticks, || ());
            if pushed.is_err() {
                queue.budget().give(length);
            }
            pushed.is_ok()
        }
    }
}

/// Reads so many frames of one ring, all that were seen at most.
fn read(reader: &mut Reader, most: usize) -> Vec<u64> {
    let mut numbers = Vec::new();
    while numbers.len() < most
        && let Some(frame) = reader.peek()
    {
        let number = u64::from_ne_bytes(frame.payload()[..8].try_into().unwrap());
        assert_eq!(number, frame.ticks);
        assert!(frame.payload()[8..].iter().all(|byte| *byte == 0x5a));
        numbers.push(number);
        reader.advance();
    }
    numbers
}

fn read_all(readers: &mut Readers) -> Vec<u64> {
    let mut numbers: Vec<u64> = readers
        .rings()
        .iter_mut()
        .flat_map(|reader| read(reader, usize::MAX))
        .collect();
    readers.end_round();
    numbers.sort_unstable();
    numbers
}

fn used(queue: &Queue) -> usize {
    queue.budget.used.load(Ordering::Relaxed)
}

#[test]
fn memories_of_ended_threads_are_used_again() {
    let (queue, mut readers) = queue(64 * FIRST);
    for id in 0..10_000 {
        let mut producer = queue.new_producer(&thread(id)).expect("there is room");
        assert!(put(&queue, &mut producer, id, 8));
        producer.close();
        drop(producer);
        readers.look();
        assert_eq!(read_all(&mut readers), [id]);
        readers.look();
        assert!(readers.rings().is_empty());
        let registry = lock(&queue.registry);
        assert_eq!((registry.rings.len(), registry.spare.len()), (0, 1));
    }
    assert_eq!((queue.counts().0, used(&queue)), (10_000, 0));
}

#[test]
fn spare_memories_are_part_of_the_bound() {
    let (queue, mut readers) = queue(64 * FIRST);
    let producers: Vec<Producer> = std::iter::from_fn(|| queue.new_producer(&thread(1))).collect();
    assert_eq!(
        producers.len(),
        3 * (64 - SHARED_RINGS - 64 / SPARE_SHARE) / 4
    );
    producers.iter().for_each(Producer::close);
    drop(producers);
    readers.look();
    assert_eq!(used(&queue), 0);
    assert_eq!(lock(&queue.registry).spare.len(), 64 / SPARE_SHARE);
}

#[test]
fn a_ring_whose_owner_still_holds_it_is_not_given_to_another_thread() {
    let (queue, mut readers) = queue(64 * FIRST);
    let producer = queue.new_producer(&thread(1)).unwrap();
    producer.close();
    readers.look();
    assert!(readers.rings().is_empty(), "closed and empty");
    assert!(lock(&queue.registry).spare.is_empty());
    assert_eq!(used(&queue), FIRST);
    drop(producer);
    assert_eq!(used(&queue), 0);
}

#[test]
fn a_closed_ring_is_listed_until_its_last_frame_was_read() {
    let (queue, mut readers) = queue(64 * FIRST);
    let mut producer = queue.new_producer(&thread(1)).unwrap();
    assert!(put(&queue, &mut producer, 1, 8) && put(&queue, &mut producer, 2, 1000));
    producer.close();
    drop(producer);
    readers.look();
    assert_eq!(read(&mut readers.rings()[0], 1), [1]);
    readers.look();
    assert_eq!(readers.rings().len(), 1);
    assert_eq!(read_all(&mut readers), [2]);
    readers.look();
    assert!(readers.rings().is_empty());
    assert_eq!((queue.counts().0, used(&queue)), (2, 0));
}

#[test]
fn many_threads_start_with_smaller_rings_so_that_more_have_one_of_their_own() {
    let many = Bounds {
        first_ring_bytes: 16 * FIRST,
        largest_ring_bytes: 16 * FIRST,
        ..bounds(1024 * 16 * FIRST)
    };
    let queue = Arc::new(Queue::new(many, None));
    let producers: Vec<Producer> = std::iter::from_fn(|| queue.new_producer(&thread(1))).collect();
    let capacity = |producer: &Producer| 4 * (producer.largest_payload() + ring::HEADER);
    let small = producers.partition_point(|producer| capacity(producer) == 16 * FIRST);
    assert!((100..128).contains(&small), "{small} of the usual size");
    let small_ones = &producers[small..];
    assert!(
        small_ones
            .iter()
            .all(|producer| capacity(producer) == 4 * FIRST)
    );
    assert!(
        small_ones.len() > 2_000,
        "{} smaller ones",
        small_ones.len()
    );
    assert!(used(&queue) <= 1024 * 16 * FIRST * 3 / 4);
}

#[test]
fn past_the_bound_threads_share_rings_within_it() {
    let (queue, mut readers) = queue(8 * FIRST);
    let owners: Vec<_> = std::iter::from_fn(|| queue.new_producer(&thread(1))).collect();
    assert_eq!(owners.len(), 3 * (8 - SHARED_RINGS) / 4);
    for id in 0..20 {
        assert!(queue.with_shared(id, |producer| put(&queue, producer, id, 8)));
    }
    assert!(readers.look() > 0);
    assert_eq!(readers.rings().len(), owners.len() + SHARED_RINGS);
    let shared = |reader: &&Reader| reader.ring().thread().is_none();
    assert_eq!(readers.rings().iter().filter(shared).count(), SHARED_RINGS);
    assert_eq!(read_all(&mut readers), Vec::from_iter(0..20));
    assert_eq!(queue.counts().0, 20);
}

/// A shared ring once had a budget of its own, to which it returned what the queue's had granted: after so
/// many bytes of oversize records the queue took none any more.
#[test]
fn oversize_records_of_shared_rings_are_given_back_to_the_bound() {
    let (queue, mut readers) = queue(64 * FIRST);
    for number in 0..1000 {
        let length = 10 * FIRST;
        assert!(queue.with_shared(1, |producer| put(&queue, producer, number, length)));
        assert_eq!(used(&queue), length);
        readers.look();
        assert_eq!(read_all(&mut readers), [number]);
        assert_eq!(used(&queue), 0);
    }
    assert!(queue.with_shared(1, |producer| put(&queue, producer, 0, 10 * FIRST)));
    let budget = Arc::clone(&queue.budget);
    drop((queue, readers));
    assert_eq!(budget.used.load(Ordering::Relaxed), 0, "undrained, too");
}

#[test]
fn a_busy_thread_gets_larger_rings_up_to_the_largest() {
    let (queue, mut readers) = queue(64 * FIRST);
    let mut producer = queue.new_producer(&thread(7)).unwrap();
    let mut number = 0;
    let mut next = 0;
    for _ in 0..10 {
        while put(&queue, &mut producer, number, 40) {
            number += 1;
        }
        readers.look();
        for read in read_all(&mut readers) {
            assert_eq!(read, next);
            next += 1;
        }
    }
    assert_eq!(
        (next, producer.largest_payload()),
        (number, FIRST - ring::HEADER)
    );
    assert_eq!(used(&queue), 4 * FIRST, "the small ring is gone");
    assert_eq!(queue.counts().0, number);
    producer.close();
    drop(producer);
    readers.look();
    assert_eq!((used(&queue), readers.rings().len()), (0, 0));
}

/// One frame at each look, which is a fifth of the ring, or with padding somewhat more.
fn log_steadily(queue: &Queue, readers: &mut Readers, producer: &mut Producer, looks: u32) {
    for number in 0..looks {
        assert!(put(queue, producer, number.into(), 40));
        readers.look();
        assert_eq!(read_all(readers), [u64::from(number)]);
        assert!((0.2..0.5).contains(&readers.fill()));
    }
}

#[test]
fn a_thread_that_logs_steadily_gets_a_larger_ring() {
    let (queue, mut readers) = queue(64 * FIRST);
    let mut producer = queue.new_producer(&thread(7)).unwrap();
    log_steadily(&queue, &mut readers, &mut producer, BUSY_ROUNDS - 1);
    readers.look();
    assert_eq!((readers.end_round(), readers.fill()), (0, 0.0));
    log_steadily(&queue, &mut readers, &mut producer, BUSY_ROUNDS - 1);
    assert_eq!(used(&queue), FIRST, "not so many looks in a row");
    readers.look();
    readers.end_round();
    log_steadily(&queue, &mut readers, &mut producer, BUSY_ROUNDS);
    assert_eq!(used(&queue), 5 * FIRST);
}

#[test]
fn among_many_threads_it_gets_none() {
    let (queue, mut readers) = queue(64 * FIRST);
    let mut producer = queue.new_producer(&thread(7)).unwrap();
    let mut others = Vec::new();
    while used(&queue) + 4 * FIRST <= queue.budget.crowd_bound() {
        others.push(queue.new_producer(&thread(8)).unwrap());
    }
    log_steadily(&queue, &mut readers, &mut producer, 3 * BUSY_ROUNDS);
    assert_eq!(used(&queue), (1 + others.len()) * FIRST);
}

#[test]
fn a_thread_that_ends_before_it_takes_its_larger_ring_leaves_nothing_behind() {
    let (queue, mut readers) = queue(64 * FIRST);
    let mut producer = queue.new_producer(&thread(7)).unwrap();
    while put(&queue, &mut producer, 0, 40) {}
    readers.look();
    assert_eq!(used(&queue), 5 * FIRST, "the larger ring is there");
    producer.close();
    drop(producer);
    readers.look();
    read_all(&mut readers);
    readers.look();
    readers.look();
    assert_eq!((used(&queue), readers.rings().len()), (0, 0));
}

#[test]
fn no_larger_ring_is_offered_beyond_the_bound() {
    let (queue, mut readers) = queue(8 * FIRST);
    let mut producer = queue.new_producer(&thread(7)).unwrap();
    let _other = queue.new_producer(&thread(8)).unwrap();
    while put(&queue, &mut producer, 0, 40) {}
    readers.look();
    assert_eq!(used(&queue), 2 * FIRST);
    assert!(!readers.rings()[0].ring().has_offer());
}

#[test]
fn what_no_ring_counted_is_counted_as_shed() {
    let (queue, mut readers) = queue(64 * FIRST);
    let producer = queue.new_producer(&thread(1)).unwrap();
    producer.count_shed(Level::Info);
    queue.refuse(Level::Error, Reason::NoRoom);
    queue.refuse(Level::Error, Reason::TooDeep);
    let shed = queue.counts().1;
    assert_eq!(shed.no_room, LevelCounts([1, 0, 1, 0, 0]));
    assert_eq!(shed.too_deep, LevelCounts([1, 0, 0, 0, 0]));
    assert_eq!(shed.in_all(), LevelCounts([2, 0, 1, 0, 0]));
    producer.close();
    readers.look();
    assert_eq!(
        queue.counts().1,
        shed,
        "the ring is gone, its figures are not"
    );
}

#[test]
fn nothing_is_marked_as_unread_in_an_empty_queue() {
    let (_, mut readers) = queue(64 * FIRST);
    let mark = readers.mark();
    assert!(readers.has_passed(&mark));
}

#[derive(Clone, Copy, Debug)]
enum Step {
    NewThread,
    /// A record of the thread at this place, of so many bytes.
    Log(usize, usize),
    /// One by way of a shared ring.
    LogShared(u64, usize),
    End(usize),
    Retire,
    Look,
    /// So many frames of the ring at this place.
    Read(usize, usize),
    ReadAll,
    Mark,
}

fn step() -> impl Strategy<Value = Step> {
    let length = prop_oneof![6 => 8..60_usize, 2 => 60..300_usize, 1 => 300..3000_usize];
    prop_oneof![
        2 => Just(Step::NewThread),
        12 => (0..8_usize, length.clone()).prop_map(|(place, length)| Step::Log(place, length)),
        2 => (0..8_u64, length).prop_map(|(id, length)| Step::LogShared(id, length)),
        1 => (0..8_usize).prop_map(Step::End),
        1 => Just(Step::Retire),
        3 => Just(Step::Look),
        3 => (0..12_usize, 1..6_usize).prop_map(|(place, count)| Step::Read(place, count)),
        1 => Just(Step::ReadAll),
        1 => Just(Step::Mark),
    ]
}

/// A record in the queue.
#[derive(Debug)]
struct Waiting {
    number: u64,
    length: usize,
}

/// The queue, and what is known of it from outside.
struct World {
    queue: Arc<Queue>,
    readers: Readers,
    threads: Vec<(u64, Producer)>,
    next: u64,
    waiting: Vec<Waiting>,
    /// The number that each ring gave out last.
    last: HashMap<u64, u64>,
    accepted: u64,
    shed: u64,
    /// What was retired, with the number of the first record that was logged after that.
    retired: Vec<(u64, Weak<u64>)>,
    marks: Vec<(u64, Mark)>,
}

impl World {
    fn new(process_bytes: usize) -> Self {
        let (queue, readers) = queue(process_bytes);
        World {
            queue,
            readers,
            threads: Vec::new(),
            next: 0,
            waiting: Vec::new(),
            last: HashMap::new(),
            accepted: 0,
            shed: 0,
            retired: Vec::new(),
            marks: Vec::new(),
        }
    }

    fn apply(&mut self, step: Step) {
        match step {
            Step::NewThread => {
                let id = self.next;
                self.next += 1;
                let producer = self.queue.new_producer(&thread(id));
                self.threads.extend(producer.map(|producer| (id, producer)));
            }
            Step::Log(place, length) => {
                if let Some((_, producer)) = self.threads.get_mut(place) {
                    let done = put(&self.queue, producer, self.next, length);
                    if !done {
                        producer.count_shed(Level::Info);
                    }
                    self.count(length, done);
                }
            }
            Step::LogShared(id, length) => {
                let (queue, number) = (&self.queue, self.next);
                let done = queue.with_shared(id, |producer| {
                    let done = put(queue, producer, number, length);
                    if !done {
                        producer.count_shed(Level::Info);
                    }
                    done
                });
                self.count(length, done);
            }
            Step::End(place) => {
                if place < self.threads.len() {
                    self.threads.remove(place).1.close();
                }
            }
            Step::Retire => {
                let kept = Arc::new(self.next);
                self.retired.push((self.next, Arc::downgrade(&kept)));
                self.queue.retire(kept);
            }
            Step::Look => {
                let waits = self.readers.look() > 0;
                assert_eq!(waits, !self.waiting.is_empty());
            }
            Step::Read(place, count) => {
                if place < self.readers.rings().len() {
                    self.read(place, count);
                }
            }
            Step::ReadAll => {
                self.readers.look();
                for place in 0..self.readers.rings().len() {
                    self.read(place, usize::MAX);
                }
                self.readers.end_round();
                assert!(self.waiting.is_empty(), "{:?}", self.waiting);
            }
            Step::Mark => self.marks.push((self.next, self.readers.mark())),
        }
        self.check();
    }

    fn count(&mut self, length: usize, done: bool) {
        if done {
            self.accepted += 1;
            self.waiting.push(Waiting {
                number: self.next,
                length,
            });
        } else {
            self.shed += 1;
        }
        self.next += 1;
    }

    /// What comes out of a ring was put in, comes out once, and in its order.
    fn read(&mut self, place: usize, count: usize) {
        let reader = &mut self.readers.rings()[place];
        let ring = reader.ring().id();
        for number in read(reader, count) {
            let found = self
                .waiting
                .iter()
                .position(|waiting| waiting.number == number);
            self.waiting.remove(found.expect("it waits"));
            let before = self.last.insert(ring, number);
            assert!(before.is_none_or(|before| before < number));
        }
    }

    /// Records before this number that were not read yet.
    fn unread_before(&self, number: u64) -> bool {
        self.waiting.iter().any(|waiting| waiting.number < number)
    }

    fn check(&mut self) {
        for (number, mark) in &self.marks {
            assert_eq!(self.readers.has_passed(mark), !self.unread_before(*number));
        }
        let readers = &self.readers;
        self.marks.retain(|(_, mark)| !readers.has_passed(mark));
        for (number, kept) in &self.retired {
            assert!(
                kept.strong_count() > 0 || !self.unread_before(*number),
                "given up while a record refers to it"
            );
        }
        self.retired.retain(|(_, kept)| kept.strong_count() > 0);
        let (accepted, shed) = self.queue.counts();
        assert_eq!(
            (accepted, shed.in_all().total()),
            (self.accepted, self.shed)
        );
        assert!(self.bytes() <= self.queue.bounds.process_bytes);
    }

    /// All memory there is: of rings, kept for new ones, and of records too large for them.
    fn bytes(&self) -> usize {
        let registry = lock(&self.queue.registry);
        let rings: usize = registry.rings.iter().map(|ring| ring.capacity()).sum();
        let largest: HashMap<u64, usize> = registry
            .rings
            .iter()
            .map(|ring| {
                (
                    ring.thread().map_or(u64::MAX, |thread| thread.id),
                    ring.capacity(),
                )
            })
            .collect();
        let surely_oversize: usize = self
            .waiting
            .iter()
            .map(|waiting| waiting.length)
            .filter(|length| largest.values().all(|capacity| length > capacity))
            .sum();
        rings + registry.spare.len() * FIRST + surely_oversize
    }
}

proptest! {
    #[test]
    fn any_history_keeps_the_books_the_order_and_the_bound(
        rings in 8..80_usize,
        steps in prop::collection::vec(step(), 1..250),
    ) {
        let mut world = World::new(rings * FIRST);
        for step in steps {
            world.apply(step);
        }
        // All threads end, everything is read: nothing is left but the shared rings.
        while !world.threads.is_empty() {
            world.apply(Step::End(0));
        }
        for step in [Step::Mark, Step::ReadAll, Step::Look, Step::Look] {
            world.apply(step);
        }
        prop_assert!(world.retired.is_empty() && world.marks.is_empty());
        prop_assert!(world.readers.rings().iter().all(|reader| reader.ring().thread().is_none()));
        prop_assert_eq!(used(&world.queue), 0);
    }
}

/// The frames of all rings that are older than the horizon, by their stamps.
fn read_until(readers: &mut Readers, horizon: u64) -> Vec<(u64, u64)> {
    let mut frames = Vec::new();
    for reader in readers.rings() {
        while let Some(frame) = reader.peek()
            && frame.ticks < horizon
        {
            let number = u64::from_ne_bytes(frame.payload()[..8].try_into().unwrap());
            frames.push((frame.ticks, number));
            reader.advance();
        }
    }
    readers.end_round();
    frames.sort_unstable();
    frames
}

/// Threads come and go while the writer reads: every record comes out, each thread's in their order, also
/// where a thread has moved to a larger ring.
#[test]
fn short_lived_threads_lose_nothing() {
    const LANES: u64 = 4;
    const THREADS: u64 = if cfg!(miri) { 1 } else { 50 };
    const RECORDS: u64 = if cfg!(miri) { 20 } else { 200 };
    let (queue, mut readers) = queue(64 * FIRST);
    let clock = AtomicU64::new(0);
    let tick = || clock.fetch_add(1, Ordering::SeqCst);
    let log = |id: u64| {
        let mut own = queue.new_producer(&thread(id));
        for number in (id << 32..).take(RECORDS as usize) {
            let length = 8 + (number % 70) as usize;
            let mut attempt = || match &mut own {
                Some(own) => put_at(&queue, own, number, length, tick),
                None => {
                    queue.with_shared(id, |shared| put_at(&queue, shared, number, length, tick))
                }
            };
            while !attempt() {
                thread::yield_now();
            }
        }
        own.iter().for_each(Producer::close);
    };
    let log = &log;
    let mut total = 0;
    let mut next: HashMap<u64, u64> = HashMap::new();
    thread::scope(|scope| {
        for lane in 0..LANES {
            scope.spawn(move || {
                for id in (lane * THREADS..).take(THREADS as usize) {
                    thread::scope(|inner| drop(inner.spawn(move || log(id))));
                }
            });
        }
        while total < LANES * THREADS * RECORDS {
            let horizon = clock.load(Ordering::SeqCst);
            readers.look();
            for (_, number) in read_until(&mut readers, horizon) {
                let next = next.entry(number >> 32).or_insert(number);
                assert_eq!(number, *next);
                *next += 1;
                total += 1;
            }
            thread::yield_now();
        }
    });
    assert_eq!(next.len() as u64, LANES * THREADS);
    readers.look();
    readers.look();
    assert_eq!(queue.counts(), (total, Shed::default()));
    assert_eq!(used(&queue), 0);
}
