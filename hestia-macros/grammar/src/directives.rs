//! Which targets log at which level: `info,hyper=warn,app::db=debug`.

#[cfg(test)]
mod tests;

use std::{fmt, ops::Range};

use crate::{
    LevelFilter, ParseError,
    error::Quoted,
    level::{EXPECTED, mistaken, unknown},
    part::Part,
};

/// A default level and exceptions by target.
///
/// # Grammar
///
/// White space around every word aside:
///
/// ```text
/// directives = [ directive ] *( "," [ directive ] )
/// directive  = level | target | target "=" level
/// target     = segment *( "::" segment )
/// ```
///
/// A bare level is the default, for targets that no directive names. A bare target lets through everything of it, as in
/// `env_logger`. Levels are those of [`LevelFilter::parse`]; targets are case-sensitive, and a dash in one means an
/// underscore.
///
/// # A bare word that is nearly a level
///
/// `inof` could be a target, but a program that is silent because of a slip is worse than one question too many. So a
/// bare word is refused, with the level that was probably meant, when all of this holds:
///
/// * it is one slip away from a level's name, or is a level's name elsewhere, such as `verbose`;
/// * it has no `::`, `_` or `-` in it;
/// * the string gives no default level, which is what the word is suspected to be.
///
/// In `info,warp` the word `warp` is a target; alone it is refused, and the message says to write `warp=trace`. A bare
/// number that is no level is always refused.
///
/// # Example
///
/// ```
/// use hestia_grammar::{Directives, LevelFilter};
///
/// let directives = Directives::parse("info, my-app::db=debug, hyper=off").unwrap();
/// assert_eq!(directives.level_for("other"), Some(LevelFilter::Info));
/// assert_eq!(directives.level_for("my_app::db::pool"), Some(LevelFilter::Debug));
/// assert_eq!(directives.to_string(), "info,my_app::db=debug,hyper=off");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directives {
    /// The level of targets that no directive names; `None` if none was given.
    pub default: Option<LevelFilter>,
    /// The exceptions, in the order written, each target once.
    pub targets: Vec<Directive>,
}

/// The level of one target and everything below it. Equality looks at the target and the level, not at the place.
#[derive(Debug, Clone)]
pub struct Directive {
    /// Such as `app::db`; dashes are underscores here, as in the crate names that the compiler sees.
    pub target: String,
    /// What is let through.
    pub level: LevelFilter,
    /// The directive's bytes in the input.
    pub span: Range<usize>,
}

impl PartialEq for Directive {
    fn eq(&self, other: &Self) -> bool {
        (&self.target, self.level) == (&other.target, other.level)
    }
}

impl Eq for Directive {}

impl Directives {
    /// Reads directives; an empty text gives none, and no default. The grammar is told at [the type](Self).
    ///
    /// # Errors
    ///
    /// Every mistake, in the order written: an unknown level, a missing target or level, a target or a default
    /// given twice (the second is the mistake), a target with an empty segment, and what other loggers take but
    /// hestia does not: a `/regex` at the end, `[span{field}]` filters, wildcards, `;` or a space instead of the
    /// comma.
    ///
    /// # Example
    ///
    /// ```
    /// use hestia_grammar::Directives;
    ///
    /// let errors = Directives::parse("inof,hyper=wran").unwrap_err();
    /// assert_eq!(errors[0].suggestion(), Some("info"));
    /// assert_eq!((errors[1].span(), errors[1].suggestion()), (11..15, Some("warn")));
    /// ```
    pub fn parse(text: &str) -> Result<Self, Vec<ParseError>> {
        let (directives, errors) = Self::parse_lenient(text);
        if errors.is_empty() {
            Ok(directives)
        } else {
            Err(errors)
        }
    }

    /// As [`parse`](Self::parse), but keeps what is good beside the mistakes: for the environment, where a bad
    /// value must not stop the program. Of a target or default given twice, the first is kept.
    ///
    /// # Example
    ///
    /// ```
    /// use hestia_grammar::{Directives, LevelFilter};
    ///
    /// let (directives, errors) = Directives::parse_lenient("warn,hyper=loud,app=debug");
    /// assert_eq!(directives.to_string(), "warn,app=debug");
    /// assert_eq!(errors[0].span(), 11..15);
    /// ```
    pub fn parse_lenient(text: &str) -> (Self, Vec<ParseError>) {
        let (parts, regex) = split(Part::new(text));
        let has_default = parts.iter().any(|part| LevelFilter::find(*part).is_some());
        let mut directives = Self::default();
        let mut known = Vec::new();
        let mut errors = Vec::new();
        for part in parts {
            let read = Statement::parse(part, has_default);
            if let Err(error) = read.and_then(|read| directives.add(read, part, &mut known)) {
                errors.push(error);
            }
        }
        errors.extend(regex.map(unsupported_regex));
        (directives, errors)
    }

    /// `known` are the places of the targets that there are, in alphabetical order.
    fn add(
        &mut self,
        statement: Statement,
        part: Part<'_>,
        known: &mut Vec<usize>,
    ) -> Result<(), ParseError> {
        match statement {
            Statement::Default(level) => {
                if let Some(first) = self.default {
                    let second = Quoted(part.text);
                    return Err(part.error(format_args!(
                        "{second} is a second default level, after {first}"
                    )));
                }
                self.default = Some(level);
            }
            Statement::Target(target, level) => {
                let order = |place: &usize| self.targets[*place].target.cmp(&target);
                match known.binary_search_by(order) {
                    Ok(_) => {
                        let target = Quoted(&target);
                        return Err(
                            part.error(format_args!("target {target} is given a second level"))
                        );
                    }
                    Err(place) => known.insert(place, self.targets.len()),
                }
                let span = part.span();
                self.targets.push(Directive {
                    target,
                    level,
                    span,
                });
            }
        }
        Ok(())
    }

    /// Whether they say nothing at all.
    ///
    /// # Example
    ///
    /// ```
    /// use hestia_grammar::Directives;
    ///
    /// assert!(Directives::parse("").unwrap().is_empty());
    /// assert!(!Directives::parse("off").unwrap().is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.default.is_none() && self.targets.is_empty()
    }

    /// The level of `target`: that of the longest directive that [matches](target_matches), else the default. Does not
    /// allocate; takes time in proportion to the number of directives.
    ///
    /// # Example
    ///
    /// ```
    /// use hestia_grammar::{Directives, LevelFilter};
    ///
    /// let directives = Directives::parse("app=info,app::db=trace").unwrap();
    /// assert_eq!(directives.level_for("app::db::pool"), Some(LevelFilter::Trace));
    /// assert_eq!(directives.level_for("app::web"), Some(LevelFilter::Info));
    /// assert_eq!(directives.level_for("apple"), None);
    /// ```
    pub fn level_for(&self, target: &str) -> Option<LevelFilter> {
        self.targets
            .iter()
            .filter(|directive| target_matches(&directive.target, target))
            .max_by_key(|directive| directive.target.len())
            .map(|directive| directive.level)
            .or(self.default)
    }
}

/// Writes what [`Directives::parse`] reads back: the default first, then the targets in their order.
impl fmt::Display for Directives {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        if let Some(level) = self.default {
            write!(f, "{level}")?;
            separator = ",";
        }
        for Directive { target, level, .. } in &self.targets {
            write!(f, "{separator}{target}={level}")?;
            separator = ",";
        }
        Ok(())
    }
}

/// Whether a directive for `directive_target` speaks about records of `record_target`: they are equal, or the record's
/// goes on with `::`. A dash counts as an underscore on both sides. Does not allocate.
///
/// # Example
///
/// ```
/// use hestia_grammar::target_matches;
///
/// assert!(target_matches("app", "app") && target_matches("app", "app::db"));
/// assert!(target_matches("my_app", "my-app::db"));
/// assert!(!target_matches("app", "apple") && !target_matches("app::db", "app"));
/// ```
pub fn target_matches(directive_target: &str, record_target: &str) -> bool {
    let directive = directive_target.as_bytes();
    let Some((head, tail)) = record_target.as_bytes().split_at_checked(directive.len()) else {
        return false;
    };
    let underscored = |byte: u8| if byte == b'-' { b'_' } else { byte };
    (tail.is_empty() || tail.starts_with(b"::"))
        && head
            .iter()
            .zip(directive)
            .all(|(left, right)| underscored(*left) == underscored(*right))
}

/// One directive, read.
enum Statement {
    Default(LevelFilter),
    Target(String, LevelFilter),
}

impl Statement {
    fn parse(part: Part<'_>, has_default: bool) -> Result<Self, ParseError> {
        check_characters(part)?;
        match part.split_once('=') {
            Some((target, level)) => Self::parse_pair(part, target.trim(), level.trim()),
            None => Self::parse_bare(part, has_default),
        }
    }

    fn parse_bare(word: Part<'_>, has_default: bool) -> Result<Self, ParseError> {
        if let Some(level) = LevelFilter::find(word) {
            return Ok(Self::Default(level));
        }
        if word.text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(unknown(word));
        }
        let is_one_word = !word.text.contains(['_', '-']) && !word.text.contains("::");
        if is_one_word
            && !has_default
            && let Some(level) = mistaken(word.text)
        {
            let example = Quoted(&format!("{}=trace", word.text));
            return Err(word
                .error(format_args!(
                    "unknown level {}, {EXPECTED} (or {example}, if it is a target)",
                    Quoted(word.text)
                ))
                .with_suggestion(Some(level)));
        }
        if let Some(error) = colon_before_level(word) {
            return Err(error);
        }
        Ok(Self::Target(read_target(word)?, LevelFilter::Trace))
    }

    fn parse_pair(part: Part<'_>, target: Part<'_>, level: Part<'_>) -> Result<Self, ParseError> {
        let quoted = Quoted(part.text);
        if target.is_empty() {
            return Err(part
                .error(format_args!("missing target before `=` in {quoted}"))
                .with_suggestion(LevelFilter::find(level).map(LevelFilter::as_str)));
        }
        if level.is_empty() {
            return Err(part.error(format_args!(
                "missing level after `=` in {quoted}, {EXPECTED}"
            )));
        }
        let target_name = read_target(target)?;
        check_white_space(level)?;
        if level.text.contains('=') {
            return Err(part.error(format_args!("more than one `=` in {quoted}")));
        }
        if let Some(level) = LevelFilter::find(level) {
            return Ok(Self::Target(target_name, level));
        }
        if LevelFilter::find(target).is_none() {
            return Err(unknown(level));
        }
        Err(part
            .error(format_args!("the level stands before the `=` in {quoted}"))
            .with_suggestion(Some(&format!("{}={}", level.text, target.text))))
    }
}

/// Splits at commas, drops empty parts, and takes the `/regex` of `env_logger` off the end. Commas and slashes
/// within the brackets of `[span{field="a,b"}]` do not count, so that such a filter is one part, and one error.
fn split(text: Part<'_>) -> (Vec<Part<'_>>, Option<Part<'_>>) {
    let mut parts = Vec::new();
    let mut depth = 0_usize;
    let mut start = 0;
    let mut end = text.text.len();
    for (at, c) in text.text.char_indices() {
        match c {
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(text.slice(start, at).trim());
                start = at + 1;
            }
            '/' if depth == 0 => {
                end = at;
                break;
            }
            _ => {}
        }
    }
    let (directives, regex) = text.split_at(end);
    parts.push(directives.slice(start, end).trim());
    parts.retain(|part| !part.is_empty());
    (parts, Some(regex).filter(|regex| !regex.is_empty()))
}

fn unsupported_regex(part: Part<'_>) -> ParseError {
    part.error(format_args!(
        "a filter on messages such as {} is not supported, only targets and levels are",
        Quoted(part.text)
    ))
}

const QUOTATION_MARKS: [char; 3] = ['"', '\'', '`'];

/// Refuses what has a meaning elsewhere but not here, and what no target contains.
fn check_characters(part: Part<'_>) -> Result<(), ParseError> {
    let quoted = Quoted(part.text);
    let has = |characters: &[char]| part.text.contains(characters);
    if has(&['[', ']', '{', '}']) {
        return Err(part.error(format_args!(
            "a filter on spans or fields such as {quoted} is not supported, only targets and levels are"
        )));
    }
    if has(&QUOTATION_MARKS) {
        let bare = replaced(part.text, &QUOTATION_MARKS, "");
        return Err(part
            .error(format_args!("quotation mark in {quoted}"))
            .with_suggestion(Some(bare.trim()).filter(|bare| !bare.is_empty())));
    }
    if has(&['*', '?']) {
        return Err(part.error(format_args!(
            "wildcard in {quoted}, but a target includes everything below it, and a level alone is for all others"
        )));
    }
    if has(&[';']) {
        return Err(part
            .error(format_args!(
                "directives are separated by commas, not as in {quoted}"
            ))
            .with_suggestion(Some(&replaced(part.text, &[';'], ","))));
    }
    let is_control = |c: char| c.is_control() && !c.is_whitespace();
    if part.text.contains(is_control) {
        return Err(part.error(format_args!("control character in {quoted}")));
    }
    Ok(())
}

fn replaced(text: &str, characters: &[char], by: &str) -> String {
    text.replace(characters, by)
}

fn check_white_space(word: Part<'_>) -> Result<(), ParseError> {
    if word.text.contains(char::is_whitespace) {
        return Err(word.error(format_args!(
            "directives are separated by commas, but {} has white space in it",
            Quoted(word.text)
        )));
    }
    Ok(())
}

/// The target with its dashes as underscores, if it is well formed.
fn read_target(word: Part<'_>) -> Result<String, ParseError> {
    check_white_space(word)?;
    let path = word.text;
    if path.starts_with(':') || path.ends_with(':') || path.contains(":::") {
        return Err(word.error(format_args!(
            "empty segment in target {}, expected a path such as `app::db`",
            Quoted(word.text)
        )));
    }
    Ok(replaced(word.text, &['-'], "_"))
}

/// `hyper:warn`, as other loggers write it. (`app::debug` is a module.)
fn colon_before_level(word: Part<'_>) -> Option<ParseError> {
    let (target, level) = word.text.rsplit_once(':')?;
    let level_word = Part::new(level).trim();
    if target.is_empty() || target.ends_with(':') || LevelFilter::find(level_word).is_none() {
        return None;
    }
    let error = word.error(format_args!(
        "`:` before the level in {}",
        Quoted(word.text)
    ));
    Some(error.with_suggestion(Some(&format!("{target}={level}"))))
}
