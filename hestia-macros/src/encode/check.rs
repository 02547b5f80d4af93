//! What may be said, and what becomes of each field.

use hestia_grammar::unknown;
use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{
    Data, DeriveInput, Expr, ExprLit, Field, Fields, Generics, Ident, Lit, Member, Path, Type,
};

use super::parse::{Said, SaidOfVariant};
use crate::arguments::{Argument, Value};
use crate::error::Errors;
use crate::redact::Marks;
use crate::settings::crate_path;

/// Everything the expansion needs.
pub(super) struct Container {
    pub(super) hestia: Option<Path>,
    pub(super) name: Ident,
    pub(super) generics: Generics,
    pub(super) is_enum: bool,
    /// One for a struct.
    pub(super) variants: Vec<Variant>,
}

/// A variant, or a struct.
pub(super) struct Variant {
    pub(super) ident: Ident,
    /// Its name in the log.
    pub(super) key: String,
    pub(super) shape: Shape,
    /// Those that are encoded.
    pub(super) fields: Vec<Encoded>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Unit,
    /// One field.
    Newtype,
    Tuple,
    Named,
}

/// A field that is encoded.
pub(super) struct Encoded {
    /// Its place among all fields.
    pub(super) index: usize,
    pub(super) member: Member,
    pub(super) key: String,
    pub(super) of: Type,
    pub(super) how: How,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    Encode,
    Display,
    Debug,
    Serde,
    Bytes,
    /// By a mark: not looked at.
    Hidden,
}

/// Judges everything; whatever is wrong is among the errors then.
pub(super) fn check(
    input: DeriveInput,
    said: Said,
    marks: &Marks,
    errors: &mut Errors,
) -> Option<Container> {
    let hestia = container(said.container, errors);
    let mut said = said.variants.into_iter();
    let is_enum = matches!(input.data, Data::Enum(_));
    let variants = match input.data {
        Data::Struct(data) => {
            let name = input.ident.clone();
            vec![variant(name, data.fields, said.next()?, errors)]
        }
        Data::Enum(data) => {
            let variants = data.variants.into_iter().zip(said);
            let variants: Vec<_> = variants
                .map(|(data, said)| variant(data.ident, data.fields, said, errors))
                .collect();
            check_names(&variants, errors);
            variants
        }
        Data::Union(data) => {
            errors.at(
                data.union_token,
                "`Encode` cannot be derived for a union, since nothing says which of its fields is valid; implement it by hand",
            );
            return None;
        }
    };
    let variants = variants.into_iter().enumerate();
    let variants = variants.map(|(place, mut variant)| {
        for field in &mut variant.fields {
            if marks.hide(place, field.index) {
                check_hidden(field, errors);
                field.how = How::Hidden;
            }
        }
        variant
    });
    let variants = variants.collect();
    Some(Container {
        hestia,
        name: input.ident,
        generics: input.generics,
        is_enum,
        variants,
    })
}

fn container(said: Vec<Argument>, errors: &mut Errors) -> Option<Path> {
    let (hestia, others): (Vec<_>, Vec<_>) = said
        .into_iter()
        .partition(|argument| argument.key.text == "crate");
    for Argument { key, .. } in others {
        let message = if FIELD_WORDS.contains(&key.text.as_str()) {
            format!("`{}` belongs on a field", key.text)
        } else {
            unknown("argument", &key.text, &["crate"]).to_string()
        };
        errors.at_span(key.span, message);
    }
    crate_path(hestia, errors)
}

fn variant(ident: Ident, fields: Fields, said: SaidOfVariant, errors: &mut Errors) -> Variant {
    let key = variant_key(&ident, &said.variant, errors);
    let shape = match &fields {
        Fields::Unit => Shape::Unit,
        Fields::Named(_) => Shape::Named,
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => Shape::Newtype,
        Fields::Unnamed(_) => Shape::Tuple,
    };
    let span = fields.span();
    let fields = encoded(fields, said.fields, errors);
    match shape {
        Shape::Named => check_keys(&fields, errors),
        Shape::Newtype if fields.is_empty() => errors.at_span(
            span,
            "the only field cannot be skipped, since its value is that of the whole",
        ),
        _ => {}
    }
    Variant {
        ident,
        key,
        shape,
        fields,
    }
}

fn variant_key(ident: &Ident, said: &[Argument], errors: &mut Errors) -> String {
    let mut renamed = None;
    for argument in said {
        let key = &argument.key;
        match key.text.as_str() {
            "rename" if renamed.is_some() => errors.at_span(key.span, twice("rename")),
            "rename" => renamed = rename(argument, errors),
            word if FIELD_WORDS.contains(&word) => {
                let message = format!("`{word}` belongs on a field; a variant takes `rename`");
                errors.at_span(key.span, message);
            }
            word => errors.at_span(key.span, unknown("argument", word, &["rename"])),
        }
    }
    renamed.unwrap_or_else(|| ident.unraw().to_string())
}

/// The fields that are not skipped.
fn encoded(
    fields: impl IntoIterator<Item = Field>,
    said: Vec<Vec<Argument>>,
    errors: &mut Errors,
) -> Vec<Encoded> {
    let fields = fields.into_iter().zip(said).enumerate();
    let fields = fields.filter_map(|(index, (data, said))| field(index, data, &said, errors));
    fields.collect()
}

const FIELD_WORDS: [&str; 6] = ["skip", "rename", "display", "debug", "serde", "bytes"];

fn field(index: usize, data: Field, said: &[Argument], errors: &mut Errors) -> Option<Encoded> {
    let mut words: Vec<&str> = Vec::new();
    let mut how: Option<(&str, How)> = None;
    let mut skipped = false;
    let mut renamed = None;
    for argument in said {
        let (span, word) = (argument.key.span, argument.key.text.as_str());
        if words.contains(&word) {
            errors.at_span(span, twice(word));
            continue;
        }
        words.push(word);
        match (word, how_of(word)) {
            ("skip", _) => skipped = is_bare(argument, errors),
            ("rename", _) if data.ident.is_none() => {
                errors.at_span(span, "a field without a name cannot be renamed");
            }
            ("rename", _) => renamed = rename(argument, errors),
            (_, None) => errors.at_span(span, unknown("argument", word, &FIELD_WORDS)),
            (_, Some(_)) if how.is_some() => {
                let first = how.map_or("", |(first, _)| first);
                let message = format!("a field is encoded in one way; keep `{first}` or `{word}`");
                errors.at_span(span, message);
            }
            (_, Some(found)) => how = is_bare(argument, errors).then_some((word, found)),
        }
    }
    if skipped {
        check_skipped(&words, said, errors);
        return None;
    }
    let key = data.ident.as_ref().map(|ident| ident.unraw().to_string());
    Some(Encoded {
        index,
        key: renamed.or(key).unwrap_or_default(),
        member: data.ident.map_or(Member::from(index), Member::Named),
        of: data.ty,
        how: how.map_or(How::Encode, |(_, how)| how),
    })
}

fn check_hidden(field: &Encoded, errors: &mut Errors) {
    let word = match field.how {
        How::Encode | How::Hidden => return,
        How::Display => "display",
        How::Debug => "debug",
        How::Serde => "serde",
        How::Bytes => "bytes",
    };
    errors.at_span(
        field.member.span(),
        format!("a field that is hidden has no use for `{word}`"),
    );
}

fn how_of(word: &str) -> Option<How> {
    match word {
        "display" => Some(How::Display),
        "debug" => Some(How::Debug),
        "serde" => Some(How::Serde),
        "bytes" => Some(How::Bytes),
        _ => None,
    }
}

fn check_skipped(words: &[&str], said: &[Argument], errors: &mut Errors) {
    let other = words.iter().position(|word| *word != "skip");
    if let Some(other) = other {
        let Argument { key, .. } = &said[other];
        errors.at_span(
            key.span,
            format!("a field that is skipped has no use for `{}`", key.text),
        );
    }
}

/// A word without a value.
fn is_bare(argument: &Argument, errors: &mut Errors) -> bool {
    let is_bare = matches!(argument.value, Value::None);
    if !is_bare {
        let word = &argument.key.text;
        errors.at_span(
            argument.key.span,
            format!("`{word}` takes no value; write `#[hestia({word})]`"),
        );
    }
    is_bare
}

fn rename(argument: &Argument, errors: &mut Errors) -> Option<String> {
    match &argument.value {
        Value::Expr(Expr::Lit(ExprLit {
            lit: Lit::Str(name),
            ..
        })) if !name.value().is_empty() => Some(name.value()),
        _ => {
            errors.at_span(
                argument.key.span,
                r#"`rename` takes a name in a string, such as `rename = "user_id"`"#,
            );
            None
        }
    }
}

fn twice(word: &str) -> String {
    format!("`{word}` is given twice; keep one of them")
}

/// Of two entries with one key the log would keep one.
fn check_keys(fields: &[Encoded], errors: &mut Errors) {
    let keys = fields
        .iter()
        .map(|field| (field.key.as_str(), field.member.span()));
    check_unique(keys, "fields", errors);
}

fn check_names(variants: &[Variant], errors: &mut Errors) {
    let names = variants
        .iter()
        .map(|variant| (variant.key.as_str(), variant.ident.span()));
    check_unique(names, "variants", errors);
}

fn check_unique<'a>(names: impl Iterator<Item = (&'a str, Span)>, noun: &str, errors: &mut Errors) {
    let mut seen: Vec<&str> = Vec::new();
    for (name, span) in names {
        if seen.contains(&name) {
            let message = format!("two {noun} are named `{name}`; rename one of them");
            errors.at_span(span, message);
        }
        seen.push(name);
    }
}
