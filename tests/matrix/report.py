# SPDX-License-Identifier: Apache-2.0
"""The table of the matrix, on the terminal and in docs/compatibility.md."""

import os

from parts import ROOT
from rows import LIMITS, NOT_RUN, ROWS

TABLE = os.path.join(ROOT, "docs/compatibility.md")
TITLES = {"engines": "Engines", "kernels": "Kernels", "prometheus": "Prometheus and Alertmanager",
          "build": "Builds"}
HEAD = """# Compatibility

Written by `make test-matrix` (`tests/matrix/README.md` says how it works and how long it takes). Each
row is a real part, from Debian's packages, and the tests that were run with it.

Each Debian release gets a build of its own: a program built on Debian 12 does not start on 13, whose
libspdlog, libfmt, Boost and libmicrohttpd have other versions in their names.
"""


def line(row, result):
    return (f"{row.name:22} {result['status']:8} {result['seconds']:5} s  {result['versions']}"
            f"{result.get('reason', '')}")


def write(results):
    """A row that has no result on this machine keeps the line of the machine that has run it."""
    known = known_lines()
    sections = [HEAD]
    for part, title in TITLES.items():
        rows = [table_row(row, results[row.name]) if results[row.name] else
                known.get(row.name, f"| {row.name} | | not run | | | | |") for row in ROWS if row.part == part]
        sections.append("\n".join(
            [f"## {title}", "", "| row | versions | result | tests | seconds | date | revision |",
             "|---|---|---|---|---|---|---|", *rows, ""]))
    limits = [f"| {part} | {what} | {said} |" for part, what, said in LIMITS]
    sections.append("\n".join(["## Not supported", "", "| with | not known | how the program says so |",
                               "|---|---|---|", *limits, ""]))
    absent = [f"| {what} | {why} |" for what, why in NOT_RUN]
    sections.append("\n".join(["## Not run", "", "| what | why, and what stands in for it |", "|---|---|",
                               *absent, ""]))
    with open(TABLE, "w", encoding="utf-8") as file:
        file.write("\n".join(sections))


def known_lines():
    with open(TABLE, encoding="utf-8") as file:
        return {line.split("|")[1].strip(): line for line in file.read().splitlines()
                if line.startswith("| ")}


def table_row(row, result):
    outcome = result["status"]
    if result["failures"]:
        outcome += ": " + ", ".join(result["failures"])
    if "reason" in result:
        outcome += ": " + result["reason"]
    return (f"| {row.name} | {result['versions']} | {outcome} | {result['tests']} | {result['seconds']} "
            f"| {result['date']} | {result['revision']} |")
