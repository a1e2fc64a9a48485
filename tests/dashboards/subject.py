# SPDX-License-Identifier: Apache-2.0
"""A dashboard with its parsed queries, as input of the rules."""

import json
import re
import subprocess
import tempfile

from dashboards import query_of
from grafana import LABEL_VALUES, REFERENCE, Unknown, own_values
from linter_rules import SILENT_PANELS
from promql import Expression

# x.yml: 1:85: group "q", rule 2, "q:1": could not parse expression: 1:4: parse error: ...
COMPLAINT = re.compile(r'rule (\d+), "\S+": (.*)')


class Subject:
    """One dashboard, with the other dashboards and all metrics."""

    def __init__(self, dashboard, all_dashboards, metrics):
        self.dashboard = dashboard
        self.metrics = metrics
        self.variables = dashboard.variables()
        self.variables_by_uid = {
            one.json.get("uid"): {variable["name"] for variable in one.variables()}
            for one in all_dashboards}
        self.panels = [panel for panel in dashboard.panels()
                       if panel["type"] not in SILENT_PANELS]
        self.texts = [(panel["title"], target["expr"]) for panel, target in dashboard.targets()]
        self.texts += [("", one["expr"]) for one in dashboard.annotations()]
        self.expressions = [(place, Expression(text)) for place, text in self.texts]
        self.bad_queries = list(self.faults(self.texts))
        self.bad_variables = list(self.faults(self.selectors_of_variables()))

    def selectors(self):
        """(place, selector) of each query."""
        return [(place, selector) for place, expression in self.expressions
                for selector in expression.selectors]

    def references(self, text):
        """The names of the variables used in a text."""
        return {found[1] or found[2] or found[4] for found in REFERENCE.finditer(text)}

    def labels_of(self, expression):
        """All labels that its series can have."""
        known = [self.metrics[one.name].labels for one in expression.selectors
                 if one.name in self.metrics]
        return set(expression.made).union(*known)

    def labels_of_panel(self, panel):
        return set().union(*(self.labels_of(Expression(target["expr"]))
                             for target in panel.get("targets", [])))

    def selectors_of_variables(self):
        """(name, selector) of each query variable with a selector."""
        for variable in self.variables:
            if variable["type"] == "query":
                found = LABEL_VALUES.fullmatch(query_of(variable))
                yield variable["name"], found[1] or "up" if found else "no label_values()"

    def faults(self, texts):
        """(owner, fault) of each (owner, text) that is not PromQL after interpolation."""
        values = own_values(3600, 60)
        for variable in self.variables:
            values = values.with_value(variable["name"], "x")
        owners, filled = [], []
        for owner, text in texts:
            try:
                filled.append(values.fill(text))
                owners.append(owner)
            except Unknown as fault:
                yield owner, f"unknown {fault}"
        for number, fault in complaints_of_promtool(filled):
            yield owners[number], f"{fault}: {filled[number]}"


def complaints_of_promtool(expressions):
    """[(index, error of promtool)], with one call for all."""
    rules = [{"record": f"q:{number}", "expr": text} for number, text in enumerate(expressions)]
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        json.dump({"groups": [{"name": "q", "rules": rules}]}, file)  # which is YAML, too
        file.flush()
        checked = subprocess.run(["promtool", "check", "rules", "--lint=none", file.name],
                                 capture_output=True, text=True, check=False)
    found = [(int(number) - 1, fault)
             for number, fault in COMPLAINT.findall(checked.stdout + checked.stderr)]
    if checked.returncode != 0 and not found:
        raise AssertionError(checked.stdout + checked.stderr)
    return found
