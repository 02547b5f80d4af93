//! What `#[hestia::test(…)]` takes.

use hestia_grammar::unknown;
use quote::format_ident;

use super::{BOOL, Call, Said, Setting, Value, read, setting};
use crate::arguments::{self, Argument};
use crate::error::Errors;

/// As the documentation has them.
pub(super) const TEST: [Setting; 3] = [
    setting(
        "level",
        "a level, in a string",
        r#"level = "debug""#,
        read::level,
    ),
    setting("deny_errors", BOOL, "deny_errors = true", deny_errors),
    setting("print", "a word, in a string", r#"print = "always""#, print),
];

/// The calls that the arguments stand for.
pub(super) fn calls(arguments: &[Argument], errors: &mut Errors) -> Vec<Call> {
    let mut calls = super::calls(arguments, &TEST, errors);
    for call in &mut calls {
        // Each word is a method.
        if let [Value::Text(word)] = &call.arguments[..] {
            call.method = format_ident!("print_{word}", span = call.method.span());
            call.arguments.clear();
        }
    }
    calls
}

/// The key alone will do.
fn deny_errors(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
    match argument.value {
        arguments::Value::None => vec![vec![Value::Bool(true)]],
        _ => read::bool(setting, argument, errors),
    }
}

fn print(setting: &Setting, argument: &Argument, errors: &mut Errors) -> Said {
    const WORDS: [&str; 3] = ["always", "failure", "never"];
    let Some(said) = read::string(argument) else {
        return read::wrong(setting, argument, errors);
    };
    let word = said.value();
    if !WORDS.contains(&word.as_str()) {
        errors.at(said, unknown("time to print", &word, &WORDS));
        return Vec::new();
    }
    vec![vec![Value::Text(word)]]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> (Vec<String>, Vec<String>) {
        let mut errors = Errors::default();
        let arguments = arguments::parse(text.parse().expect("tokens"), &mut errors);
        let calls = calls(&arguments, &mut errors);
        let methods = calls.iter().map(|call| call.method.to_string());
        let errors = errors.into_errors().map(|error| error.to_string());
        (methods.collect(), errors.collect())
    }

    #[test]
    fn the_example_of_every_setting_is_right() {
        for setting in TEST {
            let (methods, errors) = said(setting.example);
            assert_eq!((methods.len(), errors), (1, Vec::new()), "{}", setting.key);
        }
    }

    #[test]
    fn words_are_methods_and_a_flag_stands_for_itself() {
        let (methods, errors) = said(r#"deny_errors, print = "never""#);
        assert_eq!(methods, ["deny_errors", "print_never"]);
        assert_eq!(errors, [""; 0]);
    }
}
