//! `#[derive(Redact)]`: a `Debug` that shows `***` in the place of the fields that are marked `#[redact]`.
//!
//! | `#[redact]` on | hides |
//! |---|---|
//! | a field | it |
//! | a variant, a type | all of its fields, but for those with `#[redact(skip)]` |
//!
//! `#[derive(Encode)]` goes by the same marks ([`Marks`]).
//!
//! *Invariant:* nothing of a hidden field is asked for, not even that its type has a `Debug`.

mod expand;
mod marks;

use proc_macro2::TokenStream;
use syn::{Data, DeriveInput};

use crate::error::Errors;

pub(crate) use marks::Marks;

/// What stands in the place of what is hidden.
pub(crate) const MASK: &str = "***";

/// The expansion for this type.
pub(crate) fn redact(item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let input: DeriveInput = match syn::parse2(item) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    if let Data::Union(data) = &input.data {
        errors.at(
            data.union_token,
            "`Redact` cannot be derived for a union, since nothing says which of its fields is valid; implement `Debug` by hand",
        );
        return errors.into_compile_errors().unwrap_or_default();
    }
    let marks = Marks::read(&input, &mut errors);
    if !marks.hide_something() {
        errors.at(
            &input.ident,
            "nothing is marked `#[redact]`, so nothing would be hidden; mark a field, a variant or the type, or derive `Debug`",
        );
    }
    match errors.into_compile_errors() {
        None => expand::expand(&input, &marks),
        Some(errors) => errors,
    }
}
