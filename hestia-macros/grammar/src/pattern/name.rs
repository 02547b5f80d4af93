//! The facts that a pattern can name.

use std::{fmt, mem::discriminant};

use super::TimeFormat;
use crate::{
    ParseError,
    error::{Quoted, suggest},
    part::Part,
};

/// A fact about a record, by the name it has in JSON (`time` is `timestamp` there; `thread` and `location` are made of
/// two of them).
///
/// # Example
///
/// ```
/// use hestia_grammar::FieldName;
///
/// assert_eq!(FieldName::ProcessId.to_string(), "process_id");
/// assert_eq!(FieldName::Key("user_id".to_owned()).to_string(), "metadata.user_id");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldName {
    /// `time`, also `timestamp`: when it was logged, in this format; RFC 3339 if none is given.
    Time(Option<TimeFormat>),
    /// `level`: the severity.
    Level,
    /// `application`, also `app`: the program's name.
    Application,
    /// `message`, also `msg`: the text of the record.
    Message,
    /// `hostname`, also `host`: the machine's name.
    Hostname,
    /// `container_id`, also `container`.
    ContainerId,
    /// `process_id`, also `pid`.
    ProcessId,
    /// `thread_id`, also `tid`: the operating system's.
    ThreadId,
    /// `thread_name`.
    ThreadName,
    /// `thread`: name and id, `main/4242`.
    Thread,
    /// `uuid`: the record's own.
    Uuid,
    /// `target`: what directives match, the module unless said.
    Target,
    /// `module`, also `module_path`.
    Module,
    /// `file`: the source file.
    File,
    /// `line`: the line in the source file.
    Line,
    /// `location`: file and line, `src/db.rs:17`.
    Location,
    /// `environment`, also `env`: where the program runs, such as `production`.
    Environment,
    /// `app_version`, also `version`: the program's.
    AppVersion,
    /// `trace_id`: the W3C trace context's.
    TraceId,
    /// `span_id`: the W3C trace context's.
    SpanId,
    /// `metadata`: all key-values.
    Metadata,
    /// `metadata.KEY`: the value of one key, as it was logged (`req.method` for a nested one).
    Key(String),
}

struct Entry {
    name: FieldName,
    word: &'static str,
    alias: Option<&'static str>,
}

const fn word(name: FieldName, word: &'static str) -> Entry {
    Entry {
        name,
        word,
        alias: None,
    }
}

const fn aliased(name: FieldName, word: &'static str, alias: &'static str) -> Entry {
    Entry {
        name,
        word,
        alias: Some(alias),
    }
}

/// The one list of words; a key is the word `metadata`, a point, and itself.
static WORDS: [Entry; 21] = [
    aliased(FieldName::Time(None), "time", "timestamp"),
    word(FieldName::Level, "level"),
    aliased(FieldName::Application, "application", "app"),
    aliased(FieldName::Message, "message", "msg"),
    aliased(FieldName::Hostname, "hostname", "host"),
    aliased(FieldName::ContainerId, "container_id", "container"),
    aliased(FieldName::ProcessId, "process_id", "pid"),
    aliased(FieldName::ThreadId, "thread_id", "tid"),
    word(FieldName::ThreadName, "thread_name"),
    word(FieldName::Thread, "thread"),
    word(FieldName::Uuid, "uuid"),
    word(FieldName::Target, "target"),
    aliased(FieldName::Module, "module", "module_path"),
    word(FieldName::File, "file"),
    word(FieldName::Line, "line"),
    word(FieldName::Location, "location"),
    aliased(FieldName::Environment, "environment", "env"),
    aliased(FieldName::AppVersion, "app_version", "version"),
    word(FieldName::TraceId, "trace_id"),
    word(FieldName::SpanId, "span_id"),
    word(FieldName::Metadata, "metadata"),
];

impl FieldName {
    /// Reads a name, which is not empty; a time comes without a format.
    pub(super) fn parse(part: Part<'_>) -> Result<Self, ParseError> {
        if let Some(key) = part.text.strip_prefix("metadata.") {
            check_key(part, key)?;
            return Ok(Self::Key(key.to_owned()));
        }
        WORDS
            .iter()
            .find(|known| known.word == part.text || known.alias == Some(part.text))
            .map(|known| known.name.clone())
            .ok_or_else(|| unknown(part))
    }
}

/// The name as a pattern has it, without a format or spec.
impl fmt::Display for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Key(key) = self {
            return write!(f, "metadata.{key}");
        }
        let same = |known: &&Entry| discriminant(&known.name) == discriminant(self);
        WORDS
            .iter()
            .find(same)
            .map_or(Ok(()), |known| f.write_str(known.word))
    }
}

fn check_key(part: Part<'_>, key: &str) -> Result<(), ParseError> {
    let is_bad = |segment: &str| {
        segment.is_empty() || segment.contains(|c: char| c.is_whitespace() || c.is_control())
    };
    if key.split('.').any(is_bad) {
        return Err(part.error(format_args!(
            "{} names no key, expected one such as `metadata.user_id`",
            Quoted(part.text)
        )));
    }
    Ok(())
}

/// A field that is unknown, and near no other, is most likely a key-value.
fn unknown(part: Part<'_>) -> ParseError {
    let words = WORDS.iter().map(|known| known.word);
    let aliases = WORDS.iter().filter_map(|known| known.alias);
    let is_key = part.text.starts_with(char::is_alphabetic)
        && !part
            .text
            .contains(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-' | '.'))
        && !part.text.split('.').any(str::is_empty);
    let near = suggest(part.text, words.chain(aliases)).map(str::to_owned);
    let near = near.or_else(|| is_key.then(|| format!("metadata.{}", part.text)));
    part.error(format_args!(
        "unknown field {}, expected one such as `message`, or `metadata.user_id` for one key-value",
        Quoted(part.text)
    ))
    .with_suggestion(near.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_and_alias_is_read_and_the_word_written() {
        for known in &WORDS {
            for text in [Some(known.word), known.alias].into_iter().flatten() {
                let name = FieldName::parse(Part::new(text)).unwrap();
                assert_eq!(name, known.name);
                assert_eq!(name.to_string(), known.word);
            }
        }
    }

    #[test]
    fn no_word_is_given_twice() {
        let mut words: Vec<_> = WORDS
            .iter()
            .flat_map(|known| [Some(known.word), known.alias])
            .flatten()
            .collect();
        words.sort_unstable();
        assert!(words.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn a_time_with_a_format_is_still_called_time() {
        let format = TimeFormat::parse("%H").unwrap();
        assert_eq!(FieldName::Time(Some(format)).to_string(), "time");
    }

    #[test]
    fn an_unknown_field_is_near_another_or_else_a_key() {
        for (text, suggestion) in [
            ("mesage", Some("message")),
            ("Level", Some("level")),
            ("thread_nam", Some("thread_name")),
            ("user_id", Some("metadata.user_id")),
            ("req.method", Some("metadata.req.method")),
            ("0", None),
            ("a b", None),
            ("a..b", None),
        ] {
            let error = FieldName::parse(Part::new(text)).unwrap_err();
            assert_eq!(error.suggestion(), suggestion, "{text}");
        }
        assert_eq!(
            FieldName::parse(Part::new("user_id"))
                .unwrap_err()
                .to_string(),
            "unknown field `user_id`, expected one such as `message`, or `metadata.user_id` for one key-value; did you mean `metadata.user_id`?"
        );
    }

    #[test]
    fn a_key_has_no_empty_segment_and_no_white_space() {
        for text in [
            "metadata.",
            "metadata.a.",
            "metadata..a",
            "metadata.a b",
            "metadata.\0",
        ] {
            let error = FieldName::parse(Part::new(text)).unwrap_err();
            assert!(error.message().contains("names no key"), "{text}");
        }
        assert_eq!(
            FieldName::parse(Part::new("metadata.a b"))
                .unwrap_err()
                .to_string(),
            "`metadata.a b` names no key, expected one such as `metadata.user_id`"
        );
        assert_eq!(
            FieldName::parse(Part::new("metadata.req.x-id")),
            Ok(FieldName::Key("req.x-id".to_owned()))
        );
    }
}
