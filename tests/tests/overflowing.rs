//! When the queue runs over: who waits, what is shed, and that every figure is right.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use hestia_tests::figures::{LEVELS, Told, is_notice, number, said_lost};
use hestia_tests::{Finished, OS_THREAD_IDS, Run};
use serde_json::Value;

fn run(scenario: &str) -> Finished {
    Run::new(env!("CARGO_BIN_EXE_overflowing"), scenario)
        .finish()
        .successful()
}

fn executed(told: &Told) -> u64 {
    LEVELS
        .iter()
        .map(|level| number(&told.facts["executed"][level], level))
        .sum()
}

/// The records of the program, without hestia's own.
fn records(program: &Finished) -> Vec<Value> {
    let mut records = program.json();
    records.retain(|record| !is_notice(record));
    records
}

fn count_at(records: &[Value], level: &str) -> u64 {
    let name = level.to_uppercase();
    records
        .iter()
        .filter(|record| record["level"] == name)
        .count() as u64
}

/// Checks everything that holds whatever was lost.
fn check(program: &Finished) -> Told {
    let told = Told::by(program);
    told.books_balance(executed(&told));
    let json = program.json();
    let notices = json.iter().filter(|record| is_notice(record)).count() as u64;
    assert_eq!(told.output("json", "notices"), notices);
    assert_eq!(told.output("json", "written") + notices, json.len() as u64);
    let records = records(program);
    for level in LEVELS {
        let executed = number(&told.facts["executed"][level], level);
        assert_eq!(
            count_at(&records, level) + told.shed_at(level),
            executed,
            "at {level}"
        );
        let said: u64 = json
            .iter()
            .filter(|record| is_notice(record))
            .map(|notice| number(&notice["metadata"][format!("lost_{level}")], level))
            .sum();
        assert_eq!(said, told.shed_at(level), "the JSON notices at {level}");
    }
    told
}

/// Checks the text file as well: its lines, and what its notices say by level.
fn check_text(program: &Finished, told: &Told) {
    let lines = program.text();
    let notices: Vec<_> = lines
        .iter()
        .filter(|line| line.contains(" hestia - | "))
        .collect();
    assert_eq!(told.output("text", "notices"), notices.len() as u64);
    assert_eq!(
        told.output("text", "written"),
        (lines.len() - notices.len()) as u64
    );
    for level in LEVELS {
        let said: u64 = notices.iter().map(|notice| said_lost(notice, level)).sum();
        assert_eq!(said, told.shed_at(level), "the text notices at {level}");
    }
}

#[test]
fn full_ring_drops_newest_and_counts() {
    let program = run("drop_newest");
    let told = check(&program);
    check_text(&program, &told);
    for level in LEVELS {
        assert!(told.shed_at(level) > 0, "nothing shed at {level}");
    }
    let kept: Vec<u64> = records(&program)
        .iter()
        .filter_map(|record| record["message"].as_str()?.strip_prefix("record "))
        .map(|number| number.parse().expect("a number"))
        .collect();
    assert!(!kept.is_empty());
    assert!(
        kept.iter().copied().eq(0..kept.len() as u64),
        "the oldest are kept: {kept:?}"
    );
}

/// What the JSON notices that give this reason say was lost at a level.
fn said_lost_because(program: &Finished, reason: &str, level: &str) -> u64 {
    let gives_it = |notice: &&Value| {
        notice["message"]
            .as_str()
            .is_some_and(|message| message.ends_with(reason))
    };
    let json = program.json();
    let notices = json.iter().filter(|record| is_notice(record));
    notices
        .filter(gives_it)
        .map(|notice| number(&notice["metadata"][format!("lost_{level}")], level))
        .sum()
}

#[test]
fn each_reason_for_a_loss_is_told_with_its_own_figure() {
    let program = run("two_reasons");
    let told = check(&program);
    check_text(&program, &told);
    let too_deep = |level| said_lost_because(&program, "(statements nested too deep)", level);
    let no_room = |level| said_lost_because(&program, "(the queue had no room)", level);
    assert_eq!(
        (too_deep("warn"), too_deep("info")),
        (told.fact("too_deep"), 0)
    );
    assert!(no_room("warn") > 0 && no_room("info") > 0);
    assert_eq!(no_room("warn") + too_deep("warn"), told.shed_at("warn"));
    assert_eq!(no_room("info"), told.shed_at("info"));
}

#[test]
fn drop_below_sheds_what_is_less_severe_and_lets_the_rest_wait() {
    let program = run("drop_below");
    let told = check(&program);
    check_text(&program, &told);
    assert_eq!((told.shed_at("error"), told.shed_at("warn")), (0, 0));
    assert!(told.fact("said_while_shut") < 10_000, "nobody waited");
    for level in ["info", "debug", "trace"] {
        assert!(told.shed_at(level) > 0, "nothing shed at {level}");
    }
}

#[test]
fn block_waits_and_loses_nothing() {
    let program = run("block");
    let told = check(&program);
    check_text(&program, &told);
    assert_eq!(told.shed(), 0);
    assert!(told.fact("said_while_shut") < 5_000, "nobody waited");
}

#[test]
fn a_hanging_writer_is_waited_for_once_and_its_losses_are_exact() {
    let program = run("gives_up");
    let told = check(&program);
    check_text(&program, &told);
    assert!(told.fact("waited_millis") >= 100);
    // Waiting for each of the thousands would take minutes.
    assert!(told.fact("waited_millis") < 30_000);
    assert!(told.fact("shed_while_shut") > 0);
    assert_eq!(
        told.shed(),
        told.fact("shed_while_shut"),
        "lost although the writer moves"
    );
    let after = records(&program)
        .iter()
        .filter(|record| {
            record["message"]
                .as_str()
                .is_some_and(|text| text.starts_with("after "))
        })
        .count();
    assert_eq!(after, 50);
}

#[test]
fn a_hanging_writer_does_not_keep_the_program_from_its_end() {
    let begin = Instant::now();
    let program = run("hangs_at_the_end");
    assert!(begin.elapsed() < Duration::from_secs(30));
    assert!(program.text().iter().any(|line| line.ends_with("| held")));
}

#[test]
fn a_hanging_writer_does_not_slow_down_every_statement_after_a_shutdown() {
    let program = run("hangs_at_shutdown");
    let told = check(&program);
    assert_eq!(told.facts["is_error"], true);
    assert_eq!(told.shed(), 0);
    // Waiting for the limit at each of the sixty would take a minute.
    assert!(
        told.fact("waited_millis") < 30_000,
        "{} ms",
        told.fact("waited_millis")
    );
}

#[test]
fn a_writer_that_moves_slowly_loses_nothing() {
    let program = run("crawls");
    let told = Told::by(&program);
    told.books_balance(executed(&told));
    assert_eq!(
        told.shed(),
        0,
        "shed although the writer never stood still: {}",
        told.stats
    );
    assert_eq!(program.text().len() as u64, executed(&told));
}

#[test]
fn an_output_that_was_deaf_says_later_what_the_queue_lost() {
    let program = run("deaf_output");
    let told = Told::by(&program);
    told.books_balance(executed(&told));
    let lines = program.text();
    let notices = lines
        .iter()
        .filter(|line| line.contains(" hestia - | "))
        .count() as u64;
    assert_eq!(told.output("text", "notices"), notices, "{lines:#?}");
    let said: u64 = lines
        .iter()
        .filter(|line| line.contains("(the queue had no room)"))
        .map(|line| said_lost(line, "info"))
        .sum();
    assert_eq!(said, told.shed_at("info"), "{lines:#?}");
    assert!(said > 0, "nothing was shed");
}

#[test]
fn records_of_any_size_arrive_and_one_beyond_the_bound_is_counted() {
    let program = run("oversize");
    let told = check(&program);
    check_text(&program, &told);
    let sizes: Vec<u64> = records(&program)
        .iter()
        .filter_map(|record| record["message"].as_str())
        .filter(|message| message.starts_with('x'))
        .map(|message| message.len() as u64)
        .collect();
    let sent: Vec<u64> = told.facts["sizes"]
        .as_array()
        .expect("sizes")
        .iter()
        .map(|size| number(size, "size"))
        .collect();
    assert_eq!(sizes, sent);
    assert_eq!((told.shed_at("warn"), told.shed()), (1, 1));
}

#[test]
fn oversize_records_wait_for_room_within_the_bound() {
    let program = run("oversize_flood");
    let told = Told::by(&program);
    told.books_balance(executed(&told));
    assert_eq!(told.shed(), 0);
    let lines = program.text();
    assert_eq!(lines.len(), 600);
    assert!(
        lines
            .iter()
            .all(|line| line.len() > 100 << 10 && line.ends_with('z'))
    );
    // 60 MiB were logged, through a queue of one.
    assert!(
        told.fact("peak_kib") < 40 << 10,
        "{} KiB",
        told.fact("peak_kib")
    );
}

/// Each record has the name of its thread and its id: the system's, or at least one that is the same in all its
/// records and no other thread's.
fn each_record_names_its_thread(records: &[Value]) {
    let mut pairs = BTreeSet::new();
    for record in records {
        let said = &record["metadata"];
        assert_eq!(record["thread_name"], said["name"]);
        let system_id = number(&said["id"], "the system's id");
        let id = number(&record["thread_id"], "the record's id");
        assert!(!OS_THREAD_IDS || id == system_id, "{id} for {system_id}");
        pairs.insert((system_id, id));
    }
    let (system_ids, ids): (BTreeSet<u64>, BTreeSet<u64>) = pairs.iter().copied().unzip();
    assert_eq!(
        (system_ids.len(), ids.len()),
        (pairs.len(), pairs.len()),
        "one id for each thread: {pairs:?}"
    );
}

#[test]
fn threads_that_share_rings_are_told_apart() {
    let program = run("crowded");
    let told = check(&program);
    check_text(&program, &told);
    assert_eq!(told.shed(), 0);
    let records = records(&program);
    each_record_names_its_thread(&records);
    for thread in 0..12 {
        let name = format!("one of many {thread}");
        let rounds: Vec<_> = records
            .iter()
            .filter(|record| record["thread_name"] == name)
            .map(|record| number(&record["metadata"]["round"], "round"))
            .collect();
        assert!(rounds.iter().copied().eq(0..300), "{name} in order");
    }
}

#[test]
fn oversize_records_through_shared_rings_give_their_room_back() {
    let program = run("crowded_oversize");
    let told = check(&program);
    assert_eq!(told.shed(), 0, "{}", told.stats);
    each_record_names_its_thread(&records(&program));
    assert!(
        told.fact("idle_bytes") <= 128 << 10,
        "an empty queue takes {} bytes",
        told.fact("idle_bytes")
    );
}

#[test]
fn a_record_that_finds_no_room_does_not_cost_those_after_it() {
    let program = run("nearly_too_large");
    let told = check(&program);
    assert_eq!(told.shed_at("info"), 0, "{}", told.stats);
    assert_eq!(told.shed_at("warn"), 3, "{}", told.stats);
}
