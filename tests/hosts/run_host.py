# SPDX-License-Identifier: Apache-2.0
"""Checks what a host under tests/hosts gives: run_host.py [--update] PROGRAM HOST.

With --update its golden files are rewritten instead; read the diff before you commit it.
A file `flags` in the folder holds more flags for the program, one a line.
"""

import argparse
import collections
import difflib
import os
import pathlib
import re
import shutil
import subprocess
import sys

HOSTS = pathlib.Path(__file__).resolve().parent
PROJECT = HOSTS.parent.parent


def scrape(program, host):
    """The scrape and the log, without the times of its lines: no host governs that clock."""
    flags = HOSTS / host / "flags"
    more = flags.read_text().splitlines() if flags.exists() else []
    done = subprocess.run([program, "--once", "--root", f"tests/hosts/{host}", *more],
                          cwd=PROJECT, capture_output=True, timeout=30)
    log = re.sub(rb"^ts=\S+ ", b"", done.stderr, flags=re.MULTILINE)
    if done.returncode != 0:
        sys.exit(f"{program} ended with {done.returncode}:\n{log.decode(errors='replace')}")
    return {"metrics.prom": done.stdout, "log.txt": log}


def difference(golden, seen, name):
    """What differs, for people; empty if not one byte does."""
    if golden == seen:
        return ""
    lines = [text.decode(errors="backslashreplace").splitlines() for text in (golden, seen)]
    diff = difflib.unified_diff(*lines, f"{name} (golden)", f"{name} (now)", lineterm="", n=0)
    return "\n".join(diff) or f"{name}: only the ends of lines differ"


def repeated_series(text):
    """A series given twice makes Prometheus drop the whole scrape."""
    series = collections.Counter(line.rsplit(b" ", 1)[0] for line in text.splitlines()
                                 if not line.startswith(b"#"))
    return [one.decode(errors="replace") for one, count in series.items() if count > 1]


def promtool_complaint(text):
    if not shutil.which("promtool"):
        must_run = os.environ.get("VOLUMETER_TESTS_MUST_RUN") == "1"
        print("promtool is not installed: not asked")
        return "promtool is missing" if must_run else ""
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True)
    complaint = (done.stdout + done.stderr).decode(errors="replace")
    return complaint or ("" if done.returncode == 0 else f"exit code {done.returncode}")


def faults(program, host):
    seen = scrape(program, host)
    again = scrape(program, host)
    for name, text in seen.items():
        golden = HOSTS / host / name
        yield difference(golden.read_bytes() if golden.exists() else b"", text, f"{host}/{name}")
        yield difference(text, again[name], f"{host}/{name}, second run")
    for series in repeated_series(seen["metrics.prom"]):
        yield f"given more than once: {series}"
    if complaint := promtool_complaint(seen["metrics.prom"]):
        yield f"promtool: {complaint}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("host")
    wanted = parser.parse_args()
    program = wanted.program.resolve()
    if wanted.update:
        for name, text in scrape(program, wanted.host).items():
            (HOSTS / wanted.host / name).write_bytes(text)
        return
    found = [fault for fault in faults(program, wanted.host) if fault]
    print("\n".join(found) or "as it should be")
    sys.exit(1 if found else 0)


main()
