//! Lines as a user's pattern says.

use hestia_grammar::{Align, FieldName, FieldSpec, Pattern, Piece, TimeFormat};

use super::escape::append_text;
use super::parts::{self, Multiline};
use super::prepared::Keys;
use super::text::FRACTION_DIGITS;
use super::time::TimeWriter;
use super::value;
use crate::clock::TimeZone;
use crate::record::Record;

/// A pattern made ready for writing.
#[derive(Debug)]
pub(super) struct PatternWriter {
    pieces: Vec<Part>,
    /// A field is written here first when it is padded or cut.
    field: Vec<u8>,
}

#[derive(Debug)]
enum Part {
    Literal(String),
    Time(TimeWriter),
    Field(FieldName, FieldSpec),
}

impl PatternWriter {
    pub(super) fn new(pattern: &Pattern, zone: TimeZone) -> Self {
        let part = |piece: &Piece| match piece {
            Piece::Literal(text) => Part::Literal(text.clone()),
            Piece::Field(field) => match &field.name {
                FieldName::Time(format) => Part::Time(time_writer(format.as_ref(), zone)),
                name => Part::Field(name.clone(), field.spec),
            },
        };
        PatternWriter {
            pieces: pattern.pieces.iter().map(part).collect(),
            field: Vec::new(),
        }
    }

    /// Appends the line without its line feed.
    pub(super) fn append(&mut self, line: &mut Vec<u8>, record: &Record<'_>, multiline: Multiline) {
        for part in &mut self.pieces {
            match part {
                Part::Literal(text) => line.extend_from_slice(text.as_bytes()),
                Part::Time(time) => time.append(line, record.timestamp_nanos()),
                Part::Field(name, spec) => fitted(line, &mut self.field, *spec, |line, is_free| {
                    let multiline = if is_free {
                        multiline
                    } else {
                        Multiline::Escape
                    };
                    append_field(line, name, record, multiline);
                }),
            }
        }
    }
}

fn time_writer(format: Option<&TimeFormat>, zone: TimeZone) -> TimeWriter {
    match format {
        Some(format) => TimeWriter::with_format(zone, format),
        None => TimeWriter::rfc3339(zone, FRACTION_DIGITS),
    }
}

/// Writes a field straight into the line when it may be as long as it likes, otherwise by way of `scratch`.
fn fitted(
    line: &mut Vec<u8>,
    scratch: &mut Vec<u8>,
    spec: FieldSpec,
    append: impl FnOnce(&mut Vec<u8>, bool),
) {
    if spec.width == 0 && spec.max_width.is_none() {
        append(line, true);
    } else {
        scratch.clear();
        append(scratch, false);
        append_fitted(line, scratch, spec);
    }
}

/// Appends text (UTF-8) cut and padded; widths count characters.
fn append_fitted(line: &mut Vec<u8>, text: &[u8], spec: FieldSpec) {
    let most = spec.max_width.map_or(usize::MAX, usize::from);
    let mut starts = char_starts(text);
    let length = starts.by_ref().take(most).count();
    let end = char_starts(text).nth(length).unwrap_or(text.len());
    let missing = usize::from(spec.width).saturating_sub(length);
    let before = match spec.align {
        Align::Left => 0,
        Align::Center => missing / 2,
        Align::Right => missing,
    };
    append_fill(line, spec.fill, before);
    line.extend_from_slice(&text[..end]);
    append_fill(line, spec.fill, missing - before);
}

fn char_starts(text: &[u8]) -> impl Iterator<Item = usize> {
    let is_start = |byte: u8| byte & 0b1100_0000 != 0b1000_0000;
    (0..text.len()).filter(move |place| is_start(text[*place]))
}

fn append_fill(line: &mut Vec<u8>, fill: char, count: usize) {
    let mut buffer = [0; 4];
    let fill = fill.encode_utf8(&mut buffer).as_bytes();
    for _ in 0..count {
        line.extend_from_slice(fill);
    }
}

/// Appends one fact; nothing where the record does not have it.
fn append_field(line: &mut Vec<u8>, name: &FieldName, record: &Record<'_>, multiline: Multiline) {
    let facts = record.facts();
    let metadata = record.metadata();
    let mut append_some = |text: Option<&str>| append_text(line, text.unwrap_or_default());
    match name {
        // Written by a `Part::Time`, which remembers its second.
        FieldName::Time(_) => {}
        FieldName::Level => append_some(Some(record.severity().name())),
        FieldName::Application => append_some(Some(record.application())),
        FieldName::Message => parts::append_message(line, record.message(), multiline),
        FieldName::Hostname => append_some(facts.hostname.as_deref()),
        FieldName::ContainerId => append_some(facts.container_id.as_deref()),
        FieldName::ProcessId => value::append_integer(line, facts.process_id),
        FieldName::ThreadId => value::append_integer(line, record.thread().id()),
        FieldName::ThreadName => append_some(record.thread().name()),
        FieldName::Thread => parts::append_thread(line, record.thread(), append_text),
        FieldName::Uuid => value::append_uuid(line, record.uuid()),
        FieldName::Target => append_some(Some(record.target())),
        FieldName::Module => append_some(metadata.module()),
        FieldName::File => append_some(metadata.file()),
        FieldName::Line => {
            if let Some(number) = metadata.line() {
                value::append_integer(line, number);
            }
        }
        FieldName::Location => parts::append_location(line, metadata, append_text),
        FieldName::Environment => append_some(Some(&facts.environment)),
        FieldName::AppVersion => append_some(facts.app_version.as_deref()),
        FieldName::TraceId => {
            if let Some(ids) = record.trace() {
                parts::append_trace_id(line, ids);
            }
        }
        FieldName::SpanId => {
            if let Some(ids) = record.trace() {
                parts::append_span_id(line, ids);
            }
        }
        FieldName::Metadata => parts::append_fields(line, record.fields(), Keys::default()),
        FieldName::Key(key) => {
            if let Some(value) = parts::find(record.fields(), key) {
                value::append_word(line, value);
            }
        }
    }
}
