//! What may be said, and on which function.

use quote::ToTokens;
use syn::{Attribute, Ident, Meta, Path, ReturnType, Signature, Type};

use crate::arguments::Argument;
use crate::error::Errors;
use crate::function::Function;
use crate::settings::{self, Call};

/// Everything the expansion needs.
pub(crate) struct Main {
    /// Where hestia is, when said.
    pub(crate) hestia: Option<Path>,
    /// What is said to the builder.
    pub(crate) calls: Vec<Call>,
    pub(crate) function: Function,
    /// Attributes that the function around it has, too.
    pub(crate) outer_attributes: Vec<Attribute>,
    /// Another attribute makes the function one that is not `async`.
    pub(crate) has_runtime: bool,
    /// It may return an error.
    pub(crate) returns_value: bool,
}

/// Judges everything; whatever is wrong is among the errors then.
pub(crate) fn check(
    arguments: Vec<Argument>,
    function: Option<Function>,
    errors: &mut Errors,
) -> Option<Main> {
    let settings = settings::check(arguments, errors);
    let function = function?;
    check_signature(&function.signature, errors);
    check_attributes(&function.attributes, errors);
    Some(Main {
        hestia: settings.hestia,
        calls: settings.calls,
        outer_attributes: function.attributes.iter().filter_map(for_outer).collect(),
        has_runtime: function.attributes.iter().any(may_be_runtime),
        returns_value: match &function.signature.output {
            ReturnType::Default => false,
            ReturnType::Type(_, output) => !is_never(output),
        },
        function,
    })
}

fn check_signature(signature: &Signature, errors: &mut Errors) {
    let name = &signature.ident;
    if name != "main" {
        errors.at(
            name,
            format!("`#[hestia::main]` belongs on `fn main`, not on `fn {name}`; elsewhere, call `hestia::builder()`"),
        );
    }
    let refused: [(Option<&dyn ToTokens>, &str); 3] = [
        (tokens(&signature.constness), "`const`"),
        (tokens(&signature.unsafety), "`unsafe`"),
        (tokens(&signature.abi), "`extern`"),
    ];
    for (tokens, word) in refused {
        if let Some(tokens) = tokens {
            errors.at(tokens, format!("`main` cannot be {word}; remove it"));
        }
    }
    if !signature.inputs.is_empty() || signature.variadic.is_some() {
        errors.at(
            ArgumentsOf(signature),
            "`main` takes no arguments; those of the program are in `std::env::args()`",
        );
    }
    if signature.generics.lt_token.is_some() {
        errors.at(
            &signature.generics,
            "`main` cannot be generic; remove the parameters",
        );
    }
    if let Some(clause) = &signature.generics.where_clause {
        errors.at(clause, "`main` cannot have a `where` clause; remove it");
    }
}

pub(crate) fn tokens<T: ToTokens>(part: &Option<T>) -> Option<&dyn ToTokens> {
    part.as_ref().map(|part| part as _)
}

struct ArgumentsOf<'s>(&'s Signature);

impl ToTokens for ArgumentsOf<'_> {
    fn to_tokens(&self, tokens: &mut proc_macro2::TokenStream) {
        self.0.inputs.to_tokens(tokens);
        self.0.variadic.to_tokens(tokens);
    }
}

fn check_attributes(attributes: &[Attribute], errors: &mut Errors) {
    for attribute in attributes {
        let segments = &attribute.path().segments;
        if segments.len() == 2 && segments[0].ident == "hestia" && segments[1].ident == "main" {
            errors.at(
                attribute,
                "`#[hestia::main]` stands here twice; put all arguments into one",
            );
        }
    }
}

/// Also in the invisible brackets of a macro's argument.
pub(crate) fn is_never(output: &Type) -> bool {
    match output {
        Type::Never(_) => true,
        Type::Group(group) => is_never(&group.elem),
        Type::Paren(paren) => is_never(&paren.elem),
        _ => false,
    }
}

/// What is said about lints, and for them, counts for both functions. An expectation is met by the body.
pub(crate) fn for_outer(attribute: &Attribute) -> Option<Attribute> {
    let name = attribute.path().get_ident()?;
    if name == "expect" {
        let mut allowed = attribute.clone();
        if let Meta::List(list) = &mut allowed.meta {
            list.path = Ident::new("allow", name.span()).into();
        }
        return Some(allowed);
    }
    let is_copied = ["allow", "warn", "deny", "forbid", "doc"]
        .iter()
        .any(|copied| name == copied);
    is_copied.then(|| attribute.clone())
}

/// Attributes of the language and of its tools that may stand on a function: none of them runs a future.
const INERT: [&str; 18] = [
    "allow",
    "cfg",
    "cfg_attr",
    "cold",
    "coverage",
    "deny",
    "deprecated",
    "doc",
    "expect",
    "forbid",
    "inline",
    "must_use",
    "optimize",
    "target_feature",
    "track_caller",
    "warn",
    "clippy",
    "rustfmt",
];

/// Whether the attribute may make a function that is not `async` of one that is, as `#[tokio::main]` does. Those that
/// stood before this one have had their turn.
fn may_be_runtime(attribute: &Attribute) -> bool {
    let first = attribute.path().segments.first();
    first.is_some_and(|first| !INERT.iter().any(|inert| first.ident == inert))
}
