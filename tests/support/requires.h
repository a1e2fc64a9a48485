// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>
#include <string_view>

namespace volumeter::test {

// Skips a test that cannot run here, with the reason; with VOLUMETER_TESTS_MUST_RUN=1 (as in CI) it
// fails instead.
inline bool skip(const std::string& reason) {
  const char* must_run = std::getenv("VOLUMETER_TESTS_MUST_RUN");
  if (must_run != nullptr && std::string_view(must_run) == "1") FAIL("cannot run: " + reason);
  WARN("skipped: " + reason);
  return false;
}

inline bool require_root_or_skip() { return ::geteuid() == 0 || skip("needs root"); }

inline bool require_file_or_skip(const char* path, int mode = F_OK) {
  return ::access(path, mode) == 0 || skip(std::string("needs ") + path);
}

inline bool require_fuse_or_skip() {
  return require_root_or_skip() && require_file_or_skip("/dev/fuse", R_OK | W_OK);
}

}  // namespace volumeter::test
