//! A piece of the input that knows where it stands, so that every error can point at its word.

use std::{fmt, ops::Range};

use crate::ParseError;

/// A slice of the input with its byte offset.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part<'a> {
    pub(crate) text: &'a str,
    start: usize,
}

impl<'a> Part<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, start: 0 }
    }

    pub(crate) fn span(self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }

    pub(crate) fn is_empty(self) -> bool {
        self.text.is_empty()
    }

    /// The part from `from` to `to`: byte offsets within this part, on character boundaries.
    pub(crate) fn slice(self, from: usize, to: usize) -> Self {
        Self {
            text: &self.text[from..to],
            start: self.start + from,
        }
    }

    pub(crate) fn split_at(self, middle: usize) -> (Self, Self) {
        (self.slice(0, middle), self.slice(middle, self.text.len()))
    }

    /// Splits before the first character for which `ends` is true; the second half is empty if there is none.
    pub(crate) fn split_where(self, ends: impl Fn(char) -> bool) -> (Self, Self) {
        self.split_at(self.text.find(ends).unwrap_or(self.text.len()))
    }

    /// Splits around the first `separator`.
    pub(crate) fn split_once(self, separator: char) -> Option<(Self, Self)> {
        let at = self.text.find(separator)?;
        let after = at + separator.len_utf8();
        Some((self.slice(0, at), self.slice(after, self.text.len())))
    }

    pub(crate) fn trim_start(self) -> Self {
        let trimmed = self.text.trim_start();
        self.slice(self.text.len() - trimmed.len(), self.text.len())
    }

    pub(crate) fn trim(self) -> Self {
        let part = self.trim_start();
        part.slice(0, part.text.trim_end().len())
    }

    #[cold]
    pub(crate) fn error(self, message: impl fmt::Display) -> ParseError {
        ParseError::new(message.to_string(), self.span())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_follow_trimming_and_splitting() {
        let part = Part::new("  héllo = wörld ");
        let (left, right) = part.split_once('=').unwrap();
        assert_eq!(left.trim().span(), 2..8);
        assert_eq!(right.trim().span(), 11..17);
        assert_eq!(right.trim().text, "wörld");
    }

    #[test]
    fn white_space_alone_trims_to_an_empty_part_inside_the_input() {
        let part = Part::new(" \t ").trim();
        assert!(part.is_empty());
        assert!(part.span().end <= 3);
    }
}
