//! Values of the file as values of records.

use toml::de::{DeInteger, DeValue};

use crate::record::{Encode, Encoded, Encoder};

/// A value of TOML: numbers, booleans and strings stay what they are, tables become objects, times become text.
pub(super) struct Logged<'v>(pub(super) &'v DeValue<'v>);

impl Encode for Logged<'_> {
    fn encode(&self, encoder: Encoder<'_>) -> Encoded {
        match self.0 {
            DeValue::String(text) => encoder.put_str(text),
            DeValue::Integer(number) => integer(number, encoder),
            DeValue::Float(number) => match number.as_str().parse() {
                Ok(number) => encoder.put_f64(number),
                Err(_) => encoder.put_str(number.as_str()),
            },
            DeValue::Boolean(on) => encoder.put_bool(*on),
            DeValue::Datetime(time) => encoder.put_display(time),
            DeValue::Array(items) => encoder.put_seq(|sequence| {
                for item in items.iter() {
                    sequence.push(&Logged(item.get_ref()));
                }
            }),
            DeValue::Table(table) => encoder.put_map(|map| {
                for (key, value) in table {
                    map.entry(key.get_ref(), &Logged(value.get_ref()));
                }
            }),
        }
    }
}

/// TOML has no largest integer; what is too large for a number stays text.
fn integer(number: &DeInteger<'_>, encoder: Encoder<'_>) -> Encoded {
    let (digits, radix) = (number.as_str(), number.radix());
    if let Ok(number) = i64::from_str_radix(digits, radix) {
        encoder.put_i64(number)
    } else if let Ok(number) = i128::from_str_radix(digits, radix) {
        encoder.put_i128(number)
    } else {
        encoder.put_display(number)
    }
}
