//! A format string into pieces.
//!
//! # Source
//! The grammar under *Syntax* in the documentation of [`std::fmt`], Rust 1.90.

/// One piece of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Text, with doubled braces already single.
    Text(String),
    /// A place for an argument.
    Placeholder(Placeholder),
}

/// A place for an argument, and how to print it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Placeholder {
    pub(crate) argument: Reference,
    /// Fill, alignment, sign, `#` and `0`, as written.
    pub(crate) flags: String,
    pub(crate) width: Option<Count>,
    pub(crate) precision: Option<Count>,
    /// The letter of the trait: nothing for `Display`.
    pub(crate) style: String,
}

/// Which argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reference {
    /// The next positional one.
    Next,
    Position(usize),
    Name(String),
}

/// A width or a precision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    Fixed(String),
    /// `width$`, or `.*` for the next positional argument.
    Argument(Reference),
}

/// The pieces of a format string; `None` for one that is not understood.
pub(crate) fn parse(string: &str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut rest = string;
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            text.push_str(brace);
            rest = after;
        } else if brace == "{" {
            let (inside, after) = rest.split_at(end_of_placeholder(rest)?);
            rest = &after[1..];
            if !text.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut text)));
            }
            pieces.push(Piece::Placeholder(placeholder(inside)?));
        } else {
            return None;
        }
    }
    text.push_str(rest);
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    Some(pieces)
}

/// Where the closing brace stands. A brace may be the fill: `{:}<8}`.
fn end_of_placeholder(rest: &str) -> Option<usize> {
    let from = match rest.find(':') {
        Some(colon) if rest[..colon].find('}').is_none() => {
            let spec = &rest[colon + 1..];
            colon + 1 + fill_length(spec)
        }
        _ => 0,
    };
    rest[from..].find('}').map(|at| from + at)
}

fn is_alignment(letter: char) -> bool {
    matches!(letter, '<' | '^' | '>')
}

/// How long fill and alignment are.
fn fill_length(spec: &str) -> usize {
    let mut letters = spec.chars();
    match (letters.next(), letters.next()) {
        (Some(fill), Some(alignment)) if is_alignment(alignment) => fill.len_utf8() + 1,
        (Some(alignment), _) if is_alignment(alignment) => 1,
        _ => 0,
    }
}

fn placeholder(inside: &str) -> Option<Placeholder> {
    let (argument, spec) = inside.split_once(':').unwrap_or((inside, ""));
    // White space may follow a name, and stand in the place of none, but not before one.
    let argument = match argument.trim_end() {
        "" => Reference::Next,
        name => reference(name)?,
    };
    let mut rest = spec.trim_end();
    // A fill may be white space.
    if fill_length(spec) > rest.len() {
        rest = &spec[..fill_length(spec)];
    }
    let flags = take_flags(&mut rest);
    let width = take_count(&mut rest);
    let precision = match rest.strip_prefix('.') {
        Some(after) => {
            rest = after;
            Some(take_precision(&mut rest)?)
        }
        None => None,
    };
    // Anything else may come to mean something.
    let known = ["", "?", "x?", "X?", "x", "X", "o", "b", "e", "E", "p"];
    known.contains(&rest).then(|| Placeholder {
        argument,
        flags: flags.to_owned(),
        width,
        precision,
        style: rest.to_owned(),
    })
}

fn reference(name: &str) -> Option<Reference> {
    if name.bytes().all(|byte| byte.is_ascii_digit()) {
        name.parse().ok().map(Reference::Position)
    } else {
        is_name(name).then(|| Reference::Name(name.to_owned()))
    }
}

/// Whether it is an identifier, and neither a keyword nor a raw one, which the compiler does not allow here.
fn is_name(name: &str) -> bool {
    !name.starts_with("r#") && syn::parse_str::<syn::Ident>(name).is_ok_and(|ident| ident == name)
}

fn take_flags<'s>(rest: &mut &'s str) -> &'s str {
    let spec = *rest;
    let mut length = fill_length(spec);
    let mut take = |letters: &[char]| {
        if spec[length..].starts_with(letters) {
            length += 1;
        }
    };
    take(&['+', '-']);
    take(&['#']);
    // `0$` is a width.
    if !spec[length..].starts_with("0$") && spec[length..].starts_with('0') {
        length += 1;
    }
    *rest = &spec[length..];
    &spec[..length]
}

/// `12`, `0$`, `width$`, or nothing.
fn take_count(rest: &mut &str) -> Option<Count> {
    if let Some((name, after)) = rest.split_once('$')
        && let Some(argument) = reference(name).filter(|_| !name.is_empty())
    {
        *rest = after;
        return Some(Count::Argument(argument));
    }
    let length = rest
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(rest.len());
    let (digits, after) = rest.split_at(length);
    *rest = after;
    (!digits.is_empty()).then(|| Count::Fixed(digits.to_owned()))
}

fn take_precision(rest: &mut &str) -> Option<Count> {
    if let Some(after) = rest.strip_prefix('*') {
        *rest = after;
        return Some(Count::Argument(Reference::Next));
    }
    take_count(rest)
}
