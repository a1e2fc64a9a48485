# SPDX-License-Identifier: Apache-2.0
"""What containers do to their volumes is counted to the byte, whichever call they use, and to
nobody else's account. Debian's kernel lets eBPF see it; a real engine runs the containers."""

import collections
import contextlib
import errno
import json
import os
import sys
import unittest

sys.path.insert(1, os.path.join(os.path.dirname(__file__), "../../live"))

from io_loads import BLOCK, COUNT, ENGINES, JOBS, Io, bucket_of, fio, other_calls, wanted_of, write
from support.live_test import is_there, run
from support.scene import eventually, libc
from volume_io_host import World, bind, call, limit_space, output, retarget

NEEDS = ("root", "dockerd", "fio", "dmsetup", "mkfs.ext4", "xfs_quota", "bpftool")
SLOW_MS = 20  # of the delayed disk


class VolumeIo(unittest.TestCase):
    """All tests share one world: an engine takes long to start on an emulated processor."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        for thing in NEEDS:
            if not is_there(thing):
                raise unittest.SkipTest("needs " + thing)
        cls.world = World()
        cls.addClassCleanup(cls.world.end)
        cls.api, cls.agent, cls.root = cls.world.api, cls.world.agent, cls.world.root

    def container(self, name, volume):
        """Starts one with a volume and waits until its mounts are counted; its root directory."""
        self.api.run_container(name, [f"{volume}:/{volume}"])
        self.addCleanup(self.remove, name)
        return self.world.root_of(name, volume)

    def remove(self, name):
        try:
            self.api.remove_container(name, volumes=True)
        except RuntimeError:
            pass  # the test did

    def volume(self, name):
        self.api.create_volume(name)
        self.addCleanup(lambda: eventually(lambda: self.try_remove_volume(name), 20, "removal"))
        return name

    def try_remove_volume(self, name):
        try:
            self.api.remove_volume(name)
        except RuntimeError as error:
            return "404" in str(error)
        return True

    def io_of(self, volume):
        return Io(self.agent.scrape(), "docker_volume", volume=volume)

    def mount_io(self, container, destination):
        return Io(self.agent.scrape(), "docker_mount", container=container,
                  destination=destination)

    def done_meanwhile(self, volume, work):
        before = self.io_of(volume)
        work()
        return self.io_of(volume) - before

    def say(self, text):
        print(f"\n    {text}", end=" ", file=sys.stderr, flush=True)

    def test_every_kind_of_call_is_counted_to_the_byte_and_a_neighbour_stays_at_zero(self):
        file = self.root + "/busy/file"
        self.fill_by_the_host("busy")
        for engine in ENGINES:
            with self.subTest(engine=engine):
                said = self.done_meanwhile("busy", lambda: fio(file, engine, JOBS))
                self.assertEqual(said.reads, wanted_of("read"))
                self.assertEqual(said.writes, wanted_of("write"))
                self.assertEqual(said.fsyncs, 0)
        for name, (work, wanted) in other_calls(file).items():
            with self.subTest(call=name):
                self.assertEqual(self.done_meanwhile("busy", work).numbers(), wanted)
        self.assertEqual(self.io_of("quiet").numbers(), (0, 0, 0, 0, 0, 0))

    def fill_by_the_host(self, volume):
        with open(self.world.engine.volume_folder(volume) + "/file", "wb") as file:
            file.write(b"x" * BLOCK * COUNT)
            os.fsync(file.fileno())

    def test_the_latency_equals_that_of_fio(self):
        self.fill_by_the_host("slow")
        retarget("slow", f"delay {{}} 0 {SLOW_MS}")
        self.addCleanup(retarget, "slow", "linear {} 0")
        before = self.io_of("slow")
        (said,) = fio(self.root + "/slow/file", "psync", [("randread", 1, COUNT)])
        said = said["read"]["clat_ns"]["percentile"]
        buckets = (self.io_of("slow") - before).latency["read"]
        for percent in ("50.000000", "99.000000"):
            low, high = bucket_of(buckets, float(percent) / 100)
            self.say(f"p{float(percent):g}: fio {said[percent] / 1e6:.1f} ms, "
                     f"ours {low * 1e3:.1f} to {high * 1e3:.1f} ms")
            self.assertLess(low, said[percent] / 1e9)
            self.assertGreaterEqual(high, said[percent] / 1e9)

    def test_the_io_of_two_containers_on_one_volume_is_separate(self):
        shared = self.volume("shared")
        first, second = (self.container(name, shared) for name in ("first", "second"))
        write(first + "/shared/a", 10)
        write(second + "/shared/b", 30)
        self.assertEqual(self.mount_io("first", "/shared").writes, (10, 10 * BLOCK))
        self.assertEqual(self.mount_io("second", "/shared").writes, (30, 30 * BLOCK))
        self.assertEqual(self.io_of(shared).writes, (40, 40 * BLOCK))
        self.stop_and_remove("first")
        self.assertEqual(self.io_of(shared).writes, (40, 40 * BLOCK))

    def test_restarts_and_reused_mount_ids_do_not_make_counters_jump(self):
        volume = self.volume("lasting")
        root = self.container("restarted", volume)
        write(root + "/lasting/a", 5)
        for _ in range(3):
            self.api.stop_container("restarted")
            self.api.start_container("restarted")
        eventually(lambda: self.wrote_one_more(volume, "restarted", 5), 20, "it is counted again")
        self.assertEqual(self.mount_io("restarted", "/lasting").writes, (6, 6 * BLOCK))
        base = self.map_entries()
        point = self.world.scene.new_folder("point")
        for _ in range(1000):
            bind(self.world.disk, point)
            write(os.path.join(point, "host"), 1)
            libc.umount2(point.encode(), 0)
        self.assertEqual(self.io_of(volume).writes, (6, 6 * BLOCK))
        self.assertEqual(self.map_entries(), base)
        self.stop_and_remove("restarted")
        eventually(lambda: self.map_entries() < base, 20, "its entries are removed")

    def wrote_one_more(self, volume, container, before):
        """The kernel counts a new mount from when the agent has found it."""
        if self.io_of(volume).writes[0] == before + 1:
            return True
        write(f"/proc/{self.api.pid_of(container)}/root/{volume}/b", 1)
        return False

    def test_io_of_the_host_is_attributed_to_no_volume(self):
        root_before = self.mount_io("worker", "/").numbers()
        for place in (self.world.disk, self.world.engine.volume_folder("untouched")):
            write(os.path.join(place, "of-the-host"), COUNT)
            fio(os.path.join(place, "of-the-host"), "io_uring", [("read", 1, COUNT)])
        self.assertEqual(self.io_of("untouched").numbers(), (0, 0, 0, 0, 0, 0))
        self.assertEqual(self.mount_io("worker", "/untouched").writes, (0, 0))
        self.assertEqual(self.mount_io("worker", "/").numbers(), root_before)

    def test_the_root_directory_and_tmpfs_of_a_container_are_counted(self):
        before = self.mount_io("worker", "/")
        write(self.root + "/file", 7)
        self.assertEqual((self.mount_io("worker", "/") - before).writes, (7, 7 * BLOCK))
        write(self.root + "/memory/file", 3)
        self.assertEqual(self.io_of("memory").writes, (3, 3 * BLOCK))

    def test_errors_are_counted_by_errno(self):
        limit_space(self.world.full, "1m")
        with open(self.root + "/full/file", "w+b", buffering=0) as file:
            with nobody():
                self.assert_fails("EDQUOT", lambda: fill(file.fileno()))
            limit_space(self.world.full, "0")
            self.assert_fails("ENOSPC", lambda: fill(file.fileno()))
            os.fsync(file.fileno())
            retarget("full", "error")
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            self.assert_fails("EIO", lambda: os.pread(file.fileno(), BLOCK, 0))
            call("mount", "-o", "remount,abort", self.world.full)
            # Which call fails, and how, depends on the kernel: of 6.1 the second with EROFS, of
            # 6.12 the first with EIO, of 7.2 with EROFS.
            aborted = [failure_of(lambda: os.pwrite(file.fileno(), b"x" * BLOCK, 0)),
                       failure_of(lambda: os.fsync(file.fileno()))]
        self.assertNotEqual(aborted, [None, None])
        errors = self.errors()
        self.say(f"after the abort: {aborted}; errors: {errors}")
        failed = ["EDQUOT", "ENOSPC", "EIO", *aborted]
        self.assertEqual(errors, {name: failed.count(name)
                                  for name in ("EIO", "ENOSPC", "EROFS", "EDQUOT", "other")})

    def assert_fails(self, name, work):
        """The call fails so, and that counts."""
        before = self.errors()[name]
        with self.assertRaises(OSError) as raised:
            work()
        self.assertEqual(errno.errorcode[raised.exception.errno], name)
        self.assertEqual(self.errors()[name], before + 1)

    def errors(self):
        return self.agent.scrape().by("error", "docker_mount_io_errors_total",
                                      container="worker", destination="/full")

    def test_every_volume_has_an_io_source_and_disks_have_latencies(self):
        write(self.root + "/sourced/file", 2)
        os.sync()
        seen = self.agent.scrape()
        self.assertEqual(seen.by("volume", "docker_volume_io_source_info", source="ebpf"),
                         dict.fromkeys(World.VOLUMES, 1))
        device = seen.labels("docker_volume_filesystem_info", volume="sourced")["device"]
        count = seen.value("docker_device_io_latency_seconds_count", operation="write",
                           device=os.path.basename(device))
        with open(f"/sys/block/{os.path.basename(device)}/stat", encoding="ascii") as file:
            self.assertGreater(count, 0)
            self.assertLessEqual(count, int(file.read().split()[4]))

    def test_a_killed_agent_leaves_nothing_in_the_kernel_and_counters_restart(self):
        write(self.root + "/twice/of-the-first", 5)
        had = loaded()
        self.assertGreater(sum(had.values()), 10)
        self.agent.kill()
        eventually(lambda: not loaded(), 20, "the programs and maps of the first are gone")
        self.agent.start()
        self.assertEqual(self.world.root_of("worker", *World.VOLUMES), self.root)
        self.assertEqual(self.io_of("twice").numbers(), (0, 0, 0, 0, 0, 0))
        write(self.root + "/twice/of-the-second", 3)
        self.assertEqual(self.io_of("twice").writes, (3, 3 * BLOCK))
        self.assertEqual(self.mount_io("worker", "/twice").writes, (3, 3 * BLOCK))
        self.assertEqual(loaded(), had)

    def stop_and_remove(self, container):
        self.api.remove_container(container)
        self.agent.wait_until(lambda seen: not seen.all("docker_mount_reads_total",
                                                        container=container), "its end", 20)

    def map_entries(self):
        return sum(len(json.loads(output("bpftool", "-j", "map", "dump", "name", name)))
                   for name in ("watched_mounts", "counts"))


@contextlib.contextmanager
def nobody():
    """Whose limits hold: root may exceed its own."""
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def loaded():
    """How many of each name of the agent's programs and maps are in the kernel. The engine has a
    program without a map for each container: which devices that may use."""
    programs, maps = (json.loads(output("bpftool", "-j", kind, "show")) for kind in ("prog", "map"))
    programs = [one for one in programs if one["type"] != "cgroup_device"]
    return collections.Counter(one.get("name", "") for one in [*programs, *maps])


def fill(file):
    os.lseek(file, 0, os.SEEK_SET)
    while True:
        os.write(file, b"x" * 65536)


def failure_of(work):
    """The name of the error with which the call fails, if it does."""
    try:
        work()
    except OSError as error:
        return errno.errorcode[error.errno]
    return None


if __name__ == "__main__":
    run()
