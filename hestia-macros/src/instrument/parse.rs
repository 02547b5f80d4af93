//! The arguments, as they were written.

use hestia_grammar::{LevelFilter, unknown};
use proc_macro2::{Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, Ident, LitBool, LitInt, LitStr, Path, Result, Token, parenthesized};

use crate::arguments::NO_ARGUMENT;
use crate::error::Errors;
use crate::hlog::{Field, fields};
use crate::settings::NO_CRATE;

/// What was said, each at most once.
#[derive(Default)]
pub(super) struct Arguments {
    pub(super) level: Option<Said>,
    pub(super) target: Option<Said>,
    pub(super) name: Option<Said>,
    pub(super) parent: Option<Expr>,
    /// With the word itself.
    pub(super) follows_from: Option<(Ident, Expr)>,
    pub(super) max_length: Option<LitInt>,
    pub(super) skip: Vec<Ident>,
    pub(super) skip_all: Option<Ident>,
    pub(super) fields: Vec<Field>,
    pub(super) ret: Option<Outcome>,
    pub(super) err: Option<Outcome>,
    pub(super) started: Option<LitBool>,
    pub(super) completed: Option<LitBool>,
    pub(super) hestia: Option<Path>,
}

/// What the compiler has to know: a string, or an expression that is a constant.
pub(super) enum Said {
    Literal(LitStr),
    Constant(Expr),
}

/// `ret` or `err`.
pub(super) struct Outcome {
    pub(super) span: Span,
    pub(super) how: Option<How>,
    pub(super) level: Option<Said>,
}

/// How a value is taken, when that is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    Debug,
    Display,
    Serde,
}

const KEYS: [&str; 14] = [
    "level",
    "target",
    "name",
    "parent",
    "follows_from",
    "max_length",
    "skip",
    "skip_all",
    "fields",
    "ret",
    "err",
    "started",
    "completed",
    "crate",
];

/// Reads the arguments; reading goes on behind a mistake, at the next comma.
pub(super) fn arguments(tokens: TokenStream, errors: &mut Errors) -> Arguments {
    let mut arguments = Arguments::default();
    let read = |input: ParseStream<'_>| {
        let mut said: Vec<String> = Vec::new();
        while !input.is_empty() {
            if let Err(error) = argument(input, &mut arguments, &mut said) {
                errors.push(error);
                skip_to_comma(input);
            }
            if !input.is_empty() && !input.peek(Token![,]) {
                errors.push(input.error("expected a comma"));
                skip_to_comma(input);
            }
            let _ = input.parse::<Token![,]>();
        }
        Ok(())
    };
    if let Err(error) = read.parse2(tokens) {
        errors.push(error);
    }
    arguments
}

fn skip_to_comma(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        let _ = input.parse::<TokenTree>();
    }
}

fn argument(
    input: ParseStream<'_>,
    arguments: &mut Arguments,
    said: &mut Vec<String>,
) -> Result<()> {
    let key = word(input, NO_ARGUMENT)?;
    let name = key.to_string();
    if !KEYS.contains(&name.as_str()) {
        return Err(Error::new(key.span(), unknown("argument", &name, &KEYS)));
    }
    if said.contains(&name) {
        return Err(Error::new(key.span(), format!("`{name}` is said twice")));
    }
    match name.as_str() {
        "level" => arguments.level = Some(constant(input, &key, LEVEL)?),
        "target" => arguments.target = Some(constant(input, &key, r#"`target = "billing"`"#)?),
        "name" => arguments.name = Some(constant(input, &key, r#"`name = "charge"`"#)?),
        "parent" => {
            let parent = value_by(input, &key, Expr::parse, "expected `parent = scope`")?;
            arguments.parent = Some(parent);
        }
        "follows_from" => {
            let causes = value_by(input, &key, Expr::parse, "expected `follows_from = scopes`")?;
            arguments.follows_from = Some((key, causes));
        }
        "max_length" => arguments.max_length = Some(value(input, &key, "max_length = 300")?),
        "skip" => arguments.skip = skip(input, &key)?,
        "skip_all" => arguments.skip_all = Some(key),
        "fields" => arguments.fields = list(input, &key, "fields(order = order.id)", fields)?,
        "ret" => arguments.ret = Some(outcome(input, &key)?),
        "err" => arguments.err = Some(outcome(input, &key)?),
        "started" => arguments.started = Some(value(input, &key, "started = false")?),
        "completed" => arguments.completed = Some(value(input, &key, "completed = false")?),
        _ => arguments.hestia = Some(value_by(input, &key, Path::parse_mod_style, NO_CRATE)?),
    }
    said.push(name);
    Ok(())
}

/// `key = "…"` or `key = CONSTANT`.
fn constant(input: ParseStream<'_>, key: &Ident, example: &str) -> Result<Said> {
    let wrong = |span| Error::new(span, format!("expected {example}"));
    if !input.peek(Token![=]) {
        return Err(wrong(key.span()));
    }
    input.parse::<Token![=]>()?;
    if input.peek(LitStr) {
        return input.parse().map(Said::Literal);
    }
    let span = input.span();
    match input.parse().map_err(|_| wrong(span))? {
        Expr::Lit(_) => Err(wrong(span)),
        // A word for a level, without its quotes.
        Expr::Path(path) if path.path.get_ident().is_some_and(is_level) => Err(wrong(span)),
        constant => Ok(Said::Constant(constant)),
    }
}

fn is_level(word: &Ident) -> bool {
    LevelFilter::parse(&word.to_string()).is_ok()
        && word.to_string().starts_with(char::is_lowercase)
}

const LEVEL: &str = r#"`level = "debug"`, or a constant, `level = hestia::Level::Debug`"#;

/// `key = literal`.
fn value<T: Parse>(input: ParseStream<'_>, key: &Ident, example: &str) -> Result<T> {
    value_by(input, key, T::parse, &format!("expected `{example}`"))
}

/// `key = value`, of which `read` takes the value; or else the message.
fn value_by<T>(
    input: ParseStream<'_>,
    key: &Ident,
    read: fn(ParseStream<'_>) -> Result<T>,
    message: &str,
) -> Result<T> {
    if !input.peek(Token![=]) {
        return Err(Error::new(key.span(), message));
    }
    input.parse::<Token![=]>()?;
    let span = match input.is_empty() {
        true => key.span(),
        false => input.span(),
    };
    read(input).map_err(|_| Error::new(span, message))
}

/// A word, or else the message.
fn word(input: ParseStream<'_>, message: &str) -> Result<Ident> {
    let word = input.call(Ident::parse_any);
    word.map_err(|error| Error::new(error.span(), message))
}

/// `key(…)`, all of which `read` takes.
fn list<T>(
    input: ParseStream<'_>,
    key: &Ident,
    example: &str,
    read: impl FnOnce(ParseStream<'_>) -> Result<T>,
) -> Result<T> {
    if !input.peek(syn::token::Paren) {
        return Err(Error::new(key.span(), format!("expected `{example}`")));
    }
    let inside;
    parenthesized!(inside in input);
    let taken = read(&inside);
    if taken.is_err() {
        // What is left would be a mistake of its own.
        let _ = inside.parse::<TokenStream>();
    }
    taken
}

fn skip(input: ParseStream<'_>, key: &Ident) -> Result<Vec<Ident>> {
    list(input, key, "skip(password)", |inside| {
        let names = Punctuated::<Ident, Token![,]>::parse_terminated_with(inside, Ident::parse_any);
        match names {
            Ok(names) => Ok(names.into_iter().collect()),
            Err(error) => Err(Error::new(
                error.span(),
                "expected names of parameters, with commas between: `skip(password, token)`",
            )),
        }
    })
}

fn outcome(input: ParseStream<'_>, key: &Ident) -> Result<Outcome> {
    let mut outcome = Outcome {
        span: key.span(),
        how: None,
        level: None,
    };
    if !input.peek(syn::token::Paren) {
        return Ok(outcome);
    }
    let inside;
    parenthesized!(inside in input);
    let words = how(&inside, key, &mut outcome);
    let _ = inside.parse::<TokenStream>();
    words.map(|()| outcome)
}

/// What stands in the parentheses of `ret` or `err`.
fn how(inside: ParseStream<'_>, key: &Ident, outcome: &mut Outcome) -> Result<()> {
    while !inside.is_empty() {
        let word = word(
            inside,
            &format!("expected a word, as in `{key}(Debug)`, or `{key}(level = \"warn\")`"),
        )?;
        let how = match word.to_string().as_str() {
            "Debug" => Some(How::Debug),
            "Display" => Some(How::Display),
            "serde" if key == "ret" => Some(How::Serde),
            "level" if outcome.level.is_none() => {
                outcome.level = Some(constant(inside, &word, LEVEL)?);
                None
            }
            "level" => return Err(Error::new(word.span(), "`level` is said twice")),
            other => {
                let known: &[&str] = match key == "ret" {
                    true => &["Debug", "Display", "serde", "level"],
                    false => &["Debug", "Display", "level"],
                };
                return Err(Error::new(word.span(), unknown("word", other, known)));
            }
        };
        if how.is_some() && outcome.how.is_some() {
            return Err(Error::new(
                word.span(),
                "how to take the value is said twice",
            ));
        }
        outcome.how = how.or(outcome.how);
        if !inside.is_empty() && inside.parse::<Token![,]>().is_err() {
            return Err(inside.error("expected a comma"));
        }
    }
    Ok(())
}
