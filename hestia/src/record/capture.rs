//! What a macro's statement takes along of a message's arguments, to be formatted by the writer.
//!
//! [`Capture`] copies an argument's value into the record on the caller's thread and reads back, on the
//! writer's, a value that `std::fmt` prints in the same way. What is no number, text, time or address (or
//! a list of such) is formatted at the call and printed verbatim later ([`Formatted`]). The arguments of
//! a message form a list of pairs, `(first, (second, ()))`, so that two implementations serve any number.
//!
//! *Invariant:* decoded values are std's or hestia's own, so that no code of the user's runs on the
//! writer's thread.

#![allow(
    unsafe_code,
    reason = "a statement's printing function has no size, and is made from nothing"
)]

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::num::{
    NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroIsize, NonZeroU8,
    NonZeroU16, NonZeroU32, NonZeroU64, NonZeroU128, NonZeroUsize, Wrapping,
};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::buffer::Buffer;
use super::decode::{DecodeError, Decoder};
use super::encode;

/// An argument of a message that travels as its value.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be copied into a record",
    note = "this is a bug in hestia: arguments of other types are formatted at the call"
)]
pub trait Capture {
    /// What the writer's thread gets: prints as the original does.
    type Decoded<'d>;

    #[doc(hidden)]
    fn capture(&self, bytes: &mut Captured<'_>);

    #[doc(hidden)]
    fn decode<'d>(bytes: &mut Decoded<'d>) -> Result<Self::Decoded<'d>, DecodeError>;
}

/// Where captured arguments go: the end of a record in the making.
#[derive(Debug)]
pub struct Captured<'b>(pub(crate) &'b mut Buffer);

/// Where captured arguments come from.
#[derive(Debug)]
pub struct Decoded<'d>(Decoder<'d>);

impl<'d> Decoded<'d> {
    fn raw<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        self.0.raw()
    }
}

/// Prints a message from its decoded arguments.
#[derive(Debug)]
pub struct Printer<'s>(&'s mut String);

impl Printer<'_> {
    /// What `write!` calls.
    pub fn write_fmt(&mut self, arguments: fmt::Arguments<'_>) {
        if fmt::Write::write_fmt(self.0, arguments).is_err() {
            self.0.push_str(encode::FORMATTING_FAILED);
        }
    }
}

/// Reads a message whose arguments are a `C`, printed by a `P`. An instance's address stands in each
/// record of its statement.
pub(crate) fn message_printed<'a, C, P>(
    decoder: &mut Decoder<'a>,
    message: &'a mut String,
) -> Result<&'a str, DecodeError>
where
    C: Capture,
    P: for<'d> Fn(&mut Printer<'_>, C::Decoded<'d>) + Copy + 'static,
{
    const { assert!(size_of::<P>() == 0, "a printing function captures nothing") };
    const { assert!(align_of::<P>() == 1, "nothing is aligned to nothing") };
    let nothing: *const () = &();
    // SAFETY: the type has no size, and a value of it was handed to `Draft::message`, which is the only one
    // to put this function's address into a record; it is `Copy`, so another one may be made of nothing.
    // (`NonNull::dangling().read()` is the same, with two more functions to compile for each statement.)
    let print: P = unsafe { *(nothing as *const P) };
    let arguments = decode::<C>(decoder)?;
    print(&mut Printer(message), arguments);
    Ok(message)
}

/// (Once per list of types, not per statement.)
#[inline(never)]
fn decode<'a, C: Capture>(decoder: &mut Decoder<'a>) -> Result<C::Decoded<'a>, DecodeError> {
    let mut bytes = Decoded(*decoder);
    let arguments = C::decode(&mut bytes)?;
    *decoder = bytes.0;
    Ok(arguments)
}

impl Capture for () {
    type Decoded<'d> = ();

    #[inline(always)]
    fn capture(&self, _: &mut Captured<'_>) {}

    #[inline(always)]
    fn decode(_: &mut Decoded<'_>) -> Result<(), DecodeError> {
        Ok(())
    }
}

impl<First: Capture, Rest: Capture> Capture for (First, Rest) {
    type Decoded<'d> = (First::Decoded<'d>, Rest::Decoded<'d>);

    #[inline(always)]
    fn capture(&self, bytes: &mut Captured<'_>) {
        self.0.capture(bytes);
        self.1.capture(bytes);
    }

    #[inline(always)]
    fn decode<'d>(bytes: &mut Decoded<'d>) -> Result<Self::Decoded<'d>, DecodeError> {
        Ok((First::decode(bytes)?, Rest::decode(bytes)?))
    }
}

/// Types whose bytes are their value.
macro_rules! capture_numbers {
    ($($type:ty)+) => {$(
        impl Capture for $type {
            type Decoded<'d> = $type;

            #[inline(always)]
            fn capture(&self, bytes: &mut Captured<'_>) {
                bytes.0.extend_from_slice(&self.to_ne_bytes());
            }

            #[inline(always)]
            fn decode(bytes: &mut Decoded<'_>) -> Result<$type, DecodeError> {
                bytes.raw().map(<$type>::from_ne_bytes)
            }
        }
    )+};
}

capture_numbers!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64);

/// Types that are made of a captured one.
macro_rules! capture_through {
    ($($type:ty: $inner:ty, $to:expr, $from:expr;)+) => {$(
        impl Capture for $type {
            type Decoded<'d> = $type;

            #[inline]
            fn capture(&self, bytes: &mut Captured<'_>) {
                let to: fn(&$type) -> $inner = $to;
                to(self).capture(bytes);
            }

            #[inline]
            fn decode(bytes: &mut Decoded<'_>) -> Result<$type, DecodeError> {
                let from: fn($inner) -> Option<$type> = $from;
                from(<$inner>::decode(bytes)?).ok_or(DecodeError)
            }
        }
    )+};
}

capture_through! {
    bool: u8, |value| u8::from(*value), |raw| Some(raw != 0);
    char: u32, |value| u32::from(*value), char::from_u32;
    NonZeroU8: u8, |value| value.get(), NonZeroU8::new;
    NonZeroU16: u16, |value| value.get(), NonZeroU16::new;
    NonZeroU32: u32, |value| value.get(), NonZeroU32::new;
    NonZeroU64: u64, |value| value.get(), NonZeroU64::new;
    NonZeroU128: u128, |value| value.get(), NonZeroU128::new;
    NonZeroUsize: usize, |value| value.get(), NonZeroUsize::new;
    NonZeroI8: i8, |value| value.get(), NonZeroI8::new;
    NonZeroI16: i16, |value| value.get(), NonZeroI16::new;
    NonZeroI32: i32, |value| value.get(), NonZeroI32::new;
    NonZeroI64: i64, |value| value.get(), NonZeroI64::new;
    NonZeroI128: i128, |value| value.get(), NonZeroI128::new;
    NonZeroIsize: isize, |value| value.get(), NonZeroIsize::new;
    Ipv4Addr: u32, |value| value.to_bits(), |raw| Some(Ipv4Addr::from_bits(raw));
    Ipv6Addr: u128, |value| value.to_bits(), |raw| Some(Ipv6Addr::from_bits(raw));
    SocketAddrV4: (Ipv4Addr, u16), |value| (*value.ip(), value.port()),
        |(ip, port)| Some(SocketAddrV4::new(ip, port));
    SocketAddrV6: (Ipv6Addr, (u16, (u32, u32))),
        |value| (*value.ip(), (value.port(), (value.flowinfo(), value.scope_id()))),
        |(ip, (port, (flow, scope)))| Some(SocketAddrV6::new(ip, port, flow, scope));
    Duration: (u64, u32), |value| (value.as_secs(), value.subsec_nanos()),
        |(seconds, nanos)| (nanos < 1_000_000_000).then(|| Duration::new(seconds, nanos));
    SystemTime: (bool, Duration), |value| match value.duration_since(UNIX_EPOCH) {
            Ok(since) => (true, since),
            Err(before) => (false, before.duration()),
        },
        |(after, distance)| if after {
            UNIX_EPOCH.checked_add(distance)
        } else {
            UNIX_EPOCH.checked_sub(distance)
        };
}

/// Sums of two captured types: a flag says which.
macro_rules! capture_either {
    ($($type:ty: $first:path, $first_type:ty, $second:path, $second_type:ty;)+) => {$(
        impl Capture for $type {
            type Decoded<'d> = $type;

            #[inline]
            fn capture(&self, bytes: &mut Captured<'_>) {
                match self {
                    $first(value) => (false, *value).capture(bytes),
                    $second(value) => (true, *value).capture(bytes),
                }
            }

            #[inline]
            fn decode(bytes: &mut Decoded<'_>) -> Result<$type, DecodeError> {
                if bool::decode(bytes)? {
                    <$second_type>::decode(bytes).map($second)
                } else {
                    <$first_type>::decode(bytes).map($first)
                }
            }
        }
    )+};
}

capture_either! {
    IpAddr: IpAddr::V4, Ipv4Addr, IpAddr::V6, Ipv6Addr;
    SocketAddr: SocketAddr::V4, SocketAddrV4, SocketAddr::V6, SocketAddrV6;
}

impl<T: Capture> Capture for Wrapping<T> {
    type Decoded<'d> = Wrapping<T::Decoded<'d>>;

    #[inline(always)]
    fn capture(&self, bytes: &mut Captured<'_>) {
        self.0.capture(bytes);
    }

    #[inline(always)]
    fn decode<'d>(bytes: &mut Decoded<'d>) -> Result<Self::Decoded<'d>, DecodeError> {
        T::decode(bytes).map(Wrapping)
    }
}

impl<T: Capture> Capture for Option<T> {
    type Decoded<'d> = Option<T::Decoded<'d>>;

    #[inline]
    fn capture(&self, bytes: &mut Captured<'_>) {
        self.is_some().capture(bytes);
        if let Some(value) = self {
            value.capture(bytes);
        }
    }

    #[inline]
    fn decode<'d>(bytes: &mut Decoded<'d>) -> Result<Self::Decoded<'d>, DecodeError> {
        bool::decode(bytes)?.then(|| T::decode(bytes)).transpose()
    }
}

impl Capture for str {
    type Decoded<'d> = &'d str;

    #[inline]
    fn capture(&self, bytes: &mut Captured<'_>) {
        encode::append_str(bytes.0, self);
    }

    #[inline]
    fn decode<'d>(bytes: &mut Decoded<'d>) -> Result<&'d str, DecodeError> {
        bytes.0.get_str()
    }
}

impl Capture for String {
    type Decoded<'d> = &'d str;

    #[inline(always)]
    fn capture(&self, bytes: &mut Captured<'_>) {
        self.as_str().capture(bytes);
    }

    #[inline(always)]
    fn decode<'d>(bytes: &mut Decoded<'d>) -> Result<&'d str, DecodeError> {
        str::decode(bytes)
    }
}

/// Pointers print as what they point to.
macro_rules! capture_pointers {
    ($([$($generic:tt)*] $type:ty, $inner:ty;)+) => {$(
        impl<$($generic)*> Capture for $type {
            type Decoded<'d> = <$inner as Capture>::Decoded<'d>;

            #[inline(always)]
            fn capture(&self, bytes: &mut Captured<'_>) {
                (**self).capture(bytes);
            }

            #[inline(always)]
            fn decode<'d>(bytes: &mut Decoded<'d>) -> Result<Self::Decoded<'d>, DecodeError> {
                <$inner>::decode(bytes)
            }
        }
    )+};
}

capture_pointers! {
    [T: Capture + ?Sized] &T, T;
    [T: Capture + ?Sized] &mut T, T;
    [T: Capture + ?Sized] Box<T>, T;
    [T: Capture + ?Sized] Rc<T>, T;
    [T: Capture + ?Sized] Arc<T>, T;
    [T: Capture + ToOwned + ?Sized] Cow<'_, T>, T;
    [T: Capture] Vec<T>, [T];
}

impl<T: Capture> Capture for [T] {
    type Decoded<'d> = List<'d, T>;

    fn capture(&self, bytes: &mut Captured<'_>) {
        encode::append_address(bytes.0, self.len());
        let start = encode::open(bytes.0);
        for item in self {
            item.capture(bytes);
        }
        encode::close(bytes.0, start);
    }

    fn decode<'d>(bytes: &mut Decoded<'d>) -> Result<List<'d, T>, DecodeError> {
        Ok(List {
            count: bytes.0.get_address()?,
            items: bytes.0.get_block()?,
            of: PhantomData,
        })
    }
}

impl<T: Capture, const N: usize> Capture for [T; N] {
    type Decoded<'d> = List<'d, T>;

    fn capture(&self, bytes: &mut Captured<'_>) {
        self.as_slice().capture(bytes);
    }

    fn decode<'d>(bytes: &mut Decoded<'d>) -> Result<List<'d, T>, DecodeError> {
        <[T]>::decode(bytes)
    }
}

/// A list whose items are decoded while it is printed.
pub struct List<'d, T> {
    count: usize,
    items: &'d [u8],
    of: PhantomData<fn() -> T>,
}

impl<'d, T: Capture<Decoded<'d>: fmt::Debug>> fmt::Debug for List<'d, T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = Decoded(Decoder::new(self.items));
        let items = (0..self.count).map_while(|_| T::decode(&mut bytes).ok());
        out.debug_list().entries(items).finish()
    }
}

/// An argument whose value is copied.
pub struct CopyOf<'v, T: ?Sized>(&'v T);

impl<T: ?Sized> fmt::Debug for CopyOf<'_, T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("CopyOf")
    }
}

impl<T: Capture + ?Sized> Capture for CopyOf<'_, T> {
    type Decoded<'d> = Printed<T::Decoded<'d>>;

    #[inline(always)]
    fn capture(&self, bytes: &mut Captured<'_>) {
        self.0.capture(bytes);
    }

    #[inline(always)]
    fn decode<'d>(bytes: &mut Decoded<'d>) -> Result<Self::Decoded<'d>, DecodeError> {
        T::decode(bytes).map(Printed)
    }
}

/// The copy of an argument, which a message may print under any spec. Whether the original allows that
/// spec is checked where the argument is captured; were it checked here too, the compiler would report
/// each mistake twice, the second time in terms of decoded types.
pub struct Printed<D>(D);

macro_rules! print_under_any_spec {
    ($($trait:ident $method:ident)+) => {
        /// What a decoded value prints under each spec; the rest is never asked for.
        pub trait Print {$(
            #[doc(hidden)]
            fn $method(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
                Err(fmt::Error)
            }
        )+}

        $(
            #[diagnostic::do_not_recommend]
            impl<D: Print> fmt::$trait for Printed<D> {
                #[inline]
                fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                    self.0.$method(out)
                }
            }
        )+

        impl<D: Print> Print for Wrapping<D> {$(
            fn $method(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.$method(out)
            }
        )+}
    };
}

print_under_any_spec! {
    Display display Debug debug LowerHex lower_hex UpperHex upper_hex Octal octal Binary binary
    LowerExp lower_exp UpperExp upper_exp Pointer pointer
}

macro_rules! print_as {
    (impl [$($generic:tt)*] $type:ty: ($($trait:ident $method:ident)+)) => {
        impl<$($generic)*> Print for $type {$(
            #[inline]
            fn $method(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::$trait::fmt(self, out)
            }
        )+}
    };
    ($($generics:tt $($type:ty)+: $traits:tt;)+) => {
        $($(print_as! { impl $generics $type: $traits })+)+
    };
}

print_as! {
    [] u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize
        NonZeroU8 NonZeroU16 NonZeroU32 NonZeroU64 NonZeroU128 NonZeroUsize
        NonZeroI8 NonZeroI16 NonZeroI32 NonZeroI64 NonZeroI128 NonZeroIsize:
        (Display display Debug debug LowerHex lower_hex UpperHex upper_hex Octal octal Binary binary
            LowerExp lower_exp UpperExp upper_exp);
    [] f32 f64: (Display display Debug debug LowerExp lower_exp UpperExp upper_exp);
    [] &str bool char IpAddr Ipv4Addr Ipv6Addr SocketAddr SocketAddrV4 SocketAddrV6:
        (Display display Debug debug);
    [] () Duration SystemTime: (Debug debug);
    [D: fmt::Debug] Option<D>: (Debug debug);
    [A: fmt::Debug, B: fmt::Debug] (A, B): (Debug debug);
    ['d, T: Capture<Decoded<'d>: fmt::Debug>] List<'d, T>: (Debug debug);
}

/// A width or a precision. What `std::fmt` would panic at is as wide as can be.
#[derive(Debug)]
pub struct Count(pub usize);

impl Count {
    fn narrow(&self) -> u16 {
        u16::try_from(self.0).unwrap_or(u16::MAX)
    }

    /// For what is formatted at the call.
    #[must_use]
    pub fn clamped(&self) -> usize {
        self.narrow().into()
    }
}

impl Capture for Count {
    type Decoded<'d> = usize;

    #[inline]
    fn capture(&self, bytes: &mut Captured<'_>) {
        self.narrow().capture(bytes);
    }

    #[inline]
    fn decode(bytes: &mut Decoded<'_>) -> Result<usize, DecodeError> {
        u16::decode(bytes).map(usize::from)
    }
}

/// An argument that is formatted at the call, under its own spec, by a closure.
pub struct Formatted<F>(pub(crate) F);

impl<F> fmt::Debug for Formatted<F> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Formatted")
    }
}

impl<F: Fn(&mut Captured<'_>)> Capture for Formatted<F> {
    type Decoded<'d> = Verbatim<'d>;

    #[inline]
    fn capture(&self, bytes: &mut Captured<'_>) {
        let start = encode::open(bytes.0);
        if bytes.0.leave() {
            (self.0)(bytes);
        }
        encode::close(bytes.0, start);
    }

    #[inline]
    fn decode<'d>(bytes: &mut Decoded<'d>) -> Result<Verbatim<'d>, DecodeError> {
        str::decode(bytes).map(Verbatim)
    }
}

impl Captured<'_> {
    /// What `write!` calls. A panic of the formatting code costs the argument, not the record.
    #[cold]
    pub fn write_fmt(&mut self, arguments: fmt::Arguments<'_>) {
        encode::append_guarded(self.0, arguments);
    }
}

/// Text that was formatted at the call: prints as it is, whatever the spec says.
pub struct Verbatim<'d>(&'d str);

macro_rules! print_verbatim {
    ($($trait:ident)+) => {$(
        #[diagnostic::do_not_recommend]
        impl fmt::$trait for Verbatim<'_> {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(self.0)
            }
        }
    )+};
}

print_verbatim!(Display Debug LowerHex UpperHex Octal Binary LowerExp UpperExp Pointer);

/// An argument, for the choice between copying and formatting: method lookup finds [`CopiedArgument`] for
/// types that can be captured and [`FormattedArgument`], one reference further, for all others. (D. Tolnay,
/// *Autoref-based stable specialization*, 2019.)
#[derive(Debug)]
pub struct Argument<'a, T: ?Sized>(pub &'a T);

/// The choice to copy.
pub trait CopiedArgument {
    #[doc(hidden)]
    #[inline(always)]
    fn choose(&self) -> Copied {
        Copied
    }
}

impl<T: Capture + ?Sized> CopiedArgument for &Argument<'_, T> {}

/// The choice to format at the call.
pub trait FormattedArgument {
    #[doc(hidden)]
    #[inline(always)]
    fn choose(&self) -> AtCall {
        AtCall
    }
}

impl<T: ?Sized> FormattedArgument for Argument<'_, T> {}

/// Copies the argument.
#[derive(Debug)]
pub struct Copied;

impl Copied {
    #[doc(hidden)]
    #[inline(always)]
    pub fn capture<T: ?Sized, F: Fn(&mut Captured<'_>)>(self, value: &T, _: F) -> CopyOf<'_, T> {
        CopyOf(value)
    }
}

/// Formats the argument.
#[derive(Debug)]
pub struct AtCall;

impl AtCall {
    #[doc(hidden)]
    #[inline(always)]
    pub fn capture<T: ?Sized, F: Fn(&mut Captured<'_>)>(self, _: &T, format: F) -> Formatted<F> {
        Formatted(format)
    }
}
