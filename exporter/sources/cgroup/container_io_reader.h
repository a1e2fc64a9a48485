// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/base/change_log.h"
#include "exporter/base/source_health.h"
#include "exporter/base/time.h"
#include "exporter/sources/cgroup/cgroup_paths.h"
#include "exporter/sources/cgroup/container_io.h"
#include "exporter/sources/interface/host_access.h"
#include "exporter/sources/kernel/mountinfo.h"

namespace volumeter {

// A running container.
struct ContainerProcess {
  std::string_view id;
  std::uint32_t pid = 0;
};

// Reads the cgroup files of containers: two or three small files each, without disk I/O. Caches
// their directories. For one thread.
class ContainerIoReader {
 public:
  // Keeps references to both.
  ContainerIoReader(const HostAccess& host, ChangeLog& log);

  // A container of which nothing is found has ended, and the engine has not said so yet; after that
  // time something else is wrong.
  static constexpr std::chrono::seconds kMayHaveEnded{30};

  // One element per container; absent if it has stopped or its cgroup cannot be read.
  std::vector<std::optional<ContainerIo>> read(std::span<const ContainerProcess> containers,
                                               const MountList& mounts);

  const SourceHealth& health() const { return health_; }  // "cgroup"

 private:
  // The cgroup directories of one run of a container.
  struct Place {
    std::uint32_t pid = 0;
    CgroupFolders folders;
    std::optional<std::size_t> source;  // index of the cgroup v1 files in use
  };
  using Places = std::map<std::string, Place, std::less<>>;  // by container id

  // Since when nothing is found of a run of a container.
  struct Missing {
    std::uint32_t pid = 0;
    SteadyTime since;
  };
  using MissingRuns = std::map<std::string, Missing, std::less<>>;  // by container id

  void follow(const MountList& mounts);
  Result<ContainerIo> read_one(const ContainerProcess& container, Places& next);
  Result<Place> look_up(const ContainerProcess& container);
  Result<ContainerIo> read_place(Place& place);
  void name_devices(std::vector<DeviceIo>& devices);
  void count(Error error);
  bool may_have_ended(const ContainerProcess& container, const Error& error,
                      MissingRuns& next) const;
  void note(std::size_t asked, std::size_t answered, std::size_t ended);

  const HostAccess& host_;
  ChangeLog& log_;
  std::optional<std::uint64_t> mounts_generation_;
  CgroupMounts mounts_;
  Places places_;
  MissingRuns missing_;
  SourceHealth health_;

  // State of the current read().
  std::map<DeviceNumber, Label> names_;
  std::size_t bad_lines_ = 0;
  std::optional<Error> first_error_;
};

}  // namespace volumeter
