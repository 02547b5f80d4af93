//! The file once more, while the program runs: what has changed in it since it was taken last is changed here.
//!
//! The thread that watches, and whoever calls [`reload`].
//!
//! *Invariant:* all of a file is taken, or nothing.

use std::fmt;

use log::LevelFilter;

use super::{Mistake, Source, apply, text_of};
use crate::error::{ErrorKind, InitError, chain};
use crate::logger::outputs::{Switch, rules};
use crate::logger::pipeline::{Output, Pipeline};
use crate::logger::report;
use crate::logger::settings::{Origin, Settings, invalid};
use crate::logger::started;
use crate::record::redact;
use crate::sink::file::FileRules;
use crate::sink::file::durability::Durability;
use crate::sink::file::rotation::Rotation;
use crate::sync::lock;
use crate::writer::control::Change;

/// What came of reading the file again; made by [`reload`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reloaded {
    changed: Vec<String>,
    waiting: Vec<String>,
    overruled: Vec<(String, Origin)>,
    /// What waits, or is overruled, is otherwise than it was the last time.
    pub(super) has_news: bool,
}

impl Reloaded {
    /// The settings that are otherwise now: `level`, `metadata`, `rotate`, `sync`, and `console`, `text` and `json` where their
    /// level, rotation or sync is.
    #[must_use]
    pub fn changed(&self) -> &[String] {
        &self.changed
    }

    /// The settings that are otherwise in the file than they were at the start, and cannot change while the program runs:
    /// they count from the next start.
    #[must_use]
    pub fn waiting(&self) -> &[String] {
        &self.waiting
    }

    /// The settings that the file says and the environment says otherwise, which counts.
    pub fn overruled(&self) -> impl Iterator<Item = &str> {
        self.overruled.iter().map(|(setting, _)| setting.as_str())
    }
}

impl fmt::Display for Reloaded {
    /// In words: what has changed, what waits, what is overruled.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let changed = match &self.changed[..] {
            [] => "nothing has changed".to_owned(),
            changed => format!("changed: {}", changed.join(", ")),
        };
        out.write_str(&changed)?;
        if !self.waiting.is_empty() {
            let waiting = self.waiting.join(", ");
            write!(out, "; counts from the next start: {waiting}")?;
        }
        for (setting, by) in &self.overruled {
            write!(out, "; {setting} stays as said by the {by}")?;
        }
        Ok(())
    }
}

/// Reads the file of [`Builder::config`](crate::Builder::config) again, and takes what has changed in it since it was taken
/// last; see [`Builder::watch`](crate::Builder::watch) for what can change. Needs the feature `config`.
///
/// # Errors
/// When no file was named, it cannot be read, or there is a mistake in it, with the place and the reason of each; nothing
/// has changed then. Also when hestia has not been turned on.
///
/// # Example
/// ```
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("hestia.toml");
/// # std::fs::write(&path, "level = \"warn\"\nconsole = false\ntext = false\njson = false")?;
/// hestia::builder().config(&path).watch(false).env(false).init()?;
/// std::fs::write(&path, "level = \"debgu\"")?;
/// let why = hestia::reload().unwrap_err().to_string();
/// assert!(why.ends_with("did you mean `debug`?"), "{why}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn reload() -> Result<Reloaded, InitError> {
    let pipeline = started()?;
    let source = pipeline.source.as_ref().ok_or_else(|| {
        invalid("no file of settings was named; name one with `config`, or with HESTIA_CONFIG")
    })?;
    let _turn = lock(&source.turn);
    source.take(pipeline, text_of(&source.path))
}

/// A file that cannot be followed.
fn refused(kind: ErrorKind, mistakes: &[Mistake]) -> InitError {
    let all: Vec<_> = mistakes
        .iter()
        .map(|mistake| mistake.what.as_str())
        .collect();
    InitError::new(kind, all.join("; "))
}

impl Source {
    /// Follows the file with this text. The turn is the caller's.
    pub(super) fn take(
        &self,
        pipeline: &Pipeline,
        text: Result<String, String>,
    ) -> Result<Reloaded, InitError> {
        let result = match &text {
            Ok(text) => self.follow(pipeline, text),
            Err(why) => Err(refused(
                ErrorKind::OpenFile,
                &[Mistake::of_file(why.clone())],
            )),
        };
        let mut last = lock(&self.last);
        last.text = text.ok();
        last.refused = result.as_ref().err().map(|error| chain(error));
        result
    }

    /// Whether this is what was in the file at the last look.
    pub(super) fn knows(&self, text: &Result<String, String>) -> bool {
        lock(&self.last).text.as_ref() == text.as_ref().ok()
    }

    /// Whether the file can be followed as it is.
    pub(super) fn is_good(&self, text: &Result<String, String>) -> bool {
        let text = text.as_ref();
        text.is_ok_and(|text| self.settings_by(text).1.is_empty())
    }

    fn follow(&self, pipeline: &Pipeline, text: &str) -> Result<Reloaded, InitError> {
        let (new, mistakes, overruled) = self.settings_by(text);
        if !mistakes.is_empty() {
            return Err(refused(ErrorKind::InvalidSetting, &mistakes));
        }
        let waiting = differences(&pipeline.settings, &new);
        let mut last = lock(&self.last);
        // First: whoever sees that something has changed sees which line says so.
        let before = std::mem::replace(&mut last.settings, new.clone());
        let has_news = last.waiting != waiting || last.overruled != overruled;
        last.waiting.clone_from(&waiting);
        last.overruled.clone_from(&overruled);
        drop(last);
        let changed = pipeline.follow(&before, &new);
        Ok(Reloaded {
            changed,
            waiting,
            overruled,
            has_news,
        })
    }

    /// The settings by code, this file and the environment; what is wrong with them; and what the environment has
    /// overruled.
    #[allow(clippy::type_complexity, reason = "it has one caller")]
    fn settings_by(&self, text: &str) -> (Settings, Vec<Mistake>, Vec<(String, Origin)>) {
        let mut settings = self.code.clone();
        let mut mistakes = apply(&self.path, text, &mut settings);
        let by_file = report::rows(&settings);
        let environment = self.environment.as_ref();
        if let Some(found) = environment.filter(|_| settings.reads_environment.value) {
            let left_out = settings.apply(found).into_iter();
            mistakes.extend(left_out.map(|warning| Mistake::of_file(warning.what)));
        }
        if let Err(error) = settings.complete() {
            mistakes.push(Mistake::of_file(chain(&error)));
        }
        let rows = report::rows(&settings);
        let overruled = rows.into_iter().filter(|row| {
            let is_said = |said: &report::ReportRow| {
                said.setting == row.setting && matches!(said.origin, Origin::File { .. })
            };
            matches!(row.origin, Origin::Environment(_)) && by_file.iter().any(is_said)
        });
        let overruled = overruled.map(|row| (row.setting, row.origin)).collect();
        (settings, mistakes, overruled)
    }
}

/// What cannot change while the program runs, and is otherwise than at the start.
fn differences(start: &Settings, new: &Settings) -> Vec<String> {
    let (start, new) = (without_what_changes(start), without_what_changes(new));
    let before = report::rows(&start);
    let mut names: Vec<_> = report::rows(&new)
        .into_iter()
        .filter(|row| {
            let mut others = before.iter();
            !others.any(|other| other.setting == row.setting && other.value == row.value)
        })
        .map(|row| row.setting)
        .collect();
    // How the lines of the text file look is no row.
    let layout = |settings: &Settings| {
        let text = settings.text.value.as_ref();
        text.map(|text| format!("{:?}", text.layout))
    };
    if layout(&start) != layout(&new) && !names.iter().any(|name| name == "text") {
        names.push("text".to_owned());
    }
    names
}

fn without_what_changes(settings: &Settings) -> Settings {
    let default = Settings::default();
    let mut settings = settings.clone();
    settings.each_own_level(|_, level, _| *level = None);
    settings.directives = default.directives;
    settings.metadata = default.metadata;
    settings.rotate = default.rotate;
    settings.sync = default.sync;
    if let Some(text) = &mut settings.text.value {
        (text.rotate, text.sync) = (None, None);
    }
    if let Some(json) = &mut settings.json.value {
        (json.rotate, json.sync) = (None, None);
    }
    settings
}

impl Pipeline {
    /// Changes what is otherwise in the new settings than it was in the ones before. Answers with the names of what has
    /// changed.
    fn follow(&self, before: &Settings, new: &Settings) -> Vec<String> {
        self.let_pass();
        let mut changed = Vec::new();
        if before.metadata.value != new.metadata.value {
            // By what holds until the next start, whatever the file says about it by now: for the report, too.
            let mut metadata = new.metadata.clone();
            redact::fields(&mut metadata.value, 0);
            self.change(Change::ProcessFields(metadata.value.clone().into()));
            lock(&self.present).settings_mut().metadata = metadata;
            changed.push("metadata");
        }
        changed.extend(self.follow_files(before, new));
        if !changed.is_empty() {
            self.let_pass();
        }
        // Last, so that a record which a new level lets through meets the rest as it is now.
        changed.extend(self.follow_levels(before, new));
        changed.sort_unstable();
        changed.dedup();
        changed.into_iter().map(str::to_owned).collect()
    }

    fn follow_levels(&self, before: &Settings, new: &Settings) -> Vec<&'static str> {
        let mut changed = Vec::new();
        let own_before = own_levels(before);
        let moved: Vec<_> = own_levels(new)
            .into_iter()
            .filter(|(name, level, _)| {
                // Where it is said in the file is no matter.
                let mut before = own_before.iter();
                !before.any(|(other, own, _)| other == name && own == level)
            })
            .collect();
        let is_common = before.directives.value != new.directives.value;
        if !is_common && moved.is_empty() {
            return changed;
        }
        self.change_levels(|outputs, present| {
            if is_common {
                present.settings_mut().directives = new.directives.clone();
                changed.push("level");
            }
            for (name, level, origin) in moved {
                let output = outputs.iter_mut().find(|output| output.name == name);
                // What is switched off, or on, counts from the next start.
                if let Some(output) = output {
                    output.own_level = level;
                    present.settings_mut().set_own_level(name, level, origin);
                    changed.push(name);
                }
            }
            present.shift = 0;
        });
        changed
    }

    fn follow_files(&self, before: &Settings, new: &Settings) -> Vec<&'static str> {
        let mut changed = Vec::new();
        // A file that is opened meanwhile would go by what was said before.
        let _none_is_added = lock(&self.own_files);
        let mut present = lock(&self.present);
        let now = present.settings_mut();
        if before.rotate.value != new.rotate.value {
            now.rotate = new.rotate.clone();
            changed.push("rotate");
        }
        if before.sync.value != new.sync.value {
            now.sync = new.sync.clone();
            changed.push("sync");
        }
        if let (Some(file), Some(said)) = (&mut now.text.value, &new.text.value)
            && text_words(before) != text_words(new)
        {
            (file.rotate, file.sync) = (said.rotate.clone(), said.sync);
            now.text.origin = new.text.origin;
            changed.push("text");
        }
        if let (Some(file), Some(said)) = (&mut now.json.value, &new.json.value)
            && json_words(before) != json_words(new)
        {
            (file.rotate, file.sync) = (said.rotate.clone(), said.sync);
            now.json.origin = new.json.origin;
            changed.push("json");
        }
        let now = now.clone();
        drop(present);
        if !changed.is_empty() {
            for (place, output) in lock(&self.outputs).iter().enumerate() {
                if let Some(rules) = rules_of(output, &now) {
                    self.change(Change::File(place, rules));
                }
            }
        }
        changed
    }
}

/// The own levels of the outputs that a file can name.
fn own_levels(settings: &Settings) -> Vec<(&'static str, Option<LevelFilter>, Origin)> {
    let (console, text, json) = (&settings.console, &settings.text, &settings.json);
    let own = [
        (
            "console",
            console.value.as_ref().map(|one| one.level),
            console.origin,
        ),
        (
            "text",
            text.value.as_ref().map(|one| one.level),
            text.origin,
        ),
        (
            "json",
            json.value.as_ref().map(|one| one.level),
            json.origin,
        ),
    ];
    let there = own.into_iter();
    there
        .filter_map(|(name, level, origin)| Some((name, level?, origin)))
        .collect()
}

/// What a file says of its own about rotation and sync.
type Words<'s> = (Option<&'s Switch<Rotation>>, Option<Durability>);

fn text_words(settings: &Settings) -> Option<Words<'_>> {
    let text = settings.text.value.as_ref()?;
    Some((text.rotate.as_ref(), text.sync))
}

fn json_words(settings: &Settings) -> Option<Words<'_>> {
    let json = settings.json.value.as_ref()?;
    Some((json.rotate.as_ref(), json.sync))
}

/// How an output's file is rotated and synced; none for outputs of other kinds.
fn rules_of(output: &Output, settings: &Settings) -> Option<FileRules> {
    let (rotate, sync) = match &*output.name {
        "json" => json_words(settings)?,
        // Files of named loggers are kept as the text file is.
        name if name == "text" || output.only_logger.is_some() => {
            text_words(settings).unwrap_or_default()
        }
        _ => return None,
    };
    let rotate = rotate.or(settings.rotate.value.as_ref());
    Some(rules(rotate, sync.unwrap_or(settings.sync.value)))
}
