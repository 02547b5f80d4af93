//! A program that counts what its threads allocate while they log.

use std::alloc::{GlobalAlloc, Layout, System};
use std::borrow::Cow;
use std::cell::Cell;
use std::fmt::{Display, Formatter};
use std::net::{IpAddr, SocketAddr};
use std::num::{NonZeroU64, Wrapping};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use hestia::{Builder, Handle, Level, hlog};
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

/// Statements of hestia's own macros: every type that is copied, in the message and as a key-value.
fn measure_own(builder: Builder) {
    let hestia = start(builder);
    let nobody = ALLOCATIONS.get();
    drop(std::hint::black_box(Box::new(nobody)));
    let control = ALLOCATIONS.get() - nobody;
    let audit = hestia::logger("audit");
    let (text, list) = (String::from("text"), vec![1u16, 2, 3]);
    let (boxed, shared, counted): (Box<str>, Arc<str>, Rc<String>) =
        ("b".into(), "a".into(), Rc::new("r".into()));
    let cow = Cow::Borrowed("cow");
    let texts = [text.as_str(), "other"];
    let (ip, time) = (IpAddr::from([127, 0, 0, 1]), SystemTime::now());
    let socket = SocketAddr::new(ip, 80);
    let non_zero = NonZeroU64::MIN;
    let order = Order(5);
    let error = std::fmt::Error;
    let facts = json!({
        "control": control,
        "constant": allocations(|_| hlog!(info, "constant")),
        "integers": allocations(|n| {
            let (a, b, c, d) = (u8::MAX, i16::MIN, n as u32, -5i64);
            hlog!(info, "{a} {b:x} {c:>9} {d:?} {} {} {} {}", n, n as usize, u128::MAX, i128::MIN);
            hlog!(info, a, b, c, d, n, large = u128::MAX, small = i128::MIN);
        }),
        "floats": allocations(|n| hlog!(info, x = 0.5, y = 1.5f32, "{:.3} {:e}", n as f64 / 3.0, 2.5f32)),
        "plain": allocations(|n| {
            hlog!(info, flag = true, letter = 'c', unit = (), "{} {:?} {:?}", n == 1, 'c', ());
        }),
        "texts": allocations(|n| {
            hlog!(info, text, boxed, shared, counted, cow, n, "{text} {boxed:>9} {shared:?} {counted} {cow:.2} {}", "s");
        }),
        "options": allocations(|n| hlog!(info, o = Some(n), p = None::<&str>, "{:?} {:#?}", Some(&text), None::<u8>)),
        "lists": allocations(|n| hlog!(info, list, texts, "{list:?} {texts:?} {:x?} {:?}", [n; 4], (n, "pair"))),
        "times": allocations(|n| hlog!(info, "{:?} {time:?}", Duration::from_millis(n))),
        "addresses": allocations(|_| hlog!(info, "{ip} {socket:?}")),
        "numbers": allocations(|n| hlog!(info, w = Wrapping(n), "{non_zero} {:?}", Wrapping(n))),
        "widths": allocations(|n| hlog!(info, "{n:>0$.1$} {2:.3$}", 9, 2, 0.5, 1)),
        "references": allocations(|n| hlog!(info, r = &&n, "{} {:?}", &&&n, &Some(&&text))),
        "of_the_users": allocations(|n| hlog!(info, n, shown = %order, asked = ?order, "{order:>9} {order:?} {n}")),
        "errors": allocations(|n| hlog!(error, err = error, "{n}")),
        "nested": allocations(|n| hlog!(info, a.b = n, a.c.d = "x", e:serde = [1, 2], f:bytes = b"ab")),
        "secret": allocations(|n| hlog!(info, password = n, "{password} {n}", password = 1)),
        "target": allocations(|n| hlog!(info, target: "own", n, "{n}")),
        "target_at_run_time": allocations(|n| hlog!(info, target: text.as_str(), n, "{n}")),
        "level_at_run_time": allocations(|n| hlog!(if n > 5 { Level::Info } else { Level::Warn }, n, "{n}")),
        "logger": allocations(|n| hlog!(info, logger: audit, n, "{n}")),
        "at_the_call": allocations(|n| hlog!(info, concat!("{n}", " {}"), 1, n = n)),
        "drop_in": allocations(|n| hestia::info!(n, text; "{n} {text:?}")),
        "disabled": allocations(|n| hlog!(debug, n, "{n}")),
    });
    if let Err(error) = hestia.flush_within(Duration::from_secs(90)) {
        panic!("not flushed: {error}");
    }
    tell(&facts);
}

#[derive(Debug)]
struct Order(u64);

impl Display for Order {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        Display::fmt(&self.0, out)
    }
}

fn main() {
    // The files are not what is looked at.
    let builder = hestia::builder()
        .console(false)
        .text("/dev/null")
        .json(false);
    match std::env::args().nth(1).as_deref() {
        Some("level") => measure(builder),
        Some("own") => measure_own(builder),
        Some("directives") => measure(builder.level("info,other=trace,off=off,a::b=warn")),
        scenario => panic!("no such scenario: {scenario:?}"),
    }
}
