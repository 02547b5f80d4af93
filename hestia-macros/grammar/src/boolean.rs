//! Switches in the environment.

use crate::{
    ParseError,
    error::{Quoted, suggest},
    part::Part,
    words::find,
};

const WORDS: [(&str, bool); 8] = [
    ("true", true),
    ("false", false),
    ("yes", true),
    ("no", false),
    ("on", true),
    ("off", false),
    ("1", true),
    ("0", false),
];

const EXPECTED: &str = "expected true, yes, on or 1, or false, no, off or 0";

/// Reads a switch: `true`, `yes`, `on`, `1` or `false`, `no`, `off`, `0`, whatever the letter case and the white space
/// around it.
///
/// # Errors
///
/// When the text is none of these words.
///
/// # Example
///
/// ```
/// use hestia_grammar::parse_bool;
///
/// assert_eq!(parse_bool(" Yes "), Ok(true));
/// assert_eq!(parse_bool("0"), Ok(false));
/// assert_eq!(parse_bool("ture").unwrap_err().suggestion(), Some("true"));
/// ```
pub fn parse_bool(text: &str) -> Result<bool, ParseError> {
    let word = Part::new(text).trim();
    find(&WORDS, word.text).ok_or_else(|| {
        if word.is_empty() {
            return word.error(format_args!("missing boolean, {EXPECTED}"));
        }
        let quoted = Quoted(word.text);
        let names = WORDS.iter().map(|(name, _)| *name);
        word.error(format_args!("{quoted} is no boolean, {EXPECTED}"))
            .with_suggestion(suggest(word.text, names))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::assert_well_formed;
    use proptest::prelude::*;

    #[test]
    fn every_word_is_read_in_any_case() {
        for (word, value) in WORDS {
            assert_eq!(parse_bool(word), Ok(value));
            assert_eq!(
                parse_bool(&format!(" {}\n", word.to_uppercase())),
                Ok(value)
            );
        }
    }

    #[test]
    fn other_words_are_refused_by_name() {
        let error = parse_bool(" maybe ").unwrap_err();
        assert_eq!(error.span(), 1..6);
        assert_eq!(
            error.to_string(),
            "`maybe` is no boolean, expected true, yes, on or 1, or false, no, off or 0"
        );
        assert!(
            parse_bool("")
                .unwrap_err()
                .message()
                .starts_with("missing boolean")
        );
        assert!(parse_bool("2").is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_with_a_good_error(text in any::<String>()) {
            if let Err(error) = parse_bool(&text) {
                assert_well_formed(&text, &error);
            }
        }
    }
}
