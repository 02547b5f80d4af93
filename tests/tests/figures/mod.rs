//! What a program told on its standard output, and the books it kept.
#![allow(dead_code, reason = "each family asks for some of it")]

use hestia_tests::Finished;
use serde_json::Value;

pub(crate) const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

/// Facts and figures, as the program told them.
pub(crate) struct Told {
    pub(crate) facts: Value,
    pub(crate) stats: Value,
}

impl Told {
    /// The last line of the program's output.
    pub(crate) fn by(program: &Finished) -> Self {
        Told::in_output(&program.stdout)
    }

    pub(crate) fn in_output(stdout: &str) -> Self {
        let line = stdout.lines().last().expect("the program tells something");
        let mut told: Value = serde_json::from_str(line).expect("the program tells JSON");
        Told {
            facts: told["facts"].take(),
            stats: told["stats"].take(),
        }
    }

    /// A number among the facts.
    pub(crate) fn fact(&self, name: &str) -> u64 {
        number(&self.facts[name], name)
    }

    /// A figure of an output.
    pub(crate) fn output(&self, output: &str, figure: &str) -> u64 {
        number(&self.stats["outputs"][output][figure], figure)
    }

    pub(crate) fn is_working(&self, output: &str) -> bool {
        let working = &self.stats["outputs"][output]["working"];
        working.as_bool().expect("there is such an output")
    }

    pub(crate) fn shed_at(&self, level: &str) -> u64 {
        number(&self.stats["shed"][level], level)
    }

    pub(crate) fn shed(&self) -> u64 {
        LEVELS.iter().map(|level| self.shed_at(level)).sum()
    }

    /// Checks that what the program executed is what was sent, that all of it was accepted or shed, and
    /// that every output has dealt with all of what was accepted.
    pub(crate) fn books_balance(&self, executed: u64) {
        let figure = |name: &str| number(&self.stats[name], name);
        assert_eq!(figure("sent"), executed, "sent: {}", self.stats);
        assert_eq!(
            figure("accepted") + self.shed(),
            executed,
            "accepted and shed: {}",
            self.stats
        );
        let outputs = self.stats["outputs"].as_object().expect("outputs");
        for name in outputs.keys() {
            assert_eq!(self.output(name, "pending"), 0, "{name}: {}", self.stats);
            let settled: u64 = ["written", "filtered", "failed"]
                .iter()
                .map(|figure| self.output(name, figure))
                .sum();
            assert_eq!(settled, figure("accepted"), "{name}: {}", self.stats);
        }
    }
}

pub(crate) fn number(value: &Value, name: &str) -> u64 {
    value
        .as_u64()
        .unwrap_or_else(|| panic!("{name} is {value}, not a number"))
}

/// Whether hestia wrote the record by itself, to say what was lost.
pub(crate) fn is_notice(record: &Value) -> bool {
    record["target"] == "hestia"
}
