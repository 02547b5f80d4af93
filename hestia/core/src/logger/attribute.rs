//! The run-time half of `#[hestia::main]`: what its expansion calls.
//!
//! The thread of `main`. An expansion says the settings to a [`builder`], [`start`]s, runs the function, and has an
//! [`outcome::Outcome`] log the error that it returned, if it did.
//!
//! *Invariant:* nothing here ends the program or changes what `main` returned.

pub mod outcome;

use hestia_grammar::{Directive, Directives};

use super::builder::{Builder, Levels};
use super::settings::Origin;
use crate::error::chain;
use crate::internal;
use crate::level::to_grammar;

pub use super::outputs::{Color, Console, JsonFile, TextFile};
pub use super::settings::Signal;
pub use crate::clock::{Order, TimeZone};
pub use crate::layout::{Multiline, Schema, Style, TextLayout};
pub use crate::queue::Overflow;
pub use crate::record::{Redaction, SecretPattern};
pub use crate::sink::file::durability::Durability;
pub use crate::sink::file::rotation::{ArchiveNames, Rotation};
pub use crate::writer::fold::Folding;
pub use hestia_grammar::{Every, Weekday};
pub use log::{Level, LevelFilter};

/// The ways to compress, by path: where a feature is missing, the compiler names it.
pub mod compression {
    #[cfg(feature = "gzip")]
    pub use crate::sink::file::rotation::Compression::Gzip;
    #[cfg(feature = "zstd")]
    pub use crate::sink::file::rotation::Compression::Zstd;
}

/// What needs the feature `config`, by path: where it is missing, the compiler names it.
pub mod config {
    #[cfg(feature = "config")]
    pub use std::convert::identity as path;
}

/// Whether `tracing` goes to hestia, by path likewise.
#[cfg(feature = "tracing")]
pub mod tracing {
    /// It does.
    pub const ON: bool = true;
    /// It does not.
    pub const OFF: bool = false;
}

/// A builder that speaks for the attribute. Without more words the application is the package that is compiled;
/// a build without Cargo does not know it.
pub fn builder(package: Option<&str>, version: Option<&str>) -> Builder {
    let builder = Builder::new(Origin::Attribute);
    let builder = match package {
        Some(package) => builder.app(package),
        None => builder,
    };
    match version {
        Some(version) => builder.version(version),
        None => builder,
    }
}

/// Directives that the macro has read.
#[must_use]
pub fn levels(default: Option<LevelFilter>, targets: &[(&str, LevelFilter)]) -> Levels {
    Levels::read(Directives {
        default: default.map(to_grammar),
        targets: targets.iter().map(directive).collect(),
    })
}

fn directive(&(target, level): &(&str, LevelFilter)) -> Directive {
    Directive {
        target: target.to_owned(),
        level: to_grammar(level),
        // Places in a text are for messages about it, and the macro has had its say.
        span: 0..0,
    }
}

/// The text layout of a pattern that the macro has checked.
///
/// # Panics
/// Never: the macro refuses what the same parser refuses here.
#[must_use]
pub fn pattern(pattern: &str) -> TextLayout {
    TextLayout::pattern(pattern).expect("the macro has read the pattern with the same parser")
}

/// A list of this one.
#[must_use]
pub fn only(pattern: SecretPattern) -> [SecretPattern; 1] {
    [pattern]
}

/// The text file with its usual path.
#[must_use]
pub fn text_file() -> TextFile {
    TextFile::default()
}

/// The JSON file with its usual path.
#[must_use]
pub fn json_file() -> JsonFile {
    JsonFile::default()
}

/// Turns hestia on. Logging is not worth ending a program for: when it cannot be had as it was said, one line on
/// stderr says so, and `main` runs.
pub fn start(builder: Builder) {
    if let Err(error) = builder.init() {
        let why = chain(&error);
        internal::tell("#[hestia::main]", format!("without effect, since {why}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_without_cargo_leaves_name_and_version_to_others() {
        let builder = builder(None, None);
        let app = builder.settings().app.clone();
        assert_eq!((app.value, app.origin), (None, Origin::Default));
        let builder = super::builder(Some("billing"), Some("1.0.0"));
        let version = builder.settings().version.clone();
        assert_eq!(version.value.as_deref(), Some("1.0.0"));
        assert_eq!(version.origin, Origin::Attribute);
    }

    #[test]
    fn directives_are_those_that_their_text_is() {
        let targets = [("hyper", LevelFilter::Off), ("app::db", LevelFilter::Trace)];
        let read = levels(Some(LevelFilter::Info), &targets).directives();
        let parsed = Levels::from("info,hyper=off,app::db=trace").directives();
        assert_eq!(read.ok(), parsed.ok());
    }
}
