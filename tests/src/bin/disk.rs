//! Programs whose disk is full, read-only or limited, and comes back; and records that are waited for until it has them.

use std::env;
use std::error::Error;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use hestia::{
    ArchiveNames, Batch, Builder, Durability, ErrorKind, Output, Overflow, Rotation, Sink,
    SinkError, durable,
};
use hestia_tests::figures::{flushed, tell};
use hestia_tests::mounts::{become_alone, mount};
use hestia_tests::records::log_numbers;
use serde_json::{Value, json};

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments[0].as_str() {
        "full" => full(None),
        "full_with_limit" => full(Some(3)),
        "read_only" => read_only(),
        "size_limit" => size_limit(),
        "size_limit_at_the_end" => size_limit_at_the_end(),
        "bad_device" => bad_device(),
        "bad_sync" => bad_sync(),
        "sync_calls" => sync_calls(&arguments[1]),
        "synced" => synced(&arguments[1]),
        "durable" => durable_records(),
        "durable_together" => durable_together(),
        "durable_in_trouble" => durable_in_trouble(),
        "durable_too_late" => durable_too_late(),
        "durable_after_shutdown" => durable_after_shutdown(),
        "durable_in_a_child" => durable_in_a_child(),
        unknown => Err(format!("there is no scenario {unknown}").into()),
    }
}

fn text() -> Builder {
    hestia::builder().console(false).json(false)
}

/// A file system in memory at `logs`, of this size, that only this process sees and that is gone with it. `false` where the
/// machine forbids that; says so then.
fn mounted(options: &str, flags: libc::c_ulong) -> io::Result<bool> {
    fs::create_dir("logs")?;
    let result = become_alone().and_then(|()| mount("tmpfs", Path::new("logs"), flags, options));
    if let Err(error) = &result {
        tell(&json!({ "skipped": error.to_string() }));
    }
    Ok(result.is_ok())
}

/// What is on the file system in memory, to where the test sees it.
fn keep_logs() -> io::Result<()> {
    fs::create_dir("kept")?;
    for entry in fs::read_dir("logs")? {
        let entry = entry?;
        fs::copy(entry.path(), Path::new("kept").join(entry.file_name()))?;
    }
    Ok(())
}

const FILE_BYTES: u64 = 16 << 10;

/// The disk fills up while records are logged, and is freed.
fn full(keep: Option<usize>) -> Outcome {
    if !mounted("size=96k", 0)? {
        return Ok(());
    }
    // So many archives find room, and part of the live file.
    fs::write("logs/ballast", [0; 40 << 10])?;
    let mut rotation = Rotation::size(FILE_BYTES).names(ArchiveNames::Numbers);
    if let Some(keep) = keep {
        rotation = rotation.keep(keep);
    }
    text().rotate(rotation).init()?;
    log_numbers(0..3_000);
    let while_full = flushed();
    let while_full_again = flushed();
    fs::remove_file("logs/ballast")?;
    // No more than the live file has room for.
    log_numbers(3_000..3_050);
    let (after, again) = (flushed(), flushed());
    keep_logs()?;
    tell(&json!({
        "count": 3_050, "while_full": while_full, "while_full_again": while_full_again, "after": after, "again": again,
    }));
    Ok(())
}

/// The disk is read-only at first.
fn read_only() -> Outcome {
    if !mounted("size=96k", libc::MS_RDONLY)? {
        return Ok(());
    }
    text().init()?;
    log_numbers(0..100);
    let while_read_only = flushed();
    mount("tmpfs", Path::new("logs"), libc::MS_REMOUNT, "size=96k")?;
    thread::sleep(Duration::from_millis(1_100));
    log_numbers(100..200);
    let after = flushed();
    keep_logs()?;
    tell(&json!({ "count": 200, "while_full": while_read_only, "after": after }));
    Ok(())
}

/// How large files may become.
fn limit_files(bytes: libc::rlim_t) -> io::Result<()> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the limit lives for both calls.
    unsafe {
        libc::getrlimit(libc::RLIMIT_FSIZE, &raw mut limit);
        limit.rlim_cur = bytes;
        match libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit) {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

/// The file must not become larger, for a while. Nothing is done about the signal that the system sends then.
fn size_limit() -> Outcome {
    text().init()?;
    limit_files(10_001)?;
    log_numbers(0..1_000);
    let while_full = flushed();
    limit_files(libc::RLIM_INFINITY)?;
    log_numbers(1_000..1_100);
    let after = flushed();
    tell(&json!({ "count": 1_100, "while_full": while_full, "after": after }));
    Ok(())
}

/// At the end of the program, and after a shutdown, its own threads write.
fn size_limit_at_the_end() -> Outcome {
    let handle = text().init()?;
    limit_files(10_001)?;
    log_numbers(0..1_000);
    let _ = handle.shutdown();
    log_numbers(1_000..1_100);
    tell(&json!({ "count": 1_100 }));
    Ok(())
}

/// Somebody has the device fail for the fifth to the ninth write to the file.
fn bad_device() -> Outcome {
    text().init()?;
    let mut flushes = Vec::new();
    for number in 0..20 {
        log_numbers(number..number + 1);
        flushes.push(flushed());
    }
    tell(&json!({ "count": 20, "flushes": flushes }));
    Ok(())
}

/// Somebody has the disk refuse the second sync.
fn bad_sync() -> Outcome {
    text().init()?;
    let attempt = |number| match durable!(info, "0 {number}") {
        Ok(_) => Value::Null,
        Err(error) => json!([format!("{:?}", error.kind()), error.to_string()]),
    };
    let mut attempts: Vec<_> = (0..3).map(attempt).collect();
    hestia::rotate()?;
    attempts.push(attempt(3));
    let stats = hestia::stats().expect("hestia runs");
    let failures = stats.output("text").map(|text| text.sync_failures);
    let notes = hestia::report().map(|report| report.notes().join("; "));
    tell(
        &json!({ "attempts": attempts, "sync_failures": failures, "notes": notes, "flushed": flushed() }),
    );
    Ok(())
}

fn durability(when: &str, span: Duration) -> Durability {
    match when {
        "errors" => Durability::Errors,
        "batches" => Durability::Batches,
        "every" => Durability::Every(span),
        _ => Durability::Never,
    }
}

/// Two writes, and killed after a rest, so that no end of the program brings anything to the disk.
fn sync_calls(when: &str) -> Outcome {
    let span = Duration::from_secs(3600);
    let linger = Duration::from_millis(100);
    text().sync(durability(when, span)).linger(linger).init()?;
    log_numbers(0..10);
    hestia::flush()?;
    log::error!("bad");
    hestia::flush()?;
    tell(&json!({}));
    thread::sleep(linger * 20);
    // SAFETY: takes numbers only.
    unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
    Ok(())
}

fn synced(when: &str) -> Outcome {
    let durability = durability(when, Duration::from_millis(5));
    text()
        .sync(durability)
        .rotate(Rotation::size(FILE_BYTES).names(ArchiveNames::Numbers))
        .init()?;
    log_numbers(0..1_000);
    log::error!("bad");
    let flushed = flushed();
    let report = hestia::report().expect("hestia runs");
    let sync = report.row("sync").map(|row| row.value.clone());
    tell(&json!({ "flushed": flushed, "sync": sync }));
    Ok(())
}

/// When the macro returns, the file has the record; threads do it at once, and the file is rotated meanwhile.
fn durable_records() -> Outcome {
    text()
        .rotate(Rotation::size(FILE_BYTES).names(ArchiveNames::Numbers))
        .init()?;
    let before_anything = durable!(debug, "off")?;
    assert!(before_anything.report().is_none(), "nothing was logged");
    thread::scope(|scope| {
        for thread in 0..8 {
            scope.spawn(move || {
                for number in 0..100 {
                    let receipt = durable!(info, thread, "{thread} {number} end");
                    let receipt = receipt.expect("the disk takes it");
                    assert!(receipt.report().is_some());
                    let line = format!("| {thread} {number} end");
                    assert!(in_some_file(&line), "{line} is in no file");
                }
            });
        }
    });
    tell(&json!({}));
    Ok(())
}

fn in_some_file(line: &str) -> bool {
    // The file may be renamed while the directory is read.
    (0..100).any(|_| {
        let Ok(entries) = fs::read_dir("logs") else {
            return false;
        };
        entries
            .flatten()
            .filter_map(|entry| fs::read_to_string(entry.path()).ok())
            .any(|text| text.contains(line))
    })
}

/// A disk that takes its time, and counts.
struct Slow(Arc<AtomicU64>);

impl Sink for Slow {
    fn write(&mut self, _: &mut Batch) -> Result<(), SinkError> {
        Ok(())
    }

    fn sync(&mut self) -> Result<(), SinkError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        thread::sleep(Duration::from_millis(5));
        Ok(())
    }
}

/// Threads that wait at the same time share what they wait for.
fn durable_together() -> Outcome {
    let syncs = Arc::new(AtomicU64::new(0));
    text()
        .sink(Output::new("slow", Slow(Arc::clone(&syncs))))
        .init()?;
    thread::scope(|scope| {
        for thread in 0..8 {
            scope.spawn(move || {
                for number in 0..50 {
                    durable!(info, "{thread} {number}").expect("the disk takes it");
                }
            });
        }
    });
    tell(&json!({ "syncs": syncs.load(Ordering::Relaxed) }));
    Ok(())
}

/// Errors by what they are.
fn durable_in_trouble() -> Outcome {
    let error = durable!(info, "too early").expect_err("hestia has not been turned on");
    assert_eq!(error.kind(), ErrorKind::NotRunning);
    hestia::builder()
        .console(false)
        .json("/dev/full")
        .queue_bytes(128 << 10)
        .overflow(Overflow::DropNewest)
        .init()?;
    let error = durable!(info, "lost").expect_err("the disk is full");
    assert_eq!(error.kind(), ErrorKind::Write);
    let full = error.to_string();
    let huge = "x".repeat(1 << 20);
    let error = durable!(info, "{huge}").expect_err("it is larger than the queue");
    assert_eq!(error.kind(), ErrorKind::Shed, "{error}");
    tell(&json!({ "full": full }));
    Ok(())
}

/// The disk does not answer in time.
fn durable_too_late() -> Outcome {
    struct Stuck;
    impl Sink for Stuck {
        fn write(&mut self, _: &mut Batch) -> Result<(), SinkError> {
            Ok(())
        }

        fn sync(&mut self) -> Result<(), SinkError> {
            thread::sleep(Duration::from_secs(2));
            Ok(())
        }
    }
    text().sink(Output::new("stuck", Stuck)).init()?;
    let limit = Duration::from_millis(100);
    let error = durable!(info, within: limit, "0 0").expect_err("the disk does not answer");
    tell(&json!({ "kind": format!("{:?}", error.kind()), "says": error.to_string() }));
    Ok(())
}

fn durable_after_shutdown() -> Outcome {
    let handle = text().init()?;
    handle.shutdown()?;
    durable!(info, "0 0")?;
    let text = fs::read_to_string("logs/all.log")?;
    assert!(text.ends_with("| 0 0\n"), "{text}");
    tell(&json!({}));
    Ok(())
}

fn durable_in_a_child() -> Outcome {
    text().init()?;
    durable!(info, "0 0")?;
    // SAFETY: the child does what hestia promises to work.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let is_there = durable!(info, "1 0").is_ok();
        // SAFETY: ends the child.
        unsafe { libc::_exit(i32::from(!is_there)) };
    }
    let mut status = 0;
    // SAFETY: fills in the value behind the pointer.
    unsafe { libc::waitpid(child, &raw mut status, 0) };
    durable!(info, "0 1")?;
    tell(&json!({ "child": status }));
    Ok(())
}
