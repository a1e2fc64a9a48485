# SPDX-License-Identifier: Apache-2.0
"""The command line: flags, files, exit codes, HTTP. Needs no engine."""

import json
import os
import re
import subprocess
import urllib.error
import urllib.request

from support.agent import Agent
from support.live_test import LiveTest, run
from support.scene import eventually


class CliTest(LiveTest):
    def setUp(self):
        super().setUp()
        self.no_engine = "unix://" + self.scene.path("no.sock")

    def run_once(self, *arguments, **environment):
        """The finished process; its output is text."""
        return subprocess.run([os.environ["VOLUMETER"], *arguments], capture_output=True, text=True,
                              timeout=30, check=False, env={**os.environ, **environment})

    def new_agent(self, *flags):
        return Agent(self.scene, self.no_engine, *flags).start()

    def assert_refused(self, naming, *arguments, code=2, **environment):
        """It ends with that code and one line that names what is wrong."""
        ended = self.run_once(*arguments, **environment)
        self.say(ended.stderr.strip())
        self.assertEqual((ended.returncode, ended.stdout), (code, ""), ended.stderr)
        self.assertRegex(ended.stderr, r"\Avolumeter: [^\n]+\n\Z")
        for part in naming:
            self.assertIn(part, ended.stderr)

    def assert_http_error(self, code, url):
        with self.assertRaises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(url, timeout=5)
        self.assertEqual(caught.exception.code, code)
        text = caught.exception.read().decode()
        caught.exception.close()
        return text

    def test_an_invalid_flag_ends_with_one_line_that_names_it(self):
        self.assert_refused(["--nonsense"], "--nonsense")
        self.assert_refused(["stray"], "stray")
        self.assert_refused(["--log.level", "loud"], "--log.level=loud")
        self.assert_refused(["--collector.nothing"], "--collector.nothing")
        self.assert_refused(["--collector.sizes.interval"], "--collector.sizes.interval=often")
        self.assert_refused(["--web.listen-address", "70000"],
                            "--web.listen-address=127.0.0.1:70000")
        self.assert_refused(["--once", "--check"], "--once", "--check")
        self.assert_refused(["/no/such/folder"], "--once", "--root=/no/such/folder")

    def test_an_unsupported_engine_address_is_refused(self):
        self.assert_refused(["ssh://me@host", "forward the socket"],
                            "--docker.host=ssh://me@host")
        self.assert_refused(["ssh://me@host"], DOCKER_HOST="ssh://me@host")
        self.assert_refused(["npipe://"], "--docker.host=npipe:////./pipe/docker_engine")

    def write_config(self, text):
        path = self.scene.path("volumeter.yml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return "--config.file=" + path

    def test_an_invalid_config_file_is_reported_with_key_and_line(self):
        unknown = self.write_config('web:\n  max-requests: 5\nlog:\n  levl: info\n')
        self.assert_refused(["volumeter.yml", "line 4", "log.levl"], unknown)
        wrong = self.write_config('log.level: info\nlog.format: xml\n')
        self.assert_refused(["volumeter.yml", "line 2", "log.format", "xml"], wrong)
        self.assert_refused(["line 2"], self.write_config("log: [\n"))
        self.assert_refused(["/no/such.yml"], "--config.file=/no/such.yml")

    def test_a_flag_takes_precedence_over_the_config_file(self):
        config = self.write_config("log.format: json\nlog.level: error\ncollector.sizes: false\n")
        agent = self.new_agent(config, "--log.level=info")
        for line in agent.log().splitlines():
            self.assertIn(json.loads(line)["level"], ("info", "warn", "error"))
        self.assertEqual(agent.scrape().all("volumeter_scrape_collector_success",
                                            collector="sizes"), [])

    def test_a_port_in_use_ends_with_one_line(self):
        address = self.new_agent().url.removeprefix("http://")
        self.assert_refused([address], "--docker.host", self.no_engine,
                            "--state.directory", self.scene.path("other"),
                            "--web.listen-address", address, code=1)

    def test_version_and_help_are_printed(self):
        version = self.run_once("--version")
        self.assertEqual(version.returncode, 0)
        self.assertRegex(version.stdout, r"\Avolumeter \d+\.\d+\.\d+\n\Z")
        shown = self.run_once("--help")
        self.assertEqual((shown.returncode, shown.stderr), (0, ""))
        for flag in ("--docker.host", "--web.listen-address", "--config.file", "--log.format",
                     "--path.rootfs", "--once", "--check", "--[no-]collector.sizes"):
            self.assertIn(flag, shown.stdout)

    def test_check_lists_what_does_not_work_with_the_reason(self):
        checked = self.run_once("--check", "--docker.host", self.no_engine,
                                "--state.directory", "/dev/null/nowhere")
        self.assertEqual(checked.returncode, 1)
        self.assertRegex(checked.stdout, r"(?m)^cannot +docker .*start the engine")
        self.assertRegex(checked.stdout,
                         "(?m)^cannot +state +usage history that survives a restart: .*/dev/null/")
        self.assertRegex(checked.stdout, r"(?m)^ok +mountinfo ")

    def test_without_an_engine_the_other_metrics_are_served(self):
        agent = self.new_agent()
        eventually(lambda: self.is_ready(agent), 5, "ready: the engine was asked")
        self.assertEqual(agent.scrape().value("docker_up"), 0)
        self.assertIn("healthy", agent.get("/-/healthy")[1])
        headers, page = agent.get("/")
        self.assertIn("text/html", headers["Content-Type"])
        self.assertIn('href="metrics"', page)

    def is_ready(self, agent):
        try:
            return agent.get("/-/ready")
        except urllib.error.HTTPError as error:
            error.close()
            return False

    def test_collectors_are_selected_by_the_query(self):
        agent = self.new_agent()
        text = agent.get("/metrics?collect[]=agent&collect[]=engine")[1]
        self.assertEqual(set(re.findall(r'volumeter_scrape_collector_success\{collector="(\w+)"\}',
                                        text)), {"agent", "engine"})
        self.assertNotIn("volumeter_build_info", agent.get("/metrics?exclude[]=agent")[1])
        self.assertIn("nothing", self.assert_http_error(400, agent.url
                                                        + "/metrics?collect[]=nothing"))
        self.assert_http_error(400, agent.url + "/metrics?collect[]=agent&exclude[]=engine")
        self.assert_http_error(404, agent.url + "/metricsfoo")

    def test_head_is_get_without_a_body(self):
        agent = self.new_agent()
        request = urllib.request.Request(agent.url + "/metrics", method="HEAD")
        with urllib.request.urlopen(request, timeout=5) as reply:
            self.assertEqual((reply.status, reply.read()), (200, b""))
            self.assertIn("version=", reply.headers["Content-Type"])

    def test_the_agent_listens_on_several_addresses(self):
        agent = self.new_agent("--web.listen-address", "127.0.0.2:0")
        eventually(lambda: agent.log().count("msg=listening") == 2, 5, "both addresses are logged")
        for url in re.findall(r'url="?(http://[^\s"]+)/', agent.log()):
            with urllib.request.urlopen(url + "/-/healthy", timeout=5) as reply:
                self.assertEqual(reply.status, 200)

    def test_sigterm_ends_the_agent_soon_without_leftover_processes(self):
        for signal_name in ("SIGTERM", "SIGINT"):
            agent = self.new_agent()
            agent.scrape()
            took = agent.terminate(signal_name)
            self.say(f"{signal_name} ended it after {took * 1000:.0f} ms")
            self.assertLess(took, 2)
            eventually(lambda: self.scene.processes() == [], 2, "no process is left")

    def test_helpers_exit_when_the_agent_is_killed(self):
        agent = self.new_agent()
        helpers = agent.helpers()
        self.assertTrue(helpers)
        agent.kill()
        eventually(lambda: self.scene.processes() == [], 2, f"{helpers} have ended")


if __name__ == "__main__":
    run()
