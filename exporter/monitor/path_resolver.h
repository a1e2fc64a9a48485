// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "exporter/sources/docker/facts.h"
#include "exporter/sources/interface/host_access.h"
#include "exporter/sources/kernel/mountinfo.h"

namespace volumeter {

// Host paths with their symbolic links resolved, remembered for as long as Docker names them:
// asking may take seconds where a filesystem hangs, the joins must not.
class PathResolver {
 public:
  // A directory may be moved and a link put in its place, without a word to Docker.
  static constexpr std::chrono::minutes kAskAgainAfter{10};

  explicit PathResolver(const HostAccess& host) : host_(host) {}

  // Takes up the paths of `facts` that are not known yet, those that were missing or failed too,
  // and forgets those it lacks.
  void set_paths(const docker::Facts& facts);

  // Asks for the paths that are open, all at once, and leaves open those whose filesystem does not
  // answer or was not asked: call it again. Takes about a second at most. Whether it learnt
  // anything.
  bool resolve(const MountList& mounts, std::stop_token stop);

  // `path` itself where it is not resolved.
  const std::string& resolved(const std::string& path) const;

  // Whether the host has no such path. False where that is not known.
  bool is_missing(const std::string& path) const;

 private:
  // How far the links of a path were followed.
  struct Progress {
    std::string path;
    std::size_t links = 0;
  };

  // Where a path leads; nothing: nowhere.
  using Target = std::optional<std::string>;

  // What became of the paths that were asked.
  struct Round {
    bool has_learnt = false;
    bool has_followed = false;  // a link, so that it is worth asking again
  };

  static std::set<std::string> paths_of(const docker::Facts& facts);
  void open_old(const MountList& mounts);
  Round ask_open(const MountList& mounts, std::stop_token stop);
  void take(const std::string& path, Result<std::string> answer, Round& round);
  void learn(const std::string& path, Target target, Round& round);

  const HostAccess& host_;
  std::map<std::string, Target> known_;
  std::map<std::string, Progress> open_;  // by the path that Docker names
  std::optional<SteadyTime> asked_all_;   // when all of them were last asked
  std::uint64_t mounts_generation_ = 0;   // of the mounts with which the missing ones were asked
};

}  // namespace volumeter
