//! Fast asynchronous structured logging for the `log` crate: console, text and JSON, with nothing lost.
//!
//! Turn it on with one line; every `log::info!` of the program and its dependencies is then on the
//! console, in `logs/all.log` and, as JSON, in `logs/app.log`:
//!
//! ```no_run
//! hestia::init()?;
//! log::info!("ready");
//! log::warn!(elapsed_ms = 12.5, user_id = 5; "slow query");
//! # Ok::<(), hestia::InitError>(())
//! ```
//!
//! Say more with [`builder`]: names, levels by target and by output, key-values of the whole process,
//! paths, layouts, sinks of your own. What the environment says (`LOG_LEVEL`, …; see
//! [`Builder::env`]) wins over that. While the program runs, [`flush`] waits until every output has
//! confirmed what was logged, [`rotate`] begins new files (see [`Rotation`] for when they are begun by themselves),
//! [`stats`] counts, [`report`] says who set what, [`explain`] which filter
//! stops a record, and [`set_level`] and [`set_filter`] change what is logged.
//!
//! In tests, [`testing`] keeps what each of them has logged, to be asserted on.
//!
//! # The way of a record
//!
//! The calling thread formats the message into a buffer of its own and puts the record into a bounded
//! ring that no other thread writes to: no lock, no allocation, no system call. One writer thread merges
//! all rings by time, lays each record out once per distinct [`Layout`], and hands the lines to the
//! [`Sink`]s. A full ring follows the [`Overflow`] policy; what is shed is counted, and announced in
//! every output.
//!
//! # How a program may end
//!
//! No guard has to be kept: what calls returned from is written before the process is gone, for as long as
//! [`Builder::exit_limit`] allows, when `main` returns, when any thread calls `exit`, and on the signals of
//! [`Builder::drain_on`]. A panic becomes a record, and is written with everything before it, whether it
//! unwinds or aborts. A forked child gets a writer of its own.
//!
//! What ends a process without asking it loses what was still in the queue, some milliseconds of records: `_exit` and
//! `exec`; signals that are not drained; `abort` and faults, unless [`Builder::drain_on_crash`] was asked for; `SIGKILL`,
//! and with it the system's when memory runs out. Where a program does such a thing itself, [`flush`] before it keeps
//! everything. In a child forked from a process with several threads, `std::process::exit` may hang in the standard library,
//! on a lock that one of the parent's threads held at the fork: [`flush`] and then `_exit` is the safe way there.
//!
//! What was written is the operating system's, and outlives the process. To outlive a loss of power as well, it has to be
//! brought to the disk: [`durable!`] waits for that, and [`Builder::sync`] has it done now and then.
//!
//! # Features
//!
//! | Feature | What |
//! |---|---|
//! | `actix` | requests of actix-web: ids, scopes, access records (`web`) |
//! | `config` | settings are read from a file, `hestia.toml`, and followed while the program runs: `Builder::config` |
//! | `dotenv` | reads a `.env` file beside the environment |
//! | `gzip` | archives of rotated files can be compressed to `.gz` |
//! | `opentelemetry` | the ids of OpenTelemetry's current span are on every record outside of hestia's own traces |
//! | `regex` | secrets can be found by regular expressions: `Redaction::pattern` |
//! | `tower` | the same as `actix` for axum, tonic and all that is made of tower's services |
//! | `tracing` | events and spans of `tracing` in the same log: `hestia::tracing` |
//! | `zstd` | the same to `.zst`; needs a C compiler |
#![forbid(unsafe_code)]

/// The README's examples compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod macros;

#[doc(inline)]
pub use hestia_core::*;
pub use hestia_macros::{Encode, Redact, instrument, main, test};

/// The only names that expansions of hestia's macros use. Not for anybody else: they change without notice.
#[doc(hidden)]
pub mod __private {
    pub use hestia_core::__private::*;
    pub use hestia_macros::{drop_in, durable, hlog, record, scope};
}
