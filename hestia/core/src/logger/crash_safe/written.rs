//! Which lines the files of a killed process have already: those that came since its last round began, wherever their file
//! was moved to. What it has written is not written again.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::internal;
use crate::logger::outputs;
use crate::logger::settings::Settings;
use crate::position::FilePosition;
use crate::queue::snapshot::Snapshot;
use crate::record::description::Descriptions;
use crate::sink::file::archive::is_younger_archive;
use crate::sink::file::disk::identity;
use crate::sink::file::held::{HeldFor, Identity, hold};
use crate::sink::file::lock::{Locked, Locking};
use crate::writer::route::Written;

/// How much of a file is looked at for lines that are there already, at most: far more than a round can write.
const MOST_TAIL_BYTES: u64 = 256 << 20;

/// The lines that were added to each file since its position was noted, wherever it was moved to in its directory, and to
/// the one that stands in its place now. What a kill cut off in the middle of a line is taken away. `shared` has the files
/// that several processes wrote to, as [`shared_files`] finds them; any of those that are looked at makes all lines doubtful, and so
/// do other processes with the same outputs, if `has_others` says that there were any.
pub(super) fn lines_since(
    snapshot: &Snapshot,
    descriptions: &Descriptions<'_>,
    settings: &Settings,
    shared: &[Identity],
    has_others: &dyn Fn() -> bool,
) -> Vec<Written> {
    let mut there = Vec::new();
    for (path, position) in positions(snapshot, descriptions) {
        let path = PathBuf::from(OsStr::from_bytes(path));
        let now = path_now(&path, snapshot.process_id, settings);
        let mut is_shared = position.is_shared;
        let mut lines = HashMap::new();
        let mut add = |path: &Path, from: u64| {
            for line in tail(path, from).split(|byte| *byte == b'\n') {
                *lines.entry(line.to_vec()).or_insert(0) += 1;
            }
            // After it was read: who opens it now has not written what was read.
            let is_said = |status: fs::Metadata| shared.contains(&identity(&status));
            is_shared |= fs::metadata(path).is_ok_and(is_said) || somebody_writes_to(path);
        };
        let noted = (position.device, position.inode);
        let is_noted = |status: &fs::Metadata| identity(status) == noted;
        match fs::metadata(&path) {
            Ok(status) if is_noted(&status) => {
                cut_torn_line(&path, position.length);
                add(&path, position.length);
            }
            live => {
                // It was rotated: all archives that are younger than what the noted file has become count.
                let live_path = without_links(&path);
                let siblings = siblings(&live_path);
                let moved = siblings.iter().find(|(_, status)| is_noted(status));
                if let Some((moved, _)) = moved {
                    add(moved, position.length);
                    hold(noted, HeldFor::Recovery);
                    for (sibling, status) in &siblings {
                        if is_younger_archive(&live_path, sibling, moved) {
                            add(sibling, 0);
                            hold(identity(status), HeldFor::Recovery);
                        }
                    }
                }
                if live.is_ok() {
                    cut_torn_line(&path, 0);
                    add(&path, 0);
                }
            }
        }
        // Others have files of their own where a process's id is in the path. Asked after the files were read: who has not said
        // it yet has not written what was read.
        is_shared |= now == path && has_others();
        there.push(Written {
            path: now,
            lines,
            is_shared,
        });
    }
    there
}

/// The files of which one of the processes that are gone knew that another one writes to them.
pub(super) fn shared_files(snapshot: &Snapshot, descriptions: &Descriptions<'_>) -> Vec<Identity> {
    let mut shared = Vec::new();
    for (_, position) in positions(snapshot, descriptions) {
        if position.is_shared {
            shared.push((position.device, position.inode));
        }
    }
    shared
}

/// Never waits, whatever is there now.
fn open(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
    options.read(true).open(path)
}

/// Whether a process that lives has the file open to write to it.
fn somebody_writes_to(path: &Path) -> bool {
    open(path).is_ok_and(|file| Locked::exclusive(file).1 == Locking::Busy)
}

/// Where the files stood when the last round began. A file that no round has known of got nothing since it was opened, unless
/// somebody was killed who recovered it.
fn positions<'d>(
    snapshot: &Snapshot,
    descriptions: &Descriptions<'d>,
) -> Vec<(&'d [u8], FilePosition)> {
    let mut positions = Vec::new();
    for position in &snapshot.files {
        if let Some(output) = descriptions.outputs.get(position.output) {
            positions.push((output.path, *position));
        }
    }
    for (output, file) in descriptions.outputs.iter() {
        if output >= snapshot.outputs
            && let Some(opened) = file.opened
        {
            positions.push((file.path, opened));
        }
    }
    positions
}

/// Where this process writes what the other one wrote to this path: where paths have their process's id in them, elsewhere.
fn path_now(path: &Path, process_id: u32, settings: &Settings) -> PathBuf {
    let of = |said: &Path, process_id: u32| {
        let path = outputs::for_process(said, process_id);
        std::path::absolute(&path).unwrap_or(path)
    };
    for said in settings.file_paths() {
        if of(said, process_id) == path {
            return of(said, std::process::id());
        }
    }
    path.to_owned()
}

/// The file that a path leads to, or would lead to if it were there.
fn without_links(path: &Path) -> PathBuf {
    // As many as Linux follows.
    const MOST_LINKS: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(target) = fs::read_link(&path) else {
            break;
        };
        path = match path.parent() {
            Some(directory) => directory.join(target),
            None => target,
        };
    }
    let directory = path.parent().map(fs::canonicalize);
    match (directory, path.file_name()) {
        (Some(Ok(directory)), Some(name)) => directory.join(name),
        _ => path,
    }
}

/// Files of the same directory whose names begin as this one's.
fn siblings(path: &Path) -> Vec<(PathBuf, fs::Metadata)> {
    let stem = path.file_stem().map(OsStrExt::as_bytes).unwrap_or_default();
    let Some(Ok(entries)) = path.parent().map(fs::read_dir) else {
        return Vec::new();
    };
    let mut siblings = Vec::new();
    for entry in entries {
        if let Ok(entry) = entry
            && entry.file_name().as_bytes().starts_with(stem)
            && let Ok(status) = entry.metadata()
            && status.is_file()
        {
            siblings.push((entry.path(), status));
        }
    }
    siblings
}

/// The bytes from a position on.
fn tail(path: &Path, from: u64) -> Vec<u8> {
    let read = || -> io::Result<Vec<u8>> {
        let file = open(path)?;
        let length = file.metadata()?.len().saturating_sub(from);
        let length = length.min(MOST_TAIL_BYTES);
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
        file.read_exact_at(&mut bytes, from)?;
        Ok(bytes)
    };
    read().unwrap_or_default()
}

/// Takes the beginning of a line off the end of a file that no other process has open: its record is written whole. Where
/// others may append, the next line only begins on a line of its own.
fn cut_torn_line(path: &Path, from: u64) {
    let cut = || -> io::Result<()> {
        let file = File::options().read(true).write(true).open(path)?;
        let bytes = tail(path, from);
        let torn = bytes
            .iter()
            .rev()
            .take_while(|byte| **byte != b'\n')
            .count() as u64;
        if torn == 0 {
            return Ok(());
        }
        // Only for a moment: whoever opens the file to append to it waits for that long, and no longer.
        let (locked, locking) = Locked::exclusive(file);
        let length = from + bytes.len() as u64;
        if locking == Locking::Locked && locked.file().metadata()?.len() == length {
            locked.file().set_len(length - torn)?;
        }
        Ok(())
    };
    if let Err(error) = cut() {
        let what = format!("cannot take a torn line off {}: {error}", path.display());
        internal::trouble("recovery", what);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_line_is_taken_off_a_file_that_nobody_has_open() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("app.log");
        fs::write(&path, "before\nwhole\nto").unwrap();
        let appender = File::options().append(true).open(&path).unwrap();
        appender.lock_shared().unwrap();
        cut_torn_line(&path, 7);
        assert_eq!(fs::read_to_string(&path).unwrap(), "before\nwhole\nto");
        appender.unlock().unwrap();
        cut_torn_line(&path, 7);
        assert_eq!(fs::read_to_string(&path).unwrap(), "before\nwhole\n");
        // Nothing before the position is touched, and a whole line stays.
        cut_torn_line(&path, 7);
        cut_torn_line(&path, 13);
        assert_eq!(fs::read_to_string(&path).unwrap(), "before\nwhole\n");
    }
}
