// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "exporter/sources/kernel/diskstats.h"

// Any text parses; each device it holds has a name of one word and is found again by it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace volumeter;
  auto parsed = parse_diskstats({reinterpret_cast<const char*>(data), size});
  const DiskList list(std::move(parsed.items));
  for (const DiskStats& disk : list.disks()) {
    if (disk.name.empty() || disk.name.find_first_of(" \t\n") != std::string::npos) std::abort();
    const DiskStats* found = list.find(disk.number, disk.name);
    if (found == nullptr || found->name != disk.name) std::abort();
    if (list.find(disk.number) == nullptr) std::abort();
  }
  return 0;
}
