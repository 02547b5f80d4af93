//! Files that several processes write to, where one of them is killed.

use std::io::Read;
use std::process::Child;

use super::*;

/// How often somebody is killed in [`kill_in_turn`].
const KILLS_IN_TURN: u32 = 14;

fn kill_now(process: &mut Child) {
    process.kill().expect("it can be killed");
    process.wait().expect("it has ended");
}

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
        kill_now(process);
        *process = start(arguments);
    }
    for (_, mut process) in running {
        kill_now(&mut process);
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

/// How many lines say nothing but the same once all was recovered.
fn equal_lines(directory: &Path) -> u64 {
    assert!(run(directory, &["start_equal"]).success());
    no_rings_are_left(directory);
    let text = lines(directory, "all");
    text.iter().filter(|line| *line == "equal").count() as u64
}

fn none_is_missing(directory: &Path, logged: u64) {
    let there = equal_lines(directory);
    assert!(there >= logged, "{there} of {logged}");
}

fn all_returned(directory: &Path) -> u64 {
    returned(directory).iter().sum()
}

/// A line that another process wrote does not stand for one that was not written.
#[test]
fn where_lines_do_not_tell_who_wrote_them_none_is_missing() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    counters::create(directory.join("returned"), 2).unwrap();
    kill_in_turn(directory, [&["log_equal", "0"], &["log_equal", "1"]]);
    none_is_missing(directory, all_returned(directory));
}

#[test]
fn where_all_lines_are_equal_and_one_process_s_each_is_there_once() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let kills = u64::from(KILLS / 6);
    for round in 0..KILLS / 6 {
        kill(directory, &["log_equal", "0"], moment(round));
    }
    let (there, logged) = (equal_lines(directory), all_returned(directory));
    // Those whose calls had not returned yet.
    assert!(
        (logged..=logged + kills).contains(&there),
        "{there} of {logged}, {kills} kills"
    );
}

/// Logs so many lines and is killed when they are in its file, and the round that wrote them is not known to be over.
fn killed_within_a_round(directory: &Path, arguments: &[&str]) {
    kill_now(&mut waiting(directory, arguments));
}

#[test]
fn what_the_last_round_has_written_is_there_once_where_nobody_else_was_there() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    killed_within_a_round(directory, &["log_equal_within_round", "100"]);
    assert_eq!(equal_lines(directory), 100);
}

#[test]
fn and_twice_where_anybody_was() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let other = waiting(directory, &["log_equal_twice", "0", "0", "return"]);
    killed_within_a_round(directory, &["log_equal_within_round", "100"]);
    assert!(go_on(other).success());
    assert_eq!(equal_lines(directory), 200);
}

#[test]
fn and_once_where_each_process_has_files_of_its_own_whoever_else_was_there() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let other = waiting(directory, &["wait_equal_by_pid"]);
    killed_within_a_round(directory, &["log_equal_within_round_by_pid", "100"]);
    assert!(go_on(other).success());
    assert!(run(directory, &["start_equal_by_pid"]).success());
    no_rings_are_left(directory);
    let files = fs::read_dir(directory.join("logs")).unwrap();
    let texts = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    let equal = |text: String| text.lines().filter(|line| *line == "equal").count();
    assert_eq!(texts.map(equal).sum::<usize>(), 100);
}

/// A program that has logged and waits now until its standard input ends.
fn waiting(directory: &Path, arguments: &[&str]) -> Child {
    let mut child = command(directory, arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program can be started");
    let mut ready = [0; 6];
    let out = child.stdout.as_mut().expect("a pipe");
    out.read_exact(&mut ready)
        .expect("it says that it is ready");
    child
}

/// Lets it go on to its end.
fn go_on(mut child: Child) -> ExitStatus {
    drop(child.stdin.take());
    child.wait().expect("it has ended")
}

/// Its next records are the first of a round that was never said.
fn killed_at_rest<T>(directory: &Path, meanwhile: impl FnOnce() -> T) -> T {
    let killed = waiting(directory, &["log_equal_twice", "1", "5", "abort"]);
    let made = meanwhile();
    assert_eq!(go_on(killed).signal(), Some(libc::SIGABRT));
    made
}

#[test]
fn what_another_process_wrote_while_the_killed_one_was_at_rest_stands_for_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    killed_at_rest(directory, || {
        let other = waiting(directory, &["log_equal_twice", "10", "0", "return"]);
        assert!(go_on(other).success());
    });
    none_is_missing(directory, 16);
}

#[test]
fn nor_does_what_is_in_the_file_that_another_process_began_by_a_rotation() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let mut rotated = killed_at_rest(directory, || {
        waiting(directory, &["log_equal_rotating", "10"])
    });
    kill_now(&mut rotated);
    none_is_missing(directory, 16);
}

/// Nobody who is left has seen it, and it has seen nobody.
#[test]
fn nor_does_what_a_process_wrote_that_is_gone_again_before_the_killed_one_is_recovered() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    counters::create(directory.join("returned"), 2).unwrap();
    let rounds = KILLS / 6;
    for round in 0..rounds {
        let before = all_returned(directory);
        let mut killed = command(directory, &["log_equal", "0"]).spawn().unwrap();
        while all_returned(directory) == before {
            assert!(killed.try_wait().unwrap().is_none(), "it ended by itself");
            thread::sleep(moment(round) / 16);
        }
        kill_now(&mut killed);
        let recovering = waiting(directory, &["hold_rings"]);
        let other = waiting(directory, &["log_equal_twice", "5000", "0", "return"]);
        assert!(go_on(other).success());
        assert!(go_on(recovering).success());
        assert!(run(directory, &["start_equal"]).success());
    }
    let others = 5_000 * u64::from(rounds);
    none_is_missing(directory, all_returned(directory) + others);
}

/// The next start cannot write what was left, but goes on itself once it can.
#[test]
fn nor_does_what_a_process_wrote_that_could_not_recover_the_killed_one() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    killed_at_rest(directory, || ());
    let (live, away) = (directory.join("logs/all.log"), directory.join("away"));
    fs::rename(&live, &away).unwrap();
    fs::create_dir(&live).unwrap();
    let next = waiting(directory, &["log_equal_twice", "0", "10", "return"]);
    fs::remove_dir(&live).unwrap();
    fs::rename(&away, &live).unwrap();
    // It is tried once a second.
    thread::sleep(Duration::from_millis(1_200));
    assert!(go_on(next).success());
    none_is_missing(directory, 16);
}
