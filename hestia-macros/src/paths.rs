//! Where expansions find hestia.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Path;

/// The path of hestia's crate: as `crate = …` says, or `::hestia`.
pub(crate) fn hestia(said: Option<&Path>) -> TokenStream {
    match said {
        Some(path) => quote!(#path),
        None => quote!(::hestia),
    }
}

/// The door through which expansions reach hestia's inside: `<hestia>::__private`.
pub(crate) fn private(hestia: &TokenStream) -> TokenStream {
    quote!(#hestia::__private)
}
