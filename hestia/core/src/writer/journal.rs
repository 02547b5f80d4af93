//! Where rings are in a mapped file: what the writer says there before each round.
//!
//! A round takes records from the rings and writes their lines. Before it does, it says how far it goes in each ring, what
//! decides about times and UUIDs, and how long the files are. With the same stroke all rounds before it count as written.
//! So whoever finds the file knows which records may have been written already, in which order, and where their lines
//! would start.
//!
//! *Invariant:* nothing is written before the round that writes it was said, and no ring's memory is given back before
//! what lay there is written.

use std::path::{Path, PathBuf};

use super::Writer;
use super::merge::Horizon;
use crate::internal;
use crate::queue::mapping::Mapping;
use crate::queue::mapping::format::ROUND_STATE_WORDS;
use crate::queue::snapshot::Taken;
use crate::record::{description, uuid};
use crate::sink::Standing;
use crate::sink::file::held;
use crate::{clock, clock::Clock};

/// The words of a round: what decides about the output of the records that it takes.
const AT_CLOCK: usize = 2;
const AT_UUIDS: usize = AT_CLOCK + clock::WORDS;
const _: () = assert!(AT_UUIDS + uuid::WORDS <= ROUND_STATE_WORDS);

/// Which stamps a round with these words took.
pub(crate) fn taken(words: &[u64; ROUND_STATE_WORDS]) -> Taken {
    Taken {
        now: words[0],
        grace: words[1],
    }
}

/// The clock of a round with these words.
pub(super) fn clock_of(words: &[u64; ROUND_STATE_WORDS]) -> Clock {
    Clock::of_words(std::array::from_fn(|at| words[AT_CLOCK + at]))
}

/// The UUIDs of a round with these words.
pub(super) fn uuids_of(words: &[u64; ROUND_STATE_WORDS]) -> uuid::UuidSource {
    uuid::UuidSource::of_words(std::array::from_fn(|at| words[AT_UUIDS + at]))
}

/// The path from the root, as far as that can be told.
pub(super) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

impl Writer {
    /// After the look, and before anything is taken. Nothing needs to be said when there is nothing to take, and nothing
    /// was taken since it was said last, nor any archive made.
    pub(super) fn begin_round(&mut self, horizon: Horizon, takes: bool) {
        let is_due = takes || self.has_unsaid_round || held::is_any_for_round();
        if self.readers.queue().mapping().is_none() || !is_due {
            return;
        }
        // What hestia itself had to say meanwhile is no part of the round.
        self.desk.routes.ask_where_files_stand();
        self.desk.routes.end_round(true);
        let mut words = [0; ROUND_STATE_WORDS];
        words[0] = horizon.now;
        words[1] = horizon.grace;
        words[AT_CLOCK..AT_UUIDS].copy_from_slice(&self.desk.clock.words());
        words[AT_UUIDS..AT_UUIDS + uuid::WORDS].copy_from_slice(&self.desk.uuids.words());
        let files = self.desk.routes.file_positions();
        self.readers.begin_round(words, files);
        held::release_round();
        self.has_unsaid_round = takes;
        self.say_what_does_not_outlive();
    }

    fn say_what_does_not_outlive(&self) {
        if let Some(mapping) = self.readers.queue().mapping()
            && mapping.was_short()
        {
            let what = format!(
                "there is no room in {}: some records would not survive a kill; make the file system larger, or name another directory",
                mapping.path().display()
            );
            internal::trouble("crash_safe", what);
        }
    }

    /// All that was taken is written, and nothing else is about to be.
    pub(super) fn say_written(&mut self) {
        let horizon = Horizon { now: 0, grace: 0 };
        self.begin_round(horizon, false);
    }

    /// What a later process needs to know of this one.
    pub(super) fn describe_process(&mut self) {
        if self.readers.queue().mapping().is_some() {
            self.describe_facts();
            self.describe_outputs();
            self.has_unsaid_round = true;
            self.say_written();
        }
    }

    /// Said again, the last word counts.
    pub(super) fn describe_facts(&self) {
        if let Some(mapping) = self.readers.queue().mapping() {
            let settings = &self.desk.settings;
            let process = description::process(&settings.facts, &settings.process_fields);
            mapping.describe(process.kind, process.number, &process.bytes);
        }
    }

    /// The outputs' files, by the numbers that rounds give them.
    fn describe_outputs(&self) {
        if let Some(mapping) = self.readers.queue().mapping() {
            for (number, file) in self.desk.routes.files() {
                describe_output(mapping, number, None, file);
            }
        }
    }
}

/// An output's file, by the number that rounds give it; one that is added for a named logger, before the first record of that
/// logger. Where it stands now counts as long as no round has said it: nothing is written before.
pub(crate) fn describe_output(
    mapping: &Mapping,
    number: u64,
    only_logger: Option<u64>,
    file: &Standing,
) {
    // Whoever reads it may be in another directory.
    let path = absolute(file.path());
    let path = path.as_os_str().as_encoded_bytes();
    let entry = description::output(number, only_logger, file.position(number), path);
    mapping.describe(entry.kind, entry.number, &entry.bytes);
}
