#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whether permanent scanning keeps to its budget, and what it takes from others on the disk.

Usage: VOLUMETER=build/release/exporter/volumeter bench/budget.py [MINUTES]

An engine of its own with volumes of 200 000 files, which the agent, at its default budget
but without fanotify and with an interval of a second, never stops walking. Beside it, for
half of the time, fio reads at random from the same disk: in turns with the agent and with
the agent stopped (SIGSTOP), the page cache dropped before each turn, so that the walk reads
from the disk as well. CPU of the agent and its helpers comes from /proc/PID/stat, and counts
only while they may run. Needs root.
"""

import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "live"))

from support.agent import Agent  # noqa: E402
from support.engine import Engine  # noqa: E402
from support.scene import Scene, cpu_seconds, stat_of  # noqa: E402

VOLUMES, DIRECTORIES, FILES = 20, 100, 100
TURN = 10  # seconds of fio
BUDGET = 0.05


def fill(engine):
    for number in range(VOLUMES):
        engine.api.create_volume(f"volume-{number}")
        folder = engine.volume_folder(f"volume-{number}")
        for directory in range(DIRECTORIES):
            os.mkdir(os.path.join(folder, str(directory)))
            for file in range(FILES):
                open(os.path.join(folder, str(directory), f"file-{file}"), "wb").close()


def drop_caches():
    os.sync()
    pathlib.Path("/proc/sys/vm/drop_caches").write_text("3", encoding="ascii")


def fio(file, seconds):
    """Random reads of 4 KiB past the page cache; operations a second."""
    out = subprocess.run(["fio", "--name=reader", f"--filename={file}", "--size=1g",
                          "--rw=randread", "--bs=4k", "--direct=1", "--ioengine=libaio",
                          "--iodepth=8", "--time_based", f"--runtime={seconds}",
                          "--output-format=json"], check=True, capture_output=True, text=True)
    return json.loads(out.stdout)["jobs"][0]["read"]["iops"]


class Cpu:
    """CPU seconds of the agent and all its helpers, also of those that have ended meanwhile: what
    they used after they were last looked at is missing, so look() often."""

    def __init__(self, agent):
        self.agent = agent
        self.seen = {}
        self.before = self.look()

    def look(self):
        self.seen.update({pid: cpu_seconds([pid]) for pid in self.agent.pids() if stat_of(pid)})
        return sum(self.seen.values())

    def wait(self, seconds):
        """What was used from the beginning to the end of so many seconds."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(0.1)
            self.look()
        return self.look() - self.before


class Stopped:
    """The agent stands still in this block."""

    def __init__(self, agent):
        self.pids = agent.pids()

    def __enter__(self):
        for pid in self.pids:
            os.kill(pid, signal.SIGSTOP)

    def __exit__(self, *_):
        for pid in self.pids:
            os.kill(pid, signal.SIGCONT)


def watch_alone(agent, seconds):
    """(CPU seconds, wall seconds) of undisturbed scanning of what is in the cache."""
    began = time.monotonic()
    return Cpu(agent).wait(seconds), time.monotonic() - began


def watch_with_fio(agent, file, seconds):
    """(CPU seconds, wall seconds) of scanning, and [(operations without it, with it)]"""
    cpu = wall = 0.0
    pairs = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with Stopped(agent):
            drop_caches()
            without = fio(file, TURN)
        drop_caches()
        used, began = Cpu(agent), time.monotonic()
        pairs.append((without, fio(file, TURN)))
        cpu += used.look() - used.before
        wall += time.monotonic() - began
    return cpu, wall, pairs


def main():
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 20
    scene = Scene()
    try:
        engine = Engine(scene).start()
        fill(engine)
        file = scene.path("docker", "fio.tmp")
        fio(file, 1)  # makes it
        agent = Agent(scene, engine.host, "--no-collector.sizes.fanotify",
                      "--collector.sizes.interval=1s").start()
        agent.wait_until(lambda seen: seen.value("volumeter_scan_entries_total"), "it scans", 30)
        time.sleep(10)
        entries = agent.scrape().value("volumeter_scan_entries_total")
        cpu, wall = watch_alone(agent, minutes * 30)
        entries = agent.scrape().value("volumeter_scan_entries_total") - entries
        waiting = agent.scrape().value("volumeter_scan_queue_length")
        print(f"alone: {cpu / wall:.4f} of a core in {wall:.0f} s, {entries / wall:.0f} entries "
              f"a second, {waiting:.0f} volumes waiting; bar {BUDGET} +- 0.01: "
              f"{'met' if abs(cpu / wall - BUDGET) <= 0.01 else 'MISSED'}")
        cpu, wall, pairs = watch_with_fio(agent, file, minutes * 30)
        ratio = statistics.median(with_it / without for without, with_it in pairs)
        print(f"beside fio: {cpu / wall:.4f} of a core in {wall:.0f} s; fio keeps "
              f"{ratio:.3f} of {statistics.median(pair[0] for pair in pairs):.0f} reads a second "
              f"(median of {len(pairs)} pairs), bar 0.97: {'met' if ratio >= 0.97 else 'MISSED'}")
    finally:
        scene.end()


if __name__ == "__main__":
    main()
