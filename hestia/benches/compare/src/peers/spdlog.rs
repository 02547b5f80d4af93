//! spdlog-rs: its asynchronous pool sink around its file sink.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use spdlog::formatter::JsonFormatter;
use spdlog::sink::{AsyncPoolSink, FileSink, OverflowPolicy};
use spdlog::{LevelFilter, Logger, ThreadPool};

use super::{Need, Output, Peer, QUEUE, STILL};
use crate::failure::{Failure, Naming as _, Result};
use crate::files;

pub(crate) struct Spdlog;

impl Peer for Spdlog {
    const NAME: &'static str = "spdlog-rs";
    const TITLE: &'static str = "spdlog-rs";
    const PACKAGES: &'static [&'static str] = &["spdlog-rs"];

    fn unfit(need: Need) -> Option<&'static str> {
        match need {
            Need::Output(Output::TextAndJson | Output::Console) => Some("not measured"),
            _ => None,
        }
    }

    fn set_up(output: Output, directory: &Path) -> Result<Self> {
        let file = FileSink::builder().path(directory.join("all.log"));
        let file = match output {
            Output::Text => file.build_arc(),
            Output::Json => file.formatter(JsonFormatter::new()).build_arc(),
            _ => return Err(Failure::new("spdlog-rs writes one file here")),
        }
        .or_cannot("open spdlog-rs's file")?;
        let pool = ThreadPool::builder()
            .capacity(NonZeroUsize::new(QUEUE).expect("the queue has room"))
            .build_arc()
            .or_cannot("start spdlog-rs's thread")?;
        let sink = AsyncPoolSink::builder()
            .sink(file)
            .thread_pool(pool)
            .overflow_policy(OverflowPolicy::Block)
            .build_arc()
            .or_cannot("make spdlog-rs's asynchronous sink")?;
        let logger = Logger::builder()
            .sink(sink)
            .level_filter(LevelFilter::MoreSevereEqual(spdlog::Level::Info))
            .build_arc()
            .or_cannot("make spdlog-rs's logger")?;
        spdlog::set_default_logger(logger);
        Ok(Spdlog)
    }

    #[inline(always)]
    fn arguments(&self, order: u64, price: f64, symbol: &str) {
        spdlog::info!("order {} price {:.2} symbol {}", order, price, symbol);
    }

    #[inline(always)]
    fn constant(&self) {
        spdlog::info!("order taken");
    }

    #[inline(always)]
    fn fields(&self, order: u64, price: f64, symbol: &str) {
        spdlog::info!("order taken", kv: { order, price, symbol });
    }

    #[inline(always)]
    fn off(&self, order: u64) {
        spdlog::debug!("order {}", order);
    }

    fn flush(&self, directory: &Path) {
        spdlog::default_logger().flush();
        files::wait_until_still(directory, STILL);
    }

    /// The last owner of the pool waits for its thread; the file sink writes its rest when it goes.
    fn finish(self) {
        let silent = Logger::builder()
            .build_arc()
            .expect("a logger without sinks can always be made");
        drop::<Arc<Logger>>(spdlog::swap_default_logger(silent));
    }
}
