//! What a program tells its test, facts of its own and hestia's figures, as one line of JSON on standard
//! output; and the test's side of it: reading that line, and checking the books.

use std::io::Write;

use hestia::{Level, OutputStats, Report, Stats};
use serde_json::{Map, Value, json};

use crate::Finished;

/// Tells the facts, and hestia's figures at this moment.
pub fn tell(facts: &Value) {
    tell_to(&mut std::io::stdout(), facts);
}

/// As [`tell`], for programs whose standard output is elsewhere.
pub fn tell_to(out: &mut impl Write, facts: &Value) {
    let stats = hestia::stats().map_or(Value::Null, |stats| of(&stats));
    let line = json!({ "facts": facts, "stats": stats });
    // Some scenarios run without a standard output.
    let _ = writeln!(out, "{line}");
}

fn of(stats: &Stats) -> Value {
    let shed: Map<String, Value> = Level::iter()
        .map(|level| (level.as_str().to_lowercase(), stats.shed.of(level).into()))
        .collect();
    let outputs: Map<String, Value> = stats
        .outputs
        .iter()
        .map(|output| (output.name.clone(), of_output(output)))
        .collect();
    json!({
        "sent": stats.sent(),
        "accepted": stats.accepted,
        "shed": shed,
        "suppressed": stats.suppressed,
        "errors": stats.errors,
        "queue_bytes": stats.queue_bytes,
        "outputs": outputs,
    })
}

fn of_output(output: &OutputStats) -> Value {
    json!({
        "written": output.written,
        "filtered": output.filtered,
        "folded": output.folded,
        "failed": output.failed,
        "pending": output.pending,
        "notices": output.notices,
        "bytes": output.bytes,
        "errors": output.errors,
        "working": output.working,
    })
}

/// Each setting of hestia's report, and who said it.
#[must_use]
pub fn rows(report: &Report) -> Value {
    let rows = report.rows().iter().map(|row| {
        let said = json!({ "value": row.value, "origin": row.origin.to_string() });
        (row.setting.clone(), said)
    });
    rows.collect::<Map<_, _>>().into()
}

/// What a flush says when it fails; null otherwise.
#[must_use]
pub fn flushed() -> Value {
    json!(hestia::flush().map_err(|error| error.to_string()).err())
}

/// The names of the levels, as the figures have them.
pub const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

/// Facts and figures, as the program told them.
#[derive(Debug)]
pub struct Told {
    /// What the program found out by itself.
    pub facts: Value,
    /// hestia's figures; null where it was not turned on.
    pub stats: Value,
}

impl Told {
    /// The last line of the program's output.
    ///
    /// # Panics
    /// When it is none that [`tell`] writes.
    #[must_use]
    pub fn by(program: &Finished) -> Self {
        Told::in_output(&program.stdout)
    }

    /// The last line of what a program printed.
    ///
    /// # Panics
    /// As [`Told::by`].
    #[must_use]
    pub fn in_output(stdout: &str) -> Self {
        let line = stdout.lines().last().expect("the program tells something");
        let mut told: Value = serde_json::from_str(line).expect("the program tells JSON");
        Told {
            facts: told["facts"].take(),
            stats: told["stats"].take(),
        }
    }

    /// A number among the facts.
    ///
    /// # Panics
    /// When there is no number of this name.
    #[must_use]
    pub fn fact(&self, name: &str) -> u64 {
        number(&self.facts[name], name)
    }

    /// A setting among [`rows`], which the program told by that name: its value, and who said it.
    #[must_use]
    pub fn row(&self, setting: &str) -> (String, String) {
        let row = &self.facts["rows"][setting];
        let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        (text("value"), text("origin"))
    }

    /// A figure of an output.
    ///
    /// # Panics
    /// When there is no such output or figure.
    #[must_use]
    pub fn output(&self, output: &str, figure: &str) -> u64 {
        number(&self.stats["outputs"][output][figure], figure)
    }

    /// Whether an output still takes lines.
    ///
    /// # Panics
    /// When there is no such output.
    #[must_use]
    pub fn is_working(&self, output: &str) -> bool {
        let working = &self.stats["outputs"][output]["working"];
        working.as_bool().expect("there is such an output")
    }

    /// How many records of a level were shed.
    ///
    /// # Panics
    /// When there is no such level.
    #[must_use]
    pub fn shed_at(&self, level: &str) -> u64 {
        number(&self.stats["shed"][level], level)
    }

    /// How many records were shed, of all levels.
    ///
    /// # Panics
    /// When the program told no figures.
    #[must_use]
    pub fn shed(&self) -> u64 {
        LEVELS.iter().map(|level| self.shed_at(level)).sum()
    }

    /// Checks that the books balance, as [`Told::imbalance`] has it.
    ///
    /// # Panics
    /// When they do not.
    pub fn books_balance(&self, executed: u64) {
        if let Some(wrong) = self.imbalance(executed) {
            panic!("{wrong}: {}", self.stats);
        }
    }

    /// What is wrong with the books, if something is: what the program executed is what was sent, all of it was
    /// accepted or shed, and every output has dealt with all of what was accepted; or, where it was told without a flush, the
    /// console has it before it.
    ///
    /// # Panics
    /// When the program told no figures.
    #[must_use]
    pub fn imbalance(&self, executed: u64) -> Option<String> {
        let figure = |name: &str| number(&self.stats[name], name);
        let (sent, accepted, shed) = (figure("sent"), figure("accepted"), self.shed());
        if sent != executed || accepted + shed != executed {
            return Some(format!(
                "{executed} executed, {sent} sent, {accepted} accepted, {shed} shed"
            ));
        }
        let outputs = self.stats["outputs"].as_object().expect("outputs");
        outputs.keys().find_map(|name| {
            let of = |figure: &str| self.output(name, figure);
            let (written, filtered, failed) = (of("written"), of("filtered"), of("failed"));
            let folded = of("folded");
            let pending = of("pending");
            let may_be_pending = name == "console" && self.facts["flushed"] == false;
            let balances = written + filtered + folded + failed + pending == accepted
                && (may_be_pending || pending == 0);
            (!balances).then(|| {
                format!(
                    "{name}: {accepted} accepted, {written} written, {filtered} filtered, {folded} folded, {failed} failed, {pending} pending"
                )
            })
        })
    }
}

/// The number; the name is for the message.
///
/// # Panics
/// When it is none.
#[must_use]
pub fn number(value: &Value, name: &str) -> u64 {
    value
        .as_u64()
        .unwrap_or_else(|| panic!("{name} is {value}, not a number"))
}

/// Whether hestia wrote the record by itself, to say what was lost.
#[must_use]
pub fn is_notice(record: &Value) -> bool {
    record["target"] == "hestia"
}

/// How many records of a level a notice says were lost: the figure before the level's name, as in
/// `… records lost between … and …: 12 info, 3 debug (…)`. Lines that are no notices say of none.
#[must_use]
pub fn said_lost(line: &str, level: &str) -> u64 {
    let figure = || {
        let (_, message) = line.split_once("records lost between")?;
        let (message, _) = message.split_once(" (")?;
        let mut words = message.split([' ', ',']).filter(|word| !word.is_empty());
        let mut before = "";
        words.find_map(|word| {
            let figure = (word == level).then(|| before.parse().ok()).flatten();
            before = word;
            figure
        })
    };
    figure().unwrap_or(0)
}
