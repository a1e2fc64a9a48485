# SPDX-License-Identifier: Apache-2.0
"""Known loads of reads and writes by different calls, and what a scrape says of them."""

import bisect
import json
import mmap
import os

from support.kernel import counts_mapped_writes
from volume_io_host import output

BLOCK = 4096
COUNT = 64
# The same work by different calls; what fio calls each.
ENGINES = ("psync", "vsync", "pvsync2", "libaio", "io_uring")
# (direction, O_DIRECT, operations): of no two sets of them the sums are the same.
JOBS = (("read", 0, COUNT), ("read", 1, COUNT // 2), ("write", 0, COUNT), ("write", 1, COUNT // 2))


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
        """With 0 for mapped writes where the kernel does not let us count them."""
        if counts_mapped_writes():
            return tuple(self.values)
        *others, mapped = self.values
        return (*others, mapped or 0)


def bucket_of(buckets, share):
    """The bounds of the bucket in which that share of the operations has ended."""
    bounds = sorted(buckets)
    counts = [buckets[bound] for bound in bounds]
    at = bisect.bisect_left(counts, share * counts[-1])
    return (bounds[at - 1] if at > 0 else 0), bounds[at]


def fio(file, engine, jobs):
    """Reads and writes a file that is there, as (direction, O_DIRECT, operations) says, one job
    after the other by one process: it takes a second to start. What fio says of each."""
    each = [f"--name={way}{direct} --rw={way} --direct={direct} --size={BLOCK * count} --stonewall"
            for way, direct, count in jobs]
    text = output("fio", "--filename=" + file, "--ioengine=" + engine, f"--bs={BLOCK}",
                  "--iodepth=4", "--thread", "--overwrite=1", "--fallocate=none",
                  "--allow_file_create=0", "--output-format=json", *" ".join(each).split())
    return json.loads(text[text.index("{"):])["jobs"]


def wanted_of(direction):
    """(operations, bytes) of all JOBS."""
    count = sum(count for way, _, count in JOBS if way == direction)
    return count, count * BLOCK


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
        "mmap": (opened(os.O_RDWR, map_and_write),
                 (0, 0, 0, 0, 0, 8 if counts_mapped_writes() else 0)),
        "O_SYNC": (opened(os.O_WRONLY | os.O_SYNC, synced), (0, 0, 1, 1, 0, 0)),
        "fsync": (opened(os.O_WRONLY, fsync_and_fdatasync), (0, 0, 0, 0, 2, 0)),
    }
