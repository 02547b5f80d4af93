//! Values into bytes: the typed encoding that travels through the queue.
//!
//! Runs on the caller's thread. `decode.rs` is its mirror image, and the table below is the contract of both (all
//! numbers in the machine's byte order, nothing is aligned). Simple values are `scalar.rs`'s.
//!
//! | tag | value | bytes after the tag |
//! |---|---|---|
//! | 0 | null | – |
//! | 1, 2 | false, true | – |
//! | 3, 4 | u64, i64 | 8 |
//! | 5, 6 | u128, i128 | 16 |
//! | 7, 8 | f64, f32 | 8, 4 |
//! | 9 | char | 4 |
//! | 10, 11 | string, bytes | length (4), then that many |
//! | 12 | array | length in bytes (4), then values |
//! | 13 | object | length in bytes (4), then key (length (4), text) and value, in turn |
//!
//! Only arguments of messages, which may print under any spec, have these as well:
//!
//! | tag | value | bytes after the tag |
//! |---|---|---|
//! | 14 | `()` | – |
//! | 15 | `Some` | length in bytes (4), then a value |
//! | 16 | text that was formatted at the call | length (4), then that many |
//! | 17, 18, 19 | i8, i16, i32 | 1, 2, 4 |
//! | 20 | duration | seconds (8), nanoseconds (4) |
//! | 21 | time | its distance from the Unix epoch, as a duration; 1 for after it, 0 for before it (1) |
//! | 22, 23 | IPv4, IPv6 address | 4, 16 octets |
//! | 24, 25 | the same with a port | octets, port (2); for IPv6 then flow (4) and scope (4) |
//! | 26 | a width or a precision | 2 |
//!
//! *Invariant:* what an [`Encoder`] wrote is well formed, whatever the code that drove it did: it takes
//! exactly one value, and only hestia can make one.

use std::fmt::{self, Write as _};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::scalar::{Out, Scalar, TEXT_OVERHEAD};
use super::serialize;
pub(super) use cut::kept;
use cut::{CUT, End, MAX_TEXT_BYTES, append_cut, append_display_within};

mod cut;
mod impls;

pub(super) const TAG_NULL: u8 = 0;
pub(super) const TAG_FALSE: u8 = 1;
pub(super) const TAG_TRUE: u8 = 2;
pub(super) const TAG_U64: u8 = 3;
pub(super) const TAG_I64: u8 = 4;
pub(super) const TAG_U128: u8 = 5;
pub(super) const TAG_I128: u8 = 6;
pub(super) const TAG_F64: u8 = 7;
pub(super) const TAG_F32: u8 = 8;
pub(super) const TAG_CHAR: u8 = 9;
pub(super) const TAG_STR: u8 = 10;
pub(super) const TAG_BYTES: u8 = 11;
pub(super) const TAG_SEQ: u8 = 12;
pub(super) const TAG_MAP: u8 = 13;
pub(super) const TAG_UNIT: u8 = 14;
pub(super) const TAG_SOME: u8 = 15;
pub(super) const TAG_VERBATIM: u8 = 16;
pub(super) const TAG_I8: u8 = 17;
pub(super) const TAG_I16: u8 = 18;
pub(super) const TAG_I32: u8 = 19;
pub(super) const TAG_DURATION: u8 = 20;
pub(super) const TAG_TIME: u8 = 21;
pub(super) const TAG_IPV4: u8 = 22;
pub(super) const TAG_IPV6: u8 = 23;
pub(super) const TAG_SOCKET_V4: u8 = 24;
pub(super) const TAG_SOCKET_V6: u8 = 25;
pub(super) const TAG_COUNT: u8 = 26;

/// How deep arrays and objects may nest; what lies deeper is written as the text `"…"`, so that a
/// value that contains itself ends, and no layout can run out of stack.
pub(crate) const MAX_DEPTH: u8 = 64;

/// A value that can be logged with its type.
///
/// Implemented for numbers, booleans, characters, strings, options, references, slices and the like.
/// Implement it for your own type to have it in the log as the value it is:
///
/// # Example
/// ```
/// use hestia::{Encode, Encoded, Encoder};
///
/// struct Point { x: i32, y: i32 }
///
/// impl Encode for Point {
///     fn encode(&self, encoder: Encoder<'_>) -> Encoded {
///         encoder.put_map(|map| {
///             map.entry("x", &self.x);
///             map.entry("y", &self.y);
///         })
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be logged as a value",
    label = "not a type that can be logged",
    note = "log what it displays with `key = %value`, what it debugs with `key = ?value`, what it serializes with `key:serde = value`, an error with `key:err = value`",
    note = "or give `{Self}` a value of its own with `#[derive(hestia::Encode)]`"
)]
pub trait Encode {
    /// Writes exactly one value; the returned token is the proof that one was written.
    fn encode(&self, encoder: Encoder<'_>) -> Encoded;

    /// The same value, where it is a simple one and known without code of the user's.
    #[doc(hidden)]
    #[inline(always)]
    fn scalar(&self, _: Own) -> Option<Scalar<'_>> {
        None
    }
}

/// Nobody else can name it, so nobody else can write a method that takes it, or call one.
#[derive(Clone, Copy, Debug)]
pub struct Own(pub(crate) ());

/// Proof that one value was written. Only the methods of [`Encoder`] make one.
#[derive(Debug)]
pub struct Encoded(());

/// Takes exactly one value. Each `put_*` method consumes it.
#[derive(Debug)]
pub struct Encoder<'a> {
    bytes: &'a mut Vec<u8>,
    depth: u8,
    end: End,
}

impl<'a> Encoder<'a> {
    pub(crate) fn new(bytes: &'a mut Vec<u8>) -> Self {
        Encoder::within(bytes, usize::MAX)
    }

    /// For a value that takes not much more than so many bytes.
    pub(crate) fn within(bytes: &'a mut Vec<u8>, most: usize) -> Self {
        let end = End::behind(bytes, most);
        Encoder {
            bytes,
            depth: 0,
            end,
        }
    }

    #[inline(always)]
    fn put(self, value: Scalar<'_>) -> Encoded {
        if let Scalar::Str(text) = value
            && self.end.cuts(self.bytes, text.len()).is_some()
        {
            return self.put_display(text);
        }
        value.write(self.bytes);
        Encoded(())
    }

    /// Writes null.
    #[inline]
    pub fn put_null(self) -> Encoded {
        self.put(Scalar::Null)
    }

    /// Writes a boolean.
    #[inline]
    pub fn put_bool(self, value: bool) -> Encoded {
        self.put(Scalar::Bool(value))
    }

    /// Writes an unsigned integer.
    #[inline]
    pub fn put_u64(self, value: u64) -> Encoded {
        self.put(Scalar::U64(value))
    }

    /// Writes a signed integer.
    #[inline]
    pub fn put_i64(self, value: i64) -> Encoded {
        self.put(Scalar::I64(value))
    }

    /// Writes an unsigned integer of 128 bits.
    #[inline]
    pub fn put_u128(self, value: u128) -> Encoded {
        self.put(Scalar::U128(value))
    }

    /// Writes a signed integer of 128 bits.
    #[inline]
    pub fn put_i128(self, value: i128) -> Encoded {
        self.put(Scalar::I128(value))
    }

    /// Writes a single-precision number; NaN and infinities are kept as they are.
    #[inline]
    pub fn put_f32(self, value: f32) -> Encoded {
        self.put(Scalar::F32(value))
    }

    /// Writes a double-precision number; NaN and infinities are kept as they are.
    #[inline]
    pub fn put_f64(self, value: f64) -> Encoded {
        self.put(Scalar::F64(value))
    }

    /// Writes a character.
    #[inline]
    pub fn put_char(self, value: char) -> Encoded {
        self.put(Scalar::Char(value))
    }

    /// Writes text. Beyond 1 GiB it is cut at a character.
    pub fn put_str(self, value: &str) -> Encoded {
        self.put(Scalar::Str(kept(value)))
    }

    /// Writes bytes that are no text. Beyond 1 GiB they are cut.
    pub fn put_bytes(self, value: &[u8]) -> Encoded {
        let most = self.end.cuts(self.bytes, value.len());
        let value = &value[..value.len().min(most.unwrap_or(MAX_TEXT_BYTES))];
        self.bytes.push(TAG_BYTES);
        append_u32(self.bytes, length(value.len()));
        self.bytes.extend_from_slice(value);
        Encoded(())
    }

    /// Writes what a `Display`, a `Debug` or `format_args!` prints, as text. An error of the
    /// formatting code is marked in the text by `<formatting failed>`.
    #[inline]
    pub fn put_display(self, value: impl fmt::Display) -> Encoded {
        self.put_arguments(format_args!("{value}"))
    }

    fn put_arguments(self, value: fmt::Arguments<'_>) -> Encoded {
        self.bytes.push(TAG_STR);
        let start = open(self.bytes);
        if self.end.is_never() {
            append_display(self.bytes, value);
        } else {
            append_display_within(self.bytes, self.end, value);
        }
        close(self.bytes, start);
        Encoded(())
    }

    /// Writes an array; the closure pushes its items.
    #[inline]
    pub fn put_seq(self, fill: impl FnOnce(&mut SeqEncoder<'_>)) -> Encoded {
        if self.depth >= MAX_DEPTH {
            return self.put_str("…");
        }
        self.bytes.push(TAG_SEQ);
        let start = open(self.bytes);
        let mut items = SeqEncoder {
            bytes: self.bytes,
            depth: self.depth + 1,
            end: self.end,
            is_cut: false,
        };
        fill(&mut items);
        close(self.bytes, start);
        Encoded(())
    }

    /// Writes an object; the closure adds its entries. Where a key repeats, the last one counts.
    #[inline]
    pub fn put_map(self, fill: impl FnOnce(&mut MapEncoder<'_>)) -> Encoded {
        if self.depth >= MAX_DEPTH {
            return self.put_str("…");
        }
        self.bytes.push(TAG_MAP);
        let start = open(self.bytes);
        let mut entries = MapEncoder {
            bytes: self.bytes,
            depth: self.depth + 1,
            end: self.end,
            is_cut: false,
        };
        fill(&mut entries);
        close(self.bytes, start);
        Encoded(())
    }

    /// Writes what a `Serialize` value is: numbers, text, arrays and objects as such; an enum's variant as
    /// serde_json has it. A value that fails to serialize is the text `<not serializable: …>`.
    #[inline]
    pub fn put_serde<T: serde::Serialize + ?Sized>(self, value: &T) -> Encoded {
        self.attempt(|encoder| serialize::serialize(encoder, value))
            .unwrap_or_else(|(encoder, error)| encoder.put_not_serializable(&error))
    }

    fn put_not_serializable(self, error: &impl fmt::Display) -> Encoded {
        self.put_display(format_args!("<not serializable: {error}>"))
    }

    /// Writes a value of `log`'s as [`put_serde`](Self::put_serde) does. One that cannot be written so is what its `Debug` prints,
    /// if it does: of `sval`'s values, arrays of a fixed length have no counterpart in `serde` (sval_serde wants a name for them).
    pub(crate) fn put_serde_or_debug<T>(self, value: &T) -> Encoded
    where
        T: serde::Serialize + fmt::Debug + ?Sized,
    {
        self.attempt(|encoder| serialize::serialize(encoder, value))
            .unwrap_or_else(|(encoder, error)| {
                let mut text = String::new();
                let printed = write!(text, "{value:?}");
                // What `serde` refused is printed by way of `serde`, too, and refused as `<failed to …>`.
                if printed.is_err() || text.starts_with('<') {
                    return encoder.put_not_serializable(&error);
                }
                encoder.put_str(&text)
            })
    }

    /// Tries to write; on an error nothing of it stays, and the encoder is there to write something else.
    fn attempt<E>(
        self,
        write: impl FnOnce(Encoder<'_>) -> Result<Encoded, E>,
    ) -> Result<Encoded, (Self, E)> {
        let start = self.bytes.len();
        let attempted = write(Encoder {
            bytes: &mut *self.bytes,
            depth: self.depth,
            end: self.end,
        });
        attempted.map_err(|error| {
            self.bytes.truncate(start);
            (self, error)
        })
    }

    /// Starts an array or an object that is filled step by step, as the one entry of an object when a
    /// variant's name is given. Where it lies too deep, what is filled in is thrown away at the end, and
    /// `"…"` stands there instead.
    pub(super) fn open_nested(self, tag: u8, variant: Option<&str>) -> Nested<'a> {
        let (start, depth) = (self.bytes.len(), self.depth + 1);
        let fits = self.depth + u8::from(variant.is_some()) < MAX_DEPTH;
        let outer = variant.map(|name| {
            self.bytes.push(TAG_MAP);
            let outer = open(self.bytes);
            append_str(self.bytes, name);
            outer
        });
        self.bytes.push(tag);
        Nested {
            start,
            outer,
            inner: open(self.bytes),
            depth: depth.min(MAX_DEPTH),
            fits,
            end: self.end,
            is_map: tag == TAG_MAP,
            is_cut: false,
            bytes: self.bytes,
        }
    }

    /// Writes an error: its message and those of its sources, outermost first, as an array of text. A
    /// source whose text the message before it ends with already, as in `cannot read: no such file`, is
    /// not said again. Ends after 64 sources, so that a cycle ends too.
    #[inline]
    pub fn put_error(self, error: &(dyn std::error::Error + '_)) -> Encoded {
        // Each text may take what the whole may: a long message hides no source.
        let most = (self.depth == 0).then(|| self.end.room(self.bytes));
        self.put_seq(|items| {
            let mut said = items.push_text(most, format_args!("{error}"));
            let mut next = error.source();
            for _ in 1..MAX_DEPTH {
                let Some(error) = next else { break };
                let text = items.push_text(most, format_args!("{error}"));
                if repeats(&items.bytes[text.clone()], &items.bytes[said.clone()]) {
                    items.bytes.truncate(text.start - TEXT_OVERHEAD);
                } else {
                    said = text;
                }
                next = error.source();
            }
        })
    }
}

/// An array or an object in the making, for writers that cannot work through a closure.
#[derive(Debug)]
pub(super) struct Nested<'a> {
    bytes: &'a mut Vec<u8>,
    start: usize,
    /// Where the length of the object around it goes, when it is a variant's.
    outer: Option<usize>,
    /// Where its own length goes.
    inner: usize,
    depth: u8,
    fits: bool,
    end: End,
    is_map: bool,
    /// Items were left out.
    is_cut: bool,
}

impl Nested<'_> {
    /// Whether the next item or entry is left out, since there is no room for more.
    pub(super) fn leaves_out(&mut self) -> bool {
        self.is_cut |= self.end.is_reached(self.bytes);
        self.is_cut
    }

    pub(super) fn has_left_out(&self) -> bool {
        self.is_cut
    }

    /// For the next item, or for the value of the key that was written last.
    pub(super) fn value(&mut self) -> Encoder<'_> {
        Encoder {
            bytes: self.bytes,
            depth: self.depth,
            end: self.end,
        }
    }

    /// For the next key, as a value. It is never cut: a part of it may be no secret's name where the whole of it is.
    pub(super) fn key_encoder(&mut self) -> Encoder<'_> {
        Encoder {
            end: End::NEVER,
            ..self.value()
        }
    }

    /// For the next key: text with its length.
    pub(super) fn key(&mut self) -> &mut Vec<u8> {
        self.bytes
    }

    pub(super) fn close(self) -> Encoded {
        if !self.fits {
            self.bytes.truncate(self.start);
            self.bytes.push(TAG_STR);
            append_str(self.bytes, CUT);
            return Encoded(());
        }
        if self.is_cut {
            append_cut(self.bytes, self.is_map);
        }
        close(self.bytes, self.inner);
        if let Some(outer) = self.outer {
            close(self.bytes, outer);
        }
        Encoded(())
    }
}

/// Pushes the items of an array.
#[derive(Debug)]
pub struct SeqEncoder<'a> {
    bytes: &'a mut Vec<u8>,
    depth: u8,
    end: End,
    /// Items were left out, and that has been said.
    is_cut: bool,
}

impl SeqEncoder<'_> {
    /// Adds one item.
    pub fn push(&mut self, value: &(impl Encode + ?Sized)) {
        self.push_with(|encoder| value.encode(encoder));
    }

    /// Adds one text, which may take so many bytes of its own; returns where it lies.
    fn push_text(&mut self, most: Option<usize>, text: fmt::Arguments<'_>) -> Range<usize> {
        if let Some(most) = most {
            self.end = End::behind(self.bytes, most);
        }
        let start = self.bytes.len() + TEXT_OVERHEAD;
        self.push_with(|encoder| encoder.put_display(text));
        start..self.bytes.len()
    }

    /// Adds one item that the closure writes.
    pub fn push_with(&mut self, write: impl FnOnce(Encoder<'_>) -> Encoded) {
        if self.end.is_reached(self.bytes) {
            if !std::mem::replace(&mut self.is_cut, true) {
                append_cut(self.bytes, false);
            }
            return;
        }
        whole_or_nothing(self.bytes, self.depth, self.end, |_| (), write);
    }
}

/// Adds the entries of an object.
#[derive(Debug)]
pub struct MapEncoder<'a> {
    bytes: &'a mut Vec<u8>,
    depth: u8,
    end: End,
    /// Entries were left out, and that has been said.
    is_cut: bool,
}

impl MapEncoder<'_> {
    /// Adds one key and its value.
    #[inline]
    pub fn entry(&mut self, key: &str, value: &(impl Encode + ?Sized)) {
        self.entry_with(key, |encoder| value.encode(encoder));
    }

    /// Adds one key, with a value that the closure writes.
    #[inline]
    pub fn entry_with(&mut self, key: &str, write: impl FnOnce(Encoder<'_>) -> Encoded) {
        if self.end.is_reached(self.bytes) {
            if !std::mem::replace(&mut self.is_cut, true) {
                append_cut(self.bytes, true);
            }
            return;
        }
        whole_or_nothing(
            self.bytes,
            self.depth,
            self.end,
            |bytes| append_str(bytes, key),
            write,
        );
    }
}

/// Whether an error's message ends with its source's, after the colon that usually stands before it.
fn repeats(source: &[u8], message: &[u8]) -> bool {
    message
        .strip_suffix(source)
        .is_some_and(|before| before.is_empty() || before.ends_with(b": "))
}

/// Writes one item or entry. When the code that writes it panics, and somebody catches that, no half of
/// it stays behind.
#[inline]
fn whole_or_nothing(
    bytes: &mut Vec<u8>,
    depth: u8,
    end: End,
    key: impl FnOnce(&mut Vec<u8>),
    write: impl FnOnce(Encoder<'_>) -> Encoded,
) {
    struct Undo<'a> {
        bytes: &'a mut Vec<u8>,
        keep: usize,
        done: bool,
    }
    impl Drop for Undo<'_> {
        fn drop(&mut self) {
            if !self.done {
                self.bytes.truncate(self.keep);
            }
        }
    }
    let keep = bytes.len();
    let mut undo = Undo {
        bytes,
        keep,
        done: false,
    };
    key(undo.bytes);
    write(Encoder {
        bytes: undo.bytes,
        depth,
        end,
    });
    undo.done = true;
}

/// Key-values as a record carries them: the inside of an object, without tag and length.
#[inline]
pub(crate) fn fields(bytes: &mut Vec<u8>) -> MapEncoder<'_> {
    MapEncoder {
        bytes,
        depth: 0,
        end: End::NEVER,
        is_cut: false,
    }
}

pub(super) const FORMATTING_FAILED: &str = "<formatting failed>";

/// Appends formatted text; marks a failure of the formatting code instead of hiding it.
pub(crate) fn append_display(bytes: &mut Vec<u8>, value: fmt::Arguments<'_>) {
    if Appender(bytes).write_fmt(value).is_err() {
        bytes.extend_from_slice(FORMATTING_FAILED.as_bytes());
    }
}

/// What stands in the place of a value whose code panicked; the panic itself is reported by the
/// panic hook.
pub(crate) const PANICKED: &str = "<panicked while being logged>";

/// As [`append_display`], when it is code of the user's that formats: a panic ends the text, not the
/// statement. What was written before it is text all the same, and shows how far it came.
pub(crate) fn append_guarded(bytes: &mut Vec<u8>, arguments: fmt::Arguments<'_>) {
    if catch_unwind(AssertUnwindSafe(|| append_display(bytes, arguments))).is_err() {
        bytes.extend_from_slice(PANICKED.as_bytes());
    }
}

struct Appender<'a>(&'a mut Vec<u8>);

impl fmt::Write for Appender<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.put_text(text.as_bytes());
        Ok(())
    }
}

#[inline]
pub(crate) fn append_u32(bytes: &mut Vec<u8>, value: u32) {
    bytes.extend_from_slice(&value.to_ne_bytes());
}

#[inline]
pub(crate) fn append_u64(bytes: &mut Vec<u8>, value: u64) {
    bytes.extend_from_slice(&value.to_ne_bytes());
}

/// Appends a length and the text, cut at a character when it is beyond all measure. Not inlined: it is called from everywhere.
#[inline(never)]
pub(crate) fn append_str(bytes: &mut Vec<u8>, text: &str) {
    let text = kept(text);
    append_u32(bytes, length(text.len()));
    bytes.put_text(text.as_bytes());
}

/// Appends where a constant of the program lies, instead of its text.
#[inline]
pub(crate) fn append_static_str(bytes: &mut impl Out, text: &'static str) {
    bytes.put(&text.as_ptr().expose_provenance().to_ne_bytes());
    bytes.put(&text.len().to_ne_bytes());
}

#[inline]
pub(crate) fn append_address(bytes: &mut Vec<u8>, address: usize) {
    bytes.extend_from_slice(&address.to_ne_bytes());
}

/// Leaves room for a length that [`close`] fills in.
#[inline]
pub(crate) fn open(bytes: &mut Vec<u8>) -> usize {
    let start = bytes.len();
    append_u32(bytes, 0);
    start
}

/// Fills in the length of what was appended since [`open`].
#[inline]
pub(crate) fn close(bytes: &mut [u8], start: usize) {
    let content = length(bytes.len() - start - 4);
    bytes[start..start + 4].copy_from_slice(&content.to_ne_bytes());
}

/// A length as the encoding has it. A record beyond 4 GiB is refused by the queue before anyone could
/// read a length that was cut here.
#[inline]
fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
