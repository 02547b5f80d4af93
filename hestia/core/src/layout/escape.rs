//! Characters that a reader would not see, or would be misled by, made visible.
//!
//! A message may hold anything. Written raw, a line feed begins a line that looks like a record (CWE-117), an
//! escape character drives the terminal, a bidirectional override shows text in another order than it has
//! (CVE-2021-42574, "Trojan Source"), and an invisible character hides in a user name.
//!
//! Text is scanned in blocks for bytes that need no second look, and copied in runs: text without such
//! characters costs one pass and no allocation.
//!
//! # Source
//! Unicode Technical Report #36, "Unicode Security Considerations"; Unicode Technical Standard #55, "Unicode
//! Source Code Handling"; Unicode Standard Annex #14 (classes BK, CR, LF, NL); RFC 8259, section 7.

/// Whether a character does something else than show itself: a control, a line or paragraph separator, a
/// bidirectional control, an interlinear annotation, or one that is shown as nothing.
///
/// The last are the property `Default_Ignorable_Code_Point`, less the ones that words and emoji are spelled
/// with: U+034F, the Hangul fillers U+115F and U+1160, the Mongolian U+180B to U+180F, the joiners U+200C and
/// U+200D, and the variation selectors U+FE00 to U+FE0F. Characters that merely look like others (Cyrillic `а`)
/// are left alone: they are visible.
pub(super) const fn is_hidden(c: char) -> bool {
    matches!(c,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{ad}'
        | '\u{61c}'
        | '\u{17b4}' | '\u{17b5}'
        | '\u{200b}' | '\u{200e}' | '\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Appends text for people to read: `\n`, `\r`, `\t`, and `\u{1b}` for what else is hidden.
///
/// A backslash is written as it is, so that paths and `Debug` output stay readable. The price: a `\n` that
/// somebody typed looks like an escaped line feed. What has to be exact stands in JSON, and in quotes.
pub(super) fn append_text(line: &mut Vec<u8>, text: &str) {
    append::<Text>(line, text);
}

/// As [`append_text`], for one column of a line: white space is escaped too (`\u{20}`), and the bar that ends the
/// columns; the empty text is `-`. So whoever splits the line at spaces finds every column in its place.
pub(super) fn append_column(line: &mut Vec<u8>, text: &str) {
    if text.is_empty() {
        line.push(b'-');
    }
    let separates = |c: char| c.is_whitespace() || c == '|';
    let mut rest = text;
    while let Some(at) = rest.find(separates) {
        let (before, found) = rest.split_at(at);
        append_text(line, before);
        let mut chars = found.chars();
        if let Some(c) = chars.next() {
            Text::replace(line, c);
        }
        rest = chars.as_str();
    }
    append_text(line, rest);
}

/// Appends a JSON string with its quotes.
///
/// Escapes all that RFC 8259 demands, and everything hidden as `\uXXXX`: a reader gets back exactly the text
/// given, and a file that is only looked at shows what is in it.
pub(super) fn append_json(line: &mut Vec<u8>, text: &str) {
    line.reserve(text.len() + 2);
    line.push(b'"');
    append_json_inside(line, text);
    line.push(b'"');
}

/// As [`append_json`], without the quotes.
pub(super) fn append_json_inside(line: &mut Vec<u8>, text: &str) {
    append::<Json>(line, text);
}

/// Whether a text can stand as a value without quotes: not empty, and nothing in it that separates, encloses or
/// hides.
pub(super) fn is_bare_word(text: &str) -> bool {
    !text.is_empty() && find::<Word>(text).is_none()
}

/// One way of escaping: which characters are replaced, and by what.
trait Escape {
    /// The printable ASCII characters that are replaced.
    const ASCII: &'static [u8];

    /// For each byte, whether no character to be replaced begins with it.
    const CLEAN: [bool; 256] = clean_table(Self::ASCII);

    fn takes(c: char) -> bool;
    fn replace(line: &mut Vec<u8>, c: char);
}

struct Text;

impl Escape for Text {
    const ASCII: &'static [u8] = b"";

    fn takes(c: char) -> bool {
        is_hidden(c)
    }

    fn replace(line: &mut Vec<u8>, c: char) {
        match c {
            '\n' => line.extend_from_slice(br"\n"),
            '\r' => line.extend_from_slice(br"\r"),
            '\t' => line.extend_from_slice(br"\t"),
            _ => {
                line.extend_from_slice(br"\u{");
                append_hex_digits(line, u32::from(c), 1);
                line.push(b'}');
            }
        }
    }
}

struct Json;

impl Escape for Json {
    const ASCII: &'static [u8] = br#""\"#;

    fn takes(c: char) -> bool {
        is_hidden(c) || matches!(c, '"' | '\\')
    }

    fn replace(line: &mut Vec<u8>, c: char) {
        match c {
            '"' => line.extend_from_slice(br#"\""#),
            '\\' => line.extend_from_slice(br"\\"),
            '\n' => line.extend_from_slice(br"\n"),
            '\r' => line.extend_from_slice(br"\r"),
            '\t' => line.extend_from_slice(br"\t"),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    line.extend_from_slice(br"\u");
                    append_hex_digits(line, u32::from(*unit), 4);
                }
            }
        }
    }
}

/// What cannot stand in a bare word; a word with any of it becomes a JSON string.
struct Word;

impl Escape for Word {
    const ASCII: &'static [u8] = b" =\"{}[]";

    fn takes(c: char) -> bool {
        is_hidden(c) || c.is_whitespace() || matches!(c, '=' | '"' | '{' | '}' | '[' | ']')
    }

    fn replace(line: &mut Vec<u8>, c: char) {
        Json::replace(line, c);
    }
}

#[inline]
fn append<E: Escape>(line: &mut Vec<u8>, text: &str) {
    if clean_bytes::<E>(text.as_bytes()) == text.len() {
        line.extend_from_slice(text.as_bytes());
    } else {
        append_replaced::<E>(line, text);
    }
}

#[cold]
#[inline(never)]
fn append_replaced<E: Escape>(line: &mut Vec<u8>, text: &str) {
    let mut rest = text;
    while let Some(at) = find::<E>(rest) {
        let (clean, found) = rest.split_at(at);
        line.extend_from_slice(clean.as_bytes());
        let mut chars = found.chars();
        if let Some(c) = chars.next() {
            E::replace(line, c);
        }
        rest = chars.as_str();
    }
    line.extend_from_slice(rest.as_bytes());
}

/// The place of the first character that is to be replaced.
fn find<E: Escape>(text: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        at += clean_bytes::<E>(&text.as_bytes()[at..]);
        let c = text[at..].chars().next()?;
        if E::takes(c) {
            return Some(at);
        }
        at += c.len_utf8();
    }
}

/// How many bytes are looked at together; small enough for one vector register on every machine.
const BLOCK: usize = 16;

/// The number of bytes at the front that no character to be replaced begins with.
fn clean_bytes<E: Escape>(bytes: &[u8]) -> usize {
    let first_unclean = |bytes: &[u8]| bytes.iter().position(|byte| !E::CLEAN[usize::from(*byte)]);
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    for (number, block) in blocks.iter().enumerate() {
        if !is_clean_ascii::<E>(block)
            && let Some(at) = first_unclean(block)
        {
            return number * BLOCK + at;
        }
    }
    // The rest in one look, with what it takes of the last block to make it a whole one.
    if let Some(last) = bytes.last_chunk()
        && is_clean_ascii::<E>(last)
    {
        return bytes.len();
    }
    let at = first_unclean(rest).unwrap_or(rest.len());
    blocks.len() * BLOCK + at
}

/// Looks at every byte, whatever the ones before it were: that is what lets the compiler compare all at once.
fn is_clean_ascii<E: Escape>(block: &[u8; BLOCK]) -> bool {
    block.iter().fold(true, |all, byte| {
        let taken = E::ASCII
            .iter()
            .fold(false, |any, taken| any | (byte == taken));
        all & (0x20..0x7f).contains(byte) & !taken
    })
}

/// Besides printable ASCII and the inner bytes of characters, the bytes that UTF-8 has at the front of neither
/// hidden characters nor white space. The others are C2 (U+0080 to U+00BF), D8 (U+061C), E1 (U+1680, U+17B4), E2
/// (U+2000 to U+2FFF), E3 (U+3000, U+3164), EF (U+F000 to U+FFFF), F0 (U+1BCA0, U+1D173) and F3 (U+E0000).
const fn clean_table(taken: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0x20;
    while byte < table.len() {
        table[byte] = matches!(byte,
            0x20..=0x7e | 0x80..=0xbf | 0xc3..=0xd7 | 0xd9..=0xe0 | 0xe4..=0xee | 0xf1 | 0xf2 | 0xf4);
        byte += 1;
    }
    let mut place = 0;
    while place < taken.len() {
        table[taken[place] as usize] = false;
        place += 1;
    }
    table
}

/// Appends a number in lower-case hexadecimal, with leading zeros up to so many digits.
fn append_hex_digits(line: &mut Vec<u8>, number: u32, digits: u32) {
    let needed = (u32::BITS - number.leading_zeros()).div_ceil(4);
    for place in (0..needed.max(digits)).rev() {
        let digit = (number >> (4 * place)) & 0xf;
        line.push(b"0123456789abcdef"[digit as usize]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn escaped(append: fn(&mut Vec<u8>, &str), text: &str) -> String {
        let mut line = Vec::new();
        append(&mut line, text);
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn text_shows_controls_and_leaves_backslashes() {
        let escaped = |text| escaped(append_text, text);
        assert_eq!(escaped("a\nb\r\tc"), r"a\nb\r\tc");
        assert_eq!(escaped("\u{1b}[31m\0\u{7f}"), r"\u{1b}[31m\u{0}\u{7f}");
        assert_eq!(escaped("\u{85}\u{2028}\u{2029}"), r"\u{85}\u{2028}\u{2029}");
        assert_eq!(escaped("\u{202e}abc\u{2066}"), r"\u{202e}abc\u{2066}");
        assert_eq!(escaped("\u{e0041}\u{feff}"), r"\u{e0041}\u{feff}");
        assert_eq!(escaped(r"C:\new {x} 日本語 é"), r"C:\new {x} 日本語 é");
        assert_eq!(escaped(""), "");
    }

    #[test]
    fn words_and_emoji_stay_as_they_are_spelled() {
        for text in [
            "می\u{200c}خواهم",
            "👩\u{200d}💻",
            "❤\u{fe0f}",
            "ᠮᠣᠩ\u{180b}",
            "naïve — “ok”",
        ] {
            assert_eq!(escaped(append_text, text), text);
        }
    }

    #[test]
    fn columns_hold_neither_white_space_nor_bars_and_are_never_empty() {
        assert_eq!(
            escaped(append_column, "a b\u{a0}c\td"),
            r"a\u{20}b\u{a0}c\td"
        );
        assert_eq!(
            escaped(append_column, "\u{3000}\u{1680}"),
            r"\u{3000}\u{1680}"
        );
        assert_eq!(escaped(append_column, "|"), r"\u{7c}");
        assert_eq!(escaped(append_column, ""), "-");
    }

    #[test]
    fn json_escapes_what_the_rfc_demands_and_what_hides() {
        assert_eq!(
            escaped(append_json, "a\"b\\c/\n\r\t\u{8}\u{c}"),
            r#""a\"b\\c/\n\r\t\u0008\u000c""#
        );
        assert_eq!(
            escaped(append_json, "\u{7f}\u{85}\u{2028}\u{2029}\u{9b}"),
            r#""\u007f\u0085\u2028\u2029\u009b""#
        );
        assert_eq!(escaped(append_json, "\u{e0041}"), r#""\udb40\udc41""#);
        assert_eq!(escaped(append_json, "日本\u{10ffff}"), "\"日本\u{10ffff}\"");
    }

    #[test]
    fn bare_words_neither_separate_nor_enclose() {
        for word in ["5", "a-b/c.d:e", r"C:\x", "日本", "it's", "a,b"] {
            assert!(is_bare_word(word), "{word}");
        }
        for word in [
            "",
            "a b",
            "a=b",
            "\"",
            "{",
            "x}",
            "[1]",
            "a\n",
            "a\u{3000}",
            "\u{200b}",
        ] {
            assert!(!is_bare_word(word), "{word:?}");
        }
    }

    /// The scan skips bytes unread; this is what allows it to.
    #[test]
    fn no_character_of_any_kind_is_skipped_by_the_scan() {
        for c in '\0'..=char::MAX {
            let text = String::from(c);
            assert_eq!(find::<Text>(&text).is_some(), Text::takes(c), "{c:?}");
            let is_replaced = is_hidden(c) || c.is_whitespace() || c == '|';
            assert_eq!(escaped(append_column, &text) != text, is_replaced, "{c:?}");
            assert_eq!(find::<Json>(&text).is_some(), Json::takes(c), "{c:?}");
            assert_eq!(find::<Word>(&text).is_some(), Word::takes(c), "{c:?}");
        }
    }

    #[test]
    fn every_control_line_separator_and_bidi_control_is_hidden() {
        let bidi = "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}";
        let controls = ('\0'..=char::MAX).filter(|c| c.is_control());
        for c in controls
            .chain(bidi.chars())
            .chain("\u{2028}\u{2029}".chars())
        {
            assert!(is_hidden(c), "{c:?}");
        }
    }

    proptest! {
        #[test]
        fn the_place_in_the_text_makes_no_difference(before in "[ -~]{0,40}", c in any::<char>(), after in "\\PC{0,20}") {
            let whole = escaped(append_text, &format!("{before}{c}{after}"));
            let parts = escaped(append_text, &before) + &escaped(append_text, &c.to_string()) + &escaped(append_text, &after);
            prop_assert_eq!(whole, parts);
        }

        #[test]
        fn escaped_text_hides_nothing(text in any::<String>()) {
            prop_assert!(!escaped(append_text, &text).contains(is_hidden));
            prop_assert!(!escaped(append_json, &text).contains(is_hidden));
            let column = escaped(append_column, &text);
            prop_assert!(!column.is_empty() && !column.contains(|c: char| is_hidden(c) || c.is_whitespace()));
        }

        #[test]
        fn json_strings_read_back_exactly(text in any::<String>()) {
            let read: String = serde_json::from_str(&escaped(append_json, &text)).unwrap();
            prop_assert_eq!(read, text);
        }
    }
}
