# SPDX-License-Identifier: Apache-2.0
"""Pending and firing alerts of Prometheus and Alertmanager, with the time of each change."""

import json
import time


class AlertsWatch:
    """Polls repeatedly; remembers when each alert was first seen in each state."""

    def __init__(self, monitoring):
        self.monitoring = monitoring
        self.began = time.monotonic()
        self.pending = {}  # name of the alert: seconds after `began`
        self.firing = {}
        self.muted = {}
        self.severity = {}

    def now_pending(self):
        """Names of the pending alerts."""
        data = json.loads(self.monitoring.prometheus.get("/api/v1/alerts"))["data"]["alerts"]
        return {one["labels"]["alertname"] for one in data if one["state"] == "pending"}

    def now_firing(self):
        """(names of the alerts that are sent, names of the inhibited ones)"""
        told, muted = set(), set()
        for one in self.monitoring.alertmanager.alerts():
            name = one["labels"]["alertname"]
            self.severity[name] = one["labels"]["severity"]
            (muted if one["status"]["state"] == "suppressed" else told).add(name)
        return told, muted - told

    def look(self):
        """[(seconds, name, state)] of new states."""
        told, muted = self.now_firing()
        seconds, news = time.monotonic() - self.began, []
        for state, names in (("pending", self.now_pending()), ("firing", told), ("muted", muted)):
            seen = getattr(self, state)
            for name in sorted(names - set(seen)):
                seen[name] = seconds
                news.append((seconds, name, state))
        return news
