//! What the writer says before each round: how far the round goes, what decides about its lines, and where the files stand.
//!
//! The writer. There are two of everything, which take turns; the number of the round, stored last, says which of them counts.
//!
//! *Invariant:* whenever the process ends, the round that counts is whole, and so are its files and how far it goes.

use std::sync::atomic::Ordering;

use super::format::{
    AT_REACH, AT_ROUND, AT_ROUND_FILES, AT_ROUND_NUMBER, AT_ROUND_STATE, AT_ROUNDS, FILE_BYTES,
    FILE_WORDS, FILES, MOST_FILES, ROUND_STATE_WORDS, SLOT_BYTES, SLOTS,
};
use super::{Mapping, PAGE, Reach, preallocate};
use crate::position::FilePosition;

impl Mapping {
    /// Writer: what the next round is about to write, and with it, that all earlier rounds are written. `state` is what
    /// the writer needs to do the same once more; `files` has all outputs by their numbers, nothing for one that has no file
    /// or whose file is not open; `reach` has, for each ring in the file, how far the round goes in it.
    pub(crate) fn begin_round(
        &self,
        state: [u64; ROUND_STATE_WORDS],
        files: impl Iterator<Item = Option<FilePosition>>,
        reach: impl Iterator<Item = Reach>,
    ) {
        // Only the writer writes it.
        let number = self.word(AT_ROUND).load(Ordering::Relaxed) + 1;
        let side = usize::from(number % 2 == 1);
        let at = AT_ROUNDS[side];
        let store = |at: usize, value: u64| self.word(at).store(value, Ordering::Relaxed);
        store(at + AT_ROUND_NUMBER, number);
        for (word, value) in state.into_iter().enumerate() {
            store(at + AT_ROUND_STATE + 8 * word, value);
        }
        let mut count = 0;
        for position in files {
            if self.or_short(self.file_slot(count)).is_none() {
                // Of this file and those behind it nobody will know what is there already.
                break;
            }
            let at = FILES + count * FILE_BYTES + side * 8 * FILE_WORDS;
            let words = position.map_or([0; FILE_WORDS], |file| file.words());
            for (word, value) in words.into_iter().enumerate() {
                store(at + 8 * word, value);
            }
            count += 1;
        }
        store(at + AT_ROUND_FILES, count as u64);
        for reach in reach {
            let at = SLOTS + reach.slot * SLOT_BYTES + AT_REACH[side];
            store(at, reach.start as u64);
            store(at + 8, reach.seen as u64);
            store(at + 16, reach.end as u64);
        }
        self.word(AT_ROUND).store(number, Ordering::Release);
    }

    /// Has the slot of a file, preallocated as all before it are; `None` where there is no room for it.
    fn file_slot(&self, number: usize) -> Option<()> {
        const IN_A_PAGE: usize = PAGE / FILE_BYTES;
        let there = self.file_slots.load(Ordering::Relaxed);
        if number < there {
            return Some(());
        }
        if there == MOST_FILES {
            return None;
        }
        preallocate(&self.file, FILES + there * FILE_BYTES, PAGE).ok()?;
        self.file_slots.store(there + IN_A_PAGE, Ordering::Relaxed);
        Some(())
    }
}

#[cfg(all(test, unix, not(loom)))]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::queue::snapshot::tests::{ALL, read};

    fn position(output: usize, length: u64) -> FilePosition {
        FilePosition {
            output: output as u64,
            device: 7,
            inode: 1_000 + output as u64,
            length,
            is_shared: length % 2 == 1,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

        /// Outputs come one after the other, are open or not, and grow: each round has all of them as they were at its beginning.
        #[test]
        fn a_round_has_all_files_however_many(
            rounds in prop::collection::vec((0_usize..700, prop::collection::vec((any::<prop::sample::Index>(), prop::option::of(0_u64..u64::MAX)), 0..20)), 1..8)
        ) {
            let directory = tempfile::tempdir().unwrap();
            let mapping = Mapping::create(directory.path().join("rings"), 1 << 20).unwrap();
            let mut files: Vec<Option<FilePosition>> = Vec::new();
            for (turn, (more, changed)) in rounds.into_iter().enumerate() {
                let from = files.len();
                files.extend((from..from + more).map(|output| Some(position(output, output as u64))));
                for (which, length) in changed {
                    if files.is_empty() {
                        continue;
                    }
                    let output = which.index(files.len());
                    files[output] = length.map(|length| position(output, length));
                }
                mapping.begin_round([turn as u64; ROUND_STATE_WORDS], files.iter().copied(), std::iter::empty());
                let snapshot = read(mapping.path(), ALL).unwrap();
                prop_assert_eq!(snapshot.outputs, files.len() as u64);
                prop_assert_eq!(&snapshot.files, &files.iter().flatten().copied().collect::<Vec<_>>());
            }
            prop_assert!(!mapping.was_short());
        }
    }

    /// The process ends somewhere in the middle of saying a round: the one before it counts, with its files.
    #[test]
    fn a_round_that_is_not_all_said_does_not_count() {
        let directory = tempfile::tempdir().unwrap();
        let mapping = Mapping::create(directory.path().join("rings"), 1 << 20).unwrap();
        let state = |turn: u64| [turn; ROUND_STATE_WORDS];
        for turn in 1..6_u64 {
            let before: Vec<_> = (0..300).map(|output| position(output, turn)).collect();
            let said = before.iter().copied().map(Some);
            mapping.begin_round(state(turn), said, std::iter::empty());
            for count in [0, 1, 299, 400] {
                let path = mapping.path().to_owned();
                let files = (0..count)
                    .map(|output| Some(position(output, 99)))
                    .chain([()].map(|()| {
                        // Whoever reads it now finds the round before this one.
                        let snapshot = read(&path, ALL).unwrap();
                        assert_eq!((&snapshot.state, &snapshot.files), (&state(turn), &before));
                        None
                    }));
                let number = mapping.word(AT_ROUND).load(Ordering::Relaxed);
                mapping.begin_round(state(99), files, std::iter::empty());
                mapping.word(AT_ROUND).store(number, Ordering::Release);
            }
        }
    }

    #[test]
    fn files_for_which_there_is_no_slot_are_told_and_the_others_noted() {
        let directory = tempfile::tempdir().unwrap();
        let mapping = Mapping::create(directory.path().join("rings"), 1 << 20).unwrap();
        let files = (0..MOST_FILES + 5).map(|output| Some(position(output, 1)));
        mapping.begin_round([1; ROUND_STATE_WORDS], files, std::iter::empty());
        assert!(mapping.was_short());
        let snapshot = read(mapping.path(), ALL).unwrap();
        assert_eq!(snapshot.files.len(), MOST_FILES);
        assert_eq!(snapshot.files[MOST_FILES - 1], position(MOST_FILES - 1, 1));
    }
}
