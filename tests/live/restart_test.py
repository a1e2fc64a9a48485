# SPDX-License-Identifier: Apache-2.0
"""An engine that crashes, restarts, hangs or denies access."""

import os
import shutil
import signal
import time

from support.agent import Agent
from support.engine import Engine
from support.live_test import LiveTest, run


class RestartTest(LiveTest):
    needs = ("root", "dockerd", "busybox", "setpriv")

    def start_engine_with_three_volumes(self):
        engine = self.start_engine()
        for name in ("used", "idle", "orphan"):
            engine.api.create_volume(name)
        engine.api.run_container("runner", ["used:/data"])
        engine.api.create_container("sleeper", ["idle:/data"])
        return engine

    def start_watching(self, engine):
        agent = self.start_agent(engine)
        agent.wait_for_volumes("used", "idle", "orphan")
        agent.wait_until(lambda seen: len(seen.all("docker_volume_size_bytes")) == 3,
                         "three sizes are measured")
        return agent

    def assert_ends_soon(self, agent):
        took = agent.terminate()
        self.say(f"SIGTERM ended the agent after {took * 1000:.0f} ms")
        self.assertLess(took, 2)

    def test_after_a_crash_and_restart_of_the_engine_no_volume_is_missing(self):
        engine = self.start_engine_with_three_volumes()
        agent = self.start_watching(engine)
        before = identity(agent.scrape())

        engine.kill()
        latency = agent.wait_until(lambda seen: seen.value("docker_up") == 0, "docker_up is 0", 3)
        self.say(f"the death of the engine: seen after {latency * 1000:.0f} ms")
        self.assertEqual(identity(agent.scrape()), before)
        self.assert_scrapes_are_fast(agent)

        engine.start()
        latency = agent.wait_until(lambda seen: seen.value("docker_up") == 1, "docker_up is 1", 6)
        self.say(f"its return: seen after {latency * 1000:.0f} ms")
        self.assertEqual(identity(agent.scrape()), before)
        self.assertIn("msg=connected engine=docker", agent.log())

        # The stream of events is followed again.
        engine.api.create_volume("after")
        agent.wait_until(lambda seen: seen.use("after") == "orphaned", "a volume made after it")

    def test_changes_while_the_engine_was_down_are_seen_when_it_returns(self):
        engine = self.start_engine_with_three_volumes()
        agent = self.start_watching(engine)
        engine.kill()
        agent.wait_until(lambda seen: seen.value("docker_up") == 0, "docker_up is 0", 3)
        # The agent sleeps through the return of the engine and what is done then.
        agent.process.send_signal(signal.SIGSTOP)
        engine.start()
        engine.api.remove_volume("orphan")
        engine.api.create_volume("new")
        agent.process.send_signal(signal.SIGCONT)
        agent.wait_until(lambda seen: seen.use("orphan") is None and seen.use("new") == "orphaned",
                         "the new state of things", 6)

    def test_a_silent_engine_delays_neither_a_scrape_nor_the_exit(self):
        engine = self.start_engine_with_three_volumes()
        agent = self.start_watching(engine)
        before = identity(agent.scrape())
        engine.pause()
        self.assert_scrapes_are_fast(agent)
        self.assertEqual(identity(agent.scrape()), before)
        self.assert_ends_soon(agent)

        # One that knows nothing yet and asks in vain.
        newcomer = Agent(self.scene, engine.host, "--log.level=debug").start()
        self.assert_scrapes_are_fast(newcomer)
        latency = newcomer.wait_until(lambda seen: seen.value("volumeter_source_errors_total",
                                                              source="docker", kind="timeout"),
                                      "the silence is noticed", 15)
        self.say(f"the silence: noticed after {latency:.1f} s")
        self.assertEqual(newcomer.scrape().value("docker_up"), 0)
        engine.resume()
        newcomer.wait_for_volumes("used", "idle", "orphan", seconds=10)
        self.assertEqual(newcomer.scrape().value("docker_up"), 1)
        engine.pause()
        self.assert_ends_soon(newcomer)

    def test_an_engine_started_after_the_agent_is_found(self):
        engine = Engine(self.scene)
        agent = self.start_agent(engine)
        agent.wait_until(lambda seen: seen.value("docker_up") == 0, "docker_up is 0")
        self.assertEqual(agent.log().count("level=warn"), 1, agent.log())
        self.assertIn("start the engine or choose another with --docker.host", agent.log())
        self.addCleanup(engine.end)
        engine.start()
        engine.api.create_volume("data")
        latency = agent.wait_until(lambda seen: seen.use("data") == "orphaned",
                                   "the engine and its volume", 7)
        self.say(f"the engine: found {latency:.1f} s after it was there")

    def test_an_inaccessible_socket_is_logged_once_with_the_remedy(self):
        engine = self.start_engine_with_three_volumes()
        os.chmod(self.scene.folder, 0o711)  # the socket itself is the obstacle
        program = shutil.copy(os.environ["VOLUMETER"], self.scene.path("volumeter"))
        agent = Agent(self.scene, engine.host, command=[
            "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program]).start()
        agent.wait_until(lambda seen: seen.value("volumeter_source_errors_total", source="docker",
                                                 kind="permission"), "the refusal is counted")
        time.sleep(1.5)  # in which it tries again
        lines = [line for line in agent.log().splitlines() if "permission" in line.lower()
                 and "docker" in line]
        self.assertEqual(len(lines), 1, agent.log())
        self.say(lines[0])
        self.assertRegex(lines[0], "group|root")
        self.assertEqual(agent.scrape().value("docker_up"), 0)

        os.chmod(engine.socket_path, 0o666)  # what an operator does about it, more or less
        agent.wait_until(lambda seen: seen.value("docker_up") == 1, "it recovers by itself", 7)


def identity(seen):
    """All that is said of volumes except what tells the time."""
    return {(name, tuple(sorted(pairs.items())), value)
            for name, samples in seen.families.items()
            if name.startswith(("docker_volume", "docker_mount")) and "timestamp" not in name
            and "scan_" not in name for pairs, value in samples}


if __name__ == "__main__":
    run()
