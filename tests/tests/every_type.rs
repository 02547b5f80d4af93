//! Whatever a record holds, its line is the same where the process was killed before the record was written and the next
//! start wrote it. All types are in the table of `every_type`, which is held to hestia's source here.

#![cfg(unix)]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use serde_json::Value;
use tempfile::TempDir;

fn run(directory: &TempDir, scenario: &str) -> ExitStatus {
    let mut command = Command::new(env!("CARGO_BIN_EXE_every_type"));
    command.arg(scenario).current_dir(directory.path());
    let status = command.stdout(Stdio::null()).status();
    status.expect("the program can be started")
}

fn lines(directory: &TempDir, file: &str) -> Vec<String> {
    let path = directory.path().join("logs").join(file);
    let text = fs::read_to_string(path).expect("UTF-8");
    assert!(text.ends_with('\n'), "torn: {file}");
    text.lines().map(String::from).collect()
}

/// What is the same each time.
fn lasting(line: &str) -> Value {
    let mut record: Value = serde_json::from_str(line).expect("a whole record");
    let keys = record.as_object_mut().expect("an object");
    for key in ["timestamp", "uuid", "process_id", "thread_id"] {
        assert!(keys.remove(key).is_some(), "{key} in {line}");
    }
    // Those of instrumented functions are random.
    let ids = [keys.remove("trace_id"), keys.remove("span_id")];
    assert_eq!(ids[0].is_some(), ids[1].is_some(), "{line}");
    // So long they took.
    if let Some(metadata) = record["metadata"].as_object_mut() {
        metadata.remove("elapsed_ms");
    }
    record
}

/// The same of a line of text: without its time, and the ids of process and thread.
fn lasting_text(line: &str) -> String {
    let (head, rest) = line.split_once(" | ").expect("who and what");
    let mut words = head.split(' ').filter(|word| !word.is_empty());
    let [_time, level, application, host, process] =
        std::array::from_fn(|_| words.next().expect("a word"));
    assert!(process.parse::<u32>().is_ok(), "{line}");
    let mut place: Vec<&str> = words.collect();
    let (name, thread) = place
        .iter()
        .position(|word| word.contains('/'))
        .map(|at| place.remove(at).split_once('/').expect("it has one"))
        .expect("a thread");
    assert!(thread.parse::<u32>().is_ok(), "{line}");
    let said = rest.split(" trace=").next().unwrap_or_default();
    let said = match said.split_once("elapsed_ms=") {
        Some((before, after)) => before.to_owned() + after.split_once(' ').expect("more keys").1,
        None => said.to_owned(),
    };
    format!("{level} {application} {host} {name} {place:?} | {said}")
}

/// What the whole program wrote, and what was recovered of the one that was killed, without the record that it had
/// written, and without the notice.
fn whole_and_recovered(file: &str, only: fn(&str) -> bool) -> [Vec<String>; 2] {
    let place = || tempfile::tempdir().expect("a temporary directory");
    let (whole, killed) = (place(), place());
    assert!(run(&whole, "whole").success());
    assert_eq!(run(&killed, "killed").signal(), Some(libc::SIGKILL));
    assert!(run(&killed, "start").success());
    let whole = lines(&whole, file);
    let mut recovered = lines(&killed, file);
    let notice = recovered.pop().expect("lines");
    let records = whole.len();
    assert!(
        notice.contains(&format!("recovered {records} records")),
        "{notice}"
    );
    recovered.retain(|line| only(line));
    assert_eq!(whole.len(), recovered.len());
    assert!(records > 0);
    [whole, recovered]
}

fn is_of_both(line: &str) -> bool {
    !line.contains("the last that is written")
}

#[test]
fn every_value_is_recovered_as_it_would_have_been_written() {
    let [whole, recovered] = whole_and_recovered("app.log", is_of_both);
    for (whole, recovered) in whole.iter().zip(&recovered) {
        assert_eq!(lasting(recovered), lasting(whole));
    }
    let labels: BTreeSet<String> = recovered
        .iter()
        .filter_map(|line| Some(lasting(line)["metadata"]["label"].as_str()?.to_owned()))
        .collect();
    let missing: Vec<_> = types_in_source().difference(&labels).cloned().collect();
    assert!(
        missing.is_empty(),
        "add a row for each of these to tests/src/bin/every_type.rs: {missing:?}"
    );
}

#[test]
fn every_line_of_text_is_recovered_as_it_would_have_been_written() {
    let [whole, recovered] = whole_and_recovered("all.log", is_of_both);
    for (whole, recovered) in whole.iter().zip(&recovered) {
        assert_eq!(lasting_text(recovered), lasting_text(whole));
    }
}

#[test]
fn the_file_of_a_named_logger_is_recovered_as_it_would_have_been_written() {
    let [whole, recovered] = whole_and_recovered("own.log", |_| true);
    assert_eq!(whole.len(), 3);
    for (whole, recovered) in whole.iter().zip(&recovered) {
        assert_eq!(lasting_text(recovered), lasting_text(whole));
    }
}

/// All types that the source says can be values or arguments, and all parts that a statement is made of.
fn types_in_source() -> BTreeSet<String> {
    let read = |file: &str| {
        let records = Path::new(env!("CARGO_MANIFEST_DIR")).join("../hestia/core/src/record");
        fs::read_to_string(records.join(file)).expect("the source")
    };
    let mut types = BTreeSet::new();
    for (source, implemented) in [
        (read("encode/impls.rs"), "Encode for "),
        (read("capture/argument.rs"), "Capture for "),
        (read("capture/argument.rs"), "Part for "),
        (read("capture.rs"), "Part for "),
    ] {
        let source = source.split("#[cfg(test)]").next().unwrap_or_default();
        assert!(source.contains(implemented), "it looks different now");
        for line in source.lines() {
            types.extend(type_in_table(line));
            if let Some(list) = line.strip_prefix("encode_by!(put_display: ") {
                let list = list.trim_end_matches(");");
                types.extend(list.split_whitespace().map(String::from));
            }
            if let Some((_, named)) = line.split_once(implemented)
                && line.trim_start().starts_with("impl")
            {
                let named = named.trim_end_matches('{').trim();
                // A macro's, whose types its table has; a list of parts.
                if !named.starts_with(['$', '(']) {
                    types.insert(if implemented == "Part for " {
                        let name = named.split('<').next().unwrap_or_default();
                        format!("part {name}")
                    } else {
                        named.to_owned()
                    });
                }
            }
        }
    }
    types
}

/// A row of `encode_scalars!` and its like: `type: |value| …` or `[generics] type: |outer| …`.
fn type_in_table(line: &str) -> Option<String> {
    let row = line.strip_prefix("    ")?;
    let (named, rest) = row.split_once(": |")?;
    if named.starts_with(' ') || named.contains('$') || !rest.contains('|') {
        return None;
    }
    let named = match named.strip_prefix('[') {
        Some(generic) if generic.contains("] ") => generic.split_once("] ")?.1,
        _ => named,
    };
    Some(named.to_owned())
}

#[test]
fn the_types_of_the_source_are_found() {
    let types = types_in_source();
    for known in [
        "u8",
        "()",
        "Duration",
        "Wrapping<T>",
        "[T; N]",
        "[T]",
        "Option<T>",
        "SocketAddrV6",
        "part Count",
        "Cow<'_, T>",
    ] {
        assert!(types.contains(known), "{known} in {types:?}");
    }
    assert!(types.len() > 60, "{types:?}");
}
