//! Descriptors of hestia's files, out of the way of the standard streams.

use std::fs::File;
use std::io;

/// The same file under a number above two. A program that closed a standard stream would print into a log
/// otherwise: the system gives the lowest free number, and cloning a file takes one above the three.
///
/// # Errors
/// When the process may have no more descriptors.
#[cfg(unix)]
pub(crate) fn above_standard_streams(file: File) -> io::Result<File> {
    use std::os::fd::AsRawFd;
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
