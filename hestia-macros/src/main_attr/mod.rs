//! `#[hestia::main]`: turns hestia on, runs the function, and logs the error it returns.
//!
//! ```text
//! attribute = [ argument *( "," argument ) [ "," ] ]
//! argument  = key "=" value | key "(" arguments ")" | key "=" "(" arguments ")"
//! ```
//!
//! The keys, and what each of them takes, stand in [`crate::settings`].
//!
//! *Invariant:* the body is passed on as it was written; whatever is wrong, the function is there.

pub(crate) mod check;
mod expand;

use proc_macro2::TokenStream;
use quote::quote;

use crate::arguments;
use crate::error::Errors;
use crate::function;

/// The expansion of the attribute with these arguments on this item.
pub(crate) fn main(arguments: TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let arguments = arguments::parse(arguments, &mut errors);
    let function = function::function(item, "#[hestia::main]", "fn main()", &mut errors);
    let checked = check::check(arguments, function, &mut errors);
    match (checked, errors.into_compile_errors()) {
        (Some(main), None) => expand::expand(&main),
        (_, errors) => quote!(#errors #item),
    }
}
