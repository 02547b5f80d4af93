//! A device that fails, is taken away, or has a quota, is one more disk in trouble: what it did not take is counted and
//! announced, nothing is torn, and what comes after it is written.

#![cfg(target_os = "linux")]

use std::io::Write;
use std::process::Command;

use hestia_tests::archives::logged;
use hestia_tests::figures::Told;
use hestia_tests::records::Logged;
use hestia_tests::{Finished, Run};
use serde_json::Value;

/// A scenario; `None` where the machine forbids what it needs, which is said.
fn run(scenario: &str) -> Option<(Finished, Told)> {
    let program = Run::new(env!("CARGO_BIN_EXE_device"), scenario)
        .finish()
        .successful();
    let told = Told::by(&program);
    if let Some(why) = told.facts["skipped"].as_str() {
        skip(scenario, why);
        return None;
    }
    Some((program, told))
}

fn skip(test: &str, why: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {test}: {why}");
}

/// The numbers in what the program kept of a place.
fn numbers(program: &Finished, kept: &str) -> Vec<u64> {
    logged(&program.path(kept), "all")
        .numbers
        .remove(&0)
        .unwrap_or_default()
}

/// What each flush said.
fn flushes(told: &Told) -> Vec<&Value> {
    told.facts["flushes"]
        .as_array()
        .expect("a list")
        .iter()
        .collect()
}

fn assert_says(flush: &Value, words: &[&str]) {
    let says = flush.as_str().expect("an error");
    let is_said = words.iter().any(|words| says.contains(words));
    assert!(says.contains("text") && is_said, "{says}");
}

/// How many records the file says are missing.
fn announced(logged: &Logged) -> u64 {
    logged
        .others
        .iter()
        .filter(|other| other.contains("this output could not be written to"))
        .map(|notice| notice.split(' ').next().expect("a word"))
        .map(|figure| figure.parse::<u64>().expect("a figure"))
        .sum()
}

#[test]
fn another_device_in_its_place_is_noticed_and_nothing_is_lost() {
    let Some((program, told)) = run("another") else {
        return;
    };
    told.books_balance(300);
    assert!(flushes(&told).iter().all(|flush| flush.is_null()));
    let (first, second) = (numbers(&program, "first"), numbers(&program, "second"));
    assert_eq!([&first[..], &second[..]].concat(), Vec::from_iter(0..300));
    // Within the second in which nobody looks, they may go either way.
    assert!((100..=200).contains(&first.len()), "{}", first.len());
}

#[test]
fn a_device_that_comes_back_as_it_was_has_everything() {
    let Some((program, told)) = run("same") else {
        return;
    };
    told.books_balance(300);
    assert!(flushes(&told).iter().all(|flush| flush.is_null()));
    assert_eq!(numbers(&program, "kept"), Vec::from_iter(0..300));
}

#[test]
fn a_file_system_that_becomes_read_only_and_is_mounted_anew_is_written_to_again() {
    let Some((program, told)) = run("failing") else {
        return;
    };
    told.books_balance(400);
    let [before, damaged, away, after] = flushes(&told)[..] else {
        panic!("four");
    };
    assert!(before.is_null(), "{before}");
    assert_says(damaged, &["Read-only", "Input/output error"]);
    assert!(away.is_null() && after.is_null(), "{away} {after}");
    let expected: Vec<u64> = (0..100).chain(300..400).collect();
    assert_eq!(numbers(&program, "kept"), expected);
    // What lies below the place where it was mounted.
    let below = logged(&program.path("logs"), "all");
    assert_eq!(below.numbers[&0], Vec::from_iter(200..300));
    assert_eq!(announced(&below), 100);
    assert_eq!(told.output("text", "failed"), 100);
    assert!(told.is_working("text"));
}

#[test]
fn a_quota_that_is_reached_and_raised_costs_what_did_not_fit() {
    let Some((program, told)) = run("quota") else {
        return;
    };
    told.books_balance(1_100);
    let [before, reached, after] = flushes(&told)[..] else {
        panic!("three");
    };
    assert!(before.is_null(), "{before}");
    assert_says(reached, &["quota"]);
    assert!(told.is_working("text"), "{after}");
    let logged = logged(&program.path("kept"), "all");
    let numbers = &logged.numbers[&0];
    let written = numbers.len() as u64;
    let lost = told.output("text", "failed");
    assert!(lost > 0 && written + lost == 1_100, "{written} and {lost}");
    assert_eq!(announced(&logged), lost);
    let fitted = written - 100;
    let expected: Vec<u64> = (0..fitted).chain(1_000..1_100).collect();
    assert_eq!(*numbers, expected, "the lost ones are in one piece");
}

/// Where no quota can be had, its error is made up: the fifth to the ninth write fail.
#[test]
fn the_error_of_a_quota_is_counted_and_announced() {
    let can_trace = Command::new("strace")
        .args(["-o", "/dev/null", "true"])
        .output();
    if !can_trace.is_ok_and(|output| output.status.success()) {
        skip("an error of the quota", "strace cannot be run");
        return;
    }
    let run = Run::program("strace");
    let file = run.directory().join("logs/all.log");
    let program = run
        .arg("-f")
        .arg("-qq")
        .arg("-o")
        .arg("calls")
        .arg("-P")
        .arg(file)
        .arg("-e")
        .arg("inject=write:error=EDQUOT:when=5..9")
        .arg(env!("CARGO_BIN_EXE_disk"))
        .arg("bad_device")
        .finish()
        .successful();
    let told = Told::by(&program);
    told.books_balance(20);
    let failed = flushes(&told).into_iter().find(|said| !said.is_null());
    assert_says(failed.expect("one that failed"), &["quota"]);
    let logged = Logged::in_text(&program);
    let (written, lost) = (
        logged.numbers[&0].len() as u64,
        told.output("text", "failed"),
    );
    assert!(lost > 0 && written + lost == 20, "{written} and {lost}");
    assert_eq!(announced(&logged), lost);
}
