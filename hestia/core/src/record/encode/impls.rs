//! The standard library's types as values of the log.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::num::{
    NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroIsize, NonZeroU8,
    NonZeroU16, NonZeroU32, NonZeroU64, NonZeroU128, NonZeroUsize, Wrapping,
};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Encode, Encoded, Encoder, Own, kept};
use crate::record::Value;
use crate::record::scalar::Scalar;

/// Types that are a simple value: how they become one, in the width that the log has for them.
macro_rules! encode_scalars {
    ($($type:ty: $scalar:expr;)+) => {$(
        impl Encode for $type {
            #[inline]
            fn encode(&self, encoder: Encoder<'_>) -> Encoded {
                let scalar: fn(&$type) -> Scalar<'_> = $scalar;
                encoder.put(scalar(self))
            }

            #[inline(always)]
            fn scalar(&self, _: Own) -> Option<Scalar<'_>> {
                let scalar: fn(&$type) -> Scalar<'_> = $scalar;
                Some(scalar(self))
            }
        }
    )+};
}

encode_scalars! {
    (): |()| Scalar::Null;
    bool: |value| Scalar::Bool(*value);
    char: |value| Scalar::Char(*value);
    u8: |value| Scalar::U64((*value).into());
    u16: |value| Scalar::U64((*value).into());
    u32: |value| Scalar::U64((*value).into());
    u64: |value| Scalar::U64(*value);
    usize: |value| Scalar::U64(*value as u64);
    u128: |value| Scalar::U128(*value);
    i8: |value| Scalar::I64((*value).into());
    i16: |value| Scalar::I64((*value).into());
    i32: |value| Scalar::I64((*value).into());
    i64: |value| Scalar::I64(*value);
    isize: |value| Scalar::I64(*value as i64);
    i128: |value| Scalar::I128(*value);
    f32: |value| Scalar::F32(*value);
    f64: |value| Scalar::F64(*value);
    NonZeroU8: |value| Scalar::U64(value.get().into());
    NonZeroU16: |value| Scalar::U64(value.get().into());
    NonZeroU32: |value| Scalar::U64(value.get().into());
    NonZeroI8: |value| Scalar::I64(value.get().into());
    NonZeroI16: |value| Scalar::I64(value.get().into());
    NonZeroI32: |value| Scalar::I64(value.get().into());
    NonZeroU64: |value| Scalar::U64(value.get());
    NonZeroUsize: |value| Scalar::U64(value.get() as u64);
    NonZeroU128: |value| Scalar::U128(value.get());
    NonZeroI64: |value| Scalar::I64(value.get());
    NonZeroIsize: |value| Scalar::I64(value.get() as i64);
    NonZeroI128: |value| Scalar::I128(value.get());
    str: |value| Scalar::Str(kept(value));
    String: |value| Scalar::Str(kept(value));
    // In seconds, as a number: what charts and sums are made of.
    Duration: |value| Scalar::F64(value.as_secs_f64());
}

macro_rules! encode_by {
    ($method:ident: $($type:ty)+) => {$(
        impl Encode for $type {
            fn encode(&self, encoder: Encoder<'_>) -> Encoded {
                encoder.$method(self)
            }
        }
    )+};
}

encode_by!(put_display: IpAddr Ipv4Addr Ipv6Addr SocketAddr SocketAddrV4 SocketAddrV6);

impl Encode for fmt::Arguments<'_> {
    fn encode(&self, encoder: Encoder<'_>) -> Encoded {
        encoder.put_display(self)
    }
}

const NANOS_PER_SECOND: i128 = 1_000_000_000;

/// ISO 8601 in UTC, to the nanosecond where it needs to be.
impl Encode for SystemTime {
    fn encode(&self, encoder: Encoder<'_>) -> Encoded {
        let nanos = match self.duration_since(UNIX_EPOCH) {
            Ok(since) => i128::try_from(since.as_nanos()),
            Err(before) => i128::try_from(before.duration().as_nanos()).map(|nanos| -nanos),
        };
        let time = nanos.ok().and_then(|nanos| {
            let seconds = i64::try_from(nanos.div_euclid(NANOS_PER_SECOND)).ok()?;
            let rest = u32::try_from(nanos.rem_euclid(NANOS_PER_SECOND)).ok()?;
            chrono::DateTime::from_timestamp(seconds, rest)
        });
        match time {
            Some(time) => encoder.put_display(format_args!("{:?}Z", time.naive_utc())),
            // Hundreds of thousands of years away: no calendar has it.
            None => encoder.put_display(format_args!("{self:?}")),
        }
    }
}

impl<T: Encode> Encode for Option<T> {
    #[inline]
    fn encode(&self, encoder: Encoder<'_>) -> Encoded {
        match self {
            Some(value) => value.encode(encoder),
            None => encoder.put_null(),
        }
    }

    #[inline(always)]
    fn scalar(&self, own: Own) -> Option<Scalar<'_>> {
        match self {
            Some(value) => value.scalar(own),
            None => Some(Scalar::Null),
        }
    }
}

/// Types that are logged as what they lead to.
macro_rules! encode_through {
    ($([$($generic:tt)*] $type:ty: |$outer:ident| $inner:expr;)+) => {$(
        impl<$($generic)*> Encode for $type {
            #[inline]
            fn encode(&self, encoder: Encoder<'_>) -> Encoded {
                let $outer = self;
                $inner.encode(encoder)
            }

            #[inline(always)]
            fn scalar(&self, own: Own) -> Option<Scalar<'_>> {
                let $outer = self;
                $inner.scalar(own)
            }
        }
    )+};
}

encode_through! {
    [T: Encode] Wrapping<T>: |outer| outer.0;
    [T: Encode + ?Sized] &T: |outer| (**outer);
    [T: Encode + ?Sized] &mut T: |outer| (**outer);
    [T: Encode + ?Sized] Box<T>: |outer| (**outer);
    [T: Encode + ?Sized] Rc<T>: |outer| (**outer);
    [T: Encode + ?Sized] Arc<T>: |outer| (**outer);
    [T: Encode] Vec<T>: |outer| outer.as_slice();
    [T: Encode, const N: usize] [T; N]: |outer| outer.as_slice();
}

/// What is owned leads to its value through code of the user's at times (`Borrow`), which may lead elsewhere the next
/// time it is asked: so it is asked once.
impl<T: Encode + ToOwned + ?Sized> Encode for Cow<'_, T> {
    #[inline]
    fn encode(&self, encoder: Encoder<'_>) -> Encoded {
        (**self).encode(encoder)
    }

    #[inline(always)]
    fn scalar(&self, own: Own) -> Option<Scalar<'_>> {
        match self {
            Cow::Borrowed(value) => value.scalar(own),
            Cow::Owned(_) => None,
        }
    }
}

impl<T: Encode> Encode for [T] {
    fn encode(&self, encoder: Encoder<'_>) -> Encoded {
        encoder.put_seq(|items| self.iter().for_each(|item| items.push(item)))
    }
}

/// A value of one record in another.
impl Encode for Value<'_> {
    fn encode(&self, encoder: Encoder<'_>) -> Encoded {
        self.encode_with(encoder, &|_| None)
    }
}

impl Value<'_> {
    /// The same, with text in the place of a text that the function has another one for.
    pub(in crate::record) fn encode_with(
        self,
        encoder: Encoder<'_>,
        other: &dyn Fn(&str) -> Option<String>,
    ) -> Encoded {
        match self {
            Value::Null => encoder.put_null(),
            Value::Bool(value) => encoder.put_bool(value),
            Value::U64(value) => encoder.put_u64(value),
            Value::I64(value) => encoder.put_i64(value),
            Value::U128(value) => encoder.put_u128(value),
            Value::I128(value) => encoder.put_i128(value),
            Value::F32(value) => encoder.put_f32(value),
            Value::F64(value) => encoder.put_f64(value),
            Value::Char(value) => encoder.put_char(value),
            Value::Str(value) => encoder.put_str(other(value).as_deref().unwrap_or(value)),
            Value::Bytes(value) => encoder.put_bytes(value),
            Value::Seq(items) => encoder.put_seq(|seq| {
                for item in items.iter() {
                    seq.push_with(|encoder| item.encode_with(encoder, other));
                }
            }),
            Value::Map(entries) => encoder.put_map(|map| {
                for field in entries.iter() {
                    map.entry_with(field.key, |encoder| field.value.encode_with(encoder, other));
                }
            }),
        }
    }
}
