//! What a macro's statement hands over: its key-values and the arguments of its message, by reference.
//!
//! A statement's values form two lists of pairs, `(first, (second, ()))`, so that a few implementations of [`Part`]
//! serve any number of them, and statements with values of the same types share their code. An argument of a message
//! whose type is [`Capture`] is copied, and printed by the writer's thread as the original would have printed; any
//! other is formatted at the call, under its own spec.
//!
//! Callers' threads. *Invariant:* what has a size is written by hestia's own code alone.

use std::error::Error;
use std::fmt;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::encode::{self, Encode, Encoded, Encoder, Own, PANICKED, TAG_MAP};
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

// Here, since the macros above are used there, too.
mod argument;

pub(crate) use argument::Capture;
pub use argument::{Argument, AtCall, CopiedArgument, Count, FormattedArgument};

debug_by_name! {
    [T: ?Sized] Typed<'_, T>, "Typed";
    [T: ?Sized] Serde<'_, T>, "Serde";
    [T: ?Sized] Bytes<'_, T>, "Bytes";
    [T: ?Sized] Failure<'_, T>, "Failure";
    [T: ?Sized] Shown<'_, T>, "Shown";
    [Values] Object<Values>, "Object";
    [P] Secret<P>, "Secret";
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

impl<T: serde::Serialize + ?Sized> Part for Serde<'_, T> {
    by_code!();
}

impl<T: serde::Serialize + ?Sized> ByCode for Serde<'_, T> {
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
    use std::borrow::{Borrow, Cow};
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
