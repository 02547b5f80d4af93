//! Points in time as text.
//!
//! Date, hour, minute, second and offset are formatted once a second and kept, with room for the digits of the fraction, which
//! are written when the last of them changes. Records come in time order, so one second is enough to remember.
//!
//! *Invariant:* every `i64` of nanoseconds (the years 1677 to 2262) can be written, and nothing here panics.
//!
//! # Source
//! RFC 3339, section 5.6, which is a profile of ISO 8601.

use std::fmt::{Display, Write as _};

use chrono::{DateTime, Local};
use hestia_grammar::{TimeFormat, TimeItem};

use crate::clock::TimeZone;

/// In nanoseconds.
const SECOND: u32 = 1_000_000_000;

/// Writes timestamps in one format.
#[derive(Clone, Debug)]
pub(super) struct TimeWriter {
    zone: TimeZone,
    pieces: Vec<Piece>,
    /// Nanoseconds of the last digit that is written, for which a text stays as it is.
    step: u32,
    /// When the second began that the text belongs to, in nanoseconds since the Unix epoch.
    second: Option<i64>,
    /// How far into it the text is.
    nanos: u32,
    text: Vec<u8>,
}

/// Text that stays for a second, and the digits of the fraction that follow it.
#[derive(Clone, Debug, Default)]
struct Piece {
    /// As chrono has it; made from known items only, since chrono's `Display` fails on any other.
    format: String,
    /// Where the digits begin in the text of the second.
    at: usize,
    /// None for the last piece.
    digits: u8,
}

impl TimeWriter {
    /// `2026-03-06T20:40:23.286Z`, with 1 to 9 digits of the fraction.
    pub(super) fn rfc3339(zone: TimeZone, digits: u8) -> Self {
        TimeWriter::rfc3339_after("", zone, digits)
    }

    /// The same behind a text without percent signs.
    pub(super) fn rfc3339_after(text: &str, zone: TimeZone, digits: u8) -> Self {
        let offset = match zone {
            TimeZone::Utc => "Z",
            TimeZone::Local => "%:z",
        };
        TimeWriter::new(zone, &format!("{text}%Y-%m-%dT%H:%M:%S."), digits, offset)
    }

    /// `20:40:23.286`.
    pub(super) fn clock(zone: TimeZone) -> Self {
        TimeWriter::new(zone, "%H:%M:%S.", 3, "")
    }

    fn new(zone: TimeZone, before: &str, digits: u8, after: &str) -> Self {
        let piece = |format: &str, digits| Piece {
            format: format.to_owned(),
            at: 0,
            digits,
        };
        TimeWriter::of(zone, vec![piece(before, digits), piece(after, 0)])
    }

    fn of(zone: TimeZone, pieces: Vec<Piece>) -> Self {
        let digits = pieces.iter().map(|piece| piece.digits).max().unwrap_or(0);
        TimeWriter {
            zone,
            pieces,
            step: step(digits.into()),
            second: None,
            nanos: 0,
            text: Vec::new(),
        }
    }

    /// As a pattern's `{time:…}` says.
    pub(super) fn with_format(zone: TimeZone, format: &TimeFormat) -> Self {
        let mut pieces = vec![Piece::default()];
        for item in &format.items {
            if let (TimeItem::Fraction(digits), Some(last)) = (item, pieces.last_mut()) {
                last.digits = *digits;
                pieces.push(Piece::default());
            } else if let Some(last) = pieces.last_mut() {
                push_item(&mut last.format, item);
            }
        }
        TimeWriter::of(zone, pieces)
    }

    /// Appends a point in time, given in nanoseconds since the Unix epoch. Fractions are cut off, not rounded.
    pub(super) fn append(&mut self, line: &mut Vec<u8>, timestamp_nanos: i64) {
        match self.within_second(timestamp_nanos) {
            Some(nanos) if (0..self.step).contains(&nanos.wrapping_sub(self.nanos)) => {}
            Some(nanos) => self.format_fraction(nanos),
            None => {
                let nanos = self.format_second(timestamp_nanos);
                self.format_fraction(nanos);
            }
        }
        line.extend_from_slice(&self.text);
    }

    /// How far into the second of the text it is; `None` where it is in another one.
    #[inline]
    fn within_second(&self, timestamp_nanos: i64) -> Option<u32> {
        let nanos = timestamp_nanos.checked_sub(self.second?)?;
        let nanos = u32::try_from(nanos).ok();
        nanos.filter(|nanos| *nanos < SECOND)
    }

    fn format_fraction(&mut self, nanos: u32) {
        self.nanos = nanos - nanos % self.step;
        for piece in &self.pieces {
            let digits = usize::from(piece.digits);
            if let Some(place) = self.text.get_mut(piece.at..piece.at + digits) {
                write_fraction(place, nanos);
            }
        }
    }

    /// Returns how far into the second it is.
    #[cold]
    fn format_second(&mut self, timestamp_nanos: i64) -> u32 {
        let second = timestamp_nanos.div_euclid(SECOND.into());
        // Never out of range: chrono's years reach from -262143 to 262142.
        let time = DateTime::from_timestamp(second, 0).unwrap_or_default();
        match self.zone {
            TimeZone::Utc => self.format_pieces(&time),
            TimeZone::Local => self.format_pieces(&time.with_timezone(&Local)),
        }
        // The first one that there is began before there are nanoseconds.
        self.second = second.checked_mul(SECOND.into());
        u32::try_from(timestamp_nanos.rem_euclid(SECOND.into())).unwrap_or(0)
    }

    fn format_pieces<Z: chrono::TimeZone<Offset: Display>>(&mut self, time: &DateTime<Z>) {
        let mut text = String::new();
        for piece in &mut self.pieces {
            // Cannot fail: a String takes everything, and the items are known ones.
            let _ = write!(text, "{}", time.format(&piece.format));
            piece.at = text.len();
            text.extend(std::iter::repeat_n('0', piece.digits.into()));
        }
        self.text = text.into_bytes();
    }
}

/// Adds an item as chrono spells it. `%Z` of local time is the offset: the system does not tell chrono a name.
fn push_item(format: &mut String, item: &TimeItem) {
    let spelled = match item {
        TimeItem::Literal(text) => return format.push_str(&text.replace('%', "%%")),
        TimeItem::Fraction(_) => "",
        TimeItem::Year => "%Y",
        TimeItem::YearOfCentury => "%y",
        TimeItem::Month => "%m",
        TimeItem::MonthName => "%B",
        TimeItem::MonthAbbreviation => "%b",
        TimeItem::Day => "%d",
        TimeItem::DaySpacePadded => "%e",
        TimeItem::DayOfYear => "%j",
        TimeItem::WeekdayName => "%A",
        TimeItem::WeekdayAbbreviation => "%a",
        TimeItem::Hour => "%H",
        TimeItem::Hour12 => "%I",
        TimeItem::AmPm => "%p",
        TimeItem::Minute => "%M",
        TimeItem::Second => "%S",
        TimeItem::UnixSeconds => "%s",
        TimeItem::Offset => "%z",
        TimeItem::OffsetWithColon => "%:z",
        TimeItem::ZoneName => "%Z",
    };
    format.push_str(spelled);
}

/// Writes the first digits of a fraction given in nanoseconds: as many as there is place for, 9 at most. Two at a time.
#[inline]
fn write_fraction(place: &mut [u8], nanos: u32) {
    let mut rest = nanos / step(place.len());
    for pair in place.rchunks_mut(2) {
        let digits = &PAIRS[rest as usize % PAIRS.len()];
        pair.copy_from_slice(&digits[2 - pair.len()..]);
        rest /= 100;
    }
}

/// `00` to `99`.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number as usize] = [b'0' + number / 10, b'0' + number % 10];
        number += 1;
    }
    pairs
};

/// Nanoseconds of the last of so many digits of a fraction, of which a second has nine.
fn step(digits: usize) -> u32 {
    const STEPS: [u32; 10] = {
        let mut steps = [1; 10];
        let mut digits = 9;
        while digits > 0 {
            digits -= 1;
            steps[digits] = 10 * steps[digits + 1];
        }
        steps
    };
    STEPS[digits.min(9)]
}

#[cfg(test)]
mod tests {
    use chrono::{NaiveDate, SecondsFormat, Utc};
    use proptest::prelude::*;

    use super::*;

    /// 2026-03-06T20:40:23.286114999Z
    const NANOS: i64 = 1_772_829_623_286_114_999;

    fn text(writer: &mut TimeWriter, nanos: i64) -> String {
        let mut line = Vec::new();
        writer.append(&mut line, nanos);
        String::from_utf8(line).unwrap()
    }

    fn formatted(format: &str, nanos: i64) -> String {
        let format = TimeFormat::parse(format).unwrap();
        text(&mut TimeWriter::with_format(TimeZone::Utc, &format), nanos)
    }

    #[test]
    fn text_has_milliseconds_and_json_microseconds() {
        let mut millis = TimeWriter::rfc3339(TimeZone::Utc, 3);
        let mut micros = TimeWriter::rfc3339(TimeZone::Utc, 6);
        assert_eq!(text(&mut millis, NANOS), "2026-03-06T20:40:23.286Z");
        assert_eq!(text(&mut micros, NANOS), "2026-03-06T20:40:23.286114Z");
        assert_eq!(
            text(&mut TimeWriter::clock(TimeZone::Utc), NANOS),
            "20:40:23.286"
        );
    }

    #[test]
    fn times_before_the_epoch_and_the_extremes_are_dates_like_others() {
        let mut writer = TimeWriter::rfc3339(TimeZone::Utc, 9);
        assert_eq!(text(&mut writer, -1), "1969-12-31T23:59:59.999999999Z");
        assert_eq!(text(&mut writer, 0), "1970-01-01T00:00:00.000000000Z");
        assert_eq!(
            text(&mut writer, i64::MIN),
            "1677-09-21T00:12:43.145224192Z"
        );
        assert_eq!(
            text(&mut writer, i64::MAX),
            "2262-04-11T23:47:16.854775807Z"
        );
    }

    #[test]
    fn every_item_of_a_format_is_written_as_documented() {
        assert_eq!(formatted("%Y %y %m %B %b", NANOS), "2026 26 03 March Mar");
        assert_eq!(formatted("%d|%e|%j|%A|%a", NANOS), "06| 6|065|Friday|Fri");
        assert_eq!(formatted("%H %I %p %M %S", NANOS), "20 08 PM 40 23");
        assert_eq!(
            formatted("%s %z %:z %Z %%", NANOS),
            "1772829623 +0000 +00:00 UTC %"
        );
        assert_eq!(formatted("%F %T %R", NANOS), "2026-03-06 20:40:23 20:40");
        assert_eq!(formatted("%3f,%.1f %H %9f", NANOS), "286,.2 20 286114999");
    }

    #[test]
    fn a_percent_sign_in_the_text_of_a_format_is_text() {
        assert_eq!(formatted("%%Q%%%S%%", NANOS), "%Q%23%");
    }

    #[test]
    fn going_back_a_second_is_noticed() {
        let mut writer = TimeWriter::clock(TimeZone::Utc);
        assert_eq!(text(&mut writer, 1_999_000_000), "00:00:01.999");
        assert_eq!(text(&mut writer, 2_000_000_000), "00:00:02.000");
        assert_eq!(text(&mut writer, 1_000_000_000), "00:00:01.000");
    }

    proptest! {
        #[test]
        fn utc_equals_chrono(nanos in any::<i64>(), near in any::<i32>()) {
            let mut writer = TimeWriter::rfc3339(TimeZone::Utc, 9);
            for nanos in [nanos, i64::from(near) * 1_000_000, nanos] {
                let expected = DateTime::from_timestamp_nanos(nanos).to_rfc3339_opts(SecondsFormat::Nanos, true);
                prop_assert_eq!(text(&mut writer, nanos), expected);
            }
        }

        #[test]
        fn local_equals_chrono_and_is_the_same_instant(seconds in 0_i64..4_000_000_000) {
            let nanos = seconds * i64::from(SECOND) + 123_456_789;
            let written = text(&mut TimeWriter::rfc3339(TimeZone::Local, 9), nanos);
            let instant = DateTime::from_timestamp_nanos(nanos);
            prop_assert_eq!(&written, &instant.with_timezone(&Local).to_rfc3339_opts(SecondsFormat::Nanos, false));
            prop_assert_eq!(DateTime::parse_from_rfc3339(&written).unwrap().with_timezone(&Utc), instant);
        }

        #[test]
        fn no_instant_panics_in_local_time(nanos in any::<i64>()) {
            prop_assert!(text(&mut TimeWriter::rfc3339(TimeZone::Local, 3), nanos).len() >= 24);
        }

        #[test]
        fn formats_equal_chrono(nanos in any::<i64>()) {
            let time = DateTime::from_timestamp_nanos(nanos);
            let format = "%a %b %e %H:%M:%S.%6f %Y";
            prop_assert_eq!(formatted(format, nanos), time.format(format).to_string());
        }
    }

    #[test]
    fn the_test_instant_is_what_its_comment_says() {
        let date = NaiveDate::from_ymd_opt(2026, 3, 6).unwrap();
        let time = date.and_hms_nano_opt(20, 40, 23, 286_114_999).unwrap();
        assert_eq!(time.and_utc().timestamp_nanos_opt(), Some(NANOS));
    }
}
