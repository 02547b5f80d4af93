//! The one error of every parser here, and the search for the word that was probably meant.

use std::{
    error::Error,
    fmt::{self, Write as _},
    ops::Range,
};

/// Why a string was refused: a sentence, a place, and sometimes what was probably meant.
///
/// `Display` is one lower-case sentence without a full stop, fit for a compile error and for a line on stderr: control
/// characters of the input are escaped in it, and long words shortened.
///
/// # Example
///
/// ```
/// let error = hestia_grammar::parse_size("10 MBB").unwrap_err();
/// assert_eq!(error.span(), 3..6);
/// assert_eq!(error.suggestion(), Some("MB"));
/// assert_eq!(
///     error.to_string(),
///     "unknown unit `MBB`, expected B, KB, MB, GB, TB, KiB, MiB, GiB or TiB; did you mean `MB`?",
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    message: String,
    span: Range<usize>,
    suggestion: Option<String>,
}

impl ParseError {
    /// An error with this sentence (lower case, no full stop) about the bytes `span` of the input.
    ///
    /// # Example
    ///
    /// ```
    /// let error = hestia_grammar::ParseError::new("unknown schema `ecz`", 0..3);
    /// assert_eq!(error.message(), "unknown schema `ecz`");
    /// ```
    pub fn new(message: impl Into<String>, span: Range<usize>) -> Self {
        Self {
            message: message.into(),
            span,
            suggestion: None,
        }
    }

    /// The same error with what was probably meant, or with nothing if that is unknown.
    ///
    /// # Example
    ///
    /// ```
    /// use hestia_grammar::{ParseError, suggest};
    ///
    /// let error = ParseError::new("unknown schema `ecz`", 0..3)
    ///     .with_suggestion(suggest("ecz", ["ecs", "gcp"]));
    /// assert_eq!(error.to_string(), "unknown schema `ecz`; did you mean `ecs`?");
    /// ```
    #[must_use]
    pub fn with_suggestion(mut self, suggestion: Option<&str>) -> Self {
        self.suggestion = suggestion.map(str::to_owned);
        self
    }

    /// The sentence, without the suggestion.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The offending bytes of the input: offsets on character boundaries, within the input. It is empty where something
    /// is missing.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// What the text at [`span`](Self::span) was probably meant to be, as it would be typed.
    pub fn suggestion(&self) -> Option<&str> {
        self.suggestion.as_deref()
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.suggestion {
            Some(suggestion) => write!(f, "; did you mean {}?", Quoted(suggestion)),
            None => Ok(()),
        }
    }
}

impl Error for ParseError {}

/// Longest part of the input that a message repeats, in characters.
const MAX_QUOTED: usize = 60;

/// A part of the input in back quotes: escaped, since a message may end up on a terminal (CWE-117), and shortened.
#[derive(Clone, Copy)]
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text) = self;
        f.write_char('`')?;
        for c in text.chars().take(MAX_QUOTED) {
            match c {
                '\'' | '"' | '\\' => f.write_char(c)?,
                _ => write!(f, "{}", c.escape_debug())?,
            }
        }
        if text.chars().nth(MAX_QUOTED).is_some() {
            f.write_char('…')?;
        }
        f.write_char('`')
    }
}

/// Longest word that is compared, in characters: what is longer is no slip of the finger, and comparing is quadratic.
const MAX_WORD: usize = 64;

/// The candidate that `word` was probably meant to be, letter case aside; `None` if none is near.
///
/// Near means: at most a third of the word's letters (at least one) differ, counting a letter that is missing, added,
/// changed, or swapped with its neighbour as one. Of equally near candidates those with the same first letter come
/// first, then the order given. A candidate equal to `word` is never suggested.
///
/// # Example
///
/// ```
/// use hestia_grammar::suggest;
///
/// assert_eq!(suggest("consloe", ["app", "level", "console"]), Some("console"));
/// assert_eq!(suggest("database", ["app", "level", "console"]), None);
/// ```
pub fn suggest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1);
    nearest(word, &mut candidates.into_iter(), limit)
}

/// As [`suggest`], with the number of differences allowed.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: &mut dyn Iterator<Item = &'a str>,
    limit: usize,
) -> Option<&'a str> {
    let letters = folded(word);
    if letters.len() > MAX_WORD {
        return None;
    }
    let mut best = None;
    for candidate in candidates {
        let other = folded(candidate);
        if candidate == word || letters.len().abs_diff(other.len()) > limit {
            continue;
        }
        let distance = edit_distance(&letters, &other);
        // Two words of which every letter differs have nothing in common, however short they are.
        if distance > limit || distance >= letters.len().max(other.len()) {
            continue;
        }
        let rank = (distance, letters.first() != other.first());
        if best.is_none_or(|(known, _)| rank < known) {
            best = Some((rank, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

fn folded(word: &str) -> Vec<char> {
    let mut letters = Vec::new();
    for letter in word.chars() {
        letters.extend(letter.to_lowercase());
    }
    letters
}

/// Damerau–Levenshtein distance in its "optimal string alignment" form (no part is edited twice).
///
/// # Source
///
/// F. J. Damerau, "A technique for computer detection and correction of spelling errors", CACM 7(3), 1964.
fn edit_distance(left: &[char], right: &[char]) -> usize {
    // A row for each letter on the left, and one before them; so with the columns.
    let width = right.len() + 1;
    let mut costs: Vec<usize> = (0..width).collect();
    for (i, a) in left.iter().enumerate() {
        costs.push(i + 1);
        for (j, b) in right.iter().enumerate() {
            let at = costs.len();
            let changed = costs[at - width - 1] + usize::from(a != b);
            let mut cost = changed.min(costs[at - width] + 1).min(costs[at - 1] + 1);
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                cost = cost.min(costs[at - 2 * width - 2] + 1);
            }
            costs.push(cost);
        }
    }
    costs[left.len() * width + right.len()]
}

/// What every error of every parser promises, whatever the input.
#[cfg(test)]
pub(crate) fn assert_well_formed(input: &str, error: &ParseError) {
    let span = error.span();
    assert!(
        input.get(span.clone()).is_some(),
        "{span:?} of {input:?}: {error}"
    );
    let text = error.to_string();
    assert!(!text.chars().any(char::is_control), "{text:?}");
    assert!(!text.starts_with(char::is_uppercase), "{text}");
    assert!(!text.ends_with('.'), "{text}");
    assert_ne!(error.suggestion(), input.get(span), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn distance(left: &str, right: &str) -> usize {
        edit_distance(&folded(left), &folded(right))
    }

    #[test]
    fn a_letter_missing_added_changed_or_swapped_is_one_edit() {
        assert_eq!(distance("info", "info"), 0);
        assert_eq!(distance("inf", "info"), 1);
        assert_eq!(distance("infoo", "info"), 1);
        assert_eq!(distance("indo", "info"), 1);
        assert_eq!(distance("inof", "info"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "warn"), 4);
    }

    #[test]
    fn letter_case_alone_is_suggested_and_the_word_itself_is_not() {
        assert_eq!(suggest("LEVEL", ["level"]), Some("level"));
        assert_eq!(suggest("level", ["level"]), None);
    }

    #[test]
    fn the_same_first_letter_breaks_a_tie_then_the_order_does() {
        assert_eq!(suggest("M", ["B", "KB", "MB", "MiB"]), Some("MB"));
        assert_eq!(suggest("bat", ["bar", "baz"]), Some("bar"));
    }

    #[test]
    fn fewer_edits_go_before_the_same_first_letter() {
        assert_eq!(suggest("formats", ["fermaty", "normats"]), Some("normats"));
    }

    #[test]
    fn words_with_nothing_in_common_or_too_long_are_not_suggested() {
        assert_eq!(suggest("x", ["s", "m"]), None);
        assert_eq!(suggest("", ["s", "ms"]), None);
        assert_eq!(suggest(&"a".repeat(100_000), ["a"]), None);
    }

    #[test]
    fn control_characters_and_overlong_words_do_not_reach_the_message() {
        assert_eq!(
            Quoted("a\u{1b}[31m\n\u{202e}b").to_string(),
            r"`a\u{1b}[31m\n\u{202e}b`"
        );
        assert_eq!(Quoted("it's \"x\"").to_string(), "`it's \"x\"`");
        assert!(Quoted(&"ä".repeat(500)).to_string().chars().count() < MAX_QUOTED + 5);
    }

    #[test]
    fn the_suggestion_ends_the_sentence() {
        let error = ParseError::new("unknown word `x`", 0..1);
        assert_eq!(error.to_string(), "unknown word `x`");
        let error = error.with_suggestion(Some("y"));
        assert_eq!(error.to_string(), "unknown word `x`; did you mean `y`?");
    }

    proptest! {
        #[test]
        fn the_distance_is_symmetric_and_bounded(left in "[a-d]{0,8}", right in "[a-d]{0,8}") {
            let distance = distance(&left, &right);
            prop_assert_eq!(distance, edit_distance(&folded(&right), &folded(&left)));
            prop_assert!(distance >= left.len().abs_diff(right.len()));
            prop_assert!(distance <= left.len().max(right.len()));
            prop_assert_eq!(distance == 0, left == right);
        }

        #[test]
        fn a_suggestion_is_one_of_the_candidates(word in any::<String>(), others in proptest::collection::vec(any::<String>(), 0..4)) {
            let found = suggest(&word, others.iter().map(String::as_str));
            prop_assert!(found.is_none_or(|found| found != word && others.iter().any(|other| other == found)));
        }
    }
}
