//! Logs values of derived types, and tells what serde makes of each.

use std::collections::BTreeMap;
use std::time::Duration;

use hestia::{Encode, hlog};
use hestia_tests::figures::tell;
use serde::Serialize;
use serde_json::{Map, Value, json};

#[derive(Encode, Serialize)]
struct Cart<'a> {
    id: u64,
    r#type: &'a str,
    items: Vec<Item>,
    #[hestia(skip)]
    #[serde(skip)]
    _password: String,
    #[hestia(rename = "user-id")]
    #[serde(rename = "user-id")]
    user: Option<i8>,
    #[hestia(serde)]
    prices: BTreeMap<String, f64>,
    nothing: Nothing,
}

#[derive(Encode, Serialize)]
struct Item(
    String,
    #[allow(dead_code, reason = "it is skipped")]
    #[hestia(skip)]
    #[serde(skip)]
    u8,
    f64,
);

#[derive(Encode, Serialize)]
struct Id(u128);

#[derive(Encode, Serialize)]
struct Nothing {}

#[derive(Encode, Serialize)]
struct Nobody();

#[derive(Encode, Serialize)]
enum Event<T> {
    Idle,
    #[hestia(rename = "paid")]
    #[serde(rename = "paid")]
    Paid(T),
    Moved(T, T),
    Named {
        at: T,
        r#in: Option<Box<Event<T>>>,
    },
    Empty(),
    Braces {},
}

/// What serde would say otherwise.
#[derive(Encode)]
struct Own {
    #[hestia(display)]
    address: std::net::Ipv4Addr,
    #[hestia(debug)]
    took: Duration,
    #[hestia(bytes)]
    body: Vec<u8>,
    #[hestia(bytes, rename = "array")]
    head: [u8; 2],
    unit: Unit,
    access_token: &'static str,
}

#[derive(Encode)]
struct Unit;

#[derive(Encode)]
struct Shown(#[hestia(display)] std::num::ParseIntError);

fn compare(name: &str, value: &(impl Encode + Serialize), told: &mut Map<String, Value>) {
    hlog!(info, value = value, "{name}");
    let expected = serde_json::to_value(value).expect("serde can");
    told.insert(name.to_owned(), expected);
}

fn main() {
    hestia::builder().console(false).init().expect("it starts");
    let mut told = Map::new();
    let cart = Cart {
        id: 5,
        r#type: "order",
        items: vec![
            Item("tea".to_owned(), 1, 2.5),
            Item("cup".to_owned(), 2, 7.0),
        ],
        _password: "hunter2".to_owned(),
        user: Some(-3),
        prices: BTreeMap::from([("tea".to_owned(), 2.5)]),
        nothing: Nothing {},
    };
    compare("named", &cart, &mut told);
    compare("newtype", &Id(7), &mut told);
    compare("no items", &Nobody(), &mut told);
    compare("unit variant", &Event::<u8>::Idle, &mut told);
    compare("newtype variant", &Event::Paid(1.5), &mut told);
    compare("tuple variant", &Event::Moved("a", "b"), &mut told);
    compare(
        "tuple variant without fields",
        &Event::<u8>::Empty(),
        &mut told,
    );
    compare(
        "struct variant without fields",
        &Event::<u8>::Braces {},
        &mut told,
    );
    let nested = Event::Named {
        at: 1,
        r#in: Some(Box::new(Event::Paid(2))),
    };
    compare("struct variant", &nested, &mut told);
    let own = Own {
        address: std::net::Ipv4Addr::LOCALHOST,
        took: Duration::from_millis(5),
        body: vec![1, 2, 3],
        head: [255, 0],
        unit: Unit,
        access_token: "hunter2",
    };
    hlog!(info, value = own, "own ways");
    let expected = json!({
        "address": "127.0.0.1", "took": "5ms", "body": "AQID", "array": "/wA=", "unit": "Unit", "access_token": "***",
    });
    told.insert("own ways".to_owned(), expected);
    let error = "x".parse::<u8>().expect_err("no number");
    hlog!(info, value = Shown(error), "shown newtype");
    told.insert(
        "shown newtype".to_owned(),
        json!("invalid digit found in string"),
    );
    hestia::flush().expect("everything is written");
    tell(&Value::Object(told));
}
