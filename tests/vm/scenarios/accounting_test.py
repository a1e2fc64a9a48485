# SPDX-License-Identifier: Apache-2.0
"""Where the filesystem counts, its numbers are those of du and cost the same for any number
of files. Debian's kernel has the project quotas that other kernels may lack."""

import json
import os
import subprocess
import sys

sys.path.insert(1, os.path.join(os.path.dirname(__file__), "../../live"))

from support.engine import Engine
from support.kernel import version
from support.live_test import LiveTest, run
from support.trees import KINDS, hard_links, plant

FEW, MANY = 10, 5_000
CALLS = 1000
LIMIT = 50 << 20

# A link into another project is refused (EXDEV), so that no file is in two.
PLANTED = [number for number, kind in enumerate(KINDS) if kind is not hard_links]


class Accounting(LiveTest):
    """A filesystem whose directories have space accounts of their own."""

    needs = ("root", "btrfs", "mkfs.btrfs", "mkfs.ext4", "mkfs.xfs", "xfs_quota", "chattr", "dockerd")

    def mount(self, mkfs, options):
        image, self.disk = self.scene.path("image"), self.scene.new_folder("disk")
        with open(image, "wb") as file:
            file.truncate(400 << 20)
        call(*mkfs.split(), image)
        call("mount", "-o", "loop," + options, image, self.disk)

    def new_folder(self, *names):
        folder = os.path.join(self.disk, *names)
        os.mkdir(folder)
        return folder

    def check_that_many_files_cost_what_few_do(self, few, many):
        make_files(few, FEW)
        make_files(many, MANY)
        os.sync()
        small, large = ask(few, many, calls=CALLS)
        self.say(f"{FEW} files: {small['nanoseconds']} ns, {MANY}: {large['nanoseconds']} ns")
        self.assertLess(large["nanoseconds"], 2 * small["nanoseconds"])
        return small, large


class ProjectQuota:
    """What is the same on ext4 and xfs."""

    def make_disk(self):
        raise NotImplementedError

    def setUp(self):
        super().setUp()
        self.make_disk()
        self.projects = 0  # the last one given out

    def project(self, name):
        """A new directory that begins a project of its own."""
        folder = self.new_folder(name)
        self.projects += 1
        call("chattr", "-p", str(self.projects), "+P", folder)
        return folder

    def limit(self, project, size):
        call("xfs_quota", "-f", "-x", "-c", f"limit -p bhard={size} {project}", self.disk)

    def assert_says_what_du_says(self, folders, all_said):
        self.assertEqual({said["method"] for said in all_said}, {"quota"})
        self.assertEqual([said["allocated_bytes"] for said in all_said], du("-B1", *folders))
        self.assertEqual([said["inodes"] for said in all_said], du("--inodes", *folders))

    def test_quota_accounting_equals_du_for_every_kind_of_tree(self):
        folders = {self.project(str(number)): number for number in PLANTED}
        for folder, number in folders.items():
            plant(folder, number)
        os.sync()
        said = ask(*folders)
        self.assert_says_what_du_says(folders, said)
        self.assertEqual({one["limit_bytes"] for one in said}, {None})

    def test_the_cost_is_independent_of_the_number_of_files_and_the_limit_is_reported(self):
        few = self.project("few")
        self.limit(self.projects, LIMIT)
        many = self.project("many")
        small, large = self.check_that_many_files_cost_what_few_do(few, many)
        self.assert_says_what_du_says([few, many], [small, large])
        self.assertEqual(small["limit_bytes"], LIMIT)
        self.assertIsNone(large["limit_bytes"])

    def test_a_directory_that_is_not_the_top_of_a_project_has_no_quota_accounting(self):
        self.assertEqual(ask(self.new_folder("none")), [None])
        data, place = self.project("data"), self.new_folder("place")
        self.assertIsNotNone(ask(data)[0])
        self.assertEqual(ask(self.new_folder("data", "inner")), [None])
        call("mount", "--bind", data, place)  # whose parent is not that of the data
        self.assertEqual(ask(place), [None])
        call("chattr", "-P", data)
        self.assertEqual(ask(data), [None])


class Ext4(ProjectQuota, Accounting):
    def make_disk(self):
        self.mount("mkfs.ext4 -q -O quota,project -E quotatype=prjquota", "prjquota")

    def test_quota_accounting_works_with_the_privilege_on_demand(self):
        engine = Engine(self.scene)
        engine.data_root = self.new_folder("docker")
        self.addCleanup(engine.end)
        engine.start()
        engine.api.create_volume("data")
        call("chattr", "-p", "77", "+P", engine.volume_folder("data"))
        agent = self.start_agent(engine)
        agent.wait_until(lambda seen: seen.labels("docker_volume_scan_info", volume="data",
                                                  method="quota"), "its quota is read", 60)


class Xfs(ProjectQuota, Accounting):
    def make_disk(self):
        self.mount("mkfs.xfs -q", "pquota")


class Btrfs(Accounting):
    def setUp(self):
        super().setUp()
        self.mount("mkfs.btrfs -q", "defaults")

    def subvolume(self, name):
        folder = os.path.join(self.disk, name)
        call("btrfs", "subvolume", "create", folder)
        return folder

    def count(self):
        call("btrfs", "quota", "enable", self.disk)
        call("btrfs", "quota", "rescan", "-w", self.disk)

    def test_the_cost_is_independent_of_the_number_of_files_and_the_numbers_equal_btrfs(self):
        self.count()
        few, many = self.subvolume("few"), self.subvolume("many")
        call("btrfs", "qgroup", "limit", str(LIMIT), few)
        small, large = self.check_that_many_files_cost_what_few_do(few, many)
        for folder, said in ((few, small), (many, large)):
            self.assertEqual(said["method"], "qgroup")
            self.assertEqual(said["allocated_bytes"], referenced(folder))
            # The files of this test share nothing; their inodes are not free here.
            self.assertGreater([said["allocated_bytes"]], du("-B1", folder))
            self.assertIsNone(said["inodes"])
        self.assertEqual(small["limit_bytes"], LIMIT)
        self.assertIsNone(large["limit_bytes"])

    def test_a_directory_and_a_subvolume_without_qgroup_have_no_accounting(self):
        self.assertEqual(ask(self.subvolume("data")), [None])
        self.count()
        self.assertEqual(ask(self.new_folder("data", "inner")), [None])


def call(*argv):
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout


def ask(*folders, calls=1):
    """What our program says of each, None for nothing."""
    lines = call(os.environ["ACCOUNTED_SPACE"], str(calls), *folders).splitlines()
    return [json.loads(line) for line in lines]


def make_files(folder, count):
    """Empty ones; one system call for each, for the machine is slow."""
    place = os.open(folder, os.O_RDONLY)
    for number in range(count):
        os.mknod(str(number), dir_fd=place)
    os.close(place)


def du(unit, *folders):
    """A number a folder; none of them shares a file with another."""
    lines = call("du", "-s", "-x", unit, *folders).splitlines()
    return [int(line.split()[0]) for line in lines]


def referenced(folder):
    """Of the subvolume's own quota group, as btrfs-progs says it."""
    # Qgroupid    Referenced    Exclusive
    # 0/256          1064960      1064960
    lines = call("btrfs", "qgroup", "show", "-f", "--raw", folder).splitlines()
    return int(lines[-1].split()[1])


if version() < (5, 14):  # without quotactl_fd(2) volumes with a project quota are walked
    del Ext4, Xfs

if __name__ == "__main__":
    run()
