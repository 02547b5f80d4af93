//! What the program says at run time.
//!
//! The program's thread, before `init`; [`start`] has that. *Invariant:* a setter only writes down: nothing is opened or
//! changed, and what is wrong is told by `init`.

mod start;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hestia_grammar::Directives;
use log::{Level, LevelFilter};

use super::outputs::{Console, JsonFile, Output, Switch, TextFile};
#[cfg(feature = "tracing")]
use super::settings::TurnOn;
use super::settings::{CrashSafe, Origin, Settings, Signal, invalid};
use crate::clock::Order;
use crate::error::{Incident, InitError};
use crate::level::to_grammar;
use crate::queue::Overflow;
use crate::record::{Encode, Redaction, set_field};
use crate::sink::file::durability::Durability;
use crate::sink::file::rotation::Rotation;
use crate::writer::fold::Folding;

/// Levels for all outputs: one level, or directives such as `info,hyper=warn,app::db=debug`.
#[derive(Clone, Debug)]
pub struct Levels(Result<Directives, String>);

impl Levels {
    /// Directives that have been read already.
    pub(super) fn read(directives: Directives) -> Self {
        Levels(Ok(directives))
    }

    pub(super) fn directives(self) -> Result<Directives, InitError> {
        self.0.map_err(invalid)
    }
}

impl From<&str> for Levels {
    fn from(text: &str) -> Self {
        Levels(Directives::parse(text).map_err(|errors| {
            let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
            format!("level {text:?}: {}", errors.join("; "))
        }))
    }
}

impl From<String> for Levels {
    fn from(text: String) -> Self {
        Levels::from(text.as_str())
    }
}

impl From<LevelFilter> for Levels {
    fn from(level: LevelFilter) -> Self {
        Levels::read(Directives {
            default: Some(to_grammar(level)),
            targets: Vec::new(),
        })
    }
}

impl From<Level> for Levels {
    fn from(level: Level) -> Self {
        Levels::from(level.to_level_filter())
    }
}

/// All settings of hestia; made by [`crate::builder`], turned into a running logger by
/// [`Builder::init`].
///
/// Without any, hestia logs at level `info` to the coloured console on stderr, to `logs/all.log` as
/// text and to `logs/app.log` as JSON. What the environment says wins over what is said here; see
/// [`Builder::env`].
///
/// # Example
/// ```
/// use hestia::{Console, JsonFile, Level, Overflow, Schema, TextFile};
///
/// # let directory = tempfile::tempdir()?;
/// # let (text, json) = (directory.path().join("all.log"), directory.path().join("app.log"));
/// hestia::builder()
///     .app("billing")
///     .level("info,hyper=warn")
///     .metadata("region", "eu-1")
///     .console(Console::stderr().level(Level::Warn))
///     .text(TextFile::new(text))
///     .json(JsonFile::new(json).schema(Schema::Ecs))
///     .overflow(Overflow::Block)
///     .init()?;
/// log::info!("ready");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use = "nothing is turned on before `init`"]
pub struct Builder {
    settings: Settings,
    /// The first thing that was wrong; `init` says so.
    wrong: Option<String>,
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Builder")
            .field("console", &self.settings.console.value)
            .field("text", &self.settings.text.value)
            .field("json", &self.settings.json.value)
            .field("outputs", &self.settings.outputs)
            .finish_non_exhaustive()
    }
}

impl Builder {
    /// A builder whose word the report attributes to `code`.
    pub(super) fn new(code: Origin) -> Self {
        let mut builder = Builder {
            settings: Settings::default(),
            wrong: None,
        };
        builder.settings.code = code;
        builder
    }

    #[cfg(test)]
    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The application's name; the executable's file name unless said otherwise.
    pub fn app(mut self, name: impl Into<String>) -> Self {
        self.settings.app = self.settings.said(Some(name.into()));
        self
    }

    /// The application's version, such as `env!("CARGO_PKG_VERSION")`; absent unless said.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.settings.version = self.settings.said(Some(version.into()));
        self
    }

    /// Where the program runs, such as `production`; `local` unless said otherwise.
    pub fn environment(mut self, environment: impl Into<String>) -> Self {
        self.settings.environment = self.settings.said(Some(environment.into()));
        self
    }

    /// The level of all outputs, or directives such as `info,hyper=warn,app::db=debug`; `info` unless
    /// said otherwise. The longest target that matches decides. Directives that make no sense are an
    /// error of `init`.
    pub fn level(mut self, levels: impl Into<Levels>) -> Self {
        match levels.into().0 {
            Ok(directives) => self.settings.directives = self.settings.said(directives),
            Err(wrong) => self.wrong = self.wrong.or(Some(wrong)),
        }
        self
    }

    /// A key-value that every record carries, unless the call, a scope or a named logger has the key.
    /// Said again, the last value counts.
    pub fn metadata(mut self, key: &str, value: impl Encode) -> Self {
        let mut fields = std::mem::take(&mut self.settings.metadata.value);
        set_field(&mut fields, key, &value);
        self.settings.metadata = self.settings.said(fields);
        self
    }

    /// What must not be in the log, or `false` to show everything but what is hidden by type. Unless said otherwise, the
    /// values of keys are hidden that end with `password`, `token`, `api_key` and the like; see [`Redaction`].
    ///
    /// # What it costs
    /// A statement whose keys hide nothing: nothing. One with a key that hestia's own list names writes the mask in the value's
    /// place: nothing. One with a key that was added, or on a path, is made in memory first: some 110 ns more. Values that have
    /// keys inside, and key-values of `log`'s macros, are made there anyway; each key is looked at, and where one is hidden,
    /// they are written anew: some 120 ns. (`cargo bench -p hestia --bench call_site` measures all of this.)
    ///
    /// # Errors
    /// [`init`](Builder::init) fails when a key or a path is none.
    pub fn redact(mut self, redaction: impl Into<Redaction>) -> Self {
        self.settings.redact = self.settings.said(redaction.into());
        self
    }

    /// The console, or `false` for none. Pretty and on stderr unless said otherwise.
    pub fn console(mut self, console: impl Into<Switch<Console>>) -> Self {
        self.settings.console = self.settings.said(console.into().0);
        self
    }

    /// The text file, its path, or `false` for none. `logs/all.log` unless said otherwise.
    pub fn text(mut self, text: impl Into<Switch<TextFile>>) -> Self {
        self.settings.text = self.settings.said(text.into().0);
        self
    }

    /// The JSON file, its path, or `false` for none. `logs/app.log` unless said otherwise.
    pub fn json(mut self, json: impl Into<Switch<JsonFile>>) -> Self {
        self.settings.json = self.settings.said(json.into().0);
        self
    }

    /// When all files are rotated: text, JSON, and those of named loggers, unless they have a word of their own; `false` for
    /// never. Unless said, a file is rotated when [`crate::rotate`] is called only, and all archives are kept.
    ///
    /// ```
    /// use hestia::{Every, Rotation};
    /// hestia::builder().rotate(Rotation::size(10_000_000).or_every(Every::Day).keep(30));
    /// ```
    pub fn rotate(mut self, rotation: impl Into<Switch<Rotation>>) -> Self {
        self.settings.rotate = self.settings.said(Some(rotation.into()));
        self
    }

    /// When the lines of all files are brought to the disk: text, JSON, and those of named loggers, unless they have a word
    /// of their own. [`Durability::Never`] unless said otherwise: what was written outlives the process, but not a loss of
    /// power. See [`Durability`] for what each costs, and `durable!` for single records.
    ///
    /// ```
    /// use std::time::Duration;
    /// use hestia::Durability;
    /// hestia::builder().sync(Durability::Every(Duration::from_secs(5)));
    /// ```
    pub fn sync(mut self, durability: Durability) -> Self {
        self.settings.sync = self.settings.said(durability);
        self
    }

    /// One more output: a [`crate::Sink`], or an [`Output`] that gives it a name, a level, a layout.
    pub fn sink(mut self, output: impl Into<Output>) -> Self {
        self.settings.outputs.push(output.into());
        self
    }

    /// The directory of the log files whose path was not said, and of `hestia_internal.log`; `logs`
    /// unless said otherwise. When the environment says it (`LOGS_DIR`), all files go there, those of named
    /// loggers too.
    pub fn logs_dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.settings.logs_dir = self.settings.said(directory.into());
        self
    }

    /// What happens to a record that finds the queue full; [`Overflow::Block`] unless said otherwise.
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.settings.overflow = self.settings.said(overflow);
        self
    }

    /// How long a record waits for a writer that makes no progress, 5 s unless said otherwise. Zero
    /// sheds at once; a very long time lets a hung disk hold up the program for that long, once.
    pub fn block_limit(mut self, limit: Duration) -> Self {
        self.settings.block_limit = self.settings.said(limit);
        self
    }

    /// How closely lines follow the order of calls; [`Order::Strict`] unless said otherwise.
    pub fn order(mut self, order: Order) -> Self {
        self.settings.order = self.settings.said(order);
        self
    }

    /// Whether what is queued survives the process: `true`, `false` (the default), or the directory to keep it in.
    ///
    /// Rings lie in a file then: in `/dev/shm`, where there is such a directory, otherwise beside the logs. The next start
    /// of a program with the same name and the same files writes what a process had queued when it was killed (by SIGKILL,
    /// by the system that ran out of memory, by an abort), with a notice that says so. A record whose line is in the file
    /// already is not written twice, as long as the line would be the same: the same build, the same layout. The file of a
    /// named logger gets its records where it was, also when the program no longer makes that logger. What is left
    /// can also be read by hand: see [`crate::recover`].
    ///
    /// Nothing survives the machine: what is lost when the power fails is lost with it, and in a container what `/dev/shm`
    /// holds goes with the container, unless a volume is mounted there or the directory is one on a volume. On a disk the
    /// system may write rings to the disk now and then.
    ///
    /// What it costs: the call takes as long as without, but for `log`'s own macros, whose constants are copied, and for
    /// messages with other format specifications than `{}`, `{:?}` and `{:.2}`, which are formatted at the call. Lines are
    /// written at the end of each round of the writer, in smaller writes. Each thread takes 4 KiB more. Addresses are reserved
    /// for 36 MiB and four times the queue; memory is only taken for the pages of them that are used. Unix only.
    ///
    /// # Errors
    /// [`init`](Builder::init) fails when the file cannot be made.
    ///
    /// # Example
    /// ```
    /// # let directory = tempfile::tempdir()?;
    /// hestia::builder()
    ///     .logs_dir(directory.path())
    ///     .crash_safe(directory.path().join("rings"))
    ///     .init()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn crash_safe(mut self, place: impl Into<CrashSafe>) -> Self {
        self.settings.crash_safe = self.settings.said(place.into());
        self
    }

    /// The largest ring of one thread, in bytes, rounded up to a power of two; 256 KiB unless said
    /// otherwise, at least 4 KiB, at most 64 MiB. Threads start with at most 16 KiB, a quarter of it once rings take an
    /// eighth of [`queue_bytes`](Builder::queue_bytes); the writer gives busy ones more, up to this. Small rings make bursts wait; large ones cost memory for each busy
    /// thread, and cache misses.
    pub fn ring_bytes(mut self, bytes: usize) -> Self {
        self.settings.ring_bytes = self.settings.said(bytes);
        self
    }

    /// The bound of all rings and oversize records together, in bytes; 64 MiB unless said otherwise, which is enough
    /// for rings of ten thousand threads. Once rings take three quarters of it, further threads share rings behind locks. A single record larger than this
    /// is shed.
    pub fn queue_bytes(mut self, bytes: usize) -> Self {
        self.settings.queue_bytes = self.settings.said(bytes);
        self
    }

    /// How far in the past the writer merges while records keep coming, so that threads which are in the
    /// middle of a call are waited for; 5 µs unless said otherwise. Zero merges what is there: causality
    /// is kept all the same, but lines may stand a moment out of time order. At most 1 s; lines come that
    /// much later while records keep coming. (What is younger than an eighth of the writer's sleep between
    /// two looks, usually a millisecond at most, is left for the next look, too.)
    pub fn grace(mut self, window: Duration) -> Self {
        self.settings.grace = self.settings.said(window);
        self
    }

    /// How long after the last record the writer goes on looking by itself before it sleeps until it is
    /// woken; 1 s unless said otherwise. The first record after that pays for waking it: some
    /// microseconds. Zero makes every record after a pause pay; a long time makes a quiet program wake
    /// up some thirty times a second for that long.
    pub fn linger(mut self, span: Duration) -> Self {
        self.settings.linger = self.settings.said(span);
        self
    }

    /// Whether consecutive records that say the same become one line: `true` for all but errors, [`Folding::All`], or `false`
    /// (the default).
    ///
    /// Records say the same when they come from the same statement with the same message and key-values (and logger and
    /// trace); time and thread may differ. The first has its line. Those that follow it are counted, for each output by
    /// itself, and a line such as `last message repeated 41 times: connection refused {repeated=41}` stands for them, with level,
    /// target and time of the last of them: when another record comes, ten seconds after the last such line while they keep
    /// coming, when nothing has been logged for [`linger`](Builder::linger), at every flush, rotation by hand, change of levels and end of the
    /// program. What is logged after [`shutdown`](crate::shutdown()) is not folded, nor are records of more than 16 KiB, nor such as say how
    /// many executions were left out before them (`hlog!`). Figures are in [`OutputStats::folded`](crate::OutputStats::folded).
    ///
    /// # Errors
    /// [`init`](Builder::init) fails when rings are to outlive the process, too ([`crash_safe`](Builder::crash_safe)): a kill would take along
    /// how often the last message was repeated.
    ///
    /// # Example
    /// ```
    /// # let directory = tempfile::tempdir()?;
    /// hestia::builder().logs_dir(directory.path()).fold_duplicates(true).init()?;
    /// for _ in 0..42 {
    ///     log::warn!("connection refused");
    /// }
    /// let report = hestia::flush()?;
    /// assert_eq!(report.outputs()[1].written, 1);
    /// assert_eq!(report.outputs()[1].folded, 41);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fold_duplicates(mut self, folding: impl Into<Folding>) -> Self {
        self.settings.fold_duplicates = self.settings.said(folding.into());
        self
    }

    /// The longest that an end of the process is held up to write what is left; 5 s unless said
    /// otherwise. Also the limit of [`crate::flush`] and of the flush after a panic.
    pub fn exit_limit(mut self, limit: Duration) -> Self {
        self.settings.exit_limit = self.settings.said(limit);
        self
    }

    /// Whether panics become records, written before the panic goes on; yes unless said otherwise. The
    /// panic hook that was there before runs after that. The backtrace is a key-value of the record when
    /// `RUST_BACKTRACE` asks for it: from the program's own frame on, or every frame for `full`.
    ///
    /// A panic in a sink, a filter, a layout or the error hook is caught: it is reported as an error of that output,
    /// with its place, and is no record; the hook that was there before is not asked.
    pub fn panics(mut self, on: bool) -> Self {
        self.settings.panics = self.settings.said(on);
        self
    }

    /// On this signal, write everything, then do what the signal does by default, so that the exit
    /// status stays true. Off unless said; may be said for several. Unix only.
    pub fn drain_on(mut self, signal: Signal) -> Self {
        let mut signals = self.settings.drain_on.value.clone();
        if !signals.contains(&signal) {
            signals.push(signal);
        }
        self.settings.drain_on = self.settings.said(signals);
        self
    }

    /// On SIGHUP, open all files again: for log rotators that move files away. Off unless said; not
    /// together with `drain_on(Signal::HangUp)`. Unix only.
    pub fn reopen_on_hang_up(mut self, on: bool) -> Self {
        self.settings.reopen_on_hang_up = self.settings.said(on);
        self
    }

    /// On SIGUSR1, log one level more than before; on SIGUSR2, one less: `info` becomes `debug`, and `debug` becomes `info`
    /// again. Off unless said. Unix only.
    ///
    /// What moves is the default level of every output, the common one and own ones alike, each between `off` and `trace`;
    /// those that are at an end wait there, and the way back is the same. Targets that a directive names keep their levels, as
    /// far as an output's own level lets them through. Levels that are said while the program runs, by
    /// [`set_level`](crate::set_level) for one, are as they were said, and signals count from there. Each change is said in
    /// the internal log, and [`report`](crate::report()) has the levels that hold.
    ///
    /// A signal has one meaning in a program: where other code handles these two as well, through `signal-hook` for one, both
    /// act on them; a handler that is installed by `sigaction` after `init` takes them away from hestia.
    pub fn level_signals(mut self, on: bool) -> Self {
        self.settings.level_signals = self.settings.said(on);
        self
    }

    /// On a fault (SIGSEGV, SIGBUS) and on `abort` (SIGABRT), have everything written that was logged before; then the
    /// signal does what it would have done without hestia, so that exit status and core dump stay true. Off unless said.
    /// Linux only.
    ///
    /// The handler waits for the writer at most for the exit limit ([`Builder::exit_limit`], 5 s), which it may need when
    /// the crash has left a lock behind, of the allocator for one. It does nothing when the writer's own thread crashes, in
    /// a sink for one; and nothing beside [`Builder::crash_safe`] either, where the next start writes what the files lack,
    /// unless there are sinks of the program's own, or the rings found no room. What goes to the console is not waited for.
    ///
    /// A stack overflow is handled on threads that have a stack for signal handlers: all of the standard library's, and the
    /// one that calls `init`. On others, made by C for one, it ends the process at once. A handler that was there before
    /// gets faults and SIGABRT afterwards. Do not ask for this in a program that handles faults in order to go on, such as
    /// one with a Java virtual machine in it: each signal is handled once.
    pub fn drain_on_crash(mut self, on: bool) -> Self {
        self.settings.drain_on_crash = self.settings.said(on);
        self
    }

    /// Whether hestia's own log, `hestia_internal.log`, is written; no unless said. The file is never
    /// created otherwise.
    pub fn internal_logger(mut self, on: bool) -> Self {
        self.settings.internal_logger = self.settings.said(on);
        self
    }

    /// Whether events and spans of `tracing` go to hestia: makes [`tracing::layer`](crate::tracing::layer), with a registry of its own,
    /// the subscriber of the program; no unless said. A program that has one already says `layer()` there instead.
    ///
    /// # Errors
    /// [`init`](Builder::init) fails when `tracing` has another subscriber that hestia's layer is not part of.
    ///
    /// # Example
    /// ```
    /// # let directory = tempfile::tempdir()?;
    /// hestia::builder().logs_dir(directory.path()).tracing(true).init()?;
    /// tracing::info!(user_id = 5, "ready");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "tracing")]
    pub fn tracing(mut self, on: bool) -> Self {
        let turn_on: TurnOn = crate::tracing::turn_on;
        self.settings.tracing = self.settings.said(on.then_some(turn_on));
        self
    }

    /// Called for each trouble of hestia's own, on the thread that met it. What it logs goes to the
    /// internal log only. A panic in it is ignored.
    pub fn on_error(mut self, hook: impl Fn(&Incident) + Send + Sync + 'static) -> Self {
        self.settings.error_hook = Some(Arc::new(hook));
        self
    }

    /// Whether the environment has the last word; yes unless said otherwise. The variables are
    /// `LOG_LEVEL` (else `RUST_LOG`), `APP_NAME`, `APP_VERSION`, `ENVIRONMENT`, `LOGS_DIR`,
    /// `ENABLE_INTERNAL_LOGGER`, `IS_CONTAINER_OVERRIDE`, `HESTIA_CONFIG` (the path of a file of settings, with the feature
    /// `config`); and, as in hestia for Python, `LOG_ROTATION_TYPE` (`size` or
    /// `time`), `LOG_ROTATION_MAX_BYTES` (10 MiB unless set), `LOG_ROTATION_WHEN` (`S`, `M`, `H`, `D`, `midnight`, or
    /// `W0` for Monday to `W6`; `midnight` unless set), `LOG_ROTATION_INTERVAL` (so many of them, 1 unless set) and
    /// `LOG_ROTATION_BACKUP_COUNT` (how many archives stay; all of them with 0, or without it). With 0 Python's
    /// `TimedRotatingFileHandler` keeps all as well; its `RotatingFileHandler` never rotates then, and the file grows: leave
    /// `LOG_ROTATION_TYPE` away for that. Those about colour always count.
    pub fn env(mut self, on: bool) -> Self {
        self.settings.reads_environment = self.settings.said(on);
        self
    }

    /// A file of the operator's that says settings, such as `hestia.toml`; none unless said, here or by the environment's
    /// `HESTIA_CONFIG`, which wins.
    ///
    /// It is TOML, and its keys are those of this builder and of the attribute, with the same words for values:
    ///
    /// ```toml
    /// level = "info,hyper=warn"
    /// rotate = { size = "10MB", every = "day", keep = 5 }
    ///
    /// [console]
    /// level = "warn"
    ///
    /// [metadata]
    /// region = "eu-1"
    /// ```
    ///
    /// What it says wins over what the code says; the environment wins over it; and what is changed while the program
    /// runs comes last. The table of an output says some of it, and leaves the rest as the code has it; `metadata` adds to the
    /// code's; a `rotate` stands for the whole rotation. Only sinks, filters and the error hook cannot be said there.
    ///
    /// A mistake in it never stops the program: one line on stderr says where it is, what is wrong, and what is used
    /// instead (of more than twenty mistakes the first have theirs, and one counts the others); the rest of the file counts. The same when there is no such file. A relative path is one from the working
    /// directory at the call of `init`, and so are the paths in the file.
    ///
    /// While the program runs, the file is followed, unless [`watch`](Builder::watch) says otherwise. Needs the feature
    /// `config`.
    ///
    /// ```
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("hestia.toml");
    /// # std::fs::write(&path, "level = \"warn\"\nconsole = false\ntext = false\njson = false")?;
    /// let hestia = hestia::builder().config(&path).env(false).init()?;
    /// assert_eq!(hestia.report().row("level").map(|row| row.value.as_str()), Some("warn"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "config")]
    pub fn config(mut self, path: impl Into<PathBuf>) -> Self {
        self.settings.config = self.settings.said(Some(path.into()));
        self
    }

    /// Whether the file of [`config`](Builder::config) is followed while the program runs; yes unless said otherwise. By
    /// hand, [`reload`](crate::reload()) reads it again.
    ///
    /// What can change then: `level` and the `level` of each output, `metadata`, `rotate` and `sync`. Anything else that is changed
    /// in the file counts from the next start, and a line on stderr says so. A change is taken as a whole: a file
    /// with any mistake in it changes nothing, and one line on stderr (and the internal log, and the error hook) says
    /// why. What code has changed meanwhile, with [`set_level`](crate::set_level) for one, stays as it is until the file's
    /// own value of that key changes.
    ///
    /// On Linux a thread of hestia's waits for the system to tell that the file was written, replaced, deleted, or that a
    /// symbolic link on the way to it leads elsewhere now (as Kubernetes changes its config maps), and costs nothing meanwhile. What
    /// is written counts once the writer has closed the file. On network file systems, which do not tell, use [`reload`](crate::reload()). Elsewhere it looks every 2 s. A forked
    /// child begins with what held in its parent, and follows the file itself once it logs.
    #[cfg(feature = "config")]
    pub fn watch(mut self, on: bool) -> Self {
        self.settings.watch = self.settings.said(on);
        self
    }
}
