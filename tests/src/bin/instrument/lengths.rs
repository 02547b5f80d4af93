//! Values, results and errors that are longer than wanted.

use std::error::Error;
use std::fmt;

use hestia::instrument;

use super::runtime;
use super::values::Printable;

#[instrument(max_length = 20, ret)]
pub(super) fn long(text: &str, list: Vec<u32>, printed: &[Printable]) -> String {
    let _ = (list, printed);
    format!("{text} {text}")
}

fn letters() -> String {
    "x".repeat(500)
}

#[instrument(max_length = 20, ret(Debug))]
fn long_debug() -> String {
    letters()
}

#[instrument(max_length = 20, ret(Display))]
fn long_display() -> String {
    letters()
}

#[instrument(max_length = 20, ret(serde))]
fn long_serde() -> Vec<String> {
    vec![letters(); 500]
}

/// An error of a long text, with a source of another.
#[derive(Debug)]
struct Long(Option<Box<Long>>);

impl fmt::Display for Long {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = if self.0.is_some() { "o" } else { "i" };
        out.write_str(&letter.repeat(500))
    }
}

impl Error for Long {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.as_deref().map(|source| source as _)
    }
}

fn long_chain() -> Long {
    Long(Some(Box::new(Long(None))))
}

#[instrument(max_length = 20, err)]
fn long_error() -> Result<(), Long> {
    Err(long_chain())
}

#[instrument(max_length = 20, err)]
async fn long_error_in_a_box() -> Result<(), Box<dyn Error>> {
    Err(long_chain().into())
}

#[instrument(max_length = 20, err)]
fn long_text_for_an_error() -> Result<(), String> {
    Err(letters())
}

#[instrument(max_length = 20, err(Display))]
fn long_error_shown() -> Result<(), Long> {
    Err(long_chain())
}

#[instrument(max_length = 20, err(Debug))]
fn long_error_printed() -> Result<(), String> {
    Err(letters())
}

#[instrument(err)]
fn usual_length() -> Result<(), String> {
    Err("x".repeat(100_000))
}

pub(super) fn long_results() {
    assert_eq!(long_debug(), long_display());
    assert_eq!(long_serde().len(), 500);
    assert!(long_error().is_err() && long_text_for_an_error().is_err());
    assert!(long_error_shown().is_err() && long_error_printed().is_err());
    assert!(usual_length().is_err());
    assert!(runtime().block_on(long_error_in_a_box()).is_err());
}
