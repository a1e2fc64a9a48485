// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "exporter/sources/kernel/process_stats.h"

// Any text is an answer, and no time or size comes out negative.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace volumeter;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto line = parse_process_stat(text, {});
  if (line && (!(line->cpu_seconds >= 0) || !(line->started_after_boot_seconds >= 0))) {
    std::abort();
  }
  const auto boot = parse_boot_time(text);
  if (boot && unix_seconds(*boot) < 0) std::abort();
  parse_max_open_files(text);
  return 0;
}
