// SPDX-License-Identifier: Apache-2.0
#include "exporter/base/change_log.h"

#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/captured_log.h"

namespace volumeter::change_log_test {
namespace {

using test::CapturedLog;
using namespace std::chrono_literals;

LogSubject volume(std::size_t number) { return {"volume", {{"volume", std::to_string(number)}}}; }

TEST_CASE("a state that lasts is logged once") {
  CapturedLog log;
  for (int i = 0; i < 5; ++i) log.log.warning("docker", "unreachable");
  CHECK(log.text() == "warning subject=docker msg=unreachable\n");
}

TEST_CASE("each change of a state is logged, the recovery included") {
  CapturedLog log;
  log.log.info("docker", "connected");
  log.log.warning("docker", "unreachable");
  log.log.info("docker", "connected");
  CHECK(log.count("connected") == 2);
  CHECK(log.count("unreachable") == 1);
}

TEST_CASE("the same message about two subjects is logged for each") {
  CapturedLog log;
  log.log.error({"filesystem", {{"mountpoint", "/a"}}}, "hangs");
  log.log.error({"filesystem", {{"mountpoint", "/b"}}}, "hangs");
  log.log.error({"filesystem", {{"mountpoint", "/a"}}}, "hangs");
  CHECK(log.text() ==
        "error subject=filesystem mountpoint=/a msg=hangs\n"
        "error subject=filesystem mountpoint=/b msg=hangs\n");
}

TEST_CASE("a line about a forgotten subject is logged again") {
  CapturedLog log;
  log.log.info(volume(1), "is gone");
  log.log.forget(volume(1));
  log.log.forget("never heard of");
  log.log.info(volume(1), "is gone");
  CHECK(log.count("volume=1 msg=\"is gone\"") == 2);
}

TEST_CASE("braces in names and messages are not format placeholders") {
  CapturedLog log;
  log.log.warning({"mount", {{"mount", "{}"}}}, "{0} {nonsense} %s");
  CHECK(log.text() == "warning subject=mount mount={} msg=\"{0} {nonsense} %s\"\n");
}

TEST_CASE("thousands of subjects with one message are twenty lines and a count") {
  CapturedLog log;
  for (std::size_t i = 0; i < 6'000; ++i) log.log.warning(volume(i), "cannot be measured");
  CHECK(log.count("\n") == 20);
  log.now += 1min;
  log.log.debug("docker", "unrelated");
  CHECK(log.count("warning subject=volume msg=\"cannot be measured\" suppressed=5980\n") == 1);
}

TEST_CASE("subjects that keep failing are not logged again, however many they are") {
  CapturedLog log;
  for (int round = 0; round < 5; ++round) {
    for (std::size_t i = 0; i < 6'000; ++i) log.log.warning(volume(i), "cannot be measured");
    log.now += 1min;
  }
  CHECK(log.count("\n") == 21);
}

TEST_CASE("endless new subjects are at most 21 lines a minute") {
  CapturedLog log;
  std::size_t number = 0;
  for (int minute = 0; minute < 20; ++minute) {
    for (int i = 0; i < 6'000; ++i) log.log.warning(volume(number++), "cannot be measured");
    log.now += 1min;
  }
  CHECK(log.count("\n") == 20 * 21 - 1);  // the last count is still open
}

TEST_CASE("a burst of one message suppresses no other message") {
  CapturedLog log;
  for (std::size_t i = 0; i < 100; ++i) log.log.warning(volume(i), "cannot be measured");
  log.log.warning(volume(0), "is gone");
  CHECK(log.count("volume=0 msg=\"is gone\"") == 1);
}

TEST_CASE("the count of suppressed lines is written when the log is closed") {
  std::string text;
  {
    std::ostringstream out;
    {
      auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(out);
      ChangeLog log(std::make_shared<spdlog::logger>("test", sink), LogFormat::kLogfmt,
                    [] { return SteadyTime{}; });
      for (std::size_t i = 0; i < 25; ++i) log.info(volume(i), "is odd");
    }
    text = out.str();
  }
  CHECK(text.find("subject=volume msg=\"is odd\" suppressed=5") != std::string::npos);
}

LogSubject one_volume(std::size_t number) {
  return LogSubject::one_of("size", {{"volume", std::to_string(number)}});
}

TEST_CASE("ten thousand failures of one cause are one line with their number and the first names") {
  CapturedLog log;
  for (std::size_t i = 0; i < 10'000; ++i) {
    log.log.warning(one_volume(i), "cannot be measured; check the directory",
                    {{"path", "/v/" + std::to_string(i)}, {"error", "Permission denied"}});
    if (i % 100 == 0) log.now += 10ms;  // as measuring takes its time
  }
  CHECK(log.text() ==
        "warning subject=size msg=\"cannot be measured; check the directory\" error=\"Permission "
        "denied\" volumes=10000 examples=\"0, 1, 2\"\n");
}

TEST_CASE("failures of different causes are one line each") {
  CapturedLog log;
  for (std::size_t i = 0; i < 100; ++i) {
    log.log.warning(one_volume(i), "cannot be measured", {{"error", i % 2 == 0 ? "a" : "b"}});
  }
  CHECK(log.count("error=a volumes=50 examples=\"0, 2, 4\"") == 1);
  CHECK(log.count("error=b volumes=50 examples=\"1, 3, 5\"") == 1);
  CHECK(log.count("\n") == 2);
}

TEST_CASE("few failures of one cause keep their lines, after a moment") {
  CapturedLog log;
  for (std::size_t i = 0; i < ChangeLog::kFewLines; ++i) {
    log.log.warning(one_volume(i), "cannot be measured", {{"path", "/p"}});
  }
  CHECK(log.count("cannot be measured\" path=/p") == ChangeLog::kFewLines);
  log.log.warning(one_volume(7), "cannot be measured", {{"path", "/p"}});
  log.log.warning(one_volume(7), "cannot be measured", {{"path", "/p"}});
  CHECK(log.count("volume=7") == 1);
}

TEST_CASE("failures that never pause are written after a minute") {
  std::ostringstream out;
  auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(out);
  SteadyTime now{};
  ChangeLog log(std::make_shared<spdlog::logger>("test", sink), LogFormat::kLogfmt,
                [&] { return now; });
  for (std::size_t i = 0; i <= 120; ++i) {
    log.warning(one_volume(i), "cannot be measured");
    now += 500ms;
  }
  CHECK(out.str().find("volumes=120") != std::string::npos);
}

TEST_CASE("what subjects have in common is logged once for all of them, until it is forgotten") {
  CapturedLog log;
  const auto denied = [](std::size_t number) {
    return LogSubject::one_of("size", {{"volume", std::to_string(number)}}, "permission");
  };
  for (std::size_t i = 0; i < 50; ++i) log.log.warning(denied(i), "cannot be read");
  CHECK(log.count("volumes=50 examples=\"0, 1, 2\"") == 1);
  for (std::size_t i = 50; i < 90; ++i) log.log.warning(denied(i), "cannot be read");
  CHECK(log.count("\n") == 1);
  log.log.forget(denied(3));
  log.log.warning(denied(90), "cannot be read");
  CHECK(log.count("volume=90") == 1);
}

TEST_CASE("what is gathered is written when the log is closed") {
  std::ostringstream out;
  {
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(out);
    ChangeLog log(std::make_shared<spdlog::logger>("test", sink), LogFormat::kLogfmt,
                  [] { return SteadyTime{}; });
    log.warning(one_volume(1), "cannot be measured");
    CHECK(out.str().empty());
  }
  CHECK(out.str().find("volume=1 msg=\"cannot be measured\"") != std::string::npos);
}

TEST_CASE("a changed field makes a line new") {
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

TEST_CASE("a long value is cut off after 512 bytes, not within a character") {
  const LogField fits[] = {{"path", std::string(512, 'x')}};
  CHECK(format_fields(fits, LogFormat::kLogfmt) == "path=" + std::string(512, 'x'));
  const LogField long_path[] = {{"path", std::string(4'096, 'x')}};
  CHECK(format_fields(long_path, LogFormat::kLogfmt) == "path=" + std::string(512, 'x') + "...");
  const LogField accented[] = {{"path", std::string(511, 'x') + "\u00e9 and more"}};
  CHECK(format_fields(accented, LogFormat::kLogfmt) == "path=" + std::string(511, 'x') + "...");
  const LogField not_utf8[] = {{"path", std::string(600, '\x80')}};
  CHECK(format_fields(not_utf8, LogFormat::kJson).size() < 2'000);
}

TEST_CASE("of many threads with the same line one writes it") {
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
}  // namespace volumeter::change_log_test
