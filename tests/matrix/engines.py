# SPDX-License-Identifier: Apache-2.0
"""The engine of a row, as a program `dockerd` or `podman` that comes first in PATH."""

import json
import os
import shlex

import roots
from rows import PODMAN
from suites import CACHE, Suite

# It finds this machine's runc: a newer one needs a newer C library.
DOCKER = ("docker.io", "containerd")
PODMAN_PACKAGES = ("podman", "crun")
ROOTLESS_PACKAGES = ("uidmap", "slirp4netns", "iproute2")
ROOTLESS_DOCKER = ("docker.io", "rootlesskit", *ROOTLESS_PACKAGES)
ROOTLESS_SCRIPT = "/usr/share/docker.io/contrib/dockerd-rootless.sh"
# Exists in the roots only; the ids are some that no user of a Debian has.
USER, USER_ID, FIRST_ID_BELOW = "engine", 21000, 300000


def program_of(row):
    return "podman" if is_podman(row) else "dockerd"


def is_podman(row):
    return set(PODMAN) <= set(row.tests)


def is_in_root(row):
    """Podman needs the C library of its suite, a rootless engine a user that this machine lacks."""
    return row.part == "engines" and bool(row.suite) and (is_podman(row) or row.is_rootless)


def environment_of(row):
    environment = dict(os.environ)
    if row.settings:
        environment["VOLUMETER_TESTS_DAEMON_JSON"] = json.dumps(row.settings)
    if row.is_rootless:
        environment["VOLUMETER_TESTS_ENGINE_USER"] = str(USER_ID)
        environment["VOLUMETER_TESTS_ENGINE"] = program_of(row)
    if not row.suite:
        return environment
    if is_in_root(row):
        folders = [program_in_root(row)]
    else:
        unpacked = Suite(row.suite).unpacked(f"docker-{row.suite}", DOCKER)
        folders = [os.path.join(unpacked, name) for name in ("usr/sbin", "usr/bin", "sbin", "bin")]
    environment["PATH"] = ":".join([*folders, environment["PATH"]])
    return environment


def program_in_root(row):
    """The folder of a program that runs the engine in a root of its suite."""
    packages = PODMAN_PACKAGES if is_podman(row) else ROOTLESS_DOCKER
    root = roots.root_with(row.suite, [*packages, *(ROOTLESS_PACKAGES if row.is_rootless else ()),
                                       *row.packages])
    if is_podman(row):
        configure_podman(root)
    if row.is_rootless:
        add_user(root)
    folder = os.path.join(CACHE, f"engine-{row.name}")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, program_of(row))
    with open(path, "w", encoding="utf-8") as file:
        file.write(script(row, root))
    os.chmod(path, 0o755)
    return folder


def script(row, root):
    """As a user without rights where the row says so. The tests set XDG_RUNTIME_DIR and HOME."""
    program = program_of(row)
    plain = shlex.join(roots.command_in(root, program, cgroup_version=row.cgroup_version))
    if not row.is_rootless:
        return f'#!/bin/sh\nexec {plain} "$@"\n'
    started = ROOTLESS_SCRIPT if program == "dockerd" else program
    as_user = roots.command_in(root, "setpriv", f"--reuid={USER_ID}", f"--regid={USER_ID}",
                               "--clear-groups", started, cgroup_version=row.cgroup_version)
    return (f'#!/bin/sh\n[ "$1" = --version ] && exec {plain} --version\n'
            f'exec {shlex.join(as_user)} "$@"\n')


def configure_podman(root):
    """Accepts unsigned images. Sets no limit of processes: the controller for it may be in use by
    cgroup version 1."""
    folder = os.path.join(root, "etc/containers")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "policy.json"), "w", encoding="utf-8") as file:
        json.dump({"default": [{"type": "insecureAcceptAnything"}]}, file)
    with open(os.path.join(folder, "containers.conf"), "w", encoding="utf-8") as file:
        file.write("[containers]\npids_limit = 0\n")


def add_user(root):
    """With ids of its own for the users of its containers."""
    with open(os.path.join(root, "etc/passwd"), encoding="utf-8") as file:
        if f"\n{USER}:" in file.read():
            return
    roots.run(["useradd", f"--uid={USER_ID}", "--user-group", USER], root)
    below = f"{FIRST_ID_BELOW}-{FIRST_ID_BELOW + 65535}"
    roots.run(["usermod", f"--add-subuids={below}", f"--add-subgids={below}", USER], root)
