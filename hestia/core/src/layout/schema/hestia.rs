//! hestia's own schema; see [`Schema::Hestia`](super::Schema::Hestia).

use super::{append_number, append_some, append_str};
use crate::clock::TimeZone;
use crate::facts::Facts;
use crate::layout::escape;
use crate::layout::parts;
use crate::layout::prepared::{Keys, Prepared};
use crate::layout::time::TimeWriter;
use crate::layout::value;
use crate::record::{Field, Metadata, Record};
use crate::thread::ThreadRef;

/// Digits of the fraction of a second in JSON.
pub(super) const FRACTION_DIGITS: u8 = 6;

#[derive(Debug)]
pub(in crate::layout) struct Hestia {
    time: TimeWriter,
    prepared: Prepared,
}

impl Hestia {
    pub(in crate::layout) fn new() -> Self {
        Hestia {
            time: TimeWriter::rfc3339_after(r#"{"timestamp":""#, TimeZone::Utc, FRACTION_DIGITS),
            prepared: Prepared::new([before_message, before_uuid, after_uuid], append_key),
        }
    }

    /// Appends the object without a line feed.
    pub(in crate::layout) fn append(&mut self, line: &mut Vec<u8>, record: &Record<'_>) {
        let ([before_message, before_uuid, after_uuid], keys) = self.prepared.get(record);
        self.time.append(line, record.timestamp_nanos());
        line.extend_from_slice(before_message);
        escape::append_json(line, record.message());
        line.extend_from_slice(before_uuid);
        value::append_uuid(line, record.uuid());
        line.extend_from_slice(after_uuid);
        append_trace(line, record);
        append_metadata(line, record.fields(), keys);
        line.push(b'}');
    }
}

fn before_message(line: &mut Vec<u8>, record: &Record<'_>) {
    line.extend_from_slice(br#"","level":""#);
    line.extend_from_slice(record.severity().name().as_bytes());
    line.push(b'"');
    append_str(line, r#","application":"#, record.application());
    line.extend_from_slice(br#","message":"#);
}

fn before_uuid(line: &mut Vec<u8>, record: &Record<'_>) {
    append_process(line, record.facts());
    append_thread(line, record.thread());
    line.extend_from_slice(br#","uuid":""#);
}

fn after_uuid(line: &mut Vec<u8>, record: &Record<'_>) {
    line.push(b'"');
    append_site(line, record.metadata());
    append_deployment(line, record.facts());
}

fn append_process(line: &mut Vec<u8>, facts: &Facts) {
    append_some(line, r#","hostname":"#, facts.hostname.as_deref());
    append_some(line, r#","container_id":"#, facts.container_id.as_deref());
    append_number(line, r#","process_id":"#, facts.process_id);
}

fn append_thread(line: &mut Vec<u8>, thread: ThreadRef<'_>) {
    append_number(line, r#","thread_id":"#, thread.id());
    append_some(line, r#","thread_name":"#, thread.name());
}

fn append_site(line: &mut Vec<u8>, metadata: &Metadata<'_>) {
    append_str(line, r#","target":"#, metadata.target());
    append_some(line, r#","module":"#, metadata.module());
    append_some(line, r#","file":"#, metadata.file());
    if let Some(number) = metadata.line() {
        append_number(line, r#","line":"#, number);
    }
}

fn append_deployment(line: &mut Vec<u8>, facts: &Facts) {
    append_str(line, r#","environment":"#, &facts.environment);
    append_some(line, r#","app_version":"#, facts.app_version.as_deref());
}

fn append_trace(line: &mut Vec<u8>, record: &Record<'_>) {
    if let Some(ids) = record.trace() {
        line.extend_from_slice(br#","trace_id":""#);
        parts::append_trace_id(line, ids);
        line.extend_from_slice(br#"","span_id":""#);
        parts::append_span_id(line, ids);
        line.push(b'"');
    }
}

fn append_metadata(line: &mut Vec<u8>, fields: &[Field<'_>], keys: Keys<'_>) {
    for (place, field) in fields.iter().enumerate() {
        match keys.get(place) {
            Some(key) => line.extend_from_slice(key),
            None => append_key(line, place, field.key),
        }
        value::append_json(line, field.value);
    }
    if !fields.is_empty() {
        line.push(b'}');
    }
}

/// Appends what stands before a key-value's value; the first opens the object.
fn append_key(line: &mut Vec<u8>, place: usize, key: &str) {
    let before: &[u8] = match place {
        0 => br#","metadata":{"#,
        _ => b",",
    };
    line.extend_from_slice(before);
    escape::append_json(line, key);
    line.push(b':');
}
