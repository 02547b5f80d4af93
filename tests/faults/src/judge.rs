//! Reads files back, as a user's tool would, and holds them against what was logged.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::ops::AddAssign;
use std::path::{Path, PathBuf};

use hestia_tests::archives::what_is_left;
use hestia_tests::figures::{LEVELS, said_lost};
use serde::{Deserialize, Serialize};

use crate::cases::Promise;
use crate::logger::{Numbers, Shape};

/// The bytes that follow the number in the messages of large records, all of them `x`.
pub const PADDING_BYTES: usize = 10 << 20;

/// What one file has of the numbered records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Records whose calls returned, and those that were written although their calls did not.
    pub sent: u64,
    /// Records that are there.
    pub written: u64,
    /// Records that are not, although their calls returned.
    pub lost: u64,
    /// Lines of records that are there already.
    pub duplicated: u64,
    /// Lines that are none: cut, glued together, spoilt.
    pub torn: u64,
    /// Lines that stand behind a later one of the same thread.
    pub disordered: u64,
    /// Threads of which a record is there and an earlier one is not.
    pub gaps: u64,
    /// How many records the file itself says are missing.
    pub announced: u64,
}

impl AddAssign for Figures {
    fn add_assign(&mut self, other: Figures) {
        self.sent += other.sent;
        self.written += other.written;
        self.lost += other.lost;
        self.duplicated += other.duplicated;
        self.torn += other.torn;
        self.disordered += other.disordered;
        self.gaps += other.gaps;
        self.announced += other.announced;
    }
}

impl Figures {
    /// What breaks the promise.
    #[must_use]
    pub fn broken(&self, promise: Promise) -> Vec<String> {
        let Figures {
            lost, announced, ..
        } = self;
        let loss = match promise {
            Promise::NothingLost => *lost > 0,
            Promise::LossAnnounced => lost != announced,
            Promise::OnlyLastLost => self.gaps > 0,
        };
        let loss = loss.then(|| match promise {
            Promise::NothingLost => format!("{lost} lost"),
            Promise::LossAnnounced => format!("{lost} lost, {announced} announced"),
            Promise::OnlyLastLost => format!("gaps in {} threads", self.gaps),
        });
        let is_cut = promise == Promise::OnlyLastLost && self.torn == 1;
        let others = [
            (self.duplicated, "duplicated"),
            (if is_cut { 0 } else { self.torn }, "torn"),
            (self.disordered, "out of order"),
        ];
        let others = others.into_iter().filter(|(count, _)| *count > 0);
        let others = others.map(|(count, what)| format!("{count} {what}"));
        loss.into_iter().chain(others).collect()
    }
}

/// The files of a log that is rotated, the oldest first: those beside the live one whose names begin as its does and
/// have a number, by that, and the one that has none at the end; none where there is no directory, which a process that
/// ends early may never make. What is being compressed counts when it has its name.
///
/// # Errors
/// When the directory cannot be read.
pub fn files_of(live: &Path, numbers: Numbers) -> io::Result<Vec<PathBuf>> {
    let stem = live.file_stem().and_then(|stem| stem.to_str());
    let (Some(directory), Some(stem)) = (live.parent(), stem) else {
        return Err(io::ErrorKind::InvalidFilename.into());
    };
    let mut archives = Vec::new();
    let mut without = Vec::new();
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let rest = name.and_then(|name| name.strip_prefix(stem));
        let is_log = |rest: &&str| rest.ends_with(".log") || rest.ends_with(".log.gz");
        let Some(rest) = rest.filter(is_log) else {
            continue;
        };
        let digits = rest.trim_start_matches(|first: char| !first.is_ascii_digit());
        let end = digits.find(|next: char| !next.is_ascii_digit());
        match digits[..end.unwrap_or(digits.len())].parse::<u64>() {
            Ok(number) => archives.push((number, path)),
            Err(_) => without.push(path),
        }
    }
    match numbers {
        Numbers::Counted => archives.sort(),
        Numbers::Shifted => archives.sort_by_key(|(number, _)| Reverse(*number)),
    }
    let archives = archives.into_iter().map(|(_, path)| path);
    Ok(archives.chain(without).collect())
}

/// The lines of a log.
#[derive(Debug, Default)]
struct Reading {
    /// The numbers of each thread, in the order of lines.
    numbers: BTreeMap<usize, Vec<u64>>,
    torn: u64,
    announced: u64,
}

/// Holds a log's files, the oldest first, against the number of calls of each thread that returned. A file that is not
/// there has nothing.
///
/// # Errors
/// When one cannot be opened.
pub fn judge(files: &[PathBuf], shape: Shape, returned: &[u64]) -> io::Result<Figures> {
    let mut reading = Reading::default();
    for path in files {
        match what_is_left(path) {
            Ok((content, error)) => {
                reading.add_file(&content, shape);
                // An archive that breaks off is not one that ends with a line.
                reading.torn += u64::from(error.is_some());
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(compare(&reading, returned))
}

/// The message of a whole line.
fn message(line: &str, shape: Shape) -> Option<String> {
    match shape {
        Shape::Bracketed => {
            let message = line.strip_prefix('[')?.strip_suffix(']')?;
            (!message.contains(['[', ']'])).then(|| message.to_owned())
        }
        Shape::Json => {
            #[derive(Deserialize)]
            struct Line {
                message: String,
            }
            let line: Line = serde_json::from_str(line).ok()?;
            Some(line.message)
        }
    }
}

impl Reading {
    fn add_file(&mut self, content: &[u8], shape: Shape) {
        for line in content.split_inclusive(|&byte| byte == b'\n') {
            let whole = line
                .strip_suffix(b"\n")
                .and_then(|line| std::str::from_utf8(line).ok());
            match whole.and_then(|line| message(line, shape)) {
                Some(message) => self.add(&message),
                None => self.torn += 1,
            }
        }
    }

    fn add(&mut self, message: &str) {
        match numbers(message) {
            Some((thread, number)) => self.numbers.entry(thread).or_default().push(number),
            // A number and something else is a record that was cut and glued together.
            None if message.starts_with(|first: char| first.is_ascii_digit())
                && !message.contains("records lost") =>
            {
                self.torn += 1;
            }
            None => {
                let said = LEVELS.iter().map(|level| said_lost(message, level));
                self.announced += said.sum::<u64>();
            }
        }
    }
}

/// Thread and number of a numbered record: `thread number`, and for large ones their padding, to the byte.
fn numbers(message: &str) -> Option<(usize, u64)> {
    let mut words = message.split(' ');
    let (thread, number) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let padding_is_whole = words.next().is_none_or(|padding| {
        padding.len() == PADDING_BYTES && padding.bytes().all(|byte| byte == b'x')
    });
    (padding_is_whole && words.next().is_none()).then_some((thread, number))
}

fn compare(reading: &Reading, returned: &[u64]) -> Figures {
    let mut figures = Figures {
        torn: reading.torn,
        announced: reading.announced,
        ..Figures::default()
    };
    for (thread, &returned) in returned.iter().enumerate() {
        let numbers = reading.numbers.get(&thread).map_or(&[][..], Vec::as_slice);
        figures += of_thread(numbers, returned);
    }
    // Threads that nobody started.
    let strangers = reading.numbers.range(returned.len()..);
    figures.torn += strangers
        .map(|(_, numbers)| numbers.len() as u64)
        .sum::<u64>();
    figures
}

fn of_thread(numbers: &[u64], returned: u64) -> Figures {
    let mut there = numbers.to_vec();
    there.sort_unstable();
    there.dedup();
    // One call of each thread may have been on its way at the end; whatever counts beyond that was never logged.
    let strangers = there.iter().filter(|&&number| number > returned).count();
    there.truncate(there.len() - strangers);
    let on_its_way = u64::from(there.last() == Some(&returned));
    let written = there.len() as u64;
    let mut latest = 0;
    let mut disordered = 0;
    for &number in numbers {
        disordered += u64::from(number < latest);
        latest = latest.max(number);
    }
    Figures {
        sent: returned + on_its_way,
        written,
        lost: returned + on_its_way - written,
        duplicated: (numbers.len() - there.len() - strangers) as u64,
        torn: strangers as u64,
        disordered,
        gaps: u64::from(there.last().is_some_and(|&last| last + 1 > written)),
        announced: 0,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::write::GzEncoder;

    use super::*;

    fn read(content: &[u8], shape: Shape) -> Reading {
        let mut reading = Reading::default();
        reading.add_file(content, shape);
        reading
    }

    /// Two threads, whose first two and first three calls returned.
    fn judged(text: &str) -> Figures {
        compare(&read(text.as_bytes(), Shape::Bracketed), &[2, 3])
    }

    const ALL: Figures = Figures {
        sent: 5,
        written: 5,
        lost: 0,
        duplicated: 0,
        torn: 0,
        disordered: 0,
        gaps: 0,
        announced: 0,
    };

    #[test]
    fn a_complete_file_has_all_that_was_sent() {
        assert_eq!(
            judged("[0 0]\n[1 0]\n[0 1]\n[1 1]\n[something else]\n[1 2]\n"),
            ALL
        );
    }

    #[test]
    fn a_call_that_was_on_its_way_may_be_there_and_counts_as_sent() {
        let figures = judged("[0 0]\n[1 0]\n[0 1]\n[1 1]\n[1 2]\n[1 3]\n");
        assert_eq!(
            figures,
            Figures {
                sent: 6,
                written: 6,
                ..ALL
            }
        );
    }

    #[test]
    fn a_lost_line_in_the_middle_is_lost_and_a_gap() {
        let figures = judged("[0 0]\n[1 0]\n[0 1]\n[1 2]\n");
        assert_eq!(
            figures,
            Figures {
                written: 4,
                lost: 1,
                gaps: 1,
                ..ALL
            }
        );
        assert_eq!(figures.broken(Promise::NothingLost), ["1 lost"]);
        assert_eq!(figures.broken(Promise::OnlyLastLost), ["gaps in 1 threads"]);
        assert_eq!(
            figures.broken(Promise::LossAnnounced),
            ["1 lost, 0 announced"]
        );
    }

    #[test]
    fn lost_lines_at_the_end_are_lost_and_no_gap() {
        let figures = judged("[0 0]\n[1 0]\n");
        assert_eq!(
            figures,
            Figures {
                written: 2,
                lost: 3,
                ..ALL
            }
        );
        assert!(figures.broken(Promise::OnlyLastLost).is_empty());
    }

    #[test]
    fn a_line_twice_is_a_duplicate() {
        let figures = judged("[0 0]\n[1 0]\n[0 1]\n[0 1]\n[1 1]\n[1 2]\n");
        assert_eq!(
            figures,
            Figures {
                duplicated: 1,
                ..ALL
            }
        );
        assert_eq!(figures.broken(Promise::LossAnnounced), ["1 duplicated"]);
    }

    #[test]
    fn lines_that_are_cut_or_glued_are_torn_and_their_records_lost() {
        let cut = "[0 0]\n[1 0]\n[0 1]\n[1 1]\n[1 2";
        assert_eq!(
            judged(cut),
            Figures {
                written: 4,
                lost: 1,
                torn: 1,
                ..ALL
            }
        );
        let finished = "[0 0]\n[1 0\n[0 1]\n[1 1]\n[1 2]\n";
        assert_eq!(
            judged(finished),
            Figures {
                written: 4,
                lost: 1,
                torn: 1,
                gaps: 1,
                ..ALL
            }
        );
        let glued = "[0 0]\n[1 [0 1]\n[1 1]\n[1 2]\n";
        assert_eq!(
            judged(glued),
            Figures {
                written: 3,
                lost: 2,
                torn: 1,
                gaps: 1,
                ..ALL
            }
        );
        assert_eq!(judged(glued).broken(Promise::LossAnnounced)[1], "1 torn");
        // What the kernel cut is no fault of the logger's; what it spoils of the next process's lines is.
        assert!(judged(cut).broken(Promise::OnlyLastLost).is_empty());
        assert_eq!(
            judged(glued).broken(Promise::OnlyLastLost),
            ["gaps in 1 threads"]
        );
        let spoilt = "[0 0]\n[1 0]\n[0 1]\nprinted\n[1 1]\n\n[1 2]\n";
        assert_eq!(judged(spoilt), Figures { torn: 2, ..ALL });
        let not_utf8 = read(b"[0 0]\n[0 \xff1]\n", Shape::Bracketed);
        assert_eq!(compare(&not_utf8, &[1]).torn, 1);
    }

    #[test]
    fn a_later_line_before_an_earlier_one_is_out_of_order() {
        let figures = judged("[0 1]\n[1 0]\n[0 0]\n[1 1]\n[1 2]\n");
        assert_eq!(
            figures,
            Figures {
                disordered: 1,
                ..ALL
            }
        );
        assert_eq!(figures.broken(Promise::NothingLost), ["1 out of order"]);
    }

    #[test]
    fn what_nobody_logged_is_no_record() {
        let figures = judged("[0 0]\n[1 0]\n[0 1]\n[1 1]\n[1 2]\n[1 9]\n[7 0]\n");
        assert_eq!(figures, Figures { torn: 2, ..ALL });
    }

    #[test]
    fn what_a_file_says_is_missing_is_announced() {
        let notice =
            "[2 records lost between 10:00 and 10:01: 1 error, 1 info (the queue had no room)]\n";
        let figures = judged(&format!("[0 0]\n{notice}[1 2]\n[1 0]\n"));
        assert_eq!((figures.lost, figures.announced, figures.torn), (2, 2, 0));
        assert_eq!(figures.broken(Promise::LossAnnounced), ["1 out of order"]);
    }

    #[test]
    fn a_large_record_is_whole_to_the_byte() {
        let padding = "x".repeat(PADDING_BYTES);
        assert_eq!(numbers(&format!("1 2 {padding}")), Some((1, 2)));
        assert_eq!(numbers(&format!("1 2 {}", &padding[1..])), None);
        assert_eq!(numbers(&format!("1 2 {}y", &padding[1..])), None);
    }

    fn names_of(names: [&str; 4], numbers: Numbers) -> Vec<String> {
        let directory = tempfile::tempdir().unwrap();
        for name in names
            .iter()
            .chain(&["app.1.log", ".all.1.log.tmp", "all.3.log.gz.partial"])
        {
            fs::write(directory.path().join(name), "").unwrap();
        }
        let files = files_of(&directory.path().join("all.log"), numbers).unwrap();
        let name = |path: &PathBuf| path.file_name()?.to_str().map(str::to_owned);
        files.iter().filter_map(name).collect()
    }

    #[test]
    fn archives_come_in_the_order_in_which_they_were_written_however_they_are_named() {
        assert_eq!(
            names_of(
                ["all.10.log", "all.log", "all.2.log.gz", "all.9.log"],
                Numbers::Counted
            ),
            ["all.2.log.gz", "all.9.log", "all.10.log", "all.log"]
        );
        assert_eq!(
            names_of(
                [
                    "all_rCURRENT.log",
                    "all_r00001.log",
                    "all_r00000.log.gz",
                    "all_r00010.log"
                ],
                Numbers::Counted
            ),
            [
                "all_r00000.log.gz",
                "all_r00001.log",
                "all_r00010.log",
                "all_rCURRENT.log"
            ]
        );
        assert_eq!(
            names_of(
                ["all_1.log", "all_2.log", "all.log", "all_10.log"],
                Numbers::Shifted
            ),
            ["all_10.log", "all_2.log", "all_1.log", "all.log"]
        );
    }

    #[test]
    fn an_archive_that_breaks_off_is_torn_and_its_lines_count_as_far_as_they_go() {
        let directory = tempfile::tempdir().unwrap();
        let (whole, archive) = (
            directory.path().join("all.log"),
            directory.path().join("all.1.log.gz"),
        );
        let mut gzip = GzEncoder::new(Vec::new(), flate2::Compression::none());
        gzip.write_all(b"[0 0]\n[0 1]\n").unwrap();
        let gzip = gzip.finish().unwrap();
        fs::write(&whole, "[0 2]\n").unwrap();
        let judged = || {
            judge(
                &files_of(&whole, Numbers::Counted).unwrap(),
                Shape::Bracketed,
                &[3],
            )
            .unwrap()
        };
        fs::write(&archive, &gzip).unwrap();
        assert_eq!(
            judged(),
            Figures {
                sent: 3,
                written: 3,
                ..Figures::default()
            }
        );
        fs::write(&archive, &gzip[..gzip.len() - 1]).unwrap();
        assert_eq!((judged().lost, judged().torn), (0, 1));
        fs::write(&archive, &gzip[..0]).unwrap();
        assert_eq!((judged().lost, judged().torn), (2, 1));
    }

    #[test]
    fn json_lines_are_objects_with_a_message() {
        let text = "{\"message\":\"0 0\"}\n{\"message\":\"0 1\"}{\"message\":\"0 2\"}\n{\"mess";
        let reading = read(text.as_bytes(), Shape::Json);
        let figures = compare(&reading, &[3]);
        assert_eq!((figures.written, figures.lost, figures.torn), (1, 2, 2));
    }
}
