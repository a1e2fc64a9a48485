// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/kernel/upper_directory.h"

#include <catch2/catch.hpp>

#include "tests/support/temp_folder.h"

namespace volumeter::upper_directory_test {
namespace {

std::string upper_directory_with(const std::string& mountinfo) {
  const test::TempFolder folder;
  folder.write("7/mountinfo", mountinfo);
  return read_upper_directory({.procfs = folder.path()}, 7);
}

TEST_CASE("the writable layer is the upper directory of the overlay that is the root") {
  CHECK(upper_directory_with(
            "9 8 0:50 / / rw - overlay overlay rw,lowerdir=/a:/b,upperdir=/c/7/fs\n"
            "10 9 0:51 / /mnt rw - overlay overlay rw,upperdir=/inner\n") == "/c/7/fs");
}

TEST_CASE("a root that is no overlay, a damaged and a missing file have no writable layer") {
  CHECK(upper_directory_with("9 8 0:50 / / ro - tmpfs runsc-root ro,upperdir=/x\n").empty());
  CHECK(upper_directory_with("9 8 0:50 / /\n").empty());
  CHECK(read_upper_directory({.procfs = "/nonexistent"}, 7).empty());
}

}  // namespace
}  // namespace volumeter::upper_directory_test
