//! Support for hestia's tests: real programs in directories of their own, and what they left there,
//! read back as a user's tools would read it.
//!
//! Each family of scenarios has a program in `src/bin/` that takes the scenario's name as its first
//! argument, and a file of tests in `tests/` that runs it.

pub mod archives;
pub mod counters;
pub mod crash_safe;
pub mod figures;
pub mod forks;
pub mod kernel;
pub mod mounts;
pub mod records;

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Whether records name threads by the operating system's ids. Where they do not, each thread has a number of
/// hestia's own, which no other thread of its process has.
pub const OS_THREAD_IDS: bool = cfg!(all(target_os = "linux", not(hestia_portable)));

/// A program that runs far longer than any scenario takes is hung.
const HUNG: Duration = Duration::from_secs(120);

/// What would change what a program writes.
const VARIABLES: [&str; 18] = [
    "LOG_LEVEL",
    "RUST_LOG",
    "APP_NAME",
    "APP_VERSION",
    "ENVIRONMENT",
    "LOGS_DIR",
    "ENABLE_INTERNAL_LOGGER",
    "HESTIA_CONFIG",
    "IS_CONTAINER_OVERRIDE",
    "LOG_ROTATION_TYPE",
    "LOG_ROTATION_WHEN",
    "LOG_ROTATION_INTERVAL",
    "LOG_ROTATION_MAX_BYTES",
    "LOG_ROTATION_BACKUP_COUNT",
    "NO_COLOR",
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "RUST_BACKTRACE",
];

/// One run of a program, in an empty directory, with none of this process's logging variables.
#[derive(Debug)]
pub struct Run {
    command: Command,
    directory: TempDir,
}

impl Run {
    /// A run of the program without arguments. Programs of a package are named to its tests by
    /// `env!("CARGO_BIN_EXE_…")`.
    ///
    /// # Panics
    /// When no temporary directory can be made.
    #[must_use]
    pub fn program(program: &str) -> Self {
        Run::in_directory(program, tempfile::tempdir().expect("a temporary directory"))
    }

    fn in_directory(program: &str, directory: TempDir) -> Self {
        let mut command = Command::new(program);
        command.current_dir(directory.path());
        for name in VARIABLES {
            command.env_remove(name);
        }
        Run { command, directory }
    }

    /// A run of the program with a scenario as its first argument.
    ///
    /// # Panics
    /// As [`Run::program`].
    #[must_use]
    pub fn new(program: &str, scenario: &str) -> Self {
        Run::program(program).arg(scenario)
    }

    /// A run of the program where another has been, with what that left.
    #[must_use]
    pub fn after(finished: Finished, program: &str) -> Self {
        Run::in_directory(program, finished.directory)
    }

    /// One more argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// A variable of the program's environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Where the program will run.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Starts the program; its output is collected.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start(self) -> Running {
        self.start_with_stderr(Stdio::piped())
    }

    /// As [`Run::start`]; standard error goes elsewhere, and is collected only if that is a pipe to this process.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start_with_stderr(mut self, stderr: impl Into<Stdio>) -> Running {
        let mut child = self
            .command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .expect("the program starts");
        let stdout = collect(child.stdout.take().expect("standard output is a pipe"));
        let stderr = match child.stderr.take() {
            Some(stderr) => collect(stderr),
            None => collect(io::empty()),
        };
        Running {
            child,
            directory: self.directory,
            stdout,
            stderr,
        }
    }

    /// Runs the program to its end.
    ///
    /// # Panics
    /// When it cannot be started, or hangs.
    #[must_use]
    pub fn finish(self) -> Finished {
        self.start().finish()
    }

    /// The command, for runs with pipes of their own, and the directory, which must outlive it.
    #[must_use]
    pub fn into_command(self) -> (Command, TempDir) {
        (self.command, self.directory)
    }
}

/// What a program prints, while it does.
#[derive(Debug)]
struct Collected {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: thread::JoinHandle<()>,
}

fn collect(mut stream: impl Read + Send + 'static) -> Collected {
    let bytes = Arc::new(Mutex::new(Vec::new()));
    let collected = Arc::clone(&bytes);
    let reader = thread::spawn(move || {
        let mut part = [0; 8 << 10];
        loop {
            match stream.read(&mut part).expect("a pipe can be read") {
                0 => break,
                length => lock(&collected).extend_from_slice(&part[..length]),
            }
        }
    });
    Collected { bytes, reader }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Collected {
    fn so_far(&self) -> String {
        String::from_utf8_lossy(&lock(&self.bytes)).into_owned()
    }

    /// All of it: returns when nobody has the stream open any more.
    fn text(self) -> String {
        self.reader.join().expect("the reader does not panic");
        let bytes = std::mem::take(&mut *lock(&self.bytes));
        String::from_utf8(bytes).expect("the program prints UTF-8")
    }
}

/// A program that runs.
#[derive(Debug)]
pub struct Running {
    child: Child,
    directory: TempDir,
    stdout: Collected,
    stderr: Collected,
}

impl Running {
    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Where it runs.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it hangs.
    #[must_use]
    pub fn finish(mut self) -> Finished {
        if !self.ends_within(HUNG) {
            let _ = self.child.kill();
            panic!(
                "the program hangs; stdout so far:\n{}\nstderr:\n{}",
                self.stdout.so_far(),
                self.stderr.so_far()
            );
        }
        self.finished()
    }

    /// Waits for its end, and kills it when that does not come within the limit: what it left all the same, and
    /// whether it ended by itself.
    ///
    /// # Panics
    /// When it cannot be waited for.
    #[must_use]
    pub fn finish_within(mut self, limit: Duration) -> (Finished, bool) {
        let ended = self.ends_within(limit);
        if !ended {
            let _ = self.child.kill();
        }
        (self.finished(), ended)
    }

    fn ends_within(&mut self, limit: Duration) -> bool {
        let started = Instant::now();
        while started.elapsed() < limit {
            let status = self.child.try_wait().expect("a child can be waited for");
            if status.is_some() {
                return true;
            }
            thread::sleep(Duration::from_millis(2));
        }
        false
    }

    fn finished(mut self) -> Finished {
        Finished {
            status: self.child.wait().expect("a child can be waited for"),
            stdout: self.stdout.text(),
            stderr: self.stderr.text(),
            directory: self.directory,
        }
    }
}

/// What a program left behind.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub status: ExitStatus,
    /// What it printed.
    pub stdout: String,
    /// What it printed on standard error, hestia's console included.
    pub stderr: String,
    directory: TempDir,
}

impl Finished {
    /// The same, after checking that it ended well.
    ///
    /// # Panics
    /// When it did not; with everything it printed.
    #[must_use]
    pub fn successful(self) -> Self {
        assert!(
            self.status.success(),
            "{}\nstdout:\n{}\nstderr:\n{}",
            self.status,
            self.stdout,
            self.stderr
        );
        self
    }

    /// What hestia itself said on standard error, line by line.
    #[must_use]
    pub fn said_by_hestia(&self) -> Vec<&str> {
        let lines = self.stderr.lines();
        lines.filter(|line| line.starts_with("hestia:")).collect()
    }

    /// A path in its directory.
    #[must_use]
    pub fn path(&self, relative: &str) -> PathBuf {
        self.directory.path().join(relative)
    }

    /// The lines of a file in its directory.
    ///
    /// # Panics
    /// When there is no such file, or its last line has no end.
    #[must_use]
    pub fn lines(&self, relative: &str) -> Vec<String> {
        lines(&self.path(relative))
    }

    /// The lines of the text file.
    ///
    /// # Panics
    /// As [`Finished::lines`].
    #[must_use]
    pub fn text(&self) -> Vec<String> {
        self.lines("logs/all.log")
    }

    /// The objects of the JSON file.
    ///
    /// # Panics
    /// As [`Finished::lines`], and when a line is no JSON.
    #[must_use]
    pub fn json(&self) -> Vec<Value> {
        objects(&self.path("logs/app.log"))
    }
}

/// The whole lines of a file.
///
/// # Panics
/// When there is no such file, or its last line has no end.
#[must_use]
pub fn lines(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("{} cannot be read: {error}", path.display()));
    assert!(
        text.is_empty() || text.ends_with('\n'),
        "{} ends with a torn line",
        path.display()
    );
    text.lines().map(str::to_owned).collect()
}

/// The objects of a file with one JSON object per line.
///
/// # Panics
/// As [`lines`], and when a line is no JSON object.
#[must_use]
pub fn objects(path: &Path) -> Vec<Value> {
    lines(path)
        .iter()
        .map(|line| {
            let value: Value = serde_json::from_str(line)
                .unwrap_or_else(|error| panic!("no JSON ({error}): {line}"));
            assert!(value.is_object(), "no object: {line}");
            value
        })
        .collect()
}

/// The messages of objects, in their order.
///
/// # Panics
/// When an object has no message.
#[must_use]
pub fn messages(objects: &[Value]) -> Vec<&str> {
    objects
        .iter()
        .map(|object| object["message"].as_str().expect("a message"))
        .collect()
}
