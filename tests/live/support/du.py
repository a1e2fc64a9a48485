# SPDX-License-Identifier: Apache-2.0
"""What coreutils say of space, by the metric that must say the same."""

import functools
import os
import subprocess
import tempfile

DU = {"docker_volume_size_bytes": ["--apparent-size", "-B1"],
      "docker_volume_allocated_bytes": ["-B1"],
      "docker_volume_inodes_used": ["--inodes"]}


def du(folders, options):
    """{name: what du says}; each is asked alone, for it counts a file with two names once."""
    names = {path: name for name, path in folders.items()}
    said = {names[path]: int(number) for number, path in
            each(["du", "-s", "-x", "-0", *options], names, "\0")}
    if "--apparent-size" in options and not counts_directories():
        sizes = each(["find", "-files0-from", "-", "-xdev", "-type", "d", "-printf", "%s\t%H\n"], names, "\n")
        for number, path in sizes:
            said[names[path]] += int(number)
    return said


def each(command, paths, separator):
    """(number, path) of the lines that a command prints of each path, which find reads itself."""
    ask = command if command[0] == "find" else ["xargs", "-0", "-n1", "-P2", *command]
    out = subprocess.run(ask, check=True, input="\0".join(paths), capture_output=True, text=True).stdout
    return [line.split("\t", 1) for line in out.split(separator) if line]


@functools.cache
def counts_directories():
    """du --apparent-size leaves the size of directories out since coreutils 9.2."""
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, "one"))
        with open(os.path.join(folder, "file"), "wb") as file:
            file.write(b"x")
        out = subprocess.run(["du", "-s", "--apparent-size", "-B1", folder], check=True,
                             capture_output=True, text=True).stdout
        return int(out.split("\t")[0]) > 1


def du_of_all(folders):
    """{metric: {name: what du says}}"""
    return {metric: du(folders, options) for metric, options in DU.items()}


def stat_f(folder):
    """{metric: what stat -f says}"""
    size, blocks, free, avail, files, files_free = ask_stat_f(folder)
    return {"docker_filesystem_size_bytes": blocks * size,
            "docker_filesystem_free_bytes": free * size,
            "docker_filesystem_avail_bytes": avail * size,
            "docker_filesystem_files": files, "docker_filesystem_files_free": files_free}


def stat_f_of_volume(folder):
    """{metric: what stat -f says} of a volume that is a whole filesystem."""
    size, blocks, free, _, files, files_free = ask_stat_f(folder)
    return {"docker_volume_allocated_bytes": (blocks - free) * size,
            "docker_volume_inodes_used": files - files_free,
            "docker_volume_limit_bytes": blocks * size}


def ask_stat_f(folder):
    out = subprocess.run(["stat", "-f", "-c", "%S %b %f %a %c %d", folder], check=True,
                         capture_output=True, text=True).stdout
    return map(int, out.split())
