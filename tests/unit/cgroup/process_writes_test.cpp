// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/cgroup/process_writes.h"

#include <catch2/catch.hpp>
#include <string>

#include "tests/support/temp_folder.h"

namespace volumeter::process_writes_test {
namespace {

const std::string kId(64, 'a');

std::string io(std::uint64_t written, std::uint64_t cancelled = 0) {
  return "rchar: 1\nwchar: 99\nread_bytes: 5\nwrite_bytes: " + std::to_string(written) +
         "\ncancelled_write_bytes: " + std::to_string(cancelled) + "\n";
}

TEST_CASE("what a process dirtied in files and what it truncated are writes, what it sent is not") {
  CHECK(parse_process_io(io(4096, 8192)) == 12'288U);
  CHECK(parse_process_io("write_bytes: 7\n") == 7U);
  for (const char* text : {"", "wchar: 7\n", "write_bytes: -1\n", "write_bytes: \xff\n",
                           "write_bytes", "write_bytes: 99999999999999999999\n"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_process_io(text));
  }
}

TEST_CASE("the writes of a container are those of all processes in its cgroup") {
  const test::TempFolder folder;
  const HostPaths paths{folder / "proc", folder / "sys", folder.path()};
  const auto writes = [&](const std::string& mountinfo) {
    const MountList mounts(parse_mountinfo(mountinfo).items);
    return read_process_writes(paths, mounts, {kId, 42});
  };
  const std::string v1 = "33 31 0:30 / /sys/fs/cgroup/blkio rw - cgroup cgroup rw,blkio\n";
  CHECK_FALSE(writes(v1));
  folder.write("proc/42/io", io(100));
  CHECK(writes(v1) == 100U);  // no cgroup is known
  folder.write("proc/43/io", io(20));
  folder.write("proc/42/cgroup", "4:blkio:/docker/" + kId + "\n0::/docker/" + kId + "\n");
  folder.write("sys/fs/cgroup/blkio/docker/" + kId + "/cgroup.procs", "42\n43\n44\nx\n0\n");
  CHECK(writes(v1) == 120U);
  folder.write("proc/42/cgroup", "0::/docker/" + kId + "\n");
  folder.write("sys/fs/cgroup/docker/" + kId + "/cgroup.procs", "43\n");
  CHECK(writes("30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n") == 120U);
}

}  // namespace
}  // namespace volumeter::process_writes_test
