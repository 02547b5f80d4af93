//! What the console's thread does: write, wait for whoever reads, notice that nobody will.
//!
//! *Invariant:* once closed it never writes again.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use super::{Message, Traffic};
use crate::error::{ErrorKind, SinkError, chain};
use crate::internal;
use crate::record::batch::TakenBatch;
use crate::sink::again;
use crate::sink::lines::{Lines, Out, is_closed};
use crate::sync::channel::Receiver;

/// How much one write takes at most, in bytes, unless a single line is longer. Up to `PIPE_BUF` bytes a
/// pipe takes in one piece (POSIX.1-2017, `write`), so that lines which print statements or other
/// processes write to the same pipe do not tear these, even when it is full.
#[cfg(unix)]
const CHUNK_BYTES: usize = libc::PIPE_BUF;
#[cfg(not(unix))]
const CHUNK_BYTES: usize = 4096;

/// How long a non-blocking descriptor that is full is left alone, at first and at last.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LAST_PAUSE: Duration = Duration::from_millis(64);

/// All that writing to the console takes; the thread that does it holds the lock around it.
#[derive(Debug)]
pub(super) struct Worker {
    name: String,
    out: Patient,
    hangs_up: bool,
    lines: Lines,
    /// Why the last write failed.
    failed: Option<SinkError>,
    traffic: Arc<Traffic>,
}

impl Worker {
    pub(super) fn new(
        name: String,
        out: Box<dyn Out + Send>,
        hangs_up: bool,
        traffic: Arc<Traffic>,
    ) -> Self {
        Worker {
            name,
            out: Patient(out),
            hangs_up,
            lines: Lines::new(CHUNK_BYTES),
            failed: None,
            traffic,
        }
    }

    /// Until the sink has no more use for the thread.
    pub(super) fn run(&mut self, messages: &Receiver<Message>) {
        for message in messages.iter() {
            match message {
                Message::Lines(mut parcel) => self.write(&mut parcel.lines),
                Message::Flush(ticket) => ticket.settle(self.confirm()),
            }
        }
    }

    /// Another try to finish a line that was cut; then how things stand.
    fn confirm(&mut self) -> Result<(), SinkError> {
        if !self.traffic.is_closed()
            && let Err(error) = self.lines.finish(&mut self.out)
        {
            self.fail(error);
        }
        self.standing()
    }

    /// Whether the lines so far are out.
    pub(super) fn standing(&self) -> Result<(), SinkError> {
        if self.traffic.is_closed() {
            let what = format!("{} was closed by whoever read it", self.name);
            return Err(SinkError::new(ErrorKind::Closed, what));
        }
        self.failed
            .as_ref()
            .map_or(Ok(()), |error| Err(again(error)))
    }

    /// What is left of the lines after this counts as failed.
    fn write(&mut self, taken: &mut TakenBatch) {
        if self.traffic.is_closed() {
            return;
        }
        self.failed = None;
        if let Err(error) = self.lines.write(&mut self.out, taken.lines_mut()) {
            self.fail(error);
            if let Some(error) = &self.failed {
                taken.lines().count_error();
                internal::trouble("console", chain(error));
            }
        }
    }

    fn fail(&mut self, error: io::Error) {
        if self.is_end(&error) {
            self.traffic.closed.store(true, Ordering::Relaxed);
            self.lines.give_up_begun();
            self.failed = None;
        } else {
            let what = format!("cannot write to {}", self.name);
            self.failed = Some(SinkError::new(ErrorKind::Write, what).because(error));
        }
    }

    /// Whether the error says that nobody will ever read the stream again.
    fn is_end(&self, error: &io::Error) -> bool {
        match error.kind() {
            io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::NotConnected => true,
            _ => is_closed(error) || self.hangs_up && is_hang_up(error),
        }
    }
}

/// A terminal that is gone answers with `EIO` for ever.
#[cfg(unix)]
fn is_hang_up(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EIO | libc::ENXIO))
}

#[cfg(not(unix))]
fn is_hang_up(_: &io::Error) -> bool {
    false
}

/// Waits where a non-blocking descriptor does not. Other programs make a terminal or a pipe that they share
/// with this one non-blocking, so it has to be reckoned with. By sleeping, not by poll(2), which does not
/// know terminals everywhere (macOS): nobody but this thread waits, and it is behind anyway.
struct Patient(Box<dyn Out + Send>);

impl Out for Patient {
    fn write_some(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.0.write_some(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(pause),
                result => return result,
            }
            pause = (pause * 2).min(LAST_PAUSE);
        }
    }
}

impl fmt::Debug for Patient {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Patient")
    }
}
