//! Ends that come without warning: what was queued is lost with the process, and nothing else may be. Nor may the line
//! that a killed process was writing spoil one of the next.

use std::fs;
use std::path::Path;
use std::process;
use std::thread;
use std::time::{Duration, Instant};

use hestia_tests::{Running, counters};

use super::endings::{THREADS, burst, start_logging, wait};
use super::{Case, Ending, Promise};
use crate::Outcome;
use crate::child::{COUNTS, Stage};
use crate::logger::{Rotation, Setup, USUAL};

pub(super) const CASES: &[Case] = &[
    Case {
        ending: Ending::Signal(libc::SIGABRT),
        ..restarted("abort", "`abort`", |stage| {
            if !is_next(stage) {
                burst(stage);
                process::abort()
            }
            Ok(())
        })
    },
    Case {
        ending: Ending::Signal(libc::SIGSEGV),
        ..restarted("sigsegv", "SIGSEGV", |stage| {
            if !is_next(stage) {
                burst(stage);
                fault();
            }
            Ok(())
        })
    },
    killed("sigkill", "SIGKILL at random moments", USUAL),
    killed(
        "killed_rotating",
        "the same, files rotated at 16 KiB",
        rotating(false),
    ),
    killed(
        "killed_compressing",
        "the same, archives compressed",
        rotating(true),
    ),
];

/// Files so small that few moments are far from a rotation.
const fn rotating(compressed: bool) -> Setup {
    Setup {
        rotation: Some(Rotation {
            bytes: 16 << 10,
            compressed,
        }),
        ..USUAL
    }
}

const fn killed(name: &'static str, title: &'static str, setup: Setup) -> Case {
    Case {
        setup,
        ending: Ending::Signal(libc::SIGKILL),
        repeats: |scale| scale.of(10, 200),
        meanwhile: kill_at_some_moment,
        ..restarted(name, title, |stage| {
            if !is_next(stage) {
                start_logging(stage, 1);
                wait()
            }
            Ok(())
        })
    }
}

const fn restarted(
    name: &'static str,
    title: &'static str,
    child: fn(&'static Stage) -> Outcome,
) -> Case {
    Case {
        goes_on: true,
        restart: true,
        ..Case::new(name, title, Promise::OnlyLastLost, child)
    }
}

/// Whether this is the next process, which only logs, by other threads.
fn is_next(stage: &Stage) -> bool {
    if stage.part.is_some() {
        stage.burst(THREADS..2 * THREADS, 100);
        // Much longer than it takes, where a test would fail; shorter where there are loggers that never notice.
        let seconds = stage.scale.of(30, 5);
        until_no_archive_is_there_twice(Duration::from_secs(seconds));
    }
    stage.part.is_some()
}

/// Whoever is killed between naming the compressed copy and deleting the archive leaves both. What goes on in its place
/// has a while to notice.
fn until_no_archive_is_there_twice(limit: Duration) {
    let is_twice = || {
        let files = fs::read_dir("logs").into_iter().flatten().flatten();
        let mut compressed = files.map(|file| {
            let mut path = file.path().into_os_string();
            path.push(".gz");
            path
        });
        compressed.any(|path| Path::new(&path).exists())
    };
    let start = Instant::now();
    while is_twice() && start.elapsed() < limit {
        thread::sleep(Duration::from_millis(5));
    }
}

/// Writes where nothing may be written.
fn fault() {
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
}

fn kill_at_some_moment(running: &Running) {
    let counts = running.directory().join(COUNTS);
    let has_begun = || {
        fs::exists(&counts).is_ok_and(|exists| exists)
            && counters::read(&counts).is_ok_and(|counts| counts.iter().any(|&count| count > 0))
    };
    // One that never begins is killed as well; that it logged nothing is seen later.
    let start = Instant::now();
    while !has_begun() && start.elapsed() < Duration::from_secs(30) {
        thread::sleep(Duration::from_millis(1));
    }
    thread::sleep(Duration::from_micros(fastrand::u64(0..80_000)));
    let process = libc::pid_t::try_from(running.id()).expect("an id is a positive number");
    // SAFETY: takes numbers only.
    unsafe { libc::kill(process, libc::SIGKILL) };
}
