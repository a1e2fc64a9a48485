# SPDX-License-Identifier: Apache-2.0
"""The rules of Grafana's public dashboard-linter, under its names.

A rule is a function of a Subject that yields (place, fault); the place is the title of a panel, or
empty for the dashboard.
"""

DATASOURCES = ("$datasource", "${datasource}")
# Units of Grafana that suit a storage monitor.
UNITS = frozenset("""
none string short percent percentunit bool bool_yes_no bool_on_off locale
bytes decbytes bits binBps Bps bps iops ops reqps rps wps cps opm cpm hertz
ns µs ms s m h d dtdurationms dtdurations dthms dtdhms clocks
dateTimeAsIso dateTimeAsIsoNoDateIfToday dateTimeAsLocal dateTimeAsSystem dateTimeFromNow
""".split())
SILENT_PANELS = ("row", "text")
COUNTER_FUNCTIONS = ("rate", "irate", "increase")


def template_datasource(subject):
    found = [one for one in subject.variables if one["type"] == "datasource"]
    if [(one["name"], one.get("label"), one["query"]) for one in found] != [
            ("datasource", "Data source", "prometheus")]:
        yield "", "needs one variable of type datasource: datasource, 'Data source', prometheus"


def template_job(subject):
    return host_variable(subject, "job")


def template_instance(subject):
    return host_variable(subject, "instance")


def host_variable(subject, name):
    found = [one for one in subject.variables if one["name"] == name]
    if not found:
        yield "", f"needs a variable {name}"
    for variable in found:
        wanted = {"type": "query", "label": name.title(), "multi": True, "allValue": ".+"}
        for key, value in wanted.items():
            if variable.get(key) != value:
                yield "", f"the {key} of {name} must be {value}, not {variable.get(key)}"
        if uid_of(variable) not in DATASOURCES:
            yield "", f"{name} does not use the selected data source"


def template_label_promql(subject):
    for name, fault in subject.bad_variables:
        yield "", f"variable {name}: {fault}"


def template_on_time_change_reload(subject):
    for variable in subject.variables:
        if variable["type"] == "query" and variable.get("refresh") != 2:
            yield "", f"variable {variable['name']} is not refreshed when the time range changes"


def panel_datasource(subject):
    for panel in subject.panels:
        for one in [panel, *panel.get("targets", [])]:
            if one is panel or "datasource" in one:
                if uid_of(one) not in DATASOURCES:
                    yield panel["title"], "does not use the selected data source"


def panel_title_description(subject):
    for panel in subject.panels:
        if not panel.get("title") or not panel.get("description"):
            yield panel.get("title", ""), f"panel {panel.get('id')} needs a title and a description"


def panel_units(subject):
    for panel in subject.panels:
        config = panel.get("fieldConfig", {})
        units = [config.get("defaults", {}).get("unit")]
        units += [one["value"] for override in config.get("overrides", [])
                  for one in override["properties"] if one["id"] == "unit"]
        for unit in units:
            if unit not in UNITS:
                yield panel["title"], f"no unit, or an unknown one: {unit}"


def panel_no_targets(subject):
    for panel in subject.panels:
        if not panel.get("targets"):
            yield panel["title"], "has no query"


def target_promql(subject):
    yield from subject.bad_queries


def target_rate_interval(subject):
    for place, selector in subject.selectors():
        if selector.function in ("rate", "irate") and selector.range != "$__rate_interval":
            yield place, f"{selector.function} of {selector.name} over {selector.range}"


def target_job(subject):
    return host_matcher(subject, "job")


def target_instance(subject):
    return host_matcher(subject, "instance")


def host_matcher(subject, label):
    for place, selector in subject.selectors():
        if (label, "=~", f"${label}") not in selector.matchers:
            yield place, f'{selector.name} without {label}=~"${label}"'


def target_counter_agg(subject):
    for place, selector in subject.selectors():
        metric = subject.metrics.get(selector.name)
        is_counter = metric.kind == "counter" if metric else selector.name.endswith("_total")
        is_aggregated = selector.range and selector.function in COUNTER_FUNCTIONS
        if is_counter and not is_aggregated and not selector.is_filter:
            yield place, f"{selector.name} is a counter without rate, irate or increase"


def uneditable(subject):
    if subject.dashboard.json.get("editable") is not False:
        yield "", "is editable"


def uid_of(thing):
    return (thing.get("datasource") or {}).get("uid")


RULES = {rule.__name__.replace("_", "-"): rule for rule in (
    template_datasource, template_job, template_instance, template_label_promql,
    template_on_time_change_reload, panel_datasource, panel_title_description, panel_units,
    panel_no_targets, target_promql, target_rate_interval, target_job, target_instance,
    target_counter_agg, uneditable)}
