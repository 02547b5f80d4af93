//! Panics become records, and a part that panics costs nothing but its own lines.

use hestia_tests::records::Logged;
use hestia_tests::{Finished, Run, messages};
use serde_json::Value;

fn run(scenario: &str) -> Finished {
    let run = Run::new(env!("CARGO_BIN_EXE_panics"), scenario);
    run.finish().successful()
}

/// The record of the only panic.
fn panic_record(objects: &[Value]) -> &Value {
    let panics: Vec<_> = objects
        .iter()
        .filter(|object| object["target"] == "panic")
        .collect();
    assert_eq!(panics.len(), 1, "{objects:?}");
    panics[0]
}

fn assert_tells_who_and_where(record: &Value) {
    assert_eq!(record["level"], "ERROR");
    assert_eq!(record["thread_name"], "unlucky");
    let file = record["file"].as_str().expect("a file");
    assert!(file.ends_with("src/bin/panics.rs"), "{file}");
    let message = record["message"].as_str().expect("a message");
    // The message ends with the number of its line.
    assert!(
        message.ends_with(&format!(": no luck in {}", record["line"])),
        "{record}"
    );
    assert!(
        message.starts_with("thread 'unlucky' panicked at "),
        "{message}"
    );
    assert!(
        message.contains(&format!("{file}:{}", record["line"])),
        "{message}"
    );
}

#[test]
fn a_panic_is_a_record_that_tells_who_and_where() {
    let finished = run("in_thread");
    let objects = finished.json();
    let record = panic_record(&objects);
    assert_tells_who_and_where(record);
    assert!(
        record["metadata"].get("backtrace").is_none(),
        "nobody asked for one"
    );
    assert_eq!(objects.len(), 2);
    assert_eq!(objects[1]["message"], "life goes on");
}

#[test]
fn a_panic_has_a_backtrace_when_one_is_asked_for() {
    let run = Run::new(env!("CARGO_BIN_EXE_panics"), "in_thread").env("RUST_BACKTRACE", "1");
    let finished = run.finish().successful();
    let objects = finished.json();
    let record = panic_record(&objects);
    assert_tells_who_and_where(record);
    let backtrace = record["metadata"]["backtrace"]
        .as_str()
        .expect("a backtrace");
    let first = backtrace.lines().next().unwrap_or_default();
    assert!(
        first.starts_with("   0: panics::in_thread::"),
        "{backtrace}"
    );
    assert!(!backtrace.contains("hestia_core::"), "{backtrace}");
}

#[test]
fn a_panic_has_all_frames_when_they_are_asked_for() {
    let run = Run::new(env!("CARGO_BIN_EXE_panics"), "in_thread").env("RUST_BACKTRACE", "full");
    let finished = run.finish().successful();
    let objects = finished.json();
    let backtrace = panic_record(&objects)["metadata"]["backtrace"]
        .as_str()
        .expect("a backtrace");
    for frame in ["panics::in_thread", "hestia_core::", "std::panicking"] {
        assert!(backtrace.contains(frame), "{backtrace}");
    }
}

#[test]
fn the_panic_hook_that_was_there_before_is_called() {
    let finished = run("in_thread");
    assert!(
        finished.stdout.starts_with("earlier hook: panicked at"),
        "{}",
        finished.stdout
    );
    assert!(finished.stdout.contains("no luck"), "{}", finished.stdout);
    assert_eq!(
        finished.stderr, "",
        "the standard library's hook was not asked for"
    );
}

#[test]
fn a_panic_that_is_caught_is_written_at_once() {
    let finished = run("caught");
    let objects = finished.json();
    let messages = messages(&objects);
    assert_eq!((messages[0], messages[2]), ("before", "after"));
    assert!(messages[1].ends_with(": caught"), "{messages:?}");
}

#[test]
fn payloads_of_any_kind_become_records() {
    let finished = run("odd_payloads");
    let objects = finished.json();
    let messages = messages(&objects);
    assert_eq!(messages.len(), 3, "{messages:?}");
    for (message, end) in messages
        .iter()
        .zip(["a value that is no text", "text", "two\nlines"])
    {
        assert!(message.ends_with(&format!(": {end}")), "{message}");
    }
    assert_eq!(finished.text().len(), 3, "one line each");
}

#[test]
fn panics_are_left_alone_when_they_are_not_wanted() {
    assert_eq!(messages(&run("not_wanted").json()), ["once"]);
}

#[test]
fn a_panic_in_a_message_costs_the_rest_of_the_message() {
    let finished = run("in_message");
    let objects = finished.json();
    let messages = messages(&objects);
    assert_eq!(messages.len(), 3);
    assert!(messages[0].ends_with(": while formatting"), "{messages:?}");
    assert_eq!(
        messages[1],
        "message: so far so good <panicked while being logged>"
    );
    assert_eq!(objects[1]["metadata"]["kept"], 1);
    assert_eq!(messages[2], "after");
}

#[test]
fn a_panic_in_a_value_costs_that_value() {
    let finished = run("in_value");
    let objects = finished.json();
    assert_eq!(objects.len(), 4);
    assert!(
        objects[..2]
            .iter()
            .all(|object| object["target"] == "panic")
    );
    assert_eq!(objects[2]["message"], "message");
    let expected = serde_json::json!({
        "before": 1,
        "bad": "<panicked while being logged>",
        "worse": "<panicked while being logged>",
        "after": 2,
    });
    assert_eq!(objects[2]["metadata"], expected);
    assert_eq!(objects[3]["message"], "after");
}

#[test]
fn a_panic_while_panicking_or_ending_takes_nothing_down_that_can_go_on() {
    let finished = run("at_every_end");
    let objects = finished.json();
    let messages = messages(&objects);
    let marked = messages
        .iter()
        .filter(|text| text.ends_with("<panicked while being logged>"));
    assert_eq!(marked.count(), 2, "{messages:?}");
    assert_eq!(messages[0], "alive");
    assert_eq!(
        messages
            .iter()
            .filter(|text| text.contains("on purpose"))
            .count(),
        1
    );
}

/// What a program with an output that panics at one of three records printed.
fn printed<'a>(finished: &'a Finished, what: &str) -> Vec<&'a str> {
    let about = |line: &'a str| line.strip_prefix(what)?.strip_prefix([' ', ':']);
    finished
        .stdout
        .lines()
        .filter_map(about)
        .map(str::trim)
        .collect()
}

/// The part failed at one record of three; hestia said so and lost nothing else.
fn assert_only_its_own_is_lost(part: &str) -> Finished {
    let finished = run(part);
    assert_eq!(messages(&finished.json()), ["good", "bad", "good again"]);
    assert_eq!(
        Logged::in_text(&finished).others,
        ["good", "bad", "good again"]
    );
    let incidents = printed(&finished, "incident");
    assert!(
        incidents.iter().any(|incident| tells_of(incident, part)),
        "{incidents:?}"
    );
    assert_one_report(&finished, part);
    finished
}

/// Says which part panicked, and where.
fn tells_of(incident: &str, part: &str) -> bool {
    incident.starts_with(&format!("bad: its {part} panicked at "))
        && incident.contains("src/bin/panics.rs:")
}

/// There is one line on stderr for what was caught, hestia's, and no other one of the panic hook's.
fn assert_one_report(finished: &Finished, part: &str) {
    let lines: Vec<_> = finished.stderr.lines().collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    let incident = lines[0].strip_prefix("hestia: ").unwrap_or_default();
    assert!(tells_of(incident, part), "{incident}");
}

#[test]
fn a_layout_that_panics_costs_its_own_line() {
    let finished = assert_only_its_own_is_lost("layout");
    let (notices, lines): (Vec<_>, Vec<_>) = printed(&finished, "line")
        .into_iter()
        .partition(|line| line.contains("records lost"));
    assert_eq!(lines, ["good", "good again"], "no half of the bad one");
    assert_eq!(notices.len(), 1, "the loss is told");
    assert_eq!(printed(&finished, "failed"), ["1"]);
}

#[test]
fn a_filter_that_panics_costs_its_own_line() {
    let finished = assert_only_its_own_is_lost("filter");
    let lines = printed(&finished, "line");
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(printed(&finished, "written"), ["2"]);
}

#[test]
fn a_sink_that_panics_costs_its_own_batch() {
    let finished = run("sink");
    assert_eq!(messages(&finished.json()), ["good", "bad", "good again"]);
    assert_eq!(printed(&finished, "failed"), ["1"]);
    assert_eq!(printed(&finished, "written"), ["2"]);
    let incidents = printed(&finished, "incident");
    assert!(
        incidents.iter().any(|incident| tells_of(incident, "write")),
        "{incidents:?}"
    );
    assert_one_report(&finished, "write");
    let flushes = printed(&finished, "flush");
    assert!(
        flushes.iter().any(|error| error.contains("bad")),
        "{flushes:?}"
    );
}

#[test]
fn a_flush_that_panics_is_an_error_of_the_flush() {
    let finished = assert_only_its_own_is_lost("flush");
    let flushes = printed(&finished, "flush");
    assert_eq!(flushes.len(), 3, "{flushes:?}");
    assert!(
        flushes.iter().all(|error| error.contains("bad")),
        "{flushes:?}"
    );
}

#[test]
fn reopening_and_closing_may_panic() {
    let finished = run("reopen_and_close");
    assert!(
        finished.stdout.contains("its reopen panicked at"),
        "{}",
        finished.stdout
    );
    assert_eq!(messages(&finished.json()), ["one", "two", "three"]);
}

#[test]
fn a_sink_that_panics_on_the_logging_thread_does_not_take_it_down() {
    assert_eq!(
        messages(&run("after_shutdown").json()),
        ["good", "bad", "good again"]
    );
}

#[test]
fn an_error_hook_may_log_and_panic() {
    assert_eq!(messages(&run("error_hook").json()), ["bad", "good"]);
}

#[test]
fn a_sink_that_panics_in_the_panic_hook_does_not_abort() {
    let finished = run("in_hook");
    let objects = finished.json();
    let messages = messages(&objects);
    assert_eq!(messages.len(), 3, "{messages:?}");
    assert!(messages[0].ends_with(": bad"), "{messages:?}");
    assert_eq!(messages[1..], ["another hook's, and bad", "life goes on"]);
}

#[test]
fn an_error_hook_that_panics_in_the_panic_hook_does_not_abort() {
    let finished = run("in_error_hook_in_hook");
    let objects = finished.json();
    let messages = messages(&objects);
    assert_eq!(messages.last(), Some(&"life goes on"), "{messages:?}");
}
