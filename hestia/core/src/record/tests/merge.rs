//! Key-values from several places, held against the rule in its simplest form: call over inner scope over outer
//! over process, the last of the call over its others, each key once.

use std::sync::Arc;

use ::uuid::Uuid;
use proptest::prelude::*;

use super::{Owned, each_key_once, encoded_fields, fields, read_field, read_fields};
use crate::facts::Facts;
use crate::level::{Level, Severity};
use crate::record::decode::Entries;
use crate::record::{
    Around, Image, InlineSite, RecordBuf, Shared, Site, Surroundings, Text, encode, set_field,
};
use crate::thread::ThreadRef;

const SITE: InlineSite<'static> = InlineSite {
    severity: Severity::Level(Level::Info),
    target: "app",
    module: Text::None,
    file: Text::None,
    line: None,
};

type Fields = Vec<(String, Owned)>;

/// The fields of a record with these of the call, of its scopes (innermost first), its logger, and the process.
fn merged(
    buffer: &mut RecordBuf,
    call: &Fields,
    (scopes, copies_scope): (&[Fields], bool),
    logger: &Fields,
    process: &Fields,
) -> Fields {
    let logger = Shared {
        fields: encoded_fields(logger).into(),
        ..Shared::default()
    };
    let scope = scopes.iter().rev().fold(None, |outer, fields| {
        Some(Arc::new(Shared {
            fields: encoded_fields(fields).into(),
            outer,
            ..Shared::default()
        }))
    });
    let mut bytes = Vec::new();
    let mut image = Image::begin(
        &mut bytes,
        Site::Inline(SITE),
        Around {
            scope: scope.as_deref(),
            logger: Some(&logger),
            trace: None,
            copies_scope,
        },
    );
    image.fields(|bytes| {
        let mut map = encode::fields(bytes);
        call.iter().for_each(|(key, value)| map.entry(key, value));
    });
    let flags = image.text(|_| ());
    let surroundings = Surroundings {
        timestamp_nanos: 0,
        uuid: Uuid::nil(),
        facts: &Arc::new(Facts::detect(None)),
        thread: ThreadRef { id: 1, name: None },
        process_fields: &encoded_fields(process),
    };
    let fields = buffer.decode_to(flags, &bytes, &surroundings, |record| {
        record.fields().iter().copied().map(read_field).collect()
    });
    fields.expect("what was encoded is decoded")
}

/// The same as the documentation says it: keys in the order of their first appearance, nearest to the call first.
fn expected(call: &Fields, scopes: &[Fields], logger: &Fields, process: &Fields) -> Fields {
    let last_of_call = |key: &str| call.iter().rfind(|(other, _)| other == key);
    let around = scopes.iter().flatten().chain(logger);
    let all = call.iter().chain(around).chain(process);
    let fields = each_key_once(all.cloned().collect());
    let nearest = fields
        .into_iter()
        .map(|(key, value)| match last_of_call(&key) {
            Some((_, last)) => (key, last.clone()),
            None => (key, value),
        });
    nearest.collect()
}

fn layers() -> impl Strategy<Value = (Fields, Vec<Fields>, Fields, Fields)> {
    let once = |most| fields(most).prop_map(each_key_once);
    // Around 32 keys the way of looking them up changes, hence more than that.
    let scopes = prop::collection::vec(once(40), 0..4);
    (fields(60), scopes, once(30), once(60))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn of_each_key_the_value_nearest_to_the_call_counts((call, scopes, logger, process) in layers(), copies in any::<bool>()) {
        let mut buffer = RecordBuf::default();
        let none = Fields::new();
        prop_assert_eq!(merged(&mut buffer, &call, (&scopes, copies), &logger, &process), expected(&call, &scopes, &logger, &process));
        // Nothing of one record is left to the next.
        prop_assert_eq!(merged(&mut buffer, &none, (&scopes, copies), &logger, &process), expected(&none, &scopes, &logger, &process));
        prop_assert_eq!(merged(&mut buffer, &call, (&[], copies), &none, &none), expected(&call, &[], &none, &none));
    }

    #[test]
    fn a_key_that_is_set_again_has_the_new_value_and_stands_once(settings in fields(40)) {
        let mut encoded = Vec::new();
        let mut model: Fields = Vec::new();
        for (key, value) in settings {
            set_field(&mut encoded, &key, &value);
            match model.iter_mut().find(|(known, _)| *known == key) {
                Some((_, known)) => *known = value,
                None => model.push((key, value)),
            }
            prop_assert_eq!(&read_fields(Entries::new(&encoded)), &model);
        }
        prop_assert_eq!(encoded, encoded_fields(&model));
    }
}

fn numbered(keys: impl IntoIterator<Item = u64>, value: u64) -> Fields {
    let keys = keys.into_iter();
    keys.map(|key| (format!("key{key}"), Owned::U64(value)))
        .collect()
}

/// Each count of keys on both sides of the change from looking at each key to a table.
#[test]
fn precedence_holds_for_every_number_of_keys_up_to_a_hundred() {
    let mut buffer = RecordBuf::default();
    for count in 0..=100 {
        let call = [numbered(0..count / 2, 0), numbered(0..count / 4, 1)].concat();
        let scopes = [
            numbered(count / 4..count * 3 / 4, 2),
            numbered(count / 2..count, 3),
        ];
        let logger = numbered(count / 3..count, 4);
        let process = numbered(0..count + 1, 5);
        let fields = merged(&mut buffer, &call, (&scopes, false), &logger, &process);
        let expected = expected(&call, &scopes, &logger, &process);
        assert_eq!(fields, expected, "{count} keys");
        assert_eq!(fields.len() as u64, count + 1);
    }
}

#[test]
fn one_key_from_everywhere_is_the_last_of_the_call() {
    let key = |value| vec![("key".to_owned(), Owned::U64(value))];
    let mut buffer = RecordBuf::default();
    let scopes = [key(3), key(2)];
    let call = [key(4), key(5)].concat();
    let (logger, process, none) = (key(6), key(1), Fields::new());
    for copies in [false, true] {
        let mut value = |call, scopes, logger, process| {
            merged(&mut buffer, call, (scopes, copies), logger, process)
        };
        assert_eq!(value(&call, &scopes[..], &logger, &process), key(5));
        assert_eq!(value(&none, &scopes[..], &logger, &process), key(3));
        assert_eq!(value(&none, &scopes[1..], &logger, &process), key(2));
        assert_eq!(value(&none, &[], &logger, &process), key(6));
        assert_eq!(value(&none, &[], &none, &process), key(1));
        assert!(value(&none, &[], &none, &none).is_empty());
    }
}
