//! The loggers. Each is one file: how it is set up, how its statements are written, how it is flushed and ended.
//!
//! All that have a queue get one of [`QUEUE`] records, and wait when it is full, if they can; hestia keeps its own defaults.

mod bare;
mod emit;
mod env_logger;
mod fast_log;
mod flexi_logger;
mod ftlog;
mod hestia;
mod log4rs;
mod logforth;
#[cfg(feature = "quill")]
pub(crate) mod quill;
mod slog;
mod spdlog;
mod tracing;

use std::path::Path;
use std::time::Duration;

use crate::failure::{Failure, Result};
use crate::workloads::{Figures, Size, Workload};

/// Records that the queues of those who count in records hold.
pub(crate) const QUEUE: usize = 131_072;

/// How long files have to be still, for loggers whose flush cannot be waited for.
const STILL: Duration = Duration::from_millis(10);

/// Where a logger writes. Files are in a directory of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    Text,
    Json,
    TextAndJson,
    Console,
}

/// What a workload needs of a logger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Output(Output),
    /// Key-values that reach the output.
    Fields,
    /// Statements that are off.
    Off,
}

/// One logger.
pub(crate) trait Peer: Sized + Sync {
    /// As on the command line.
    const NAME: &'static str;
    /// As in tables.
    const TITLE: &'static str;
    /// Whose versions are named.
    const PACKAGES: &'static [&'static str];
    /// What a reader of its figures must know.
    const REMARK: Option<&'static str> = None;

    /// Why it cannot do that, if it cannot.
    fn unfit(need: Need) -> Option<&'static str>;

    /// Turns it on, at level `info`.
    fn set_up(output: Output, directory: &Path) -> Result<Self>;

    /// `order {} price {:.2} symbol {}`
    fn arguments(&self, order: u64, price: f64, symbol: &str);

    /// `order taken`
    fn constant(&self);

    /// `order taken`, with order, price and symbol as key-values.
    fn fields(&self, order: u64, price: f64, symbol: &str);

    /// A statement of level `debug`.
    fn off(&self, order: u64);

    /// Waits until everything so far is written.
    fn flush(&self, directory: &Path);

    /// Writes everything, and ends.
    fn finish(self);
}

/// The statements of all that are backends of the `log` crate.
macro_rules! statements_of_log {
    () => {
        #[inline(always)]
        fn arguments(&self, order: u64, price: f64, symbol: &str) {
            log::info!("order {} price {:.2} symbol {}", order, price, symbol);
        }

        #[inline(always)]
        fn constant(&self) {
            log::info!("order taken");
        }

        #[inline(always)]
        fn fields(&self, order: u64, price: f64, symbol: &str) {
            log::info!(order, price, symbol; "order taken");
        }

        #[inline(always)]
        fn off(&self, order: u64) {
            log::debug!("order {}", order);
        }
    };
}
use statements_of_log;

/// The statements of all that are subscribers of `tracing`.
macro_rules! statements_of_tracing {
    () => {
        #[inline(always)]
        fn arguments(&self, order: u64, price: f64, symbol: &str) {
            ::tracing::info!("order {} price {:.2} symbol {}", order, price, symbol);
        }

        #[inline(always)]
        fn constant(&self) {
            ::tracing::info!("order taken");
        }

        #[inline(always)]
        fn fields(&self, order: u64, price: f64, symbol: &str) {
            ::tracing::info!(order, price, symbol, "order taken");
        }

        #[inline(always)]
        fn off(&self, order: u64) {
            ::tracing::debug!("order {}", order);
        }
    };
}
use statements_of_tracing;

/// A logger as the tables see it.
#[derive(Clone, Copy)]
pub(crate) struct About {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) packages: &'static [&'static str],
    pub(crate) remark: Option<&'static str>,
    pub(crate) unfit: fn(Need) -> Option<&'static str>,
}

impl About {
    fn of<P: Peer>() -> Self {
        About {
            name: P::NAME,
            title: P::TITLE,
            packages: P::PACKAGES,
            remark: P::REMARK,
            unfit: P::unfit,
        }
    }
}

macro_rules! peers {
    ($($(#[$condition:meta])? $peer:ty),+ $(,)?) => {
        /// All, in the order of the tables.
        pub(crate) fn all() -> Vec<About> {
            [$($(#[$condition])? About::of::<$peer>()),+].to_vec()
        }

        /// Runs a workload with the logger of that name, in this process.
        pub(crate) fn run(
            name: &str,
            workload: Workload,
            directory: &Path,
            size: &Size,
        ) -> Result<Figures> {
            match name {
                $($(#[$condition])? <$peer>::NAME => workload.run::<$peer>(directory, size),)+
                _ => Err(Failure::new(format!("there is no logger {name}"))),
            }
        }
    };
}

peers! {
    hestia::Hlog<hestia::Strict>,
    hestia::Hlog<hestia::Relaxed>,
    hestia::Hlog<hestia::CrashSafe>,
    hestia::ThroughLog,
    hestia::ThroughTracing,
    #[cfg(feature = "quill")]
    quill::Quill,
    spdlog::Spdlog,
    logforth::Logforth,
    fast_log::FastLog,
    ftlog::Ftlog,
    flexi_logger::FlexiLogger,
    tracing::Tracing,
    slog::Slog,
    emit::Emit,
    log4rs::Log4rs,
    env_logger::EnvLogger,
    bare::Bare<true>,
    bare::Bare<false>,
}

/// Loggers that one might miss here, and why they are not here.
pub(crate) const ABSENT: &[(&str, &str)] = &[
    (
        "quicklog 0.1.18",
        "has no thread of its own that writes: `flush!()` does, through a `static mut` that calls reach without synchronisation, \
         so that writing beside a logging thread is undefined behaviour",
    ),
    #[cfg(not(feature = "quill"))]
    (
        "Quill",
        "is a library of C++, whose sources have to be there: see `build.rs`",
    ),
];
