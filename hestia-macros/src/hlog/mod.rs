//! The statements: `hlog!`, `durable!`, and `error!` to `trace!` in the place of the `log` crate's macros; `scope!` and
//! `record!`.
//!
//! ```text
//! hlog      = level { "," option } { "," field } [ "," message { "," argument } ] [ "," ]
//! drop-in   = { option "," } [ field { "," field } ";" ] message { "," format-argument } [ "," ]
//!           | { option "," } field { "," field }
//! durable   = hlog, with one more option
//! scope     = field { "," field } [ "," ]
//! record    = scope
//! option    = ( "target" | "logger" | "first" | "sample" | "by" | "within" ) ":" expression
//!           | "every" ":" ( span | expression )
//! span      = a number with a unit: 5s, 500ms, 1.5h
//! field     = key [ ":" modifier ] [ "=" value ] | ( "%" | "?" ) identifier
//! key       = word { "." word } | string
//! value     = expression | "%" expression | "?" expression
//! modifier  = "%" | "display" | "?" | "debug" | "serde" | "bytes" | "err" | "error"
//! message   = string | macro call that makes a string, such as concat!(…)
//! argument  = expression | name "=" value | field with a value
//! ```
//!
//! After the message `name = value` is a format argument where the string names it, and a key-value where it does
//! not (`hlog!` only). A key without a value is the variable of that name. `key = value` with the key `err` takes the
//! value as an error. Before a modifier, the words `every`, `first`, `sample` and `by` are keys: `first:serde = x`.

mod check;
mod expand;
mod limit;
mod parse;
mod scope;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use syn::parse::Parser;

pub(crate) use expand::{part, with_fields};
pub(crate) use parse::{Capture, Field, Grammar, span_of};
pub(crate) use scope::{check_keys, fields, record, scope};

/// A statement into the code that logs it.
pub(crate) fn statement(tokens: TokenStream, grammar: Grammar) -> TokenStream {
    let parsed = Parser::parse2(
        |input: syn::parse::ParseStream<'_>| parse::statement(input, grammar),
        tokens,
    );
    match parsed {
        Ok(statement) => {
            let errors = check::check(&statement);
            expand::expand(&statement, &errors)
        }
        Err(error) => error.into_compile_error(),
    }
}
