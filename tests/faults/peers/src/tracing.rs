//! tracing: tracing-subscriber's formats, written through tracing-appender's queue; the console directly.

use std::fmt::{self, Display};
use std::sync::Mutex;

use hestia_faults::Outcome;
use hestia_faults::logger::{Logger, Setup, Subject, TEXT};
use tracing::{Event, Subscriber};
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, layer};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::{QUEUE, wait_until_still};

pub(crate) const TRACING: Logger = Logger {
    name: "tracing",
    title: "tracing-appender",
    package: "tracing-appender",
    files: &[TEXT],
    can_shed: true,
    keeps_queue: false,
    rotates: None,
    start,
};

struct Tracing {
    guard: Mutex<Option<WorkerGuard>>,
}

fn start(setup: &Setup) -> Outcome<Box<dyn Subject>> {
    let (directory, file) = TEXT.path.split_once('/').expect("it has a directory");
    let (queue, guard) = NonBlockingBuilder::default()
        .lossy(setup.shed)
        .buffered_lines_limit(QUEUE)
        .finish(tracing_appender::rolling::never(directory, file));
    let console = setup
        .console
        .then(|| layer().event_format(Message).with_writer(std::io::stderr));
    tracing_subscriber::registry()
        .with(LevelFilter::INFO)
        .with(layer().event_format(Message).with_writer(queue))
        .with(console)
        .try_init()?;
    Ok(Box::new(Tracing {
        guard: Mutex::new(Some(guard)),
    }))
}

struct Message;

impl<S, F> FormatEvent<S, F> for Message
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    F: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, F>,
        mut out: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        write!(out, "[")?;
        context.format_fields(out.by_ref(), event)?;
        writeln!(out, "]")
    }
}

impl Subject for Tracing {
    fn log(&self, thread: u64, number: u64) {
        tracing::info!("{thread} {number}");
    }

    fn say(&self, message: &dyn Display) {
        tracing::info!("{message}");
    }

    fn flush(&self) {
        wait_until_still();
    }

    fn end(&self) {
        if let Ok(mut guard) = self.guard.lock() {
            drop(guard.take());
        }
    }
}
