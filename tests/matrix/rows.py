# SPDX-License-Identifier: Apache-2.0
"""What the matrix is made of: each row is one part that users run, with the tests that it gets."""

import dataclasses

PODMAN = ("podman",)
RINGS = ("unit", "host", "http")
LIVE = ("containers", "lifecycle", "random_changes", "restart", "sizes")
SCENARIOS = ("filesystem_io", "volume_io", "container_io", "nfs", "accounting", "bpf_cost")
ON_5_10 = ("accounting",)  # runc does not start containers there in the virtual machine


@dataclasses.dataclass(frozen=True)
class Row:
    """`suite` is where its packages come from; empty: what is installed on this machine. `settings`
    are those of dockerd, or the compiler of a build."""

    name: str
    part: str
    suite: str = ""
    tests: tuple = ()
    settings: dict = dataclasses.field(default_factory=dict)
    is_in_ci: bool = False  # if its packages are in the cache


GCC = {"compiler": "g++"}
CLANG = {"compiler": "clang++"}
CONTAINERD_STORE = {"features": {"containerd-snapshotter": True}}

ROWS = (
    Row("docker-20.10", "engines", "", LIVE),
    Row("docker-26.1", "engines", "trixie", LIVE, is_in_ci=True),
    Row("docker-28-overlay2", "engines", "sid", LIVE,
        {"features": {"containerd-snapshotter": False}}, is_in_ci=True),
    Row("docker-28-containerd", "engines", "sid", LIVE, CONTAINERD_STORE, is_in_ci=True),
    Row("podman-3.0", "engines", "bullseye", PODMAN),
    Row("podman-4.3", "engines", "", PODMAN),
    Row("podman-5.4", "engines", "trixie", PODMAN),
    Row("podman-5.8", "engines", "sid", PODMAN, is_in_ci=True),
    Row("linux-5.10", "kernels", "bullseye", ON_5_10),
    Row("linux-6.1", "kernels", "", SCENARIOS),
    Row("linux-6.12", "kernels", "trixie", SCENARIOS),
    Row("linux-7", "kernels", "sid", SCENARIOS),
    Row("prometheus-2.42", "prometheus", ""),
    Row("prometheus-3.5", "prometheus", "sid", is_in_ci=True),
    Row("debian-12-clang", "build", "bookworm", RINGS, CLANG),
    Row("debian-13-gcc", "build", "trixie", RINGS, GCC),
    Row("debian-13-clang", "build", "trixie", RINGS, CLANG),
    Row("debian-sid-gcc", "build", "sid", RINGS, GCC),
    Row("debian-sid-clang", "build", "sid", RINGS, CLANG),
)

# What cannot be had from Debian's packages on such a machine, with what stands in for it.
NOT_RUN = (
    ("Docker 29", "no package; its API version, 1.52, is a recorded host (`tests/hosts/api-1.52`)"),
    ("Fedora, Ubuntu, RHEL", "none of their packages can be had here"),
    ("arm64", "no machine"),
)
