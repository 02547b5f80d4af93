//! The function with its body as it was, between a span that begins and what is said of its end.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::visit_mut::{self, VisitMut};
use syn::{Ident, ReturnType, Type, parse_quote};

use super::check::{Instrumented, Kind, Level, Name, Taken};
use super::parse::Said;
use crate::function::Function;
use crate::hlog::{self, Capture};
use crate::paths;

/// A name of the expansion's own.
fn own(name: &str) -> Ident {
    format_ident!("__hestia_{}", name, span = Span::mixed_site())
}

pub(super) fn expand(instrumented: &Instrumented) -> TokenStream {
    let hestia = paths::hestia(instrumented.hestia.as_ref());
    let private = paths::private(&hestia);
    let Function {
        attributes,
        visibility,
        signature,
        body,
    } = &instrumented.function;
    let site = site(instrumented, &private);
    let begin = begin(instrumented, &hestia);
    let (span, result) = (own("span"), own("result"));
    let outcome = outcome(instrumented, &private);
    let returned = returned(&signature.output, &private);
    let rest = match instrumented.kind {
        Kind::Plain if outcome.is_empty() => quote! {
            let #span = #span.enter();
            #body
        },
        Kind::Plain => quote! {
            let mut #span = #span.enter_for_result();
            let #result = #private::call(move || { #returned #body });
            {
                let #span = #span.came_back();
                let #result = &#result;
                #outcome
            }
            #result
        },
        Kind::Async => quote! {
            #span.follow(async move { #returned #body }, |#span, #result| { #outcome }).await
        },
        Kind::Future => quote! {
            #span.follow_made(move || #body, |#span, #result| { #outcome })
        },
        Kind::BoxedFuture => quote! {
            #private::boxed(#span.follow_made(move || { #returned #body }, |#span, #result| { #outcome }))
        },
    };
    let rest = match never(&signature.output) {
        true if !outcome.is_empty() || instrumented.kind == Kind::Async => {
            quote!(match { #rest } {})
        }
        _ => rest,
    };
    // What the compiler has to say about the whole function, it says at the user's.
    let at = body.span();
    let body = quote_spanned! {at=> {
        #site
        #begin
        #rest
    }};
    quote! {
        #(#attributes)*
        #[allow(clippy::let_unit_value)]
        #visibility #signature #body
    }
}

fn site(instrumented: &Instrumented, private: &TokenStream) -> TokenStream {
    let level = level(&instrumented.level, private);
    let ret_level = match &instrumented.ret {
        Some(ret) => self::level(&ret.level, private),
        None => self::level(&Level::Span, private),
    };
    let err_level = match &instrumented.err {
        Some(err) => self::level(&err.level, private),
        None => self::level(&Level::Word("Error"), private),
    };
    let (declared, name, messages) = messages(&instrumented.name, private);
    let keys: &[&str] = match instrumented.ret {
        Some(_) => &["elapsed_ms", "return"],
        None => &["elapsed_ms"],
    };
    let module = quote!(#private::core::module_path!());
    let target = match &instrumented.target {
        Some(Said::Literal(target)) => quote!(#target),
        Some(Said::Constant(target)) => quote!(#target),
        None => module.clone(),
    };
    let (started, completed) = (instrumented.says_started, instrumented.says_completed);
    quote! {
        #declared
        const __HESTIA_LEVEL: #private::Level = #level;
        static __HESTIA_SPAN: #private::SpanSite = #private::SpanSite::new(
            #name,
            [#(#messages),*],
            [__HESTIA_LEVEL, #ret_level, #err_level],
            [#started, #completed],
            &[#(#keys),*],
            #target,
            #module,
            #private::core::file!(),
            #private::core::line!(),
        );
    }
}

/// A constant of `Level`.
fn level(level: &Level, private: &TokenStream) -> TokenStream {
    match level {
        Level::Span => quote!(__HESTIA_LEVEL),
        Level::Word(word) => {
            let word = Ident::new(word, Span::mixed_site());
            quote!(#private::Level::#word)
        }
        Level::Constant(level) => quote!(#level),
    }
}

/// What declares the name where that is a constant of the program's, the name, and the messages of the five records.
fn messages(name: &Name, private: &TokenStream) -> (TokenStream, TokenStream, [TokenStream; 5]) {
    let all = [
        " started",
        " completed",
        " failed",
        " panicked",
        " cancelled",
    ];
    match name {
        Name::Text(name) => {
            let messages = all.map(|what| format!("{name}{what}"));
            let messages = messages.map(|message| quote!(#message));
            (TokenStream::new(), quote!(#name), messages)
        }
        Name::Constant(constant) => {
            let declared = quote! {
                const __HESTIA_NAME: &#private::core::primitive::str = #constant;
            };
            let messages = all.map(|what| {
                let length = what.len();
                quote!({
                    const JOINED: &[#private::core::primitive::u8] =
                        &#private::joined::<{ __HESTIA_NAME.len() + #length }>(__HESTIA_NAME, #what);
                    #private::text(JOINED)
                })
            });
            (declared, quote!(__HESTIA_NAME), messages)
        }
    }
}

/// The span, with what everything inside carries, when it is on.
fn begin(instrumented: &Instrumented, hestia: &TokenStream) -> TokenStream {
    let span = own("span");
    let begun = hlog::with_fields(hestia, &instrumented.fields, |keys, values| {
        let at = Span::mixed_site();
        match &instrumented.parent {
            Some(parent) => {
                quote_spanned!(at=> __HESTIA_SPAN.begin_in(#parent, &[#(#keys),*], #values))
            }
            None => quote_spanned!(at=> __HESTIA_SPAN.begin(&[#(#keys),*], #values)),
        }
    });
    quote! {
        #[allow(unused_mut)]
        let mut #span = if __HESTIA_SPAN.is_on(__HESTIA_LEVEL) {
            #begun
        } else {
            __HESTIA_SPAN.off()
        };
    }
}

/// What is said of the result, which is there by reference.
fn outcome(instrumented: &Instrumented, private: &TokenStream) -> TokenStream {
    let (span, result, value) = (own("span"), own("result"), own("value"));
    let choice = quote! {
        #[allow(unused_imports)]
        use #private::choice::*;
    };
    let returned = |taken: &Taken| {
        let part = part(taken, &value, private);
        quote!(#choice #span.returned(#part);)
    };
    match (&instrumented.ret, &instrumented.err) {
        (None, None) => TokenStream::new(),
        (Some(ret), None) => {
            let returned = returned(ret);
            quote!(let #value = #result; #returned)
        }
        (ret, Some(err)) => {
            let returned = ret.as_ref().map(returned);
            let part = part(err, &value, private);
            // At the user's word, so that a function that returns something else is told there.
            let at = err.span;
            let ok = quote_spanned!(at=> #private::core::result::Result::Ok(#value));
            let failed = quote_spanned!(at=> #private::core::result::Result::Err(#value));
            quote! {
                match #result {
                    #ok => { let _ = #value; #returned }
                    #failed => { #choice #span.failed(#part); }
                }
            }
        }
    }
}

/// A result or an error, as its record takes it.
fn part(taken: &Taken, value: &Ident, private: &TokenStream) -> TokenStream {
    let at = Span::mixed_site().located_at(taken.span);
    let part = hlog::part(taken.capture, value, &quote!(*#value), private, at);
    if let Capture::Any(_) = taken.capture {
        return part;
    }
    let length = taken.length;
    // The path's tokens, too: the compiler points at all of an expression.
    let private = private.clone().into_iter().map(|mut token| {
        token.set_span(token.span().located_at(at));
        token
    });
    let private: TokenStream = private.collect();
    quote_spanned!(at=> #private::Short(#part, #length))
}

/// Never executed: tells the compiler what the body's type is, which the signature of a closure or an async block does
/// not say.
fn returned(output: &ReturnType, private: &TokenStream) -> TokenStream {
    let ReturnType::Type(_, output) = output else {
        return TokenStream::new();
    };
    let mut output = output.clone();
    if let Type::Never(_) = *output {
        // What has no value either, and may be the type of one.
        *output = parse_quote!(#private::core::convert::Infallible);
    }
    Opaque.visit_type_mut(&mut output);
    let fake = own("fake");
    let at = Span::mixed_site();
    quote_spanned! {at=>
        #[allow(
            unknown_lints, unreachable_code, clippy::diverging_sub_expression, clippy::empty_loop,
            clippy::let_unit_value, clippy::let_with_type_underscore, clippy::needless_return,
            clippy::unreachable
        )]
        if false {
            let #fake: #output = loop {};
            return #fake;
        }
    }
}

/// Whether nothing is ever returned.
fn never(output: &ReturnType) -> bool {
    matches!(output, ReturnType::Type(_, output) if matches!(**output, Type::Never(_)))
}

/// `impl Trait` is written in signatures only.
struct Opaque;

impl VisitMut for Opaque {
    fn visit_type_mut(&mut self, node: &mut Type) {
        if let Type::ImplTrait(_) = node {
            *node = Type::Infer(syn::TypeInfer {
                underscore_token: Default::default(),
            });
        } else {
            visit_mut::visit_type_mut(self, node);
        }
    }
}
