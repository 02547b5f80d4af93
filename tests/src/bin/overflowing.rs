//! Programs whose queue runs over: writers that hang or crawl, records that are too large, threads that
//! are too many.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use hestia::{Batch, Builder, Level, Output, Overflow, Sink, SinkError};
use hestia_tests::figures::tell;
use serde_json::{Map, Value, json};

/// Long enough never to be reached.
const NEVER: Duration = Duration::from_secs(600);

/// A sink that takes nothing while it is shut: the writer hangs in it.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<Door>, Condvar)>);

#[derive(Default)]
struct Door {
    shut: bool,
    /// The writer stands before it.
    knocking: bool,
}

impl Gate {
    fn door(&self) -> MutexGuard<'_, Door> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'d>(&self, door: MutexGuard<'d, Door>) -> MutexGuard<'d, Door> {
        self.0.1.wait(door).unwrap_or_else(PoisonError::into_inner)
    }

    /// Shuts it, and returns once the writer hangs. Executes one statement for that.
    fn hold(&self) {
        self.door().shut = true;
        say(Level::Error, "held");
        let mut door = self.door();
        while !door.knocking {
            door = self.wait(door);
        }
    }

    fn open(&self) {
        self.door().shut = false;
        self.0.1.notify_all();
    }
}

impl Sink for Gate {
    fn write(&mut self, _: &mut Batch) -> Result<(), SinkError> {
        let mut door = self.door();
        while door.shut {
            door.knocking = true;
            self.0.1.notify_all();
            door = self.wait(door);
        }
        door.knocking = false;
        Ok(())
    }
}

/// A sink that takes its time.
struct Slow(Duration);

impl Sink for Slow {
    fn write(&mut self, _: &mut Batch) -> Result<(), SinkError> {
        thread::sleep(self.0);
        Ok(())
    }
}

static EXECUTED: [AtomicU64; 5] = [const { AtomicU64::new(0) }; 5];

/// One statement, counted.
fn say(level: Level, message: &str) {
    EXECUTED[level as usize - 1].fetch_add(1, Ordering::Relaxed);
    log::log!(level, "{message}");
}

fn executed() -> Value {
    let by_level: Map<String, Value> = Level::iter()
        .map(|level| {
            let count = EXECUTED[level as usize - 1].load(Ordering::Relaxed);
            (level.as_str().to_lowercase(), count.into())
        })
        .collect();
    by_level.into()
}

fn quiet() -> Builder {
    hestia::builder().console(false).level("trace")
}

fn start(builder: Builder) {
    if let Err(error) = builder.init() {
        panic!("hestia does not start: {error}");
    }
}

fn start_gated(builder: Builder) -> Gate {
    let gate = Gate::default();
    start(builder.sink(Output::new("gate", gate.clone())));
    gate
}

fn flush() {
    if let Err(error) = hestia::flush_within(Duration::from_secs(90)) {
        panic!("not flushed: {error}");
    }
}

fn shed() -> u64 {
    hestia::stats().map_or(0, |stats| stats.shed.total())
}

fn finish(facts: Value) {
    flush();
    let mut facts = facts;
    facts["executed"] = executed();
    tell(&facts);
}

fn all_levels() -> impl Iterator<Item = Level> {
    std::iter::repeat_with(Level::iter).flatten()
}

fn drop_newest() {
    let gate = start_gated(quiet().overflow(Overflow::DropNewest));
    gate.hold();
    for (number, level) in all_levels().take(5_000).enumerate() {
        say(level, &format!("record {number}"));
    }
    gate.open();
    finish(json!({}));
}

/// Logs a warning while it is formatted, with one less deep of its own.
struct Deep(u32);

impl fmt::Display for Deep {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 > 0 {
            EXECUTED[Level::Warn as usize - 1].fetch_add(1, Ordering::Relaxed);
            log::warn!("depth {}", Deep(self.0 - 1));
        }
        write!(out, "{}", self.0)
    }
}

/// Some are shed because the queue is full, some because they nest too deep.
fn two_reasons() {
    let gate = start_gated(quiet().overflow(Overflow::DropNewest));
    gate.hold();
    for number in 0..1_000 {
        say(Level::Info, &format!("record {number}"));
    }
    let chains = 3;
    for _ in 0..chains {
        let _ = Deep(20).to_string();
    }
    gate.open();
    // The first that is refused formats nothing, and so ends its chain.
    finish(json!({ "too_deep": chains }));
}

/// Statements of another thread, and whether it still goes on.
struct Talker {
    thread: thread::JoinHandle<()>,
    said: Arc<AtomicU64>,
}

impl Talker {
    fn start(levels: &'static [Level], rounds: u64) -> Self {
        let said = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&said);
        let thread = thread::spawn(move || {
            for round in 0..rounds {
                for level in levels {
                    say(*level, &format!("{level} {round}"));
                    counter.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        Talker { thread, said }
    }

    /// Waits until it has said nothing for a while; how much it had said by then.
    fn wait_until_silent(&self) -> u64 {
        let mut said = 0;
        loop {
            thread::sleep(Duration::from_millis(300));
            let now = self.said.load(Ordering::Relaxed);
            if now == said && now > 0 {
                return now;
            }
            said = now;
        }
    }

    fn finish(self) {
        self.thread.join().expect("the thread does not panic");
    }
}

/// Where a thread waits at a record, whatever else it says waits with it; so the least severe ones are said by another one,
/// until its own ring has run over, too.
fn talk_through_a_shut_gate(overflow: Overflow, rounds: u64, beside: &[Level]) {
    let gate = start_gated(quiet().overflow(overflow).block_limit(NEVER));
    gate.hold();
    let levels = &[
        Level::Trace,
        Level::Debug,
        Level::Info,
        Level::Warn,
        Level::Error,
    ];
    let talker = Talker::start(levels, rounds);
    let said = talker.wait_until_silent();
    for number in 0..rounds {
        for level in beside {
            say(*level, &format!("beside {number}"));
        }
    }
    gate.open();
    talker.finish();
    finish(json!({ "said_while_shut": said }));
}

fn gives_up() {
    let limit = Duration::from_millis(100);
    let gate = start_gated(quiet().block_limit(limit));
    gate.hold();
    let begin = Instant::now();
    let talkers: Vec<_> = (0..4)
        .map(|_| Talker::start(&[Level::Info, Level::Warn], 1_000))
        .collect();
    talkers.into_iter().for_each(Talker::finish);
    let waited = begin.elapsed();
    gate.open();
    flush();
    let shed_while_shut = shed();
    for number in 0..50 {
        say(Level::Info, &format!("after {number}"));
    }
    finish(json!({
        "waited_millis": waited.as_millis() as u64,
        "shed_while_shut": shed_while_shut,
    }));
}

/// The writer moves all the time, but each round of it takes longer than the limit.
fn crawls() {
    let slow = Slow(Duration::from_millis(25));
    start(
        quiet()
            .json(false)
            .block_limit(Duration::from_millis(800))
            .sink(Output::new("slow", slow)),
    );
    let talkers: Vec<_> = (0..8)
        .map(|_| Talker::start(&[Level::Info], 9_000))
        .collect();
    talkers.into_iter().for_each(Talker::finish);
    finish(json!({}));
}

/// An output that cannot be written to while records are shed, and can be afterwards.
fn deaf_output() {
    std::fs::create_dir_all("logs/all.log").expect("an obstacle");
    let gate = start_gated(quiet().overflow(Overflow::DropNewest));
    gate.hold();
    for number in 0..1_000 {
        say(Level::Info, &format!("record {number}"));
    }
    gate.open();
    // The text file cannot confirm anything yet.
    let _ = hestia::flush();
    std::fs::remove_dir("logs/all.log").expect("the obstacle goes away");
    thread::sleep(Duration::from_millis(1_200));
    say(Level::Info, "the file can be opened");
    finish(json!({}));
}

const SIZES: [usize; 14] = [
    1,
    100,
    1_000,
    4_000,
    4_096,
    16_000,
    16_384,
    65_536,
    262_144,
    300_000,
    1 << 20,
    3_333_333,
    10 << 20,
    2,
];

fn oversize() {
    start(quiet().queue_bytes(16 << 20));
    for size in SIZES {
        say(Level::Info, &"x".repeat(size));
    }
    say(Level::Warn, &"y".repeat(17 << 20));
    say(Level::Info, "after it");
    finish(json!({ "sizes": SIZES }));
}

/// The most memory the process ever had, in KiB.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("proc is mounted");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kib.and_then(|kib| kib.parse().ok())
        .expect("a number of kB")
}

fn oversize_flood() {
    start(quiet().json(false).queue_bytes(1 << 20).block_limit(NEVER));
    let padding = "z".repeat(100 << 10);
    thread::scope(|scope| {
        for thread in 0..4 {
            let padding = &padding;
            scope.spawn(move || {
                for number in 0..150 {
                    say(Level::Info, &format!("{thread} {number} {padding}"));
                }
            });
        }
    });
    let peak = peak_memory();
    finish(json!({ "peak_kib": peak }));
}

fn thread_id() -> i64 {
    // SAFETY: takes nothing and cannot fail.
    i64::from(unsafe { libc::gettid() })
}

/// More threads at the same time than there may be rings.
fn crowd(message_bytes: usize, rounds: u64) {
    let threads = 12;
    let all_there = Barrier::new(threads);
    let padding = "p".repeat(message_bytes);
    thread::scope(|scope| {
        for thread in 0..threads {
            let (all_there, padding) = (&all_there, &padding);
            thread::Builder::new()
                .name(format!("one of many {thread}"))
                .spawn_scoped(scope, move || {
                    all_there.wait();
                    let (id, name) = (thread_id(), format!("one of many {thread}"));
                    for round in 0..rounds {
                        EXECUTED[Level::Info as usize - 1].fetch_add(1, Ordering::Relaxed);
                        log::info!(id, name = name.as_str(), round; "{padding}");
                    }
                    all_there.wait();
                })
                .expect("a thread starts");
        }
    });
}

fn crowded() {
    start(quiet().queue_bytes(128 << 10).block_limit(NEVER));
    crowd(40, 300);
    finish(json!({}));
}

/// Records that fit no ring, through rings that several threads share: all in all far more bytes than the
/// bound of the queue.
fn crowded_oversize() {
    start(
        quiet()
            .text(false)
            .queue_bytes(128 << 10)
            .block_limit(Duration::from_secs(2)),
    );
    crowd(6_000, 60);
    flush();
    let idle_bytes = hestia::stats().map_or(0, |stats| stats.queue_bytes);
    finish(json!({ "idle_bytes": idle_bytes }));
}

/// A record that would fit into an empty queue, but not beside the rings that are there, is shed; what
/// comes after it is not.
fn nearly_too_large() {
    start(
        quiet()
            .text(false)
            .queue_bytes(256 << 10)
            .block_limit(Duration::from_secs(1)),
    );
    say(Level::Info, "first");
    flush();
    for round in 0..3 {
        // The writer sleeps when the burst begins.
        thread::sleep(Duration::from_millis(1_200));
        say(Level::Warn, &"w".repeat((192 << 10) - 200));
        for number in 0..2_000 {
            say(Level::Info, &format!("burst {round} {number}"));
        }
    }
    finish(json!({}));
}

/// The writer hangs for good when the program ends.
fn hangs_at_the_end() {
    let gate = start_gated(
        quiet()
            .exit_limit(Duration::from_secs(1))
            .overflow(Overflow::DropNewest),
    );
    gate.hold();
    for number in 0..100 {
        say(Level::Info, &format!("record {number}"));
    }
}

/// The writer hangs when it is told to stop; it is let go later.
fn hangs_at_shutdown() {
    let gate = start_gated(quiet().exit_limit(Duration::from_secs(1)));
    gate.hold();
    let is_error = hestia::shutdown().is_err();
    let begin = Instant::now();
    for number in 0..60 {
        say(Level::Info, &format!("after {number}"));
    }
    let waited = begin.elapsed();
    gate.open();
    // Until the writer is where it was told to stop, nobody can confirm anything.
    while hestia::flush().is_err() && begin.elapsed() < Duration::from_secs(60) {}
    finish(json!({ "is_error": is_error, "waited_millis": waited.as_millis() as u64 }));
}

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("drop_newest") => drop_newest(),
        Some("drop_below") => {
            let beside = [Level::Trace, Level::Debug, Level::Info];
            talk_through_a_shut_gate(Overflow::DropBelow(Level::Warn), 2_000, &beside);
        }
        Some("block") => talk_through_a_shut_gate(Overflow::Block, 1_000, &[]),
        Some("two_reasons") => two_reasons(),
        Some("gives_up") => gives_up(),
        Some("crawls") => crawls(),
        Some("deaf_output") => deaf_output(),
        Some("oversize") => oversize(),
        Some("oversize_flood") => oversize_flood(),
        Some("hangs_at_the_end") => hangs_at_the_end(),
        Some("hangs_at_shutdown") => hangs_at_shutdown(),
        Some("crowded") => crowded(),
        Some("crowded_oversize") => crowded_oversize(),
        Some("nearly_too_large") => nearly_too_large(),
        scenario => panic!("no such scenario: {scenario:?}"),
    }
}
