//! What a statement costs its caller, in nanoseconds: `cargo bench -p hestia --bench call_site`.
//!
//! One thread logs at a steady pace, one record every microsecond, and reads the clock before and after each call; the
//! cost of that reading is taken off. Some machines' counters move in steps of ten nanoseconds or so; the column `of 8` is
//! what eight calls in a row take, divided by eight: the mean of the middle half of such rows, and behind it the mean around
//! their p99. The rows `bare` do what no queue that stamps its records can do without: read
//! the tick counter, copy the same bytes into a ring, publish; `bare, behind log::info!` does so as a logger of the `log` crate,
//! whose macro makes a record of all that it knows first. Rows are comparable within one run only.
//! `HESTIA_ORDER=relaxed` measures with relaxed order, `HESTIA_CRASH_SAFE=true` with rings that outlive the process,
//! `HESTIA_PATTERNS=true` with all ready-made patterns of secrets; an argument measures only the rows that have it in their names.

#![allow(
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a program that prints figures"
)]
#![allow(
    clippy::uninlined_format_args,
    reason = "the message is written as other loggers' benches write it"
)]

mod ticks;

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use ticks::{AROUND_P99, MIDDLE, bare, mean_around, nanos_per_tick, ticks};

const CALLS: usize = 200_000;
const PAUSE: Duration = Duration::from_nanos(1000);
const RUNS: usize = 5;
/// The end of the names of rows that are measured in a scope of three key-values.
const IN_SCOPE: &str = "in a scope";

/// What is measured, by its name.
type Row<'r> = (&'static str, Box<dyn FnMut(u64) + 'r>);

/// A logger that keeps nothing of a record but its time.
struct Bare;

impl log::Log for Bare {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        black_box(record);
        bare::push::<32>(true);
    }

    fn flush(&self) {}
}

fn sample(call: &mut dyn FnMut(u64), number: u64) -> u64 {
    let before = ticks();
    call(number);
    ticks() - before
}

/// Eight calls at a time, at the same pace on average.
fn run_in_eights(call: &mut dyn FnMut(u64)) -> Vec<u64> {
    let mut samples: Vec<u64> = Vec::with_capacity(CALLS / 8);
    for number in 0..CALLS as u64 / 8 {
        let from = Instant::now();
        let before = ticks();
        for part in 0..8 {
            call(number * 8 + part);
        }
        samples.push(ticks() - before);
        while from.elapsed() < PAUSE * 8 {
            std::hint::spin_loop();
        }
    }
    samples.sort_unstable();
    samples
}

fn run(call: &mut dyn FnMut(u64)) -> Vec<u64> {
    let mut samples: Vec<u64> = Vec::with_capacity(CALLS);
    for number in 0..CALLS as u64 {
        let from = Instant::now();
        samples.push(sample(call, number));
        while from.elapsed() < PAUSE {
            std::hint::spin_loop();
        }
    }
    samples.sort_unstable();
    samples
}

fn main() {
    let directory = tempfile::tempdir().expect("a directory for temporary files");
    let order = match std::env::var("HESTIA_ORDER").as_deref() {
        Ok("relaxed") => hestia::Order::Relaxed,
        _ => hestia::Order::Strict,
    };
    hestia::builder()
        .env(false)
        .console(false)
        .json(false)
        .text(hestia::TextFile::new(directory.path().join("all.log")))
        .order(order)
        .redact(match std::env::var("HESTIA_PATTERNS").as_deref() {
            Ok("true") => hestia::Redaction::default()
                .key("ssn")
                .patterns(hestia::SecretPattern::ALL),
            _ => hestia::Redaction::default().key("ssn"),
        })
        .crash_safe(std::env::var("HESTIA_CRASH_SAFE").is_ok_and(|on| on == "true"))
        .init()
        .expect("nothing else has turned a logger on");
    let scale = nanos_per_tick();
    let symbol = String::from("ESZ6");
    let mut text = String::with_capacity(256);
    let bare_logger: &dyn log::Log = black_box(&Bare);
    let mut rows: Vec<Row<'_>> = vec![
        ("nothing", Box::new(|_| ())),
        ("off", Box::new(|n| hestia::hlog!(debug, "order {n}"))),
        ("log::debug! off", Box::new(|n| log::debug!("order {n}"))),
        (
            "bare, ordered, 32 bytes",
            Box::new(|_| bare::push::<32>(true)),
        ),
        (
            "bare, plain, 32 bytes",
            Box::new(|_| bare::push::<32>(false)),
        ),
        (
            "bare, ordered, 56 bytes",
            Box::new(|_| bare::push::<56>(true)),
        ),
        (
            "bare, ordered, 96 bytes",
            Box::new(|_| bare::push::<96>(true)),
        ),
        (
            "bare, behind log::info!",
            Box::new(|_| log::info!(logger: bare_logger, "order taken")),
        ),
        (
            "hlog! constant",
            Box::new(|_| hestia::hlog!(info, "order taken")),
        ),
        (
            "hlog! 3 arguments",
            Box::new(|n| {
                let price = black_box(n as f64 * 0.25);
                hestia::hlog!(info, "order {} price {:.2} symbol {}", n, price, symbol);
            }),
        ),
        (
            "hlog! constant, in a scope",
            Box::new(|_| hestia::hlog!(info, "order taken")),
        ),
        (
            "hlog! 3 args, in a scope",
            Box::new(|n| {
                let price = black_box(n as f64 * 0.25);
                hestia::hlog!(info, "order {} price {:.2} symbol {}", n, price, symbol);
            }),
        ),
        (
            "hlog! 3 fields",
            Box::new(|n| {
                let price = black_box(n as f64 * 0.25);
                hestia::hlog!(info, order = n, price, symbol = &symbol, "order taken");
            }),
        ),
        (
            "hlog! every:, left out",
            Box::new(|n| hestia::hlog!(info, every: 365d, "order {n}")),
        ),
        (
            "hlog! every:, 1 ms",
            Box::new(|n| hestia::hlog!(info, every: 1ms, "order {n}")),
        ),
        (
            "hlog! every:, by:, left out",
            Box::new(|n| hestia::hlog!(info, every: 365d, by: symbol, "order {n}")),
        ),
        (
            "hlog! sample: 0.01",
            Box::new(|n| hestia::hlog!(info, sample: 0.01, "order {n}")),
        ),
        (
            "hlog! first:, passes",
            Box::new(|n| hestia::hlog!(info, first: u32::MAX - 1, "order {n}")),
        ),
        (
            "hlog! a listed key",
            Box::new(|n| hestia::hlog!(info, order = n, token = &symbol, "order taken")),
        ),
        (
            "hlog! an added key",
            Box::new(|n| hestia::hlog!(info, order = n, ssn = &symbol, "order taken")),
        ),
        (
            "hlog! 3 in an object",
            Box::new(|n| {
                let price = black_box(n as f64 * 0.25);
                hestia::hlog!(
                    info,
                    o.order = n,
                    o.price = price,
                    o.symbol = &symbol,
                    "order taken"
                );
            }),
        ),
        (
            "hlog! a hidden one in it",
            Box::new(|n| {
                let price = black_box(n as f64 * 0.25);
                hestia::hlog!(
                    info,
                    o.order = n,
                    o.price = price,
                    o.ssn = &symbol,
                    "order taken"
                );
            }),
        ),
        (
            "log::info! 3 fields",
            Box::new(|n| {
                let price = black_box(n as f64 * 0.25);
                log::info!(order = n, price, symbol = symbol.as_str(); "order taken");
            }),
        ),
        (
            "log::info! a hidden field",
            Box::new(|n| {
                let price = black_box(n as f64 * 0.25);
                log::info!(order = n, price, token = symbol.as_str(); "order taken");
            }),
        ),
        (
            "log::info! constant",
            Box::new(|_| log::info!("order taken")),
        ),
        (
            "log::info!, in a scope",
            Box::new(|_| log::info!("order taken")),
        ),
        (
            "write! into a buffer",
            Box::new(|n| {
                text.clear();
                let price = black_box(n as f64 * 0.25);
                let _ = write!(text, "order {} price {:.2} symbol {}", n, price, symbol);
                black_box(&text);
            }),
        ),
        (
            "log::info! 3 arguments",
            Box::new(|n| {
                let price = black_box(n as f64 * 0.25);
                log::info!("order {} price {:.2} symbol {}", n, price, symbol);
            }),
        ),
        (
            "scope! of 2, left again",
            Box::new(|n| drop(hestia::scope!(request_id = n, user = "ada"))),
        ),
        ("instrumented, off", Box::new(instrumented_off)),
        ("instrumented, silent", Box::new(instrumented_silent)),
        ("instrumented, 2 records", Box::new(instrumented)),
    ];
    if let Some(part) = std::env::args().nth(1).filter(|part| part != "--bench") {
        rows.retain(|(name, _)| *name == "nothing" || name.contains(part.as_str()));
    }
    let mut medians = vec![[(); 5].map(|()| Vec::new()); rows.len()];
    for _ in 0..RUNS {
        for (row, (name, call)) in rows.iter_mut().enumerate() {
            let _scope = name
                .ends_with(IN_SCOPE)
                .then(|| hestia::scope!(request_id = 17, user = "ada", tenant = "acme"));
            let samples = run(call);
            for (figure, part) in [0.5, 0.99, 0.999].into_iter().enumerate() {
                medians[row][figure].push(samples[(CALLS as f64 * part) as usize] as f64);
            }
            let _ = hestia::flush();
            let eights = run_in_eights(call);
            for (figure, point) in [(3, MIDDLE), (4, AROUND_P99)] {
                medians[row][figure].push(mean_around(&eights, point));
            }
            let _ = hestia::flush();
        }
    }
    println!(
        "{:<28}{:>8}{:>8}{:>8}{:>8}{:>8}",
        "ns per call", "p50", "p99", "p99.9", "of 8", "p99"
    );
    let empty = median(&mut medians[0][0].clone());
    let empty_of_8 = median(&mut medians[0][3].clone());
    for (row, (name, _)) in rows.iter().enumerate() {
        print!("{name:<28}");
        let (single, of_8) = medians[row].split_at_mut(3);
        for figure in single {
            let ticks = (median(figure) - empty).max(0.0);
            print!("{:>8.1}", ticks * scale);
        }
        for figure in of_8 {
            let ticks = (median(figure) - empty_of_8).max(0.0);
            print!("{:>8.1}", ticks * scale / 8.0);
        }
        println!();
    }
}

#[hestia::instrument]
fn instrumented(number: u64) {
    black_box(number);
}

#[hestia::instrument(started = false, completed = false)]
fn instrumented_silent(number: u64) {
    black_box(number);
}

#[hestia::instrument(level = "debug")]
fn instrumented_off(number: u64) {
    black_box(number);
}

fn median(figures: &mut [f64]) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    figures[figures.len() / 2]
}
