//! What must not be in the log.

use hestia_grammar::{
    MAX_SECRET_PATHS, ParseError, check_secret_key, parse_secret_path, parse_secret_pattern,
    weight_of_secret_path,
};
use proc_macro2::Ident;
use syn::{Expr, ExprArray, Lit, LitStr};

use super::{Call, Said, Setting, Value, calls, read, setting};
use crate::arguments::{self, Argument};
use crate::error::{Errors, in_string};

/// Each item of a list stands for a call of its own.
pub(super) const REDACT: [Setting; 6] = [
    setting("keys", LIST, r#"keys = ["ssn", "iban"]"#, keys),
    setting("except", LIST, r#"except = ["page_token"]"#, keys),
    setting("paths", LIST, r#"paths = ["user.card.number"]"#, paths),
    setting(
        "patterns",
        "names of patterns in a list",
        r#"patterns = ["bearer", "jwt", "aws_key", "card", "email", "url_password"]"#,
        patterns,
    ),
    setting(
        "expressions",
        "regular expressions in a list",
        r#"expressions = ["session=([a-z]+)"]"#,
        expressions,
    ),
    setting("list", "true or false", "list = false", read::bool),
];

const LIST: &str = "texts in a list";

/// `true`, `false`, `(keys = […], …)`, or an expression that makes a redaction.
pub(super) fn redact(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
    if let Some(on) = read::boolean(argument) {
        return vec![vec![Value::Bool(on)]];
    }
    let inner = match &argument.value {
        arguments::Value::Group(inner) if !inner.is_empty() => inner,
        _ => return read::expr(setting, argument, errors),
    };
    let mut calls = calls(inner, &REDACT, errors);
    if weight_of_paths(&calls) > MAX_SECRET_PATHS {
        let message = format!(
            "there may be {MAX_SECRET_PATHS} paths, where each `*` doubles what a path counts for"
        );
        errors.at_span(argument.key.span, message);
    }
    for call in &mut calls {
        for (key, method) in [
            ("keys", "key"),
            ("paths", "path"),
            ("expressions", "pattern"),
        ] {
            if call.method == key {
                call.method = Ident::new(method, call.method.span());
            }
        }
    }
    vec![vec![Value::Made {
        by: &["Redaction", "default"],
        arguments: Vec::new(),
        calls,
    }]]
}

fn weight_of_paths(calls: &[Call]) -> usize {
    let paths = calls.iter().filter(|call| call.method == "paths");
    let weights = paths
        .flat_map(|call| &call.arguments)
        .map(|path| match path {
            Value::Text(path) => weight_of_secret_path(path),
            _ => 1,
        });
    weights.fold(0, usize::saturating_add)
}

fn keys(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
    list(setting, argument, errors, |key| {
        check_secret_key(key).map(|()| Value::Text(key.to_owned()))
    })
}

fn paths(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
    list(setting, argument, errors, |path| {
        parse_secret_path(path).map(|_| Value::Text(path.to_owned()))
    })
}

/// In the order of their names in the grammar.
const PATTERNS: [&str; 6] = ["Bearer", "Jwt", "AwsKey", "Card", "Email", "UrlPassword"];

fn patterns(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
    list(setting, argument, errors, |name| {
        parse_secret_pattern(name).map(|place| Value::Made {
            by: &["only"],
            arguments: vec![Value::Variant("SecretPattern", PATTERNS[place])],
            calls: Vec::new(),
        })
    })
}

fn expressions(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
    list(setting, argument, errors, |expression| {
        check_expression(expression).map(|()| Value::Text(expression.to_owned()))
    })
}

#[cfg(feature = "regex")]
fn check_expression(expression: &str) -> Result<(), ParseError> {
    use regex_syntax::{Error, parse};

    let whole = 0..expression.len();
    let read = parse(expression).map_err(|error| {
        let (what, span) = match &error {
            Error::Parse(error) => (error.kind().to_string(), error.span()),
            Error::Translate(error) => (error.kind().to_string(), error.span()),
            other => return ParseError::new(other.to_string(), whole.clone()),
        };
        let what = format!("no regular expression: {what}");
        ParseError::new(what, span.start.offset..span.end.offset)
    })?;
    if read.properties().minimum_len() == Some(0) {
        let what = "this regular expression matches where nothing is; say what has to be there";
        return Err(ParseError::new(what, whole));
    }
    Ok(())
}

#[cfg(not(feature = "regex"))]
fn check_expression(expression: &str) -> Result<(), ParseError> {
    let what = "regular expressions need the feature `regex` of hestia";
    Err(ParseError::new(what, 0..expression.len()))
}

/// One call for each text of an array.
fn list(
    setting: &Setting,
    argument: &Argument,
    errors: &mut Errors,
    read_one: impl Fn(&str) -> Result<Value, ParseError>,
) -> Said {
    let arguments::Value::Expr(Expr::Array(ExprArray { elems, .. })) = &argument.value else {
        return read::wrong(setting, argument, errors);
    };
    let texts: Option<Vec<&LitStr>> = elems.iter().map(text).collect();
    let Some(texts) = texts.filter(|texts| !texts.is_empty()) else {
        return read::wrong(setting, argument, errors);
    };
    let mut calls = Vec::new();
    for text in texts {
        match read_one(&text.value()) {
            Ok(value) => calls.push(vec![value]),
            Err(mistake) => errors.push(in_string(text, &mistake)),
        }
    }
    calls
}

fn text(item: &Expr) -> Option<&LitStr> {
    match read::literal(item)? {
        Lit::Str(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use hestia_grammar::SECRET_PATTERNS;

    use super::*;

    fn mistakes(text: &str) -> Vec<String> {
        let mut errors = Errors::default();
        let arguments = arguments::parse(text.parse().expect("tokens"), &mut errors);
        super::super::check(arguments, &mut errors);
        let errors = errors.into_errors().map(|error| error.to_string());
        errors.collect()
    }

    #[test]
    fn there_are_not_too_many_paths() {
        let said = |count: usize| {
            let paths: Vec<_> = (0..count).map(|n| format!("\"user.key_{n}\"")).collect();
            mistakes(&format!("redact = (paths = [{}])", paths.join(",")))
        };
        assert_eq!(said(128), [""; 0]);
        assert_eq!(
            said(129),
            ["there may be 128 paths, where each `*` doubles what a path counts for"]
        );
    }

    #[cfg(not(feature = "regex"))]
    #[test]
    fn expressions_without_their_feature_are_told_its_name() {
        assert_eq!(
            mistakes(r#"redact = (expressions = ["session=[a-z]+"])"#),
            ["regular expressions need the feature `regex` of hestia"]
        );
    }

    #[test]
    fn each_star_doubles_what_a_path_counts_for() {
        let call = |method: &str, text: &str| Call {
            method: Ident::new(method, proc_macro2::Span::call_site()),
            arguments: vec![Value::Text(text.to_owned())],
        };
        let calls = [
            call("paths", "a.b"),
            call("keys", "x"),
            call("paths", "a.*.b.*"),
        ];
        assert_eq!(weight_of_paths(&calls), 5);
        let stars = vec!["*"; 300].join(".");
        assert_eq!(weight_of_paths(&[call("paths", &stars)]), usize::MAX);
    }

    #[test]
    fn names_and_variants_are_in_one_order() {
        for (name, variant) in SECRET_PATTERNS.iter().zip(PATTERNS) {
            let letters = hestia_grammar::key_letters(variant);
            assert!(hestia_grammar::is_key(name, &letters), "{name}");
        }
    }
}
