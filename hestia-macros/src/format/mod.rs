//! The format string of a message, as [`std::fmt`] defines it.
//!
//! [`parse`] takes it apart, [`resolve`] finds the argument of each placeholder. Both only ever *understand*:
//! a string that they do not is handed to the compiler's own `format_args!`, which either knows better
//! or says what is wrong, with the place in the string.
//!
//! *Invariant:* never refuses what `format_args!` accepts.

pub(crate) mod parse;
pub(crate) mod resolve;
#[cfg(test)]
mod tests;
