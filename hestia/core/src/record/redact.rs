//! What must not be in a log: by key, by path, by type, by pattern.
//!
//! [`Redaction`] is what a program says, [`rules`] what becomes of it. Keys and paths are looked at on the caller's
//! thread, where values are encoded: a statement's own keys once for each change of levels
//! ([`verdict`]), those inside of maps and serde's values, and those of records of the `log` crate, each time, in memory
//! of the thread and before anything is in a ring ([`values`], [`fields`]; [`walk`] does it). Values whose keys the list
//! of hestia's own names are not even formatted: a macro's statement has them behind a `Secret` (`capture.rs`). [`text`]
//! looks through messages and values for a [`pattern`], on the writer's thread, or at the call where others may read what
//! is in a ring. [`wrapper`] is the type that never shows what is in it.
//!
//! *Invariant:* where nothing is to be hidden, nothing is copied and nothing allocated.

mod bytes;
pub(crate) mod pattern;
#[cfg(any(test, fuzzing))]
pub(crate) mod promise;
mod rules;
mod text;
mod walk;
pub(crate) mod wrapper;

use std::fmt;

use hestia_grammar::{
    MAX_SECRET_PATHS, check_secret_key, is_secret, parse_secret_path, weight_of_secret_path,
};
use once_cell::race::OnceBox;

use super::metadata::StaticSite;
use super::value::Field;
pub use pattern::SecretPattern;
use rules::Rules;
pub(super) use text::LookedThrough;

/// What stands in the place of a secret.
pub(crate) const MASK: &str = "***";

/// What must not be in the log: keys, paths and patterns; see [`Builder::redact`](crate::Builder::redact).
///
/// | by | what is hidden | where it is looked for |
/// |---|---|---|
/// | key | values whose key ends with the words `password`, `passwd`, `secret`, `token`, `api_key`, `apikey`, `authorization`, `cookie` or `private_key`, or with those of a [`key`](Redaction::key) that was added | in every key-value, however deep, and in placeholders of messages: `"{password}"` |
/// | path | the value at a [`path`](Redaction::path) | in every key-value |
/// | pattern | what looks like one of the [`patterns`](Redaction::patterns), or matches an expression of the program's own | in messages, and in text among the key-values |
/// | type | what is in a [`Redact`](struct@crate::Redact); fields marked by `#[derive(Redact)]` | the former wherever it is logged, with `:serde`, too; the latter by `Debug` and as values (`Encode`), **not** with `:serde`, where serde's own derive says what is shown |
///
/// Words are the same in snake, camel and kebab case, and in any letter case: `access_token`, `accessToken`,
/// `X-Access-Token`, `accessToKen` and `ACCESStoken` end with `token`; `tokens_used` does not, nor does `mytoken`, in which
/// nothing says where a word begins. Of a key with dots each part counts. The whole value is hidden, whatever it is, and
/// `"***"` stands in its place.
///
/// # What it cannot do
/// Inside of text nothing has a key: what `{:?}` of a struct prints, what an error says, a message of `log::info!` (which
/// is text before it gets here) are looked through for patterns only. `#[derive(Redact)]` and `Redact` are for that.
///
/// # Example
/// ```
/// use hestia::Redaction;
///
/// # let directory = tempfile::tempdir()?;
/// hestia::builder()
///     .redact(
///         Redaction::default()
///             .key("ssn")
///             .except("page_token")
///             .path("user.card.number"),
///     )
/// #   .logs_dir(directory.path()).console(false).env(false)
///     .init()?;
/// log::info!(user_ssn = "078-05-1120", page_token = 7; "seen");
/// hestia::flush()?;
/// # let log = std::fs::read_to_string(directory.path().join("app.log"))?;
/// assert!(log.contains(r#""user_ssn":"***","page_token":7"#), "{log}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "it is the builder's `redact` that hides"]
pub struct Redaction {
    /// Nothing is hidden, but by type.
    is_off: bool,
    /// Without hestia's own list.
    without_list: bool,
    keys: Vec<String>,
    exceptions: Vec<String>,
    paths: Vec<String>,
    patterns: Vec<SecretPattern>,
    expressions: Vec<String>,
}

impl Redaction {
    const DEFAULT: Redaction = Redaction {
        is_off: false,
        without_list: false,
        keys: Vec::new(),
        exceptions: Vec::new(),
        paths: Vec::new(),
        patterns: Vec::new(),
        expressions: Vec::new(),
    };

    /// One more key that names a secret: `"ssn"` hides the values of `ssn`, `user_ssn` and `userSSN`, not that of
    /// `ssn_count`. May be said several times.
    ///
    /// A key has no dots; [`path`](Redaction::path) takes those.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.keys.push(key.into());
        self
    }

    /// A key that names no secret, though its last words say so: `"page_token"` shows the values of `page_token` and
    /// `pageToken`, not that of `next_page_token`. May be said several times. Paths are hidden all the same.
    pub fn except(mut self, key: impl Into<String>) -> Self {
        self.exceptions.push(key.into());
        self
    }

    /// The place of a secret among the key-values: keys separated by dots, from the outermost, each as it is written.
    /// `*` stands for any one key or for any item of an array, so that `users.*.ssn` is there for each user of an object
    /// and of an array; arrays do not count otherwise, and `card.number` is there for each item of `card`, too. Nested
    /// keys and keys with dots are the same here. May be said 128 times, where each `*` doubles what a path counts for.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.paths.push(path.into());
        self
    }

    /// Patterns of secrets in text: in messages, of `log::info!` in other crates too, and in text among the key-values,
    /// however deep. None unless said; [`SecretPattern::ALL`] for all of them. May be said several times.
    ///
    /// The writer's thread looks for them before any output gets the record: some 80 ns for 100 bytes in which nothing is
    /// found. With [`crash_safe`](crate::Builder::crash_safe) rings, which others may read, it happens at the call, where
    /// messages are formatted for it then: 70 to 210 ns more a call.
    ///
    /// Numbers, keys, targets and bytes that are no text are not looked through.
    pub fn patterns(mut self, patterns: impl IntoIterator<Item = SecretPattern>) -> Self {
        for pattern in patterns {
            if !self.patterns.contains(&pattern) {
                self.patterns.push(pattern);
            }
        }
        self
    }

    /// A pattern of the program's own, a regular expression of the crate `regex`: what it matches is hidden, or, where it has
    /// groups, what they match. May be said several times. Needs the feature `regex`.
    ///
    /// It is looked for in the same places as [`patterns`](Redaction::patterns). One that begins with letters costs little.
    ///
    /// # Example
    /// ```
    /// hestia::Redaction::default().pattern(r"session=(\w+)");
    /// ```
    #[cfg(feature = "regex")]
    pub fn pattern(mut self, expression: impl Into<String>) -> Self {
        self.expressions.push(expression.into());
        self
    }

    /// Whether hestia's own list of keys counts; yes unless said otherwise.
    pub fn list(mut self, on: bool) -> Self {
        self.without_list = !on;
        self
    }

    /// What is wrong with it, if anything.
    pub(crate) fn check(&self) -> Result<(), String> {
        type Check = fn(&str) -> Result<(), hestia_grammar::ParseError>;
        let checks: [(&str, &[String], Check); 3] = [
            ("key", &self.keys, check_secret_key),
            ("except", &self.exceptions, check_secret_key),
            ("path", &self.paths, |path| {
                parse_secret_path(path).map(drop)
            }),
        ];
        for (method, said, check) in checks {
            for text in said {
                check(text).map_err(|wrong| format!("redact, {method}: {wrong}"))?;
            }
        }
        pattern::check(&self.expressions)?;
        let weights = self.paths.iter().map(|path| weight_of_secret_path(path));
        if weights.fold(0, usize::saturating_add) > MAX_SECRET_PATHS {
            let count = self.paths.len();
            return Err(format!(
                "redact: {count} paths are more than {MAX_SECRET_PATHS}, where each `*` doubles what a path counts for; `*` stands for any one key, and `key` needs no path"
            ));
        }
        Ok(())
    }
}

impl Default for Redaction {
    /// hestia's own list of keys.
    fn default() -> Self {
        Redaction::DEFAULT
    }
}

impl From<bool> for Redaction {
    /// hestia's own list of keys, or nothing at all: then only what is hidden by type stays hidden.
    fn from(on: bool) -> Self {
        Redaction {
            is_off: !on,
            ..Redaction::DEFAULT
        }
    }
}

impl fmt::Display for Redaction {
    /// In words, for the report.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_off {
            return out.write_str("off");
        }
        out.write_str(if self.without_list {
            "own list only"
        } else {
            "on"
        })?;
        let mut patterns = Vec::new();
        for pattern in &self.patterns {
            patterns.push(pattern.name().to_owned());
        }
        for (noun, said) in [
            ("keys", &self.keys),
            ("except", &self.exceptions),
            ("paths", &self.paths),
            ("patterns", &patterns),
            ("expressions", &self.expressions),
        ] {
            if !said.is_empty() {
                write!(out, ", {noun}")?;
            }
            for one in said {
                write!(out, " {one}")?;
            }
        }
        Ok(())
    }
}

/// What holds before anything was said: hestia's own list.
static DEFAULT: Rules = Rules::DEFAULT;

/// What the program said. There is one for each process, since there is one `init` that succeeds.
static SAID: OnceBox<Rules> = OnceBox::new();

/// Makes this what holds from now on, for good. `at_call`: what is in a ring others may read, so that patterns are
/// looked for at the call.
pub(crate) fn install(redaction: &Redaction, at_call: bool) {
    let mut rules = Rules::of(redaction);
    rules.patterns_at_call = at_call && rules.patterns.is_some();
    // In a forked child it is there already.
    let _ = SAID.set(Box::new(rules));
}

/// Whether a program has said anything yet.
pub(crate) fn is_installed() -> bool {
    SAID.get().is_some()
}

#[inline]
fn current() -> &'static Rules {
    SAID.get().unwrap_or(&DEFAULT)
}

/// Whether a key that hestia's own list names is to be shown all the same.
#[inline]
pub(super) fn shows(key: &str) -> bool {
    let rules = current();
    !rules.hides_the_list && !rules.names(key)
}

/// Whether the values of this key are hidden, wherever it stands.
#[cfg(any(feature = "actix", feature = "tower"))]
pub(crate) fn hides(key: &str) -> bool {
    current().names(key)
}

/// Whether something of this statement is to be hidden that is not behind a `Secret` already: the value of a key, or an
/// argument of its message.
pub(crate) fn verdict(site: &'static StaticSite) -> bool {
    let rules = current();
    if rules.is_only_the_list() {
        return false;
    }
    let is_seen_to = |key: &str| is_secret(key) && !shows(key);
    let mut keys = site.keys.iter();
    keys.any(|key| !is_seen_to(key) && rules.hides(key))
        || site
            .message
            .names()
            .any(|name| !is_seen_to(name) && rules.names(name))
}

/// Hides what is to be hidden among the key-values, key and value in turn, that the vector holds from this place on: of a
/// record of the `log` crate, of a logger, of a scope. To be called before anybody else sees them.
#[inline]
pub(crate) fn fields(bytes: &mut Vec<u8>, from: usize) {
    if bytes.len() > from {
        fields_by_key_and_pattern(bytes, from);
    }
}

fn fields_by_key_and_pattern(bytes: &mut Vec<u8>, from: usize) {
    let rules = current();
    walk::fields(rules, bytes, from);
    if rules.patterns_at_call {
        text::fields(rules, bytes, from);
    }
}

/// The same by rules that do not hold yet, for what is only made once.
pub(crate) fn fields_by(redaction: &Redaction, bytes: &mut Vec<u8>, from: usize) {
    let rules = Rules::of(redaction);
    walk::fields(&rules, bytes, from);
    text::fields(&rules, bytes, from);
}

/// Whether text is looked through at the call, and messages are formatted there for that.
#[inline]
pub(crate) fn looks_at_call() -> bool {
    current().patterns_at_call
}

/// Where patterns are looked for at the call: the first `count` values of those that the vector holds from this place on.
pub(super) fn values_at_call(bytes: &mut Vec<u8>, from: usize, count: usize) {
    let rules = current();
    if rules.patterns_at_call {
        text::values(rules, bytes, from, count);
    }
}

/// Likewise, the text that the vector holds from this place on.
#[inline]
pub(crate) fn text_at_call(bytes: &mut Vec<u8>, from: usize) {
    if current().patterns_at_call {
        hide_text(bytes, from);
    }
}

/// Hides what matches a pattern in the text that the vector holds from this place on.
#[inline(never)]
pub(super) fn hide_text(bytes: &mut Vec<u8>, from: usize) {
    if let Some(text) = bytes.get(from..)
        && let Ok(text) = std::str::from_utf8(text)
        && let Some(hidden) = hide(text)
    {
        bytes.truncate(from);
        bytes.extend_from_slice(hidden.as_bytes());
    }
}

/// Whether text is looked through for patterns at all.
pub(super) fn looks_through_text() -> bool {
    current().patterns.is_some()
}

/// A text without what matches a pattern; `None` when nothing does.
#[inline]
pub(crate) fn hide(text: &str) -> Option<String> {
    current().patterns.as_ref()?.hide(text)
}

/// A record's message and key-values without what matches a pattern; `None` when nothing does.
#[inline]
pub(super) fn look_through(message: &str, fields: &[Field<'_>]) -> Option<LookedThrough> {
    let patterns = current().patterns.as_ref()?;
    text::look_through(patterns, message, fields)
}

/// Hides what is to be hidden among the values of a statement's keys and the arguments of its message, which the vector
/// holds from this place on.
#[inline]
pub(crate) fn values(site: &'static StaticSite, bytes: &mut Vec<u8>, from: usize) {
    if bytes.len() > from {
        walk::values(current(), site, bytes, from);
    }
}

#[cfg(test)]
mod tests;
