//! Records of another process, read back by what it had written down about them ([`description`](super::description)).
//!
//! Whoever recovers runs it. *Invariant:* any bytes whatever give a record or an error; no address is followed, and how
//! deep values nest is bounded.

use std::sync::Arc;

use super::decode::{self, DecodeError, Decoder, Entries};
use super::description::Descriptions;
use super::encode::{MAX_DEPTH, TAG_MAP, TAG_SEQ, TAG_SOME};
use super::scalar::Scalar;
use super::value::Value;
use super::{
    FIELDS, FORMATTED, Field, INLINE_SITE, KeyIndex, Record, SCOPE, SHARED, TARGET, THREAD, image,
    merge_entries, merge_outer,
};
use crate::facts::Facts;
use crate::thread::ThreadRef;

/// What the bytes do not say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Around<'a> {
    pub(crate) timestamp_nanos: i64,
    pub(crate) uuid: ::uuid::Uuid,
    pub(crate) facts: &'a Arc<Facts>,
    pub(crate) thread: ThreadRef<'a>,
}

/// Reads one record and passes it on.
///
/// # Errors
/// When the bytes make no sense, or refer to what was not described.
pub(crate) fn decode<R>(
    flags: u32,
    bytes: &[u8],
    descriptions: &Descriptions<'_>,
    around: &Around<'_>,
    take: impl FnOnce(&Record<'_>) -> R,
) -> Result<R, DecodeError> {
    let mut decoder = Decoder::new(bytes);
    let thread = if flags & THREAD == 0 {
        around.thread
    } else {
        image::thread(&mut decoder)?
    };
    let site = if flags & INLINE_SITE == 0 {
        let address = decoder.get_address()? as u64;
        Some(descriptions.sites.get(address).ok_or(DecodeError)?)
    } else {
        None
    };
    let metadata = match site {
        None => image::copied_site(&mut decoder)?,
        Some(site) if flags & TARGET == 0 => site.metadata,
        Some(site) => site.metadata.with_target(decoder.get_str()?),
    };
    let address = match flags & SCOPE {
        0 => 0,
        _ => decoder.get_address()? as u64,
    };
    let described = match address {
        0 => None,
        address => Some(descriptions.scopes.get(address).ok_or(DecodeError)?),
    };
    let copied = image::copied_scope(&mut decoder, flags)?;
    let scope = sound_entries(described.map_or(copied, |scope| scope.fields))?;
    // No test of this process waits for them.
    image::copied_captures(&mut decoder, flags)?;
    let shared = if flags & SHARED == 0 {
        None
    } else {
        let address = decoder.get_address()? as u64;
        Some(descriptions.shared.get(address).ok_or(DecodeError)?)
    };
    let trace = image::trace(&mut decoder, flags)?;
    let trace = trace.or(described.and_then(|scope| scope.trace));
    let suppressed = image::suppressed(&mut decoder, flags)?;
    let mut fields = Vec::new();
    let mut keys = KeyIndex::default();
    if let Some(site) = site {
        for key in &site.keys {
            let value = sound_value(&mut decoder)?;
            fields.push(Field { key, value });
        }
    }
    if flags & FIELDS != 0 {
        merge_entries(&mut fields, &mut keys, sound_entries(decoder.get_block()?)?);
    }
    fields.extend(suppressed);
    merge_outer(&mut fields, &mut keys, Entries::new(scope));
    if let Some(shared) = shared {
        merge_outer(&mut fields, &mut keys, shared.fields);
    }
    let process = Entries::new(descriptions.process_fields);
    merge_outer(&mut fields, &mut keys, process);
    let mut message = String::new();
    match site.map(|site| site.message) {
        Some(Some(described)) if flags & FORMATTED == 0 => {
            let mut arguments = decoder;
            while arguments.left() > 0 {
                check(&mut arguments, 0)?;
            }
            described.read(&mut decoder, &mut message)?;
        }
        Some(None) if flags & FORMATTED == 0 => return Err(DecodeError),
        _ => message.push_str(decode::text(decoder.rest())?),
    }
    Ok(take(&Record {
        timestamp_nanos: around.timestamp_nanos,
        uuid: around.uuid,
        metadata,
        site: None,
        facts: around.facts,
        application: shared
            .and_then(|shared| shared.application)
            .unwrap_or(&around.facts.application),
        logger: shared.and_then(|shared| shared.logger),
        captures: &[],
        thread,
        trace,
        message: &message,
        fields: &fields,
    }))
}

/// A value that nests no deeper than hestia's own do.
fn sound_value<'a>(decoder: &mut Decoder<'a>) -> Result<Value<'a>, DecodeError> {
    check(&mut decoder.clone(), 0)?;
    decoder.get_item()
}

fn sound_entries(entries: &[u8]) -> Result<&[u8], DecodeError> {
    let mut decoder = Decoder::new(entries);
    while decoder.left() > 0 {
        decoder.get_str()?;
        check(&mut decoder, 0)?;
    }
    Ok(entries)
}

/// Goes over one value or argument with all that is in it.
fn check(decoder: &mut Decoder<'_>, depth: u8) -> Result<(), DecodeError> {
    if depth > MAX_DEPTH {
        return Err(DecodeError);
    }
    let tag = decoder.get_u8()?;
    if Scalar::read(tag, decoder)?.is_some() {
        return Ok(());
    }
    let mut inner = Decoder::new(decoder.get_block()?);
    while (tag == TAG_SEQ || tag == TAG_MAP || tag == TAG_SOME) && inner.left() > 0 {
        if tag == TAG_MAP {
            inner.get_str()?;
        }
        check(&mut inner, depth + 1)?;
    }
    Ok(())
}
