//! A program that counts what its threads allocate while they log.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::Duration;

use hestia::{Builder, Handle, Level};
use hestia_tests::figures::tell;
use log::{debug, info, trace};
use serde_json::json;

/// The system's allocator, which counts per thread.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // A thread that is ending has no counter any more, and is not asked.
    let _ = ALLOCATIONS.try_with(|allocations| allocations.set(allocations.get() + 1));
}

// SAFETY: everything is left to the system's allocator; the counter is a plain cell without a destructor,
// so counting never allocates.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise is the one that `System` wants.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const ROUNDS: u64 = 10_000;
/// Enough for the largest ring.
const WARM_UP: u64 = 20_000;

/// How often this thread allocates while the statement runs many times, after it ran many times before.
fn allocations(statement: impl Fn(u64)) -> u64 {
    (0..WARM_UP).for_each(&statement);
    let before = ALLOCATIONS.get();
    (0..ROUNDS).for_each(&statement);
    ALLOCATIONS.get() - before
}

fn start(builder: Builder) -> Handle {
    match builder.init() {
        Ok(hestia) => hestia,
        Err(error) => panic!("hestia does not start: {error}"),
    }
}

fn measure(builder: Builder) {
    let hestia = start(builder);
    let text = String::from("a string of the heap");
    let nobody = ALLOCATIONS.get();
    drop(std::hint::black_box(Box::new(nobody)));
    let control = ALLOCATIONS.get() - nobody;
    let audit = hestia::logger("audit").metadata("team", "risk");
    let facts = json!({
        "control": control,
        "formatted": allocations(|_| info!("x {} {}", 1, "s")),
        "captured": allocations(|number| info!("{number} {text:>30} {:?} {:.3}", Some(number), 0.5)),
        "key_values": allocations(|number| {
            info!(int = number, text = text.as_str(), flag = true, ratio = 0.25; "x {} {}", 1, "s");
        }),
        "constant": allocations(|_| info!("a constant")),
        "constant_with_keys": allocations(|number| info!(target: "own", number; "a constant")),
        "logger": allocations(|number| info!(logger: audit, number; "granted {number}")),
        "disabled": allocations(|number| debug!(number; "off {number}")),
        "off_by_target": allocations(|number| trace!(target: "off", number; "off {number}")),
        "enabled": allocations(|_| assert!(log::log_enabled!(Level::Info))),
    });
    if let Err(error) = hestia.flush_within(Duration::from_secs(90)) {
        panic!("not flushed: {error}");
    }
    tell(&facts);
}

fn main() {
    // The files are not what is looked at.
    let builder = hestia::builder()
        .console(false)
        .text("/dev/null")
        .json(false);
    match std::env::args().nth(1).as_deref() {
        Some("level") => measure(builder),
        Some("directives") => measure(builder.level("info,other=trace,off=off,a::b=warn")),
        scenario => panic!("no such scenario: {scenario:?}"),
    }
}
