//! How often a call allocates, on the calling thread.

use super::{Figures, Statement, price, symbol};
use crate::peers::{Peer, QUEUE};
use crate::usage;

const CALLS: u64 = 10_000;

/// The queues have room for all: what waiting allocates is not counted.
const _: () = assert!((CALLS * 5) < QUEUE as u64);

pub(super) fn run<P: Peer>(peer: &P) -> Figures {
    usage::count_allocations();
    let symbol = symbol();
    let mut figures = Figures::new();
    let _warm_up = count(|order, price| peer.arguments(order, price, &symbol));
    for statement in Statement::ALL {
        if statement.need().and_then(P::unfit).is_some() {
            continue;
        }
        let number = match statement {
            Statement::Arguments => count(|order, price| peer.arguments(order, price, &symbol)),
            Statement::Constant => count(|_, _| peer.constant()),
            Statement::Fields => count(|order, price| peer.fields(order, price, &symbol)),
            Statement::Off => count(|order, _| peer.off(order)),
        };
        figures.insert(statement.name().into(), number);
    }
    figures
}

/// Allocations per call.
fn count(call: impl Fn(u64, f64)) -> f64 {
    let before = usage::allocations();
    for order in 0..CALLS {
        call(order, price(order));
    }
    (usage::allocations() - before) as f64 / CALLS as f64
}
