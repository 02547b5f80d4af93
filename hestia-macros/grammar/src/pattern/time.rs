//! Formats of a point in time, as of `strftime`.

use std::fmt;

use crate::{ParseError, error::Quoted, part::Part};

/// How a point in time is written: the items of a `strftime` string, in order.
///
/// # Items
///
/// | | |
/// |---|---|
/// | `%Y` `%y` | year, with and without the century |
/// | `%m` `%B` `%b` | month: `03`, `March`, `Mar` |
/// | `%d` `%e` `%j` | day: `06`, ` 6`, of the year `065` |
/// | `%A` `%a` | weekday: `Friday`, `Fri` |
/// | `%H` `%I` `%p` | hour: `20`, `08`, and `PM` |
/// | `%M` `%S` | minute, second |
/// | `%3f` `%.3f` | fraction of the second, 1 to 9 digits, without and with a point |
/// | `%s` | seconds since the Unix epoch |
/// | `%z` `%:z` `%Z` | offset `+0000`, `+00:00`; name of the zone, `UTC` |
/// | `%F` `%T` `%R` | `%Y-%m-%d`, `%H:%M:%S`, `%H:%M` |
/// | `%%` | a percent sign |
///
/// Names of months and weekdays are English. `%f` without a number of digits is refused, since it is six digits to some
/// tools and nine to others; so are locale-dependent items and flags such as `%-d`.
///
/// # Source
///
/// POSIX.1-2024, `strftime`; `%z` with a colon is from GNU `date`, `%3f` and `%.3f` are the `chrono` crate's.
///
/// # Example
///
/// ```
/// use hestia_grammar::{TimeFormat, TimeItem};
///
/// let format = TimeFormat::parse("%H:%M").unwrap();
/// let colon = TimeItem::Literal(":".to_owned());
/// assert_eq!(format.items, [TimeItem::Hour, colon, TimeItem::Minute]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeFormat {
    /// The items in order. Literals are not empty, and no two of them are neighbours.
    pub items: Vec<TimeItem>,
}

/// A part of a [`TimeFormat`]. Numbers have leading zeros up to the width said, unless another fill is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimeItem {
    /// Text that is written as it is.
    Literal(String),
    /// `%Y`: the year, at least four digits.
    Year,
    /// `%y`: the last two digits of the year.
    YearOfCentury,
    /// `%m`: the month, `01` to `12`.
    Month,
    /// `%B`: the month's English name.
    MonthName,
    /// `%b`: the first three letters of the month's English name.
    MonthAbbreviation,
    /// `%d`: the day of the month, `01` to `31`.
    Day,
    /// `%e`: the day of the month, a space before a single digit.
    DaySpacePadded,
    /// `%j`: the day of the year, `001` to `366`.
    DayOfYear,
    /// `%A`: the weekday's English name.
    WeekdayName,
    /// `%a`: the first three letters of the weekday's English name.
    WeekdayAbbreviation,
    /// `%H`: the hour, `00` to `23`.
    Hour,
    /// `%I`: the hour, `01` to `12`.
    Hour12,
    /// `%p`: `AM` or `PM`.
    AmPm,
    /// `%M`: the minute, `00` to `59`.
    Minute,
    /// `%S`: the second, `00` to `60`.
    Second,
    /// `%3f`: the fraction of the second with so many digits (1 to 9), the rest cut off.
    Fraction(u8),
    /// `%s`: whole seconds since 1970-01-01T00:00:00Z.
    UnixSeconds,
    /// `%z`: the offset from UTC, `+0000`.
    Offset,
    /// `%:z`: the offset from UTC, `+00:00`.
    OffsetWithColon,
    /// `%Z`: the zone's short name, `UTC`.
    ZoneName,
}

/// The items of one letter; what has none is handled beside them.
const LETTERS: [(char, TimeItem); 18] = [
    ('Y', TimeItem::Year),
    ('y', TimeItem::YearOfCentury),
    ('m', TimeItem::Month),
    ('B', TimeItem::MonthName),
    ('b', TimeItem::MonthAbbreviation),
    ('d', TimeItem::Day),
    ('e', TimeItem::DaySpacePadded),
    ('j', TimeItem::DayOfYear),
    ('A', TimeItem::WeekdayName),
    ('a', TimeItem::WeekdayAbbreviation),
    ('H', TimeItem::Hour),
    ('I', TimeItem::Hour12),
    ('p', TimeItem::AmPm),
    ('M', TimeItem::Minute),
    ('S', TimeItem::Second),
    ('s', TimeItem::UnixSeconds),
    ('z', TimeItem::Offset),
    ('Z', TimeItem::ZoneName),
];

impl TimeFormat {
    /// Reads a `strftime` string of the items listed [above](Self).
    ///
    /// # Errors
    ///
    /// An item that is not listed, a `%` at the end, or no item at all.
    ///
    /// # Example
    ///
    /// ```
    /// use hestia_grammar::TimeFormat;
    ///
    /// assert!(TimeFormat::parse("%Y-%m-%d %H:%M:%S%.3f").is_ok());
    /// assert_eq!(TimeFormat::parse("%S.%f").unwrap_err().suggestion(), Some("%6f"));
    /// assert!(TimeFormat::parse("local").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        Self::parse_part(Part::new(text))
    }

    pub(super) fn parse_part(part: Part<'_>) -> Result<Self, ParseError> {
        let mut format = Self { items: Vec::new() };
        let mut rest = part;
        while !rest.is_empty() {
            let (literal, item) = rest.split_where(|c| c == '%');
            format.push_literal(literal.text);
            rest = format.take_item(item)?;
        }
        let is_literal = |item| matches!(item, &TimeItem::Literal(_));
        if format.items.iter().all(is_literal) {
            return Err(part.error(format_args!(
                "{} is no time format, expected items such as `%H:%M:%S%.3f`",
                Quoted(part.text)
            )));
        }
        Ok(format)
    }

    /// Takes one item off the front of `part`, which is empty or starts with `%`.
    fn take_item<'a>(&mut self, part: Part<'a>) -> Result<Part<'a>, ParseError> {
        let Some(text) = part.text.strip_prefix('%') else {
            return Ok(part);
        };
        let (length, items) = read_item(text).ok_or_else(|| unknown(part))?;
        for item in items {
            match item {
                TimeItem::Literal(text) => self.push_literal(&text),
                item => self.items.push(item),
            }
        }
        Ok(part.split_at('%'.len_utf8() + length).1)
    }

    /// Adds text to the literal that ends the format, or begins one.
    fn push_literal(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        match self.items.last_mut() {
            Some(TimeItem::Literal(literal)) => literal.push_str(text),
            _ => self.items.push(literal(text)),
        }
    }
}

fn literal(text: &str) -> TimeItem {
    TimeItem::Literal(text.to_owned())
}

/// The items that `text`, what follows a `%`, begins with, and how many bytes of it they take.
fn read_item(text: &str) -> Option<(usize, Vec<TimeItem>)> {
    use TimeItem::{Day, Fraction, Hour, Minute, Month, OffsetWithColon, Second, Year};
    Some(match text.as_bytes() {
        [b'%', ..] => (1, vec![literal("%")]),
        [b':', b'z', ..] => (2, vec![OffsetWithColon]),
        [digits @ b'1'..=b'9', b'f', ..] => (2, vec![Fraction(digits - b'0')]),
        [b'.', digits @ b'1'..=b'9', b'f', ..] => (3, vec![literal("."), Fraction(digits - b'0')]),
        [b'F', ..] => (1, vec![Year, literal("-"), Month, literal("-"), Day]),
        [b'T', ..] => (1, vec![Hour, literal(":"), Minute, literal(":"), Second]),
        [b'R', ..] => (1, vec![Hour, literal(":"), Minute]),
        _ => {
            let letter = text.chars().next()?;
            let (_, item) = LETTERS.into_iter().find(|(known, _)| *known == letter)?;
            (1, vec![item])
        }
    })
}

/// Items of other tools, and what says the same here: `%f` of Python, `%.f` and `%N` of `chrono` and GNU `date`,
/// `%L` of Ruby, `%D` of POSIX (whose month-first order is misread outside the USA).
const FOREIGN: [(&str, &str); 5] = [
    ("%f", "%6f"),
    ("%.f", "%.6f"),
    ("%N", "%9f"),
    ("%L", "%3f"),
    ("%D", "%F"),
];

/// The error for the item at the front of `part`, which starts with `%`.
fn unknown(part: Part<'_>) -> ParseError {
    let after = part.split_at(1).1;
    let (flags, letter) = after.split_where(char::is_alphabetic);
    let length = letter.text.chars().next().map_or(0, char::len_utf8);
    let item = part.slice(0, 1 + flags.text.len() + length);
    if after.is_empty() {
        return item.error("`%` at the end of the time format, as text it is written `%%`");
    }
    let same = FOREIGN.iter().find(|(foreign, _)| *foreign == item.text);
    item.error(format_args!(
        "unknown time item {}, expected one such as `%Y`, `%m`, `%d`, `%H`, `%M`, `%S` or `%3f`",
        Quoted(item.text)
    ))
    .with_suggestion(same.map(|(_, known)| *known))
}

/// Writes what [`TimeFormat::parse`] reads back as the same format; `%F`, `%T`, `%R` and `%.3f` come out in their
/// parts.
impl fmt::Display for TimeFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.items.iter().try_for_each(|item| write!(f, "{item}"))
    }
}

impl fmt::Display for TimeItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(text) => f.write_str(&text.replace('%', "%%")),
            Self::Fraction(digits) => write!(f, "%{digits}f"),
            Self::OffsetWithColon => f.write_str("%:z"),
            _ => LETTERS
                .iter()
                .filter(|(_, item)| item == self)
                .try_for_each(|(letter, _)| write!(f, "%{letter}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::assert_well_formed;
    use proptest::prelude::*;

    fn items(text: &str) -> Vec<TimeItem> {
        TimeFormat::parse(text).unwrap().items
    }

    #[test]
    fn every_letter_is_one_item_and_written_back() {
        for (letter, item) in LETTERS {
            let text = format!("%{letter}");
            assert_eq!(items(&text), [item]);
            assert_eq!(TimeFormat::parse(&text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn fractions_have_one_to_nine_digits() {
        assert_eq!(items("%3f"), [TimeItem::Fraction(3)]);
        assert_eq!(items("%.9f"), [literal("."), TimeItem::Fraction(9)]);
        for text in ["%0f", "%10f", "%.0f", "%f", "%.f"] {
            assert!(TimeFormat::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn short_forms_are_their_parts_and_literals_join() {
        assert_eq!(items("%FT%T"), items("%Y-%m-%dT%H:%M:%S"));
        assert_eq!(items("%R"), items("%H:%M"));
        assert_eq!(items("a%%b%.3f")[0], literal("a%b."));
    }

    #[test]
    fn offsets_are_read_with_and_without_a_colon() {
        assert_eq!(
            items("%z%:z%Z"),
            [
                TimeItem::Offset,
                TimeItem::OffsetWithColon,
                TimeItem::ZoneName
            ]
        );
    }

    #[test]
    fn unknown_items_are_named_and_foreign_ones_translated() {
        let error = TimeFormat::parse("%H:%-d é").unwrap_err();
        assert_eq!(error.span(), 3..6);
        assert!(error.message().starts_with("unknown time item `%-d`"));
        for (foreign, known) in FOREIGN {
            assert_eq!(
                TimeFormat::parse(foreign).unwrap_err().suggestion(),
                Some(known)
            );
            assert!(TimeFormat::parse(known).is_ok());
        }
        assert_eq!(TimeFormat::parse("%H%").unwrap_err().span(), 2..3);
    }

    #[test]
    fn messages_name_what_is_wrong_and_what_would_be_right() {
        for (text, message) in [
            (
                "%H%",
                "`%` at the end of the time format, as text it is written `%%`",
            ),
            (
                "%H:%-d",
                "unknown time item `%-d`, expected one such as `%Y`, `%m`, `%d`, `%H`, `%M`, `%S` or `%3f`",
            ),
            (
                "%S.%f",
                "unknown time item `%f`, expected one such as `%Y`, `%m`, `%d`, `%H`, `%M`, `%S` or `%3f`; did you mean `%6f`?",
            ),
            (
                "local",
                "`local` is no time format, expected items such as `%H:%M:%S%.3f`",
            ),
        ] {
            assert_eq!(TimeFormat::parse(text).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn a_format_without_an_item_is_none() {
        for text in ["local", ">30", "", "100%%"] {
            assert!(
                TimeFormat::parse(text)
                    .unwrap_err()
                    .message()
                    .contains("is no time format"),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(text in "([a-z:. é-]|%[YymBbdejAaHIpMSszZFTR%3]|%[.]?[1-9]f|%:z){0,12}") {
            match TimeFormat::parse(&text) {
                Ok(format) => prop_assert_eq!(TimeFormat::parse(&format.to_string()), Ok(format)),
                Err(error) => assert_well_formed(&text, &error),
            }
        }

        #[test]
        fn any_text_is_read_or_refused_with_a_good_error(text in any::<String>()) {
            if let Err(error) = TimeFormat::parse(&text) {
                assert_well_formed(&text, &error);
            }
        }
    }
}
