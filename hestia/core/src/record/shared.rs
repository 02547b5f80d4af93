//! What several records have in common and refer to instead of carrying it: the application name and
//! the key-values of a named logger or a scope.
//!
//! Made on callers' threads, encoded once; read by the writer thread. Records hold its bare address, so
//! it must outlive every record that was logged with it: whoever owns one gives it up only through
//! `Queue::retire`, which drops it once all those records were consumed.
//!
//! *Invariant:* never changes once made, but for what is hidden of it when the program says what must not be seen.

use std::fmt;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};

use once_cell::race::OnceBox;

use super::Encode;
use super::decode::{Decoder, Entries};
use super::{encode, redact};
use crate::trace_context::{TraceContext, TraceIds};

/// A named logger's application name and key-values, or a scope's key-values and trace, inside an outer scope if there is one.
#[derive(Debug, Default)]
pub struct Shared {
    /// The number of the named logger that has an output of its own.
    pub(crate) logger: Option<u64>,
    pub(crate) application: Option<String>,
    pub(crate) fields: SharedFields,
    pub(crate) trace: Option<TraceContext>,
    /// The numbers of the tests' captures that the scope is in: 8 bytes each, all of those around it among them.
    pub(crate) captures: Vec<u8>,
    pub(crate) outer: Option<Arc<Shared>>,
    /// Some record refers to it.
    pub(crate) is_used: AtomicBool,
    /// For a process that finds this one's records.
    pub(crate) written: Written,
}

/// Where something was written down for another process, and by whom.
#[derive(Default)]
pub(crate) struct Written {
    /// A number of the caller's; 0 for nobody yet.
    by: AtomicUsize,
    place: Mutex<Option<(&'static dyn Home, usize)>>,
}

/// Whoever has places for what is written down, and gets them back.
pub(crate) trait Home: Sync {
    fn take_down(&self, place: usize);
}

/// What came of putting something down.
pub(crate) enum PutDown {
    At(usize),
    /// There is no place for it now.
    NotNow,
    /// It is longer than any place.
    TooLong,
}

/// In the place of somebody's number: it is longer than any place.
const TOO_LONG: usize = 1;

impl Written {
    /// Acquire: whoever goes on after this finds it written.
    #[inline(always)]
    pub(crate) fn is_by(&self, number: usize) -> bool {
        self.by.load(Ordering::Acquire) == number
    }

    /// It was written where it need not be taken away.
    pub(crate) fn note(&self, number: usize) {
        self.by.store(number, Ordering::Release);
    }

    /// Has it put down once. `false` where it is not: there is no place, or somebody else is at it.
    pub(crate) fn write(
        &self,
        number: usize,
        home: &'static dyn Home,
        put_down: impl FnOnce() -> PutDown,
    ) -> bool {
        let mut place = match self.place.try_lock() {
            Ok(place) => place,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            // In a forked child it may be a thread that did not come along.
            Err(TryLockError::WouldBlock) => return false,
        };
        let by = self.by.load(Ordering::Acquire);
        if by == number || by == TOO_LONG {
            return by == number;
        }
        match put_down() {
            PutDown::At(written) => {
                // What stood there before is the parent's of this forked child.
                *place = Some((home, written));
                self.by.store(number, Ordering::Release);
                true
            }
            PutDown::NotNow => false,
            PutDown::TooLong => {
                self.by.store(TOO_LONG, Ordering::Release);
                false
            }
        }
    }
}

/// Without its home, which is the whole logger.
impl fmt::Debug for Written {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Written")
            .field("by", &self.by)
            .finish_non_exhaustive()
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        let place = self.place.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some((home, place)) = place.take() {
            home.take_down(place);
        }
    }
}

/// Encoded key-values, each key once, without what must not be seen; dereferences to that.
///
/// Hidden when they are made, which is once for all records. Those that were made before `init` said what is to be
/// hidden are hidden once more when somebody looks at them after it.
#[derive(Default)]
pub(crate) struct SharedFields {
    hidden: Vec<u8>,
    early: Option<Box<Early>>,
}

/// What was made before `init`. (Nobody prints it.)
struct Early {
    said: Vec<u8>,
    /// By what `init` said.
    hidden: OnceBox<Vec<u8>>,
}

impl SharedFields {
    /// As they were said, to make others of; after `init` without what must not be seen.
    pub(crate) fn said(&self) -> &[u8] {
        self.early
            .as_ref()
            .map_or(&self.hidden, |early| &early.said)
    }
}

impl From<Vec<u8>> for SharedFields {
    fn from(said: Vec<u8>) -> Self {
        let is_early = !said.is_empty() && !redact::is_installed();
        SharedFields {
            early: is_early.then(|| {
                Box::new(Early {
                    said: said.clone(),
                    hidden: OnceBox::new(),
                })
            }),
            hidden: hide(said),
        }
    }
}

impl Deref for SharedFields {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match &self.early {
            Some(early) if redact::is_installed() => early
                .hidden
                .get_or_init(|| Box::new(hide(early.said.clone()))),
            _ => &self.hidden,
        }
    }
}

impl fmt::Debug for SharedFields {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        Entries::new(self).fmt(out)
    }
}

fn hide(mut fields: Vec<u8>) -> Vec<u8> {
    redact::fields(&mut fields, 0);
    fields
}

/// Adds one key-value to encoded ones. A key that is there already gets the new value: what records
/// refer to has each key once.
pub(crate) fn set_field(fields: &mut Vec<u8>, key: &str, value: &impl Encode) {
    let mut added = Vec::new();
    encode::fields(&mut added).entry(key, value);
    set_fields(fields, &added);
}

/// As [`set_field`], for encoded key-values. What is there already keeps its place; of a key that is added twice the last value
/// counts.
pub(crate) fn set_fields(fields: &mut Vec<u8>, added: &[u8]) {
    let added = raw(added);
    // A file of settings may have very many, so each is looked for in order.
    let mut by_key: Vec<usize> = (0..added.len()).collect();
    by_key.sort_by_key(|place| added[*place].0);
    let places_of = |key: &str| {
        let start = by_key.partition_point(|place| added[*place].0 < key);
        let count = by_key[start..].partition_point(|place| added[*place].0 == key);
        &by_key[start..start + count]
    };
    let mut set = Vec::new();
    let mut is_set = vec![false; added.len()];
    for (key, bytes) in raw(fields) {
        let places = places_of(key);
        places.iter().for_each(|place| is_set[*place] = true);
        set.extend_from_slice(places.last().map_or(bytes, |place| added[*place].1));
    }
    for (place, (key, _)) in added.iter().enumerate() {
        let places = places_of(key);
        if !is_set[place]
            && let (Some(first), Some(last)) = (places.first(), places.last())
            && *first == place
        {
            set.extend_from_slice(added[*last].1);
        }
    }
    *fields = set;
}

/// Each key, and the bytes of key and value.
fn raw(fields: &[u8]) -> Vec<(&str, &[u8])> {
    let mut decoder = Decoder::new(fields);
    let mut raw = Vec::new();
    loop {
        let start = fields.len() - decoder.left();
        let Ok(field) = decoder.get_field() else {
            return raw;
        };
        raw.push((field.key, &fields[start..fields.len() - decoder.left()]));
    }
}

impl Shared {
    /// From now on some record refers to it.
    pub(crate) fn mark_used(&self) {
        // Relaxed: whoever gives it up has either done this, or got it from whoever did. Looked at first, since several
        // threads may be in one scope.
        if !self.is_used.load(Ordering::Relaxed) {
            self.is_used.store(true, Ordering::Relaxed);
        }
    }

    /// The same inside of something else.
    fn inside(&self, outer: Option<Arc<Shared>>) -> Self {
        Shared {
            logger: self.logger,
            application: self.application.clone(),
            fields: self.fields.said().to_vec().into(),
            trace: self.trace.clone(),
            captures: self.captures.clone(),
            outer,
            ..Shared::default()
        }
    }

    /// The same with these encoded key-values set.
    pub(crate) fn with(&self, added: &[u8]) -> Self {
        let mut fields = self.fields.said().to_vec();
        set_fields(&mut fields, added);
        Shared {
            fields: fields.into(),
            ..self.inside(self.outer.clone())
        }
    }

    /// What was `from` is `to`: this itself, or what it lies in. `None` where it lies elsewhere.
    pub(crate) fn exchanged(
        self: &Arc<Self>,
        from: &Arc<Self>,
        to: &Arc<Self>,
    ) -> Option<Arc<Self>> {
        let mut between = Vec::new();
        let mut shared = self;
        while !Arc::ptr_eq(shared, from) {
            between.push(shared);
            shared = shared.outer.as_ref()?;
        }
        let inside = |outer, shared: &&Arc<Shared>| Arc::new(shared.inside(Some(outer)));
        Some(between.iter().rev().fold(Arc::clone(to), inside))
    }

    /// This and everything around it, innermost first.
    pub(crate) fn outward(&self) -> impl Iterator<Item = &Shared> {
        std::iter::successors(Some(self), |shared| shared.outer.as_deref())
    }

    pub(crate) fn entries(&self) -> Entries<'_> {
        Entries::new(&self.fields)
    }

    /// The trace of the innermost that has one.
    pub(crate) fn trace(&self) -> Option<&TraceContext> {
        self.outward().find_map(|shared| shared.trace.as_ref())
    }

    /// The numbers of the captures that it is in: those of the innermost that says any.
    pub(crate) fn captures(&self) -> &[u8] {
        self.outward()
            .map(|shared| shared.captures.as_slice())
            .find(|captures| !captures.is_empty())
            .unwrap_or_default()
    }

    pub(crate) fn trace_ids(&self) -> Option<TraceIds> {
        self.trace().map(TraceContext::ids)
    }
}
