// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "exporter/sources/cgroup/process_writes.h"

// Any text is an answer, and lines of other names do not change it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace volumeter;
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (parse_process_io(text) != parse_process_io("wchar: 7\n" + text + "\nsyscw: 7\n"))
    std::abort();
  return 0;
}
