//! What no queue that stamps its records can do without: read the tick counter, copy as many bytes into a ring, publish. Nobody
//! reads the ring.

use std::cell::RefCell;
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{ordered_tick, plain_tick};

const CAPACITY: usize = 64 << 10;
const SLOT: usize = 256;

struct Ring {
    memory: RefCell<Vec<u8>>,
    tail: AtomicUsize,
}

thread_local!(static RING: Ring = Ring::new());

/// Puts so many bytes into the thread's ring. Ordered: the tick is read after everything before it is done.
#[inline(always)]
pub(crate) fn push<const N: usize>(ordered: bool) {
    RING.with(|ring| ring.push::<N>(ordered));
}

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
