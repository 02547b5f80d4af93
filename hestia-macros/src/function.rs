//! The function that an attribute stands on, with its body left alone.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Error, Signature, Visibility};

use crate::error::Errors;

/// A function whose body is not looked into.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    pub(crate) body: Group,
}

/// Reads the item that the attribute stands on, which is to be such a function.
pub(crate) fn function(
    item: &TokenStream,
    attribute: &str,
    example: &str,
    errors: &mut Errors,
) -> Option<Function> {
    let told = format!("a function: `{example} {{ … }}`");
    function_or(item, attribute, &told, errors)
}

/// The same, told in these words where it is none.
pub(crate) fn function_or(
    item: &TokenStream,
    attribute: &str,
    expected: &str,
    errors: &mut Errors,
) -> Option<Function> {
    match read.parse2(item.clone()) {
        Ok(function) => Some(function),
        Err(error) => {
            let message = format!("`{attribute}` belongs on {expected} ({error})");
            errors.at_span(error.span(), message);
            None
        }
    }
}

fn read(input: ParseStream<'_>) -> syn::Result<Function> {
    Ok(Function {
        attributes: input.call(Attribute::parse_outer)?,
        visibility: input.parse()?,
        signature: input.parse()?,
        body: body(input)?,
    })
}

fn body(input: ParseStream<'_>) -> syn::Result<Group> {
    match input.parse()? {
        TokenTree::Group(body) if body.delimiter() == Delimiter::Brace => Ok(body),
        other => Err(Error::new(other.span(), "expected the function's body")),
    }
}
