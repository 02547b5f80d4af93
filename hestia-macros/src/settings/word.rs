//! Settings that are one of a few words, each of which is a variant of an enum of hestia's.

use hestia_grammar::words::{self, Words};
use hestia_grammar::{limits, parse_duration};
use syn::{Expr, ExprArray, Lit, LitStr};

use super::{Said, Setting, Value, read};
use crate::arguments::{self, Argument};
use crate::error::Errors;

/// The words of one enum.
struct Choice {
    words: Words,
    /// The enum's name.
    of: &'static str,
    /// Its variants, in the order of the words.
    variants: &'static [&'static str],
}

impl Choice {
    const fn new(words: Words, of: &'static str, variants: &'static [&'static str]) -> Self {
        assert!(words.words.len() == variants.len());
        Choice {
            words,
            of,
            variants,
        }
    }

    fn find(&self, said: &LitStr, errors: &mut Errors) -> Option<Value> {
        match self.words.find(&said.value()) {
            Ok(place) => Some(Value::Variant(self.of, self.variants[place])),
            Err(mistake) => {
                errors.at(said, mistake);
                None
            }
        }
    }

    /// One word.
    fn read(&self, setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
        match read::string(argument) {
            Some(word) => read::said(self.find(&word, errors)),
            None => read::wrong(setting, argument, errors),
        }
    }
}

macro_rules! words {
    ($($function:ident: $words:ident, $of:literal, [$($variant:literal),+];)+) => {$(
        pub(super) fn $function(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
            const CHOICE: Choice = Choice::new(words::$words, $of, &[$($variant),+]);
            CHOICE.read(setting, argument, errors)
        }
    )+};
}

words! {
    order: ORDER, "Order", ["Strict", "Relaxed"];
    overflow: OVERFLOW, "Overflow", ["Block", "DropNewest"];
    stream: STREAM, "Stream", ["Stderr", "Stdout"];
    style: STYLE, "Style", ["Pretty", "Compact", "Json"];
    color: COLOR, "Color", ["Auto", "Always", "Never"];
    zone: ZONE, "TimeZone", ["Utc", "Local"];
    multiline: MULTILINE, "Multiline", ["Escape", "Indent"];
    names: NAMES, "ArchiveNames", ["Times", "Numbers"];
    compression: COMPRESSION, "compression", ["Gzip", "Zstd"];
    schema: SCHEMA, "Schema", ["Hestia", "Ecs"];
}

const DURABILITY: Choice = Choice::new(words::SYNC, "Durability", &["Never", "Errors", "Batches"]);

/// One word, or how often.
pub(super) fn sync(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
    let is_span = |said: &LitStr| {
        said.value()
            .trim_start()
            .starts_with(|c: char| c.is_ascii_digit())
    };
    let Some(said) = read::string(argument).filter(is_span) else {
        return DURABILITY.read(setting, argument, errors);
    };
    let span = match read::parsed(setting, argument, errors, parse_duration) {
        Some(span) => span,
        None => return Vec::new(),
    };
    if let Err(wrong) = limits::check_sync(span) {
        errors.at(said, wrong);
        return Vec::new();
    }
    read::said(Some(Value::Made {
        by: &["Durability", "Every"],
        arguments: vec![Value::Duration(span)],
        calls: Vec::new(),
    }))
}

const FOLDING: Choice = Choice::new(words::FOLDING, "Folding", &["All"]);

/// `true`, `false` or one word.
pub(super) fn folding(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
    match read::boolean(argument) {
        Some(on) => vec![vec![Value::Bool(on)]],
        None => FOLDING.read(setting, argument, errors),
    }
}

const SIGNALS: Choice = Choice::new(
    words::SIGNAL,
    "Signal",
    &["Terminate", "Interrupt", "HangUp"],
);

/// One signal, or an array of them: one call each.
pub(super) fn signals(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
    let arguments::Value::Expr(Expr::Array(ExprArray { elems, .. })) = &argument.value else {
        return SIGNALS.read(setting, argument, errors);
    };
    let mut signals = Vec::new();
    for said in elems {
        match read::literal(said) {
            Some(Lit::Str(said)) => signals.extend(SIGNALS.find(said, errors)),
            _ => return read::wrong(setting, argument, errors),
        }
    }
    signals.into_iter().map(|signal| vec![signal]).collect()
}
