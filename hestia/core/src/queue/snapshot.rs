//! What a process that is gone left in its mapped file (see [`mapping`](super::mapping)): read with care, since nobody
//! knows in what moment it ended, nor whether the file is what it says.
//!
//! Whoever recovers runs it. Everything is copied out and checked; no number that is read is used as an address. Frames
//! come in the order in which the writer of that process would have taken them: first those of the round that it was
//! about to write, then what it had not come to.
//!
//! *Invariant:* any bytes whatever give a snapshot or an error, within twice the file's own size in memory.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::mapping::format::{
    AT_CAPACITY, AT_ENTRIES, AT_MACHINE, AT_MAGIC, AT_NAME, AT_NAME_LENGTH, AT_PLACE_BYTES,
    AT_PLACE_LENGTH, AT_PROCESS_ID, AT_REACH, AT_REGION, AT_RING, AT_ROUND, AT_ROUND_FILES,
    AT_ROUND_NUMBER, AT_ROUND_STATE, AT_ROUNDS, AT_SHELVES, AT_SLOTS, AT_THREAD_ID, AT_VERSION,
    ENTRIES, FILE_BYTES, FILE_WORDS, FILES, HEADER_BYTES, LEAST_PLACE_BYTES, MAGIC,
    MOST_ENTRY_BYTES, MOST_FILES, MOST_PLACE_BYTES, MOST_SHELVES, MOST_SLOTS, NAME_BYTES, REGIONS,
    RING_SIDE_BYTES, ROUND_STATE_WORDS, SHARED_BY_THREADS, SHELF_BYTES, SHELVES, SLOT_BYTES, SLOTS,
    VERSION, machine,
};
use super::ring::{HEADER, MAPPED, OVERSIZE, OVERSIZE_PAYLOAD, PADDING};
use crate::position::FilePosition;
use crate::thread::Thread;

/// Reads so many bytes from an offset of the file; `None` where there are not so many.
pub(crate) type ReadAt<'f> = dyn FnMut(u64, usize) -> Option<Vec<u8>> + 'f;

/// Why a file is no snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It ends too early, or begins with something else: the process was killed while it made it, or it is another
    /// program's.
    NotOurs,
    /// Another version of hestia wrote it.
    OtherVersion(u64),
    /// A machine with another byte order or other sizes wrote it.
    OtherMachine,
}

/// What was left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Snapshot {
    pub(crate) process_id: u32,
    /// What the writer put there for the round that counts.
    pub(crate) state: [u64; ROUND_STATE_WORDS],
    /// The files as they were before that round.
    pub(crate) files: Vec<FilePosition>,
    /// The round knew of the outputs whose numbers are below this one.
    pub(crate) outputs: u64,
    entries: Vec<u8>,
    shelves: Vec<u8>,
    /// In the writer's order.
    pub(crate) frames: Vec<LeftFrame>,
    /// How many of them, from the first, the round that counts was about to write.
    pub(crate) in_round: usize,
    /// Records of which nothing is left but that they were there.
    pub(crate) lost: u64,
}

/// A record as it lay in its ring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LeftFrame {
    pub(crate) flags: u32,
    pub(crate) ticks: u64,
    pub(crate) payload: Vec<u8>,
    /// The owner of the ring; none for one that threads shared.
    pub(crate) thread: Option<std::sync::Arc<Thread>>,
}

/// What is left in one ring.
struct LeftRing {
    number: u64,
    /// Positions and frames, in order.
    frames: VecDeque<(u64, LeftFrame)>,
    seen: u64,
    end: u64,
}

impl LeftRing {
    /// Where its next frame comes in the order, if the round took it: stamp, and number and place of the ring.
    fn next(&self, by: Option<Taken>, place: usize) -> Option<Reverse<(u64, u64, usize)>> {
        let (position, frame) = self.frames.front()?;
        let is_taken = by.is_none_or(|round| {
            is_before(*position, self.end) && round.takes(frame, is_before(*position, self.seen))
        });
        is_taken.then_some(Reverse((frame.ticks, self.number, place)))
    }
}

/// Which stamps the round that counts took: `writer::merge` has the rule.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    pub(crate) now: u64,
    pub(crate) grace: u64,
}

impl Taken {
    fn takes(self, frame: &LeftFrame, seen_before: bool) -> bool {
        frame.ticks < self.now.saturating_sub(self.grace)
            || (seen_before && frame.ticks >= self.now)
    }
}

fn word(bytes: &[u8], at: usize) -> u64 {
    let bytes = bytes
        .get(at..at + 8)
        .and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0, u64::from_ne_bytes)
}

fn half(bytes: &[u8], at: usize) -> u32 {
    let bytes = bytes
        .get(at..at + 4)
        .and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0, u32::from_ne_bytes)
}

/// Compares positions, which may have passed the end of their type.
fn is_before(position: u64, other: u64) -> bool {
    other.wrapping_sub(position).cast_signed() > 0
}

impl Snapshot {
    /// Reads a file of so many bytes. `taken` finds in the writer's words which stamps its round took.
    pub(crate) fn read(
        length: u64,
        read_at: &mut ReadAt<'_>,
        taken: impl FnOnce(&[u64; ROUND_STATE_WORDS]) -> Taken,
    ) -> Result<Self, Unreadable> {
        // Parts of a sound file do not overlap. Of one that is damaged, a few bytes could refer to all of it again and again.
        let mut left = length;
        let read_at: &mut ReadAt<'_> = &mut |offset, count| {
            left = left.checked_sub(count as u64)?;
            read_at(offset, count)
        };
        let header = read_at(0, HEADER_BYTES).ok_or(Unreadable::NotOurs)?;
        if word(&header, AT_MAGIC) != MAGIC {
            return Err(Unreadable::NotOurs);
        }
        if word(&header, AT_MACHINE) != machine() {
            return Err(Unreadable::OtherMachine);
        }
        if word(&header, AT_VERSION) != VERSION {
            return Err(Unreadable::OtherVersion(word(&header, AT_VERSION)));
        }
        let number = word(&header, AT_ROUND);
        let side = usize::from(number % 2 == 1);
        let round = &header[AT_ROUNDS[side]..];
        let mut snapshot = Snapshot {
            process_id: u32::try_from(word(&header, AT_PROCESS_ID)).unwrap_or(0),
            ..Snapshot::default()
        };
        if number > 0 && word(round, AT_ROUND_NUMBER) == number {
            snapshot.state = std::array::from_fn(|at| word(round, AT_ROUND_STATE + 8 * at));
            let count = bounded(word(round, AT_ROUND_FILES), MOST_FILES);
            let slots = read_at(FILES as u64, count * FILE_BYTES).unwrap_or_default();
            snapshot.files = files(&slots, side);
            snapshot.outputs = count as u64;
        }
        let shelves = bounded(word(&header, AT_SHELVES), MOST_SHELVES);
        snapshot.shelves = read_at(SHELVES as u64, shelves * SHELF_BYTES).unwrap_or_default();
        let entries = bounded(word(&header, AT_ENTRIES), MOST_ENTRY_BYTES);
        snapshot.entries = read_at(ENTRIES as u64, entries).unwrap_or_default();
        let slots = bounded(word(&header, AT_SLOTS), MOST_SLOTS);
        let slots = read_at(SLOTS as u64, slots * SLOT_BYTES).unwrap_or_default();
        let mut rings = Vec::new();
        for slot in slots.chunks_exact(SLOT_BYTES) {
            rings.extend(ring(slot, side, length, read_at, &mut snapshot.lost));
        }
        let taken = taken(&snapshot.state);
        merge(&mut rings, Some(taken), &mut snapshot.frames);
        snapshot.in_round = snapshot.frames.len();
        merge(&mut rings, None, &mut snapshot.frames);
        Ok(snapshot)
    }

    /// The entries, in the order they were added: kind and bytes.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (u32, &[u8])> {
        let mut rest = &self.entries[..];
        std::iter::from_fn(move || {
            let (kind, length) = (half(rest, 0), half(rest, 4) as usize);
            let entry = rest.get(8..)?.get(..length)?;
            rest = rest
                .get(8 + length.next_multiple_of(8)..)
                .unwrap_or_default();
            Some((kind, entry))
        })
    }

    /// What was put down on shelves: numbers, and what they stand for.
    pub(crate) fn on_shelves(&self) -> impl Iterator<Item = (u64, &[u8])> {
        self.shelves.chunks_exact(SHELF_BYTES).flat_map(on_shelf)
    }
}

fn bounded(number: u64, most: usize) -> usize {
    usize::try_from(number).map_or(most, |number| number.min(most))
}

/// Those that are known, by the numbers of their outputs.
fn files(slots: &[u8], side: usize) -> Vec<FilePosition> {
    let mut files = Vec::new();
    for (output, slot) in slots.chunks_exact(FILE_BYTES).enumerate() {
        let at = |field: usize| word(slot, 8 * (side * FILE_WORDS + field));
        let words = std::array::from_fn(at);
        files.extend(FilePosition::of_words(output as u64, words));
    }
    files
}

/// What stands on a shelf. One that says no size that there is has nothing.
fn on_shelf(shelf: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    let bytes = usize::try_from(word(shelf, 0)).unwrap_or(0);
    let is_sound =
        bytes.is_power_of_two() && (LEAST_PLACE_BYTES..=MOST_PLACE_BYTES).contains(&bytes);
    let places = if is_sound { shelf } else { &[] };
    let said = |place| {
        let number = Some(word(place, 0)).filter(|number| *number != 0)?;
        let length = usize::try_from(word(place, AT_PLACE_LENGTH)).ok()?;
        Some((number, place.get(AT_PLACE_BYTES..)?.get(..length)?))
    };
    let places = places.chunks_exact(bytes.max(1)).skip(1);
    places.filter_map(said)
}

/// What is left in the ring of a slot. Where frames make no sense, the rest of the ring is lost.
fn ring(
    slot: &[u8],
    side: usize,
    file_length: u64,
    read_at: &mut ReadAt<'_>,
    lost: &mut u64,
) -> Option<LeftRing> {
    let number = word(slot, AT_RING);
    if number == 0 {
        return None;
    }
    let (region, capacity) = (word(slot, AT_REGION), word(slot, AT_CAPACITY));
    let is_sound = capacity.is_power_of_two()
        && capacity >= HEADER as u64
        && region >= REGIONS as u64
        && region.checked_add(RING_SIDE_BYTES as u64 + capacity)? <= file_length;
    if !is_sound {
        *lost += 1;
        return None;
    }
    let Some(side_bytes) = read_at(region, RING_SIDE_BYTES) else {
        *lost += 1;
        return None;
    };
    let tail = word(&side_bytes, 0);
    let start = word(slot, AT_REACH[side]);
    let (seen, end) = (
        word(slot, AT_REACH[side] + 8),
        word(slot, AT_REACH[side] + 16),
    );
    let mut left = LeftRing {
        number,
        frames: VecDeque::new(),
        seen,
        end,
    };
    if tail == start {
        return Some(left);
    }
    if tail.wrapping_sub(start) > capacity {
        *lost += 1;
        return None;
    }
    let capacity_bytes = usize::try_from(capacity).ok()?;
    let Some(bytes) = read_at(region + RING_SIDE_BYTES as u64, capacity_bytes) else {
        *lost += 1;
        return None;
    };
    let thread = thread(slot).map(std::sync::Arc::new);
    let mut position = start;
    while position != tail {
        #[allow(
            clippy::cast_possible_truncation,
            reason = "a remainder by the length of a vector"
        )]
        let at = (position % capacity) as usize;
        let left_in_ring = tail.wrapping_sub(position);
        let (frame_length, flags) = (half(&bytes, at) as usize, half(&bytes, at + 4));
        let step = (frame_length as u64).next_multiple_of(8);
        let is_padding = flags & PADDING != 0;
        if step == 0 || step > left_in_ring || (!is_padding && frame_length < HEADER) {
            *lost += 1;
            break;
        }
        let frame = bytes.get(at..at + frame_length);
        let payload = frame.and_then(|frame| frame.get(HEADER..));
        if !is_padding {
            match payload.and_then(|payload| whole(payload, flags, file_length, read_at)) {
                Some(payload) => {
                    let frame = LeftFrame {
                        flags: flags & !(OVERSIZE | MAPPED),
                        ticks: word(&bytes, at + 8),
                        payload,
                        thread: thread.clone(),
                    };
                    left.frames.push_back((position, frame));
                }
                None => *lost += 1,
            }
        }
        position = position.wrapping_add(step);
    }
    Some(left)
}

/// The record itself; `None` when it was on the heap of the process.
fn whole(
    payload: &[u8],
    flags: u32,
    file_length: u64,
    read_at: &mut ReadAt<'_>,
) -> Option<Vec<u8>> {
    if flags & OVERSIZE == 0 {
        return Some(payload.to_vec());
    }
    if flags & MAPPED == 0 || payload.len() < OVERSIZE_PAYLOAD {
        return None;
    }
    let address = |at: usize| -> Option<u64> {
        let bytes = payload.get(at..at + size_of::<usize>())?;
        Some(usize::from_ne_bytes(bytes.try_into().ok()?) as u64)
    };
    let (offset, length) = (address(0)?, address(size_of::<usize>())?);
    let is_sound = offset >= REGIONS as u64 && offset.checked_add(length)? <= file_length;
    if !is_sound {
        return None;
    }
    read_at(offset, usize::try_from(length).ok()?)
}

fn thread(slot: &[u8]) -> Option<Thread> {
    let length = word(slot, AT_NAME_LENGTH);
    if length == SHARED_BY_THREADS {
        return None;
    }
    let name = &slot[AT_NAME..AT_NAME + bounded(length, NAME_BYTES)];
    Some(Thread {
        id: word(slot, AT_THREAD_ID),
        name: (!name.is_empty()).then(|| String::from_utf8_lossy(name).into_owned()),
    })
}

/// Takes frames off the front of the rings, all or those that a round took, the one with the smallest stamp first; of equal
/// stamps, the one of the ring that was made first.
fn merge(rings: &mut [LeftRing], by: Option<Taken>, merged: &mut Vec<LeftFrame>) {
    let mut next = BinaryHeap::new();
    for (place, ring) in rings.iter().enumerate() {
        if let Some(front) = ring.next(by, place) {
            next.push(front);
        }
    }
    while let Some(Reverse((_, _, place))) = next.pop() {
        let ring = &mut rings[place];
        merged.extend(ring.frames.pop_front().map(|(_, frame)| frame));
        if let Some(front) = ring.next(by, place) {
            next.push(front);
        }
    }
}

#[cfg(test)]
#[cfg(all(unix, not(loom)))]
pub(in crate::queue) mod tests;
