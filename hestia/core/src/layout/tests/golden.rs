//! Lines as they were agreed on: `tests/golden/<layout>/<record>`, next to the crate.
//!
//! After a change that is meant, run the tests once with `HESTIA_BLESS=1` and look at the difference.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Sample, Tree};
use crate::layout::{ConsoleLayout, JsonLayout, Layout, Multiline, Schema, Style, TextLayout};
use crate::level::{Level, Severity};

/// The folder of the workspace; a crate that was unpacked alone does not have it.
fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: there is no {}", folder.display());
    None
}

fn check(layout: &str, file: &str, lines: &str) {
    let Some(folder) = folder() else { return };
    let path = folder.join(layout).join(file);
    if std::env::var_os("HESTIA_BLESS").is_some() {
        fs::create_dir_all(folder.join(layout)).unwrap();
        fs::write(&path, lines).unwrap();
    }
    let expected =
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(lines, expected, "{} says otherwise", path.display());
}

/// The records that every layout is shown, by name.
fn samples() -> [(&'static str, Sample); 7] {
    [
        ("usual", Sample::usual()),
        ("bare", Sample::bare()),
        ("severities", Sample::usual()),
        ("values", values()),
        ("hostile", hostile()),
        ("multiline", multiline()),
        ("error", error()),
    ]
}

/// One line, or for `severities` one of each.
fn lines(name: &str, sample: &Sample, layout: &mut impl Layout) -> String {
    if name != "severities" {
        return sample.line(layout);
    }
    let levels = [
        Level::Error,
        Level::Warn,
        Level::Info,
        Level::Debug,
        Level::Trace,
    ];
    let severities = [Severity::Critical]
        .into_iter()
        .chain(levels.map(Severity::Level));
    severities
        .map(|severity| {
            let sample = Sample {
                severity,
                ..sample.clone()
            };
            sample.line(layout)
        })
        .collect()
}

/// Checks the records named against `<folder>/<prefix><record>.<extension>`.
fn check_some(
    folder: &str,
    prefix: &str,
    extension: &str,
    names: &[&str],
    layout: &mut impl Layout,
) {
    for (name, sample) in samples().iter().filter(|(name, _)| names.contains(name)) {
        let file = format!("{prefix}{name}.{extension}");
        check(folder, &file, &lines(name, sample, layout));
    }
}

fn check_all(folder: &str, extension: &str, layout: &mut impl Layout) {
    let names = samples().map(|(name, _)| name);
    check_some(folder, "", extension, &names, layout);
}

fn values() -> Sample {
    let cart = Tree::Map(vec![
        (
            "items".to_owned(),
            Tree::Seq(vec![Tree::U64(1), Tree::text("two words"), Tree::Null]),
        ),
        ("total".to_owned(), Tree::F64(9.5)),
        ("total".to_owned(), Tree::F64(19.0)),
    ]);
    let fields = [
        ("null", Tree::Null),
        ("yes", Tree::Bool(true)),
        ("max", Tree::U64(u64::MAX)),
        ("least", Tree::I128(i128::MIN)),
        ("whole", Tree::F64(1.0)),
        ("single", Tree::F32(0.1)),
        ("huge", Tree::F64(1e300)),
        ("nan", Tree::F64(f64::NAN)),
        ("initial", Tree::Char('x')),
        ("word", Tree::text("eu-1")),
        ("number_like", Tree::text("5")),
        ("sentence", Tree::text("two words")),
        ("quotes", Tree::text(r#"C:\new "x""#)),
        ("path", Tree::text(r"C:\new")),
        ("empty", Tree::text("")),
        ("bytes", Tree::Bytes(vec![0, 1, 254, 255])),
        ("cart", cart),
        ("no items", Tree::Seq(Vec::new())),
    ];
    Sample {
        message: "every kind of value".to_owned(),
        fields: fields.map(|(key, value)| (key.to_owned(), value)).into(),
        trace: None,
        ..Sample::usual()
    }
}

fn hostile() -> Sample {
    let mut sample = Sample {
        application: "bill ing".to_owned(),
        target: "db\u{202e}txt".to_owned(),
        module: Some("billing\n::db".to_owned()),
        file: Some("my src/db.rs".to_owned()),
        thread_name: Some("worker \u{1b}[31m1".to_owned()),
        message: "done\n2026-03-06T20:40:23.286Z INFO  billing forged\r\u{1b}[2J\u{85}\u{2028}\"\\"
            .to_owned(),
        fields: vec![
            (
                "level".to_owned(),
                Tree::text("INFO\"}\n{\"level\":\"TRACE"),
            ),
            ("a=b {\"}".to_owned(), Tree::text("x\u{200b}y\u{e0041}")),
            ("message".to_owned(), Tree::text("\u{9b}31m\u{2066}")),
        ],
        ..Sample::usual()
    };
    sample.facts.hostname = Some("host\t1".to_owned());
    sample.facts.environment = "prod\u{7f}".to_owned();
    sample
}

fn multiline() -> Sample {
    Sample {
        message: "query failed:\n  select 1\r\n\nat \u{1b}[1mline 3\n".to_owned(),
        trace: None,
        ..Sample::usual()
    }
}

fn error() -> Sample {
    let chain = ["payment failed", "connection refused", "os error 111"].map(Tree::text);
    Sample {
        severity: Severity::Level(Level::Error),
        target: "audit".to_owned(),
        message: "cannot charge".to_owned(),
        fields: vec![
            ("order".to_owned(), Tree::U64(7)),
            ("err".to_owned(), Tree::Seq(chain.into())),
        ],
        ..Sample::usual()
    }
}

#[test]
fn text_lines_are_as_agreed() {
    check_all("text", "log", &mut TextLayout::new());
}

#[test]
fn indented_text_lines_are_as_agreed() {
    let mut layout = TextLayout::new().multiline(Multiline::Indent);
    check_some(
        "text",
        "indent_",
        "log",
        &["usual", "hostile", "multiline"],
        &mut layout,
    );
}

#[test]
fn pattern_lines_are_as_agreed() {
    let pattern = "{time:%d %b %H:%M:%S%.3f} [{level:^9}] {target:>14.14} {message:.12} ({metadata.user_id:0>3}) {{{metadata}}}";
    let mut layout = TextLayout::pattern(pattern).unwrap();
    check_some(
        "text",
        "pattern_",
        "log",
        &["usual", "bare", "severities", "hostile"],
        &mut layout,
    );
}

#[test]
fn json_lines_are_as_agreed() {
    check_all("json", "jsonl", &mut JsonLayout::new(Schema::Hestia));
}

#[test]
fn ecs_lines_are_as_agreed() {
    check_all("ecs", "jsonl", &mut JsonLayout::new(Schema::Ecs));
}

#[test]
fn pretty_console_lines_are_as_agreed() {
    let names = ["usual", "bare", "values", "hostile", "multiline", "error"];
    check_some(
        "console",
        "pretty_",
        "log",
        &names,
        &mut ConsoleLayout::new(Style::Pretty),
    );
}

#[test]
fn coloured_console_lines_are_as_agreed() {
    let names = ["bare", "severities", "hostile"];
    let mut layout = ConsoleLayout::new(Style::Pretty).color(true);
    check_some("console", "color_", "log", &names, &mut layout);
}

#[test]
fn compact_console_lines_are_as_agreed() {
    let names = ["severities", "bare", "multiline"];
    check_some(
        "console",
        "compact_",
        "log",
        &names,
        &mut ConsoleLayout::new(Style::Compact),
    );
}

#[test]
fn json_on_the_console_is_the_json_of_the_file_and_never_coloured() {
    for (_, sample) in samples() {
        let mut console = ConsoleLayout::new(Style::Json)
            .color(true)
            .multiline(Multiline::Indent);
        assert_eq!(
            sample.line(&mut console),
            sample.line(&mut JsonLayout::default())
        );
    }
}
