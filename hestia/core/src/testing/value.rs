//! When a value that was logged is the one that a test names.

use crate::layout::to_json;
use crate::record::{Entries, Value};

/// By what they are, not by the width of their type.
pub(super) fn are_same(logged: Value<'_>, wanted: Value<'_>) -> bool {
    if let (Some(logged), Some(wanted)) = (integer(logged), integer(wanted)) {
        return logged == wanted;
    }
    if let (Some(logged), Some(wanted)) = (float(logged), float(wanted)) {
        return logged.is_same(wanted);
    }
    match (logged, wanted) {
        (Value::Char(one), Value::Str(text)) | (Value::Str(text), Value::Char(one)) => {
            let mut letters = text.chars();
            letters.next() == Some(one) && letters.next().is_none()
        }
        (Value::Seq(logged), Value::Seq(wanted)) => {
            let (mut logged, mut wanted) = (logged.iter(), wanted.iter());
            loop {
                match (logged.next(), wanted.next()) {
                    (None, None) => return true,
                    (Some(logged), Some(wanted)) if are_same(logged, wanted) => {}
                    _ => return false,
                }
            }
        }
        (Value::Map(logged), Value::Map(wanted)) => {
            has_all(logged, wanted) && has_all(wanted, logged)
        }
        (logged, wanted) => logged == wanted,
    }
}

/// Whether each key of `some` is in `all`, with its value. Of keys that repeat, the last counts, as for readers of JSON.
fn has_all(all: Entries<'_>, some: Entries<'_>) -> bool {
    some.iter().all(
        |field| match (last(all, field.key), last(some, field.key)) {
            (Some(logged), Some(wanted)) => are_same(logged, wanted),
            _ => false,
        },
    )
}

fn last<'a>(entries: Entries<'a>, key: &str) -> Option<Value<'a>> {
    let of_key = entries.iter().filter(|field| field.key == key);
    of_key.last().map(|field| field.value)
}

/// Whether it is negative, and its distance from zero.
fn integer(value: Value<'_>) -> Option<(bool, u128)> {
    let signed = |number: i128| (number < 0, number.unsigned_abs());
    match value {
        Value::U64(number) => Some((false, number.into())),
        Value::U128(number) => Some((false, number)),
        Value::I64(number) => Some(signed(number.into())),
        Value::I128(number) => Some(signed(number)),
        _ => None,
    }
}

#[derive(Clone, Copy)]
enum Float {
    Single(f32),
    Double(f64),
}

impl Float {
    /// A number of single precision is the one of double precision that rounds to it: `0.1` is `0.1f32`. NaN is NaN.
    #[allow(clippy::cast_possible_truncation, reason = "rounding is the point")]
    fn is_same(self, other: Float) -> bool {
        let same = |one: f64, other: f64| one == other || (one.is_nan() && other.is_nan());
        match (self, other) {
            (Float::Double(one), Float::Double(other)) => same(one, other),
            (Float::Single(one), Float::Single(other)) => same(one.into(), other.into()),
            (Float::Single(single), Float::Double(double))
            | (Float::Double(double), Float::Single(single)) => {
                same(single.into(), f64::from(double as f32))
            }
        }
    }
}

fn float(value: Value<'_>) -> Option<Float> {
    match value {
        Value::F32(number) => Some(Float::Single(number)),
        Value::F64(number) => Some(Float::Double(number)),
        _ => None,
    }
}

/// As JSON, in which text and numbers look different.
pub(super) fn shown(value: Value<'_>) -> String {
    // Of numbers, JSON has no others than these.
    match value {
        Value::F64(number) if !number.is_finite() => number.to_string(),
        Value::F32(number) if !number.is_finite() => number.to_string(),
        value => to_json(value),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::record::{Encode, encode, set_field};

    fn encoded(value: impl Encode) -> Vec<u8> {
        let mut bytes = Vec::new();
        set_field(&mut bytes, "key", &value);
        bytes
    }

    fn serialized(value: &serde_json::Value) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode::fields(&mut bytes).entry_with("key", |encoder| encoder.put_serde(value));
        bytes
    }

    fn value(bytes: &[u8]) -> Value<'_> {
        Entries::new(bytes).iter().next().expect("a field").value
    }

    fn same(logged: impl Encode, wanted: impl Encode) -> bool {
        let (logged, wanted) = (encoded(logged), encoded(wanted));
        let forth = are_same(value(&logged), value(&wanted));
        assert_eq!(forth, are_same(value(&wanted), value(&logged)));
        forth
    }

    #[test]
    fn numbers_are_compared_by_number() {
        assert!(same(5_u8, 5_i32));
        assert!(same(5_u128, 5_i64));
        assert!(same(-5_i8, -5_i128));
        assert!(!same(u64::MAX, -1_i64));
        assert!(!same(u128::MAX, -1_i128));
        assert!(same(0.1_f32, 0.1_f64));
        assert!(same(f64::NAN, f32::NAN));
        assert!(same(0.0, -0.0));
        assert!(!same(5, 5.0));
        assert!(!same(5, "5"));
        assert!(!same(1, true));
    }

    #[test]
    fn text_is_compared_by_letters_and_nothing_is_only_nothing() {
        assert!(same("a", 'a'));
        assert!(!same("ab", 'a'));
        assert!(!same("", 'a'));
        assert!(same(None::<u8>, ()));
        assert!(!same(None::<u8>, 0));
        assert!(!same("", ()));
    }

    #[test]
    fn what_is_nested_is_compared_inside() {
        assert!(same([1_u8, 2], vec![1_i64, 2]));
        assert!(!same([1, 2], [1, 2, 3]));
        assert!(!same([1, 2], [2, 1]));
        let one = serialized(&json!({ "a": 1, "b": [{ "c": "x" }] }));
        let other = serialized(&json!({ "b": [{ "c": "x" }], "a": 1_u8 }));
        assert!(are_same(value(&one), value(&other)));
        for different in [
            json!({ "a": 1 }),
            json!({ "a": 1, "b": [{ "c": "y" }] }),
            json!({ "a": 1, "b": [{ "c": "x" }], "d": null }),
            json!([]),
        ] {
            let different = serialized(&different);
            assert!(!are_same(value(&one), value(&different)));
            assert!(!are_same(value(&different), value(&one)));
        }
    }

    #[test]
    fn values_are_shown_so_that_types_can_be_told() {
        let shown = |bytes: Vec<u8>| shown(value(&bytes));
        assert_eq!(shown(encoded(5)), "5");
        assert_eq!(shown(encoded("5")), r#""5""#);
        assert_eq!(shown(encoded(5.0)), "5.0");
        assert_eq!(shown(encoded(f64::NAN)), "NaN");
        assert_eq!(shown(encoded(u128::MAX)), u128::MAX.to_string());
        assert_eq!(
            shown(serialized(&json!({ "a": [null] }))),
            r#"{"a":[null]}"#
        );
    }
}
