//! A program that logs a value of every type that hestia knows, in every form there is; killed before any of it is written,
//! or not.
//!
//! Each row of the tables below is one statement, with the type's name as the log's source has it: `label`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::num::{
    NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroIsize, NonZeroU8,
    NonZeroU16, NonZeroU32, NonZeroU64, NonZeroU128, NonZeroUsize, Wrapping,
};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hestia::{Batch, Builder, Encode, Encoded, Encoder, Logger, Output, Sink, SinkError, hlog};
use log::Level;
use serde::Serialize;

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["killed"] => killed(),
        ["whole"] => {
            builder().init()?;
            log_everything()
        }
        ["start"] => {
            builder().crash_safe("rings").init()?;
            Ok(())
        }
        _ => Err(format!("there is no scenario {words:?}").into()),
    }
}

fn builder() -> Builder {
    hestia::builder()
        .app("types")
        .env(false)
        .console(false)
        .level("trace")
        .metadata("of_the_process", f64::NEG_INFINITY)
}

/// The writer never gets past its first record.
struct Stuck(Sender<()>);

impl Sink for Stuck {
    fn write(&mut self, _: &mut Batch) -> Result<(), SinkError> {
        let _ = self.0.send(());
        loop {
            thread::park();
        }
    }
}

#[allow(unsafe_code, reason = "killing is C's")]
fn killed() -> Outcome {
    let (stuck, is_stuck): (Sender<()>, Receiver<()>) = channel();
    let output = Output::new("stuck", Stuck(stuck));
    builder().crash_safe("rings").sink(output).init()?;
    log::info!("the last that is written");
    is_stuck.recv()?;
    log_everything()?;
    // SAFETY: plain numbers.
    unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
    Err("it was not killed".into())
}

/// Each group on a thread of its own, whose ring has room for it.
fn log_everything() -> Outcome {
    let groups: [(&str, fn()); 9] = [
        ("integers", integers),
        ("others", others),
        ("texts", texts),
        ("addresses", addresses),
        ("pointers", pointers),
        ("forms", forms),
        ("facade", facade),
        ("loggers", loggers),
        ("thread 日本 \u{202e}\n", large),
    ];
    for (name, group) in groups {
        let thread = thread::Builder::new().name(name.to_owned()).spawn(group)?;
        thread.join().map_err(|_| "a group panicked")?;
    }
    Ok(())
}

/// Each value as a key's and as an argument of the message.
macro_rules! rows {
    ($($label:literal: $type:ty = $value:expr, $format:literal;)+) => {$({
        let value: $type = $value;
        hlog!(info, label = $label, value = value, $format, value);
    })+};
}

fn integers() {
    rows! {
        "u8": u8 = 200, "{} {0:?} {0:#x} {0:08b} {0:>+6} {0:e}";
        "u16": u16 = u16::MAX, "{} {0:?} {0:#X} {0:o} {0:<9}|";
        "u32": u32 = u32::MAX, "{} {0:#?} {0:x} {0:^15}|";
        "u64": u64 = u64::MAX, "{} {0:?} {0:#b} {0:E}";
        "usize": usize = usize::MAX, "{} {0:?} {0:x}";
        "u128": u128 = u128::MAX, "{} {0:?} {0:#x} {0:050}";
        "i8": i8 = i8::MIN, "{} {0:?} {0:x} {0:#010b} {0:+}";
        "i16": i16 = -1, "{} {0:?} {0:x} {0:o}";
        "i32": i32 = i32::MIN, "{} {0:?} {0:#X} {0:e}";
        "i64": i64 = i64::MIN, "{} {0:?} {0:x}";
        "isize": isize = -2, "{} {0:?} {0:x} {0:b}";
        "i128": i128 = i128::MIN, "{} {0:?} {0:x}";
        "NonZeroU8": NonZeroU8 = NonZeroU8::MAX, "{} {0:?} {0:x}";
        "NonZeroU16": NonZeroU16 = NonZeroU16::MAX, "{} {0:?} {0:x}";
        "NonZeroU32": NonZeroU32 = NonZeroU32::MAX, "{} {0:?} {0:x}";
        "NonZeroU64": NonZeroU64 = NonZeroU64::MAX, "{} {0:?} {0:x}";
        "NonZeroUsize": NonZeroUsize = NonZeroUsize::MAX, "{} {0:?} {0:x}";
        "NonZeroU128": NonZeroU128 = NonZeroU128::MAX, "{} {0:?} {0:x}";
        "NonZeroI8": NonZeroI8 = NonZeroI8::MIN, "{} {0:?} {0:x}";
        "NonZeroI16": NonZeroI16 = NonZeroI16::MIN, "{} {0:?} {0:x}";
        "NonZeroI32": NonZeroI32 = NonZeroI32::MIN, "{} {0:?} {0:x}";
        "NonZeroI64": NonZeroI64 = NonZeroI64::MIN, "{} {0:?} {0:x}";
        "NonZeroIsize": NonZeroIsize = NonZeroIsize::MIN, "{} {0:?} {0:x}";
        "NonZeroI128": NonZeroI128 = NonZeroI128::MIN, "{} {0:?} {0:x}";
        "Wrapping<T>": Wrapping<i32> = Wrapping(-5), "{} {0:?} {0:x}";
    }
}

fn others() {
    rows! {
        "()": () = (), "{:?}";
        "bool": bool = true, "{} {0:?} {0:>8}|";
        "bool": bool = false, "{} {0:?}";
        "f32": f32 = 0.1, "{} {0:?} {0:e} {0:.3} {0:+012.4}";
        "f32": f32 = f32::NAN, "{} {0:?}";
        "f32": f32 = f32::NEG_INFINITY, "{} {0:?}";
        "f64": f64 = 1e300, "{} {0:?} {0:e} {0:.2}";
        "f64": f64 = f64::NAN, "{} {0:?} {0:.1}";
        "f64": f64 = f64::INFINITY, "{} {0:?} {0:+}";
        "f64": f64 = -0.0, "{} {0:?} {0:.2}";
        "f64": f64 = f64::MIN_POSITIVE, "{:?} {0:e}";
        "Duration": Duration = Duration::new(90, 5), "{:?} {0:.1?} {0:>20?}|";
        "Duration": Duration = Duration::MAX, "{:?}";
        "SystemTime": SystemTime = UNIX_EPOCH + Duration::new(1_700_000_000, 123_456_789), "{:?}";
        "SystemTime": SystemTime = UNIX_EPOCH - Duration::new(1, 1), "{:?}";
        "Option<T>": Option<u8> = None, "{:?} {0:#?}";
        "Option<T>": Option<f64> = Some(f64::NAN), "{:?} {0:6.1?}";
        "Option<T>": Option<Option<&str>> = Some(Some("a\"b\n")), "{:?} {0:#?}";
        "Option<T>": Option<Option<u8>> = Some(None), "{:?}";
        "Vec<T>": Vec<i8> = vec![-1, 2, 3], "{:?} {0:#?} {0:#04x?} {0:02X?}";
        "Vec<T>": Vec<Vec<Option<char>>> = vec![vec![], vec![None, Some('ß')]], "{:?} {0:#?}";
        "[T; N]": [f32; 3] = [1.0, f32::NAN, 0.5], "{:?} {0:.2?}";
        "[T; N]": [(); 0] = [], "{:?}";
        "[T]": &[u64] = &[1, u64::MAX], "{:?} {0:>5?}";
    }
}

/// What could break a line, a quote, a terminal, or a reader.
const HOSTILE: &str = "a\nb\r\n\t\"quoted\" \\ \0 \u{1b}[31mred\u{1b}[0m \u{7f} \u{85} \u{2028} \u{202e}flip \u{feff} é 日本 🦀 {} {0} %s </script>";

fn texts() {
    rows! {
        "str": &str = HOSTILE, "{} {0:?}";
        "str": &str = "", "{}|{0:?}|{0:>5}|";
        "str": &str = "längere", "{:>12}|{0:^12}|{0:-<12}|{0:.3}|{0:>9.2}|{0:?}";
        "String": String = HOSTILE.repeat(3), "{:.40} {0:?}";
        "char": char = '\u{202e}', "{} {0:?} {0:>4}";
        "char": char = '🦀', "{} {0:?} {0:^5}|";
        "char": char = '\0', "{} {0:?}";
        "Cow<'_, T>": Cow<'_, str> = Cow::Borrowed(HOSTILE), "{} {0:?}";
        "Cow<'_, T>": Cow<'_, str> = Cow::Owned("owned".to_owned()), "{:>8} {0:?}";
    }
}

fn addresses() {
    let v6 = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
    rows! {
        "Ipv4Addr": Ipv4Addr = Ipv4Addr::new(192, 0, 2, 255), "{} {0:?} {0:>18}|";
        "Ipv6Addr": Ipv6Addr = v6, "{} {0:?} {0:>18}|";
        "IpAddr": IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST), "{} {0:?}";
        "IpAddr": IpAddr = IpAddr::V6(v6), "{} {0:?}";
        "SocketAddrV4": SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::BROADCAST, 65_535), "{} {0:?} {0:>25}|";
        "SocketAddrV6": SocketAddrV6 = SocketAddrV6::new(v6, 1, 2, 3), "{} {0:?}";
        "SocketAddr": SocketAddr = SocketAddr::from((v6, 443)), "{} {0:?}";
        "SocketAddr": SocketAddr = SocketAddr::from(([127, 0, 0, 1], 80)), "{} {0:?}";
    }
}

fn pointers() {
    rows! {
        "&T": &&&u8 = &&&7, "{} {0:?} {0:#x}";
        "&mut T": &mut &str = &mut "mutable", "{} {0:?}";
        "Box<T>": Box<str> = "boxed".into(), "{:>7} {0:?}";
        "Box<T>": Box<[Option<i16>]> = Box::new([None, Some(-3)]), "{:?}";
        "Rc<T>": Rc<f64> = Rc::new(0.25), "{} {0:.1}";
        "Arc<T>": Arc<String> = Arc::new(HOSTILE.to_owned()), "{} {0:?}";
    }
}

/// Formatted at the call, as all that hestia does not know.
#[derive(Debug, Serialize)]
struct Cart {
    items: Vec<(u8, &'static str)>,
    note: Option<char>,
    prices: BTreeMap<&'static str, f64>,
}

#[derive(Encode)]
struct Derived {
    name: &'static str,
    ratio: f32,
    inner: Option<Box<Derived>>,
}

/// An object by hand.
struct Custom;

impl Encode for Custom {
    fn encode(&self, encoder: Encoder<'_>) -> Encoded {
        encoder.put_map(|map| {
            map.entry("list", &[1_u8, 2]);
            map.entry_with("bytes", |encoder| encoder.put_bytes(b"\0\xff"));
            map.entry_with("null", |encoder| encoder.put_null());
        })
    }
}

#[derive(Debug)]
struct Outer(fmt::Error);

impl fmt::Display for Outer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("outer\nwith a break")
    }
}

impl Error for Outer {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

/// Panics in the middle of what it says.
struct Rotten;

impl fmt::Display for Rotten {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("begun, ")?;
        std::panic::resume_unwind(Box::new("rotten"))
    }
}

#[hestia::instrument(completed = false, max_length = 20)]
fn called_with_value(label: &str, value: &[&str]) {
    let _ = (label, value);
}

#[hestia::instrument(completed = false)]
fn called_with_debug(label: &str, value: &Outer) {
    let _ = (label, value);
}

#[hestia::instrument(completed = false)]
fn called_with_any<T>(label: &str, value: &T) {
    let _ = (label, value);
}

#[hestia::instrument(max_length = 20, err)]
fn fails() -> Result<(), Outer> {
    Err(Outer(fmt::Error))
}

#[hestia::instrument(max_length = 20, err)]
fn fails_with_text() -> Result<(), &'static str> {
    Err(HOSTILE)
}

#[hestia::instrument(max_length = 20, err(Debug))]
fn fails_with_debug() -> Result<(), &'static str> {
    Err(HOSTILE)
}

#[hestia::instrument(max_length = 20, ret(Debug))]
fn debug_of_text() -> &'static str {
    HOSTILE
}

#[hestia::instrument(max_length = 20, ret(Display))]
fn displayed_text() -> &'static str {
    HOSTILE
}

#[hestia::instrument(max_length = 20, ret(serde))]
fn serialized_text() -> (u8, &'static str, &'static str) {
    (1, HOSTILE, HOSTILE)
}

/// What is no type of the standard library's: forms of key-values and arguments, by the name of the part that carries them.
fn forms() {
    let cart = Cart {
        items: vec![(1, "book"), (2, HOSTILE)],
        note: Some('\n'),
        prices: BTreeMap::from([("book", 9.99), ("nothing", f64::NAN)]),
    };
    let derived = Derived {
        name: "outer",
        ratio: f32::INFINITY,
        inner: Some(Box::new(Derived {
            name: HOSTILE,
            ratio: 0.5,
            inner: None,
        })),
    };
    let (name, width, precision) = ("ada", 12, 2);
    hlog!(
        info,
        label = "part Typed",
        derived,
        custom = Custom,
        nothing = None::<Derived>,
        "typed"
    );
    hlog!(info, label = "part Printed", shown = %HOSTILE, asked = ?cart, "printed");
    hlog!(info, label = "part Serde", cart:serde = &cart, tuple:serde = (1, 'c', "s"), "serde");
    hlog!(info, label = "part Bytes", body:bytes = b"\xff\0\n", empty:bytes = "", "bytes");
    hlog!(info, label = "part Failure", cause:err = Outer(fmt::Error), err = &fmt::Error, "failure");
    hlog!(info, label = "part Shown", cause:err = HOSTILE, "shown");
    hlog!(info, label = "part Object", req.method = "GET", req.size = 5, req.inner.deep = ?name, "object");
    let (password, my_token) = (HOSTILE, 17);
    hlog!(
        info,
        label = "part Secret",
        password,
        req.my_token = my_token,
        "{password} {my_token:>9}"
    );
    let redact = hestia::Redact::new(HOSTILE);
    hlog!(info, label = "Redact<T>", redact, "{redact} {redact:?}");
    let value = hestia::Value::Str(HOSTILE);
    hlog!(
        info,
        label = "Value<'_>",
        value,
        "a value of another record"
    );
    called_with_value("part Short", &[HOSTILE, HOSTILE]);
    called_with_debug("part Short", &Outer(fmt::Error));
    {
        let _label = hestia::scope!(label = "part Short");
        let _ = (debug_of_text(), displayed_text(), serialized_text());
        let failed = [
            fails().is_err(),
            fails_with_text().is_err(),
            fails_with_debug().is_err(),
        ];
        assert_eq!(failed, [true; 3]);
    }
    called_with_any("part Opaque", &Rotten);
    hlog!(
        info,
        label = "part Copied",
        "{name} {name:?} {name:>8} {}",
        1.5
    );
    hlog!(
        info,
        label = "part AtCall",
        "{cart:?} {:>9}| {} {:#?}",
        Outer(fmt::Error),
        Custom.encode_name(),
        (1, "two")
    );
    hlog!(
        info,
        label = "part Count",
        "{name:>width$}|{:.precision$}|{:>1$}|{:.*}|{name:^width$.1}",
        1.0 / 3.0,
        7,
        3,
        2.5
    );
    hlog!(
        info,
        label = "fmt::Arguments<'_>",
        value = format_args!("{name} and {}", 1),
        "arguments"
    );
    hlog!(info, label = "rotten", shown = %Rotten, "and {}", Rotten);
    hlog!(critical, label = "critical", "a {} message", "critical");
    hlog!(warn, target: "other::target", label = "target", "elsewhere {}", 1);
    for level in [Level::Error, Level::Trace] {
        hlog!(level, label = "level", "known at run time: {level}");
        hlog!(level, target: name, label = "level and target", "both");
    }
    hlog!(debug, label = "constant", "nothing but a constant");
    hlog!(trace, label = "empty", "");
    hlog!(info, label = "braces", "{{}} {{{name}}}");
    hestia::error!(label = "statement", a = 1, name; "as the log crate has it {}", 2);
    let concatenated = concat!("made ", "by ", "a macro");
    hlog!(info, label = "macro", "{concatenated}");
}

impl Custom {
    fn encode_name(&self) -> String {
        "a String made at the call".to_owned()
    }
}

/// By the `log` crate, whose records have no static.
fn facade() {
    let (name, level) = (HOSTILE, Level::Debug);
    log::info!(label = "facade"; "constant");
    log::info!(label = "facade", a = 1, b = -1, c = 1.5, d = f64::NAN, e = true, f = 'f', g = name, h = u128::MAX, i = i128::MIN; "numbers {}", 1);
    log::info!(label = "facade", list:sval = [1, 2], shown:% = name, asked:? = Some(name), cause:err = Outer(fmt::Error); "forms {name:?}");
    log::info!(label = "facade", some = Some(1), none = None::<u8>; "options");
    log::warn!(target: "other::target", label = "facade"; "elsewhere {name}");
    log::log!(level, label = "facade"; "known at run time");
    log::error!(label = "facade", twice = 1, twice = 2; "the same key twice");
    log::trace!("without a key {:>5}", 3);
    log::logger().log(
        &log::Record::builder()
            .args(format_args!("made {} hand", "by"))
            .level(Level::Info)
            .target(name)
            .module_path(Some(name))
            .file(Some("a/file\n.rs"))
            .line(None)
            .build(),
    );
}

fn loggers() {
    let say = |logger: &Logger| {
        hlog!(info, logger: logger, label = "logger", "by a statement {}", 1);
        hlog!(info, logger: logger, target: "other::target", label = "logger", owner = "nearer", "both");
        log::info!(logger: logger, label = "logger"; "by the log crate");
    };
    let logger = hestia::logger("first").metadata("owner", "first");
    say(&logger);
    let logger = logger
        .metadata("owner", HOSTILE)
        .metadata("ratio", f64::NAN)
        .metadata("list", vec![Some(1), None])
        .metadata("since", UNIX_EPOCH);
    say(&logger);
    say(&logger.file("logs/own.log"));
}

/// Too large for a ring.
fn large() {
    let text = HOSTILE.repeat(1_000);
    hlog!(info, label = "large", text = &text, "a large one");
    hlog!(info, label = "large", "{text}");
    log::info!(label = "large"; "{text}");
}
