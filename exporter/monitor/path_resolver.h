// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <stop_token>
#include <string>

#include "exporter/sources/docker/facts.h"
#include "exporter/sources/interface/host_access.h"
#include "exporter/sources/kernel/mountinfo.h"

namespace volumeter {

// Host paths with their symbolic links resolved, remembered for as long as Docker names
// them: asking may take seconds where a filesystem hangs, the joins must not.
class PathResolver {
 public:
  explicit PathResolver(const HostAccess& host) : host_(host) {}

  // Asks for the paths of `facts` that are not known yet and forgets those it lacks. Leaves
  // out those on a filesystem that does not answer, so that it costs one question in all.
  void update(const docker::Facts& facts, const MountList& mounts, std::stop_token stop);

  // `path` itself where it could not be resolved.
  const std::string& resolved(const std::string& path) const;

 private:
  static std::set<std::string> paths_of(const docker::Facts& facts);
  bool does_answer(const Mount* mount, std::stop_token stop) const;

  const HostAccess& host_;
  std::map<std::string, std::string> known_;
};

}  // namespace volumeter
