# SPDX-License-Identifier: Apache-2.0
"""Packages of other Debian suites, unpacked into a cache folder and never installed.

They come through the mirror that this machine's apt uses and are verified with Debian's keyring;
apt's own state is not touched.
"""

import functools
import glob
import os
import re
import shutil
import subprocess

CACHE = os.environ.get("VOLUMETER_MATRIX_CACHE", "/var/tmp/volumeter-matrix")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


class NotHere(Exception):
    """Something cannot be had on this machine; says what."""


@functools.cache
def mirror():
    """The address that apt fetches Debian's packages from."""
    # 'http://deb.debian.org/debian/pool/main/h/hello/hello_2.10-3_amd64.deb' hello_... 53120 SHA256:...
    shown = subprocess.run(["apt-get", "--print-uris", "download", "hello"], check=False,
                           capture_output=True, text=True).stdout
    found = re.match(r"'(.*)/pool/", shown)
    if not found:
        raise NotHere("a Debian mirror in apt's configuration")
    return found[1]


class Suite:
    """One suite, "trixie" or "sid", with lists of its own."""

    def __init__(self, name):
        self.name = name
        self.state = os.path.join(CACHE, "apt", name)
        self.is_updated = False

    def command(self, program, *arguments):
        options = {
            "Acquire::Check-Valid-Until": "false",  # the list of a mirror may be older than that
            "APT::Sandbox::User": "root",
            "Dir::Cache": os.path.join(self.state, "cache"),
            "Dir::Etc::sourcelist": os.path.join(self.state, "list"),
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::State::lists": os.path.join(self.state, "lists"),
            "Dir::State::status": "/dev/null",
        }
        return [program, *(f"-o{key}={value}" for key, value in options.items()), *arguments]

    def update(self):
        if self.is_updated:
            return
        for folder in ("cache/archives/partial", "lists/partial"):
            os.makedirs(os.path.join(self.state, folder), exist_ok=True)
        with open(os.path.join(self.state, "list"), "w", encoding="utf-8") as file:
            file.write(f"deb [signed-by={KEYRING}] {mirror()} {self.name} main\n")
        done = subprocess.run(self.command("apt-get", "update", "-qq"), check=False,
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise NotHere(f"the suite {self.name}: {done.stderr.strip()[-300:]}")
        self.is_updated = True

    def dependencies(self, package):
        """The names in its Depends, without versions and alternatives."""
        shown = subprocess.run(self.command("apt-cache", "show", package), check=False,
                               capture_output=True, text=True).stdout
        found = re.search(r"^Depends: (.*)$", shown, re.M)
        if not found:
            raise NotHere(f"the package {package} of {self.name}")
        return [part.split()[0] for part in found[1].split(",")]

    def unpacked(self, name, packages):
        """The folder with what the packages hold; kept from run to run."""
        folder = os.path.join(CACHE, name)
        if os.path.exists(folder):
            return folder
        self.update()
        debs = os.path.join(CACHE, "debs", name)
        shutil.rmtree(debs, ignore_errors=True)
        os.makedirs(debs)
        subprocess.run(self.command("apt-get", "download", "-qq", *packages), check=True, cwd=debs)
        growing = folder + ".part"
        shutil.rmtree(growing, ignore_errors=True)
        for deb in glob.glob(os.path.join(debs, "*.deb")):
            subprocess.run(["dpkg-deb", "-x", deb, growing], check=True)
        shutil.rmtree(debs)
        os.rename(growing, folder)
        return folder

    def kernel(self):
        """The folder with boot/vmlinuz-RELEASE and lib/modules/RELEASE of its newest kernel."""
        name = f"kernel-{self.name}"
        if os.path.exists(os.path.join(CACHE, name)):
            return os.path.join(CACHE, name)
        self.update()
        image = next((one for one in self.dependencies("linux-image-amd64")
                      if re.match(r"linux-image-\d", one)), None)
        if image is None:
            raise NotHere(f"a kernel of {self.name}")
        # Since 7.2 the image and the modules are packages of their own.
        parts = [one for one in self.dependencies(image)
                 if re.match(r"linux-(binary|base|modules)-\d", one)]
        folder = self.unpacked(name, [image, *parts])
        release = image.removeprefix("linux-image-")
        if not os.path.exists(os.path.join(folder, "lib")):
            os.symlink("usr/lib", os.path.join(folder, "lib"))
        os.makedirs(os.path.join(folder, "boot"), exist_ok=True)
        if not os.path.exists(os.path.join(folder, "boot", "vmlinuz-" + release)):
            # Since 7.2 it lies beside its modules, for a hook to put into /boot.
            shutil.copy(os.path.join(folder, "lib/modules", release, "vmlinuz"),
                        os.path.join(folder, "boot", "vmlinuz-" + release))
        subprocess.run(["depmod", "-b", folder, release], check=True)
        return folder
