//! Values as JSON and as words of a text line; numbers, identifiers and bytes as both have them.
//!
//! *Invariant:* nothing goes through `std::fmt`, and nothing allocates, an object of many keys apart.

use std::collections::HashMap;

use super::escape;
use crate::record::{Entries, Field, Value};

/// Appends a value as JSON.
///
/// NaN and the infinities, which JSON does not have, are the strings `"NaN"`, `"inf"` and `"-inf"`; integers
/// have all their digits; bytes are base64; where an object has a key twice, the last one counts.
pub(super) fn append_json(line: &mut Vec<u8>, value: Value<'_>) {
    match value {
        Value::Null => line.extend_from_slice(b"null"),
        Value::Bool(true) => line.extend_from_slice(b"true"),
        Value::Bool(false) => line.extend_from_slice(b"false"),
        Value::U64(number) => append_integer(line, number),
        Value::I64(number) => append_integer(line, number),
        Value::U128(number) => append_integer(line, number),
        Value::I128(number) => append_integer(line, number),
        Value::F32(number) if number.is_finite() => append_float(line, number),
        Value::F64(number) if number.is_finite() => append_float(line, number),
        Value::F32(number) => append_quoted(line, |line| append_float(line, number)),
        Value::F64(number) => append_quoted(line, |line| append_float(line, number)),
        Value::Char(c) => escape::append_json(line, c.encode_utf8(&mut [0; 4])),
        Value::Str(text) => escape::append_json(line, text),
        Value::Bytes(bytes) => append_quoted(line, |line| append_base64(line, bytes)),
        Value::Seq(items) => append_list(line, b'[', b']', items.iter(), append_json),
        Value::Map(entries) => append_json_object(line, entries),
    }
}

/// A value as JSON, for messages about it.
pub(crate) fn to_json(value: Value<'_>) -> String {
    let mut json = Vec::new();
    append_json(&mut json, value);
    String::from_utf8_lossy(&json).into_owned()
}

/// Appends one key and its value: `"key":value`.
pub(super) fn append_json_field(line: &mut Vec<u8>, field: Field<'_>) {
    escape::append_json(line, field.key);
    line.push(b':');
    append_json(line, field.value);
}

/// Appends a list with its brackets, commas between the items.
pub(super) fn append_list<T>(
    line: &mut Vec<u8>,
    open: u8,
    close: u8,
    items: impl Iterator<Item = T>,
    mut append: impl FnMut(&mut Vec<u8>, T),
) {
    line.push(open);
    let start = line.len();
    for item in items {
        if line.len() > start {
            line.push(b',');
        }
        append(line, item);
    }
    line.push(close);
}

/// Appends an object with the last entry of each key.
fn append_json_object(line: &mut Vec<u8>, entries: Entries<'_>) {
    let numbered = || entries.iter().enumerate();
    let is_large = entries.iter().nth(FEW_KEYS).is_some();
    let places: Option<HashMap<&str, usize>> = is_large.then(|| {
        let places = numbered().map(|(place, field)| (field.key, place));
        places.collect()
    });
    let is_last = |(place, field): &(usize, Field<'_>)| match &places {
        Some(places) => places.get(field.key) == Some(place),
        None => !numbered()
            .skip(place + 1)
            .any(|(_, later)| later.key == field.key),
    };
    let last = numbered().filter(is_last).map(|(_, field)| field);
    append_list(line, b'{', b'}', last, append_json_field);
}

/// Beyond this many keys a table finds repetitions quicker than looking at each pair.
const FEW_KEYS: usize = 32;

/// Appends a value as a text line has it: a bare word where that is unmistakable, otherwise JSON.
pub(super) fn append_word(line: &mut Vec<u8>, value: Value<'_>) {
    match value {
        Value::F32(number) => append_float(line, number),
        Value::F64(number) => append_float(line, number),
        Value::Char(c) => append_str_word(line, c.encode_utf8(&mut [0; 4])),
        Value::Str(text) => append_str_word(line, text),
        _ => append_json(line, value),
    }
}

/// Appends a text as a bare word where it is one, otherwise as a JSON string.
pub(super) fn append_str_word(line: &mut Vec<u8>, text: &str) {
    if escape::is_bare_word(text) {
        line.extend_from_slice(text.as_bytes());
    } else {
        escape::append_json(line, text);
    }
}

/// Appends an integer in decimal.
pub(super) fn append_integer(line: &mut Vec<u8>, number: impl itoa::Integer) {
    line.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Appends the shortest decimal that reads back as the same number of the same width; `NaN`, `inf`, `-inf`.
fn append_float(line: &mut Vec<u8>, number: impl zmij::Float) {
    line.extend_from_slice(zmij::Buffer::new().format(number).as_bytes());
}

/// Appends bytes, most significant first and four at a time, as lower-case hexadecimal: trace and span ids.
pub(super) fn append_hex<const N: usize>(line: &mut Vec<u8>, bytes: [u8; N]) {
    let (words, _) = bytes.as_chunks::<4>();
    for word in words {
        line.extend_from_slice(&hex_digits(u32::from_be_bytes(*word)));
    }
}

/// A number as eight hexadecimal digits, all at once: each in a byte of one word.
#[inline]
fn hex_digits(number: u32) -> [u8; 8] {
    let mut digits = u64::from(number);
    digits = (digits | digits << 16) & 0x0000_ffff_0000_ffff;
    digits = (digits | digits << 8) & 0x00ff_00ff_00ff_00ff;
    digits = (digits | digits << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    // Ten and more reach the next four bits when six is added, and are letters.
    let letters = ((digits + 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101;
    let distance = u64::from(b'a' - b'9' - 1);
    (digits + 0x3030_3030_3030_3030 + letters * distance).to_be_bytes()
}

/// Appends a UUID in its usual form of 36 characters.
pub(super) fn append_uuid(line: &mut Vec<u8>, uuid: uuid::Uuid) {
    let bytes = uuid.into_bytes();
    let (words, _) = bytes.as_chunks::<4>();
    let mut text = [b'-'; 36];
    for (word, places) in words.iter().zip([[0, 4], [9, 14], [19, 24], [28, 32]]) {
        let digits = hex_digits(u32::from_be_bytes(*word));
        for (place, half) in places.into_iter().zip([0, 4]) {
            text[place..place + 4].copy_from_slice(&digits[half..half + 4]);
        }
    }
    line.extend_from_slice(&text);
}

/// Appends bytes as base64 with padding: RFC 4648, section 4.
fn append_base64(line: &mut Vec<u8>, bytes: &[u8]) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for group in bytes.chunks(3) {
        let octet = |place: usize| u32::from(group.get(place).copied().unwrap_or(0));
        let bits = octet(0) << 16 | octet(1) << 8 | octet(2);
        for place in 0..4 {
            let digit = (bits >> (18 - 6 * place)) & 63;
            // One byte makes two digits, two make three; the rest is padding.
            line.push(if place <= group.len() {
                ALPHABET[digit as usize]
            } else {
                b'='
            });
        }
    }
}

fn append_quoted(line: &mut Vec<u8>, append: impl FnOnce(&mut Vec<u8>)) {
    line.push(b'"');
    append(line);
    line.push(b'"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::record::encode;

    fn text(append: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut line = Vec::new();
        append(&mut line);
        String::from_utf8(line).unwrap()
    }

    fn json(value: Value<'_>) -> String {
        text(|line| append_json(line, value))
    }

    fn word(value: Value<'_>) -> String {
        text(|line| append_word(line, value))
    }

    #[test]
    fn base64_is_that_of_the_rfc() {
        // RFC 4648, section 10.
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(text(|line| append_base64(line, plain.as_bytes())), coded);
        }
        assert_eq!(
            text(|line| append_base64(line, &[0xfb, 0xff, 0xfe])),
            "+//+"
        );
    }

    #[test]
    fn numbers_keep_every_digit_and_their_kind() {
        assert_eq!(json(Value::I128(i128::MIN)), i128::MIN.to_string());
        assert_eq!(json(Value::U128(u128::MAX)), u128::MAX.to_string());
        assert_eq!(json(Value::U64(u64::MAX)), "18446744073709551615");
        assert_eq!(json(Value::F64(1.0)), "1.0");
        assert_eq!(json(Value::F32(0.1)), "0.1");
        assert_eq!(json(Value::F64(f64::from(0.1_f32))), "0.10000000149011612");
        assert_eq!(json(Value::F64(-0.0)), "-0.0");
        for number in [
            1e300,
            f64::MIN_POSITIVE,
            f64::MAX,
            5e-324,
            1e16,
            123_456_789.125,
        ] {
            assert_eq!(json(Value::F64(number)).parse::<f64>().unwrap(), number);
        }
    }

    #[test]
    fn what_json_has_no_number_for_is_a_string() {
        assert_eq!(json(Value::F64(f64::NAN)), "\"NaN\"");
        assert_eq!(json(Value::F64(f64::INFINITY)), "\"inf\"");
        assert_eq!(json(Value::F32(f32::NEG_INFINITY)), "\"-inf\"");
        assert_eq!(word(Value::F64(f64::NAN)), "NaN");
        assert_eq!(word(Value::F64(f64::NEG_INFINITY)), "-inf");
    }

    #[test]
    fn words_are_bare_where_that_is_unmistakable_and_json_elsewhere() {
        assert_eq!(word(Value::Str("eu-1")), "eu-1");
        assert_eq!(word(Value::Str("two words")), "\"two words\"");
        assert_eq!(word(Value::Str("a\"b\n\u{202e}")), r#""a\"b\n\u202e""#);
        assert_eq!(word(Value::Str("")), "\"\"");
        assert_eq!(word(Value::Char(' ')), "\" \"");
        assert_eq!(word(Value::Bytes(b"hi")), "\"aGk=\"");
        assert_eq!(word(Value::Null), "null");
        assert_eq!(word(Value::F64(12.5)), "12.5");
    }

    #[test]
    fn identifiers_are_lower_case_with_leading_zeros() {
        assert_eq!(
            text(|line| append_hex(line, 0xAB_u64.to_be_bytes())),
            "00000000000000ab"
        );
        let uuid = uuid::Uuid::from_u128(0xABCDEF);
        assert_eq!(
            text(|line| append_uuid(line, uuid)),
            "00000000-0000-0000-0000-000000abcdef"
        );
    }

    fn object(keys: impl Iterator<Item = String>) -> String {
        let mut bytes = Vec::new();
        let mut map = encode::fields(&mut bytes);
        for (place, key) in keys.enumerate() {
            map.entry(&key, &place);
        }
        json(Value::Map(Entries::new(&bytes)))
    }

    #[test]
    fn of_a_repeated_key_the_last_counts_in_small_objects_and_large() {
        let small = object(["a", "b", "a", "a"].into_iter().map(str::to_owned));
        assert_eq!(small, r#"{"b":1,"a":3}"#);
        let large = object((0..1000).map(|place| format!("key{}", place % 500)));
        let read: HashMap<String, usize> = serde_json::from_str(&large).unwrap();
        assert_eq!(large.matches("key").count(), 500);
        assert!((0..500).all(|place| read[&format!("key{place}")] == place + 500));
        assert_eq!(object(std::iter::empty()), "{}");
    }

    proptest! {
        #[test]
        fn every_number_reads_back_exactly(double in any::<u64>(), single in any::<u32>(), signed in any::<i128>(), unsigned in any::<u128>()) {
            let (double, single) = (f64::from_bits(double), f32::from_bits(single));
            if double.is_finite() {
                prop_assert_eq!(json(Value::F64(double)).parse::<f64>().unwrap().to_bits(), double.to_bits());
            }
            if single.is_finite() {
                prop_assert_eq!(json(Value::F32(single)).parse::<f32>().unwrap().to_bits(), single.to_bits());
            }
            prop_assert_eq!(json(Value::I128(signed)), signed.to_string());
            prop_assert_eq!(json(Value::U128(unsigned)), unsigned.to_string());
        }
    }
}
