// SPDX-License-Identifier: Apache-2.0
// Filesystems that say of their entries what is not so.
#include <dirent.h>
#include <fcntl.h>

#include <catch2/catch.hpp>

#include "exporter/sources/sizes/walk/tree_walk.h"
#include "tests/support/hung_fuse.h"
#include "tests/support/requires.h"
#include "tests/support/temp_folder.h"

namespace volumeter::odd_entries_test {
namespace {

using test::HungFuse;
using test::OddEntries;
using test::TempFolder;

constexpr std::uint64_t kFiles = 3;  // in the root, and in its subdirectory

void check_that_all_is_counted(OddEntries odd) {
  const TempFolder folder;
  odd.has_subdirectory = true;
  const HungFuse fuse(folder.path(), kFiles, odd);
  UniqueFd root(::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const auto usage = walk_tree(std::move(root), {});
  REQUIRE(usage);
  CHECK(usage->contents->files == 2 * kFiles);
  CHECK(usage->contents->directories == 2);
  CHECK(usage->inodes == 2 * kFiles + 2);
  CHECK(usage->errors == 0);
}

TEST_CASE("files and directories with a link count of 0 are counted, as by du") {
  if (!test::require_fuse_or_skip()) return;
  check_that_all_is_counted({.link_count = 0});
}

TEST_CASE("whatever type a directory lists for an entry, its attributes decide") {
  if (!test::require_fuse_or_skip()) return;
  for (const std::uint32_t type : {DT_UNKNOWN, DT_REG, DT_DIR, DT_LNK}) {
    CAPTURE(type);
    check_that_all_is_counted({.listed_type = type});
  }
}

}  // namespace
}  // namespace volumeter::odd_entries_test
