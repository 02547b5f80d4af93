//! Which keys name secrets, and how more of them are named.

use crate::ParseError;

/// hestia's own list, letters only.
const LIST: [&str; 8] = [
    "password",
    "passwd",
    "secret",
    "token",
    "apikey",
    "authorization",
    "cookie",
    "privatekey",
];

/// Whether a key names a secret: it ends with `password`, `passwd`, `secret`, `token`, `api_key`, `authorization`,
/// `cookie` or `private_key`, as [`ends_with_key`] says. Only the part after the last dot counts.
///
/// # Example
///
/// ```
/// use hestia_grammar::is_secret;
///
/// assert!(is_secret("access_token") && is_secret("X-Api-Key") && is_secret("userPassWord") && is_secret("APIkey"));
/// assert!(!is_secret("tokens_used") && !is_secret("secretary"));
/// ```
#[inline]
pub fn is_secret(key: &str) -> bool {
    may_be_secret(key) && is_in_list(key)
}

/// What most keys do not get past: the last two letters of the list's keys.
#[inline]
fn may_be_secret(key: &str) -> bool {
    match key.as_bytes() {
        [.., before, last] if last.is_ascii_alphanumeric() => {
            match (before.to_ascii_lowercase(), last.to_ascii_lowercase()) {
                (b'r' | b'w', b'd') | (b'e', b't' | b'n' | b'y') | (b'o', b'n') | (b'i', b'e') => {
                    true
                }
                // A separator may come between.
                (before, b'd' | b't' | b'n' | b'y' | b'e') => !before.is_ascii_alphanumeric(),
                _ => false,
            }
        }
        [] | [_] => false,
        // A character that belongs to no word may follow, or a letter whose other case ends in another byte.
        _ => true,
    }
}

#[cold]
fn is_in_list(key: &str) -> bool {
    let last = key.rsplit('.').next().unwrap_or(key);
    LIST.iter().any(|letters| ends_with_key(last, letters))
}

/// The letters and digits of a key, small, without what separates its words: what [`ends_with_key`] and [`is_key`] compare.
///
/// # Example
///
/// ```
/// assert_eq!(hestia_grammar::key_letters("Card-Number"), "cardnumber");
/// ```
pub fn key_letters(key: &str) -> String {
    let mut letters = String::new();
    for letter in key.chars().filter(|letter| letter.is_alphanumeric()) {
        letters.extend(small(letter));
    }
    letters
}

/// Whether a name ends with a key, whose [`key_letters`] these are: letter case and separators do not count, but the key
/// begins where a word does. That is behind a separator; at a capital behind a small letter (`userPassword`), or behind
/// another, unless all that follows is capitals (`MYApiKey` and `MYAPIKey`, not `MYAPIKEY`); and at a small letter behind
/// two capitals (`HTTPtoken`). Nothing is allocated.
///
/// # Example
///
/// ```
/// use hestia_grammar::ends_with_key;
///
/// assert!(["api_key", "X-Api-Key", "MYAPIKey", "APIkey"].iter().all(|name| ends_with_key(name, "apikey")));
/// assert!(!ends_with_key("api_keys", "apikey") && !ends_with_key("snapikey", "apikey"));
/// ```
pub fn ends_with_key(name: &str, letters: &str) -> bool {
    start_of_key(name, letters).is_some_and(|start| begins_word(name, start))
}

/// Whether a name is a key, whose [`key_letters`] these are, letter case and separators aside.
///
/// # Example
///
/// ```
/// use hestia_grammar::is_key;
///
/// assert!(is_key("PAGE-token", "pagetoken") && !is_key("next_page_token", "pagetoken"));
/// ```
pub fn is_key(name: &str, letters: &str) -> bool {
    let start = start_of_key(name, letters);
    start.is_some_and(|start| !name[..start].contains(char::is_alphanumeric))
}

/// Where the letters begin with which a name ends, if it does.
fn start_of_key(name: &str, letters: &str) -> Option<usize> {
    let mut left = letters;
    for (at, letter) in name.char_indices().rev() {
        if !letter.is_alphanumeric() {
            continue;
        }
        for letter in small(letter).rev() {
            left = left.strip_suffix(letter)?;
        }
        if left.is_empty() {
            return Some(at);
        }
    }
    None
}

/// A letter without its case. A sigma at a word's end is one, too.
fn small(letter: char) -> impl DoubleEndedIterator<Item = char> {
    let sigma = |letter| if letter == 'ς' { 'σ' } else { letter };
    letter.to_lowercase().map(sigma)
}

/// Whether a word may begin at this letter.
fn begins_word(name: &str, start: usize) -> bool {
    let (front, rest) = name.split_at(start);
    let mut before = front.chars().rev();
    let Some(last) = before.next().filter(|last| last.is_alphanumeric()) else {
        return true;
    };
    if rest.starts_with(char::is_uppercase) {
        return !last.is_uppercase() || rest.contains(char::is_lowercase);
    }
    rest.starts_with(char::is_lowercase)
        && last.is_uppercase()
        && before.next().is_some_and(char::is_uppercase)
}

/// Checks a key that is to be named a secret, or to be none.
///
/// # Errors
/// When it has no letter or digit, or has a dot, which separates the keys of a path.
///
/// # Example
///
/// ```
/// use hestia_grammar::check_secret_key;
///
/// assert!(check_secret_key("social_security_number").is_ok());
/// assert!(check_secret_key("").is_err() && check_secret_key("user.ssn").is_err());
/// ```
pub fn check_secret_key(key: &str) -> Result<(), ParseError> {
    if let Some(at) = key.find('.') {
        let message = format!(
            "{} is a path, not a key; say it as one, or name the key alone",
            crate::error::Quoted(key)
        );
        return Err(ParseError::new(message, at..at + 1));
    }
    if !key.contains(char::is_alphanumeric) {
        let message = if key.is_empty() {
            "a key is empty; name one, such as `ssn`".to_owned()
        } else {
            let key = crate::error::Quoted(key);
            format!("{key} has no letter or digit, so no key is named by it")
        };
        return Err(ParseError::new(message, 0..key.len()));
    }
    Ok(())
}

/// The most that the paths of one set of rules may count for; see [`weight_of_secret_path`].
pub const MAX_SECRET_PATHS: usize = 128;

/// What a path counts for: one, and twice as much for each `*`, which can be read in two ways.
///
/// # Example
///
/// ```
/// use hestia_grammar::weight_of_secret_path;
///
/// assert_eq!(weight_of_secret_path("user.ssn"), 1);
/// assert_eq!(weight_of_secret_path("*.users.*.ssn"), 4);
/// ```
pub fn weight_of_secret_path(path: &str) -> usize {
    let stars = path.split('.').filter(|key| *key == "*").count();
    u32::try_from(stars)
        .ok()
        .and_then(|stars| 1_usize.checked_shl(stars))
        .unwrap_or(usize::MAX)
}

/// Reads a path: keys separated by dots, from the outermost; `*` stands for any one key, or for any item of an array.
/// Arrays do not count otherwise.
///
/// # Errors
/// When it is empty, or a key in it is.
///
/// # Example
///
/// ```
/// use hestia_grammar::parse_secret_path;
///
/// assert_eq!(parse_secret_path("users.*.ssn").unwrap(), ["users", "*", "ssn"]);
/// assert_eq!(parse_secret_path("user..ssn").unwrap_err().span(), 5..5);
/// ```
pub fn parse_secret_path(path: &str) -> Result<Vec<&str>, ParseError> {
    if path.is_empty() {
        let message = "a path is empty; name one, such as `user.card.number`";
        return Err(ParseError::new(message, 0..0));
    }
    let mut keys = Vec::new();
    let mut at = 0;
    for key in path.split('.') {
        if key.is_empty() {
            let message = format!(
                "a key is missing in the path {}; any one key is `*`",
                crate::error::Quoted(path)
            );
            return Err(ParseError::new(message, at..at));
        }
        at += key.len() + 1;
        keys.push(key);
    }
    Ok(keys)
}

/// The names of the ready-made patterns, in the order in which the documentation has them.
pub const SECRET_PATTERNS: [&str; 6] =
    ["bearer", "jwt", "aws_key", "card", "email", "url_password"];

/// Reads the name of a ready-made pattern; returns its place among [`SECRET_PATTERNS`].
///
/// # Errors
/// When there is none of this name.
///
/// # Example
///
/// ```
/// use hestia_grammar::parse_secret_pattern;
///
/// assert_eq!(parse_secret_pattern("jwt").unwrap(), 1);
/// assert_eq!(parse_secret_pattern("emial").unwrap_err().suggestion(), Some("email"));
/// ```
pub fn parse_secret_pattern(name: &str) -> Result<usize, ParseError> {
    let place = SECRET_PATTERNS.iter().position(|known| *known == name);
    place.ok_or_else(|| {
        let message = format!(
            "unknown pattern {}, expected {}",
            crate::error::Quoted(name),
            "bearer, jwt, aws_key, card, email or url_password"
        );
        ParseError::new(message, 0..name.len())
            .with_suggestion(crate::suggest(name, SECRET_PATTERNS))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_last_words_decide() {
        for secret in [
            "password",
            "PASSWORD",
            "userPasswd",
            "user.password",
            "access_token",
            "accessToken",
            "X-Api-Key",
            "apikey",
            "ApiKey",
            "APIKey",
            "Authorization",
            "Set-Cookie",
            "ssh_private_key",
            "HTTPToken",
            "token_",
            "token: ",
            "token…",
        ] {
            assert!(is_secret(secret), "{secret}");
        }
        for open in [
            "",
            ".",
            "d",
            "tokens_used",
            "token_count",
            "secretary",
            "key",
            "api",
            "public_key",
            "password.length",
            "mypasswords",
            "cookies",
            "ключ",
        ] {
            assert!(!is_secret(open), "{open}");
        }
    }

    #[test]
    fn capitals_and_separators_may_be_anywhere() {
        for secret in [
            "passWord",
            "userPassWord",
            "passWd",
            "pass_word",
            "APIkey",
            "MYAPIKey",
            "MYapiKey",
            "HTTPtoken",
            "passWORD",
            "PASSword",
            "ToKeN",
            "pAsSwOrD",
            "a-p-i-k-e-y",
            "toke_n",
            "PRIVATEkey",
            "user.Pass Word",
        ] {
            assert!(is_secret(secret), "{secret}");
        }
        for open in [
            "page_tokenizer",
            "TOKENSused",
            "mytoken",
            "MYTOKEN",
            "xToken.x",
            "Keypass",
            "snapikey",
            "pass.word",
        ] {
            assert!(!is_secret(open), "{open}");
        }
        assert!(ends_with_key("МойПАРОЛЬ", &key_letters("Пароль")));
        assert!(ends_with_key("ΣΑΣ", &key_letters("σας")) && is_key("σας", &key_letters("ΣΑΣ")));
        assert!(is_key("_page-Token ", "pagetoken") && !is_key("a_page_token", "pagetoken"));
        assert!(ends_with_key("IDXa4", "a4") && !ends_with_key("IDX4", "4"));
        assert!(!ends_with_key("", "a") && !ends_with_key("…", "a"));
    }

    #[test]
    fn keys_and_paths_that_name_nothing_are_refused() {
        let message = |wrong: ParseError| wrong.to_string();
        let refused = |key| check_secret_key(key).map_err(message).unwrap_err();
        assert_eq!(refused(""), "a key is empty; name one, such as `ssn`");
        assert_eq!(
            refused("--"),
            "`--` has no letter or digit, so no key is named by it"
        );
        assert_eq!(
            refused("user.ssn"),
            "`user.ssn` is a path, not a key; say it as one, or name the key alone"
        );
        let refused = |path| parse_secret_path(path).map_err(message).unwrap_err();
        assert_eq!(
            refused(""),
            "a path is empty; name one, such as `user.card.number`"
        );
        for path in [".", "a.", ".a", "a..b"] {
            assert!(
                refused(path).starts_with("a key is missing in the path"),
                "{path}"
            );
        }
        assert_eq!(
            parse_secret_pattern("beaerr").map_err(message).unwrap_err(),
            "unknown pattern `beaerr`, expected bearer, jwt, aws_key, card, email or url_password; did you mean `bearer`?"
        );
    }

    /// A key of the list in any letter case, with any separators, perhaps behind another word.
    fn spellings() -> impl Strategy<Value = String> {
        let letter = (any::<bool>(), "[_ /-]{0,2}");
        let before = prop_oneof![
            Just(String::new()),
            "[a-zA-Z0-9é.]{0,8}[_ .-]",
            "[a-zA-Z]{0,4}[a-z]"
        ];
        let letters = prop::sample::select(LIST.to_vec());
        (letters, prop::collection::vec(letter, 13), before).prop_map(
            |(letters, spelling, before)| {
                let mut name = before;
                for (at, (letter, (is_capital, behind))) in
                    letters.chars().zip(spelling).enumerate()
                {
                    let is_first_of_word = at == 0 && name.ends_with(char::is_alphanumeric);
                    name.push(match is_capital || is_first_of_word {
                        true => letter.to_ascii_uppercase(),
                        false => letter,
                    });
                    name.push_str(&behind);
                }
                name
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_turned_away_early_is_no_secret(key: String, words in "[._ -]?(X|user|my)?[._-]?(pass|To)?(w_?d|ken|ke_N|Key|cookie|word|KEY)[._ …-]?") {
            for key in [key, words] {
                prop_assert_eq!(is_secret(&key), is_in_list(&key), "{}", key);
            }
        }

        #[test]
        fn a_secret_is_one_in_any_spelling(name in spellings()) {
            prop_assert!(is_secret(&name), "{}", name);
        }

        #[test]
        fn what_has_other_letters_is_none(name in "[a-zA-Z_.-]{0,6}(to|[Pp]ass|aut|api|secret|)[kK_.-]?(en|word|key|ary|s|x)[._]?") {
            let last = name.rsplit('.').next().unwrap_or_default().to_lowercase();
            let letters = last.replace(['_', '-'], "");
            let is_like_one = LIST.iter().any(|known| letters.ends_with(known));
            prop_assert!(is_like_one || !is_secret(&name), "{}", name);
        }
    }
}
