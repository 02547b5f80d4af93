//! The parts of a record before its values: who, where, how to read the message.
//!
//! `Image` writes them on the caller's thread; the functions below it read them back, part by part.

#![allow(
    unsafe_code,
    reason = "addresses of statics and shared parts travel through the queue"
)]

use super::buffer::Buffer;
use super::decode::{self, DecodeError, DecodeMessage, Decoder};
use super::encode::{self, MapEncoder};
use super::{FIELDS, INLINE_SITE, Metadata, SHARED, Shared, TRACE, TraceIds};
use crate::level::{self, Severity};
use crate::thread::ThreadRef;

/// A text that is part of the program, or one that has to be copied.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Text<'a> {
    None,
    Static(&'static str),
    Copied(&'a str),
}

/// Where a record comes from: a macro's static, or what the `log` crate handed over.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Site<'a> {
    Static(&'static Metadata<'static>),
    Inline {
        severity: Severity,
        target: &'a str,
        module: Text<'a>,
        file: Text<'a>,
        line: Option<u32>,
    },
}

const TARGET_IS_MODULE: u8 = 1;
const MODULE_STATIC: u8 = 2;
const MODULE_COPIED: u8 = 4;
const FILE_STATIC: u8 = 8;
const FILE_COPIED: u8 = 16;
const LINE: u8 = 32;
const CRITICAL: u8 = 64;

/// A record in the making, in a buffer of the calling thread.
#[derive(Debug)]
pub(crate) struct Image<'b> {
    bytes: &'b mut Buffer,
    flags: u32,
    /// Where the address of the message's reader stands.
    reader: usize,
}

/// The places in a record that are filled in once its message is known.
#[derive(Debug)]
pub(crate) struct Open {
    flags: u32,
    reader: usize,
    /// Where the length of the key-values stands, if there are any.
    fields: Option<usize>,
}

impl<'b> Image<'b> {
    /// Starts a record in an empty buffer.
    #[inline(always)]
    pub(crate) fn begin(
        bytes: &'b mut Buffer,
        site: Site<'_>,
        read_message: DecodeMessage,
        shared: Option<&Shared>,
        trace: Option<TraceIds>,
    ) -> Self {
        bytes.truncate(0);
        let reader = address(read_message);
        let mut flags = 0;
        match site {
            Site::Static(metadata) => {
                let metadata = std::ptr::from_ref(metadata).expose_provenance();
                // Both addresses in one go.
                let mut head = [0; 2 * size_of::<usize>()];
                head[..size_of::<usize>()].copy_from_slice(&metadata.to_ne_bytes());
                head[size_of::<usize>()..].copy_from_slice(&reader.to_ne_bytes());
                bytes.extend_from_slice(&head);
            }
            Site::Inline { .. } => {
                flags |= INLINE_SITE;
                append_site(bytes, site);
                encode::append_address(bytes, reader);
            }
        }
        let reader = bytes.len() - size_of::<usize>();
        if let Some(shared) = shared {
            flags |= SHARED;
            encode::append_address(bytes, std::ptr::from_ref(shared).expose_provenance());
        }
        if let Some(ids) = trace {
            flags |= TRACE;
            bytes.extend_from_slice(&ids.trace_id.to_ne_bytes());
            encode::append_u64(bytes, ids.span_id);
        }
        Image {
            bytes,
            flags,
            reader,
        }
    }

    /// Leaves the buffer to whoever adds key-values and message later.
    #[inline(always)]
    pub(crate) fn open(self) -> Open {
        Open {
            flags: self.flags,
            reader: self.reader,
            fields: None,
        }
    }

    /// Adds the key-values. To be called once at most, before the message.
    #[inline(always)]
    pub(crate) fn fields(&mut self, fill: impl FnOnce(&mut MapEncoder<'_>)) {
        let start = encode::open(self.bytes);
        fill(&mut encode::fields(self.bytes));
        self.flags |= close_fields(self.bytes, start);
    }

    /// The flags of the finished record; the message is what `append` adds to the buffer.
    #[inline(always)]
    pub(crate) fn message(self, append: impl FnOnce(&mut Buffer)) -> u32 {
        append(self.bytes);
        self.flags
    }
}

impl Open {
    /// Begins the key-values: what is appended until [`Open::close`]. To be called once at most.
    #[inline]
    pub(crate) fn fields(&mut self, bytes: &mut Buffer) {
        self.fields = Some(encode::open(bytes));
    }

    /// Ends the key-values; the message is what is appended from now on, and is read by `read_message`.
    #[inline(always)]
    pub(crate) fn close(&mut self, bytes: &mut Buffer, read_message: DecodeMessage) {
        let address = address(read_message).to_ne_bytes();
        bytes[self.reader..self.reader + address.len()].copy_from_slice(&address);
        if let Some(start) = self.fields {
            self.flags |= close_fields(bytes, start);
        }
    }

    /// The flags of the finished record.
    #[inline]
    pub(crate) fn flags(&self) -> u32 {
        self.flags
    }
}

fn address(read_message: DecodeMessage) -> usize {
    (read_message as *const ()).expose_provenance()
}

/// Ends the key-values that began at `start`; those that are none leave no trace.
fn close_fields(bytes: &mut Buffer, start: usize) -> u32 {
    if bytes.len() == start + 4 {
        bytes.truncate(start);
        return 0;
    }
    encode::close(bytes, start);
    FIELDS
}

#[inline(never)]
fn append_site(bytes: &mut Buffer, site: Site<'_>) {
    let Site::Inline {
        severity,
        target,
        module,
        file,
        line,
    } = site
    else {
        return;
    };
    let same = |module: &str| std::ptr::eq(module, target) || module == target;
    let mut shape = match module {
        Text::None => 0,
        Text::Static(module) => MODULE_STATIC | if same(module) { TARGET_IS_MODULE } else { 0 },
        Text::Copied(module) => MODULE_COPIED | if same(module) { TARGET_IS_MODULE } else { 0 },
    };
    shape |= match file {
        Text::None => 0,
        Text::Static(_) => FILE_STATIC,
        Text::Copied(_) => FILE_COPIED,
    };
    if line.is_some() {
        shape |= LINE;
    }
    if severity == Severity::Critical {
        shape |= CRITICAL;
    }
    #[allow(clippy::cast_possible_truncation, reason = "there are five levels")]
    bytes.extend_from_slice(&[shape, level::index(severity.level()) as u8]);
    append_text(bytes, module);
    if shape & TARGET_IS_MODULE == 0 {
        encode::append_str(bytes, target);
    }
    append_text(bytes, file);
    if let Some(line) = line {
        encode::append_u32(bytes, line);
    }
}

fn append_text(bytes: &mut Buffer, text: Text<'_>) {
    match text {
        Text::None => {}
        Text::Static(text) => encode::append_static_str(bytes, text),
        Text::Copied(text) => encode::append_str(bytes, text),
    }
}

/// Writes what [`thread`] reads: it goes before the record where several threads share a ring.
pub(crate) fn append_thread(bytes: &mut Buffer, thread: ThreadRef<'_>) {
    encode::append_u64(bytes, thread.id);
    encode::append_str(bytes, thread.name.unwrap_or_default());
}

pub(super) fn thread<'a>(decoder: &mut Decoder<'a>) -> Result<ThreadRef<'a>, DecodeError> {
    Ok(ThreadRef {
        id: decoder.get_u64()?,
        name: Some(decoder.get_str()?).filter(|name| !name.is_empty()),
    })
}

pub(super) fn site<'a>(decoder: &mut Decoder<'a>, flags: u32) -> Result<Metadata<'a>, DecodeError> {
    if flags & INLINE_SITE == 0 {
        // SAFETY: without the flag `Image::begin` wrote the address of a `&'static Metadata`.
        let site: &'static Metadata<'static> =
            unsafe { decode::reference(decoder.get_address()?) }?;
        return Ok(*site);
    }
    let shape = decoder.get_u8()?;
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

pub(super) fn shared<'a>(
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

pub(super) fn trace(
    decoder: &mut Decoder<'_>,
    flags: u32,
) -> Result<Option<TraceIds>, DecodeError> {
    if flags & TRACE == 0 {
        return Ok(None);
    }
    Ok(Some(TraceIds {
        trace_id: decoder.get_u128()?,
        span_id: decoder.get_u64()?,
    }))
}
