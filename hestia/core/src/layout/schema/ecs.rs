//! Elastic Common Schema 8; see [`Schema::Ecs`](super::Schema::Ecs).
//!
//! `@timestamp`, `log.level`, `message` and `ecs.version` come first, in this order, and `log.level` stands
//! undivided at the top: the specification of the ECS loggers asks for both. All else is nested, which readers
//! and pipelines understand with or without expanding dots.
//!
//! # Source
//! Elastic, "Specification" of the ECS loggers (`elastic/ecs-logging`, `spec/README.md` and `spec/spec.json`); "ECS
//! Field Reference" 8.17 (base, error, event, host, log, process, service, tracing); "Custom fields", section
//! "Proper names".

use super::hestia::FRACTION_DIGITS;
use super::{append_number, append_some, append_str};
use crate::clock::TimeZone;
use crate::facts::Facts;
use crate::layout::escape;
use crate::layout::parts;
use crate::layout::prepared::Prepared;
use crate::layout::time::TimeWriter;
use crate::layout::value;
use crate::level::{Level, Severity};
use crate::record::{Field, Items, Record, Value};

/// Every field used here has been the same since 8.0.
const VERSION: &str = "8.17.0";

/// The key that error values are logged under.
const ERROR_KEY: &str = "err";

#[derive(Debug)]
pub(in crate::layout) struct Ecs {
    time: TimeWriter,
    prepared: Prepared,
}

impl Ecs {
    pub(in crate::layout) fn new() -> Self {
        Ecs {
            time: TimeWriter::rfc3339_after(r#"{"@timestamp":""#, TimeZone::Utc, FRACTION_DIGITS),
            prepared: Prepared::new([before_message, before_uuid, after_uuid], |_, _, _| ()),
        }
    }

    /// Appends the object without a line feed.
    pub(in crate::layout) fn append(&mut self, line: &mut Vec<u8>, record: &Record<'_>) {
        let ([before_message, before_uuid, after_uuid], _) = self.prepared.get(record);
        self.time.append(line, record.timestamp_nanos());
        line.extend_from_slice(before_message);
        escape::append_json(line, record.message());
        line.extend_from_slice(before_uuid);
        value::append_uuid(line, record.uuid());
        line.extend_from_slice(after_uuid);
        append_trace(line, record);
        append_custom(line, record);
        line.push(b'}');
    }
}

fn before_message(line: &mut Vec<u8>, record: &Record<'_>) {
    line.extend_from_slice(br#"","log.level":""#);
    line.extend_from_slice(level(record.severity()).as_bytes());
    line.extend_from_slice(br#"","message":"#);
}

fn before_uuid(line: &mut Vec<u8>, record: &Record<'_>) {
    append_service_name(line, record.application());
    append_service(line, record.facts());
    append_dataset(line, record.application());
}

fn after_uuid(line: &mut Vec<u8>, record: &Record<'_>) {
    line.extend_from_slice(br#""}"#);
    append_process(line, record.facts());
    append_number(line, r#","thread":{"id":"#, record.thread().id());
    append_some(line, r#","name":"#, record.thread().name());
    line.extend_from_slice(b"}}");
    append_log(line, record);
}

/// `log.level` is the "original log level" of the source; in lower case, as in ECS's own examples.
fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::Level(Level::Error) => "error",
        Severity::Level(Level::Warn) => "warn",
        Severity::Level(Level::Info) => "info",
        Severity::Level(Level::Debug) => "debug",
        Severity::Level(Level::Trace) => "trace",
    }
}

fn append_service_name(line: &mut Vec<u8>, application: &str) {
    append_str(line, r#","ecs.version":"#, VERSION);
    append_str(line, r#","service":{"name":"#, application);
}

fn append_service(line: &mut Vec<u8>, facts: &Facts) {
    append_some(line, r#","version":"#, facts.app_version.as_deref());
    append_str(line, r#","environment":"#, &facts.environment);
    line.push(b'}');
}

/// The specification of the loggers wants a data set, by default the service: Elastic's anomaly detection
/// works by it.
fn append_dataset(line: &mut Vec<u8>, application: &str) {
    append_str(line, r#","event":{"dataset":"#, application);
    line.extend_from_slice(br#","id":""#);
}

fn append_process(line: &mut Vec<u8>, facts: &Facts) {
    if let Some(name) = &facts.hostname {
        append_str(line, r#","host":{"name":"#, name);
        line.push(b'}');
    }
    if let Some(id) = &facts.container_id {
        append_str(line, r#","container":{"id":"#, id);
        line.push(b'}');
    }
    append_number(line, r#","process":{"pid":"#, facts.process_id);
}

fn append_log(line: &mut Vec<u8>, record: &Record<'_>) {
    append_str(line, r#","log":{"logger":"#, record.target());
    let metadata = record.metadata();
    if let Some(file) = metadata.file() {
        append_str(line, r#","origin":{"file":{"name":"#, file);
        if let Some(number) = metadata.line() {
            append_number(line, r#","line":"#, number);
        }
        line.extend_from_slice(b"}}");
    }
    line.push(b'}');
}

fn append_trace(line: &mut Vec<u8>, record: &Record<'_>) {
    if let Some(ids) = record.trace() {
        line.extend_from_slice(br#","trace":{"id":""#);
        parts::append_trace_id(line, ids);
        line.extend_from_slice(br#""},"span":{"id":""#);
        parts::append_span_id(line, ids);
        line.extend_from_slice(br#""}"#);
    }
}

/// Appends what is not ECS's own: the error among the key-values, the others, and the module.
fn append_custom(line: &mut Vec<u8>, record: &Record<'_>) {
    let error = record.fields().iter().find(|field| is_error(field));
    if let Some(field) = error {
        append_error(line, field.value);
    }
    let module = record
        .metadata()
        .module()
        .filter(|module| *module != record.target());
    let has_others = record.fields().len() > usize::from(error.is_some());
    if module.is_none() && !has_others {
        return;
    }
    line.extend_from_slice(br#","hestia":{"#);
    if let Some(module) = module {
        line.extend_from_slice(br#""module":"#);
        escape::append_json(line, module);
    }
    if has_others {
        let before: &[u8] = if module.is_some() { b"," } else { b"" };
        line.extend_from_slice(before);
        line.extend_from_slice(br#""metadata":"#);
        let others = record
            .fields()
            .iter()
            .copied()
            .filter(|field| !is_error(field));
        value::append_list(line, b'{', b'}', others, value::append_json_field);
    }
    line.push(b'}');
}

/// Whether a field is an error as a statement's `err = …` writes it: its text, or an array of its text and
/// those of its sources. Any other value of that key is left among the key-values, as it is.
fn is_error(field: &Field<'_>) -> bool {
    field.key == ERROR_KEY
        && match field.value {
            Value::Str(_) => true,
            Value::Seq(items) => {
                items.iter().next().is_some()
                    && items.iter().all(|item| matches!(item, Value::Str(_)))
            }
            _ => false,
        }
}

fn append_error(line: &mut Vec<u8>, error: Value<'_>) {
    line.extend_from_slice(br#","error":{"message":"#);
    match error {
        Value::Seq(items) => append_error_chain(line, items),
        _ => value::append_json(line, error),
    }
    line.push(b'}');
}

fn append_error_chain(line: &mut Vec<u8>, items: Items<'_>) {
    let texts = || {
        items.iter().filter_map(|item| {
            if let Value::Str(text) = item {
                Some(text)
            } else {
                None
            }
        })
    };
    if let Some(text) = texts().next() {
        escape::append_json(line, text);
    }
    if texts().nth(1).is_some() {
        line.extend_from_slice(br#","stack_trace":""#);
        let mut before = "";
        for text in texts() {
            line.extend_from_slice(before.as_bytes());
            escape::append_json_inside(line, text);
            before = r"\nCaused by: ";
        }
        line.push(b'"');
    }
}
