//! The rules a [`Statement`] has to keep, and the words for those that it does not.

use syn::Error;

use super::limit;
use super::parse::{Argument, Field, Grammar, Key, Level, Statement};
use crate::format;

/// All mistakes, in the order of the text.
pub(crate) fn check(statement: &Statement) -> Vec<Error> {
    let mut errors = limit::check(statement);
    let fields = fields(statement);
    if statement.message.is_none() && fields.is_empty() {
        errors.push(nothing_to_log(statement));
    }
    let keys: Vec<Key> = fields.iter().map(|field| field.key.clone()).collect();
    for (at, field) in fields.iter().enumerate() {
        errors.extend(reserved(&field.key));
        errors.extend(limit::check_field(statement, field));
        errors.extend(check_key(&field.key, &keys[..at]));
    }
    errors
}

/// What a key must not be, whatever it is a key of.
pub(super) fn check_key(key: &Key, earlier: &[Key]) -> Option<Error> {
    if key.is_quoted && key.path == [""] {
        return Some(Error::new_spanned(&key.written, "a key needs a name"));
    }
    earlier.iter().find_map(|earlier| clash(key, earlier))
}

/// The fields, also those behind the message.
fn fields(statement: &Statement) -> Vec<Field> {
    let names = statement.names_in_message();
    let behind = statement
        .arguments
        .iter()
        .filter_map(|argument| match argument {
            Argument::Field(field) => Some(field.clone()),
            Argument::Named { name, value } if !names.takes(name) => {
                Some(Argument::as_field(name, value))
            }
            _ => None,
        });
    statement.fields.iter().cloned().chain(behind).collect()
}

fn nothing_to_log(statement: &Statement) -> Error {
    let span = match &statement.level {
        Level::Word(word) => word.span(),
        Level::Expression { .. } => statement.span,
    };
    Error::new(
        span,
        "there is nothing to log: a statement has a message, such as `\"ready\"`, or a key-value, such as `user_id = 5`",
    )
}

fn reserved(key: &Key) -> Option<Error> {
    let name = key.path.join(".");
    if !key.is_quoted && (name == "target" || name == "logger") {
        return Some(Error::new_spanned(
            &key.written,
            format!(
                "`{name}` is reserved: what the record's {name} is, is said by `{name}: …` right after the level; for a key of this name write `\"{name}\" = …`"
            ),
        ));
    }
    None
}

/// One key twice, or one that is a value here and an object there.
fn clash(key: &Key, earlier: &Key) -> Option<Error> {
    let (long, short) = if key.path.len() >= earlier.path.len() {
        (&key.path, &earlier.path)
    } else {
        (&earlier.path, &key.path)
    };
    if !long.starts_with(short) {
        return None;
    }
    let message = if long.len() == short.len() {
        format!(
            "the key `{}` is there already: each key stands once",
            key.path.join(".")
        )
    } else {
        format!(
            "`{}` cannot be a value and, because of `{}`, an object",
            short.join("."),
            long.join("."),
        )
    };
    Some(Error::new_spanned(&key.written, message))
}

/// The names that the message's string refers to.
pub(crate) enum Names {
    These(Vec<String>),
    /// The string is made by a macro, or is not understood, or all that stands behind it is for it.
    Unknown,
}

impl Names {
    pub(crate) fn takes(&self, name: &syn::Ident) -> bool {
        match self {
            Names::These(names) => names.iter().any(|known| name == known),
            Names::Unknown => true,
        }
    }
}

impl Statement {
    pub(crate) fn names_in_message(&self) -> Names {
        match &self.message {
            _ if self.grammar == Grammar::DropIn => Names::Unknown,
            None => Names::These(Vec::new()),
            Some(super::parse::Message::Macro(_)) => Names::Unknown,
            Some(super::parse::Message::Literal(text)) => match format::parse::parse(&text.value())
            {
                Some(pieces) => {
                    Names::These(format::resolve::names(&pieces).map(str::to_owned).collect())
                }
                None => Names::Unknown,
            },
        }
    }
}
