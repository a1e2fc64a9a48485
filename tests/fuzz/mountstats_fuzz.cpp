// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "exporter/sources/kernel/mountstats.h"

// Any text parses; of the operations of a mount each is found by its name.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace volumeter;
  const auto parsed = parse_mountstats({reinterpret_cast<const char*>(data), size});
  for (const NfsStats& stats : parsed.items) {
    for (const NfsOperation& operation : stats.operations) {
      if (stats.operation(operation.name) != &operation) std::abort();
    }
  }
  return 0;
}
