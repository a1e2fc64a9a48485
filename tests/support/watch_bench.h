// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "exporter/sources/ebpf/mount_io_watch.h"
#include "tests/support/captured_log.h"
#include "tests/support/fake_mount_tracer.h"
#include "tests/support/temp_folder.h"

namespace volumeter::test {

inline constexpr const char* kHostMounts =
    "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
    "2 1 0:40 / /var/lib/docker/volumes/cache/_data rw - tmpfs tmpfs rw\n"
    "3 1 8:17 /volumes /srv rw - ext4 /dev/sdb1 rw\n";
inline constexpr const char* kData = "/var/lib/docker/volumes/db/_data";
inline const MountKey kDatabase{"database", "/data"};

// The mounts in /proc/<pid>/mountinfo of a container besides its volumes.
inline std::string container_mounts(const std::string& more) {
  return "500 400 0:50 / / rw - overlay overlay rw,lowerdir=/l,upperdir=/u,workdir=/w\n"
         "501 500 0:51 / /proc rw - proc proc rw\n"
         "502 500 8:1 /var/lib/docker/containers/1/hosts /etc/hosts rw - ext4 /dev/sda1 rw\n" +
         more;
}

inline std::string data_mount(unsigned id) {
  return std::to_string(id) + " 500 8:1 " + kData + " /data rw - ext4 /dev/sda1 rw\n";
}

inline MountIdentity data_of(std::uint32_t id, std::uint64_t namespace_id) {
  return {.id = id, .namespace_id = namespace_id, .device = {8, 1}};
}

inline MountIoTarget database(std::uint32_t pid) { return {kDatabase, pid, "db", kData}; }

// A machine on which the kernel counts by mount.
struct WatchBench {
  TempFolder folder;
  CapturedLog log;
  FakeKernel kernel;
  std::optional<Error> refusal;
  std::size_t starts = 0;
  HostAccess host;
  MountList host_mounts{parse_mountinfo(kHostMounts).items};
  MountIoWatch watch{make_host(), log.log};

  HostAccess& make_host() {
    host.paths.procfs = folder.path();
    host.now = [] { return from_unix_seconds(1'700'000'000); };
    host.steady_now = [] { return SteadyTime(std::chrono::hours(1)); };
    host.trace_mounts = [this]() -> Result<std::unique_ptr<MountTracer>> {
      ++starts;
      if (refusal) return *refusal;
      return std::unique_ptr<MountTracer>(std::make_unique<FakeMountTracer>(kernel));
    };
    return host;
  }

  // A process of a container in a mount namespace of its own.
  void run(std::uint32_t pid, std::uint64_t namespace_id, const std::string& mounts) {
    kernel.namespaces[pid] = namespace_id;
    folder.write(std::to_string(pid) + "/mountinfo", mounts);
  }

  void set(const std::vector<MountIoTarget>& targets) {
    watch.set_targets(targets, {"db", "cache", "logs"}, host_mounts);
  }

  // Bytes written according to the readings; absent if they lack the mount or volume.
  std::optional<std::uint64_t> of_mount(const MountKey& key) {
    const auto readings = watch.latest();
    const auto found = readings->mounts.find(key);
    if (found == readings->mounts.end()) return {};
    return found->second.writes.bytes;
  }
  std::optional<std::uint64_t> of_volume(const std::string& name) {
    const auto readings = watch.latest();
    const auto found = readings->volumes.find(name);
    if (found == readings->volumes.end()) return {};
    return found->second.writes.bytes;
  }
  bool is_uncounted(const std::string& volume) {
    return watch.latest()->uncounted_volumes.contains(volume);
  }
};

}  // namespace volumeter::test
