# SPDX-License-Identifier: Apache-2.0
"""A real host with data for every panel of the dashboards.

Its engine stores its data on a separate disk. A Compose project runs all the time: a database with
fsyncs, a growing log, a gateway with a model store, a configuration and a tmpfs cache, and an
importer with a full volume. There are also leftovers of CI jobs and a prune hazard.
"""

import os
import subprocess
import time

from support.agent import Agent
from support.disk import make_disk, run_quietly
from support.engine import Engine
from support.scene import SLOWNESS
from support.trees import write

AGENT_FLAGS = ("--collector.filesystems.interval=1s", "--collector.sizes.interval=10s",
               "--collector.sizes.cpu-percent=50", "--collector.sizes.max-io-pressure=100",
               "--collector.sizes.binds=.*/config", "--collector.volumes.labels=team")
DISK_MEGABYTES = 320
PROJECT = "openclaw"
DAY = 86400

# The command of each service.
DATABASE = f"""
while sleep {SLOWNESS}; do
  dd if=/dev/zero of=/data/wal bs=64k count=8 conv=notrunc,fsync
  dd if=/data/wal of=/dev/null bs=64k iflag=direct
done"""
LOGGER = f"while sleep {SLOWNESS}; do dd if=/dev/zero bs=16k count=1 >>/logs/app.log; done"
GATEWAY = f"""
dd if=/dev/zero of=/cache/tokens bs=1M count=6
while sleep {SLOWNESS}; do cat /models/weights >/dev/null; done"""
IMPORTER = f"while sleep {SLOWNESS}; do dd if=/dev/zero of=/scratch/rows bs=64k count=32; done"


class SeededHost:
    """Starts the engine and its containers; agent() starts an agent."""

    def __init__(self, scene):
        self.scene = scene
        # dockerd requires it to be loaded if it is a module.
        subprocess.run(["modprobe", "overlay"], check=False, capture_output=True)
        disk = scene.new_folder("engine")
        run_quietly(["mount", make_disk(scene, "data", DISK_MEGABYTES), disk])
        self.engine = Engine(scene)
        self.engine.data_root = os.path.join(disk, "docker")
        self.engine.start_with_image()
        self.api = self.engine.api
        self.leave_what_ci_jobs_leave()
        self.make_a_prune_hazard()
        self.start_project()

    def agent(self, *flags):
        return Agent(self.scene, self.engine.host, *AGENT_FLAGS, *flags).start()

    def end(self):
        self.engine.end()

    def volume(self, name, labels=None, options=None, kilobytes=64):
        self.api.create_volume(name, labels, options)
        if not options:
            write(os.path.join(self.engine.volume_folder(name), "file"), kilobytes << 10)

    def leave_what_ci_jobs_leave(self):
        """Orphaned volumes, one of them old, and one of a container that was never started."""
        for number in range(3):
            self.volume(f"ci_job_{number}", {"team": "build"}, kilobytes=1024 * (number + 1))
        age = time.time() - 400 * DAY
        os.utime(os.path.join(self.engine.volume_folder("ci_job_0"), "file"), (age, age))
        self.api.create_container("ci-anonymous", anonymous=["/cache"])
        self.api.remove_container("ci-anonymous")  # its volume stays
        self.volume("ci_cache")
        self.api.create_container("ci-runner", ["ci_cache:/cache"])

    def make_a_prune_hazard(self):
        self.volume("backups")
        self.api.run_container("backup", [self.engine.volume_folder("backups") + ":/backups"])

    def start_project(self):
        for name in ("db", "models", "logs"):
            self.project_volume(name)
        folder = self.engine.volume_folder(f"{PROJECT}_models")
        write(os.path.join(folder, "weights"), 8 << 20)
        os.chmod(os.path.join(folder, "file"), 0o4755)
        os.mknod(os.path.join(folder, "device"), 0o20600, os.makedev(1, 3))
        self.project_volume("scratch", {"type": "tmpfs", "device": "tmpfs", "o": "size=1m"})
        config = self.scene.new_folder("config")
        write(os.path.join(config, "gateway.json"), 100)
        self.service("db", DATABASE, [f"{PROJECT}_db:/data"])
        self.service("logs", LOGGER, [f"{PROJECT}_logs:/logs"])
        self.service("gateway", GATEWAY, [f"{PROJECT}_models:/models:ro", config + ":/config:ro"],
                     Tmpfs={"/cache": "size=8m"})
        self.service("importer", IMPORTER, [f"{PROJECT}_scratch:/scratch"])

    def project_volume(self, name, options=None):
        self.volume(f"{PROJECT}_{name}", {"com.docker.compose.project": PROJECT,
                                          "com.docker.compose.volume": name}, options)

    def service(self, name, command, binds, **host_config):
        labels = {"com.docker.compose.project": PROJECT, "com.docker.compose.service": name}
        self.api.run_container(f"{PROJECT}-{name}-1", binds, labels, command=command,
                               **host_config)
