//! Scenarios of `fork`: processes that begin in the middle of another one.

use std::env;
use std::error::Error;
use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::process::{self, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Barrier, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use hestia::{Batch, Builder, Level, Output, Signal, Sink, SinkError};
use hestia_tests::forks::{Fork, fork, in_child, leave};
use hestia_tests::kernel::address_space_bytes;
use hestia_tests::records::log_from_threads;

type Outcome = Result<(), Box<dyn Error>>;

const THREADS: u64 = 4;
const RECORDS: u64 = 1_000;

fn main() -> Outcome {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let detail = arguments.get(1).map_or("", String::as_str);
    match arguments[0].as_str() {
        "child_logs" => child_logs(detail),
        "silent_child" => silent_child(),
        "child_asks" => child_asks(),
        "full_speed" => full_speed(detail),
        "generations" => generations(),
        "long_line" => long_line(0),
        "from_thread" => from_thread(),
        "threads_in_child" => threads_in_child(),
        "thread_first" => thread_first(),
        "own_sinks" => own_sinks(),
        "settings" => settings(),
        "panicking_child" => panicking_child(),
        "signalled_child" => signalled_child(detail),
        "hung_up_child" => hung_up_child(),
        "child_without_threads" => child_without_threads(),
        "after_shutdown" => after_shutdown(),
        "while_formatting" => while_formatting(),
        "daemon" => daemon(),
        "other_programs" => other_programs(),
        unknown => Err(format!("there is no scenario {unknown}").into()),
    }
}

fn files() -> Builder {
    hestia::builder().console(false)
}

fn print(what: impl fmt::Display) -> Outcome {
    Ok(writeln!(io::stdout(), "{what}")?)
}

/// The child's numbered records, under a thread number of its own.
fn log_as(thread: u64, count: u64) {
    for number in 0..count {
        log::info!("{thread} {number}");
    }
}

/// Each process logs; the child, whose thread had logged, ends in some way.
fn child_logs(end: &str) -> Outcome {
    files().init()?;
    log_from_threads(THREADS, RECORDS);
    log::info!("before the fork");
    match fork()? {
        Fork::Parent(child) => {
            log::info!("after the fork");
            child.finish()
        }
        Fork::Child => {
            log_as(100, RECORDS);
            match end {
                "exit" => process::exit(0),
                "flush" => {
                    hestia::flush()?;
                    leave()
                }
                _ => Ok(()),
            }
        }
    }
}

/// A child that does not log costs nothing and writes nothing.
fn silent_child() -> Outcome {
    files().init()?;
    log_from_threads(THREADS, RECORDS);
    in_child(|| {
        let threads = fs::read_dir("/proc/self/task")?.count();
        assert_eq!(threads, 1, "threads in a child that does not log");
        Ok(())
    })?
    .finish()
}

/// Everything that can be asked of hestia works in a child that has not logged, and at once.
fn child_asks() -> Outcome {
    let handle = files().init()?;
    log::info!("the parent's");
    in_child(|| {
        let start = Instant::now();
        handle.flush()?;
        handle.reopen()?;
        handle.set_level("debug")?;
        handle.set_output_level("json", Level::Info)?;
        let _ = (handle.stats(), handle.report());
        log::logger().flush();
        log::debug!("for the text file");
        handle.shutdown()?;
        assert!(
            start.elapsed() < Duration::from_secs(3),
            "{:?}",
            start.elapsed()
        );
        Ok(())
    })?
    .finish()
}

/// Forks again and again while other threads log as fast as they can. The forking thread has logged
/// before, or never has, or others come and go all the time.
fn full_speed(parent: &str) -> Outcome {
    const FORKS: u64 = 200;
    files().drain_on(Signal::Terminate).init()?;
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let stop = &stop;
            scope.spawn(move || {
                let mut numbers = 0_u64..;
                while !stop.load(Ordering::Relaxed) {
                    if parent.starts_with("comes_and_goes") {
                        let number = numbers.next();
                        thread::scope(|scope| scope.spawn(|| log_number(thread, number)).join())
                            .expect("logging does not panic");
                    } else {
                        log_number(thread, numbers.next());
                        // Two processors are soon busy for seconds with what was logged.
                        thread::sleep(Duration::from_micros(50));
                    }
                }
            });
        }
        let result = (0..FORKS).try_for_each(|fork| {
            if parent == "logs" {
                log::info!("{} {fork}", 100 + THREADS);
            }
            let child = in_child(|| {
                log_as(1000 + fork, 3);
                if parent == "comes_and_goes_terminated" {
                    terminate();
                }
                hestia::flush()?;
                leave()
            })?;
            if parent == "comes_and_goes_terminated" {
                let ended = child.wait().expect_err("it waits for a signal");
                assert_eq!(ended, format!("ended by signal {}", libc::SIGTERM));
                return Ok(());
            }
            child.finish()
        });
        stop.store(true, Ordering::Relaxed);
        result
    })
}

/// Sends this process a signal that it handles, and waits for what comes of it.
fn terminate() -> ! {
    // SAFETY: takes numbers only.
    unsafe { libc::kill(libc::getpid(), libc::SIGTERM) };
    loop {
        // SAFETY: takes nothing.
        unsafe { libc::pause() };
    }
}

fn log_number(thread: u64, number: Option<u64>) {
    if let Some(number) = number {
        log::info!("{thread} {number}");
    }
}

/// Child, grandchild and so on, each of which logs before and after it forks.
fn generations() -> Outcome {
    files().init()?;
    generation(0)
}

fn generation(generation: u64) -> Outcome {
    const LAST: u64 = 5;
    log_as(2 * generation, 10);
    if generation < LAST {
        in_child(|| self::generation(generation + 1))?.finish()?;
    }
    log_as(2 * generation + 1, 10);
    Ok(())
}

/// Each process forks right after its first record, while hestia's threads are being started.
fn long_line(generation: u64) -> Outcome {
    const LAST: u64 = 300;
    if generation == 0 {
        files().init()?;
    }
    log_as(generation, 1);
    if generation < LAST {
        in_child(|| long_line(generation + 1))?.finish()?;
    }
    Ok(())
}

/// A thread forks; its child forks from a thread of its own.
fn from_thread() -> Outcome {
    files().init()?;
    log::info!("main");
    let forks = || {
        log::info!("thread");
        in_child(|| {
            log::info!("child");
            let forks = || {
                let grandchild = in_child(|| {
                    log::info!("grandchild");
                    Ok(())
                });
                grandchild
                    .map_err(|error| error.to_string())?
                    .finish()
                    .map_err(|error| error.to_string())
            };
            let grandchild = thread::Builder::new()
                .name("in child".to_owned())
                .spawn(forks)?;
            grandchild.join().expect("nothing panics")?;
            Ok(())
        })?
        .finish()
    };
    thread::scope(|scope| {
        let forks = || forks().map_err(|error| error.to_string());
        thread::Builder::new()
            .name("in parent".to_owned())
            .spawn_scoped(scope, forks)?
            .join()
            .expect("nothing panics")?;
        Ok(())
    })
}

/// Several threads of a child log its first records at the same moment.
fn threads_in_child() -> Outcome {
    files().init()?;
    for fork in 0..20 {
        in_child(|| {
            let start = Barrier::new(THREADS as usize);
            let begin = Instant::now();
            thread::scope(|scope| {
                for thread in 0..THREADS {
                    let start = &start;
                    scope.spawn(move || {
                        start.wait();
                        log_as(fork * THREADS + thread, 100);
                    });
                }
            });
            assert!(
                begin.elapsed() < Duration::from_secs(30),
                "{:?}",
                begin.elapsed()
            );
            Ok(())
        })?
        .finish()?;
    }
    Ok(())
}

/// The thread that forked logs in the child only after another one has.
fn thread_first() -> Outcome {
    files().init()?;
    log_as(0, 1);
    in_child(|| {
        thread::scope(|scope| scope.spawn(|| log_as(1, RECORDS)).join()).expect("nothing panics");
        log_as(2, RECORDS);
        Ok(())
    })?
    .finish()
}

/// Appends its lines to a file that is named after the process.
struct PerProcess(fs::File);

impl PerProcess {
    fn new(name: &str) -> Self {
        let path = format!("{name}-{}", process::id());
        let file = fs::File::options().append(true).create(true).open(path);
        PerProcess(file.expect("the directory can be written to"))
    }
}

impl Sink for PerProcess {
    fn write(&mut self, batch: &mut Batch) -> Result<(), SinkError> {
        self.0.write_all(batch.bytes()).map_err(|error| {
            SinkError::new(hestia::ErrorKind::Write, "cannot write").because(error)
        })
    }
}

/// A sink that can be made again is there in the child, the other one is not.
fn own_sinks() -> Outcome {
    files()
        .sink(Output::made_by("made", || PerProcess::new("made")))
        .sink(Output::new("given", PerProcess::new("given")))
        .init()?;
    log::info!("the parent's");
    print(process::id())?;
    in_child(|| {
        log::info!("the child's");
        print(process::id())
    })?
    .finish()
}

/// What was changed while the parent ran holds in the child as well.
fn settings() -> Outcome {
    let handle = files().app("parent").metadata("region", "eu-1").init()?;
    let audit = hestia::logger("audit").file("logs/audit.log");
    handle.set_level("debug,quiet=warn")?;
    handle.set_output_level("json", Level::Warn)?;
    in_child(|| {
        log::debug!("only in the text file");
        log::warn!("in both");
        log::info!(target: "quiet", "nowhere");
        log::info!(logger: audit, "granted");
        Ok(())
    })?
    .finish()
}

/// The child's first record is that of its panic.
fn panicking_child() -> Outcome {
    files().init()?;
    log::info!("the parent's");
    match fork()? {
        Fork::Child => panic!("in the child"),
        Fork::Parent(child) => {
            let start = Instant::now();
            assert_eq!(child.wait()?, 101);
            assert!(
                start.elapsed() < Duration::from_secs(3),
                "{:?}",
                start.elapsed()
            );
            Ok(())
        }
    }
}

/// A child inherits what happens on signals.
fn signalled_child(logs: &str) -> Outcome {
    files().drain_on(Signal::Terminate).init()?;
    log::info!("the parent's");
    let (mut reader, mut writer) = io::pipe()?;
    match fork()? {
        Fork::Child => {
            if logs == "logs" {
                log_as(100, RECORDS);
            }
            writer.write_all(b"!")?;
            loop {
                thread::park();
            }
        }
        Fork::Parent(child) => {
            io::Read::read_exact(&mut reader, &mut [0])?;
            // SAFETY: takes numbers only.
            unsafe { libc::kill(child.id(), libc::SIGTERM) };
            let ended = child.wait().expect_err("it waits for a signal");
            assert_eq!(ended, format!("ended by signal {}", libc::SIGTERM));
            log::info!("still there");
            Ok(())
        }
    }
}

/// A hang-up means in a child what it means in its parent, whether the child has logged or not.
fn hung_up_child() -> Outcome {
    files().reopen_on_hang_up(true).init()?;
    log::info!("the parent's");
    hestia::flush()?;
    in_child(|| {
        hang_up();
        log::info!("the child's");
        hestia::flush()?;
        fs::rename("logs/all.log", "logs/all.log.1")?;
        hang_up();
        while !fs::exists("logs/all.log")? {
            thread::sleep(Duration::from_millis(1));
        }
        log::info!("the child's, later");
        Ok(())
    })?
    .finish()
}

fn hang_up() {
    // SAFETY: takes numbers only.
    unsafe { libc::kill(libc::getpid(), libc::SIGHUP) };
}

/// A child that gets no thread of its own for writing.
fn child_without_threads() -> Outcome {
    files().init()?;
    log::info!("the parent's");
    in_child(|| {
        // The stack of the parent's writer thread lies ready for one thread: let another one have it.
        let (says, has_begun) = mpsc::channel();
        thread::spawn(move || {
            says.send(()).expect("somebody waits for it");
            thread::park();
        });
        has_begun.recv()?;
        forbid_threads()?;
        let start = Instant::now();
        log_as(100, 10);
        assert!(
            start.elapsed() < Duration::from_secs(10),
            "{:?}",
            start.elapsed()
        );
        Ok(())
    })?
    .finish()
}

/// Leaves the address space too little room for the stack of a thread.
fn forbid_threads() -> Outcome {
    let limit = address_space_bytes()? + (1 << 20);
    let limit = libc::rlimit {
        rlim_cur: limit,
        rlim_max: limit,
    };
    // SAFETY: reads the value behind the pointer.
    match unsafe { libc::setrlimit(libc::RLIMIT_AS, &raw const limit) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error().into()),
    }
}

/// The parent has no writer thread any more.
fn after_shutdown() -> Outcome {
    files().init()?;
    log::info!("before");
    hestia::shutdown()?;
    in_child(|| {
        log_as(100, RECORDS);
        Ok(())
    })?
    .finish()?;
    log::info!("after");
    Ok(())
}

/// Forks while it is being logged.
struct Forks;

impl fmt::Display for Forks {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match fork().map_err(|_| fmt::Error)? {
            Fork::Child => out.write_str("child"),
            Fork::Parent(child) => {
                // It cannot be waited for here: it goes on behind the statement as well.
                write!(out, "parent of {}", child.id())
            }
        }
    }
}

fn while_formatting() -> Outcome {
    files().init()?;
    let parent = process::id();
    log::info!("{Forks}");
    if process::id() == parent {
        // SAFETY: no status is wanted.
        unsafe { libc::wait(std::ptr::null_mut()) };
    }
    Ok(())
}

/// A program that makes itself a daemon: fork, new session, fork; the first two processes end.
fn daemon() -> Outcome {
    files().init()?;
    log::info!("the first");
    hestia::flush()?;
    let (mut reader, writer) = io::pipe()?;
    if let Fork::Parent(child) = fork()? {
        drop(writer);
        child.finish()?;
        // At an end when the daemon is, who alone holds the other side by then.
        io::Read::read_to_end(&mut reader, &mut Vec::new())?;
        return Ok(());
    }
    // SAFETY: takes nothing.
    unsafe { libc::setsid() };
    if let Fork::Parent(_) = fork()? {
        leave();
    }
    log_as(100, RECORDS);
    hestia::flush()?;
    drop(writer);
    Ok(())
}

/// Starting programs is no fork that hestia should mind.
fn other_programs() -> Outcome {
    files().init()?;
    thread::scope(|scope| {
        scope.spawn(|| log_from_threads(THREADS, RECORDS));
        for _ in 0..50 {
            assert!(Command::new("true").status()?.success());
        }
        Ok(())
    })
}
