//! Ends that come without warning: what was queued is lost with the process, and nothing else may be.

use std::fs;
use std::process;
use std::thread;
use std::time::Duration;

use hestia_tests::{Running, counters};

use super::endings::{burst, start_logging, wait};
use super::{Case, Ending, Promise};
use crate::Outcome;
use crate::child::COUNTS;

pub(super) const CASES: &[Case] = &[
    Case {
        ending: Ending::Signal(libc::SIGABRT),
        ..Case::new("abort", "`abort`", Promise::OnlyLastLost, |stage| {
            burst(stage);
            process::abort()
        })
    },
    Case {
        ending: Ending::Signal(libc::SIGSEGV),
        ..Case::new("sigsegv", "SIGSEGV", Promise::OnlyLastLost, |stage| {
            burst(stage);
            fault()
        })
    },
    Case {
        ending: Ending::Signal(libc::SIGKILL),
        repeats: |scale| scale.of(10, 20, 200),
        meanwhile: kill_at_some_moment,
        ..Case::new(
            "sigkill",
            "SIGKILL at random moments",
            Promise::OnlyLastLost,
            |stage| {
                start_logging(stage, 1);
                wait()
            },
        )
    },
];

/// Writes where nothing may be written.
fn fault() -> Outcome {
    // SAFETY: a new mapping, which nobody may touch; what is written there is written nowhere.
    unsafe {
        let page = libc::mmap(
            std::ptr::null_mut(),
            4096,
            libc::PROT_NONE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        );
        page.cast::<u8>().write_volatile(1);
    }
    Err("there was no fault".into())
}

fn kill_at_some_moment(running: &Running) {
    let counts = running.directory().join(COUNTS);
    let has_begun = || {
        fs::exists(&counts).is_ok_and(|exists| exists)
            && counters::read(&counts).is_ok_and(|counts| counts.iter().any(|&count| count > 0))
    };
    while !has_begun() {
        thread::sleep(Duration::from_millis(1));
    }
    thread::sleep(Duration::from_micros(fastrand::u64(0..80_000)));
    let process = libc::pid_t::try_from(running.id()).expect("an id is a positive number");
    // SAFETY: takes numbers only.
    unsafe { libc::kill(process, libc::SIGKILL) };
}
