//! `fork`, for the programs whose processes begin in the middle of another one.

use std::error::Error;
use std::io::{self, Write};
use std::process;

/// A child that runs longer than this, in seconds, hangs.
const HUNG: u32 = 30;

/// Who one is after a fork.
#[derive(Debug)]
pub enum Fork {
    /// The process that forked.
    Parent(Child),
    /// The new one.
    Child,
}

/// A forked child, to be waited for.
#[derive(Debug)]
pub struct Child(libc::pid_t);

/// Forks. A child that hangs is ended, which its parent sees.
///
/// # Errors
/// When the system has no room for another process.
pub fn fork() -> io::Result<Fork> {
    // SAFETY: the child goes on with what hestia promises to work, allocation (which the C library makes
    // safe) and file system calls.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            // SAFETY: takes a number.
            unsafe { libc::alarm(HUNG) };
            Ok(Fork::Child)
        }
        child => Ok(Fork::Parent(Child(child))),
    }
}

impl Child {
    /// The child's process id.
    #[must_use]
    pub fn id(&self) -> libc::pid_t {
        self.0
    }

    /// Waits for the child's end: its exit code.
    ///
    /// # Errors
    /// When a signal ended it: which.
    pub fn wait(self) -> Result<i32, String> {
        let mut status = 0;
        // SAFETY: fills in the value behind the pointer.
        if unsafe { libc::waitpid(self.0, &raw mut status, 0) } != self.0 {
            return Err(format!(
                "cannot wait for it: {}",
                io::Error::last_os_error()
            ));
        }
        if libc::WIFEXITED(status) {
            return Ok(libc::WEXITSTATUS(status));
        }
        match libc::WTERMSIG(status) {
            libc::SIGALRM => Err("it hangs".to_owned()),
            signal => Err(format!("ended by signal {signal}")),
        }
    }

    /// As [`Child::wait`], for a child that is to end well.
    ///
    /// # Errors
    /// When it did not.
    pub fn finish(self) -> Result<(), Box<dyn Error>> {
        match self.wait()? {
            0 => Ok(()),
            code => Err(format!("the child's exit code is {code}").into()),
        }
    }
}

/// Runs something in a child, which exits with its outcome.
///
/// # Errors
/// As [`fork`].
pub fn in_child(run: impl FnOnce() -> Result<(), Box<dyn Error>>) -> io::Result<Child> {
    match fork()? {
        Fork::Parent(child) => Ok(child),
        Fork::Child => process::exit(match run() {
            Ok(()) => 0,
            Err(error) => {
                let _ = writeln!(io::stderr(), "child: {error}");
                1
            }
        }),
    }
}

/// Ends the process right here: no exit handlers, neither hestia's nor the standard library's, which may
/// wait for a lock that a thread of the parent's held at the fork.
pub fn leave() -> ! {
    // SAFETY: takes a number.
    unsafe { libc::_exit(0) }
}
