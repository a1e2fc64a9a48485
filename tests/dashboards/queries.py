# SPDX-License-Identifier: Apache-2.0
"""Runs every query of every dashboard against a Prometheus, as Grafana would."""

import collections
import json
import math
import os
import re
import time
import urllib.error

from dashboards import HERE, load, load_dashboards
from grafana import Unknown, choices

POINTS = 8  # per range: few, as emulated machines are slow
# Features of a host without which a query may return no data.
NEEDS = ("eBPF", "cgroup v2", "NFS", "history", "trouble")

Query = collections.namedtuple("Query", "dashboard panel ref_id")


class Asker:
    """Queries a Prometheus (support.prometheus) over the time since it started to scrape."""

    def __init__(self, prometheus):
        self.prometheus = prometheus
        self.end = time.time()
        self.start = min(value for _, value in
                         prometheus.query("min_over_time(timestamp(up)[1h:1s])"))
        self.seconds = max(1, round(self.end - self.start))
        self.step = max(1, self.seconds // POINTS)

    def label_values(self, label, selector):
        query = {"match[]": selector} if selector else {}
        return self.ask(f"/api/v1/label/{label}/values", **query)

    def ask(self, path, **query):
        """The data; AssertionError on errors and warnings."""
        try:
            answer = json.loads(self.prometheus.get(path, **query))
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{json.loads(error.read())['error']}: {query}") from None
        if answer.get("warnings"):
            raise AssertionError(f"{answer['warnings']}: {query}")
        return answer["data"]

    def numbers(self, expression, instant):
        """All values of all series."""
        if instant:
            data = self.ask("/api/v1/query", query=expression, time=self.end)
        else:
            data = self.ask("/api/v1/query_range", query=expression, start=self.start,
                            end=self.end, step=self.step)
        if data["resultType"] == "scalar":
            return [float(data["result"][1])]
        return [float(text) for one in data["result"]
                for _, text in one.get("values") or [one["value"]]]


class Report:
    """The results of the queries."""

    def __init__(self):
        self.asked = 0
        self.known = set()  # all Queries
        self.empty = []  # Queries without data
        self.mute = []  # (dashboard, panel) without data and without an explanation
        self.faults = []  # errors and warnings, as texts


class Run:
    """The queries of one dashboard for all values of its variables."""

    def __init__(self, dashboard, asker, report):
        self.dashboard = dashboard
        self.asker = asker
        self.report = report
        self.options = choices(dashboard, asker, asker.seconds, asker.step)

    def run(self):
        for annotation in self.dashboard.annotations():
            self.answers(annotation["expr"], instant=False)
        targets = collections.defaultdict(list)
        for panel, target in self.dashboard.targets():
            targets[panel["title"]].append((panel, target))
        for title, pairs in targets.items():
            says_something = [self.run_target(panel, target) for panel, target in pairs]
            if not any(says_something) and not text_without_data(pairs[0][0]):
                self.report.mute.append((self.dashboard.name, title))

    def run_target(self, panel, target):
        """Whether the panel shows data of it."""
        query = Query(self.dashboard.name, panel["title"], target["refId"])
        self.report.known.add(query)
        kinds = [kind for kind in ("instant", "range") if target.get(kind)] or ["range"]
        try:
            answers = [self.answers(target["expr"], kind == "instant") for kind in kinds]
        except (AssertionError, Unknown) as fault:
            self.report.faults.append(f"{query}: {fault}")
            return True
        if is_explanation(target["expr"]):
            return any(answers)
        if any(map(has_number, answers)):
            return True
        self.report.empty.append(query)
        return False

    def answers(self, expression, instant):
        """The values for each choice of variables, up to the first with more than NaN."""
        numbers = []
        for values in self.options:
            self.report.asked += 1
            numbers += self.asker.numbers(values.fill(expression), instant)
            if has_number(numbers):
                break
        return numbers


def has_number(numbers):
    return any(not math.isnan(number) for number in numbers)


def is_explanation(expression):
    """Series whose legend explains why a figure is not available."""
    return re.search(r"\bNaN\b", expression) is not None


def text_without_data(panel):
    return panel.get("fieldConfig", {}).get("defaults", {}).get("noValue")


def run_all(asker):
    report = Report()
    for dashboard in load_dashboards():
        try:
            Run(dashboard, asker, report).run()
        except (AssertionError, Unknown) as fault:
            report.faults.append(f"{dashboard.name}: {fault}")
    return report


def load_allowed():
    """{query: what it needs} of no_data.json."""
    allowed = {}
    for one in load(os.path.join(HERE, "no_data.json")):
        query = Query(one["dashboard"], one["panel"], one["ref_id"])
        if one["needs"] not in NEEDS or not one["reason"] or query in allowed:
            raise AssertionError(f"no_data.json: one of {NEEDS} and a reason, once: {one}")
        allowed[query] = one["needs"]
    return allowed


def complaints(report, allowed, host_has=()):
    """The faults, as texts, on a host with these of NEEDS."""
    excused = {query for query, needs in allowed.items() if needs not in host_has}
    return [*report.faults,
            *(f"{query} gives no data" for query in report.empty if query not in excused),
            *(f"{place} is empty and does not say why" for place in report.mute),
            *(f"no_data.json: {query} is in no dashboard" for query in sorted(allowed)
              if query not in report.known)]
