//! The arguments of a format string: which one each placeholder takes, and what has to travel.

use std::fmt::Write as _;

use super::parse::{Count, Piece, Placeholder, Reference};

/// A message whose arguments are known.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Resolved {
    /// The format string for the captured values, each by its position in `captures`.
    pub(crate) template: String,
    /// The same without positions, where each placeholder takes the next capture and is `{}`, `{:?}` or `{:.2}`, with
    /// its name if it has one: what the writer fills in without the compiler's help.
    pub(crate) simple: Option<String>,
    /// What the record takes along, in this order, each once.
    pub(crate) captures: Vec<Capture>,
    /// Variables that the string names and nobody passed; they come after the arguments that were.
    pub(crate) variables: Vec<String>,
}

/// One thing that a record takes along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Capture {
    /// A value, and the format string under which it is printed at the call when it cannot be copied.
    Value {
        argument: usize,
        /// By which it was referred to; a secret's is one that says so.
        name: Option<String>,
        /// With the value at position 0 and the counts after it.
        template: String,
        counts: Vec<usize>,
        /// Its address is asked for, which a copy does not have.
        at_call: bool,
    },
    /// A width or a precision.
    Count { argument: usize },
}

/// What was passed after the string.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arguments<'a> {
    pub(crate) positional: usize,
    /// Come after the positional ones.
    pub(crate) named: &'a [String],
}

/// Finds the arguments; `None` when one is missing, or one is not used, which is the compiler's to say.
pub(crate) fn resolve(pieces: &[Piece], passed: Arguments<'_>) -> Option<Resolved> {
    let mut resolver = Resolver {
        passed,
        next: 0,
        used: vec![false; passed.positional + passed.named.len()],
        resolved: Resolved {
            template: String::new(),
            simple: Some(String::new()),
            captures: Vec::new(),
            variables: Vec::new(),
        },
    };
    for piece in pieces {
        match piece {
            Piece::Text(text) => resolver.text(text),
            Piece::Placeholder(placeholder) => resolver.placeholder(placeholder)?,
        }
    }
    let all_used = resolver.used.iter().all(|used| *used);
    all_used.then_some(resolver.resolved)
}

/// The names that a string's placeholders, widths and precisions refer to.
pub(crate) fn names(pieces: &[Piece]) -> impl Iterator<Item = &str> {
    fn of_count(count: Option<&Count>) -> Option<&Reference> {
        match count {
            Some(Count::Argument(reference)) => Some(reference),
            _ => None,
        }
    }
    pieces
        .iter()
        .filter_map(|piece| match piece {
            Piece::Placeholder(placeholder) => Some(placeholder),
            Piece::Text(_) => None,
        })
        .flat_map(|placeholder| {
            [
                Some(&placeholder.argument),
                of_count(placeholder.width.as_ref()),
                of_count(placeholder.precision.as_ref()),
            ]
        })
        .filter_map(|reference| match reference {
            Some(Reference::Name(name)) => Some(name.as_str()),
            _ => None,
        })
}

struct Resolver<'a> {
    passed: Arguments<'a>,
    /// The next positional argument.
    next: usize,
    used: Vec<bool>,
    resolved: Resolved,
}

impl Resolver<'_> {
    fn text(&mut self, text: &str) {
        let doubled = text.replace('{', "{{").replace('}', "}}");
        self.resolved.template.push_str(&doubled);
        if let Some(simple) = &mut self.resolved.simple {
            simple.push_str(&doubled);
        }
    }

    fn placeholder(&mut self, placeholder: &Placeholder) -> Option<()> {
        // `.*` takes its precision before its value.
        let precision = match &placeholder.precision {
            Some(Count::Argument(Reference::Next)) => {
                Some(Spec::Argument(self.argument(&Reference::Next)?))
            }
            other => self.spec(other.as_ref())?,
        };
        let argument = self.argument(&placeholder.argument)?;
        let width = self.spec(placeholder.width.as_ref())?;
        let value = self.value(placeholder, argument, width.as_ref(), precision.as_ref());
        let taken_before = self.resolved.captures.len();
        let value = self.capture(value);
        self.simple(placeholder, value == taken_before);
        let width = width.map(|spec| self.place(spec));
        let precision = precision.map(|spec| self.place(spec));
        append_spec(
            &mut self.resolved.template,
            value,
            placeholder,
            width.as_deref(),
            precision.as_deref(),
        );
        Some(())
    }

    /// Adds a placeholder to the template without positions, or gives that up.
    fn simple(&mut self, placeholder: &Placeholder, takes_the_next: bool) {
        let is_plain =
            takes_the_next && placeholder.flags.is_empty() && placeholder.width.is_none();
        let name = name(placeholder).unwrap_or_default();
        let spec = match (&placeholder.precision, placeholder.style.as_str()) {
            (None, "") => format!("{{{name}}}"),
            (None, "?") => format!("{{{name}:?}}"),
            (Some(Count::Fixed(digits)), "") => format!("{{{name}:.{digits}}}"),
            _ => return self.resolved.simple = None,
        };
        match &mut self.resolved.simple {
            Some(simple) if is_plain => simple.push_str(&spec),
            simple => *simple = None,
        }
    }

    /// The position of an argument: positional, then named, then variables.
    fn argument(&mut self, reference: &Reference) -> Option<usize> {
        let position = match reference {
            Reference::Next => {
                self.next += 1;
                self.next - 1
            }
            Reference::Position(position) => *position,
            Reference::Name(name) => return Some(self.named(name)),
        };
        // Named arguments can be referred to by position as well.
        *self.used.get_mut(position)? = true;
        Some(position)
    }

    fn named(&mut self, name: &str) -> usize {
        if let Some(at) = self.passed.named.iter().position(|passed| passed == name) {
            let position = self.passed.positional + at;
            self.used[position] = true;
            return position;
        }
        let variables = &mut self.resolved.variables;
        let at = variables.iter().position(|variable| variable == name);
        let at = at.unwrap_or_else(|| {
            variables.push(name.to_owned());
            variables.len() - 1
        });
        self.used.len() + at
    }

    fn spec(&mut self, count: Option<&Count>) -> Option<Option<Spec>> {
        Some(match count {
            None => None,
            Some(Count::Fixed(digits)) => Some(Spec::Fixed(digits.clone())),
            Some(Count::Argument(reference)) => Some(Spec::Argument(self.argument(reference)?)),
        })
    }

    fn value(
        &self,
        placeholder: &Placeholder,
        argument: usize,
        width: Option<&Spec>,
        precision: Option<&Spec>,
    ) -> Capture {
        let mut counts = Vec::new();
        let mut at_call = |spec: Option<&Spec>| match spec {
            None => None,
            Some(Spec::Fixed(digits)) => Some(digits.clone()),
            Some(Spec::Argument(argument)) => {
                counts.push(*argument);
                Some(format!("{}$", counts.len()))
            }
        };
        let (width, precision) = (at_call(width), at_call(precision));
        let mut template = String::new();
        append_spec(
            &mut template,
            0,
            placeholder,
            width.as_deref(),
            precision.as_deref(),
        );
        Capture::Value {
            argument,
            name: name(placeholder).map(str::to_owned),
            template,
            counts,
            at_call: placeholder.style == "p",
        }
    }

    /// The place of a capture among all; what is there already travels once.
    fn capture(&mut self, capture: Capture) -> usize {
        let captures = &mut self.resolved.captures;
        let at = captures.iter().position(|known| *known == capture);
        at.unwrap_or_else(|| {
            captures.push(capture);
            captures.len() - 1
        })
    }

    fn place(&mut self, spec: Spec) -> String {
        match spec {
            Spec::Fixed(digits) => digits,
            Spec::Argument(argument) => format!("{}$", self.capture(Capture::Count { argument })),
        }
    }
}

fn name(placeholder: &Placeholder) -> Option<&str> {
    match &placeholder.argument {
        Reference::Name(name) => Some(name),
        Reference::Next | Reference::Position(_) => None,
    }
}

impl Resolved {
    /// The names of what is captured, in its order, empty where there is none; up to the last that there is.
    pub(crate) fn names(&self) -> Vec<&str> {
        let name = |capture| match capture {
            &Capture::Value {
                name: Some(ref name),
                ..
            } => name.as_str(),
            _ => "",
        };
        let mut names: Vec<_> = self.captures.iter().map(name).collect();
        let named = names.iter().rposition(|name| !name.is_empty());
        names.truncate(named.map_or(0, |last| last + 1));
        names
    }
}

/// A width or a precision whose argument is known.
enum Spec {
    Fixed(String),
    Argument(usize),
}

fn append_spec(
    template: &mut String,
    position: usize,
    placeholder: &Placeholder,
    width: Option<&str>,
    precision: Option<&str>,
) {
    let Placeholder { flags, style, .. } = placeholder;
    let width = width.unwrap_or_default();
    let point = if precision.is_some() { "." } else { "" };
    let precision = precision.unwrap_or_default();
    let spec = format!("{flags}{width}{point}{precision}{style}");
    let colon = if spec.is_empty() { "" } else { ":" };
    let _ = write!(template, "{{{position}{colon}{spec}}}");
}
