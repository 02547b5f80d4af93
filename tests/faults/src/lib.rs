//! The fault suite: loggers in real trouble. Each case is a process of its own whose records are numbered by
//! thread; something happens to it, and its files are read back as a user's tool would read them.
//!
//! ```sh
//! cargo test -p hestia-faults                      # hestia's cases; fails when a promise is broken
//! cargo run --release -p hestia-faults             # the same as a table, in figures
//! cargo run --release --manifest-path tests/faults/peers/Cargo.toml   # beside other loggers
//! ```
//!
//! [`cases`] are what happens, one file for each kind of trouble, and what hestia promises. [`logger`] is what a case
//! needs of a logger, and [`hestia`] that for this one. A case runs in the [`child`]; [`host`] starts it, does to it
//! what cannot be done from inside, and has its files judged ([`judge`]). [`matrix`] runs all and makes the [`table`].

pub mod cases;
pub mod child;
pub mod hestia;
pub mod host;
pub mod interposed;
pub mod judge;
pub mod logger;
pub mod matrix;
pub mod table;

/// What can go wrong in a case besides what it is about.
pub type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;
