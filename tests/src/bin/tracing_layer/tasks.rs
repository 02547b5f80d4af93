//! Tasks on threads of a pool, and OpenTelemetry's spans around them.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use hestia::tracing::{install, layer};
use hestia::{InScope, hlog};
use hestia_tests::figures;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use serde_json::json;
use tracing::{Instrument, Span, instrument};
use tracing_subscriber::layer::SubscriberExt as _;

use super::{Outcome, builder};

/// Pending some times, at random.
struct Yields(u64);

impl Future for Yields {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

fn random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[instrument(fields(text = %format!("task {task}"), late = tracing::field::Empty))]
async fn task(task: u64) {
    let mut state = task.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    tracing::info!(said = task, "first");
    Yields(random(&mut state) % 4).await;
    log::info!(said = task; "second");
    Span::current().record("late", task);
    hlog!(info, said = task, "recorded");
    inner(task).await;
    Yields(random(&mut state) % 4).await;
    tracing::info!(said = task, "last");
}

#[instrument(skip_all, fields(inner = number))]
async fn inner(number: u64) {
    Yields(number % 3).await;
    tracing::info!(said = number, "inner");
    async {
        Yields(1).await;
        hlog!(info, said = number, "innermost");
    }
    .instrument(tracing::info_span!("innermost", innermost = number))
    .in_scope(hestia::scope!(scope = number))
    .await;
}

fn runtime() -> Result<tokio::runtime::Runtime, std::io::Error> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .build()
}

pub(super) fn tasks(count: u64) -> Outcome {
    builder().text(false).tracing(true).init()?;
    let runtime = runtime()?;
    let tasks: Vec<_> = (0..count)
        .map(|number| runtime.spawn(task(number)))
        .collect();
    let mut others = 0;
    runtime.block_on(async {
        for task in tasks {
            others += u64::from(task.await.is_err());
        }
    });
    log::info!(said = others; "outside");
    Ok(())
}

/// As programs set OpenTelemetry up, with an exporter that keeps what it gets.
pub(super) fn opentelemetry(count: u64) -> Outcome {
    builder().text(false).init()?;
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(exporter.clone())
        .build();
    let otel = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    install(tracing_subscriber::registry().with(layer()).with(otel))?;
    log::info!("outside");
    let runtime = runtime()?;
    let tasks: Vec<_> = (0..count)
        .map(|number| runtime.spawn(task(number)))
        .collect();
    runtime.block_on(async {
        for task in tasks {
            task.await.expect("no panic");
        }
    });
    // By the API alone.
    {
        use opentelemetry::trace::Tracer as _;
        provider.tracer("api").in_span("by the api", |_| {
            log::info!("in a span of the API's");
            hlog!(info, "hlog's, in place");
            let mut headers = Vec::new();
            hestia::trace::inject(|name, value| headers.push((name, value.to_owned())));
            hlog!(info, traceparent = headers[0].1.as_str(), "passed on");
            {
                let _own = hestia::trace::child();
                log::info!("in a trace of hestia's");
            }
            instrumented();
        });
    }
    // Of a span that is not current nobody says which ids it has there.
    let other = tracing::info_span!("other");
    tracing::info_span!("current").in_scope(|| {
        tracing::info!("in the current one");
        tracing::info!(parent: &Span::current(), "by its parent, the current one");
        tracing::info!(parent: &other, "by its parent, another one");
        tracing::info!(parent: None, "in none");
    });
    drop(other);
    log::info!("outside again");
    let spans: Vec<_> = exporter
        .get_finished_spans()?
        .into_iter()
        .map(|span| {
            json!({
                "name": span.name,
                "trace_id": span.span_context.trace_id().to_string(),
                "span_id": span.span_context.span_id().to_string(),
            })
        })
        .collect();
    figures::tell(&json!({ "spans": spans }));
    Ok(())
}

#[hestia::instrument]
fn instrumented() {
    log::info!("in an instrumented function");
}
