# SPDX-License-Identifier: Apache-2.0
"""Sizes are those of du on every kind of filesystem, whatever happens on it.

VOLUMETER_STORM_SEED repeats a storm: its number is in the log.
"""

import json
import mmap
import os
import random
import subprocess
import sys
import time

from support import storm
from support.disk import MOUNTABLE, mount_new
from support.du import DU, du_of_all
from support.live_test import LiveTest, run
from support.scene import eventually
from support.trees import write

SEED = os.environ.get("VOLUMETER_STORM_SEED") or str(random.randrange(1_000_000))
ROUNDS = 3000
PAUSE = 0.002  # seconds between two; so the kernel's queue of changes cannot overflow
PATIENCE = 60  # seconds
LONG_AGO = 1_600_000_000  # nobody expects what was modified then to be still open

FOLDERS = 200  # of the part that the storm leaves alone
FILES = 10  # in each
# A walk looks at more, a look at what changed at fewer.
SMALL = FOLDERS * FILES // 2

# What moves while it is looked at may be counted at both places or at none, and XFS allocates
# more than is written to a file that grows.
CHANGE = {"docker_volume_size_bytes": 2 * storm.FILES * storm.FILE_BYTES,
          "docker_volume_allocated_bytes": 4 * storm.FILES * storm.FILE_BYTES,
          "docker_volume_inodes_used": 2 * (storm.FILES + storm.FOLDERS)}


class StormTest(LiveTest):
    """A volume of each kind of filesystem, a directory on it, and an agent that follows all."""

    needs = ("root", "dockerd", "busybox", "du")

    def setUp(self):
        super().setUp()
        self.engine = self.start_engine()
        self.folders = {}  # by the kind of filesystem, which is the volume's name, too
        self.missing = []
        for kind in MOUNTABLE:
            try:
                mount_point = mount_new(self.scene, kind)
            except (OSError, subprocess.CalledProcessError) as error:
                reason = getattr(error, "stderr", None) or str(error)
                self.missing.append(f"{kind}: {reason.strip()}")
            else:
                self.add_volume(kind, os.path.join(mount_point, "volume"))
        self.engine.api.run_container("worker", [f"{kind}:/{kind}" for kind in self.folders])

    def add_volume(self, kind, folder):
        self.folders[kind] = folder
        plant_quiet_part(folder)
        self.engine.api.create_volume(kind, options={"type": "none", "o": "bind", "device": folder})

    def skip_if_a_filesystem_was_missing(self):
        if self.missing:
            self.skipTest("all is well, but not tested on " + "; ".join(self.missing))

    def start_following_agent(self, full_interval):
        """And waits until it knows all and need not look at what does not change."""
        agent = self.start_agent(self.engine, "--collector.sizes.interval=2s",
                                 "--collector.sizes.cpu-percent=100",
                                 "--collector.sizes.max-io-pressure=100",
                                 "--collector.sizes.full-interval=" + full_interval)
        self.wait_for_sizes_of_du(agent, "before the storm")
        self.followed = [kind for kind in self.folders if self.is_followed(agent, kind)]
        # Linux opens no handles of overlayfs mounted without nfs_export: it is walked each time.
        self.assertEqual(set(self.folders) - set(self.followed) - {"overlay"}, set(), agent.log())
        self.say(f"followed by what changes: {self.followed}")
        return agent

    def is_followed(self, agent, kind):
        """Whether its filesystem tells what changes."""
        mount_point = os.path.dirname(self.folders[kind])
        return f'subject=change_feed mountpoint={mount_point} ' not in agent.log()

    def wait_for_sizes_of_du(self, agent, when):
        try:
            took = agent.wait_until(lambda seen: self.sizes(seen) == self.sizes_of_du(),
                                    f"the sizes of du {when}", PATIENCE)
        except AssertionError:
            self.assertEqual(self.sizes(agent.scrape()), self.sizes_of_du(), when)
            raise
        self.say(f"{when}: all sizes are those of du after {took:.1f} s")

    def sizes(self, seen):
        return {metric: seen.by("volume", metric) for metric in DU}

    def sizes_of_du(self):
        os.sync()  # some filesystems allocate blocks when they write them
        return du_of_all(self.folders)

    def entries(self, seen):
        """Of the newest measurement of each volume that is followed."""
        looked_at = seen.by("volume", "docker_volume_scan_entries")
        return {kind: looked_at[kind] for kind in self.followed}

    def start_storm(self):
        self.say(f"VOLUMETER_STORM_SEED={SEED}")
        self.storm_process = self.scene.start("storm", [
            sys.executable, "-B", storm.__file__, SEED, str(ROUNDS), str(PAUSE),
            *(stormy(folder) for folder in self.folders.values())])

    def is_storm_over(self):
        said = self.scene.log("storm")
        self.assertIsNone(self.storm_process.poll(), said)
        return said.endswith("\n")

    def assert_within_the_change(self, seen, before):
        for metric, most in CHANGE.items():
            for kind, value in seen.by("volume", metric).items():
                least = before[metric][kind]
                self.assertTrue(least <= value <= least + most,
                                f"{metric} of {kind}: {least} <= {value} <= {least + most}")

    def check_during_the_storm(self, agent):
        before = self.sizes_of_du()
        different = {kind: set() for kind in self.folders}
        looks = {kind: set() for kind in self.followed}
        self.start_storm()
        while not self.is_storm_over():
            seen = agent.scrape()
            self.assert_within_the_change(seen, before)
            for kind, count in self.entries(seen).items():
                looks[kind].add(count)
            for kind, size in seen.by("volume", "docker_volume_size_bytes").items():
                different[kind].add(size)
            time.sleep(0.05)
        self.say_what_the_storm_did()
        counts = {kind: len(sizes) for kind, sizes in different.items()}
        self.say(f"different sizes seen during the storm: {counts}")
        self.assertGreater(min(counts.values()), 2)
        # A second name that a file gets while its volume is looked at costs a walk.
        walks = {kind: sum(count >= SMALL for count in seen) for kind, seen in looks.items()}
        self.say(f"of them by a walk: {walks}")
        for kind, seen in looks.items():
            self.assertLess(walks[kind], len(seen) / 2, kind)

    def say_what_the_storm_did(self):
        for folder, counts in json.loads(self.scene.log("storm")).items():
            done = {name: counts[name] for name in sorted(counts)}
            self.say(f"{os.path.relpath(folder, self.scene.folder)}: {done}")

    def test_sizes_equal_du_during_a_storm_of_changes_with_change_tracking(self):
        agent = self.start_following_agent(full_interval="1h")
        agent.wait_until(lambda seen: max(self.entries(seen).values()) < SMALL / 20,
                         "quiet volumes cost nothing", PATIENCE)
        agent.wait_until(lambda seen: seen.value("volumeter_scan_indexed_directories")
                         > FOLDERS * len(self.followed), "all directories are known")
        self.check_during_the_storm(agent)
        self.wait_for_sizes_of_du(agent, "after the storm")
        agent.wait_until(lambda seen: max(self.entries(seen).values()) < SMALL,
                         "only what changed is looked at", PATIENCE)
        seen = agent.scrape()
        self.say(f"entries in the last look of {FOLDERS * FILES}: {self.entries(seen)}")
        self.assertEqual(seen.by("volume", "docker_volume_scan_drift_bytes"), {})
        self.skip_if_a_filesystem_was_missing()

    def test_a_hard_link_is_counted_once(self):
        agent = self.start_following_agent(full_interval="1h")
        for folder in self.folders.values():
            os.link(quiet(folder, 1, "5"), quiet(folder, 2, "another-name"))
        self.wait_for_sizes_of_du(agent, "after a second name in another directory")
        self.skip_if_a_filesystem_was_missing()

    def test_full_scans_find_unreported_changes_and_no_other_drift(self):
        for folder in self.folders.values():
            prepare_unseen_changes(folder)
        agent = self.start_following_agent(full_interval="5s")
        self.wait_for_drift(agent, "a quiet volume does not drift", lambda bytes: bytes == 0)
        maps = [change_unseen(folder) for folder in self.folders.values()]
        for kept in maps:
            self.addCleanup(kept.close)
        self.wait_for_drift(agent, "the drift is told", lambda bytes: bytes < 0)
        self.wait_for_sizes_of_du(agent, "after changes that nothing tells")
        self.start_storm()
        eventually(self.is_storm_over, 60, "the storm is over")
        self.wait_for_sizes_of_du(agent, "after a storm")
        agent.wait_until(lambda seen: set(drift(seen).values()) == {0},
                         "the drift is 0 once all is quiet", PATIENCE)
        self.assertEqual(sorted(drift(agent.scrape())), sorted(self.followed))
        self.skip_if_a_filesystem_was_missing()

    def wait_for_drift(self, agent, what, is_it):
        """Of each volume that is followed at some time; they are proven one after the other."""
        lacking = set(self.followed)

        def was_seen_of_all(seen):
            lacking.difference_update(kind for kind, bytes in drift(seen).items() if is_it(bytes))
            return not lacking

        try:
            agent.wait_until(was_seen_of_all, what, PATIENCE)
        except AssertionError as error:
            self.fail(f"not of {lacking}: {error}")


def drift(seen):
    return seen.by("volume", "docker_volume_scan_drift_bytes")


def stormy(folder):
    return os.path.join(folder, "stormy")


def quiet(folder, number, *names):
    return os.path.join(folder, "quiet", str(number), *names)


def plant_quiet_part(folder):
    """And an empty one for the storm; all of it looks old."""
    os.makedirs(stormy(folder))
    for number in range(FOLDERS):
        os.makedirs(quiet(folder, number))
        for file in range(FILES):
            write(quiet(folder, number, str(file)), 1000 * file)
    make_look_old(folder)


def make_look_old(folder):
    for place, _, files in os.walk(folder, topdown=False):
        for path in (*(os.path.join(place, file) for file in files), place):
            os.utime(path, (LONG_AGO, LONG_AGO))


def prepare_unseen_changes(folder):
    with open(quiet(folder, 3, "mapped"), "wb") as file:
        file.truncate(1 << 20)
    make_look_old(folder)


def change_unseen(folder):
    """What fanotify does not tell of, where nothing else changes; gives a map to be closed."""
    os.truncate(quiet(folder, 0, "9"), 0)
    with open(quiet(folder, 3, "mapped"), "r+b") as file:
        pages = mmap.mmap(file.fileno(), 0)
    pages[:] = b"m" * len(pages)
    pages.flush()
    return pages


if __name__ == "__main__":
    run()
