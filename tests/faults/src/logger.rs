//! What a case needs of a logger. Every logger writes nothing but messages, in brackets: `[message]`, one a line, so that
//! a line that lacks something at either end, or has two of them, is seen.

use std::fmt::Display;

use crate::Outcome;

/// A logger as the suite knows it.
#[derive(Clone, Copy, Debug)]
pub struct Logger {
    /// As on the command line.
    pub name: &'static str,
    /// As in tables.
    pub title: &'static str,
    /// The package whose version is named.
    pub package: &'static str,
    /// The files it writes, when it is to write all it can.
    pub files: &'static [LogFile],
    /// It can be told to shed what finds no room.
    pub can_shed: bool,
    /// What is queued when a process is killed is written by the next one.
    pub keeps_queue: bool,
    /// How it rotates by size, when it does.
    pub rotates: Option<Rotates>,
    /// Turns it on.
    pub start: fn(&Setup) -> Outcome<Box<dyn Subject>>,
}

impl Logger {
    /// What the logger cannot do, and is needed for a case that wants it like this.
    #[must_use]
    pub fn lacks(&self, setup: &Setup) -> Option<&'static str> {
        if setup.shed && !self.can_shed {
            return Some("it never sheds");
        }
        let rotation = setup.rotation?;
        match self.rotates {
            None => Some("it does not rotate by size"),
            Some(rotates) if rotation.compressed && !rotates.compresses => {
                Some("it does not compress")
            }
            Some(_) => None,
        }
    }
}

/// How a case wants its logger.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// Standard error gets all records, too.
    pub console: bool,
    /// Files beside the text file, for those that write several.
    pub all_files: bool,
    /// SIGTERM and SIGINT are to be survived until all is written, by those that can.
    pub drain_on_signals: bool,
    /// What finds no room is to be shed, by those that can; callers wait otherwise.
    pub shed: bool,
    /// Files are to be rotated.
    pub rotation: Option<Rotation>,
}

/// By size, and nothing is ever deleted.
#[derive(Clone, Copy, Debug)]
pub struct Rotation {
    /// How large a file may be.
    pub bytes: u64,
    /// Archives are to be compressed.
    pub compressed: bool,
}

/// What most cases want.
pub const USUAL: Setup = Setup {
    console: false,
    all_files: true,
    drain_on_signals: false,
    shed: false,
    rotation: None,
};

/// Where it matters how much is written, loggers write the one file that all of them can.
pub const ONE_FILE: Setup = Setup {
    all_files: false,
    ..USUAL
};

/// The text file, which all loggers write.
pub const TEXT: LogFile = LogFile {
    path: "logs/all.log",
    shape: Shape::Bracketed,
};

/// A file, and what a line of it looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogFile {
    /// From the process's directory.
    pub path: &'static str,
    /// What its lines are.
    pub shape: Shape,
}

/// How a logger rotates files by size.
#[derive(Clone, Copy, Debug)]
pub struct Rotates {
    /// It can compress archives.
    pub compresses: bool,
    /// What the numbers in archives' names say.
    pub numbers: Numbers,
}

/// What the number in an archive's name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// Each archive keeps its number: the newest has the highest.
    Counted,
    /// All archives are renamed at each rotation: the newest has the lowest.
    Shifted,
}

/// What a whole line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `[message]`
    Bracketed,
    /// A JSON object with a `message`.
    Json,
}

/// A logger that runs.
pub trait Subject: Send + Sync {
    /// Logs the message `thread number`, at level `info`.
    fn log(&self, thread: u64, number: u64);

    /// Logs any other message, at level `info`.
    fn say(&self, message: &dyn Display);

    /// Waits until everything so far is written, as far as the logger can; where it has nothing for that, it is
    /// given time.
    fn flush(&self);

    /// What the logger's documentation has a program do at the end of `main`.
    fn end(&self);
}
