// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
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
  explicit PathResolver(const HostAccess& host) : host_(host) {}

  // Takes up the paths of `facts` that are not known yet, those that failed before too, and
  // forgets those it lacks.
  void set_paths(const docker::Facts& facts);

  // Asks for the paths that are open, all at once, and leaves open those whose filesystem does not
  // answer or was not asked: call it again. Takes about a second at most. Whether a path became
  // known.
  bool resolve(const MountList& mounts, std::stop_token stop);

  // `path` itself where it is not resolved.
  const std::string& resolved(const std::string& path) const;

 private:
  // How far the links of a path were followed.
  struct Progress {
    std::string path;
    std::size_t links = 0;
  };

  // What became of the paths that were asked.
  struct Round {
    bool has_resolved = false;
    bool has_followed = false;  // a link, so that it is worth asking again
  };

  static std::set<std::string> paths_of(const docker::Facts& facts);
  Round ask_open(const MountList& mounts, std::stop_token stop);
  void take(const std::string& path, Result<std::string> answer, Round& round);

  const HostAccess& host_;
  std::map<std::string, std::string> known_;
  std::map<std::string, Progress> open_;  // by the path that Docker names
};

}  // namespace volumeter
