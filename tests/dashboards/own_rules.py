# SPDX-License-Identifier: Apache-2.0
"""Rules for our dashboards in addition to linter_rules.py, with the same signature."""

import re

from dashboards import query_of

COLUMNS = 24
# Read by Grafana 11 without migration.
SCHEMA_VERSIONS = range(39, 42)
THRESHOLD_UNITS = ("percent", "percentunit")
# /d/volumeter-host?var-instance=${__data.fields.instance}&${job:queryparam}
LINK = re.compile(r"/d/([\w-]+)/?(?:\?(\S*))?")
GIVEN = re.compile(r"(?:^|&)var-(\w+)=")
KEPT = re.compile(r"\$\{(\w+):queryparam\}")
FIELD = re.compile(r"\$\{__(?:data\.fields|field\.labels)\.(\w+)\}")
ON = re.compile(r"\bon\s*\(([^)]*)\)")
LEGEND = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def identity(subject):
    json = subject.dashboard.json
    if json.get("uid") != f"volumeter-{subject.dashboard.name}":
        yield "", f"the uid must be volumeter-{subject.dashboard.name}, not {json.get('uid')}"
    if json.get("id", 0) is not None:
        yield "", "the id must be null"
    if json.get("schemaVersion") not in SCHEMA_VERSIONS:
        yield "", f"schemaVersion {json.get('schemaVersion')}"


def uniqueness(subject):
    everything = list(subject.dashboard.panels())
    rows = [one["title"] for one in everything if one["type"] == "row"]
    panels = [one["title"] for one in everything if one["type"] != "row"]
    ids = [one["id"] for one in everything]
    for kind, values in (("rows", rows), ("panels", panels), ("ids", ids)):
        yield from (("", f"two {kind}: {value}") for value in repeated(values))
    for panel in subject.panels:
        ref_ids = [target["refId"] for target in panel.get("targets", [])]
        yield from ((panel["title"], f"two queries {ref_id}") for ref_id in repeated(ref_ids))


def repeated(values):
    return sorted({value for value in values if values.count(value) > 1})


def places(subject):
    """Panels are within the columns and do not overlap."""
    top = subject.dashboard.json.get("panels", [])
    for panels in [top, *(panel["panels"] for panel in top if panel.get("panels"))]:
        taken = {}
        for panel in panels:
            at = panel["gridPos"]
            if at["x"] < 0 or at["x"] + at["w"] > COLUMNS or min(at["w"], at["h"]) < 1:
                yield panel["title"], f"is outside of the {COLUMNS} columns"
            cells = [(x, y) for x in range(at["x"], at["x"] + at["w"])
                     for y in range(at["y"], at["y"] + at["h"])]
            for other in sorted({taken[cell] for cell in cells if cell in taken}):
                yield panel["title"], f"overlaps {other}"
            taken.update(dict.fromkeys(cells, panel["title"]))


def thresholds(subject):
    for panel in subject.panels:
        defaults = panel.get("fieldConfig", {}).get("defaults", {})
        if defaults.get("unit") in THRESHOLD_UNITS:
            if len(defaults.get("thresholds", {}).get("steps", [])) < 2:
                yield panel["title"], "has a ratio unit but no threshold"


def links(subject):
    own = {variable["name"] for variable in subject.variables}
    for panel in [{"title": ""}, *subject.panels]:
        inside = panel if panel["title"] else without_panels(subject.dashboard.json)
        for uid, query in (found for text in texts_in(inside) for found in LINK.findall(text)):
            target = subject.variables_by_uid.get(uid)
            if target is None:
                yield panel["title"], f"links to {uid}, which does not exist"
                continue
            kept = set(KEPT.findall(query))
            for name in sorted((kept | set(GIVEN.findall(query))) - target):
                yield panel["title"], f"passes the variable {name} to {uid}, which does not have it"
            for name in sorted(kept - own):
                yield panel["title"], f"passes the variable {name}, which does not exist here"


def without_panels(json):
    return {key: value for key, value in json.items() if key != "panels"}


def texts_in(json):
    if isinstance(json, str):
        yield json
    elif isinstance(json, (dict, list)):
        for value in json.values() if isinstance(json, dict) else json:
            yield from texts_in(value)


def names(subject):
    """Every metric and label is in docs/metrics.md or created in the query."""
    for place, expression in subject.expressions:
        for selector in expression.selectors:
            metric = subject.metrics.get(selector.name)
            if metric is None:
                yield place, f"no metric {selector.name or 'without a name'}"
                continue
            for label, _, _ in selector.matchers:
                if label not in metric.labels:
                    yield place, f"{selector.name} has no label {label}"
        for label in sorted(set(expression.grouping) - subject.labels_of(expression)):
            yield place, f"nothing in the query has the label {label}"
    for panel in subject.panels:
        known = subject.labels_of_panel(panel)
        used = {label for text in texts_in(panel) for label in FIELD.findall(text)}
        used |= {label for target in panel.get("targets", [])
                 for label in LEGEND.findall(target.get("legendFormat", ""))}
        for label in sorted(used - known):
            yield panel["title"], f"no query of it has the label {label}"


def joins(subject):
    """Joins include job and instance, so that hosts are not mixed."""
    for place, text in subject.texts:
        for labels in ON.findall(text):
            names_in_it = {label.strip() for label in labels.split(",")}
            if names_in_it != {"job"} and not names_in_it >= {"job", "instance"}:
                yield place, f"on({labels}) lacks job or instance"


def variables(subject):
    """Each variable is used, with = for single values and =~ for multiple values."""
    used = {reference for text in [text for _, text in subject.texts]
            + [query_of(variable) for variable in subject.variables]
            for reference in subject.references(text)}
    for variable in subject.variables:
        if variable["type"] != "datasource" and variable["name"] not in used:
            yield "", f"no query uses the variable {variable['name']}"
    several = {variable["name"]: bool(variable.get("multi") or variable.get("includeAll"))
               for variable in subject.variables}
    for place, selector in subject.selectors():
        for label, sign, text in selector.matchers:
            if text[1:] in several and several[text[1:]] != (sign in ("=~", "!~")):
                yield place, f'{selector.name}: {label}{sign}"{text}"'


def fields(subject):
    """Overrides and transformations refer to fields of the panel."""
    for panel in subject.panels:
        organize = [one["options"] for one in panel.get("transformations", [])
                    if one["id"] == "organize"]
        made = {name for options in organize for name in options.get("renameByName", {}).values()}
        ref_ids = {target["refId"] for target in panel.get("targets", [])}
        raw = subject.labels_of_panel(panel) | {"Time", "Value"}
        raw |= {f"Value #{ref_id}" for ref_id in ref_ids}
        raw |= {target.get("legendFormat") for target in panel.get("targets", [])}
        named = {name for options in organize for key in ("excludeByName", "renameByName",
                                                          "indexByName")
                 for name in options.get(key, {})} - raw
        for override in panel.get("fieldConfig", {}).get("overrides", []):
            matcher = override.get("matcher", {})
            known = {"byName": raw | made, "byFrameRefID": ref_ids}.get(matcher.get("id"))
            if known is not None and matcher["options"] not in known:
                named.add(matcher["options"])
        for name in sorted(named):
            yield panel["title"], f"has no field {name}"


RULES = {rule.__name__: rule for rule in (
    identity, uniqueness, places, thresholds, links, names, joins, variables, fields)}
