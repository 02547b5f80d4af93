//! What the standard library has no form of: calls of the system about files and descriptors.

#![allow(unsafe_code, reason = "calls that take descriptors, numbers and names")]

use std::fs::File;
use std::io;
#[cfg(unix)]
use std::os::fd::AsRawFd;
use std::path::Path;

/// The same file under a number above two. A program that closed a standard stream would print into a log
/// otherwise: the system gives the lowest free number, and cloning a file takes one above the three.
///
/// # Errors
/// When the process may have no more descriptors.
#[cfg(unix)]
pub(crate) fn above_standard_streams(file: File) -> io::Result<File> {
    if file.as_raw_fd() > 2 {
        Ok(file)
    } else {
        file.try_clone()
    }
}

#[cfg(not(unix))]
pub(crate) fn above_standard_streams(file: File) -> io::Result<File> {
    Ok(file)
}

/// Writes to whatever the program has under this number now, past the locks and buffers of the standard library's streams.
///
/// # Errors
/// What the system says, also that there is no such descriptor.
#[cfg(unix)]
pub(crate) fn write(descriptor: std::os::fd::RawFd, bytes: &[u8]) -> io::Result<usize> {
    // SAFETY: reads as many bytes as are borrowed; the system finds out whether there is such a descriptor.
    let count = unsafe { libc::write(descriptor, bytes.as_ptr().cast(), bytes.len()) };
    usize::try_from(count).map_err(|_| io::Error::last_os_error())
}

/// Waits until no write to the file is half done. Looking for a hole takes the lock that writes take, in ext4, btrfs, tmpfs and
/// overlayfs; XFS has reads take it. Elsewhere it may do nothing.
#[cfg(all(target_os = "linux", not(hestia_portable)))]
pub(crate) fn wait_for_write(file: &File, length: u64) {
    if let Ok(last) = libc::off_t::try_from(length - 1) {
        // SAFETY: the descriptor is open as long as the file is borrowed; nothing but its position may change.
        let _ = unsafe { libc::lseek(file.as_raw_fd(), last, libc::SEEK_HOLE) };
    }
}

#[cfg(not(all(target_os = "linux", not(hestia_portable))))]
pub(crate) fn wait_for_write(_: &File, _: u64) {}

/// Renames a file to a name that nobody has.
///
/// # Errors
/// `AlreadyExists`; `Unsupported` where the system or the file system has nothing for it; what else the system says.
#[cfg(all(target_os = "linux", not(hestia_portable)))]
pub(crate) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    use std::ffi::CString;
    use std::os::unix::ffi::OsStrExt;

    let name = |path: &Path| CString::new(path.as_os_str().as_bytes());
    let (from, to) = (name(from)?, name(to)?);
    // SAFETY: reads the two names, which end in a zero byte and live until it returns. (By number: not every C library has it.)
    let result = unsafe {
        libc::syscall(
            libc::SYS_renameat2,
            libc::AT_FDCWD,
            from.as_ptr(),
            libc::AT_FDCWD,
            to.as_ptr(),
            libc::RENAME_NOREPLACE,
        )
    };
    if result == 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    Err(match error.raw_os_error() {
        Some(libc::EINVAL | libc::ENOSYS | libc::EOPNOTSUPP) => io::ErrorKind::Unsupported.into(),
        _ => error,
    })
}

#[cfg(not(all(target_os = "linux", not(hestia_portable))))]
pub(crate) fn rename_new(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Locks the file for this process, for as long as it lives and has the file open. Unlike the locks of the standard library, it
/// is not shared with children.
///
/// # Errors
/// Another process has it locked, or there are no locks here.
#[cfg(unix)]
pub(crate) fn lock_as_process(file: &File) -> io::Result<()> {
    // SAFETY: numbers, for which zeros are good: from the beginning, as far as there is anything.
    let mut whole: libc::flock = unsafe { std::mem::zeroed() };
    whole.l_type = libc::F_WRLCK as libc::c_short;
    whole.l_whence = libc::SEEK_SET as libc::c_short;
    // SAFETY: the descriptor is open as long as the file is borrowed, and the lock is read until the call returns.
    match unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETLK, &raw const whole) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Has the file system set blocks aside for bytes that nobody uses yet.
///
/// # Errors
/// `Unsupported` where the system or the file system has nothing for it; what else the system says.
#[cfg(target_os = "linux")]
pub(crate) fn allocate(file: &File, offset: usize, length: usize) -> io::Result<()> {
    let number = |bytes| {
        libc::off_t::try_from(bytes).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))
    };
    let (offset, length) = (number(offset)?, number(length)?);
    loop {
        // SAFETY: the descriptor is open as long as the file is borrowed; takes numbers.
        if unsafe { libc::fallocate(file.as_raw_fd(), 0, offset, length) } == 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::EINTR) => {}
            Some(libc::EOPNOTSUPP | libc::ENOSYS) => return Err(io::ErrorKind::Unsupported.into()),
            _ => return Err(error),
        }
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
pub(crate) fn allocate(_: &File, _: usize, _: usize) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs;
    use std::io::{ErrorKind, Read};
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn what_is_written_to_a_descriptor_is_there_and_a_missing_one_is_an_error() {
        let (mut reader, writer) = io::pipe().unwrap();
        assert_eq!(write(writer.as_raw_fd(), b"").unwrap(), 0);
        assert_eq!(write(writer.as_raw_fd(), "grüße".as_bytes()).unwrap(), 7);
        drop(writer);
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "grüße");
        let error = write(-1, b"nobody").unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EBADF));
    }

    #[test]
    fn a_name_that_somebody_has_is_not_taken() {
        let directory = tempfile::tempdir().unwrap();
        let [old, new, gone] = ["old", "new", "gone"].map(|name| directory.path().join(name));
        fs::write(&old, "old").unwrap();
        fs::write(&new, "new").unwrap();
        let kind = |from, to| rename_new(from, to).map_err(|error| error.kind());
        if kind(&old, &new) == Err(ErrorKind::Unsupported) {
            return;
        }
        assert_eq!(kind(&old, &new), Err(ErrorKind::AlreadyExists));
        assert_eq!(fs::read_to_string(&new).unwrap(), "new");
        fs::remove_file(&new).unwrap();
        assert_eq!(kind(&old, &new), Ok(()));
        assert_eq!(fs::read_to_string(&new).unwrap(), "old");
        assert_eq!(kind(&gone, &old), Err(ErrorKind::NotFound));
        let with_zero = directory.path().join("a\0b");
        assert_eq!(kind(&new, &with_zero), Err(ErrorKind::InvalidInput));
    }

    #[test]
    fn a_lock_of_this_process_is_none_to_itself_and_ends_with_the_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        lock_as_process(file.as_file()).unwrap();
        lock_as_process(file.as_file()).unwrap();
        let read_only = File::open(file.path()).unwrap();
        let error = lock_as_process(&read_only).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EBADF));
    }

    #[test]
    fn allocated_bytes_are_zeros_on_blocks_and_what_was_there_stays() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "there").unwrap();
        match allocate(file.as_file(), 4096, 8192) {
            Err(error) if error.kind() == ErrorKind::Unsupported => return,
            result => result.unwrap(),
        }
        let bytes = fs::read(file.path()).unwrap();
        assert_eq!((bytes.len(), &bytes[..5]), (4096 + 8192, &b"there"[..]));
        assert!(bytes[5..].iter().all(|byte| *byte == 0));
        assert!(file.as_file().metadata().unwrap().blocks() * 512 >= 8192);
        assert!(allocate(file.as_file(), 0, 0).is_err());
    }
}
