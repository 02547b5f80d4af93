//! Where expansions find hestia.

use proc_macro2::TokenStream;
use quote::quote;

/// The door through which expansions reach hestia's inside: `<hestia>::__private`.
pub(crate) fn private(hestia: &TokenStream) -> TokenStream {
    quote!(#hestia::__private)
}
