//! When a file is brought to the disk, and what follows from a refusal.

use super::*;
use crate::error::ErrorKind;

const FIVE: Duration = Duration::from_secs(5);

/// A file that is synced so, the disk's answers, and a batch to write.
fn synced(
    durability: Durability,
    syncs: Vec<Result<(), io::ErrorKind>>,
) -> (Stage, FileSink<Stage>, Batch) {
    let (stage, mut sink, batch) = Stage::of(vec![]);
    stage.0.lock().unwrap().syncs = syncs.into();
    sink.synced = Synced::new(durability);
    (stage, sink, batch)
}

impl Stage {
    /// How often files were brought to the disk, and names.
    fn syncs(&self) -> (usize, usize) {
        let scene = self.0.lock().unwrap();
        (scene.synced.len(), scene.names)
    }
}

const EIO: io::ErrorKind = io::ErrorKind::Other;

#[test]
fn nothing_is_synced_that_nobody_asked_for() {
    let (stage, mut sink, mut batch) = synced(Durability::Never, vec![]);
    write(&mut sink, &["one\n"], &mut batch).unwrap();
    stage.pass(FIVE);
    sink.idle(true).unwrap();
    assert_eq!(stage.syncs(), (0, 0));
}

#[test]
fn each_batch_is_synced_and_the_name_of_the_file_once() {
    let (stage, mut sink, mut batch) = synced(Durability::Batches, vec![]);
    write(&mut sink, &["one\n", "two\n"], &mut batch).unwrap();
    assert_eq!(stage.syncs(), (1, 1));
    write(&mut sink, &["three\n"], &mut batch).unwrap();
    assert_eq!(stage.syncs(), (2, 1));
    sink.reopen().unwrap();
    write(&mut sink, &["four\n"], &mut batch).unwrap();
    assert_eq!(stage.syncs(), (3, 2));
    assert_eq!(stage.0.lock().unwrap().synced, [0, 0, 1]);
}

#[test]
fn a_batch_with_an_error_in_it_is_synced_with_all_before_it() {
    let (stage, mut sink, mut batch) = synced(Durability::Errors, vec![]);
    write(&mut sink, &["one\n"], &mut batch).unwrap();
    assert_eq!(stage.syncs(), (0, 0));
    batch.extend_at(log::Level::Error, &["bad\n"]);
    write(&mut sink, &["two\n"], &mut batch).unwrap();
    assert_eq!(stage.syncs(), (1, 1));
}

#[test]
fn after_the_time_and_at_rest_what_was_written_is_synced_once() {
    let (stage, mut sink, mut batch) = synced(Durability::Every(FIVE), vec![]);
    write(&mut sink, &["one\n"], &mut batch).unwrap();
    stage.pass(FIVE / 2);
    write(&mut sink, &["two\n"], &mut batch).unwrap();
    sink.idle(false).unwrap();
    assert_eq!(stage.syncs().0, 0);
    stage.pass(FIVE / 2);
    sink.idle(false).unwrap();
    sink.idle(false).unwrap();
    sink.idle(true).unwrap();
    assert_eq!(stage.syncs().0, 1, "counted from the first line");
    write(&mut sink, &["three\n"], &mut batch).unwrap();
    sink.idle(true).unwrap();
    assert_eq!(stage.syncs().0, 2, "at rest at once");
}

#[test]
fn what_a_reopened_file_leaves_behind_is_synced_first() {
    let (stage, mut sink, mut batch) = synced(Durability::Every(FIVE), vec![]);
    write(&mut sink, &["one\n"], &mut batch).unwrap();
    sink.reopen().unwrap();
    assert_eq!(stage.0.lock().unwrap().synced, [0]);
}

#[test]
fn asked_for_a_file_is_synced_only_when_it_is_behind() {
    let (stage, mut sink, mut batch) = synced(Durability::Never, vec![]);
    write(&mut sink, &["one\n"], &mut batch).unwrap();
    sink.sync().unwrap();
    sink.sync().unwrap();
    assert_eq!(stage.syncs(), (1, 1));
}

#[test]
fn a_refusal_costs_no_line_is_told_once_and_makes_the_file_suspect_until_it_is_begun_anew() {
    let (stage, mut sink, mut batch) = synced(Durability::Batches, vec![Err(EIO)]);
    let error = write(&mut sink, &["one\n"], &mut batch).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SyncFile);
    assert!(chain(&error).contains("cannot bring to the disk logs/all.log"));
    assert_eq!(batch.figures(), (1, 0, 0, 4));
    flush(&mut sink).unwrap();

    // The next sync succeeds, and proves nothing about the first line.
    write(&mut sink, &["two\n"], &mut batch).unwrap();
    assert_eq!(stage.syncs().0, 2);
    for _ in 0..2 {
        let error = sink.sync().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SyncFile);
        assert!(chain(&error).contains("rotate or reopen"), "{error}");
    }
    sink.reopen().unwrap();
    write(&mut sink, &["three\n"], &mut batch).unwrap();
    sink.sync().unwrap();
    sink.idle(true).unwrap();
}

#[test]
fn asked_for_what_was_lost_is_an_error_even_though_the_disk_takes_the_rest() {
    let (stage, mut sink, mut batch) = synced(Durability::Never, vec![]);
    stage.0.lock().unwrap().opens = [Ok(Script::of(&[FULL]))].into();
    write(&mut sink, &["lost\n"], &mut batch).unwrap_err();
    let error = sink.sync().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Write);
}
