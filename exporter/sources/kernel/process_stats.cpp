// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/kernel/process_stats.h"

#include "exporter/base/fields.h"
#include "exporter/sources/os/files.h"

namespace volumeter {
namespace {

// A year of 2200 still fits into WallTime.
constexpr double kLatestUnixSeconds = 7'258'118'400;

std::optional<std::uint64_t> next_number(std::string_view& rest) {
  return to_integer<std::uint64_t>(next_field(rest));
}

void skip_fields(std::string_view& rest, int count) {
  for (int i = 0; i < count; ++i) next_field(rest);
}

}  // namespace

// proc(5), /proc/pid/stat; the name may contain spaces and parentheses and ends at the last ')':
//   4242 (a (b) c) S 1 4242 4242 0 -1 4194560 1220 0 11 0 <utime 14> <stime 15> 0 0 20 0 5 0
//   <starttime 22> <vsize 23> <rss 24> 18446744073709551615 ...
std::optional<ProcessStatLine> parse_process_stat(std::string_view text, const KernelUnits& units) {
  const auto name_end = text.rfind(')');
  if (name_end == std::string_view::npos) return {};
  std::string_view rest = text.substr(name_end + 1);
  skip_fields(rest, 11);  // 3 to 13
  const auto user = next_number(rest);
  const auto system = next_number(rest);
  skip_fields(rest, 6);  // 16 to 21
  const auto start = next_number(rest);
  const auto size = next_number(rest);
  const auto resident_pages = next_number(rest);
  if (!user || !system || !start || !size || !resident_pages) return {};
  const double tick = 1.0 / static_cast<double>(units.ticks_per_second);
  return ProcessStatLine{
      .cpu_seconds = (static_cast<double>(*user) + static_cast<double>(*system)) * tick,
      .started_after_boot_seconds = static_cast<double>(*start) * tick,
      .virtual_bytes = *size,
      .resident_bytes = *resident_pages * units.page_bytes,
  };
}

// proc(5), /proc/pid/limits:
//   Max open files            1024                 1048576              files
std::optional<std::uint64_t> parse_max_open_files(std::string_view text) {
  constexpr std::string_view kName = "Max open files ";
  while (!text.empty()) {
    std::string_view line = next_line(text);
    if (!line.starts_with(kName)) continue;
    line.remove_prefix(kName.size());
    return next_number(line);
  }
  return {};
}

// proc(5), /proc/stat:
//   btime 1763876583
std::optional<WallTime> parse_boot_time(std::string_view text) {
  while (!text.empty()) {
    std::string_view line = next_line(text);
    if (next_field(line) != "btime") continue;
    const auto seconds = next_number(line);
    if (!seconds || static_cast<double>(*seconds) > kLatestUnixSeconds) return {};
    return from_unix_seconds(static_cast<double>(*seconds));
  }
  return {};
}

std::optional<WallTime> read_boot_time(const HostPaths& paths) {
  const auto text = read_file(paths.proc("stat"));
  return text ? parse_boot_time(*text) : std::nullopt;
}

ProcessStats read_process_stats(const HostPaths& paths, const KernelUnits& units,
                                std::optional<WallTime> boot_time) {
  ProcessStats stats;
  if (const auto text = read_file(paths.proc("self/stat"))) {
    if (const auto line = parse_process_stat(*text, units)) {
      stats.cpu_seconds = line->cpu_seconds;
      stats.resident_bytes = line->resident_bytes;
      stats.virtual_bytes = line->virtual_bytes;
      if (boot_time && line->started_after_boot_seconds < kLatestUnixSeconds) {
        stats.start_time =
            from_unix_seconds(unix_seconds(*boot_time) + line->started_after_boot_seconds);
      }
    }
  }
  if (const auto names = list_dir(paths.proc("self/fd"))) stats.open_fds = names->size();
  if (const auto text = read_file(paths.proc("self/limits"))) {
    stats.max_fds = parse_max_open_files(*text);
  }
  return stats;
}

}  // namespace volumeter
