//! Where `#[redact]` and `#[redact(skip)]` stand, and what they come to.

use proc_macro2::Span;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Fields, Ident, Meta, Token};

use hestia_grammar::unknown;

use crate::error::Errors;

/// Which fields are hidden.
pub(crate) struct Marks {
    /// One list for a struct, one for each variant of an enum; in it one answer for each field.
    variants: Vec<Vec<bool>>,
}

/// What one place says.
#[derive(Clone, Copy)]
enum Mark {
    Hide(Span),
    Skip(Span),
}

impl Marks {
    pub(crate) fn read(input: &DeriveInput, errors: &mut Errors) -> Self {
        let whole = around(mark(&input.attrs, errors), "a type", errors);
        let variants = match &input.data {
            Data::Struct(data) => vec![fields(&data.fields, whole, errors)],
            Data::Enum(data) => {
                let variants = data.variants.iter().map(|variant| {
                    let own = around(mark(&variant.attrs, errors), "a variant", errors);
                    if let (Some(_), Some(span)) = (whole, own) {
                        errors.at_span(span, TWICE);
                    }
                    if let (Some(span), Fields::Unit) = (own, &variant.fields) {
                        errors.at_span(
                            span,
                            "a variant without fields has nothing to hide; its name is always shown",
                        );
                    }
                    fields(&variant.fields, whole.or(own), errors)
                });
                variants.collect()
            }
            Data::Union(_) => Vec::new(),
        };
        Marks { variants }
    }

    /// Whether a field of a variant, or of the struct (variant 0), is hidden.
    pub(crate) fn hide(&self, variant: usize, field: usize) -> bool {
        let fields = self.variants.get(variant);
        fields.and_then(|fields| fields.get(field)) == Some(&true)
    }

    pub(crate) fn hide_something(&self) -> bool {
        self.variants.iter().flatten().any(|hidden| *hidden)
    }
}

const TWICE: &str = "what is around it is marked `#[redact]` already";

/// A mark that counts for all fields inside.
fn around(mark: Option<Mark>, noun: &str, errors: &mut Errors) -> Option<Span> {
    match mark? {
        Mark::Hide(span) => Some(span),
        Mark::Skip(span) => {
            let message =
                format!("`skip` belongs on a field; {noun} that hides nothing needs no mark");
            errors.at_span(span, message);
            None
        }
    }
}

fn fields(fields: &Fields, around: Option<Span>, errors: &mut Errors) -> Vec<bool> {
    let fields = fields.iter().map(|field| {
        match (mark(&field.attrs, errors), around) {
            (Some(Mark::Hide(span)), Some(_)) => errors.at_span(span, TWICE),
            (Some(Mark::Skip(span)), None) => errors.at_span(
                span,
                "`skip` is for fields of what is marked `#[redact]` as a whole; without it the field is shown anyway",
            ),
            (Some(Mark::Hide(_)), None) => return true,
            (Some(Mark::Skip(_)), Some(_)) => return false,
            (None, _) => {}
        }
        around.is_some()
    });
    fields.collect()
}

fn mark(attributes: &[Attribute], errors: &mut Errors) -> Option<Mark> {
    let mut found = None;
    let marks = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("redact"));
    for attribute in marks {
        if found.is_some() {
            errors.at(attribute, "`#[redact]` is given twice; keep one of them");
        }
        found = found.or(read(attribute, errors));
    }
    found
}

fn read(attribute: &Attribute, errors: &mut Errors) -> Option<Mark> {
    let span = attribute.path().span();
    let words = match &attribute.meta {
        Meta::Path(_) => return Some(Mark::Hide(span)),
        Meta::List(list) => list.parse_args_with(Punctuated::<Ident, Token![,]>::parse_terminated),
        Meta::NameValue(_) => Err(syn::Error::new(span, "")),
    };
    let Ok(words) = words else {
        errors.at(
            attribute,
            "`#[redact]` takes nothing, or `skip`: `#[redact(skip)]`",
        );
        return None;
    };
    match words.iter().collect::<Vec<_>>()[..] {
        [word] if word == "skip" => Some(Mark::Skip(word.span())),
        [word, ..] if word != "skip" => {
            errors.at(word, unknown("argument", &word.to_string(), &["skip"]));
            None
        }
        _ => {
            errors.at(
                attribute,
                "`#[redact]` takes nothing, or `skip`: `#[redact(skip)]`",
            );
            None
        }
    }
}
