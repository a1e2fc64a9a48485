# SPDX-License-Identifier: Apache-2.0
"""A real Alertmanager, and a server that takes what it sends."""

import json
import re
import urllib.request

from support.local_server import LocalServer
from support.scene import eventually


class Alertmanager:
    """Runs with a configuration file, by default on a free port of the loopback interface."""

    def __init__(self, scene, config, listen="127.0.0.1:0"):
        self.scene = scene
        self.process = scene.start("alertmanager", [
            "prometheus-alertmanager", "--config.file", config,
            "--storage.path", scene.new_folder("alertmanager"),
            "--web.listen-address", listen, "--cluster.listen-address="])
        eventually(self.is_ready, 30, "Alertmanager is ready")

    def is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError("Alertmanager ended:\n" + self.scene.log("alertmanager"))
        found = re.search(r"Listening on.* address=(127\S+:\d+)", self.scene.log("alertmanager"))
        if not found:
            return False
        self.url = "http://" + found[1]
        try:
            with urllib.request.urlopen(self.url + "/-/ready", timeout=5):
                return True
        except OSError:
            return False

    def post(self, alerts):
        """Fires alerts, each a dictionary of its labels, as Prometheus would."""
        body = json.dumps([{"labels": labels} for labels in alerts]).encode()
        request = urllib.request.Request(self.url + "/api/v2/alerts", body,
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10):
            pass

    def alerts(self):
        """All that fire, with their status and receivers, as the API has it."""
        with urllib.request.urlopen(self.url + "/api/v2/alerts", timeout=10) as reply:
            return json.load(reply)


class Webhooks(LocalServer):
    """Takes what Alertmanager sends: `received` is [(path, labels of one alert), ...]."""

    def __init__(self):
        self.received = []
        super().__init__({"do_POST": self.take})

    def take(self, handler):
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        for alert in json.loads(body)["alerts"]:
            self.received.append((handler.path, alert["labels"]))
        handler.send_response(200)
        handler.end_headers()
