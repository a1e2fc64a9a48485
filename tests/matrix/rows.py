# SPDX-License-Identifier: Apache-2.0
"""What the matrix is made of: each row is one part that users run, with the tests that it gets."""

import dataclasses

LIVE = ("containers", "lifecycle", "restart", "sizes")
SCENARIOS = ("filesystem_io", "volume_io", "container_io", "nfs", "accounting", "bpf_cost")
WITHOUT_EBPF = ("container_io", "nfs", "accounting")


@dataclasses.dataclass(frozen=True)
class Row:
    """`suite` is where its packages come from; empty: what is installed on this machine."""

    name: str
    part: str
    suite: str = ""
    tests: tuple = ()
    settings: dict = dataclasses.field(default_factory=dict)
    is_in_ci: bool = False  # if its packages are in the cache


CONTAINERD_STORE = {"features": {"containerd-snapshotter": True}}

ROWS = (
    Row("docker-20.10", "engines", "", LIVE),
    Row("docker-26.1", "engines", "trixie", LIVE, is_in_ci=True),
    Row("docker-28-overlay2", "engines", "sid", LIVE,
        {"features": {"containerd-snapshotter": False}}, is_in_ci=True),
    Row("docker-28-containerd", "engines", "sid", LIVE, CONTAINERD_STORE, is_in_ci=True),
    Row("podman-4.3", "engines", "", ("podman",)),
    Row("linux-5.10", "kernels", "bullseye", WITHOUT_EBPF),
    Row("linux-6.1", "kernels", "", SCENARIOS),
    Row("linux-6.12", "kernels", "trixie", SCENARIOS),
    Row("linux-7", "kernels", "sid", SCENARIOS),
    Row("prometheus-2.42", "prometheus", ""),
    Row("prometheus-3.5", "prometheus", "sid", is_in_ci=True),
)

# What cannot be had from Debian's packages on such a machine, with what stands in for it.
NOT_RUN = (
    ("Docker 29", "no package; its API version, 1.52, is a recorded host (`tests/hosts/api-1.52`)"),
    ("Fedora, Ubuntu, RHEL", "none of their packages can be had here"),
    ("arm64", "no machine"),
)
