//! The running logger: queue, writer thread and outputs of one process, put together.
//!
//! Made by `init`, and once more in a forked child. Any thread may flush, ask for figures and change
//! levels.
//!
//! *Invariant:* nothing here is waited for longer than the limit the caller gave.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use hestia_grammar::Directives;
use log::LevelFilter;

use super::config::{self, Source};
#[cfg(unix)]
use super::crash_safe::{self, Leftovers};
use super::direct::Direct;
use super::live::{Inherited, Present};
use super::outputs::{Destination, MakeFilter};
use super::own_file::{self, OwnFiles};
use super::settings::Settings;
use super::{exit, signals};
use crate::callsite::{self, Front, Hooks};
use crate::clock::{TickSource, deadline_in};
use crate::error::{ErrorKind, FlushError, InitError, SinkError, chain};
use crate::facts::Facts;
use crate::filter::directives::{Gate, Table, tell_of_levels};
use crate::internal;
use crate::queue::mapping::Mapping;
use crate::queue::wake::{DIRECT, FORKED};
use crate::queue::{Queue, Wake};
use crate::record::redact;
use crate::stats::{FlushReport, OutputCounts, Settled, Stats};
use crate::sync::channel::{RecvTimeoutError, Sender, unbounded};
use crate::sync::lock;
use crate::thread::{is_own, mark_own};
use crate::writer::control::{Answer, Change, Confirm, Control};
use crate::writer::journal::describe_output;
use crate::writer::route::Route;
use crate::writer::{self, Writer};

/// One output as callers see it; the rest of it is the writer's.
pub(super) struct Output {
    pub(super) name: String,
    pub(super) counts: Arc<OutputCounts>,
    pub(super) table: Arc<ArcSwap<Table>>,
    pub(super) own_level: Option<LevelFilter>,
    /// How many records the last flush knew to be lost.
    lost_before: u64,
    /// A filter of the user's decides as well.
    pub(super) filter: Option<MakeFilter>,
    /// Only records of one named logger.
    pub(super) only_logger: Option<u64>,
    /// Where the environment put its file, when the code said another place.
    pub(super) moved_to: Option<PathBuf>,
    /// A file of hestia's, as `durable!` waits for.
    is_file: bool,
    /// Keeps records for tests, whose captures say its level.
    pub(super) is_of_captures: bool,
}

pub(super) struct Pipeline {
    /// As they were at the start.
    pub(super) settings: Arc<Settings>,
    front: &'static Front,
    control: Sender<Control>,
    direct: Arc<Direct>,
    pub(super) outputs: Mutex<Vec<Output>>,
    /// What holds now. Locked after `outputs` where both are.
    pub(super) present: Mutex<Present>,
    /// The file that settings come from, if there is one.
    pub(super) source: Option<Source>,
    /// Locked before `present` and `outputs` where more than one is.
    pub(super) own_files: Mutex<OwnFiles>,
    /// What statements had left out before this pipeline was there.
    suppressed_before: u64,
}

impl std::fmt::Debug for Pipeline {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Pipeline").finish_non_exhaustive()
    }
}

/// For each output how many records it has lost, and how often the disk has refused what it wrote; always 0 where it is no
/// file of hestia's.
#[derive(Debug, Default)]
pub(super) struct Losses(Vec<(u64, u64)>);

fn losses_of(output: &Output) -> (u64, u64) {
    if !output.is_file {
        return (0, 0);
    }
    let load = |counter: &AtomicU64| counter.load(Ordering::Acquire);
    let OutputCounts {
        failed,
        sync_failures,
        ..
    } = &*output.counts;
    (load(failed), load(sync_failures))
}

/// The place of an output that has lost something, and what.
type Lost = (usize, ErrorKind, String);

/// A request to the writer, which answers through the channel.
type Request<'r> = &'r dyn Fn(Sender<Answer>) -> Control;

/// What the outputs have answered.
struct Answers {
    given: Vec<Answer>,
    /// Nobody was waited for in vain.
    in_time: bool,
}

impl Answers {
    fn has(&self, place: usize) -> bool {
        self.given.iter().any(|(answered, _)| *answered == place)
    }

    fn failures(&self) -> impl Iterator<Item = (usize, &SinkError)> {
        let given = self.given.iter();
        given.filter_map(|(place, result)| Some((*place, result.as_ref().err()?)))
    }

    /// The reader went away and will not come back: there is nobody to confirm anything to.
    fn is_closed(&self, place: usize) -> bool {
        let mut failures = self.failures();
        failures.any(|(failed, error)| failed == place && error.kind() == ErrorKind::Closed)
    }
}

/// What deserves an error, if anything does.
fn wrong(
    report: &FlushReport,
    answers: &Answers,
    lost: Option<Lost>,
) -> Option<(ErrorKind, String)> {
    let name = |place: usize| match report.outputs().get(place) {
        Some(output) => output.name.as_str(),
        None => "output",
    };
    let failures = answers.failures();
    let failures = failures.filter(|(_, error)| error.kind() != ErrorKind::Closed);
    if let Some((place, error)) = failures.min_by_key(|(place, _)| *place) {
        let what = format!("{}: {}", name(place), chain(error));
        return Some((error.kind(), what));
    }
    if answers.in_time {
        return lost.map(|(place, kind, lost)| (kind, format!("{}: {lost}", name(place))));
    }
    let mut what = format!("not confirmed after {:.1?}: ", report.elapsed);
    let silent = (0..report.outputs().len()).filter(|place| !answers.has(*place));
    for (count, place) in silent.enumerate() {
        if count > 0 {
            what.push_str(", ");
        }
        what.push_str(name(place));
    }
    Some((ErrorKind::TimedOut, what))
}

/// Null before `init`. Never freed: see `callsite::FRONT`.
static PIPELINE: AtomicPtr<Pipeline> = AtomicPtr::new(std::ptr::null_mut());

pub(super) fn running() -> Option<&'static Pipeline> {
    installed::get(&PIPELINE)
}

mod installed {
    #![allow(unsafe_code, reason = "a pointer that only ever gets leaked boxes")]

    use super::{AtomicPtr, Ordering, Pipeline};

    pub(super) fn get(slot: &AtomicPtr<Pipeline>) -> Option<&'static Pipeline> {
        // SAFETY: null, or a leaked box that `Pipeline::start` stored with release, which pairs with this
        // acquire; nobody has it mutably after that.
        unsafe { slot.load(Ordering::Acquire).as_ref() }
    }
}

/// How long a flush waits before it looks whether the writer thread has stopped meanwhile.
pub(super) const LOOK_AFTER: Duration = Duration::from_millis(20);

/// What to do when the writer thread cannot be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WithoutThread {
    /// `init` says so to the program.
    Fail,
    /// In a forked child nobody could be told: each record is written at its call.
    WriteDirectly,
}

/// The longest that a change of levels or filters waits for what was logged before it.
const LET_PASS_LIMIT: Duration = Duration::from_secs(1);

impl Pipeline {
    /// Starts the writer thread and shows everything to callers.
    pub(super) fn start(
        settings: Arc<Settings>,
        present: Present,
        source: Option<Source>,
        without_thread: WithoutThread,
    ) -> Result<&'static Pipeline, InitError> {
        let facts = Arc::new(settings.facts.for_this_process());
        // Before any file is touched: nothing fails between here and the recovery.
        let mapping = mapping(&settings, without_thread)?;
        #[cfg(unix)]
        let found = crash_safe::find(
            &settings,
            mapping.as_deref(),
            match without_thread {
                WithoutThread::Fail => Leftovers::Recover,
                // In a forked child: that is its parent's business.
                WithoutThread::WriteDirectly => Leftovers::Leave,
            },
        );
        #[cfg(unix)]
        let left = crash_safe::look(&found, &settings);
        let (outputs, routes) = present.settings.open_outputs(&present.directives());
        let queue = Arc::new(Queue::new(settings.bounds(), mapping));
        let ticks = TickSource::detect(settings.order.value);
        let (control, requests) = unbounded();
        let mut writer = Writer::new(
            Arc::clone(&queue),
            ticks,
            writer_settings(&present.settings, facts),
            routes,
            requests,
        );
        #[cfg(unix)]
        crash_safe::recover_all(&found, &left, &settings, &mut writer);
        let writer = Arc::new(Mutex::new(writer));
        let started = start_thread(Arc::clone(&writer));
        if let Err(error) = started {
            let error = InitError::new(ErrorKind::StartThread, "cannot start the writer thread")
                .because(error);
            if without_thread == WithoutThread::Fail {
                return Err(error);
            }
            internal::tell("fork", format!("{}; whoever logs writes", chain(&error)));
            queue.wake.go_direct();
        }
        let gate = Gate::new(union(&outputs));
        // Nothing fails from here on.
        redact::install(&settings.redact.value, queue.mapping().is_some());
        internal::set_mask(redact::hide);
        let front = callsite::install(Front {
            is_mapped: queue.mapping().is_some(),
            queue,
            ticks,
            gate,
            hooks: Hooks {
                forked: exit::forked,
                direct: write_directly,
                own: super::log_internally,
            },
        });
        let pipeline = Box::leak(Box::new(Pipeline {
            settings,
            front,
            control,
            direct: Arc::new(Direct::new(writer)),
            outputs: Mutex::new(outputs),
            present: Mutex::new(present),
            source,
            own_files: Mutex::default(),
            suppressed_before: callsite::limit::suppressed(),
        }));
        PIPELINE.store(pipeline, Ordering::Release);
        for path in own_file::known() {
            pipeline.add_own_file(&path);
        }
        pipeline.publish_max_level();
        Ok(pipeline)
    }

    /// In a forked child: the same outputs, opened anew; its own queue and writer.
    pub(super) fn start_in_child(&self) {
        // What the outputs' own code logs while it starts must not wait for this to be done.
        let _own = mark_own();
        // A lock may be held for ever by a thread that did not come along: then what it guards is as it
        // was at the start.
        let present = self.present.try_lock().map(|held| held.clone()).ok();
        let present = present.unwrap_or_else(|| Present::at_start(&self.settings));
        let inherited = self.outputs.try_lock().map_or_else(
            |_| Vec::new(),
            |outputs| outputs.iter().map(Inherited::of).collect(),
        );
        let settings = Arc::clone(&self.settings);
        let source = self.source.as_ref().map(Source::for_child);
        match Pipeline::start(settings, present, source, WithoutThread::WriteDirectly) {
            Ok(child) => {
                child.inherit(&inherited);
                if let Err(error) = signals::listen(&child.settings) {
                    internal::tell("fork", format!("cannot listen for signals: {error}"));
                }
                config::watch(child);
            }
            Err(error) => internal::tell("fork", chain(&error)),
        }
    }

    /// Whether this is a forked child, and the pipeline its parent's.
    pub(super) fn is_inherited(&self) -> bool {
        self.wake().state() == FORKED
    }

    pub(super) fn queue(&self) -> &Queue {
        &self.front.queue
    }

    fn wake(&self) -> &Wake {
        &self.front.queue.wake
    }

    pub(super) fn gate(&self) -> Arc<Table> {
        self.front.gate.table()
    }

    /// Waits until every output has confirmed everything that was logged before the call.
    pub(super) fn flush(&self, limit: Duration) -> Result<FlushReport, FlushError> {
        self.confirm(Confirm::Flush, limit, None)
    }

    /// Has every output open its file again.
    pub(super) fn reopen(&self, limit: Duration) -> Result<FlushReport, FlushError> {
        self.confirm(Confirm::Reopen, limit, None)
    }

    /// Has every output begin a new file.
    pub(super) fn rotate(&self, limit: Duration) -> Result<FlushReport, FlushError> {
        self.confirm(Confirm::Rotate, limit, None)
    }

    fn confirm(
        &self,
        what: Confirm,
        limit: Duration,
        before: Option<&Losses>,
    ) -> Result<FlushReport, FlushError> {
        self.ask(&|answer| Control::Confirm(what, answer), limit, before)
    }

    /// Writes everything, ends the writer thread, and has whoever logs after that write by itself.
    pub(super) fn stop(&self, limit: Duration) -> Result<FlushReport, FlushError> {
        let start = Instant::now();
        // On an own thread `flush` says that it cannot be; the writer must not be taken for stopped.
        if is_own() || self.wake().state() == DIRECT {
            return self.flush(limit);
        }
        let result = self.ask(&|answer| Control::Stop(answer, limit), limit, None);
        if !self.is_inherited() {
            self.wake().go_direct();
            // What others committed between the last look and the moment they saw that.
            self.direct.write(limit.saturating_sub(start.elapsed()));
        }
        result
    }

    /// As `stop`, at the end of the process, which must not find a write on its way: others make way.
    pub(super) fn end(&self, limit: Duration) -> Result<FlushReport, FlushError> {
        let start = Instant::now();
        self.direct.begin_end();
        let result = self.stop(limit);
        self.direct
            .finish_end(limit.saturating_sub(start.elapsed()));
        result
    }

    /// Waits until every file has on the disk what was logged before the call, and has lost nothing since `before`.
    pub(super) fn sync(&self, limit: Duration, before: &Losses) -> Result<FlushReport, FlushError> {
        self.confirm(Confirm::Sync, limit, Some(before))
    }

    /// What the files have lost so far.
    pub(super) fn losses(&self) -> Losses {
        let outputs = lock(&self.outputs);
        Losses(outputs.iter().map(losses_of).collect())
    }

    /// The first file that has lost more than that.
    fn first_lost_since(&self, before: &Losses) -> Option<Lost> {
        let outputs = lock(&self.outputs);
        let compared = outputs.iter().map(losses_of).zip(&before.0).enumerate();
        for (place, ((failed, refused), (failed_before, refused_before))) in compared {
            if failed > *failed_before {
                let count = failed - failed_before;
                let what = format!("{count} records were lost while this one was on its way");
                return Some((place, ErrorKind::Write, what));
            }
            if refused > *refused_before {
                let what = "the disk refused what it was given while this record was on its way";
                return Some((place, ErrorKind::SyncFile, what.to_owned()));
            }
        }
        None
    }

    /// Asks the writer for something and waits for the answers of all outputs. No file may have lost anything since `before`,
    /// or else, where that is not said, no output since it was asked last.
    fn ask(
        &self,
        request: Request<'_>,
        limit: Duration,
        before: Option<&Losses>,
    ) -> Result<FlushReport, FlushError> {
        if is_own() {
            return Err(FlushError::new(
                ErrorKind::OwnThread,
                "hestia's own threads cannot wait for hestia",
            ));
        }
        let start = Instant::now();
        // Outputs that are added from now on may answer or not.
        let asked = lock(&self.outputs).len();
        let Some(mut answers) = self.answers(request, deadline_in(limit)) else {
            return Err(FlushError::new(ErrorKind::NotRunning, "the writer is gone"));
        };
        answers.in_time &= (0..asked).all(|place| answers.has(place));
        let report = FlushReport {
            elapsed: start.elapsed(),
            stats: self.stats(),
        };
        let lost = match before {
            Some(before) => self.first_lost_since(before),
            None => self.lost_since_last_time(&report, &answers),
        };
        match wrong(&report, &answers, lost) {
            None => Ok(report),
            Some((kind, what)) => Err(FlushError::new(kind, what).with_report(report)),
        }
    }

    /// Waits for the answers of all outputs: until every ticket is settled or the time is over. `None` when the writer is gone.
    fn answers(&self, request: Request<'_>, deadline: Instant) -> Option<Answers> {
        let (answer, answers) = unbounded();
        self.control.send(request(answer)).ok()?;
        self.wake().rouse();
        let mut given = Vec::new();
        let in_time = loop {
            let now = Instant::now();
            if self.wake().state() == DIRECT {
                self.direct.write(deadline.saturating_duration_since(now));
            }
            match answers.recv_deadline(deadline.min(now + LOOK_AFTER)) {
                Ok(answer) => given.push(answer),
                Err(RecvTimeoutError::Disconnected) => break true,
                Err(RecvTimeoutError::Timeout) if Instant::now() >= deadline => break false,
                Err(RecvTimeoutError::Timeout) => {}
            }
        };
        Some(Answers { given, in_time })
    }

    /// The first output that lost records since this was asked last, and how many; those whose reader
    /// has gone for good do not count.
    fn lost_since_last_time(&self, report: &FlushReport, answers: &Answers) -> Option<Lost> {
        let mut outputs = lock(&self.outputs);
        let mut first = None;
        for (place, (output, stats)) in outputs.iter_mut().zip(report.outputs()).enumerate() {
            let before = std::mem::replace(&mut output.lost_before, stats.failed);
            if stats.failed > before && !answers.is_closed(place) && first.is_none() {
                let count = stats.failed - before;
                let what = format!("{count} records were lost since the last flush");
                first = Some((place, ErrorKind::Write, what));
            }
        }
        first
    }

    pub(super) fn stats(&self) -> Stats {
        let outputs = lock(&self.outputs);
        // Before the queue's figure is read, so that nothing is written that was not accepted.
        let settled: Vec<Settled> = outputs
            .iter()
            .map(|output| output.counts.settled())
            .collect();
        let (accepted, shed) = self.queue().counts();
        let (queue_bytes, queue_high_water_bytes) = self.queue().sizes();
        Stats {
            accepted,
            shed: shed.in_all(),
            suppressed: callsite::limit::suppressed().saturating_sub(self.suppressed_before),
            errors: internal::errors(),
            queue_high_water_bytes,
            queue_bytes,
            outputs: outputs
                .iter()
                .zip(&settled)
                .map(|(output, settled)| output.counts.snapshot(&output.name, accepted, settled))
                .collect(),
        }
    }

    /// Waits until what was logged before has been passed to the outputs, and has met what held then. `false` when it has
    /// not within the limit.
    pub(super) fn let_pass_within(&self, limit: Duration) -> bool {
        if is_own() {
            return false;
        }
        let request = |answer| Control::Confirm(Confirm::Nothing, answer);
        let answers = self.answers(&request, deadline_in(limit));
        answers.is_some_and(|answers| answers.in_time)
    }

    /// Waits for that, but a writer that hangs in a sink is no reason not to change what is asked for.
    pub(super) fn let_pass(&self) {
        self.let_pass_within(LET_PASS_LIMIT);
    }

    /// Has the writer go on otherwise. [`Pipeline::let_pass`] after that waits until it does.
    pub(super) fn change(&self, change: Change) {
        // The writer lives as long as the process.
        let _ = self.control.send(Control::Change(change));
    }

    pub(super) fn set_gate(&self, outputs: &[Output]) {
        self.front.gate.set(union(outputs));
    }

    /// The `log` crate asks this before it asks hestia.
    pub(super) fn publish_max_level(&self) {
        log::set_max_level(self.gate().max_level());
    }

    /// Opens the file that only the named loggers with this path write to, when it is first asked for.
    pub(super) fn add_own_file(&self, said: &Path) {
        let mut own_files = lock(&self.own_files);
        if own_files.get(said).is_some() {
            return;
        }
        let file = own_files.add(said, &self.settings);
        let (mut output, route) = self.open_own_file(&file);
        output.moved_to = (file.path != file.said).then_some(file.path);
        let mut outputs = lock(&self.outputs);
        // By the place that it gets at the writer, and at once: the process may be killed before the writer hears of it.
        if let (Some(mapping), Some(standing)) = (self.queue().mapping(), &route.file) {
            let place = outputs.len() as u64;
            describe_output(mapping, place, route.only_logger, standing);
        }
        // They may have changed since it was opened.
        output.table.store(lock(&self.present).table(&output));
        self.add(&mut outputs, output, route);
        drop(outputs);
        self.publish_max_level();
        self.wake().rouse();
    }

    /// Under the lock, so that the writer has the outputs in the same order.
    fn add(&self, outputs: &mut Vec<Output>, output: Output, route: Route) {
        outputs.push(output);
        self.front.gate.set(union(outputs));
        // The channel has no bound, and the writer lives as long as the process.
        let _ = self.control.send(Control::AddRoute(Box::new(route)));
    }

    /// The level of the output that keeps records for tests, whatever the directives say; `open` opens it when it is first asked for.
    pub(super) fn set_capture_level(
        &self,
        level: LevelFilter,
        open: impl FnOnce(&Directives) -> Option<(Output, Route)>,
    ) {
        let mut outputs = lock(&self.outputs);
        let present = lock(&self.present);
        match outputs.iter_mut().find(|output| output.is_of_captures) {
            Some(output) if output.own_level == Some(level) => return,
            Some(output) => {
                output.own_level = Some(level);
                output.table.store(present.table(output));
                self.set_gate(&outputs);
            }
            None => {
                let Some((mut output, route)) = open(&present.directives()) else {
                    return;
                };
                output.is_of_captures = true;
                output.table.store(present.table(&output));
                self.add(&mut outputs, output, route);
            }
        }
        drop(present);
        drop(outputs);
        self.publish_max_level();
        tell_of_levels();
        self.wake().rouse();
    }
}

pub(super) const DEFAULT_LEVEL: LevelFilter = LevelFilter::Info;

fn union(outputs: &[Output]) -> Table {
    let tables: Vec<_> = outputs
        .iter()
        .map(|output| output.table.load_full())
        .collect();
    Table::most_verbose(tables.iter().map(|table| &**table))
}

/// The file that rings are in, when they are to outlive the process. A forked child goes without it rather than without
/// a log.
fn mapping(
    settings: &Settings,
    without_thread: WithoutThread,
) -> Result<Option<Arc<Mapping>>, InitError> {
    #[cfg(unix)]
    {
        let parent = running().and_then(|parent| parent.queue().mapping());
        let opened = crash_safe::open(settings, parent.map(|parent| &**parent));
        match opened {
            Err(error) if without_thread == WithoutThread::WriteDirectly => {
                internal::tell("fork", chain(&error));
                Ok(None)
            }
            opened => opened,
        }
    }
    #[cfg(not(unix))]
    {
        let _ = (settings, without_thread);
        Ok(None)
    }
}

fn writer_settings(settings: &Settings, facts: Arc<Facts>) -> writer::Settings {
    writer::Settings {
        facts,
        process_fields: Arc::new(settings.metadata.value.clone()),
        grace: settings.grace.value,
        linger: settings.linger.value,
        folding: settings.fold_duplicates.value,
    }
}

fn start_thread(writer: Arc<Mutex<Writer>>) -> std::io::Result<()> {
    internal::start_own(c"hestia-writer", move || lock(&writer).run()).map(drop)
}

/// The hook for producers that find no writer thread.
fn write_directly() {
    if let Some(pipeline) = running() {
        let limit = pipeline.settings.exit_limit.value;
        pipeline.direct.write_unless_stuck(limit);
    }
}

pub(super) fn route(
    name: String,
    destination: Destination,
    directives: &Directives,
    own_level: Option<LevelFilter>,
    only_logger: Option<u64>,
) -> (Output, Route) {
    let counts = Arc::new(OutputCounts::default());
    let table = Table::new(directives, DEFAULT_LEVEL, own_level);
    let table = Arc::new(ArcSwap::from_pointee(table));
    if let Err(error) = &destination.opened {
        counts.broken.store(true, Ordering::Relaxed);
        // Once hestia runs, whoever logs must not wait for a reader of stderr.
        if only_logger.is_none() {
            internal::tell(&name, chain(error));
        } else {
            internal::trouble(&name, chain(error));
        }
    }
    let output = Output {
        name: name.clone(),
        counts: Arc::clone(&counts),
        table: Arc::clone(&table),
        own_level,
        lost_before: 0,
        filter: destination.make_filter,
        only_logger,
        moved_to: None,
        is_file: destination.file.is_some(),
        is_of_captures: false,
    };
    let route = Route {
        name,
        table,
        filter: destination.filter,
        layout: destination.layout,
        sink: destination.sink,
        counts,
        only_logger,
        file: destination.file,
    };
    (output, route)
}

pub(super) type Opened = Result<(), SinkError>;
