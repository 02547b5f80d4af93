//! Counters in a file: what a program stored there outlives it, however it ends.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::sync::atomic::AtomicU64;

/// Makes the file, with so many counters, all zero.
///
/// # Errors
/// When the file is there already, or cannot be made or mapped.
pub fn create(path: impl AsRef<Path>, count: usize) -> io::Result<&'static [AtomicU64]> {
    let file = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(path)?;
    file.set_len((count * size_of::<AtomicU64>()) as u64)?;
    map(&file)
}

/// The counters of a file that another process made; both see what either stores.
///
/// # Errors
/// When there is no such file, or it cannot be mapped.
pub fn open(path: impl AsRef<Path>) -> io::Result<&'static [AtomicU64]> {
    map(&File::options().read(true).write(true).open(path)?)
}

fn map(file: &File) -> io::Result<&'static [AtomicU64]> {
    let bytes = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
    // SAFETY: a new mapping, of the size that the file has; it is never unmapped.
    unsafe {
        let start = libc::mmap(
            std::ptr::null_mut(),
            bytes,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED,
            file.as_raw_fd(),
            0,
        );
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let counters = start.cast::<AtomicU64>();
        Ok(std::slice::from_raw_parts(
            counters,
            bytes / size_of::<AtomicU64>(),
        ))
    }
}

/// What a program that is gone left in its counters.
///
/// # Errors
/// When there is no such file, or it holds something else.
pub fn read(path: impl AsRef<Path>) -> io::Result<Vec<u64>> {
    let bytes = std::fs::read(path)?;
    let (counters, rest) = bytes.as_chunks::<8>();
    if !rest.is_empty() {
        return Err(io::Error::other("these are no counters"));
    }
    Ok(counters
        .iter()
        .map(|bytes| u64::from_ne_bytes(*bytes))
        .collect())
}
