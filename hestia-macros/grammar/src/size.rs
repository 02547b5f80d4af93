//! Sizes in bytes, such as `10MB`.

use crate::{
    ParseError,
    error::{Quoted, suggest},
    part::Part,
    quantity::{Quantity, too_large, with_fraction},
    words::find,
};

/// A kilobyte: 1000 bytes (SI).
pub const KB: u64 = 1_000;
/// A megabyte: 1000² bytes (SI).
pub const MB: u64 = 1_000 * KB;
/// A gigabyte: 1000³ bytes (SI).
pub const GB: u64 = 1_000 * MB;
/// A kibibyte: 1024 bytes (IEC 80000-13).
pub const KIB: u64 = 1 << 10;
/// A mebibyte: 1024² bytes (IEC 80000-13).
pub const MIB: u64 = 1 << 20;
/// A gibibyte: 1024³ bytes (IEC 80000-13).
pub const GIB: u64 = 1 << 30;

const UNITS: [(&str, u64); 9] = [
    ("B", 1),
    ("KB", KB),
    ("MB", MB),
    ("GB", GB),
    ("TB", 1_000 * GB),
    ("KiB", KIB),
    ("MiB", MIB),
    ("GiB", GIB),
    ("TiB", 1 << 40),
];

/// Reads a size in bytes: a number and a unit, such as `10MB`, `1.5 GiB`, `10_000 B`; a number alone is bytes.
///
/// `KB`, `MB`, `GB`, `TB` are powers of 1000, `KiB`, `MiB`, `GiB`, `TiB` powers of 1024, in any letter case. A fraction
/// is allowed where the result is a whole number of bytes. `10M` is refused, since it means 10 MB to some tools and
/// 10 MiB to others. The result is between 0 and `u64::MAX`.
///
/// # Errors
///
/// When the text is no such size, is negative, or does not fit.
///
/// # Example
///
/// ```
/// use hestia_grammar::{GIB, MB, parse_size};
///
/// assert_eq!(parse_size("10MB"), Ok(10 * MB));
/// assert_eq!(parse_size("1.5 gib"), Ok(GIB + GIB / 2));
/// assert_eq!(parse_size("10_485_760"), Ok(10_485_760));
/// assert_eq!(parse_size("10M").unwrap_err().suggestion(), Some("MB"));
/// ```
pub fn parse_size(text: &str) -> Result<u64, ParseError> {
    let size = Part::new(text).trim();
    if size.is_empty() {
        return Err(size.error("missing size, expected a number and a unit such as `10MB`"));
    }
    let (quantity, unit) = Quantity::take(size, "size")?;
    let unit = find_unit(unit.trim())?;
    let bytes = quantity.times(unit).ok_or_else(|| {
        size.error(format_args!(
            "{} is no whole number of bytes",
            Quoted(size.text)
        ))
    })?;
    u64::try_from(bytes).map_err(|_| too_large(size))
}

fn find_unit(word: Part<'_>) -> Result<u64, ParseError> {
    if word.is_empty() {
        return Ok(1);
    }
    find(&UNITS, word.text).ok_or_else(|| {
        word.error(format_args!(
            "unknown unit {}, expected B, KB, MB, GB, TB, KiB, MiB, GiB or TiB",
            Quoted(word.text)
        ))
        .with_suggestion(suggest(word.text, UNITS.iter().map(|(name, _)| *name)))
    })
}

/// Writes a size for people: `10 MB`, `1.5 KiB`, `512 B`.
///
/// The largest unit in which the size has at most two decimals is taken, binary or decimal; such a text is exact, and
/// [`parse_size`] reads it back. Where there is none but bytes, the size is rounded to two decimals of a decimal unit.
///
/// # Example
///
/// ```
/// use hestia_grammar::{KIB, MB, format_size};
///
/// assert_eq!(format_size(10 * MB), "10 MB");
/// assert_eq!(format_size(16 * KIB), "16 KiB");
/// assert_eq!(format_size(1_234_567), "1.23 MB");
/// ```
pub fn format_size(bytes: u64) -> String {
    let (name, unit) = exact_unit(bytes).unwrap_or_else(|| rounding_unit(bytes));
    let hundredths = hundredths(bytes, unit);
    // At most u64::MAX hundredths of a byte's multiple: the quotient by 100 is never above `bytes`.
    let whole = u64::try_from(hundredths / 100).unwrap_or(bytes);
    with_fraction(whole, (hundredths % 100) as u64, 2) + " " + name
}

/// The largest unit that is no larger than `bytes` and in which two decimals say it exactly; not the byte itself,
/// unless the size is below 1 KB.
fn exact_unit(bytes: u64) -> Option<(&'static str, u64)> {
    if bytes < KB {
        return Some(UNITS[0]);
    }
    let mut largest: Option<(&str, u64)> = None;
    for (name, unit) in &UNITS[1..] {
        let is_exact = u128::from(bytes) * 100 % u128::from(*unit) == 0;
        if is_exact && *unit <= bytes && largest.is_none_or(|(_, known)| known < *unit) {
            largest = Some((name, *unit));
        }
    }
    largest
}

/// The largest decimal unit of which `bytes` is at least one, after rounding: 999,999 bytes are 1 MB, not 1000 KB.
fn rounding_unit(bytes: u64) -> (&'static str, u64) {
    let mut decimal = UNITS[..5].iter().rev();
    let largest = decimal.find(|(_, unit)| hundredths(bytes, *unit) >= 100);
    *largest.unwrap_or(&UNITS[0])
}

fn hundredths(bytes: u64, unit: u64) -> u128 {
    let unit = u128::from(unit);
    (u128::from(bytes) * 100 + unit / 2) / unit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::assert_well_formed;
    use proptest::prelude::*;

    fn message(text: &str) -> String {
        parse_size(text).unwrap_err().to_string()
    }

    #[test]
    fn decimal_and_binary_units_are_read_in_any_case() {
        for (name, bytes) in UNITS {
            assert_eq!(parse_size(&format!("3{name}")), Ok(3 * bytes));
            assert_eq!(
                parse_size(&format!(" 3 {} ", name.to_lowercase())),
                Ok(3 * bytes)
            );
        }
    }

    #[test]
    fn numbers_alone_are_bytes_and_zero_is_a_size() {
        assert_eq!(parse_size("1_000_000"), Ok(MB));
        assert_eq!(parse_size("0"), Ok(0));
        assert_eq!(parse_size("0 GB"), Ok(0));
        assert_eq!(parse_size("18446744073709551615"), Ok(u64::MAX));
    }

    #[test]
    fn fractions_must_come_out_as_whole_bytes() {
        assert_eq!(parse_size("1.5GB"), Ok(1_500_000_000));
        assert_eq!(parse_size("0.0009765625MiB"), Ok(1024));
        assert_eq!(message("1.5B"), "`1.5B` is no whole number of bytes");
        assert_eq!(
            message("0.0005KB"),
            "`0.0005KB` is no whole number of bytes"
        );
    }

    #[test]
    fn an_unknown_unit_is_named_and_the_near_one_suggested() {
        let error = parse_size("10 MBB").unwrap_err();
        assert_eq!((error.span(), error.suggestion()), (3..6, Some("MB")));
        for (text, unit) in [("1K", "KB"), ("1M", "MB"), ("1g", "GB"), ("1 MIBB", "MiB")] {
            assert_eq!(
                parse_size(text).unwrap_err().suggestion(),
                Some(unit),
                "{text}"
            );
        }
        assert_eq!(parse_size("10 parsecs").unwrap_err().suggestion(), None);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(
            message("18446744073709551616"),
            "`18446744073709551616` is too large"
        );
        assert_eq!(message("20000000 TB"), "`20000000 TB` is too large");
        assert_eq!(
            message(" -1 MB"),
            "`-1 MB` is negative, but a size is zero or more"
        );
        assert_eq!(
            message(""),
            "missing size, expected a number and a unit such as `10MB`"
        );
        assert_eq!(message("MB"), "`MB` is no size, which starts with a digit");
    }

    #[test]
    fn sizes_are_written_in_the_unit_that_says_them_best() {
        for (bytes, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1 KB"),
            (1_024, "1 KiB"),
            (1_536, "1.5 KiB"),
            (1_230, "1.23 KB"),
            (1_234, "1.23 KB"),
            (10 * MIB, "10 MiB"),
            (1_500_000, "1.5 MB"),
            (999_999, "1 MB"),
            (1_005_001, "1.01 MB"),
            (5 * GB, "5 GB"),
            (u64::MAX, "18446744.07 TB"),
        ] {
            assert_eq!(format_size(bytes), text);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_with_a_good_error(text in any::<String>()) {
            if let Err(error) = parse_size(&text) {
                assert_well_formed(&text, &error);
            }
        }

        #[test]
        fn text_that_looks_like_a_size_is_read_or_refused_with_a_good_error(text in "[-0-9_., ]{0,24} ?[kKmMgGtTiIbBé]{0,4}") {
            if let Err(error) = parse_size(&text) {
                assert_well_formed(&text, &error);
            }
        }

        #[test]
        fn hundredths_of_a_decimal_unit_are_read_back_exactly(count in 100..100_000_u64, unit in 1..5_usize) {
            let bytes = count * UNITS[unit].1 / 100;
            prop_assert_eq!(parse_size(&format_size(bytes)), Ok(bytes));
        }

        #[test]
        fn quarters_of_a_binary_unit_are_read_back_exactly(count in 4..4_000_u64, unit in 5..9_usize) {
            let bytes = count * UNITS[unit].1 / 4;
            prop_assert_eq!(parse_size(&format_size(bytes)), Ok(bytes));
        }

        #[test]
        fn what_is_written_is_right_within_one_percent(bytes: u64, shift in 0..64) {
            let bytes = bytes >> shift;
            let read = parse_size(&format_size(bytes)).unwrap();
            prop_assert!(read.abs_diff(bytes) <= bytes / 100);
        }
    }
}
