//! What every log record says about the process: application, version, environment, host, container and process id.
//!
//! Found once, on the thread that turns the logger on; after that only read. A forked child asks for its own with
//! [`Facts::for_this_process`]. What the user or the environment sets overrides the public fields.
//!
//! *Invariant:* finding the facts never fails, never panics and reads a bounded number of bytes. A fact that cannot
//! be found is `None`, never a guess.

use std::env::{self, consts::EXE_SUFFIX};
use std::path::Path;

mod container;

/// Where the kernel describes the calling process. On other systems than Linux there is no such directory, so
/// nothing is found there.
const PROC_SELF: &str = "/proc/self";

/// Length of the hash that Cargo appends to the names of test binaries, in hexadecimal digits.
const CARGO_HASH_LENGTH: usize = 16;

/// The facts about this process that every log record carries.
///
/// [`detect`](Facts::detect) finds them; each field may then be set to something else. Plain data: it can be cloned
/// and sent between threads freely.
///
/// # Example
///
/// ```
/// use hestia::Facts;
///
/// let mut facts = Facts::detect(None);
/// facts.application = "billing".to_owned();
/// facts.app_version = Some("1.4.2".to_owned());
///
/// assert_eq!(facts.environment, "local");
/// assert_eq!(facts.process_id, std::process::id());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Facts {
    /// Name of the application. Default: the name of the executable, without the platform's suffix (`.exe`) and
    /// without the hash that Cargo appends to test binaries; `app` if the executable has no name. Never empty unless
    /// it is set so.
    pub application: String,

    /// Version of the application. Default: none, since a library cannot know the version of the program it is
    /// linked into.
    pub app_version: Option<String>,

    /// The deployment the process belongs to, such as `production`. Default: `local`, so that a process nobody
    /// configured is not taken for a deployed one.
    pub environment: String,

    /// Name of the host as the operating system gives it: in a container usually the container's short id or, in
    /// Kubernetes, the name of the pod. Bytes that are not UTF-8 are replaced by U+FFFD. `None` if the system has no
    /// name or does not tell it.
    pub hostname: Option<String>,

    /// Id of the container that the process runs in: 64 hexadecimal digits from most runtimes, `<32 hexadecimal
    /// digits>-<digits>` on AWS Fargate, a hyphenated group of hexadecimal digits in Cloud Foundry and Mesos.
    /// Always lower case. `None` outside of containers, and wherever the kernel does not show the id (containerd
    /// with private cgroup namespaces, for one).
    pub container_id: Option<String>,

    /// Id of the process, as the process itself sees it: in a container with its own process namespace it differs
    /// from the id on the host.
    pub process_id: u32,
}

impl Facts {
    /// Finds the facts about the calling process.
    ///
    /// Reads at most 64 KiB of `/proc/self/cgroup` and 1 MiB of `/proc/self/mountinfo`; reads neither when
    /// `container_override` is `Some(false)`. Meant to be called once: the result does not follow later changes of
    /// the host name.
    ///
    /// `container_override` decides what is said about the container:
    ///
    /// | value | `container_id` |
    /// |---|---|
    /// | `None` | what is found |
    /// | `Some(true)`: this is a container | what is found, else the host name if it looks like an id (12 to 64 lower-case hexadecimal digits) |
    /// | `Some(false)`: this is none | `None` |
    ///
    /// # Example
    ///
    /// ```
    /// use hestia::Facts;
    ///
    /// let facts = Facts::detect(Some(false));
    ///
    /// assert_eq!(facts.container_id, None);
    /// ```
    #[must_use]
    pub fn detect(container_override: Option<bool>) -> Facts {
        let hostname = hostname();
        let container_id = container::find(
            Path::new(PROC_SELF),
            container_override,
            hostname.as_deref(),
        );
        Facts {
            application: application(),
            app_version: None,
            environment: "local".to_owned(),
            hostname,
            container_id,
            process_id: std::process::id(),
        }
    }

    /// The same facts with the process id of the caller, for a child after `fork`: it keeps all but the process id.
    ///
    /// # Example
    ///
    /// ```
    /// use hestia::Facts;
    ///
    /// let parent = Facts::detect(None);
    /// let child = parent.for_this_process();
    ///
    /// assert_eq!(child.process_id, std::process::id());
    /// assert_eq!(child.application, parent.application);
    /// ```
    #[must_use]
    pub fn for_this_process(&self) -> Facts {
        Facts {
            process_id: std::process::id(),
            ..self.clone()
        }
    }
}

fn hostname() -> Option<String> {
    let name = hostname::get().ok()?.to_string_lossy().into_owned();
    (!name.is_empty()).then_some(name)
}

fn application() -> String {
    let executable = env::current_exe().ok();
    executable
        .and_then(|path| application_name(&path))
        .or_else(|| application_name(Path::new(&env::args_os().next()?)))
        .unwrap_or_else(|| "app".to_owned())
}

/// The file name without what the platform, the kernel or Cargo added to it. Not [`Path::file_stem`]: that would
/// make `billing-1` of an executable named `billing-1.4`.
fn application_name(executable: &Path) -> Option<String> {
    let name = executable.file_name()?.to_string_lossy();
    // Linux marks the link of a running executable whose file was replaced since, as an upgrade does: proc_pid_exe(5).
    let name = name.strip_suffix(" (deleted)").unwrap_or(&name);
    let name = name.strip_suffix(EXE_SUFFIX).unwrap_or(name);
    let directory = executable.parent().and_then(Path::file_name);
    let name = match directory {
        Some(directory) if directory == "deps" => without_cargo_hash(name),
        _ => name,
    };
    (!name.is_empty()).then(|| name.to_owned())
}

fn without_cargo_hash(name: &str) -> &str {
    match name.rsplit_once('-') {
        Some((stem, hash)) if hash.len() == CARGO_HASH_LENGTH && is_lower_hex(hash) => stem,
        _ => name,
    }
}

#[inline(never)] // Its loop is unrolled wherever the length is known.
fn is_lower_hex(text: &str) -> bool {
    text.bytes().all(is_lower_hex_digit)
}

fn is_lower_hex_digit(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

#[cfg(test)]
mod tests;
