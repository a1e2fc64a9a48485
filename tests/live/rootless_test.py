# SPDX-License-Identifier: Apache-2.0
"""An engine that runs as a user without rights, in namespaces of its own; the agent is root.

A row of tests/matrix says which engine, and as which user.
"""

import os

from support.du import DU, du_of_all
from support.live_test import LiveTest, run
from support.podman import Podman
from support.scene import ENGINE_USER

# By root of the container and by another user of it, who are two users without rights on the host.
WRITE = ("dd if=/dev/zero of=/data/root bs=1000 count=123 2>/dev/null; mkdir -m 700 /data/private; "
         "dd if=/dev/zero of=/data/private/file bs=1000 count=45 2>/dev/null; "
         "chown -R 1000:1000 /data/private; exec sleep 100000")
TMPFS = {"type": "tmpfs", "device": "tmpfs", "o": "size=8m"}


class RootlessTest(LiveTest):
    needs = ("root", "busybox", "du")

    def setUp(self):
        if ENGINE_USER == 0:
            self.skipTest("needs an engine without root, as a row of tests/matrix sets it up")
        super().setUp()
        if os.environ.get("VOLUMETER_TESTS_ENGINE") == "podman":
            self.engine = Podman(self.scene)
            self.addCleanup(self.engine.end)
            self.engine.start()
        else:
            self.engine = self.start_engine()
        self.api = self.engine.api
        self.agent = self.start_agent(self.engine, "--collector.sizes.interval=1s")
        self.agent.wait_until(lambda seen: seen.value("docker_up") == 1, "docker_up is 1", 15)

    def folder_of(self, volume):
        return self.api.call("GET", f"/v1.41/volumes/{volume}")["Mountpoint"]

    def test_the_engine_runs_in_a_user_namespace_without_root(self):
        self.api.run_container("worker")
        pid = self.api.pid_of("worker")
        self.assertNotEqual(os.stat(f"/proc/{pid}").st_uid, 0)
        self.assertNotEqual(os.readlink(f"/proc/{pid}/ns/user"), os.readlink("/proc/self/ns/user"))

    def test_what_containers_write_is_measured_as_by_du_whoever_owns_it(self):
        self.api.create_volume("data")
        self.api.run_container("worker", ["data:/data"], command=WRITE)
        folders = {"data": self.folder_of("data")}

        def equals_du(seen):
            wanted = du_of_all(folders)
            return wanted["docker_volume_size_bytes"]["data"] > 168000 and wanted == {
                metric: seen.by("volume", metric) for metric in wanted}
        self.agent.wait_until(equals_du, "the size is what du says", 60)
        self.assertEqual(self.agent.scrape().value("docker_volume_scan_errors", volume="data"), 0)
        filesystem = self.agent.scrape().labels("docker_volume_filesystem_info", volume="data")
        self.assertEqual(os.stat(filesystem["mountpoint"]).st_dev, os.stat(folders["data"]).st_dev)

    def test_volumes_are_in_use_idle_and_orphaned_as_their_containers_run(self):
        self.api.create_volume("data")
        self.see_use(self.agent, "data", "orphaned")
        self.api.run_container("worker", ["data:/data"])
        self.see_use(self.agent, "data", "in_use")
        mount = self.agent.scrape().labels("docker_mount_info", kind="volume")
        self.assertEqual((mount["container"], mount["source"]), ("worker", self.folder_of("data")))
        self.api.stop_container("worker")
        self.see_use(self.agent, "data", "idle")

    def test_a_bind_mount_of_its_directory_uses_a_volume(self):
        self.api.create_volume("data")
        self.api.run_container("worker", [f"{self.folder_of('data')}:/data"])
        self.see_use(self.agent, "data", "in_use")
        self.see(self.agent, lambda seen: seen.value("docker_volume_prune_hazard", volume="data") == 1,
                 "a prune would delete it")

    def test_a_volume_that_is_mounted_in_the_engines_namespace_only_has_no_size(self):
        self.api.create_volume("own", options=TMPFS)
        self.api.run_container("worker", ["own:/data"], command=WRITE)
        self.see_use(self.agent, "own", "in_use")
        self.agent.wait_until(lambda seen: seen.labels("docker_volume_scan_info", volume="own"),
                              "a measurement of it was tried", 60)
        seen = self.agent.scrape()
        for metric in DU:
            self.assertIsNone(seen.value(metric, volume="own"), metric)
        self.assertNotEqual(seen.labels("docker_volume_scan_info", volume="own")["state"], "unmounted")


if __name__ == "__main__":
    run()
