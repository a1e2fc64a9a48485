// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "exporter/sources/cgroup/blkio.h"

// Any two texts parse and join; the devices are sorted, and each is there once.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace volumeter;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto end = text.find('\0');
  const auto bytes = parse_blkio(text.substr(0, end));
  const auto requests = end == std::string_view::npos ? bytes : parse_blkio(text.substr(end + 1));
  const auto joined = join_blkio(bytes.items, requests.items);
  if (joined.size() > bytes.items.size() || joined.size() > requests.items.size()) std::abort();
  if (end == std::string_view::npos && joined.size() != bytes.items.size()) std::abort();
  for (std::size_t i = 1; i < joined.size(); ++i) {
    if (joined[i - 1].number >= joined[i].number) std::abort();
  }
  return 0;
}
