use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use tempfile::TempDir;

use super::super::mapping::Mapping;
use super::super::mapping::format::NOTHING;
use super::super::ring::Room;
use super::super::{Bounds, Producer, Queue, Readers};
use super::*;

const FIRST: usize = 4096;
pub(in crate::queue) const ALL: Taken = Taken {
    now: u64::MAX,
    grace: 0,
};

/// A queue in a file, as a living process has it.
struct Living {
    directory: TempDir,
    queue: Arc<Queue>,
    readers: Readers,
}

impl Living {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("rings");
        let bounds = Bounds {
            first_ring_bytes: FIRST,
            largest_ring_bytes: FIRST,
            process_bytes: 256 * FIRST,
            ..Bounds::default()
        };
        let mapping = Mapping::create(path, 2 * bounds.process_bytes).unwrap();
        let queue = Arc::new(Queue::new(bounds, Some(mapping)));
        let readers = Readers::new(Arc::clone(&queue));
        Living {
            directory,
            queue,
            readers,
        }
    }

    fn producer(&self, id: u64, name: &str) -> Producer {
        let thread = Thread {
            id,
            name: Some(name.to_owned()),
        };
        self.queue.new_producer(&thread).unwrap()
    }

    fn path(&self) -> std::path::PathBuf {
        self.directory.path().join("rings")
    }

    fn begin_round(&mut self, state: u64) {
        self.readers.look();
        let files = [Some(FilePosition {
            output: 0,
            device: 2,
            inode: 3,
            length: state,
            is_shared: false,
        })];
        self.readers
            .begin_round([state; ROUND_STATE_WORDS], files.into_iter());
    }

    /// Takes so many records of the first ring.
    fn take(&mut self, count: usize) {
        let reader = &mut self.readers.rings()[0];
        for _ in 0..count {
            assert!(reader.peek().is_some());
            reader.advance();
        }
    }

    fn snapshot(&self, taken: Taken) -> Snapshot {
        read(&self.path(), taken).unwrap()
    }
}

pub(in crate::queue) fn read(path: &Path, taken: Taken) -> Result<Snapshot, Unreadable> {
    let file = File::open(path).unwrap();
    let length = file.metadata().unwrap().len();
    let mut read_at = |offset: u64, count: usize| {
        let mut bytes = vec![0; count];
        file.read_exact_at(&mut bytes, offset).ok()?;
        Some(bytes)
    };
    Snapshot::read(length, &mut read_at, |_| taken)
}

fn push(queue: &Queue, producer: &mut Producer, ticks: u64, payload: &[u8]) {
    match producer.room_for(payload.len(), || ()) {
        Room::Yes => {
            let mut reservation = producer.reserve(payload.len(), || ticks);
            reservation.payload().copy_from_slice(payload);
            reservation.commit(0x100);
        }
        Room::TooLarge => {
            assert!(queue.budget().take(payload.len()));
            let payload = producer.oversize(payload);
            producer
                .push_oversize(payload, 0x100, || ticks, || ())
                .unwrap();
        }
        Room::Full => panic!("the ring is full"),
    }
}

fn stamps(snapshot: &Snapshot) -> Vec<u64> {
    snapshot.frames.iter().map(|frame| frame.ticks).collect()
}

#[test]
fn what_was_committed_is_there_in_the_order_of_stamps() {
    let mut living = Living::new();
    let (mut one, mut two) = (living.producer(7, "one"), living.producer(8, ""));
    push(&living.queue, &mut one, 10, b"a");
    push(&living.queue, &mut two, 11, b"b");
    push(&living.queue, &mut one, 12, &[5; 10_000]);
    // Reserved and never committed.
    assert_eq!(two.room_for(100, || ()), Room::Yes);
    two.reserve(100, || 0).payload().fill(0xff);
    let snapshot = living.snapshot(ALL);
    assert_eq!(stamps(&snapshot), [10, 11, 12]);
    assert_eq!((snapshot.in_round, snapshot.lost), (0, 0));
    let [a, b, large] = &snapshot.frames[..] else {
        panic!("three")
    };
    assert_eq!((&a.payload[..], a.flags), (&b"a"[..], 0x100));
    assert_eq!(a.thread.as_ref().unwrap().name.as_deref(), Some("one"));
    assert_eq!(b.thread.as_ref().unwrap().id, 8);
    assert_eq!(b.thread.as_ref().unwrap().name, None);
    assert_eq!(large.payload, [5; 10_000]);
    assert_eq!(snapshot.process_id, std::process::id());
    living.readers.look();
}

#[test]
fn a_round_that_was_begun_comes_first_and_the_ones_before_it_are_done() {
    let mut living = Living::new();
    let mut producer = living.producer(1, "one");
    for ticks in 10..16 {
        push(&living.queue, &mut producer, ticks, b"x");
    }
    living.begin_round(100);
    living.take(2);
    let snapshot = living.snapshot(ALL);
    assert_eq!(
        (stamps(&snapshot).len(), snapshot.in_round),
        (6, 6),
        "begun, not done"
    );
    assert_eq!((snapshot.state[0], snapshot.files[0].length), (100, 100));
    push(&living.queue, &mut producer, 16, b"x");
    push(&living.queue, &mut producer, 17, b"x");
    living.begin_round(200);
    push(&living.queue, &mut producer, 20, b"later");
    let snapshot = living.snapshot(Taken { now: 17, grace: 0 });
    assert_eq!(stamps(&snapshot), [12, 13, 14, 15, 16, 17, 20]);
    assert_eq!(snapshot.in_round, 5, "those before the horizon");
    assert_eq!(snapshot.state[15], 200);
    let snapshot = living.snapshot(Taken { now: 17, grace: 1 });
    assert_eq!(snapshot.in_round, 4);
    let restarted = living.snapshot(Taken { now: 14, grace: 0 });
    assert_eq!(
        restarted.in_round, 4,
        "and what had been seen before, whatever its stamp"
    );
    living.take(6);
    living.begin_round(300);
    let snapshot = living.snapshot(ALL);
    assert_eq!((stamps(&snapshot), snapshot.in_round), (vec![20], 1));
}

#[test]
fn room_only_comes_back_when_the_next_round_says_that_all_is_written() {
    let mut living = Living::new();
    let mut producer = living.producer(1, "one");
    let mut count = 0;
    while producer.room_for(48, || ()) == Room::Yes {
        push(&living.queue, &mut producer, count, &[1; 48]);
        count += 1;
    }
    living.begin_round(1);
    living.take(usize::try_from(count).unwrap());
    living.readers.end_round();
    assert_eq!(
        producer.room_for(48, || ()),
        Room::Full,
        "taken, and perhaps not written"
    );
    assert_eq!(living.snapshot(ALL).frames.len() as u64, count);
    living.begin_round(2);
    assert_eq!(producer.room_for(48, || ()), Room::Yes);
    assert_eq!(living.snapshot(ALL).frames.len(), 0);
}

#[test]
fn rings_and_oversize_records_of_ended_threads_give_their_parts_of_the_file_back() {
    let mut living = Living::new();
    let mut length = None;
    for turn in 0..50_u64 {
        let mut producer = living.producer(turn, "short");
        push(&living.queue, &mut producer, turn, &[2; 20_000]);
        producer.close();
        drop(producer);
        living.begin_round(turn);
        living.take(1);
        living.begin_round(turn);
        living.begin_round(turn);
        let blocks =
            std::os::unix::fs::MetadataExt::blocks(&std::fs::metadata(living.path()).unwrap());
        assert!(blocks <= *length.get_or_insert(blocks), "turn {turn}");
    }
    assert_eq!(living.snapshot(ALL).frames.len(), 0);
    let used = living.queue.sizes().0;
    assert_eq!(used, 0, "the bound has everything back");
}

#[test]
fn what_finds_no_room_is_on_the_heap_and_told() {
    let directory = tempfile::tempdir().unwrap();
    let mapping = Mapping::create(directory.path().join("rings"), 4 * FIRST).unwrap();
    let bounds = Bounds {
        first_ring_bytes: FIRST,
        largest_ring_bytes: FIRST,
        process_bytes: 256 * FIRST,
        ..Bounds::default()
    };
    let queue = Queue::new(bounds, Some(Arc::clone(&mapping)));
    let thread = Thread { id: 1, name: None };
    let mut first = queue.new_producer(&thread).unwrap();
    assert!(!mapping.was_short());
    push(&queue, &mut first, 1, &[1; 20_000]);
    assert!(
        mapping.was_short(),
        "the record is too large for what is left"
    );
    let others: Vec<_> = (0..4)
        .map(|_| queue.new_producer(&thread).unwrap())
        .collect();
    assert!(mapping.was_short() && !mapping.was_short(), "told once");
    let snapshot = read(mapping.path(), ALL).unwrap();
    assert_eq!(
        (snapshot.frames.len(), snapshot.lost),
        (0, 1),
        "known to have been there"
    );
    drop((first, others));
}

/// Kind, number and bytes.
type Entry = (u32, u64, Vec<u8>);

/// All entries that say something.
fn entries(path: &Path) -> Vec<Entry> {
    let snapshot = read(path, ALL).unwrap();
    let entries = snapshot.entries().filter(|(kind, _)| *kind != NOTHING);
    entries
        .map(|(kind, entry)| {
            let (number, entry) = entry.split_first_chunk().unwrap();
            (kind, u64::from_ne_bytes(*number), entry.to_vec())
        })
        .collect()
}

#[test]
fn entries_come_back_in_their_order_and_a_child_inherits_those_of_one_kind() {
    let living = Living::new();
    let mapping = living.queue.mapping().unwrap();
    assert!(mapping.describe(1, 10, b"first"));
    assert!(mapping.describe(2, 10, b""));
    let large = vec![7; 200_000];
    assert!(mapping.describe(3, 11, &large));
    assert!(
        !mapping.describe(4, 12, &vec![0; 40 << 20]),
        "there is no room"
    );
    assert!(mapping.describe(1, 13, b"second"));
    let path = living.directory.path().join("child");
    let child = Mapping::create(path.clone(), 1 << 20).unwrap();
    child.inherit(mapping, 1);
    assert!(child.describe(5, 10, b"its own"));
    let expected = [
        (1, 10, b"first".to_vec()),
        (2, 10, Vec::new()),
        (3, 11, large),
        (1, 13, b"second".to_vec()),
    ];
    assert_eq!(entries(&living.path()), expected);
    let of_child = [
        expected[0].clone(),
        expected[3].clone(),
        (5, 10, b"its own".to_vec()),
    ];
    assert_eq!(entries(&path), of_child);
}

#[test]
fn a_number_that_is_used_again_says_the_new_and_takes_no_more_room() {
    let living = Living::new();
    let mapping = living.queue.mapping().unwrap();
    assert!(mapping.describe(7, 1, b"stays"));
    let text = |turn: usize| format!("of turn {turn}: {}", "x".repeat(turn % 150));
    for turn in 0..200_000 {
        assert!(mapping.describe(2, 5, text(turn).as_bytes()), "turn {turn}");
        if turn % 1_000 == 0 {
            // And once more, as threads do that come at the same time.
            assert!(mapping.describe(2, 5, text(turn).as_bytes()));
            let expected = [(7, 1, b"stays".to_vec()), (2, 5, text(turn).into_bytes())];
            assert_eq!(entries(&living.path()), expected);
        }
    }
    let snapshot = living.snapshot(ALL);
    assert!(snapshot.entries.len() < 1_000, "{}", snapshot.entries.len());
}

#[test]
fn a_number_for_whose_new_sense_there_is_no_room_has_none() {
    let living = Living::new();
    let mapping = living.queue.mapping().unwrap();
    assert!(mapping.describe(2, 1, b"old"));
    assert!(mapping.describe(2, 2, &vec![0; 31 << 20]));
    assert!(!mapping.describe(2, 1, &vec![0; 2 << 20]));
    assert!(entries(&living.path()).iter().all(|entry| entry.1 == 2));
    assert!(mapping.describe(2, 1, b"new"));
    assert!(entries(&living.path()).contains(&(2, 1, b"new".to_vec())));
}

/// What a record refers to may be given up, and its address used again, only when the record can no longer be recovered.
#[test]
fn what_is_retired_is_kept_until_what_refers_to_it_is_said_to_be_written() {
    let mut living = Living::new();
    let mut producer = living.producer(1, "one");
    let shared: Arc<u64> = Arc::new(5);
    push(&living.queue, &mut producer, 10, b"refers to it");
    let weak = Arc::downgrade(&shared);
    living.queue.retire(shared);
    living.begin_round(1);
    let mark = living.readers.mark();
    living.take(1);
    living.readers.end_round();
    assert!(!living.readers.has_passed(&mark), "read, and not written");
    assert_eq!(stamps(&living.snapshot(ALL)), [10]);
    living.begin_round(2);
    assert!(living.readers.has_passed(&mark));
    assert_eq!(stamps(&living.snapshot(ALL)), [0; 0]);
    assert!(weak.upgrade().is_some(), "the mark has it");
    drop(mark);
    assert!(weak.upgrade().is_none());
}

/// The same where the ring's thread ends meanwhile, and its part of the file becomes another's.
#[test]
fn what_is_retired_is_kept_until_a_ring_that_is_closed_is_said_to_be_written() {
    let mut living = Living::new();
    let mut producer = living.producer(1, "one");
    push(&living.queue, &mut producer, 10, b"refers to it");
    producer.close();
    drop(producer);
    living.queue.retire(Arc::new(5));
    living.begin_round(1);
    let mark = living.readers.mark();
    living.take(1);
    living.readers.end_round();
    living.readers.look();
    assert!(!living.readers.has_passed(&mark));
    assert_eq!(stamps(&living.snapshot(ALL)), [10]);
    living.begin_round(2);
    living.readers.look();
    assert!(living.readers.has_passed(&mark));
    assert_eq!(stamps(&living.snapshot(ALL)), [0; 0]);
}

#[test]
fn what_is_no_snapshot_is_told_from_one_of_another_version() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rings");
    std::fs::write(&path, b"short").unwrap();
    assert_eq!(read(&path, ALL), Err(Unreadable::NotOurs));
    let mut header = vec![0; HEADER_BYTES];
    std::fs::write(&path, &header).unwrap();
    assert_eq!(read(&path, ALL), Err(Unreadable::NotOurs));
    header[..8].copy_from_slice(&MAGIC.to_ne_bytes());
    std::fs::write(&path, &header).unwrap();
    assert_eq!(read(&path, ALL), Err(Unreadable::OtherMachine));
    header[AT_MACHINE..AT_MACHINE + 8].copy_from_slice(&machine().to_ne_bytes());
    header[AT_VERSION] = 99;
    std::fs::write(&path, &header).unwrap();
    assert!(matches!(read(&path, ALL), Err(Unreadable::OtherVersion(_))));
}

/// Frames that all refer to the same part of the file once took as much memory as there are frames times its size.
#[test]
fn parts_that_are_referred_to_again_and_again_take_no_more_than_the_file() {
    let living = Living::new();
    let mut producer = living.producer(1, "one");
    let length = std::fs::metadata(living.path()).unwrap().len();
    let part = usize::try_from(length).unwrap() - REGIONS;
    for ticks in 0..60 {
        assert_eq!(producer.room_for(OVERSIZE_PAYLOAD, || ()), Room::Yes);
        let mut reservation = producer.reserve(OVERSIZE_PAYLOAD, || ticks);
        let (offset, count) = reservation.payload().split_at_mut(size_of::<usize>());
        offset.copy_from_slice(&REGIONS.to_ne_bytes());
        count.copy_from_slice(&part.to_ne_bytes());
        reservation.commit(OVERSIZE | MAPPED);
    }
    let snapshot = living.snapshot(ALL);
    let taken: usize = snapshot
        .frames
        .iter()
        .map(|frame| frame.payload.len())
        .sum();
    assert!((part..=usize::try_from(length).unwrap()).contains(&taken));
    assert_eq!(snapshot.lost + snapshot.frames.len() as u64, 60);
    // Its own process would not survive the damage.
    std::mem::forget((producer, living.readers, living.queue));
}

proptest! {
    /// A history of pushes and rounds that ends at any moment: what was not said to be written is there, whole and in order.
    #[test]
    fn nothing_is_missing_at_any_moment(steps in prop::collection::vec((0_u8..4, 0_usize..3_000), 0..60)) {
        let mut living = Living::new();
        let mut producers = [living.producer(0, "zero"), living.producer(1, "one")];
        let (mut ticks, mut waiting, mut taken) = (0_u64, VecDeque::new(), 0);
        for (step, size) in steps {
            match step {
                0 | 1 => {
                    let producer = &mut producers[usize::from(step)];
                    if producer.room_for(size, || ()) == Room::Full
                        || (size > producer.largest_payload() && producer.room_for(16, || ()) == Room::Full)
                    {
                        continue;
                    }
                    ticks += 1;
                    #[allow(clippy::cast_possible_truncation)]
                    let payload = vec![ticks as u8; size];
                    push(&living.queue, producer, ticks, &payload);
                    waiting.push_back((ticks, payload));
                }
                2 => {
                    living.begin_round(ticks);
                    waiting.drain(..taken);
                    taken = 0;
                }
                _ => {
                    // The writer takes everything that its last look has seen.
                    for reader in living.readers.rings() {
                        while reader.peek().is_some() {
                            reader.advance();
                            taken += 1;
                        }
                    }
                }
            }
            let snapshot = living.snapshot(ALL);
            prop_assert_eq!(snapshot.lost, 0);
            let found: Vec<_> = snapshot.frames.into_iter().map(|frame| (frame.ticks, frame.payload)).collect();
            prop_assert_eq!(&found, &waiting.iter().cloned().collect::<Vec<_>>());
        }
    }

    /// Whatever stands in the file.
    #[test]
    fn any_damage_is_survived(damage in prop::collection::vec((0_usize..5, 0_usize..6_000, any::<u8>()), 1..40)) {
        let mut living = Living::new();
        let mut producer = living.producer(1, "one");
        for ticks in 0..20 {
            push(&living.queue, &mut producer, ticks, &[1; 40]);
        }
        push(&living.queue, &mut producer, 20, &[2; 5_000]);
        living.queue.mapping().unwrap().describe(1, 1, b"entry");
        living.queue.put_down(1, b"scope").unwrap();
        living.begin_round(1);
        let file = File::options().write(true).open(living.path()).unwrap();
        for (part, at, byte) in damage {
            let start = [0, SLOTS, REGIONS, FILES, SHELVES][part];
            // All but the words that say whose file it is.
            let at = if part == 0 { at.max(AT_PROCESS_ID) } else { at };
            file.write_all_at(&[byte], (start + at) as u64).unwrap();
        }
        let snapshot = living.snapshot(ALL);
        prop_assert!(snapshot.frames.len() <= 64);
        prop_assert!(snapshot.files.len() <= MOST_FILES);
        prop_assert!(snapshot.on_shelves().count() <= MOST_SHELVES * SHELF_BYTES / LEAST_PLACE_BYTES);
        // Its own process would not survive the damage.
        std::mem::forget((producer, living.readers, living.queue));
    }
}
