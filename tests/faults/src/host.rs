//! Runs a case: starts its process, does to it what is done from outside, and judges what it left behind.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::Duration;

use hestia_tests::figures::Told;
use hestia_tests::mounts::{self, Small};
use hestia_tests::{Finished, Run, counters};
use serde::{Deserialize, Serialize};

use crate::cases::{Case, Ending, Promise, Scale};
use crate::child::{self, COUNTS};
use crate::judge::{self, Figures};
use crate::logger::{LogFile, Logger};

/// What became of a case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Verdict {
    /// It was not run, and why.
    Skipped(String),
    /// It was.
    Ran(Ran),
}

/// What a case showed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ran {
    /// The figures of that file of which they are worst; `None` when there was no file to judge.
    pub figures: Option<Figures>,
    /// How long it took from the end of the trouble until something was written again.
    pub recovery: Option<Duration>,
    /// How many archives there were.
    pub archives: usize,
    /// The most memory that the process had, in KiB.
    pub peak_kib: Option<u64>,
    /// What is wrong with files, in words; each once.
    pub files: Vec<String>,
    /// What is wrong with the process, or what it told.
    pub process: Vec<String>,
}

/// Runs a case with a logger, as often as the case wants it. The program is one whose first word may be
/// [`child::WORD`].
///
/// # Panics
/// When this machine lacks what every case needs: directories, processes, pipes.
#[must_use]
pub fn run(logger: &Logger, case: &Case, program: &Path, scale: Scale) -> Verdict {
    if let Some(missing) = logger.lacks(&case.setup) {
        return Verdict::Skipped(missing.to_owned());
    }
    let run = || {
        let mut all = Ran::default();
        for _ in 0..(case.repeats)(scale) {
            all.add(once(logger, case, program, scale));
        }
        if case.setup.rotation.is_some() && all.archives == 0 {
            all.process.push("never rotates".to_owned());
        }
        all
    };
    if case.small_disk.is_none() {
        return Verdict::Ran(run());
    }
    match mounts::in_own_view(run) {
        Ok(ran) => Verdict::Ran(ran),
        Err(reason) => Verdict::Skipped(reason),
    }
}

impl Ran {
    /// Whether all that is promised for the case holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.broken().next().is_none()
    }

    /// What does not hold.
    pub fn broken(&self) -> impl Iterator<Item = &str> {
        self.process.iter().chain(&self.files).map(String::as_str)
    }

    fn add(&mut self, other: Ran) {
        if let Some(figures) = other.figures {
            *self.figures.get_or_insert_default() += figures;
        }
        self.archives += other.archives;
        self.recovery = self.recovery.max(other.recovery);
        self.peak_kib = self.peak_kib.max(other.peak_kib);
        add_new(&mut self.files, other.files);
        add_new(&mut self.process, other.process);
    }
}

fn add_new(all: &mut Vec<String>, more: Vec<String>) {
    for one in more {
        if !all.contains(&one) {
            all.push(one);
        }
    }
}

fn once(logger: &Logger, case: &Case, program: &Path, scale: Scale) -> Ran {
    let program = program.to_str().expect("a path of cargo's");
    let limit = Duration::from_secs((case.limit_seconds)(scale));
    let as_child = |run: Run| {
        run.arg(child::WORD)
            .arg(logger.name)
            .arg(case.name)
            .arg(scale.name())
    };
    let run = as_child(Run::program(program));
    let mount = |bytes| Small::mount(&run.directory().join("logs"), bytes);
    let small_disk = case
        .small_disk
        .map(mount)
        .transpose()
        .expect("a small disk");
    let mut reader = case.setup.console.then(StoppedReader::start);
    let running = match &mut reader {
        Some(reader) => run.start_with_stderr(reader.take_pipe()),
        None => run.start(),
    };
    (case.meanwhile)(&running);
    let (mut finished, ended) = running.finish_within(limit);
    let mut ran = Ran::default();
    ran.add_end(&finished, ended, case.ending);
    if case.restart {
        let next = as_child(Run::after(finished, program)).arg("1");
        let (next, ended) = next.start().finish_within(limit);
        ran.add_end(&next, ended, Ending::Code(0));
        finished = next;
    }
    ran.add_files(logger, case, &finished);
    if let Some(told) = told(&finished) {
        ran.add_told(case, &told);
    }
    // What is on the disk is read; and a directory with something mounted in it cannot be removed.
    drop(small_disk);
    ran
}

impl Ran {
    fn add_end(&mut self, finished: &Finished, ended: bool, expected: Ending) {
        let ending = ending(finished.status);
        if !ended {
            self.process.push("hangs".to_owned());
        } else if ending != expected {
            let words = last_words(finished);
            self.process.push(format!("{}{words}", in_words(ending)));
        }
    }

    fn add_files(&mut self, logger: &Logger, case: &Case, finished: &Finished) {
        let returned = counters::read(finished.path(COUNTS)).unwrap_or_default();
        if self.process.is_empty() && returned.iter().all(|&count| count == 0) {
            // Nothing can be lost then, which would look well.
            self.process.push("logs nothing".to_owned());
        }
        let files = if case.setup.all_files {
            logger.files
        } else {
            &logger.files[..1]
        };
        for file in files {
            let path = finished.path(file.path);
            // Nothing can be read back from a device.
            if fs::metadata(&path).is_ok_and(|there| !there.is_file()) {
                continue;
            }
            let rotates = case.setup.rotation.and(logger.rotates);
            let paths = match rotates {
                Some(rotates) => judge::files_of(&path, rotates.numbers),
                None => Ok(vec![path]),
            };
            let paths = paths.expect("the directory of the logs can be read");
            self.archives += paths.len().saturating_sub(1);
            let figures = judge::judge(&paths, file.shape, &returned).expect("a file can be read");
            let promise = if logger.keeps_queue && case.goes_on {
                Promise::NothingLost
            } else {
                case.promise
            };
            self.add_file(promise, file, figures);
        }
    }
}

impl Ran {
    fn add_file(&mut self, promise: Promise, file: &LogFile, figures: Figures) {
        let broken = figures.broken(promise);
        let broken = broken
            .iter()
            .map(|broken| format!("{}: {broken}", file.path));
        self.files.extend(broken);
        let badness = |figures: &Figures| (figures.lost, figures.torn + figures.duplicated);
        if self
            .figures
            .is_none_or(|worst| badness(&figures) > badness(&worst))
        {
            self.figures = Some(figures);
        }
    }

    fn add_told(&mut self, case: &Case, told: &Told) {
        let facts = &told.facts;
        self.peak_kib = facts["peak_kib"].as_u64();
        self.recovery = facts["recovery_millis"].as_u64().map(Duration::from_millis);
        if facts
            .get("recovery_millis")
            .is_some_and(serde_json::Value::is_null)
        {
            self.process.push("does not recover".to_owned());
        }
        self.process
            .extend(facts["broken"].as_str().map(str::to_owned));
        if told.stats.is_object() {
            self.process.extend(told.imbalance(told.fact("executed")));
        }
        if let (Some(limit), Some(peak)) = (case.memory_kib, self.peak_kib)
            && peak > limit
        {
            self.process.push(format!("{} MiB of memory", peak / 1024));
        }
    }
}

/// Many ends come before a process tells anything.
fn told(finished: &Finished) -> Option<Told> {
    let tells = finished.stdout.lines().last()?.starts_with('{');
    tells.then(|| Told::by(finished))
}

fn ending(status: ExitStatus) -> Ending {
    match status.signal() {
        Some(signal) => Ending::Signal(signal),
        None => Ending::Code(status.code().unwrap_or(-1)),
    }
}

fn in_words(ending: Ending) -> String {
    match ending {
        Ending::Code(code) => format!("exit code {code}"),
        Ending::Signal(libc::SIGABRT) => "aborts".to_owned(),
        Ending::Signal(libc::SIGXFSZ) => "ended by SIGXFSZ".to_owned(),
        Ending::Signal(signal) => format!("ended by signal {signal}"),
    }
}

/// What a process said last before it ended in a way that nobody expected.
fn last_words(finished: &Finished) -> String {
    let last = finished
        .stderr
        .lines()
        .map(str::trim)
        .rfind(|line| !line.is_empty());
    last.map_or(String::new(), |line| {
        format!(": {}", line.chars().take(100).collect::<String>())
    })
}

/// A program that was to read what another prints, and was stopped.
struct StoppedReader {
    reader: Child,
    pipe: Option<ChildStdin>,
}

impl StoppedReader {
    fn start() -> Self {
        let mut reader = Command::new("cat")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("the reader starts");
        let process = libc::pid_t::try_from(reader.id()).expect("an id is a positive number");
        // SAFETY: takes numbers only.
        unsafe { libc::kill(process, libc::SIGSTOP) };
        let pipe = reader.stdin.take();
        StoppedReader { reader, pipe }
    }

    fn take_pipe(&mut self) -> ChildStdin {
        self.pipe.take().expect("it is taken once")
    }
}

impl Drop for StoppedReader {
    fn drop(&mut self) {
        let _ = self.reader.kill();
        let _ = self.reader.wait();
    }
}
