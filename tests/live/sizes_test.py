# SPDX-License-Identifier: Apache-2.0
"""Sizes equal du and filesystems equal stat -f, to the byte."""

import os
import subprocess

from support.disk import make_disk
from support.du import DU, du, stat_f, stat_f_of_volume
from support.live_test import LiveTest, run
from support.trees import KINDS, plant, write

VOLUMES = 500
UNMOUNTED = "unmounted"


class SizesTest(LiveTest):
    needs = ("root", "dockerd", "busybox", "du")

    def test_the_sizes_of_500_volumes_equal_du_to_the_byte(self):
        engine = self.start_engine()
        folders = {}
        for number in range(VOLUMES):
            name = f"{KINDS[number % len(KINDS)].__name__}-{number}"
            engine.api.create_volume(name)
            folders[name] = engine.volume_folder(name)
            plant(folders[name], number)
        agent = self.start_agent(engine)
        took = agent.wait_until(lambda seen: len(seen.all("docker_volume_scan_info",
                                                          state="measured")) == VOLUMES,
                                "all volumes are measured", 60)
        self.say(f"{VOLUMES} volumes measured within {took:.1f} s")
        seen = agent.scrape()
        for metric, options in DU.items():
            self.assertEqual(seen.by("volume", metric), du(folders, options), metric)
        self.assertEqual(set(seen.by("volume", "docker_volume_scan_errors").values()), {0})

    def check_volume_with_a_filesystem_of_its_own(self, options):
        engine = self.start_engine()
        engine.api.create_volume("own", options=options)
        folder = engine.volume_folder("own")
        agent = self.start_agent(engine, "--collector.sizes.interval=1s",
                                 "--collector.filesystems.interval=1s")
        agent.wait_until(lambda seen: scan_state(seen) == UNMOUNTED, "it is not mounted yet")
        self.assert_nothing_is_said_of_its_size(agent.scrape())

        engine.api.run_container("worker", ["own:/data"])
        write(os.path.join(folder, "file"), 1234567)
        os.sync()
        agent.wait_until(lambda seen: said_of_own(seen) == stat_f_of_volume(folder),
                         f"what stat -f says: {stat_f_of_volume(folder)}", 15)
        seen = agent.scrape()
        self.assertEqual(seen.labels("docker_volume_scan_info", volume="own")["method"], "statfs")
        self.assertIsNone(seen.value("docker_volume_size_bytes", volume="own"))
        self.check_filesystem(agent, folder, options["type"])

        engine.api.stop_container("worker")
        agent.wait_until(lambda seen: scan_state(seen) == UNMOUNTED, "it is unmounted again")
        self.assert_nothing_is_said_of_its_size(agent.scrape())

    def assert_nothing_is_said_of_its_size(self, seen):
        for metric in DU:
            self.assertIsNone(seen.value(metric, volume="own"))
        self.assertIsNone(seen.labels("docker_volume_filesystem_info", volume="own"))

    def check_filesystem(self, agent, folder, fstype):
        wanted = stat_f(folder)
        info = agent.scrape().labels("docker_volume_filesystem_info", volume="own")
        self.assertEqual((info["mountpoint"], info["fstype"]), (folder, fstype))
        own = {key: info[key] for key in ("device", "mountpoint", "fstype")}
        agent.wait_until(lambda seen: {name: seen.value(name, **own) for name in wanted} == wanted,
                         f"what stat -f says: {wanted}", 5)
        self.assertEqual(agent.scrape().value("docker_filesystem_up", **own), 1)

    def test_a_tmpfs_volume_is_measured_while_it_is_mounted(self):
        self.check_volume_with_a_filesystem_of_its_own(
            {"type": "tmpfs", "device": "tmpfs", "o": "size=8m"})

    def test_a_volume_on_a_disk_of_its_own_is_measured_while_it_is_mounted(self):
        try:
            device = make_disk(self.scene, "disk", 16)
        except subprocess.CalledProcessError as error:
            self.skipTest(f"no loop device: {error.stderr or error}")
        self.check_volume_with_a_filesystem_of_its_own({"type": "ext4", "device": device})

    def test_the_filesystem_of_the_engine_is_the_one_shown_by_df(self):
        engine = self.start_engine()
        engine.api.create_volume("data")
        agent = self.start_agent(engine)
        agent.wait_until(lambda seen: seen.all("docker_filesystem_size_bytes"), "a filesystem")
        seen = agent.scrape()
        info = seen.labels("docker_volume_filesystem_info", volume="data")
        folder = engine.volume_folder("data")
        fstype, size = subprocess.run(["df", "-B1", "--output=fstype,size", folder], check=True,
                                      capture_output=True, text=True).stdout.split()[-2:]
        self.assertEqual(info["fstype"], fstype)
        self.assertEqual(os.stat(info["mountpoint"]).st_dev, os.stat(folder).st_dev)
        self.assertEqual(seen.value("docker_filesystem_size_bytes", device=info["device"]),
                         int(size))


def said_of_own(seen):
    return {metric: seen.value(metric, volume="own")
            for metric in ("docker_volume_allocated_bytes", "docker_volume_inodes_used",
                           "docker_volume_limit_bytes")}


def scan_state(seen):
    labels = seen.labels("docker_volume_scan_info", volume="own")
    return labels and labels["state"]


if __name__ == "__main__":
    run()
