//! Bytes back into values; the mirror image of `encode.rs`.
//!
//! Runs on the writer thread (and on whichever thread writes directly at the end). All reading is
//! bounds- and UTF-8-checked: a record that makes no sense is an error, never a wild read.
//!
//! *Invariant:* decoding runs no code of the user's.

#![allow(unsafe_code, reason = "pointers to statics travel through the queue")]

use super::encode::{TAG_BYTES, TAG_MAP, TAG_SEQ, TAG_SOME};
use super::message::Arg;
use super::scalar::Scalar;
use super::value::{Field, Value};

/// The bytes are no record: cut short, an unknown tag, or text that is not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeError;

impl std::fmt::Display for DecodeError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("the bytes are no record")
    }
}

impl std::error::Error for DecodeError {}

/// Reads values from bytes, in the order they were written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decoder<'a> {
    bytes: &'a [u8],
}

impl<'a> Decoder<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Decoder { bytes }
    }

    /// How many bytes were not read yet.
    pub(crate) fn left(&self) -> usize {
        self.bytes.len()
    }

    /// All that was not read yet.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.bytes)
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or(DecodeError)?;
        self.bytes = rest;
        Ok(taken)
    }

    pub(super) fn raw<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self.bytes.split_first_chunk::<N>().ok_or(DecodeError)?;
        self.bytes = rest;
        Ok(*taken)
    }

    pub(crate) fn get_u8(&mut self) -> Result<u8, DecodeError> {
        self.raw::<1>().map(|[byte]| byte)
    }

    pub(crate) fn get_u32(&mut self) -> Result<u32, DecodeError> {
        self.raw().map(u32::from_ne_bytes)
    }

    pub(crate) fn get_u64(&mut self) -> Result<u64, DecodeError> {
        self.raw().map(u64::from_ne_bytes)
    }

    pub(crate) fn get_u128(&mut self) -> Result<u128, DecodeError> {
        self.raw().map(u128::from_ne_bytes)
    }

    pub(crate) fn get_address(&mut self) -> Result<usize, DecodeError> {
        self.raw().map(usize::from_ne_bytes)
    }

    /// A length and that many bytes.
    pub(crate) fn get_block(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = self.get_u32()? as usize;
        self.take(length)
    }

    pub(crate) fn get_str(&mut self) -> Result<&'a str, DecodeError> {
        text(self.get_block()?)
    }

    /// A string that is part of the program, written by `encode::append_static_str`.
    pub(crate) fn get_static_str(&mut self) -> Result<&'static str, DecodeError> {
        let address = self.get_address()?;
        let length = self.get_address()?;
        // SAFETY: only `encode::append_static_str` writes this pair, from a `&'static str` of this
        // process (whose address it exposes), and a record is only decoded by the process that wrote it:
        // a forked child abandons inherited rings unread.
        Ok(unsafe {
            let bytes =
                std::slice::from_raw_parts(std::ptr::with_exposed_provenance(address), length);
            std::str::from_utf8_unchecked(bytes)
        })
    }

    /// One value with its tag.
    ///
    /// # Errors
    /// When the bytes end too early or hold an unknown tag, no text, or no character.
    #[inline(always)]
    pub(crate) fn get_value(&mut self) -> Result<Value<'a>, DecodeError> {
        let tag = self.get_u8()?;
        if let Some(scalar) = Scalar::read(tag, self)? {
            return scalar.value().ok_or(DecodeError);
        }
        Ok(match tag {
            TAG_BYTES => Value::Bytes(self.get_block()?),
            TAG_SEQ => Value::Seq(Items(self.get_block()?)),
            TAG_MAP => Value::Map(Entries(self.get_block()?)),
            _ => return Err(DecodeError),
        })
    }

    /// As `get_value`, for all but a record's own values: it is called, not inlined.
    #[inline(never)]
    pub(crate) fn get_item(&mut self) -> Result<Value<'a>, DecodeError> {
        self.get_value()
    }

    /// One argument of a message, with its tag.
    ///
    /// # Errors
    /// As for `get_value`.
    #[inline(always)]
    pub(crate) fn get_argument(&mut self) -> Result<Arg<'a>, DecodeError> {
        let tag = self.get_u8()?;
        if let Some(scalar) = Scalar::read(tag, self)? {
            return Ok(Arg::Scalar(scalar));
        }
        match tag {
            TAG_SOME => Ok(Arg::Some(Items(self.get_block()?))),
            TAG_SEQ => Ok(Arg::List(Items(self.get_block()?))),
            _ => Err(DecodeError),
        }
    }

    /// The same by a call, where what follows takes longer.
    #[inline(never)]
    pub(crate) fn get_argument_slowly(&mut self) -> Result<Arg<'a>, DecodeError> {
        self.get_argument()
    }

    /// One key and its value.
    pub(crate) fn get_field(&mut self) -> Result<Field<'a>, DecodeError> {
        Ok(Field {
            key: self.get_str()?,
            value: self.get_value()?,
        })
    }
}

/// Text is mostly short, and ASCII, for which there is a quicker look than the one for all of UTF-8.
#[inline]
pub(super) fn text(bytes: &[u8]) -> Result<&str, DecodeError> {
    if bytes.is_ascii() {
        // SAFETY: ASCII is UTF-8.
        return Ok(unsafe { std::str::from_utf8_unchecked(bytes) });
    }
    std::str::from_utf8(bytes).map_err(|_| DecodeError)
}

/// The items of an array, still encoded.
///
/// # Example
/// ```
/// use hestia::Value;
///
/// fn sum(value: Value<'_>) -> u64 {
///     match value {
///         Value::U64(number) => number,
///         Value::Seq(items) => items.iter().map(sum).sum(),
///         Value::Map(entries) => entries.iter().map(|field| sum(field.value)).sum(),
///         _ => 0,
///     }
/// }
/// ```
#[derive(Clone, Copy)]
pub struct Items<'a>(&'a [u8]);

impl<'a> Items<'a> {
    /// The items in their order. Ends early where the bytes make no sense, which hestia's own never do.
    pub fn iter(self) -> impl Iterator<Item = Value<'a>> + Clone {
        let mut decoder = Decoder::new(self.0);
        std::iter::from_fn(move || decoder.get_item().ok())
    }

    /// The items as arguments of a message.
    pub(super) fn arguments(self) -> impl Iterator<Item = Arg<'a>> {
        let mut decoder = Decoder::new(self.0);
        std::iter::from_fn(move || decoder.get_argument_slowly().ok())
    }
}

impl std::fmt::Debug for Items<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_list().entries(self.iter()).finish()
    }
}

/// The entries of an object, still encoded.
#[derive(Clone, Copy)]
pub struct Entries<'a>(&'a [u8]);

impl<'a> Entries<'a> {
    /// Key-values as a record or a context holds them.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Entries(bytes)
    }

    #[inline]
    pub(super) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// All entries in their order; keys may repeat. Ends early where the bytes make no sense, which
    /// hestia's own never do.
    pub fn iter(self) -> impl Iterator<Item = Field<'a>> + Clone {
        let mut decoder = Decoder::new(self.0);
        std::iter::from_fn(move || decoder.get_field().ok())
    }
}

impl std::fmt::Debug for Entries<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_map()
            .entries(self.iter().map(|field| (field.key, field.value)))
            .finish()
    }
}

/// What is behind an address that `encode` took from a `&'a T`.
///
/// # Safety
/// The address must come from such a reference, in this process, and what it refers to must live for `'a`.
pub(super) unsafe fn reference<'a, T>(address: usize) -> Result<&'a T, DecodeError> {
    // SAFETY: the caller's promise.
    unsafe { optional_reference(address) }.ok_or(DecodeError)
}

/// As [`reference`], or nothing behind null.
///
/// # Safety
/// As for [`reference`].
pub(super) unsafe fn optional_reference<'a, T>(address: usize) -> Option<&'a T> {
    let pointer: *const T = std::ptr::with_exposed_provenance(address);
    // SAFETY: null, or the caller's promise.
    unsafe { pointer.as_ref() }
}
