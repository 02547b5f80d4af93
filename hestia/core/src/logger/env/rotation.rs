//! `LOG_ROTATION_…`: rotation in the words of hestia for Python, which are those of `logging.handlers` there.
//!
//! # Source
//! Python 3, `logging.handlers`: `RotatingFileHandler` and `TimedRotatingFileHandler`, the table of `when`.

use std::time::Duration;

use hestia_grammar::{Every, Weekday, parse_size};

use super::{Reader, Warning};
use crate::clock::TimeZone;
use crate::logger::outputs::Switch;
use crate::sink::file::rotation::Rotation;

/// What the variables say.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::logger) struct RotationWords {
    /// The variables that say something, and what.
    said: Vec<(&'static str, String)>,
    kind: Option<Kind>,
    max_bytes: Option<u64>,
    when: Option<When>,
    interval: Option<u32>,
    /// None of it means all.
    keep: Option<Option<usize>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Size,
    Time,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum When {
    Seconds,
    Minutes,
    Hours,
    Days,
    Weekday(Weekday),
}

const TYPE: &str = "LOG_ROTATION_TYPE";
const MAX_BYTES: &str = "LOG_ROTATION_MAX_BYTES";
const WHEN: &str = "LOG_ROTATION_WHEN";
const INTERVAL: &str = "LOG_ROTATION_INTERVAL";
const BACKUP_COUNT: &str = "LOG_ROTATION_BACKUP_COUNT";

const USUAL_BYTES: u64 = 10 << 20;

/// What a bad value leaves as it is.
const SETTING: &str = "rotate";

const WEEKDAYS: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

impl RotationWords {
    /// `None` when no variable says anything that makes sense.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let mut words = RotationWords::default();
        for (name, take) in VARIABLES {
            let Some(value) = reader.text(name, SETTING) else {
                continue;
            };
            match take(&mut words, &value.to_ascii_lowercase()) {
                Ok(()) => words.said.push((name, value)),
                Err(wrong) => reader.warn(name, &value, &wrong, Some(SETTING)),
            }
        }
        (!words.said.is_empty()).then_some(words)
    }

    /// The first variable that says something.
    pub(in crate::logger) fn variable(&self) -> &'static str {
        self.said.first().map_or(TYPE, |(name, _)| name)
    }

    /// What the code says, as far as these words do not say otherwise; or that they cannot be had beside the rest of it.
    pub(in crate::logger) fn switch(
        &self,
        code: Option<&Switch<Rotation>>,
    ) -> Result<Switch<Rotation>, Warning> {
        match self.apply(code.and_then(|code| code.0.as_ref())) {
            Ok(rotation) => Ok(Switch(Some(rotation))),
            Err(wrong) => Err(self.warning(&wrong)),
        }
    }

    #[cold]
    fn warning(&self, wrong: &str) -> Warning {
        let mut what = String::new();
        for (name, value) in &self.said {
            what.push_str(&format!("{name}={value:?} "));
        }
        what.pop();
        what.push_str(": ");
        what.push_str(wrong);
        Warning {
            what,
            setting: Some(SETTING),
        }
    }

    fn apply(&self, code: Option<&Rotation>) -> Result<Rotation, String> {
        let mut rotation = code.cloned().unwrap_or_else(Rotation::by_hand);
        let by_size =
            self.kind == Some(Kind::Size) || self.kind.is_none() && self.max_bytes.is_some();
        let by_time = self.kind == Some(Kind::Time)
            || self.kind.is_none() && (self.when.is_some() || self.interval.is_some());
        if self.kind == Some(Kind::Time) {
            rotation.size = None;
        }
        if by_size {
            rotation.size = Some(self.max_bytes.or(rotation.size).unwrap_or(USUAL_BYTES));
        }
        if self.kind == Some(Kind::Size) || by_time {
            if by_time && rotation.every.is_none() {
                // As Python does; in the zone of the code where it has one.
                rotation.zone = TimeZone::Local;
            }
            (rotation.every, rotation.at, rotation.on) = (None, None, None);
        }
        if by_time {
            let when = self.when.unwrap_or(When::Days);
            (rotation.every, rotation.on) = when.every(self.interval.unwrap_or(1));
        }
        rotation.keep = self.keep.unwrap_or(rotation.keep);
        rotation.check().map(|()| rotation)
    }
}

/// Takes what a variable says, in lower case.
type Take = fn(&mut RotationWords, &str) -> Result<(), String>;

const VARIABLES: [(&str, Take); 5] = [
    (TYPE, |words, text| {
        words.kind = Some(match text {
            "size" => Kind::Size,
            "time" => Kind::Time,
            _ => return Err("it is neither `size` nor `time`".to_owned()),
        });
        Ok(())
    }),
    (MAX_BYTES, |words, text| {
        let bytes = parse_size(text).map_err(|error| error.to_string())?;
        Rotation::size(bytes).check()?;
        words.max_bytes = Some(bytes);
        Ok(())
    }),
    (WHEN, |words, text| {
        words.when = Some(when(text)?);
        Ok(())
    }),
    (INTERVAL, |words, text| match text.parse() {
        Ok(0) | Err(_) => Err("it is no number of periods, 1 or more".to_owned()),
        Ok(number) => {
            words.interval = Some(number);
            Ok(())
        }
    }),
    (BACKUP_COUNT, |words, text| match text.parse() {
        Ok(number) => {
            words.keep = Some((number > 0).then_some(number));
            Ok(())
        }
        Err(_) => Err("it is no number of files".to_owned()),
    }),
];

fn when(text: &str) -> Result<When, String> {
    let day: Option<usize> = text.strip_prefix('w').and_then(|day| day.parse().ok());
    match (text, day) {
        ("s", _) => Ok(When::Seconds),
        ("m", _) => Ok(When::Minutes),
        ("h", _) => Ok(When::Hours),
        ("d" | "midnight", _) => Ok(When::Days),
        (_, Some(day)) if text.len() == 2 && day < WEEKDAYS.len() => {
            Ok(When::Weekday(WEEKDAYS[day]))
        }
        _ => Err("it is none of S, M, H, D, midnight, and W0 (Monday) to W6".to_owned()),
    }
}

impl When {
    /// So many of these periods. Of weeks it is one, whatever the number, as in Python.
    fn every(self, interval: u32) -> (Option<Every>, Option<Weekday>) {
        let (one, seconds) = match self {
            When::Weekday(day) => return (Some(Every::Week), Some(day)),
            When::Seconds => (Every::Span(Duration::from_secs(1)), 1),
            When::Minutes => (Every::Minute, 60),
            When::Hours => (Every::Hour, 60 * 60),
            When::Days => (Every::Day, 24 * 60 * 60),
        };
        let several = Duration::from_secs(u64::from(interval) * seconds);
        let every = if interval == 1 {
            one
        } else {
            Every::Span(several)
        };
        (Some(every), None)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::environment;
    use super::*;

    fn applied(variables: &[(&str, &str)], code: Option<&Rotation>) -> String {
        let found = environment(variables);
        assert_eq!(found.warnings, [], "{variables:?}");
        let words = found.rotation.expect("they say something");
        words
            .apply(code)
            .map_or_else(|wrong| wrong, |rotation| rotation.to_string())
    }

    #[test]
    fn each_kind_has_its_usual_values() {
        assert_eq!(applied(&[(TYPE, "size")], None), "at 10 MiB");
        assert_eq!(applied(&[(TYPE, "time")], None), "every day local time");
        let size = [
            (TYPE, "size"),
            (MAX_BYTES, "65536"),
            (BACKUP_COUNT, "5"),
            (WHEN, "H"),
        ];
        assert_eq!(applied(&size, None), "at 64 KiB, keep 5");
    }

    #[test]
    fn periods_are_called_as_in_python() {
        for (when, interval, every) in [
            ("S", "1", "every 1s"),
            ("s", "30", "every 30s"),
            ("M", "1", "every minute"),
            ("H", "6", "every 6h"),
            ("D", "2", "every 2d"),
            ("MIDNIGHT", "1", "every day"),
            ("W0", "1", "every week on Monday"),
            ("w6", "3", "every week on Sunday"),
        ] {
            let said = applied(&[(TYPE, "time"), (WHEN, when), (INTERVAL, interval)], None);
            assert_eq!(said, format!("{every} local time"), "{when}");
        }
    }

    #[test]
    fn the_rest_stays_as_the_code_says() {
        let code = Rotation::size(1 << 20)
            .or_every(Every::Day)
            .at(3, 0)
            .keep(3);
        let by = |variables: &[(&str, &str)]| applied(variables, Some(&code));
        assert_eq!(by(&[(BACKUP_COUNT, "0")]), "at 1 MiB or every day at 03:00");
        assert_eq!(
            by(&[(MAX_BYTES, "2MiB")]),
            "at 2 MiB or every day at 03:00, keep 3"
        );
        assert_eq!(by(&[(WHEN, "H")]), "at 1 MiB or every hour, keep 3");
        assert_eq!(by(&[(TYPE, "size")]), "at 1 MiB, keep 3");
        assert_eq!(by(&[(TYPE, "time")]), "every day, keep 3");
    }

    #[test]
    fn each_bad_value_is_named_and_the_others_count() {
        let variables = [
            (TYPE, "hourly"),
            (MAX_BYTES, "10"),
            (WHEN, "W7"),
            (INTERVAL, "0"),
            (BACKUP_COUNT, "-1"),
        ];
        let found = environment(&variables);
        assert_eq!(found.rotation, None);
        assert_eq!(found.warnings.len(), 5);
        for ((name, value), warning) in variables.iter().zip(&found.warnings) {
            assert!(
                warning.what.starts_with(&format!("{name}={value:?}: ")),
                "{warning:?}"
            );
            assert_eq!(warning.setting, Some("rotate"));
        }
        let found = environment(&[(TYPE, "size"), (BACKUP_COUNT, "many")]);
        assert_eq!((found.warnings.len(), found.rotation.is_some()), (1, true));
    }

    #[test]
    fn what_the_code_makes_impossible_is_told() {
        let code = Rotation::size(1 << 20).max_total_bytes(5 << 20);
        let found = environment(&[(MAX_BYTES, "10MiB")]).rotation.unwrap();
        let wrong = found.apply(Some(&code)).unwrap_err();
        let warning = found.warning(&wrong);
        assert!(
            warning
                .what
                .contains("LOG_ROTATION_MAX_BYTES=\"10MiB\": rotate: `max_total_bytes`"),
            "{warning:?}"
        );
    }
}
