# SPDX-License-Identifier: Apache-2.0
"""Builds the program for another architecture in a root of a suite, and compares what it says of the
recorded hosts (tests/hosts) with their golden files, under qemu-user. Neither that architecture's
packages nor an interpreter for its programs are known to this machine."""

import os
import shutil

import builds
import roots

TOOLS = ("cmake", "ninja-build", "make", "pkg-config", "bpftool", "clang", "python3", "qemu-user-static")
HEADERS = ("libcli11-dev", "nlohmann-json3-dev")  # the same package for all architectures
GNU = {"arm64": "aarch64"}  # Debian's name: that of GNU, CMake and QEMU


def run_cross_build(row):
    architecture = row.settings["architecture"]
    gnu = GNU[architecture]
    root = roots.root_with(row.suite, packages_for(architecture), architecture)
    place = f"/build/{row.name}"
    builds.copy_source(root + place)
    compiler = f"{gnu}-linux-gnu-g++"
    version = roots.run([compiler, "--version"], root).splitlines()[0]
    failures = {"build": builds.run_in(root, place, (
        f"export PKG_CONFIG_LIBDIR=/usr/lib/{gnu}-linux-gnu/pkgconfig:/usr/share/pkgconfig; "
        f"cmake -G Ninja -B build -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR={gnu} "
        f"-DCMAKE_CXX_COMPILER={compiler} -DCMAKE_BUILD_TYPE=None -DCMAKE_CXX_FLAGS=-O0 "
        "-DVOLUMETER_UNITY=ON -DVOLUMETER_EBPF=ON "
        "-DBUILD_TESTING=OFF && cmake --build build"))}
    if not failures["build"]:
        failures["host under qemu-user"] = run_hosts(root, place, gnu)
    shutil.rmtree(root + place)
    return f"{version}, cross-built, run under qemu-user", failures


def packages_for(architecture):
    libraries = [name for name in builds.build_packages() if name.endswith("-dev") and name not in HEADERS]
    return [f"crossbuild-essential-{architecture}", *TOOLS, *HEADERS,
            *(f"{name}:{architecture}" for name in libraries)]


def run_hosts(root, place, gnu):
    """What differs, of all hosts."""
    program = os.path.join(place, "volumeter")
    with open(root + program, "w", encoding="utf-8") as file:
        file.write(f'#!/bin/sh\nexec qemu-{gnu}-static {place}/build/exporter/volumeter "$@"\n')
    os.chmod(root + program, 0o755)
    return builds.run_in(root, place, (
        "failed=0; for now in tests/hosts/*/now; do name=$(basename $(dirname $now)); "
        f"python3 -B tests/hosts/run_host.py {program} $name >said || {{ echo \"--- $name\"; cat said; failed=1; }}; "
        "done; exit $failed"))
