//! Scenarios of beginnings and endings: every way a process can end, and what may go wrong on the way.

use std::env;
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::panic;
use std::path::Path;
use std::process;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use hestia::{Batch, Builder, ErrorKind, Output, Signal, Sink, SinkError};
use hestia_tests::counters;
use hestia_tests::records::log_from_threads;

type Outcome = Result<(), Box<dyn Error>>;

const THREADS: u64 = 8;
const RECORDS: u64 = 10_000;

fn main() -> Outcome {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let ending = arguments.get(1).map_or("return", String::as_str);
    match arguments[0].as_str() {
        "after_logging" => after_logging(ending),
        "while_logging" => while_logging(ending),
        "reopen" => reopen(),
        "reopen_again_and_again" => reopen_again_and_again(),
        "drain_and_reopen" => drain_and_reopen(),
        "second_init" => second_init(),
        "try_init" => try_init(),
        "other_logger" => other_logger(),
        "no_thread" => no_thread(),
        "before_init" => before_init(),
        "during_init" => during_init(),
        "after_shutdown" => after_shutdown(),
        "shutdowns_at_once" => shutdowns_at_once(),
        "in_halves" => in_halves(ending),
        "sink_exits" => sink_exits(),
        "thread_locals" => thread_locals(),
        "panic_hooks" => panic_hooks(),
        "exit_handlers" => exit_handlers(),
        "joined_by_exit_handler" => joined_by_exit_handler(),
        "hung_sink" => hung_sink(ending),
        "sink_crashes" => sink_crashes(),
        "hung_sink_and_crash" => hung_sink_and_crash(),
        "crash_with_locks" => crash_with_locks(ending),
        "crash_after_shutdown" => crash_after_shutdown(),
        "children_crash" => children_crash(),
        "crash_handler" => crash_handler(),
        "shutdown_with_hung_sink" => shutdown_with_hung_sink(),
        unknown => Err(format!("there is no scenario {unknown}").into()),
    }
}

fn files() -> Builder {
    hestia::builder().console(false)
}

fn print(what: impl std::fmt::Display) -> Outcome {
    Ok(writeln!(io::stdout(), "{what}")?)
}

/// Ends the process. Returns for the ending that is a return from `main`.
fn end(ending: &str) -> Outcome {
    match ending {
        "return" => {}
        "error" => return Err("the end".into()),
        "exit" => process::exit(3),
        "exit_elsewhere" => exit_elsewhere(),
        "panic" => panic!("the end"),
        "abort" => cannot_unwind(),
        "second_panic" => {
            let _panics = PanicsWhenDropped;
            panic!("the end");
        }
        "terminate" => wait_for(libc::SIGTERM),
        "interrupt" => wait_for(libc::SIGINT),
        "fault" => fault(),
        "fault_in_file" => fault_in_file()?,
        "overflow" => drop(overflow(&[])),
        "abort_by_itself" => process::abort(),
        "killed_as_by_fault" => wait_for(libc::SIGSEGV),
        unknown => return Err(format!("there is no ending {unknown}").into()),
    }
    Ok(())
}

/// Reads where nothing is: in the page of the null pointer, which the compiler would not let pass by itself.
fn fault() {
    // SAFETY: none; the process is to die of it.
    let _ = unsafe { std::ptr::without_provenance::<u8>(8).read_volatile() };
}

/// Reads a part of a file that is not there any more.
fn fault_in_file() -> Outcome {
    let mapped = counters::create("truncated", THREADS as usize)?;
    fs::File::options()
        .write(true)
        .open("truncated")?
        .set_len(0)?;
    print(mapped[0].load(Ordering::Relaxed))
}

/// Calls itself until there is no stack left.
fn overflow(before: &[u8]) -> usize {
    let mut more = [before.len() as u8; 4096];
    std::hint::black_box(&mut more);
    match before.len() {
        usize::MAX => 0,
        _ => overflow(&more) + usize::from(std::hint::black_box(&more)[0]),
    }
}

/// Crashes are to end the process in the time of a hung sink, and no sooner than everything is written.
fn crashing(builder: Builder) -> Builder {
    builder.drain_on_crash(true)
}

/// On the writer's thread there is nobody to wait for.
fn sink_crashes() -> Outcome {
    struct Crashes;
    impl Sink for Crashes {
        fn write(&mut self, _: &mut Batch) -> Result<(), SinkError> {
            fault();
            Ok(())
        }
    }
    let limit = Duration::from_secs(3600);
    crashing(files())
        .exit_limit(limit)
        .sink(Output::new("crashes", Crashes))
        .init()?;
    log::info!("once");
    wait()
}

/// The writer hangs: the crash is not held up for longer than the limit.
fn hung_sink_and_crash() -> Outcome {
    crashing(with_hung_sink()).init()?;
    log::info!("once");
    fault();
    Ok(())
}

/// Whoever crashes holds what the writer needs: a lock that a sink takes, and the standard library's on stderr.
fn crash_with_locks(ending: &str) -> Outcome {
    static NEEDED: Mutex<()> = Mutex::new(());
    struct Needs;
    impl Sink for Needs {
        fn write(&mut self, _: &mut Batch) -> Result<(), SinkError> {
            drop(NEEDED.lock());
            Ok(())
        }
    }
    crashing(files())
        .exit_limit(Duration::from_millis(200))
        .sink(Output::new("needs", Needs))
        .init()?;
    let stderr = io::stderr().lock();
    let needed = NEEDED.lock();
    log::info!("once");
    end(ending)?;
    drop((stderr, needed));
    Ok(())
}

fn crash_after_shutdown() -> Outcome {
    let limit = Duration::from_secs(3600);
    let handle = crashing(files()).exit_limit(limit).init()?;
    log_from_threads(THREADS, RECORDS / 10);
    handle.shutdown()?;
    log::info!("after");
    fault();
    Ok(())
}

/// One child crashes before it has logged, another one after that; their parent goes on.
fn children_crash() -> Outcome {
    let limit = Duration::from_secs(3600);
    crashing(files()).exit_limit(limit).init()?;
    log::info!("parent before");
    for logs in [false, true] {
        // SAFETY: the child does what hestia promises to work, and crashes.
        let child = unsafe { libc::fork() };
        if child == 0 {
            if logs {
                log::info!("child");
            }
            fault();
        }
        let mut status = 0;
        // SAFETY: fills in the value behind the pointer.
        unsafe { libc::waitpid(child, &raw mut status, 0) };
        let signal = libc::WIFSIGNALED(status).then(|| libc::WTERMSIG(status));
        print(format_args!("{signal:?}"))?;
    }
    log::info!("parent after");
    Ok(())
}

/// A handler that was there before hestia's gets the signal after it, with what the kernel said about it.
fn crash_handler() -> Outcome {
    extern "C" fn earlier(_: libc::c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
        // SAFETY: the kernel hands over a valid pointer; ends the process.
        unsafe {
            libc::_exit(if (*info).si_addr().addr() == 8 {
                42
            } else {
                43
            })
        };
    }
    // SAFETY: zero is a valid `sigaction`, and the handler a function of this program.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        let handler: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void) = earlier;
        action.sa_sigaction = handler as *const () as libc::sighandler_t;
        action.sa_flags = libc::SA_SIGINFO;
        libc::sigaction(libc::SIGSEGV, &raw const action, std::ptr::null_mut());
    }
    crashing(files()).init()?;
    log_from_threads(THREADS, RECORDS);
    fault();
    Ok(())
}

fn exit_elsewhere() -> ! {
    thread::spawn(|| process::exit(3));
    wait()
}

/// A panic that may not leave the function aborts, as every panic does under `panic = "abort"`.
extern "C" fn cannot_unwind() {
    panic!("the end");
}

struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("the very end");
    }
}

/// Sends this process a signal that ends it.
fn wait_for(signal: libc::c_int) -> ! {
    // SAFETY: takes numbers only.
    unsafe { libc::kill(libc::getpid(), signal) };
    wait()
}

fn wait() -> ! {
    loop {
        thread::park();
    }
}

fn after_logging(ending: &str) -> Outcome {
    until(ending).init()?;
    log_from_threads(THREADS, RECORDS);
    end(ending)
}

fn with_signals() -> Builder {
    files()
        .drain_on(Signal::Terminate)
        .drain_on(Signal::Interrupt)
}

fn until(ending: &str) -> Builder {
    match ending {
        "fault" | "fault_in_file" | "overflow" | "abort_by_itself" | "killed_as_by_fault" => {
            crashing(files())
        }
        _ => with_signals(),
    }
}

/// Threads go on logging until the process is gone.
fn while_logging(ending: &str) -> Outcome {
    until(ending).init()?;
    let returned = counters::create("returned", THREADS as usize)?;
    for (thread, returned) in returned.iter().enumerate() {
        thread::spawn(move || {
            for number in 0.. {
                log::info!("{thread} {number}");
                returned.store(number + 1, Ordering::Release);
            }
        });
    }
    while returned
        .iter()
        .any(|returned| returned.load(Ordering::Acquire) < RECORDS / 10)
    {
        thread::yield_now();
    }
    // What had returned before the ending began.
    let before = counters::create("before", THREADS as usize)?;
    for (before, now) in before.iter().zip(returned) {
        before.store(now.load(Ordering::Acquire), Ordering::Relaxed);
    }
    end(ending)
}

/// A log rotator moves the file away and says so.
fn reopen() -> Outcome {
    files().reopen_on_hang_up(true).init()?;
    log::info!("before");
    hestia::flush()?;
    move_away(1)?;
    log::info!("after");
    Ok(())
}

/// Moves both files away and has them opened anew; returns once that has happened.
fn move_away(number: u32) -> io::Result<()> {
    let files = ["logs/all.log", "logs/app.log"];
    for file in files {
        fs::rename(file, format!("{file}.{number}"))?;
    }
    // SAFETY: takes numbers only.
    unsafe { libc::kill(libc::getpid(), libc::SIGHUP) };
    let start = Instant::now();
    while files.iter().any(|file| !Path::new(file).exists()) {
        if start.elapsed() > Duration::from_secs(30) {
            return Err(io::Error::other("the files are not opened anew"));
        }
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

/// The same twenty times, while threads log.
fn reopen_again_and_again() -> Outcome {
    files().reopen_on_hang_up(true).init()?;
    thread::scope(|scope| {
        scope.spawn(|| log_from_threads(THREADS, RECORDS));
        (1..=20).try_for_each(move_away)
    })?;
    Ok(())
}

/// One signal cannot mean both.
fn drain_and_reopen() -> Outcome {
    let both = files()
        .drain_on(Signal::HangUp)
        .reopen_on_hang_up(true)
        .init();
    let error = both.expect_err("SIGHUP cannot mean both");
    assert_eq!(error.kind(), ErrorKind::InvalidSetting);
    print(error)?;
    assert!(!Path::new("logs").exists(), "nothing was opened");
    // What was wrong can be put right.
    files().drain_on(Signal::HangUp).init()?;
    log::info!("once");
    wait_for(libc::SIGHUP)
}

fn second_init() -> Outcome {
    let first = files().app("first").init()?;
    let error = files().app("second").init().expect_err("hestia runs");
    assert_eq!(error.kind(), ErrorKind::AlreadyRunning);
    print(error)?;
    log::info!("once");
    assert_eq!(first.flush()?.stats().accepted, 1);
    Ok(())
}

fn try_init() -> Outcome {
    let settings = || {
        files()
            .app("one")
            .level("info,quiet=warn")
            .metadata("region", "eu-1")
    };
    settings().init()?;
    let same = settings().try_init()?;
    log::info!("once");
    assert_eq!(same.flush()?.stats().accepted, 1);
    let others = [
        settings().app("two"),
        settings().level("debug"),
        settings().metadata("region", "eu-2"),
        settings().console(true),
        settings().text("logs/other.log"),
        settings().exit_limit(Duration::from_secs(1)),
        settings().sink(Output::new("more", Stuck)),
        settings().drain_on(Signal::Terminate),
    ];
    for other in others {
        let error = other
            .try_init()
            .expect_err("hestia runs with other settings");
        assert_eq!(error.kind(), ErrorKind::AlreadyRunning);
        print(error)?;
    }
    Ok(())
}

struct OtherLogger;

impl log::Log for OtherLogger {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        print(format_args!("other: {}", record.args())).expect("stdout is open");
    }

    fn flush(&self) {}
}

fn other_logger() -> Outcome {
    log::set_logger(&OtherLogger)?;
    log::set_max_level(log::LevelFilter::Info);
    let error = files().init().expect_err("there is another logger");
    assert_eq!(error.kind(), ErrorKind::OtherLogger);
    print(error)?;
    assert!(!Path::new("logs").exists(), "nothing was opened");
    assert!(hestia::stats().is_none());
    log::info!("goes on");
    Ok(())
}

/// The system gives no more threads.
fn no_thread() -> Outcome {
    let unlimited = address_space()?;
    limit_address_space(&libc::rlimit {
        rlim_cur: in_use()? + (1 << 20),
        ..unlimited
    })?;
    let error = files().init().expect_err("there is no memory for a thread");
    limit_address_space(&unlimited)?;
    assert_eq!(error.kind(), ErrorKind::StartThread);
    print(error)?;
    log::info!("dropped, and harmless");
    files().init()?;
    log::info!("once");
    Ok(())
}

fn address_space() -> io::Result<libc::rlimit> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: fills in the value behind the pointer.
    match unsafe { libc::getrlimit(libc::RLIMIT_AS, &raw mut limit) } {
        0 => Ok(limit),
        _ => Err(io::Error::last_os_error()),
    }
}

fn limit_address_space(limit: &libc::rlimit) -> io::Result<()> {
    // SAFETY: reads the value behind the pointer.
    match unsafe { libc::setrlimit(libc::RLIMIT_AS, limit) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// The address space that this process takes, in bytes.
fn in_use() -> Result<u64, Box<dyn Error>> {
    let pages: u64 = fs::read_to_string("/proc/self/statm")?
        .split(' ')
        .next()
        .ok_or("no figure")?
        .parse()?;
    // SAFETY: asks for a number.
    let page_bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    Ok(pages * u64::try_from(page_bytes)?)
}

fn before_init() -> Outcome {
    log::set_max_level(log::LevelFilter::Trace);
    log::error!("too early");
    log::logger().flush();
    assert!(hestia::stats().is_none() && hestia::report().is_none());
    for error in [hestia::flush(), hestia::reopen(), hestia::shutdown()] {
        let error = error.expect_err("hestia does not run yet");
        assert_eq!(error.kind(), ErrorKind::NotRunning);
    }
    files().init()?;
    log::info!("in time");
    Ok(())
}

/// Threads log before, during and after; from some moment on nothing of theirs is missing.
fn during_init() -> Outcome {
    static STOP: AtomicBool = AtomicBool::new(false);
    log::set_max_level(log::LevelFilter::Info);
    thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || {
                for number in 0_u64.. {
                    log::info!("{thread} {number}");
                    if STOP.load(Ordering::Relaxed) {
                        return;
                    }
                }
            });
        }
        let result = files().init();
        thread::sleep(Duration::from_millis(20));
        STOP.store(true, Ordering::Relaxed);
        result.map(drop)
    })?;
    Ok(())
}

fn after_shutdown() -> Outcome {
    let handle = files().init()?;
    log::info!("before");
    handle.shutdown()?;
    for number in 0..100 {
        let message = format!("after {number}");
        log::info!("{message}");
        for file in ["logs/all.log", "logs/app.log"] {
            assert!(
                fs::read_to_string(file)?.contains(&message),
                "{message} is not in {file}"
            );
        }
    }
    log_from_threads(THREADS, RECORDS / 10);
    // Everything else works as well, at once.
    let start = Instant::now();
    handle.shutdown()?;
    let stats = handle.flush()?.stats().clone();
    assert_eq!(stats.accepted, 101 + THREADS * RECORDS / 10);
    handle.set_level("warn")?;
    log::info!("not wanted");
    handle.reopen()?;
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "{:?}",
        start.elapsed()
    );
    Ok(())
}

/// Writes each batch in two halves, and takes its time between them.
struct Halves(fs::File);

impl Sink for Halves {
    fn write(&mut self, _: &mut Batch) -> Result<(), SinkError> {
        let written = self.0.write_all(b"half ").and_then(|()| {
            thread::sleep(Duration::from_millis(20));
            self.0.write_all(b"whole\n")
        });
        written.map_err(|error| SinkError::new(ErrorKind::Write, "halves").because(error))
    }
}

/// Runs after hestia's handler, and takes long enough for others to begin to write.
extern "C" fn slow_handler() {
    thread::sleep(Duration::from_millis(10));
}

/// Threads that write by themselves are in the middle of it when the process ends, unless they are kept from it.
fn in_halves(ending: &str) -> Outcome {
    // SAFETY: the handler is a function of this program.
    unsafe { libc::atexit(slow_handler) };
    let halves = Halves(fs::File::create("halves")?);
    let builder = with_signals().sink(Output::new("halves", halves));
    let handle = builder.init()?;
    handle.shutdown()?;
    for thread in 0..4 {
        thread::spawn(move || {
            for number in 0_u64.. {
                log::info!("{thread} {number}");
            }
        });
    }
    thread::sleep(Duration::from_millis(100));
    end(ending)
}

/// Counts how often it is closed.
struct Closes(&'static AtomicU64);

impl Sink for Closes {
    fn write(&mut self, _: &mut Batch) -> Result<(), SinkError> {
        Ok(())
    }

    fn close(&mut self, _: Duration) {
        self.0.fetch_add(1, Ordering::Relaxed);
        // Long enough for others to ask for the same meanwhile.
        thread::sleep(Duration::from_millis(50));
    }
}

/// Several threads end it at the same time, each of which has to find everything written.
fn shutdowns_at_once() -> Outcome {
    static CLOSED: AtomicU64 = AtomicU64::new(0);
    let closes = Output::new("closes", Closes(&CLOSED));
    let handle = files().sink(closes).init()?;
    thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || {
                for number in 0..RECORDS / 10 {
                    log::info!("{thread} {number}");
                }
                let stats = handle.shutdown().expect("the files work").stats().clone();
                assert_eq!(stats.shed.total(), 0);
            });
        }
    });
    handle.shutdown()?;
    assert_eq!(CLOSED.load(Ordering::Relaxed), 1);
    Ok(())
}

/// Exits the process from the writer thread.
struct Exits;

impl Sink for Exits {
    fn write(&mut self, _: &mut Batch) -> Result<(), SinkError> {
        process::exit(7)
    }
}

fn sink_exits() -> Outcome {
    files().sink(Output::new("exits", Exits)).init()?;
    log::info!("once");
    wait()
}

/// Logs when its thread ends.
struct LogsWhenDropped(&'static str);

impl Drop for LogsWhenDropped {
    fn drop(&mut self) {
        let thread = thread::current();
        log::info!("{} of {}", self.0, thread.name().unwrap_or("nobody"));
    }
}

thread_local! {
    static MADE_FIRST: LogsWhenDropped = const { LogsWhenDropped("dropped last") };
    static MADE_LATER: LogsWhenDropped = const { LogsWhenDropped("dropped first") };
}

/// What a thread makes first it drops last: one value before hestia's own locals, one after them.
fn thread_locals() -> Outcome {
    files().init()?;
    let log_and_end = || {
        MADE_FIRST.with(|_| ());
        log::info!("alive");
        MADE_LATER.with(|_| ());
    };
    for _ in 0..10 {
        let thread = thread::Builder::new()
            .name("worker".to_owned())
            .spawn(log_and_end)?;
        thread.join().expect("nothing panics");
    }
    log_and_end();
    Ok(())
}

/// Hooks of the program's, one before hestia's and one after, that log.
fn panic_hooks() -> Outcome {
    panic::set_hook(Box::new(|_| log::info!("the earlier hook")));
    files().init()?;
    let hestia = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        log::info!("the later hook");
        hestia(panic);
    }));
    let panicked = thread::spawn(|| panic!("on purpose")).join();
    assert!(panicked.is_err());
    log::info!("life goes on");
    Ok(())
}

extern "C" fn registered_before() {
    log::info!("from a handler that runs after hestia's");
}

extern "C" fn registered_after() {
    log::info!("from a handler that runs before hestia's");
}

fn exit_handlers() -> Outcome {
    // SAFETY: the handler is a function of this program.
    unsafe { libc::atexit(registered_before) };
    files().init()?;
    // SAFETY: as above.
    unsafe { libc::atexit(registered_after) };
    log::info!("once");
    Ok(())
}

static TO_JOIN: Mutex<Option<thread::JoinHandle<()>>> = Mutex::new(None);
static ENDS: AtomicBool = AtomicBool::new(false);

extern "C" fn join() {
    ENDS.store(true, Ordering::Release);
    let thread = TO_JOIN.lock().ok().and_then(|mut thread| thread.take());
    let _ = thread.map(thread::JoinHandle::join);
}

/// A handler that runs after hestia's waits for a thread that has much to say.
fn joined_by_exit_handler() -> Outcome {
    // SAFETY: the handler is a function of this program.
    unsafe { libc::atexit(join) };
    files().init()?;
    let thread = thread::spawn(|| {
        while !ENDS.load(Ordering::Acquire) {
            thread::yield_now();
        }
        for number in 0_u64..500 {
            log::info!("0 {number}");
        }
    });
    *TO_JOIN.lock().map_err(|error| error.to_string())? = Some(thread);
    Ok(())
}

/// Never returns.
struct Stuck;

impl Sink for Stuck {
    fn write(&mut self, _: &mut Batch) -> Result<(), SinkError> {
        wait()
    }
}

fn with_hung_sink() -> Builder {
    files()
        .sink(Output::new("stuck", Stuck))
        .exit_limit(Duration::from_millis(300))
        .drain_on(Signal::Terminate)
}

fn hung_sink(ending: &str) -> Outcome {
    with_hung_sink().init()?;
    log::info!("once");
    end(ending)
}

/// What is logged while nothing can be written is not written, but it does not hold the program up
/// again and again either.
fn shutdown_with_hung_sink() -> Outcome {
    let handle = with_hung_sink().init()?;
    log::info!("once");
    let error = handle.shutdown().expect_err("one sink hangs");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    print(error)?;
    let start = Instant::now();
    for _ in 0..100 {
        log::info!("nobody writes this");
    }
    print(format_args!("{} ms", start.elapsed().as_millis()))
}
