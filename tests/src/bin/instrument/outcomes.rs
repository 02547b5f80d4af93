//! What functions return: values and errors, said in each way.

use std::convert::Infallible;
use std::error::Error;

use hestia::instrument;
use log::info;

use super::values::Printable;
use super::{Failure, fail};

#[instrument(ret, err)]
fn either(works: bool) -> Result<u8, Failure> {
    if !works {
        Err(fail())?;
    }
    Ok(5)
}

#[instrument(err(Display, level = "warn"))]
fn shown_error() -> Result<(), Box<dyn Error>> {
    Err("shown".into())
}

#[instrument(err(Debug))]
fn printed_error() -> Result<Infallible, Failure> {
    return Err(fail());
}

#[instrument(ret(Debug, level = "warn"))]
fn printed(x: u8) -> Printable {
    Printable { x }
}

#[instrument(ret(serde))]
fn serialized() -> std::collections::BTreeMap<&'static str, u8> {
    [("one", 1)].into()
}

#[instrument(ret)]
fn borrowed<'t>(text: &'t str, other: &str) -> &'t str {
    let _ = other;
    &text[1..]
}

#[instrument(ret)]
fn elided(text: &str) -> Option<&str> {
    text.split(' ').nth(1)
}

#[instrument(ret)]
fn iterates(count: u8) -> impl Iterator<Item = u8> {
    (0..count).map(|number| number * 2)
}

#[instrument(level = "debug", err)]
fn off(works: bool) -> Result<(), Failure> {
    info!("inside");
    if works { Ok(()) } else { Err(fail()) }
}

pub(super) fn outcomes() {
    assert!(either(true).is_ok() && either(false).is_err());
    assert!(shown_error().is_err() && printed_error().is_err());
    assert_eq!(printed(3).x, 3);
    assert_eq!(serialized().len(), 1);
    assert_eq!(borrowed("text", ""), "ext");
    assert_eq!(elided("a b c"), Some("b"));
    assert_eq!(iterates(3).sum::<u8>(), 6);
    assert!(off(true).is_ok() && off(false).is_err());
}
