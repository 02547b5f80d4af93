//! Points in time as text.
//!
//! Date, hour, minute, second and offset are formatted once a second and kept, with room for the digits of the fraction, which
//! are written when the last of them changes. Records come in time order, so one second is enough to remember.
//!
//! *Invariant:* every `i64` of nanoseconds (the years 1677 to 2262) can be written, and nothing here panics.
//!
//! # Source
//! RFC 3339, section 5.6, which is a profile of ISO 8601.

use std::ops::Range;

use chrono::{DateTime, Datelike, FixedOffset, Local, Timelike};
use hestia_grammar::{TimeFormat, TimeItem};

use crate::clock::TimeZone;

/// In nanoseconds.
const SECOND: u32 = 1_000_000_000;

/// Writes timestamps in one format.
#[derive(Debug)]
pub(super) struct TimeWriter {
    zone: TimeZone,
    items: Vec<TimeItem>,
    /// Nanoseconds of the last digit that is written, for which a text stays as it is.
    step: u32,
    /// When the second began that the text belongs to, in nanoseconds since the Unix epoch.
    second: Option<i64>,
    /// How far into it the text is.
    nanos: u32,
    text: Vec<u8>,
    /// Where the digits of fractions stand in the text.
    fractions: Vec<Range<usize>>,
}

impl TimeWriter {
    /// `2026-03-06T20:40:23.286Z`, with 1 to 9 digits of the fraction.
    pub(super) fn rfc3339(zone: TimeZone, digits: u8) -> Self {
        TimeWriter::rfc3339_after("", zone, digits)
    }

    /// The same behind a text.
    pub(super) fn rfc3339_after(text: &str, zone: TimeZone, digits: u8) -> Self {
        use TimeItem::{
            Day, Fraction, Hour, Literal, Minute, Month, OffsetWithColon, Second, Year,
        };
        let mut items = spelled(vec![
            (text, Year),
            ("-", Month),
            ("-", Day),
            ("T", Hour),
            (":", Minute),
            (":", Second),
            (".", Fraction(digits)),
        ]);
        items.push(match zone {
            TimeZone::Utc => Literal("Z".to_owned()),
            TimeZone::Local => OffsetWithColon,
        });
        TimeWriter::new(zone, items)
    }

    /// `20:40:23.286`.
    pub(super) fn clock(zone: TimeZone) -> Self {
        use TimeItem::{Fraction, Hour, Minute, Second};
        let items = vec![("", Hour), (":", Minute), (":", Second), (".", Fraction(3))];
        TimeWriter::new(zone, spelled(items))
    }

    /// As a pattern's `{time:…}` says.
    pub(super) fn with_format(zone: TimeZone, format: &TimeFormat) -> Self {
        TimeWriter::new(zone, format.items.clone())
    }

    fn new(zone: TimeZone, items: Vec<TimeItem>) -> Self {
        let mut most = 0;
        for item in &items {
            if let TimeItem::Fraction(digits) = item {
                most = most.max(*digits);
            }
        }
        TimeWriter {
            zone,
            items,
            step: step(most.into()),
            second: None,
            nanos: 0,
            text: Vec::new(),
            fractions: Vec::new(),
        }
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
        for digits in &self.fractions {
            if let Some(place) = self.text.get_mut(digits.clone()) {
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
        let time = match self.zone {
            TimeZone::Utc => time.fixed_offset(),
            TimeZone::Local => time.with_timezone(&Local).fixed_offset(),
        };
        self.text.clear();
        self.fractions.clear();
        for item in &self.items {
            let start = self.text.len();
            append_item(&mut self.text, item, self.zone, &time);
            if let TimeItem::Fraction(_) = item {
                self.fractions.push(start..self.text.len());
            }
        }
        // The first one that there is began before there are nanoseconds.
        self.second = second.checked_mul(SECOND.into());
        u32::try_from(timestamp_nanos.rem_euclid(SECOND.into())).unwrap_or(0)
    }
}

/// Items, each behind a text.
fn spelled(items: Vec<(&str, TimeItem)>) -> Vec<TimeItem> {
    let mut spelled = Vec::new();
    for (text, item) in items {
        spelled.push(TimeItem::Literal(text.to_owned()));
        spelled.push(item);
    }
    spelled
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// Of a fraction, which changes within the second, only room for its digits.
fn append_item(text: &mut Vec<u8>, item: &TimeItem, zone: TimeZone, time: &DateTime<FixedOffset>) {
    let local = time.naive_local();
    let month = MONTHS[local.month0() as usize].as_bytes();
    let weekday = WEEKDAYS[local.weekday().num_days_from_monday() as usize].as_bytes();
    let (is_pm, hour12) = local.hour12();
    let (_, year) = local.year_ce();
    let mut seconds = itoa::Buffer::new();
    let written = match item {
        TimeItem::Literal(literal) => literal.as_bytes(),
        TimeItem::Fraction(digits) => &b"000000000"[..usize::from(*digits).min(9)],
        // Of four digits: see the invariant.
        TimeItem::Year => {
            text.extend_from_slice(pair(year / 100));
            pair(year)
        }
        TimeItem::YearOfCentury => pair(year),
        TimeItem::Month => pair(local.month()),
        TimeItem::MonthName => month,
        TimeItem::MonthAbbreviation => &month[..3],
        TimeItem::Day => pair(local.day()),
        TimeItem::DaySpacePadded if local.day() < 10 => {
            text.push(b' ');
            &pair(local.day())[1..]
        }
        TimeItem::DaySpacePadded => pair(local.day()),
        TimeItem::DayOfYear => {
            text.push(pair(local.ordinal() / 100)[1]);
            pair(local.ordinal())
        }
        TimeItem::WeekdayName => weekday,
        TimeItem::WeekdayAbbreviation => &weekday[..3],
        TimeItem::Hour => pair(local.hour()),
        TimeItem::Hour12 => pair(hour12),
        TimeItem::AmPm if is_pm => b"PM",
        TimeItem::AmPm => b"AM",
        TimeItem::Minute => pair(local.minute()),
        TimeItem::Second => pair(local.second()),
        TimeItem::UnixSeconds => seconds.format(time.timestamp()).as_bytes(),
        TimeItem::Offset => return append_offset(text, time, ""),
        // The system does not tell chrono a name of local time.
        TimeItem::ZoneName if zone == TimeZone::Utc => b"UTC",
        TimeItem::OffsetWithColon | TimeItem::ZoneName => return append_offset(text, time, ":"),
    };
    text.extend_from_slice(written);
}

/// `+0200`, with something between hours and minutes. Where a place's time was no whole number of minutes away, before 1972,
/// it is rounded.
fn append_offset(text: &mut Vec<u8>, time: &DateTime<FixedOffset>, between: &str) {
    let seconds = time.offset().local_minus_utc();
    let minutes = (seconds.unsigned_abs() + 30) / 60;
    text.push(if seconds < 0 { b'-' } else { b'+' });
    text.extend_from_slice(pair(minutes / 60));
    text.extend_from_slice(between.as_bytes());
    text.extend_from_slice(pair(minutes % 60));
}

/// The last two digits.
fn pair(number: u32) -> &'static [u8] {
    &PAIRS[number as usize % PAIRS.len()]
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
static PAIRS: [[u8; 2]; 100] = {
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
            let format = "%a %A %b %B %d %e %j %H %I %p %M %S.%6f %Y %y %m %s %z %:z %Z";
            prop_assert_eq!(formatted(format, nanos), time.format(format).to_string());
        }

        /// Of places whose offsets have seconds, too, as they had in the nineteenth century.
        #[test]
        fn items_of_any_offset_equal_chrono(nanos in any::<i64>(), offset in -86_399..86_400) {
            let time = DateTime::from_timestamp_nanos(nanos).with_timezone(&FixedOffset::east_opt(offset).unwrap());
            let items = TimeFormat::parse("%a %d %H:%M:%S %Y %j %p %I %z %:z").unwrap().items;
            let mut text = Vec::new();
            for item in &items {
                append_item(&mut text, item, TimeZone::Local, &time);
            }
            let expected = time.format("%a %d %H:%M:%S %Y %j %p %I %z %:z").to_string();
            prop_assert_eq!(String::from_utf8(text).unwrap(), expected);
        }
    }

    #[test]
    fn the_test_instant_is_what_its_comment_says() {
        let date = NaiveDate::from_ymd_opt(2026, 3, 6).unwrap();
        let time = date.and_hms_nano_opt(20, 40, 23, 286_114_999).unwrap();
        assert_eq!(time.and_utc().timestamp_nanos_opt(), Some(NANOS));
    }
}
