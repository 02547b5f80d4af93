//! Key-values: every form in which they are written, and what they are in the JSON of the record.

mod seen;

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use hestia::hlog;
use seen::{Seen, logged, one};
use serde::Serialize;
use serde_json::{Value, json};

fn fields(statement: impl FnOnce()) -> Value {
    one(statement).fields().clone()
}

#[derive(Debug, Serialize)]
struct Cart {
    items: Vec<Item>,
    note: Option<&'static str>,
    name: &'static str,
}

#[derive(Debug, Serialize)]
enum Item {
    Book { pages: u16 },
    Gift,
}

fn cart() -> Cart {
    Cart {
        items: vec![Item::Book { pages: 300 }, Item::Gift],
        note: None,
        name: "n",
    }
}

#[test]
fn every_form_is_written_before_the_message() {
    let (user_id, name, cart) = (5, "ada", cart());
    let seen = fields(|| {
        hlog!(
            info, user_id, plain = 1.5, %name, ?cart, shown = %name, asked = ?name, shown_too:% = name,
            asked_too:? = name, words:display = name, words_too:debug = name, cart_too:serde = &cart,
            body:bytes = b"\xff\x00", user_id_too:% = user_id, cause:err = "plain", cause_too:error = "plain",
            "content-type" = "text", "quoted ?" = ?name, "quoted.key":serde = [1, 2], a.b.c = 1, a.b.d:? = name, "message"
        );
    });
    assert_eq!(
        seen,
        json!({
            "user_id": 5, "plain": 1.5, "name": "ada", "cart": format!("{cart:?}"),
            "shown": "ada", "asked": "\"ada\"", "shown_too": "ada", "asked_too": "\"ada\"",
            "words": "ada", "words_too": "\"ada\"",
            "cart_too": {"items": [{"Book": {"pages": 300}}, "Gift"], "note": null, "name": "n"},
            "body": "/wA=", "user_id_too": "5", "cause": "plain", "cause_too": "plain",
            "content-type": "text", "quoted ?": "\"ada\"", "quoted.key": [1, 2],
            "a": {"b": {"c": 1, "d": "\"ada\""}},
        })
    );
}

#[test]
fn every_form_is_written_behind_the_message() {
    let (name, cart) = ("ada", cart());
    let seen = one(|| {
        hlog!(
            info, first = 1, "{name} {} {x} {width:>w$}", 2, x = 3, plain = 4, shown = %name, asked = ?name,
            shown_too:% = name, asked_too:? = name, cart:serde = &cart.items, body:bytes = "ab", cause:err = "plain",
            "content-type" = "text", "quoted ?" = ?name, a.b = 5, a.c:% = 6, err = &fmt::Error, w = 4, width = 7,
            ratio = 0.5 / 2.0, compared = 1 == 2,
        );
    });
    assert_eq!(seen.message(), "ada 2 3    7");
    assert_eq!(
        *seen.fields(),
        json!({
            "first": 1, "plain": 4, "shown": "ada", "asked": "\"ada\"", "shown_too": "ada", "asked_too": "\"ada\"",
            "cart": [{"Book": {"pages": 300}}, "Gift"], "body": "YWI=", "cause": "plain", "content-type": "text",
            "quoted ?": "\"ada\"", "a": {"b": 5, "c": "6"}, "err": [fmt::Error.to_string()],
            "ratio": 0.25, "compared": false,
        })
    );
}

#[test]
fn shorthands_are_the_variables_of_that_name() {
    let (a, b, c, r#type) = (1, "two", Some(3.5), 'x');
    assert_eq!(
        fields(|| hlog!(info, a, b, c, r#type)),
        json!({"a": 1, "b": "two", "c": 3.5, "type": "x"})
    );
    assert_eq!(
        fields(|| hlog!(info, %b, ?c, a:?, b2:% = b)),
        json!({"a": "1", "b": "two", "c": "Some(3.5)", "b2": "two"})
    );
    assert_eq!(
        fields(|| hestia::info!(a, b, ?c, %r#type; "message {a}")),
        json!({"a": 1, "b": "two", "c": "Some(3.5)", "type": "x"})
    );
    assert_eq!(fields(|| hestia::warn!(a, c = 5)), json!({"a": 1, "c": 5}));
}

#[test]
fn the_grammar_of_the_log_crate_is_understood() {
    let (name, e) = ("ada", fmt::Error);
    macro_rules! both {
        ($($statement:tt)+) => {{
            log::info!($($statement)+);
            hestia::info!($($statement)+);
        }};
    }
    let seen = logged(|| {
        both!("constant");
        both!("constant",);
        both!(target: "own", "with {}", 1);
        both!(a = 1; "x");
        both!(a = 1, b:% = name, c:? = name, d:debug = name, e:display = name; "x {} {name}", 2);
        both!(a:serde = [1, 2], "quoted key" = 5, name; "x {name}");
        both!(a:err = e; "x");
        both!(target: "own", a = 1, name:?; "x {b} {}", 1, b = 2);
        both!(logger: log::logger(), target: "own", a = 1; "x");
        both!(logger: log::logger(), "x {}", 1);
        both!(a = Some(1), b = None::<u8>, c = 'c', d = 1.5f32, e = true, f = u128::MAX, g = -1i8; "x");
        both!("{} {x}", name, x = 1,);
    });
    for pair in seen.chunks(2) {
        let [theirs, ours] = pair else {
            panic!("pairs")
        };
        let same = |seen: &Seen| (seen.message().to_owned(), seen.target().to_owned());
        assert_eq!(same(theirs), same(ours));
        assert_eq!(theirs.fields(), ours.fields());
        assert_eq!(theirs.json["file"], ours.json["file"]);
        assert_eq!(theirs.json["line"], ours.json["line"]);
        assert_eq!(theirs.json["module"], ours.json["module"]);
    }
    assert_eq!(seen.len(), 24);
}

#[test]
fn keywords_and_words_of_the_grammar_are_keys() {
    let seen = fields(|| {
        hlog!(
            info, type = 1, r#match = 2, self = 3, info = 4, hestia = 5, fields = 6, value_0 = 7, out = 8, via = 9,
            async.await.fn = 10, level = 11, message = 12, serde = 13, "target" = 14, "logger" = 15, " " = 16,
            "message", r#in = 17, crate.use = 18, true = 19
        );
    });
    assert_eq!(
        seen,
        json!({
            "type": 1, "match": 2, "self": 3, "info": 4, "hestia": 5, "fields": 6, "value_0": 7, "out": 8, "via": 9,
            "async": {"await": {"fn": 10}}, "level": 11, "message": 12, "serde": 13, "target": 14, "logger": 15,
            " ": 16, "in": 17, "crate": {"use": 18}, "true": 19,
        })
    );
}

#[test]
fn names_of_the_expansion_are_free() {
    let (fields, out, via, value_0, value_1, callsite, target, logger) =
        (1, "o", 3, 4, 5, 6, "t", log::logger());
    let seen = one(|| {
        hlog!(
            info, target: target, logger: logger, fields, value_1, callsite, via, obj.fields = fields,
            "{out} {value_0} {out:>value_0$} {} {}", via, callsite
        );
    });
    assert_eq!(seen.message(), "o 4    o 3 6");
    assert_eq!(
        *seen.fields(),
        json!({"fields": 1, "value_1": 5, "callsite": 6, "via": 3, "obj": {"fields": 1}})
    );
}

#[test]
fn nested_keys_merge_into_one_object() {
    let seen = one(|| {
        hlog!(
            info,
            a.x = 1,
            b = 2,
            a.y.p = 3,
            a.z = 4,
            "m",
            a.y.q = 5,
            c.d.e.f = 6,
            "a.x" = 7,
            a.password = 8
        );
    });
    assert_eq!(
        seen.raw_fields(),
        r#"{"a":{"x":1,"y":{"p":3,"q":5},"z":4,"password":"***"},"b":2,"c":{"d":{"e":{"f":6}}},"a.x":7}"#
    );
}

#[test]
fn messages_and_keys_may_be_absent() {
    let user_id = 5;
    let seen = logged(|| {
        hlog!(info, user_id);
        hlog!(info, user_id,);
        hlog!(info, user_id = 5);
        hlog!(info, target: "own", ?user_id);
        hlog!(info, "only {}", "text",);
        hlog!(info, "",);
        hlog!(info, "constant", user_id = 1);
    });
    let messages: Vec<_> = seen.iter().map(|seen| &seen.json["message"]).collect();
    assert_eq!(messages, ["", "", "", "", "only text", "", "constant"]);
    assert_eq!(seen[5].json.get("metadata"), None);
}

#[test]
fn types_are_kept_in_json() {
    let text = String::from("heap");
    let seen = one(|| {
        hlog!(
            info, max = u128::MAX, min = i128::MIN, large = u64::MAX, small = i64::MIN, byte = 255u8, float = 0.1f32,
            double = 0.1, whole = 3.0, exponent = 1e300, nan = f64::NAN, infinite = f32::INFINITY,
            negative = f64::NEG_INFINITY, zero = -0.0, yes = true, unit = (), none = None::<&str>, some = Some(Some(1)),
            letter = 'é', text, cow = Cow::Borrowed("c"), rc = Rc::new(1), boxed = Box::new("b"),
            bytes:bytes = &[0u8, 255][..], list = [1, 2], nested = [[Some(1.5)], [None]], strings = vec!["a", "b"],
            duration = Duration::from_millis(1500), time = UNIX_EPOCH + Duration::new(1, 500_000_000),
            ip = std::net::Ipv4Addr::LOCALHOST, number = std::num::NonZeroU8::MIN, wrapping = std::num::Wrapping(1),
            arguments = format_args!("{}-{}", 1, 2), serde:serde = json!({"a": [1, null, {"b": 1.5}]}),
            quotes = "\"\\\n\u{2028}",
        );
    });
    assert_eq!(
        seen.raw_fields(),
        concat!(
            r#"{"max":340282366920938463463374607431768211455,"min":-170141183460469231731687303715884105728,"#,
            r#""large":18446744073709551615,"small":-9223372036854775808,"byte":255,"float":0.1,"double":0.1,"#,
            r#""whole":3.0,"exponent":1e+300,"nan":"NaN","infinite":"inf","negative":"-inf","zero":-0.0,"#,
            r#""yes":true,"unit":null,"none":null,"some":1,"letter":"é","text":"heap","cow":"c","rc":1,"boxed":"b","#,
            r#""bytes":"AP8=","list":[1,2],"nested":[[1.5],[null]],"strings":["a","b"],"duration":1.5,"#,
            r#""time":"1970-01-01T00:00:01.500Z","ip":"127.0.0.1","number":1,"wrapping":1,"arguments":"1-2","#,
            r#""serde":{"a":[1,null,{"b":1.5}]},"quotes":"\"\\\n\u2028"}"#,
        )
    );
}

#[derive(Debug)]
struct Failure {
    text: &'static str,
    source: Option<Box<Failure>>,
}

impl Failure {
    fn new(text: &'static str) -> Self {
        Failure { text, source: None }
    }

    fn because(self, source: Failure) -> Self {
        Failure {
            source: Some(Box::new(source)),
            ..self
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.text)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source as &dyn Error)
    }
}

fn failure() -> Failure {
    Failure::new("payment failed")
        .because(Failure::new("no connection").because(Failure::new("refused")))
}

#[test]
fn errors_of_every_kind_are_their_chains() {
    fn dynamic(err: &dyn Error) {
        hlog!(error, err);
    }
    fn generic<E: Error>(err: E) {
        hlog!(error, err, "generic");
    }
    fn generic_reference<E: Error + ?Sized>(err: &E) {
        hlog!(error, err);
        hlog!(error, "x", err = err);
    }
    fn threads(err: &(dyn Error + Send + Sync + 'static)) {
        hestia::error!(err; "x");
    }
    let chain = json!(["payment failed", "no connection", "refused"]);
    let boxed: Box<dyn Error> = Box::new(failure());
    let sent: Box<dyn Error + Send + Sync> = Box::new(failure());
    let shared: Arc<dyn Error + Send + Sync> = Arc::new(failure());
    let any = anyhow::Error::from(failure());
    let mut changing = failure();
    let seen = logged(|| {
        hlog!(error, err = failure(), "x");
        hlog!(error, err = &failure());
        hlog!(error, err = &&&failure());
        hlog!(error, err = boxed);
        hlog!(error, err = &boxed);
        hlog!(error, err = &*boxed);
        hlog!(error, err = boxed.as_ref());
        hlog!(error, err = sent);
        hlog!(error, err = &sent);
        hlog!(error, err = shared);
        hlog!(error, err = &shared);
        hlog!(error, err = any);
        hlog!(error, err = &any);
        hlog!(error, err = anyhow::Error::from(failure()));
        hlog!(error, err = &mut changing);
        hlog!(error, err = Box::new(failure()));
        hlog!(error, err = Rc::new(failure()));
        dynamic(&failure());
        generic(failure());
        generic_reference(&failure());
        generic_reference::<dyn Error>(&failure());
        threads(&failure());
        if let Err(err) = Err::<(), _>(failure()) {
            hlog!(error, err, "shorthand");
            hestia::error!(err:err = err; "log's own form");
        }
    });
    for (at, seen) in seen.iter().enumerate() {
        assert_eq!(seen.fields()["err"], chain, "{at}");
    }
    assert_eq!(seen.len(), 26);
}

#[test]
fn what_is_no_error_is_shown() {
    fn generic<T: fmt::Display>(err: T) {
        hlog!(error, err);
    }
    fn unsized_text(err: &str) {
        hlog!(error, err);
    }
    let seen = logged(|| {
        generic("shown");
        unsized_text("shown");
        hlog!(error, err = "shown");
        hlog!(error, err = String::from("shown"));
        hlog!(error, err = &&String::from("shown"));
        hlog!(error, err = format_args!("{}", "shown"));
        hlog!(error, err = %"shown");
        hlog!(error, err:% = failure(), "x");
    });
    let mut shown: Vec<_> = seen.iter().map(|seen| &seen.fields()["err"]).collect();
    assert_eq!(shown.pop(), Some(&json!("payment failed")));
    assert_eq!(shown, ["shown"; 7]);
}

#[test]
fn chains_do_not_repeat_what_was_said() {
    let repeating = Failure::new("cannot start: cannot read: gone").because(
        Failure::new("cannot read: gone")
            .because(Failure::new("gone").because(Failure::new("disk"))),
    );
    assert_eq!(
        fields(|| hlog!(error, err = repeating)),
        json!({"err": ["cannot start: cannot read: gone", "disk"]})
    );
}

#[test]
fn other_keys_take_errors_when_asked() {
    let seen = fields(
        || hlog!(error, a.err = 1, cause:err = failure(), "err" = failure(), text = %failure()),
    );
    let chain = json!(["payment failed", "no connection", "refused"]);
    assert_eq!(
        seen,
        json!({"a": {"err": 1}, "cause": chain, "err": chain, "text": "payment failed"})
    );
}

#[test]
fn secrets_are_masked() {
    let (password, token, user, api_key) = ("geheim", "geheim", "ada", "geheim");
    let seen = logged(|| {
        hlog!(info, password, "{user} {password} {token:?} {}", "x");
        hlog!(info, access_token = token, "X-Api-Key" = api_key, auth.cookie = %token, userPassword:? = password);
        hlog!(info, %token, ?api_key, secret:serde = [token], private_key:bytes = token, err.secret:err = token);
        hlog!(
            info,
            "{password:>12} {x}",
            password = password,
            x = 1,
            client_secret = token,
            tokens_used = 5
        );
        hlog!(info, "{0} {token:>0$} {token}", 5);
        hestia::info!(password = password; "{token} {user}");
        hlog!(info, "{password}");
    });
    for seen in &seen {
        assert!(!seen.line.contains("geheim"), "{}", seen.line);
    }
    assert_eq!(seen[0].message(), "ada *** *** x");
    assert_eq!(seen[3].message(), "*** 1");
    assert_eq!(
        *seen[3].fields(),
        json!({"client_secret": "***", "tokens_used": 5})
    );
    assert_eq!(seen[4].message(), "5 *** ***");
    assert_eq!(seen[6].message(), "***");
}

#[test]
fn later_words_win_over_the_process_and_each_key_stands_once() {
    let seen = fields(|| hlog!(info, "k" = 1, "{k}", k = 2, j = 3));
    assert_eq!(seen, json!({"k": 1, "j": 3}));
}
