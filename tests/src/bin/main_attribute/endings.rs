//! Ends without an error to tell of, and the status each of them has.

use std::process::{ExitCode, Termination};

pub(crate) mod fine {
    #[hestia::main]
    pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
        log::info!("ready");
        Ok(())
    }
}

pub(crate) mod code {
    #[hestia::main]
    pub(crate) fn main() -> std::process::ExitCode {
        log::info!("ready");
        std::process::ExitCode::from(3)
    }
}

/// A type of the program's own.
pub(crate) struct Seven;

impl Termination for Seven {
    fn report(self) -> ExitCode {
        log::info!("reported");
        ExitCode::from(7)
    }
}

pub(crate) mod own {
    #[hestia::main]
    pub(crate) fn main() -> super::Seven {
        log::info!("ready");
        super::Seven
    }
}

pub(crate) mod opaque {
    #[hestia::main]
    pub(crate) fn main() -> impl std::process::Termination {
        log::info!("ready");
        super::Seven
    }
}

pub(crate) mod never {
    #[hestia::main]
    pub(crate) fn main() -> ! {
        log::info!("ready");
        std::process::exit(9)
    }
}

pub(crate) mod exit {
    #[hestia::main]
    pub(crate) fn main() {
        log::info!("ready");
        std::process::exit(5);
    }
}

pub(crate) mod panic {
    #[hestia::main]
    pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
        log::info!("ready");
        panic!("the last words");
    }
}
