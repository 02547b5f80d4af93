//! The names on the way to a file, and the system's word that one of them has changed.
//!
//! A file is replaced in many ways: written anew, renamed over (editors), or by turning a symbolic link somewhere on its path
//! to another directory (Kubernetes). So each directory is watched in which a name decides where the path leads: those of
//! symbolic links, and that of the file itself, or of the first name that is missing.
//!
//! # Source
//! `inotify(7)`; `path_resolution(7)`.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use crate::system::above_standard_streams;
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};

/// A directory, and a name in it.
pub(super) type Place = (PathBuf, OsString);

/// As the system has it: a path with more links leads nowhere.
const MOST_LINKS: u32 = 40;

/// How often the watches are made anew while the names change all the time.
const ATTEMPTS: u32 = 16;

/// Calls `look` whenever the path may lead to something else. Comes back only when the system cannot tell.
pub(super) fn follow(path: &Path, mut look: impl FnMut()) -> io::Result<()> {
    loop {
        let watch = Watch::on(path)?;
        // What has changed before the watch began.
        look();
        while watch.wait()? == Told::Changed {
            look();
            if places(path) != watch.places {
                break;
            }
        }
    }
}

/// What the system has told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    /// A name that matters has changed.
    Changed,
    /// What is watched is not what it was.
    Lost,
}

struct Watch {
    inotify: OwnedFd,
    places: Vec<Place>,
}

impl Watch {
    fn on(path: &Path) -> io::Result<Self> {
        let mut result = Err(io::Error::other(
            "the names on its path change all the time",
        ));
        for _ in 0..ATTEMPTS {
            let places = places(path);
            match watched(path, &places) {
                Ok(inotify) if places == self::places(path) => {
                    return Ok(Watch { inotify, places });
                }
                Ok(_) => {}
                Err(error) => result = Err(error),
            }
        }
        result
    }

    /// Sleeps until something has changed that matters.
    fn wait(&self) -> io::Result<Told> {
        let mut room = [MaybeUninit::uninit(); 4096];
        let mut events = Reader::new(&self.inotify, &mut room);
        loop {
            let event = match events.next() {
                Ok(event) => event,
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            };
            let ends = ReadFlags::IGNORED
                | ReadFlags::QUEUE_OVERFLOW
                | ReadFlags::UNMOUNT
                | ReadFlags::DELETE_SELF
                | ReadFlags::MOVE_SELF;
            if event.events().intersects(ends) {
                return Ok(Told::Lost);
            }
            // The file itself has no name in its own event.
            if event.events().contains(ReadFlags::CLOSE_WRITE) && event.file_name().is_none() {
                return Ok(Told::Changed);
            }
            let name = event
                .file_name()
                .map(|name| OsStr::from_bytes(name.to_bytes()));
            if self.places.iter().any(|(_, known)| Some(&**known) == name) {
                return Ok(Told::Changed);
            }
        }
    }
}

fn watched(path: &Path, places: &[Place]) -> io::Result<OwnedFd> {
    let inotify = inotify::init(CreateFlags::CLOEXEC)?;
    let inotify = OwnedFd::from(above_standard_streams(inotify.into())?);
    // Not each write: a log file may be in the same directory. A file counts once its writer closes it.
    let flags = WatchFlags::CLOSE_WRITE
        | WatchFlags::CREATE
        | WatchFlags::DELETE
        | WatchFlags::MOVED_FROM
        | WatchFlags::MOVED_TO
        | WatchFlags::DELETE_SELF
        | WatchFlags::MOVE_SELF
        | WatchFlags::ONLYDIR;
    for (directory, _) in places {
        inotify::add_watch(&inotify, directory, flags)?;
    }
    // A file that is mounted by itself into a container is written to in another directory. It need not be there.
    let _ = inotify::add_watch(&inotify, path, WatchFlags::CLOSE_WRITE);
    Ok(inotify)
}

/// The names that decide where the path leads, as the system goes along it.
pub(super) fn places(path: &Path) -> Vec<Place> {
    let mut places = Vec::new();
    let mut links = 0;
    let mut at = PathBuf::from("/");
    let mut rest: VecDeque<OsString> = parts(path).collect();
    while let Some(name) = rest.pop_front() {
        if name == ".." {
            at.pop();
            continue;
        }
        let entry = at.join(&name);
        let Ok(about) = fs::symlink_metadata(&entry) else {
            // It may come.
            places.push((at, name));
            break;
        };
        if about.is_symlink() && links < MOST_LINKS {
            links += 1;
            let target = fs::read_link(&entry).unwrap_or_default();
            places.push((at.clone(), name));
            if target.is_absolute() {
                at = PathBuf::from("/");
            }
            for part in parts(&target).rev() {
                rest.push_front(part);
            }
        } else if rest.is_empty() {
            places.push((at.clone(), name));
        } else {
            at = entry;
        }
    }
    places
}

fn parts(path: &Path) -> impl DoubleEndedIterator<Item = OsString> {
    path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsString::from("..")),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// As paths below the directory.
    fn below(directory: &Path, path: &Path) -> Vec<String> {
        let places = places(path).into_iter();
        let shown = places.map(|(place, name)| place.join(name));
        let below = shown.filter_map(|place| {
            let below = place.strip_prefix(directory).ok()?;
            Some(below.display().to_string())
        });
        below.collect()
    }

    #[test]
    fn every_name_that_decides_is_there_and_no_other() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("config/..one")).unwrap();
        let file = root.join("config/hestia.toml");
        assert_eq!(below(&root, &file), ["config/hestia.toml"], "missing");
        fs::write(root.join("config/..one/hestia.toml"), "").unwrap();
        symlink("..one", root.join("config/..data")).unwrap();
        symlink("..data/hestia.toml", &file).unwrap();
        assert_eq!(
            below(&root, &file),
            [
                "config/hestia.toml",
                "config/..data",
                "config/..one/hestia.toml"
            ]
        );
        symlink("config", root.join("link")).unwrap();
        let first = below(&root, &root.join("link/../link/hestia.toml"));
        assert_eq!(first[..3], ["link", "link", "config/hestia.toml"]);
        assert_eq!(below(&root, &root.join("no/such/file")), ["no"]);
    }

    #[test]
    fn links_that_lead_to_themselves_end() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().canonicalize().unwrap();
        symlink("loop", root.join("loop")).unwrap();
        let places = below(&root, &root.join("loop"));
        assert_eq!(places.len(), 41);
    }
}
