//! Messages and values looked through for patterns, and made anew where one is found.
//!
//! The writer's thread, once a record is decoded; callers' threads where others may read what is in a ring. *Invariant:*
//! where nothing is found, nothing is copied.

use super::super::decode::{Decoder, Entries};
use super::super::encode::{self, Encoded, Encoder};
use super::super::value::{Field, Value};
use super::pattern::Patterns;
use super::rules::Rules;

/// A record's text and key-values without what matched.
#[derive(Debug)]
pub(in super::super) struct LookedThrough {
    message: Option<String>,
    /// Encoded.
    fields: Option<Vec<u8>>,
}

impl LookedThrough {
    pub(in super::super) fn message<'m>(&'m self, seen: &'m str) -> &'m str {
        self.message.as_deref().unwrap_or(seen)
    }

    pub(in super::super) fn fields<'m>(&'m self, seen: &[Field<'m>]) -> Vec<Field<'m>> {
        match &self.fields {
            Some(fields) => Entries::new(fields).iter().collect(),
            None => seen.to_vec(),
        }
    }
}

pub(super) fn look_through(
    patterns: &Patterns,
    message: &str,
    fields: &[Field<'_>],
) -> Option<LookedThrough> {
    let message = patterns.hide(message);
    let found = fields.iter().any(|field| has(patterns, field.value));
    if message.is_none() && !found {
        return None;
    }
    let fields = found.then(|| {
        let mut bytes = Vec::new();
        put_fields(patterns, &mut bytes, fields);
        bytes
    });
    Some(LookedThrough { message, fields })
}

/// Goes over key-values.
pub(super) fn fields(rules: &Rules, bytes: &mut Vec<u8>, from: usize) {
    let Some(patterns) = &rules.patterns else {
        return;
    };
    let entries = Entries::new(bytes.get(from..).unwrap_or_default());
    if entries.iter().any(|field| has(patterns, field.value)) {
        let fields: Vec<_> = entries.iter().collect();
        let mut hidden = Vec::new();
        put_fields(patterns, &mut hidden, &fields);
        bytes.truncate(from);
        bytes.append(&mut hidden);
    }
}

/// Goes over that many values.
pub(super) fn values(rules: &Rules, bytes: &mut Vec<u8>, from: usize, count: usize) {
    let Some(patterns) = &rules.patterns else {
        return;
    };
    let mut decoder = Decoder::new(bytes.get(from..).unwrap_or_default());
    let values: Vec<_> = (0..count).map_while(|_| decoder.get_item().ok()).collect();
    if values.iter().any(|value| has(patterns, *value)) {
        let mut hidden = Vec::new();
        for value in &values {
            put(patterns, Encoder::new(&mut hidden), *value);
        }
        hidden.extend_from_slice(decoder.rest());
        bytes.truncate(from);
        bytes.append(&mut hidden);
    }
}

fn has(patterns: &Patterns, value: Value<'_>) -> bool {
    match value {
        Value::Str(text) => patterns.finds(text),
        Value::Seq(items) => items.iter().any(|item| has(patterns, item)),
        Value::Map(entries) => entries.iter().any(|field| has(patterns, field.value)),
        _ => false,
    }
}

fn put_fields(patterns: &Patterns, bytes: &mut Vec<u8>, fields: &[Field<'_>]) {
    let mut map = encode::fields(bytes);
    for field in fields {
        map.entry_with(field.key, |encoder| put(patterns, encoder, field.value));
    }
}

/// Writes the value that was read, its text without what matches.
fn put(patterns: &Patterns, encoder: Encoder<'_>, value: Value<'_>) -> Encoded {
    value.encode_with(encoder, &|text| patterns.hide(text))
}
