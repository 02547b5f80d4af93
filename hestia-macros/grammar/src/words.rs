//! Settings that are one of a few words, and words where only certain ones may stand.

use crate::{
    ParseError,
    error::{Quoted, suggest},
};

/// The words of one setting.
///
/// # Example
///
/// ```
/// use hestia_grammar::words;
///
/// assert_eq!(words::OVERFLOW.find("drop_newest"), Ok(1));
/// assert_eq!(
///     words::OVERFLOW.find("discard").unwrap_err().to_string(),
///     "unknown overflow policy `discard`; did you mean `drop_newest`?",
/// );
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Words {
    /// What they are, for messages.
    pub noun: &'static str,
    /// All of them.
    pub words: &'static [&'static str],
    /// What it is called elsewhere, and the word here.
    pub elsewhere: &'static [(&'static str, &'static str)],
}

impl Words {
    /// The place of a word among them.
    ///
    /// # Errors
    ///
    /// When it is none of them.
    pub fn find(&self, word: &str) -> Result<usize, ParseError> {
        if let Some(place) = self.words.iter().position(|known| *known == word) {
            return Ok(place);
        }
        Err(match find(self.elsewhere, word) {
            Some(meant) => nameless(self.noun, word).with_suggestion(Some(meant)),
            None => unknown(self.noun, word, self.words),
        })
    }
}

/// A word where only certain words may stand. The list is long for some, so it is shown when none of it is near.
///
/// # Example
///
/// ```
/// let unknown = |word| hestia_grammar::unknown("order", word, &["strict", "relaxed"]).to_string();
/// assert_eq!(unknown("strcit"), "unknown order `strcit`; did you mean `strict`?");
/// assert_eq!(unknown("any"), "unknown order `any`, expected strict or relaxed");
/// ```
pub fn unknown(noun: &str, word: &str, known: &[&str]) -> ParseError {
    match suggest(word, known.iter().copied()) {
        Some(near) => nameless(noun, word).with_suggestion(Some(near)),
        None => ParseError::new(
            format!(
                "unknown {noun} {}, expected {}",
                Quoted(word),
                either(known)
            ),
            0..word.len(),
        ),
    }
}

fn nameless(noun: &str, word: &str) -> ParseError {
    ParseError::new(format!("unknown {noun} {}", Quoted(word)), 0..word.len())
}

/// `a, b or c`.
fn either(words: &[&str]) -> String {
    match words {
        [] => "nothing".to_owned(),
        [word] => (*word).to_owned(),
        [words @ .., last] => format!("{} or {last}", words.join(", ")),
    }
}

/// What a word stands for, letter case aside.
pub(crate) fn find<T: Copy>(words: &[(&str, T)], word: &str) -> Option<T> {
    let found = words
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(word));
    found.map(|(_, value)| *value)
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident: $noun:literal, [$($word:literal),+], [$($foreign:literal $meant:literal),*];)+) => {
        $(
            $(#[$doc])*
            pub const $name: Words = Words {
                noun: $noun,
                words: &[$($word),+],
                elsewhere: &[$(($foreign, $meant)),*],
            };
        )+

        #[cfg(test)]
        const ALL: &[Words] = &[$($name),+];
    };
}

words! {
    /// How closely lines follow the order of calls.
    ORDER: "order", ["strict", "relaxed"], [];
    /// What happens to a record that finds the queue full, where that is one word.
    OVERFLOW: "overflow policy", ["block", "drop_newest"],
        ["wait" "block", "drop" "drop_newest", "discard" "drop_newest"];
    /// Where the console is.
    STREAM: "stream", ["stderr", "stdout"], ["err" "stderr", "out" "stdout"];
    /// How lines of the console look.
    STYLE: "style", ["pretty", "compact", "json"], [];
    /// When the console is coloured.
    COLOR: "colour choice", ["auto", "always", "never"],
        ["yes" "always", "on" "always", "true" "always", "no" "never", "off" "never", "false" "never"];
    /// The zone of times.
    ZONE: "time zone", ["utc", "local"], ["gmt" "utc", "z" "utc"];
    /// What becomes of a message of several lines.
    MULTILINE: "treatment of lines", ["escape", "indent"], [];
    /// What archives are named by.
    NAMES: "way of naming archives", ["times", "numbers"],
        ["time" "times", "date" "times", "dates" "times", "timestamps" "times", "number" "numbers", "index" "numbers"];
    /// How archives are compressed.
    COMPRESSION: "compression", ["gzip", "zstd"],
        ["gz" "gzip", "zip" "gzip", "zst" "zstd", "zstandard" "zstd"];
    /// Which keys JSON objects have.
    SCHEMA: "schema", ["hestia", "ecs"], ["elastic" "ecs", "default" "hestia"];
    /// When lines are brought to the disk, where that is one word.
    SYNC: "time to sync", ["never", "errors", "batches"],
        ["no" "never", "off" "never", "none" "never", "false" "never", "error" "errors", "batch" "batches",
            "always" "batches", "each" "batches", "on" "batches", "true" "batches"];
    /// Which records are folded into one, where that is one word.
    FOLDING: "way of folding", ["all"], ["errors" "all", "everything" "all"];
    /// Signals that can be acted on.
    SIGNAL: "signal", ["terminate", "interrupt", "hang_up"],
        ["sigterm" "terminate", "term" "terminate", "sigint" "interrupt", "int" "interrupt", "ctrl-c" "interrupt",
            "ctrl_c" "interrupt", "sighup" "hang_up", "hup" "hang_up"];
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::assert_well_formed;
    use proptest::prelude::*;

    #[test]
    fn what_a_word_is_called_elsewhere_is_a_word_here() {
        for words in ALL {
            for (foreign, meant) in words.elsewhere {
                assert!(words.find(meant).is_ok(), "{meant}");
                let suggested = words.find(foreign).unwrap_err();
                assert_eq!(suggested.suggestion(), Some(*meant));
            }
        }
    }

    proptest! {
        #[test]
        fn any_word_is_found_or_refused_with_a_good_error(word in any::<String>()) {
            for words in ALL {
                if let Err(error) = words.find(&word) {
                    assert_well_formed(&word, &error);
                }
            }
        }
    }
}
