//! Code of the program's that runs while the process ends.

use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{fs, panic, process, thread};

use hestia::{Batch, ErrorKind, Output, Sink, SinkError};

use crate::{Outcome, files, ways::end, ways::wait, with_signals};

/// Writes each batch in two halves, and takes its time between them.
struct Halves(fs::File);

impl Sink for Halves {
    fn write(&mut self, _: &mut Batch) -> Result<(), SinkError> {
        let written = self.0.write_all(b"half ").and_then(|()| {
            thread::sleep(Duration::from_millis(20));
            self.0.write_all(b"whole\n")
        });
        written.map_err(|error| SinkError::new(ErrorKind::Write, "halves").because(error))
    }
}

/// Runs after hestia's handler, and takes long enough for others to begin to write.
extern "C" fn slow_handler() {
    thread::sleep(Duration::from_millis(10));
}

/// Threads that write by themselves are in the middle of it when the process ends, unless they are kept from it.
pub(super) fn in_halves(ending: &str) -> Outcome {
    // SAFETY: the handler is a function of this program.
    unsafe { libc::atexit(slow_handler) };
    let halves = Halves(fs::File::create("halves")?);
    let builder = with_signals().sink(Output::new("halves", halves));
    let handle = builder.init()?;
    handle.shutdown()?;
    for thread in 0..4 {
        thread::spawn(move || {
            for number in 0_u64.. {
                log::info!("{thread} {number}");
            }
        });
    }
    thread::sleep(Duration::from_millis(100));
    end(ending)
}

/// Exits the process from the writer thread.
struct Exits;

impl Sink for Exits {
    fn write(&mut self, _: &mut Batch) -> Result<(), SinkError> {
        process::exit(7)
    }
}

pub(super) fn sink_exits() -> Outcome {
    files().sink(Output::new("exits", Exits)).init()?;
    log::info!("once");
    wait()
}

/// Logs when its thread ends.
struct LogsWhenDropped(&'static str);

impl Drop for LogsWhenDropped {
    fn drop(&mut self) {
        let thread = thread::current();
        log::info!("{} of {}", self.0, thread.name().unwrap_or("nobody"));
    }
}

thread_local! {
    static MADE_FIRST: LogsWhenDropped = const { LogsWhenDropped("dropped last") };
    static MADE_LATER: LogsWhenDropped = const { LogsWhenDropped("dropped first") };
}

/// What a thread makes first it drops last: one value before hestia's own locals, one after them.
pub(super) fn thread_locals() -> Outcome {
    files().init()?;
    let log_and_end = || {
        MADE_FIRST.with(|_| ());
        log::info!("alive");
        MADE_LATER.with(|_| ());
    };
    for _ in 0..10 {
        let thread = thread::Builder::new()
            .name("worker".to_owned())
            .spawn(log_and_end)?;
        thread.join().expect("nothing panics");
    }
    log_and_end();
    Ok(())
}

/// Hooks of the program's, one before hestia's and one after, that log.
pub(super) fn panic_hooks() -> Outcome {
    panic::set_hook(Box::new(|_| log::info!("the earlier hook")));
    files().init()?;
    let hestia = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        log::info!("the later hook");
        hestia(panic);
    }));
    let panicked = thread::spawn(|| panic!("on purpose")).join();
    assert!(panicked.is_err());
    log::info!("life goes on");
    Ok(())
}

extern "C" fn registered_before() {
    log::info!("from a handler that runs after hestia's");
}

extern "C" fn registered_after() {
    log::info!("from a handler that runs before hestia's");
}

pub(super) fn exit_handlers() -> Outcome {
    // SAFETY: the handler is a function of this program.
    unsafe { libc::atexit(registered_before) };
    files().init()?;
    // SAFETY: as above.
    unsafe { libc::atexit(registered_after) };
    log::info!("once");
    Ok(())
}

static TO_JOIN: Mutex<Option<thread::JoinHandle<()>>> = Mutex::new(None);

static ENDS: AtomicBool = AtomicBool::new(false);

extern "C" fn join() {
    ENDS.store(true, Ordering::Release);
    let thread = TO_JOIN.lock().ok().and_then(|mut thread| thread.take());
    let _ = thread.map(thread::JoinHandle::join);
}

/// A handler that runs after hestia's waits for a thread that has much to say.
pub(super) fn joined_by_exit_handler() -> Outcome {
    // SAFETY: the handler is a function of this program.
    unsafe { libc::atexit(join) };
    files().init()?;
    let thread = thread::spawn(|| {
        while !ENDS.load(Ordering::Acquire) {
            thread::yield_now();
        }
        for number in 0_u64..500 {
            log::info!("0 {number}");
        }
    });
    *TO_JOIN.lock().map_err(|error| error.to_string())? = Some(thread);
    Ok(())
}
