//! Every way a process can end that leaves it a moment to write.

use std::process;
use std::thread;

use super::{Case, Ending, Promise};
use crate::Outcome;
use crate::child::Stage;
use crate::logger::{Setup, USUAL};

pub(super) const CASES: &[Case] = &[
    Case::new(
        "return",
        "return from `main`",
        Promise::NothingLost,
        |stage| {
            burst(stage);
            Ok(())
        },
    ),
    Case::new("exit", "`process::exit`", Promise::NothingLost, |stage| {
        burst(stage);
        process::exit(0)
    }),
    Case::new(
        "exit_while_logging",
        "`exit` while 4 threads log on",
        Promise::NothingLost,
        |stage| {
            start_logging(stage, 1_000);
            process::exit(0)
        },
    ),
    Case {
        ending: Ending::Code(101),
        ..Case::new("panic", "panic in `main`", Promise::NothingLost, |stage| {
            burst(stage);
            panic!("the end")
        })
    },
    Case {
        ending: Ending::Signal(libc::SIGABRT),
        ..Case::new(
            "panic_abort",
            "panic that aborts",
            Promise::NothingLost,
            |stage| {
                burst(stage);
                cannot_unwind();
                Ok(())
            },
        )
    },
    Case {
        setup: DRAINING,
        ending: Ending::Signal(libc::SIGTERM),
        ..Case::new("sigterm", "SIGTERM", Promise::NothingLost, |stage| {
            burst(stage);
            send_self(libc::SIGTERM)
        })
    },
    Case {
        setup: DRAINING,
        ending: Ending::Signal(libc::SIGINT),
        ..Case::new("sigint", "SIGINT", Promise::NothingLost, |stage| {
            burst(stage);
            send_self(libc::SIGINT)
        })
    },
];

const DRAINING: Setup = Setup {
    drain_on_signals: true,
    ..USUAL
};

/// How many threads log, and how much: more than a writer has written when they end.
pub(super) const THREADS: u64 = 4;
const RECORDS: u64 = 12_500;

/// What most cases have logged when their trouble comes.
pub(super) fn burst(stage: &Stage) {
    stage.burst(0..THREADS, RECORDS);
}

/// Threads log until the process is gone; returns once each has logged some.
pub(super) fn start_logging(stage: &'static Stage, some: u64) {
    for slot in 0..THREADS {
        thread::spawn(move || {
            loop {
                stage.log(slot);
            }
        });
    }
    while (0..THREADS).any(|slot| stage.logged(slot) < some) {
        thread::yield_now();
    }
}

/// A panic that may not leave the function aborts, as every panic does under `panic = "abort"`.
extern "C" fn cannot_unwind() {
    panic!("the end");
}

fn send_self(signal: libc::c_int) -> Outcome {
    // SAFETY: takes numbers only.
    unsafe { libc::kill(libc::getpid(), signal) };
    wait()
}

/// Does nothing until the process is gone.
pub(super) fn wait() -> ! {
    loop {
        thread::park();
    }
}
