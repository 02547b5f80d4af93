//! Fast asynchronous structured logging for the `log` crate: text, JSON and console, with nothing lost.
#![deny(unsafe_code)]

mod callsite;
mod clock;
mod error;
mod facts;
mod filter;
mod internal;
mod layout;
mod level;
mod logger;
mod queue;
mod record;
mod sink;
mod stats;
mod sync;
mod thread;
mod writer;

pub use clock::Order;
pub use error::{ErrorKind, FlushError, Incident, InitError, SinkError};
pub use facts::Facts;
pub use filter::Filter;
pub use layout::{
    ConsoleLayout, JsonLayout, Layout, Multiline, Schema, Style, TextLayout, TimeZone,
};
pub use level::{Level, LevelFilter, Severity};
pub use logger::builder::{Builder, Levels};
pub use logger::named::Logger;
pub use logger::outputs::{Color, Console, JsonFile, Output, OutputLevel, Switch, TextFile};
pub use logger::pipeline::FlushReport;
pub use logger::report::{Explanation, Report, ReportRow};
pub use logger::settings::{Origin, Signal};
pub use logger::{
    Handle, builder, explain, flush, flush_within, init, logger, reopen, report, set_level,
    set_output_level, shutdown, stats,
};
pub use queue::Overflow;
pub use record::batch::{Batch, LineInfo, TakenBatch};
pub use record::{
    DecodeError, Encode, Encoded, Encoder, Entries, Field, Items, MapEncoder, Metadata, Record,
    SeqEncoder, TraceIds, Value,
};
pub use sink::console::Stream;
pub use sink::{FlushTicket, Sink};
pub use stats::{LevelCounts, OutputStats, Stats};
pub use thread::ThreadRef;
