//! What must hold for any bytes: one function per fuzz target, which panics where a promise is broken.
//!
//! `fuzz/fuzz_targets/` drives these with inputs that a fuzzer makes up; the test at the end replays the
//! corpus kept in `fuzz/corpus/` with every ordinary test run. Compiled for neither users nor their docs.
//!
//! Records are read from the fuzzer's bytes in an order that mutation goes well with: a text reaches to the
//! next byte `0xFF`, which UTF-8 does not have; when the bytes are used up, all else is zero or empty.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

use hestia_grammar::{Directives, ParseError, Pattern};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::facts::Facts;
use crate::layout::{
    ConsoleLayout, JsonLayout, Layout, Multiline, Schema, Style, TextLayout, strict,
};
use crate::level::{ALL, LEVELS, Level, Severity};
#[cfg(feature = "config")]
use crate::logger::config::promise as promise_of_settings;
use crate::queue::mapping::format;
use crate::queue::snapshot::Snapshot;
use crate::record::decode::Decoder;
use crate::record::description::Descriptions;
use crate::record::redact::promise;
use crate::record::{
    Around, Encoded, Encoder, Image, InlineSite, MapEncoder, Message, Metadata, Record, RecordBuf,
    Shared, Site, StaticSite, Surroundings, Text, Value, encode,
};
use crate::thread::ThreadRef;
use crate::trace_context::TraceIds;
use crate::writer::{journal, recovery};

/// What a process left may be anything: it is read without a panic, and whatever records are in it are laid out as valid
/// JSON. Six parts of the file, each behind its length (2 bytes): header, slots, entries, regions, files, shelves; the rest of
/// the file is zero.
pub fn snapshot(bytes: &[u8]) {
    let mut rest = bytes;
    let mut parts = Vec::new();
    for (at, bytes) in [
        (format::HEADER, format::HEADER_BYTES),
        (format::SLOTS, 64 * format::SLOT_BYTES),
        (format::ENTRIES, 1 << 16),
        (format::REGIONS, 1 << 16),
        (format::FILES, 64 * format::FILE_BYTES),
        (format::SHELVES, format::SHELF_BYTES),
    ] {
        let (length, behind) = rest.split_at(rest.len().min(2));
        let length = length
            .iter()
            .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        let (part, behind) = behind.split_at(length.min(bytes).min(behind.len()));
        parts.push((at, part.to_vec()));
        rest = behind;
    }
    let header = &mut parts[0].1;
    header.resize(format::HEADER_BYTES, 0);
    for (at, value) in [
        (format::AT_MAGIC, format::MAGIC),
        (format::AT_VERSION, format::VERSION),
        (format::AT_MACHINE, format::machine()),
    ] {
        header[at..at + 8].copy_from_slice(&value.to_ne_bytes());
    }
    let length = (format::REGIONS + (1 << 17)) as u64;
    let mut read_at = |offset: u64, count: usize| {
        let start = usize::try_from(offset).ok()?;
        let end = start
            .checked_add(count)
            .filter(|end| *end as u64 <= length)?;
        let mut bytes = vec![0; count];
        for (at, part) in &parts {
            let (from, to) = (start.max(*at), end.min(at + part.len()));
            if from < to {
                bytes[from - start..to - start].copy_from_slice(&part[from - at..to - at]);
            }
        }
        Some(bytes)
    };
    let snapshot = Snapshot::read(length, &mut read_at, journal::taken);
    let snapshot = snapshot.expect("its first words are those of a snapshot");
    let descriptions = Descriptions::read(snapshot.entries(), snapshot.on_shelves());
    recovery::for_each(&snapshot, &descriptions, |_, record| {
        read_json(&line(&mut JsonLayout::new(Schema::Hestia), record));
        read_json(&line(&mut JsonLayout::new(Schema::Ecs), record));
    });
}

/// Bytes that may or may not be values are read without a panic; what was read is written again as the same
/// value. Taken for the key-values of a process, they make a record that is laid out as valid JSON.
pub fn decoder(bytes: &[u8]) {
    let mut decoder = Decoder::new(bytes);
    while let Ok(value) = decoder.get_value() {
        check_value(value);
    }
    check_arguments(bytes);
    // After the length of an empty key, so that the first value is one of a field.
    let fields = [&[0; 4], bytes].concat();
    with_record(&[], &fields, |record| {
        let mut fields = record.fields().iter();
        if fields.all(|field| is_writable(field.value)) {
            read_json(&line(&mut JsonLayout::new(Schema::Hestia), record));
            read_json(&line(&mut JsonLayout::new(Schema::Ecs), record));
        }
    });
}

/// What follows a statement's address is no message, or one; and each of its arguments prints, or says that it cannot.
fn check_arguments(bytes: &[u8]) {
    static FACTS: LazyLock<Arc<Facts>> = LazyLock::new(|| Arc::new(Facts::detect(Some(false))));
    static SITE: StaticSite = StaticSite::new(
        Metadata::new(Severity::Level(Level::Info), "fuzz"),
        Message::Template("{} {:?} {:.2}"),
        &["key"],
    );
    let mut record = Vec::new();
    let image = Image::begin(&mut record, Site::Static(&SITE), Around::default());
    let flags = image.values(|record| record.extend_from_slice(bytes));
    let surroundings = Surroundings {
        timestamp_nanos: 0,
        uuid: Uuid::nil(),
        facts: &FACTS,
        thread: ThreadRef { id: 1, name: None },
        process_fields: &[],
    };
    let _ = RecordBuf::default().decode(flags, &record, &surroundings, &mut |record| {
        assert!(record.message().len() >= 2, "two spaces at least");
    });
    let mut decoder = Decoder::new(bytes);
    while let Ok(argument) = decoder.get_argument() {
        let mut text = String::new();
        let _ = write!(text, "{argument:>8.3} {argument:#?}");
        let _ = write!(text, "{argument:#x} {argument:08b} {argument:e}");
    }
}

/// Bytes that may or may not be key-values lose their secrets, and nothing else goes wrong.
pub fn redact(bytes: &[u8]) {
    promise::hides_all(bytes);
}

fn check_value(value: Value<'_>) {
    assert!(!format!("{value:?}").is_empty());
    if !is_writable(value) {
        return;
    }
    let mut bytes = Vec::new();
    encode::fields(&mut bytes).entry_with("value", |encoder| put_value(encoder, value));
    let mut decoder = Decoder::new(&bytes);
    let field = decoder.get_field().expect("what was encoded is decoded");
    assert_eq!(decoder.left(), 0, "one field and no more");
    assert_eq!(field.value, value);
}

/// Whether an encoder could have written it. None writes deeper ones, so nobody has to be able to lay them out.
fn is_writable(value: Value<'_>) -> bool {
    depth(value) <= usize::from(encode::MAX_DEPTH)
}

fn depth(value: Value<'_>) -> usize {
    match value {
        Value::Seq(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Map(entries) => {
            let inner = entries.iter().map(|entry| depth(entry.value));
            1 + inner.max().unwrap_or(0)
        }
        _ => 0,
    }
}

fn put_value(encoder: Encoder<'_>, value: Value<'_>) -> Encoded {
    match value {
        Value::Null => encoder.put_null(),
        Value::Bool(value) => encoder.put_bool(value),
        Value::U64(number) => encoder.put_u64(number),
        Value::I64(number) => encoder.put_i64(number),
        Value::U128(number) => encoder.put_u128(number),
        Value::I128(number) => encoder.put_i128(number),
        Value::F32(number) => encoder.put_f32(number),
        Value::F64(number) => encoder.put_f64(number),
        Value::Char(c) => encoder.put_char(c),
        Value::Str(text) => encoder.put_str(text),
        Value::Bytes(bytes) => encoder.put_bytes(bytes),
        Value::Seq(items) => encoder.put_seq(|seq| {
            for item in items.iter() {
                seq.push_with(|encoder| put_value(encoder, item));
            }
        }),
        Value::Map(entries) => encoder.put_map(|map| {
            for entry in entries.iter() {
                map.entry_with(entry.key, |encoder| put_value(encoder, entry.value));
            }
        }),
    }
}

/// Any record becomes one line that is one valid JSON object without a key that stands twice, in every schema;
/// its own members say what the record says, whatever its key-values are called.
pub fn json(bytes: &[u8]) {
    with_record(bytes, &[], |record| {
        let keys: HashSet<&str> = record.fields().iter().map(|field| field.key).collect();
        assert_eq!(
            keys.len(),
            record.fields().len(),
            "a record has each key once"
        );
        let object = read_json(&line(&mut JsonLayout::new(Schema::Hestia), record));
        assert_eq!(object["message"], record.message());
        assert_eq!(object["level"], record.severity().name());
        assert_eq!(object["target"], record.target());
        assert_eq!(object["application"], record.application());
        assert_eq!(object["thread_name"].as_str(), record.thread().name());
        let metadata = object.get("metadata").and_then(Json::as_object);
        let read: HashSet<&str> = metadata
            .into_iter()
            .flat_map(|metadata| metadata.keys().map(String::as_str))
            .collect();
        assert_eq!(read, keys);
        let object = read_json(&line(&mut JsonLayout::new(Schema::Ecs), record));
        assert_eq!(object["message"], record.message());
        assert_eq!(object["log"]["logger"], record.target());
        assert_eq!(object["service"]["name"], record.application());
    });
}

/// The line's object, once it has been found to be one line, free of hidden characters, and without a key that
/// stands twice.
fn read_json(line: &str) -> Json {
    check_line(line);
    strict::read(line).unwrap_or_else(|error| panic!("{error} in {line}"))
}

/// Any record becomes one line of text in which nothing is hidden, eight columns before its bar; with indented
/// messages, no line but the first can be taken for a record.
pub fn text(bytes: &[u8]) {
    with_record(bytes, &[], |record| {
        let columns = line(&mut TextLayout::new(), record);
        check_line(&columns);
        let (before, _) = columns.split_once(" |").expect("a bar ends the columns");
        assert_eq!(before.split_whitespace().count(), 8, "columns of {columns}");
        for style in [Style::Pretty, Style::Compact] {
            let mut layout = ConsoleLayout::new(style).multiline(Multiline::Escape);
            check_line(&line(&mut layout, record));
        }
        let mut indented = TextLayout::new().multiline(Multiline::Indent);
        let indented = line(&mut indented, record);
        let content = indented
            .strip_suffix('\n')
            .expect("a line feed ends the line");
        let lines = content.split('\n');
        assert!(!lines.clone().any(is_misleading), "{indented:?}");
        let mut continuations = lines.skip(1);
        assert!(
            continuations.all(|line| line.starts_with("    ")),
            "{indented:?}"
        );
    });
}

/// One line feed, at the end; nothing in the line that a reader would not see or would be misled by.
fn check_line(line: &str) {
    let content = line.strip_suffix('\n').expect("a line feed ends the line");
    assert!(!is_misleading(content), "{content:?}");
}

/// Whether a text has a control character, a line separator or a bidirectional control in it. A list of its own,
/// so that a hole in that of the layouts is found: Unicode Standard Annex #9, section 2, and Annex #14.
fn is_misleading(text: &str) -> bool {
    text.contains(|c: char| {
        let is_bidirectional = matches!(c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        c.is_control() || is_bidirectional || ends_line(c)
    })
}

fn ends_line(c: char) -> bool {
    matches!(
        c,
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

/// Directives are read or refused with places inside the text; what was read is written so that it reads back,
/// and the strict and the lenient reading agree.
pub fn directives(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (kept, errors) = Directives::parse_lenient(&text);
    for error in &errors {
        check_error(error, &text);
    }
    assert_eq!(
        Directives::parse(&text).is_ok(),
        errors.is_empty(),
        "{text:?}"
    );
    let written = kept.to_string();
    assert_eq!(
        Directives::parse(&written),
        Ok(kept.clone()),
        "{text:?} as {written:?}"
    );
    for directive in &kept.targets {
        let below = format!("{}::below", directive.target);
        assert!(kept.level_for(&directive.target) == Some(directive.level));
        assert!(kept.level_for(&below).is_some());
    }
}

/// A pattern is read or refused with a place inside the text; what was read is written so that it reads back,
/// and lays out a record, the rest of the bytes, as one line.
pub fn pattern(bytes: &[u8]) {
    let mut source = Source(bytes);
    let text = source.text();
    let pattern = match Pattern::parse(&text) {
        Ok(pattern) => pattern,
        Err(error) => return check_error(&error, &text),
    };
    let written = pattern.to_string();
    let again = Pattern::parse(&written).unwrap_or_else(|error| panic!("{error} in {written:?}"));
    assert_eq!(again.to_string(), written, "of {text:?}");
    let mut layout = TextLayout::pattern(&text).expect("the same parser reads it");
    let mut same = TextLayout::pattern(&written).expect("the same parser reads it");
    with_record(source.0, &[], |record| {
        let formatted = line(&mut layout, record);
        assert_eq!(formatted, line(&mut same, record), "{text:?}, {written:?}");
        let content = formatted
            .strip_suffix('\n')
            .expect("a line feed ends the line");
        assert!(!content.contains(ends_line), "{content:?} by {text:?}");
    });
}

/// A file of settings is taken or refused, with messages of one line in which nothing is hidden.
#[cfg(feature = "config")]
pub fn settings(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for told in promise_of_settings::is_taken_or_refused(&text) {
        assert!(!is_misleading(&told), "{told:?}");
    }
}

fn check_error(error: &ParseError, text: &str) {
    assert!(!error.message().is_empty());
    assert!(
        text.get(error.span()).is_some(),
        "{error} at {:?}",
        error.span()
    );
    assert!(
        !is_misleading(&error.to_string()),
        "{:?}",
        error.to_string()
    );
}

fn line(layout: &mut impl Layout, record: &Record<'_>) -> String {
    let mut line = Vec::new();
    layout.format(record, &mut line);
    String::from_utf8(line).expect("every line is UTF-8")
}

/// Reads a record from the bytes, encodes it as a calling thread does, and passes on what the writer decodes, with
/// these key-values of the process.
fn with_record(bytes: &[u8], process_fields: &[u8], mut take: impl FnMut(&Record<'_>)) {
    let mut source = Source(bytes);
    let shape = source.byte();
    let severity = source.severity();
    let message = source.text();
    let [target, module, file, thread] = [(); 4].map(|()| source.text());
    let facts = source.facts();
    let shared = Shared {
        application: Some(source.text()).filter(|name| !name.is_empty()),
        ..Shared::default()
    };
    let timestamp_nanos = i64::from_ne_bytes(source.take());
    let trace = (shape & 1 != 0).then(|| TraceIds {
        trace_id: u128::from_ne_bytes(source.take()),
        span_id: u64::from_ne_bytes(source.take()),
    });
    let text = |text| {
        if shape & 2 == 0 {
            Text::Copied(text)
        } else {
            Text::None
        }
    };
    let site = Site::Inline(InlineSite {
        severity,
        target: &target,
        module: text(if shape & 4 == 0 { &module } else { &target }),
        file: text(&file),
        line: (shape & 8 != 0).then_some(u32::from(shape)),
    });
    let mut record = Vec::new();
    let mut image = Image::begin(
        &mut record,
        site,
        Around {
            logger: Some(&shared),
            trace,
            ..Around::default()
        },
    );
    image.fields(|bytes| source.fill(&mut encode::fields(bytes), usize::MAX));
    let flags = image.text(|bytes| bytes.extend_from_slice(message.as_bytes()));
    let surroundings = Surroundings {
        timestamp_nanos,
        uuid: Uuid::from_u128(u128::from(shape)),
        facts: &Arc::new(facts),
        thread: ThreadRef {
            id: u64::from(shape),
            name: Some(&*thread).filter(|name| !name.is_empty()),
        },
        process_fields,
    };
    let decoded = RecordBuf::default().decode(flags, &record, &surroundings, &mut |record| {
        assert_eq!(record.message(), message);
        assert_eq!(record.target(), target);
        assert_eq!(record.severity(), severity);
        assert_eq!(record.trace(), trace);
        take(record);
    });
    decoded.expect("what was encoded is decoded");
}

/// The fuzzer's bytes, read from the front.
struct Source<'a>(&'a [u8]);

impl Source<'_> {
    fn byte(&mut self) -> u8 {
        let [byte] = self.take();
        byte
    }

    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (taken, rest) = self.0.split_at(self.0.len().min(N));
        self.0 = rest;
        let mut bytes = [0; N];
        bytes[..taken.len()].copy_from_slice(taken);
        bytes
    }

    fn block(&mut self) -> &[u8] {
        let end = self.0.iter().position(|byte| *byte == 0xff);
        let block = &self.0[..end.unwrap_or(self.0.len())];
        self.0 = self.0.get(block.len() + 1..).unwrap_or_default();
        block
    }

    fn text(&mut self) -> String {
        String::from_utf8_lossy(self.block()).into_owned()
    }

    fn severity(&mut self) -> Severity {
        let place = usize::from(self.byte()) % (LEVELS + 1);
        ALL.get(place)
            .map_or(Severity::Critical, |level| Severity::Level(*level))
    }

    fn facts(&mut self) -> Facts {
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        Facts {
            application: "process".to_owned(),
            app_version: some(self.text()),
            environment: self.text(),
            hostname: some(self.text()),
            container_id: some(self.text()),
            process_id: u32::from_ne_bytes(self.take()),
        }
    }

    /// Adds entries until there are that many or the bytes are used up.
    fn fill(&mut self, map: &mut MapEncoder<'_>, most: usize) {
        for _ in 0..most {
            if self.0.is_empty() {
                break;
            }
            let key = self.text();
            map.entry_with(&key, |encoder| self.put(encoder));
        }
    }

    fn put(&mut self, encoder: Encoder<'_>) -> Encoded {
        match self.byte() {
            1 => encoder.put_bool(true),
            2 => encoder.put_u64(u64::from_ne_bytes(self.take())),
            3 => encoder.put_i64(i64::from_ne_bytes(self.take())),
            4 => encoder.put_u128(u128::from_ne_bytes(self.take())),
            5 => encoder.put_i128(i128::from_ne_bytes(self.take())),
            6 => encoder.put_f64(f64::from_ne_bytes(self.take())),
            7 => encoder.put_f32(f32::from_ne_bytes(self.take())),
            8 => encoder.put_char(char::from_u32(u32::from_ne_bytes(self.take())).unwrap_or('?')),
            9 => encoder.put_bytes(self.block()),
            10 => {
                let count = self.byte();
                encoder.put_seq(|items| {
                    for _ in 0..count.min(100) {
                        items.push_with(|encoder| self.put(encoder));
                    }
                })
            }
            11 => {
                let count = self.byte();
                encoder.put_map(|map| self.fill(map, usize::from(count)))
            }
            12 => encoder.put_null(),
            _ => encoder.put_str(&self.text()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// The corpus is no part of the published package; where it is not, there is nothing to replay.
    fn replay(target: fn(&[u8]), name: &str) {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
        if !corpus.exists() {
            return;
        }
        let inputs = std::fs::read_dir(corpus.join(name)).expect("every target has a corpus");
        let mut replayed = 0;
        for input in inputs {
            let path = input.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            let outcome = std::panic::catch_unwind(|| target(&bytes));
            assert!(outcome.is_ok(), "{} breaks a promise", path.display());
            replayed += 1;
        }
        assert!(replayed > 0, "the corpus of {name} is empty");
    }

    #[test]
    fn the_corpus_of_the_decoder_holds() {
        replay(decoder, "decoder");
    }

    #[test]
    fn the_corpus_of_json_holds() {
        replay(json, "json");
    }

    #[test]
    fn the_corpus_of_secrets_holds() {
        replay(redact, "redact");
    }

    #[test]
    fn the_corpus_of_snapshots_holds() {
        replay(snapshot, "snapshot");
    }

    #[test]
    fn the_corpus_of_text_holds() {
        replay(text, "text");
    }

    #[test]
    #[cfg(feature = "config")]
    fn the_corpus_of_settings_holds() {
        replay(settings, "settings");
    }

    #[test]
    fn the_corpus_of_directives_holds() {
        replay(directives, "directives");
    }

    #[test]
    fn the_corpus_of_patterns_holds() {
        replay(pattern, "pattern");
    }

    #[test]
    fn a_line_that_misleads_is_found() {
        for line in [
            "a",
            "a\nb\n",
            "a\n\n",
            "\u{1b}[0m\n",
            "\u{202e}\n",
            "\u{2028}\n",
        ] {
            assert!(
                std::panic::catch_unwind(|| check_line(line)).is_err(),
                "{line:?}"
            );
        }
        check_line("é 日本 \\n\n");
    }
}
