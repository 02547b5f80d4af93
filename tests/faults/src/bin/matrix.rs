//! Runs hestia's cases and prints a table, in figures; and is the program that the cases run in.

use std::process::ExitCode;

use hestia_faults::hestia::{HESTIA, HESTIA_CRASH_SAFE};
use hestia_faults::matrix;

fn main() -> ExitCode {
    matrix::main(
        &[HESTIA, HESTIA_CRASH_SAFE],
        include_str!("../../../../Cargo.lock"),
    )
}
