# SPDX-License-Identifier: Apache-2.0
"""What containers do to their volumes is counted to the byte, whichever call they use, and to
nobody else's account. Debian's kernel lets eBPF see it; a real engine runs the containers."""

import bisect
import ctypes
import errno
import json
import mmap
import os
import subprocess
import sys
import unittest

sys.path.insert(1, os.path.join(os.path.dirname(__file__), "../../live"))

from support.agent import Agent
from support.engine import Engine
from support.live_test import is_there, run
from support.scene import Scene, eventually, libc

NEEDS = ("root", "dockerd", "fio", "dmsetup", "mkfs.ext4", "bpftool")
BLOCK = 4096
COUNT = 64
MS_BIND = 4096
SLOW_MS = 20  # of the delayed disk
# The same work by different calls; what fio calls each.
ENGINES = ("psync", "vsync", "pvsync2", "libaio", "io_uring")


class World:
    """An engine whose data lies on a disk that takes its time, and an agent beside it."""

    def __init__(self):
        self.scene = Scene()
        call("modprobe", "dm-delay")
        call("modprobe", "overlay")
        folder = self.scene.new_folder("images")
        call("mount", "-t", "tmpfs", "images", folder)
        self.disk = self.make_disk(folder, "disk", 300)
        os.mkdir(os.path.join(self.disk, "docker"))
        self.engine = Engine(self.scene)
        self.engine.data_root = os.path.join(self.disk, "docker")
        self.engine.start_with_image()
        self.api = self.engine.api
        self.agent = Agent(self.scene, self.engine.host).start()

    def make_disk(self, folder, name, mebibytes, wrap=lambda device: device):
        image, point = os.path.join(folder, name), self.scene.new_folder(name)
        with open(image, "wb") as file:
            file.truncate(mebibytes << 20)
        device = wrap(output("losetup", "--find", "--show", image).strip())
        call("mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", device)
        call("mount", device, point)
        return point

    def end(self):
        self.engine.end()
        self.scene.end()


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
        cls.api, cls.agent = cls.world.api, cls.world.agent

    def container(self, name, *binds):
        """Starts one and waits until its mounts are counted; its root directory."""
        self.api.run_container(name, binds)
        self.addCleanup(self.remove, name)
        return self.root_of(name, binds)

    def root_of(self, name, binds):
        destinations = {bind.split(":")[1] for bind in binds} | {"/"}
        self.agent.wait_until(
            lambda seen: destinations <= set(seen.by("destination", "docker_mount_reads_total",
                                                     container=name)), f"{name} is seen", 20)
        pid = self.api.call("GET", f"/v1.41/containers/{name}/json")["State"]["Pid"]
        return f"/proc/{pid}/root"

    def remove(self, name):
        try:
            self.api.remove_container(name, volumes=True)
        except RuntimeError:
            pass  # the test did

    def volume(self, name, **options):
        self.api.create_volume(name, options=options or None)
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
        busy, quiet = self.volume("busy"), self.volume("quiet")
        root = self.container("worker", f"{busy}:/data", f"{quiet}:/quiet")
        file = os.path.join(root, "data/file")
        with open(self.world.engine.volume_folder(busy) + "/file", "wb") as made_by_the_host:
            made_by_the_host.write(b"x" * BLOCK * COUNT)
            os.fsync(made_by_the_host.fileno())
        for engine in ENGINES:
            for direct in (0, 1):
                for mode in ("read", "write"):
                    with self.subTest(engine=engine, direct=direct, mode=mode):
                        reads = COUNT if mode == "read" else 0
                        said = self.done_meanwhile(busy, lambda: fio(file, engine, mode, direct))
                        self.assertEqual(said.reads, (reads, reads * BLOCK))
                        self.assertEqual(said.writes, (COUNT - reads, (COUNT - reads) * BLOCK))
                        self.assertEqual(said.fsyncs, 0)
        for name, (work, wanted) in other_calls(file).items():
            with self.subTest(call=name):
                self.assertEqual(self.done_meanwhile(busy, work).numbers(), wanted)
        self.assertEqual(self.io_of(quiet).numbers(), (0, 0, 0, 0, 0, 0))

    def test_the_latency_is_the_one_that_fio_sees(self):
        folder = self.world.scene.new_folder("slow-image")
        call("mount", "-t", "tmpfs", "slow", folder)
        point = self.world.make_disk(folder, "slow", 64, lambda device: map_device(
            "slow", f"delay {{}} 0 {SLOW_MS}", device))
        self.addCleanup(lambda: (call("umount", point), call("dmsetup", "remove", "slow")))
        place = os.path.join(point, "v")
        os.mkdir(place)
        slow = self.volume("slow", type="none", o="bind", device=place)
        file = os.path.join(self.container("sluggish", f"{slow}:/data"), "data/file")
        with open(os.path.join(place, "file"), "wb") as made_by_the_host:
            made_by_the_host.write(b"x" * BLOCK * COUNT)
            os.fsync(made_by_the_host.fileno())
        before = self.io_of(slow)
        said = fio(file, "psync", "randread", 1)["read"]["clat_ns"]["percentile"]
        buckets = (self.io_of(slow) - before).latency["read"]
        for percent in ("50.000000", "99.000000"):
            low, high = bucket_of(buckets, float(percent) / 100)
            self.say(f"p{float(percent):g}: fio {said[percent] / 1e6:.1f} ms, "
                     f"ours {low * 1e3:.1f} to {high * 1e3:.1f} ms")
            self.assertLess(low, said[percent] / 1e9)
            self.assertGreaterEqual(high, said[percent] / 1e9)
        self.stop_and_remove("sluggish")

    def test_two_containers_on_one_volume_have_their_shares(self):
        shared = self.volume("shared")
        first = self.container("first", f"{shared}:/data")
        second = self.container("second", f"{shared}:/elsewhere")
        write(first + "/data/a", 10)
        write(second + "/elsewhere/b", 30)
        self.assertEqual(self.mount_io("first", "/data").writes, (10, 10 * BLOCK))
        self.assertEqual(self.mount_io("second", "/elsewhere").writes, (30, 30 * BLOCK))
        self.assertEqual(self.io_of(shared).writes, (40, 40 * BLOCK))
        self.stop_and_remove("first")
        self.assertEqual(self.io_of(shared).writes, (40, 40 * BLOCK))

    def test_neither_restarts_nor_new_mounts_with_old_ids_make_counters_jump(self):
        volume = self.volume("lasting")
        root = self.container("restarted", f"{volume}:/data")
        write(root + "/data/a", 5)
        for _ in range(3):
            self.api.stop_container("restarted")
            self.api.start_container("restarted")
        eventually(lambda: self.wrote_one_more(volume, "restarted", 5), 20, "it is counted again")
        self.assertEqual(self.mount_io("restarted", "/data").writes, (6, 6 * BLOCK))
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
        pid = self.api.call("GET", f"/v1.41/containers/{container}/json")["State"]["Pid"]
        write(f"/proc/{pid}/root/data/b", 1)
        return False

    def test_what_the_host_does_is_nobodys(self):
        volume = self.volume("untouched")
        self.container("idle", f"{volume}:/data")
        for place in (self.world.disk, self.world.engine.volume_folder(volume)):
            write(os.path.join(place, "of-the-host"), 100)
            fio(os.path.join(place, "of-the-host"), "io_uring", "read", 1)
        self.assertEqual(self.io_of(volume).numbers(), (0, 0, 0, 0, 0, 0))
        self.assertEqual(self.mount_io("idle", "/data").writes, (0, 0))
        self.assertEqual(self.mount_io("idle", "/").writes, (0, 0))

    def test_the_root_directory_and_tmpfs_of_a_container_are_counted(self):
        root = self.container("rootfs")
        write(root + "/file", 7)
        self.assertEqual(self.mount_io("rootfs", "/").writes, (7, 7 * BLOCK))
        tmpfs = self.volume("memory", type="tmpfs", device="tmpfs")
        root = self.container("remembers", f"{tmpfs}:/memory")
        write(root + "/memory/file", 3)
        self.assertEqual(self.io_of(tmpfs).writes, (3, 3 * BLOCK))

    def test_errors_are_told_apart(self):
        folder = self.world.scene.new_folder("small-image")
        call("mount", "-t", "tmpfs", "small", folder)
        point = self.world.make_disk(folder, "small", 16, lambda device: map_device(
            "small", "linear {} 0", device))
        self.addCleanup(lambda: (call("umount", point), call("dmsetup", "remove", "small")))
        os.mkdir(os.path.join(point, "v"))
        volume = self.volume("full", type="none", o="bind", device=os.path.join(point, "v"))
        root = self.container("filler", f"{volume}:/data")
        with open(root + "/data/file", "w+b", buffering=0) as file:
            self.assert_fails("ENOSPC", lambda: fill(file.fileno()))
            os.fsync(file.fileno())
            map_device("small", "error", "/dev/mapper/small", "reload")
            call("dmsetup", "--noudevsync", "resume", "small")
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            self.assert_fails("EIO", lambda: os.pread(file.fileno(), BLOCK, 0))
            call("mount", "-o", "remount,abort", point)
            self.assert_fails("EROFS", lambda: os.fsync(file.fileno()))
        errors = self.errors("filler")
        self.say(f"errors: {errors}")
        self.assertEqual(errors["ENOSPC"], 1)
        self.assertEqual(errors["other"] + errors["EDQUOT"], 0)
        self.stop_and_remove("filler")

    def assert_fails(self, name, work):
        """The call fails so, and that counts."""
        before = self.errors("filler")[name]
        with self.assertRaises(OSError) as raised:
            work()
        self.assertEqual(errno.errorcode[raised.exception.errno], name)
        self.assertEqual(self.errors("filler")[name], before + 1)

    def errors(self, container):
        return self.agent.scrape().by("error", "docker_mount_io_errors_total",
                                      container=container, destination="/data")

    def test_every_volume_says_where_its_numbers_come_from_and_disks_have_latencies(self):
        volume = self.volume("sourced")
        root = self.container("source", f"{volume}:/data")
        seen = self.agent.scrape()
        self.assertEqual(seen.labels("docker_volume_io_source_info", volume=volume)["source"],
                         "ebpf")
        write(root + "/data/file", 2)
        os.sync()
        seen = self.agent.scrape()
        device = seen.labels("docker_volume_filesystem_info", volume=volume)["device"]
        count = seen.value("docker_device_io_latency_seconds_count", operation="write",
                           device=os.path.basename(device))
        with open(f"/sys/block/{os.path.basename(device)}/stat", encoding="ascii") as file:
            self.assertGreater(count, 0)
            self.assertLessEqual(count, int(file.read().split()[4]))

    def stop_and_remove(self, container):
        self.api.remove_container(container)
        self.agent.wait_until(lambda seen: not seen.all("docker_mount_reads_total",
                                                        container=container), "its end", 20)

    def map_entries(self):
        return sum(len(json.loads(output("bpftool", "-j", "map", "dump", "name", name)))
                   for name in ("watched_mounts", "counts"))


class Io:
    """What a scrape says of one volume or mount."""

    FIGURES = ("reads", "read_bytes", "writes", "written_bytes", "fsyncs", "mapped_writes")

    def __init__(self, seen, prefix, **labels):
        self.values = [seen.value(f"{prefix}_{figure}_total", **labels) for figure in self.FIGURES]
        self.latency = {}
        for pairs, value in seen.all("docker_volume_io_latency_seconds_bucket", **labels):
            self.latency.setdefault(pairs["operation"], {})[float(pairs["le"])] = value

    def __sub__(self, before):
        self.values = [None if mine is None else mine - theirs
                       for mine, theirs in zip(self.values, before.values)]
        self.latency = {operation: {bound: value - before.latency.get(operation, {}).get(bound, 0)
                                    for bound, value in buckets.items()}
                        for operation, buckets in self.latency.items()}
        return self

    @property
    def reads(self):
        return tuple(self.values[0:2])

    @property
    def writes(self):
        return tuple(self.values[2:4])

    @property
    def fsyncs(self):
        return self.values[4]

    def numbers(self):
        return tuple(self.values)


def bucket_of(buckets, share):
    """The bounds of the bucket in which that share of the operations has ended."""
    bounds = sorted(buckets)
    counts = [buckets[bound] for bound in bounds]
    at = bisect.bisect_left(counts, share * counts[-1])
    return (bounds[at - 1] if at > 0 else 0), bounds[at]


def fio(file, engine, mode, direct):
    """Reads or writes all of a file that is there; what fio says of it."""
    text = output("fio", "--name=load", "--filename=" + file, "--ioengine=" + engine,
                  "--rw=" + mode, f"--direct={direct}", f"--bs={BLOCK}", f"--size={BLOCK * COUNT}",
                  "--iodepth=4", "--thread", "--overwrite=1", "--fallocate=none",
                  "--allow_file_create=0", "--output-format=json")
    return json.loads(text[text.index("{"):])["jobs"][0]


def write(file, blocks):
    with open(file, "wb", buffering=0) as out:
        for _ in range(blocks):
            out.write(b"x" * BLOCK)


def other_calls(path):
    """{name: (work, its reads, read bytes, writes, written bytes, fsyncs, mapped writes)} of calls
    that fio does not know."""
    def opened(flags, work):
        def do():
            file = os.open(path, flags)
            try:
                work(file)
            finally:
                os.close(file)
        return do

    def to_pipe(move):
        """Out of the file by way of a pipe that takes it in pieces."""
        def work(file):
            reader, writer = os.pipe()
            for number in range(8):
                move(file, writer, number * BLOCK)
                os.read(reader, BLOCK)
            os.close(reader)
            os.close(writer)
        return work

    def from_pipe(file):
        reader, writer = os.pipe()
        os.write(writer, b"x" * BLOCK)
        os.splice(reader, file, BLOCK, offset_dst=0)
        os.close(reader)
        os.close(writer)

    def map_and_write(file):
        with mmap.mmap(file, 8 * BLOCK) as pages:
            for number in range(8):
                pages[number * BLOCK] = 1

    def synced(file):
        os.pwrite(file, b"x", 0)

    def fsync_and_fdatasync(file):
        os.fsync(file)
        os.fdatasync(file)

    eight = 8 * BLOCK
    return {
        "sendfile": (opened(os.O_RDONLY, to_pipe(
            lambda file, pipe, at: os.sendfile(pipe, file, at, BLOCK))), (8, eight, 0, 0, 0, 0)),
        "splice out": (opened(os.O_RDONLY, to_pipe(
            lambda file, pipe, at: os.splice(file, pipe, BLOCK, offset_src=at))),
            (8, eight, 0, 0, 0, 0)),
        "splice in": (opened(os.O_WRONLY, from_pipe), (0, 0, 1, BLOCK, 0, 0)),
        "mmap": (opened(os.O_RDWR, map_and_write), (0, 0, 0, 0, 0, 8)),
        "O_SYNC": (opened(os.O_WRONLY | os.O_SYNC, synced), (0, 0, 1, 1, 0, 0)),
        "fsync": (opened(os.O_WRONLY, fsync_and_fdatasync), (0, 0, 0, 0, 2, 0)),
    }


def map_device(name, target, device, command="create"):
    """Makes a device on top of another, or gives it another target; {} stands for the other."""
    sectors = output("blockdev", "--getsz", device).strip()
    call("dmsetup", "--noudevsync", command, name, "--table",
         f"0 {sectors} {target.format(device)}")
    call("dmsetup", "--noudevsync", "mknodes")
    return "/dev/mapper/" + name


def fill(file):
    os.lseek(file, 0, os.SEEK_SET)
    while True:
        os.write(file, b"x" * 65536)


def call(*argv):
    subprocess.run(argv, check=True)


def output(*argv):
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"{argv}: {done.stdout}{done.stderr}")
    return done.stdout


def bind(source, point):
    if libc.mount(source.encode(), point.encode(), None, MS_BIND, None) != 0:
        raise OSError(ctypes.get_errno(), "mount")


if __name__ == "__main__":
    run()
