//! The scopes that the thread is in: whose key-values each of its records carries.
//!
//! Callers' threads. Every call reads one word, [`CURRENT`], which costs nothing while there is no scope; a scope's
//! key-values are encoded when it is made, and a record refers to them by address.
//!
//! A scope that is entered stays so until it is left, whatever is entered and left meanwhile, in whatever order: each
//! entry owns what it refers to, and the word is set anew whenever one goes.
//!
//! *Invariant:* the word is null, or the address of what an entry of this thread owns.

#![allow(
    unsafe_code,
    reason = "the innermost scope is reached without a lock or a count"
)]

#[cfg(feature = "tracing")]
pub(crate) mod spans;

use std::cell::{Cell, RefCell};
use std::ptr;
use std::sync::Arc;

use super::Front;
use super::emit::describe_scope;
use super::kept::Kept;
use crate::record::scalar::Out;
use crate::record::{SCOPE, Shared};

thread_local! {
    /// The innermost scope. Without a destructor, so that reaching it costs nothing.
    static CURRENT: Cell<*const Shared> = const { Cell::new(ptr::null()) };
    static ENTERED: Entered = const {
        Entered {
            entries: RefCell::new(Vec::new()),
            count: Cell::new(0),
        }
    };
}

struct Entered {
    entries: RefCell<Vec<Entry>>,
    /// How many were ever entered: the number of the next one.
    count: Cell<u64>,
}

struct Entry {
    /// What has one is left by it: the count at its entry, or what a span of `tracing` is known by.
    number: u128,
    /// `None` outside of everything.
    scope: Option<Kept>,
}

impl Entry {
    fn address(&self) -> *const Shared {
        self.scope
            .as_ref()
            .map_or(ptr::null(), |scope| Arc::as_ptr(scope.shared()))
    }
}

impl Drop for Entered {
    /// The thread ends. What it logs from here on is in no scope.
    fn drop(&mut self) {
        CURRENT.set(ptr::null());
    }
}

impl Entered {
    /// `None` in a signal handler that came in the middle of this.
    fn push(&self, number: u128, scope: Option<Kept>) -> Option<()> {
        let mut entries = self.entries.try_borrow_mut().ok()?;
        let entry = Entry { number, scope };
        let address = entry.address();
        entries.push(entry);
        CURRENT.set(address);
        Some(())
    }

    fn next_number(&self) -> u64 {
        let number = self.count.get();
        self.count.set(number + 1);
        number
    }

    /// Takes out what `which` takes from the entries. It is dropped at the very end: that may run code elsewhere.
    fn remove<R>(&self, which: impl FnOnce(&mut Vec<Entry>) -> R) -> Option<R> {
        let mut entries = self.entries.try_borrow_mut().ok()?;
        // Before anything goes, nobody refers to it any more.
        CURRENT.set(ptr::null());
        let removed = which(&mut entries);
        CURRENT.set(entries.last().map_or(ptr::null(), Entry::address));
        Some(removed)
    }
}

/// Enters a scope; its number is for [`leave`]. `None` when the thread's locals are gone, at its end.
pub(crate) fn enter(scope: Option<Kept>) -> Option<u64> {
    ENTERED
        .try_with(|entered| {
            let number = entered.next_number();
            entered.push(number.into(), scope).map(|()| number)
        })
        .ok()
        .flatten()
}

/// Most often it is the last one.
fn place(entries: &[Entry], number: u128) -> Option<usize> {
    entries.iter().rposition(|entry| entry.number == number)
}

/// Leaves a scope, if it is still entered; what was entered inside of it and not left yet stays.
pub(crate) fn leave(number: u64) {
    let _ = ENTERED.try_with(|entered| {
        // Dropped when nothing is borrowed any more.
        entered.remove(|entries| {
            let place = place(entries, number.into())?;
            Some(entries.remove(place))
        })
    });
}

/// Runs something in a scope that lives longer than that. What is entered and not left meanwhile is left at the end.
pub(crate) fn within<R>(scope: Option<&Kept>, run: impl FnOnce() -> R) -> R {
    /// Leaves it, also after a panic.
    struct Leave(Option<u64>);
    impl Drop for Leave {
        fn drop(&mut self) {
            if let Some(number) = self.0 {
                let _ = ENTERED.try_with(|entered| {
                    let left = entered.remove(|entries| {
                        let place = place(entries, number.into())?;
                        let inside = entries.split_off(place + 1);
                        Some((entries.pop()?, inside))
                    });
                    if let Some((own, _inside)) = left.flatten() {
                        // Its owner is still there: it need not go by way of the queue.
                        drop(own.scope.map(Kept::into_arc));
                    }
                });
            }
        }
    }
    let _leave = Leave(enter(scope.cloned()));
    run()
}

/// The innermost scope, kept.
pub(crate) fn current() -> Option<Kept> {
    ENTERED
        .try_with(|entered| {
            let entries = entered.entries.try_borrow().ok()?;
            entries.last()?.scope.clone()
        })
        .ok()
        .flatten()
}

/// The numbers of the captures that the innermost scope is in.
pub(crate) fn captures() -> Vec<u8> {
    let captures = ENTERED.try_with(|entered| {
        let entries = entered.entries.try_borrow().ok()?;
        let scope = entries.last()?.scope.as_ref()?;
        Some(scope.shared().captures().to_vec())
    });
    captures.ok().flatten().unwrap_or_default()
}

fn is_in_one() -> bool {
    !CURRENT.get().is_null()
}

#[cfg(feature = "tracing")]
pub(super) fn is_innermost(scope: &Shared) -> bool {
    ptr::eq(CURRENT.get(), scope)
}

/// What a record that is committed before anything else happens on this thread says of the innermost scope. Null is said,
/// too: a word more costs less than asking.
#[derive(Clone, Copy)]
pub(super) struct Reference(*const Shared);

#[inline(always)]
pub(super) fn refer() -> Reference {
    let scope = CURRENT.get();
    // SAFETY: null, or an entry of this thread owns it.
    if let Some(scope) = unsafe { scope.as_ref() } {
        scope.mark_used();
    }
    Reference(scope)
}

/// The same, where whoever may have to read the record can read what is there; `None` where it needs a copy.
#[inline(always)]
pub(super) fn refer_in(front: &'static Front) -> Option<Reference> {
    let reference = refer();
    // SAFETY: as in `refer`: nothing has happened on this thread since.
    let scope = unsafe { reference.0.as_ref() };
    let is_readable = !front.is_mapped || scope.is_none_or(|scope| describe_scope(front, scope));
    is_readable.then_some(reference)
}

impl Reference {
    pub(super) const SIZE: usize = size_of::<usize>();
    pub(super) const FLAGS: u32 = SCOPE;

    /// Whether the scope belongs to a trace.
    #[cfg(feature = "opentelemetry")]
    #[inline]
    pub(super) fn has_trace(self) -> bool {
        // SAFETY: as in `refer`: nothing has happened on this thread since.
        unsafe { self.0.as_ref() }.is_some_and(|scope| scope.trace().is_some())
    }

    #[inline(always)]
    pub(super) fn write(self, out: &mut impl Out) {
        out.put(&self.0.expose_provenance().to_ne_bytes());
    }
}

/// The innermost scope, held while a record that refers to it is made: code of the user's, which runs meanwhile, may leave
/// it.
pub(super) struct Held(Option<Kept>);

pub(super) fn hold() -> Held {
    // Nearly always there is none, or no code that leaves it.
    if !is_in_one() {
        return Held(None);
    }
    let scope = current();
    if let Some(scope) = &scope {
        scope.shared().mark_used();
    }
    Held(scope)
}

impl Held {
    pub(super) fn shared(&self) -> Option<&Shared> {
        self.0.as_ref().map(|scope| &**scope.shared())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some(scope) = self.0.take() else { return };
        if CURRENT.get() == Arc::as_ptr(scope.shared()) {
            // Still entered: whoever leaves it gives it up after this record.
            drop(scope.into_arc());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::atomic::Ordering;

    use super::*;

    fn kept(number: u64) -> Kept {
        Kept::new(Shared {
            logger: Some(number),
            ..Shared::default()
        })
    }

    /// The number of the scope that a record would refer to; the word and the entries say the same.
    fn number() -> Option<u64> {
        let held = hold();
        let number = held.shared().and_then(|shared| shared.logger);
        let current = current().and_then(|scope| scope.shared().logger);
        assert_eq!(number, current);
        assert_eq!(refer().0.is_null(), number.is_none());
        number
    }

    #[test]
    fn what_is_left_uncovers_what_was_entered_before() {
        let entered: Vec<_> = (0..5)
            .map(|number| enter(Some(kept(number))).expect("the thread is alive"))
            .collect();
        assert_eq!(number(), Some(4));
        for (left, innermost) in [
            (3, Some(4)),
            (4, Some(2)),
            (0, Some(2)),
            (2, Some(1)),
            (1, None),
        ] {
            leave(entered[left]);
            assert_eq!(number(), innermost);
            // Once more does nothing.
            leave(entered[left]);
            assert_eq!(number(), innermost);
        }
    }

    #[test]
    fn what_runs_in_a_scope_leaves_nothing_behind() {
        let outer = enter(Some(kept(1)));
        let inside = within(Some(&kept(2)), || {
            assert_eq!(number(), Some(2));
            let inside = enter(Some(kept(3)));
            assert_eq!(number(), Some(3));
            within(None, || assert_eq!(number(), None));
            assert_eq!(number(), Some(3));
            inside
        });
        assert_eq!(number(), Some(1));
        inside.into_iter().for_each(leave);
        outer.into_iter().for_each(leave);
        assert_eq!(number(), None);
        let panics = || within(Some(&kept(4)), || panic!("on purpose"));
        assert!(std::panic::catch_unwind(panics).is_err());
        assert_eq!(number(), None);
    }

    #[test]
    fn a_scope_that_no_record_refers_to_goes_with_its_last_owner() {
        let scope = kept(1);
        let weak = Arc::downgrade(scope.shared());
        let entered = enter(Some(scope.clone()));
        drop(scope);
        assert!(weak.upgrade().is_some());
        entered.into_iter().for_each(leave);
        assert!(weak.upgrade().is_none());
    }

    #[test]
    fn a_scope_outlives_the_record_that_is_being_made_in_it() {
        let scope = kept(1);
        let weak = Arc::downgrade(scope.shared());
        let entered = enter(Some(scope));
        let held = hold();
        entered.into_iter().for_each(leave);
        assert_eq!(held.shared().and_then(|shared| shared.logger), Some(1));
        assert!(
            weak.upgrade()
                .is_some_and(|shared| shared.is_used.load(Ordering::Relaxed))
        );
        drop(held);
    }

    #[test]
    fn a_thread_that_ends_is_in_no_scope() {
        struct AtTheEnd(Cell<Option<u64>>);
        impl Drop for AtTheEnd {
            fn drop(&mut self) {
                // Whether the entries have gone already or not, nothing dangles.
                let _ = number_at_the_end();
                self.0.take().into_iter().for_each(leave);
                let _ = number_at_the_end();
            }
        }
        fn number_at_the_end() -> Option<u64> {
            let _ = refer();
            hold().shared().and_then(|shared| shared.logger)
        }
        thread_local!(static LAST: AtTheEnd = const { AtTheEnd(Cell::new(None)) });
        for first in [true, false] {
            let ends = std::thread::spawn(move || {
                if first {
                    LAST.with(|_| ());
                }
                let entered = enter(Some(kept(7)));
                LAST.with(|last| last.0.set(entered));
            });
            assert!(ends.join().is_ok());
        }
    }
}
