//! The arguments of `#[hestia(…)]`, wherever they stand in a type.

use syn::{Attribute, Data, DeriveInput, Fields, Meta};

use crate::arguments::{self, Argument};
use crate::error::Errors;

/// What the attributes say.
pub(super) struct Said {
    pub(super) container: Vec<Argument>,
    /// One for a struct.
    pub(super) variants: Vec<SaidOfVariant>,
}

/// What the attributes of a variant and of its fields say, in the fields' order.
pub(super) struct SaidOfVariant {
    pub(super) variant: Vec<Argument>,
    pub(super) fields: Vec<Vec<Argument>>,
}

pub(super) fn read(input: &DeriveInput, errors: &mut Errors) -> Said {
    let variants = match &input.data {
        Data::Struct(data) => vec![variant(&[], &data.fields, errors)],
        Data::Enum(data) => data
            .variants
            .iter()
            .map(|data| variant(&data.attrs, &data.fields, errors))
            .collect(),
        Data::Union(_) => Vec::new(),
    };
    Said {
        container: arguments(&input.attrs, errors),
        variants,
    }
}

fn variant(attributes: &[Attribute], fields: &Fields, errors: &mut Errors) -> SaidOfVariant {
    SaidOfVariant {
        variant: arguments(attributes, errors),
        fields: fields
            .iter()
            .map(|field| arguments(&field.attrs, errors))
            .collect(),
    }
}

fn arguments(attributes: &[Attribute], errors: &mut Errors) -> Vec<Argument> {
    let mut all = Vec::new();
    for attribute in attributes {
        if !attribute.path().is_ident("hestia") {
            continue;
        }
        match &attribute.meta {
            Meta::List(list) => all.extend(arguments::parse(list.tokens.clone(), errors)),
            _ => errors.at(
                attribute,
                "`#[hestia]` says nothing; write `#[hestia(…)]`, such as `#[hestia(skip)]`",
            ),
        }
    }
    all
}
