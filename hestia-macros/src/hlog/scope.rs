//! `scope!` and `record!`: key-values in the grammar of statements, and nothing else.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Error, Ident, LitStr, Result, Token};

use super::check;
use super::expand;
use super::parse::{Field, Key, at_message, field, hestia_path, separator};
use crate::error::Errors;

/// Key-values into the code that enters a scope with them.
pub(crate) fn scope(tokens: TokenStream) -> TokenStream {
    const NOTHING: &str = "a scope has a key-value, such as `scope!(request_id = 17)`";
    expanded(tokens, NOTHING, expand::scope)
}

/// Key-values into the code that adds them to what is under way.
pub(crate) fn record(tokens: TokenStream) -> TokenStream {
    const NOTHING: &str = "what is recorded is a key-value, such as `record!(rows = 17)`";
    expanded(tokens, NOTHING, expand::record)
}

fn expanded(
    tokens: TokenStream,
    nothing: &str,
    expand: fn(&TokenStream, &[Field], &[Error]) -> TokenStream,
) -> TokenStream {
    let parse = |input: ParseStream<'_>| {
        let hestia = hestia_path(input)?;
        if input.is_empty() {
            return Err(input.error(nothing));
        }
        Ok((hestia, fields(input)?))
    };
    match parse.parse2(tokens) {
        Ok((hestia, fields)) => expand(&hestia, &fields, &mistakes(&fields)),
        Err(error) => error.into_compile_error(),
    }
}

/// Key-values to the end, with commas between them.
pub(crate) fn fields(input: ParseStream<'_>) -> Result<Vec<Field>> {
    let mut fields = Vec::new();
    while !input.is_empty() {
        if at_message(input) {
            return Err(input.error("here are key-values only, and no message"));
        }
        if !input.peek(Ident::peek_any) && !input.peek(LitStr) && !at_sigil(input) {
            return Err(
                input.error("expected a key-value such as `request_id = 17`, or a variable")
            );
        }
        fields.push(field(input)?);
        separator(input)?;
    }
    Ok(fields)
}

fn at_sigil(input: ParseStream<'_>) -> bool {
    input.peek(Token![%]) || input.peek(Token![?])
}

fn mistakes(fields: &[Field]) -> Vec<Error> {
    let keys: Vec<Key> = fields.iter().map(|field| field.key.clone()).collect();
    let mistake = |(at, key)| check::check_key(key, &keys[..at]);
    keys.iter().enumerate().filter_map(mistake).collect()
}

/// Collects what is wrong with the keys of fields.
pub(crate) fn check_keys(fields: &[Field], errors: &mut Errors) {
    mistakes(fields)
        .into_iter()
        .for_each(|error| errors.push(error));
}
