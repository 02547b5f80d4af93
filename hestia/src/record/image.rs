//! The parts of a record before its values: who, where, how to read the message.
//!
//! `Image` writes them on the caller's thread; the functions below it read them back, part by part.

#![allow(
    unsafe_code,
    reason = "addresses of statics and shared parts travel through the queue"
)]

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
    bytes: &'b mut Vec<u8>,
    flags: u32,
    /// Where the address of the message's reader stands.
    reader: usize,
}

/// The places in a record that are filled in once its message is known.
#[derive(Debug)]
pub(crate) struct Open {
    flags: u32,
    reader: usize,
    /// Where the length of the key-values stands.
    fields: usize,
}

impl<'b> Image<'b> {
    /// Starts a record in an empty buffer.
    pub(crate) fn begin(
        bytes: &'b mut Vec<u8>,
        site: Site<'_>,
        read_message: DecodeMessage,
        shared: Option<&Shared>,
        trace: Option<TraceIds>,
    ) -> Self {
        bytes.clear();
        let mut flags = 0;
        match site {
            Site::Static(metadata) => {
                encode::append_address(bytes, std::ptr::from_ref(metadata).expose_provenance());
            }
            Site::Inline { .. } => {
                flags |= INLINE_SITE;
                append_site(bytes, site);
            }
        }
        let reader = bytes.len();
        encode::append_address(bytes, address(read_message));
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

    /// Leaves the buffer, which takes key-values until [`Open::close`].
    pub(crate) fn open(self) -> Open {
        Open {
            flags: self.flags,
            reader: self.reader,
            fields: encode::open(self.bytes),
        }
    }

    /// Adds the key-values. To be called once at most, before the message.
    pub(crate) fn fields(&mut self, fill: impl FnOnce(&mut MapEncoder<'_>)) {
        let start = encode::open(self.bytes);
        fill(&mut encode::fields(self.bytes));
        self.flags |= close_fields(self.bytes, start);
    }

    /// The flags of the finished record; the message is what `append` adds to the buffer.
    pub(crate) fn message(self, append: impl FnOnce(&mut Vec<u8>)) -> u32 {
        append(self.bytes);
        self.flags
    }
}

impl Open {
    /// Ends the key-values, and returns the flags of the record; its message is what is appended from now
    /// on, and is read by `read_message`.
    pub(crate) fn close(&self, bytes: &mut Vec<u8>, read_message: DecodeMessage) -> u32 {
        let address = address(read_message).to_ne_bytes();
        bytes[self.reader..self.reader + address.len()].copy_from_slice(&address);
        self.flags | close_fields(bytes, self.fields)
    }
}

fn address(read_message: DecodeMessage) -> usize {
    (read_message as *const ()).expose_provenance()
}

/// Ends the key-values that began at `start`; those that are none leave no trace.
fn close_fields(bytes: &mut Vec<u8>, start: usize) -> u32 {
    if bytes.len() == start + 4 {
        bytes.truncate(start);
        return 0;
    }
    encode::close(bytes, start);
    FIELDS
}

fn append_site(bytes: &mut Vec<u8>, site: Site<'_>) {
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

fn append_text(bytes: &mut Vec<u8>, text: Text<'_>) {
    match text {
        Text::None => {}
        Text::Static(text) => encode::append_static_str(bytes, text),
        Text::Copied(text) => encode::append_str(bytes, text),
    }
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
