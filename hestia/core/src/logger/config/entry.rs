//! One key of the file with its value, and what can be wrong with it.

use std::path::{Path, PathBuf};

use hestia_grammar::words::Words;
use hestia_grammar::{ParseError, parse_duration, parse_size, unknown};
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::keys::{self, Key};
use std::time::Duration;

/// Something that is wrong with the file.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::logger) struct Mistake {
    pub(super) line: u32,
    /// Where, and what.
    pub(in crate::logger) what: String,
    pub(in crate::logger) instead: Instead,
}

/// What is used in the place of what is wrong, at the start of the program.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::logger) enum Instead {
    /// What the setting is without the file's word.
    Setting(&'static str),
    /// The other keys.
    Rest,
    /// Nothing of the file.
    Nothing,
}

impl Mistake {
    /// On one line, whatever a parser has to say.
    pub(super) fn at(
        path: &Path,
        line: u32,
        what: impl std::fmt::Display,
        setting: Option<&'static str>,
    ) -> Self {
        let what = what.to_string().replace('\n', ", ");
        Mistake {
            line,
            what: format!("{}:{line}: {what}", path.display()),
            instead: setting.map_or(Instead::Rest, Instead::Setting),
        }
    }

    /// The file as a whole.
    pub(super) fn of_file(what: String) -> Self {
        Mistake {
            line: 0,
            what,
            instead: Instead::Nothing,
        }
    }

    /// It is no TOML.
    pub(super) fn of_syntax(path: &Path, lines: &Lines, error: &toml::de::Error) -> Self {
        let Some(place) = error.span() else {
            // Of keys with too many dots it does not say where.
            return Mistake::of_file(format!("{}: {}", path.display(), error.message()));
        };
        Mistake {
            instead: Instead::Nothing,
            ..Mistake::at(path, lines.number(place.start), error.message(), None)
        }
    }
}

/// How many mistakes are told one by one: what is no file of settings at all would have very many.
pub(super) const MOST_TOLD: usize = 20;

/// What is wrong with the file.
#[derive(Default)]
pub(super) struct Mistakes {
    told: Vec<Mistake>,
    untold: usize,
}

impl Mistakes {
    pub(super) fn add(&mut self, mistake: impl FnOnce() -> Mistake) {
        if self.told.len() < MOST_TOLD {
            self.told.push(mistake());
        } else {
            self.untold += 1;
        }
    }

    pub(super) fn append(&mut self, others: Mistakes) {
        for mistake in others.told {
            self.add(|| mistake);
        }
        self.untold += others.untold;
    }

    /// In the order of lines; the last one says how many more there are.
    pub(super) fn told(mut self, path: &Path) -> Vec<Mistake> {
        self.told.sort_by_key(|mistake| mistake.line);
        if let Some(last) = self.told.last().filter(|_| self.untold > 0) {
            let counts = last.instead == Instead::Nothing;
            let instead = if counts { last.instead } else { Instead::Rest };
            let more = format!("{}: mistakes beside these: {}", path.display(), self.untold);
            self.told.push(Mistake {
                instead,
                ..Mistake::of_file(more)
            });
        }
        self.told
    }
}

/// Where the lines of the file end.
pub(super) struct Lines(Vec<usize>);

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        let feeds = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Lines(feeds.map(|(at, _)| at).collect())
    }

    /// The number of the line that has this byte, from 1.
    pub(super) fn number(&self, at: usize) -> u32 {
        let before = self.0.partition_point(|feed| *feed < at);
        u32::try_from(before + 1).unwrap_or(u32::MAX)
    }
}

/// A value as a message has it: what is longer than any that makes sense is shortened.
pub(super) fn quoted(text: &str) -> String {
    match text.char_indices().nth(MOST_QUOTED) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}

/// The longest part of a value that a message repeats, in characters.
const MOST_QUOTED: usize = 200;

/// The file while it is read.
pub(super) struct Page<'t> {
    path: &'t Path,
    lines: &'t Lines,
    /// The keys whose tables are being read, from the outermost.
    within: Vec<&'static str>,
    pub(super) mistakes: Mistakes,
}

impl<'t> Page<'t> {
    pub(super) fn new(path: &'t Path, lines: &'t Lines) -> Self {
        Page {
            path,
            lines,
            within: Vec::new(),
            mistakes: Mistakes::default(),
        }
    }

    pub(super) fn line(&self, at: usize) -> u32 {
        self.lines.number(at)
    }

    /// Reads one key by its row of the table.
    pub(super) fn read<T>(
        &mut self,
        table: &'static [Key<T>],
        said: &Spanned<DeString<'_>>,
        value: &DeValue<'_>,
        into: &mut T,
    ) {
        let line = self.line(said.span().start);
        let Some(key) = keys::find(table, said.get_ref()) else {
            self.mistake(line, self.within.first().copied(), || {
                let known: Vec<_> = table.iter().map(|key| key.name).collect();
                unknown("key", said.get_ref(), &known)
            });
            return;
        };
        (key.read)(
            &mut Entry {
                name: key.name,
                takes: key.takes,
                example: key.example,
                value,
                line,
                page: self,
            },
            into,
        );
    }

    fn mistake<T: std::fmt::Display>(
        &mut self,
        line: u32,
        setting: Option<&'static str>,
        what: impl FnOnce() -> T,
    ) {
        let (path, within) = (self.path, &self.within);
        self.mistakes.add(|| {
            let within = within.iter().map(|key| format!("{key}: "));
            let what = format!("{}{}", within.collect::<String>(), what());
            Mistake::at(path, line, what, setting)
        });
    }
}

/// One key of the file.
pub(super) struct Entry<'e, 't> {
    name: &'static str,
    takes: &'static str,
    example: &'static str,
    pub(super) value: &'e DeValue<'e>,
    line: u32,
    page: &'e mut Page<'t>,
}

impl Entry<'_, '_> {
    /// Says what is wrong.
    pub(super) fn mistake(&mut self, what: impl std::fmt::Display) {
        let setting = self.page.within.first().copied().unwrap_or(self.name);
        self.page.mistake(self.line, Some(setting), || what);
    }

    /// The value is of another kind than the key takes.
    pub(super) fn complain(&mut self) {
        let (name, takes, example) = (self.name, self.takes, self.example);
        self.mistake(format!("`{name}` takes {takes}, such as `{example}`"));
    }

    /// The same, where a value is asked for.
    pub(super) fn wrong<T>(&mut self) -> Option<T> {
        self.complain();
        None
    }

    /// Only code can say it.
    pub(super) fn is_code(&mut self) {
        let name = self.name;
        self.mistake(format!(
            "`{name}` takes code, which no file can say; say it with the builder or the attribute"
        ));
    }

    /// It is text, but not such a text.
    fn refused(&mut self, text: &str, why: &impl std::fmt::Display) {
        let name = self.name;
        self.mistake(format!("{name} = {}: {why}", quoted(text)));
    }

    pub(super) fn string(&mut self) -> Option<String> {
        match self.value {
            DeValue::String(text) => Some(text.to_string()),
            _ => self.wrong(),
        }
    }

    pub(super) fn bool(&mut self) -> Option<bool> {
        match self.value {
            DeValue::Boolean(on) => Some(*on),
            _ => self.wrong(),
        }
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        match self.value {
            DeValue::Integer(number) => {
                let number = u64::from_str_radix(number.as_str(), number.radix()).ok();
                number.or_else(|| self.wrong())
            }
            _ => self.wrong(),
        }
    }

    /// Text that a parser of the grammar understands.
    pub(super) fn parsed<T>(
        &mut self,
        parse: impl FnOnce(&str) -> Result<T, ParseError>,
    ) -> Option<T> {
        let text = self.string()?;
        match parse(&text) {
            Ok(value) => Some(value),
            Err(mistake) => {
                self.refused(&text, &mistake);
                None
            }
        }
    }

    pub(super) fn size(&mut self) -> Option<u64> {
        match self.value {
            DeValue::Integer(_) => self.number(),
            _ => self.parsed(parse_size),
        }
    }

    pub(super) fn duration(&mut self) -> Option<Duration> {
        self.parsed(parse_duration)
    }

    pub(super) fn path(&mut self) -> Option<PathBuf> {
        let path = self.string()?;
        if path.is_empty() {
            let name = self.name;
            self.mistake(format!("`{name}` is empty; name a path"));
            return None;
        }
        Some(PathBuf::from(path))
    }

    /// What one of a few words stands for.
    pub(super) fn word<T: Copy>(&mut self, words: &Words, meanings: &[T]) -> Option<T> {
        let place = self.parsed(|word| words.find(word))?;
        meanings.get(place).copied()
    }

    /// The keys of a table, one after the other. What is wrong in there is said with the name of this one.
    pub(super) fn each<T>(&mut self, table: &DeTable<'_>, keys: &'static [Key<T>], into: &mut T) {
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        self.page.within.push(self.name);
        for (key, value) in entries {
            self.page.read(keys, key, value.get_ref(), into);
        }
        self.page.within.pop();
    }

    /// What is in a list, or the one value; each as a string.
    pub(super) fn strings(&mut self) -> Option<Vec<String>> {
        let text = |value: &DeValue<'_>| value.as_str().map(str::to_owned);
        let texts: Option<Vec<_>> = match self.value {
            DeValue::Array(items) => items.iter().map(|item| text(item.get_ref())).collect(),
            one => text(one).map(|text| vec![text]),
        };
        texts.or_else(|| self.wrong())
    }
}
