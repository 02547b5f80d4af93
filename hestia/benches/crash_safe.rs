//! What rings that outlive the process cost a call, beside plain ones: `cargo bench -p hestia --bench crash_safe`.
//!
//! One thread logs three arguments at a steady pace, one record every microsecond, and reads the clock before and after each
//! call. The three kinds of rings take turns, in another order each time, in processes of their own: machines change by
//! more, from one second to the next, than the kinds differ. On a disk the rings lie in a directory beside the log, so that
//! the system writes their pages back meanwhile. A number says how many turns there are; 20, a good three minutes, if none is said.

#![allow(
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a program that prints figures"
)]

mod ticks;

use std::error::Error;
use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant};

use hestia::{CrashSafe, TextFile};
use ticks::{nanos_per_tick, ticks};

const CALLS: usize = 200_000;
const RUNS: usize = 6;
const PAUSE: Duration = Duration::from_micros(1);
const KINDS: [&str; 3] = ["plain", "in memory", "on a disk"];
/// The columns, and what of all calls takes no longer.
const POINTS: [(&str, f64); 3] = [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)];

type Outcome<T> = Result<T, Box<dyn Error>>;
/// Nanoseconds at each of the points.
type Run = [f64; POINTS.len()];

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("child") => child(&arguments[1]),
        _ => compare(
            arguments
                .iter()
                .find_map(|turns| turns.parse().ok())
                .unwrap_or(20),
        ),
    }
}

fn compare(turns: usize) -> Outcome<()> {
    let mut runs = KINDS.map(|_| Vec::new());
    for turn in 0..turns {
        for place in 0..KINDS.len() {
            let kind = (turn + place) % KINDS.len();
            runs[kind].extend(runs_of(KINDS[kind])?);
        }
    }
    println!(
        "ns per call, of {} runs each: a quarter of them takes no longer, half of them, three quarters",
        runs[0].len()
    );
    print!("{:<12}", "rings");
    for (point, _) in POINTS {
        print!("{point:>20}");
    }
    println!();
    for (kind, runs) in KINDS.iter().zip(&runs) {
        print!("{kind:<12}");
        for point in 0..POINTS.len() {
            let mut figures: Vec<f64> = runs.iter().map(|run: &Run| run[point]).collect();
            figures.sort_unstable_by(f64::total_cmp);
            let quartile = |number: usize| figures[figures.len() * number / 4];
            let quartiles = format!("{:.0} {:.0} {:.0}", quartile(1), quartile(2), quartile(3));
            print!("{quartiles:>20}");
        }
        println!();
    }
    Ok(())
}

fn runs_of(kind: &str) -> Outcome<Vec<Run>> {
    let output = Command::new(std::env::current_exe()?)
        .args(["child", kind])
        .output()?;
    if !output.status.success() {
        return Err(format!("{kind}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let text = String::from_utf8(output.stdout)?;
    text.lines()
        .map(|line| Ok(serde_json::from_str(line)?))
        .collect()
}

fn child(kind: &str) -> Outcome<()> {
    let directory = tempfile::tempdir()?;
    let rings = match kind {
        "in memory" => CrashSafe::from(true),
        "on a disk" => CrashSafe::from(directory.path().join("rings")),
        _ => CrashSafe::from(false),
    };
    hestia::builder()
        .env(false)
        .console(false)
        .json(false)
        .text(TextFile::new(directory.path().join("all.log")))
        .crash_safe(rings)
        .init()?;
    let (scale, symbol) = (nanos_per_tick(), String::from("ESZ6"));
    for _ in 0..RUNS {
        let mut samples = Vec::with_capacity(CALLS);
        for number in 0..CALLS as u64 {
            let from = Instant::now();
            let price = black_box(number as f64 * 0.25);
            let before = ticks();
            hestia::hlog!(
                info,
                "order {} price {:.2} symbol {}",
                number,
                price,
                symbol
            );
            samples.push(ticks() - before);
            while from.elapsed() < PAUSE {
                std::hint::spin_loop();
            }
        }
        samples.sort_unstable();
        let at = |(_, part): (_, f64)| samples[(CALLS as f64 * part) as usize] as f64 * scale;
        println!("{}", serde_json::to_string(&POINTS.map(at))?);
        hestia::flush()?;
    }
    Ok(())
}
