//! 9. Threads: nothing is lost, each thread's records keep their order, and so do records of different threads
//! when one call came before the other.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::{fs, thread};

use hestia_examples::fresh_directory;
use serde_json::Value;

const THREADS: u64 = 8;
const EACH: u64 = 5000;
const HAND_OVERS: u64 = 10_000;

fn main() -> Result<(), Box<dyn Error>> {
    let directory = fresh_directory("09_threads")?;
    let hestia = hestia::builder().logs_dir(&directory).console(false).init()?;

    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| (0..EACH).for_each(|number| log::info!(target: "many", number; "at once")));
        }
    });
    // Two threads log in turn: each hands the turn over only after its call has returned.
    let ((to_ping, ping), (to_pong, pong)) = (channel(), channel());
    to_ping.send(0)?;
    thread::scope(|scope| {
        scope.spawn(|| take_turns(&ping, to_pong));
        scope.spawn(|| take_turns(&pong, to_ping));
    });

    println!("{}", hestia.flush()?);
    let (mut by_thread, mut turns) = (BTreeMap::<u64, Vec<u64>>::new(), Vec::new());
    for line in fs::read_to_string(directory.join("app.log"))?.lines() {
        let record: Value = serde_json::from_str(line)?;
        let number = record["metadata"]["number"].as_u64().ok_or("a record without a number")?;
        if record["target"] == "many" {
            by_thread.entry(record["thread_id"].as_u64().unwrap_or(0)).or_default().push(number);
        } else {
            turns.push(number);
        }
    }
    let ids: BTreeSet<_> = by_thread.keys().collect();
    let whole = by_thread.values().all(|numbers| numbers.iter().copied().eq(0..EACH));
    println!("threads, as the operating system numbers them: {ids:?}");
    println!("every thread's {EACH} records are there, in order: {whole}");
    println!("{HAND_OVERS} records of two threads in turn, in order: {}", turns.iter().copied().eq(0..HAND_OVERS));
    Ok(())
}

fn take_turns(mine: &Receiver<u64>, other: Sender<u64>) {
    while let Ok(number) = mine.recv() && number < HAND_OVERS {
        log::info!(target: "turns", number; "my turn");
        if other.send(number + 1).is_err() { return }
    }
}
