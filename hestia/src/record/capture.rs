//! What a macro's statement hands over: its key-values and the arguments of its message, by reference.
//!
//! A statement's values form two lists of pairs, `(first, (second, ()))`, so that a few implementations of [`Part`]
//! serve any number of them, and statements with values of the same types share their code. An argument of a message
//! whose type is [`Capture`] is copied, and printed by the writer's thread as the original would have printed; any
//! other is formatted at the call, under its own spec.
//!
//! Callers' threads. *Invariant:* what has a size is written by hestia's own code alone.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::num::{
    NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroIsize, NonZeroU8,
    NonZeroU16, NonZeroU32, NonZeroU64, NonZeroU128, NonZeroUsize, Wrapping,
};
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::encode::{
    self, Encode, Encoded, Encoder, Own, PANICKED, TAG_MAP, TAG_SEQ, TAG_SOME, TAG_VERBATIM,
};
use super::redact::{self, MASK};
use super::scalar::{Pen, Scalar, sum};

const OWN: Own = Own(());

/// Something that a statement hands over, or a list of it.
pub trait Part {
    /// How many bytes it takes, where nothing but hestia's own code is needed to write it.
    #[doc(hidden)]
    fn size(&self) -> Option<usize>;

    /// Writes it: as many bytes as `size` said. Not called where that was `None`.
    #[doc(hidden)]
    fn write(&self, pen: &mut Pen<'_>);

    /// Appends it, and runs code of the user's where that is needed. A panic of that code costs the value, not the
    /// record.
    #[doc(hidden)]
    fn append(&self, bytes: &mut Vec<u8>);
}

impl Part for () {
    #[inline(always)]
    fn size(&self) -> Option<usize> {
        Some(0)
    }

    #[inline(always)]
    fn write(&self, _: &mut Pen<'_>) {}

    #[inline(always)]
    fn append(&self, _: &mut Vec<u8>) {}
}

impl<First: Part, Rest: Part> Part for (First, Rest) {
    #[inline(always)]
    fn size(&self) -> Option<usize> {
        // (Not by `zip`: the compiler sees through this.)
        match (self.0.size(), self.1.size()) {
            (Some(first), Some(rest)) => Some(sum(first, rest)),
            _ => None,
        }
    }

    #[inline(always)]
    fn write(&self, pen: &mut Pen<'_>) {
        self.0.write(pen);
        self.1.write(pen);
    }

    #[inline(always)]
    fn append(&self, bytes: &mut Vec<u8>) {
        self.0.append(bytes);
        self.1.append(bytes);
    }
}

/// What `size` and `write` are for a part that may be a simple value.
macro_rules! by_scalar {
    (|$part:ident| $scalar:expr) => {
        #[inline(always)]
        fn size(&self) -> Option<usize> {
            let $part = self;
            match $scalar {
                Some(scalar) => Some(scalar.size()),
                None => None,
            }
        }

        #[inline(always)]
        fn write(&self, pen: &mut Pen<'_>) {
            let $part = self;
            if let Some(scalar) = $scalar {
                scalar.write(pen);
            }
        }
    };
}

/// What `size` and `write` are for a part that only `append` can write.
macro_rules! without_size {
    () => {
        #[inline(always)]
        fn size(&self) -> Option<usize> {
            None
        }

        #[inline(always)]
        fn write(&self, _: &mut Pen<'_>) {}
    };
}

/// A value that code of the user's writes: for what cuts it where it is long, too.
pub trait ByCode {
    #[doc(hidden)]
    fn encode(&self, encoder: Encoder<'_>) -> Encoded;
}

/// What a part is that is `ByCode`.
macro_rules! by_code {
    () => {
        without_size!();

        fn append(&self, bytes: &mut Vec<u8>) {
            append_guarded_value(bytes, |encoder| self.encode(encoder));
        }
    };
}

/// A part can be anything; what it is called by matters to nobody.
macro_rules! debug_by_name {
    ($([$($generic:tt)*] $type:ty, $name:literal;)+) => {$(
        impl<$($generic)*> fmt::Debug for $type {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str($name)
            }
        }
    )+};
}

debug_by_name! {
    [T: ?Sized] Typed<'_, T>, "Typed";
    [T: ?Sized] Serde<'_, T>, "Serde";
    [T: ?Sized] Bytes<'_, T>, "Bytes";
    [T: ?Sized] Failure<'_, T>, "Failure";
    [T: ?Sized] Shown<'_, T>, "Shown";
    [Values] Object<Values>, "Object";
    [P] Secret<P>, "Secret";
    [T: ?Sized] Copied<'_, T>, "Copied";
    [T: ?Sized] Debugged<'_, T>, "Debugged";
    [P] Short<P>, "Short";
}

/// A key's value, with its type.
pub struct Typed<'v, T: ?Sized>(pub &'v T);

impl<T: Encode + ?Sized> Part for Typed<'_, T> {
    by_scalar!(|part| part.0.scalar(OWN));

    #[inline]
    fn append(&self, bytes: &mut Vec<u8>) {
        match self.0.scalar(OWN) {
            Some(scalar) => scalar.write(bytes),
            None => append_guarded_value(bytes, |encoder| self.0.encode(encoder)),
        }
    }
}

impl<T: Encode + ?Sized> ByCode for Typed<'_, T> {
    fn encode(&self, encoder: Encoder<'_>) -> Encoded {
        self.0.encode(encoder)
    }
}

/// Code of the user's writes the value. A panic costs the value: text stands in its place.
#[inline(never)]
pub(crate) fn append_guarded_value(
    bytes: &mut Vec<u8>,
    write: impl FnOnce(Encoder<'_>) -> Encoded,
) {
    append_guarded_within(bytes, usize::MAX, write);
}

/// The same, cut beyond so many bytes.
fn append_guarded_within(
    bytes: &mut Vec<u8>,
    most: usize,
    write: impl FnOnce(Encoder<'_>) -> Encoded,
) {
    let start = bytes.len();
    let write = AssertUnwindSafe(|| write(Encoder::within(bytes, most)));
    if catch_unwind(write).is_err() {
        bytes.truncate(start);
        Scalar::Str(PANICKED).write(bytes);
    }
}

/// A key's value, as `format_args!` prints it.
#[derive(Debug)]
pub struct Printed<'v>(pub fmt::Arguments<'v>);

impl Part for Printed<'_> {
    by_code!();
}

impl ByCode for Printed<'_> {
    fn encode(&self, encoder: Encoder<'_>) -> Encoded {
        encoder.put_display(self.0)
    }
}

/// A key's value, as serde sees it.
pub struct Serde<'v, T: ?Sized>(pub &'v T);

impl<T: serde_core::Serialize + ?Sized> Part for Serde<'_, T> {
    by_code!();
}

impl<T: serde_core::Serialize + ?Sized> ByCode for Serde<'_, T> {
    fn encode(&self, encoder: Encoder<'_>) -> Encoded {
        encoder.put_serde(self.0)
    }
}

/// A key's value: bytes that are no text.
pub struct Bytes<'v, T: ?Sized>(pub &'v T);

impl<T: AsRef<[u8]> + ?Sized> Part for Bytes<'_, T> {
    without_size!();

    fn append(&self, bytes: &mut Vec<u8>) {
        append_guarded_value(bytes, |encoder| encoder.put_bytes(self.0.as_ref()));
    }
}

/// A key's value: an error's message and those of its sources.
pub struct Failure<'v, T: ?Sized>(&'v T);

impl<T: Error + ?Sized> Part for Failure<'_, T> {
    by_code!();
}

impl<T: Error + ?Sized> ByCode for Failure<'_, T> {
    fn encode(&self, encoder: Encoder<'_>) -> Encoded {
        encoder.put_error(&self.0)
    }
}

/// A key's value that stands where an error should: as it displays.
pub struct Shown<'v, T: ?Sized>(&'v T);

impl<T: ErrorText + ?Sized> Part for Shown<'_, T> {
    by_code!();
}

impl<T: ErrorText + ?Sized> ByCode for Shown<'_, T> {
    fn encode(&self, encoder: Encoder<'_>) -> Encoded {
        self.0.encode(encoder)
    }
}

/// A key's value: an object with these keys.
pub struct Object<Values>(pub &'static [&'static str], pub Values);

impl<Values: Entries> Part for Object<Values> {
    without_size!();

    fn append(&self, bytes: &mut Vec<u8>) {
        bytes.push(TAG_MAP);
        let start = encode::open(bytes);
        self.1.append_entries(self.0, bytes);
        encode::close(bytes, start);
    }
}

/// A part whose key, or whose name in the message, is on hestia's own list of secrets: the mask stands in its place, and
/// no code of the user's runs for it, unless the program has made an exception.
pub struct Secret<P> {
    part: P,
    /// What stands in its place. Decided once: whoever asks for the size gets what is written.
    mask: Option<Scalar<'static>>,
}

impl<P> Secret<P> {
    /// A key's value.
    #[inline]
    pub fn value(key: &str, part: P) -> Self {
        Secret {
            part,
            mask: (!redact::shows(key)).then_some(Scalar::Str(MASK)),
        }
    }

    /// An argument of a message.
    #[inline]
    pub fn argument(name: &str, part: P) -> Self {
        Secret {
            part,
            mask: (!redact::shows(name)).then_some(Scalar::Verbatim(MASK)),
        }
    }
}

impl<P: Part> Part for Secret<P> {
    #[inline]
    fn size(&self) -> Option<usize> {
        match self.mask {
            Some(mask) => Some(mask.size()),
            None => self.part.size(),
        }
    }

    #[inline]
    fn write(&self, pen: &mut Pen<'_>) {
        match self.mask {
            Some(mask) => mask.write(pen),
            None => self.part.write(pen),
        }
    }

    #[inline]
    fn append(&self, bytes: &mut Vec<u8>) {
        match self.mask {
            Some(mask) => mask.write(bytes),
            None => self.part.append(bytes),
        }
    }
}

/// A list of parts, each with its key.
pub trait Entries {
    #[doc(hidden)]
    fn append_entries(&self, keys: &[&str], bytes: &mut Vec<u8>);
}

impl Entries for () {
    fn append_entries(&self, _: &[&str], _: &mut Vec<u8>) {}
}

impl<First: Part, Rest: Entries> Entries for (First, Rest) {
    fn append_entries(&self, keys: &[&str], bytes: &mut Vec<u8>) {
        if let [key, keys @ ..] = keys {
            encode::append_str(bytes, key);
            self.0.append(bytes);
            self.1.append_entries(keys, bytes);
        }
    }
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

/// The value of a key that asks for an error, for the choice between an error, what leads to one (a box, an
/// `anyhow::Error`), and anything else that can be shown.
#[derive(Debug)]
pub struct ErrorArgument<'a, T: ?Sized>(pub &'a T);

/// The choice of an error.
pub trait IsError<'a> {
    #[doc(hidden)]
    type Type: ?Sized;

    #[doc(hidden)]
    fn part(&self) -> Failure<'a, Self::Type>;
}

impl<'a, T: Error + ?Sized> IsError<'a> for &&&ErrorArgument<'a, T> {
    type Type = T;

    fn part(&self) -> Failure<'a, T> {
        Failure(self.0)
    }
}

/// The choice of what dereferences to an error.
pub trait LeadsToError<'a> {
    #[doc(hidden)]
    type Type: ?Sized;

    #[doc(hidden)]
    fn part(&self) -> Failure<'a, Self::Type>;
}

impl<'a, T: Deref<Target: Error> + ?Sized> LeadsToError<'a> for &&ErrorArgument<'a, T> {
    type Type = T::Target;

    fn part(&self) -> Failure<'a, T::Target> {
        Failure(&**self.0)
    }
}

/// The choice of a reference to what dereferences to an error.
pub trait RefersToError<'a> {
    #[doc(hidden)]
    type Type: ?Sized;

    #[doc(hidden)]
    fn part(&self) -> Failure<'a, Self::Type>;
}

impl<'a, T> RefersToError<'a> for &ErrorArgument<'a, T>
where
    T: Deref<Target: Deref<Target: Error>> + ?Sized,
{
    type Type = <T::Target as Deref>::Target;

    fn part(&self) -> Failure<'a, Self::Type> {
        Failure(&***self.0)
    }
}

/// The choice of text, made for whatever leads to no error: so that what cannot be shown is named.
pub trait IsShown<'a> {
    #[doc(hidden)]
    type Type: ?Sized;

    #[doc(hidden)]
    fn part(&self) -> Shown<'a, Self::Type>;
}

impl<'a, T: ?Sized> IsShown<'a> for ErrorArgument<'a, T> {
    type Type = T;

    fn part(&self) -> Shown<'a, T> {
        Shown(self.0)
    }
}

/// What a statement takes as an error.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no error",
    label = "expected an error, or something to display",
    note = "an error is a `std::error::Error`, a box of one, what dereferences to one, or any `Display`",
    note = "for a value that is none of these write `key = ?value`, or give it another key"
)]
pub trait ErrorText {
    #[doc(hidden)]
    fn encode(&self, encoder: Encoder<'_>) -> Encoded;
}

#[diagnostic::do_not_recommend]
impl<T: fmt::Display + ?Sized> ErrorText for T {
    fn encode(&self, encoder: Encoder<'_>) -> Encoded {
        encoder.put_display(self)
    }
}

/// A parameter or a result of an instrumented function, and how long it may be, for the choice between a value with its
/// type, what its `Debug` prints, and its type's name.
#[derive(Debug)]
pub struct AnyArgument<'a, T: ?Sized>(pub &'a T, pub usize);

/// The choice of a value with its type.
pub trait AnyValue<'a> {
    #[doc(hidden)]
    type Type: ?Sized;

    #[doc(hidden)]
    fn part(&self) -> Short<Typed<'a, Self::Type>>;
}

impl<'a, T: Encode + ?Sized> AnyValue<'a> for &&AnyArgument<'a, T> {
    type Type = T;

    fn part(&self) -> Short<Typed<'a, T>> {
        Short(Typed(self.0), self.1)
    }
}

/// The choice of what `Debug` prints.
pub trait AnyDebug<'a> {
    #[doc(hidden)]
    type Type: ?Sized;

    #[doc(hidden)]
    fn part(&self) -> Short<Debugged<'a, Self::Type>>;
}

impl<'a, T: fmt::Debug + ?Sized> AnyDebug<'a> for &AnyArgument<'a, T> {
    type Type = T;

    fn part(&self) -> Short<Debugged<'a, T>> {
        Short(Debugged(self.0), self.1)
    }
}

/// The choice of a type's name.
pub trait AnyOpaque {
    #[doc(hidden)]
    fn part(&self) -> Opaque;
}

impl<T: ?Sized> AnyOpaque for AnyArgument<'_, T> {
    fn part(&self) -> Opaque {
        Opaque(std::any::type_name::<T>())
    }
}

/// What `Debug` prints.
pub struct Debugged<'v, T: ?Sized>(&'v T);

impl<T: fmt::Debug + ?Sized> ByCode for Debugged<'_, T> {
    fn encode(&self, encoder: Encoder<'_>) -> Encoded {
        let value = self.0;
        encoder.put_display(format_args!("{value:?}"))
    }
}

/// A value that is cut where it has taken so many bytes; of an error, each text.
pub struct Short<P>(pub P, pub usize);

impl<P: ByCode> Part for Short<P> {
    without_size!();

    fn append(&self, bytes: &mut Vec<u8>) {
        append_guarded_within(bytes, self.1, |encoder| self.0.encode(encoder));
    }
}

/// The name of a type, of which nothing else can be said.
#[derive(Debug)]
pub struct Opaque(&'static str);

impl Part for Opaque {
    without_size!();

    fn append(&self, bytes: &mut Vec<u8>) {
        append_guarded_value(bytes, |encoder| {
            encoder.put_display(format_args!("<{}>", self.0))
        });
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Borrow;
    use std::cell::Cell;

    use super::*;

    trait Logged: Encode {}

    impl Logged for String {}

    /// Leads to another text each time it is asked.
    struct Fickle(Cell<bool>, String, String);

    impl Borrow<dyn Logged> for Fickle {
        fn borrow(&self) -> &(dyn Logged + 'static) {
            if self.0.replace(!self.0.get()) {
                &self.1
            } else {
                &self.2
            }
        }
    }

    impl ToOwned for dyn Logged {
        type Owned = Fickle;

        fn to_owned(&self) -> Fickle {
            Fickle(Cell::new(true), "short".to_owned(), "longer".to_owned())
        }
    }

    /// Its size was once asked for, and then another value written into that room.
    #[test]
    fn what_code_of_the_users_leads_to_has_no_size() {
        let short: &dyn Logged = &String::from("short");
        let owned: Cow<'_, dyn Logged> = Cow::Owned(short.to_owned());
        assert_eq!(Typed(&owned).size(), None);
        let mut bytes = Vec::new();
        Typed(&owned).append(&mut bytes);
        let mut expected = Vec::new();
        Scalar::Str("short").write(&mut expected);
        assert_eq!(bytes, expected);
        let borrowed: Cow<'_, dyn Logged> = Cow::Borrowed(short);
        assert_eq!(Typed(&borrowed).size(), Some(expected.len()));
    }
}
