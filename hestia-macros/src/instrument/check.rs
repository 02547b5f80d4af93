//! What may be said, and on which function.

use hestia_grammar::{LevelFilter, suggest};
use proc_macro2::{Ident, Span};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt;
use syn::visit::{self, Visit};
use syn::{
    Expr, FnArg, GenericArgument, PatIdent, Path, PathArguments, ReturnType, Type, TypeParamBound,
};

use super::parse::{Arguments, How, Outcome, Said};
use crate::error::{Errors, in_string};
use crate::function::Function;
use crate::hlog::{self, Capture, Field, span_of};
use crate::paths;

/// Everything the expansion needs.
pub(super) struct Instrumented {
    pub(super) hestia: Option<Path>,
    pub(super) function: Function,
    pub(super) kind: Kind,
    pub(super) name: Name,
    pub(super) target: Option<Said>,
    pub(super) level: Level,
    /// The scope that it is called in, where that is not what is current.
    pub(super) parent: Option<Expr>,
    /// What everything inside carries: parameters first.
    pub(super) fields: Vec<Field>,
    pub(super) ret: Option<Taken>,
    pub(super) err: Option<Taken>,
    pub(super) says_started: bool,
    pub(super) says_completed: bool,
}

pub(super) enum Name {
    Text(String),
    /// A constant of the program's.
    Constant(Expr),
}

/// The level of a record.
#[derive(Clone)]
pub(super) enum Level {
    /// That of the span.
    Span,
    /// A constant of `Level`.
    Word(&'static str),
    /// A constant of the program's.
    Constant(Expr),
}

/// What the function gives back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    Async,
    /// A future, in a type of its own.
    Future,
    /// A future in a pinned box, as `#[async_trait]` makes them.
    BoxedFuture,
}

/// A result or an error: how it is taken, and the level of its record.
pub(super) struct Taken {
    pub(super) span: Span,
    pub(super) capture: Capture,
    /// How much is kept of it, in bytes.
    pub(super) length: usize,
    pub(super) level: Level,
}

/// How long a parameter, a result or a text of an error may be, in bytes, unless said otherwise: so that no statement of somebody else's makes a
/// record of a megabyte.
const USUAL_LENGTH: usize = 1_000;

/// Judges everything; whatever is wrong is among the errors then.
pub(super) fn check(
    mut arguments: Arguments,
    function: Function,
    errors: &mut Errors,
) -> Option<Instrumented> {
    let signature = &function.signature;
    if let Some(word) = &signature.constness {
        errors.at(
            word,
            "a `const fn` cannot be instrumented: what it does at compile time, nobody can log; remove `const` or the attribute",
        );
        return None;
    }
    let kind = kind(signature.asyncness.is_some(), &signature.output);
    let level = level(arguments.level.as_ref(), Level::Word("Info"), errors);
    let length = arguments.max_length.as_ref();
    let length = length.map_or(Some(USUAL_LENGTH), |said| length_of(said, errors));
    let parameters = parameters(&function);
    check_skipped(&arguments, &parameters, errors);
    check_declared(&arguments.fields, errors);
    arguments.fields.extend(causes(&arguments));
    hlog::check_keys(&arguments.fields, errors);
    if matches!(signature.output, ReturnType::Default) {
        check_nothing_returned(&arguments, errors);
    }
    let length = length?;
    let capture = Capture::Any(length);
    let fields = fields(&arguments, parameters, capture);
    let mut taken = |outcome: Option<Outcome>, usual, level_if_unsaid| {
        outcome.map(|outcome| Taken {
            span: outcome.span,
            capture: match outcome.how {
                Some(How::Debug) => Capture::Debug,
                Some(How::Display) => Capture::Display,
                Some(How::Serde) => Capture::Serde,
                None => usual,
            },
            length,
            level: self::level(outcome.level.as_ref(), level_if_unsaid, errors),
        })
    };
    Some(Instrumented {
        hestia: arguments.hestia,
        kind,
        name: match arguments.name {
            Some(Said::Literal(name)) => Name::Text(name.value()),
            Some(Said::Constant(name)) => Name::Constant(name),
            None => Name::Text(signature.ident.unraw().to_string()),
        },
        target: arguments.target,
        parent: arguments.parent,
        level,
        fields,
        ret: taken(arguments.ret, capture, Level::Span),
        err: taken(arguments.err, Capture::Error, Level::Word("Error")),
        says_started: arguments.started.is_none_or(|said| said.value),
        says_completed: arguments.completed.is_none_or(|said| said.value),
        function,
    })
}

fn level(said: Option<&Said>, usual: Level, errors: &mut Errors) -> Level {
    let said = match said {
        None => return usual,
        Some(Said::Constant(level)) => return Level::Constant(level.clone()),
        Some(Said::Literal(said)) => said,
    };
    match LevelFilter::parse(&said.value()) {
        Ok(LevelFilter::Error) => Level::Word("Error"),
        Ok(LevelFilter::Warn) => Level::Word("Warn"),
        Ok(LevelFilter::Info) => Level::Word("Info"),
        Ok(LevelFilter::Debug) => Level::Word("Debug"),
        Ok(LevelFilter::Trace) => Level::Word("Trace"),
        Ok(LevelFilter::Off) => {
            errors.at(
                said,
                "`off` is not the level of a record; remove the attribute instead",
            );
            usual
        }
        Err(error) => {
            errors.push(in_string(said, &error));
            usual
        }
    }
}

fn length_of(said: &syn::LitInt, errors: &mut Errors) -> Option<usize> {
    match said.base10_parse() {
        Ok(0) | Err(_) => {
            errors.at(said, "`max_length` is a number of bytes, at least 1");
            None
        }
        Ok(length) => Some(length),
    }
}

/// The names that the parameters' patterns bind, without `self`.
fn parameters(function: &Function) -> Vec<Ident> {
    struct Names(Vec<Ident>);
    impl<'ast> Visit<'ast> for Names {
        fn visit_pat_ident(&mut self, pattern: &'ast PatIdent) {
            self.0.push(pattern.ident.clone());
            visit::visit_pat_ident(self, pattern);
        }
    }
    let mut names = Names(Vec::new());
    for parameter in &function.signature.inputs {
        if let FnArg::Typed(parameter) = parameter {
            names.visit_pat(&parameter.pat);
        }
    }
    names.0
}

fn check_skipped(arguments: &Arguments, parameters: &[Ident], errors: &mut Errors) {
    if let (Some(all), false) = (&arguments.skip_all, arguments.skip.is_empty()) {
        errors.at(
            all,
            "`skip_all` skips those of `skip(…)`, too; remove one of them",
        );
    }
    for name in &arguments.skip {
        if name == "self" || parameters.contains(name) {
            continue;
        }
        let known: Vec<String> = parameters.iter().map(Ident::to_string).collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let meant = match suggest(&name.to_string(), known.iter().copied()) {
            Some(near) => format!("; did you mean `{near}`?"),
            None if known.is_empty() => "; it has none".to_owned(),
            None => format!("; it has {}", known.join(", ")),
        };
        errors.at(
            name,
            format!("the function has no parameter `{name}`{meant}"),
        );
    }
}

/// `tracing` has fields declared that are to be recorded later.
fn check_declared(fields: &[Field], errors: &mut Errors) {
    for field in fields {
        let value = field.value.to_string().replace(' ', "");
        if value.ends_with("field::Empty") {
            let key = field.key.path.join(".");
            errors.at(
                &field.value,
                format!(
                    "nothing has to be declared: remove this, and say `hestia::record!({key} = …)` in the body once the value is known"
                ),
            );
        }
    }
}

/// What the call follows from, as one of its fields.
fn causes(arguments: &Arguments) -> Option<Field> {
    let (key, causes) = arguments.follows_from.as_ref()?;
    let private = paths::private(&paths::hestia(arguments.hestia.as_ref()));
    let at = Span::mixed_site().located_at(span_of(&causes.to_token_stream()));
    let value = quote_spanned!(at=> #private::FollowsFrom::of(&#causes));
    Some(Field::of_value(key, value))
}

fn check_nothing_returned(arguments: &Arguments, errors: &mut Errors) {
    if let Some(err) = &arguments.err {
        errors.at_span(err.span, "`err` needs a function that returns a `Result`");
    }
    if let Some(ret) = &arguments.ret {
        errors.at_span(ret.span, "`ret` needs a function that returns something");
    }
}

/// Those of the parameters that are neither skipped nor said by a field of their name, and the fields.
fn fields(arguments: &Arguments, parameters: Vec<Ident>, capture: Capture) -> Vec<Field> {
    let is_said = |name: &Ident| {
        let name = name.unraw().to_string();
        let mut fields = arguments.fields.iter();
        fields.any(|field| field.key.path.first() == Some(&name))
    };
    let taken = parameters.into_iter().filter(|name| {
        arguments.skip_all.is_none() && !arguments.skip.contains(name) && !is_said(name)
    });
    let mut fields: Vec<Field> = Vec::new();
    for name in taken {
        // Alternatives of a pattern bind the same names.
        let key = name.unraw().to_string();
        if fields.iter().all(|field| field.key.path != [key.as_str()]) {
            fields.push(Field::of_variable(&name, capture));
        }
    }
    fields.extend(arguments.fields.iter().cloned());
    fields
}

fn kind(is_async: bool, output: &ReturnType) -> Kind {
    let ReturnType::Type(_, output) = output else {
        return if is_async { Kind::Async } else { Kind::Plain };
    };
    match &**output {
        _ if is_async => Kind::Async,
        Type::ImplTrait(output) if output.bounds.iter().any(is_future) => Kind::Future,
        Type::Path(path) if is_boxed_future(&path.path) => Kind::BoxedFuture,
        _ => Kind::Plain,
    }
}

fn is_future(bound: &TypeParamBound) -> bool {
    let TypeParamBound::Trait(bound) = bound else {
        return false;
    };
    let last = bound.path.segments.last();
    last.is_some_and(|last| last.ident == "Future")
}

/// `Pin<Box<dyn Future<…> …>>`, or the names that the crate `futures` has for it.
fn is_boxed_future(path: &Path) -> bool {
    let Some(last) = path.segments.last() else {
        return false;
    };
    if last.ident == "BoxFuture" || last.ident == "LocalBoxFuture" {
        return true;
    }
    let inner = || match argument_of(last)? {
        Type::Path(inner) => inner.path.segments.last(),
        _ => None,
    };
    last.ident == "Pin"
        && inner().is_some_and(|inner| {
            inner.ident == "Box"
                && matches!(argument_of(inner), Some(Type::TraitObject(object)) if object.bounds.iter().any(is_future))
        })
}

fn argument_of(segment: &syn::PathSegment) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(inner) => Some(inner),
        _ => None,
    })
}
