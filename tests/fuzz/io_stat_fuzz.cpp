// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "exporter/sources/cgroup/io_stat.h"

// Any text parses; its devices are sorted, and each is there once.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace volumeter;
  const auto parsed = parse_io_stat({reinterpret_cast<const char*>(data), size});
  for (std::size_t i = 1; i < parsed.items.size(); ++i) {
    if (parsed.items[i - 1].number >= parsed.items[i].number) std::abort();
  }
  return 0;
}
