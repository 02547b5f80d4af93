//! The command line.

use std::path::PathBuf;

use crate::failure::{Failure, Result};
use crate::peers;
use crate::workloads::{Size, Workload};

pub(crate) const HELP: &str = "\
hestia-compare [measure|weight|report|readme] [options]

  measure               runs all workloads with all loggers, then weighs, and writes the results (what is done without a word)
  weight                only builds programs with hestia and with tracing: seconds and bytes
  report                draws tables and charts once more from the figures in the output directory
  readme                puts the main table and the charts into the README

  --quick               little of everything, to see that it works; its figures mean nothing
  --only NAME,NAME      these loggers only
  --workloads NAME,NAME these workloads only: call burst text text-4 json text+json console threads allocations
  --runs N              how often each is run; 5 unless said otherwise, 1 with --quick
  --out DIRECTORY       where results go; hestia/benches/compare/results unless said otherwise";

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Measure,
    Weight,
    Report,
    Readme,
    Help,
    /// One run of one workload with one logger: what this program starts itself for.
    Child {
        peer: String,
        workload: Workload,
        directory: PathBuf,
    },
}

/// What the command line says.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) command: Command,
    pub(crate) quick: bool,
    pub(crate) only: Option<Vec<String>>,
    pub(crate) workloads: Vec<Workload>,
    pub(crate) runs: Option<usize>,
    pub(crate) out: PathBuf,
}

impl Options {
    /// Whether nothing was left out.
    pub(crate) fn is_whole(&self) -> bool {
        self.only.is_none() && self.workloads.len() == Workload::ALL.len()
    }

    pub(crate) fn read(mut words: impl Iterator<Item = String>) -> Result<Self> {
        let mut options = Options {
            command: Command::Measure,
            quick: false,
            only: None,
            workloads: Workload::ALL.to_vec(),
            runs: None,
            out: PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/results")),
        };
        while let Some(word) = words.next() {
            let mut value = |what: &str| {
                words
                    .next()
                    .ok_or_else(|| Failure::new(format!("{word} needs {what}")))
            };
            match word.as_str() {
                "measure" => options.command = Command::Measure,
                "weight" => options.command = Command::Weight,
                "report" => options.command = Command::Report,
                "readme" => options.command = Command::Readme,
                "--help" | "-h" => options.command = Command::Help,
                "child" => {
                    options.command = Command::Child {
                        peer: value("a logger")?,
                        workload: workload(&value("a workload")?)?,
                        directory: value("a directory")?.into(),
                    };
                }
                "--quick" => options.quick = true,
                "--only" => options.only = Some(known_peers(&value("names of loggers")?)?),
                "--workloads" => {
                    let names = value("names of workloads")?;
                    options.workloads = names.split(',').map(workload).collect::<Result<_>>()?;
                }
                "--runs" => {
                    let number = value("a number")?;
                    let runs = number.parse().ok().filter(|runs| *runs > 0);
                    options.runs = Some(runs.ok_or_else(|| {
                        Failure::new(format!("--runs needs a number above 0, not {number}"))
                    })?);
                }
                "--out" => options.out = value("a directory")?.into(),
                _ => return Err(Failure::new(format!("unknown word {word}\n\n{HELP}"))),
            }
        }
        Ok(options)
    }

    pub(crate) fn size(&self) -> Size {
        if self.quick { Size::QUICK } else { Size::FULL }
    }

    pub(crate) fn runs(&self) -> usize {
        self.runs.unwrap_or(if self.quick { 1 } else { 5 })
    }

    pub(crate) fn wants(&self, peer: &str) -> bool {
        self.only
            .as_ref()
            .is_none_or(|names| names.iter().any(|name| name == peer))
    }
}

fn workload(name: &str) -> Result<Workload> {
    Workload::named(name).ok_or_else(|| Failure::new(format!("there is no workload {name}")))
}

fn known_peers(names: &str) -> Result<Vec<String>> {
    let known: Vec<&str> = peers::all().iter().map(|peer| peer.name).collect();
    names
        .split(',')
        .map(|name| {
            if known.contains(&name) {
                Ok(name.into())
            } else {
                let known = known.join(", ");
                Err(Failure::new(format!(
                    "there is no logger {name}; there are {known}"
                )))
            }
        })
        .collect()
}
