# SPDX-License-Identifier: Apache-2.0
"""The metrics of docs/metrics.md and those that Prometheus adds."""

import dataclasses
import os
import re

FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/metrics.md")
# | `docker_volumes` | gauge | state | Volumes by state. |
LINE = re.compile(r"\| `(\w+)` \| (\w+) \| ([\w, ]*)\|")
TARGET_LABELS = frozenset(("job", "instance"))


@dataclasses.dataclass(frozen=True)
class Metric:
    """Its kind and all labels of its series, including target labels."""

    kind: str
    labels: frozenset


def load_metrics():
    """{name of series: Metric}; a histogram has three series, all counters."""
    metrics = {name: Metric("gauge", TARGET_LABELS)
               for name in ("up", "scrape_duration_seconds", "scrape_samples_scraped")}
    with open(FILE, encoding="utf-8") as file:
        for name, kind, labels in LINE.findall(file.read()):
            labels = TARGET_LABELS | set(labels.replace(",", " ").split())
            if kind == "histogram":
                metrics[name + "_bucket"] = Metric("counter", labels | {"le"})
                metrics[name + "_sum"] = metrics[name + "_count"] = Metric("counter", labels)
            else:
                metrics[name] = Metric(kind, labels)
    # An alert has the labels of its expression.
    everything = frozenset().union(*(metric.labels for metric in metrics.values()))
    metrics["ALERTS"] = Metric("gauge", everything | {"alertname", "alertstate", "severity"})
    return metrics
