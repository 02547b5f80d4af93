//! What is logged: a record as bytes on its way through the queue, and as a view over those bytes.
//!
//! Written on the caller's thread ([`encode`], [`Image`]), read on the writer's ([`decode`],
//! [`RecordBuf`]). A record's bytes are, in this order (see `queue/ring.rs` for the frame around them):
//!
//! | part | present when | bytes |
//! |---|---|---|
//! | thread | [`THREAD`]: it came through a ring that several threads share | id (8), name (length (4), text; empty for none) |
//! | site | always | address of a [`StaticSite`], or, with [`INLINE_SITE`], the facts one by one |
//! | target | [`TARGET`] | another one than the static's: length (4), text |
//! | scope | [`SCOPE`] | address of a [`Shared`], or null |
//! | | [`COPIED_SCOPE`] | length (4), then key and value in turn, of the inner scopes first |
//! | | [`CAPTURES`] | length (4), then the numbers (8 each) of the tests' captures that those scopes are in |
//! | logger | [`SHARED`] | address of a [`Shared`] |
//! | trace | [`TRACE`] | trace id (16), span id (8) |
//! | suppressed | [`SUPPRESSED`] | how many executions of the statement were left out before this one (8) |
//! | fields | a static site with keys | one value for each key |
//! | | [`FIELDS`] (a static then has no keys) | length (4), then key and value in turn |
//! | message | [`FORMATTED`] | text, to the end |
//! | | a static site | the arguments that its [`Message`] takes |
//! | | otherwise | text, to the end |
//!
//! Values go through `encode.rs`, `scalar.rs` and `decode.rs` (with `serialize.rs` for serde's, `value.rs` as layouts
//! see them), what stands before them through `image.rs` and `metadata.rs`. What a macro's statement hands over goes
//! through `capture.rs`, and its message is put together by `message.rs`. What must not be seen is hidden by `redact.rs`,
//! before anything is in a ring. `likeness.rs` compares records. Records of a named logger and those in a scope refer to
//! what is in `shared.rs`. `uuid.rs` numbers them; `batch.rs` holds their lines.
//!
//! *Invariant:* knows nothing of queues, outputs or layouts.

pub(crate) mod batch;
pub(crate) mod capture;
pub(crate) mod decode;
pub(crate) mod description;
pub(crate) mod encode;
pub(crate) mod foreign;
mod image;
mod likeness;
pub(crate) mod message;
mod metadata;
pub(crate) mod redact;
pub(crate) mod scalar;
mod serialize;
mod shared;
#[cfg(test)]
mod tests;
pub(crate) mod uuid;
mod value;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ::uuid::Uuid;

use crate::facts::Facts;
use crate::level::{Level, Severity};
use crate::thread::ThreadRef;
use crate::trace_context::TraceIds;

pub use decode::{DecodeError, Entries, Items};
pub use encode::{Encode, Encoded, Encoder, MapEncoder, SeqEncoder};
#[cfg(feature = "opentelemetry")]
pub(crate) use image::append_trace;
pub(crate) use image::{Around, Image, InlineSite, Site, StaticHead, Text, append_thread};
pub(crate) use likeness::Likeness;
pub use message::Message;
pub use metadata::Metadata;
pub(crate) use metadata::StaticSite;
pub use redact::wrapper::Redact;
pub use redact::{Redaction, SecretPattern};
#[cfg(feature = "config")]
pub(crate) use shared::set_fields;
pub(crate) use shared::{Home, PutDown, Shared, set_field};
pub use value::{Field, Value};

use decode::Decoder;

/// The thread's id and name stand in the record itself.
pub(crate) const THREAD: u32 = 1 << 8;
/// The facts of the statement stand in the record itself.
pub(crate) const INLINE_SITE: u32 = 1 << 9;
/// The record refers to a named logger.
pub(crate) const SHARED: u32 = 1 << 10;
/// The record has trace and span ids.
pub(crate) const TRACE: u32 = 1 << 11;
/// The record has key-values, and their keys.
pub(crate) const FIELDS: u32 = 1 << 12;
/// The record of a static site has another target.
pub(crate) const TARGET: u32 = 1 << 14;
/// The message of a static site was formatted at the call.
pub(crate) const FORMATTED: u32 = 1 << 15;
/// The record refers to the scope that it was logged in.
pub(crate) const SCOPE: u32 = 1 << 16;
/// The key-values of its scopes stand in the record itself.
pub(crate) const COPIED_SCOPE: u32 = 1 << 17;
/// The scopes that were copied are in captures of tests.
pub(crate) const CAPTURES: u32 = 1 << 18;
/// Executions of the statement were left out before this one; the record says how many.
pub(crate) const SUPPRESSED: u32 = 1 << 23;

/// The key of that number.
const SUPPRESSED_KEY: &str = "suppressed";

/// One log record, as filters, layouts and sinks see it.
///
/// A view: it borrows from the queue and lives as long as the call it is passed to.
///
/// # Example
/// ```
/// use hestia::{Filter, Record};
///
/// /// Lets through what concerns one user.
/// struct OfUser(u64);
///
/// impl Filter for OfUser {
///     fn allows(&mut self, record: &Record<'_>) -> bool {
///         record.field("user_id") == Some(hestia::Value::U64(self.0))
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    pub(crate) timestamp_nanos: i64,
    pub(crate) uuid: Uuid,
    pub(crate) metadata: Metadata<'a>,
    /// The static of a macro's statement.
    pub(crate) site: Option<&'static StaticSite>,
    pub(crate) facts: &'a Arc<Facts>,
    pub(crate) application: &'a str,
    /// The number of the named logger, if it has an output of its own.
    pub(crate) logger: Option<u64>,
    /// The numbers of the tests' captures that it belongs to: see [`Shared`].
    pub(crate) captures: &'a [u8],
    pub(crate) thread: ThreadRef<'a>,
    pub(crate) trace: Option<TraceIds>,
    pub(crate) message: &'a str,
    pub(crate) fields: &'a [Field<'a>],
}

impl<'a> Record<'a> {
    /// When the statement was executed, in nanoseconds since the Unix epoch, UTC.
    #[must_use]
    pub fn timestamp_nanos(&self) -> i64 {
        self.timestamp_nanos
    }

    /// When the statement was executed.
    #[must_use]
    pub fn timestamp(&self) -> SystemTime {
        system_time(self.timestamp_nanos)
    }

    /// A version 7 UUID (RFC 9562, section 5.7); in one process they ascend in output order.
    #[must_use]
    pub fn uuid(&self) -> Uuid {
        self.uuid
    }

    /// Severity, target and place in the source.
    #[must_use]
    pub fn metadata(&self) -> &Metadata<'a> {
        &self.metadata
    }

    /// The level that filters compare.
    #[must_use]
    pub fn level(&self) -> Level {
        self.metadata.level()
    }

    /// The level, or `critical` where the statement said so.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.metadata.severity()
    }

    /// What filters match: the module path unless the statement names another.
    #[must_use]
    pub fn target(&self) -> &'a str {
        self.metadata.target()
    }

    /// The application's name: the named logger's if it has one, otherwise the process's.
    #[must_use]
    pub fn application(&self) -> &'a str {
        self.application
    }

    /// What is known of the process: host, container, process id, environment, version.
    #[must_use]
    pub fn facts(&self) -> &'a Facts {
        self.facts
    }

    /// The thread the record was logged on.
    #[must_use]
    pub fn thread(&self) -> ThreadRef<'a> {
        self.thread
    }

    /// The ids of the trace, when there is one.
    #[must_use]
    pub fn trace(&self) -> Option<TraceIds> {
        self.trace
    }

    /// The message, as the statement formatted it; may be empty and may hold any character.
    #[must_use]
    pub fn message(&self) -> &'a str {
        self.message
    }

    /// The key-values: those of the call in their order, then those of its scopes, its logger and the
    /// process. Each key stands here once; where it came from several places, the nearest to the call
    /// counts, and the last where the call itself repeats it.
    #[must_use]
    pub fn fields(&self) -> &'a [Field<'a>] {
        self.fields
    }

    /// The value of one key.
    #[must_use]
    pub fn field(&self, key: &str) -> Option<Value<'a>> {
        let field = self.fields.iter().find(|field| field.key == key)?;
        Some(field.value)
    }
}

/// A time that is so many nanoseconds after the Unix epoch, or before it.
pub(crate) fn system_time(unix_nanos: i64) -> SystemTime {
    let distance = Duration::from_nanos(unix_nanos.unsigned_abs());
    if unix_nanos < 0 {
        UNIX_EPOCH - distance
    } else {
        UNIX_EPOCH + distance
    }
}

/// What a record's bytes do not say by themselves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Surroundings<'a> {
    pub(crate) timestamp_nanos: i64,
    pub(crate) uuid: Uuid,
    pub(crate) facts: &'a Arc<Facts>,
    /// The owner of the ring; the record's own thread takes its place.
    pub(crate) thread: ThreadRef<'a>,
    /// Key-values of the whole process.
    pub(crate) process_fields: &'a [u8],
}

/// Buffers that one record after the other is decoded into.
#[derive(Debug, Default)]
pub(crate) struct RecordBuf {
    message: String,
    fields: Vec<Field<'static>>,
}

impl RecordBuf {
    /// Reads one record and passes it on. The buffers keep their capacity for the next.
    pub(crate) fn decode(
        &mut self,
        flags: u32,
        bytes: &[u8],
        surroundings: &Surroundings<'_>,
        take: &mut dyn FnMut(&Record<'_>),
    ) -> Result<(), DecodeError> {
        let mut decoder = Decoder::new(bytes);
        let thread = if flags & THREAD == 0 {
            surroundings.thread
        } else {
            image::thread(&mut decoder)?
        };
        let (metadata, site) = image::site(&mut decoder, flags)?;
        let scope = image::scope(&mut decoder, flags)?;
        let copied = image::copied_scope(&mut decoder, flags)?;
        let copied_captures = image::copied_captures(&mut decoder, flags)?;
        let logger = image::logger(&mut decoder, flags)?;
        let trace = image::trace(&mut decoder, flags)?;
        let suppressed = image::suppressed(&mut decoder, flags)?;
        let mut fields = recycle(std::mem::take(&mut self.fields));
        let mut keys = KeyIndex::default();
        if let Some(site) = site {
            for key in site.keys {
                let value = decoder.get_value()?;
                fields.push(Field { key, value });
            }
        }
        if flags & FIELDS != 0 {
            merge_entries(&mut fields, &mut keys, decoder.get_block()?);
        }
        fields.extend(suppressed);
        for scope in scope.into_iter().flat_map(Shared::outward) {
            merge_outer(&mut fields, &mut keys, scope.entries());
        }
        merge_outer(&mut fields, &mut keys, Entries::new(copied));
        if let Some(logger) = logger {
            merge_outer(&mut fields, &mut keys, logger.entries());
        }
        let process = Entries::new(surroundings.process_fields);
        merge_outer(&mut fields, &mut keys, process);
        self.message.clear();
        if self.message.capacity() > batch::KEPT_BYTES {
            self.message.shrink_to(batch::KEPT_BYTES);
        }
        let message = match site {
            Some(_) if flags & FORMATTED != 0 => decode::text(decoder.rest()),
            Some(site) => site
                .message
                .read(&site.pieces, &mut decoder, &mut self.message),
            None => decode::text(decoder.rest()),
        };
        let hidden = match &message {
            Ok(message) => redact::look_through(message, &fields),
            Err(_) => None,
        };
        let shown = hidden.as_ref().map(|hidden| hidden.fields(&fields));
        let taken = message.map(|message| {
            take(&Record {
                timestamp_nanos: surroundings.timestamp_nanos,
                uuid: surroundings.uuid,
                metadata,
                site,
                facts: surroundings.facts,
                application: logger
                    .and_then(|logger| logger.application.as_deref())
                    .unwrap_or(&surroundings.facts.application),
                logger: logger.and_then(|logger| logger.logger),
                captures: scope.map_or(copied_captures, Shared::captures),
                thread,
                trace: trace.or_else(|| scope.and_then(Shared::trace_ids)),
                message: match &hidden {
                    Some(hidden) => hidden.message(message),
                    None => message,
                },
                fields: shown.as_deref().unwrap_or(&fields),
            });
        });
        drop(shown);
        self.fields = recycle(fields);
        taken
    }
}

/// The level of a record that this process encoded, and that has no thread before it. An error in rank
/// where the bytes make no sense.
pub(crate) fn level(flags: u32, bytes: &[u8]) -> Level {
    image::site(&mut Decoder::new(bytes), flags)
        .map_or(Level::Error, |(metadata, _)| metadata.level())
}

/// Empties a vector and forgets the lifetime of what was in it, keeping its memory: collecting an empty
/// `into_iter` of the same layout happens in place.
fn recycle<'b>(mut fields: Vec<Field<'_>>) -> Vec<Field<'b>> {
    fields.clear();
    fields
        .into_iter()
        .map(|_| -> Field<'b> { unreachable!("the vector was cleared") })
        .collect()
}

/// Beyond this many keys a table is quicker than looking at each.
const FEW_KEYS: usize = 32;

/// The key-values of a call that may repeat a key: the last one counts.
fn merge_entries<'a>(fields: &mut Vec<Field<'a>>, keys: &mut KeyIndex<'a>, call: &'a [u8]) {
    for field in Entries::new(call).iter() {
        match keys.find(fields, field.key) {
            Some(place) => fields[place].value = field.value,
            None => keys.push(fields, field),
        }
    }
}

/// The key-values of a scope, a logger, the process, of which there mostly are none: those nearer to the call count.
#[inline]
fn merge_outer<'a>(fields: &mut Vec<Field<'a>>, keys: &mut KeyIndex<'a>, outer: Entries<'a>) {
    if !outer.is_empty() {
        merge_some(fields, keys, outer);
    }
}

fn merge_some<'a>(fields: &mut Vec<Field<'a>>, keys: &mut KeyIndex<'a>, outer: Entries<'a>) {
    for field in outer.iter() {
        if keys.find(fields, field.key).is_none() {
            keys.push(fields, field);
        }
    }
}

/// Finds keys among the fields collected so far: by looking while they are few, by a table after that.
#[derive(Default)]
struct KeyIndex<'a> {
    /// Made when there are many.
    table: Option<HashMap<&'a str, usize>>,
}

impl<'a> KeyIndex<'a> {
    fn find(&mut self, fields: &[Field<'a>], key: &str) -> Option<usize> {
        if fields.len() <= FEW_KEYS {
            return fields.iter().position(|field| field.key == key);
        }
        let places = || fields.iter().enumerate().map(|(at, field)| (field.key, at));
        let table = self.table.get_or_insert_with(|| places().collect());
        table.get(key).copied()
    }

    fn push(&mut self, fields: &mut Vec<Field<'a>>, field: Field<'a>) {
        if let Some(table) = &mut self.table {
            table.insert(field.key, fields.len());
        }
        fields.push(field);
    }
}
