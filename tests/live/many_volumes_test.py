# SPDX-License-Identifier: Apache-2.0
"""A host with many volumes: all are there, and it costs little to say so.

VOLUMETER_LIVE_VOLUMES and VOLUMETER_LIVE_CONTAINERS make it another number of each.
"""

import os
import statistics
import time

from support.agent import TEXT
from support.live_test import LiveTest, run
from support.scene import cpu_seconds
from support.trees import write

VOLUMES = int(os.environ.get("VOLUMETER_LIVE_VOLUMES", "500"))
CONTAINERS = int(os.environ.get("VOLUMETER_LIVE_CONTAINERS", "20"))
STEADY = 20  # seconds
MOUNTS = 5  # of each container


class ManyVolumesTest(LiveTest):
    needs = ("root", "dockerd", "busybox")

    def setUp(self):
        super().setUp()
        self.engine = self.start_engine()
        self.names = [f"project-{number % 20}_volume-{number}" for number in range(VOLUMES)]
        for name in self.names:
            self.engine.api.create_volume(name)
            write(os.path.join(self.engine.volume_folder(name), "file"), 1000)
        for number in range(CONTAINERS):
            mine = self.names[number * MOUNTS:(number + 1) * MOUNTS]
            self.engine.api.run_container(
                f"worker-{number}", [f"{name}:/data/{i}" for i, name in enumerate(mine)])

    def test_all_volumes_are_exported_at_low_cost(self):
        agent = self.start_agent(self.engine)
        took = agent.wait_until(lambda seen: len(seen.all("docker_volume_size_bytes")) == VOLUMES
                                and len(seen.all("docker_mount_info"))
                                == CONTAINERS * (MOUNTS + 1), "all are there and measured", 60)
        self.say(f"{VOLUMES} volumes and {CONTAINERS} containers: all there after {took:.1f} s")
        seen = agent.scrape()
        self.assertEqual(set(seen.by("volume", "docker_volume_info")), set(self.names))
        used = min(VOLUMES, CONTAINERS * MOUNTS)
        self.assertEqual(seen.by("state", "docker_volumes"),
                         {"in_use": used, "idle": 0, "orphaned": VOLUMES - used, "unknown": 0})
        self.assertEqual(set(seen.by("volume", "docker_volume_size_bytes").values()), {4096 + 1000})
        self.check_scrapes(agent)
        self.check_steady_state(agent)

    def check_scrapes(self, agent):
        times = sorted(timed_get(agent) for _ in range(200))
        samples = sum(1 for line in agent.scrape().text.splitlines() if not line.startswith("#"))
        self.say(f"scrape of {samples} samples: median {statistics.median(times) * 1000:.1f} ms, "
                 f"slowest of {len(times)} {times[-1] * 1000:.1f} ms")
        self.assertLess(statistics.median(times), 0.25)

    def check_steady_state(self, agent):
        """A scrape each second, and nothing else happens."""
        engine_before, agent_before = cpu_seconds(self.engine.pids()), agent.cpu_seconds()
        for _ in range(STEADY):
            time.sleep(1)
            agent.get("/metrics", Accept=TEXT)
        engine_cpu = cpu_seconds(self.engine.pids()) - engine_before
        agent_cpu = agent.cpu_seconds() - agent_before
        resident = {who: f"{size / 2**20:.1f} MiB" for who, size in agent.resident_bytes().items()}
        self.say(f"CPU in {STEADY} s of steady state: engine {engine_cpu:.2f} s, "
                 f"agent {agent_cpu:.2f} s; resident {resident}")
        self.assertLess(engine_cpu, STEADY * 0.2)
        self.assertLess(agent_cpu, STEADY * 0.2)
        self.assertLess(agent.resident_bytes()["agent"], 64 << 20)


def timed_get(agent):
    began = time.monotonic()
    agent.get("/metrics", Accept=TEXT)
    return time.monotonic() - began


if __name__ == "__main__":
    run()
