//! From serde's data model into the typed encoding.
//!
//! Runs on the caller's thread. Enums are written as serde_json writes them: a unit variant is its name,
//! any other an object with the name as its one key. Bytes stay bytes.
//!
//! *Invariant:* allocates nothing of its own, except for the message of an error.

use std::fmt::{self, Write as _};

use serde::ser::{self, Serialize};

use super::decode::Decoder;
use super::encode::{
    Encoded, Encoder, Nested, TAG_MAP, TAG_SEQ, append_display, append_str, close, open,
};
use super::value::Value;

pub(super) fn serialize<T: Serialize + ?Sized>(
    encoder: Encoder<'_>,
    value: &T,
) -> Result<Encoded, Error> {
    value.serialize(ValueSerializer {
        encoder,
        is_key: false,
    })
}

/// What a value's own `Serialize` complained about.
#[derive(Debug)]
pub(super) struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl ser::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        let mut text = String::new();
        // A message that cannot be formatted is told as far as it came.
        let _ = write!(text, "{message}");
        Error(text)
    }
}

struct ValueSerializer<'a> {
    encoder: Encoder<'a>,
    /// What has no text is refused. (A serializer of its own for keys would be as much code again, in every program.)
    is_key: bool,
}

impl<'a> ValueSerializer<'a> {
    /// An array or an object. Not inlined: serde has eight names for them.
    #[inline(never)]
    fn open(self, tag: u8, variant: Option<&str>) -> Result<Nested<'a>, Error> {
        if self.is_key {
            return Err(no_key());
        }
        Ok(self.encoder.open_nested(tag, variant))
    }
}

#[cold]
fn no_key() -> Error {
    ser::Error::custom("a key is neither text nor a number")
}

macro_rules! put {
    ($($function:ident($type:ty) => $method:ident($wide:ty);)+) => {$(
        fn $function(self, value: $type) -> Result<Encoded, Error> {
            Ok(self.encoder.$method(<$wide>::from(value)))
        }
    )+};
}

impl<'a> ser::Serializer for ValueSerializer<'a> {
    type Ok = Encoded;
    type Error = Error;
    type SerializeSeq = Nested<'a>;
    type SerializeTuple = Nested<'a>;
    type SerializeTupleStruct = Nested<'a>;
    type SerializeTupleVariant = Nested<'a>;
    type SerializeMap = Nested<'a>;
    type SerializeStruct = Nested<'a>;
    type SerializeStructVariant = Nested<'a>;

    put! {
        serialize_bool(bool) => put_bool(bool);
        serialize_i8(i8) => put_i64(i64);
        serialize_i16(i16) => put_i64(i64);
        serialize_i32(i32) => put_i64(i64);
        serialize_i64(i64) => put_i64(i64);
        serialize_i128(i128) => put_i128(i128);
        serialize_u8(u8) => put_u64(u64);
        serialize_u16(u16) => put_u64(u64);
        serialize_u32(u32) => put_u64(u64);
        serialize_u64(u64) => put_u64(u64);
        serialize_u128(u128) => put_u128(u128);
        serialize_f32(f32) => put_f32(f32);
        serialize_f64(f64) => put_f64(f64);
        serialize_char(char) => put_char(char);
    }

    fn serialize_str(self, value: &str) -> Result<Encoded, Error> {
        Ok(self.encoder.put_str(value))
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<Encoded, Error> {
        Ok(self.encoder.put_display(value))
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<Encoded, Error> {
        Ok(self.encoder.put_bytes(value))
    }

    fn serialize_none(self) -> Result<Encoded, Error> {
        Ok(self.encoder.put_null())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Encoded, Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Encoded, Error> {
        Ok(self.encoder.put_null())
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<Encoded, Error> {
        Ok(match self.is_key {
            // serde_json refuses it; `sval` hands bare tags over so.
            true => self.encoder.put_str(name),
            false => self.encoder.put_null(),
        })
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Encoded, Error> {
        Ok(self.encoder.put_str(variant))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Encoded, Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Encoded, Error> {
        let mut object = self.open(TAG_MAP, None)?;
        append_str(object.key(), variant);
        serialize(object.value(), value)?;
        Ok(object.close())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Nested<'a>, Error> {
        self.open(TAG_SEQ, None)
    }

    fn serialize_tuple(self, _: usize) -> Result<Nested<'a>, Error> {
        self.open(TAG_SEQ, None)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Nested<'a>, Error> {
        self.open(TAG_SEQ, None)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Nested<'a>, Error> {
        self.open(TAG_SEQ, Some(variant))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Nested<'a>, Error> {
        self.open(TAG_MAP, None)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Nested<'a>, Error> {
        self.open(TAG_MAP, None)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Nested<'a>, Error> {
        self.open(TAG_MAP, Some(variant))
    }
}

macro_rules! push_items {
    ($($trait:ident $function:ident;)+) => {$(
        impl ser::$trait for Nested<'_> {
            type Ok = Encoded;
            type Error = Error;

            fn $function<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                if self.leaves_out() {
                    return Ok(());
                }
                serialize(self.value(), value).map(drop)
            }

            fn end(self) -> Result<Encoded, Error> {
                Ok(self.close())
            }
        }
    )+};
}

push_items! {
    SerializeSeq serialize_element;
    SerializeTuple serialize_element;
    SerializeTupleStruct serialize_field;
    SerializeTupleVariant serialize_field;
}

macro_rules! add_entries {
    ($($trait:ident)+) => {$(
        impl ser::$trait for Nested<'_> {
            type Ok = Encoded;
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), Error> {
                if self.leaves_out() {
                    return Ok(());
                }
                append_str(self.key(), key);
                serialize(self.value(), value).map(drop)
            }

            fn end(self) -> Result<Encoded, Error> {
                Ok(self.close())
            }
        }
    )+};
}

add_entries!(SerializeStruct SerializeStructVariant);

impl ser::SerializeMap for Nested<'_> {
    type Ok = Encoded;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        if self.leaves_out() {
            return Ok(());
        }
        let start = self.key().len();
        let written = key.serialize(ValueSerializer {
            encoder: self.key_encoder(),
            is_key: true,
        });
        let made = written.and_then(|_| make_key(self.key(), start));
        if made.is_err() {
            // Whoever goes on all the same goes on with the next key.
            self.key().truncate(start);
        }
        made
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        // As for its key.
        if self.has_left_out() {
            return Ok(());
        }
        serialize(self.value(), value).map(drop)
    }

    fn end(self) -> Result<Encoded, Error> {
        Ok(self.close())
    }
}

/// Makes what was written from there on a key. Keys are text; numbers and booleans are made into it, as serde_json does
/// (which refuses those that are not finite).
fn make_key(bytes: &mut Vec<u8>, start: usize) -> Result<(), Error> {
    let end = bytes.len();
    match Decoder::new(&bytes[start..]).get_item() {
        Ok(Value::Str(_)) => {
            // A key is a text without its tag.
            bytes.remove(start);
            return Ok(());
        }
        Ok(Value::Bool(value)) => append_key(bytes, format_args!("{value}")),
        Ok(Value::U64(value)) => append_key(bytes, format_args!("{value}")),
        Ok(Value::I64(value)) => append_key(bytes, format_args!("{value}")),
        Ok(Value::U128(value)) => append_key(bytes, format_args!("{value}")),
        Ok(Value::I128(value)) => append_key(bytes, format_args!("{value}")),
        Ok(Value::Char(value)) => append_key(bytes, format_args!("{value}")),
        Ok(Value::F32(value)) => append_str(bytes, zmij::Buffer::new().format(value)),
        Ok(Value::F64(value)) => append_str(bytes, zmij::Buffer::new().format(value)),
        _ => return Err(no_key()),
    }
    bytes.drain(start..end);
    Ok(())
}

/// Not inlined: six kinds of values are made keys.
#[inline(never)]
fn append_key(bytes: &mut Vec<u8>, key: fmt::Arguments<'_>) {
    let start = open(bytes);
    append_display(bytes, key);
    close(bytes, start);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Serialize;
    use serde::ser::SerializeMap as _;

    use super::super::decode::{Decoder, Entries};
    use super::super::encode::{Encoder, MAX_DEPTH};
    use super::super::value::Value;

    fn encoded(value: &impl Serialize) -> Vec<u8> {
        let mut bytes = Vec::new();
        Encoder::new(&mut bytes).put_serde(value);
        bytes.to_vec()
    }

    fn shown(value: &impl Serialize) -> String {
        let bytes = encoded(value);
        let mut decoder = Decoder::new(&bytes);
        let value = decoder.get_value().unwrap();
        assert!(decoder.left() == 0, "one value and no more");
        format!("{value:?}")
    }

    #[derive(Serialize)]
    enum Kind {
        Unit,
        One(u8),
        Two(u8, bool),
        Named { x: i32 },
    }

    #[test]
    fn enums_are_written_as_serde_json_writes_them() {
        assert_eq!(shown(&Kind::Unit), r#"Str("Unit")"#);
        assert_eq!(shown(&Kind::One(1)), r#"Map({"One": U64(1)})"#);
        assert_eq!(
            shown(&Kind::Two(1, true)),
            r#"Map({"Two": Seq([U64(1), Bool(true)])})"#
        );
        assert_eq!(
            shown(&Kind::Named { x: -1 }),
            r#"Map({"Named": Map({"x": I64(-1)})})"#
        );
    }

    #[test]
    fn keys_of_maps_become_text() {
        let map = BTreeMap::from([(1, Some("a")), (2, None)]);
        assert_eq!(shown(&map), r#"Map({"1": Str("a"), "2": Null})"#);
    }

    /// Serializes its pairs as the entries of a map.
    struct Pairs<K>(Vec<K>);

    impl<K: Serialize> Serialize for Pairs<K> {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map(self.0.iter().map(|key| (key, 0_u8)))
        }
    }

    #[test]
    fn each_key_is_the_text_that_serde_json_makes_of_it() {
        fn same<K: Serialize>(keys: Vec<K>) {
            let pairs = Pairs(keys);
            let bytes = encoded(&pairs);
            let ours = Decoder::new(&bytes).get_value().unwrap();
            let ours = serde_json::to_string(&ours).unwrap();
            assert_eq!(ours, serde_json::to_string(&pairs).unwrap());
        }
        same(vec![true, false]);
        same(vec![0, i64::MIN]);
        same(vec![u64::MAX]);
        same(vec![u128::MAX]);
        same(vec![i128::MIN]);
        same(vec![0.1_f32, -1e30]);
        same(vec![0.1_f64, 1e300]);
        same(vec!['a', '\u{10ffff}']);
        same(vec!["", "two words", "\u{0}"]);
        same(vec![Some("some")]);
        same(vec![String::from("x").into_boxed_str()]);
        same(vec![Kind::Unit]);
        same(vec![std::net::Ipv4Addr::LOCALHOST]);
    }

    #[test]
    fn a_struct_without_fields_is_a_key_by_its_name() {
        #[derive(Serialize)]
        struct Bare;
        assert_eq!(shown(&Pairs(vec![Bare])), r#"Map({"Bare": U64(0)})"#);
    }

    #[test]
    fn what_is_no_key_is_refused_as_serde_json_refuses_it() {
        fn refused<K: Serialize>(key: K) {
            let pairs = Pairs(vec![key]);
            assert!(shown(&pairs).contains("not serializable: a key is neither"));
            assert!(serde_json::to_string(&pairs).is_err());
        }
        refused(None::<u8>);
        refused(());
        refused([1]);
        refused(Kind::One(1));
        refused(Kind::Named { x: 1 });
        refused(BTreeMap::from([(1, 2)]));
    }

    #[test]
    fn a_refused_key_leaves_nothing_behind() {
        struct GoesOn;
        impl Serialize for GoesOn {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                map.serialize_entry("first", &1)?;
                for bad in [vec![1, 2], vec![]] {
                    assert!(map.serialize_key(&bad).is_err());
                }
                assert!(map.serialize_key(&Some(())).is_err());
                assert!(map.serialize_key(&BTreeMap::from([("a", 1)])).is_err());
                map.serialize_entry("last", &2)?;
                map.end()
            }
        }
        assert_eq!(shown(&GoesOn), r#"Map({"first": I64(1), "last": I64(2)})"#);
    }

    #[test]
    fn a_key_is_never_cut_however_short_its_map_may_be() {
        let map = BTreeMap::from([("session_token", 123_456), ("user", 7)]);
        for most in 0..120 {
            let mut bytes = Vec::new();
            Encoder::within(&mut bytes, most).put_serde(&map);
            let value = Decoder::new(&bytes).get_value().unwrap();
            let Value::Map(entries) = value else {
                panic!("{value:?}")
            };
            for field in entries.iter() {
                let key = field.key;
                assert!(map.contains_key(key) || key == "…", "{most}: {key}");
            }
        }
    }

    #[test]
    fn a_value_that_fails_leaves_only_its_message() {
        struct Fails;
        impl Serialize for Fails {
            fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                Err(serde::ser::Error::custom("out of order"))
            }
        }
        let half_done = ("first", Fails);
        assert_eq!(
            shown(&half_done),
            r#"Str("<not serializable: out of order>")"#
        );
        let bad_key = BTreeMap::from([(vec![1], 1)]);
        assert!(shown(&bad_key).contains("not serializable"));
    }

    #[test]
    fn nesting_ends_at_the_limit() {
        struct Deep(u32);
        impl Serialize for Deep {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self.0 {
                    0 => serializer.serialize_unit(),
                    rest => (Deep(rest - 1),).serialize(serializer),
                }
            }
        }
        let bytes = encoded(&Deep(500));
        let mut value = Decoder::new(&bytes).get_value().unwrap();
        let mut depth = 0;
        while let Value::Seq(items) = value {
            value = items.iter().next().unwrap();
            depth += 1;
        }
        assert_eq!(value, Value::Str("…"));
        assert_eq!(depth, u32::from(MAX_DEPTH));
        assert!(Entries::new(&bytes).iter().count() <= 1);
    }
}
