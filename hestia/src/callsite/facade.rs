//! A record of the `log` crate: its facts inlined, its message formatted at the call.
//!
//! `fmt::Arguments` cannot be kept, so the message is formatted at the call, without allocating; a
//! constant message is not even copied. Key-values keep their types: a visitor for the simple ones, the
//! serde serializer of `record` for those with a structure.
//!
//! *Invariant:* a value whose own code panics costs that value, not the record and not the program.

use std::panic::{AssertUnwindSafe, catch_unwind};

use log::kv::{self, VisitSource, VisitValue};

use super::emit::{describe_shared, emit, emit_sized};
use super::local::{Fill, with_memory};
use super::scopes;
use super::{Front, ambient};
use crate::level::Level;
use crate::queue::Reason;
use crate::record::capture::append_guarded_value;
use crate::record::encode::{append_guarded, append_static_str, append_str};
use crate::record::scalar::Pen;
use crate::record::{
    Around, CONSTANT, ConstantSite, Encoded, Encoder, INLINE_SITE, Image, InlineSite, Shared, Site,
    Text,
};

/// Logs a record that passed the level check.
#[inline]
pub(crate) fn log(front: &'static Front, record: &log::Record<'_>, shared: Option<&Shared>) {
    // The length of a list of key-values is code of the user's at times; so it is asked for first, and guarded.
    let has_no_fields = || {
        let count = AssertUnwindSafe(|| record.key_values().count());
        catch_unwind(count).is_ok_and(|count| count == 0)
    };
    if !front.is_mapped
        && shared.is_none()
        && has_no_fields()
        && let Some(site) = ConstantSite::of(record)
    {
        let Some(message) = record.args().as_str() else {
            log_text(front, site, record);
            return;
        };
        let scope = scopes::refer();
        let trace = ambient::refer(scope);
        let own = ConstantSite::SIZE + 2 * size_of::<usize>();
        let size = own + scopes::Reference::SIZE + trace.size();
        let flags = INLINE_SITE | CONSTANT | scopes::Reference::FLAGS | trace.flags();
        let record = Constant {
            site,
            scope,
            trace,
            message,
        };
        if emit_sized(front, size, flags, record) {
            return;
        }
    }
    log_in_memory(front, record, shared);
}

/// The usual case: nothing but a message is to be made, at a place that is known already.
#[inline(never)]
fn log_text(front: &'static Front, site: ConstantSite, record: &log::Record<'_>) {
    let scope = scopes::hold();
    let around = Around {
        scope: scope.shared(),
        trace: ambient::ids(scope.shared()),
        ..Around::default()
    };
    send(front, site.level(), Site::Constant(site), around, |image| {
        image.text(|bytes| append_guarded(bytes, *record.args()))
    });
}

/// A record that is made of constants of the program.
struct Constant {
    site: ConstantSite,
    scope: scopes::Reference,
    trace: ambient::Ambient,
    message: &'static str,
}

impl Fill for Constant {
    #[inline(always)]
    fn fill(self, pen: &mut Pen<'_>) {
        self.site.write(pen);
        self.scope.write(pen);
        self.trace.write(pen);
        append_static_str(pen, self.message);
    }
}

/// Makes the record in memory of the thread, where code of the user's may run, and sends it.
#[inline(never)]
fn log_in_memory(front: &'static Front, record: &log::Record<'_>, shared: Option<&Shared>) {
    // What another process may have to read says nothing by address.
    let keeps = |constant: Option<&'static str>| constant.filter(|_| !front.is_mapped);
    let site = InlineSite {
        severity: record.level().into(),
        target: record.target(),
        module: text(keeps(record.module_path_static()), record.module_path()),
        file: text(keeps(record.file_static()), record.file()),
        line: record.line(),
    };
    if let Some(shared) = shared {
        shared.mark_used();
        describe_shared(front, shared);
    }
    let scope = scopes::hold();
    let around = Around {
        scope: scope.shared(),
        logger: shared,
        trace: ambient::ids(scope.shared()),
        copies_scope: front.is_mapped,
    };
    let message = keeps(record.args().as_str());
    send(front, record.level(), Site::Inline(site), around, |image| {
        encode(image, record, message)
    });
}

/// Makes a record in memory of the thread, and sends it. `fill` returns the flags of the finished record.
pub(super) fn send(
    front: &'static Front,
    level: Level,
    site: Site<'_>,
    around: Around<'_>,
    fill: impl FnOnce(Image<'_>) -> u32,
) {
    let made = with_memory(|bytes| {
        let flags = fill(Image::begin(bytes, site, around));
        emit(front, level, flags, bytes);
    });
    if made.is_none() {
        front.queue.refuse(level, Reason::TooDeep);
    }
}

fn encode(mut image: Image<'_>, record: &log::Record<'_>, constant: Option<&'static str>) -> u32 {
    let fields = record.key_values();
    image.fields(|bytes| {
        // A source that fails has handed over what it could; the record is kept.
        let _ = catch_unwind(AssertUnwindSafe(|| fields.visit(&mut Visitor(bytes))));
    });
    match constant {
        Some(message) => image.constant(message),
        None => image.text(|bytes| append_guarded(bytes, *record.args())),
    }
}

fn text<'a>(constant: Option<&'static str>, any: Option<&'a str>) -> Text<'a> {
    match (constant, any) {
        (Some(text), _) => Text::Static(text),
        (None, Some(text)) => Text::Copied(text),
        (None, None) => Text::None,
    }
}

struct Visitor<'a>(&'a mut Vec<u8>);

impl<'kvs> VisitSource<'kvs> for Visitor<'_> {
    fn visit_pair(&mut self, key: kv::Key<'kvs>, value: kv::Value<'kvs>) -> Result<(), kv::Error> {
        append_str(self.0, key.as_str());
        append_guarded_value(self.0, |encoder| put(encoder, &value));
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
