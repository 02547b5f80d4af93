//! Programs that know nothing but the `log` crate, in all the ways it can be used.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use hestia::{Builder, Handle, JsonFile};
use hestia_tests::figures::tell;
use log::kv::{self, ToValue};
use log::{Level, Log, Record, debug, error, info, log, log_enabled, trace, warn};
use serde::Serialize;
use serde_json::json;

fn start(builder: Builder) -> Handle {
    match builder.console(false).app("process").init() {
        Ok(hestia) => hestia,
        Err(error) => panic!("hestia does not start: {error}"),
    }
}

fn finish(hestia: Handle, facts: &serde_json::Value) {
    if let Err(error) = hestia.flush_within(Duration::from_secs(90)) {
        panic!("not flushed: {error}");
    }
    tell(facts);
}

fn forms() {
    let hestia = start(hestia::builder().level("trace"));
    let (name, width, level) = ("ada", 6, Level::Debug);
    error!("an error");
    warn!("{} {}", "positional", 1);
    info!("{name} inline, {width:>5} padded, {0:?} by place", "quoted");
    debug!("named {what}", what = "argument");
    trace!("trailing comma {}", 1,);
    log!(level, "a level known at run time");
    log!(target: "own::target", Level::Warn, "target {}", 1);
    info!(target: "own::target", "target by macro");
    info!(target: "own::target", key = 1; "target and key");
    info!(key = 1, name, other:? = Some("x"); "keys {}", 1);
    info!("key" = 1, "key with spaces" = 2; "keys as text");
    info!(logger: hestia::logger("by macro"), target: "own::target", key = 1; "logger, target, key");
    info!(logger: log::logger(), "the logger itself");
    log!(logger: hestia::logger("by macro"), Level::Error, "logger and level");
    let enabled = log_enabled!(Level::Trace) && log_enabled!(target: "x", Level::Trace);
    finish(hestia, &json!({ "executed": 14, "enabled": enabled }));
}

#[derive(Debug)]
struct Outer(Inner);

#[derive(Debug)]
struct Inner;

impl fmt::Display for Outer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the order failed")
    }
}

impl fmt::Display for Inner {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("no card")
    }
}

impl Error for Inner {}

impl Error for Outer {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

#[derive(Serialize)]
enum Payment {
    Cash,
    Card(&'static str),
    Transfer { iban: &'static str, days: u8 },
}

#[derive(Serialize)]
struct Order {
    id: u64,
    #[serde(rename = "line items")]
    items: Vec<Item>,
    payments: Vec<Payment>,
    note: Option<&'static str>,
    by_name: BTreeMap<&'static str, f64>,
    position: (i32, i32),
    nothing: (),
}

#[derive(Serialize)]
struct Item {
    price: f64,
    gift: bool,
}

fn order() -> Order {
    Order {
        id: u64::MAX,
        items: vec![
            Item {
                price: 1.5,
                gift: true,
            },
            Item {
                price: -0.25,
                gift: false,
            },
        ],
        payments: vec![
            Payment::Cash,
            Payment::Card("1234"),
            Payment::Transfer {
                iban: "DE00",
                days: 3,
            },
        ],
        note: None,
        by_name: BTreeMap::from([("a", 1.0), ("b", 2.5)]),
        position: (-1, 1),
        nothing: (),
    }
}

/// Has no form of any kind.
struct Refuses;

impl Serialize for Refuses {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("no"))
    }
}

#[derive(sval_derive::Value)]
struct Stream {
    id: u32,
    tags: Vec<&'static str>,
    ratio: f64,
    parent: Option<u8>,
}

fn values() {
    let hestia = start(hestia::builder());
    info!(
        i8 = i8::MIN, i16 = i16::MIN, i32 = i32::MIN, i64 = i64::MIN, i128 = i128::MIN,
        u8 = u8::MAX, u16 = u16::MAX, u32 = u32::MAX, u64 = u64::MAX, u128 = u128::MAX,
        usize = 7_usize, isize = -7_isize;
        "integers"
    );
    info!(f32 = 0.5_f32, f64 = 0.1_f64, whole = 3.0_f64, nan = f64::NAN, inf = f64::INFINITY, minus = f64::NEG_INFINITY; "floats");
    let text = String::from("owned");
    info!(yes = true, no = false, char = 'ß', str = "text", string = text.as_str(), empty = ""; "plain");
    info!(some = Some(5), none = None::<u8>, unit = kv::Value::null(); "options");
    info!(debug:? = vec![Some(1), None], display:% = format_args!("{}-{}", 1, 2), debug_str:? = "q"; "formatted");
    let error = Outer(Inner);
    info!(err:err = error; "an error with its source");
    info!(order:serde = order(); "nested by serde");
    let stream = Stream {
        id: 9,
        tags: vec!["x", "y"],
        ratio: 0.5,
        parent: None,
    };
    info!(stream:sval = stream, array:sval = [1, 2]; "nested by sval");
    info!(refuses:serde = Refuses; "not nested");
    info!(a = 1, b = "once", a = "again", b = 2; "keys twice");
    finish(hestia, &json!({ "executed": 10 }));
}

/// Key-values as no macro would make them.
struct Hostile;

const HOSTILE: [&str; 10] = [
    "two\nlines\r\n2026-03-06T20:40:23.286Z ERROR forged host 1 main/1 t - | forged",
    "\u{1b}[31mred\u{1b}[0m \u{9b}31m",
    "\u{202e}gnp.exe \u{2066}x\u{2069} \u{200b}",
    "nul\0 bell\u{7} del\u{7f} next\u{85} separators\u{2028}\u{2029}",
    r#"{"message":"not me","level":"ERROR"}"#,
    r#"","message":"not me","x":""#,
    "back\\slash \\n \"quotes\" 'single' | bar {braces} %s {}",
    "emoji 🦀 ünï \u{1f468}\u{200d}\u{1f469} \u{10ffff}",
    "",
    " leading and trailing ",
];

impl kv::Source for Hostile {
    fn visit<'kvs>(&'kvs self, visitor: &mut dyn kv::VisitSource<'kvs>) -> Result<(), kv::Error> {
        for text in HOSTILE {
            visitor.visit_pair(kv::Key::from_str(text), text.to_value())?;
        }
        for key in ["message", "level", "timestamp", "target", "metadata"] {
            visitor.visit_pair(kv::Key::from_str(key), "not a base field".to_value())?;
        }
        Ok(())
    }
}

fn hostile() {
    let hestia = start(hestia::builder());
    for (number, text) in HOSTILE.into_iter().enumerate() {
        info!("{text}");
        info!(target: text, number; "target");
        info!(number, value = text; "value");
        info!(logger: hestia::logger(text), number; "logger");
        let name = text.replace('\0', "");
        let named = thread::Builder::new()
            .name(name)
            .spawn(move || info!(number; "thread"));
        named
            .expect("a thread starts")
            .join()
            .expect("it does not panic");
    }
    hestia_log(&Hostile);
    finish(hestia, &json!({ "executed": 51, "texts": HOSTILE }));
}

fn hestia_log(source: &dyn kv::Source) {
    log::logger().log(
        &Record::builder()
            .level(Level::Info)
            .target("facade")
            .args(format_args!("hostile keys"))
            .key_values(&source)
            .build(),
    );
}

/// Tells how often its length was asked for, and how often it was gone over.
struct Asked;

static LENGTHS: AtomicU64 = AtomicU64::new(0);
static VISITS: AtomicU64 = AtomicU64::new(0);

impl kv::Source for Asked {
    fn visit<'kvs>(&'kvs self, visitor: &mut dyn kv::VisitSource<'kvs>) -> Result<(), kv::Error> {
        VISITS.fetch_add(1, Ordering::Relaxed);
        visitor.visit_pair(kv::Key::from_str("asked"), 1.to_value())
    }

    fn count(&self) -> usize {
        LENGTHS.fetch_add(1, Ordering::Relaxed);
        1
    }
}

fn asked() {
    let hestia = start(hestia::builder());
    let mut asked = Vec::new();
    let mut log = |target: &str, is_of_a_macro: bool, message: fmt::Arguments<'_>| {
        let mut record = Record::builder();
        record.target(target).args(message).key_values(&Asked);
        if is_of_a_macro {
            record
                .module_path_static(Some("facade"))
                .file_static(Some("asked.rs"))
                .line(Some(1));
        }
        log::logger().log(&record.build());
        let swap = |count: &AtomicU64| count.swap(0, Ordering::Relaxed);
        asked.push((swap(&LENGTHS), swap(&VISITS)));
    };
    for turn in 0..2 {
        log("facade", true, format_args!("a constant"));
        log("elsewhere", true, format_args!("a constant"));
        log("facade", true, format_args!("turn {turn}"));
        log("facade", false, format_args!("by hand"));
    }
    finish(hestia, &json!({ "executed": 8, "asked": asked }));
}

fn messages() {
    let hestia = start(hestia::builder());
    info!("a constant");
    info!("");
    info!("{}", "");
    let huge: String = "0123456789".repeat(300_000);
    info!("{huge}");
    info!("{Broken}");
    info!(broken:% = Broken, after = 1; "a key-value that cannot be formatted");
    finish(hestia, &json!({ "executed": 6 }));
}

/// Fails in the middle of its work.
struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("half")?;
        Err(fmt::Error)
    }
}

static FORMATTED: AtomicU64 = AtomicU64::new(0);
static EVALUATED: AtomicU64 = AtomicU64::new(0);

/// Counts how often it is formatted.
struct Counted;

impl fmt::Display for Counted {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        FORMATTED.fetch_add(1, Ordering::Relaxed);
        out.write_str("counted")
    }
}

fn evaluated() -> Counted {
    EVALUATED.fetch_add(1, Ordering::Relaxed);
    Counted
}

fn directives() {
    let hestia = start(hestia::builder().level("info,app::db=trace,app::noisy=off"));
    for _ in 0..100 {
        trace!(target: "other", key:% = Counted; "{Counted}");
        debug!(target: "app", key:% = Counted; "{Counted}");
        error!(target: "app::noisy::inner", key:% = Counted; "{Counted}");
        trace!(target: "app::dbx", "{Counted}");
    }
    let formatted_for_nothing = FORMATTED.load(Ordering::Relaxed);
    trace!(target: "app::db", "{Counted}");
    trace!(target: "app::db::pool", key:% = Counted; "x");
    let formatted = FORMATTED.load(Ordering::Relaxed);
    let _ = hestia.flush();
    let level = hestia.set_level("info");
    debug!(target: "app::db", key:% = evaluated(); "{}", evaluated());
    let evaluated = EVALUATED.load(Ordering::Relaxed);
    let facts = json!({
        "executed": 2,
        "formatted_for_nothing": formatted_for_nothing,
        "formatted": formatted,
        "evaluated": evaluated,
        "level_was_set": level.is_ok(),
    });
    finish(hestia, &facts);
}

/// Levels are lowered right after a record that was on.
fn lowered_level() {
    let hestia = start(hestia::builder().level("trace"));
    let mut refused = 0;
    for number in 0..100 {
        trace!("record {number}");
        refused += u32::from(hestia.set_level("info").is_err());
        trace!("off {number}");
        refused += u32::from(hestia.set_level("trace").is_err());
    }
    finish(hestia, &json!({ "executed": 100, "refused": refused }));
}

fn named_loggers() {
    let builder = hestia::builder()
        .metadata("team", "process")
        .metadata("region", "eu")
        .metadata("only", "process");
    let hestia = start(builder);
    let audit = hestia::logger("audit")
        .metadata("team", "risk")
        .metadata("region", "us")
        .file("logs/audit.log");
    for number in 0..100 {
        info!(number; "plain");
        info!(logger: audit, number, region = "call"; "granted");
    }
    debug!(logger: audit, "below the level");
    let sibling = audit.clone().metadata("sibling", true);
    info!(logger: sibling, "sibling");
    info!(logger: hestia::logger("no file"), "no file");
    finish(
        hestia,
        &json!({ "executed": 202, "enabled": audit.enabled(&metadata()) }),
    );
}

fn metadata() -> log::Metadata<'static> {
    log::Metadata::builder()
        .level(Level::Info)
        .target("any")
        .build()
}

/// Memory of the process at this moment, in KiB.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("proc is mounted");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kib.and_then(|kib| kib.parse().ok())
        .expect("a number of kB")
}

fn many_loggers() {
    let hestia = start(hestia::builder().text(false));
    let before = memory();
    for number in 0..100_000_u32 {
        let logger = hestia::logger(format!("logger {number}")).metadata("number", number);
        info!(logger: logger, "{number}");
    }
    let after = memory();
    finish(
        hestia,
        &json!({ "executed": 100_000, "before_kib": before, "after_kib": after }),
    );
}

/// Loggers that come and go, and hardly ever log anything.
fn idle_loggers() {
    let hestia = start(hestia::builder());
    info!("one");
    // The writer goes to sleep.
    thread::sleep(Duration::from_millis(2_500));
    let before = memory();
    for number in 0..300_000_u32 {
        let logger = hestia::logger(format!("logger {number}")).metadata("number", number);
        debug!(logger: logger, "{number}");
    }
    let after = memory();
    finish(
        hestia,
        &json!({ "executed": 1, "before_kib": before, "after_kib": after }),
    );
}

/// The only output is that of a named logger.
fn only_an_own_file() {
    let hestia = start(hestia::builder().text(false).json(false));
    let audit = hestia::logger("audit").file("logs/audit.log");
    for number in 0..10 {
        info!(logger: audit, "granted {number}");
    }
    finish(hestia, &json!({}));
}

/// The named logger's records are less severe than what the other outputs take.
fn quieter_outputs() {
    let json = JsonFile::new("logs/app.log").level(Level::Error);
    let hestia = start(hestia::builder().text(false).json(json));
    let audit = hestia::logger("audit").file("logs/audit.log");
    info!(logger: audit, "granted");
    error!("an error");
    finish(hestia, &json!({}));
}

/// The first record of each of many loggers with a file, while others flush without a pause.
fn own_files_in_a_hurry() {
    let hestia = start(hestia::builder().text(false).json(false).sink(Nowhere));
    let done = &std::sync::atomic::AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(move || {
            while !done.load(Ordering::Relaxed) {
                let _ = hestia.flush();
            }
        });
        for number in 0..400 {
            let logger = hestia::logger("many").file(format!("logs/{number}.log"));
            info!(logger: logger, "first");
            info!(logger: logger, "second");
        }
        done.store(true, Ordering::Relaxed);
    });
    finish(hestia, &json!({}));
}

/// As above, from several threads that write by themselves, since there is no writer thread any more.
fn own_files_after_shutdown() {
    let hestia = start(hestia::builder().json(false));
    let stopped = hestia.shutdown().is_ok();
    thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || {
                for number in 0..100 {
                    let path = format!("logs/{thread}-{number}.log");
                    let logger = hestia::logger("many").file(path);
                    info!(logger: logger, "first");
                    info!(logger: logger, "second");
                }
            });
        }
    });
    finish(hestia, &json!({ "stopped": stopped }));
}

struct Nowhere;

impl hestia::Sink for Nowhere {
    fn write(&mut self, _: &mut hestia::Batch) -> Result<(), hestia::SinkError> {
        Ok(())
    }
}

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("forms") => forms(),
        Some("values") => values(),
        Some("hostile") => hostile(),
        Some("asked") => asked(),
        Some("messages") => messages(),
        Some("directives") => directives(),
        Some("lowered_level") => lowered_level(),
        Some("named_loggers") => named_loggers(),
        Some("many_loggers") => many_loggers(),
        Some("idle_loggers") => idle_loggers(),
        Some("only_an_own_file") => only_an_own_file(),
        Some("quieter_outputs") => quieter_outputs(),
        Some("own_files_in_a_hurry") => own_files_in_a_hurry(),
        Some("own_files_after_shutdown") => own_files_after_shutdown(),
        scenario => panic!("no such scenario: {scenario:?}"),
    }
}
