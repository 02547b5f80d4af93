//! Several processes, one after the other or beside each other.

use std::os::unix::process::CommandExt;
use std::thread;

use hestia_tests::forks::{Fork, fork, leave};

use super::endings::{THREADS, burst};
use super::{Case, Promise};
use crate::Outcome;
use crate::child::{Stage, wait_for};
use crate::logger::{Rotation, Setup, USUAL};

pub(super) const CASES: &[Case] = &[
    Case::new("fork", "`fork`, both log on", Promise::NothingLost, forks),
    Case::new(
        "exec",
        "flush, then `exec`",
        Promise::NothingLost,
        |stage| execs(stage, true),
    ),
    Case {
        goes_on: true,
        ..Case::new(
            "exec_at_once",
            "`exec` without a flush",
            Promise::OnlyLastLost,
            |stage| execs(stage, false),
        )
    },
    Case::new(
        "processes",
        "4 processes append to one file",
        Promise::NothingLost,
        several,
    ),
    Case {
        setup: Setup {
            rotation: Some(Rotation {
                bytes: 64 << 10,
                compressed: false,
            }),
            ..USUAL
        },
        ..Case::new(
            "processes_rotating",
            "the same, the file rotated at 64 KiB",
            Promise::NothingLost,
            several,
        )
    },
];

const RECORDS: u64 = 1_000;
const PROCESSES: u64 = 4;

fn forks(stage: &Stage) -> Outcome {
    burst(stage);
    match fork()? {
        Fork::Parent(child) => {
            stage.burst(0..THREADS, RECORDS);
            child.finish()
        }
        Fork::Child => {
            (0..RECORDS).for_each(|_| stage.log(THREADS));
            stage.burst(THREADS + 1..THREADS + 3, RECORDS);
            stage.logger.flush();
            leave()
        }
    }
}

fn execs(stage: &Stage, flushed: bool) -> Outcome {
    if stage.part.is_some() {
        stage.burst(THREADS..2 * THREADS, RECORDS);
        return Ok(());
    }
    burst(stage);
    if flushed {
        stage.logger.flush();
    }
    Err(stage.another(1)?.exec().into())
}

/// Each with threads of its own, which begin when all processes have.
fn several(stage: &Stage) -> Outcome {
    let first = THREADS * stage.part.unwrap_or(0);
    let mut others = Vec::new();
    if stage.part.is_none() {
        for part in 1..PROCESSES {
            others.push(stage.another(part)?.spawn()?);
        }
    }
    stage.log(first);
    let has_begun = |part: u64| stage.logged(THREADS * part) > 0;
    while !(0..PROCESSES).all(has_begun) {
        thread::yield_now();
    }
    stage.burst(first..first + THREADS, 10 * RECORDS);
    wait_for(others)
}
