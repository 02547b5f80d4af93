//! What no queue that stamps its records can do without: read the tick counter, copy as many bytes into a ring, publish. Nobody
//! reads the ring.

use std::cell::RefCell;
use std::hint::black_box;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Need, Output, Peer};
use crate::failure::Result;
use crate::ticks::{ordered_tick, plain_tick};

/// Ordered: the tick is read after everything before it is done.
pub(crate) struct Bare<const ORDERED: bool>;

impl<const ORDERED: bool> Peer for Bare<ORDERED> {
    const NAME: &'static str = if ORDERED { "bare-ordered" } else { "bare" };
    const TITLE: &'static str = if ORDERED {
        "*bare: ordered tick, copy, publish*"
    } else {
        "*bare: tick, copy, publish*"
    };
    const PACKAGES: &'static [&'static str] = &[];
    const REMARK: Option<&'static str> = Some(
        "no logger: what no queue that stamps its records can do without, with as many bytes as hestia copies for that statement",
    );

    fn unfit(need: Need) -> Option<&'static str> {
        match need {
            Need::Output(Output::Text) | Need::Fields => None,
            _ => Some("no logger"),
        }
    }

    fn set_up(_: Output, _: &Path) -> Result<Self> {
        Ok(Bare)
    }

    #[inline(always)]
    fn arguments(&self, _: u64, _: f64, _: &str) {
        RING.with(|ring| ring.push::<56>(ORDERED));
    }

    #[inline(always)]
    fn constant(&self) {
        RING.with(|ring| ring.push::<32>(ORDERED));
    }

    #[inline(always)]
    fn fields(&self, _: u64, _: f64, _: &str) {
        RING.with(|ring| ring.push::<96>(ORDERED));
    }

    fn off(&self, _: u64) {}

    fn flush(&self, _: &Path) {}

    fn finish(self) {}
}

struct Ring {
    memory: RefCell<Vec<u8>>,
    tail: AtomicUsize,
}

thread_local!(static RING: Ring = Ring::new());

const CAPACITY: usize = 64 << 10;
const SLOT: usize = 256;

impl Ring {
    fn new() -> Self {
        Ring {
            memory: RefCell::new(vec![1; CAPACITY]),
            tail: AtomicUsize::new(0),
        }
    }

    #[inline(never)]
    fn push<const N: usize>(&self, ordered: bool) {
        let mut memory = self.memory.borrow_mut();
        let tail = self.tail.load(Ordering::Relaxed);
        let at = tail & (CAPACITY - SLOT);
        let place = &mut memory[at..at + 16 + N];
        // Before the bytes, which the processor copies meanwhile.
        let now = if ordered {
            ordered_tick()
        } else {
            plain_tick()
        };
        place[16..].copy_from_slice(black_box(&[7; N]));
        place[..8].copy_from_slice(&(N as u64).to_ne_bytes());
        place[8..16].copy_from_slice(&now.to_ne_bytes());
        // Pairs with nothing: this is what publishing costs.
        self.tail.store(tail + SLOT, Ordering::Release);
    }
}
