//! `#[hestia::test]`: a test whose records are captured, and shown when it fails.
//!
//! The arguments have the grammar of `#[hestia::main]`'s; the keys, and what each of them takes, stand in
//! [`crate::settings`].
//!
//! *Invariant:* the body is passed on as it was written; whatever is wrong, the function is there.

mod check;
mod expand;

use proc_macro2::TokenStream;
use quote::quote;

use crate::arguments;
use crate::error::Errors;
use crate::function;

/// The expansion of the attribute with these arguments on this item.
pub(crate) fn test(arguments: TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let arguments = arguments::parse(arguments, &mut errors);
    let function = function::function(item, "#[hestia::test]", "fn name()", &mut errors);
    let checked = check::check(arguments, function, &mut errors);
    match (checked, errors.into_compile_errors()) {
        (Some(test), None) => expand::expand(&test),
        (_, errors) => quote!(#errors #item),
    }
}
