# SPDX-License-Identifier: Apache-2.0
"""The demo: each incident fires its alerts, and the demo is removed completely."""

import os
import re
import signal
import subprocess
import sys
import time

from support.live_test import LiveTest, run
from support.scene import all_pids, command_of, eventually

DEMO = os.path.join(os.path.dirname(__file__), "..", "..", "deploy", "demo")
START_SECONDS, END_SECONDS = 90, 60

sys.path.append(DEMO)
from incidents import INCIDENTS  # noqa: E402


class DemoTest(LiveTest):
    needs = ("root", "dockerd", "busybox", "losetup", "mkfs.ext4", "/dev/fuse", "prometheus",
             "prometheus-alertmanager")

    def setUp(self):
        super().setUp()
        self.argv = [sys.executable, "-B", os.path.join(DEMO, "demo.py"),
                     "--agent", os.environ["VOLUMETER"], "--socket", self.scene.path("socket")]
        self.demo = self.scene.start("demo", self.argv)
        self.addCleanup(self.end_demo)
        eventually(self.has_started, START_SECONDS, "the demo has started")
        self.folder = re.search(r"unix://(/\S+)/docker.sock", self.log())[1]

    def log(self):
        return self.scene.log("demo")

    def has_started(self):
        if self.demo.poll() is not None:
            raise AssertionError("the demo ended:\n" + self.log())
        return "Ctrl-C removes everything" in self.log()

    def end_demo(self):
        if self.demo.poll() is None:
            self.demo.terminate()
            self.demo.wait(END_SECONDS)

    def assert_is_removed_by(self, number):
        self.demo.send_signal(number)
        time.sleep(0.2)
        self.demo.send_signal(signal.SIGINT)  # an impatient user
        self.assertEqual(self.demo.wait(END_SECONDS), 0, self.log())
        self.assertIn("Removed: no process, mount, loop device or folder", self.log())
        self.assertFalse(os.path.exists(self.folder))
        self.assertFalse(os.path.exists(self.scene.path("socket")))
        self.assertEqual([command for pid in all_pids()
                          if self.folder in (command := command_of(pid))], [])
        with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
            self.assertNotIn(self.folder, mounts.read())
        loops = subprocess.run(["losetup", "-a"], capture_output=True, text=True, check=True)
        self.assertNotIn(self.folder, loops.stdout)

    def incident(self, name):
        return subprocess.run([*self.argv, "incident", name], capture_output=True, text=True,
                              check=False)

    def test_each_incident_fires_exactly_its_alerts(self):
        done = self.incident("all")
        for name in INCIDENTS:
            found = re.search(rf"^{name}: (as expected|NOT AS EXPECTED): .*$", done.stdout, re.M)
            self.say(found[0] if found else f"{name}: no verdict")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr + self.log())
        self.assertEqual(done.stdout.count(": as expected: "), len(INCIDENTS))
        self.assertNotIn("Traceback", self.log())
        self.assertEqual(self.incident("nonsense").returncode, 2)
        self.assert_is_removed_by(signal.SIGINT)
        self.assertEqual(self.incident("agent-crash").returncode, 2)

    def end_during(self, name, number):
        self.scene.start("incident", [*self.argv, "incident", name])
        eventually(lambda: " caused" in self.scene.log("incident"), 60, f"{name} is caused")
        self.assert_is_removed_by(number)

    def test_ctrl_c_during_a_hung_mount_removes_everything(self):
        self.end_during("hung-mount", signal.SIGINT)

    def test_a_closed_terminal_during_a_daemon_crash_removes_everything(self):
        self.end_during("daemon-crash", signal.SIGHUP)

    def test_an_incident_is_undone_when_its_terminal_is_closed(self):
        client = self.scene.start("incident", [*self.argv, "incident", "read-only-remount"])
        eventually(lambda: " caused" in self.scene.log("incident"), 60, "it is caused")
        client.kill()
        eventually(lambda: "was aborted and undone" in self.log(), 60, "it is undone")
        self.assertEqual(self.incident("agent-crash").returncode, 0, self.log())
        self.assert_is_removed_by(signal.SIGTERM)


if __name__ == "__main__":
    run()
