//! Records to lay out, and what all layouts promise: golden files, and properties of any record.

mod golden;
mod properties;

use proptest::prelude::*;
use serde_json::{Value as JsonValue, json};
use std::sync::Arc;
use uuid::Uuid;

use super::Layout;
use crate::facts::Facts;
use crate::level::{Level, Severity};
use crate::record::{
    Around, Encode, Encoded, Encoder, Image, InlineSite, Record, RecordBuf, Shared, Site,
    Surroundings, Text, encode,
};
use crate::thread::ThreadRef;
use crate::trace_context::TraceIds;

/// A record with everything it borrows from.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) timestamp_nanos: i64,
    pub(super) severity: Severity,
    pub(super) application: String,
    pub(super) facts: Facts,
    pub(super) uuid: Uuid,
    pub(super) thread_id: u64,
    pub(super) thread_name: Option<String>,
    pub(super) target: String,
    pub(super) module: Option<String>,
    pub(super) file: Option<String>,
    pub(super) line: Option<u32>,
    pub(super) trace: Option<TraceIds>,
    pub(super) message: String,
    pub(super) fields: Vec<(String, Tree)>,
}

impl Sample {
    /// The record of the design's examples.
    pub(super) fn usual() -> Self {
        Sample {
            timestamp_nanos: 1_772_829_623_286_114_999,
            severity: Severity::Level(Level::Info),
            application: "billing".to_owned(),
            facts: Facts {
                application: "billing".to_owned(),
                app_version: Some("1.0.0".to_owned()),
                environment: "local".to_owned(),
                hostname: Some("host-1".to_owned()),
                container_id: Some("4f1c0a".to_owned()),
                process_id: 4242,
            },
            uuid: Uuid::from_u128(0x0195_6d3e_8a76_7000_8000_0000_0000_002a),
            thread_id: 4242,
            thread_name: Some("main".to_owned()),
            target: "billing::db".to_owned(),
            module: Some("billing::db".to_owned()),
            file: Some("src/db.rs".to_owned()),
            line: Some(17),
            trace: Some(TraceIds {
                trace_id: 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736,
                span_id: 0x00f0_67aa_0ba9_02b7,
            }),
            message: "slow query".to_owned(),
            fields: vec![
                ("elapsed_ms".to_owned(), Tree::F64(12.5)),
                ("user_id".to_owned(), Tree::I64(5)),
            ],
        }
    }

    /// A record of which only the least is known.
    pub(super) fn bare() -> Self {
        Sample {
            facts: Facts {
                app_version: None,
                hostname: None,
                container_id: None,
                ..Sample::usual().facts
            },
            thread_name: None,
            module: None,
            file: None,
            line: None,
            trace: None,
            message: String::new(),
            fields: Vec::new(),
            ..Sample::usual()
        }
    }

    /// The record, encoded as on the caller's thread and decoded as on the writer's.
    pub(super) fn with<R>(&self, take: impl FnOnce(&Record<'_>) -> R) -> R {
        let shared = Shared {
            application: Some(self.application.clone()),
            ..Shared::default()
        };
        let mut bytes = Vec::new();
        let mut image = Image::begin(
            &mut bytes,
            self.site(),
            Around {
                logger: Some(&shared),
                trace: self.trace,
                ..Around::default()
            },
        );
        image.fields(|bytes| {
            let mut map = encode::fields(bytes);
            for (key, value) in &self.fields {
                map.entry(key, value);
            }
        });
        let flags = image.text(|bytes| bytes.extend_from_slice(self.message.as_bytes()));
        let surroundings = Surroundings {
            timestamp_nanos: self.timestamp_nanos,
            uuid: self.uuid,
            facts: &Arc::new(self.facts.clone()),
            thread: ThreadRef {
                id: self.thread_id,
                name: self.thread_name.as_deref(),
            },
            process_fields: &[],
        };
        let decoded = RecordBuf::default().decode_to(flags, &bytes, &surroundings, take);
        decoded.expect("what was encoded can be decoded")
    }

    fn site(&self) -> Site<'_> {
        fn text(text: Option<&str>) -> Text<'_> {
            text.map_or(Text::None, Text::Copied)
        }
        Site::Inline(InlineSite {
            severity: self.severity,
            target: &self.target,
            module: text(self.module.as_deref()),
            file: text(self.file.as_deref()),
            line: self.line,
        })
    }

    pub(super) fn line(&self, layout: &mut impl Layout) -> String {
        let mut line = Vec::new();
        self.with(|record| layout.format(record, &mut line));
        String::from_utf8(line).expect("every line is UTF-8")
    }
}

/// A value that owns itself, to be encoded as a statement would.
#[derive(Clone, Debug)]
pub(super) enum Tree {
    Null,
    Bool(bool),
    U64(u64),
    I64(i64),
    U128(u128),
    I128(i128),
    F32(f32),
    F64(f64),
    Char(char),
    Str(String),
    Bytes(Vec<u8>),
    Seq(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

impl Tree {
    pub(super) fn text(text: &str) -> Self {
        Tree::Str(text.to_owned())
    }

    /// What a JSON reader has to see.
    fn expected(&self) -> JsonValue {
        match self {
            Tree::Null => JsonValue::Null,
            Tree::Bool(value) => json!(value),
            Tree::U64(value) => json!(value),
            Tree::I64(value) => json!(value),
            Tree::U128(value) => digits(&value.to_string()),
            Tree::I128(value) => digits(&value.to_string()),
            Tree::F32(value) if value.is_finite() => digits(&serde_json::to_string(value).unwrap()),
            Tree::F64(value) if value.is_finite() => digits(&serde_json::to_string(value).unwrap()),
            Tree::F32(value) => json!(value.to_string()),
            Tree::F64(value) => json!(value.to_string()),
            Tree::Char(value) => json!(value),
            Tree::Str(value) => json!(value),
            Tree::Bytes(value) => json!(base64(value)),
            Tree::Seq(items) => items.iter().map(Tree::expected).collect(),
            Tree::Map(entries) => object(entries),
        }
    }
}

/// The same digits as a reader takes them: equal text is an equal number, however imprecise the reader.
fn digits(text: &str) -> JsonValue {
    serde_json::from_str(text).unwrap()
}

/// Later entries take the place of earlier ones.
fn object(entries: &[(String, Tree)]) -> JsonValue {
    let entries = entries.iter();
    entries
        .map(|(key, value)| (key.clone(), value.expected()))
        .collect()
}

/// RFC 4648, section 4, by the bit.
fn base64(bytes: &[u8]) -> String {
    let alphabet: Vec<char> = ('A'..='Z')
        .chain('a'..='z')
        .chain('0'..='9')
        .chain("+/".chars())
        .collect();
    let mut bits: Vec<u8> = bytes
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |bit| (byte >> bit) & 1))
        .collect();
    bits.resize(bits.len().next_multiple_of(6), 0);
    let number = |bits: &[u8]| {
        bits.iter()
            .fold(0, |number, bit| number * 2 + usize::from(*bit))
    };
    let mut text: String = bits.chunks(6).map(|bits| alphabet[number(bits)]).collect();
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

impl Encode for Tree {
    fn encode(&self, encoder: Encoder<'_>) -> Encoded {
        match self {
            Tree::Null => encoder.put_null(),
            Tree::Bool(value) => encoder.put_bool(*value),
            Tree::U64(value) => encoder.put_u64(*value),
            Tree::I64(value) => encoder.put_i64(*value),
            Tree::U128(value) => encoder.put_u128(*value),
            Tree::I128(value) => encoder.put_i128(*value),
            Tree::F32(value) => encoder.put_f32(*value),
            Tree::F64(value) => encoder.put_f64(*value),
            Tree::Char(value) => encoder.put_char(*value),
            Tree::Str(value) => encoder.put_str(value),
            Tree::Bytes(value) => encoder.put_bytes(value),
            Tree::Seq(items) => encoder.put_seq(|seq| {
                for item in items {
                    seq.push(item);
                }
            }),
            Tree::Map(entries) => encoder.put_map(|map| {
                for (key, value) in entries {
                    map.entry(key, value);
                }
            }),
        }
    }
}

/// Text made to be mistaken for something else.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "\n",
        "\r\n",
        "\r",
        "\t",
        "\0",
        "\u{1b}[2J",
        "\u{1b}]0;x\u{7}",
        "\u{9b}31m",
        "\u{7f}",
        "\u{85}",
        "\u{2028}",
        "\u{2029}",
        "\u{202e}",
        "\u{2066}",
        "\u{200b}",
        "\u{feff}",
        "\u{e0041}",
        "\"",
        "\\",
        "\\n",
        "{",
        "}",
        "[",
        "]",
        "=",
        ":",
        ",",
        " ",
        "\u{a0}",
        " | ",
        "trace=",
        "{user_id=1}",
        "2026-03-06T20:40:23.286Z",
        "\",\"level\":\"INFO",
        "user",
        "é",
        "日本語",
        "😀",
        "a",
    ]);
    prop_oneof![
        prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat()),
        any::<String>(),
        "[a-z_.]{1,24}",
    ]
}

/// Few enough that they repeat, beside any others.
fn key() -> impl Strategy<Value = String> {
    let reserved = prop::sample::select(vec![
        "a",
        "b",
        "level",
        "message",
        "host",
        "hestia",
        "err",
        "log.level",
        "",
    ]);
    prop_oneof![reserved.prop_map(str::to_owned), hostile()]
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        Just(Tree::Null),
        any::<bool>().prop_map(Tree::Bool),
        any::<u64>().prop_map(Tree::U64),
        any::<i64>().prop_map(Tree::I64),
        any::<u128>().prop_map(Tree::U128),
        any::<i128>().prop_map(Tree::I128),
        any::<u32>().prop_map(|bits| Tree::F32(f32::from_bits(bits))),
        any::<u64>().prop_map(|bits| Tree::F64(f64::from_bits(bits))),
        any::<i32>().prop_map(|number| Tree::F64(f64::from(number) / 8.0)),
        any::<char>().prop_map(Tree::Char),
        hostile().prop_map(Tree::Str),
        prop::collection::vec(any::<u8>(), 0..8).prop_map(Tree::Bytes),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Tree::Seq),
            prop::collection::vec((key(), inner), 0..5).prop_map(Tree::Map),
        ]
    })
}

/// Key-values of which each key stands there once, as a record promises.
fn fields() -> impl Strategy<Value = Vec<(String, Tree)>> {
    prop::collection::vec((key(), tree()), 0..6).prop_map(|mut fields| {
        let mut known = std::collections::HashSet::new();
        fields.retain(|(key, _)| known.insert(key.clone()));
        fields
    })
}

fn severity() -> impl Strategy<Value = Severity> {
    prop::sample::select(vec![
        Severity::Critical,
        Severity::Level(Level::Error),
        Severity::Level(Level::Warn),
        Severity::Level(Level::Info),
        Severity::Level(Level::Debug),
        Severity::Level(Level::Trace),
    ])
}

fn facts() -> impl Strategy<Value = Facts> {
    let optional = || prop::option::of(hostile());
    (
        hostile(),
        optional(),
        hostile(),
        optional(),
        optional(),
        any::<u32>(),
    )
        .prop_map(
            |(application, app_version, environment, hostname, container_id, process_id)| Facts {
                application,
                app_version,
                environment,
                hostname,
                container_id,
                process_id,
            },
        )
}

fn sample() -> impl Strategy<Value = Sample> {
    let place = (
        hostile(),
        prop::option::of(hostile()),
        prop::option::of(hostile()),
        prop::option::of(any::<u32>()),
    );
    let thread = (any::<u64>(), prop::option::of(hostile()));
    let trace = prop::option::of((any::<u128>(), any::<u64>()));
    let what = (severity(), hostile(), hostile(), fields());
    (
        any::<i64>(),
        any::<u128>(),
        facts(),
        place,
        thread,
        trace,
        what,
    )
        .prop_map(
            |(
                timestamp_nanos,
                uuid,
                facts,
                (target, module, file, line),
                (thread_id, thread_name),
                trace,
                what,
            )| {
                let (severity, application, message, fields) = what;
                Sample {
                    timestamp_nanos,
                    severity,
                    application,
                    facts,
                    uuid: Uuid::from_u128(uuid),
                    thread_id,
                    thread_name,
                    target,
                    module,
                    file,
                    line,
                    trace: trace.map(|(trace_id, span_id)| TraceIds { trace_id, span_id }),
                    message,
                    fields,
                }
            },
        )
}
