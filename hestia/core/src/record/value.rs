//! Typed values of key-values, as layouts and sinks see them.

use serde::{Serialize, Serializer};

use super::decode::{Entries, Items};

/// One typed value of a record, borrowed from the record's bytes.
///
/// Numbers, booleans, strings, null, arrays and objects keep their type from the statement to the
/// JSON file; what had to be formatted at the call (`Debug` and `Display` values) is a [`Value::Str`].
///
/// # Example
/// ```
/// use hestia::Value;
/// assert_eq!(Value::F64(f64::NAN), Value::F64(f64::NAN));
/// assert_ne!(Value::U64(1), Value::I64(1));
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Value<'a> {
    /// No value: `None`, `()`, JSON `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// An unsigned integer of at most 64 bits.
    U64(u64),
    /// A signed integer of at most 64 bits.
    I64(i64),
    /// An unsigned integer of 128 bits.
    U128(u128),
    /// A signed integer of 128 bits.
    I128(i128),
    /// A single-precision number; kept apart so that `0.1f32` prints as `0.1`. May be NaN or infinite.
    F32(f32),
    /// A double-precision number; may be NaN or infinite.
    F64(f64),
    /// A single character.
    Char(char),
    /// Text.
    Str(&'a str),
    /// Bytes that are no text.
    Bytes(&'a [u8]),
    /// An array of values.
    Seq(Items<'a>),
    /// An object: keys and values in the order they were written; keys may repeat.
    Map(Entries<'a>),
}

impl PartialEq for Value<'_> {
    /// Equal by type and content; floats by bits, so that NaN equals itself.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::U64(a), Value::U64(b)) => a == b,
            (Value::I64(a), Value::I64(b)) => a == b,
            (Value::U128(a), Value::U128(b)) => a == b,
            (Value::I128(a), Value::I128(b)) => a == b,
            (Value::F32(a), Value::F32(b)) => a.to_bits() == b.to_bits(),
            (Value::F64(a), Value::F64(b)) => a.to_bits() == b.to_bits(),
            (Value::Char(a), Value::Char(b)) => a == b,
            (Value::Str(a), Value::Str(b)) => a == b,
            (Value::Bytes(a), Value::Bytes(b)) => a == b,
            (Value::Seq(a), Value::Seq(b)) => a.iter().eq(b.iter()),
            (Value::Map(a), Value::Map(b)) => a.iter().eq(b.iter()),
            _ => false,
        }
    }
}

impl Serialize for Value<'_> {
    /// As the value it is; where an object's key repeats, every entry is handed over.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(value),
            Value::U64(value) => serializer.serialize_u64(value),
            Value::I64(value) => serializer.serialize_i64(value),
            Value::U128(value) => serializer.serialize_u128(value),
            Value::I128(value) => serializer.serialize_i128(value),
            Value::F32(value) => serializer.serialize_f32(value),
            Value::F64(value) => serializer.serialize_f64(value),
            Value::Char(value) => serializer.serialize_char(value),
            Value::Str(value) => serializer.serialize_str(value),
            Value::Bytes(value) => serializer.serialize_bytes(value),
            Value::Seq(items) => serializer.collect_seq(items.iter()),
            Value::Map(entries) => {
                serializer.collect_map(entries.iter().map(|field| (field.key, field.value)))
            }
        }
    }
}

/// One key-value of a record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Field<'a> {
    /// The key as the statement wrote it. May hold any characters.
    pub key: &'a str,
    /// The value, with its type.
    pub value: Value<'a>,
}
