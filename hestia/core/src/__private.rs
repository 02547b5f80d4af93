//! The only names that expansions of hestia's macros use, macros apart. Not for anybody else: they change without notice.

pub use core;

pub use crate::callsite::limit::{KeyedLimit, Limit, Rules};
pub use crate::callsite::statement::{Callsite, Callsites, LoggerArgument, Via, may_be_on};
pub use crate::context::ScopeKeys;
pub use crate::context::span::{Causes, FollowsFrom, SpanSite, boxed, call, joined, text};
pub use crate::level::{Level, Severity};
pub use crate::logger::attribute;
#[cfg(feature = "config")]
pub use crate::logger::config::keys::all as config_keys;
pub use crate::logger::receipt::Pending;
pub use crate::record::Message;
pub use crate::record::capture::{
    AnyArgument, Argument, AtCall, Bytes, Count, ErrorArgument, Object, Printed, Secret, Serde,
    Short, Typed,
};
pub use crate::record::{Encode, Encoded, Encoder};
pub use crate::testing::attribute as testing;
pub use serde::Serialize;

/// Traits whose methods choose by the type of an argument; expansions bring them into scope unnamed.
pub mod choice {
    pub use crate::callsite::statement::{ForeignLogger, NamedLogger};
    pub use crate::record::capture::{
        AnyDebug, AnyOpaque, AnyValue, CopiedArgument, FormattedArgument, IsError, IsShown,
        LeadsToError, RefersToError,
    };
}

/// The words for levels; what is none of them gets the compiler's own suggestion.
pub mod levels {
    use super::{Level, Severity};

    #[allow(
        non_upper_case_globals,
        missing_docs,
        reason = "as statements write them"
    )]
    mod words {
        use super::{Level, Severity};

        pub const critical: Severity = Severity::Critical;
        pub const error: Severity = Severity::Level(Level::Error);
        pub const warn: Severity = Severity::Level(Level::Warn);
        pub const info: Severity = Severity::Level(Level::Info);
        pub const debug: Severity = Severity::Level(Level::Debug);
        pub const trace: Severity = Severity::Level(Level::Trace);
    }
    pub use words::*;
}
