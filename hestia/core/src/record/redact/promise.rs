//! What must hold for any bytes (tests and fuzzers only).

use super::super::decode::Entries;
use super::super::value::Value;
use super::pattern::{Patterns, SecretPattern};
use super::rules::Rules;
use super::{MASK, Redaction, text, walk};

/// Bytes that may or may not be key-values are gone over to an end; what is left of them has no secret, and is left alone
/// the second time. As text they are looked through.
pub(crate) fn hides_all(bytes: &[u8]) {
    let said = Redaction::default()
        .key("ssn")
        .path("a.*")
        .path("b.c")
        .patterns(SecretPattern::ALL);
    let rules = Rules::of(&said);
    let mut left = bytes.to_vec();
    walk::fields(&rules, &mut left, 0);
    assert!(!shows_one(&rules, Entries::new(&left)));
    let once = left.clone();
    walk::fields(&rules, &mut left, 0);
    assert_eq!(once, left, "what is hidden stays as it is");
    text::fields(&rules, &mut left, 0);
    assert!(!shows_one(&rules, Entries::new(&left)));
    let patterns = Patterns::of(&SecretPattern::ALL, &[]).expect("patterns");
    let text = String::from_utf8_lossy(bytes);
    let hidden = patterns.hide(&text);
    assert_eq!(patterns.finds(&text), hidden.is_some());
    assert!(hidden.is_none_or(|hidden| hidden.contains(MASK)));
}

/// Whether a key that is hidden has another value than the mask.
fn shows_one(rules: &Rules, entries: Entries<'_>) -> bool {
    let mut entries = entries.iter();
    entries.any(|field| {
        if rules.names(field.key) {
            field.value != Value::Str(MASK)
        } else {
            has_one(rules, field.value)
        }
    })
}

fn has_one(rules: &Rules, value: Value<'_>) -> bool {
    match value {
        Value::Map(entries) => shows_one(rules, entries),
        Value::Seq(items) => items.iter().any(|item| has_one(rules, item)),
        _ => false,
    }
}
