//! Spans of time, such as `1h30m`.

use std::time::Duration;

use crate::{
    ParseError,
    error::{Quoted, suggest},
    part::Part,
    quantity::{Quantity, too_large, with_fraction},
    words::find,
};

const MICROSECOND: u64 = 1_000;
const MILLISECOND: u64 = 1_000 * MICROSECOND;
const SECOND: u64 = 1_000 * MILLISECOND;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Unit and nanoseconds. `µ` is there twice: the micro sign U+00B5 of keyboards, and the Greek letter U+03BC that
/// Unicode prefers (NFKC of UAX #15 turns the first into the second).
const UNITS: [(&str, u64); 11] = [
    ("ns", 1),
    ("us", MICROSECOND),
    ("\u{b5}s", MICROSECOND),
    ("\u{3bc}s", MICROSECOND),
    ("ms", MILLISECOND),
    ("s", SECOND),
    ("m", MINUTE),
    ("min", MINUTE),
    ("h", HOUR),
    ("d", DAY),
    ("w", 7 * DAY),
];

/// Longer words for the units: refused, and translated in the error.
const FOREIGN: [(&str, &str); 14] = [
    ("sec", "s"),
    ("secs", "s"),
    ("second", "s"),
    ("seconds", "s"),
    ("minute", "min"),
    ("minutes", "min"),
    ("mins", "min"),
    ("hr", "h"),
    ("hour", "h"),
    ("hours", "h"),
    ("day", "d"),
    ("days", "d"),
    ("week", "w"),
    ("weeks", "w"),
];

/// Reads a span of time: a number and a unit, or several with the units going from large to small: `5s`, `250ms`,
/// `1h30m`, `1.5 h`.
///
/// Units: `ns`, `us` or `µs`, `ms`, `s`, `m` or `min`, `h`, `d` (24 hours), `w` (7 days). They are case-sensitive,
/// since `M` is a month elsewhere. A number without a unit is refused, except `0`. The result is exact, between 0
/// and [`Duration::MAX`], and in whole nanoseconds.
///
/// # Errors
///
/// When the text is no such duration, is negative, does not fit, or is no whole number of nanoseconds.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use hestia_grammar::parse_duration;
///
/// assert_eq!(parse_duration("1h30m"), Ok(Duration::from_secs(5_400)));
/// assert_eq!(parse_duration("0.25 s"), Ok(Duration::from_millis(250)));
/// assert_eq!(parse_duration("5 sec").unwrap_err().suggestion(), Some("s"));
/// ```
pub fn parse_duration(text: &str) -> Result<Duration, ParseError> {
    let duration = Part::new(text).trim();
    if duration.is_empty() {
        return Err(duration.error("missing duration, expected a number and a unit such as `5s`"));
    }
    if duration.text == "0" {
        return Ok(Duration::ZERO);
    }
    // Each unit is used once at most, so the sum of eight values below 2^118 cannot overflow.
    let mut nanos = 0;
    let mut above = u64::MAX;
    let mut rest = duration;
    while !rest.is_empty() {
        let component = Component::take(rest)?;
        nanos += component.nanos(above)?;
        above = component.unit;
        rest = component.rest;
    }
    from_nanos(nanos).ok_or_else(|| too_large(duration))
}

/// One number with its unit, and what stands after it.
struct Component<'a> {
    text: Part<'a>,
    quantity: Quantity,
    unit: u64,
    rest: Part<'a>,
}

impl<'a> Component<'a> {
    fn take(part: Part<'a>) -> Result<Self, ParseError> {
        let (quantity, rest) = Quantity::take(part, "duration")?;
        let (number, _) = part.split_at(part.text.len() - rest.text.len());
        let (word, rest) = rest
            .trim_start()
            .split_where(|c| c.is_ascii_digit() || c.is_whitespace() || matches!(c, '-' | '.'));
        if word.is_empty() {
            return Err(missing_unit(number));
        }
        Ok(Self {
            text: part.split_at(part.text.len() - rest.text.len()).0,
            quantity,
            unit: find_unit(word)?,
            rest: rest.trim_start(),
        })
    }

    /// Its nanoseconds, if its unit is smaller than `above`, the one before it.
    fn nanos(&self, above: u64) -> Result<u128, ParseError> {
        let quoted = Quoted(self.text.text);
        if self.unit >= above {
            return Err(self.text.error(format_args!(
                "{quoted} stands too late, units go from large to small, each once, as in `1h30m`"
            )));
        }
        self.quantity.times(self.unit).ok_or_else(|| {
            self.text
                .error(format_args!("{quoted} is no whole number of nanoseconds"))
        })
    }
}

fn missing_unit(number: Part<'_>) -> ParseError {
    number.error(format_args!(
        "missing unit after {}, expected ns, us, ms, s, m, h, d or w, as in `5s`",
        Quoted(number.text)
    ))
}

fn find_unit(word: Part<'_>) -> Result<u64, ParseError> {
    if let Some((_, nanos)) = UNITS.iter().find(|(name, _)| *name == word.text) {
        return Ok(*nanos);
    }
    let near = find(&FOREIGN, word.text)
        .or_else(|| suggest(word.text, UNITS.iter().map(|(name, _)| *name)));
    Err(word
        .error(format_args!(
            "unknown unit {}, expected ns, us, ms, s, m, h, d or w",
            Quoted(word.text)
        ))
        .with_suggestion(near))
}

fn from_nanos(nanos: u128) -> Option<Duration> {
    let second = u128::from(SECOND);
    let seconds = u64::try_from(nanos / second).ok()?;
    Some(Duration::new(seconds, (nanos % second) as u32))
}

/// Writes a span of time for people, exactly: `1h30m`, `2.5s`, `250ms`, `0s`. [`parse_duration`] reads it back.
///
/// Days are the largest unit; below a second one unit with a fraction is used, without rounding.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use hestia_grammar::format_duration;
///
/// assert_eq!(format_duration(Duration::from_millis(90_500)), "1m30.5s");
/// assert_eq!(format_duration(Duration::from_micros(1_500)), "1.5ms");
/// ```
pub fn format_duration(duration: Duration) -> String {
    if duration.is_zero() {
        return "0s".to_owned();
    }
    if duration.as_secs() == 0 {
        return below_a_second(u64::from(duration.subsec_nanos()));
    }
    let seconds = duration.as_secs();
    let mut text = String::new();
    for (count, unit) in [
        (seconds / 86_400, 'd'),
        (seconds / 3_600 % 24, 'h'),
        (seconds / 60 % 60, 'm'),
    ] {
        if count > 0 {
            text += &format!("{count}{unit}");
        }
    }
    let (seconds, nanos) = (seconds % 60, u64::from(duration.subsec_nanos()));
    if seconds > 0 || nanos > 0 {
        text += &with_fraction(seconds, nanos, 9);
        text.push('s');
    }
    text
}

fn below_a_second(nanos: u64) -> String {
    let (name, unit, digits) = match nanos {
        MILLISECOND.. => ("ms", MILLISECOND, 6),
        MICROSECOND.. => ("us", MICROSECOND, 3),
        _ => ("ns", 1, 0),
    };
    with_fraction(nanos / unit, nanos % unit, digits) + name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::assert_well_formed;
    use proptest::prelude::*;

    fn message(text: &str) -> String {
        parse_duration(text).unwrap_err().to_string()
    }

    #[test]
    fn every_unit_is_read() {
        for (name, nanos) in UNITS {
            let expected = Ok(Duration::from_nanos(3 * nanos));
            assert_eq!(parse_duration(&format!("3{name}")), expected);
            assert_eq!(parse_duration(&format!(" 3 {name} ")), expected);
        }
    }

    #[test]
    fn components_add_up() {
        let expected = Ok(Duration::new(694_861, 500_000_000));
        assert_eq!(parse_duration("1w1d1h1m1.5s"), expected);
        assert_eq!(parse_duration("1w 1d 1h 1min 1s 500ms"), expected);
        assert_eq!(parse_duration("1.5h"), parse_duration("1h30m"));
        assert_eq!(parse_duration("0"), Ok(Duration::ZERO));
        assert_eq!(parse_duration("0s"), Ok(Duration::ZERO));
    }

    #[test]
    fn units_go_from_large_to_small_each_once() {
        for text in ["30m1h", "1h1h", "1m 1min", "1us1µs"] {
            assert!(
                message(text).contains("units go from large to small"),
                "{text}"
            );
        }
        assert_eq!(parse_duration("30m 1h").unwrap_err().span(), 4..6);
        assert_eq!(
            message("30m 1h"),
            "`1h` stands too late, units go from large to small, each once, as in `1h30m`"
        );
    }

    #[test]
    fn a_missing_or_unknown_unit_is_named() {
        assert_eq!(
            message("5"),
            "missing unit after `5`, expected ns, us, ms, s, m, h, d or w, as in `5s`"
        );
        for (text, unit) in [
            ("5S", "s"),
            ("5 Seconds", "s"),
            ("5 minutes", "min"),
            ("3 days", "d"),
            ("5 sm", "s"),
            ("5 mss", "ms"),
        ] {
            assert_eq!(
                parse_duration(text).unwrap_err().suggestion(),
                Some(unit),
                "{text}"
            );
        }
        assert_eq!(parse_duration("1h30").unwrap_err().span(), 2..4);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(
            message("0.5ns"),
            "`0.5ns` is no whole number of nanoseconds"
        );
        assert_eq!(
            message("1h -5s"),
            "`-5s` is negative, but a duration is zero or more"
        );
        assert_eq!(
            message("18446744073709551615w"),
            "`18446744073709551615w` is too large"
        );
        assert_eq!(
            message(" "),
            "missing duration, expected a number and a unit such as `5s`"
        );
        assert_eq!(
            message("soon"),
            "`soon` is no duration, which starts with a digit"
        );
    }

    #[test]
    fn durations_are_written_for_people() {
        for (nanos, text) in [
            (0, "0s"),
            (7, "7ns"),
            (1_500, "1.5us"),
            (250 * MILLISECOND, "250ms"),
            (SECOND + 1, "1.000000001s"),
            (90 * SECOND, "1m30s"),
            (HOUR, "1h"),
            (7 * DAY + MILLISECOND, "7d0.001s"),
        ] {
            assert_eq!(format_duration(Duration::from_nanos(nanos)), text);
        }
        assert_eq!(
            format_duration(Duration::MAX),
            "213503982334601d7h15.999999999s"
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(duration: Duration) {
            prop_assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
        }

        #[test]
        fn short_durations_are_read_back_too(nanos in 0..2 * SECOND) {
            let duration = Duration::from_nanos(nanos);
            prop_assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
        }

        #[test]
        fn any_text_is_read_or_refused_with_a_good_error(text in any::<String>()) {
            if let Err(error) = parse_duration(&text) {
                assert_well_formed(&text, &error);
            }
        }

        #[test]
        fn text_that_looks_like_a_duration_is_read_or_refused_with_a_good_error(text in "([-0-9_., ]{0,12} ?[nuµmshdwin]{0,3}){0,4}") {
            if let Err(error) = parse_duration(&text) {
                assert_well_formed(&text, &error);
            }
        }
    }
}
