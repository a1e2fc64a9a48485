# SPDX-License-Identifier: Apache-2.0
"""Engines of which a part fails, and what they say only by events.

From public reports: volume plugins that hang or are disabled (moby issues 15997 and 19987, for-linux
issue 1047), inspections that fail under load, jobs of `docker run --rm`.
"""

import os
import time

from support.live_test import LiveTest, run
from support.scripted_engine import ScriptedEngine, volume

DAY = 86400
UP = "docker_volume_driver_up"


class EngineFaultsTest(LiveTest):
    def setUp(self):
        super().setUp()
        self.engine = ScriptedEngine(self.scene)
        self.addCleanup(self.engine.end)
        self.engine.volumes = [volume("data", "/nowhere/data", "local", "local"),
                               volume("share", "/nowhere/share", "nas", "local")]
        self.engine.drivers = ["local", "nas"]

    def start(self, history=()):
        """With lines of the state file: of each volume its name and when it was last used."""
        state = self.scene.new_folder("state")
        now = time.time()
        lines = [f"volume {used - DAY:.3f} {used:.3f} 0 - {name}" for name, used in history]
        with open(os.path.join(state, "history.txt"), "w", encoding="utf-8") as file:
            file.write("\n".join(["volumeter-state 1", f"watched_until {now - 5:.3f}", *lines, ""]))
        return self.start_agent(self.engine, state=state)

    def wait_until_later(self, agent, name, moment, what, seconds=5):
        agent.wait_until(lambda seen: (seen.value(name, volume="data") or 0) > moment, what, seconds)

    def test_a_plugin_that_hangs_hides_no_local_volume(self):
        self.engine.hangs = lambda path, drivers: path == "/volumes" and drivers != ["local"]
        agent = self.start()
        agent.wait_until(lambda seen: seen.value(UP, driver="nas") == 0, "nas is down", 30)
        seen = agent.scrape()
        self.assertEqual(seen.value(UP, driver="local"), 1)
        self.assertEqual(seen.value("docker_volume_orphaned", volume="data"), 1)
        self.assertEqual(seen.value("docker_up"), 1)
        self.engine.volumes.append(volume("new", "/nowhere/new", "local", "local"))
        self.engine.send("volume", "create", "new", driver="local")
        agent.wait_until(lambda seen: 'volume="new"' in seen.text, "a new local volume", 5)
        self.assertEqual(sum(asked == ("/volumes", []) for asked in self.engine.asked), 1)

    def test_while_no_list_is_answered_a_new_local_volume_is_asked_for_by_its_name(self):
        agent = self.start()
        agent.wait_until(lambda seen: seen.value(UP, driver="nas") == 1, "both are up", 10)
        self.engine.hangs = lambda path, drivers: path == "/volumes"
        self.engine.volumes.append(volume("new", "/nowhere/new", "local", "local"))
        self.engine.send("volume", "create", "new", driver="local")
        agent.wait_until(lambda seen: 'volume="new"' in seen.text, "the new local volume", 30)
        seen = agent.scrape()
        self.assertEqual(seen.value(UP, driver="local"), 0)
        # That no container refers to it is known, but not whether it still exists.
        self.assertEqual(seen.value("docker_volume_state_info", volume="data", reason="not_listed"), 1)
        self.assertIsNone(seen.value("docker_volume_orphaned", volume="data"))

    def test_volumes_missing_from_a_list_with_a_warning_are_kept_with_their_history(self):
        used = time.time() - 30 * DAY
        agent = self.start([("share", used)])
        agent.wait_until(lambda seen: seen.value(UP, driver="nas") == 1, "both are up", 10)
        share = self.engine.volumes.pop()
        self.engine.warnings = ["list nas: plugin nas found but disabled"]
        self.engine.send("volume", "create", "data", driver="local")
        agent.wait_until(lambda seen: seen.value(UP, driver="nas") == 0, "nas is down", 5)
        seen = agent.scrape()
        self.assertEqual(seen.value("docker_volume_state_info", volume="share", reason="not_listed"), 1)
        self.engine.volumes.append(share)
        self.engine.warnings = None
        self.engine.send("volume", "create", "data", driver="local")
        agent.wait_until(lambda seen: seen.value(UP, driver="nas") == 1, "nas is back", 5)
        last_used = agent.scrape().value("docker_volume_last_used_timestamp_seconds", volume="share")
        self.assertAlmostEqual(last_used, used, delta=1)

    def test_a_container_that_only_events_show_used_its_volume(self):
        began = time.time()
        agent = self.start([("data", began - 40 * DAY)])
        agent.wait_until(lambda seen: seen.value(UP, driver="nas") == 1, "both are up", 10)
        for kind, action, subject in (("container", "create", "c0ffee"), ("volume", "mount", "data"),
                                      ("container", "start", "c0ffee"), ("container", "die", "c0ffee"),
                                      ("volume", "unmount", "data"), ("container", "destroy", "c0ffee")):
            self.engine.send(kind, action, subject, driver="local")
        self.wait_until_later(agent, "docker_volume_last_used_timestamp_seconds", began, "the use")

    def test_a_touched_directory_does_not_renew_the_history_and_a_new_volume_does(self):
        used = time.time() - 3 * DAY
        agent = self.start([("data", used)])
        agent.wait_until(lambda seen: seen.value(UP, driver="nas") == 1, "both are up", 10)
        time.sleep(1)  # the list after the opening of the event stream
        self.engine.volumes[0]["CreatedAt"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.engine.send("volume", "create", "other", driver="local")
        self.wait_until_later(agent, "docker_volume_created_timestamp_seconds", used + DAY, "the touch")
        unused_since = "docker_volume_unused_since_timestamp_seconds"
        self.assertAlmostEqual(agent.scrape().value(unused_since, volume="data"), used, delta=1)
        self.engine.send("volume", "destroy", "data", driver="local")
        self.engine.send("volume", "create", "data", driver="local")
        self.wait_until_later(agent, unused_since, used + DAY, "another volume of that name")

    def test_a_failed_inspection_is_repeated(self):
        self.engine.add_container("web", os.getpid(), tmpfs=["/scratch"])
        identity, said = self.engine.inspections.popitem()
        self.engine.inspections[identity] = 500
        agent = self.start()
        agent.wait_until(lambda seen: 'container="web"' in seen.text, "the container", 10)
        self.engine.inspections[identity] = said
        agent.wait_until(lambda seen: 'destination="/scratch"' in seen.text, "its tmpfs", 15)

    def test_a_container_that_fails_to_start_on_a_mount_is_shown(self):
        self.engine.add_container("web", 0, volumes={"share": "/data"})
        self.engine.containers[0]["State"] = "created"
        (said,) = self.engine.inspections.values()
        said["State"] = {"Status": "created", "ExitCode": 128, "Error": "error while mounting volume "
                         "'/nowhere/share': VolumeDriver.Mount: connection refused"}
        agent = self.start()
        agent.wait_until(lambda seen: seen.value("docker_container_mount_failed", container="web",
                                                 destination="/data", reason="unreachable") == 1,
                         "the failed mount", 10)


if __name__ == "__main__":
    run()
