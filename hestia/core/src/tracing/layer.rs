//! The layer: what `tracing` calls on the program's threads.
//!
//! An event goes through `callsite::event`, a span becomes a [`Node`] in the registry, and each thread that enters it enters
//! its scope. Whether an event or a span is wanted is the business of a per-layer filter, so that hestia's levels are
//! nobody else's: `tracing_subscriber` keeps the verdicts of all filters apart.
//!
//! *Invariant:* what the registry's own threads and other layers do with a span is theirs; nothing here depends on it.

#![allow(
    unsafe_code,
    reason = "a layer says by a method that is unsafe that it has a filter of its own"
)]

use std::any::TypeId;
use std::cell::Cell;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use log::Level;
use tracing_core::span::{Attributes, Id, Record};
use tracing_core::subscriber::Interest;
use tracing_core::{Dispatch, Event, LevelFilter, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Filtered;
use tracing_subscriber::layer::{Context, Filter};
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use super::span::{self, Node, SpanEvents, Times};
use super::visit::{Bridged, Fields, Message};
use crate::callsite::event::{self, Place};
use crate::callsite::kept::Kept;
use crate::callsite::scopes::spans::{self, SpanNumber};
use crate::callsite::{Front, front};
use crate::filter::directives::{Decision, when_levels_change};
use crate::internal;
use crate::record::{InlineSite, Shared, Text};
use crate::thread::is_own;

/// A layer that sends events and spans to hestia; see [the module](super) for what becomes of them.
///
/// # Example
/// ```
/// use tracing_subscriber::layer::SubscriberExt as _;
///
/// let subscriber = tracing_subscriber::registry().with(hestia::tracing::layer());
/// # tracing::subscriber::with_default(subscriber, || tracing::info!("one"));
/// ```
#[must_use]
pub fn layer<S>() -> HestiaLayer<S>
where
    S: Subscriber + for<'l> LookupSpan<'l>,
{
    static LAYERS: AtomicU64 = AtomicU64::new(1);
    when_levels_change(tracing_core::callsite::rebuild_interest_cache);
    HestiaLayer {
        present: Present {
            // Relaxed: only to have one of its own.
            number: LAYERS.fetch_add(1, Ordering::Relaxed),
        },
        is_idle: AtomicBool::new(false),
        span_events: SpanEvents::NONE,
        span_list: false,
        trace_ids: false,
        gated: Noticing.with_filter(Gated {
            span_level: Level::Info.to_level_filter(),
        }),
    }
}

/// Sends events and spans of `tracing` to hestia; made by [`layer`].
pub struct HestiaLayer<S> {
    present: Present,
    /// Another one of the same subscriber is at work.
    is_idle: AtomicBool,
    span_events: SpanEvents,
    span_list: bool,
    trace_ids: bool,
    gated: Filtered<Noticing, Gated, S>,
}

impl<S> HestiaLayer<S> {
    /// Which events of spans' own lives are logged; none unless said.
    pub fn span_events(mut self, events: SpanEvents) -> Self {
        self.span_events = events;
        self
    }

    /// Whether records carry the names of all spans that they are in, outermost first, as the array `spans`, beside
    /// the innermost one's as `span`; not unless said. Costs a look at each of them whenever a span is made.
    pub fn span_list(mut self, on: bool) -> Self {
        self.span_list = on;
        self
    }

    /// Whether spans have trace ids of hestia's: one that lies in no trace begins one, any other is a child of what is around it. So
    /// records are found by trace, and [`trace::inject`](crate::trace::inject) passes it on. No unless said; not for a program
    /// whose spans OpenTelemetry gives ids to (feature `opentelemetry`).
    pub fn trace_ids(mut self, on: bool) -> Self {
        self.trace_ids = on;
        self
    }

    /// Up to which level spans are wanted whatever the default level is, so that the records inside carry their fields;
    /// `info` unless said. `Off` has them follow the levels of records: with `LOG_LEVEL=warn` errors then lose what the usual spans
    /// say. A directive that names a target decides for its spans in any case.
    pub fn span_level(mut self, level: log::LevelFilter) -> Self {
        self.gated.filter_mut().span_level = level;
        self
    }
}

impl<S> fmt::Debug for HestiaLayer<S> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("HestiaLayer")
            .field("span_events", &self.span_events)
            .field("span_list", &self.span_list)
            .field("trace_ids", &self.trace_ids)
            .field("span_level", &self.gated.filter().span_level)
            .finish_non_exhaustive()
    }
}

/// Whether a layer of hestia's is part of a subscriber.
pub(super) fn is_part_of(subscriber: &Dispatch) -> bool {
    subscriber.is::<Present>()
}

/// What a subscriber is asked for then. One with several layers of hestia's answers with the same one's each time: that one is at work.
struct Present {
    /// Ids of spans are the registry's, and there may be several.
    number: u64,
}

/// What hestia wants, by its own levels, asked when `tracing` remembers the answers.
#[derive(Debug)]
struct Gated {
    span_level: log::LevelFilter,
}

impl Gated {
    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        front().is_some_and(|front| {
            let level = level(metadata);
            front.gate.allows(level, metadata.target())
                || (metadata.is_span() && self.wants_span(front, level, metadata.target()))
        })
    }

    fn wants_span(&self, front: &Front, level: Level, target: &str) -> bool {
        let table = front.gate.table();
        level <= self.span_level
            && table.max_level() > log::LevelFilter::Off
            && matches!(table.decide(target), Decision::Default(_))
    }
}

impl<S> Filter<S> for Gated {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        self.wants(metadata)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.wants(metadata) {
            Interest::always()
        } else {
            Interest::never()
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        let wanted = front().map_or(log::LevelFilter::Off, |front| {
            front.gate.table().max_level()
        });
        Some(match wanted {
            log::LevelFilter::Off => LevelFilter::OFF,
            wanted => match wanted.max(self.span_level) {
                log::LevelFilter::Trace => LevelFilter::TRACE,
                log::LevelFilter::Debug => LevelFilter::DEBUG,
                log::LevelFilter::Info => LevelFilter::INFO,
                log::LevelFilter::Warn => LevelFilter::WARN,
                log::LevelFilter::Error | log::LevelFilter::Off => LevelFilter::ERROR,
            },
        })
    }
}

thread_local! {
    static NOTICED: Cell<bool> = const { Cell::new(false) };
}

/// What the filter guards: it notices that an event or a span has passed. All else is done by the layer around it, which
/// sees spans that the filter hides: the parents of those that it lets pass.
#[derive(Debug)]
struct Noticing;

impl<S: Subscriber> Layer<S> for Noticing {
    fn on_new_span(&self, _: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        NOTICED.set(true);
    }

    fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
        NOTICED.set(true);
    }
}

fn has_passed(offer: impl FnOnce()) -> bool {
    NOTICED.set(false);
    offer();
    NOTICED.get()
}

fn level(metadata: &Metadata<'_>) -> Level {
    match *metadata.level() {
        tracing_core::Level::ERROR => Level::Error,
        tracing_core::Level::WARN => Level::Warn,
        tracing_core::Level::INFO => Level::Info,
        tracing_core::Level::DEBUG => Level::Debug,
        tracing_core::Level::TRACE => Level::Trace,
    }
}

fn site(metadata: &'static Metadata<'static>) -> InlineSite<'static> {
    let text = |text: Option<&'static str>| text.map_or(Text::None, Text::Static);
    InlineSite {
        severity: level(metadata).into(),
        target: metadata.target(),
        module: text(metadata.module_path()),
        file: text(metadata.file()),
        line: metadata.line(),
    }
}

/// This span, or the nearest one around it that hestia has wanted.
fn nearest<'a, S: LookupSpan<'a>>(span: &SpanRef<'a, S>) -> Option<SpanRef<'a, S>> {
    span.scope().find(has_node)
}

/// Whether hestia has wanted the span.
fn has_node<'a, S: LookupSpan<'a>>(span: &SpanRef<'a, S>) -> bool {
    span.extensions().get::<Node>().is_some()
}

/// Looks at a span's scope where it is. (Whoever drops a [`Kept`] gives it up, which takes a lock.)
fn with_scope<'a, S: LookupSpan<'a>, R>(
    span: &SpanRef<'a, S>,
    look: impl FnOnce(&Kept) -> R,
) -> Option<R> {
    let extensions = span.extensions();
    extensions.get::<Node>().map(|node| look(&node.scope))
}

fn scope_of<'a, S: LookupSpan<'a>>(span: &SpanRef<'a, S>) -> Option<Kept> {
    with_scope(span, Kept::clone)
}

fn shared_of<'a, S: LookupSpan<'a>>(span: &SpanRef<'a, S>) -> Option<Arc<Shared>> {
    with_scope(span, |scope| Arc::clone(scope.shared()))
}

impl<S> HestiaLayer<S>
where
    S: Subscriber + for<'l> LookupSpan<'l>,
{
    fn is_idle(&self) -> bool {
        // Relaxed: nothing else depends on it.
        self.is_idle.load(Ordering::Relaxed)
    }

    /// From now on this layer does nothing.
    fn leave_to_another(&self) {
        if !self.is_idle.swap(true, Ordering::Relaxed) {
            internal::tell(
                "tracing",
                "the subscriber has another layer of hestia's, and this one does nothing; say to one what both were to do".to_owned(),
            );
        }
    }

    fn span_number(&self, id: &Id) -> SpanNumber {
        SpanNumber {
            layer: self.present.number,
            id: id.into_u64(),
        }
    }

    /// What a new span lies in. Where nothing is said: the parent's scope, or what is current, if that was entered inside
    /// of it; both is the same nearly always.
    fn outer(&self, attributes: &Attributes<'_>, context: &Context<'_, S>) -> Option<Arc<Shared>> {
        if attributes.is_root() {
            return None;
        }
        if let Some(parent) = attributes.parent() {
            return shared_of(&nearest(&context.span(parent)?)?);
        }
        match context.lookup_current().and_then(|span| nearest(&span)) {
            Some(parent) => spans::innermost_within(self.span_number(&parent.id()))
                .unwrap_or_else(|| shared_of(&parent)),
            None => spans::innermost(),
        }
    }

    fn make_node(
        &self,
        attributes: &Attributes<'_>,
        span: &SpanRef<'_, S>,
        outer: Option<Arc<Shared>>,
    ) {
        let mut fields = Vec::new();
        attributes.record(&mut Fields::of_span(&mut fields));
        let names: Vec<&str> = if self.span_list {
            let outer = span.scope().skip(1).filter(has_node);
            let outer = outer.map(|span| span.name());
            let mut names: Vec<_> = std::iter::once(span.name()).chain(outer).collect();
            names.reverse();
            names
        } else {
            vec![span.name()]
        };
        let node = Node {
            scope: span::scope(fields, &names, self.span_list, self.trace_ids, outer),
            times: self
                .span_events
                .contains(SpanEvents::CLOSE)
                .then(Times::new),
        };
        span.extensions_mut().replace(node);
    }

    /// Logs an event of the span's life.
    fn tell(&self, which: SpanEvents, message: &str, span: &SpanRef<'_, S>, times: Option<&Times>) {
        if !self.span_events.contains(which) {
            return;
        }
        let metadata = span.metadata();
        let Some(front) = front().filter(|_| !is_own()) else {
            return;
        };
        if !front.gate.allows(level(metadata), metadata.target()) {
            return;
        }
        let scope;
        let place = if SpanEvents::ACTIVE.contains(which) {
            Place::Here
        } else {
            scope = scope_of(span);
            Place::In(scope.as_ref().map(|scope: &Kept| &**scope.shared()))
        };
        let fields = |bytes: &mut Vec<u8>| times.into_iter().for_each(|times| times.append(bytes));
        event::log(front, site(metadata), place, fields, |bytes| {
            bytes.extend_from_slice(message.as_bytes());
        });
    }

    fn log(
        front: &'static Front,
        event: &Event<'_>,
        site: InlineSite<'_>,
        place: Place<'_>,
        fields: impl FnOnce(&mut Vec<u8>),
    ) {
        if is_own() {
            log_internally(front, event, &site);
            return;
        }
        event::log(front, site, place, fields, |bytes| {
            event.record(&mut Message(bytes));
        });
    }
}

/// What code on hestia's own threads says, in a sink for one, goes to hestia's own log.
fn log_internally(front: &Front, event: &Event<'_>, site: &InlineSite<'_>) {
    let mut message = Vec::new();
    event.record(&mut Message(&mut message));
    (front.hooks.own)(
        &log::Record::builder()
            .level(site.severity.level())
            .target(site.target)
            .args(format_args!("{}", String::from_utf8_lossy(&message)))
            .build(),
    );
}

impl<S> Layer<S> for HestiaLayer<S>
where
    S: Subscriber + for<'l> LookupSpan<'l>,
{
    fn on_register_dispatch(&self, subscriber: &Dispatch) {
        self.gated.on_register_dispatch(subscriber);
        let at_work = subscriber.downcast_ref::<Present>();
        if at_work.is_some_and(|other| other.number != self.present.number) {
            self.leave_to_another();
        }
    }

    fn on_layer(&mut self, subscriber: &mut S) {
        self.gated.on_layer(subscriber);
    }

    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        self.gated.register_callsite(metadata)
    }

    fn enabled(&self, metadata: &Metadata<'_>, context: Context<'_, S>) -> bool {
        self.gated.enabled(metadata, context)
    }

    fn event_enabled(&self, event: &Event<'_>, context: Context<'_, S>) -> bool {
        self.gated.event_enabled(event, context)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.gated.max_level_hint()
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let has_passed = has_passed(|| self.gated.on_new_span(attributes, id, context.clone()));
        if !has_passed || self.is_idle() {
            return;
        }
        let Some(span) = context.span(id) else { return };
        // A new span has none, unless another layer was here before. (`Vec<impl Layer>` does not pass `on_register_dispatch` on.)
        if has_node(&span) {
            self.leave_to_another();
            return;
        }
        let outer = self.outer(attributes, &context);
        self.make_node(attributes, &span, outer);
        self.tell(SpanEvents::NEW, "new", &span, None);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if self.is_idle() {
            return;
        }
        let Some(span) = context.span(id) else { return };
        if !has_node(&span) {
            return;
        }
        let recorded = span::recorded(values);
        if recorded.is_empty() {
            return;
        }
        let mut extensions = span.extensions_mut();
        let changed = extensions.get_mut::<Node>().map(|node| {
            let before = node.add(&recorded);
            (before, node.scope.clone())
        });
        drop(extensions);
        if let Some((_before, scope)) = changed {
            spans::replace(self.span_number(id), &scope);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let has_passed = has_passed(|| self.gated.on_event(event, context.clone()));
        if !has_passed || self.is_idle() {
            return;
        }
        let Some(front) = front() else { return };
        let parent;
        let place = if event.is_contextual() {
            Place::Here
        } else {
            let named = event.parent().and_then(|parent| context.span(parent));
            parent = named
                .and_then(|span| nearest(&span))
                .and_then(|span| scope_of(&span));
            Place::In(parent.as_ref().map(|parent: &Kept| &**parent.shared()))
        };
        let site = site(event.metadata());
        // The one target that all bridges from `log` give to their statements.
        if site.target == "log" && event.metadata().fields().field("log.target").is_some() {
            let mut bridged = Bridged::default();
            event.record(&mut bridged);
            let site = bridged.site(site);
            if front.gate.allows(site.severity.level(), site.target) {
                Self::log(front, event, site, place, |bytes| {
                    event.record(&mut Fields::of_bridged(bytes));
                });
            }
            return;
        }
        Self::log(front, event, site, place, |bytes| {
            event.record(&mut Fields::of_event(bytes));
        });
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        if self.is_idle() {
            return;
        }
        let Some(span) = context.span(id) else { return };
        let Some(scope) = scope_of(&span) else { return };
        spans::enter(self.span_number(id), scope);
        if self.span_events.contains(SpanEvents::CLOSE)
            && let Some(node) = span.extensions_mut().get_mut::<Node>()
        {
            node.times.iter_mut().for_each(Times::enter);
        }
        self.tell(SpanEvents::ENTER, "enter", &span, None);
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        if self.is_idle() {
            return;
        }
        if self.span_events != SpanEvents::NONE
            && let Some(span) = context.span(id)
            && has_node(&span)
        {
            if let Some(node) = span.extensions_mut().get_mut::<Node>() {
                node.times.iter_mut().for_each(Times::exit);
            }
            self.tell(SpanEvents::EXIT, "exit", &span, None);
        }
        spans::leave(self.span_number(id), |scope| {
            let is_own = |own: &Kept| Arc::ptr_eq(own.shared(), scope);
            let span = context.span(id);
            span.and_then(|span| with_scope(&span, is_own)) == Some(true)
        });
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if self.is_idle() {
            return;
        }
        spans::forget(self.span_number(&id));
        let Some(span) = context.span(&id) else {
            return;
        };
        let times = span
            .extensions_mut()
            .get_mut::<Node>()
            .and_then(|node| node.times.take());
        if times.is_some() {
            self.tell(SpanEvents::CLOSE, "close", &span, times.as_ref());
        }
    }

    // SAFETY: (of the implementation) whoever asks for a type gets the address of a value of it: this layer, a part of it, or
    // what the part that is asked answers by the same promise.
    unsafe fn downcast_raw(&self, id: TypeId) -> Option<*const ()> {
        if id == TypeId::of::<Self>() {
            return Some(std::ptr::from_ref(self).cast());
        }
        if id == TypeId::of::<Present>() {
            return Some(std::ptr::from_ref(&self.present).cast());
        }
        // SAFETY: the filtered part lives as long as this one.
        unsafe { self.gated.downcast_raw(id) }
    }
}
