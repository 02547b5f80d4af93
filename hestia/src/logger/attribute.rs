//! The run-time half of `#[hestia::main]`: what its expansion calls.
//!
//! The thread of `main`. An expansion says the settings to a [`builder`], [`start`]s, runs the function, and has an
//! [`Outcome`] log the error that it returned, if it did.
//!
//! *Invariant:* nothing here ends the program or changes what `main` returned.

use std::error::Error;
use std::fmt::{Debug, Display};
use std::ops::Deref;

use hestia_grammar::{Directive, Directives};
use log::kv::Value;
use log::{Level, Record};
use serde::{Serialize, Serializer};

use super::builder::{Builder, Levels};
use super::settings::Origin;
use crate::error::chain;
use crate::internal;
use crate::level::to_grammar;

pub use super::outputs::{Color, Console, JsonFile, TextFile};
pub use super::settings::Signal;
pub use crate::clock::Order;
pub use crate::layout::{Multiline, Schema, Style, TextLayout, TimeZone};
pub use crate::queue::Overflow;
pub use log::LevelFilter;

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

/// Turns hestia on. Logging is not worth ending a program for: when it cannot be had as it was said, one line on
/// stderr says so, and `main` runs.
pub fn start(builder: Builder) {
    if let Err(error) = builder.init() {
        let why = chain(&error);
        internal::tell(
            "#[hestia::main]",
            format!("{why}; the program goes on without it"),
        );
    }
}

/// Where `main` is.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The path of its module, which is the record's target.
    pub module: &'static str,
    /// The source file as the compiler names it.
    pub file: &'static str,
    /// The line of the attribute, counted from 1.
    pub line: u32,
}

impl Place {
    /// Logs what `main` returned, and waits until it is written: the standard library prints the error next, and
    /// that line shall not stand in the midst of others.
    fn log(&self, err: Value<'_>) {
        if Level::Error > log::STATIC_MAX_LEVEL || Level::Error > log::max_level() {
            return;
        }
        let fields = [("err", err)];
        log::logger().log(
            &Record::builder()
                .level(Level::Error)
                .target(self.module)
                .module_path_static(Some(self.module))
                .file_static(Some(self.file))
                .line(Some(self.line))
                .key_values(&fields)
                .args(format_args!("main returned an error"))
                .build(),
        );
        log::logger().flush();
    }
}

/// What `main` returned. Its methods are found by the number of references that have to be taken off (autoref
/// specialisation), so that for each type the first of these counts: an `Err` with an [`Error`], with something that
/// is one behind a pointer, with a `Display`, with a `Debug`; and anything else, about which there is nothing to say.
///
/// # Source
/// D. Tolnay, "Autoref-based stable specialization", 2019.
#[derive(Debug)]
pub struct Outcome<'a, R>(pub &'a R);

/// The error is an [`Error`].
pub trait ErrError {
    /// Logs it with its sources.
    fn log(&self, place: Place);
}

impl<T, E: Error + 'static> ErrError for &&&&Outcome<'_, Result<T, E>> {
    fn log(&self, place: Place) {
        if let Err(error) = self.0 {
            place.log(Value::from_dyn_error(error));
        }
    }
}

/// The error points to an [`Error`], as `Box<dyn Error>` and `anyhow::Error` do.
pub trait ErrPointer {
    /// Logs it with its sources.
    fn log(&self, place: Place);
}

impl<T, E: Deref<Target: DynError>> ErrPointer for &&&Outcome<'_, Result<T, E>> {
    fn log(&self, place: Place) {
        if let Err(error) = self.0 {
            place.log(Value::from_dyn_error(error.as_error()));
        }
    }
}

/// The error can be displayed.
pub trait ErrDisplay {
    /// Logs what it displays.
    fn log(&self, place: Place);
}

impl<T, E: Display> ErrDisplay for &&Outcome<'_, Result<T, E>> {
    fn log(&self, place: Place) {
        if let Err(error) = self.0 {
            place.log(Value::from_serde(&[Shown(error)]));
        }
    }
}

/// The error can be shown to a programmer, which is all that the standard library asks of it.
pub trait ErrDebug {
    /// Logs what it shows.
    fn log(&self, place: Place);
}

impl<T, E: Debug> ErrDebug for &Outcome<'_, Result<T, E>> {
    fn log(&self, place: Place) {
        if let Err(error) = self.0 {
            place.log(Value::from_serde(&[Shown(format_args!("{error:?}"))]));
        }
    }
}

/// Nothing is known about the type.
pub trait Unknown {
    /// Logs nothing.
    fn log(&self, place: Place);
}

impl<R> Unknown for Outcome<'_, R> {
    fn log(&self, _: Place) {}
}

/// An [`Error`] as a pointer to one may have it.
pub trait DynError {
    /// The error itself.
    fn as_error(&self) -> &(dyn Error + 'static);
}

macro_rules! dyn_error {
    ($($error:ty)+) => {$(
        impl DynError for $error {
            fn as_error(&self) -> &(dyn Error + 'static) {
                self
            }
        }
    )+};
}

dyn_error! {
    dyn Error
    dyn Error + Send
    dyn Error + Sync
    dyn Error + Send + Sync
}

/// What an error says, in an array of its own: as one without sources has it. Formatted by the logger, which outlives
/// a `Display` that panics.
struct Shown<D>(D);

impl<D: Display> Serialize for Shown<D> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}
