// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/ebpf/ebpf_obstacle.h"

#include <catch2/catch.hpp>

#include "tests/support/temp_folder.h"

namespace volumeter::ebpf_obstacle_test {
namespace {

using Catch::Contains;
using test::TempFolder;

constexpr std::string_view kRefused = "eBPF: ext4_file_read_iter: Operation not permitted";

HostPaths paths_in(const TempFolder& folder) {
  return {.procfs = folder.path() + "/proc", .sysfs = folder.path() + "/sys", .rootfs = "/"};
}

TEST_CASE("a locked-down kernel is named as the cause") {
  const TempFolder folder;
  folder.write("sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
  CHECK_THAT(ebpf_obstacle(paths_in(folder), kRefused), Contains("is locked down"));
}

TEST_CASE("a refusal without lockdown names the missing capabilities") {
  const TempFolder folder;
  folder.write("sys/kernel/security/lockdown", "[none] integrity confidentiality\n");
  CHECK_THAT(ebpf_obstacle(paths_in(folder), kRefused), Contains("CAP_BPF and CAP_PERFMON"));
}

TEST_CASE("a kernel without BTF names the required configuration") {
  const TempFolder folder;
  CHECK_THAT(ebpf_obstacle(paths_in(folder), "eBPF: volume_io: No such process"),
             Contains("CONFIG_DEBUG_INFO_BTF"));
  folder.write("sys/kernel/btf/vmlinux", "types");
  CHECK_THAT(ebpf_obstacle(paths_in(folder), "eBPF: volume_io: No such process"),
             Contains("Linux 5.13"));
}

TEST_CASE("a build without eBPF names the build dependencies") {
  CHECK_THAT(ebpf_obstacle({}, "eBPF: built without eBPF"), Contains("libbpf-dev"));
}

}  // namespace
}  // namespace volumeter::ebpf_obstacle_test
