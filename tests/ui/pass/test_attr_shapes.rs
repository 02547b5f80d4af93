//! What is no test build has no tests; what stands around them is compiled all the same.
#![deny(warnings)]

extern crate hestia as renamed;

#[renamed::test(crate = renamed)]
fn elsewhere() {}

macro_rules! test {
    ($name:ident, $returned:ty, $value:expr) => {
        #[hestia::test(level = "info", deny_errors = false, print = "failure")]
        fn $name() -> $returned {
            $value
        }
    };
}

test!(by_a_macro, Result<(), String>, Ok(()));

fn main() {}
