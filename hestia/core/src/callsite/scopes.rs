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
        address(self.scope.as_ref())
    }
}

fn address(scope: Option<&Kept>) -> *const Shared {
    scope.map_or(ptr::null(), |scope| Arc::as_ptr(scope.shared()))
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
    let _leave = Leave::enter(scope.cloned(), drop);
    run()
}

/// The same in a scope that has one owner: what is [recorded](record) meanwhile is the scope's from then on.
pub(crate) fn within_mut<R>(scope: &mut Option<Kept>, run: impl FnOnce() -> R) -> R {
    let _leave = Leave::enter(scope.clone(), |now| *scope = now);
    run()
}

/// Leaves a scope whose owner is still there, also after a panic.
struct Leave<Change: FnMut(Option<Kept>)> {
    number: Option<u64>,
    /// Where the owner's scope is.
    owned: *const Shared,
    /// Gets what has become of it.
    change: Change,
}

impl<Change: FnMut(Option<Kept>)> Leave<Change> {
    fn enter(scope: Option<Kept>, change: Change) -> Self {
        Leave {
            owned: address(scope.as_ref()),
            number: enter(scope),
            change,
        }
    }
}

impl<Change: FnMut(Option<Kept>)> Drop for Leave<Change> {
    fn drop(&mut self) {
        let Some(number) = self.number else { return };
        let left = ENTERED.try_with(|entered| {
            entered.remove(|entries| {
                let place = place(entries, number.into())?;
                let inside = entries.split_off(place + 1);
                Some((entries.pop()?, inside))
            })
        });
        let Some((own, _inside)) = left.ok().flatten().flatten() else {
            return;
        };
        if own.address() == self.owned {
            // Its owner is still there: it need not go by way of the queue.
            drop(own.scope.map(Kept::into_arc));
        } else {
            (self.change)(own.scope);
        }
    }
}

/// Adds encoded key-values to what is under way on this thread: the innermost step of a trace, wherever it was entered, or
/// the innermost scope where there is no trace. What was entered inside of it since lies inside of it still.
pub(crate) fn record(fields: &[u8]) {
    let step = |entry: &Entry| entry.scope.as_ref()?.shared().trace_ids();
    let _ = ENTERED.try_with(|entered| {
        // What was there before is dropped when nothing is borrowed any more.
        entered.remove(|entries| {
            let current = step(entries.last()?);
            let first = match current {
                Some(_) => entries.iter().position(|entry| step(entry) == current)?,
                None => entries.len() - 1,
            };
            let before = entries[first].scope.clone()?;
            let after = Arc::new(before.shared().with(fields));
            let mut replaced = vec![before];
            for entry in &mut entries[first..] {
                let Some(shared) = entry.scope.as_ref().map(Kept::shared) else {
                    continue;
                };
                let now = match shared.exchanged(replaced[0].shared(), &after) {
                    Some(exchanged) => exchanged,
                    // Made before something else was recorded.
                    None if step(entry) == current => Arc::new(shared.with(fields)),
                    None => continue,
                };
                replaced.extend(entry.scope.replace(Kept::from(now)));
            }
            Some(replaced)
        })
    });
}

/// What has become of a scope that is entered by this number, if something was recorded in it.
pub(crate) fn recorded(number: u64, scope: &Kept) -> Option<Kept> {
    let entered = ENTERED.try_with(|entered| {
        let entries = entered.entries.try_borrow().ok()?;
        let now = entries[place(&entries, number.into())?].scope.as_ref()?;
        let is_same = Arc::ptr_eq(now.shared(), scope.shared());
        (!is_same).then(|| now.clone())
    });
    entered.ok().flatten()
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

pub(crate) fn is_in_one() -> bool {
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
    use crate::record::Value;
    use crate::trace_context::TraceContext;

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

    /// Enters a scope with one key, inside of the current one.
    fn inside(key: &str, trace: Option<&TraceContext>) -> Option<u64> {
        enter(Some(Kept::new(Shared {
            fields: field(key, 0).into(),
            trace: trace.cloned(),
            outer: current().map(|scope| Arc::clone(scope.shared())),
            ..Shared::default()
        })))
    }

    fn field(key: &str, value: u64) -> Vec<u8> {
        let mut fields = Vec::new();
        crate::record::set_field(&mut fields, key, &value);
        fields
    }

    /// What a record would carry: of each scope, innermost first, its keys and values.
    fn carried() -> String {
        let current = current();
        assert_eq!(address(current.as_ref()), refer().0);
        let mut carried = Vec::new();
        for shared in current.iter().flat_map(|scope| scope.shared().outward()) {
            let fields = shared.entries();
            let fields = fields.iter().map(|field| match field.value {
                Value::U64(value) => format!("{}={value}", field.key),
                other => format!("{}={other:?}", field.key),
            });
            carried.push(fields.collect::<Vec<_>>().join(","));
        }
        carried.join(" ")
    }

    #[test]
    fn what_is_recorded_belongs_to_the_innermost_step_and_stays_there() {
        record(&field("nowhere", 1));
        assert_eq!(carried(), "");
        let (one, other) = (TraceContext::new(), TraceContext::new());
        let outermost = inside("a", None);
        record(&field("x", 1));
        let first = inside("b", Some(&one));
        let within_it = inside("c", None);
        record(&field("y", 2));
        assert_eq!(carried(), "c=0 b=0,y=2 a=0,x=1");
        let second = inside("d", Some(&other));
        let innermost = inside("e", None);
        record(&field("y", 3));
        record(&field("y", 4));
        assert_eq!(carried(), "e=0 d=0,y=4 c=0 b=0,y=2 a=0,x=1");
        // Left in no order.
        second.into_iter().for_each(leave);
        assert_eq!(carried(), "e=0 d=0,y=4 c=0 b=0,y=2 a=0,x=1");
        record(&field("z", 5));
        assert_eq!(carried(), "e=0,z=5 d=0,y=4 c=0 b=0,y=2 a=0,x=1");
        first.into_iter().for_each(leave);
        innermost.into_iter().for_each(leave);
        record(&field("z", 6));
        assert_eq!(carried(), "c=0,z=6 b=0,y=2 a=0,x=1");
        within_it.into_iter().for_each(leave);
        assert_eq!(carried(), "a=0,x=1");
        within(None, || record(&field("nowhere", 1)));
        assert_eq!(carried(), "a=0,x=1");
        outermost.into_iter().for_each(leave);
        assert_eq!(carried(), "");
    }

    #[test]
    fn the_owner_of_a_scope_gets_what_was_recorded_in_it() {
        let mut scope = Some(kept(1));
        let before = scope.clone();
        within_mut(&mut scope, || ());
        assert_eq!(address(scope.as_ref()), address(before.as_ref()));
        let panics = |scope: &mut Option<Kept>| {
            within_mut(scope, || {
                record(&field("x", 1));
                panic!("on purpose");
            });
        };
        let unwound = std::panic::AssertUnwindSafe(|| panics(&mut scope));
        assert!(std::panic::catch_unwind(unwound).is_err());
        within(scope.as_ref(), || assert_eq!(carried(), "x=1"));
        within(before.as_ref(), || {
            assert_eq!(carried(), "");
            record(&field("x", 2));
            assert_eq!(carried(), "x=2");
        });
        within(before.as_ref(), || assert_eq!(carried(), ""));
    }

    #[test]
    fn what_was_there_before_something_was_recorded_goes_unless_a_record_refers_to_it() {
        let scope = kept(1);
        let weak = Arc::downgrade(scope.shared());
        let entered = enter(Some(scope));
        let held = hold();
        record(&field("x", 1));
        assert!(weak.upgrade().is_some());
        assert_eq!(held.shared().and_then(|shared| shared.logger), Some(1));
        drop(held);
        assert!(weak.upgrade().is_none());
        assert_eq!(number(), Some(1));
        entered.into_iter().for_each(leave);
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
