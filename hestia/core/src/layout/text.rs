//! Lines of text for people, and for the tools that split lines at spaces.

use hestia_grammar::{FieldName, ParseError, Pattern, Piece};

use super::Layout;
use super::escape;
use super::parts::{self, Multiline};
use super::pattern::PatternWriter;
use super::prepared::Prepared;
use super::time::TimeWriter;
use super::value;
use crate::clock::TimeZone;
use crate::facts::Facts;
use crate::record::Record;

/// Digits of the fraction of a second in text.
pub(super) const FRACTION_DIGITS: u8 = 3;

/// One line of text for each record: the layout of `all.log`.
///
/// ```text
/// 2026-03-06T20:40:23.286Z INFO  billing host-1 4242 main/4242 billing::db src/db.rs:17 | slow query {elapsed_ms=12.5 user_id=5} trace=4bf9… span=00f0…
/// ```
///
/// | part | what |
/// |---|---|
/// | columns | time, level (padded to five characters), application, host, process id, thread `name/id`, target, `file:line` |
/// | ` \|` | ends the columns |
/// | message | if there is one |
/// | `{key=value …}` | the key-values, if there are any |
/// | `trace=… span=…` | 32 and 16 hexadecimal digits, if the record belongs to a trace |
///
/// **Columns** are separated by spaces and hold none: white space in a name is written `\u{20}`, a bar `\u{7c}`,
/// and a column about which nothing is known is `-`. Eight columns stand before the first bar of every line,
/// whatever was logged.
///
/// **Values** and keys are bare words where that is unmistakable; what is empty, or holds white space, quotes,
/// `=`, brackets, braces or something hidden, is a JSON string, and what is nested is JSON. Bytes are base64.
/// A string `"5"` and the number 5 look the same: where types matter, read the JSON.
///
/// **The message** is free text. Control characters, line separators, bidirectional controls and invisible
/// characters are shown as `\n`, `\t`, `\u{1b}`, `\u{202e}`; a backslash stands for itself. A message may say
/// `{user_id=1}`; everything before the bar is out of its reach.
///
/// # Example
/// ```
/// use hestia::{Multiline, TextLayout, TimeZone};
///
/// let columns = TextLayout::new();
/// let readable = TextLayout::new().zone(TimeZone::Local).multiline(Multiline::Indent);
/// let own = TextLayout::pattern("{time:%H:%M:%S} {level:<5} {target} {message} {metadata}")?;
/// assert_ne!(columns, readable);
/// assert_ne!(columns, own);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct TextLayout {
    settings: Settings,
    form: Form,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Settings {
    zone: TimeZone,
    multiline: Multiline,
    /// The columns when there is none.
    pattern: Option<Pattern>,
}

#[derive(Debug)]
enum Form {
    Columns(Columns),
    Pattern(PatternWriter),
}

impl TextLayout {
    /// The columns, in UTC, each record one line.
    #[must_use]
    pub fn new() -> Self {
        TextLayout::with(Settings::default())
    }

    /// Lines as a pattern says.
    ///
    /// A pattern is text with fields in braces; `{{` and `}}` are braces.
    ///
    /// | field | what |
    /// |---|---|
    /// | `{time}`, `{time:%H:%M:%S%.3f}` | RFC 3339 with milliseconds, or as the `strftime` format says |
    /// | `{level}` `{message}` `{target}` `{module}` `{file}` `{line}` `{location}` | of the statement; `location` is `file:line` |
    /// | `{thread}` `{thread_name}` `{thread_id}` | `thread` is `name/id` |
    /// | `{application}` `{app_version}` `{environment}` `{hostname}` `{container_id}` `{process_id}` | of the process |
    /// | `{uuid}` `{trace_id}` `{span_id}` | identifiers |
    /// | `{metadata}` | all key-values: `{user_id=5 region=eu-1}` |
    /// | `{metadata.user_id}`, `{metadata.req.method}` | the value of one key, also inside an object |
    ///
    /// After a colon stands how a field is padded and cut: `{level:<5}`, `{target:>20.20}`. Widths count
    /// characters, after escaping. What a record does not have is empty. A message with a width is one line,
    /// whatever [`multiline`](Self::multiline) says.
    ///
    /// # Errors
    /// The first mistake in the pattern: its place, and what was probably meant.
    ///
    /// # Example
    /// ```
    /// use hestia::TextLayout;
    ///
    /// assert!(TextLayout::pattern("{time} [{level:>5}] {message} {metadata.user_id}").is_ok());
    /// let error = TextLayout::pattern("{time} {mesage}").unwrap_err();
    /// assert_eq!(error.suggestion(), Some("message"));
    /// ```
    pub fn pattern(pattern: &str) -> Result<Self, ParseError> {
        Ok(TextLayout::with(Settings {
            pattern: Some(Pattern::parse(pattern)?),
            ..Settings::default()
        }))
    }

    /// The same with lines as this pattern says.
    #[cfg_attr(
        not(feature = "config"),
        allow(dead_code, reason = "only the file says it so")
    )]
    pub(crate) fn with_pattern(self, pattern: &str) -> Result<Self, ParseError> {
        Ok(TextLayout::with(Settings {
            pattern: Some(Pattern::parse(pattern)?),
            ..self.settings
        }))
    }

    /// Whether no two processes write equal lines, as far as hosts and containers have names of their own. A message of several
    /// lines has some with nothing but its own text.
    pub(crate) fn tells_processes_apart(&self) -> bool {
        let pattern = self.settings.pattern.as_ref();
        self.settings.multiline == Multiline::Escape && pattern.is_none_or(names_its_process)
    }

    /// The zone of the times; UTC unless said.
    #[must_use]
    pub fn zone(self, zone: TimeZone) -> Self {
        TextLayout::with(Settings {
            zone,
            ..self.settings
        })
    }

    /// What becomes of line feeds in a message; they are escaped unless said.
    #[must_use]
    pub fn multiline(self, multiline: Multiline) -> Self {
        TextLayout::with(Settings {
            multiline,
            ..self.settings
        })
    }

    fn with(settings: Settings) -> Self {
        let form = match &settings.pattern {
            None => Form::Columns(Columns::new(settings.zone)),
            Some(pattern) => Form::Pattern(PatternWriter::new(pattern, settings.zone)),
        };
        TextLayout { settings, form }
    }
}

impl Default for TextLayout {
    fn default() -> Self {
        TextLayout::new()
    }
}

impl Clone for TextLayout {
    /// One that writes the same lines. It has prepared none yet.
    fn clone(&self) -> Self {
        TextLayout::with(self.settings.clone())
    }
}

impl PartialEq for TextLayout {
    /// Whether both write the same lines.
    fn eq(&self, other: &Self) -> bool {
        self.settings == other.settings
    }
}

impl Eq for TextLayout {}

impl Layout for TextLayout {
    fn format(&mut self, record: &Record<'_>, line: &mut Vec<u8>) {
        match &mut self.form {
            Form::Columns(columns) => columns.append(line, record, self.settings.multiline),
            Form::Pattern(pattern) => pattern.append(line, record, self.settings.multiline),
        }
        line.push(b'\n');
    }
}

#[derive(Debug)]
struct Columns {
    time: TimeWriter,
    /// What stands between time and message.
    prepared: Prepared,
}

impl Columns {
    fn new(zone: TimeZone) -> Self {
        Columns {
            time: TimeWriter::rfc3339(zone, FRACTION_DIGITS),
            prepared: Prepared::new([append_columns, |_, _| (), |_, _| ()], parts::append_key),
        }
    }

    fn append(&mut self, line: &mut Vec<u8>, record: &Record<'_>, multiline: Multiline) {
        self.time.append(line, record.timestamp_nanos());
        let ([columns, ..], keys) = self.prepared.get(record);
        line.extend_from_slice(columns);
        if !record.message().is_empty() {
            line.push(b' ');
            parts::append_message(line, record.message(), multiline);
        }
        if !record.fields().is_empty() {
            line.push(b' ');
            parts::append_fields(line, record.fields(), keys);
        }
        if let Some(ids) = record.trace() {
            line.extend_from_slice(b" trace=");
            parts::append_trace_id(line, ids);
            line.extend_from_slice(b" span=");
            parts::append_span_id(line, ids);
        }
    }
}

/// All columns but the time.
fn append_columns(line: &mut Vec<u8>, record: &Record<'_>) {
    line.push(b' ');
    parts::append_severity(line, record.severity());
    line.push(b' ');
    escape::append_column(line, record.application());
    line.push(b' ');
    append_host_and_process(line, record.facts());
    line.push(b' ');
    parts::append_thread(line, record.thread(), escape::append_column);
    line.push(b' ');
    escape::append_column(line, record.target());
    line.push(b' ');
    let start = line.len();
    parts::append_location(line, record.metadata(), escape::append_column);
    if line.len() == start {
        line.push(b'-');
    }
    line.extend_from_slice(b" |");
}

fn append_host_and_process(line: &mut Vec<u8>, facts: &Facts) {
    escape::append_column(line, facts.hostname.as_deref().unwrap_or_default());
    line.push(b' ');
    value::append_integer(line, facts.process_id);
}

/// Whether a line says whole by which process it was written. Ids are a machine's or a container's own.
fn names_its_process(pattern: &Pattern) -> bool {
    let says = |wanted: fn(&FieldName) -> bool| {
        pattern.pieces.iter().any(|piece| match piece {
            Piece::Field(field) => field.spec.max_width.is_none() && wanted(&field.name),
            Piece::Literal(_) => false,
        })
    };
    let place = |name: &FieldName| matches!(name, FieldName::Hostname | FieldName::ContainerId);
    let id = |name: &FieldName| {
        matches!(
            name,
            FieldName::ProcessId | FieldName::ThreadId | FieldName::Thread
        )
    };
    says(|name| matches!(name, FieldName::Uuid)) || says(place) && says(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_processes_apart_stands_whole_in_one_line() {
        let tells = |pattern: &str| {
            let layout = TextLayout::pattern(pattern).expect("a pattern");
            layout.tells_processes_apart()
        };
        assert!(TextLayout::new().tells_processes_apart());
        assert!(tells("{uuid} {message}"));
        assert!(tells("{time} {hostname} {process_id} {message}"));
        assert!(tells("{container_id:>64} {thread:<20} {message}"));
        // The same in another container, or at the same time.
        assert!(!tells("{time} {process_id} {message}"));
        assert!(!tells("{time} {hostname} {message}"));
        assert!(!tells("{message} {metadata}"));
        assert!(!tells("{uuid:.8} {message}"));
        let lines = TextLayout::new().multiline(Multiline::Indent);
        assert!(!lines.tells_processes_apart());
    }
}
