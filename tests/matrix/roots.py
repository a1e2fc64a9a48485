# SPDX-License-Identifier: Apache-2.0
"""Small Debians of other suites, each in a folder, for what needs the C library of its suite: engines
that are newer than this machine, and compilers. Nothing of them is installed here."""

import glob
import os
import shutil
import subprocess

from suites import CACHE, NotHere, Suite, mirror

# Suites that hold only what is newer than in another one.
BASES = {"experimental": "sid"}
POLICY = "usr/sbin/policy-rc.d"  # written last
# A daemon is started by nobody; a package manager has no user of its own; a mirror's list may be old.
APT = """APT::Install-Recommends "false";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Check-Valid-Until "false";
DPkg::Options:: "--force-unsafe-io";
"""
# What is mounted while a command runs, in a mount namespace that ends with it. The kernel makes no user
# namespace for a process that chroot(2) confines, hence pivot_root. Podman and crun take version 1 or
# version 2 of cgroups, not both: this machine's version 1, or version 2 with what it does not have of
# controllers. (Podman 6 knows version 2 only.)
ENTER = """mount --rbind "$0" "$0"
mount -t proc proc "$0/proc"
for place in /sys /dev /tmp; do mount --rbind $place "$0$place"; done
if [ "$1" = 2 ]; then
  umount -R "$0/sys/fs/cgroup"
  mount -t cgroup2 cgroup2 "$0/sys/fs/cgroup"
else
  umount "$0/sys/fs/cgroup/unified" 2>/dev/null || :
fi
shift
cd "$0"
pivot_root . mnt
exec chroot . sh -euc 'umount -l /mnt; exec "$@"' sh "$@"
"""


def root_with(suite, packages, foreign=""):
    """The folder of a suite, made or given what it lacks; kept from run to run. One that also knows the
    packages of a foreign architecture ("NAME:arm64") is another folder."""
    folder = os.path.join(CACHE, f"root-{suite}{foreign and '-' + foreign}")
    if not os.path.exists(os.path.join(folder, POLICY)):
        bootstrap(suite, folder)
    info = f"{folder}/var/lib/dpkg/info"
    missing = [package for package in packages
               if not glob.glob(f"{info}/{package}.list") + glob.glob(f"{info}/{package}:*.list")]
    if missing:
        if foreign:
            run(["dpkg", "--add-architecture", foreign], folder)
        run(["apt-get", "update", "-qq"], folder)
        run(["apt-get", "install", "-y", "-qq", "-t", suite, *missing], folder)
        run(["apt-get", "clean"], folder)
    return folder


def bootstrap(suite, folder):
    tools = Suite("bookworm").unpacked("debootstrap", ["debootstrap"])  # shell scripts
    shutil.rmtree(folder, ignore_errors=True)
    environment = {**os.environ, "DEBOOTSTRAP_DIR": os.path.join(tools, "usr/share/debootstrap"),
                   "LC_ALL": "C"}
    done = subprocess.run(
        [os.path.join(tools, "usr/sbin/debootstrap"), "--variant=minbase", "--include=ca-certificates",
         BASES.get(suite, suite), folder, mirror()], env=environment, check=False, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        shutil.rmtree(folder, ignore_errors=True)
        raise NotHere(f"a root of {suite}: {done.stdout.strip()[-300:]}")
    with open(os.path.join(folder, "etc/apt/apt.conf.d/90matrix"), "w", encoding="utf-8") as file:
        file.write(APT)
    if suite in BASES:
        with open(os.path.join(folder, "etc/apt/sources.list.d/suite.list"), "w", encoding="utf-8") as file:
            file.write(f"deb {mirror()} {suite} main\n")
    policy = os.path.join(folder, POLICY)
    with open(policy, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\nexit 101\n")
    os.chmod(policy, 0o755)


def command_in(folder, *command, cgroup_version=1):
    """The argv that runs a command there; /tmp is that of this machine."""
    return ["unshare", "--mount", "--propagation", "private", "sh", "-euc", ENTER, folder,
            str(cgroup_version), *command]


def run(command, folder):
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "HOME": "/root",
                   "DEBIAN_FRONTEND": "noninteractive"}
    for name in ("resolv.conf", "hosts"):
        shutil.copy(os.path.join("/etc", name), os.path.join(folder, "etc", name))
    done = subprocess.run(command_in(folder, *command), env=environment, check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise NotHere(f"{' '.join(command[:2])} in {folder}: {done.stdout.strip()[-300:]}")
    return done.stdout
