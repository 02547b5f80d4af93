//! Programs whose outputs cannot be opened, are full, or are read by nobody.

use std::os::unix::fs::symlink;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use hestia::{
    Batch, Builder, Console, ErrorKind, FlushReport, Handle, Layout, Level, Output, Record, Sink,
    SinkError, TextFile,
};
use hestia_tests::figures::tell;
use log::{error, info, warn};
use serde_json::{Value, json};

fn start(builder: Builder) -> Handle {
    match builder.init() {
        Ok(hestia) => hestia,
        Err(error) => panic!("hestia does not start: {error}"),
    }
}

fn argument(number: usize) -> String {
    std::env::args().nth(number).unwrap_or_default()
}

fn say(count: u64) {
    for number in 0..count {
        info!("record {number}");
    }
}

/// Something stands where the text file should be.
fn obstructed() {
    std::fs::create_dir("logs").expect("an empty directory");
    match argument(2).as_str() {
        "directory" => std::fs::create_dir("logs/all.log").expect("a directory"),
        "loop" => symlink("all.log", "logs/all.log").expect("a link"),
        "file" => std::fs::write("logs/file", "").expect("a file"),
        _ => {}
    }
    let hestia = start(
        hestia::builder()
            .console(false)
            .text(TextFile::new(argument(3))),
    );
    say(10);
    let flushed = hestia.flush();
    let notes = hestia.report().notes().to_vec();
    let report = hestia.report().to_string();
    let flushed = match flushed {
        Ok(_) => json!(null),
        Err(error) => json!({ "kind": format!("{:?}", error.kind()), "says": error.to_string() }),
    };
    tell(&json!({ "flushed": flushed, "notes": notes, "report": report }));
}

/// The obstacle goes away while the program runs.
fn freed() {
    std::fs::create_dir_all("logs/all.log").expect("a directory");
    let hestia = start(hestia::builder().console(false));
    info!("lost");
    let refused = hestia.flush().is_err();
    std::fs::remove_dir("logs/all.log").expect("it is empty");
    // The file is tried again once a second.
    thread::sleep(Duration::from_millis(1_300));
    info!("kept");
    // This flush or the next says what was lost meanwhile.
    let _ = hestia.flush();
    info!("kept too");
    let flushed = hestia.flush().is_ok();
    tell(&json!({ "refused": refused, "flushed": flushed }));
}

fn full_disk() {
    let hestia = start(hestia::builder().console(false).text("/dev/full"));
    say(100);
    let says = hestia.flush().map_err(|error| error.to_string()).err();
    tell(&json!({ "says": says }));
}

fn appended() {
    // SAFETY: takes a number and cannot fail.
    unsafe { libc::umask(0o027) };
    start(
        hestia::builder()
            .console(false)
            .text("logs/all.log")
            .json("new/dir/app.log"),
    );
    say(3);
}

/// The console's own counterpart says how many it got.
fn chatty() {
    let stream = match argument(2).as_str() {
        "stdout" => Console::stdout(),
        _ => Console::stderr(),
    };
    start(hestia::builder().console(stream));
    let count = argument(3).parse().expect("a number of records");
    for number in 0..count {
        info!("record {number}");
    }
}

/// The program closes a standard stream before it turns hestia on, as a daemon does.
fn daemon() {
    for stream in argument(2)
        .split(',')
        .map(|number| number.parse().expect("a descriptor"))
    {
        // SAFETY: nobody in this program owns the standard streams.
        unsafe { libc::close(stream) };
    }
    start(hestia::builder().console(Console::stderr()));
    say(100);
    eprint_for_somebody();
}

/// What other code prints on standard error.
fn eprint_for_somebody() {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "printed by other code");
}

fn in_words(flushed: &FlushReport) -> Value {
    let outputs = flushed.outputs().iter();
    outputs
        .map(|output| (output.name.clone(), json!(output.written)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn flush_reports() {
    let text = TextFile::new("logs/all.log").level(Level::Warn);
    let hestia = start(hestia::builder().text(text));
    let mut reports = Vec::new();
    for round in 1..=5_u64 {
        say(100 * round);
        warn!("a warning");
        match hestia.flush() {
            Ok(report) => reports.push(json!({
                "written": in_words(&report),
                "in_files": {
                    "text": lines_of("logs/all.log"),
                    "json": lines_of("logs/app.log"),
                },
            })),
            Err(error) => panic!("not flushed: {error}"),
        }
    }
    tell(&json!({ "reports": reports }));
}

fn lines_of(path: &str) -> usize {
    std::fs::read_to_string(path).map_or(0, |text| text.lines().count())
}

/// Keeps what it gets where the program can look at it.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<String>>);

impl Memory {
    fn text(&self) -> String {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Sink for Memory {
    fn write(&mut self, batch: &mut Batch) -> Result<(), SinkError> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_str(&String::from_utf8_lossy(batch.bytes()));
        Ok(())
    }
}

/// Numbers its lines.
#[derive(Clone)]
struct Numbered(u64);

impl Layout for Numbered {
    fn format(&mut self, record: &Record<'_>, line: &mut Vec<u8>) {
        self.0 += 1;
        line.extend_from_slice(format!("{} {}\n", self.0, record.message()).as_bytes());
    }
}

fn own_parts() {
    let (even, errors, plain) = (Memory::default(), Memory::default(), Memory::default());
    let mut seen = 0;
    let every_other = move |_: &Record<'_>| {
        seen += 1;
        seen % 2 == 0
    };
    let hestia = start(
        hestia::builder()
            .console(false)
            .sink(
                Output::new("even", even.clone())
                    .filter(every_other)
                    .layout(Numbered(0)),
            )
            .sink(
                Output::new("errors", errors.clone())
                    .level(Level::Error)
                    .layout(Numbered(100)),
            )
            .sink(plain.clone()),
    );
    say(10);
    error!("an error");
    let names: Vec<_> = match hestia.flush() {
        Ok(report) => report
            .outputs()
            .iter()
            .map(|output| output.name.clone())
            .collect(),
        Err(error) => panic!("not flushed: {error}"),
    };
    tell(&json!({
        "names": names,
        "even": even.text(),
        "errors": errors.text(),
        "plain": plain.text(),
    }));
}

fn same_names() {
    let output = |name| Output::new(name, Memory::default());
    let mut refused = Vec::new();
    for names in [
        ["own", "own"],
        ["own", "text"],
        ["console", "other"],
        ["json", "x"],
    ] {
        let builder = hestia::builder()
            .sink(output(names[0]))
            .sink(output(names[1]));
        match builder.init() {
            Ok(_) => panic!("{names:?} were taken"),
            Err(error) => {
                let kind = error.kind() == ErrorKind::InvalidSetting;
                refused.push(json!({ "kind_is_right": kind, "says": error.to_string() }));
            }
        }
    }
    let builder = hestia::builder()
        .console(false)
        .sink(Memory::default())
        .sink(Memory::default());
    refused.extend(builder.init().err().map(|error| {
        json!({ "kind_is_right": error.kind() == ErrorKind::InvalidSetting, "says": error.to_string() })
    }));
    tell(&json!({ "refused": refused }));
}

/// A named logger whose file cannot be opened, in a program whose standard error nobody reads.
fn unread_stderr() {
    use std::io::Write;
    let hestia = start(hestia::builder().console(false));
    // SAFETY: changes a flag of a descriptor that is open.
    let full = unsafe { libc::fcntl(2, libc::F_SETFL, libc::O_NONBLOCK) == 0 };
    while std::io::stderr().write_all(&[b'x'; 1024]).is_ok() {}
    // SAFETY: as above.
    let blocks = unsafe { libc::fcntl(2, libc::F_SETFL, 0) == 0 };
    std::fs::create_dir_all("logs/audit.log").expect("a directory");
    let audit = hestia::logger("audit").file("logs/audit.log");
    info!(logger: audit, "granted");
    info!("after it");
    let _ = hestia.flush_within(Duration::from_secs(10));
    tell(&json!({ "stderr_was_full": full && blocks }));
}

/// A sink that panics before there is one.
fn unmakeable() {
    fn make() -> Memory {
        panic!("no memory");
    }
    let hestia = start(
        hestia::builder()
            .console(false)
            .sink(Output::made_by("own", make)),
    );
    say(1);
    let _ = hestia.flush();
    tell(&json!({}));
}

/// An error hook that asks hestia for all it has, while a named logger's file is being opened.
fn asking_hook() {
    std::fs::create_dir_all("logs/audit.log").expect("a directory");
    let hook = |_: &hestia::Incident| {
        let late = hestia::logger("late").file("logs/late.log");
        info!(logger: late, "for the internal log");
        let _ = (hestia::report(), hestia::stats(), hestia::flush());
    };
    start(hestia::builder().console(false).on_error(hook));
    let audit = hestia::logger("audit").file("logs/audit.log");
    info!(logger: audit, "granted");
    let late = hestia::logger("late").file("logs/late.log");
    info!(logger: late, "after it");
    tell(&json!({}));
}

fn main() {
    match argument(1).as_str() {
        "obstructed" => obstructed(),
        "freed" => freed(),
        "full_disk" => full_disk(),
        "appended" => appended(),
        "chatty" => chatty(),
        "daemon" => daemon(),
        "flush_reports" => flush_reports(),
        "own_parts" => own_parts(),
        "same_names" => same_names(),
        "unread_stderr" => unread_stderr(),
        "unmakeable" => unmakeable(),
        "asking_hook" => asking_hook(),
        scenario => panic!("no such scenario: {scenario:?}"),
    }
}
