//! logforth: its asynchronous appender around its file appender, behind the `log` crate.

use std::path::Path;

use logforth::append::asynchronous::AsyncBuilder;
use logforth::append::file::FileBuilder;
use logforth::layout::{JsonLayout, TextLayout};
use logforth::record::{Level, LevelFilter};

use super::{Need, Output, Peer, QUEUE, statements_of_log};
use crate::failure::{Failure, Naming as _, Result};

pub(crate) struct Logforth;

impl Peer for Logforth {
    const NAME: &'static str = "logforth";
    const TITLE: &'static str = "logforth, append-async";
    const PACKAGES: &'static [&'static str] = &["logforth", "logforth-append-async"];

    fn unfit(need: Need) -> Option<&'static str> {
        match need {
            Need::Output(Output::TextAndJson | Output::Console) => Some("not measured"),
            _ => None,
        }
    }

    fn set_up(output: Output, directory: &Path) -> Result<Self> {
        let file = FileBuilder::new(directory, "all");
        let file = match output {
            Output::Text => file.layout(TextLayout::default().no_color()),
            Output::Json => file.layout(JsonLayout::default()),
            _ => return Err(Failure::new("logforth writes one file here")),
        }
        .build()
        .or_cannot("open logforth's file")?;
        let queue = AsyncBuilder::new("logforth")
            .buffered_lines_limit(Some(QUEUE))
            .overflow_block()
            .append(file)
            .build();
        let logger = logforth::core::builder()
            .dispatch(|dispatch| {
                dispatch
                    .filter(LevelFilter::MoreSevereEqual(Level::Info))
                    .append(queue)
            })
            .build();
        log::set_boxed_logger(Box::new(logforth::bridge::log::LogBridge::new(logger)))
            .or_cannot("turn logforth on")?;
        log::set_max_level(log::LevelFilter::Info);
        Ok(Logforth)
    }

    statements_of_log!();

    fn flush(&self, _: &Path) {
        log::logger().flush();
    }

    fn finish(self) {
        log::logger().flush();
    }
}
