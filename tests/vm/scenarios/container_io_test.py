# SPDX-License-Identifier: Apache-2.0
"""Containers on cgroup version 2, by a real engine: what tests/live/containers_test.py asks of
either version, the waiting that this one alone counts, and what it says of volumes where eBPF
does not count."""

import os
import sys

sys.path.insert(1, os.path.join(os.path.dirname(__file__), "../../live"))

import containers_test as live
from support.disk import make_disk, run_quietly
from support.live_test import SharedLiveTest, run
from support.scene import eventually, read_proc

FIGURES = {"rbytes": "docker_volume_read_bytes_total", "wbytes": "docker_volume_written_bytes_total",
           "rios": "docker_volume_reads_total", "wios": "docker_volume_writes_total"}
WRITTEN = live.BLOCKS * live.MEGABYTE


class CgroupV2(SharedLiveTest, live.ContainersTest):
    """The live tests again, and more, with an engine whose data lies on a disk of its own."""

    @classmethod
    def set_scene(cls):
        run_quietly(["modprobe", "overlay"])
        disk = cls.mount(cls.make_disk("root", 200))
        cls.start_shared_engine(os.path.join(disk, "docker"))
        cls.device = cls.make_disk("disk")
        cls.folder = cls.mount(cls.device)

    def setUp(self):
        self.assertEqual(read_proc("self", "cgroup"), b"0::/\n")
        super().setUp()
        self.addCleanup(self.engine.api.remove_all_containers)

    @classmethod
    def make_disk(cls, name, mebibytes=64):
        return make_disk(cls.scene, name, mebibytes)

    @classmethod
    def mount(cls, device):
        point = cls.scene.new_folder(os.path.basename(device))
        run_quietly(["mount", device, point])
        return point

    def volume(self, name, kind, device, options=""):
        self.engine.api.create_volume(name, options={"type": kind, "device": device, "o": options})

    def volume_in(self, folder, name):
        os.mkdir(os.path.join(folder, name))
        self.volume(name, "none", os.path.join(folder, name), "bind")

    def run_with_volumes(self, name, *volumes):
        """It writes to each, past the page cache, and then reads that from the first."""
        write = [f"dd if=/dev/zero of=/{volume}/file bs=1M count={live.BLOCKS} oflag=direct"
                 for volume in volumes]
        read = f"dd if=/{volumes[0]}/file of=/dev/null bs=1M iflag=direct"
        self.engine.api.run_container(
            name, [f"{volume}:/{volume}" for volume in volumes],
            command="; ".join([*write, read, "touch /done; exec sleep 100000"]))
        pid = self.engine.api.pid_of(name)
        eventually(lambda: os.path.exists(f"/proc/{pid}/root/done"), 20, f"{name} is done")

    def figures(self, seen, volume):
        return {key: seen.value(metric, volume=volume) for key, metric in FIGURES.items()}

    def source(self, seen, volume):
        found = seen.labels("docker_volume_io_source_info", volume=volume)
        return found and found["source"]

    def test_without_ebpf_a_volume_has_counters_only_if_they_are_its_own(self):
        alone, both, own = (self.make_disk(name) for name in ("alone", "both", "own"))
        self.volume_in(self.mount(alone), "only")
        folder = self.mount(both)
        for name in ("left", "right"):
            self.volume_in(folder, name)
        self.volume("whole", "ext4", own)
        self.engine.api.create_volume("plain")
        self.run_with_volumes("one", "only")
        self.run_with_volumes("several", "left", "right", "whole", "plain")
        agent = self.start_agent(self.engine, "--no-collector.io.ebpf")
        agent.wait_until(lambda seen: self.source(seen, "only") and self.source(seen, "plain"),
                         "the volumes have sources", 10)
        run_quietly(["sync"])
        seen = agent.scrape()

        self.assertEqual(self.source(seen, "only"), "cgroup")
        self.assertEqual(self.figures(seen, "only"), self.of_cgroup("one", alone))
        self.assertEqual(self.source(seen, "whole"), "device")
        self.assertEqual(self.figures(seen, "whole"), of_device(own))
        for figures in (self.figures(seen, "only"), self.figures(seen, "whole")):
            self.assertGreaterEqual(figures["wbytes"], WRITTEN)
        self.assertGreaterEqual(self.figures(seen, "only")["rbytes"], WRITTEN)
        for volume in ("left", "right", "plain"):
            self.assertEqual(self.source(seen, volume), "shared")
            self.assertEqual(set(self.figures(seen, volume).values()), {None})
        for metric in ("docker_container_io_waiting_seconds_total",
                       "docker_container_io_stalled_seconds_total"):
            self.assertGreater(seen.value(metric, container="one"), 0)

    def of_cgroup(self, container, device):
        number = os.stat(device).st_rdev
        return live.counted_in_cgroup(self.engine.api.pid_of(container),
                                      f"{os.major(number)}:{os.minor(number)}")


def of_device(device):
    """As /sys/block/DEVICE/stat counts, in sectors of 512 bytes."""
    with open(f"/sys/block/{os.path.basename(device)}/stat", encoding="ascii") as file:
        reads, _, read_sectors, _, writes, _, written_sectors = map(int, file.read().split()[:7])
    return {"rbytes": read_sectors * 512, "wbytes": written_sectors * 512,
            "rios": reads, "wios": writes}


if __name__ == "__main__":
    run()
