//! Spans of `tracing` among the scopes of the thread.
//!
//! A span is entered by its own number and not by one that the entry gives out, since leaving it says nothing else. It may
//! be entered on several threads at once, and several times on one; each entry is left once.
//!
//! A scope of hestia's is the program's word about a thread: whatever is entered inside of it lies inside of it, also a span
//! that was made elsewhere. Such a span is entered by a scope of the entry's own, which says what the span's says.

use std::ptr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{ENTERED, Entry, place};
use crate::callsite::kept::Kept;
use crate::record::Shared;

/// What a span is known by: which layer has made its scope, from 1 up, and its id there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SpanNumber {
    pub(crate) layer: u64,
    pub(crate) id: u64,
}

impl SpanNumber {
    /// Above all that entries give out.
    fn number(self) -> u128 {
        u128::from(self.layer) << 64 | u128::from(self.id)
    }
}

impl Entry {
    fn is_span(&self) -> bool {
        self.number > u128::from(u64::MAX)
    }
}

/// A span's scope as it is to be entered above these entries.
fn above(entries: &[Entry], scope: Kept) -> Kept {
    let own = entries.iter().rfind(|entry| !entry.is_span());
    match own.and_then(|own| own.scope.as_ref()) {
        Some(own) if !lies_in(&scope, own) => placed_in(&scope, own),
        _ => scope,
    }
}

fn lies_in(scope: &Kept, outer: &Kept) -> bool {
    let mut outward = scope.shared().outward();
    outward.any(|shared| ptr::eq(shared, &**outer.shared()))
}

/// The same inside of another scope. What is around both stands there once.
fn placed_in(scope: &Kept, outer: &Kept) -> Kept {
    let is_around = |shared: &&Shared| {
        outer
            .shared()
            .outward()
            .any(|other| ptr::eq(other, *shared))
    };
    let own = || {
        scope
            .shared()
            .outward()
            .take_while(|shared| !is_around(shared))
    };
    Kept::new(Shared {
        // Innermost first, so that the first of a key counts, as everywhere.
        fields: own()
            .flat_map(|shared| shared.fields.said())
            .copied()
            .collect::<Vec<_>>()
            .into(),
        trace: own().find_map(|shared| shared.trace.clone()),
        outer: Some(Arc::clone(outer.shared())),
        ..Shared::default()
    })
}

pub(crate) fn enter(span: SpanNumber, scope: Kept) {
    let _ = ENTERED.try_with(|entered| {
        let entries = entered.entries.try_borrow().ok()?;
        let scope = above(&entries, scope);
        drop(entries);
        entered.push(span.number(), Some(scope))
    });
}

/// Leaves the innermost entry of a span, if there is one. `is_owned` says whether the span is still there, and this its
/// scope.
pub(crate) fn leave(span: SpanNumber, is_owned: impl FnOnce(&Arc<Shared>) -> bool) {
    let _ = ENTERED.try_with(|entered| {
        let left = entered.remove(|entries| {
            let place = place(entries, span.number())?;
            Some(entries.remove(place))
        });
        let Some(scope) = left.flatten().and_then(|entry| entry.scope) else {
            return;
        };
        // Relaxed: what this thread has logged in it, it sees.
        if scope.shared().is_used.load(Ordering::Relaxed) && is_owned(scope.shared()) {
            // Its owner goes later, and gives it up then. (What was recorded meanwhile has given the span another scope: then
            // nobody else knows that this thread has used this one.)
            drop(scope.into_arc());
        }
    });
}

/// Leaves all entries of a span on this thread: it is gone, and whoever entered it has forgotten that.
pub(crate) fn forget(span: SpanNumber) {
    let _ = ENTERED.try_with(|entered| {
        let is_entered = entered
            .entries
            .try_borrow()
            .is_ok_and(|entries| place(&entries, span.number()).is_some());
        if is_entered {
            // Dropped when nothing is borrowed any more.
            entered.remove(|entries| {
                entries
                    .extract_if(.., |entry| entry.number == span.number())
                    .collect::<Vec<_>>()
            });
        }
    });
}

/// Puts another scope into the place of a span's, wherever the span is entered on this thread.
pub(crate) fn replace(span: SpanNumber, scope: &Kept) {
    let _ = ENTERED.try_with(|entered| {
        entered.remove(|entries| {
            let mut replaced = Vec::new();
            for place in 0..entries.len() {
                if entries[place].number == span.number() {
                    let scope = above(&entries[..place], scope.clone());
                    replaced.push(entries[place].scope.replace(scope));
                }
            }
            replaced
        })
    });
}

/// The innermost scope, if this span is entered on the thread, so that the innermost is its own or more inner than it.
pub(crate) fn innermost_within(span: SpanNumber) -> Option<Option<Arc<Shared>>> {
    ENTERED
        .try_with(|entered| {
            let entries = entered.entries.try_borrow().ok()?;
            place(&entries, span.number())?;
            Some(shared_of(entries.last()?))
        })
        .ok()
        .flatten()
}

/// The innermost scope.
pub(crate) fn innermost() -> Option<Arc<Shared>> {
    ENTERED
        .try_with(|entered| shared_of(entered.entries.try_borrow().ok()?.last()?))
        .ok()
        .flatten()
}

/// (Not the [`Kept`], which whoever drops it gives up by way of the queue. What is made of this lies inside of it, and says
/// nothing of it by itself.)
fn shared_of(entry: &Entry) -> Option<Arc<Shared>> {
    entry.scope.as_ref().map(|scope| Arc::clone(scope.shared()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callsite::scopes;
    use crate::record::set_field;

    const ONE: SpanNumber = SpanNumber { layer: 1, id: 1 };
    const OTHER: SpanNumber = SpanNumber { layer: 2, id: 1 };

    fn kept(key: &str, outer: Option<&Kept>) -> Kept {
        let mut fields = Vec::new();
        set_field(&mut fields, key, &1);
        Kept::new(Shared {
            fields: fields.into(),
            outer: outer.map(|outer| outer.shared().clone()),
            ..Shared::default()
        })
    }

    /// The keys of the innermost scope, innermost first.
    fn keys() -> String {
        let current = scopes::current();
        let mut keys = Vec::new();
        for shared in current.iter().flat_map(|kept| kept.shared().outward()) {
            keys.extend(shared.entries().iter().map(|field| field.key.to_owned()));
        }
        keys.join(" ")
    }

    #[test]
    fn spans_of_different_layers_and_scopes_are_left_apart() {
        let scope = scopes::enter(Some(kept("scope", None))).expect("the thread is alive");
        enter(ONE, kept("one", None));
        enter(OTHER, kept("other", None));
        assert_eq!(keys(), "other scope");
        leave(ONE, |_| true);
        leave(ONE, |_| true);
        assert_eq!(keys(), "other scope");
        scopes::leave(scope);
        assert_eq!(keys(), "other scope");
        forget(OTHER);
        assert_eq!(keys(), "");
    }

    #[test]
    fn a_span_lies_in_the_scope_that_it_is_entered_in() {
        let around = kept("around", None);
        let scope = kept("scope", Some(&around));
        let inside = kept("inside", Some(&scope));
        let beside = kept("beside", Some(&kept("between", Some(&around))));
        let entered = scopes::enter(Some(scope)).expect("the thread is alive");
        enter(ONE, inside.clone());
        assert_eq!(keys(), "inside scope around");
        assert!(scopes::current().is_some_and(|own| ptr::eq(&**own.shared(), &**inside.shared())));
        enter(OTHER, beside.clone());
        assert_eq!(keys(), "beside between scope around");
        replace(OTHER, &kept("recorded", Some(&around)));
        assert_eq!(keys(), "recorded scope around");
        enter(ONE, around);
        assert_eq!(keys(), "scope around");
        // Outside of everything.
        let detached = scopes::enter(None).expect("the thread is alive");
        enter(ONE, beside);
        assert_eq!(keys(), "beside between around");
        scopes::leave(detached);
        forget(ONE);
        forget(OTHER);
        scopes::leave(entered);
        assert_eq!(keys(), "");
    }

    #[test]
    fn a_scope_that_the_span_does_not_own_any_more_is_given_up_by_its_last_entry() {
        let scope = kept("one", None);
        enter(ONE, scope.clone());
        let held = scopes::hold();
        drop(held);
        let mut asked = false;
        leave(ONE, |shared| {
            asked = ptr::eq(&**shared, &**scope.shared());
            false
        });
        assert!(asked, "a record has referred to it");
        enter(ONE, kept("unused", None));
        leave(ONE, |_| unreachable!("no record refers to it"));
    }
}
