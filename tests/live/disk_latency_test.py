# SPDX-License-Identifier: Apache-2.0
"""How long disks take is measured of each request, and what the kernel refuses to count is said.

The kernel may be locked down: then it tells of disks, but not of what goes through mounts.
"""

import json
import os
import re
import subprocess
import time

from support.disk import make_disk
from support.live_test import LiveTest, run
from support.scene import eventually

LATENCY = "docker_device_io_latency_seconds"
FILE_BYTES, BLOCK = 8 << 20, 4096
READS = 3000
SYNCED_WRITES = 50
# Which number of /sys/block/NAME/stat counts them: Documentation/block/stat.rst.
STAT = {"read": 0, "write": 4, "discard": 11, "flush": 15}


class DiskLatencyTest(LiveTest):
    needs = ("root", "dockerd", "busybox", "losetup", "mkfs.ext4", "fio")

    def start_with_a_volume_on_a_disk(self):
        """The agent, the name of the disk, and a large file on it."""
        engine = self.start_engine()
        try:
            device = make_disk(self.scene, "disk", 64)
        except (OSError, subprocess.CalledProcessError) as error:
            self.skipTest(f"no ext4 on a loop device: {error}")
        engine.api.create_volume("own", options={"type": "ext4", "device": device})
        agent = self.start_agent(engine)
        engine.api.run_container("worker", ["own:/data"])
        name = os.path.basename(device)
        agent.wait_until(lambda seen: seen.labels("docker_device_info", device=name),
                         "the disk is known", 5)
        return engine, agent, name, os.path.join(engine.volume_folder("own"), "file")

    def require_latency(self, agent):
        if agent.scrape().value("volumeter_source_up", source="ebpf_devices") != 1:
            self.skipTest("the kernel does not tell of its disks:\n" + agent.log())

    def test_each_request_is_counted_once_as_in_diskstats(self):
        _, agent, disk, file = self.start_with_a_volume_on_a_disk()
        self.require_latency(agent)
        before = quiet_counts(agent, disk)
        write_blocks(file, FILE_BYTES // BLOCK)
        write_blocks(file, SYNCED_WRITES, os.O_DSYNC)
        with open(file, "rb") as written:
            os.fsync(written.fileno())
        fio_reads(file)
        subprocess.run(["fstrim", os.path.dirname(file)], check=False, capture_output=True)
        seen = []

        def is_exact():
            after = quiet_counts(agent, disk)
            ours, theirs = ({kind: after[who][kind] - before[who][kind] for kind in STAT}
                            for who in ("agent", "kernel"))
            seen[:] = [ours, theirs]
            return ours == theirs

        try:
            eventually(is_exact, 20, "the agent counted what the kernel did")
        except AssertionError as error:
            raise AssertionError(f"{error}: {seen}") from None
        self.say(f"requests: {seen[0]}")
        self.assertGreaterEqual(seen[0]["read"], READS)
        self.assertGreaterEqual(seen[0]["write"], FILE_BYTES // BLOCK + SYNCED_WRITES)
        self.assertGreaterEqual(seen[0]["flush"], SYNCED_WRITES)

    def test_the_median_latency_equals_that_of_fio(self):
        _, agent, disk, file = self.start_with_a_volume_on_a_disk()
        self.require_latency(agent)
        write_blocks(file, FILE_BYTES // BLOCK)
        tried = []

        def fits():
            before = buckets(agent.scrape(), disk, "read")
            fio = fio_reads(file)
            bound = median_bound(before, buckets(agent.scrape(), disk, "read"))
            tried.append((bound, fio))
            # A call lasts at least as long as its request, whose bucket ends at most at twice that.
            self.assertLessEqual(bound, 2 * max(fio, 8.192e-6) * 1.05, tried)
            return fio <= 4 * bound

        # On a loaded machine fio may wait long for the processor after its request is done.
        eventually(fits, 60, "fio's median is within two buckets")
        self.say("medians: at most %.6f s, by fio %.6f s" % tried[-1])

    def test_metrics_that_the_kernel_denies_are_absent_and_the_reason_is_reported(self):
        engine, agent, _, _ = self.start_with_a_volume_on_a_disk()
        agent.wait_until(lambda seen: seen.labels("docker_volume_io_source_info", volume="own"),
                         "the volume has a source of I/O", 5)
        seen = agent.scrape()
        counts = seen.value("volumeter_source_up", source="ebpf_mounts") == 1
        self.say("the kernel counts what goes through mounts" if counts else "the kernel refuses")
        source = seen.labels("docker_volume_io_source_info", volume="own")["source"]
        self.assertEqual(source == "ebpf", counts)
        for metric in ("docker_volume_fsyncs_total", "docker_mount_reads_total",
                       "docker_mount_io_errors_total"):
            self.assertEqual(bool(seen.all(metric)), counts, metric)
        lines = [line for line in agent.log().splitlines()
                 if 'subject=ebpf msg="eBPF unavailable' in line]
        self.assertEqual(len(lines), 0 if counts else 1, agent.log())
        wanted = (r"ok +io +I/O of volumes counted by eBPF: 1 \(own\)" if counts else
                  "missing +ebpf_mounts +I/O of volumes, counted by eBPF: .+")
        self.assertRegex(self.check(engine), f"(?m)^{wanted}$")

    def check(self, engine):
        return subprocess.run([os.environ["VOLUMETER"], "--check", "--docker.host", engine.host,
                               "--state.directory", self.scene.path("other-state")],
                              capture_output=True, text=True, check=False, timeout=60).stdout


def write_blocks(path, count, flags=0):
    """One request each, past the page cache."""
    subprocess.run(["dd", "if=/dev/zero", f"of={path}", f"bs={BLOCK}", f"count={count}",
                    "conv=notrunc", "oflag=direct" + (",dsync" if flags & os.O_DSYNC else "")],
                   check=True, capture_output=True)


def fio_reads(path):
    """Reads one block after the other, past the page cache; the median of fio, in seconds."""
    done = subprocess.run(["fio", "--name=reads", f"--filename={path}", "--rw=randread",
                           "--direct=1", "--ioengine=psync", f"--bs={BLOCK}",
                           f"--size={FILE_BYTES}", f"--io_size={READS * BLOCK}", "--norandommap",
                           "--thread", "--output-format=json"],
                          check=True, capture_output=True, text=True)
    # Warnings may stand before it.
    result = json.loads(done.stdout[done.stdout.index("{"):])["jobs"][0]["read"]
    return result["clat_ns"]["percentile"]["50.000000"] / 1e9


def buckets(seen, disk, operation):
    """{upper bound: requests that took at most so long}"""
    return {float(bound): count
            for bound, count in seen.by("le", LATENCY + "_bucket", device=disk,
                                        operation=operation).items()}


def median_bound(before, after):
    """The bound of the bucket in which the median is of what came between."""
    news = {bound: count - before.get(bound, 0) for bound, count in sorted(after.items())}
    half = news[float("inf")] / 2
    return next(bound for bound, count in news.items() if count >= half)


def quiet_counts(agent, disk):
    """What the agent and the kernel counted, seen twice the same: nothing is on its way."""
    seen = []

    def stands_still():
        kernel = kernel_counts(disk)
        ours = agent.scrape().by("operation", LATENCY + "_count", device=disk)
        seen.append({"kernel": kernel, "agent": {kind: ours.get(kind, 0) for kind in STAT}})
        time.sleep(0.1)
        return kernel == kernel_counts(disk) and len(seen) > 1 and seen[-1] == seen[-2]

    eventually(stands_still, 30, "the disk has nothing to do")
    return seen[-1]


def kernel_counts(disk):
    with open(f"/sys/block/{disk}/stat", encoding="utf-8") as file:
        numbers = [int(number) for number in re.findall(r"\d+", file.read())]
    return {kind: numbers[place] for kind, place in STAT.items()}


if __name__ == "__main__":
    run()
