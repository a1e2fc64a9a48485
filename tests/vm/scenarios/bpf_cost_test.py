# SPDX-License-Identifier: Apache-2.0
"""What counting costs, in instructions: the machine that this runs in takes a nanosecond for each
(run.py --count-instructions), so that the figures are the same on every host."""

import json
import os
import subprocess
import sys

sys.path.insert(1, os.path.join(os.path.dirname(__file__), "../../live"))

from support.live_test import LiveTest, run

CALLS = 500
MOST_COUNTED = 850  # instructions of a read or write that counts
NOISE = 40  # a pipe takes two calls, a timer may come in each


class BpfCost(LiveTest):
    """Page-cache I/O on ext4 with nobody counting, beside counted mounts and on one."""

    needs = ("root", "mkfs.ext4")

    def setUp(self):
        super().setUp()
        self.busy, self.watched = (self.make_disk(name) for name in ("busy", "watched"))

    def make_disk(self, name):
        image, point = self.scene.path(name + ".image"), self.scene.new_folder(name)
        with open(image, "wb") as file:
            file.truncate(32 << 20)
        subprocess.run(["mkfs.ext4", "-q", image], check=True)
        subprocess.run(["mount", "-o", "loop", image, point], check=True)
        return point

    def test_a_counted_call_costs_little_and_others_cost_nothing(self):
        calls = [os.environ["IO_CALLS"], self.busy + "/file", str(CALLS)]
        alone = measure(*calls)  # first: what programs leave behind slows the kernel for a while
        counted_io = os.environ["COUNTED_IO"]
        counted = measure(counted_io, self.busy, "--", *calls)
        beside = measure(counted_io, self.watched, "--", *calls)
        elsewhere = measure(counted_io, "/dev/shm", "--", *calls)
        added = {call: counted[call] - alone[call] for call in alone}
        near = {call: beside[call] - alone[call] for call in alone}
        far = {call: elsewhere[call] - alone[call] for call in alone}
        self.say(f"instructions alone: {alone}; more where it counts: {added}; on another mount of "
                 f"such a filesystem: {near}; on another filesystem: {far}")
        for call in ("read", "write"):
            self.assertGreater(added[call], 0)
            self.assertLessEqual(added[call], MOST_COUNTED)
            self.assertLessEqual(abs(far[call]), NOISE)
        for call in ("zero", "pipe"):
            self.assertLessEqual(abs(added[call]), NOISE)


def measure(*argv):
    text = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    return json.loads(text.splitlines()[0])


if __name__ == "__main__":
    run()
