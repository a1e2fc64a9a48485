# SPDX-License-Identifier: Apache-2.0
"""Faults of rules that promtool does not check, as texts.

A rule is an element of GET /api/v1/rules of Prometheus.
"""

import dataclasses
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(HERE, "../dashboards"))

from promql import Expression  # noqa: E402

SEVERITIES = ("critical", "warning", "info")
ANNOTATIONS = {"summary", "description", "runbook_url", "dashboard_url"}
RATES = ("rate", "increase", "irate")
SHORTEST_WINDOW = 60  # seconds: four of our scrape intervals
UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


@dataclasses.dataclass
class World:
    """The names that rules may use."""

    metrics: dict  # {name: Metric} of docs/metrics.md
    recorded: set  # names of recording rules
    runbooks: set  # alerts with a runbook
    dashboards: set  # their uids

    def labels(self):
        return {label for metric in self.metrics.values() for label in metric.labels}


def faults_of_rule(rule, world):
    if rule["type"] == "recording":
        found = faults_of_recording(rule)
    else:
        found = faults_of_alert(rule, world)
    found += faults_of_names(rule["query"], world) + faults_of_joins(rule["query"])
    found += [f"{selector.name} is selected without a job"
              for selector in Expression(rule["query"]).selectors
              if selector.name in world.metrics
              and "job" not in (label for label, _, _ in selector.matchers)]
    return [f"{rule['name']}: {fault}" for fault in found]


def faults_of_recording(rule):
    well_named = re.fullmatch(r"[a-z_]+:[a-z_]+:[a-z0-9_]+", rule["name"])
    return [] if well_named else ["its name is not SUBJECT:WHAT:OPERATION"]


def faults_of_alert(rule, world):
    found = []
    annotations = rule["annotations"]
    if rule["duration"] <= 0:
        found.append("it has no `for`")
    if set(rule["labels"]) != {"severity"} or rule["labels"]["severity"] not in SEVERITIES:
        found.append(f"its labels are not a severity alone: {rule['labels']}")
    if any("{{" in text for text in rule["labels"].values()):
        found.append("a label is a template, each value of it would be another alert")
    if set(annotations) != ANNOTATIONS or not all(annotations.values()):
        return found + [f"its annotations are not {sorted(ANNOTATIONS)}"]
    if not compares(rule["query"]):
        found.append("nothing is compared: it would fire for every series")
    found += faults_of_links(rule["name"], annotations, world)
    for text in annotations.values():
        found += faults_of_template(text, world)
    return found


def compares(query):
    bare = re.sub(r"\{[^}]*\}", "", STRING.sub("", query))
    return re.search(r"[<>]|[=!]=|\babsent(_over_time)?\b|\bunless\b", bare) is not None


def faults_of_links(alert, annotations, world):
    found = []
    if not annotations["runbook_url"].endswith(f"/docs/runbooks/{alert}.md"):
        found.append(f"its runbook_url is that of another: {annotations['runbook_url']}")
    elif alert not in world.runbooks:
        found.append(f"docs/runbooks/{alert}.md is missing")
    uid = re.search(r"/d/([\w-]+)/", annotations["dashboard_url"])
    if not uid or uid[1] not in world.dashboards:
        found.append(f"no dashboard has the uid of {annotations['dashboard_url']}")
    return found


def faults_of_template(text, world):
    """Labels and queries used in {{ }}."""
    known = world.labels()
    found = [f"its text shows an unknown label {label}"
             for label in re.findall(r"\$labels\.(\w+)", text) if label not in known]
    for query in re.findall(r'printf ("(?:[^"\\]|\\.)*")', text):
        plain = re.sub(r"\\(.)", r"\1", query[1:-1])  # "state=\"running\"" in a string of Go
        filled = re.sub(r"%(\[\d+\])?q", '""', plain)
        found += faults_of_names(filled, world)
        found += [f"its text asks for {selector.name} of every host"
                  for selector in Expression(filled).selectors
                  if not {"job", "instance"} <= {label for label, _, _ in selector.matchers}]
    return found


def faults_of_names(text, world):
    """Unknown metrics and labels, and counters used as gauges or the reverse."""
    expression = Expression(text)
    known = world.labels() | set(expression.made)
    found = [f"{label} is the label of no metric" for label in expression.grouping
             if label not in known]
    for selector in expression.selectors:
        metric = world.metrics.get(selector.name)
        if metric is None and selector.name not in world.recorded:
            found.append(f"there is no metric {selector.name or '{...}'}")
            continue
        labels = known if metric is None else metric.labels
        found += [f"{selector.name} has no label {label}" for label, _, _ in selector.matchers
                  if label not in labels]
        found += faults_of_use(selector, metric)
    return found


def faults_of_use(selector, metric):
    is_rate = selector.function in RATES
    found = []
    if metric and metric.kind == "counter" and not is_rate:
        found.append(f"{selector.name} is a counter and not under rate()")
    if is_rate and (metric is None or metric.kind != "counter"):
        found.append(f"{selector.name} is no counter and under {selector.function}()")
    if is_rate and seconds_of(selector.range) < SHORTEST_WINDOW:
        found.append(f"{selector.name}[{selector.range}] is less than four scrapes")
    return found


def seconds_of(duration):
    """Of 1h30m. A variable of Grafana counts as long enough: it follows the interval."""
    if duration.startswith("$"):
        return SHORTEST_WINDOW
    parts = re.findall(r"(\d+)(ms|[smhdwy])", duration)
    return sum(int(number) * UNITS[unit] for number, unit in parts)


def faults_of_joins(query):
    """Joins must not mix hosts."""
    return [f"{word} ({labels}) lacks job or instance"
            for word, labels in re.findall(r"\b(by|on)\s*\(([^)]*)\)", STRING.sub("", query))
            if not {"job", "instance"} <= {label.strip() for label in labels.split(",")}]


def fenced_queries(markdown):
    """The queries of the ```promql blocks: separated by empty lines, with # comments."""
    found = []
    for block in re.findall(r"^[ ]*```promql\n(.*?)^[ ]*```", markdown, re.DOTALL | re.MULTILINE):
        found += [part.strip() for part in re.split(r"\n\s*\n", block) if part.strip()]
    return found
