//! Values that may only be so long: where they end, and what stands in the place of the rest.
//!
//! Runs on the caller's thread. *Invariant:* text is cut between two characters; where its value has an [`End`], it has been
//! looked through for patterns of secrets before, a good way beyond the cut.

use std::fmt::{self, Write as _};

use super::super::redact;
use super::super::scalar::Scalar;
use super::{FORMATTING_FAILED, append_str};

/// The longest string or byte string that is kept whole, in bytes; longer ones are cut.
pub(super) const MAX_TEXT_BYTES: usize = 1 << 30;

/// Where a value that may only be so long has to end, as a length of the bytes. What is beyond it is left out, and `"…"`
/// stands there.
#[derive(Clone, Copy, Debug)]
pub(super) struct End(usize);

/// The mark of what was left out.
pub(super) const CUT: &str = "…";

impl End {
    pub(super) const NEVER: End = End(usize::MAX);

    /// So many bytes behind what is there.
    pub(super) fn behind(bytes: &[u8], most: usize) -> Self {
        End(bytes.len().saturating_add(most))
    }

    pub(super) fn is_never(self) -> bool {
        self.0 == usize::MAX
    }

    pub(super) fn is_reached(self, bytes: &[u8]) -> bool {
        bytes.len() >= self.0
    }

    /// How many bytes are left.
    pub(super) fn room(self, bytes: &[u8]) -> usize {
        self.0.saturating_sub(bytes.len())
    }

    /// How many bytes of a text there are left for, if that is less than it has.
    pub(super) fn cuts(self, bytes: &[u8], length: usize) -> Option<usize> {
        let room = self.room(bytes);
        (length > room).then_some(room)
    }
}

/// Says that items or entries were left out.
#[cold]
pub(super) fn append_cut(bytes: &mut Vec<u8>, is_map: bool) {
    if is_map {
        append_str(bytes, CUT);
    }
    Scalar::Str(CUT).write(bytes);
}

/// How far beyond its end a text is looked through for patterns of secrets before it is cut, in bytes: one that is cut in
/// two would not be found later.
const LOOKED_BEYOND: usize = 4096;

/// Appends formatted text, no further than to this end; marks a failure of the formatting code instead of hiding it.
#[inline(never)]
pub(super) fn append_display_within(bytes: &mut Vec<u8>, end: End, value: fmt::Arguments<'_>) {
    let start = bytes.len();
    let beyond = if redact::looks_through_text() {
        LOOKED_BEYOND
    } else {
        0
    };
    let mut appender = CuttingAppender {
        bytes,
        end: End(end.0.saturating_add(beyond)),
        is_cut: false,
    };
    let is_written = appender.write_fmt(value).is_ok();
    let is_cut = appender.is_cut;
    if is_cut || bytes.len() > end.0 {
        cut_from(bytes, start, end);
        bytes.extend_from_slice(CUT.as_bytes());
    } else if !is_written {
        bytes.extend_from_slice(FORMATTING_FAILED.as_bytes());
    }
}

/// Cuts the text that the vector holds from this place on, without the secrets in it.
fn cut_from(bytes: &mut Vec<u8>, start: usize, end: End) {
    redact::hide_text(bytes, start);
    // What a formatter has written is text.
    let text = std::str::from_utf8(&bytes[start..]).unwrap_or_default();
    let kept = cut(text, end.0.saturating_sub(start)).len();
    bytes.truncate(start + kept);
}

struct CuttingAppender<'a> {
    bytes: &'a mut Vec<u8>,
    end: End,
    /// The end was reached, which ends the formatting, too.
    is_cut: bool,
}

impl fmt::Write for CuttingAppender<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if let Some(room) = self.end.cuts(self.bytes, text.len()) {
            self.is_cut = true;
            self.bytes.extend_from_slice(cut(text, room).as_bytes());
            return Err(fmt::Error);
        }
        self.bytes.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// As much of a text as is kept.
#[inline]
pub(in crate::record) fn kept(text: &str) -> &str {
    if text.len() > MAX_TEXT_BYTES {
        cut(text, MAX_TEXT_BYTES)
    } else {
        text
    }
}

#[cold]
#[inline(never)]
fn cut(text: &str, most: usize) -> &str {
    let mut at = most;
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    &text[..at]
}
