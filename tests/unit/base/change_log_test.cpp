// SPDX-License-Identifier: Apache-2.0
#include "exporter/base/change_log.h"

#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/captured_log.h"

namespace volumeter {
namespace {

using test::CapturedLog;

TEST_CASE("a state that lasts is told once") {
  CapturedLog log;
  for (int i = 0; i < 5; ++i) log.log.warning("docker", "does not answer");
  CHECK(log.text() == "warning subject=docker msg=\"does not answer\"\n");
}

TEST_CASE("a change of state is told, and so is the way back") {
  CapturedLog log;
  log.log.info("docker", "connected");
  log.log.warning("docker", "does not answer");
  log.log.info("docker", "connected");
  CHECK(log.count("connected") == 2);
  CHECK(log.count("does not answer") == 1);
}

TEST_CASE("subjects do not silence each other") {
  CapturedLog log;
  log.log.error({"filesystem", {{"mountpoint", "/a"}}}, "hangs");
  log.log.error({"filesystem", {{"mountpoint", "/b"}}}, "hangs");
  log.log.error({"filesystem", {{"mountpoint", "/a"}}}, "hangs");
  CHECK(log.text() ==
        "error subject=filesystem mountpoint=/a msg=hangs\n"
        "error subject=filesystem mountpoint=/b msg=hangs\n");
}

TEST_CASE("a subject that was forgotten is news again") {
  CapturedLog log;
  log.log.info({"volume", {{"volume", "a"}}}, "is gone");
  log.log.forget({"volume", {{"volume", "a"}}});
  log.log.forget("never heard of");
  log.log.info({"volume", {{"volume", "a"}}}, "is gone");
  CHECK(log.count("volume=a msg=\"is gone\"") == 2);
}

TEST_CASE("a sentence with braces is no format") {
  CapturedLog log;
  log.log.warning({"mount", {{"mount", "{}"}}}, "{0} {nonsense} %s");
  CHECK(log.text() == "warning subject=mount mount={} msg=\"{0} {nonsense} %s\"\n");
}

TEST_CASE("endless new subjects are all told and do not cost endless memory") {
  CapturedLog log;
  constexpr std::size_t kMany = 10'000;
  for (std::size_t i = 0; i < kMany; ++i)
    log.log.info({"volume", {{"volume", std::to_string(i)}}}, "is odd");
  CHECK(log.count("is odd") == kMany);
  log.log.info({"volume", {{"volume", "0"}}}, "is odd");
  CHECK(log.count("volume=0 msg=\"is odd\"") == 2);
}

TEST_CASE("a line with another value in a field is news, one with the same fields is not") {
  CapturedLog log;
  log.log.warning("docker", "unreachable", {{"error", "timeout"}});
  log.log.warning("docker", "unreachable", {{"error", "timeout"}});
  log.log.warning("docker", "unreachable", {{"error", "connection refused"}});
  CHECK(log.text() ==
        "warning subject=docker msg=unreachable error=timeout\n"
        "warning subject=docker msg=unreachable error=\"connection refused\"\n");
}

TEST_CASE("values of fields cannot forge a line or a field") {
  const LogField hostile[] = {{"volume", "a\nlevel=error msg=\"b\""}, {"empty", ""}};
  CHECK(format_fields(hostile, LogFormat::kLogfmt) ==
        R"(volume="a\nlevel=error msg=\"b\"" empty="")");
  CHECK(format_fields(hostile, LogFormat::kJson) ==
        R"("volume":"a\nlevel=error msg=\"b\"","empty":"")");
}

TEST_CASE("of many threads with the same news one is heard") {
  CapturedLog log;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int repeat = 0; repeat < 200; ++repeat) log.log.info("docker", "connected");
      });
    }
  }
  CHECK(log.count("connected") == 1);
}

}  // namespace
}  // namespace volumeter
