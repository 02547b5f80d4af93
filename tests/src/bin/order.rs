//! A program that looks for lines out of order: threads hand a number on as fast as they can, each logs it
//! while it has it, and a filter on the writer thread checks that they come in their order.
//!
//! By hand, with as many hand-overs and threads as wanted: `order 50000000 2`. A third argument limits the time,
//! in seconds.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use hestia::{Batch, Output, Record, Sink, SinkError, Value};
use hestia_tests::figures::tell;
use log::info;
use serde_json::json;

/// What the filter saw.
#[derive(Clone, Default)]
struct Check(Arc<Seen>);

#[derive(Default)]
struct Seen {
    records: AtomicU64,
    inversions: AtomicU64,
    /// Timestamps that lie before that of the record before.
    backward_times: AtomicU64,
    /// The next number, and the last timestamp.
    next: AtomicU64,
    timestamp: AtomicU64,
}

impl Seen {
    fn look(&self, record: &Record<'_>) {
        let Some(Value::U64(number)) = record.field("number") else {
            return;
        };
        self.records.fetch_add(1, Ordering::Relaxed);
        if self.next.swap(number + 1, Ordering::Relaxed) != number {
            self.inversions.fetch_add(1, Ordering::Relaxed);
        }
        let timestamp = record.timestamp_nanos().unsigned_abs();
        if self.timestamp.swap(timestamp, Ordering::Relaxed) > timestamp {
            self.backward_times.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Takes nothing: the filter keeps everything out.
struct Nowhere;

impl Sink for Nowhere {
    fn write(&mut self, _: &mut Batch) -> Result<(), SinkError> {
        Ok(())
    }
}

/// How often they hand over, and until when.
#[derive(Clone, Copy)]
struct Plan {
    hand_overs: u64,
    threads: u64,
    end: Instant,
}

/// What the number becomes when the time is over.
const OVER: u64 = u64::MAX;

/// One of the threads: logs each number that is its own, then hands the next one on. Returns how many it
/// logged.
fn hand_over(token: &AtomicU64, me: u64, plan: Plan) -> u64 {
    let Plan {
        hand_overs,
        threads,
        end,
    } = plan;
    let (mut logged, mut patience) = (0, 0_u32);
    loop {
        let number = token.load(Ordering::Acquire);
        if number >= hand_overs {
            return logged;
        }
        if number % threads == me {
            info!(number; "handed over");
            logged += 1;
            let is_over = logged.is_multiple_of(1_000) && Instant::now() > end;
            token.store(if is_over { OVER } else { number + 1 }, Ordering::Release);
            patience = 0;
        } else if threads > 2 || patience > 1_000 {
            // There may be fewer processors than threads.
            thread::yield_now();
        } else {
            patience += 1;
            std::hint::spin_loop();
        }
    }
}

fn argument(number: usize) -> Option<u64> {
    std::env::args().nth(number)?.parse().ok()
}

fn plan() -> Option<Plan> {
    Some(Plan {
        hand_overs: argument(1)?,
        threads: argument(2)?,
        end: Instant::now() + Duration::from_secs(argument(3).unwrap_or(24 * 60 * 60)),
    })
}

fn main() {
    let plan = plan().expect("usage: order <hand-overs> <threads> [<seconds>]");
    let check = Check::default();
    let seen = Arc::clone(&check.0);
    let filter = move |record: &Record<'_>| {
        seen.look(record);
        false
    };
    let hestia = hestia::builder()
        .console(false)
        .text(false)
        .json(false)
        .block_limit(Duration::from_secs(600))
        .sink(Output::new("order", Nowhere).filter(filter))
        .init();
    let hestia = hestia.unwrap_or_else(|error| panic!("hestia does not start: {error}"));
    let token = AtomicU64::new(0);
    let logged: u64 = thread::scope(|scope| {
        let token = &token;
        let threads: Vec<_> = (0..plan.threads)
            .map(|me| scope.spawn(move || hand_over(token, me, plan)))
            .collect();
        let logged = threads.into_iter().map(|thread| thread.join());
        logged.map(|logged| logged.expect("no thread panics")).sum()
    });
    if let Err(error) = hestia.flush_within(Duration::from_secs(60)) {
        panic!("not flushed: {error}");
    }
    let figure = |figure: &AtomicU64| figure.load(Ordering::Relaxed);
    let seen = &check.0;
    tell(&json!({
        "executed": logged,
        "records": figure(&seen.records),
        "inversions": figure(&seen.inversions),
        "backward_times": figure(&seen.backward_times),
    }));
}
