//! The function within one of its own name, which begins the test's capture before and ends it after. The attributes of
//! the function, which may make a test of it or run its future, are those of the outer one.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::quote;
use syn::{Attribute, Signature};

use super::check::{Parameter, Returns, Test};
use crate::function::Function;
use crate::main_attr::check::for_outer;
use crate::paths;
use crate::settings::expand::expand as call;

pub(crate) fn expand(test: &Test) -> TokenStream {
    let private = paths::private(&paths::hestia(test.hestia.as_ref()));
    let Function {
        attributes,
        visibility,
        signature,
        body,
    } = &test.function;
    let mut outer = signature.clone();
    outer.inputs.clear();
    let inner_attributes = attributes.iter().filter(|attribute| is_of_body(attribute));
    let run = run(test, &private);
    let inside = quote! {
        #(#inner_attributes)*
        #signature #body

        #run
    };
    let mut outer_body = Group::new(Delimiter::Brace, inside);
    // What the compiler has to say about the whole function, it says at the user's.
    outer_body.set_span(body.span());
    let outer_attributes = attributes
        .iter()
        .map(|attribute| match is_of_body(attribute) {
            true => for_outer(attribute).unwrap_or_else(|| attribute.clone()),
            false => attribute.clone(),
        });
    let marker = (!test.is_test_already).then(|| quote!(#[#private::core::prelude::v1::test]));
    quote!(#(#outer_attributes)* #marker #visibility #outer #outer_body)
}

/// What is said about lints counts for both functions.
fn is_of_body(attribute: &Attribute) -> bool {
    ["allow", "warn", "deny", "forbid", "expect"]
        .iter()
        .any(|lint| attribute.path().is_ident(lint))
}

fn run(test: &Test, private: &TokenStream) -> TokenStream {
    let Signature {
        ident, asyncness, ..
    } = &test.function.signature;
    let [running, returned] =
        ["running", "returned"].map(|name| Ident::new(name, Span::mixed_site()));
    let settings = test.calls.iter().map(|said| call(said, private));
    let panics = test.panics.then(|| quote!(.panics()));
    let begin = quote! {
        let #running = #private::testing::Test::begin(
            #private::testing::settings() #(#settings)* #panics
        );
    };
    let capture = match test.parameter {
        Parameter::None => quote!(),
        Parameter::Reference => quote!(#running.capture()),
        Parameter::Value => {
            quote!(#private::core::clone::Clone::clone(#running.capture()))
        }
    };
    let wait = asyncness.map(|_| quote!(.await));
    let called = quote!(#ident(#capture) #wait);
    match test.returns {
        Returns::Never => quote!(#begin #called),
        Returns::Nothing => quote!(#begin #called; #running.end(false);),
        // The traits are in scope of the one call that needs them alone.
        Returns::Something => quote! {
            #begin
            let #returned = #called;
            #running.end({
                use #private::testing::*;
                (&&Returned(&#returned)).has_failed()
            });
            #returned
        },
    }
}
