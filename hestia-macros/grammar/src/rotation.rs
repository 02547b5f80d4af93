//! When a log file is rotated, and how much of it is kept: the words for it, and what is possible together.

use std::time::Duration;

use crate::{
    KIB, ParseError,
    error::{Quoted, suggest},
    format_duration, format_size, parse_duration,
    part::Part,
    words::find,
};

/// How often a log file is rotated.
///
/// Periods begin where a clock on the wall shows a round time: `Hour` at every full hour, `Day` at midnight, `Week` at
/// midnight before Monday, `Month` at midnight before its first day.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use hestia_grammar::{Every, parse_every};
///
/// assert_eq!(parse_every("day"), Ok(Every::Day));
/// assert_eq!(parse_every("6h"), Ok(Every::Span(Duration::from_secs(6 * 3600))));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Every {
    /// At every full minute.
    Minute,
    /// At every full hour; also twice in the hour that comes twice when summer time ends.
    Hour,
    /// Once a day, at midnight unless another time is said.
    Day,
    /// Once a week, on Monday unless another day is said.
    Week,
    /// On the first day of each month.
    Month,
    /// So often: whole seconds, at least one, at most 366 days. Counted from midnight of 1 January 1970 on the wall's
    /// clock: so 6 hours are 0, 6, 12 and 18 o'clock, and what does not divide a day moves through it.
    Span(Duration),
}

/// A day of the week.
///
/// # Example
///
/// ```
/// use hestia_grammar::{Weekday, parse_weekday};
///
/// assert_eq!(parse_weekday("Sunday"), Ok(Weekday::Sunday));
/// assert_eq!(parse_weekday("sundy").unwrap_err().suggestion(), Some("sunday"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Weekday {
    /// The day that ISO 8601 begins the week with.
    Monday,
    /// The day after Monday.
    Tuesday,
    /// The day after Tuesday.
    Wednesday,
    /// The day after Wednesday.
    Thursday,
    /// The day after Thursday.
    Friday,
    /// The day after Friday.
    Saturday,
    /// The day after Saturday.
    Sunday,
}

const PERIODS: [(&str, Every); 5] = [
    ("minute", Every::Minute),
    ("hour", Every::Hour),
    ("day", Every::Day),
    ("week", Every::Week),
    ("month", Every::Month),
];

/// What the periods are called elsewhere.
const FOREIGN: [(&str, &str); 8] = [
    ("minutely", "minute"),
    ("hourly", "hour"),
    ("daily", "day"),
    ("midnight", "day"),
    ("weekly", "week"),
    ("monthly", "month"),
    ("days", "day"),
    ("hours", "hour"),
];

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

/// Reads how often: `minute`, `hour`, `day`, `week`, `month`, or a span such as `6h`, `90min`, `2d`.
///
/// # Errors
///
/// When the text is neither, or the span cannot be had; see [`Every::Span`].
///
/// # Example
///
/// ```
/// use hestia_grammar::{Every, parse_every};
///
/// assert_eq!(parse_every("hour"), Ok(Every::Hour));
/// assert_eq!(parse_every("daily").unwrap_err().suggestion(), Some("day"));
/// assert!(parse_every("100ms").is_err());
/// ```
pub fn parse_every(text: &str) -> Result<Every, ParseError> {
    let word = Part::new(text).trim();
    if word.is_empty() {
        return Err(
            word.error("missing period, expected a word such as `day` or a span such as `6h`")
        );
    }
    if let Some(every) = find(&PERIODS, word.text) {
        return Ok(every);
    }
    if word.text.starts_with(|first: char| first.is_ascii_digit()) {
        let span = parse_duration(text)?;
        check_span(span).map_err(|wrong| word.error(wrong))?;
        return Ok(Every::Span(span));
    }
    let meant = find(&FOREIGN, word.text);
    let meant = meant.or_else(|| suggest(word.text, PERIODS.iter().map(|(name, _)| *name)));
    let message = format!(
        "unknown period {}, expected minute, hour, day, week, month, or a span such as `6h`",
        Quoted(word.text)
    );
    Err(word.error(message).with_suggestion(meant))
}

/// Reads a day of the week: its English name, whatever the letter case.
///
/// # Errors
///
/// When the text is none.
///
/// # Example
///
/// ```
/// use hestia_grammar::{Weekday, parse_weekday};
///
/// assert_eq!(parse_weekday("friday"), Ok(Weekday::Friday));
/// ```
pub fn parse_weekday(text: &str) -> Result<Weekday, ParseError> {
    let word = Part::new(text).trim();
    find(&WEEKDAYS, word.text).ok_or_else(|| {
        word.error(format_args!(
            "unknown day {}, expected monday, tuesday, wednesday, thursday, friday, saturday or sunday",
            Quoted(word.text)
        ))
        .with_suggestion(suggest(word.text, WEEKDAYS.iter().map(|(name, _)| *name)))
    })
}

/// Reads a time of day, `00:00` to `23:59`: its hour and minute.
///
/// # Errors
///
/// When the text is none.
///
/// # Example
///
/// ```
/// use hestia_grammar::parse_time_of_day;
///
/// assert_eq!(parse_time_of_day("03:30"), Ok((3, 30)));
/// assert!(parse_time_of_day("24:00").is_err());
/// ```
pub fn parse_time_of_day(text: &str) -> Result<(u32, u32), ParseError> {
    let time = Part::new(text).trim();
    let number = |digits: &str| {
        let plain = (1..=2).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| digits.parse().ok()).flatten()
    };
    let read = time
        .split_once(':')
        .and_then(|(hour, minute)| Some((number(hour.text)?, number(minute.text)?)));
    match read {
        Some((hour, minute)) if check_time_of_day(hour, minute).is_ok() => Ok((hour, minute)),
        _ => Err(time.error(format_args!(
            "{} is no time of day, expected hour and minute such as `03:30`",
            Quoted(time.text)
        ))),
    }
}

/// What there is to check about a rotation, wherever it is said.
///
/// # Example
///
/// ```
/// use hestia_grammar::{Every, RotationPlan};
///
/// let plan = RotationPlan { every: Some(Every::Hour), at: Some((3, 30)), ..RotationPlan::default() };
/// let (key, wrong) = plan.check().unwrap_err();
/// assert_eq!(key, "at");
/// assert_eq!(wrong, "`at` needs periods of whole days, such as `every = \"day\"`");
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs, reason = "named as the settings are")]
pub struct RotationPlan {
    pub size: Option<u64>,
    pub every: Option<Every>,
    pub at: Option<(u32, u32)>,
    pub on: Option<Weekday>,
    pub keep: Option<u64>,
    pub max_age: Option<Duration>,
    pub max_total_bytes: Option<u64>,
}

/// A smaller file would hold a few records.
const SMALLEST_FILE: u64 = KIB;
const DAY: u64 = 24 * 60 * 60;
const LONGEST_SPAN: u64 = 366 * DAY;

impl RotationPlan {
    /// Whether all of it can be had together.
    ///
    /// # Errors
    ///
    /// The name of the setting that is wrong, and why.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        self.check_size()?;
        self.check_times()?;
        if self.keep == Some(0) {
            let wrong = "`keep` is 0; keep at least 1 archive, or leave it out to keep all";
            return Err(("keep", wrong.to_owned()));
        }
        if self.max_age == Some(Duration::ZERO) {
            let wrong = "`max_age` is 0; leave it out to keep archives of any age";
            return Err(("max_age", wrong.to_owned()));
        }
        Ok(())
    }

    fn check_size(&self) -> Result<(), (&'static str, String)> {
        let size = self.size.unwrap_or(SMALLEST_FILE);
        if size < SMALLEST_FILE {
            let wrong = format!(
                "`size` is {}; it must be at least {}",
                format_size(size),
                format_size(SMALLEST_FILE)
            );
            return Err(("size", wrong));
        }
        match self.max_total_bytes {
            Some(total) if self.size.is_none() && total < 2 * SMALLEST_FILE => Err((
                "max_total_bytes",
                format!(
                    "`max_total_bytes` is {}; it must be at least {}, half of it for the live file",
                    format_size(total),
                    format_size(2 * SMALLEST_FILE)
                ),
            )),
            Some(total) if total <= size => Err((
                "max_total_bytes",
                format!(
                    "`max_total_bytes` is {}; it must be more than one file of {}",
                    format_size(total),
                    format_size(size)
                ),
            )),
            _ => Ok(()),
        }
    }

    fn check_times(&self) -> Result<(), (&'static str, String)> {
        if let Some(Every::Span(span)) = self.every {
            check_span(span).map_err(|wrong| ("every", wrong))?;
        }
        if self.at.is_some() && !self.every.is_some_and(has_whole_days) {
            let wrong = "`at` needs periods of whole days, such as `every = \"day\"`";
            return Err(("at", wrong.to_owned()));
        }
        if let Some((hour, minute)) = self.at {
            check_time_of_day(hour, minute).map_err(|wrong| ("at", wrong))?;
        }
        if self.on.is_some() && self.every != Some(Every::Week) {
            return Err(("on", "`on` needs `every = \"week\"`".to_owned()));
        }
        Ok(())
    }
}

fn check_span(span: Duration) -> Result<(), String> {
    let whole = span.subsec_nanos() == 0 && (1..=LONGEST_SPAN).contains(&span.as_secs());
    if whole {
        return Ok(());
    }
    Err(format!(
        "a period of {} cannot be had; it must be whole seconds, from 1s to 366d",
        format_duration(span)
    ))
}

fn check_time_of_day(hour: u32, minute: u32) -> Result<(), String> {
    if hour < 24 && minute < 60 {
        return Ok(());
    }
    Err(format!("{hour}:{minute} is no time of day"))
}

fn has_whole_days(every: Every) -> bool {
    match every {
        Every::Day | Every::Week | Every::Month => true,
        Every::Minute | Every::Hour => false,
        Every::Span(span) => span.as_secs() > 0 && span.as_secs().is_multiple_of(DAY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::assert_well_formed;
    use proptest::prelude::*;

    #[test]
    fn a_budget_without_a_size_has_room_for_two_files() {
        let plan = |total| RotationPlan {
            max_total_bytes: Some(total),
            ..RotationPlan::default()
        };
        assert_eq!(plan(2 * KIB).check(), Ok(()));
        let (key, wrong) = plan(2 * KIB - 1).check().unwrap_err();
        assert_eq!(key, "max_total_bytes");
        assert!(
            wrong.ends_with("at least 2 KiB, half of it for the live file"),
            "{wrong}"
        );
    }

    #[test]
    fn words_and_spans_are_periods() {
        assert_eq!(parse_every(" Week "), Ok(Every::Week));
        assert_eq!(
            parse_every("90min"),
            Ok(Every::Span(Duration::from_secs(5400)))
        );
        for wrong in ["", "0", "1ms", "1.5s", "400d", "fortnight", "-1d"] {
            assert!(parse_every(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_of_day_have_hour_and_minute() {
        assert_eq!(parse_time_of_day(" 0:05 "), Ok((0, 5)));
        assert_eq!(parse_time_of_day("23:59"), Ok((23, 59)));
        for wrong in ["", "3", "3:60", "24:00", "1:2:3", "+1:00", "003:00", "3 pm"] {
            assert!(parse_time_of_day(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_cannot_be_had_together_is_named() {
        let plan = RotationPlan {
            size: Some(1000),
            ..RotationPlan::default()
        };
        assert_eq!(plan.check().unwrap_err().0, "size");
        let plan = RotationPlan {
            size: Some(KIB),
            max_total_bytes: Some(KIB),
            ..RotationPlan::default()
        };
        assert_eq!(plan.check().unwrap_err().0, "max_total_bytes");
        let plan = RotationPlan {
            every: Some(Every::Day),
            on: Some(Weekday::Monday),
            ..RotationPlan::default()
        };
        assert_eq!(plan.check().unwrap_err().0, "on");
        let two_days = Every::Span(Duration::from_secs(2 * DAY));
        for (every, is_right) in [(two_days, true), (Every::Month, true), (Every::Hour, false)] {
            let plan = RotationPlan {
                every: Some(every),
                at: Some((3, 30)),
                ..RotationPlan::default()
            };
            assert_eq!(plan.check().is_ok(), is_right, "{every:?}");
        }
        assert!(RotationPlan::default().check().is_ok());
    }

    #[test]
    fn what_cannot_be_had_is_named_with_what_could() {
        let plan = RotationPlan::default();
        for (plan, key, wrong) in [
            (
                RotationPlan {
                    size: Some(1000),
                    ..plan
                },
                "size",
                "`size` is 1 KB; it must be at least 1 KiB",
            ),
            (
                RotationPlan {
                    max_total_bytes: Some(2000),
                    ..plan
                },
                "max_total_bytes",
                "`max_total_bytes` is 2 KB; it must be at least 2 KiB, half of it for the live file",
            ),
            (
                RotationPlan {
                    size: Some(4 * KIB),
                    max_total_bytes: Some(4 * KIB),
                    ..plan
                },
                "max_total_bytes",
                "`max_total_bytes` is 4 KiB; it must be more than one file of 4 KiB",
            ),
            (
                RotationPlan {
                    max_age: Some(Duration::ZERO),
                    ..plan
                },
                "max_age",
                "`max_age` is 0; leave it out to keep archives of any age",
            ),
        ] {
            assert_eq!(plan.check(), Err((key, wrong.to_owned())));
        }
    }

    #[test]
    fn a_missing_period_is_told_what_one_looks_like() {
        assert_eq!(
            parse_every(" ").unwrap_err().to_string(),
            "missing period, expected a word such as `day` or a span such as `6h`"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_well(text in ".{0,20}") {
            for error in [
                parse_every(&text).err(),
                parse_weekday(&text).err(),
                parse_time_of_day(&text).err(),
            ]
            .into_iter()
            .flatten()
            {
                assert_well_formed(&text, &error);
            }
        }
    }
}
