# SPDX-License-Identifier: Apache-2.0
"""The program under test, running."""

import os
import re
import signal
import time
import urllib.request

from support.samples import Samples
from support.scene import cpu_seconds, descendants, eventually, read_proc, stat_of

TEXT = "text/plain;version=0.0.4"
OPENMETRICS = "application/openmetrics-text;version=1.0.0"


class Agent:
    """A volumeter, on a free port of the loopback interface if not told otherwise."""

    def __init__(self, scene, docker_host, *flags, state=None, command=None,
                 listen="127.0.0.1:0"):
        self.scene = scene
        self.argv = [*(command or [os.environ["VOLUMETER"]]), "--docker.host", docker_host,
                     "--state.directory", state or scene.path("state"),
                     "--web.listen-address", listen, *flags]
        self.log_name = None  # another one for each start
        self.process = None
        self.url = None

    def start(self):
        self.log_name = f"agent{len(self.scene.children)}"
        self.process = self.scene.start(self.log_name, self.argv)
        eventually(self.is_listening, 5, "the agent listens")
        return self

    def log(self):
        return self.scene.log(self.log_name)

    def is_listening(self):
        if self.process.poll() is not None:
            raise AssertionError("the agent ended:\n" + self.log())
        # subject=server address=127.0.0.1:0 msg=listening url=http://127.0.0.1:33133/
        found = re.search(r'listening\W.*?url\W+(http://[^\s"]+)/', self.log())
        self.url = found[1] if found else None
        return found is not None

    def get(self, path, **headers):
        """(headers, body) of a GET; an HTTP error is an exception."""
        request = urllib.request.Request(self.url + path, headers=headers)
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.headers, reply.read().decode()

    def scrape(self):
        return Samples(self.get("/metrics", Accept=TEXT)[1])

    def timed_scrape(self):
        """(seconds, samples)"""
        began = time.monotonic()
        text = self.get("/metrics", Accept=TEXT)[1]
        return time.monotonic() - began, Samples(text)

    def wait_until(self, holds, what, seconds=2.0):
        """Scrapes until holds(samples); how long that took, which is the latency seen."""
        try:
            return eventually(lambda: holds(self.scrape()), seconds, what)
        except AssertionError as error:
            raise AssertionError(f"{error}\nThe agent's log:\n{self.log()}") from None

    def wait_for_volumes(self, *names, seconds=5.0):
        self.wait_until(lambda seen: all(seen.use(name) for name in names),
                        f"the volumes {names} are known", seconds)

    def resident_bytes(self):
        """{"agent": bytes, "helpers": bytes}, as ps shows them; what they share is in both."""
        return {"agent": resident_bytes(self.process.pid),
                "helpers": sum(resident_bytes(pid) for pid in self.helpers())}

    def cpu_seconds(self):
        return cpu_seconds(self.pids())

    def pids(self):
        return [self.process.pid, *self.helpers()]

    def helpers(self):
        return descendants(self.process.pid)

    def stuck_helpers(self):
        return [pid for pid in self.helpers() if is_stuck(pid)]

    def terminate(self, signal_name="SIGTERM"):
        """Asks it to end as a service manager does; how long that took."""
        began = time.monotonic()
        self.process.send_signal(signal.Signals[signal_name])
        code = self.process.wait(timeout=60)
        if code != 0:
            raise AssertionError(f"the agent ended with {code}:\n{self.log()}")
        return time.monotonic() - began

    def kill(self):
        self.process.kill()
        self.process.wait()


def is_stuck(pid):
    """In a system call that only the hung filesystem can end."""
    # The kernel lets a signal interrupt the wait for FUSE until the process is to die: S, then D.
    return stat_of(pid)[:1] == ["D"] or read_proc(pid, "wchan") == b"request_wait_answer"


def resident_bytes(pid):
    found = re.search(r"VmRSS:\s+(\d+) kB", read_proc(pid, "status").decode())
    return int(found[1]) * 1024 if found else 0
