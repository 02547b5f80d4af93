//! From a record to a line of bytes.
//!
//! Runs on the writer thread (on the thread that logs, after shutdown), once per record and distinct
//! layout. One file per layout (`text.rs` with `pattern.rs`, `json.rs`, `console.rs`); JSON schemas stand in
//! `schema/`; the other files are what they share: escaping, times, values, colours, parts of a line.
//!
//! *Invariant:* a line ends with one line feed and holds no other, unless a message of several lines was asked
//! for as such ([`Multiline::Indent`]); a layout does no input or output.

mod color;
mod console;
mod escape;
mod json;
mod parts;
mod pattern;
mod prepared;
mod schema;
#[cfg(any(test, fuzzing))]
pub(crate) mod strict;
#[cfg(test)]
mod tests;
mod text;
mod time;
mod value;

pub(crate) use color::color_wanted;
pub use console::{ConsoleLayout, Style};
pub use json::JsonLayout;
pub use parts::Multiline;
pub(crate) use parts::find;
pub use schema::Schema;
pub use text::TextLayout;
pub(crate) use value::to_json;

use crate::record::{Entries, Record};

/// Key-values as text lines show them, but for the brackets: `region=eu-1 shard=7`.
pub(crate) fn in_words(fields: Entries<'_>) -> String {
    let mut words = Vec::new();
    for field in fields.iter() {
        if !words.is_empty() {
            words.push(b' ');
        }
        value::append_str_word(&mut words, field.key);
        words.push(b'=');
        value::append_word(&mut words, field.value);
    }
    String::from_utf8_lossy(&words).into_owned()
}

/// Turns records into lines.
///
/// # Example
/// ```
/// use hestia::{Layout, Record};
///
/// /// Level and message, tab between them.
/// struct Brief;
///
/// impl Layout for Brief {
///     fn format(&mut self, record: &Record<'_>, line: &mut Vec<u8>) {
///         line.extend_from_slice(record.severity().name().as_bytes());
///         line.push(b'\t');
///         line.extend_from_slice(record.message().escape_default().to_string().as_bytes());
///         line.push(b'\n');
///     }
/// }
/// ```
pub trait Layout: Send {
    /// Appends the record's line, with the line feed at its end. Cannot fail; a panic costs this record
    /// on this output, and is reported.
    fn format(&mut self, record: &Record<'_>, line: &mut Vec<u8>);
}

impl<L: Layout + ?Sized> Layout for Box<L> {
    fn format(&mut self, record: &Record<'_>, line: &mut Vec<u8>) {
        (**self).format(record, line);
    }
}
