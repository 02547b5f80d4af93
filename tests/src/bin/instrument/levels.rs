//! Calls that are said at a level, or not at all.

use std::sync::atomic::{AtomicU32, Ordering};

use hestia::instrument;

#[instrument(level = "warn")]
fn warns() {}

#[instrument(level = "trace")]
fn traces() {}

static EVALUATED: AtomicU32 = AtomicU32::new(0);

#[instrument(level = "debug", fields(evaluated = EVALUATED.fetch_add(1, Ordering::Relaxed)))]
fn evaluates() {}

pub(super) fn levels() {
    warns();
    traces();
    evaluates();
    assert_eq!(EVALUATED.load(Ordering::Relaxed), 0);
    hestia::set_level("trace").expect("a level");
    warns();
    traces();
    evaluates();
    assert_eq!(EVALUATED.load(Ordering::Relaxed), 1);
}
