//! Opening log files, saying well why one cannot be opened, and what there is to know about them.
//!
//! *Invariant:* nothing here waits for another process, as opening a pipe that nobody reads would, longer than the operating
//! system takes for a write.

use std::fs::{self, File, FileType, Metadata, OpenOptions};
use std::io::{self, IsTerminal, Read, Seek, SeekFrom};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::held::Identity;
use super::lock::{Locked, Locking};
use super::{FileSystem, Place, Status};
use crate::error::{ErrorKind, SinkError};
use crate::system::{above_standard_streams, wait_for_write};

/// The real files.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Disk;

impl FileSystem for Disk {
    type File = Locked;

    /// Holds a shared lock on the file from then on, and has looked after that whether the path still leads to it: so nobody
    /// has begun to compress or delete it.
    fn open(&mut self, path: &Path) -> Result<Locked, SinkError> {
        open_locked(path, &options())
    }

    fn open_like(&mut self, path: &Path, old: &Locked) -> Result<Locked, SinkError> {
        let new = open_locked(path, &options_like(old.file()))?;
        copy_mode_and_owner(old.file(), new.file());
        Ok(new)
    }

    fn was_open_elsewhere(&self, file: &Locked) -> bool {
        !file.was_alone()
    }

    fn ends_within_line(&mut self, path: &Path) -> bool {
        let is_file = fs::metadata(path).is_ok_and(|there| there.is_file());
        is_file && last_line_is_torn(path).unwrap_or(false)
    }

    fn position(&self, file: &Locked) -> Option<u64> {
        let mut file = file.file();
        file.stream_position().ok()
    }

    fn is_within_line(&self, path: &Path, file: &Locked, at: u64) -> bool {
        let look = || -> io::Result<bool> {
            let mut there = open_to_look(path)?;
            if identity(&there.metadata()?) != identity(&file.file().metadata()?) {
                return Ok(false);
            }
            is_line_open_at(&mut there, at)
        };
        look().unwrap_or(false)
    }

    fn now(&self) -> Instant {
        Instant::now()
    }

    fn seconds(&self) -> i64 {
        seconds(SystemTime::now())
    }

    fn status(&self, file: &Locked) -> Option<Status> {
        file.file().metadata().ok().map(|there| status(&there))
    }

    fn look(&self, path: &Path, status: &Status) -> Place {
        match fs::metadata(path) {
            Ok(there) if same(&there, status) => Place::Same,
            Ok(_) => Place::Elsewhere,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Place::Elsewhere,
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => Place::Elsewhere,
            Err(_) => Place::Unknown,
        }
    }

    fn sync(&mut self, file: &Locked) -> io::Result<()> {
        match file.file().sync_data() {
            // A device, such as `/dev/null`, has nothing to bring anywhere.
            Err(_) if file.file().metadata().is_ok_and(|there| !there.is_file()) => Ok(()),
            result => result,
        }
    }

    fn sync_name(&mut self, path: &Path) -> io::Result<()> {
        sync_directory_of(path)
    }
}

/// A directory that may not be read cannot be opened for it; then the name comes to the disk when the system sees fit.
#[cfg(unix)]
fn sync_directory_of(path: &Path) -> io::Result<()> {
    // A link stays where it is; it is the name of what it leads to that may be new.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let Some(Ok(directory)) = path.parent().map(File::open) else {
        return Ok(());
    };
    let directory = above_standard_streams(directory)?;
    match directory.sync_all() {
        // Not every file system knows this for directories.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
            ) || error.raw_os_error() == Some(libc::EBADF) =>
        {
            Ok(())
        }
        result => result,
    }
}

/// There a directory cannot be opened.
#[cfg(not(unix))]
fn sync_directory_of(_: &Path) -> io::Result<()> {
    Ok(())
}

/// How often a file is opened that is moved away while it is, or that somebody has locked: who opens it, too, or takes a torn
/// line off it, does so for a moment.
const OPEN_ATTEMPTS: u32 = 5;

fn open_locked(path: &Path, options: &OpenOptions) -> Result<Locked, SinkError> {
    let mut attempts = 0;
    loop {
        attempts += 1;
        let (file, locking) = Locked::shared(open(path, options)?);
        let status = Disk.status(&file);
        let is_the_one = status.is_none_or(|status| {
            !status.is_file
                || locking != Locking::Busy && Disk.look(path, &status) != Place::Elsewhere
        });
        // Somebody else's lock on the file is no reason not to write to it.
        if is_the_one || attempts == OPEN_ATTEMPTS {
            return Ok(file);
        }
        if locking == Locking::Busy {
            thread::sleep(Duration::from_millis(1 << attempts));
        }
    }
}

fn open(path: &Path, options: &OpenOptions) -> Result<File, SinkError> {
    if path.as_os_str().is_empty() {
        return Err(SinkError::new(
            ErrorKind::OpenFile,
            "cannot open a log file: its path is empty",
        ));
    }
    make_directory_of(path)?;
    // Looked at before it is opened, since opening a device may do something to it; and after, in case
    // it was exchanged in between.
    if let Ok(there) = fs::metadata(path) {
        refuse(path, there.file_type())?;
    }
    let mut options = options.clone();
    let file = options
        .append(true)
        .create(true)
        .open(path)
        .map_err(|error| open_error(path, error))?;
    if let Ok(opened) = file.metadata() {
        refuse(path, opened.file_type())?;
    }
    if file.is_terminal() {
        return Err(refusal(path, "it is a terminal; use the console output"));
    }
    above_standard_streams(file).map_err(|error| open_error(path, error))
}

/// Since the Unix epoch.
pub(super) fn seconds(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| {
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    })
}

fn status(there: &Metadata) -> Status {
    let (device, inode, links) = numbers(there);
    Status {
        is_file: there.is_file(),
        bytes: there.len(),
        links,
        device,
        inode,
        modified: there.modified().map_or(0, seconds),
        created: there.created().ok().map(seconds),
    }
}

/// Whether this is the file that was looked at.
pub(super) fn same(there: &Metadata, status: &Status) -> bool {
    identity(there) == status.identity()
}

/// Which file it is, among all that are there.
pub(crate) fn identity(there: &Metadata) -> Identity {
    let (device, inode, _) = numbers(there);
    (device, inode)
}

/// Whether a path leads to an open file; not through a link.
pub(super) fn is_at(path: &Path, file: &File) -> bool {
    let there = fs::symlink_metadata(path).and_then(|there| Ok((there, file.metadata()?)));
    there.is_ok_and(|(there, open)| same(&there, &status(&open)))
}

/// Device, inode, and the number of names.
#[cfg(unix)]
fn numbers(there: &Metadata) -> (u64, u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (there.dev(), there.ino(), there.nlink())
}

/// There a file that is open keeps its name.
#[cfg(not(unix))]
fn numbers(_: &Metadata) -> (u64, u64, u64) {
    (0, 0, 1)
}

/// Whether the file has been neither written to nor renamed for this time.
pub(super) fn has_been_left_alone(file: &File, span: Duration) -> bool {
    let span = i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
    let changed = file
        .metadata()
        .map_or(i64::MAX, |there| last_changed(&there));
    seconds(SystemTime::now()).saturating_sub(changed) >= span
}

#[cfg(unix)]
fn last_changed(there: &Metadata) -> i64 {
    use std::os::unix::fs::MetadataExt;
    there.ctime().max(there.mtime())
}

#[cfg(not(unix))]
fn last_changed(there: &Metadata) -> i64 {
    there.modified().map_or(i64::MAX, seconds)
}

/// Who may read a log stays the same when it is rotated or compressed. The owner can only be changed by the superuser, and
/// only matters then.
#[cfg(unix)]
pub(super) fn copy_mode_and_owner(from: &File, to: &File) {
    use std::os::unix::fs::{MetadataExt, fchown};

    let (Ok(from), Ok(there)) = (from.metadata(), to.metadata()) else {
        return;
    };
    if (from.uid(), from.gid()) != (there.uid(), there.gid()) {
        let _ = fchown(to, Some(from.uid()), Some(from.gid()));
    }
    // After the owner, which takes bits away. A file system without modes refuses.
    let _ = to.set_permissions(from.permissions());
}

#[cfg(not(unix))]
pub(super) fn copy_mode_and_owner(_: &File, _: &File) {}

/// Never waits for a pipe's other end, and never makes a terminal the process's own.
#[cfg(unix)]
fn options() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
    options
}

#[cfg(not(unix))]
fn options() -> OpenOptions {
    OpenOptions::new()
}

/// Nobody may read the new file, not even for a moment, who might not read the old one.
#[cfg(unix)]
fn options_like(old: &File) -> OpenOptions {
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
    let mut options = options();
    if let Ok(old) = old.metadata() {
        options.mode(old.mode() & 0o777);
    }
    options
}

#[cfg(not(unix))]
fn options_like(_: &File) -> OpenOptions {
    options()
}

fn make_directory_of(path: &Path) -> Result<(), SinkError> {
    let Some(directory) = path.parent().filter(|name| !name.as_os_str().is_empty()) else {
        return Ok(());
    };
    fs::create_dir_all(directory).map_err(|error| {
        let mut what = format!("cannot open {}: cannot make its directory", path.display());
        if let Some(obstacle) = obstacle(directory) {
            what.push_str(&obstacle);
        }
        SinkError::new(ErrorKind::OpenFile, what).because(error)
    })
}

/// What stands where a directory should be: the system's own words for it mislead.
fn obstacle(directory: &Path) -> Option<String> {
    let there = directory
        .ancestors()
        .find(|part| part.symlink_metadata().is_ok())?;
    if there.is_dir() {
        return None;
    }
    let link = link_target(there);
    Some(link.unwrap_or_else(|| format!(" ({} is not a directory)", there.display())))
}

fn open_error(path: &Path, error: io::Error) -> SinkError {
    let link = link_target(path).unwrap_or_default();
    let what = format!("cannot open {}{link}", path.display());
    SinkError::new(ErrorKind::OpenFile, what).because(error)
}

fn link_target(path: &Path) -> Option<String> {
    let target = fs::read_link(path).ok()?;
    let (path, target) = (path.display(), target.display());
    Some(format!(" ({path} is a symbolic link to {target})"))
}

/// A log that a reader could stall does not belong on the thread that writes the files.
fn refuse(path: &Path, there: FileType) -> Result<(), SinkError> {
    let reason = if there.is_dir() {
        "it is a directory; name a file in it"
    } else if is_pipe(there) {
        "it is a pipe or a socket, whose reader could stall all logs; use the console output"
    } else if is_block_device(there) {
        "it is a block device"
    } else {
        return Ok(());
    };
    Err(refusal(path, reason))
}

fn refusal(path: &Path, reason: &str) -> SinkError {
    SinkError::new(
        ErrorKind::OpenFile,
        format!("cannot open {}", path.display()),
    )
    .because(reason)
}

#[cfg(unix)]
fn is_pipe(there: FileType) -> bool {
    use std::os::unix::fs::FileTypeExt;
    there.is_fifo() || there.is_socket()
}

#[cfg(not(unix))]
fn is_pipe(_: FileType) -> bool {
    false
}

#[cfg(unix)]
fn is_block_device(there: FileType) -> bool {
    use std::os::unix::fs::FileTypeExt;
    there.is_block_device()
}

#[cfg(not(unix))]
fn is_block_device(_: FileType) -> bool {
    false
}

/// How often a last line without an end is looked at, for file systems where no write can be waited for.
const LOOKS: u32 = 10;
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// A line that another process is writing at this moment looks torn, too: readers see it grow page by page, and the kernel
/// may keep that process from going on for a while. So it is torn only if the file has not grown once writes were waited for.
fn last_line_is_torn(path: &Path) -> io::Result<bool> {
    let mut file = open_to_look(path)?;
    let Some(length) = length_within_line(&mut file)? else {
        return Ok(false);
    };
    for look in 1..LOOKS {
        if look > 1 {
            thread::sleep(BETWEEN_LOOKS);
        }
        if is_ended(&mut file, length)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whoever lets the file grow ends the line.
#[inline(never)] // The loop of looks is unrolled.
fn is_ended(file: &mut File, length: u64) -> io::Result<bool> {
    wait_for_write(file, length);
    Ok(length_within_line(file)? != Some(length))
}

fn open_to_look(path: &Path) -> io::Result<File> {
    let file = options().read(true).open(path)?;
    above_standard_streams(file)
}

/// The length of a file that ends without a line feed.
fn length_within_line(file: &mut File) -> io::Result<Option<u64>> {
    let length = file.metadata()?.len();
    Ok(is_line_open_at(file, length)?.then_some(length))
}

/// Whether there is a byte before this place, and it ends no line.
fn is_line_open_at(file: &mut File, at: u64) -> io::Result<bool> {
    let Some(before) = at.checked_sub(1) else {
        return Ok(false);
    };
    file.seek(SeekFrom::Start(before))?;
    let mut last = [0];
    // Somebody may have cut the file meanwhile.
    let is_there = file.read(&mut last)? == 1;
    Ok(is_there && last != *b"\n")
}
