//! A record of the `log` crate: its statement a static that is made of it ([`interned`](super::interned)), its message
//! formatted at the call.
//!
//! `fmt::Arguments` cannot be kept, so the message is formatted at the call, without allocating; a
//! constant message is not even copied. Key-values keep their types: a visitor for the simple ones, the
//! serde serializer of `record` for those with a structure.
//!
//! *Invariant:* a value whose own code panics costs that value, not the record and not the program.

use std::panic::{AssertUnwindSafe, catch_unwind};

use log::kv::{self, VisitSource, VisitValue};

use super::emit::{copies_scope, describe_shared, describe_site, emit};
use super::interned::{self, Known};
use super::local::with_memory;
use super::scopes;
use super::statement::write;
use super::{Front, ambient};
use crate::level::Level;
use crate::queue::Reason;
use crate::record::capture::append_guarded_value;
use crate::record::encode::{append_guarded, append_str};
use crate::record::{
    Around, Encoded, Encoder, Image, InlineSite, Shared, Site, StaticSite, Text, redact,
};
use crate::thread::is_own;

/// Logs a record, if any output wants it.
#[inline(always)]
pub(crate) fn log(front: &'static Front, record: &log::Record<'_>, shared: Option<&Shared>) {
    if !front.gate.allows(record.level(), record.target()) {
        return;
    }
    let is_plain = shared.is_none() && !is_own() && has_no_fields(record);
    if is_plain && let Some(message) = record.args().as_str() {
        // As early as can be: see `Callsite::log`. No code of the user's runs any more.
        let stamp = front.ticks.now();
        if let Some(site) = constant(front, record, message)
            && let Some(scope) = scopes::refer_in(front)
            && write(front, stamp, site, scope, 0, &(), &())
        {
            return;
        }
    }
    log_otherwise(front, record, shared, is_plain);
}

/// The statement of a record whose message is this constant, and whose target is its module, as that of most is. `None` as well
/// where it is executed for the first time, and where more than a look is needed for anything else.
#[inline(always)]
fn constant(
    front: &'static Front,
    record: &log::Record<'_>,
    message: &'static str,
) -> Option<&'static StaticSite> {
    if is_looked_through(front) {
        return None;
    }
    // Its static has the module as its target.
    if !is_same(record.module_path_static()?, record.target()) {
        return None;
    }
    let Known { site, .. } = interned::find(record, message)?;
    let is_described = !front.is_mapped || site.is_described() == Some(true);
    is_described.then_some(site)
}

/// What the source says is looked through as any text is, where that is done at the call, and not written down before.
#[inline(always)]
fn is_looked_through(front: &Front) -> bool {
    front.is_mapped && redact::looks_at_call()
}

/// The length of a list of key-values is code of the user's at times: it is asked for once a record, while the ring is not in
/// use, and guarded.
#[inline(always)]
fn has_no_fields(record: &log::Record<'_>) -> bool {
    let count = AssertUnwindSafe(|| record.key_values().count());
    catch_unwind(count).is_ok_and(|count| count == 0)
}

/// Whatever did not go straight into the ring.
#[inline(never)]
fn log_otherwise(
    front: &'static Front,
    record: &log::Record<'_>,
    shared: Option<&Shared>,
    is_plain: bool,
) {
    if is_own() {
        (front.hooks.own)(record);
        return;
    }
    let known = interned::known(record, is_looked_through(front))
        .filter(|known| describe_site(front, &known.site));
    match known {
        Some(known)
            if known.is_formatted
                && is_plain
                && is_same(known.site.metadata.target(), record.target()) =>
        {
            log_text(front, &known.site, record);
        }
        _ => log_in_memory(front, record, known, shared),
    }
}

/// The usual case: nothing but a message is to be made, at a place that is known already.
#[inline(never)]
fn log_text(front: &'static Front, site: &'static StaticSite, record: &log::Record<'_>) {
    let scope = scopes::hold();
    let around = Around {
        scope: scope.shared(),
        trace: ambient::ids(scope.shared()),
        copies_scope: copies_scope(front, scope.shared()),
        ..Around::default()
    };
    send(front, record.level(), Site::Static(site), around, |image| {
        image.formatted(|bytes| append_guarded(bytes, *record.args()))
    });
}

/// Makes the record in memory of the thread, where code of the user's may run, and sends it.
#[inline(never)]
fn log_in_memory(
    front: &'static Front,
    record: &log::Record<'_>,
    known: Option<&'static Known>,
    shared: Option<&Shared>,
) {
    // What another process may have to read says nothing by address.
    let keeps = |constant: Option<&'static str>| constant.filter(|_| !front.is_mapped);
    let site = match known {
        Some(Known { site, .. }) if is_same(site.metadata.target(), record.target()) => {
            Site::Static(site)
        }
        Some(Known { site, .. }) => Site::StaticWithTarget(site, record.target()),
        None => Site::Inline(InlineSite {
            severity: record.level().into(),
            target: record.target(),
            module: text(keeps(record.module_path_static()), record.module_path()),
            file: text(keeps(record.file_static()), record.file()),
            line: record.line(),
        }),
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
        copies_scope: copies_scope(front, scope.shared()),
    };
    send(front, record.level(), site, around, |mut image| {
        let fields = record.key_values();
        image.fields(|bytes| {
            // A source that fails has handed over what it could; the record is kept.
            let _ = catch_unwind(AssertUnwindSafe(|| fields.visit(&mut Visitor(bytes))));
        });
        let message = |bytes: &mut Vec<u8>| append_guarded(bytes, *record.args());
        match known {
            Some(known) if known.is_formatted => image.formatted(message),
            Some(_) => image.values(|_| ()),
            None => image.text(message),
        }
    });
}

fn text<'a>(constant: Option<&'static str>, any: Option<&'a str>) -> Text<'a> {
    match (constant, any) {
        (Some(text), _) => Text::Static(text),
        (None, Some(text)) => Text::Copied(text),
        (None, None) => Text::None,
    }
}

/// Most often it is the very same constant.
#[inline]
fn is_same(module: &str, target: &str) -> bool {
    std::ptr::eq(module, target) || module == target
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
        self.put(|encoder| encoder.put_serde_or_debug(&value))
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
