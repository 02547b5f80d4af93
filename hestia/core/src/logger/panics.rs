//! Panics: a record each, written before anything else happens: when panics abort, this is the last chance.
//!
//! The hook runs on the thread that panics. *Invariant:* nothing of the program's runs in it but the hook that
//! was there before, since a panic inside the hook ends the process.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{self, Location, PanicHookInfo};

use log::Log as _;

use super::{backtrace, pipeline};
use crate::error::chain;
use crate::internal;
use crate::thread::is_own;

/// Puts hestia's hook before the one that is there. A panic on hestia's own threads, which is one of an
/// output's parts, is caught and reported by whoever called the part: neither a record nor the other hook's.
pub(super) fn chain_hook() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if is_own() {
            note_own(panic);
        } else {
            record(panic);
            before(panic);
        }
    }));
}

fn note_own(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string);
    let mut what = payload(panic).to_owned();
    if let Some(backtrace) = captured() {
        what.push('\n');
        what.push_str(&backtrace);
    }
    internal::panicked(place, &what);
}

fn record(panic: &PanicHookInfo<'_>) {
    if pipeline::running().is_none() {
        return;
    }
    log_panic(panic, payload(panic));
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

/// The backtrace, when `RUST_BACKTRACE` (or `RUST_LIB_BACKTRACE`) asks for one.
fn captured() -> Option<String> {
    let backtrace = Backtrace::capture();
    if backtrace.status() != BacktraceStatus::Captured {
        return None;
    }
    let whole = backtrace.to_string();
    if backtrace::is_wanted_whole(|name| std::env::var_os(name)) {
        return Some(whole);
    }
    Some(backtrace::of_program(&whole))
}

/// One record: message, place, thread, and the backtrace when one is asked for.
fn log_panic(panic: &PanicHookInfo<'_>, message: &str) {
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("<unnamed>");
    let backtrace = captured();
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
