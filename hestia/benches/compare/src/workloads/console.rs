//! Coloured lines into a pipe, which the parent drains and counts.

use std::time::Instant;

use super::{Figures, Size, price, symbol};
use crate::peers::Peer;
use crate::usage;

pub(super) fn run<P: Peer>(peer: P, size: &Size) -> Figures {
    let symbol = symbol();
    let used = usage::processor_nanos();
    let start = Instant::now();
    for order in 0..size.lines as u64 {
        peer.arguments(order, price(order), &symbol);
    }
    peer.finish();
    let seconds = start.elapsed().as_secs_f64();
    let lines = size.lines as f64;
    Figures::from([
        ("records per second".into(), lines / seconds),
        (
            "cpu ns per record".into(),
            (usage::processor_nanos() - used) / lines,
        ),
        ("records".into(), lines),
    ])
}
