# SPDX-License-Identifier: Apache-2.0
"""Changes of volumes and containers are exported soon."""

import json
import os
import subprocess
import time

from support.live_test import LiveTest, run


class LifecycleTest(LiveTest):
    needs = ("root", "dockerd", "busybox")

    def setUp(self):
        super().setUp()
        self.engine = self.start_engine()
        self.api = self.engine.api

    def test_each_change_of_a_volume_is_exported_within_two_seconds(self):
        agent = self.start_agent(self.engine)
        self.api.create_volume("data")
        self.see_use(agent, "data", "orphaned")
        self.api.create_container("worker", ["data:/var/lib/data:ro"])
        self.see_use(agent, "data", "idle")
        self.api.start_container("worker")
        self.see_use(agent, "data", "in_use")

        mount = agent.scrape().labels("docker_mount_info", container="worker", kind="volume")
        self.assertEqual((mount["volume"], mount["destination"], mount["mode"], mount["source"]),
                         ("data", "/var/lib/data", "ro", self.engine.volume_folder("data")))

        self.api.stop_container("worker")
        self.see_use(agent, "data", "idle")
        self.api.remove_container("worker")
        self.see_use(agent, "data", "orphaned")
        self.api.remove_volume("data")
        self.see(agent, lambda seen: 'volume="data"' not in seen.text, "no series is left of it")
        self.assertEqual(agent.scrape().value("docker_up"), 1)

    def test_a_new_volume_is_measured_at_once(self):
        agent = self.start_agent(self.engine)
        self.api.create_volume("data")
        self.see(agent, lambda seen: seen.value("docker_volume_size_bytes", volume="data"),
                 "the size is measured")

    def test_a_renamed_container_is_exported_with_its_new_name(self):
        agent = self.start_agent(self.engine)
        self.api.create_volume("data")
        self.api.run_container("old-name", ["data:/data"])
        self.see_use(agent, "data", "in_use")
        self.api.rename_container("old-name", "new-name")
        self.see(agent, lambda seen: {pairs["container"] for pairs, _ in
                                      seen.all("docker_mount_info")} == {"new-name"},
                 "only the new name is left")

    def test_pruned_volumes_disappear_and_used_ones_stay(self):
        for name in ("unused-1", "unused-2", "used"):
            self.api.create_volume(name)
        self.api.create_container("holder", ["used:/data"])
        agent = self.start_agent(self.engine)
        agent.wait_for_volumes("unused-1", "unused-2", "used")
        self.assertEqual(sorted(self.api.prune_volumes()), ["unused-1", "unused-2"])
        self.see(agent, lambda seen: set(seen.by("volume", "docker_volume_info")) == {"used"},
                 "the pruned volumes are gone")

    def test_anonymous_and_named_volumes_are_distinguished(self):
        agent = self.start_agent(self.engine)
        self.api.create_volume("named")
        self.api.run_container("worker", ["named:/named"], anonymous=["/anonymous"])
        self.see(agent, lambda seen: seen.value("docker_volume_info", anonymous="true"),
                 "the anonymous volume")
        name = agent.scrape().labels("docker_volume_info", anonymous="true")["volume"]
        self.see_use(agent, name, "in_use")
        seen = agent.scrape()
        self.assertEqual(seen.labels("docker_volume_info", volume="named")["anonymous"], "false")
        self.assertEqual(seen.labels("docker_mount_info", destination="/anonymous")["source"],
                         self.engine.volume_folder(name))
        self.api.remove_container("worker", volumes=True)
        self.see(agent, lambda seen: seen.use(name) is None, "it goes with its container")

    def test_a_bind_mount_of_a_volumes_directory_counts_as_use_and_is_a_prune_hazard(self):
        agent = self.start_agent(self.engine)
        self.api.create_volume("data")
        self.api.create_volume("other")
        self.api.run_container("sneaky", [self.engine.volume_folder("data") + ":/data"])
        self.see_use(agent, "data", "in_use")

        seen = agent.scrape()
        self.assertEqual(seen.by("volume", "docker_volume_prune_hazard"), {"data": 1})
        self.assertEqual(seen.labels("docker_volume_prune_hazard")["container"], "sneaky")
        self.assertEqual(seen.use("other"), "orphaned")
        dangling = self.api.call("GET", "/v1.41/volumes", filters=json.dumps({"dangling": ["1"]}))
        self.assertIn("data", [volume["Name"] for volume in dangling["Volumes"]],
                      "Docker would not prune it: then there is no hazard to warn of")

        self.api.remove_container("sneaky")
        self.see(agent, lambda seen: not seen.all("docker_volume_prune_hazard"),
                 "the hazard is over")
        self.see_use(agent, "data", "orphaned")

    def test_a_bind_mount_of_a_parent_or_child_directory_counts_as_use(self):
        agent = self.start_agent(self.engine)
        for name in ("parent", "child"):
            self.api.create_volume(name)
        child = os.path.join(self.engine.volume_folder("child"), "sub")
        os.mkdir(child)
        self.api.run_container("by-child", [child + ":/data"])
        self.see_use(agent, "child", "in_use")
        self.assertEqual(agent.scrape().use("parent"), "orphaned")
        self.api.run_container("by-parent", [os.path.dirname(self.engine.volume_folder("parent"))
                                             + ":/data"])
        self.see_use(agent, "parent", "in_use")

    def test_the_usage_history_survives_a_restart_and_a_sigkill_of_the_agent(self):
        for name in ("never-used", "once-used"):
            self.api.create_volume(name)
        self.api.run_container("worker", ["once-used:/data"])
        agent = self.start_agent(self.engine)
        self.see_use(agent, "once-used", "in_use")
        used = agent.scrape()
        self.assertIsNone(used.value("docker_volume_unused_since_timestamp_seconds",
                                     volume="once-used"))
        self.assertAlmostEqual(used.value("docker_volume_last_used_timestamp_seconds",
                                          volume="once-used"), time.time(), delta=5)
        self.assertIsNone(used.value("docker_volume_last_used_timestamp_seconds",
                                     volume="never-used"))
        self.api.remove_container("worker")
        self.see_use(agent, "once-used", "orphaned")
        before = history(agent.scrape())
        self.assertEqual(set(before), {("unused_since", "never-used"),
                                       ("unused_since", "once-used"), ("last_used", "once-used")})

        for end in (agent.terminate, agent.kill):
            end()
            agent.start().wait_for_volumes("never-used", "once-used")
            after = history(agent.scrape())
            self.assertEqual(set(after), set(before))
            for key, value in after.items():
                self.assertAlmostEqual(value, before[key], delta=0.01, msg=key)

    def test_a_container_stopped_while_the_agent_was_down_sets_the_last_use(self):
        self.api.create_volume("data")
        self.api.run_container("worker", ["data:/data"])
        agent = self.start_agent(self.engine)
        self.see_use(agent, "data", "in_use")
        agent.kill()
        self.api.stop_container("worker")
        stopped = time.time()
        time.sleep(1.5)  # what the agent must not take for the time of the last use
        agent.start()
        self.see_use(agent, "data", "idle")
        self.assertAlmostEqual(
            agent.scrape().value("docker_volume_last_used_timestamp_seconds", volume="data"),
            stopped, delta=1)

    def test_an_unwritable_state_directory_is_logged_and_affects_nothing_else(self):
        self.api.create_volume("data")
        agent = self.start_agent(self.engine, state="/dev/null/nowhere")
        agent.wait_for_volumes("data")
        self.see(agent, lambda seen: seen.value("volumeter_source_up", source="state") == 0,
                 "the source is down")
        lines = [line for line in agent.log().splitlines() if "/dev/null/nowhere" in line]
        self.assertEqual(len(lines), 1, agent.log())
        self.assertIn("history and sizes are lost on restart", lines[0])
        self.assertIsNotNone(agent.scrape().value("docker_volume_unused_since_timestamp_seconds",
                                                  volume="data"))

    def test_check_succeeds_when_everything_is_accessible(self):
        self.api.create_volume("data")
        checked = subprocess.run([os.environ["VOLUMETER"], "--check", "--docker.host",
                                  self.engine.host, "--state.directory", self.scene.path("state")],
                                 capture_output=True, text=True, check=False)
        self.say(checked.stdout)
        self.assertEqual(checked.returncode, 0, checked.stderr)
        self.assertIn("volumes: 1, containers: 0", checked.stdout)
        self.assertNotRegex(checked.stdout, "(?m)^cannot ")  # "missing" depends on the kernel

    def test_only_the_selected_labels_are_exported(self):
        self.api.create_volume("data", labels={"team": "search & \"find\"", "secret": "hunter2"})
        agent = self.start_agent(self.engine, "--collector.volumes.labels=team,tier")
        agent.wait_for_volumes("data")
        seen = agent.scrape()
        self.assertEqual(seen.all("docker_volume_label_info"),
                         [({"volume": "data", "key": "team", "value": "search & \"find\""}, 1)])
        self.assertNotIn("hunter2", seen.text)

    def test_compose_projects_and_services_are_exported(self):
        project = {"com.docker.compose.project": "openclaw"}
        self.api.create_volume("openclaw_db", {**project, "com.docker.compose.volume": "db"})
        self.api.run_container("openclaw-postgres-1", ["openclaw_db:/var/lib/postgresql"],
                               {**project, "com.docker.compose.service": "postgres"})
        agent = self.start_agent(self.engine)
        agent.wait_for_volumes("openclaw_db")
        seen = agent.scrape()
        volume = seen.labels("docker_volume_info", volume="openclaw_db")
        self.assertEqual((volume["compose_project"], volume["compose_volume"]), ("openclaw", "db"))
        mount = seen.labels("docker_mount_info", kind="volume")
        self.assertEqual((mount["compose_project"], mount["compose_service"]),
                         ("openclaw", "postgres"))


def history(seen):
    """{(what, volume): Unix seconds}"""
    return {(what, pairs["volume"]): value for what in ("unused_since", "last_used")
            for pairs, value in seen.all(f"docker_volume_{what}_timestamp_seconds")}


if __name__ == "__main__":
    run()
