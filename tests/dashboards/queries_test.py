# SPDX-License-Identifier: Apache-2.0
"""Every query of every dashboard returns data from a real, seeded host, or has a known exception.

What a machine may lack, as eBPF and cgroup version 2, tests/vm/scenarios/dashboards_test.py has.
"""

import os
import subprocess
import sys
import time
import tomllib

HERE = os.path.dirname(os.path.abspath(__file__))
ALERTS = os.path.join(HERE, "../../alerts")
sys.path.insert(1, os.path.join(HERE, "../live"))

from queries import NEEDS, Asker, Query, Report, complaints, load_allowed, run_all
from seeded_host import SeededHost
from support.live_test import LiveTest, run
from support.prometheus import Prometheus
from support.scene import eventually

SCRAPED_SECONDS = 25


class QueriesTest(LiveTest):
    needs = ("root", "dockerd", "busybox", "mkfs.ext4", "prometheus")
    host_has = ()  # of NEEDS, for certain
    # Two agents with the same volumes: a join that mixes them fails in Prometheus.
    jobs = {"volumeter": "127.0.0.1", "another": "localhost"}

    def add_to(self, host):
        """The features that this machine certainly has."""

    def start_prometheus(self, agent):
        port = agent.url.rpartition(":")[2]
        prometheus = Prometheus(
            self.scene, {job: f"{name}:{port}" for job, name in self.jobs.items()},
            rule_files=[impatient_rules(self.scene)])
        eventually(lambda: len(prometheus.query("up == 1")) == len(self.jobs), 20, "all are up")
        return prometheus

    def test_every_query_returns_data(self):
        host = SeededHost(self.scene)
        self.addCleanup(host.end)
        self.add_to(host)
        agent = host.agent()
        agent.wait_until(is_measured, "all is measured", 60)
        prometheus = self.start_prometheus(agent)
        began = time.monotonic()
        eventually(lambda: prometheus.query('ALERTS{alertstate="firing"}'), 60, "an alert fires")
        time.sleep(max(0, began + SCRAPED_SECONDS - time.monotonic()))
        asker = Asker(prometheus)
        # It asks about what was; nothing that slows Prometheus down need go on.
        agent.terminate()
        host.end()
        began = time.monotonic()
        report = run_all(asker)
        self.say(f"{len(report.known)} queries, asked {report.asked} times for the choices of "
                 f"their variables, took {time.monotonic() - began:.1f} s; {len(report.empty)} "
                 "returned no data")
        self.assertGreater(report.asked, 0)
        self.assertEqual("\n".join(complaints(report, load_allowed(), self.host_has)), "")


def is_measured(samples):
    """Whether the volumes on disks and the gateway's tmpfs are measured."""
    return (len(samples.all("docker_volume_size_bytes")) >= 9
            and samples.value("docker_mount_used_bytes", destination="/cache"))


def impatient_rules(scene):
    """The rules without `for`: alerts fire at once."""
    with open(os.path.join(ALERTS, "thresholds.toml"), "rb") as file:
        alerts = [name for name, values in tomllib.load(file).items() if "for" in values]
    overlay, rules = scene.path("impatient.toml"), scene.path("rules.yml")
    with open(overlay, "w", encoding="utf-8") as file:
        file.write("".join(f"[{name}]\nfor = '0s'\n" for name in alerts))
    subprocess.run([os.path.join(ALERTS, "render"), "--with", overlay, "-o", rules], check=True)
    return rules


class ComplaintsTest(LiveTest):
    """The test above can fail."""

    def complaints(self, allowed=None, host_has=(), **seen):
        report = Report()
        report.known = {Query("io", "Latency", "A")}
        for name, value in seen.items():
            setattr(report, name, value)
        return complaints(report, allowed or {}, host_has)

    def test_no_faults_if_all_queries_return_data(self):
        self.assertEqual(self.complaints(), [])

    def test_an_empty_result_is_a_fault_unless_allowed_for_the_host(self):
        query = Query("io", "Latency", "A")
        self.assertEqual(len(self.complaints(empty=[query])), 1)
        self.assertEqual(self.complaints({query: "eBPF"}, empty=[query]), [])
        self.assertEqual(len(self.complaints({query: "eBPF"}, ["eBPF"], empty=[query])), 1)

    def test_an_exception_for_a_missing_panel_is_a_fault(self):
        self.assertEqual(len(self.complaints({Query("io", "Old", "A"): NEEDS[0]})), 1)

    def test_query_errors_and_no_queries_are_faults(self):
        self.assertEqual(len(self.complaints(faults=["an error"])), 1)
        self.assertEqual(len(self.complaints(mute=[("io", "Latency")])), 1)


if __name__ == "__main__":
    run()
