//! Text looked through for what has the shape of a secret: tokens, keys, numbers of cards, addresses, passwords in URLs.
//!
//! The writer's thread, for each message and each text among the values; callers' threads where rings outlive the
//! process. One pass over the bytes of a text: a table says which bytes may be part of something, and only there a few
//! neighbours are looked at; numbers of cards are found by every thirteenth byte.
//!
//! *Invariant:* the time it takes grows as the text does, whatever is in it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;

#[cfg(feature = "regex")]
use regex::{Regex, RegexSet};

use super::MASK;
use super::bytes::Bytes;

/// A ready-made pattern for text; see [`Redaction::patterns`](super::Redaction::patterns).
///
/// # Example
/// ```
/// use hestia::{Redaction, SecretPattern};
///
/// # let directory = tempfile::tempdir()?;
/// hestia::builder()
///     .redact(Redaction::default().patterns([SecretPattern::Card, SecretPattern::UrlPassword]))
/// #   .logs_dir(directory.path()).console(false).env(false)
///     .init()?;
/// log::info!("paid with 4111 1111 1111 1111, in postgres://app:geheim@db/shop");
/// hestia::flush()?;
/// # let log = std::fs::read_to_string(directory.path().join("all.log"))?;
/// assert!(log.contains("paid with ***, in postgres://app:***@db/shop"), "{log}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SecretPattern {
    /// What follows `Bearer` (RFC 6750), and what follows `Authorization: Basic`, also as `{:?}` prints lists of headers and
    /// options. Without `Authorization:` before it, a bearer token has eight characters at least, and a digit among them
    /// or twenty in all, so that prose stays.
    Bearer,
    /// JSON Web Tokens (RFC 7519): `eyJ…` with two dots or more.
    Jwt,
    /// Access key ids of AWS (`AKIA…` and `ASIA…`), and the 40 characters behind `secret_access_key`, `SecretAccessKey`
    /// and the like.
    AwsKey,
    /// Numbers of payment cards: 13 to 19 digits in one piece, or four by four and so on with blanks or hyphens; the check
    /// digit is right (ISO/IEC 7812-1, Luhn), and they begin as the card schemes do, with 2 to 6. Nothing that is part of
    /// a longer number, of a word or of a UUID. One in ten of other numbers of this shape is taken for a card.
    Card,
    /// E-mail addresses.
    Email,
    /// Passwords in URLs: `postgres://app:geheim@db`.
    ///
    /// One that has a `/`, `?` or `#` in it, or a quote with a letter or digit behind it, should be escaped and often is
    /// not; it is found by the last `@` of the word, unless digits stand between the colon and the first `/`, as in
    /// `http://host:80/@ada`; a name in the place of the digits is taken for a password. What it cannot find: the end of a password that has an `@` and a `/` behind that, and one
    /// with a blank, `<` or `>`.
    UrlPassword,
}

impl SecretPattern {
    /// All of them, in the order of [`hestia_grammar::SECRET_PATTERNS`].
    pub const ALL: [SecretPattern; 6] = [
        SecretPattern::Bearer,
        SecretPattern::Jwt,
        SecretPattern::AwsKey,
        SecretPattern::Card,
        SecretPattern::Email,
        SecretPattern::UrlPassword,
    ];

    /// Its name, as the attribute has it.
    pub(super) fn name(self) -> &'static str {
        hestia_grammar::SECRET_PATTERNS[self as usize]
    }

    /// The bytes at which it may be found.
    fn triggers(self) -> &'static [u8] {
        match self {
            SecretPattern::Bearer => b"bB",
            SecretPattern::Jwt => b"J",
            SecretPattern::AwsKey => b"IkK",
            // Looked for in a way of its own.
            SecretPattern::Card => b"",
            SecretPattern::Email => b"@",
            SecretPattern::UrlPassword => b":",
        }
    }
}

/// What text is looked through for.
#[derive(Debug)]
pub(super) struct Patterns {
    /// Of each byte whether something may be there.
    table: [bool; 256],
    cards: bool,
    #[cfg(feature = "regex")]
    expressions: Option<Expressions>,
}

impl Patterns {
    pub(super) fn of(ready_made: &[SecretPattern], expressions: &[String]) -> Option<Self> {
        if ready_made.is_empty() && expressions.is_empty() {
            return None;
        }
        let mut table = [false; 256];
        for byte in ready_made.iter().flat_map(|pattern| pattern.triggers()) {
            table[usize::from(*byte)] = true;
        }
        Some(Patterns {
            table,
            cards: ready_made.contains(&SecretPattern::Card),
            #[cfg(feature = "regex")]
            expressions: Expressions::of(expressions),
        })
    }

    /// Whether the text has secrets.
    pub(super) fn finds(&self, text: &str) -> bool {
        let mut scan = Scan::new(text.as_bytes());
        while let Some(one) = scan.next(&self.table) {
            if is_shown(text, &one) {
                return true;
            }
        }
        let mut found = Vec::new();
        self.find_others(text, &mut found);
        found.iter().any(|found| is_shown(text, found))
    }

    /// The text without its secrets; `None` when there are none.
    #[inline]
    pub(super) fn hide(&self, text: &str) -> Option<String> {
        let mut found = Vec::new();
        let mut scan = Scan::new(text.as_bytes());
        while let Some(one) = scan.next(&self.table) {
            found.push(one);
        }
        self.find_others(text, &mut found);
        if found.is_empty() {
            return None;
        }
        replaced(text, found)
    }

    /// What is not found byte by byte.
    #[inline]
    fn find_others(&self, text: &str, found: &mut Vec<Range<usize>>) {
        if self.cards {
            cards(text.as_bytes(), found);
        }
        #[cfg(feature = "regex")]
        if let Some(expressions) = &self.expressions
            && expressions.all.is_match(text)
        {
            expressions.find(text, found);
        }
    }
}

/// What is wrong with expressions, if anything.
pub(super) fn check(expressions: &[String]) -> Result<(), String> {
    #[cfg(feature = "regex")]
    {
        let wrong = |expression: &str, error: regex::Error| {
            format!("redact, pattern {expression:?}: {error}")
        };
        for expression in expressions {
            let read = Regex::new(expression).map_err(|error| wrong(expression, error))?;
            if read.is_match("") {
                return Err(format!(
                    "redact, pattern {expression:?}: it matches where nothing is; say what has to be there"
                ));
            }
        }
        if expressions.is_empty() {
            // Even nothing at all would take much of a small stack.
            return Ok(());
        }
        RegexSet::new(expressions)
            .map(drop)
            .map_err(|error| wrong(&expressions.join(" "), error))
    }
    #[cfg(not(feature = "regex"))]
    {
        let _ = expressions;
        Ok(())
    }
}

/// Whether there is anything in this place but the mask.
fn is_shown(text: &str, found: &Range<usize>) -> bool {
    !found.is_empty() && text.get(found.clone()) != Some(MASK)
}

/// The text with the mask in these places.
#[cold]
fn replaced(text: &str, found: Vec<Range<usize>>) -> Option<String> {
    // A heap is a fraction of the code that a sort puts into every program.
    let mut hides = BinaryHeap::new();
    for found in found {
        if is_shown(text, &found) {
            hides.push(Reverse((found.start, found.end)));
        }
    }
    if hides.is_empty() {
        return None;
    }
    let mut hidden = String::with_capacity(text.len());
    let mut shown = 0;
    while let Some(Reverse((start, end))) = hides.pop() {
        if start >= shown {
            hidden.push_str(text.get(shown..start).unwrap_or_default());
            hidden.push_str(MASK);
        }
        shown = shown.max(end);
    }
    hidden.push_str(text.get(shown..).unwrap_or_default());
    Some(hidden)
}

/// A program's own expressions.
#[cfg(feature = "regex")]
#[derive(Debug)]
struct Expressions {
    all: RegexSet,
    each: Vec<Regex>,
}

#[cfg(feature = "regex")]
impl Expressions {
    fn of(said: &[String]) -> Option<Self> {
        // Those that are none were refused before.
        let each: Vec<_> = said
            .iter()
            .filter_map(|said| Regex::new(said).ok())
            .collect();
        let all = RegexSet::new(said).ok()?;
        (!each.is_empty()).then_some(Expressions { all, each })
    }

    fn find(&self, text: &str, found: &mut Vec<Range<usize>>) {
        for at in self.all.matches(text) {
            let Some(expression) = self.each.get(at) else {
                continue;
            };
            if expression.captures_len() == 1 {
                found.extend(expression.find_iter(text).map(|all| all.range()));
                continue;
            }
            for captures in expression.captures_iter(text) {
                let count = found.len();
                found.extend(captures.iter().skip(1).flatten().map(|group| group.range()));
                if found.len() == count {
                    // It matched in a way that has no group.
                    found.extend(captures.get(0).map(|all| all.range()));
                }
            }
        }
    }
}

/// Of `token68` (RFC 7235).
const TOKEN: Bytes = Bytes::ALPHANUMERIC.and(b"-._~+/=");
/// Of the parts of a JSON Web Token.
const JWT: Bytes = Bytes::ALPHANUMERIC.and(b"-_");
const IN_WORD: Bytes = Bytes::ALPHANUMERIC.and(b"_");
/// Of an AWS access key's secret part.
const AWS_SECRET: Bytes = Bytes::ALPHANUMERIC.and(b"/+");
/// Between the words of a name.
const IN_NAME: Bytes = Bytes::NONE.and(b"_- .");
/// Between a name and its value.
const BEHIND_NAME: Bytes = Bytes::NONE.and(b" \t:=>\"'\\");
/// The same in lists and options, as `{:?}` prints them.
const BEHIND_LISTED_NAME: Bytes = BEHIND_NAME.and(b",([{");
const EMAIL_NAME: Bytes = Bytes::ALPHANUMERIC.and(b"._%+'-").or(Bytes::BEYOND_ASCII);
const EMAIL_HOST: Bytes = Bytes::ALPHANUMERIC.and(b"-").or(Bytes::BEYOND_ASCII);
const SCHEME: Bytes = Bytes::ALPHANUMERIC.and(b"+-.");
/// What ends the authority of a URL, wherever the URL stands.
const BEHIND_AUTHORITY: Bytes = Bytes::NONE.and(b" \t\n\x0c\r/?#\"<>`");

/// The way through a text.
struct Scan<'t> {
    text: &'t [u8],
    at: usize,
    /// Where what was found last ends: nothing before it is part of anything.
    found: usize,
    /// Up to here there is no token that begins with `eyJ`.
    no_jwt: usize,
    /// Up to here there is no `@`.
    no_at: usize,
}

impl<'t> Scan<'t> {
    #[inline]
    fn new(text: &'t [u8]) -> Self {
        Scan {
            text,
            at: 0,
            found: 0,
            no_jwt: 0,
            no_at: 0,
        }
    }

    /// What is found next.
    #[inline]
    fn next(&mut self, table: &[bool; 256]) -> Option<Range<usize>> {
        loop {
            let rest = self.text.get(self.at..)?;
            let step = rest.iter().position(|byte| table[usize::from(*byte)])?;
            self.at += step;
            if let Some(found) = self.here() {
                self.found = found.end;
                self.at = self.at.max(found.end);
                return Some(found);
            }
        }
    }

    /// What is found at this byte. The way goes on behind it.
    fn here(&mut self) -> Option<Range<usize>> {
        let at = self.at;
        self.at += 1;
        // Most often the byte behind says that it is nothing.
        let next = self
            .byte(at + 1)
            .map_or(0, |byte| byte.to_ascii_lowercase());
        match (self.text[at], next) {
            (b'b' | b'B', b'e' | b'a') => self.bearer(at),
            (b'J', _) => self.jwt(at),
            (b'I', b'a') => self.aws_id(at),
            (b'k' | b'K', b'e') => self.aws_secret(at),
            (b'@', _) => self.email(at),
            (b':', b'/') => self.url_password(at),
            _ => None,
        }
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.get(at).copied()
    }

    /// The byte before, if it is not part of what was found.
    fn before(&self, at: usize) -> Option<u8> {
        (at > self.found).then(|| self.text[at - 1])
    }

    /// Where the bytes of a kind end that begin here.
    fn end_of(&self, at: usize, kind: Bytes) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        at + rest.iter().take_while(|byte| kind.have(**byte)).count()
    }

    /// Where the bytes of a kind begin that end here.
    fn start_of(&self, end: usize, kind: Bytes) -> usize {
        let front = &self.text[self.found.min(end)..end];
        let of_kind = front.iter().rev().take_while(|byte| kind.have(**byte));
        end - of_kind.count()
    }

    /// Whether these letters stand here, in any case. Not inlined: for letters that are known it would be unrolled.
    #[inline(never)]
    fn says(&self, at: usize, letters: &str) -> bool {
        let here = self.text.get(at..at + letters.len());
        here.is_some_and(|here| here.eq_ignore_ascii_case(letters.as_bytes()))
    }

    /// The same for those before this place. Where they begin, if so.
    fn said(&self, end: usize, letters: &str) -> Option<usize> {
        let start = end.checked_sub(letters.len())?;
        self.says(start, letters).then_some(start)
    }

    fn is_in_word(byte: Option<u8>) -> bool {
        byte.is_some_and(|byte| IN_WORD.have(byte))
    }

    fn bearer(&self, at: usize) -> Option<Range<usize>> {
        let is_basic = self.says(at, "basic ");
        if !is_basic && !self.says(at, "bearer ") || Self::is_in_word(self.before(at)) {
            return None;
        }
        let word = if is_basic { 5 } else { 6 };
        let start = self.end_of(at + word, Bytes::NONE.and(b" "));
        let end = self.end_of(start, TOKEN);
        let is_header = self.said(self.end_of_name(at), "authorization").is_some();
        let token = &self.text[start..end];
        let is_token = is_header
            || !is_basic
                && (token.len() >= 20 || token.len() >= 8 && token.iter().any(u8::is_ascii_digit));
        is_token.then_some(start..end)
    }

    /// Where the name ends whose value begins here. Lists and options, as `{:?}` prints them, have text in quotes.
    fn end_of_name(&self, value: usize) -> usize {
        if !matches!(self.before(value), Some(b'"' | b'\'')) {
            return self.start_of(value, BEHIND_NAME);
        }
        let end = self.start_of(value, BEHIND_LISTED_NAME);
        match self.said(end, "some") {
            Some(option) if self.byte(end) == Some(b'(') => {
                self.start_of(option, BEHIND_LISTED_NAME)
            }
            _ => end,
        }
    }

    /// Where the value begins whose name ends here; likewise.
    fn start_of_value(&self, name: usize) -> usize {
        let between = BEHIND_LISTED_NAME.and(b"`");
        let start = self.end_of(name, between);
        if self.says(start, "some(") {
            return self.end_of(start + 4, between);
        }
        start
    }

    fn jwt(&mut self, at: usize) -> Option<Range<usize>> {
        let start = at.checked_sub(2)?;
        if start < self.no_jwt || !self.text[start..].starts_with(b"eyJ") {
            return None;
        }
        let is_of = |byte| JWT.have(byte);
        let header = self.end_of(at, JWT);
        let payload = self.end_of(header + 1, JWT);
        // An encrypted one whose key both sides know has nothing there, and three more parts.
        let is_without_key = || {
            let iv = self.end_of(header + 2, JWT);
            iv > header + 2 && self.byte(iv) == Some(b'.') && self.byte(iv + 1).is_some_and(is_of)
        };
        let is_token = header - start >= 12
            && self.byte(header) == Some(b'.')
            && self.byte(payload) == Some(b'.')
            && (payload >= header + 4 || payload == header + 1 && is_without_key());
        if !is_token {
            // Whatever begins in there comes to the same end.
            self.no_jwt = header;
            return None;
        }
        // One more part of a signed token, three of an encrypted one.
        let mut end = self.end_of(payload + 1, JWT);
        for _ in 0..2 {
            if self.byte(end) == Some(b'.') && self.byte(end + 1).is_some_and(is_of) {
                end = self.end_of(end + 1, JWT);
            }
        }
        Some(start..end)
    }

    fn aws_id(&self, at: usize) -> Option<Range<usize>> {
        let start = at.checked_sub(2)?;
        let id = self.text.get(start..start + 20)?;
        let is_of = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        let is_id = (id.starts_with(b"AKIA") || id.starts_with(b"ASIA")) && id.iter().all(is_of);
        let stands_alone =
            !Self::is_in_word(self.before(start)) && !Self::is_in_word(self.byte(start + 20));
        (is_id && stands_alone).then_some(start..start + 20)
    }

    fn aws_secret(&self, at: usize) -> Option<Range<usize>> {
        if !self.says(at, "key") {
            return None;
        }
        let access = self.said(self.start_of(at, IN_NAME), "access")?;
        self.said(self.start_of(access, IN_NAME), "secret")?;
        let start = self.start_of_value(at + 3);
        if start == at + 3 {
            return None;
        }
        let end = self.end_of(start, AWS_SECRET);
        (end - start == 40).then_some(start..end)
    }

    fn email(&self, at: usize) -> Option<Range<usize>> {
        let start = self.start_of(at, EMAIL_NAME);
        let mut end = self.end_of(at + 1, EMAIL_HOST);
        let mut has_dot = false;
        while end > at + 1 && self.byte(end) == Some(b'.') {
            let label = self.end_of(end + 1, EMAIL_HOST);
            if label == end + 1 {
                break;
            }
            (end, has_dot) = (label, true);
        }
        // Punctuation behind an address, such as a dash, may have been taken for a part of it; it does no harm.
        let top = self.start_of(end, EMAIL_HOST);
        (start < at && has_dot && end - top >= 2).then_some(start..end)
    }

    fn url_password(&mut self, at: usize) -> Option<Range<usize>> {
        let has_scheme = self.before(at).is_some_and(|byte| SCHEME.have(byte));
        if !has_scheme || !self.text[at..].starts_with(b"://") {
            return None;
        }
        let start = at + 3;
        // Such as `jdbc:mysql`.
        let scheme = self.start_of(at, SCHEME.and(b":"));
        let is_in_quotes = self.before(scheme) == Some(b'\'');
        // A password that has a slash, a blank or the like in it is no part of a URL any more (RFC 3986, section 3.2.1).
        let mut behind = BEHIND_AUTHORITY;
        if is_in_quotes {
            behind.add(b'\'');
        }
        let end = self.end_of(start, behind.others());
        let authority = &self.text[start..end];
        let user_end = authority.iter().rposition(|byte| *byte == b'@');
        let user = &authority[..user_end.unwrap_or(authority.len())];
        let colon = user.iter().position(|byte| *byte == b':')?;
        let password = start + colon + 1;
        let password_end = match user_end {
            Some(user_end) => start + user_end,
            None if are_hosts(user) => return None,
            None => self.last_at(end)?,
        };
        (password < password_end).then_some(password..password_end)
    }

    /// The last `@` in what is left of a word. A quote with a letter or digit behind it may be part of a password.
    fn last_at(&mut self, from: usize) -> Option<usize> {
        if from < self.no_at {
            return None;
        }
        let (mut end, mut last) = (from, None);
        while let Some(byte) = self.byte(end) {
            let goes_on = match byte {
                b'"' | b'\'' | b'`' => self
                    .byte(end + 1)
                    .is_some_and(|next| next.is_ascii_alphanumeric()),
                b'<' | b'>' => false,
                byte => !byte.is_ascii_whitespace(),
            };
            if !goes_on {
                break;
            }
            if byte == b'@' {
                last = Some(end);
            }
            end += 1;
        }
        // Nor behind the last one.
        self.no_at = end;
        last
    }
}

/// Whether these are hosts with their ports, and no user with a password.
fn are_hosts(authority: &[u8]) -> bool {
    authority.split(|byte| *byte == b',').all(|host| {
        let mut parts = host.rsplit(|byte| *byte == b':');
        let port = parts.next().unwrap_or_default();
        parts.next().is_some() && port.iter().all(u8::is_ascii_digit) || host.starts_with(b"[")
    })
}

/// The fewest digits of a card's number.
const SHORTEST_CARD: usize = 13;

/// Finds numbers of cards. Each lies in a run of digits, blanks and hyphens, and no such run is passed over by who looks at
/// every thirteenth byte only.
fn cards(text: &[u8], found: &mut Vec<Range<usize>>) {
    let is_of = |byte: &u8| byte.is_ascii_digit() || *byte == b' ' || *byte == b'-';
    let (mut at, mut passed) = (SHORTEST_CARD - 1, 0);
    while let Some(byte) = text.get(at) {
        if is_of(byte) {
            let before = text[passed..at].iter().rev().take_while(|byte| is_of(byte));
            let after = text[at..].iter().take_while(|byte| is_of(byte));
            let (start, end) = (at - before.count(), at + after.count());
            if end - start >= SHORTEST_CARD {
                cards_in_run(text, start..end, found);
            }
            (at, passed) = (end, end);
        }
        at += SHORTEST_CARD;
    }
}

fn cards_in_run(text: &[u8], run: Range<usize>, found: &mut Vec<Range<usize>>) {
    let mut groups = Groups::default();
    let mut at = run.start;
    while at < run.end {
        let digits = text[at..run.end]
            .iter()
            .take_while(|byte| byte.is_ascii_digit());
        let group = (at, at + digits.count());
        at = group.1 + 1;
        if group.0 == group.1 {
            // Two blanks in a row.
            groups.count = 0;
            continue;
        }
        let alone = (SHORTEST_CARD..=19)
            .contains(&(group.1 - group.0))
            .then_some(group.0);
        let starts = [alone, groups.card_ending_in(text, group)];
        let mut starts = starts.into_iter().flatten();
        if let Some(start) = starts.find(|start| is_card(text, *start, group.1)) {
            found.push(start..group.1);
            groups.count = 0;
        } else {
            groups.push(group);
        }
    }
}

fn is_card(text: &[u8], start: usize, end: usize) -> bool {
    let byte = |at: Option<usize>| at.and_then(|at| text.get(at)).copied();
    let is_digit = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_digit());
    let (before, after) = (byte(start.checked_sub(1)), byte(Some(end)));
    let is_fraction = before == Some(b'.') && is_digit(byte(start.checked_sub(2)));
    let goes_on = after == Some(b'.') && is_digit(byte(Some(end + 1)));
    matches!(text[start], b'2'..=b'6')
        && !Scan::is_in_word(before)
        && !Scan::is_in_word(after)
        && !is_fraction
        && !goes_on
        && has_check_digit(&text[start..end])
}

/// The last groups of digits with one blank or hyphen between each and the next.
#[derive(Default)]
struct Groups {
    /// Newest last. (Start and end.)
    last: [(usize, usize); 3],
    count: usize,
}

impl Groups {
    fn push(&mut self, group: (usize, usize)) {
        if self.count == self.last.len() {
            self.last.rotate_left(1);
            self.count -= 1;
        }
        self.last[self.count] = group;
        self.count += 1;
    }

    /// Where the number of a card begins that ends with this group, by how its digits are grouped.
    fn card_ending_in(&self, text: &[u8], group: (usize, usize)) -> Option<usize> {
        let length = |(start, end): (usize, usize)| end - start;
        let groups = &self.last[..self.count];
        let matches = |shape: &[usize]| {
            let (last, others) = shape.split_last()?;
            let before = groups.get(groups.len().checked_sub(others.len())?..)?;
            let separator = text[before.last()?.1];
            let is_shape = length(group) == *last
                && before
                    .iter()
                    .zip(others)
                    .all(|(group, wanted)| length(*group) == *wanted && text[group.1] == separator);
            is_shape.then(|| before[0].0)
        };
        [&[4, 4, 4, 4][..], &[4, 6, 5], &[4, 6, 4]]
            .into_iter()
            .find_map(matches)
    }
}

/// Whether the last digit is the check digit of those before it (Luhn).
fn has_check_digit(digits: &[u8]) -> bool {
    let digits = digits.iter().rev().filter(|byte| byte.is_ascii_digit());
    let sum: u32 = digits
        .enumerate()
        .map(|(at, digit)| match u32::from(digit - b'0') << (at % 2) {
            digit if digit > 9 => digit - 9,
            digit => digit,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests;
