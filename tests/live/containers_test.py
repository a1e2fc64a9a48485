# SPDX-License-Identifier: Apache-2.0
"""The I/O of containers equals the counters of their cgroups, to the byte."""

import os
import re

from support.disk import make_disk, run_quietly
from support.live_test import LiveTest, run
from support.scene import eventually, read_proc

MEGABYTE = 1 << 20
BLOCKS = 8
METRICS = {"rbytes": "docker_container_read_bytes_total",
           "wbytes": "docker_container_written_bytes_total",
           "rios": "docker_container_reads_completed_total",
           "wios": "docker_container_writes_completed_total"}
NOTHING = dict.fromkeys(METRICS, 0)
# Past the page cache, so that the writes are the container's own with cgroup version 1, too.
WRITE = (f"dd if=/dev/zero of=/data/file bs=1M count={BLOCKS} oflag=direct 2>/dev/null;"
         "exec sleep 100000")


class ContainersTest(LiveTest):
    needs = ("root", "dockerd", "busybox", "losetup", "mkfs.ext4")

    def setUp(self):
        super().setUp()
        self.engine = self.start_engine()
        self.device = make_disk(self.scene, "disk", 64)
        self.folder = self.scene.new_folder("data")
        run_quietly(["mount", self.device, self.folder])

    def run_container(self, name, command):
        """Version 1 counts on a disk only once somebody has a limit on it (Linux 6.10)."""
        limit = {"Path": self.device, "Rate": 10 << 30}
        self.engine.api.run_container(name, [f"{self.folder}:/data"], command=command,
                                      BlkioDeviceWriteBps=[limit])

    def counted(self, name):
        """What the kernel counts for a container on the disk, by key of io.stat."""
        pid = self.engine.api.pid_of(name)
        number = os.stat(self.device).st_rdev
        return counted_in_cgroup(pid, f"{os.major(number)}:{os.minor(number)}")

    def exported(self, seen, name):
        device = os.path.basename(self.device)
        return {key: seen.value(metric, container=name, device=device)
                for key, metric in METRICS.items()}

    def wait_for_writes(self, name):
        eventually(lambda: self.counted(name)["wbytes"] >= BLOCKS * MEGABYTE, 20,
                   f"the kernel has counted what {name} writes")

    def wait_until_exported(self, agent, name, earlier):
        """What all runs of a container have done, once the agent says that, too."""
        def wanted():
            return {key: earlier[key] + now for key, now in self.counted(name).items()}

        agent.wait_until(lambda seen: self.exported(seen, name) == wanted(),
                         f"{name} has done {wanted()}", 20)
        return wanted()

    def test_the_io_of_a_container_equals_the_counters_of_its_cgroup(self):
        self.run_container("writer", WRITE)
        self.run_container("idle", "exec sleep 100000")
        agent = self.start_agent(self.engine)
        self.wait_for_writes("writer")
        self.say(self.wait_until_exported(agent, "writer", NOTHING))
        seen = agent.scrape()
        self.assertLessEqual(set(self.exported(seen, "idle").values()), {0, None})
        self.assertEqual(seen.value("volumeter_source_up", source="cgroup"), 1)

    def test_counters_are_cumulative_across_container_restarts(self):
        api = self.engine.api
        agent = self.start_agent(self.engine)
        total = NOTHING

        def replace():  # by one of another id with the same name
            api.remove_container("writer")
            self.run_container("writer", WRITE)

        def restart():
            api.start_container("writer")

        for begin in (lambda: self.run_container("writer", WRITE), restart, restart, replace):
            begin()
            self.wait_for_writes("writer")
            total = self.wait_until_exported(agent, "writer", total)
            api.stop_container("writer")
            agent.wait_until(lambda seen: self.exported(seen, "writer")["wbytes"] is None,
                             "what does not run has no counters", 20)
        self.say(f"after four runs: {total}")
        self.assertGreaterEqual(total["wbytes"], 4 * BLOCKS * MEGABYTE)


def counted_in_cgroup(pid, number):
    """{"rbytes": ...} of a process's cgroup for a device "7:0", by either version."""
    cgroups = read_proc(pid, "cgroup").decode()
    if found := re.search(r"^\d+:blkio:(.*)$", cgroups, re.M):
        folder = "/sys/fs/cgroup/blkio" + found[1]
        return {f"{way[0].lower()}{unit}": blkio(f"{folder}/blkio.throttle.{file}", number, way)
                for way in ("Read", "Write")
                for unit, file in (("bytes", "io_service_bytes_recursive"),
                                   ("ios", "io_serviced_recursive"))}
    folder = "/sys/fs/cgroup" + re.search(r"^0::(.*)$", cgroups, re.M)[1]
    line = re.search(rf"^(?:.* )?{number} (rbytes=.*)$", read(folder + "/io.stat"), re.M)
    pairs = dict(pair.split("=") for pair in line[1].split()) if line else {}
    return {key: int(pairs.get(key, 0)) for key in METRICS}


def blkio(path, number, way):
    found = re.search(rf"^{number} {way} (\d+)$", read(path), re.M)
    return int(found[1]) if found else 0


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:  # the container has just ended
        return ""


if __name__ == "__main__":
    run()
