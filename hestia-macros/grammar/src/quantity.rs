//! Exact decimal numbers followed by a unit: what sizes and durations share.

use crate::{ParseError, error::Quoted, part::Part};

/// Most digits after the point that are read: enough to write any KiB, MiB or nanosecond exactly.
const MAX_FRACTION_DIGITS: usize = 18;

/// A number as it was typed: `whole + fraction / 10^digits`. Never a float, so `0.1` is a tenth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quantity {
    whole: u64,
    fraction: u64,
    digits: u32,
}

impl Quantity {
    /// Takes a number off the front of `part`; `noun` is what the number is, for messages. Digits may be grouped by
    /// `_`.
    pub(crate) fn take<'a>(part: Part<'a>, noun: &str) -> Result<(Self, Part<'a>), ParseError> {
        let (whole, rest) = part.split_where(not_in_number);
        if whole.is_empty() {
            return Err(no_number(part, noun));
        }
        let (fraction, rest) = match rest.text.strip_prefix('.') {
            Some(_) => rest.split_at(1).1.split_where(not_in_number),
            None => rest.split_at(0),
        };
        let (number, _) = part.split_at(part.text.len() - rest.text.len());
        if rest.text.starts_with(['.', ',']) || number.text.ends_with('.') {
            return Err(bad_punctuation(part));
        }
        let quantity = Self {
            whole: digits(whole)?.parse().map_err(|_| too_large(number))?,
            ..read_fraction(fraction)?
        };
        Ok((quantity, rest))
    }

    /// This many `unit`s, or `None` if that is not a whole number. It cannot overflow: `unit` is below 2^64, and so are
    /// both parts of the number.
    pub(crate) fn times(self, unit: u64) -> Option<u128> {
        let scaled = u128::from(self.fraction) * u128::from(unit);
        let scale = 10_u128.pow(self.digits);
        (scaled % scale == 0).then(|| u128::from(self.whole) * u128::from(unit) + scaled / scale)
    }
}

fn not_in_number(c: char) -> bool {
    !c.is_ascii_digit() && c != '_'
}

fn read_fraction(part: Part<'_>) -> Result<Quantity, ParseError> {
    let digits = digits(part)?;
    let digits = digits.trim_end_matches('0');
    if digits.len() > MAX_FRACTION_DIGITS {
        return Err(part.error(format_args!(
            "too many digits after the point in {}, {MAX_FRACTION_DIGITS} at most",
            Quoted(part.text)
        )));
    }
    Ok(Quantity {
        whole: 0,
        // Eighteen digits fit; no digits at all are the only failure left, and mean zero.
        fraction: digits.parse().unwrap_or(0),
        digits: digits.len() as u32,
    })
}

/// The digits of `part` without their grouping, which is checked.
fn digits(part: Part<'_>) -> Result<String, ParseError> {
    if !part.is_empty() && part.text.split('_').any(str::is_empty) {
        return Err(part.error(format_args!(
            "`_` does not stand between two digits in {}",
            Quoted(part.text)
        )));
    }
    Ok(part.text.replace('_', ""))
}

pub(crate) fn too_large(part: Part<'_>) -> ParseError {
    part.error(format_args!("{} is too large", Quoted(part.text)))
}

fn no_number(part: Part<'_>, noun: &str) -> ParseError {
    let quoted = Quoted(part.text);
    if part.text.starts_with('-') {
        return part.error(format_args!(
            "{quoted} is negative, but a {noun} is zero or more"
        ));
    }
    if part.text.starts_with('.') {
        return part
            .error(format_args!("missing digit before the point in {quoted}"))
            .with_suggestion(Some(&format!("0{}", part.text)));
    }
    part.error(format_args!(
        "{quoted} is no {noun}, which starts with a digit"
    ))
}

fn bad_punctuation(part: Part<'_>) -> ParseError {
    part.error(format_args!(
        "{} is no number, write a fraction as `1.5` and group digits as `10_000`",
        Quoted(part.text)
    ))
}

/// Writes `whole + fraction / 10^digits` with no more digits than needed.
pub(crate) fn with_fraction(whole: u64, fraction: u64, digits: usize) -> String {
    if fraction == 0 {
        return whole.to_string();
    }
    let text = format!("{whole}.{fraction:0digits$}");
    text.trim_end_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn take(text: &str) -> Result<(Quantity, &str), String> {
        Quantity::take(Part::new(text), "size")
            .map(|(quantity, rest)| (quantity, rest.text))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_number_is_taken_and_the_rest_left() {
        let (quantity, rest) = take("1_0.250_0 MB").unwrap();
        assert_eq!(
            quantity,
            Quantity {
                whole: 10,
                fraction: 25,
                digits: 2
            }
        );
        assert_eq!(rest, " MB");
        assert_eq!(quantity.times(1000), Some(10_250));
        assert_eq!(quantity.times(1), None);
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        let (quantity, _) = take("18446744073709551615.999999999999999999").unwrap();
        assert_eq!(quantity.times(u64::MAX), None);
        assert!(quantity.times(10_u64.pow(18)).is_some());
        assert_eq!(
            take("18446744073709551616").unwrap_err(),
            "`18446744073709551616` is too large"
        );
    }

    #[test]
    fn trailing_zeros_do_not_count_as_precision() {
        let (quantity, _) = take(&format!("1.5{}", "0".repeat(100))).unwrap();
        assert_eq!(quantity.times(2), Some(3));
        assert!(
            take("1.0000000000000000001")
                .unwrap_err()
                .contains("18 at most")
        );
    }

    #[test]
    fn ill_formed_numbers_are_refused() {
        for text in ["_1", "1_", "1__0", "1._5", "1.5_"] {
            assert!(
                take(text).unwrap_err().contains("between two digits"),
                "{text}"
            );
        }
        for text in ["1.", "1.MB", "1,5MB", "1.2.3", "1,000"] {
            assert!(
                take(text)
                    .unwrap_err()
                    .contains("write a fraction as `1.5`"),
                "{text}"
            );
        }
        assert_eq!(
            take("-5MB").unwrap_err(),
            "`-5MB` is negative, but a size is zero or more"
        );
        assert_eq!(
            take(".5GB").unwrap_err(),
            "missing digit before the point in `.5GB`; did you mean `0.5GB`?"
        );
        assert_eq!(
            take("ten").unwrap_err(),
            "`ten` is no size, which starts with a digit"
        );
        assert_eq!(
            take("1__0MB").unwrap_err(),
            "`_` does not stand between two digits in `1__0`"
        );
        assert_eq!(
            take("1,5MB").unwrap_err(),
            "`1,5MB` is no number, write a fraction as `1.5` and group digits as `10_000`"
        );
        assert_eq!(
            take("1.0000000000000000001").unwrap_err(),
            "too many digits after the point in `0000000000000000001`, 18 at most"
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(whole: u64, fraction in 0..1_000_000_000_u64) {
            let text = with_fraction(whole, fraction, 9);
            let (quantity, rest) = take(&text).unwrap();
            prop_assert_eq!(rest, "");
            let nanos = u128::from(whole) * 1_000_000_000 + u128::from(fraction);
            prop_assert_eq!(quantity.times(1_000_000_000), Some(nanos));
        }
    }
}
