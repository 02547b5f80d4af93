//! slog, with slog-async before slog-term's plain format or slog-json.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use slog::{Drain as _, Level, o};
use slog_async::{AsyncGuard, OverflowStrategy};

use super::{Need, Output, Peer, QUEUE, STILL};
use crate::failure::{Failure, Naming as _, Result};
use crate::files;

pub(crate) struct Slog {
    logger: slog::Logger,
    guard: AsyncGuard,
}

impl Peer for Slog {
    const NAME: &'static str = "slog";
    const TITLE: &'static str = "slog, slog-async";
    const PACKAGES: &'static [&'static str] = &["slog", "slog-async", "slog-term", "slog-json"];
    const REMARK: Option<&'static str> = Some("its file is wrapped in a `BufWriter`");

    fn unfit(need: Need) -> Option<&'static str> {
        match need {
            Need::Output(Output::TextAndJson | Output::Console) => Some("not measured"),
            _ => None,
        }
    }

    fn set_up(output: Output, directory: &Path) -> Result<Self> {
        let file = File::create(directory.join("all.log")).or_cannot("open slog's file")?;
        let file = BufWriter::new(file);
        let (queue, guard) = match output {
            Output::Text => {
                let decorator = slog_term::PlainDecorator::new(file);
                queue(slog_term::FullFormat::new(decorator).build().fuse())
            }
            Output::Json => queue(slog_json::Json::new(file).add_default_keys().build().fuse()),
            _ => return Err(Failure::new("slog writes one file here")),
        };
        let logger = slog::Logger::root(queue.filter_level(Level::Info).fuse(), o!());
        Ok(Slog { logger, guard })
    }

    #[inline(always)]
    fn arguments(&self, order: u64, price: f64, symbol: &str) {
        slog::info!(
            self.logger,
            "order {} price {:.2} symbol {}",
            order,
            price,
            symbol
        );
    }

    #[inline(always)]
    fn constant(&self) {
        slog::info!(self.logger, "order taken");
    }

    #[inline(always)]
    fn fields(&self, order: u64, price: f64, symbol: &str) {
        slog::info!(self.logger, "order taken"; "order" => order, "price" => price, "symbol" => symbol);
    }

    #[inline(always)]
    fn off(&self, order: u64) {
        slog::debug!(self.logger, "order {}", order);
    }

    fn flush(&self, directory: &Path) {
        files::wait_until_still(directory, STILL);
    }

    fn finish(self) {
        drop(self.logger);
        drop(self.guard);
    }
}

fn queue<D>(drain: D) -> (slog_async::Async, AsyncGuard)
where
    D: slog::Drain<Err = slog::Never, Ok = ()> + Send + 'static,
{
    slog_async::Async::new(drain)
        .chan_size(QUEUE)
        .overflow_strategy(OverflowStrategy::Block)
        .build_with_guard()
}
