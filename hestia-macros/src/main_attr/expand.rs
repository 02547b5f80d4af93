//! The function within a function of its own name and type, which turns hestia on before and looks at the outcome
//! after: body, signature and the other attributes stay as they were written, whatever those attributes do.

use proc_macro2::{Delimiter, Group, TokenStream};
use quote::quote;
use syn::{Ident, Signature};

use super::check::Main;
use crate::function::Function;
use crate::paths;
use crate::settings::expand::expand as call;

pub(crate) fn expand(main: &Main) -> TokenStream {
    let private = paths::private(&paths::hestia(main.hestia.as_ref()));
    let Function {
        attributes,
        visibility,
        signature,
        body,
    } = &main.function;
    let outer = outer_signature(signature, main.has_runtime);
    let start = start(main, &private);
    let end = end(main, &outer, &private);
    let inside = quote! {
        #(#attributes)*
        #signature #body

        #start
        #end
    };
    let mut outer_body = Group::new(Delimiter::Brace, inside);
    // What the compiler has to say about the whole function, it says at the user's.
    outer_body.set_span(body.span());
    let outer_attributes = &main.outer_attributes;
    quote!(#(#outer_attributes)* #visibility #outer #outer_body)
}

/// Not `async` when an attribute of the function runs its future.
fn outer_signature(signature: &Signature, has_runtime: bool) -> Signature {
    let mut outer = signature.clone();
    if has_runtime {
        outer.asyncness = None;
    }
    outer
}

fn start(main: &Main, private: &TokenStream) -> TokenStream {
    let calls = main.calls.iter().map(|said| call(said, private));
    quote! {
        #private::attribute::start(
            #private::attribute::builder(
                #private::core::option_env!("CARGO_PKG_NAME"),
                #private::core::option_env!("CARGO_PKG_VERSION"),
            )
            #(#calls)*
        );
    }
}

/// The traits are in scope of the one call that needs them alone.
fn end(main: &Main, outer: &Signature, private: &TokenStream) -> TokenStream {
    let name = &outer.ident;
    let wait = outer.asyncness.map(|_| quote!(.await));
    if !main.returns_value {
        return quote!(#name() #wait);
    }
    let outcome = Ident::new("outcome", proc_macro2::Span::mixed_site());
    quote! {
        let #outcome = #name() #wait;
        {
            use #private::attribute::outcome::*;
            (&&&&&Outcome(&#outcome)).log_error_of_main(Place {
                module: #private::core::module_path!(),
                file: #private::core::file!(),
                line: #private::core::line!(),
            });
        }
        #outcome
    }
}
