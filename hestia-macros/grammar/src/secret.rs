//! Which keys name secrets.

/// The words that a secret's key ends with.
const SECRETS: [&[&str]; 9] = [
    &["password"],
    &["passwd"],
    &["secret"],
    &["token"],
    &["api", "key"],
    &["apikey"],
    &["authorization"],
    &["cookie"],
    &["private", "key"],
];

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
pub fn is_secret(key: &str) -> bool {
    let last = key.rsplit('.').next().unwrap_or(key);
    let words = words(last);
    SECRETS.iter().any(|secret| {
        words.len() >= secret.len()
            && words[words.len() - secret.len()..]
                .iter()
                .zip(*secret)
                .all(|(word, expected)| word.eq_ignore_ascii_case(expected))
    })
}

/// The words of a name: separated by what is no letter or digit, and where a capital follows a small letter or begins
/// a word after capitals (`HTTPToken` is `HTTP` and `Token`).
fn words(name: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for part in name.split(|letter: char| !letter.is_alphanumeric()) {
        let letters: Vec<(usize, char)> = part.char_indices().collect();
        let mut start = 0;
        for (place, &(at, letter)) in letters.iter().enumerate().skip(1) {
            let before = letters[place - 1].1;
            let after = letters.get(place + 1).map(|(_, letter)| *letter);
            let begins = letter.is_uppercase()
                && (!before.is_uppercase() || after.is_some_and(char::is_lowercase));
            if begins {
                words.push(&part[start..at]);
                start = at;
            }
        }
        if start < part.len() {
            words.push(&part[start..]);
        }
    }
    words
}

#[cfg(test)]
mod tests {
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
        ] {
            assert!(is_secret(secret), "{secret}");
        }
        for open in [
            "",
            ".",
            "tokens_used",
            "token_count",
            "secretary",
            "key",
            "api",
            "password.length",
            "mypasswords",
            "cookies",
            "ключ",
        ] {
            assert!(!is_secret(open), "{open}");
        }
    }

    #[test]
    fn words_end_where_a_capital_begins() {
        assert_eq!(words("userIDNumber2go"), ["user", "ID", "Number2go"]);
        assert_eq!(words("__a--b "), ["a", "b"]);
    }
}
