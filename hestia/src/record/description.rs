//! What a record's addresses stand for, in words that another process can read.
//!
//! Records refer to statics and to what several of them share by address. A process that wants its records back after it
//! was killed writes down what lies there, before the first record that refers to it ([`site`], [`shared`]), and what is
//! the same for all of them. [`Descriptions`] reads it back.
//!
//! *Invariant:* nothing that was read is used as an address; entries that make no sense are passed over.

use std::collections::HashMap;
use std::sync::Arc;

use super::decode::{DecodeError, Decoder, Entries};
use super::encode::{append_address, append_str, append_u32, append_u64};
use super::message::Described;
use super::metadata::StaticSite;
use super::{Metadata, Shared};
use crate::facts::Facts;
use crate::level::{self, Severity};

/// The kinds of entries.
pub(crate) const SITE: u32 = 1;
pub(crate) const SHARED: u32 = 2;
pub(crate) const PROCESS: u32 = 3;
pub(crate) const OUTPUT: u32 = 4;

const NO_LINE: u64 = u64::MAX;
const CONSTANT: u8 = 0;
const TEMPLATE: u8 = 1;
/// Only its records, whose messages were formatted at the call, say the message.
const IN_RECORD: u8 = 2;
const CRITICAL: u8 = 0xff;

/// A static, as an entry of kind [`SITE`].
pub(crate) fn site(site: &'static StaticSite) -> Vec<u8> {
    let mut entry = Vec::new();
    append_address(&mut entry, std::ptr::from_ref(site).addr());
    let metadata = &site.metadata;
    #[allow(clippy::cast_possible_truncation, reason = "there are five levels")]
    entry.push(match metadata.severity() {
        Severity::Critical => CRITICAL,
        Severity::Level(level) => level::index(level) as u8,
    });
    append_str(&mut entry, metadata.target());
    append_optional(&mut entry, metadata.module());
    append_optional(&mut entry, metadata.file());
    append_u64(&mut entry, metadata.line().map_or(NO_LINE, u64::from));
    let (kind, text) = match site.message.described() {
        Some(Described::Constant(text)) => (CONSTANT, text),
        Some(Described::Template(text)) => (TEMPLATE, text),
        None => (IN_RECORD, ""),
    };
    entry.push(kind);
    append_str(&mut entry, text);
    for key in site.keys {
        append_str(&mut entry, key);
    }
    entry
}

/// What records of a named logger share, as an entry of kind [`SHARED`].
pub(crate) fn shared(shared: &Shared) -> Vec<u8> {
    let mut entry = Vec::new();
    append_address(&mut entry, std::ptr::from_ref(shared).addr());
    append_optional(&mut entry, shared.application.as_deref());
    entry.extend_from_slice(&shared.fields);
    entry
}

/// What is the same for all records, as an entry of kind [`PROCESS`].
pub(crate) fn process(facts: &Facts, fields: &[u8]) -> Vec<u8> {
    let mut entry = Vec::new();
    append_str(&mut entry, &facts.application);
    append_optional(&mut entry, facts.app_version.as_deref());
    append_str(&mut entry, &facts.environment);
    append_optional(&mut entry, facts.hostname.as_deref());
    append_optional(&mut entry, facts.container_id.as_deref());
    append_u32(&mut entry, facts.process_id);
    entry.extend_from_slice(fields);
    entry
}

/// The path of the file of an output, as an entry of kind [`OUTPUT`].
pub(crate) fn output(number: u64, path: &[u8]) -> Vec<u8> {
    let mut entry = Vec::new();
    append_u64(&mut entry, number);
    entry.extend_from_slice(path);
    entry
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
    pub(super) application: Option<&'d str>,
    pub(super) fields: Entries<'d>,
}

/// All that was written down, by address.
#[derive(Debug, Default)]
pub(crate) struct Descriptions<'d> {
    pub(super) sites: HashMap<usize, DescribedSite<'d>>,
    pub(super) shared: HashMap<usize, DescribedShared<'d>>,
    /// What is known of the process.
    pub(crate) facts: Option<Arc<Facts>>,
    pub(super) process_fields: &'d [u8],
    /// Paths of files, by the number of the output.
    pub(crate) outputs: HashMap<u64, &'d [u8]>,
}

impl<'d> Descriptions<'d> {
    /// Reads entries: kind and bytes. What was described last counts, since addresses are used again.
    pub(crate) fn read(entries: impl Iterator<Item = (u32, &'d [u8])>) -> Self {
        let mut descriptions = Descriptions::default();
        for (kind, entry) in entries {
            // One that makes no sense is as good as none.
            let _ = descriptions.add(kind, Decoder::new(entry));
        }
        descriptions
    }

    fn add(&mut self, kind: u32, mut decoder: Decoder<'d>) -> Result<(), DecodeError> {
        match kind {
            SITE => {
                let address = decoder.get_address()?;
                let site = get_site(&mut decoder)?;
                self.sites.insert(address, site);
            }
            SHARED => {
                let address = decoder.get_address()?;
                let shared = DescribedShared {
                    application: get_optional(&mut decoder)?,
                    fields: Entries::new(decoder.rest()),
                };
                self.shared.insert(address, shared);
            }
            PROCESS => {
                self.facts = Some(Arc::new(Facts {
                    application: decoder.get_str()?.to_owned(),
                    app_version: get_optional(&mut decoder)?.map(String::from),
                    environment: decoder.get_str()?.to_owned(),
                    hostname: get_optional(&mut decoder)?.map(String::from),
                    container_id: get_optional(&mut decoder)?.map(String::from),
                    process_id: decoder.get_u32()?,
                }));
                self.process_fields = decoder.rest();
            }
            OUTPUT => {
                let number = decoder.get_u64()?;
                self.outputs.insert(number, decoder.rest());
            }
            // Of a later version, which says nothing that this one could use.
            _ => {}
        }
        Ok(())
    }
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
