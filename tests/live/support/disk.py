# SPDX-License-Identifier: Apache-2.0
"""A small disk of the test's own."""

import subprocess


def make_disk(scene, name, megabytes):
    """The loop device of a new ext4 filesystem in a file of the scene; Scene detaches it."""
    image = scene.path(name + ".ext4")
    with open(image, "wb") as file:
        file.truncate(megabytes << 20)
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    return subprocess.run(["losetup", "--find", "--show", image], check=True,
                          capture_output=True, text=True).stdout.strip()
