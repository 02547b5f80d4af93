//! The parts of a line for people that several layouts write.

use super::escape;
use super::prepared::Keys;
use super::value;
use crate::level::Severity;
use crate::record::{Field, Metadata, Value};
use crate::thread::ThreadRef;
use crate::trace_context::TraceIds;

/// What becomes of the line feeds in a message.
///
/// # Example
/// ```
/// use hestia::{Multiline, TextLayout};
///
/// let layout = TextLayout::new().multiline(Multiline::Indent);
/// assert_ne!(layout, TextLayout::new());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Multiline {
    /// They are written as `\n`: one record is one line. The default of files, which programs read.
    #[default]
    Escape,
    /// The message goes on in the next line, after four spaces. No record begins with a space (unless a pattern
    /// says so), so none can be forged. A carriage return before the line feed goes with it; line feeds that end
    /// the message, and all other control characters, are escaped as ever. What reads the file has to take
    /// indented lines for continuations.
    Indent,
}

const INDENT: &[u8] = b"\n    ";

/// Appends a message.
pub(super) fn append_message(line: &mut Vec<u8>, message: &str, multiline: Multiline) {
    match multiline {
        Multiline::Escape => escape::append_text(line, message),
        Multiline::Indent => append_indented(line, message),
    }
}

fn append_indented(line: &mut Vec<u8>, message: &str) {
    let content = message.trim_end_matches(['\r', '\n']);
    let mut rest = content;
    while let Some((part, after)) = rest.split_once('\n') {
        escape::append_text(line, part.strip_suffix('\r').unwrap_or(part));
        line.extend_from_slice(INDENT);
        rest = after;
    }
    escape::append_text(line, rest);
    escape::append_text(line, &message[content.len()..]);
}

/// Appends a severity's name, padded to the five characters of most.
pub(super) fn append_severity(line: &mut Vec<u8>, severity: Severity) {
    const WIDTH: usize = 5;
    let name = severity.name();
    line.extend_from_slice(name.as_bytes());
    line.extend(std::iter::repeat_n(b' ', WIDTH.saturating_sub(name.len())));
}

/// Appends `{key=value key=value}`; nothing when there are no fields. `keys` were prepared by [`append_key`].
pub(super) fn append_fields(line: &mut Vec<u8>, fields: &[Field<'_>], keys: Keys<'_>) {
    for (place, field) in fields.iter().enumerate() {
        match keys.get(place) {
            Some(key) => line.extend_from_slice(key),
            None => append_key(line, place, field.key),
        }
        value::append_word(line, field.value);
    }
    if !fields.is_empty() {
        line.push(b'}');
    }
}

/// Appends what stands before a field's value: `{key=` for the first, ` key=` for others.
pub(super) fn append_key(line: &mut Vec<u8>, place: usize, key: &str) {
    line.push(if place == 0 { b'{' } else { b' ' });
    value::append_str_word(line, key);
    line.push(b'=');
}

/// Appends `name/id`; a thread without a name is `-`.
pub(super) fn append_thread(
    line: &mut Vec<u8>,
    thread: ThreadRef<'_>,
    append: fn(&mut Vec<u8>, &str),
) {
    append(line, thread.name().unwrap_or("-"));
    line.push(b'/');
    value::append_integer(line, thread.id());
}

/// Appends `file:line`, or as much of it as is known; nothing when the file is not.
pub(super) fn append_location(
    line: &mut Vec<u8>,
    metadata: &Metadata<'_>,
    append: fn(&mut Vec<u8>, &str),
) {
    let Some(file) = metadata.file() else { return };
    append(line, file);
    if let Some(number) = metadata.line() {
        line.push(b':');
        value::append_integer(line, number);
    }
}

/// Appends the trace id: 32 hexadecimal digits.
pub(super) fn append_trace_id(line: &mut Vec<u8>, ids: TraceIds) {
    value::append_hex(line, ids.trace_id.to_be_bytes());
}

/// Appends the span id: 16 hexadecimal digits.
pub(super) fn append_span_id(line: &mut Vec<u8>, ids: TraceIds) {
    value::append_hex(line, ids.span_id.to_be_bytes());
}

/// The value of a key; where there is none, that of a path into nested objects (`req.method`).
pub(crate) fn find<'a>(fields: &[Field<'a>], key: &str) -> Option<Value<'a>> {
    let whole = fields.iter().find(|field| field.key == key);
    if let Some(field) = whole {
        return Some(field.value);
    }
    let (first, rest) = key.split_once('.')?;
    let field = fields.iter().find(|field| field.key == first)?;
    find_inside(field.value, rest)
}

fn find_inside<'a>(value: Value<'a>, path: &str) -> Option<Value<'a>> {
    let Value::Map(entries) = value else {
        return None;
    };
    let last = |key: &str| entries.iter().filter(|entry| entry.key == key).last();
    match last(path) {
        Some(entry) => Some(entry.value),
        None => {
            let (first, rest) = path.split_once('.')?;
            find_inside(last(first)?.value, rest)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Entries, encode};

    fn indented(message: &str) -> String {
        let mut line = Vec::new();
        append_message(&mut line, message, Multiline::Indent);
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn lines_after_the_first_are_indented_and_stay_escaped() {
        assert_eq!(indented("one\ntwo\r\nthree"), "one\n    two\n    three");
        assert_eq!(indented("a\n\nb"), "a\n    \n    b");
        assert_eq!(
            indented("a\n2026 ERROR forged\u{1b}[0m"),
            r"a
    2026 ERROR forged\u{1b}[0m"
        );
    }

    #[test]
    fn line_feeds_at_the_end_and_carriage_returns_elsewhere_are_escaped() {
        assert_eq!(indented("one\n"), r"one\n");
        assert_eq!(indented("one\r\n\n"), r"one\r\n\n");
        assert_eq!(indented("\n"), r"\n");
        assert_eq!(indented("over\rwritten\u{2028}"), r"over\rwritten\u{2028}");
        assert_eq!(indented(""), "");
    }

    #[test]
    fn a_key_is_found_whole_or_as_a_path() {
        let mut bytes = Vec::new();
        let mut map = encode::fields(&mut bytes);
        map.entry("a.b", &1);
        map.entry_with("req", |encoder| {
            encoder.put_map(|req| {
                req.entry("method", "GET");
                req.entry("method", "PUT");
                req.entry_with("head", |encoder| {
                    encoder.put_map(|head| head.entry("n", &7))
                });
            })
        });
        let fields: Vec<_> = Entries::new(&bytes).iter().collect();
        assert_eq!(find(&fields, "a.b"), Some(Value::I64(1)));
        assert_eq!(find(&fields, "req.method"), Some(Value::Str("PUT")));
        assert_eq!(find(&fields, "req.head.n"), Some(Value::I64(7)));
        for absent in ["a", "req.path", "req.method.x", "req.head.n.x", "", "."] {
            assert_eq!(find(&fields, absent), None, "{absent}");
        }
    }
}
