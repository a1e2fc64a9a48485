#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the program with other engines, kernels and Prometheus servers: matrix.py [options]

  --part engines|kernels|prometheus|build   rows of this part
  --only NAME                         this row, again if it has a result already
  --cached                            rows of CI whose packages are in the cache; keeps no results
  --table                             only write docs/compatibility.md from the results

A row whose result is there, for this revision, is not run again, so that a run can be continued.
"""

import argparse
import dataclasses
import datetime
import glob
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import engines
import hooks
import report
from parts import ROOT, run_row
from rows import NOT_IN_CI, ROWS
from suites import CACHE, NotHere

RESULTS = os.path.join(CACHE, "results")
ROWS_AT_A_TIME = 3  # of CI: they mostly wait


def main():
    options = parse_options()
    revision = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], cwd=ROOT, check=True,
                              capture_output=True, text=True).stdout.strip()
    wanted = [] if options.table else [row for row in ROWS if is_wanted(row, options)]
    if options.cached:
        wanted = [dataclasses.replace(row, tests=tuple(name for name in row.tests if name not in NOT_IN_CI))
                  for row in wanted]
    has_failed = False
    with ThreadPoolExecutor(ROWS_AT_A_TIME if options.cached else 1) as pool:
        for row, result in zip(wanted, pool.map(lambda row: result_of(row, options, revision), wanted)):
            print(report.line(row, result), flush=True)
            has_failed = has_failed or result["status"] == "fails"
            for test, output in result["failures"].items():
                print(f"--- {row.name}: {test}\n{output}")
    if not options.cached:
        report.write({row.name: load(row) for row in ROWS})
    if any(row.part == "kernels" for row in wanted):
        hooks.write(kernels_at_hand())
    return 1 if has_failed else 0


def result_of(row, options, revision):
    """The one that is there, for this revision, or of a run."""
    result = load(row)
    if result is None or options.only or options.cached or result["revision"] != revision:
        result = run_and_time(row, revision)
        if not options.cached:
            save(row, result)
    return result


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=sorted({row.part for row in ROWS}))
    parser.add_argument("--only", choices=[row.name for row in ROWS])
    parser.add_argument("--cached", action="store_true")
    parser.add_argument("--table", action="store_true")
    return parser.parse_args()


def is_wanted(row, options):
    if options.only:
        return row.name == options.only
    if options.part and row.part != options.part:
        return False
    return not options.cached or (row.is_in_ci and is_cached(row))


def kernels_at_hand():
    """(root, release) of those with BTF whose files are on this machine."""
    roots = [os.path.join(CACHE, f"kernel-{row.suite}") if row.suite else ""
             for row in ROWS if row.part == "kernels" and "filesystem_io" in row.tests]
    images = [(root, image) for root in roots for image in glob.glob(f"{root}/boot/vmlinuz-*")]
    return [(root, image.rpartition("vmlinuz-")[2]) for root, image in images]


def is_cached(row):
    kind = {"engines": "docker", "kernels": "kernel", "prometheus": "prometheus", "build": "root"}[row.part]
    if engines.is_in_root(row):
        return os.path.exists(os.path.join(CACHE, f"engine-{row.name}"))
    return os.path.exists(os.path.join(CACHE, f"{kind}-{row.suite}"))


def run_and_time(row, revision):
    began = time.monotonic()
    result = {"revision": revision, "date": datetime.date.today().isoformat(), "versions": ""}
    try:
        result["versions"], failures = run_row(row)
        result["tests"] = len(failures)
        result["failures"] = {test: output for test, output in failures.items() if output}
        result["status"] = "fails" if result["failures"] else "passes"
    except NotHere as missing:
        result.update(status="not run", tests=0, failures={}, reason=str(missing))
    result["seconds"] = round(time.monotonic() - began)
    return result


def result_path(row):
    return os.path.join(RESULTS, row.name + ".json")


def load(row):
    try:
        with open(result_path(row), encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return None


def save(row, result):
    os.makedirs(RESULTS, exist_ok=True)
    with open(result_path(row), "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)


if __name__ == "__main__":
    sys.exit(main())
