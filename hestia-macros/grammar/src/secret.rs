//! Which keys name secrets, and how more of them are named.

use crate::ParseError;

/// Whether a key names a secret: its last words are `password`, `passwd`, `secret`, `token`, `api_key`, `apikey`,
/// `authorization`, `cookie` or `private_key`, in snake, camel or kebab case and any letter case. Only the part after
/// the last dot counts.
///
/// # Example
///
/// ```
/// use hestia_grammar::is_secret;
///
/// assert!(is_secret("access_token") && is_secret("X-Api-Key") && is_secret("userPassword"));
/// assert!(!is_secret("tokens_used") && !is_secret("secretary"));
/// ```
#[inline]
pub fn is_secret(key: &str) -> bool {
    may_be_secret(key) && has_secret_words(key)
}

/// What most keys do not get past: the last two letters of the list's words.
#[inline]
fn may_be_secret(key: &str) -> bool {
    match key.as_bytes() {
        [.., before, last] if last.is_ascii_alphanumeric() => matches!(
            (before.to_ascii_lowercase(), last.to_ascii_lowercase()),
            (b'r' | b'w', b'd') | (b'e', b't' | b'n' | b'y') | (b'o', b'n') | (b'i', b'e')
        ),
        [] | [_] => false,
        // A character that belongs to no word may follow, or a letter whose other case ends in another byte.
        _ => true,
    }
}

#[cold]
fn has_secret_words(key: &str) -> bool {
    let last = key.rsplit('.').next().unwrap_or(key);
    let mut words = words_from_last(last);
    let is = |word: Option<&str>, known: &[&str]| {
        word.is_some_and(|word| known.iter().any(|known| word.eq_ignore_ascii_case(known)))
    };
    let word = words.next();
    if is(word, &["key"]) {
        return is(words.next(), &["api", "private"]);
    }
    is(
        word,
        &[
            "password",
            "passwd",
            "secret",
            "token",
            "apikey",
            "authorization",
            "cookie",
        ],
    )
}

/// The words of a name, last one first: separated by what is no letter or digit, and where a capital follows a small
/// letter or begins a word after capitals (`HTTPToken` is `HTTP` and `Token`). Nothing is allocated.
///
/// # Example
///
/// ```
/// use hestia_grammar::words_from_last;
///
/// assert!(words_from_last("X-userIDNumber").eq(["Number", "ID", "user", "X"]));
/// ```
pub fn words_from_last(name: &str) -> impl Iterator<Item = &str> + Clone {
    let mut rest = name;
    std::iter::from_fn(move || {
        rest = rest.trim_end_matches(|letter: char| !letter.is_alphanumeric());
        let (mut start, mut after) = (rest.len(), None);
        for (at, letter) in rest.char_indices().rev() {
            if !letter.is_alphanumeric() {
                break;
            }
            start = at;
            let before = rest[..at].chars().next_back();
            let begins = letter.is_uppercase()
                && before.is_some_and(|before| {
                    !before.is_uppercase() || after.is_some_and(char::is_lowercase)
                });
            if begins {
                break;
            }
            after = Some(letter);
        }
        let (left, word) = rest.split_at(start);
        rest = left;
        Some(word).filter(|word| !word.is_empty())
    })
}

/// Whether two words are the same, letter case aside.
///
/// # Example
///
/// ```
/// assert!(hestia_grammar::same_word("SSN", "ssn") && hestia_grammar::same_word("Пароль", "пароль"));
/// ```
pub fn same_word(one: &str, other: &str) -> bool {
    let small = |word: &str| word.to_lowercase();
    one.eq_ignore_ascii_case(other) || !one.is_ascii() && small(one) == small(other)
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
            crate::error::quoted(key)
        );
        return Err(ParseError::new(message, at..at + 1));
    }
    if words_from_last(key).next().is_none() {
        let message = if key.is_empty() {
            "a key is empty; name one, such as `ssn`".to_owned()
        } else {
            let key = crate::error::quoted(key);
            format!("{key} has no letter or digit, so no key is named by it")
        };
        return Err(ParseError::new(message, 0..key.len()));
    }
    Ok(())
}

/// The most paths that one set of rules may have.
pub const MAX_SECRET_PATHS: usize = 128;

/// Reads a path: keys separated by dots, from the outermost; `*` stands for any one key. Arrays do not count.
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
                crate::error::quoted(path)
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
            crate::error::quoted(name),
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

    fn words(name: &str) -> Vec<&str> {
        let mut words: Vec<_> = words_from_last(name).collect();
        words.reverse();
        words
    }

    #[test]
    fn words_end_where_a_capital_begins() {
        assert_eq!(words("userIDNumber2go"), ["user", "ID", "Number2go"]);
        assert_eq!(words("__a--b "), ["a", "b"]);
        assert_eq!(words("HTTPToken"), ["HTTP", "Token"]);
        assert_eq!(words("…"), [""; 0]);
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

    proptest! {
        #[test]
        fn what_is_turned_away_early_is_no_secret(key: String, words in "[._ -]?(X|user|my)?[._-]?(pass|To)?(wd|ken|Key|cookie|word|KEY)[._ …-]?") {
            for key in [key, words] {
                prop_assert_eq!(is_secret(&key), has_secret_words(&key), "{}", key);
                for word in words_from_last(&key) {
                    prop_assert!(!word.is_empty() && word.chars().all(char::is_alphanumeric));
                }
            }
        }
    }
}
