//! hestia: its own statements with either order, those of the `log` crate, and those of `tracing`.

use std::path::Path;

use hestia::{Color, Console, JsonFile, Order, TextFile};

use super::{Need, Output, Peer, statements_of_log, statements_of_tracing};
use crate::failure::{Naming as _, Result};

/// `hlog!`
pub(crate) struct Hlog<const RELAXED: bool>;

/// `log::info!`
pub(crate) struct ThroughLog;

/// `tracing::info!`
pub(crate) struct ThroughTracing;

impl<const RELAXED: bool> Peer for Hlog<RELAXED> {
    const NAME: &'static str = if RELAXED { "hestia-relaxed" } else { "hestia" };
    const TITLE: &'static str = if RELAXED {
        "**hestia** `hlog!`, relaxed order"
    } else {
        "**hestia** `hlog!`"
    };
    const PACKAGES: &'static [&'static str] = &["hestia"];

    fn unfit(_: Need) -> Option<&'static str> {
        None
    }

    fn set_up(output: Output, directory: &Path) -> Result<Self> {
        let order = if RELAXED {
            Order::Relaxed
        } else {
            Order::Strict
        };
        set_up(output, directory, order).map(|()| Hlog)
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
        set_up(output, directory, Order::Strict).map(|()| ThroughLog)
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
        set_up(output, directory, Order::Strict)?;
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

fn set_up(output: Output, directory: &Path, order: Order) -> Result<()> {
    let mut builder = hestia::builder()
        .env(false)
        .order(order)
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
