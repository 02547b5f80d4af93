use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::super::decode::Decoder;
use super::super::encode;
use super::promise::hides_all;
use super::*;

fn rules(said: &Redaction) -> Rules {
    said.check().expect("rules that make sense");
    Rules::of(said)
}

fn encoded(object: &Json) -> Vec<u8> {
    let mut bytes = b"before".to_vec();
    let mut fields = encode::fields(&mut bytes);
    for (key, value) in object.as_object().expect("an object") {
        fields.entry_with(key, |encoder| encoder.put_serde(value));
    }
    bytes
}

/// What is left of key-values, as JSON.
fn hidden(said: &Redaction, object: &Json) -> Json {
    let mut bytes = encoded(object);
    walk::fields(&rules(said), &mut bytes, 6);
    assert!(bytes.starts_with(b"before"));
    let mut decoder = Decoder::new(&bytes[6..]);
    let mut left = serde_json::Map::new();
    while decoder.left() > 0 {
        let field = decoder.get_field().expect("a field");
        let value = serde_json::to_value(field.value).expect("a value");
        left.insert(field.key.to_owned(), value);
    }
    Json::Object(left)
}

#[test]
fn keys_are_hidden_however_deep() {
    let object = json!({
        "user": {"name": "ada", "password": "geheim", "cards": [{"token": {"a": 1}}, {"open": [2]}]},
        "X-Api-Key": null, "tokens_used": 5, "access.token": 1, "token.count": 2, "deep": [[[{"secret": true}]]],
    });
    let expected = json!({
        "user": {"name": "ada", "password": "***", "cards": [{"token": "***"}, {"open": [2]}]},
        "X-Api-Key": "***", "tokens_used": 5, "access.token": "***", "token.count": "***",
        "deep": [[[{"secret": "***"}]]],
    });
    assert_eq!(hidden(&Redaction::default(), &object), expected);
    assert_eq!(hidden(&Redaction::from(true), &object), expected);
    assert_eq!(hidden(&Redaction::from(false), &object), object);
}

#[test]
fn keys_are_added_and_excepted() {
    let said = Redaction::default()
        .key("ssn")
        .key("card number")
        .key("Пароль")
        .except("page_token");
    let object = json!({
        "user_ssn": 1, "SSN": 2, "ssn_count": 3, "cardNumber": 4, "CARD-NUMBER": 5, "number": 6, "пароль": 7,
        "МойПАРОЛЬ": 8, "pageToken": 9, "PAGE-TOKEN": 10, "next_page_token": 11, "in": {"page_token": 12, "ssn ": 13},
    });
    let expected = json!({
        "user_ssn": "***", "SSN": "***", "ssn_count": 3, "cardNumber": "***", "CARD-NUMBER": "***", "number": 6,
        "пароль": "***", "МойПАРОЛЬ": "***", "pageToken": 9, "PAGE-TOKEN": 10, "next_page_token": "***",
        "in": {"page_token": 12, "ssn ": "***"},
    });
    assert_eq!(hidden(&said, &object), expected);
    let own = Redaction::default().list(false).key("ssn");
    let object = json!({"password": 1, "ssn": 2});
    assert_eq!(hidden(&own, &object), json!({"password": 1, "ssn": "***"}));
}

#[test]
fn capitals_and_separators_do_not_count() {
    let said = Redaction::default().key("pass phrase").except("page_token");
    let object = json!({
        "passWord": 1, "userPassWord": 2, "passWd": 3, "pass_word": 4, "APIkey": 5, "MYAPIKey": 6, "pAsSwOrD": 7,
        "passPhrase": 8, "my-passphrase": 9, "PASSphrase": 10, "p_a_s_s-phrasE": 11, "HTTPpassphrase": 12,
        "PageToken": 13, "pagetoken": 14, "PAGEToKeN": 15, "in.page_To_ken": 16, "mypassphrase": 17, "passphrases": 18,
        "tokens_used": 19, "secretary": 20, "page_tokenizer": 21, "nextPageToken": 22,
    });
    let is_shown = |number: u64| (13..=21).contains(&number);
    let object = object.as_object().expect("an object");
    for (key, value) in object {
        let expected = match is_shown(value.as_u64().expect("a number")) {
            true => value.clone(),
            false => json!(MASK),
        };
        let left = hidden(&said, &json!({ key: value }));
        assert_eq!(left, json!({ key: expected }));
    }
}

#[test]
fn paths_lead_through_objects_arrays_and_keys_with_dots() {
    let said = Redaction::default()
        .path("user.card.number")
        .path("users.*.id")
        .path("whole")
        .except("token");
    let object = json!({
        "user": {"card": [{"number": 1, "month": 2}], "number": 3, "card.number": 4, "card.number.x": 5},
        "user.card": {"number": 6, "other": 7}, "user.card.number": 8, "card": {"number": 9}, "number": 10,
        "users": {"a": {"id": 11, "x": 12}, "b": [[{"id": 13}]], "id": 14}, "whole": {"a": [15]}, "token": 16,
    });
    let expected = json!({
        "user": {"card": [{"number": "***", "month": 2}], "number": 3, "card.number": "***", "card.number.x": "***"},
        "user.card": {"number": "***", "other": 7}, "user.card.number": "***", "card": {"number": 9}, "number": 10,
        "users": {"a": {"id": "***", "x": 12}, "b": [[{"id": "***"}]], "id": 14}, "whole": "***", "token": 16,
    });
    assert_eq!(hidden(&said, &object), expected);
}

#[test]
fn a_star_is_a_key_or_an_item_of_an_array() {
    let said = Redaction::default()
        .path("users.*.iban")
        .path("ids.*")
        .path("rows.*.*")
        .path("a.*.b.*.c");
    for (object, expected) in [
        (
            json!({"users": [{"iban": 1, "x": 2}, {"in": {"iban": 3}, "in.iban": 4}, [{"iban": 5}]], "iban": 6}),
            json!({"users": [{"iban": "***", "x": 2}, {"in": {"iban": "***"}, "in.iban": "***"}, [{"iban": "***"}]], "iban": 6}),
        ),
        (
            json!({"users": {"iban": 1, "a": {"iban": 2}, "b": [{"iban": 3}], "c": {"d": {"iban": 4}}}}),
            json!({"users": {"iban": 1, "a": {"iban": "***"}, "b": [{"iban": "***"}], "c": {"d": {"iban": 4}}}}),
        ),
        (
            json!({"ids": [1, [2], {"a": 3}], "rows": [4, [5, [6]], {"a": 7}]}),
            json!({"ids": ["***", "***", "***"], "rows": [4, ["***", "***"], {"a": "***"}]}),
        ),
        (
            json!({"ids": {"a": 1}, "rows": {"a": 2, "b": [3], "c": {"d": 4}}, "other": [5]}),
            json!({"ids": {"a": "***"}, "rows": {"a": 2, "b": ["***"], "c": {"d": "***"}}, "other": [5]}),
        ),
        (
            json!({"a": [{"b": {"k": {"c": 1}, "c": 2}}], "a.k.b": [{"c": 3}], "a.b": [{"c": 4}]}),
            json!({"a": [{"b": {"k": {"c": "***"}, "c": 2}}], "a.k.b": [{"c": "***"}], "a.b": [{"c": 4}]}),
        ),
    ] {
        assert_eq!(hidden(&said, &object), expected);
        assert_eq!(hidden(&said, &expected), expected);
    }
    let first = Redaction::default().path("*.*.iban");
    let object = json!({"users": [{"iban": 1}], "iban": 2, "x": {"iban": 3}});
    let expected = json!({"users": [{"iban": "***"}], "iban": 2, "x": {"iban": 3}});
    assert_eq!(hidden(&first, &object), expected);
}

#[test]
fn as_many_paths_as_there_may_be_all_count() {
    let all = (0..MAX_SECRET_PATHS).fold(Redaction::default(), |said, number| {
        said.path(format!("a.k{number}"))
    });
    let object = json!({"a": {"k0": 1, "k63": 2, "k127": 3, "k128": 4}});
    let expected = json!({"a": {"k0": "***", "k63": "***", "k127": "***", "k128": 4}});
    assert_eq!(hidden(&all, &object), expected);
    let wrong = all.path("one.more").check().expect_err("one too many");
    assert!(
        wrong.starts_with("redact: 129 paths are more than 128"),
        "{wrong}"
    );
    let all = (0..MAX_SECRET_PATHS / 2).fold(Redaction::default(), |said, number| {
        said.path(format!("a.*.k{number}"))
    });
    let object = json!({"a": [{"k0": 1, "k63": 2, "k64": 3}]});
    let expected = json!({"a": [{"k0": "***", "k63": "***", "k64": 3}]});
    assert_eq!(hidden(&all, &object), expected);
    let wrong = all.path("one.more").check().expect_err("one too many");
    assert!(
        wrong.starts_with("redact: 65 paths are more than 128, where each `*` doubles"),
        "{wrong}"
    );
    let stars = ["*"; 300].join(".");
    assert!(Redaction::default().path(stars).check().is_err());
}

#[test]
fn where_nothing_is_hidden_nothing_moves() {
    let mut bytes = encoded(&json!({"a": {"b": [1, "x"]}, "c": 2}));
    let before = (bytes.clone(), bytes.capacity(), bytes.as_ptr());
    walk::fields(&rules(&Redaction::default().path("c.d")), &mut bytes, 6);
    assert_eq!(before, (bytes.clone(), bytes.capacity(), bytes.as_ptr()));
}

#[test]
fn what_names_nothing_is_refused() {
    for (said, expected) in [
        (
            Redaction::default().key(""),
            "redact, key: a key is empty; name one, such as `ssn`",
        ),
        (
            Redaction::default().except("a.b"),
            "redact, except: `a.b` is a path, not a key; say it as one, or name the key alone",
        ),
        (
            Redaction::default().path("a."),
            "redact, path: a key is missing in the path `a.`; any one key is `*`",
        ),
    ] {
        assert_eq!(said.check(), Err(expected.to_owned()));
    }
    let said = Redaction::default().key("ssn").path("a.b").path("c");
    assert_eq!(said.to_string(), "on, keys ssn, paths a.b c");
    assert_eq!(Redaction::from(false).to_string(), "off");
}

fn json_values() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        "[a-z]{0,12}".prop_map(Json::from),
    ];
    let key = prop_oneof![
        "[a-c]",
        "(my)?[._]?(password|SSN|apiKey|token)",
        "[a-c][.][a-c]"
    ];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
            prop::collection::btree_map(key.clone(), inner, 0..6)
                .prop_map(|map| Json::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn values_of_any_shape_lose_their_secrets_and_nothing_else(value in json_values()) {
        let said = Redaction::default().key("ssn");
        let expected = without(&rules(&said), &value);
        prop_assert_eq!(hidden(&said, &json!({ "v": value })), json!({ "v": expected }));
    }

    #[test]
    fn any_bytes_are_gone_over(bytes: Vec<u8>) {
        hides_all(&bytes);
    }

    #[test]
    fn values_that_are_cut_off_or_changed_are_gone_over(value in json_values(), at: prop::sample::Index, byte: u8, cut: bool) {
        let mut bytes = encoded(&json!({ "v": value, "token": 1 }));
        let at = 6 + at.index(bytes.len() - 6);
        if cut {
            bytes.truncate(at);
        } else {
            bytes[at] = byte;
        }
        hides_all(&bytes[6..]);
    }
}

/// Keys of which paths are made.
fn paths() -> impl Strategy<Value = Vec<String>> {
    let path = prop::collection::vec("[a-c*]", 1..5);
    prop::collection::vec(path.prop_map(|keys| keys.join(".")), 1..4)
}

proptest! {
    #[test]
    fn paths_lead_where_they_lead_on_json(value in json_values(), said in paths()) {
        let redaction = said.iter().fold(Redaction::default().list(false), |all, path| all.path(path));
        let keys: Vec<Vec<&str>> = said.iter().map(|path| path.split('.').collect()).collect();
        let routes: Vec<&[&str]> = keys.iter().map(Vec::as_slice).collect();
        let object = json!({ "a": value });
        prop_assert_eq!(hidden(&redaction, &object), below(&routes, &object));
    }
}

/// What paths leave of a value, the slow way.
fn left_of(routes: &[&[&str]], value: &Json) -> Json {
    match routes.iter().any(|route| route.is_empty()) {
        true => json!(MASK),
        false => below(routes, value),
    }
}

fn below(routes: &[&[&str]], value: &Json) -> Json {
    match value {
        Json::Array(items) => {
            let past = routes.iter().filter(|route| route.first() == Some(&"*"));
            let past = past.map(|route| &route[1..]);
            let routes: Vec<&[&str]> = routes.iter().copied().chain(past).collect();
            items.iter().map(|item| left_of(&routes, item)).collect()
        }
        Json::Object(entries) => {
            let left = entries.iter().map(|(name, value)| {
                let mut routes = routes.to_vec();
                for key in name.split('.') {
                    routes.retain(|route| {
                        route
                            .first()
                            .is_some_and(|said| *said == "*" || *said == key)
                    });
                    routes.iter_mut().for_each(|route| *route = &route[1..]);
                    if routes.iter().any(|route| route.is_empty()) {
                        return (name.clone(), json!(MASK));
                    }
                }
                (name.clone(), left_of(&routes, value))
            });
            left.collect()
        }
        other => other.clone(),
    }
}

/// The same on JSON, the slow way.
fn without(rules: &Rules, value: &Json) -> Json {
    match value {
        Json::Array(items) => items.iter().map(|item| without(rules, item)).collect(),
        Json::Object(entries) => entries
            .iter()
            .map(|(key, value)| match rules.names(key) {
                true => (key.clone(), json!(MASK)),
                false => (key.clone(), without(rules, value)),
            })
            .collect(),
        other => other.clone(),
    }
}
