//! Mistakes: collected, so that one compilation shows them all, and each at its word.

use std::fmt::Display;

use hestia_grammar::ParseError;
use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::{Error, LitStr};

/// All mistakes found so far.
#[derive(Debug, Default)]
pub(crate) struct Errors(Option<Error>);

impl Errors {
    pub(crate) fn push(&mut self, error: Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            None => self.0 = Some(error),
        }
    }

    /// A mistake at these tokens.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.push(Error::new_spanned(tokens, message));
    }

    /// A mistake at this place.
    pub(crate) fn at_span(&mut self, span: Span, message: impl Display) {
        self.push(Error::new(span, message));
    }

    /// Each mistake by itself.
    #[cfg(test)]
    pub(crate) fn into_errors(self) -> impl Iterator<Item = Error> {
        self.0.into_iter().flatten()
    }

    /// `compile_error!` for each mistake; none if there is none.
    pub(crate) fn into_compile_errors(self) -> Option<TokenStream> {
        self.0.map(Error::into_compile_error)
    }
}

/// A mistake within a string. Stable compilers cannot point into a literal, so the message does.
pub(crate) fn in_string(string: &LitStr, error: &ParseError) -> Error {
    let text = string.value();
    let place = place(&text, error.span()).unwrap_or_default();
    Error::new_spanned(string, format!("{error}{place}"))
}

/// The string once more with the bytes of `span` underlined; none where that would show nothing.
fn place(text: &str, span: std::ops::Range<usize>) -> Option<String> {
    let is_shown = text.chars().count() <= 100 && !text.contains(char::is_control);
    let (before, word) = (text.get(..span.start)?, text.get(span)?);
    if !is_shown || word.len() == text.len() {
        return None;
    }
    let indent = " ".repeat(before.chars().count());
    let line = "^".repeat(word.chars().count().max(1));
    Some(format!("\n  {text}\n  {indent}{line}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_underlined_in_characters() {
        assert_eq!(
            place("grün,hyper=wran", 12..16).as_deref(),
            Some("\n  grün,hyper=wran\n             ^^^^"),
        );
        assert_eq!(place("a=", 2..2).as_deref(), Some("\n  a=\n    ^"));
    }

    #[test]
    fn a_place_that_is_everything_or_cannot_be_shown_is_left_out() {
        assert_eq!(place("inof", 0..4), None);
        assert_eq!(place("a\nb", 0..1), None);
        assert_eq!(place(&"a".repeat(200), 0..1), None);
    }
}
