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

#[instrument(ret)]
fn wrong_type() -> u8 {
    "text"
}

fn main() {}
