//! The options that say how often a statement logs: `every:`, `first:`, `sample:`, `by:`.
//!
//! What is written as a literal is judged here; any other expression when the program runs.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned};
use syn::{Error, Ident, Lit};

use hestia_grammar::parse_duration;

use super::parse::{Field, Grammar, Key, Statement, closed, span_of};

/// The key that says how many executions were left out.
const COUNT: &str = "suppressed";

/// What the expansion says of it.
pub(crate) struct Said {
    /// The type of the static.
    pub(crate) kind: Ident,
    /// The rules and, where there is one, the key.
    pub(crate) arguments: TokenStream,
}

pub(crate) fn said(statement: &Statement, private: &TokenStream) -> Said {
    let mut rules = quote!(#private::Rules::new());
    let mut key = None;
    for (name, tokens) in &statement.limits {
        let span = Span::mixed_site().located_at(span_of(tokens));
        let value = closed(tokens.clone());
        if name == "by" {
            key = Some(quote_spanned!(span=> , &#value));
            continue;
        }
        let value = match every(name, tokens) {
            Some(Ok((seconds, nanos))) => {
                quote!(#private::core::time::Duration::new(#seconds, #nanos))
            }
            _ => value,
        };
        let mut method = name.clone();
        method.set_span(span);
        rules.extend(quote_spanned!(span=> .#method(#value)));
    }
    let kind = if key.is_some() { "KeyedLimit" } else { "Limit" };
    Said {
        kind: format_ident!("{kind}", span = Span::mixed_site()),
        arguments: quote!(#rules #key),
    }
}

/// The mistakes of all of these options.
pub(crate) fn check(statement: &Statement) -> Vec<Error> {
    let limits = &statement.limits;
    if statement.grammar == Grammar::Durable {
        let refused = |(name, _): &(Ident, TokenStream)| {
            let what = format!(
                "`{name}:` is no option of `durable!`: a record that is waited for until it is on the disk is not left out"
            );
            Error::new(name.span(), what)
        };
        return limits.iter().map(refused).collect();
    }
    let mut errors = Vec::new();
    for (name, tokens) in limits {
        let wrong = if name == "every" {
            every(name, tokens).and_then(Result::err)
        } else if name == "first" {
            first(tokens)
        } else if name == "sample" {
            sample(tokens)
        } else {
            by(limits)
        };
        errors.extend(wrong.map(|wrong| {
            let span = if name == "by" {
                name.span()
            } else {
                span_of(tokens)
            };
            Error::new(span, wrong)
        }));
    }
    errors
}

/// A key that such a statement has by itself, and an option that is written as a key-value.
pub(crate) fn check_field(statement: &Statement, field: &Field) -> Option<Error> {
    let Key { path, written, .. } = &field.key;
    if !statement.limits.is_empty() && path[0] == COUNT {
        let what = format!(
            "a statement with `{}:` has the key `{COUNT}` already: it says how many executions were left out since the last record",
            statement.limits[0].0
        );
        return Some(Error::new_spanned(written, what));
    }
    (path == &["every"] && is_span(&field.value)).then(|| {
        let what = format!(
            "`{0}` is no value of a key; did you mean the option `every: {0}`, right after the level?",
            field.value
        );
        Error::new(span_of(&field.value), what)
    })
}

/// Whether it is a span of time, such as `5s`, which is no expression.
pub(crate) fn is_span(tokens: &TokenStream) -> bool {
    let has_unit = |number: &Number| {
        let suffix = match &number.literal {
            Lit::Int(number) => number.suffix(),
            Lit::Float(number) => number.suffix(),
            _ => "",
        };
        !suffix.is_empty() && parse_duration(&number.text).is_ok()
    };
    Number::of(tokens).as_ref().is_some_and(has_unit)
}

/// A literal number, perhaps with a sign.
struct Number {
    /// Without underscores, and without the sign.
    text: String,
    is_negative: bool,
    literal: Lit,
}

impl Number {
    fn of(tokens: &TokenStream) -> Option<Self> {
        let mut tokens = bare(tokens.clone()).into_iter().peekable();
        let minus =
            |token: &TokenTree| matches!(token, TokenTree::Punct(sign) if sign.as_char() == '-');
        let is_negative = tokens.next_if(minus).is_some();
        let literal: Lit = syn::parse2(bare(tokens.collect())).ok()?;
        matches!(literal, Lit::Int(_) | Lit::Float(_)).then(|| Number {
            text: quote!(#literal).to_string().replace('_', ""),
            is_negative,
            literal,
        })
    }
}

/// Without the invisible brackets around what another macro was given.
fn bare(tokens: TokenStream) -> TokenStream {
    let mut trees = tokens.clone().into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Group(group)), None) if group.delimiter() == Delimiter::None => {
            bare(group.stream())
        }
        _ => tokens,
    }
}

/// Seconds and nanoseconds, or what is wrong; none for any other expression, and any other option.
fn every(name: &Ident, tokens: &TokenStream) -> Option<Result<(u64, u32), String>> {
    if name != "every" {
        return None;
    }
    if let Ok(Lit::Str(text)) = syn::parse2(bare(tokens.clone())) {
        let example = match parse_duration(&text.value()) {
            Ok(_) => text.value().replace(' ', ""),
            Err(_) => "5s".to_owned(),
        };
        return Some(Err(format!(
            "a span of time stands without quotes here: `every: {example}`"
        )));
    }
    let number = Number::of(tokens)?;
    Some(match parse_duration(&number.text) {
        Err(wrong) => Err(format!(
            "`every:` takes a span of time, such as `5s` or `500ms`: {wrong}"
        )),
        Ok(span) if number.is_negative || span.is_zero() => Err(
            "a period is longer than nothing: `every: 5s` logs once in five seconds at most"
                .to_owned(),
        ),
        Ok(span) => Ok((span.as_secs(), span.subsec_nanos())),
    })
}

fn first(tokens: &TokenStream) -> Option<String> {
    let literal: Option<Lit> = syn::parse2(bare(tokens.clone())).ok();
    let number = Number::of(tokens);
    let is_right = match (&literal, &number) {
        (None, None) => return None,
        (
            _,
            Some(Number {
                literal: Lit::Int(number),
                is_negative: false,
                ..
            }),
        ) => {
            matches!(number.suffix(), "" | "u32")
                && number.base10_parse::<u32>().is_ok_and(|number| number > 0)
        }
        _ => false,
    };
    (!is_right).then(|| {
        format!(
            "`first:` takes a number of records from 1 to {}, such as `first: 10`",
            u32::MAX
        )
    })
}

fn sample(tokens: &TokenStream) -> Option<String> {
    let literal: Option<Lit> = syn::parse2(bare(tokens.clone())).ok();
    let number = Number::of(tokens);
    let is_right = match (&literal, &number) {
        (None, None) if !is_percentage(tokens) => return None,
        (_, Some(number)) => {
            let suffix = match &number.literal {
                Lit::Int(number) => number.suffix(),
                Lit::Float(number) => number.suffix(),
                _ => "?",
            };
            let is_share = |share: f64| share > 0.0 && share <= 1.0;
            matches!(suffix, "" | "f64")
                && !number.is_negative
                && number
                    .text
                    .trim_end_matches("f64")
                    .parse()
                    .is_ok_and(is_share)
        }
        _ => false,
    };
    (!is_right).then(|| {
        "`sample:` takes the share of the executions that log, above 0 and at most 1: `sample: 0.01` is one in a hundred".to_owned()
    })
}

/// `1%`
fn is_percentage(tokens: &TokenStream) -> bool {
    let mut trees: Vec<_> = tokens.clone().into_iter().collect();
    let sign = trees.pop();
    matches!(sign, Some(TokenTree::Punct(sign)) if sign.as_char() == '%')
        && Number::of(&trees.into_iter().collect()).is_some()
}

fn by(limits: &[(Ident, TokenStream)]) -> Option<String> {
    let has_budget = limits
        .iter()
        .any(|(name, _)| name == "every" || name == "first");
    (!has_budget).then(|| {
        "`by:` is the key of `every:` or `first:`, and there is neither; `sample:` decides by chance, whatever the key".to_owned()
    })
}
