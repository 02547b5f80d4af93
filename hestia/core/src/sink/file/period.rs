//! In which period of a clock on the wall a point in time lies.
//!
//! Pure: a time and a zone in, a time out. Nobody here asks when the next period begins, since no timer waits for it: the
//! question is whether a record belongs to a later period than the file, and the answer is a function of the record's
//! time alone, whatever happened before: restarts, pauses, other processes, changes of the clock.
//!
//! Times are whole seconds since the Unix epoch, in which leap seconds do not count.
//!
//! *Invariant:* a period begins at or before every point in time that lies in it.

use chrono::{DateTime, Datelike, Days, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Timelike};
use hestia_grammar::{Every, Weekday};

use super::rotation::Rotation;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// What is asked of a zone: of any of chrono's.
pub(super) trait Zone {
    /// What the clock on the wall shows then.
    fn wall(&self, at: i64) -> Option<NaiveDateTime>;

    /// When the clock on the wall first shows this time; `None` where it is skipped.
    fn first(&self, wall: NaiveDateTime) -> Option<i64>;
}

impl<Z: TimeZone> Zone for Z {
    fn wall(&self, at: i64) -> Option<NaiveDateTime> {
        DateTime::from_timestamp(at, 0)
            .map(|utc| self.from_utc_datetime(&utc.naive_utc()).naive_local())
    }

    fn first(&self, wall: NaiveDateTime) -> Option<i64> {
        let first = self.from_local_datetime(&wall).earliest();
        first.map(|instant| instant.timestamp())
    }
}

/// How time is divided into periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Periods {
    /// So many seconds each, counted from the phase after midnight of 1 January 1970 on the wall's clock.
    Span { seconds: i64, phase: i64 },
    /// From the first day of each month, so many seconds after midnight.
    Month { at: i64 },
}

impl Periods {
    /// As was said; `None` when nothing was said about time.
    pub(super) fn of(rotation: &Rotation) -> Option<Self> {
        let (hour, minute) = rotation.at.unwrap_or_default();
        let at = i64::from(hour) * HOUR + i64::from(minute) * MINUTE;
        let span = |seconds, phase| Periods::Span { seconds, phase };
        Some(match rotation.every? {
            Every::Minute => span(MINUTE, 0),
            Every::Hour => span(HOUR, 0),
            Every::Day => span(DAY, at),
            Every::Week => {
                let day = rotation.on.unwrap_or(Weekday::Monday);
                span(7 * DAY, days_after_first_thursday(day) * DAY + at)
            }
            Every::Month => Periods::Month { at },
            Every::Span(length) => {
                let seconds = i64::try_from(length.as_secs()).unwrap_or(i64::MAX);
                span(seconds.max(1), at)
            }
            _ => return None,
        })
    }

    /// When the period began that this point in time lies in.
    pub(super) fn start(self, zone: &dyn Zone, at: i64) -> i64 {
        let Some(wall) = zone.wall(at) else {
            return at;
        };
        match self {
            // Each pass of an hour that comes twice has its own full hours.
            Periods::Span { seconds, phase } if seconds <= HOUR => {
                at - (seconds_of(wall) - phase).rem_euclid(seconds)
            }
            Periods::Span { seconds, phase } => {
                let into = (seconds_of(wall) - phase).rem_euclid(seconds);
                first_instant(zone, wall - TimeDelta::seconds(into), at)
            }
            Periods::Month { at: time } => {
                let month = (wall - TimeDelta::seconds(time)).date();
                let first = month - Days::new(u64::from(month.day0()));
                let start = first.and_time(NaiveTime::MIN) + TimeDelta::seconds(time);
                first_instant(zone, start, at)
            }
        }
    }

    /// Up to when, from this point in time on, `start` surely answers the same. Zones change their offset at full minutes, so
    /// that is as far as one can see without knowing their rules.
    pub(super) fn same_until(self, zone: &dyn Zone, at: i64) -> i64 {
        let minute = at - at.rem_euclid(MINUTE) + MINUTE;
        match (self, zone.wall(at)) {
            (Periods::Span { seconds, phase }, Some(wall)) => {
                let into = (seconds_of(wall) - phase).rem_euclid(seconds);
                minute.min(at + seconds - into)
            }
            _ => minute,
        }
    }
}

/// 1 January 1970 was a Thursday.
fn days_after_first_thursday(day: Weekday) -> i64 {
    match day {
        Weekday::Thursday => 0,
        Weekday::Friday => 1,
        Weekday::Saturday => 2,
        Weekday::Sunday => 3,
        Weekday::Monday => 4,
        Weekday::Tuesday => 5,
        Weekday::Wednesday => 6,
    }
}

fn seconds_of(wall: NaiveDateTime) -> i64 {
    wall.and_utc().timestamp()
}

/// A day, the longest that a zone has skipped (Samoa, 30 December 2011), and an hour.
const LONGEST_GAP_MINUTES: i64 = 25 * 60;

/// When the clock on the wall first shows this time, or first goes past it where it is skipped; never later than `limit`.
fn first_instant(zone: &dyn Zone, wall: NaiveDateTime, limit: i64) -> i64 {
    let full_minute = wall - TimeDelta::seconds(i64::from(wall.second()));
    zone.first(wall)
        .or_else(|| {
            (1..=LONGEST_GAP_MINUTES)
                .find_map(|minutes| zone.first(full_minute + TimeDelta::minutes(minutes)))
        })
        .map_or(limit, |instant| instant.min(limit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Utc;
    use chrono_tz::Tz;
    use chrono_tz::{America::Havana, America::New_York, Australia::Lord_Howe, Europe::Berlin};
    use proptest::prelude::*;
    use std::time::Duration;

    fn periods(every: Every) -> Periods {
        Periods::of(&Rotation::every(every)).unwrap()
    }

    fn second(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp()
    }

    /// The starts of all periods that begin in `[from, to)`, each once, in the order of time.
    fn starts(periods: Periods, zone: Tz, from: &str, to: &str) -> Vec<String> {
        let (mut at, end) = (second(from), second(to));
        let mut starts = Vec::new();
        let mut current = periods.start(&zone, at - 1);
        while at < end {
            let start = periods.start(&zone, at);
            if start > current {
                current = start;
                let shown = zone.timestamp_opt(start, 0).unwrap();
                starts.push(shown.format("%d %H:%M %z").to_string());
            }
            at = periods.same_until(&zone, at);
        }
        starts
    }

    #[test]
    fn an_hour_that_is_skipped_has_no_period_and_one_that_comes_twice_has_two() {
        let hours = periods(Every::Hour);
        assert_eq!(
            starts(
                hours,
                Berlin,
                "2026-03-29T00:30:00Z",
                "2026-03-29T02:30:00Z"
            ),
            ["29 03:00 +0200", "29 04:00 +0200"]
        );
        assert_eq!(
            starts(
                hours,
                Berlin,
                "2026-10-24T23:30:00Z",
                "2026-10-25T02:30:00Z"
            ),
            ["25 02:00 +0200", "25 02:00 +0100", "25 03:00 +0100"]
        );
        assert_eq!(
            starts(
                hours,
                New_York,
                "2026-11-01T04:30:00Z",
                "2026-11-01T07:30:00Z"
            ),
            ["01 01:00 -0400", "01 01:00 -0500", "01 02:00 -0500"]
        );
    }

    #[test]
    fn days_begin_once_also_where_midnight_is_skipped_or_comes_twice() {
        let days = periods(Every::Day);
        assert_eq!(
            starts(days, Berlin, "2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z"),
            ["25 00:00 +0200", "26 00:00 +0100"]
        );
        // Cuba's clocks go from midnight to 1 o'clock in spring, and from 1 o'clock to midnight in autumn.
        assert_eq!(
            starts(days, Havana, "2026-03-07T12:00:00Z", "2026-03-09T12:00:00Z"),
            ["08 01:00 -0400", "09 00:00 -0400"]
        );
        assert_eq!(
            starts(days, Havana, "2026-10-31T12:00:00Z", "2026-11-02T12:00:00Z"),
            ["01 00:00 -0400", "02 00:00 -0500"]
        );
    }

    #[test]
    fn a_chosen_time_that_is_skipped_comes_when_the_clock_goes_on() {
        let half_past_two = Periods::of(&Rotation::every(Every::Day).at(2, 30)).unwrap();
        assert_eq!(
            starts(
                half_past_two,
                Berlin,
                "2026-03-28T12:00:00Z",
                "2026-03-30T12:00:00Z"
            ),
            ["29 03:00 +0200", "30 02:30 +0200"]
        );
        assert_eq!(
            starts(
                half_past_two,
                Berlin,
                "2026-10-24T12:00:00Z",
                "2026-10-26T12:00:00Z"
            ),
            ["25 02:30 +0200", "26 02:30 +0100"]
        );
    }

    #[test]
    fn half_an_hour_of_summer_time_moves_no_boundary() {
        let days = periods(Every::Day);
        assert_eq!(
            starts(
                days,
                Lord_Howe,
                "2026-04-04T00:00:00Z",
                "2026-04-06T00:00:00Z"
            ),
            ["05 00:00 +1100", "06 00:00 +1030"]
        );
    }

    #[test]
    fn weeks_begin_on_their_day_and_months_on_the_first() {
        let sundays = Periods::of(&Rotation::every(Every::Week).on(Weekday::Sunday).at(3, 30));
        assert_eq!(
            starts(
                sundays.unwrap(),
                Berlin,
                "2026-11-18T00:00:00Z",
                "2026-12-02T00:00:00Z"
            ),
            ["22 03:30 +0100", "29 03:30 +0100"]
        );
        let weeks = periods(Every::Week);
        let monday = second("2026-11-23T00:00:00Z");
        assert_eq!(weeks.start(&Utc, monday), monday);
        assert_eq!(weeks.start(&Utc, monday - 1), monday - 7 * DAY);
        // Over a leap day and the end of a year.
        let months = periods(Every::Month);
        for (at, start) in [
            ("2028-02-29T23:59:59Z", "2028-02-01T00:00:00Z"),
            ("2028-03-01T00:00:00Z", "2028-03-01T00:00:00Z"),
            ("2026-12-31T23:59:59Z", "2026-12-01T00:00:00Z"),
            ("2027-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ] {
            assert_eq!(months.start(&Utc, second(at)), second(start), "{at}");
        }
        let late = Periods::of(&Rotation::every(Every::Month).at(6, 0)).unwrap();
        let start = late.start(&Utc, second("2027-01-01T05:59:59Z"));
        assert_eq!(start, second("2026-12-01T06:00:00Z"));
    }

    #[test]
    fn a_leap_second_is_no_boundary_of_its_own() {
        // 31 December 2016 had one. Unix time shows 23:59:59, or midnight, twice.
        let days = periods(Every::Day);
        let midnight = second("2017-01-01T00:00:00Z");
        assert_eq!(days.start(&Utc, midnight - 1), midnight - DAY);
        assert_eq!(days.start(&Utc, midnight), midnight);
    }

    #[test]
    fn spans_are_counted_on_the_clock_on_the_wall() {
        let six_hours = periods(Every::Span(Duration::from_secs(6 * 3600)));
        assert_eq!(
            starts(
                six_hours,
                Berlin,
                "2026-10-24T20:00:00Z",
                "2026-10-25T18:00:00Z"
            ),
            [
                "25 00:00 +0200",
                "25 06:00 +0100",
                "25 12:00 +0100",
                "25 18:00 +0100"
            ]
        );
        let ten_seconds = periods(Every::Span(Duration::from_secs(10)));
        assert_eq!(ten_seconds.start(&Utc, 59), 50);
        assert_eq!(ten_seconds.same_until(&Utc, 59), 60);
    }

    fn any_periods() -> impl Strategy<Value = Periods> {
        let words = [
            Every::Minute,
            Every::Hour,
            Every::Day,
            Every::Week,
            Every::Month,
        ];
        let every = prop_oneof![
            prop::sample::select(words.to_vec()),
            (1_u64..40 * 86400).prop_map(|seconds| Every::Span(Duration::from_secs(seconds))),
        ];
        (every, 0_u32..24, 0_u32..60).prop_map(|(every, hour, minute)| {
            Periods::of(&Rotation::every(every).at(hour, minute)).unwrap()
        })
    }

    fn any_zone() -> impl Strategy<Value = Tz> {
        let zones = [
            Berlin,
            New_York,
            Havana,
            Lord_Howe,
            Tz::Pacific__Apia,
            Tz::UTC,
        ];
        prop::sample::select(zones.to_vec())
    }

    /// From 2000 to 2040: before 1972 some zones had offsets with seconds.
    const TIMES: std::ops::Range<i64> = 946_684_800..2_208_988_800;

    proptest! {
        #[test]
        fn a_period_begins_before_what_lies_in_it_and_is_no_longer_than_was_said(
            periods in any_periods(), zone in any_zone(), at in TIMES,
        ) {
            let start = periods.start(&zone, at);
            let longest = match periods {
                Periods::Span { seconds, .. } => seconds,
                Periods::Month { .. } => 31 * DAY,
            };
            prop_assert!(start <= at);
            // A day is skipped in Samoa, and an hour comes twice elsewhere.
            prop_assert!(at - start < longest + 25 * HOUR, "{}", at - start);
        }

        #[test]
        fn nothing_begins_before_the_answer_may_change(
            periods in any_periods(), zone in any_zone(), at in TIMES, part in 0.0..1.0_f64,
        ) {
            let until = periods.same_until(&zone, at);
            prop_assert!(until > at);
            #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
            let between = at + ((until - at) as f64 * part) as i64;
            prop_assert_eq!(periods.start(&zone, between), periods.start(&zone, at));
        }

        /// Looked at from any moment of a period, restarts included, it is the same period.
        #[test]
        fn of_whole_hours_in_universal_time_every_moment_knows_the_same_start(
            hours in 1_i64..200, at in TIMES, part in 0.0..1.0_f64,
        ) {
            let periods = Periods::Span { seconds: hours * HOUR, phase: 0 };
            let start = periods.start(&Utc, at);
            #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
            let other = start + ((hours * HOUR) as f64 * part) as i64;
            prop_assert_eq!(periods.start(&Utc, other), start);
        }
    }
}
