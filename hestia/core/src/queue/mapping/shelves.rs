//! What scopes say, put down in the mapped file once for all records that refer to one by its number.
//!
//! Callers' threads put it down before the first such record, and whoever drops a scope takes it away: the writer, most often.
//! Scopes come and go by the million, so nothing here is searched for, and nobody waits. The file has shelves of places of one
//! size each; a free place is taken off a list and goes back to it. Where the list is somebody else's at this moment, or nothing
//! is free and there is no room for another shelf, nothing is put down, and the record has a copy.
//!
//! *Invariant:* whenever the process ends, each place says something whole, or nothing. A number stands in one place at most.

use std::sync::Mutex;
use std::sync::atomic::Ordering;

use super::format::{
    AT_PLACE_BYTES, AT_PLACE_LENGTH, AT_SHELVES, LEAST_PLACE_BYTES, MOST_PLACE_BYTES, MOST_SHELVES,
    SHELF_BYTES, SHELVES,
};
use super::{Mapping, PAGE, preallocate};
use crate::sync::lock;

/// How many sizes of places there are.
const SIZES: usize = (MOST_PLACE_BYTES / LEAST_PLACE_BYTES).ilog2() as usize + 1;

/// The most that can be put down, in bytes.
pub(crate) const MOST_SHELVED_BYTES: usize = MOST_PLACE_BYTES - AT_PLACE_BYTES;

/// Which places are free.
#[derive(Debug, Default)]
pub(super) struct Shelves {
    /// By size.
    free: [Mutex<Vec<usize>>; SIZES],
    /// How many there are.
    count: Mutex<usize>,
}

fn place_bytes(size: usize) -> usize {
    LEAST_PLACE_BYTES << size
}

impl Mapping {
    /// Puts down what a number, which is not 0, stands for; returns where. `None` where that cannot be done at once.
    pub(in crate::queue) fn put_down(&self, number: u64, bytes: &[u8]) -> Option<usize> {
        let size = (0..SIZES).find(|size| AT_PLACE_BYTES + bytes.len() <= place_bytes(*size))?;
        let place = {
            let mut free = self.shelves.free[size].try_lock().ok()?;
            if free.is_empty() {
                self.add_shelf(size, &mut free)?;
            }
            free.pop()?
        };
        let length = bytes.len() as u64;
        self.word(place + AT_PLACE_LENGTH)
            .store(length, Ordering::Relaxed);
        self.put(place + AT_PLACE_BYTES, bytes);
        // Last: with it the place says something.
        self.word(place).store(number, Ordering::Release);
        Some(place)
    }

    /// Takes away what was put down: nothing that may have to be recovered refers to it any more. To be called once, before the
    /// number can stand for something else.
    pub(in crate::queue) fn take_down(&self, place: usize) {
        let shelf = place - (place - SHELVES) % SHELF_BYTES;
        // It never changes.
        let bytes = self.word(shelf).load(Ordering::Relaxed);
        self.word(place).store(0, Ordering::Release);
        let size = (bytes / LEAST_PLACE_BYTES as u64).trailing_zeros() as usize;
        lock(&self.shelves.free[size]).push(place);
    }

    /// A shelf more. The thread that finds none pays for it: as many pages as a shelf has, for hundreds of scopes that are
    /// there at the same time.
    fn add_shelf(&self, size: usize, free: &mut Vec<usize>) -> Option<()> {
        let mut count = self.shelves.count.try_lock().ok()?;
        if *count == MOST_SHELVES {
            return None;
        }
        let start = SHELVES + *count * SHELF_BYTES;
        preallocate(&self.file, start, SHELF_BYTES).ok()?;
        // Every page is touched, so that no later statement meets its page fault.
        for page in (start..start + SHELF_BYTES).step_by(PAGE) {
            self.word(page).store(0, Ordering::Relaxed);
        }
        let bytes = place_bytes(size);
        self.word(start).store(bytes as u64, Ordering::Relaxed);
        *count += 1;
        self.word(AT_SHELVES)
            .store(*count as u64, Ordering::Release);
        // The first one is where the size stands.
        let places = (start + bytes..start + SHELF_BYTES).step_by(bytes);
        free.extend(places.rev());
        Some(())
    }
}

#[cfg(all(test, unix, not(loom)))]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use proptest::prelude::*;
    use tempfile::TempDir;

    use super::*;
    use crate::queue::snapshot::tests::{ALL, read};

    fn mapping() -> (TempDir, Arc<Mapping>) {
        let directory = tempfile::tempdir().expect("a directory");
        let mapping =
            Mapping::create(directory.path().join("rings"), 1 << 20).expect("a mapped file");
        (directory, mapping)
    }

    /// All that somebody who finds the file reads, each number once.
    fn said(mapping: &Mapping) -> BTreeMap<u64, Vec<u8>> {
        let snapshot = read(mapping.path(), ALL).expect("it is readable");
        let mut said = BTreeMap::new();
        for (number, bytes) in snapshot.on_shelves() {
            assert!(
                said.insert(number, bytes.to_vec()).is_none(),
                "{number} twice"
            );
        }
        said
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        /// Put down and taken down in any order, in all sizes: what is down is there, whole, and nothing else.
        #[test]
        fn what_was_put_down_is_there_until_it_is_taken_down(
            steps in prop::collection::vec((prop::option::of(any::<prop::sample::Index>()), 0..MOST_SHELVED_BYTES + 2), 1..120)
        ) {
            let (_directory, mapping) = mapping();
            let mut down: Vec<(u64, usize, Vec<u8>)> = Vec::new();
            for (turn, (takes, length)) in (1_u64..).zip(steps) {
                match takes {
                    Some(which) if !down.is_empty() => {
                        let (_, place, _) = down.swap_remove(which.index(down.len()));
                        mapping.take_down(place);
                    }
                    _ => {
                        #[allow(clippy::cast_possible_truncation)]
                        let bytes = vec![turn as u8; length];
                        let place = mapping.put_down(turn, &bytes);
                        prop_assert_eq!(place.is_some(), length <= MOST_SHELVED_BYTES);
                        down.extend(place.map(|place| (turn, place, bytes)));
                    }
                }
            }
            let expected = down.into_iter().map(|(number, _, bytes)| (number, bytes)).collect();
            prop_assert_eq!(said(&mapping), expected);
        }
    }

    #[test]
    fn scopes_that_come_and_go_take_one_shelf() {
        let (_directory, mapping) = mapping();
        for number in 1..100_000 {
            let place = mapping.put_down(number, &[3; 100]).unwrap();
            mapping.take_down(place);
        }
        assert_eq!(mapping.word(AT_SHELVES).load(Ordering::Relaxed), 1);
        assert_eq!(said(&mapping), BTreeMap::new());
    }

    #[test]
    fn beyond_all_shelves_nothing_is_put_down_until_something_is_taken_down() {
        let (_directory, mapping) = mapping();
        let mut places = Vec::new();
        while let Some(place) = mapping.put_down(1 + places.len() as u64, &[1; 4_000]) {
            places.push(place);
        }
        assert_eq!(
            places.len(),
            MOST_SHELVES * (SHELF_BYTES / MOST_PLACE_BYTES - 1)
        );
        assert!(
            mapping.put_down(1, b"").is_none(),
            "no shelf for small ones"
        );
        let numbers: Vec<u64> = said(&mapping).into_keys().collect();
        assert_eq!(numbers, (1..=places.len() as u64).collect::<Vec<_>>());
        mapping.take_down(places.remove(7));
        assert!(mapping.put_down(8, &[1; 4_000]).is_some());
        assert!(!mapping.was_short(), "records have copies: nothing is lost");
    }

    #[test]
    fn threads_put_down_and_take_down_what_each_of_them_finds_as_it_was() {
        let (_directory, mapping) = mapping();
        std::thread::scope(|scope| {
            for thread in 1..=4_u64 {
                let mapping = &mapping;
                scope.spawn(move || {
                    let mut down = Vec::new();
                    for turn in 0..20_000_u64 {
                        let number = thread << 32 | turn;
                        let bytes = vec![thread as u8; usize::try_from(turn % 700).unwrap()];
                        down.extend(
                            mapping
                                .put_down(number, &bytes)
                                .map(|place| (number, place)),
                        );
                        if turn % 3 > 0
                            && let Some((number, place)) = down.pop()
                        {
                            assert_eq!(mapping.word(place).load(Ordering::Relaxed), number);
                            mapping.take_down(place);
                        }
                    }
                });
            }
        });
        for (number, bytes) in said(&mapping) {
            let turn = number & 0xffff_ffff;
            assert_eq!(
                bytes,
                vec![(number >> 32) as u8; usize::try_from(turn % 700).unwrap()]
            );
        }
    }
}
