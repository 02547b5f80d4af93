//! What was queued when a process was killed is written by its next start: nothing lost that a call returned from, nothing
//! twice, nothing torn, each thread's records in order.

#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use hestia_tests::{archives, counters};
use serde_json::Value;
use tempfile::TempDir;

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

/// What the program said on its standard error; `None` where the machine forbids the file system that it needs.
fn with_rings_on(directory: &Path, arguments: &[&str]) -> Option<String> {
    let output = command(directory, arguments)
        .stdout(Stdio::piped())
        .output()
        .expect("the program can be started");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{}: {stderr}", output.status);
    let said = String::from_utf8_lossy(&output.stdout);
    if let Some(why) = said.strip_prefix("skipped: ") {
        let mut own = std::io::stderr();
        let _ = writeln!(own, "skipped: {arguments:?}: it cannot be mounted: {why}");
        return None;
    }
    Some(stderr)
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

#[test]
fn nothing_that_a_call_returned_from_is_lost_whenever_the_process_is_killed() {
    let threads = THREADS.to_string();
    for round in 0..KILLS {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        kill(directory, &["log", &threads], moment(round));
        assert!(run(directory, &["start"]).success());
        assert_complete(directory);
        no_rings_are_left(directory);
    }
}

#[test]
fn one_process_after_the_other_is_killed_and_nothing_is_lost() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let threads = THREADS.to_string();
    for round in 0..KILLS / 3 {
        kill(directory, &["log", &threads], moment(round));
    }
    assert!(run(directory, &["start"]).success());
    assert_complete(directory);
    no_rings_are_left(directory);
}

#[test]
fn nothing_is_lost_where_files_rotate_meanwhile() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let threads = THREADS.to_string();
    for round in 0..KILLS / 3 {
        kill(directory, &["log_rotating", &threads], moment(round));
    }
    assert!(run(directory, &["start_rotating"]).success());
    assert_complete(directory);
    no_rings_are_left(directory);
}

/// Archives are compressed as fast as they are made, and a recovery that is killed itself compresses, too.
#[test]
fn nothing_is_lost_or_written_twice_where_archives_are_compressed_meanwhile() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let threads = THREADS.to_string();
    for round in 0..KILLS / 3 {
        kill(directory, &["log_compressing", &threads], moment(round) * 2);
    }
    assert!(run(directory, &["start_compressing"]).success());
    assert_complete(directory);
    no_rings_are_left(directory);
    // Once there is time for all of them.
    assert!(run(directory, &["compress_all"]).success());
    assert_complete(directory);
}

#[test]
fn what_is_rotated_while_nothing_is_logged_is_compressed_all_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    assert!(run(directory, &["rotate_at_rest"]).success());
    let logs = archives::names(&directory.join("logs"));
    let expected = ["all.1.log.gz", "all.log", "app.1.log.gz", "app.log"];
    assert_eq!(logs, expected);
}

#[test]
fn nothing_is_written_twice_where_the_writer_had_written_everything() {
    for round in 0..KILLS / 3 {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        kill(directory, &["log_slowly", "2"], moment(round) * 2);
        assert!(run(directory, &["start"]).success());
        assert_complete(directory);
    }
}

/// What differs from one run to the next.
fn without_accidents(line: &str) -> Value {
    let mut record: Value = serde_json::from_str(line).expect("a whole record");
    for key in ["timestamp", "uuid", "process_id", "thread_id"] {
        assert!(
            record
                .as_object_mut()
                .expect("an object")
                .remove(key)
                .is_some(),
            "{key} in {line}"
        );
    }
    record
}

/// What a process that aborts and its next start have written; the abort comes before the writer had everything.
fn recovered_kinds() -> TempDir {
    for _ in 0..50 {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let status = run(directory.path(), &["kinds", "killed"]);
        assert_eq!(status.signal(), Some(libc::SIGABRT));
        assert!(run(directory.path(), &["start"]).success());
        let is_notice = |line: &String| line.contains(NOTICE);
        if ["app", "all"]
            .iter()
            .all(|stem| lines(directory.path(), stem).iter().any(is_notice))
        {
            return directory;
        }
    }
    panic!("the writer was always faster");
}

#[test]
fn what_is_recovered_is_what_would_have_been_written() {
    let (killed, whole) = (recovered_kinds(), tempfile::tempdir().unwrap());
    assert!(run(whole.path(), &["kinds", "whole"]).success());
    let recovered = lines(killed.path(), "app");
    let written = lines(whole.path(), "app");
    assert_eq!(
        recovered.len(),
        written.len() + 2,
        "and a notice, and a record of the next start"
    );
    for (recovered, written) in recovered.iter().zip(&written) {
        assert_eq!(without_accidents(recovered), without_accidents(written));
    }
    assert!(recovered[written.len()].contains(NOTICE));
    let text = lines(killed.path(), "all");
    assert_eq!(text.len(), recovered.len());
    let message = |line: &str| {
        line.split_once(" | ")
            .map(|(_, message)| message.to_owned())
    };
    for (recovered, written) in text.iter().zip(lines(whole.path(), "all")) {
        assert_eq!(message(recovered), message(&written));
    }
}

#[test]
fn a_forked_child_has_rings_of_its_own_and_both_are_recovered() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    assert_eq!(run(directory, &["fork"]).signal(), Some(libc::SIGABRT));
    assert!(run(directory, &["start"]).success());
    let mut processes: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    let mut numbers: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for line in lines(directory, "app") {
        let record: Value = serde_json::from_str(&line).expect("a whole record");
        if let Some((thread, number)) = numbered(&record) {
            numbers.entry(thread).or_default().push(number);
            let process = record["process_id"].as_u64().unwrap();
            processes.entry(thread).or_default().push(process);
        }
    }
    for (thread, count) in [(0, 100), (1, 200), (2, 200)] {
        let mut found = numbers[&thread].clone();
        found.sort_unstable();
        assert_eq!(found, (0..count).collect::<Vec<_>>(), "thread {thread}");
        assert!(
            processes[&thread].windows(2).all(|pair| pair[0] == pair[1]),
            "thread {thread}"
        );
    }
    assert_eq!(
        processes[&0][0], processes[&1][0],
        "before and after the fork"
    );
    assert_ne!(processes[&1][0], processes[&2][0], "parent and child");
    no_rings_are_left(directory);
}

/// The numbers of each thread in a text file, in the order of the lines.
fn numbers_in_text(path: &Path) -> BTreeMap<u64, Vec<u64>> {
    let text = fs::read_to_string(path).expect("UTF-8");
    assert!(text.ends_with('\n'), "torn: {}", path.display());
    let mut numbers: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for line in text.lines() {
        let message = serde_json::json!({ "message": line, "metadata": {} });
        match numbered(&message) {
            Some((thread, number)) => numbers.entry(thread).or_default().push(number),
            None => assert!(line.contains(NOTICE), "{line}"),
        }
    }
    numbers
}

/// The files of the two named loggers: everything that a call returned from, once, and at most one more.
fn assert_own_files(directory: &Path, files: [&str; 2]) {
    let files = files.map(|file| numbers_in_text(&directory.join(file)));
    for (thread, returned) in (0..).zip(returned(directory)) {
        let file = &files[usize::from(thread % 2 == 1)];
        let found = file.get(&thread).map(Vec::as_slice).unwrap_or_default();
        let expected: Vec<u64> = (0..returned).collect();
        let (there, more) = found.split_at(found.len().min(expected.len()));
        assert_eq!(there, expected, "thread {thread}");
        assert!(
            more.is_empty() || more == [returned],
            "thread {thread}: {more:?}"
        );
        let others = file.keys().filter(|other| (*other % 2) != (thread % 2));
        assert_eq!(others.count(), 0, "the other logger's");
    }
}

#[test]
fn named_loggers_have_their_files_too_also_where_nobody_makes_them_again() {
    for round in 0..KILLS / 3 {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        kill(directory, &["log_own", "4"], moment(round));
        assert!(run(directory, &["start_with_env"]).success());
        if returned(directory).iter().all(|returned| *returned > 0) {
            assert_own_files(directory, ["logs/risk/own.log", "logs/audit/own.log"]);
        }
        assert_complete(directory);
        no_rings_are_left(directory);
    }
}

/// How many files the test with many of them has: far more than a round's own page had room for.
const MANY_FILES: u64 = 300;

/// The file of each of many loggers: everything that a call returned from, exactly once, and at most one more of each thread.
/// Returns how many there are.
fn assert_many_files(directory: &Path) -> usize {
    let files: Vec<_> = (0..MANY_FILES)
        .map(|file| directory.join(format!("logs/own/{file}.log")))
        .map(|path| match path.exists() {
            true if fs::metadata(&path).expect("the file is there").len() > 0 => {
                numbers_in_text(&path)
            }
            _ => BTreeMap::new(),
        })
        .collect();
    let mut there = 0;
    let mut more = vec![0; THREADS];
    for (thread, returned) in (0_u64..).zip(returned(directory)) {
        for (file, numbers) in (0..).zip(&files) {
            let found = numbers.get(&thread).map(Vec::as_slice).unwrap_or_default();
            let of_file = |number: &u64| (number * 7 + thread) % MANY_FILES == file;
            let expected: Vec<u64> = (0..returned).filter(of_file).collect();
            let (there_here, beyond) = found.split_at(found.len().min(expected.len()));
            assert_eq!(
                there_here, expected,
                "thread {thread}, file {file} of {returned}"
            );
            assert!(
                beyond.is_empty() || beyond == [returned],
                "thread {thread}, file {file}: {beyond:?} after {returned}"
            );
            more[usize::try_from(thread).expect("a small number")] += beyond.len();
            there += found.len();
        }
    }
    assert!(more.iter().all(|more| *more <= 1), "{more:?}");
    there
}

#[test]
fn each_record_is_there_once_in_each_of_very_many_files_also_where_recovering_is_killed() {
    let (threads, files) = (THREADS.to_string(), MANY_FILES.to_string());
    let mut there = 0;
    for round in 0..KILLS / 4 {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        let arguments = ["log_many_own", &threads, &files];
        kill(
            directory,
            &arguments,
            Duration::from_millis(100) + moment(round) * 3,
        );
        for again in 0..round % 3 {
            let mut recovering = command(directory, &["start"]).spawn().unwrap();
            thread::sleep(moment(round * 3 + again) / 2);
            // Where it was quicker, it has ended.
            let _ = recovering.kill();
            recovering.wait().unwrap();
        }
        assert!(run(directory, &["start"]).success());
        there += assert_many_files(directory);
        let numbers = numbers(directory);
        for (thread, returned) in (0..).zip(returned(directory)) {
            let found = numbers.get(&thread).map(Vec::as_slice).unwrap_or_default();
            let count = found.len() as u64;
            assert_eq!(found, (0..count).collect::<Vec<_>>(), "thread {thread}");
            assert!((returned..=returned + 1).contains(&count));
        }
        no_rings_are_left(directory);
    }
    assert!(there > 0, "none was killed while it logged");
}

#[test]
fn records_keep_their_scopes_and_traces() {
    let threads = THREADS.to_string();
    let mut in_scopes = 0;
    for round in 0..KILLS / 3 {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        kill(directory, &["log_in_scopes", &threads], moment(round));
        assert!(run(directory, &["start"]).success());
        assert_complete(directory);
        for line in lines(directory, "app") {
            let record: Value = serde_json::from_str(&line).expect("a whole record");
            let Some((thread, number)) = numbered(&record) else {
                continue;
            };
            in_scopes += 1;
            let metadata = &record["metadata"];
            assert_eq!(metadata["of_all"], "threads", "{line}");
            let request = metadata["request"].as_str().expect("a request");
            let (of_thread, first) = request.split_once('-').expect("thread and number");
            let first: u64 = first.parse().expect("a number");
            assert_eq!(of_thread, thread.to_string(), "{line}");
            assert!((first..first + 3).contains(&number), "{line}");
            let filling = metadata["filling"].as_str().expect("filling").len();
            assert_eq!(filling as u64, first * 37 % 5_000);
            assert_eq!(
                metadata["step"].as_u64(),
                (number == first + 2).then_some(first)
            );
            assert_eq!(
                record["trace_id"].is_string(),
                first.is_multiple_of(3),
                "{line}"
            );
            if metadata["said_trace"].is_string() {
                assert_eq!(metadata["said_trace"], record["trace_id"], "{line}");
            }
        }
        no_rings_are_left(directory);
    }
    assert!(in_scopes > 0, "none was killed while it logged");
}

#[test]
fn files_of_named_loggers_that_the_environment_moved_are_found_where_they_are() {
    for round in 0..KILLS / 6 {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        let moved = |arguments: &[&str]| {
            let mut command = command(directory, arguments);
            command.env("LOGS_DIR", "moved");
            command
        };
        let mut child = moved(&["log_own", "4"]).spawn().unwrap();
        thread::sleep(moment(round));
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(libc::SIGKILL));
        assert!(moved(&["start_with_env"]).status().unwrap().success());
        if returned(directory).iter().all(|returned| *returned > 0) {
            assert_own_files(directory, ["moved/own.log", "moved/logs/audit/own.log"]);
            assert!(
                !directory.join("logs").exists(),
                "nothing is where the code said"
            );
        }
        no_rings_are_left(directory);
    }
}

#[test]
fn records_keep_their_logger_where_another_one_takes_its_address() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    for round in 0..KILLS / 3 {
        kill(directory, &["log_with_many", "3"], moment(round));
    }
    assert!(run(directory, &["start"]).success());
    assert_complete(directory);
    for line in lines(directory, "app") {
        let record: Value = serde_json::from_str(&line).expect("a whole record");
        if let Some((_, number)) = numbered(&record) {
            assert_eq!(record["metadata"]["owner"], number, "{line}");
            assert_eq!(record["application"], format!("application-{number}"));
        }
    }
    no_rings_are_left(directory);
}

#[test]
fn a_forked_child_keeps_its_parents_logger_whatever_becomes_of_it_there() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let status = run(directory, &["fork_with_loggers"]);
    assert_eq!(status.signal(), Some(libc::SIGABRT));
    assert!(run(directory, &["start"]).success());
    let mut counts = [0; 3];
    for line in lines(directory, "app") {
        let record: Value = serde_json::from_str(&line).expect("a whole record");
        if let Some((thread, _)) = numbered(&record) {
            let owner = i32::from(thread == 1);
            assert_eq!(record["metadata"]["owner"], owner, "{line}");
            counts[usize::try_from(thread).unwrap()] += 1;
        }
    }
    assert_eq!(counts, [1, 1_000, 1_000]);
    no_rings_are_left(directory);
}

#[test]
fn each_record_is_there_once_where_every_process_has_files_of_its_own() {
    for round in 0..KILLS / 3 {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        kill(directory, &["log_own_by_pid", "2"], moment(round));
        assert!(run(directory, &["start_by_pid"]).success());
        let mut numbers = numbers(directory);
        for (thread, returned) in (0..).zip(returned(directory)) {
            // Which of the two files is the older one, their names do not say.
            let found = numbers.entry(thread).or_default();
            found.sort_unstable();
            let count = found.len() as u64;
            assert_eq!(*found, (0..count).collect::<Vec<_>>(), "thread {thread}");
            assert!(
                (returned..=returned + 1).contains(&count),
                "{count} of {returned}"
            );
        }
        no_rings_are_left(directory);
    }
}

#[test]
fn the_rings_are_only_for_their_owner_and_a_clean_end_leaves_none() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    kill(directory, &["log_slowly", "1"], Duration::from_millis(300));
    let rings: Vec<_> = fs::read_dir(directory.join("rings"))
        .unwrap()
        .flatten()
        .collect();
    assert_eq!(rings.len(), 1);
    assert_eq!(
        rings[0].metadata().unwrap().permissions().mode() & 0o777,
        0o600
    );
    // Others could have written into this one.
    fs::set_permissions(rings[0].path(), PermissionsExt::from_mode(0o666)).unwrap();
    let output = command(directory, &["start"]).output().unwrap();
    assert!(output.status.success());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.contains("is no file of crash-safe rings"),
        "{stderr}"
    );
    fs::set_permissions(rings[0].path(), PermissionsExt::from_mode(0o600)).unwrap();
    another_owner_s_rings_are_left_alone(directory, &rings[0].path());
    assert!(run(directory, &["start"]).success());
    assert_complete(directory);
    no_rings_are_left(directory);
}

fn another_owner_s_rings_are_left_alone(directory: &Path, rings: &Path) {
    use std::os::unix::fs::{MetadataExt, chown};
    const NOBODY: u32 = 65_534;
    let owner = || fs::metadata(rings).expect("they are there").uid();
    let own = owner();
    if let Err(error) = chown(rings, Some(NOBODY), None) {
        let mut stderr = std::io::stderr();
        let _ = writeln!(stderr, "skipped: rings of another owner: {error}");
        return;
    }
    let output = command(directory, &["start"])
        .output()
        .expect("the program can be started");
    assert!(output.status.success());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.contains("is no file of crash-safe rings that only this user can write"),
        "{stderr}"
    );
    assert_eq!(owner(), NOBODY);
    chown(rings, Some(own), None).expect("they are given back");
}

#[test]
fn a_later_build_of_the_program_recovers_what_this_one_left() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    for round in 0..5 {
        kill(directory, &["log", "3"], moment(round));
        let later = Command::new(env!("CARGO_BIN_EXE_crash_safe_later"))
            .current_dir(directory)
            .status();
        assert!(later.expect("the program can be started").success());
        assert_complete(directory);
        no_rings_are_left(directory);
    }
}

/// How often somebody is killed in [`kill_in_turn`].
const KILLS_IN_TURN: u32 = 14;

/// Each of two processes is killed, started again and killed while the other one goes on; in the end both are gone.
fn kill_in_turn(directory: &Path, programs: [&[&str]; 2]) {
    let start = |arguments: &[&str]| {
        let started = command(directory, arguments).spawn();
        started.expect("the program can be started")
    };
    let mut running = programs.map(|arguments| (arguments, start(arguments)));
    for round in 0..KILLS_IN_TURN - 2 {
        thread::sleep(moment(round));
        let (arguments, process) = &mut running[round as usize % 2];
        process.kill().unwrap();
        process.wait().unwrap();
        *process = start(arguments);
    }
    for (_, mut process) in running {
        process.kill().unwrap();
        process.wait().unwrap();
    }
}

#[test]
fn in_files_that_processes_share_each_record_is_there_and_whatever_is_there_twice_has_one_uuid() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    counters::create(directory.join("returned"), 4).unwrap();
    kill_in_turn(
        directory,
        [&["log_shared", "0", "2"], &["log_shared", "2", "2"]],
    );
    assert!(run(directory, &["start"]).success());
    no_rings_are_left(directory);
    let mut uuids: BTreeMap<(u64, u64), Vec<Value>> = BTreeMap::new();
    // A kill cuts at most one line of each file, and the other process's next one stands right behind the half of it.
    let kills = KILLS_IN_TURN as usize;
    let mut torn = Vec::new();
    for line in lines(directory, "app") {
        let Ok(record) = serde_json::from_str(&line) else {
            torn.push(line);
            continue;
        };
        let record: Value = record;
        if let Some(number) = numbered(&record) {
            uuids
                .entry(number)
                .or_default()
                .push(record["uuid"].clone());
        }
    }
    for (thread, returned) in (0..).zip(returned(directory)) {
        assert!(returned > 0, "thread {thread} logged nothing");
        for number in 0..returned {
            let Some(uuids) = uuids.get_mut(&(thread, number)) else {
                panic!("thread {thread}: number {number} of {returned} is lost");
            };
            assert!(uuids[0].is_string());
            // The last record of a process that was killed within its call is logged again by the next one.
            uuids.dedup();
            assert!(
                uuids.len() <= 2,
                "thread {thread}, number {number}: {uuids:?}"
            );
        }
    }
    assert!(torn.len() <= kills, "{torn:?}");
    let text = lines(directory, "all");
    let torn: Vec<_> = text.iter().filter(|line| !line.contains(" | ")).collect();
    assert!(torn.len() <= kills, "{torn:?}");
}

/// How many lines say nothing but the same, and how many calls had returned that did.
fn equal_lines(directory: &Path) -> (u64, u64) {
    assert!(run(directory, &["start_equal"]).success());
    no_rings_are_left(directory);
    let text = lines(directory, "all");
    let there = text.iter().filter(|line| *line == "equal");
    (there.count() as u64, returned(directory).iter().sum())
}

/// A line that another process wrote does not stand for one that was not written.
#[test]
fn where_lines_do_not_tell_who_wrote_them_none_is_missing() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    counters::create(directory.join("returned"), 2).unwrap();
    kill_in_turn(directory, [&["log_equal", "0"], &["log_equal", "1"]]);
    let (there, logged) = equal_lines(directory);
    assert!(there >= logged, "{there} of {logged}");
}

#[test]
fn where_all_lines_are_equal_and_one_process_s_each_is_there_once() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let kills = u64::from(KILLS / 6);
    for round in 0..KILLS / 6 {
        kill(directory, &["log_equal", "0"], moment(round));
    }
    let (there, logged) = equal_lines(directory);
    // Those whose calls had not returned yet.
    assert!(
        (logged..=logged + kills).contains(&there),
        "{there} of {logged}, {kills} kills"
    );
}

#[test]
fn rings_are_in_shared_memory_unless_said_otherwise() {
    use std::os::unix::fs::PermissionsExt;
    let memory = Path::new("/dev/shm");
    if !memory.is_dir() {
        let mut stderr = std::io::stderr();
        let _ = writeln!(
            stderr,
            "skipped: rings in shared memory: there is no {memory:?}"
        );
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let arguments = ["log_in_default_place", "1"];
    let process = kill(directory, &arguments, Duration::from_secs(1));
    let rings_of = |process: u32| {
        let entries = fs::read_dir(memory).unwrap().flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        let is_own =
            |name: &String| name.starts_with("hestia-") && name.contains(&format!("-{process}-"));
        names.filter(is_own).collect::<Vec<_>>()
    };
    let rings = rings_of(process);
    assert_eq!(rings.len(), 1, "{rings:?}");
    let mode = fs::metadata(memory.join(&rings[0])).unwrap().permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    assert!(run(directory, &["start_in_default_place"]).success());
    assert_complete(directory);
    assert_eq!(rings_of(process), [""; 0]);
}

/// The file system of the rings cannot set blocks aside.
#[test]
fn rings_are_as_safe_where_nothing_can_be_preallocated() {
    let directory = tempfile::tempdir().unwrap();
    if with_rings_on(directory.path(), &["killed_on", "ramfs"]).is_some() {
        assert_complete(directory.path());
    }
}

/// No store finds the disk full and has the process die of it.
#[test]
fn where_the_disk_of_the_rings_is_full_records_are_written_all_the_same_and_it_is_told_once() {
    for bytes in ["size=256k", "size=1m"] {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        let Some(stderr) = with_rings_on(directory, &["on_small_disk", bytes]) else {
            return;
        };
        assert_complete(directory);
        let told = stderr
            .lines()
            .filter(|line| line.contains("there is no room in"));
        assert_eq!(told.count(), 1, "{stderr}");
    }
}

#[cfg(all(target_os = "linux", not(hestia_portable)))]
#[test]
fn a_crash_waits_for_nobody_where_rings_outlive_it() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let mut crashing = command(directory, &["crash_while_writer_hangs"]);
    let mut crashing = crashing.spawn().expect("the program can be started");
    let started = Instant::now();
    let status = loop {
        if let Some(status) = crashing.try_wait().unwrap() {
            break status;
        }
        // It would wait for an hour.
        if started.elapsed() > Duration::from_secs(60) {
            crashing.kill().unwrap();
        }
        thread::sleep(Duration::from_millis(5));
    };
    assert_eq!(status.signal(), Some(libc::SIGABRT));
    assert!(run(directory, &["start"]).success());
    assert_complete(directory);
    no_rings_are_left(directory);
}

#[test]
fn rings_that_cannot_be_made_are_an_error_of_the_start() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("rings"), "a file in its place").unwrap();
    let output = command(directory.path(), &["start"]).output().unwrap();
    assert!(!output.status.success());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.contains("cannot make crash-safe rings in rings"),
        "{stderr}"
    );
}

#[test]
fn rings_can_be_read_by_hand_once_their_process_is_gone() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let mut living = command(directory, &["look_at_own"]);
    let mut living = living.stdout(Stdio::piped()).spawn().unwrap();
    thread::sleep(Duration::from_millis(500));
    let read = || {
        let output = command(directory, &["read"])
            .stdout(Stdio::piped())
            .output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    };
    // Also after it has looked at them itself.
    assert!(
        read().contains("is in use by a living process"),
        "{}",
        read()
    );
    living.kill().unwrap();
    let said = living.wait_with_output().unwrap().stdout;
    assert!(
        String::from_utf8(said)
            .unwrap()
            .contains("is in use by a living process")
    );
    // Reading changes nothing.
    assert!(read().ends_with(" and 0\n"), "{}", read());
    assert_eq!(read(), read());
    assert!(run(directory, &["start"]).success());
    assert_complete(directory);
    no_rings_are_left(directory);
}
