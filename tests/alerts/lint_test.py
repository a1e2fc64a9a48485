#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The rules and runbooks pass the lint, and the lint can fail."""

import glob
import json
import os
import re
import sys
import tomllib
import unittest
import urllib.error

# increase() misses the first error, with which an error counter starts.
BORN_WITH_A_VALUE = "docker_mount_io_errors_total is a counter and not under rate()"
ALLOWED = {f"{alert}: {BORN_WITH_A_VALUE}" for alert in ("DockerIoErrors", "DockerWritesRefused")}

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "../.."))
sys.path[1:1] = [os.path.join(ROOT, "tests/live"), os.path.join(ROOT, "tests/dashboards")]

from lint import World, faults_of_names, faults_of_rule, fenced_queries  # noqa: E402
from metrics_md import Metric, load_metrics  # noqa: E402
from support.live_test import LiveTest, run  # noqa: E402
from support.prometheus import Prometheus  # noqa: E402


def read(*names):
    with open(os.path.join(ROOT, *names), encoding="utf-8") as file:
        return file.read()


def runbooks():
    names = (os.path.basename(path) for path in glob.glob(os.path.join(ROOT, "docs/runbooks/*.md")))
    return {name.removesuffix(".md") for name in names} - {"README"}


def dashboards():
    """The uids of the dashboards whose file name matches."""
    found = set()
    for path in glob.glob(os.path.join(ROOT, "dashboards/*.json")):
        uid = json.loads(read(path)).get("uid")
        if uid == "volumeter-" + os.path.basename(path).removesuffix(".json"):
            found.add(uid)
    return found


class CommittedTest(LiveTest):
    needs = ("prometheus",)

    def setUp(self):
        super().setUp()
        self.prometheus = Prometheus(
            self.scene, {}, rule_files=[os.path.join(ROOT, "alerts/volumeter.rules.yml")])
        groups = json.loads(self.prometheus.get("/api/v1/rules"))["data"]["groups"]
        self.rules = [rule for group in groups for rule in group["rules"]]
        self.alerts = {rule["name"] for rule in self.rules if rule["type"] == "alerting"}
        recorded = {rule["name"] for rule in self.rules} - self.alerts
        self.world = World(load_metrics(), recorded, runbooks(), dashboards())

    def test_rules_pass_the_lint(self):
        self.assertGreater(len(self.rules), len(self.alerts))
        self.assertGreater(len(self.alerts), 20)
        faults = {fault for rule in self.rules for fault in faults_of_rule(rule, self.world)}
        self.assertEqual(faults, ALLOWED)

    def test_recorded_metrics_are_used(self):
        asked = " ".join(rule["query"] for rule in self.rules)
        self.assertEqual([], [name for name in self.world.recorded
                              if not re.search(rf"(?<![\w:]){name}(?![\w:])", asked)])

    def test_thresholds_and_alerts_match(self):
        tables = set(tomllib.loads(read("alerts/thresholds.toml"))) - {"general"}
        self.assertEqual(tables, self.alerts)

    def test_alerts_in_alertmanager_configuration_exist(self):
        named = re.findall(r"alertname!?=~?\"([^\"]+)\"", read("alerts/alertmanager.yml"))
        names = {name for names in named for name in names.split("|") if "." not in name}
        self.assertGreater(len(names), 10)
        self.assertEqual(names - self.alerts, set())

    def test_runbooks_belong_to_alerts(self):
        self.assertEqual(runbooks() - self.alerts, set())

    def test_runbook_queries_are_valid_and_use_existing_metrics(self):
        faults, count = [], 0
        for name in sorted(runbooks()):
            for query in fenced_queries(read("docs/runbooks", name + ".md")):
                count += 1
                faults += [f"{name}: {fault}" for fault in faults_of_names(query, self.world)]
                faults += [f"{name}: {fault}: {query}" for fault in self.syntax_faults(query)]
        self.assertEqual(faults, [])
        self.say(f"{count} queries in {len(runbooks())} runbooks")

    def syntax_faults(self, query):
        try:
            self.prometheus.get("/api/v1/query", query=query)
        except urllib.error.HTTPError as error:
            return [json.loads(error.read())["error"]]
        return []


def small_world():
    target = frozenset(("job", "instance"))
    return World({"docker_up": Metric("gauge", target),
                  "docker_device_read_bytes_total": Metric("counter", target | {"device"})},
                 {"docker_device:read:rate"}, {"Good"}, {"volumeter-host"})


def alert(name="Good", query='docker_up{job="x"} == 0', **changes):
    links = {"runbook_url": f"https://example.com/docs/runbooks/{name}.md",
             "dashboard_url": "http://localhost/d/volumeter-host/"}
    rule = {"type": "alerting", "name": name, "query": query, "duration": 60,
            "labels": {"severity": "info"},
            "annotations": {"summary": "a", "description": "{{ $labels.device }}", **links}}
    return {**rule, **changes}


class LintTest(unittest.TestCase):
    """The lint finds each fault."""

    def check(self, rule, *expected):
        found = faults_of_rule(rule, small_world())
        self.assertEqual(len(found), len(expected), found)
        for fault, pattern in zip(found, expected):
            self.assertRegex(fault, pattern)

    def check_query(self, query, *expected):
        self.check(alert(query=query), *expected)

    def annotated(self, **texts):
        return alert(annotations={**alert()["annotations"], **texts})

    def test_valid_rules_have_no_faults(self):
        self.check(alert())
        self.check_query('sum by(job, instance) (rate(docker_device_read_bytes_total{job="x"}[1m]))'
                         ' > 5')
        self.check_query('absent(docker_up{job="x"})')
        self.check({"type": "recording", "name": "docker_device:read:rate",
                    "query": 'rate(docker_device_read_bytes_total{job="x"}[5m])'})

    def test_required_fields_of_an_alert(self):
        self.check(alert(duration=0), "no `for`")
        self.check(alert(labels={}), "severity alone")
        self.check(alert(labels={"severity": "page"}), "severity alone")
        self.check(alert(labels={"severity": "info", "team": "a"}), "severity alone")
        self.check(alert(labels={"severity": "{{ $value }}"}), "severity alone", "template")
        self.check(alert(annotations={"summary": "a"}), "annotations")
        self.check(self.annotated(summary=""), "annotations")
        self.check({"type": "recording", "name": "read_rate", "query": 'docker_up{job="x"}'},
                   "SUBJECT")

    def test_links_of_an_alert(self):
        self.check(self.annotated(runbook_url="https://example.com/docs/runbooks/Bad.md"),
                   "of another")
        self.check(alert(name="Bad"), "Bad.md is missing")
        self.check(self.annotated(dashboard_url="http://localhost/d/volumeter-moon/"),
                   "no dashboard")

    def test_missing_comparison(self):
        self.check_query('docker_up{job="x"}', "nothing is compared")
        self.check_query('docker_up{job=~"x",instance!="y"}', "nothing is compared")
        self.check_query('docker_up{job="a>b"}', "nothing is compared")

    def test_unknown_names(self):
        self.check_query('docker_down{job="x"} == 0', "no metric docker_down")
        self.check_query('{job="x"} == 0', "no metric {...}")
        self.check_query('docker_up{job="x",device="sda"} == 0', "docker_up has no label device")
        self.check_query('sum by(job, instance, planet) (docker_up{job="x"}) == 0', "planet")
        self.check_query("docker_device:read:rate > 5")
        self.check_query('docker_device:read:rate{planet="x"} > 5', "no label planet")
        self.check(self.annotated(summary="{{ $labels.planet }}"), "planet")
        for job in ("%q", "%[1]q"):
            text = '{{ printf "docker_down{job=JOB,instance=JOB}" $labels.job $labels.job | query }}'.replace("JOB", job)
            self.check(self.annotated(summary=text), "no metric docker_down")

    def test_misused_counters_gauges_and_windows(self):
        self.check_query('docker_device_read_bytes_total{job="x"} > 5', "is a counter and not")
        self.check_query('sum without(device) (docker_device_read_bytes_total{job="x"}) > 5',
                         "is a counter and not")
        self.check_query('rate(docker_up{job="x"}[5m]) > 5', "is no counter")
        self.check_query('rate(docker_device_read_bytes_total{job="x"}[45s]) > 5', "four scrapes")

    def test_joins_across_hosts(self):
        self.check_query('sum by(instance) (docker_up{job="x"}) == 0', "lacks job")
        self.check_query('docker_up{job="x"} == 0 and on(job) docker_up{job="x"} == 0',
                         "lacks job or instance")
        self.check_query("docker_up == 0", "without a job")
        text = '{{ printf "docker_up{job=%q}" $labels.job | query }}'
        self.check(self.annotated(summary=text), "docker_up of every host")

    def test_runbook_queries(self):
        text = "See\n```promql\n# why\ndocker_up\n\ndocker_down\n  > 5\n```\n```sh\nls\n```\n"
        queries = fenced_queries(text)
        self.assertEqual(queries, ["# why\ndocker_up", "docker_down\n  > 5"])
        self.assertEqual([faults_of_names(query, small_world()) for query in queries],
                         [[], ["there is no metric docker_down"]])


if __name__ == "__main__":
    run()
