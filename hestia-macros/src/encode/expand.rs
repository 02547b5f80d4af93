//! The implementation: one arm per variant, one call per field.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Ident;
use syn::spanned::Spanned;

use super::bounds::with_bounds;
use super::check::{Container, Encoded, How, Shape, Variant};
use crate::paths;
use crate::redact::MASK;

pub(super) fn expand(container: &Container) -> TokenStream {
    let private = &paths::private(&paths::hestia(container.hestia.as_ref()));
    let name = &container.name;
    let generics = with_bounds(container, private);
    let (parameters, _, clause) = generics.split_for_impl();
    let (_, arguments, _) = container.generics.split_for_impl();
    let encoder = local("encoder");
    let body = body(container, &encoder, private);
    quote! {
        #[automatically_derived]
        impl #parameters #private::Encode for #name #arguments #clause {
            fn encode(&self, #encoder: #private::Encoder<'_>) -> #private::Encoded {
                #body
            }
        }
    }
}

/// A name of the expansion's own.
fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

fn body(container: &Container, encoder: &Ident, private: &TokenStream) -> TokenStream {
    if container.variants.is_empty() {
        return quote!(match *self {});
    }
    let arms = container.variants.iter().map(|variant| {
        if container.is_enum {
            let ident = &variant.ident;
            let tagged = tagged(variant, encoder, private);
            arm(variant, &quote!(Self::#ident), &tagged)
        } else {
            let untagged = shape(variant, encoder, private);
            arm(variant, &quote!(Self), &untagged)
        }
    });
    quote!(match self { #(#arms)* })
}

/// Braces name the fields of every kind of variant.
fn arm(variant: &Variant, path: &TokenStream, encodes: &TokenStream) -> TokenStream {
    let looked_at = |field: &&Encoded| field.how != How::Hidden;
    let fields = variant.fields.iter().filter(looked_at).map(|field| {
        let (member, binding) = (&field.member, binding(field));
        quote!(#member: #binding,)
    });
    quote!(#path { #(#fields)* .. } => #encodes,)
}

/// At the field's type, where a message about what it cannot do belongs.
fn binding(field: &Encoded) -> Ident {
    let span = field.of.span().resolved_at(Span::mixed_site());
    match &field.member {
        syn::Member::Named(name) => format_ident!("field_{}", name, span = span),
        syn::Member::Unnamed(index) => format_ident!("field_{}", index.index, span = span),
    }
}

/// A variant as serde's external tagging has it.
fn tagged(variant: &Variant, encoder: &Ident, private: &TokenStream) -> TokenStream {
    if variant.shape == Shape::Unit {
        return shape(variant, encoder, private);
    }
    let (key, map) = (&variant.key, local("map"));
    let value = shape(variant, encoder, private);
    quote!(#encoder.put_map(|#map| #map.entry_with(#key, |#encoder| #value)))
}

fn shape(variant: &Variant, encoder: &Ident, private: &TokenStream) -> TokenStream {
    let each = local("fields");
    let values = variant
        .fields
        .iter()
        .map(|field| value(field, encoder, private));
    let keys = variant.fields.iter().map(|field| &field.key);
    match variant.shape {
        Shape::Unit => {
            let key = &variant.key;
            quote!(#encoder.put_str(#key))
        }
        Shape::Newtype => quote!(#(#values)*),
        Shape::Tuple => quote! {
            #encoder.put_seq(|#each| { #(#each.push_with(|#encoder| #values);)* })
        },
        Shape::Named => quote! {
            #encoder.put_map(|#each| { #(#each.entry_with(#keys, |#encoder| #values);)* })
        },
    }
}

fn value(field: &Encoded, encoder: &Ident, private: &TokenStream) -> TokenStream {
    let (binding, span) = (binding(field), field.of.span());
    match field.how {
        How::Hidden => quote!(#encoder.put_str(#MASK)),
        How::Encode => quote_spanned!(span=> #private::Encode::encode(#binding, #encoder)),
        How::Display => quote_spanned!(span=> #private::Encoder::put_display(#encoder, #binding)),
        How::Debug => quote_spanned! {span=>
            #encoder.put_display(#private::core::format_args!("{:?}", #binding))
        },
        How::Serde => quote_spanned!(span=> #private::Encoder::put_serde(#encoder, #binding)),
        How::Bytes => quote_spanned! {span=>
            #encoder.put_bytes(#private::core::convert::AsRef::<[u8]>::as_ref(#binding))
        },
    }
}
