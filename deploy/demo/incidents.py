# SPDX-License-Identifier: Apache-2.0
"""The demo's incidents: cause, undo, and the alerts that must fire."""

import contextlib
import dataclasses
from typing import Callable

from stack import DATA_DELAY, PROJECT

QUIET = {"DockerPruneHazard"}  # always fires: part of the stack

FILLED = 0.02  # share left free, so that writes still succeed
FILL = """
left={megabytes}
while [ $left -gt 0 ]; do
  dd if=/dev/zero of=/models/import bs=1M count=15 oflag=append,direct conv=notrunc 2>/dev/null
  left=$((left - 15)); sleep 0.5
done
exec sleep 100000
"""
# Direct I/O from several processes.
FLOOD_OF_WRITES = """
for i in $(busybox seq 14); do
  while :; do
    dd if=/dev/zero of=/exports/$i bs=16k count=100 conv=notrunc oflag=direct 2>/dev/null
  done &
done
wait
"""
SLOW = 0.55  # seconds per request
FLOOD_JOBS, FLOOD_MEGABYTES = 10, 20


@dataclasses.dataclass(frozen=True)
class Incident:
    """cause and undo take the demo; undo also runs after an aborted cause."""

    says: str
    expected: set
    cause: Callable
    undo: Callable
    # May also fire, depending on eBPF, the cgroup version, timing and how busy the machine's disk is.
    possible: set = frozenset()
    # Seconds without this incident that its alerts compare with: thresholds.toml.
    past: int = 0


def fill_disk(demo):
    megabytes = demo.stack.main.bytes_until_free_is(FILLED) >> 20
    demo.stack.start_service("import", FILL.format(megabytes=megabytes),
                             [f"{PROJECT}_models:/models"])


def empty_disk(demo):
    remove_service(demo, "import")
    demo.stack.remove_file("models", "import")


def write_much(demo):
    demo.stack.start_service("exports", FLOOD_OF_WRITES,
                             [demo.stack.volume_on_data("exports") + ":/exports"],
                             **demo.stack.unreached_limit())


def write_no_more(demo):
    remove_service(demo, "exports")
    demo.stack.remove_volume_on_data("exports")


def remove_service(demo, name):
    with contextlib.suppress(RuntimeError):  # never started
        demo.stack.api.remove_container(f"{PROJECT}-{name}")


def slow_down(demo):
    demo.stack.slow.set_delay(SLOW)


def speed_up(demo):
    demo.stack.slow.set_delay(DATA_DELAY)


def break_filesystem(demo):
    demo.stack.data.fail()


def repair_filesystem(demo):
    names = ("database", "gateway")
    for name in names:
        demo.stack.api.stop_container(f"{PROJECT}-{name}")
    demo.stack.data.repair()
    for name in names:
        demo.stack.api.start_container(f"{PROJECT}-{name}")


def leave_many_orphans(demo):
    demo.ordinary_volumes = demo.stack.volumes()
    demo.stack.leave_ci_jobs(FLOOD_JOBS, FLOOD_MEGABYTES)


def remove_new_orphans(demo):
    for name in demo.stack.volumes() - demo.ordinary_volumes:
        demo.stack.api.remove_volume(name)


def hang_share(demo):
    demo.stack.share.hang()


def release_share(demo):
    demo.stack.share.release()


def kill_daemon(demo):
    demo.stack.engine.kill()


def start_daemon(demo):
    demo.stack.engine.start()


def kill_agent(demo):
    demo.monitoring.agent.kill()


def start_agent(demo):
    demo.monitoring.start_agent()


def delete_archive(demo):
    demo.stack.remove_archive()


def restore_archive(demo):
    remove_service(demo, "archive")
    demo.stack.start_archive()


INCIDENTS = {
    "noisy-writer": Incident(
        "A container writes to the database's disk with direct I/O from 14 processes.",
        {"DockerDeviceSaturated", "DockerContainerDominatesDevice"},
        write_much, write_no_more, possible={"DockerContainerIoStalled"}),
    "slow-disk": Incident(
        f"Every request to the database's disk takes {SLOW} s.",
        {"DockerDeviceLatencyHigh"},
        slow_down, speed_up, possible={"DockerVolumeLatencyHigh", "DockerContainerIoStalled",
                                       "DockerContainerDominatesDevice"}),
    "disk-filling": Incident(
        "A container writes about 30 MB/s to a volume until Docker's disk is full.",
        {"DockerVolumeGrowthUnusual", "DockerFilesystemFillingUpFast", "DockerFilesystemFull"},
        fill_disk, empty_disk, past=40, possible={"DockerDeviceLatencyHigh"}),
    "read-only-remount": Incident(
        "The kernel detects an error in the database's filesystem and remounts it read-only.",
        {"DockerFilesystemReadOnly"},
        break_filesystem, repair_filesystem, possible={"DockerIoErrors"}),
    "orphan-flood": Incident(
        f"{FLOOD_JOBS} CI jobs leave {FLOOD_MEGABYTES} MB each in anonymous volumes.",
        {"DockerOrphanedVolumesLarge"},
        leave_many_orphans, remove_new_orphans),
    "hung-mount": Incident(
        "The server of the shared volume stops responding.",
        {"DockerFilesystemNotAnswering"},
        hang_share, release_share),
    "mass-delete": Incident(
        "A container is removed with its five volumes (docker compose down --volumes).",
        {"DockerVolumesVanished"},
        delete_archive, restore_archive, past=25),
    "daemon-crash": Incident(
        "dockerd is killed and not restarted; the containers keep running.",
        {"VolumeterDockerUnreachable"},
        kill_daemon, start_daemon),
    "agent-crash": Incident(
        "Volumeter is killed and not restarted.",
        {"VolumeterDown"},
        kill_agent, start_agent),
}


def listing():
    """The names and descriptions, one line each."""
    width = max(map(len, INCIDENTS))
    return [f"  {name:{width}}  {one.says}" for name, one in INCIDENTS.items()]
