# SPDX-License-Identifier: Apache-2.0
"""A filesystem that is mounted inside a volume and hangs is no part of the volume's size, and is shown
for itself."""

import os

from support.disk import mount_new
from support.hung import HungMount
from support.live_test import LiveTest, run
from support.scripted_engine import ScriptedEngine, volume
from support.trees import write

MAX_SIZES = 20  # seconds until changed volumes are measured, on a machine that does other things


class HungInsideTest(LiveTest):
    needs = ("root", "/dev/fuse", "mkfs.ext4")

    def setUp(self):
        super().setUp()
        self.engine = ScriptedEngine(self.scene)
        self.addCleanup(self.engine.end)
        self.disk = mount_new(self.scene, "ext4")
        for name in ("outer", "other"):
            os.mkdir(self.folder(name))
            self.change(name, 5000)
            self.engine.volumes.append(volume(name, self.folder(name)))
        os.mkdir(self.folder("outer", "nas"))
        self.mount = HungMount(self.scene, self.folder("outer", "nas"))
        self.addCleanup(self.mount.end)

    def folder(self, *names):
        return os.path.join(self.disk, *names)

    def change(self, name, size):
        write(self.folder(name, "file"), size)

    def size_on_disk(self, name):
        """Without what is mounted inside; its mount point would be asked otherwise."""
        return (os.stat(self.folder(name)).st_size
                + os.stat(self.folder(name, "file")).st_size)

    def wait_until_measured(self, agent, what):
        took = agent.wait_until(lambda seen: all(
            seen.value("docker_volume_size_bytes", volume=name) == self.size_on_disk(name)
            for name in ("outer", "other")), what, 3 * MAX_SIZES)
        self.say(f"{what}: after {took:.1f} s")
        self.assertLess(took, MAX_SIZES)

    def start_agent_at_ease(self):
        return self.start_agent(self.engine, "--collector.sizes.interval=2s",
                                "--collector.sizes.max-io-pressure=100")

    def assert_only_the_hung_one_is_to_blame(self, agent):
        inside = self.folder("outer", "nas")
        agent.wait_until(lambda seen: seen.value("docker_filesystem_up", mountpoint=inside) == 0,
                         "it does not answer", 20)
        seen = agent.scrape()
        self.assertEqual(seen.value("docker_filesystem_up", mountpoint=self.disk), 1)
        for name in ("outer", "other"):
            self.assertTrue(seen.labels("docker_volume_scan_info", volume=name, state="measured"))
        self.assertLessEqual(len(agent.stuck_helpers()), 1)  # the one that asked for its capacity

    def test_it_hangs_while_the_agent_runs_and_both_volumes_go_on_being_measured(self):
        agent = self.start_agent_at_ease()
        self.wait_until_measured(agent, "both are measured")
        self.mount.hang()
        self.change("outer", 60000)
        self.change("other", 70000)
        self.wait_until_measured(agent, "both are measured again")
        self.assert_only_the_hung_one_is_to_blame(agent)

    def test_an_agent_started_while_it_hangs_measures_both_volumes(self):
        self.mount.hang()
        agent = self.start_agent_at_ease()
        self.wait_until_measured(agent, "both are measured")
        self.assert_only_the_hung_one_is_to_blame(agent)


if __name__ == "__main__":
    run()
