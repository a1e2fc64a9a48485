# SPDX-License-Identifier: Apache-2.0
"""A real Prometheus, and a way to make it speak the older format."""

import json
import re
import urllib.parse
import urllib.request

from support.agent import TEXT
from support.local_server import LocalServer
from support.scene import eventually


class Prometheus:
    """Scrapes each of `jobs` ({name: "host:port"}) once a second.

    `sections` are further ones of its configuration; rules are evaluated once a second.
    """

    def __init__(self, scene, jobs, listen="127.0.0.1:0", **sections):
        config = {**sections,
                  "global": {"scrape_interval": "1s", "scrape_timeout": "1s",
                             "evaluation_interval": "1s"},
                  "scrape_configs": [{"job_name": name, "static_configs": [{"targets": [target]}]}
                                     for name, target in jobs.items()]}
        with open(scene.path("prometheus.yml"), "w", encoding="utf-8") as file:
            json.dump(config, file)  # which is YAML, too
        self.scene = scene
        self.process = scene.start("prometheus", [
            "prometheus", "--config.file", scene.path("prometheus.yml"),
            "--storage.tsdb.path", scene.new_folder("tsdb"),
            "--web.listen-address", listen])
        eventually(self.is_ready, 30, "Prometheus is ready")

    def is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError("Prometheus ended:\n" + self.scene.log("prometheus"))
        found = re.search(r"Listening on.* address=(127\S+:\d+)", self.scene.log("prometheus"))
        if not found:
            return False
        self.url = "http://" + found[1]
        try:
            return self.get("/-/ready") is not None
        except OSError:
            return False

    def get(self, path, **query):
        target = self.url + path + "?" + urllib.parse.urlencode(query)
        with urllib.request.urlopen(target, timeout=10) as reply:
            return reply.read().decode()

    def query(self, expression):
        """[(labels, value), ...] of an instant query."""
        data = json.loads(self.get("/api/v1/query", query=expression))["data"]
        return [(one["metric"], float(one["value"][1])) for one in data["result"]]

    def targets(self):
        """{job: (health, the last error)}"""
        data = json.loads(self.get("/api/v1/targets"))["data"]
        return {one["labels"]["job"]: (one["health"], one["lastError"])
                for one in data["activeTargets"]}


class TextOnly(LocalServer):
    """A proxy that asks the agent for the text format: what a Prometheus before 2.5 would.

    The one of Debian always prefers OpenMetrics and cannot be told otherwise.
    """

    def __init__(self, agent):
        self.agent = agent
        self.content_types = set()
        super().__init__({"do_GET": self.pass_on})

    def pass_on(self, handler):
        headers, body = self.agent.get(handler.path, Accept=TEXT)
        self.content_types.add(headers["Content-Type"])
        handler.send_response(200)
        handler.send_header("Content-Type", headers["Content-Type"])
        handler.end_headers()
        handler.wfile.write(body.encode())
