# SPDX-License-Identifier: Apache-2.0
"""Podman with its Docker-compatible socket."""

from support.live_test import LiveTest, run
from support.podman import Podman


class PodmanTest(LiveTest):
    needs = ("root", "podman", "busybox")

    def setUp(self):
        super().setUp()
        self.podman = Podman(self.scene)
        self.addCleanup(self.podman.end)
        self.podman.start()
        self.api = self.podman.api

    def start_connected_agent(self):
        """Podman takes a second to say who it is, and longer on a busy machine."""
        agent = self.start_agent(self.podman)
        agent.wait_until(lambda seen: seen.value("docker_up") == 1, "docker_up is 1", 15)
        return agent

    def test_the_engine_is_identified_as_podman(self):
        agent = self.start_connected_agent()
        self.assertEqual(agent.scrape().labels("docker_engine_info")["engine"], "podman")
        self.assertIn("msg=connected engine=podman", agent.log())

    def test_each_change_of_a_volume_is_exported_within_two_seconds(self):
        agent = self.start_connected_agent()
        self.api.create_volume("data")
        self.see_use(agent, "data", "orphaned")
        self.api.create_container("worker", ["data:/data"])
        self.see_use(agent, "data", "idle")
        self.api.start_container("worker")
        self.see_use(agent, "data", "in_use")
        self.assertEqual(agent.scrape().labels("docker_mount_info", kind="volume")["container"],
                         "worker")
        self.api.stop_container("worker")
        self.see_use(agent, "data", "idle")
        self.api.remove_container("worker")
        self.see_use(agent, "data", "orphaned")
        self.api.remove_volume("data")
        self.see(agent, lambda seen: 'volume="data"' not in seen.text, "no series is left of it")

    def test_volumes_have_sizes_and_pruned_ones_disappear(self):
        self.api.create_volume("data")
        agent = self.start_connected_agent()
        agent.wait_until(lambda seen: seen.value("docker_volume_size_bytes", volume="data"),
                         "the size is measured")
        self.api.prune_volumes()
        self.see(agent, lambda seen: seen.use("data") is None, "the pruned volume is gone")


if __name__ == "__main__":
    run()
