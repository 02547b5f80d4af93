//! Code of the program's that runs while a record is made, and records of a size nobody expects.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::json;

use super::{Case, Promise};
use crate::Outcome;
use crate::child::Stage;
use crate::judge::PADDING_BYTES;

pub(super) const CASES: &[Case] = &[
    Case::new(
        "reentrant_display",
        "a `Display` that logs",
        Promise::NothingLost,
        log_while_formatting,
    ),
    Case::new(
        "panicking_display",
        "a `Display` that panics",
        Promise::NothingLost,
        panic_while_formatting,
    ),
    Case::new(
        "large_record",
        "10 MiB records",
        Promise::NothingLost,
        large_records,
    ),
];

/// Logs while it is formatted, to nothing.
struct Chatty(&'static Stage);

impl fmt::Display for Chatty {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.log(1);
        Ok(())
    }
}

fn log_while_formatting(stage: &'static Stage) -> Outcome {
    for _ in 0..1_000 {
        let log = |number| {
            stage
                .logger
                .say(&format_args!("0 {number}{}", Chatty(stage)));
        };
        stage.count(0, log);
    }
    stage.tell(json!({}));
    Ok(())
}

/// Panics while it is formatted.
struct Panics;

impl fmt::Display for Panics {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("while formatting");
    }
}

/// The record is not numbered: what stands in its place is the logger's own. A panic is none of the logger's
/// callers' concern; all else they log must be there.
fn panic_while_formatting(stage: &'static Stage) -> Outcome {
    let mut reached = 0;
    for _ in 0..100 {
        stage.log(0);
        let spared = catch_unwind(AssertUnwindSafe(|| stage.say(&Panics))).is_ok();
        reached += u64::from(!spared);
        // hestia has a record of each panic.
        stage.expect_records(1);
        stage.log(0);
    }
    stage.tell(match reached {
        0 => json!({}),
        _ => json!({ "broken": "the panic reaches the caller" }),
    });
    Ok(())
}

fn large_records(stage: &'static Stage) -> Outcome {
    let padding = "x".repeat(PADDING_BYTES);
    for _ in 0..3 {
        stage.log(0);
        let log = |number| stage.logger.say(&format_args!("0 {number} {padding}"));
        stage.count(0, log);
        stage.log(1);
    }
    stage.tell(json!({}));
    Ok(())
}
