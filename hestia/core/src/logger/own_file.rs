//! Files of named loggers: which there are, and where each of them is.
//!
//! Threads that name a logger's file ask here, under the pipeline's lock.
//!
//! *Invariant:* two files that the code keeps apart are two files, wherever the environment puts them.

use std::path::{Component, Path, PathBuf};
use std::sync::Mutex;

use super::settings::Settings;
use crate::sync::lock;

/// The text file of the named loggers that say this path.
#[derive(Clone, Debug)]
pub(super) struct OwnFile {
    /// The path that the code said, which names the output.
    pub(super) said: PathBuf,
    /// Where it is.
    pub(super) path: PathBuf,
    /// What records of its loggers carry.
    pub(super) number: u64,
}

/// All paths that were said. A path has the same number in all pipelines of a process and its forks, since
/// records carry it.
static SAID: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// The paths said so far. In a forked child the lock may be held for ever by a thread that did not come
/// along; then each file is opened by its logger's next record.
pub(super) fn known() -> Vec<PathBuf> {
    SAID.try_lock()
        .map_or_else(|_| Vec::new(), |known| known.clone())
}

pub(super) fn number(said: &Path) -> u64 {
    let mut paths = lock(&SAID);
    let place = paths.iter().position(|known| known == said);
    let place = place.unwrap_or_else(|| {
        paths.push(said.to_owned());
        paths.len() - 1
    });
    place as u64
}

/// Those of one pipeline.
#[derive(Debug, Default)]
pub(super) struct OwnFiles(Vec<OwnFile>);

impl OwnFiles {
    pub(super) fn get(&self, said: &Path) -> Option<&OwnFile> {
        self.0.iter().find(|file| file.said == said)
    }

    /// Finds the place for one more.
    pub(super) fn add(&mut self, said: &Path, settings: &Settings) -> OwnFile {
        let mut taken = settings.file_paths();
        for file in &self.0 {
            taken.push(&file.path);
        }
        let path = match settings.moves_files() {
            Some(directory) => moved(said, directory, &taken),
            None => said.to_owned(),
        };
        let number = number(said);
        let file = OwnFile {
            said: said.to_owned(),
            path,
            number,
        };
        self.0.push(file.clone());
        file
    }
}

/// The path in another directory: under its name alone if no other file is there, else with the directories
/// that the code said, else with a number.
fn moved(said: &Path, directory: &Path, taken: &[&Path]) -> PathBuf {
    let Some(name) = said.file_name() else {
        // It cannot be a file; opening it says so.
        return said.to_owned();
    };
    let is_taken = |path: &Path| taken.contains(&path);
    let mut path = directory.join(name);
    if is_taken(&path) {
        path = directory.to_owned();
        let components = said.components();
        path.extend(components.filter(|component| matches!(component, Component::Normal(_))));
    }
    let mut number = 1_u32;
    while is_taken(&path) {
        number += 1;
        let mut numbered = said.file_stem().unwrap_or(name).to_owned();
        numbered.push(format!("-{number}"));
        if let Some(extension) = said.extension() {
            numbered.push(".");
            numbered.push(extension);
        }
        path = directory.join(numbered);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved_to(said: &str, taken: &[&str]) -> String {
        let taken: Vec<&Path> = taken.iter().map(Path::new).collect();
        moved(Path::new(said), Path::new("new"), &taken)
            .display()
            .to_string()
    }

    #[test]
    fn a_file_that_is_moved_keeps_its_name() {
        for said in ["audit.log", "logs/audit.log", "/var/log/audit.log"] {
            assert_eq!(moved_to(said, &["new/all.log"]), "new/audit.log");
        }
    }

    #[test]
    fn a_file_whose_name_is_taken_keeps_its_directories() {
        assert_eq!(moved_to("b/x.log", &["new/x.log"]), "new/b/x.log");
        assert_eq!(moved_to("/b/../x.log", &["new/x.log"]), "new/b/x.log");
    }

    #[test]
    fn a_file_for_which_everything_is_taken_gets_a_number() {
        assert_eq!(moved_to("x.log", &["new/x.log"]), "new/x-2.log");
        let taken = ["new/x", "new/x-2"];
        assert_eq!(moved_to("x", &taken), "new/x-3");
    }

    #[test]
    fn a_path_without_a_name_stays_as_it_was_said() {
        assert_eq!(moved_to("..", &[]), "..");
    }
}
