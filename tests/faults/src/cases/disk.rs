//! Disks that are full, or slow.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::json;

use super::{Case, Promise};
use crate::Outcome;
use crate::child::{Stage, bytes};
use crate::interposed;
use crate::logger::{ONE_FILE, Setup, TEXT};

pub(super) const CASES: &[Case] = &[
    Case {
        before: put_dev_full,
        ..Case::new(
            "dev_full",
            "`/dev/full` in the text file's place",
            Promise::NothingLost,
            |stage| {
                stage.burst(0..4, 1_000);
                stage.tell(json!({}));
                Ok(())
            },
        )
    },
    Case {
        setup: ONE_FILE,
        small_disk: Some(DISK_BYTES),
        before: fill_disk,
        ..Case::new(
            "full_disk",
            "disk full, then free again",
            Promise::LossAnnounced,
            fill_and_free,
        )
    },
    Case {
        setup: ONE_FILE,
        memory_kib: Some(MEMORY_KIB),
        ..Case::new(
            "slow_disk",
            "64 threads, disk at 1 MB/s",
            Promise::NothingLost,
            overload,
        )
    },
    Case {
        setup: Setup {
            shed: true,
            ..ONE_FILE
        },
        memory_kib: Some(MEMORY_KIB),
        ..Case::new(
            "slow_disk_shedding",
            "the same, told to shed",
            Promise::LossAnnounced,
            overload,
        )
    },
];

const DISK_BYTES: u64 = 1 << 20;
const FREE_BYTES: u64 = 64 << 10;
const FILLER: &str = "logs/filler";

/// Twice the 64 MiB that hestia's queue may take, for the writer and the program around it.
const MEMORY_KIB: u64 = 128 * 1024;

/// Nothing can be written there: only the other file can be complete.
fn put_dev_full() -> Outcome {
    fs::create_dir("logs")?;
    Ok(symlink("/dev/full", TEXT.path)?)
}

/// Somebody else's file takes all of a disk but a little.
fn fill_disk() -> Outcome {
    let mut filler = File::create(FILLER)?;
    loop {
        match filler.write_all(&[0; 4096]) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::StorageFull => break,
            Err(error) => return Err(error.into()),
        }
    }
    let taken = filler.metadata()?.len();
    Ok(filler.set_len(taken - FREE_BYTES)?)
}

fn fill_and_free(stage: &'static Stage) -> Outcome {
    stage.burst(0..4, 5_000);
    stage.logger.flush();
    let length = bytes(TEXT.path);
    fs::remove_file(FILLER)?;
    let recovery = stage.recovery(4, TEXT.path, length);
    stage.burst(0..4, 100);
    stage.tell(json!({ "recovery_millis": recovery.map(|time| time.as_millis() as u64) }));
    Ok(())
}

/// At full speed for a while; then the disk is as fast as ever, so that the end does not take long.
fn overload(stage: &'static Stage) -> Outcome {
    interposed::slow_disk(1_000_000);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for slot in 0..64 {
            let stop = &stop;
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    stage.log(slot);
                }
            });
        }
        thread::sleep(Duration::from_secs(stage.scale.of(3, 5)));
        stop.store(true, Ordering::Relaxed);
        interposed::slow_disk(0);
    });
    if interposed::slowed_bytes() == 0 {
        return Err("the disk cannot be slowed down here".into());
    }
    stage.tell(json!({}));
    Ok(())
}
