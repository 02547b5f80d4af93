//! Padding and truncation of a field, as in the standard library's format strings.

use std::fmt;

use crate::{ParseError, error::Quoted, part::Part};

/// The largest width, and the largest maximal width, that a spec may ask for: a pattern must not blow up its lines.
pub const MAX_WIDTH: u16 = 1024;

/// How a field's text is padded and truncated: `[[fill]align][width][.max_width]`.
///
/// Widths count `char`s, from 0 to [`MAX_WIDTH`]. Text that is longer than `max_width` is cut off there first, then
/// text that is shorter than `width` is padded. All fields are text here, so numbers too stand to the left unless
/// told otherwise.
///
/// # Source
///
/// The syntax is that of the module `std::fmt`, section "Syntax", less signs, `#`, `0`, `$` and types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldSpec {
    /// What is padded with; a space unless said.
    pub fill: char,
    /// Where the text stands within its width; to the left unless said.
    pub align: Align,
    /// The least width; 0, no padding, unless said.
    pub width: u16,
    /// The largest width; the whole text is written if there is none.
    pub max_width: Option<u16>,
}

impl Default for FieldSpec {
    fn default() -> Self {
        Self {
            fill: ' ',
            align: Align::Left,
            width: 0,
            max_width: None,
        }
    }
}

/// Where a text stands within its width.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Align {
    /// `<`: to the left, padding after it.
    #[default]
    Left,
    /// `^`: in the middle; an odd pad character goes to the right.
    Center,
    /// `>`: to the right, padding before it.
    Right,
}

impl Align {
    fn from_char(c: char) -> Option<Self> {
        match c {
            '<' => Some(Self::Left),
            '^' => Some(Self::Center),
            '>' => Some(Self::Right),
            _ => None,
        }
    }

    fn to_char(self) -> char {
        match self {
            Self::Left => '<',
            Self::Center => '^',
            Self::Right => '>',
        }
    }
}

impl FieldSpec {
    /// Reads what stands after the colon, without the brace.
    pub(super) fn parse(part: Part<'_>) -> Result<Self, ParseError> {
        let (fill, align, rest) = take_alignment(part);
        let (width, rest) = rest.split_where(|c| !c.is_ascii_digit());
        if width.text.starts_with('0') {
            return Err(zero_flag(width));
        }
        let (max_width, rest) = match rest.text.strip_prefix('.') {
            Some(_) => rest.split_at(1).1.split_where(|c| !c.is_ascii_digit()),
            None => rest.split_at(0),
        };
        let ends_with_point = part.text.ends_with('.') && rest.is_empty();
        if !rest.is_empty() || ends_with_point {
            return Err(ill_formed(part));
        }
        Ok(Self {
            fill,
            align,
            width: read_width(width)?.unwrap_or(0),
            max_width: read_width(max_width)?,
        })
    }
}

fn take_alignment(part: Part<'_>) -> (char, Align, Part<'_>) {
    let mut chars = part.text.chars();
    let first = chars.next();
    let second = chars.next();
    if let (Some(fill), Some(align)) = (first, second.and_then(Align::from_char)) {
        return (fill, align, part.split_at(fill.len_utf8() + 1).1);
    }
    match first.and_then(Align::from_char) {
        Some(align) => (' ', align, part.split_at(1).1),
        None => (' ', Align::Left, part),
    }
}

/// The number, or `None` if there are no digits.
fn read_width(digits: Part<'_>) -> Result<Option<u16>, ParseError> {
    if digits.is_empty() {
        return Ok(None);
    }
    let width = digits.text.parse().ok().filter(|width| *width <= MAX_WIDTH);
    width.map(Some).ok_or_else(|| {
        let text = Quoted(digits.text);
        digits.error(format_args!(
            "width {text} is too large, {MAX_WIDTH} at most"
        ))
    })
}

/// `{line:05}` pads a number with zeros in the standard library; here it would pad any text with spaces.
fn zero_flag(width: Part<'_>) -> ParseError {
    let digits = width.text.trim_start_matches('0');
    let padded = format!("0>{digits}");
    width
        .error(format_args!(
            "width {} starts with a zero, zeros are written as the fill `0>`",
            Quoted(width.text)
        ))
        .with_suggestion(Some(padded.as_str()).filter(|_| !digits.is_empty()))
}

fn ill_formed(part: Part<'_>) -> ParseError {
    part.error(format_args!(
        "{} is no format spec, expected `[[fill]align][width][.max_width]` such as `<5` or `*^12.12`",
        Quoted(part.text)
    ))
}

/// Writes the shortest spec that means the same; nothing for the default.
impl fmt::Display for FieldSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.fill != ' ' {
            write!(f, "{}", self.fill)?;
        }
        if self.fill != ' ' || self.align != Align::Left {
            write!(f, "{}", self.align.to_char())?;
        }
        if self.width > 0 {
            write!(f, "{}", self.width)?;
        }
        self.max_width
            .map_or(Ok(()), |max_width| write!(f, ".{max_width}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(text: &str) -> FieldSpec {
        FieldSpec::parse(Part::new(text)).unwrap()
    }

    fn message(text: &str) -> String {
        FieldSpec::parse(Part::new(text)).unwrap_err().to_string()
    }

    #[test]
    fn every_part_may_be_left_out() {
        assert_eq!(spec(""), FieldSpec::default());
        assert_eq!(spec("5").width, 5);
        assert_eq!(spec(">5").align, Align::Right);
        assert_eq!(spec(".7").max_width, Some(7));
        let full = FieldSpec {
            fill: '*',
            align: Align::Center,
            width: 1024,
            max_width: Some(0),
        };
        assert_eq!(spec("*^1024.0"), full);
    }

    #[test]
    fn any_character_before_an_alignment_is_the_fill() {
        for fill in ['<', '>', '.', '0', 'é', ':', '\t'] {
            let spec = spec(&format!("{fill}>3"));
            assert_eq!((spec.fill, spec.align, spec.width), (fill, Align::Right, 3));
        }
    }

    #[test]
    fn the_shortest_text_is_written() {
        for (text, written) in [
            ("<5", "5"),
            (" <5.3", "5.3"),
            (" >5", ">5"),
            ("-<", "-<"),
            ("^.9", "^.9"),
        ] {
            assert_eq!(spec(text).to_string(), written);
        }
    }

    #[test]
    fn widths_are_bounded() {
        let text = "width `1025` is too large, 1024 at most";
        assert_eq!(message("1025"), text);
        assert_eq!(message("<5.1025"), text);
        assert!(message("99999999999999999999").contains("too large"));
    }

    #[test]
    fn what_the_standard_library_takes_beyond_this_is_refused() {
        for text in [
            "?", "5?", "+5", "#", "5$", ".*", "x", "5.", ".", "< 5", "<5 ",
        ] {
            assert!(message(text).contains("is no format spec"), "{text}");
        }
        assert!(message("05").ends_with("did you mean `0>5`?"));
        assert!(message("0").contains("starts with a zero"));
        assert_eq!(
            message("5?"),
            "`5?` is no format spec, expected `[[fill]align][width][.max_width]` such as `<5` or `*^12.12`"
        );
        assert_eq!(
            message("05"),
            "width `05` starts with a zero, zeros are written as the fill `0>`; did you mean `0>5`?"
        );
    }
}
