//! When files are rotated, and what stays of them.

use hestia_grammar::{Every, RotationPlan, Weekday, parse_every, parse_time_of_day, parse_weekday};
use proc_macro2::Ident;
use syn::Lit;

use super::{Call, DURATION, SIZE, Said, Setting, Value, calls, find, read, setting, word};
use crate::arguments::{self, Argument};
use crate::error::Errors;

pub(super) const ROTATE: [Setting; 12] = [
    setting("size", SIZE, r#"size = "10MB""#, read::size),
    setting(
        "every",
        "a period in a string",
        r#"every = "day" or every = "6h""#,
        every,
    ),
    setting(
        "at",
        "a time of day in a string",
        r#"at = "03:30""#,
        time_of_day,
    ),
    setting(
        "on",
        "a day of the week in a string",
        r#"on = "sunday""#,
        weekday,
    ),
    setting(
        "zone",
        r#""utc" or "local""#,
        r#"zone = "local""#,
        word::zone,
    ),
    setting("on_start", "true or false", "on_start = true", read::bool),
    setting(
        "names",
        r#""times" or "numbers""#,
        r#"names = "numbers""#,
        word::names,
    ),
    setting("keep", "a number of archives", "keep = 5", count),
    setting("max_age", DURATION, r#"max_age = "30d""#, read::duration),
    setting(
        "max_total_bytes",
        SIZE,
        r#"max_total_bytes = "1GB""#,
        read::size,
    ),
    setting(
        "compress",
        r#""gzip" or "zstd""#,
        r#"compress = "gzip""#,
        word::compression,
    ),
    setting(
        "link",
        "a file name in a string, without a directory",
        r#"link = "app.latest.log""#,
        file_name,
    ),
];

/// `true`, `false`, `(size = …, …)`, or an expression that makes a rotation.
pub(super) fn rotate(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
    if let Some(on) = read::boolean(argument) {
        return vec![vec![Value::Bool(on)]];
    }
    let inner = match &argument.value {
        arguments::Value::Group(inner) if !inner.is_empty() => inner,
        _ => return read::expr(setting, argument, errors),
    };
    let mut calls = calls(inner, &ROTATE, errors);
    // What could not be read has been told, and says nothing about the rest.
    if calls.len() == inner.len() {
        check_together(&calls, errors);
    }
    for call in &mut calls {
        // Where nothing has been said yet, these two are the constructors.
        for (key, method) in [("size", "or_size"), ("every", "or_every")] {
            if call.method == key {
                call.method = Ident::new(method, call.method.span());
            }
        }
    }
    vec![vec![Value::Made {
        by: &["Rotation", "by_hand"],
        arguments: Vec::new(),
        calls,
    }]]
}

fn check_together(calls: &[Call], errors: &mut Errors) {
    let number = |method: &str| match find(calls, method) {
        Some((_, Value::Number(number))) => Some(*number),
        _ => None,
    };
    let plan = RotationPlan {
        size: number("size"),
        every: match find(calls, "every") {
            Some((_, Value::Variant(_, name))) => PERIODS
                .iter()
                .find(|(_, known)| known == name)
                .map(|(every, _)| *every),
            Some((_, Value::Made { arguments, .. })) => match arguments[..] {
                [Value::Duration(span)] => Some(Every::Span(span)),
                _ => None,
            },
            _ => None,
        },
        at: match calls.iter().find(|call| call.method == "at") {
            Some(call) => match call.arguments[..] {
                [Value::Number(hour), Value::Number(minute)] => {
                    u32::try_from(hour).ok().zip(u32::try_from(minute).ok())
                }
                _ => None,
            },
            None => None,
        },
        // Which day it is does not matter.
        on: find(calls, "on").map(|_| Weekday::Monday),
        keep: number("keep"),
        max_age: match find(calls, "max_age") {
            Some((_, Value::Duration(age))) => Some(*age),
            _ => None,
        },
        max_total_bytes: number("max_total_bytes"),
    };
    if let Err((key, wrong)) = plan.check()
        && let Some((span, _)) = find(calls, key)
    {
        errors.at_span(span, wrong);
    }
}

const PERIODS: [(Every, &str); 5] = [
    (Every::Minute, "Minute"),
    (Every::Hour, "Hour"),
    (Every::Day, "Day"),
    (Every::Week, "Week"),
    (Every::Month, "Month"),
];

fn every(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
    let every = read::parsed(setting, argument, errors, parse_every);
    read::said(every.map(|every| match every {
        Every::Span(span) => Value::Made {
            by: &["Every", "Span"],
            arguments: vec![Value::Duration(span)],
            calls: Vec::new(),
        },
        named => {
            let known = PERIODS.iter().find(|(known, _)| *known == named);
            Value::Variant("Every", known.map_or("Day", |(_, name)| name))
        }
    }))
}

fn time_of_day(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
    let time = read::parsed(setting, argument, errors, parse_time_of_day);
    time.into_iter()
        .map(|(hour, minute)| vec![Value::Number(hour.into()), Value::Number(minute.into())])
        .collect()
}

fn weekday(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
    let day = read::parsed(setting, argument, errors, parse_weekday);
    read::said(day.map(|day| {
        Value::Variant(
            "Weekday",
            match day {
                Weekday::Monday => "Monday",
                Weekday::Tuesday => "Tuesday",
                Weekday::Wednesday => "Wednesday",
                Weekday::Thursday => "Thursday",
                Weekday::Friday => "Friday",
                Weekday::Saturday => "Saturday",
                Weekday::Sunday => "Sunday",
            },
        )
    }))
}

fn count(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
    match read::value_literal(argument) {
        Some(Lit::Int(count)) => {
            read::said(read::number(setting, count, errors).map(Value::Number))
        }
        _ => read::wrong(setting, argument, errors),
    }
}

fn file_name(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
    match read::string(argument).map(|name| name.value()) {
        Some(name) if !name.is_empty() && !name.contains(['/', '\\']) => {
            read::said(Some(Value::Text(name)))
        }
        _ => read::wrong(setting, argument, errors),
    }
}
