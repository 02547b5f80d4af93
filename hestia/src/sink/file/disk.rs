//! Opening log files, and saying well why one cannot be opened.
//!
//! *Invariant:* nothing here waits for another process, as opening a pipe that nobody reads would.

use std::fs::{self, File, FileType, OpenOptions};
use std::io::{self, IsTerminal, Read, Seek, SeekFrom};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::FileSystem;
use crate::descriptor::above_standard_streams;
use crate::error::{ErrorKind, SinkError};

/// The real files.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Disk;

impl FileSystem for Disk {
    type File = File;

    fn open(&mut self, path: &Path) -> Result<File, SinkError> {
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
        let file = options()
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

    fn ends_within_line(&mut self, path: &Path) -> bool {
        let is_file = fs::metadata(path).is_ok_and(|there| there.is_file());
        is_file && last_line_is_torn(path).unwrap_or(false)
    }

    fn now(&self) -> Instant {
        Instant::now()
    }
}

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

/// A line that another process is writing at this moment looks torn, too: readers see it grow page by page,
/// and the kernel may keep that process from going on for a while.
const LOOKS: u32 = 10;
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

fn last_line_is_torn(path: &Path) -> io::Result<bool> {
    for _ in 1..LOOKS {
        if !ends_without_line_feed(path)? {
            return Ok(false);
        }
        thread::sleep(BETWEEN_LOOKS);
    }
    ends_without_line_feed(path)
}

fn ends_without_line_feed(path: &Path) -> io::Result<bool> {
    let mut file = options().read(true).open(path)?;
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}
