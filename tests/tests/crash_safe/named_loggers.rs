//! Named loggers of processes that are killed, with files of their own or without.

use super::*;

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
