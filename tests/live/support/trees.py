# SPDX-License-Identifier: Apache-2.0
"""Directory trees of the kinds that make measuring them hard."""

import os
import socket
import subprocess


def write(path, size, fill=b"x"):
    with open(path, "wb") as file:
        file.write(fill * size)


def empty(folder, number):
    pass


def plain(folder, number):
    write(os.path.join(folder, "file"), number * 137)


def many_files(folder, number):
    for directory in range(3):
        os.mkdir(os.path.join(folder, str(directory)))
        for i in range(20):
            write(os.path.join(folder, str(directory), str(i)), i * number)


def hard_links(folder, number):
    """Three names of one file here, and a fourth in another volume of this kind."""
    write(os.path.join(folder, "first"), 5000 + number)
    os.mkdir(os.path.join(folder, "sub"))
    os.link(os.path.join(folder, "first"), os.path.join(folder, "second"))
    os.link(os.path.join(folder, "first"), os.path.join(folder, "sub", "third"))
    shared = os.path.join(os.path.dirname(os.path.dirname(folder)), "shared-between-volumes")
    if not os.path.exists(shared):
        write(shared, 12345)
    os.link(shared, os.path.join(folder, "of-others-too"))


def sparse(folder, number):
    with open(os.path.join(folder, "hole"), "wb") as file:
        file.seek(1 << 30)
        file.write(b"end")
        file.truncate((1 << 30) + number * 4096)
    with open(os.path.join(folder, "reserved"), "wb") as file:
        subprocess.run(["fallocate", "--keep-size", "-l", "65536", file.name], check=False)


def deep(folder, number):
    """Deeper than a path may be long."""
    place = os.open(folder, os.O_RDONLY)
    for level in range(60):
        name = f"{level:03}" * 33
        os.mkdir(name, dir_fd=place)
        below = os.open(name, os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = below
    file = os.open("bottom", os.O_WRONLY | os.O_CREAT, dir_fd=place)
    os.write(file, b"x" * number)
    os.close(file)
    os.close(place)


def odd_names(folder, number):
    for name in (b"new\nline", b" sp ace ", b"-rf", b'quo"te\'s', b"back\\slash", b"\xff\xfe",
                 b"\xf0\x9f\x90\xb3", b"\x01", b"*", b"n" * 255):
        os.mkdir(os.path.join(folder.encode(), name))
        write(os.path.join(folder.encode(), name, name), number + len(name))


def no_plain_files(folder, number):
    os.symlink("/", os.path.join(folder, "to-root"))
    os.symlink(".", os.path.join(folder, "to-self"))
    os.symlink("nowhere/" * 20, os.path.join(folder, "dangling"))  # too long for an inode
    os.mkfifo(os.path.join(folder, "fifo"))
    here = os.getcwd()
    os.chdir(folder)  # the path of a socket must be short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
    os.chdir(here)


def large_directory(folder, number):
    """It stays large when its entries are gone."""
    for i in range(300):
        write(os.path.join(folder, "a-rather-long-name-of-a-file-" * 5 + str(i)), 0)
    for i in range(299):
        os.unlink(os.path.join(folder, "a-rather-long-name-of-a-file-" * 5 + str(i)))


def closed_to_others(folder, number):
    os.mkdir(os.path.join(folder, "closed"))
    write(os.path.join(folder, "closed", "file"), number)
    os.chmod(os.path.join(folder, "closed", "file"), 0)
    os.chmod(os.path.join(folder, "closed"), 0)


def attributes(folder, number):
    """An attribute that does not fit in the inode takes a block of its own."""
    write(os.path.join(folder, "file"), number)
    try:
        os.setxattr(os.path.join(folder, "file"), "user.note", b"n" * 2000)
    except OSError:
        pass  # not every filesystem has them


KINDS = [empty, plain, many_files, hard_links, sparse, deep, odd_names, no_plain_files,
         large_directory, closed_to_others, attributes]


def plant(folder, number):
    """Makes the tree of that number in an empty folder."""
    KINDS[number % len(KINDS)](folder, number)
