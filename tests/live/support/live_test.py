# SPDX-License-Identifier: Apache-2.0
"""The frame of a live test: what it needs, its scene, and that nothing stays behind."""

import os
import shutil
import signal
import sys
import unittest

from support.agent import Agent
from support.engine import Engine
from support.scene import Scene

SKIPPED = 77  # as tests/live/CMakeLists.txt tells ctest
SOON = 2.0  # seconds within which a change is to be seen


class LiveTest(unittest.TestCase):
    """Each test has a scene of its own, and is skipped where `needs` cannot be had."""

    maxDiff = None
    needs = ()  # programs; "/..." is a file, "root" is being root

    def setUp(self):
        self.skip_where_something_lacks()
        self.scene = Scene()
        self.addCleanup(assert_nothing_is_left, self.scene)
        self.addCleanup(self.scene.end)

    def skip_where_something_lacks(self):
        for thing in self.needs:
            if not is_there(thing):
                self.skipTest("needs " + thing)

    def start_engine(self):
        engine = Engine(self.scene)
        self.addCleanup(engine.end)
        return engine.start_with_image()

    def start_agent(self, engine, *flags, **options):
        return Agent(self.scene, engine.host, *flags, **options).start()

    def see(self, agent, holds, what):
        latency = agent.wait_until(holds, what, SOON)
        self.say(f"{what}: seen after {latency * 1000:.0f} ms")

    def see_use(self, agent, volume, use):
        self.see(agent, lambda seen: seen.use(volume) == use, f"{volume} is {use}")

    def assert_scrapes_are_fast(self, agent, count=20):
        slowest = max(agent.timed_scrape()[0] for _ in range(count))
        self.say(f"slowest of {count} scrapes: {slowest * 1000:.0f} ms")
        self.assertLess(slowest, 1)

    def say(self, text):
        """A figure for whoever reads the log; nothing is asserted of it."""
        print(f"\n    {text}", end=" ", file=sys.stderr, flush=True)


class SharedLiveTest(LiveTest):
    """The tests of a class share one scene, for where an engine takes long to start: the first of
    them calls set_scene(). Each has agents of its own."""

    scene = None

    @classmethod
    def set_scene(cls):
        """Starts what all of them need; addClassCleanup() ends it."""

    @classmethod
    def start_shared_engine(cls, data_root=None):
        cls.engine = Engine(cls.scene)
        cls.engine.data_root = data_root or cls.engine.data_root
        cls.addClassCleanup(cls.engine.end)
        cls.engine.start_with_image()

    def setUp(self):
        self.skip_where_something_lacks()
        shared = type(self)
        if shared.scene is None:
            shared.scene = Scene()
            shared.addClassCleanup(assert_nothing_is_left, shared.scene)
            shared.addClassCleanup(shared.scene.end)
            shared.set_scene()

    def start_agent(self, engine, *flags, **options):
        """With no memory of what other tests did, and no longer than this one."""
        options.setdefault("state", self.scene.path(f"state{len(self.scene.children)}"))
        agent = super().start_agent(engine, *flags, **options)
        self.addCleanup(agent.kill)
        return agent


def assert_nothing_is_left(scene):
    if left := scene.leftovers():
        raise AssertionError(f"left behind: {left}")


def is_there(thing):
    if thing == "root":
        return os.geteuid() == 0
    return os.path.exists(thing) if thing.startswith("/") else shutil.which(thing) is not None


def run():
    """Runs the tests of the calling file and ends with what ctest is to think of them."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    result = unittest.main(module="__main__", verbosity=2, exit=False).result
    if not result.wasSuccessful():
        sys.exit(1)
    if result.skipped and os.environ.get("VOLUMETER_TESTS_MUST_RUN") == "1":
        sys.exit("VOLUMETER_TESTS_MUST_RUN=1: a skipped test is a failure")
    if result.skipped and len(result.skipped) == result.testsRun:
        sys.exit(SKIPPED)
