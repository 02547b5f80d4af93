//! A program that logs by hestia's own macros where hestia is not, or no longer, or not yet at home.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use hestia::{Batch, Level, Output, Sink, SinkError, hlog};
use hestia_tests::figures::tell;
use log::kv::{self, Key, VisitSource};
use serde_json::json;

/// Another logger: keeps what it is given as text.
#[derive(Default)]
struct Other(Mutex<Vec<String>>);

impl log::Log for Other {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target() != "off"
    }

    fn log(&self, record: &log::Record<'_>) {
        struct Pairs(String);
        impl<'k> VisitSource<'k> for Pairs {
            fn visit_pair(&mut self, key: Key<'k>, value: kv::Value<'k>) -> Result<(), kv::Error> {
                let value = serde_json::to_string(&value).unwrap_or_else(|_| "?".into());
                let _ = write!(self.0, " {key}={value}");
                Ok(())
            }
        }
        let mut pairs = Pairs(String::new());
        let _ = record.key_values().visit(&mut pairs);
        let place = (
            record.module_path(),
            record.file().is_some(),
            record.line().is_some(),
        );
        let line = format!(
            "{} {} {place:?} {}{}",
            record.level(),
            record.target(),
            record.args(),
            pairs.0
        );
        match self.0.lock() {
            Ok(mut lines) => lines.push(line),
            Err(poisoned) => poisoned.into_inner().push(line),
        }
    }

    fn flush(&self) {}
}

impl Other {
    fn lines(&self) -> Vec<String> {
        self.0.lock().map(|lines| lines.clone()).unwrap_or_default()
    }
}

fn statements() {
    let (user_id, name) = (5, "ada");
    hlog!(info, user_id, "{name} {:>4}|{:?}", user_id, Some(name));
    hlog!(critical, target: "own", a.b = 1.5, list = [1, 2], none = (), large = u128::MAX, "down");
    hestia::warn!(name; "constant");
    hlog!(debug, "off by level");
    hlog!(info, target: "off", "off by target");
    hlog!(
        Level::Error,
        err = std::fmt::Error,
        password = 1,
        "{token}",
        token = name
    );
}

/// Another logger has been installed before.
fn forwarding() {
    static OTHER: Other = Other(Mutex::new(Vec::new()));
    if log::set_logger(&OTHER).is_err() {
        panic!("no logger was there");
    }
    log::set_max_level(log::LevelFilter::Info);
    statements();
    tell(&json!({ "lines": OTHER.lines() }));
}

/// No logger is installed at all.
fn nobody() {
    statements();
    log::set_max_level(log::LevelFilter::Trace);
    statements();
    tell(&json!({}));
}

/// Loggers at statements: hestia's, behind pointers too, and others.
fn loggers() {
    start();
    let audit = hestia::logger("audit").metadata("team", "risk");
    let shared = Arc::new(hestia::logger("shared"));
    let other = Other::default();
    let boxed: Box<dyn log::Log> = Box::new(Other::default());
    hlog!(info, logger: audit, n = 1, "granted {}", 1);
    hlog!(info, logger: &audit, target: "own", n = 2, "granted {}", 2);
    hlog!(info, logger: shared, n = 3, "granted {}", 3);
    hlog!(info, logger: Arc::clone(&shared), n = 4, "granted {}", 4);
    hestia::info!(logger: &&audit, n = 5; "granted {}", 5);
    hlog!(Level::Info, logger: log::logger(), n = 6, "granted {}", 6);
    hlog!(info, logger: other, n = 7, "given away {}", 7);
    hlog!(info, logger: &other, target: "own", "given away {}", 8);
    hlog!(info, logger: other, target: "off", "off {}", 9);
    hlog!(info, logger: boxed, "given away {}", 10);
    tell(&json!({ "lines": other.lines() }));
}

/// A sink that logs: what hestia's own threads say goes to its internal log.
struct Chatty;

impl Sink for Chatty {
    fn write(&mut self, batch: &mut Batch) -> Result<(), SinkError> {
        let lines = batch.len();
        hlog!(warn, lines, "the sink says {}", "x");
        Ok(())
    }
}

fn own_threads() {
    let builder = hestia::builder().console(false).internal_logger(true);
    if let Err(error) = builder.sink(Output::new("chatty", Chatty)).init() {
        panic!("hestia does not start: {error}");
    }
    hlog!(info, "from the program");
    let _ = hestia::flush();
    tell(&json!({}));
}

fn start() {
    if let Err(error) = hestia::builder().console(false).init() {
        panic!("hestia does not start: {error}");
    }
}

fn after_shutdown() {
    start();
    hlog!(info, n = 1, "before {}", 1);
    if let Err(error) = hestia::shutdown() {
        panic!("not shut down: {error}");
    }
    hlog!(info, n = 2, "after {}", 2);
    hestia::error!(n = 3; "after {}", 3);
    tell(&json!({}));
}

#[cfg(unix)]
fn forked() {
    start();
    hlog!(info, who = "parent", "before {}", 1);
    // SAFETY: the child only logs and leaves, which hestia supports.
    let child = unsafe { libc::fork() };
    if child == 0 {
        hlog!(info, who = "child", "in the child {}", 2);
        std::process::exit(0);
    }
    let mut status = 0;
    // SAFETY: the status is a place of this function's.
    unsafe { libc::waitpid(child, &raw mut status, 0) };
    hlog!(info, who = "parent", "after {}", status);
    let _ = hestia::flush();
    tell(&json!({ "child": child }));
}

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("forwarding") => forwarding(),
        Some("nobody") => nobody(),
        Some("loggers") => loggers(),
        Some("own_threads") => own_threads(),
        Some("after_shutdown") => after_shutdown(),
        #[cfg(unix)]
        Some("forked") => forked(),
        scenario => panic!("no such scenario: {scenario:?}"),
    }
}
