// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/size_results.h"

#include <catch2/catch.hpp>

#include "tests/support/captured_log.h"

namespace volumeter::size_results_test {
namespace {

using test::CapturedLog;

SizeTarget target(const std::string& key) {
  SizeTarget target;
  target.key = key;
  return target;
}

SizeReading restored(std::uint64_t bytes) {
  SizeReading reading;
  reading.space.value = SpaceUsage{};
  reading.space.value->allocated_bytes = bytes;
  reading.space.taken_at = from_unix_seconds(1000);
  reading.is_restored = true;
  return reading;
}

SizeMeasurement measured(std::uint64_t bytes) {
  SizeMeasurement measurement;
  measurement.space.allocated_bytes = bytes;
  return measurement;
}

TEST_CASE("a size of an earlier run is served until a measurement replaces it") {
  CapturedLog log;
  SizeResults results(log.log);
  results.restore({{"db", restored(4096)}});
  CHECK(results.latest()->at("db").space.value->allocated_bytes == 4096);
  CHECK(results.size() == 0);
  results.accept(target("db"), measured(8192), from_unix_seconds(2000));
  CHECK(results.latest()->at("db").space.value->allocated_bytes == 8192);
  CHECK_FALSE(results.latest()->at("db").is_restored);
  CHECK(results.size() == 1);
}

TEST_CASE("a size of an earlier run stays, with its time, while measuring fails") {
  CapturedLog log;
  SizeResults results(log.log);
  results.restore({{"db", restored(4096)}, {"other", restored(1)}});
  results.fail(target("db"), {ErrorKind::kIo, "/db", "as told"});
  const auto latest = results.latest();
  CHECK(latest->at("db").space.value->allocated_bytes == 4096);
  CHECK(unix_seconds(latest->at("db").space.taken_at) == 1000);
  CHECK(latest->at("db").space.error);
  // All that was tried has failed.
  CHECK_FALSE(results.health().up);
}

TEST_CASE("a restored size replaces no reading, and goes with its target") {
  CapturedLog log;
  SizeResults results(log.log);
  results.accept(target("db"), measured(8192), from_unix_seconds(2000));
  results.restore({{"db", restored(4096)}, {"gone", restored(1)}});
  CHECK(results.latest()->at("db").space.value->allocated_bytes == 8192);
  results.forget("gone");
  CHECK(results.latest()->size() == 1);
  CHECK(results.size() == 1);
}

}  // namespace
}  // namespace volumeter::size_results_test
