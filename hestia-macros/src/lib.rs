//! The macros of hestia. Use them through the `hestia` crate, which re-exports and documents them.
//!
//! Each entry point goes the same way: *parse* makes a small tree of the tokens and judges nothing,
//! *check* judges the tree and collects every mistake, *expand* makes tokens of the tree and decides
//! nothing. What macros and the running program both understand (levels, directives, sizes) is read by
//! `hestia-grammar`.
//!
//! *Invariant:* names of the user's crate are never relied upon: expansions go through the path of hestia's
//! crate and its `__private` door alone (see [`paths`]).

mod paths;
