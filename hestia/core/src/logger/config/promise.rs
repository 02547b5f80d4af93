//! What must hold for any file (tests and fuzzers only).

use std::path::Path;

use super::entry::{Instead, MOST_TOLD};
use super::{Mistake, apply};
use crate::logger::outputs::{JsonFile, TextFile};
use crate::logger::report;
use crate::logger::settings::{Said, Settings};
use crate::record::redact;

const FILE: &str = "hestia.toml";

/// A text is taken, or refused with its file, its line and its key; what is taken makes the same settings when it is read
/// again, and a program can start with it in any case. Returns what was told.
pub(crate) fn is_taken_or_refused(text: &str) -> Vec<String> {
    thread_local! {
        // Finding out about host and process takes longer than all the rest.
        static CODE: Settings = Settings {
            text: Said::default(Some(TextFile::new("a.log"))),
            json: Said::default(Some(JsonFile::new("b.log"))),
            ..Settings::default()
        };
    }
    let code = CODE.with(Settings::clone);
    let read = |before: &Settings| {
        let mut after = before.clone();
        let mistakes = apply(Path::new(FILE), text, &mut after);
        (after, mistakes)
    };
    let (settings, mistakes) = read(&code);
    assert_eq!(settings.code, code.code, "the code's word is the code's");
    let (again, same) = read(&code);
    assert_eq!(mistakes, same);
    assert_eq!(in_words(&settings), in_words(&again));
    if mistakes.is_empty() {
        let (over, none) = read(&settings);
        assert_eq!(none, [], "on top of itself");
        assert_eq!(in_words(&settings), in_words(&over));
    }
    check_mistakes(text, &mistakes);
    if mistakes
        .iter()
        .any(|mistake| mistake.instead == Instead::Nothing)
    {
        assert_eq!(in_words(&settings), in_words(&code), "nothing of it counts");
    }
    let together = settings.check_together();
    assert!(together.is_ok(), "{together:?}");
    let mut metadata = settings.metadata.value.clone();
    redact::fields_by(&settings.redact.value, &mut metadata, 0);
    mistakes.into_iter().map(|mistake| mistake.what).collect()
}

fn check_mistakes(text: &str, mistakes: &[Mistake]) {
    assert!(mistakes.len() <= MOST_TOLD + 1, "{}", mistakes.len());
    let lines = text.bytes().filter(|byte| *byte == b'\n').count() + 1;
    for mistake in mistakes {
        let Mistake {
            line,
            what,
            instead,
        } = mistake;
        assert!(what.len() < 16 << 10, "{} bytes", what.len());
        if *line == 0 {
            let is_known =
                what.contains(": mistakes beside these: ") || what.ends_with(": recursion limit");
            assert!(is_known && what.starts_with(&format!("{FILE}: ")), "{what}");
            continue;
        }
        assert!(*line as usize <= lines, "{what}");
        let what = what.strip_prefix(&format!("{FILE}:{line}: "));
        let what = what.unwrap_or_else(|| panic!("no place: {mistake:?}"));
        assert!(!what.is_empty(), "{mistake:?}");
        match instead {
            Instead::Setting(key) => assert!(what.contains(key), "no key: {mistake:?}"),
            Instead::Rest => assert!(what.starts_with("unknown key "), "{mistake:?}"),
            Instead::Nothing => {}
        }
    }
}

/// All that a file can say.
fn in_words(settings: &Settings) -> String {
    let outputs = (
        &settings.console.value,
        &settings.text.value,
        &settings.json.value,
    );
    let said = (&settings.app.value, &settings.environment.value);
    let (metadata, redact) = (&settings.metadata.value, &settings.redact.value);
    let rows = report::rows(settings);
    format!("{rows:?} {said:?} {outputs:?} {metadata:?} {redact:?}")
}
