//! The ends: leaving `main` and `exit`; and the fork, where a process begins in the middle. Panics and signals
//! have files of their own.
//!
//! *Invariant:* nothing that a call returned from is lost at an end that runs code at all, and no end is
//! held up longer than the limit.

#![allow(unsafe_code, reason = "exit and fork handlers are C")]

use std::io;
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::pipeline::{self, Pipeline};
use super::settings::Settings;
use super::{panics, signals};
use crate::error::chain;
use crate::internal;
use crate::sink::file::compressor;
use crate::thread::{apart_from_panics, is_own};

/// How long the end waits at most for what is still to be told on stderr; not at all when nothing is. On a busy
/// machine a tenth of a second may pass before the thread that tells it runs at all.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Registers what is to happen at the ends of this process. Forked children inherit all of it.
pub(super) fn prepare(settings: &Settings) -> io::Result<()> {
    static HANDLERS: Once = Once::new();
    HANDLERS.call_once(register_handlers);
    if settings.panics.value {
        static PANIC_HOOK: Once = Once::new();
        PANIC_HOOK.call_once(panics::chain_hook);
    }
    #[cfg(all(target_os = "linux", not(hestia_portable)))]
    if settings.drain_on_crash.value {
        super::crash::listen()?;
    }
    signals::listen(settings)
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
    write_everything(pipeline, "exit");
}

/// The last thing before the process is gone: afterwards nothing is on its way to an output.
pub(super) fn write_everything(pipeline: &'static Pipeline, part: &str) {
    let limit = pipeline.settings.exit_limit.value;
    match pipeline.end(limit) {
        Ok(_) => {
            if let Some(mapping) = pipeline.queue().mapping() {
                mapping.remove();
            }
        }
        // What an output did not take in time is left for the next start to write.
        Err(error) => internal::trouble(part, chain(&error)),
    }
    internal::settle(LAST_WORDS);
    compressor::leave_none_twice();
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

/// The longest that a forked child's first records wait for its pipeline.
const START_LIMIT: Duration = Duration::from_secs(1);

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
        // Outputs are made anew, by code of the program's.
        apart_from_panics(START_LIMIT, || inherited.start_in_child());
        if pipeline::running().is_some_and(Pipeline::is_inherited) {
            FAILED_IN.store(process, Ordering::Release);
        }
        return;
    }
    let deadline = Instant::now() + START_LIMIT;
    while pipeline::running().is_some_and(|now| std::ptr::eq(now, inherited))
        && Instant::now() < deadline
    {
        std::thread::yield_now();
    }
}
