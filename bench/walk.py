#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a walk of a tree costs, as ratios to du's and gdu's in the same run.

Usage: bench/walk.py [--build DIR] [--dir DIR] [--rounds N] [--cold] [--trees wide,flat,...]

Makes the trees once in --dir (a folder of its own that goes away without it):
  wide   1 000 000 files in 10 000 directories with 1000 parents
  flat   500 000 files in one directory
  deep   1000 nested directories with 50 files each
  links  4000 files with 50 names each
and walks each with `du -s`, `gdu -n -p` and bench_walk, in turn so that all meet the same
noise. --cold (root) does it after dropping the page cache, too. As root, bench_rescan then
changes some directories of the wide tree and looks at them again. Ratios of wall time hold
only while nothing else runs. Ends with 1 if a walk finds other sums than du.
"""

import argparse
import collections
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

TREES = ["wide", "flat", "deep", "links"]
Cost = collections.namedtuple("Cost", "wall cpu")

# (tree, is cold, what, of which tools the better, to which peer, bar); "ours 2" has two threads.
BARS = [
    ("wide", False, "cpu", ["ours 1"], "du", 1.05),
    ("wide", False, "wall", ["ours 2"], "du", 0.60),
    ("wide", False, "wall", ["ours 2"], "gdu", 0.45),
    ("flat", False, "wall", ["ours 2"], "du", 0.50),
    ("wide", True, "wall", ["ours 8", "ours 16"], "du", 0.50),
]
MAX_PEAK_KIB = 16 << 10


def run(command):
    """(its output, its cost)"""
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        output = process.stdout.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - began
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit {process.returncode}")
    return output, Cost(wall, usage.ru_utime + usage.ru_stime)


def du_sums(tree):
    """apparent and allocated bytes, inodes"""
    return tuple(int(run(["du", "-s", "-x", *options, tree])[0].split()[0])
                 for options in (["-B1", "--apparent-size"], ["-B1"], ["--inodes"]))


def walk_sums(output):
    return tuple(int(number) for number in re.findall(r"(?:apparent|allocated|inodes) (\d+)",
                                                      output))


def drop_caches():
    os.sync()
    pathlib.Path("/proc/sys/vm/drop_caches").write_text("3")


class Measured:
    """All costs: of a tree, cold or warm, by tool."""

    def __init__(self):
        self.costs = collections.defaultdict(list)
        self.peaks = collections.defaultdict(int)  # KiB; the peers do not tell
        self.has_errors = False

    def measure(self, name, tree, tools, rounds, is_cold):
        sums = du_sums(tree)  # which brings it into the cache
        for _ in range(rounds):
            for tool, command in tools.items():
                if is_cold:
                    drop_caches()
                output, cost = run([*command, tree])
                self.costs[name, is_cold, tool].append(cost)
                if tool.startswith("ours"):
                    self.check(f"{name}, {tool}", output, sums)

    def check(self, what, output, sums):
        self.peaks[what] = max(self.peaks[what], int(re.search(r"peak (\d+)", output)[1]))
        if walk_sums(output) != sums:
            print(f"{what}: found {walk_sums(output)}, du {sums}")
            self.has_errors = True

    def median(self, name, is_cold, tool, what):
        return statistics.median(getattr(cost, what) for cost in self.costs[name, is_cold, tool])

    def least(self, name, is_cold, tool, what):
        return min(getattr(cost, what) for cost in self.costs[name, is_cold, tool])

    def print_table(self):
        print("| tree | cache | tool | wall s | min | CPU s | min |")
        print("|---|---|---|---|---|---|---|")
        for name, is_cold, tool in self.costs:
            key = name, is_cold, tool
            print(f"| {name} | {'cold' if is_cold else 'warm'} | {tool} "
                  f"| {self.median(*key, 'wall'):.3f} | {self.least(*key, 'wall'):.3f} "
                  f"| {self.median(*key, 'cpu'):.3f} | {self.least(*key, 'cpu'):.3f} |")

    def print_ratios(self):
        print("\n| tree | cache | ratio | medians | minima | bar | |")
        print("|---|---|---|---|---|---|---|")
        for name, is_cold, what, ours, peer, bar in BARS:
            if any((name, is_cold, tool) not in self.costs for tool in [*ours, peer]):
                continue
            ratios = [min(find(name, is_cold, tool, what) for tool in ours)
                      / find(name, is_cold, peer, what) for find in (self.median, self.least)]
            print(f"| {name} | {'cold' if is_cold else 'warm'} "
                  f"| {what}, {' or '.join(ours)} to {peer} "
                  f"| {ratios[0]:.2f} | {ratios[1]:.2f} | {bar:.2f} "
                  f"| {verdict(ratios[0] <= bar)} |")
        what = max(self.peaks, key=self.peaks.get)
        print(f"\npeak of ours {self.peaks[what] / 1024:.1f} MiB ({what}), "
              f"bar {MAX_PEAK_KIB >> 10}: {verdict(self.peaks[what] <= MAX_PEAK_KIB)}")


def verdict(is_met):
    return "met" if is_met else "MISSED"


def tools_for(build, threads):
    walk = os.path.join(build, "bench", "bench_walk")
    ours = {f"ours {count}": [walk, "--threads", str(count)] for count in threads}
    return {"du": ["du", "-s"], "gdu": ["gdu", "-n", "-p"], **ours,
            "ours 1 with records": [walk, "--records"]}


def make_trees(build, folder, names):
    for name in names:
        tree = os.path.join(folder, name)
        if not os.path.isdir(tree):
            print(f"making {tree}", file=sys.stderr)
            run([os.path.join(build, "bench", "bench_make_tree"), name, tree])


def compare(arguments, folder):
    names = arguments.trees.split(",")
    make_trees(arguments.build, folder, names)
    measured = Measured()
    for name in names:
        tree = os.path.join(folder, name)
        warm = tools_for(arguments.build, [1, 2])
        measured.measure(name, tree, warm, arguments.rounds, False)
        if arguments.cold:
            cold = tools_for(arguments.build, [1, 2, 8, 16])
            measured.measure(name, tree, cold, arguments.rounds, True)
    measured.print_table()
    measured.print_ratios()
    if "wide" in names and os.geteuid() == 0:
        rescan = os.path.join(arguments.build, "bench", "bench_rescan")
        print("\n" + run([rescan, os.path.join(folder, "wide")])[0])
    return 1 if measured.has_errors else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--dir")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--trees", default=",".join(TREES))
    parser.add_argument("--cold", action="store_true")
    arguments = parser.parse_args()
    if arguments.dir:
        return compare(arguments, arguments.dir)
    with tempfile.TemporaryDirectory(prefix="volumeter-bench-") as folder:
        return compare(arguments, folder)


if __name__ == "__main__":
    sys.exit(main())
