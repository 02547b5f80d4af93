//! What the encoding promises, from end to end: whatever is written is read back, and what is no record is an
//! error. Values, whole records, and the fields of a record that come from several places.

mod image;
mod merge;
mod serde;
mod value;

use std::collections::HashSet;

use proptest::prelude::*;

use super::decode::{DecodeError, Decoder, Entries};
use super::encode::{self, Encode, Encoded, Encoder};
use super::value::{Field, Value};
use super::{Record, RecordBuf, Surroundings};

impl RecordBuf {
    /// Reads one record, for what tests make of it.
    pub(crate) fn decode_to<R>(
        &mut self,
        flags: u32,
        bytes: &[u8],
        surroundings: &Surroundings<'_>,
        take: impl FnOnce(&Record<'_>) -> R,
    ) -> Result<R, DecodeError> {
        let (mut take, mut taken) = (Some(take), None);
        self.decode(flags, bytes, surroundings, &mut |record| {
            taken = take.take().map(|take| take(record));
        })?;
        Ok(taken.expect("what is decoded is passed on, once"))
    }
}

/// A value that owns itself. Floats are their bits, so that NaN equals itself and -0 does not equal 0.
#[derive(Clone, Debug, PartialEq)]
enum Owned {
    Null,
    Bool(bool),
    U64(u64),
    I64(i64),
    U128(u128),
    I128(i128),
    F32(u32),
    F64(u64),
    Char(char),
    Str(String),
    Bytes(Vec<u8>),
    Seq(Vec<Owned>),
    Map(Vec<(String, Owned)>),
}

impl Owned {
    fn read(value: Value<'_>) -> Self {
        match value {
            Value::Null => Owned::Null,
            Value::Bool(value) => Owned::Bool(value),
            Value::U64(number) => Owned::U64(number),
            Value::I64(number) => Owned::I64(number),
            Value::U128(number) => Owned::U128(number),
            Value::I128(number) => Owned::I128(number),
            Value::F32(number) => Owned::F32(number.to_bits()),
            Value::F64(number) => Owned::F64(number.to_bits()),
            Value::Char(c) => Owned::Char(c),
            Value::Str(text) => Owned::Str(text.to_owned()),
            Value::Bytes(bytes) => Owned::Bytes(bytes.to_vec()),
            Value::Seq(items) => Owned::Seq(items.iter().map(Owned::read).collect()),
            Value::Map(entries) => Owned::Map(read_fields(entries)),
        }
    }

    fn encoded(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.encode(Encoder::new(&mut bytes));
        bytes.to_vec()
    }
}

impl Encode for Owned {
    fn encode(&self, encoder: Encoder<'_>) -> Encoded {
        match self {
            Owned::Null => encoder.put_null(),
            Owned::Bool(value) => encoder.put_bool(*value),
            Owned::U64(number) => encoder.put_u64(*number),
            Owned::I64(number) => encoder.put_i64(*number),
            Owned::U128(number) => encoder.put_u128(*number),
            Owned::I128(number) => encoder.put_i128(*number),
            Owned::F32(bits) => encoder.put_f32(f32::from_bits(*bits)),
            Owned::F64(bits) => encoder.put_f64(f64::from_bits(*bits)),
            Owned::Char(c) => encoder.put_char(*c),
            Owned::Str(text) => encoder.put_str(text),
            Owned::Bytes(bytes) => encoder.put_bytes(bytes),
            Owned::Seq(items) => items.encode(encoder),
            Owned::Map(entries) => encoder.put_map(|map| {
                for (key, value) in entries {
                    map.entry(key, value);
                }
            }),
        }
    }
}

fn read_field(field: Field<'_>) -> (String, Owned) {
    (field.key.to_owned(), Owned::read(field.value))
}

fn read_fields(entries: Entries<'_>) -> Vec<(String, Owned)> {
    entries.iter().map(read_field).collect()
}

fn encoded_fields(fields: &[(String, Owned)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut map = encode::fields(&mut bytes);
    for (key, value) in fields {
        map.entry(key, value);
    }
    bytes.to_vec()
}

/// The one value that the bytes are.
fn decoded(bytes: &[u8]) -> Owned {
    let mut decoder = Decoder::new(bytes);
    let value = decoder.get_value().expect("what was encoded is decoded");
    assert_eq!(decoder.left(), 0, "one value and no more");
    Owned::read(value)
}

/// Text of any kind: empty, with controls, with every length of a character, like the encoding itself.
fn text() -> impl Strategy<Value = String> {
    let hostile = prop::sample::select(vec![
        "",
        "\0",
        "\n\r\t",
        "\u{1b}[2J",
        "\u{2028}\u{202e}",
        "\u{10ffff}",
        "é日😀",
        "\u{a}\u{0}\u{0}\u{0}x",
    ]);
    prop_oneof![
        hostile.prop_map(str::to_owned),
        any::<String>(),
        "[a-z]{0,3}"
    ]
}

fn owned() -> impl Strategy<Value = Owned> {
    let special = prop::sample::select(vec![f64::NAN, f64::INFINITY, -0.0, f64::MIN_POSITIVE]);
    let leaf = prop_oneof![
        Just(Owned::Null),
        any::<bool>().prop_map(Owned::Bool),
        any::<u64>().prop_map(Owned::U64),
        any::<i64>().prop_map(Owned::I64),
        any::<u128>().prop_map(Owned::U128),
        any::<i128>().prop_map(Owned::I128),
        any::<u32>().prop_map(Owned::F32),
        any::<u64>().prop_map(Owned::F64),
        special.prop_map(|number| Owned::F64(number.to_bits())),
        any::<char>().prop_map(Owned::Char),
        text().prop_map(Owned::Str),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(Owned::Bytes),
    ];
    leaf.prop_recursive(8, 48, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Owned::Seq),
            prop::collection::vec((text(), inner), 0..5).prop_map(Owned::Map),
        ]
    })
}

/// Entries, among whose keys some repeat.
fn fields(most: usize) -> impl Strategy<Value = Vec<(String, Owned)>> {
    let key = prop_oneof![
        (0_u8..100).prop_map(|number| format!("key{number}")),
        text()
    ];
    prop::collection::vec((key, owned()), 0..=most)
}

/// The first entry of each key.
fn each_key_once(mut fields: Vec<(String, Owned)>) -> Vec<(String, Owned)> {
    let mut known = HashSet::new();
    fields.retain(|(key, _)| known.insert(key.clone()));
    fields
}
