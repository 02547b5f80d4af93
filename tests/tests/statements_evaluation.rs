//! When and how often a statement's arguments are evaluated, for how long they live, and what becomes of
//! those that do something else than to give a value.

#![allow(
    clippy::semicolon_if_nothing_returned,
    reason = "statements as the values of functions, where temporaries live longest"
)]
#![allow(
    clippy::arc_with_non_send_sync,
    clippy::useless_vec,
    reason = "arguments of all kinds"
)]

mod seen;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use hestia::{Encode, Encoded, Encoder, Level, Severity, hlog};
use seen::{Seen, logged, one};
use serde_json::json;

thread_local! {
    static ORDER: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

/// A value that notes when it is evaluated.
fn note<T>(name: &'static str, value: T) -> T {
    ORDER.with_borrow_mut(|order| order.push(name));
    value
}

fn noted() -> Vec<&'static str> {
    ORDER.take()
}

#[test]
fn each_argument_is_evaluated_once_from_left_to_right() {
    let seen = one(|| {
        hlog!(
            note("level", Level::Warn), target: note("target", "t"), logger: note("logger", log::logger()),
            b.x = note("b.x", 1), a = note("a", 2), b.y = note("b.y", 3), c:? = note("c", 4), d = %note("d", 5),
            e:err = note("e", "e"), f:serde = note("f", 1), g:bytes = note("g", b"b"), password = note("password", 1),
            "{1:>0$} {1:?} {name} {name:>0$} {secret}",
            note("width", 3), note("value", "v"), name = note("name", 'n'), secret = note("secret", 1),
            h = note("h", 6), i:? = note("i", 7), b.z = note("b.z", 8),
        );
    });
    assert_eq!(
        noted(),
        [
            "level", "target", "logger", "b.x", "a", "b.y", "c", "d", "e", "f", "g", "password",
            "width", "value", "name", "secret", "h", "i", "b.z"
        ]
    );
    assert_eq!(seen.message(), "  v \"v\" n   n ***");
    assert_eq!(seen.level(), "WARN");
    assert_eq!(seen.target(), "t");
    assert_eq!(
        *seen.fields(),
        json!({
            "b": {"x": 1, "y": 3, "z": 8}, "a": 2, "c": "4", "d": "5", "e": "e", "f": 1, "g": "Yg==",
            "password": "***", "h": 6, "i": "7",
        })
    );
}

#[test]
fn nothing_is_evaluated_when_the_statement_is_off() {
    let seen = logged(|| {
        hlog!(info, target: "off", key = note("key", 1), "{} {name}", note("value", 1), name = note("name", 1));
        hlog!(info, target: "warnings::below", key = note("key", 1), "{}", note("value", 1));
        hestia::info!(target: "warnings", key = note("key", 1); "{}", note("value", 1));
        hlog!(note("level", Level::Info), target: "off", "{}", note("value", 1));
        assert_eq!(noted(), ["level"]);
        hlog!(info, target: note("target", "off"), "{}", note("value", 1));
        assert_eq!(
            noted(),
            ["target"],
            "a target known at run time has to be known"
        );
        let off = off_by_itself::Off;
        hlog!(info, logger: note("logger", off), "{}", note("value", 1));
        assert_eq!(noted(), ["logger"]);
    });
    assert_eq!(noted(), [""; 0]);
    assert!(seen.is_empty(), "{seen:?}");
}

mod off_by_itself {
    pub(super) struct Off;

    impl log::Log for Off {
        fn enabled(&self, _: &log::Metadata<'_>) -> bool {
            false
        }
        fn log(&self, _: &log::Record<'_>) {
            panic!("it said that it is off");
        }
        fn flush(&self) {}
    }
}

#[test]
fn levels_that_change_are_followed_by_every_statement() {
    let statement = || hlog!(debug, target: "changing", "{}", note("value", 1));
    let seen = logged(|| {
        statement();
        hestia::set_level("info").expect("levels");
        statement();
        hlog!(trace, target: "changing", "unseen {}", note("trace", 1));
        hestia::set_level("info,changing=debug").expect("levels");
        statement();
        hestia::set_level("trace,off=off,warnings=warn").expect("levels");
        statement();
    });
    assert_eq!(noted(), ["value"; 3]);
    assert_eq!(seen.len(), 3);
}

#[test]
fn levels_known_at_run_time_are_levels_and_severities() {
    let seen = logged(|| {
        for level in [
            Level::Error,
            Level::Warn,
            Level::Info,
            Level::Debug,
            Level::Trace,
        ] {
            hlog!(level, "at run time");
            hlog!({ level }, "at run time");
            hlog!(Severity::Level(level), key = 1);
        }
        hlog!(Severity::Critical, "down");
        hlog!(critical, "down");
        let error = Level::Trace;
        hlog!(error, "the word, not the variable {error}");
        hlog!((error), "the variable");
        hlog!(
            if error == Level::Trace {
                Level::Warn
            } else {
                error
            },
            "an expression"
        );
    });
    let levels: Vec<_> = seen.iter().map(Seen::level).collect();
    let mut expected = Vec::new();
    for level in ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"] {
        expected.extend([level; 3]);
    }
    expected.extend(["CRITICAL", "CRITICAL", "ERROR", "TRACE", "WARN"]);
    assert_eq!(levels, expected);
}

struct Inner {
    field: String,
}

#[test]
fn temporaries_live_as_long_as_they_are_needed() {
    fn at_the_end_of_a_function() {
        let mutex = Mutex::new(5);
        hlog!(info, "{}", *mutex.lock().unwrap())
    }
    fn borrowed_from_a_local() {
        let cell = RefCell::new(String::from("cell"));
        hestia::info!("{}", cell.borrow())
    }
    let mutex = Mutex::new(Inner {
        field: "field".into(),
    });
    let shared = Arc::new(RefCell::new(7));
    let seen = logged(|| {
        hlog!(info, "{}", &mutex.lock().unwrap().field);
        hlog!(info, field = &mutex.lock().unwrap().field, "locked");
        hlog!(
            info,
            "{} {:?}",
            String::from("as str").as_str(),
            vec![String::from("x")]
                .iter()
                .map(String::as_str)
                .collect::<Vec<_>>()
        );
        hlog!(info, target: String::from("own").as_str(), text = String::from("t").as_str(), err = &Box::<dyn std::error::Error>::from("e"), "kept");
        hlog!(info, target: format!("{}::{}", "a", "b"), "made");
        hlog!(info, "{}", shared.borrow());
        hlog!(info, logger: &*Box::new(log::logger()), "{}", shared.borrow_mut());
        at_the_end_of_a_function();
        borrowed_from_a_local();
    });
    let messages: Vec<_> = seen.iter().map(Seen::message).collect();
    assert_eq!(
        messages,
        [
            "field",
            "locked",
            "as str [\"x\"]",
            "kept",
            "made",
            "7",
            "7",
            "5",
            "cell"
        ]
    );
    assert_eq!(seen[3].target(), "own");
    assert_eq!(seen[4].target(), "a::b");
    assert!(mutex.try_lock().is_ok(), "nothing stays locked");
}

#[test]
fn arguments_may_leave_the_statement() {
    fn question_mark(text: &str) -> Result<(), std::num::ParseIntError> {
        hlog!(
            info,
            number = text.parse::<i32>()?,
            "{}",
            text.parse::<i32>()?
        );
        Ok(())
    }
    fn returning(early: bool) -> u8 {
        hlog!(info, "{}", if early { return 1 } else { 2 });
        3
    }
    let seen = logged(|| {
        assert!(question_mark("x").is_err());
        assert!(question_mark("5").is_ok());
        assert_eq!(returning(true), 1);
        assert_eq!(returning(false), 3);
        for at in 0..3 {
            hlog!(info, at, "{}", if at == 1 { continue } else { at });
            hlog!(info, key = if at == 2 { break } else { at });
        }
    });
    let messages: Vec<_> = seen
        .iter()
        .map(|seen| seen.json["message"].clone())
        .collect();
    assert_eq!(messages.len(), 5, "{messages:?}");
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

fn is_send<T: Send>(value: T) -> T {
    value
}

/// Pends once.
async fn slow<T>(value: T) -> T {
    let mut pended = false;
    std::future::poll_fn(move |context| {
        if std::mem::replace(&mut pended, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
    value
}

#[test]
fn arguments_may_await_and_futures_stay_send() {
    async fn plain(number: u8) -> u8 {
        hlog!(info, number, "{}", number);
        slow(()).await;
        hlog!(
            info,
            err = &std::io::Error::other("e"),
            text = String::new().as_str(),
            "{:?}",
            [number]
        );
        number
    }
    async fn awaiting(audit: &hestia::Logger) {
        hlog!(
            info,
            before = 1,
            number = plain(1).await,
            "{} {}",
            slow("a").await,
            slow(Level::Info).await
        );
        hlog!(slow(Level::Warn).await, target: slow("awaited").await, "{}", slow(2).await);
        hlog!(info, logger: audit, key = slow(3).await, "{}", slow(4).await);
        hlog!(info, logger: log::logger(), key = slow(3).await, "{}", slow(4).await);
    }
    let audit = hestia::logger("audit");
    let seen = logged(|| block_on(is_send(awaiting(&audit))));
    let messages: Vec<_> = seen.iter().map(Seen::message).collect();
    assert_eq!(messages, ["1", "[1]", "a INFO", "2", "4", "4"]);
    assert_eq!(seen[3].target(), "awaited");
}

/// Logs while it is printed, encoded and serialized.
struct Chatty;

impl fmt::Display for Chatty {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        hlog!(debug, inner = 1, "displayed {}", 1);
        out.write_str("chatty")
    }
}

impl Encode for Chatty {
    fn encode(&self, encoder: Encoder<'_>) -> Encoded {
        hlog!(debug, "encoded {}", Chatty);
        encoder.put_str("encoded")
    }
}

#[test]
fn arguments_may_log_themselves() {
    fn answer(number: u8) -> u8 {
        hlog!(debug, number, "asked {number}");
        number
    }
    let seen = logged(|| {
        hlog!(info, key = Chatty, "{} {}", Chatty, answer(2));
        hlog!(info, "{}", {
            hlog!(debug, "in a block {}", 5);
            6
        });
    });
    let messages: Vec<_> = seen.iter().map(Seen::message).collect();
    assert_eq!(
        messages,
        [
            "asked 2",
            "displayed 1",
            "encoded chatty",
            "displayed 1",
            "chatty 2",
            "in a block 5",
            "6"
        ]
    );
}

#[test]
fn an_argument_that_panics_unwinds_and_the_next_statement_is_fine() {
    fn failing() -> u8 {
        panic!("an argument")
    }
    let seen = logged(|| {
        assert!(catch_unwind(|| hlog!(info, "{}", failing())).is_err());
        assert!(catch_unwind(|| hlog!(info, key = failing(), "x")).is_err());
        assert!(catch_unwind(|| hlog!(info, key = Chatty, "{} {}", Chatty, failing())).is_err());
        hlog!(info, "fine {}", 1);
    });
    let messages: Vec<_> = seen.iter().map(Seen::message).collect();
    assert_eq!(messages, ["fine 1"]);
}

/// Panics whatever is wanted of it.
struct Bomb;

impl fmt::Display for Bomb {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("half")?;
        panic!("Display")
    }
}

impl fmt::Debug for Bomb {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("Debug")
    }
}

impl std::error::Error for Bomb {}

impl Encode for Bomb {
    fn encode(&self, encoder: Encoder<'_>) -> Encoded {
        encoder.put_map(|map| {
            map.entry("whole", &1);
            map.entry_with("torn", |_| panic!("Encode"));
        })
    }
}

impl serde::Serialize for Bomb {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("Serialize")
    }
}

impl AsRef<[u8]> for Bomb {
    fn as_ref(&self) -> &[u8] {
        panic!("AsRef")
    }
}

/// Its formatting code says that it failed.
struct Failing;

impl fmt::Display for Failing {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Err(fmt::Error)
    }
}

impl serde::Serialize for Failing {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("no"))
    }
}

#[test]
fn a_value_that_panics_costs_the_value_and_not_the_record() {
    const GONE: &str = "<panicked while being logged>";
    let seen = logged(|| {
        hlog!(
            info, first = 1, encode = Bomb, display = %Bomb, debug = ?Bomb, serde:serde = Bomb, bytes:bytes = Bomb,
            err = Bomb, list = [Some(Bomb), None], nested.encode = Bomb, nested.after = 2, last = 3,
            "{} {:?} {}", Bomb, Bomb, 4
        );
        hlog!(info, "{} {}", Failing, 5, key = %Failing, other:serde = Failing);
        hestia::info!(concat!("{} {", "}"), 6, Bomb);
        hlog!(info, "fine");
    });
    assert_eq!(seen[0].message(), format!("half{GONE} {GONE} 4"));
    assert_eq!(
        *seen[0].fields(),
        json!({
            "first": 1, "encode": GONE, "display": GONE, "debug": GONE, "serde": GONE, "bytes": GONE, "err": GONE,
            "list": GONE, "nested": {"encode": GONE, "after": 2}, "last": 3,
        })
    );
    assert_eq!(seen[1].message(), "<formatting failed> 5");
    assert_eq!(
        *seen[1].fields(),
        json!({"key": "<formatting failed>", "other": "<not serializable: no>"})
    );
    assert_eq!(seen[2].message(), format!("6 half{GONE}"));
    assert_eq!(seen[3].message(), "fine");
}

#[test]
fn statements_stand_where_expressions_stand() {
    struct Ends(Arc<Mutex<u8>>);
    impl Drop for Ends {
        fn drop(&mut self) {
            hlog!(debug, value = *self.0.lock().unwrap(), "dropped");
        }
    }
    trait Says {
        fn say(&self)
        where
            Self: fmt::Debug,
        {
            hlog!(info, ?self, "{self:?} says");
        }
    }
    impl Says for u8 {}
    fn unit() {
        hlog!(info, "as the value of a function")
    }
    let counter = Cell::new(0);
    let seen = logged(|| {
        drop(Ends(Arc::default()));
        5u8.say();
        let () = hlog!(info, "as a value");
        unit();
        match counter.get() {
            0 => hlog!(info, "in an arm"),
            _ => hestia::info!("in another"),
        }
        let closure = |name: &str| hlog!(info, name, "in a closure");
        closure("x");
        if counter.get() == 0 {
            hlog!(info, "in a block")
        }
        [1, 2].iter().for_each(|number| hestia::info!("{number}"));
        _ = catch_unwind(AssertUnwindSafe(|| hlog!(info, "in a guarded closure")));
    });
    assert_eq!(seen.len(), 10);
    assert_eq!(*seen[1].fields(), json!({"self": "5"}));
}
