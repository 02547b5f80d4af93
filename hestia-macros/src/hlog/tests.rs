//! What statements are taken for, which mistakes they are told of, and what they expand to. (That expansions
//! compile and do what they should is tested in the package `tests`, and so is where messages point.)

use std::path::Path;
use std::str::FromStr;

use proc_macro2::TokenStream;
use proptest::prelude::*;

use super::parse::{Argument, Capture, Field, Level, Message, Statement};
use super::{Grammar, check, parse, statement};

fn tokens(grammar: Grammar, text: &str) -> TokenStream {
    let front = match grammar {
        Grammar::Hlog | Grammar::Durable => "hestia;",
        Grammar::DropIn => "hestia; info;",
    };
    TokenStream::from_str(&format!("{front} {text}"))
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn parsed(grammar: Grammar, text: &str) -> syn::Result<Statement> {
    let parser = |input: syn::parse::ParseStream<'_>| parse::statement(input, grammar);
    syn::parse::Parser::parse2(parser, tokens(grammar, text))
}

fn hlog(text: &str) -> Statement {
    parsed(Grammar::Hlog, text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn field(field: &Field) -> String {
    let how = match field.capture {
        Capture::Typed => "",
        Capture::Display => "%",
        Capture::Debug => "?",
        Capture::Serde => "serde ",
        Capture::Bytes => "bytes ",
        Capture::Error => "err ",
        Capture::Any(_) => "any ",
    };
    format!("{}={how}{}", field.key.path.join("/"), field.value)
}

fn fields(statement: &Statement) -> Vec<String> {
    statement.fields.iter().map(field).collect()
}

fn arguments(statement: &Statement) -> Vec<String> {
    let arguments = statement.arguments.iter().map(|argument| match argument {
        Argument::Positional(value) => value.to_string(),
        Argument::Named { name, value } => format!("{name}: {value}"),
        Argument::Field(behind) => field(behind),
    });
    arguments.collect()
}

/// All that is said of a statement's mistakes, each in a line.
fn mistakes(grammar: Grammar, text: &str) -> Vec<String> {
    match parsed(grammar, text) {
        Ok(statement) => check::check(&statement)
            .iter()
            .map(ToString::to_string)
            .collect(),
        Err(error) => vec![error.to_string()],
    }
}

#[test]
fn levels_are_words_or_expressions() {
    let level = |text: &str| match hlog(text).level {
        Level::Word(word) => format!("word {word}"),
        Level::Expression {
            tokens,
            is_word: true,
        } => format!("perhaps {tokens}"),
        Level::Expression { tokens, .. } => format!("expression {tokens}"),
    };
    for (text, expected) in [
        ("info, \"x\"", "word info"),
        ("critical, a = 1", "word critical"),
        ("level, \"x\"", "perhaps level"),
        ("inof, \"x\"", "perhaps inof"),
        ("(info), \"x\"", "expression (info)"),
        ("self.level, \"x\"", "expression self . level"),
        ("a == b, \"x\"", "expression a == b"),
        (
            "if a { b } else { c }, \"x\"",
            "expression if a { b } else { c }",
        ),
        ("Level::Info, \"x\"", "expression Level :: Info"),
    ] {
        assert_eq!(level(text), expected, "{text}");
    }
}

#[test]
fn options_come_first() {
    let statement = hlog("info, target: a::b(), logger: &audit, target, \"x\"");
    let options: Vec<_> = statement
        .options
        .iter()
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    assert_eq!(options, ["target a :: b ()", "logger & audit"]);
    assert_eq!(fields(&statement), ["target=target"]);
}

#[test]
fn limits_are_options_unless_a_modifier_makes_them_keys() {
    let limits = |text: &str| {
        let statement = hlog(text);
        let limits = statement.limits.iter();
        let limits: Vec<_> = limits
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        (limits.join(", "), fields(&statement).join(", "))
    };
    for (text, expected, keys) in [
        (
            "info, every: 5s, by: (a, b), \"x\"",
            "every 5s, by (a , b)",
            "",
        ),
        ("info, first: n, first = 1, \"x\"", "first n", "first=1"),
        (
            "info, first:serde, by:% = x, \"x\"",
            "",
            "first=serde first, by=%x",
        ),
        (
            "info, by:?, every:err = x, \"x\"",
            "",
            "by=?by, every=err x",
        ),
        (
            "info, by: (err), sample: debug(), \"x\"",
            "by (err), sample debug ()",
            "",
        ),
        ("info, by: err == x, \"x\"", "by err == x", ""),
        ("info, every, sample.by = 1", "", "every=every, sample/by=1"),
    ] {
        assert_eq!(
            limits(text),
            (expected.to_owned(), keys.to_owned()),
            "{text}"
        );
    }
}

#[test]
fn key_values_before_the_message_are_taken_in_all_forms() {
    let statement = hlog(
        "info, a, %b, ?c, r#type, d = 1 + 2, e = %f, g:? = h, i:serde = &j, k:bytes = l, err, m:err = n, \
         \"o p\" = q, r.s.t = u, v:%, type = w, x = y == z, \"message {}\", 1",
    );
    assert_eq!(
        fields(&statement),
        [
            "a=a",
            "b=%b",
            "c=?c",
            "type=r#type",
            "d=1 + 2",
            "e=%f",
            "g=?h",
            "i=serde & j",
            "k=bytes l",
            "err=err err",
            "m=err n",
            "o p=q",
            "r/s/t=u",
            "v=%v",
            "type=w",
            "x=y == z"
        ]
    );
    assert!(matches!(statement.message, Some(Message::Literal(_))));
    assert_eq!(arguments(&statement), ["1"]);
}

#[test]
fn behind_the_message_stand_arguments_and_key_values() {
    let statement = hlog(
        "info, \"{a} {}\", x, a = 1, b = %c, d.e = 2, \"f g\" = 3, h:? = i, j == k, l::m, n.o(), err = p, q = -1",
    );
    assert_eq!(
        arguments(&statement),
        [
            "x", "a: 1", "b=%c", "d/e=2", "f g=3", "h=?i", "j == k", "l :: m", "n . o ()",
            "err: p", "q: - 1"
        ]
    );
    let names = statement.names_in_message();
    let taken = |name: &str| names.takes(&syn::Ident::new(name, proc_macro2::Span::call_site()));
    assert!(taken("a") && !taken("b") && !taken("err"));
}

#[test]
fn a_message_may_be_made_by_a_macro() {
    for text in [
        "info, concat!(\"a\", \"b\"), 1",
        "info, x = 1, std::concat!(\"a\")",
        "info, m! { x }",
    ] {
        assert!(
            matches!(hlog(text).message, Some(Message::Macro(_))),
            "{text}"
        );
    }
    // `!=` is no macro.
    assert!(parsed(Grammar::Hlog, "info, a != b").is_err());
}

#[test]
fn the_grammar_of_the_log_crate_has_a_semicolon() {
    let drop_in = |text: &str| {
        parsed(Grammar::DropIn, text).unwrap_or_else(|error| panic!("{text}: {error}"))
    };
    let statement =
        drop_in("target: \"t\", a = 1, b:% = c, \"d e\" = 2, f; \"{} {x} {}\", g, x = h");
    assert_eq!(fields(&statement), ["a=1", "b=%c", "d e=2", "f=f"]);
    assert_eq!(arguments(&statement), ["g", "x: h"]);
    assert_eq!(fields(&drop_in("a, b = 2")), ["a=a", "b=2"]);
    // What stands behind the message is for the message, whether its string names it or not.
    let names = drop_in("\"{}\", x = 1").names_in_message();
    assert!(names.takes(&syn::Ident::new("x", proc_macro2::Span::call_site())));
}

#[test]
fn all_mistakes_are_told_in_their_order() {
    assert_eq!(
        mistakes(
            Grammar::Hlog,
            "info, target = 1, a = 2, a.b = 3, \"\" = 4, \"x\", a = 5"
        ),
        [
            "`target` is reserved: what the record's target is, is said by `target: …` right after the level; for a key of this name write `\"target\" = …`",
            "`a` cannot be a value and, because of `a.b`, an object",
            "a key needs a name",
            "the key `a` is there already: each key stands once",
        ]
    );
}

#[test]
fn keys_that_only_look_alike_do_not_clash() {
    for text in [
        "info, a.b = 1, a.c = 2, a.d.e = 3",
        "info, a.b = 1, \"a.b\" = 2",
        "info, a = 1, \"A\" = 2, aa = 3",
        "info, \"target\" = 1, a.target = 2",
        "info, a = 1, \"{a}\", a = 2",
    ] {
        assert_eq!(mistakes(Grammar::Hlog, text), [""; 0], "{text}");
    }
}

#[test]
fn broken_statements_still_evaluate_their_values() {
    let expanded = statement(
        tokens(Grammar::Hlog, "info, a = b, a = c, \"{}\", d"),
        Grammar::Hlog,
    );
    let expanded = expanded.to_string();
    assert!(expanded.contains("compile_error"), "{expanded}");
    assert!(expanded.contains("if false"), "{expanded}");
    for value in ["& b", "& c", "& d"] {
        assert!(expanded.contains(value), "{expanded}");
    }
}

/// Statements and what they expand to, kept beside the other golden files; `HESTIA_BLESS=1` writes them.
fn golden(name: &str, grammar: Grammar, text: &str) {
    let expanded = statement(tokens(grammar, text), grammar);
    let function = syn::parse2(quote::quote!(fn statement() { #expanded }));
    let file = function.map(|function| syn::File {
        shebang: None,
        attrs: Vec::new(),
        items: vec![function],
    });
    let file = file.unwrap_or_else(|error| panic!("{text}: {error}\n{expanded}"));
    let call = match grammar {
        Grammar::Hlog => format!("hlog!({text})"),
        Grammar::Durable => format!("durable!({text})"),
        Grammar::DropIn => format!("info!({text})"),
    };
    let expanded = format!("// {call};\n{}", prettyplease::unparse(&file));
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/golden/expansions")
        .join(name)
        .with_extension("rs");
    if std::env::var_os("HESTIA_BLESS").is_some() {
        std::fs::write(&path, &expanded).expect("the golden file can be written");
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(expanded, golden, "{}", path.display());
}

#[test]
fn golden_expansions_are_as_they_were() {
    golden("constant", Grammar::Hlog, "info, \"ready\"");
    golden(
        "arguments",
        Grammar::Hlog,
        "info, \"{name} took {:.1} of {:>width$}\", elapsed, limit, width = 9",
    );
    golden(
        "fields",
        Grammar::Hlog,
        "level, target: target, user_id, req.method = \"GET\", err = &e, req.path = %path, password",
    );
    golden(
        "durable",
        Grammar::Durable,
        "info, within: limit, user_id = 5, \"paid\"",
    );
    golden(
        "limited",
        Grammar::Hlog,
        "warn, target: target, every: 1.5h, first: 3, by: user, user, \"refused\"",
    );
    golden("drop_in", Grammar::DropIn, "user_id = 5; \"hello {name}\"");
}

/// Tokens that statements are made of, in any order.
fn statements() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("info"),
        Just("level"),
        Just(","),
        Just(","),
        Just(","),
        Just(";"),
        Just("target:"),
        Just("logger:"),
        Just("every:"),
        Just("5s"),
        Just("first:"),
        Just("sample:"),
        Just("by:"),
        Just("="),
        Just("="),
        Just("=="),
        Just("key"),
        Just("key"),
        Just("a.b"),
        Just("."),
        Just(":"),
        Just("::"),
        Just("%"),
        Just("?"),
        Just("&"),
        Just("serde"),
        Just("bytes"),
        Just("err"),
        Just("5"),
        Just("'c'"),
        Just("\"x\""),
        Just("\"{}\""),
        Just("\"{key}\""),
        Just("\"{\""),
        Just("concat!(\"a\")"),
        Just("!"),
        Just("(1, 2)"),
        Just("{ x }"),
        Just("|x| x"),
        Just("r#type"),
        Just("type"),
        Just("self"),
        Just("_"),
        Just("return"),
        Just("..="),
        Just("-"),
        Just("<"),
        Just("#"),
        Just("$"),
        Just("'a"),
        Just("\"{:>1$}\""),
    ];
    proptest::collection::vec(part, 0..16).prop_map(|parts| parts.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// A statement or a mistake comes out, and never a panic.
    #[test]
    fn any_tokens_are_a_statement_or_a_mistake(text in statements(), with_level in any::<bool>()) {
        for grammar in [Grammar::Hlog, Grammar::DropIn, Grammar::Durable] {
            let text = if with_level && grammar != Grammar::DropIn { format!("info, {text}") } else { text.clone() };
            let expanded = statement(tokens(grammar, &text), grammar);
            prop_assert!(!expanded.is_empty(), "{}", text);
        }
    }
}
