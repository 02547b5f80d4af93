//! Faults and `abort`: the last records are written before the process dies of them.
//!
//! A signal handler, on the thread that crashes, on its alternate stack: it asks the writer to write everything
//! ([`LastCall`](crate::queue::LastCall)), waits, gives the signal back to whoever had it before (a SIGSEGV or SIGBUS that
//! was sent: to the system), and lets it happen again. So the exit status, the core dump with the instruction at fault, the
//! standard library's word about a stack overflow, and other crash handlers are as they would be without hestia.
//!
//! Linux only: elsewhere, waking the writer takes a lock, which the thread that crashed may hold.
//!
//! *Invariant:* nothing but atomics and calls that signal-safety(7) allows; waits no longer than the limit, and not at all where nobody
//! else could do the work (on the writer's thread, after `shutdown`, and in a forked child that has not logged), or need not
//! now: crash-safe rings outlive the process.

#![allow(unsafe_code, reason = "a signal handler for faults is C")]

use std::io;
use std::mem::MaybeUninit;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use super::pipeline::{self, Pipeline};
use crate::clock::deadline_in;
use crate::queue::mapping::Mapping;
use crate::queue::wake::{DIRECT, FORKED};

const SIGNALS: [libc::c_int; 3] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGABRT];

/// What the signals did before.
static BEFORE: [OnceLock<libc::sigaction>; 3] = [const { OnceLock::new() }; 3];

/// How often whoever crashes looks whether everything is written.
const LOOK_NANOS: libc::c_long = 100_000;

/// A stack for the handler, where the thread has none: some system calls and few frames need far less.
const STACK_BYTES: usize = 64 << 10;

/// Handles these signals from now on, once in each process; forked children inherit it.
pub(super) fn listen() -> io::Result<()> {
    give_this_thread_a_stack()?;
    for (signal, before) in SIGNALS.into_iter().zip(&BEFORE) {
        if before.get().is_some() {
            continue;
        }
        let known = action(signal, None)?;
        // Before the handler can need it.
        let _ = before.set(known);
        // SAFETY: zero is a valid `sigaction`; what matters is filled in below.
        let mut own: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
        let handler: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void) = on_crash;
        own.sa_sigaction = handler as *const () as libc::sighandler_t;
        own.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        action(signal, Some(&own))?;
    }
    Ok(())
}

/// Sets what a signal does, if that is said; returns what it did before. Async-signal-safe.
fn action(signal: libc::c_int, new: Option<&libc::sigaction>) -> io::Result<libc::sigaction> {
    let new = new.map_or(std::ptr::null(), std::ptr::from_ref);
    let mut before = MaybeUninit::zeroed();
    // SAFETY: both are null or valid for the call, and zero is a valid `sigaction`; the handler, where there is one, is a
    // function of this program, which is not unloaded.
    unsafe {
        match libc::sigaction(signal, new, before.as_mut_ptr()) {
            0 => Ok(before.assume_init()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

/// A stack overflow leaves no room for a handler. Threads of the standard library have a stack for that; the one that turns
/// hestia on may be another language's. Never freed: the thread may live as long as the process.
fn give_this_thread_a_stack() -> io::Result<()> {
    // SAFETY: zero is a valid `stack_t`, which the call fills in.
    let mut stack: libc::stack_t = unsafe { MaybeUninit::zeroed().assume_init() };
    // SAFETY: as above.
    if unsafe { libc::sigaltstack(std::ptr::null(), &raw mut stack) } != 0 {
        return Err(io::Error::last_os_error());
    }
    if stack.ss_flags & libc::SS_DISABLE == 0 {
        return Ok(());
    }
    let memory: &'static mut [u8] = Box::leak(vec![0; STACK_BYTES].into_boxed_slice());
    stack.ss_sp = memory.as_mut_ptr().cast();
    stack.ss_size = memory.len();
    stack.ss_flags = 0;
    // SAFETY: memory that is never freed nor used for anything else.
    match unsafe { libc::sigaltstack(&raw const stack, std::ptr::null_mut()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

extern "C" fn on_crash(signal: libc::c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    // SAFETY: the calling thread's own number, which an earlier handler may still want to read.
    let errno = unsafe { *libc::__errno_location() };
    if let Some(pipeline) = pipeline::running() {
        have_everything_written(pipeline);
    }
    // SAFETY: the kernel hands over a valid pointer.
    let is_fault = is_fault(signal, unsafe { (*info).si_code });
    let place = SIGNALS.iter().position(|known| *known == signal);
    let before = place.and_then(|place| BEFORE[place].get());
    // The standard library's handler takes every signal for a fault, and returns to have it happen again: it would swallow
    // one that was sent.
    let before = before.filter(|_| is_fault || signal == libc::SIGABRT);
    // SAFETY: zero is a valid `sigaction`, and means the default.
    let default: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    let _ = action(signal, Some(before.unwrap_or(&default)));
    // SAFETY: sends to this thread; and its own number, as it was.
    unsafe {
        // A fault happens again by itself once this returns, with all that a handler or a core dump wants to know. What was
        // sent does not: it is sent again, and delivered once this returns, since the signal is blocked until then.
        if !is_fault {
            libc::raise(signal);
        }
        *libc::__errno_location() = errno;
    }
}

/// Whether the thread's own instruction is the cause, of SIGSEGV or SIGBUS: codes of the kernel's are positive, those of
/// `kill` and the like are not (sigaction(2)). An uncorrected error of the memory that nobody has read yet is told by a
/// positive code, too, and does not happen again.
fn is_fault(signal: libc::c_int, code: libc::c_int) -> bool {
    const BUS_MCEERR_AO: libc::c_int = 5;
    let is_told = signal == libc::SIGBUS && code == BUS_MCEERR_AO;
    signal != libc::SIGABRT && code > 0 && !is_told
}

fn have_everything_written(pipeline: &Pipeline) {
    let queue = pipeline.queue();
    // What crash-safe rings hold the next start writes to the files. What found no room in them, and what is for sinks of
    // the program's own, nobody would.
    let outlives =
        |mapping: &Arc<Mapping>| mapping.has_everything() && pipeline.settings.outputs.is_empty();
    if matches!(queue.wake.state(), FORKED | DIRECT) || queue.mapping().is_some_and(outlives) {
        return;
    }
    let Some(call) = queue.last_call.ask() else {
        return;
    };
    queue.wake.rouse();
    let deadline = deadline_in(pipeline.settings.exit_limit.value);
    while !queue.last_call.is_answered(call) && Instant::now() < deadline {
        let pause = libc::timespec {
            tv_sec: 0,
            tv_nsec: LOOK_NANOS,
        };
        // SAFETY: reads the time; whatever ends it early, the loop looks again.
        unsafe { libc::nanosleep(&raw const pause, std::ptr::null_mut()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_is_told_from_faults() {
        const SEGV_MAPERR: libc::c_int = 1;
        assert!(is_fault(libc::SIGSEGV, SEGV_MAPERR));
        assert!(is_fault(libc::SIGBUS, 2));
        assert!(!is_fault(libc::SIGBUS, 5));
        assert!(!is_fault(libc::SIGSEGV, libc::SI_USER));
        assert!(!is_fault(libc::SIGABRT, libc::SI_TKILL));
    }
}
