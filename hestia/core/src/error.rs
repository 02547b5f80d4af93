//! What can fail: turning hestia on, flushing, and writing to an output. Logging itself cannot.
//!
//! Each error is opaque: a kind, what it was about, and the cause as its `source`.

use std::error::Error;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::stats::FlushReport;

/// What kind of thing went wrong, named by the operation that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// hestia runs already, with other settings.
    AlreadyRunning,
    /// The `log` crate has another logger already.
    OtherLogger,
    /// `tracing` has another subscriber already.
    OtherSubscriber,
    /// hestia is not running.
    NotRunning,
    /// A setting cannot be what it was said to be.
    InvalidSetting,
    /// A thread could not be started.
    StartThread,
    /// A file, or the directory it is to stand in, could not be opened or made.
    OpenFile,
    /// A file could not be rotated, or an archive of it not be compressed or deleted.
    RotateFile,
    /// What was written to a file could not be brought to the disk.
    SyncFile,
    /// An output could not be written to.
    Write,
    /// An output was closed by whoever read it.
    Closed,
    /// The queue did not take a record.
    Shed,
    /// It took longer than it was allowed to.
    TimedOut,
    /// Code of the user's that hestia called panicked.
    Panicked,
    /// The call is not possible on hestia's own threads: they would wait for themselves.
    OwnThread,
}

/// Why hestia could not be turned on.
///
/// # Example
/// ```
/// let error = hestia::builder().level("inof").env(false).init().unwrap_err();
/// assert_eq!(error.kind(), hestia::ErrorKind::InvalidSetting);
/// assert!(error.to_string().contains("inof"));
/// ```
#[derive(Debug)]
pub struct InitError {
    kind: ErrorKind,
    what: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl InitError {
    pub(crate) fn new(kind: ErrorKind, what: impl Into<String>) -> Self {
        InitError {
            kind,
            what: what.into(),
            source: None,
        }
    }

    pub(crate) fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The kind of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for InitError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.what)
    }
}

impl Error for InitError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// Why the records that a killed process left cannot be read; see [`crate::recover`].
#[derive(Debug)]
pub struct RecoverError {
    kind: ErrorKind,
    what: String,
    source: Option<io::Error>,
}

impl RecoverError {
    pub(crate) fn new(kind: ErrorKind, what: impl Into<String>) -> Self {
        RecoverError {
            kind,
            what: what.into(),
            source: None,
        }
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn of(does: &str, path: &std::path::Path, error: io::Error) -> Self {
        RecoverError {
            kind: ErrorKind::OpenFile,
            what: format!("cannot {does} {}", path.display()),
            source: Some(error),
        }
    }

    /// The kind of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for RecoverError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.what)
    }
}

impl Error for RecoverError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}

/// Why an output did not take its lines. A custom [`crate::Sink`] makes one with [`SinkError::new`].
///
/// # Example
/// ```
/// use hestia::{ErrorKind, SinkError};
/// let error = SinkError::new(ErrorKind::Write, "the queue of the broker is full");
/// assert_eq!(error.to_string(), "the queue of the broker is full");
/// ```
#[derive(Debug)]
pub struct SinkError {
    kind: ErrorKind,
    what: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl SinkError {
    /// An error of a kind, with what failed and on what: lower case, without a full stop.
    #[must_use]
    pub fn new(kind: ErrorKind, what: impl Into<String>) -> Self {
        SinkError {
            kind,
            what: what.into(),
            source: None,
        }
    }

    /// The same, with its cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn file(
        kind: ErrorKind,
        does: &str,
        path: &std::path::Path,
        error: io::Error,
    ) -> Self {
        SinkError::new(kind, format!("cannot {does} {}", path.display())).because(error)
    }

    /// The kind of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for SinkError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.what)
    }
}

impl Error for SinkError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// Why a flush did not confirm everything. [`FlushError::report`] still has the figures of every output.
#[derive(Debug)]
pub struct FlushError {
    kind: ErrorKind,
    what: String,
    report: Option<Box<FlushReport>>,
}

impl FlushError {
    pub(crate) fn new(kind: ErrorKind, what: impl Into<String>) -> Self {
        FlushError {
            kind,
            what: what.into(),
            report: None,
        }
    }

    pub(crate) fn with_report(mut self, report: FlushReport) -> Self {
        self.report = Some(Box::new(report));
        self
    }

    /// The kind of failure, of the first output that failed.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What each output said, when they could be asked.
    #[must_use]
    pub fn report(&self) -> Option<&FlushReport> {
        self.report.as_deref()
    }
}

impl fmt::Display for FlushError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.what)
    }
}

impl Error for FlushError {}

/// An error and its sources in one line: for stderr and the internal log. The sources may be of the
/// user's own making; one that panics while it is shown costs the line, not the writer.
pub(crate) fn chain(error: &dyn Error) -> String {
    catch_unwind(AssertUnwindSafe(|| chained(error)))
        .unwrap_or_else(|_| "an error that panicked while it was shown".to_owned())
}

fn chained(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        line.push_str(": ");
        line.push_str(&error.to_string());
        next = error.source();
    }
    line
}

/// Something that went wrong inside hestia while the program ran; the error hook gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    pub(crate) part: String,
    pub(crate) what: String,
}

impl Incident {
    /// What it happened to: an output's name, or a part of hestia.
    #[must_use]
    pub fn part(&self) -> &str {
        &self.part
    }

    /// What happened, with its causes, in one line.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }
}

impl fmt::Display for Incident {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.part, self.what)
    }
}
