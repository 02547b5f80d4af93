//! log4rs: its file appender, which writes in the calling thread.

use std::path::Path;

use log::LevelFilter;
use log4rs::append::file::FileAppender;
use log4rs::config::{Appender, Config, Root};
use log4rs::encode::Encode;
use log4rs::encode::json::JsonEncoder;
use log4rs::encode::pattern::PatternEncoder;

use super::{Need, Output, Peer, statements_of_log};
use crate::failure::{Failure, Naming as _, Result};

pub(crate) struct Log4rs;

impl Peer for Log4rs {
    const NAME: &'static str = "log4rs";
    const TITLE: &'static str = "log4rs";
    const PACKAGES: &'static [&'static str] = &["log4rs"];
    const REMARK: Option<&'static str> =
        Some("has no queue: the caller formats, takes a lock and writes");

    fn unfit(need: Need) -> Option<&'static str> {
        match need {
            Need::Fields => Some("its text prints key-values only by their names"),
            Need::Output(Output::TextAndJson | Output::Console) => Some("not measured"),
            _ => None,
        }
    }

    fn set_up(output: Output, directory: &Path) -> Result<Self> {
        let encoder: Box<dyn Encode> = match output {
            Output::Text => Box::new(PatternEncoder::default()),
            Output::Json => Box::new(JsonEncoder::new()),
            _ => return Err(Failure::new("log4rs writes one file here")),
        };
        let file = FileAppender::builder()
            .encoder(encoder)
            .build(directory.join("all.log"))
            .or_cannot("open log4rs's file")?;
        let config = Config::builder()
            .appender(Appender::builder().build("file", Box::new(file)))
            .build(Root::builder().appender("file").build(LevelFilter::Info))
            .or_cannot("configure log4rs")?;
        log4rs::init_config(config)
            .map(|_| Log4rs)
            .or_cannot("turn log4rs on")
    }

    statements_of_log!();

    fn flush(&self, _: &Path) {
        log::logger().flush();
    }

    fn finish(self) {
        log::logger().flush();
    }
}
