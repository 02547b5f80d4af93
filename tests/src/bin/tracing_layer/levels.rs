//! Levels, and other layers that have theirs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use hestia::tracing::{install, layer};
use hestia_tests::figures;
use serde_json::json;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt as _;

use super::{Outcome, builder};

pub(super) fn levels() -> Outcome {
    let hestia = builder()
        .level("info,levels::db=debug")
        .tracing(true)
        .init()?;
    let all = |round: &str| {
        tracing::error!("{round} error");
        tracing::info!("{round} info");
        tracing::debug!("{round} debug");
        tracing::trace!("{round} trace");
        tracing::debug!(target: "levels::db", "{round} debug of db");
        tracing::trace!(target: "levels::db", "{round} trace of db");
    };
    all("first");
    hestia.set_level("warn,levels::db=trace")?;
    all("second");
    hestia.set_level("trace")?;
    all("third");
    hestia.set_level(log::LevelFilter::Off)?;
    all("fourth");
    hestia.set_level("error")?;
    for output in ["text", "json"] {
        hestia.set_output_level(output, hestia::Level::Debug)?;
    }
    all("fifth");
    let facts = json!({ "evaluated_when_off": evaluated_when_off() });
    figures::tell(&facts);
    Ok(())
}

/// Whether the arguments of an event that is off are evaluated.
fn evaluated_when_off() -> u64 {
    static EVALUATED: AtomicU64 = AtomicU64::new(0);
    let count = || EVALUATED.fetch_add(1, Ordering::Relaxed);
    for _ in 0..10 {
        tracing::trace!(value = count(), "off");
    }
    EVALUATED.load(Ordering::Relaxed)
}

pub(super) fn span_levels() -> Outcome {
    builder().level("error,noisy=off").tracing(true).init()?;
    let outer = tracing::info_span!("request", id = 17).entered();
    let debug = tracing::debug_span!("debug", debug = 1).entered();
    let noisy = tracing::info_span!(target: "noisy", "noisy", noisy = 1).entered();
    tracing::info!("not wanted");
    tracing::error!("wanted");
    drop((noisy, debug, outer));
    Ok(())
}

/// Takes down what it sees.
#[derive(Clone, Default)]
struct Sees(Arc<Mutex<Vec<String>>>);

impl Sees {
    fn add(&self, what: String) {
        self.0.lock().expect("no panic").push(what);
    }

    fn tell(&self) {
        figures::tell(&json!({ "seen": *self.0.lock().expect("no panic") }));
    }
}

impl<S> Layer<S> for Sees
where
    S: tracing::Subscriber + for<'l> tracing_subscriber::registry::LookupSpan<'l>,
{
    fn on_event(
        &self,
        event: &tracing::Event<'_>,
        context: tracing_subscriber::layer::Context<'_, S>,
    ) {
        let spans = context.event_scope(event).map_or(0, Iterator::count);
        self.add(format!("{} {spans}", event.metadata().level()));
    }

    fn on_new_span(
        &self,
        attributes: &tracing::span::Attributes<'_>,
        _: &tracing::span::Id,
        _: tracing_subscriber::layer::Context<'_, S>,
    ) {
        self.add(format!("span {}", attributes.metadata().name()));
    }
}

fn log_at_all_levels() {
    let _span = tracing::trace_span!("trace_span").entered();
    let _info = tracing::info_span!("info_span").entered();
    tracing::error!("error");
    tracing::warn!("warn");
    tracing::info!("info");
    tracing::debug!("debug");
    tracing::trace!("trace");
}

/// Another layer, once inside and once outside of hestia's, sees all; hestia what its levels say.
pub(super) fn beside() -> Outcome {
    let hestia = builder().level("warn").init()?;
    let (inner, outer) = (Sees::default(), Sees::default());
    install(
        tracing_subscriber::registry()
            .with(inner.clone())
            .with(layer())
            .with(outer.clone()),
    )?;
    log_at_all_levels();
    {
        // Parents that hestia does not want, and the other layers do.
        let wanted = tracing::info_span!("wanted", wanted = 1);
        let off = tracing::debug_span!(parent: &wanted, "off", off = 1);
        let child = tracing::info_span!(parent: &off, "child", child = 1);
        child.in_scope(|| tracing::warn!("in a child of a span that is off"));
        tracing::warn!(parent: &off, "in a span that is off");
        off.in_scope(|| tracing::info_span!("contextual").in_scope(|| tracing::warn!("below")));
        let alone = tracing::debug_span!(parent: None, "alone");
        tracing::warn!(parent: &alone, "in nothing");
    }
    hestia.set_level("off")?;
    log_at_all_levels();
    hestia.set_level("info")?;
    log_at_all_levels();
    assert_eq!(
        *inner.0.lock().expect("no panic"),
        *outer.0.lock().expect("no panic")
    );
    inner.tell();
    Ok(())
}

/// Another layer with a filter of its own, and one around hestia's.
pub(super) fn filtered() -> Outcome {
    use tracing_subscriber::filter::{LevelFilter, filter_fn};
    builder().level("info").init()?;
    let sees = Sees::default();
    install(
        tracing_subscriber::registry()
            .with(sees.clone().with_filter(LevelFilter::DEBUG))
            .with(layer().with_filter(filter_fn(|metadata| metadata.target() != "quiet"))),
    )?;
    log_at_all_levels();
    tracing::info!(target: "quiet", "quiet");
    sees.tell();
    Ok(())
}
