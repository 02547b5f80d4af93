//! The writer: everything between the queue and the outputs.
//!
//! One thread, started by `logger`. It drains every ring, merges by time ([`merge`]), decodes each
//! record once, and passes it to the outputs ([`route`]). Between rounds it rests as long as [`pace`] says,
//! and does what it is asked through [`control`]. After `shutdown`, and during the last moments
//! of the process, the same work is done by whichever thread logs ([`Writer::drain`]).
//!
//! *Invariant:* the writer waits for nobody, and what one output or record does wrong costs no other.

pub(crate) mod control;
pub(crate) mod fold;
pub(crate) mod journal;
pub(crate) mod layouts;
mod merge;
mod pace;
pub(crate) mod recovery;
pub(crate) mod route;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::clock::{self, Clock, TickSource};
use crate::facts::Facts;
use crate::internal;
use crate::level::{Level, Severity};
use crate::queue::{Mark, Queue, Readers, Shed};
use crate::record::uuid::UuidSource;
use crate::record::{Field, Metadata, Record, RecordBuf, Surroundings, Value};
use crate::stats::LevelCounts;
use crate::sync::channel::{Receiver, Sender};
use crate::thread::ThreadRef;

use control::{Answer, Change, Confirm, Control};
use fold::Folding;
use merge::{Horizon, Merge};
use pace::{Pace, Rest};
use route::{NOTICE_PAUSE, Route, Routes};

/// What the writer is told when it is made.
pub(crate) struct Settings {
    pub(crate) facts: Arc<Facts>,
    /// Encoded key-values of the whole process.
    pub(crate) process_fields: Arc<Vec<u8>>,
    /// How far in the past the horizon lies while records keep coming.
    pub(crate) grace: Duration,
    /// How long after the last record the writer goes on looking by itself.
    pub(crate) linger: Duration,
    pub(crate) folding: Folding,
}

/// What turns records into lines: all of it that does not know where records come from.
struct Desk {
    clock: Clock,
    uuids: UuidSource,
    buffers: RecordBuf,
    settings: Settings,
    routes: Routes,
    /// Records seen, readable or not.
    processed: u64,
}

/// Drains the queue into the outputs.
pub(crate) struct Writer {
    readers: Readers,
    merge: Merge,
    desk: Desk,
    pace: Pace,
    control: Receiver<Control>,
    /// Positions to be passed, and what is to be confirmed then, to whom.
    flushes: Vec<(Mark, Confirm, Sender<Answer>)>,
    /// What may be dropped once the rings have been read so far.
    kept: Vec<Mark>,
    stop: Option<(Sender<Answer>, Duration)>,
    last_found: u64,
    /// That of the last round.
    last_tick: u64,
    notices: Notices,
    /// What the last round has written is not said to be written yet, where rings are in a mapped file.
    has_unsaid_round: bool,
}

/// How old records are to be, to be taken by a round.
#[derive(Clone, Copy, Debug)]
struct Window {
    ticks: u64,
    /// The last round left something, and nobody has roused the writer since.
    may_walk: bool,
}

impl Window {
    /// All that is there.
    const NONE: Window = Window {
        ticks: 0,
        may_walk: false,
    };
}

/// When what was lost was last said.
struct Notices {
    told_at: Instant,
    told_at_nanos: i64,
    /// How long to sleep before an output that could not take its notice is tried again, when nothing
    /// else happens.
    patience: Duration,
}

/// The longest pause between attempts to tell an output that does not work what it has lost.
const LONGEST_PATIENCE: Duration = Duration::from_secs(64);

impl std::fmt::Debug for Writer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Writer")
            .field("readers", &self.readers)
            .finish_non_exhaustive()
    }
}

impl Writer {
    pub(crate) fn new(
        queue: Arc<Queue>,
        ticks: TickSource,
        settings: Settings,
        routes: Vec<Route>,
        control: Receiver<Control>,
    ) -> Self {
        let mut clock = Clock::new(ticks);
        let mut outputs = Routes::new(settings.folding);
        for route in routes {
            outputs.add(route, 0, Shed::default());
        }
        let now = clock.now();
        let mut writer = Writer {
            has_unsaid_round: false,
            pace: Pace::new(settings.linger),
            readers: Readers::new(queue),
            merge: Merge::default(),
            control,
            flushes: Vec::new(),
            kept: Vec::new(),
            stop: None,
            last_found: now,
            last_tick: 0,
            notices: Notices {
                told_at: Instant::now(),
                told_at_nanos: clock.unix_nanos(now),
                patience: NOTICE_PAUSE,
            },
            desk: Desk {
                clock,
                uuids: UuidSource::default(),
                buffers: RecordBuf::default(),
                settings,
                routes: outputs,
                processed: 0,
            },
        };
        writer.describe_process();
        writer
    }

    /// The writer thread's work, until it is told to stop. A panic of hestia's own costs the round.
    pub(crate) fn run(&mut self) {
        loop {
            match catch_unwind(AssertUnwindSafe(|| self.rounds())) {
                Ok(()) => return,
                Err(_) => {
                    let place = internal::panic_place();
                    let what = format!("a round panicked{place}; this is a bug in hestia");
                    internal::trouble("writer", what);
                }
            }
        }
    }

    /// Some thread crashes, and waits: everything is written before the process is gone.
    fn answer_last_call(&mut self) {
        let Some(call) = self.readers.queue().last_call.heard() else {
            return;
        };
        self.catch_up();
        self.desk.routes.tell_repeats();
        self.announce_losses(true);
        self.desk.routes.end_round(true);
        self.readers.queue().last_call.answer(call);
    }

    /// Takes all that was committed before the call.
    fn catch_up(&mut self) {
        let mark = self.readers.mark();
        while !self.readers.has_passed(&mark) {
            self.round(Window::NONE);
        }
    }

    fn rounds(&mut self) {
        self.readers.queue().last_call.answered_here();
        let mut may_walk = false;
        loop {
            let began = self.desk.clock.now();
            let left = self.round(self.window(may_walk));
            may_walk = false;
            self.answer_last_call();
            self.settle_flushes();
            if self.flushes.is_empty()
                && let Some((answer, limit)) = self.stop.take()
            {
                // What others commit from now on is drained once they write directly.
                self.finish(answer, limit);
                return;
            }
            if !self.flushes.is_empty() {
                continue;
            }
            if left == 0 {
                self.rest();
            } else {
                let took = self.desk.clock.now().saturating_sub(began);
                let took = self.desk.clock.span_of(took);
                let grace = self.desk.settings.grace;
                if let Some(nap) = self.pace.wait_out(grace, took) {
                    self.desk.routes.write_out();
                    // Who is roused is so for a reason, such as a ring that is half full.
                    may_walk = self.readers.queue().wake.nap(nap);
                }
            }
        }
    }

    /// Writes everything that was committed before the call, on the calling thread: for when there is no
    /// writer thread any more.
    pub(crate) fn drain(&mut self) {
        // Each record is written at its call from now on, and there would be nobody to say how many were folded.
        self.desk.routes.stop_folding();
        self.catch_up();
        self.round(Window::NONE);
        self.settle_flushes();
        self.announce_losses(true);
        self.desk.routes.end_round(true);
        self.answer_last_call();
        self.desk.routes.rest();
        self.say_written();
        if let Some((answer, limit)) = self.stop.take() {
            self.finish(answer, limit);
        }
    }

    /// How old records are to be, to be taken by the round that begins.
    fn window(&self, may_walk: bool) -> Window {
        let window = self.pace.window(self.desk.settings.grace);
        Window {
            ticks: self.desk.clock.ticks_in(window),
            may_walk,
        }
    }

    /// One round: look, merge, write. Returns how many bytes are left for the next.
    fn round(&mut self, window: Window) -> usize {
        let due = self.desk.clock.now();
        if let Some(step) = self.desk.clock.renew_if_due(due) {
            self.announce_step(step);
        }
        let now = self.desk.clock.now_before_all_else();
        // Whoever waits for a flush does not wait for the grace window.
        let hurry = !self.flushes.is_empty() || self.stop.is_some();
        let grace = if hurry { 0 } else { window.ticks };
        let horizon = Horizon::after(self.last_tick, now, grace);
        self.last_tick = now;
        // Where the counter has started anew, so does the silence.
        self.last_found = self.last_found.min(now);
        let waiting = if window.may_walk && horizon.grace > 0 {
            self.readers.look_or_walk()
        } else {
            self.readers.look()
        };
        let looked = self.desk.clock.now().saturating_sub(now);
        self.pace.looked(self.desk.clock.span_of(looked));
        // After the look: an output that was added before a record was logged gets that record.
        self.take_controls();
        if self.readers.anything_retired() {
            let mark = self.readers.mark();
            self.kept.push(mark);
        }
        self.begin_round(horizon, waiting > 0);
        let desk = &mut self.desk;
        let queue = Arc::clone(self.readers.queue());
        let taken = if waiting == 0 {
            0
        } else {
            self.merge.run(self.readers.rings(), horizon, |frame| {
                let owner = frame.thread().map(crate::thread::Thread::as_ref);
                desk.process(owner, frame.flags, frame.ticks, frame.payload());
                queue.progress.step();
            })
        };
        let left = self.readers.end_round();
        if taken > 0 {
            queue.progress.step();
            let since = self.desk.clock.span_of(now.saturating_sub(self.last_found));
            self.pace.found(taken, since, self.readers.fill());
            self.last_found = now;
            self.notices.patience = NOTICE_PAUSE;
        }
        if !self.kept.is_empty() {
            self.desk.routes.forget_shared();
            self.kept.retain(|mark| !self.readers.has_passed(mark));
        }
        self.announce_losses(false);
        let is_mapped = queue.mapping().is_some();
        self.desk.routes.end_round(left == 0 || is_mapped);
        left
    }

    fn take_controls(&mut self) {
        while let Ok(control) = self.control.try_recv() {
            match control {
                Control::Confirm(what, answer) => {
                    let mark = self.readers.mark();
                    self.flushes.push((mark, what, answer));
                }
                Control::AddRoute(route) => {
                    let (_, shed) = self.readers.queue().counts();
                    self.desk.routes.add(*route, self.desk.processed, shed);
                }
                Control::Change(change) => self.change(change),
                Control::Stop(answer, limit) => {
                    let mark = self.readers.mark();
                    self.flushes.push((mark, Confirm::Flush, answer.clone()));
                    self.stop = Some((answer, limit));
                }
            }
        }
    }

    fn change(&mut self, change: Change) {
        match change {
            Change::Filter(place, filter) => self.desk.routes.set_filter(place, filter),
            Change::File(place, rules) => self.desk.routes.set_file_rules(place, rules),
            Change::ProcessFields(fields) => {
                self.desk.settings.process_fields = fields;
                self.describe_facts();
            }
        }
    }

    fn settle_flushes(&mut self) {
        if self.flushes.is_empty() {
            return;
        }
        // Each mark was made when all before it had been.
        let is_waiting = |(mark, ..): &(Mark, _, _)| !self.readers.has_passed(mark);
        let count = self.flushes.iter().position(is_waiting);
        let waiting = self.flushes.split_off(count.unwrap_or(self.flushes.len()));
        let passed = std::mem::replace(&mut self.flushes, waiting);
        if !passed.is_empty() {
            self.desk.routes.tell_repeats();
            self.announce_losses(true);
        }
        let mut syncs = Vec::new();
        for (_, what, answer) in passed {
            match what {
                Confirm::Sync => syncs.push(answer),
                Confirm::Flush => self.desk.routes.flush(&answer),
                Confirm::Reopen | Confirm::Rotate => {
                    self.desk.routes.reopen(what == Confirm::Rotate, &answer);
                }
                Confirm::Nothing => drop(answer),
            }
        }
        if !syncs.is_empty() {
            self.desk.routes.sync(&syncs);
        }
    }

    /// The last thing the writer thread does. The answer's last sender is dropped after it, which tells
    /// whoever waits that the outputs are closed.
    fn finish(&mut self, answer: Sender<Answer>, limit: Duration) {
        self.desk.routes.close(limit);
        self.say_written();
        drop(answer);
    }

    /// The queue is dry: sleeps, for a time that follows the gaps between records.
    fn rest(&mut self) {
        let wake = &Arc::clone(self.readers.queue()).wake;
        let silence = self
            .desk
            .clock
            .span_of(self.desk.clock.now().saturating_sub(self.last_found));
        match self.pace.rest(silence) {
            Rest::Nap(span) => {
                wake.nap(span);
            }
            Rest::Park => {
                // An output that could not take its notice is tried again now and then.
                let patience = self.owes_a_notice().then_some(self.notices.patience);
                self.desk.routes.rest();
                self.say_written();
                if !wake.prepare_to_park() {
                    wake.nap(NOTICE_PAUSE / 20);
                    return;
                }
                // The look that no record committed before the barrier escapes.
                // (Who sends a request rouses after that, which ends the parking or forbids it.)
                if self.readers.look() > 0 || self.readers.anything_retired() {
                    wake.stay();
                } else if !wake.park(patience) {
                    self.notices.patience = (self.notices.patience * 2).min(LONGEST_PATIENCE);
                    return;
                }
                self.last_found = self.desk.clock.now();
            }
        }
    }

    fn owes_a_notice(&self) -> bool {
        let (_, shed) = self.readers.queue().counts();
        self.desk.routes.has_untold_losses(shed)
    }

    /// Says in the outputs what was lost since it was last said, at most once in a while unless forced.
    fn announce_losses(&mut self, force: bool) {
        let notices = &mut self.notices;
        if !force && notices.told_at.elapsed() < NOTICE_PAUSE {
            return;
        }
        let (_, shed) = self.readers.queue().counts();
        let now = self.desk.now_nanos();
        let window = (notices.told_at_nanos, now);
        notices.told_at = Instant::now();
        notices.told_at_nanos = now;
        self.desk.announce_losses(shed, window);
    }

    fn announce_step(&mut self, step: Duration) {
        let now = self.desk.now_nanos();
        let message = format!("the system's clock was set back by {step:?}");
        let fields = [Field {
            key: "seconds",
            value: Value::F64(step.as_secs_f64()),
        }];
        self.desk.announce(None, now, &message, &fields);
    }
}

impl Desk {
    /// The present, as a time that no line so far lies behind.
    fn now_nanos(&mut self) -> i64 {
        let now = self.clock.now();
        self.clock.unix_nanos(now)
    }

    fn process(&mut self, owner: Option<ThreadRef<'_>>, flags: u32, ticks: u64, payload: &[u8]) {
        self.processed += 1;
        // All of it is guarded: a record that panicked would come again each round, for ever.
        let decoded = catch_unwind(AssertUnwindSafe(|| {
            let timestamp_nanos = self.clock.unix_nanos(ticks);
            let surroundings = Surroundings {
                timestamp_nanos,
                uuid: self.uuids.next(timestamp_nanos),
                facts: &self.settings.facts,
                thread: owner.unwrap_or(ThreadRef { id: 0, name: None }),
                process_fields: &self.settings.process_fields,
            };
            let routes = &mut self.routes;
            self.buffers
                .decode(flags, payload, &surroundings, &mut |record| {
                    routes.dispatch(record, flags, payload);
                })
        }));
        if !matches!(decoded, Ok(Ok(()))) {
            self.routes.count_unreadable(Level::Error);
            internal::trouble(
                "writer",
                "a record could not be read; this is a bug in hestia".to_owned(),
            );
        }
    }

    /// Has each output say what it does not have and has not said yet.
    fn announce_losses(&mut self, shed: Shed, window: (i64, i64)) {
        for place in 0..self.routes.len() {
            let losses = self.routes.losses(place, shed);
            let untold = self.routes.untold(place, &losses);
            if untold.iter().all(|(lost, _)| lost.total() == 0) {
                continue;
            }
            self.routes.tell_repeats_of(place);
            for (lost, why) in untold.iter().filter(|(lost, _)| lost.total() > 0) {
                let (message, fields) = loss(lost, window, why);
                self.announce(Some(place), window.1, &message, &fields);
            }
            self.routes.told(place, losses);
        }
    }

    /// Writes a line of hestia's own to one output, or to all.
    #[cold]
    fn announce(
        &mut self,
        place: Option<usize>,
        now_nanos: i64,
        message: &str,
        fields: &[Field<'_>],
    ) {
        let facts = &self.settings.facts;
        let notice = Record {
            timestamp_nanos: now_nanos,
            uuid: self.uuids.next(now_nanos),
            metadata: Metadata::new(Severity::Level(Level::Warn), "hestia"),
            site: None,
            facts,
            application: &facts.application,
            logger: None,
            captures: &[],
            thread: ThreadRef {
                id: crate::thread::current_id(),
                name: Some("hestia-writer"),
            },
            trace: None,
            message,
            fields,
        };
        match place {
            Some(place) => self.routes.announce_to(place, &notice),
            None => self.routes.announce(&notice),
        }
    }
}

/// The words and figures of a notice of loss. The window is the one in which it was noticed; what is
/// said in its output cannot be said earlier than the output works again.
fn loss(lost: &LevelCounts, window: (i64, i64), why: &str) -> (String, [Field<'static>; 6]) {
    let time = |nanos| clock::rfc3339_millis(chrono::DateTime::from_timestamp_nanos(nanos));
    let message = format!(
        "{} records lost between {} and {}: {lost} ({why})",
        lost.total(),
        time(window.0),
        time(window.1),
    );
    let count = |key, level| Field {
        key,
        value: Value::U64(lost.of(level)),
    };
    let fields = [
        Field {
            key: "lost",
            value: Value::U64(lost.total()),
        },
        count("lost_error", Level::Error),
        count("lost_warn", Level::Warn),
        count("lost_info", Level::Info),
        count("lost_debug", Level::Debug),
        count("lost_trace", Level::Trace),
    ];
    (message, fields)
}
