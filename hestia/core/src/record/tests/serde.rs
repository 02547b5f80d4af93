//! Values of `serde`, held against what `serde_json` makes of them.

use std::collections::BTreeMap;

use ::serde::ser::{Serialize, SerializeMap, Serializer};
use proptest::prelude::*;
use serde_json::Value as Json;

use super::{Owned, decoded, text};
use crate::record::encode::Encoder;

/// One value of every kind that `serde` distinguishes.
#[derive(Clone, Debug, ::serde::Serialize)]
#[serde(untagged)]
enum Any {
    Unit(()),
    UnitStruct(UnitStruct),
    Bool(bool),
    Signed(i8, i16, i32, i64, i128),
    Unsigned(u8, u16, u32, u64, u128),
    F32(f32),
    F64(f64),
    Char(char),
    Text(String),
    Bytes(Bytes),
    Option(Option<Box<Any>>),
    Newtype(Newtype),
    Seq(Vec<Any>),
    Tuple(Box<(Any, Any)>),
    TupleStruct(TupleStruct),
    Struct(Struct),
    Variant(Variant),
    ByText(BTreeMap<String, Any>),
    ByNumber(BTreeMap<i16, Any>),
    ByCharacter(BTreeMap<char, Any>),
    ByBool(BTreeMap<bool, Any>),
    ByVariant(BTreeMap<Key, Any>),
    Repeated(Repeated),
}

#[derive(Clone, Debug, ::serde::Serialize)]
struct UnitStruct;

#[derive(Clone, Debug, ::serde::Serialize)]
struct Newtype(Box<Any>);

#[derive(Clone, Debug, ::serde::Serialize)]
struct TupleStruct(Box<Any>, u8);

#[derive(Clone, Debug, ::serde::Serialize)]
struct Struct {
    first: Box<Any>,
    #[serde(rename = "a \"second\"")]
    second: Option<u8>,
}

#[derive(Clone, Debug, ::serde::Serialize)]
enum Variant {
    Unit,
    Newtype(Box<Any>),
    Tuple(u8, Box<Any>),
    Struct { inner: Box<Any>, flag: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ::serde::Serialize)]
enum Key {
    First,
    Second,
}

#[derive(Clone, Debug)]
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

/// A map that gives keys more than once.
#[derive(Clone, Debug)]
struct Repeated(Vec<(String, Any)>);

impl Serialize for Repeated {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

fn leaf() -> impl Strategy<Value = Any> {
    // `serde_json::Value` holds integers of 64 bits; the larger ones are left to the tests of single values.
    let small = (any::<i64>(), any::<u64>());
    prop_oneof![
        Just(Any::Unit(())),
        Just(Any::UnitStruct(UnitStruct)),
        Just(Any::Option(None)),
        Just(Any::Variant(Variant::Unit)),
        any::<bool>().prop_map(Any::Bool),
        small.prop_flat_map(|(signed, unsigned)| {
            (
                any::<(i8, i16, i32)>(),
                any::<(u8, u16, u32)>(),
                any::<bool>(),
            )
                .prop_map(move |(i, u, is_signed)| {
                    if is_signed {
                        Any::Signed(i.0, i.1, i.2, signed, signed.into())
                    } else {
                        Any::Unsigned(u.0, u.1, u.2, unsigned, unsigned.into())
                    }
                })
        }),
        any::<u32>().prop_map(|bits| Any::F32(f32::from_bits(bits))),
        any::<u64>().prop_map(|bits| Any::F64(f64::from_bits(bits))),
        any::<char>().prop_map(Any::Char),
        text().prop_map(Any::Text),
        prop::collection::vec(any::<u8>(), 0..10).prop_map(|bytes| Any::Bytes(Bytes(bytes))),
    ]
}

fn any_value() -> impl Strategy<Value = Any> {
    leaf().prop_recursive(5, 40, 4, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        let key = prop::sample::select(vec![Key::First, Key::Second]);
        let one = prop_oneof![
            boxed.clone().prop_map(|inner| Any::Option(Some(inner))),
            boxed.clone().prop_map(|inner| Any::Newtype(Newtype(inner))),
            (boxed.clone(), any::<u8>())
                .prop_map(|(inner, n)| Any::TupleStruct(TupleStruct(inner, n))),
            (boxed.clone(), any::<Option<u8>>())
                .prop_map(|(first, second)| Any::Struct(Struct { first, second })),
            boxed
                .clone()
                .prop_map(|inner| Any::Variant(Variant::Newtype(inner))),
            (any::<u8>(), boxed.clone())
                .prop_map(|(n, inner)| Any::Variant(Variant::Tuple(n, inner))),
            (boxed, any::<bool>())
                .prop_map(|(inner, flag)| Any::Variant(Variant::Struct { inner, flag })),
            (inner.clone(), inner.clone()).prop_map(|pair| Any::Tuple(Box::new(pair))),
        ];
        let many = prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Any::Seq),
            prop::collection::btree_map(text(), inner.clone(), 0..4).prop_map(Any::ByText),
            prop::collection::btree_map(any::<i16>(), inner.clone(), 0..4).prop_map(Any::ByNumber),
            prop::collection::btree_map(any::<char>(), inner.clone(), 0..4)
                .prop_map(Any::ByCharacter),
            prop::collection::btree_map(any::<bool>(), inner.clone(), 0..3).prop_map(Any::ByBool),
            prop::collection::btree_map(key, inner.clone(), 0..3).prop_map(Any::ByVariant),
            prop::collection::vec(("[ab]", inner), 0..4)
                .prop_map(|entries| Any::Repeated(Repeated(entries))),
        ];
        prop_oneof![one, many]
    })
}

/// The value as `serde_json` would have it: bytes are an array, what is no number is null, integers of 128 bits
/// fit into 64, and of a repeated key the last counts.
fn as_json(value: Owned) -> Json {
    match value {
        Owned::Null => Json::Null,
        Owned::Bool(value) => value.into(),
        Owned::U64(number) => number.into(),
        Owned::I64(number) => number.into(),
        Owned::U128(number) => u64::try_from(number).unwrap().into(),
        Owned::I128(number) => i64::try_from(number).unwrap().into(),
        Owned::F32(bits) => f32::from_bits(bits).into(),
        Owned::F64(bits) => f64::from_bits(bits).into(),
        Owned::Char(c) => c.to_string().into(),
        Owned::Str(text) => text.into(),
        Owned::Bytes(bytes) => bytes.into(),
        Owned::Seq(items) => items.into_iter().map(as_json).collect(),
        Owned::Map(entries) => {
            let entries = entries.into_iter();
            entries.map(|(key, value)| (key, as_json(value))).collect()
        }
    }
}

fn put(value: &impl Serialize) -> Owned {
    let mut bytes = Vec::new();
    Encoder::new(&mut bytes).put_serde(value);
    decoded(&bytes)
}

proptest! {
    #[test]
    fn any_value_of_serde_is_what_serde_json_makes_of_it(value in any_value()) {
        prop_assert_eq!(as_json(put(&value)), serde_json::to_value(&value).unwrap());
    }

    #[test]
    fn floats_as_keys_are_those_of_serde_json(number in any::<f64>().prop_filter("a key is a number", |number| number.is_finite())) {
        let map = FloatKey(number);
        prop_assert_eq!(as_json(put(&map)), serde_json::to_value(map).unwrap());
    }
}

struct FloatKey(f64);

impl Serialize for FloatKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(&self.0, &1)?;
        map.end()
    }
}

#[test]
fn numbers_keep_their_width_and_sign() {
    assert_eq!(put(&u128::MAX), Owned::U128(u128::MAX));
    assert_eq!(put(&i128::MIN), Owned::I128(i128::MIN));
    assert_eq!(put(&0.1_f32), Owned::F32(0.1_f32.to_bits()));
    assert_eq!(put(&f64::NAN), Owned::F64(f64::NAN.to_bits()));
    assert_eq!(put(&-1_i8), Owned::I64(-1));
    assert_eq!(put(&u64::MAX), Owned::U64(u64::MAX));
}
