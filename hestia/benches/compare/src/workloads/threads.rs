//! What a call costs when many threads log at once, in batches that fill no queue.

use std::path::Path;
use std::sync::Barrier;
use std::time::Instant;

use super::{Figures, Size, price, symbol};
use crate::peers::Peer;
use crate::usage;

/// How many threads log at once.
pub(crate) const COUNTS: &[usize] = &[1, 2, 4, 8, 16, 32, 64];

/// Calls of one thread in one batch: 64 threads' together are half of what the queues hold.
const CALLS: u64 = 1000;

/// Batches before measuring, so that queues have grown and threads are known.
const WARM_UP: usize = 2;

pub(super) fn run<P: Peer>(peer: &P, directory: &Path, size: &Size) -> Figures {
    let mut figures = Figures::new();
    for threads in COUNTS {
        let mut batches = measure(peer, *threads, size.batches, directory);
        batches.sort_by(|one, other| one.wall.total_cmp(&other.wall));
        let median = &batches[batches.len() / 2];
        figures.insert(format!("{threads} threads"), median.wall);
        batches.sort_by(|one, other| one.processor.total_cmp(&other.processor));
        let median = &batches[batches.len() / 2];
        figures.insert(format!("{threads} threads, cpu"), median.processor);
    }
    figures
}

/// Nanoseconds per call of one batch, the mean of its threads.
#[derive(Clone, Copy, Default)]
struct Batch {
    wall: f64,
    processor: f64,
}

fn measure<P: Peer>(peer: &P, threads: usize, batches: usize, directory: &Path) -> Vec<Batch> {
    let barrier = Barrier::new(threads + 1);
    let (results, receiver) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (results, barrier) = (results.clone(), &barrier);
            scope.spawn(move || {
                for _ in 0..batches + WARM_UP {
                    barrier.wait();
                    let batch = log(peer);
                    results
                        .send(batch)
                        .expect("the receiver outlives the threads");
                    barrier.wait();
                }
            });
        }
        let mut means = Vec::with_capacity(batches);
        for number in 0..batches + WARM_UP {
            barrier.wait();
            barrier.wait();
            let mean = mean(&receiver.try_iter().collect::<Vec<_>>());
            peer.flush(directory);
            if number >= WARM_UP {
                means.push(mean);
            }
        }
        means
    })
}

fn log<P: Peer>(peer: &P) -> Batch {
    let symbol = symbol();
    let used = usage::thread_nanos();
    let start = Instant::now();
    for order in 0..CALLS {
        peer.arguments(order, price(order), &symbol);
    }
    let wall = start.elapsed().as_nanos() as f64;
    Batch {
        wall: wall / CALLS as f64,
        processor: (usage::thread_nanos() - used) / CALLS as f64,
    }
}

fn mean(batches: &[Batch]) -> Batch {
    let count = batches.len() as f64;
    let sum = batches.iter().fold(Batch::default(), |sum, batch| Batch {
        wall: sum.wall + batch.wall,
        processor: sum.processor + batch.processor,
    });
    Batch {
        wall: sum.wall / count,
        processor: sum.processor / count,
    }
}
