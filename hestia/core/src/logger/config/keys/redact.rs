//! Keys of what must not be seen.
//!
//! The threads of [`super`]. *Invariant:* what is wrong with one part of it leaves all of it as it was.

use hestia_grammar::parse_secret_pattern;
use toml::de::DeValue;

use super::{BOOL, Entry, Key, key, quoted};
use crate::logger::settings::Settings;
use crate::record::{Redaction, SecretPattern};

const LIST: &str = "texts in a list";

/// A list of texts, each of which is said to the redaction.
macro_rules! each {
    ($method:ident) => {
        |entry, redaction| {
            for text in entry.strings().unwrap_or_default() {
                *redaction = std::mem::take(redaction).$method(text);
            }
        }
    };
}

pub(super) const REDACT: &[Key<Redaction>] = &[
    key("keys", LIST, r#"keys = ["ssn", "iban"]"#, each!(key)),
    key("except", LIST, r#"except = ["page_token"]"#, each!(except)),
    key(
        "paths",
        LIST,
        r#"paths = ["user.card.number"]"#,
        each!(path),
    ),
    key(
        "patterns",
        "names of patterns in a list",
        r#"patterns = ["bearer", "jwt", "aws_key", "card", "email", "url_password"]"#,
        |entry, redaction| {
            for name in entry.strings().unwrap_or_default() {
                match parse_secret_pattern(&name) {
                    Ok(place) => {
                        let pattern = SecretPattern::ALL[place];
                        *redaction = std::mem::take(redaction).patterns([pattern]);
                    }
                    Err(wrong) => entry.mistake(format!("patterns = {}: {wrong}", quoted(&name))),
                }
            }
        },
    ),
    key(
        "expressions",
        "regular expressions in a list",
        r#"expressions = ["session=([a-z]+)"]"#,
        expressions,
    ),
    key("list", BOOL, "list = false", |entry, redaction| {
        if let Some(on) = entry.bool() {
            *redaction = std::mem::take(redaction).list(on);
        }
    }),
];

#[cfg(feature = "regex")]
fn expressions(entry: &mut Entry<'_, '_>, redaction: &mut Redaction) {
    for expression in entry.strings().unwrap_or_default() {
        *redaction = std::mem::take(redaction).pattern(expression);
    }
}

#[cfg(not(feature = "regex"))]
fn expressions(entry: &mut Entry<'_, '_>, _: &mut Redaction) {
    entry.mistake("regular expressions need the feature `regex` of hestia");
}

/// `true`, `false` or a table.
pub(super) fn redact(entry: &mut Entry<'_, '_>, settings: &mut Settings) {
    let redaction = match entry.value {
        DeValue::Boolean(on) => Redaction::from(*on),
        DeValue::Table(table) => {
            let mut redaction = Redaction::default();
            entry.each(table, REDACT, &mut redaction);
            if let Err(wrong) = redaction.check() {
                entry.mistake(wrong);
                return;
            }
            redaction
        }
        _ => return entry.complain(),
    };
    settings.redact = settings.said(redaction);
}
