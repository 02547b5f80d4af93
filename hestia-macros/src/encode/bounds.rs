//! What the parameters of a generic type have to be able to do: of each parameter, what the fields that have it in
//! their type ask for. Bounds on the fields' types themselves would show private types in public places, and never
//! end for types that contain themselves.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::visit::{self, Visit};
use syn::{
    GenericParam, Generics, Path, PathArguments, Type, TypePath, WherePredicate, parse_quote,
};

use super::check::{Container, How};

/// The generics with the bounds added.
pub(super) fn with_bounds(container: &Container, private: &TokenStream) -> Generics {
    let mut generics = container.generics.clone();
    let parameters = parameters(&generics);
    if parameters.is_empty() {
        return generics;
    }
    let fields = container
        .variants
        .iter()
        .flat_map(|variant| &variant.fields);
    let mut predicates: Vec<WherePredicate> = Vec::new();
    let mut seen = BTreeSet::new();
    for field in fields {
        let Some(needed) = trait_of(field.how, private) else {
            continue;
        };
        for found in parameters_in(&field.of, &parameters) {
            if seen.insert(format!("{found}: {needed}")) {
                predicates.push(parse_quote!(#found: #needed));
            }
        }
    }
    if !predicates.is_empty() {
        generics.make_where_clause().predicates.extend(predicates);
    }
    generics
}

/// The parameters that a type has in it, and associated types of them.
pub(crate) fn parameters_in(of: &Type, parameters: &BTreeSet<String>) -> Vec<TokenStream> {
    let mut search = Search {
        parameters,
        found: Vec::new(),
    };
    search.visit_type(of);
    search.found
}

pub(crate) fn parameters(generics: &Generics) -> BTreeSet<String> {
    let types = generics
        .params
        .iter()
        .filter_map(|parameter| match parameter {
            GenericParam::Type(parameter) => Some(parameter.ident.to_string()),
            _ => None,
        });
    types.collect()
}

fn trait_of(how: How, private: &TokenStream) -> Option<TokenStream> {
    Some(match how {
        How::Hidden => return None,
        How::Encode => quote!(#private::Encode),
        How::Display => quote!(#private::core::fmt::Display),
        How::Debug => quote!(#private::core::fmt::Debug),
        How::Serde => quote!(#private::Serialize),
        How::Bytes => quote!(#private::core::convert::AsRef<[u8]>),
    })
}

/// Finds parameters, and associated types of them, in a type.
struct Search<'p> {
    parameters: &'p BTreeSet<String>,
    /// `T`, or `T::Item`.
    found: Vec<TokenStream>,
}

impl<'ast> Visit<'ast> for Search<'_> {
    fn visit_type_path(&mut self, of: &'ast TypePath) {
        let projects = of.path.segments.len() > 1 && self.starts_with_parameter(&of.path);
        if of.qself.is_none() && projects {
            self.found.push(of.to_token_stream());
            return;
        }
        visit::visit_type_path(self, of);
    }

    fn visit_path(&mut self, path: &'ast Path) {
        if path.segments.len() == 1 && self.starts_with_parameter(path) {
            self.found.push(path.to_token_stream());
        }
        let last = path.segments.last();
        // It holds nothing of the type it names.
        if last.is_some_and(|last| last.ident == "PhantomData" && !is_bare(&last.arguments)) {
            return;
        }
        visit::visit_path(self, path);
    }
}

fn is_bare(arguments: &PathArguments) -> bool {
    matches!(arguments, PathArguments::None)
}

impl Search<'_> {
    fn starts_with_parameter(&self, path: &Path) -> bool {
        let first = path
            .segments
            .first()
            .filter(|_| path.leading_colon.is_none());
        first.is_some_and(|first| self.parameters.contains(&first.ident.to_string()))
    }
}
