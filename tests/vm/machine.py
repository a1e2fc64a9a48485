# SPDX-License-Identifier: Apache-2.0
"""A virtual machine that runs commands under Debian's stock kernel.

Its root directory is that of this machine, seen read-only over 9p with a tmpfs above it, so
that every program, library and test is there at the same path, and nothing it does stays. The
commands find the environment and the working directory of here. The machine is emulated (TCG):
slow, but it needs no /dev/kvm and works in a container. What it has translated of a program and of
the kernel serves the next command, so several in one machine take less time than one each.
"""

import contextlib
import glob
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(1, os.path.join(os.path.dirname(__file__), "../live"))

from support.scene import die_with_parent

QEMU = "qemu-system-x86_64"
NEEDS = (QEMU, "busybox", "cpio", "modprobe")
# What the kernel needs to see its root directory; it finds the rest there by itself, but for
# loop devices, which it is asked for through a device node that is not there before.
MODULES = ("virtio_pci", "9pnet_virtio", "9p", "overlay", "loop")
MEMORY_MIB = 2048
# A folder with boot and lib/modules, for a kernel other than this machine's own packages have.
KERNEL_ROOT = os.environ.get("VOLUMETER_VM_KERNEL", "")
# By how much waits there are longer (tests/live/support/scene.py): the host may be busy.
SLOWNESS = 5


class NotHere(Exception):
    """This machine cannot run the virtual one; says what is missing."""


def run_in_vm(commands, timeout, count_instructions=False):
    """(exit code, output, console) of commands, one after the other; the code is that of the last
    that failed, and None if they did not end in time or the kernel did not live to see it."""
    kernel, release = find_kernel()
    for program in NEEDS:
        if shutil.which(program) is None:
            raise NotHere(program)
    with tempfile.TemporaryDirectory(prefix="volumeter-vm-") as folder:
        shared = os.path.join(folder, "shared")
        os.mkdir(shared)
        write(os.path.join(shared, "command"), script_of(commands))
        initramfs = make_initramfs(folder, release)
        console = os.path.join(folder, "console")
        argv = qemu_argv(kernel, initramfs, shared, console)
        if count_instructions:
            argv += ["-icount", "shift=0,sleep=off"]  # time passes by instructions alone
        complaint = run_qemu(argv, timeout)
        code = read(os.path.join(shared, "exit_code")).strip()
        return (int(code) if code else None, read(os.path.join(shared, "output")),
                read(console) + complaint)


def find_kernel():
    """(image, release) of the newest kernel whose modules are there."""
    images = glob.glob(f"{KERNEL_ROOT}/boot/vmlinuz-*")
    releases = [path.partition("/vmlinuz-")[2] for path in images]
    releases = [release for release in releases
                if os.path.isdir(f"{KERNEL_ROOT}/lib/modules/{release}")]
    if not releases:
        raise NotHere(f"{KERNEL_ROOT}/boot/vmlinuz-* with its modules (linux-image-amd64)")
    newest = max(releases, key=lambda text: [int(part) for part in re.findall(r"\d+", text)])
    return f"{KERNEL_ROOT}/boot/vmlinuz-{newest}", newest


def script_of(commands):
    environment = {**os.environ, "VOLUMETER_TESTS_SLOWNESS": str(SLOWNESS)}
    lines = [f"export {name}={shlex.quote(value)}" for name, value in environment.items()
             if name.isidentifier()]
    if KERNEL_ROOT:
        lines.append(f"mount --bind {shlex.quote(KERNEL_ROOT)}/lib/modules /lib/modules")
    lines += ["cd " + shlex.quote(os.getcwd()), "code=0"]
    for command in commands:
        name = os.path.basename(command[-1])
        lines += [f"echo '=== {name}'", "began=$(date +%s)",
                  "this=0", shlex.join(command) + " || this=$?", "[ $this = 0 ] || code=$this",
                  f"echo \"=== {name} ended with $this after $(($(date +%s) - began)) s\""]
    return "\n".join([*lines, "exit $code", ""])


def module_files(release):
    """The paths of MODULES and of what they need, in the order of loading."""
    files = []
    for module in MODULES:
        # insmod /lib/modules/6.1.0-56-amd64/kernel/net/9p/9pnet.ko
        shown = subprocess.run(["modprobe", "-d", KERNEL_ROOT or "/", "-S", release,
                                "--show-depends", module], check=True, capture_output=True,
                               text=True).stdout
        files += [line.split()[1] for line in shown.splitlines() if line.startswith("insmod ")]
    return list(dict.fromkeys(files))


def make_initramfs(folder, release):
    """A cpio archive of busybox, the modules and tests/vm/init."""
    root = os.path.join(folder, "initramfs")
    for name in ("bin", "modules", "proc"):
        os.makedirs(os.path.join(root, name))
    shutil.copy(shutil.which("busybox"), os.path.join(root, "bin/busybox"))
    shutil.copy(os.path.join(os.path.dirname(__file__), "init"), os.path.join(root, "init"))
    # The names sort in the order of loading.
    for number, file in enumerate(module_files(release)):
        shutil.copy(file, os.path.join(root, "modules", f"{number:03}.ko"))
    names = [os.path.relpath(os.path.join(place, name), root)
             for place, folders, files in os.walk(root) for name in [*folders, *files]]
    archive = os.path.join(folder, "initramfs.cpio")
    with open(archive, "wb") as out:
        subprocess.run(["cpio", "--quiet", "-o", "-H", "newc"], check=True, cwd=root, stdout=out,
                       input="\n".join(names).encode())
    return archive


def qemu_argv(kernel, initramfs, shared, console):
    plain = "security_model=none,multidevs=remap"
    return [
        QEMU, "-nodefaults", "-display", "none", "-no-reboot",
        # KVM inside a virtual machine may hang for ever instead of failing. One processor: two
        # that do not run at the same time on a busy host wait for each other's locks.
        "-accel", "tcg,thread=single", "-cpu", "max", "-smp", "1", "-m", str(MEMORY_MIB),
        "-kernel", kernel, "-initrd", initramfs, "-serial", "file:" + console,
        # A panic restarts at once, which -no-reboot turns into an end. The mitigations make
        # system calls several times as slow where page tables are emulated. What was translated
        # of a program serves its next run only at the same addresses (norandmaps).
        "-append", "console=ttyS0 panic=-1 quiet loglevel=4 mitigations=off norandmaps",
        "-virtfs", f"local,path=/,mount_tag=host,readonly=on,{plain}",
        "-virtfs", f"local,path={shared},mount_tag=shared,{plain}",
    ]


def run_qemu(argv, timeout):
    """What qemu had to say; it is killed when the time is up."""
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=timeout, check=False, preexec_fn=prepare)
        return done.stderr
    except subprocess.TimeoutExpired:
        return f"\nnot done within {timeout} s\n"


def prepare():
    """Before others on busy processors, if this process may: the ring of tests waits for it alone, and
    those beside it mostly wait themselves."""
    die_with_parent()
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, -5)


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def read(path):
    """The text of a file; none if there is no such file."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""
