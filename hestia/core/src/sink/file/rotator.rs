//! Rotation of one file: when it is due, moving it aside, and what becomes of the archives.
//!
//! The writer thread, as part of the file's sink; it renames, and deletes what is too much. Compressing is the
//! [`compressor`]'s, which nobody waits for.
//!
//! Of several processes that write to one file, the one that gets the directory's lock rotates, and looks under it whether
//! the path still leads to the file that it has open: if not, another one has rotated already, and is followed.
//!
//! *Invariant:* no file is ever replaced; what goes wrong leaves every archive, and the live file, as they were.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use chrono::{DateTime, Local, Utc};

use super::archive::{Archive, Family, State, Tag, by_age};
use super::held::is_held;
use super::lock::{self, Locked, Locking};
use super::period::{Periods, Zone};
use super::rotation::Rotation;
use super::{Status, compressor, disk};
use crate::clock::TimeZone;
use crate::error::{ErrorKind, SinkError};
use crate::record::batch::Batch;
use crate::sync::lock_unless_stuck;
use crate::system::{self, above_standard_streams};

/// How long the file goes on when another process rotates a file of the directory at this moment.
pub(super) const BUSY_PAUSE: Duration = Duration::from_millis(5);

/// Whoever holds the directory's lock for longer than this does not rotate, but hangs, or was forked in the middle of it.
/// Two who rotate at once do no harm: an archive is short.
const LOCK_LIMIT: Duration = Duration::from_secs(10);

/// How often a name is chosen where others may rotate at the same time, since there are no locks.
const WITHOUT_LOCKS: u32 = 20;
/// A clock that was set back by less than this only makes a period longer.
const CLOCK_SLACK_SECONDS: i64 = 60;

/// How many archives are deleted at most at one time, so that the writer is not held up: those of years, after a limit was
/// set for the first time, go by and by.
const DELETED_AT_ONCE: usize = 256;

/// When one file is due, and what becomes of it.
#[derive(Debug)]
pub(super) struct Rotator {
    rotation: Rotation,
    periods: Option<Periods>,
    /// When the period began that the file belongs to; unknown as long as it is empty.
    period: Option<i64>,
    /// Up to when no record can belong to a later one.
    same_until: i64,
    /// When the file began, for its name, where no period says so.
    began: i64,
    pause_until: Option<Instant>,
    busy_since: Option<Instant>,
    has_started: bool,
}

/// How moving a file aside ended.
#[derive(Debug)]
pub(super) enum Moved {
    /// Another process rotates a file of this directory at this moment.
    Busy,
    /// The path does not lead to the file any more.
    Elsewhere,
    Aside(Box<Aside>),
}

/// A file that has just become an archive.
#[derive(Debug)]
pub(super) struct Aside {
    family: Family,
    directory: PathBuf,
    from: PathBuf,
    name: OsString,
    others: Vec<Archive>,
    /// Held until the live file is there again.
    lock: Option<Locked>,
}

impl Aside {
    /// There can be no new file. If another process has made one meanwhile, it is found at the next look.
    pub(super) fn put_back(self) {
        let _ = rename_new(&self.directory.join(&self.name), &self.from);
    }
}

impl Rotator {
    pub(super) fn new(rotation: Rotation) -> Self {
        Rotator {
            periods: Periods::of(&rotation),
            rotation,
            period: None,
            same_until: i64::MIN,
            began: 0,
            pause_until: None,
            busy_since: None,
            has_started: false,
        }
    }

    /// For a file that was open before, by other rules or by none.
    pub(super) fn follow(&mut self, before: Option<&Rotator>) {
        // Without rules, too, the start of the program is over.
        self.has_started = before.is_none_or(|before| before.has_started);
        self.pause_until = before.and_then(|before| before.pause_until);
        self.busy_since = before.and_then(|before| before.busy_since);
    }

    /// Whether this is the first time that the file is open.
    pub(super) fn starts(&mut self) -> bool {
        !std::mem::replace(&mut self.has_started, true)
    }

    /// Whether a file that was there before the program is to be rotated now. Not in a forked child, which begins in the
    /// middle of a program.
    pub(super) fn rotates_on_start(&self, path: &Path) -> bool {
        static STARTED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
        let Some(mut started) = lock_unless_stuck(&STARTED) else {
            return false;
        };
        let is_first = !started.iter().any(|known| known == path);
        if is_first {
            started.push(path.to_owned());
        }
        let has_lines = fs::metadata(path).is_ok_and(|there| there.is_file() && there.len() > 0);
        self.rotation.on_start && is_first && has_lines
    }

    /// A file was opened. What is in it belongs to the period in which it was last written to, whichever process did, in
    /// whichever run of the program.
    pub(super) fn opened(&mut self, status: &Status) {
        self.period = match status.bytes {
            0 => None,
            _ => Some(self.start_of_period(status.modified)),
        };
        self.same_until = i64::MIN;
        let created = status.created.filter(|created| *created > 0);
        self.began = created
            .unwrap_or(status.modified)
            .min(status.modified.max(0));
    }

    /// What the clock shows now, in seconds. It may have been set back, far behind the period of the file: then the period
    /// goes back with it, or nothing would be rotated until the clock is there again.
    pub(super) fn clock_shows(&mut self, seconds: i64) {
        let is_ahead = |period: i64| period > seconds.saturating_add(CLOCK_SLACK_SECONDS);
        if self.period.is_some_and(is_ahead) {
            self.period = Some(self.start_of_period(seconds));
            self.same_until = i64::MIN;
        }
    }

    /// Leaves the file alone until then.
    pub(super) fn pause(&mut self, until: Instant) {
        self.pause_until = Some(until);
    }

    /// How many bytes of the batch go into the file, in which so many are; 0 when it is to be rotated first. A record
    /// that is older than others that are written already goes where those went.
    pub(super) fn room(&mut self, batch: &Batch, there: u64, now: Instant) -> usize {
        let all = batch.bytes().len();
        if self.pause_until.is_some_and(|until| now < until) {
            return all;
        }
        self.pause_until = None;
        let first = batch.lines().next();
        let first = first.map_or(0, |(_, info)| info.timestamp_nanos.div_euclid(NANOS));
        let Some(before) = self.within_period(first, there == 0) else {
            return 0;
        };
        let limit = self
            .rotation
            .live_bytes()
            .map_or(u64::MAX, |size| size.saturating_sub(there));
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        match batch.end_within(limit, before.saturating_mul(NANOS)) {
            // Larger than a file may be: it gets one of its own.
            0 if there == 0 => batch.end_of_lines(0, 0),
            room => room,
        }
    }

    /// Up to when records belong to the same period as one of this second; `None` when that one begins a period.
    fn within_period(&mut self, at: i64, is_empty: bool) -> Option<i64> {
        let Some(periods) = self.periods else {
            return Some(i64::MAX);
        };
        if at >= self.same_until || is_empty {
            let start = self.start_of_period(at);
            if !is_empty && self.period.is_some_and(|period| start > period) {
                return None;
            }
            self.period = self.period.max(Some(start));
            self.same_until = periods.same_until(self.zone(), at);
        }
        Some(self.same_until)
    }

    fn start_of_period(&self, at: i64) -> i64 {
        self.periods
            .map_or(at, |periods| periods.start(self.zone(), at))
    }

    fn zone(&self) -> &'static dyn Zone {
        match self.rotation.zone {
            TimeZone::Local => &Local,
            TimeZone::Utc => &Utc,
        }
    }

    /// What an archive that is made now is called after.
    fn tag(&self) -> Tag {
        let at = match self.periods {
            Some(_) => self.period.unwrap_or(self.began),
            None => self.began,
        };
        let local =
            |at| DateTime::from_timestamp(at, 0).map(|utc| *utc.with_timezone(&Local).offset());
        Tag::time(
            at,
            match self.rotation.zone {
                TimeZone::Local => local(at),
                TimeZone::Utc => None,
            },
        )
    }

    /// Renames the file of this status, which the path leads to, to the name of the next archive. The caller makes a new one,
    /// and then has this finish; or puts it back.
    pub(super) fn move_aside(
        &mut self,
        path: &Path,
        status: &Status,
        now: Instant,
    ) -> Result<Moved, SinkError> {
        let failed = |error| SinkError::file(ErrorKind::RotateFile, "rotate", path, error);
        // A link stays, and the file that it leads to is rotated.
        let from = match fs::canonicalize(path) {
            Ok(from) => from,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Moved::Elsewhere),
            Err(error) => return Err(failed(error)),
        };
        let Some((directory, family)) = place(&from, &self.rotation) else {
            return Ok(Moved::Elsewhere);
        };
        let (lock, locking) = lock::directory(&directory);
        if locking == Locking::Busy && !self.has_waited_for_lock(now) {
            return Ok(Moved::Busy);
        }
        self.busy_since = None;
        let attempts = match locking {
            Locking::Unsupported => WITHOUT_LOCKS,
            _ => 1,
        };
        let is_there = || fs::metadata(&from).is_ok_and(|there| disk::same(&there, status));
        for attempt in 1..=attempts {
            if !is_there() {
                break;
            }
            let others = list(&directory, &family).map_err(failed)?;
            let Some((_, name)) = family.next(self.tag(), &others) else {
                return Err(failed(io::Error::other(
                    "there is no free number for another archive; move the old ones away",
                )));
            };
            match rename_new(&from, &directory.join(&name)) {
                Ok(()) => {
                    return Ok(Moved::Aside(Box::new(Aside {
                        family,
                        directory,
                        from,
                        name,
                        others,
                        lock,
                    })));
                }
                // Another process came between, and has taken the name, or the file.
                Err(error) if attempt < attempts && is_taken(&error) => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Ok(Moved::Elsewhere)
    }

    fn has_waited_for_lock(&mut self, now: Instant) -> bool {
        now >= *self.busy_since.get_or_insert(now) + LOCK_LIMIT
    }

    /// The new file is there: points the link at the archive, deletes what is too much, and has the rest compressed.
    pub(super) fn finish(&mut self, moved: Aside, seconds: i64) -> Result<(), SinkError> {
        let Aside {
            family,
            directory,
            name,
            mut others,
            lock,
            ..
        } = moved;
        self.began = seconds;
        let linked = match &self.rotation.link {
            Some(link) => point(&directory, link, &name)
                .map_err(|error| rotation_error("make the link", &directory.join(link), error)),
            None => Ok(()),
        };
        // Nobody has to wait for what follows, and two may do it at once.
        drop(lock);
        others.extend(family.parse(&name));
        let deleted = self.delete_old(&directory, others, seconds);
        self.compress(directory, family);
        linked.and(deleted)
    }

    /// What is done at the start: limits may have changed since, and a process may have ended before its work was done.
    pub(super) fn tidy(&mut self, path: &Path, seconds: i64) -> Result<(), SinkError> {
        let rotation = &self.rotation;
        if !rotation.limits_archives() && rotation.compress.is_none() {
            return Ok(());
        }
        let Ok(Some((directory, family))) =
            fs::canonicalize(path).map(|path| place(&path, rotation))
        else {
            return Ok(());
        };
        let deleted = list(&directory, &family)
            .map_err(|error| rotation_error("look for archives in", &directory, error))
            .and_then(|archives| self.delete_old(&directory, archives, seconds));
        self.compress(directory, family);
        deleted
    }

    fn compress(&self, directory: PathBuf, family: Family) {
        if let Some(compression) = self.rotation.compress {
            compressor::submit(compressor::Job {
                directory,
                family,
                compression,
                link: self.rotation.link.clone(),
            });
        }
    }

    /// Deletes the oldest archives, as far as the limits say so. One that somebody still writes to, or compresses, stays
    /// until the next time, and so does one that is held.
    fn delete_old(
        &self,
        directory: &Path,
        archives: Vec<Archive>,
        seconds: i64,
    ) -> Result<(), SinkError> {
        // A look at each of a thousand archives, at every rotation, is not for nothing.
        if !self.rotation.limits_archives() {
            return Ok(());
        }
        let archives = by_age(archives);
        let surplus = too_many(&self.rotation, directory, &archives, seconds);
        let oldest_first = surplus.chunk_by(|one, next| one.tag == next.tag).rev();
        let mut result = Ok(());
        for archive in oldest_first.take(DELETED_AT_ONCE).flatten() {
            let path = directory.join(&archive.name);
            match (delete(&path), &self.rotation.link) {
                (Err(error), _) => result = Err(rotation_error("delete", &path, error)),
                (Ok(Deleted::Gone), Some(link)) => forget(directory, link, &archive.name),
                (Ok(_), _) => {}
            }
        }
        result
    }
}

const NANOS: i64 = 1_000_000_000;

fn rotation_error(does: &str, path: &Path, error: io::Error) -> SinkError {
    SinkError::file(ErrorKind::RotateFile, does, path, error)
}

/// Where the archives of a file are, and how they are called.
fn place(path: &Path, rotation: &Rotation) -> Option<(PathBuf, Family)> {
    let family = Family::of(path, rotation.names)?;
    Some((path.parent()?.to_owned(), family))
}

/// Everything in the directory that has the name of an archive, whatever it is.
pub(super) fn list(directory: &Path, family: &Family) -> io::Result<Vec<Archive>> {
    let mut archives = Vec::new();
    for entry in fs::read_dir(directory)? {
        archives.extend(family.parse(&entry?.file_name()));
    }
    Ok(archives)
}

/// The files of those archives that the limits leave no room for, the youngest archive first. They come the other way round.
fn too_many<'a>(
    rotation: &Rotation,
    directory: &Path,
    archives: &'a [Archive],
    seconds: i64,
) -> Vec<&'a Archive> {
    let live = rotation.live_bytes().unwrap_or(0);
    let total = rotation
        .max_total_bytes
        .map_or(u64::MAX, |total| total.saturating_sub(live));
    let oldest = rotation.max_age.map_or(i64::MIN, |age| {
        seconds.saturating_sub_unsigned(age.as_secs())
    });
    let (mut count, mut bytes, mut surplus) = (0, 0_u64, Vec::new());
    // An archive that was being compressed when its process ended may be there twice.
    for files in archives.chunk_by(|one, next| one.tag == next.tag).rev() {
        let kept = surplus.len();
        let mut modified = 0;
        for file in files.iter().filter(|file| file.state != State::Partial) {
            let there = fs::symlink_metadata(directory.join(&file.name));
            if let Some(there) = there.ok().filter(fs::Metadata::is_file) {
                bytes = bytes.saturating_add(there.len());
                modified = modified.max(there.modified().map_or(0, disk::seconds));
                surplus.push(file);
            }
        }
        if surplus.len() == kept {
            continue;
        }
        count += 1;
        if rotation.keep.is_none_or(|keep| count <= keep) && bytes <= total && modified >= oldest {
            surplus.truncate(kept);
        }
    }
    surplus
}

/// What became of an archive that is too much.
enum Deleted {
    Gone,
    /// Until the next time.
    Stays,
}

/// Deletes an archive, unless some process has it open for writing or reading as ours do, or it is held.
fn delete(path: &Path) -> io::Result<Deleted> {
    let lock = fs::File::options().append(true).open(path);
    let lock = lock.and_then(above_standard_streams);
    // One that cannot be opened, since its mode was changed, cannot be open in another process of ours for long.
    let lock = lock.map(Locked::exclusive);
    let is_there = fs::symlink_metadata(path);
    if matches!(lock, Ok((_, Locking::Busy)))
        || is_there.is_ok_and(|there| is_held(disk::identity(&there)))
    {
        return Ok(Deleted::Stays);
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(Deleted::Gone),
    }
}

fn is_taken(error: &io::Error) -> bool {
    [io::ErrorKind::AlreadyExists, io::ErrorKind::NotFound].contains(&error.kind())
}

/// Renames a file to a name that nobody has.
pub(super) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match system::rename_new(from, to) {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => rename_if_free(from, to),
        result => result,
    }
}

/// Under the directory's lock, so that only somebody who does not know of it could come between.
fn rename_if_free(from: &Path, to: &Path) -> io::Result<()> {
    if fs::symlink_metadata(to).is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    fs::rename(from, to)
}

/// Points a symbolic link at a file beside it. What is no such link is not replaced.
#[cfg(unix)]
fn point(directory: &Path, link: &str, target: &std::ffi::OsStr) -> io::Result<()> {
    let path = directory.join(link);
    if fs::symlink_metadata(&path).is_ok_and(|there| !there.is_symlink()) {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let new = directory.join(format!(".{link}.new"));
    // Left by a process that was killed.
    let _ = fs::remove_file(&new);
    std::os::unix::fs::symlink(target, &new)?;
    fs::rename(&new, &path)
}

#[cfg(not(unix))]
fn point(_: &Path, _: &str, _: &std::ffi::OsStr) -> io::Result<()> {
    Ok(())
}

/// Has the link lead to an archive's new name, if it leads to the old one.
pub(super) fn point_anew(
    directory: &Path,
    link: &str,
    from: &std::ffi::OsStr,
    to: &std::ffi::OsStr,
) -> io::Result<()> {
    match fs::read_link(directory.join(link)) {
        Ok(target) if target.as_os_str() == from => point(directory, link, to),
        _ => Ok(()),
    }
}

/// Removes the link if it leads to an archive that is gone.
fn forget(directory: &Path, link: &str, gone: &std::ffi::OsStr) {
    let path = directory.join(link);
    if fs::read_link(&path).is_ok_and(|target| target.as_os_str() == gone) {
        let _ = fs::remove_file(path);
    }
}
