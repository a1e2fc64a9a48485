# SPDX-License-Identifier: Apache-2.0
"""Which kernel functions that eBPF counts at a kernel has, from the types (BTF) of the kernel and of its
modules. Written into docs/hooks.md; a filesystem that the kernel has without one of its functions, or a
kernel without the functions that complete direct I/O, is a failure: those calls would not be counted."""

import functools
import glob
import os
import re
import subprocess
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
SOURCE = os.path.join(ROOT, "exporter/sources/ebpf/bpf/filesystem_hooks.cpp")
TRACER = os.path.join(ROOT, "exporter/sources/ebpf/bpf/mount_tracer.cpp")
DOCUMENT = os.path.join(ROOT, "docs/hooks.md")
HEAD = """# Functions that eBPF counts at

Written by `make test-matrix PART=kernels`, from the BTF of each kernel that it had at hand. Each filesystem
type is counted at functions of its own; the columns say what a kernel has of them. On a type that is
not listed (cifs, 9p and bcachefs read by one of several functions, zfs has no BTF) a volume's I/O has
another [source](io.md#io-sources), or the source `shared` and no figures. Before Linux 5.13, and where
modules have no BTF (Debian's 5.10), nothing is counted by eBPF.
"""
# Compressed kernels: what each stream begins with, and what reads it.
STREAMS = ((b"\xfd7zXZ\0", "xz"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"\x1f\x8b\x08", "gzip"))


def hooks():
    """{filesystem type: {what: function}} of the table in the program."""
    # {.fstype = "ext4", .read = "ext4_file_read_iter", ...
    with open(SOURCE, encoding="utf-8") as file:
        rows = re.findall(r"\{\.fstype = .*?\}", file.read(), re.S)
    parsed = [dict(re.findall(r'\.(\w+) = "(\w*)"', row)) for row in rows]
    return {row.pop("fstype"): row for row in parsed}


def completions():
    """The functions at which direct I/O of io_uring and AIO is counted."""
    # for (const auto* function : {"io_complete_rw", "aio_complete_rw"}) {
    with open(TRACER, encoding="utf-8") as file:
        return re.findall(r'"(\w+)"', re.search(r"function : \{(.*?)\}", file.read(), re.S)[1])


@functools.cache
def functions(kernel_root, release):
    """{module: names of its functions}; "vmlinux" is the kernel itself."""
    with tempfile.TemporaryDirectory() as folder:
        kernel = os.path.join(folder, "vmlinux")
        unpack(f"{kernel_root}/boot/vmlinuz-{release}", kernel)
        found = {"vmlinux": names_in(kernel, kernel)}
        for fstype in hooks():
            module = glob.glob(f"{kernel_root}/lib/modules/{release}/kernel/fs/**/{fstype}.ko*", recursive=True)
            if module:
                plain = os.path.join(folder, "module")
                with open(plain, "wb") as out:
                    subprocess.run(["xz" if module[0].endswith("xz") else "cat",
                                    *(["-dc"] if module[0].endswith("xz") else []), module[0]],
                                   check=True, stdout=out)
                found[fstype] = names_in(kernel, plain)
        return found


def unpack(image, kernel):
    """A vmlinuz is a small program with the compressed kernel in it."""
    with open(image, "rb") as file:
        data = file.read()
    for magic, tool in STREAMS:
        at = data.find(magic)
        while at >= 0:
            done = subprocess.run([tool, "-dc"], input=data[at:], check=False, capture_output=True)
            if done.stdout.startswith(b"\x7fELF"):
                with open(kernel, "wb") as file:
                    file.write(done.stdout)
                return
            at = data.find(magic, at + 1)
    raise RuntimeError(f"{image}: no compressed kernel in it")


def names_in(kernel, file):
    # [12034] FUNC 'ext4_file_read_iter' type_id=12033 linkage=static
    shown = subprocess.run(["bpftool", "-B", kernel, "btf", "dump", "file", file], check=False,
                           capture_output=True, text=True).stdout
    return set(re.findall(r"FUNC '(\w+)'", shown))


def state_of(fstype, names):
    """What a kernel has of a type's functions: None if it lacks the type, else those it lacks."""
    known = names["vmlinux"] | names.get(fstype, set())
    has = {what for what, function in hooks()[fstype].items() if function in known}
    if "write_before" in has:
        has.add("write")
    if not has & {"read", "write", "fsync"} and not names.get(fstype):
        return None
    return [what for what, function in hooks()[fstype].items()
            if function and what not in has and what != "write_before"]


def missing(kernel_root, release):
    """What is wrong: text for a failed test, empty if nothing."""
    names = functions(kernel_root, release)
    lacks = {fstype: state_of(fstype, names) for fstype in hooks()}
    wrong = [f"{fstype}: {release} has no {what}" for fstype, state in lacks.items()
             for what in state or () if what != "splice_read" or splices_with_its_own(release)]
    return "\n".join([*wrong, *(f"{release} has no {function}" for function in completions()
                                if function not in names["vmlinux"])])


def splices_with_its_own(release):
    """Before Linux 6.5 splice(2) reads with the function of read(2)."""
    major, minor = re.match(r"(\d+)\.(\d+)", release).groups()
    return (int(major), int(minor)) >= (6, 5)


def write(kernels):
    """`kernels`: (root, release) of those at hand."""
    known = {release: functions(root, release) for root, release in kernels}
    lines = [HEAD, "| filesystem | functions | " + " | ".join(known) + " |", "|---|---|" + "---|" * len(known)]
    for fstype, row in hooks().items():
        cells = [text_of(state_of(fstype, names)) for names in known.values()]
        used = ", ".join(f"`{function}`" for function in row.values() if function)
        lines.append(f"| {fstype} | {used} | {' | '.join(cells)} |")
    cells = [", ".join(f"`{function}`" for function in completions() if function in names["vmlinux"])
             for names in known.values()]
    used = ", ".join(f"`{function}`" for function in completions())
    lines.append(f"| direct I/O of io_uring and AIO | {used} | "
                 + " | ".join("all" if cell == used else cell or "none" for cell in cells) + " |")
    lines += ["", "Without `splice_read` (before Linux 6.5) splice(2) and sendfile(2) are counted at `read`.", ""]
    with open(DOCUMENT, "w", encoding="utf-8") as file:
        file.write("\n".join(lines))


def text_of(state):
    if state is None:
        return "not there"
    return "all" if not state else "no " + ", ".join(f"`{what}`" for what in state)
