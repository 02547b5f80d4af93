//! Programs that log secrets in every way there is. Whatever is secret has `geheim` in it, or is one of [`SHAPED`]; what
//! is not has `offen`.

use std::io::Write as _;
use std::panic::catch_unwind;

use hestia::{
    Batch, Builder, Encode, Encoded, Encoder, Handle, Redact, Redaction, Scope, SecretPattern,
    Sink, SinkError, hlog,
};
use hestia_tests::figures::tell;
use log::info;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde::{Serialize, Serializer};
use serde_json::json;

fn argument(number: usize) -> String {
    std::env::args().nth(number).unwrap_or_default()
}

fn start(builder: Builder) -> Handle {
    match builder.init() {
        Ok(hestia) => hestia,
        Err(error) => panic!("hestia does not start: {error}"),
    }
}

/// Secrets by their shape. (The test knows them, too.)
const SHAPED: [&str; 7] = [
    "4111 1111 1111 1111",
    "378282246310005",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJnZWhlaW0ifQ.c2lnbmF0dXJlLWdlaGVpbQ",
    "AKIAIOSFODNN7GEHEIM0",
    "geheim@example.com",
    "Bearer geheim-0123456789",
    "https://user:geheim@host/",
];

/// A value of any shape.
#[derive(Clone, Debug)]
enum Node {
    Number(u64),
    Text(String),
    /// By its shape.
    Shaped(usize),
    /// By its type.
    Typed,
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Node::Number(number) => serializer.serialize_u64(*number),
            Node::Text(text) => serializer.serialize_str(text),
            Node::Shaped(at) => serializer.serialize_str(&shaped(*at)),
            Node::Typed => Redact::new("geheim").serialize(serializer),
            Node::List(items) => serializer.collect_seq(items),
            Node::Object(entries) => {
                serializer.collect_map(entries.iter().map(|(key, value)| (key, value)))
            }
        }
    }
}

impl Encode for Node {
    fn encode(&self, encoder: Encoder<'_>) -> Encoded {
        match self {
            Node::Number(number) => encoder.put_u64(*number),
            Node::Text(text) => encoder.put_str(text),
            Node::Shaped(at) => encoder.put_display(shaped(*at)),
            Node::Typed => Redact::new("geheim").encode(encoder),
            Node::List(items) => {
                encoder.put_seq(|seq| items.iter().for_each(|item| seq.push(item)))
            }
            Node::Object(entries) => encoder.put_map(|map| {
                for (key, value) in entries {
                    map.entry(key, value);
                }
            }),
        }
    }
}

fn shaped(at: usize) -> String {
    format!("offen, {}, offen", SHAPED[at])
}

const OPEN: [&str; 6] = ["a", "b", "user", "tokens_used", "page_token", "count"];
const CLOSED: [&str; 9] = [
    "password",
    "X-Api-Key",
    "accessToken",
    "client_secret",
    "cookie",
    "ssn",
    "userSSN",
    "some.token",
    "PRIVATE KEY",
];

/// Everything in it is secret.
fn hide(node: Node) -> Node {
    match node {
        Node::Text(text) => Node::Text(text.replace("offen", "geheim")),
        Node::List(items) => Node::List(items.into_iter().map(hide).collect()),
        Node::Object(entries) => {
            let entries = entries.into_iter();
            Node::Object(entries.map(|(key, node)| (key, hide(node))).collect())
        }
        Node::Shaped(_) => Node::Text("geheim".to_owned()),
        other => other,
    }
}

fn nodes() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        any::<u64>().prop_map(Node::Number),
        "offen[a-z]{0,9}".prop_map(Node::Text),
        (0..SHAPED.len()).prop_map(Node::Shaped),
        Just(Node::Typed),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        let open = (prop::sample::select(&OPEN[..]), inner.clone());
        let closed = (
            prop::sample::select(&CLOSED[..]),
            inner.clone().prop_map(hide),
        );
        let entry = prop_oneof![open, closed].prop_map(|(key, node)| (key.to_owned(), node));
        prop_oneof![
            prop::collection::vec(inner, 0..5).prop_map(Node::List),
            prop::collection::vec(entry, 0..5).prop_map(Node::Object),
        ]
    })
}

/// What is at the path.
fn customer(node: Node) -> Node {
    Node::Object(vec![(
        "card".to_owned(),
        Node::List(vec![Node::Object(vec![("number".to_owned(), hide(node))])]),
    )])
}

#[derive(Redact, Encode, Clone)]
struct Login {
    user: String,
    #[redact]
    #[allow(dead_code, reason = "that nobody reads it is what is tested")]
    word: String,
    #[redact]
    #[allow(dead_code, reason = "it has neither a `Debug` nor an `Encode`")]
    more: Unknown,
}

#[derive(Clone)]
struct Unknown;

fn log(number: usize, node: &Node, logger: &hestia::Logger, early: &Scope) {
    let hidden = hide(node.clone());
    let at_path = customer(node.clone());
    let (secret, shaped) = ("geheim", shaped(number % SHAPED.len()));
    let login = Login {
        user: format!("offen{number}"),
        word: secret.to_owned(),
        more: Unknown,
    };
    let wrapped = Redact::new(secret);
    match number % 19 {
        0 => hlog!(info, node:serde = node, number, "a serde value"),
        1 => hlog!(info, node, number, "a value of its own"),
        2 => info!(number, node:serde = node, password:serde = hidden; "of log"),
        3 => info!(number, "my.token" = secret, customer:serde = at_path; "of log, at a path"),
        4 => hlog!(
            info,
            number,
            customer = &at_path,
            customer_ssn = secret,
            "{shaped} {number}"
        ),
        5 => hlog!(
            info,
            number,
            customer.card.number = secret,
            req.ssn = secret,
            in_list = &[node],
            "offen"
        ),
        6 => {
            let (password, ssn) = (secret, String::from(secret));
            hlog!(
                info,
                "{password:>20} {ssn} {ssn:?} {number} {:>9} {wrapped}",
                wrapped
            );
        }
        7 => {
            let ssn = secret;
            hlog!(
                info,
                ssn,
                number,
                "{ssn:^19} {password} offen, to postgres://app:geheim@db",
                password = wrapped.expose()
            );
        }
        8 => hlog!(info, logger: logger, node, "{shaped}"),
        9 => info!(logger: logger, node:serde; "{shaped}"),
        10 => hlog!(info, login = ?login, typed = &login, wrapped, "{login:?}"),
        11 => info!(login:? = login, wrapped:%, text = shaped.as_str(); "{wrapped} {shaped}"),
        12 => {
            hestia::info!(target: &format!("t{number}"), apiKey:% = secret, text = &shaped; "{shaped:>60}");
        }
        13 => {
            hlog!(error, err = &*shaped, cause:err = std::io::Error::other(shaped.clone()), "{}", shaped);
        }
        14 => {
            // Cut in the middle of the secret.
            let token = format!("{}{}", SHAPED[2], "geheim".repeat(1_000));
            cut(
                "https://application:geheim-geheim-geheim@host/",
                &token,
                || {
                    step(number, secret, node, &hidden, &login);
                },
            );
        }
        15 => {
            let _scope = hestia::scope!(ssn = secret, customer = at_path, text = &shaped);
            info!(number; "offen, in a scope");
        }
        16 => {
            let span = tracing::info_span!(
                "step",
                ssn = secret,
                user.password = wrapped.expose(),
                text = &shaped,
                recorded = tracing::field::Empty,
                later_token = tracing::field::Empty,
            )
            .entered();
            span.record("recorded", &shaped)
                .record("later_token", secret);
            tracing::info!(number, api_key = ?hidden, text = %shaped, "{shaped}");
        }
        17 => {
            let _scope = hestia::scope!(before = 1, own_token = "offen");
            hestia::record!(customer = at_path, own_token = secret, text = &shaped);
            let _inside = hestia::scope!(inside = 1);
            hestia::record!(user.ssn = secret, node);
            info!(number; "offen, in a scope with more");
        }
        _ => early.run(|| hlog!(info, number, "offen, in an early scope")),
    }
}

#[hestia::instrument(started = false, completed = false, max_length = 40, skip(inside))]
fn cut(url: &str, token_text: &str, inside: impl FnOnce()) {
    inside();
}

/// What is logged in it carries its arguments.
#[hestia::instrument(started = false, completed = false, fields(shaped = shaped(number % SHAPED.len()), user.ssn = ssn.len()))]
fn step(number: usize, ssn: &str, node: &Node, private_key: &Node, login: &Login) {
    hlog!(info, "offen, in a function");
}

/// Logs while it is written to: what it says goes to the internal log.
struct Chatty;

impl Sink for Chatty {
    fn write(&mut self, batch: &mut Batch) -> Result<(), SinkError> {
        if batch.lines().next().is_some() {
            info!("offen of a sink: {}", SHAPED[0]);
            hlog!(info, token = "geheim", "offen of a sink: {}", SHAPED[5]);
        }
        Ok(())
    }
}

fn redaction() -> Redaction {
    Redaction::default()
        .key("ssn")
        .except("page_token")
        .path("customer.card.number")
        .path("process.*")
        .patterns(SecretPattern::ALL)
}

/// Random structures with secrets in them, in every way that they can be logged.
fn planted() {
    // The standard library's would say what the panic says.
    std::panic::set_hook(Box::new(|_| ()));
    let seed: u8 = argument(2).parse().expect("a number");
    let crash_safe = argument(3) == "crash_safe";
    let early = hestia::logger("early")
        .metadata("ssn", "geheim")
        .metadata("open", "offen")
        .metadata("page_token", "offen, too");
    let early_scope = Scope::new()
        .with("ssn", "geheim")
        .with("page_token", "offen, too")
        .with("text", SHAPED[4]);
    let builder = hestia::builder()
        .redact(redaction())
        .metadata("deploy_token", "geheim")
        .metadata("contact", SHAPED[4])
        .metadata(
            "process",
            Node::Object(vec![("x".to_owned(), Node::Text("geheim".to_owned()))]),
        )
        .internal_logger(true)
        .tracing(true)
        .sink(Chatty);
    let hestia = start(match crash_safe {
        true => builder.crash_safe("rings"),
        false => builder,
    });
    let late = early
        .clone()
        .metadata("more_secret", "geheim")
        .metadata("mail", SHAPED[4]);
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), random);
    for number in 0..420 {
        let node = nodes()
            .new_tree(&mut runner)
            .expect("a structure")
            .current();
        let logger = if number % 4 == 0 { &early } else { &late };
        log(number, &node, logger, &early_scope);
    }
    info!("offen, as it is printed: {early:?} {late:?} {early_scope:?}");
    let panicked = catch_unwind(|| panic!("offen, {}", SHAPED[2]));
    assert!(panicked.is_err());
    hestia.flush().expect("all of it is written");
    let rings: usize = std::fs::read_dir("rings").map_or(0, |rings| {
        let files = rings.map(|file| file.expect("a file").path());
        // Nothing in there is wiped once it has been read; most of it has never been used.
        let found = files.map(|file| {
            let bytes = std::fs::read(file).expect("rings");
            let pages = bytes.chunks(4096);
            let used: Vec<&[u8]> = pages
                .filter(|page| page.iter().any(|byte| *byte != 0))
                .collect();
            let used = String::from_utf8_lossy(&used.concat()).into_owned();
            assert!(
                used.matches("offen").count() > 100,
                "it is where records are"
            );
            let secrets = SHAPED.iter().chain(&["geheim"]);
            secrets.filter(|secret| used.contains(**secret)).count()
        });
        found.sum()
    });
    tell(&json!({ "in rings": rings }));
}

/// Another logger gets no more to see.
fn elsewhere() {
    struct Other;
    impl log::Log for Other {
        fn enabled(&self, _: &log::Metadata<'_>) -> bool {
            true
        }
        fn log(&self, record: &log::Record<'_>) {
            let mut shown = String::new();
            let mut visit = |key: log::kv::Key<'_>, value: log::kv::Value<'_>| {
                shown.push_str(&format!(" {key}={value}"));
            };
            struct Visitor<'v>(&'v mut dyn FnMut(log::kv::Key<'_>, log::kv::Value<'_>));
            impl<'kvs> log::kv::VisitSource<'kvs> for Visitor<'_> {
                fn visit_pair(
                    &mut self,
                    key: log::kv::Key<'kvs>,
                    value: log::kv::Value<'kvs>,
                ) -> Result<(), log::kv::Error> {
                    (self.0)(key, value);
                    Ok(())
                }
            }
            let _ = record.key_values().visit(&mut Visitor(&mut visit));
            let _ = writeln!(std::io::stdout(), "{}{shown}", record.args());
        }
        fn flush(&self) {}
    }
    log::set_boxed_logger(Box::new(Other)).expect("the first");
    log::set_max_level(log::LevelFilter::Info);
    let (password, other) = ("geheim", Other);
    hlog!(info, my_token = password, user:serde = json!({"password": "geheim", "name": "offen"}), "{password} offen");
    hlog!(info, logger: other, password, "offen");
}

#[derive(Serialize)]
struct User {
    password: &'static str,
    name: &'static str,
}

fn statements() {
    let (password, page_token, ssn) = ("p", "t", "s");
    let user = User {
        password,
        name: "n",
    };
    hlog!(info, password, page_token, ssn, user:serde = user, a.password = 1, "{password:>3} {page_token} {ssn:?}");
    info!(password, page_token, ssn, user:serde = user; "of log: {password}");
    hlog!(info, "{} {password}", Redact::new(5));
}

/// What is excepted, or switched off, is shown.
fn shown() {
    let builder = hestia::builder().console(false);
    start(match argument(2).as_str() {
        "off" => builder.redact(false),
        "own" => builder.redact(Redaction::default().list(false).key("ssn")),
        "except" => builder.redact(
            Redaction::default()
                .except("page token")
                .except("password")
                .path("user.name"),
        ),
        _ => builder,
    });
    statements();
}

/// Keys with capitals where nobody expects them, and places in arrays.
#[expect(non_snake_case, reason = "that is what it is about")]
fn spelled() {
    #[derive(Serialize, Encode)]
    struct Spelled {
        userPassWord: &'static str,
        MYAPIKey: &'static str,
        open: u8,
    }
    let spelled = Spelled {
        userPassWord: "geheim",
        MYAPIKey: "geheim",
        open: 1,
    };
    start(
        hestia::builder()
            .console(false)
            .redact(Redaction::default().path("users.*.iban").path("ids.*")),
    );
    let passWord = "geheim";
    hlog!(info, passWord, APIkey = "geheim", pass_word = 7, by_serde:serde = &spelled, own = &spelled, "{passWord} {0}", 1);
    let users = json!([{ "iban": "geheim", "name": "ada" }]);
    hlog!(info, users:serde = &users, ids = [1_u8, 2], "in arrays");
    info!(passWord, ToKeN = 1, users:serde = &users, ids:serde = &[1, 2]; "of log");
}

/// Settings that make no sense.
fn refused() {
    let mut said = Vec::new();
    for redaction in [
        Redaction::default().key(""),
        Redaction::default().except("a.b"),
        Redaction::default().path("a..b"),
        Redaction::default().pattern("(geheim"),
        Redaction::default().pattern("x*"),
    ] {
        let refused = hestia::builder().console(false).redact(redaction).init();
        said.push(
            refused
                .map(drop)
                .expect_err("it makes no sense")
                .to_string(),
        );
    }
    // Nothing of that has stayed.
    let hestia =
        start(hestia::builder().redact(Redaction::default().key("ssn").pattern("id=([0-9]+)")));
    info!(ssn = 1; "id=42 id=x");
    let report = hestia.report();
    let row = report.row("redact").expect("a row");
    tell(&json!({ "refused": said, "row": row.value, "origin": row.origin.to_string() }));
}

fn main() {
    match argument(1).as_str() {
        "planted" => planted(),
        "elsewhere" => elsewhere(),
        "shown" => shown(),
        "spelled" => spelled(),
        "refused" => refused(),
        scenario => panic!("no such scenario: {scenario:?}"),
    }
}
