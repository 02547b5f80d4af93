//! The hestia logger without its macros: use it through the `hestia` crate, which re-exports all of it.
//!
//! A crate of its own, so that it compiles while the macros and what they are made of do.
#![deny(unsafe_code)]

#[doc(hidden)]
pub mod __private;
mod callsite;
mod clock;
mod context;
mod error;
mod facts;
mod filter;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzz_targets;
mod internal;
mod layout;
mod level;
mod logger;
mod position;
mod queue;
mod record;
mod sink;
mod stats;
mod sync;
mod system;
pub mod testing;
mod thread;
mod trace_context;
#[cfg(feature = "tracing")]
pub mod tracing;
#[cfg(any(feature = "actix", feature = "tower"))]
pub mod web;
mod writer;

pub use ::uuid::Uuid;
pub use clock::{Order, TimeZone};
pub use context::task::{InScope, Scoped};
pub use context::trace;
pub use context::{Scope, ScopeGuard};
pub use error::{ErrorKind, FlushError, Incident, InitError, RecoverError, SinkError};
pub use facts::Facts;
pub use filter::Filter;
pub use filter::sample::Sample;
pub use hestia_grammar::{Every, ParseError, Weekday};
pub use layout::{ConsoleLayout, JsonLayout, Layout, Multiline, Schema, Style, TextLayout};
pub use level::{Level, LevelFilter, Severity};
pub use logger::builder::{Builder, Levels};
#[cfg(feature = "config")]
pub use logger::config::reload::{Reloaded, reload};
#[cfg(unix)]
pub use logger::crash_safe::{Recovered, recover};
pub use logger::explanation::Explanation;
pub use logger::named::Logger;
pub use logger::outputs::{Color, Console, JsonFile, Output, OutputLevel, Switch, TextFile};
pub use logger::receipt::Receipt;
pub use logger::report::{Report, ReportRow};
pub use logger::settings::{CrashSafe, Origin, Signal};
pub use logger::{
    Handle, builder, clear_filter, explain, flush, flush_within, init, logger, reopen, report,
    rotate, set_filter, set_level, set_output_level, shutdown, stats,
};
pub use queue::Overflow;
pub use record::batch::{Batch, LineInfo, TakenBatch};
pub use record::{
    DecodeError, Encode, Encoded, Encoder, Entries, Field, Items, MapEncoder, Metadata, Record,
    Redact, Redaction, SecretPattern, SeqEncoder, Value,
};
pub use sink::console::Stream;
pub use sink::file::durability::Durability;
pub use sink::file::rotation::{ArchiveNames, Compression, Rotation};
pub use sink::{FlushTicket, Sink};
pub use stats::{FlushReport, LevelCounts, OutputStats, Stats};
pub use thread::ThreadRef;
pub use trace_context::TraceIds;
pub use writer::fold::Folding;
