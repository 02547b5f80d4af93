//! 7. When records come faster than they can be written: who waits, who is shed, and how that is told.
//!
//! Runs itself once for each policy.

use std::error::Error;
use std::time::{Duration, Instant};
use std::{env, thread};

use hestia::{Batch, Level, Output, Overflow, Sink, SinkError};
use hestia_examples::{again, fresh_directory, show};

/// A disk on a bad day.
struct Slow;

impl Sink for Slow {
    fn write(&mut self, _: &mut Batch) -> Result<(), SinkError> {
        thread::sleep(Duration::from_millis(10));
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    match env::args().nth(1).as_deref() {
        Some("block") => burst(Overflow::Block),
        Some("drop-newest") => burst(Overflow::DropNewest),
        Some("drop-below-warn") => burst(Overflow::DropBelow(Level::Warn)),
        Some(other) => Err(format!("there is no policy `{other}`").into()),
        None => {
            for policy in ["block", "drop-newest", "drop-below-warn"] {
                again(policy)?.status()?;
            }
            Ok(())
        }
    }
}

fn burst(policy: Overflow) -> Result<(), Box<dyn Error>> {
    let directory = fresh_directory("07_overflow")?;
    let hestia = hestia::builder().logs_dir(&directory).console(false).json(false);
    let hestia = hestia.sink(Output::new("slow", Slow)).overflow(policy).ring_bytes(4096).init()?;

    let start = Instant::now();
    for number in 0..2000 {
        let level = if number % 10 == 0 { Level::Warn } else { Level::Info };
        log::log!(level, number; "one of many");
    }
    let took = start.elapsed();

    let report = hestia.flush()?;
    let stats = report.stats();
    let (sent, accepted, shed) = (stats.sent(), stats.accepted, stats.shed);
    println!("\n{policy:?}: 2000 calls took {took:.1?}");
    println!("{sent} sent = {accepted} accepted + {} shed ({shed})", shed.total());
    show(directory.join("all.log"), 1)?;
    Ok(())
}
