# SPDX-License-Identifier: Apache-2.0
"""Runs the tests of a row with the part that it is about: (versions, {test: "" or what failed})."""

import glob
import os
import re
import subprocess
import sys

import builds
import crossed
import engines
import hooks
from suites import NotHere, Suite

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BUILD = os.path.join(ROOT, "build/release")
PROMETHEUS_PACKAGES = ("prometheus", "promtool", "prometheus-alertmanager")
TEST_SECONDS = 1500


def run_row(row):
    return {"engines": run_engine, "kernels": run_kernel, "prometheus": run_prometheus,
            "build": run_build}[row.part](row)


def run_engine(row):
    """The live tests, which start the engine that is first in PATH."""
    environment = engines.environment_of(row)
    return version_of(engines.program_of(row), environment), {
        name: run_python(f"tests/live/{name}_test.py", environment) for name in row.tests}


def run_kernel(row):
    """The scenarios of the virtual machine, under another kernel."""
    environment = {**os.environ, "VOLUMETER_VM_SECONDS": str(TEST_SECONDS - 30)}
    if row.suite:
        environment["VOLUMETER_VM_KERNEL"] = Suite(row.suite).kernel()
    root = environment.get("VOLUMETER_VM_KERNEL", "")
    releases = [path.rpartition("vmlinuz-")[2] for path in glob.glob(root + "/boot/vmlinuz-*")]
    if not releases:
        raise NotHere("a kernel in /boot")
    failures = {name: run_scenarios(environment, name) for name in row.tests if name == "bpf_cost"}
    others = [name for name in row.tests if name not in failures]
    output = run_scenarios(environment, *others)
    failures.update((name, failure_of(name, output)) for name in others)
    if "filesystem_io" in row.tests:
        failures["hooks"] = hooks.missing(root, releases[0])
    return ", ".join(releases), failures


def run_scenarios(environment, *names):
    """What they print, if one of them failed; they share a machine."""
    count = ["--count-instructions"] if names == ("bpf_cost",) else []
    scenarios = [os.path.join(ROOT, f"tests/vm/scenarios/{name}_test.py") for name in names]
    return run_python("tests/vm/run.py", environment, *count, *scenarios)


def failure_of(name, output):
    """Of the output of run_scenarios the part of one that failed; all of it if it did not end."""
    if not output:
        return ""
    # === nfs_test.py ended with 0 after 64 s
    ended = re.search(rf"^=== {name}_test.py ended with (\d+) after", output, re.M)
    if ended is None:
        return output
    return "" if ended[1] == "0" else output[:ended.start()].rpartition(f"=== {name}_test.py\n")[2]


def run_build(row):
    return (crossed.run_cross_build if "architecture" in row.settings else builds.run_build)(row)


def run_prometheus(row):
    """The rules, the alerts' tests and a real scrape."""
    environment = dict(os.environ)
    if row.suite:
        folder = Suite(row.suite).unpacked(f"prometheus-{row.suite}", PROMETHEUS_PACKAGES)
        environment["PATH"] = with_path(folder)
    rules = os.path.join(ROOT, "alerts/volumeter.rules.yml")
    failures = {"check rules": run(["promtool", "check", "rules", "--lint=all", "--lint-fatal", rules],
                                   environment)}
    for file in sorted(glob.glob(os.path.join(ROOT, "tests/alerts/*.test.yml"))):
        failures[os.path.basename(file).removesuffix(".test.yml")] = run(
            ["promtool", "test", "rules", file], environment)
    for name in ("alerts/alertmanager", "alerts/lint", "live/prometheus"):
        failures[name] = run_python(f"tests/{name}_test.py", environment)
    versions = [version_of(program, environment) for program in ("prometheus", "prometheus-alertmanager")]
    return ", ".join(versions), failures


def with_path(folder):
    places = [os.path.join(folder, name) for name in ("usr/sbin", "usr/bin", "sbin", "bin")]
    return ":".join([*places, os.environ["PATH"]])


def version_of(program, environment):
    done = subprocess.run([program, "--version"], env=environment, check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    # Docker version 28.5.2+dfsg4, build 89c5e8f; podman version 4.3.1; alertmanager, version 0.25.0 (...)
    found = re.search(r"^(\S+?),? version ([^\s,]+)", done.stdout, re.M | re.I)
    if not found:
        raise NotHere(f"{program}: {done.stdout.strip()[-200:]}")
    return f"{found[1].lower()} {found[2]}"


def run_python(script, environment, *arguments):
    return run([sys.executable, "-B", os.path.join(ROOT, script), *arguments], environment)


def run(command, environment):
    """What the command said if it failed, else nothing."""
    environment = {
        "VOLUMETER_TESTS_STEPS": "300", **environment, "VOLUMETER_TESTS_MUST_RUN": "1",
        "VOLUMETER_TESTS_SEED": "random",
        "VOLUMETER": os.path.join(BUILD, "exporter/volumeter"),
        "HUNG_FUSE_MOUNT": os.path.join(BUILD, "tests/live/hung_fuse_mount"),
        **{name.upper(): os.path.join(BUILD, "tests/vm", name)
           for name in ("accounted_space", "counted_io", "io_calls")}}
    try:
        done = subprocess.run(command, env=environment, cwd=ROOT, check=False, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TEST_SECONDS,
                              stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return f"not done in {TEST_SECONDS} s"
    return "" if done.returncode == 0 else done.stdout[-100000:]
