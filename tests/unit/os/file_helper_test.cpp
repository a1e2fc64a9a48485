// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/os/file_helper.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <thread>

#include "exporter/sources/os/files.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_folder.h"

namespace volumeter::file_helper_test {
namespace {

using namespace std::chrono_literals;
using test::eventually;

Result<std::string> sleep_for_ever() {
  while (true) ::pause();
}

TEST_CASE("the result of the work comes back, of any size and with any bytes") {
  FileHelper helper;
  CHECK(helper
            .run(
                "x", [] { return Result<std::string>(std::string()); }, 5s)
            .value()
            .empty());
  const std::string large(1 << 20, '\0');
  CHECK(helper
            .run(
                "x", [&] { return Result<std::string>(large); }, 5s)
            .value() == large);
}

TEST_CASE("the error of the work comes back with its kind and text") {
  FileHelper helper;
  for (const int number : {ENOENT, EACCES, ENOSPC, EMFILE}) {
    const Error expected = from_errno("x", number);
    const auto result = helper.run(
        "x", [&] { return Result<std::string>(from_errno("in there", number)); }, 5s);
    REQUIRE_FALSE(result);
    CHECK(result.error().kind == expected.kind);
    CHECK(result.error().text() == expected.text());
  }
}

TEST_CASE("work that ends its process is an error, and the next one runs") {
  FileHelper helper;
  const auto result = helper.run(
      "x", []() -> Result<std::string> { ::_exit(3); }, 5s);
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == ErrorKind::kIo);
  CHECK(helper
            .run(
                "x", [] { return Result<std::string>("done"); }, 5s)
            .value() == "done");
}

TEST_CASE("work that takes too long is left behind, and nothing else is begun until it ends") {
  const test::TempFolder folder;
  FileHelper helper;
  const std::string go = folder / "go";
  const auto wait_for_go = [&]() -> Result<std::string> {
    while (::access(go.c_str(), F_OK) != 0) ::usleep(1000);
    return std::string("late");
  };
  CHECK(helper.run("x", wait_for_go, 50ms).error().kind == ErrorKind::kTimeout);
  const auto quick = [] { return Result<std::string>("done"); };
  CHECK(helper.run("x", quick, 5s).error().kind == ErrorKind::kTimeout);
  folder.write("go", "");
  CHECK(eventually([&] { return helper.run("x", quick, 5s).has_value(); }));
}

TEST_CASE("a stop ends the wait within half a second") {
  FileHelper helper;
  std::stop_source stop;
  std::jthread stopper([&] {
    std::this_thread::sleep_for(50ms);
    stop.request_stop();
  });
  const auto began = std::chrono::steady_clock::now();
  // It ends with the test by SIGALRM.
  const auto result = helper.run(
      "x",
      [] {
        ::alarm(3);
        return sleep_for_ever();
      },
      10s, stop.get_token());
  CHECK(result.error().kind == ErrorKind::kTimeout);
  CHECK(std::chrono::steady_clock::now() - began < 1500ms);
}

TEST_CASE("the helper holds no descriptor of the agent") {
  FileHelper helper;
  const auto open_ones = helper.run(
      "x",
      [] {
        auto names = list_dir("/proc/self/fd");
        return Result<std::string>(names ? std::to_string(names->size()) : "none");
      },
      5s);
  CHECK(open_ones.value() == "5");  // three of /dev/null, its pipe, and the listing itself
}

}  // namespace
}  // namespace volumeter::file_helper_test
