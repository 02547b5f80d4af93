//! Which records an output keeps.
//!
//! [`directives`] is level and target, asked twice: at the call, for what any output wants, before
//! anything is formatted, and on the writer thread for each output. [`Filter`] is the user's own, on the
//! writer thread; [`sample`] is one that is ready.
//!
//! *Invariant:* filters do no input or output.

pub(crate) mod directives;
pub(crate) mod sample;

use crate::record::Record;

/// Decides about each record on its way to one output.
///
/// # Example
/// ```
/// use hestia::{Filter, Record};
///
/// /// Keeps one record in ten.
/// struct Tenth(u64);
///
/// impl Filter for Tenth {
///     fn allows(&mut self, _: &Record<'_>) -> bool {
///         self.0 += 1;
///         self.0 % 10 == 1
///     }
/// }
/// ```
pub trait Filter: Send {
    /// Whether the output gets the record. Called on the writer thread, in output order, for records
    /// that the output's level lets through. A panic keeps the record out, and is reported.
    fn allows(&mut self, record: &Record<'_>) -> bool;
}

impl<F: FnMut(&Record<'_>) -> bool + Send> Filter for F {
    fn allows(&mut self, record: &Record<'_>) -> bool {
        self(record)
    }
}
