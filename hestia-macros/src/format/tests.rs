//! What is understood of format strings, and that nothing makes the parser panic. That messages come out as
//! `format!` has them is tested where they come out: `tests/tests/statements_format.rs`.

use proptest::prelude::*;

use super::parse::{Count, Piece, Placeholder, Reference, parse};
use super::resolve::{Arguments, Capture, Resolved, resolve};

fn placeholder(string: &str) -> Placeholder {
    match parse(string).as_deref() {
        Some([Piece::Placeholder(placeholder)]) => placeholder.clone(),
        other => panic!("{string}: {other:?}"),
    }
}

fn resolved(string: &str, positional: usize, named: &[&str]) -> Option<Resolved> {
    let named: Vec<String> = named.iter().map(|name| (*name).to_owned()).collect();
    let pieces = parse(string)?;
    resolve(
        &pieces,
        Arguments {
            positional,
            named: &named,
        },
    )
}

/// The template, and the captures as `argument:template[counts]` or `count argument`.
fn summary(string: &str, positional: usize, named: &[&str]) -> (String, Vec<String>) {
    let resolved = resolved(string, positional, named).unwrap_or_else(|| panic!("{string}"));
    let captures = resolved.captures.iter().map(|capture| match capture {
        Capture::Count { argument } => format!("count {argument}"),
        Capture::Value {
            argument,
            template,
            counts,
            at_call,
            ..
        } => {
            let at_call = if *at_call { " at the call" } else { "" };
            format!("{argument}:{template}{counts:?}{at_call}")
        }
    });
    (resolved.template.clone(), captures.collect())
}

#[test]
fn texts_and_braces_are_taken_apart() {
    let text = |text: &str| Piece::Text(text.to_owned());
    assert_eq!(parse(""), Some(vec![]));
    assert_eq!(parse("é \n}}{{"), Some(vec![text("é \n}{")]));
    let next = Piece::Placeholder(placeholder("{}"));
    assert_eq!(
        parse("a{}{{b}}{}"),
        Some(vec![text("a"), next.clone(), text("{b}"), next])
    );
}

#[test]
fn every_part_of_a_spec_is_understood() {
    let parts = |string: &str| {
        let Placeholder {
            argument,
            flags,
            width,
            precision,
            style,
        } = placeholder(string);
        (argument, flags, width, precision, style)
    };
    let name = |name: &str| Reference::Name(name.into());
    let fixed = |digits: &str| Some(Count::Fixed(digits.into()));
    let count = |reference| Some(Count::Argument(reference));
    let flags = |flags: &str| flags.to_owned();
    for (string, expected) in [
        ("{}", (Reference::Next, flags(""), None, None, flags(""))),
        ("{:}", (Reference::Next, flags(""), None, None, flags(""))),
        (
            "{7}",
            (Reference::Position(7), flags(""), None, None, flags("")),
        ),
        (
            "{name:?}",
            (name("name"), flags(""), None, None, flags("?")),
        ),
        (
            "{:+#010x}",
            (Reference::Next, flags("+#0"), fixed("10"), None, flags("x")),
        ),
        (
            "{:}<8}",
            (Reference::Next, flags("}<"), fixed("8"), None, flags("")),
        ),
        (
            "{:{^8}",
            (Reference::Next, flags("{^"), fixed("8"), None, flags("")),
        ),
        (
            "{::>8}",
            (Reference::Next, flags(":>"), fixed("8"), None, flags("")),
        ),
        (
            "{: >8}",
            (Reference::Next, flags(" >"), fixed("8"), None, flags("")),
        ),
        (
            "{: ^}",
            (Reference::Next, flags(" ^"), None, None, flags("")),
        ),
        (
            "{:<<5}",
            (Reference::Next, flags("<<"), fixed("5"), None, flags("")),
        ),
        (
            "{:é^-5}",
            (Reference::Next, flags("é^-"), fixed("5"), None, flags("")),
        ),
        (
            "{:0$}",
            (
                Reference::Next,
                flags(""),
                count(Reference::Position(0)),
                None,
                flags(""),
            ),
        ),
        (
            "{:00$}",
            (
                Reference::Next,
                flags("0"),
                count(Reference::Position(0)),
                None,
                flags(""),
            ),
        ),
        (
            "{:w$.p$e}",
            (
                Reference::Next,
                flags(""),
                count(name("w")),
                count(name("p")),
                flags("e"),
            ),
        ),
        (
            "{0:5.1$}",
            (
                Reference::Position(0),
                flags(""),
                fixed("5"),
                count(Reference::Position(1)),
                flags(""),
            ),
        ),
        (
            "{a:.*?}",
            (
                name("a"),
                flags(""),
                None,
                count(Reference::Next),
                flags("?"),
            ),
        ),
        (
            "{:#X?}",
            (Reference::Next, flags("#"), None, None, flags("X?")),
        ),
        (
            "{:?  }",
            (Reference::Next, flags(""), None, None, flags("?")),
        ),
        (
            "{ :x}",
            (Reference::Next, flags(""), None, None, flags("x")),
        ),
        ("{a :x}", (name("a"), flags(""), None, None, flags("x"))),
        (
            "{größe:größe$}",
            (
                name("größe"),
                flags(""),
                count(name("größe")),
                None,
                flags(""),
            ),
        ),
    ] {
        assert_eq!(parts(string), expected, "{string}");
    }
}

/// What is no string of `std::fmt`, and what is one but is left to the compiler.
#[test]
fn what_is_not_understood_is_left_to_the_compiler() {
    for string in [
        "{",
        "}",
        "{}}",
        "{{}",
        "{:",
        "{a b}",
        "{a.b}",
        "{a:y}",
        "{:>>>}",
        "{:.}x{",
        "{:5}}",
        "{-1}",
        "{_}",
        "{type}",
        "{self}",
        "{r#type}",
        "{:é}",
        "{:.é}",
        "{:$}",
        "{99999999999999999999999}",
        "{0x1}",
        "{:?#}",
        "{a::b}",
        "{ a}",
        "{ 0:?}",
    ] {
        assert_eq!(parse(string), None, "{string}");
    }
}

#[test]
fn what_an_argument_lacks_is_left_to_the_compiler() {
    for (string, positional, named) in [
        ("{}", 0, vec![]),
        ("{1}", 1, vec![]),
        ("{} {}", 1, vec![]),
        ("x", 1, vec![]),
        ("{}", 1, vec!["unused"]),
        ("{:.*}", 1, vec![]),
        ("{:1$}", 1, vec![]),
    ] {
        assert_eq!(resolved(string, positional, &named), None, "{string}");
    }
}

#[test]
fn each_argument_travels_once_under_each_spec() {
    let (template, captures) = summary("{{{a}}} {a} {0:?} {0:?} {0:>5} {}", 1, &["a"]);
    assert_eq!(template, "{{{0}}} {0} {1:?} {1:?} {2:>5} {3}");
    assert_eq!(captures, ["1:{0}[]", "0:{0:?}[]", "0:{0:>5}[]", "0:{0}[]"]);
}

#[test]
fn widths_and_precisions_travel_too() {
    let (template, captures) = summary("{:.*} {:>1$.w$}", 3, &["w"]);
    assert_eq!(template, "{0:.1$} {2:>3$.4$}");
    assert_eq!(
        captures,
        [
            "1:{0:.1$}[0]",
            "count 0",
            "2:{0:>1$.2$}[1, 3]",
            "count 1",
            "count 3"
        ]
    );
}

#[test]
fn variables_come_behind_what_was_passed() {
    let resolved = resolved("{b} {a} {} {b:w$}", 1, &["a"]).expect("all is there");
    assert_eq!(resolved.variables, ["b", "w"]);
    assert_eq!(resolved.template, "{0} {1} {2} {3:4$}");
}

#[test]
fn addresses_are_taken_at_the_call() {
    assert_eq!(summary("{:p}", 1, &[]).1, ["0:{0:p}[] at the call"]);
}

#[test]
fn names_stay_known() {
    let simple = resolved("{user} {:.2} {a:?} {1:.3}", 2, &["a"]).expect("all is there");
    assert_eq!(simple.simple.as_deref(), Some("{user} {:.2} {a:?} {:.3}"));
    assert_eq!(simple.names(), ["user", "", "a"]);
    let printed = resolved("{:w$} {user:>5} {}", 2, &[]).expect("all is there");
    assert_eq!(printed.simple, None);
    assert_eq!(printed.names(), ["", "", "user"]);
    assert_eq!(
        resolved("{}", 1, &[]).expect("it is there").names(),
        [""; 0]
    );
}

/// Strings that look like format strings.
fn format_strings() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("{"),
        Just("}"),
        Just("{}"),
        Just("{{"),
        Just("}}"),
        Just(":"),
        Just("$"),
        Just("."),
        Just("*"),
        Just("?"),
        Just("#"),
        Just("0"),
        Just("17"),
        Just("<"),
        Just("^"),
        Just(">"),
        Just("+"),
        Just("-"),
        Just("x"),
        Just("name"),
        Just("é"),
        Just(" "),
        Just("_"),
        Just("{:"),
        Just("{a:"),
        Just("$}"),
        Just("\u{301}"),
    ];
    proptest::collection::vec(part, 0..24).prop_map(|parts| parts.concat())
}

/// A piece as it would be written.
fn written(piece: &Piece) -> String {
    fn reference(reference: &Reference) -> String {
        match reference {
            Reference::Next => String::new(),
            Reference::Position(position) => position.to_string(),
            Reference::Name(name) => name.clone(),
        }
    }
    fn count(count: &Count) -> String {
        match count {
            Count::Fixed(digits) => digits.clone(),
            Count::Argument(Reference::Next) => "*".to_owned(),
            Count::Argument(other) => format!("{}$", reference(other)),
        }
    }
    match piece {
        Piece::Text(text) => text.replace('{', "{{").replace('}', "}}"),
        Piece::Placeholder(placeholder) => {
            let width = placeholder.width.as_ref().map(count).unwrap_or_default();
            let precision = placeholder.precision.as_ref().map(count);
            let precision = precision
                .map(|count| format!(".{count}"))
                .unwrap_or_default();
            let spec = format!(
                "{}{width}{precision}{}",
                placeholder.flags, placeholder.style
            );
            // A brace behind a lone colon might be a fill.
            let colon = if spec.is_empty() { "" } else { ":" };
            format!("{{{}{colon}{spec}}}", reference(&placeholder.argument))
        }
    }
}

proptest! {
    #[test]
    fn no_string_makes_the_parser_panic(string in any::<String>()) {
        let pieces = parse(&string);
        if let Some(pieces) = pieces {
            let _ = resolve(&pieces, Arguments { positional: 2, named: &[] });
        }
    }

    #[test]
    fn what_is_understood_means_the_same_when_it_is_written_again(string in format_strings()) {
        if let Some(pieces) = parse(&string) {
            let again: String = pieces.iter().map(written).collect();
            prop_assert_eq!(parse(&again), Some(pieces), "{} as {}", string, again);
        }
    }

    #[test]
    fn templates_are_format_strings_themselves(string in format_strings(), positional in 0..4usize) {
        if let Some(resolved) = resolved(&string, positional, &["name"]) {
            let pieces = parse(&resolved.template);
            prop_assert!(pieces.is_some(), "{} became {}", string, resolved.template);
            let places = resolved.captures.len();
            let again = resolve(&pieces.unwrap_or_default(), Arguments { positional: places, named: &[] });
            prop_assert_eq!(again.map(|again| again.variables), Some(Vec::new()));
        }
    }
}
