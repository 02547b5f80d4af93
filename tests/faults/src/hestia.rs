//! hestia, with both its files.

use std::fmt::Display;
use std::time::Duration;

use hestia::{
    ArchiveNames, Builder, Compression, Console, Overflow, Rotation, Signal, TextFile, TextLayout,
    hlog,
};

use crate::Outcome;
use crate::logger::{LogFile, Logger, Numbers, Rotates, Setup, Shape, Subject, TEXT};

/// hestia as the suite knows it.
pub const HESTIA: Logger = Logger {
    name: "hestia",
    title: "**hestia**",
    package: "hestia",
    files: &[TEXT, JSON],
    can_shed: true,
    keeps_queue: false,
    rotates: Some(Rotates {
        compresses: true,
        numbers: Numbers::Counted,
    }),
    start,
};

/// hestia with rings that outlive the process.
pub const HESTIA_CRASH_SAFE: Logger = Logger {
    name: "hestia-crash-safe",
    title: "**hestia**, `crash_safe`",
    keeps_queue: true,
    start: start_crash_safe,
    ..HESTIA
};

/// The JSON file, in hestia's own schema.
pub const JSON: LogFile = LogFile {
    path: "logs/app.log",
    shape: Shape::Json,
};

struct Hestia;

fn start(setup: &Setup) -> Outcome<Box<dyn Subject>> {
    builder(setup)?.init()?;
    Ok(Box::new(Hestia))
}

fn start_crash_safe(setup: &Setup) -> Outcome<Box<dyn Subject>> {
    builder(setup)?.crash_safe("rings").init()?;
    Ok(Box::new(Hestia))
}

fn builder(setup: &Setup) -> Outcome<Builder> {
    let text = TextFile::new(TEXT.path).layout(TextLayout::pattern("[{message}]")?);
    let mut builder = hestia::builder()
        .env(false)
        .text(text)
        .json(setup.all_files)
        .console(false);
    if setup.console {
        builder = builder.console(Console::stderr());
    }
    if setup.drain_on_signals {
        builder = builder
            .drain_on(Signal::Terminate)
            .drain_on(Signal::Interrupt);
    }
    if setup.shed {
        builder = builder.overflow(Overflow::DropNewest);
    }
    if let Some(rotation) = setup.rotation {
        let mut policy = Rotation::size(rotation.bytes).names(ArchiveNames::Numbers);
        if rotation.compressed {
            policy = policy.compress(Compression::Gzip);
        }
        builder = builder.rotate(policy);
    }
    Ok(builder)
}

impl Subject for Hestia {
    fn log(&self, thread: u64, number: u64) {
        hlog!(info, "{thread} {number}");
    }

    fn say(&self, message: &dyn Display) {
        log::info!("{message}");
    }

    fn flush(&self) {
        // Where outputs fail on purpose; what became of the records is in the figures.
        let _ = hestia::flush_within(Duration::from_secs(60));
    }

    fn end(&self) {}
}
