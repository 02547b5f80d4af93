//! What may be said, and on which function.

use quote::ToTokens;
use syn::{Attribute, FnArg, Meta, Path, ReturnType, Signature, Type};

use crate::arguments::Argument;
use crate::error::Errors;
use crate::function::Function;
use crate::main_attr::check::{is_never, tokens};
use crate::settings::{self, Call};

/// Everything the expansion needs.
pub(crate) struct Test {
    /// Where hestia is, when said.
    pub(crate) hestia: Option<Path>,
    /// What is said to the settings.
    pub(crate) calls: Vec<Call>,
    pub(crate) function: Function,
    /// Some other attribute makes a test of it.
    pub(crate) is_test_already: bool,
    /// It passes when it panics, whatever it says.
    pub(crate) panics: bool,
    pub(crate) parameter: Parameter,
    pub(crate) returns: Returns,
}

/// How the function takes its capture.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parameter {
    None,
    Reference,
    Value,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Returns {
    Nothing,
    Never,
    Something,
}

/// Judges everything; whatever is wrong is among the errors then.
pub(crate) fn check(
    arguments: Vec<Argument>,
    function: Option<Function>,
    errors: &mut Errors,
) -> Option<Test> {
    let settings = settings::check_of_test(arguments, errors);
    let function = function?;
    check_signature(&function.signature, errors);
    check_attributes(&function, errors);
    Some(Test {
        hestia: settings.hestia,
        calls: settings.calls,
        is_test_already: function.attributes.iter().any(makes_test),
        panics: function.attributes.iter().any(is_any_panic),
        parameter: parameter(&function.signature, errors),
        returns: match &function.signature.output {
            ReturnType::Default => Returns::Nothing,
            ReturnType::Type(_, output) if is_never(output) => Returns::Never,
            ReturnType::Type(..) => Returns::Something,
        },
        function,
    })
}

fn check_signature(signature: &Signature, errors: &mut Errors) {
    let refused: [(Option<&dyn ToTokens>, &str); 3] = [
        (tokens(&signature.constness), "`const`"),
        (tokens(&signature.unsafety), "`unsafe`"),
        (tokens(&signature.abi), "`extern`"),
    ];
    for (tokens, word) in refused {
        if let Some(tokens) = tokens {
            errors.at(tokens, format!("a test cannot be {word}; remove it"));
        }
    }
    if signature.generics.lt_token.is_some() {
        errors.at(
            &signature.generics,
            "a test cannot be generic; remove the parameters, or call a generic function from the test",
        );
    }
    if let Some(clause) = &signature.generics.where_clause {
        errors.at(clause, "a test cannot have a `where` clause; remove it");
    }
}

fn parameter(signature: &Signature, errors: &mut Errors) -> Parameter {
    if let Some(variadic) = &signature.variadic {
        errors.at(variadic, TAKES);
    }
    let mut inputs = signature.inputs.iter();
    let first = match inputs.next() {
        None => Parameter::None,
        Some(FnArg::Receiver(receiver)) => {
            errors.at(
                receiver,
                "a test is a function, and takes no `self`; move it out of the `impl`",
            );
            Parameter::None
        }
        Some(FnArg::Typed(typed)) => match &*typed.ty {
            Type::Reference(reference) => {
                if let Some(mutability) = &reference.mutability {
                    errors.at(mutability, "a capture needs no `mut`: `capture: &Capture`");
                }
                Parameter::Reference
            }
            _ => Parameter::Value,
        },
    };
    for more in inputs {
        errors.at(more, TAKES);
    }
    first
}

const TAKES: &str = "a test takes nothing but its capture: `capture: &hestia::testing::Capture`";

fn check_attributes(function: &Function, errors: &mut Errors) {
    for attribute in &function.attributes {
        let segments = &attribute.path().segments;
        if segments.len() == 2 && segments[0].ident == "hestia" && segments[1].ident == "test" {
            errors.at(
                attribute,
                "`#[hestia::test]` stands here twice; put all arguments into one",
            );
        }
    }
    let signature = &function.signature;
    if let Some(asyncness) = &signature.asyncness
        && !function.attributes.iter().any(may_run_future)
    {
        errors.at(
            asyncness,
            "an `async` test needs a runtime: write `#[tokio::test]`, or that of another runtime, below `#[hestia::test]`",
        );
    }
}

/// `#[test]`, `#[tokio::test]` and the like.
fn makes_test(attribute: &Attribute) -> bool {
    let last = attribute.path().segments.last();
    last.is_some_and(|last| last.ident == "test" || last.ident.to_string().ends_with("_test"))
}

/// Not the language's own.
fn may_run_future(attribute: &Attribute) -> bool {
    let first = attribute.path().segments.first();
    let is_builtin = first.is_some_and(|first| first.ident == "core" || first.ident == "std");
    makes_test(attribute) && !is_builtin && !attribute.path().is_ident("test")
}

/// `#[should_panic]` without a message.
fn is_any_panic(attribute: &Attribute) -> bool {
    matches!(&attribute.meta, Meta::Path(path) if path.is_ident("should_panic"))
}
