//! Encoded values gone over for keys that are to be hidden; where there is one, written anew without its value.
//!
//! Callers' threads. First a look, which copies nothing; most often that is all. Then a copy, behind the original in the
//! same vector, in which lengths are what they have become; and the original goes.
//!
//! *Invariant:* any bytes whatever are gone over without a panic, and to an end. Where they make no sense, what follows
//! is dropped, so that no key is shown that was not looked at.

use super::super::decode::{DecodeError, Decoder};
use super::super::encode::{
    self, MAX_DEPTH, TAG_BYTES, TAG_MAP, TAG_SEQ, TAG_SOME, TAG_STR, TAG_VERBATIM,
};
use super::super::metadata::StaticSite;
use super::super::scalar::Scalar;
use super::MASK;
use super::rules::{Place, Rules};

/// Goes over key-values.
pub(super) fn fields(rules: &Rules, bytes: &mut Vec<u8>, from: usize) {
    let place = rules.outermost();
    if rules.is_empty() || !has_hidden_fields(rules, Decoder::new(&bytes[from..]), place, 0) {
        return;
    }
    let end = bytes.len();
    let mut copy = Copy { rules, bytes };
    copy.fields(from, end, place, 0);
    bytes.drain(from..end);
}

/// Goes over the values of a statement's keys, and the arguments of its message.
pub(super) fn values(rules: &Rules, site: &'static StaticSite, bytes: &mut Vec<u8>, from: usize) {
    if rules.is_empty() || !has_hidden_values(rules, site, Decoder::new(&bytes[from..])) {
        return;
    }
    let end = bytes.len();
    let (place, mut at) = (rules.outermost(), from);
    let mut copy = Copy { rules, bytes };
    for key in site.keys {
        let Some(value_end) = copy.end_of_value(at, end) else {
            break;
        };
        match rules.inside(place, key) {
            Some(inside) => copy.value(at, value_end, inside, 0),
            None => copy.mask(TAG_STR),
        }
        at = value_end;
    }
    let mut names = site.message.names();
    while at < end {
        let Some(argument_end) = copy.end_of_value(at, end) else {
            break;
        };
        if names.next().is_some_and(|name| rules.names(name)) {
            copy.mask(TAG_VERBATIM);
        } else {
            copy.bytes.extend_from_within(at..argument_end);
        }
        at = argument_end;
    }
    bytes.drain(from..end);
}

fn has_hidden_values(rules: &Rules, site: &'static StaticSite, mut decoder: Decoder<'_>) -> bool {
    // Otherwise a `Secret` has hidden what is to be hidden of them.
    let asks_for_keys = site.hides();
    if !asks_for_keys && !may_have_keys(site.keys.len(), decoder) {
        return false;
    }
    let place = rules.outermost();
    for key in site.keys {
        let inside = if asks_for_keys {
            rules.inside(place, key)
        } else {
            rules.inside_of_shown(place, key)
        };
        if is_hidden_or_has(rules, &mut decoder, inside, 0) {
            return true;
        }
    }
    asks_for_keys
        && site.message.names().any(|name| {
            let before = decoder;
            match skip(&mut decoder) {
                Ok(()) => rules.names(name) && !is_mask(before, decoder, TAG_VERBATIM),
                Err(DecodeError) => false,
            }
        })
}

/// Whether one of so many values is an array or an object.
#[inline]
fn may_have_keys(count: usize, mut decoder: Decoder<'_>) -> bool {
    for _ in 0..count {
        let mut tag = decoder;
        if matches!(tag.get_u8(), Ok(TAG_MAP | TAG_SEQ)) || skip(&mut decoder).is_err() {
            return true;
        }
    }
    false
}

/// Whether a key among these is hidden, and its value is not yet.
fn has_hidden_fields(rules: &Rules, mut decoder: Decoder<'_>, place: Place, depth: u8) -> bool {
    while decoder.left() > 0 {
        let Ok(key) = decoder.get_str() else {
            return true;
        };
        if is_hidden_or_has(rules, &mut decoder, rules.inside(place, key), depth) {
            return true;
        }
    }
    false
}

/// Whether a value is hidden, or something in it.
#[inline]
fn is_hidden_or_has(
    rules: &Rules,
    decoder: &mut Decoder<'_>,
    inside: Option<Place>,
    depth: u8,
) -> bool {
    let before = *decoder;
    let has = match inside {
        Some(inside) => has_hidden(rules, decoder, inside, depth),
        None => skip(decoder).map(|()| !is_mask(before, *decoder, TAG_STR)),
    };
    // What makes no sense is dropped.
    has.unwrap_or(true)
}

/// Whether something in a value is hidden.
fn has_hidden(
    rules: &Rules,
    decoder: &mut Decoder<'_>,
    place: Place,
    depth: u8,
) -> Result<bool, DecodeError> {
    let mut inner = *decoder;
    let tag = inner.get_u8()?;
    skip(decoder)?;
    if tag != TAG_MAP && tag != TAG_SEQ {
        return Ok(false);
    }
    if depth >= MAX_DEPTH {
        return Err(DecodeError);
    }
    let mut inner = Decoder::new(inner.get_block()?);
    if tag == TAG_MAP {
        return Ok(has_hidden_fields(rules, inner, place, depth + 1));
    }
    let inside = rules.items(place);
    while inner.left() > 0 {
        if is_hidden_or_has(rules, &mut inner, inside, depth + 1) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Goes past one value, or one argument. What is in an array or an object is not looked at.
#[inline(always)]
fn skip(decoder: &mut Decoder<'_>) -> Result<(), DecodeError> {
    let tag = decoder.get_u8()?;
    match tag {
        TAG_STR | TAG_VERBATIM | TAG_BYTES | TAG_SEQ | TAG_MAP | TAG_SOME => {
            decoder.get_block().map(drop)
        }
        _ => Scalar::read(tag, decoder)?.map(drop).ok_or(DecodeError),
    }
}

/// Whether what lies between two places is the mask already.
fn is_mask(mut before: Decoder<'_>, after: Decoder<'_>, tag: u8) -> bool {
    let is = before.get_u8() == Ok(tag) && before.get_block() == Ok(MASK.as_bytes());
    is && before.left() == after.left()
}

/// Values of a vector, written anew behind its end.
struct Copy<'a> {
    rules: &'a Rules,
    bytes: &'a mut Vec<u8>,
}

impl Copy<'_> {
    /// Where the value ends that begins here; `None` where there is none.
    fn end_of_value(&self, at: usize, end: usize) -> Option<usize> {
        let mut decoder = Decoder::new(self.bytes.get(at..end)?);
        skip(&mut decoder).ok()?;
        Some(end - decoder.left())
    }

    fn mask(&mut self, tag: u8) {
        self.bytes.push(tag);
        encode::append_str(self.bytes, MASK);
    }

    fn fields(&mut self, mut at: usize, end: usize, place: Place, depth: u8) {
        while at < end {
            let mut decoder = Decoder::new(&self.bytes[at..end]);
            let Ok(key) = decoder.get_str() else { return };
            let inside = self.rules.inside(place, key);
            let value = end - decoder.left();
            let Some(value_end) = self.end_of_value(value, end) else {
                return;
            };
            self.bytes.extend_from_within(at..value);
            match inside {
                Some(inside) => self.value(value, value_end, inside, depth),
                None => self.mask(TAG_STR),
            }
            at = value_end;
        }
    }

    fn value(&mut self, at: usize, end: usize, place: Place, depth: u8) {
        let tag = self.bytes[at];
        if tag != TAG_MAP && tag != TAG_SEQ {
            self.bytes.extend_from_within(at..end);
            return;
        }
        if depth >= MAX_DEPTH {
            // No encoder writes that.
            self.mask(TAG_STR);
            return;
        }
        self.bytes.push(tag);
        let start = encode::open(self.bytes);
        // Behind the tag and the length.
        let mut at = at + 5;
        if tag == TAG_MAP {
            self.fields(at, end, place, depth + 1);
        } else {
            let inside = self.rules.items(place);
            while let Some(item_end) = self.end_of_value(at, end) {
                match inside {
                    Some(inside) => self.value(at, item_end, inside, depth + 1),
                    None => self.mask(TAG_STR),
                }
                at = item_end;
            }
        }
        encode::close(self.bytes, start);
    }
}
