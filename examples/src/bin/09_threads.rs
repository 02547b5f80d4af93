//! Threads: nothing is lost, each thread's records keep their order, and so do records of different threads
//! when one call returned before the other began.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::mpsc::channel;
use std::thread;

use hestia_examples::{fresh_directory, records};

const EACH: u64 = 5000;
const TURNS: u64 = 10_000;

fn main() -> Result<(), Box<dyn Error>> {
    let directory = fresh_directory("09_threads")?;
    let builder = hestia::builder().console(false).text(false);
    let hestia = builder.logs_dir(&directory).init()?;

    thread::scope(|scope| (0..8).for_each(|_| drop(scope.spawn(many_at_once))));
    take_turns();
    println!("{}", hestia.flush()?);

    let (mut by_thread, mut turns) = (BTreeMap::<_, Vec<_>>::new(), Vec::new());
    for record in records(directory.join("app.log"))? {
        let id = record["thread_id"].as_u64().unwrap_or(0);
        let numbers = match record["message"].as_str() {
            Some("my turn") => &mut turns,
            _ => by_thread.entry(id).or_default(),
        };
        numbers.push(record["metadata"]["number"].as_u64());
    }
    for (id, numbers) in by_thread {
        let is_whole = numbers.into_iter().eq((0..EACH).map(Some));
        println!("thread {id}: all its records, in order: {is_whole}");
    }
    let is_whole = turns.into_iter().eq((0..TURNS).map(Some));
    println!("two threads in turn: all their records, in order: {is_whole}");
    Ok(())
}

fn many_at_once() {
    (0..EACH).for_each(|number| log::info!(number; "one of many"));
}

/// Two threads log in turn: each hands the turn over only after its own call has returned.
fn take_turns() {
    let ((to_ping, ping), (to_pong, pong)) = (channel(), channel());
    let _ = to_ping.send(0);
    thread::scope(|scope| {
        for (mine, other) in [(ping, to_pong), (pong, to_ping)] {
            scope.spawn(move || {
                for number in mine.iter().take_while(|number| *number < TURNS) {
                    log::info!(number; "my turn");
                    let _ = other.send(number + 1);
                }
            });
        }
    });
}
