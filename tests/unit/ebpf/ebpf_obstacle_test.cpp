// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/ebpf/ebpf_obstacle.h"

#include <catch2/catch.hpp>

#include "tests/support/temp_folder.h"

namespace volumeter::ebpf_obstacle_test {
namespace {

using Catch::Contains;
using test::TempFolder;

constexpr std::string_view kRefused = "eBPF: ext4_file_read_iter: Operation not permitted";

constexpr CapabilitySet kTracing{Capability::kBpf, Capability::kPerfmon};

HostPaths paths_in(const TempFolder& folder) {
  return {.procfs = folder.path() + "/proc", .sysfs = folder.path() + "/sys", .rootfs = "/"};
}

TEST_CASE("lockdown is named as the cause only at the level that forbids tracing") {
  struct Case {
    const char* lockdown;
    CapabilitySet permitted;
    const char* remedy;
  };
  const Case all[] = {
      {"none integrity [confidentiality]\n", kTracing, "is locked down"},
      {"none integrity [confidentiality]\n", {}, "CAP_PERFMON are missing as well"},
      {"none [integrity] confidentiality\n", kTracing, "seccomp"},
      {"none [integrity] confidentiality\n", {}, "run as root or with CAP_BPF"},
      {"[none] integrity confidentiality\n", {Capability::kBpf}, "with CAP_BPF and CAP_PERFMON"},
      {"[none] integrity confidentiality\n", kTracing, "seccomp"},
      {"", {}, "run as root or with CAP_BPF"},
  };
  for (const Case& one : all) {
    const TempFolder folder;
    folder.write("sys/kernel/security/lockdown", one.lockdown);
    CHECK_THAT(ebpf_obstacle(paths_in(folder), kRefused, one.permitted), Contains(one.remedy));
  }
}

TEST_CASE("a limit of the agent is named as the cause") {
  CHECK_THAT(ebpf_obstacle({}, "eBPF: volume_io: Too many open files", kTracing),
             Contains("LimitNOFILE"));
  CHECK_THAT(ebpf_obstacle({}, "eBPF: volume_io: Cannot allocate memory", kTracing),
             Contains("memory limit"));
}

TEST_CASE("a kernel without BTF names the required configuration") {
  const TempFolder folder;
  CHECK_THAT(ebpf_obstacle(paths_in(folder), "eBPF: volume_io: No such process", kTracing),
             Contains("CONFIG_DEBUG_INFO_BTF"));
  folder.write("sys/kernel/btf/vmlinux", "types");
  CHECK_THAT(ebpf_obstacle(paths_in(folder), "eBPF: volume_io: No such process", kTracing),
             Contains("Linux 5.13"));
}

TEST_CASE("a build without eBPF names the build dependencies") {
  CHECK_THAT(ebpf_obstacle({}, "eBPF: built without eBPF", kTracing), Contains("libbpf-dev"));
}

}  // namespace
}  // namespace volumeter::ebpf_obstacle_test
