# SPDX-License-Identifier: Apache-2.0
"""Many filesystems that hang, or one in a container, do no harm to a healthy filesystem."""

import os
import subprocess
import time

from support.disk import mount_new
from support.hung import HungMount
from support.live_test import LiveTest, run
from support.scripted_engine import ScriptedEngine, volume
from support.trees import write

HUNG = 34
HEALTHY = ("db", "logs", "cache")
WATCHED = 25  # seconds, more than two rounds of statfs at the default interval
MAX_AGE = 15  # seconds, of the capacity of the healthy filesystem
MAX_FIRST = 3  # seconds until the healthy filesystem has a capacity; under one where nothing else runs
MAX_SCRAPE = 1
MAX_EXIT = 2
MAX_ONCE = 8  # seconds of --once and --check; asked one by one they took 70
MAX_SIZES = 20  # seconds until changed volumes are measured, on a machine that does other things
MAX_STUCK = 44  # processes: 32 questions to places that answered before and 12 scans (prober.h)


class HungManyTest(LiveTest):
    needs = ("root", "/dev/fuse", "mkfs.ext4")

    def setUp(self):
        super().setUp()
        self.engine = ScriptedEngine(self.scene)
        self.addCleanup(self.engine.end)
        self.disk = mount_new(self.scene, "ext4")
        for number, name in enumerate(HEALTHY):
            folder = os.path.join(self.disk, name)
            os.mkdir(folder)
            write(os.path.join(folder, "file"), 5000 + number)
            self.engine.volumes.append(volume(name, folder))

    def add_hung_mounts(self):
        self.mounts = []
        for number in range(HUNG):
            mount = HungMount(self.scene, self.scene.new_folder(f"fuse{number}"))
            self.addCleanup(mount.end)
            self.mounts.append(mount)
            self.engine.volumes.append(volume(f"hung{number}", mount.folder))

    def hang_all(self):
        for mount in self.mounts:
            mount.hang()

    def release_all(self):
        for mount in self.mounts:
            mount.release()

    def command(self, *flags):
        return [os.environ["VOLUMETER"], "--docker.host", self.engine.host, *flags]

    def assert_once_and_check_end_soon(self):
        for flag in ("--once", "--check"):
            began = time.monotonic()
            subprocess.run(self.command(flag), capture_output=True, check=False, timeout=120)
            took = time.monotonic() - began
            self.say(f"{flag} took {took:.1f} s")
            self.assertLess(took, MAX_ONCE, flag)

    def has_capacity(self, seen):
        return (seen.value("docker_filesystem_up", mountpoint=self.disk) == 1
                and seen.value("docker_filesystem_size_bytes", mountpoint=self.disk) is not None)

    def are_measured(self, seen):
        return all(seen.value("docker_volume_size_bytes", volume=name) == self.size_of(name)
                   for name in HEALTHY)

    def size_of(self, name):
        folder = os.path.join(self.disk, name)
        return os.stat(folder).st_size + os.stat(os.path.join(folder, "file")).st_size

    def start_watched_agent(self):
        """Starts an agent and scrapes it from its first second on."""
        agent = self.start_agent(self.engine, "--collector.sizes.interval=2s",
                                 "--collector.sizes.max-io-pressure=100")
        capacity = agent.wait_until(self.has_capacity, "the healthy filesystem has a capacity", 70)
        sizes = agent.wait_until(self.are_measured, "its volumes are measured", 70)
        self.say(f"capacity after {capacity:.2f} s, volumes measured {sizes:.2f} s later")
        self.assertLess(capacity, MAX_FIRST)
        self.assertLess(sizes, MAX_SIZES)
        return agent

    def watch(self, agent, seconds):
        """Scrapes all the time; the healthy filesystem stays up and its capacity fresh."""
        slowest = oldest = 0
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            took, seen = agent.timed_scrape()
            slowest = max(slowest, took)
            self.assertEqual(seen.value("docker_filesystem_up", mountpoint=self.disk), 1)
            taken = seen.value("docker_filesystem_timestamp_seconds", mountpoint=self.disk)
            oldest = max(oldest, time.time() - taken)
            time.sleep(0.1)
        self.say(f"slowest scrape {slowest * 1000:.0f} ms, oldest capacity {oldest:.1f} s, "
                 f"{len(agent.stuck_helpers())} helpers stuck")
        self.assertLess(slowest, MAX_SCRAPE)
        self.assertLess(oldest, MAX_AGE)

    def assert_changes_are_measured(self, agent):
        for name in HEALTHY:
            with open(os.path.join(self.disk, name, "file"), "ab") as file:
                file.write(b"x" * 700)
        took = agent.wait_until(self.are_measured, "the new sizes on the healthy filesystem",
                                MAX_SIZES)
        self.say(f"new sizes after {took:.1f} s")

    def assert_ends_soon(self, agent):
        took = agent.terminate()
        self.say(f"SIGTERM ended the agent after {took * 1000:.0f} ms")
        self.assertLess(took, MAX_EXIT)

    def test_34_filesystems_that_hang_from_the_start_harm_no_healthy_one(self):
        self.add_hung_mounts()
        self.hang_all()
        agent = self.start_watched_agent()
        self.assert_scrapes_are_fast(agent)
        self.watch(agent, WATCHED)
        # Asked or not asked, never healthy.
        up = agent.scrape().by("mountpoint", "docker_filesystem_up", fstype="fuse.hung")
        self.assertEqual(set(up.values()), {0})
        self.assertLessEqual(len(agent.stuck_helpers()), MAX_STUCK)
        self.assert_changes_are_measured(agent)
        self.assert_ends_soon(agent)
        self.assert_once_and_check_end_soon()
        self.release_all()

    def test_34_filesystems_that_begin_to_hang_harm_no_healthy_one(self):
        self.add_hung_mounts()
        agent = self.start_watched_agent()
        agent.wait_until(lambda seen: len(seen.all("docker_filesystem_up", fstype="fuse.hung"))
                         == HUNG, "all have answered", 5)
        self.hang_all()
        self.watch(agent, WATCHED)
        up = agent.scrape().by("mountpoint", "docker_filesystem_up", fstype="fuse.hung")
        self.assertEqual(set(up.values()), {0})
        self.assertLessEqual(len(agent.stuck_helpers()), MAX_STUCK)
        self.assert_changes_are_measured(agent)
        self.assert_ends_soon(agent)
        self.release_all()

    def test_a_container_that_hangs_at_a_path_of_the_host_harms_no_host_filesystem(self):
        """It mounts FUSE over its own tmpfs, whose destination is a mount point of the host."""
        inside = HungMount(self.scene, self.disk, in_namespace_of_its_own=True)
        self.addCleanup(inside.end)
        inside.hang()
        self.engine.add_container("tenant", inside.process.pid, tmpfs=[self.disk])
        agent = self.start_watched_agent()
        inside.wait_until_somebody_waits()
        self.watch(agent, WATCHED)
        agent.wait_until(lambda seen: seen.value("volumeter_source_errors_total", source="sizes",
                                                 kind="timeout"), "the scan is given up", 40)
        self.watch(agent, MAX_AGE)
        self.assert_changes_are_measured(agent)
        self.assert_ends_soon(agent)
        inside.release()


if __name__ == "__main__":
    run()
