# SPDX-License-Identifier: Apache-2.0
"""What happens to a process: its descriptors, signals, limits and log. None of it may stop scrapes or
the end of the agent, be shown as a fault of the host, or be diagnosed as another one."""

import ctypes
import fcntl
import os
import pty
import resource
import signal
import socket
import struct
import subprocess
import time
import urllib.request

from support.live_test import LiveTest, run
from support.samples import Samples
from support.scene import die_with_parent, eventually, libc
from support.scripted_engine import ScriptedEngine, volume

FULL_PIPE_BYTES = 4096
# The first everywhere, the others on x86_64.
OPENAT2, STATX, NAME_TO_HANDLE_AT, GETDENTS64 = 437, 332, 303, 217
EPERM, ENOSYS = 1, 38
FEW_PROCESSES_USER = 54322  # no other process runs as it


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def full_pipe():
    """Its ends; a write to the second blocks. containerd#9342, moby#31540: the reader of a service's
    log may stop."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, FULL_PIPE_BYTES)
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"x" * 512)
    except BlockingIOError:
        os.set_blocking(writer, True)
    return reader, writer


def deny(number, error):
    """A seccomp filter for this process and its children, in which a system call fails."""
    class Filter(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]

    code = b"".join(struct.pack("HBBI", *one) for one in (
        (0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, 0x00050000 | error),
        (0x06, 0, 0, 0x7FFF0000)))
    kept = ctypes.create_string_buffer(code)
    program = Filter(len(code) // 8, ctypes.addressof(kept))
    if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.prctl(22, 2, ctypes.byref(program), 0, 0) != 0:
        os._exit(77)


def become_user_of_few_processes(count):
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (count, count))
    os.setgroups([])
    os.setgid(FEW_PROCESSES_USER)
    os.setuid(FEW_PROCESSES_USER)


class ProcessTest(LiveTest):
    def setUp(self):
        super().setUp()
        self.engine = ScriptedEngine(self.scene)
        self.addCleanup(self.engine.end)
        self.data = self.scene.new_folder("data")
        with open(os.path.join(self.data, "file"), "wb") as file:
            file.write(b"x" * 10000)
        self.engine.volumes = [{**volume("data", self.data), "Driver": "local", "Scope": "local"}]
        self.port = free_port()

    def arguments(self, *flags):
        return [os.environ["VOLUMETER"], "--docker.host", self.engine.host, "--state.directory",
                self.scene.path("state"), "--web.listen-address", f"127.0.0.1:{self.port}", *flags]

    def start(self, *flags, before=None, **options):
        """The agent; `before` runs in its process first."""
        def prepare():
            die_with_parent()
            if before:
                before()
        agent = subprocess.Popen(self.arguments(*flags), preexec_fn=prepare, start_new_session=True,
                                 **{"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL,
                                    **options})
        self.addCleanup(self.end, agent)
        return agent

    @staticmethod
    def end(agent):
        agent.kill()
        agent.wait()
        for stream in (agent.stdout, agent.stderr):
            if stream:
                stream.close()

    def scrape(self):
        url = f"http://127.0.0.1:{self.port}/metrics"
        with urllib.request.urlopen(url, timeout=5) as reply:
            return Samples(reply.read().decode())

    def wait_until(self, holds, what, seconds=20):
        def is_so():
            try:
                return holds(self.scrape())
            except OSError:
                return False
        eventually(is_so, seconds, what)

    def wait_until_measured(self):
        self.wait_until(lambda seen: seen.value("docker_volume_inodes_used", volume="data") == 2,
                        "the volume is measured")

    def assert_ends_soon(self, agent, number=signal.SIGTERM):
        began = time.monotonic()
        agent.send_signal(number)
        self.assertEqual(agent.wait(timeout=10), 0)
        self.assertLess(time.monotonic() - began, 2)

    def log_file(self):
        file = open(self.scene.path("log"), "ab")
        self.addCleanup(file.close)
        return file

    def log(self):
        with open(self.scene.path("log"), encoding="utf-8") as file:
            return file.read()

    def once(self, *flags, before=None, **options):
        return subprocess.run(self.arguments("--once", *flags), preexec_fn=before, timeout=30,
                              check=False, **{"capture_output": True, "text": True, **options})

    # --- the log

    def test_a_log_that_nobody_reads_stops_neither_scrapes_nor_the_end(self):
        reader, writer = full_pipe()
        agent = self.start(stderr=writer)
        self.wait_until_measured()
        self.assert_ends_soon(agent)
        os.close(reader)
        os.close(writer)

    def test_a_log_whose_reader_has_gone_is_counted(self):
        reader, writer = os.pipe()
        os.close(reader)
        agent = self.start(stderr=writer)
        os.close(writer)
        self.wait_until(lambda seen: seen.value("volumeter_log_dropped_total") > 0,
                        "lost lines are counted")
        self.wait_until_measured()
        self.assert_ends_soon(agent)

    def test_a_log_on_a_full_disk_is_counted(self):
        with open("/dev/full", "wb") as full:
            agent = self.start(stderr=full)
        self.wait_until(lambda seen: seen.value("volumeter_log_dropped_total") > 0,
                        "lost lines are counted")
        self.assert_ends_soon(agent)

    def test_a_result_that_cannot_be_written_is_a_failure(self):
        with open("/dev/full", "wb") as full:
            done = self.once(stdout=full, stderr=subprocess.PIPE, capture_output=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot write to standard output: No space left on device", done.stderr)

    def test_thousands_of_failures_of_one_cause_are_a_few_lines(self):
        self.engine.volumes = [{**volume(f"v{i:04}", f"/nowhere/{i}/_data"), "Driver": "local"}
                               for i in range(3000)]
        agent = self.start("--collector.sizes.interval=2s", stderr=self.log_file())
        self.wait_until(lambda seen: len(seen.all("docker_volume_scan_info")) == 3000, "all known")
        time.sleep(5)
        self.assert_ends_soon(agent)
        self.assertLess(len(self.log().splitlines()), 100)

    # --- descriptors and signals

    def test_closed_standard_descriptors_are_not_taken_for_sockets_or_files(self):
        def close_all():
            for fd in (0, 1, 2):
                os.close(fd)
        agent = self.start(before=close_all)
        self.wait_until_measured()
        for fd in (0, 1, 2):
            self.assertEqual(os.readlink(f"/proc/{agent.pid}/fd/{fd}"), "/dev/null")
        self.assert_ends_soon(agent)

    def test_a_hangup_is_logged_and_ends_only_what_a_terminal_started(self):
        agent = self.start(stderr=self.log_file())
        self.wait_until_measured()
        for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE,
                       signal.SIGXFSZ):
            agent.send_signal(number)
        self.wait_until(lambda seen: "SIGHUP ignored" in self.log(), "the hangup is logged")
        self.assert_ends_soon(agent)
        self.assertIn("received SIGTERM", self.log())

    def test_the_end_of_its_terminal_ends_the_agent(self):
        terminal, side = pty.openpty()
        agent = self.start(stdin=side, stdout=side, stderr=self.log_file())
        os.close(side)
        self.wait_until_measured()
        agent.send_signal(signal.SIGHUP)
        self.wait_until(lambda seen: "SIGHUP ignored" in self.log(), "the terminal is still there")
        os.close(terminal)
        self.assert_ends_soon(agent, signal.SIGHUP)

    # --- limits

    def test_a_limit_on_the_size_of_files_costs_the_history_alone_and_is_named(self):
        agent = self.start(stderr=subprocess.PIPE, text=True, before=lambda: resource.setrlimit(
            resource.RLIMIT_FSIZE, (0, 0)))
        self.wait_until_measured()
        self.wait_until(lambda seen: seen.value("volumeter_source_up", source="state") == 0,
                        "the state cannot be written")
        self.assertEqual(self.scrape().value("volumeter_source_up", source="statfs"), 1)
        self.assert_ends_soon(agent)
        self.assertIn("raise the limit on the size of files", agent.stderr.read())

    def test_few_descriptors_are_no_fault_of_the_host(self):
        for limit in (16, 20, 24, 32, 48, 64):
            with self.subTest(limit=limit):
                self.port = free_port()
                agent = self.start(stderr=subprocess.PIPE, text=True,
                                   before=lambda count=limit: resource.setrlimit(
                                       resource.RLIMIT_NOFILE, (count, count)))
                idle = []
                try:
                    eventually(lambda: agent.poll() is not None or self.is_open(), 5, "it runs")
                    if agent.poll() is not None:  # then with a sentence
                        self.assertEqual(agent.returncode, 1)
                        self.assertIn("volumeter: ", agent.stderr.read())
                        continue
                    idle = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(8)]
                    time.sleep(1)
                    for connection in idle:
                        connection.close()
                    self.wait_until(lambda seen: not seen.all("docker_filesystem_up")
                                    or seen.value("docker_filesystem_up") == 1, "no fault is shown")
                    self.assert_ends_soon(agent)
                finally:
                    for connection in idle:
                        connection.close()

    def test_few_processes_end_it_with_a_sentence_or_are_no_fault_of_the_host(self):
        """moby#42680, official-images#16829: --pids-limit, TasksMax=, ulimit -u."""
        if os.geteuid() != 0:
            self.skipTest("needs root, to become a user of few processes")
        os.chmod(self.scene.folder, 0o755)
        os.chmod(self.engine.host.removeprefix("unix://"), 0o666)
        for limit in (*range(1, 24), 40):
            with self.subTest(limit=limit):
                self.port = free_port()
                agent = self.start(stderr=subprocess.PIPE, text=True,
                                   before=lambda count=limit: become_user_of_few_processes(count))
                eventually(lambda agent=agent: agent.poll() is not None or self.sees_docker(), 20,
                           "it ended or runs")
                if agent.poll() is None:
                    up = [value for _, value in self.scrape().all("docker_filesystem_up")]
                    self.assertNotIn(0, up)
                    self.assert_ends_soon(agent)
                else:
                    self.assertEqual(agent.returncode, 1)
                    self.assertRegex(agent.stderr.read(), "(?m)^volumeter: .*(limit on processes|few threads)")

    def sees_docker(self):
        try:
            return self.scrape().value("docker_up") == 1
        except OSError:
            return False

    def is_open(self):
        try:
            socket.create_connection(("127.0.0.1", self.port)).close()
        except OSError:
            return False
        return True

    # --- system calls that are not there

    def test_a_missing_system_call_is_no_fault_of_the_host(self):
        """moby#42680, containers/storage#1075, openclaw#152839: seccomp filters older than the call."""
        if os.geteuid() != 0 or os.uname().machine != "x86_64":
            self.skipTest("needs root on x86_64")
        for number, error in ((OPENAT2, ENOSYS), (OPENAT2, EPERM), (STATX, EPERM),
                              (NAME_TO_HANDLE_AT, EPERM)):
            with self.subTest(number=number, error=error):
                done = self.once("--path.rootfs=/proc/self/root",
                                 before=lambda n=number, e=error: deny(n, e))
                seen = Samples(done.stdout)
                self.assertEqual(seen.value("docker_volume_inodes_used", volume="data"), 2,
                                 done.stderr)
                self.assertEqual({value for _, value in seen.all("docker_filesystem_up")}, {1})

    def test_a_denied_statfs_is_no_filesystem_that_does_not_answer(self):
        if os.uname().machine != "x86_64":
            self.skipTest("needs x86_64")
        fstatfs = 138
        done = self.once(before=lambda: deny(fstatfs, EPERM))
        self.assertEqual(Samples(done.stdout).all("docker_filesystem_up"), [])
        self.assertIn("statfs denied to this agent", done.stderr)

    # --- restart

    def test_sizes_are_served_with_their_time_after_a_restart(self):
        if os.uname().machine != "x86_64":
            self.skipTest("needs x86_64")
        agent = self.start()
        self.wait_until_measured()
        measured = self.scrape().value("docker_volume_scan_timestamp_seconds", volume="data")
        self.assert_ends_soon(agent)
        self.port = free_port()
        # Directories cannot be read now, so the size stays what it was.
        agent = self.start(before=lambda: deny(GETDENTS64, EPERM))
        self.wait_until(lambda seen: seen.all("docker_volume_scan_info", state="permission"),
                        "measuring fails")
        seen = self.scrape()
        self.assertEqual(seen.value("docker_volume_inodes_used", volume="data"), 2)
        self.assertAlmostEqual(seen.value("docker_volume_scan_timestamp_seconds", volume="data"),
                               measured, delta=0.01)
        self.assert_ends_soon(agent)

    def test_a_volume_that_was_created_anew_does_not_get_the_old_size(self):
        if os.uname().machine != "x86_64":
            self.skipTest("needs x86_64")
        self.assert_ends_soon(self.measured_agent())
        with open(self.scene.path("state", "sizes.txt"), encoding="utf-8") as file:
            self.assertRegex(file.read(), r"\nsize [^\n]* data\n")
        self.engine.volumes[0]["CreatedAt"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.port = free_port()
        agent = self.start(before=lambda: deny(GETDENTS64, EPERM))
        self.wait_until(lambda seen: seen.all("docker_volume_scan_info", state="permission"),
                        "measuring fails")
        self.assertFalse(self.scrape().all("docker_volume_allocated_bytes"))
        self.assert_ends_soon(agent)

    def measured_agent(self):
        agent = self.start()
        self.wait_until_measured()
        return agent


if __name__ == "__main__":
    run()
