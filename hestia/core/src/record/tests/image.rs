//! Whole records: each part is read back, whichever others are there.

use std::sync::{Arc, LazyLock, Mutex};

use ::uuid::Uuid;
use proptest::prelude::*;

use super::{Owned, each_key_once, encoded_fields, fields, read_field, text};
use crate::facts::Facts;
use crate::level::{Level, Severity};
use crate::record::decode::DecodeError;
use crate::record::scalar::Scalar;
use crate::record::{
    self, Around, CAPTURES, COPIED_SCOPE, Encode, Encoder, FIELDS, INLINE_SITE, Image, InlineSite,
    Metadata, Record, RecordBuf, SCOPE, SHARED, Shared, Site, StaticSite, Surroundings, TARGET,
    THREAD, TRACE, Text, append_thread, encode, level,
};
use crate::thread::ThreadRef;
use crate::trace_context::{TraceContext, TraceIds};

const SITES: [Metadata<'static>; 3] = [
    Metadata::new(Severity::Critical, ""),
    Metadata::new(Severity::Level(Level::Trace), "app::db").at(Some("app"), None, Some(0)),
    Metadata::new(Severity::Level(Level::Info), "app").at(
        Some("app"),
        Some("src/é.rs"),
        Some(u32::MAX),
    ),
];

const CONSTANTS: [&str; 4] = ["", "app::db", "src/db.rs", "\u{202e}\n日本"];

/// A text, and how it travels.
#[derive(Clone, Debug)]
enum OwnedText {
    None,
    Static(&'static str),
    Copied(String),
}

impl OwnedText {
    fn as_text(&self) -> Text<'_> {
        match self {
            OwnedText::None => Text::None,
            OwnedText::Static(text) => Text::Static(text),
            OwnedText::Copied(text) => Text::Copied(text),
        }
    }

    fn get(&self) -> Option<&str> {
        match self {
            OwnedText::None => None,
            OwnedText::Static(text) => Some(text),
            OwnedText::Copied(text) => Some(text),
        }
    }
}

#[derive(Clone, Debug)]
enum OwnedSite {
    /// With another target, perhaps.
    Static(&'static Metadata<'static>, Option<String>),
    Inline {
        severity: Severity,
        target: String,
        module: OwnedText,
        file: OwnedText,
        line: Option<u32>,
    },
}

impl OwnedSite {
    /// `keys` and `message` are what a static holds.
    fn as_site<'s>(&'s self, keys: &[(String, Owned)], message: &Message) -> Site<'s> {
        let of = |metadata: &Metadata<'static>| {
            let keys = keys.iter().map(|(key, _)| &*key.clone().leak());
            let message = match message {
                Message::Static(text) => record::Message::Constant(text),
                Message::Text(_) => record::Message::Template("{}"),
            };
            forever(StaticSite::new(
                *metadata,
                message,
                keys.collect::<Vec<_>>().leak(),
            ))
        };
        match self {
            OwnedSite::Static(metadata, None) => Site::Static(of(metadata)),
            OwnedSite::Static(metadata, Some(target)) => {
                Site::StaticWithTarget(of(metadata), target)
            }
            OwnedSite::Inline {
                severity,
                target,
                module,
                file,
                line,
            } => Site::Inline(InlineSite {
                severity: *severity,
                target,
                module: module.as_text(),
                file: file.as_text(),
                line: *line,
            }),
        }
    }

    fn expected(&self) -> Metadata<'_> {
        match self {
            OwnedSite::Static(metadata, None) => **metadata,
            OwnedSite::Static(metadata, Some(target)) => metadata.with_target(target),
            OwnedSite::Inline {
                severity,
                target,
                module,
                file,
                line,
            } => Metadata::new(*severity, target).at(module.get(), file.get(), *line),
        }
    }
}

#[derive(Clone, Debug)]
enum Message {
    Text(String),
    Static(&'static str),
}

impl Message {
    fn get(&self) -> &str {
        match self {
            Message::Text(text) => text,
            Message::Static(text) => text,
        }
    }
}

/// A static, kept where leak checkers see it.
fn forever(site: StaticSite) -> &'static StaticSite {
    static ALL: Mutex<Vec<&'static StaticSite>> = Mutex::new(Vec::new());
    let site = &*Box::leak(Box::new(site));
    ALL.lock().unwrap().push(site);
    site
}

/// All that a record's bytes say.
#[derive(Clone, Debug)]
struct Parts {
    thread: Option<(u64, String)>,
    site: OwnedSite,
    scope: Option<Arc<Shared>>,
    copies_scope: bool,
    logger: Option<Arc<Shared>>,
    trace: Option<TraceIds>,
    fields: Vec<(String, Owned)>,
    message: Message,
}

impl Parts {
    /// The record's flags and bytes.
    fn encoded(&self) -> (u32, Vec<u8>) {
        let mut bytes = Vec::new();
        bytes.extend_from_slice(&[0xee; 5]);
        let mut image = Image::begin(
            &mut bytes,
            self.site.as_site(&self.fields, &self.message),
            Around {
                scope: self.scope.as_deref(),
                logger: self.logger.as_deref(),
                trace: self.trace,
                copies_scope: self.copies_scope,
            },
        );
        let flags = if matches!(self.site, OwnedSite::Static(..)) {
            image.values(|bytes| {
                for (_, value) in &self.fields {
                    value.encode(Encoder::new(bytes));
                }
                if let Message::Text(text) = &self.message {
                    Scalar::Str(text).write(bytes);
                }
            })
        } else {
            image.fields(|bytes| {
                let mut map = encode::fields(bytes);
                for (key, value) in &self.fields {
                    map.entry(key, value);
                }
            });
            image.text(|bytes| bytes.extend_from_slice(self.message.get().as_bytes()))
        };
        let Some((id, name)) = &self.thread else {
            return (flags, bytes.to_vec());
        };
        let name = Some(name.as_str()).filter(|name| !name.is_empty());
        let mut named = Vec::new();
        append_thread(&mut named, ThreadRef { id: *id, name });
        (flags | THREAD, [named.to_vec(), bytes.to_vec()].concat())
    }

    fn trace_of_scope(&self) -> Option<TraceIds> {
        self.scope.as_ref()?.trace_ids()
    }

    fn captures_of_scope(&self) -> &[u8] {
        let scope = self.scope.as_deref();
        scope.map_or(&[], Shared::captures)
    }

    fn expected_flags(&self) -> u32 {
        let flag = |flag, is_set: bool| if is_set { flag } else { 0 };
        let is_inline = matches!(self.site, OwnedSite::Inline { .. });
        flag(THREAD, self.thread.is_some())
            | flag(INLINE_SITE, is_inline)
            | flag(TARGET, matches!(self.site, OwnedSite::Static(_, Some(_))))
            | flag(SCOPE, self.scope.is_none() || !self.copies_scope)
            | flag(COPIED_SCOPE, self.scope.is_some() && self.copies_scope)
            | flag(
                CAPTURES,
                self.copies_scope && !self.captures_of_scope().is_empty(),
            )
            | flag(SHARED, self.logger.is_some())
            | flag(
                TRACE,
                self.trace.is_some() || self.copies_scope && self.trace_of_scope().is_some(),
            )
            | flag(FIELDS, is_inline && !self.fields.is_empty())
    }

    fn check(&self, record: &Record<'_>) {
        assert_eq!(*record.metadata(), self.site.expected());
        assert_eq!(record.trace(), self.trace.or(self.trace_of_scope()));
        assert_eq!(record.captures, self.captures_of_scope());
        assert_eq!(record.message(), self.message.get());
        let read: Vec<_> = record.fields().iter().copied().map(read_field).collect();
        assert_eq!(read, self.fields);
        let thread = match &self.thread {
            Some((id, name)) => ThreadRef {
                id: *id,
                name: Some(name.as_str()).filter(|name| !name.is_empty()),
            },
            None => OWNER,
        };
        assert_eq!(record.thread(), thread);
        let logger = self.logger.as_ref();
        let application = logger.and_then(|logger| logger.application.as_deref());
        assert_eq!(record.application(), application.unwrap_or("process"));
        assert_eq!(record.logger, logger.and_then(|logger| logger.logger));
        assert_eq!(record.timestamp_nanos(), -7);
        assert_eq!(record.uuid(), Uuid::from_u128(7));
    }
}

/// The thread whose ring the records come from.
const OWNER: ThreadRef<'static> = ThreadRef {
    id: 11,
    name: Some("owner"),
};

static PROCESS: LazyLock<Arc<Facts>> = LazyLock::new(|| {
    Arc::new(Facts {
        application: "process".to_owned(),
        app_version: None,
        environment: "test".to_owned(),
        hostname: None,
        container_id: None,
        process_id: 7,
    })
});

fn decode<R>(
    buffer: &mut RecordBuf,
    (flags, bytes): &(u32, Vec<u8>),
    take: impl FnOnce(&Record<'_>) -> R,
) -> Result<R, DecodeError> {
    let surroundings = Surroundings {
        timestamp_nanos: -7,
        uuid: Uuid::from_u128(7),
        facts: &PROCESS,
        thread: OWNER,
        process_fields: &[],
    };
    buffer.decode_to(*flags, bytes, &surroundings, take)
}

fn constant() -> impl Strategy<Value = &'static str> {
    prop::sample::select(CONSTANTS.to_vec())
}

fn owned_text() -> impl Strategy<Value = OwnedText> {
    prop_oneof![
        Just(OwnedText::None),
        constant().prop_map(OwnedText::Static),
        text().prop_map(OwnedText::Copied),
    ]
}

fn severity() -> impl Strategy<Value = Severity> {
    let levels = crate::level::ALL.map(Severity::Level);
    prop::sample::select([levels.as_slice(), &[Severity::Critical]].concat())
}

fn inline_site() -> impl Strategy<Value = OwnedSite> {
    let target = prop_oneof![text(), constant().prop_map(str::to_owned)];
    let line = prop::option::of(any::<u32>());
    let parts = (
        severity(),
        target,
        owned_text(),
        owned_text(),
        line,
        any::<bool>(),
    );
    parts.prop_map(|(severity, target, module, file, line, is_module)| {
        // The encoding spares a target that is the module; a random text hardly ever is.
        let target = match module.get() {
            Some(module) if is_module => module.to_owned(),
            _ => target,
        };
        OwnedSite::Inline {
            severity,
            target,
            module,
            file,
            line,
        }
    })
}

fn logger() -> impl Strategy<Value = Option<Arc<Shared>>> {
    let logger = (prop::option::of(any::<u64>()), prop::option::of(text()));
    prop::option::of(logger.prop_map(|(logger, application)| {
        Arc::new(Shared {
            logger,
            application,
            ..Shared::default()
        })
    }))
}

/// Scopes in scopes, of which some have a trace, or are in captures.
fn scope() -> impl Strategy<Value = Option<Arc<Shared>>> {
    let trace = (1..=u128::MAX, 1..=u64::MAX)
        .prop_map(|(trace, span)| TraceContext::of(trace, span).expect("neither is zero"));
    let captures = prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(any::<u8>(), 8)];
    let layer = (prop::option::of(trace), captures);
    prop::collection::vec(layer, 0..4).prop_map(|layers| {
        layers.into_iter().fold(None, |outer, (trace, captures)| {
            Some(Arc::new(Shared {
                trace,
                captures,
                outer,
                ..Shared::default()
            }))
        })
    })
}

fn parts() -> impl Strategy<Value = Parts> {
    let site = prop_oneof![
        2 => ((0..SITES.len()), prop::option::of(text())).prop_map(|(place, target)| OwnedSite::Static(&SITES[place], target)),
        4 => inline_site(),
    ];
    let trace = (any::<u128>(), any::<u64>())
        .prop_map(|(trace_id, span_id)| TraceIds { trace_id, span_id });
    let message = prop_oneof![
        text().prop_map(Message::Text),
        constant().prop_map(Message::Static)
    ];
    let fields = prop_oneof![Just(Vec::new()), fields(6).prop_map(each_key_once)];
    let thread = prop::option::of((any::<u64>(), text()));
    (
        thread,
        site,
        (scope(), any::<bool>(), logger()),
        prop::option::of(trace),
        fields,
        message,
    )
        .prop_map(
            |(thread, site, (scope, copies_scope, logger), trace, fields, message)| Parts {
                thread,
                site,
                scope,
                copies_scope,
                logger,
                trace,
                fields,
                message,
            },
        )
}

proptest! {
    #[test]
    fn every_part_of_a_record_is_read_back(parts in parts()) {
        let encoded = parts.encoded();
        prop_assert_eq!(encoded.0, parts.expected_flags());
        decode(&mut RecordBuf::default(), &encoded, |record| parts.check(record)).expect("a record");
    }

    #[test]
    fn one_buffer_reads_many_records_and_stands_errors_between_them(all in prop::collection::vec((parts(), any::<prop::sample::Index>()), 1..12)) {
        let mut buffer = RecordBuf::default();
        for (parts, cut) in &all {
            let (flags, bytes) = parts.encoded();
            let cut = bytes[..cut.index(bytes.len())].to_vec();
            let _ = decode(&mut buffer, &(flags, cut), |record| record.fields().len());
            decode(&mut buffer, &(flags, bytes), |record| parts.check(record)).expect("a record");
        }
    }

    /// What is cut never holds half an address, so that nothing is read but the record itself.
    #[test]
    fn a_record_cut_anywhere_is_an_error_or_has_a_shorter_message(parts in parts()) {
        let (flags, bytes) = parts.encoded();
        let message_starts = match &parts.site {
            OwnedSite::Inline { .. } => bytes.len() - parts.message.get().len(),
            OwnedSite::Static(..) => bytes.len(),
        };
        for end in 0..bytes.len() {
            let read = decode(&mut RecordBuf::default(), &(flags, bytes[..end].to_vec()), |record| {
                record.message().to_owned()
            });
            match read {
                Ok(message) => prop_assert!(end >= message_starts && parts.message.get().starts_with(&message)),
                Err(DecodeError) => prop_assert!(end < message_starts || !parts.message.get().is_char_boundary(end - message_starts)),
            }
        }
    }
}

/// Every combination of the optional parts, and every shape of an inline site.
#[test]
fn all_combinations_of_parts_are_read_back() {
    let texts = [
        OwnedText::None,
        OwnedText::Static("app"),
        OwnedText::Copied("app".to_owned()),
    ];
    let mut sites: Vec<_> = SITES
        .iter()
        .flat_map(|site| {
            [None, Some("db".to_owned())].map(|target| OwnedSite::Static(site, target))
        })
        .collect();
    for (module, file) in texts
        .iter()
        .flat_map(|module| texts.iter().map(move |file| (module, file)))
    {
        for (target, line) in [
            ("app", None),
            ("app", Some(1)),
            ("other", None),
            ("", Some(2)),
        ] {
            sites.push(OwnedSite::Inline {
                severity: Severity::Critical,
                target: target.to_owned(),
                module: module.clone(),
                file: file.clone(),
                line,
            });
        }
    }
    let logger = Arc::new(Shared {
        logger: Some(3),
        application: Some("named".to_owned()),
        ..Shared::default()
    });
    let scope = Arc::new(Shared {
        trace: Some(TraceContext::new()),
        ..Shared::default()
    });
    let ids = TraceIds {
        trace_id: 1 << 127,
        span_id: 1,
    };
    let mut buffer = RecordBuf::default();
    let mut seen = std::collections::HashSet::new();
    // Miri takes its time.
    for site in sites.iter().step_by(if cfg!(miri) { 6 } else { 1 }) {
        for choice in 0..128_u32 {
            let has = |bit: u32| choice & (1 << bit) != 0;
            let parts = Parts {
                thread: has(0).then(|| (5, "worker".to_owned())),
                site: site.clone(),
                logger: has(1).then(|| Arc::clone(&logger)),
                scope: has(5).then(|| Arc::clone(&scope)),
                copies_scope: has(6),
                trace: has(2).then_some(ids),
                fields: if has(3) {
                    vec![("key".to_owned(), Owned::Null)]
                } else {
                    Vec::new()
                },
                message: if has(4) {
                    Message::Static("constant")
                } else {
                    Message::Text("copied".to_owned())
                },
            };
            let encoded = parts.encoded();
            assert_eq!(encoded.0, parts.expected_flags());
            seen.insert(encoded.0);
            decode(&mut buffer, &encoded, |record| parts.check(record)).expect("a record");
        }
    }
    assert_eq!(seen.len(), 32 + 16, "every combination of the flags");
}

/// As statements of the `log` crate have them.
#[test]
fn a_static_without_keys_takes_key_values_and_a_message_that_was_made_at_the_call() {
    static SITE: StaticSite = StaticSite::new(SITES[2], record::Message::Constant(""), &[]);
    for (site, target) in [
        (Site::Static(&SITE), "app"),
        (Site::StaticWithTarget(&SITE, "other"), "other"),
    ] {
        let mut bytes = Vec::new();
        let mut image = Image::begin(&mut bytes, site, Around::default());
        image.fields(|bytes| encode::fields(bytes).entry("user", &5_u64));
        let flags = image.formatted(|bytes| bytes.extend_from_slice("made é".as_bytes()));
        assert_eq!(flags & FIELDS, FIELDS);
        decode(&mut RecordBuf::default(), &(flags, bytes), |record| {
            assert_eq!((record.message(), record.target()), ("made é", target));
            assert_eq!(record.fields().len(), 1);
            assert_eq!(record.field("user"), Some(record::Value::U64(5)));
        })
        .expect("a record");
    }
}

/// A forked child takes a record out of its parent's ring, and needs its level.
#[test]
fn the_level_is_read_without_the_rest() {
    for severity in crate::level::ALL
        .map(Severity::Level)
        .into_iter()
        .chain([Severity::Critical])
    {
        let parts = Parts {
            thread: None,
            site: OwnedSite::Inline {
                severity,
                target: "app".to_owned(),
                module: OwnedText::Copied("app".to_owned()),
                file: OwnedText::None,
                line: Some(1),
            },
            scope: None,
            copies_scope: false,
            logger: None,
            trace: None,
            fields: Vec::new(),
            message: Message::Static("constant"),
        };
        let (flags, bytes) = parts.encoded();
        assert_eq!(level(flags, &bytes), severity.level());
        assert_eq!(level(flags, &bytes[..1]), Level::Error, "makes no sense");
    }
}

#[test]
fn a_message_that_is_no_text_and_missing_parts_are_errors() {
    let parts = Parts {
        thread: None,
        site: OwnedSite::Static(&SITES[0], None),
        scope: None,
        copies_scope: false,
        logger: None,
        trace: None,
        fields: vec![("key".to_owned(), Owned::Bool(true))],
        message: Message::Text("x".to_owned()),
    };
    let (flags, bytes) = parts.encoded();
    let word = size_of::<usize>();
    let no_text = [&bytes[..bytes.len() - 1], b"\xff"].concat();
    // Behind the addresses of static and scope.
    let values = 2 * word;
    let no_value = [&bytes[..values], b"\xff", &bytes[values + 1..]].concat();
    let no_argument = bytes[..=values].to_vec();
    let no_site = [&[0; size_of::<usize>()], &bytes[word..]].concat();
    for wrong in [no_text, no_value, no_argument, no_site, Vec::new()] {
        assert_eq!(
            decode(&mut RecordBuf::default(), &(flags, wrong), |_| ()),
            Err(DecodeError)
        );
    }
}

#[test]
fn the_buffer_for_fields_keeps_its_memory() {
    let many: Vec<_> = (0..100)
        .map(|number| (format!("key{number}"), Owned::U64(number)))
        .collect();
    let mut parts = Parts {
        thread: None,
        site: OwnedSite::Static(&SITES[1], None),
        scope: None,
        copies_scope: false,
        logger: None,
        trace: None,
        fields: many,
        message: Message::Static("constant"),
    };
    let mut buffer = RecordBuf::default();
    decode(&mut buffer, &parts.encoded(), |record| parts.check(record)).expect("a record");
    let (memory, capacity) = (buffer.fields.as_ptr(), buffer.fields.capacity());
    assert!(capacity >= 100 && buffer.fields.is_empty());
    for count in [0, 1, 99, 100] {
        parts.fields.truncate(count);
        decode(&mut buffer, &parts.encoded(), |record| parts.check(record)).expect("a record");
        assert_eq!(
            (buffer.fields.as_ptr(), buffer.fields.capacity()),
            (memory, capacity)
        );
    }
}

/// Whoever holds a record knows its fields by key.
#[test]
fn a_field_is_found_by_its_key() {
    let fields = encoded_fields(&[("user".to_owned(), Owned::Bool(true))]);
    let surroundings = Surroundings {
        timestamp_nanos: 0,
        uuid: Uuid::nil(),
        facts: &PROCESS,
        thread: OWNER,
        process_fields: &fields,
    };
    let mut bytes = Vec::new();
    static SITE: StaticSite = StaticSite::new(SITES[0], record::Message::Constant("x"), &[]);
    let image = Image::begin(&mut bytes, Site::Static(&SITE), Around::default());
    let flags = image.values(|_| ());
    let found = RecordBuf::default().decode_to(flags, &bytes, &surroundings, |record| {
        let found = |key| record.field(key).map(Owned::read);
        (found("user"), found("other"))
    });
    assert_eq!(found, Ok((Some(Owned::Bool(true)), None)));
}
