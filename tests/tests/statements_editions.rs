//! The same statements in crates of every edition: they compile without a warning, and log the same.

mod seen;

use std::pin::pin;
use std::task::{Context, Waker};

use seen::{Seen, logged};

#[test]
fn every_edition_logs_the_same() {
    let records = |all: fn()| {
        let seen = logged(all);
        let facts = |seen: &Seen| {
            let facts = ["level", "message", "metadata"].map(|key| seen.json[key].clone());
            (facts, seen.json["line"].clone())
        };
        seen.iter().map(facts).collect::<Vec<_>>()
    };
    let newest = records(hestia_tests_2024::all);
    assert_eq!(newest.len(), 49, "{newest:#?}");
    assert_eq!(records(hestia_tests_2021::all), newest);
    assert_eq!(records(hestia_tests_2018::all), newest);
}

#[test]
fn every_edition_awaits_in_statements() {
    for future in [
        Box::pin(hestia_tests_2018::future()) as std::pin::Pin<Box<dyn Future<Output = u8>>>,
        Box::pin(hestia_tests_2021::future()),
        Box::pin(hestia_tests_2024::future()),
    ] {
        let seen = logged(|| {
            let ready = pin!(future).poll(&mut Context::from_waker(Waker::noop()));
            assert!(ready.is_ready());
        });
        assert_eq!(seen.len(), 3);
    }
}
