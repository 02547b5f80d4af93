//! How much is let through.

use std::{fmt, str::FromStr};

use crate::{
    ParseError,
    error::{Quoted, nearest, suggest},
    part::Part,
    words::find,
};

/// The least severe level that is let through; ordered from `Off` (nothing) to `Trace` (everything).
///
/// # Example
///
/// ```
/// use hestia_grammar::LevelFilter;
///
/// assert!(LevelFilter::Off < LevelFilter::Error && LevelFilter::Debug < LevelFilter::Trace);
/// assert_eq!("Warning".parse(), Ok(LevelFilter::Warn));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LevelFilter {
    /// Nothing.
    Off,
    /// Errors, critical ones included.
    Error,
    /// Warnings and errors.
    Warn,
    /// Information, and all above.
    Info,
    /// Debug, and all above.
    Debug,
    /// Everything.
    Trace,
}

/// What [`LevelFilter::parse`] takes: the names, then what else they are called. The numbers are those of Python's `logging`
/// module (library reference, "Logging Levels").
const WORDS: [(&str, LevelFilter); 15] = [
    ("off", LevelFilter::Off),
    ("error", LevelFilter::Error),
    ("warn", LevelFilter::Warn),
    ("info", LevelFilter::Info),
    ("debug", LevelFilter::Debug),
    ("trace", LevelFilter::Trace),
    ("warning", LevelFilter::Warn),
    ("critical", LevelFilter::Error),
    ("fatal", LevelFilter::Error),
    ("none", LevelFilter::Off),
    ("10", LevelFilter::Debug),
    ("20", LevelFilter::Info),
    ("30", LevelFilter::Warn),
    ("40", LevelFilter::Error),
    ("50", LevelFilter::Error),
];

/// Level words of other loggers. They are not taken, since their meaning differs between loggers, but the nearest level
/// here is suggested.
const FOREIGN: [(&str, LevelFilter); 14] = [
    ("err", LevelFilter::Error),
    ("crit", LevelFilter::Error),
    ("emerg", LevelFilter::Error),
    ("severe", LevelFilter::Error),
    ("notice", LevelFilter::Info),
    ("information", LevelFilter::Info),
    ("dbg", LevelFilter::Debug),
    ("verbose", LevelFilter::Debug),
    ("all", LevelFilter::Trace),
    ("notset", LevelFilter::Trace),
    ("disabled", LevelFilter::Off),
    ("false", LevelFilter::Off),
    ("quiet", LevelFilter::Off),
    ("silent", LevelFilter::Off),
];

pub(crate) const EXPECTED: &str = "expected off, error, warn, info, debug or trace";

impl LevelFilter {
    /// All six, from `Off` to `Trace`.
    pub const ALL: [Self; 6] = [
        Self::Off,
        Self::Error,
        Self::Warn,
        Self::Info,
        Self::Debug,
        Self::Trace,
    ];

    /// Reads a level, whatever its letter case and the white space around it.
    ///
    /// Besides the six names: `warning`, `critical` and `fatal` (both `Error`), `none` (`Off`), and Python's numbers
    /// `10`, `20`, `30`, `40`, `50` (debug, info, warning, error, critical). Other numbers are refused: what `0` or `5`
    /// mean differs from logger to logger.
    ///
    /// # Errors
    ///
    /// When the text is no level; the error's span is the word.
    ///
    /// # Example
    ///
    /// ```
    /// use hestia_grammar::LevelFilter;
    ///
    /// assert_eq!(LevelFilter::parse(" INFO "), Ok(LevelFilter::Info));
    /// assert_eq!(LevelFilter::parse("critical"), Ok(LevelFilter::Error));
    /// assert_eq!(LevelFilter::parse("30"), Ok(LevelFilter::Warn));
    /// assert_eq!(LevelFilter::parse("debgu").unwrap_err().suggestion(), Some("debug"));
    /// ```
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        Self::parse_part(Part::new(text))
    }

    pub(crate) fn parse_part(part: Part<'_>) -> Result<Self, ParseError> {
        let word = part.trim();
        if word.is_empty() {
            return Err(word.error(format_args!("missing level, {EXPECTED}")));
        }
        Self::find(word).ok_or_else(|| unknown(word))
    }

    /// The level that a word is; no error is made where it is none.
    pub(crate) fn find(word: Part<'_>) -> Option<Self> {
        find(&WORDS, word.text)
    }

    /// The name in lower case: `off`, `error`, `warn`, `info`, `debug`, `trace`.
    ///
    /// # Example
    ///
    /// ```
    /// assert_eq!(hestia_grammar::LevelFilter::Warn.as_str(), "warn");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

impl fmt::Display for LevelFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for LevelFilter {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::parse(text)
    }
}

/// The error about a word that is no level.
pub(crate) fn unknown(word: Part<'_>) -> ParseError {
    let quoted = Quoted(word.text);
    if word.text.bytes().all(|byte| byte.is_ascii_digit()) {
        return word.error(format_args!(
            "unknown level number {quoted}, expected 10, 20, 30, 40 or 50, or a name such as info"
        ));
    }
    let near = find(&FOREIGN, word.text)
        .map(LevelFilter::as_str)
        .or_else(|| suggest(word.text, words()));
    word.error(format_args!("unknown level {quoted}, {EXPECTED}"))
        .with_suggestion(near)
}

/// The words among the names: a mistyped word is never meant to be a number.
fn words() -> impl Iterator<Item = &'static str> {
    let words = WORDS.iter().map(|(name, _)| *name);
    words.filter(|name| !name.starts_with(|c: char| c.is_ascii_digit()))
}

/// The level that `word` was probably meant to be, though it might be something else, such as a target: one slip away
/// from a level's name, or a level's name elsewhere. `none` is left out: `node`, `nonce` and `one` are one letter away.
pub(crate) fn mistaken(word: &str) -> Option<&'static str> {
    find(&FOREIGN, word)
        .map(LevelFilter::as_str)
        .or_else(|| nearest(word, &mut words().filter(|name| *name != "none"), 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::assert_well_formed;
    use proptest::prelude::*;

    #[test]
    fn names_and_aliases_are_read_in_any_case() {
        for (word, level) in WORDS {
            assert_eq!(LevelFilter::parse(word), Ok(level));
            assert_eq!(
                LevelFilter::parse(&format!("\t{} ", word.to_uppercase())),
                Ok(level)
            );
        }
    }

    #[test]
    fn display_is_read_back_and_pads() {
        for level in LevelFilter::ALL {
            assert_eq!(level.to_string().parse(), Ok(level));
        }
        assert_eq!(format!("{:>5}", LevelFilter::Off), "  off");
    }

    #[test]
    fn levels_are_ordered_by_how_much_they_let_through() {
        assert!(LevelFilter::ALL.is_sorted());
    }

    #[test]
    fn a_mistyped_level_names_the_word_and_the_near_one() {
        let error = LevelFilter::parse("  inof").unwrap_err();
        assert_eq!(error.span(), 2..6);
        assert_eq!(
            error.to_string(),
            "unknown level `inof`, expected off, error, warn, info, debug or trace; did you mean `info`?"
        );
    }

    #[test]
    fn level_words_of_other_loggers_are_translated() {
        for (word, level) in FOREIGN {
            let error = LevelFilter::parse(word).unwrap_err();
            assert_eq!(error.suggestion(), Some(level.as_str()), "{word}");
        }
    }

    #[test]
    fn other_numbers_are_refused() {
        for number in ["0", "5", "15", "100"] {
            let text = LevelFilter::parse(number).unwrap_err().to_string();
            assert!(text.contains("10, 20, 30, 40 or 50"), "{text}");
        }
        assert!(LevelFilter::parse("-10").is_err());
        assert_eq!(
            LevelFilter::parse("15").unwrap_err().to_string(),
            "unknown level number `15`, expected 10, 20, 30, 40 or 50, or a name such as info"
        );
    }

    #[test]
    fn an_empty_level_says_what_is_expected() {
        let error = LevelFilter::parse("  ").unwrap_err();
        assert_eq!(error.message(), format!("missing level, {EXPECTED}"));
        assert_eq!(error.span(), 2..2);
    }

    #[test]
    fn names_that_people_give_their_crates_are_not_mistaken_for_levels() {
        for word in [
            "hyper", "node", "tracing", "infra", "debugger", "tokio", "offset",
        ] {
            assert_eq!(mistaken(word), None, "{word}");
        }
        for word in [
            "inof", "debgu", "wran", "erorr", "tarce", "warnign", "critcal", "verbose",
        ] {
            assert!(mistaken(word).is_some(), "{word}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_with_a_good_error(text in any::<String>()) {
            if let Err(error) = LevelFilter::parse(&text) {
                assert_well_formed(&text, &error);
            }
        }

        #[test]
        fn a_suggested_level_is_a_level(text in "[a-zA-Z]{1,8}") {
            if let Err(error) = LevelFilter::parse(&text) && let Some(word) = error.suggestion() {
                prop_assert!(LevelFilter::parse(word).is_ok());
            }
        }
    }
}
