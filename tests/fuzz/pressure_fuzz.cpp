// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "exporter/sources/kernel/io_pressure.h"

// Any text is an answer, and no time comes out negative.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace volumeter;
  const auto pressure = parse_io_pressure({reinterpret_cast<const char*>(data), size});
  if (!pressure) return 0;
  if (pressure->some.count() < 0 || (pressure->full && pressure->full->count() < 0)) std::abort();
  return 0;
}
