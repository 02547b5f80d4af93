//! The function with its body as it was, between a span that begins and what is said of its end.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::visit_mut::{self, VisitMut};
use syn::{Ident, ReturnType, Type};

use super::check::{Instrumented, Kind, Taken};
use crate::function::Function;
use crate::hlog;
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
    let begin = begin(instrumented, &hestia, &private);
    let (span, future, result) = (own("span"), own("future"), own("result"));
    let outcome = outcome(instrumented, &private);
    let returned = returned(&signature.output);
    let rest = match instrumented.kind {
        Kind::Plain if outcome.is_empty() => quote! {
            let #span = #span.enter();
            #body
        },
        Kind::Plain => quote! {
            let mut #span = #span.enter();
            let #result = #private::call(move || { #returned #body });
            {
                let #span = &mut *#span;
                let #result = &#result;
                #outcome
            }
            #result
        },
        Kind::Async => quote! {
            #span.follow(async move { #returned #body }, |#span, #result| { #outcome }).await
        },
        Kind::Future => quote! {
            let #future = #span.run(move || #body);
            #span.follow(#future, |#span, #result| { #outcome })
        },
        Kind::BoxedFuture => quote! {
            let #future = #span.run(move || #body);
            #private::boxed(#span.follow(#future, |#span, #result| { #outcome }))
        },
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
    let level = Ident::new(instrumented.level, Span::mixed_site());
    let level_of = |taken: &Option<Taken>| {
        let level = taken
            .as_ref()
            .map_or(instrumented.level, |taken| taken.level);
        Ident::new(level, Span::mixed_site())
    };
    let (ret_level, err_level) = (
        level_of(&instrumented.ret),
        match &instrumented.err {
            Some(_) => level_of(&instrumented.err),
            None => Ident::new("Error", Span::mixed_site()),
        },
    );
    let name = &instrumented.name;
    let messages = ["started", "completed", "failed", "panicked", "cancelled"]
        .map(|what| format!("{name} {what}"));
    let keys: &[&str] = match instrumented.ret {
        Some(_) => &["elapsed_ms", "return"],
        None => &["elapsed_ms"],
    };
    let module = quote!(#private::core::module_path!());
    let target = match &instrumented.target {
        Some(target) => quote!(#target),
        None => module.clone(),
    };
    let (started, completed) = (instrumented.says_started, instrumented.says_completed);
    quote! {
        static __HESTIA_SPAN: #private::SpanSite = #private::SpanSite::new(
            #name,
            [#(#messages),*],
            [#private::Level::#level, #private::Level::#ret_level, #private::Level::#err_level],
            [#started, #completed],
            &[#(#keys),*],
            #target,
            #module,
            #private::core::file!(),
            #private::core::line!(),
        );
    }
}

/// The span, with what everything inside carries, when it is on.
fn begin(instrumented: &Instrumented, hestia: &TokenStream, private: &TokenStream) -> TokenStream {
    let span = own("span");
    let level = Ident::new(instrumented.level, Span::mixed_site());
    let begun = hlog::with_fields(hestia, &instrumented.fields, |keys, values| {
        let at = Span::mixed_site();
        quote_spanned!(at=> __HESTIA_SPAN.begin(&[#(#keys),*], #values))
    });
    quote! {
        #[allow(unused_mut)]
        let mut #span = if __HESTIA_SPAN.is_on(#private::Level::#level) {
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
    hlog::part(taken.capture, value, &quote!(*#value), private, at)
}

/// Never executed: tells the compiler what the body's type is, which the signature of a closure or an async block does
/// not say.
fn returned(output: &ReturnType) -> TokenStream {
    let ReturnType::Type(_, output) = output else {
        return TokenStream::new();
    };
    let mut output = output.clone();
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
