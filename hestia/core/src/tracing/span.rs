//! What a span of `tracing` is to hestia: a scope, made once, and how long it was at work.
//!
//! Kept in the registry, as an extension of the span's. *Invariant:* no code of the user's runs while a span's extensions
//! are locked.

use std::ops::{BitOr, BitOrAssign};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing_core::span::Record;

use super::visit::Fields;
use crate::callsite::ambient;
use crate::callsite::kept::Kept;
use crate::record::{Shared, encode};

/// Which events of a span's own life are logged: `new`, `enter`, `exit` and `close`, with the span's level and target, and with its
/// fields. As `tracing_subscriber`'s `FmtSpan`.
///
/// # Example
/// ```
/// use hestia::tracing::SpanEvents;
///
/// let events = SpanEvents::NEW | SpanEvents::CLOSE;
/// let layer = hestia::tracing::layer::<tracing_subscriber::Registry>().span_events(events);
/// assert!(events.contains(SpanEvents::CLOSE) && !events.contains(SpanEvents::ENTER));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SpanEvents(u8);

impl SpanEvents {
    /// None of them: the default.
    pub const NONE: SpanEvents = SpanEvents(0);
    /// It was made.
    pub const NEW: SpanEvents = SpanEvents(1);
    /// A thread has entered it; a future's span is entered at each poll.
    pub const ENTER: SpanEvents = SpanEvents(2);
    /// A thread has left it.
    pub const EXIT: SpanEvents = SpanEvents(4);
    /// Its last handle is gone. The record has `elapsed_ms` since it was made, of which `busy_ms` with a thread in it, and
    /// `idle_ms` without.
    pub const CLOSE: SpanEvents = SpanEvents(8);
    /// [`ENTER`](SpanEvents::ENTER) and [`EXIT`](SpanEvents::EXIT).
    pub const ACTIVE: SpanEvents = SpanEvents(6);
    /// All of them.
    pub const FULL: SpanEvents = SpanEvents(15);

    /// Whether all of these are among them.
    #[must_use]
    pub const fn contains(self, others: SpanEvents) -> bool {
        self.0 & others.0 == others.0
    }
}

impl BitOr for SpanEvents {
    type Output = SpanEvents;

    fn bitor(self, others: SpanEvents) -> SpanEvents {
        SpanEvents(self.0 | others.0)
    }
}

impl BitOrAssign for SpanEvents {
    fn bitor_assign(&mut self, others: SpanEvents) {
        *self = *self | others;
    }
}

/// The span's scope, and its times where they are wanted.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) scope: Kept,
    pub(super) times: Option<Times>,
}

impl Node {
    /// The scope once more, with what was recorded now; what it was before is returned, to be dropped when nothing is
    /// locked any more.
    pub(super) fn add(&mut self, recorded: &[u8]) -> Kept {
        let scope = Kept::new(self.scope.shared().with(recorded));
        std::mem::replace(&mut self.scope, scope)
    }
}

/// What `span.record` says, encoded.
pub(super) fn recorded(values: &Record<'_>) -> Vec<u8> {
    let mut fields = Vec::new();
    values.record(&mut Fields::of_span(&mut fields));
    fields
}

/// The scope of a new span. Its own fields first: one of them that is called `span` counts, and not the name.
pub(super) fn scope(
    mut fields: Vec<u8>,
    names: &[&str],
    lists: bool,
    begins_trace: bool,
    outer: Option<Arc<Shared>>,
) -> Kept {
    let mut entries = encode::fields(&mut fields);
    if let Some(name) = names.last() {
        entries.entry("span", name);
    }
    if lists {
        entries.entry("spans", names);
    }
    let trace = begins_trace.then(|| ambient::step(outer.as_ref().and_then(|outer| outer.trace())));
    Kept::new(Shared {
        fields: fields.into(),
        trace,
        outer,
        ..Shared::default()
    })
}

/// How long a span has been there, and how long of that some thread was in it.
#[derive(Debug)]
pub(super) struct Times {
    made: Instant,
    /// When the number of threads in it has last become one or none.
    changed: Instant,
    entered: usize,
    busy: Duration,
}

impl Times {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Times {
            made: now,
            changed: now,
            entered: 0,
            busy: Duration::ZERO,
        }
    }

    pub(super) fn enter(&mut self) {
        if self.entered == 0 {
            self.changed = Instant::now();
        }
        self.entered += 1;
    }

    pub(super) fn exit(&mut self) {
        self.entered = self.entered.saturating_sub(1);
        if self.entered == 0 {
            let now = Instant::now();
            self.busy += now - self.changed;
            self.changed = now;
        }
    }

    /// Keys and values: milliseconds in all, busy and idle.
    pub(super) fn append(&self, bytes: &mut Vec<u8>) {
        let now = Instant::now();
        let elapsed = now - self.made;
        let busy = match self.entered {
            0 => self.busy,
            _ => self.busy + (now - self.changed),
        };
        #[allow(clippy::cast_precision_loss, reason = "a hundred days are exact")]
        let millis = |span: Duration| span.as_nanos() as f64 / 1e6;
        let mut entries = encode::fields(bytes);
        entries.entry("elapsed_ms", &millis(elapsed));
        entries.entry("busy_ms", &millis(busy));
        entries.entry("idle_ms", &millis(elapsed.saturating_sub(busy)));
    }
}
