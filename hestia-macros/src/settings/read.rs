//! One value each: literals are read, other expressions passed on where that is allowed.

use hestia_grammar::{Directives, LevelFilter, ParseError, parse_duration, parse_size};
use syn::{Expr, ExprArray, ExprLit, Lit, LitInt, LitStr, UnOp};

use super::{Said, Setting, Value, calls, setting, twice, word};
use crate::arguments::{self, Argument};
use crate::error::{Errors, in_string};

/// Text, or an expression that makes it.
pub(super) fn text(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
    let said = match &argument.value {
        arguments::Value::Expr(said) if may_be_text(said) => said.clone(),
        _ => return wrong(setting, argument, errors),
    };
    vec![vec![Value::Expr(said)]]
}

/// A path, or an expression that makes one.
pub(super) fn path(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
    if let Some(path) = string(argument)
        && path.value().is_empty()
    {
        errors.at(path, format!("`{}` is empty; name a path", setting.key));
        return Vec::new();
    }
    text(setting, argument, errors)
}

/// The path of the operator's file, by way of a name that only the feature has.
pub(super) fn config(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
    let paths = path(setting, argument, errors).into_iter();
    let checked = paths.map(|path| {
        vec![Value::Made {
            by: &["config", "path"],
            arguments: path,
            calls: Vec::new(),
        }]
    });
    checked.collect()
}

pub(super) fn bool_or_path(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
    match boolean(argument) {
        Some(on) => vec![vec![Value::Bool(on)]],
        None => path(setting, argument, errors),
    }
}

/// Any expression that is no literal, or an array of them for one call each.
pub(super) fn list(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
    let items: Vec<Expr> = match &argument.value {
        arguments::Value::Expr(Expr::Array(ExprArray { elems, .. })) => {
            elems.iter().cloned().collect()
        }
        arguments::Value::Expr(said) => vec![said.clone()],
        _ => return wrong(setting, argument, errors),
    };
    if items.iter().any(|item| literal(item).is_some()) {
        return wrong(setting, argument, errors);
    }
    let calls = items.into_iter().map(|item| vec![Value::Expr(item)]);
    calls.collect()
}

/// One expression that is no literal.
pub(super) fn expr(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
    match &argument.value {
        arguments::Value::Expr(said) if literal(said).is_none() => {
            vec![vec![Value::Expr(said.clone())]]
        }
        _ => wrong(setting, argument, errors),
    }
}

pub(super) fn bool(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
    match boolean(argument) {
        Some(on) => vec![vec![Value::Bool(on)]],
        None => wrong(setting, argument, errors),
    }
}

/// By path: where the feature is missing, the compiler names it.
pub(super) fn tracing(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
    let named = |on| if on { "ON" } else { "OFF" };
    match boolean(argument) {
        Some(on) => vec![vec![Value::Variant("tracing", named(on))]],
        None => wrong(setting, argument, errors),
    }
}

pub(super) fn directives(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
    let Some(said) = string(argument) else {
        return wrong(setting, argument, errors);
    };
    if said.value().trim().is_empty() {
        return wrong(setting, argument, errors);
    }
    match Directives::parse(&said.value()) {
        Ok(directives) => vec![vec![Value::Directives(directives)]],
        Err(mistakes) => {
            for mistake in mistakes {
                errors.push(in_string(&said, &mistake));
            }
            Vec::new()
        }
    }
}

/// The own level of an output.
pub(super) fn level(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
    let level = parsed(setting, argument, errors, LevelFilter::parse);
    said(level.map(|level| Value::Variant("LevelFilter", variant(level))))
}

pub(super) fn duration(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
    said(parsed(setting, argument, errors, parse_duration).map(Value::Duration))
}

pub(super) fn size(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
    let bytes = match value_literal(argument) {
        Some(Lit::Int(bytes)) => number(setting, bytes, errors),
        _ => parsed(setting, argument, errors, parse_size),
    };
    said(bytes.map(Value::Number))
}

/// A number without a fraction; there is none below zero, which would be an expression.
pub(super) fn number(setting: &Setting, said: &LitInt, errors: &mut Errors) -> Option<u64> {
    let number = said.base10_parse().ok();
    if number.is_none() {
        let digits = said.base10_digits();
        let takes = takes(setting);
        errors.at(said, format!("`{digits}` is too large; {takes}"));
    }
    number
}

/// `"block"`, `"drop_newest"`, or `(drop_below = "warn")`.
pub(super) fn overflow(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
    match &argument.value {
        arguments::Value::Group(inner) if !inner.is_empty() => calls(inner, &DROP_BELOW, errors)
            .into_iter()
            .map(|call| call.arguments)
            .collect(),
        _ => word::overflow(setting, argument, errors),
    }
}

pub(super) const DROP_BELOW: [Setting; 1] = [setting(
    "drop_below",
    "the least level that waits, in a string",
    r#"drop_below = "warn""#,
    drop_below,
)];

fn drop_below(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
    let least = match parsed(setting, argument, errors, LevelFilter::parse) {
        None => return Vec::new(),
        Some(LevelFilter::Off) => {
            errors.at_span(
                argument.key.span,
                r#"no record has the level `off`; to drop records of all levels, say `overflow = "drop_newest"`"#,
            );
            return Vec::new();
        }
        Some(least) => Value::Variant("Level", variant(least)),
    };
    vec![vec![Value::Made {
        by: &["Overflow", "DropBelow"],
        arguments: vec![least],
        calls: Vec::new(),
    }]]
}

/// `metadata(key = value, …)`: one call each.
pub(super) fn metadata(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
    let arguments::Value::Group(entries) = &argument.value else {
        return wrong(setting, argument, errors);
    };
    let mut keys: Vec<String> = Vec::new();
    let mut calls = Vec::new();
    for Argument { key, value } in entries {
        let arguments::Value::Expr(value) = value else {
            let text = &key.text;
            errors.at_span(
                key.span,
                format!("`{text}` takes a value: `{text} = \"…\"`"),
            );
            continue;
        };
        if keys.contains(&key.text) {
            errors.at_span(key.span, twice(&key.text));
            continue;
        }
        keys.push(key.text.clone());
        calls.push(vec![
            Value::Text(key.text.clone()),
            Value::Expr(value.clone()),
        ]);
    }
    calls
}

/// The one call with this argument, if it could be read.
pub(super) fn said(value: Option<Value>) -> Said {
    value.into_iter().map(|value| vec![value]).collect()
}

/// The name of the variant in the `log` crate.
pub(super) fn variant(level: LevelFilter) -> &'static str {
    match level {
        LevelFilter::Off => "Off",
        LevelFilter::Error => "Error",
        LevelFilter::Warn => "Warn",
        LevelFilter::Info => "Info",
        LevelFilter::Debug => "Debug",
        LevelFilter::Trace => "Trace",
    }
}

/// The value is of another kind than the key takes.
pub(super) fn wrong(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
    let message = takes(setting);
    match &argument.value {
        arguments::Value::Expr(said) => errors.at(said, message),
        _ => errors.at_span(argument.key.span, message),
    }
    Vec::new()
}

/// What the key takes, in a sentence.
fn takes(setting: &Setting) -> String {
    let Setting {
        key,
        takes,
        example,
        ..
    } = setting;
    format!("`{key}` takes {takes}, such as `{example}`")
}

/// A string that a parser of the grammar understands.
pub(super) fn parsed<T>(
    setting: &Setting,
    argument: &Argument,
    errors: &mut Errors,
    parse: fn(&str) -> Result<T, ParseError>,
) -> Option<T> {
    let Some(said) = string(argument) else {
        wrong(setting, argument, errors);
        return None;
    };
    match parse(&said.value()) {
        Ok(value) => Some(value),
        Err(mistake) => {
            errors.push(in_string(&said, &mistake));
            None
        }
    }
}

pub(super) fn string(argument: &Argument) -> Option<LitStr> {
    match value_literal(argument)? {
        Lit::Str(string) => Some(string.clone()),
        _ => None,
    }
}

pub(super) fn boolean(argument: &Argument) -> Option<bool> {
    match value_literal(argument)? {
        Lit::Bool(on) => Some(on.value),
        _ => None,
    }
}

pub(super) fn value_literal(argument: &Argument) -> Option<&Lit> {
    match &argument.value {
        arguments::Value::Expr(said) => literal(said),
        _ => None,
    }
}

/// The literal that an expression is, also in the invisible brackets of a macro's argument.
pub(super) fn literal(expr: &Expr) -> Option<&Lit> {
    match expr {
        Expr::Lit(ExprLit { lit, .. }) => Some(lit),
        Expr::Group(group) => literal(&group.expr),
        Expr::Paren(paren) => literal(&paren.expr),
        _ => None,
    }
}

/// A string, or something of which only the compiler knows the type.
pub(super) fn may_be_text(expr: &Expr) -> bool {
    match expr {
        Expr::Array(_) | Expr::Closure(_) | Expr::Range(_) | Expr::Repeat(_) | Expr::Tuple(_) => {
            false
        }
        Expr::Unary(unary) => matches!(unary.op, UnOp::Deref(_)),
        _ => literal(expr).is_none_or(|literal| matches!(literal, Lit::Str(_))),
    }
}
