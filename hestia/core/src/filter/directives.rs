//! Levels by target: `info,hyper=warn,app::db=debug`.
//!
//! A [`Table`] answers for one output; the [`Gate`] answers for all of them at the call. Tables are
//! immutable and exchanged whole, so reading them takes no lock.
//!
//! *Invariant:* the gate lets everything through that some output's table lets through.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use crossbeam_utils::CachePadded;
use hestia_grammar::{Directives, target_matches};
use log::{Level, LevelFilter};

use crate::level::from_grammar;

/// One target's level.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) target: String,
    pub(crate) level: LevelFilter,
    /// What the directive said, before the output's own level capped it.
    pub(crate) said: LevelFilter,
    /// Some record's target has matched; a rule that never does may be misspelt.
    matched: AtomicBool,
}

impl Rule {
    pub(crate) fn has_matched(&self) -> bool {
        self.matched.load(Ordering::Relaxed)
    }
}

/// The levels of one output, or of all of them together.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) default: LevelFilter,
    /// The most that the output ever gets, whatever directives say.
    pub(crate) cap: LevelFilter,
    /// The longest target first, so that the first match is the nearest.
    pub(crate) rules: Vec<Rule>,
}

/// Which line of a table decided.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Decision<'t> {
    Default(LevelFilter),
    Rule(&'t Rule),
}

impl Decision<'_> {
    pub(crate) fn level(&self) -> LevelFilter {
        match self {
            Decision::Default(level) => *level,
            Decision::Rule(rule) => rule.level,
        }
    }
}

impl Table {
    /// The directives as one output has them: its own level, if it has one, takes the place of the
    /// default level, and no target gets more than it.
    pub(crate) fn new(
        directives: &Directives,
        fallback: LevelFilter,
        own: Option<LevelFilter>,
    ) -> Self {
        let cap = own.unwrap_or(LevelFilter::Trace);
        // The longest first.
        let mut rules: Vec<Rule> = Vec::with_capacity(directives.targets.len());
        for directive in &directives.targets {
            let length = directive.target.len();
            let place = rules.partition_point(|rule| rule.target.len() >= length);
            let rule = Rule {
                target: directive.target.clone(),
                level: from_grammar(directive.level).min(cap),
                said: from_grammar(directive.level),
                matched: AtomicBool::new(false),
            };
            rules.insert(place, rule);
        }
        Table {
            default: own.unwrap_or_else(|| directives.default.map_or(fallback, from_grammar)),
            cap,
            rules,
        }
    }

    /// One level for all targets, whatever directives say of them.
    pub(crate) fn in_spite_of(directives: &Directives, level: LevelFilter) -> Self {
        let mut table = Table::new(directives, level, Some(level));
        for rule in &mut table.rules {
            rule.level = level;
        }
        table
    }

    /// What any of several outputs wants. Their tables come from the same directives.
    pub(crate) fn most_verbose<'t>(tables: impl IntoIterator<Item = &'t Table>) -> Self {
        let mut union = Table {
            default: LevelFilter::Off,
            cap: LevelFilter::Trace,
            rules: Vec::new(),
        };
        for table in tables {
            union.default = union.default.max(table.default);
            for (place, rule) in table.rules.iter().enumerate() {
                match union.rules.get_mut(place) {
                    Some(known) => known.level = known.level.max(rule.level),
                    None => union.rules.push(Rule {
                        target: rule.target.clone(),
                        level: rule.level,
                        said: rule.said,
                        matched: AtomicBool::new(false),
                    }),
                }
            }
        }
        union
    }

    pub(crate) fn decide(&self, target: &str) -> Decision<'_> {
        match self
            .rules
            .iter()
            .find(|rule| target_matches(&rule.target, target))
        {
            Some(rule) => {
                if !rule.has_matched() {
                    rule.matched.store(true, Ordering::Relaxed);
                }
                Decision::Rule(rule)
            }
            None => Decision::Default(self.default),
        }
    }

    #[inline]
    pub(crate) fn allows(&self, level: Level, target: &str) -> bool {
        if self.rules.is_empty() {
            return level <= self.default;
        }
        level <= self.decide(target).level()
    }

    /// Takes over what the table in whose place this one comes knows of its targets: levels change, and outputs
    /// are added, while the program runs, and records have come before.
    fn remember(&self, before: &Table) {
        for rule in &self.rules {
            let known = before
                .rules
                .iter()
                .find(|known| known.target == rule.target);
            if known.is_some_and(Rule::has_matched) {
                rule.matched.store(true, Ordering::Relaxed);
            }
        }
    }

    /// The most verbose level that any target may have.
    pub(crate) fn max_level(&self) -> LevelFilter {
        let rules = self.rules.iter().map(|rule| rule.level);
        rules.fold(self.default, Ord::max)
    }
}

/// What is worth formatting, asked by every statement of the `log` crate.
#[derive(Debug)]
pub(crate) struct Gate {
    /// The level of all targets, or [`BY_TARGET`]. Relaxed: a statement that runs while levels change
    /// may see either.
    level: AtomicUsize,
    table: ArcSwap<Table>,
}

const BY_TARGET: usize = usize::MAX;

/// The number of the present levels, which is odd. A statement remembers it where it is on, and the even number before it
/// where it is off; so it needs one comparison to know that it is on. (On a cache line of its own: what stands beside it may be
/// written all the time.)
static GENERATION: CachePadded<AtomicU32> = CachePadded::new(AtomicU32::new(3));

/// What a statement that is on remembers, as long as levels stay as they are; one that is off remembers one less.
#[inline(always)]
pub(crate) fn generation() -> u32 {
    // Acquire: pairs with `levels_changed`, so that levels looked at later are no older than this number.
    GENERATION.load(Ordering::Acquire)
}

/// Outdates all remembered verdicts.
pub(crate) fn levels_changed() {
    GENERATION.fetch_add(2, Ordering::Release);
}

/// Somebody else who remembers verdicts, and asks again when told to.
static LISTENER: OnceLock<fn()> = OnceLock::new();

/// Has this called whenever levels have changed. The first one counts.
#[cfg(feature = "tracing")]
pub(crate) fn when_levels_change(listener: fn()) {
    let _ = LISTENER.set(listener);
}

/// Tells the listener, if there is one. It takes locks of its own, so no lock may be held here; and not in a child that was
/// just forked, where these may be held for ever by a thread that did not come along.
pub(crate) fn tell_of_levels() {
    if let Some(listener) = LISTENER.get() {
        listener();
    }
}

impl Gate {
    pub(crate) fn new(table: Table) -> Self {
        let gate = Gate {
            level: AtomicUsize::new(0),
            table: ArcSwap::from_pointee(Table {
                default: LevelFilter::Off,
                cap: LevelFilter::Trace,
                rules: Vec::new(),
            }),
        };
        gate.set(table);
        gate
    }

    pub(crate) fn set(&self, table: Table) {
        let level = if table.rules.is_empty() {
            table.default as usize
        } else {
            BY_TARGET
        };
        table.remember(&self.table.load());
        self.table.store(Arc::new(table));
        self.level.store(level, Ordering::Relaxed);
        levels_changed();
    }

    #[inline]
    pub(crate) fn allows(&self, level: Level, target: &str) -> bool {
        let all = self.level.load(Ordering::Relaxed);
        if all != BY_TARGET {
            return level as usize <= all;
        }
        self.allows_by_target(level, target)
    }

    /// Out of line: the rest takes no registers then that whoever calls has to save.
    #[inline(never)]
    fn allows_by_target(&self, level: Level, target: &str) -> bool {
        self.table.load().allows(level, target)
    }

    pub(crate) fn table(&self) -> Arc<Table> {
        self.table.load_full()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(directives: &str, own: Option<LevelFilter>) -> Table {
        Table::new(
            &Directives::parse(directives).unwrap(),
            LevelFilter::Info,
            own,
        )
    }

    #[test]
    fn the_longest_target_decides() {
        let table = table("info,app=warn,app::db=trace", None);
        assert!(table.allows(Level::Trace, "app::db::pool"));
        assert!(!table.allows(Level::Info, "app::web"));
        assert!(table.allows(Level::Info, "apple"));
    }

    #[test]
    fn an_outputs_own_level_is_default_and_cap() {
        let table = table("info,hyper=warn,app::db=debug", Some(LevelFilter::Error));
        assert!(!table.allows(Level::Warn, "hyper"));
        assert!(!table.allows(Level::Debug, "app::db"));
        assert!(table.allows(Level::Error, "anything"));
        let verbose = tests::table("info,hyper=warn", Some(LevelFilter::Trace));
        assert!(verbose.allows(Level::Trace, "mine"));
        assert!(!verbose.allows(Level::Info, "hyper"));
    }

    #[test]
    fn captures_get_their_level_of_every_target_and_the_gate_lets_it_through() {
        let directives = Directives::parse("info,hyper=warn,silent=off,db=trace").unwrap();
        let captures = Table::in_spite_of(&directives, LevelFilter::Debug);
        let others = Table::new(&directives, LevelFilter::Info, None);
        let gate = Gate::new(Table::most_verbose([&others, &captures]));
        for target in ["mine", "hyper", "silent"] {
            assert!(captures.allows(Level::Debug, target));
            assert!(gate.allows(Level::Debug, target));
            assert!(!gate.allows(Level::Trace, target));
        }
        assert!(!captures.allows(Level::Trace, "db"));
        assert!(gate.allows(Level::Trace, "db"));
        let none = Table::in_spite_of(&directives, LevelFilter::Off);
        assert_eq!(none.max_level(), LevelFilter::Off);
    }

    #[test]
    fn the_gate_lets_through_what_some_output_wants() {
        let quiet = table("info,db=debug", Some(LevelFilter::Warn));
        let loud = table("info,db=debug", Some(LevelFilter::Trace));
        let gate = Gate::new(Table::most_verbose([&quiet, &loud]));
        assert!(gate.allows(Level::Trace, "mine"));
        assert!(gate.allows(Level::Debug, "db"));
        assert!(!gate.allows(Level::Trace, "db"));
        assert_eq!(gate.table().max_level(), LevelFilter::Trace);
    }

    #[test]
    fn without_outputs_nothing_passes() {
        let gate = Gate::new(Table::most_verbose([]));
        assert!(!gate.allows(Level::Error, "mine"));
    }

    #[test]
    fn a_rule_knows_whether_it_ever_matched() {
        let table = table("info,hpyer=warn", None);
        assert!(table.allows(Level::Info, "hyper"));
        assert!(!table.rules[0].has_matched());
        table.allows(Level::Info, "hpyer::client");
        assert!(table.rules[0].has_matched());
    }

    #[test]
    fn a_match_is_remembered_when_levels_change() {
        let gate = Gate::new(table("info,db=debug,hyper=warn", None));
        gate.allows(Level::Info, "db");
        gate.set(table("info,db=trace,hyper=warn", None));
        let matched = |target| {
            let table = gate.table();
            let mut rules = table.rules.iter();
            rules.any(|rule| rule.target == target && rule.has_matched())
        };
        assert!(matched("db"));
        assert!(!matched("hyper"));
    }
}
