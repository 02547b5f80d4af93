//! A system clock that is set while the program runs.

use std::fs;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Case, Promise};
use crate::Outcome;
use crate::child::Stage;
use crate::hestia::JSON;
use crate::interposed::step_clock;

pub(super) const CASES: &[Case] = &[
    Case::new(
        "clock_back",
        "clock set back by a day",
        Promise::NothingLost,
        |stage| step(stage, -DAY),
    ),
    Case::new(
        "clock_forward",
        "clock set forward by a day",
        Promise::NothingLost,
        |stage| step(stage, DAY),
    ),
];

const DAY: i64 = 86_400;

fn step(stage: &'static Stage, seconds: i64) -> Outcome {
    stage.burst(0..4, 1_000);
    step_clock(seconds)?;
    // Long enough for whoever looks at the clock now and then.
    for _ in 0..400 {
        stage.burst(0..4, 1);
        thread::sleep(Duration::from_millis(2));
    }
    stage.burst(0..4, 1_000);
    stage.logger.flush();
    stage.tell(match times_follow(seconds)? {
        true => json!({}),
        false => json!({ "broken": "the times do not follow the clock" }),
    });
    Ok(())
}

/// Whether the last record's time is before or after the first one's, as the clock was set. In one format and zone, the
/// order of times is that of their texts. Where there are no JSON files, nobody looks.
fn times_follow(seconds: i64) -> Outcome<bool> {
    if !fs::exists(JSON.path)? {
        return Ok(true);
    }
    let text = fs::read_to_string(JSON.path)?;
    let time = |line: Option<&str>| -> Outcome<String> {
        let record: Value = serde_json::from_str(line.ok_or("no records")?)?;
        Ok(record["timestamp"].as_str().ok_or("no time")?.to_owned())
    };
    let (first, last) = (time(text.lines().next())?, time(text.lines().last())?);
    // The day, without the time of day: a run across midnight would deceive otherwise.
    Ok(if seconds > 0 {
        last[..10] > first[..10]
    } else {
        last[..10] < first[..10]
    })
}
