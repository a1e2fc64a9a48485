# SPDX-License-Identifier: Apache-2.0
"""Block device metrics equal those of the kernel and of node_exporter."""

import mmap
import os
import subprocess

from support.agent import Agent
from support.disk import make_disk, run_quietly
from support.live_test import LiveTest, run
from support.node_exporter import NodeExporter
from support.scene import eventually

SECTOR = 512
WRITES, WRITE_SIZE = 200, 16384
READS, READ_SIZE = 300, 8192
FLUSHES = 7
KNOWN_LOAD = {"reads_completed_total": READS, "read_bytes_total": READS * READ_SIZE,
              "writes_completed_total": WRITES, "written_bytes_total": WRITES * WRITE_SIZE,
              "flush_requests_total": 0}
# The kernel counts each as a write of no bytes as well.
KNOWN_FLUSHES = {"written_bytes_total": 0, "flush_requests_total": FLUSHES}

# The numbers of /sys/block/NAME/stat, Documentation/block/stat.rst: ours and how many of ours
# one of theirs is.
STAT = (("reads_completed_total", 1), ("reads_merged_total", 1), ("read_bytes_total", SECTOR),
        ("read_time_seconds_total", 0.001), ("writes_completed_total", 1),
        ("writes_merged_total", 1), ("written_bytes_total", SECTOR),
        ("write_time_seconds_total", 0.001), ("io_now", 1), ("io_time_seconds_total", 0.001),
        ("io_time_weighted_seconds_total", 0.001), ("discards_completed_total", 1),
        ("discards_merged_total", 1), ("discarded_bytes_total", SECTOR),
        ("discard_time_seconds_total", 0.001), ("flush_requests_total", 1),
        ("flush_requests_time_seconds_total", 0.001))

# The one name in which we differ from node_exporter, because a sector is no base unit.
RENAMED = {"discarded_sectors_total": ("discarded_bytes_total", SECTOR)}


def start_agent_without_engine(scene):
    return Agent(scene, "unix://" + scene.path("no.sock"), "--collector.disable-defaults",
                 "--collector.devices", "--collector.devices.all").start()


class KnownLoadTest(LiveTest):
    needs = ("root", "losetup")

    def make_bare_disk(self):
        image = self.scene.path("bare")
        with open(image, "wb") as file:
            file.truncate(WRITES * WRITE_SIZE)
        try:
            return run_quietly(["losetup", "--find", "--show", image])
        except subprocess.CalledProcessError as error:
            self.skipTest(f"no loop device: {error.stderr or error}")

    def test_a_known_load_is_counted_to_the_byte(self):
        device = self.make_bare_disk()
        name = os.path.basename(device)
        agent = start_agent_without_engine(self.scene)
        disk = os.open(device, os.O_RDWR | os.O_DIRECT)
        self.addCleanup(os.close, disk)
        put_load_on(disk)  # a device that never worked is not listed
        agent.wait_until(lambda seen: figures(seen, name), "the disk is listed", 5)

        self.assert_counted(agent, name, lambda: put_load_on(disk), KNOWN_LOAD)
        self.assert_counted(agent, name, lambda: flush(disk), KNOWN_FLUSHES)

    def assert_counted(self, agent, name, work, wanted):
        seen = []

        def is_exact():
            before = self.figures_as_in_sysfs(agent, name)
            work()
            after = self.figures_as_in_sysfs(agent, name)
            seen.append({figure: after[figure] - before[figure] for figure in wanted})
            return seen[-1] == wanted

        # udev may look at a disk, but not each time.
        try:
            eventually(is_exact, 20, f"exactly {wanted}")
        except AssertionError as error:
            raise AssertionError(f"{error}; counted: {seen}") from None

    def figures_as_in_sysfs(self, agent, name):
        """What the agent says, which must be what /sys/block says while that stands still."""
        found = {}

        def are_the_same():
            before = sysfs_figures(name)
            found.update(figures(agent.scrape(), name))
            if before != sysfs_figures(name):
                return False
            self.assertEqual({figure: round(value, 3) for figure, value in found.items()}, before)
            return True

        eventually(are_the_same, 10, "nobody uses the disk for a moment")
        return found


class NodeExporterTest(LiveTest):
    needs = ("prometheus-node-exporter",)

    def test_every_metric_of_every_device_equals_node_exporter(self):
        node = NodeExporter(self.scene)
        agent = start_agent_without_engine(self.scene)
        differing = []

        def agree():
            before, seen, after = node.scrape(), agent.scrape(), node.scrape()
            differing[:] = differences(before, seen, after)
            return not differing and seen.all("docker_device_io_now")

        try:
            eventually(agree, 10, "both say the same")
        except AssertionError:
            self.assertEqual(differing, [])
            raise
        self.say(f"compared: {len(agent.scrape().all('docker_device_io_now'))} devices")


def devices_below(number):
    """The names of a device and of those below it; none of an anonymous number, as overlayfs has."""
    folder = os.path.realpath(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}")
    if not os.path.exists(os.path.join(folder, "dev")):
        return set()
    below = [os.path.join(folder, "slaves", name) for name in
             (os.listdir(os.path.join(folder, "slaves")) if os.path.isdir(folder + "/slaves") else ())]
    if os.path.exists(os.path.join(folder, "partition")):
        below.append(os.path.dirname(folder))
    found = {os.path.basename(folder)}
    for device in below:
        with open(os.path.join(device, "dev"), encoding="ascii") as file:
            found |= devices_below(os.makedev(*map(int, file.read().split(":"))))
    return found


class JoinTest(LiveTest):
    """The disks are loop devices: below them are the disks that their files lie on."""

    needs = ("root", "dockerd", "busybox", "losetup")

    def check_that_a_volume_joins_its_disks(self, fstype, devices):
        engine = self.start_engine()
        engine.api.create_volume("own", options={"type": fstype, "device": devices[0]})
        agent = self.start_agent(engine)
        engine.api.run_container("worker", ["own:/data"])
        agent.wait_until(lambda seen: seen.labels("docker_volume_filesystem_info", volume="own"),
                         "it is mounted", 5)
        seen = agent.scrape()
        mountpoint = seen.labels("docker_volume_filesystem_info", volume="own")["mountpoint"]
        joined = set(seen.by("device", "docker_filesystem_device_info", mountpoint=mountpoint))
        disks = {os.path.basename(device) for device in devices}
        self.assertEqual(joined, disks | devices_below(os.stat(self.scene.folder).st_dev))
        for device in joined:
            self.assertIsNotNone(seen.value("docker_device_written_bytes_total", device=device))

    def disk_for_the_volume(self, name, megabytes, fstype):
        try:
            return make_disk(self.scene, name, megabytes, fstype)
        except (OSError, subprocess.CalledProcessError) as error:
            self.skipTest(f"no {fstype} on a loop device: {error}")

    def test_a_volume_on_a_disk_of_its_own_joins_with_that_disk(self):
        device = self.disk_for_the_volume("disk", 16, "ext4")
        self.check_that_a_volume_joins_its_disks("ext4", [device])

    def test_a_volume_on_btrfs_joins_with_its_disk_despite_the_anonymous_device_number(self):
        device = self.disk_for_the_volume("disk", 320, "btrfs")
        self.check_that_a_volume_joins_its_disks("btrfs", [device])


def put_load_on(disk):
    """Requests that pass the page cache by and are too few at once to be merged."""
    with mmap.mmap(-1, WRITE_SIZE) as block:  # begins at a page, as O_DIRECT wants it
        for number in range(WRITES):
            os.pwrite(disk, block, number * WRITE_SIZE)
        for number in range(READS):
            with memoryview(block) as whole, whole[:READ_SIZE] as part:
                os.preadv(disk, [part], number * READ_SIZE)

def flush(disk):
    for _ in range(FLUSHES):
        os.fsync(disk)


def figures(seen, device):
    return {figure: value for figure, _ in STAT
            if (value := seen.value("docker_device_" + figure, device=device)) is not None}


def sysfs_figures(name):
    with open(f"/sys/block/{name}/stat", encoding="utf-8") as file:
        numbers = [int(number) for number in file.read().split()]
    return {figure: round(number * scale, 3) for (figure, scale), number in zip(STAT, numbers)}


def differences(before, seen, after):
    """Of our figures that lie not between what node_exporter said before and after."""
    found = []
    for metric in before.families:
        if not metric.startswith("node_disk_") or not metric.endswith("_total"):
            continue
        figure = metric.removeprefix("node_disk_")
        name, scale = RENAMED.get(figure, (figure, 1))
        later = after.by("device", metric)
        ours = seen.by("device", "docker_device_" + name)
        for device, least in before.by("device", metric).items():
            if device not in later or not has_worked(before, device):
                continue
            if "flush" in figure and os.path.exists(f"/sys/class/block/{device}/partition"):
                continue
            # Milliseconds: 43 * 0.001 is not 43 / 1000.
            least, most = round(least * scale, 3), round(later[device] * scale, 3)
            value = ours.get(device)
            if value is None or not least <= round(value, 3) <= most:
                found.append((device, name, least, value, most))
    return found


def has_worked(node, device):
    return any(node.value(f"node_disk_{kind}_completed_total", device=device)
               for kind in ("reads", "writes"))


if __name__ == "__main__":
    run()
