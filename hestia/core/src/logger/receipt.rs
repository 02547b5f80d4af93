//! A record that is waited for until it is on the disk: what `durable!` does around its statement.
//!
//! Callers' threads. What an output lost or the disk refused is compared with what it was before the record was logged, so
//! no call is told of another one's loss instead of its own.
//!
//! *Invariant:* waits no longer than the limit.

use std::time::Duration;

use super::current;
use super::pipeline::{Losses, Pipeline};
use crate::callsite::{front, refused_here};
use crate::error::{ErrorKind, FlushError};
use crate::sink::file;
use crate::stats::FlushReport;

/// What `durable!` returns: the record is on the disk.
///
/// # Example
/// ```
/// # let directory = tempfile::tempdir()?;
/// # hestia::builder().logs_dir(directory.path()).console(false).env(false).init()?;
/// let receipt = hestia::durable!(info, "paid")?;
/// println!("{}", receipt.report().expect("the statement is on"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Receipt {
    report: Option<Box<FlushReport>>,
}

impl Receipt {
    /// The figures of all outputs when they had confirmed; `None` when the statement was switched off, and logged nothing.
    #[must_use]
    pub fn report(&self) -> Option<&FlushReport> {
        self.report.as_deref()
    }
}

/// A statement whose record is to be waited for.
#[derive(Debug, Default)]
pub struct Pending {
    begun: Option<Begun>,
}

#[derive(Debug)]
struct Begun {
    pipeline: Option<&'static Pipeline>,
    before: Losses,
    refused: u64,
    was_refused: bool,
}

impl Pending {
    /// Not on yet.
    #[must_use]
    pub fn new() -> Self {
        Pending::default()
    }

    /// The statement is on: its record is logged right after this, on this thread.
    pub fn begin(&mut self) {
        file::keep_all();
        // In a forked child this starts the pipeline that the record goes through.
        let pipeline = current();
        self.begun = Some(Begun {
            pipeline,
            before: pipeline.map(Pipeline::losses).unwrap_or_default(),
            refused: refused_now(),
            was_refused: false,
        });
    }

    /// It has been logged.
    pub fn logged(&mut self) {
        if let Some(begun) = &mut self.begun {
            begun.was_refused = refused_now() != begun.refused;
        }
    }

    /// Waits until it is on the disk.
    ///
    /// # Errors
    /// See `durable!`.
    pub fn confirm(self) -> Result<Receipt, FlushError> {
        self.wait(None)
    }

    /// As `confirm`, with a limit of its own.
    ///
    /// # Errors
    /// See `durable!`.
    pub fn confirm_within(self, limit: Duration) -> Result<Receipt, FlushError> {
        self.wait(Some(limit))
    }

    fn wait(self, limit: Option<Duration>) -> Result<Receipt, FlushError> {
        let not_running =
            || FlushError::new(ErrorKind::NotRunning, "hestia has not been turned on");
        let Some(begun) = self.begun else {
            current().ok_or_else(not_running)?;
            return Ok(Receipt { report: None });
        };
        let pipeline = begun.pipeline.ok_or_else(not_running)?;
        if begun.was_refused {
            return Err(FlushError::new(
                ErrorKind::Shed,
                "the queue did not take the record: it was full, or statements nested too deep",
            ));
        }
        let limit = limit.unwrap_or(pipeline.settings.exit_limit.value);
        let report = pipeline.sync(limit, &begun.before)?;
        Ok(Receipt {
            report: Some(Box::new(report)),
        })
    }
}

fn refused_now() -> u64 {
    front().map_or(0, refused_here)
}
