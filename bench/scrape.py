#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a scrape of Volumeter costs, as ratios to node_exporter's in the same run.

Usage: VOLUMETER=build/release/exporter/volumeter bench/scrape.py [VOLUMES [CONTAINERS]]

An engine of its own (2000 volumes, 50 containers with four volumes each), Volumeter and
Debian's node_exporter with its defaults. 200 scrapes of each over one connection, plain and
gzip, in turn so that both meet the same noise; CPU from /proc/PID/stat of all processes of
each. At last a minute without a scrape.
"""

import http.client
import os
import pathlib
import statistics
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "live"))

from support.agent import Agent, resident_bytes  # noqa: E402
from support.engine import Engine  # noqa: E402
from support.scene import Scene, cpu_seconds, eventually  # noqa: E402
from support.trees import write  # noqa: E402

ROUNDS = 10
SCRAPES = 20  # of each, in each round
IDLE = 60  # seconds


class Server:
    """One exporter: where it is scraped and what it has cost."""

    def __init__(self, url, pids):
        parts = urllib.parse.urlsplit(url)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port)
        self.pids = pids
        self.times, self.cpu, self.body = [], 0.0, b""

    def scrape(self, headers):
        before = cpu_seconds(self.pids())
        for _ in range(SCRAPES):
            began = time.perf_counter()
            self.connection.request("GET", "/metrics", headers=headers)
            self.body = self.connection.getresponse().read()
            self.times.append(time.perf_counter() - began)
        self.cpu += cpu_seconds(self.pids()) - before

    def result(self):
        """(median seconds, CPU seconds a scrape, bytes); starts anew."""
        found = statistics.median(self.times), self.cpu / len(self.times), len(self.body)
        self.times, self.cpu = [], 0.0
        return found


def fill(engine, volumes, containers):
    names = [f"project-{number % 20}_volume-{number}" for number in range(volumes)]
    for name in names:
        engine.api.create_volume(name)
        for file in range(20):
            write(os.path.join(engine.volume_folder(name), f"file-{file}"), 400 * file)
    for number in range(containers):
        mine = names[number * 4:number * 4 + 4]
        engine.api.run_container(f"worker-{number}",
                                 [f"{name}:/d/{i}" for i, name in enumerate(mine)])


def start_node_exporter(scene):
    address = "127.0.0.1:19100"
    process = scene.start("node_exporter", ["prometheus-node-exporter",
                                            f"--web.listen-address={address}"])
    eventually(lambda: "Listening on" in scene.log("node_exporter"), 10, "node_exporter listens")
    return Server(f"http://{address}", lambda: [process.pid]), process.pid


def compare(ours, peer, what, headers):
    for _ in range(ROUNDS):
        ours.scrape(headers)
        peer.scrape(headers)
    our_time, our_cpu, our_bytes = ours.result()
    peer_time, peer_cpu, peer_bytes = peer.result()
    print(f"{what:<6} volumeter     median {our_time * 1e3:6.2f} ms  CPU {our_cpu * 1e3:6.2f} ms"
          f"  {our_bytes} bytes")
    print(f"{what:<6} node_exporter median {peer_time * 1e3:6.2f} ms  CPU {peer_cpu * 1e3:6.2f} ms"
          f"  {peer_bytes} bytes")
    print(f"{what:<6} ratio         median {our_time / peer_time:6.2f}     "
          f"CPU {our_cpu / peer_cpu:6.2f}")


def main():
    volumes, containers = (list(map(int, sys.argv[1:])) + [2000, 50][len(sys.argv) - 1:])[:2]
    scene = Scene()
    engine = Engine(scene)
    try:
        engine.start_with_image()
        fill(engine, volumes, containers)
        agent = Agent(scene, engine.host).start()
        agent.wait_until(lambda seen: len(seen.all("docker_volume_size_bytes")) == volumes,
                         "all volumes are measured", 120)
        peer, peer_pid = start_node_exporter(scene)
        ours = Server(agent.url, agent.pids)
        text = agent.scrape().text
        samples = sum(1 for line in text.splitlines() if not line.startswith("#"))
        print(f"{volumes} volumes, {containers} containers: {samples} samples")
        compare(ours, peer, "plain", {})
        compare(ours, peer, "gzip", {"Accept-Encoding": "gzip"})
        print(f"resident volumeter {agent.resident_bytes()['agent'] / 2**20:.1f} MiB, its helpers "
              f"{agent.resident_bytes()['helpers'] / 2**20:.1f} MiB (shared pages counted in each), "
              f"node_exporter {resident_bytes(peer_pid) / 2**20:.1f} MiB")
        before, engine_before = agent.cpu_seconds(), cpu_seconds(engine.pids())
        time.sleep(IDLE)
        print(f"idle   volumeter {(agent.cpu_seconds() - before) / IDLE * 100:.2f} % of a core, "
              f"engine {(cpu_seconds(engine.pids()) - engine_before) / IDLE * 100:.2f} %")
    finally:
        engine.end()
        scene.end()


if __name__ == "__main__":
    main()
