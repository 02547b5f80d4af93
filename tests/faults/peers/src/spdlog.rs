//! spdlog-rs: its asynchronous pool sink around its file sink.

use std::fmt::Display;
use std::num::NonZeroUsize;
use std::sync::Arc;

use hestia_faults::Outcome;
use hestia_faults::logger::{Logger, Numbers, Rotates, Setup, Subject, TEXT};
use spdlog::formatter::{PatternFormatter, pattern};
use spdlog::sink::{
    AsyncPoolSink, FileSink, OverflowPolicy, RotatingFileSink, RotationPolicy, Sink, StdStreamSink,
};
use spdlog::{LevelFilter, ThreadPool};

use crate::{MOST_ARCHIVES, QUEUE, wait_until_still};

pub(crate) const SPDLOG: Logger = Logger {
    name: "spdlog-rs",
    title: "spdlog-rs",
    package: "spdlog-rs",
    files: &[TEXT],
    can_shed: true,
    keeps_queue: false,
    rotates: Some(Rotates {
        compresses: false,
        numbers: Numbers::Shifted,
    }),
    start,
};

struct Spdlog;

fn start(setup: &Setup) -> Outcome<Box<dyn Subject>> {
    let formatter = || PatternFormatter::new(pattern!("[{payload}]{eol}"));
    let file: Arc<dyn Sink> = match setup.rotation {
        None => FileSink::builder()
            .path(TEXT.path)
            .formatter(formatter())
            .build_arc()?,
        Some(rotation) => RotatingFileSink::builder()
            .base_path(TEXT.path)
            .rotation_policy(RotationPolicy::FileSize(rotation.bytes))
            .max_files(MOST_ARCHIVES as usize)
            .formatter(formatter())
            .build_arc()?,
    };
    let queue = NonZeroUsize::new(QUEUE).expect("the queue has room");
    let pool = ThreadPool::builder().capacity(queue).build_arc()?;
    let policy = if setup.shed {
        OverflowPolicy::DropIncoming
    } else {
        OverflowPolicy::Block
    };
    let mut sink = AsyncPoolSink::builder()
        .sink(file)
        .thread_pool(pool)
        .overflow_policy(policy);
    if setup.console {
        let console = StdStreamSink::builder()
            .stderr()
            .formatter(formatter())
            .build_arc()?;
        sink = sink.sink(console);
    }
    let logger = spdlog::Logger::builder()
        .sink(sink.build_arc()?)
        .level_filter(LevelFilter::MoreSevereEqual(spdlog::Level::Info))
        .build_arc()?;
    spdlog::set_default_logger(logger);
    Ok(Box::new(Spdlog))
}

impl Subject for Spdlog {
    fn log(&self, thread: u64, number: u64) {
        spdlog::info!("{thread} {number}");
    }

    fn say(&self, message: &dyn Display) {
        spdlog::info!("{message}");
    }

    fn flush(&self) {
        spdlog::default_logger().flush();
        wait_until_still();
    }

    /// The last owner of the pool waits for its thread; the file sink writes its rest when it goes.
    fn end(&self) {
        let silent = spdlog::Logger::builder()
            .build_arc()
            .expect("a logger without sinks can always be made");
        drop::<Arc<spdlog::Logger>>(spdlog::swap_default_logger(silent));
    }
}
