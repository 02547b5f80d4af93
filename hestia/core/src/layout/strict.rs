//! Reads JSON as strictly as the strictest of its readers. For tests and fuzz targets: what `serde_json`
//! takes without a word, a key that stands twice in one object, others refuse, or read the other way.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;

/// The value, unless it is invalid or has a key twice in one object. RFC 8259, section 4, leaves to each
/// reader what it makes of such an object.
pub(crate) fn read(text: &str) -> serde_json::Result<Json> {
    serde_json::from_str::<NoKeyTwice>(text)?;
    serde_json::from_str(text)
}

/// Any JSON without a key that stands twice in one object.
struct NoKeyTwice;

impl<'de> Deserialize<'de> for NoKeyTwice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NoKeyTwice)
    }
}

impl<'de> Visitor<'de> for NoKeyTwice {
    type Value = NoKeyTwice;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON without repeated keys")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        let mut keys = HashSet::new();
        while let Some((key, NoKeyTwice)) = map.next_entry::<String, NoKeyTwice>()? {
            if let Some(key) = keys.replace(key) {
                return Err(A::Error::custom(format!("key {key:?} stands twice")));
            }
        }
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<NoKeyTwice>()?.is_some() {}
        Ok(self)
    }

    fn visit_unit<E: Error>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strict_reader_refuses_a_key_that_stands_twice() {
        for (text, twice) in [
            (
                r#"{"a":[{"b":1,"c":":\""}],"b":{},"d":null,"e":-1.5}"#,
                false,
            ),
            (r#"{"a":1,"b":2,"a":3}"#, true),
            (r#"[{"a":{"x":true,"\u0078":false}}]"#, true),
        ] {
            assert_eq!(read(text).is_err(), twice, "{text}");
            assert!(serde_json::from_str::<Json>(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn the_strict_reader_refuses_what_is_no_json() {
        for text in ["", "{", "{}{}", "{\"a\":NaN}", "{\"a\":\"\n\"}"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
