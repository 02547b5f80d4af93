//! The parts of a record before its values: who, where, how to read the message.
//!
//! `Image` writes them on the caller's thread; the functions below it read them back, part by part.

#![allow(
    unsafe_code,
    reason = "addresses of statics and shared parts travel through the queue"
)]

use super::decode::{self, DecodeError, Decoder};
use super::encode;
use super::metadata::StaticSite;
use super::redact;
use super::scalar::Out;
use super::{
    CAPTURES, COPIED_SCOPE, FIELDS, FORMATTED, Field, INLINE_SITE, Metadata, SCOPE, SHARED,
    SUPPRESSED, SUPPRESSED_KEY, Shared, TARGET, TRACE, Value,
};
use crate::level::{self, Severity};
use crate::thread::ThreadRef;
use crate::trace_context::TraceIds;

/// A text that is part of the program, or one that has to be copied.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Text<'a> {
    None,
    Static(&'static str),
    Copied(&'a str),
}

impl<'a> Text<'a> {
    fn get(self) -> Option<&'a str> {
        match self {
            Text::None => None,
            Text::Static(text) | Text::Copied(text) => Some(text),
        }
    }
}

/// Where a record comes from: a statement's static, or what somebody handed over.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Site<'a> {
    Static(&'static StaticSite),
    /// With another target, known at run time.
    StaticWithTarget(&'static StaticSite, &'a str),
    Inline(InlineSite<'a>),
}

/// The facts of a record that no static holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InlineSite<'a> {
    pub(crate) severity: Severity,
    pub(crate) target: &'a str,
    pub(crate) module: Text<'a>,
    pub(crate) file: Text<'a>,
    pub(crate) line: Option<u32>,
}

/// What is around the call.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Around<'a> {
    pub(crate) scope: Option<&'a Shared>,
    /// A named logger's.
    pub(crate) logger: Option<&'a Shared>,
    /// Nearer than the scope's.
    pub(crate) trace: Option<TraceIds>,
    /// For a process that cannot follow the scope's address, and to which nothing else says what is there.
    pub(crate) copies_scope: bool,
}

const TARGET_IS_MODULE: u8 = 1;
const MODULE_STATIC: u8 = 2;
const MODULE_COPIED: u8 = 4;
const FILE_STATIC: u8 = 8;
const FILE_COPIED: u8 = 16;
const LINE: u8 = 32;
const CRITICAL: u8 = 64;

/// A record in the making: first who and where, then key-values, then the message.
#[derive(Debug)]
pub(crate) struct Image<'b> {
    bytes: &'b mut Vec<u8>,
    flags: u32,
}

impl<'b> Image<'b> {
    /// Starts a record; what the vector holds is thrown away.
    #[inline(always)]
    pub(crate) fn begin(bytes: &'b mut Vec<u8>, site: Site<'_>, around: Around<'_>) -> Self {
        bytes.clear();
        let mut image = Image { bytes, flags: 0 };
        match site {
            Site::Static(site) => StaticHead(site).write(image.bytes),
            Site::StaticWithTarget(site, target) => {
                image.flags |= TARGET;
                StaticHead(site).write(image.bytes);
                encode::append_str(image.bytes, target);
            }
            Site::Inline(site) => {
                image.flags |= INLINE_SITE;
                site.write(image.bytes);
            }
        }
        let mut trace = around.trace;
        match around.scope {
            Some(scope) if around.copies_scope => {
                image.copy_scope(scope);
                trace = trace.or_else(|| scope.trace_ids());
            }
            scope => {
                // Null is said, too, as where a record is written in place: so that the same is always said alike.
                image.flags |= SCOPE;
                let address =
                    scope.map_or(0, |scope| std::ptr::from_ref(scope).expose_provenance());
                encode::append_address(image.bytes, address);
            }
        }
        if let Some(logger) = around.logger {
            image.flags |= SHARED;
            let address = std::ptr::from_ref(logger).expose_provenance();
            encode::append_address(image.bytes, address);
        }
        if let Some(ids) = trace {
            image.flags |= TRACE;
            append_trace(image.bytes, ids);
        }
        image
    }

    /// Adds what a scope says, and in whose captures its records are.
    #[cold]
    fn copy_scope(&mut self, scope: &Shared) {
        self.flags |= COPIED_SCOPE;
        let start = encode::open(self.bytes);
        // Innermost first, so that the first of a key counts, as everywhere.
        for scope in scope.outward() {
            self.bytes.extend_from_slice(&scope.fields);
        }
        encode::close(self.bytes, start);
        let captures = scope.captures();
        if !captures.is_empty() {
            self.flags |= CAPTURES;
            let start = encode::open(self.bytes);
            self.bytes.extend_from_slice(captures);
            encode::close(self.bytes, start);
        }
    }

    /// Adds how many executions of the statement were left out; to be called before everything else. None is not said. (No
    /// statement that leaves out executions has the key itself.)
    pub(crate) fn suppressed(&mut self, executions: u64) {
        if executions != 0 {
            encode::append_u64(self.bytes, executions);
            self.flags |= SUPPRESSED;
        }
    }

    /// Adds the key-values of a record of the `log` crate, which `fill` appends: keys and values in turn. To be called once at most, before the message.
    /// What must not be seen of them is hidden.
    pub(crate) fn fields(&mut self, fill: impl FnOnce(&mut Vec<u8>)) {
        let start = encode::open(self.bytes);
        fill(self.bytes);
        redact::fields(self.bytes, start + 4);
        // Those that are none leave no trace.
        if self.bytes.len() == start + 4 {
            self.bytes.truncate(start);
        } else {
            encode::close(self.bytes, start);
            self.flags |= FIELDS;
        }
    }

    /// Ends a static site's record with the values of its keys and its message's arguments, which `append` adds.
    /// Returns the flags of the finished record.
    pub(crate) fn values(self, append: impl FnOnce(&mut Vec<u8>)) -> u32 {
        append(self.bytes);
        self.flags
    }

    /// As `values`, for a process that may not have the program's functions: a message that only one of them can say is
    /// said at once.
    pub(crate) fn values_for_others(
        self,
        site: &'static StaticSite,
        append: impl FnOnce(&mut Vec<u8>),
    ) -> u32 {
        let start = self.bytes.len();
        append(self.bytes);
        if !site.message.is_printed() && !redact::looks_at_call() {
            return self.flags;
        }
        let mut decoder = Decoder::new(&self.bytes[start..]);
        let values = site
            .keys
            .iter()
            .try_for_each(|_| decoder.get_item().map(drop));
        let at = self.bytes.len() - decoder.left();
        let mut text = String::new();
        let message = site.message.read(&site.pieces, &mut decoder, &mut text);
        // What was just written can be read.
        if values.is_ok()
            && let Ok(message) = message
        {
            let message = message.to_owned();
            self.bytes.truncate(at);
            redact::values_at_call(self.bytes, start, site.keys.len());
            let text_start = self.bytes.len();
            self.bytes.extend_from_slice(message.as_bytes());
            redact::text_at_call(self.bytes, text_start);
            return self.flags | FORMATTED;
        }
        self.flags
    }

    /// Ends an inline site's record with its message, which `append` adds as text.
    pub(crate) fn text(self, append: impl FnOnce(&mut Vec<u8>)) -> u32 {
        let start = self.bytes.len();
        append(self.bytes);
        redact::text_at_call(self.bytes, start);
        self.flags
    }

    /// As `text`, for a static site.
    pub(crate) fn formatted(self, append: impl FnOnce(&mut Vec<u8>)) -> u32 {
        self.text(append) | FORMATTED
    }
}

/// What the record of a macro's statement begins with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StaticHead(pub(crate) &'static StaticSite);

impl StaticHead {
    pub(crate) const SIZE: usize = size_of::<usize>();

    #[inline(always)]
    pub(crate) fn write(self, out: &mut impl Out) {
        out.put(&std::ptr::from_ref(self.0).expose_provenance().to_ne_bytes());
    }
}

impl InlineSite<'_> {
    /// Which parts are there, and how.
    fn shape(&self) -> u8 {
        let of_text = |text, is_static, is_copied| match text {
            Text::None => 0,
            Text::Static(_) => is_static,
            Text::Copied(_) => is_copied,
        };
        let mut shape = of_text(self.module, MODULE_STATIC, MODULE_COPIED)
            | of_text(self.file, FILE_STATIC, FILE_COPIED);
        if self
            .module
            .get()
            .is_some_and(|module| is_same(module, self.target))
        {
            shape |= TARGET_IS_MODULE;
        }
        if self.line.is_some() {
            shape |= LINE;
        }
        if self.severity == Severity::Critical {
            shape |= CRITICAL;
        }
        shape
    }

    fn write(&self, out: &mut Vec<u8>) {
        let shape = self.shape();
        #[allow(clippy::cast_possible_truncation, reason = "there are five levels")]
        out.put(&[shape, level::index(self.severity.level()) as u8]);
        put_text(out, self.module);
        if shape & TARGET_IS_MODULE == 0 {
            encode::append_str(out, self.target);
        }
        put_text(out, self.file);
        if let Some(line) = self.line {
            out.put(&line.to_ne_bytes());
        }
    }
}

/// Most often it is the very same constant.
#[inline]
fn is_same(module: &str, target: &str) -> bool {
    std::ptr::eq(module, target) || module == target
}

fn put_text(out: &mut Vec<u8>, text: Text<'_>) {
    match text {
        Text::None => {}
        Text::Static(text) => encode::append_static_str(out, text),
        Text::Copied(text) => encode::append_str(out, text),
    }
}

/// Writes what [`get_trace`] reads.
#[inline]
pub(crate) fn append_trace(out: &mut impl Out, ids: TraceIds) {
    out.put(&ids.trace_id.to_ne_bytes());
    out.put(&ids.span_id.to_ne_bytes());
}

/// Writes what [`thread`] reads: it goes before the record where several threads share a ring.
pub(crate) fn append_thread(bytes: &mut Vec<u8>, thread: ThreadRef<'_>) {
    encode::append_u64(bytes, thread.id);
    encode::append_str(bytes, thread.name.unwrap_or_default());
}

pub(super) fn thread<'a>(decoder: &mut Decoder<'a>) -> Result<ThreadRef<'a>, DecodeError> {
    Ok(ThreadRef {
        id: decoder.get_u64()?,
        name: Some(decoder.get_str()?).filter(|name| !name.is_empty()),
    })
}

/// Who and where, and the static that says the rest, if it is a macro's.
pub(super) fn site<'a>(
    decoder: &mut Decoder<'a>,
    flags: u32,
) -> Result<(Metadata<'a>, Option<&'static StaticSite>), DecodeError> {
    if flags & INLINE_SITE != 0 {
        return Ok((inline_site(decoder)?, None));
    }
    // SAFETY: without the flag `StaticHead::write` wrote the address of a `&'static StaticSite`.
    let site: &'static StaticSite = unsafe { decode::reference(decoder.get_address()?) }?;
    let metadata = match flags & TARGET {
        0 => site.metadata,
        _ => site.metadata.with_target(decoder.get_str()?),
    };
    Ok((metadata, Some(site)))
}

fn inline_site<'a>(decoder: &mut Decoder<'a>) -> Result<Metadata<'a>, DecodeError> {
    let shape = decoder.get_u8()?;
    site_of(decoder, shape)
}

/// An inline site of another process: its texts were copied, and no address stands there.
pub(super) fn copied_site<'a>(decoder: &mut Decoder<'a>) -> Result<Metadata<'a>, DecodeError> {
    let shape = decoder.get_u8()?;
    if shape & (MODULE_STATIC | FILE_STATIC) != 0 {
        return Err(DecodeError);
    }
    site_of(decoder, shape)
}

fn site_of<'a>(decoder: &mut Decoder<'a>, shape: u8) -> Result<Metadata<'a>, DecodeError> {
    let level = level::from_index(usize::from(decoder.get_u8()?));
    let severity = if shape & CRITICAL == 0 {
        Severity::Level(level)
    } else {
        Severity::Critical
    };
    let module = text(
        decoder,
        shape & MODULE_STATIC != 0,
        shape & MODULE_COPIED != 0,
    )?;
    let target = match module {
        Some(module) if shape & TARGET_IS_MODULE != 0 => module,
        _ => decoder.get_str()?,
    };
    let file = text(decoder, shape & FILE_STATIC != 0, shape & FILE_COPIED != 0)?;
    let line = if shape & LINE == 0 {
        None
    } else {
        Some(decoder.get_u32()?)
    };
    Ok(Metadata::new(severity, target).at(module, file, line))
}

fn text<'a>(
    decoder: &mut Decoder<'a>,
    is_static: bool,
    is_copied: bool,
) -> Result<Option<&'a str>, DecodeError> {
    if is_static {
        decoder.get_static_str().map(Some)
    } else if is_copied {
        decoder.get_str().map(Some)
    } else {
        Ok(None)
    }
}

/// The scope that the record was logged in.
pub(super) fn scope<'a>(
    decoder: &mut Decoder<'a>,
    flags: u32,
) -> Result<Option<&'a Shared>, DecodeError> {
    if flags & SCOPE == 0 {
        return Ok(None);
    }
    // SAFETY: with the flag `Image::begin`, or a statement that writes straight into the ring, wrote null or the address of
    // a `Shared` that the thread was in during the call. Its owners only give it up through `Queue::retire`, which keeps it
    // until this record, which was committed before, has been consumed.
    Ok(unsafe { decode::optional_reference(decoder.get_address()?) })
}

pub(super) fn logger<'a>(
    decoder: &mut Decoder<'a>,
    flags: u32,
) -> Result<Option<&'a Shared>, DecodeError> {
    if flags & SHARED == 0 {
        return Ok(None);
    }
    // SAFETY: with the flag `Image::begin` wrote the address of a `Shared` that was borrowed during the
    // call. Its owner only gives it up through `Queue::retire`, which keeps it until this record, which
    // was committed before, has been consumed.
    unsafe { decode::reference(decoder.get_address()?) }.map(Some)
}

/// The key-values of scopes that were copied, innermost first.
pub(super) fn copied_scope<'a>(
    decoder: &mut Decoder<'a>,
    flags: u32,
) -> Result<&'a [u8], DecodeError> {
    match flags & COPIED_SCOPE {
        0 => Ok(&[]),
        _ => decoder.get_block(),
    }
}

/// The numbers of the captures that copied scopes are in.
pub(super) fn copied_captures<'a>(
    decoder: &mut Decoder<'a>,
    flags: u32,
) -> Result<&'a [u8], DecodeError> {
    match flags & CAPTURES {
        0 => Ok(&[]),
        _ => decoder.get_block(),
    }
}

pub(super) fn trace(
    decoder: &mut Decoder<'_>,
    flags: u32,
) -> Result<Option<TraceIds>, DecodeError> {
    if flags & TRACE == 0 {
        return Ok(None);
    }
    get_trace(decoder).map(Some)
}

/// Reads what [`append_trace`] writes.
pub(super) fn get_trace(decoder: &mut Decoder<'_>) -> Result<TraceIds, DecodeError> {
    Ok(TraceIds {
        trace_id: decoder.get_u128()?,
        span_id: decoder.get_u64()?,
    })
}

pub(super) fn suppressed(
    decoder: &mut Decoder<'_>,
    flags: u32,
) -> Result<Option<Field<'static>>, DecodeError> {
    if flags & SUPPRESSED == 0 {
        return Ok(None);
    }
    Ok(Some(Field {
        key: SUPPRESSED_KEY,
        value: Value::U64(decoder.get_u64()?),
    }))
}
