//! The ends: leaving `main`, `exit`, panics, signals; and the fork, where a process begins in the middle.
//!
//! *Invariant:* nothing that a call returned from is lost at an end that runs code at all, and no end is
//! held up longer than the limit.

#![allow(unsafe_code, reason = "exit and fork handlers are C")]

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io;
use std::panic::{Location, PanicHookInfo};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use log::Log as _;

use super::pipeline::{self, Pipeline};
use super::settings::Settings;
use crate::error::chain;
use crate::internal;
use crate::thread::is_own;

/// Registers what is to happen at the ends of this process. Forked children inherit all of it.
pub(super) fn prepare(settings: &Settings) -> io::Result<()> {
    static HANDLERS: Once = Once::new();
    HANDLERS.call_once(register_handlers);
    if settings.panics.value {
        static PANIC_HOOK: Once = Once::new();
        PANIC_HOOK.call_once(chain_panic_hook);
    }
    signals::prepare(settings)
}

#[cfg(unix)]
fn register_handlers() {
    // SAFETY: the handlers are functions of this program, which is not unloaded.
    unsafe {
        libc::atexit(at_exit);
        libc::pthread_atfork(None, None, Some(in_child));
    }
}

#[cfg(not(unix))]
fn register_handlers() {
    unsafe extern "C" {
        safe fn atexit(handler: extern "C" fn()) -> std::ffi::c_int;
    }
    atexit(at_exit);
}

/// Runs on whichever thread leaves the process, after its thread-locals are gone; others go on.
extern "C" fn at_exit() {
    let Some(pipeline) = pipeline::running() else {
        return;
    };
    // In a forked child that has not logged there is nothing of its own to write. On hestia's own thread
    // (a sink that calls `exit`) waiting for the writer would be waiting for oneself.
    if pipeline.is_inherited() || is_own() {
        return;
    }
    let limit = pipeline.settings.exit_limit.value;
    if let Err(error) = pipeline.stop(limit) {
        internal::trouble("exit", chain(&error));
    }
    // Returns at once when nothing waits to be told.
    internal::settle(Duration::from_millis(100));
}

/// Says that this is a forked child, where the kernel has not said so already. Only stores a number:
/// anything else is left for the first record.
#[cfg(unix)]
extern "C" fn in_child() {
    if let Some(pipeline) = pipeline::running() {
        pipeline.queue().wake.mark_forked();
    }
    signals::orphan();
}

/// Listens for the signals in a forked child, to which the listening thread of its parent did not come along.
pub(super) fn listen_in_child(settings: &Settings) -> io::Result<()> {
    signals::prepare(settings)
}

/// The first record in a forked child: starts a pipeline of its own. Of several threads one does, the
/// others wait for it.
pub(super) fn forked() {
    static STARTED_BY: AtomicU32 = AtomicU32::new(0);
    static FAILED_IN: AtomicU32 = AtomicU32::new(0);
    let process = std::process::id();
    if FAILED_IN.load(Ordering::Acquire) == process {
        return;
    }
    let Some(inherited) = pipeline::running().filter(|running| running.is_inherited()) else {
        return;
    };
    if STARTED_BY.swap(process, Ordering::AcqRel) != process {
        inherited.start_in_child();
        if pipeline::running().is_some_and(Pipeline::is_inherited) {
            FAILED_IN.store(process, Ordering::Release);
        }
        return;
    }
    let deadline = Instant::now() + Duration::from_secs(1);
    while pipeline::running().is_some_and(|now| std::ptr::eq(now, inherited))
        && Instant::now() < deadline
    {
        std::thread::yield_now();
    }
}

/// A panic becomes a record, written before anything else happens: when panics abort, this is the last
/// chance.
fn chain_panic_hook() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        record_panic(panic);
        before(panic);
    }));
}

fn record_panic(panic: &PanicHookInfo<'_>) {
    let message = payload(panic);
    if is_own() {
        internal::panicked(format!("on a thread of hestia's: {message}"));
        return;
    }
    if pipeline::running().is_none() {
        return;
    }
    log_panic(panic, message);
    // In a forked child this record has just started a pipeline of its own.
    let Some(pipeline) = super::current() else {
        return;
    };
    if let Err(error) = pipeline.flush(pipeline.settings.exit_limit.value) {
        internal::trouble("panic", chain(&error));
    }
}

fn payload<'p>(panic: &'p PanicHookInfo<'_>) -> &'p str {
    let payload = panic.payload();
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a value that is no text")
}

/// One record: message, place, thread, and the backtrace when `RUST_BACKTRACE` asks for one.
fn log_panic(panic: &PanicHookInfo<'_>, message: &str) {
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("<unnamed>");
    let backtrace = Backtrace::capture();
    let backtrace =
        (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string());
    let fields = backtrace
        .as_deref()
        .map(|backtrace| ("backtrace", backtrace));
    let fields: &[_] = fields.as_slice();
    let place = panic.location();
    let shown: &dyn std::fmt::Display = match &place {
        Some(place) => place,
        None => &"an unknown place",
    };
    super::HESTIA.log(
        &log::Record::builder()
            .level(log::Level::Error)
            .target("panic")
            .file(place.map(Location::file))
            .line(place.map(Location::line))
            .key_values(&fields)
            .args(format_args!(
                "thread '{thread}' panicked at {shown}: {message}"
            ))
            .build(),
    );
}

/// What happens on a signal.
#[cfg(unix)]
mod signals {
    use std::io;
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
    use std::sync::{Arc, OnceLock};
    use std::time::Duration;

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::flag::register_conditional_default;
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;

    use super::{Pipeline, Settings, chain, internal};
    use crate::logger::settings::Signal;

    fn number(signal: Signal) -> i32 {
        match signal {
            Signal::Terminate => SIGTERM,
            Signal::Interrupt => SIGINT,
            Signal::HangUp => SIGHUP,
        }
    }

    /// In a forked child that has no thread to listen yet, signals do what they do by default.
    static ORPHANED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

    /// In the fork handler: stores a flag, which is async-signal-safe.
    pub(super) fn orphan() {
        if let Some(orphaned) = ORPHANED.get() {
            orphaned.store(true, Ordering::Release);
        }
    }

    /// Starts a thread that listens, once in each process.
    pub(super) fn prepare(settings: &Settings) -> io::Result<()> {
        static LISTENING_IN: AtomicU32 = AtomicU32::new(0);
        let drain: Vec<i32> = settings
            .drain_on
            .value
            .iter()
            .copied()
            .map(number)
            .collect();
        let mut wanted = drain.clone();
        wanted.extend(settings.reopen_on_hang_up.value.then_some(SIGHUP));
        let process = std::process::id();
        if wanted.is_empty() || LISTENING_IN.swap(process, Ordering::AcqRel) == process {
            return Ok(());
        }
        let orphaned = default_where_orphaned(&drain)?;
        let signals = Signals::new(&wanted)?;
        std::thread::Builder::new()
            .name("hestia-signals".to_owned())
            .spawn(move || listen(signals, &drain))?;
        orphaned.store(false, Ordering::Release);
        Ok(())
    }

    /// Registered before the listening itself, so that it is asked first.
    fn default_where_orphaned(drain: &[i32]) -> io::Result<&'static Arc<AtomicBool>> {
        if let Some(orphaned) = ORPHANED.get() {
            return Ok(orphaned);
        }
        let orphaned = ORPHANED.get_or_init(Arc::default);
        for signal in drain {
            register_conditional_default(*signal, Arc::clone(orphaned))?;
        }
        Ok(orphaned)
    }

    fn listen(mut signals: Signals, drain: &[i32]) {
        for signal in &mut signals {
            let Some(pipeline) = super::super::current() else {
                continue;
            };
            if drain.contains(&signal) {
                end(pipeline, signal);
            } else {
                let limit = pipeline.settings.exit_limit.value;
                if let Err(error) = pipeline.reopen(limit) {
                    internal::trouble("signals", chain(&error));
                }
            }
        }
    }

    /// Writes everything, then does what the signal does to a program that does not handle it, so that
    /// the exit status stays true.
    fn end(pipeline: &Pipeline, signal: i32) {
        let limit = pipeline.settings.exit_limit.value;
        if let Err(error) = pipeline.stop(limit) {
            internal::trouble("signals", chain(&error));
            internal::settle(Duration::from_millis(100));
        }
        if let Err(error) = emulate_default_handler(signal) {
            internal::trouble("signals", chain(&error));
        }
    }
}

#[cfg(not(unix))]
mod signals {
    use std::io;

    use super::Settings;

    pub(super) fn prepare(_: &Settings) -> io::Result<()> {
        Ok(())
    }
}
