//! The process that a case runs in: its logger, its counted records, and what it tells about itself.

use std::fmt::Display;
use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use hestia_tests::{counters, figures, kernel};
use serde_json::{Value, json};

use crate::Outcome;
use crate::cases::{self, Case, Scale};
use crate::hestia::JSON;
use crate::logger::{Logger, Subject, TEXT};

/// The first word of a child's command line.
pub const WORD: &str = "child";

/// Where the child counts what it logged, outliving it.
pub const COUNTS: &str = "counts";

/// How many threads can be told apart.
const SLOTS: usize = 256;

/// A case and all that its process needs.
pub struct Stage {
    /// The logger.
    pub logger: &'static dyn Subject,
    /// How much of everything.
    pub scale: Scale,
    /// Which of the case's several processes this is; the first has none.
    pub part: Option<u64>,
    counts: &'static [AtomicU64],
    /// Statements beside the numbered ones.
    said: AtomicU64,
    facts: File,
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Stage")
            .field("scale", &self.scale)
            .field("part", &self.part)
            .finish_non_exhaustive()
    }
}

/// What `main` of a program with a logger holds until its end.
struct Ends(&'static dyn Subject);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Runs the case that the words behind [`WORD`] name: logger, case, scale, and which part of it.
///
/// # Errors
/// When a word is none, or something goes wrong that is not what the case is about.
pub fn run(loggers: &[Logger], words: &[String]) -> Outcome {
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    let logger = loggers
        .iter()
        .find(|logger| logger.name == word(0))
        .ok_or_else(|| format!("there is no logger {}", word(0)))?;
    let case = cases::named(word(1)).ok_or_else(|| format!("there is no case {}", word(1)))?;
    let scale = Scale::named(word(2)).ok_or_else(|| format!("there is no scale {}", word(2)))?;
    let part = words.get(3).map(|part| part.parse()).transpose()?;
    play(logger, case, scale, part)
}

fn play(logger: &Logger, case: &Case, scale: Scale, part: Option<u64>) -> Outcome {
    let counts = match part {
        None => counters::create(COUNTS, SLOTS)?,
        Some(_) => counters::open(COUNTS)?,
    };
    // A number of its own, for cases that close the standard streams.
    let facts = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    // A shell that starts the suite in the background has it ignore this one, and so its children.
    // SAFETY: takes numbers only.
    unsafe { libc::signal(libc::SIGINT, libc::SIG_DFL) };
    (case.before)()?;
    let logger: &'static dyn Subject = Box::leak((logger.start)(&case.setup)?);
    let stage = Box::leak(Box::new(Stage {
        logger,
        scale,
        part,
        counts,
        said: AtomicU64::new(0),
        facts,
    }));
    let _ends = Ends(logger);
    (case.child)(stage)
}

impl Stage {
    /// Logs the thread's next number, and counts it once the call has returned.
    pub fn log(&self, thread: u64) {
        self.count(thread, |number| self.logger.log(thread, number));
    }

    /// Makes a record of the thread's next number by other means than [`Stage::log`], and counts it once that
    /// has returned.
    pub fn count(&self, thread: u64, log: impl FnOnce(u64)) {
        let count = self.count_of(thread);
        let number = count.load(Ordering::Relaxed);
        log(number);
        count.store(number + 1, Ordering::Release);
    }

    /// Logs what is not numbered.
    pub fn say(&self, message: &dyn Display) {
        self.said.fetch_add(1, Ordering::Relaxed);
        self.logger.say(message);
    }

    /// These threads log so many records each, and end.
    pub fn burst(&self, threads: Range<u64>, records: u64) {
        thread::scope(|scope| {
            for thread in threads {
                scope.spawn(move || (0..records).for_each(|_| self.log(thread)));
            }
        });
    }

    /// The logger makes so many records by itself, where it has figures.
    pub fn expect_records(&self, count: u64) {
        self.said.fetch_add(count, Ordering::Relaxed);
    }

    /// How many records the thread has logged.
    pub fn logged(&self, thread: u64) -> u64 {
        self.count_of(thread).load(Ordering::Acquire)
    }

    fn count_of(&self, thread: u64) -> &AtomicU64 {
        &self.counts[usize::try_from(thread).expect("threads are few")]
    }

    /// Goes on logging, a record each few milliseconds, until a file that was this long has grown: how long that took.
    /// `None` when it does not happen in the time in which anything should.
    pub fn recovery(&self, thread: u64, path: &str, length: u64) -> Option<Duration> {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(5) {
            self.log(thread);
            thread::sleep(Duration::from_millis(2));
            if bytes(path) > length {
                return Some(start.elapsed());
            }
        }
        None
    }

    /// Once everything is written, or given up: tells the facts, and where the logger has figures of its own, those.
    pub fn tell(&self, facts: Value) {
        self.logger.flush();
        self.tell_figures(facts);
    }

    /// The same where a console never gets to the end of what was logged: once the files do not grow any more.
    pub fn tell_unflushed(&self) {
        let lengths = || [TEXT, JSON].map(|file| bytes(file.path));
        let mut before = lengths();
        loop {
            thread::sleep(Duration::from_millis(500));
            let now = lengths();
            if now == before {
                break;
            }
            before = now;
        }
        self.tell_figures(json!({ "flushed": false }));
    }

    fn tell_figures(&self, facts: Value) {
        let numbered: u64 = (0..SLOTS as u64).map(|thread| self.logged(thread)).sum();
        let mut facts = facts;
        facts["executed"] = (numbered + self.said.load(Ordering::Relaxed)).into();
        facts["peak_kib"] = json!(kernel::peak_kib().ok());
        figures::tell_to(&mut &self.facts, &facts);
    }

    /// Another process for the same case, in the same place.
    pub fn another(&self, part: u64) -> Outcome<Command> {
        let words = std::env::args().skip(1).take(4);
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(words)
            .arg(part.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        Ok(command)
    }
}

/// Waits for processes that are to end well.
///
/// # Errors
/// When one did not.
pub fn wait_for(processes: impl IntoIterator<Item = Child>) -> Outcome {
    for mut process in processes {
        let status = process.wait()?;
        if !status.success() {
            return Err(format!("one of several processes: {status}").into());
        }
    }
    Ok(())
}

/// A file's length; 0 when there is no such file.
#[must_use]
pub fn bytes(path: impl AsRef<Path>) -> u64 {
    fs::metadata(path).map_or(0, |file| file.len())
}
