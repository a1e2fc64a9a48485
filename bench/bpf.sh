#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the program that measures disks costs for each request, while fio reads 4 KiB at random
# from a loop device over tmpfs. Needs root.
#
# Usage: bench/bpf.sh build/release/bench/bench_bpf
set -eu
folder=$(mktemp -d)
device=
clean() {
  if [ -n "$device" ]; then losetup -d "$device"; fi
  if mountpoint -q "$folder"; then umount "$folder"; fi
  rmdir "$folder"
}
trap clean EXIT
mount -t tmpfs -o size=300m tmpfs "$folder"
fallocate -l 256M "$folder/disk"
device=$(losetup --find --show --direct-io=off "$folder/disk")
# The queue of a loop device keeps no statistics by itself, and has no times without them.
echo 1 > "/sys/block/${device#/dev/}/queue/iostats"
"$1"
"$1" fio --name=read --filename="$device" --rw=randread --bs=4k --direct=1 --ioengine=io_uring \
  --iodepth=16 --time_based --runtime=10 --output=/dev/null
