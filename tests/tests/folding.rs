//! Records that say the same one after the other are written once, and then counted: in every output, whatever comes
//! between, and however the program ends.

use std::fs;
use std::time::{Duration, Instant};

use hestia_tests::figures::Told;
use hestia_tests::{Finished, Run, archives, lines};
use serde_json::{Value, json};

fn run(scenario: &str) -> Finished {
    Run::new(env!("CARGO_BIN_EXE_folding"), scenario)
        .finish()
        .successful()
}

/// What stands behind the columns of a line of text.
fn said(line: &str) -> &str {
    line.split_once(" | ").expect("a line has a message").1
}

fn all_said(lines: &[String]) -> Vec<&str> {
    lines.iter().map(|line| said(line)).collect()
}

/// How many records a line stands for.
fn stands_for(line: &str) -> u64 {
    let said = said(line);
    match said.strip_prefix("last message repeated ") {
        Some(rest) => rest
            .split(' ')
            .next()
            .and_then(|times| times.parse().ok())
            .expect("a number"),
        None => 1,
    }
}

const REFUSED: &str = "connection refused {host=db-1 port=5432}";

fn refused_again(times: u64) -> String {
    let noun = if times == 1 { "time" } else { "times" };
    format!("last message repeated {times} {noun}: connection refused {{repeated={times}}}")
}

#[test]
fn every_output_says_once_what_was_said_and_then_how_often() {
    let program = run("outputs");
    let expected = [
        REFUSED,
        &refused_again(2),
        // After the flush it goes on where it was.
        &refused_again(2),
        "from the log crate",
        "last message repeated 3 times: from the log crate {repeated=3}",
        "hello ada {name=ada}",
        "last message repeated 1 time: hello ada {repeated=1}",
        "hello bob {name=bob}",
        "an error",
        "an error",
        REFUSED,
    ];
    let text = program.text();
    assert_eq!(all_said(&text), expected);
    let console: Vec<String> = program.stdout.lines().map(str::to_owned).collect();
    assert_eq!(console.len(), expected.len(), "{console:#?}");
    for (line, expected) in console.iter().zip(expected) {
        let message = expected.split(" {").next().expect("a message");
        assert!(line.contains(message), "{line}: {expected}");
    }
    let json = program.json();
    let repeats: Vec<&Value> = json
        .iter()
        .map(|record| &record["metadata"]["repeated"])
        .collect();
    let expected = [
        json!(null),
        json!(2),
        json!(2),
        json!(null),
        json!(3),
        json!(null),
        json!(1),
        json!(null),
        json!(null),
        json!(null),
        json!(null),
    ];
    assert_eq!(repeats, expected.iter().collect::<Vec<_>>());
    // The line has the place of the records that it stands for.
    for key in [
        "level",
        "target",
        "module",
        "file",
        "line",
        "thread_name",
        "application",
    ] {
        assert_eq!(json[0][key], json[1][key], "{key}");
        assert!(!json[0][key].is_null(), "{key}");
    }
    let mut uuids: Vec<_> = json.iter().map(|record| record["uuid"].as_str()).collect();
    assert!(uuids.is_sorted());
    uuids.dedup();
    assert_eq!(uuids.len(), json.len());
}

#[test]
fn errors_too_where_all_are_asked_for_and_at_the_end_of_the_program() {
    let program = run("all");
    assert_eq!(
        all_said(&program.text()),
        ["down", "last message repeated 4 times: down {repeated=4}"]
    );
    assert_eq!(program.json()[1]["level"], program.json()[0]["level"]);
}

#[test]
fn what_was_counted_is_said_before_a_rotation() {
    let program = run("rotated");
    Told::by(&program).books_balance(7);
    let logs = program.path("logs");
    let names = archives::names(&logs);
    let archive = names
        .iter()
        .find(|name| name.starts_with("all.") && *name != "all.log");
    let archive = logs.join(archive.expect("an archive"));
    assert_eq!(all_said(&lines(&archive)), [REFUSED, &refused_again(2)]);
    assert_eq!(all_said(&program.text()), [refused_again(4)]);
}

#[test]
fn files_that_are_full_in_between_miss_nothing() {
    let program = run("full");
    let executed = (0..100).map(|round| 1 + round % 3 + 1).sum::<u64>() + 2;
    Told::by(&program).books_balance(executed);
    let logs = program.path("logs");
    let text = |name: &String| name.starts_with("all.");
    let names: Vec<_> = archives::names(&logs).into_iter().filter(text).collect();
    assert!(names.len() > 5, "{names:?}");
    let of_file = |name: &String| {
        lines(&logs.join(name))
            .iter()
            .map(|line| stands_for(line))
            .sum::<u64>()
    };
    assert_eq!(names.iter().map(of_file).sum::<u64>(), executed);
}

#[test]
fn threads_say_it_together() {
    let program = run("threads");
    let told = Told::by(&program);
    told.books_balance(8_000);
    for output in ["text", "json"] {
        assert_eq!(told.output(output, "written"), 1);
        assert_eq!(told.output(output, "folded"), 7_999);
    }
    let text = program.text();
    assert_eq!(text.iter().map(|line| stands_for(line)).sum::<u64>(), 8_000);
}

#[test]
fn in_silence_it_is_said_without_being_asked() {
    let program = Run::new(env!("CARGO_BIN_EXE_folding"), "silent");
    let path = program.directory().join("logs/all.log");
    let (mut command, _directory) = program.into_command();
    let mut child = command
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("the program starts");
    // Whole lines only: the file is read while it is written. How many lines there are is for the writer to say, which may
    // find silence between any two of the records.
    let told = || {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let stand_for = |text: &[String]| text.iter().map(|line| stands_for(line)).sum::<u64>();
    let start = Instant::now();
    let mut text = told();
    while stand_for(&text) < 6 && start.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(5));
        text = told();
    }
    drop(child.stdin.take());
    assert!(child.wait().expect("the program ends").success());
    assert_eq!(stand_for(&text), 6, "{text:#?}");
    let (first, others) = text.split_first().expect("a record");
    assert_eq!(said(first), REFUSED);
    let folded = |line: &String| said(line).starts_with("last message repeated ");
    assert!(others.iter().all(folded), "{text:#?}");
    assert_eq!(
        text.len(),
        lines(&path).len(),
        "nothing is left to be said at the end"
    );
}

#[test]
fn what_is_written_at_the_call_is_not_counted() {
    let program = run("shut_down");
    Told::by(&program).books_balance(6);
    assert_eq!(
        all_said(&program.text()),
        [REFUSED, &refused_again(2), REFUSED, REFUSED, REFUSED]
    );
}

#[test]
fn loggers_that_come_and_go_are_not_taken_for_each_other() {
    let program = run("loggers");
    Told::by(&program).books_balance(400);
    let json = program.json();
    for number in 0..200 {
        let name = json!(format!("logger {number}"));
        let of_logger = json.iter().filter(|record| record["application"] == name);
        let stand_for = |record: &Value| record["metadata"]["repeated"].as_u64().unwrap_or(1);
        assert_eq!(of_logger.map(stand_for).sum::<u64>(), 2, "{name}");
    }
}

#[test]
fn what_says_how_many_were_left_out_has_its_line() {
    let program = run("limited");
    let told = Told::by(&program);
    told.books_balance(20);
    assert_eq!(told.stats["suppressed"], 20);
    assert_eq!(all_said(&program.text()), ["limited {suppressed=1}"; 20]);
}

#[test]
fn it_is_refused_where_a_kill_would_take_the_count_along() {
    let told = Told::by(&run("refused"));
    assert_eq!(
        told.facts["error"],
        "fold_duplicates and crash_safe cannot be had together: a kill would take along how often the last message was repeated; leave one of them out"
    );
    assert_eq!(told.facts["running"], false);
}
