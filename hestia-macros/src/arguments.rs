//! `key = value, key(…), key`: the arguments of the attributes.

use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::token::Paren;
use syn::{Error, Expr, Ident, LitStr, Token, parenthesized};

use proc_macro2::{Span, TokenStream, TokenTree};

use crate::error::Errors;

/// One argument.
pub(crate) struct Argument {
    pub(crate) key: Key,
    pub(crate) value: Value,
}

/// A word, or the text of a string where a word would not do: `metadata("user-id" = 5)`.
pub(crate) struct Key {
    pub(crate) text: String,
    pub(crate) span: Span,
    pub(crate) is_word: bool,
}

pub(crate) enum Value {
    /// `key` alone.
    None,
    /// `key = value`.
    Expr(Expr),
    /// `key(…)` or `key = (…)`.
    Group(Vec<Argument>),
}

/// Where an argument should begin, and none does.
pub(crate) const NO_ARGUMENT: &str = "expected an argument: `key = value`";

/// Reads arguments. What is ill-formed is an error of its own, and reading goes on after the next comma.
pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Vec<Argument> {
    let read = |input: ParseStream<'_>| Ok(list(input, errors));
    match read.parse2(tokens) {
        Ok(arguments) => arguments,
        Err(error) => {
            errors.push(error);
            Vec::new()
        }
    }
}

fn list(input: ParseStream<'_>, errors: &mut Errors) -> Vec<Argument> {
    let mut arguments = Vec::new();
    while !input.is_empty() {
        match argument(input, errors) {
            Ok(argument) => arguments.push(argument),
            Err(error) => {
                errors.push(error);
                skip(input);
            }
        }
        // Empty, or at a comma.
        let _ = input.parse::<Token![,]>();
    }
    arguments
}

fn argument(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Argument> {
    let key: Key = input.parse()?;
    let value = if input.peek(Paren) {
        group(input, errors)?
    } else if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        value(input, &key, errors)?
    } else {
        Value::None
    };
    if input.is_empty() || input.peek(Token![,]) {
        return Ok(Argument { key, value });
    }
    let expected = match value {
        Value::None => "expected `=`, `(…)` or a comma after",
        _ => "expected a comma after the value of",
    };
    Err(input.error(format!("{expected} `{}`", key.text)))
}

fn value(input: ParseStream<'_>, key: &Key, errors: &mut Errors) -> syn::Result<Value> {
    if input.is_empty() || input.peek(Token![,]) {
        let message = format!("missing value after `{} =`", key.text);
        return Err(Error::new(key.span, message));
    }
    if input.peek(Paren) && has_keys(input)? {
        return group(input, errors);
    }
    input.parse().map(Value::Expr)
}

/// Whether the parentheses hold arguments, not an expression.
fn has_keys(input: ParseStream<'_>) -> syn::Result<bool> {
    let ahead = input.fork();
    let content;
    parenthesized!(content in ahead);
    let key = content.peek(Ident::peek_any) || content.peek(LitStr);
    Ok(content.is_empty() || key && content.peek2(Token![=]) && !content.peek2(Token![==]))
}

fn group(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Value> {
    let content;
    parenthesized!(content in input);
    Ok(Value::Group(list(&content, errors)))
}

/// Goes to the next comma.
fn skip(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        // There is one, and every token tree is one.
        let _ = input.parse::<TokenTree>();
    }
}

impl Parse for Key {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(LitStr) {
            let text: LitStr = input.parse()?;
            return Ok(Key {
                text: text.value(),
                span: text.span(),
                is_word: false,
            });
        }
        let word =
            Ident::parse_any(input).map_err(|error| Error::new(error.span(), NO_ARGUMENT))?;
        Ok(Key {
            text: word.unraw().to_string(),
            span: word.span(),
            is_word: true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, Vec<String>) {
        let mut errors = Errors::default();
        let arguments = parse(text.parse().expect("tokens"), &mut errors);
        let errors = errors.into_errors().map(|error| error.to_string());
        (shown(&arguments), errors.collect())
    }

    fn shown(arguments: &[Argument]) -> String {
        let shown = arguments.iter().map(|Argument { key, value }| match value {
            Value::None => key.text.clone(),
            Value::Expr(_) => format!("{}=_", key.text),
            Value::Group(inner) => format!("{}({})", key.text, shown(inner)),
        });
        shown.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn words_values_and_groups_are_told_apart() {
        let text = r#"a, b = 1, c(d = 2, e), f = (g = "h"), i = (1 + 2), j = (k == l), "m n" = o::<p, q>(), crate = x,"#;
        let (arguments, errors) = read(text);
        assert_eq!(arguments, "a b=_ c(d=_ e) f(g=_) i=_ j=_ m n=_ crate=_");
        assert_eq!(errors, [""; 0]);
    }

    #[test]
    fn reading_goes_on_after_a_mistake() {
        let (arguments, errors) = read("a =, b 1, = c, d = 1 e = 2, f(g h, i), j");
        assert_eq!(arguments, "f(i) j");
        assert_eq!(
            errors,
            [
                "missing value after `a =`",
                "expected `=`, `(…)` or a comma after `b`",
                "expected an argument: `key = value`",
                "expected a comma after the value of `d`",
                "expected `=`, `(…)` or a comma after `g`",
            ]
        );
    }
}
