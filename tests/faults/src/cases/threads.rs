//! Threads that come and go.

use std::cell::Cell;
use std::ops::Range;
use std::thread;

use serde_json::json;

use super::{Case, Promise};
use crate::Outcome;
use crate::child::Stage;
use crate::logger::ONE_FILE;

pub(super) const CASES: &[Case] = &[
    Case::new(
        "churn",
        "threads come and go",
        Promise::NothingLost,
        |stage| {
            start_threads(stage, 0..8, 60, 50);
            stage.tell(json!({}));
            Ok(())
        },
    ),
    Case {
        setup: ONE_FILE,
        memory_kib: Some(128 * 1024),
        limit_seconds: |scale| scale.of(300, 900),
        ..Case::new(
            "many_threads",
            "a great many threads over time",
            Promise::NothingLost,
            |stage| {
                let threads = stage.scale.of(20_000, 1_000_000);
                start_threads(stage, 0..4, threads / 4, 1);
                stage.tell(json!({}));
                Ok(())
            },
        )
    },
    Case::new(
        "thread_locals",
        "logging from thread-local destructors",
        Promise::NothingLost,
        log_from_destructors,
    ),
];

/// Starts threads one after the other in each slot, and waits for each.
fn start_threads(stage: &'static Stage, slots: Range<u64>, threads: u64, records: u64) {
    thread::scope(|scope| {
        for slot in slots {
            scope.spawn(move || {
                for _ in 0..threads {
                    let thread = thread::spawn(move || (0..records).for_each(|_| stage.log(slot)));
                    thread.join().expect("logging does not panic");
                }
            });
        }
    });
}

/// Logs when its thread ends.
struct LogsWhenDropped(Cell<Option<(&'static Stage, u64)>>);

impl Drop for LogsWhenDropped {
    fn drop(&mut self) {
        if let Some((stage, slot)) = self.0.get() {
            stage.log(slot);
        }
    }
}

thread_local! {
    static MADE_FIRST: LogsWhenDropped = const { LogsWhenDropped(Cell::new(None)) };
    static MADE_LATER: LogsWhenDropped = const { LogsWhenDropped(Cell::new(None)) };
}

/// What a thread makes first it drops last: one value before the logger's own, one after them.
fn log_from_destructors(stage: &'static Stage) -> Outcome {
    for slot in 0..20 {
        let thread = thread::spawn(move || {
            MADE_FIRST.with(|value| value.0.set(Some((stage, slot))));
            stage.log(slot);
            MADE_LATER.with(|value| value.0.set(Some((stage, slot))));
        });
        thread.join().map_err(|_| "a thread panicked")?;
    }
    stage.tell(json!({}));
    Ok(())
}
