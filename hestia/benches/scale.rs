//! How hestia behaves when there is much of something: `cargo bench -p hestia --bench scale`.
//!
//! | table | what there is much of |
//! |---|---|
//! | record sizes | bytes in one argument: ns per call at a pace that the writer keeps up with, MB/s when it is not kept |
//! | key-values | values in one statement |
//! | live threads | threads that are there at the same time and log once a second |
//! | looks | rings that the writer looks at, while one thread logs every millisecond |
//! | pace | records in a second, from one thread: processor time of the writer |
//! | rest | nothing: memory beyond the same program without hestia, and wake-ups of the writer in a second |
//!
//! Each figure is the median of five runs in processes of their own. Figures of threads, processor time and memory
//! are read from `/proc`, so that the last four tables need Linux.

#![allow(
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a program that prints figures"
)]

use std::fmt::Debug;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, Stdio};
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use hestia::{TextFile, hlog};

const RUNS: usize = 5;
const MIB: usize = 1 << 20;
const SIZES: [usize; 9] = [
    16,
    64,
    256,
    1 << 10,
    4 << 10,
    16 << 10,
    64 << 10,
    256 << 10,
    1 << 20,
];
const KEY_VALUES: [usize; 6] = [1, 3, 5, 10, 20, 50];
const THREADS: [usize; 3] = [1, 1_000, 10_000];
const PACES: [usize; 5] = [1_000, 10_000, 100_000, 1_000_000, 4_000_000];
/// Small, so that ten thousand threads find room.
const STACK_BYTES: usize = 64 << 10;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["child", case, parameter, directory] = words[..] {
        return child(case, number(parameter), Path::new(directory));
    }
    // Those that are named on the command line, or all.
    let named: Vec<&str> = words
        .into_iter()
        .filter(|word| !word.starts_with("--"))
        .collect();
    let wanted = |table: &str| named.is_empty() || named.contains(&table);
    if wanted("sizes") {
        table("sizes", &SIZES, &["bytes", "p50 ns", "p99 ns", "MB/s"]);
    }
    if wanted("key-values") {
        table(
            "key-values",
            &KEY_VALUES,
            &["key-values", "p50 ns", "p99 ns", "of 8 ns"],
        );
    }
    if wanted("threads") {
        for case in ["threads", "threads-256MiB"] {
            let columns = [
                "live threads",
                "p50 ns",
                "p99 ns",
                "KiB each",
                "writer CPU %",
                "looks/s",
            ];
            table(case, &THREADS, &columns);
        }
    }
    if wanted("looks") {
        table(
            "looks",
            &THREADS,
            &["rings", "looks/s", "CPU us/look", "ns/ring"],
        );
    }
    if wanted("pace") {
        table(
            "pace",
            &PACES,
            &["records/s", "writer CPU %", "CPU ns/record", "looks/s"],
        );
    }
    if wanted("rest") {
        rest();
    }
}

fn number<T: FromStr<Err: Debug>>(word: &str) -> T {
    word.parse().expect("a number, as this program prints them")
}

/// A row for each parameter, with the medians of what the case prints.
fn table(case: &str, parameters: &[usize], columns: &[&str]) {
    println!("\n{case}");
    for column in columns {
        print!("{column:>14}");
    }
    println!();
    for parameter in parameters {
        print!("{parameter:>14}");
        for figure in medians(case, *parameter) {
            print!("{figure:>14.1}");
        }
        println!();
    }
}

/// The figures of a case: each the median of all runs.
fn medians(case: &str, parameter: usize) -> Vec<f64> {
    let runs: Vec<Vec<f64>> = (0..RUNS).map(|_| run(case, parameter)).collect();
    (0..runs[0].len())
        .map(|figure| median(&mut runs.iter().map(|run| run[figure]).collect::<Vec<_>>()))
        .collect()
}

fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

fn run(case: &str, parameter: usize) -> Vec<f64> {
    let directory = tempfile::tempdir().expect("a directory for temporary files");
    let this = std::env::current_exe().expect("the path of this program");
    let output = Command::new(this)
        .args(["child", case, &parameter.to_string()])
        .arg(directory.path())
        .stderr(Stdio::inherit())
        .output()
        .expect("this program runs");
    assert!(
        output.status.success(),
        "{case} {parameter} ended with {}",
        output.status
    );
    let figures = String::from_utf8_lossy(&output.stdout);
    figures.split_whitespace().map(number).collect()
}

fn child(case: &str, parameter: usize, directory: &Path) {
    let figures = match case {
        "sizes" => sizes(parameter, directory),
        "key-values" => key_values(parameter, directory),
        "threads" => live_threads(parameter, 64 * MIB, directory),
        "threads-256MiB" => live_threads(parameter, 256 * MIB, directory),
        "looks" => looks(parameter, directory),
        "pace" => pace(parameter, directory),
        "memory" => memory(parameter == 1, directory),
        "wake-ups" => wake_ups(parameter, directory),
        _ => panic!("no case is called {case}"),
    };
    for figure in figures {
        println!("{figure}");
    }
}

/// Turns hestia on, with a text file.
fn init(directory: &Path) {
    init_within(64 * MIB, directory);
}

fn init_within(queue_bytes: usize, directory: &Path) {
    hestia::builder()
        .env(false)
        .console(false)
        .json(false)
        .text(TextFile::new(directory.join("all.log")))
        .queue_bytes(queue_bytes)
        .init()
        .expect("nothing else has turned a logger on");
}

/// How many lines there are, once everything is written.
fn lines(directory: &Path) -> usize {
    hestia::flush().expect("the file is written");
    let text = std::fs::read(directory.join("all.log")).expect("the file is there");
    text.iter().filter(|byte| **byte == b'\n').count()
}

/// Calls at a pace: the median and the 99th percentile, in nanoseconds.
fn paced(calls: usize, pause: Duration, mut call: impl FnMut(usize)) -> [f64; 2] {
    let mut samples = Vec::with_capacity(calls);
    for number in 0..calls {
        let start = Instant::now();
        call(number);
        samples.push(start.elapsed().as_nanos() as u64);
        while start.elapsed() < pause {
            std::hint::spin_loop();
        }
    }
    samples.sort_unstable();
    [samples[calls / 2] as f64, samples[calls * 99 / 100] as f64]
}

/// What it takes to read the clock twice, in nanoseconds: part of every call that `paced` measures.
fn clock() -> f64 {
    paced(10_000, Duration::ZERO, |_| ())[0]
}

fn sizes(bytes: usize, directory: &Path) -> Vec<f64> {
    init(directory);
    let clock = clock();
    let text = "x".repeat(bytes);
    let calls = (64 << 20) / bytes.max(1 << 10);
    // A thousandth of a second for a mebibyte.
    let pause = Duration::from_nanos((bytes as u64).max(2_000));
    let [p50, p99] = paced(calls, pause, |_| hlog!(info, "{text}"));
    let _ = hestia::flush();
    let records = (256 << 20) / bytes.max(256);
    let start = Instant::now();
    for _ in 0..records {
        hlog!(info, "{text}");
    }
    hestia::flush().expect("the file is written");
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(lines(directory), calls + records, "lines in the file");
    vec![
        p50 - clock,
        p99 - clock,
        (records * bytes) as f64 / seconds / 1e6,
    ]
}

fn key_values(values: usize, directory: &Path) -> Vec<f64> {
    init(directory);
    let clock = clock();
    let log = |number: usize| {
        let v = black_box(number as u64);
        macro_rules! with { ($($key:ident)*) => { hlog!(info, $($key = v,)* "order taken") } }
        match values {
            1 => with!(a),
            3 => with!(a b c),
            5 => with!(a b c d e),
            10 => with!(a b c d e f g h i j),
            20 => with!(a b c d e f g h i j a1 b1 c1 d1 e1 f1 g1 h1 i1 j1),
            50 => {
                with!(a b c d e f g h i j a1 b1 c1 d1 e1 f1 g1 h1 i1 j1 a2 b2 c2 d2 e2 f2 g2 h2 i2 j2
                a3 b3 c3 d3 e3 f3 g3 h3 i3 j3 a4 b4 c4 d4 e4 f4 g4 h4 i4 j4);
            }
            _ => panic!("no statement has {values} key-values"),
        }
    };
    let pause = Duration::from_nanos(1_000 + 100 * values as u64);
    let [p50, p99] = paced(50_000, pause, log);
    let [of_8, _] = paced(10_000, pause * 8, |number| {
        (0..8).for_each(|part| log(number * 8 + part));
    });
    assert_eq!(lines(directory), 130_000, "lines in the file");
    vec![p50 - clock, p99 - clock, (of_8 - clock) / 8.0]
}

/// So many threads, all there from the first record to the last, each of which logs once a second for five seconds.
fn live_threads(threads: usize, queue_bytes: usize, directory: &Path) -> Vec<f64> {
    const ROUNDS: u32 = 5;
    init_within(queue_bytes, directory);
    hlog!(info, "ready");
    let samples = Arc::new(Mutex::new(Vec::with_capacity(threads * ROUNDS as usize)));
    let (ready, done) = (
        Arc::new(Barrier::new(threads + 1)),
        Arc::new(Barrier::new(threads + 1)),
    );
    let handles: Vec<_> = (0..threads)
        .map(|thread| {
            let (samples, ready, done) = (samples.clone(), ready.clone(), done.clone());
            spawn(move || {
                // What the measuring itself needs, before the memory is looked at.
                let mut own = Vec::with_capacity(ROUNDS as usize);
                ready.wait();
                let start = Instant::now();
                let phase = Duration::from_secs(1) * thread as u32 / threads as u32;
                for round in 0..ROUNDS {
                    thread::sleep(
                        (phase + Duration::from_secs(1) * round).saturating_sub(start.elapsed()),
                    );
                    let before = Instant::now();
                    hlog!(info, thread, round, "alive");
                    own.push(before.elapsed().as_nanos() as u64);
                }
                // The first makes the ring.
                samples
                    .lock()
                    .expect("nobody panicked")
                    .extend_from_slice(&own[1..]);
                done.wait();
                done.wait();
            })
        })
        .collect();
    while tasks() < threads {
        thread::sleep(Duration::from_millis(10));
    }
    thread::sleep(Duration::from_millis(200));
    let memory_before = resident_kib();
    let writer = Writer::find();
    let (cpu, looks) = (writer.cpu(), writer.looks());
    ready.wait();
    done.wait();
    let (cpu, looks) = (writer.cpu() - cpu, writer.looks() - looks);
    let memory = (resident_kib() - memory_before) / threads as f64;
    done.wait();
    for handle in handles {
        handle.join().expect("nobody panicked");
    }
    assert_eq!(
        lines(directory),
        1 + threads * ROUNDS as usize,
        "lines in the file"
    );
    let mut samples = std::mem::take(&mut *samples.lock().expect("nobody panicked"));
    samples.sort_unstable();
    let clock = clock();
    let part = |percent: usize| samples[samples.len() * percent / 100] as f64 - clock;
    let seconds = f64::from(ROUNDS);
    vec![
        part(50),
        part(99),
        memory,
        cpu.as_secs_f64() / seconds * 100.0,
        looks / seconds,
    ]
}

/// One thread logs every millisecond, while the rings of others lie there empty.
fn looks(rings: usize, directory: &Path) -> Vec<f64> {
    init_within(256 * MIB, directory);
    let (logged, end) = (Arc::new(Barrier::new(rings)), Arc::new(Barrier::new(rings)));
    for _ in 1..rings {
        let (logged, end) = (logged.clone(), end.clone());
        spawn(move || {
            hlog!(info, "ready");
            logged.wait();
            end.wait();
        });
    }
    hlog!(info, "ready");
    logged.wait();
    hestia::flush().expect("the file is written");
    let writer = Writer::find();
    let (cpu, looks, start) = (writer.cpu(), writer.looks(), Instant::now());
    while start.elapsed() < Duration::from_secs(2) {
        hlog!(info, "alive");
        thread::sleep(Duration::from_millis(1));
    }
    let (cpu, looks) = (writer.cpu() - cpu, writer.looks() - looks);
    let seconds = start.elapsed().as_secs_f64();
    let each = cpu.as_secs_f64() / looks;
    vec![looks / seconds, each * 1e6, each * 1e9 / rings as f64]
}

/// One thread logs so many records a second, evenly, for two seconds.
fn pace(records: usize, directory: &Path) -> Vec<f64> {
    init(directory);
    let pause = Duration::from_secs(1) / records as u32;
    let log_for = |span: Duration| {
        let (start, mut next) = (Instant::now(), Duration::ZERO);
        while next < span {
            hlog!(info, number = next.as_nanos() as u64, "alive");
            next += pause;
            while start.elapsed() < next {
                std::hint::spin_loop();
            }
        }
        start.elapsed().as_secs_f64()
    };
    log_for(Duration::from_millis(500));
    let writer = Writer::find();
    let (cpu, looks) = (writer.cpu(), writer.looks());
    let span = Duration::from_secs(2);
    let seconds = log_for(span);
    let cpu = (writer.cpu() - cpu).as_secs_f64();
    let each = cpu * 1e9 / (span.as_secs_f64() * records as f64);
    vec![
        100.0 * cpu / seconds,
        each,
        (writer.looks() - looks) / seconds,
    ]
}

fn rest() {
    println!("\nrest");
    let (without, with) = (medians("memory", 0)[0], medians("memory", 1)[0]);
    println!(
        "{:>14.0} KiB beyond the same program without hestia ({without:.0} KiB)",
        with - without
    );
    for (every_ms, text) in [
        (0, "nothing is logged"),
        (100, "a record is logged every 100 ms"),
    ] {
        let looks = medians("wake-ups", every_ms)[0];
        println!("{looks:>14.1} wake-ups of the writer in a second while {text}");
    }
}

fn memory(with_hestia: bool, directory: &Path) -> Vec<f64> {
    if with_hestia {
        init(directory);
        hlog!(info, "ready");
        hestia::flush().expect("the file is written");
    }
    thread::sleep(Duration::from_millis(1_500));
    vec![resident_kib()]
}

fn wake_ups(every_ms: usize, directory: &Path) -> Vec<f64> {
    const SECONDS: u64 = 5;
    init(directory);
    hlog!(info, "ready");
    let stop = Arc::new(AtomicBool::new(false));
    let handle = (every_ms > 0).then(|| {
        let stop = stop.clone();
        spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                hlog!(info, "alive");
                thread::sleep(Duration::from_millis(every_ms as u64));
            }
        })
    });
    // Until the writer has got used to it.
    thread::sleep(Duration::from_secs(3));
    let writer = Writer::find();
    let looks = writer.looks();
    thread::sleep(Duration::from_secs(SECONDS));
    let looks = writer.looks() - looks;
    stop.store(true, Ordering::Relaxed);
    if let Some(handle) = handle {
        handle.join().expect("nobody panicked");
    }
    vec![looks / SECONDS as f64]
}

fn spawn(work: impl FnOnce() + Send + 'static) -> thread::JoinHandle<()> {
    thread::Builder::new()
        .stack_size(STACK_BYTES)
        .spawn(work)
        .expect("the system has room for another thread")
}

/// hestia's writer thread, as the system sees it.
struct Writer(String);

impl Writer {
    fn find() -> Self {
        let tasks = std::fs::read_dir("/proc/self/task").expect("Linux");
        let path = tasks
            .flatten()
            .map(|task| task.path().display().to_string())
            .find(|path| read(&format!("{path}/comm")).trim_end() == "hestia-writer")
            .expect("hestia is on");
        Writer(path)
    }

    /// Processor time so far: the first figure of `schedstat`, in nanoseconds.
    fn cpu(&self) -> Duration {
        let figures = read(&format!("{}/schedstat", self.0));
        Duration::from_nanos(number(figures.split_whitespace().next().unwrap_or("0")))
    }

    /// How often it has gone to sleep, and so how often it looked.
    fn looks(&self) -> f64 {
        field(
            &read(&format!("{}/status", self.0)),
            "voluntary_ctxt_switches:",
        )
    }
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).expect("Linux")
}

fn field(status: &str, name: &str) -> f64 {
    let line = status.lines().find(|line| line.starts_with(name));
    let word = line.and_then(|line| line.split_whitespace().nth(1));
    number(word.expect("Linux"))
}

fn resident_kib() -> f64 {
    field(&read("/proc/self/status"), "VmRSS:")
}

fn tasks() -> usize {
    field(&read("/proc/self/status"), "Threads:") as usize
}
