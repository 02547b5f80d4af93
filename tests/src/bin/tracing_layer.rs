//! Programs with both facades: `log` and `tracing` in one log; what they wrote is checked by `tests/tracing_layer.rs`.

use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::task::{Context, Poll};
use std::thread;

use hestia::tracing::{SpanEvents, install, layer};
use hestia::{InScope, hlog};
use hestia_tests::figures;
#[cfg(unix)]
use hestia_tests::forks;
use hestia_tests::kernel::peak_kib;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use serde_json::json;
use tracing::{Instrument, Span, instrument};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt as _;

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let mut arguments = std::env::args().skip(1);
    let scenario = arguments.next().unwrap_or_default();
    let count = arguments.next().map(|count| count.parse()).transpose()?;
    match scenario.as_str() {
        "both" => both(),
        "typed" => typed(),
        "nested" => nested(),
        "any_order" => any_order(),
        "recorded" => recorded(),
        "threads" => threads(),
        "levels" => levels(),
        "at_thread_end" => at_thread_end(),
        "span_levels" => span_levels(),
        "beside" => beside(),
        "filtered" => filtered(),
        "span_events" => span_events(),
        "trace_ids" => trace_ids(),
        "tasks" => tasks(count.unwrap_or(2_000)),
        "opentelemetry" => opentelemetry(count.unwrap_or(200)),
        "own_threads" => own_threads(),
        "bridged" => bridged(),
        "log_tracer" => log_tracer(),
        "other_subscriber" => other_subscriber(),
        "own_layer_already" => own_layer_already(),
        "own_layer_in_a_function" => own_layer_in_a_function(),
        "other_subscriber_in_a_function" => other_subscriber_in_a_function(),
        "several_layers" => several_layers(),
        "churn" => churn(count.unwrap_or(200_000)),
        "crash" => crash(),
        "start" => start(),
        #[cfg(unix)]
        "fork" => fork(),
        #[cfg(unix)]
        "fork_while_locked" => fork_while_locked(),
        other => Err(format!("no scenario {other:?}").into()),
    }
}

fn start() -> Outcome {
    crash_safe().init()?;
    Ok(())
}

fn crash_safe() -> hestia::Builder {
    builder().text(false).crash_safe("rings").tracing(true)
}

fn builder() -> hestia::Builder {
    hestia::builder().console(false)
}

fn both() -> Outcome {
    builder().tracing(true).init()?;
    let _span = tracing::info_span!("request", id = 17).entered();
    for number in 0..1_000 {
        tracing::info!(number, "event");
        log::info!(number; "log");
        hlog!(info, number, "hlog");
    }
    tracing::info!(target: "elsewhere", "with a target");
    tracing::info!("constant");
    tracing::info!(only = "fields");
    tracing::info!("{} and {:?}", 1, "two");
    Ok(())
}

#[derive(Debug)]
struct Broken(Option<Box<Broken>>);

impl fmt::Display for Broken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(if self.0.is_some() { "outer" } else { "inner" })
    }
}

impl Error for Broken {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.as_deref().map(|inner| inner as _)
    }
}

struct Panics;

impl fmt::Debug for Panics {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("on purpose")
    }
}

struct Logs;

impl fmt::Debug for Logs {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        tracing::info!("from inside of an event");
        log::info!("from inside of an event, by log");
        out.write_str("logged")
    }
}

fn typed() -> Outcome {
    builder().panics(false).tracing(true).init()?;
    let error = Broken(Some(Box::new(Broken(None))));
    let text = String::from("owned");
    tracing::warn!(
        unsigned = 5_u64,
        signed = -5_i64,
        huge = u128::MAX,
        low = i128::MIN,
        ratio = 0.5,
        nan = f64::NAN,
        yes = true,
        text = text.as_str(),
        debugged = ?[1, 2],
        displayed = %"shown",
        err = &error as &(dyn Error + 'static),
        some = Some(3),
        none = None::<u64>,
        empty = tracing::field::Empty,
        r#type = "raw",
        dotted.key = 1,
        "typed"
    );
    tracing::info!(before = 1, bad = ?Panics, after = 2, "panics");
    tracing::info!("message panics: {:?}", Panics);
    tracing::info!(value = ?Logs, "logs");
    let span = tracing::info_span!("bad", bad = ?Panics, good = 1);
    span.in_scope(|| tracing::info!("in a span whose value panics"));
    Ok(())
}

fn nested() -> Outcome {
    builder().init()?;
    install(tracing_subscriber::registry().with(layer().span_list(true)))?;
    log::info!("outside");
    let outer = tracing::info_span!("outer", key = "outer", outer = 1).entered();
    log::info!("in outer");
    {
        let inner = tracing::info_span!("inner", key = "inner", inner = 2);
        let _entered = inner.enter();
        tracing::info!("in inner");
        tracing::info!(key = "call", "in inner, with its own");
        hlog!(info, key = "hlog", "in inner, by hlog");
        tracing::info!(parent: &*outer, "in outer, by its parent");
        tracing::info!(parent: None, "in none");
        let off = tracing::trace_span!("off", off = 1);
        off.in_scope(|| {
            tracing::info!("in inner, past a span that is off");
            let below = tracing::info_span!("below");
            below.in_scope(|| tracing::info!("below, in inner"));
        });
        let root = tracing::info_span!(parent: None, "root", root = 1);
        root.in_scope(|| log::info!("in root"));
        let sibling = tracing::info_span!(parent: &*outer, "sibling", sibling = 1);
        sibling.follows_from(&inner);
        sibling.in_scope(|| log::info!("in sibling"));
    }
    {
        // Scopes of hestia's and spans, in turn.
        let _scope = hestia::scope!(scope = 1);
        let span = tracing::info_span!("in_scope", key = "in_scope").entered();
        log::info!("in a span in a scope");
        let scope = hestia::scope!(key = "scope", deeper = 1);
        tracing::info!("in a scope in a span");
        drop(span);
        tracing::info!("the scope outlives the span");
        drop(scope);
        let detached = hestia::Scope::detached().with("detached", 1);
        detached.run(|| {
            let span = tracing::info_span!("in_detached");
            span.in_scope(|| tracing::info!("in a span in a detached scope"));
        });
    }
    Span::none().in_scope(|| log::info!("in outer again"));
    drop(outer);
    log::info!("outside again");
    // A span that a scope has left for it.
    let span = hestia::Scope::new().with("left", 1).run(|| {
        let entered = tracing::info_span!("leaks", leaked = 1).entered();
        tracing::info!("in what leaks");
        entered
    });
    tracing::info!("after the scope");
    let inside = tracing::info_span!("inside");
    inside.in_scope(|| tracing::info!("inside of what leaked"));
    drop(span);
    // One that nobody leaves, and which is gone.
    let forgotten = tracing::info_span!("forgotten", forgotten = 1);
    std::mem::forget(forgotten.enter());
    tracing::info!("in what is forgotten");
    drop(forgotten);
    tracing::info!("at the end");
    Ok(())
}

fn any_order() -> Outcome {
    builder().tracing(true).init()?;
    let one = tracing::info_span!("one", one = 1);
    let two = tracing::info_span!("two", two = 1);
    let first = one.clone().entered();
    let second = two.clone().entered();
    log::info!("two: both entered");
    drop(first);
    log::info!("two: one left");
    let again = one.clone().entered();
    log::info!("one: entered again");
    let thrice = one.clone().entered();
    log::info!("one: and again");
    drop(again);
    log::info!("one: left once");
    drop(second);
    log::info!("one: two left");
    drop(thrice);
    log::info!("none: all left");
    Ok(())
}

fn recorded() -> Outcome {
    builder().tracing(true).init()?;
    let span = tracing::info_span!("work", early = 1, late = tracing::field::Empty);
    span.in_scope(|| {
        tracing::info!("before");
        span.record("late", 5);
        tracing::info!("after");
        span.record("late", "six").record("early", 2);
        log::info!("again");
        let child = tracing::info_span!("child");
        let _child = child.enter();
        span.record("late", 7);
        tracing::info!("in a child that was there before");
        tracing::info!(parent: &span, "in the span itself");
        // Not a field of it: `tracing` does nothing.
        span.record("unknown", 1);
    });
    for number in 0..1_000 {
        span.record("late", number);
    }
    span.in_scope(|| tracing::info!("often"));
    Ok(())
}

fn threads() -> Outcome {
    builder().tracing(true).init()?;
    let span = tracing::info_span!("shared", late = tracing::field::Empty);
    let all_in = Barrier::new(4);
    let recorded = Barrier::new(4);
    thread::scope(|scope| {
        for number in 0..4 {
            let (span, all_in, recorded) = (&span, &all_in, &recorded);
            scope.spawn(move || {
                let own = tracing::info_span!("own", number);
                for round in 0..100 {
                    let _shared = span.enter();
                    let _own = own.enter();
                    tracing::info!(number, round, "in own");
                    log::info!("{number} {round}");
                }
                let _shared = span.enter();
                all_in.wait();
                if number == 0 {
                    span.record("late", 1);
                }
                recorded.wait();
                tracing::info!(of_recorder = number == 0, "on the thread");
                drop(_shared);
                let _again = span.enter();
                tracing::info!("entered again");
            });
        }
    });
    Ok(())
}

/// Events and spans when the thread's locals go, whichever of them go first.
fn at_thread_end() -> Outcome {
    struct AtTheEnd(Cell<Option<tracing::span::EnteredSpan>>);
    impl Drop for AtTheEnd {
        fn drop(&mut self) {
            tracing::info!("an event");
            log::info!("a record");
            drop(self.0.take());
            tracing::info!("after the span");
        }
    }
    thread_local!(static LAST: AtTheEnd = const { AtTheEnd(Cell::new(None)) });
    builder().tracing(true).init()?;
    for number in 0..20 {
        let run = move || {
            if number % 2 == 0 {
                LAST.with(|_| ());
            }
            let span = tracing::info_span!("kept", number).entered();
            tracing::info!("before");
            LAST.with(|last| last.0.set(Some(span)));
        };
        thread::spawn(run).join().expect("no panic");
    }
    Ok(())
}

fn levels() -> Outcome {
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

fn span_levels() -> Outcome {
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
fn beside() -> Outcome {
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
fn filtered() -> Outcome {
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

fn span_events() -> Outcome {
    builder().init()?;
    install(tracing_subscriber::registry().with(layer().span_events(SpanEvents::FULL)))?;
    let span = tracing::info_span!("work", id = 1);
    span.in_scope(|| tracing::info!("inside"));
    let second = span.clone();
    thread::spawn(move || second.in_scope(|| ()))
        .join()
        .expect("no panic");
    drop(span);
    tracing::debug_span!("off").in_scope(|| ());
    Ok(())
}

fn trace_ids() -> Outcome {
    builder().init()?;
    install(tracing_subscriber::registry().with(layer().trace_ids(true)))?;
    log::info!("outside");
    for _ in 0..2 {
        let _root = tracing::info_span!("root").entered();
        log::info!("in root");
        let _child = tracing::info_span!("child").entered();
        tracing::info!("in child");
    }
    let _trace =
        hestia::trace::from_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")?;
    let _span = tracing::info_span!("request").entered();
    tracing::info!("in a caller's trace");
    let mut headers = Vec::new();
    hestia::trace::inject(|name, value| headers.push(format!("{name}: {value}")));
    tracing::info!(header = headers.join("\n"), "passed on");
    Ok(())
}

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

fn tasks(count: u64) -> Outcome {
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
fn opentelemetry(count: u64) -> Outcome {
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

fn own_threads() -> Outcome {
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
fn bridged() -> Outcome {
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
fn log_tracer() -> Outcome {
    tracing_log::LogTracer::init()?;
    let error = builder().tracing(true).init().expect_err("another logger");
    figures::tell(&json!({ "kind": format!("{:?}", error.kind()), "says": error.to_string() }));
    Ok(())
}

fn other_subscriber() -> Outcome {
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

fn own_layer_already() -> Outcome {
    install(tracing_subscriber::registry().with(layer().span_list(true)))?;
    tracing::info!("too early");
    builder().tracing(true).init()?;
    let _span = tracing::info_span!("one").entered();
    tracing::info!("once");
    Ok(())
}

/// What is current only while hestia is turned on is nobody else's.
fn own_layer_in_a_function() -> Outcome {
    let scoped = tracing_subscriber::registry().with(layer());
    tracing::subscriber::with_default(scoped, || builder().tracing(true).init())?;
    tracing::info!("here");
    let elsewhere = thread::spawn(|| tracing::info!("elsewhere"));
    elsewhere.join().expect("no panic");
    Ok(())
}

fn other_subscriber_in_a_function() -> Outcome {
    install(tracing_subscriber::registry().with(layer()))?;
    let scoped = tracing_subscriber::registry();
    tracing::subscriber::with_default(scoped, || builder().tracing(true).init())?;
    tracing::info!("once");
    Ok(())
}

fn several_layers() -> Outcome {
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

/// Spans that come and go.
fn churn(count: u64) -> Outcome {
    builder()
        .text(false)
        .json("/dev/null")
        .tracing(true)
        .init()?;
    let round = |count: u64| {
        for number in 0..count {
            let span = tracing::info_span!("request", number, text = "x".repeat(200));
            let _entered = span.enter();
            tracing::info!("in it");
            span.record("text", "shorter");
        }
    };
    round(count);
    let before = peak_kib()?;
    round(count);
    thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| round(count / 4));
        }
    });
    figures::tell(&json!({ "grown_kib": peak_kib()? - before }));
    Ok(())
}

#[cfg(unix)]
fn fork() -> Outcome {
    let hestia = builder().tracing(true).init()?;
    let _span = tracing::info_span!("request", id = 17).entered();
    tracing::info!("in the parent");
    let child = forks::in_child(|| {
        tracing::info!("in the child");
        hestia.set_level("debug")?;
        tracing::debug!("in the child, at another level");
        let own = tracing::info_span!("own", own = 1);
        own.in_scope(|| log::info!("in the child's own span"));
        hestia.flush()?;
        forks::leave()
    })?;
    child.finish()
}

/// A child that is forked while another thread of the parent's holds the locks of `tracing`'s statements.
#[cfg(unix)]
fn fork_while_locked() -> Outcome {
    use std::sync::mpsc::{Receiver, Sender, channel};
    /// Stops whoever asks about a statement with this target, under those locks.
    struct Stops(Mutex<(Sender<()>, Receiver<()>)>);
    impl<S: tracing::Subscriber> Layer<S> for Stops {
        fn register_callsite(
            &self,
            metadata: &'static tracing::Metadata<'static>,
        ) -> tracing::subscriber::Interest {
            if metadata.target() == "stops" {
                let stop = self.0.lock().expect("no panic");
                let _ = stop.0.send(());
                let _ = stop.1.recv();
            }
            tracing::subscriber::Interest::always()
        }
    }
    let (stopped, is_stopped) = channel();
    let (go_on, may_go_on) = channel();
    builder().init()?;
    install(
        tracing_subscriber::registry()
            .with(layer())
            .with(Stops(Mutex::new((stopped, may_go_on)))),
    )?;
    let logs = || tracing::info!("before and after");
    logs();
    let stops = thread::spawn(|| tracing::info!(target: "stops", "stopped"));
    is_stopped.recv()?;
    let child = forks::in_child(|| {
        logs();
        log::info!("in the child");
        hestia::flush()?;
        forks::leave()
    })?;
    let outcome = child.finish();
    go_on.send(())?;
    stops.join().expect("no panic");
    outcome
}

/// Killed with records in the queue.
fn crash() -> Outcome {
    /// Stops the writer before it writes.
    #[derive(Clone)]
    struct Stops;
    impl hestia::Filter for Stops {
        fn allows(&mut self, _: &hestia::Record<'_>) -> bool {
            loop {
                thread::park();
            }
        }
    }
    crash_safe()
        .json(hestia::JsonFile::new("logs/app.log").filter(Stops))
        .init()?;
    let _span = tracing::info_span!("request", id = 17).entered();
    let _inner = tracing::info_span!("inner", key = "inner").entered();
    tracing::info!(own = 1, "tracing's");
    log::info!("log's");
    std::process::abort();
}
