//! A [`Statement`] into code: one static, the level check, the values by reference, one call.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Error, Ident, LitStr};

use hestia_grammar::is_secret;

use super::limit;
use super::parse::{
    Argument, Capture, Field, Grammar, LEVELS, Level, Message, Statement, closed, span_of,
};
use crate::format::parse::parse;
use crate::format::resolve::{self, Arguments, Resolved};
use crate::paths::private;

pub(crate) fn expand(statement: &Statement, errors: &[Error]) -> TokenStream {
    let mut plan = Plan::new(statement);
    let said = plan.message(statement);
    let code = if errors.is_empty() {
        let parts = plan.parts(&said);
        let logged = plan.logged(statement, &parts, &said);
        plan.guarded(statement, &parts, &logged)
    } else {
        plan.broken(errors)
    };
    match statement.grammar {
        Grammar::Durable => plan.confirmed(statement, &code),
        Grammar::Hlog | Grammar::DropIn => code,
    }
}

/// A call that takes key-values, inside of their evaluation: `call` gets keys and values.
pub(crate) fn with_fields(
    hestia: &TokenStream,
    fields: &[Field],
    call: impl FnOnce(&[String], &TokenStream) -> TokenStream,
) -> TokenStream {
    let plan = Plan::of_fields(hestia, fields);
    let (keys, values) = plan.all_entries();
    plan.with_values(&plan.choice(false), &call(&keys, &values))
}

/// A scope with these key-values, entered.
pub(super) fn scope(hestia: &TokenStream, fields: &[Field], errors: &[Error]) -> TokenStream {
    let private = private(hestia);
    if !errors.is_empty() {
        let broken = Plan::of_fields(hestia, fields).broken(errors);
        // So that what is done with the guard makes sense.
        return quote!({ #broken; #private::ScopeKeys(&[]).enter(()) });
    }
    with_fields(hestia, fields, |keys, values| {
        let at = Span::mixed_site();
        quote_spanned!(at=> #private::ScopeKeys(&[#(#keys),*]).enter(#values))
    })
}

/// These key-values, added to what is under way.
pub(super) fn record(hestia: &TokenStream, fields: &[Field], errors: &[Error]) -> TokenStream {
    let private = private(hestia);
    if !errors.is_empty() {
        return Plan::of_fields(hestia, fields).broken(errors);
    }
    with_fields(hestia, fields, |keys, values| {
        let at = Span::mixed_site();
        quote_spanned!(at=> #private::ScopeKeys(&[#(#keys),*]).record(#values))
    })
}

/// A value as a record takes it, by reference and as what that refers to.
pub(crate) fn part(
    capture: Capture,
    value: &Ident,
    pointed: &TokenStream,
    private: &TokenStream,
    span: Span,
) -> TokenStream {
    match capture {
        Capture::Typed => quote_spanned!(span=> #private::Typed(#value)),
        Capture::Serde => quote_spanned!(span=> #private::Serde(#value)),
        Capture::Bytes => quote_spanned!(span=> #private::Bytes(#value)),
        Capture::Display => {
            quote_spanned!(span=> #private::Printed(#private::core::format_args!("{}", #pointed)))
        }
        Capture::Debug => {
            quote_spanned!(span=> #private::Printed(#private::core::format_args!("{:?}", #pointed)))
        }
        Capture::Error => {
            quote_spanned!(span=> (&&&&#private::ErrorArgument(#value)).part())
        }
        Capture::Any(length) => {
            quote_spanned!(span=> (&&&#private::AnyArgument(#value, #length)).part())
        }
    }
}

/// How the message is said.
enum Said {
    /// A constant, which the callsite holds.
    Constant,
    /// Later, from what the record takes along.
    Later(Resolved, Span),
    /// At the call, by these tokens after `format_args!`.
    AtCall(TokenStream),
}

/// The parts of a record that a statement hands over.
struct Parts {
    /// The keys, in the order of their values.
    keys: Vec<String>,
    /// The values: a list of pairs.
    values: TokenStream,
    /// How the static says the message.
    message: TokenStream,
    /// The arguments of the message: a list of pairs.
    arguments: TokenStream,
}

/// What the statement's code is made of.
struct Plan {
    private: TokenStream,
    /// The expressions, in the order of the text; each is evaluated once.
    values: Vec<TokenStream>,
    /// The fields, and the places of their values.
    fields: Vec<(Field, usize)>,
    /// The places of the message's arguments: positional, named, variables.
    arguments: Vec<usize>,
    /// The names of the named ones.
    named: Vec<String>,
    /// The constant message, or its template.
    template: LitStr,
}

/// A name of the expansion's own. No variable of the user's can be meant, nor mean it; its prefix keeps it apart
/// from constants, too, which a binding would otherwise be compared with.
fn own(name: &str) -> Ident {
    format_ident!("__hestia_{}", name, span = Span::mixed_site())
}

/// Like code of the user's when it comes to messages, like the expansion's own when it comes to names.
fn shown_at(span: Span) -> Span {
    Span::mixed_site().located_at(span)
}

fn value(place: usize) -> Ident {
    own(&format!("value_{place}"))
}

impl Plan {
    fn new(statement: &Statement) -> Self {
        let mut plan = Plan::of_fields(&statement.hestia, &statement.fields);
        let names = statement.names_in_message();
        let mut named = Vec::new();
        for argument in &statement.arguments {
            match argument {
                Argument::Positional(tokens) => {
                    let place = plan.value(tokens.clone());
                    plan.arguments.push(place);
                }
                Argument::Named { name, value } if names.takes(name) => {
                    let place = plan.value(value.clone());
                    named.push(place);
                    plan.named.push(name.to_string());
                }
                Argument::Named { name, value } => {
                    plan.field(Argument::as_field(name, value));
                }
                Argument::Field(field) => plan.field(field.clone()),
            }
        }
        plan.arguments.extend(named);
        plan
    }

    fn of_fields(hestia: &TokenStream, fields: &[Field]) -> Self {
        let mut plan = Plan {
            private: private(hestia),
            values: Vec::new(),
            fields: Vec::new(),
            arguments: Vec::new(),
            named: Vec::new(),
            template: LitStr::new("", Span::mixed_site()),
        };
        for field in fields {
            plan.field(field.clone());
        }
        plan
    }

    fn value(&mut self, tokens: TokenStream) -> usize {
        self.values.push(closed(tokens));
        self.values.len() - 1
    }

    fn field(&mut self, field: Field) {
        let place = self.value(field.value.clone());
        self.fields.push((field, place));
    }

    fn message(&mut self, statement: &Statement) -> Said {
        match &statement.message {
            None => Said::Constant,
            Some(Message::Macro(tokens)) => Said::AtCall(self.format_arguments(tokens)),
            Some(Message::Literal(text)) => self.literal(text),
        }
    }

    fn literal(&mut self, text: &LitStr) -> Said {
        self.template = LitStr::new(&text.value(), shown_at(text.span()));
        let positional = self.arguments.len() - self.named.len();
        let resolved = parse(&text.value()).and_then(|pieces| {
            let passed = Arguments {
                positional,
                named: &self.named,
            };
            resolve::resolve(&pieces, passed)
        });
        let Some(resolved) = resolved else {
            // With the string as it was written, so that the compiler can point into it.
            let tokens = quote!(#text);
            return Said::AtCall(self.format_arguments(&tokens));
        };
        for variable in &resolved.variables {
            // The string's own span: the variable is looked up where the string was written.
            let variable = Ident::new(variable, text.span());
            let place = self.value(quote!(#variable));
            self.arguments.push(place);
        }
        if resolved.captures.is_empty() {
            let constant = resolved.template.replace("{{", "{").replace("}}", "}");
            self.template = LitStr::new(&constant, shown_at(text.span()));
            return Said::Constant;
        }
        Said::Later(resolved, text.span())
    }

    /// A format string and the arguments that were passed for it.
    fn format_arguments(&self, string: &TokenStream) -> TokenStream {
        let positional = self.arguments.len() - self.named.len();
        let (positional, named) = self.arguments.split_at(positional);
        let positional = positional.iter().map(|place| self.pointed(*place));
        let named = named.iter().zip(&self.named).map(|(place, name)| {
            let span = span_of(&self.values[*place]);
            let name = Ident::new(name, span);
            let value = self.pointed(*place);
            quote!(#name = #value)
        });
        quote!(#string #(, #positional)* #(, #named)*)
    }

    /// A reference to a value, shown where the value was written when something is wrong with it.
    fn shown(&self, place: usize) -> Ident {
        let mut value = value(place);
        value.set_span(shown_at(span_of(&self.values[place])));
        value
    }

    /// A value itself, shown likewise.
    fn pointed(&self, place: usize) -> TokenStream {
        let value = self.shown(place);
        quote_spanned!(value.span()=> *#value)
    }

    /// The keys of all fields, and their values.
    fn all_entries(&self) -> (Vec<String>, TokenStream) {
        let all: Vec<_> = self
            .fields
            .iter()
            .map(|(field, place)| (field.key.path.as_slice(), field, *place))
            .collect();
        self.entries(&all)
    }

    fn parts(&self, said: &Said) -> Parts {
        let (keys, values) = self.all_entries();
        let private = &self.private;
        let template = &self.template;
        let (message, arguments) = match said {
            Said::Constant => (quote!(Constant(#template)), quote!(())),
            Said::AtCall(tokens) => (
                quote!(Template("{}")),
                list([quote!(#private::AtCall(#private::core::format_args!(#tokens)))]),
            ),
            Said::Later(resolved, span) => {
                let message = match &resolved.simple {
                    Some(simple) => {
                        let simple = LitStr::new(simple, shown_at(*span));
                        quote!(Template(#simple))
                    }
                    None => {
                        let printer = printer(private, resolved, *span);
                        let names = resolved.names();
                        quote!(Printed(#template, &[#(#names),*], #printer))
                    }
                };
                (message, self.captures(resolved, *span))
            }
        };
        Parts {
            keys,
            values,
            message,
            arguments,
        }
    }

    /// Keys and values of one object; those with longer paths are gathered into objects of their own.
    fn entries(&self, all: &[(&[String], &Field, usize)]) -> (Vec<String>, TokenStream) {
        let private = &self.private;
        let mut keys: Vec<String> = Vec::new();
        let mut values = Vec::new();
        for (at, (path, field, place)) in all.iter().enumerate() {
            let [key, rest @ ..] = *path else { continue };
            if rest.is_empty() {
                keys.push(key.clone());
                values.push(self.entry(key, field, *place));
                continue;
            }
            let is_of_key =
                |(path, ..): &&(&[String], &Field, usize)| path[0] == *key && path.len() > 1;
            if all[..at].iter().any(|entry| is_of_key(&entry)) {
                continue;
            }
            let inner: Vec<_> = all[at..]
                .iter()
                .filter(is_of_key)
                .map(|(path, field, place)| (&path[1..], *field, *place))
                .collect();
            let (inner_keys, inner_values) = self.entries(&inner);
            let object = quote!(#private::Object(&[#(#inner_keys),*], #inner_values));
            values.push(self.unless_secret(key, object));
            keys.push(key.clone());
        }
        (keys, list(values))
    }

    fn entry(&self, key: &str, field: &Field, place: usize) -> TokenStream {
        let private = &self.private;
        let (value, pointed) = (self.shown(place), self.pointed(place));
        let span = value.span();
        self.unless_secret(key, part(field.capture, &value, &pointed, private, span))
    }

    /// A part, behind what hides it where its key is on the list of secrets.
    fn unless_secret(&self, key: &str, part: TokenStream) -> TokenStream {
        let private = &self.private;
        if is_secret(key) {
            quote!(#private::Secret::value(#key, #part))
        } else {
            part
        }
    }

    /// The call that logs, once the statement is known to be on.
    fn logged(&self, statement: &Statement, parts: &Parts, said: &Said) -> TokenStream {
        let callsite = callsite(statement);
        let choice = self.choice(matches!(said, Said::Later(..)));
        let Parts {
            values, arguments, ..
        } = parts;
        // With the span of values and lists, but for their place: otherwise the compiler points at the whole statement
        // when a value cannot be logged.
        let at = Span::mixed_site();
        let call = if !statement.options.is_empty() || !statement.limits.is_empty() {
            let via = own("via");
            quote_spanned!(at=> #callsite.log_via(&#via, #values, #arguments);)
        } else if self.fields.is_empty() && matches!(said, Said::Constant) {
            quote!(#callsite.log_constant();)
        } else {
            quote_spanned!(at=> #callsite.log(#values, #arguments);)
        };
        let call = match statement.grammar {
            Grammar::Durable => {
                // Right before and after the call: what stands around it may be polled on different threads.
                let pending = own("pending");
                quote!(#pending.begin(); #call #pending.logged();)
            }
            Grammar::Hlog | Grammar::DropIn => call,
        };
        self.with_values(&choice, &call)
    }

    /// The traits that choose by the types of values, where there is something to choose.
    fn choice(&self, needs_choice: bool) -> TokenStream {
        let private = &self.private;
        let is_chosen =
            |(field, _): &(Field, usize)| matches!(field.capture, Capture::Error | Capture::Any(_));
        if !needs_choice && !self.fields.iter().any(is_chosen) {
            return TokenStream::new();
        }
        quote! {
            #[allow(unused_imports)]
            use #private::choice::*;
        }
    }

    /// A call inside of the evaluation of its values.
    fn with_values(&self, choice: &TokenStream, call: &TokenStream) -> TokenStream {
        if self.values.is_empty() {
            return quote!(#choice #call);
        }
        let values = &self.values;
        let names = (0..values.len()).map(value);
        quote! {
            match (#(&#values,)*) {
                (#(#names,)*) => {
                    #choice
                    #call
                }
            }
        }
    }

    /// The arguments as the record takes them along: a list of pairs.
    fn captures(&self, resolved: &Resolved, span: Span) -> TokenStream {
        list(resolved.captures.iter().map(|capture| match capture {
            resolve::Capture::Count { argument } => self.count(*argument),
            resolve::Capture::Value {
                argument,
                name,
                template,
                counts,
                at_call,
            } => {
                let part = self.capture(*argument, template, counts, *at_call, span);
                match name {
                    Some(name) if is_secret(name) => {
                        let private = &self.private;
                        quote!(#private::Secret::argument(#name, #part))
                    }
                    _ => part,
                }
            }
        }))
    }

    fn argument(&self, argument: usize) -> Ident {
        value(self.arguments[argument])
    }

    /// An argument that is a width or a precision.
    fn count(&self, argument: usize) -> TokenStream {
        let private = &self.private;
        let value = self.pointed(self.arguments[argument]);
        quote!(#private::Count(#value))
    }

    fn capture(
        &self,
        argument: usize,
        template: &str,
        counts: &[usize],
        at_call: bool,
        span: Span,
    ) -> TokenStream {
        let private = &self.private;
        let value = self.argument(argument);
        let template = LitStr::new(template, shown_at(span));
        let counts = counts.iter().map(|count| {
            let count = self.count(*count);
            quote!(#count.clamped())
        });
        let at = shown_at(span_of(&self.values[self.arguments[argument]]));
        let pointed = self.pointed(self.arguments[argument]);
        let formatted =
            quote_spanned!(at=> #private::core::format_args!(#template, #pointed #(, #counts)*));
        if at_call {
            quote_spanned!(at=> #private::AtCall(#formatted))
        } else {
            quote_spanned!(at=> (&&#private::Argument(#value)).or(#formatted))
        }
    }

    /// The static, the level check, and the call inside.
    fn guarded(&self, statement: &Statement, parts: &Parts, logged: &TokenStream) -> TokenStream {
        let private = &self.private;
        let Parts { keys, message, .. } = parts;
        let module = quote!(#private::core::module_path!());
        let target = static_target(statement).unwrap_or_else(|| module.clone());
        let place = quote! {
            #target, #private::Message::#message, &[#(#keys),*], #module, #private::core::file!(), #private::core::line!()
        };
        match &statement.level {
            Level::Word(word) => {
                let name = word.to_string();
                let level = level(private, &name);
                let severity = if name == "critical" {
                    quote!(#private::Severity::Critical)
                } else {
                    quote!(#private::Severity::Level(#level))
                };
                let checked = self.checked(statement, &level, logged);
                quote!({
                    static __HESTIA_CALLSITE: #private::Callsite = #private::Callsite::new(#severity, #place);
                    #checked
                })
            }
            Level::Expression { tokens, is_word } => {
                let callsite = callsite(statement);
                let checked = self.checked(statement, &quote!(#callsite.level()), logged);
                // What is written around an expression is not the compiler's to warn of: it tells a variable
                // from a level of the same name.
                let severity = if *is_word {
                    quote!({
                        #[allow(unused_imports)]
                        use #private::levels::*;
                        #tokens
                    })
                } else {
                    quote!((#tokens,).0)
                };
                let span = shown_at(span_of(tokens));
                let at = quote_spanned!(span=> at);
                quote!({
                    static __HESTIA_CALLSITES: #private::Callsites = #private::Callsites::new(#place);
                    match __HESTIA_CALLSITES.#at(#severity) {
                        #callsite => { #checked }
                    }
                })
            }
        }
    }

    /// The call inside of the level check.
    fn checked(
        &self,
        statement: &Statement,
        level: &TokenStream,
        logged: &TokenStream,
    ) -> TokenStream {
        let private = &self.private;
        let callsite = callsite(statement);
        if statement.options.is_empty() {
            let logged = self.limited(statement, logged, None);
            return quote!(if #callsite.is_on(#level) { #logged });
        }
        let option = |wanted: &str| {
            let found = statement.options.iter().find(|(name, _)| name == wanted);
            found.map(|(_, tokens)| tokens)
        };
        let (via, target, logger) = (own("via"), own("target"), own("logger"));
        let logged = self.limited(statement, logged, Some(&via));
        let mut values = Vec::new();
        let mut names = Vec::new();
        let mut calls = TokenStream::new();
        if let Some(tokens) = option("target").filter(|_| static_target(statement).is_none()) {
            values.push(closed(tokens.clone()));
            names.push(quote!(#target));
            let span = shown_at(span_of(tokens));
            let mut target = target;
            target.set_span(span);
            calls.extend(quote_spanned!(span=> .target(#target)));
        }
        if let Some(tokens) = option("logger") {
            values.push(closed(tokens.clone()));
            names.push(quote!(#logger));
            let span = shown_at(span_of(tokens));
            calls.extend(
                quote_spanned!(span=> .logger((&&#private::LoggerArgument(#logger)).destination())),
            );
        }
        quote! {
            if #private::may_be_on(#level) {
                match (#(&#values,)*) {
                    (#(#names,)*) => {
                        let #via = {
                            #[allow(unused_imports)]
                            use #private::choice::*;
                            #private::Via::new() #calls
                        };
                        if #callsite.is_on_via(#level, &#via) { #logged }
                    }
                }
            }
        }
    }

    /// The call inside of what says how often, with the number of executions that were left out since the last record.
    fn limited(
        &self,
        statement: &Statement,
        logged: &TokenStream,
        via: Option<&Ident>,
    ) -> TokenStream {
        if statement.limits.is_empty() {
            return logged.clone();
        }
        let private = &self.private;
        let limit::Said { kind, arguments } = limit::said(statement, private);
        let (passed, limited) = (own("passed"), own("via"));
        let via = via.map_or_else(|| quote!(#private::Via::new()), |via| quote!(#via));
        quote! {
            static __HESTIA_LIMIT: #private::#kind = #private::#kind::new();
            if let #private::core::option::Option::Some(#passed) = __HESTIA_LIMIT.pass(#arguments) {
                let #limited = #via.passed(#passed);
                #logged
            }
        }
    }

    /// The statement, and then the wait for the disk, when it was on.
    fn confirmed(&self, statement: &Statement, code: &TokenStream) -> TokenStream {
        let private = &self.private;
        let pending = own("pending");
        let confirm = match &statement.within {
            Some(within) => {
                let within = closed(within.clone());
                quote!(confirm_within(#within))
            }
            None => quote!(confirm()),
        };
        quote!({
            let mut #pending = #private::Pending::new();
            #code
            #pending.#confirm
        })
    }

    /// The mistakes, and the values all the same, so that what they say about types stays said.
    fn broken(&self, errors: &[Error]) -> TokenStream {
        let errors = errors.iter().map(Error::to_compile_error);
        let values = self.values.iter().filter(|value| !limit::is_span(value));
        quote!({
            #(#errors)*
            if false {
                let _ = (#(&#values,)*);
            }
        })
    }
}

fn callsite(statement: &Statement) -> TokenStream {
    match statement.level {
        Level::Word(_) => quote!(__HESTIA_CALLSITE),
        Level::Expression { .. } => {
            let callsite = own("callsite");
            quote!(#callsite)
        }
    }
}

fn level(private: &TokenStream, name: &str) -> TokenStream {
    let constant = LEVELS
        .iter()
        .find_map(|(known, constant)| (*known == name).then_some(*constant))
        .unwrap_or("Error");
    let constant = Ident::new(constant, Span::mixed_site());
    quote!(#private::Level::#constant)
}

/// A target that is a literal belongs into the static.
fn static_target(statement: &Statement) -> Option<TokenStream> {
    let (_, tokens) = statement
        .options
        .iter()
        .find(|(name, _)| name == "target")?;
    let literal: LitStr = syn::parse2(tokens.clone()).ok()?;
    Some(quote!(#literal))
}

/// The function that prints the message from its decoded arguments.
fn printer(private: &TokenStream, resolved: &Resolved, span: Span) -> TokenStream {
    let (out, arguments) = (own("out"), own("arguments"));
    let values = resolved
        .captures
        .iter()
        .enumerate()
        .map(|(place, capture)| {
            let get = match capture {
                resolve::Capture::Value { .. } => quote!(at),
                resolve::Capture::Count { .. } => quote!(count),
            };
            quote!(#arguments.#get(#place))
        });
    // Widths and precisions are not printed themselves; a format string refers to all of its arguments.
    let template = LitStr::new(&resolved.template, shown_at(span));
    quote!(|#out, #arguments| #out.write_fmt(#private::core::format_args!(#template #(, #values)*)))
}

/// A list of pairs.
fn list(
    items: impl IntoIterator<Item = TokenStream, IntoIter: DoubleEndedIterator>,
) -> TokenStream {
    let at = Span::mixed_site();
    items
        .into_iter()
        .rev()
        .fold(quote!(()), |rest, item| quote_spanned!(at=> (#item, #rest)))
}
