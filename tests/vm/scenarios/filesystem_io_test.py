# SPDX-License-Identifier: Apache-2.0
"""Each filesystem that we know is counted to the byte, by the functions of its own that Debian's
kernel has."""

import json
import mmap
import os
import re
import subprocess
import sys

sys.path.insert(1, os.path.join(os.path.dirname(__file__), "../../live"))

from support.kernel import counts_mapped_writes
from support.live_test import LiveTest, run

BLOCK = 4096
COUNT = 16
SLOTS = 4096  # of exporter/sources/ebpf/bpf/task_calls.bpf.h
# Of exporter/sources/ebpf/bpf/unpreempted.bpf.h; bpf_local_irq_save came last, with Linux 6.14.
KERNEL_CALLS = ["bpf_preempt_disable", "bpf_local_irq_save", "bpf_preempt_enable",
                "bpf_local_irq_restore"]


class FilesystemIo(LiveTest):
    """One load on one filesystem after the other."""

    needs = ("root", "bpftool", "fio", "mkfs.ext4", "mkfs.xfs", "mkfs.btrfs", "mkfs.f2fs")

    def make_disk(self, mkfs, name=None):
        name = name or mkfs
        image, point = self.scene.path(name), self.scene.new_folder(name + ".d")
        with open(image, "wb") as file:
            file.truncate(400 << 20)
        subprocess.run([mkfs, "-q", image], check=True)
        subprocess.run(["mount", "-o", "loop", image, point], check=True)
        return point

    def check_loads(self, point, has_direct=True, has_mapped=True, has_fsync=True):
        """A file that is written, synced, read again, read by sendfile, mapped and written."""
        load = [sys.executable, "-B", __file__, "load", point + "/file"]
        said = counted(point, *load)
        self.assertEqual(figures(said["write"]), (COUNT, COUNT * BLOCK))
        self.assertEqual(figures(said["read"]), (2 * COUNT, 2 * COUNT * BLOCK))
        self.assertEqual(said["fsync"]["operations"], 2 if has_fsync else 0)
        self.assertEqual(said["mapped_writes"],
                         COUNT if has_mapped and counts_mapped_writes() else 0)
        if has_direct:
            self.check_io_uring(point)

    def check_io_uring(self, point):
        for direction in ("read", "write"):
            said = counted(point, "fio", "--name=load", "--filename=" + point + "/file",
                           "--rw=" + direction, "--ioengine=io_uring", "--direct=1",
                           f"--bs={BLOCK}", f"--size={COUNT * BLOCK}", "--iodepth=4",
                           "--overwrite=1", "--fallocate=none", "--output=/dev/null")
            self.assertEqual(figures(said[direction]), (COUNT, COUNT * BLOCK))
            self.assertEqual(sum(said[direction]["latency"]), COUNT)

    def test_ext4(self):
        self.check_loads(self.make_disk("mkfs.ext4"))

    def test_calls_of_tasks_with_the_same_slot_are_counted_apart(self):
        first, second = (self.make_disk("mkfs.ext4", name) for name in ("first", "second"))
        own, other = counted_each([first, second], sys.executable, "-B", __file__, "share_slot",
                                  first + "/file", second + "/file")
        for said, count in ((own, COUNT), (other, 2 * COUNT)):
            for call in ("read", "write"):
                self.assertEqual(figures(said[call]), (count, count * BLOCK))
                self.assertEqual(sum(said[call]["latency"]), count)
            self.assertEqual(said["fsync"]["operations"], count)

    def test_programs_are_not_preempted_where_the_kernel_lets_them(self):
        point = self.make_disk("mkfs.ext4")
        said = subprocess.run([os.environ["COUNTED_IO"], point, "--",
                               "bpftool", "prog", "dump", "xlated", "name", "read_enter"],
                              check=True, capture_output=True, text=True).stdout
        # 3: (85) call bpf_preempt_disable#-8832
        calls = re.findall(r"call (bpf_preempt_\w+|bpf_local_irq_\w+)", said)
        self.assertEqual(calls, KERNEL_CALLS if has_kernel_function(KERNEL_CALLS[1]) else [], said)

    def test_xfs(self):
        subprocess.run(["modprobe", "xfs"], check=True)
        self.check_loads(self.make_disk("mkfs.xfs"))

    def test_btrfs(self):
        subprocess.run(["modprobe", "btrfs"], check=True)
        self.check_loads(self.make_disk("mkfs.btrfs"))

    def test_f2fs(self):
        subprocess.run(["modprobe", "f2fs"], check=True)
        self.check_loads(self.make_disk("mkfs.f2fs"))

    def test_tmpfs(self):
        point = self.scene.new_folder("tmpfs")
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", point], check=True)
        self.check_loads(point, has_direct=False, has_mapped=False)

    def test_overlay(self):
        point = self.scene.new_folder("overlay")
        below = self.scene.new_folder("below")
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", below], check=True)
        lower, upper, work = (os.path.join(below, name) for name in ("lower", "upper", "work"))
        for folder in (lower, upper, work):
            os.mkdir(folder)
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o",
                        f"lowerdir={lower},upperdir={upper},workdir={work}", point], check=True)
        self.check_loads(point, has_direct=False, has_mapped=False)


def has_kernel_function(name):
    # ffffffff81a2f0c0 T bpf_local_irq_save
    with open("/proc/kallsyms", encoding="ascii") as symbols:
        return any(line.split()[2] == name for line in symbols)


def counted(point, *command):
    """What went through the mount at `point` while the command ran."""
    return counted_each([point], *command)[0]


def counted_each(points, *command):
    done = subprocess.run([os.environ["COUNTED_IO"], *points, "--", *command], check=False,
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"{command}: {done.stdout}{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()[-len(points):]]


def figures(said):
    return said["operations"], said["bytes"]


def load(path):
    file = os.open(path, os.O_RDWR | os.O_CREAT)
    for _ in range(COUNT):
        os.write(file, b"x" * BLOCK)
    os.fsync(file)
    os.fdatasync(file)
    for number in range(COUNT):
        os.preadv(file, [bytearray(BLOCK // 2), bytearray(BLOCK // 2)], number * BLOCK)
    reader, writer = os.pipe()
    for number in range(COUNT):
        os.sendfile(writer, file, number * BLOCK, BLOCK)
        os.read(reader, BLOCK)
    with mmap.mmap(file, COUNT * BLOCK) as pages:
        for number in range(COUNT):
            pages[number * BLOCK] = 1


def share_slot(path, other_path):
    """Two processes whose process ids differ by SLOTS. Each mostly waits for its disk, in a call, while
    the other one enters its own; a synchronous write calls the filesystem's fsync."""
    with open("/proc/sys/kernel/ns_last_pid", "w", encoding="ascii") as last:
        last.write(str(os.getpid() + SLOTS - 1))
    child = os.fork()
    if child == 0:
        synchronous_calls(other_path, 2 * COUNT)
        os._exit(0)
    assert child == os.getpid() + SLOTS, child
    synchronous_calls(path, COUNT)
    assert os.waitpid(child, 0)[1] == 0


def synchronous_calls(path, count):
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_DIRECT | os.O_SYNC)
    block = mmap.mmap(-1, BLOCK)  # aligned
    for number in range(count):
        os.pwrite(file, block, number * BLOCK)
        os.preadv(file, [block], number * BLOCK)
        os.fsync(file)


if __name__ == "__main__":
    if sys.argv[1:2] == ["load"]:
        load(sys.argv[2])
    elif sys.argv[1:2] == ["share_slot"]:
        share_slot(*sys.argv[2:])
    else:
        run()
