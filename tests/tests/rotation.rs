//! Whoever rotates a file, and whatever happens meanwhile: no record is lost, torn, twice or out of order.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use hestia_tests::archives::{content, logged, names, numbered};
use hestia_tests::figures::Told;
use hestia_tests::records::{Logged, assert_counts_up};
use hestia_tests::{Run, Running, lines};

const THREADS: u64 = 4;
const FILE_BYTES: u64 = 64 << 10;

fn run(scenario: &str) -> Run {
    Run::new(env!("CARGO_BIN_EXE_rotation"), scenario)
}

/// Another process of the program, in the directory of a run.
fn another(directory: &Path, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_rotation"))
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts")
}

/// How many records each thread logged, each of them once and in order.
fn counts(logged: &Logged) -> BTreeMap<u64, u64> {
    assert!(!logged.is_torn);
    for (thread, numbers) in &logged.numbers {
        assert_counts_up(*thread, numbers);
    }
    let count = |(thread, numbers): (&u64, &Vec<u64>)| (*thread, numbers.len() as u64);
    logged.numbers.iter().map(count).collect()
}

fn expected(threads: impl IntoIterator<Item = u64>, count: u64) -> BTreeMap<u64, u64> {
    threads.into_iter().map(|thread| (thread, count)).collect()
}

/// A test may have to wait for what another process does in its own time; it never takes this long.
fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "not so: {what}"
        );
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn by_size_no_record_is_lost_torn_twice_or_out_of_order() {
    let program = run("size").finish().successful();
    Told::by(&program).books_balance(THREADS * 10_000);
    let logs = program.path("logs");
    assert_eq!(counts(&logged(&logs, "all")), expected(0..THREADS, 10_000));
    let archives = numbered(&logs, "all");
    assert!(archives.len() > 10, "{archives:?}");
    for (place, (number, path)) in (1..).zip(&archives) {
        assert_eq!(*number, place);
        let size = fs::metadata(path).expect("it is there").len();
        assert!(
            size <= FILE_BYTES && size > FILE_BYTES - 1_000,
            "{size} bytes"
        );
    }
    assert_eq!(program.stderr, "");
}

#[test]
fn by_time_each_second_has_its_file() {
    let program = run("periods").finish().successful();
    let logs = program.path("logs");
    assert_eq!(counts(&logged(&logs, "all")), expected(0..THREADS, 500));
    let archives = numbered(&logs, "all");
    assert!(archives.len() >= 2, "{archives:?}");
    for (_, path) in archives {
        let text = lines(&path);
        let second = |line: &String| line.split('.').next().map(str::to_owned);
        let first = second(&text[0]);
        // A record that was overtaken at the boundary stands in the new file.
        let others = text.iter().filter(|line| second(line) > first).count();
        assert_eq!(others, 0, "{}", path.display());
    }
}

#[test]
fn four_processes_share_one_file_that_is_rotated() {
    let first = run("size").arg("0");
    let directory = first.directory().to_owned();
    fs::create_dir(directory.join("logs")).expect("a directory");
    let running = first.start();
    let others: Vec<_> = ["10", "20", "30"]
        .iter()
        .map(|number| another(&directory, &["size", number]))
        .collect();
    for mut other in others {
        assert!(other.wait().expect("it ends").success());
    }
    let program = running.finish().successful();
    let logs = program.path("logs");
    let threads = [0, 10, 20, 30]
        .into_iter()
        .flat_map(|first| first..first + THREADS);
    assert_eq!(counts(&logged(&logs, "all")), expected(threads, 10_000));
    let archives = numbered(&logs, "all");
    // Each is rotated once, and by one of them: none is much shorter than it should be.
    for (_, path) in &archives {
        let size = fs::metadata(path).expect("it is there").len();
        assert!(size > FILE_BYTES / 2, "{}: {size} bytes", path.display());
    }
    assert!(archives.len() > 40, "{archives:?}");
}

/// A program that finds no `flock`, as on some network file systems; `None` where there is no `strace`, or it may not.
fn without_locks(arguments: &[&str]) -> Option<Vec<String>> {
    let words = [
        "strace",
        "-f",
        "--seccomp-bpf",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        "trace=flock",
        "-e",
        "inject=flock:error=EOPNOTSUPP",
    ];
    let trial = Command::new(words[0])
        .args(&words[1..])
        .arg("true")
        .output();
    if !trial.is_ok_and(|output| output.status.success()) {
        let _ = writeln!(
            std::io::stderr(),
            "skipped: a file system without locks: strace cannot be run"
        );
        return None;
    }
    let program = [env!("CARGO_BIN_EXE_rotation")];
    let words = words.iter().chain(&program).chain(arguments);
    Some(words.map(|word| (*word).to_owned()).collect())
}

/// Where neither locks nor a rename that never replaces are to be had, one process may replace another's archive: said in
/// ARCHITECTURE, with what else differs there.
#[test]
#[cfg(not(hestia_portable))]
fn without_locks_processes_that_share_a_file_lose_nothing() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut processes = Vec::new();
    for first in ["0", "10", "20"] {
        let Some(words) = without_locks(&["size", first, "5000"]) else {
            return;
        };
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).current_dir(directory.path());
        let started = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        processes.push(started.expect("it starts"));
    }
    for process in processes {
        let output = process.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    }
    let logs = directory.path().join("logs");
    let threads = [0, 10, 20]
        .into_iter()
        .flat_map(|first| first..first + THREADS);
    assert_eq!(counts(&logged(&logs, "all")), expected(threads, 5_000));
    let archives = numbered(&logs, "all");
    assert!(archives.len() > 10, "{archives:?}");
    for (_, path) in archives {
        let size = fs::metadata(path).expect("it is there").len();
        // Several write to it, and each asks for its size before.
        assert!(size <= 3 * FILE_BYTES, "{size} bytes");
    }
}

#[test]
fn without_locks_archives_are_compressed_once_they_were_left_alone() {
    let Some(words) = without_locks(&["packed", "0"]) else {
        return;
    };
    let run = Run::program(&words[0]);
    let run = words[1..].iter().fold(run, |run, word| run.arg(word));
    let program = run.finish().successful();
    let logs = program.path("logs");
    assert_eq!(counts(&logged(&logs, "all")), expected(0..THREADS, 5_000));
    assert!(
        numbered(&logs, "all")
            .iter()
            .all(|(_, path)| path.extension().is_some_and(|end| end == "gz"))
    );
}

#[test]
fn no_process_compresses_what_another_one_still_writes_to() {
    let first = run("size_packed").arg("0");
    let directory = first.directory().to_owned();
    fs::create_dir(directory.join("logs")).expect("a directory");
    let running = first.start();
    let others = ["10", "20", "30"].map(|number| another(&directory, &["size_packed", number]));
    for mut other in others {
        assert!(other.wait().expect("it ends").success());
    }
    let program = running.finish().successful();
    assert_eq!(program.stderr, "");
    // What the ends of the processes left in the middle.
    let mut last = another(program.path("logs/..").as_path(), &["packed", "1000"]);
    assert!(last.wait().expect("it ends").success());
    let logs = program.path("logs");
    let threads = [0, 10, 20, 30]
        .into_iter()
        .flat_map(|first| first..first + THREADS);
    let mut all = expected(threads, 10_000);
    all.extend(expected(1000..1000 + THREADS, 5_000));
    assert_eq!(counts(&logged(&logs, "all")), all);
    let names = names(&logs);
    let is_done = |name: &String| name.ends_with(".log.gz") || name == "all.log";
    assert!(names.iter().all(is_done), "{names:?}");
}

#[test]
fn archives_are_compressed_with_their_mode_and_times() {
    for (scenario, ending) in [("packed", "gz"), ("packed_zstd", "zst")] {
        let run = run(scenario);
        let logs = run.directory().join("logs");
        fs::create_dir(&logs).expect("a directory");
        let old = logs.join("all.1.log");
        fs::write(&old, "of an earlier run\n").expect("a file");
        fs::set_permissions(&old, fs::Permissions::from_mode(0o604)).expect("a mode");
        let before = fs::metadata(&old).expect("it is there");
        let program = run.finish().successful();
        let logs = program.path("logs");
        let packed = logs.join(format!("all.1.log.{ending}"));
        let after = fs::metadata(&packed).expect("it is compressed");
        assert_eq!(after.permissions().mode() & 0o777, 0o604);
        assert_eq!(after.modified().ok(), before.modified().ok());
        assert_eq!(content(&packed), b"of an earlier run\n");
        fs::remove_file(packed).expect("a file");
        assert_eq!(counts(&logged(&logs, "all")), expected(0..THREADS, 5_000));
        let archives = numbered(&logs, "all");
        assert!(
            archives
                .iter()
                .all(|(_, path)| path.extension().is_some_and(|end| end == ending))
        );
        assert_eq!(names(&logs).len(), archives.len() + 1);
    }
}

#[test]
fn nobody_waits_for_compression() {
    let program = run("slowly_packed").finish().successful();
    let facts = Told::by(&program).facts;
    assert_eq!(facts["meanwhile"], 20, "{facts}");
    if hestia_tests::OS_THREAD_IDS {
        assert_eq!(facts["niceness"], 19, "{facts}");
    }
    let logs = program.path("logs");
    assert_eq!(
        names(&logs),
        ["all.1.log", "all.1.log.gz.partial", "all.log"]
    );
    assert_eq!(Logged::in_text(&program).numbers[&0].len(), 20);
    assert_eq!(program.stderr, "");
}

#[test]
fn a_file_that_was_moved_away_is_left_at_once_when_somebody_says_so() {
    let program = run("reopened").finish().successful();
    let numbers = |file: &str| Logged::in_text_at(&program.path(file)).numbers[&0].clone();
    assert_eq!(numbers("logs/moved.log"), Vec::from_iter(0..100));
    assert_eq!(numbers("logs/all.log"), Vec::from_iter(100..200));
}

/// Kills the program at some moment; what was not yet written is lost then, and nothing else.
fn kill(mut program: Child) {
    program.kill().expect("it runs");
    program.wait().expect("it ended");
}

#[test]
fn killed_at_any_moment_archives_are_whole_and_the_next_start_goes_on() {
    let directory = tempfile::tempdir().expect("a directory");
    let logs = directory.path().join("logs");
    let rounds = 12;
    for round in 0..rounds {
        let program = another(directory.path(), &["endless", &(round * 10).to_string()]);
        let before = if logs.exists() { names(&logs).len() } else { 0 };
        wait_until("it has rotated", || {
            logs.exists() && names(&logs).len() > before + 3
        });
        thread::sleep(Duration::from_millis(7 * round));
        kill(program);
    }
    // What a kill in the middle of compressing leaves, for sure.
    let (_, last) = numbered(&logs, "all").pop().expect("archives");
    let last = last.display().to_string();
    let plain = last.trim_end_matches(".gz");
    if last.ends_with(".gz") {
        fs::write(plain, content(Path::new(&last))).expect("a file");
    } else {
        fs::write(format!("{plain}.gz.partial"), "half").expect("a file");
    }
    fs::write(logs.join("all.7654321.log.gz.partial"), "an orphan").expect("a file");
    let program = another(directory.path(), &["packed", "1000"]);
    let output = program.wait_with_output().expect("it ends");
    assert!(output.status.success());
    let logged = logged_after_kills(&logs);
    for (thread, numbers) in &logged.numbers {
        match thread {
            1000.. => assert_eq!(numbers.len(), 5_000),
            _ => assert!(!numbers.is_empty()),
        }
        assert_counts_up(*thread, numbers);
    }
    for thread in 1000..1000 + THREADS {
        assert!(logged.numbers.contains_key(&thread));
    }
    let names = names(&logs);
    assert!(
        names
            .iter()
            .all(|name| name.ends_with(".log.gz") || name == "all.log"),
        "{names:?}"
    );
}

/// The only lines that may be torn are those that a kill cut, which the next run gives an end: the last ones of their
/// threads. They are left out.
fn logged_after_kills(logs: &Path) -> Logged {
    let mut logged = Logged::default();
    let live = logs.join("all.log");
    let archives = numbered(logs, "all").into_iter().map(|(_, path)| path);
    for path in archives.chain([live]) {
        let text = String::from_utf8(content(&path)).expect("UTF-8");
        let whole = text.lines().filter(|line| line.contains(" | "));
        let whole: String = whole.map(|line| format!("{line}\n")).collect();
        logged.append(Logged::in_text_from(whole.as_bytes()));
    }
    for numbers in logged.numbers.values_mut() {
        let (last, expected) = (numbers[numbers.len() - 1], numbers.len() - 1);
        let is_cut = expected.to_string().starts_with(&last.to_string());
        if last != expected as u64 && is_cut {
            numbers.pop();
        }
    }
    logged.numbers.retain(|_, numbers| !numbers.is_empty());
    logged
}

/// Does something to the log while a program writes to it, three times; the whole of it must be in these files in the end.
fn disturbed(mut disturb: impl FnMut(&Path, u32)) -> (Logged, u64) {
    let running = run("until_told").start();
    let logs = running.directory().join("logs");
    wait_until("it logs", || {
        fs::metadata(logs.join("all.log")).is_ok_and(|there| there.len() > 1_000)
    });
    for time in 1..=3 {
        disturb(&logs, time);
        wait_until("it goes on in a new file", || {
            fs::metadata(logs.join("all.log")).is_ok_and(|there| there.len() > 1_000)
        });
    }
    finish(running, |logs| {
        let mut logged = Logged::default();
        for time in 1..=3 {
            let aside = logs.join(format!("aside.{time}"));
            if aside.exists() {
                logged.append(Logged::in_text_at(&aside));
            }
        }
        logged.append(Logged::in_text_at(&logs.join("all.log")));
        logged
    })
}

fn finish(running: Running, read: impl Fn(&Path) -> Logged) -> (Logged, u64) {
    File::create(running.directory().join("stop")).expect("a file");
    let program = running.finish().successful();
    let told = Told::by(&program);
    let count = told.fact("count");
    told.books_balance(count);
    assert_eq!(told.output("text", "failed"), 0);
    assert_eq!(told.facts["flushed"], serde_json::Value::Null);
    assert_eq!(program.stderr, "");
    (read(&program.path("logs")), count)
}

#[test]
fn a_file_that_is_renamed_under_load_is_followed_without_loss() {
    let (logged, count) = disturbed(|logs, time| {
        let aside = logs.join(format!("aside.{time}"));
        fs::rename(logs.join("all.log"), aside).expect("it is there");
    });
    assert_eq!(counts(&logged), expected([0], count));
}

#[test]
fn a_file_that_is_deleted_under_load_is_made_anew_and_the_rest_is_there() {
    for with_directory in [false, true] {
        let (logged, count) = disturbed(|logs, _| {
            let gone = match with_directory {
                true => fs::remove_dir_all(logs),
                false => fs::remove_file(logs.join("all.log")),
            };
            // It may be made anew while it is removed.
            assert!(gone.is_ok() || with_directory, "{gone:?}");
        });
        let numbers = &logged.numbers[&0];
        assert_eq!(numbers.last(), Some(&(count - 1)));
        assert!(
            numbers.windows(2).all(|pair| pair[1] == pair[0] + 1),
            "a gap"
        );
    }
}

#[test]
fn a_file_that_is_copied_and_truncated_under_load_goes_on_at_its_start() {
    let (logged, _) = disturbed(|logs, time| {
        let live = logs.join("all.log");
        let aside = logs.join(format!("aside.{time}"));
        fs::copy(&live, &aside).expect("it is there");
        let file = File::options()
            .write(true)
            .open(&live)
            .expect("it is there");
        file.set_len(0).expect("it can be truncated");
        // Between copy and truncation lines may be lost, and the copy may end within one: nobody can help that.
        let copied = fs::read(&aside).expect("the copy");
        let end = copied
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        File::options()
            .write(true)
            .open(&aside)
            .and_then(|copy| copy.set_len(end as u64))
            .expect("it can be cut");
    });
    assert!(
        !logged.is_torn && logged.others.is_empty(),
        "{:?}",
        logged.others
    );
    let numbers = &logged.numbers[&0];
    assert!(
        numbers.windows(2).all(|pair| pair[0] < pair[1]),
        "twice, or out of order"
    );
}

#[test]
fn children_that_are_forked_in_the_middle_follow_their_parent() {
    let program = run("forking").finish().successful();
    let mut all = expected(0..THREADS, 10_000);
    all.extend(expected([10, 20, 30], 5_000));
    assert_eq!(counts(&logged(&program.path("logs"), "all")), all);
}

#[test]
fn a_child_that_does_nothing_keeps_no_archive_from_being_compressed() {
    let program = run("waiting_child").finish().successful();
    let packed = content(&program.path("logs/all.1.log.gz"));
    assert!(packed.ends_with(b"| 0 0\n"));
}

#[test]
fn every_file_can_be_rotated_by_hand() {
    let program = run("by_hand").finish().successful();
    let names = names(&program.path("logs"));
    assert_eq!(names.len(), 4, "{names:?}");
    let archive = names
        .iter()
        .find(|name| name.starts_with("all.2"))
        .expect("an archive");
    assert!(lines(&program.path(&format!("logs/{archive}")))[0].ends_with("| before"));
    assert!(program.text()[0].ends_with("| after"));
    assert_eq!(Told::by(&program).facts["rotate"], "by hand");
}

#[test]
fn a_path_with_the_process_id_is_each_process_s_own() {
    let program = run("with_id").finish().successful();
    let told = Told::by(&program);
    for who in ["parent", "child"] {
        let path = program.path(&format!("logs/all-{}.log", told.fact(who)));
        let text = lines(&path);
        assert!(text.len() == 1 && text[0].ends_with(who), "{text:?}");
    }
}

#[test]
fn files_of_named_loggers_are_rotated_as_all_are() {
    let program = run("named").finish().successful();
    let logs = program.path("logs");
    for stem in ["all", "audit"] {
        assert_eq!(counts(&logged(&logs, stem)), expected([0], 5_000));
        assert!(numbered(&logs, stem).len() > 1);
    }
}

#[test]
fn a_rotation_that_fails_costs_nothing_and_is_made_up_for() {
    let program = run("full").finish().successful();
    let told = Told::by(&program);
    told.books_balance(THREADS * 1_000);
    assert_eq!(told.facts["flushed"], true);
    assert!(told.output("text", "errors") > 0 && told.is_working("text"));
    assert!(
        program.stderr.contains("no free number"),
        "{}",
        program.stderr
    );
    let logs = program.path("logs");
    assert_eq!(
        counts(&logged(&logs, "all")),
        expected(0..2 * THREADS, 1_000)
    );
    assert!(!numbered(&logs, "all").is_empty());
}

/// Somebody who owns nothing.
const NOBODY: u32 = 65_534;

#[test]
fn a_directory_that_may_not_be_written_to_keeps_the_file_as_it_is() {
    let run = run("size");
    let logs = run.directory().join("logs");
    fs::create_dir(&logs).expect("a directory");
    File::create(logs.join("all.log")).expect("a file");
    for (path, mode) in [
        (run.directory(), 0o755),
        (&*logs.join("all.log"), 0o666),
        (&*logs, 0o555),
    ] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
    }
    let (mut command, _directory) = run.into_command();
    if File::create(logs.join("probe")).is_ok() {
        // The superuser may do anything.
        fs::remove_file(logs.join("probe")).expect("a file");
        command.uid(NOBODY).gid(NOBODY);
    }
    let output = match command.output() {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            let mut stderr = std::io::stderr();
            let _ = writeln!(stderr, "skipped: nobody else may run the program: {error}");
            return;
        }
        output => output.expect("the program starts"),
    };
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    assert!(output.status.success(), "{stdout}{stderr}");
    let told = Told::in_output(&stdout);
    told.books_balance(THREADS * 10_000);
    assert!(stderr.contains("cannot rotate"), "{stderr}");
    assert!(stderr.contains("Permission denied"), "{stderr}");
    assert_eq!(names(&logs), ["all.log"]);
    assert_eq!(counts(&logged(&logs, "all")), expected(0..THREADS, 10_000));
    fs::set_permissions(&logs, fs::Permissions::from_mode(0o755)).expect("a mode");
}

/// All records of a directory, whatever its files are called.
fn logged_anywhere(logs: &Path) -> BTreeMap<u64, Vec<u64>> {
    let mut all = Logged::default();
    for name in names(logs) {
        all.append(Logged::in_text_from(&content(&logs.join(name))[..]));
    }
    assert!(!all.is_torn);
    for numbers in all.numbers.values_mut() {
        numbers.sort_unstable();
    }
    all.numbers
}

#[test]
fn the_environment_s_rotation_by_size_does_what_it_says() {
    let program = run("by_environment")
        .arg("5000")
        .env("LOG_ROTATION_TYPE", "size")
        .env("LOG_ROTATION_MAX_BYTES", "65536")
        .env("LOG_ROTATION_BACKUP_COUNT", "3")
        .finish()
        .successful();
    let logs = program.path("logs");
    assert_eq!(names(&logs).len(), 4, "{:?}", names(&logs));
    for name in names(&logs) {
        let size = fs::metadata(logs.join(&name)).expect("it is there").len();
        let is_live = name == "all.log";
        assert!(
            size <= 65_536 && (is_live || size > 64_000),
            "{name}: {size} bytes"
        );
    }
    // The oldest are gone, and nothing else.
    for (thread, numbers) in logged_anywhere(&logs) {
        let first = numbers[0];
        assert_eq!(numbers, Vec::from_iter(first..5_000), "thread {thread}");
    }
}

#[test]
fn the_environment_s_rotation_by_time_does_what_it_says() {
    let program = run("by_environment")
        .arg("500")
        .arg("5")
        .env("LOG_ROTATION_TYPE", "time")
        .env("LOG_ROTATION_WHEN", "S")
        .env("LOG_ROTATION_INTERVAL", "1")
        .finish()
        .successful();
    let logs = program.path("logs");
    assert!(names(&logs).len() >= 3, "{:?}", names(&logs));
    let all = logged_anywhere(&logs);
    assert_eq!(all.len() as u64, THREADS);
    for (thread, numbers) in all {
        assert_eq!(numbers, Vec::from_iter(0..500), "thread {thread}");
    }
}

#[test]
fn the_environment_wins_and_a_bad_value_is_one_line() {
    let by = |variables: &[(&str, &str)]| {
        let run = variables
            .iter()
            .fold(run("settings"), |run, (name, value)| run.env(name, value));
        let program = run.finish().successful();
        (Told::by(&program).facts, program.stderr)
    };
    let (facts, stderr) = by(&[]);
    assert_eq!(facts["rotate"], "every day");
    assert_eq!(facts["text"], "logs/all.log, rotate at 1 MiB, keep 3");
    assert_eq!(
        (facts["origin"].as_str(), stderr.as_str()),
        (Some("builder"), "")
    );

    let (facts, stderr) = by(&[
        ("LOG_ROTATION_TYPE", "size"),
        ("LOG_ROTATION_MAX_BYTES", "65536"),
        ("LOG_ROTATION_BACKUP_COUNT", "7"),
    ]);
    assert_eq!(facts["rotate"], "at 64 KiB, keep 7");
    assert_eq!(facts["text"], "logs/all.log, rotate at 64 KiB, keep 7");
    let origin = facts["origin"].as_str();
    assert_eq!(
        (origin, stderr.as_str()),
        (Some("environment (LOG_ROTATION_TYPE)"), "")
    );

    let (facts, _) = by(&[("LOG_ROTATION_TYPE", "time"), ("LOG_ROTATION_WHEN", "W6")]);
    assert_eq!(facts["rotate"], "every week on Sunday");

    let (facts, stderr) = by(&[("LOG_ROTATION_WHEN", "W7")]);
    assert_eq!(facts["rotate"], "every day");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    for part in ["LOG_ROTATION_WHEN=\"W7\"", "rotate is `every day` instead"] {
        assert!(stderr.contains(part), "{stderr}");
    }
}
