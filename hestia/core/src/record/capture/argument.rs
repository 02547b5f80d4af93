//! Arguments of a message: copied, and printed by the writer's thread as the original would have printed; or formatted at the
//! call, under their own spec.
//!
//! Callers' threads. *Invariant:* what is copied is written by hestia's and the standard library's code alone.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::num::{
    NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroIsize, NonZeroU8,
    NonZeroU16, NonZeroU32, NonZeroU64, NonZeroU128, NonZeroUsize, Wrapping,
};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::Part;
use crate::record::encode::{self, TAG_SEQ, TAG_SOME, TAG_VERBATIM};
use crate::record::scalar::{Pen, Scalar};

debug_by_name! {
    [T: ?Sized] Copied<'_, T>, "Copied";
}

/// An argument of a message that travels as its value.
pub trait Capture {
    /// The value, where it is a simple one.
    #[doc(hidden)]
    #[inline(always)]
    fn scalar(&self) -> Option<Scalar<'_>> {
        None
    }

    /// Appends it, whatever it is.
    #[doc(hidden)]
    #[inline]
    fn append(&self, bytes: &mut Vec<u8>) {
        if let Some(scalar) = self.scalar() {
            scalar.write(bytes);
        }
    }
}

macro_rules! capture_scalars {
    ($($type:ty: $scalar:expr;)+) => {$(
        impl Capture for $type {
            #[inline(always)]
            fn scalar(&self) -> Option<Scalar<'_>> {
                let scalar: fn(&$type) -> Scalar<'_> = $scalar;
                Some(scalar(self))
            }
        }
    )+};
}

capture_scalars! {
    bool: |value| Scalar::Bool(*value);
    char: |value| Scalar::Char(*value);
    u8: |value| Scalar::U64((*value).into());
    u16: |value| Scalar::U64((*value).into());
    u32: |value| Scalar::U64((*value).into());
    u64: |value| Scalar::U64(*value);
    usize: |value| Scalar::U64(*value as u64);
    u128: |value| Scalar::U128(*value);
    i8: |value| Scalar::I8(*value);
    i16: |value| Scalar::I16(*value);
    i32: |value| Scalar::I32(*value);
    i64: |value| Scalar::I64(*value);
    isize: |value| pointer_sized(*value);
    i128: |value| Scalar::I128(*value);
    f32: |value| Scalar::F32(*value);
    f64: |value| Scalar::F64(*value);
    NonZeroU8: |value| Scalar::U64(value.get().into());
    NonZeroU16: |value| Scalar::U64(value.get().into());
    NonZeroU32: |value| Scalar::U64(value.get().into());
    NonZeroU64: |value| Scalar::U64(value.get());
    NonZeroUsize: |value| Scalar::U64(value.get() as u64);
    NonZeroU128: |value| Scalar::U128(value.get());
    NonZeroI8: |value| Scalar::I8(value.get());
    NonZeroI16: |value| Scalar::I16(value.get());
    NonZeroI32: |value| Scalar::I32(value.get());
    NonZeroI64: |value| Scalar::I64(value.get());
    NonZeroIsize: |value| pointer_sized(value.get());
    NonZeroI128: |value| Scalar::I128(value.get());
    str: |value| Scalar::Str(encode::kept(value));
    String: |value| Scalar::Str(encode::kept(value));
    Duration: |value| Scalar::Duration(*value);
    SystemTime: |value| Scalar::Time(*value);
    Ipv4Addr: |value| Scalar::Ipv4(*value);
    Ipv6Addr: |value| Scalar::Ipv6(*value);
    SocketAddrV4: |value| Scalar::SocketV4(*value);
    SocketAddrV6: |value| Scalar::SocketV6(*value);
    IpAddr: |value| match value {
        IpAddr::V4(address) => Scalar::Ipv4(*address),
        IpAddr::V6(address) => Scalar::Ipv6(*address),
    };
    SocketAddr: |value| match value {
        SocketAddr::V4(address) => Scalar::SocketV4(*address),
        SocketAddr::V6(address) => Scalar::SocketV6(*address),
    };
    (): |()| Scalar::Unit;
}

/// Its width shows in `{:x}`.
#[inline(always)]
fn pointer_sized(value: isize) -> Scalar<'static> {
    #[cfg(target_pointer_width = "64")]
    return Scalar::I64(value as i64);
    #[cfg(not(target_pointer_width = "64"))]
    return Scalar::I32(value as i32);
}

/// Pointers print as what they point to, and `Wrapping` as what it wraps. All of them are the standard library's to the
/// end, an owned `Cow`'s `Borrow` too, since nobody else can name [`Capture`]: so they lead to the same value each time.
macro_rules! capture_through {
    ($([$($generic:tt)*] $type:ty: |$outer:ident| $inner:expr;)+) => {$(
        impl<$($generic)*> Capture for $type {
            #[inline(always)]
            fn scalar(&self) -> Option<Scalar<'_>> {
                let $outer = self;
                $inner.scalar()
            }

            #[inline]
            fn append(&self, bytes: &mut Vec<u8>) {
                let $outer = self;
                $inner.append(bytes);
            }
        }
    )+};
}

capture_through! {
    [T: Capture] Wrapping<T>: |outer| outer.0;
    [T: Capture + ?Sized] &T: |outer| (**outer);
    [T: Capture + ?Sized] &mut T: |outer| (**outer);
    [T: Capture + ?Sized] Box<T>: |outer| (**outer);
    [T: Capture + ?Sized] Rc<T>: |outer| (**outer);
    [T: Capture + ?Sized] Arc<T>: |outer| (**outer);
    [T: Capture + ToOwned + ?Sized] Cow<'_, T>: |outer| (**outer);
    [T: Capture] Vec<T>: |outer| outer.as_slice();
    [T: Capture, const N: usize] [T; N]: |outer| outer.as_slice();
}

impl<T: Capture> Capture for Option<T> {
    #[inline(always)]
    fn scalar(&self) -> Option<Scalar<'_>> {
        match self {
            Some(_) => None,
            None => Some(Scalar::Null),
        }
    }

    fn append(&self, bytes: &mut Vec<u8>) {
        let Some(value) = self else {
            return Scalar::Null.write(bytes);
        };
        bytes.push(TAG_SOME);
        let start = encode::open(bytes);
        value.append(bytes);
        encode::close(bytes, start);
    }
}

impl<T: Capture> Capture for [T] {
    fn append(&self, bytes: &mut Vec<u8>) {
        bytes.push(TAG_SEQ);
        let start = encode::open(bytes);
        for item in self {
            item.append(bytes);
        }
        encode::close(bytes, start);
    }
}

/// An argument whose value is copied.
pub struct Copied<'v, T: ?Sized>(&'v T);

impl<T: Capture + ?Sized> Part for Copied<'_, T> {
    by_scalar!(|part| part.0.scalar());

    #[inline]
    fn append(&self, bytes: &mut Vec<u8>) {
        self.0.append(bytes);
    }
}

/// An argument, or a whole message, that is formatted at the call.
#[derive(Debug)]
pub struct AtCall<'v>(pub fmt::Arguments<'v>);

impl Part for AtCall<'_> {
    without_size!();

    /// A panic ends the text, which shows how far it came.
    fn append(&self, bytes: &mut Vec<u8>) {
        bytes.push(TAG_VERBATIM);
        let start = encode::open(bytes);
        encode::append_guarded(bytes, self.0);
        encode::close(bytes, start);
    }
}

/// An argument that is a width or a precision. What `std::fmt` would panic at is as wide as can be.
#[derive(Clone, Copy, Debug)]
pub struct Count(pub usize);

impl Count {
    fn narrow(self) -> u16 {
        u16::try_from(self.0).unwrap_or(u16::MAX)
    }

    /// For what is formatted at the call.
    #[must_use]
    pub fn clamped(self) -> usize {
        self.narrow().into()
    }
}

impl Part for Count {
    by_scalar!(|part| Some(Scalar::Count(part.narrow())));

    fn append(&self, bytes: &mut Vec<u8>) {
        Scalar::Count(self.narrow()).write(bytes);
    }
}

/// An argument, for the choice between copying and formatting: method lookup finds [`CopiedArgument`] for
/// types that can be captured and [`FormattedArgument`], one reference further, for all others. (D. Tolnay,
/// *Autoref-based stable specialization*, 2019.)
#[derive(Debug)]
pub struct Argument<'a, T: ?Sized>(pub &'a T);

/// The choice to copy.
pub trait CopiedArgument<'a> {
    #[doc(hidden)]
    type Type: ?Sized;

    #[doc(hidden)]
    fn or(&self, _: fmt::Arguments<'_>) -> Copied<'a, Self::Type>;
}

impl<'a, T: Capture + ?Sized> CopiedArgument<'a> for &Argument<'a, T> {
    type Type = T;

    #[inline(always)]
    fn or(&self, _: fmt::Arguments<'_>) -> Copied<'a, T> {
        Copied(self.0)
    }
}

/// The choice to format at the call.
pub trait FormattedArgument {
    #[doc(hidden)]
    fn or<'f>(&self, formatted: fmt::Arguments<'f>) -> AtCall<'f>;
}

impl<T: ?Sized> FormattedArgument for Argument<'_, T> {
    #[inline(always)]
    fn or<'f>(&self, formatted: fmt::Arguments<'f>) -> AtCall<'f> {
        AtCall(formatted)
    }
}
