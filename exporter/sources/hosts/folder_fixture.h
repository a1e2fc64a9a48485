// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <map>
#include <memory>
#include <string>

#include "exporter/base/result.h"
#include "exporter/sources/interface/host_access.h"
#include "exporter/sources/os/files.h"

namespace volumeter {

constexpr std::size_t kMaxFixtureBytes = 64 << 20;

// What a recorded host answers, by path: a value or an error.
template <typename T>
using Answers = std::map<std::string, Result<T>>;  // by path

// Everything of a recorded host that is not read file by file.
struct Fixture {
  WallTime now;
  Answers<FsUsage> filesystems;
  Answers<SpaceUsage> trees;
  Answers<std::string> links;
};

// From the files now, statfs.json, trees.json and links.json of a folder: tests/hosts/README.md.
Result<std::shared_ptr<const Fixture>> read_fixture(const std::string& folder);

// As the real host: the first symbolic link of the path replaced, from left to right.
Result<std::string> follow_link(const Answers<std::string>& links, const std::string& path);

template <typename T>
Result<T> answer_for(const Answers<T>& answers, const std::string& path) {
  const auto found = answers.find(path);
  if (found == answers.end()) return from_errno(path, ENOENT);
  return found->second;
}

}  // namespace volumeter
