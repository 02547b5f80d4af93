//! Tokens into a [`Statement`]. Judges nothing but what cannot be parsed.
//!
//! Expressions are passed on as they were written, also those that make no sense yet: so that an editor
//! completes what is being typed.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Error, Expr, Ident, LitStr, Result, Token};

use hestia_grammar::suggest;

/// The levels by their names in statements, and the names of their constants.
pub(crate) const LEVELS: [(&str, &str); 6] = [
    ("critical", "Error"),
    ("error", "Error"),
    ("warn", "Warn"),
    ("info", "Info"),
    ("debug", "Debug"),
    ("trace", "Trace"),
];

/// Whose grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grammar {
    Hlog,
    /// That of the `log` crate's macros.
    DropIn,
    /// As `hlog!`, with one more option.
    Durable,
}

/// All options: of `durable!` alone, and those that say how often a statement logs, too.
const OPTIONS: [&str; 7] = [
    "target", "logger", "within", "every", "first", "sample", "by",
];

/// The options that say how often a statement logs.
const LIMITS: [&str; 4] = ["every", "first", "sample", "by"];

impl Grammar {
    fn has_option(self, name: &str) -> bool {
        OPTIONS.contains(&name) && (name != "within" || self == Grammar::Durable)
    }
}

pub(crate) struct Statement {
    /// The path of hestia's crate.
    pub(crate) hestia: TokenStream,
    pub(crate) grammar: Grammar,
    pub(crate) level: Level,
    pub(crate) options: Vec<(Ident, TokenStream)>,
    /// The option of `durable!` that says how long it waits.
    pub(crate) within: Option<TokenStream>,
    /// The options that say how often it logs.
    pub(crate) limits: Vec<(Ident, TokenStream)>,
    pub(crate) fields: Vec<Field>,
    pub(crate) message: Option<Message>,
    pub(crate) arguments: Vec<Argument>,
    /// Where a mistake of the whole statement is shown.
    pub(crate) span: Span,
}

pub(crate) enum Level {
    /// One of [`LEVELS`].
    Word(Ident),
    /// Any expression; a single word may be a level misspelt.
    Expression { tokens: TokenStream, is_word: bool },
}

#[derive(Clone)]
pub(crate) struct Field {
    pub(crate) key: Key,
    pub(crate) capture: Capture,
    pub(crate) value: TokenStream,
}

#[derive(Clone)]
pub(crate) struct Key {
    /// More than one for an object in an object.
    pub(crate) path: Vec<String>,
    /// As it was written, to be pointed at.
    pub(crate) written: TokenStream,
    pub(crate) is_quoted: bool,
}

/// How a value is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Capture {
    Typed,
    Display,
    Debug,
    Serde,
    Bytes,
    Error,
    /// Whatever it is, so much of it, in bytes: with its type if it can be, as it debugs otherwise.
    Any(usize),
}

pub(crate) enum Message {
    Literal(LitStr),
    /// A macro call that makes the string.
    Macro(TokenStream),
}

pub(crate) enum Argument {
    Positional(TokenStream),
    /// A format argument or, in `hlog!`, a field: the string decides.
    Named {
        name: Ident,
        value: TokenStream,
    },
    Field(Field),
}

pub(crate) fn statement(input: ParseStream<'_>, grammar: Grammar) -> Result<Statement> {
    let hestia: TokenStream = hestia_path(input)?;
    let level = match grammar {
        Grammar::DropIn => {
            let word = input.call(Ident::parse_any)?;
            input.parse::<Token![;]>()?;
            Level::Word(word)
        }
        Grammar::Hlog | Grammar::Durable => level(input, grammar)?,
    };
    let mut statement = Statement {
        hestia,
        grammar,
        level,
        options: Vec::new(),
        within: None,
        limits: Vec::new(),
        fields: Vec::new(),
        message: None,
        arguments: Vec::new(),
        span: Span::call_site(),
    };
    options(input, &mut statement)?;
    fields(input, grammar, &mut statement)?;
    if statement.message.is_none() && !input.is_empty() {
        message(input, &mut statement)?;
    }
    arguments(input, grammar, &mut statement)?;
    Ok(statement)
}

/// The front macro's `$crate`, before the user's tokens.
pub(super) fn hestia_path(input: ParseStream<'_>) -> Result<TokenStream> {
    let path: syn::Path = input.parse()?;
    input.parse::<Token![;]>()?;
    Ok(path.into_token_stream())
}

fn level(input: ParseStream<'_>, grammar: Grammar) -> Result<Level> {
    const EXAMPLE: &str = "such as `hlog!(info, \"…\")`";
    if input.is_empty() {
        return Err(input.error(format!("a statement starts with its level, {EXAMPLE}")));
    }
    let is_key = input.peek2(Token![=]) && !input.peek2(Token![==]);
    let is_sigil = input.peek(Token![%]) || input.peek(Token![?]);
    if input.peek(LitStr)
        || (is_key && !input.peek(Token![&]))
        || is_sigil
        || at_option(input, grammar)
    {
        return Err(input.error(format!(
            "the level is missing: a statement starts with it, {EXAMPLE}"
        )));
    }
    let fork = input.fork();
    let word = fork.call(Ident::parse_any);
    if let Ok(word) = &word
        && fork.peek(LitStr)
    {
        return Err(fork.error(format!(
            "expected `,` between the level `{word}` and the message"
        )));
    }
    if let Ok(word) = word
        && (fork.is_empty() || fork.peek(Token![,]))
    {
        input.call(Ident::parse_any)?;
        separator(input)?;
        let known = LEVELS.iter().any(|(name, _)| word == name);
        return Ok(if known {
            Level::Word(word)
        } else {
            Level::Expression {
                tokens: word.into_token_stream(),
                is_word: true,
            }
        });
    }
    let tokens = expression(input)?;
    separator(input)?;
    Ok(Level::Expression {
        tokens,
        is_word: false,
    })
}

/// A comma, or the end.
pub(super) fn separator(input: ParseStream<'_>) -> Result<()> {
    if input.is_empty() {
        return Ok(());
    }
    if !input.peek(Token![,]) {
        return Err(input.error("expected `,`"));
    }
    input.parse::<Token![,]>().map(drop)
}

fn at_option(input: ParseStream<'_>, grammar: Grammar) -> bool {
    let fork = input.fork();
    let Ok(word) = fork.call(Ident::parse_any) else {
        return false;
    };
    let name = word.to_string();
    grammar.has_option(&name)
        && fork.peek(Token![:])
        && !fork.peek(Token![::])
        && !(LIMITS.contains(&name.as_str()) && at_modifier(&fork))
}

/// Whether a colon and a modifier come next, as in `first:serde = x`: a key of this name was there before the option.
fn at_modifier(fork: ParseStream<'_>) -> bool {
    if fork.parse::<Token![:]>().is_err() {
        return false;
    }
    if fork.peek(Token![%]) || fork.peek(Token![?]) {
        return true;
    }
    let word = fork.call(Ident::parse_any);
    word.is_ok_and(|word| MODIFIER_WORDS.iter().any(|(name, _)| word == name))
        && (fork.is_empty()
            || fork.peek(Token![,])
            || fork.peek(Token![;])
            || (fork.peek(Token![=]) && !fork.peek(Token![==])))
}

fn options(input: ParseStream<'_>, statement: &mut Statement) -> Result<()> {
    while at_option(input, statement.grammar) {
        let name = input.call(Ident::parse_any)?;
        input.parse::<Token![:]>()?;
        let value = expression(input)?;
        let is_within = name == "within";
        let known = statement.options.iter().chain(&statement.limits);
        if is_within && statement.within.is_some()
            || known.into_iter().any(|(known, _)| *known == name)
        {
            return Err(Error::new(name.span(), format!("`{name}:` is said twice")));
        }
        separator(input)?;
        if is_within {
            statement.within = Some(value);
        } else if LIMITS.iter().any(|limit| name == limit) {
            statement.limits.push((name, value));
        } else {
            statement.options.push((name, value));
        }
    }
    Ok(())
}

fn late_option(input: ParseStream<'_>, grammar: Grammar) -> Result<()> {
    if !at_option(input, grammar) {
        return Ok(());
    }
    let name = input.fork().call(Ident::parse_any)?;
    Err(input.error(format!(
        "options such as `{name}:` come before key-values and message"
    )))
}

/// The fields before the message, and the separator after them.
fn fields(input: ParseStream<'_>, grammar: Grammar, statement: &mut Statement) -> Result<()> {
    while !input.is_empty() {
        late_option(input, grammar)?;
        if at_message(input) {
            return Ok(());
        }
        let field = field(input)?;
        statement.fields.push(field);
        if input.peek(Token![;]) {
            if grammar != Grammar::DropIn {
                return Err(input.error("in `hlog!` a comma stands before the message, not `;`"));
            }
            input.parse::<Token![;]>()?;
            late_option(input, grammar)?;
            if !input.is_empty() && !at_message(input) {
                return Err(input.error("after `;` comes the message, a string literal"));
            }
            return Ok(());
        }
        if grammar == Grammar::DropIn && input.is_empty() {
            return Ok(());
        }
        if !input.peek(Token![,]) && !input.is_empty() {
            return Err(input.error(match grammar {
                Grammar::Hlog | Grammar::Durable => "expected `,` after a key-value",
                Grammar::DropIn => "expected `,` or, before the message, `;` after a key-value",
            }));
        }
        separator(input)?;
        if grammar == Grammar::DropIn && at_message(input) {
            return Err(
                input.error("before the message stands `;`, as in `info!(user_id = 5; \"…\")`")
            );
        }
    }
    Ok(())
}

/// A string that is no key, or a macro call.
pub(super) fn at_message(input: ParseStream<'_>) -> bool {
    if input.peek(LitStr) {
        return !at_key_end(&input.fork(), |fork| fork.parse::<LitStr>().map(drop));
    }
    let fork = input.fork();
    fork.call(syn::Path::parse_mod_style).is_ok() && fork.peek(Token![!]) && !fork.peek(Token![!=])
}

fn at_key_end(fork: ParseStream<'_>, skip: impl FnOnce(ParseStream<'_>) -> Result<()>) -> bool {
    skip(fork).is_ok() && (fork.peek(Token![:]) || (fork.peek(Token![=]) && !fork.peek(Token![==])))
}

pub(super) fn field(input: ParseStream<'_>) -> Result<Field> {
    if let Some(capture) = sigil(input) {
        let name = input.call(Ident::parse_any)?;
        return Ok(shorthand(&name, capture));
    }
    let unexpected = unexpected(input);
    if !input.peek(Ident::peek_any) && !input.peek(LitStr) {
        return Err(unexpected);
    }
    let (key, name) = key(input)?;
    let modifier = modifier(input, &key)?;
    if input.peek(Token![=]) && !input.peek(Token![==]) {
        input.parse::<Token![=]>()?;
        return field_value(input, key, modifier);
    }
    if !input.is_empty() && !input.peek(Token![,]) && !input.peek(Token![;]) {
        return Err(unexpected);
    }
    match name {
        Some(name) => {
            let capture = modifier.unwrap_or_else(|| usual_capture(&key));
            Ok(shorthand(&name, capture))
        }
        None => Err(Error::new_spanned(
            &key.written,
            format!("the key `{}` needs a value: `{0} = …`", key.path.join(".")),
        )),
    }
}

fn unexpected(input: ParseStream<'_>) -> Error {
    Error::new(
        input.span(),
        "expected a key-value such as `user_id = 5`, a variable, or the message as a string literal; a message that an expression makes is written `\"{}\", …`",
    )
}

fn shorthand(name: &Ident, capture: Capture) -> Field {
    Field {
        key: Key {
            path: vec![name.unraw().to_string()],
            written: name.to_token_stream(),
            is_quoted: false,
        },
        capture,
        value: name.to_token_stream(),
    }
}

/// A key, and the variable it would be without a value.
fn key(input: ParseStream<'_>) -> Result<(Key, Option<Ident>)> {
    if input.peek(LitStr) {
        let text: LitStr = input.parse()?;
        let key = Key {
            path: vec![text.value()],
            written: text.to_token_stream(),
            is_quoted: true,
        };
        return Ok((key, None));
    }
    let first = input.call(Ident::parse_any)?;
    let mut path = vec![first.unraw().to_string()];
    let mut written = first.to_token_stream();
    while input.peek(Token![.]) && !input.peek(Token![..]) {
        let point: Token![.] = input.parse()?;
        if !input.peek(Ident::peek_any) {
            return Err(input.error("expected the next word of the key, as in `req.method = …`"));
        }
        let word = input.call(Ident::parse_any)?;
        path.push(word.unraw().to_string());
        written.extend(quote::quote!(#point #word));
    }
    let variable = (path.len() == 1).then_some(first);
    let key = Key {
        path,
        written,
        is_quoted: false,
    };
    Ok((key, variable))
}

/// `:serde` and the like.
fn modifier(input: ParseStream<'_>, key: &Key) -> Result<Option<Capture>> {
    if !input.peek(Token![:]) || input.peek(Token![::]) {
        return Ok(None);
    }
    input.parse::<Token![:]>()?;
    if let Some(capture) = sigil(input) {
        return Ok(Some(capture));
    }
    if !input.peek(Ident::peek_any) {
        return Err(no_modifier(key));
    }
    let word = input.call(Ident::parse_any)?;
    if let Some((_, capture)) = MODIFIER_WORDS.iter().find(|(name, _)| word == name) {
        return Ok(Some(*capture));
    }
    if let Some(wrong) = no_option(&key.path.join(".")) {
        return Err(Error::new_spanned(&key.written, wrong));
    }
    let meant = match suggest(
        &word.to_string(),
        MODIFIER_WORDS.iter().map(|(name, _)| *name),
    ) {
        Some(name) => format!("; did you mean `{name}`?"),
        None => String::new(),
    };
    Err(Error::new(
        word.span(),
        format!("unknown modifier `:{word}`, expected {MODIFIERS}{meant}"),
    ))
}

const MODIFIER_WORDS: [(&str, Capture); 6] = [
    ("display", Capture::Display),
    ("debug", Capture::Debug),
    ("serde", Capture::Serde),
    ("bytes", Capture::Bytes),
    ("err", Capture::Error),
    ("error", Capture::Error),
];

const MODIFIERS: &str = "`:%` (display), `:?` (debug), `:serde`, `:bytes` or `:err`";

/// A key with a colon behind it, and then neither sigil nor word: perhaps an option, misspelt.
fn no_modifier(key: &Key) -> Error {
    let name = key.path.join(".");
    let message = no_option(&name).unwrap_or_else(|| {
        format!(
            "expected {MODIFIERS} behind the key `{name}`; a key is given its value by `{name} = …`"
        )
    });
    Error::new_spanned(&key.written, message)
}

/// What is wrong with an option, if that is what this name was meant to be.
fn no_option(name: &str) -> Option<String> {
    if name == "within" {
        return Some(
            "`within:` is an option of `durable!`, which waits; nothing else does".to_owned(),
        );
    }
    let option = suggest(name, OPTIONS)?;
    Some(format!(
        "unknown option `{name}:`; did you mean `{option}:`?"
    ))
}

fn sigil(input: ParseStream<'_>) -> Option<Capture> {
    if input.parse::<Option<Token![%]>>().ok()?.is_some() {
        Some(Capture::Display)
    } else if input.parse::<Option<Token![?]>>().ok()?.is_some() {
        Some(Capture::Debug)
    } else {
        None
    }
}

/// What is behind `=`.
fn field_value(input: ParseStream<'_>, key: Key, modifier: Option<Capture>) -> Result<Field> {
    let at_sigil = input.span();
    let sigil = sigil(input);
    if let (Some(_), Some(_)) = (modifier, sigil) {
        return Err(Error::new(
            at_sigil,
            "how to take the value is said twice: before the `=` and after it",
        ));
    }
    let value = expression(input)?;
    Ok(Field {
        capture: modifier.or(sigil).unwrap_or_else(|| usual_capture(&key)),
        key,
        value,
    })
}

/// The key `err` asks for an error.
fn usual_capture(key: &Key) -> Capture {
    if key.path == ["err"] {
        Capture::Error
    } else {
        Capture::Typed
    }
}

fn message(input: ParseStream<'_>, statement: &mut Statement) -> Result<()> {
    statement.message = Some(if input.peek(LitStr) {
        Message::Literal(input.parse()?)
    } else {
        Message::Macro(expression(input)?)
    });
    if input.peek(Token![;]) {
        return Err(input.error(match statement.grammar {
            Grammar::Hlog | Grammar::Durable => "expected `,`",
            Grammar::DropIn => {
                "expected `,`: key-values, and the `;` behind them, stand before the message"
            }
        }));
    }
    separator(input)
}

fn arguments(input: ParseStream<'_>, grammar: Grammar, statement: &mut Statement) -> Result<()> {
    while !input.is_empty() {
        late_option(input, grammar)?;
        let argument = match grammar {
            Grammar::Hlog | Grammar::Durable if at_field(input) => named_or_field(input)?,
            _ if at_name(input) => {
                let name = input.call(Ident::parse_any)?;
                input.parse::<Token![=]>()?;
                let value = expression(input)?;
                Argument::Named { name, value }
            }
            _ => Argument::Positional(expression(input)?),
        };
        separator(input)?;
        statement.arguments.push(argument);
    }
    Ok(())
}

/// `name =`
fn at_name(input: ParseStream<'_>) -> bool {
    input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==])
}

/// A key with a value.
fn at_field(input: ParseStream<'_>) -> bool {
    let fork = input.fork();
    let Ok((key, _)) = key(&fork) else {
        return false;
    };
    let _ = modifier(&fork, &key);
    fork.peek(Token![=]) && !fork.peek(Token![==])
}

/// `name = value` without any more may be either; all else is a field.
fn named_or_field(input: ParseStream<'_>) -> Result<Argument> {
    if at_name(input) && !input.peek3(Token![%]) && !input.peek3(Token![?]) {
        let name = input.call(Ident::parse_any)?;
        input.parse::<Token![=]>()?;
        let value = expression(input)?;
        return Ok(Argument::Named { name, value });
    }
    field(input).map(Argument::Field)
}

impl Field {
    /// A variable, under its own name.
    pub(crate) fn of_variable(name: &Ident, capture: Capture) -> Self {
        shorthand(name, capture)
    }

    /// A value with its type, under this name.
    pub(crate) fn of_value(name: &Ident, value: TokenStream) -> Self {
        let mut field = shorthand(name, Capture::Typed);
        field.value = value;
        field
    }
}

impl Argument {
    /// A named argument whose name the string does not have.
    pub(crate) fn as_field(name: &Ident, value: &TokenStream) -> Field {
        let mut field = Field::of_value(name, value.clone());
        field.capture = usual_capture(&field.key);
        field
    }
}

/// An expression as it was written; what is none, to the next comma.
fn expression(input: ParseStream<'_>) -> Result<TokenStream> {
    let fork = input.fork();
    if fork.parse::<Expr>().is_ok()
        && (fork.is_empty() || fork.peek(Token![,]) || fork.peek(Token![;]))
    {
        return Ok(tokens_until(input, &fork));
    }
    let mut tokens = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) && !input.peek(Token![;]) {
        tokens.extend([input.parse::<TokenTree>()?]);
    }
    if tokens.is_empty() {
        return Err(input.error("expected an expression"));
    }
    Ok(tokens)
}

/// The tokens from one position to a later one.
fn tokens_until(input: ParseStream<'_>, end: ParseStream<'_>) -> TokenStream {
    let mut tokens = TokenStream::new();
    while input.cursor() != end.cursor() {
        match input.parse::<TokenTree>() {
            Ok(token) => tokens.extend([token]),
            Err(_) => break,
        }
    }
    tokens
}

/// An expression that stands by itself, whatever is written before it.
///
/// What another macro was given as an expression comes in a group without delimiters. The compiler forgets
/// such groups in what a procedural macro returns, and with them what belongs together, so they become
/// parentheses where that matters.
pub(crate) fn closed(tokens: TokenStream) -> TokenStream {
    let closed: TokenStream = tokens.into_iter().map(closed_group).collect();
    let is_single = closed.clone().into_iter().nth(1).is_none();
    if is_single {
        return closed;
    }
    parentheses(closed)
}

fn parentheses(tokens: TokenStream) -> TokenStream {
    let span = Span::mixed_site().located_at(tokens.span());
    let mut group = Group::new(Delimiter::Parenthesis, tokens);
    group.set_span(span);
    group.into_token_stream()
}

fn closed_group(token: TokenTree) -> TokenTree {
    let TokenTree::Group(group) = token else {
        return token;
    };
    let inside: TokenStream = group.stream().into_iter().map(closed_group).collect();
    let delimiter = match group.delimiter() {
        Delimiter::None if binds_loosely(&inside) => Delimiter::Parenthesis,
        other => other,
    };
    let mut closed = Group::new(delimiter, inside);
    closed.set_span(group.span());
    TokenTree::Group(closed)
}

fn binds_loosely(tokens: &TokenStream) -> bool {
    use Expr::{Assign, Binary, Break, Cast, Closure, Range, Reference, Return, Unary, Yield};
    matches!(
        syn::parse2::<Expr>(tokens.clone()),
        Ok(Assign(_)
            | Binary(_)
            | Break(_)
            | Cast(_)
            | Closure(_)
            | Range(_)
            | Reference(_)
            | Return(_)
            | Unary(_)
            | Yield(_))
    )
}

/// Where to point at for an expression.
pub(crate) fn span_of(tokens: &TokenStream) -> Span {
    tokens.span()
}
