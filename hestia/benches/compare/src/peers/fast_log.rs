//! fast_log, with its file appender.

use std::path::Path;

use super::{Need, Output, Peer, QUEUE, statements_of_log};
use crate::failure::{Naming as _, Result};

pub(crate) struct FastLog;

impl Peer for FastLog {
    const NAME: &'static str = "fast_log";
    const TITLE: &'static str = "fast_log";
    const PACKAGES: &'static [&'static str] = &["fast_log"];

    fn unfit(need: Need) -> Option<&'static str> {
        match need {
            Need::Fields | Need::Output(Output::Json) => Some("drops the key-values of a record"),
            Need::Output(Output::TextAndJson | Output::Console) => Some("not measured"),
            _ => None,
        }
    }

    fn set_up(_: Output, directory: &Path) -> Result<Self> {
        let path = directory.join("all.log");
        let config = fast_log::Config::new()
            .level(log::LevelFilter::Info)
            .chan_len(Some(QUEUE))
            .file(&path.to_string_lossy());
        fast_log::init(config)
            .map(|_| FastLog)
            .or_cannot("turn fast_log on")
    }

    statements_of_log!();

    fn flush(&self, _: &Path) {
        log::logger().flush();
    }

    fn finish(self) {
        log::logger().flush();
    }
}
