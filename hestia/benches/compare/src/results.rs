//! Figures as they come, one JSON object a line, and their medians.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::failure::{Naming as _, Result};
use crate::workloads::{Figures, Workload};

/// What the lines are called that say how far apart the cores were.
const ROUND_TRIP: &str = "round trip between cores, ns";

/// The file that runs are written to.
pub(crate) struct Journal(File);

impl Journal {
    pub(crate) fn create(path: &Path) -> Result<Self> {
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory)
                .or_cannot(format_args!("create {}", directory.display()))?;
        }
        let file = File::create(path).or_cannot(format_args!("create {}", path.display()))?;
        Ok(Journal(file))
    }

    /// On what it is measured, and how.
    pub(crate) fn machine(&mut self, facts: &BTreeMap<String, String>) -> Result<()> {
        self.line(&json!({ "machine": facts }))
    }

    /// How far apart the cores are at this moment, where that is known.
    pub(crate) fn round_trip(&mut self, nanos: Option<f64>) -> Result<()> {
        match nanos {
            Some(nanos) => self.line(&json!({ ROUND_TRIP: nanos })),
            None => Ok(()),
        }
    }

    pub(crate) fn run(
        &mut self,
        peer: &str,
        workload: &str,
        run: usize,
        outcome: Result<Figures>,
    ) -> Result<()> {
        self.line(&match outcome {
            Ok(figures) => {
                json!({ "peer": peer, "workload": workload, "run": run, "figures": figures })
            }
            Err(failure) => {
                json!({ "peer": peer, "workload": workload, "run": run, "failure": failure.to_string() })
            }
        })
    }

    fn line(&mut self, value: &Value) -> Result<()> {
        writeln!(self.0, "{value}").or_cannot("write down a result")
    }
}

/// All that was measured.
#[derive(Default)]
pub(crate) struct Results {
    pub(crate) machine: BTreeMap<String, String>,
    figures: BTreeMap<(String, String, String), Vec<f64>>,
    /// Of a cache line between the cores, before and after each round of runs, in nanoseconds; none in older files.
    round_trips: Vec<f64>,
    pub(crate) failures: Vec<(String, String, String)>,
}

impl Results {
    /// Reads what a [`Journal`] wrote; nothing, when there is none.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let mut results = Results::default();
        let Ok(text) = std::fs::read_to_string(path) else {
            return Ok(results);
        };
        for line in text.lines() {
            let value: Value = serde_json::from_str(line)
                .or_cannot(format_args!("read {}: {line}", path.display()))?;
            results.take(&value);
        }
        Ok(results)
    }

    fn take(&mut self, value: &Value) {
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_string();
        if let Some(machine) = value["machine"].as_object() {
            let before = self.machine.remove("command");
            let facts = machine.iter();
            self.machine = facts
                .map(|(name, fact)| (name.clone(), fact.as_str().unwrap_or_default().into()))
                .collect();
            // Of several runs whose files were put together, each says its own.
            if let (Some(before), Some(command)) = (before, self.machine.get_mut("command")) {
                *command = format!("{before}`, `{command}");
            }
        } else if let Some(nanos) = value[ROUND_TRIP].as_f64() {
            self.round_trips.push(nanos);
        } else if let Some(figures) = value["figures"].as_object() {
            for (name, figure) in figures {
                let key = (text("peer"), text("workload"), name.clone());
                let figures = self.figures.entry(key).or_default();
                figures.extend(figure.as_f64());
            }
        } else {
            let failure = (text("peer"), text("workload"), text("failure"));
            if !self.failures.contains(&failure) {
                self.failures.push(failure);
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.figures.is_empty()
    }

    /// The shortest and the longest round trip of a cache line between the cores, in nanoseconds.
    pub(crate) fn round_trips(&self) -> Option<(f64, f64)> {
        let all = || self.round_trips.iter().copied();
        all().reduce(f64::min).zip(all().reduce(f64::max))
    }

    /// The median of all runs.
    pub(crate) fn median(&self, peer: &str, workload: Workload, figure: &str) -> Option<f64> {
        self.median_of(peer, workload.name(), figure)
    }

    pub(crate) fn median_of(&self, peer: &str, workload: &str, figure: &str) -> Option<f64> {
        let key = (peer.into(), workload.into(), figure.into());
        let mut figures = self.figures.get(&key)?.clone();
        figures.sort_by(f64::total_cmp);
        figures.get(figures.len() / 2).copied()
    }

    /// The largest of all runs: how much was lost at worst.
    pub(crate) fn worst(&self, peer: &str, workload: Workload, figure: &str) -> Option<f64> {
        let key = (peer.into(), workload.name().into(), figure.into());
        self.figures.get(&key)?.iter().copied().reduce(f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_are_over_all_runs_and_failures_are_kept_once() {
        let directory = tempfile::tempdir().expect("a directory for temporary files");
        let path = directory.path().join("results.jsonl");
        let mut journal = Journal::create(&path).expect("a journal");
        for (run, figure) in [3.0, 1.0, 2.0].into_iter().enumerate() {
            let figures = Figures::from([("first call".to_string(), figure)]);
            journal
                .run("one", "burst", run, Ok(figures))
                .expect("written");
            let failure = crate::failure::Failure::new("no");
            journal
                .run("other", "burst", run, Err(failure))
                .expect("written");
        }
        let results = Results::read(&path).expect("what was written");
        assert_eq!(results.round_trips(), None, "as in older files");
        for nanos in [Some(126.0), None, Some(55.0)] {
            journal.round_trip(nanos).expect("written");
        }
        let results = Results::read(&path).expect("what was written");
        assert_eq!(results.round_trips(), Some((55.0, 126.0)));
        assert_eq!(
            results.median("one", Workload::Burst, "first call"),
            Some(2.0)
        );
        assert_eq!(
            results.worst("one", Workload::Burst, "first call"),
            Some(3.0)
        );
        assert_eq!(results.failures.len(), 1);
    }
}
