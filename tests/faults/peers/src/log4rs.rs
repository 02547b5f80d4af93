//! log4rs: its file appender, which writes in the calling thread.

use std::fmt::Display;

use hestia_faults::Outcome;
use hestia_faults::logger::{Logger, Numbers, Rotates, Setup, Subject, TEXT};
use log::LevelFilter;
use log4rs::append::Append;
use log4rs::append::console::{ConsoleAppender, Target};
use log4rs::append::file::FileAppender;
use log4rs::append::rolling_file::RollingFileAppender;
use log4rs::append::rolling_file::policy::compound::CompoundPolicy;
use log4rs::append::rolling_file::policy::compound::roll::fixed_window::FixedWindowRoller;
use log4rs::append::rolling_file::policy::compound::trigger::size::SizeTrigger;
use log4rs::config::{Appender, Config, Root};
use log4rs::encode::pattern::PatternEncoder;

use crate::MOST_ARCHIVES;

pub(crate) const LOG4RS: Logger = Logger {
    name: "log4rs",
    title: "log4rs (no queue)",
    package: "log4rs",
    files: &[TEXT],
    can_shed: false,
    keeps_queue: false,
    rotates: Some(Rotates {
        compresses: true,
        numbers: Numbers::Shifted,
    }),
    start,
};

struct Log4rs;

fn start(setup: &Setup) -> Outcome<Box<dyn Subject>> {
    let encoder = || Box::new(PatternEncoder::new("[{m}]{n}"));
    let file: Box<dyn Append> = match setup.rotation {
        None => {
            let file = FileAppender::builder().encoder(encoder());
            Box::new(file.build(TEXT.path)?)
        }
        Some(rotation) => {
            let names = if rotation.compressed {
                "logs/all.{}.log.gz"
            } else {
                "logs/all.{}.log"
            };
            let roller = FixedWindowRoller::builder()
                .base(1)
                .build(names, MOST_ARCHIVES)?;
            let trigger = SizeTrigger::new(rotation.bytes);
            let policy = CompoundPolicy::new(Box::new(trigger), Box::new(roller));
            let file = RollingFileAppender::builder().encoder(encoder());
            Box::new(file.build(TEXT.path, Box::new(policy))?)
        }
    };
    let mut config = Config::builder().appender(Appender::builder().build("file", file));
    let mut root = Root::builder().appender("file");
    if setup.console {
        let console = ConsoleAppender::builder()
            .encoder(encoder())
            .target(Target::Stderr)
            .build();
        config = config.appender(Appender::builder().build("console", Box::new(console)));
        root = root.appender("console");
    }
    log4rs::init_config(config.build(root.build(LevelFilter::Info))?)?;
    Ok(Box::new(Log4rs))
}

impl Subject for Log4rs {
    fn log(&self, thread: u64, number: u64) {
        log::info!("{thread} {number}");
    }

    fn say(&self, message: &dyn Display) {
        log::info!("{message}");
    }

    fn flush(&self) {
        log::logger().flush();
    }

    fn end(&self) {
        log::logger().flush();
    }
}
