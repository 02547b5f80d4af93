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
    rows.add("level", by, &levels_in_words(&directives.to_string()));
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
            format!("{path}, schema {}{rotation}{sync}", small(&json.schema))
        },
    );
    let rotate = settings.rotate.value.as_ref();
    rows.add(
        "rotate",
        settings.rotate.origin,
        &rotate.map_or_else(by_hand, rotation_in_words),
    );
    rows.add("sync", settings.sync.origin, &settings.sync.value);
    for output in &settings.outputs {
        let by = output.level_origin.unwrap_or(settings.code);
        let (level, by) = rows.shown(output.level, by);
        let value = format_args!("a sink of the program's{}", own_level(level));
        rows.add(&format!("sink {}", output.name), by, &value);
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
    let signals: Vec<_> = settings
        .drain_on
        .value
        .iter()
        .map(ToString::to_string)
        .collect();
    let signals = match signals.len() {
        0 => "no signal",
        _ => &signals.join(", "),
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
                self.add(setting, by, &in_words(output, level));
            }
            None => self.add(setting, said.origin, &"off"),
        }
    }

    /// An output's own level where it is now. Whoever shifts one is to be named for it.
    fn shown(&self, said: Option<LevelFilter>, by: Origin) -> (Option<LevelFilter>, Origin) {
        match said {
            Some(level) if self.shift != 0 => (Some(shifted(level, self.shift)), Origin::Running),
            _ => (said, by),
        }
    }
}

fn on_or_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
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
    let style = small(&console.style);
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
