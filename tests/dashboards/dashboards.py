# SPDX-License-Identifier: Apache-2.0
"""The committed dashboards, read from their JSON."""

import dataclasses
import glob
import json
import os

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.normpath(os.path.join(HERE, "../../dashboards"))
NO_DASHBOARDS = ("package.json", "package-lock.json", "tsconfig.json")


@dataclasses.dataclass(frozen=True)
class Dashboard:
    """One file; the name is that of the file without .json."""

    name: str
    json: dict

    def panels(self):
        """All panels, including rows and panels in collapsed rows."""
        for panel in self.json.get("panels", []):
            yield panel
            yield from panel.get("panels", [])

    def targets(self):
        """(panel, target) of each query to Prometheus."""
        for panel in self.panels():
            for target in panel.get("targets", []):
                if not repeats_another_panel(target):
                    yield panel, target

    def variables(self):
        return self.json.get("templating", {}).get("list", [])

    def annotations(self):
        """Annotations with a Prometheus query, without Grafana's built-in one."""
        return [one for one in self.json.get("annotations", {}).get("list", [])
                if not one.get("builtIn")]


def repeats_another_panel(target):
    return (target.get("datasource") or {}).get("uid") == "-- Dashboard --"


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def load_dashboards(folder=FOLDER):
    paths = sorted(glob.glob(os.path.join(folder, "*.json")))
    found = [Dashboard(os.path.basename(path).removesuffix(".json"), load(path))
             for path in paths if os.path.basename(path) not in NO_DASHBOARDS]
    if not found:
        raise AssertionError(f"there are no dashboards in {folder}")
    return found


def query_of(variable):
    """The text of a query variable, which newer versions of Grafana wrap."""
    query = variable.get("query", "")
    return query.get("query", "") if isinstance(query, dict) else query
