//! Faults and `abort`, where hestia has everything written first.

use std::io;
use std::sync::Mutex;
use std::time::Duration;

use hestia::{Batch, Builder, Output, Sink, SinkError};
use hestia_tests::records::log_from_threads;

use crate::{
    Outcome, RECORDS, THREADS, files, print, shutdown::with_hung_sink, ways::end, ways::fault,
    ways::wait,
};

/// Crashes are to end the process in the time of a hung sink, and no sooner than everything is written.
pub(super) fn crashing(builder: Builder) -> Builder {
    builder.drain_on_crash(true)
}

/// On the writer's thread there is nobody to wait for.
pub(super) fn sink_crashes() -> Outcome {
    struct Crashes;
    impl Sink for Crashes {
        fn write(&mut self, _: &mut Batch) -> Result<(), SinkError> {
            fault();
            Ok(())
        }
    }
    let limit = Duration::from_secs(3600);
    crashing(files())
        .exit_limit(limit)
        .sink(Output::new("crashes", Crashes))
        .init()?;
    log::info!("once");
    wait()
}

/// The writer hangs: the crash is not held up for longer than the limit.
pub(super) fn hung_sink_and_crash() -> Outcome {
    crashing(with_hung_sink()).init()?;
    log::info!("once");
    fault();
    Ok(())
}

/// Whoever crashes holds what the writer needs: a lock that a sink takes, and the standard library's on stderr.
pub(super) fn crash_with_locks(ending: &str) -> Outcome {
    static NEEDED: Mutex<()> = Mutex::new(());
    struct Needs;
    impl Sink for Needs {
        fn write(&mut self, _: &mut Batch) -> Result<(), SinkError> {
            drop(NEEDED.lock());
            Ok(())
        }
    }
    crashing(files())
        .exit_limit(Duration::from_millis(200))
        .sink(Output::new("needs", Needs))
        .init()?;
    let stderr = io::stderr().lock();
    let needed = NEEDED.lock();
    log::info!("once");
    end(ending)?;
    drop((stderr, needed));
    Ok(())
}

pub(super) fn crash_after_shutdown() -> Outcome {
    let limit = Duration::from_secs(3600);
    let handle = crashing(files()).exit_limit(limit).init()?;
    log_from_threads(THREADS, RECORDS / 10);
    handle.shutdown()?;
    log::info!("after");
    fault();
    Ok(())
}

/// One child crashes before it has logged, another one after that; their parent goes on.
pub(super) fn children_crash() -> Outcome {
    let limit = Duration::from_secs(3600);
    crashing(files()).exit_limit(limit).init()?;
    log::info!("parent before");
    for logs in [false, true] {
        // SAFETY: the child does what hestia promises to work, and crashes.
        let child = unsafe { libc::fork() };
        if child == 0 {
            if logs {
                log::info!("child");
            }
            fault();
        }
        let mut status = 0;
        // SAFETY: fills in the value behind the pointer.
        unsafe { libc::waitpid(child, &raw mut status, 0) };
        let signal = libc::WIFSIGNALED(status).then(|| libc::WTERMSIG(status));
        print(format_args!("{signal:?}"))?;
    }
    log::info!("parent after");
    Ok(())
}

/// A handler that was there before hestia's gets the signal after it, with what the kernel said about it.
pub(super) fn crash_handler() -> Outcome {
    extern "C" fn earlier(_: libc::c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
        // SAFETY: the kernel hands over a valid pointer; ends the process.
        unsafe {
            libc::_exit(if (*info).si_addr().addr() == 8 {
                42
            } else {
                43
            })
        };
    }
    // SAFETY: zero is a valid `sigaction`, and the handler a function of this program.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        let handler: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void) = earlier;
        action.sa_sigaction = handler as *const () as libc::sighandler_t;
        action.sa_flags = libc::SA_SIGINFO;
        libc::sigaction(libc::SIGSEGV, &raw const action, std::ptr::null_mut());
    }
    crashing(files()).init()?;
    log_from_threads(THREADS, RECORDS);
    fault();
    Ok(())
}
