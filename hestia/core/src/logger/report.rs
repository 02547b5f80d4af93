//! The effective configuration as a table.

use std::fmt;
use std::path::{self, Path};
use std::sync::atomic::Ordering;
use std::time::Duration;

use log::LevelFilter;

use super::live::{shifted, shifted_directives};
use super::outputs::{Color, Console, Switch};
use super::pipeline::{self, Output, Pipeline};
use super::settings::{CrashSafe, Origin, Said, Settings};
use crate::clock::TimeZone;
use crate::filter::directives::Table;
use crate::layout::in_words;
use crate::level::to_grammar;
use crate::queue::Overflow;
use crate::record::Entries;
use crate::sink::file::durability::Durability;
use crate::sink::file::rotation::Rotation;
use crate::sync::lock;
use crate::writer::fold::Folding;

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
    /// One line each.
    outputs: Vec<String>,
    notes: Vec<String>,
}

impl Report {
    pub(super) fn of(pipeline: &Pipeline) -> Self {
        let present = lock(&pipeline.present).clone();
        let mut rows = shifted_rows(&present.settings, present.shift);
        if let Some(source) = &pipeline.source {
            source.renew_lines(&mut rows);
        }
        let outputs = lock(&pipeline.outputs);
        Report {
            rows,
            outputs: outputs.iter().map(output_in_words).collect(),
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
    /// One line per setting, output and note; the last one without a line feed.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |cell: fn(&ReportRow) -> &str| {
            let widths = self.rows.iter().map(|row| cell(row).chars().count());
            widths.max().unwrap_or(0)
        };
        let (settings, values) = (width(|row| &row.setting), width(|row| &row.value));
        let mut separator = "";
        for row in &self.rows {
            let ReportRow {
                setting,
                value,
                origin,
            } = row;
            write!(
                out,
                "{separator}{setting:<settings$}  {value:<values$}  {origin}"
            )?;
            separator = "\n";
        }
        for output in &self.outputs {
            write!(out, "{separator}{output}")?;
            separator = "\n";
        }
        for note in &self.notes {
            write!(out, "{separator}note: {note}")?;
            separator = "\n";
        }
        Ok(())
    }
}

fn output_in_words(output: &Output) -> String {
    let state = match is_broken(output) {
        true => "NOT WORKING",
        false => "working",
    };
    let levels = output.table.load();
    let mut line = format!("output {}: {state}, levels {levels}", output.name);
    // Where the environment put a named logger's file.
    if let Some(path) = &output.moved_to {
        line.push_str(&format!(", in {}", path.display()));
    }
    line
}

fn is_broken(output: &Output) -> bool {
    output.counts.broken.load(Ordering::Relaxed)
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
    if let Some(source) = &pipeline.source {
        notes.extend(source.notes());
    }
    for output in outputs {
        if is_broken(output) {
            notes.push(format!("output {} does not work", output.name));
        }
        let refused = output.counts.sync_failures.load(Ordering::Relaxed);
        if refused > 0 {
            notes.push(format!(
                "output {}: the disk refused what had been written {refused} times; some of it may be lost",
                output.name
            ));
        }
    }
    notes
}

/// All settings in words, in a fixed order.
pub(super) fn rows(settings: &Settings) -> Vec<ReportRow> {
    shifted_rows(settings, 0)
}

/// The same with the levels where signals have shifted them to.
pub(super) fn shifted_rows(settings: &Settings, shift: i8) -> Vec<ReportRow> {
    let mut rows = Rows {
        rows: Vec::new(),
        shift,
    };
    let facts = &settings.facts;
    rows.add("app", settings.app.origin, &facts.application);
    let version = settings.version.value.as_deref();
    rows.add(
        "version",
        settings.version.origin,
        &version.unwrap_or("none"),
    );
    rows.add(
        "environment",
        settings.environment.origin,
        &facts.environment,
    );
    let container = facts.container_id.as_deref();
    rows.add(
        "container",
        settings.is_container.origin,
        &container.unwrap_or("none found"),
    );
    let directives = shifted_directives(&settings.directives.value, shift);
    let by = match shift {
        0 => settings.directives.origin,
        _ => Origin::Running,
    };
    let levels: &dyn fmt::Display = match directives.is_empty() {
        true => &lower(pipeline::DEFAULT_LEVEL),
        false => &directives,
    };
    rows.add("level", by, levels);
    match &settings.console.value {
        Some(console) => {
            let by = settings.console.origin;
            rows.add_output("console", by, console.level, &console_in_words(console), "");
        }
        None => rows.add("console", settings.console.origin, &"off"),
    }
    match &settings.text.value {
        Some(text) => {
            let rules = own_rules(text.rotate.as_ref(), text.sync);
            let path = file(text.path.as_deref());
            rows.add_output("text", settings.text.origin, text.level, &path, &rules);
        }
        None => rows.add("text", settings.text.origin, &"off"),
    }
    match &settings.json.value {
        Some(json) => {
            let rules = own_rules(json.rotate.as_ref(), json.sync);
            let rules = format!(", schema {}{rules}", small(&json.schema));
            let path = file(json.path.as_deref());
            rows.add_output("json", settings.json.origin, json.level, &path, &rules);
        }
        None => rows.add("json", settings.json.origin, &"off"),
    }
    let rotate: &dyn fmt::Display = match &settings.rotate.value {
        Some(said) => rotation_in_words(said),
        None => &Rotation::by_hand(),
    };
    rows.add("rotate", settings.rotate.origin, rotate);
    rows.add("sync", settings.sync.origin, &settings.sync.value);
    for output in &settings.outputs {
        let by = output.level_origin.unwrap_or(settings.code);
        let name = format!("sink {}", output.name);
        rows.add_output(&name, by, output.level, &"a sink of the program's", "");
    }
    rows.add(
        "logs_dir",
        settings.logs_dir.origin,
        &settings.logs_dir.value.display(),
    );
    if !settings.metadata.value.is_empty() {
        let fields = in_words(Entries::new(&settings.metadata.value));
        rows.add("metadata", settings.metadata.origin, &fields);
    }
    rows.add("redact", settings.redact.origin, &settings.redact.value);
    let overflow = match settings.overflow.value {
        Overflow::Block => "block",
        Overflow::DropNewest => "drop newest",
        Overflow::DropBelow(level) => &format!("drop below {}", small(&level)),
    };
    rows.add("overflow", settings.overflow.origin, &overflow);
    rows.add_time("block_limit", &settings.block_limit);
    rows.add(
        "order",
        settings.order.origin,
        &small(&settings.order.value),
    );
    rows.add_bytes("ring_bytes", &settings.ring_bytes);
    rows.add_bytes("queue_bytes", &settings.queue_bytes);
    rows.add_time("grace", &settings.grace);
    rows.add_time("linger", &settings.linger);
    let folding = match settings.fold_duplicates.value {
        Folding::Off => "off",
        Folding::ButErrors => "all but errors",
        Folding::All => "all",
    };
    rows.add("fold_duplicates", settings.fold_duplicates.origin, &folding);
    rows.add_time("exit_limit", &settings.exit_limit);
    rows.add_switch("panics", &settings.panics);
    let mut signals = String::new();
    for signal in &settings.drain_on.value {
        signals.push_str(if signals.is_empty() { "" } else { ", " });
        signals.push_str(signal.name());
    }
    let signals = match &*signals {
        "" => "no signal",
        signals => signals,
    };
    rows.add("drain_on", settings.drain_on.origin, &signals);
    rows.add_switch("reopen_on_hang_up", &settings.reopen_on_hang_up);
    rows.add_switch("level_signals", &settings.level_signals);
    let place: &dyn fmt::Display = match &settings.crash_safe.value {
        CrashSafe::Off => &"off",
        CrashSafe::On => &"on",
        CrashSafe::In(directory) => &directory.display(),
    };
    rows.add("crash_safe", settings.crash_safe.origin, place);
    rows.add_switch("drain_on_crash", &settings.drain_on_crash);
    rows.add_switch("internal_logger", &settings.internal_logger);
    let config: &dyn fmt::Display = match &settings.config.value {
        Some(path) => &path.display(),
        None => &"none",
    };
    rows.add("config", settings.config.origin, config);
    rows.add_switch("watch", &settings.watch);
    let tracing = on_or_off(settings.tracing.value.is_some());
    rows.add("tracing", settings.tracing.origin, &tracing);
    rows.add_switch("env", &settings.reads_environment);
    rows.rows
}

struct Rows {
    rows: Vec<ReportRow>,
    /// By so many levels signals have shifted what is logged.
    shift: i8,
}

impl Rows {
    /// (A trait object, and never inlined: with a closure for each row this table was 12 kB in every program.)
    #[inline(never)]
    fn add(&mut self, setting: &str, origin: Origin, value: &dyn fmt::Display) {
        self.rows.push(ReportRow {
            setting: setting.to_owned(),
            value: value.to_string(),
            origin,
        });
    }

    fn add_switch(&mut self, setting: &str, said: &Said<bool>) {
        self.add(setting, said.origin, &on_or_off(said.value));
    }

    fn add_time(&mut self, setting: &str, said: &Said<Duration>) {
        self.add(setting, said.origin, &format_args!("{:?}", said.value));
    }

    fn add_bytes(&mut self, setting: &str, said: &Said<usize>) {
        self.add(setting, said.origin, &bytes(said.value));
    }

    /// An output, which may have a level of its own: that is shown where it is now, between the rest. Whoever shifts one is to
    /// be named for it.
    fn add_output(
        &mut self,
        setting: &str,
        by: Origin,
        own_level: Option<LevelFilter>,
        before: &dyn fmt::Display,
        after: &str,
    ) {
        match own_level {
            Some(level) => {
                let by = if self.shift == 0 { by } else { Origin::Running };
                let level = lower(shifted(level, self.shift));
                self.add(setting, by, &format_args!("{before}, level {level}{after}"));
            }
            None => self.add(setting, by, &format_args!("{before}{after}")),
        }
    }
}

fn on_or_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

fn lower(level: LevelFilter) -> &'static str {
    to_grammar(level).as_str()
}

fn rotation_in_words(said: &Switch<Rotation>) -> &dyn fmt::Display {
    match &said.0 {
        Some(rotation) => rotation,
        None => &"off",
    }
}

/// What a file says itself about what is said of all.
fn own_rules(rotate: Option<&Switch<Rotation>>, sync: Option<Durability>) -> String {
    let mut rules = String::new();
    if let Some(said) = rotate {
        rules.push_str(&format!(", rotate {}", rotation_in_words(said)));
    }
    if let Some(said) = sync {
        rules.push_str(&format!(", sync {said}"));
    }
    rules
}

/// A choice that has one word for a name.
fn small(choice: &dyn fmt::Debug) -> String {
    format!("{choice:?}").to_ascii_lowercase()
}

fn bytes(count: usize) -> String {
    const KIB: usize = 1 << 10;
    const MIB: usize = 1 << 20;
    match count {
        count if count > 0 && count.is_multiple_of(MIB) => format!("{} MiB", count / MIB),
        count if count > 0 && count.is_multiple_of(KIB) => format!("{} KiB", count / KIB),
        count => format!("{count} bytes"),
    }
}

fn console_in_words(console: &Console) -> String {
    let zone = match console.zone {
        TimeZone::Local => ", local time",
        _ => "",
    };
    let color = match console.color {
        Color::Auto => "coloured on a terminal",
        Color::Always => "coloured",
        Color::Never => "not coloured",
    };
    let style = small(&console.style);
    format!("{}, {style}, {color}{zone}", console.stream)
}

fn file(path: Option<&Path>) -> path::Display<'_> {
    path.unwrap_or(Path::new("")).display()
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(lower(self.default))?;
        for rule in &self.rules {
            write!(out, ",{}={}", rule.target, lower(rule.level))?;
        }
        Ok(())
    }
}
