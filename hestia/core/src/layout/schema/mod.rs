//! What the members of a JSON line are called: one file per schema.
//!
//! Writer thread, through `JsonLayout`. What is the same in every line of a process is prepared once.
//!
//! *Invariant:* no key-value of a record can take the place of a member that the schema defines: they stand in
//! an object of their own.

mod ecs;
mod hestia;

pub(super) use ecs::Ecs;
pub(super) use hestia::Hestia;

use super::escape;
use super::value;

/// What the members of a JSON line are called.
///
/// # Example
/// ```
/// use hestia::{JsonLayout, Schema};
///
/// assert_eq!(JsonLayout::default().schema(), Schema::Hestia);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Schema {
    /// hestia's own, flat but for the key-values; the default.
    ///
    /// ```json
    /// {"timestamp":"2026-03-06T20:40:23.286114Z","level":"INFO","application":"billing","message":"slow query",
    ///  "hostname":"host-1","container_id":"…","process_id":4242,"thread_id":4242,"thread_name":"main","uuid":"0195…",
    ///  "target":"billing::db","module":"billing::db","file":"src/db.rs","line":17,"environment":"local",
    ///  "app_version":"1.0.0","trace_id":"4bf9…","span_id":"00f0…","metadata":{"elapsed_ms":12.5,"user_id":5}}
    /// ```
    ///
    /// The members stand in this order. `hostname`, `container_id`, `thread_name`, `module`, `file`, `line`,
    /// `app_version`, the ids of the trace and `metadata` are absent where there is nothing to say; `message` is
    /// there even when it is empty.
    #[default]
    Hestia,
    /// Elastic Common Schema 8, in the form of the ECS loggers: Elasticsearch, Kibana and Elastic Observability
    /// understand it without a pipeline.
    ///
    /// ```json
    /// {"@timestamp":"2026-03-06T20:40:23.286114Z","log.level":"info","message":"slow query","ecs.version":"8.17.0",
    ///  "service":{"name":"billing","version":"1.0.0","environment":"local"},"event":{"dataset":"billing","id":"0195…"},
    ///  "host":{"name":"host-1"},"container":{"id":"…"},"process":{"pid":4242,"thread":{"id":4242,"name":"main"}},
    ///  "log":{"logger":"billing::db","origin":{"file":{"name":"src/db.rs","line":17}}},
    ///  "trace":{"id":"4bf9…"},"span":{"id":"00f0…"},"hestia":{"metadata":{"elapsed_ms":12.5,"user_id":5}}}
    /// ```
    ///
    /// * `log.logger` is the target; `hestia.module` is there when the module is another.
    /// * `log.level` is in lower case, `critical` for a critical record: ECS asks for the source's own level.
    /// * The key `err`, where it is text or an array of texts (an error and its sources), becomes
    ///   `error.message` and, when there are sources, `error.stack_trace`.
    /// * All other key-values stand in `hestia.metadata`. Not at the top, where a key `host` would break the
    ///   mapping of `host.name`; not in `labels`, which ECS has for keywords alone, without numbers or nesting.
    ///   ECS never uses proper names, so that this one stays free.
    /// * To Elasticsearch a dotted key is an object: log `a = 1` and `"a.b" = 2` together and it refuses the line.
    Ecs,
}

/// Appends what stands before a string, given with its key and colon, and the string. Out of line: what is the same for a statement
/// is prepared by it, from many places, and not for each record.
#[inline(never)]
fn append_str(line: &mut Vec<u8>, before: &str, text: &str) {
    line.extend_from_slice(before.as_bytes());
    escape::append_json(line, text);
}

/// As [`append_str`]; nothing where there is no text.
fn append_some(line: &mut Vec<u8>, before: &str, text: Option<&str>) {
    if let Some(text) = text {
        append_str(line, before, text);
    }
}

/// Appends what stands before a number, and the number.
fn append_number(line: &mut Vec<u8>, before: &str, number: impl itoa::Integer) {
    line.extend_from_slice(before.as_bytes());
    value::append_integer(line, number);
}
