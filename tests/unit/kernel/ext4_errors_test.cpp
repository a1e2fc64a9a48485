// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/kernel/ext4_errors.h"

#include <catch2/catch.hpp>

#include "tests/support/temp_folder.h"

namespace volumeter::ext4_errors_test {
namespace {

using test::TempFolder;

HostPaths paths_of(const TempFolder& sysfs) {
  HostPaths paths;
  paths.sysfs = sysfs.path();
  return paths;
}

TEST_CASE("ext4 errors are read by device name, with '/' as '!'") {
  const TempFolder sysfs;
  sysfs.write("fs/ext4/sda1/errors_count", "2\n");
  sysfs.write("fs/ext4/cciss!c0d0/errors_count", "0\n");
  CHECK(read_ext4_errors(paths_of(sysfs), "sda1") == 2);
  CHECK(read_ext4_errors(paths_of(sysfs), "cciss/c0d0") == 0);
}

TEST_CASE("without ext4 or with a malformed file the number of errors is absent") {
  const TempFolder sysfs;
  sysfs.write("fs/ext4/sdb1/errors_count", "many\n");
  CHECK_FALSE(read_ext4_errors(paths_of(sysfs), "sda1"));
  CHECK_FALSE(read_ext4_errors(paths_of(sysfs), "sdb1"));
}

}  // namespace
}  // namespace volumeter::ext4_errors_test
