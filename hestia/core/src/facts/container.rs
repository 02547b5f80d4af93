//! The id of the container this process runs in, from two files in which the kernel describes the process.
//!
//! Called once, by `Facts::detect`. The files are read in this order and the first id found is taken:
//!
//! 1. `cgroup`: the runtime names the control group of a container after its id. Complete on cgroup v1, and on v2
//!    when the container shares the host's cgroup namespace; otherwise the path is just `/`.
//! 2. `mountinfo`: the roots of three kinds of mounts, the surest first:
//!    1. the cgroup file systems: their root is the container's control group;
//!    2. files that a runtime keeps for this one container: CRI-O's `run/secrets`, containerd's image volumes;
//!    3. `/etc/hostname` and its like, kept in a directory named after the container, but **not in a Kubernetes
//!       pod**: there they belong to the pod's sandbox (the "pause" container), whatever the runtime.
//!
//! What looks like an id and is none: overlay layers (`overlay2/<64 hex>`, in the mount options, which are not
//! looked at), volumes (`volumes/<64 hex>/_data`) and the pod sandboxes of containerd (`sandboxes/<64 hex>`).
//!
//! *Invariant:* better no id than the id of something else. A pod whose runtime shows only the sandbox has none.
//! One wrong answer remains: Docker gives a container that was started with `--network container:<other>` the
//! files of `<other>`, and nothing in the two files tells the two apart.
//!
//! # Source
//!
//! * File formats: `cgroups(7)`, `cgroup_namespaces(7)`, `proc_pid_mountinfo(5)`.
//! * How others do it: Elastic APM, `specs/agents/metadata.md`, "Container/Kubernetes metadata"; DataDog/libdatadog
//!   `libdd-common/src/entity_id/unix/container_id.rs`; DataDog/datadog-go `statsd/container_linux.go` (leaves
//!   sandboxes out); open-telemetry/opentelemetry-java-instrumentation `CgroupV1ContainerIdExtractor`,
//!   `CgroupV2ContainerIdExtractor`; open-telemetry/opentelemetry-js-contrib `resource-detector-container`. That the
//!   id under `/etc/hostname` is the sandbox's in a pod on Docker too: open-telemetry/opentelemetry-go, pull request
//!   3508, comment of 2022-12-15.
//! * Where runtimes keep their files: moby `daemon/container_operations_unix.go` (`initializeNetworkingPaths`);
//!   containerd `internal/cri/server/helpers.go` (`getSandboxRootDir`, `getCgroupsPath`) and `container_create.go`
//!   (`volumes`); nerdctl `docs/dir.md`; Podman `libpod/container_internal_linux.go` (`makeHostnameBindMount`) and
//!   `libpod/container.go` (`libpod-<id>.scope`); CRI-O `internal/lib/sandbox/sandbox.go`.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::{is_lower_hex, is_lower_hex_digit};

/// One line per cgroup hierarchy, of which Linux has at most a few dozen.
const CGROUP_LIMIT_BYTES: usize = 64 * 1024;

/// Enough for some thousand mounts; a container has a few dozen.
const MOUNTINFO_LIMIT_BYTES: usize = 1024 * 1024;

/// Files that runtimes mount from the directory of a container, the one that is least often shared first: Podman
/// takes `resolv.conf` and `hosts` from another container when the network is shared with it, the others never.
const RUNTIME_FILES: [&str; 4] = [
    "/run/.containerenv",
    "/etc/hostname",
    "/etc/resolv.conf",
    "/etc/hosts",
];

/// The directory of containerd's Kubernetes service, where image volumes are kept.
const CONTAINERD_CRI: &str = "io.containerd.grpc.v1.cri";

/// The id of the container described by the files `cgroup` and `mountinfo` in `proc_self`. With
/// `Some(false)` nothing is read; with `Some(true)` a `hostname` that looks like an id is the last resort. A file
/// that cannot be read counts as empty.
pub(super) fn find(
    proc_self: &Path,
    container_override: Option<bool>,
    hostname: Option<&str>,
) -> Option<String> {
    match container_override {
        Some(false) => None,
        Some(true) => from_files(proc_self).or_else(|| from_hostname(hostname?)),
        None => from_files(proc_self),
    }
}

fn from_files(proc_self: &Path) -> Option<String> {
    let read = |name, limit_bytes| read_lines(&proc_self.join(name), limit_bytes);
    let cgroup = read("cgroup", CGROUP_LIMIT_BYTES).unwrap_or_default();
    if let Some(id) = from_cgroup(&cgroup) {
        return Some(id.to_owned());
    }
    let mountinfo = read("mountinfo", MOUNTINFO_LIMIT_BYTES).unwrap_or_default();
    from_mountinfo(&mountinfo).map(str::to_owned)
}

/// By default Docker names a container's host after the first 12 digits of its id.
fn from_hostname(hostname: &str) -> Option<String> {
    let looks_like_id = matches!(hostname.len(), 12..=64) && is_lower_hex(hostname);
    looks_like_id.then(|| hostname.to_owned())
}

/// The lines within the first `limit_bytes` of a file. A line that the limit cuts is left out: cut short, a
/// longer run of digits would pass for an id.
fn read_lines(path: &Path, limit_bytes: usize) -> io::Result<String> {
    let mut file = File::open(path)?;
    let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
    while bytes.len() < limit_bytes {
        let room = part.len().min(limit_bytes - bytes.len());
        match file.read(&mut part[..room]) {
            Ok(0) => break,
            Ok(count) => bytes.extend_from_slice(&part[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    if bytes.len() == limit_bytes {
        let last_break = bytes.iter().rposition(|&byte| byte == b'\n');
        bytes.truncate(last_break.unwrap_or(0));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The container id in the text of `/proc/<pid>/cgroup`.
fn from_cgroup(text: &str) -> Option<&str> {
    let mut innermost = None;
    for path in text.lines().filter_map(cgroup_path) {
        innermost = deeper(innermost, deepest_id(path));
    }
    innermost.map(|(_, id)| id)
}

/// The path in `hierarchy-ID:controller-list:cgroup-path`. The path may contain colons itself.
fn cgroup_path(line: &str) -> Option<&str> {
    let (hierarchy, rest) = line.split_once(':')?;
    let (_, path) = rest.split_once(':')?;
    (hierarchy.parse::<u32>().is_ok() && path.starts_with('/')).then_some(path)
}

/// Which of two ids stands deeper: of nested containers the innermost, also where a hierarchy that the inner runtime
/// does not manage (`misc`, `rdma`) still shows only the outer one.
fn deeper<'a>(
    one: Option<(usize, &'a str)>,
    other: Option<(usize, &'a str)>,
) -> Option<(usize, &'a str)> {
    let depth = |id: Option<(usize, &str)>| id.map(|(depth, _)| depth);
    if depth(other) > depth(one) {
        other
    } else {
        one
    }
}

/// The last segment that holds an id, and its position. Not just the last segment: processes in a container may be
/// in groups of their own, as in `libpod-<id>.scope/container`.
fn deepest_id(path: &str) -> Option<(usize, &str)> {
    path.split('/')
        .enumerate()
        .filter_map(|(depth, segment)| Some((depth, id_in_segment(segment)?)))
        .last()
}

/// `<id>`, `docker-<id>.scope`, `cri-containerd-<id>.scope`, `…slice:cri-containerd:<id>` and the like. Only the 64
/// hexadecimal digits are told apart from any prefix; the looser forms must fill the segment, or else
/// `vte-spawn-<uuid>.scope` on a desktop would pass for a container.
fn id_in_segment(segment: &str) -> Option<&str> {
    let name = segment.strip_suffix(".scope").unwrap_or(segment);
    let is_separator = |byte| matches!(byte, b'-' | b':');
    let unprefixed = match name.bytes().rposition(is_separator) {
        Some(separator) => &name[separator + 1..],
        None => name,
    };
    if is_digest(unprefixed) {
        Some(unprefixed)
    } else if is_task(name) || is_group_of_hex(name) {
        Some(name)
    } else {
        None
    }
}

/// 64 hexadecimal digits: Docker, containerd, CRI-O, Podman.
fn is_digest(text: &str) -> bool {
    text.len() == 64 && is_lower_hex(text)
}

/// `<32 hexadecimal digits>-<1 to 10 digits>`: AWS Fargate.
fn is_task(text: &str) -> bool {
    text.split_once('-').is_some_and(|(task, number)| {
        task.len() == 32
            && is_lower_hex(task)
            && matches!(number.len(), 1..=10)
            && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// 8-4-4-4-4 hexadecimal digits (Cloud Foundry's Garden) or 8-4-4-4-12 (Garden and Mesos).
fn is_group_of_hex(text: &str) -> bool {
    let is_in_place = |(at, byte)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => is_lower_hex_digit(byte),
    };
    matches!(text.len(), 28 | 36) && text.bytes().enumerate().all(is_in_place)
}

/// The container id in the text of `/proc/<pid>/mountinfo`.
fn from_mountinfo(text: &str) -> Option<&str> {
    let (mut of_cgroup, mut of_private_file) = (None, None);
    let mut of_runtime_files = [None; RUNTIME_FILES.len()];
    let mut is_kubernetes = false;
    for mount in text.lines().filter_map(Mount::parse) {
        if mount.is_own_cgroup() {
            of_cgroup = deeper(of_cgroup, deepest_id(mount.root));
        }
        of_private_file = of_private_file.or_else(|| mount.id_of_private_file());
        let kind = RUNTIME_FILES.iter().position(|point| *point == mount.point);
        if let Some(kind) = kind {
            let found = &mut of_runtime_files[kind];
            *found = found.or_else(|| mount.id_of_directory());
        }
        is_kubernetes |= mount.is_kubernetes();
    }
    let id = of_cgroup.map(|(_, id)| id).or(of_private_file);
    if is_kubernetes {
        return id;
    }
    id.or_else(|| of_runtime_files.into_iter().flatten().next())
}

/// What is used of a line: `ID parent device root point options [tag…] - type source super-options`.
struct Mount<'a> {
    /// The directory or file within the file system that is mounted. Spaces are escaped as `\040`.
    root: &'a str,
    /// Where it is mounted, as this process sees it.
    point: &'a str,
    file_system: &'a str,
}

impl<'a> Mount<'a> {
    fn parse(line: &'a str) -> Option<Mount<'a>> {
        let (mut root, mut point, mut before) = ("", "", "");
        for (place, field) in line.split(' ').enumerate() {
            match place {
                3 => root = field,
                4 => point = field,
                6.. if before == "-" => {
                    return Some(Mount {
                        root,
                        point,
                        file_system: field,
                    });
                }
                _ => {}
            }
            before = field;
        }
        None
    }

    /// The end of the root; segments that it does not have are empty.
    fn last_segments(&self) -> [&'a str; 5] {
        let mut segments = [""; 5];
        for (place, segment) in segments.iter_mut().rev().zip(self.root.rsplit('/')) {
            *place = segment;
        }
        segments
    }

    /// A cgroup file system, v1 or v2, in its usual place; elsewhere it may show another container's groups.
    fn is_own_cgroup(&self) -> bool {
        matches!(self.file_system, "cgroup" | "cgroup2") && self.point.starts_with("/sys/fs/cgroup")
    }

    /// A file that the kubelet gives to every container of a pod.
    fn is_kubernetes(&self) -> bool {
        self.point == "/dev/termination-log"
            || self.point == "/etc/hosts" && self.root.ends_with("/etc-hosts")
    }

    /// The id in the path of something that a runtime keeps for one container, in pods too.
    fn id_of_private_file(&self) -> Option<&'a str> {
        let id = match self.last_segments() {
            // CRI-O: <storage>/overlay-containers/<id>/userdata/run/secrets
            [.., "overlay-containers", id, "userdata", "run", "secrets"] => id,
            // containerd: <data>/io.containerd.grpc.v1.cri/containers/<id>/volumes/<volume>
            [.., CONTAINERD_CRI, "containers", id, "volumes", _] => id,
            _ => return None,
        };
        is_digest(id).then_some(id)
    }

    /// The id in the path of a file that a runtime keeps in the directory of a container.
    fn id_of_directory(&self) -> Option<&'a str> {
        let id = match self.last_segments() {
            // Podman: <storage>/overlay-containers/<id>/userdata/<file>
            [.., "overlay-containers", id, "userdata", _] => id,
            // Docker: <data>/containers/<id>/<file>
            [.., "containers", id, _] => id,
            // nerdctl: <data>/<address hash>/containers/<namespace>/<id>/<file>
            [.., "containers", _, id, _] => id,
            _ => return None,
        };
        is_digest(id).then_some(id)
    }
}

#[cfg(test)]
mod tests;
