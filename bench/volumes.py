#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What measuring many small volumes costs, as ratios to du's and Docker's in the same run.

Usage: VOLUMETER=build/release/exporter/volumeter bench/volumes.py [VOLUMES]

An engine of its own with 2000 volumes of 24 files in 4 directories each, all modified long
ago. In turn, with everything in the cache:
  du      one `du -s -B1` a volume, as exporters fork it at every scrape
  docker  `docker system df -v`: the client's and the engine's CPU
  first   Volumeter's first pass: `--once`, which has no budget
  next    a later pass of the agent, which follows changes, while nothing changes
Of the first three the wall time, too: of Volumeter from the beginning of the first
measurement to the end of the last.
"""

import os
import pathlib
import resource
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "live"))

from support.agent import Agent  # noqa: E402
from support.engine import Engine  # noqa: E402
from support.samples import Samples  # noqa: E402
from support.scene import Scene, cpu_seconds  # noqa: E402

ROUNDS = 5
LONG_AGO = time.time() - 90 * 86400
INTERVAL = 10  # seconds between two measurements of a volume that stands still


def fill(engine, count):
    folders = {}
    for number in range(count):
        name = f"project-{number % 20}_volume-{number}"
        engine.api.create_volume(name)
        folders[name] = engine.volume_folder(name)
        for at in ("", "a", "b", "a/c"):
            directory = os.path.join(folders[name], at)
            os.makedirs(directory, exist_ok=True)
            for file in range(6):
                with open(os.path.join(directory, f"file-{file}"), "wb") as made:
                    made.write(b"x" * (400 * file))
        for path, _, files in os.walk(folders[name], topdown=False):
            for entry in (*files, "."):
                os.utime(os.path.join(path, entry), (LONG_AGO, LONG_AGO))
    return folders


class Cost:
    """Wall and CPU seconds of the block and of all children that end in it."""

    def __enter__(self):
        self.began = time.perf_counter()
        self.before = resource.getrusage(resource.RUSAGE_CHILDREN)
        return self

    def __exit__(self, *_):
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.wall = time.perf_counter() - self.began
        self.cpu = (after.ru_utime - self.before.ru_utime +
                    after.ru_stime - self.before.ru_stime)


def measure_du(folders):
    """(wall, CPU, {volume: allocated bytes})"""
    names = {folder: name for name, folder in folders.items()}
    with Cost() as cost:
        out = subprocess.run(["xargs", "-0", "-n1", "du", "-s", "-B1"], check=True, text=True,
                             input="\0".join(names), capture_output=True).stdout
    said = (line.split("\t") for line in out.splitlines())
    return cost.wall, cost.cpu, {names[folder]: int(size) for size, folder in said}


def measure_docker(engine):
    before = cpu_seconds(engine.pids())
    with Cost() as cost:
        subprocess.run(["docker", "-H", engine.host, "system", "df", "-v"], check=True,
                       stdout=subprocess.DEVNULL)
    return cost.wall, cost.cpu + cpu_seconds(engine.pids()) - before


def is_measured(seen, count):
    return len(seen.all("docker_volume_scan_info", state="measured")) == count


def measure_first(scene, engine, sizes):
    """(wall, CPU) of all measurements of `--once`, which has no budget."""
    text = subprocess.run([os.environ["VOLUMETER"], "--once", "--docker.host", engine.host,
                           "--state.directory", scene.path("state")], check=True, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    seen = Samples(text)
    if seen.by("volume", "docker_volume_allocated_bytes") != sizes:
        sys.exit("Volumeter's sizes are not du's")
    ends = seen.by("volume", "docker_volume_scan_timestamp_seconds")
    took = seen.by("volume", "docker_volume_scan_duration_seconds")
    wall = max(ends.values()) - min(end - took[name] for name, end in ends.items())
    return wall, seen.value("volumeter_scan_cpu_seconds_total")


def measure_next(scene, engine, count):
    """CPU of one more measurement of each volume by the agent, while nothing changes."""
    agent = Agent(scene, engine.host, f"--collector.sizes.interval={INTERVAL}s").start()
    agent.wait_until(lambda seen: is_measured(seen, count), "all are measured", 120)
    time.sleep(3 * INTERVAL)  # all have been looked at again, and stand still
    before = agent.scrape().value("volumeter_scan_cpu_seconds_total")
    time.sleep(3 * INTERVAL)
    seen = agent.scrape()
    oldest = min(seen.by("volume", "docker_volume_scan_timestamp_seconds").values())
    if time.time() - oldest > 1.5 * INTERVAL or not is_measured(seen, count):
        sys.exit("the volumes were not measured again in time")
    return (seen.value("volumeter_scan_cpu_seconds_total") - before) / 3


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    scene = Scene()
    try:
        engine = Engine(scene).start()
        folders = fill(engine, count)
        costs = {"du": [], "docker": [], "first": []}
        for _ in range(ROUNDS):
            wall, cpu, sizes = measure_du(folders)
            costs["du"].append((wall, cpu))
            costs["docker"].append(measure_docker(engine))
            costs["first"].append(measure_first(scene, engine, sizes))
        report(costs, measure_next(scene, engine, count), count)
    finally:
        scene.end()


def report(costs, next_cpu, count):
    medians = {name: [statistics.median(column) for column in zip(*rows)]
               for name, rows in costs.items()}
    for name, (wall, cpu) in medians.items():
        print(f"{name:7} wall {wall:.3f} s, CPU {cpu:.3f} s, {cpu / count * 1e6:.0f} us a volume")
    print(f"next    CPU {next_cpu:.4f} s, {next_cpu / count * 1e6:.1f} us a volume")
    for peer, bar in (("du", 20), ("docker", 2)):
        wall, cpu = (medians[peer][i] / medians["first"][i] for i in (0, 1))
        print(f"first pass to {peer}: wall 1/{wall:.1f}, CPU 1/{cpu:.1f}, bar 1/{bar}: "
              f"{'met' if min(wall, cpu) >= bar else 'MISSED'}; "
              f"a later pass: CPU 1/{medians[peer][1] / max(next_cpu, 1e-9):.0f}")


if __name__ == "__main__":
    main()
