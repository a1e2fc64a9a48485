# SPDX-License-Identifier: Apache-2.0
"""Builds the program in a root of another suite and runs the rings that need no engine there."""

import os
import re
import shutil
import subprocess

import roots

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
# Of scripts/install-packages, group build, and what its tests need.
INSTALL = os.path.join(ROOT, "scripts/install-packages")
TESTS = ("catch2", "python3", "busybox-static", "procps", "promtool")


def run_build(row):
    compiler = row.settings["compiler"]
    root = roots.root_with(row.suite, [*build_packages(), *TESTS])
    place = f"/build/{row.name}"
    copy_source(root + place)
    version = roots.run([compiler, "--version"], root).splitlines()[0]
    failures = {"build": run_in(root, place, (
        f"cmake -G Ninja -B build -DCMAKE_CXX_COMPILER={compiler} -DCMAKE_CXX_FLAGS=-O0 "
        "-DVOLUMETER_UNITY=ON && cmake --build build -- -k 0"))}
    if not failures["build"]:
        for ring in row.tests:
            failures[ring] = run_in(root, place,
                                    f"ctest --test-dir build -L '^{ring}$' -E http_cli --output-on-failure")
    shutil.rmtree(root + place)
    return version, failures


def build_packages():
    with open(INSTALL, encoding="utf-8") as file:
        return re.search(r"^build=\(([^)]*)\)", file.read(), re.M)[1].split()


def copy_source(place):
    """What is committed."""
    shutil.rmtree(place, ignore_errors=True)
    os.makedirs(place)
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", place], input=archive, check=True)


def run_in(root, place, command):
    """What the command said if it failed, else nothing."""
    done = subprocess.run(roots.command_in(root, "sh", "-c", f"cd {place} && {command}"), check=False,
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL)
    return "" if done.returncode == 0 else with_errors_first(done.stdout)


def with_errors_first(output):
    """What a compiler explains of one error can fill pages."""
    errors = [line for line in output.splitlines() if ": error:" in line]
    return "\n".join([*errors[:50], output[-20000:]])
