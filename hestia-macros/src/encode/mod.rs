//! `#[derive(Encode)]`: a type as a value of the log, in the shape that serde gives it in JSON.
//!
//! | Type | Value |
//! |---|---|
//! | struct with named fields | object |
//! | tuple struct | array; with one field, that field |
//! | unit struct | its name, as text |
//! | enum | the variant's name as text, or an object with it as the one key |
//!
//! *Invariant:* fields are only looked at, each at most once.

pub(crate) mod bounds;
mod check;
mod expand;
mod parse;

use proc_macro2::TokenStream;

use crate::error::Errors;
use crate::redact::Marks;

/// The expansion for this type.
pub(crate) fn encode(item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let checked = match syn::parse2(item) {
        Ok(input) => {
            let said = parse::read(&input, &mut errors);
            let marks = Marks::read(&input, &mut errors);
            check::check(input, said, &marks, &mut errors)
        }
        Err(error) => return error.into_compile_error(),
    };
    match (checked, errors.into_compile_errors()) {
        (Some(container), None) => expand::expand(&container),
        (_, errors) => errors.unwrap_or_default(),
    }
}
