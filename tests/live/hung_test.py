# SPDX-License-Identifier: Apache-2.0
"""A hung filesystem under Docker data costs one process and delays nothing."""

import os

from support.agent import Agent, is_stuck
from support.hung import HungMount
from support.live_test import LiveTest, run
from support.scene import eventually
from support.trees import write

OTHERS = ("other-1", "other-2")
SIZE = 1000 * 4096.0  # as tests/support/hung_fuse.h tells
FREE = 400 * 4096.0


class HungTest(LiveTest):
    needs = ("root", "dockerd", "busybox", "/dev/fuse")

    def setUp(self):
        super().setUp()
        self.mount = HungMount(self.scene, self.scene.new_folder("fuse"))
        self.addCleanup(self.mount.end)
        self.engine = self.start_engine()
        self.addCleanup(self.mount.release)  # or the engine could not be ended
        for name in OTHERS:
            self.engine.api.create_volume(name)

    def run_container_with_a_volume_on_it(self):
        self.engine.api.create_volume("hung", options={"type": "none", "o": "bind",
                                                       "device": self.mount.folder})
        self.engine.api.run_container("worker", ["hung:/data", "other-1:/other"])

    def run_containers_with_bind_mounts_of_it(self):
        for file in ("f0", "f1", "f2"):
            source = os.path.join(self.mount.folder, file)
            self.engine.api.run_container("worker-" + file, [source + ":/data", "other-1:/other"])

    def new_agent(self):
        return Agent(self.scene, self.engine.host, "--collector.filesystems.interval=1s",
                     "--collector.sizes.interval=1s").start()

    def up(self, seen):
        return seen.value("docker_filesystem_up", mountpoint=self.mount.folder)

    def wait_until_up_is(self, agent, value, seconds):
        latency = agent.wait_until(lambda seen: self.up(seen) == value,
                                   f"docker_filesystem_up is {value}", seconds)
        self.say(f"docker_filesystem_up {value}: seen after {latency:.1f} s")

    def assert_other_volumes_are_unaffected(self, agent):
        for number, name in enumerate(OTHERS):
            write(os.path.join(self.engine.volume_folder(name), "file"), 5000 + number)
        agent.wait_until(lambda seen: all(
            seen.value("docker_volume_size_bytes", volume=name) == 4096 + 5000 + number
            for number, name in enumerate(OTHERS)), "the new sizes of the other volumes", 20)
        self.assertEqual(agent.scrape().value("docker_up"), 1)

    def assert_one_process_is_stuck(self, agent):
        stuck = agent.stuck_helpers()
        self.assertEqual(len(stuck), 1, stuck)

    def assert_ends_soon(self, agent):
        processes = agent.pids()
        took = agent.terminate()
        self.say(f"SIGTERM ended the agent after {took * 1000:.0f} ms")
        self.assertLess(took, 2)
        eventually(lambda: all(is_stuck(pid) for pid in processes if pid in self.scene.processes()),
                   2, "none but stuck processes are left")
        self.mount.release()
        eventually(lambda: not set(processes) & set(self.scene.processes()), 2,
                   "nothing is left once it answers")

    def test_a_volume_whose_filesystem_hangs_is_shown_as_such_and_harms_no_other(self):
        self.run_container_with_a_volume_on_it()
        agent = self.new_agent()
        self.wait_until_up_is(agent, 1, 5)
        agent.wait_until(lambda seen: len(seen.all("docker_volume_size_bytes")) == 3,
                         "all three are measured")
        info = agent.scrape().labels("docker_volume_filesystem_info", volume="hung")
        self.assertEqual(info["fstype"], "fuse.hung")

        self.mount.hang()
        self.wait_until_up_is(agent, 0, 6)
        self.assert_scrapes_are_fast(agent)
        seen = agent.scrape()
        self.assertEqual(seen.value("docker_filesystem_size_bytes", fstype="fuse.hung"), SIZE)
        self.assertEqual(seen.value("docker_filesystem_free_bytes", fstype="fuse.hung"), FREE)
        self.assertEqual(seen.use("hung"), "in_use")
        self.assertIsNotNone(seen.value("docker_volume_size_bytes", volume="hung"))
        self.assert_other_volumes_are_unaffected(agent)
        # The one that asks how full it is, and the one that was about to measure the volume.
        self.assertLessEqual(len(agent.stuck_helpers()), 2)
        said = "no answer to statfs; serving the last known values"
        eventually(lambda: agent.log().count(said) == 1, 3, "it is logged once")

        self.mount.release()
        self.wait_until_up_is(agent, 1, 5)
        eventually(lambda: not agent.stuck_helpers(), 5, "no process is stuck any more")

        self.mount.hang()
        self.wait_until_up_is(agent, 0, 6)
        self.assert_ends_soon(agent)

    def test_an_agent_started_while_it_hangs_is_as_quick(self):
        self.run_containers_with_bind_mounts_of_it()
        self.mount.hang()
        agent = self.new_agent()
        self.assert_scrapes_are_fast(agent)
        self.wait_until_up_is(agent, 0, 6)
        self.assert_scrapes_are_fast(agent)
        self.assert_other_volumes_are_unaffected(agent)
        self.assert_one_process_is_stuck(agent)
        self.mount.release()
        self.wait_until_up_is(agent, 1, 5)
        self.mount.hang()
        self.wait_until_up_is(agent, 0, 6)
        self.assert_one_process_is_stuck(agent)
        self.assert_ends_soon(agent)

    def test_an_engine_that_hangs_with_its_volume_delays_nothing(self):
        """Engines look at the directory of each volume to list them: they hang as well."""
        self.run_container_with_a_volume_on_it()
        before = self.new_agent()
        before.wait_for_volumes("hung", *OTHERS)
        before.terminate()
        self.mount.hang()
        agent = self.new_agent()
        self.assert_scrapes_are_fast(agent)
        agent.wait_until(lambda seen: seen.value("volumeter_source_errors_total", source="docker",
                                                 kind="timeout"), "the silence is noticed", 30)
        self.wait_until_up_is(agent, 0, 6)
        seen = agent.scrape()
        self.assertEqual(seen.value("docker_up"), 1)  # it does list its containers
        self.assertEqual(seen.all("docker_volumes"), [])  # nobody knows how many there are
        self.assertEqual(seen.use("hung"), "in_use")
        self.assert_scrapes_are_fast(agent)
        self.mount.release()
        self.wait_until_up_is(agent, 1, 5)
        self.mount.hang()
        self.wait_until_up_is(agent, 0, 6)
        self.assert_ends_soon(agent)
        with open(self.scene.path("state", "history.txt"), encoding="utf-8") as history:
            text = history.read()
        for name in OTHERS:  # what an engine does not list is not forgotten
            self.assertIn(f" {name}\n", text)


if __name__ == "__main__":
    run()
