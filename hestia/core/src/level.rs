//! Levels: the five of the `log` crate, and the severity that some statements add to them.
//!
//! Any thread; plain values. *Invariant:* no level of hestia's own is ever on the wire of the `log` crate.

pub use log::{Level, LevelFilter};

/// The number of levels, `error` to `trace`.
pub(crate) const LEVELS: usize = 5;

/// All levels, most severe first; `ALL[index(level)] == level`.
pub(crate) const ALL: [Level; LEVELS] = [
    Level::Error,
    Level::Warn,
    Level::Info,
    Level::Debug,
    Level::Trace,
];

/// The place of a level in an array of [`LEVELS`]: 0 for `error`, 4 for `trace`.
pub(crate) const fn index(level: Level) -> usize {
    level as usize - 1
}

/// The level whose `index` is given, or `trace` for anything out of range.
pub(crate) const fn from_index(index: usize) -> Level {
    match index {
        0 => Level::Error,
        1 => Level::Warn,
        2 => Level::Info,
        3 => Level::Debug,
        _ => Level::Trace,
    }
}

/// How grave a record is, in the words outputs use: the level's own name, or `CRITICAL` for an
/// error-level record whose statement said `critical`.
///
/// # Example
/// ```
/// use hestia::{Level, Severity};
/// assert_eq!(Severity::from(Level::Warn).name(), "WARN");
/// assert_eq!(Severity::Critical.name(), "CRITICAL");
/// assert_eq!(Severity::Critical.level(), Level::Error);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    /// Level `error`, said by a statement as `critical`.
    Critical,
    /// One of the five levels of `log`.
    Level(Level),
}

impl Severity {
    /// The upper-case name that outputs write.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Critical => "CRITICAL",
            Severity::Level(Level::Error) => "ERROR",
            Severity::Level(Level::Warn) => "WARN",
            Severity::Level(Level::Info) => "INFO",
            Severity::Level(Level::Debug) => "DEBUG",
            Severity::Level(Level::Trace) => "TRACE",
        }
    }

    /// The level that filters look at.
    #[must_use]
    pub const fn level(self) -> Level {
        match self {
            Severity::Critical => Level::Error,
            Severity::Level(level) => level,
        }
    }
}

impl From<Level> for Severity {
    fn from(level: Level) -> Self {
        Severity::Level(level)
    }
}

/// The grammar crate knows nothing of `log`; this is the one place where the two meet.
pub(crate) fn from_grammar(level: hestia_grammar::LevelFilter) -> LevelFilter {
    match level {
        hestia_grammar::LevelFilter::Off => LevelFilter::Off,
        hestia_grammar::LevelFilter::Error => LevelFilter::Error,
        hestia_grammar::LevelFilter::Warn => LevelFilter::Warn,
        hestia_grammar::LevelFilter::Info => LevelFilter::Info,
        hestia_grammar::LevelFilter::Debug => LevelFilter::Debug,
        hestia_grammar::LevelFilter::Trace => LevelFilter::Trace,
    }
}

/// The same level as the grammar has it.
pub(crate) fn to_grammar(level: LevelFilter) -> hestia_grammar::LevelFilter {
    match level {
        LevelFilter::Off => hestia_grammar::LevelFilter::Off,
        LevelFilter::Error => hestia_grammar::LevelFilter::Error,
        LevelFilter::Warn => hestia_grammar::LevelFilter::Warn,
        LevelFilter::Info => hestia_grammar::LevelFilter::Info,
        LevelFilter::Debug => hestia_grammar::LevelFilter::Debug,
        LevelFilter::Trace => hestia_grammar::LevelFilter::Trace,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_and_level_are_inverse() {
        for (position, level) in ALL.into_iter().enumerate() {
            assert_eq!(index(level), position);
            assert_eq!(from_index(position), level);
        }
    }
}
