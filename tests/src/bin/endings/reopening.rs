//! Files that are opened anew by a signal.

use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use hestia::{ErrorKind, Signal};
use hestia_tests::records::log_from_threads;

use crate::ways::wait_for;
use crate::{Outcome, RECORDS, THREADS, files, print};

/// A log rotator moves the file away and says so.
pub(super) fn reopen() -> Outcome {
    files().reopen_on_hang_up(true).init()?;
    log::info!("before");
    hestia::flush()?;
    move_away(1)?;
    log::info!("after");
    Ok(())
}

/// Moves both files away and has them opened anew; returns once that has happened.
fn move_away(number: u32) -> io::Result<()> {
    let files = ["logs/all.log", "logs/app.log"];
    for file in files {
        fs::rename(file, format!("{file}.{number}"))?;
    }
    // SAFETY: takes numbers only.
    unsafe { libc::kill(libc::getpid(), libc::SIGHUP) };
    let start = Instant::now();
    while files.iter().any(|file| !Path::new(file).exists()) {
        if start.elapsed() > Duration::from_secs(30) {
            return Err(io::Error::other("the files are not opened anew"));
        }
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

/// The same twenty times, while threads log.
pub(super) fn reopen_again_and_again() -> Outcome {
    files().reopen_on_hang_up(true).init()?;
    thread::scope(|scope| {
        scope.spawn(|| log_from_threads(THREADS, RECORDS));
        (1..=20).try_for_each(move_away)
    })?;
    Ok(())
}

/// One signal cannot mean both.
pub(super) fn drain_and_reopen() -> Outcome {
    let both = files()
        .drain_on(Signal::HangUp)
        .reopen_on_hang_up(true)
        .init();
    let error = both.expect_err("SIGHUP cannot mean both");
    assert_eq!(error.kind(), ErrorKind::InvalidSetting);
    print(error)?;
    assert!(!Path::new("logs").exists(), "nothing was opened");
    // What was wrong can be put right.
    files().drain_on(Signal::HangUp).init()?;
    log::info!("once");
    wait_for(libc::SIGHUP)
}
