# SPDX-License-Identifier: Apache-2.0
"""What the matrix is made of: each row is one part that users run, with the tests that it gets."""

import dataclasses

PODMAN = ("podman",)
RINGS = ("unit", "host", "http")
LIVE = ("containers", "lifecycle", "random_changes", "restart", "sizes")
NOT_IN_CI = ("restart", "sizes")  # half of the time; the engine hardly matters to them
# Without "containers", "sizes" and "restart": under cgroup version 1 rootless containers have no cgroups;
# what a rootless engine mounts for a volume is not mounted here; its containers end with its namespaces.
ROOTLESS = ("rootless", "lifecycle", "random_changes")
SCENARIOS = ("filesystem_io", "volume_io", "container_io", "nfs", "accounting", "bpf_cost")
ON_5_10 = ("accounting",)  # runc does not start containers there in the virtual machine


@dataclasses.dataclass(frozen=True)
class Row:
    """`suite` is where its packages come from; empty: what is installed on this machine. `settings`
    are those of dockerd, or of a build its compiler or the architecture that it is for; `packages` are
    beside those of the engine."""

    name: str
    part: str
    suite: str = ""
    tests: tuple = ()
    settings: dict = dataclasses.field(default_factory=dict)
    is_in_ci: bool = False  # if its packages are in the cache
    is_rootless: bool = False
    packages: tuple = ()
    cgroup_version: int = 1  # of an engine in a root of its suite


GCC = {"compiler": "g++"}
CLANG = {"compiler": "clang++"}
# With which an engine that may choose takes fuse-overlayfs as its storage driver.
RECOMMENDED = ("buildah", "catatonit", "dbus-user-session", "fuse-overlayfs", "slirp4netns", "uidmap")
CONTAINERD_STORE = {"features": {"containerd-snapshotter": True}}

ROWS = (
    Row("docker-20.10", "engines", "", LIVE),
    Row("docker-26.1", "engines", "trixie", LIVE, is_in_ci=True),
    Row("docker-28-overlay2", "engines", "sid", LIVE,
        {"features": {"containerd-snapshotter": False}}, is_in_ci=True),
    Row("docker-28-containerd", "engines", "sid", LIVE, CONTAINERD_STORE, is_in_ci=True),
    Row("docker-26.1-rootless", "engines", "trixie", ROOTLESS, is_rootless=True),
    Row("docker-26.1-fuse-overlayfs", "engines", "trixie", ("rootless", "lifecycle"),
        {"storage-driver": "fuse-overlayfs"}, is_rootless=True, packages=("fuse-overlayfs",)),
    Row("podman-3.0", "engines", "bullseye", PODMAN),
    Row("podman-4.3", "engines", "", PODMAN),
    Row("podman-5.4", "engines", "trixie", PODMAN),
    Row("podman-5.8", "engines", "sid", PODMAN, is_in_ci=True),
    Row("podman-4.3-recommended", "engines", "bookworm", PODMAN, packages=RECOMMENDED),
    Row("podman-6.1", "engines", "experimental", PODMAN, cgroup_version=2),
    Row("podman-5.4-rootless", "engines", "trixie", (*PODMAN, "rootless"), is_rootless=True),
    Row("linux-5.10", "kernels", "bullseye", ON_5_10),
    Row("linux-6.1", "kernels", "", SCENARIOS),
    Row("linux-6.12", "kernels", "trixie", SCENARIOS),
    Row("linux-7", "kernels", "sid", SCENARIOS),
    Row("prometheus-2.42", "prometheus", ""),
    Row("prometheus-3.5", "prometheus", "sid", is_in_ci=True),
    Row("debian-12-clang", "build", "bookworm", RINGS, CLANG),
    Row("debian-12-arm64", "build", "bookworm", (), {"architecture": "arm64"}),
    Row("debian-13-gcc", "build", "trixie", RINGS, GCC),
    Row("debian-13-clang", "build", "trixie", RINGS, CLANG),
    Row("debian-sid-gcc", "build", "sid", RINGS, GCC),
    Row("debian-sid-clang", "build", "sid", RINGS, CLANG),
)

# What cannot be had from Debian's packages on such a machine, with what stands in for it.
NOT_RUN = (
    ("Docker 29", "no package; its API version, 1.52, is a recorded host (`tests/hosts/api-1.52`)"),
    ("Fedora, Ubuntu, RHEL", "none of their packages can be had here"),
    ("arm64 hardware", "no machine; the row `debian-12-arm64` is a cross build whose program reads the "
     "recorded hosts under qemu-user"),
)

# What is not known with some of these parts, and how the program says so.
LIMITS = (
    ("Docker before 1.12 (API 1.24)", "everything",
     "`docker_up` 0; the log: `API version 1.23 is older than 1.24; upgrade the engine`"),
    ("Podman before 3.4.5", "the mounts of a container that could not be inspected",
     "`docker_volume_state_info` with state `unknown` and reason `container_mounts`; "
     "`docker_volume_orphaned` is absent"),
    ("Podman", "which volume an event is about, and which volume driver does not answer",
     "all lists are read again after an event; while Podman answers 500 the last list stays, with its age in "
     "`docker_inventory_timestamp_seconds`"),
    ("rootless engines, cgroup version 1", "I/O of containers, which have no cgroups there",
     "`volumeter_source_up` of `cgroup` is 0; the log: `container I/O metrics are incomplete`; "
     "`--check`: `cannot cgroup`"),
    ("rootless engines, cgroup version 2", "I/O of containers without the io controller",
     "the log: `io controller not enabled; rootless engines need Delegate=io in user@.service`"),
    ("rootless engines", "sizes of volumes with a mount of their own, such as tmpfs, which only the "
     "engine's mount namespace has", "`docker_volume_scan_info` with state `not_found`; users and states "
     "are right"),
    ("cgroup version 1", "I/O pressure of containers",
     "`docker_container_io_waiting_seconds_total` and `docker_container_io_stalled_seconds_total` are "
     "absent; `--check`: `with I/O pressure: 0`"),
    ("Linux before 5.13, or without BTF", "I/O of volumes by eBPF",
     "`docker_volume_io_source_info` with another source, or `shared`; `--check`: `missing ebpf_mounts`, "
     "with the remedy"),
    ("Linux before 5.14", "project quotas of ext4 and xfs",
     "such volumes are walked: `docker_volume_scan_info` with method `walk`"),
)
