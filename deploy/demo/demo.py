#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A Docker host with incidents on demand, monitored by Volumeter.

    demo.py                 starts the demo, runs until Ctrl-C, and removes everything
    demo.py incident        lists the incidents
    demo.py incident NAME   causes one in the running demo; "all" causes one after the other

See README.md in this directory.
"""

import argparse
import os
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, "tests", "live")]

import control  # noqa: E402
from alerts_watch import AlertsWatch  # noqa: E402
from incidents import INCIDENTS, QUIET, listing  # noqa: E402
from monitoring import Monitoring, free_address  # noqa: E402
from receiver import Receiver  # noqa: E402
from rehearsal import rehearse  # noqa: E402
from screen import Screen  # noqa: E402
from stack import Stack  # noqa: E402
from support.scene import Scene  # noqa: E402

AGENT = os.path.join(ROOT, "build", "release", "exporter", "volumeter")
THRESHOLDS = os.path.join(HERE, "thresholds.toml")
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Demo:
    """The whole demo; end() removes everything that was started."""

    pager = "page"  # the receiver of critical alerts in alerts/alertmanager.yml

    def __init__(self, options, screen):
        self.options = options
        self.screen = screen
        self.scene = Scene()
        self.undone = {}  # name: when the incident was undone
        self.watched_since = None
        self.control = self.receiver = self.stack = self.monitoring = None

    def start(self):
        self.control = control.Control(self.options.socket)
        self.receiver = Receiver(self.screen.say, free_address(9095))
        self.screen.say("Starting a Docker Engine with a stack of containers ...")
        self.stack = Stack(self.scene)
        self.stack.start()
        self.screen.say("Starting Volumeter, Prometheus and Alertmanager ...")
        self.monitoring = Monitoring(self.scene, self.stack.engine, self.options.agent,
                                     self.receiver.url, THRESHOLDS)
        self.receiver.alertmanager = self.monitoring.alertmanager
        self.watched_since = time.monotonic()
        self.screen.start(self.head(), self.monitoring, AlertsWatch(self.monitoring))

    def head(self):
        watched = self.monitoring
        return [
            f"Alerts        {self.receiver.url}  firing alerts, receivers, runbooks",
            f"Volumeter     {watched.agent.url}/",
            f"Prometheus    {watched.prometheus.url}{watched.alerts_path()}",
            f"Alertmanager  amtool --alertmanager.url={watched.alertmanager.url} alert",
            "Dashboards    provision a Grafana with deploy/grafana/provisioning and dashboards/",
            f"Docker        docker -H {self.stack.engine.host} ps",
            "",
            "The alerts are those of alerts/ with shortened durations "
            "(deploy/demo/thresholds.toml).",
            f"{', '.join(sorted(QUIET))} always fires: the container backup bind-mounts the "
            "directory of a volume.",
            "In a second terminal: make demo-incident           list the incidents",
            "                      make demo-incident NAME=all  cause one after the other",
            "Ctrl-C removes everything."]

    def serve(self):
        while True:
            self.scene.reap()
            if request := self.control.next_request():
                name, connection = request
                with connection:
                    self.answer(name, connection)

    def answer(self, name, connection):
        """Reports the incident in both terminals."""
        def tell(text):
            connection.sendall((text + "\n").encode())

        def say(text):
            self.screen.say(text)
            tell(text)

        try:
            names = list(INCIDENTS) if name == "all" else [name]
            if name != "all" and name not in INCIDENTS:
                tell(f"Unknown incident {name}. Incidents:\n" + "\n".join(listing()))
                tell("exit 2")
                return
            codes = [rehearse(self, one, say) for one in names]
            tell(f"exit {max(codes)}")
        except OSError as error:
            self.screen.say(f"The incident was aborted and undone: {error}")

    def end(self):
        """Descriptions of anything left behind."""
        self.screen.end()
        for thing in (self.control, self.receiver, self.stack, self.scene):
            if thing:
                thing.end()
        return self.scene.leftovers()


def heed(handler):
    for number in ENDINGS:
        signal.signal(number, handler)


def end_now(*_):
    """The first signal ends the demo; further ones must not interrupt its removal."""
    heed(signal.SIG_IGN)
    raise KeyboardInterrupt


def run(options):
    screen = Screen()
    heed(end_now)  # also SIGINT, which a shell ignores for background jobs
    demo = Demo(options, screen)
    failed = None
    try:
        demo.start()
        demo.serve()
    except KeyboardInterrupt:
        pass
    except (AssertionError, RuntimeError, OSError, subprocess.CalledProcessError) as error:
        failed = error
    heed(signal.SIG_IGN)
    screen.say("Removing everything ...")
    left = demo.end()
    for one in left:
        screen.say("LEFT BEHIND: " + one)
    if failed:
        screen.say(f"The demo failed: {failed}")
    if not left:
        screen.say("Removed: no process, mount, loop device or folder of the demo is left.")
    return 1 if left or failed else 0


def parse_arguments():
    parser = argparse.ArgumentParser(description="Volumeter's demo; see deploy/demo/README.md.")
    parser.add_argument("--agent", default=AGENT, help="the volumeter program (%(default)s)")
    parser.add_argument("--socket", default=control.SOCKET,
                        help="socket of the running demo (%(default)s)")
    commands = parser.add_subparsers(dest="command")
    incident = commands.add_parser("incident", help="cause an incident in the running demo")
    incident.add_argument("name", nargs="?", default="")
    return parser.parse_args()


def main():
    options = parse_arguments()
    if options.command == "incident" and not options.name:
        print("make demo-incident NAME=...\n" + "\n".join([*listing(), "  all"]))
        return 0
    if os.geteuid() != 0:
        os.execvp("sudo", ["sudo", sys.executable, "-B", os.path.abspath(__file__), *sys.argv[1:]])
    if options.command == "incident":
        return control.ask(options.socket, options.name, lambda text: print(text, flush=True))
    return run(options)


if __name__ == "__main__":
    sys.exit(main())
