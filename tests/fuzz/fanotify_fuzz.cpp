// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "exporter/sources/sizes/changes/fanotify_feed.h"

namespace {

using namespace volumeter;

void require(bool promise) {
  if (!promise) std::abort();
}

ChangeFeed::Changes parse(std::string_view buffer) {
  std::uint64_t bad = 0;
  ChangeFeed::Changes changes = parse_fanotify_events(buffer, bad);
  require(bad == 0 || !changes.is_complete);
  return changes;
}

}  // namespace

// Whatever a buffer holds, its directories are handles that can be held, each once, no more
// than events fit in it; and a buffer that is read twice names the same ones.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string buffer(reinterpret_cast<const char*>(data), size);
  const auto changes = parse(buffer);
  require(changes.directories.size() <= size / 24);
  for (const DirectoryHandle& handle : changes.directories) {
    require(!handle.empty() && handle.size <= DirectoryHandle::kMaxBytes);
    require(std::count(changes.directories.begin(), changes.directories.end(), handle) == 1);
  }
  if (changes.is_complete) require(parse(buffer + buffer).directories == changes.directories);
  return 0;
}
