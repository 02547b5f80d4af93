//! Programs that are killed while they log, with rings that outlive them; and what their next start makes of it.
//!
//! Every thread counts, in a file that is mapped into memory, the records whose calls have returned: so whoever killed
//! the process knows what must not be lost.

use std::env;
use std::error::Error;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use hestia::{
    ArchiveNames, Batch, Builder, Compression, JsonFile, JsonLayout, Layout, Output, Rotation,
    Sink, SinkError, TextFile, TextLayout, hlog,
};
use hestia_tests::crash_safe::builder;
use hestia_tests::mounts::{become_alone, mount};
use hestia_tests::records::StopsTheWriter;
use hestia_tests::{archives, counters};

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["log", threads] => log_until_killed(builder(), threads.parse()?),
        ["log_rotating", threads] => log_until_killed(rotating(), threads.parse()?),
        ["log_compressing", threads] => log_compressing(threads.parse()?),
        ["rotate_at_rest"] => rotate_at_rest(),
        ["log_slowly", threads] => log_slowly(threads.parse()?),
        ["log_shared", first, threads] => log_from(builder(), first.parse()?, threads.parse()?),
        ["log_equal", place] => log_equal(place.parse()?),
        ["log_equal_twice", before, after, end] => {
            log_equal_twice(equal(), before.parse()?, after.parse()?, end)
        }
        ["log_equal_rotating", before] => {
            log_equal_twice(equal_rotating(), before.parse()?, 0, "return")
        }
        ["log_equal_within_round", count] => log_equal_within_round(equal(), count.parse()?),
        ["log_equal_within_round_by_pid", count] => {
            log_equal_within_round(equal_by_pid(), count.parse()?)
        }
        ["wait_equal_by_pid"] => log_equal_twice(equal_by_pid(), 0, 0, "return"),
        ["start_equal"] => start(equal()),
        ["start_equal_by_pid"] => start(equal_by_pid()),
        ["log_own", threads] => log_own(threads.parse()?),
        ["log_own_by_pid", threads] => log_until_killed(by_pid(), threads.parse()?),
        ["log_many_own", threads, files] => log_many_own(threads.parse()?, files.parse()?),
        ["log_in_scopes", threads] => log_in_scopes(threads.parse()?),
        ["log_with_many", threads] => log_with_many(threads.parse()?),
        ["start_with_env"] => start(builder().env(true)),
        ["start_by_pid"] => start(by_pid()),
        ["start"] => start(builder()),
        ["start_rotating"] => start(rotating()),
        ["start_compressing"] => start(compressing()),
        ["compress_all"] => compress_all(),
        ["fork"] => fork(),
        ["fork_with_loggers"] => fork_with_loggers(),
        ["look_at_own"] => look_at_own(),
        ["read"] => read(),
        ["hold_rings"] => hold_rings(),
        ["read_lines", path] => read_lines(path),
        ["leave_kinds"] => leave_kinds(),
        ["kinds", "killed"] => kinds(builder(), true),
        ["kinds", "whole"] => kinds(builder().crash_safe(false), false),
        ["abort"] => abort(),
        ["crash_while_writer_hangs"] => crash_while_writer_hangs(),
        ["log_in_default_place", threads] => {
            log_until_killed(builder().crash_safe(true), threads.parse()?)
        }
        ["start_in_default_place"] => start(builder().crash_safe(true)),
        ["killed_on", kind] => killed_on(kind),
        ["on_small_disk", options] => on_small_disk(options),
        _ => Err(format!("there is no scenario {words:?}").into()),
    }
}

fn rotating() -> Builder {
    rotated(|| Rotation::size(64 << 10).names(ArchiveNames::Numbers))
}

/// Archives so small that they are compressed at once.
fn compressing() -> Builder {
    rotated(|| {
        let rotation = Rotation::size(4 << 10).names(ArchiveNames::Numbers);
        rotation.on_start(true).compress(Compression::Gzip)
    })
}

/// Beside size and start, somebody rotates by hand.
fn log_compressing(threads: usize) -> Outcome {
    thread::spawn(|| {
        loop {
            thread::sleep(Duration::from_millis(5));
            // Not before hestia is on.
            let _ = hestia::rotate();
        }
    });
    log_until_killed(compressing(), threads)
}

/// Nothing is logged any more when the files are rotated; stays until the archives are compressed.
fn rotate_at_rest() -> Outcome {
    compressing().init()?;
    hlog!(info, "the only record");
    hestia::flush()?;
    // The writer has gone to sleep by then.
    thread::sleep(Duration::from_millis(1_500));
    hestia::rotate()?;
    until_compressed()
}

fn rotated(rotation: impl Fn() -> Rotation) -> Builder {
    builder()
        .text(TextFile::new("logs/all.log").rotate(rotation()))
        .json(JsonFile::new("logs/app.log").rotate(rotation()))
}

fn by_pid() -> Builder {
    builder()
        .text(TextFile::new("logs/all.{pid}.log"))
        .json(JsonFile::new("logs/app.{pid}.log"))
}

fn start(builder: Builder) -> Outcome {
    builder.init()?;
    hlog!(info, "started again");
    Ok(())
}

/// Stays until all archives are compressed.
fn compress_all() -> Outcome {
    start(compressing())?;
    until_compressed()
}

fn until_compressed() -> Outcome {
    let is_plain = |name: &String| name.ends_with(".log") && name.split('.').count() > 2;
    let started = Instant::now();
    while archives::names("logs".as_ref()).iter().any(is_plain) {
        if started.elapsed() > Duration::from_secs(60) {
            return Err("an archive is not compressed".into());
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// A number for each thread, in the file `returned`; a process before this one may have made it.
fn returned(threads: usize) -> io::Result<&'static [AtomicU64]> {
    counters::open("returned").or_else(|_| counters::create("returned", threads))
}

/// All kinds of statements in turn; each says its thread and number.
fn log_record(logger: &hestia::Logger, thread: u64, number: u64) {
    match number % 8 {
        0 => hlog!(info, thread, number, "record"),
        1 => hlog!(info, "record of thread {} number {}", thread, number),
        2 => log::info!(thread = thread, number = number; "record"),
        3 => hlog!(info, "record of thread {thread:>4} number {number:08}"),
        4 => hlog!(info, logger: logger, thread, number, "record"),
        5 => {
            hlog!(warn, target: "other", thread, number, ratio = 0.5, "{:?} {:.2}", Some("text"), 1.0);
        }
        6 => log::info!("record of thread {thread} number {number}"),
        _ if number % 512 == 7 => {
            let filling = "x".repeat(20_000);
            hlog!(info, thread, number, filling = &filling, "record");
        }
        _ => hlog!(error, thread, number, list = [1, 2, 3], "record"),
    }
}

fn log_until_killed(builder: Builder, threads: usize) -> Outcome {
    log_from(builder, 0, threads)
}

/// So many threads, numbered from the first one on: others log in other processes.
fn log_from(builder: Builder, first: usize, threads: usize) -> Outcome {
    let returned = &returned(threads)?[first..first + threads];
    builder.init()?;
    let logger = hestia::logger("named").metadata("team", "risk");
    thread::scope(|scope| {
        for (thread, returned) in (first as u64..).zip(returned) {
            let logger = &logger;
            scope.spawn(move || {
                // Goes on where a process before this one was killed.
                loop {
                    let number = returned.load(Ordering::Relaxed);
                    log_record(logger, thread, number);
                    returned.store(number + 1, Ordering::Relaxed);
                }
            });
        }
    });
    Ok(())
}

/// Text that says nothing about who wrote it.
fn equal() -> Builder {
    builder().text(equal_text("logs/all.log"))
}

fn equal_by_pid() -> Builder {
    builder().text(equal_text("logs/all.{pid}.log"))
}

fn equal_rotating() -> Builder {
    let rotation = Rotation::size(64 << 20).names(ArchiveNames::Numbers);
    builder().text(equal_text("logs/all.log").rotate(rotation.on_start(true)))
}

fn equal_text(path: &str) -> TextFile {
    let bare = TextLayout::pattern("{message}").expect("a pattern");
    TextFile::new(path).layout(bare)
}

/// The same message again and again, which others log, too; counted in this place.
fn log_equal(place: usize) -> Outcome {
    let returned = &returned(2)?[place];
    equal().init()?;
    loop {
        hlog!(info, "equal");
        returned.fetch_add(1, Ordering::Relaxed);
    }
}

/// So many of them, and once the writer sleeps and the standard input ends, so many more.
fn log_equal_twice(builder: Builder, before: u64, after: u64, end: &str) -> Outcome {
    builder.init()?;
    let log = |count| {
        for _ in 0..count {
            hlog!(info, "equal");
        }
    };
    log(before);
    // Fails where the file cannot be opened, which is for the test to know.
    let _ = hestia::flush();
    thread::sleep(Duration::from_millis(300));
    writeln!(io::stdout(), "ready")?;
    io::stdin().read_to_end(&mut Vec::new())?;
    log(after);
    if end == "abort" {
        std::process::abort()
    }
    hestia::flush()?;
    Ok(())
}

/// So many of them are in the file, and the round that wrote them is never over.
fn log_equal_within_round(builder: Builder, count: u64) -> Outcome {
    builder.sink(Output::new("hangs", Hangs)).init()?;
    for _ in 0..count {
        hlog!(info, "equal");
    }
    hestia::flush()?;
    Err("the round is over".into())
}

/// By hestia's statement and by `log`'s, in turn.
fn log_to(logger: &hestia::Logger, thread: u64, number: u64) {
    if number.is_multiple_of(2) {
        hlog!(info, logger: logger, "record of thread {} number {}", thread, number);
    } else {
        log::info!(logger: logger, "record of thread {thread} number {number}");
    }
}

/// Threads share two loggers with files of their own, which have one name in two directories.
fn log_own(threads: usize) -> Outcome {
    let returned = returned(threads)?;
    builder().env(true).init()?;
    let loggers =
        ["risk", "audit"].map(|name| hestia::logger(name).file(format!("logs/{name}/own.log")));
    thread::scope(|scope| {
        for (thread, returned) in (0_u64..).zip(returned) {
            let logger = &loggers[usize::from(thread % 2 == 1)];
            scope.spawn(move || {
                loop {
                    let number = returned.load(Ordering::Relaxed);
                    log_to(logger, thread, number);
                    returned.store(number + 1, Ordering::Relaxed);
                }
            });
        }
    });
    Ok(())
}

/// Threads log to many loggers in turn, each with a file of its own; some are made only while the others log.
fn log_many_own(threads: usize, files: u64) -> Outcome {
    let returned = returned(threads)?;
    builder().init()?;
    let named = |file: u64| hestia::logger("many").file(format!("logs/own/{file}.log"));
    let early: Vec<_> = (0..files / 2).map(named).collect();
    let late: Vec<_> = (files / 2..files)
        .map(|_| std::sync::OnceLock::new())
        .collect();
    thread::scope(|scope| {
        for (thread, returned) in (0_u64..).zip(returned) {
            let (early, late) = (&early, &late);
            scope.spawn(move || {
                loop {
                    let number = returned.load(Ordering::Relaxed);
                    let file = (number * 7 + thread) % files;
                    let place = usize::try_from(file).unwrap_or(0);
                    let logger = early
                        .get(place)
                        .unwrap_or_else(|| late[place - early.len()].get_or_init(|| named(file)));
                    log_to(logger, thread, number);
                    returned.store(number + 1, Ordering::Relaxed);
                }
            });
        }
    });
    Ok(())
}

/// One scope that all threads are in, and in it one for every few records, which is gone right after them: addresses and places
/// are used again and again. Some say too much for any place.
fn log_in_scopes(threads: usize) -> Outcome {
    let returned = returned(threads)?;
    builder().init()?;
    let shared = hestia::Scope::new().with("of_all", "threads");
    thread::scope(|scope| {
        for (thread, returned) in (0_u64..).zip(returned) {
            let shared = shared.clone();
            scope.spawn(move || {
                let _shared = shared.attach();
                loop {
                    let number = returned.load(Ordering::Relaxed);
                    let request = format!("{thread}-{number}");
                    let filling = "x".repeat(usize::try_from(number * 37 % 5_000).unwrap_or(0));
                    let _request = hestia::scope!(request = &request, filling = &filling);
                    let _trace = number.is_multiple_of(3).then(hestia::trace::start);
                    let trace = hestia::trace::current()
                        .map(|trace| format!("{:032x}", trace.ids().trace_id));
                    log_in_scope(thread, number, &request, trace.as_deref());
                    returned.store(number + 1, Ordering::Relaxed);
                    log_in_scope(thread, number + 1, &request, trace.as_deref());
                    returned.store(number + 2, Ordering::Relaxed);
                    let _inner = hestia::scope!(step = number);
                    log::info!("record of thread {thread} number {}", number + 2);
                    returned.store(number + 3, Ordering::Relaxed);
                }
            });
        }
    });
    Ok(())
}

fn log_in_scope(thread: u64, number: u64, request: &str, trace: Option<&str>) {
    match number % 4 {
        0 => hlog!(
            info,
            thread,
            number,
            said = request,
            said_trace = trace,
            "record"
        ),
        1 => {
            log::info!(thread = thread, number = number, said = request, said_trace = trace; "record");
        }
        2 => log::info!(thread = thread, number = number, said = request; "in {request}"),
        _ => hlog!(info, "record of thread {} number {}", thread, number),
    }
}

/// A logger for each record, which is gone right after it: addresses are used again and again.
fn log_with_many(threads: usize) -> Outcome {
    let returned = returned(threads)?;
    builder().init()?;
    thread::scope(|scope| {
        for (thread, returned) in (0_u64..).zip(returned) {
            scope.spawn(move || {
                loop {
                    let number = returned.load(Ordering::Relaxed);
                    let filling = "x".repeat(usize::try_from(number % 100).unwrap_or(0));
                    let logger = hestia::logger(format!("application-{number}"))
                        .metadata("owner", number)
                        .metadata("filling", &filling);
                    hlog!(info, logger: logger, thread, number, "record");
                    returned.store(number + 1, Ordering::Relaxed);
                }
            });
        }
    });
    Ok(())
}

/// The writer does nothing any more, and says so.
struct Hangs;

impl Sink for Hangs {
    fn write(&mut self, _: &mut Batch) -> Result<(), SinkError> {
        let _ = writeln!(io::stdout(), "ready");
        loop {
            thread::park();
        }
    }
}

/// A process that crashes with a handler that would wait for its writer.
fn crash_while_writer_hangs() -> Outcome {
    let returned = &returned(1)?[0];
    builder()
        .drain_on_crash(true)
        .exit_limit(Duration::from_secs(3_600))
        .json(JsonFile::new("logs/app.log").filter(StopsTheWriter))
        .init()?;
    let logger = hestia::logger("named").metadata("team", "risk");
    // No more than a new ring has room for, which nobody empties.
    for number in 0..60 {
        log_record(&logger, 0, number);
        returned.store(number + 1, Ordering::Relaxed);
    }
    std::process::abort()
}

/// Another file system for the rings, which only this process and its children see. `false` where the machine forbids that;
/// says so then.
fn mounted(kind: &str, options: &str) -> io::Result<bool> {
    std::fs::create_dir("rings")?;
    let result = become_alone().and_then(|()| mount(kind, Path::new("rings"), 0, options));
    if let Err(error) = &result {
        writeln!(io::stdout(), "skipped: {error}")?;
    }
    Ok(result.is_ok())
}

/// A process is killed that has its rings there, and another one started, which leaves none.
fn killed_on(kind: &str) -> Outcome {
    if !mounted(kind, "")? {
        return Ok(());
    }
    let program = env::current_exe()?;
    let mut logs = Command::new(&program).args(["log", "3"]).spawn()?;
    let logged =
        || counters::read("returned").is_ok_and(|counts| counts.iter().all(|count| *count > 0));
    let started = Instant::now();
    while !logged() && started.elapsed() < Duration::from_secs(60) {
        thread::sleep(Duration::from_millis(5));
    }
    thread::sleep(Duration::from_millis(50));
    logs.kill()?;
    logs.wait()?;
    let is_left = || Ok::<_, io::Error>(std::fs::read_dir("rings")?.next().is_some());
    if !is_left()? {
        return Err("the killed process left no rings".into());
    }
    let status = Command::new(&program).arg("start").status()?;
    match (status.success(), is_left()?) {
        (true, false) => Ok(()),
        (_, is_left) => Err(format!("{status}; rings are left: {is_left}").into()),
    }
}

/// There is room for some rings and not for all.
fn on_small_disk(options: &str) -> Outcome {
    if !mounted("tmpfs", options)? {
        return Ok(());
    }
    let returned = returned(8)?;
    builder().init()?;
    let logger = hestia::logger("named").metadata("team", "risk");
    thread::scope(|scope| {
        for (thread, returned) in (0..).zip(returned) {
            let logger = &logger;
            scope.spawn(move || {
                for number in 0..2_000 {
                    log_record(logger, thread, number);
                    returned.store(number + 1, Ordering::Relaxed);
                }
            });
        }
    });
    hestia::flush()?;
    Ok(())
}

/// Most of the time everything is written and the writer asleep.
fn log_slowly(threads: usize) -> Outcome {
    let returned = returned(threads)?;
    match builder().init() {
        Err(error) if error.kind() != hestia::ErrorKind::AlreadyRunning => return Err(error.into()),
        _ => {}
    }
    let logger = hestia::logger("named").metadata("team", "risk");
    loop {
        for (thread, returned) in (0..).zip(returned) {
            let number = returned.load(Ordering::Relaxed);
            log_record(&logger, thread, number);
            returned.store(number + 1, Ordering::Relaxed);
        }
        thread::sleep(Duration::from_millis(3));
    }
}

/// The same, in rings that nobody empties, and what scopes and traces say.
fn leave_kinds() -> Outcome {
    let builder = builder()
        .queue_bytes(1 << 20)
        .sink(Output::new("hangs", Hangs));
    kinds(builder, false)?;
    let _shared = hestia::Scope::new().with("tenant", "acme").attach();
    let _request = hestia::scope!(request = "r-1", attempt = 2);
    let _trace = hestia::trace::start();
    for number in 0..4 {
        log_in_scope(2, number, "r-1", None);
    }
    std::process::abort()
}

/// One of each kind, and an end that runs code or does not.
fn kinds(builder: Builder, is_killed: bool) -> Outcome {
    builder.level("trace").init()?;
    let logger = hestia::logger("named").metadata("team", "risk");
    let handle = thread::Builder::new()
        .name("worker".to_owned())
        .spawn(move || {
            for number in 0..8 {
                log_record(&logger, 1, number);
            }
            hlog!(
                critical,
                nested = [[1, 2], [3, 4]],
                none = None::<u8>,
                "{:#x} and {}",
                255,
                'c'
            );
            hlog!(
                trace,
                req.method = "GET",
                req.path = "/",
                big = u128::MAX,
                "é 日本 {}",
                'ß'
            );
            hlog!(debug, "{0} {0:?} {1:^9}|", "twice", -1.5);
            log::warn!(target: "t", list:sval = [1, 2]; "{} of {}", 1, 2);
            logger_record(&logger);
            logger_record(&logger.file("logs/own.log"));
        })?;
    let _ = handle.join();
    if is_killed {
        std::process::abort()
    }
    Ok(())
}

fn logger_record(logger: &hestia::Logger) {
    log::error!(logger: logger, "through the facade");
    log::error!(logger: logger, key = "value"; "through the facade {}", 1);
}

/// A process that looks at its own rings is told that it lives, and they stay its own.
fn look_at_own() -> Outcome {
    builder().init()?;
    let path = rings()?;
    let looked = hestia::recover(&path, |_| ());
    writeln!(io::stdout(), "{}", looked.expect_err("the process lives"))?;
    log_slowly(1)
}

/// Reads by hand what another process has left, or has.
fn read() -> Outcome {
    let mut out = io::stdout();
    let recovered = hestia::recover(rings()?, |record| {
        let _ = writeln!(out, "{}", record.message());
    });
    match recovered {
        Ok(recovered) => writeln!(
            io::stdout(),
            "{} and {}",
            recovered.records,
            recovered.unreadable
        )?,
        Err(error) => writeln!(io::stdout(), "{error}")?,
    }
    Ok(())
}

/// Has the lock of a process that recovers what was left, until the standard input ends.
#[allow(unsafe_code, reason = "locks of processes are C's")]
fn hold_rings() -> Outcome {
    let file = File::options().read(true).write(true).open(rings()?)?;
    // SAFETY: an open descriptor and numbers.
    if unsafe { libc::lockf(file.as_raw_fd(), libc::F_TLOCK, 0) } != 0 {
        return Err(io::Error::last_os_error().into());
    }
    writeln!(io::stdout(), "ready")?;
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// The records of a file of rings as JSON lines.
fn read_lines(path: &str) -> Outcome {
    let mut layout = JsonLayout::default();
    let mut lines = Vec::new();
    let recovered = hestia::recover(path, |record| layout.format(record, &mut lines))?;
    if recovered.unreadable > 0 {
        return Err(format!("{recovered:?}").into());
    }
    Ok(io::stdout().write_all(&lines)?)
}

fn rings() -> Result<std::path::PathBuf, Box<dyn Error>> {
    let mut entries = std::fs::read_dir("rings")?;
    Ok(entries.next().ok_or("there are no rings")??.path())
}

fn abort() -> Outcome {
    builder().init()?;
    for number in 0..1000_u64 {
        hlog!(info, thread = 0, number, "record");
    }
    std::process::abort()
}

/// Parent and child log, and neither ends in a way that runs code.
#[allow(unsafe_code, reason = "fork is C's")]
fn fork() -> Outcome {
    builder().init()?;
    for number in 0..100_u64 {
        hlog!(info, thread = 0, number, "record");
    }
    // SAFETY: this thread is the only one that is in the middle of anything.
    let child = unsafe { libc::fork() };
    let thread = u64::from(child == 0) + 1;
    for number in 0..100_u64 {
        hlog!(info, thread, number, "record");
        log::info!(thread = thread, number = number + 100; "record");
    }
    if child > 0 {
        let mut status = 0;
        // SAFETY: waits for the child made above.
        unsafe { libc::waitpid(child, &raw mut status, 0) };
    }
    std::process::abort()
}

/// A child that logs with its parent's logger, at whose address the parent has others meanwhile.
#[allow(unsafe_code, reason = "fork is C's")]
fn fork_with_loggers() -> Outcome {
    builder().init()?;
    let logger = hestia::logger("of both").metadata("owner", 0);
    hlog!(info, logger: logger, thread = 0, number = 0, "record");
    let (mut reader, writer) = io::pipe()?;
    // SAFETY: this thread is the only one that is in the middle of anything.
    let child = unsafe { libc::fork() };
    if child > 0 {
        drop(logger);
        hestia::flush()?;
        for number in 0..1_000_u64 {
            let logger = hestia::logger("the parent's").metadata("owner", 1);
            hlog!(info, logger: logger, thread = 1, number, "record");
        }
        drop(writer);
        let mut status = 0;
        // SAFETY: waits for the child made above.
        unsafe { libc::waitpid(child, &raw mut status, 0) };
    } else {
        drop(writer);
        // Until the parent is done.
        reader.read_to_end(&mut Vec::new())?;
        for number in 0..1_000_u64 {
            hlog!(info, logger: logger, thread = 2, number, "record");
        }
    }
    std::process::abort()
}
