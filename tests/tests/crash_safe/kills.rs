//! Processes that are killed while they log, and what their next start writes.

use tempfile::TempDir;

use super::*;

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
