//! What happens to a logger, and what hestia promises for it. One file for each kind of trouble; [`ALL`] is the table.

mod clock;
mod code;
mod disk;
mod endings;
mod files;
mod kills;
mod limits;
mod processes;
mod streams;
mod threads;

use hestia_tests::Running;

use crate::Outcome;
use crate::child::Stage;
use crate::logger::{Setup, USUAL};

/// One kind of trouble.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// As on the command line.
    pub name: &'static str,
    /// As in tables.
    pub title: &'static str,
    /// What must hold for the files. In every case no line may be torn, twice or out of order, the process must not
    /// hang, and the books must balance where it tells them.
    pub promise: Promise,
    /// How the process ends.
    pub ending: Ending,
    /// How the logger is to be.
    pub setup: Setup,
    /// The directory of the files is a file system of so many bytes.
    pub small_disk: Option<u64>,
    /// The process may never have had more memory than this, in KiB.
    pub memory_kib: Option<u64>,
    /// A process that takes longer than so many seconds, many times what it needs, hangs.
    pub limit_seconds: fn(Scale) -> u64,
    /// How often the case is run; its figures are summed up.
    pub repeats: fn(Scale) -> u32,
    /// What the process does before its logger is turned on.
    pub before: fn() -> Outcome,
    /// What the process does.
    pub child: fn(&'static Stage) -> Outcome,
    /// What is done to it from outside.
    pub meanwhile: fn(&Running),
    /// Another process goes on in the same place: loggers that keep their queue lose nothing.
    pub goes_on: bool,
    /// Once it is gone, another process does the same in the same place, as part 1.
    pub restart: bool,
}

/// What must hold for the records of calls that returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// All are in every file.
    NothingLost,
    /// What a file lacks, it says itself, to the record.
    LossAnnounced,
    /// What is missing came last, as what was still queued at the end did: each thread's are there up to one of them,
    /// and none after it. One line may be cut: the kernel may end a process in the middle of a write.
    OnlyLastLost,
}

/// How a process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With an exit code.
    Code(i32),
    /// By a signal.
    Signal(i32),
}

/// How much of everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// For every test run.
    Small,
    /// As much as is promised.
    Full,
}

impl Scale {
    /// The scale of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Scale::Small, Scale::Full]
            .into_iter()
            .find(|scale| scale.name() == name)
    }

    /// As on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Scale::Small => "small",
            Scale::Full => "full",
        }
    }

    /// What there is of what counts most.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Scale::Small => "10 kills of each kind, 20,000 threads over time",
            Scale::Full => "200 kills of each kind, 1,000,000 threads over time",
        }
    }

    /// The figure for this scale.
    fn of<T>(self, small: T, full: T) -> T {
        match self {
            Scale::Small => small,
            Scale::Full => full,
        }
    }
}

impl Case {
    const fn new(
        name: &'static str,
        title: &'static str,
        promise: Promise,
        child: fn(&'static Stage) -> Outcome,
    ) -> Self {
        Case {
            name,
            title,
            promise,
            ending: Ending::Code(0),
            setup: USUAL,
            small_disk: None,
            memory_kib: None,
            limit_seconds: |_| 60,
            repeats: |_| 1,
            before: || Ok(()),
            child,
            meanwhile: |_| (),
            goes_on: false,
            restart: false,
        }
    }
}

/// All cases, in the order of the table.
pub const ALL: &[&[Case]] = &[
    endings::CASES,
    kills::CASES,
    processes::CASES,
    threads::CASES,
    code::CASES,
    disk::CASES,
    files::CASES,
    limits::CASES,
    streams::CASES,
    clock::CASES,
];

/// The case of that name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Case> {
    all().find(|case| case.name == name)
}

/// All cases, one by one.
pub fn all() -> impl Iterator<Item = &'static Case> {
    ALL.iter().copied().flatten()
}
