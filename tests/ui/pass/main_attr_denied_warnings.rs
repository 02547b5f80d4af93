// Expansions bring no warning with them.
#![deny(warnings, missing_docs, unused_qualifications, unused_results, single_use_lifetimes, elided_lifetimes_in_paths, let_underscore_drop, trivial_casts)]
#![forbid(unsafe_code)]
//! A crate with a comment.

/// The whole program.
#[hestia::main(console = false, text = false, json = false, env = false)]
fn main() -> Result<(), std::num::ParseIntError> {
    let _ = Cart { items: 3, note: None };
    if false {
        private::main().expect("never called");
    }
    Ok(())
}

/// What is bought.
#[derive(hestia::Encode)]
struct Cart<'a> {
    items: u32,
    note: Option<&'a str>,
}

mod private {
    /// Known here alone.
    #[derive(Debug)]
    pub(super) struct Hidden;

    /// What is allowed here is allowed in the expansion.
    #[hestia::main]
    #[allow(private_interfaces, reason = "nobody else calls it")]
    #[expect(unused_variables, reason = "for the sake of the expectation")]
    pub fn main() -> Result<(), Hidden> {
        let unused = 5;
        Err(Hidden)
    }
}
