//! Lines for a terminal.

use super::Layout;
use super::color::Palette;
use super::escape;
use super::json::JsonLayout;
use super::parts::{self, Multiline};
use super::schema::Schema;
use super::text::FRACTION_DIGITS;
use super::time::TimeWriter;
use super::value;
use crate::clock::TimeZone;
use crate::record::Record;

/// How lines on the console look.
///
/// # Example
/// ```
/// use hestia::{ConsoleLayout, Style};
///
/// assert_eq!(ConsoleLayout::default(), ConsoleLayout::new(Style::Pretty));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Style {
    /// Time with date, level, target, message and key-values; a message of several lines is shown as such. The
    /// default.
    #[default]
    Pretty,
    /// Time of day, level, message and key-values, in one line.
    Compact,
    /// The JSON of [`Schema::Hestia`], never coloured: for containers, whose console is a log file.
    Json,
}

/// Lines for a terminal: the layout of the console.
///
/// ```text
/// Pretty   2026-03-06T20:40:23.286Z INFO  billing::db: slow query elapsed_ms=12.5 user_id=5
/// Compact  20:40:23.286 INFO  slow query elapsed_ms=12.5 user_id=5
/// ```
///
/// Colours come from this layout alone: whatever a record holds, none of it reaches the terminal as a control.
/// Values are written as [`TextLayout`](crate::TextLayout) writes them. Trace ids, threads and places in the
/// source are left to the files.
///
/// # Example
/// ```
/// use hestia::{ConsoleLayout, Multiline, Style, TimeZone};
///
/// let layout = ConsoleLayout::new(Style::Compact).color(true).zone(TimeZone::Local);
/// assert_ne!(layout, ConsoleLayout::new(Style::Compact));
/// let layout = ConsoleLayout::new(Style::Pretty).multiline(Multiline::Escape);
/// assert_ne!(layout, ConsoleLayout::new(Style::Pretty));
/// ```
#[derive(Debug)]
pub struct ConsoleLayout {
    settings: Settings,
    time: TimeWriter,
    palette: Palette,
    json: JsonLayout,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Settings {
    style: Style,
    color: bool,
    zone: TimeZone,
    multiline: Multiline,
}

impl ConsoleLayout {
    /// Lines of this style, without colours, in UTC.
    #[must_use]
    pub fn new(style: Style) -> Self {
        ConsoleLayout::with(Settings {
            style,
            color: false,
            zone: TimeZone::Utc,
            multiline: match style {
                Style::Pretty => Multiline::Indent,
                Style::Compact | Style::Json => Multiline::Escape,
            },
        })
    }

    /// Whether lines are coloured; they are not unless said. [`Style::Json`] never is.
    #[must_use]
    pub fn color(self, color: bool) -> Self {
        ConsoleLayout::with(Settings {
            color,
            ..self.settings
        })
    }

    /// The zone of the times; UTC unless said. [`Style::Json`] is always in UTC.
    #[must_use]
    pub fn zone(self, zone: TimeZone) -> Self {
        ConsoleLayout::with(Settings {
            zone,
            ..self.settings
        })
    }

    /// What becomes of line feeds in a message: [`Style::Pretty`] indents and [`Style::Compact`] escapes them
    /// unless said; [`Style::Json`] always escapes them.
    #[must_use]
    pub fn multiline(self, multiline: Multiline) -> Self {
        ConsoleLayout::with(Settings {
            multiline,
            ..self.settings
        })
    }

    fn with(settings: Settings) -> Self {
        ConsoleLayout {
            settings,
            time: match settings.style {
                Style::Compact => TimeWriter::clock(settings.zone),
                Style::Pretty | Style::Json => TimeWriter::rfc3339(settings.zone, FRACTION_DIGITS),
            },
            palette: Palette::new(settings.color),
            json: JsonLayout::new(Schema::Hestia),
        }
    }

    fn append_line(&mut self, line: &mut Vec<u8>, record: &Record<'_>) {
        let time = &mut self.time;
        let palette = &self.palette;
        palette
            .dim
            .append(line, |line| time.append(line, record.timestamp_nanos()));
        line.push(b' ');
        let severity = record.severity();
        palette
            .severity(severity)
            .append(line, |line| parts::append_severity(line, severity));
        if self.settings.style == Style::Pretty && !record.target().is_empty() {
            line.push(b' ');
            palette.dim.append(line, |line| {
                escape::append_text(line, record.target());
                line.push(b':');
            });
        }
        if !record.message().is_empty() {
            line.push(b' ');
            parts::append_message(line, record.message(), self.settings.multiline);
        }
        for field in record.fields() {
            line.push(b' ');
            palette.key.append(line, |line| {
                value::append_str_word(line, field.key);
                line.push(b'=');
            });
            value::append_word(line, field.value);
        }
        line.push(b'\n');
    }
}

impl Default for ConsoleLayout {
    fn default() -> Self {
        ConsoleLayout::new(Style::default())
    }
}

impl Clone for ConsoleLayout {
    /// One that writes the same lines. It has prepared none yet.
    fn clone(&self) -> Self {
        ConsoleLayout::with(self.settings)
    }
}

impl PartialEq for ConsoleLayout {
    /// Whether both have the same settings.
    fn eq(&self, other: &Self) -> bool {
        self.settings == other.settings
    }
}

impl Eq for ConsoleLayout {}

impl Layout for ConsoleLayout {
    fn format(&mut self, record: &Record<'_>, line: &mut Vec<u8>) {
        match self.settings.style {
            Style::Json => self.json.format(record, line),
            Style::Pretty | Style::Compact => self.append_line(line, record),
        }
    }
}
