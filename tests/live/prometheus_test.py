# SPDX-License-Identifier: Apache-2.0
"""A real Prometheus scrapes both formats, and the documented queries work."""

import subprocess

from support.agent import OPENMETRICS, TEXT
from support.live_test import LiveTest, run
from support.prometheus import Prometheus, TextOnly
from support.scene import eventually
from support.trees import write

NASTY = 'quote " backslash \\ newline \n whale \N{WHALE}'


class PrometheusTest(LiveTest):
    needs = ("root", "dockerd", "busybox", "prometheus", "promtool")

    def setUp(self):
        super().setUp()
        self.engine = self.start_engine()
        api = self.engine.api
        for name in ("used", "idle", "orphan"):
            api.create_volume(name, labels={"team": NASTY})
            write(self.engine.volume_folder(name) + "/file", 100_000)
        api.run_container("runner", ["used:/data"])
        api.create_container("sleeper", ["idle:/data"])
        api.run_container("sneaky", [self.engine.volume_folder("orphan") + ":/data:ro"])
        self.agent = self.start_agent(self.engine, "--collector.volumes.labels=team")
        self.agent.wait_until(lambda seen: len(seen.all("docker_volume_size_bytes")) == 3
                              and seen.all("docker_filesystem_size_bytes"), "all is measured")

    def promtool(self, text):
        return subprocess.run(["promtool", "check", "metrics"], input=text, text=True,
                              capture_output=True, check=False)

    def test_promtool_accepts_the_metrics(self):
        checked = self.promtool(self.agent.get("/metrics", Accept=TEXT)[1])
        self.assertEqual((checked.returncode, checked.stdout, checked.stderr), (0, "", ""))

    def test_both_formats_are_negotiated(self):
        headers, body = self.agent.get("/metrics", Accept=TEXT)
        self.assertEqual(headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        self.assertNotIn("# EOF", body)
        headers, body = self.agent.get("/metrics", Accept=OPENMETRICS)
        self.assertEqual(headers["Content-Type"],
                         "application/openmetrics-text; version=1.0.0; charset=utf-8")
        self.assertTrue(body.endswith("# EOF\n"))

    def test_prometheus_scrapes_both_formats_and_the_documented_joins_work(self):
        text_only = TextOnly(self.agent)
        self.addCleanup(text_only.end)
        prometheus = Prometheus(self.scene, {"openmetrics": self.agent.url.removeprefix("http://"),
                                             "text": text_only.address()})
        eventually(lambda: {health for health, _ in prometheus.targets().values()} == {"up"}, 15,
                   f"both targets are up: {prometheus.targets()}")
        self.assertEqual(text_only.content_types, {"text/plain; version=0.0.4; charset=utf-8"})
        eventually(lambda: len(prometheus.query("docker_up")) == 2, 10, "two answers to docker_up")
        for job in ("openmetrics", "text"):
            self.check_queries(prometheus, f'job="{job}"')
        rejected = ("prometheus_target_scrapes_sample_duplicate_timestamp_total",
                    "prometheus_target_scrapes_sample_out_of_order_total")
        own = prometheus.get("/metrics")
        for name in rejected:
            self.assertIn(f"\n{name} 0\n", own)

    def check_queries(self, prometheus, job):
        def ask(expression):
            return prometheus.query(expression.replace("JOB", job))

        self.assertEqual({(labels["volume"], labels["driver"]) for labels, _ in ask(
            "docker_volume_size_bytes{JOB} * on(volume, instance) group_left(driver)"
            " docker_volume_info{JOB}")},
            {("used", "local"), ("idle", "local"), ("orphan", "local")})
        self.assertEqual({labels["state"]: value for labels, value in
                          ask("sum by(state) (docker_volumes{JOB})")},
                         {"in_use": 2, "idle": 1, "orphaned": 0, "unknown": 0})
        self.assertEqual(ask("sum(docker_volume_size_bytes{JOB})")[0][1], 3 * (100_000 + 4096))
        # Who reaches each volume's data, and how full is the filesystem below it?
        self.assertEqual({labels["container"] for labels, _ in ask(
            "docker_mount_info{JOB,kind=~'volume|bind'}")}, {"runner", "sleeper", "sneaky"})
        self.assertEqual(len(ask(
            "docker_volume_filesystem_info{JOB} * on(device, mountpoint, fstype, instance)"
            " group_left() (docker_filesystem_avail_bytes{JOB} / docker_filesystem_size_bytes{JOB})"
        )), 3)
        self.assertEqual([labels["container"] for labels, _ in
                          ask("docker_volume_prune_hazard{JOB}")], ["sneaky"])
        self.assertEqual({labels["value"] for labels, _ in ask("docker_volume_label_info{JOB}")},
                         {NASTY})
        self.assertEqual(ask("min(volumeter_scrape_collector_success{JOB})")[0][1], 1)
        self.assertGreater(ask("time() - docker_volume_created_timestamp_seconds{JOB}")[0][1], 0)


if __name__ == "__main__":
    run()
