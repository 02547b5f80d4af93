//! Records as they come out of hestia in this very process: each file of tests that uses it is one
//! process, and its tests take turns.
#![allow(dead_code, reason = "each family asks for some of it")]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use hestia::{Batch, JsonLayout, Output, Schema, Sink, SinkError};
use serde_json::Value;

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());
static TURN: Mutex<()> = Mutex::new(());

/// A mutex that tests which failed while they held it leave usable.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Keep;

impl Sink for Keep {
    fn write(&mut self, batch: &mut Batch) -> Result<(), SinkError> {
        let lines = batch.lines().map(|(line, _)| {
            let line = std::str::from_utf8(line).expect("JSON is UTF-8");
            line.to_owned()
        });
        lock(&LINES).extend(lines);
        Ok(())
    }
}

/// One record, as its line of JSON says it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// The line itself: it has every digit of a number.
    pub(crate) line: String,
    pub(crate) json: Value,
}

impl Seen {
    pub(crate) fn message(&self) -> &str {
        self.json["message"].as_str().expect("a message")
    }

    pub(crate) fn level(&self) -> &str {
        self.json["level"].as_str().expect("a level")
    }

    pub(crate) fn target(&self) -> &str {
        self.json["target"].as_str().expect("a target")
    }

    /// The key-values.
    pub(crate) fn fields(&self) -> &Value {
        &self.json["metadata"]
    }

    /// The key-values as they stand in the line.
    pub(crate) fn raw_fields(&self) -> &str {
        let start = self.line.find("\"metadata\":").expect("there are fields");
        self.line[start + 11..]
            .trim_end()
            .strip_suffix('}')
            .expect("an object ends")
    }
}

fn start() {
    static STARTED: OnceLock<()> = OnceLock::new();
    STARTED.get_or_init(|| {
        let kept = Output::new("kept", Keep).layout(JsonLayout::new(Schema::Hestia));
        hestia::builder()
            .env(false)
            .console(false)
            .text(false)
            .json(false)
            .panics(false)
            .level("trace,off=off,warnings=warn")
            .sink(kept)
            .init()
            .expect("hestia starts");
    });
}

/// What is logged while the closure runs, by any thread.
pub(crate) fn logged(statements: impl FnOnce()) -> Vec<Seen> {
    let _turn = lock(&TURN);
    start();
    // What stood in nobody's turn does not count.
    flush();
    lock(&LINES).clear();
    let outcome = catch_unwind(AssertUnwindSafe(statements));
    flush();
    let lines = std::mem::take(&mut *lock(&LINES));
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
    lines
        .into_iter()
        .map(|line| Seen {
            json: serde_json::from_str(&line).expect("a line is JSON"),
            line,
        })
        .collect()
}

/// The one record that is logged while the closure runs.
pub(crate) fn one(statement: impl FnOnce()) -> Seen {
    let mut seen = logged(statement);
    assert_eq!(seen.len(), 1, "one record: {seen:?}");
    seen.remove(0)
}

fn flush() {
    hestia::flush_within(Duration::from_secs(60)).expect("the sink never fails");
}
