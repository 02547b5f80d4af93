//! A whole crate without a prelude, where hestia has another name and its own belongs to something else.
#![no_implicit_prelude]
#![forbid(unsafe_code)]
#![deny(warnings)]

extern crate hestia as logging;

mod hestia {}

mod reexport {
    pub use ::logging::hlog as say;
    pub use ::logging::warn;
}

fn main() {
    let number = 5;
    logging::hlog!(info, number, a.b = "x", err = "e", "{number} {:>1$}", "text", 9);
    reexport::say!(error, number:?, list:serde = [1], "{}", number);
    let _ = logging::durable!(info, number, "{number}");
    crate::reexport::warn!(target: "db", number; "{number:x}");
}
