//! flexi_logger in its asynchronous mode. Its queue has no bound.

use std::fmt::Display;
use std::io::Write;

use flexi_logger::{
    Cleanup, Criterion, DeferredNow, Duplicate, FileSpec, LoggerHandle, Naming, WriteMode,
};
use hestia_faults::Outcome;
use hestia_faults::logger::{Logger, Numbers, Rotates, Setup, Subject, TEXT};

use crate::wait_until_still;

pub(crate) const FLEXI_LOGGER: Logger = Logger {
    name: "flexi_logger",
    title: "flexi_logger, async",
    package: "flexi_logger",
    files: &[TEXT],
    can_shed: false,
    keeps_queue: false,
    rotates: Some(Rotates {
        compresses: true,
        numbers: Numbers::Counted,
    }),
    start,
};

struct FlexiLogger(LoggerHandle);

fn start(setup: &Setup) -> Outcome<Box<dyn Subject>> {
    let mut logger = flexi_logger::Logger::try_with_str("info")?
        .log_to_file(FileSpec::try_from(TEXT.path)?)
        .append()
        .format(message)
        .write_mode(WriteMode::Async);
    if setup.console {
        logger = logger.duplicate_to_stderr(Duplicate::All);
    }
    if let Some(rotation) = setup.rotation {
        let cleanup = if rotation.compressed {
            Cleanup::KeepCompressedFiles(usize::MAX)
        } else {
            Cleanup::Never
        };
        logger = logger.rotate(Criterion::Size(rotation.bytes), Naming::Numbers, cleanup);
    }
    Ok(Box::new(FlexiLogger(logger.start()?)))
}

fn message(
    out: &mut dyn Write,
    _: &mut DeferredNow,
    record: &log::Record<'_>,
) -> std::io::Result<()> {
    write!(out, "[{}]", record.args())
}

impl Subject for FlexiLogger {
    fn log(&self, thread: u64, number: u64) {
        log::info!("{thread} {number}");
    }

    fn say(&self, message: &dyn Display) {
        log::info!("{message}");
    }

    fn flush(&self) {
        self.0.flush();
        wait_until_still();
    }

    fn end(&self) {
        self.0.shutdown();
    }
}
