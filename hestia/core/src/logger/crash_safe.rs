//! Rings that outlive their process: where their file is, what is done at the start with those that others left, and
//! [`recover`], for whoever wants to look at one by hand.
//!
//! *Invariant:* a file is only touched by the process that holds its lock, which its owner does as long as it lives; and
//! only removed when all that it had is written. But for one word, that there are others: each process has its own file
//! before it looks for those of others, and says it in both before it opens any log file. So of two that may write to one log
//! file at least one has seen the other, however short it lives, and whoever recovers either knows it.

mod written;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::own_file::OwnFile;
use super::pipeline;
use super::settings::{CrashSafe, Settings};
use crate::error::{ErrorKind, InitError, RecoverError, chain};
use crate::internal;
use crate::queue::mapping::format::{AT_MAGIC, AT_OTHERS, AT_VERSION, MAGIC, VERSION};
use crate::queue::mapping::{Mapping, UNFINISHED, user};
use crate::queue::snapshot::{Snapshot, Unreadable};
use crate::record::Record;
use crate::record::description::{Descriptions, SITE};
use crate::sink::file::disk::identity;
use crate::sink::file::held;
use crate::system::lock_as_process;
use crate::writer::recovery::{Left, for_each};
use crate::writer::{Writer, journal};

use written::{lines_since, shared_files};

/// Memory that looks like a directory, where there is one; otherwise the files are kept beside the logs.
const MEMORY: &str = "/dev/shm";
/// Far longer than it takes to make a file.
const MAKING: Duration = Duration::from_secs(60);
const PREFIX: &str = "hestia-";
const SUFFIX: &str = ".rings";

/// The file of this process; none when the settings do not ask for it.
///
/// # Errors
/// When it cannot be made, with where and why.
pub(super) fn open(
    settings: &Settings,
    parent: Option<&Mapping>,
) -> Result<Option<Arc<Mapping>>, InitError> {
    let Some(directory) = directory(settings) else {
        return Ok(None);
    };
    let failed = |error: io::Error| {
        let what = format!("cannot make crash-safe rings in {}", directory.display());
        InitError::new(ErrorKind::OpenFile, what).because(error)
    };
    fs::create_dir_all(&directory).map_err(failed)?;
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let name = format!(
        "{}{}-{}{SUFFIX}",
        stem(settings),
        std::process::id(),
        since.unwrap_or_default().as_nanos()
    );
    let bytes = settings.queue_bytes.value;
    // Rings take whole pages, with what stands before them; a small one so takes four times its size. Only what is used is there.
    let mapping = Mapping::create(directory.join(name), bytes.saturating_mul(4)).map_err(failed)?;
    if let Some(parent) = parent {
        mapping.inherit(parent, SITE);
    }
    Ok(Some(mapping))
}

fn directory(settings: &Settings) -> Option<PathBuf> {
    match &settings.crash_safe.value {
        CrashSafe::Off => None,
        CrashSafe::In(directory) => Some(directory.clone()),
        CrashSafe::On if Path::new(MEMORY).is_dir() => Some(PathBuf::from(MEMORY)),
        CrashSafe::On => Some(settings.logs_dir.value.clone()),
    }
}

/// What the names of the files of programs with these outputs begin with.
fn stem(settings: &Settings) -> String {
    let mut key = Fnv::new();
    key.add(&user().to_ne_bytes());
    key.add(settings.facts.application.as_bytes());
    for path in settings.file_paths() {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        key.add(path.as_os_str().as_bytes());
    }
    format!("{PREFIX}{:016x}-", key.0)
}

/// The hash that any build computes alike: FNV-1a, 64 bits (Fowler, Noll and Vo; <http://www.isthe.com/chongo/tech/comp/fnv/>).
struct Fnv(u64);

impl Fnv {
    fn new() -> Self {
        Fnv(0xcbf2_9ce4_8422_2325)
    }

    fn add(&mut self, bytes: &[u8]) {
        // A length in front, so that no two lists of texts look alike.
        for byte in (bytes.len() as u64).to_le_bytes().iter().chain(bytes) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

/// What a process that was killed left: the file, locked, and what is in it.
pub(super) struct Found {
    path: PathBuf,
    /// Locked as long as it is open.
    file: File,
    snapshot: Snapshot,
}

/// What is done with that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leftovers {
    Recover,
    Leave,
}

/// What processes with the same outputs left when they were killed, oldest first. `own` is this one's. Where any of them lives,
/// or somebody is at what it left, both are told that there are others.
pub(super) fn find(settings: &Settings, own: Option<&Mapping>, leftovers: Leftovers) -> Vec<Found> {
    let Some(directory) = directory(settings) else {
        return Vec::new();
    };
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let stem = stem(settings);
    let mut paths = Vec::new();
    // As for archives, no sort.
    let mut by_age = BinaryHeap::new();
    for entry in entries {
        let Ok(entry) = entry else { continue };
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !name.starts_with(&stem) {
            continue;
        }
        let Ok(made) = entry.metadata().and_then(|status| status.modified()) else {
            continue;
        };
        let path = entry.path();
        if own.is_some_and(|own| own.path() == path) {
            continue;
        }
        remove_unfinished(&path, made);
        if name.ends_with(SUFFIX) {
            by_age.push(Reverse((made, paths.len())));
            paths.push(path);
        }
    }
    let mut all = Vec::new();
    while let Some(Reverse((_, place))) = by_age.pop() {
        let path = &paths[place];
        match found(path, own, leftovers) {
            Ok(found) => all.extend(found),
            // Whoever was at it has recovered and removed it meanwhile, and has found this one's.
            Err(_) if !path.exists() => {}
            Err(error) => internal::trouble("recovery", chain(&error)),
        }
    }
    all
}

/// Removes a file that was never finished: its process was killed while it made it, a while ago.
fn remove_unfinished(path: &Path, made: SystemTime) {
    let is_unfinished = path.extension().is_some_and(|end| end == UNFINISHED);
    let is_old = made.elapsed().is_ok_and(|age| age > MAKING);
    if is_unfinished
        && is_old
        && let Ok(file) = open_left(path)
        && lock_left(&file)
    {
        remove(path);
    }
}

/// `None` when its owner lives, or somebody else is at it.
fn found(
    path: &Path,
    own: Option<&Mapping>,
    leftovers: Leftovers,
) -> Result<Option<Found>, RecoverError> {
    let file = open_left(path)?;
    if leftovers == Leftovers::Leave || !lock_left(&file) {
        say_others(path, &file);
        if let Some(own) = own {
            own.say_others();
        }
        return Ok(None);
    }
    let snapshot = read(path, &file)?;
    Ok(Some(Found {
        path: path.to_owned(),
        file,
        snapshot,
    }))
}

/// Says in another process's file that lines of this one may come behind what that one has written.
fn say_others(path: &Path, file: &File) {
    // Another version may have anything there.
    let is_ours = word(file, AT_MAGIC) == Some(MAGIC) && word(file, AT_VERSION) == Some(VERSION);
    if is_ours && let Err(error) = file.write_all_at(&1_u64.to_ne_bytes(), AT_OTHERS as u64) {
        let what = format!("cannot write to {}: {error}", path.display());
        internal::trouble("recovery", what);
    }
}

/// A word of its header.
fn word(file: &File, at: usize) -> Option<u64> {
    let mut word = [0; 8];
    file.read_exact_at(&mut word, at as u64).ok()?;
    Some(u64::from_ne_bytes(word))
}

/// Looks at what is in the files already. Before the outputs are opened: what a kill cut off in the middle of a line is
/// taken off files that nobody has open.
pub(super) fn look<'f>(found: &'f [Found], settings: &Settings) -> Vec<Left<'f>> {
    if !found.is_empty() {
        held::begin_recovery();
    }
    let (mut all, mut shared) = (Vec::new(), Vec::new());
    for Found { snapshot, .. } in found {
        let descriptions = Descriptions::read(snapshot.entries(), snapshot.on_shelves());
        shared.extend(shared_files(snapshot, &descriptions));
        all.push(Left {
            there: Vec::new(),
            // Who was killed while it wrote that down has left rings of its own.
            may_be_tried: found.len() > 1,
            snapshot,
            descriptions,
        });
    }
    // After all of them: who came first does not know of the other one before it writes; that one does.
    for (left, found) in all.iter_mut().zip(found) {
        let has_others = || word(&found.file, AT_OTHERS) != Some(0);
        left.there = lines_since(
            left.snapshot,
            &left.descriptions,
            settings,
            &shared,
            &has_others,
        );
    }
    all
}

/// Writes what was found into the files. Where one of them cannot be written to now, the next start tries it again.
pub(super) fn recover_all(
    found: &[Found],
    left: &[Left<'_>],
    settings: &Settings,
    writer: &mut Writer,
) {
    // The file that the process had, whatever directory the environment names today.
    let open_own = |path: &[u8], number| {
        let path = PathBuf::from(OsStr::from_bytes(path));
        let file = OwnFile {
            said: path.clone(),
            path,
            number,
        };
        let (_, route) = settings.open_own_file(&file, &settings.directives.value, settings);
        route
    };
    for (found, left) in found.iter().zip(left) {
        if writer.recover(left, open_own) {
            remove(&found.path);
        } else {
            // Lines of this process come behind what it could write of it.
            say_others(&found.path, &found.file);
        }
    }
    // Not before: until then, whoever recovers the same once more compares it with the archives as they are.
    if !found.is_empty() {
        writer.end_recovery();
    }
    held::end_recovery();
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path) {
        let what = format!("cannot remove {}: {error}", path.display());
        internal::trouble("recovery", what);
    }
}

/// Opens a file that a process left, or that lives. Only a plain file of the user's own is believed. Not for this process's:
/// to open it and close it again would give its lock away, since such locks belong to the process.
fn open_left(path: &Path) -> Result<File, RecoverError> {
    let opened = File::options()
        .read(true)
        .write(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path);
    let file = opened.map_err(|error| RecoverError::of("open", path, error))?;
    let status = file
        .metadata()
        .map_err(|error| RecoverError::of("look at", path, error))?;
    let is_own = status.uid() == user();
    if !status.is_file() || !is_own || status.mode() & 0o077 != 0 {
        let what = format!(
            "{} is no file of crash-safe rings that only this user can write; remove it if it is none of yours",
            path.display()
        );
        return Err(RecoverError::new(ErrorKind::OpenFile, what));
    }
    Ok(file)
}

/// `false` when the process lives.
fn lock_left(file: &File) -> bool {
    // Another process may have recovered and removed it in between.
    lock_as_process(file).is_ok() && file.metadata().is_ok_and(|status| status.nlink() > 0)
}

fn is_own(path: &Path) -> bool {
    let identity = |path: &Path| fs::metadata(path).map(|status| identity(&status)).ok();
    let own = pipeline::running().and_then(|pipeline| pipeline.queue().mapping());
    own.is_some_and(|own| {
        let own = identity(own.path());
        own.is_some() && own == identity(path)
    })
}

fn read(path: &Path, file: &File) -> Result<Snapshot, RecoverError> {
    let length = file
        .metadata()
        .map_err(|error| RecoverError::of("look at", path, error))?
        .len();
    let mut read_at = |offset: u64, count: usize| {
        // Before memory is taken for it.
        let end = offset.checked_add(count as u64)?;
        if end > length {
            return None;
        }
        let mut bytes = vec![0; count];
        file.read_exact_at(&mut bytes, offset).ok()?;
        Some(bytes)
    };
    Snapshot::read(length, &mut read_at, journal::taken).map_err(|reason| {
        let path = path.display();
        match reason {
            Unreadable::NotOurs => {
                RecoverError::new(ErrorKind::OpenFile, format!("{path} holds no crash-safe rings"))
            }
            Unreadable::OtherVersion(version) => RecoverError::new(
                ErrorKind::InvalidSetting,
                format!("{path} was written by another version of hestia (format {version}); start a program with that version to recover it"),
            ),
            Unreadable::OtherMachine => RecoverError::new(
                ErrorKind::InvalidSetting,
                format!("{path} was written on a machine of another kind"),
            ),
        }
    })
}

/// Reads the records that a killed process left in a file of crash-safe rings, in their order, without writing them
/// anywhere and without changing the file. Returns how many there were, and how many of them could not be read.
///
/// A program that is started again with the same outputs does this by itself, and writes the records to its files; see
/// [`Builder::crash_safe`](crate::Builder::crash_safe). This is for looking at a file by hand, on the same kind of machine.
/// Records of the last round may be in the log files already.
///
/// # Errors
/// When the file cannot be opened, is another user's, is in use by a living process, or was written by another version of
/// hestia or on another kind of machine.
///
/// # Example
/// ```no_run
/// let recovered = hestia::recover("/dev/shm/hestia-0123456789abcdef-4242-1.rings", |record| {
///     println!("{:?} {} {}", record.timestamp(), record.level(), record.message());
/// })?;
/// println!("{} records, {} unreadable", recovered.records, recovered.unreadable);
/// # Ok::<(), hestia::RecoverError>(())
/// ```
pub fn recover(
    path: impl AsRef<Path>,
    mut take: impl FnMut(&Record<'_>),
) -> Result<Recovered, RecoverError> {
    let path = path.as_ref();
    let in_use = || {
        let what = format!("{} is in use by a living process", path.display());
        RecoverError::new(ErrorKind::AlreadyRunning, what)
    };
    if is_own(path) {
        return Err(in_use());
    }
    let file = open_left(path)?;
    if !lock_left(&file) {
        return Err(in_use());
    }
    let snapshot = read(path, &file)?;
    let descriptions = Descriptions::read(snapshot.entries(), snapshot.on_shelves());
    let mut records = 0;
    let unreadable = for_each(&snapshot, &descriptions, |_, record| {
        records += 1;
        take(record);
    });
    Ok(Recovered {
        records,
        unreadable,
    })
}

/// What [`recover`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recovered {
    /// Records that were read.
    pub records: u64,
    /// Records of which nothing is left but that they were there.
    pub unreadable: u64,
}
