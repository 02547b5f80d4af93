//! `#[hestia::instrument]`: what a function does is in the log, and what is logged inside says that it was in it.
//!
//! ```text
//! attribute = [ argument { "," argument } [ "," ] ]
//! argument  = "level" "=" said | "target" "=" said | "name" "=" said | "max_length" "=" number
//!           | "parent" "=" expression | "follows_from" "=" expression
//!           | "skip" "(" parameter { "," parameter } ")" | "skip_all"
//!           | "fields" "(" field { "," field } ")"
//!           | "ret" [ "(" how ")" ] | "err" [ "(" how ")" ]
//!           | "started" "=" bool | "completed" "=" bool | "crate" "=" path
//! how       = { "Debug" | "Display" | "serde" | "level" "=" said }
//! said      = string | constant expression
//! ```
//!
//! A field is one of statements ([`crate::hlog`]).
//!
//! *Invariant:* the body is passed on as it was written; whatever is wrong, the function is there.

mod check;
mod expand;
mod parse;

use proc_macro2::TokenStream;
use quote::quote;

use crate::error::Errors;
use crate::function::function_or;

/// The expansion of the attribute with these arguments on this item.
pub(crate) fn instrument(arguments: TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let arguments = parse::arguments(arguments, &mut errors);
    let function = function_or(
        item,
        "#[hestia::instrument]",
        "a function with a body",
        &mut errors,
    );
    let checked = function.and_then(|function| check::check(arguments, function, &mut errors));
    match (checked, errors.into_compile_errors()) {
        (Some(instrumented), None) => expand::expand(&instrumented),
        (_, errors) => quote!(#errors #item),
    }
}
