use super::*;
use crate::error::assert_well_formed;
use proptest::prelude::*;

fn parse(text: &str) -> Pattern {
    Pattern::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn error(text: &str) -> ParseError {
    Pattern::parse(text).unwrap_err()
}

fn literal(text: &str) -> Piece {
    Piece::Literal(text.to_owned())
}

#[test]
fn literals_and_fields_are_read_in_order() {
    let pattern = parse("{time} {level:<5.4}| {metadata.user_id} é");
    let [
        Piece::Field(time),
        space,
        Piece::Field(level),
        bar,
        Piece::Field(key),
        end,
    ] = &pattern.pieces[..]
    else {
        panic!("{pattern:?}");
    };
    assert_eq!(
        (&time.name, time.span.clone()),
        (&FieldName::Time(None), 0..6)
    );
    assert_eq!(
        (space, bar, end),
        (&literal(" "), &literal("| "), &literal(" é"))
    );
    assert_eq!(
        (&level.name, level.span.clone()),
        (&FieldName::Level, 7..19)
    );
    assert_eq!((level.spec.width, level.spec.max_width), (5, Some(4)));
    assert_eq!(key.name, FieldName::Key("user_id".to_owned()));
}

#[test]
fn a_time_takes_a_strftime_string() {
    let pattern = parse("{time:%Y-%m-%d %H:%M:%S%.3f}");
    let [Piece::Field(field)] = &pattern.pieces[..] else {
        panic!("{pattern:?}");
    };
    let format = TimeFormat::parse("%F %T.%3f").unwrap();
    assert_eq!(field.name, FieldName::Time(Some(format)));
    assert_eq!(field.spec, FieldSpec::default());
    assert_eq!(pattern, parse("{timestamp:%F %T%.3f}"));
}

#[test]
fn doubled_braces_are_text() {
    assert_eq!(parse("{{}}").pieces, [literal("{}")]);
    assert_eq!(parse("{{{level}}}").to_string(), "{{{level}}}");
    assert_eq!(parse("a{{b}}c").pieces, [literal("a{b}c")]);
    assert!(parse("").pieces.is_empty());
}

#[test]
fn white_space_around_a_name_and_an_empty_spec_do_not_matter() {
    assert_eq!(
        parse("{ level }{level:}{time:}"),
        parse("{level}{level}{time}")
    );
}

#[test]
fn an_unknown_field_points_at_its_name() {
    let error = error("{time} { lvel :<5}");
    assert_eq!((error.span(), error.suggestion()), (9..13, Some("level")));
    assert!(error.message().starts_with("unknown field `lvel`"));
}

#[test]
fn braces_must_pair() {
    for (text, span, brace) in [
        ("a {level", 2..3, "`{`"),
        ("{level {message}", 0..1, "`{`"),
        ("{", 0..1, "`{`"),
        ("{{{", 2..3, "`{`"),
        ("a } b", 2..3, "`}`"),
        ("{level}}", 7..8, "`}`"),
    ] {
        let error = error(text);
        assert_eq!(error.span(), span, "{text}");
        assert!(error.message().starts_with(brace), "{text}");
    }
}

#[test]
fn a_field_needs_a_name() {
    for text in ["{}", "{ }", "{:<5}"] {
        assert!(
            error(text).message().starts_with("no field named"),
            "{text}"
        );
    }
}

#[test]
fn errors_in_specs_point_into_the_pattern() {
    assert_eq!(error("é {level:?}").span(), 10..11);
    assert_eq!(error("{level:<2000}").span(), 8..12);
    assert_eq!(error("{time:%H:%Q}").span(), 9..11);
    assert_eq!(error("{time:local}").span(), 6..11);
}

#[test]
fn line_breaks_are_refused() {
    for line_break in ["\n", "\r\n", "\u{85}", "\u{2028}"] {
        let error = error(&format!("{{message}}{line_break}"));
        assert_eq!(error.span().start, 9);
        assert!(error.message().starts_with("line break"));
    }
    assert!(Pattern::parse("{level}\t{message}").is_ok());
}

#[test]
fn equality_ignores_the_place() {
    assert_eq!(parse("{ level }"), parse("{level}"));
    assert_ne!(parse("{level:5}"), parse("{level:6}"));
}

/// Text in which the characters that mean something are frequent.
fn likely_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-zé ]{1,4}",
        "[{}:%<>^.\n]{1,3}",
        "\\{(level|message|metadata|metadata\\.[a-z.]{1,4}|app|line)(:[*é<]?[<>^]?[1-9]{0,4}(\\.[0-9]{1,4})?)?\\}",
        "\\{time(:[a-zT:.-]?%[YmdHMSFTR%zf](%\\.3f)?)?\\}",
        Just("{{".to_owned()),
        Just("}}".to_owned()),
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_with_a_good_error(text in any::<String>()) {
        if let Err(error) = Pattern::parse(&text) {
            assert_well_formed(&text, &error);
        }
    }

    #[test]
    fn what_is_written_is_read_back(text in likely_text()) {
        match Pattern::parse(&text) {
            Ok(pattern) => prop_assert_eq!(Pattern::parse(&pattern.to_string()), Ok(pattern)),
            Err(error) => assert_well_formed(&text, &error),
        }
    }

    #[test]
    fn text_without_braces_is_one_literal(text in "[^{}\n\r\x0b\x0c\u{85}\u{2028}\u{2029}]{1,20}") {
        prop_assert_eq!(parse(&text).pieces, [literal(&text)]);
    }

    #[test]
    fn pieces_are_never_empty_nor_two_literals_in_a_row(text in likely_text()) {
        let pieces = Pattern::parse(&text).map(|pattern| pattern.pieces).unwrap_or_default();
        let is_literal = |piece: &Piece| matches!(piece, Piece::Literal(_));
        prop_assert!(!pieces.contains(&literal("")));
        prop_assert!(!pieces.windows(2).any(|pair| pair.iter().all(is_literal)));
    }
}
