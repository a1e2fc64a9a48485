#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A FUSE filesystem of one file backed by another file, with adjustable latency.

    slow_fuse.py BACKING FOLDER SOURCE

mounts it at FOLDER, prints "mounted", and serves FOLDER/data, which has the contents of BACKING,
until it is unmounted. SOURCE is its device name in mountinfo. Each line of standard input is a
new delay in seconds for every read and write. Requests are served one by one, as by a disk with
one head. Stopping the server (SIGSTOP) hangs the filesystem.
"""

import ctypes
import errno
import os
import select
import stat
import struct
import sys
import time

# The protocol of linux/fuse.h: a header and a body by opcode, in both directions.
(LOOKUP, FORGET, GETATTR, SETATTR, OPEN, READ, WRITE, STATFS, RELEASE, FSYNC, FLUSH, INIT,
 OPENDIR, READDIR, RELEASEDIR, INTERRUPT, DESTROY, BATCH_FORGET) = (
     1, 2, 3, 4, 14, 15, 16, 17, 18, 20, 25, 26, 27, 28, 29, 36, 38, 42)
IN_HEADER = struct.Struct("=IIQQIIIHH")  # length, opcode, unique, node, uid, gid, pid, two more
OUT_HEADER = struct.Struct("=IiQ")
ATTRIBUTES = struct.Struct("=QQQQQQIIIIIIIIII")
READ_OR_WRITE = struct.Struct("=QQII")  # handle, offset, size, flags; a write has 16 bytes more
WRITE_IN_BYTES = 40
BIG_WRITES = 1 << 5
MAX_WRITE = 128 << 10
UNANSWERED = (FORGET, BATCH_FORGET, INTERRUPT)

ROOT, FILE = 1, 2  # nodes
NAME = b"data"
NOSUID_NODEV = 2 | 4


class SlowFile:
    """The answers to the kernel's requests."""

    def __init__(self, backing):
        self.backing = os.open(backing, os.O_RDWR)
        self.delay = 0.0
        self.answers = {LOOKUP: self.look_up, GETATTR: self.get_attributes,
                        SETATTR: self.get_attributes, OPEN: self.open, OPENDIR: self.open,
                        READ: self.read, WRITE: self.write, STATFS: self.statfs,
                        FSYNC: self.fsync, FLUSH: self.nothing, RELEASE: self.nothing,
                        RELEASEDIR: self.nothing, DESTROY: self.nothing, INIT: self.init,
                        READDIR: self.read_directory}

    def answer(self, opcode, node, body):
        """The bytes after the header of the reply, or OSError."""
        if opcode not in self.answers:
            raise OSError(errno.ENOSYS, "not served")
        if opcode in (READ, WRITE):
            time.sleep(self.delay)
        return self.answers[opcode](node, body)

    def init(self, _node, _body):
        return struct.pack("=IIIIHHIIHHI28x", 7, 31, MAX_WRITE, BIG_WRITES, 16, 12, MAX_WRITE,
                           1, 0, 0, 0)

    def attributes(self, node):
        seen = os.fstat(self.backing)
        size = 0 if node == ROOT else seen.st_size
        mode = stat.S_IFDIR | 0o755 if node == ROOT else stat.S_IFREG | 0o644
        time_of_change = int(seen.st_mtime)
        return ATTRIBUTES.pack(node, size, size // 512, time_of_change, time_of_change,
                               time_of_change, 0, 0, 0, mode, 2 if node == ROOT else 1,
                               0, 0, 0, 4096, 0)

    def look_up(self, node, body):
        if node != ROOT or body.rstrip(b"\0") != NAME:
            raise OSError(errno.ENOENT, "no such file")
        return struct.pack("=QQQQII", FILE, 0, 0, 0, 0, 0) + self.attributes(FILE)

    def get_attributes(self, node, _body):
        return struct.pack("=QII", 0, 0, 0) + self.attributes(node)

    def open(self, _node, _body):
        return struct.pack("=QII", 0, 0, 0)

    def read(self, _node, body):
        _, offset, size, _ = READ_OR_WRITE.unpack_from(body)
        return os.pread(self.backing, size, offset)

    def write(self, _node, body):
        _, offset, size, _ = READ_OR_WRITE.unpack_from(body)
        data = memoryview(body)[WRITE_IN_BYTES:WRITE_IN_BYTES + size]
        return struct.pack("=II", os.pwrite(self.backing, data, offset), 0)

    def fsync(self, _node, _body):
        return b""  # no durability needed

    def statfs(self, _node, _body):
        """Half full, by the file."""
        blocks = os.fstat(self.backing).st_size // 4096
        return struct.pack("=QQQQQIIII24x", 2 * blocks, blocks, blocks, 2000, 1000, 4096, 255,
                           4096, 0)

    def read_directory(self, _node, body):
        _, offset, _, _ = READ_OR_WRITE.unpack_from(body)
        if offset > 0:
            return b""
        entry = struct.pack("=QQII", FILE, 1, len(NAME), stat.S_IFREG >> 12) + NAME
        return entry + b"\0" * (-len(entry) % 8)

    def nothing(self, _node, _body):
        return b""


def mount(device, folder, source):
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other"
    if libc.mount(source.encode(), folder.encode(), b"fuse.slow", NOSUID_NODEV,
                  options.encode()) != 0:
        sys.exit(f"cannot mount FUSE at {folder}: {os.strerror(ctypes.get_errno())}")


def reply_to(device, packet, file):
    length, opcode, unique, node, *_ = IN_HEADER.unpack_from(packet)
    if opcode in UNANSWERED:
        return
    try:
        error, data = 0, file.answer(opcode, node, packet[IN_HEADER.size:length])
    except OSError as failed:
        error, data = -failed.errno, b""
    try:
        os.write(device, OUT_HEADER.pack(OUT_HEADER.size + len(data), error, unique) + data)
    except FileNotFoundError:
        pass  # the caller was killed meanwhile


def serve(device, file):
    waiting = [device, 0]
    while True:
        ready, _, _ = select.select(waiting, [], [])
        if 0 in ready:
            lines = os.read(0, 4096).split()
            if lines:
                file.delay = float(lines[-1])
            else:
                waiting.remove(0)
        if device in ready:
            try:
                packet = os.read(device, MAX_WRITE + 4096)
            except OSError as error:
                if error.errno == errno.ENODEV:
                    return  # unmounted
                continue  # interrupted before it was read
            reply_to(device, packet, file)


def main(backing, folder, source):
    file = SlowFile(backing)
    device = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
    mount(device, folder, source)
    print("mounted", flush=True)
    serve(device, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
