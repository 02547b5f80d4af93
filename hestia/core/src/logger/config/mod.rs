//! What the operator's file says: `hestia.toml`, with the keys of the builder and the attribute.
//!
//! `init` reads it, on the thread that calls it; [`reload`] reads it again while the program runs, on the thread that
//! [`watch`]es it or on the program's. [`keys`] has a row for each key, [`entry`] what the rows share.
//!
//! *Invariant:* nothing is read that nobody named; at the start what is good in the file counts, later a file with any
//! mistake changes nothing; and every mistake is told, with its place (of very
//! many the first ones, and the number of the others).

mod entry;
pub(crate) mod keys;
#[cfg(any(test, fuzzing))]
pub(crate) mod promise;
pub(crate) mod reload;
mod values;
mod watch;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::env::Environment;
use super::report::{self, ReportRow};
use super::settings::{Origin, Settings};
use crate::error::chain;
use crate::record::redact;
use crate::sync::lock;

pub(super) use entry::{Instead, Mistake};
use entry::{Lines, Mistakes, Page};
use keys::{SETTINGS, find};
pub(super) use watch::watch;

/// The largest file that is read, in bytes: what is larger is no file of settings.
const LARGEST: u64 = 1 << 20;

/// The file, and what settings are without it.
pub(super) struct Source {
    path: PathBuf,
    /// What the code says.
    code: Settings,
    /// As it was at the start.
    environment: Option<Arc<Environment>>,
    /// Held while the file is read again and followed, so that one does it at a time.
    turn: Mutex<()>,
    last: Mutex<Last>,
}

/// What came of the file last.
#[derive(Clone)]
struct Last {
    /// What was in it at the last look, whatever came of that; none when it could not be read.
    text: Option<String>,
    /// The settings by code, file and environment, when it was taken last.
    settings: Settings,
    /// The settings that it has changed since the start, and that cannot change while the program runs.
    waiting: Vec<String>,
    /// The settings that the environment says otherwise.
    overruled: Vec<(String, Origin)>,
    /// Why it is not taken as it is now.
    refused: Option<String>,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Source")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// Puts the word of the file that is named, if any, above the code's; answers with what is wrong with it. The environment
/// comes after that.
pub(super) fn read(
    settings: &mut Settings,
    environment: Option<&Arc<Environment>>,
) -> (Option<Source>, Vec<Mistake>) {
    let Some(said) = settings.config.value.clone() else {
        return (None, Vec::new());
    };
    // A program may change its directory, and the path is looked at again and again.
    let path = std::path::absolute(&said).unwrap_or(said);
    let code = settings.clone();
    let (text, mistakes) = match text_of(&path) {
        Ok(text) => {
            let mistakes = apply(&path, &text, settings);
            (Some(text), mistakes)
        }
        Err(why) => (None, vec![Mistake::of_file(why)]),
    };
    let source = Source {
        path,
        environment: environment.cloned(),
        turn: Mutex::default(),
        last: Mutex::new(Last {
            text,
            settings: code.clone(),
            waiting: Vec::new(),
            overruled: Vec::new(),
            refused: None,
        }),
        code,
    };
    (Some(source), mistakes)
}

/// What is in the file; or why that cannot be known.
fn text_of(path: &Path) -> Result<String, String> {
    let cannot = |why: String| format!("cannot read {}: {why}", path.display());
    let about = fs::metadata(path).map_err(|error| cannot(error.to_string()))?;
    // A pipe may have nobody at its other end, and nothing here may wait for ever.
    if !about.is_file() {
        return Err(cannot("it is no file".to_owned()));
    }
    if about.len() > LARGEST {
        return Err(cannot(format!(
            "it has {} bytes, and settings take at most {LARGEST}",
            about.len()
        )));
    }
    fs::read_to_string(path).map_err(|error| cannot(error.to_string()))
}

/// Says to the settings what is in the file. What cannot be had, by itself or beside the rest, is left out.
fn apply(path: &Path, text: &str, settings: &mut Settings) -> Vec<Mistake> {
    let (document, errors) = DeTable::parse_recoverable(text);
    let document = document.into_inner();
    let lines = Lines::of(text);
    let mistakes = if errors.is_empty() {
        take(path, &lines, &document, settings)
    } else {
        let mut mistakes = Mistakes::default();
        for error in &errors {
            mistakes.add(|| Mistake::of_syntax(path, &lines, error));
        }
        mistakes
    };
    take_apart(document);
    mistakes.told(path)
}

/// A key of the file, and its value.
type Entry<'e, 't> = (&'e Spanned<DeString<'t>>, &'e Spanned<DeValue<'t>>);

/// All keys at once, which is all there is to a good file. Otherwise one by one.
fn take(path: &Path, lines: &Lines, document: &DeTable<'_>, settings: &mut Settings) -> Mistakes {
    let mut entries: Vec<_> = document.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    let code = settings.code;
    let (mut trial, mistakes) = tried(path, lines, &entries, settings);
    trial.code = code;
    if trial.check_together().is_ok() {
        *settings = trial;
        return mistakes;
    }
    // These have told their mistakes, however many there are; what follows looks at each of the others several times.
    let (mut entries, unknown): (Vec<_>, Vec<_>) = entries
        .into_iter()
        .partition(|(key, _)| find(SETTINGS, key.get_ref()).is_some());
    let (_, mut mistakes) = tried(path, lines, &unknown, settings);
    // What cannot be had beside the others may be, once another key has been taken.
    while !entries.is_empty() {
        let before = entries.len();
        entries.retain(|entry| {
            let (trial, found) = tried(path, lines, &[*entry], settings);
            let is_left = trial.check_together().is_err();
            if !is_left {
                *settings = trial;
                mistakes.append(found);
            }
            is_left
        });
        if entries.len() == before {
            break;
        }
    }
    for entry in entries {
        let (trial, found) = tried(path, lines, &[entry], settings);
        mistakes.append(found);
        if let Err(wrong) = trial.check_together() {
            let line = lines.number(entry.0.span().start);
            let setting = find(SETTINGS, entry.0.get_ref()).map(|key| key.name);
            mistakes.add(|| Mistake::at(path, line, chain(&wrong), setting));
        }
    }
    settings.code = code;
    mistakes
}

/// The settings with some keys of the file, and what is wrong with those.
fn tried(
    path: &Path,
    lines: &Lines,
    entries: &[Entry<'_, '_>],
    settings: &Settings,
) -> (Settings, Mistakes) {
    let mut trial = settings.clone();
    let mut page = Page::new(path, lines);
    for (key, value) in entries {
        trial.code = Origin::File {
            line: page.line(key.span().start),
        };
        page.read(SETTINGS, key, value.get_ref(), &mut trial);
    }
    (trial, page.mistakes)
}

/// Drops a document table by table. Dotted keys in inline tables nest them six thousand deep, and no stack has room for one
/// drop within the other.
fn take_apart(document: DeTable<'_>) {
    let mut left = vec![DeValue::Table(document)];
    while let Some(value) = left.pop() {
        match value {
            DeValue::Table(table) => {
                left.extend(table.into_iter().map(|(_, value)| value.into_inner()));
            }
            DeValue::Array(items) => left.extend(items.into_iter().map(Spanned::into_inner)),
            _ => {}
        }
    }
}

impl Source {
    /// What the code says, which is the same whatever the file says meanwhile.
    pub(super) fn code(&self) -> &Settings {
        &self.code
    }

    /// What the program has begun with.
    pub(super) fn began_with(&self, settings: &Settings) {
        lock(&self.last).settings = settings.clone();
    }

    /// For a forked child: the same, as it was last known. A lock may be held for ever by a thread that did not come along.
    pub(super) fn for_child(&self) -> Self {
        let last = self.last.try_lock().map(|last| last.clone()).ok();
        Source {
            path: self.path.clone(),
            code: self.code.clone(),
            environment: self.environment.clone(),
            turn: Mutex::default(),
            last: Mutex::new(last.unwrap_or_else(|| Last {
                text: None,
                settings: self.code.clone(),
                waiting: Vec::new(),
                overruled: Vec::new(),
                refused: None,
            })),
        }
    }

    /// Lines move as a file is edited, though what it says stays.
    pub(super) fn renew_lines(&self, rows: &mut [ReportRow]) {
        let last = report::rows(&lock(&self.last).settings);
        let said = |row: &ReportRow| last.iter().find(|said| said.setting == row.setting);
        for row in rows {
            if let (Origin::File { .. }, Some(now)) = (row.origin, said(row))
                && let Origin::File { .. } = now.origin
            {
                row.origin = now.origin;
            }
        }
    }

    /// What deserves attention.
    pub(super) fn notes(&self) -> Vec<String> {
        let last = lock(&self.last);
        let waiting = last.waiting.iter();
        let waiting = waiting
            .map(|setting| format!("config: `{setting}` in the file counts from the next start"));
        let refused = last.refused.iter();
        // It may quote the file.
        let refused = refused.map(|why| {
            let why = redact::hide(why).unwrap_or_else(|| why.clone());
            format!("config: the file is not followed: {why}")
        });
        waiting.chain(refused).collect()
    }
}

#[cfg(test)]
mod tests;
