# SPDX-License-Identifier: Apache-2.0
"""Volumes on NFS, mounted by Docker from a server on the loopback interface: each has the
numbers of its own load, to the byte, and the agent never waits for the server."""

import errno
import os
import subprocess
import sys

sys.path.insert(1, os.path.join(os.path.dirname(__file__), "../../live"))

from support.live_test import SharedLiveTest, run
from support.scene import eventually

OPERATIONS = "docker_volume_nfs_operations_total"
MANY, RECORD = 1001, 1000  # of a load, not a multiple of a page
BYTES = MANY * RECORD
BLOCKS = 10
DIRECT = BLOCKS * 4096


class Nfs(SharedLiveTest):
    needs = ("root", "dockerd", "busybox", "mkfs.ext4", "rpcbind", "rpcinfo", "rpc.nfsd", "rpc.mountd",
             "exportfs")

    @classmethod
    def set_scene(cls):
        cls.server = Server(cls.scene)
        cls.addClassCleanup(cls.server.end)
        cls.start_shared_engine()

    def setUp(self):
        super().setUp()
        self.agent = self.start_agent(self.engine, "--no-collector.sizes",
                                      "--no-collector.io.ebpf")

    def run_with_volumes(self, **options):
        """Makes a volume of each {name: mount options} and mounts them by a container."""
        for name, more in options.items():
            self.server.new_folder(name)
            self.engine.api.create_volume(name, options={
                "type": "nfs", "device": f":{self.server.path(name, more)}",
                "o": f"addr=127.0.0.1,{more}"})
            self.addCleanup(self.engine.api.remove_volume, name)
        self.engine.api.run_container("app", [f"{name}:/{name}" for name in options])
        self.addCleanup(self.engine.api.remove_container, "app")
        self.agent.wait_until(lambda seen: set(options) <= set(seen.by(
            "volume", "docker_volume_io_source_info")), "their I/O has a source", 20)

    def folder(self, volume):
        return self.engine.volume_folder(volume)

    def load(self, volume):
        """Writes and reads by the container's mount, through the page cache and past it; the
        server sees all of it."""
        file = f"/proc/{self.engine.api.pid_of('app')}/root/{volume}/file"
        dd("/dev/zero", file, f"bs={RECORD}", f"count={MANY}", "conv=fsync")
        drop_caches()
        dd(file, "/dev/null", f"bs={RECORD}")
        # Whole blocks, and none behind the end: what is asked for is what there is.
        dd("/dev/zero", file, "bs=4096", f"count={BLOCKS}", "oflag=direct")
        dd(file, "/dev/null", "bs=4096", f"count={BLOCKS}", "iflag=direct")

    def test_a_known_load_is_counted_to_the_byte_and_a_neighbour_stays_at_zero(self):
        volumes = {"three": "vers=3,nolock,nosharecache", "four": "vers=4.2,nosharecache",
                   "idle": "vers=4.2,nosharecache"}
        self.run_with_volumes(**volumes)
        tracing = self.start_agent(self.engine, "--no-collector.sizes")
        tracing.wait_until(lambda seen: set(volumes) <= set(seen.by(
            "volume", "docker_volume_io_source_info", source="ebpf")), "eBPF counts", 20)
        for volume in ("three", "four"):
            self.load(volume)

        traced = tracing.scrape()
        for volume in ("three", "four"):
            # The last read of a load through the page cache finds the end of the file.
            self.assertEqual(figures(traced, volume), {
                "source": "ebpf", "reads": MANY + 1 + BLOCKS, "read_bytes": BYTES + DIRECT,
                "writes": MANY + BLOCKS, "written_bytes": BYTES + DIRECT})
        self.assertEqual(figures(traced, "idle"), {
            "source": "ebpf", "reads": 0, "read_bytes": 0, "writes": 0, "written_bytes": 0})

        seen = self.agent.scrape()
        self.assertEqual(figures(seen, "idle"), {
            "source": "nfs", "reads": 0, "read_bytes": 0, "writes": 0, "written_bytes": 0})
        for volume in ("three", "four"):
            done = seen.by("operation", OPERATIONS, volume=volume)
            read = "READ_PLUS" if "READ_PLUS" in done else "READ"  # NFS 4.2 of Linux 6.12
            for operation in (read, "WRITE", "COMMIT"):
                self.assertGreater(done[operation], 0)
            self.assertEqual(figures(seen, volume), {
                "source": "nfs", "reads": done[read], "read_bytes": BYTES + DIRECT,
                "writes": done["WRITE"], "written_bytes": BYTES + DIRECT})
            self.assert_is_between(BYTES + DIRECT, seen.value(
                "docker_volume_nfs_sent_bytes_total", volume=volume, operation="WRITE"))
            self.assert_is_between(BYTES + DIRECT, seen.value(
                "docker_volume_nfs_received_bytes_total", volume=volume, operation=read))
        idle = seen.by("operation", OPERATIONS, volume="idle")
        self.assertGreater(idle["GETATTR"], 0)
        self.assertTrue({"READ", "READ_PLUS", "WRITE", "COMMIT",
                         "CREATE_SESSION"}.isdisjoint(idle))

    def assert_is_between(self, payload, seen):
        """Each request and each answer has a header."""
        self.assertGreater(seen, payload)
        self.assertLess(seen, payload * 1.2)

    def test_volumes_that_share_a_superblock_have_no_counters(self):
        self.run_with_volumes(first="vers=4.2", second="vers=4.2", alone="vers=4.1")
        dd("/dev/zero", os.path.join(self.folder("first"), "file"), "bs=4096", "count=1")
        seen = self.agent.scrape()
        self.assertEqual({labels["volume"] for labels, _ in seen.all(OPERATIONS)}, {"alone"})
        for volume in ("first", "second"):  # what the kernel counts is of neither
            self.assertEqual(figures(seen, volume), {
                "source": "shared", "reads": None, "read_bytes": None, "writes": None,
                "written_bytes": None})
        self.assertEqual(figures(seen, "alone")["source"], "nfs")

    def test_an_unreachable_server_delays_no_scrape_and_removes_no_counter(self):
        self.run_with_volumes(data="vers=4.2")
        before = self.agent.scrape().value(OPERATIONS, volume="data", operation="GETATTR")
        self.assertGreater(before, 0)
        self.server.stop()
        self.addCleanup(self.server.serve)
        # A name that the client has not asked for: what it knows of the folder Linux 7.2 lists.
        stuck = self.scene.start("stuck", ["stat", os.path.join(self.folder("data"), "unknown")])
        self.assert_scrapes_are_fast(self.agent)
        self.assertIsNone(stuck.poll())
        after = self.agent.scrape()
        self.assertGreaterEqual(
            after.value(OPERATIONS, volume="data", operation="GETATTR"), before)
        self.assertEqual(after.value("volumeter_source_up", source="mountstats"), 1)


class Server:
    """The kernel's NFS server, with one filesystem of its own."""

    def __init__(self, scene):
        for module in ("nfsd", "nfs", "nfsv3", "nfsv4"):
            call("modprobe", module)
        image, self.disk = scene.path("image"), scene.new_folder("disk")
        with open(image, "wb") as file:
            file.truncate(100 << 20)
        call("mkfs.ext4", "-q", image)
        call("mount", "-o", "loop", image, self.disk)
        os.makedirs("/var/lib/nfs", exist_ok=True)
        os.makedirs("/run/rpcbind", exist_ok=True)
        if not os.path.exists("/proc/fs/nfsd/threads"):
            call("mount", "-t", "nfsd", "nfsd", "/proc/fs/nfsd")
        call("exportfs", "-o", "rw,no_root_squash,no_subtree_check,insecure,fsid=0",
             "*:" + self.disk)
        scene.start("rpcbind", ["rpcbind", "-w", "-f"])
        eventually(lambda: answers("portmapper", 2), 30, "rpcbind answers")
        self.serve()
        scene.start("mountd", ["rpc.mountd", "-F"])
        eventually(lambda: answers("mountd", 3), 30, "mountd answers")

    def new_folder(self, name):
        os.mkdir(os.path.join(self.disk, name))

    def path(self, name, options):
        """As a client names it: NFS 4 begins at the filesystem with fsid=0."""
        return os.path.join(self.disk if "vers=3" in options else "/", name)

    def serve(self):
        call("rpc.nfsd", "2")
        # Ends the grace period, during which no file can be opened. Linux 7.2 returns EBUSY if no
        # client has anything to reclaim; it starts no grace period then.
        try:
            with open("/proc/fs/nfsd/v4_end_grace", "w", encoding="ascii") as file:
                file.write("Y")
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise

    def stop(self):
        call("rpc.nfsd", "0")

    def end(self):
        self.stop()
        call("exportfs", "-u", "*:" + self.disk)
        call("exportfs", "-f")


def figures(seen, volume):
    """What a scrape says of the I/O of a volume, and by whose word."""
    said = {name: seen.value(f"docker_volume_{name}_total", volume=volume)
            for name in ("reads", "read_bytes", "writes", "written_bytes")}
    return {"source": seen.labels("docker_volume_io_source_info", volume=volume)["source"], **said}


def call(*argv):
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout


def answers(program, version):
    return subprocess.run(["rpcinfo", "-T", "tcp", "127.0.0.1", program, str(version)],
                          check=False, capture_output=True).returncode == 0


def dd(source, target, *options):
    call("dd", f"if={source}", f"of={target}", "status=none", *options)


def drop_caches():
    with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as file:
        file.write("3")


if __name__ == "__main__":
    run()
