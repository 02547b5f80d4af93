//! A value that is never shown.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::super::capture::Capture;
use super::super::encode::{Encode, Encoded, Encoder, Own};
use super::super::scalar::Scalar;
use super::MASK;

/// A value that no log shows, nor anything else that prints or serializes it: `***` stands in its place.
///
/// It is as large as the value, and costs nothing. What reads it deserializes it as the value itself, so that it can
/// stand in a configuration; what is serialized is `***`. The memory is not wiped when it is dropped; where that matters,
/// put a type that does so inside.
///
/// To hide fields of a struct that has a `Debug`, see also `derive(Redact)`.
///
/// # Example
/// ```
/// # hestia::builder().console(false).text(false).json(false).env(false).init()?;
/// use hestia::Redact;
///
/// struct Card {
///     holder: String,
///     number: Redact<String>,
/// }
///
/// let card = Card { holder: "Ada".to_owned(), number: Redact::new("4111".to_owned()) };
/// hestia::hlog!(info, number = &card.number, "{} pays with {}", card.holder, card.number); // Ada pays with ***
/// assert_eq!(format!("{:?}", card.number), "***");
/// assert_eq!(card.number.expose(), "4111");
/// # Ok::<(), hestia::InitError>(())
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Redact<T: ?Sized>(T);

impl<T> Redact<T> {
    /// Hides a value.
    #[inline]
    pub const fn new(value: T) -> Self {
        Redact(value)
    }

    /// The value itself.
    #[inline]
    #[must_use]
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T: ?Sized> Redact<T> {
    /// The value, to be used.
    #[inline]
    #[must_use]
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// The value, to be changed.
    #[inline]
    #[must_use]
    pub const fn expose_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> From<T> for Redact<T> {
    fn from(value: T) -> Self {
        Redact(value)
    }
}

impl<T: FromStr> FromStr for Redact<T> {
    type Err = T::Err;

    /// Reads the value, as from an argument of the command line. (What the error says is the value's type's to say.)
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Redact)
    }
}

impl<T: ?Sized> fmt::Debug for Redact<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(MASK)
    }
}

impl<T: ?Sized> fmt::Display for Redact<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(MASK)
    }
}

impl<T: ?Sized> Serialize for Redact<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(MASK)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Redact<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Redact)
    }
}

impl<T: ?Sized> Encode for Redact<T> {
    fn encode(&self, encoder: Encoder<'_>) -> Encoded {
        encoder.put_str(MASK)
    }

    #[inline(always)]
    fn scalar(&self, _: Own) -> Option<Scalar<'_>> {
        Some(Scalar::Str(MASK))
    }
}

/// Prints as it is, whatever the spec.
impl<T: ?Sized> Capture for Redact<T> {
    #[inline(always)]
    fn scalar(&self) -> Option<Scalar<'_>> {
        Some(Scalar::Verbatim(MASK))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_shows_what_is_inside() {
        let mut secret = Redact::new(String::from("geheim"));
        assert_eq!(
            format!("{secret} {secret:?} {secret:>9} {secret:#?}"),
            "*** *** *** ***"
        );
        assert_eq!(
            serde_json::json!({ "k": &secret }).to_string(),
            r#"{"k":"***"}"#
        );
        secret.expose_mut().push('!');
        assert_eq!(secret.expose(), "geheim!");
        assert_eq!(secret.into_inner(), "geheim!");
        assert_eq!(size_of::<Redact<u64>>(), size_of::<u64>());
        let read: Redact<u32> = serde_json::from_str("5").expect("a number");
        assert_eq!((read, "7".parse()), (Redact::from(5), Ok(Redact::new(7))));
    }
}
