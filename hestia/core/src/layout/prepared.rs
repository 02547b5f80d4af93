//! Bytes that are the same in every record of one statement on one thread, made once for each.
//!
//! Level, target, place, thread, application and process make up most of a line, and come again with the next record
//! of the same statement. They are kept in a table by that; where two statements share a place in the table, the one
//! that logged last has it.
//!
//! *Invariant:* nothing is taken for the same because it lies at the same address, unless it can never be freed, or is
//! held here.

use std::sync::Arc;

use crate::facts::Facts;
use crate::level::Severity;
use crate::record::{Record, StaticSite};

/// How many parts there are of a line; a layout that needs fewer leaves the last ones empty.
const PARTS: usize = 3;
/// Places in the table: a power of two.
const PLACES: usize = 512;
/// What takes more bytes than this is made again each time, so that the table stays small.
const MOST_BYTES: usize = 2048;

/// Makes one of the parts that a layout keeps.
pub(super) type Part = fn(&mut Vec<u8>, &Record<'_>);
/// Makes what a layout keeps of a key, given its place among all.
pub(super) type Key = fn(&mut Vec<u8>, usize, &str);

/// Parts of a line, kept for each statement and thread.
#[derive(Debug)]
pub(super) struct Prepared {
    parts: [Part; PARTS],
    key: Key,
    /// Empty before the first record.
    table: Vec<Option<Entry>>,
    /// For what is not kept.
    passing: Vec<u8>,
    passing_keys: Vec<usize>,
}

#[derive(Debug)]
struct Entry {
    origin: Origin,
    bytes: Vec<u8>,
    ends: [usize; PARTS],
    /// Where the statement's keys end, which stand behind the parts.
    keys: Vec<usize>,
}

/// What was prepared of a statement's keys.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Keys<'p> {
    bytes: &'p [u8],
    ends: &'p [usize],
}

impl<'p> Keys<'p> {
    /// What was prepared for the key of this place; `None` for a key-value that is not the statement's own.
    #[inline]
    pub(super) fn get(self, place: usize) -> Option<&'p [u8]> {
        let start = self.ends.get(place)?;
        let end = self.ends.get(place + 1)?;
        self.bytes.get(*start..*end)
    }
}

/// Where a record comes from, as far as the parts may say it.
#[derive(Debug)]
struct Origin {
    site: Where,
    thread_id: u64,
    thread_name: Option<String>,
    /// A named logger's; otherwise the one of the facts.
    application: Option<String>,
    facts: Arc<Facts>,
}

#[derive(Debug)]
enum Where {
    /// Statics are never freed.
    Static(&'static StaticSite),
    Inline(Inline),
}

#[derive(Debug)]
struct Inline {
    /// Of a macro's statement that names another target: its keys are its own.
    site: Option<&'static StaticSite>,
    target: String,
    module: Option<String>,
    file: Option<String>,
    severity: Severity,
    line: Option<u32>,
}

impl Prepared {
    pub(super) fn new(parts: [Part; PARTS], key: Key) -> Self {
        Prepared {
            parts,
            key,
            table: Vec::new(),
            passing: Vec::new(),
            passing_keys: Vec::new(),
        }
    }

    /// The parts for this record, and its statement's keys. (Inlined: each layout has one call, for every record.)
    #[inline(always)]
    pub(super) fn get(&mut self, record: &Record<'_>) -> ([&[u8]; PARTS], Keys<'_>) {
        let place = place(record);
        let is_known =
            matches!(self.table.get(place), Some(Some(known)) if known.origin.is_of(record));
        if !is_known {
            return self.make(place, record);
        }
        match &self.table[place] {
            Some(entry) => split(&entry.bytes, &entry.ends, &entry.keys),
            None => split(&[], &[0; PARTS], &[]),
        }
    }

    #[cold]
    fn make(&mut self, place: usize, record: &Record<'_>) -> ([&[u8]; PARTS], Keys<'_>) {
        self.passing.clear();
        self.passing_keys.clear();
        self.passing.shrink_to(MOST_BYTES);
        let mut ends = [0; PARTS];
        for (part, end) in self.parts.iter().zip(&mut ends) {
            part(&mut self.passing, record);
            *end = self.passing.len();
        }
        self.passing_keys.push(self.passing.len());
        for (place, key) in record
            .site
            .map_or(&[][..], |site| site.keys)
            .iter()
            .enumerate()
        {
            (self.key)(&mut self.passing, place, key);
            self.passing_keys.push(self.passing.len());
        }
        if self.passing.len() <= MOST_BYTES {
            self.table.resize_with(PLACES, || None);
            self.table[place] = Some(Entry {
                origin: Origin::of(record),
                bytes: self.passing.clone(),
                ends,
                keys: self.passing_keys.clone(),
            });
        }
        split(&self.passing, &ends, &self.passing_keys)
    }
}

#[inline]
fn split<'b>(
    bytes: &'b [u8],
    ends: &[usize; PARTS],
    keys: &'b [usize],
) -> ([&'b [u8]; PARTS], Keys<'b>) {
    let mut start = 0;
    let parts = ends.map(|end| {
        let part = &bytes[start..end];
        start = end;
        part
    });
    (parts, Keys { bytes, ends: keys })
}

/// Multiplicative hashing: D. Knuth, *The Art of Computer Programming*, volume 3, section 6.4.
#[inline]
fn place(record: &Record<'_>) -> usize {
    let metadata = record.metadata();
    let site = match record.site {
        Some(site) => std::ptr::from_ref(site).addr(),
        None => metadata.target().as_ptr().addr() ^ metadata.line().unwrap_or(0) as usize,
    };
    let mixed =
        (site as u64 ^ record.thread().id().rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> (u64::BITS - PLACES.trailing_zeros())) as usize
}

/// The static of a record whose target is the static's own.
#[inline]
fn static_site(record: &Record<'_>) -> Option<&'static StaticSite> {
    record
        .site
        .filter(|site| std::ptr::eq(site.metadata.target(), record.target()))
}

/// The application, where it is not the process's; told by its address, which the record's facts hold.
#[inline]
fn own_application<'r>(record: &Record<'r>) -> Option<&'r str> {
    let application = record.application();
    (!std::ptr::eq(application, &*record.facts.application)).then_some(application)
}

impl Origin {
    fn of(record: &Record<'_>) -> Self {
        let metadata = record.metadata();
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Origin {
            site: match static_site(record) {
                Some(site) => Where::Static(site),
                None => Where::Inline(Inline {
                    site: record.site,
                    target: metadata.target().to_owned(),
                    module: owned(metadata.module()),
                    file: owned(metadata.file()),
                    severity: metadata.severity(),
                    line: metadata.line(),
                }),
            },
            thread_id: record.thread().id(),
            thread_name: owned(record.thread().name()),
            application: owned(own_application(record)),
            facts: Arc::clone(record.facts),
        }
    }

    #[inline]
    fn is_of(&self, record: &Record<'_>) -> bool {
        let thread = record.thread();
        let is_here = match (&self.site, static_site(record)) {
            (Where::Static(known), Some(site)) => std::ptr::eq(*known, site),
            (Where::Inline(known), None) => known.is_of(record),
            _ => false,
        };
        is_here
            && self.thread_id == thread.id()
            && self.thread_name.as_deref() == thread.name()
            && Arc::ptr_eq(&self.facts, record.facts)
            && self.application.as_deref() == own_application(record)
    }
}

impl Inline {
    fn is_of(&self, record: &Record<'_>) -> bool {
        let metadata = record.metadata();
        let is_same_site = match (self.site, record.site) {
            (Some(known), Some(site)) => std::ptr::eq(known, site),
            (None, None) => true,
            _ => false,
        };
        is_same_site
            && self.line == metadata.line()
            && self.severity == metadata.severity()
            && self.target == metadata.target()
            && self.module.as_deref() == metadata.module()
            && self.file.as_deref() == metadata.file()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::tests::Sample;
    use crate::record::{Message, Metadata};

    fn append_target(line: &mut Vec<u8>, record: &Record<'_>) {
        line.extend_from_slice(record.target().as_bytes());
    }

    fn append_key(line: &mut Vec<u8>, place: usize, key: &str) {
        line.extend_from_slice(format!("{place}{key}").as_bytes());
    }

    #[test]
    fn parts_are_those_of_the_record_whichever_came_before() {
        let mut prepared = Prepared::new([append_target, |_, _| (), append_target], append_key);
        let long = "x".repeat(MOST_BYTES + 1);
        for target in ["a", "a", "b", &long, "a", &long, ""] {
            let sample = Sample {
                target: target.to_owned(),
                ..Sample::usual()
            };
            sample.with(|record| {
                let (parts, keys) = prepared.get(record);
                assert_eq!(parts, [target.as_bytes(), b"", target.as_bytes()]);
                assert_eq!(keys.get(0), None);
            });
        }
        assert!(
            prepared
                .table
                .iter()
                .flatten()
                .all(|entry| entry.bytes.len() <= MOST_BYTES)
        );
    }

    /// Two statements of one macro stand in one line. Keys of the one were once taken for the other's, where both named
    /// a target at run time.
    #[test]
    fn statements_that_differ_in_their_keys_alone_are_not_the_same() {
        const METADATA: Metadata<'static> = Metadata::new(Severity::Critical, "app");
        static SITES: [StaticSite; 2] = [
            StaticSite::new(METADATA, Message::Constant(""), &["first"]),
            StaticSite::new(METADATA, Message::Constant(""), &["second", "third"]),
        ];
        let mut prepared = Prepared::new([append_target, |_, _| (), |_, _| ()], append_key);
        Sample::usual().with(|usual| {
            let records = SITES.each_ref().map(|site| Record {
                site: Some(site),
                ..*usual
            });
            assert!(!Origin::of(&records[0]).is_of(&records[1]));
            assert!(!Origin::of(&records[0]).is_of(usual));
            assert!(!Origin::of(usual).is_of(&records[0]));
            for _ in 0..2 {
                let (_, keys) = prepared.get(&records[0]);
                assert_eq!([keys.get(0), keys.get(1)], [Some(&b"0first"[..]), None]);
                let (_, keys) = prepared.get(&records[1]);
                assert_eq!(keys.get(1), Some(&b"1third"[..]));
            }
        });
    }
}
