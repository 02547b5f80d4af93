use super::*;
use crate::error::chain;
use crate::sink::lines::tests::Script;
use crate::sync::channel::unbounded;
use std::collections::VecDeque;
use std::fs;
use std::io::Write;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

/// What the writer thread does with a batch.
fn write<S: FileSystem>(
    sink: &mut FileSink<S>,
    lines: &[&str],
    batch: &mut Batch,
) -> Result<(), SinkError> {
    batch.extend(lines);
    let result = sink.write(batch);
    match &result {
        Ok(()) => batch.all_written(),
        Err(_) => batch.all_failed(),
    }
    result
}

fn flush<S: FileSystem>(sink: &mut FileSink<S>) -> Result<(), SinkError> {
    let (answer, answers) = unbounded();
    sink.flush(FlushTicket::new(0, answer));
    answers.try_recv().unwrap().1
}

/// A directory for the test, and a sink for the given path in it.
fn on_disk(path: &str) -> (TempDir, FileSink, Batch) {
    let directory = tempfile::tempdir().unwrap();
    let sink = FileSink::new(directory.path().join(path), None, Durability::Never);
    (directory, sink, Batch::of(&[]))
}

fn refused(sink: &mut FileSink) -> String {
    let error = sink.open().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OpenFile);
    chain(&error)
}

mod durability;
mod other_writers;
mod rotation;

mod on_disk {
    use super::*;

    #[test]
    fn lines_are_appended_to_what_is_there() {
        let (directory, mut sink, mut batch) = on_disk("all.log");
        let path = directory.path().join("all.log");
        fs::write(&path, "before\n").unwrap();
        sink.open().unwrap();
        write(&mut sink, &["one\n", "two\n"], &mut batch).unwrap();
        flush(&mut sink).unwrap();
        assert_eq!(fs::read_to_string(path).unwrap(), "before\none\ntwo\n");
        assert_eq!(batch.figures(), (2, 0, 0, 8));
    }

    #[test]
    fn the_directory_is_made_when_it_is_missing() {
        let (directory, mut sink, mut batch) = on_disk("logs/deep/all.log");
        sink.open().unwrap();
        write(&mut sink, &["one\n"], &mut batch).unwrap();
        let written = fs::read_to_string(directory.path().join("logs/deep/all.log"));
        assert_eq!(written.unwrap(), "one\n");
    }

    #[test]
    fn a_torn_last_line_is_ended_before_the_first_new_one() {
        let (directory, mut sink, mut batch) = on_disk("all.log");
        let path = directory.path().join("all.log");
        fs::write(&path, "whole\ntorn").unwrap();
        sink.open().unwrap();
        flush(&mut sink).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "whole\ntorn");
        write(&mut sink, &["one\n"], &mut batch).unwrap();
        write(&mut sink, &["two\n"], &mut batch).unwrap();
        let written = fs::read_to_string(&path).unwrap();
        assert_eq!(written, "whole\ntorn\none\ntwo\n");
    }

    #[test]
    fn a_file_that_was_truncated_goes_on_at_its_start() {
        let (directory, mut sink, mut batch) = on_disk("all.log");
        let path = directory.path().join("all.log");
        write(&mut sink, &["copied away\n"], &mut batch).unwrap();
        fs::File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(0)
            .unwrap();
        write(&mut sink, &["one\n"], &mut batch).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\n");
    }

    #[test]
    fn a_file_that_was_moved_away_is_made_anew_when_asked() {
        let (directory, mut sink, mut batch) = on_disk("all.log");
        let (path, moved) = (
            directory.path().join("all.log"),
            directory.path().join("all.log.1"),
        );
        write(&mut sink, &["one\n"], &mut batch).unwrap();
        fs::rename(&path, &moved).unwrap();
        write(&mut sink, &["two\n"], &mut batch).unwrap();
        sink.reopen().unwrap();
        write(&mut sink, &["three\n"], &mut batch).unwrap();
        assert_eq!(fs::read_to_string(moved).unwrap(), "one\ntwo\n");
        assert_eq!(fs::read_to_string(path).unwrap(), "three\n");
    }

    #[test]
    fn the_old_file_is_kept_when_a_new_one_cannot_be_opened() {
        let (directory, mut sink, mut batch) = on_disk("all.log");
        let (path, moved) = (
            directory.path().join("all.log"),
            directory.path().join("all.log.1"),
        );
        sink.open().unwrap();
        fs::rename(&path, &moved).unwrap();
        fs::create_dir(&path).unwrap();
        sink.reopen().unwrap_err();
        write(&mut sink, &["one\n"], &mut batch).unwrap();
        flush(&mut sink).unwrap();
        assert_eq!(fs::read_to_string(moved).unwrap(), "one\n");
    }

    #[test]
    fn an_empty_path_is_refused() {
        let told = refused(&mut FileSink::new(PathBuf::new(), None, Durability::Never));
        assert_eq!(told, "cannot open a log file: its path is empty");
    }

    #[test]
    fn a_directory_is_refused_and_lines_fail_until_it_is_gone() {
        let (directory, mut sink, mut batch) = on_disk("all.log");
        let path = directory.path().join("all.log");
        fs::create_dir(&path).unwrap();
        let told = refused(&mut sink);
        let expected = format!(
            "cannot open {}: it is a directory; name a file in it",
            path.display()
        );
        assert_eq!(told, expected);
        let error = write(&mut sink, &["one\n"], &mut batch).unwrap_err();
        assert_eq!(chain(&error), expected);
        assert_eq!(chain(&flush(&mut sink).unwrap_err()), expected);

        fs::remove_dir(&path).unwrap();
        sink.open().unwrap();
        write(&mut sink, &["two\n"], &mut batch).unwrap();
        assert_eq!(batch.figures(), (1, 1, 0, 4));
    }

    #[test]
    fn a_file_in_the_place_of_the_directory_is_named() {
        let (directory, mut sink, _) = on_disk("logs/deep/all.log");
        fs::write(directory.path().join("logs"), "").unwrap();
        let told = refused(&mut sink);
        let obstacle = directory.path().join("logs");
        let directory = obstacle.join("deep");
        let expected = format!(
            "cannot open {}: cannot make its directory ({} is not a directory): ",
            directory.join("all.log").display(),
            obstacle.display()
        );
        assert!(told.starts_with(&expected), "{told}");
    }
}

#[cfg(unix)]
mod on_unix {
    use super::other_writers::noted;
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;
    use std::process::Command;

    #[test]
    fn a_symbolic_link_that_leads_nowhere_is_named_with_its_target() {
        let (directory, mut sink, _) = on_disk("all.log");
        let link = directory.path().join("all.log");
        symlink("gone/all.log", &link).unwrap();
        let expected = format!("({} is a symbolic link to gone/all.log)", link.display());
        let told = refused(&mut sink);
        assert!(told.contains(&expected), "{told}");
    }

    #[test]
    fn a_symbolic_link_to_a_missing_file_makes_that_file() {
        let (directory, mut sink, mut batch) = on_disk("all.log");
        symlink("real.log", directory.path().join("all.log")).unwrap();
        write(&mut sink, &["one\n"], &mut batch).unwrap();
        let written = fs::read_to_string(directory.path().join("real.log"));
        assert_eq!(written.unwrap(), "one\n");
    }

    #[test]
    fn links_that_lead_in_a_circle_are_refused_as_file_and_as_directory() {
        for path in ["circle", "circle/all.log", "circle/deep/all.log"] {
            let (directory, mut sink, _) = on_disk(path);
            let link = directory.path().join("circle");
            symlink(&link, &link).unwrap();
            let told = refused(&mut sink);
            assert!(told.contains("is a symbolic link to"), "{told}");
        }
    }

    #[test]
    fn a_directory_that_is_a_link_to_nowhere_is_refused() {
        let (directory, mut sink, _) = on_disk("logs/all.log");
        symlink("gone", directory.path().join("logs")).unwrap();
        let told = refused(&mut sink);
        assert!(told.contains("logs is a symbolic link to gone"), "{told}");
    }

    #[test]
    fn pipes_and_sockets_are_refused_without_waiting_for_their_other_end() {
        let (directory, mut sink, _) = on_disk("pipe");
        let pipe = directory.path().join("pipe");
        assert!(
            Command::new("mkfifo")
                .arg(&pipe)
                .status()
                .unwrap()
                .success()
        );
        let told = refused(&mut sink);
        assert!(told.contains("it is a pipe or a socket"), "{told}");
        assert!(told.ends_with("use the console output"), "{told}");

        let socket = directory.path().join("socket");
        let _listener = UnixListener::bind(&socket).unwrap();
        let told = refused(&mut FileSink::new(socket, None, Durability::Never));
        assert!(told.contains("it is a pipe or a socket"), "{told}");
    }

    #[test]
    fn a_directory_nobody_may_write_to_is_refused() {
        let (directory, mut sink, _) = on_disk("logs/all.log");
        let logs = directory.path().join("logs");
        fs::create_dir(&logs).unwrap();
        fs::set_permissions(&logs, fs::Permissions::from_mode(0o555)).unwrap();
        if fs::File::create(logs.join("probe")).is_ok() {
            // Past the harness, which keeps to itself what tests print that pass.
            let _ = writeln!(
                io::stderr(),
                "skipped: a directory nobody may write to: the superuser may"
            );
            return;
        }
        let told = refused(&mut sink);
        assert!(told.contains("all.log: Permission denied"), "{told}");
    }

    #[test]
    fn a_file_that_may_be_written_but_not_read_is_good_enough() {
        let (directory, mut sink, mut batch) = on_disk("all.log");
        let path = directory.path().join("all.log");
        fs::write(&path, "one\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o200)).unwrap();
        write(&mut sink, &["two\n"], &mut batch).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");
    }

    #[test]
    fn a_descriptor_that_is_none_any_more_is_replaced_at_the_next_write() {
        let (directory, mut sink, mut batch) = on_disk("all.log");
        sink.open().unwrap();
        // Written to, a descriptor for reading answers as a closed one does.
        let reader = fs::File::open(directory.path().join("all.log")).unwrap();
        sink.file = Some(lock::Locked::shared(reader).0);
        let error = write(&mut sink, &["lost\n"], &mut batch).unwrap_err();
        assert!(chain(&error).contains("Bad file descriptor"));
        write(&mut sink, &["kept\n"], &mut batch).unwrap();
        let written = fs::read_to_string(directory.path().join("all.log"));
        assert_eq!(written.unwrap(), "kept\n");
        assert_eq!(batch.figures(), (1, 1, 0, 5));
    }

    #[test]
    fn the_null_device_takes_everything() {
        let mut sink = FileSink::new(PathBuf::from("/dev/null"), None, Durability::Never);
        let mut batch = Batch::of(&[]);
        write(&mut sink, &["one\n"], &mut batch).unwrap();
        flush(&mut sink).unwrap();
        assert_eq!(batch.figures(), (1, 0, 0, 4));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_named_by_write_and_flush_until_a_write_succeeds() {
        let mut sink = FileSink::new(PathBuf::from("/dev/full"), None, Durability::Never);
        let mut batch = Batch::of(&[]);
        sink.open().unwrap();
        flush(&mut sink).unwrap();
        let error = write(&mut sink, &["one\n"], &mut batch).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Write);
        let told = chain(&error);
        assert!(
            told.starts_with("cannot write to /dev/full: No space left"),
            "{told}"
        );
        assert_eq!(chain(&flush(&mut sink).unwrap_err()), told);
        assert_eq!(batch.figures(), (0, 1, 0, 0));
        assert!(batch.is_broken());
    }

    /// Set in the child: the path of the file, which may grow to 8 or 16 blocks of 512 bytes.
    const CHILD: &str = "HESTIA_TEST_FILE_CHILD";

    #[test]
    fn a_line_that_the_size_limit_cut_is_finished_when_there_is_room() {
        let name = thread::current().name().map(String::from).unwrap();
        if let Some(path) = std::env::var_os(CHILD) {
            return write_past_the_limit(Path::new(&path));
        }
        let directory = tempfile::tempdir().unwrap();
        let limited = "trap '' XFSZ; ulimit -f 8; exec \"$0\" --exact \"$1\"";
        let output = Command::new("sh")
            .args(["-c", limited])
            .arg(std::env::current_exe().unwrap())
            .arg(&name)
            .env(CHILD, directory.path().join("all.log"))
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{told}");
        assert!(told.contains("1 passed"), "{told}");
    }

    fn write_past_the_limit(path: &Path) {
        let lines: Vec<_> = ('a'..='z')
            .map(|letter| letter.to_string().repeat(999) + "\n")
            .collect();
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        let mut sink = FileSink::new(path.to_path_buf(), None, Durability::Never);
        let mut batch = Batch::of(&[]);
        let error = write(&mut sink, &lines, &mut batch).unwrap_err();
        assert!(
            chain(&error).contains("File too large"),
            "{}",
            chain(&error)
        );
        let fitted = fs::read_to_string(path).unwrap();
        assert!(lines.concat().starts_with(&fitted));
        let whole = fitted.matches('\n').count();
        assert!(!fitted.ends_with('\n') && whole > 0);
        assert_eq!(
            batch.figures(),
            (whole as u64, 25 - whole as u64, 0, fitted.len() as u64)
        );
        assert_eq!(chain(&flush(&mut sink).unwrap_err()), chain(&error));

        fs::File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_len(0)
            .unwrap();
        write(&mut sink, &["after\n"], &mut batch).unwrap();
        flush(&mut sink).unwrap();
        let rest = &lines[whole][fitted.len() - whole * 1000..];
        assert_eq!(fs::read_to_string(path).unwrap(), format!("{rest}after\n"));
        assert_eq!(batch.figures().0, whole as u64 + 2);
        // Whatever failed, nobody else has written to it.
        assert!(!noted(&mut sink).1);
    }
}

/// Files, errors and a clock as a script has them.
#[derive(Clone, Default)]
struct Stage(Arc<Mutex<Scene>>);

#[derive(Default)]
struct Scene {
    /// How each attempt to open ends; after the last one they succeed.
    opens: VecDeque<Result<Script, io::ErrorKind>>,
    attempts: usize,
    files: Vec<Arc<Mutex<Script>>>,
    torn: bool,
    now: Option<Instant>,
    /// How each attempt to bring a file to the disk ends; after the last one they succeed.
    syncs: VecDeque<Result<(), io::ErrorKind>>,
    /// Which file each was about.
    synced: Vec<usize>,
    /// How often a name was brought there.
    names: usize,
}

struct SharedScript(Arc<Mutex<Script>>);

impl Write for SharedScript {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl FileSystem for Stage {
    type File = SharedScript;

    fn open(&mut self, path: &Path) -> Result<SharedScript, SinkError> {
        let mut scene = self.0.lock().unwrap();
        scene.attempts += 1;
        let script = scene
            .opens
            .pop_front()
            .unwrap_or_else(|| Ok(Script::default()))
            .map_err(|kind| SinkError::file(ErrorKind::OpenFile, "open", path, kind.into()))?;
        let file = Arc::new(Mutex::new(script));
        scene.files.push(Arc::clone(&file));
        Ok(SharedScript(file))
    }

    fn ends_within_line(&mut self, _: &Path) -> bool {
        self.0.lock().unwrap().torn
    }

    fn was_open_elsewhere(&self, _: &SharedScript) -> bool {
        false
    }

    fn position(&self, _: &SharedScript) -> Option<u64> {
        None
    }

    fn is_within_line(&self, _: &Path, _: &SharedScript, _: u64) -> bool {
        false
    }

    fn now(&self) -> Instant {
        *self.0.lock().unwrap().now.get_or_insert_with(Instant::now)
    }

    fn seconds(&self) -> i64 {
        0
    }

    fn status(&self, _: &SharedScript) -> Option<Status> {
        None
    }

    fn look(&self, _: &Path, _: &Status) -> Place {
        Place::Unknown
    }

    fn open_like(&mut self, path: &Path, _: &SharedScript) -> Result<SharedScript, SinkError> {
        self.open(path)
    }

    fn sync(&mut self, file: &SharedScript) -> io::Result<()> {
        let mut scene = self.0.lock().unwrap();
        let place = |known: &Arc<Mutex<Script>>| Arc::ptr_eq(known, &file.0);
        let place = scene.files.iter().position(place).unwrap();
        scene.synced.push(place);
        scene
            .syncs
            .pop_front()
            .unwrap_or(Ok(()))
            .map_err(Into::into)
    }

    fn sync_name(&mut self, _: &Path) -> io::Result<()> {
        self.0.lock().unwrap().names += 1;
        Ok(())
    }
}

impl Stage {
    fn of(opens: Vec<Result<Script, io::ErrorKind>>) -> (Self, FileSink<Stage>, Batch) {
        let stage = Stage::default();
        stage.0.lock().unwrap().opens = opens.into();
        let sink = FileSink::on(stage.clone(), PathBuf::from("logs/all.log"));
        (stage, sink, Batch::of(&[]))
    }

    fn pass(&self, time: Duration) {
        let now = self.now() + time;
        self.0.lock().unwrap().now = Some(now);
    }

    fn attempts(&self) -> usize {
        self.0.lock().unwrap().attempts
    }

    fn text(&self, file: usize) -> String {
        self.0.lock().unwrap().files[file].lock().unwrap().text()
    }
}

const FULL: Result<usize, io::ErrorKind> = Err(io::ErrorKind::StorageFull);

#[test]
fn opening_is_tried_again_once_a_second() {
    let (stage, mut sink, mut batch) = Stage::of(vec![
        Err(io::ErrorKind::PermissionDenied),
        Err(io::ErrorKind::ReadOnlyFilesystem),
    ]);
    sink.open().unwrap_err();
    for _ in 0..3 {
        let error = write(&mut sink, &["lost\n"], &mut batch).unwrap_err();
        assert_eq!(chain(&error), "cannot open logs/all.log: permission denied");
        flush(&mut sink).unwrap_err();
    }
    assert_eq!(stage.attempts(), 1);

    stage.pass(RETRY);
    let error = write(&mut sink, &["lost\n"], &mut batch).unwrap_err();
    assert_eq!(
        chain(&error),
        "cannot open logs/all.log: read-only filesystem or storage medium"
    );
    stage.pass(RETRY / 2);
    write(&mut sink, &["lost\n"], &mut batch).unwrap_err();
    assert_eq!(stage.attempts(), 2);

    stage.pass(RETRY / 2);
    write(&mut sink, &["kept\n"], &mut batch).unwrap();
    flush(&mut sink).unwrap();
    assert_eq!((stage.attempts(), stage.text(0)), (3, "kept\n".to_owned()));
    assert_eq!(batch.figures(), (1, 5, 0, 5));
}

#[test]
fn a_flush_finishes_a_cut_line_and_still_tells_what_was_lost_with_it() {
    let (stage, mut sink, mut batch) = Stage::of(vec![Ok(Script::of(&[Ok(2), FULL]))]);
    write(&mut sink, &["cut\n", "lost\n"], &mut batch).unwrap_err();
    assert_eq!(stage.text(0), "cu");
    let error = flush(&mut sink).unwrap_err();
    assert_eq!(
        chain(&error),
        "cannot write to logs/all.log: no storage space"
    );
    assert_eq!(stage.text(0), "cut\n");
    assert_eq!(batch.figures(), (1, 1, 0, 4));

    write(&mut sink, &["kept\n"], &mut batch).unwrap();
    flush(&mut sink).unwrap();
    assert_eq!(stage.text(0), "cut\nkept\n");
}

/// What a device says that has a bad spot (`EIO`), also in the middle of a line; and a write that is short for no reason.
#[test]
fn after_errors_of_the_device_no_line_is_torn_and_what_was_lost_is_counted() {
    const EIO: Result<usize, io::ErrorKind> = Err(io::ErrorKind::Other);
    let script = Script::of(&[EIO, Ok(2), EIO, EIO, Ok(1), Ok(3)]);
    let (stage, mut sink, mut batch) = Stage::of(vec![Ok(script)]);
    write(&mut sink, &["lost\n"], &mut batch).unwrap_err();
    write(&mut sink, &["cut and finished\n", "lost\n"], &mut batch).unwrap_err();
    write(&mut sink, &["lost\n"], &mut batch).unwrap_err();
    write(&mut sink, &["short and whole\n"], &mut batch).unwrap();
    assert_eq!(stage.text(0), "cut and finished\nshort and whole\n");
    assert_eq!(stage.attempts(), 1);
    let (written, failed, ..) = batch.figures();
    assert_eq!((written, failed), (2, 3));
}

#[test]
fn reopening_finishes_a_cut_line_in_the_old_file() {
    let (stage, mut sink, mut batch) = Stage::of(vec![Ok(Script::of(&[Ok(2), FULL]))]);
    write(&mut sink, &["cut\n"], &mut batch).unwrap_err();
    sink.reopen().unwrap();
    write(&mut sink, &["new\n"], &mut batch).unwrap();
    assert_eq!(
        (stage.text(0), stage.text(1)),
        ("cut\n".to_owned(), "new\n".to_owned())
    );
    assert_eq!(batch.figures(), (2, 0, 0, 8));
}

#[test]
fn reopening_gives_up_a_cut_line_that_cannot_be_finished() {
    let (stage, mut sink, mut batch) = Stage::of(vec![Ok(Script::of(&[Ok(2), FULL, FULL]))]);
    write(&mut sink, &["cut\n"], &mut batch).unwrap_err();
    sink.reopen().unwrap();
    write(&mut sink, &["new\n"], &mut batch).unwrap();
    assert_eq!(
        (stage.text(0), stage.text(1)),
        ("cu".to_owned(), "new\n".to_owned())
    );
    assert_eq!(batch.figures(), (1, 1, 0, 6));
}

#[test]
fn a_line_given_up_in_a_file_that_is_opened_again_gets_an_end() {
    let (stage, mut sink, mut batch) = Stage::of(vec![Ok(Script::of(&[Ok(2), FULL, FULL]))]);
    write(&mut sink, &["cut\n"], &mut batch).unwrap_err();
    stage.0.lock().unwrap().torn = true;
    sink.reopen().unwrap();
    write(&mut sink, &["new\n"], &mut batch).unwrap();
    assert_eq!(stage.text(1), "\nnew\n");
}

#[test]
fn reopening_that_fails_keeps_the_cut_line_and_the_old_file() {
    let (stage, mut sink, mut batch) = Stage::of(vec![
        Ok(Script::of(&[Ok(2), FULL, FULL])),
        Err(io::ErrorKind::PermissionDenied),
    ]);
    write(&mut sink, &["cut\n"], &mut batch).unwrap_err();
    sink.reopen().unwrap_err();
    write(&mut sink, &["kept\n"], &mut batch).unwrap();
    assert_eq!(stage.text(0), "cut\nkept\n");
    assert_eq!(batch.figures(), (2, 0, 0, 9));
}

#[test]
fn a_stale_handle_is_replaced_at_the_next_write() {
    let stale = Script::of(&[Err(io::ErrorKind::StaleNetworkFileHandle)]);
    let (stage, mut sink, mut batch) = Stage::of(vec![Ok(stale)]);
    write(&mut sink, &["lost\n"], &mut batch).unwrap_err();
    write(&mut sink, &["kept\n"], &mut batch).unwrap();
    assert_eq!(
        (stage.text(0), stage.text(1)),
        (String::new(), "kept\n".to_owned())
    );
    assert_eq!(batch.figures(), (1, 1, 0, 5));
}

#[test]
fn a_refusal_is_forgotten_once_the_file_was_open() {
    let stale = Script::of(&[Err(io::ErrorKind::StaleNetworkFileHandle)]);
    let refusal = Err(io::ErrorKind::PermissionDenied);
    let (stage, mut sink, mut batch) = Stage::of(vec![refusal, Ok(stale)]);
    sink.open().unwrap_err();
    sink.open().unwrap();
    write(&mut sink, &["lost\n"], &mut batch).unwrap_err();
    write(&mut sink, &["kept\n"], &mut batch).unwrap();
    assert_eq!(stage.text(1), "kept\n");
}
