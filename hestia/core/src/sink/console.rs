//! The console: standard output or standard error.
//!
//! Whoever reads it may stop at any time, so only a worker thread of its own (`hestia-console`) ever
//! writes to it. The writer thread hands lines over, waits a little when the worker is behind, and then
//! sheds them. When the reader is gone for good (a broken pipe, a closed descriptor, a terminal that hung
//! up) the console is closed once, without a word: later lines count as failed, flushes settle with
//! [`ErrorKind::Closed`].
//!
//! *Invariant:* no call here waits longer than its limit, whatever the reader does.

mod worker;

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crossbeam_utils::sync::{Parker, Unparker};

use super::{FlushTicket, Sink};
use crate::clock::deadline_in;
use crate::error::{ErrorKind, SinkError};
use crate::internal::start_own;
use crate::record::batch::{Batch, TakenBatch};
use crate::sync::channel::{Sender, unbounded};
use crate::sync::lock;
#[cfg(unix)]
use crate::system;
use crate::thread::Started;

use worker::Worker;

/// What a parcel costs besides its lines, in bytes: so many tiny ones have a bound, too.
const PARCEL_BYTES: usize = 256;

/// At most this many messages wait for the worker before a flush is refused. Lines have their own bound;
/// this is for a program that flushes again and again while nobody reads.
const WAITING_MESSAGES: usize = 16 * 1024;

/// How long a call after [`Sink::close`] waits until its lines are out.
const AT_CALL: Duration = Duration::from_secs(1);

/// One of the two standard streams that a program can log to.
///
/// # Example
/// ```
/// use hestia::Stream;
/// assert_eq!(Stream::Stderr.to_string(), "stderr");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Standard output, descriptor 1.
    Stdout,
    /// Standard error, descriptor 2.
    Stderr,
}

impl std::fmt::Display for Stream {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Stream::Stdout => "stdout",
            Stream::Stderr => "stderr",
        })
    }
}

/// Whether a person looks at the stream, as far as the operating system knows.
pub(crate) fn is_terminal(stream: Stream) -> bool {
    match stream {
        Stream::Stdout => io::stdout().is_terminal(),
        Stream::Stderr => io::stderr().is_terminal(),
    }
}

/// How far the console may fall behind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// No lines are taken while this many bytes or more are on their way, 1 MiB unless set. More rides out
    /// a longer pause of the reader; zero means one batch at a time.
    pub(crate) in_flight_bytes: usize,
    /// How long a call waits for room before it sheds its lines, 10 ms unless set. All other outputs wait
    /// as long. A console that has not moved since the last shedding is not waited for again.
    pub(crate) wait: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            in_flight_bytes: 1 << 20,
            wait: Duration::from_millis(10),
        }
    }
}

/// Writes lines to a standard stream, through a thread of its own.
#[derive(Debug)]
pub(crate) struct ConsoleSink {
    name: String,
    limits: Limits,
    traffic: Arc<Traffic>,
    /// Where it waits for room.
    moved: Parker,
    /// Held by the worker's thread while there is one.
    worker: Arc<Mutex<Worker>>,
    running: Option<Running>,
    /// How many parcels had been delivered when the console was last found stuck.
    stuck_at: Option<u64>,
    /// After `close`: a call returns when its lines are out.
    at_call: bool,
}

#[derive(Debug)]
struct Running {
    messages: Sender<Message>,
    thread: Started,
}

/// What goes to the worker, in order.
#[derive(Debug)]
enum Message {
    Lines(Parcel),
    Flush(FlushTicket),
}

/// Lines on their way, counted as such until it is dropped.
#[derive(Debug)]
struct Parcel {
    lines: TakenBatch,
    bytes: usize,
    traffic: Arc<Traffic>,
}

/// What both sides know about the lines on their way.
#[derive(Debug)]
struct Traffic {
    in_flight_bytes: AtomicUsize,
    delivered: AtomicU64,
    /// Nobody will ever read this stream again.
    closed: AtomicBool,
    /// Wakes the sink, which may wait for room: a parcel was delivered.
    moved: Unparker,
}

impl Parcel {
    fn new(lines: TakenBatch, traffic: Arc<Traffic>) -> Self {
        let bytes = lines.lines().bytes().len() + PARCEL_BYTES;
        traffic.in_flight_bytes.fetch_add(bytes, Ordering::Relaxed);
        Parcel {
            lines,
            bytes,
            traffic,
        }
    }
}

impl Drop for Parcel {
    fn drop(&mut self) {
        let traffic = &self.traffic;
        // Relaxed: unparking orders both for whoever waits for it, and others only look by and by.
        traffic
            .in_flight_bytes
            .fetch_sub(self.bytes, Ordering::Relaxed);
        traffic.delivered.fetch_add(1, Ordering::Relaxed);
        traffic.moved.unpark();
    }
}

impl Traffic {
    fn new(moved: Unparker) -> Self {
        Traffic {
            in_flight_bytes: AtomicUsize::new(0),
            delivered: AtomicU64::new(0),
            closed: AtomicBool::new(false),
            moved,
        }
    }

    fn delivered(&self) -> u64 {
        self.delivered.load(Ordering::Relaxed)
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }
}

impl ConsoleSink {
    /// A sink for this stream, with its thread.
    ///
    /// # Errors
    /// When the thread cannot be started. A closed stream is none: its lines count as failed.
    pub(crate) fn new(stream: Stream) -> Result<Self, SinkError> {
        Self::with_limits(stream, Limits::default())
    }

    /// The same, with other limits than the default ones.
    ///
    /// # Errors
    /// As [`ConsoleSink::new`].
    pub(crate) fn with_limits(stream: Stream, limits: Limits) -> Result<Self, SinkError> {
        let hangs_up = is_terminal(stream);
        Self::over(stream.to_string(), Descriptor(stream), hangs_up, limits)
    }

    /// `hangs_up`: it is a terminal, for which an input/output error is the end.
    fn over(
        name: String,
        out: impl Write + Send + 'static,
        hangs_up: bool,
        limits: Limits,
    ) -> Result<Self, SinkError> {
        let moved = Parker::new();
        let traffic = Arc::new(Traffic::new(moved.unparker().clone()));
        let worker = Worker::new(name.clone(), Box::new(out), hangs_up, Arc::clone(&traffic));
        let mut sink = ConsoleSink {
            name,
            limits,
            traffic,
            moved,
            worker: Arc::new(Mutex::new(worker)),
            running: None,
            stuck_at: None,
            at_call: false,
        };
        sink.run()?;
        Ok(sink)
    }

    /// The way to the worker; starts its thread when there is none.
    fn run(&mut self) -> Result<&Running, SinkError> {
        let running = match self.running.take() {
            Some(running) => running,
            None => self.start()?,
        };
        Ok(self.running.insert(running))
    }

    fn start(&self) -> Result<Running, SinkError> {
        let (messages, incoming) = unbounded();
        let worker = Arc::clone(&self.worker);
        let thread = start_own(c"hestia-console", move || lock(&worker).run(&incoming)).map_err(
            |error| {
                let what = format!("cannot start the thread that writes to {}", self.name);
                SinkError::new(ErrorKind::StartThread, what).because(error)
            },
        )?;
        Ok(Running { messages, thread })
    }

    /// Waits for room, but neither long nor twice for a console that does not move.
    fn has_room(&mut self) -> bool {
        let begin = Instant::now();
        loop {
            let in_flight = self.traffic.in_flight_bytes.load(Ordering::Relaxed);
            if in_flight < self.limits.in_flight_bytes.max(1) {
                return true;
            }
            let wait = self.limits.wait.saturating_sub(begin.elapsed());
            if self.is_stuck() || wait.is_zero() {
                self.stuck_at = Some(self.traffic.delivered());
                return false;
            }
            self.moved.park_timeout(wait);
        }
    }

    fn is_stuck(&self) -> bool {
        self.stuck_at == Some(self.traffic.delivered())
    }

    fn hand_over(&mut self, lines: TakenBatch) -> Result<(), SinkError> {
        let parcel = Parcel::new(lines, Arc::clone(&self.traffic));
        let sent = self.run()?.messages.send(Message::Lines(parcel));
        sent.map_err(|_| {
            // The thread is gone: it panicked. The next call starts another.
            self.running = None;
            let what = format!("the thread that writes to {} has ended", self.name);
            SinkError::new(ErrorKind::Panicked, what)
        })
    }

    /// Waits until the worker has done with all that was handed over; `false` when that takes longer than
    /// the limit.
    fn is_drained_within(&mut self, limit: Duration) -> bool {
        let (answer, answers) = unbounded();
        self.flush(FlushTicket::new(0, answer));
        match answers.recv_deadline(deadline_in(limit)) {
            Ok((_, Err(error))) => error.kind() != ErrorKind::TimedOut,
            answer => answer.is_ok(),
        }
    }
}

impl Sink for ConsoleSink {
    /// Hands the lines to the worker. They fail here when the worker is too far behind; what fails later
    /// is reported by the worker itself.
    fn write(&mut self, batch: &mut Batch) -> Result<(), SinkError> {
        if batch.is_empty() {
            return Ok(());
        }
        if self.traffic.is_closed() {
            batch.all_failed();
            return Ok(());
        }
        if !self.has_room() {
            let what = format!("nobody reads {}: lines were lost", self.name);
            return Err(SinkError::new(ErrorKind::Write, what));
        }
        self.hand_over(batch.take())?;
        if self.at_call && !self.is_stuck() && !self.is_drained_within(AT_CALL) {
            self.stuck_at = Some(self.traffic.delivered());
        }
        Ok(())
    }

    /// Settled by the worker, once all that was handed over before is out.
    fn flush(&mut self, ticket: FlushTicket) {
        let Some(Running { messages, .. }) = &self.running else {
            return ticket.settle(lock(&self.worker).standing());
        };
        if messages.len() >= WAITING_MESSAGES {
            let what = format!(
                "nobody reads {}, and too many flushes wait for it",
                self.name
            );
            return ticket.settle(Err(SinkError::new(ErrorKind::TimedOut, what)));
        }
        // A ticket that cannot be sent settles itself, by being dropped.
        let _ = messages.send(Message::Flush(ticket));
    }

    /// Ends the thread, if it gets rid of its lines within the limit; otherwise leaves it to it. Lines
    /// that come after that go the same way, through a new thread if need be, and each call waits until
    /// its lines are out, 1 s at most and not twice for a console that does not move.
    fn close(&mut self, limit: Duration) {
        self.at_call = true;
        if !self.is_drained_within(limit) {
            return;
        }
        if let Some(Running { messages, thread }) = self.running.take() {
            // Without lines and without a sender it ends at once.
            drop(messages);
            thread.join();
        }
    }
}

/// The stream's own descriptor, looked up at each write: so a program that redirects the stream redirects
/// its log with it, and one that closes it does not find it held open. Never through the standard
/// library's handle, whose lock a stuck print statement may hold.
#[derive(Clone, Copy, Debug)]
struct Descriptor(Stream);

#[cfg(unix)]
impl Write for Descriptor {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let descriptor = match self.0 {
            Stream::Stdout => libc::STDOUT_FILENO,
            Stream::Stderr => libc::STDERR_FILENO,
        };
        system::write(descriptor, bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where there are no descriptors, the handle it is; a stuck print statement then stops the worker, too.
#[cfg(not(unix))]
impl Write for Descriptor {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0 {
            Stream::Stdout => {
                let mut out = io::stdout().lock();
                let count = out.write(bytes)?;
                out.flush().map(|()| count)
            }
            Stream::Stderr => io::stderr().write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
