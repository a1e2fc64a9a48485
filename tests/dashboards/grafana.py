# SPDX-License-Identifier: Apache-2.0
"""Interpolation of variables as Grafana does it before querying Prometheus."""

import dataclasses
import re

from dashboards import query_of

# $name, ${name}, ${name:format} and [[name]], but not the $1 of label_replace
REFERENCE = re.compile(r"\$([a-zA-Z_]\w*)|\$\{(\w+)(?::(\w+))?\}|\[\[(\w+)\]\]")
# label_values(LABEL) or label_values(SELECTOR, LABEL)
LABEL_VALUES = re.compile(r"\s*label_values\(\s*(?:(.+)\s*,\s*)?(\w+)\s*\)\s*", re.DOTALL)
SPECIAL = re.compile(r"[\\^$.*+?()\[\]{}|'\"]")
RATE_INTERVAL = "10s"


class Unknown(Exception):
    """A query refers to a variable or format that is not supported here."""


@dataclasses.dataclass(frozen=True)
class Values:
    """The selected value of each variable by name: a text or a list of texts."""

    chosen: dict

    def with_value(self, name, value):
        return Values(self.chosen | {name: value})

    def fill(self, text):
        return REFERENCE.sub(self.value_of, text)

    def value_of(self, found):
        name, form = found[1] or found[2] or found[4], found[3]
        if name not in self.chosen:
            raise Unknown(f"variable {name}")
        value = self.chosen[name]
        return format_list(value, form) if isinstance(value, list) else value


def own_values(seconds, step):
    """Grafana's built-in variables for a range and a step in seconds."""
    return Values({"__rate_interval": RATE_INTERVAL, "__interval": f"{step}s",
                   "__interval_ms": f"{step}000", "__range": f"{seconds}s",
                   "__range_s": f"{seconds}", "__range_ms": f"{seconds}000"})


def format_list(values, form):
    """As Grafana's Prometheus data source does, unless a format is given."""
    if form is None:
        # The text is within quotes, where backslashes are doubled.
        escaped = [SPECIAL.sub(lambda found: "\\\\" + found[0], value) for value in values]
        return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"
    if form == "pipe":
        return "|".join(values)
    raise Unknown(f"format {form}")


def choices(dashboard, prometheus, seconds, step):
    """Each value of single-value variables, combined with all values of the others."""
    return list(choose(dashboard.variables(), own_values(seconds, step), prometheus))


def choose(variables, values, prometheus):
    if not variables:
        yield values
        return
    first, *rest = variables
    for value in values_of(first, values, prometheus):
        yield from choose(rest, values.with_value(first["name"], value), prometheus)


def values_of(variable, values, prometheus):
    """The values to try: each option, or all at once."""
    options = options_of(variable, values, prometheus)
    if variable.get("includeAll") and variable.get("allValue"):
        return [variable["allValue"]]
    if variable.get("multi") or variable.get("includeAll"):
        return [options]
    return options


def options_of(variable, values, prometheus):
    kind = variable["type"]
    if kind == "datasource":
        return ["prometheus"]
    if kind == "query":
        return label_values(variable, values, prometheus)
    if kind in ("custom", "interval"):
        # "a, b" or "Text : a, Text : b"
        return [option.rpartition(" : ")[2].strip() for option in query_of(variable).split(",")]
    if kind in ("constant", "textbox"):
        return [query_of(variable)]
    raise Unknown(f"variable of type {kind}")


def label_values(variable, values, prometheus):
    found = LABEL_VALUES.fullmatch(values.fill(query_of(variable)))
    if not found:
        raise Unknown(f"query {query_of(variable)}")
    selector, label = found.groups()
    said = prometheus.label_values(label, selector)
    if not said:
        raise AssertionError(f"variable {variable['name']} has no options")
    return filtered(said, variable.get("regex", ""))


def filtered(options, regex):
    """As in Grafana, keeps the options that match, or their first capture group."""
    if not regex:
        return options
    found = [re.search(regex.strip("/"), option) for option in options]
    return [match[1] if match.re.groups else match.string for match in found if match]
