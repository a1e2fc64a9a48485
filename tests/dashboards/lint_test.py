# SPDX-License-Identifier: Apache-2.0
"""The dashboards pass linter_rules.py and own_rules.py, except for exceptions.json."""

import copy
import os
import sys
import unittest

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../live"))

import linter_rules
import own_rules
from dashboards import HERE, Dashboard, load, load_dashboards
from metrics_md import load_metrics
from subject import Subject
from support.live_test import is_there, run

RULES = linter_rules.RULES | own_rules.RULES
EXCEPTIONS = os.path.join(HERE, "exceptions.json")

needs_promtool = unittest.skipUnless(is_there("promtool"), "needs promtool")


def faults_of(dashboards):
    """{(dashboard, rule, place): faults}"""
    metrics, found = load_metrics(), {}
    for dashboard in dashboards:
        subject = Subject(dashboard, dashboards, metrics)
        for name, rule in RULES.items():
            for place, fault in rule(subject):
                found.setdefault((dashboard.name, name, place), []).append(fault)
    return found


def without(faults, exceptions):
    """Faults that are not excepted, and exceptions without a fault, as texts."""
    excepted = {(one["dashboard"], one["rule"], one["place"]): one["reason"] for one in exceptions}
    return [*(f"{' / '.join(key)}: {'; '.join(said)}" for key, said in faults.items()
              if not excepted.get(key)),
            *(f"exceptions.json: {' / '.join(key)} is no fault" for key in excepted
              if key not in faults)]


@needs_promtool
class LintTest(unittest.TestCase):
    maxDiff = None

    def test_dashboards_pass_the_lint(self):
        complaints = without(faults_of(load_dashboards()), load(EXCEPTIONS))
        self.assertEqual("\n".join(complaints), "")


HOSTS = 'job=~"$job",instance=~"$instance"'
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def host_variable(name, query):
    return {"name": name, "label": name.title(), "type": "query", "datasource": SOURCE,
            "query": query, "refresh": 2, "multi": True, "includeAll": True, "allValue": ".+"}


def panel(number, title, expression):
    return {"id": number, "title": title, "type": "timeseries", "description": "What it shows.",
            "datasource": SOURCE, "gridPos": {"x": 12 * (number - 1), "y": 0, "w": 12, "h": 8},
            "fieldConfig": {"defaults": {
                "unit": "percentunit", "thresholds": {"steps": [{"value": None}, {"value": 0.9}]},
                "links": [{"url": "/d/volumeter-good?${job:queryparam}"
                                  "&var-instance=${__field.labels.instance}"}]}},
            "targets": [{"refId": "A", "expr": expression, "datasource": SOURCE,
                         "legendFormat": "{{instance}} {{device}}"}]}


GOOD = {
    "uid": "volumeter-good", "id": None, "schemaVersion": 41, "editable": False, "title": "Good",
    "templating": {"list": [
        {"name": "datasource", "label": "Data source", "type": "datasource",
         "query": "prometheus"},
        host_variable("job", "label_values(volumeter_build_info, job)"),
        host_variable("instance", 'label_values(volumeter_build_info{job=~"$job"}, instance)')]},
    "annotations": {"list": [{"expr": f"ALERTS{{{HOSTS}}}"}]},
    "panels": [
        panel(1, "Busy", f"rate(docker_device_io_time_seconds_total{{{HOSTS}}}[$__rate_interval])"),
        panel(2, "Used", f"1 - docker_filesystem_avail_bytes{{{HOSTS}}}"
                         f" / (docker_filesystem_size_bytes{{{HOSTS}}} > 0)"
                         f" unless on(job) docker_device_reads_completed_total{{{HOSTS}}}")]}


def variable(json, number):
    return json["templating"]["list"][number]


def target(json):
    return json["panels"][0]["targets"][0]


def defaults(json):
    return json["panels"][0]["fieldConfig"]["defaults"]


def override(json, matcher):
    json["panels"][0]["fieldConfig"]["overrides"] = [
        {"matcher": matcher, "properties": [{"id": "unit", "value": "furlongs"}]}]


def replace(json, old, new):
    """In the first query."""
    assert old in target(json)["expr"]
    target(json)["expr"] = target(json)["expr"].replace(old, new)


# Each change makes a valid dashboard violate the rule.
BAD = (
    ("template-datasource", lambda json: variable(json, 0).update(name="source")),
    ("template-job", lambda json: variable(json, 1).update(multi=False)),
    ("template-job", lambda json: variable(json, 1).update(name="jobs")),
    ("template-instance", lambda json: variable(json, 2).update(allValue=".*")),
    ("template-instance", lambda json: variable(json, 2).update(datasource={"uid": "mine"})),
    ("template-label-promql", lambda json: variable(json, 2).update(query="label_values(up{, a)")),
    ("template-label-promql", lambda json: variable(json, 2).update(query="up")),
    ("template-on-time-change-reload", lambda json: variable(json, 2).update(refresh=1)),
    ("panel-datasource", lambda json: json["panels"][0].update(datasource={"uid": "mine"})),
    ("panel-datasource", lambda json: target(json).update(datasource={"uid": "mine"})),
    ("panel-title-description", lambda json: json["panels"][0].pop("description")),
    ("panel-units", lambda json: defaults(json).pop("unit")),
    ("panel-units", lambda json: defaults(json).update(unit="furlongs")),
    ("panel-units", lambda json: override(json, {"id": "byName", "options": "device"})),
    ("panel-no-targets", lambda json: json["panels"][0].update(targets=[])),
    ("target-promql", lambda json: replace(json, "rate(", "rate((")),
    ("target-promql", lambda json: replace(json, "$instance", "$host")),
    ("target-rate-interval", lambda json: replace(json, "$__rate_interval", "5m")),
    ("target-job", lambda json: replace(json, 'job=~"$job",', "")),
    ("target-instance", lambda json: replace(json, '=~"$instance"', '="$instance"')),
    ("target-counter-agg", lambda json: replace(json, "rate(", "deriv(")),
    ("target-counter-agg", lambda json: replace(json, "[$__rate_interval]", "")),
    ("target-counter-agg", lambda json: replace(json, "rate(", "up and (")),
    ("uneditable", lambda json: json.pop("editable")),
    ("identity", lambda json: json.update(uid="good")),
    ("identity", lambda json: json.update(id=7)),
    ("identity", lambda json: json.update(schemaVersion=42)),
    ("uniqueness", lambda json: json["panels"][0].update(title="Used")),
    ("uniqueness", lambda json: json["panels"][0].update(id=2)),
    ("uniqueness", lambda json: json["panels"][0]["targets"].append(target(json))),
    ("places", lambda json: json["panels"][0]["gridPos"].update(w=13)),
    ("places", lambda json: json["panels"][1]["gridPos"].update(x=13)),
    ("thresholds", lambda json: defaults(json)["thresholds"].update(steps=[{"value": None}])),
    ("links", lambda json: defaults(json).update(links=[{"url": "/d/volumeter-gone"}])),
    ("links", lambda json: defaults(json).update(links=[{"url": "/d/volumeter-good?var-x=1"}])),
    ("links", lambda json: json.update(links=[{"url": "/d/volumeter-good?${x:queryparam}"}])),
    ("names", lambda json: replace(json, "docker_device_io", "docker_disk_io")),
    ("names", lambda json: replace(json, "{", '{volume="x",')),
    ("names", lambda json: replace(json, "rate(", "sum by(volume) (rate(")
     or replace(json, "])", "]))")),
    ("names", lambda json: target(json).update(legendFormat="{{volume}}")),
    ("names", lambda json: defaults(json).update(links=[{"url": "${__data.fields.volume}"}])),
    ("joins", lambda json: replace(json, "rate(", "up * on(instance) rate(")),
    ("variables", lambda json: json["templating"]["list"].append(
        {"name": "x", "type": "custom", "query": "a"})),
    ("variables", lambda json: replace(json, 'instance=~"', 'instance="')),
    ("variables", lambda json: variable(json, 1).update(multi=False, includeAll=False)),
    ("fields", lambda json: override(json, {"id": "byName", "options": "volume"})),
    ("fields", lambda json: override(json, {"id": "byFrameRefID", "options": "B"})),
    ("fields", lambda json: json["panels"][0].update(transformations=[
        {"id": "organize", "options": {"excludeByName": {"volume": True}}}])),
)


@needs_promtool
class RulesTest(unittest.TestCase):
    """Each rule can fail."""

    def faults(self, json):
        return faults_of([Dashboard("good", json)])

    def test_a_valid_dashboard_has_no_faults(self):
        self.assertEqual(self.faults(GOOD), {})

    def test_faults_are_found(self):
        for number, (rule, spoil) in enumerate(BAD):
            with self.subTest(rule=rule, number=number):
                json = copy.deepcopy(GOOD)
                spoil(json)
                self.assertIn(rule, {name for _, name, _ in self.faults(json)})

    def test_each_rule_can_fail(self):
        self.assertEqual({rule for rule, _ in BAD}, set(RULES))

    def test_exceptions_need_a_reason_and_a_matching_fault(self):
        faults = {("good", "links", "Busy"): ["links to nowhere"]}
        exception = {"dashboard": "good", "rule": "links", "place": "Busy", "reason": "Because."}
        self.assertEqual(without(faults, [exception]), [])
        self.assertEqual(len(without(faults, [exception | {"reason": ""}])), 1)
        self.assertEqual(len(without({}, [exception])), 1)


if __name__ == "__main__":
    run()
