//! hestia as a program sees it: turning it on, and the calls while it runs.
//!
//! [`builder`] and [`outputs`] collect settings, [`env`] reads the environment, [`settings`] puts them together,
//! [`pipeline`] runs ([`direct`] without a writer thread), [`live`] changes it, [`exit`], [`panics`], [`signals`] and `crash` end. [`receipt`] is
//! a record that is waited for until it is on the disk. [`report`] says who set what, [`explanation`] why a record is where
//! it is. [`named`] are the loggers with a name of their own, [`own_file`] their files; [`backtrace`] is a panic's.
//! [`attribute`] is what `#[hestia::main]` calls, [`captures`] what tests keep records by.
//!
//! *Invariant:* the one place that knows all others.

#[doc(hidden)]
pub mod attribute;
mod backtrace;
pub(crate) mod builder;
pub(crate) mod captures;
#[cfg(feature = "config")]
pub(crate) mod config;
#[cfg(all(target_os = "linux", not(hestia_portable)))]
mod crash;
#[cfg(unix)]
pub(crate) mod crash_safe;
mod direct;
mod env;
mod exit;
pub(crate) mod explanation;
mod live;
pub(crate) mod named;
#[cfg(not(feature = "config"))]
mod no_config;
pub(crate) mod outputs;
mod own_file;
mod panics;
pub(crate) mod pipeline;
pub(crate) mod receipt;
pub(crate) mod report;
pub(crate) mod settings;
mod signals;

#[cfg(not(feature = "config"))]
use no_config as config;

use std::time::Duration;

use log::{Level, Log, Metadata, Record};

use crate::callsite::{facade, front};
use crate::error::{ErrorKind, FlushError, InitError};
use crate::filter::Filter;
use crate::internal;
use crate::stats::{FlushReport, Stats};

use builder::{Builder, Levels};
use explanation::Explanation;
use named::Logger;
use outputs::OutputLevel;
use pipeline::Pipeline;
use report::Report;
use settings::Origin;

/// What the `log` crate calls.
#[derive(Debug)]
pub(crate) struct Hestia;

pub(crate) static HESTIA: Hestia = Hestia;

impl Log for Hestia {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        front().is_some_and(|front| front.gate.allows(metadata.level(), metadata.target()))
    }

    #[inline]
    fn log(&self, record: &Record<'_>) {
        if let Some(front) = front() {
            facade::log(front, record, None);
        }
    }

    fn flush(&self) {
        if let Err(error) = flush()
            && error.kind() != ErrorKind::OwnThread
        {
            internal::trouble("flush", error.to_string());
        }
    }
}

/// What is logged on hestia's own threads, by the code that runs there for outputs and hooks.
#[cold]
fn log_internally(record: &Record<'_>) {
    internal::note(
        record.target(),
        format!("{}: {}", record.level(), record.args()),
    );
}

/// Starts saying how hestia is to be.
///
/// # Example
/// ```
/// # let directory = tempfile::tempdir()?;
/// hestia::builder().logs_dir(directory.path()).app("billing").init()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn builder() -> Builder {
    Builder::new(Origin::Builder)
}

/// Turns hestia on as it is without any settings: console, `logs/all.log` and `logs/app.log`, at level
/// `info`.
///
/// # Errors
/// As [`Builder::init`].
///
/// # Example
/// ```no_run
/// hestia::init()?;
/// log::info!("ready");
/// # Ok::<(), hestia::InitError>(())
/// ```
pub fn init() -> Result<Handle, InitError> {
    builder().init()
}

/// A logger with an application name of its own.
///
/// # Example
/// ```
/// # hestia::builder().console(false).text(false).json(false).env(false).init()?;
/// let audit = hestia::logger("audit").metadata("team", "risk");
/// log::info!(logger: audit, "granted");
/// # Ok::<(), hestia::InitError>(())
/// ```
#[must_use]
pub fn logger(application: impl Into<String>) -> Logger {
    Logger::new(application.into())
}

/// The running logger. It may be dropped at any time: hestia goes on, and nothing is lost at the end.
///
/// # Example
/// ```
/// # let directory = tempfile::tempdir()?;
/// let hestia = hestia::builder().logs_dir(directory.path()).console(false).env(false).init()?;
/// log::info!("ready");
/// let report = hestia.flush()?;
/// assert_eq!(report.stats().accepted, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Handle(());

impl Handle {
    pub(crate) fn new() -> Self {
        Handle(())
    }

    /// As [`crate::flush`].
    ///
    /// # Errors
    /// As there.
    pub fn flush(&self) -> Result<FlushReport, FlushError> {
        flush()
    }

    /// As [`crate::flush_within`].
    ///
    /// # Errors
    /// As there.
    pub fn flush_within(&self, limit: Duration) -> Result<FlushReport, FlushError> {
        flush_within(limit)
    }

    /// As [`crate::set_level`].
    ///
    /// # Errors
    /// As there.
    pub fn set_level(&self, levels: impl Into<Levels>) -> Result<(), InitError> {
        set_level(levels)
    }

    /// As [`crate::set_output_level`].
    ///
    /// # Errors
    /// As there.
    pub fn set_output_level(
        &self,
        output: &str,
        level: impl Into<OutputLevel>,
    ) -> Result<(), InitError> {
        set_output_level(output, level)
    }

    /// As [`crate::set_filter`].
    ///
    /// # Errors
    /// As there.
    pub fn set_filter(
        &self,
        output: &str,
        filter: impl Filter + Clone + Sync + 'static,
    ) -> Result<(), InitError> {
        set_filter(output, filter)
    }

    /// As [`crate::clear_filter`].
    ///
    /// # Errors
    /// As there.
    pub fn clear_filter(&self, output: &str) -> Result<(), InitError> {
        clear_filter(output)
    }

    /// As [`crate::reload`].
    ///
    /// # Errors
    /// As there.
    #[cfg(feature = "config")]
    pub fn reload(&self) -> Result<config::reload::Reloaded, InitError> {
        config::reload::reload()
    }

    /// As [`crate::stats`].
    ///
    /// # Panics
    /// Never: whoever has a handle has a running logger.
    #[must_use]
    pub fn stats(&self) -> Stats {
        stats().expect("a handle is only made once hestia runs, and it never stops being there")
    }

    /// As [`crate::report`].
    ///
    /// # Panics
    /// Never: whoever has a handle has a running logger.
    #[must_use]
    pub fn report(&self) -> Report {
        report().expect("a handle is only made once hestia runs, and it never stops being there")
    }

    /// As [`crate::explain`].
    ///
    /// # Panics
    /// Never: whoever has a handle has a running logger.
    #[must_use]
    pub fn explain(&self, target: &str, level: Level) -> Explanation {
        explain(target, level)
            .expect("a handle is only made once hestia runs, and it never stops being there")
    }

    /// As [`crate::reopen`].
    ///
    /// # Errors
    /// As there.
    pub fn reopen(&self) -> Result<FlushReport, FlushError> {
        reopen()
    }

    /// As [`crate::rotate`].
    ///
    /// # Errors
    /// As there.
    pub fn rotate(&self) -> Result<FlushReport, FlushError> {
        rotate()
    }

    /// As [`crate::shutdown`].
    ///
    /// # Errors
    /// As there.
    pub fn shutdown(&self) -> Result<FlushReport, FlushError> {
        shutdown()
    }
}

/// The pipeline of this process: a forked child gets its own here, if it has not logged yet.
fn current() -> Option<&'static Pipeline> {
    let pipeline = pipeline::running()?;
    if pipeline.is_inherited() {
        exit::forked();
    }
    pipeline::running()
}

fn running() -> Result<&'static Pipeline, FlushError> {
    current().ok_or_else(|| FlushError::new(ErrorKind::NotRunning, "hestia has not been turned on"))
}

/// Waits until every output has confirmed everything that was logged before the call, by any thread:
/// handed to the operating system, or taken by the program's own sink. Waits at most the exit limit
/// ([`Builder::exit_limit`], 5 s).
///
/// # Errors
/// Names the first output that could not confirm, or that lost records since the last flush, and why;
/// the report is in the error too. An output whose reader has gone for good (a closed pipe) does not make this fail; the report shows it as not
/// working. On hestia's own threads, and before hestia is turned on, it fails at once.
///
/// # Example
/// ```
/// # hestia::builder().console(false).text(false).json(false).env(false).init()?;
/// log::info!("important");
/// println!("{}", hestia::flush()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn flush() -> Result<FlushReport, FlushError> {
    let pipeline = running()?;
    pipeline.flush(pipeline.settings.exit_limit.value)
}

/// As [`flush`], with a limit of its own.
///
/// # Errors
/// As [`flush`].
///
/// # Example
/// ```
/// # use std::time::Duration;
/// # hestia::builder().console(false).text(false).json(false).env(false).init()?;
/// hestia::flush_within(Duration::from_millis(100))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn flush_within(limit: Duration) -> Result<FlushReport, FlushError> {
    running()?.flush(limit)
}

/// Changes the levels of all outputs; an output's own level stays. Wins over whatever was said at the
/// start.
///
/// # Errors
/// When the directives make no sense, or hestia has not been turned on; nothing changes then.
///
/// # Example
/// ```
/// # hestia::builder().console(true).text(false).json(false).env(false).init()?;
/// hestia::set_level("debug,hyper=info")?;
/// assert_eq!(log::max_level(), log::LevelFilter::Debug);
/// # Ok::<(), hestia::InitError>(())
/// ```
pub fn set_level(levels: impl Into<Levels>) -> Result<(), InitError> {
    let directives = levels.into().directives()?;
    started()?.set_directives(directives);
    Ok(())
}

/// Changes the own level of one output: `console`, `text`, `json`, or the name of a sink.
///
/// # Errors
/// When there is no such output, or hestia has not been turned on.
///
/// # Example
/// ```
/// # use hestia::Level;
/// # hestia::builder().console(true).text(false).json(false).env(false).init()?;
/// hestia::set_output_level("console", Level::Error)?;
/// # Ok::<(), hestia::InitError>(())
/// ```
pub fn set_output_level(output: &str, level: impl Into<OutputLevel>) -> Result<(), InitError> {
    started()?.set_output_level(output, Some(level.into().0))
}

/// Has a filter decide about each record that the level of this output lets through, in the place of the one it has, if any:
/// `console`, `text`, `json`, the name of a sink, or the path of a named logger's file. A forked child starts with a
/// clone of it.
///
/// What was logged before the call has met the filter that was there before; waits for that, at most 1 s when an output
/// hangs. The old filter is dropped on the writer's thread.
///
/// # Errors
/// When there is no such output, or hestia has not been turned on.
///
/// # Example
/// ```
/// # use hestia::Record;
/// # hestia::builder().console(true).text(false).json(false).env(false).init()?;
/// hestia::set_filter("console", |record: &Record<'_>| record.field("user_id").is_some())?;
/// log::info!("of nobody, and so not on the console");
/// hestia::clear_filter("console")?;
/// # Ok::<(), hestia::InitError>(())
/// ```
pub fn set_filter(
    output: &str,
    filter: impl Filter + Clone + Sync + 'static,
) -> Result<(), InitError> {
    started()?.set_filter(output, outputs::make_filter(filter))
}

/// Takes the filter of this output away, if it has one; see [`set_filter`].
///
/// # Errors
/// As there.
pub fn clear_filter(output: &str) -> Result<(), InitError> {
    started()?.set_filter(output, None)
}

fn started() -> Result<&'static Pipeline, InitError> {
    current().ok_or_else(|| InitError::new(ErrorKind::NotRunning, "hestia has not been turned on"))
}

/// The figures of the running logger; `None` before hestia is turned on.
///
/// # Example
/// ```
/// # hestia::builder().console(false).text(false).json(false).env(false).init()?;
/// let stats = hestia::stats().expect("hestia is running");
/// assert_eq!(stats.shed.total(), 0);
/// # Ok::<(), hestia::InitError>(())
/// ```
#[must_use]
pub fn stats() -> Option<Stats> {
    current().map(Pipeline::stats)
}

/// The effective configuration, with who said each setting; `None` before hestia is turned on.
///
/// # Example
/// ```
/// # hestia::builder().console(false).text(false).json(false).env(false).init()?;
/// println!("{}", hestia::report().expect("hestia is running"));
/// # Ok::<(), hestia::InitError>(())
/// ```
#[must_use]
pub fn report() -> Option<Report> {
    current().map(Report::of)
}

/// Which filter of which output lets a record of this target and level through, or stops it; `None`
/// before hestia is turned on.
///
/// # Example
/// ```
/// # use hestia::Level;
/// # hestia::builder().console(true).text(false).json(false).env(false).init()?;
/// println!("{}", hestia::explain("hyper::client", Level::Debug).expect("hestia is running"));
/// # Ok::<(), hestia::InitError>(())
/// ```
#[must_use]
pub fn explain(target: &str, level: Level) -> Option<Explanation> {
    current().map(|pipeline| Explanation::of(pipeline, target, level))
}

/// Has every output open its file again, after what was logged so far has been written: for log rotators
/// that move files away.
///
/// # Errors
/// Names the first output that could not; it goes on with the file it has.
///
/// # Example
/// ```
/// # hestia::builder().console(false).text(false).json(false).env(false).init()?;
/// hestia::reopen()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn reopen() -> Result<FlushReport, FlushError> {
    let pipeline = running()?;
    pipeline.reopen(pipeline.settings.exit_limit.value)
}

/// Rotates every file now, after what was logged so far has been written: it becomes an archive, and what is logged from
/// now on goes into a new file; see [`crate::Rotation`]. Files with nothing in them, and those for which the program said
/// `rotate(false)`, stay as they are. Where nothing was said about rotation, archives are named by time, and all are kept.
///
/// # Errors
/// Names the first output that could not; it goes on with the file it has.
///
/// # Example
/// ```
/// # let directory = tempfile::tempdir()?;
/// # let logs = directory.path().to_owned();
/// # hestia::builder().logs_dir(&logs).console(false).json(false).env(false).init()?;
/// log::info!("before");
/// hestia::rotate()?;
/// log::info!("after");
/// hestia::flush()?;
/// assert_eq!(std::fs::read_dir(logs)?.count(), 2); // all.log, and all.2026-11-22T13-05-30Z.log for one
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn rotate() -> Result<FlushReport, FlushError> {
    let pipeline = running()?;
    pipeline.rotate(pipeline.settings.exit_limit.value)
}

/// Writes everything and ends hestia's threads. What is logged after that is written at the call, by the
/// thread that logs (or by another one that it waits for, while it panics); see [`crate::Sink`] for what a sink must
/// not do then. Not needed at the end of the program.
///
/// # Errors
/// As [`flush`].
///
/// # Example
/// ```
/// # hestia::builder().console(false).text(false).json(false).env(false).init()?;
/// hestia::shutdown()?;
/// log::info!("written before this call returns");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn shutdown() -> Result<FlushReport, FlushError> {
    let pipeline = running()?;
    pipeline.stop(pipeline.settings.exit_limit.value)
}
