// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/kernel/process_stats.h"

#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/support/temp_folder.h"

namespace volumeter::process_stats_test {
namespace {

using test::TempFolder;

constexpr std::string_view kStat =
    "4242 (a (b) c) S 1 4242 4242 0 -1 4194560 1220 0 11 0 250 50 0 0 20 0 5 0 123456 "
    "104857600 512 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0\n";

constexpr std::string_view kLimits =
    "Limit                     Soft Limit           Hard Limit           Units     \n"
    "Max processes             95941                95941                processes \n"
    "Max open files            1024                 1048576              files     \n";

TEST_CASE("a process name may contain spaces and parentheses") {
  const auto line = parse_process_stat(kStat, {.ticks_per_second = 100, .page_bytes = 4096});
  REQUIRE(line);
  CHECK(line->cpu_seconds == Approx(3.0));
  CHECK(line->started_after_boot_seconds == Approx(1234.56));
  CHECK(line->virtual_bytes == 104857600);
  CHECK(line->resident_bytes == 512 * 4096);
}

TEST_CASE("a truncated stat line is absent, not zero") {
  CHECK_FALSE(parse_process_stat("", {}));
  CHECK_FALSE(parse_process_stat("4242 (x", {}));
  CHECK_FALSE(parse_process_stat("4242 (x) S 1 2 3", {}));
  CHECK_FALSE(parse_process_stat(
      "4242 (x) S 1 4242 4242 0 -1 4194560 1220 0 11 0 -1 50 0 0 20 0 5 0 1 2 3", {}));
}

TEST_CASE("the limit of open files is the soft limit, and unlimited is absent") {
  CHECK(parse_max_open_files(kLimits) == 1024);
  CHECK_FALSE(parse_max_open_files("Max open files   unlimited   unlimited   files\n"));
  CHECK_FALSE(parse_max_open_files("Max processes 1 1 processes\n"));
}

TEST_CASE("the boot time is parsed from /proc/stat") {
  const auto time = parse_boot_time("cpu  1 2 3\nintr 5 0\nbtime 1763876583\nprocesses 5\n");
  REQUIRE(time);
  CHECK(unix_seconds(*time) == 1763876583);
  CHECK_FALSE(parse_boot_time("btime soon\n"));
  CHECK_FALSE(parse_boot_time("btime 18446744073709551615\n"));
  CHECK_FALSE(parse_boot_time("cpu 1\n"));
}

TEST_CASE("process statistics are read from a directory") {
  const TempFolder folder;
  folder.write("stat", "btime 1700000000\n");
  folder.write("self/stat", kStat);
  folder.write("self/limits", kLimits);
  for (const char* fd : {"self/fd/0", "self/fd/1", "self/fd/2"}) folder.write(fd, "");
  const HostPaths paths{.procfs = folder.path()};
  const auto stats = read_process_stats(paths, {}, read_boot_time(paths));
  CHECK(stats.cpu_seconds == Approx(3.0));
  CHECK(stats.resident_bytes == 2097152);
  REQUIRE(stats.start_time);
  CHECK(unix_seconds(*stats.start_time) == Approx(1700001234.56));
  CHECK(stats.open_fds == 3);
  CHECK(stats.max_fds == 1024);
}

TEST_CASE("unreadable process statistics are absent, the others are present") {
  const TempFolder folder;
  folder.write("self/limits", kLimits);
  const auto stats = read_process_stats({.procfs = folder.path()}, {}, {});
  CHECK_FALSE(stats.cpu_seconds);
  CHECK_FALSE(stats.resident_bytes);
  CHECK_FALSE(stats.start_time);
  CHECK_FALSE(stats.open_fds);
  CHECK(stats.max_fds == 1024);
}

TEST_CASE("the statistics of this process are plausible") {
  const HostPaths paths;
  const auto stats = read_process_stats(paths, {}, read_boot_time(paths));
  CHECK(stats.resident_bytes.value_or(0) > 100'000);
  CHECK(stats.virtual_bytes.value_or(0) >= stats.resident_bytes.value_or(0));
  CHECK(stats.open_fds.value_or(0) >= 1);
  CHECK(stats.cpu_seconds);
  CHECK(stats.start_time);
}

}  // namespace
}  // namespace volumeter::process_stats_test
