//! The effective configuration as a table.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use log::LevelFilter;

use super::live::{shifted, shifted_directives};
use super::outputs::{Color, Console, Switch};
use super::pipeline::{self, Output, Pipeline};
use super::settings::{CrashSafe, Origin, Said, Settings};
use crate::clock::TimeZone;
use crate::filter::directives::Table;
use crate::layout::in_words;
use crate::queue::Overflow;
use crate::record::Entries;
use crate::sink::file::durability::Durability;
use crate::sink::file::rotation::Rotation;
use crate::stats::OutputStats;
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
    outputs: Vec<OutputReport>,
    notes: Vec<String>,
}

#[derive(Clone, Debug)]
struct OutputReport {
    levels: String,
    stats: OutputStats,
    /// Where the environment put a named logger's file.
    moved_to: Option<PathBuf>,
}

impl Report {
    pub(super) fn of(pipeline: &Pipeline) -> Self {
        let present = lock(&pipeline.present).clone();
        let mut rows = shifted_rows(&present.settings, present.shift);
        if let Some(source) = &pipeline.source {
            source.renew_lines(&mut rows);
        }
        let stats = pipeline.stats();
        let outputs = lock(&pipeline.outputs);
        let shown = outputs
            .iter()
            .zip(stats.outputs)
            .map(|(output, stats)| OutputReport {
                levels: output.table.load().to_string(),
                stats,
                moved_to: output.moved_to.clone(),
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

impl fmt::Display for OutputReport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.stats.working {
            true => "working",
            false => "NOT WORKING",
        };
        let OutputReport { levels, stats, .. } = self;
        write!(out, "output {}: {state}, levels {levels}", stats.name)?;
        match &self.moved_to {
            Some(path) => write!(out, ", in {}", path.display()),
            None => Ok(()),
        }
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
    if let Some(source) = &pipeline.source {
        notes.extend(source.notes());
    }
    for output in outputs {
        if output
            .counts
            .broken
            .load(std::sync::atomic::Ordering::Relaxed)
        {
            notes.push(format!("output {} does not work", output.name));
        }
        let refused = output
            .counts
            .sync_failures
            .load(std::sync::atomic::Ordering::Relaxed);
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
    let directives = shifted_directives(&settings.directives.value, shift);
    let by = match shift {
        0 => settings.directives.origin,
        _ => Origin::Running,
    };
    rows.push("level", levels_in_words(&directives.to_string()), by);
    rows.add_output(
        "console",
        &settings.console,
        |console| console.level,
        console_in_words,
    );
    rows.add_output(
        "text",
        &settings.text,
        |text| text.level,
        |text, level| {
            let path = file(text.path.as_deref(), level);
            let rotation = own_rotation(text.rotate.as_ref());
            format!("{path}{rotation}{}", own_sync(text.sync))
        },
    );
    rows.add_output(
        "json",
        &settings.json,
        |json| json.level,
        |json, level| {
            let path = file(json.path.as_deref(), level);
            let rotation = own_rotation(json.rotate.as_ref());
            let sync = own_sync(json.sync);
            format!("{path}, schema {}{rotation}{sync}", small(json.schema))
        },
    );
    rows.add("rotate", &settings.rotate, |rotate| {
        rotate.as_ref().map_or_else(by_hand, rotation_in_words)
    });
    rows.add("sync", &settings.sync, Durability::to_string);
    for output in &settings.outputs {
        let by = output.level_origin.unwrap_or(settings.code);
        let (level, by) = rows.shown(output.level, by);
        let value = format!("a sink of the program's{}", own_level(level));
        rows.push(&format!("sink {}", output.name), value, by);
    }
    rows.add("logs_dir", &settings.logs_dir, |path| {
        path.display().to_string()
    });
    if !settings.metadata.value.is_empty() {
        rows.add("metadata", &settings.metadata, |fields| {
            in_words(Entries::new(fields))
        });
    }
    rows.add("redact", &settings.redact, ToString::to_string);
    rows.add("overflow", &settings.overflow, |overflow| match overflow {
        Overflow::Block => "block".to_owned(),
        Overflow::DropNewest => "drop newest".to_owned(),
        Overflow::DropBelow(level) => format!("drop below {}", small(level)),
    });
    rows.add("block_limit", &settings.block_limit, time);
    rows.add("order", &settings.order, |order| small(order));
    rows.add("ring_bytes", &settings.ring_bytes, bytes);
    rows.add("queue_bytes", &settings.queue_bytes, bytes);
    rows.add("grace", &settings.grace, time);
    rows.add("linger", &settings.linger, time);
    rows.add("fold_duplicates", &settings.fold_duplicates, |folding| {
        match folding {
            Folding::Off => "off",
            Folding::ButErrors => "all but errors",
            Folding::All => "all",
        }
        .to_owned()
    });
    rows.add("exit_limit", &settings.exit_limit, time);
    rows.add("panics", &settings.panics, on_or_off);
    rows.add("drain_on", &settings.drain_on, |signals| {
        let names: Vec<_> = signals.iter().map(ToString::to_string).collect();
        or(
            Some(&*names.join(", ")).filter(|names| !names.is_empty()),
            "no signal",
        )
    });
    rows.add("reopen_on_hang_up", &settings.reopen_on_hang_up, on_or_off);
    rows.add("level_signals", &settings.level_signals, on_or_off);
    rows.add("crash_safe", &settings.crash_safe, |place| match place {
        CrashSafe::Off => "off".to_owned(),
        CrashSafe::On => "on".to_owned(),
        CrashSafe::In(directory) => directory.display().to_string(),
    });
    rows.add("drain_on_crash", &settings.drain_on_crash, on_or_off);
    rows.add("internal_logger", &settings.internal_logger, on_or_off);
    rows.add("config", &settings.config, |path| {
        let path = path.as_ref().map(|path| path.display().to_string());
        or(path.as_deref(), "none")
    });
    rows.add("watch", &settings.watch, on_or_off);
    rows.add("tracing", &settings.tracing, |turn_on| {
        on_or_off(&turn_on.is_some())
    });
    rows.add("env", &settings.reads_environment, on_or_off);
    rows.rows
}

struct Rows {
    rows: Vec<ReportRow>,
    /// By so many levels signals have shifted what is logged.
    shift: i8,
}

impl Rows {
    fn add<T>(&mut self, setting: &str, said: &Said<T>, in_words: impl FnOnce(&T) -> String) {
        self.push(setting, in_words(&said.value), said.origin);
    }

    /// An output of hestia's, which may have a level of its own.
    fn add_output<T>(
        &mut self,
        setting: &str,
        said: &Said<Option<T>>,
        own_level: fn(&T) -> Option<LevelFilter>,
        in_words: impl FnOnce(&T, Option<LevelFilter>) -> String,
    ) {
        match &said.value {
            Some(output) => {
                let (level, by) = self.shown(own_level(output), said.origin);
                self.push(setting, in_words(output, level), by);
            }
            None => self.push(setting, off(), said.origin),
        }
    }

    /// An output's own level where it is now. Whoever shifts one is to be named for it.
    fn shown(&self, said: Option<LevelFilter>, by: Origin) -> (Option<LevelFilter>, Origin) {
        match said {
            Some(level) if self.shift != 0 => (Some(shifted(level, self.shift)), Origin::Running),
            _ => (said, by),
        }
    }

    fn push(&mut self, setting: &str, value: String, origin: Origin) {
        self.rows.push(ReportRow {
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

fn off() -> String {
    "off".to_owned()
}

fn by_hand() -> String {
    Rotation::by_hand().to_string()
}

fn rotation_in_words(said: &Switch<Rotation>) -> String {
    said.0.as_ref().map_or_else(off, Rotation::to_string)
}

fn own_rotation(said: Option<&Switch<Rotation>>) -> String {
    said.map_or_else(String::new, |said| {
        format!(", rotate {}", rotation_in_words(said))
    })
}

fn own_sync(said: Option<Durability>) -> String {
    said.map_or_else(String::new, |said| format!(", sync {said}"))
}

/// A choice that has one word for a name.
fn small(choice: impl fmt::Debug) -> String {
    format!("{choice:?}").to_ascii_lowercase()
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as `Rows::add` has it")]
fn time(span: &Duration) -> String {
    format!("{span:?}")
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as `Rows::add` has it")]
fn bytes(count: &usize) -> String {
    const KIB: usize = 1 << 10;
    const MIB: usize = 1 << 20;
    match *count {
        count if count > 0 && count.is_multiple_of(MIB) => format!("{} MiB", count / MIB),
        count if count > 0 && count.is_multiple_of(KIB) => format!("{} KiB", count / KIB),
        count => format!("{count} bytes"),
    }
}

fn console_in_words(console: &Console, level: Option<LevelFilter>) -> String {
    let zone = match console.zone {
        TimeZone::Local => ", local time",
        _ => "",
    };
    let color = match console.color {
        Color::Auto => "coloured on a terminal",
        Color::Always => "coloured",
        Color::Never => "not coloured",
    };
    let style = small(console.style);
    format!(
        "{}, {style}, {color}{zone}{}",
        console.stream,
        own_level(level)
    )
}

fn own_level(level: Option<LevelFilter>) -> String {
    level.map_or_else(String::new, |level| format!(", level {}", lower(level)))
}

fn file(path: Option<&Path>, level: Option<LevelFilter>) -> String {
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
