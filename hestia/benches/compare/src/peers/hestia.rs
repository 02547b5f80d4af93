//! hestia: its own statements, in each of the ways that cost their callers something else, those of the `log` crate, and those
//! of `tracing`.

use std::marker::PhantomData;
use std::path::Path;

use hestia::{Builder, Color, Console, JsonFile, Order, TextFile};

use super::{Need, Output, Peer, statements_of_log, statements_of_tracing};
use crate::failure::{Naming as _, Result};

/// `hlog!`
pub(crate) struct Hlog<W>(PhantomData<W>);

/// How hestia is set up.
pub(crate) trait Way: Sync {
    const NAME: &'static str;
    const TITLE: &'static str;

    fn of(builder: Builder) -> Builder;
}

pub(crate) struct Strict;

impl Way for Strict {
    const NAME: &'static str = "hestia";
    const TITLE: &'static str = "**hestia** `hlog!`";

    fn of(builder: Builder) -> Builder {
        builder
    }
}

pub(crate) struct Relaxed;

impl Way for Relaxed {
    const NAME: &'static str = "hestia-relaxed";
    const TITLE: &'static str = "**hestia** `hlog!`, relaxed order";

    fn of(builder: Builder) -> Builder {
        builder.order(Order::Relaxed)
    }
}

/// With rings that outlive the process.
pub(crate) struct CrashSafe;

impl Way for CrashSafe {
    const NAME: &'static str = "hestia-crash-safe";
    const TITLE: &'static str = "**hestia** `hlog!`, crash-safe";

    fn of(builder: Builder) -> Builder {
        builder.crash_safe(true)
    }
}

/// `log::info!`
pub(crate) struct ThroughLog;

/// `tracing::info!`
pub(crate) struct ThroughTracing;

impl<W: Way> Peer for Hlog<W> {
    const NAME: &'static str = W::NAME;
    const TITLE: &'static str = W::TITLE;
    const PACKAGES: &'static [&'static str] = &["hestia"];

    fn unfit(_: Need) -> Option<&'static str> {
        None
    }

    fn set_up(output: Output, directory: &Path) -> Result<Self> {
        set_up::<W>(output, directory).map(|()| Hlog(PhantomData))
    }

    #[inline(always)]
    fn arguments(&self, order: u64, price: f64, symbol: &str) {
        hestia::hlog!(info, "order {} price {:.2} symbol {}", order, price, symbol);
    }

    #[inline(always)]
    fn constant(&self) {
        hestia::hlog!(info, "order taken");
    }

    #[inline(always)]
    fn fields(&self, order: u64, price: f64, symbol: &str) {
        hestia::hlog!(info, order, price, symbol, "order taken");
    }

    #[inline(always)]
    fn off(&self, order: u64) {
        hestia::hlog!(debug, "order {}", order);
    }

    fn flush(&self, _: &Path) {
        say_trouble("flush", hestia::flush());
    }

    fn finish(self) {
        say_trouble("shutdown", hestia::shutdown());
    }
}

impl Peer for ThroughLog {
    const NAME: &'static str = "hestia-log";
    const TITLE: &'static str = "**hestia** `log::info!`";
    const PACKAGES: &'static [&'static str] = &["hestia", "log"];

    fn unfit(_: Need) -> Option<&'static str> {
        None
    }

    fn set_up(output: Output, directory: &Path) -> Result<Self> {
        set_up::<Strict>(output, directory).map(|()| ThroughLog)
    }

    statements_of_log!();

    fn flush(&self, _: &Path) {
        say_trouble("flush", hestia::flush());
    }

    fn finish(self) {
        say_trouble("shutdown", hestia::shutdown());
    }
}

impl Peer for ThroughTracing {
    const NAME: &'static str = "hestia-tracing";
    const TITLE: &'static str = "**hestia** `tracing::info!`";
    const PACKAGES: &'static [&'static str] = &["hestia", "tracing"];

    fn unfit(_: Need) -> Option<&'static str> {
        None
    }

    fn set_up(output: Output, directory: &Path) -> Result<Self> {
        set_up::<Strict>(output, directory)?;
        hestia::tracing::init().or_cannot("turn tracing on")?;
        Ok(ThroughTracing)
    }

    statements_of_tracing!();

    fn flush(&self, _: &Path) {
        say_trouble("flush", hestia::flush());
    }

    fn finish(self) {
        say_trouble("shutdown", hestia::shutdown());
    }
}

fn set_up<W: Way>(output: Output, directory: &Path) -> Result<()> {
    let mut builder = W::of(hestia::builder())
        .env(false)
        .console(false)
        .text(false)
        .json(false);
    if matches!(output, Output::Text | Output::TextAndJson) {
        builder = builder.text(TextFile::new(directory.join("all.log")));
    }
    if matches!(output, Output::Json | Output::TextAndJson) {
        builder = builder.json(JsonFile::new(directory.join("app.log")));
    }
    if output == Output::Console {
        builder = builder.console(Console::stderr().color(Color::Always));
    }
    builder.init().map(|_| ()).or_cannot("turn hestia on")
}

fn say_trouble<T>(what: &str, answer: std::result::Result<T, hestia::FlushError>) {
    if let Err(error) = answer {
        eprintln!("hestia's {what} failed: {error}");
    }
}
