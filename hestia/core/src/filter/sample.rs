//! A share of the records.
//!
//! Writer thread. *Invariant:* what has one value of the key is kept together or left out together, by every process.

use std::hash::{BuildHasher, RandomState};

use super::Filter;
use crate::level::Level;
use crate::record::redact::MASK;
use crate::record::{Record, Value};

/// A filter that keeps a share of the records of one output: by chance, or by the value of a key, so that all records
/// with one value are kept together or left out together. Errors are always kept, unless asked.
///
/// A value is kept or not by a fixed rule: another output, another process and another machine with the same share decide
/// the same, and a larger share keeps all that a smaller one does. A number and its text are the same value. (Whoever
/// chooses values can choose such as are kept.)
///
/// What it leaves out is counted in [`OutputStats::filtered`](crate::OutputStats::filtered). It costs the writer's time, not
/// the caller's; to spare that, too, a statement takes a sample of itself: `sample: 0.01` in `hlog!`.
///
/// # Example
/// ```
/// use hestia::{JsonFile, Sample};
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("app.log");
/// hestia::builder()
///     .json(JsonFile::new(path).filter(Sample::new(0.01).by("request_id")))
/// #   .text(false)
///     .console(false)
///     .init()?;
/// log::error!("always there");
/// # hestia::flush()?;
/// # assert_eq!(hestia::stats().unwrap().outputs[0].written, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sample {
    share: f64,
    by: Option<String>,
    takes_errors: bool,
    /// For records without the key; no zero.
    random: u64,
}

impl Sample {
    /// Keeps this share of the records: from 0 (errors only) to 1 (all). What is beyond counts as the nearest of them, and
    /// what is no number as 1.
    #[must_use]
    pub fn new(share: f64) -> Self {
        Sample {
            share: if share.is_nan() { 1.0 } else { share },
            by: None,
            takes_errors: false,
            random: RandomState::new().hash_one(0) | 1,
        }
    }

    /// Decides by the value of this key. Records that do not have it are kept by chance. `trace_id` is that of the record's
    /// trace, where it has no key-value of this name.
    ///
    /// A value that [redaction](crate::Builder::redact) hides, such as that of `session_token`, is `"***"` to filters as well, and
    /// counts as one that is not there: take an id that is no secret, or [except](crate::Redaction::except) the key.
    #[must_use]
    pub fn by(self, key: impl Into<String>) -> Self {
        Sample {
            by: Some(key.into()),
            ..self
        }
    }

    /// Whether errors are sampled like all others; no unless said.
    #[must_use]
    pub fn errors(self, sampled: bool) -> Self {
        Sample {
            takes_errors: sampled,
            ..self
        }
    }

    /// The bits that the record's value stands for.
    fn bits(&mut self, record: &Record<'_>) -> u64 {
        let by_key = self.by.as_deref().and_then(|key| bits_of(key, record));
        by_key.unwrap_or_else(|| {
            self.random ^= self.random << 13;
            self.random ^= self.random >> 7;
            self.random ^= self.random << 17;
            self.random
        })
    }
}

impl Filter for Sample {
    #[allow(clippy::cast_precision_loss, reason = "53 bits have none")]
    fn allows(&mut self, record: &Record<'_>) -> bool {
        if record.level() == Level::Error && !self.takes_errors {
            return true;
        }
        let place = (spread(self.bits(record)) >> 11) as f64 / (1_u64 << 53) as f64;
        place < self.share
    }
}

fn bits_of(key: &str, record: &Record<'_>) -> Option<u64> {
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
    match (record.field(key), record.trace()) {
        // The same for all: by its bits, all records would be kept, or none.
        (Some(Value::Str(MASK)), _) => return None,
        (Some(value), _) => hash.add_value(value),
        (None, Some(ids)) if key == "trace_id" => {
            hash.add(format!("{:032x}", ids.trace_id).as_bytes());
        }
        (None, _) => return None,
    }
    Some(hash.0)
}

/// FNV-1a (G. Fowler, L. C. Noll, K.-P. Vo; draft-eastlake-fnv): the same everywhere, and for ever.
struct Fnv(u64);

impl Fnv {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// Numbers and characters as the texts that they are written as, so that `5` and `"5"` are one id.
    fn add_value(&mut self, value: Value<'_>) {
        let mut integer = itoa::Buffer::new();
        let mut float = zmij::Buffer::new();
        match value {
            Value::Null => self.add(b"null"),
            Value::Bool(true) => self.add(b"true"),
            Value::Bool(false) => self.add(b"false"),
            Value::U64(number) => self.add(integer.format(number).as_bytes()),
            Value::I64(number) => self.add(integer.format(number).as_bytes()),
            Value::U128(number) => self.add(integer.format(number).as_bytes()),
            Value::I128(number) => self.add(integer.format(number).as_bytes()),
            Value::F32(number) => self.add(float.format(number).as_bytes()),
            Value::F64(number) => self.add(float.format(number).as_bytes()),
            Value::Char(c) => self.add(c.encode_utf8(&mut [0; 4]).as_bytes()),
            Value::Str(text) => self.add(text.as_bytes()),
            Value::Bytes(bytes) => self.add(bytes),
            Value::Seq(items) => {
                for item in items.iter() {
                    self.add_value(item);
                    self.add(b",");
                }
            }
            Value::Map(entries) => {
                for field in entries.iter() {
                    self.add(field.key.as_bytes());
                    self.add(b":");
                    self.add_value(field.value);
                    self.add(b",");
                }
            }
        }
    }
}

/// Has each bit decide about all: the upper ones of short texts would be much the same. (The end of MurmurHash3, A. Appleby.)
fn spread(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    bits = (bits ^ (bits >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    bits ^ (bits >> 33)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, OnceLock};

    use super::*;
    use crate::facts::Facts;
    use crate::level::Severity;
    use crate::record::{Field, Metadata};
    use crate::thread::ThreadRef;
    use crate::trace_context::TraceIds;

    const RECORDS: u32 = 100_000;

    fn with_record(
        level: Level,
        trace: Option<u128>,
        fields: &[Field<'_>],
        take: impl FnOnce(&Record<'_>) -> bool,
    ) -> bool {
        static FACTS: OnceLock<Arc<Facts>> = OnceLock::new();
        let facts = FACTS.get_or_init(|| Arc::new(Facts::detect(Some(false))));
        take(&Record {
            timestamp_nanos: 0,
            uuid: uuid::Uuid::nil(),
            metadata: Metadata::new(Severity::Level(level), "target"),
            site: None,
            facts,
            application: "tests",
            captures: &[],
            logger: None,
            thread: ThreadRef { id: 1, name: None },
            trace: trace.map(|trace_id| TraceIds {
                trace_id,
                span_id: 1,
            }),
            message: "message",
            fields,
        })
    }

    fn keeps(sample: &mut Sample, value: Value<'_>) -> bool {
        let fields = [Field { key: "id", value }];
        with_record(Level::Info, None, &fields, |record| sample.allows(record))
    }

    fn is_about(kept: usize, share: f64) -> bool {
        let all = f64::from(RECORDS);
        let deviation = (all * share * (1.0 - share)).sqrt();
        #[allow(clippy::cast_precision_loss)]
        let off = (kept as f64 - all * share).abs();
        off <= deviation * 4.5
    }

    #[test]
    fn by_chance_and_by_key_it_is_the_share_that_was_said() {
        for share in [0.01, 0.3, 0.9] {
            let mut by_key = Sample::new(share).by("id");
            let numbers = (0..RECORDS).filter(|id| keeps(&mut by_key, Value::U64((*id).into())));
            assert!(is_about(numbers.count(), share), "{share} by number");
            let texts = (0..RECORDS).filter(|id| keeps(&mut by_key, Value::Str(&format!("u{id}"))));
            assert!(is_about(texts.count(), share), "{share} by text");
            let mut by_chance = Sample::new(share).by("another");
            by_chance.random = 0x1234_5678_9abc_def1;
            let kept = (0..RECORDS).filter(|_| keeps(&mut by_chance, Value::Null));
            assert!(is_about(kept.count(), share), "{share} by chance");
        }
    }

    #[test]
    fn one_value_is_decided_about_once_and_for_all() {
        let mut samples = [0.1, 0.1, 0.5].map(|share| Sample::new(share).by("id"));
        for id in 0..1_000_u64 {
            let text = id.to_string();
            let [one, other, larger] = samples.each_mut();
            let kept = keeps(one, Value::U64(id));
            assert_eq!(kept, keeps(other, Value::Str(&text)), "{id}");
            assert!(!kept || keeps(larger, Value::U64(id)), "{id}");
        }
        let [one, other, _] = samples.each_mut();
        for c in 'a'..='z' {
            let text = c.to_string();
            assert_eq!(keeps(one, Value::Char(c)), keeps(other, Value::Str(&text)));
        }
        // Written down, since other machines rely on it.
        let kept: Vec<u64> = (0..60)
            .filter(|id| keeps(&mut samples[0], Value::U64(*id)))
            .collect();
        assert_eq!(kept, KEPT);
    }

    const KEPT: [u64; 8] = [8, 10, 14, 18, 31, 34, 53, 57];

    #[test]
    fn a_trace_is_kept_together() {
        let mut sample = Sample::new(0.5).by("trace_id");
        let mut kept = 0;
        for trace in 0..1_000_u128 {
            let mut keeps = || {
                with_record(Level::Info, Some(trace), &[], |record| {
                    sample.allows(record)
                })
            };
            let first = keeps();
            assert!((0..5).all(|_| keeps() == first), "{trace}");
            kept += u32::from(first);
        }
        assert!((400..600).contains(&kept), "{kept}");
    }

    #[test]
    fn hidden_values_are_kept_by_chance_and_not_all_or_none() {
        for share in [0.1, 0.5, 0.9] {
            let mut sample = Sample::new(share).by("id");
            sample.random = 0x1234_5678_9abc_def1;
            let kept = (0..RECORDS).filter(|_| keeps(&mut sample, Value::Str("***")));
            assert!(is_about(kept.count(), share), "{share}");
        }
    }

    #[test]
    fn errors_are_kept_unless_asked() {
        for (sample, kept) in [
            (Sample::new(0.0), true),
            (Sample::new(0.0).errors(true), false),
            (Sample::new(f64::NAN).errors(true), true),
            (Sample::new(-3.0).errors(true), false),
            (Sample::new(3.0).errors(true), true),
        ] {
            let mut sample = sample;
            let is_kept = with_record(Level::Error, None, &[], |record| sample.allows(record));
            assert_eq!(is_kept, kept, "{sample:?}");
        }
        assert!(!keeps(&mut Sample::new(0.0), Value::Null));
    }
}
