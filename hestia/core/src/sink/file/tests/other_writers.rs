//! Others who write to the same file, or have it open.

use super::*;

/// Who takes a torn line off the file, for one. A sink without a lock of its own would not be seen by the next one.
#[cfg(unix)]
#[test]
fn a_file_that_somebody_has_locked_for_a_moment_is_locked_all_the_same() {
    // On a busy machine the moment may be a long one, now and then.
    let is_locked = (0..50).any(|_| {
        let (directory, mut sink, _) = on_disk("all.log");
        let path = directory.path().join("all.log");
        fs::write(&path, "whole\n").unwrap();
        let other = fs::File::open(&path).unwrap();
        other.lock().unwrap();
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(3));
                other.unlock().unwrap();
            });
            sink.open().unwrap();
        });
        other.try_lock().is_err()
    });
    assert!(is_locked);
}

#[test]
fn a_line_that_another_process_writes_slowly_is_not_torn() {
    let written = || {
        let (directory, mut sink, mut batch) = on_disk("all.log");
        let path = directory.path().join("all.log");
        fs::write(&path, "begun").unwrap();
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(20));
                let mut other = fs::File::options().append(true).open(&path).unwrap();
                Write::write_all(&mut other, b" and ended\n").unwrap();
            });
            sink.open().unwrap();
        });
        write(&mut sink, &["one\n"], &mut batch).unwrap();
        fs::read_to_string(&path).unwrap()
    };
    // On a busy machine the other one may be too slow, now and then.
    let expected = "begun and ended\none\n";
    assert!((0..50).any(|_| written() == expected));
}

/// Another process was killed within a write, and has left a line without an end.
#[test]
fn a_line_that_stands_behind_half_of_another_one_is_written_once_more() {
    let (directory, mut sink, mut batch) = on_disk("all.log");
    let path = directory.path().join("all.log");
    let append = |text: &str| {
        let mut other = fs::File::options().append(true).open(&path).unwrap();
        other.write_all(text.as_bytes()).unwrap();
    };
    write(&mut sink, &["one\n"], &mut batch).unwrap();
    append("whole\n");
    write(&mut sink, &["two\n", "three\n"], &mut batch).unwrap();
    append("hal");
    write(&mut sink, &["four\n", "five\n"], &mut batch).unwrap();
    write(&mut sink, &["six\n"], &mut batch).unwrap();
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "one\nwhole\ntwo\nthree\nhalfour\nfive\nfour\nsix\n"
    );
}

#[test]
fn a_torn_line_that_somebody_else_has_ended_meanwhile_is_not_ended_again() {
    let (directory, mut sink, mut batch) = on_disk("all.log");
    let path = directory.path().join("all.log");
    fs::write(&path, "hal").unwrap();
    sink.open().unwrap();
    let mut other = fs::File::options().append(true).open(&path).unwrap();
    other.write_all(b"\nwhole\n").unwrap();
    write(&mut sink, &["one\n"], &mut batch).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "hal\nwhole\none\n");
}

#[test]
fn two_sinks_on_one_file_do_not_overwrite_each_other() {
    let (directory, mut first, mut batch) = on_disk("all.log");
    let path = directory.path().join("all.log");
    let mut second = FileSink::new(path.clone(), None, Durability::Never);
    first.open().unwrap();
    second.open().unwrap();
    for _ in 0..2 {
        write(&mut first, &["first\n"], &mut batch).unwrap();
        write(&mut second, &["second\n"], &mut batch).unwrap();
    }
    let written = fs::read_to_string(path).unwrap();
    assert_eq!(written, "first\nsecond\nfirst\nsecond\n");
}

/// What is noted of the file: how long it is, and whether others write to it.
#[cfg(unix)]
pub(super) fn noted(sink: &mut FileSink) -> (u64, bool) {
    sink.standing().ask();
    sink.idle(false).unwrap();
    let position = sink.standing().position(0).unwrap();
    (position.length, position.is_shared)
}

#[cfg(unix)]
#[test]
fn who_is_not_alone_with_a_file_knows_it() {
    let (directory, mut first, mut batch) = on_disk("all.log");
    let path = directory.path().join("all.log");
    first.open().unwrap();
    let mut second = FileSink::new(path.clone(), None, Durability::Never);
    second.open().unwrap();
    // Who came first cannot know it yet.
    assert_eq!(noted(&mut first), (0, false));
    assert_eq!(noted(&mut second), (0, true));
    write(&mut second, &["two\n"], &mut batch).unwrap();
    assert_eq!(noted(&mut first), (4, true));
    // For good: whoever writes to it follows where the path leads.
    drop(second);
    fs::rename(&path, directory.path().join("away")).unwrap();
    first.reopen().unwrap();
    assert_eq!(noted(&mut first), (0, true));
}

#[cfg(unix)]
#[test]
fn who_writes_between_two_writes_is_noticed_by_the_second() {
    let (directory, mut sink, mut batch) = on_disk("all.log");
    write(&mut sink, &["one\n"], &mut batch).unwrap();
    let path = directory.path().join("all.log");
    let mut other = fs::File::options().append(true).open(path).unwrap();
    other.write_all(b"other\n").unwrap();
    write(&mut sink, &["two\n"], &mut batch).unwrap();
    assert_eq!(noted(&mut sink), (14, true));
}

#[cfg(unix)]
#[test]
fn neither_reopening_nor_truncating_nor_readers_make_a_file_another_s() {
    let (directory, mut sink, mut batch) = on_disk("all.log");
    let path = directory.path().join("all.log");
    fs::write(&path, "before\ntorn").unwrap();
    write(&mut sink, &["one\n"], &mut batch).unwrap();
    sink.reopen().unwrap();
    let _reader = fs::File::open(&path).unwrap();
    write(&mut sink, &["two\n"], &mut batch).unwrap();
    assert_eq!(noted(&mut sink), (20, false));
    fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(0)
        .unwrap();
    write(&mut sink, &["three\n"], &mut batch).unwrap();
    fs::remove_file(&path).unwrap();
    write(&mut sink, &["four\n"], &mut batch).unwrap();
    assert_eq!(noted(&mut sink), (5, false));
}

/// As a program does that closes descriptors without knowing whose they are.
#[cfg(unix)]
#[test]
#[allow(unsafe_code, reason = "dup2 is C's")]
fn a_descriptor_that_is_another_file_s_is_not_noted() {
    use std::os::fd::AsRawFd;
    let (directory, mut sink, mut batch) = on_disk("all.log");
    write(&mut sink, &["one\n"], &mut batch).unwrap();
    let here = noted(&mut sink);
    let other = directory.path().join("other");
    fs::write(&other, "much longer than the log\n").unwrap();
    let other = fs::File::open(other).unwrap();
    let descriptor = sink.file.as_ref().unwrap().file().as_raw_fd();
    // SAFETY: plain system call; both descriptors are open.
    assert!(unsafe { libc::dup2(other.as_raw_fd(), descriptor) } >= 0);
    assert_eq!(noted(&mut sink), here);
    write(&mut sink, &["two\n"], &mut batch).unwrap();
    assert_eq!(noted(&mut sink), (8, false));
}
