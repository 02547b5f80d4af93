//! tracing: tracing-subscriber's formats, written through tracing-appender's queue; the console directly.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use tracing::Level;
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};

use super::{Need, Output, Peer, QUEUE, STILL, statements_of_tracing};
use crate::failure::{Failure, Naming as _, Result};
use crate::files;

pub(crate) struct Tracing {
    guard: Option<WorkerGuard>,
}

impl Peer for Tracing {
    const NAME: &'static str = "tracing";
    const TITLE: &'static str = "tracing, tracing-appender";
    const PACKAGES: &'static [&'static str] =
        &["tracing", "tracing-subscriber", "tracing-appender"];
    const REMARK: Option<&'static str> = Some(
        "its file is wrapped in a `BufWriter`, which its documentation does not do; its console is written by the caller",
    );

    fn unfit(need: Need) -> Option<&'static str> {
        match need {
            Need::Output(Output::TextAndJson) => Some("not measured"),
            _ => None,
        }
    }

    fn set_up(output: Output, directory: &Path) -> Result<Self> {
        let settings = tracing_subscriber::fmt().with_max_level(Level::INFO);
        let (turned_on, guard) = match output {
            Output::Text => {
                let (queue, guard) = queue(directory)?;
                let settings = settings.with_ansi(false).with_writer(queue);
                (settings.try_init(), Some(guard))
            }
            Output::Json => {
                let (queue, guard) = queue(directory)?;
                (settings.json().with_writer(queue).try_init(), Some(guard))
            }
            Output::Console => {
                let settings = settings.with_ansi(true).with_writer(std::io::stderr);
                (settings.try_init(), None)
            }
            Output::TextAndJson => return Err(Failure::new("tracing writes one file here")),
        };
        turned_on.or_cannot("turn tracing on")?;
        Ok(Tracing { guard })
    }

    statements_of_tracing!();

    fn flush(&self, directory: &Path) {
        files::wait_until_still(directory, STILL);
    }

    fn finish(self) {
        drop(self.guard);
    }
}

fn queue(directory: &Path) -> Result<(NonBlocking, WorkerGuard)> {
    let file = File::create(directory.join("all.log")).or_cannot("open tracing's file")?;
    Ok(NonBlockingBuilder::default()
        .lossy(false)
        .buffered_lines_limit(QUEUE)
        .finish(BufWriter::new(file)))
}
