//! The fault suite's matrix with other loggers beside hestia. From the repository's root:
//!
//! ```sh
//! cargo run --release --manifest-path tests/faults/peers/Cargo.toml
//! ```
//!
//! Each logger is one file: how its documentation sets it up, how it is flushed and ended. Those that have a queue get room
//! for [`QUEUE`] records, and have callers wait when it is full, unless a case wants them to shed.

mod flexi_logger;
mod log4rs;
mod spdlog;
mod tracing;

use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use hestia_faults::child::bytes;
use hestia_faults::hestia::{HESTIA, HESTIA_CRASH_SAFE};
use hestia_faults::logger::TEXT;
use hestia_faults::matrix;

/// Records that the queues of those who count in records hold.
const QUEUE: usize = 131_072;

/// More archives than any case makes, for loggers that want to delete some.
const MOST_ARCHIVES: u32 = 1_000;

fn main() -> ExitCode {
    let loggers = [
        HESTIA,
        HESTIA_CRASH_SAFE,
        spdlog::SPDLOG,
        flexi_logger::FLEXI_LOGGER,
        tracing::TRACING,
        log4rs::LOG4RS,
    ];
    matrix::main(&loggers, include_str!("../Cargo.lock"))
}

/// Waits until the text file has not changed for a while: a flush, for loggers that have none to wait for.
fn wait_until_still() {
    let length = || bytes(Path::new(TEXT.path));
    let mut before = length();
    for _ in 0..100 {
        thread::sleep(Duration::from_millis(200));
        let now = length();
        if now == before {
            return;
        }
        before = now;
    }
}
