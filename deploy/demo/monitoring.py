# SPDX-License-Identifier: Apache-2.0
"""The agent, and Prometheus and Alertmanager with the project's rules."""

import os
import re
import socket
import subprocess
import sys
import urllib.error

from support.agent import Agent
from support.alertmanager import Alertmanager
from support.prometheus import Prometheus

HERE = os.path.dirname(os.path.abspath(__file__))
ALERTS = os.path.join(HERE, "..", "..", "alerts")
JOB = "volumeter"
AGENT_FLAGS = ("--collector.filesystems.interval=1s", "--collector.sizes.interval=5s",
               "--collector.sizes.max-io-pressure=100")
# Shortened waiting times of Alertmanager.
SHORT = {"group_wait": "1s", "group_interval": "2s", "repeat_interval": "1h",
         "resolve_timeout": "10s"}


def free_address(preferred):
    """An address on the loopback interface, with the preferred port if it is free."""
    for port in (preferred, 0):
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
            return f"127.0.0.1:{trial.getsockname()[1]}"
    raise RuntimeError("no free port on the loopback interface")


def shorten(config, receivers):
    """Alertmanager's configuration with shortened times and `receivers`NAME as URLs."""
    lines, receiver = [], None
    for line in config.splitlines():
        if named := re.match(r"\s*- name: '?([\w-]+)", line):
            receiver = named[1]
        if waits := re.match(r"(\s*(?:- )?)(\w+): ", line):
            if waits[2] in SHORT:
                line = f"{waits[1]}{waits[2]}: {SHORT[waits[2]]}"
            elif waits[2] == "url":
                line = f"{waits[1]}url: {receivers}{receiver}"
        lines.append(line)
    return "\n".join(lines) + "\n"


class Monitoring:
    """Everything between the engine and the receiver of alerts."""

    def __init__(self, scene, engine, command, receivers, thresholds):
        self.scene, self.engine, self.command = scene, engine, command
        self.agent_address = free_address(10066)
        self.start_agent()
        self.alertmanager = Alertmanager(scene, self.routes(receivers), free_address(9093))
        rules = scene.path("rules.yml")
        subprocess.run([sys.executable, "-B", os.path.join(ALERTS, "render"), "-o", rules,
                        "--with", thresholds], check=True)
        self.prometheus = Prometheus(
            scene, {JOB: self.agent_address}, free_address(9090), rule_files=[rules],
            alerting={"alertmanagers": [{"static_configs": [
                {"targets": [self.alertmanager.url.removeprefix("http://")]}]}]})

    def routes(self, receivers):
        """The path of the project's configuration, adapted by shorten()."""
        with open(os.path.join(ALERTS, "alertmanager.yml"), encoding="utf-8") as file:
            config = shorten(file.read(), receivers)
        path = self.scene.path("alertmanager.yml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(config)
        return path

    def alerts_path(self):
        """The path of Prometheus' alerts page; Debian has only the classic interface."""
        try:
            self.prometheus.get("/alerts")
        except urllib.error.HTTPError:
            return "/classic/alerts"
        return "/alerts"

    def start_agent(self):
        self.agent = Agent(self.scene, self.engine.host, *AGENT_FLAGS, command=[self.command],
                           listen=self.agent_address).start()
