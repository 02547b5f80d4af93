//! Rotation, on real files, with a clock that is set.

use super::*;
use crate::clock::TimeZone;
use crate::sink::file::rotation::{ArchiveNames, Rotation};
use hestia_grammar::Every;
use std::fs::FileTimes;
use std::time::{SystemTime, UNIX_EPOCH};

/// The real files, at other times.
#[derive(Clone)]
struct Clocked(Arc<Mutex<(Instant, i64)>>);

impl FileSystem for Clocked {
    type File = lock::Locked;

    fn open(&mut self, path: &Path) -> Result<lock::Locked, SinkError> {
        Disk.open(path)
    }

    fn ends_within_line(&mut self, path: &Path) -> bool {
        Disk.ends_within_line(path)
    }

    fn was_open_elsewhere(&self, file: &lock::Locked) -> bool {
        Disk.was_open_elsewhere(file)
    }

    fn position(&self, file: &lock::Locked) -> Option<u64> {
        Disk.position(file)
    }

    fn is_within_line(&self, path: &Path, file: &lock::Locked, at: u64) -> bool {
        Disk.is_within_line(path, file, at)
    }

    fn now(&self) -> Instant {
        self.0.lock().unwrap().0
    }

    fn seconds(&self) -> i64 {
        self.0.lock().unwrap().1
    }

    fn status(&self, file: &lock::Locked) -> Option<Status> {
        Disk.status(file)
    }

    fn look(&self, path: &Path, status: &Status) -> Place {
        Disk.look(path, status)
    }

    fn open_like(&mut self, path: &Path, old: &lock::Locked) -> Result<lock::Locked, SinkError> {
        Disk.open_like(path, old)
    }

    fn sync(&mut self, file: &lock::Locked) -> io::Result<()> {
        Disk.sync(file)
    }

    fn sync_name(&mut self, path: &Path) -> io::Result<()> {
        Disk.sync_name(path)
    }
}

/// 22 November 2026, 13:00 UTC.
const START: i64 = 1_795_352_400;
const HOUR: i64 = 3600;

struct Logs {
    directory: TempDir,
    clock: Clocked,
    sink: FileSink<Clocked>,
    batch: Batch,
}

impl Logs {
    fn rotated(rotation: Rotation) -> Self {
        Logs::rotated_at(rotation, "app.log")
    }

    fn rotated_at(rotation: Rotation, path: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = Clocked(Arc::new(Mutex::new((Instant::now(), START))));
        let mut logs = Logs {
            sink: FileSink::on(clock.clone(), directory.path().join(path)),
            directory,
            clock,
            batch: Batch::of(&[]),
        };
        logs.sink.rotator = Some(Rotator::new(rotation));
        logs
    }

    /// The same file in another run of the program.
    fn restart(&mut self, rotation: Rotation) {
        let path = self.sink.path.clone();
        self.sink = FileSink::on(self.clock.clone(), path);
        self.sink.rotator = Some(Rotator::new(rotation));
    }

    fn pass(&self, seconds: i64) {
        let mut clock = self.clock.0.lock().unwrap();
        clock.0 += Duration::from_secs(seconds.unsigned_abs());
        clock.1 += seconds;
    }

    fn set_back(&self, seconds: i64) {
        self.clock.0.lock().unwrap().1 -= seconds;
    }

    /// Writes lines that were logged at these seconds after the start.
    fn try_write(&mut self, lines: &[(&str, i64)]) -> Result<(), SinkError> {
        let texts: Vec<_> = lines.iter().map(|(text, _)| *text).collect();
        let times: Vec<_> = lines.iter().map(|(_, at)| START + at).collect();
        self.batch.extend(&texts);
        self.batch.set_times(&times);
        let result = self.sink.write(&mut self.batch);
        self.batch.all_failed();
        result
    }

    fn write(&mut self, lines: &[(&str, i64)]) {
        self.try_write(lines).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The names of all files, in alphabetical order.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.directory.path()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn touch(&self, name: &str, bytes: usize, age: i64) {
        fs::write(self.path(name), "x".repeat(bytes)).unwrap();
        let at = UNIX_EPOCH + Duration::from_secs((START - age).unsigned_abs());
        self.set_modified(name, at);
    }

    fn set_modified(&self, name: &str, at: SystemTime) {
        let file = fs::File::options().append(true).open(self.path(name));
        file.unwrap()
            .set_times(FileTimes::new().set_modified(at))
            .unwrap();
    }
}

fn numbered(rotation: Rotation) -> Rotation {
    rotation.names(ArchiveNames::Numbers)
}

/// A line of 400 bytes.
fn line(letter: char) -> String {
    letter.to_string().repeat(399) + "\n"
}

#[test]
fn a_file_is_rotated_before_a_line_that_would_make_it_too_large() {
    let mut logs = Logs::rotated(numbered(Rotation::size(1024)));
    let lines: Vec<_> = ('a'..='e').map(line).collect();
    let batch: Vec<_> = lines.iter().map(|line| (line.as_str(), 0)).collect();
    logs.write(&batch);
    assert_eq!(logs.text("app.1.log"), lines[..2].concat());
    assert_eq!(logs.text("app.2.log"), lines[2..4].concat());
    assert_eq!(logs.text("app.log"), lines[4]);
    assert_eq!(logs.batch.figures(), (5, 0, 0, 2000));
}

#[test]
fn a_line_that_is_too_large_gets_a_file_of_its_own() {
    let mut logs = Logs::rotated(numbered(Rotation::size(1024)));
    let long = "l".repeat(4000) + "\n";
    logs.write(&[("one\n", 0), (&long, 0), ("two\n", 0)]);
    assert_eq!(logs.text("app.1.log"), "one\n");
    assert_eq!(logs.text("app.2.log"), long);
    assert_eq!(logs.text("app.log"), "two\n");
}

#[test]
fn each_line_goes_into_the_file_of_its_period_and_late_ones_into_the_new_one() {
    let mut logs = Logs::rotated(Rotation::every(Every::Hour));
    logs.write(&[
        ("one\n", 10),
        ("two\n", HOUR - 1),
        ("three\n", HOUR),
        ("late\n", HOUR - 1),
        ("four\n", 3 * HOUR + 5),
    ]);
    assert_eq!(
        logs.names(),
        [
            "app.2026-11-22T13-00-00Z.log",
            "app.2026-11-22T14-00-00Z.log",
            "app.log"
        ]
    );
    assert_eq!(logs.text("app.2026-11-22T13-00-00Z.log"), "one\ntwo\n");
    assert_eq!(logs.text("app.2026-11-22T14-00-00Z.log"), "three\nlate\n");
    assert_eq!(logs.text("app.log"), "four\n");
}

#[test]
fn size_and_time_together_number_the_files_of_a_period() {
    let mut logs = Logs::rotated(Rotation::size(1024).or_every(Every::Day));
    let lines: Vec<_> = ('a'..='e').map(line).collect();
    let batch: Vec<_> = lines.iter().map(|line| (line.as_str(), 0)).collect();
    logs.write(&batch);
    logs.write(&[("tomorrow\n", 24 * HOUR)]);
    assert_eq!(
        logs.names(),
        [
            "app.2026-11-22T00-00-00Z.1.log",
            "app.2026-11-22T00-00-00Z.2.log",
            "app.2026-11-22T00-00-00Z.log",
            "app.log"
        ]
    );
    assert_eq!(logs.text("app.2026-11-22T00-00-00Z.2.log"), lines[4]);
    assert_eq!(logs.text("app.log"), "tomorrow\n");
}

#[test]
fn the_file_of_an_earlier_run_belongs_to_the_period_it_was_last_written_in() {
    let mut logs = Logs::rotated(Rotation::every(Every::Day));
    logs.touch("app.log", 10, 14 * HOUR);
    logs.write(&[("today\n", 0)]);
    assert_eq!(logs.names(), ["app.2026-11-21T00-00-00Z.log", "app.log"]);
    assert_eq!(logs.text("app.log"), "today\n");
    // In the middle of a period it goes on.
    logs.set_modified(
        "app.log",
        UNIX_EPOCH + Duration::from_secs(START.unsigned_abs()),
    );
    logs.restart(Rotation::every(Every::Day));
    logs.write(&[("later\n", HOUR)]);
    assert_eq!(logs.text("app.log"), "today\nlater\n");
}

#[test]
fn a_file_without_lines_is_not_rotated() {
    let mut logs = Logs::rotated(Rotation::every(Every::Hour).on_start(true));
    logs.sink.open().unwrap();
    logs.sink.rotate().unwrap();
    logs.write(&[("one\n", 5 * HOUR)]);
    assert_eq!(logs.names(), ["app.log"]);
}

#[test]
fn at_the_start_an_old_file_is_rotated_once_in_a_process() {
    let rotation = numbered(Rotation::by_hand().on_start(true));
    let mut logs = Logs::rotated(rotation.clone());
    logs.touch("app.log", 10, 0);
    logs.sink.open().unwrap();
    logs.write(&[("new\n", 0)]);
    assert_eq!(logs.names(), ["app.1.log", "app.log"]);
    // As in a forked child.
    logs.restart(rotation);
    logs.sink.open().unwrap();
    assert_eq!(logs.names(), ["app.1.log", "app.log"]);
}

#[test]
fn by_hand_a_file_is_named_by_the_time_it_began() {
    let mut logs = Logs::rotated(Rotation::by_hand());
    logs.write(&[("one\n", 0)]);
    logs.sink.rotate().unwrap();
    logs.pass(100);
    logs.write(&[("two\n", 100)]);
    logs.sink.rotate().unwrap();
    assert_eq!(logs.text("app.2026-11-22T13-00-00Z.log"), "two\n");
    assert_eq!((logs.names().len(), logs.text("app.log").as_str()), (3, ""));
}

#[test]
fn a_clock_that_was_set_back_does_not_stop_rotation() {
    let mut logs = Logs::rotated(numbered(Rotation::every(Every::Hour)));
    let ahead = 1000 * HOUR;
    logs.pass(ahead);
    logs.write(&[("ahead\n", ahead)]);
    logs.set_back(ahead);
    logs.pass(2);
    logs.write(&[("now\n", 2)]);
    assert_eq!(logs.names(), ["app.log"]);
    logs.pass(HOUR);
    logs.write(&[("an hour later\n", HOUR)]);
    assert_eq!(logs.text("app.1.log"), "ahead\nnow\n");
}

#[test]
fn local_time_is_in_the_names() {
    let mut logs = Logs::rotated(Rotation::every(Every::Hour).zone(TimeZone::Local));
    logs.write(&[("one\n", 0), ("two\n", HOUR)]);
    let names = logs.names();
    let (stamp, offset) = names[0].trim_end_matches(".log").split_at(23);
    assert!(stamp.starts_with("app.2026-11-2"), "{names:?}");
    assert!(
        offset.starts_with(['+', '-']) && offset.len() == 5,
        "{names:?}"
    );
}

#[test]
fn the_newest_archives_are_kept_and_nothing_else_is_touched() {
    let foreign = [
        "app.0.log",
        "app.01.log",
        "app.20261122.log",
        "app.log.1",
        "app.1.log.bak",
        "app.2026-11-22T13-00-00Z.log",
        "other.1.log",
    ];
    let mut logs = Logs::rotated(numbered(Rotation::by_hand().keep(2)));
    for name in foreign {
        logs.touch(name, 10, 1000 * HOUR);
    }
    for name in ["app.8.log", "app.9.log.gz", "app.10.log", "app.11.log"] {
        logs.touch(name, 10, 0);
    }
    fs::create_dir(logs.path("app.3.log")).unwrap();
    logs.sink.open().unwrap();
    let mut expected = foreign.to_vec();
    expected.extend(["app.3.log", "app.10.log", "app.11.log", "app.log"]);
    expected.sort_unstable();
    assert_eq!(logs.names(), expected);
    // The sequence goes on.
    logs.write(&[("one\n", 0)]);
    logs.sink.rotate().unwrap();
    assert_eq!(logs.text("app.12.log"), "one\n");
    assert!(!logs.path("app.10.log").exists() && logs.path("app.11.log").exists());
}

#[test]
fn an_archive_that_is_held_is_not_deleted_before_it_is_released() {
    use crate::sink::file::held::tests::Recovery;
    let mut logs = Logs::rotated(numbered(Rotation::by_hand().keep(1)));
    for name in ["app.1.log", "app.2.log", "app.3.log"] {
        logs.touch(name, 10, 0);
    }
    let held = fs::metadata(logs.path("app.2.log")).unwrap();
    let recovery = Recovery::holding(disk::identity(&held));
    logs.sink.open().unwrap();
    assert_eq!(logs.names(), ["app.2.log", "app.3.log", "app.log"]);
    drop(recovery);
    logs.write(&[("one\n", 0)]);
    logs.sink.rotate().unwrap();
    assert_eq!(logs.names(), ["app.4.log", "app.log"]);
}

#[test]
fn archives_go_by_age_and_by_bytes() {
    let mut logs = Logs::rotated(numbered(
        Rotation::by_hand().max_age(Duration::from_secs(7200)),
    ));
    logs.touch("app.1.log", 10, 3 * HOUR);
    logs.touch("app.2.log", 10, HOUR);
    logs.sink.open().unwrap();
    assert_eq!(logs.names(), ["app.2.log", "app.log"]);

    let mut logs = Logs::rotated(numbered(Rotation::size(1024).max_total_bytes(5000)));
    for number in 1..=5 {
        logs.touch(&format!("app.{number}.log"), 1000, 0);
    }
    logs.sink.open().unwrap();
    // Three and a full live file are less than 5000 bytes.
    assert_eq!(
        logs.names(),
        ["app.3.log", "app.4.log", "app.5.log", "app.log"]
    );
}

#[test]
fn with_a_budget_file_and_archives_together_never_take_more() {
    let rotation = Rotation::every(Every::Day).max_total_bytes(8 * 1024);
    for rotation in [rotation.clone(), rotation.or_size(1024)] {
        let mut logs = Logs::rotated(numbered(rotation));
        for _ in 0..200 {
            logs.write(&[(&line('a'), START)]);
            let bytes = |name: &String| fs::metadata(logs.path(name)).unwrap().len();
            let together: u64 = logs.names().iter().map(bytes).sum();
            assert!(together <= 8 * 1024, "{together} bytes");
        }
        assert!(logs.names().len() > 1, "{:?}", logs.names());
    }
}

#[test]
fn a_file_that_was_moved_or_deleted_is_made_anew_when_it_is_looked_at() {
    let mut logs = Logs::rotated(Rotation::by_hand());
    logs.write(&[("one\n", 0)]);
    fs::rename(logs.path("app.log"), logs.path("moved")).unwrap();
    logs.write(&[("two\n", 0)]);
    assert_eq!(logs.text("moved"), "one\ntwo\n");
    logs.pass(1);
    logs.write(&[("three\n", 1)]);
    assert_eq!(logs.text("app.log"), "three\n");
    // A file that nobody could read any more is not waited for.
    fs::remove_file(logs.path("app.log")).unwrap();
    logs.write(&[("four\n", 1)]);
    assert_eq!(logs.text("app.log"), "four\n");
}

#[test]
fn a_directory_that_was_removed_is_made_anew() {
    let mut logs = Logs::rotated_at(Rotation::by_hand(), "logs/app.log");
    logs.write(&[("one\n", 0)]);
    fs::remove_dir_all(logs.path("logs")).unwrap();
    logs.write(&[("two\n", 0)]);
    assert_eq!(logs.text("logs/app.log"), "two\n");
}

#[test]
fn lines_are_counted_as_failed_where_a_deleted_file_cannot_be_made_anew() {
    let mut logs = Logs::rotated_at(Rotation::by_hand(), "logs/app.log");
    logs.write(&[("one\n", 0)]);
    fs::remove_dir_all(logs.path("logs")).unwrap();
    fs::write(logs.path("logs"), "").unwrap();
    let error = logs.try_write(&[("two\n", 0)]).unwrap_err();
    assert!(
        chain(&error).contains("logs is not a directory"),
        "{}",
        chain(&error)
    );
    fs::remove_file(logs.path("logs")).unwrap();
    logs.pass(1);
    logs.write(&[("three\n", 1)]);
    assert_eq!(logs.text("logs/app.log"), "three\n");
    assert_eq!(logs.batch.figures().1, 1);
}

#[test]
fn a_moved_file_whose_place_is_taken_goes_on_and_says_so() {
    let mut logs = Logs::rotated(Rotation::by_hand());
    logs.write(&[("one\n", 0)]);
    fs::rename(logs.path("app.log"), logs.path("moved")).unwrap();
    fs::create_dir(logs.path("app.log")).unwrap();
    logs.pass(1);
    let error = logs.try_write(&[("two\n", 1)]).unwrap_err();
    assert!(
        chain(&error).contains("it is a directory"),
        "{}",
        chain(&error)
    );
    assert_eq!(logs.text("moved"), "one\ntwo\n");
    assert_eq!(logs.batch.figures(), (2, 0, 0, 8));
    flush(&mut logs.sink).unwrap();
}

#[test]
fn a_rotation_that_fails_is_told_and_tried_again_after_a_second() {
    // The archive's name would be too long.
    let name = format!("{}.log", "n".repeat(250));
    let mut logs = Logs::rotated_at(numbered(Rotation::size(1024)), &name);
    let lines: Vec<_> = ('a'..='e').map(line).collect();
    let batch: Vec<_> = lines.iter().map(|line| (line.as_str(), 0)).collect();
    let error = logs.try_write(&batch).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RotateFile);
    assert!(
        chain(&error).starts_with("cannot rotate "),
        "{}",
        chain(&error)
    );
    assert_eq!(logs.text(&name), lines.concat());
    assert_eq!(logs.batch.figures(), (5, 0, 0, 2000));
    flush(&mut logs.sink).unwrap();
    logs.write(&[("soon\n", 0)]);
    logs.pass(1);
    logs.try_write(&[("later\n", 1)]).unwrap_err();
    assert!(logs.text(&name).ends_with("soon\nlater\n"));
    assert!(logs.sink.rotate().is_err());
}

#[test]
fn a_lock_on_the_directory_is_not_waited_for_and_does_not_count_for_ever() {
    let mut logs = Logs::rotated(numbered(Rotation::size(1024)));
    let (_held, locking) = lock::directory(logs.directory.path());
    if locking == lock::Locking::Unsupported {
        return;
    }
    let full = "f".repeat(1023) + "\n";
    logs.write(&[(&full, 0), ("one\n", 0)]);
    assert_eq!(logs.names(), ["app.log"]);
    let error = logs.sink.rotate().unwrap_err();
    assert!(
        chain(&error).contains("locked its directory"),
        "{}",
        chain(&error)
    );
    logs.pass(10);
    logs.write(&[("two\n", 10)]);
    assert_eq!(logs.text("app.1.log"), full + "one\n");
    assert_eq!(logs.text("app.log"), "two\n");
}

#[test]
fn of_two_processes_one_rotates_and_the_other_follows() {
    let rotation = numbered(Rotation::size(1024));
    let mut logs = Logs::rotated(rotation.clone());
    let mut other = FileSink::on(logs.clock.clone(), logs.path("app.log"));
    other.rotator = Some(Rotator::new(rotation));
    let full = "f".repeat(1023) + "\n";
    logs.write(&[(&full, 0)]);
    other.open().unwrap();
    logs.write(&[("one\n", 0)]);
    // Its file is full, too, but is not the live one any more.
    write(&mut other, &["other\n"], &mut logs.batch).unwrap();
    assert_eq!(logs.names(), ["app.1.log", "app.log"]);
    assert_eq!(logs.text("app.log"), "one\nother\n");
}

#[cfg(unix)]
#[test]
fn an_archive_that_somebody_writes_to_is_not_deleted() {
    let mut logs = Logs::rotated(numbered(Rotation::by_hand().keep(1)));
    logs.touch("app.1.log", 10, 0);
    let file = fs::File::options()
        .append(true)
        .open(logs.path("app.1.log"))
        .unwrap();
    let (held, locking) = lock::Locked::shared(file);
    if locking == lock::Locking::Unsupported {
        return;
    }
    for number in 2..=3 {
        logs.touch(&format!("app.{number}.log"), 10, 0);
    }
    logs.sink.open().unwrap();
    assert_eq!(logs.names(), ["app.1.log", "app.3.log", "app.log"]);
    drop(held);
    logs.write(&[("one\n", 0)]);
    logs.sink.rotate().unwrap();
    assert_eq!(logs.names(), ["app.4.log", "app.log"]);
}

#[cfg(unix)]
#[test]
fn a_descriptor_that_has_become_another_file_s_is_left_to_it() {
    let mut logs = Logs::rotated(Rotation::by_hand());
    logs.write(&[("one\n", 0)]);
    let foreign = fs::File::options()
        .append(true)
        .create(true)
        .open(logs.path("foreign"));
    logs.sink.file = Some(lock::Locked::shared(foreign.unwrap()).0);
    logs.write(&[("two\n", 0)]);
    assert_eq!(logs.text("app.log"), "one\ntwo\n");
    assert_eq!(logs.text("foreign"), "");
}

#[cfg(unix)]
#[test]
fn a_descriptor_that_has_become_another_file_s_is_not_synced_in_its_place() {
    let mut logs = Logs::rotated(Rotation::by_hand());
    logs.sink.synced = Synced::new(Durability::Every(Duration::from_secs(3600)));
    logs.write(&[("one\n", 0)]);
    let foreign = fs::File::create(logs.path("foreign"));
    logs.sink.file = Some(lock::Locked::shared(foreign.unwrap()).0);
    let error = logs.sink.sync().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SyncFile);
    assert!(chain(&error).contains("somebody closed it"), "{error}");
}

#[test]
fn a_line_that_a_killed_process_cut_gets_its_end_before_the_file_is_moved() {
    let mut logs = Logs::rotated(numbered(Rotation::by_hand()));
    fs::write(logs.path("app.log"), "whole\ntorn").unwrap();
    logs.sink.rotate().unwrap();
    assert_eq!(logs.text("app.1.log"), "whole\ntorn\n");
}

#[cfg(unix)]
mod on_unix {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn what_is_noted_of_a_file_is_the_new_one_once_it_was_rotated() {
        use std::os::unix::fs::MetadataExt;
        let mut logs = Logs::rotated(numbered(Rotation::by_hand()));
        logs.sink.open().unwrap();
        let noted = |logs: &Logs| {
            let there = logs.sink.standing().position(0).unwrap();
            (there.inode, there.length)
        };
        let live = |logs: &Logs| fs::metadata(logs.path("app.log")).unwrap().ino();
        assert_eq!(noted(&logs), (live(&logs), 0));
        logs.write(&[("one\n", 0)]);
        assert_eq!(noted(&logs), (live(&logs), 4));
        logs.sink.rotate().unwrap();
        assert_eq!(noted(&logs), (live(&logs), 0));
        // There is no writer here, and another test's file may get the inode.
        held::release_round();
    }

    #[test]
    fn a_new_file_has_the_mode_of_the_old_one() {
        let mut logs = Logs::rotated(numbered(Rotation::by_hand()));
        logs.write(&[("one\n", 0)]);
        fs::set_permissions(logs.path("app.log"), fs::Permissions::from_mode(0o604)).unwrap();
        logs.sink.rotate().unwrap();
        let mode = fs::metadata(logs.path("app.log")).unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o604);
    }

    #[test]
    fn what_a_link_leads_to_is_rotated_where_it_is() {
        let mut logs = Logs::rotated(numbered(Rotation::by_hand()));
        fs::create_dir(logs.path("real")).unwrap();
        symlink("real/billing.txt", logs.path("app.log")).unwrap();
        logs.write(&[("one\n", 0)]);
        logs.sink.rotate().unwrap();
        logs.write(&[("two\n", 0)]);
        assert_eq!(logs.names(), ["app.log", "real"]);
        assert_eq!(logs.text("real/billing.1.txt"), "one\n");
        assert_eq!(logs.text("app.log"), "two\n");
    }

    #[test]
    fn a_link_leads_to_the_newest_archive_and_replaces_nothing_else() {
        let mut logs = Logs::rotated(numbered(Rotation::by_hand().link("newest")));
        for number in 1..=2 {
            logs.write(&[("one\n", 0)]);
            logs.sink.rotate().unwrap();
            let target = fs::read_link(logs.path("newest")).unwrap();
            assert_eq!(target, PathBuf::from(format!("app.{number}.log")));
        }
        fs::remove_file(logs.path("newest")).unwrap();
        fs::write(logs.path("newest"), "foreign").unwrap();
        logs.write(&[("one\n", 0)]);
        let error = logs.sink.rotate().unwrap_err();
        assert!(
            chain(&error).contains("cannot make the link"),
            "{}",
            chain(&error)
        );
        assert_eq!(logs.text("newest"), "foreign");
        assert_eq!(logs.text("app.3.log"), "one\n");
    }
}
