//! From many lines to a place.
//!
//! Sinks are called by the writer thread (by the thread that logs, after shutdown). One that can stall,
//! such as the console, has a worker thread of its own and only hands lines over here. One file per sink
//! (`file.rs`, `console.rs`), with what is its own below it (`file/disk.rs` opens files, `file/rotator.rs` rotates them, `console/worker.rs` is
//! the console's thread); `lines.rs`, which leaves no torn line behind, serves both.
//!
//! *Invariant:* a sink knows nothing of queues and never sees a record, only lines.

pub(crate) mod console;
pub(crate) mod file;
mod lines;
mod standing;

use std::error::Error;
use std::time::Duration;

use crate::error::{self, ErrorKind, SinkError};
use crate::record::batch::Batch;
use crate::sync::channel::Sender;

use file::FileRules;
pub(crate) use standing::Standing;

/// A place that takes lines.
///
/// The writer thread calls it, one method at a time; after [`crate::shutdown`], and at the end of the process,
/// whichever thread logs. So a sink must not take a lock that the program holds while it logs: after
/// `shutdown` that thread would wait for itself. What a sink logs goes to the internal log and to no output, and
/// a panic costs its batch, is caught and reported.
///
/// # Example
/// ```
/// use std::sync::{Arc, Mutex};
/// use hestia::{Batch, FlushTicket, Sink, SinkError};
///
/// /// Keeps everything in memory.
/// struct Memory(Arc<Mutex<Vec<u8>>>);
///
/// impl Sink for Memory {
///     fn write(&mut self, batch: &mut Batch) -> Result<(), SinkError> {
///         self.0.lock().unwrap().extend_from_slice(batch.bytes());
///         Ok(())
///     }
/// }
/// ```
pub trait Sink: Send {
    /// Takes the lines of a round. What is left in the batch counts as written after `Ok`, and as
    /// failed after `Err`; see [`Batch`] for what lies between.
    ///
    /// # Errors
    /// Whatever keeps the lines from where they belong. It is reported, and the next lines come all the
    /// same. A panic counts as an error.
    fn write(&mut self, batch: &mut Batch) -> Result<(), SinkError>;

    /// Settles the ticket once everything written so far is out: at the operating system, or wherever
    /// this sink's lines are safe. The default is right for a sink whose `write` leaves nothing behind.
    ///
    /// A sink whose reader has gone for good, such as a console after a broken pipe, settles with an error
    /// of [`ErrorKind::Closed`]: the report of the flush says so, and the flush does not fail for it.
    fn flush(&mut self, ticket: FlushTicket) {
        ticket.settle(Ok(()));
    }

    /// Brings everything written so far to where it survives a loss of power; see `durable!`, which waits
    /// for it. The default is right for a sink that has no such place: it says that there is nothing to wait for.
    ///
    /// # Errors
    /// When something of it is not there, and may never be.
    fn sync(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    /// Called when nothing more is to be written in a round of the writer's, which may be many times a second; with `true`
    /// before the writer goes to sleep until somebody logs. For what is to be done now and then, at no cost of a timer. The
    /// default does nothing.
    ///
    /// # Errors
    /// What is to be reported; it costs no line.
    fn idle(&mut self, is_resting: bool) -> Result<(), SinkError> {
        let _ = is_resting;
        Ok(())
    }

    /// Opens again what the sink writes to, because somebody moved it away. The default does nothing.
    ///
    /// # Errors
    /// When that is not possible; the sink goes on with what it has.
    fn reopen(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    /// Makes an archive of what was written so far, and begins anew; see [`crate::rotate`]. The default does nothing.
    ///
    /// # Errors
    /// When that is not possible; the sink goes on with what it has.
    fn rotate(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    /// Has a file of hestia's rotate and sync by other rules. No other sink has any.
    #[doc(hidden)]
    fn set_rules(&mut self, rules: FileRules) {
        drop(rules);
    }

    /// Ends threads of the sink's own. Called once, after the last `write` and `flush` of a shutdown;
    /// records logged after that still come through `write`. Must return within the limit.
    fn close(&mut self, limit: Duration) {
        let _ = limit;
    }
}

/// A promise to say when everything is out. Dropping it unsettled says that it never will be.
#[derive(Debug)]
pub struct FlushTicket {
    output: usize,
    answer: Option<Sender<(usize, Result<(), SinkError>)>>,
}

impl FlushTicket {
    pub(crate) fn new(output: usize, answer: Sender<(usize, Result<(), SinkError>)>) -> Self {
        FlushTicket {
            output,
            answer: Some(answer),
        }
    }

    /// Says how the flush ended.
    pub fn settle(mut self, result: Result<(), SinkError>) {
        // As text from here on: whoever flushes may be in the middle of a panic, where no cause of the sink's
        // making should be asked what it says.
        self.send(result.map_err(|error| again(&error)));
    }

    fn send(&mut self, result: Result<(), SinkError>) {
        if let Some(answer) = self.answer.take() {
            // Whoever asked may have given up waiting.
            let _ = answer.send((self.output, result));
        }
    }
}

impl Drop for FlushTicket {
    fn drop(&mut self) {
        self.send(Err(SinkError::new(
            ErrorKind::Write,
            "the output ended before it confirmed the flush",
        )));
    }
}

/// An error once more, with its causes as text, for whoever asks after it was handed out.
#[cold]
pub(crate) fn again(error: &SinkError) -> SinkError {
    let copy = SinkError::new(error.kind(), error.to_string());
    match error.source() {
        Some(cause) => copy.because(error::chain(cause)),
        None => copy,
    }
}
