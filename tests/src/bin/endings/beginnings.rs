//! How hestia is turned on, or is not.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{io, thread};

use hestia::{ErrorKind, Output, Signal};
use hestia_tests::kernel::address_space_bytes;

use crate::shutdown::Stuck;
use crate::{Outcome, files, print};

pub(super) fn second_init() -> Outcome {
    let first = files().app("first").init()?;
    let error = files().app("second").init().expect_err("hestia runs");
    assert_eq!(error.kind(), ErrorKind::AlreadyRunning);
    print(error)?;
    log::info!("once");
    assert_eq!(first.flush()?.stats().accepted, 1);
    Ok(())
}

pub(super) fn try_init() -> Outcome {
    let settings = || {
        files()
            .app("one")
            .level("info,quiet=warn")
            .metadata("region", "eu-1")
    };
    settings().init()?;
    let same = settings().try_init()?;
    log::info!("once");
    assert_eq!(same.flush()?.stats().accepted, 1);
    let others = [
        settings().app("two"),
        settings().level("debug"),
        settings().metadata("region", "eu-2"),
        settings().console(true),
        settings().text("logs/other.log"),
        settings().exit_limit(Duration::from_secs(1)),
        settings().sink(Output::new("more", Stuck)),
        settings().drain_on(Signal::Terminate),
    ];
    for other in others {
        let error = other
            .try_init()
            .expect_err("hestia runs with other settings");
        assert_eq!(error.kind(), ErrorKind::AlreadyRunning);
        print(error)?;
    }
    Ok(())
}

struct OtherLogger;

impl log::Log for OtherLogger {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        print(format_args!("other: {}", record.args())).expect("stdout is open");
    }

    fn flush(&self) {}
}

pub(super) fn other_logger() -> Outcome {
    log::set_logger(&OtherLogger)?;
    log::set_max_level(log::LevelFilter::Info);
    let error = files().init().expect_err("there is another logger");
    assert_eq!(error.kind(), ErrorKind::OtherLogger);
    print(error)?;
    assert!(!Path::new("logs").exists(), "nothing was opened");
    assert!(hestia::stats().is_none());
    log::info!("goes on");
    Ok(())
}

/// The system gives no more threads.
pub(super) fn no_thread() -> Outcome {
    let unlimited = address_space()?;
    limit_address_space(&libc::rlimit {
        rlim_cur: address_space_bytes()? + (1 << 20),
        ..unlimited
    })?;
    let error = files().init().expect_err("there is no memory for a thread");
    limit_address_space(&unlimited)?;
    assert_eq!(error.kind(), ErrorKind::StartThread);
    print(error)?;
    log::info!("dropped, and harmless");
    files().init()?;
    log::info!("once");
    Ok(())
}

fn address_space() -> io::Result<libc::rlimit> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: fills in the value behind the pointer.
    match unsafe { libc::getrlimit(libc::RLIMIT_AS, &raw mut limit) } {
        0 => Ok(limit),
        _ => Err(io::Error::last_os_error()),
    }
}

fn limit_address_space(limit: &libc::rlimit) -> io::Result<()> {
    // SAFETY: reads the value behind the pointer.
    match unsafe { libc::setrlimit(libc::RLIMIT_AS, limit) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

pub(super) fn before_init() -> Outcome {
    log::set_max_level(log::LevelFilter::Trace);
    log::error!("too early");
    log::logger().flush();
    assert!(hestia::stats().is_none() && hestia::report().is_none());
    for error in [hestia::flush(), hestia::reopen(), hestia::shutdown()] {
        let error = error.expect_err("hestia does not run yet");
        assert_eq!(error.kind(), ErrorKind::NotRunning);
    }
    files().init()?;
    log::info!("in time");
    Ok(())
}

/// Threads log before, during and after; from some moment on nothing of theirs is missing.
pub(super) fn during_init() -> Outcome {
    static STOP: AtomicBool = AtomicBool::new(false);
    log::set_max_level(log::LevelFilter::Info);
    thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || {
                for number in 0_u64.. {
                    log::info!("{thread} {number}");
                    if STOP.load(Ordering::Relaxed) {
                        return;
                    }
                }
            });
        }
        let result = files().init();
        thread::sleep(Duration::from_millis(20));
        STOP.store(true, Ordering::Relaxed);
        result.map(drop)
    })?;
    Ok(())
}
