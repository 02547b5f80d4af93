//! Single values and lists of fields.

use std::error::Error;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};

use proptest::prelude::*;

use super::{Owned, decoded, encoded_fields, fields, owned, read_field, read_fields};
use crate::record::decode::{DecodeError, Decoder, Entries};
use crate::record::encode::{self, Encode, Encoder, MAX_DEPTH};

proptest! {
    #[test]
    fn every_value_is_read_back(value in owned()) {
        prop_assert_eq!(decoded(&value.encoded()), value);
    }

    #[test]
    fn values_are_read_one_after_the_other(first in owned(), second in owned()) {
        let bytes = [first.encoded(), second.encoded()].concat();
        let mut decoder = Decoder::new(&bytes);
        prop_assert_eq!(decoder.get_value().map(Owned::read), Ok(first));
        prop_assert_eq!(decoder.get_value().map(Owned::read), Ok(second));
        prop_assert_eq!(decoder.get_value(), Err(DecodeError));
    }

    #[test]
    fn fields_are_read_back_in_their_order(fields in fields(8)) {
        prop_assert_eq!(read_fields(Entries::new(&encoded_fields(&fields))), fields);
    }

    #[test]
    fn equal_values_are_those_of_equal_content(first in owned(), second in owned()) {
        let (first_bytes, second_bytes) = (first.encoded(), second.encoded());
        let read = |bytes| Decoder::new(bytes).get_value().unwrap();
        let copy = first_bytes.clone();
        prop_assert_eq!(read(&first_bytes), read(&copy));
        prop_assert_eq!(read(&first_bytes) == read(&second_bytes), first == second);
    }

    #[test]
    fn a_value_cut_anywhere_is_an_error(value in owned()) {
        let bytes = value.encoded();
        for end in 0..bytes.len() {
            prop_assert_eq!(Decoder::new(&bytes[..end]).get_value(), Err(DecodeError), "cut at {}", end);
        }
    }

    #[test]
    fn of_fields_cut_anywhere_the_whole_ones_are_read(fields in fields(6)) {
        let bytes = encoded_fields(&fields);
        let ends: Vec<_> = (0..=fields.len()).map(|count| encoded_fields(&fields[..count]).len()).collect();
        for cut in 0..=bytes.len() {
            let whole = ends.iter().filter(|end| **end <= cut).count() - 1;
            prop_assert_eq!(&read_fields(Entries::new(&bytes[..cut])), &fields[..whole], "cut at {}", cut);
        }
    }

    #[test]
    fn damaged_values_are_errors_or_other_values(value in owned(), damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut bytes = value.encoded();
        for (place, byte) in damage {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        read_all(&bytes);
    }

    #[test]
    fn a_value_that_may_only_be_so_long_is_cut_and_stays_a_value(value in owned(), most in 0..200_usize) {
        let whole = value.encoded();
        let mut cut = Vec::new();
        value.encode(Encoder::within(&mut cut, most));
        if whole.len() <= most {
            prop_assert_eq!(&cut, &whole);
        }
        prop_assert!(is_cut_of(&decoded(&cut), &value), "{:?}", decoded(&cut));
        // Beyond the end there may be a simple value, a key, and what closes each array and object around it.
        prop_assert!(cut.len() <= most + 32 + longest_key(&value) + 24 * depth(&value));
    }

    #[test]
    fn any_bytes_are_errors_or_values(bytes in prop::collection::vec(prop_oneof![0_u8..20, any::<u8>()], 0..64)) {
        read_all(&bytes);
    }
}

/// Whether one value is what is left of another, with marks where something is missing.
fn is_cut_of(cut: &Owned, whole: &Owned) -> bool {
    let mark = Owned::Str("…".to_owned());
    match (cut, whole) {
        (Owned::Str(cut), Owned::Str(whole)) if cut != whole => cut
            .strip_suffix('…')
            .is_some_and(|cut| whole.starts_with(cut)),
        (Owned::Bytes(cut), Owned::Bytes(whole)) => whole.starts_with(cut),
        (Owned::Seq(cut), Owned::Seq(whole)) => {
            let kept =
                cut.len() - usize::from(cut.len() != whole.len() || cut.last() == Some(&mark));
            let pairs = cut[..kept.min(cut.len())].iter().zip(whole);
            pairs.clone().all(|(cut, whole)| is_cut_of(cut, whole))
                && (kept == cut.len() || cut[kept] == mark)
        }
        (Owned::Map(cut), Owned::Map(whole)) => {
            let is_marked = cut
                .last()
                .is_some_and(|(key, value)| key == "…" && *value == mark);
            let kept = cut.len() - usize::from(is_marked);
            let mut pairs = cut[..kept].iter().zip(whole);
            pairs.all(|(cut, whole)| cut.0 == whole.0 && is_cut_of(&cut.1, &whole.1))
                && (is_marked || kept == whole.len())
        }
        _ => cut == whole,
    }
}

fn longest_key(value: &Owned) -> usize {
    let longest = match value {
        Owned::Seq(items) => items.iter().map(longest_key).max(),
        Owned::Map(entries) => entries
            .iter()
            .map(|(key, value)| key.len().max(longest_key(value)))
            .max(),
        _ => None,
    };
    longest.unwrap_or(0)
}

fn depth(value: &Owned) -> usize {
    match value {
        Owned::Seq(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Owned::Map(entries) => {
            1 + entries
                .iter()
                .map(|(_, value)| depth(value))
                .max()
                .unwrap_or(0)
        }
        _ => 0,
    }
}

/// Reads whatever can be read, to its innermost item. What was read takes at least the bytes of its tags.
fn read_all(bytes: &[u8]) {
    let mut decoder = Decoder::new(bytes);
    let mut count = 0;
    while let Ok(value) = decoder.get_value() {
        count += 1;
        assert!(!format!("{value:?}").is_empty());
        Owned::read(value);
    }
    let mut decoder = Decoder::new(bytes);
    while let Ok(field) = decoder.get_field() {
        read_field(field);
    }
    assert!(count <= bytes.len());
}

fn nested(depth: u32, make: fn(Owned) -> Owned, inner: Owned) -> Owned {
    (0..depth).fold(inner, |value, _| make(value))
}

#[test]
fn values_nest_to_the_limit_and_end_there_in_an_ellipsis() {
    let array: fn(Owned) -> Owned = |value| Owned::Seq(vec![value]);
    let object: fn(Owned) -> Owned = |value| Owned::Map(vec![("in".to_owned(), value)]);
    let limit = u32::from(MAX_DEPTH);
    for make in [array, object] {
        for depth in [0, 1, limit - 1, limit] {
            let value = nested(depth, make, Owned::Bool(true));
            assert_eq!(decoded(&value.encoded()), value, "{depth} deep");
        }
        for depth in [limit + 1, limit + 2, 10 * limit] {
            let value = nested(depth, make, Owned::Bool(true));
            let cut = nested(limit, make, Owned::Str("…".to_owned()));
            assert_eq!(decoded(&value.encoded()), cut, "{depth} deep");
        }
    }
}

fn written(put: impl FnOnce(Encoder<'_>) -> encode::Encoded) -> Vec<u8> {
    let mut bytes = Vec::new();
    put(Encoder::new(&mut bytes));
    bytes.to_vec()
}

fn tagged(tag: u8, rest: &[&[u8]]) -> Vec<u8> {
    [&[tag], rest.concat().as_slice()].concat()
}

/// The table in `encode.rs`, by the byte. Whoever changes it changes what a record is.
#[test]
fn the_bytes_of_each_tag_are_the_contract() {
    let length = |bytes: u32| bytes.to_ne_bytes();
    assert_eq!(written(|encoder| encoder.put_null()), [0]);
    assert_eq!(written(|encoder| encoder.put_bool(false)), [1]);
    assert_eq!(written(|encoder| encoder.put_bool(true)), [2]);
    assert_eq!(
        written(|encoder| encoder.put_u64(0x0102_0304_0506_0708)),
        tagged(3, &[&0x0102_0304_0506_0708_u64.to_ne_bytes()])
    );
    assert_eq!(
        written(|encoder| encoder.put_i64(-2)),
        tagged(4, &[&(-2_i64).to_ne_bytes()])
    );
    assert_eq!(
        written(|encoder| encoder.put_u128(1 << 100)),
        tagged(5, &[&(1_u128 << 100).to_ne_bytes()])
    );
    assert_eq!(
        written(|encoder| encoder.put_i128(i128::MIN)),
        tagged(6, &[&i128::MIN.to_ne_bytes()])
    );
    assert_eq!(
        written(|encoder| encoder.put_f64(-0.5)),
        tagged(7, &[&(-0.5_f64).to_ne_bytes()])
    );
    assert_eq!(
        written(|encoder| encoder.put_f32(0.1)),
        tagged(8, &[&0.1_f32.to_ne_bytes()])
    );
    assert_eq!(
        written(|encoder| encoder.put_char('日')),
        tagged(9, &[&0x65e5_u32.to_ne_bytes()])
    );
    assert_eq!(
        written(|encoder| encoder.put_str("é")),
        tagged(10, &[&length(2), b"\xc3\xa9"])
    );
    assert_eq!(
        written(|encoder| encoder.put_bytes(&[0xff, 0])),
        tagged(11, &[&length(2), &[0xff, 0]])
    );
    assert_eq!(
        written(|encoder| [true, false].encode(encoder)),
        tagged(12, &[&length(2), &[2, 1]])
    );
    assert_eq!(
        written(|encoder| encoder.put_map(|map| map.entry("k", &()))),
        tagged(13, &[&length(6), &length(1), b"k", &[0]])
    );
    assert_eq!(
        written(|encoder| encoder.put_seq(|_| ())),
        tagged(12, &[&length(0)])
    );
    assert_eq!(
        written(|encoder| encoder.put_map(|_| ())),
        tagged(13, &[&length(0)])
    );
}

#[test]
fn what_is_no_value_is_an_error() {
    let tags_too_high = (14..=u8::MAX).map(|tag| [vec![tag], vec![0; 32]].concat());
    let no_characters =
        [0xd800, 0xdfff, 0x11_0000, u32::MAX].map(|code: u32| tagged(9, &[&code.to_ne_bytes()]));
    let no_text: [&[u8]; 3] = [b"\xff", b"\xc3", b"\xed\xa0\x80"];
    let no_texts = no_text.map(|text| {
        tagged(
            10,
            &[&u32::try_from(text.len()).unwrap().to_ne_bytes(), text],
        )
    });
    let too_long = [10, 11, 12, 13].map(|tag| tagged(tag, &[&u32::MAX.to_ne_bytes(), b"abc"]));
    let wrong = tags_too_high
        .chain(no_characters)
        .chain(no_texts)
        .chain(too_long);
    for bytes in wrong.chain([Vec::new()]) {
        assert_eq!(
            Decoder::new(&bytes).get_value(),
            Err(DecodeError),
            "{bytes:?}"
        );
    }
}

#[test]
fn displayed_values_are_text_and_their_failure_is_marked() {
    struct Fails;
    impl fmt::Display for Fails {
        fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("so far ")?;
            Err(fmt::Error)
        }
    }
    let shown = |value: &dyn fmt::Display| decoded(&written(|encoder| encoder.put_display(value)));
    assert_eq!(
        shown(&format_args!("{:>4}", 7)),
        Owned::Str("   7".to_owned())
    );
    assert_eq!(shown(&""), Owned::Str(String::new()));
    assert_eq!(
        shown(&Fails),
        Owned::Str("so far <formatting failed>".to_owned())
    );
}

/// An error with a message and, at times, a cause.
#[derive(Debug)]
struct Caused(String, Option<Box<Caused>>);

impl fmt::Display for Caused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl Error for Caused {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.1.as_deref().map(|cause| cause as _)
    }
}

/// What is written of an error with these messages, outermost first.
fn chain(messages: &[&str]) -> Owned {
    let error = messages.iter().rev().fold(None, |cause, message| {
        Some(Box::new(Caused((*message).to_owned(), cause)))
    });
    let error = error.expect("at least one message");
    decoded(&written(|encoder| encoder.put_error(&*error)))
}

fn texts(texts: &[&str]) -> Owned {
    Owned::Seq(
        texts
            .iter()
            .map(|text| Owned::Str((*text).to_owned()))
            .collect(),
    )
}

#[test]
fn errors_are_their_messages_outermost_first() {
    assert_eq!(chain(&["one"]), texts(&["one"]));
    assert_eq!(
        chain(&["one", "two", "three"]),
        texts(&["one", "two", "three"])
    );
    let numbers: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    assert_eq!(chain(&numbers), texts(&numbers[..usize::from(MAX_DEPTH)]));
}

#[test]
fn what_an_errors_message_says_of_its_cause_is_not_said_again() {
    assert_eq!(chain(&["a: b: c", "b: c", "c"]), texts(&["a: b: c"]));
    assert_eq!(chain(&["same", "same", "other"]), texts(&["same", "other"]));
    assert_eq!(chain(&["a: b", "b", "c"]), texts(&["a: b", "c"]));
    // Ends with it by chance.
    assert_eq!(chain(&["line 15", "5"]), texts(&["line 15", "5"]));
}

#[test]
fn an_error_that_is_its_own_cause_ends() {
    #[derive(Debug)]
    struct Endless;
    impl fmt::Display for Endless {
        fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("again")
        }
    }
    impl Error for Endless {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&Endless)
        }
    }
    let written = written(|encoder| encoder.put_error(&Endless));
    assert_eq!(decoded(&written), texts(&["again"]));
}

#[test]
fn a_panic_in_the_code_of_an_entry_leaves_nothing_of_it() {
    struct Panics;
    impl Encode for Panics {
        fn encode(&self, encoder: Encoder<'_>) -> encode::Encoded {
            encoder.put_seq(|items| {
                items.push(&1);
                panic!("on purpose");
            })
        }
    }
    let mut bytes = Vec::new();
    let mut map = encode::fields(&mut bytes);
    map.entry("before", &1);
    let caught = panic::catch_unwind(AssertUnwindSafe(|| map.entry("lost", &Panics)));
    assert!(caught.is_err());
    map.entry("after", &[2]);
    map.entry_with("inside", |encoder| {
        encoder.put_seq(|items| {
            let caught = panic::catch_unwind(AssertUnwindSafe(|| items.push(&Panics)));
            assert!(caught.is_err());
            items.push(&3);
        })
    });
    let number = Owned::I64;
    assert_eq!(
        read_fields(Entries::new(&bytes)),
        [
            ("before".to_owned(), number(1)),
            ("after".to_owned(), Owned::Seq(vec![number(2)])),
            ("inside".to_owned(), Owned::Seq(vec![number(3)])),
        ]
    );
}
