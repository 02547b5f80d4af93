//! Programs whose device fails, is taken away and comes back under them, or has a quota.
//!
//! Each sees file systems of its own, which are gone with it; what was on them it copies to where its test sees it. A machine
//! that forbids that is told about.

use std::error::Error;
use std::fs;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use hestia::{Builder, Durability};
use hestia_tests::figures::{flushed, tell};
use hestia_tests::mounts::become_alone;
use hestia_tests::records::log_numbers;
use serde_json::json;

type Outcome = Result<(), Box<dyn Error>>;
type Step = fn() -> Outcome;

fn main() -> Outcome {
    let scenario = std::env::args().nth(1).unwrap_or_default();
    let (prepare, run): (Step, Step) = match scenario.as_str() {
        "another" => (memory, another),
        "same" => (ext4, same),
        "failing" => (ext4, failing),
        "quota" => (btrfs, quota),
        unknown => return Err(format!("there is no scenario {unknown}").into()),
    };
    fs::create_dir("logs")?;
    if let Err(error) = become_alone().map_err(Into::into).and_then(|()| prepare()) {
        tell(&json!({ "skipped": error.to_string() }));
        return Ok(());
    }
    run()
}

/// Runs a program; what it says is the error.
fn run(command: &str) -> io::Result<()> {
    let words: Vec<&str> = command.split(' ').collect();
    let output = Command::new(words[0]).args(&words[1..]).output();
    let output = output.map_err(|error| io::Error::other(format!("{}: {error}", words[0])))?;
    if output.status.success() {
        return Ok(());
    }
    let says = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("{command}: {}", says.trim())))
}

fn memory() -> Outcome {
    Ok(run("mount -t tmpfs -o size=1m none logs")?)
}

const MOUNT_EXT4: &str = "mount -o loop,errors=remount-ro disk logs";

fn ext4() -> Outcome {
    fs::File::create("disk")?.set_len(8 << 20)?;
    run("mkfs.ext4 -q -F disk")?;
    Ok(run(MOUNT_EXT4)?)
}

/// Quotas of ext4 need what many kernels lack.
fn btrfs() -> Outcome {
    fs::File::create("disk")?.set_len(128 << 20)?;
    run("mkfs.btrfs -q disk")?;
    fs::create_dir("top")?;
    run("mount -o loop disk top")?;
    run("btrfs quota enable top")?;
    // A part of its own, so that what changes the quota has none.
    run("btrfs subvolume create top/part")?;
    Ok(run("mount --bind top/part logs")?)
}

fn text() -> Builder {
    hestia::builder().console(false).json(false)
}

/// Longer than the path is believed to lead to the open file.
fn until_it_is_looked_at_again() {
    thread::sleep(Duration::from_millis(1_100));
}

/// What is there now, to where the test sees it.
fn keep(from: &str, to: &str) -> io::Result<()> {
    fs::create_dir(to)?;
    let all = Path::new(from).join("all.log");
    if all.exists() {
        fs::copy(all, Path::new(to).join("all.log"))?;
    }
    Ok(())
}

/// Another device takes the place of the one that the file is on; at first nobody knows.
fn another() -> Outcome {
    text().init()?;
    log_numbers(0..100);
    let before = flushed();
    let first = fs::File::open("logs")?;
    run("umount -l logs")?;
    memory()?;
    log_numbers(100..200);
    let meanwhile = flushed();
    until_it_is_looked_at_again();
    log_numbers(200..300);
    let after = flushed();
    keep("logs", "second")?;
    keep(&format!("/proc/self/fd/{}", first.as_raw_fd()), "first")?;
    let flushes = [before, meanwhile, after];
    tell(&json!({ "count": 300, "flushes": flushes }));
    Ok(())
}

/// The device goes, and comes back as it was.
fn same() -> Outcome {
    text().init()?;
    log_numbers(0..100);
    let before = flushed();
    run("umount -l logs")?;
    run(MOUNT_EXT4)?;
    log_numbers(100..200);
    let meanwhile = flushed();
    until_it_is_looked_at_again();
    log_numbers(200..300);
    let after = flushed();
    keep("logs", "kept")?;
    let flushes = [before, meanwhile, after];
    tell(&json!({ "count": 300, "flushes": flushes }));
    Ok(())
}

/// The file system finds itself damaged, and is read-only from then on; somebody takes it away, and mounts it anew.
fn failing() -> Outcome {
    // What was not brought to the disk before goes with the file system.
    text().sync(Durability::Batches).init()?;
    log_numbers(0..100);
    let before = flushed();
    damage()?;
    log_numbers(100..200);
    let damaged = flushed();
    run("umount -l logs")?;
    until_it_is_looked_at_again();
    log_numbers(200..300);
    let away = flushed();
    run(MOUNT_EXT4)?;
    until_it_is_looked_at_again();
    log_numbers(300..400);
    let after = flushed();
    keep("logs", "kept")?;
    run("umount -l logs")?;
    let flushes = [before, damaged, away, after];
    tell(&json!({ "count": 400, "flushes": flushes }));
    Ok(())
}

/// Has the kernel believe that what is mounted at `logs` is damaged.
fn damage() -> io::Result<()> {
    let device = fs::metadata("logs")?.dev();
    let (major, minor) = (libc::major(device), libc::minor(device));
    let link = fs::read_link(format!("/sys/dev/block/{major}:{minor}"))?;
    let name = link.file_name().ok_or(io::ErrorKind::NotFound)?;
    let trigger = Path::new("/sys/fs/ext4").join(name);
    fs::write(trigger.join("trigger_fs_error"), "a test")
}

/// The quota is reached, and then raised.
fn quota() -> Outcome {
    text().init()?;
    log_numbers(0..100);
    let before = flushed();
    run("btrfs qgroup limit 4k 0/256 top")?;
    log_numbers(100..1_000);
    let reached = flushed();
    run("btrfs qgroup limit none 0/256 top")?;
    log_numbers(1_000..1_100);
    let after = flushed();
    keep("logs", "kept")?;
    let flushes = [before, reached, after];
    tell(&json!({ "count": 1_100, "flushes": flushes }));
    Ok(())
}
