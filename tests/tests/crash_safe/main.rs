//! What was queued when a process was killed is written by its next start: nothing lost that a call returned from, nothing
//! twice, nothing torn, each thread's records in order.
//!
//! Here is what starts and kills programs, and what reads their files.

#![cfg(unix)]

mod kills;
mod named_loggers;
mod rings;
mod shared_files;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use hestia_tests::{archives, counters};
use serde_json::Value;

/// How often the process is killed: more often where it does not take minutes.
const KILLS: u32 = if cfg!(debug_assertions) { 60 } else { 200 };
const THREADS: usize = 3;
/// Part of the line that says how much was recovered.
const NOTICE: &str = "which ended before it wrote ";

fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crash_safe"));
    command
        .args(arguments)
        .current_dir(directory)
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

fn run(directory: &Path, arguments: &[&str]) -> ExitStatus {
    let status = command(directory, arguments).status();
    status.expect("the program can be started")
}

/// Starts the program and kills it after a while.
fn kill(directory: &Path, arguments: &[&str], after: Duration) -> u32 {
    let started = command(directory, arguments).spawn();
    let mut child = started.expect("the program can be started");
    thread::sleep(after);
    child.kill().expect("it can be killed");
    let status = child.wait().expect("it has ended");
    assert_eq!(status.signal(), Some(libc::SIGKILL), "it ended by itself");
    child.id()
}

/// How many calls of each thread had returned; none where the process was killed before it counted.
fn returned(directory: &Path) -> Vec<u64> {
    counters::read(directory.join("returned")).unwrap_or_default()
}

/// The lines of a log file and of its archives, compressed or not, oldest first. Where a kill came between an archive's
/// compressed copy and its end, the next start ends it: so there is one of the two.
fn lines(directory: &Path, stem: &str) -> Vec<String> {
    let logs = directory.join("logs");
    let mut numbers = Vec::new();
    let mut files = Vec::new();
    for (number, path) in archives::numbered(&logs, stem) {
        if !numbers.contains(&number) {
            numbers.push(number);
            files.push(path);
        }
    }
    let live = logs.join(format!("{stem}.log"));
    files.extend(live.exists().then_some(live));
    let mut lines = Vec::new();
    for path in files {
        let text = String::from_utf8(archives::content(&path)).expect("UTF-8");
        assert!(
            text.is_empty() || text.ends_with('\n'),
            "the last line of {} is torn",
            path.display()
        );
        lines.extend(text.lines().map(String::from));
    }
    lines
}

/// Thread and number, from key-values or from the message.
fn numbered(record: &Value) -> Option<(u64, u64)> {
    let of = |key: &str| record["metadata"][key].as_u64();
    if let (Some(thread), Some(number)) = (of("thread"), of("number")) {
        return Some((thread, number));
    }
    let message = record["message"].as_str()?;
    let after = |word: &str| message.split(word).nth(1)?.split_whitespace().next();
    Some((
        after("thread ")?.parse().ok()?,
        after("number ")?.parse().ok()?,
    ))
}

/// Reads the JSON file: all numbers by thread, in the order of the lines.
fn numbers(directory: &Path) -> BTreeMap<u64, Vec<u64>> {
    let mut numbers: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for line in lines(directory, "app") {
        let record: Value = serde_json::from_str(&line).expect("a whole record");
        if let Some((thread, number)) = numbered(&record) {
            assert_eq!(record["metadata"]["region"], "eu-1", "{line}");
            numbers.entry(thread).or_default().push(number);
        }
    }
    numbers
}

/// Everything that a call returned from is there, once, in order; and at most one more, whose call had not returned.
fn assert_complete(directory: &Path) {
    let numbers = numbers(directory);
    for (thread, returned) in (0..).zip(returned(directory)) {
        let found = numbers.get(&thread).map(Vec::as_slice).unwrap_or_default();
        let mut place = 0;
        for number in 0..returned {
            // A record whose call had not returned when the process was killed is logged again by the next one.
            let times = found[place..]
                .iter()
                .take_while(|found| **found == number)
                .count();
            assert!(
                (1..=2).contains(&times),
                "thread {thread}: number {number} of {returned} is there {times} times; found {:?}",
                &found[place.saturating_sub(3)..(place + 5).min(found.len())]
            );
            place += times;
        }
        assert!(
            found.len() - place <= 1,
            "thread {thread}: {:?} after {returned}",
            &found[place..]
        );
    }
    // Where one of the files had everything, only the other one says that something was recovered.
    let records = |stem| {
        let mut lines = lines(directory, stem);
        lines.retain(|line| !line.contains(NOTICE));
        lines
    };
    let (text, json) = (records("all"), records("app"));
    let ends = |lines: &[String]| lines[lines.len().saturating_sub(5)..].join("\n");
    assert_eq!(
        text.len(),
        json.len(),
        "both files have the same records:\n{}\n{}",
        ends(&text),
        ends(&json)
    );
}

/// Nothing is left to recover. (A process that is killed while it makes its rings leaves an unfinished file, which a start
/// removes that comes a minute later.)
fn no_rings_are_left(directory: &Path) {
    let left: Vec<_> = fs::read_dir(directory.join("rings"))
        .expect("the directory of the rings")
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|end| end == "rings"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

/// Some moment within the first tenths of a second, another one each time.
fn moment(round: u32) -> Duration {
    Duration::from_micros(20_000 + u64::from(round.wrapping_mul(2_654_435_761) % 80_000))
}
