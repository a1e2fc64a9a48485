# SPDX-License-Identifier: Apache-2.0
"""A temporary folder and all that a test starts, mounts or attaches in it."""

import atexit
import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
import time

# How many times as slow as a real machine this one is: tests/vm/machine.py says so.
SLOWNESS = int(os.environ.get("VOLUMETER_TESTS_SLOWNESS", "1"))
# Where to look is slow, it delays what is waited for.
POLL_SECONDS = 0.02 if SLOWNESS == 1 else 0.25

# The user that engines run as: not root in the rows of tests/matrix that say so.
ENGINE_USER = int(os.environ.get("VOLUMETER_TESTS_ENGINE_USER", "0"))

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
MNT_DETACH = 2

libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent():
    """Runs in a child before it becomes the program: even a killed test leaves no daemon."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def eventually(holds, seconds, what):
    """Waits until holds() is true and returns how long that took."""
    seconds *= SLOWNESS
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > seconds:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(POLL_SECONDS)
    return time.monotonic() - began


class Scene:
    """The stage of one test: end() removes what was put on it, whatever happened meanwhile.

    This process adopts what its children leave behind, so that every process of the scene
    is below it, and a dead containerd is reaped even where the machine's init does not.
    """

    def __init__(self):
        libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
        # Short, because the path of a unix socket has room for 107 bytes.
        self.folder = tempfile.mkdtemp(prefix="vlm-")
        if ENGINE_USER:
            os.chown(self.folder, ENGINE_USER, ENGINE_USER)
        self.children = {}  # by id
        atexit.register(self.end)  # Ctrl-C runs no clean-up of unittest

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def new_folder(self, *names):
        folder = self.path(*names)
        os.makedirs(folder)
        return folder

    def start(self, name, argv, **options):
        """Starts a program whose output goes to NAME.log in the folder."""
        with open(self.log_path(name), "ab") as log:
            options.setdefault("stdout", log)
            # In a session of its own: Ctrl-C is for this process, which ends all in order.
            child = subprocess.Popen(argv, stderr=log, preexec_fn=die_with_parent,
                                     start_new_session=True, **options)
        self.children[child.pid] = child
        return child

    def engine_environment(self):
        """What a login would give an engine's user."""
        if ENGINE_USER == 0:
            return dict(os.environ)
        folder = self.path("user")
        os.makedirs(folder, mode=0o700, exist_ok=True)
        os.chown(folder, ENGINE_USER, ENGINE_USER)
        return {**os.environ, "HOME": folder, "XDG_RUNTIME_DIR": folder}

    def log_path(self, name):
        return self.path(name + ".log")

    def log(self, name):
        with open(self.log_path(name), encoding="utf-8", errors="replace") as log:
            return log.read()

    def processes(self):
        """The ids of all living processes of the scene, adopted ones too."""
        self.reap()
        return descendants(os.getpid())

    def reap(self):
        for pid in descendants(os.getpid()):
            if pid in self.children:
                self.children[pid].poll()
            elif (fields := stat_of(pid)) and fields[0] == "Z" and int(fields[1]) == os.getpid():
                os.waitpid(pid, 0)

    def mounts(self):
        """What is mounted in the folder, the newest first."""
        with open("/proc/self/mountinfo", encoding="utf-8") as table:
            points = [line.split(" ")[4] for line in table]
        return [point for point in reversed(points) if point.startswith(self.folder + "/")]

    def loop_devices(self):
        listed = subprocess.run(["losetup", "-n", "-O", "NAME,BACK-FILE"], check=False,
                                capture_output=True, text=True).stdout
        return [line.split()[0] for line in listed.splitlines() if self.folder in line]

    def end(self):
        atexit.unregister(self.end)
        self.kill_processes()
        # Again and again: a filesystem that was in use keeps its device for a moment.
        deadline = time.monotonic() + 10 * SLOWNESS
        self.detach_disks()
        while self.loop_devices() and time.monotonic() < deadline:
            time.sleep(0.05)
            self.detach_disks()
        shutil.rmtree(self.folder, ignore_errors=True)

    def detach_disks(self):
        for point in self.mounts():
            libc.umount2(point.encode(), MNT_DETACH)
        for device in self.loop_devices():
            subprocess.run(["losetup", "-d", device], check=False, capture_output=True)

    def kill_processes(self):
        # Again and again: one that is being forked is in no list yet.
        deadline = time.monotonic() + 10 * SLOWNESS
        while (pids := self.processes()) and time.monotonic() < deadline:
            for pid in pids:
                kill_quietly(pid)
            time.sleep(0.05)

    def leftovers(self):
        """What is still there, in words; nothing after a good end()."""
        found = [f"process {pid}: {command_of(pid)}" for pid in self.processes()]
        found += [f"mount {point}" for point in self.mounts()]
        found += [f"loop device {device}" for device in self.loop_devices()]
        return found + ([f"folder {self.folder}"] if os.path.exists(self.folder) else [])


def all_pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def read_proc(pid, name):
    """The bytes of /proc/PID/NAME; nothing if the process has ended."""
    try:
        with open(f"/proc/{pid}/{name}", "rb") as file:
            return file.read()
    except OSError:
        return b""


def command_of(pid):
    return read_proc(pid, "cmdline").replace(b"\0", b" ").decode(errors="replace").strip()


def stat_of(pid):
    """/proc/PID/stat after the command's name: [0] is the state, [1] the parent."""
    return read_proc(pid, "stat").rpartition(b") ")[2].decode().split()


def descendants(pid):
    """All processes below one, however deep."""
    parents = {child: int(fields[1]) for child in all_pids() if (fields := stat_of(child))}
    found, new = set(), {pid}
    while new:
        new = {child for child, parent in parents.items() if parent in new} - found
        found |= new
    return sorted(found)


def cpu_seconds(pids):
    """User and system time of processes so far."""
    ticks = sum(int(fields[11]) + int(fields[12]) for pid in pids if (fields := stat_of(pid)))
    return ticks / os.sysconf("SC_CLK_TCK")


def kill_quietly(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
