//! A message is what `format!` makes of the same string and arguments: for every type that is copied into
//! the record, and for those that are not.
#![allow(
    clippy::uninlined_format_args,
    clippy::useless_format,
    clippy::redundant_clone,
    named_arguments_used_positionally,
    reason = "what is tested is how arguments are written"
)]
#![allow(
    clippy::arc_with_non_send_sync,
    clippy::redundant_closure_call,
    reason = "arguments of all kinds"
)]

mod seen;

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::num::{
    NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroIsize, NonZeroU8,
    NonZeroU16, NonZeroU32, NonZeroU64, NonZeroU128, NonZeroUsize, Wrapping,
};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hestia::hlog;
use proptest::prelude::*;

/// Pairs of what was logged and what should have been.
#[derive(Default)]
struct Expected(Vec<(&'static str, String)>);

/// Logs, and formats.
macro_rules! same {
    ($expected:ident; $($message:tt)+) => {{
        hlog!(info, $($message)+);
        $expected.0.push((stringify!($($message)+), format!($($message)+)));
    }};
}

/// One value under many specs.
macro_rules! specs {
    ($expected:ident; [$($spec:literal)+] $value:expr) => {{
        $(same!($expected; $spec, $value);)+
    }};
}

fn check(statements: impl FnOnce(&mut Expected)) {
    let mut expected = Expected::default();
    let seen = seen::logged(|| statements(&mut expected));
    assert_eq!(seen.len(), expected.0.len());
    for (seen, (statement, expected)) in seen.iter().zip(&expected.0) {
        assert_eq!(seen.message(), expected, "{statement}");
    }
}

fn config() -> ProptestConfig {
    ProptestConfig::with_cases(32)
}

/// A random value of a type, under the specs that it takes.
macro_rules! random {
    ($($name:ident($strategy:expr): $type:ty => $specs:tt)+) => {$(
        proptest! {
            #![proptest_config(config())]
            #[test]
            fn $name(value in $strategy) {
                let value: $type = value;
                check(|expected| specs!(expected; $specs value));
            }
        }
    )+};
}

macro_rules! integers {
    ($($name:ident: $type:ty)+) => {
        random! {$(
            $name(prop_oneof![any::<$type>(), Just(<$type>::MIN), Just(<$type>::MAX), Just(0)]): $type => [
                "{}" "{:?}" "{:#?}" "{:x}" "{:X}" "{:o}" "{:b}" "{:e}" "{:E}"
                "{:#x}" "{:#X}" "{:#o}" "{:#b}" "{:#?}" "{:x?}" "{:X?}" "{:#x?}" "{:#04X?}"
                "{:+}" "{:>12}|" "{:*^12}|" "{:<5}|" "{:08}" "{:+08}" "{:#06x}" "{:#010b}"
                "{:.2e}" "{:}>9}" "{:{^30}" "{:é>+20x}" "{:-}" "{:#}" "{0} {0:?} {0:x} {0}"
            ]
        )+}
    };
}

integers! {
    every_u8: u8 every_u16: u16 every_u32: u32 every_u64: u64 every_u128: u128 every_usize: usize
    every_i8: i8 every_i16: i16 every_i32: i32 every_i64: i64 every_i128: i128 every_isize: isize
}

macro_rules! non_zero {
    ($($name:ident: $type:ty, $inner:ty;)+) => {
        random! {$(
            $name(any::<$inner>().prop_filter_map("zero", <$type>::new)): $type => [
                "{}" "{:?}" "{:#?}" "{:x}" "{:#X}" "{:o}" "{:#b}" "{:+}" "{:>12}|" "{:*^12}|" "{:08}" "{:x?}"
            ]
        )+}
    };
}

non_zero! {
    every_non_zero_u8: NonZeroU8, u8; every_non_zero_u16: NonZeroU16, u16; every_non_zero_u32: NonZeroU32, u32;
    every_non_zero_u64: NonZeroU64, u64; every_non_zero_u128: NonZeroU128, u128; every_non_zero_usize: NonZeroUsize, usize;
    every_non_zero_i8: NonZeroI8, i8; every_non_zero_i16: NonZeroI16, i16; every_non_zero_i32: NonZeroI32, i32;
    every_non_zero_i64: NonZeroI64, i64; every_non_zero_i128: NonZeroI128, i128; every_non_zero_isize: NonZeroIsize, isize;
}

macro_rules! floats {
    ($($name:ident: $type:ident)+) => {
        random! {$(
            $name(prop_oneof![
                proptest::num::$type::ANY,
                Just(0.0), Just(-0.0), Just($type::NAN), Just(-$type::NAN),
                Just($type::INFINITY), Just($type::NEG_INFINITY), Just($type::MIN_POSITIVE / 2.0),
                Just($type::MAX), Just($type::MIN), Just($type::EPSILON), Just(0.1), Just(1e16), Just(1.5),
            ]): $type => [
                "{}" "{:?}" "{:#?}" "{:e}" "{:E}" "{:.0}" "{:.3}" "{:.3?}" "{:08.3}" "{:+}" "{:+.1e}"
                "{:>12}|" "{:*^12}|" "{:<5}|" "{:^+12.2}|" "{:012}" "{:-<30.10}" "{:x?}" "{0} {0:.1}"
            ]
        )+}
    };
}

floats! { every_f32: f32 every_f64: f64 }

random! {
    every_bool(any::<bool>()): bool => ["{}" "{:?}" "{:#?}" "{:>8}|" "{:*^8}|" "{:.2}" "{:<7.1}|"]
    every_char(any::<char>()): char => ["{}" "{:?}" "{:#?}" "{:>8}|" "{:*^8}|" "{:<3}|" "{:3?}|"]
    every_string(any::<String>()): String => [
        "{}" "{:?}" "{:#?}" "{:>12}|" "{:*^12}|" "{:<5}|" "{:.3}" "{:>8.2}|" "{:08}" "{:.0}" "{:14?}|" "{0} {0:?}"
    ]
    every_str(any::<String>().prop_map(|text| &*text.leak())): &'static str => ["{}" "{:?}" "{:>12}|" "{:.3}"]
    every_boxed_str(any::<String>().prop_map(String::into_boxed_str)): Box<str> => ["{}" "{:?}" "{:>12}|" "{:.3}"]
    every_cow(any::<String>().prop_map(Cow::Owned)): Cow<'static, str> => ["{}" "{:?}" "{:>12}|" "{:.3}"]
    every_arc(any::<String>().prop_map(Arc::from)): Arc<str> => ["{}" "{:?}" "{:>12}|" "{:.3}"]
    every_rc(any::<String>().prop_map(Rc::new)): Rc<String> => ["{}" "{:?}" "{:>12}|" "{:.3}"]
    every_option(any::<Option<String>>()): Option<String> => ["{:?}" "{:#?}" "{:9?}|"]
    every_option_of_number(any::<Option<Option<i64>>>()): Option<Option<i64>> => ["{:?}" "{:#?}" "{:x?}" "{:#X?}" "{:05?}"]
    every_option_of_float(any::<Option<f32>>()): Option<f32> => ["{:?}" "{:#?}" "{:.2?}"]
    every_wrapping(any::<i32>().prop_map(Wrapping)): Wrapping<i32> => ["{}" "{:?}" "{:#?}" "{:x}" "{:#o}" "{:b}" "{:X}" "{:>12}|" "{:08}"]
    every_bytes(any::<Vec<u8>>()): Vec<u8> => ["{:?}" "{:#?}" "{:x?}" "{:02X?}" "{:#04x?}" "{:>3?}"]
    every_list_of_strings(any::<Vec<String>>()): Vec<String> => ["{:?}" "{:#?}" "{:>4?}"]
    every_list_of_chars(any::<Vec<char>>()): Vec<char> => ["{:?}" "{:#?}"]
    every_list_of_floats(any::<Vec<f64>>()): Vec<f64> => ["{:?}" "{:.1?}" "{:#08.3?}"]
    every_list_of_lists(any::<Vec<Vec<Option<u16>>>>()): Vec<Vec<Option<u16>>> => ["{:?}" "{:#?}" "{:#x?}"]
    every_array(any::<[i16; 5]>()): [i16; 5] => ["{:?}" "{:#?}" "{:x?}" "{:+?}"]
    every_pair(any::<(u8, String)>()): (u8, String) => ["{:?}" "{:#?}" "{:x?}" "{:5?}"]
    every_nested_pair(any::<((char, f32), (bool, ()))>()): ((char, f32), (bool, ())) => ["{:?}" "{:#?}"]
    every_triple(any::<(u8, char, i8)>()): (u8, char, i8) => ["{:?}" "{:#?}"]
    every_duration(any::<Duration>()): Duration => ["{:?}" "{:#?}" "{:.2?}" "{:>20?}|" "{:*^20.1?}|" "{:+?}"]
    every_time(times()): SystemTime => ["{:?}" "{:#?}"]
    every_ipv4(any::<Ipv4Addr>()): Ipv4Addr => ["{}" "{:?}" "{:#?}" "{:>20}|" "{:*^20}|" "{:<5}|"]
    every_ipv6(addresses()): Ipv6Addr => ["{}" "{:?}" "{:#?}" "{:>42}|" "{:*^42}|" "{:<5}|"]
    every_ip(any::<IpAddr>()): IpAddr => ["{}" "{:?}" "{:#?}" "{:>42}|" "{:<5?}|"]
    every_socket(any::<SocketAddr>()): SocketAddr => ["{}" "{:?}" "{:#?}" "{:>52}|"]
    every_socket_v4(any::<SocketAddrV4>()): SocketAddrV4 => ["{}" "{:?}" "{:#?}" "{:>52}|"]
    every_socket_v6(any::<SocketAddrV6>()): SocketAddrV6 => ["{}" "{:?}" "{:#?}" "{:>52}|"]
}

/// On both sides of 1970.
fn times() -> impl Strategy<Value = SystemTime> {
    let distance = (0..1u64 << 40, 0..1_000_000_000u32).prop_map(|(s, n)| Duration::new(s, n));
    (any::<bool>(), distance).prop_map(|(after, distance)| {
        if after {
            UNIX_EPOCH + distance
        } else {
            UNIX_EPOCH - distance
        }
    })
}

/// Those that have a form of their own, too.
fn addresses() -> impl Strategy<Value = Ipv6Addr> {
    prop_oneof![
        any::<Ipv6Addr>(),
        any::<Ipv4Addr>().prop_map(|address| address.to_ipv6_mapped()),
        any::<[bool; 8]>().prop_map(|some| some.map(u16::from).into()),
    ]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn widths_and_precisions_from_arguments(
        width in 0..80usize, precision in 0..20usize, number in any::<f64>(), text in any::<String>(),
    ) {
        check(|expected| {
            same!(expected; "{:width$}|", number);
            same!(expected; "{:>1$}|", text, width);
            same!(expected; "{:.precision$}|{number:.precision$e}", number);
            same!(expected; "{:^+w$.p$}|", number, w = width, p = precision);
            same!(expected; "{:.*}|{:.*}|", precision, number, 2, text);
            same!(expected; "{:>2$.*}|{3}", precision, number, width, text);
            same!(expected; "{2:0$.1$}|{2:1$}|{0}", width, precision, text);
            same!(expected; "{text:>width$.precision$}|{width}", width = width + 1);
            same!(expected; "{:08.*?}|{:#0width$x?}", 3, Some(number), 77);
            same!(expected; "{:width$}|{:.precision$}", Honest("a"), Honest("abc"));
            same!(expected; "{:>1$}|{:.*}|{3:.2$}", Honest("é"), width, precision, Honest("abc"));
            same!(expected; "{:>w$}|{:<w$}|{:w$?}", Honest("é"), Careless, Debugged { number: 1, text: "t" }, w = width);
        });
    }

    #[test]
    fn many_references_deep(number in any::<i64>(), text in any::<String>()) {
        let mut changing = text.clone();
        check(|expected| {
            specs!(expected; ["{}" "{:?}" "{:>9}|"] &number);
            specs!(expected; ["{}" "{:x}" "{:>9}|"] &&&number);
            specs!(expected; ["{}" "{:?}" "{:.2}"] &&text.as_str());
            specs!(expected; ["{}" "{:?}"] &mut changing);
            specs!(expected; ["{}" "{:?}"] Box::new(Arc::new(Rc::new(&text))));
            specs!(expected; ["{:?}" "{:#?}"] Some(&Some(&text)));
            specs!(expected; ["{:?}" "{:#?}"] &[Some(&text), None][..]);
            specs!(expected; ["{:?}"] [text.as_str(); 2].as_slice());
            specs!(expected; ["{:?}"] Cow::Borrowed(&[number][..]));
        });
    }

    #[test]
    fn arguments_by_place_and_name(a in any::<u32>(), b in any::<String>()) {
        check(|expected| {
            same!(expected; "{a} {b} {a:x} {b:?} {a}");
            same!(expected; "{0} {1} {0:?} {1:?} {0}", a, b);
            same!(expected; "{1} {} {} {0}", a, b);
            same!(expected; "{x} {0} {y:>6} {x:?}", a, x = b, y = a);
            same!(expected; "{} {x}", a, x = b);
            same!(expected; "{{{a}}} }}{{ {{}} {b}}}");
            same!(expected; "{a:}{b :}{a:? }{a:>7 }{0 }", a);
            same!(expected; "{}{}{}{}{}{}{}{}{}{}", a, b, a, b, a, b, a, b, a, b);
        });
    }
}

/// Honors width and precision.
struct Honest(&'static str);

impl fmt::Display for Honest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.0)
    }
}

/// Ignores them, and says what it was asked for.
struct Careless;

impl fmt::Display for Careless {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (width, precision) = (out.width(), out.precision());
        write!(
            out,
            "<{width:?} {precision:?} {:?} {} {}>",
            out.fill(),
            out.alternate(),
            out.sign_plus()
        )
    }
}

#[derive(Debug)]
struct Debugged {
    #[allow(dead_code, reason = "read by Debug")]
    number: u8,
    #[allow(dead_code, reason = "read by Debug")]
    text: &'static str,
}

#[derive(Debug)]
#[allow(dead_code, reason = "read by Debug")]
enum Either<T> {
    One(T),
    Two { value: Vec<T> },
    Three,
}

macro_rules! own_numeric {
    ($($trait:ident)+) => {$(
        impl fmt::$trait for Own {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, concat!(stringify!($trait), " {:?} {}"), out.width(), out.alternate())
            }
        }
    )+};
}

/// Every trait of `std::fmt`, each with a word of its own.
struct Own;

own_numeric!(Display Debug LowerHex UpperHex Octal Binary LowerExp UpperExp Pointer);

#[test]
fn types_of_the_users_are_printed_under_their_own_specs() {
    check(|expected| {
        specs!(expected; ["{}" "{:>9}|" "{:*^9}|" "{:.2}" "{:é<9.1}|"] Honest("abc"));
        specs!(expected; ["{}" "{:>9}|" "{:*^+9}|" "{:.2}" "{:é<#09.1}|"] Careless);
        specs!(expected; ["{:?}" "{:#?}" "{:02x?}" "{:5?}"] Debugged { number: 200, text: "a\"b" });
        specs!(expected; ["{:?}" "{:#?}" "{:#x?}"] Either::One(17));
        specs!(expected; ["{:?}" "{:#?}"] Either::Two { value: vec!["x"] });
        specs!(expected; ["{:?}" "{:#?}"] Either::<()>::Three);
        specs!(expected; ["{}" "{:?}" "{:x}" "{:X}" "{:o}" "{:b}" "{:e}" "{:E}" "{:p}" "{:#7x}"] Own);
        specs!(expected; ["{:?}" "{:#?}"] [Some(Debugged { number: 1, text: "" }), None]);
        specs!(expected; ["{:?}" "{:#?}"] std::collections::BTreeMap::from([(1, "a"), (2, "b")]));
        specs!(expected; ["{}" "{:?}"] std::path::Path::new("/a b").display());
        specs!(expected; ["{}" "{:?}"] "x".parse::<u8>().unwrap_err());
        same!(expected; "{0} {0:>9} {0:.1} {1:?} {1:#?}", Honest("abc"), Debugged { number: 3, text: "t" });
    });
}

#[test]
fn unsized_and_dynamic_arguments_are_printed() {
    fn generic<T: fmt::Display + fmt::Debug>(expected: &mut Expected, value: T) {
        same!(expected; "{value} {value:>12}| {value:?} {} {0:#?}", value);
        same!(expected; "{}", &value);
    }
    fn generic_list<T: fmt::Debug>(expected: &mut Expected, values: &[T]) {
        same!(expected; "{values:?} {values:#?} {:?}", values[0]);
        same!(expected; "{:?}", values.iter().collect::<Vec<_>>());
    }
    fn dynamic(expected: &mut Expected, value: &dyn fmt::Display, debug: &(dyn fmt::Debug + Send)) {
        same!(expected; "{value} {value:>12}| {debug:?} {debug:#?}");
    }
    fn opaque() -> impl fmt::Display {
        "opaque"
    }
    check(|expected| {
        generic(expected, 5);
        generic(expected, "text");
        generic(expected, String::from("text"));
        generic_list(expected, &[1.5, 2.5]);
        generic_list(expected, &["a"]);
        dynamic(expected, &5, &"debug");
        dynamic(
            expected,
            &Honest("h"),
            &Debugged {
                number: 1,
                text: "x",
            },
        );
        same!(expected; "{} {:>9}", opaque(), opaque());
        same!(expected; "{}", (|| 5)());
        same!(expected; "{}", format_args!("{}-{}", 1, "x"));
        same!(expected; "{:>5}|{:?}", format_args!("{}", 1), format_args!("y"));
        let boxed: Box<dyn fmt::Display> = Box::new(5);
        same!(expected; "{boxed:>5}|{}", boxed);
    });
}

#[test]
fn addresses_are_those_of_the_originals() {
    let (number, text) = (5, "text");
    let pointer: *const i32 = &raw const number;
    check(|expected| {
        same!(expected; "{:p} {:p} {0:#p} {0:>24p} {0:032p}", &number, text);
        same!(expected; "{pointer:p} {pointer:?}");
        let f: fn() = || ();
        same!(expected; "{f:p} {f:?}");
        same!(expected; "{:p} {:?}", &number, number);
    });
}

#[test]
fn constants_and_strange_strings_are_printed() {
    check(|expected| {
        same!(expected; "");
        same!(expected; "constant");
        same!(expected; "{{}}");
        same!(expected; "{{{{ }}}} {{0}} é \u{1F600} \t \\ \" \n end");
        same!(expected; r#"raw "string" {{ \n"#);
        same!(expected; "line one
            line two");
        same!(expected; "continued \
            line {}", 5);
        same!(expected; concat!("a", 1, "b"));
        same!(expected; concat!("a {", "} b {x}"), 1, x = 2);
        same!(expected; stringify!(a b));
        same!(expected; "{}", "{}");
        same!(expected; "{:?}", "\u{202E}\u{0}\u{7f}\u{2028}");
        same!(expected; "trailing comma {}", 1,);
        same!(expected; "{größe}", größe = 1);
        let größe = 2;
        same!(expected; "{größe:>größe$}");
        same!(expected; "{type} {type:?}", type = 1);
    });
}

struct Selfish(u8);

impl Selfish {
    fn log(self, expected: &mut Expected) {
        same!(expected; "{} {0:?}", self.0);
        same!(expected; "{self} {self:>4}|");
    }
}

impl fmt::Display for Selfish {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

#[test]
fn a_string_may_name_self() {
    check(|expected| Selfish(7).log(expected));
}

#[test]
fn wide_lists_and_long_texts_are_printed() {
    let numbers: Vec<u64> = (0..10_000).collect();
    let text = "é".repeat(100_000);
    let texts: Vec<&str> = vec![&text; 3];
    check(|expected| {
        same!(expected; "{numbers:?}");
        same!(expected; "{text}{text:?}");
        same!(expected; "{texts:?}");
        same!(expected; "{:1$}|", 1, 60_000);
        same!(expected; "{:.1$}|", 0.1, 60_000);
    });
}

/// `std::fmt` panics at widths beyond 16 bits.
#[test]
fn widths_that_are_too_wide_are_clamped() {
    let width = 70_000;
    let copied = seen::one(|| hlog!(info, "{:>width$}", 1));
    assert_eq!(copied.message().len(), 65_535);
    let formatted = seen::one(|| hlog!(info, "{:>width$}", Honest("a")));
    assert_eq!(formatted.message().len(), 65_535);
    let precision = seen::one(|| hlog!(info, "{:.*}", usize::MAX, 1.5));
    assert_eq!(precision.message().len(), 65_535 + 2);
}

mod drop_in {
    //! The same through the macros in the place of the `log` crate's.

    use super::*;

    #[test]
    fn messages_are_those_of_format() {
        let (a, b) = (5, "text");
        let mut expected = Vec::new();
        macro_rules! same {
            ($($message:tt)+) => {{
                hestia::error!($($message)+);
                hestia::warn!($($message)+);
                hestia::info!($($message)+);
                hestia::debug!($($message)+);
                hestia::trace!($($message)+);
                expected.extend(vec![format!($($message)+); 5]);
            }};
        }
        let seen = seen::logged(|| {
            same!("constant");
            same!("{} {b:>9}| {0:?} {x:.1}", a, x = 1.25);
            same!("{}", Honest("abc"));
            same!(concat!("{", "}"), a);
            same!("{:?} {}", Some(b), x = 1);
        });
        let messages: Vec<_> = seen.iter().map(seen::Seen::message).collect();
        assert_eq!(messages, expected);
        let levels: Vec<_> = seen[..5].iter().map(seen::Seen::level).collect();
        assert_eq!(levels, ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"]);
    }
}

/// `format!` wants positional arguments first; since key-values may stand among them, statements do not.
#[test]
fn positional_arguments_may_stand_behind_named_ones() {
    let seen = seen::one(|| hlog!(info, "{a} {} {}", a = 1, 2, key = 3, 4));
    assert_eq!(seen.message(), "1 2 4");
    assert_eq!(*seen.fields(), serde_json::json!({"key": 3}));
}
