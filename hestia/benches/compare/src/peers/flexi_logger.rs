//! flexi_logger in its asynchronous mode.

use std::path::Path;

use flexi_logger::{FileSpec, Logger, LoggerHandle, WriteMode};

use super::{Need, Output, Peer, STILL, statements_of_log};
use crate::failure::{Failure, Naming as _, Result};
use crate::files;

pub(crate) struct FlexiLogger(LoggerHandle);

impl Peer for FlexiLogger {
    const NAME: &'static str = "flexi_logger";
    const TITLE: &'static str = "flexi_logger, async";
    const PACKAGES: &'static [&'static str] = &["flexi_logger"];
    const REMARK: Option<&'static str> = Some("its queue has no bound");

    fn unfit(need: Need) -> Option<&'static str> {
        match need {
            Need::Output(Output::TextAndJson) => Some("not measured"),
            _ => None,
        }
    }

    fn set_up(output: Output, directory: &Path) -> Result<Self> {
        let file = FileSpec::default()
            .directory(directory)
            .basename("all")
            .suppress_timestamp();
        let logger = Logger::try_with_str("info").or_cannot("read flexi_logger's level")?;
        let logger = match output {
            Output::Text => logger
                .log_to_file(file)
                .format(flexi_logger::detailed_format),
            Output::Json => logger.log_to_file(file).format(flexi_logger::json_format),
            Output::Console => logger
                .log_to_stderr()
                .format(flexi_logger::colored_detailed_format),
            Output::TextAndJson => return Err(Failure::new("flexi_logger writes one file here")),
        };
        logger
            .write_mode(WriteMode::Async)
            .start()
            .map(FlexiLogger)
            .or_cannot("turn flexi_logger on")
    }

    statements_of_log!();

    fn flush(&self, directory: &Path) {
        self.0.flush();
        files::wait_until_still(directory, STILL);
    }

    fn finish(self) {
        self.0.shutdown();
    }
}
