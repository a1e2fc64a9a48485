# SPDX-License-Identifier: Apache-2.0
"""The monitored stack: a separate engine with the storage of a small self-hosted service."""

import contextlib
import os
import shutil
import time

from disks import Disk, SlowFile, new_file
from support.engine import Engine

PROJECT = "openclaw"
MAIN_MEGABYTES = 768  # Docker's disk; a sparse file
DATA_MEGABYTES = 256
SHARE_MEGABYTES = 64
CI_JOBS = 3
OLD_DAYS = 400
ARCHIVES = [f"archive{number}" for number in range(5)]
DATA_DELAY = 0.001  # seconds per request: the second disk is slow

# Commands of the containers. A "commit" is a write and an fsync.
DATABASE = """
while :; do dd if=/dev/zero of=/db/wal bs=8k count=1 conv=notrunc,fsync 2>/dev/null; sleep 0.5; done
"""
MODELS = """
for i in 1 2 3; do [ -e /models/$i.bin ] || dd if=/dev/zero of=/models/$i.bin bs=1M count=32; done
while :; do for i in 1 2 3; do cat /models/$i.bin > /dev/null; sleep 5; done; done
"""
# Grows slowly and is rotated.
LOGS = """
while :; do
  for i in 0 1 2 3 4 5 6 7 8 9; do
    dd if=/dev/zero bs=1k count=4 >> /logs/current 2>/dev/null; cat /config/settings; sleep 1
  done
  busybox mv /logs/current /logs/old
done
"""
CACHE = "dd if=/dev/zero of=/cache/entries bs=1M count=4; exec sleep 100000"
BACKUP = "while :; do ls /source; sleep 5; done"
READER = "while :; do ls /shared; sleep 1; done"


class Stack:
    """The disks, the engine on them, and its containers."""

    def __init__(self, scene):
        self.scene = scene
        self.ended = []  # for end(), in order of creation
        self.main = self.keep(Disk(scene, "docker", new_file(scene, "main.img", MAIN_MEGABYTES)))
        self.slow = self.keep(SlowFile(scene, "slow", DATA_MEGABYTES, "slow-disk"))
        self.data = self.keep(Disk(scene, "data", self.slow.path, ["-e", "remount-ro"]))
        self.share = self.keep(SlowFile(scene, "share", SHARE_MEGABYTES, "nas:/share"))
        self.slow.set_delay(DATA_DELAY)
        self.engine = Engine(scene)
        self.api = self.engine.api

    def keep(self, thing):
        self.ended.append(thing)
        return thing

    def start(self):
        self.engine.start_with_image()
        self.start_service("database", DATABASE, [self.volume_on_data("database") + ":/db"],
                           **self.unreached_limit())
        self.start_service("models", MODELS, [self.volume("models") + ":/models"])
        self.start_service("gateway", LOGS, [self.volume("logs") + ":/logs",
                                             self.config() + ":/config:ro"])
        self.start_service("cache", CACHE, Tmpfs={"/cache": "size=16m"})
        shared = self.volume("shared", self.share.folder)
        self.start_service("skills", READER, [shared + ":/shared"])
        self.start_service("backup", BACKUP, [self.uploads() + ":/source:ro"])
        self.start_archive()
        self.leave_migration()
        self.leave_ci_jobs(CI_JOBS)

    def unreached_limit(self):
        """With cgroup v1 the kernel counts the I/O of a device only if a limit is set."""
        return {"BlkioDeviceWriteBps": [{"Path": self.data.device, "Rate": 1 << 40}]}

    def volume(self, name, folder=None):
        options = {"type": "none", "o": "bind", "device": folder} if folder else None
        name = f"{PROJECT}_{name}"
        self.api.create_volume(name, labels={"com.docker.compose.project": PROJECT},
                               options=options)
        return name

    def uploads(self):
        """A volume that Docker considers dangling, as it is only bind-mounted by path."""
        return self.engine.volume_folder(self.volume("uploads"))

    def volume_on_data(self, name):
        folder = os.path.join(self.data.folder, name)
        os.mkdir(folder)
        return self.volume(name, folder)

    def remove_volume_on_data(self, name):
        self.api.remove_volume(f"{PROJECT}_{name}")
        shutil.rmtree(os.path.join(self.data.folder, name), ignore_errors=True)

    def remove_file(self, volume, name):
        path = os.path.join(self.engine.volume_folder(f"{PROJECT}_{volume}"), name)
        if os.path.exists(path):
            os.unlink(path)

    def config(self):
        folder = os.path.join(self.data.folder, "config")
        os.mkdir(folder)
        with open(os.path.join(folder, "settings"), "w", encoding="utf-8") as file:
            file.write("model: 1\n")
        return folder

    def start_service(self, name, command, binds=(), **host_config):
        labels = {"com.docker.compose.project": PROJECT, "com.docker.compose.service": name}
        self.api.run_container(f"{PROJECT}-{name}", binds, labels, command=command, **host_config)

    def start_archive(self):
        """One container with many volumes."""
        self.start_service("archive", "exec sleep 100000",
                           [f"{self.volume(name)}:/{name}" for name in ARCHIVES])

    def remove_archive(self):
        """As `docker compose down --volumes` does."""
        self.api.remove_container(f"{PROJECT}-archive")
        for name in ARCHIVES:
            self.api.remove_volume(f"{PROJECT}_{name}")

    def leave_migration(self):
        """An exited container whose volume has old files."""
        self.start_service("migration", "dd if=/dev/zero of=/old/dump bs=1M count=2",
                           [self.volume("old-database") + ":/old"])
        self.api.call("POST", f"/v1.41/containers/{PROJECT}-migration/wait")
        dump = os.path.join(self.engine.volume_folder(f"{PROJECT}_old-database"), "dump")
        os.utime(dump, times=(time.time() - OLD_DAYS * 86400,) * 2)
        os.chmod(dump, 0o4755)

    def leave_ci_jobs(self, count, megabytes=1):
        """Jobs that were removed without their anonymous volumes (no -v)."""
        command = f"dd if=/dev/zero of=/scratch/object bs=1M count={megabytes}"
        names = [f"ci-job-{number}" for number in range(count)]
        for name in names:
            self.api.run_container(name, anonymous=["/scratch"], command=command)
        for name in names:
            self.api.call("POST", f"/v1.41/containers/{name}/wait")
            self.api.remove_container(name)

    def volumes(self):
        """The names of all volumes."""
        return {one["Name"] for one in self.api.call("GET", "/v1.41/volumes")["Volumes"] or []}

    def end(self):
        """Ends containers, engine and disks, in reverse order of creation."""
        self.slow.set_delay(0)
        self.share.release()
        if self.engine.process:
            self.end_engine()
        for thing in reversed(self.ended):
            thing.end()

    def end_engine(self):
        if self.engine.process.poll() is not None:
            with contextlib.suppress(AssertionError):  # then Scene.end() kills the rest
                self.engine.start()  # removes the cgroups of its containers
        self.engine.end()
        self.engine.kill()
