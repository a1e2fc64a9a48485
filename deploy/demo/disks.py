# SPDX-License-Identifier: Apache-2.0
"""The disks of the demo: loop devices with ext4 over files, optionally slow ones."""

import os
import signal
import subprocess
import sys
import time

from support.disk import run_quietly
from support.scene import MNT_DETACH, eventually, libc

SERVER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "slow_fuse.py")
BUSY_SECONDS = 20


def new_file(scene, name, megabytes):
    """The path of a new sparse file."""
    path = scene.path(name)
    with open(path, "wb") as file:
        file.truncate(megabytes << 20)
    return path


def unmount(folder):
    """At once if unused, otherwise lazily."""
    if libc.umount2(folder.encode(), 0) != 0:
        libc.umount2(folder.encode(), MNT_DETACH)


class SlowFile:
    """A file at `path` that slow_fuse.py backs with another one."""

    def __init__(self, scene, name, megabytes, source):
        self.folder = scene.new_folder(name)
        self.path = os.path.join(self.folder, "data")
        self.process = scene.start(name, [
            sys.executable, "-B", SERVER, new_file(scene, name + ".backing", megabytes),
            self.folder, source], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self.process.stdout.readline() != b"mounted\n":
            raise RuntimeError(scene.log(name))

    def set_delay(self, seconds):
        self.process.stdin.write(f"{seconds}\n".encode())
        self.process.stdin.flush()

    def hang(self):
        self.process.send_signal(signal.SIGSTOP)

    def release(self):
        self.process.send_signal(signal.SIGCONT)

    def end(self):
        self.release()
        unmount(self.folder)
        self.process.kill()
        self.process.wait()


class Disk:
    """A loop device over a file, with a new ext4 filesystem mounted at `folder`."""

    def __init__(self, scene, name, file, mkfs_options=()):
        self.folder = scene.new_folder(name)
        self.device = run_quietly(["losetup", "--find", "--show", file])
        self.name = os.path.basename(self.device)
        # No blocks reserved for root.
        run_quietly(["mkfs.ext4", "-q", "-m", "0", *mkfs_options, self.device])
        self.mount()

    def mount(self):
        run_quietly(["mount", self.device, self.folder])

    def fail(self):
        """Makes the kernel behave as after a filesystem error."""
        with open(f"/sys/fs/ext4/{self.name}/trigger_fs_error", "w", encoding="utf-8") as file:
            file.write("1")

    def repair(self):
        """Unmounts, checks and remounts it; no container may use it."""
        # For a moment the agent, which measures its volumes, and other mount namespaces may.
        eventually(self.is_unmounted, BUSY_SECONDS, f"{self.folder} is unmounted")
        eventually(self.is_repaired, BUSY_SECONDS, f"e2fsck has repaired {self.device}")
        self.mount()

    def is_unmounted(self):
        return subprocess.run(["umount", self.folder], check=False,
                              capture_output=True).returncode == 0

    def is_repaired(self):
        """0: nothing to correct, 1: errors were corrected."""
        return subprocess.run(["e2fsck", "-p", "-f", self.device], check=False,
                              capture_output=True).returncode <= 1

    def bytes_until_free_is(self, ratio):
        seen = os.statvfs(self.folder)
        return int((seen.f_bavail - seen.f_blocks * ratio) * seen.f_frsize)

    def end(self):
        unmount(self.folder)
        # The last process that used it may just have exited.
        for _ in range(20):
            if subprocess.run(["losetup", "-d", self.device], check=False,
                              capture_output=True).returncode == 0:
                return
            time.sleep(0.1)
