//! hestia in trouble: every case of the table, one test each.

#![allow(
    clippy::print_stdout,
    reason = "a test that says what it does not test"
)]

use std::path::Path;
use std::process::ExitCode;

use hestia_faults::cases::{self, Case, Scale};
use hestia_faults::hestia::HESTIA;
use hestia_faults::host::{self, Ran, Verdict};
use libtest_mimic::{Arguments, Failed, Trial};

const PROGRAM: &str = env!("CARGO_BIN_EXE_matrix");

fn main() -> ExitCode {
    let trials = cases::all().map(|case| Trial::test(case.name, move || check(case)));
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

fn check(case: &Case) -> Result<(), Failed> {
    let ran = match host::run(&HESTIA, case, Path::new(PROGRAM), Scale::Small) {
        Verdict::Ran(ran) => ran,
        Verdict::Skipped(reason) => {
            // Never silently: what is not run is not known to hold.
            println!("skipped: {}: {reason}", case.name);
            return Ok(());
        }
    };
    if ran.holds() {
        Ok(())
    } else {
        Err(described(case, &ran).into())
    }
}

fn described(case: &Case, ran: &Ran) -> String {
    let broken: Vec<&str> = ran.broken().collect();
    format!(
        "{}, {:?}: {}\n{ran:?}",
        case.title,
        case.promise,
        broken.join("; ")
    )
}
