//! The world of [`tracing`](https://docs.rs/tracing): its events and spans in the same log, with the feature `tracing`.
//!
//! [`layer`] is a [`Layer`](tracing_subscriber::Layer) of a `tracing_subscriber::Registry`, beside others or alone. An event becomes a
//! record, as one of `log` does. A span becomes a scope: every record that is logged in it carries its fields and, as `span`,
//! its name, whether an event, `log::info!` or `hlog!` logged it. So a program with dependencies of both kinds has one log, in
//! the order of the calls.
//!
//! ```
//! # hestia::builder().console(false).text(false).json(false).env(false).init()?;
//! hestia::tracing::init()?;
//! let span = tracing::info_span!("request", id = 17);
//! span.in_scope(|| {
//!     tracing::info!(items = 3, "checked out");   // items=3 id=17 span=request
//!     log::info!("from a crate that uses log");   // id=17 span=request
//! });
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `#[hestia::main(tracing = true)]` and [`Builder::tracing`](crate::Builder::tracing) do the same when hestia is turned on. Beside other layers,
//! OpenTelemetry's for one:
//!
//! ```
//! use tracing_subscriber::layer::SubscriberExt as _;
//!
//! # hestia::builder().console(false).text(false).json(false).env(false).init()?;
//! # let other = tracing_subscriber::layer::Identity::new();
//! let subscriber = tracing_subscriber::registry().with(hestia::tracing::layer()).with(other);
//! hestia::tracing::install(subscriber)?;
//! # Ok::<(), hestia::InitError>(())
//! ```
//!
//! # Levels
//!
//! What hestia's levels and directives say (`LOG_LEVEL=info,app::db=debug`) holds for targets of `tracing` as for those of `log`, and
//! changes while the program runs. `tracing` remembers for each statement whether anybody wants it, so one that is off costs a
//! load and a branch. Other layers see what they want, whatever hestia's levels are.
//!
//! Spans are wanted up to `info` at least, so that an error has its request's id although only errors are logged; see
//! [`HestiaLayer::span_level`]. A directive that names the target of a span decides about it as about any statement.
//!
//! # Scopes and spans
//!
//! They nest in the order in which they are entered: a span that is made in a `scope!` lies inside of it, and the other way
//! round. A span or an event with an explicit parent (`parent: &span`) lies in that one's scope, `parent: None` in none at all; ids
//! of OpenTelemetry's it has only where that span is the current one. What is
//! recorded later (`span.record`) is carried by records from then on: by those of this thread at once, by those of another
//! thread that is in the span when it enters it again. Spans inside of it that were there before keep what it was then.
//! `follows_from` is not logged.
//!
//! # One bridge, not two
//!
//! Records of `log` go to hestia by themselves. So `tracing-log`'s `LogTracer` is not to be installed: there is one logger of `log`, and
//! [`init`](crate::Builder::init) says so where it is not hestia. `tracing_subscriber`'s own `init` installs it, if its feature
//! `tracing-log` is on (which it is by default), and panics where there is a logger already; [`install`] leaves `log` alone. The
//! feature `log` of `tracing` is harmless, since it does nothing once there is a subscriber; with its feature `log-always` each
//! event would be there twice. Events that come from `log` through another bridge get their own target and place.
//!
//! Nothing of hestia's is sent to `tracing`: other layers see the events and spans of `tracing` only.
//!
//! # One layer, not two
//!
//! Of several of hestia's layers in one subscriber only one is at work: the one that was added last (in a `Vec` of layers the first, and
//! not before the first span). Each of the others does nothing, and says so once, on stderr and in the internal log; their events would be
//! there twice. So what several were to do is said to one: `layer().trace_ids(true).span_events(…)`, with one filter for all targets.
//!
//! # One name, two modules
//!
//! After `use hestia::*;`, `tracing::info!` is ambiguous: the glob has this module, the prelude the crate. Import by name, or write
//! `::tracing::info!`.

mod layer;
mod span;
mod visit;

use std::sync::mpsc::sync_channel;

use tracing_core::{Dispatch, dispatcher};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::error::{ErrorKind, InitError};
use crate::thread;

pub use layer::{HestiaLayer, layer};
pub use span::SpanEvents;

/// Has `tracing` send its events and spans to hestia, and to nobody else.
///
/// Before or after hestia is turned on; what comes before that goes nowhere, as with `log`.
///
/// # Errors
/// When `tracing` has another subscriber already, which stays: [`layer`] can be made part of it.
pub fn init() -> Result<(), InitError> {
    install(Registry::default().with(layer()))
}

/// Makes this the subscriber of the whole program. It leaves `log` alone; see [One bridge, not two](self#one-bridge-not-two).
///
/// # Errors
/// When there is one already, which stays.
pub fn install(subscriber: impl Into<Dispatch>) -> Result<(), InitError> {
    dispatcher::set_global_default(subscriber.into()).map_err(|error| {
        InitError::new(
            ErrorKind::OtherSubscriber,
            "`tracing` has another subscriber already; add `hestia::tracing::layer()` to that one",
        )
        .because(error)
    })
}

/// What the builder's setting does. Nothing where the subscriber of the whole program has a layer of hestia's: an `init` that
/// failed late can be tried again, and the program may have put it there itself.
pub(crate) fn turn_on() -> Result<(), InitError> {
    init().or_else(|error| if has_layer() { Ok(()) } else { Err(error) })
}

/// Whether hestia's layer is part of the subscriber of the whole program. `tracing` tells of the one that is current on the thread that
/// asks, which may be another for as long as a function runs (`with_default`); on a thread of its own there is no other.
fn has_layer() -> bool {
    let (answer, answered) = sync_channel(1);
    let asked = thread::start(c"hestia-tracing", move || {
        // Whoever waits may have given up.
        let _ = answer.send(dispatcher::get_default(layer::is_part_of));
    });
    // Where no thread is to be had, nobody knows, and the error stands.
    asked.is_ok() && answered.recv().unwrap_or(false)
}
