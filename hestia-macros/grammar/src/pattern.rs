//! Text patterns: `{time:%H:%M:%S} {level:<5} {target} {message} {metadata}`.

mod name;
mod spec;
#[cfg(test)]
mod tests;
mod time;

use std::{fmt, ops::Range, str::FromStr};

use crate::{ParseError, error::Quoted, part::Part};

pub use name::FieldName;
pub use spec::{Align, FieldSpec, MAX_WIDTH};
pub use time::{TimeFormat, TimeItem};

/// How one record becomes one line of text: literal text and fields, in order.
///
/// # Grammar
///
/// ```text
/// pattern = *( literal | "{{" | "}}" | field )
/// field   = "{" name [ ":" spec ] "}"
/// name    = a word of FieldName | "metadata." key
/// spec    = [[fill]align][width]["." max_width]     as in the standard library's format strings
///         | strftime items                          for the field `time`
/// ```
///
/// A field that a record does not have is empty text; a width still pads it, so that columns stay in line. A
/// pattern has no line break in it: a record is one line, whose end the logger writes.
///
/// # Example
///
/// ```
/// use hestia_grammar::{Align, FieldName, Pattern, Piece};
///
/// let pattern = Pattern::parse("[{level:>5}] {metadata.user_id}").unwrap();
/// let [Piece::Literal(open), Piece::Field(level), _, Piece::Field(user)] = &pattern.pieces[..] else {
///     panic!("four pieces");
/// };
/// assert_eq!(open, "[");
/// assert_eq!((&level.name, level.spec.align, level.spec.width), (&FieldName::Level, Align::Right, 5));
/// assert_eq!(user.name, FieldName::Key("user_id".to_owned()));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pattern {
    /// The pieces in order. Literals are not empty, and no two of them are neighbours.
    pub pieces: Vec<Piece>,
}

/// A part of a [`Pattern`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Text that is written as it is, `{{` and `}}` already read as one brace.
    Literal(String),
    /// A fact about the record.
    Field(Field),
}

/// A fact about the record and how it is written. Equality does not look at the place.
#[derive(Debug, Clone)]
pub struct Field {
    /// Which fact.
    pub name: FieldName,
    /// Padding and truncation; for `time` always the default, since its format is in the name.
    pub spec: FieldSpec,
    /// The field's bytes in the input, braces included.
    pub span: Range<usize>,
}

impl PartialEq for Field {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, self.spec) == (&other.name, other.spec)
    }
}

impl Eq for Field {}

impl Pattern {
    /// Reads a pattern; the empty pattern is a pattern.
    ///
    /// # Errors
    ///
    /// The first mistake: an unknown field, a brace that is not closed or not opened, an empty `{}`, an ill-formed
    /// spec or time format, a width above [`MAX_WIDTH`], a line break.
    ///
    /// # Example
    ///
    /// ```
    /// use hestia_grammar::Pattern;
    ///
    /// let error = Pattern::parse("{time} {mesage}").unwrap_err();
    /// assert_eq!((error.span(), error.suggestion()), (8..14, Some("message")));
    /// ```
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let mut pattern = Self::default();
        let mut rest = Part::new(text);
        refuse_line_breaks(rest)?;
        while !rest.is_empty() {
            let (literal, braced) = rest.split_where(|c| matches!(c, '{' | '}'));
            pattern.push_literal(literal.text);
            rest = pattern.take_braced(braced)?;
        }
        Ok(pattern)
    }

    /// Takes an escaped brace or a field off the front of `part`, which is empty or starts with a brace.
    fn take_braced<'a>(&mut self, part: Part<'a>) -> Result<Part<'a>, ParseError> {
        for (escape, brace) in [("{{", "{"), ("}}", "}")] {
            if part.text.starts_with(escape) {
                self.push_literal(brace);
                return Ok(part.split_at(escape.len()).1);
            }
        }
        if part.text.starts_with('}') {
            let stray = part.split_at(1).0;
            return Err(stray.error("`}` without a `{` before it, as text it is written `}}`"));
        }
        if part.is_empty() {
            return Ok(part);
        }
        let (field, rest) = split_field(part)?;
        self.pieces.push(Piece::Field(Field::parse(field)?));
        Ok(rest)
    }

    /// Adds text to the literal that ends the pattern, or begins one.
    fn push_literal(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        match self.pieces.last_mut() {
            Some(Piece::Literal(literal)) => literal.push_str(text),
            _ => self.pieces.push(Piece::Literal(text.to_owned())),
        }
    }
}

impl Field {
    /// Reads `{name:spec}`, braces included.
    fn parse(field: Part<'_>) -> Result<Self, ParseError> {
        let inside = field.slice(1, field.text.len() - 1);
        let (name, spec) = match inside.split_once(':') {
            Some((name, spec)) => (name.trim(), Some(spec).filter(|spec| !spec.is_empty())),
            None => (inside.trim(), None),
        };
        if name.is_empty() {
            return Err(field.error(format_args!(
                "no field named in {}, expected one such as `{{message}}`",
                Quoted(field.text)
            )));
        }
        let span = field.span();
        let (name, spec) = match (FieldName::parse(name)?, spec) {
            (FieldName::Time(_), Some(format)) => {
                let format = TimeFormat::parse_part(format)?;
                (FieldName::Time(Some(format)), FieldSpec::default())
            }
            (name, Some(spec)) => (name, FieldSpec::parse(spec)?),
            (name, None) => (name, FieldSpec::default()),
        };
        Ok(Self { name, spec, span })
    }
}

/// The field at the front of `part`, which starts with `{`, and what follows.
fn split_field(part: Part<'_>) -> Result<(Part<'_>, Part<'_>), ParseError> {
    let (open, after) = part.split_at(1);
    let inside = after.split_where(|c| matches!(c, '{' | '}')).0;
    let end = open.text.len() + inside.text.len();
    if part.text[end..].starts_with('}') {
        return Ok(part.split_at(end + 1));
    }
    Err(open.error("`{` without a `}` after it, as text it is written `{{`"))
}

/// Refuses every character that some reader of text files takes for the end of a line (UAX #14, classes BK, CR, LF,
/// NL).
fn refuse_line_breaks(part: Part<'_>) -> Result<(), ParseError> {
    let is_break = |c| {
        matches!(
            c,
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}'
        )
    };
    let (_, broken) = part.split_where(is_break);
    match broken.text.chars().next() {
        None => Ok(()),
        Some(c) => {
            let line_break = broken.split_at(c.len_utf8()).0;
            Err(line_break.error(format_args!(
                "line break {} in the pattern, but a record is one line, whose end is written by itself",
                Quoted(line_break.text)
            )))
        }
    }
}

/// Writes what [`Pattern::parse`] reads back as the same pattern.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pieces
            .iter()
            .try_for_each(|piece| write!(f, "{piece}"))
    }
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(text) => f.write_str(&text.replace('{', "{{").replace('}', "}}")),
            Self::Field(field) => write!(f, "{field}"),
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spec = match &self.name {
            FieldName::Time(Some(format)) => format.to_string(),
            _ => self.spec.to_string(),
        };
        let separator = if spec.is_empty() { "" } else { ":" };
        write!(f, "{{{}{separator}{spec}}}", self.name)
    }
}

impl FromStr for Pattern {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::parse(text)
    }
}
