//! What numbers in records stand for: entries that are added to the mapped file, and said anew where a number is used again.
//!
//! Any thread, under a lock, before the first record that has the number. An entry is a first word, its kind and length,
//! the number, and bytes up to a whole word. Where the same number gets another sense, as the address of something that is gone does,
//! the new entry takes the place of the old one as long as that is large enough: so a program that makes a logger for each
//! request does not fill the file.
//!
//! *Invariant:* whenever the process ends, each entry says something whole, or nothing; and none says what is no longer so.

#![allow(
    unsafe_code,
    reason = "memory that is shared with whoever reads the file later"
)]

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use super::format::{AT_ENTRIES, ENTRIES, MOST_ENTRY_BYTES, NOTHING};
use super::{Mapping, preallocate};
use crate::sync::lock;

/// Entries are preallocated in steps of this.
const STEP: usize = 64 << 10;

/// How far the entries reach.
#[derive(Debug, Default)]
pub(super) struct Entries {
    used: usize,
    allocated: usize,
    /// Where the entry about something is, by its kind and number.
    places: HashMap<(u32, u64), Place>,
}

/// Room for an entry.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// In the file.
    at: usize,
    /// With its first word; whole words.
    room: usize,
}

impl Mapping {
    /// Says what a number of this kind stands for; what was said before about the same number counts no longer. `false` when
    /// there is no room for it: then nothing is said about the number.
    pub(crate) fn describe(&self, kind: u32, number: u64, entry: &[u8]) -> bool {
        // A forked child without a mapping of its own has nothing to say in its parent's.
        self.is_own() && self.or_short(self.put_entry(kind, number, entry)).is_some()
    }

    fn put_entry(&self, kind: u32, number: u64, entry: &[u8]) -> Option<()> {
        u32::try_from(entry.len()).ok()?;
        let length = 8 + entry.len();
        let needed = 8 + length.next_multiple_of(8);
        let mut entries = lock(&self.entries);
        let place = match entries.places.get(&(kind, number)).copied() {
            // Records that refer to it may be there already: it stays as it is.
            Some(place) if self.says(place, kind, entry) => return Some(()),
            Some(place) => {
                // Nothing refers to the number in its old sense any more. A process that is killed from here on has said
                // nothing about it.
                self.head(place.at, NOTHING, place.room - 8);
                if place.room < needed {
                    entries.places.remove(&(kind, number));
                    self.add_place(&mut entries, needed)?
                } else {
                    place
                }
            }
            None => self.add_place(&mut entries, needed)?,
        };
        if place.room > needed {
            self.head(place.at + needed, NOTHING, place.room - needed - 8);
        }
        self.put(place.at + 8, &number.to_ne_bytes());
        self.put(place.at + 16, entry);
        self.head(place.at, kind, length);
        entries.places.insert((kind, number), place);
        Some(())
    }

    /// Room behind all other entries, as yet with nothing in it. A number that is used again and again, as addresses are,
    /// so finds room for most of what will be said about it: powers of two.
    fn add_place(&self, entries: &mut Entries, needed: usize) -> Option<Place> {
        let room = needed.next_power_of_two();
        let room = if entries.used + room > MOST_ENTRY_BYTES {
            needed
        } else {
            room
        };
        if entries.used + room > MOST_ENTRY_BYTES {
            return None;
        }
        while entries.used + room > entries.allocated {
            let at = ENTRIES + entries.allocated;
            preallocate(&self.file, at, STEP).ok()?;
            entries.allocated += STEP;
        }
        let at = ENTRIES + entries.used;
        self.head(at, NOTHING, room - 8);
        entries.used += room;
        self.word(AT_ENTRIES)
            .store(entries.used as u64, Ordering::Release);
        Some(Place { at, room })
    }

    /// The first word of an entry, after what it says, with one store.
    fn head(&self, at: usize, kind: u32, length: usize) {
        #[allow(clippy::cast_possible_truncation, reason = "MOST_ENTRY_BYTES")]
        let head = first_word(kind, length as u32);
        self.word(at).store(head, Ordering::Release);
    }

    fn says(&self, place: Place, kind: u32, entry: &[u8]) -> bool {
        let (said, length) = kind_and_length(self.word(place.at).load(Ordering::Relaxed));
        // SAFETY: within the entries, which only change under the lock that the caller holds.
        said == kind && unsafe { &self.given_away(place.at + 8, length)[8..] } == entry
    }

    /// All entries of one kind in another mapping: a forked child's records refer to the same statics as its parent's. Not
    /// for what the parent, which goes on, may say anew.
    pub(crate) fn inherit(&self, parent: &Mapping, kind: u32) {
        let length = parent.word(AT_ENTRIES).load(Ordering::Acquire);
        let length = usize::try_from(length).unwrap_or(0).min(MOST_ENTRY_BYTES);
        let end = ENTRIES + length;
        let mut at = ENTRIES;
        while at < end {
            // Acquire: pairs with the release in `head`.
            let (said, length) = kind_and_length(parent.word(at).load(Ordering::Acquire));
            if said == kind {
                // SAFETY: of this kind the parent does not change what it has said.
                let entry = unsafe { parent.given_away(at + 8, length) };
                if let Some((number, entry)) = entry.split_first_chunk() {
                    self.describe(kind, u64::from_ne_bytes(*number), entry);
                }
            }
            at += 8 + length.next_multiple_of(8);
        }
    }
}

fn first_word(kind: u32, length: u32) -> u64 {
    let mut word = [0; 8];
    word[..4].copy_from_slice(&kind.to_ne_bytes());
    word[4..].copy_from_slice(&length.to_ne_bytes());
    u64::from_ne_bytes(word)
}

fn kind_and_length(first_word: u64) -> (u32, usize) {
    let word = first_word.to_ne_bytes();
    let half = |at: usize| u32::from_ne_bytes(std::array::from_fn(|byte| word[at + byte]));
    (half(0), half(4) as usize)
}
