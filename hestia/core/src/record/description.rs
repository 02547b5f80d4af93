//! What a record's addresses stand for, in words that another process can read.
//!
//! Records refer to statics and to what several of them share by address. A process that wants its records back after it
//! was killed writes down what lies there, before the first record that refers to it ([`site`], [`shared`]), and what is
//! the same for all of them. [`Descriptions`] reads it back. What a scope says ([`scope`]) is put down apart: scopes come and
//! go by the million.
//!
//! *Invariant:* nothing that was read is used as an address; entries that make no sense are passed over.

use std::collections::HashMap;
use std::sync::Arc;

use super::decode::{DecodeError, Decoder, Entries};
use super::encode::{append_str, append_u32, append_u64};
use super::image::{append_trace, get_trace};
use super::message::Described;
use super::metadata::StaticSite;
use super::{Metadata, Shared, redact};
use crate::facts::Facts;
use crate::level::{self, Severity};
use crate::position::FilePosition;
use crate::trace_context::TraceIds;

/// The kinds of entries.
pub(crate) const SITE: u32 = 1;
pub(crate) const SHARED: u32 = 2;
pub(crate) const PROCESS: u32 = 3;
pub(crate) const OUTPUT: u32 = 4;

const NONE: u64 = u64::MAX;
const CONSTANT: u8 = 0;
const TEMPLATE: u8 = 1;
/// Only its records, whose messages were formatted at the call, say the message.
const IN_RECORD: u8 = 2;
const CRITICAL: u8 = 0xff;

/// What there is to say about a number that stands in records, or in what is said of a round.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) kind: u32,
    pub(crate) number: u64,
    pub(crate) bytes: Vec<u8>,
}

impl Entry {
    fn about(kind: u32, number: u64) -> Self {
        Entry {
            kind,
            number,
            bytes: Vec::new(),
        }
    }
}

/// A static, as an entry of kind [`SITE`].
pub(crate) fn site(site: &'static StaticSite) -> Entry {
    let mut entry = Entry::about(SITE, std::ptr::from_ref(site).addr() as u64);
    let bytes = &mut entry.bytes;
    let metadata = &site.metadata;
    #[allow(clippy::cast_possible_truncation, reason = "there are five levels")]
    bytes.push(match metadata.severity() {
        Severity::Critical => CRITICAL,
        Severity::Level(level) => level::index(level) as u8,
    });
    append_str(bytes, metadata.target());
    append_optional(bytes, metadata.module());
    append_optional(bytes, metadata.file());
    append_u64(bytes, metadata.line().map_or(NONE, u64::from));
    // Where text is looked through at the call, messages are made there, and what the source says of them is not written
    // down: it has not been looked through.
    let described = site.message.described();
    let (kind, text) = match described.filter(|_| !redact::looks_at_call()) {
        Some(Described::Constant(text)) => (CONSTANT, text),
        Some(Described::Template(text)) => (TEMPLATE, text),
        None => (IN_RECORD, ""),
    };
    bytes.push(kind);
    append_str(bytes, text);
    for key in site.keys {
        append_str(bytes, key);
    }
    entry
}

/// What records of a named logger share, as an entry of kind [`SHARED`].
pub(crate) fn shared(shared: &Shared) -> Entry {
    let mut entry = Entry::about(SHARED, std::ptr::from_ref(shared).addr() as u64);
    let bytes = &mut entry.bytes;
    append_u64(bytes, shared.logger.unwrap_or(NONE));
    append_optional(bytes, shared.application.as_deref());
    bytes.extend_from_slice(&shared.fields);
    entry
}

/// What is the same for all records, as an entry of kind [`PROCESS`].
pub(crate) fn process(facts: &Facts, fields: &[u8]) -> Entry {
    let mut entry = Entry::about(PROCESS, 0);
    let bytes = &mut entry.bytes;
    append_str(bytes, &facts.application);
    append_optional(bytes, facts.app_version.as_deref());
    append_str(bytes, &facts.environment);
    append_optional(bytes, facts.hostname.as_deref());
    append_optional(bytes, facts.container_id.as_deref());
    append_u32(bytes, facts.process_id);
    bytes.extend_from_slice(fields);
    entry
}

/// The file of an output, as an entry of kind [`OUTPUT`]: the number of the named logger that it is for, if it is for one only;
/// the words of its position, when it is open, the last one first and in a byte; and its path.
pub(crate) fn output(
    number: u64,
    only_logger: Option<u64>,
    position: Option<FilePosition>,
    path: &[u8],
) -> Entry {
    let mut entry = Entry::about(OUTPUT, number);
    append_u64(&mut entry.bytes, only_logger.unwrap_or(NONE));
    let [device, inode, length, said] = position.map_or_else(Default::default, |file| file.words());
    // Flags, all of them in its first byte.
    entry.bytes.push(said.to_le_bytes()[0]);
    for word in [device, inode, length] {
        append_u64(&mut entry.bytes, word);
    }
    entry.bytes.extend_from_slice(path);
    entry
}

/// What records in a scope share, for a process that finds them, in place of what the vector holds. All of it, so that nobody
/// has to find the scopes around it.
pub(crate) fn scope(bytes: &mut Vec<u8>, scope: &Shared) {
    bytes.clear();
    let trace = scope.trace_ids();
    bytes.push(trace.is_some().into());
    if let Some(ids) = trace {
        append_trace(bytes, ids);
    }
    // Innermost first, so that the first of a key counts, as everywhere.
    for scope in scope.outward() {
        bytes.extend_from_slice(&scope.fields);
    }
}

fn append_optional(entry: &mut Vec<u8>, text: Option<&str>) {
    entry.push(text.is_some().into());
    append_str(entry, text.unwrap_or_default());
}

fn get_optional<'a>(decoder: &mut Decoder<'a>) -> Result<Option<&'a str>, DecodeError> {
    let is_there = decoder.get_u8()? != 0;
    let text = decoder.get_str()?;
    Ok(is_there.then_some(text))
}

fn get_optional_number(decoder: &mut Decoder<'_>) -> Result<Option<u64>, DecodeError> {
    Ok(Some(decoder.get_u64()?).filter(|number| *number != NONE))
}

/// A static that was described.
#[derive(Clone, Debug)]
pub(super) struct DescribedSite<'d> {
    pub(super) metadata: Metadata<'d>,
    /// `None` when the records have it.
    pub(super) message: Option<Described<'d>>,
    pub(super) keys: Vec<&'d str>,
}

/// What a named logger added.
#[derive(Clone, Copy, Debug)]
pub(super) struct DescribedShared<'d> {
    /// The number of the logger, if it has a file of its own.
    pub(super) logger: Option<u64>,
    pub(super) application: Option<&'d str>,
    pub(super) fields: Entries<'d>,
}

/// What a scope said.
#[derive(Clone, Copy, Debug)]
pub(super) struct DescribedScope<'d> {
    pub(super) trace: Option<TraceIds>,
    /// Key-values, not looked at yet.
    pub(super) fields: &'d [u8],
}

/// The file of an output.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DescribedOutput<'d> {
    pub(crate) path: &'d [u8],
    /// Where it stood when it was opened; of no account once a round has known of it.
    pub(crate) opened: Option<FilePosition>,
}

/// Things by a number. The table has their places, and not the things: so its code is in a program once, not once for
/// each kind.
#[derive(Debug)]
pub(crate) struct Numbered<T> {
    places: HashMap<u64, usize>,
    things: Vec<T>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Numbered {
            places: HashMap::new(),
            things: Vec::new(),
        }
    }
}

impl<T> Numbered<T> {
    /// In place of what had the number before.
    fn insert(&mut self, number: u64, thing: T) {
        self.places.insert(number, self.things.len());
        self.things.push(thing);
    }

    pub(crate) fn get(&self, number: u64) -> Option<&T> {
        self.places.get(&number).map(|at| &self.things[*at])
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        let places = self.places.iter();
        places.map(|(number, at)| (*number, &self.things[*at]))
    }
}

/// All that was written down, by number: statics and what is shared, by address.
#[derive(Debug, Default)]
pub(crate) struct Descriptions<'d> {
    pub(super) sites: Numbered<DescribedSite<'d>>,
    pub(super) shared: Numbered<DescribedShared<'d>>,
    pub(super) scopes: Numbered<DescribedScope<'d>>,
    /// What is known of the process.
    pub(crate) facts: Option<Arc<Facts>>,
    pub(super) process_fields: &'d [u8],
    /// Files, by the number of the output.
    pub(crate) outputs: Numbered<DescribedOutput<'d>>,
    /// Paths of the files of named loggers, by the number of the logger.
    pub(crate) own_files: Numbered<&'d [u8]>,
}

impl<'d> Descriptions<'d> {
    /// Reads entries: kind and bytes; and scopes: address and bytes. What was described last counts, since addresses are used
    /// again.
    pub(crate) fn read(
        entries: impl Iterator<Item = (u32, &'d [u8])>,
        scopes: impl Iterator<Item = (u64, &'d [u8])>,
    ) -> Self {
        let mut descriptions = Descriptions::default();
        for (address, bytes) in scopes {
            if let Ok(scope) = get_scope(bytes) {
                descriptions.scopes.insert(address, scope);
            }
        }
        for (kind, entry) in entries {
            // One that makes no sense is as good as none.
            let _ = descriptions.add(kind, Decoder::new(entry));
        }
        descriptions
    }

    fn add(&mut self, kind: u32, mut decoder: Decoder<'d>) -> Result<(), DecodeError> {
        let number = decoder.get_u64()?;
        match kind {
            SITE => {
                let site = get_site(&mut decoder)?;
                self.sites.insert(number, site);
            }
            SHARED => {
                let shared = DescribedShared {
                    logger: get_optional_number(&mut decoder)?,
                    application: get_optional(&mut decoder)?,
                    fields: Entries::new(decoder.rest()),
                };
                self.shared.insert(number, shared);
            }
            PROCESS => {
                self.facts = Some(Arc::new(get_facts(&mut decoder)?));
                self.process_fields = decoder.rest();
            }
            OUTPUT => {
                let only_logger = get_optional_number(&mut decoder)?;
                let said = u64::from(decoder.get_u8()?);
                let [device, inode, length] =
                    [decoder.get_u64()?, decoder.get_u64()?, decoder.get_u64()?];
                let path = decoder.rest();
                let opened = FilePosition::of_words(number, [device, inode, length, said]);
                self.outputs
                    .insert(number, DescribedOutput { path, opened });
                if let Some(logger) = only_logger {
                    self.own_files.insert(logger, path);
                }
            }
            // Of a later version, which says nothing that this one could use.
            _ => {}
        }
        Ok(())
    }
}

fn get_facts(decoder: &mut Decoder<'_>) -> Result<Facts, DecodeError> {
    let (application, app_version) = (decoder.get_str()?, get_optional(decoder)?);
    let (environment, hostname) = (decoder.get_str()?, get_optional(decoder)?);
    let (container_id, process_id) = (get_optional(decoder)?, decoder.get_u32()?);
    Ok(Facts {
        application: application.to_owned(),
        app_version: app_version.map(str::to_owned),
        environment: environment.to_owned(),
        hostname: hostname.map(str::to_owned),
        container_id: container_id.map(str::to_owned),
        process_id,
    })
}

fn get_scope(bytes: &[u8]) -> Result<DescribedScope<'_>, DecodeError> {
    let mut decoder = Decoder::new(bytes);
    let trace = match decoder.get_u8()? {
        0 => None,
        _ => Some(get_trace(&mut decoder)?),
    };
    Ok(DescribedScope {
        trace,
        fields: decoder.rest(),
    })
}

fn get_site<'d>(decoder: &mut Decoder<'d>) -> Result<DescribedSite<'d>, DecodeError> {
    let severity = match decoder.get_u8()? {
        CRITICAL => Severity::Critical,
        index => Severity::Level(level::from_index(index.into())),
    };
    let target = decoder.get_str()?;
    let (module, file) = (get_optional(decoder)?, get_optional(decoder)?);
    let line = u32::try_from(decoder.get_u64()?).ok();
    let kind = decoder.get_u8()?;
    let text = decoder.get_str()?;
    let message = match kind {
        CONSTANT => Some(Described::Constant(text)),
        TEMPLATE => Some(Described::Template(text)),
        _ => None,
    };
    let mut keys = Vec::new();
    while decoder.left() > 0 {
        keys.push(decoder.get_str()?);
    }
    Ok(DescribedSite {
        metadata: Metadata::new(severity, target).at(module, file, line),
        message,
        keys,
    })
}
