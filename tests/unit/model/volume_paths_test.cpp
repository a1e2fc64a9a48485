// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/volume_paths.h"

#include <catch2/catch.hpp>

namespace volumeter::volume_paths_test {
namespace {

TEST_CASE("paths are compared component by component") {
  CHECK(is_at_or_below("/data", "/data"));
  CHECK(is_at_or_below("/data/x", "/data"));
  CHECK(is_at_or_below("/data", "/"));
  CHECK(is_at_or_below("/", "/"));
  CHECK_FALSE(is_at_or_below("/database", "/data"));
  CHECK_FALSE(is_at_or_below("/data", "/data/x"));
}

TEST_CASE("an empty path is below no path") {
  CHECK_FALSE(is_at_or_below("", "/"));
  CHECK_FALSE(is_at_or_below("/data", ""));
  CHECK_FALSE(is_at_or_below("data", "/"));
}

TEST_CASE("the volumes directory is the parent of NAME/_data") {
  CHECK(volumes_folder("/var/lib/docker/volumes/db/_data", "db") == "/var/lib/docker/volumes");
  CHECK(volumes_folder("/v/a/b/_data", "a/b") == "/v");
}

TEST_CASE("a path of another form has no volumes directory") {
  for (const auto* path : {"", "/", "/_data", "/db/_data", "/v/xdb/_data", "/v/db", "/v/db/_data/",
                           "/v/other/_data", "db/_data"}) {
    CAPTURE(path);
    CHECK(volumes_folder(path, "db").empty());
  }
}

TEST_CASE("a plugin's volume is reached by bind mounts of any parent but the root") {
  CHECK(bind_refers_to("/mnt/plugin", "/mnt/plugin/v1", "v1"));
  CHECK(bind_refers_to("/mnt", "/mnt/plugin/v1", "v1"));
  CHECK(bind_refers_to("/mnt/plugin/v1/sub", "/mnt/plugin/v1", "v1"));
  CHECK_FALSE(bind_refers_to("/", "/mnt/plugin/v1", "v1"));
  CHECK_FALSE(bind_refers_to("/mnt/plugin/v2", "/mnt/plugin/v1", "v1"));
}

TEST_CASE("a volume without a path is reached by no bind mount") {
  CHECK_FALSE(bind_refers_to("/", "", "v1"));
  CHECK_FALSE(bind_refers_to("/mnt", "", "v1"));
}

}  // namespace
}  // namespace volumeter::volume_paths_test
