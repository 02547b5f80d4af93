//! How many records a second go through the whole of hestia into its outputs: `cargo bench -p hestia --bench writer`.
//!
//! Each figure is the median of five runs in processes of their own, which log as fast as they can and then flush; the
//! lines are counted in the files. `user+system` is the processor time of all threads for one record. Rows are comparable
//! within one run only. `HESTIA_FOLD=true` measures with duplicates folded, of which a thread by itself has none;
//! `HESTIA_PATTERNS=true` with all ready-made patterns of secrets.

#![allow(
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a program that prints figures"
)]
#![allow(
    clippy::uninlined_format_args,
    reason = "the message is written as other loggers' benches write it"
)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use hestia::{JsonFile, TextFile};

const RECORDS: u64 = 1_000_000;
const RUNS: usize = 5;

/// What is measured: a name, the files, how many threads, and whether the record has arguments or key-values.
const ROWS: [(&str, &[&str], u64, bool); 6] = [
    ("text, 3 arguments", &["all.log"], 1, false),
    ("text, 3 arguments, 4 threads", &["all.log"], 4, false),
    ("text, 3 key-values", &["all.log"], 1, true),
    ("JSON, 3 arguments", &["app.log"], 1, false),
    ("JSON, 3 key-values", &["app.log"], 1, true),
    (
        "text and JSON, 3 arguments",
        &["all.log", "app.log"],
        1,
        false,
    ),
];

fn main() {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("child") {
        let row = arguments.next().and_then(|row| row.parse::<usize>().ok());
        let directory = arguments.next().unwrap_or_default();
        return child(ROWS[row.unwrap_or_default()], Path::new(&directory));
    }
    println!(
        "{:<32}{:>14}{:>14}{:>14}",
        "medians", "records/s", "MB/s", "CPU ns/record"
    );
    for (row, (name, files, threads, _)) in ROWS.iter().enumerate() {
        // Threads that say the same at the same time are folded, and lines would be missing.
        if folds() && *threads > 1 {
            continue;
        }
        let mut runs: Vec<[f64; 3]> = (0..RUNS).map(|_| run(row, files)).collect();
        let mut median = |figure: usize| {
            runs.sort_by(|a, b| a[figure].total_cmp(&b[figure]));
            runs[RUNS / 2][figure]
        };
        let (rate, bytes, cpu) = (median(0), median(1), median(2));
        println!("{name:<32}{rate:>14.0}{:>14.0}{cpu:>14.0}", bytes / 1e6);
    }
}

/// Records a second, bytes a second, nanoseconds of processor time for a record.
fn run(row: usize, files: &[&str]) -> [f64; 3] {
    let directory = tempfile::tempdir().expect("a directory for temporary files");
    let this = std::env::current_exe().expect("the path of this program");
    let output = Command::new(this)
        .args(["child", &row.to_string()])
        .arg(directory.path())
        .stderr(Stdio::inherit())
        .output()
        .expect("this program runs");
    let figures = String::from_utf8_lossy(&output.stdout);
    let mut figures = figures.split_whitespace().flat_map(str::parse::<f64>);
    let (Some(seconds), Some(cpu_nanos)) = (figures.next(), figures.next()) else {
        panic!("the run ended with {}", output.status);
    };
    let mut bytes = 0;
    for file in files {
        let text = std::fs::read(directory.path().join(file)).expect("the file is there");
        let lines = text.iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(lines as u64, RECORDS, "lines in {file}");
        bytes += text.len();
    }
    let records = RECORDS as f64;
    [
        records / seconds,
        bytes as f64 / seconds,
        cpu_nanos / records,
    ]
}

fn child((_, files, threads, with_keys): (&str, &[&str], u64, bool), directory: &Path) {
    let path = |file: &str| files.contains(&file).then(|| directory.join(file));
    let builder = hestia::builder()
        .env(false)
        .console(false)
        .fold_duplicates(folds());
    let builder = match std::env::var("HESTIA_PATTERNS").as_deref() {
        Ok("true") => {
            builder.redact(hestia::Redaction::default().patterns(hestia::SecretPattern::ALL))
        }
        _ => builder,
    };
    let builder = match path("all.log") {
        Some(path) => builder.text(TextFile::new(path)),
        None => builder.text(false),
    };
    let builder = match path("app.log") {
        Some(path) => builder.json(JsonFile::new(path)),
        None => builder.json(false),
    };
    builder.init().expect("nothing else has turned a logger on");
    let before = cpu_time();
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| log(RECORDS / threads, with_keys));
        }
    });
    hestia::flush().expect("the files are written");
    let seconds = start.elapsed().as_secs_f64();
    println!("{seconds} {}", (cpu_time() - before).as_nanos());
}

fn log(records: u64, with_keys: bool) {
    let symbol = String::from("ESZ6");
    for order in 0..records {
        let price = order as f64 * 0.25;
        if with_keys {
            hestia::hlog!(info, order, price, symbol = &symbol, "order taken");
        } else {
            hestia::hlog!(info, "order {} price {:.2} symbol {}", order, price, symbol);
        }
    }
}

fn folds() -> bool {
    std::env::var("HESTIA_FOLD").is_ok_and(|on| on == "true")
}

/// Processor time of all threads of this process so far.
fn cpu_time() -> Duration {
    #[cfg(target_os = "linux")]
    {
        // In clock ticks, of which there are a hundred a second: fields 14 and 15 of `proc_pid_stat(5)`.
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let after_name = stat.rsplit(')').next().unwrap_or_default();
        let ticks: u64 = after_name
            .split_whitespace()
            .skip(11)
            .take(2)
            .flat_map(str::parse::<u64>)
            .sum();
        Duration::from_millis(ticks * 10)
    }
    #[cfg(not(target_os = "linux"))]
    Duration::ZERO
}
