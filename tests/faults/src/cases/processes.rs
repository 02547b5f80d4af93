//! Several processes, one after the other or beside each other.

use std::os::unix::process::CommandExt;

use hestia_tests::forks::{Fork, fork, leave};

use super::endings::{THREADS, burst};
use super::{Case, Promise};
use crate::Outcome;
use crate::child::{Stage, wait_for};

pub(super) const CASES: &[Case] = &[
    Case::new("fork", "`fork`, both log on", Promise::NothingLost, forks),
    Case::new("exec", "flush, then `exec`", Promise::NothingLost, execs),
    Case::new(
        "processes",
        "4 processes append to one file",
        Promise::NothingLost,
        several,
    ),
];

const RECORDS: u64 = 1_000;

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

fn execs(stage: &Stage) -> Outcome {
    if stage.part.is_some() {
        stage.burst(THREADS..2 * THREADS, RECORDS);
        return Ok(());
    }
    burst(stage);
    stage.logger.flush();
    Err(stage.another(1)?.exec().into())
}

/// Each with threads of its own.
fn several(stage: &Stage) -> Outcome {
    let first = THREADS * stage.part.unwrap_or(0);
    let mut others = Vec::new();
    if stage.part.is_none() {
        for part in 1..4 {
            others.push(stage.another(part)?.spawn()?);
        }
    }
    stage.burst(first..first + THREADS, 5 * RECORDS);
    wait_for(others)
}
