//! Events beside records of `log`, and their fields.

use std::error::Error;
use std::fmt;

use hestia::hlog;

use super::{Outcome, builder};

pub(super) fn both() -> Outcome {
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

pub(super) fn typed() -> Outcome {
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
