use super::*;
use crate::error::assert_well_formed;
use proptest::prelude::*;

fn parse(text: &str) -> Directives {
    Directives::parse(text).unwrap_or_else(|errors| panic!("{text:?}: {errors:?}"))
}

/// The only error of `text`.
fn error(text: &str) -> ParseError {
    let mut errors = Directives::parse(text).unwrap_err();
    assert_eq!(errors.len(), 1, "{text:?}: {errors:?}");
    errors.remove(0)
}

#[test]
fn levels_and_targets_are_read() {
    let directives = parse("info,hyper=warn,app::db=DEBUG,app::noisy=off,sqlx");
    assert_eq!(directives.default, Some(LevelFilter::Info));
    let read: Vec<_> = directives
        .targets
        .iter()
        .map(|directive| {
            (
                directive.target.as_str(),
                directive.level,
                directive.span.clone(),
            )
        })
        .collect();
    assert_eq!(
        read,
        [
            ("hyper", LevelFilter::Warn, 5..15),
            ("app::db", LevelFilter::Debug, 16..29),
            ("app::noisy", LevelFilter::Off, 30..44),
            ("sqlx", LevelFilter::Trace, 45..49),
        ]
    );
}

#[test]
fn white_space_and_empty_parts_are_skipped() {
    assert_eq!(
        parse(" , info ,, hyper = warn\n,"),
        parse("info,hyper=warn")
    );
    assert_eq!(parse(" , ,"), Directives::default());
    assert_eq!(parse(""), Directives::default());
}

#[test]
fn dashes_in_targets_are_underscores() {
    let directives = parse("my-crate::a-b=debug");
    assert_eq!(directives.targets[0].target, "my_crate::a_b");
    assert_eq!(
        directives.level_for("my_crate::a_b"),
        Some(LevelFilter::Debug)
    );
    assert_eq!(
        directives.level_for("my-crate::a-b"),
        Some(LevelFilter::Debug)
    );
    assert!(
        error("my-crate=info,my_crate=info")
            .message()
            .contains("second")
    );
}

#[test]
fn unusual_targets_are_taken() {
    for target in ["app.db", "kafka:consumer", "größe", "42", "info", "a$b"] {
        let directives = parse(&format!("{target}=warn"));
        assert_eq!(directives.level_for(target), Some(LevelFilter::Warn));
    }
}

#[test]
fn a_bare_word_that_is_nearly_a_level_is_refused() {
    for (word, level) in [
        ("inof", "info"),
        ("debgu", "debug"),
        ("wran", "warn"),
        ("WRAN", "warn"),
        ("warnig", "warning"),
        ("verbose", "debug"),
        ("warp", "warn"),
    ] {
        let error = error(word);
        assert_eq!(error.suggestion(), Some(level), "{word}");
        assert!(
            error.message().contains(&format!("`{word}=trace`")),
            "{error}"
        );
    }
    assert_eq!(error("hyper=warn, inof").span(), 12..16);
}

#[test]
fn a_bare_word_is_a_target_when_it_is_clear_that_it_is_no_level() {
    for text in [
        "info,warp",
        "warp,info",
        "warp=trace",
        "warn_",
        "inf-o",
        "debu::a",
        "node",
        "hyper",
        "tracing",
    ] {
        assert_eq!(parse(text).targets.len(), 1, "{text}");
    }
}

#[test]
fn bare_numbers_are_levels_or_refused() {
    assert_eq!(parse("30").default, Some(LevelFilter::Warn));
    assert!(error("info,15").message().contains("10, 20, 30, 40 or 50"));
}

#[test]
fn an_unknown_level_points_at_the_level() {
    let error = error("info,hyper= wran ");
    assert_eq!((error.span(), error.suggestion()), (12..16, Some("warn")));
}

#[test]
fn ill_formed_directives_are_named() {
    for (text, message, suggestion) in [
        (
            "=info",
            "missing target before `=` in `=info`",
            Some("info"),
        ),
        ("a=b=c", "more than one `=` in `a=b=c`", None),
        (
            "hyper=",
            "missing level after `=` in `hyper=`, expected off, error, warn, info, debug or trace",
            None,
        ),
        (
            "a::",
            "empty segment in target `a::`, expected a path such as `app::db`",
            None,
        ),
        (
            "warn=hyper",
            "the level stands before the `=` in `warn=hyper`",
            Some("hyper=warn"),
        ),
        (
            "hyper:warn",
            "`:` before the level in `hyper:warn`",
            Some("hyper=warn"),
        ),
        (
            "info;hyper=warn",
            "directives are separated by commas, not as in `info;hyper=warn`",
            Some("info,hyper=warn"),
        ),
        (
            "info hyper=warn",
            "directives are separated by commas, but `info hyper` has white space in it",
            None,
        ),
        (
            "a=warn b=info",
            "directives are separated by commas, but `warn b=info` has white space in it",
            None,
        ),
        ("\"info\"", "quotation mark in `\"info\"`", Some("info")),
        ("hy\u{7}per", r"control character in `hy\u{7}per`", None),
    ] {
        let error = error(text);
        assert_eq!(error.message(), message);
        assert_eq!(error.suggestion(), suggestion, "{text}");
    }
    for text in ["::a", "a::::b", "a:::b", ":a", "a:", "a::=info", "::"] {
        assert!(error(text).message().contains("empty segment"), "{text}");
    }
    assert!(error("hyper*=info").message().contains("wildcard"));
    assert!(error("=").message().contains("missing target"));
}

#[test]
fn a_target_or_default_given_twice_points_at_the_second() {
    let target = error("hyper=info, hyper=warn");
    assert_eq!(target.message(), "target `hyper` is given a second level");
    assert_eq!(target.span(), 12..22);
    let default = error("info,hyper=warn,debug");
    assert_eq!(
        default.message(),
        "`debug` is a second default level, after info"
    );
    assert_eq!(default.span(), 16..21);
}

#[test]
fn message_filters_are_refused_as_a_whole() {
    let error = error("info,hyper=warn/foo,ba[r");
    assert_eq!(error.span(), 15..24);
    assert!(error.message().contains("`/foo,ba[r` is not supported"));
    let (directives, _) = Directives::parse_lenient("info,hyper=warn/foo");
    assert_eq!(directives, parse("info,hyper=warn"));
}

#[test]
fn span_and_field_filters_are_one_error_each() {
    for filter in [
        "[span]=info",
        "app[span{a=1,b=\"/x\"}]=debug",
        "{id}=trace",
        "app[",
    ] {
        let text = format!("{filter},hyper=warn");
        let (directives, errors) = Directives::parse_lenient(&text);
        assert_eq!(errors.len(), 1, "{text}");
        assert!(errors[0].message().contains("spans or fields"), "{text}");
        assert_eq!(
            directives.targets.len(),
            usize::from(filter != "app["),
            "{text}"
        );
    }
}

#[test]
fn all_errors_are_collected_in_the_order_written() {
    let errors = Directives::parse("inof,=warn,a=b=c,ok=info,x=loud").unwrap_err();
    let starts: Vec<_> = errors.iter().map(|error| error.span().start).collect();
    assert_eq!(starts, [0, 5, 11, 27]);
}

#[test]
fn lenient_reading_keeps_what_is_good() {
    let (directives, errors) = Directives::parse_lenient("a=loud,a=info,a=warn,inof,b::=debug,c");
    assert_eq!(directives.to_string(), "a=info,c=trace");
    assert_eq!(errors.len(), 4);
}

#[test]
fn the_longest_matching_target_wins_whatever_the_order() {
    for text in [
        "warn,app=info,app::db=trace,app::db::pool=off",
        "app::db::pool=off,app::db=trace,app=info,warn",
    ] {
        let directives = parse(text);
        for (target, level) in [
            ("app", LevelFilter::Info),
            ("app::web", LevelFilter::Info),
            ("app::db", LevelFilter::Trace),
            ("app::db::pools", LevelFilter::Trace),
            ("app::db::pool::x", LevelFilter::Off),
            ("application", LevelFilter::Warn),
            ("", LevelFilter::Warn),
        ] {
            assert_eq!(directives.level_for(target), Some(level), "{target}");
        }
    }
}

#[test]
fn equality_ignores_the_place() {
    assert_eq!(parse("a=info"), parse("  a = info"));
    assert_ne!(parse("a=info"), parse("a=warn"));
}

/// Text in which the characters that mean something are frequent.
fn likely_text() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "[a-dé:_-]{1,5}",
        Just("info".to_owned()),
        Just("wran".to_owned()),
        Just("30".to_owned()),
        "[=,;/\\[\\]{}*'\" \t\u{7}\u{2028}]{1,3}",
    ];
    proptest::collection::vec(word, 0..12).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_with_good_errors(text in any::<String>()) {
        for error in Directives::parse_lenient(&text).1 {
            assert_well_formed(&text, &error);
        }
    }

    #[test]
    fn likely_text_is_read_or_refused_with_good_errors(text in likely_text()) {
        let (directives, errors) = Directives::parse_lenient(&text);
        for error in &errors {
            assert_well_formed(&text, error);
        }
        prop_assert_eq!(Directives::parse(&text).err().unwrap_or_default(), errors);
        for directive in &directives.targets {
            prop_assert!(text.get(directive.span.clone()).is_some());
        }
    }

    #[test]
    fn what_is_written_is_read_back(text in likely_text()) {
        let (directives, _) = Directives::parse_lenient(&text);
        prop_assert_eq!(Directives::parse(&directives.to_string()), Ok(directives));
    }

    #[test]
    fn matching_is_what_it_says(directive in "[ab:_-]{0,6}", tail in "(:?:?[ab_-]{0,3})?", dashes: bool) {
        let record = directive.clone() + &tail;
        let record = if dashes { record.replace('_', "-") } else { record };
        let (left, right) = (directive.replace('-', "_"), record.replace('-', "_"));
        let expected = left == right || right.starts_with(&(left + "::"));
        prop_assert_eq!(target_matches(&directive, &record), expected);
    }
}
