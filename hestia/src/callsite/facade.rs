//! A record of the `log` crate: its facts inlined, its message formatted at the call.
//!
//! `fmt::Arguments` cannot be kept, so the message is formatted at the call, without allocating; a
//! constant message is not even copied. Key-values keep their types: a visitor for the simple ones, the
//! serde serializer of `record` for those with a structure.
//!
//! *Invariant:* a value whose own code panics costs that value, not the record and not the program.

use std::panic::{AssertUnwindSafe, catch_unwind};

use log::kv::{self, VisitSource, VisitValue};

use super::{Front, draft::Draft, statement::Fields};
use crate::queue::Reason;
use crate::record::decode::{DecodeMessage, message_static, message_text};
use crate::record::encode::{append_guarded, append_static_str};
use crate::record::{Encoded, Encoder, Image, MapEncoder, Shared, Site, Text};

/// Logs a record that passed the level check.
pub(crate) fn log(front: &'static Front, record: &log::Record<'_>, shared: Option<&Shared>) {
    let level = record.level();
    // The length of a list of key-values is code of the user's at times; so it is asked for first.
    let is_constant = record.args().as_str().is_some() && record.key_values().count() == 0;
    let mut draft = Draft::default();
    if is_constant {
        draft.begin_in_ring(front);
    } else {
        draft.begin_in_memory();
    }
    if draft.is_refused() {
        return front.queue.refuse(level, Reason::TooDeep);
    }
    let flags = encode(&mut draft, record, shared);
    draft.send(front, level, flags);
}

fn encode(draft: &mut Draft, record: &log::Record<'_>, shared: Option<&Shared>) -> u32 {
    let site = Site::Inline {
        severity: record.level().into(),
        target: record.target(),
        module: text(record.module_path_static(), record.module_path()),
        file: text(record.file_static(), record.file()),
        line: record.line(),
    };
    let constant = record.args().as_str();
    let read_message: DecodeMessage = match constant {
        Some(_) => message_static,
        None => message_text,
    };
    let mut image = Image::begin(draft, site, read_message, shared, None);
    let fields = record.key_values();
    image.fields(|map| {
        // A source that fails has handed over what it could; the record is kept.
        let _ = catch_unwind(AssertUnwindSafe(|| fields.visit(&mut Visitor(map))));
    });
    image.message(|bytes| match constant {
        Some(text) => append_static_str(bytes, text),
        None => append_guarded(bytes, *record.args()),
    })
}

fn text<'a>(constant: Option<&'static str>, any: Option<&'a str>) -> Text<'a> {
    match (constant, any) {
        (Some(text), _) => Text::Static(text),
        (None, Some(text)) => Text::Copied(text),
        (None, None) => Text::None,
    }
}

struct Visitor<'a, 'b>(&'a mut MapEncoder<'b>);

impl<'kvs> VisitSource<'kvs> for Visitor<'_, '_> {
    fn visit_pair(&mut self, key: kv::Key<'kvs>, value: kv::Value<'kvs>) -> Result<(), kv::Error> {
        Fields::new(self.0.reborrow()).guarded(key.as_str(), |encoder| put(encoder, &value));
        Ok(())
    }
}

/// Writes one value with its type.
fn put(encoder: Encoder<'_>, value: &kv::Value<'_>) -> Encoded {
    let mut visitor = ValueVisitor {
        encoder: Some(encoder),
        done: None,
    };
    let _ = value.visit(&mut visitor);
    match (visitor.done, visitor.encoder) {
        (Some(encoded), _) => encoded,
        // The value visited nothing, or failed before it did.
        (None, Some(encoder)) => encoder.put_null(),
        (None, None) => unreachable!("an encoder is only given away for an encoded value"),
    }
}

struct ValueVisitor<'a> {
    encoder: Option<Encoder<'a>>,
    done: Option<Encoded>,
}

impl<'a> ValueVisitor<'a> {
    fn put(&mut self, write: impl FnOnce(Encoder<'a>) -> Encoded) -> Result<(), kv::Error> {
        if let Some(encoder) = self.encoder.take() {
            self.done = Some(write(encoder));
        }
        Ok(())
    }
}

impl<'v> VisitValue<'v> for ValueVisitor<'_> {
    fn visit_any(&mut self, value: kv::Value<'_>) -> Result<(), kv::Error> {
        self.put(|encoder| encoder.put_serde(&value))
    }

    fn visit_null(&mut self) -> Result<(), kv::Error> {
        self.put(Encoder::put_null)
    }

    fn visit_u64(&mut self, value: u64) -> Result<(), kv::Error> {
        self.put(|encoder| encoder.put_u64(value))
    }

    fn visit_i64(&mut self, value: i64) -> Result<(), kv::Error> {
        self.put(|encoder| encoder.put_i64(value))
    }

    fn visit_u128(&mut self, value: u128) -> Result<(), kv::Error> {
        self.put(|encoder| encoder.put_u128(value))
    }

    fn visit_i128(&mut self, value: i128) -> Result<(), kv::Error> {
        self.put(|encoder| encoder.put_i128(value))
    }

    fn visit_f64(&mut self, value: f64) -> Result<(), kv::Error> {
        self.put(|encoder| encoder.put_f64(value))
    }

    fn visit_bool(&mut self, value: bool) -> Result<(), kv::Error> {
        self.put(|encoder| encoder.put_bool(value))
    }

    fn visit_str(&mut self, value: &str) -> Result<(), kv::Error> {
        self.put(|encoder| encoder.put_str(value))
    }

    fn visit_char(&mut self, value: char) -> Result<(), kv::Error> {
        self.put(|encoder| encoder.put_char(value))
    }

    fn visit_borrowed_error(
        &mut self,
        error: &'v (dyn std::error::Error + 'static),
    ) -> Result<(), kv::Error> {
        self.put(|encoder| encoder.put_error(error))
    }

    fn visit_error(&mut self, error: &(dyn std::error::Error + 'static)) -> Result<(), kv::Error> {
        self.put(|encoder| encoder.put_error(error))
    }
}
