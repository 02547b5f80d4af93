//! Errors of many kinds, returned by `main`.

use std::error::Error;
use std::fmt;
use std::ops::Deref;

/// An error with a cause.
#[derive(Debug)]
pub(crate) struct Failed {
    what: &'static str,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl fmt::Display for Failed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.what)
    }
}

impl Error for Failed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

fn failed() -> Failed {
    let number = "x".parse::<u32>().expect_err("no number");
    Failed {
        what: "the order cannot be read",
        source: Some(Box::new(Failed {
            what: "its number makes no sense",
            source: Some(number.into()),
        })),
    }
}

pub(crate) mod boxed {
    #[hestia::main]
    pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
        Err(super::failed())?;
        Ok(())
    }
}

pub(crate) mod error {
    #[hestia::main]
    pub(crate) fn main() -> Result<(), super::Failed> {
        Err(super::failed())
    }
}

/// As `anyhow::Error` and its like: no `Error` itself, but it leads to one.
pub(crate) struct Pointer(Box<dyn Error + Send + Sync + 'static>);

impl<E: Error + Send + Sync + 'static> From<E> for Pointer {
    fn from(error: E) -> Self {
        Pointer(Box::new(error))
    }
}

impl Deref for Pointer {
    type Target = dyn Error + Send + Sync + 'static;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl fmt::Debug for Pointer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}\n\nwith a report of its own", self.0)
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

pub(crate) mod pointer {
    #[hestia::main]
    pub(crate) fn main() -> Result<std::process::ExitCode, super::Pointer> {
        Err(super::failed())?;
        Ok(std::process::ExitCode::SUCCESS)
    }
}

pub(crate) mod display {
    #[hestia::main]
    pub(crate) fn main() -> Result<(), String> {
        Err("nothing\nbut text".to_owned())
    }
}

/// All that the standard library asks of it.
#[derive(Debug)]
pub(crate) struct OnlyDebug {
    #[allow(dead_code, reason = "it is debugged")]
    code: u8,
}

pub(crate) mod debug {
    #[hestia::main]
    pub(crate) fn main() -> Result<(), super::OnlyDebug> {
        Err(super::OnlyDebug { code: 7 })
    }
}

pub(crate) mod opaque {
    use std::fmt::Debug;

    #[hestia::main]
    pub(crate) fn main() -> Result<(), impl Debug> {
        Err::<(), _>(super::OnlyDebug { code: 8 })
    }
}

#[derive(Debug)]
pub(crate) struct Panics;

impl fmt::Display for Panics {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("while being displayed")
    }
}

impl Error for Panics {}

pub(crate) mod panicking_display {
    #[hestia::main]
    pub(crate) fn main() -> Result<(), super::Panics> {
        Err(super::Panics)
    }
}

/// An error that is its own cause.
#[derive(Debug)]
pub(crate) struct Endless;

impl fmt::Display for Endless {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("again")
    }
}

impl Error for Endless {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self)
    }
}

pub(crate) mod long_chain {
    #[hestia::main]
    pub(crate) fn main() -> Result<(), super::Endless> {
        Err(super::Endless)
    }
}

pub(crate) mod silenced {
    #[hestia::main(level = "off")]
    pub(crate) fn main() -> Result<(), super::Failed> {
        Err(super::failed())
    }
}
