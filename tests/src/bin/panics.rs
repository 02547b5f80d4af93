//! Scenarios of panics: in the program, in what it logs, and in the parts it gave to hestia.

use std::env;
use std::error::Error;
use std::fmt;
use std::io::{self, Write};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use hestia::{Batch, Builder, Filter, Layout, Output, Record, Sink, SinkError};

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let scenario = env::args().nth(1).unwrap_or_default();
    match scenario.as_str() {
        "in_thread" => in_thread(),
        "caught" => caught(),
        "odd_payloads" => odd_payloads(),
        "not_wanted" => not_wanted(),
        "in_message" => in_message(),
        "in_value" => in_value(),
        "at_every_end" => at_every_end(),
        "layout" => with_output(Output::new("bad", Lines).layout(Panics)),
        "filter" => with_output(Output::new("bad", Lines).filter(Panics)),
        "sink" => with_output(Output::new("bad", Panics)),
        "flush" => with_output(Output::new("bad", PanicsInFlush)),
        "reopen_and_close" => reopen_and_close(),
        "after_shutdown" => after_shutdown(),
        "error_hook" => error_hook(),
        "in_hook" => in_hook(),
        "in_error_hook_in_hook" => in_error_hook_in_hook(),
        unknown => Err(format!("there is no scenario {unknown}").into()),
    }
}

fn files() -> Builder {
    hestia::builder().console(false)
}

fn print(what: impl fmt::Display) -> Outcome {
    Ok(writeln!(io::stdout(), "{what}")?)
}

/// A thread with a name panics; the program had a panic hook of its own.
fn in_thread() -> Outcome {
    panic::set_hook(Box::new(|panic| {
        print(format_args!("earlier hook: {panic}")).expect("stdout is open");
    }));
    files().init()?;
    let panics = || {
        let line = line!() + 1;
        panic!("no {} in {line}", "luck");
    };
    let ended = thread::Builder::new()
        .name("unlucky".to_owned())
        .spawn(panics)?
        .join();
    assert!(ended.is_err());
    log::info!("life goes on");
    Ok(())
}

fn caught() -> Outcome {
    files().init()?;
    log::info!("before");
    assert!(panic::catch_unwind(|| panic!("caught")).is_err());
    // What matters most when the program crashes is there already.
    let text = std::fs::read_to_string("logs/all.log")?;
    assert!(
        text.contains("panicked at") && text.contains("caught"),
        "{text}"
    );
    log::info!("after");
    Ok(())
}

fn odd_payloads() -> Outcome {
    files().init()?;
    assert!(panic::catch_unwind(|| panic::panic_any(5)).is_err());
    assert!(panic::catch_unwind(|| panic::panic_any("text".to_owned())).is_err());
    // Tells no hook.
    assert!(panic::catch_unwind(|| panic::resume_unwind(Box::new(5))).is_err());
    assert!(panic::catch_unwind(|| panic!("two\nlines")).is_err());
    Ok(())
}

fn not_wanted() -> Outcome {
    files().panics(false).init()?;
    assert!(panic::catch_unwind(|| panic!("not logged")).is_err());
    log::info!("once");
    Ok(())
}

/// Panics when it is formatted, after some words.
struct Panics;

impl fmt::Display for Panics {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("so far so good ")?;
        panic!("while formatting");
    }
}

impl fmt::Debug for Panics {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

fn in_message() -> Outcome {
    files().init()?;
    log::info!(kept = 1; "message: {Panics}");
    log::info!("after");
    Ok(())
}

fn in_value() -> Outcome {
    files().init()?;
    log::info!(before = 1, bad:% = Panics, worse:? = Panics, after = 2; "message");
    log::info!("after");
    Ok(())
}

/// While the thread's locals are being dropped, and while it panics already.
fn at_every_end() -> Outcome {
    struct LogsWhenDropped;
    impl Drop for LogsWhenDropped {
        fn drop(&mut self) {
            log::info!("{Panics}");
        }
    }
    thread_local!(static LOCAL: LogsWhenDropped = const { LogsWhenDropped });
    files().init()?;
    let ended = thread::spawn(|| {
        LOCAL.with(|_| ());
        log::info!("alive");
        let _logs = LogsWhenDropped;
        panic!("on purpose");
    });
    assert!(ended.join().is_err());
    Ok(())
}

impl Layout for Panics {
    fn format(&mut self, record: &Record<'_>, line: &mut Vec<u8>) {
        line.extend_from_slice(record.message().as_bytes());
        assert!(!is_bad(record.message()), "layout");
        line.push(b'\n');
    }
}

impl Clone for Panics {
    fn clone(&self) -> Self {
        Panics
    }
}

impl Filter for Panics {
    fn allows(&mut self, record: &Record<'_>) -> bool {
        assert!(!is_bad(record.message()), "filter");
        true
    }
}

impl Sink for Panics {
    fn write(&mut self, batch: &mut Batch) -> Result<(), SinkError> {
        keep_lines(batch);
        let lines = String::from_utf8_lossy(batch.bytes());
        assert!(!lines.lines().any(is_bad), "sink");
        Ok(())
    }
}

fn is_bad(line: &str) -> bool {
    line.ends_with("bad")
}

/// What custom sinks took.
static LINES: Mutex<String> = Mutex::new(String::new());

fn keep_lines(batch: &Batch) {
    let mut lines = LINES.lock().expect("nothing panics under the lock");
    lines.push_str(&String::from_utf8_lossy(batch.bytes()));
}

/// Keeps lines, and nothing goes wrong.
struct Lines;

impl Sink for Lines {
    fn write(&mut self, batch: &mut Batch) -> Result<(), SinkError> {
        keep_lines(batch);
        Ok(())
    }
}

struct PanicsInFlush;

impl Sink for PanicsInFlush {
    fn write(&mut self, _: &mut Batch) -> Result<(), SinkError> {
        Ok(())
    }

    fn flush(&mut self, _: hestia::FlushTicket) {
        panic!("flush");
    }
}

/// Incidents that the error hook was told of.
type Incidents = Arc<Mutex<Vec<String>>>;

fn with_hook(builder: Builder) -> (Builder, Incidents) {
    let incidents = Incidents::default();
    let told = Arc::clone(&incidents);
    let builder = builder.on_error(move |incident| {
        told.lock()
            .expect("nothing panics under the lock")
            .push(incident.to_string());
    });
    (builder, incidents)
}

/// Good and bad records, each flushed by itself, through an output that panics at bad ones.
fn with_output(output: Output) -> Outcome {
    let (builder, incidents) = with_hook(files().sink(output));
    let handle = builder.init()?;
    for message in ["good", "bad", "good again"] {
        log::info!("{message}");
        if let Err(error) = handle.flush() {
            print(format_args!("flush: {error}"))?;
        }
    }
    let stats = handle.stats();
    let bad = stats.output("bad").expect("it is an output");
    assert_eq!(stats.accepted, 3);
    assert_eq!(
        bad.written + bad.filtered + bad.failed,
        3,
        "the books balance"
    );
    assert!(bad.errors > 0 && stats.errors >= bad.errors);
    for name in ["text", "json"] {
        let good = stats.output(name).expect("it is an output");
        assert_eq!((good.written, good.failed, good.errors), (3, 0, 0));
    }
    print(format_args!("written {}", bad.written))?;
    print(format_args!("filtered {}", bad.filtered))?;
    print(format_args!("failed {}", bad.failed))?;
    for incident in &*incidents.lock().expect("nothing panics under the lock") {
        print(format_args!("incident: {incident}"))?;
    }
    for line in LINES.lock().expect("nothing panics under the lock").lines() {
        print(format_args!("line: {line}"))?;
    }
    Ok(())
}

struct PanicsElsewhere;

impl Sink for PanicsElsewhere {
    fn write(&mut self, _: &mut Batch) -> Result<(), SinkError> {
        Ok(())
    }

    fn reopen(&mut self) -> Result<(), SinkError> {
        panic!("reopen");
    }

    fn close(&mut self, _: std::time::Duration) {
        panic!("close");
    }
}

fn reopen_and_close() -> Outcome {
    let handle = files().sink(Output::new("bad", PanicsElsewhere)).init()?;
    log::info!("one");
    print(handle.reopen().expect_err("one output panics"))?;
    log::info!("two");
    handle.shutdown()?;
    log::info!("three");
    Ok(())
}

/// The same, when it is the logging thread that does the writer's work.
fn after_shutdown() -> Outcome {
    let handle = files().sink(Output::new("bad", Panics)).init()?;
    handle.shutdown()?;
    log::info!("good");
    log::info!("bad");
    log::info!("good again");
    let stats = handle.stats();
    let bad = stats.output("bad").expect("it is an output");
    assert_eq!((bad.written, bad.failed), (2, 1));
    Ok(())
}

/// A hook that logs and panics does no harm.
fn error_hook() -> Outcome {
    static TOLD: AtomicBool = AtomicBool::new(false);
    let hook = |_: &hestia::Incident| {
        TOLD.store(true, Ordering::Relaxed);
        log::error!("not a record");
        panic!("hook");
    };
    let handle = files()
        .sink(Output::new("bad", Panics))
        .on_error(hook)
        .init()?;
    log::info!("bad");
    let _ = handle.flush();
    assert!(TOLD.load(Ordering::Relaxed));
    log::info!("good");
    handle.flush()?;
    Ok(())
}

/// Inside the panic hook, hestia's own and others', a further panic would abort; after `shutdown` it is this
/// thread that does the writer's work.
fn in_hook() -> Outcome {
    panic::set_hook(Box::new(|_| log::info!("another hook's, and bad")));
    let handle = files().sink(Output::new("bad", Panics)).init()?;
    handle.shutdown()?;
    assert!(panic::catch_unwind(|| panic!("bad")).is_err());
    log::info!("life goes on");
    Ok(())
}

/// The same for the error hook, which is told that a flush in the panic hook failed.
fn in_error_hook_in_hook() -> Outcome {
    let hook = |_: &hestia::Incident| panic!("hook");
    files()
        .sink(Output::new("bad", PanicsInFlush))
        .on_error(hook)
        .init()?;
    assert!(panic::catch_unwind(|| panic!("once")).is_err());
    log::info!("life goes on");
    Ok(())
}
