// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/volume_paths.h"

#include <catch2/catch.hpp>

namespace volumeter {
namespace {

TEST_CASE("a path lies below another component by component") {
  CHECK(is_at_or_below("/data", "/data"));
  CHECK(is_at_or_below("/data/x", "/data"));
  CHECK(is_at_or_below("/data", "/"));
  CHECK(is_at_or_below("/", "/"));
  CHECK_FALSE(is_at_or_below("/database", "/data"));
  CHECK_FALSE(is_at_or_below("/data", "/data/x"));
}

TEST_CASE("what is no path lies nowhere") {
  CHECK_FALSE(is_at_or_below("", "/"));
  CHECK_FALSE(is_at_or_below("/data", ""));
  CHECK_FALSE(is_at_or_below("data", "/"));
}

TEST_CASE("the folder of all volumes is what stands above NAME/_data") {
  CHECK(volumes_folder("/var/lib/docker/volumes/db/_data", "db") == "/var/lib/docker/volumes");
  CHECK(volumes_folder("/v/a/b/_data", "a/b") == "/v");
}

TEST_CASE("a path of another shape has no folder of all volumes") {
  for (const auto* path : {"", "/", "/_data", "/db/_data", "/v/xdb/_data", "/v/db", "/v/db/_data/",
                           "/v/other/_data", "db/_data"}) {
    CAPTURE(path);
    CHECK(volumes_folder(path, "db").empty());
  }
}

TEST_CASE("a plugin's volume is reached from anywhere above it but the root") {
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
}  // namespace volumeter
