//! Settings that are one of a few words, each of which is a variant of an enum of hestia's.

use hestia_grammar::{limits, parse_duration};
use syn::{Expr, ExprArray, Lit, LitStr};

use super::{Said, Setting, Value, read};
use crate::arguments::{self, Argument};
use crate::error::{Errors, unknown};

/// The words of one enum.
struct Words {
    /// For messages.
    noun: &'static str,
    /// The enum's name.
    of: &'static str,
    /// Word and variant.
    words: &'static [(&'static str, &'static str)],
    /// What it is called elsewhere, and the word here.
    elsewhere: &'static [(&'static str, &'static str)],
}

impl Words {
    fn find(&self, said: &LitStr, errors: &mut Errors) -> Option<Value> {
        let text = said.value();
        let named = |(word, _): &&(&str, &str)| *word == text;
        if let Some((_, variant)) = self.words.iter().find(named) {
            return Some(Value::Variant(self.of, variant));
        }
        let elsewhere = self
            .elsewhere
            .iter()
            .find(|(word, _)| word.eq_ignore_ascii_case(&text));
        let message = match elsewhere {
            Some((_, word)) => format!("unknown {} `{text}`; did you mean `{word}`?", self.noun),
            None => {
                let known = self.words.iter().map(|(word, _)| *word);
                unknown(self.noun, &text, &known.collect::<Vec<_>>())
            }
        };
        errors.at(said, message);
        None
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
    ($($function:ident: $noun:literal, $of:literal, [$($word:literal $variant:literal),+], [$($foreign:literal $meant:literal),*];)+) => {$(
        pub(super) fn $function(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
            const WORDS: Words = Words {
                noun: $noun,
                of: $of,
                words: &[$(($word, $variant)),+],
                elsewhere: &[$(($foreign, $meant)),*],
            };
            WORDS.read(setting, argument, errors)
        }
    )+};
}

words! {
    order: "order", "Order", ["strict" "Strict", "relaxed" "Relaxed"], [];
    overflow: "overflow policy", "Overflow", ["block" "Block", "drop_newest" "DropNewest"],
        ["wait" "block", "drop" "drop_newest", "discard" "drop_newest"];
    stream: "stream", "Stream", ["stderr" "Stderr", "stdout" "Stdout"], ["err" "stderr", "out" "stdout"];
    style: "style", "Style", ["pretty" "Pretty", "compact" "Compact", "json" "Json"], [];
    color: "colour choice", "Color", ["auto" "Auto", "always" "Always", "never" "Never"],
        ["yes" "always", "on" "always", "true" "always", "no" "never", "off" "never", "false" "never"];
    zone: "time zone", "TimeZone", ["utc" "Utc", "local" "Local"], ["gmt" "utc", "z" "utc"];
    multiline: "treatment of lines", "Multiline", ["escape" "Escape", "indent" "Indent"], [];
    names: "way of naming archives", "ArchiveNames", ["times" "Times", "numbers" "Numbers"],
        ["time" "times", "date" "times", "dates" "times", "timestamps" "times", "number" "numbers", "index" "numbers"];
    compression: "compression", "compression", ["gzip" "Gzip", "zstd" "Zstd"],
        ["gz" "gzip", "zip" "gzip", "zst" "zstd", "zstandard" "zstd"];
    schema: "schema", "Schema", ["hestia" "Hestia", "ecs" "Ecs"], ["elastic" "ecs", "default" "hestia"];
}

const DURABILITY: Words = Words {
    noun: "time to sync",
    of: "Durability",
    words: &[
        ("never", "Never"),
        ("errors", "Errors"),
        ("batches", "Batches"),
    ],
    elsewhere: &[
        ("no", "never"),
        ("off", "never"),
        ("none", "never"),
        ("false", "never"),
        ("error", "errors"),
        ("batch", "batches"),
        ("always", "batches"),
        ("each", "batches"),
        ("on", "batches"),
        ("true", "batches"),
    ],
};

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

const FOLDING: Words = Words {
    noun: "way of folding",
    of: "Folding",
    words: &[("all", "All")],
    elsewhere: &[("errors", "all"), ("everything", "all")],
};

/// `true`, `false` or one word.
pub(super) fn folding(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
    match read::boolean(argument) {
        Some(on) => vec![vec![Value::Bool(on)]],
        None => FOLDING.read(setting, argument, errors),
    }
}

const SIGNALS: Words = Words {
    noun: "signal",
    of: "Signal",
    words: &[
        ("terminate", "Terminate"),
        ("interrupt", "Interrupt"),
        ("hang_up", "HangUp"),
    ],
    elsewhere: &[
        ("sigterm", "terminate"),
        ("term", "terminate"),
        ("sigint", "interrupt"),
        ("int", "interrupt"),
        ("ctrl-c", "interrupt"),
        ("ctrl_c", "interrupt"),
        ("sighup", "hang_up"),
        ("hup", "hang_up"),
    ],
};

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
