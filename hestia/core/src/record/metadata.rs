//! The facts about a record that do not change from one execution of its statement to the next.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use super::message::{Message, Pieces};
use crate::level::{Level, Severity};

/// Where a record comes from: severity, target, module path, file and line.
///
/// A macro statement has one of these as a `static`; a record that came through the `log` crate gets
/// one made from what `log` handed over.
///
/// # Example
/// ```
/// use hestia::{Level, Metadata, Severity};
///
/// static SITE: Metadata<'static> =
///     Metadata::new(Severity::Level(Level::Info), "billing::db").at(Some("billing::db"), Some("src/db.rs"), Some(17));
/// assert_eq!(SITE.target(), "billing::db");
/// assert_eq!(SITE.line(), Some(17));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata<'a> {
    severity: Severity,
    target: &'a str,
    module: Option<&'a str>,
    file: Option<&'a str>,
    line: Option<u32>,
}

impl<'a> Metadata<'a> {
    /// Facts with a severity and a target, and no place in the source yet.
    #[must_use]
    pub const fn new(severity: Severity, target: &'a str) -> Self {
        Metadata {
            severity,
            target,
            module: None,
            file: None,
            line: None,
        }
    }

    /// The same, with the place in the source: module path, file as the compiler names it, and line
    /// counted from 1.
    #[must_use]
    pub const fn at(
        mut self,
        module: Option<&'a str>,
        file: Option<&'a str>,
        line: Option<u32>,
    ) -> Self {
        self.module = module;
        self.file = file;
        self.line = line;
        self
    }

    /// The same, with another target.
    pub(crate) const fn with_target(mut self, target: &'a str) -> Self {
        self.target = target;
        self
    }

    /// The level that filters compare.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.severity.level()
    }

    /// The level, or `critical` where the statement said so.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.severity
    }

    /// What filters match: the module path unless the statement names another.
    #[must_use]
    pub const fn target(&self) -> &'a str {
        self.target
    }

    /// The module path of the statement, when known.
    #[must_use]
    pub const fn module(&self) -> Option<&'a str> {
        self.module
    }

    /// The source file of the statement, when known.
    #[must_use]
    pub const fn file(&self) -> Option<&'a str> {
        self.file
    }

    /// The line of the statement, counted from 1, when known.
    #[must_use]
    pub const fn line(&self) -> Option<u32> {
        self.line
    }
}

/// All that does not change from one execution of a macro's statement to the next: what its record refers to by
/// address, instead of carrying it.
#[derive(Debug)]
pub(crate) struct StaticSite {
    pub(crate) metadata: Metadata<'static>,
    pub(crate) message: Message,
    pub(crate) pieces: Pieces,
    /// The keys of its values, in the values' order. Each is there once.
    pub(crate) keys: &'static [&'static str],
    /// For a process that finds this one's records: 0 until it was tried, then [`DESCRIBED`] or [`UNDESCRIBED`].
    described: AtomicU8,
    /// Something of it may have to be hidden that is not behind a `Secret`: true until the statement was asked.
    hides: AtomicBool,
    /// Its record is never written straight into a ring: true until the statement was asked.
    needs_memory: AtomicBool,
}

const DESCRIBED: u8 = 1;
const UNDESCRIBED: u8 = 2;

impl StaticSite {
    pub(crate) const fn new(
        metadata: Metadata<'static>,
        message: Message,
        keys: &'static [&'static str],
    ) -> Self {
        StaticSite {
            metadata,
            message,
            pieces: Pieces::new(),
            keys,
            described: AtomicU8::new(0),
            hides: AtomicBool::new(true),
            needs_memory: AtomicBool::new(true),
        }
    }

    /// Whether it is written down for a process that finds this one's records; `None` until that was tried. Acquire: whoever
    /// goes on after this finds it written.
    #[inline(always)]
    pub(crate) fn is_described(&self) -> Option<bool> {
        match self.described.load(Ordering::Acquire) {
            DESCRIBED => Some(true),
            UNDESCRIBED => Some(false),
            _ => None,
        }
    }

    /// What became of that: no room is no room for good.
    pub(crate) fn note_described(&self, is_described: bool) {
        let described = if is_described { DESCRIBED } else { UNDESCRIBED };
        self.described.store(described, Ordering::Release);
    }

    /// What was found out about it. Whoever is to see it acquires something that was released after this.
    pub(crate) fn note(&self, hides: bool, needs_memory: bool) {
        self.hides.store(hides, Ordering::Relaxed);
        self.needs_memory
            .store(hides || needs_memory, Ordering::Relaxed);
    }

    #[inline]
    pub(super) fn hides(&self) -> bool {
        self.hides.load(Ordering::Relaxed)
    }

    #[inline(always)]
    pub(crate) fn needs_memory(&self) -> bool {
        self.needs_memory.load(Ordering::Relaxed)
    }
}
