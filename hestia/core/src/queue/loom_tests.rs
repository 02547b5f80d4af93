//! The queue under the model checker: every interleaving, and every value an atomic may show, of a few threads
//! doing a few things each, up to the number of preemptions in `LOOM_MAX_PREEMPTIONS` (three unless set).
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p hestia-core --lib --release loom`
//!
//! The memory of a ring is checked word by word: a read that is not ordered after the write it reads, and a
//! write that is not ordered after the last read of what it overwrites, are errors. Both sides of the park
//! protocol use their fences here; the barrier that takes the place of the producer's on Linux is
//! stress-tested in `queue/wake.rs`.

use std::sync::Weak;

use loom::model::Builder;
use loom::sync::atomic::AtomicBool;
use loom::thread;

use super::ring::Room;
use super::*;

const FIRST: usize = 256;
/// Of such payloads four, with their headers, take 224 bytes: the fifth wraps around.
const LENGTH: usize = 40;

fn model(check: impl Fn() + Send + Sync + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound.get_or_insert(3);
    builder.max_branches = 10_000;
    builder.check(check);
}

fn queue() -> (Arc<Queue>, Readers) {
    queue_of_rings_up_to(4 * FIRST)
}

fn queue_of_rings_up_to(largest_ring_bytes: usize) -> (Arc<Queue>, Readers) {
    let bounds = Bounds {
        first_ring_bytes: FIRST,
        largest_ring_bytes,
        process_bytes: 64 * FIRST,
        ..Bounds::default()
    };
    let queue = Arc::new(Queue::new(bounds, None));
    let readers = Readers::new(Arc::clone(&queue));
    (queue, readers)
}

fn producer(queue: &Queue) -> Producer {
    queue
        .new_producer(&Thread { id: 1, name: None })
        .expect("there is room")
}

fn push_at(producer: &mut Producer, number: u64, ticks: impl FnOnce() -> u64) -> bool {
    push_long(producer, number, LENGTH, ticks)
}

fn push_long(
    producer: &mut Producer,
    number: u64,
    length: usize,
    ticks: impl FnOnce() -> u64,
) -> bool {
    // As early as any statement does it.
    let stamp = ticks();
    if producer.room_for(length, || ()) != Room::Yes {
        return false;
    }
    let mut reservation = producer.reserve(length, || stamp);
    for bytes in reservation.payload().chunks_exact_mut(8) {
        bytes.copy_from_slice(&number.to_ne_bytes());
    }
    reservation.commit(0);
    true
}

fn push(producer: &mut Producer, number: u64) -> bool {
    push_at(producer, number, || number)
}

/// Everything that was seen, and is older than the horizon.
fn read_until(readers: &mut Readers, horizon: u64) -> Vec<u64> {
    let mut frames = Vec::new();
    for reader in readers.rings() {
        while let Some(frame) = reader.peek()
            && frame.ticks < horizon
        {
            let words = frame.payload().chunks_exact(8);
            let mut words = words.map(|word| u64::from_ne_bytes(word.try_into().unwrap()));
            let number = words.next().unwrap();
            assert!(words.all(|word| word == number), "a torn frame");
            frames.push((frame.ticks, number));
            reader.advance();
        }
    }
    readers.end_round();
    frames.sort_unstable();
    frames.into_iter().map(|(_, number)| number).collect()
}

fn read(readers: &mut Readers) -> Vec<u64> {
    read_until(readers, u64::MAX)
}

/// A queue with one ring, which stays as small as it is, and in which the fourth frame from now does not fit
/// before the end. It has room for it at its beginning, and for the word behind it.
fn one_used_ring() -> (Readers, Producer) {
    let (queue, mut readers) = queue_of_rings_up_to(FIRST);
    let mut producer = producer(&queue);
    assert!(push_long(&mut producer, 0, LENGTH + 8, || 0));
    readers.look();
    assert_eq!(read(&mut readers), [0]);
    (readers, producer)
}

/// Caught: a tail that is published, or seen, without ordering; a header written after it.
#[test]
fn frames_are_complete_when_they_are_seen() {
    model(|| {
        let (mut readers, mut producer) = one_used_ring();
        let sender = thread::spawn(move || (1..=4).all(|number| push(&mut producer, number)));
        let mut seen = Vec::new();
        for _ in 0..2 {
            readers.look();
            seen.extend(read(&mut readers));
        }
        assert!(sender.join().unwrap(), "there was room for all");
        readers.look();
        seen.extend(read(&mut readers));
        assert_eq!(seen, [1, 2, 3, 4]);
    });
}

/// As above, found one after the other.
///
/// Caught: a first word that is published, or seen, without ordering; a frame that is published before the word behind it is
/// cleared, or without; a tail that is not there yet taken for where the frames end.
#[test]
fn frames_are_complete_when_they_are_found() {
    model(|| {
        let (mut readers, mut producer) = one_used_ring();
        let sender = thread::spawn(move || (1..=4).all(|number| push(&mut producer, number)));
        let mut seen = Vec::new();
        for _ in 0..2 {
            for reader in readers.rings() {
                reader.expect_more();
            }
            readers.look_or_walk();
            seen.extend(read(&mut readers));
            let mark = readers.mark();
            seen.extend(read(&mut readers));
            assert!(readers.has_passed(&mark));
        }
        assert!(sender.join().unwrap(), "there was room for all");
        readers.look();
        seen.extend(read(&mut readers));
        assert_eq!(seen, [1, 2, 3, 4]);
    });
}

/// Caught: a head that is published, or seen, without ordering; room for one frame too many.
#[test]
fn nothing_is_overwritten_before_it_was_read() {
    model(|| {
        let (mut readers, mut producer) = one_used_ring();
        assert!((1..=3).all(|number| push(&mut producer, number)));
        readers.look();
        let sender = thread::spawn(move || {
            let pushed: Vec<u64> = (4..=5)
                .filter(|number| push(&mut producer, *number))
                .collect();
            (pushed, producer)
        });
        let mut seen = read(&mut readers);
        let (pushed, _producer) = sender.join().unwrap();
        readers.look();
        seen.extend(read(&mut readers));
        assert_eq!(seen[..3], [1, 2, 3]);
        assert_eq!(seen[3..], pushed);
    });
}

/// What a caller does after each commit.
fn attend(queue: &Queue) {
    if queue.wake.wants_attention() {
        assert!([wake::PARKED, wake::AWAKE, wake::ROUSED].contains(&queue.wake.state()));
        queue.wake.rouse();
    }
}

/// A lost wake-up is a writer that sleeps for ever, which the checker calls a deadlock.
///
/// Caught: no fence on one side; a barrier before the word is set; and, where there are no futexes, a rouser
/// that takes no lock, or a sleeper that does not look once more under it.
#[test]
fn no_wake_up_is_lost() {
    model(|| {
        let (queue, mut readers) = queue();
        let mut producer = producer(&queue);
        readers.look();
        let sender = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                assert!(push(&mut producer, 1));
                attend(&queue);
            })
        };
        assert!(queue.wake.prepare_to_park());
        if readers.look() > 0 {
            queue.wake.stay();
        } else {
            queue.wake.park(None);
            assert!(readers.look() > 0, "woken for a reason");
        }
        assert_eq!(read(&mut readers), [1]);
        sender.join().unwrap();
        assert!([wake::AWAKE, wake::ROUSED].contains(&queue.wake.state()));
    });
}

/// A request to the writer, such as a flush, comes at any moment of its way to a nap. A model's naps do not
/// end by themselves.
///
/// Caught: a rouser that leaves a writer alone which is still at work.
#[test]
fn a_request_never_waits_out_a_nap() {
    model(|| {
        let (queue, _readers) = queue();
        let requests = Arc::new(AtomicU64::new(0));
        let askers = [(); 2].map(|()| {
            let (queue, requests) = (Arc::clone(&queue), Arc::clone(&requests));
            thread::spawn(move || {
                requests.fetch_add(1, Ordering::Relaxed);
                queue.wake.rouse();
            })
        });
        while requests.load(Ordering::Relaxed) < 2 {
            queue.wake.nap(Duration::MAX);
        }
        for asker in askers {
            asker.join().unwrap();
        }
    });
}

/// As above, on its way to park.
#[test]
fn a_request_wakes_a_parked_writer() {
    model(|| {
        let (queue, _readers) = queue();
        let request = Arc::new(AtomicU64::new(0));
        let asker = {
            let (queue, request) = (Arc::clone(&queue), Arc::clone(&request));
            thread::spawn(move || {
                request.store(1, Ordering::Relaxed);
                queue.wake.rouse();
            })
        };
        while request.load(Ordering::Relaxed) == 0 {
            if queue.wake.prepare_to_park() {
                queue.wake.park(None);
            } else {
                queue.wake.nap(Duration::MAX);
            }
        }
        asker.join().unwrap();
    });
}

/// As above, with a ring that the writer did not know when it went to park.
///
/// Caught: a generation that is published before its ring is listed.
#[test]
fn the_first_record_of_a_new_thread_wakes_the_writer() {
    model(|| {
        let (queue, mut readers) = queue();
        let sender = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                assert!(push(&mut producer(&queue), 1));
                attend(&queue);
            })
        };
        assert!(queue.wake.prepare_to_park());
        if readers.look() > 0 {
            queue.wake.stay();
        } else {
            queue.wake.park(None);
            assert!(readers.look() > 0, "woken for a reason");
        }
        assert_eq!(read(&mut readers), [1]);
        sender.join().unwrap();
    });
}

/// Two threads log once each while the writer parks as often as it likes.
#[test]
fn the_writer_parks_between_two_threads_records() {
    model(|| {
        let (queue, mut readers) = queue();
        let senders = [producer(&queue), producer(&queue)].map(|mut producer| {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                assert!(push(&mut producer, 1));
                attend(&queue);
            })
        });
        let mut seen = 0;
        while seen < 2 {
            if !queue.wake.prepare_to_park() {
                // One of the two was seen before it roused.
                queue.wake.nap(Duration::MAX);
                readers.look();
            } else if readers.look() > 0 {
                queue.wake.stay();
            } else {
                queue.wake.park(None);
                readers.look();
            }
            seen += read(&mut readers).len();
        }
        for sender in senders {
            sender.join().unwrap();
        }
    });
}

/// At the end of the process: what is committed while the last drain runs is seen by it, or its thread sees
/// that it has to write by itself.
///
/// Caught: no fence on one side.
#[test]
fn a_record_is_drained_by_the_writer_or_by_its_own_thread() {
    model(|| {
        let (queue, mut readers) = queue();
        let mut producer = producer(&queue);
        readers.look();
        let sender = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                assert!(push(&mut producer, 1));
                queue.wake.wants_attention()
            })
        };
        queue.wake.go_direct();
        let drained = readers.look() > 0;
        let writes_directly = sender.join().unwrap();
        assert!(drained || writes_directly);
    });
}

/// Caught: a mark that does not look again.
#[test]
fn a_record_that_was_committed_before_a_flush_is_covered_by_it() {
    model(|| {
        let (queue, mut readers) = queue();
        let logged = Arc::new(AtomicBool::new(false));
        let asked = Arc::new(AtomicBool::new(false));
        let sender = {
            let (queue, logged) = (Arc::clone(&queue), Arc::clone(&logged));
            thread::spawn(move || {
                assert!(push(&mut producer(&queue), 1));
                logged.store(true, Ordering::Release);
            })
        };
        // Whoever flushes has heard of the record, and the writer hears of the flush.
        let flusher = {
            let asked = Arc::clone(&asked);
            thread::spawn(move || {
                if logged.load(Ordering::Acquire) {
                    asked.store(true, Ordering::Release);
                }
            })
        };
        readers.look();
        let mut seen = read(&mut readers);
        if asked.load(Ordering::Acquire) {
            let mark = readers.mark();
            assert_eq!(readers.has_passed(&mark), seen == [1]);
            seen.extend(read(&mut readers));
            assert_eq!(seen, [1]);
            assert!(readers.has_passed(&mark));
        }
        sender.join().unwrap();
        flusher.join().unwrap();
    });
}

/// Caught: `closed` read after the tail; `closed` published, or seen, without ordering; a ring that goes as
/// soon as it is closed.
#[test]
fn the_ring_of_an_ended_thread_is_read_to_its_end_before_it_goes() {
    model(|| {
        let (queue, mut readers) = queue();
        let sender = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                let mut producer = producer(&queue);
                assert!(push(&mut producer, 1) && push(&mut producer, 2));
                producer.count_shed(Level::Info);
                producer.close();
            })
        };
        let mut seen = Vec::new();
        for _ in 0..2 {
            readers.look();
            seen.extend(read(&mut readers));
        }
        sender.join().unwrap();
        readers.look();
        seen.extend(read(&mut readers));
        readers.look();
        assert_eq!(seen, [1, 2]);
        assert!(readers.rings().is_empty());
        let (accepted, shed) = queue.counts();
        assert_eq!((accepted, shed.in_all().total()), (2, 1));
    });
}

/// The memory of an ended thread's ring goes to a new thread, which writes where the old one wrote and the
/// writer read.
///
/// Caught: as above; and a generation that is read when the list is no longer locked.
#[test]
fn a_memory_is_used_again_by_another_thread_only_when_all_are_done_with_it() {
    model(|| {
        let (queue, mut readers) = queue();
        let [old, new] = [1, 2].map(|number| {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                let mut producer = producer(&queue);
                assert!(push(&mut producer, number));
                producer.close();
            })
        });
        let mut seen = Vec::new();
        readers.look();
        seen.extend(read(&mut readers));
        readers.look();
        old.join().unwrap();
        new.join().unwrap();
        readers.look();
        seen.extend(read(&mut readers));
        seen.sort_unstable();
        assert_eq!(seen, [1, 2]);
    });
}

/// Caught: `closed` published without ordering; an old ring that is closed before its last frame is committed.
#[test]
fn moving_to_a_larger_ring_neither_loses_nor_reorders() {
    model(|| {
        let (queue, mut readers) = queue();
        let clock = Arc::new(AtomicU64::new(0));
        let mut producer = producer(&queue);
        let stamp = Arc::clone(&clock);
        let mut log = move |number: &u64| {
            push_at(&mut producer, *number, || {
                stamp.fetch_add(1, Ordering::AcqRel)
            })
        };
        let mut pushed: Vec<u64> = (0..3).filter(&mut log).collect();
        // The fifth moves on, or finds the old ring full where nothing was offered yet.
        let sender = thread::spawn(move || (3..6).filter(log).collect::<Vec<u64>>());
        let mut seen = Vec::new();
        // The first look offers the larger ring.
        for _ in 0..2 {
            let horizon = clock.load(Ordering::Acquire);
            readers.look();
            seen.extend(read_until(&mut readers, horizon));
        }
        pushed.extend(sender.join().unwrap());
        readers.look();
        seen.extend(read(&mut readers));
        readers.look();
        assert_eq!(seen, pushed);
        assert_eq!(queue.counts().0, pushed.len() as u64);
    });
}

/// Caught: a mark that looks at the rings before it takes what was retired, or not at all.
#[test]
fn what_a_record_refers_to_outlives_it() {
    model(|| {
        let (queue, mut readers) = queue();
        let mut producer = producer(&queue);
        let kept: Arc<dyn Any + Send + Sync> = Arc::new(());
        let watched: Weak<dyn Any + Send + Sync> = Arc::downgrade(&kept);
        let sender = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                assert!(push(&mut producer, 1));
                queue.retire(kept);
            })
        };
        let mut marks = Vec::new();
        for _ in 0..2 {
            marks.push(readers.mark());
            // Nothing was read meanwhile: so it is in a round whose horizon lies before the record.
            marks.retain(|mark| !readers.has_passed(mark));
            readers.look();
            for reader in readers.rings() {
                while reader.peek().is_some() {
                    assert!(watched.strong_count() > 0, "the record refers to it");
                    reader.advance();
                }
            }
        }
        sender.join().unwrap();
        let last = readers.mark();
        read(&mut readers);
        assert!(readers.has_passed(&last));
        drop((last, marks));
        assert_eq!(watched.strong_count(), 0, "it goes with the mark");
    });
}
