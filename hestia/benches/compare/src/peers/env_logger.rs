//! env_logger: the console, written by the caller.

use std::path::Path;

use env_logger::{Target, WriteStyle};

use super::{Need, Output, Peer, statements_of_log};
use crate::failure::{Naming as _, Result};

pub(crate) struct EnvLogger;

impl Peer for EnvLogger {
    const NAME: &'static str = "env_logger";
    const TITLE: &'static str = "env_logger";
    const PACKAGES: &'static [&'static str] = &["env_logger"];

    fn unfit(need: Need) -> Option<&'static str> {
        match need {
            Need::Output(Output::Console) | Need::Off | Need::Fields => None,
            Need::Output(_) => Some("a logger for the console"),
        }
    }

    fn set_up(_: Output, _: &Path) -> Result<Self> {
        env_logger::Builder::new()
            .filter_level(log::LevelFilter::Info)
            .write_style(WriteStyle::Always)
            .target(Target::Stderr)
            .try_init()
            .map(|()| EnvLogger)
            .or_cannot("turn env_logger on")
    }

    statements_of_log!();

    fn flush(&self, _: &Path) {
        log::logger().flush();
    }

    fn finish(self) {
        log::logger().flush();
    }
}
