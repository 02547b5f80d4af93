use proptest::prelude::*;

use super::*;

fn hide(text: &str) -> String {
    let patterns = Patterns::of(&SecretPattern::ALL, &[]).expect("patterns");
    patterns.hide(text).unwrap_or_else(|| text.to_owned())
}

#[test]
fn bearer_tokens_are_hidden_and_prose_stays() {
    for (text, expected) in [
        ("Authorization: Bearer abc", "Authorization: Bearer ***"),
        (
            r#"{"authorization":"bearer  a.b-c~/+=="}"#,
            r#"{"authorization":"bearer  ***"}"#,
        ),
        (
            "authorization=Basic dXNlcjpwYXNz;",
            "authorization=Basic ***;",
        ),
        ("got BEARER abcd1234.", "got BEARER ***"),
        (
            "Bearer mF_9.B5f-4.1JqM, Bearer xyzxyz99",
            "Bearer ***, Bearer ***",
        ),
        (
            r#"[("authorization", "Basic GEHEIM")]"#,
            r#"[("authorization", "Basic ***")]"#,
        ),
        (
            r#"authorization: ["Basic GEHEIM"]"#,
            r#"authorization: ["Basic ***"]"#,
        ),
        (
            r#"authorization: Some("Bearer abcdefGEHEIM")"#,
            r#"authorization: Some("Bearer ***")"#,
        ),
        (
            r#"(\"authorization\", Some(\"Basic GEHEIM\"))"#,
            r#"(\"authorization\", Some(\"Basic ***\"))"#,
        ),
        (
            "'authorization' => 'Basic GEHEIM'",
            "'authorization' => 'Basic ***'",
        ),
    ] {
        assert_eq!(hide(text), expected);
    }
    for prose in [
        "the bearer of this",
        "Bearer token missing",
        "forbearer abcd1234",
        "bearer",
        "bearer ",
        "basic dXNlcjpwYXNz",
        "Bearer ***",
        "bearer authentication",
        "no authorization (basic or digest), basic it is",
        "authorization, basic or not",
        r#"awesome("Basic abc")"#,
    ] {
        assert_eq!(hide(prose), prose);
    }
}

const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9";

#[test]
fn json_web_tokens_are_hidden() {
    for (text, expected) in [
        (format!("jwt={JWT}; {JWT}"), "jwt=***; ***"),
        (format!("\"{JWT}\""), "\"***\""),
        ("eyJhbGciOiJub25lIn0.eyJzdWIiOiIx.".to_owned(), "***"),
        ("eyJhbGciOiJkaXIifQ.key.iviv.text.tagg.".to_owned(), "***."),
        ("eyJhbGciOiJkaXIifQ..iv.ct.tag, x".to_owned(), "***, x"),
    ] {
        assert_eq!(hide(&text), expected);
    }
    for other in [
        "eyJ",
        "eyJhbGciOiJIUzI1NiJ9",
        "eyJhbGciOiJIUzI1NiJ9.x",
        "eyJhbGciOiJIUzI1NiJ9...",
        "eyJhbGciOiJIUzI1NiJ9..x",
        "eyJhbGciOiJIUzI1NiJ9..x.",
        "hey Joe. x. y",
        "eyJ.a.b",
    ] {
        assert_eq!(hide(other), other);
    }
}

#[test]
fn keys_of_aws_are_hidden() {
    let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    for (text, expected) in [
        ("id AKIAIOSFODNN7EXAMPLE.".to_owned(), "id ***."),
        ("ASIAIOSFODNN7EXAMPLE".to_owned(), "***"),
        (
            format!("aws_secret_access_key = {secret}"),
            "aws_secret_access_key = ***",
        ),
        (
            format!(r#""SecretAccessKey": "{secret}","#),
            r#""SecretAccessKey": "***","#,
        ),
        (
            format!("AWS_SECRET_ACCESS_KEY={secret}\n"),
            "AWS_SECRET_ACCESS_KEY=***\n",
        ),
        (
            format!(r#"SecretAccessKey: Some("{secret}")"#),
            r#"SecretAccessKey: Some("***")"#,
        ),
        (
            format!(r#"[("secret_access_key", "{secret}")]"#),
            r#"[("secret_access_key", "***")]"#,
        ),
    ] {
        assert_eq!(hide(&text), expected);
    }
    for other in [
        "AKIAIOSFODNN7EXAMPL",
        "AKIAIOSFODNN7EXAMPLES",
        "XAKIAIOSFODNN7EXAMPLE",
        "AKIAiosfodnn7example",
        "ASIA",
        "secret_access_key = short",
        secret,
    ] {
        assert_eq!(hide(other), other);
    }
}

#[test]
fn numbers_of_cards_are_hidden_and_other_numbers_stay() {
    for (text, expected) in [
        ("card 4111111111111111", "card ***"),
        ("4111 1111 1111 1111.", "***."),
        ("4111-1111-1111-1111,5500-0000-0000-0004", "***,***"),
        (
            "amex 3782 822463 10005 and 378282246310005",
            "amex *** and ***",
        ),
        ("diners 3056 930902 5904", "diners ***"),
        ("12 4111 1111 1111 1111 7", "12 *** 7"),
        ("visa13 4222222222222", "visa13 ***"),
        ("(6011111111111117)", "(***)"),
        ("n=4111111111111111;", "n=***;"),
    ] {
        assert_eq!(hide(text), expected);
    }
    for other in [
        "4111111111111112",
        "4111 1111 1111 1112",
        "41111111111111111111",
        "x4111111111111111",
        "4111111111111111x",
        "0.4111111111111111",
        "4111111111111111.5",
        "1700000000000",
        "411111111111",
        "4111-1111 1111-1111",
        "4111  1111 1111 1111",
        "1 2 3 4",
        "4111_1111_1111_1111",
        // No UUID has groups of these lengths.
        "550e8400-e29b-41d4-abcd-411111111111",
        "550e8400-e29b-abcd-4111-111111111111",
        "41111111-1111-1111-1111-111111111111",
        "41111111111111111111111111111111",
    ] {
        assert_eq!(hide(other), other);
    }
}

#[test]
fn addresses_are_hidden() {
    for (text, expected) in [
        ("to ada@example.com.", "to ***."),
        ("<ada.l+x@mail.example.co.uk>", "<***>"),
        ("jürgen@müller.de, b@c.io", "***, ***"),
    ] {
        assert_eq!(hide(text), expected);
    }
    for other in [
        "@",
        "a@",
        "@b.com",
        "a@b",
        "user@host",
        "a@.com",
        "a@b.c",
        "a @b.com",
        "***@",
    ] {
        assert_eq!(hide(other), other);
    }
}

#[test]
fn passwords_in_urls_are_hidden() {
    for (text, expected) in [
        (
            "postgres://app:geheim@db:5432/shop?x=1",
            "postgres://app:***@db:5432/shop?x=1",
        ),
        ("redis://:p@ss@host", "redis://:***@host"),
        (
            "(\"amqp+ssl://a:b@c.example.com\")",
            "(\"amqp+ssl://a:***@c.example.com\")",
        ),
        (
            "postgres://app:GEH'EIM@db/shop",
            "postgres://app:***@db/shop",
        ),
        (
            "'postgres://app:GEHEIM@db', 'x@y'",
            "'postgres://app:***@db', 'x@y'",
        ),
        (
            "'jdbc:x://app:GEHEIM@db','x@y'",
            "'jdbc:x://app:***@db','x@y'",
        ),
        ("x://app:GE/HEIM@db/shop", "x://app:***@db/shop"),
        ("x://app:GE#HE@IM@db", "x://app:***@db"),
        (
            "x://app:GE?HEIM@db, x://app:12x/3@db",
            "x://app:***@db, x://app:***@db",
        ),
        ("\"x://app:GE\"HEIM@db\"", "\"x://app:***@db\""),
        ("x://app:GE`HEIM@db", "x://app:***@db"),
        ("'x://app:GE'HEIM@db'", "'x://app:***@db'"),
        (
            r#"{"a":"x://u:p@h","b":"c@d","c":"x://u:p/q@h"}"#,
            r#"{"a":"x://u:***@h","b":"c@d","c":"x://u:***@h"}"#,
        ),
    ] {
        assert_eq!(hide(text), expected);
    }
    for other in [
        "http://host:80/a@b",
        "http://user@host",
        "://a:b@c",
        "http://user:@host",
        "x: //a:b@c",
        "a://b:***@c",
        "std::fmt::Display",
        "http://host:80?mail=a@b",
        "mongodb://one:27017,two:27017/shop?as=a@b",
        "http://[::1]:80/@ada",
        "http://[::1]/@ada",
        "http://user@host:name/@ada",
        "file://C:/me@work",
        "http://user:name x@y",
        r#"{"a":"x://u:p","b":"c@d"}"#,
        "<a href=x://u:p>c@d</a>",
    ] {
        assert_eq!(hide(other), other);
    }
}

#[test]
fn only_what_was_asked_for_is_hidden() {
    let text =
        format!("Bearer abcd1234 {JWT} AKIAIOSFODNN7EXAMPLE 4111111111111111 a@b.io x://u:p@h");
    for pattern in SecretPattern::ALL {
        let patterns = Patterns::of(&[pattern], &[]).expect("patterns");
        let hidden = patterns.hide(&text).expect("one of each");
        assert_eq!(hidden.matches(MASK).count(), 1, "{hidden}");
    }
    assert!(Patterns::of(&[], &[]).is_none());
    assert_eq!(hide(&text), "Bearer *** *** *** *** *** x://u:***@h");
}

#[cfg(feature = "regex")]
#[test]
fn expressions_hide_their_groups_or_all_they_match() {
    let said = ["order-[0-9]+", "session=(\\w+);(\\w*)"].map(str::to_owned);
    let patterns = Patterns::of(&[SecretPattern::Email], &said).expect("patterns");
    for (text, expected) in [
        (
            "order-12 session=abc;d; a@b.io",
            Some("*** session=***;***; ***"),
        ),
        ("session=***; a@b.io", Some("session=***; ***")),
        ("x@b.io order-1", Some("*** ***")),
        ("order- session", None),
        ("session=***;", None),
        ("session=abc;", Some("session=***;")),
    ] {
        assert_eq!(patterns.hide(text).as_deref(), expected, "{text}");
        assert_eq!(patterns.finds(text), expected.is_some(), "{text}");
    }
}

#[cfg(feature = "regex")]
#[test]
fn where_no_group_took_part_the_whole_match_is_hidden() {
    let said = [r"session=(\w+)|sid=\w+".to_owned()];
    let patterns = Patterns::of(&[], &said).expect("patterns");
    let hidden = patterns.hide("session=GEHEIM1 sid=GEHEIM2 x");
    assert_eq!(hidden.as_deref(), Some("session=*** *** x"));
    let not_there = [r"session=(\w+)(;\w*)?".to_owned()];
    let patterns = Patterns::of(&[], &not_there).expect("patterns");
    assert_eq!(patterns.hide("session=abc").as_deref(), Some("session=***"));
}

/// Pieces of which secrets are made, and what comes between.
fn pieces() -> impl Strategy<Value = Vec<String>> {
    let piece = prop_oneof![
        "bearer |Bearer |authorization: |Some\\(|eyJ|AKIA|ASIA|secret_access_key=|x://|://|[@.:,'/ -]|[\"]|é|[a-z]{1,3}|[0-9]{1,6}|[A-Z0-9]{16}|[*]{3}",
        Just("4111 1111 1111 1111".to_owned()),
        Just(JWT.to_owned()),
    ];
    prop::collection::vec(piece, 0..30)
}

proptest! {
    #[test]
    fn any_text_is_looked_through(pieces in pieces(), other: String) {
        let patterns = Patterns::of(&SecretPattern::ALL, &[]).expect("patterns");
        for text in [pieces.concat(), other] {
            prop_assert_eq!(patterns.finds(&text), patterns.hide(&text).is_some());
        }
    }

    #[test]
    fn what_is_hidden_stays_so(pieces in pieces()) {
        let once = hide(&pieces.join(" "));
        prop_assert_eq!(hide(&once), once);
    }

    #[test]
    fn secrets_are_found_in_any_text(before in "([a-z .,]{0,20}[ ,])?", after in "([ ,][a-z .,]{0,20})?") {
        for secret in [
            "4111 1111 1111 1111", "4111111111111111", JWT, "AKIAIOSFODNN7EXAMPLE", "ada@example.com",
            "Bearer 0123456789abcdef", "https://ada:0123456789@host",
        ] {
            let hidden = hide(&format!("{before}{secret}{after}"));
            prop_assert!(hidden.contains(MASK), "{}", hidden);
            prop_assert!(hidden.starts_with(&before) && hidden.ends_with(&after), "{}", hidden);
            prop_assert!(!hidden.contains("0123456789") && !hidden.contains("1111") && !hidden.contains("example"));
        }
    }
}

/// What would take hours if it were looked at again for each of its bytes.
#[test]
fn long_texts_of_beginnings_are_gone_through_once() {
    for piece in [
        "eyJ",
        "a@",
        "@a",
        "x://",
        "bearer ",
        "1 ",
        "1111 ",
        "4111-",
        "key",
        "secret_access_key",
        "secretaccesskey",
        "secretaccesskey=Some(",
        "authorization: Some(\"bearer ",
        "eyJhbGciOiJkaXIifQ..",
        "x://a:b/",
        "x://a:b'",
        "x://a:b/@",
        "'x://a:b\"",
        "AKIA",
    ] {
        let text = piece.repeat((4 << 20) / piece.len());
        assert!(hide(&text).len() <= text.len());
    }
}
