//! The macros of hestia. Use them through the `hestia` crate, which re-exports and documents them.
//!
//! Each entry point goes the same way: *parse* makes a small tree of the tokens and judges nothing,
//! *check* judges the tree and collects every mistake, *expand* makes tokens of the tree and decides
//! nothing. What macros and the running program both understand (levels, directives, sizes) is read by
//! `hestia-grammar`.
//!
//! *Invariant:* names of the user's crate are never relied upon: expansions go through the path of hestia's
//! crate and its `__private` door alone.

mod arguments;
mod encode;
mod error;
mod format;
mod hlog;
mod main_attr;
mod paths;
mod settings;

use hlog::Grammar;
use proc_macro::TokenStream;

/// Turns hestia on before `main` runs.
#[proc_macro_attribute]
pub fn main(arguments: TokenStream, item: TokenStream) -> TokenStream {
    main_attr::main(arguments.into(), &item.into()).into()
}

/// Makes a type loggable as the value it is.
#[proc_macro_derive(Encode, attributes(hestia))]
pub fn derive_encode(item: TokenStream) -> TokenStream {
    encode::encode(item.into()).into()
}

/// What `hestia::hlog!` expands to.
#[doc(hidden)]
#[proc_macro]
pub fn hlog(tokens: TokenStream) -> TokenStream {
    hlog::statement(tokens.into(), Grammar::Hlog).into()
}

/// What `hestia::info!` and its like expand to.
#[doc(hidden)]
#[proc_macro]
pub fn drop_in(tokens: TokenStream) -> TokenStream {
    hlog::statement(tokens.into(), Grammar::DropIn).into()
}
