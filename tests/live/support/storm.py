# SPDX-License-Identifier: Apache-2.0
"""A storm of changes below folders: storm.py SEED ROUNDS PAUSE FOLDER...

In each round each folder suffers one change, drawn by lot. Then it says how often each was
done or refused, {"/FOLDER": {"punch_hole": 93, ...}, ...}, and keeps open what it has open
until it is killed.
"""

import collections
import ctypes
import errno
import json
import mmap
import os
import random
import shutil
import signal
import sys
import time

# Never more below one folder, and no file ever larger.
FILES = 80
FOLDERS = 30
FILE_BYTES = 256 << 10

PAGE = mmap.PAGESIZE
PUNCH_HOLE_KEEP_SIZE = 2 | 1
REFUSED = (errno.EOPNOTSUPP, errno.EXDEV)

libc = ctypes.CDLL(None, use_errno=True)


def punch(descriptor, offset, length):
    if libc.fallocate(descriptor, PUNCH_HOLE_KEEP_SIZE, ctypes.c_long(offset),
                      ctypes.c_long(length)) != 0:
        raise OSError(ctypes.get_errno(), "fallocate")


def is_below(path, folder):
    return path == folder or path.startswith(folder + "/")


class Storm:
    """The storm below one folder, which it finds empty."""

    def __init__(self, top, seed):
        self.top = top
        self.random = random.Random(seed)
        self.folders = [top]
        self.files = []  # regular ones; a name each, so one with two names is there twice
        self.symlinks = []
        self.names = 0  # made so far
        self.held = None  # open for writing while other things happen
        self.counts = collections.Counter()

    def change_something(self):
        kinds = (*[self.create] * 5, self.delete, self.move_file, self.replace_file,
                 self.move_folder, self.resize, self.write_sparsely, self.punch_hole,
                 self.add_name, self.write_by_map, self.write_held, self.add_symlink,
                 self.add_folders, self.remove_folder)
        change = self.random.choice(kinds)
        try:
            done = change()
        except OSError as error:
            if error.errno not in REFUSED:
                raise
            self.counts[f"{change.__name__} refused"] += 1
        else:
            self.counts[change.__name__] += done is not False

    def new_path(self):
        self.names += 1
        return os.path.join(self.random.choice(self.folders), f"n{self.names}")

    def any_file(self):
        return self.random.choice(self.files) if self.files else self.create_now()

    def is_full(self):
        return len(self.files) + len(self.symlinks) >= FILES

    def any_extent(self):
        """(offset, length) of whole pages."""
        pages = FILE_BYTES // PAGE
        first = self.random.randrange(pages)
        return first * PAGE, self.random.randint(1, pages - first) * PAGE

    def create(self):
        return not self.is_full() and self.create_now()

    def create_now(self):
        path = self.new_path()
        with open(path, "xb") as file:
            file.write(self.random.randbytes(self.random.randint(0, FILE_BYTES)))
        self.files.append(path)
        return path

    def delete(self):
        paths = self.random.choice((self.files, self.symlinks))
        if not paths:
            return False
        path = self.random.choice(paths)
        os.unlink(path)
        paths.remove(path)

    def move_file(self):
        old, new = self.any_file(), self.new_path()
        os.rename(old, new)
        self.files[self.files.index(old)] = new

    def replace_file(self):
        old, new = self.any_file(), self.any_file()
        if os.path.samefile(old, new):
            return False  # rename(2) would do nothing
        os.rename(old, new)
        self.files.remove(old)

    def move_folder(self):
        old, new = self.random.choice(self.folders), self.new_path()
        if is_below(self.top, old) or is_below(new, old):
            return False
        os.rename(old, new)
        for paths in (self.folders, self.files, self.symlinks):
            paths[:] = [new + path[len(old):] if is_below(path, old) else path for path in paths]

    def resize(self):
        with open(self.any_file(), "r+b") as file:
            os.ftruncate(file.fileno(), self.random.randint(0, FILE_BYTES))

    def write_sparsely(self):
        offset, length = self.any_extent()
        with open(self.any_file(), "r+b") as file:
            os.pwrite(file.fileno(), b"s" * self.random.randint(1, length), offset)

    def punch_hole(self):
        with open(self.any_file(), "r+b") as file:
            punch(file.fileno(), *self.any_extent())

    def add_name(self):
        if self.is_full():
            return False
        path = self.new_path()
        os.link(self.any_file(), path)
        self.files.append(path)

    def write_by_map(self):
        offset, length = self.any_extent()
        with open(self.any_file(), "r+b") as file:
            os.ftruncate(file.fileno(), offset + length)
            with mmap.mmap(file.fileno(), offset + length) as pages:
                pages[offset:offset + length] = b"m" * length

    def write_held(self):
        """Through a file that stays open, whatever is done to its name."""
        if self.held is None or self.random.random() < 0.1:
            if self.held is not None:
                os.close(self.held)
            self.held = os.open(self.any_file(), os.O_WRONLY)
        offset, length = self.any_extent()
        os.pwrite(self.held, b"h" * length, offset)

    def add_symlink(self):
        if self.is_full():
            return False
        path = self.new_path()
        os.symlink("nowhere/" * self.random.randint(1, 100), path)
        self.symlinks.append(path)

    def add_folders(self):
        path = self.new_path()
        for _ in range(self.random.randint(1, 3)):
            if len(self.folders) == FOLDERS:
                return False
            os.mkdir(path)
            self.folders.append(path)
            path = os.path.join(path, "below")

    def remove_folder(self):
        folder = self.random.choice(self.folders)
        if folder == self.top:
            return False
        shutil.rmtree(folder)
        for paths in (self.folders, self.files, self.symlinks):
            paths[:] = [path for path in paths if not is_below(path, folder)]


def main(seed, rounds, pause, *folders):
    storms = {folder: Storm(folder, f"{seed} {number}") for number, folder in enumerate(folders)}
    for _ in range(int(rounds)):
        for storm in storms.values():
            storm.change_something()
        time.sleep(float(pause))
    print(json.dumps({folder: storm.counts for folder, storm in storms.items()}), flush=True)
    signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
