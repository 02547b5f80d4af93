//! A record whose parts somebody else knows how to visit: an event or a span of `tracing`.
//!
//! Callers' threads. Made in memory of the thread, as what the `log` crate hands over; the caller has asked the gate.

use super::emit::copies_scope;
use super::facade::send;
use super::scopes;
use super::{Front, ambient};
use crate::record::{Around, Image, InlineSite, Shared, Site, Text};

/// The scope that a record is in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place<'a> {
    /// What is current.
    Here,
    /// This one, held by the caller; or none at all.
    In(Option<&'a Shared>),
}

/// Logs a record: `fields` appends its keys and values in turn, `message` its text. What is code of the user's in them is
/// guarded by them.
pub(crate) fn log(
    front: &'static Front,
    site: InlineSite<'_>,
    place: Place<'_>,
    fields: impl FnOnce(&mut Vec<u8>),
    message: impl FnOnce(&mut Vec<u8>),
) {
    let held;
    let (scope, is_here) = match place {
        Place::Here => {
            held = scopes::hold();
            (held.shared(), true)
        }
        Place::In(scope) => {
            scope.into_iter().for_each(Shared::mark_used);
            (scope, scope.is_some_and(scopes::is_innermost))
        }
    };
    let around = Around {
        scope,
        logger: None,
        // What somebody else keeps, they keep of what is current: of another scope they say nothing.
        trace: is_here.then(|| ambient::ids(scope)).flatten(),
        copies_scope: copies_scope(front, scope),
    };
    send(
        front,
        site.severity.level(),
        Site::Inline(copied_if_mapped(front, site)),
        around,
        |mut image: Image<'_>| {
            image.fields(fields);
            image.text(message)
        },
    );
}

/// What another process may have to read says nothing by address.
fn copied_if_mapped<'a>(front: &Front, site: InlineSite<'a>) -> InlineSite<'a> {
    let text = |text| match text {
        Text::Static(text) if front.is_mapped => Text::Copied(text),
        text => text,
    };
    InlineSite {
        module: text(site.module),
        file: text(site.file),
        ..site
    }
}
