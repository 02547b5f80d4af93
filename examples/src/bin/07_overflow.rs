//! When records come faster than they can be written: who waits, who is shed, and how that is told.
//!
//! Runs itself once for each policy.

use std::error::Error;
use std::time::{Duration, Instant};
use std::{env, thread};

use hestia::{Batch, Level, Output, Overflow, Sink, SinkError};
use hestia_examples::{again, fresh_directory, show};

const POLICIES: [(&str, Overflow); 3] = [
    ("block", Overflow::Block),
    ("drop-newest", Overflow::DropNewest),
    ("drop-below-warn", Overflow::DropBelow(Level::Warn)),
];

/// A disk on a bad day.
struct Slow;

impl Sink for Slow {
    fn write(&mut self, _: &mut Batch) -> Result<(), SinkError> {
        thread::sleep(Duration::from_millis(10));
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let chosen = env::args().nth(1);
    for (name, policy) in POLICIES {
        match chosen.as_deref() {
            None => drop(again(name)?.status()?),
            Some(chosen) if chosen == name => return burst(policy),
            Some(_) => {}
        }
    }
    Ok(())
}

fn burst(policy: Overflow) -> Result<(), Box<dyn Error>> {
    let directory = fresh_directory("07_overflow")?;
    let builder = hestia::builder().overflow(policy).logs_dir(&directory);
    let builder = builder.console(false).sink(Output::new("slow", Slow));
    // Small rings, so that the queue is full soon.
    let hestia = builder.ring_bytes(4096).init()?;

    let start = Instant::now();
    for number in 0..2000 {
        let is_rare = number % 100 == 0;
        let level = if is_rare { Level::Warn } else { Level::Info };
        log::log!(level, number; "one of many");
    }
    println!("\n{policy:?}: 2000 calls took {:.1?}", start.elapsed());
    hestia.flush()?;
    let stats = hestia.stats();
    println!("{} accepted, shed: {}", stats.accepted, stats.shed);
    // Where something was shed, the file says so itself.
    Ok(show(directory.join("all.log"), 1)?)
}
