//! Simple values: those whose bytes are known in number before they are written.
//!
//! A statement whose parts are all simple is written into the ring at once, in room of exactly its size
//! ([`Pen`]); others are made in memory of the thread first. Both come out the same, by the table in `encode.rs`.
//!
//! Callers' threads write, the writer's reads and prints. *Invariant:* as many bytes are written as `size` said.

#![allow(
    unsafe_code,
    reason = "writes into room that was measured before, without asking again for each value"
)]

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV4, SocketAddrV6};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::decode::{DecodeError, Decoder};
use super::encode::{
    TAG_CHAR, TAG_COUNT, TAG_DURATION, TAG_F32, TAG_F64, TAG_FALSE, TAG_I8, TAG_I16, TAG_I32,
    TAG_I64, TAG_I128, TAG_IPV4, TAG_IPV6, TAG_NULL, TAG_SOCKET_V4, TAG_SOCKET_V6, TAG_STR,
    TAG_TIME, TAG_TRUE, TAG_U64, TAG_U128, TAG_UNIT, TAG_VERBATIM,
};
use super::value::Value;

/// A simple value. Unsigned integers of up to 64 bits are one kind, since each prints as a wider one does; signed ones
/// are not, since `{:x}` shows how wide they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar<'a> {
    /// `None`.
    Null,
    /// `()`.
    Unit,
    Bool(bool),
    Char(char),
    U64(u64),
    U128(u128),
    I8(i8),
    I16(i16),
    I32(i32),
    I64(i64),
    I128(i128),
    F32(f32),
    F64(f64),
    Str(&'a str),
    /// Text that was formatted at the call: prints as it is, whatever the spec says.
    Verbatim(&'a str),
    Duration(Duration),
    Time(SystemTime),
    Ipv4(Ipv4Addr),
    Ipv6(Ipv6Addr),
    SocketV4(SocketAddrV4),
    SocketV6(SocketAddrV6),
    /// A width or a precision.
    Count(u16),
}

/// Where the bytes of values go.
pub(crate) trait Out {
    fn put(&mut self, bytes: &[u8]);

    /// A tag and what is behind it.
    #[inline(always)]
    fn put_tagged<const N: usize>(&mut self, tag: u8, raw: [u8; N]) {
        self.put(&[tag]);
        self.put(&raw);
    }

    /// As `put`, for bytes whose number is only known when they are there: a text's.
    #[inline(always)]
    fn put_text(&mut self, bytes: &[u8]) {
        self.put(bytes);
    }
}

impl Out for Vec<u8> {
    #[inline(always)]
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    /// With one look for room.
    #[inline(always)]
    fn put_tagged<const N: usize>(&mut self, tag: u8, raw: [u8; N]) {
        const { assert!(N <= 16, "no number is longer") };
        let mut tagged = [tag; 17];
        tagged[1..=N].copy_from_slice(&raw);
        self.extend_from_slice(&tagged[..=N]);
    }

    #[inline(always)]
    fn put_text(&mut self, bytes: &[u8]) {
        self.reserve(bytes.len());
        let room = self.spare_capacity_mut().as_mut_ptr_range();
        let mut pen = Pen {
            at: room.start.cast(),
            end: room.end.cast(),
            room: std::marker::PhantomData,
        };
        pen.put_text(bytes);
        // SAFETY: room for all of them was reserved, and they are written.
        unsafe { self.set_len(self.len() + bytes.len()) };
    }
}

/// Writes into room that was measured before.
#[derive(Debug)]
pub struct Pen<'r> {
    at: *mut u8,
    end: *mut u8,
    room: std::marker::PhantomData<&'r mut [u8]>,
}

impl<'r> Pen<'r> {
    /// # Safety
    /// No more is put than there is room for.
    #[inline(always)]
    pub(crate) unsafe fn new(room: &'r mut [u8]) -> Self {
        let room = room.as_mut_ptr_range();
        Pen {
            at: room.start,
            end: room.end,
            room: std::marker::PhantomData,
        }
    }

    /// Whether all of the room was used.
    pub(crate) fn is_full(&self) -> bool {
        self.at == self.end
    }
}

impl Out for Pen<'_> {
    #[inline(always)]
    fn put(&mut self, bytes: &[u8]) {
        debug_assert!(
            bytes.len() <= self.end.addr() - self.at.addr(),
            "a value is as long as it said"
        );
        // SAFETY: there is room, by the promise made to `new`; it is borrowed mutably, so it overlaps with nothing.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.at, bytes.len());
            self.at = self.at.add(bytes.len());
        }
    }

    /// Texts are short more often than not: then a call of `memcpy` takes longer than two overlapping moves.
    #[inline(always)]
    fn put_text(&mut self, bytes: &[u8]) {
        fn ends<const N: usize>(bytes: &[u8]) -> Option<(&[u8; N], &[u8; N])> {
            Some((bytes.first_chunk()?, bytes.last_chunk()?))
        }
        if bytes.len() > 16 {
            return self.put(bytes);
        }
        let start = self.at;
        if let Some((first, last)) = ends::<8>(bytes) {
            self.put(first);
            self.at = start.wrapping_add(bytes.len() - 8);
            self.put(last);
        } else if let Some((first, last)) = ends::<4>(bytes) {
            self.put(first);
            self.at = start.wrapping_add(bytes.len() - 4);
            self.put(last);
        } else if let [first, .., last] = bytes {
            self.put(&[*first]);
            self.put(&[bytes[bytes.len() / 2]]);
            self.at = start.wrapping_add(bytes.len() - 1);
            self.put(&[*last]);
        } else if let [only] = bytes {
            self.put(&[*only]);
        }
    }
}

/// The sum of two sizes; where it is beyond all measure, a size that no ring has room for, and to which a header can
/// still be added. With 64 bits it never is, since no text is longer than a gibibyte.
#[inline(always)]
pub(crate) fn sum(one: usize, other: usize) -> usize {
    if cfg!(target_pointer_width = "64") {
        one + other
    } else {
        one.saturating_add(other).min(isize::MAX.cast_unsigned())
    }
}

/// Tag and length before a text.
pub(super) const TEXT_OVERHEAD: usize = 5;

#[inline(always)]
fn put_text(out: &mut impl Out, tag: u8, text: &str) {
    #[allow(
        clippy::cast_possible_truncation,
        reason = "texts are cut long before that, see `kept`"
    )]
    out.put_tagged(tag, (text.len() as u32).to_ne_bytes());
    out.put_text(text.as_bytes());
}

impl Scalar<'_> {
    /// How many bytes it takes, with its tag.
    #[inline(always)]
    pub(crate) fn size(self) -> usize {
        1 + match self {
            Scalar::Null | Scalar::Unit | Scalar::Bool(_) => 0,
            Scalar::I8(_) => 1,
            Scalar::I16(_) | Scalar::Count(_) => 2,
            Scalar::Char(_) | Scalar::I32(_) | Scalar::F32(_) | Scalar::Ipv4(_) => 4,
            Scalar::SocketV4(_) => 6,
            Scalar::U64(_) | Scalar::I64(_) | Scalar::F64(_) => 8,
            Scalar::Duration(_) => 12,
            Scalar::Time(_) => 13,
            Scalar::U128(_) | Scalar::I128(_) | Scalar::Ipv6(_) => 16,
            Scalar::SocketV6(_) => 26,
            Scalar::Str(text) | Scalar::Verbatim(text) => 4 + text.len(),
        }
    }

    /// Writes tag and value: as many bytes as `size` says.
    #[inline(always)]
    pub(crate) fn write(self, out: &mut impl Out) {
        match self {
            Scalar::Null => out.put(&[TAG_NULL]),
            Scalar::Unit => out.put(&[TAG_UNIT]),
            Scalar::Bool(value) => out.put(&[if value { TAG_TRUE } else { TAG_FALSE }]),
            Scalar::Char(value) => out.put_tagged(TAG_CHAR, u32::from(value).to_ne_bytes()),
            Scalar::U64(value) => out.put_tagged(TAG_U64, value.to_ne_bytes()),
            Scalar::U128(value) => out.put_tagged(TAG_U128, value.to_ne_bytes()),
            Scalar::I8(value) => out.put_tagged(TAG_I8, value.to_ne_bytes()),
            Scalar::I16(value) => out.put_tagged(TAG_I16, value.to_ne_bytes()),
            Scalar::I32(value) => out.put_tagged(TAG_I32, value.to_ne_bytes()),
            Scalar::I64(value) => out.put_tagged(TAG_I64, value.to_ne_bytes()),
            Scalar::I128(value) => out.put_tagged(TAG_I128, value.to_ne_bytes()),
            Scalar::F32(value) => out.put_tagged(TAG_F32, value.to_ne_bytes()),
            Scalar::F64(value) => out.put_tagged(TAG_F64, value.to_ne_bytes()),
            Scalar::Str(text) => put_text(out, TAG_STR, text),
            Scalar::Verbatim(text) => put_text(out, TAG_VERBATIM, text),
            Scalar::Duration(span) => put_span(out, TAG_DURATION, span),
            Scalar::Time(time) => match time.duration_since(UNIX_EPOCH) {
                Ok(since) => {
                    put_span(out, TAG_TIME, since);
                    out.put(&[1]);
                }
                Err(before) => {
                    put_span(out, TAG_TIME, before.duration());
                    out.put(&[0]);
                }
            },
            Scalar::Ipv4(address) => out.put_tagged(TAG_IPV4, address.octets()),
            Scalar::Ipv6(address) => out.put_tagged(TAG_IPV6, address.octets()),
            Scalar::SocketV4(address) => {
                out.put_tagged(TAG_SOCKET_V4, address.ip().octets());
                out.put(&address.port().to_ne_bytes());
            }
            Scalar::SocketV6(address) => {
                out.put_tagged(TAG_SOCKET_V6, address.ip().octets());
                out.put(&address.port().to_ne_bytes());
                out.put(&address.flowinfo().to_ne_bytes());
                out.put(&address.scope_id().to_ne_bytes());
            }
            Scalar::Count(count) => out.put_tagged(TAG_COUNT, count.to_ne_bytes()),
        }
    }
}

#[inline(always)]
fn put_span(out: &mut impl Out, tag: u8, span: Duration) {
    out.put_tagged(tag, span.as_secs().to_ne_bytes());
    out.put(&span.subsec_nanos().to_ne_bytes());
}

fn get_span(decoder: &mut Decoder<'_>) -> Result<Duration, DecodeError> {
    let (seconds, nanos) = (decoder.get_u64()?, decoder.get_u32()?);
    if nanos < 1_000_000_000 {
        Ok(Duration::new(seconds, nanos))
    } else {
        Err(DecodeError)
    }
}

impl<'a> Scalar<'a> {
    /// Reads back what `write` wrote behind this tag; `None` for a tag that is no simple value's.
    #[inline(always)]
    pub(super) fn read(tag: u8, decoder: &mut Decoder<'a>) -> Result<Option<Self>, DecodeError> {
        Ok(Some(match tag {
            TAG_NULL => Scalar::Null,
            TAG_UNIT => Scalar::Unit,
            TAG_FALSE => Scalar::Bool(false),
            TAG_TRUE => Scalar::Bool(true),
            TAG_CHAR => Scalar::Char(char::from_u32(decoder.get_u32()?).ok_or(DecodeError)?),
            TAG_U64 => Scalar::U64(decoder.get_u64()?),
            TAG_U128 => Scalar::U128(decoder.get_u128()?),
            TAG_I8 => Scalar::I8(i8::from_ne_bytes(decoder.raw()?)),
            TAG_I16 => Scalar::I16(i16::from_ne_bytes(decoder.raw()?)),
            TAG_I32 => Scalar::I32(i32::from_ne_bytes(decoder.raw()?)),
            TAG_I64 => Scalar::I64(i64::from_ne_bytes(decoder.raw()?)),
            TAG_I128 => Scalar::I128(i128::from_ne_bytes(decoder.raw()?)),
            TAG_F32 => Scalar::F32(f32::from_ne_bytes(decoder.raw()?)),
            TAG_F64 => Scalar::F64(f64::from_ne_bytes(decoder.raw()?)),
            TAG_STR => Scalar::Str(decoder.get_str()?),
            TAG_VERBATIM => Scalar::Verbatim(decoder.get_str()?),
            TAG_DURATION => Scalar::Duration(get_span(decoder)?),
            TAG_TIME => {
                let distance = get_span(decoder)?;
                let time = if decoder.get_u8()? == 0 {
                    UNIX_EPOCH.checked_sub(distance)
                } else {
                    UNIX_EPOCH.checked_add(distance)
                };
                Scalar::Time(time.ok_or(DecodeError)?)
            }
            TAG_IPV4 => Scalar::Ipv4(Ipv4Addr::from(decoder.raw::<4>()?)),
            TAG_IPV6 => Scalar::Ipv6(Ipv6Addr::from(decoder.raw::<16>()?)),
            TAG_SOCKET_V4 => {
                let ip = Ipv4Addr::from(decoder.raw::<4>()?);
                Scalar::SocketV4(SocketAddrV4::new(ip, u16::from_ne_bytes(decoder.raw()?)))
            }
            TAG_SOCKET_V6 => {
                let ip = Ipv6Addr::from(decoder.raw::<16>()?);
                let port = u16::from_ne_bytes(decoder.raw()?);
                let (flow, scope) = (decoder.get_u32()?, decoder.get_u32()?);
                Scalar::SocketV6(SocketAddrV6::new(ip, port, flow, scope))
            }
            TAG_COUNT => Scalar::Count(u16::from_ne_bytes(decoder.raw()?)),
            _ => return Ok(None),
        }))
    }

    /// As a value of the log. `None` for what only messages have.
    #[inline(always)]
    pub(super) fn value(self) -> Option<Value<'a>> {
        Some(match self {
            Scalar::Null => Value::Null,
            Scalar::Bool(value) => Value::Bool(value),
            Scalar::Char(value) => Value::Char(value),
            Scalar::U64(number) => Value::U64(number),
            Scalar::U128(number) => Value::U128(number),
            Scalar::I64(number) => Value::I64(number),
            Scalar::I128(number) => Value::I128(number),
            Scalar::F32(number) => Value::F32(number),
            Scalar::F64(number) => Value::F64(number),
            Scalar::Str(text) => Value::Str(text),
            Scalar::Unit
            | Scalar::I8(_)
            | Scalar::I16(_)
            | Scalar::I32(_)
            | Scalar::Verbatim(_)
            | Scalar::Duration(_)
            | Scalar::Time(_)
            | Scalar::Ipv4(_)
            | Scalar::Ipv6(_)
            | Scalar::SocketV4(_)
            | Scalar::SocketV6(_)
            | Scalar::Count(_) => return None,
        })
    }
}

/// Prints a scalar as its own type prints under this trait; the second list is of those that have it.
/// Whether an argument's type has the trait was checked by the compiler where it was captured.
macro_rules! print {
    ($($trait:ident: $($kind:ident)+;)+) => {$(
        #[diagnostic::do_not_recommend]
        impl fmt::$trait for Scalar<'_> {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    Scalar::Verbatim(text) => out.write_str(text),
                    $(Scalar::$kind(value) => fmt::$trait::fmt(value, out),)+
                    #[allow(unreachable_patterns, reason = "where the list is of all")]
                    _ => Err(fmt::Error),
                }
            }
        }
    )+};
}

print! {
    Display: Bool Char U64 U128 I8 I16 I32 I64 I128 F32 F64 Str Ipv4 Ipv6 SocketV4 SocketV6 Count;
    LowerHex: U64 U128 I8 I16 I32 I64 I128;
    UpperHex: U64 U128 I8 I16 I32 I64 I128;
    Octal: U64 U128 I8 I16 I32 I64 I128;
    Binary: U64 U128 I8 I16 I32 I64 I128;
    LowerExp: U64 U128 I8 I16 I32 I64 I128 F32 F64;
    UpperExp: U64 U128 I8 I16 I32 I64 I128 F32 F64;
}

/// `None` and `()` as `Debug` writes them; the rest as its own type does.
pub(super) fn debug(scalar: &Scalar<'_>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    match scalar {
        Scalar::Null => fmt::Debug::fmt(&None::<()>, out),
        Scalar::Unit => fmt::Debug::fmt(&(), out),
        Scalar::Verbatim(text) => out.write_str(text),
        Scalar::Bool(value) => fmt::Debug::fmt(value, out),
        Scalar::Char(value) => fmt::Debug::fmt(value, out),
        Scalar::U64(number) => fmt::Debug::fmt(number, out),
        Scalar::U128(number) => fmt::Debug::fmt(number, out),
        Scalar::I8(number) => fmt::Debug::fmt(number, out),
        Scalar::I16(number) => fmt::Debug::fmt(number, out),
        Scalar::I32(number) => fmt::Debug::fmt(number, out),
        Scalar::I64(number) => fmt::Debug::fmt(number, out),
        Scalar::I128(number) => fmt::Debug::fmt(number, out),
        Scalar::F32(number) => fmt::Debug::fmt(number, out),
        Scalar::F64(number) => fmt::Debug::fmt(number, out),
        Scalar::Str(text) => fmt::Debug::fmt(text, out),
        Scalar::Duration(span) => fmt::Debug::fmt(span, out),
        Scalar::Time(time) => fmt::Debug::fmt(time, out),
        Scalar::Ipv4(address) => fmt::Debug::fmt(address, out),
        Scalar::Ipv6(address) => fmt::Debug::fmt(address, out),
        Scalar::SocketV4(address) => fmt::Debug::fmt(address, out),
        Scalar::SocketV6(address) => fmt::Debug::fmt(address, out),
        Scalar::Count(count) => fmt::Debug::fmt(count, out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_all_short_lengths_are_written_whole_and_within_their_room() {
        let text = "abcdefghijklmnopqrstuvwxyz";
        for length in 0..=text.len() {
            let scalar = Scalar::Str(&text[..length]);
            let mut room = [b'-'; 40];
            let end = 1 + scalar.size();
            // SAFETY: as many bytes as the scalar says it takes.
            let mut pen = unsafe { Pen::new(&mut room[1..end]) };
            scalar.write(&mut pen);
            assert!(pen.is_full());
            let mut expected = Vec::new();
            scalar.write(&mut expected);
            assert_eq!(&room[1..end], expected);
            assert!(room[0] == b'-' && room[end..].iter().all(|byte| *byte == b'-'));
        }
    }
}
