//! A record that is kept.

use std::fmt;
use std::time::SystemTime;

use crate::layout::find;
use crate::level::{Level, Severity};
use crate::record::{Entries, Field, Record, Value, encode, system_time};
use crate::thread::ThreadRef;
use crate::trace_context::TraceIds;

/// A record that a [`Capture`](super::Capture) has kept: all that outputs get to see of it.
///
/// It is displayed as one line of text.
///
/// # Example
/// ```
/// use hestia::{Level, Value};
///
/// let capture = hestia::testing::capture();
/// log::warn!(elapsed_ms = 12.5, user_id = 5_u64; "slow query");
/// let records = capture.records();
/// assert_eq!(records[0].level(), Level::Warn);
/// assert_eq!(records[0].message(), "slow query");
/// assert_eq!(records[0].field("user_id"), Some(Value::U64(5)));
/// ```
#[derive(Clone)]
pub struct CapturedRecord {
    timestamp_nanos: i64,
    severity: Severity,
    target: String,
    module: Option<String>,
    file: Option<String>,
    line: Option<u32>,
    application: String,
    thread_id: u64,
    thread_name: Option<String>,
    trace: Option<TraceIds>,
    message: String,
    /// Encoded: keys and values in turn.
    fields: Vec<u8>,
    /// As a line.
    text: String,
}

impl CapturedRecord {
    pub(super) fn new(record: &Record<'_>, text: String) -> Self {
        let metadata = record.metadata();
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let mut fields = Vec::new();
        let mut map = encode::fields(&mut fields);
        for field in record.fields() {
            map.entry(field.key, &field.value);
        }
        CapturedRecord {
            timestamp_nanos: record.timestamp_nanos(),
            severity: record.severity(),
            target: record.target().to_owned(),
            module: owned(metadata.module()),
            file: owned(metadata.file()),
            line: metadata.line(),
            application: record.application().to_owned(),
            thread_id: record.thread().id(),
            thread_name: owned(record.thread().name()),
            trace: record.trace(),
            message: record.message().to_owned(),
            fields,
            text,
        }
    }

    /// The level that filters compare.
    #[must_use]
    pub fn level(&self) -> Level {
        self.severity.level()
    }

    /// The level, or `critical` where the statement said so.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// The module path unless the statement names another target.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The module path of the statement, when known.
    #[must_use]
    pub fn module(&self) -> Option<&str> {
        self.module.as_deref()
    }

    /// The source file of the statement, when known.
    #[must_use]
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// The line of the statement, counted from 1, when known.
    #[must_use]
    pub fn line(&self) -> Option<u32> {
        self.line
    }

    /// The application's name: the named logger's if it has one, otherwise the process's.
    #[must_use]
    pub fn application(&self) -> &str {
        &self.application
    }

    /// The message, as the statement formatted it.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The key-values: those of the call, then those of its scopes, its logger and the process, each key once.
    pub fn fields(&self) -> impl Iterator<Item = Field<'_>> {
        Entries::new(&self.fields).iter()
    }

    /// The value of one key; of `req.method`, where no key is called that, the value of `method` in the object `req`.
    #[must_use]
    pub fn field(&self, key: &str) -> Option<Value<'_>> {
        find(&self.fields().collect::<Vec<_>>(), key)
    }

    /// The thread the record was logged on.
    #[must_use]
    pub fn thread(&self) -> ThreadRef<'_> {
        ThreadRef {
            id: self.thread_id,
            name: self.thread_name.as_deref(),
        }
    }

    /// The ids of the trace, when there is one.
    #[must_use]
    pub fn trace(&self) -> Option<TraceIds> {
        self.trace
    }

    /// When the statement was executed, by the capture's clock: see [`Capture::set_time`](super::Capture::set_time).
    #[must_use]
    pub fn timestamp(&self) -> SystemTime {
        system_time(self.timestamp_nanos)
    }

    /// Whether it is the record of a panic.
    pub(super) fn is_panic(&self) -> bool {
        self.target == "panic" && self.module.is_none()
    }
}

impl fmt::Display for CapturedRecord {
    /// Time, level, target and place, then message and key-values; the lines of a message of several are indented.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl fmt::Debug for CapturedRecord {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("CapturedRecord").field(&self.text).finish()
    }
}
