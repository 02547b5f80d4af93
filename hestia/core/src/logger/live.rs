//! What changes while the program runs: levels, filters, and what the writer can be told.
//!
//! Any thread of the program's, and hestia's own that listen to signals and watch the file. What was logged before a
//! change has met what held then, unless the writer hangs; what is logged while it happens may meet either.
//!
//! *Invariant:* whoever changes something holds the locks for moments, and never while the program's code runs.

use std::sync::Arc;

use hestia_grammar::Directives;
use log::LevelFilter;

use super::outputs::MakeFilter;
use super::own_file::OwnFile;
use super::pipeline::{DEFAULT_LEVEL, Output, Pipeline};
use super::settings::{Origin, Said, Settings, invalid};
use crate::error::InitError;
use crate::filter::directives::{Table, tell_of_levels};
use crate::level::{from_grammar, to_grammar};
use crate::sync::lock;
use crate::writer::control::Change;
use crate::writer::route::Route;

/// What holds at present.
#[derive(Clone)]
pub(super) struct Present {
    /// As they were said last, by whoever has the last word. What has changed since the start is a copy's.
    pub(super) settings: Arc<Settings>,
    /// So many levels more than that is logged, by signals; the levels that were said stay, so that the way back is the
    /// same.
    pub(super) shift: i8,
}

impl Present {
    pub(super) fn at_start(settings: &Arc<Settings>) -> Self {
        Present {
            settings: Arc::clone(settings),
            shift: 0,
        }
    }

    pub(super) fn settings_mut(&mut self) -> &mut Settings {
        Arc::make_mut(&mut self.settings)
    }

    /// The directives that hold.
    pub(super) fn directives(&self) -> Directives {
        shifted_directives(&self.settings.directives.value, self.shift)
    }

    /// The levels of an output.
    pub(super) fn table(&self, output: &Output) -> Arc<Table> {
        let directives = self.directives();
        Arc::new(match output.own_level {
            Some(level) if output.is_of_captures => Table::in_spite_of(&directives, level),
            own => {
                let own = own.map(|own| shifted(own, self.shift));
                Table::new(&directives, DEFAULT_LEVEL, own)
            }
        })
    }
}

fn running<T>(value: T) -> Said<T> {
    Said {
        value,
        origin: Origin::Running,
    }
}

/// Those that were said, with the default level shifted.
pub(super) fn shifted_directives(said: &Directives, by: i8) -> Directives {
    let mut directives = said.clone();
    if by != 0 {
        let default = directives.default.map_or(DEFAULT_LEVEL, from_grammar);
        directives.default = Some(to_grammar(shifted(default, by)));
    }
    directives
}

/// So many levels more, or less; never beyond the ends.
pub(super) fn shifted(level: LevelFilter, shift: i8) -> LevelFilter {
    let all = [
        LevelFilter::Off,
        LevelFilter::Error,
        LevelFilter::Warn,
        LevelFilter::Info,
        LevelFilter::Debug,
        LevelFilter::Trace,
    ];
    let place = (level as usize).saturating_add_signed(isize::from(shift));
    all[place.min(all.len() - 1)]
}

/// What a forked child's output has from its parent's of the same name.
pub(super) struct Inherited {
    name: String,
    own_level: Option<LevelFilter>,
    filter: Option<MakeFilter>,
}

impl Inherited {
    pub(super) fn of(output: &Output) -> Self {
        Inherited {
            name: output.name.clone(),
            own_level: output.own_level,
            filter: output.filter.clone(),
        }
    }
}

impl Pipeline {
    /// New levels for all outputs; each keeps its own level, where it has one.
    pub(super) fn set_directives(&self, directives: Directives) {
        self.let_pass();
        self.change_levels(|_, present| {
            present.settings_mut().directives = running(directives);
            present.shift = 0;
        });
    }

    /// A new level for one output; none for that of all outputs.
    pub(super) fn set_output_level(
        &self,
        name: &str,
        level: Option<LevelFilter>,
    ) -> Result<(), InitError> {
        self.let_pass();
        self.change_levels(|outputs, present| {
            let place = place(outputs, name)?;
            outputs[place].own_level = level;
            let settings = present.settings_mut();
            settings.set_own_level(name, level, Origin::Running);
            present.shift = 0;
            Ok(())
        })
    }

    /// So many levels more for everything but the targets that have a level of their own; less, when it is negative.
    /// Answers with the levels that hold then; `None` when there is no level left to go to.
    pub(super) fn shift_levels(&self, by: i8) -> Option<Directives> {
        self.let_pass();
        self.change_levels(|outputs, present| {
            let common = &present.settings.directives.value;
            let common = common.default.map_or(DEFAULT_LEVEL, from_grammar);
            let own = outputs.iter().filter_map(|output| output.own_level);
            let shift = present.shift.saturating_add(by);
            let moves = |level| shifted(level, shift) != shifted(level, present.shift);
            if !own.chain([common]).any(moves) {
                return None;
            }
            present.shift = shift;
            Some(present.directives())
        })
    }

    /// Changes what is said about levels, has everything follow, and tells whoever remembers them.
    pub(super) fn change_levels<T>(
        &self,
        change: impl FnOnce(&mut [Output], &mut Present) -> T,
    ) -> T {
        let result = self.exchange_levels(change);
        tell_of_levels();
        result
    }

    /// Without telling, which takes locks of others: a forked child may find them taken for ever.
    fn exchange_levels<T>(&self, change: impl FnOnce(&mut [Output], &mut Present) -> T) -> T {
        let mut outputs = lock(&self.outputs);
        let mut present = lock(&self.present);
        let result = change(&mut outputs, &mut present);
        self.set_tables(&outputs, &present);
        // Now: whoever reads what holds finds that it does.
        drop(present);
        drop(outputs);
        result
    }

    fn set_tables(&self, outputs: &[Output], present: &Present) {
        for output in outputs {
            output.table.store(present.table(output));
        }
        self.set_gate(outputs);
        self.publish_max_level();
    }

    /// Another filter for one output, or none.
    pub(super) fn set_filter(
        &self,
        name: &str,
        filter: Option<MakeFilter>,
    ) -> Result<(), InitError> {
        // The program's code makes it: not under a lock.
        let made = filter.as_ref().map(|make| make());
        self.let_pass();
        let mut outputs = lock(&self.outputs);
        let place = place(&outputs, name)?;
        let before = std::mem::replace(&mut outputs[place].filter, filter);
        // Under the lock, so that of two callers the same one wins here and there.
        self.change(Change::Filter(place, made));
        drop(outputs);
        drop(before);
        self.let_pass();
        Ok(())
    }

    /// In a forked child: what its parent had changed, output by output.
    pub(super) fn inherit(&self, inherited: &[Inherited]) {
        let mut changed = Vec::new();
        self.exchange_levels(|outputs, _| {
            for (place, output) in outputs.iter_mut().enumerate() {
                let Some(parent) = inherited.iter().find(|one| one.name == output.name) else {
                    continue;
                };
                output.own_level = parent.own_level;
                if !same_filter(parent.filter.as_ref(), output.filter.as_ref()) {
                    output.filter.clone_from(&parent.filter);
                    changed.push((place, parent.filter.clone()));
                }
            }
        });
        for (place, filter) in changed {
            self.change(Change::Filter(place, filter.map(|make| make())));
        }
    }

    /// Opens the file of a named logger.
    pub(super) fn open_own_file(&self, file: &OwnFile) -> (Output, Route) {
        let present = lock(&self.present).clone();
        let directives = present.directives();
        self.settings
            .open_own_file(file, &directives, &present.settings)
    }
}

fn same_filter(one: Option<&MakeFilter>, other: Option<&MakeFilter>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (None, None) => true,
        _ => false,
    }
}

fn place(outputs: &[Output], name: &str) -> Result<usize, InitError> {
    let place = outputs.iter().position(|output| output.name == name);
    place.ok_or_else(|| {
        let names: Vec<_> = outputs.iter().map(|output| output.name.as_str()).collect();
        invalid(format!(
            "there is no output `{name}`; there are: {}",
            names.join(", ")
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logger::report::shifted_rows;

    fn present(directives: &str, shift: i8) -> Present {
        let mut settings = Settings::default();
        settings.directives.value = Directives::parse(directives).expect("directives");
        let settings = Arc::new(settings);
        Present { settings, shift }
    }

    #[test]
    fn a_shift_moves_the_default_and_nothing_else() {
        let shifted = |directives, shift| present(directives, shift).directives().to_string();
        assert_eq!(shifted("info,hyper=warn", 1), "debug,hyper=warn");
        assert_eq!(shifted("info,hyper=warn", -2), "error,hyper=warn");
        assert_eq!(shifted("hyper=warn", 1), "debug,hyper=warn");
        assert_eq!(shifted("hyper=warn", 0), "hyper=warn");
    }

    #[test]
    fn a_shift_ends_at_the_ends() {
        assert_eq!(shifted(LevelFilter::Debug, 100), LevelFilter::Trace);
        assert_eq!(shifted(LevelFilter::Warn, -100), LevelFilter::Off);
        assert_eq!(shifted(LevelFilter::Off, 1), LevelFilter::Error);
    }

    #[test]
    fn what_is_shown_is_where_it_was_shifted_to() {
        let mut present = present("info", 1);
        let text = present.settings_mut().text.value.as_mut();
        let text = text.expect("the usual one");
        text.level = Some(LevelFilter::Error);
        let rows = shifted_rows(&present.settings, present.shift);
        let shown = |setting: &str| {
            let row = rows.iter().find(|row| row.setting == setting);
            let row = row.expect("every report has it");
            (row.value.as_str(), row.origin)
        };
        assert_eq!(shown("level"), ("debug", Origin::Running));
        let (text, by) = shown("text");
        assert!(text.ends_with(", level warn"), "{text}");
        assert_eq!(by, Origin::Running);
        let (json, by) = shown("json");
        assert!(!json.contains("level"), "it has none of its own: {json}");
        assert_eq!(by, Origin::Default);
    }
}
