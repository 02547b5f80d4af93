//! From serde's data model into the typed encoding.
//!
//! Runs on the caller's thread. Enums are written as serde_json writes them: a unit variant is its name,
//! any other an object with the name as its one key. Bytes stay bytes.
//!
//! *Invariant:* allocates nothing of its own, except for the message of an error.

use std::fmt::{self, Write as _};

use serde::ser::{self, Impossible, Serialize};

use super::encode::{
    Encoded, Encoder, Nested, TAG_MAP, TAG_SEQ, append_display, append_str, close, open,
};

pub(super) fn serialize<T: Serialize + ?Sized>(
    encoder: Encoder<'_>,
    value: &T,
) -> Result<Encoded, Error> {
    value.serialize(ValueSerializer(encoder))
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

struct ValueSerializer<'a>(Encoder<'a>);

macro_rules! put {
    ($($function:ident($type:ty) => $method:ident($wide:ty);)+) => {$(
        fn $function(self, value: $type) -> Result<Encoded, Error> {
            Ok(self.0.$method(<$wide>::from(value)))
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
        Ok(self.0.put_str(value))
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<Encoded, Error> {
        Ok(self.0.put_display(value))
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<Encoded, Error> {
        Ok(self.0.put_bytes(value))
    }

    fn serialize_none(self) -> Result<Encoded, Error> {
        Ok(self.0.put_null())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Encoded, Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Encoded, Error> {
        Ok(self.0.put_null())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Encoded, Error> {
        Ok(self.0.put_null())
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Encoded, Error> {
        Ok(self.0.put_str(variant))
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
        let mut object = self.0.open_nested(TAG_MAP, None);
        append_str(object.key(), variant);
        serialize(object.value(), value)?;
        Ok(object.close())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Nested<'a>, Error> {
        Ok(self.0.open_nested(TAG_SEQ, None))
    }

    fn serialize_tuple(self, _: usize) -> Result<Nested<'a>, Error> {
        Ok(self.0.open_nested(TAG_SEQ, None))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Nested<'a>, Error> {
        Ok(self.0.open_nested(TAG_SEQ, None))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Nested<'a>, Error> {
        Ok(self.0.open_nested(TAG_SEQ, Some(variant)))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Nested<'a>, Error> {
        Ok(self.0.open_nested(TAG_MAP, None))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Nested<'a>, Error> {
        Ok(self.0.open_nested(TAG_MAP, None))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Nested<'a>, Error> {
        Ok(self.0.open_nested(TAG_MAP, Some(variant)))
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
        key.serialize(KeySerializer(self.key()))
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

/// Keys are text; numbers, booleans and the names of variants are made into it, as serde_json does.
struct KeySerializer<'a>(&'a mut Vec<u8>);

impl KeySerializer<'_> {
    fn display(self, key: fmt::Arguments<'_>) -> Result<(), Error> {
        let start = open(self.0);
        append_display(self.0, key);
        close(self.0, start);
        Ok(())
    }
}

fn no_key<T>() -> Result<T, Error> {
    Err(ser::Error::custom("a key is neither text nor a number"))
}

macro_rules! key_display {
    ($($function:ident($type:ty))+) => {$(
        fn $function(self, value: $type) -> Result<(), Error> {
            self.display(format_args!("{value}"))
        }
    )+};
}

impl ser::Serializer for KeySerializer<'_> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Impossible<(), Error>;
    type SerializeTuple = Impossible<(), Error>;
    type SerializeTupleStruct = Impossible<(), Error>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Impossible<(), Error>;
    type SerializeStruct = Impossible<(), Error>;
    type SerializeStructVariant = Impossible<(), Error>;

    key_display! {
        serialize_bool(bool)
        serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64) serialize_i128(i128)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64) serialize_u128(u128)
        serialize_char(char)
    }

    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        self.serialize_str(zmij::Buffer::new().format(value))
    }

    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        self.serialize_str(zmij::Buffer::new().format(value))
    }

    fn serialize_str(self, value: &str) -> Result<(), Error> {
        append_str(self.0, value);
        Ok(())
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<(), Error> {
        self.display(format_args!("{value}"))
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), Error> {
        no_key()
    }

    fn serialize_none(self) -> Result<(), Error> {
        no_key()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        no_key()
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<(), Error> {
        self.serialize_str(name)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Error> {
        no_key()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Impossible<(), Error>, Error> {
        no_key()
    }

    fn serialize_tuple(self, _: usize) -> Result<Impossible<(), Error>, Error> {
        no_key()
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Impossible<(), Error>, Error> {
        no_key()
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Impossible<(), Error>, Error> {
        no_key()
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Impossible<(), Error>, Error> {
        no_key()
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Impossible<(), Error>, Error> {
        no_key()
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Impossible<(), Error>, Error> {
        no_key()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Serialize;

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
