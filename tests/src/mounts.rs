//! File systems that can be full, seen by one thread and the processes it starts: they are gone with those, whatever
//! happens.

use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::thread;

/// Runs something on a thread with its own view of what is mounted.
///
/// # Errors
/// When the system does not allow it; how it says so.
pub fn in_own_view<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, String> {
    let work = || {
        become_alone().map_err(|error| format!("mounting needs root ({error})"))?;
        Ok(work())
    };
    thread::scope(|scope| match scope.spawn(work).join() {
        Ok(outcome) => outcome,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

/// What is mounted from here on, only this thread sees, and threads and processes that it starts.
///
/// # Errors
/// When the system does not allow it.
pub fn become_alone() -> io::Result<()> {
    // SAFETY: takes a number; concerns this thread alone.
    if unsafe { libc::unshare(libc::CLONE_NEWNS) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // What is mounted from here on stays here.
    mount("none", Path::new("/"), libc::MS_REC | libc::MS_PRIVATE, "")
}

/// Mounts a file system of a kind that needs no device. To be called in a view of its own.
///
/// # Errors
/// When the system does not do it.
pub fn mount(kind: &str, place: &Path, flags: libc::c_ulong, options: &str) -> io::Result<()> {
    let (kind, options) = (CString::new(kind)?, CString::new(options)?);
    let place = CString::new(place.as_os_str().as_bytes())?;
    // SAFETY: strings with an end, which outlive the call.
    let result = unsafe {
        libc::mount(
            kind.as_ptr(),
            place.as_ptr(),
            kind.as_ptr(),
            flags,
            options.as_ptr().cast(),
        )
    };
    match result {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// A file system in memory, for as long as this lives.
#[derive(Debug)]
pub struct Small(PathBuf);

impl Small {
    /// Makes the directory, and mounts a file system of so many bytes there. To be called in a view of its own.
    ///
    /// # Errors
    /// When the system does not do it.
    pub fn mount(place: &Path, bytes: u64) -> io::Result<Self> {
        std::fs::create_dir_all(place)?;
        mount("tmpfs", place, 0, &format!("size={bytes}"))?;
        Ok(Small(place.to_owned()))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        if let Ok(place) = CString::new(self.0.as_os_str().as_bytes()) {
            // SAFETY: a string with an end.
            unsafe { libc::umount2(place.as_ptr(), libc::MNT_DETACH) };
        }
    }
}
