//! The small languages of the hestia logger, each with one parser.
//!
//! The macros read them at compile time, the builder and the environment at run time. Both call the functions
//! below, so a string means the same wherever it is written, and a mistake gets the same message.
//!
//! | What | Example | Entry point |
//! |---|---|---|
//! | level | `info` | [`LevelFilter::parse`] |
//! | directives | `info,hyper=warn,app::db=off` | [`Directives::parse`], [`Directives::parse_lenient`] |
//! | size | `10MB`, `1.5 GiB` | [`parse_size`] |
//! | duration | `1h30m`, `250ms` | [`parse_duration`] |
//! | period, weekday, time of day | `6h`, `sunday`, `03:30` | [`parse_every`], [`parse_weekday`], [`parse_time_of_day`] |
//! | boolean | `yes`, `off`, `1` | [`parse_bool`] |
//! | secret key, path, pattern | `access_token`, `user.*.ssn`, `jwt` | [`is_secret`], [`parse_secret_path`], [`parse_secret_pattern`] |
//! | text pattern | `{time:%H:%M:%S} {level:<5} {message}` | [`Pattern::parse`] |
//!
//! [`limits`] has the bounds of settings that are numbers, [`words`] those that are one of a few words, [`RotationPlan`] what a rotation can be.
//!
//! Every failure is a [`ParseError`]: a sentence that names the offending word and the way out, the place in the input,
//! and, where one is near, the word that was probably meant.
//!
//! *Invariant:* no function here panics, reads the environment, or does any input or output.

#![forbid(unsafe_code)]
#![warn(missing_docs, missing_debug_implementations)]

mod boolean;
mod directives;
mod duration;
mod error;
mod level;
pub mod limits;
mod part;
mod pattern;
mod quantity;
mod rotation;
mod secret;
mod size;
pub mod words;

pub use boolean::parse_bool;
pub use directives::{Directive, Directives, target_matches};
pub use duration::{format_duration, parse_duration};
pub use error::{ParseError, suggest};
pub use level::LevelFilter;
pub use pattern::{
    Align, Field, FieldName, FieldSpec, MAX_WIDTH, Pattern, Piece, TimeFormat, TimeItem,
};
pub use rotation::{Every, RotationPlan, Weekday, parse_every, parse_time_of_day, parse_weekday};
pub use secret::{
    MAX_SECRET_PATHS, SECRET_PATTERNS, check_secret_key, ends_with_key, is_key, is_secret,
    key_letters, parse_secret_path, parse_secret_pattern, weight_of_secret_path,
};
pub use size::{GB, GIB, KB, KIB, MB, MIB, format_size, parse_size};
pub use words::unknown;
