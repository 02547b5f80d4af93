//! Records that are not hestia's to write: decoded on the spot, handed over as records of the `log` crate.
//!
//! Callers' threads; off the usual path. *Invariant:* what is handed over says all that the statement said.

use std::sync::Arc;

use log::kv::{self, Source, VisitSource};

use crate::facts::Facts;
use crate::record::{Field, Record, RecordBuf, Surroundings, Value};
use crate::thread::Thread;

/// Reads a record from a finished image and passes it on.
#[cold]
pub(super) fn forward(flags: u32, bytes: &[u8], take: &dyn Fn(&log::Record<'_>)) {
    let thread = Thread::nameless();
    // A record of `log` says nothing of the process.
    let facts = Arc::new(Facts {
        application: String::new(),
        app_version: None,
        environment: String::new(),
        hostname: None,
        container_id: None,
        process_id: 0,
    });
    let surroundings = Surroundings {
        timestamp_nanos: 0,
        uuid: uuid::Uuid::nil(),
        facts: &facts,
        thread: thread.as_ref(),
        process_fields: &[],
    };
    let _ = RecordBuf::default().decode(flags, bytes, &surroundings, &mut |record| {
        hand_over(record, take);
    });
}

fn hand_over(record: &Record<'_>, take: &dyn Fn(&log::Record<'_>)) {
    let metadata = record.metadata();
    take(
        &log::Record::builder()
            .level(record.level())
            .target(metadata.target())
            .module_path(metadata.module())
            .file(metadata.file())
            .line(metadata.line())
            .key_values(&KeyValues(record.fields()))
            .args(format_args!("{}", record.message()))
            .build(),
    );
}

struct KeyValues<'a>(&'a [Field<'a>]);

impl Source for KeyValues<'_> {
    fn visit<'kvs>(&'kvs self, visitor: &mut dyn VisitSource<'kvs>) -> Result<(), kv::Error> {
        for field in self.0 {
            visitor.visit_pair(field.key.into(), value(&field.value))?;
        }
        Ok(())
    }
}

fn value<'v>(value: &'v Value<'_>) -> kv::Value<'v> {
    match value {
        Value::Null => kv::Value::null(),
        Value::Bool(value) => kv::Value::from(value),
        Value::U64(value) => kv::Value::from(value),
        Value::I64(value) => kv::Value::from(value),
        Value::U128(value) => kv::Value::from(value),
        Value::I128(value) => kv::Value::from(value),
        Value::F32(value) => kv::Value::from(value),
        Value::F64(value) => kv::Value::from(value),
        Value::Char(value) => kv::Value::from(value),
        Value::Str(value) => kv::Value::from(*value),
        nested @ (Value::Bytes(_) | Value::Seq(_) | Value::Map(_)) => kv::Value::from_serde(nested),
    }
}
