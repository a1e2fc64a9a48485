# SPDX-License-Identifier: Apache-2.0
"""Small filesystems of the test's own, of the kinds that volumes lie on."""

import subprocess

MOUNTABLE = ("ext4", "xfs", "btrfs", "tmpfs", "overlay")
MEGABYTES = 320  # mkfs.xfs takes no less than 300; the image has holes


def run_quietly(argv):
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()


def make_disk(scene, name, megabytes, fstype="ext4"):
    """The loop device of a new filesystem in a file of the scene; Scene detaches it."""
    image = scene.path(f"{name}.{fstype}")
    with open(image, "wb") as file:
        file.truncate(megabytes << 20)
    run_quietly([f"mkfs.{fstype}", "-q", image])
    return run_quietly(["losetup", "--find", "--show", image])


def mount_new(scene, fstype):
    """The folder at which a new filesystem of that kind is mounted; Scene unmounts it.

    Where this machine cannot have it: CalledProcessError, or OSError if a program lacks.
    """
    folder = scene.new_folder(fstype)
    run_quietly(["mount", "-t", fstype, *source_of(scene, fstype), folder])
    return folder


def source_of(scene, fstype):
    if fstype == "tmpfs":
        return ["-o", f"size={MEGABYTES}m", "tmpfs"]
    if fstype == "overlay":
        layers = ",".join(f"{name}dir={scene.new_folder(fstype + '-' + name)}"
                          for name in ("lower", "upper", "work"))
        return ["-o", layers, "overlay"]
    return [make_disk(scene, fstype, MEGABYTES, fstype)]
