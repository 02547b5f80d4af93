//! What becomes of parameters.

use hestia::instrument;

use super::lengths::{long, long_results};

#[derive(Debug)]
#[allow(dead_code, reason = "printed")]
pub(super) struct Printable {
    pub(super) x: u8,
}

struct Nameless;

#[derive(hestia::Encode)]
struct Encoded {
    x: u8,
    token: String,
}

#[instrument(skip(skipped), fields(first = pair.0, given = "changed", %shown, nested.key = 1_u8))]
#[allow(clippy::too_many_arguments, reason = "all kinds of them")]
fn take_all<T>(
    number: i32,
    text: &str,
    owned: String,
    list: &[f32],
    option: Option<&str>,
    printable: &Printable,
    encoded: Encoded,
    nameless: &Nameless,
    generic: T,
    password: &str,
    access_token: String,
    skipped: Nameless,
    given: u8,
    shown: &str,
    pair: (u8, u8),
    Printable { x: renamed }: Printable,
    (left, [right, _]): (u8, [u8; 2]),
    _: u8,
    mut changed: u8,
    r#type: u8,
) -> u8 {
    changed += 1;
    let _ = (
        number, text, owned, list, option, printable, encoded, nameless, generic,
    );
    let _ = (
        password,
        access_token,
        skipped,
        given,
        shown,
        pair,
        renamed,
        left,
        right,
        r#type,
    );
    changed
}

#[instrument(skip_all, fields(length = text.len()))]
fn skip_all(text: &str) {
    let _ = text;
}

pub(super) fn values() {
    let encoded = Encoded {
        x: 1,
        token: "classified".to_owned(),
    };
    let printable = Printable { x: 2 };
    let changed = take_all(
        -5,
        "text",
        "owned".to_owned(),
        &[0.5, 1.5],
        None,
        &printable,
        encoded,
        &Nameless,
        Nameless,
        "classified",
        "classified".to_owned(),
        Nameless,
        9,
        "shown",
        (3, 4),
        Printable { x: 6 },
        (7, [8, 9]),
        10,
        11,
        12,
    );
    assert_eq!(changed, 12);
    let words = "\u{e9}".repeat(30);
    let printed: Vec<_> = (0..10).map(|x| Printable { x }).collect();
    let list = vec![7; 1_000_000];
    assert_eq!(long(&words, list, &printed).chars().count(), 61);
    skip_all("five!");
    long_results();
}
