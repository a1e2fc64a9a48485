# SPDX-License-Identifier: Apache-2.0
"""A hung filesystem under a volume costs one process and delays nothing."""

import time

from support.agent import Agent
from support.hung import HungMount
from support.live_test import LiveTest, run
from support.scene import eventually

OTHERS = ("other-1", "other-2")


class HungTest(LiveTest):
    needs = ("root", "dockerd", "busybox", "/dev/fuse")

    def setUp(self):
        super().setUp()
        self.mount = HungMount(self.scene, self.scene.new_folder("fuse"))
        self.addCleanup(self.mount.end)
        self.engine = self.start_engine()
        # The engine itself must not be held up when it is ended.
        self.addCleanup(self.mount.release)
        for name in OTHERS:
            self.engine.api.create_volume(name)
        self.engine.api.create_volume("hung", options={"type": "none", "o": "bind",
                                                       "device": self.mount.folder})
        self.engine.api.run_container("worker", ["hung:/data", "other-1:/other"])


if __name__ == "__main__":
    run()
