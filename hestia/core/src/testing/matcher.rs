//! What a record is to be like.

use std::fmt;
use std::sync::Arc;

use hestia_grammar::target_matches;
use serde::Serialize;

use super::record::CapturedRecord;
use super::value;
use crate::level::{Level, Severity};
use crate::record::{Encode, Entries, Value, encode, set_field};

/// A description of records, for the assertions of a [`Capture`](super::Capture); made by
/// [`matching`](super::matching).
///
/// Without any words it fits every record; each further word narrows it. It can be kept and used again, and asked about
/// single records.
///
/// # Example
/// ```
/// use hestia::Level;
/// use hestia::testing::{capture, matching};
///
/// let slow = matching().level(Level::Warn).message_contains("slow").field("user_id", 5);
/// let capture = capture();
/// log::warn!(user_id = 5; "a slow query");
/// log::warn!(user_id = 6; "a slow query");
/// let found: Vec<_> = capture.records().into_iter().filter(|record| slow.matches(record)).collect();
/// assert_eq!(found.len(), 1);
/// assert_eq!(slow.to_string(), r#"level WARN, message containing "slow", user_id = 5"#);
/// ```
#[derive(Clone, Default)]
#[must_use = "a matcher does nothing until an assertion has it"]
pub struct Matcher(Vec<Criterion>);

#[derive(Clone)]
enum Criterion {
    Severity(Severity),
    AtLeast(Level),
    Target(String),
    Application(String),
    Thread(String),
    Message(String),
    MessageContains(String),
    /// Key and value, encoded.
    Field(String, Vec<u8>),
    FieldContains(String, String),
    FieldExists(String),
    NoField(String),
    When(String, Predicate),
}

type Predicate = Arc<dyn Fn(&CapturedRecord) -> bool + Send + Sync>;

impl Matcher {
    /// One that fits every record.
    pub fn new() -> Self {
        Matcher::default()
    }

    fn and(mut self, criterion: Criterion) -> Self {
        self.0.push(criterion);
        self
    }

    /// Of this level. A [`Severity`] tells `critical` from `error`, which as a [`Level`] are one.
    pub fn level(self, level: Level) -> Self {
        match level {
            // Critical records have the level `error`, too.
            Level::Error => self.and(Criterion::AtLeast(level)),
            level => self.and(Criterion::Severity(level.into())),
        }
    }

    /// Of this severity.
    pub fn severity(self, severity: Severity) -> Self {
        self.and(Criterion::Severity(severity))
    }

    /// Of this level, or a graver one.
    pub fn at_least(self, level: Level) -> Self {
        self.and(Criterion::AtLeast(level))
    }

    /// Of this target, or one below it: `app::db` fits `app::db::pool` as well, as it does for levels.
    pub fn target(self, target: impl Into<String>) -> Self {
        self.and(Criterion::Target(target.into()))
    }

    /// Of this application: the name of a [`Logger`](crate::Logger), for one.
    pub fn application(self, name: impl Into<String>) -> Self {
        self.and(Criterion::Application(name.into()))
    }

    /// Logged on a thread with this name.
    pub fn thread(self, name: impl Into<String>) -> Self {
        self.and(Criterion::Thread(name.into()))
    }

    /// With this message, to the letter.
    pub fn message(self, message: impl Into<String>) -> Self {
        self.and(Criterion::Message(message.into()))
    }

    /// With this text somewhere in the message.
    pub fn message_contains(self, text: impl Into<String>) -> Self {
        self.and(Criterion::MessageContains(text.into()))
    }

    /// With this key and value, wherever the record has it from: the call, a scope, a logger, the process. `req.method`
    /// is the key `method` in the object `req`.
    ///
    /// Values are compared by what they are: integers by their number whatever their width, text by its letters, objects by their
    /// keys in any order. The number 5 is not the text `"5"`, and not `5.0`.
    pub fn field(self, key: &str, value: impl Encode) -> Self {
        let mut encoded = Vec::new();
        set_field(&mut encoded, key, &value);
        self.and(Criterion::Field(key.to_owned(), encoded))
    }

    /// As [`Matcher::field`], with a value of any type that serializes, such as what `serde_json::json!` makes.
    pub fn field_serde<T: Serialize + ?Sized>(self, key: &str, value: &T) -> Self {
        let mut encoded = Vec::new();
        encode::fields(&mut encoded).entry_with(key, |encoder| encoder.put_serde(value));
        self.and(Criterion::Field(key.to_owned(), encoded))
    }

    /// With a key whose value is text that contains this.
    pub fn field_contains(self, key: &str, text: impl Into<String>) -> Self {
        self.and(Criterion::FieldContains(key.to_owned(), text.into()))
    }

    /// With this key, whatever its value.
    pub fn field_exists(self, key: &str) -> Self {
        self.and(Criterion::FieldExists(key.to_owned()))
    }

    /// Without this key.
    pub fn no_field(self, key: &str) -> Self {
        self.and(Criterion::NoField(key.to_owned()))
    }

    /// Where something else is true of it; `what` says so in messages.
    ///
    /// ```
    /// use hestia::testing::{capture, matching};
    ///
    /// let capture = capture();
    /// log::info!("ready");
    /// capture.assert_logged(matching().when("from this file", |record| record.file() == Some(file!())));
    /// ```
    pub fn when(
        self,
        what: impl Into<String>,
        predicate: impl Fn(&CapturedRecord) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.and(Criterion::When(what.into(), Arc::new(predicate)))
    }

    /// Whether the record is like that.
    #[must_use]
    pub fn matches(&self, record: &CapturedRecord) -> bool {
        self.0.iter().all(|criterion| criterion.is_met_by(record))
    }

    /// What the record has instead, for each word that it does not fit.
    pub(super) fn misses(&self, record: &CapturedRecord) -> Vec<String> {
        let missed = self.0.iter().filter(|one| !one.is_met_by(record));
        missed.map(|criterion| criterion.instead(record)).collect()
    }
}

impl fmt::Display for Matcher {
    /// All words, with commas between them; `anything` where there are none.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return out.write_str("anything");
        }
        let mut separator = "";
        for criterion in &self.0 {
            write!(out, "{separator}{criterion}")?;
            separator = ", ";
        }
        Ok(())
    }
}

impl fmt::Debug for Matcher {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Matcher({self})")
    }
}

/// The one value that was encoded.
fn only(encoded: &[u8]) -> Option<Value<'_>> {
    let field = Entries::new(encoded).iter().next()?;
    Some(field.value)
}

impl Criterion {
    fn is_met_by(&self, record: &CapturedRecord) -> bool {
        match self {
            Criterion::Severity(severity) => record.severity() == *severity,
            Criterion::AtLeast(level) => record.level() <= *level,
            Criterion::Target(target) => target_matches(target, record.target()),
            Criterion::Application(name) => record.application() == name,
            Criterion::Thread(name) => record.thread().name() == Some(name),
            Criterion::Message(message) => record.message() == message,
            Criterion::MessageContains(text) => record.message().contains(text.as_str()),
            Criterion::Field(key, value) => match (record.field(key), only(value)) {
                (Some(found), Some(wanted)) => value::are_same(found, wanted),
                _ => false,
            },
            Criterion::FieldContains(key, text) => {
                matches!(record.field(key), Some(Value::Str(found)) if found.contains(text.as_str()))
            }
            Criterion::FieldExists(key) => record.field(key).is_some(),
            Criterion::NoField(key) => record.field(key).is_none(),
            Criterion::When(_, predicate) => predicate(record),
        }
    }

    /// What a record that does not meet it has in its place.
    fn instead(&self, record: &CapturedRecord) -> String {
        match self {
            Criterion::Severity(_) | Criterion::AtLeast(_) => {
                format!("level {}", record.severity().name())
            }
            Criterion::Target(_) => format!("target {}", record.target()),
            Criterion::Application(_) => format!("application {}", record.application()),
            Criterion::Thread(_) => format!("thread {}", record.thread()),
            Criterion::Message(_) | Criterion::MessageContains(_) => {
                format!("message {:?}", record.message())
            }
            Criterion::Field(key, _)
            | Criterion::FieldContains(key, _)
            | Criterion::FieldExists(key)
            | Criterion::NoField(key) => match record.field(key) {
                Some(found) => format!("{key} = {}", value::shown(found)),
                None => format!("no {key}"),
            },
            Criterion::When(what, _) => format!("not {what}"),
        }
    }
}

impl fmt::Display for Criterion {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Criterion::Severity(severity) => write!(out, "level {}", severity.name()),
            Criterion::AtLeast(Level::Error) => write!(out, "level ERROR"),
            Criterion::AtLeast(level) => write!(out, "level {level} or graver"),
            Criterion::Target(target) => write!(out, "target {target}"),
            Criterion::Application(name) => write!(out, "application {name}"),
            Criterion::Thread(name) => write!(out, "thread {name}"),
            Criterion::Message(message) => write!(out, "message {message:?}"),
            Criterion::MessageContains(text) => write!(out, "message containing {text:?}"),
            Criterion::Field(key, wanted) => match only(wanted) {
                Some(wanted) => write!(out, "{key} = {}", value::shown(wanted)),
                None => write!(out, "{key}"),
            },
            Criterion::FieldContains(key, text) => write!(out, "{key} containing {text:?}"),
            Criterion::FieldExists(key) => write!(out, "some {key}"),
            Criterion::NoField(key) => write!(out, "no {key}"),
            Criterion::When(what, _) => out.write_str(what),
        }
    }
}
