//! Calls into tokens.

use std::time::Duration;

use hestia_grammar::{Directive, Directives};
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use super::read::variant;
use super::{Call, Value};

/// `.method(arguments)`.
pub(crate) fn expand(call: &Call, private: &TokenStream) -> TokenStream {
    let Call { method, arguments } = call;
    let arguments = arguments.iter().map(|argument| value(argument, private));
    quote!(.#method(#(#arguments),*))
}

fn value(said: &Value, private: &TokenStream) -> TokenStream {
    match said {
        Value::Expr(expr) => quote!(#expr),
        Value::Text(text) => quote!(#text),
        Value::Bool(on) => quote!(#on),
        Value::Number(number) => {
            // Its type is the parameter's.
            let number = Literal::u64_unsuffixed(*number);
            quote!(#number)
        }
        Value::Duration(span) => duration(*span, private),
        Value::Directives(said) => directives(said, private),
        Value::Variant(of, name) => path(&[of, name], private),
        Value::Made {
            by,
            arguments,
            calls,
        } => {
            let by = path(by, private);
            let arguments = arguments.iter().map(|argument| value(argument, private));
            let calls = calls.iter().map(|call| expand(call, private));
            quote!(#by(#(#arguments),*) #(#calls)*)
        }
    }
}

fn path(segments: &[&str], private: &TokenStream) -> TokenStream {
    let segments = segments.iter().map(|segment| format_ident!("{segment}"));
    quote!(#private::attribute #(::#segments)*)
}

fn duration(span: Duration, private: &TokenStream) -> TokenStream {
    let seconds = Literal::u64_unsuffixed(span.as_secs());
    let nanos = Literal::u32_unsuffixed(span.subsec_nanos());
    quote!(#private::core::time::Duration::new(#seconds, #nanos))
}

fn directives(said: &Directives, private: &TokenStream) -> TokenStream {
    let level = |level| path(&["LevelFilter", variant(level)], private);
    let option = quote!(#private::core::option::Option);
    let default = match said.default.map(level) {
        Some(default) => quote!(#option::Some(#default)),
        None => quote!(#option::None),
    };
    let targets = said.targets.iter().map(|directive| {
        let Directive {
            target, level: of, ..
        } = directive;
        let of = level(*of);
        quote!((#target, #of))
    });
    quote!(#private::attribute::levels(#default, &[#(#targets),*]))
}
