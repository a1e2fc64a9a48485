#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A real Alertmanager with our configuration: routes, receivers and inhibitions."""

import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(HERE, "../live"))

from support.alertmanager import Alertmanager, Webhooks  # noqa: E402
from support.live_test import LiveTest, run  # noqa: E402
from support.scene import eventually  # noqa: E402

CONFIG = os.path.join(HERE, "../../alerts/alertmanager.yml")
SECONDS = 20


def alert(name, severity="warning", instance="a", **labels):
    return {"alertname": name, "severity": severity, "job": "volumeter", "instance": instance,
            **labels}


class RoutesTest(LiveTest):
    needs = ("amtool",)

    def amtool(self, *arguments):
        done = subprocess.run(["amtool", *arguments], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout.strip()

    def test_amtool_accepts_the_configuration(self):
        self.assertIn("SUCCESS", self.amtool("check-config", CONFIG))

    def test_severities_have_receivers_and_unknown_ones_are_routed(self):
        for label, receiver in (("severity=critical", "page"), ("severity=warning", "ticket"),
                                ("severity=info", "digest"), ("severity=page", "ticket"),
                                ("team=storage", "ticket")):
            self.assertEqual(self.amtool("config", "routes", "test", "--config.file", CONFIG,
                                         "alertname=Any", label), receiver, label)


    def test_agents_down_at_once_page_once(self):
        with open(CONFIG, encoding="utf-8") as file:
            text = file.read()
        route = re.search(r'alertname="VolumeterDown"\]\n +receiver: page\n +group_by: (.+)', text)
        self.assertEqual(route[1], "[alertname, job]")
        self.assertEqual(self.amtool("config", "routes", "test", "--config.file", CONFIG,
                                     "alertname=VolumeterDown", "severity=critical"), "page")


class AlertmanagerTest(LiveTest):
    needs = ("prometheus-alertmanager",)

    def setUp(self):
        super().setUp()
        self.webhooks = Webhooks()
        self.addCleanup(self.webhooks.end)
        self.alertmanager = Alertmanager(self.scene, self.quick_config())

    def quick_config(self):
        """Our configuration with other receiver addresses and shorter waiting times."""
        with open(CONFIG, encoding="utf-8") as file:
            text = file.read()
        text, addresses = re.subn(r"localhost:9095", self.webhooks.address(), text)
        text, waits = re.subn(r"group_wait: \w+", "group_wait: 1s", text)
        text, intervals = re.subn(r"group_interval: \w+", "group_interval: 1s", text)
        self.assertEqual((addresses, waits, intervals), (3, 3, 2))
        path = self.scene.path("quick.yml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def received(self):
        return sorted((path, labels["alertname"]) for path, labels in self.webhooks.received)

    def states(self):
        """{(name, instance, mountpoint or volume or device): active or suppressed}"""
        return {(labels["alertname"], labels.get("instance"), labels.get("mountpoint")
                 or labels.get("volume") or labels.get("device")): one["status"]["state"]
                for one in self.alertmanager.alerts() for labels in [one["labels"]]}

    def fire(self, causes, others):
        """Fires the causes, then all others, and waits until each is active or suppressed."""
        self.alertmanager.post(causes)
        eventually(lambda: len(self.alertmanager.alerts()) == len(causes), SECONDS, "they fire")
        self.alertmanager.post(others)
        expected = len(causes) + len(others)
        eventually(lambda: len(states := self.states()) == expected
                   and "unprocessed" not in states.values(), SECONDS,
                   f"{expected} alerts are active or suppressed")
        return {key for key, state in self.states().items() if state == "suppressed"}

    def test_alerts_reach_the_receiver_of_their_severity(self):
        self.alertmanager.post([alert("DockerFilesystemFull", "critical", mountpoint="/"),
                                alert("DockerPruneHazard", "warning", volume="data"),
                                alert("DockerVolumeOrphaned", "info", volume="old")])
        expected = [("/digest", "DockerVolumeOrphaned"), ("/page", "DockerFilesystemFull"),
                    ("/ticket", "DockerPruneHazard")]
        eventually(lambda: self.received() == expected, SECONDS, expected)

    def test_a_down_agent_inhibits_all_other_alerts_of_its_instance(self):
        suppressed = self.fire(
            [alert("VolumeterDown", "critical")],
            [alert("DockerFilesystemFull", "critical", mountpoint="/"),
             alert("VolumeterScrapeSlow", "info"),
             alert("DockerFilesystemFull", "critical", "b", mountpoint="/"),
             {"alertname": "HostDown", "job": "volumeter", "instance": "a"},
             {"alertname": "VolumeterAbsent", "severity": "warning"}])
        self.assertEqual(suppressed, {("DockerFilesystemFull", "a", "/"),
                                      ("VolumeterScrapeSlow", "a", None)})
        # Suppressed alerts are not sent; the others were, so there was enough time.
        expected = [("/page", "DockerFilesystemFull"), ("/page", "VolumeterDown"),
                    ("/ticket", "HostDown"), ("/ticket", "VolumeterAbsent")]
        eventually(lambda: self.received() == expected, SECONDS, expected)

    def test_unreachable_docker_inhibits_alerts_on_volume_use(self):
        suppressed = self.fire(
            [alert("VolumeterDockerUnreachable", "critical")],
            [alert("DockerVolumeOrphaned", "info", volume="old"),
             alert("DockerOrphanedVolumesLarge", mountpoint="/"),
             alert("DockerPruneHazard", volume="data"),
             alert("DockerVolumesVanished"),
             alert("DockerVolumesVanished", instance="b"),
             alert("DockerFilesystemFull", "critical", mountpoint="/")])
        self.assertEqual(suppressed, {("DockerVolumeOrphaned", "a", "old"),
                                      ("DockerOrphanedVolumesLarge", "a", "/"),
                                      ("DockerPruneHazard", "a", "data"),
                                      ("DockerVolumesVanished", "a", None)})

    def test_only_the_most_urgent_capacity_alert_of_a_filesystem_is_sent(self):
        names = [f"DockerFilesystem{what}{end}" for what in ("", "Inodes")
                 for end in ("FillingUp", "FillingUpFast")]
        suppressed = self.fire(
            [alert("DockerFilesystemFull", "critical", mountpoint="/full"),
             alert("DockerFilesystemInodesFull", "critical", mountpoint="/full"),
             alert("DockerFilesystemFillingUpFast", "critical", mountpoint="/fast"),
             alert("DockerFilesystemInodesFillingUpFast", "critical", mountpoint="/fast")],
            [alert(name, mountpoint="/full") for name in names]
            + [alert("DockerFilesystemFillingUp", mountpoint="/fast"),
               alert("DockerFilesystemInodesFillingUp", mountpoint="/fast"),
               alert("DockerFilesystemFillingUp", mountpoint="/other")])
        self.assertEqual(suppressed, {(name, "a", "/full") for name in names}
                         | {("DockerFilesystemFillingUp", "a", "/fast"),
                            ("DockerFilesystemInodesFillingUp", "a", "/fast")})

    def test_inode_alerts_do_not_inhibit_space_alerts(self):
        self.assertEqual(self.fire([alert("DockerFilesystemInodesFull", "critical", mountpoint="/")],
                                   [alert("DockerFilesystemFillingUp", mountpoint="/")]), set())

    def test_a_failing_filesystem_inhibits_its_volumes_but_not_growth_alerts(self):
        suppressed = self.fire(
            [alert("DockerFilesystemNotAnswering", "critical", mountpoint="/hung"),
             alert("DockerFilesystemFull", "critical", mountpoint="/full")],
            [alert("DockerVolumeLatencyHigh", mountpoint="/hung", volume="one"),
             alert("DockerVolumeNearLimit", mountpoint="/hung", volume="one"),
             alert("DockerIoErrors", "critical", mountpoint="/hung", volume="one"),
             alert("VolumeterSizesStale"),
             alert("VolumeterSizesStale", instance="b"),
             alert("DockerWritesRefused", mountpoint="/full", volume="two"),
             alert("DockerVolumeAtLimit", "critical", mountpoint="/full", volume="two"),
             alert("DockerIoErrors", "critical", mountpoint="/full", volume="two"),
             alert("DockerVolumeGrowthUnusual", "info", mountpoint="/full", volume="two"),
             alert("DockerPruneHazard", mountpoint="/full", volume="two"),
             alert("DockerVolumeLatencyHigh", mountpoint="/fine", volume="three"),
             alert("DockerVolumeLatencyHigh", volume="nowhere")])
        self.assertEqual(suppressed, {("DockerVolumeLatencyHigh", "a", "/hung"),
                                      ("DockerVolumeNearLimit", "a", "/hung"),
                                      ("DockerIoErrors", "a", "/hung"),
                                      ("VolumeterSizesStale", "a", None),
                                      ("DockerWritesRefused", "a", "/full"),
                                      ("DockerVolumeAtLimit", "a", "/full")})

    def test_limit_and_saturation_inhibit_the_weaker_alerts(self):
        suppressed = self.fire(
            [alert("DockerVolumeAtLimit", "critical", volume="db"),
             alert("DockerDeviceSaturated", device="sda")],
            [alert("DockerVolumeNearLimit", volume="db"),
             alert("DockerVolumeNearLimit", volume="logs"),
             alert("DockerDeviceLatencyHigh", device="sda", operation="read"),
             alert("DockerDeviceLatencyHigh", device="sdb", operation="read")])
        self.assertEqual(suppressed, {("DockerVolumeNearLimit", "a", "db"),
                                      ("DockerDeviceLatencyHigh", "a", "sda")})


if __name__ == "__main__":
    run()
