//! The effective configuration as a table, and why a record is where it is or is not.
//!
//! "Filters hide in many places, so show them."

use std::fmt;

use log::{Level, LevelFilter};

use super::pipeline::{self, Output, Pipeline};
use super::settings::{Origin, Said, Settings};
use crate::filter::directives::{Decision, Table};
use crate::record::Entries;
use crate::stats::OutputStats;
use crate::sync::lock;

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReportRow {
    /// Its name, as the builder has it.
    pub setting: String,
    /// What it is, in words.
    pub value: String,
    /// Who said so.
    pub origin: Origin,
}

/// The effective configuration; made by [`crate::report`], printed as a table.
///
/// # Example
/// ```
/// use hestia::Origin;
/// hestia::builder().app("billing").console(false).text(false).json(false).env(false).init()?;
/// let report = hestia::report().expect("hestia is running");
/// assert_eq!(report.row("app").map(|row| row.origin), Some(Origin::Builder));
/// println!("{report}");
/// # Ok::<(), hestia::InitError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Report {
    rows: Vec<ReportRow>,
    outputs: Vec<OutputReport>,
    notes: Vec<String>,
}

#[derive(Clone, Debug)]
struct OutputReport {
    levels: String,
    stats: OutputStats,
}

impl Report {
    pub(super) fn of(pipeline: &Pipeline) -> Self {
        let mut rows = rows(&pipeline.settings);
        let directives = lock(&pipeline.directives).clone();
        if directives != pipeline.settings.directives.value
            && let Some(row) = rows.iter_mut().find(|row| row.setting == "level")
        {
            row.value = levels_in_words(&directives.to_string());
            row.origin = Origin::Running;
        }
        let stats = pipeline.stats();
        let outputs = lock(&pipeline.outputs);
        let shown = outputs
            .iter()
            .zip(stats.outputs)
            .map(|(output, stats)| OutputReport {
                levels: output.table.load().to_string(),
                stats,
            });
        Report {
            rows,
            outputs: shown.collect(),
            notes: notes(pipeline, &outputs),
        }
    }

    /// All settings.
    #[must_use]
    pub fn rows(&self) -> &[ReportRow] {
        &self.rows
    }

    /// The setting with this name.
    #[must_use]
    pub fn row(&self, setting: &str) -> Option<&ReportRow> {
        self.rows.iter().find(|row| row.setting == setting)
    }

    /// What deserves attention: outputs that do not work, directives that never matched, a maximum level
    /// that somebody else changed.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.rows.iter().fold((0, 0), |(setting, value), row| {
            (
                setting.max(row.setting.len()),
                value.max(row.value.chars().count()),
            )
        });
        for ReportRow {
            setting,
            value,
            origin,
        } in &self.rows
        {
            writeln!(
                out,
                "{setting:<0$}  {value:<1$}  {origin}",
                widths.0, widths.1
            )?;
        }
        for OutputReport { levels, stats } in &self.outputs {
            let state = if stats.working {
                "working"
            } else {
                "NOT WORKING"
            };
            writeln!(out, "output {}: {state}, levels {levels}", stats.name)?;
        }
        for note in &self.notes {
            writeln!(out, "note: {note}")?;
        }
        Ok(())
    }
}

fn notes(pipeline: &Pipeline, outputs: &[Output]) -> Vec<String> {
    let mut notes = Vec::new();
    let gate = pipeline.gate();
    let (max_level, wanted) = (log::max_level(), gate.max_level());
    if max_level != wanted {
        notes.push(format!(
            "log::max_level() is {max_level}, and hestia had set it to {wanted}: other code changed it"
        ));
    }
    if log::STATIC_MAX_LEVEL < wanted {
        notes.push(format!(
            "the program was compiled with a maximum level of {}; statements below it are not in it",
            log::STATIC_MAX_LEVEL
        ));
    }
    for rule in gate.rules.iter().filter(|rule| !rule.has_matched()) {
        notes.push(format!(
            "no record's target has matched `{}={}` so far",
            rule.target,
            lower(rule.said)
        ));
    }
    for output in outputs {
        if output
            .counts
            .broken
            .load(std::sync::atomic::Ordering::Relaxed)
        {
            notes.push(format!("output {} does not work", output.name));
        }
    }
    notes
}

/// All settings in words, in a fixed order.
pub(super) fn rows(settings: &Settings) -> Vec<ReportRow> {
    let mut rows = Rows(Vec::new());
    let facts = &settings.facts;
    rows.add("app", &settings.app, |_| facts.application.clone());
    rows.add("version", &settings.version, |version| {
        or(version.as_deref(), "none")
    });
    rows.add("environment", &settings.environment, |_| {
        facts.environment.clone()
    });
    rows.add("container", &settings.is_container, |_| {
        or(facts.container_id.as_deref(), "none found")
    });
    rows.add("level", &settings.directives, |directives| {
        levels_in_words(&directives.to_string())
    });
    rows.add("console", &settings.console, |console| match console {
        None => "off".to_owned(),
        Some(console) => format!(
            "{:?}, {:?}, colour {:?}{}",
            console.stream,
            console.style,
            console.color,
            own_level(console.level)
        ),
    });
    rows.add("text", &settings.text, |text| match text {
        None => "off".to_owned(),
        Some(text) => file(text.path.as_ref(), text.level),
    });
    rows.add("json", &settings.json, |json| match json {
        None => "off".to_owned(),
        Some(json) => format!(
            "{}, {:?}",
            file(json.path.as_ref(), json.level),
            json.schema
        ),
    });
    for output in &settings.outputs {
        let value = format!("a sink of the program's{}", own_level(output.level));
        rows.push(&format!("sink {}", output.name), value, Origin::Builder);
    }
    rows.add("logs_dir", &settings.logs_dir, |path| {
        path.display().to_string()
    });
    if !settings.metadata.is_empty() {
        let metadata = format!("{:?}", Entries::new(&settings.metadata));
        rows.push("metadata", metadata, Origin::Builder);
    }
    rows.add("overflow", &settings.overflow, |overflow| {
        format!("{overflow:?}")
    });
    rows.add("block_limit", &settings.block_limit, |limit| {
        format!("{limit:?}")
    });
    rows.add("order", &settings.order, |order| format!("{order:?}"));
    rows.add("ring_bytes", &settings.ring_bytes, ToString::to_string);
    rows.add("queue_bytes", &settings.queue_bytes, ToString::to_string);
    rows.add("grace", &settings.grace, |window| format!("{window:?}"));
    rows.add("linger", &settings.linger, |span| format!("{span:?}"));
    rows.add("exit_limit", &settings.exit_limit, |limit| {
        format!("{limit:?}")
    });
    rows.add("panics", &settings.panics, on_or_off);
    rows.add("drain_on", &settings.drain_on, |signals| {
        format!("{signals:?}")
    });
    rows.add("reopen_on_hang_up", &settings.reopen_on_hang_up, on_or_off);
    rows.add("internal_logger", &settings.internal_logger, on_or_off);
    rows.add("env", &settings.reads_environment, on_or_off);
    rows.0
}

struct Rows(Vec<ReportRow>);

impl Rows {
    fn add<T>(&mut self, setting: &str, said: &Said<T>, in_words: impl FnOnce(&T) -> String) {
        self.push(setting, in_words(&said.value), said.origin);
    }

    fn push(&mut self, setting: &str, value: String, origin: Origin) {
        self.0.push(ReportRow {
            setting: setting.to_owned(),
            value,
            origin,
        });
    }
}

fn or(value: Option<&str>, none: &str) -> String {
    value.unwrap_or(none).to_owned()
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as `Rows::add` has it")]
fn on_or_off(on: &bool) -> String {
    if *on { "on" } else { "off" }.to_owned()
}

fn levels_in_words(directives: &str) -> String {
    let default = pipeline::DEFAULT_LEVEL.as_str().to_ascii_lowercase();
    if directives.is_empty() {
        default
    } else {
        directives.to_owned()
    }
}

fn lower(level: LevelFilter) -> String {
    level.as_str().to_ascii_lowercase()
}

fn own_level(level: Option<LevelFilter>) -> String {
    level.map_or_else(String::new, |level| {
        format!(", level {}", level.as_str().to_ascii_lowercase())
    })
}

fn file(path: Option<&std::path::PathBuf>, level: Option<LevelFilter>) -> String {
    let path = path.map_or_else(String::new, |path| path.display().to_string());
    format!("{path}{}", own_level(level))
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.default.as_str().to_ascii_lowercase())?;
        for rule in &self.rules {
            write!(
                out,
                ",{}={}",
                rule.target,
                rule.level.as_str().to_ascii_lowercase()
            )?;
        }
        Ok(())
    }
}

/// Which filters a record of some target and level meets, and what each of them does; made by
/// [`crate::explain`].
///
/// # Example
/// ```
/// use hestia::Level;
/// hestia::builder().level("info,hyper=warn").console(true).text(false).json(false).env(false).init()?;
/// let why = hestia::explain("hyper::client", Level::Info).expect("hestia is running");
/// assert!(!why.is_logged());
/// assert!(why.to_string().contains("hyper=warn"));
/// # Ok::<(), hestia::InitError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Explanation {
    target: String,
    level: Level,
    steps: Vec<Step>,
}

/// What one filter does with the record.
#[derive(Clone, Debug)]
struct Step {
    place: String,
    passes: bool,
    why: String,
    /// The last filter of an output: what passes it is written.
    is_output: bool,
}

impl Explanation {
    pub(super) fn of(pipeline: &Pipeline, target: &str, level: Level) -> Self {
        let mut steps = vec![
            limit("compiled into the program", log::STATIC_MAX_LEVEL, level),
            limit("log::max_level()", log::max_level(), level),
        ];
        let outputs = lock(&pipeline.outputs);
        steps.extend(outputs.iter().map(|output| step(output, target, level)));
        Explanation {
            target: target.to_owned(),
            level,
            steps,
        }
    }

    /// Whether some output writes such a record, filters of the program's own apart.
    #[must_use]
    pub fn is_logged(&self) -> bool {
        let (outputs, before): (Vec<_>, Vec<_>) =
            self.steps.iter().partition(|step| step.is_output);
        before.iter().all(|step| step.passes) && outputs.iter().any(|step| step.passes)
    }

    /// Whether the output with this name writes such a record, filters of the program's own apart.
    #[must_use]
    pub fn is_logged_to(&self, output: &str) -> bool {
        let before = self.steps.iter().filter(|step| !step.is_output);
        let mut this = self
            .steps
            .iter()
            .filter(|step| step.is_output && step.place == output);
        before.into_iter().all(|step| step.passes) && this.any(|step| step.passes)
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "a record of `{}` at {}:", self.target, self.level)?;
        for Step {
            place, passes, why, ..
        } in &self.steps
        {
            let verdict = if *passes { "passes" } else { "STOPS" };
            write!(out, "\n  {place}: {verdict} ({why})")?;
        }
        Ok(())
    }
}

fn limit(place: &str, limit: LevelFilter, level: Level) -> Step {
    Step {
        place: place.to_owned(),
        passes: level <= limit,
        why: format!("at most {limit}"),
        is_output: false,
    }
}

fn step(output: &Output, target: &str, level: Level) -> Step {
    let table = output.table.load();
    let decision = table.decide(target);
    let mut why = match decision {
        Decision::Default(limit) if output.own_level.is_some() => {
            format!("the output's own level is {limit}")
        }
        Decision::Default(limit) => format!("the default level is {limit}"),
        Decision::Rule(rule) => {
            let said = format!("by the directive {}={}", rule.target, lower(rule.said));
            if rule.level == rule.said {
                said
            } else {
                format!(
                    "{said}, capped by the output's own level {}",
                    lower(rule.level)
                )
            }
        }
    };
    if output.is_filtered {
        why.push_str("; then a filter of the program's decides");
    }
    if output.only_logger.is_some() {
        why.push_str("; only records of its named logger");
    }
    Step {
        place: output.name.clone(),
        passes: level <= decision.level(),
        why,
        is_output: true,
    }
}
