//! Console, text file and JSON file: on, off, in short, or with settings of their own.

use hestia_grammar::{ParseError, Pattern};
use proc_macro2::Span;

use super::{Call, ROTATE, SYNC, Said, Setting, Value, calls, find, read, setting, word};
use crate::arguments::{self, Argument};
use crate::error::{Errors, in_string};

const LEVEL: Setting = setting(
    "level",
    "a level in a string",
    r#"level = "warn""#,
    read::level,
);
const FILTER: Setting = setting(
    "filter",
    "a filter",
    "filter = |record: &hestia::Record<'_>| record.field(\"user_id\").is_some()",
    read::expr,
);
const PATH: Setting = setting("path", "a path", r#"path = "logs/billing.log""#, read::path);

const ZONE: Setting = setting(
    "zone",
    r#""utc" or "local""#,
    r#"zone = "local""#,
    word::zone,
);

pub(super) const CONSOLE: [Setting; 6] = [
    setting(
        "stream",
        r#""stderr" or "stdout""#,
        r#"stream = "stdout""#,
        word::stream,
    ),
    LEVEL,
    setting(
        "style",
        r#""pretty", "compact" or "json""#,
        r#"style = "compact""#,
        word::style,
    ),
    setting(
        "color",
        r#""auto", "always" or "never""#,
        r#"color = "never""#,
        word::color,
    ),
    ZONE,
    FILTER,
];

pub(super) const TEXT: [Setting; 8] = [
    PATH,
    LEVEL,
    ROTATE,
    SYNC,
    setting(
        "pattern",
        "a pattern in a string",
        r#"pattern = "{time} {level:<5} {message}""#,
        pattern,
    ),
    ZONE,
    setting(
        "multiline",
        r#""escape" or "indent""#,
        r#"multiline = "indent""#,
        word::multiline,
    ),
    FILTER,
];

pub(super) const JSON: [Setting; 6] = [
    PATH,
    LEVEL,
    ROTATE,
    SYNC,
    setting(
        "schema",
        r#""hestia" or "ecs""#,
        r#"schema = "ecs""#,
        word::schema,
    ),
    FILTER,
];

/// `"stderr"`, `"stdout"`, `true`, `false` or `(stream = …, …)`.
pub(super) fn console(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
    if let Some(on) = read::boolean(argument) {
        return vec![vec![Value::Bool(on)]];
    }
    match &argument.value {
        arguments::Value::Group(inner) => {
            let mut calls = calls(inner, &CONSOLE, errors);
            let stream = take(&mut calls, &["stream"]).pop();
            let stream = stream.and_then(|mut call| call.arguments.pop());
            vec![vec![console_on(stream.as_ref(), calls)]]
        }
        _ => {
            let streams = word::stream(setting, argument, errors);
            let stream = streams.into_iter().flatten().next();
            read::said(stream.map(|stream| console_on(Some(&stream), Vec::new())))
        }
    }
}

fn console_on(stream: Option<&Value>, calls: Vec<Call>) -> Value {
    let by: &[&str] = match stream {
        Some(Value::Variant(_, "Stdout")) => &["Console", "stdout"],
        _ => &["Console", "stderr"],
    };
    Value::Made {
        by,
        arguments: Vec::new(),
        calls,
    }
}

/// A path, `true`, `false` or `(path = …, …)`.
pub(super) fn text(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
    let inner = match short(setting, argument, &["TextFile", "new"], errors) {
        Ok(inner) => inner,
        Err(short) => return short,
    };
    let mut calls = calls(inner, &TEXT, errors);
    if let Some(layout) = text_layout(take(&mut calls, &["pattern", "zone", "multiline"])) {
        calls.push(layout);
    }
    vec![vec![file(&["TextFile", "new"], &["text_file"], calls)]]
}

/// A path, `true`, `false` or `(path = …, …)`.
pub(super) fn json(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
    let inner = match short(setting, argument, &["JsonFile", "new"], errors) {
        Ok(inner) => inner,
        Err(short) => return short,
    };
    let calls = calls(inner, &JSON, errors);
    vec![vec![file(&["JsonFile", "new"], &["json_file"], calls)]]
}

/// The settings of a file; or, where there are none, what was said in short.
fn short<'a>(
    setting: &Setting,
    argument: &'a Argument,
    new: &'static [&'static str],
    errors: &mut Errors,
) -> Result<&'a [Argument], Said> {
    if let Some(on) = read::boolean(argument) {
        return Err(vec![vec![Value::Bool(on)]]);
    }
    if let arguments::Value::Group(inner) = &argument.value {
        return Ok(inner);
    }
    let paths = read::path(setting, argument, errors).into_iter();
    let files = paths.map(|path| {
        vec![Value::Made {
            by: new,
            arguments: path,
            calls: Vec::new(),
        }]
    });
    Err(files.collect())
}

/// A file with this path, or with its usual one.
fn file(
    new: &'static [&'static str],
    usual: &'static [&'static str],
    mut calls: Vec<Call>,
) -> Value {
    let path = take(&mut calls, &["path"]).pop();
    let (by, arguments) = match path {
        Some(path) => (new, path.arguments),
        None => (usual, Vec::new()),
    };
    Value::Made {
        by,
        arguments,
        calls,
    }
}

/// The call of `layout` that pattern, zone and treatment of lines amount to.
fn text_layout(mut calls: Vec<Call>) -> Option<Call> {
    let method = syn::Ident::new("layout", calls.first()?.method.span());
    let pattern = take(&mut calls, &["pattern"]).pop();
    let (by, arguments): (&[&str], _) = match pattern {
        Some(pattern) => (&["pattern"], pattern.arguments),
        None => (&["TextLayout", "new"], Vec::new()),
    };
    let layout = Value::Made {
        by,
        arguments,
        calls,
    };
    Some(Call {
        method,
        arguments: vec![layout],
    })
}

fn pattern(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
    let Some(said) = read::string(argument) else {
        return read::wrong(setting, argument, errors);
    };
    let text = said.value();
    let read: Result<_, ParseError> = Pattern::parse(&text);
    match read {
        Ok(_) => vec![vec![Value::Text(text)]],
        Err(mistake) => {
            errors.push(in_string(&said, &mistake));
            Vec::new()
        }
    }
}

/// Takes the calls of these methods out.
fn take(calls: &mut Vec<Call>, methods: &[&str]) -> Vec<Call> {
    let is_one = |call: &mut Call| methods.iter().any(|method| call.method == method);
    calls.extract_if(.., is_one).collect()
}

/// Text and JSON in one file would be neither.
pub(super) fn check_paths(calls: &[Call], errors: &mut Errors) {
    let (text, json) = (path_of(calls, "text"), path_of(calls, "json"));
    if let (Some((_, text)), Some((span, json))) = (text, json)
        && text == json
    {
        errors.at_span(
            span,
            "`text` and `json` have one path; give each a file of its own",
        );
    }
}

/// The path of a file, if it is a literal.
fn path_of(calls: &[Call], method: &str) -> Option<(Span, String)> {
    let (_, Value::Made { arguments, .. }) = find(calls, method)? else {
        return None;
    };
    let [Value::Expr(path)] = &arguments[..] else {
        return None;
    };
    match read::literal(path)? {
        syn::Lit::Str(path) => Some((path.span(), path.value())),
        _ => None,
    }
}
