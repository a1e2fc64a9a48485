# SPDX-License-Identifier: Apache-2.0
"""The agent and its helpers keep only the privileges they need."""

import os
import re
import shutil
import subprocess

from support.docker_api import IMAGE
from support.live_test import LiveTest, run
from support.scene import command_of, eventually, read_proc

# capabilities(7)
DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER, SYS_PTRACE, SYS_ADMIN, PERFMON, BPF = 1, 2, 3, 19, 21, 38, 39
AGENT = {DAC_READ_SEARCH, SYS_PTRACE, PERFMON, BPF}
HELPERS = {DAC_READ_SEARCH, FOWNER, SYS_PTRACE}
NOBODY = 65534
LONG_AGO = 1_000_000_000


class Privileges(LiveTest):
    needs = ("root", "dockerd", "busybox", "setpriv")

    def setUp(self):
        super().setUp()
        self.here = capabilities(os.getpid(), "CapPrm")  # a container has not all of them

    def assert_has(self, pid, effective, on_demand=frozenset()):
        for thread in os.listdir(f"/proc/{pid}/task"):
            name = f"{pid}/task/{thread}"
            permitted = (effective | on_demand) & self.here
            # What it takes on demand it has for some microseconds, and maybe at this moment.
            self.assertLessEqual(capabilities(name, "CapEff"), permitted)
            eventually(lambda name=name: capabilities(name, "CapEff") == effective & self.here, 5,
                       f"thread {thread} has only {effective & self.here}")
            self.assertEqual(capabilities(name, "CapPrm"), permitted)
            self.assertEqual(capabilities(name, "CapBnd"), permitted)
            self.assertEqual(capabilities(name, "CapInh"), set())
            self.assertEqual(capabilities(name, "CapAmb"), set())
            self.assertEqual(status(name)["NoNewPrivs"], "1")

    def test_each_process_and_thread_has_only_the_capabilities_it_needs(self):
        engine = self.start_engine()
        engine.api.create_volume("data")
        agent = self.start_agent(engine)
        agent.wait_until(lambda seen: seen.value("docker_volume_size_bytes", volume="data"),
                         "the volume is measured", 20)
        self.assert_has(agent.process.pid, AGENT, on_demand={SYS_ADMIN})
        helpers = agent.helpers()
        self.assertGreater(len(helpers), 1)  # the spawner and a worker
        for helper in helpers:
            self.assert_has(helper, HELPERS, on_demand={SYS_ADMIN})

    def test_files_of_other_users_are_measured_without_changing_access_times(self):
        engine = self.start_engine()
        engine.api.create_volume("data")
        closed = os.path.join(engine.volume_folder("data"), "closed")
        os.mkdir(closed, 0o700)
        with open(os.path.join(closed, "file"), "wb") as file:
            file.write(bytes(12345))
        os.chmod(os.path.join(closed, "file"), 0)
        os.chown(closed, NOBODY, NOBODY)
        os.utime(closed, (LONG_AGO, LONG_AGO))
        agent = self.start_agent(engine)
        agent.wait_until(lambda seen: (seen.value("docker_volume_size_bytes", volume="data") or 0)
                         > 12345, "the file is in the size", 20)
        self.assertEqual(agent.scrape().value("docker_volume_scan_errors", volume="data"), 0)
        self.assertEqual(os.stat(closed).st_atime, LONG_AGO)

    def test_a_tmpfs_in_a_container_with_other_capabilities_is_measured(self):
        engine = self.start_engine()
        engine.api.call("POST", "/v1.41/containers/create", {
            "Image": IMAGE, "Cmd": ["sleep", "100000"], "StopTimeout": 0, "User": "1000",
            "HostConfig": {"Tmpfs": {"/cache": "size=1m"}, "NetworkMode": "none"}}, name="app")
        engine.api.start_container("app")
        agent = self.start_agent(engine)
        agent.wait_until(lambda seen: seen.value("docker_mount_limit_bytes", container="app") ==
                         1 << 20, "the tmpfs is measured", 20)

    def test_a_socket_of_another_user_needs_one_more_capability(self):
        engine = self.start_engine()
        place = self.scene.new_folder("run")
        socket = os.path.join(place, "docker.sock")
        os.rename(engine.socket_path, socket)
        os.chown(socket, NOBODY, NOBODY)
        os.chmod(socket, 0o600)
        os.chown(place, NOBODY, NOBODY)
        os.chmod(place, 0o700)
        self.addCleanup(os.rename, socket, engine.socket_path)
        engine.host = "unix://" + socket
        agent = self.start_agent(engine)
        self.see(agent, lambda seen: seen.value("docker_up") == 1, "the engine answers")
        self.assert_has(agent.process.pid, AGENT | {DAC_OVERRIDE}, on_demand={SYS_ADMIN})
        self.assertRegex(agent.log(), "subject=privileges path=\"?" + re.escape(socket) +
                         "\"? msg=\"CAP_DAC_OVERRIDE kept: the path is owned by another user\"")

    def test_an_unprivileged_user_can_run_it_and_gets_the_missing_capabilities_listed(self):
        os.chmod(self.scene.folder, 0o755)
        program = shutil.copy(os.environ["VOLUMETER"], self.scene.path("volumeter"))
        state = self.scene.new_folder("of-nobody")
        os.chown(state, NOBODY, NOBODY)
        command = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", program]
        flags = ["--docker.host", "unix:///nowhere/docker.sock", "--state.directory", state]

        child = self.scene.start("agent", [*command, *flags, "--web.listen-address", "127.0.0.1:0"])
        eventually(lambda: "msg=listening" in self.scene.log("agent"), 10, "the agent listens")
        self.assertIn("volumeter", command_of(child.pid))
        for field in ("CapEff", "CapPrm"):
            self.assertEqual(capabilities(child.pid, field), set())
        self.assertEqual(status(child.pid)["NoNewPrivs"], "1")

        checked = subprocess.run([*command, *flags, "--check"], capture_output=True, text=True,
                                 check=False).stdout
        for name in ("CAP_DAC_READ_SEARCH", "CAP_SYS_PTRACE", "CAP_SYS_ADMIN", "CAP_BPF",
                     "CAP_PERFMON", "CAP_FOWNER"):
            self.assertRegex(checked, rf"(?m)^lacks +privileges +{name}: \w")

    def test_with_the_documented_capabilities_nothing_is_missing(self):
        wanted = sorted((AGENT | HELPERS | {SYS_ADMIN}) & self.here)
        given = "-all," + ",".join(f"+{NAMES[number]}" for number in wanted)
        checked = subprocess.run(
            ["setpriv", "--bounding-set", given, os.environ["VOLUMETER"], "--check",
             "--docker.host", "unix:///nowhere/docker.sock",
             "--state.directory", self.scene.path("state")],
            capture_output=True, text=True, check=False).stdout
        self.assertNotIn("lacks", checked)
        self.assertRegex(checked, r"(?m)^ok +state ")


NAMES = {DAC_READ_SEARCH: "dac_read_search", FOWNER: "fowner", SYS_PTRACE: "sys_ptrace",
         SYS_ADMIN: "sys_admin", PERFMON: "perfmon", BPF: "bpf"}


def status(pid):
    """{field: value} of /proc/PID/status."""
    lines = read_proc(pid, "status").decode().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def capabilities(pid, field):
    """{numbers} of a set of a process, or of a thread as PID/task/TID."""
    bits = int(status(pid)[field], 16)
    return {number for number in range(64) if bits >> number & 1}


if __name__ == "__main__":
    run()
