//! What holds for any record, however hostile.

use chrono::{DateTime, SecondsFormat};
use proptest::prelude::*;
use serde_json::{Value as JsonValue, json};

use super::{Sample, Tree, fields, hostile, object, sample};
use crate::clock::TimeZone;
use crate::layout::escape::is_hidden;
use crate::layout::{
    ConsoleLayout, JsonLayout, Layout, Multiline, Schema, Style, TextLayout, strict,
};

/// The line's object, once it has been found valid, strict, on one line, and free of anything hidden.
fn read_line(line: &str) -> JsonValue {
    let content = line.strip_suffix('\n').expect("a line feed ends the line");
    assert!(!content.contains(is_hidden), "{content:?}");
    strict::read(content).unwrap_or_else(|error| panic!("{error} in {content}"))
}

fn micros(nanos: i64) -> String {
    DateTime::from_timestamp_nanos(nanos).to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Members whose value is null were not known; the layout leaves them out.
fn known(mut object: JsonValue) -> JsonValue {
    object
        .as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    object
}

fn ids(sample: &Sample) -> (Option<String>, Option<String>) {
    let ids = sample.trace;
    (
        ids.map(|ids| format!("{:032x}", ids.trace_id)),
        ids.map(|ids| format!("{:016x}", ids.span_id)),
    )
}

fn expected_hestia(sample: &Sample) -> JsonValue {
    let (trace_id, span_id) = ids(sample);
    known(json!({
        "timestamp": micros(sample.timestamp_nanos),
        "level": sample.severity.name(),
        "application": sample.application,
        "message": sample.message,
        "hostname": sample.facts.hostname,
        "container_id": sample.facts.container_id,
        "process_id": sample.facts.process_id,
        "thread_id": sample.thread_id,
        "thread_name": sample.thread_name,
        "uuid": sample.uuid.to_string(),
        "target": sample.target,
        "module": sample.module,
        "file": sample.file,
        "line": sample.line,
        "environment": sample.facts.environment,
        "app_version": sample.facts.app_version,
        "trace_id": trace_id,
        "span_id": span_id,
        "metadata": (!sample.fields.is_empty()).then(|| object(&sample.fields)),
    }))
}

/// An object with one member, if there is a value.
fn one(key: &str, value: Option<impl Into<JsonValue>>) -> Option<JsonValue> {
    value.map(|value| json!({ key: value.into() }))
}

fn expected_error(sample: &Sample) -> Option<JsonValue> {
    let (_, error) = sample.fields.iter().find(|(key, _)| key == "err")?;
    let texts = match error {
        Tree::Str(text) => vec![text.as_str()],
        Tree::Seq(items) => {
            let texts = items.iter().map(|item| {
                if let Tree::Str(text) = item {
                    Some(text.as_str())
                } else {
                    None
                }
            });
            texts.collect::<Option<Vec<_>>>()?
        }
        _ => return None,
    };
    let stack_trace = (texts.len() > 1).then(|| texts.join("\nCaused by: "));
    Some(known(
        json!({ "message": texts.first()?, "stack_trace": stack_trace }),
    ))
}

fn expected_ecs(sample: &Sample) -> JsonValue {
    let (trace_id, span_id) = ids(sample);
    let facts = &sample.facts;
    let error = expected_error(sample);
    let mut others = sample.fields.clone();
    others.retain(|(key, _)| error.is_none() || key != "err");
    let file = sample
        .file
        .as_ref()
        .map(|file| known(json!({ "name": file, "line": sample.line })));
    let custom = known(json!({
        "module": sample.module.as_ref().filter(|module| **module != sample.target),
        "metadata": (!others.is_empty()).then(|| object(&others)),
    }));
    known(json!({
        "@timestamp": micros(sample.timestamp_nanos),
        "log.level": sample.severity.name().to_lowercase(),
        "message": sample.message,
        "ecs.version": "8.17.0",
        "service": known(json!({
            "name": sample.application, "version": facts.app_version, "environment": facts.environment,
        })),
        "event": { "dataset": sample.application, "id": sample.uuid.to_string() },
        "host": one("name", facts.hostname.clone()),
        "container": one("id", facts.container_id.clone()),
        "process": {
            "pid": facts.process_id,
            "thread": known(json!({ "id": sample.thread_id, "name": sample.thread_name })),
        },
        "log": known(json!({ "logger": sample.target, "origin": one("file", file) })),
        "trace": one("id", trace_id),
        "span": one("id", span_id),
        "error": error,
        "hestia": custom.as_object().filter(|custom| !custom.is_empty()),
    }))
}

/// The fields of a text line that has nothing after the bar but them, read as the documentation says.
fn read_fields(line: &str) -> Vec<(String, String)> {
    let (_, mut rest) = line
        .trim_end_matches('\n')
        .split_once(" | {")
        .expect("fields after the bar");
    let mut fields = Vec::new();
    loop {
        let (key, after) = read_word(rest);
        let (value, after) = read_word(after.strip_prefix('=').expect("an equals sign"));
        fields.push((key, value));
        match after.strip_prefix(' ') {
            Some(next) => rest = next,
            None => {
                assert_eq!(after, "}");
                return fields;
            }
        }
    }
}

/// A bare word, or JSON: strings as their content, all else as it stands there.
fn read_word(text: &str) -> (String, &str) {
    if text.starts_with(['"', '{', '[']) {
        let mut json = serde_json::Deserializer::from_str(text).into_iter::<JsonValue>();
        let read = json.next().expect("JSON").expect("valid JSON");
        let (whole, rest) = text.split_at(json.byte_offset());
        return (read.as_str().map_or(whole.to_owned(), str::to_owned), rest);
    }
    let end = text.find([' ', '=', '}']).expect("an end");
    (text[..end].to_owned(), &text[end..])
}

fn in_text(value: &Tree) -> String {
    match value {
        Tree::Null => "null".to_owned(),
        Tree::Char(c) => c.to_string(),
        Tree::Str(text) => text.clone(),
        Tree::Bytes(bytes) => super::base64(bytes),
        Tree::F32(number) => zmij::Buffer::new().format(*number).to_owned(),
        Tree::F64(number) => zmij::Buffer::new().format(*number).to_owned(),
        Tree::U128(number) => number.to_string(),
        Tree::I128(number) => number.to_string(),
        Tree::Seq(_) | Tree::Map(_) => String::new(),
        other => other.expected().to_string(),
    }
}

/// Any value that text does not write as nested JSON.
fn is_flat(value: &Tree) -> bool {
    !matches!(value, Tree::Seq(_) | Tree::Map(_))
}

fn hidden_but_line_feeds(text: &str) -> bool {
    text.contains(|c| c != '\n' && is_hidden(c))
}

proptest! {
    #[test]
    fn json_is_one_line_that_reads_back_as_the_record(sample in sample()) {
        let mut layout = JsonLayout::new(Schema::Hestia);
        prop_assert_eq!(read_line(&sample.line(&mut layout)), expected_hestia(&sample));
    }

    #[test]
    fn ecs_is_one_line_that_reads_back_as_the_record(sample in sample()) {
        let line = sample.line(&mut JsonLayout::new(Schema::Ecs));
        let places: Vec<_> = ["\"@timestamp\":", "\"log.level\":", "\"message\":", "\"ecs.version\":"]
            .iter().map(|key| line.find(key)).collect();
        prop_assert!(places.is_sorted() && places.iter().all(Option::is_some));
        prop_assert_eq!(read_line(&line), expected_ecs(&sample));
    }

    #[test]
    fn errors_read_back_from_ecs(mut sample in sample(), texts in prop::collection::vec(hostile(), 0..4), alone in any::<bool>()) {
        let mut texts = texts.into_iter().map(Tree::Str);
        let error = match texts.next() {
            Some(text) if alone => text,
            first => Tree::Seq(first.into_iter().chain(texts).collect()),
        };
        sample.fields.retain(|(key, _)| key != "err");
        sample.fields.push(("err".to_owned(), error));
        prop_assert_eq!(read_line(&sample.line(&mut JsonLayout::new(Schema::Ecs))), expected_ecs(&sample));
    }

    #[test]
    fn what_was_prepared_for_one_record_is_not_used_for_another(first in sample(), second in sample()) {
        let mut hestia = JsonLayout::new(Schema::Hestia);
        let mut ecs = JsonLayout::new(Schema::Ecs);
        let mut text = TextLayout::new();
        for sample in [&first, &second, &first] {
            prop_assert_eq!(sample.line(&mut hestia), sample.line(&mut JsonLayout::new(Schema::Hestia)));
            prop_assert_eq!(sample.line(&mut ecs), sample.line(&mut JsonLayout::new(Schema::Ecs)));
            prop_assert_eq!(sample.line(&mut text), sample.line(&mut TextLayout::new()));
        }
    }

    #[test]
    fn text_is_one_line_with_eight_columns_and_nothing_hidden(sample in sample()) {
        let line = sample.line(&mut TextLayout::new());
        prop_assert_eq!(line.find('\n'), Some(line.len() - 1));
        prop_assert!(!hidden_but_line_feeds(&line));
        let (columns, _) = line.trim_end_matches('\n').split_once(" |").unwrap();
        let columns: Vec<&str> = columns.split_whitespace().collect();
        prop_assert_eq!(columns.len(), 8);
        let time = DateTime::from_timestamp_nanos(sample.timestamp_nanos);
        prop_assert_eq!(columns[0], time.to_rfc3339_opts(SecondsFormat::Millis, true));
        prop_assert_eq!(columns[1], sample.severity.name());
        prop_assert_eq!(columns[4], sample.facts.process_id.to_string());
        let thread_id = format!("/{}", sample.thread_id);
        prop_assert!(columns[5].ends_with(&thread_id));
    }

    #[test]
    fn fields_read_back_from_text(mut sample in sample(), fields in fields()) {
        sample.fields = fields;
        sample.fields.retain(|(_, value)| is_flat(value));
        sample.fields.push(("last".to_owned(), Tree::Bool(true)));
        sample.message.clear();
        sample.trace = None;
        let expected: Vec<_> = sample.fields.iter().map(|(key, value)| (key.clone(), in_text(value))).collect();
        prop_assert_eq!(read_fields(&sample.line(&mut TextLayout::new())), expected);
    }

    #[test]
    fn lines_of_an_indented_message_cannot_be_taken_for_records(sample in sample()) {
        let pattern = TextLayout::pattern("{time} {level} {thread} {message} {metadata} {metadata.a}").unwrap();
        let line = sample.line(&mut TextLayout::new().multiline(Multiline::Indent));
        let own = sample.line(&mut pattern.multiline(Multiline::Indent));
        let console = sample.line(&mut ConsoleLayout::new(Style::Pretty));
        for line in [line, own, console] {
            prop_assert!(!hidden_but_line_feeds(&line));
            let content = line.strip_suffix('\n').unwrap();
            prop_assert!(content.split('\n').skip(1).all(|line| line.starts_with("    ")), "{}", content);
        }
    }

    #[test]
    fn a_pattern_of_every_field_is_one_line_with_nothing_hidden(sample in sample(), width in 1_u16..40) {
        let pattern = format!(
            "{{time}}{{level}}{{application}}{{message:{width}}}{{hostname:>{width}}}{{container_id:.{width}}}{{process_id}}\
             {{thread_id}}{{thread_name:^{width}.{width}}}{{thread}}{{uuid}}{{target}}{{module}}{{file}}{{line}}{{location}}\
             {{environment}}{{app_version}}{{trace_id}}{{span_id}}{{metadata:.{width}}}{{metadata.a}}{{metadata.a.b}}",
        );
        let line = sample.line(&mut TextLayout::pattern(&pattern).unwrap());
        prop_assert_eq!(line.find('\n'), Some(line.len() - 1));
        prop_assert!(!hidden_but_line_feeds(&line));
    }

    #[test]
    fn widths_count_the_characters_of_the_escaped_text(target in hostile(), width in 0_usize..30, most in 0_usize..30) {
        let sample = Sample { target, ..Sample::bare() };
        let line = |pattern: &str| {
            let line = sample.line(&mut TextLayout::pattern(pattern).unwrap());
            line.strip_suffix('\n').unwrap().to_owned()
        };
        let whole: Vec<char> = line("{target}").chars().collect();
        let fitted: Vec<char> = line(&format!("{{target:*>{}.{most}}}", width + 1)).chars().collect();
        let kept = whole.len().min(most);
        prop_assert_eq!(fitted.len(), kept.max(width + 1));
        prop_assert_eq!(&fitted[fitted.len() - kept..], &whole[..kept]);
        prop_assert!(fitted[..fitted.len() - kept].iter().all(|c| *c == '*'));
    }

    #[test]
    fn the_console_shows_only_its_own_escape_sequences(sample in sample()) {
        for style in [Style::Pretty, Style::Compact] {
            let layout = ConsoleLayout::new(style).multiline(Multiline::Escape);
            let plain = sample.line(&mut layout.clone());
            prop_assert_eq!(plain.find('\n'), Some(plain.len() - 1));
            prop_assert!(!hidden_but_line_feeds(&plain));
            let coloured = sample.line(&mut layout.color(true));
            let target = usize::from(style == Style::Pretty && !sample.target.is_empty());
            prop_assert_eq!(coloured.matches('\u{1b}').count(), 2 * (2 + target + sample.fields.len()));
            prop_assert_eq!(without_colours(&coloured), plain);
        }
    }

    #[test]
    fn lines_are_appended_to_what_is_there(sample in sample()) {
        let layouts: [Box<dyn Layout>; 4] = [
            Box::new(TextLayout::new()),
            Box::new(JsonLayout::new(Schema::Hestia)),
            Box::new(JsonLayout::new(Schema::Ecs)),
            Box::new(ConsoleLayout::new(Style::Compact)),
        ];
        for mut layout in layouts {
            let alone = sample.line(&mut layout);
            let mut lines = b"before\n".to_vec();
            sample.with(|record| layout.format(record, &mut lines));
            prop_assert_eq!(lines, format!("before\n{alone}").into_bytes());
        }
    }
}

fn without_colours(line: &str) -> String {
    let mut parts = line.split('\u{1b}');
    let first = parts.next().unwrap_or_default();
    let rest = parts.map(|part| part.split_once('m').expect("the end of a colour").1);
    std::iter::once(first).chain(rest).collect()
}

#[test]
fn layouts_are_equal_when_their_settings_are_whatever_they_wrote() {
    let mut used = TextLayout::new();
    Sample::usual().line(&mut used);
    assert_eq!(used, TextLayout::default());
    assert_eq!(
        TextLayout::pattern("{time}"),
        TextLayout::pattern("{timestamp}")
    );
    assert_ne!(TextLayout::pattern("{time}").unwrap(), TextLayout::new());
    assert_ne!(used.clone().zone(TimeZone::Local), used);
    let mut json = JsonLayout::new(Schema::Ecs);
    Sample::usual().line(&mut json);
    assert_eq!(json, JsonLayout::new(Schema::Ecs));
    assert_ne!(json, JsonLayout::new(Schema::Hestia));
    assert_ne!(
        ConsoleLayout::default().color(true),
        ConsoleLayout::default()
    );
}

#[test]
fn pattern_mistakes_are_errors_when_the_layout_is_made() {
    for (pattern, place) in [
        ("{time} {mesage}", 7..15),
        ("{time:%Q}", 0..9),
        ("{level", 0..6),
        ("a\nb", 0..3),
    ] {
        let error = TextLayout::pattern(pattern).unwrap_err();
        let span = error.span();
        assert!(
            place.start <= span.start && span.end <= place.end,
            "{error} at {span:?}"
        );
    }
}

#[test]
fn an_absent_field_of_a_pattern_is_empty_and_still_padded() {
    let pattern = "<{hostname}><{line:4}><{metadata.x:>3}><{metadata}><{trace_id}><{thread_name}>";
    let line = Sample::bare().line(&mut TextLayout::pattern(pattern).unwrap());
    assert_eq!(line, "<><    ><   ><><><>\n");
}
