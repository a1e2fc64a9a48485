# SPDX-License-Identifier: Apache-2.0
"""What coreutils say of space, by the metric that must say the same."""

import subprocess

DU = {"docker_volume_size_bytes": ["--apparent-size", "-B1"],
      "docker_volume_allocated_bytes": ["-B1"],
      "docker_volume_inodes_used": ["--inodes"]}


def du(folders, options):
    """{name: what du says}; each is asked alone, for it counts a file with two names once."""
    names = {path: name for name, path in folders.items()}
    out = subprocess.run(["xargs", "-0", "-n1", "-P2", "du", "-s", "-x", "-0", *options],
                         check=True, input="\0".join(names), capture_output=True, text=True).stdout
    said = (line.split("\t") for line in out.split("\0") if line)
    return {names[path]: int(number) for number, path in said}


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
