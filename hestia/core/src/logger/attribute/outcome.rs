//! What `main` returned, and what there is to say about it.
//!
//! *Invariant:* the outcome itself is only looked at. So what the standard library prints of it is not looked through for secrets: `main`
//! returns what its signature says, and ending the process before it does would keep runtimes around it from ending.

use std::error::Error;
use std::fmt::{Debug, Display};
use std::ops::Deref;

use log::kv::Value;
use log::{Level, Record};
use serde::{Serialize, Serializer};

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
    fn log_error_of_main(&self, place: Place);
}

impl<T, E: Error + 'static> ErrError for &&&&Outcome<'_, Result<T, E>> {
    fn log_error_of_main(&self, place: Place) {
        if let Err(error) = self.0 {
            place.log(Value::from_dyn_error(error));
        }
    }
}

/// The error points to an [`Error`], as `Box<dyn Error>` and `anyhow::Error` do.
pub trait ErrPointer {
    /// Logs it with its sources.
    fn log_error_of_main(&self, place: Place);
}

impl<T, E: Deref<Target: DynError>> ErrPointer for &&&Outcome<'_, Result<T, E>> {
    fn log_error_of_main(&self, place: Place) {
        if let Err(error) = self.0 {
            place.log(Value::from_dyn_error(error.as_error()));
        }
    }
}

/// The error can be displayed.
pub trait ErrDisplay {
    /// Logs what it displays.
    fn log_error_of_main(&self, place: Place);
}

impl<T, E: Display> ErrDisplay for &&Outcome<'_, Result<T, E>> {
    fn log_error_of_main(&self, place: Place) {
        if let Err(error) = self.0 {
            place.log(Value::from_serde(&[Shown(error)]));
        }
    }
}

/// The error can be shown to a programmer, which is all that the standard library asks of it.
pub trait ErrDebug {
    /// Logs what it shows.
    fn log_error_of_main(&self, place: Place);
}

impl<T, E: Debug> ErrDebug for &Outcome<'_, Result<T, E>> {
    fn log_error_of_main(&self, place: Place) {
        if let Err(error) = self.0 {
            place.log(Value::from_serde(&[Shown(format_args!("{error:?}"))]));
        }
    }
}

/// Nothing is known about the type.
pub trait Unknown {
    /// Logs nothing.
    fn log_error_of_main(&self, place: Place);
}

impl<R> Unknown for Outcome<'_, R> {
    fn log_error_of_main(&self, _: Place) {}
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
