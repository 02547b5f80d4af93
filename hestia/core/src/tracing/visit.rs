//! Fields of `tracing` into encoded key-values, with their types.
//!
//! *Invariant:* a value whose own code panics costs that value.

use std::error::Error;
use std::fmt;

use tracing_core::field::{Field, Visit};

use crate::record::capture::append_guarded_value;
use crate::record::encode::{append_guarded, append_str};
use crate::record::{Encoded, Encoder, InlineSite, Text};

/// Where events have their message.
const MESSAGE: &str = "message";
/// What bridges from `log` put before the names of a record's own facts.
const OF_LOG: &str = "log.";

/// A field's name as a key: `r#type` is `type`.
fn key(field: &Field) -> &'static str {
    field.name().trim_start_matches("r#")
}

/// Appends keys and values in turn.
pub(super) struct Fields<'b> {
    bytes: &'b mut Vec<u8>,
    skips: fn(&str) -> bool,
}

impl<'b> Fields<'b> {
    pub(super) fn of_span(bytes: &'b mut Vec<u8>) -> Self {
        Fields {
            bytes,
            skips: |_| false,
        }
    }

    /// Without the message, which is not one of them.
    pub(super) fn of_event(bytes: &'b mut Vec<u8>) -> Self {
        Fields {
            bytes,
            skips: |name| name == MESSAGE,
        }
    }

    /// Without the facts that an event from `log` has as fields, too.
    pub(super) fn of_bridged(bytes: &'b mut Vec<u8>) -> Self {
        Fields {
            bytes,
            skips: |name| name == MESSAGE || name.starts_with(OF_LOG),
        }
    }

    fn put(&mut self, field: &Field, write: impl FnOnce(Encoder<'_>) -> Encoded) {
        if !(self.skips)(field.name()) {
            append_str(self.bytes, key(field));
            append_guarded_value(self.bytes, write);
        }
    }
}

impl Visit for Fields<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, |encoder| encoder.put_f64(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, |encoder| encoder.put_i64(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, |encoder| encoder.put_u64(value));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.put(field, |encoder| encoder.put_i128(value));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.put(field, |encoder| encoder.put_u128(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, |encoder| encoder.put_bool(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, |encoder| encoder.put_str(value));
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        self.put(field, |encoder| encoder.put_bytes(value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.put(field, |encoder| encoder.put_error(value));
    }

    /// What `%value` displays, too.
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, |encoder| {
            encoder.put_display(format_args!("{value:?}"))
        });
    }
}

/// Appends the text of the message.
pub(super) struct Message<'b>(pub(super) &'b mut Vec<u8>);

impl Visit for Message<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == MESSAGE {
            self.0.extend_from_slice(value.as_bytes());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == MESSAGE {
            append_guarded(self.0, format_args!("{value:?}"));
        }
    }
}

/// The facts of a record of `log` that comes as an event: all such events have one statement's, which is the bridge's.
#[derive(Debug, Default)]
pub(super) struct Bridged {
    target: Option<String>,
    module: Option<String>,
    file: Option<String>,
    line: Option<u32>,
}

impl Bridged {
    /// The place that the record says, in the place of the bridge's.
    pub(super) fn site<'a>(&'a self, of_bridge: InlineSite<'a>) -> InlineSite<'a> {
        let text = |text: &'a Option<String>| text.as_deref().map_or(Text::None, Text::Copied);
        InlineSite {
            severity: of_bridge.severity,
            target: self.target.as_deref().unwrap_or(of_bridge.target),
            module: text(&self.module),
            file: text(&self.file),
            line: self.line,
        }
    }
}

impl Visit for Bridged {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "log.line" {
            self.line = u32::try_from(value).ok();
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let part = match field.name() {
            "log.target" => &mut self.target,
            "log.module_path" => &mut self.module,
            "log.file" => &mut self.file,
            _ => return,
        };
        *part = Some(value.to_owned());
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}
