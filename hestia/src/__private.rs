//! The only names that expansions of hestia's macros use. Not for anybody else: they change without notice.

pub use core;
