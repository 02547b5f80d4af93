//! ftlog, with its file appender.

use std::path::Path;

use ftlog::appender::FileAppender;

use super::{Need, Output, Peer, QUEUE, statements_of_log};
use crate::failure::{Naming as _, Result};

pub(crate) struct Ftlog {
    guard: ftlog::LoggerGuard,
}

impl Peer for Ftlog {
    const NAME: &'static str = "ftlog";
    const TITLE: &'static str = "ftlog";
    const PACKAGES: &'static [&'static str] = &["ftlog"];

    fn unfit(need: Need) -> Option<&'static str> {
        match need {
            Need::Fields | Need::Output(Output::Json) => Some("drops the key-values of a record"),
            Need::Output(Output::TextAndJson | Output::Console) => Some("not measured"),
            _ => None,
        }
    }

    fn set_up(_: Output, directory: &Path) -> Result<Self> {
        let file = FileAppender::builder()
            .path(directory.join("all.log"))
            .build();
        let guard = ftlog::builder()
            .max_log_level(ftlog::LevelFilter::Info)
            .utc()
            .bounded(QUEUE, true)
            .root(file)
            .try_init()
            .or_cannot("turn ftlog on")?;
        Ok(Ftlog { guard })
    }

    statements_of_log!();

    fn flush(&self, _: &Path) {
        log::logger().flush();
    }

    fn finish(self) {
        drop(self.guard);
    }
}
