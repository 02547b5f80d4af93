//! The implementation of `Debug`: as the compiler derives it, with the mask in some places.

use std::collections::BTreeSet;

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Fields, Generics, Ident, Member, Type, WherePredicate, parse_quote};

use super::{MASK, Marks};
use crate::encode::bounds::{parameters, parameters_in};

pub(super) fn expand(input: &DeriveInput, marks: &Marks) -> TokenStream {
    let name = &input.ident;
    let mut shown = Vec::new();
    let out = Ident::new("out", Span::mixed_site());
    let body = match &input.data {
        Data::Struct(data) => {
            let arm = Arm {
                path: quote!(Self),
                name,
                variant: 0,
                fields: &data.fields,
            };
            let arm = arm.expand(marks, &out, &mut shown);
            quote!(match self { #arm })
        }
        Data::Enum(data) if data.variants.is_empty() => quote!(match *self {}),
        Data::Enum(data) => {
            let arms = data.variants.iter().enumerate().map(|(variant, data)| {
                let ident = &data.ident;
                let arm = Arm {
                    path: quote!(Self::#ident),
                    name: ident,
                    variant,
                    fields: &data.fields,
                };
                arm.expand(marks, &out, &mut shown)
            });
            let arms: Vec<_> = arms.collect();
            quote!(match self { #(#arms)* })
        }
        Data::Union(_) => return TokenStream::new(),
    };
    let generics = with_bounds(&input.generics, &shown);
    let (parameters, _, clause) = generics.split_for_impl();
    let (_, arguments, _) = input.generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #parameters ::core::fmt::Debug for #name #arguments #clause {
            fn fmt(&self, #out: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                #body
            }
        }
    }
}

/// A variant, or a struct.
struct Arm<'a> {
    path: TokenStream,
    name: &'a Ident,
    variant: usize,
    fields: &'a Fields,
}

impl<'a> Arm<'a> {
    /// Braces name the fields of every kind. `shown` gets the types of the fields that are.
    fn expand(&self, marks: &Marks, out: &Ident, shown: &mut Vec<&'a Type>) -> TokenStream {
        let mut bindings = TokenStream::new();
        let mut calls = TokenStream::new();
        for (index, field) in self.fields.iter().enumerate() {
            let member = match &field.ident {
                Some(ident) => Member::Named(ident.clone()),
                None => Member::from(index),
            };
            let span = field.ty.span().resolved_at(Span::mixed_site());
            let value = if marks.hide(self.variant, index) {
                quote!(&::core::format_args!(#MASK))
            } else {
                shown.push(&field.ty);
                let binding = format_ident!("field_{}", index, span = span);
                bindings.extend(quote!(#member: #binding,));
                quote!(#binding)
            };
            calls.extend(match &field.ident {
                Some(ident) => {
                    let name = ident.unraw().to_string();
                    quote_spanned!(span=> .field(#name, #value))
                }
                None => quote_spanned!(span=> .field(#value)),
            });
        }
        let (path, name) = (&self.path, self.name.unraw().to_string());
        let begun = match self.fields {
            Fields::Named(_) => quote!(debug_struct(#name)),
            Fields::Unnamed(_) => quote!(debug_tuple(#name)),
            Fields::Unit => {
                return quote!(#path { .. } => #out.write_str(#name),);
            }
        };
        quote!(#path { #bindings .. } => #out.#begun #calls.finish(),)
    }
}

/// The parameters that shown fields have in their types can be shown themselves.
fn with_bounds(generics: &Generics, shown: &[&Type]) -> Generics {
    let mut generics = generics.clone();
    let parameters = parameters(&generics);
    let mut seen = BTreeSet::new();
    let mut predicates: Vec<WherePredicate> = Vec::new();
    for found in shown.iter().flat_map(|of| parameters_in(of, &parameters)) {
        if seen.insert(found.to_string()) {
            predicates.push(parse_quote!(#found: ::core::fmt::Debug));
        }
    }
    if !predicates.is_empty() {
        generics.make_where_clause().predicates.extend(predicates);
    }
    generics
}
