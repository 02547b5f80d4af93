//! What the programs log: numbered records, so that a reader of the files can tell what is missing.

use std::thread;

/// Logs `"{thread} {number}"`, with numbers from 0 up, on each of so many threads. Returns when the last
/// call has.
pub(crate) fn log_from_threads(threads: u64, count: u64) {
    thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || {
                for number in 0..count {
                    log::info!("{thread} {number}");
                }
            });
        }
    });
}
