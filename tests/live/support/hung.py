# SPDX-License-Identifier: Apache-2.0
"""A mounted filesystem that stops answering when told to."""

import os
import subprocess

from support.scene import eventually


# A container has a root directory of its own; this one shows what the host has.
IN_A_CONTAINER = """mount -t tmpfs none "$0"
mkdir "$0/root"
mount --bind "$0/root" "$0/root"
for path in /*; do
  if [ -L "$path" ]; then cp -a "$path" "$0/root/"; continue; fi
  [ -d "$path" ] || continue
  mkdir "$0/root$path"
  mount --rbind "$path" "$0/root$path"
done
exec chroot "$0/root" "$@"
"""


class HungMount:
    """A FUSE filesystem at `folder`, served by the program hung_fuse_mount.

    In a mount namespace of its own only that process, as the first of a container, sees it.
    """

    def __init__(self, scene, folder, in_namespace_of_its_own=False):
        self.folder = folder
        command = [os.environ["HUNG_FUSE_MOUNT"], folder]
        if in_namespace_of_its_own:
            command = ["unshare", "--mount", "--propagation", "private", "sh", "-euc", IN_A_CONTAINER,
                       scene.new_folder("root"), *command]
        self.process = scene.start("hung_fuse_mount", command,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "mounted\n":
            raise AssertionError(scene.log("hung_fuse_mount"))

    def command(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def hang(self):
        self.command("hang")

    def release(self):
        self.command("release")

    def wait_until_somebody_waits(self, seconds=15):
        eventually(lambda: int(self.command("waiting")) > 0, seconds,
                   "somebody waits for an answer of the hung filesystem")

    def end(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(timeout=10)
