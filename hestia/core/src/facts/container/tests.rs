use std::fs;
use std::path::Path;

use proptest::prelude::*;
use tempfile::TempDir;

use super::{CGROUP_LIMIT_BYTES, MOUNTINFO_LIMIT_BYTES, find, from_cgroup, from_mountinfo};

const ID: &str = "3c9f1a7e5b2d8046f1e3a5c7092b4d6e8fa0b1c2d3e4f5061728394a5b6c7d8e";
const OTHER: &str = "e4d1c2b3a4958677685a4b3c2d1e0f90817263544536271809fafbecdbcabda9";
const TASK: &str = "6f1c02b3d4e5460798a9bacbdcedfe0f-2817364509";
const GARDEN: &str = "5d3f9c21-7e4a-4b16-6f08-a92c";
const UUID: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";

/// Writes out the placeholders of a sample and its line breaks, which the tables write as `\n`.
fn sample(text: &str) -> String {
    text.replace("{ID}", ID)
        .replace("{OTHER}", OTHER)
        .replace("{TASK}", TASK)
        .replace("{GARDEN}", GARDEN)
        .replace("{UUID}", UUID)
        .replace(r"\n", "\n")
}

/// The rows of a table: the columns are separated by `|`, the last one is the sample.
fn rows<const COLUMNS: usize>(table: &str) -> Vec<[String; COLUMNS]> {
    let columns = |row: &str| {
        row.splitn(COLUMNS, '|')
            .map(|cell| sample(cell.trim()))
            .collect()
    };
    let rows = table.lines().filter(|row| !row.trim().is_empty());
    rows.map(|row| Vec::try_into(columns(row)).expect("a cell for every column"))
        .collect()
}

/// `cgroup` of processes in containers: the id, where it was seen, the text.
const CONTAINERS: &str = r"
{ID}     | Docker, v1                      | 12:memory:/docker/{ID}\n0::/docker/{ID}
{ID}     | Docker, systemd driver          | 5:cpu,cpuacct:/system.slice/docker-{ID}.scope
{ID}     | Docker, v2, cgroupns=host       | 0::/system.slice/docker-{ID}.scope
{ID}     | Docker, --cgroup-parent         | 9:pids:/system.slice/ecs-agent.service/{ID}
{ID}     | Docker, rootless                | 0::/user.slice/user-1000.slice/user@1000.service/user.slice/docker-{ID}.scope
{ID}     | Podman                          | 0::/machine.slice/libpod-{ID}.scope/container
{ID}     | Podman, rootless                | 0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{ID}.scope/container
{ID}     | Podman, --cgroups=split         | 0::/system.slice/web.service/libpod-payload-{ID}
{ID}     | nerdctl                         | 0::/system.slice/nerdctl-{ID}.scope
{ID}     | Kubernetes, guaranteed          | 11:devices:/kubepods/pod{UUID}/{ID}
{ID}     | Kubernetes, burstable           | 10:hugetlb:/kubepods/burstable/pod{UUID}/{ID}
{ID}     | Kubernetes, best effort         | 10:hugetlb:/kubepods/besteffort/pod{UUID}/{ID}
{ID}     | the same, systemd driver        | 0::/kubepods.slice/kubepods-pod0f8fad5b_d9cb.slice/cri-containerd-{ID}.scope
{ID}     | … burstable, CRI-O              | 1:name=systemd:/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0f8fad5b_d9cb.slice/crio-{ID}.scope
{ID}     | … burstable, CRI-O with crun    | 0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0f8fad5b_d9cb.slice/crio-{ID}.scope/container
{ID}     | … best effort, Docker           | 9:freezer:/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod0f8fad5b_d9cb.slice/docker-{ID}.scope
{ID}     | containerd, path meant for runc | 11:devices:/system.slice/containerd.service/kubepods-pod0f8fad5b_d9cb.slice:cri-containerd:{ID}
{ID}     | ECS on EC2, task is a UUID      | 8:pids:/ecs/{UUID}/{ID}
{ID}     | ECS on EC2, with a cluster      | 8:pids:/ecs/shop/6f1c02b3d4e5460798a9bacbdcedfe0f/{ID}
{ID}     | ECS on Fargate, platform 1.3    | 8:pids:/ecs/{UUID}/{ID}
{TASK}   | ECS on Fargate, platform 1.4    | 4:memory:/ecs/6f1c02b3d4e5460798a9bacbdcedfe0f/{TASK}
{GARDEN} | Cloud Foundry                   | 4:memory:/system.slice/garden.service/garden/{GARDEN}
{UUID}   | Cloud Foundry, long handle      | 4:memory:/garden/good/{UUID}
{UUID}   | Mesos                           | 4:memory:/mesos/{UUID}
{ID}     | systemd inside of Docker        | 1:name=systemd:/docker/{ID}/system.slice/web.service
{ID}     | from another cgroup namespace   | 0::/../../docker-{ID}.scope
{ID}     | some hierarchies at the root    | 13:rdma:/\n12:memory:/docker/{ID}\n0::/
{ID}     | malformed lines around it       | x\n\n::\n7:cpuset:/docker/{ID}\nend
{ID}     | Docker in Docker                | 4:memory:/docker/{OTHER}/docker/{ID}
{ID}     | a node that is a container      | 4:memory:/docker/{OTHER}/kubelet/kubepods/besteffort/pod{UUID}/{ID}
{ID}     | nested, first line: outer only  | 13:misc:/docker/{OTHER}\n4:memory:/docker/{OTHER}/docker/{ID}
{ID}     | nested, last line: outer only   | 4:memory:/docker/{OTHER}/docker/{ID}\n0::/docker/{OTHER}
";

/// `cgroup` of processes in no container that has an id.
const NO_CONTAINERS: &str = r"
nothing                                |
own cgroup namespace, v2               | 0::/
own cgroup namespace, v1               | 5:memory:/\n1:name=systemd:/\n0::/
session                                | 1:name=systemd:/user.slice/user-1000.slice/session-3.scope
service                                | 0::/system.slice/billing.service
instance of a service                  | 0::/system.slice/system-getty.slice/getty@tty1.service
service of a user                      | 0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome-terminal.slice
desktop terminal: UUID with a prefix   | 0::/user.slice/user-1000.slice/user@1000.service/apps.slice/vte-spawn-{UUID}.scope
systemd-run: 32 digits                 | 0::/system.slice/run-r6f1c02b3d4e5460798a9bacbdcedfe0f.scope
init                                   | 0::/init.scope
LXC                                    | 4:memory:/lxc/web-1
LXC, v2                                | 0::/lxc.payload.web-1/system.slice/billing.service
systemd-nspawn                         | 0::/machine.slice/machine-web.scope/payload
virtual machine                        | 0::/machine.slice/machine-qemu\x2d1\x2dweb.scope
the pod, not a container of it         | 4:memory:/kubepods/burstable/pod{UUID}
32 digits                              | 4:memory:/batch/6f1c02b3d4e5460798a9bacbdcedfe0f
63 digits                              | 4:memory:/docker/c9f1a7e5b2d8046f1e3a5c7092b4d6e8fa0b1c2d3e4f5061728394a5b6c7d8e
65 digits                              | 4:memory:/docker/0{ID}
a digit that is none                   | 4:memory:/docker/gc9f1a7e5b2d8046f1e3a5c7092b4d6e8fa0b1c2d3e4f5061728394a5b6c7d8e
upper case                             | 4:memory:/docker/3C9F1A7E5B2D8046F1E3A5C7092B4D6E8FA0B1C2D3E4F5061728394A5B6C7D8E
service named like a container         | 0::/system.slice/{ID}.service
task with a number that is too long    | 4:memory:/ecs/{TASK}0
task without a number                  | 4:memory:/ecs/6f1c02b3d4e5460798a9bacbdcedfe0f-
groups of other lengths                | 4:memory:/garden/5d3f9c2-7e4a-4b16-6f08-a92c
last group of another length           | 4:memory:/garden/5d3f9c21-7e4a-4b16-6f08-a92c7e
no path                                | {ID}
id instead of a path                   | 4:memory:{ID}
no hierarchy                           | memory:/docker/{ID}
words before the line                  | This is 4:memory:/docker/{ID}
";

#[test]
fn cgroup_of_a_container_names_its_id() {
    for [id, name, text] in rows(CONTAINERS) {
        assert_eq!(from_cgroup(&text), Some(id.as_str()), "{name}");
    }
}

#[test]
fn cgroup_without_a_container_names_no_id() {
    for [name, text] in rows(NO_CONTAINERS) {
        assert_eq!(from_cgroup(&text), None, "{name}");
    }
}

const DOCKER: &str = "\
659 450 0:183 / / rw,relatime master:88 - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/WFCW3YCYXT:/var/lib/docker/overlay2/l/WRMUNELZQO,upperdir=/var/lib/docker/overlay2/{OTHER}/diff,workdir=/var/lib/docker/overlay2/{OTHER}/work
660 659 0:185 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw
664 663 0:31 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw
665 659 253:1 /var/lib/docker/volumes/{OTHER}/_data /data rw,relatime shared:1872 master:1 - ext4 /dev/vda1 rw
667 659 254:1 /var/lib/docker/containers/{ID}/resolv.conf /etc/resolv.conf rw,relatime - ext4 /dev/vda1 rw
668 659 254:1 /var/lib/docker/containers/{ID}/hostname /etc/hostname rw,relatime - ext4 /dev/vda1 rw
669 659 254:1 /var/lib/docker/containers/{ID}/hosts /etc/hosts rw,relatime - ext4 /dev/vda1 rw
";

/// Started by cri-dockerd: what Docker mounts is the sandbox's.
const DOCKER_POD: &str = "\
1076 961 0:286 / / rw,relatime master:250 - overlay overlay rw,upperdir=/var/lib/docker/overlay2/{OTHER}/diff
1081 1080 0:33 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw
1083 1078 254:1 /var/lib/kubelet/pods/{UUID}/containers/web/9f2c11ab /dev/termination-log rw,relatime - ext4 /dev/vda1 rw
1084 1076 254:1 /var/lib/docker/containers/{OTHER}/resolv.conf /etc/resolv.conf rw,relatime - ext4 /dev/vda1 rw
1085 1076 254:1 /var/lib/docker/containers/{OTHER}/hostname /etc/hostname rw,relatime - ext4 /dev/vda1 rw
1086 1076 254:1 /var/lib/kubelet/pods/{UUID}/etc-hosts /etc/hosts rw,relatime - ext4 /dev/vda1 rw
";

const CONTAINERD_POD: &str = "\
2775 2588 0:310 / / rw,relatime - overlay overlay rw,lowerdir=/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/163/fs,upperdir=/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/164/fs
2781 2780 0:24 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw
2782 2775 8:1 /var/lib/kubelet/pods/{UUID}/etc-hosts /etc/hosts rw,relatime - ext4 /dev/sda1 rw
2783 2777 8:1 /var/lib/kubelet/pods/{UUID}/containers/web/3404dd90 /dev/termination-log rw,relatime - ext4 /dev/sda1 rw
2784 2775 8:1 /var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/{OTHER}/hostname /etc/hostname rw,relatime - ext4 /dev/sda1 rw
2785 2775 8:1 /var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/{OTHER}/resolv.conf /etc/resolv.conf rw,relatime - ext4 /dev/sda1 rw
";

const CRIO_POD: &str = "\
10303 9025 0:676 / / rw,relatime - overlay overlay rw,lowerdir=/var/lib/containers/storage/overlay/l/MOUYF2QTVB,upperdir=/var/lib/containers/storage/overlay/{OTHER}/diff
10310 10306 0:26 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw,seclabel
10311 10303 0:25 /containers/storage/overlay-containers/{OTHER}/userdata/resolv.conf /etc/resolv.conf rw,nosuid - tmpfs tmpfs rw
10312 10303 0:25 /containers/storage/overlay-containers/{OTHER}/userdata/hostname /etc/hostname rw,nosuid - tmpfs tmpfs rw
10313 10303 0:25 /containers/storage/overlay-containers/{OTHER}/userdata/.containerenv /run/.containerenv rw,nosuid - tmpfs tmpfs rw
10314 10303 252:4 /var/lib/kubelet/pods/{UUID}/etc-hosts /etc/hosts rw,relatime - xfs /dev/vda4 rw
10315 10305 252:4 /var/lib/kubelet/pods/{UUID}/containers/web/354653d0 /dev/termination-log rw,relatime - xfs /dev/vda4 rw
";

/// Rootless, and started with the network of another container.
const PODMAN: &str = "\
961 812 0:58 / / ro,relatime - overlay overlay rw,lowerdir=/srv/ada/.local/share/containers/storage/overlay/l/4NB35A5Z4Y,upperdir=/srv/ada/.local/share/containers/storage/overlay/{OTHER}/diff,userxattr
981 961 0:56 /containers/overlay-containers/{OTHER}/userdata/resolv.conf /etc/resolv.conf ro,nosuid - tmpfs tmpfs rw,uid=1000
982 961 0:56 /containers/overlay-containers/{OTHER}/userdata/hosts /etc/hosts ro,nosuid - tmpfs tmpfs rw,uid=1000
983 961 0:56 /containers/overlay-containers/{ID}/userdata/hostname /etc/hostname ro,nosuid - tmpfs tmpfs rw,uid=1000
984 963 0:56 /containers/overlay-containers/{ID}/userdata/.containerenv /run/.containerenv ro,nosuid - tmpfs tmpfs rw,uid=1000
";

/// A host that runs containers: it sees their mounts, at places of its own.
const HOST: &str = "\
24 30 0:22 / /proc rw,nosuid,nodev,noexec,relatime shared:14 - proc proc rw
27 25 0:24 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw
30 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
41 30 0:40 / /var/lib/docker/overlay2/{OTHER}/merged rw,relatime shared:60 - overlay overlay rw,upperdir=/var/lib/docker/overlay2/{OTHER}/diff
42 30 0:41 / /var/lib/containers/storage/overlay-containers/{OTHER}/userdata/shm rw,nosuid - tmpfs shm rw
43 30 0:42 / /run/containerd/io.containerd.grpc.v1.cri/sandboxes/{OTHER}/shm rw,nosuid - tmpfs shm rw
44 30 0:43 net:[4026532201] /run/docker/netns/6a0c1f3e5d7b rw shared:71 - nsfs nsfs rw
";

/// Single mounts that name the id: where it was seen, type of the file system, mount point, root.
const OWN_MOUNTS: &str = "
Docker Desktop                   | ext4    | /etc/hosts            | /version-pack-data/community/docker/containers/{ID}/hosts
Docker, its data on its own disk | xfs     | /etc/resolv.conf      | /containers/{ID}/resolv.conf
nerdctl                          | ext4    | /etc/hostname         | /var/lib/nerdctl/1935db59/containers/default/{ID}/hostname
cgroup v1, path meant for runc   | cgroup  | /sys/fs/cgroup/memory | /system.slice/containerd.service/kubepods-pod0f8fad5b_d9cb.slice:cri-containerd:{ID}
cgroup v2                        | cgroup2 | /sys/fs/cgroup        | /kubepods.slice/kubepods-pod0f8fad5b_d9cb.slice/cri-containerd-{ID}.scope
";

/// Mounts that name the id of one container of a pod.
const OWN_MOUNTS_IN_PODS: &str = "
cgroup v1        | cgroup  | /sys/fs/cgroup/memory | /kubepods/burstable/pod{UUID}/{ID}
cgroup v2        | cgroup2 | /sys/fs/cgroup        | /kubepods.slice/kubepods-pod0f8fad5b_d9cb.slice/crio-{ID}.scope
secrets of CRI-O | tmpfs   | /run/secrets          | /containers/storage/overlay-containers/{ID}/userdata/run/secrets
image volume     | ext4    | /data                 | /var/lib/containerd/io.containerd.grpc.v1.cri/containers/{ID}/volumes/{OTHER}
";

/// Single mounts that name no container, or not this one.
const OTHER_MOUNTS: &str = "
LXC                              | cgroup  | /sys/fs/cgroup/memory      | /lxc/web-1
systemd-nspawn                   | tmpfs   | /etc/resolv.conf           | /systemd/resolve/stub-resolv.conf
image build                      | ext4    | /etc/resolv.conf           | /var/lib/docker/buildkit/executor/resolv.conf
file of a volume                 | ext4    | /etc/hosts                 | /var/lib/docker/volumes/{ID}/_data/hosts
overlay layer                    | ext4    | /etc/hosts                 | /var/lib/docker/overlay2/{ID}/diff
agent that reads container logs  | ext4    | /var/lib/docker/containers | /var/lib/docker/containers
container's file at an own place | ext4    | /mnt/hosts                 | /var/lib/docker/containers/{ID}/hosts
no cgroup file system            | tmpfs   | /sys/fs/cgroup/agent       | /docker/{ID}
cgroup at an own place           | cgroup2 | /mnt/cgroup                | /docker/{ID}
sandbox of a node in Docker      | ext4    | /etc/hostname              | /docker/volumes/{ID}/_data/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/{ID}/hostname
";

/// The rows of a table of mounts, as (name, line of `mountinfo`).
fn mounts(table: &str) -> Vec<(String, String)> {
    let line = |[name, file_system, point, root]: [String; 4]| {
        let line = format!(
            "50 40 8:1 {root} {point} rw,relatime shared:3 master:1 - {file_system} none rw\n"
        );
        (name, line)
    };
    rows(table).into_iter().map(line).collect()
}

#[test]
fn mountinfo_of_a_container_names_its_id() {
    assert_eq!(from_mountinfo(&sample(DOCKER)), Some(ID));
    for (name, line) in mounts(OWN_MOUNTS) {
        assert_eq!(from_mountinfo(&(sample(HOST) + &line)), Some(ID), "{name}");
    }
}

#[test]
fn files_shared_with_the_network_of_another_container_are_asked_last() {
    assert_eq!(from_mountinfo(&sample(PODMAN)), Some(ID));
}

#[test]
fn sandbox_of_a_pod_is_not_the_container() {
    for pod in [DOCKER_POD, CONTAINERD_POD, CRIO_POD] {
        assert_eq!(from_mountinfo(&sample(pod)), None, "{pod}");
        for sign in ["etc-hosts", "termination-log"] {
            let one_sign_less = pod
                .split_inclusive('\n')
                .filter(|line| !line.contains(sign));
            let text: String = one_sign_less.collect();
            assert_eq!(
                from_mountinfo(&sample(&text)),
                None,
                "without {sign}: {pod}"
            );
        }
    }
}

#[test]
fn container_of_a_pod_is_told_from_its_sandbox() {
    for (name, line) in mounts(OWN_MOUNTS_IN_PODS) {
        for pod in [DOCKER_POD, CONTAINERD_POD, CRIO_POD] {
            assert_eq!(
                from_mountinfo(&(sample(pod) + &line)),
                Some(ID),
                "{name}: {pod}"
            );
        }
    }
}

#[test]
fn mountinfo_without_a_container_names_no_id() {
    for text in [
        "",
        HOST,
        "50 40 8:1",
        "50 40 8:1 /containers/{ID}/hosts /etc/hosts rw,relatime",
    ] {
        assert_eq!(from_mountinfo(&sample(text)), None, "{text}");
    }
    for (name, line) in mounts(OTHER_MOUNTS) {
        assert_eq!(from_mountinfo(&line), None, "{name}");
    }
}

/// A directory that stands for `/proc/self`.
fn proc_self(cgroup: &[u8], mountinfo: &[u8]) -> TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    fs::write(directory.path().join("cgroup"), cgroup).expect("write cgroup");
    fs::write(directory.path().join("mountinfo"), mountinfo).expect("write mountinfo");
    directory
}

fn found(directory: &TempDir) -> Option<String> {
    find(directory.path(), None, None)
}

#[test]
fn cgroup_is_asked_before_mountinfo() {
    let cgroup = sample("4:memory:/docker/{OTHER}");
    let both = proc_self(cgroup.as_bytes(), sample(DOCKER).as_bytes());
    assert_eq!(found(&both).as_deref(), Some(OTHER));

    let private_namespace = proc_self(b"0::/\n", sample(DOCKER).as_bytes());
    assert_eq!(found(&private_namespace).as_deref(), Some(ID));
}

#[test]
fn override_decides_before_detection() {
    let inside = proc_self(sample("4:memory:/docker/{ID}").as_bytes(), b"");
    let find = |setting| find(inside.path(), setting, Some("3c9f1a7e5b2d"));
    assert_eq!(find(Some(false)), None);
    assert_eq!(find(Some(true)).as_deref(), Some(ID));
    assert_eq!(find(None).as_deref(), Some(ID));
}

#[test]
fn hostname_is_the_last_resort_where_a_container_is_asserted() {
    let outside = proc_self(b"0::/\n", sample(HOST).as_bytes());
    let find = |setting, hostname: &str| find(outside.path(), setting, Some(hostname));
    for hostname in ["3c9f1a7e5b2d", ID] {
        assert_eq!(find(Some(true), hostname).as_deref(), Some(hostname));
        assert_eq!(find(None, hostname), None);
    }
    for hostname in [
        "",
        "web-1",
        "3c9f1a7e5b2",
        "web-7d9f8b6c4d-x2v9k",
        "3C9F1A7E5B2D",
        &format!("{ID}0"),
    ] {
        assert_eq!(find(Some(true), hostname), None, "host name: {hostname}");
    }
}

#[test]
fn missing_files_mean_no_container() {
    assert_eq!(find(Path::new("/nowhere/to/be/found"), None, None), None);

    let directory = tempfile::tempdir().expect("a temporary directory");
    fs::create_dir(directory.path().join("cgroup")).expect("a directory instead of a file");
    fs::create_dir(directory.path().join("mountinfo")).expect("a directory instead of a file");
    assert_eq!(found(&directory), None);
}

#[test]
fn bytes_that_are_not_utf8_do_not_hide_an_id() {
    let cgroup = [
        b"7:cpu:/\xff\xfe\n\xc3\x28\n4:memory:/caf\xe9/docker/",
        ID.as_bytes(),
    ]
    .concat();
    assert_eq!(found(&proc_self(&cgroup, b"")).as_deref(), Some(ID));
}

#[test]
fn nothing_is_read_past_the_limits() {
    let beginning = |limit_bytes: usize| "x".repeat(limit_bytes - 1) + "\n";
    let cgroup = beginning(CGROUP_LIMIT_BYTES) + &sample("4:memory:/docker/{ID}\n");
    let mountinfo = beginning(MOUNTINFO_LIMIT_BYTES) + &sample(DOCKER);
    assert_eq!(
        found(&proc_self(cgroup.as_bytes(), mountinfo.as_bytes())),
        None
    );
    assert_eq!(
        found(&proc_self(&cgroup.as_bytes()[64..], b"")).as_deref(),
        None
    );
    assert_eq!(
        found(&proc_self(&cgroup.as_bytes()[128..], b"")).as_deref(),
        Some(ID)
    );
}

#[test]
#[cfg(unix)]
fn files_without_an_end_are_left_after_their_limits() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    for name in ["cgroup", "mountinfo"] {
        std::os::unix::fs::symlink("/dev/zero", directory.path().join(name)).expect("a link");
    }
    assert_eq!(found(&directory), None);
}

#[test]
fn line_cut_by_the_limit_is_not_taken_for_an_id() {
    let cut = sample("\n4:memory:/docker/{ID}");
    let beginning = "x".repeat(CGROUP_LIMIT_BYTES - cut.len());
    let cgroup = beginning + &cut + "00000000\n";
    assert_eq!(found(&proc_self(cgroup.as_bytes(), b"")), None);
}

/// Text made of the pieces that the parsers look for, in any order.
fn pieces() -> impl Strategy<Value = String> {
    let words = "/ - : 0:: 4:memory: .scope docker containers sandboxes overlay-containers userdata run/secrets \
                 hostname /etc/hostname /etc/hosts /dev/termination-log /sys/fs/cgroup cgroup2 volumes {ID} {OTHER} \
                 {TASK} {GARDEN} {UUID}";
    let words: Vec<String> = words.split(' ').map(sample).collect();
    let mount = ["\n", " ", " - ", "50 40 8:1 ", " rw "];
    let piece = prop_oneof![
        prop::sample::select(words),
        prop::sample::select(mount.map(str::to_owned).to_vec()),
        "[0-9a-f]{1,70}",
        "\\PC{0,3}",
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn is_id(id: &str) -> bool {
    let digits = id
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-'));
    digits && matches!(id.len(), 28 | 34..=43 | 64)
}

proptest! {
    #[test]
    fn whatever_the_text_only_an_id_comes_out(text in prop_oneof![pieces(), any::<String>()]) {
        for id in [from_cgroup(&text), from_mountinfo(&text)].into_iter().flatten() {
            prop_assert!(is_id(id), "taken for an id: {id:?}");
        }
    }

    #[test]
    fn whatever_the_bytes_nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..2048)) {
        let id = found(&proc_self(&bytes, &bytes));
        prop_assert!(id.as_deref().is_none_or(is_id), "taken for an id: {id:?}");
    }

    #[test]
    fn id_is_found_behind_any_prefix_and_in_any_line(
        id in "[0-9a-f]{64}",
        prefix in "(|docker-|cri-containerd-|crio-|libpod-|[a-z]{1,9}-|a\\.slice:b:)",
        suffix in "(|\\.scope|\\.scope/container|/init\\.scope)",
        before in "([0-9]{1,3}:[a-z]{0,8}:/\n){0,9}",
    ) {
        let text = format!("{before}4:memory:/parent/{prefix}{id}{suffix}\n0::/\n");
        prop_assert_eq!(from_cgroup(&text), Some(id.as_str()));
    }

    #[test]
    fn id_is_found_among_any_mounts(
        id in "[0-9a-f]{64}",
        before in "([0-9]{1,3} 1 0:1 / /[a-z]{0,8} rw - ext4 none rw\n){0,9}",
    ) {
        let line = format!("50 40 8:1 /data/containers/{id}/hosts /etc/hosts rw - ext4 none rw");
        let text = before + &line;
        prop_assert_eq!(from_mountinfo(&text), Some(id.as_str()));
    }
}
