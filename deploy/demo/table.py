# SPDX-License-Identifier: Apache-2.0
"""The live table: volumes and filesystems, with rates between two scrapes."""

import time

SIZES = "docker_volume_allocated_bytes"
WRITES = "docker_volume_writes_total"
UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def human(number):
    """1536 is 1.5 KiB."""
    sign, number = "-" if number < 0 else "", abs(number)
    for unit in UNITS:
        if number < 1024 or unit == UNITS[-1]:
            return f"{sign}{number:.0f} {unit}" if unit == "B" else f"{sign}{number:.1f} {unit}"
        number /= 1024


class Table:
    """Rows with the values of the last scrape and their rates since the previous one."""

    def __init__(self):
        self.seconds = self.samples = None

    def lines(self, samples):
        """The rows for a new scrape."""
        before, since = self.samples, self.seconds
        self.samples, self.seconds = samples, time.monotonic()
        took = self.seconds - since if since is not None else None

        def rate(metric, **labels):
            new = samples.value(metric, **labels)
            old = before.value(metric, **labels) if before else None
            return None if new is None or old is None else (new - old) / took

        return [*volume_lines(samples, rate), "", *filesystem_lines(samples, rate)]


def shown(value, form):
    return "-" if value is None else form(value)


def volume_lines(samples, rate):
    mountpoints = {labels["volume"]: labels["mountpoint"]
                   for labels, _ in samples.all("docker_volume_filesystem_info")}
    row = "{:28.28} {:>10} {:>12} {:>9}  {:9} {}".format
    lines = [row("VOLUME", "DISK SPACE", "GROWTH/s", "WRITES/s", "STATE", "FILESYSTEM")]
    names = samples.by("volume", "docker_volume_info")
    ci_jobs = sorted(name for name in names if "_" not in name)
    for name in sorted(set(names) - set(ci_jobs)):
        lines.append(row(name, shown(samples.value(SIZES, volume=name), human),
                         shown(rate(SIZES, volume=name), human),
                         shown(rate(WRITES, volume=name), "{:.1f}".format),
                         samples.use(name) or "-", short(mountpoints.get(name, "-"))))
    sizes = samples.by("volume", SIZES)
    lines.append(row(f"{len(ci_jobs)} anonymous",
                     human(sum(sizes.get(name, 0) for name in ci_jobs)), "", "",
                     "orphaned" if all(samples.use(name) == "orphaned" for name in ci_jobs)
                     else "mixed", ""))
    return lines


def filesystem_lines(samples, rate):
    row = "{:16.16} {:>10} {:>7}  {:14} {:8} {:>9} {:>6}".format
    lines = [row("FILESYSTEM", "SIZE", "FREE", "STATE", "DEVICE", "WRITTEN/s", "UTIL")]
    devices = samples.by("mountpoint", "docker_filesystem_up")
    for mountpoint in sorted(devices):
        size = samples.value("docker_filesystem_size_bytes", mountpoint=mountpoint)
        avail = samples.value("docker_filesystem_avail_bytes", mountpoint=mountpoint)
        device = device_of(samples, mountpoint)
        lines.append(row(
            short(mountpoint), shown(size, human),
            "-" if not size or avail is None else f"{100 * avail / size:.0f}%",
            state_of(samples, mountpoint), device,
            shown(rate("docker_device_written_bytes_total", device=device), human),
            shown(rate("docker_device_io_time_seconds_total", device=device),
                  lambda ratio: f"{100 * ratio:.0f}%")))
    return lines


def device_of(samples, mountpoint):
    """The device that it is mounted from: of all below it the one that is below no other."""
    below = samples.by("device", "docker_filesystem_device_info", mountpoint=mountpoint)
    parents = {labels["parent"] for labels, _ in samples.all("docker_device_parent_info")
               if labels["device"] in below}
    return min(set(below) - parents, default="-")


def state_of(samples, mountpoint):
    if samples.value("docker_filesystem_up", mountpoint=mountpoint) == 0:
        return "not responding"
    readonly = samples.value("docker_filesystem_readonly", mountpoint=mountpoint)
    return "read-only" if readonly else "ok"


def short(mountpoint):
    """Without the common path of the demo's directory."""
    return mountpoint.rpartition("/")[2] or mountpoint
