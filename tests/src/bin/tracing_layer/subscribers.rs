//! Who else listens, or logs: subscribers beside hestia's, libraries in its own threads, bridges.

use std::fmt;
use std::thread;

use hestia::tracing::{SpanEvents, install, layer};
use hestia_tests::figures;
use serde_json::json;
use tracing_subscriber::Layer as _;
use tracing_subscriber::layer::SubscriberExt as _;

use super::{Outcome, builder};

/// Its sink uses a library that logs by both facades, as clients of HTTP do.
struct Chatty(u64);

impl hestia::Sink for Chatty {
    fn write(&mut self, batch: &mut hestia::Batch) -> Result<(), hestia::SinkError> {
        self.0 += batch.lines().count() as u64;
        let _span = tracing::info_span!("sending", lines = self.0).entered();
        tracing::info!(lines = self.0, "sent by tracing");
        log::info!("sent by log");
        Ok(())
    }

    fn flush(&mut self, ticket: hestia::FlushTicket) {
        tracing::error!("flushed");
        ticket.settle(Ok(()));
    }
}

pub(super) fn own_threads() -> Outcome {
    builder()
        .internal_logger(true)
        .sink(hestia::Output::new("chatty", Chatty(0)))
        .tracing(true)
        .init()?;
    for number in 0..100 {
        let _span = tracing::info_span!("mine", number).entered();
        tracing::info!("mine");
    }
    hestia::flush()?;
    Ok(())
}

/// Records of `log` that come as events.
pub(super) fn bridged() -> Outcome {
    builder().level("info,quiet=off").tracing(true).init()?;
    let _span = tracing::info_span!("request", id = 17).entered();
    let record = |target, args: fmt::Arguments<'_>| {
        tracing_log::format_trace(
            &log::Record::builder()
                .level(log::Level::Warn)
                .target(target)
                .module_path(Some("some::module"))
                .file(Some("some/file.rs"))
                .line(Some(42))
                .args(args)
                .build(),
        )
    };
    record("some::target", format_args!("by a {}", "bridge"))?;
    record("quiet", format_args!("not wanted"))?;
    Ok(())
}

/// What is said when `log` goes to `tracing` already.
pub(super) fn log_tracer() -> Outcome {
    tracing_log::LogTracer::init()?;
    let error = builder().tracing(true).init().expect_err("another logger");
    figures::tell(&json!({ "kind": format!("{:?}", error.kind()), "says": error.to_string() }));
    Ok(())
}

pub(super) fn other_subscriber() -> Outcome {
    install(tracing_subscriber::registry())?;
    let error = builder()
        .tracing(true)
        .init()
        .expect_err("another subscriber");
    let again = hestia::tracing::init().expect_err("another subscriber");
    figures::tell(
        &json!({ "kind": format!("{:?}", error.kind()), "says": error.to_string(), "again": again.to_string() }),
    );
    // The program goes on with the log alone.
    builder().init()?;
    log::info!("by log");
    tracing::info!("nobody's");
    Ok(())
}

pub(super) fn own_layer_already() -> Outcome {
    install(tracing_subscriber::registry().with(layer().span_list(true)))?;
    tracing::info!("too early");
    builder().tracing(true).init()?;
    let _span = tracing::info_span!("one").entered();
    tracing::info!("once");
    Ok(())
}

/// What is current only while hestia is turned on is nobody else's.
pub(super) fn own_layer_in_a_function() -> Outcome {
    let scoped = tracing_subscriber::registry().with(layer());
    tracing::subscriber::with_default(scoped, || builder().tracing(true).init())?;
    tracing::info!("here");
    let elsewhere = thread::spawn(|| tracing::info!("elsewhere"));
    elsewhere.join().expect("no panic");
    Ok(())
}

pub(super) fn other_subscriber_in_a_function() -> Outcome {
    install(tracing_subscriber::registry().with(layer()))?;
    let scoped = tracing_subscriber::registry();
    tracing::subscriber::with_default(scoped, || builder().tracing(true).init())?;
    tracing::info!("once");
    Ok(())
}

pub(super) fn several_layers() -> Outcome {
    fn full<S>() -> hestia::tracing::HestiaLayer<S>
    where
        S: tracing::Subscriber + for<'l> tracing_subscriber::registry::LookupSpan<'l>,
    {
        let layer = layer().span_list(true).trace_ids(true);
        layer.span_events(SpanEvents::NEW | SpanEvents::CLOSE)
    }
    builder().init()?;
    let subscribers = [
        tracing::Dispatch::new(tracing_subscriber::registry().with(layer()).with(full())),
        tracing::Dispatch::new(tracing_subscriber::registry().with(layer().and_then(full()))),
        tracing::Dispatch::new(tracing_subscriber::registry().with(vec![full(), layer()])),
    ];
    for subscriber in subscribers {
        tracing::dispatcher::with_default(&subscriber, || {
            let _outer = tracing::info_span!("outer").entered();
            tracing::info_span!("inner").in_scope(|| tracing::info!("once"));
        });
    }
    Ok(())
}
