//! What only the compiler can know is told where it stands.

use hestia::instrument;

struct Opaque;

#[instrument(err)]
fn no_result() -> u8 {
    5
}

#[instrument(err)]
fn error_that_cannot_be_shown() -> Result<(), Opaque> {
    Err(Opaque)
}

#[instrument(ret(Display))]
fn result_that_cannot_be_shown() -> Opaque {
    Opaque
}

#[instrument(fields(value = Opaque))]
fn field_that_cannot_be_logged() {}

#[instrument(follows_from = number)]
fn follows_from_a_number(number: u64) {
    let _ = number;
}

#[instrument(ret)]
fn wrong_type() -> u8 {
    "text"
}

#[instrument(level = hestia::LevelFilter::Debug)]
fn level_of_another_type() {}

#[instrument(name = 5 + 5)]
fn name_of_another_type() {}

#[instrument(target = target)]
fn target_that_is_no_constant(target: &'static str) {
    let _ = target;
}

#[instrument(level = hestia::Level::Debgu)]
fn level_that_is_not_there() {}

fn main() {}
