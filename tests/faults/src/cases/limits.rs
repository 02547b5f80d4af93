//! Limits of the process's that are reached.

use std::fs::File;
use std::io;
use std::process;

use serde_json::json;

use super::{Case, Ending, Promise};
use crate::Outcome;
use crate::child::{Stage, bytes};
use crate::logger::{ONE_FILE, TEXT};

pub(super) const CASES: &[Case] = &[
    Case {
        setup: ONE_FILE,
        ..Case::new(
            "file_size",
            "RLIMIT_FSIZE reached, then raised",
            Promise::LossAnnounced,
            reach_file_size,
        )
    },
    Case {
        ending: Ending::Code(3),
        ..Case::new(
            "file_size_at_exit",
            "RLIMIT_FSIZE reached at `exit`",
            Promise::OnlyLastLost,
            exit_beyond_file_size,
        )
    },
    Case::new(
        "descriptors",
        "RLIMIT_NOFILE exhausted",
        Promise::NothingLost,
        exhaust_descriptors,
    ),
];

/// Sets the limit that counts; the one up to which it may be raised stays.
fn set_limit(of: libc::__rlimit_resource_t, limit: Option<u64>) -> io::Result<()> {
    let mut limits = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: fills in the value behind the pointer, and reads it.
    unsafe {
        if libc::getrlimit(of, &raw mut limits) != 0 {
            return Err(io::Error::last_os_error());
        }
        limits.rlim_cur = limit.unwrap_or(limits.rlim_max);
        match libc::setrlimit(of, &raw const limits) {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

/// The signal that comes with it is left as programs find it: it ends the process.
fn reach_file_size(stage: &'static Stage) -> Outcome {
    set_limit(libc::RLIMIT_FSIZE, Some(20_000))?;
    stage.burst(0..4, 2_000);
    stage.logger.flush();
    let length = bytes(TEXT.path);
    set_limit(libc::RLIMIT_FSIZE, None)?;
    let recovery = stage.recovery(4, TEXT.path, length);
    stage.burst(0..4, 100);
    stage.tell(json!({ "recovery_millis": recovery.map(|time| time.as_millis() as u64) }));
    Ok(())
}

/// What comes after this cannot be written, whoever tries; the exit code is the program's all the same.
fn exit_beyond_file_size(stage: &'static Stage) -> Outcome {
    stage.burst(0..4, 1_000);
    stage.logger.flush();
    set_limit(libc::RLIMIT_FSIZE, Some(1))?;
    stage.burst(0..4, 1_000);
    process::exit(3)
}

fn exhaust_descriptors(stage: &'static Stage) -> Outcome {
    set_limit(libc::RLIMIT_NOFILE, Some(64))?;
    let mut taken = Vec::new();
    let error = loop {
        match File::open("/dev/null") {
            Ok(file) => taken.push(file),
            Err(error) => break error,
        }
    };
    if error.raw_os_error() != Some(libc::EMFILE) {
        return Err(error.into());
    }
    stage.burst(0..4, 5_000);
    stage.logger.flush();
    drop(taken);
    stage.burst(0..4, 1_000);
    stage.tell(json!({}));
    Ok(())
}
