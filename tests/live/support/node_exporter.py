# SPDX-License-Identifier: Apache-2.0
"""A node_exporter that tells of block devices, all of them."""

import socket
import urllib.request

from support.samples import Samples
from support.scene import eventually


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class NodeExporter:
    def __init__(self, scene):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/metrics"
        self.process = scene.start("node_exporter", [
            "prometheus-node-exporter", f"--web.listen-address=127.0.0.1:{port}",
            "--collector.disable-defaults", "--collector.diskstats",
            "--collector.diskstats.device-exclude=^$"])
        eventually(self.answers, 10, "node_exporter answers")

    def answers(self):
        try:
            return self.scrape().all("node_disk_io_now")
        except OSError:
            return False

    def scrape(self):
        with urllib.request.urlopen(self.url, timeout=10) as reply:
            return Samples(reply.read().decode())
