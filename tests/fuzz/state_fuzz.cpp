// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "exporter/model/usage_history.h"

namespace {

using namespace volumeter;

void require(bool promise) {
  if (!promise) std::abort();
}

std::string saved(const UsageHistory& history) { return history.to_text(WallTime()); }

// One more look at a host where every second volume is in use and the rest are gone.
void look(UsageHistory& history) {
  Inventory inventory;
  for (const auto& [name, times] : history.times()) {
    if (name.size() % 2 == 0) continue;
    inventory.volumes.emplace_back();
    inventory.volumes.back().name = name;
    inventory.volumes.back().use = VolumeUse::kInUse;
    inventory.volumes.back().created = times.first_seen;
  }
  history.observe(inventory, WallTime());
  require(history.times().size() == inventory.volumes.size());
}

}  // namespace

// What was restored from any text is saved as one that restores the same, without a bad line.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  UsageHistory history;
  if (!history.restore({reinterpret_cast<const char*>(data), size})) {
    require(history.times().empty());
    return 0;
  }
  const std::string text = saved(history);
  UsageHistory again;
  const auto bad = again.restore(text);
  require(bad && *bad == 0);
  require(again.times().size() == history.times().size());
  require(saved(again) == text);
  look(history);
  return 0;
}
