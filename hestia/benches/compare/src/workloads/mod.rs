//! What is measured. Each runs in a process of its own, with one logger, and answers with figures that have names.

mod allocations;
mod burst;
mod call;
mod console;
mod file;
mod threads;

use std::collections::BTreeMap;
use std::path::Path;

use crate::failure::Result;
use crate::peers::{Need, Output, Peer};

pub(crate) use call::POINTS;
pub(crate) use threads::COUNTS as THREADS;

/// Figures of one run, by their names.
pub(crate) type Figures = BTreeMap<String, f64>;

/// A sort of statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Statement {
    Arguments,
    Constant,
    Fields,
    Off,
}

impl Statement {
    pub(crate) const ALL: [Statement; 4] = [
        Statement::Arguments,
        Statement::Constant,
        Statement::Fields,
        Statement::Off,
    ];

    /// As in the names of figures.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Statement::Arguments => "3 arguments",
            Statement::Constant => "constant",
            Statement::Fields => "3 key-values",
            Statement::Off => "off",
        }
    }

    /// What a logger must be able to do for it.
    pub(crate) fn need(self) -> Option<Need> {
        match self {
            Statement::Arguments | Statement::Constant => None,
            Statement::Fields => Some(Need::Fields),
            Statement::Off => Some(Need::Off),
        }
    }
}

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// Calls of each sort of statement.
    pub(crate) calls: usize,
    /// Records written into files.
    pub(crate) records: usize,
    /// Lines written to the console.
    pub(crate) lines: usize,
    /// Silences before a single call.
    pub(crate) silences: usize,
    /// Batches of each number of threads.
    pub(crate) batches: usize,
}

impl Size {
    pub(crate) const FULL: Size = Size {
        calls: 200_000,
        records: 1_000_000,
        lines: 300_000,
        silences: 300,
        batches: 15,
    };

    pub(crate) const QUICK: Size = Size {
        calls: 10_000,
        records: 40_000,
        lines: 10_000,
        silences: 20,
        batches: 2,
    };
}

/// One measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Workload {
    Call,
    Burst,
    Text,
    TextOf4,
    Json,
    TextAndJson,
    Console,
    Threads,
    Allocations,
}

impl Workload {
    pub(crate) const ALL: [Workload; 9] = [
        Workload::Call,
        Workload::Burst,
        Workload::Text,
        Workload::TextOf4,
        Workload::Json,
        Workload::TextAndJson,
        Workload::Console,
        Workload::Threads,
        Workload::Allocations,
    ];

    /// As on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Workload::Call => "call",
            Workload::Burst => "burst",
            Workload::Text => "text",
            Workload::TextOf4 => "text-4",
            Workload::Json => "json",
            Workload::TextAndJson => "text+json",
            Workload::Console => "console",
            Workload::Threads => "threads",
            Workload::Allocations => "allocations",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|workload| workload.name() == name)
    }

    /// Where the loggers write meanwhile.
    pub(crate) fn output(self) -> Output {
        match self {
            Workload::Json => Output::Json,
            Workload::TextAndJson => Output::TextAndJson,
            Workload::Console => Output::Console,
            _ => Output::Text,
        }
    }

    /// How often it is repeated, when `runs` is how often the others are: what counts does not vary.
    pub(crate) fn runs(self, runs: usize) -> usize {
        match self {
            Workload::Allocations => 1,
            _ => runs,
        }
    }

    /// Measures, in this process.
    pub(crate) fn run<P: Peer>(self, directory: &Path, size: &Size) -> Result<Figures> {
        let peer = P::set_up(self.output(), directory)?;
        let place = file::Place {
            directory,
            files: if self == Workload::TextAndJson { 2 } else { 1 },
        };
        match self {
            Workload::Call => Ok(call::run(peer, directory, size)),
            Workload::Burst => Ok(burst::run(peer, size)),
            Workload::Text | Workload::TextAndJson => {
                file::run(peer, Statement::Arguments, 1, &place, size)
            }
            Workload::TextOf4 => file::run(peer, Statement::Arguments, 4, &place, size),
            Workload::Json => file::run(peer, Statement::Fields, 1, &place, size),
            Workload::Console => Ok(console::run(peer, size)),
            Workload::Threads => Ok(threads::run(&peer, directory, size)),
            Workload::Allocations => Ok(allocations::run(&peer)),
        }
    }
}

/// What the statements say; a text that is made at run time, as it would be in a program.
fn symbol() -> String {
    std::hint::black_box(String::from("ESZ6"))
}

fn price(order: u64) -> f64 {
    std::hint::black_box(order as f64 * 0.25)
}
