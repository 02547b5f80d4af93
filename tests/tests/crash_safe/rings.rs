//! Where the rings are, who may read them, and what there is where they cannot be.

use std::io::Write;

use super::*;

/// What the program said on its standard error; `None` where the machine forbids the file system that it needs.
fn with_rings_on(directory: &Path, arguments: &[&str]) -> Option<String> {
    let output = command(directory, arguments)
        .stdout(Stdio::piped())
        .output()
        .expect("the program can be started");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{}: {stderr}", output.status);
    let said = String::from_utf8_lossy(&output.stdout);
    if let Some(why) = said.strip_prefix("skipped: ") {
        let mut own = std::io::stderr();
        let _ = writeln!(own, "skipped: {arguments:?}: it cannot be mounted: {why}");
        return None;
    }
    Some(stderr)
}

#[test]
fn the_rings_are_only_for_their_owner_and_a_clean_end_leaves_none() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    kill(directory, &["log_slowly", "1"], Duration::from_millis(300));
    let rings: Vec<_> = fs::read_dir(directory.join("rings"))
        .unwrap()
        .flatten()
        .collect();
    assert_eq!(rings.len(), 1);
    assert_eq!(
        rings[0].metadata().unwrap().permissions().mode() & 0o777,
        0o600
    );
    // Others could have written into this one.
    fs::set_permissions(rings[0].path(), PermissionsExt::from_mode(0o666)).unwrap();
    let output = command(directory, &["start"]).output().unwrap();
    assert!(output.status.success());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.contains("is no file of crash-safe rings"),
        "{stderr}"
    );
    fs::set_permissions(rings[0].path(), PermissionsExt::from_mode(0o600)).unwrap();
    another_owner_s_rings_are_left_alone(directory, &rings[0].path());
    assert!(run(directory, &["start"]).success());
    assert_complete(directory);
    no_rings_are_left(directory);
}

fn another_owner_s_rings_are_left_alone(directory: &Path, rings: &Path) {
    use std::os::unix::fs::{MetadataExt, chown};
    const NOBODY: u32 = 65_534;
    let owner = || fs::metadata(rings).expect("they are there").uid();
    let own = owner();
    if let Err(error) = chown(rings, Some(NOBODY), None) {
        let mut stderr = std::io::stderr();
        let _ = writeln!(stderr, "skipped: rings of another owner: {error}");
        return;
    }
    let output = command(directory, &["start"])
        .output()
        .expect("the program can be started");
    assert!(output.status.success());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.contains("is no file of crash-safe rings that only this user can write"),
        "{stderr}"
    );
    assert_eq!(owner(), NOBODY);
    chown(rings, Some(own), None).expect("they are given back");
}

#[test]
fn rings_are_in_shared_memory_unless_said_otherwise() {
    use std::os::unix::fs::PermissionsExt;
    let memory = Path::new("/dev/shm");
    if !memory.is_dir() {
        let mut stderr = std::io::stderr();
        let _ = writeln!(
            stderr,
            "skipped: rings in shared memory: there is no {memory:?}"
        );
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let arguments = ["log_in_default_place", "1"];
    let process = kill(directory, &arguments, Duration::from_secs(1));
    let rings_of = |process: u32| {
        let entries = fs::read_dir(memory).unwrap().flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        let is_own =
            |name: &String| name.starts_with("hestia-") && name.contains(&format!("-{process}-"));
        names.filter(is_own).collect::<Vec<_>>()
    };
    let rings = rings_of(process);
    assert_eq!(rings.len(), 1, "{rings:?}");
    let mode = fs::metadata(memory.join(&rings[0])).unwrap().permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    assert!(run(directory, &["start_in_default_place"]).success());
    assert_complete(directory);
    assert_eq!(rings_of(process), [""; 0]);
}

/// The file system of the rings cannot set blocks aside.
#[test]
fn rings_are_as_safe_where_nothing_can_be_preallocated() {
    let directory = tempfile::tempdir().unwrap();
    if with_rings_on(directory.path(), &["killed_on", "ramfs"]).is_some() {
        assert_complete(directory.path());
    }
}

/// No store finds the disk full and has the process die of it.
#[test]
fn where_the_disk_of_the_rings_is_full_records_are_written_all_the_same_and_it_is_told_once() {
    for bytes in ["size=256k", "size=1m"] {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        let Some(stderr) = with_rings_on(directory, &["on_small_disk", bytes]) else {
            return;
        };
        assert_complete(directory);
        let told = stderr
            .lines()
            .filter(|line| line.contains("there is no room in"));
        assert_eq!(told.count(), 1, "{stderr}");
    }
}

#[cfg(all(target_os = "linux", not(hestia_portable)))]
#[test]
fn a_crash_waits_for_nobody_where_rings_outlive_it() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let mut crashing = command(directory, &["crash_while_writer_hangs"]);
    let mut crashing = crashing.spawn().expect("the program can be started");
    let started = std::time::Instant::now();
    let status = loop {
        if let Some(status) = crashing.try_wait().unwrap() {
            break status;
        }
        // It would wait for an hour.
        if started.elapsed() > Duration::from_secs(60) {
            crashing.kill().unwrap();
        }
        thread::sleep(Duration::from_millis(5));
    };
    assert_eq!(status.signal(), Some(libc::SIGABRT));
    assert!(run(directory, &["start"]).success());
    assert_complete(directory);
    no_rings_are_left(directory);
}

#[test]
fn rings_that_cannot_be_made_are_an_error_of_the_start() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("rings"), "a file in its place").unwrap();
    let output = command(directory.path(), &["start"]).output().unwrap();
    assert!(!output.status.success());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.contains("cannot make crash-safe rings in rings"),
        "{stderr}"
    );
}

#[test]
fn rings_can_be_read_by_hand_once_their_process_is_gone() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let mut living = command(directory, &["look_at_own"]);
    let mut living = living.stdout(Stdio::piped()).spawn().unwrap();
    thread::sleep(Duration::from_millis(500));
    let read = || {
        let output = command(directory, &["read"])
            .stdout(Stdio::piped())
            .output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    };
    // Also after it has looked at them itself.
    assert!(
        read().contains("is in use by a living process"),
        "{}",
        read()
    );
    living.kill().unwrap();
    let said = living.wait_with_output().unwrap().stdout;
    assert!(
        String::from_utf8(said)
            .unwrap()
            .contains("is in use by a living process")
    );
    // Reading changes nothing.
    assert!(read().ends_with(" and 0\n"), "{}", read());
    assert_eq!(read(), read());
    assert!(run(directory, &["start"]).success());
    assert_complete(directory);
    no_rings_are_left(directory);
}
