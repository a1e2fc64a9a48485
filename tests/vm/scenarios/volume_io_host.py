# SPDX-License-Identifier: Apache-2.0
"""A host whose volumes lie on disks that can be slow, full or broken, with an engine and an agent."""

import ctypes
import os
import subprocess

from support.agent import Agent
from support.engine import Engine
from support.scene import Scene, libc

MS_BIND = 4096


class World:
    """An engine whose data lies on a disk, an agent beside it, and a container with volumes."""

    VOLUMES = ("busy", "quiet", "sourced", "untouched", "memory", "slow", "full", "twice")

    def __init__(self):
        self.scene = Scene()
        call("modprobe", "dm-delay")
        call("modprobe", "overlay")
        folder = self.scene.new_folder("images")
        call("mount", "-t", "tmpfs", "images", folder)
        self.disk = self.make_disk(folder, "disk", 300)
        os.mkdir(os.path.join(self.disk, "docker"))
        self.engine = Engine(self.scene)
        self.engine.data_root = os.path.join(self.disk, "docker")
        self.engine.start_with_image()
        self.api = self.engine.api
        self.agent = Agent(self.scene, self.engine.host).start()
        self.slow = self.make_disk(folder, "slow", 64, "linear {} 0")
        self.full = self.make_disk(folder, "full", 16, "linear {} 0")
        self.start_worker()

    def make_disk(self, folder, name, mebibytes, target=None):
        """Where a new filesystem is mounted; with a target its disk is a device to map_device."""
        image, point = os.path.join(folder, name), self.scene.new_folder(name)
        with open(image, "wb") as file:
            file.truncate(mebibytes << 20)
        device = output("losetup", "--find", "--show", image).strip()
        device = map_device(name, target, device) if target else device
        call("mkfs.ext4", "-q", "-O", "quota,project", "-E",
             "quotatype=prjquota,lazy_itable_init=0,lazy_journal_init=0", device)
        call("mount", "-o", "prjquota", device, point)
        return point

    def start_worker(self):
        """One container for most tests: to start one takes seconds here."""
        special = {"memory": {"type": "tmpfs", "device": "tmpfs"}}
        for name, disk in (("slow", self.slow), ("full", self.full)):
            os.mkdir(os.path.join(disk, "v"))
            special[name] = {"type": "none", "o": "bind", "device": os.path.join(disk, "v")}
        for name in self.VOLUMES:
            self.api.create_volume(name, options=special.get(name))
        self.api.run_container("worker", [f"{name}:/{name}" for name in self.VOLUMES])
        self.root = self.root_of("worker", *self.VOLUMES)

    def root_of(self, container, *volumes):
        """Waits until the mounts of a container are counted; its root directory."""
        destinations = {"/" + volume for volume in volumes} | {"/"}
        self.agent.wait_until(
            lambda seen: destinations <= set(seen.by("destination", "docker_mount_reads_total",
                                                     container=container)),
            f"{container} is seen", 20)
        return f"/proc/{self.api.pid_of(container)}/root"

    def end(self):
        self.engine.end()
        for name, point in (("slow", self.slow), ("full", self.full)):
            call("umount", point)
            call("dmsetup", "remove", name)
        self.scene.end()


def map_device(name, target, device, command="create"):
    """Makes a device on top of another, or gives it another target; {} stands for the other."""
    sectors = output("blockdev", "--getsz", device).strip()
    call("dmsetup", "--noudevsync", command, name, "--table",
         f"0 {sectors} {target.format(device)}")
    call("dmsetup", "--noudevsync", "mknodes")
    return "/dev/mapper/" + name


def retarget(name, target):
    """Gives a mapped device another target on the same disk."""
    # "1 dependencies  : (7, 2)"
    minor = output("dmsetup", "deps", name).rsplit(",", 1)[1].strip(" )\n")
    map_device(name, target, f"/dev/loop{minor}", "reload")
    call("dmsetup", "--noudevsync", "resume", name)


def limit_space(disk, size):
    """Of what lies in the volume on that disk; 0 is no limit."""
    call("chattr", "-p", "1", "+P", os.path.join(disk, "v"))
    call("xfs_quota", "-f", "-x", "-c", f"limit -p bhard={size} 1", disk)


def call(*argv):
    subprocess.run(argv, check=True)


def output(*argv):
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"{argv}: {done.stdout}{done.stderr}")
    return done.stdout


def bind(source, point):
    if libc.mount(source.encode(), point.encode(), None, MS_BIND, None) != 0:
        raise OSError(ctypes.get_errno(), "mount")
