//! A forked child logs as itself, writes nothing of its parent's, and neither of them loses anything.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use hestia_tests::figures::number;
use hestia_tests::records::{Logged, assert_counts_up};
use hestia_tests::{Finished, OS_THREAD_IDS, Run, messages};
use serde_json::Value;

const THREADS: u64 = 4;
const RECORDS: u64 = 1_000;

fn run(scenario: &str, detail: &str) -> Finished {
    let run = Run::new(env!("CARGO_BIN_EXE_forking"), scenario);
    run.arg(detail).finish().successful()
}

/// Numbers of each thread, and other messages, each once in both files; in the order of messages, since
/// lines of different processes come in any order.
fn logged(finished: &Finished) -> Logged {
    let mut text = Logged::in_text(finished);
    let mut json = Logged::in_json(finished);
    text.others.sort();
    json.others.sort();
    assert_eq!(text.numbers, json.numbers);
    assert_eq!(text.others, json.others);
    assert!(!text.is_torn && !json.is_torn);
    for (thread, numbers) in &text.numbers {
        assert_counts_up(*thread, numbers);
    }
    text
}

/// How many numbers each thread logged.
fn counts(logged: &Logged) -> BTreeMap<u64, u64> {
    let count = |(thread, numbers): (&u64, &Vec<u64>)| (*thread, numbers.len() as u64);
    logged.numbers.iter().map(count).collect()
}

/// The ids of processes that logged messages which begin like this.
fn processes(objects: &[Value], message: &str) -> Vec<u64> {
    let mut processes: Vec<u64> = objects
        .iter()
        .filter(|object| {
            object["message"]
                .as_str()
                .is_some_and(|text| text.starts_with(message))
        })
        .map(|object| object["process_id"].as_u64().expect("a number"))
        .collect();
    processes.sort_unstable();
    processes.dedup();
    processes
}

fn assert_parent_and_child_logged(finished: &Finished) {
    let mut expected: BTreeMap<u64, u64> = (0..THREADS).map(|thread| (thread, RECORDS)).collect();
    expected.insert(100, RECORDS);
    let logged = logged(finished);
    assert_eq!(counts(&logged), expected);
    assert_eq!(logged.others, ["after the fork", "before the fork"]);
    let objects = finished.json();
    let (parent, child) = (processes(&objects, "before"), processes(&objects, "100 "));
    assert_eq!((parent.len(), child.len()), (1, 1));
    assert_ne!(parent, child);
    assert_eq!(processes(&objects, "0 "), parent);
    assert_eq!(processes(&objects, "after"), parent);
    let childs = objects
        .iter()
        .filter(|object| object["process_id"] == child[0]);
    let threads: BTreeSet<u64> = childs
        .map(|object| number(&object["thread_id"], "a thread's id"))
        .collect();
    if OS_THREAD_IDS {
        assert_eq!(
            threads,
            BTreeSet::from([child[0]]),
            "its only thread, by the system's id"
        );
    } else {
        assert_eq!(
            threads.len(),
            1,
            "its only thread keeps the id it had in the parent: {threads:?}"
        );
    }
}

#[test]
fn a_child_that_exits_has_logged_its_own_and_nothing_else() {
    assert_parent_and_child_logged(&run("child_logs", "exit"));
}

#[test]
fn a_child_that_returns_from_main_has_logged_its_own_and_nothing_else() {
    assert_parent_and_child_logged(&run("child_logs", "return"));
}

#[test]
fn a_child_that_leaves_at_once_has_logged_what_it_flushed() {
    assert_parent_and_child_logged(&run("child_logs", "flush"));
}

#[test]
fn a_child_that_does_not_log_has_no_threads_and_writes_nothing() {
    let finished = run("silent_child", "");
    let expected = (0..THREADS).map(|thread| (thread, RECORDS)).collect();
    assert_eq!(counts(&logged(&finished)), expected);
}

#[test]
fn a_child_that_has_not_logged_may_ask_for_anything() {
    let finished = run("child_asks", "");
    assert_eq!(Logged::in_text(&finished).others.len(), 2);
    assert_eq!(messages(&finished.json()), ["the parent's"]);
}

/// Two hundred children logged thrice each, beside the parent's threads.
fn assert_many_children_logged(parent: &str, parents_threads: usize) {
    let finished = run("full_speed", parent);
    let logged = logged(&finished);
    let (children, parents): (Vec<_>, Vec<_>) = counts(&logged)
        .into_iter()
        .partition(|(thread, _)| *thread >= 1000);
    assert_eq!(children.len(), 200);
    assert!(
        children.iter().all(|(_, count)| *count == 3),
        "{children:?}"
    );
    assert_eq!(parents.len(), parents_threads);
    assert_eq!(logged.others, [""; 0]);
}

#[test]
fn many_forks_of_a_thread_that_logs_while_others_do() {
    assert_many_children_logged("logs", 5);
}

#[test]
fn many_forks_of_a_thread_that_never_logged_while_others_do() {
    assert_many_children_logged("does_not_log", 4);
}

#[test]
fn many_forks_while_threads_come_and_go() {
    assert_many_children_logged("comes_and_goes", 4);
}

#[test]
fn many_children_end_by_a_signal_while_threads_come_and_go() {
    assert_many_children_logged("comes_and_goes_terminated", 4);
}

#[test]
fn children_of_children_log_as_themselves() {
    let finished = run("generations", "");
    let expected = (0..12).map(|thread| (thread, 10)).collect();
    assert_eq!(counts(&logged(&finished)), expected);
    let objects = finished.json();
    let mut all: Vec<_> = (0..6)
        .map(|generation| {
            let before = processes(&objects, &format!("{} ", 2 * generation));
            let after = processes(&objects, &format!("{} ", 2 * generation + 1));
            assert_eq!(before, after);
            before
        })
        .collect();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 6, "each generation has an id of its own");
}

#[test]
fn processes_may_fork_while_their_writer_thread_is_being_started() {
    let finished = run("long_line", "");
    let expected = (0..=300).map(|thread| (thread, 1)).collect();
    assert_eq!(counts(&logged(&finished)), expected);
}

#[test]
fn threads_may_fork() {
    let finished = run("from_thread", "");
    assert_eq!(
        logged(&finished).others,
        ["child", "grandchild", "main", "thread"]
    );
    let objects = finished.json();
    let thread = |message: &str| {
        let object = objects.iter().find(|object| object["message"] == message);
        object.expect("it was logged")["thread_name"].clone()
    };
    assert_eq!(thread("child"), "in parent");
    assert_eq!(thread("grandchild"), "in child");
    assert_ne!(
        processes(&objects, "child"),
        processes(&objects, "grandchild")
    );
}

#[test]
fn threads_of_a_child_may_begin_to_log_at_the_same_time() {
    let finished = run("threads_in_child", "");
    let expected = (0..20 * THREADS).map(|thread| (thread, 100)).collect();
    assert_eq!(counts(&logged(&finished)), expected);
}

#[test]
fn another_thread_of_a_child_may_log_before_the_one_that_forked() {
    let finished = run("thread_first", "");
    let expected = BTreeMap::from([(0, 1), (1, RECORDS), (2, RECORDS)]);
    assert_eq!(counts(&logged(&finished)), expected);
}

#[test]
fn a_sink_that_can_be_made_again_is_made_again_in_a_child() {
    let finished = run("own_sinks", "");
    let ids: Vec<_> = finished.stdout.lines().collect();
    let [parent, child] = ids[..] else {
        panic!("two processes: {ids:?}")
    };
    let others = |name: &str, process: &str| {
        let path = finished.path(&format!("{name}-{process}"));
        Path::new(&path)
            .exists()
            .then(|| Logged::in_text_at(&path).others)
    };
    assert_eq!(
        others("made", parent),
        Some(vec!["the parent's".to_owned()])
    );
    assert_eq!(others("made", child), Some(vec!["the child's".to_owned()]));
    assert_eq!(
        others("given", parent),
        Some(vec!["the parent's".to_owned()])
    );
    assert_eq!(others("given", child), None);
}

#[test]
fn what_was_changed_in_the_parent_holds_in_a_child() {
    let finished = run("settings", "");
    let objects = finished.json();
    assert_eq!(messages(&objects), ["in both"]);
    assert_eq!(objects[0]["application"], "parent");
    assert_eq!(objects[0]["metadata"]["region"], "eu-1");
    let text = Logged::in_text(&finished).others;
    assert_eq!(text, ["only in the text file", "in both", "granted"]);
    let audit = Logged::in_text_at(&finished.path("logs/audit.log")).others;
    assert_eq!(audit, ["granted"]);
}

#[test]
fn a_panic_may_be_the_first_record_of_a_child() {
    let finished = run("panicking_child", "");
    let others = logged(&finished).others;
    assert_eq!(others.len(), 2, "{others:?}");
    assert!(
        others.iter().any(|other| other.contains("in the child")),
        "{others:?}"
    );
    assert!(!finished.stderr.contains("hestia:"), "{}", finished.stderr);
}

#[test]
fn a_signal_to_a_child_that_logged_ends_it_with_nothing_lost() {
    let finished = run("signalled_child", "logs");
    let logged = logged(&finished);
    assert_eq!(counts(&logged), BTreeMap::from([(100, RECORDS)]));
    assert_eq!(logged.others, ["still there", "the parent's"]);
}

#[test]
fn a_signal_to_a_child_that_did_not_log_ends_it() {
    let finished = run("signalled_child", "does_not_log");
    assert_eq!(logged(&finished).others, ["still there", "the parent's"]);
}

#[test]
fn a_hang_up_of_a_child_opens_its_files_anew() {
    let finished = run("hung_up_child", "");
    let others = |file: &str| Logged::in_text_at(&finished.path(file)).others;
    assert_eq!(others("logs/all.log.1"), ["the parent's", "the child's"]);
    assert_eq!(others("logs/all.log"), ["the child's, later"]);
}

#[test]
fn a_child_that_gets_no_threads_writes_its_records_at_the_call() {
    let finished = run("child_without_threads", "");
    assert!(
        finished.stderr.contains("cannot start the writer thread"),
        "{}",
        finished.stderr
    );
    let logged = logged(&finished);
    assert_eq!(counts(&logged), BTreeMap::from([(100, 10)]));
    assert_eq!(logged.others, ["the parent's"]);
}

#[test]
fn a_child_logs_when_the_parent_had_shut_down() {
    let finished = run("after_shutdown", "");
    let logged = logged(&finished);
    assert_eq!(counts(&logged), BTreeMap::from([(100, RECORDS)]));
    assert_eq!(logged.others, ["after", "before"]);
}

#[test]
fn both_processes_finish_a_statement_in_which_they_parted() {
    let finished = run("while_formatting", "");
    let others = logged(&finished).others;
    assert_eq!(others.len(), 2, "{others:?}");
    assert_eq!(others[0], "child");
    assert!(others[1].starts_with("parent of "), "{others:?}");
}

#[test]
fn a_daemon_logs() {
    let finished = run("daemon", "");
    let logged = logged(&finished);
    assert_eq!(counts(&logged), BTreeMap::from([(100, RECORDS)]));
    assert_eq!(logged.others, ["the first"]);
}

#[test]
fn starting_other_programs_changes_nothing() {
    let finished = run("other_programs", "");
    let expected = (0..THREADS).map(|thread| (thread, RECORDS)).collect();
    assert_eq!(counts(&logged(&finished)), expected);
    assert!(fs::exists(finished.path("logs/app.log")).expect("the directory can be read"));
}
