//! Numbered records: what the programs log, so that a reader of their files can tell what is missing, twice,
//! or out of order; and the reading. Records of any kind by their messages, too.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::ops::Range;
use std::path::Path;
use std::thread;

use serde::Deserialize;
use serde_json::Value;

use crate::{Finished, messages};

/// Logs `"{thread} {number}"`, with numbers from 0 up, on each of so many threads. Returns when the last
/// call has.
pub fn log_from_threads(threads: u64, count: u64) {
    thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || {
                for number in 0..count {
                    log::info!("{thread} {number}");
                }
            });
        }
    });
}

/// Logs `"0 {number}"` with these numbers.
pub fn log_numbers(numbers: Range<u64>) {
    for number in numbers {
        log::info!("0 {number}");
    }
}

/// A filter that never answers, so that records stay in the queue.
#[derive(Clone, Copy, Debug)]
pub struct StopsTheWriter;

impl hestia::Filter for StopsTheWriter {
    fn allows(&mut self, _: &hestia::Record<'_>) -> bool {
        loop {
            thread::park();
        }
    }
}

/// The lines of one file: numbered records apart from others.
#[derive(Debug, Default)]
pub struct Logged {
    /// The numbers that each thread logged, in the order of lines.
    pub numbers: BTreeMap<u64, Vec<u64>>,
    /// The messages of all other records.
    pub others: Vec<String>,
    /// The file's last line has no end.
    pub is_torn: bool,
}

impl Logged {
    /// Reads messages one by one; `message` finds it in a line, and panics when there is none.
    fn read(path: &Path, message: fn(&str) -> Cow<'_, str>) -> Self {
        let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Logged::read_from(file, message)
    }

    fn read_from(file: impl Read, message: fn(&str) -> Cow<'_, str>) -> Self {
        let mut lines = BufReader::with_capacity(1 << 20, file);
        let mut line = String::new();
        let mut logged = Logged::default();
        while lines.read_line(&mut line).expect("a log file is UTF-8") > 0 {
            match line.strip_suffix('\n') {
                Some(whole) => logged.add(&message(whole)),
                None => logged.is_torn = true,
            }
            line.clear();
        }
        logged
    }

    fn add(&mut self, message: &str) {
        match numbers(message) {
            Some((thread, number)) => self.numbers.entry(thread).or_default().push(number),
            None => self.others.push(message.to_owned()),
        }
    }

    /// Adds what another file has, whose lines are younger.
    pub fn append(&mut self, other: Logged) {
        for (thread, numbers) in other.numbers {
            self.numbers.entry(thread).or_default().extend(numbers);
        }
        self.others.extend(other.others);
        self.is_torn |= other.is_torn;
    }

    /// The text file.
    ///
    /// # Panics
    /// When there is no such file, it is not UTF-8, or a line has no message.
    #[must_use]
    pub fn in_text(finished: &Finished) -> Self {
        Logged::in_text_at(&finished.path("logs/all.log"))
    }

    /// A text file in the usual layout.
    ///
    /// # Panics
    /// When there is no such file, it is not UTF-8, or a line has no message.
    #[must_use]
    pub fn in_text_at(path: &Path) -> Self {
        Logged::read(path, message_of_line)
    }

    /// Text in the usual layout, from anywhere.
    ///
    /// # Panics
    /// When it cannot be read, is not UTF-8, or a line has no message.
    #[must_use]
    pub fn in_text_from(source: impl Read) -> Self {
        Logged::read_from(source, message_of_line)
    }

    /// The JSON file.
    ///
    /// # Panics
    /// When there is no such file, or a line is no JSON object with a message.
    #[must_use]
    pub fn in_json(finished: &Finished) -> Self {
        #[derive(Deserialize)]
        struct Line<'a> {
            #[serde(borrow)]
            message: Cow<'a, str>,
        }
        Logged::read(&finished.path("logs/app.log"), |line| {
            serde_json::from_str::<Line<'_>>(line)
                .unwrap_or_else(|error| panic!("no JSON ({error}): {line}"))
                .message
        })
    }

    /// A file with nothing but messages.
    ///
    /// # Panics
    /// When there is no such file, or it is not UTF-8.
    #[must_use]
    pub fn in_plain(finished: &Finished) -> Self {
        Logged::read(&finished.path("logs/all.log"), |line| Cow::Borrowed(line))
    }

    /// Checks that each of so many threads logged each number below the count once, in order.
    ///
    /// # Panics
    /// When one did not.
    pub fn assert_complete(&self, threads: u64, count: u64) {
        let found: Vec<u64> = self.numbers.keys().copied().collect();
        assert_eq!(found, Vec::from_iter(0..threads), "the threads that logged");
        assert!(!self.is_torn, "the last line is torn");
        for (thread, numbers) in &self.numbers {
            assert_counts_up(*thread, numbers);
            assert_eq!(numbers.len() as u64, count, "records of thread {thread}");
        }
    }
}

fn message_of_line(line: &str) -> Cow<'_, str> {
    let columns = line
        .find(" | ")
        .unwrap_or_else(|| panic!("no message: {line}"));
    // Key-values stand behind the message.
    let message = line[columns + 3..].split(" {").next().unwrap_or_default();
    Cow::Borrowed(message)
}

/// Checks that the numbers are 0, 1, 2 and so on: each once, none left out, in order.
///
/// # Panics
/// When they are not.
pub fn assert_counts_up(thread: u64, numbers: &[u64]) {
    for (expected, &number) in (0..).zip(numbers) {
        assert_eq!(
            number, expected,
            "thread {thread}, line {expected} of its own"
        );
    }
}

/// Thread and number of a numbered record.
fn numbers(message: &str) -> Option<(u64, u64)> {
    let (thread, number) = message.split_once(' ')?;
    Some((thread.parse().ok()?, number.parse().ok()?))
}

/// Message and metadata of each record in the JSON file, in the order of lines.
///
/// # Panics
/// As [`Finished::json`], and when a record has no message.
#[must_use]
pub fn said(finished: &Finished) -> Vec<(String, Value)> {
    let records = finished.json().into_iter();
    let said = records.map(|mut record| {
        let message = record["message"].as_str().expect("a message").to_owned();
        (message, record["metadata"].take())
    });
    said.collect()
}

/// The metadata of the one record with this message.
///
/// # Panics
/// When there is none, or another one.
#[must_use]
pub fn of<'s>(said: &'s [(String, Value)], message: &str) -> &'s Value {
    let mut found = said.iter().filter(|(other, _)| other == message);
    let (_, metadata) = found
        .next()
        .unwrap_or_else(|| panic!("{message:?} is there"));
    assert!(found.next().is_none(), "{message:?} is there once");
    metadata
}

/// The first record with this message.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn find<'r>(records: &'r [Value], message: &str) -> &'r Value {
    let found = records.iter().find(|record| record["message"] == message);
    found.unwrap_or_else(|| panic!("no record `{message}` in {:?}", messages(records)))
}

/// Checks that both files have each number of each thread once, in order.
///
/// # Panics
/// When one has not, or cannot be read.
pub fn assert_both_complete(finished: &Finished, threads: u64, count: u64) {
    Logged::in_text(finished).assert_complete(threads, count);
    Logged::in_json(finished).assert_complete(threads, count);
}
