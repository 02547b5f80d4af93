//! Programs that log while they log: in the code that formats values, and on hestia's own threads.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use hestia::{Batch, Builder, ErrorKind, Handle, Layout, Output, Record, Sink, SinkError};
use hestia_tests::figures::tell;
use log::info;
use serde_json::{Value, json};

fn start(builder: Builder) -> Handle {
    match builder.console(false).init() {
        Ok(hestia) => hestia,
        Err(error) => panic!("hestia does not start: {error}"),
    }
}

fn finish(hestia: Handle, facts: &Value) {
    // Some outputs fail on purpose; what became of the records is in the figures.
    let _ = hestia.flush_within(Duration::from_secs(60));
    tell(facts);
}

/// Logs while it is formatted.
struct Chatty(&'static str);

impl fmt::Display for Chatty {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        info!("inner of {}", self.0);
        out.write_str(self.0)
    }
}

fn visible() {
    let hestia = start(hestia::builder());
    info!("outer {}", Chatty("message"));
    info!(key:% = Chatty("key"); "outer key");
    info!("outer {} and {}", Chatty("first"), Chatty("second"));
    finish(hestia, &json!({ "executed": 7 }));
}

static EXECUTED: AtomicU64 = AtomicU64::new(0);

/// Logs one less deep while it is formatted.
struct Deep(u32);

impl fmt::Display for Deep {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 > 0 {
            EXECUTED.fetch_add(1, Ordering::Relaxed);
            info!("depth {}", Deep(self.0 - 1));
        }
        write!(out, "{}", self.0)
    }
}

fn deep() {
    let hestia = start(hestia::builder());
    for _ in 0..3 {
        let _ = Deep(20).to_string();
    }
    EXECUTED.fetch_add(1, Ordering::Relaxed);
    info!("after it");
    finish(
        hestia,
        &json!({ "executed": EXECUTED.load(Ordering::Relaxed) }),
    );
}

/// Panics in the middle of being formatted.
struct Panics;

impl fmt::Display for Panics {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("half")?;
        panic!("a Display that panics");
    }
}

fn panics() {
    let hestia = start(hestia::builder());
    info!("message {Panics}");
    info!(before = 1, key:% = Panics, after = 2; "key");
    info!("after it");
    // Each of the two panics is a record of its own.
    finish(hestia, &json!({ "executed": 5 }));
}

/// Waits for a thread that logs.
struct Spawns;

impl fmt::Display for Spawns {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let thread = thread::Builder::new()
            .name("spawned".to_owned())
            .spawn(|| info!("from the thread"));
        let joined = thread.map(thread::JoinHandle::join);
        out.write_str(if matches!(joined, Ok(Ok(()))) {
            "joined"
        } else {
            "failed"
        })
    }
}

fn spawns() {
    let hestia = start(hestia::builder());
    info!("outer {Spawns}");
    finish(hestia, &json!({ "executed": 2 }));
}

/// What code on hestia's threads got when it asked hestia for something.
#[derive(Clone, Default)]
struct Answers(Arc<Mutex<Vec<String>>>);

impl Answers {
    /// Logs, flushes, and asks for all that can be asked for.
    fn ask(&self, place: &str) {
        info!("said by the {place}");
        info!(logger: hestia::logger("own"), "said by the {place} with a name");
        log::logger().flush();
        let begin = Instant::now();
        let flush = hestia::flush_within(Duration::from_secs(30)).map_err(|error| error.kind());
        let reopen = hestia::reopen().map_err(|error| error.kind());
        let refused = matches!(flush, Err(ErrorKind::OwnThread))
            && matches!(reopen, Err(ErrorKind::OwnThread));
        let prompt = begin.elapsed() < Duration::from_secs(10);
        let figures = hestia::stats().is_some() && hestia::report().is_some();
        let level = hestia::set_output_level("text", log::Level::Info).is_ok();
        self.lock()
            .push(format!("{place} {}", refused && prompt && figures && level));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct AskingSink(Answers);

impl Sink for AskingSink {
    fn write(&mut self, _: &mut Batch) -> Result<(), SinkError> {
        self.0.ask("sink");
        Err(SinkError::new(ErrorKind::Write, "refused for the test"))
    }
}

#[derive(Clone)]
struct AskingLayout(Answers);

impl Layout for AskingLayout {
    fn format(&mut self, record: &Record<'_>, line: &mut Vec<u8>) {
        self.0.ask("layout");
        line.extend_from_slice(record.message().as_bytes());
        line.push(b'\n');
    }
}

fn own_threads() {
    let answers = Answers::default();
    let (layout, filter, hook) = (answers.clone(), answers.clone(), answers.clone());
    let output = Output::new("asking", AskingSink(answers.clone()))
        .layout(AskingLayout(layout))
        .filter(move |_: &Record<'_>| {
            filter.ask("filter");
            true
        });
    let hestia = start(
        hestia::builder()
            .sink(output)
            .on_error(move |_| hook.ask("hook")),
    );
    for number in 0..3 {
        info!("record {number}");
        let _ = hestia.flush();
    }
    let answers = answers.lock().clone();
    finish(hestia, &json!({ "executed": 3, "answers": answers }));
}

/// Wants to shut hestia down from within.
struct Suicidal(Arc<AtomicU64>);

impl Sink for Suicidal {
    fn write(&mut self, _: &mut Batch) -> Result<(), SinkError> {
        if let Err(error) = hestia::shutdown()
            && error.kind() == ErrorKind::OwnThread
        {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }
}

fn shutdown_in_sink() {
    let refused = Arc::new(AtomicU64::new(0));
    let hestia = start(
        hestia::builder()
            .exit_limit(Duration::from_secs(2))
            .sink(Output::new("suicidal", Suicidal(Arc::clone(&refused)))),
    );
    info!("first");
    let flushed = hestia.flush().is_ok();
    let begin = Instant::now();
    for number in 0..100 {
        info!("record {number}");
    }
    let took = begin.elapsed();
    let before = processor_time();
    thread::sleep(Duration::from_secs(2));
    let busy = processor_time() - before;
    let facts = json!({
        "executed": 101,
        "flushed": flushed,
        "refused": refused.load(Ordering::Relaxed),
        "took_millis": took.as_millis() as u64,
        "busy_millis": busy.as_millis() as u64,
    });
    finish(hestia, &facts);
}

/// What the process has used of the processors.
fn processor_time() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the time is there to be written.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    assert_eq!(failed, 0, "every system has this clock");
    Duration::new(
        time.tv_sec.unsigned_abs(),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}

/// Fails at each write.
struct Refusing;

impl Sink for Refusing {
    fn write(&mut self, _: &mut Batch) -> Result<(), SinkError> {
        Err(SinkError::new(ErrorKind::Write, "refused for the test"))
    }
}

fn panicking_hook() {
    let hestia = start(
        hestia::builder()
            .sink(Output::new("refusing", Refusing))
            .on_error(|incident| panic!("a hook that panics on {incident}")),
    );
    info!("first");
    let _ = hestia.flush();
    info!("second");
    finish(hestia, &json!({ "executed": 2 }));
}

/// Parts that panic on hestia's threads, with a hook that logs.
fn panicking_parts() {
    struct Panicking;
    impl Sink for Panicking {
        fn write(&mut self, _: &mut Batch) -> Result<(), SinkError> {
            panic!("a sink that panics");
        }
    }
    #[derive(Clone)]
    struct PanickingLayout;
    impl Layout for PanickingLayout {
        fn format(&mut self, _: &Record<'_>, line: &mut Vec<u8>) {
            line.extend_from_slice(b"half a line");
            panic!("a layout that panics");
        }
    }
    let panicking_filter = |_: &Record<'_>| -> bool { panic!("a filter that panics") };
    let hestia = start(
        hestia::builder()
            .sink(Output::new("sink", Panicking))
            .sink(Output::new("layout", Memory::default()).layout(PanickingLayout))
            .sink(Output::new("filter", Memory::default()).filter(panicking_filter))
            .on_error(|incident| info!("the hook heard: {incident}")),
    );
    for number in 0..10 {
        info!("record {number}");
        let _ = hestia.flush();
    }
    finish(hestia, &json!({ "executed": 10 }));
}

/// Keeps what it gets.
#[derive(Default)]
struct Memory(Vec<u8>);

impl Sink for Memory {
    fn write(&mut self, batch: &mut Batch) -> Result<(), SinkError> {
        self.0.extend_from_slice(batch.bytes());
        Ok(())
    }
}

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("visible") => visible(),
        Some("deep") => deep(),
        Some("panics") => panics(),
        Some("spawns") => spawns(),
        Some("own_threads") => own_threads(),
        Some("shutdown_in_sink") => shutdown_in_sink(),
        Some("panicking_hook") => panicking_hook(),
        Some("panicking_parts") => panicking_parts(),
        scenario => panic!("no such scenario: {scenario:?}"),
    }
}
