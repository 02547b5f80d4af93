//! What is logged after the writer has gone, and what it cannot be held up by.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use std::{fs, thread};

use hestia::{Batch, Builder, ErrorKind, Output, Signal, Sink, SinkError};
use hestia_tests::records::log_from_threads;

use crate::{Outcome, RECORDS, THREADS, files, print, ways::end, ways::wait};

pub(super) fn after_shutdown() -> Outcome {
    let handle = files().init()?;
    log::info!("before");
    handle.shutdown()?;
    for number in 0..100 {
        let message = format!("after {number}");
        log::info!("{message}");
        for file in ["logs/all.log", "logs/app.log"] {
            assert!(
                fs::read_to_string(file)?.contains(&message),
                "{message} is not in {file}"
            );
        }
    }
    log_from_threads(THREADS, RECORDS / 10);
    // Everything else works as well, at once.
    let start = Instant::now();
    handle.shutdown()?;
    let stats = handle.flush()?.stats().clone();
    assert_eq!(stats.accepted, 101 + THREADS * RECORDS / 10);
    handle.set_level("warn")?;
    log::info!("not wanted");
    handle.reopen()?;
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "{:?}",
        start.elapsed()
    );
    Ok(())
}

/// Counts how often it is closed.
struct Closes(&'static AtomicU64);

impl Sink for Closes {
    fn write(&mut self, _: &mut Batch) -> Result<(), SinkError> {
        Ok(())
    }

    fn close(&mut self, _: Duration) {
        self.0.fetch_add(1, Ordering::Relaxed);
        // Long enough for others to ask for the same meanwhile.
        thread::sleep(Duration::from_millis(50));
    }
}

/// Several threads end it at the same time, each of which has to find everything written.
pub(super) fn shutdowns_at_once() -> Outcome {
    static CLOSED: AtomicU64 = AtomicU64::new(0);
    let closes = Output::new("closes", Closes(&CLOSED));
    let handle = files().sink(closes).init()?;
    thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || {
                for number in 0..RECORDS / 10 {
                    log::info!("{thread} {number}");
                }
                let stats = handle.shutdown().expect("the files work").stats().clone();
                assert_eq!(stats.shed.total(), 0);
            });
        }
    });
    handle.shutdown()?;
    assert_eq!(CLOSED.load(Ordering::Relaxed), 1);
    Ok(())
}

/// Never returns.
pub(super) struct Stuck;

impl Sink for Stuck {
    fn write(&mut self, _: &mut Batch) -> Result<(), SinkError> {
        wait()
    }
}

pub(super) fn with_hung_sink() -> Builder {
    files()
        .sink(Output::new("stuck", Stuck))
        .exit_limit(Duration::from_millis(300))
        .drain_on(Signal::Terminate)
}

pub(super) fn hung_sink(ending: &str) -> Outcome {
    with_hung_sink().init()?;
    log::info!("once");
    end(ending)
}

/// What is logged while nothing can be written is not written, but it does not hold the program up
/// again and again either.
pub(super) fn shutdown_with_hung_sink() -> Outcome {
    let handle = with_hung_sink().init()?;
    log::info!("once");
    let error = handle.shutdown().expect_err("one sink hangs");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    print(error)?;
    let start = Instant::now();
    for _ in 0..100 {
        log::info!("nobody writes this");
    }
    print(format_args!("{} ms", start.elapsed().as_millis()))
}
