//! What a ring promises, against a plain queue as the model.

use std::cell::Cell;
use std::collections::VecDeque;
use std::thread;

use proptest::prelude::*;

use super::*;

const BOUND: usize = 1 << 20;

/// From one tried position to the next: all of them, but for Miri, which takes its time.
const STRIDE: usize = if cfg!(miri) { 5 * WORD } else { WORD };

/// Both ends of one ring.
struct Pair {
    producer: Producer,
    reader: Reader,
    budget: Arc<Budget>,
}

fn ring(id: u64, capacity: usize, budget: &Arc<Budget>) -> Arc<Ring> {
    assert!(budget.take(capacity));
    let memory = Memory::new(capacity);
    Arc::new(Ring::new(id, memory, capacity, None, Arc::clone(budget)))
}

/// An empty ring that has been in use until its next frame goes to this position.
fn pair_at(capacity: usize, position: usize) -> Pair {
    let budget = Arc::new(Budget {
        used: AtomicUsize::new(0),
        bound: BOUND,
    });
    let ring = ring(0, capacity, &budget);
    ring.side().tail.store(position, Ordering::Relaxed);
    ring.consumer.head.store(position, Ordering::Relaxed);
    let mut producer = Producer::new(Arc::clone(&ring));
    producer.tail = position;
    (producer.end, producer.stop) = (position, position);
    producer.limit = position.wrapping_add(capacity / 2);
    let mut reader = Reader::new(ring);
    (reader.head, reader.released) = (position, position);
    (reader.end, reader.seen) = (position, position);
    Pair {
        producer,
        reader,
        budget,
    }
}

fn pair(capacity: usize) -> Pair {
    pair_at(capacity, 0)
}

/// Bytes that tell the frames apart, and each byte of a frame from its neighbours.
fn payload(number: u64, length: usize) -> Vec<u8> {
    let seed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes();
    (0..length)
        .map(|at| seed[at % 8].wrapping_add((at / 8) as u8))
        .collect()
}

impl Pair {
    fn push(&mut self, number: u64, length: usize) -> Room {
        push(&mut self.producer, number, length, || ())
    }

    fn push_oversize(&mut self, number: u64, length: usize) -> bool {
        assert!(self.budget.take(length));
        let bytes = payload(number, length).into_boxed_slice();
        let pushed = self.producer.push_oversize(
            Oversize::Boxed(bytes),
            (number as u32) << 8,
            || number,
            || (),
        );
        if let Err(Oversize::Boxed(bytes)) = &pushed {
            assert_eq!(**bytes, *payload(number, length), "it comes back as it was");
            self.budget.give(length);
        }
        pushed.is_ok()
    }

    /// Reads the next frame, which is to be this one.
    fn read(&mut self, number: u64, length: usize) {
        check(&self.reader.peek().expect("a frame waits"), number, length);
        self.reader.advance();
    }

    fn used(&self) -> usize {
        self.budget.used.load(Ordering::Relaxed)
    }
}

fn push(producer: &mut Producer, number: u64, length: usize, crossed_half: impl Fn()) -> Room {
    let room = producer.room_for(length, crossed_half);
    if room == Room::Yes {
        let mut reservation = producer.reserve(length, || number);
        assert_eq!(reservation.payload().len(), length);
        reservation
            .payload()
            .copy_from_slice(&payload(number, length));
        reservation.commit((number as u32) << 8);
    }
    room
}

fn check(frame: &Frame<'_>, number: u64, length: usize) {
    assert_eq!(frame.ticks, number);
    assert_eq!(frame.flags >> 8, (number as u32) << 8 >> 8);
    assert_eq!(frame.payload(), payload(number, length));
}

#[test]
fn positions_compare_beyond_the_end_of_their_type() {
    assert!(is_at_most(5, 5) && is_at_most(5, 6) && !is_at_most(6, 5));
    assert!(is_at_most(usize::MAX, 0) && !is_at_most(0, usize::MAX));
}

/// What nothing else may take away: a record that fits is never told to wait for an empty ring.
#[test]
fn an_empty_ring_takes_its_largest_payload_at_any_position() {
    for capacity in [256, 512, 1024] {
        for position in (0..2 * capacity).step_by(STRIDE) {
            // The second half of the positions passes the end of their type.
            let mut pair = pair_at(capacity, position.wrapping_sub(capacity));
            let largest = pair.producer.largest_payload();
            assert_eq!(pair.push(1, largest + 1), Room::TooLarge);
            assert_eq!(
                pair.push(2, largest),
                Room::Yes,
                "at {position} of {capacity}"
            );
            pair.reader.look();
            pair.read(2, largest);
            pair.reader.release();
            assert!(pair.push_oversize(3, 2 * capacity));
            pair.reader.look();
            pair.read(3, 2 * capacity);
        }
    }
}

#[test]
fn every_length_comes_back_whole_at_every_position() {
    const CAPACITY: usize = 256;
    for position in (0..CAPACITY).step_by(STRIDE) {
        for length in 0..=CAPACITY / 4 - HEADER {
            let mut pair = pair_at(CAPACITY, position);
            assert_eq!(pair.push(7, length), Room::Yes);
            assert!(pair.reader.look() >= HEADER + length);
            pair.read(7, length);
            assert!(pair.reader.peek().is_none());
        }
    }
}

#[test]
fn what_was_reserved_and_not_committed_was_never_there() {
    for position in (0..256).step_by(STRIDE) {
        let mut pair = pair_at(256, position);
        assert_eq!(pair.producer.room_for(48, || ()), Room::Yes);
        pair.producer.reserve(48, || 0).payload().fill(0xff);
        pair.reader.look();
        assert!(pair.reader.peek().is_none());
        assert_eq!(pair.reader.unread(), 0, "nothing but padding");
        assert_eq!(pair.push(1, 5), Room::Yes);
        pair.reader.look();
        pair.read(1, 5);
        assert_eq!(pair.producer.ring.accepted(), 1);
    }
}

#[test]
fn a_frame_is_read_only_after_a_look() {
    let mut pair = pair(256);
    pair.push(1, 8);
    assert_eq!(
        (pair.reader.unread(), pair.reader.peek().is_none()),
        (0, true)
    );
    assert_eq!(pair.reader.look(), 24);
    pair.push(2, 8);
    pair.read(1, 8);
    assert!(pair.reader.peek().is_none(), "committed after the look");
    pair.reader.look();
    pair.read(2, 8);
}

#[test]
fn a_walk_finds_what_came_since_and_goes_no_further_than_the_ring_is_long() {
    for position in (0..256).step_by(STRIDE) {
        let mut pair = pair_at(256, position);
        assert_eq!(pair.push(0, 8), Room::Yes);
        pair.reader.look();
        pair.reader.expect_more();
        assert!(pair.reader.look_or_walk() < 48, "what is known");
        let mut next = 0;
        while pair.reader.peek().is_some() {
            pair.read(next, 8);
            pair.reader.release();
            next += 1;
            assert_eq!(pair.push(next, 8), Room::Yes);
        }
        assert!((256 / 24..=256 / 24 + 2).contains(&next), "{next} frames");
        // Nobody has said since that more are to be expected.
        assert!(pair.reader.look_or_walk() < 48);
        pair.read(next, 8);
        assert_eq!(pair.push(next + 1, 8), Room::Yes);
        assert!(pair.reader.peek().is_none());
    }
}

#[test]
fn in_a_memory_that_had_another_ring_nothing_is_found() {
    let mut pair = pair(256);
    assert_eq!(pair.push(1, 48), Room::Yes);
    pair.reader.look();
    pair.read(1, 48);
    pair.reader.release();
    let Pair {
        producer,
        reader,
        budget,
    } = pair;
    drop(producer);
    let memory = Arc::into_inner(reader.into_ring()).unwrap().into_memory();
    assert!(budget.take(256));
    let ring = Arc::new(Ring::new(1, memory, 256, None, budget));
    let mut reader = Reader::new(ring);
    reader.expect_more();
    assert_eq!(reader.look_or_walk(), 0);
    assert!(reader.peek().is_none());
}

#[test]
fn a_full_ring_takes_no_more_until_something_is_released() {
    let mut pair = pair(256);
    let mut pushed = 0;
    while pair.push(pushed, 16) == Room::Yes {
        pushed += 1;
    }
    assert_eq!(pushed, 7, "and a word behind the last one");
    assert_eq!(pair.push(7, 0), Room::Yes);
    assert_eq!(pair.push(8, 0), Room::Full, "there is no room for the word");
    assert!(!pair.push_oversize(9, 1000));
    assert_eq!(pair.used(), 256);
    pair.reader.look();
    pair.read(0, 16);
    pair.reader.release();
    assert_eq!(pair.push(8, 0), Room::Yes);
    assert_eq!(pair.push(9, 0), Room::Yes);
    assert_eq!(pair.push(10, 0), Room::Full);
}

#[test]
fn half_full_is_said_once_each_time_the_ring_becomes_so() {
    let mut pair = pair(4096);
    for turn in 0..3 {
        let mut crossings = Vec::new();
        for number in 0..64 {
            let crossed = Cell::new(false);
            let room = push(&mut pair.producer, number, 40, || crossed.set(true));
            assert_eq!(room, Room::Yes);
            if crossed.get() {
                crossings.push(number);
            }
        }
        // 64 frames of 56 bytes; the 37th ends beyond 2048, or the one whose padding does.
        assert_eq!(crossings.len(), 1, "turn {turn}: {crossings:?}");
        assert!(
            (35..38).contains(&crossings[0]),
            "turn {turn}: {crossings:?}"
        );
        pair.reader.look();
        for number in 0..64 {
            pair.read(number, 40);
        }
        pair.reader.release();
    }
}

#[test]
fn the_producer_hears_of_room_in_steps_and_at_once_after_an_oversize_frame() {
    let mut pair = pair(1024);
    let released = |pair: &Pair| pair.producer.ring.consumer.head.load(Ordering::Relaxed);
    for number in 0..10 {
        pair.push(number, 0);
    }
    assert!(pair.push_oversize(10, 3000));
    pair.reader.look();
    for number in 0..10 {
        pair.read(number, 0);
        let read = (number as usize + 1) * HEADER;
        assert_eq!(released(&pair), if read < 128 { 0 } else { 128 });
    }
    assert_eq!(pair.used(), 1024 + 3000);
    pair.read(10, 3000);
    assert_eq!(released(&pair), 10 * HEADER + 32);
    assert_eq!(pair.used(), 1024);
}

#[test]
fn a_closed_ring_is_finished_once_its_last_frame_was_read() {
    let mut pair = pair(256);
    pair.push(1, 8);
    pair.producer.close();
    assert!(!pair.reader.is_closed(), "not before it looked");
    pair.reader.look();
    assert!(pair.reader.is_closed() && !pair.reader.is_finished());
    pair.read(1, 8);
    assert!(pair.reader.is_finished());
}

#[test]
fn a_ring_that_is_dropped_undrained_frees_everything() {
    for position in (0..256).step_by(STRIDE) {
        let mut pair = pair_at(256, position);
        assert!(pair.push_oversize(1, 700));
        assert_eq!(pair.push(2, 40), Room::Yes);
        assert!(pair.push_oversize(3, 900));
        assert_eq!(pair.used(), 256 + 700 + 900);
        let Pair {
            producer,
            mut reader,
            budget,
        } = pair;
        reader.look();
        reader.peek();
        reader.advance();
        drop(reader);
        drop(producer);
        assert_eq!(budget.used.load(Ordering::Relaxed), 0);
    }
}

#[test]
fn an_offered_ring_is_taken_when_room_is_next_looked_for() {
    let mut old = pair(256);
    let larger = ring(1, 1024, &old.budget);
    let mut new = Reader::new(Arc::clone(&larger));
    assert_eq!(old.push(0, 40), Room::Yes);
    old.producer.ring.offer(larger);
    assert!(old.reader.ring().has_offer());
    let mut number = 1;
    while old.producer.ring.id() == 0 {
        assert_eq!(
            old.push(number, 40),
            Room::Yes,
            "no frame is refused on the way"
        );
        number += 1;
    }
    assert!(
        number > 2,
        "frames for which there was room stay in the old ring"
    );
    assert_eq!(old.producer.largest_payload(), 240);
    old.reader.look();
    assert!(old.reader.is_closed());
    for number in 0..number - 1 {
        old.read(number, 40);
    }
    assert!(old.reader.is_finished());
    new.look();
    check(&new.peek().unwrap(), number - 1, 40);
    assert!(!new.is_closed());
}

#[test]
fn a_payload_too_large_for_the_old_ring_goes_into_the_offered_one() {
    let mut old = pair(256);
    assert_eq!(old.push(1, 200), Room::TooLarge);
    let larger = ring(1, 1024, &old.budget);
    old.producer.ring.offer(larger);
    assert_eq!(old.push(1, 200), Room::Yes);
    assert_eq!(old.producer.ring.id(), 1);
}

#[test]
fn an_offer_that_nobody_took_is_closed_with_the_old_ring() {
    let old = pair(256);
    let larger = ring(1, 1024, &old.budget);
    old.producer.ring.offer(Arc::clone(&larger));
    old.producer.close();
    old.reader.ring().close_offer();
    let mut new = Reader::new(larger);
    new.look();
    assert!(new.is_finished());
}

/// With others before it that were read and not given back, padding among them.
#[test]
fn the_last_frame_is_found_wherever_it_lies() {
    let mut pair = pair_at(1024, usize::MAX - 2 * 1024 + 1);
    let mut unread = VecDeque::new();
    for number in 0..2000_u64 {
        let length = (number * 37 % 150) as usize;
        while pair.push(number, length) == Room::Full {
            let (number, length) = unread.pop_front().expect("it is not empty");
            pair.reader.look();
            pair.read(number, length);
            pair.reader.release();
        }
        unread.push_back((number, length));
        let (_, ticks, bytes) = pair.producer.last_frame();
        assert_eq!((ticks, bytes), (number, payload(number, length)));
    }
}

#[test]
fn the_last_frame_can_be_taken_out_again_with_its_flags() {
    let mut pair = pair(256);
    for position in 0..40 {
        assert_eq!(pair.push(position, 24), Room::Yes);
        let (flags, ticks, bytes) = pair.producer.last_frame();
        assert_eq!((flags >> 8, ticks), (position as u32, position));
        assert_eq!(bytes, payload(position, 24));
        assert!(pair.push_oversize(position, 300));
        let (flags, _, bytes) = pair.producer.last_frame();
        assert_eq!(
            (flags, bytes),
            ((position as u32) << 8, payload(position, 300))
        );
        pair.reader.look();
        pair.read(position, 24);
        pair.read(position, 300);
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Push(usize),
    PushOversize(usize),
    /// Reserves, fills and drops.
    Abandon(usize),
    Look,
    Walk,
    Read(usize),
    Release,
    Close,
}

fn step(capacity: usize) -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..capacity / 4).prop_map(Step::Push),
        2 => (0..capacity).prop_map(Step::Push),
        2 => (1..2 * capacity).prop_map(Step::PushOversize),
        1 => (0..capacity / 4).prop_map(Step::Abandon),
        4 => Just(Step::Look),
        4 => Just(Step::Walk),
        4 => (1..8_usize).prop_map(Step::Read),
        1 => Just(Step::Release),
        1 => Just(Step::Close),
    ]
}

fn history() -> impl Strategy<Value = (usize, usize, Vec<Step>)> {
    let most_steps = if cfg!(miri) { 40 } else { 200 };
    let capacities: &[usize] = if cfg!(miri) {
        &[256]
    } else {
        &[256, 512, 1024, 8192]
    };
    let capacity = prop::sample::select(capacities);
    capacity.prop_flat_map(move |capacity| {
        let start = any::<usize>().prop_map(|position| position / WORD * WORD);
        let near_the_end = (0..capacity).prop_map(|back| (back / WORD * WORD).wrapping_neg());
        let steps = prop::collection::vec(step(capacity), 1..most_steps);
        (Just(capacity), prop_oneof![start, near_the_end], steps)
    })
}

/// The frames that are in the ring, oldest first, and how many of them are known to the reader.
#[derive(Default)]
struct Model {
    frames: VecDeque<(u64, usize)>,
    seen: usize,
    /// The reader finds out by itself.
    walks: bool,
    next: u64,
    oversize_bytes: usize,
    closed: bool,
}

impl Model {
    fn put(&mut self, length: usize) {
        self.frames.push_back((self.next, length));
        self.next += 1;
    }
}

/// What `room_for` has to say, worked out from the positions alone.
fn expected_room(pair: &Pair, length: usize) -> Room {
    let capacity = pair.producer.ring.capacity();
    let step = (HEADER + length).div_ceil(WORD) * WORD;
    let tail = pair.producer.tail;
    if step <= pair.producer.end.wrapping_sub(tail) {
        return Room::Yes;
    }
    if length > capacity / 4 - HEADER {
        return Room::TooLarge;
    }
    let place = tail % capacity;
    let padding = if place + step > capacity {
        capacity - place
    } else {
        0
    };
    let used = tail.wrapping_sub(pair.producer.ring.consumer.head.load(Ordering::Relaxed));
    if used + padding + step > capacity - WORD {
        Room::Full
    } else {
        Room::Yes
    }
}

fn apply(pair: &mut Pair, model: &mut Model, step: Step) {
    match step {
        Step::Push(length) => {
            let expected = expected_room(pair, length);
            assert_eq!(pair.push(model.next, length), expected);
            if expected == Room::Yes {
                model.put(length);
            }
        }
        Step::PushOversize(length) => {
            let expected = expected_room(pair, OVERSIZE_PAYLOAD) == Room::Yes;
            assert_eq!(pair.push_oversize(model.next, length), expected);
            if expected {
                model.put(length);
                model.oversize_bytes += length;
            }
        }
        Step::Abandon(length) => {
            if pair.producer.room_for(length, || ()) == Room::Yes {
                pair.producer.reserve(length, || 0).payload().fill(0xa5);
            }
        }
        Step::Look => {
            pair.reader.look();
            model.seen = model.frames.len();
            model.walks = false;
            assert_eq!(pair.reader.peek().is_none(), model.frames.is_empty());
        }
        Step::Walk => {
            pair.reader.expect_more();
            pair.reader.look_or_walk();
            model.walks = true;
        }
        Step::Read(count) => {
            for _ in 0..count {
                if model.walks && model.seen == 0 {
                    let found = pair.reader.peek().is_some();
                    let is_over = pair.reader.seen_in_round() >= pair.reader.ring().capacity();
                    assert!(found != model.frames.is_empty() || (is_over && !found));
                    model.seen = usize::from(found);
                }
                if model.seen == 0 {
                    break;
                }
                let (number, length) = model.frames.pop_front().unwrap();
                model.seen -= 1;
                let before = pair.used();
                pair.read(number, length);
                model.oversize_bytes -= before - pair.used();
            }
            if model.seen == 0 && !model.walks {
                assert!(pair.reader.peek().is_none());
                assert_eq!(pair.reader.unread(), 0);
            }
        }
        Step::Release => pair.reader.release(),
        Step::Close => {
            pair.producer.close();
            model.closed = true;
        }
    }
}

/// What holds after every step.
fn check_books(pair: &Pair, model: &Model) {
    let ring = &pair.producer.ring;
    assert_eq!(pair.used(), ring.capacity() + model.oversize_bytes);
    assert_eq!(ring.accepted(), model.next);
    let released = ring.consumer.head.load(Ordering::Relaxed);
    let kept_back = pair.reader.head.wrapping_sub(released);
    assert!(
        kept_back < ring.capacity() / 8 + ring.capacity() / 4,
        "{kept_back} bytes were read and not released"
    );
    let finished = pair.reader.is_closed() && model.seen == 0 && pair.reader.unread() == 0;
    assert_eq!(pair.reader.is_finished(), finished);
    assert!(model.closed || !pair.reader.is_closed());
}

proptest! {
    #[test]
    fn any_history_is_that_of_a_bounded_queue(
        (capacity, start, steps) in history(),
        producer_first in any::<bool>(),
    ) {
        let mut pair = pair_at(capacity, start);
        let mut model = Model::default();
        for step in steps {
            apply(&mut pair, &mut model, step);
            check_books(&pair, &model);
        }
        let Pair { producer, reader, budget } = pair;
        if producer_first {
            drop(producer);
            drop(reader);
        } else {
            drop(reader);
            drop(producer);
        }
        assert_eq!(budget.used.load(Ordering::Relaxed), 0, "all of it came back");
    }
}

/// Not more than a few under Miri.
const FRAMES: u64 = if cfg!(miri) { 300 } else { 200_000 };

#[test]
fn two_threads_pass_every_frame_in_order() {
    let Pair {
        mut producer,
        mut reader,
        budget,
    } = pair(1024);
    let length = |number: u64| (number.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 40) as usize % 240;
    let from_budget = Arc::clone(&budget);
    let sender = thread::spawn(move || {
        for number in 0..FRAMES {
            if number % 64 == 63 {
                assert!(from_budget.take(2000));
                let mut bytes = Oversize::Boxed(payload(number, 2000).into_boxed_slice());
                let flags = (number as u32) << 8;
                while let Err(back) = producer.push_oversize(bytes, flags, || number, || ()) {
                    bytes = back;
                    thread::yield_now();
                }
                continue;
            }
            while push(&mut producer, number, length(number), || ()) != Room::Yes {
                thread::yield_now();
            }
        }
        producer.close();
    });
    let mut next = 0;
    let mut before = u64::MAX;
    while !reader.is_finished() {
        if before == next {
            thread::yield_now();
            reader.look();
        } else {
            reader.expect_more();
            reader.look_or_walk();
        }
        before = next;
        while let Some(frame) = reader.peek() {
            let length = if next % 64 == 63 { 2000 } else { length(next) };
            check(&frame, next, length);
            next += 1;
            reader.advance();
        }
        reader.release();
    }
    sender.join().unwrap();
    assert_eq!((next, reader.ring().accepted()), (FRAMES, FRAMES));
    drop(reader);
    assert_eq!(budget.used.load(Ordering::Relaxed), 0);
}
