//! hestia in trouble: every case of the table, one test each.

#![allow(
    clippy::print_stdout,
    reason = "a test that says what it does not test"
)]

use std::path::Path;
use std::process::ExitCode;

use hestia_faults::cases::{self, Case, Scale};
use hestia_faults::hestia::{HESTIA, HESTIA_CRASH_SAFE};
use hestia_faults::host::{self, Ran, Verdict};
use hestia_faults::logger::Logger;
use libtest_mimic::{Arguments, Failed, Trial};

const PROGRAM: &str = env!("CARGO_BIN_EXE_matrix");

fn main() -> ExitCode {
    let usual = cases::all().map(|case| Trial::test(case.name, move || check(&HESTIA, case)));
    // Ends that come without warning, for rings that outlive them.
    let kept = cases::all().filter(|case| case.goes_on).map(|case| {
        let name = format!("{}_crash_safe", case.name);
        Trial::test(name, move || check(&HESTIA_CRASH_SAFE, case))
    });
    libtest_mimic::run(&Arguments::from_args(), usual.chain(kept).collect()).exit_code()
}

fn check(logger: &Logger, case: &Case) -> Result<(), Failed> {
    let ran = match host::run(logger, case, Path::new(PROGRAM), Scale::Small) {
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
