//! The first call after a millisecond of silence: caches are cold, and the writer may be asleep.

use std::time::Duration;

use super::{Figures, Size, price, symbol};
use crate::peers::Peer;
use crate::ticks::{nanos_per_tick, ticks};

const SILENCE: Duration = Duration::from_millis(1);

pub(super) fn run<P: Peer>(peer: P, size: &Size) -> Figures {
    let scale = nanos_per_tick();
    let symbol = symbol();
    let nothing = median(size.silences / 4, |_, _| ());
    let call = median(size.silences, |order, price| {
        peer.arguments(order, price, &symbol);
    });
    peer.finish();
    Figures::from([("first call".into(), (call - nothing).max(0.0) * scale)])
}

fn median(silences: usize, call: impl Fn(u64, f64)) -> f64 {
    let mut samples: Vec<u64> = (0..silences as u64)
        .map(|order| {
            let price = price(order);
            std::thread::sleep(SILENCE);
            let before = ticks();
            call(order, price);
            ticks() - before
        })
        .collect();
    samples.sort_unstable();
    samples[samples.len() / 2] as f64
}
