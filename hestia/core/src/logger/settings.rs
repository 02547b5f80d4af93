//! All settings, each with who said it, after environment and code have been put together.
//!
//! Made by `init`; [`super::live`] has a copy of them that follows what changes while the program runs.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hestia_grammar::{Directives, limits};
use log::LevelFilter;

use super::env::{Environment, Warning};
use super::outputs::{Console, JsonFile, Output, Switch, TextFile, open_safely};
use super::own_file::OwnFile;
use super::pipeline;
use crate::clock::Order;
use crate::error::{ErrorKind, InitError};
use crate::facts::Facts;
use crate::internal::ErrorHook;
use crate::queue::{Bounds, Overflow};
use crate::record::redact::{self, Redaction};
use crate::sink::file::durability::Durability;
use crate::sink::file::rotation::Rotation;
use crate::writer::fold::Folding;
use crate::writer::route::Route;

/// Who said what a setting is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// Nobody: hestia's default.
    Default,
    /// The arguments of `#[hestia::main]`.
    Attribute,
    /// The builder.
    Builder,
    /// The file of settings, `hestia.toml`.
    File {
        /// The line of the key, from 1.
        line: u32,
    },
    /// An environment variable.
    Environment(&'static str),
    /// A call while the program was running.
    Running,
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => out.pad("default"),
            Origin::Attribute => out.pad("attribute"),
            Origin::Builder => out.pad("builder"),
            Origin::File { line } => out.pad(&format!("file (line {line})")),
            Origin::Environment(name) => out.pad(&format!("environment ({name})")),
            Origin::Running => out.pad("changed while running"),
        }
    }
}

/// A setting and who said it.
#[derive(Clone, Debug)]
pub(super) struct Said<T> {
    pub(super) value: T,
    pub(super) origin: Origin,
}

impl<T> Said<T> {
    pub(super) fn default(value: T) -> Self {
        Said {
            value,
            origin: Origin::Default,
        }
    }

    /// The environment wins.
    pub(super) fn overrule(&mut self, value: Option<T>, name: &'static str) {
        if let Some(value) = value {
            *self = Said {
                value,
                origin: Origin::Environment(name),
            };
        }
    }
}

/// A signal that hestia can act on; see [`crate::Builder::drain_on`].
///
/// # Example
/// ```
/// use hestia::Signal;
/// hestia::builder().drain_on(Signal::Terminate).drain_on(Signal::Interrupt);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Signal {
    /// SIGTERM: what `kill` and container managers send first.
    Terminate,
    /// SIGINT: Ctrl-C.
    Interrupt,
    /// SIGHUP: the terminal is gone.
    HangUp,
}

impl Signal {
    pub(super) fn name(self) -> &'static str {
        match self {
            Signal::Terminate => "SIGTERM",
            Signal::Interrupt => "SIGINT",
            Signal::HangUp => "SIGHUP",
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}

/// Whether what is queued survives the process, and where it is kept; see
/// [`Builder::crash_safe`](crate::Builder::crash_safe).
///
/// # Example
/// ```
/// use hestia::CrashSafe;
/// assert_eq!(CrashSafe::from(true), CrashSafe::On);
/// assert_eq!(CrashSafe::from("/mnt/rings"), CrashSafe::In("/mnt/rings".into()));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CrashSafe {
    /// It ends with the process.
    #[default]
    Off,
    /// It survives, in `/dev/shm` where there is such a directory, otherwise beside the logs.
    On,
    /// It survives, in this directory, which is made when it is missing.
    In(PathBuf),
}

impl From<bool> for CrashSafe {
    fn from(on: bool) -> Self {
        if on { CrashSafe::On } else { CrashSafe::Off }
    }
}

macro_rules! crash_safe_in {
    ($($path:ty)+) => {$(
        impl From<$path> for CrashSafe {
            fn from(directory: $path) -> Self {
                CrashSafe::In(directory.into())
            }
        }
    )+};
}

crash_safe_in!(&str String &Path PathBuf);

/// Turns on something else beside hestia.
pub(super) type TurnOn = fn() -> Result<(), InitError>;

/// Everything `init` needs. While the builder fills it, paths and levels are as the code said them.
#[derive(Clone)]
pub(super) struct Settings {
    /// Who says what the code says.
    pub(super) code: Origin,
    pub(super) facts: Facts,
    pub(super) app: Said<Option<String>>,
    pub(super) version: Said<Option<String>>,
    pub(super) environment: Said<Option<String>>,
    pub(super) is_container: Said<Option<bool>>,
    pub(super) logs_dir: Said<PathBuf>,
    pub(super) directives: Said<Directives>,
    /// Encoded, as records carry them.
    pub(super) metadata: Said<Vec<u8>>,
    pub(super) redact: Said<Redaction>,
    pub(super) console: Said<Option<Console>>,
    pub(super) text: Said<Option<TextFile>>,
    pub(super) json: Said<Option<JsonFile>>,
    /// Of all files; nothing said means by hand only.
    pub(super) rotate: Said<Option<Switch<Rotation>>>,
    /// Of all files.
    pub(super) sync: Said<Durability>,
    pub(super) outputs: Vec<Output>,
    pub(super) overflow: Said<Overflow>,
    pub(super) order: Said<Order>,
    pub(super) ring_bytes: Said<usize>,
    pub(super) queue_bytes: Said<usize>,
    pub(super) block_limit: Said<Duration>,
    pub(super) exit_limit: Said<Duration>,
    pub(super) grace: Said<Duration>,
    pub(super) linger: Said<Duration>,
    pub(super) fold_duplicates: Said<Folding>,
    pub(super) panics: Said<bool>,
    pub(super) drain_on: Said<Vec<Signal>>,
    pub(super) reopen_on_hang_up: Said<bool>,
    pub(super) level_signals: Said<bool>,
    pub(super) drain_on_crash: Said<bool>,
    pub(super) internal_logger: Said<bool>,
    pub(super) crash_safe: Said<CrashSafe>,
    /// Makes hestia the subscriber of `tracing`, where that was asked for.
    pub(super) tracing: Said<Option<TurnOn>>,
    pub(super) error_hook: Option<ErrorHook>,
    pub(super) reads_environment: Said<bool>,
    /// The operator's file.
    pub(super) config: Said<Option<PathBuf>>,
    /// Whether that is followed while the program runs.
    pub(super) watch: Said<bool>,
}

impl Default for Settings {
    fn default() -> Self {
        let bounds = Bounds::default();
        Settings {
            code: Origin::Builder,
            facts: Facts::detect(Some(false)),
            app: Said::default(None),
            version: Said::default(None),
            environment: Said::default(None),
            is_container: Said::default(None),
            logs_dir: Said::default(PathBuf::from("logs")),
            directives: Said::default(Directives::default()),
            metadata: Said::default(Vec::new()),
            redact: Said::default(Redaction::default()),
            console: Said::default(Some(Console::default())),
            text: Said::default(Some(TextFile::default())),
            json: Said::default(Some(JsonFile::default())),
            rotate: Said::default(None),
            sync: Said::default(Durability::Never),
            outputs: Vec::new(),
            overflow: Said::default(bounds.overflow),
            order: Said::default(Order::default()),
            ring_bytes: Said::default(bounds.largest_ring_bytes),
            queue_bytes: Said::default(bounds.process_bytes),
            block_limit: Said::default(bounds.block_limit),
            exit_limit: Said::default(Duration::from_secs(5)),
            grace: Said::default(Duration::from_micros(5)),
            linger: Said::default(Duration::from_secs(1)),
            fold_duplicates: Said::default(Folding::Off),
            panics: Said::default(true),
            drain_on: Said::default(Vec::new()),
            reopen_on_hang_up: Said::default(false),
            level_signals: Said::default(false),
            drain_on_crash: Said::default(false),
            internal_logger: Said::default(false),
            crash_safe: Said::default(CrashSafe::Off),
            tracing: Said::default(None),
            error_hook: None,
            reads_environment: Said::default(true),
            config: Said::default(None),
            watch: Said::default(true),
        }
    }
}

impl Settings {
    /// A value as the code says it.
    pub(super) fn said<T>(&self, value: T) -> Said<T> {
        Said {
            value,
            origin: self.code,
        }
    }

    /// Puts the environment's word above the code's. What cannot be had beside the rest of what the code says is left out, and
    /// returned.
    pub(super) fn apply(&mut self, found: &Environment) -> Vec<Warning> {
        for (said, found, name) in [
            (&mut self.app, &found.app, "APP_NAME"),
            (&mut self.version, &found.version, "APP_VERSION"),
            (&mut self.environment, &found.environment, "ENVIRONMENT"),
        ] {
            said.overrule(found.clone().map(Some), name);
        }
        self.is_container
            .overrule(found.is_container.map(Some), "IS_CONTAINER_OVERRIDE");
        self.internal_logger
            .overrule(found.internal_logger, "ENABLE_INTERNAL_LOGGER");
        self.logs_dir.overrule(found.logs_dir.clone(), "LOGS_DIR");
        if let Some((directives, name)) = &found.level {
            self.directives.overrule(Some(directives.clone()), name);
            self.forget_own_levels();
        }
        self.apply_rotation(found).err().into_iter().collect()
    }

    /// As for levels, what the environment says counts for every file.
    fn apply_rotation(&mut self, found: &Environment) -> Result<(), Warning> {
        let Some(words) = &found.rotation else {
            return Ok(());
        };
        let all = words.switch(self.rotate.value.as_ref())?;
        let [text, json] = self.own_rotations();
        let text = text.map(|own| words.switch(Some(own))).transpose()?;
        let json = json.map(|own| words.switch(Some(own))).transpose()?;
        self.rotate.overrule(Some(Some(all)), words.variable());
        if let Some(file) = &mut self.text.value {
            file.rotate = text;
        }
        if let Some(file) = &mut self.json.value {
            file.rotate = json;
        }
        Ok(())
    }

    /// What the text and the JSON file say about rotation themselves.
    fn own_rotations(&self) -> [Option<&Switch<Rotation>>; 2] {
        let (text, json) = (&self.text.value, &self.json.value);
        [
            text.as_ref().and_then(|text| text.rotate.as_ref()),
            json.as_ref().and_then(|json| json.rotate.as_ref()),
        ]
    }

    fn check_rotation(&self) -> Result<(), InitError> {
        let [text, json] = self.own_rotations();
        [self.rotate.value.as_ref(), text, json]
            .into_iter()
            .flatten()
            .filter_map(|said| said.0.as_ref())
            .try_for_each(|rotation| rotation.check().map_err(invalid))
    }

    fn check_sync(&self) -> Result<(), InitError> {
        let text = self.text.value.as_ref().and_then(|text| text.sync);
        let json = self.json.value.as_ref().and_then(|json| json.sync);
        [Some(self.sync.value), text, json]
            .into_iter()
            .flatten()
            .try_for_each(|durability| durability.check().map_err(invalid))
    }

    /// One level that every output obeys.
    fn forget_own_levels(&mut self) {
        self.each_own_level(|_, level, _| *level = None);
    }

    /// The own level of each output, by its name, and who said so.
    pub(super) fn each_own_level(
        &mut self,
        mut visit: impl FnMut(&str, &mut Option<LevelFilter>, &mut Origin),
    ) {
        if let Some(console) = &mut self.console.value {
            visit("console", &mut console.level, &mut self.console.origin);
        }
        if let Some(text) = &mut self.text.value {
            visit("text", &mut text.level, &mut self.text.origin);
        }
        if let Some(json) = &mut self.json.value {
            visit("json", &mut json.level, &mut self.json.origin);
        }
        for output in &mut self.outputs {
            let origin = output.level_origin.get_or_insert(self.code);
            visit(&output.name, &mut output.level, origin);
        }
    }

    pub(super) fn set_own_level(&mut self, name: &str, level: Option<LevelFilter>, said: Origin) {
        self.each_own_level(|output, own, origin| {
            if output == name {
                *own = level;
                *origin = said;
            }
        });
    }

    /// Finds what is left to find, and checks what was said.
    pub(super) fn complete(&mut self) -> Result<(), InitError> {
        self.check()?;
        // Before anybody sees it, the report for one.
        redact::fields_by(&self.redact.value, &mut self.metadata.value, 0);
        let mut facts = Facts::detect(self.is_container.value);
        if let Some(app) = &self.app.value {
            facts.application.clone_from(app);
        }
        if let Some(environment) = &self.environment.value {
            facts.environment.clone_from(environment);
        }
        facts.app_version.clone_from(&self.version.value);
        self.facts = facts;
        self.place_files()
    }

    /// Finds the paths of the files that have none yet.
    fn place_files(&mut self) -> Result<(), InitError> {
        let moves = self.moves_files().is_some();
        let directory = &self.logs_dir.value;
        if let Some(text) = &mut self.text.value {
            place(&mut text.path, TextFile::NAME, directory, moves);
        }
        if let Some(json) = &mut self.json.value {
            place(&mut json.path, JsonFile::NAME, directory, moves);
        }
        self.keep_files_apart(moves)
    }

    /// Whether all of it can be had; nothing is found for that, or changed.
    #[cfg_attr(
        not(feature = "config"),
        allow(dead_code, reason = "only a file is tried out")
    )]
    pub(super) fn check_together(&self) -> Result<(), InitError> {
        self.check()?;
        self.clone().place_files()
    }

    /// The directory that takes the place of the ones the code named, when the environment says one.
    pub(super) fn moves_files(&self) -> Option<&Path> {
        let moves = matches!(self.logs_dir.origin, Origin::Environment(_));
        moves.then_some(&self.logs_dir.value)
    }

    /// Where the text and the JSON file are.
    pub(super) fn file_paths(&self) -> Vec<&Path> {
        let text = self.text.value.as_ref().map(|text| text.path.as_deref());
        let json = self.json.value.as_ref().map(|json| json.path.as_deref());
        let mut paths = Vec::new();
        paths.extend(text.flatten());
        paths.extend(json.flatten());
        paths
    }

    /// Text and JSON in one file would be neither. Files that only the environment's directory brought
    /// together get their usual names.
    fn keep_files_apart(&mut self, moved: bool) -> Result<(), InitError> {
        let (Some(text), Some(json)) = (&mut self.text.value, &mut self.json.value) else {
            return Ok(());
        };
        if text.path != json.path {
            return Ok(());
        }
        if !moved {
            return Err(invalid(
                "text and json have one path; give each a file of its own",
            ));
        }
        let directory = &self.logs_dir.value;
        text.path = Some(directory.join(TextFile::NAME));
        json.path = Some(directory.join(JsonFile::NAME));
        Ok(())
    }

    pub(super) fn check(&self) -> Result<(), InitError> {
        let ring_bytes = self.ring_bytes.value as u64;
        limits::check_ring_bytes(ring_bytes).map_err(invalid)?;
        limits::check_queue_bytes(self.queue_bytes.value as u64, Some(ring_bytes))
            .map_err(invalid)?;
        limits::check_grace(self.grace.value).map_err(invalid)?;
        if self.reopen_on_hang_up.value && self.drain_on.value.contains(&Signal::HangUp) {
            return Err(invalid(
                "SIGHUP can either end the program (drain_on) or reopen its files (reopen_on_hang_up), not both",
            ));
        }
        if cfg!(not(unix)) && self.crash_safe.value != CrashSafe::Off {
            return Err(invalid("crash-safe rings are to be had on Unix only"));
        }
        if self.crash_safe.value == CrashSafe::In(PathBuf::new()) {
            return Err(invalid("`crash_safe` is an empty path; name a directory"));
        }
        if self.config.value.as_deref() == Some(Path::new("")) {
            return Err(invalid("`config` is an empty path; name a file"));
        }
        if self.crash_safe.value != CrashSafe::Off && self.fold_duplicates.value != Folding::Off {
            return Err(invalid(limits::FOLDED_AND_CRASH_SAFE));
        }
        let wants_signals = self.reopen_on_hang_up.value
            || self.level_signals.value
            || !self.drain_on.value.is_empty();
        if cfg!(not(unix)) && wants_signals {
            return Err(invalid("signals are to be had on Unix only"));
        }
        let has_crash_handler = cfg!(all(target_os = "linux", not(hestia_portable)));
        if self.drain_on_crash.value && !has_crash_handler {
            return Err(invalid("drain_on_crash is to be had on Linux only"));
        }
        self.redact.value.check().map_err(invalid)?;
        self.check_rotation()?;
        self.check_sync()?;
        self.check_names()
    }

    /// Figures and reports name outputs, so no two may have one name.
    fn check_names(&self) -> Result<(), InitError> {
        let mut names = vec!["console", "text", "json"];
        for output in &self.outputs {
            if names.contains(&output.name.as_str()) {
                return Err(invalid(format!(
                    "there are two outputs named `{}`; give one of them another name",
                    output.name
                )));
            }
            names.push(&output.name);
        }
        Ok(())
    }

    fn first_ring_bytes(&self) -> usize {
        Bounds::default()
            .first_ring_bytes
            .min(self.largest_ring_bytes())
    }

    fn largest_ring_bytes(&self) -> usize {
        self.ring_bytes.value.next_power_of_two()
    }

    pub(super) fn bounds(&self) -> Bounds {
        Bounds {
            first_ring_bytes: self.first_ring_bytes(),
            largest_ring_bytes: self.largest_ring_bytes(),
            process_bytes: self.queue_bytes.value,
            overflow: self.overflow.value,
            block_limit: self.block_limit.value,
        }
    }

    /// Opens every output. One that cannot be opened is there all the same, and tries again.
    pub(super) fn open_outputs(
        &self,
        directives: &Directives,
    ) -> (Vec<pipeline::Output>, Vec<Route>) {
        let (mut outputs, mut routes) = (Vec::new(), Vec::new());
        let mut add = |name: &str, level, destination| {
            let (output, route) =
                pipeline::route(name.to_owned(), destination, directives, level, None);
            outputs.push(output);
            routes.push(route);
        };
        let (rotate, sync) = (self.rotate.value.as_ref(), self.sync.value);
        if let Some(console) = &self.console.value {
            add("console", console.level, open_safely(&|| console.open()));
        }
        if let Some(text) = &self.text.value {
            add("text", text.level, open_safely(&|| text.open(rotate, sync)));
        }
        if let Some(json) = &self.json.value {
            add("json", json.level, open_safely(&|| json.open(rotate, sync)));
        }
        for output in &self.outputs {
            if let Some(destination) = open_safely(&|| output.open()) {
                add(&output.name, output.level, destination);
            }
        }
        (outputs, routes)
    }

    /// Opens the file of a named logger; it looks as the text file does, and is rotated and synced as that is at present.
    pub(super) fn open_own_file(
        &self,
        file: &OwnFile,
        directives: &Directives,
        present: &Settings,
    ) -> (pipeline::Output, Route) {
        let usual = TextFile::default();
        let text = self.text.value.as_ref().unwrap_or(&usual);
        let now = present.text.value.as_ref().unwrap_or(text);
        let rotate = now.rotate.as_ref().or(present.rotate.value.as_ref());
        let sync = now.sync.unwrap_or(present.sync.value);
        let name = file.said.display().to_string();
        let destination = open_safely(&|| text.open_at(&file.path, rotate, sync));
        pipeline::route(name, destination, directives, text.level, Some(file.number))
    }
}

/// Where a file goes: as the code said, or its usual name, in the directory of the logs. A directory
/// that the environment named takes the place of the one the code named.
fn place(path: &mut Option<PathBuf>, name: &str, directory: &Path, moves: bool) {
    let file_name = match path {
        Some(path) if moves => path.file_name().map(PathBuf::from),
        Some(_) => return,
        None => None,
    };
    *path = Some(directory.join(file_name.unwrap_or_else(|| PathBuf::from(name))));
}

pub(super) fn invalid(what: impl Into<String>) -> InitError {
    InitError::new(ErrorKind::InvalidSetting, what)
}

/// The same error hook, or none at all.
pub(super) fn same_hook(one: Option<&ErrorHook>, other: Option<&ErrorHook>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (None, None) => true,
        _ => false,
    }
}
